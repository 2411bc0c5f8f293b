/* net/spin.h - looking for what comes before sleeping for it.
 *
 * Being woken costs more than many an answer takes, so a thread may look again and again for a
 * while before it sleeps. That pays while the answer comes within that while and nobody else wants
 * the processor: each look offers it to the others, and a look that took long has found somebody
 * who wanted it. A thread whose looking was in vain rests for a number of waits, twice as many each
 * time, and sleeps at once in these.
 *
 * Room:    net.
 * Threads: a spin belongs to one.
 * Units:   nanoseconds of clock_mono_ns(). */
#ifndef NET_SPIN_H
#define NET_SPIN_H

#include <sched.h>

#include "base/attr.h"
#include "base/clock.h"

#define SPIN_WANTED_NS UINT64_C(4000) /* a look takes a tenth of it, another thread's turn more */
#define SPIN_RESTS_MAX 63u	      /* waits */

struct spin {
	uint64_t limit_ns; /* 0: never */
	uint64_t start_ns, last_ns;
	uint32_t rest;	/* waits to come that sleep at once */
	uint32_t rests; /* the last rest's length */
};

/* A wait begins. */
static inline void spin_start(struct spin *s, uint64_t now_ns)
{
	s->start_ns = s->last_ns = now_ns;
}

/* What was waited for was there at a look. */
static inline void spin_found(struct spin *s)
{
	s->rests -= s->rests > 0;
}

/* After a look in vain: true for another one, false to sleep. */
static inline bool spin_again(struct spin *s)
{
	if (s->limit_ns == 0)
		return false;
	if (s->rest > 0) {
		s->rest--;
		return false;
	}
	(void)sched_yield();
	uint64_t now_ns = clock_mono_ns();
	uint64_t look_ns = now_ns - s->last_ns;
	s->last_ns = now_ns;
	if (look_ns < SPIN_WANTED_NS && now_ns - s->start_ns < s->limit_ns)
		return true;
	s->rests = MIN_OF(s->rests * 2 + 1, SPIN_RESTS_MAX);
	s->rest = s->rests;
	return false;
}

#endif
