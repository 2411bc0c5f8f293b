/* The plan cache: which statements share a plan, and what a hit gives for the actual text. */
#include "plan_test.h"

static void keep(struct fix *f, struct plan_cache *c, const char *text)
{
	struct plan *p = planned(f, text);

	plan_cache_put(c, f->text, &f->tokens, p);
	plan_unref(p);
}

static struct plan *look(struct fix *f, struct plan_cache *c, const char *text)
{
	fix_lex(f, text);
	return plan_cache_get(c, f->text, &f->tokens, f->graph);
}

static bool shares(struct fix *f, const char *first, const char *second)
{
	struct plan_cache *c;

	assert_int_equal(plan_cache_new(&c), ST_OK);
	keep(f, c, first);
	struct plan *p = look(f, c, second);
	struct plan_cache_stats s = plan_cache_stats(c);
	assert_int_equal(s.entries, 1);
	assert_int_equal(s.hits, p != NULL);
	assert_int_equal(s.misses, p == NULL);
	plan_unref(p);
	plan_cache_free(c);
	return p != NULL;
}

static void literals_are_lifted_and_what_shapes_the_plan_is_not(void **state)
{
	struct fix *f = *state;

	assert_true(shares(f, "MATCH (n {x: 1}) RETURN n", "MATCH (n {x: 22}) RETURN n"));
	assert_true(shares(f, "MATCH (n {x: 'a'}) RETURN n", "MATCH  (n {x: 'b\\n'})\nRETURN n"));
	assert_false(shares(f, "MATCH (n {x: 1}) RETURN n", "MATCH (n {x: 'a'}) RETURN n"));
	assert_false(shares(f, "MATCH (n {x: 1}) RETURN n", "MATCH (n {x: 1.5}) RETURN n"));
	assert_false(shares(f, "MATCH (n {x: 1}) RETURN n", "MATCH (n {y: 1}) RETURN n"));
	assert_false(shares(f, "MATCH (n) RETURN n LIMIT 1", "MATCH (n) RETURN n LIMIT 2"));
	assert_false(shares(f, "MATCH (n) RETURN n LIMIT 1 + 1", "MATCH (n) RETURN n LIMIT 1 + 2"));
	assert_false(
	    shares(f, "MATCH (a)-[e]->{1,2}(b) RETURN a", "MATCH (a)-[e]->{1,3}(b) RETURN a"));
	assert_false(shares(f, "MATCH (a)-->(b) RETURN a", "MATCH (a)<--(b) RETURN a"));
}

/* Keys of a grouping and of a sort are found by their text, literals included. */
static void a_plan_made_by_comparing_literals_is_for_these_only(void **state)
{
	struct fix *f = *state;
	const char *grouped = "MATCH (n) RETURN n.x + 1, count(*) ORDER BY n.x + 1";

	assert_true(shares(f, grouped, grouped));
	assert_false(shares(f, grouped, "MATCH (n) RETURN n.x + 1, count(*) ORDER BY n.x + 2"));
	assert_false(shares(f, grouped, "MATCH (n) RETURN n.x + 2, count(*) ORDER BY n.x + 2"));
	assert_false(shares(f, "RETURN 1, 2", "RETURN 1, 1"));
	assert_true(shares(f, "RETURN 1 AS a, 2 AS b", "RETURN 3 AS a, 3 AS b"));
}

static void a_hit_speaks_of_the_actual_text(void **state)
{
	struct fix *f = *state;
	struct plan_cache *c;
	struct value v[2];

	assert_int_equal(plan_cache_new(&c), ST_OK);
	keep(f, c, "MATCH (n {x: 1}) RETURN n.x + 10, n AS m");
	struct plan *p = look(f, c, "MATCH (n {x: 12345}) RETURN n.x + 7, n AS m");
	assert_non_null(p);
	struct str name = plan_column_name(p, 0, f->text, &f->tokens);
	assert_true(str_eq(name, STR("n.x + 7")));
	assert_true(str_eq(plan_column_name(p, 1, f->text, &f->tokens), STR("m")));
	assert_int_equal(p->n_params, 2);
	assert_int_equal(plan_bind_params(p, f->text, &f->tokens, NULL, 0, &f->a, v, &f->diag),
			 ST_OK);
	assert_int_equal(v[0].i, 12345);
	assert_int_equal(v[1].i, 7);
	assert_int_equal(plan_offset(p, 24, &f->tokens), 28); /* n.x + .. */
	assert_int_equal(plan_offset(p, DIAG_NO_POSITION, &f->tokens), DIAG_NO_POSITION);
	plan_cache_clear(c); /* a plan in use survives */
	assert_int_equal(plan_cache_stats(c).entries, 0);
	assert_true(str_eq(plan_column_name(p, 0, f->text, &f->tokens), STR("n.x + 7")));
	assert_null(look(f, c, "MATCH (n {x: 1}) RETURN n.x + 10, n AS m"));
	plan_unref(p);
	plan_cache_free(c);
}

static void a_new_index_makes_plans_old(void **state)
{
	struct fix *f = *state;
	struct plan_cache *c;

	assert_int_equal(plan_cache_new(&c), ST_OK);
	keep(f, c, "MATCH (n:City {name: 'a'}) RETURN n");
	fix_index(f, "City", "name");
	assert_null(look(f, c, "MATCH (n:City {name: 'a'}) RETURN n"));
	assert_int_equal(plan_cache_stats(c).entries, 0);
	keep(f, c, "MATCH (n:City {name: 'a'}) RETURN n");
	struct plan *p = look(f, c, "MATCH (n:City {name: 'b'}) RETURN n");
	assert_non_null(p);
	assert_non_null(find_op(p, POP_INDEX_SEEK));
	plan_unref(p);
	plan_cache_free(c);
}

static void the_plan_not_used_for_longest_goes(void **state)
{
	struct fix *f = *state;
	struct plan_cache *c;
	char text[64];

	assert_int_equal(plan_cache_new(&c), ST_OK);
	keep(f, c, "RETURN 1 AS first");
	keep(f, c, "RETURN 1 AS second");
	plan_unref(look(f, c, "RETURN 1 AS first"));
	for (unsigned i = 0; i < PLAN_CACHE_ENTRIES - 1; i++) {
		(void)snprintf(text, sizeof text, "RETURN 1 AS c%u", i);
		keep(f, c, text);
	}
	assert_int_equal(plan_cache_stats(c).entries, PLAN_CACHE_ENTRIES);
	assert_null(look(f, c, "RETURN 1 AS second"));
	struct plan *p = look(f, c, "RETURN 1 AS first");
	assert_non_null(p);
	keep(f, c, "RETURN 1 AS first"); /* made twice: one entry */
	assert_int_equal(plan_cache_stats(c).entries, PLAN_CACHE_ENTRIES);
	plan_unref(p);
	plan_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(literals_are_lifted_and_what_shapes_the_plan_is_not),
	    cmocka_unit_test(a_plan_made_by_comparing_literals_is_for_these_only),
	    cmocka_unit_test(a_hit_speaks_of_the_actual_text),
	    cmocka_unit_test(a_new_index_makes_plans_old),
	    cmocka_unit_test(the_plan_not_used_for_longest_goes),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
