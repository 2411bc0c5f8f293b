/* tests/crash/killtest.c - kill -9 at random moments under load, against the real server over the
 * wire, and copies of its directory while it writes.
 *
 * Writers insert pairs, each pair in one transaction and numbered without gaps by writer. After
 * every kill the server starts again on the same directory, and then
 *   - every acknowledged pair is there,
 *   - no half pair is there, and no pair without its edge (even numbers) or its counter (odd
 *     numbers),
 *   - at most one pair of each writer is there that was not acknowledged: the one that was on its
 *     way.
 * Some rounds end with SIGTERM instead, which must exit with 0 and leave a snapshot to start from.
 * In some rounds the directory is copied before the end, file after file, over the copy of an
 * earlier round, as rsync does it: what has the same size and second of change is left out, nothing
 * is removed. A server that starts on the copy must have the same, for the pairs that were
 * acknowledged before the copy began.
 *
 * GEODE: the program. GEODE_KILL_ROUNDS (50), GEODE_KILL_COPY_EVERY (5; 1: in each round, 0: never)
 * and GEODE_KILL_SEED (the time) may be set. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "client/geode.h"
#include "tests/support/port.h"

#define WRITERS 4
#define PAIRS_MAX 1000000 /* of one writer */
#define READY_MS 60000	  /* until the server serves; sanitizers and long logs are slow */
#define IDLE_MS 2000	  /* after which a client gives a silent server up */
#define ROUND_MS_MAX 400  /* load before the kill */
#define SIGTERM_EVERY 7	  /* rounds */
#define COPY_EVERY 5	  /* rounds */
#define COPY_PIECE_MAX 65536
#define EXIT_SKIP 77

static const char setup[] = "INSERT (:Counter {w: $w, n: 0})";
static const char pair_at_once[] =
    "INSERT (:Pair {w: $w, n: $n, half: 0})-[:TWIN {n: $n}]->(:Pair {w: $w, n: $n, half: 1})";
static const char first_half[] = "INSERT (:Pair {w: $w, n: $n, half: 0})";
static const char second_half[] = "INSERT (:Pair {w: $w, n: $n, half: 1})";
static const char count_it[] = "MATCH (c:Counter {w: $w}) SET c.n = $n";
static const char read_pairs[] = "MATCH (p:Pair {w: $w}) RETURN p.n, p.half";
static const char read_edges[] =
    "MATCH (a:Pair {w: $w})-[t:TWIN]->(b:Pair) RETURN a.n, b.n, t.n, b.w";
static const char read_counter[] = "MATCH (c:Counter {w: $w}) RETURN c.n";

struct writer {
	int64_t id;
	_Atomic int64_t acked; /* pairs 1 to acked are answered */
	int64_t acked_at_copy; /* when the last copy began */
	pthread_t thread;
	bool is_set_up;
};

struct place { /* where a server runs */
	char dir[64], address[96];
	uint16_t port;
};

static struct writer writers[WRITERS];
static struct place home, restored;
static char copy_dir[80]; /* what was copied last, never started on */
static uint8_t
    halves[PAIRS_MAX + 2]; /* bit 0, 1: halves seen; bit 2: edge seen; bit 3: seen twice */

static void die(const char *fmt, ...) PRINTF_LIKE(1, 2) NO_RETURN;

static void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "killtest: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\nkilltest: the directories are kept: %s*\n", home.dir);
	va_end(ap);
	_exit(1);
}

/* The end of what the server said, for who has no more than this output. */
static void die_of_server(int status, const struct place *at) NO_RETURN;

static void die_of_server(int status, const struct place *at)
{
	char cmd[192];
	snprintf(cmd, sizeof cmd, "tail -n 20 '%s.log' >&2; ls -ln '%s' >&2", at->dir, at->dir);
	if (system(cmd) != 0)
		fprintf(stderr, "killtest: the log cannot be read\n");
	die("the server ended with status %d; its log is %s.log", status, at->dir);
}

static void sleep_ms(uint64_t ms)
{
	struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

/* ---- server ------------------------------------------------------------------------------------
 */

static void place_init(struct place *p)
{
	p->port = port_free();
	if (p->port == 0)
		die("no port is free");
	snprintf(p->address, sizeof p->address,
		 "127.0.0.1:%u?insecure_tls_skip_verify=true&idle_timeout=%u", p->port, IDLE_MS);
}

static pid_t server_spawn(const char *program, const struct place *at)
{
	char listen_at[64], log_path[96];
	snprintf(listen_at, sizeof listen_at, "127.0.0.1:%u", at->port);
	snprintf(log_path, sizeof log_path, "%s.log", at->dir);
	pid_t pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
	execl(program, "geode", "serve", "--listen", listen_at, "--data-dir", at->dir, "--threads",
	      "2", (char *)NULL);
	_exit(127);
}

static struct geode_session *connect_when_ready(pid_t pid, const struct place *at)
{
	struct geode_error error;
	uint64_t deadline = clock_mono_ns() + READY_MS * UINT64_C(1000000);
	for (;;) {
		struct geode_session *s = geode_connect(at->address, &error);
		if (s != NULL)
			return s;
		int status;
		if (waitpid(pid, &status, WNOHANG) == pid)
			die_of_server(status, at);
		if (clock_mono_ns() > deadline)
			die("the server is not ready: %s", error.message);
		sleep_ms(20);
	}
}

/* ---- load --------------------------------------------------------------------------------------
 */

static enum geode_status run(struct geode_session *s, const char *text, int64_t w, int64_t n)
{
	struct geode_params *p = geode_params_new();
	geode_params_int(p, "w", w);
	geode_params_int(p, "n", n);
	enum geode_status st = geode_execute(s, text, p, NULL);
	geode_params_free(p);
	return st;
}

static enum geode_status in_transaction(struct geode_session *s, int64_t w, int64_t n)
{
	enum geode_status st = geode_begin(s, false);
	if (st == GEODE_OK)
		st = run(s, first_half, w, n);
	if (st == GEODE_OK)
		st = run(s, count_it, w, n);
	if (st == GEODE_OK)
		st = run(s, second_half, w, n);
	if (st == GEODE_OK)
		return geode_commit(s);
	return st;
}

/* Until the connection breaks. A failure that does not break it ends the round for this writer when
 * the server is on its way down or does not know the outcome; any other is a failure of the test.
 */
static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct geode_error error;
	struct geode_session *s = geode_connect(home.address, &error);
	if (s == NULL)
		return NULL;
	enum geode_status st = GEODE_OK;
	while (st == GEODE_OK && w->acked < PAIRS_MAX) {
		int64_t n = w->acked + 1;
		if (!w->is_set_up) {
			st = run(s, setup, w->id, 0);
			w->is_set_up = st == GEODE_OK;
			continue;
		}
		st = n % 2 == 0 ? run(s, pair_at_once, w->id, n) : in_transaction(s, w->id, n);
		if (st == GEODE_OK)
			w->acked = n;
	}
	const struct geode_error *e = geode_error_of(s);
	if (st == GEODE_FAILED && strncmp(e->code, "08", 2) != 0 && strncmp(e->code, "57", 2) != 0)
		die("writer %lld, pair %lld: %s %s", (long long)w->id, (long long)w->acked + 1,
		    e->code, e->message);
	geode_disconnect(s);
	return NULL;
}

/* ---- check -------------------------------------------------------------------------------------
 */

static struct geode_result *query(struct geode_session *s, const char *text, int64_t w)
{
	struct geode_result *r = NULL;
	struct geode_params *p = geode_params_new();
	geode_params_int(p, "w", w);
	if (geode_execute(s, text, p, &r) != GEODE_OK)
		die("'%s': %s %s", text, geode_error_of(s)->code, geode_error_of(s)->message);
	geode_params_free(p);
	return r;
}

static int64_t column(struct geode_result *r, uint32_t i)
{
	const struct geode_value *v = geode_result_value(r, i);
	if (geode_value_kind(v) != GEODE_INT)
		die("a value that is no number");
	return geode_value_int(v);
}

static void mark(int64_t n, uint8_t bit)
{
	if (n < 1 || n > PAIRS_MAX)
		die("a pair with number %lld", (long long)n);
	if ((halves[n] & bit) != 0)
		die("pair %lld is there twice", (long long)n);
	halves[n] |= bit;
}

static void read_all(struct geode_session *s, const struct writer *w)
{
	memset(halves, 0, sizeof halves);
	struct geode_result *r = query(s, read_pairs, w->id);
	enum geode_status st;
	while ((st = geode_result_next(r)) == GEODE_ROW)
		mark(column(r, 0), column(r, 1) == 0 ? 1 : 2);
	if (st != GEODE_END)
		die("reading pairs: %s", geode_error_of(s)->message);
	geode_result_free(r);
	r = query(s, read_edges, w->id);
	while ((st = geode_result_next(r)) == GEODE_ROW) {
		if (column(r, 0) != column(r, 1) || column(r, 0) != column(r, 2) ||
		    column(r, 3) != w->id)
			die("an edge between pairs that are none");
		mark(column(r, 0), 4);
	}
	if (st != GEODE_END)
		die("reading edges: %s", geode_error_of(s)->message);
	geode_result_free(r);
}

/* Pairs 1 to `last` are whole and nothing else is there, and last lies within the bounds; gives it.
 */
static int64_t check_pairs(const struct writer *w, int64_t at_least, int64_t at_most)
{
	int64_t last = 0;
	while (last < PAIRS_MAX && halves[last + 1] != 0)
		last++;
	for (int64_t n = 1; n <= PAIRS_MAX; n++) {
		uint8_t want = n > last ? 0 : n % 2 == 0 ? 7 : 3;
		if (halves[n] != want)
			die("writer %lld: pair %lld of %lld is %s (%x)", (long long)w->id,
			    (long long)n, (long long)last, n > last ? "beyond a gap" : "not whole",
			    halves[n]);
	}
	if (last < at_least || last > at_most)
		die("writer %lld: %lld to %lld pairs must be there, %lld are", (long long)w->id,
		    (long long)at_least, (long long)at_most, (long long)last);
	return last;
}

/* Gives the number of pairs. */
static int64_t check_state(struct geode_session *s, const struct writer *w, int64_t at_least,
			   int64_t at_most, bool *ret_has_counter)
{
	read_all(s, w);
	int64_t last = check_pairs(w, at_least, at_most);
	struct geode_result *r = query(s, read_counter, w->id);
	*ret_has_counter = geode_result_next(r) == GEODE_ROW;
	if (*ret_has_counter) {
		int64_t odd = last % 2 == 1 ? last : last - 1;
		if (column(r, 0) != (last == 0 ? 0 : odd))
			die("writer %lld: counter %lld, last odd pair %lld", (long long)w->id,
			    (long long)column(r, 0), (long long)odd);
		if (geode_result_next(r) != GEODE_END)
			die("writer %lld: two counters", (long long)w->id);
	}
	geode_result_free(r);
	if (last > 0 && !*ret_has_counter)
		die("writer %lld: the counter is gone", (long long)w->id);
	return last;
}

static void check_writer(struct geode_session *s, struct writer *w)
{
	bool has_counter;
	int64_t last = check_state(s, w, w->acked, w->acked + 1, &has_counter);
	if (w->is_set_up && !has_counter)
		die("writer %lld: the counter is gone", (long long)w->id);
	w->is_set_up = has_counter; /* perhaps it was only not acknowledged */
	w->acked = last;
}

/* ---- copies ------------------------------------------------------------------------------------
 */

/* From the beginning to the end, as far as it has come by then. */
static void copy_bytes(int from, int to, struct rand *rand)
{
	static char piece[COPY_PIECE_MAX];
	for (;;) {
		ssize_t n = read(from, piece, 1 + rand_below(rand, COPY_PIECE_MAX));
		if (n < 0 || (n > 0 && write(to, piece, (size_t)n) != n))
			die("copying: %s", strerror(errno));
		if (n == 0)
			return;
		if (rand_below(rand, 8) == 0)
			sleep_ms(1);
	}
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name, struct rand *rand)
{
	char path[400];
	struct stat theirs, ours;
	snprintf(path, sizeof path, "%s/%s", from_dir, name);
	int from = open(path, O_RDONLY);
	if (from < 0 && errno == ENOENT)
		return; /* it vanished */
	if (from < 0 || fstat(from, &theirs) != 0)
		die("'%s': %s", path, strerror(errno));
	snprintf(path, sizeof path, "%s/%s", to_dir, name);
	bool same = stat(path, &ours) == 0 && ours.st_size == theirs.st_size &&
		    ours.st_mtim.tv_sec == theirs.st_mtim.tv_sec;
	if (S_ISREG(theirs.st_mode) && !same) {
		struct timespec times[2] = {theirs.st_atim, theirs.st_mtim};
		(void)unlink(path);
		int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (to < 0)
			die("'%s': %s", path, strerror(errno));
		copy_bytes(from, to, rand);
		if (futimens(to, times) != 0 || close(to) != 0)
			die("'%s': %s", path, strerror(errno));
	}
	close(from);
}

static void copy_all(const char *from_dir, const char *to_dir, struct rand *rand)
{
	DIR *dir = opendir(from_dir);
	const struct dirent *e;
	if (dir == NULL || (mkdir(to_dir, 0700) != 0 && errno != EEXIST))
		die("copying '%s': %s", from_dir, strerror(errno));
	while ((e = readdir(dir)) != NULL)
		copy_file(from_dir, to_dir, e->d_name, rand);
	closedir(dir);
}

static void remove_all(const char *path)
{
	char cmd[256];
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", path);
	if (system(cmd) != 0)
		die("cannot remove '%s'", path);
}

static void take_copy(struct rand *rand)
{
	for (unsigned k = 0; k < WRITERS; k++)
		writers[k].acked_at_copy = writers[k].acked;
	copy_all(home.dir, copy_dir, rand);
}

static void end_server(pid_t pid, const struct place *at, bool kindly);

/* The writers have stopped, and home was checked after their last answers. */
static void check_copy(const char *program, struct rand *rand)
{
	bool has_counter;
	copy_all(copy_dir, restored.dir, rand);
	pid_t pid = server_spawn(program, &restored);
	struct geode_session *s = connect_when_ready(pid, &restored);
	for (unsigned k = 0; k < WRITERS; k++)
		(void)check_state(s, &writers[k], writers[k].acked_at_copy, writers[k].acked,
				  &has_counter);
	geode_disconnect(s);
	end_server(pid, &restored, false);
	remove_all(restored.dir);
}

/* ---- rounds ------------------------------------------------------------------------------------
 */

static void end_server(pid_t pid, const struct place *at, bool kindly)
{
	int status;
	kill(pid, kindly ? SIGTERM : SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	if (kindly && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		die_of_server(status, at);
}

static void check_home(pid_t pid)
{
	struct geode_session *s = connect_when_ready(pid, &home);
	for (unsigned k = 0; k < WRITERS; k++)
		check_writer(s, &writers[k]);
	geode_disconnect(s);
}

/* Loads, ends the server and starts the next one at once: its stateless resets tell the writers
 * that their connections are gone. Then checks what is there. */
static pid_t one_round(const char *program, pid_t pid, struct rand *rand, bool kindly, bool copies)
{
	for (unsigned k = 0; k < WRITERS; k++)
		if (pthread_create(&writers[k].thread, NULL, writer_run, &writers[k]) != 0)
			die("cannot start a thread");
	sleep_ms(rand_below(rand, ROUND_MS_MAX));
	if (copies)
		take_copy(rand);
	end_server(pid, &home, kindly);
	pid = server_spawn(program, &home);
	for (unsigned k = 0; k < WRITERS; k++)
		pthread_join(writers[k].thread, NULL);
	check_home(pid);
	if (copies)
		check_copy(program, rand);
	return pid;
}

static uint64_t number_of(const char *name, uint64_t other)
{
	uint64_t n;
	const char *text = getenv(name);
	return text != NULL && str_to_u64(str_of(text), &n) ? n : other;
}

static void make_places(void)
{
	snprintf(home.dir, sizeof home.dir, "/tmp/geode-kill-XXXXXX");
	if (mkdtemp(home.dir) == NULL)
		die("mkdtemp: %s", strerror(errno));
	snprintf(copy_dir, sizeof copy_dir, "%s.copy", home.dir);
	snprintf(restored.dir, sizeof restored.dir, "%.40s.restored", home.dir);
	place_init(&home);
	place_init(&restored);
}

int main(void)
{
	const char *program = getenv("GEODE");
	struct rand rand;
	uint64_t seed = number_of("GEODE_KILL_SEED", (uint64_t)clock_wall_us());
	unsigned n_rounds = (unsigned)number_of("GEODE_KILL_ROUNDS", 50);
	unsigned copy_every = (unsigned)number_of("GEODE_KILL_COPY_EVERY", COPY_EVERY);

	if (program == NULL || access(program, X_OK) != 0) {
		printf("GEODE does not name the program\n");
		return EXIT_SKIP;
	}
	signal(SIGPIPE, SIG_IGN);
	rand_seed(&rand, seed);
	make_places();
	printf("%u rounds, GEODE_KILL_SEED=%llu\n", n_rounds, (unsigned long long)seed);
	for (unsigned k = 0; k < WRITERS; k++)
		writers[k].id = k;
	pid_t pid = server_spawn(program, &home);
	check_home(pid);
	for (unsigned i = 0; i < n_rounds; i++) {
		bool copies = copy_every != 0 && i % copy_every == copy_every - 1;
		pid =
		    one_round(program, pid, &rand, i % SIGTERM_EVERY == SIGTERM_EVERY - 1, copies);
		int64_t total = 0;
		for (unsigned k = 0; k < WRITERS; k++)
			total += writers[k].acked;
		printf("round %u: %lld pairs acknowledged%s\n", i + 1, (long long)total,
		       copies ? ", copied" : "");
		fflush(stdout);
	}
	end_server(pid, &home, true);
	char cmd[256];
	snprintf(cmd, sizeof cmd, "rm -rf '%s' '%s'.*", home.dir, home.dir);
	return system(cmd) == 0 ? 0 : 1;
}
