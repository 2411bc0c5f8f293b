/* base/latch.c - the slow half of the latch. The word: 0 free, 1 held, 2 held and somebody sleeps.
 */
#include "base/latch.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPINS 100 /* tries before sleeping: about the longest a latch is held */

static void pause_cpu(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

void latch_lock_slow(struct latch *l)
{
	for (unsigned i = 0; i < SPINS; i++) {
		uint32_t free_word = 0;
		if (atomic_load_explicit(&l->word, memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_weak_explicit(
			&l->word, &free_word, 1, memory_order_acquire, memory_order_relaxed))
			return;
		pause_cpu();
	}
	/* From here on we leave a 2, perhaps without need: that costs one idle wake, while a 1
	 * could let another sleeper sleep for ever. */
	while (atomic_exchange_explicit(&l->word, 2, memory_order_acquire) != 0)
		syscall(SYS_futex, &l->word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

void latch_wake(struct latch *l)
{
	syscall(SYS_futex, &l->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
