/* Clock, log lines, metrics, chains. */
#include "tests/unit/base/base_test.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/iobuf.h"
#include "base/log.h"
#include "base/metric.h"

static void times_print_in_utc(void **state)
{
	char text[27];

	clock_format(0, text);
	assert_string_equal(text, "1970-01-01 00:00:00.000000");
	clock_format(INT64_C(1769256000123456), text);
	assert_string_equal(text, "2026-01-24 12:00:00.123456");
	clock_format(-1, text);
	assert_string_equal(text, "1969-12-31 23:59:59.999999");
	clock_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31 23:59:59.999999");
	clock_format(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01 00:00:00.000000");
}

static void the_manual_clock_moves_by_hand(void **state)
{
	clock_install(&clock_manual);
	clock_manual_set(5000, 100);
	clock_manual_advance(2000);
	assert_int_equal(clock_mono_ns(), 7000);
	assert_int_equal(clock_wall_us(), 102);
	clock_install(&clock_system);
	uint64_t before = clock_mono_ns();
	assert_true(clock_mono_ns() >= before);
}

static char last_line[8192];
static enum log_level last_level;

static void remember(void *ctx, enum log_level level, const char *line)
{
	last_level = level;
	snprintf(last_line, sizeof last_line, "%s", line);
}

static void lines_have_a_date_and_a_level(void **state)
{
	clock_install(&clock_manual);
	clock_manual_set(0, INT64_C(1769256000123456));
	log_set_hook(remember, NULL);
	log_warn("wal", "segment %d\nsecond line\x1b", 7);
	assert_int_equal(last_level, LOG_WARN);
	assert_string_equal(last_line, "2026-01-24 12:00:00.123456 WARN wal: segment 7\n"
				       "    second line?");
	last_line[0] = '\0';
	log_debug("wal", "not shown");
	assert_string_equal(last_line, "");
	log_set_level(LOG_DEBUG);
	log_debug("wal", "shown");
	assert_non_null(strstr(last_line, "DEBUG wal: shown"));
	log_set_level(LOG_INFO);
	char *longest = malloc(10000);
	memset(longest, 'x', 9999);
	longest[9999] = '\0';
	log_info("wal", "%s", longest);
	assert_in_range(strlen(last_line), 4000, 4096);
	free(longest);
	log_set_hook(NULL, NULL);

	int fds[2];
	char got[200] = {0};
	assert_int_equal(pipe(fds), 0);
	log_set_fd(fds[1]);
	log_error("db", "x");
	log_set_fd(STDERR_FILENO);
	assert_true(read(fds[0], got, sizeof got - 1) > 0);
	assert_string_equal(got, "2026-01-24 12:00:00.123456 ERROR db: x\n");
	close(fds[0]);
	close(fds[1]);
	clock_install(&clock_system);

	enum log_level level;
	assert_true(log_level_parse(STR("error"), &level));
	assert_int_equal(level, LOG_ERROR);
	assert_false(log_level_parse(STR("loud"), &level));
}

static void metrics_print_for_prometheus(void **state)
{
	static struct metric a = {.name = "geode_queries_total{status=\"ok\"}", .help = "queries"};
	static struct metric b = {.name = "geode_queries_total{status=\"bad\"}", .help = "queries"};
	static struct metric c = {.name = "geode_sessions", .help = "open", .is_gauge = true};
	static struct histogram h = {.name = "geode_commit_seconds", .help = "commits"};
	struct buf out;

	metric_register(&a);
	metric_register(&b);
	metric_register(&c);
	histogram_register(&h);
	metric_add(&a, 3);
	metric_set(&c, -2);
	histogram_add(&h, 1000);	   /* 1 us: the first bucket */
	histogram_add(&h, 1001);	   /* just above: the second */
	histogram_add(&h, UINT64_MAX / 2); /* beyond the last */
	buf_init(&out, MEM_OTHER, 0);
	metric_print(&out);
	const char *text = buf_cstr(&out);
	assert_non_null(strstr(text, "# TYPE geode_queries_total counter\n"
				     "geode_queries_total{status=\"ok\"} 3\n"
				     "geode_queries_total{status=\"bad\"} 0\n"));
	assert_non_null(strstr(text, "# TYPE geode_sessions gauge\ngeode_sessions -2\n"));
	assert_non_null(strstr(text, "geode_commit_seconds_bucket{le=\"0.000001\"} 1\n"
				     "geode_commit_seconds_bucket{le=\"0.000002\"} 2\n"));
	assert_non_null(strstr(text, "geode_commit_seconds_bucket{le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(text, "geode_commit_seconds_count 3\n"));
	buf_release(&out);
}

/* All bytes of a chain, for comparison; caller frees. */
static uint8_t *flat(const struct chain *c)
{
	uint8_t *p = malloc(c->len + 1);
	size_t at = 0;

	for (const struct iobuf *b = c->first; b != NULL; b = b->next) {
		memcpy(p + at, b->data, b->len);
		at += b->len;
	}
	assert_int_equal(at, c->len);
	return p;
}

static void chains_keep_every_byte_at_its_address(void **state)
{
	static uint8_t bytes[300000];
	struct chain c = {0}, d = {0};
	size_t at = 0;
	struct rand r;

	rand_seed(&r, 3);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)rand_u64(&r);
	const uint8_t *first = NULL;
	while (at < sizeof bytes) {
		size_t n = MIN_OF((size_t)rand_below(&r, 9000), sizeof bytes - at);
		if (n <= 256) {
			uint8_t *p = chain_reserve(&c, 256);
			memcpy(p, bytes + at, n);
			chain_commit(&c, n);
		} else {
			chain_put(&c, bytes + at, n);
		}
		at += n;
		if (first == NULL && c.first != NULL)
			first = c.first->data;
	}
	assert_ptr_equal(first, c.first->data);
	chain_put(&d, "head", 4);
	chain_move(&d, &c);
	assert_null(c.first);
	assert_int_equal(d.len, sizeof bytes + 4);
	uint8_t *all = flat(&d);
	assert_memory_equal(all, "head", 4);
	assert_memory_equal(all + 4, bytes, sizeof bytes);
	free(all);
	chain_release(&d);
	assert_int_equal(mem_used(MEM_NET), 0);
}

static void a_chain_without_memory_stays_failed(void **state)
{
	struct chain c = {0};
	char bytes[IOBUF_SMALL * 2] = {0};

	mem_fail_nth(2, false);
	chain_put(&c, bytes, sizeof bytes);
	mem_fail_nth(0, false);
	assert_true(c.failed);
	assert_null(chain_reserve(&c, 1));
	size_t len = c.len;
	chain_put(&c, bytes, 1);
	assert_int_equal(c.len, len);
	chain_release(&c);
	assert_false(c.failed);
	assert_int_equal(mem_used(MEM_NET), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_print_in_utc),
	    cmocka_unit_test(the_manual_clock_moves_by_hand),
	    cmocka_unit_test(lines_have_a_date_and_a_level),
	    cmocka_unit_test(metrics_print_for_prometheus),
	    cmocka_unit_test(chains_keep_every_byte_at_its_address),
	    cmocka_unit_test(a_chain_without_memory_stays_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
