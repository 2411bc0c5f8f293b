/* server/session.h - a session: one bidirectional stream of a connection that holds the login.
 *
 * Room:    server.
 * Threads: a session belongs to the I/O thread of its connection and needs no lock; only wake comes
 *          from the log's thread, through the I/O thread's inbox.
 *
 * One request at a time: while one is being worked on, later bytes of the stream wait, first in the
 * session, then in the peer (flow control). A statement runs at once, a slice at a time; what is
 * left of it goes to the I/O thread's run queue. */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include "base/queue.h"
#include "net/net.h"
#include "server/conn.h"
#include "server/statement.h"

#define SESSION_SAVEPOINT_NAME_MAX 256	/* bytes */
#define SESSION_PENDING_MAX (16u << 20) /* bytes of requests sent ahead */
#define SESSION_RERUNS_MAX 1000		/* of a statement that cannot know whom it lost to */

enum session_state {
	SESSION_IDLE,	 /* takes the next request */
	SESSION_RUNNING, /* a statement has work to do: in the run queue between slices */
	SESSION_FLOW,	 /* a statement waits until the peer has read */
	SESSION_COMMIT,	 /* waits for the log */
	SESSION_WORKER,	 /* a worker has the statement */
	SESSION_WAITING, /* for the end of another transaction: to go on, or to tell that it lost */
};

struct named_savepoint {
	char name[SESSION_SAVEPOINT_NAME_MAX];
	struct txn_savepoint at;
};

struct session {
	struct conn *conn;
	struct net_stream *stream; /* NULL: the peer is gone */
	enum session_state state;
	struct frame_reader frames;
	struct buf pending; /* bytes received while busy */
	size_t pending_at;
	bool paused;
	bool peer_ended, finished; /* no more requests come; we have said that no more answers do */

	struct txn *txn;  /* of an explicit transaction; NULL: none */
	bool txn_lost;	  /* it was rolled back, and waits for the client's ROLLBACK */
	bool txn_too_old; /* because its view was given up; else it lost against another one */
	VEC(struct named_savepoint) savepoints;
	uint32_t graph_id; /* with has_graph: USE has chosen it; else the connection's */
	bool has_graph;
	struct str
	    login_graph;   /* a login that waits for another session to make it; the request's */
	uint64_t last_lsn; /* of the session's last acknowledged commit */

	uint64_t n_transactions;

	struct arena requests; /* the present request's texts and parameters */
	struct budget budget;
	struct statement st;
	enum request_kind request; /* whose answer is due */
	bool txn_idled;		   /* rolled back for lying idle; the next request is told */
	uint64_t idle_since_ns;	   /* with an open transaction */
	struct txn_waiter waiter;  /* with SESSION_WAITING */
	uint64_t tell_lost_ns; /* its transaction lost: told then at the latest; 0: it did not */
	struct txn_commit commit;
	struct queue_node wake;
	enum statement_event event; /* behind SESSION_WORKER: what the statement came to */
	uint64_t given_ns;	    /* to the workers */
	enum status commit_result;
	struct session *next_run;
	bool queued;		     /* in the run queue */
	struct session *prev, *next; /* all sessions of the I/O thread */
};

/* NULL: no memory. */
struct session *session_new(struct conn *c, struct net_stream *stream);
void session_data(struct session *s, const uint8_t *p, size_t n, bool fin);
void session_writable(struct session *s); /* the peer has read on */
void session_slice(struct session *s);	  /* from the run queue */
void session_woken(struct session *s);	  /* its wake came through the inbox */
/* Something it announced by io_expect may be due. */
void session_due(struct session *s, uint64_t now_ns);
/* The stream is gone: rolls back; the session frees itself once the log does not need it any more.
 */
void session_close(struct session *s);
/* A view was asked to close: a result that lies open lets go of its view, and says so when it is
 * pulled. */
void session_look_at_view(struct session *s);
/* The server stops: a running statement ends with 57P01. */
void session_shutdown(struct session *s);

/* ---- for command.c ---- */

void session_reply(struct session *s, struct chain *out); /* takes the bytes */
void session_run_later(struct session *s);		  /* another slice, in its turn */
/* The answer of a failed request, whatever it was. first_frame: nothing of the answer went out yet.
 */
void session_send_error(struct session *s, const struct diag *d, struct str text, bool first_frame);
/* What the client's habit wants after a final page. */
void session_append_trailing(struct session *s, struct chain *out);
void session_close_statement(struct session *s);
/* Until another transaction has ended; then it is back in the run queue, or told that it lost.
 * Takes the reference. ST_OK, ST_LIMIT: as txn_wait. */
enum status session_wait(struct session *s, struct mark *mark, enum txn_wait_why why) MUST_CHECK;
/* ST_PARK: command_committed or the statement's end follows when the log has answered. */
enum status session_commit(struct session *s, struct txn *t, struct diag *d) MUST_CHECK;
void session_end_transaction(struct session *s); /* t is gone already */
void session_roll_back(struct session *s);

#endif
