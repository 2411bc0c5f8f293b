/* Arithmetic and conversion: results, and the one error of each wrong input. */
#include "tests/unit/value/value_test.h"

#include <math.h>

#include "value/arith.h"
#include "value/cast.h"
#include "value/order.h"

#define OK GQL_SUCCESS

static void operations(void **state)
{
	const struct {
		enum arith_op op;
		struct value a, b, want;
		enum gqlstatus code;
	} t[] = {
	    {ARITH_ADD, I(2), I(3), I(5), OK},
	    {ARITH_ADD, I(INT64_MAX), I(1), NUL, GQL_OUT_OF_RANGE},
	    {ARITH_SUB, I(INT64_MIN), I(1), NUL, GQL_OUT_OF_RANGE},
	    {ARITH_MUL, I(INT64_MIN), I(-1), NUL, GQL_OUT_OF_RANGE},
	    {ARITH_MUL, I(1), F(0.5), F(0.5), OK},
	    {ARITH_DIV, I(7), I(2), I(3), OK},
	    {ARITH_DIV, I(-7), I(2), I(-3), OK},
	    {ARITH_DIV, I(1), I(0), NUL, GQL_DIVISION_BY_ZERO},
	    {ARITH_DIV, I(INT64_MIN), I(-1), NUL, GQL_OUT_OF_RANGE},
	    {ARITH_DIV, F(1), I(0), F(INFINITY), OK},
	    {ARITH_DIV, F(0), F(0), F(NAN), OK},
	    {ARITH_MOD, I(-7), I(3), I(-1), OK},
	    {ARITH_MOD, I(INT64_MIN), I(-1), I(0), OK},
	    {ARITH_MOD, I(1), I(0), NUL, GQL_DIVISION_BY_ZERO},
	    {ARITH_MOD, F(7.5), I(2), F(1.5), OK},
	    {ARITH_POW, I(2), I(10), F(1024), OK},
	    {ARITH_ADD, NUL, S("x"), NUL, OK},
	    {ARITH_DIV, I(1), NUL, NUL, OK},
	    {ARITH_ADD, S("ab"), S("c"), S("abc"), OK},
	    {ARITH_ADD, S("ab"), I(1), NUL, GQL_WRONG_TYPE},
	    {ARITH_SUB, S("ab"), S("c"), NUL, GQL_WRONG_TYPE},
	    {ARITH_ADD, LIST(I(1)), LIST(I(2)), LIST(I(1), I(2)), OK},
	    {ARITH_ADD, LIST(I(1)), I(2), LIST(I(1), I(2)), OK},
	    {ARITH_ADD, I(0), LIST(I(1)), LIST(I(0), I(1)), OK},
	    {ARITH_ADD, EMPTY_LIST, EMPTY_LIST, EMPTY_LIST, OK},
	    {ARITH_MUL, B(true), I(1), NUL, GQL_WRONG_TYPE},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct test_ctx c;
		struct value got = NUL;
		ctx_init(&c);
		enum status st = value_arith(&c.x, t[i].op, t[i].a, t[i].b, &got);
		assert_int_equal(st, t[i].code == OK ? ST_OK : ST_INVALID);
		assert_int_equal(c.diag.code, t[i].code);
		assert_true(t[i].code == OK || c.diag.offset == 11);
		assert_int_equal(got.kind, t[i].want.kind);
		assert_true(value_same(got, t[i].want));
		ctx_release(&c);
	}
}

static void negation_and_joining(void **state)
{
	struct test_ctx c;
	struct value got;

	ctx_init(&c);
	assert_int_equal(value_negate(&c.x, I(5), &got), ST_OK);
	assert_int_equal(got.i, -5);
	assert_int_equal(value_negate(&c.x, F(0.0), &got), ST_OK);
	assert_true(signbit(got.f));
	assert_int_equal(value_negate(&c.x, NUL, &got), ST_OK);
	assert_true(value_is_null(got));
	assert_int_equal(value_negate(&c.x, I(INT64_MIN), &got), ST_INVALID);
	assert_int_equal(c.diag.code, GQL_OUT_OF_RANGE);
	diag_reset(&c.diag);
	assert_int_equal(value_concat(&c.x, S(""), S("x"), &got), ST_OK);
	assert_true(value_same(got, S("x")));
	assert_int_equal(value_concat(&c.x, LIST(I(1)), I(2), &got), ST_INVALID);
	assert_string_equal(c.diag.message, "'||' cannot take LIST and INT");
	diag_reset(&c.diag);

	struct value half = {.kind = V_STRING, .n = VALUE_STRING_MAX / 2 + 1, .s = "never read"};
	assert_int_equal(value_concat(&c.x, half, half, &got), ST_INVALID);
	assert_int_equal(c.diag.code, GQL_STRING_TOO_LONG);
	diag_reset(&c.diag);
	mem_fail_nth(1, true);
	arena_release(&c.arena);
	assert_int_equal(value_concat(&c.x, S("a"), S("b"), &got), ST_NOMEM);
	mem_fail_nth(0, false);
	assert_int_equal(c.diag.code, GQL_OUT_OF_MEMORY);
	ctx_release(&c);
}

static void casts(void **state)
{
	const struct {
		struct value v;
		enum value_kind to;
		enum cast_mode mode;
		struct value want;
		enum gqlstatus code;
	} t[] = {
	    {S(" 42 "), V_INT, CAST_STRICT, I(42), OK},
	    {S("1.7"), V_INT, CAST_STRICT, NUL, GQL_BAD_CAST_TEXT},
	    {S("1.7"), V_INT, CAST_LENIENT, I(1), OK},
	    {S("x"), V_INT, CAST_LENIENT, NUL, OK},
	    {S("9223372036854775808"), V_INT, CAST_LENIENT, NUL, OK},
	    {F(-1.9), V_INT, CAST_STRICT, I(-1), OK},
	    {F(1e19), V_INT, CAST_STRICT, NUL, GQL_OUT_OF_RANGE},
	    {F(NAN), V_INT, CAST_LENIENT, NUL, GQL_OUT_OF_RANGE},
	    {B(true), V_INT, CAST_STRICT, I(1), OK},
	    {LIST(I(1)), V_INT, CAST_STRICT, NUL, GQL_WRONG_TYPE},
	    {DECIMAL("12"), V_INT, CAST_STRICT, I(12), OK},
	    {I(3), V_FLOAT, CAST_STRICT, F(3), OK},
	    {S("1e3"), V_FLOAT, CAST_STRICT, F(1000), OK},
	    {S("1,5"), V_FLOAT, CAST_STRICT, NUL, GQL_BAD_CAST_TEXT},
	    {S("TRUE"), V_BOOL, CAST_STRICT, B(true), OK},
	    {S(" false"), V_BOOL, CAST_STRICT, B(false), OK},
	    {S("yes"), V_BOOL, CAST_LENIENT, NUL, OK},
	    {I(2), V_BOOL, CAST_STRICT, B(true), OK},
	    {F(1), V_BOOL, CAST_STRICT, NUL, GQL_WRONG_TYPE},
	    {I(-12), V_STRING, CAST_STRICT, S("-12"), OK},
	    {F(2), V_STRING, CAST_STRICT, S("2.0"), OK},
	    {S("x"), V_STRING, CAST_STRICT, S("x"), OK},
	    {EMPTY_LIST, V_STRING, CAST_STRICT, NUL, GQL_WRONG_TYPE},
	    {NUL, V_STRING, CAST_STRICT, NUL, OK},
	    {I(1), V_DATE, CAST_STRICT, NUL, GQL_FEATURE_NOT_SUPPORTED},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct test_ctx c;
		struct value got = NUL;
		ctx_init(&c);
		enum status st = value_cast(&c.x, t[i].v, t[i].to, t[i].mode, &got);
		assert_int_equal(st, t[i].code == OK ? ST_OK : ST_INVALID);
		assert_int_equal(c.diag.code, t[i].code);
		assert_int_equal(got.kind, t[i].want.kind);
		assert_true(value_same(got, t[i].want));
		ctx_release(&c);
	}
}

static void a_bad_text_is_quoted_in_part(void **state)
{
	struct test_ctx c;
	struct value got;

	ctx_init(&c);
	struct value v = S("0123456789012345678901234567890123456789\xc3\xa4");
	assert_int_equal(value_cast(&c.x, v, V_INT, CAST_STRICT, &got), ST_INVALID);
	assert_string_equal(c.diag.message,
			    "'0123456789012345678901234567890123456789...' is no INT");
	ctx_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operations),
	    cmocka_unit_test(negation_and_joining),
	    cmocka_unit_test(casts),
	    cmocka_unit_test(a_bad_text_is_quoted_in_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
