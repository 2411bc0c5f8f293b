/* The graph that the shell's prompt shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/geode/graphs.h"

static void follows_what_succeeds(void **state)
{
	static const struct {
		const char *statement, *current;
		bool in_transaction;
	} steps[] = {
	    {"MATCH (n) RETURN n", "", false},
	    {"USE social", "social", false},
	    {"USE other MATCH (n) RETURN n", "social", false},
	    {"  session  set\nproperty graph g2 ", "g2", false},
	    {"USE CURRENT_GRAPH", "g2", false},
	    {"BEGIN", "g2", true},
	    {"use `a`", "a", true},
	    {"ROLLBACK TO SAVEPOINT s", "a", true},
	    {"ROLLBACK WORK TO s", "a", true},
	    {"ROLLBACK", "a", false},
	    {"START TRANSACTION READ ONLY", "a", true},
	    {"COMMIT", "a", false},
	    {"SESSION RESET TIME ZONE", "a", false},
	    {"SESSION RESET GRAPH", "home", false},
	    {"USE default", "", false},
	    {"SESSION CLOSE", "home", false},
	    {"USE a_name_that_is_longer_than_the_place_for_it_in_the_prompt_of_the_shell", "",
	     false},
	    {"USE HOME_GRAPH", "home", false},
	    {"USE", "", false},
	};
	struct shell_graphs g;

	shell_graphs_init(&g, STR("home"));
	assert_string_equal(g.current, "home");
	shell_graphs_follow(&g, STR("USE default"));
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		shell_graphs_follow(&g, str_of(steps[i].statement));
		assert_string_equal(g.current, steps[i].current);
		assert_int_equal(g.in_transaction, steps[i].in_transaction);
	}
	shell_graphs_init(&g, STR("default"));
	assert_string_equal(g.current, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(follows_what_succeeds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
