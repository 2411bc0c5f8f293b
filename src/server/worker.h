/* server/worker.h - worker threads: they go on with statements that did not end in their first
 * slice, so that a long one never keeps a socket waiting.
 *
 * Room:    server.
 * Threads: workers_give from I/O threads. From then on the session's statement (st, its query, page
 * and transaction) belongs to the workers; the rest of the session stays with its I/O thread, to
 * which the statement comes back with session->event, through the inbox. A worker touches no
 * connection.
 * Limits:  a session is with the workers at most once, so their queue is bounded by the sessions.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "base/status.h"

struct session;
struct workers;

/* Longer work is interrupted to let the I/O thread tell the client that its statement runs. */
#define WORKER_REPORT_NS UINT64_C(1000000000)

/* ST_NOMEM: not all threads could be started; none runs. */
enum status workers_start(uint32_t n, struct workers **ret) MUST_CHECK;
/* After the last statement has come back. NULL: nothing. */
void workers_stop(struct workers *w);
void workers_give(struct workers *w, struct session *s);

#endif
