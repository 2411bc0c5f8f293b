/* net/timer.h - a binary heap of deadlines, each embedded in what it belongs to.
 *
 * Room:    net.
 * Threads: one owner.
 * Errors:  only timer_heap_reserve can fail; with a place reserved for each timer, setting cannot.
 */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include "base/vec.h"

#define TIMER_NEVER UINT64_MAX

struct timer { /* zero is not set; read only outside */
	uint64_t at_ns;
	uint32_t place; /* in the heap, from 1; 0: not in it */
};

struct timer_heap { /* zero is empty */
	VEC(struct timer *) v;
	uint32_t n_reserved;
};

void timer_heap_release(struct timer_heap *h);
/* A place for one more timer, given back by timer_unreserve. */
bool timer_reserve(struct timer_heap *h) MUST_CHECK;
void timer_unreserve(struct timer_heap *h);
/* TIMER_NEVER takes it out. */
void timer_set(struct timer_heap *h, struct timer *t, uint64_t at_ns);
struct timer *timer_first(const struct timer_heap *h); /* NULL: none */

#endif
