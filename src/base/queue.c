/* base/queue.c - many pushers, one popper, an eventfd. */
#include "base/queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* liburcu's atomics are compiled without ThreadSanitizer: it must be told that a node's push comes
 * before its pop. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define PUSHED(node) __tsan_release(node)
#define POPPED(node) __tsan_acquire(node)
#else
#define PUSHED(node) ((void)(node))
#define POPPED(node) ((void)(node))
#endif

enum status queue_init(struct queue *q, uint32_t limit)
{
	cds_wfcq_init(&q->head, &q->tail);
	atomic_init(&q->count, 0);
	atomic_init(&q->signalled, 0);
	q->limit = limit;
	q->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return q->event_fd >= 0 ? ST_OK : ST_IO;
}

void queue_release(struct queue *q)
{
	if (q->event_fd < 0)
		return;
	cds_wfcq_destroy(&q->head, &q->tail);
	close(q->event_fd);
	q->event_fd = -1;
}

/* The exchange pairs with the one in queue_clear_event: whoever finds 1 knows that the owner will
 * clear it later and then pop what was pushed before. */
void queue_wake(struct queue *q)
{
	if (atomic_exchange_explicit(&q->signalled, 1, memory_order_acq_rel) == 0) {
		uint64_t one = 1;
		ssize_t written = write(q->event_fd, &one, sizeof one);
		(void)written; /* it fails only when the counter is full: readable already */
	}
}

bool queue_is_signalled(const struct queue *q)
{
	return atomic_load_explicit(&q->signalled, memory_order_acquire) != 0;
}

static void enqueue(struct queue *q, struct queue_node *n)
{
	cds_wfcq_node_init(&n->n);
	PUSHED(n);
	cds_wfcq_enqueue(&q->head, &q->tail, &n->n);
}

enum status queue_push(struct queue *q, struct queue_node *n)
{
	if (atomic_fetch_add_explicit(&q->count, 1, memory_order_relaxed) >= q->limit) {
		atomic_fetch_sub_explicit(&q->count, 1, memory_order_relaxed);
		return ST_BUSY;
	}
	n->counted = true;
	enqueue(q, n);
	queue_wake(q);
	return ST_OK;
}

void queue_push_reserved(struct queue *q, struct queue_node *n)
{
	queue_push_quiet(q, n);
	queue_wake(q);
}

void queue_push_quiet(struct queue *q, struct queue_node *n)
{
	n->counted = false;
	enqueue(q, n);
}

struct queue_node *queue_pop(struct queue *q)
{
	/* One popper only, so no lock around it; it waits for a pusher between its two stores. */
	struct cds_wfcq_node *got = __cds_wfcq_dequeue_blocking(&q->head, &q->tail);

	if (got == NULL)
		return NULL;
	struct queue_node *n = container_of(got, struct queue_node, n);
	POPPED(n);
	if (n->counted)
		atomic_fetch_sub_explicit(&q->count, 1, memory_order_relaxed);
	return n;
}

void queue_clear_event(struct queue *q)
{
	uint64_t count;
	ssize_t got = read(q->event_fd, &count, sizeof count);

	(void)got; /* nothing to read: a pusher is about to write */
	atomic_exchange_explicit(&q->signalled, 0, memory_order_acq_rel);
}
