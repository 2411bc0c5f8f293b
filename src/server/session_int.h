/* server/session_int.h - what the files of a session share with each other and with no one else.
 *
 * Room:    server; only session.c, session_run.c and session_txn.c.
 * Threads: as session.h: the I/O thread of the session.
 * Errors:  what takes a diag says its error there; all others answer the client themselves. */
#ifndef SERVER_SESSION_INT_H
#define SERVER_SESSION_INT_H

#include "server/session.h"

/* ---- session.c ---- */

void session_send_diag(struct session *s, const struct diag *d); /* of a request without text */
/* After each step that may have made the session idle: requests that came meanwhile. */
void session_drain_pending(struct session *s);
void session_free(struct session *s); /* nothing of it is open, and no wake is on the way */

/* ---- session_run.c ---- */

void session_on_execute(struct session *s, const struct request *req);
void session_on_pull(struct session *s, const struct request *req);
/* What a slice of the statement came to, here or with a worker. */
void session_on_event(struct session *s, enum statement_event event);
/* Its diag holds the error: undoes it, answers and becomes idle. */
void session_fail_statement(struct session *s);
/* The statement holds and all of it is known: the last frames leave in one write. */
void session_send_last(struct session *s);
/* An auto-committed statement lost, in a slice or at its commit. */
void session_rerun_or_fail(struct session *s);
bool session_stop_waiting(struct session *s) MUST_CHECK; /* false: its wake is on the way */
void session_go_on(struct session *s); /* what it waited for has come, or comes no more */

/* ---- session_txn.c ---- */

/* Rolls its transaction back, which is failed from then on and holds nothing. */
void session_give_up(struct session *s, bool too_old);
/* A statement of an explicit transaction lost: the answer follows. */
void session_lose(struct session *s);
/* True, with the reason: only the end of the transaction is possible. */
bool session_refuse_in_failed(struct session *s, struct diag *d) MUST_CHECK;
void session_commit_auto(struct session *s); /* of a statement that has ended; answers */
void session_committed(struct session *s);   /* the log has answered */
void session_begin_idling(struct session *s);
void session_due_idle(struct session *s, uint64_t now_ns);
void session_tell_idled(struct session *s); /* answers with 25N02, once */

#endif
