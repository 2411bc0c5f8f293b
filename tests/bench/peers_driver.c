/* tests/bench/peers_driver.c - Geode as a driver of the peers' benchmark.
 *
 * Not part of our build: it is compiled inside that benchmark's folder, where bench.h is
 * (README.md). GEODE names the program, GEODE_RUN the scratch folder. */
#include <signal.h>
#include <sys/wait.h>

#include "../bench.h"
#include <geode.h>

#define ADDRESS "127.0.0.1:31417"
#define CLIENT_ADDRESS ADDRESS "?insecure_tls_skip_verify=true"

static pid_t pid = -1;

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? value : otherwise;
}

static const char *run_folder(void)
{
	return setting("GEODE_RUN", "/tmp/geode-peers");
}

static int shell(const char *format, const char *a, const char *b, const char *c)
{
	char text[4096];

	snprintf(text, sizeof text, format, a, b, c);
	return system(text);
}

static void *open_session(void)
{
	return geode_connect(CLIENT_ADDRESS, NULL);
}

static void close_session(void *session)
{
	geode_disconnect(session);
}

/* Every commit of Geode is durable, so both forms of start are the same. */
static int start(int fresh, int durable)
{
	char data[2048];
	const char *program = setting("GEODE", "geode");

	(void)durable;
	snprintf(data, sizeof data, "%s/data", run_folder());
	if (fresh && shell("rm -rf '%s' && mkdir -p '%s'", run_folder(), run_folder(), "") != 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		execlp(program, "geode", "serve", "--listen", ADDRESS, "--data-dir", data,
		       "--log-level", "warn", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; pid > 0 && i < 6000 && waitpid(pid, NULL, WNOHANG) == 0; i++) {
		void *session = open_session();

		if (session != NULL) {
			close_session(session);
			return 0;
		}
		usleep(10000);
	}
	return 1;
}

static void stop(int save)
{
	kill(pid, save ? SIGTERM : SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Offline, into a new data directory, as one fills a server for the first time; GEODE_LOAD=online
 * sends transactions instead. */
static int load(const char *folder)
{
	const char *run = run_folder(), *program = setting("GEODE", "geode");
	int online = strcmp(setting("GEODE_LOAD", "offline"), "online") == 0;
	char command[8192];

	/* The peers' files have other headers than ours. */
	if (shell("(echo 'id:ID,age:long,gender:string,completion_percentage:long'; tail -n +2 "
		  "'%s/nodes.csv') > '%s/users.csv'",
		  folder, run, "") != 0 ||
	    shell("(echo ':START_ID,:END_ID'; tail -n +2 '%s/edges.csv') > '%s/friends.csv'",
		  folder, run, "") != 0)
		return 1;
	if (!online) {
		stop(1);
		if (shell("rm -rf '%s/data'", run, "", "") != 0)
			return 1;
	}
	snprintf(command, sizeof command,
		 "'%s' import %s%s%s --nodes User='%s/users.csv' --edges FRIEND='%s/friends.csv' "
		 "2>/dev/null",
		 program, online ? "--insecure --server " ADDRESS : "--into '", online ? "" : run,
		 online ? "" : "/data'", run, run);
	if (system(command) != 0 || (!online && start(0, 1) != 0))
		return 1;
	struct geode_session *s = open_session();
	int bad = s == NULL ||
		  geode_execute(s, "CREATE INDEX user_id ON User(id)", NULL, NULL) != GEODE_OK;
	geode_disconnect(s);
	return bad;
}

static long query(void *session, int q, long a, long b)
{
	static _Thread_local struct geode_params *p;
	struct geode_result *r = NULL;
	enum geode_status st;
	long n_rows = 0;

	if (QUERIES[q].gql == NULL)
		return -2;
	if (p == NULL)
		p = geode_params_new();
	geode_params_clear(p);
	if (QUERIES[q].nargs >= 1)
		geode_params_int(p, "a", a);
	if (QUERIES[q].nargs >= 2)
		geode_params_int(p, "b", b);
	if (geode_execute(session, QUERIES[q].gql, p, &r) != GEODE_OK) {
		const struct geode_error *e = geode_error_of(session);

		fprintf(stderr, "geode: %s: %s %s\n", QUERIES[q].name, e->code, e->message);
		return strncmp(e->code, "42", 2) == 0 ? -2 : -1;
	}
	while ((st = geode_result_next(r)) == GEODE_ROW)
		n_rows++;
	geode_result_free(r);
	return st == GEODE_END ? n_rows : -1;
}

static long rss(void)
{
	return pid_rss(pid);
}

static long disk(void)
{
	char text[2048];

	snprintf(text, sizeof text, "du -sb '%s/data' | cut -f1", run_folder());
	return sh_long(text);
}

const driver DRIVER_geode = {
    .name = "geode",
    .server = 1,
    .start = start,
    .load = load,
    .connect = open_session,
    .query = query,
    .disconnect = close_session,
    .close = stop,
    .rss = rss,
    .disk = disk,
};
