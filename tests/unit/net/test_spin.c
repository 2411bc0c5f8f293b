/* When a thread looks again before it sleeps, and when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/spin.h"

#define NS_PER_HOUR UINT64_C(3600000000000)

/* Sleeps at once so many waits in a row. */
static uint32_t rests_for(struct spin *s)
{
	uint32_t n = 0;

	while (s->rest > 0) {
		spin_start(s, clock_mono_ns());
		assert_false(spin_again(s));
		n++;
	}
	return n;
}

/* A wait whose time is over at the first look. */
static void look_in_vain(struct spin *s)
{
	assert_int_equal(s->rest, 0);
	spin_start(s, clock_mono_ns());
	assert_false(spin_again(s));
}

static void test_never(void **state)
{
	struct spin s = {0};

	(void)state;
	spin_start(&s, clock_mono_ns());
	assert_false(spin_again(&s));
	assert_int_equal(s.rest, 0);
}

static void test_in_vain_rests_twice_as_long(void **state)
{
	struct spin s = {.limit_ns = 1};

	(void)state;
	for (uint32_t rests = 1; rests < SPIN_RESTS_MAX; rests = rests * 2 + 1) {
		look_in_vain(&s);
		assert_int_equal(rests_for(&s), rests);
	}
	look_in_vain(&s);
	assert_int_equal(rests_for(&s), SPIN_RESTS_MAX);
	look_in_vain(&s);
	assert_int_equal(rests_for(&s), SPIN_RESTS_MAX);
}

static void test_found_shortens_the_rest(void **state)
{
	struct spin s = {.limit_ns = 1};

	(void)state;
	for (int i = 0; i < 2; i++) {
		look_in_vain(&s);
		(void)rests_for(&s);
	}
	assert_int_equal(s.rests, 3);
	spin_found(&s);
	assert_int_equal(s.rests, 2);
	for (int i = 0; i < 3; i++)
		spin_found(&s);
	assert_int_equal(s.rests, 0);
}

/* The time of one look is over long before the limit: somebody else had the processor. */
static void test_a_long_look_ends_it(void **state)
{
	struct spin s = {.limit_ns = NS_PER_HOUR};

	(void)state;
	spin_start(&s, clock_mono_ns() - 2 * SPIN_WANTED_NS);
	assert_false(spin_again(&s));
	assert_int_equal(s.rest, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_in_vain_rests_twice_as_long),
	    cmocka_unit_test(test_found_shortens_the_rest),
	    cmocka_unit_test(test_a_long_look_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
