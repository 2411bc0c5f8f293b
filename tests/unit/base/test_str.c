/* Borrowed text, numbers in it, UTF-8. */
#include "tests/unit/base/base_test.h"

#include <math.h>

#include "base/str.h"

static void texts_compare_by_bytes(void **state)
{
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp(STR_NULL, STR("")) == 0);
	assert_true(str_cmp(STR("a"), STR("\xc3\xa4")) < 0);
	assert_true(str_eq_nocase(STR("MaTcH"), STR("match")));
	assert_false(str_eq_nocase(STR("[a"), STR("{a")));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_true(str_eq(str_trim(STR(" \t\r\n a b \v\f")), STR("a b")));
	assert_int_equal(str_trim(STR("   ")).len, 0);
}

static void integers_parse_whole_or_not_at_all(void **state)
{
	uint64_t u;
	int64_t i;

	assert_true(str_to_u64(STR("18446744073709551615"), &u));
	assert_true(u == UINT64_MAX);
	assert_false(str_to_u64(STR("18446744073709551616"), &u));
	assert_false(str_to_u64(STR(""), &u));
	assert_false(str_to_u64(STR("1x"), &u));
	assert_false(str_to_u64(STR("-1"), &u));
	assert_true(str_to_i64(STR("-9223372036854775808"), &i));
	assert_true(i == INT64_MIN);
	assert_true(str_to_i64(STR("+9223372036854775807"), &i));
	assert_true(i == INT64_MAX);
	assert_false(str_to_i64(STR("9223372036854775808"), &i));
	assert_false(str_to_i64(STR("-9223372036854775809"), &i));
	assert_false(str_to_i64(STR("-"), &i));
	assert_false(str_to_i64(STR("--1"), &i));
}

static void doubles_parse_in_any_locale(void **state)
{
	double f;

	assert_true(str_to_double(STR("1.5"), &f) && f == 1.5);
	assert_true(str_to_double(STR("-2.5e-3"), &f) && f == -0.0025);
	assert_true(str_to_double((struct str){"1.5xyz", 3}, &f) && f == 1.5);
	assert_true(str_to_double(STR("NaN"), &f) && isnan(f));
	assert_true(str_to_double(STR("-Infinity"), &f) && isinf(f));
	assert_false(str_to_double(STR("0x10"), &f));
	assert_false(str_to_double(STR("1,5"), &f));
	assert_false(str_to_double(STR(" 1"), &f));
	assert_false(str_to_double(STR(""), &f));
	assert_false(str_to_double((struct str){"1\0002", 3}, &f));
}

static void utf8_takes_only_the_shortest_form(void **state)
{
	static const char *const good[] = {
	    "",
	    "plain ascii of more than eight bytes",
	    "\xc2\x80",
	    "\xdf\xbf",
	    "\xe0\xa0\x80",
	    "\xed\x9f\xbf",
	    "\xee\x80\x80",
	    "\xf0\x90\x80\x80",
	    "\xf4\x8f\xbf\xbf",
	    "12345678\xc3\xa4",
	};
	static const char *const bad[] = {
	    "\x80",
	    "\xc0\x80",
	    "\xc1\xbf",
	    "\xc2",
	    "\xe0\x9f\xbf",
	    "\xed\xa0\x80",
	    "\xe2\x82",
	    "\xf0\x8f\xbf\xbf",
	    "\xf4\x90\x80\x80",
	    "\xf5\x80\x80\x80",
	    "\xff",
	    "12345678\xc3",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(utf8_valid(str_of(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(str_of(bad[i])));
	for (uint32_t c = 0; c < 0x110400; c += 7) {
		char text[4];
		unsigned n = utf8_put(text, c);
		bool scalar = (c < 0xd800 || c > 0xdfff) && c <= 0x10ffff;
		assert_int_equal(n != 0, scalar);
		assert_true(utf8_valid((struct str){text, n}));
		assert_int_equal(utf8_count((struct str){text, n}), scalar ? 1 : 0);
	}
}

static void distances(void **state)
{
	assert_int_equal(str_distance(STR("Person"), STR("Person"), 3), 0);
	assert_int_equal(str_distance(STR("Persn"), STR("Person"), 3), 1);
	assert_int_equal(str_distance(STR("Presno"), STR("Person"), 3), 2);
	assert_int_equal(str_distance(STR("ab"), STR("ba"), 3), 1);
	assert_int_equal(str_distance(STR(""), STR("abc"), 5), 3);
	assert_int_equal(str_distance(STR("abcdef"), STR("uvwxyz"), 2), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_compare_by_bytes),
	    cmocka_unit_test(integers_parse_whole_or_not_at_all),
	    cmocka_unit_test(doubles_parse_in_any_locale),
	    cmocka_unit_test(utf8_takes_only_the_shortest_form),
	    cmocka_unit_test(distances),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
