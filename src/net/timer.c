/* net/timer.c - the heap of deadlines. */
#include "net/timer.h"

void timer_heap_release(struct timer_heap *h)
{
	vec_release(MEM_NET, &h->v);
	h->n_reserved = 0;
}

bool timer_reserve(struct timer_heap *h)
{
	if (!vec_reserve(MEM_NET, &h->v, (size_t)h->n_reserved + 1))
		return false;
	h->n_reserved++;
	return true;
}

void timer_unreserve(struct timer_heap *h)
{
	assert(h->n_reserved > h->v.n);
	h->n_reserved--;
}

static void put(struct timer_heap *h, uint32_t i, struct timer *t)
{
	h->v.v[i] = t;
	t->place = i + 1;
}

static void sift_up(struct timer_heap *h, uint32_t i)
{
	struct timer *t = h->v.v[i];

	while (i > 0 && h->v.v[(i - 1) / 2]->at_ns > t->at_ns) {
		put(h, i, h->v.v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, t);
}

static void sift_down(struct timer_heap *h, uint32_t i)
{
	struct timer *t = h->v.v[i];

	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child >= h->v.n)
			break;
		if (child + 1 < h->v.n && h->v.v[child + 1]->at_ns < h->v.v[child]->at_ns)
			child++;
		if (h->v.v[child]->at_ns >= t->at_ns)
			break;
		put(h, i, h->v.v[child]);
		i = child;
	}
	put(h, i, t);
}

static void take_out(struct timer_heap *h, struct timer *t)
{
	uint32_t i = t->place - 1;
	struct timer *last = h->v.v[--h->v.n];

	t->place = 0;
	if (last == t)
		return;
	put(h, i, last);
	sift_up(h, i);
	sift_down(h, last->place - 1);
}

void timer_set(struct timer_heap *h, struct timer *t, uint64_t at_ns)
{
	if (at_ns == TIMER_NEVER) {
		if (t->place != 0)
			take_out(h, t);
		return;
	}
	if (t->place == 0) {
		assert(h->v.n < h->n_reserved);
		t->at_ns = at_ns;
		put(h, h->v.n++, t);
		sift_up(h, t->place - 1);
		return;
	}
	bool later = at_ns > t->at_ns;
	t->at_ns = at_ns;
	if (later)
		sift_down(h, t->place - 1);
	else
		sift_up(h, t->place - 1);
}

struct timer *timer_first(const struct timer_heap *h)
{
	return h->v.n > 0 ? h->v.v[0] : NULL;
}
