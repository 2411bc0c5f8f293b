/* The checker must find each anomaly in the smallest history that has it, and nothing else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/histories/history.h"

/* A transaction a line: "session outcome op op ...". Outcome: c committed, a aborted, u unknown. An
 * op: xN appends N to list x, x=N.N read it so. The lists are x, y and z. */
static void add(struct history *h, const char *line)
{
	char copy[128], *rest = NULL;
	static const char outcomes[] = "cau";

	snprintf(copy, sizeof copy, "%s", line);
	assert_true(history_tx(h, (uint32_t)atoi(strtok_r(copy, " ", &rest))));
	const char *outcome = strtok_r(NULL, " ", &rest);
	history_outcome(h, (enum outcome)(strchr(outcomes, *outcome) - outcomes));
	for (char *z = strtok_r(NULL, " ", &rest); z != NULL; z = strtok_r(NULL, " ", &rest)) {
		uint32_t list = (uint32_t)(z[0] - 'x'), values[8], n = 0;
		if (z[1] != '=') {
			assert_true(history_append(h, list, (uint32_t)atoi(z + 1)));
			continue;
		}
		char *more = NULL;
		for (char *v = strtok_r(z + 2, ".", &more); v != NULL;
		     v = strtok_r(NULL, ".", &more))
			values[n++] = (uint32_t)atoi(v);
		assert_true(history_read(h, list, values, n));
	}
}

struct example {
	uint32_t want;
	const char *lines[6];
};

static void check_example(const struct example *e)
{
	struct history h = {.is_complete = true};
	char text[512];

	for (unsigned i = 0; i < ARRAY_LEN(e->lines) && e->lines[i] != NULL; i++)
		add(&h, e->lines[i]);
	uint32_t got = history_check(&h, text, sizeof text);
	if (got != e->want)
		print_error("%s: %s\n", e->lines[0], text);
	assert_int_equal(got, e->want);
	assert_true((got & A_FORBIDDEN) == 0 || text[0] != '\0');
	history_free(&h);
}

#define EXAMPLE(name, bits, ...)                                                                   \
	static void name(void **state)                                                             \
	{                                                                                          \
		static const struct example e = {bits, {__VA_ARGS__}};                             \
		check_example(&e);                                                                 \
	}

EXAMPLE(what_is_right_passes, 0, "1 c x1 x=1 y2", "2 c x=1 x3 x=1.3", "1 a x= x9 x=9", "3 u y=2 y4",
	"4 c x=1.3 y=2.4")
EXAMPLE(unknown_without_effect_passes, 0, "1 c x1", "2 u x2 y3", "3 c x=1 y=")
EXAMPLE(own_append_not_read, A_INTERNAL, "1 c x1 x=", "2 c x=1")
EXAMPLE(two_states_in_one_transaction, A_INTERNAL | A_SINGLE, "1 c x1", "2 c x= x=1", "3 c x=1")
EXAMPLE(foreign_value_behind_own, A_INTERNAL, "1 c x1", "2 c x2 x=2.1", "3 c x=2.1")
EXAMPLE(value_twice, A_DUPLICATE, "1 c x1", "2 c x=1.1")
EXAMPLE(value_from_nowhere, A_DUPLICATE, "1 c x1", "2 c x=1.7")
EXAMPLE(aborted_read, A_ABORTED, "1 a x1", "2 c x=1")
EXAMPLE(intermediate_read, A_INTERMEDIATE | A_SINGLE, "1 c x1 x2", "2 c x=1", "3 c x=1.2")
EXAMPLE(two_orders, A_ORDER, "1 c x1", "2 c x2", "3 c x=1.2", "4 c x=2.1")
EXAMPLE(lost_append, A_LOST, "1 c x1", "2 c x2", "3 c x=2")
EXAMPLE(half_a_transaction, A_HALF, "1 u x1 y2", "3 c x=1 y=")
EXAMPLE(write_cycle, A_G0, "1 c x1 y2", "2 c x3 y4", "3 c x=1.3 y=4.2")
EXAMPLE(information_flows_in_a_circle, A_G1C, "1 c x1 y=2", "2 c x=1 y2", "3 c x=1 y=2")
EXAMPLE(lost_update, A_SINGLE, "1 c x= x1", "2 c x= x2", "3 c x=1.2")
EXAMPLE(read_skew, A_SINGLE, "1 c x1 y2", "2 c x=1 y=", "3 c x=1 y=2")
/* Two readers see two independent writes in opposite orders: the two "overwritten after" are no
 * neighbours. */
EXAMPLE(long_fork, A_SINGLE, "1 c x1", "2 c y2", "3 c x=1 y=", "4 c x= y=2", "5 c x=1 y=2")
EXAMPLE(session_does_not_see_its_own_past, A_SESSION, "1 c x1", "1 c x=", "2 c x=1")
EXAMPLE(session_goes_back, A_SESSION, "1 c x1", "2 c x=1", "2 c x=", "3 c x=1")
EXAMPLE(write_skew_is_allowed, A_G2, "1 c x= y1", "2 c y= x2", "3 c x=2 y=1")

static void histories_are_joined(void **state)
{
	struct history a = {.is_complete = true}, b = {0};
	char text[512];

	add(&a, "1 c x= x1");
	add(&b, "2 c x= x2");
	add(&b, "3 c x=1.2");
	assert_true(history_join(&a, &b));
	assert_int_equal(history_check(&a, text, sizeof text), A_SINGLE);
	history_free(&a);
	history_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_right_passes),
	    cmocka_unit_test(unknown_without_effect_passes),
	    cmocka_unit_test(own_append_not_read),
	    cmocka_unit_test(two_states_in_one_transaction),
	    cmocka_unit_test(foreign_value_behind_own),
	    cmocka_unit_test(value_twice),
	    cmocka_unit_test(value_from_nowhere),
	    cmocka_unit_test(aborted_read),
	    cmocka_unit_test(intermediate_read),
	    cmocka_unit_test(two_orders),
	    cmocka_unit_test(lost_append),
	    cmocka_unit_test(half_a_transaction),
	    cmocka_unit_test(write_cycle),
	    cmocka_unit_test(information_flows_in_a_circle),
	    cmocka_unit_test(lost_update),
	    cmocka_unit_test(read_skew),
	    cmocka_unit_test(long_fork),
	    cmocka_unit_test(session_does_not_see_its_own_past),
	    cmocka_unit_test(session_goes_back),
	    cmocka_unit_test(write_skew_is_allowed),
	    cmocka_unit_test(histories_are_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
