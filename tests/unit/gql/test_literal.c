/* What literal tokens stand for. */
#include "gql_test.h"

static enum status value_of(struct arena *a, const char *text, struct value *ret, struct diag *d)
{
	struct token_list tokens = {0};

	diag_reset(d);
	assert_int_equal(gql_lex(a, str_of(text), &tokens, d), ST_OK);
	assert_int_equal(tokens.n, 1);
	return gql_token_value(a, str_of(text), &tokens.v[0], ret, d);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t i;
	} ints[] = {
	    {"0", 0},
	    {"1_000", 1000},
	    {"0x1F", 31},
	    {"0XFF", 255},
	    {"0o17", 15},
	    {"0b101", 5},
	    {"007", 7},
	    {"9223372036854775807", INT64_MAX},
	    {"0x7fffffffffffffff", INT64_MAX},
	};
	static const struct {
		const char *text;
		double f;
	} floats[] = {{"1.5", 1.5}, {".5", 0.5},	 {"1e3", 1000}, {"1.5E-2", 0.015},
		      {"2f", 2},    {"1_0.2_5d", 10.25}, {"3D", 3}};
	struct arena a;
	struct value v;
	struct diag d;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
		assert_int_equal(value_of(&a, ints[i].text, &v, &d), ST_OK);
		assert_int_equal(v.kind, V_INT);
		assert_true(v.i == ints[i].i);
	}
	for (size_t i = 0; i < ARRAY_LEN(floats); i++) {
		assert_int_equal(value_of(&a, floats[i].text, &v, &d), ST_OK);
		assert_int_equal(v.kind, V_FLOAT);
		assert_true(v.f == floats[i].f);
	}
	assert_int_equal(value_of(&a, "1_2.50M", &v, &d), ST_OK);
	assert_int_equal(v.kind, V_DECIMAL);
	assert_memory_equal(v.s, "12.50", 5);
	static const char *const big[] = {"9223372036854775808", "0x8000000000000000", "1e400"};
	for (size_t i = 0; i < ARRAY_LEN(big); i++) {
		assert_int_equal(value_of(&a, big[i], &v, &d), ST_INVALID);
		assert_int_equal(d.code, GQL_SYNTAX);
		assert_non_null(strstr(d.message, "out of range"));
	}
	arena_release(&a);
}

static void test_strings(void **state)
{
	static const char *const cases[][2] = {
	    {"'abc'", "abc"},
	    {"\"a'c\"", "a'c"},
	    {"'a''c'", "a'c"},
	    {"'a\\'c'", "a'c"},
	    {"\"a\"\"c\"", "a\"c"},
	    {"'\\\\ \\t\\n\\r\\b\\f\\`'", "\\ \t\n\r\b\f`"},
	    {"'\\u00e9\\U01F600'", "\xc3\xa9\xf0\x9f\x98\x80"},
	    {"'\\uD83D\\uDE00'", "\xf0\x9f\x98\x80"},
	    {"@'a\\n'", "a\\n"},
	    {"''", ""},
	};
	static const struct {
		const char *text;
		uint32_t offset;
	} bad[] = {{"'a\\x'", 2}, {"'\\u12'", 1}, {"'\\uD83D'", 1}, {"'\\U110000'", 1}};
	struct arena a;
	struct value v;
	struct diag d;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(value_of(&a, cases[i][0], &v, &d), ST_OK);
		assert_int_equal(v.kind, V_STRING);
		assert_int_equal(v.n, strlen(cases[i][1]));
		assert_memory_equal(v.s, cases[i][1], v.n);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(value_of(&a, bad[i].text, &v, &d), ST_INVALID);
		assert_int_equal(d.offset, bad[i].offset);
	}
	arena_release(&a);
}

static void test_bytes(void **state)
{
	struct arena a;
	struct value v;
	struct diag d;

	arena_init(&a, MEM_QUERY, NULL);
	assert_int_equal(value_of(&a, "X'0a FF'", &v, &d), ST_OK);
	assert_int_equal(v.kind, V_BYTES);
	assert_int_equal(v.n, 2);
	assert_memory_equal(v.s, "\x0a\xff", 2);
	assert_int_equal(value_of(&a, "X'0a0'", &v, &d), ST_INVALID);
	assert_int_equal(value_of(&a, "X'0g'", &v, &d), ST_INVALID);
	assert_int_equal(d.offset, 3);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
