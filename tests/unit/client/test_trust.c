/* The file of known servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/trust.h"

static void test_add_and_find(void **state)
{
	char dir[] = "/tmp/geode-trust-XXXXXX", path[128], folder[64];
	uint8_t a[TRUST_PIN_LEN], b[TRUST_PIN_LEN], got[TRUST_PIN_LEN];

	memset(a, 0x1f, sizeof a);
	memset(b, 0xe0, sizeof b);
	assert_non_null(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	assert_true(trust_path(path, sizeof path));
	assert_int_equal(trust_find(path, STR("localhost"), 3141, got), ST_NOT_FOUND);
	assert_int_equal(trust_set(path, STR("localhost"), 3141, a), ST_OK);
	assert_int_equal(trust_set(path, STR("::1"), 3141, b), ST_OK);
	assert_int_equal(trust_find(path, STR("localhost"), 3141, got), ST_OK);
	assert_memory_equal(got, a, sizeof a);
	assert_int_equal(trust_find(path, STR("::1"), 3141, got), ST_OK);
	assert_memory_equal(got, b, sizeof b);
	assert_int_equal(trust_find(path, STR("localhost"), 314, got), ST_NOT_FOUND);
	assert_int_equal(trust_set(path, STR("localhost"), 3141, b), ST_OK);
	assert_int_equal(trust_find(path, STR("localhost"), 3141, got), ST_OK);
	assert_memory_equal(got, b, sizeof b); /* in place of the first */
	assert_int_equal(unlink(path), 0);
	snprintf(folder, sizeof folder, "%s/geode", dir);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void test_pin_text(void **state)
{
	uint8_t pin[TRUST_PIN_LEN];
	char hex[] = "00112233445566778899aabbccddeeFF00112233445566778899aabbccddeeff";

	assert_true(trust_parse_pin(str_of(hex), pin));
	assert_int_equal(pin[15], 0xff);
	assert_false(trust_parse_pin((struct str){hex, 62}, pin));
	hex[3] = 'x';
	assert_false(trust_parse_pin(str_of(hex), pin));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_add_and_find),
	    cmocka_unit_test(test_pin_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
