/* tests/unit/net/test_timer.c - the heap of deadlines against a plain search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/hash.h"
#include "net/timer.h"

#define N_TIMERS 200
#define N_STEPS 20000

static uint64_t earliest(const struct timer *t)
{
	uint64_t at_ns = TIMER_NEVER;

	for (int i = 0; i < N_TIMERS; i++) {
		if (t[i].place != 0)
			at_ns = MIN_OF(at_ns, t[i].at_ns);
	}
	return at_ns;
}

static void test_against_search(void **state)
{
	struct timer_heap h = {0};
	struct timer t[N_TIMERS] = {0};
	struct rand r;

	(void)state;
	rand_seed(&r, 1);
	for (int i = 0; i < N_TIMERS; i++)
		assert_true(timer_reserve(&h));
	for (int i = 0; i < N_STEPS; i++) {
		struct timer *one = &t[rand_below(&r, N_TIMERS)];
		timer_set(&h, one, rand_below(&r, 4) == 0 ? TIMER_NEVER : rand_below(&r, 1000));
		const struct timer *first = timer_first(&h);
		assert_true((first != NULL ? first->at_ns : TIMER_NEVER) == earliest(t));
	}
	for (int i = 0; i < N_TIMERS; i++) {
		timer_set(&h, &t[i], TIMER_NEVER);
		timer_unreserve(&h);
	}
	assert_null(timer_first(&h));
	timer_heap_release(&h);
}

static void test_in_order(void **state)
{
	struct timer_heap h = {0};
	struct timer t[50] = {0};

	(void)state;
	for (uint64_t i = 0; i < 50; i++) {
		assert_true(timer_reserve(&h));
		timer_set(&h, &t[i], i * 17 % 50);
	}
	for (uint64_t i = 0; i < 50; i++) {
		assert_int_equal(timer_first(&h)->at_ns, i);
		timer_set(&h, timer_first(&h), TIMER_NEVER);
	}
	timer_heap_release(&h);
}

static void test_no_memory(void **state)
{
	struct timer_heap h = {0};

	(void)state;
	mem_fail_nth(1, true);
	assert_false(timer_reserve(&h));
	mem_fail_nth(0, false);
	assert_int_equal(h.n_reserved, 0);
	timer_heap_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_search),
	    cmocka_unit_test(test_in_order),
	    cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
