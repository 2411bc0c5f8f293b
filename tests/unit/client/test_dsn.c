/* Addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/dsn.h"

static struct arena arena;

static int setup(void **state)
{
	static const char *const names[] = {"GEODE_HOST", "GEODE_PORT", "GEODE_USERNAME",
					    "GEODE_PASSWORD", "GEODE_TLS_CA"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	arena_init(&arena, MEM_OTHER, NULL);
	return 0;
}

static int teardown(void **state)
{
	arena_release(&arena);
	return 0;
}

static enum status parse(const char *text, struct dsn *ret)
{
	struct diag d;

	diag_reset(&d);
	const enum status st = dsn_parse(text, &arena, ret, &d);
	assert_int_equal(st == ST_OK, !diag_is_set(&d));
	return st;
}

static void test_forms(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		const char *graph;
	} cases[] = {
	    {NULL, "localhost", 3141, ""},
	    {"", "localhost", 3141, ""},
	    {"db", "db", 3141, ""},
	    {"db:99", "db", 99, ""},
	    {"quic://db:99/social", "db", 99, "social"},
	    {"[::1]:99", "::1", 99, ""},
	    {"[::1]", "::1", 3141, ""},
	    {"::1", "::1", 3141, ""},
	    {":99", "localhost", 99, ""},
	    {"/my%20graph", "localhost", 3141, "my graph"},
	    {"db?graph=g", "db", 3141, "g"},
	};
	struct dsn dsn;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(cases[i].text, &dsn), ST_OK);
		assert_string_equal(dsn.host.p, cases[i].host);
		assert_int_equal(dsn.port, cases[i].port);
		assert_string_equal(dsn.graph.p, cases[i].graph);
	}
}

static void test_all_parts(void **state)
{
	struct dsn dsn;

	assert_int_equal(parse("quic://ada:p%40ss:word@db:1/g?page_size=5&insecure=true&ca=%2Fx"
			       "&timeout=7&role=r",
			       &dsn),
			 ST_OK);
	assert_string_equal(dsn.username.p, "ada");
	assert_string_equal(dsn.password.p, "p@ss:word");
	assert_int_equal(dsn.page_size, 5);
	assert_true(dsn.insecure);
	assert_string_equal(dsn.ca.p, "/x");
	assert_int_equal(dsn.connect_timeout_ms, 7);
	assert_string_equal(dsn.role.p, "r");
}

static void test_environment(void **state)
{
	struct dsn dsn;

	setenv("GEODE_HOST", "envhost", 1);
	setenv("GEODE_PORT", "77", 1);
	setenv("GEODE_USERNAME", "u", 1);
	assert_int_equal(parse(NULL, &dsn), ST_OK);
	assert_string_equal(dsn.host.p, "envhost");
	assert_int_equal(dsn.port, 77);
	assert_string_equal(dsn.username.p, "u");
	assert_int_equal(parse("other:8", &dsn), ST_OK);
	assert_string_equal(dsn.host.p, "other");
	assert_int_equal(dsn.port, 8);
	setenv("GEODE_PORT", "x", 1);
	assert_int_equal(parse(NULL, &dsn), ST_INVALID);
}

static void test_errors(void **state)
{
	static const char *const bad[] = {
	    "grpc://db",
	    "db:0",
	    "db:65536",
	    "db:x",
	    "[::1",
	    "[::1]x",
	    "db?nokey=1",
	    "db?graph",
	    "db/%4",
	    "db/%zz",
	    "db/a%00b",
	    "db?insecure=maybe",
	    "db?page_size=-1",
	    "db?cert=x",
	    "db?page_size=4294967296",
	};
	struct dsn dsn;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &dsn), ST_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_all_parts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
