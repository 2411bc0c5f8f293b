/* tests/unit/net/test_address.c - addresses and their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/address.h"

static void test_text(void **state)
{
	static const struct {
		const char *host, *text;
		bool loopback, any;
	} cases[] = {
	    {"127.0.0.1", "127.0.0.1:3141", true, false},
	    {"127.9.9.9", "127.9.9.9:3141", true, false},
	    {"0.0.0.0", "0.0.0.0:3141", false, true},
	    {"10.0.0.1", "10.0.0.1:3141", false, false},
	    {"::1", "[::1]:3141", true, false},
	    {"", "[::]:3141", false, true},
	    {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]:3141", true, false},
	    {"2001:db8::1", "[2001:db8::1]:3141", false, false},
	};
	char text[NET_ADDRESS_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_address a;
		assert_true(net_address_parse(cases[i].host, 3141, &a));
		assert_string_equal(net_address_text(&a, text), cases[i].text);
		assert_int_equal(net_address_is_loopback(&a), cases[i].loopback);
		assert_int_equal(net_address_is_any(&a), cases[i].any);
		assert_int_equal(net_address_port(&a), 3141);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {"localhost", "1.2.3", "1.2.3.4:5", "[::1]", "::g"};
	struct net_address a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(net_address_parse(bad[i], 1, &a));
}

static void test_equality(void **state)
{
	struct net_address a, b;

	(void)state;
	assert_true(net_address_parse("::1", 1, &a));
	assert_true(net_address_parse("::1", 1, &b));
	assert_true(net_address_eq(&a, &b));
	net_address_set_port(&b, 2);
	assert_false(net_address_eq(&a, &b));
	assert_true(net_address_parse("127.0.0.1", 1, &b));
	assert_false(net_address_eq(&a, &b));
	assert_true(net_address_from(&a.sa, a.len, &b));
	assert_true(net_address_eq(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_equality),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
