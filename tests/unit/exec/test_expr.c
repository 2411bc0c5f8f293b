#include <sched.h>
#include <stdio.h>

#include "base/thread.h"
#include "exec_test.h"

static struct fix f;

static int set_up(void **state)
{
	fix_init(&f);
	return 0;
}

static int tear_down(void **state)
{
	fix_release(&f);
	return 0;
}

static const struct expr *list_of(uint32_t n, const struct value *v)
{
	return e_val(&f, value_list(fix_dup(&f, v, n * sizeof(*v)), n));
}

static const struct expr *ints(uint32_t n, ...)
{
	struct value v[16];
	va_list ap;

	va_start(ap, n);
	for (uint32_t i = 0; i < n; i++)
		v[i] = value_int(va_arg(ap, int));
	va_end(ap);
	return list_of(n, v);
}

/* Slot 0 takes each value of a list, slot 1 the expression. */
static const char *over(const struct expr *list, const struct expr *e)
{
	fix_plan(&f);
	f.keep_order = true;
	const struct pop *rows = p_unwind(&f, p_unit(&f), 0, list);
	return run_all(&f, PRODUCE(&f, p_project(&f, rows, 1, e), 0, 1));
}

static const char *scalar(const struct expr *e)
{
	fix_plan(&f);
	return run_all(&f, PRODUCE(&f, p_project(&f, p_unit(&f), 1, e), 1));
}

static void assert_fails(const struct expr *e, enum gqlstatus code)
{
	fix_plan(&f);
	run(&f, PRODUCE(&f, p_project(&f, p_unit(&f), 1, e), 1));
	assert_int_equal(f.st, ST_INVALID);
	assert_string_equal(gqlstatus_code(f.diag.code), gqlstatus_code(code));
	assert_int_equal(f.diag.offset, 7);
}

static const struct value mixed[] = {
    {.kind = V_INT, .i = 1}, {.kind = V_NULL}, {.kind = V_INT, .i = 3}};
#define X e_slot(&f, 0)

static void comparisons_of_integers_know_null(void **state)
{
	const struct expr *m = list_of(3, mixed);

	assert_string_equal(over(ints(3, 1, 2, 3), e2(&f, EXPR_LT, X, e_int(&f, 2))),
			    "1|true\n2|false\n3|false\n");
	assert_string_equal(over(ints(3, 1, 2, 3), e2(&f, EXPR_LT, e_int(&f, 2), X)),
			    "1|false\n2|false\n3|true\n");
	assert_string_equal(over(ints(2, 1, 2), e2(&f, EXPR_GE, X, X)), "1|true\n2|true\n");
	assert_string_equal(over(m, e2(&f, EXPR_EQ, X, e_int(&f, 3))),
			    "1|false\nnull|null\n3|true\n");
	assert_string_equal(over(m, e2(&f, EXPR_NE, e_null(&f), X)), "1|null\nnull|null\n3|null\n");
	assert_string_equal(over(m, e1(&f, EXPR_IS_NULL, X)), "1|false\nnull|true\n3|false\n");
	assert_string_equal(over(m, e1(&f, EXPR_IS_NOT_NULL, X)), "1|true\nnull|false\n3|true\n");
}

static void comparisons_of_kinds(void **state)
{
	assert_string_equal(scalar(e2(&f, EXPR_EQ, e_int(&f, 1), e_float(&f, 1))), "true\n");
	assert_string_equal(scalar(e2(&f, EXPR_LT, e_str(&f, "a"), e_str(&f, "b"))), "true\n");
	assert_string_equal(scalar(e2(&f, EXPR_GE, e_str(&f, "a"), e_str(&f, "ab"))), "false\n");
	assert_string_equal(scalar(e2(&f, EXPR_EQ, e_str(&f, "1"), e_int(&f, 1))), "false\n");
	assert_string_equal(scalar(e2(&f, EXPR_LT, e_str(&f, "1"), e_int(&f, 1))), "null\n");
	assert_string_equal(scalar(e2(&f, EXPR_LE, e_float(&f, 0.5), e_float(&f, 0.5))), "true\n");
}

static void logic_is_three_valued(void **state)
{
	static const char *const text[] = {"false\n", "true\n", "null\n"};
	static const int and_of[3][3] = {{0, 0, 0}, {0, 1, 2}, {0, 2, 2}};
	static const int or_of[3][3] = {{0, 1, 2}, {1, 1, 1}, {2, 1, 2}};
	static const int xor_of[3][3] = {{0, 1, 2}, {1, 0, 2}, {2, 2, 2}};

	for (int a = 0; a < 3; a++)
		for (int b = 0; b < 3; b++) {
			const struct expr *x = a == 2 ? e_null(&f) : e_bool(&f, a);
			const struct expr *y = b == 2 ? e_null(&f) : e_bool(&f, b);
			assert_string_equal(scalar(e2(&f, EXPR_AND, x, y)), text[and_of[a][b]]);
			assert_string_equal(scalar(e2(&f, EXPR_OR, x, y)), text[or_of[a][b]]);
			assert_string_equal(scalar(e2(&f, EXPR_XOR, x, y)), text[xor_of[a][b]]);
		}
	assert_string_equal(scalar(e1(&f, EXPR_NOT, e_null(&f))), "null\n");
	assert_string_equal(scalar(e1(&f, EXPR_IS_TRUE, e_null(&f))), "false\n");
	assert_string_equal(scalar(e1(&f, EXPR_IS_FALSE, e_bool(&f, false))), "true\n");
	assert_fails(e2(&f, EXPR_AND, e_int(&f, 1), e_bool(&f, true)), GQL_WRONG_TYPE);
}

/* 1 / x where x is not 0, in all the ways to say so. */
static void guards_keep_errors_away(void **state)
{
	const struct expr *inverse = e2(&f, EXPR_DIV, e_int(&f, 6), X);
	const struct expr *zero = e2(&f, EXPR_EQ, X, e_int(&f, 0));
	const struct expr *large = e2(&f, EXPR_GT, inverse, e_int(&f, 2));
	const struct expr *rows = ints(4, 0, 1, 3, 0);

	assert_string_equal(over(rows, e2(&f, EXPR_AND, e1(&f, EXPR_NOT, zero), large)),
			    "0|false\n1|true\n3|false\n0|false\n");
	assert_string_equal(over(rows, e2(&f, EXPR_OR, zero, large)),
			    "0|true\n1|true\n3|false\n0|true\n");
	assert_string_equal(over(rows, e3(&f, EXPR_CASE, zero, e_int(&f, -1), inverse)),
			    "0|-1\n1|6\n3|2\n0|-1\n");
	assert_string_equal(over(ints(1, 0), e3(&f, EXPR_CASE, zero, e_str(&f, "none"), inverse)),
			    "0|'none'\n");
	fix_plan(&f);
	assert_fails(e2(&f, EXPR_DIV, e_int(&f, 1), e_int(&f, 0)), GQL_DIVISION_BY_ZERO);
}

static void logic_of_many_rows_and_operands(void **state)
{
	const struct expr *m = list_of(3, mixed);
	const struct expr *args[] = {e2(&f, EXPR_GT, X, e_int(&f, 0)),
				     e2(&f, EXPR_LT, X, e_int(&f, 3)),
				     e2(&f, EXPR_NE, X, e_int(&f, 2))};

	assert_string_equal(over(m, e_new(&f, EXPR_AND, 3, args)), "1|true\nnull|null\n3|false\n");
	assert_string_equal(over(m, e2(&f, EXPR_OR, e2(&f, EXPR_AND, args[0], args[1]), args[2])),
			    "1|true\nnull|null\n3|true\n");
	assert_string_equal(
	    over(m, e2(&f, EXPR_AND, e2(&f, EXPR_EQ, X, e_int(&f, 1)), e_bool(&f, false))),
	    "1|false\nnull|false\n3|false\n");
}

static void arithmetic_of_columns(void **state)
{
	const struct expr *m = list_of(3, mixed);

	assert_string_equal(over(m, e2(&f, EXPR_ADD, X, e_int(&f, 1))), "1|2\nnull|null\n3|4\n");
	assert_string_equal(over(m, e2(&f, EXPR_MUL, X, X)), "1|1\nnull|null\n3|9\n");
	assert_string_equal(over(ints(2, 7, -7), e2(&f, EXPR_DIV, X, e_int(&f, 2))),
			    "7|3\n-7|-3\n");
	assert_string_equal(over(ints(2, 7, -7), e1(&f, EXPR_NEG, X)), "7|-7\n-7|7\n");
	assert_string_equal(scalar(e2(&f, EXPR_SUB, e_float(&f, 1), e_float(&f, 0.5))), "0.5\n");
	assert_string_equal(scalar(e2(&f, EXPR_CONCAT, e_str(&f, "a"), e_str(&f, "b"))), "'ab'\n");
	assert_fails(e2(&f, EXPR_ADD, e_int(&f, INT64_MAX), e_int(&f, 1)), GQL_OUT_OF_RANGE);
	assert_fails(e2(&f, EXPR_MOD, e_int(&f, 1), e_int(&f, 0)), GQL_DIVISION_BY_ZERO);
	assert_fails(e2(&f, EXPR_SUB, e_str(&f, "a"), e_int(&f, 0)), GQL_WRONG_TYPE);
}

static void regular_expressions(void **state)
{
	assert_string_equal(scalar(e2(&f, EXPR_REGEX, e_str(&f, "graph"), e_str(&f, "g.*h"))),
			    "true\n");
	assert_string_equal(scalar(e2(&f, EXPR_REGEX, e_str(&f, "graph"), e_str(&f, "gr"))),
			    "false\n");
	assert_fails(e2(&f, EXPR_REGEX, e_str(&f, "graph"), e_str(&f, "(")), GQL_BAD_REGEX);
	(void)scalar(e2(&f, EXPR_REGEX, e_str(&f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
			e_str(&f, "(a|aa)+")));
	assert_int_equal(f.st, ST_LIMIT);
	assert_string_equal(gqlstatus_code(f.diag.code), "54000");
	/* More patterns than are kept, and each of them again. */
	static char texts[40][8];
	static struct value patterns[ARRAY_LEN(texts)];
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		int n = snprintf(texts[i], sizeof texts[i], "x{%u}", 1 + i % 20);
		patterns[i] = value_str((struct str){texts[i], (size_t)n});
	}
	fix_plan(&f);
	const struct pop *rows =
	    p_unwind(&f, p_unit(&f), 0, e_val(&f, value_list(patterns, ARRAY_LEN(patterns))));
	rows = p_filter(&f, rows, e2(&f, EXPR_REGEX, e_str(&f, "xxxxxxx"), X));
	assert_string_equal(run_all(&f, PRODUCE(&f, rows, 0)), "'x{7}'\n'x{7}'\n");
	run_failing(&f, PRODUCE(&f, rows, 0));
}

static void lists_maps_and_texts(void **state)
{
	const struct expr *l = ints(3, 10, 20, 30);

	assert_string_equal(over(ints(4, 0, 2, -1, 3), e2(&f, EXPR_INDEX, l, X)),
			    "0|10\n2|30\n-1|30\n3|null\n");
	assert_string_equal(scalar(e3(&f, EXPR_SLICE, l, e_int(&f, 1), e_int(&f, 9))),
			    "[20, 30]\n");
	assert_string_equal(over(ints(2, 20, 5), e2(&f, EXPR_IN, X, l)), "20|true\n5|false\n");
	assert_string_equal(scalar(e2(&f, EXPR_IN, e_int(&f, 5), list_of(3, mixed))), "null\n");
	assert_string_equal(scalar(e2(&f, EXPR_STARTS_WITH, e_str(&f, "graph"), e_str(&f, "gr"))),
			    "true\n");
	assert_string_equal(scalar(e2(&f, EXPR_ENDS_WITH, e_str(&f, "graph"), e_str(&f, "gr"))),
			    "false\n");
	assert_string_equal(scalar(e2(&f, EXPR_CONTAINS, e_str(&f, "graph"), e_str(&f, "ap"))),
			    "true\n");
	struct expr *map = (struct expr *)e2(&f, EXPR_MAP, e_int(&f, 1), e_str(&f, "b"));
	const struct str keys[] = {STR("x"), STR("y")};
	map->keys = fix_dup(&f, keys, sizeof(keys));
	assert_string_equal(scalar(e_prop(&f, map, "y")), "'b'\n");
	assert_string_equal(scalar(e2(&f, EXPR_INDEX, map, e_str(&f, "x"))), "1\n");
	assert_string_equal(scalar(e2(&f, EXPR_INDEX, map, e_str(&f, "z"))), "null\n");
	assert_string_equal(scalar(e2(&f, EXPR_LIST, e_int(&f, 1), e_null(&f))), "[1, null]\n");
	assert_string_equal(over(ints(2, -2, 3), e_call(&f, "abs", X)), "-2|2\n3|3\n");
	assert_fails(e2(&f, EXPR_IN, e_int(&f, 1), e_int(&f, 1)), GQL_WRONG_TYPE);
	assert_fails(e_prop(&f, e_int(&f, 1), "y"), GQL_WRONG_TYPE);
}

static const struct expr *comprehension(const struct expr *list, uint32_t local,
					const struct expr *cond, const struct expr *result)
{
	const struct expr *args[] = {list, cond, result};
	struct expr *e = e_new(&f, EXPR_COMPREHENSION, 3, args);
	e->local = local;
	return e;
}

static void comprehensions_see_rows_and_each_other(void **state)
{
	const struct expr *l = ints(4, 1, 2, 3, 4), *y = e_local(&f, 0), *z = e_local(&f, 1);
	const struct expr *sum = e2(&f, EXPR_ADD, X, y);

	assert_string_equal(
	    over(ints(2, 10, 20), comprehension(l, 0, e2(&f, EXPR_GT, y, e_int(&f, 2)), sum)),
	    "10|[13, 14]\n20|[23, 24]\n");
	assert_string_equal(
	    over(ints(1, 1), comprehension(l, 0, e2(&f, EXPR_GT, y, e_int(&f, 9)), NULL)),
	    "1|[]\n");
	assert_string_equal(scalar(comprehension(e_null(&f), 0, NULL, NULL)), "null\n");
	/* [y IN l WHERE y < 3 | [z IN [1, 2] | x + y * z]] */
	const struct expr *inner =
	    comprehension(ints(2, 1, 2), 1, NULL, e2(&f, EXPR_ADD, X, e2(&f, EXPR_MUL, y, z)));
	assert_string_equal(
	    over(ints(2, 0, 100), comprehension(l, 0, e2(&f, EXPR_LT, y, e_int(&f, 3)), inner)),
	    "0|[[1, 2], [2, 4]]\n100|[[101, 102], [102, 104]]\n");
}

static void quantifiers_and_reduce(void **state)
{
	static const char *const expected[] = {[QUANT_ALL] = "3|false\n5|true\n0|false\n",
					       [QUANT_ANY] = "3|true\n5|true\n0|false\n",
					       [QUANT_NONE] = "3|false\n5|false\n0|true\n",
					       [QUANT_SINGLE] = "3|false\n5|false\n0|false\n"};
	const struct expr *l = ints(4, 1, 2, 3, 4);
	const struct expr *args[] = {l, e2(&f, EXPR_LT, e_local(&f, 0), X)};

	for (uint8_t q = QUANT_ALL; q <= QUANT_SINGLE; q++) {
		struct expr *e = e_new(&f, EXPR_QUANTIFIER, 2, args);
		e->sub = q;
		e->local = 0;
		assert_string_equal(over(ints(3, 3, 5, 0), e), expected[q]);
	}
	const struct expr *body =
	    e2(&f, EXPR_ADD, e2(&f, EXPR_MUL, e_local(&f, 1), X), e_local(&f, 0));
	const struct expr *parts[] = {e_int(&f, 0), l, body};
	struct expr *reduce = e_new(&f, EXPR_REDUCE, 3, parts);
	reduce->local = 0;
	reduce->local2 = 1;
	assert_string_equal(over(ints(2, 10, 1), reduce), "10|1234\n1|10\n");
}

static void parameters_are_constants(void **state)
{
	f.params[1] = value_int(5);
	f.plan.n_params = 2;
	assert_string_equal(over(ints(2, 4, 6), e2(&f, EXPR_GT, X, e_param(&f, 1))),
			    "4|false\n6|true\n");
}

#define MANY 1000000

/* Stops the query when it has taken memory for the comprehension's elements, so is inside it. */
static void stop_inside(void *arg)
{
	while (mem_used(MEM_QUERY) < MANY * sizeof(struct value))
		sched_yield();
	atomic_store((_Atomic uint32_t *)arg, QUERY_KILLED);
}

/* A million reductions of a million steps: without a look at the clock or the stop word it would
 * not end. v: room for the elements. */
static const struct pop *endless(struct value v[MANY])
{
	for (int64_t i = 0; i < MANY; i++)
		v[i] = value_int(i);
	const struct expr *many = e_val(&f, value_list(v, MANY));
	const struct expr *parts[] = {e_int(&f, 0), many, e_local(&f, 2)};
	struct expr *reduce = e_new(&f, EXPR_REDUCE, 3, parts);
	reduce->local = 1;
	reduce->local2 = 2;
	fix_plan(&f);
	const struct expr *all = comprehension(many, 0, NULL, reduce);
	return PRODUCE(&f, p_project(&f, p_unit(&f), 1, all), 1);
}

static void a_stop_ends_an_expression(void **state)
{
	_Atomic uint32_t stop = QUERY_RUN;
	struct thread stopper;
	struct value *v = malloc(MANY * sizeof(*v));

	assert_non_null(v);
	f.opt.stop = &stop;
	const struct pop *p = endless(v);
	assert_int_equal(thread_start(&stopper, "stopper", stop_inside, &stop), ST_OK);
	run(&f, p);
	thread_join(&stopper);
	assert_int_equal(f.st, ST_STOPPED);
	assert_string_equal(gqlstatus_code(f.diag.code), "57014");
	free(v);
}

static void a_time_limit_ends_an_expression(void **state)
{
	struct value *v = malloc(MANY * sizeof(*v));

	assert_non_null(v);
	f.opt.deadline_ns = 1;
	run(&f, endless(v));
	assert_int_equal(f.st, ST_STOPPED);
	assert_string_equal(gqlstatus_code(f.diag.code), "57014");
	free(v);
}

static void a_hurried_query_restarts(void **state)
{
	struct value *v = malloc(MANY * sizeof(*v));
	struct query *q;
	struct batch *b;

	assert_non_null(v);
	f.opt.slice_ns = 1;
	f.plan.root = endless(v);
	struct txn *t = write_begin(&f);
	assert_int_equal(query_open(&f.plan, t, NULL, &f.opt, &f.diag, &q), ST_OK);
	query_hurry(q, true);
	assert_int_equal(query_next(q, &b), ST_RESTART);
	assert_false(diag_is_set(&f.diag));
	query_close(q);
	txn_rollback(t);
	free(v);
}

/* A list is no loop, but takes its time too. */
static void a_hurried_query_makes_no_long_list(void **state)
{
	const struct expr *args[] = {e_int(&f, 1), e_int(&f, MANY)};
	struct expr *range = e_new(&f, EXPR_CALL, 2, args);
	struct query *q;
	struct batch *b;

	range->func = func_find(STR("range"));
	fix_plan(&f);
	f.plan.root = PRODUCE(&f, p_project(&f, p_unit(&f), 1, range), 1);
	struct txn *t = write_begin(&f);
	for (int hurried = 0; hurried < 2; hurried++) {
		assert_int_equal(query_open(&f.plan, t, NULL, &f.opt, &f.diag, &q), ST_OK);
		query_hurry(q, hurried != 0);
		assert_int_equal(query_next(q, &b), hurried != 0 ? ST_RESTART : ST_OK);
		query_close(q);
	}
	txn_rollback(t);
}

static void expressions_survive_a_failing_allocator(void **state)
{
	const struct expr *l = ints(4, 1, 2, 3, 4), *y = e_local(&f, 0);
	const struct expr *e = comprehension(l, 0, e2(&f, EXPR_GT, y, e_int(&f, 2)),
					     e2(&f, EXPR_CONCAT, e_str(&f, "a"), e_str(&f, "b")));

	fix_plan(&f);
	const struct pop *rows = p_unwind(&f, p_unit(&f), 0, l);
	rows = p_filter(&f, rows,
			e2(&f, EXPR_AND, e2(&f, EXPR_GT, X, e_int(&f, 1)), e_bool(&f, true)));
	run_failing(&f, PRODUCE(&f, p_project(&f, rows, 1, e), 0, 1));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(comparisons_of_integers_know_null),
	    TEST(comparisons_of_kinds),
	    TEST(logic_is_three_valued),
	    TEST(guards_keep_errors_away),
	    TEST(logic_of_many_rows_and_operands),
	    TEST(arithmetic_of_columns),
	    TEST(lists_maps_and_texts),
	    TEST(regular_expressions),
	    TEST(comprehensions_see_rows_and_each_other),
	    TEST(quantifiers_and_reduce),
	    TEST(parameters_are_constants),
	    TEST(a_stop_ends_an_expression),
	    TEST(a_time_limit_ends_an_expression),
	    TEST(a_hurried_query_restarts),
	    TEST(a_hurried_query_makes_no_long_list),
	    TEST(expressions_survive_a_failing_allocator),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
