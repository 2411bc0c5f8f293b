/* server/config.c: sizes, addresses, single options, options that go together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/config.h"

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
	    {"0", 0},
	    {"1000", 1000},
	    {"64K", 64 << 10},
	    {"64k", 64 << 10},
	    {"512M", 512 << 20},
	    {"3G", UINT64_C(3) << 30},
	    {"17179869183G", UINT64_C(17179869183) << 30},
	};
	static const char *const bad[] = {
	    "", "K", "G", "-1", "1.5G", "1T", "1GB", " 1", "17179869184G", "18446744073709551616"};
	uint64_t n = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(config_parse_size(str_of(good[i].text), &n));
		assert_true(n == good[i].bytes);
	}
	n = 7;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(config_parse_size(str_of(bad[i]), &n));
	assert_true(n == 7);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} good[] = {
	    {"127.0.0.1:4000", "127.0.0.1", 4000},
	    {"127.0.0.1", "127.0.0.1", CONFIG_PORT_DEFAULT},
	    {"[::1]:65535", "::1", 65535},
	    {"[::]", "::", CONFIG_PORT_DEFAULT},
	    {":3142", "", 3142},
	    {"localhost:0", "localhost", 0},
	};
	static const char *const bad[] = {
	    "::1",	   "[::1",	   "[::1]x",	     "127.0.0.1:",
	    "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:65536"};
	char host[16];
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(config_split_address(good[i].text, host, sizeof host, &port));
		assert_string_equal(host, good[i].host);
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(config_split_address(bad[i], host, sizeof host, &port));
	assert_true(config_split_address("abcdefghijklmno:1", host, sizeof host, &port));
	assert_false(config_split_address("abcdefghijklmnop:1", host, sizeof host, &port));
}

static void test_defaults(void **state)
{
	struct config c;
	char error[256] = "";

	(void)state;
	config_init(&c);
	assert_string_equal(c.listen, "127.0.0.1:3141");
	assert_true(c.threads >= 1 && c.threads <= CONFIG_THREADS_MAX);
	assert_true(c.memory_limit > 0);
	assert_true(c.snapshot_at_stop);
	assert_true(config_check(&c, error, sizeof error));
	assert_string_equal(error, "");
}

static void test_options(void **state)
{
	struct config c;
	char error[256];

	(void)state;
	config_init(&c);
	assert_true(config_set(&c, "listen", "[::]:3142", error, sizeof error));
	assert_string_equal(c.listen, "[::]:3142");
	assert_true(config_set(&c, "data-dir", "/x", error, sizeof error));
	assert_string_equal(c.data_dir, "/x");
	assert_true(config_set(&c, "max-connections", "7", error, sizeof error));
	assert_int_equal(c.max_connections, 7);
	assert_true(config_set(&c, "threads", "256", error, sizeof error));
	assert_int_equal(c.threads, 256);
	assert_true(config_set(&c, "memory-limit", "2G", error, sizeof error));
	assert_true(c.memory_limit == UINT64_C(2) << 30);
	assert_true(config_set(&c, "query-memory", "1M", error, sizeof error));
	assert_true(c.query_memory == 1 << 20);
	assert_true(config_set(&c, "query-timeout", "0", error, sizeof error));
	assert_int_equal(c.query_timeout_ms, 0);
	assert_true(config_set(&c, "idle-timeout", "1000", error, sizeof error));
	assert_int_equal(c.idle_timeout_ms, 1000);
	assert_true(config_set(&c, "conflict-wait", "0", error, sizeof error));
	assert_int_equal(c.conflict_wait_ms, 0);
	assert_true(config_set(&c, "stop-timeout", "300", error, sizeof error));
	assert_int_equal(c.stop_timeout_ms, 300);
	assert_true(config_set(&c, "log-level", "debug", error, sizeof error));
	assert_int_equal(c.log_level, LOG_DEBUG);
	assert_true(config_set(&c, "no-snapshot", NULL, error, sizeof error));
	assert_false(c.snapshot_at_stop);
}

/* What is wrong names the option and the value and changes nothing. */
static void test_bad_options(void **state)
{
	static const struct {
		const char *name, *value;
	} bad[] = {
	    {"listen", "::1"},	      {"max-connections", "0"}, {"max-connections", "1000001"},
	    {"max-connections", "x"}, {"threads", "0"},		{"threads", "257"},
	    {"query-timeout", "-1"},  {"idle-timeout", "999"},	{"idle-timeout", "4294967296"},
	    {"memory-limit", "lots"}, {"query-memory", ""},	{"log-level", "loud"},
	    {"nonsense", "1"},
	};
	struct config before, c;
	char error[256];

	(void)state;
	config_init(&before);
	c = before;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		error[0] = 0;
		assert_false(config_set(&c, bad[i].name, bad[i].value, error, sizeof error));
		assert_non_null(strstr(error, bad[i].name));
		assert_memory_equal(&c, &before, sizeof c);
	}
}

static void test_certificate_needs_its_key(void **state)
{
	struct config c;
	char error[256] = "";

	(void)state;
	config_init(&c);
	assert_true(config_set(&c, "cert", "a.pem", error, sizeof error));
	assert_false(config_check(&c, error, sizeof error));
	assert_non_null(strstr(error, "--key is missing"));
	assert_true(config_set(&c, "key", "b.pem", error, sizeof error));
	assert_true(config_check(&c, error, sizeof error));
	c.cert_file = NULL;
	assert_false(config_check(&c, error, sizeof error));
	assert_non_null(strstr(error, "--cert is missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),	cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_defaults),	cmocka_unit_test(test_options),
	    cmocka_unit_test(test_bad_options), cmocka_unit_test(test_certificate_needs_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
