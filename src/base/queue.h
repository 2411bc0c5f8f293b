/* base/queue.h - a bounded queue from many threads to one, with an eventfd to sleep on.
 *
 * Room:    base (liburcu's wait-free concurrent queue underneath).
 * Threads: push from any; pop and close from the owner, or whoever holds the owner's lock.
 * Errors:  ST_BUSY when the queue is full: nothing was taken. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdatomic.h>
#include <urcu/wfcqueue.h>

#include "base/status.h"

struct queue_node { /* embedded by the message; the queue never owns memory */
	struct cds_wfcq_node n;
	bool counted; /* against the limit; the queue's */
};

struct queue {
	struct cds_wfcq_head head;
	struct cds_wfcq_tail tail;
	_Atomic uint32_t count;
	uint32_t limit;
	int event_fd; /* readable when something was pushed; -1: queue_init failed */
	_Atomic uint32_t signalled;
};

enum status queue_init(struct queue *q, uint32_t limit) MUST_CHECK;
void queue_release(struct queue *q);
enum status queue_push(struct queue *q, struct queue_node *n) MUST_CHECK;
/* Counted neither against the limit nor refused: for answers whose place was reserved by a request.
 */
void queue_push_reserved(struct queue *q, struct queue_node *n);
/* The same, and the owner is not woken: the caller sees to it that somebody pops, or calls
 * queue_wake() next. */
void queue_push_quiet(struct queue *q, struct queue_node *n);
struct queue_node *queue_pop(struct queue *q); /* NULL: empty */
/* Makes the event readable without a message. Any thread. */
void queue_wake(struct queue *q);
/* Whether something was pushed, or queue_wake called, since the last queue_clear_event; no system
 * call. */
bool queue_is_signalled(const struct queue *q);
void queue_clear_event(struct queue *q); /* before popping until empty */

#endif
