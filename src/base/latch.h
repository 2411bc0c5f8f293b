/* base/latch.h - a 4-byte spin-then-sleep lock for chunks (held below a microsecond).
 *
 * Room: base. Futex-based: uncontended lock and unlock are one atomic each. No rank check: the
 * owner room says the order. */
#ifndef BASE_LATCH_H
#define BASE_LATCH_H

#include <stdatomic.h>

#include "base/attr.h"

struct latch { /* zero is unlocked */
	_Atomic uint32_t word;
};

void latch_lock_slow(struct latch *l);
void latch_wake(struct latch *l);

static inline void latch_lock(struct latch *l)
{
	uint32_t free_word = 0;
	if (!atomic_compare_exchange_strong_explicit(&l->word, &free_word, 1, memory_order_acquire,
						     memory_order_relaxed))
		latch_lock_slow(l);
}

static inline void latch_unlock(struct latch *l)
{
	if (atomic_exchange_explicit(&l->word, 0, memory_order_release) == 2)
		latch_wake(l);
}

#endif
