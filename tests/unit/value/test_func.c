/* Built-in functions and aggregates: a table of calls, one error of each kind, and no memory. */
#include "tests/unit/value/value_test.h"

#include <math.h>

#include "value/func.h"
#include "value/order.h"

#define OK GQL_SUCCESS
#define UMLAUTS "\xc3\xa4\xc3\xb6\xc3\xbc" /* three letters of two bytes */

struct call {
	const char *name;
	unsigned n;
	struct value args[3];
	struct value want;
	enum gqlstatus code;
};

static void check(const struct call *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct test_ctx c;
		struct value got = NUL;
		ctx_init(&c);
		const struct func *f = func_find(str_of(t[i].name));
		assert_non_null(f);
		assert_in_range(t[i].n, f->min_args, f->max_args);
		enum status st = func_call(f, &c.x, t[i].args, t[i].n, &got);
		if (st != (t[i].code == OK ? ST_OK : ST_INVALID) || c.diag.code != t[i].code ||
		    got.kind != t[i].want.kind || !value_same(got, t[i].want))
			fail_msg("call %zu of '%s': %s", i, t[i].name, c.diag.message);
		if (f->result != V_NULL && !value_is_null(got))
			assert_int_equal(got.kind, f->result);
		ctx_release(&c);
	}
}

static void numbers(void **state)
{
	const struct call t[] = {
	    {"abs", 1, {I(-3)}, I(3), OK},
	    {"ABS", 1, {F(-3.5)}, F(3.5), OK},
	    {"abs", 1, {I(INT64_MIN)}, NUL, GQL_OUT_OF_RANGE},
	    {"abs", 1, {NUL}, NUL, OK},
	    {"abs", 1, {S("x")}, NUL, GQL_WRONG_TYPE},
	    {"ceil", 1, {F(1.2)}, F(2), OK},
	    {"ceiling", 1, {I(5)}, I(5), OK},
	    {"floor", 1, {F(-1.2)}, F(-2), OK},
	    {"round", 1, {F(2.5)}, F(3), OK},
	    {"round", 1, {F(-2.5)}, F(-3), OK},
	    {"round", 2, {F(3.14159), I(2)}, F(3.14), OK},
	    {"round", 2, {F(1), I(99)}, NUL, GQL_OUT_OF_RANGE},
	    {"round", 2, {F(1e300), I(15)}, F(1e300), OK},
	    {"sign", 1, {F(-0.5)}, I(-1), OK},
	    {"sign", 1, {I(0)}, I(0), OK},
	    {"sqrt", 1, {I(16)}, F(4), OK},
	    {"sqrt", 1, {I(-1)}, NUL, GQL_BAD_POWER_ARGUMENT},
	    {"exp", 1, {I(0)}, F(1), OK},
	    {"ln", 1, {F(1)}, F(0), OK},
	    {"ln", 1, {I(0)}, NUL, GQL_BAD_LOG_ARGUMENT},
	    {"log10", 1, {I(1000)}, F(3), OK},
	    {"power", 2, {I(2), I(3)}, F(8), OK},
	    {"power", 2, {I(-8), F(0.5)}, NUL, GQL_BAD_POWER_ARGUMENT},
	    {"power", 2, {I(0), I(-1)}, NUL, GQL_BAD_POWER_ARGUMENT},
	    {"mod", 2, {I(7), I(3)}, I(1), OK},
	    {"mod", 2, {I(7), I(0)}, NUL, GQL_DIVISION_BY_ZERO},
	    {"pi", 0, {NUL}, F(M_PI), OK},
	    {"e", 0, {NUL}, F(M_E), OK},
	};
	check(t, ARRAY_LEN(t));
}

static void conversions_and_nulls(void **state)
{
	const struct call t[] = {
	    {"toString", 1, {I(5)}, S("5"), OK},
	    {"tostring", 1, {EMPTY_LIST}, NUL, GQL_WRONG_TYPE},
	    {"toInteger", 1, {S("12x")}, NUL, OK},
	    {"toInteger", 1, {S("12.9")}, I(12), OK},
	    {"toFloat", 1, {S("1.5")}, F(1.5), OK},
	    {"toBoolean", 1, {S("True")}, B(true), OK},
	    {"coalesce", 3, {NUL, I(2), I(3)}, I(2), OK},
	    {"coalesce", 2, {NUL, NUL}, NUL, OK},
	    {"nullif", 2, {I(1), F(1)}, NUL, OK},
	    {"nullif", 2, {I(1), NUL}, I(1), OK},
	    {"nullif", 2, {NUL, I(1)}, NUL, OK},
	};
	check(t, ARRAY_LEN(t));
}

static void texts(void **state)
{
	const struct call t[] = {
	    {"upper", 1, {S("straße")}, S("STRASSE"), OK},
	    {"toUpper", 1, {S("abcZ1")}, S("ABCZ1"), OK},
	    {"upper", 1, {S("")}, S(""), OK},
	    {"lower",
	     1,
	     {S("\xc3\x84"
		"B")},
	     S("\xc3\xa4"
	       "b"),
	     OK},
	    {"toLower", 1, {S("AbC[")}, S("abc["), OK},
	    {"upper", 1, {I(1)}, NUL, GQL_WRONG_TYPE},
	    {"trim", 1, {S(" \t\xc2\xa0x y\n ")}, S("x y"), OK},
	    {"ltrim", 1, {S("  x ")}, S("x "), OK},
	    {"rtrim", 1, {S("  x ")}, S("  x"), OK},
	    {"btrim", 2, {S("xy-a-yx"), S("yx")}, S("-a-"), OK},
	    {"btrim", 2, {S(" a "), S("")}, S(" a "), OK},
	    {"left", 2, {S(UMLAUTS), I(2)}, S("\xc3\xa4\xc3\xb6"), OK},
	    {"left", 2, {S("ab"), I(9)}, S("ab"), OK},
	    {"left", 2, {S("ab"), I(-1)}, NUL, GQL_SUBSTRING},
	    {"right", 2, {S(UMLAUTS), I(1)}, S("\xc3\xbc"), OK},
	    {"right", 2, {S("ab"), I(9)}, S("ab"), OK},
	    {"right", 2, {S("ab"), I(0)}, S(""), OK},
	    {"substring", 2, {S(UMLAUTS "x"), I(2)}, S("\xc3\xbcx"), OK},
	    {"substring", 3, {S("hello"), I(1), I(3)}, S("ell"), OK},
	    {"substring", 3, {S("hello"), I(9), I(3)}, S(""), OK},
	    {"substring", 2, {S("hello"), I(-1)}, NUL, GQL_SUBSTRING},
	    {"replace", 3, {S("aXbXc"), S("X"), S("--")}, S("a--b--c"), OK},
	    {"replace", 3, {S("aaa"), S("aa"), S("")}, S("a"), OK},
	    {"replace", 3, {S("abc"), S(""), S("-")}, S("abc"), OK},
	    {"replace", 3, {S("abc"), S("x"), S("-")}, S("abc"), OK},
	    {"reverse",
	     1,
	     {S("a" UMLAUTS)},
	     S("\xc3\xbc\xc3\xb6\xc3\xa4"
	       "a"),
	     OK},
	    {"split", 2, {S("a,b,,c"), S(",")}, LIST(S("a"), S("b"), S(""), S("c")), OK},
	    {"split", 2, {S(""), S(",")}, LIST(S("")), OK},
	    {"split", 2, {S("\xc3\xa4z"), S("")}, LIST(S("\xc3\xa4"), S("z")), OK},
	    {"split", 2, {S(","), S(",")}, LIST(S(""), S("")), OK},
	    {"char_length", 1, {S(UMLAUTS)}, I(3), OK},
	    {"character_length", 1, {EMPTY_LIST}, NUL, GQL_WRONG_TYPE},
	    {"size", 1, {S(UMLAUTS)}, I(3), OK},
	};
	check(t, ARRAY_LEN(t));
}

static void lists(void **state)
{
	const struct call t[] = {
	    {"size", 1, {LIST(I(1), NUL)}, I(2), OK},
	    {"cardinality", 1, {MAP(ENTRY("a", NUL))}, I(1), OK},
	    {"size", 1, {I(1)}, NUL, GQL_WRONG_TYPE},
	    {"head", 1, {LIST(I(1), I(2))}, I(1), OK},
	    {"head", 1, {EMPTY_LIST}, NUL, OK},
	    {"last", 1, {LIST(I(1), I(2))}, I(2), OK},
	    {"last", 1, {EMPTY_LIST}, NUL, OK},
	    {"tail", 1, {LIST(I(1), I(2))}, LIST(I(2)), OK},
	    {"tail", 1, {EMPTY_LIST}, EMPTY_LIST, OK},
	    {"reverse", 1, {LIST(I(1), I(2))}, LIST(I(2), I(1)), OK},
	    {"range", 2, {I(1), I(3)}, LIST(I(1), I(2), I(3)), OK},
	    {"range", 3, {I(3), I(0), I(-2)}, LIST(I(3), I(1)), OK},
	    {"range", 2, {I(0), I(-1)}, EMPTY_LIST, OK},
	    {"range", 3, {I(1), I(3), I(0)}, NUL, GQL_OUT_OF_RANGE},
	    {"range", 2, {I(INT64_MIN), I(INT64_MAX)}, NUL, GQL_LIST_TOO_LONG},
	    {"range",
	     3,
	     {I(INT64_MAX - 1), I(INT64_MAX), I(INT64_MAX)},
	     LIST(I(INT64_MAX - 1)),
	     OK},
	    {"range", 3, {I(INT64_MAX), I(INT64_MIN), I(INT64_MIN)}, LIST(I(INT64_MAX), I(-1)), OK},
	    {"range", 2, {F(1), I(3)}, NUL, GQL_WRONG_TYPE},
	};
	check(t, ARRAY_LEN(t));
}

static void the_table_is_sound(void **state)
{
	const struct func *f;

	for (unsigned i = 0; (f = func_at(i)) != NULL; i++) {
		assert_ptr_equal(func_find(str_of(f->name)), f); /* no name twice */
		assert_true(f->min_args <= f->max_args && f->max_args <= FUNC_ARGS_MAX);
		assert_true(strlen(f->help) > 0);
		struct value got = I(1), nulls[3] = {NUL, NUL, NUL};
		struct test_ctx c;
		ctx_init(&c);
		if (f->min_args > 0) { /* of nulls only: null, for every function */
			assert_int_equal(func_call(f, &c.x, nulls, f->min_args, &got), ST_OK);
			assert_true(value_is_null(got));
		}
		ctx_release(&c);
	}
	assert_null(func_find(STR("nosuch")));
	assert_string_equal(func_suggest(STR("toUper")), "toUpper");
	assert_string_equal(func_suggest(STR("cuont")), "count");
	assert_null(func_suggest(STR("zzzzzzzz")));
}

static void functions_fail_cleanly_without_memory(void **state)
{
	const struct call t[] = {
	    {"upper", 1, {S("abc")}, NUL, OK},
	    {"upper", 1, {S(UMLAUTS)}, NUL, OK},
	    {"replace", 3, {S("aXb"), S("X"), S("y")}, NUL, OK},
	    {"reverse", 1, {S("abc")}, NUL, OK},
	    {"reverse", 1, {LIST(I(1))}, NUL, OK},
	    {"split", 2, {S("a,b"), S(",")}, NUL, OK},
	    {"range", 2, {I(1), I(3)}, NUL, OK},
	    {"toString", 1, {I(1)}, NUL, OK},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct budget small = {.limit_bytes = 8};
		struct test_ctx c;
		struct value got = I(1);
		const struct func *f = func_find(str_of(t[i].name));
		ctx_init(&c);
		mem_fail_nth(1, true);
		assert_int_equal(func_call(f, &c.x, t[i].args, t[i].n, &got), ST_NOMEM);
		mem_fail_nth(0, false);
		assert_int_equal(c.diag.code, GQL_OUT_OF_MEMORY);
		diag_reset(&c.diag);
		arena_release(&c.arena);
		arena_init(&c.arena, MEM_QUERY, &small);
		assert_int_equal(func_call(f, &c.x, t[i].args, t[i].n, &got), ST_LIMIT);
		assert_int_equal(c.diag.code, GQL_QUERY_MEMORY);
		ctx_release(&c);
	}
}

/* One aggregate over values. */
static enum status aggregate(struct test_ctx *c, const char *name, struct value list,
			     struct value *ret)
{
	const struct agg *g = agg_find(str_of(name));
	struct agg_state s;

	assert_non_null(g);
	agg_init(g, &s);
	for (uint32_t i = 0; i < list.n; i++)
		TRY(agg_step(g, &c->x, &s, list.list[i]));
	bool has_null = false;
	for (uint32_t i = 0; i < list.n; i++)
		has_null |= value_is_null(list.list[i]);
	assert_int_equal(s.saw_null, has_null);
	return agg_final(g, &c->x, &s, ret);
}

static void aggregates(void **state)
{
	const struct {
		const char *name;
		struct value list, want;
		enum gqlstatus code;
	} t[] = {
	    {"count", EMPTY_LIST, I(0), OK},
	    {"COUNT", LIST(I(1), NUL, S("x")), I(2), OK},
	    {"sum", EMPTY_LIST, I(0), OK},
	    {"sum", LIST(I(1), NUL, I(2)), I(3), OK},
	    {"sum", LIST(I(1), F(0.5)), F(1.5), OK},
	    {"sum", LIST(I(INT64_MAX), I(1), I(-1)), I(INT64_MAX), OK},
	    {"sum", LIST(I(INT64_MIN), I(-1)), NUL, GQL_OUT_OF_RANGE},
	    {"sum", LIST(F(1e100), F(1), F(-1e100)), F(1), OK},
	    {"sum", LIST(F(INFINITY), F(1)), F(INFINITY), OK},
	    {"sum", LIST(S("x")), NUL, GQL_WRONG_TYPE},
	    {"avg", EMPTY_LIST, NUL, OK},
	    {"avg", LIST(I(1), I(2)), F(1.5), OK},
	    {"avg", LIST(I(INT64_MAX), I(INT64_MAX)), F(9223372036854775807.0), OK},
	    {"min", EMPTY_LIST, NUL, OK},
	    {"min", LIST(I(3), F(2.5), NUL), F(2.5), OK},
	    {"min", LIST(I(1), S("a")), S("a"), OK},
	    {"max", LIST(S("a"), S("b")), S("b"), OK},
	    {"collect", EMPTY_LIST, EMPTY_LIST, OK},
	    {"collect_list", LIST(I(1), NUL, S("a")), LIST(I(1), S("a")), OK},
	    {"stddev_samp", LIST(I(2), I(4), I(4), I(4), I(6)), F(1.4142135623730951), OK},
	    {"stddev_samp", LIST(I(2)), NUL, OK},
	    {"stddev_pop", LIST(I(2), I(4), I(4), I(4), I(5), I(5), I(7), I(9)), F(2), OK},
	    {"stddev_pop", EMPTY_LIST, NUL, OK},
	    {"stdev", LIST(S("x")), NUL, GQL_WRONG_TYPE},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct test_ctx c;
		struct value got = NUL;
		ctx_init(&c);
		enum status st = aggregate(&c, t[i].name, t[i].list, &got);
		assert_int_equal(c.diag.code, t[i].code);
		if (st != (t[i].code == OK ? ST_OK : ST_INVALID) || got.kind != t[i].want.kind ||
		    !value_same(got, t[i].want))
			fail_msg("aggregate %zu, '%s'", i, t[i].name);
		ctx_release(&c);
	}
	for (unsigned i = 0; agg_at(i) != NULL; i++)
		assert_ptr_equal(agg_find(str_of(agg_at(i)->name)), agg_at(i));
}

static void what_is_kept_is_copied(void **state)
{
	struct test_ctx c;
	struct agg_state s;
	struct value got;
	const struct agg *g = agg_find(STR("collect"));
	char text[8];

	ctx_init(&c);
	agg_init(g, &s);
	for (int i = 0; i < 1000; i++) {
		int n = snprintf(text, sizeof text, "%d", i);
		assert_int_equal(agg_step(g, &c.x, &s, value_str((struct str){text, (size_t)n})),
				 ST_OK);
	}
	assert_int_equal(agg_final(g, &c.x, &s, &got), ST_OK);
	assert_int_equal(got.n, 1000);
	assert_true(value_same(got.list[999], S("999")));
	assert_true(value_same(got.list[0], S("0")));
	mem_fail_nth(1, true);
	enum status st = ST_OK;
	while (st == ST_OK)
		st = agg_step(g, &c.x, &s, S("more"));
	mem_fail_nth(0, false);
	assert_int_equal(st, ST_NOMEM);
	assert_int_equal(c.diag.code, GQL_OUT_OF_MEMORY);
	ctx_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(conversions_and_nulls),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(the_table_is_sound),
	    cmocka_unit_test(functions_fail_cleanly_without_memory),
	    cmocka_unit_test(aggregates),
	    cmocka_unit_test(what_is_kept_is_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
