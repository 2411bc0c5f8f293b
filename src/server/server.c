#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/token.h"
#include "server/admin.h"
#include "server/server_int.h"
#include "server/worker.h"

#define REASON_MAX 512
#define DRAIN_POLL_MS 10

static int fail(int code, const char *what, const char *reason)
{
	log_error("server", "%s: %s", what, reason);
	return code;
}

/* ---- certificate ---- */

/* Beside the data directory: a copy of the data takes no secret along. */
static bool beside(const struct config *c, const char *suffix, char *out, size_t cap)
{
	size_t len = strlen(c->data_dir);

	while (len > 1 && c->data_dir[len - 1] == '/')
		len--;
	int n = snprintf(out, cap, "%.*s%s", (int)len, c->data_dir, suffix);
	return n > 0 && (size_t)n < cap;
}

static enum status load_tls(const struct config *c, struct diag *d, struct tls **ret)
{
	char cert[FILE_PATH_MAX], key[FILE_PATH_MAX];
	struct file_info info;

	if (c->cert_file != NULL)
		return tls_server_new(c->cert_file, c->key_file, d, ret);
	if (!beside(c, ".cert.pem", cert, sizeof cert) || !beside(c, ".key.pem", key, sizeof key))
		return diag_fail(d, ST_LIMIT, GQL_IO_ERROR, DIAG_NO_POSITION,
				 "the path is too long");
	if (file_io->info(cert, &info) != ST_OK || file_io->info(key, &info) != ST_OK) {
		TRY(tls_make_self_signed(cert, key, d));
		log_info("server", "made a self-signed certificate '%s'", cert);
	}
	return tls_server_new(cert, key, d, ret);
}

/* ---- I/O threads ---- */

static enum status listen_address(const struct config *c, struct net_address *ret, struct diag *d)
{
	char host[256];
	uint16_t port;

	if (!config_split_address(c->listen, host, sizeof host, &port) ||
	    !net_address_parse(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port, ret))
		return diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION,
				"'%s' is not a numeric address and port", c->listen);
	return ST_OK;
}

static enum status open_loops(struct server *s, struct tls *tls, struct diag *d)
{
	char secret_file[FILE_PATH_MAX];
	struct net_options o;

	net_options_init(&o);
	o.tls = tls;
	o.n_threads = s->n_ios;
	o.max_connections = s->config->max_connections;
	o.n_shared = &s->n_connections;
	o.idle_timeout_ms = s->config->idle_timeout_ms;
	TRY(listen_address(s->config, &o.listen, d));
	if (!beside(s->config, ".secret", secret_file, sizeof secret_file) ||
	    token_secret_load(secret_file, o.secret) != ST_OK)
		log_warn("server", "no reset secret can be kept in '%s'", secret_file);
	for (uint32_t i = 0; i < s->n_ios; i++) {
		s->ios[i].server = s;
		s->ios[i].deadline_ns = IO_NEVER;
		TRY(net_loop_new(&o, &io_handler, &s->ios[i], i, d, &s->ios[i].loop));
	}
	return ST_OK;
}

static enum status start_threads(struct server *s, struct diag *d)
{
	for (uint32_t i = 0; i < s->n_ios; i++) {
		char name[16];
		snprintf(name, sizeof name, "io-%u", i);
		if (thread_start(&s->ios[i].thread, name, io_run, &s->ios[i]) != ST_OK) {
			for (uint32_t j = 0; j < i; j++)
				net_loop_stop(s->ios[j].loop, SERVER_CLOSE_SHUTDOWN, 0);
			for (uint32_t j = 0; j < i; j++)
				thread_join(&s->ios[j].thread);
			return diag_fail(d, ST_NOMEM, GQL_RESOURCES, DIAG_NO_POSITION,
					 "an I/O thread cannot be started");
		}
	}
	return ST_OK;
}

static void stop_threads(struct server *s)
{
	s->stop_at_ns = clock_mono_ns() + s->config->stop_timeout_ms * UINT64_C(1000000);
	for (uint32_t i = 0; i < s->n_ios; i++) {
		net_loop_drain(s->ios[i].loop);
		/* Pairs with the load in tell_stopping, which reads stop_at_ns behind it. */
		atomic_store_explicit(&s->ios[i].stopping, true, memory_order_release);
		net_loop_wake(s->ios[i].loop); /* it stops itself: stop_when_quiet */
	}
	for (uint32_t i = 0; i < s->n_ios; i++)
		thread_join(&s->ios[i].thread);
}

/* ---- signals ---- */

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void drain(struct server *s)
{
	log_info("server", "draining: new connections are refused");
	admin_set_ready(s->admin, false, "draining");
	for (uint32_t i = 0; i < s->n_ios; i++)
		net_loop_drain(s->ios[i].loop);
}

static void wait_for_stop(struct server *s, const sigset_t *set)
{
	int sig;

	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGUSR1)
			drain(s);
		else
			log_info("server", "nothing to reload");
	}
}

/* ---- the life of the process ---- */

/* On the maintenance thread: a view was asked to close, perhaps one whose I/O thread sleeps. There
 * are loops by then: views are opened by sessions. */
static void wake_ios(void *ctx)
{
	struct server *s = ctx;

	for (uint32_t i = 0; i < s->n_ios; i++)
		net_loop_wake(s->ios[i].loop);
}

static int open_database(struct server *s)
{
	const struct config *c = s->config;
	const struct db_options o = {
	    .dir = c->data_dir,
	    .snapshot_on_close = c->snapshot_at_stop,
	    .limits = {.undo_bytes = c->undo_memory != 0 ? c->undo_memory : c->memory_limit / 5,
		       .view_age_ns = c->max_view_age_ms * UINT64_C(1000000),
		       .asked = wake_ios,
		       .ctx = s},
	};
	char reason[REASON_MAX];
	enum status st = db_open(&o, &s->db, reason, sizeof reason);

	if (st == ST_CORRUPT || st == ST_LIMIT)
		return fail(SERVER_EXIT_BAD_DATA, "cannot open the data directory", reason);
	if (st != ST_OK)
		return fail(SERVER_EXIT_FAILURE, "cannot open the data directory", reason);
	s->store = db_store(s->db);
	s->txns = db_txns(s->db);
	return SERVER_EXIT_OK;
}

static int serve(struct server *s, const sigset_t *set)
{
	struct diag d;
	struct tls *tls = NULL;
	enum status st;

	diag_reset(&d);
	st = load_tls(s->config, &d, &tls);
	if (st == ST_OK)
		st = open_loops(s, tls, &d);
	tls_unref(tls);
	if (st == ST_OK)
		st = workers_start(s->config->workers, &s->workers);
	if (st == ST_OK)
		st = start_threads(s, &d);
	if (st != ST_OK)
		return fail(SERVER_EXIT_FAILURE, "cannot start",
			    diag_is_set(&d) ? d.message : status_name(st));
	admin_set_ready(s->admin, true, "ready");
	log_info("server", "Listening on %s", s->config->listen);
	log_info("server", "Server ready");
	wait_for_stop(s, set);
	log_info("server", "stopping");
	admin_set_ready(s->admin, false, "stopping");
	stop_threads(s);
	return SERVER_EXIT_OK;
}

static int run(struct server *s, const sigset_t *set)
{
	char reason[REASON_MAX];
	enum status st = admin_start(s->config->listen, &s->admin, reason, sizeof reason);

	if (st != ST_OK)
		return fail(SERVER_EXIT_FAILURE, "cannot start",
			    st == ST_NOMEM ? "out of memory" : reason);
	int code = open_database(s);
	if (code != SERVER_EXIT_OK)
		return code;
	if (plan_cache_new(&s->plans) != ST_OK)
		return fail(SERVER_EXIT_FAILURE, "cannot start", "out of memory");
	return serve(s, set);
}

int server_run(const struct config *config)
{
	struct server s = {.config = config, .n_ios = config->threads};
	sigset_t set;

	log_set_level(config->log_level);
	mem_set_limit(config->memory_limit);
	block_signals(&set);
	metrics_register();
	s.ios = mem_zalloc(MEM_OTHER, s.n_ios * sizeof *s.ios);
	int code = s.ios != NULL ? run(&s, &set) : SERVER_EXIT_FAILURE;
	workers_stop(s.workers);
	plan_cache_free(s.plans);
	if (s.db != NULL)
		db_close(s.db);
	/* After the log's thread, which may still be leaving the post to an inbox. */
	for (uint32_t i = 0; s.ios != NULL && i < s.n_ios; i++)
		net_loop_free(s.ios[i].loop);
	admin_stop(s.admin);
	mem_free(MEM_OTHER, s.ios, s.n_ios * sizeof *s.ios);
	if (code == SERVER_EXIT_OK)
		log_info("server", "stopped");
	return code;
}
