/* server/server_int.h - the process: what all its threads share, and one I/O thread.
 *
 * Room:    server, private.
 * Threads: struct server is filled before the I/O threads start; afterwards only its atomics and
 * the objects that say so themselves change. A struct io belongs to its thread. */
#ifndef SERVER_SERVER_INT_H
#define SERVER_SERVER_INT_H

#include "base/arena.h"
#include "base/metric.h"
#include "base/thread.h"
#include "db/db.h"
#include "net/net.h"
#include "plan/plan.h"
#include "server/config.h"
#include "txn/txn.h"

#define IO_SLICES_PER_TURN                                                                         \
	8 /* statements that get a slice before the socket is looked at again                      \
	   */

#define IO_NEVER UINT64_MAX

enum server_close { /* application error codes of CONNECTION_CLOSE */
		    SERVER_CLOSE_OK = 0,
		    SERVER_CLOSE_PROTOCOL = 1,
		    SERVER_CLOSE_REFUSED = 2,
		    SERVER_CLOSE_NO_MEMORY = 3,
		    SERVER_CLOSE_SHUTDOWN = 4,
};

struct session;
struct admin;
struct workers;

struct server {
	const struct config *config;
	struct db *db;
	struct store *store;
	struct txn_mgr *txns;
	struct plan_cache *plans;
	struct budget query_budget; /* of all statements */
	struct admin *admin;
	struct workers *workers;
	uint32_t n_ios;
	uint32_t n_connections; /* of all ios; net counts it */
	uint64_t stop_at_ns;	/* set before the ios are told to stop: connections end then */
	struct io *ios;
};

struct io {
	struct server *server;
	struct net_loop *loop;
	struct thread thread;
	struct session *run_first, *run_last; /* statements with work to do */
	struct session *sessions;
	_Atomic bool stopping; /* running statements end with 57P01 */
	bool told_stopping;    /* its sessions know, and take no new work */
	bool told_loop;	       /* the connections end */
	uint64_t deadline_ns;  /* some session is due then; IO_NEVER */
	uint64_t n_given_up;   /* views that were asked to close, when it last looked */
};

extern struct metric metric_connections, metric_sessions, metric_statements, metric_errors,
    metric_rows, metric_commits, metric_plan_hits, metric_plan_misses, metric_views_given_up,
    metric_waiting;
extern struct histogram metric_statement_time;

/* metrics.c */
void metrics_register(void);
void metrics_refresh(void); /* what is looked up when somebody asks: memory */

/* io.c */
extern const struct net_handler io_handler;
void io_queue_run(struct io *io, struct session *s);
/* Whether no other session would wait if the thread waited. */
bool io_serves_only(const struct io *io, const struct session *s);
void io_expect(struct io *io, uint64_t at_ns); /* session_due is called then, or earlier */
void io_add_session(struct io *io, struct session *s);
void io_remove_session(struct io *io, struct session *s);
void io_run(void *arg); /* the thread */

#endif
