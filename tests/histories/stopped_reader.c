/* Readers that stop while a writer goes on: what they hold back stays within --undo-memory, since
 * the oldest of them are given up with 40N02, and their sessions go on. With a cursor that is not
 * pulled, and with transactions that have read and do nothing.
 *
 * GEODE: the program. GEODE_WRITES (400): statements of the writer; --seconds N: for that long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "tests/histories/server.h"

#define HOT 500	   /* nodes that each statement of the writer changes */
#define ROWS 20000 /* of the cursor: more than are sent ahead */
#define UNDO_BYTES (UINT64_C(4) << 20)
#define UNDO_OPTION "--undo-memory=4M"
#define IDLE_MS 600000 /* a stopped client does not keep its connection alive */
#define WAIT_MS 20000  /* for memory to come back, on a slow machine */

static const char make_hot[] = "FOR i IN RANGE(1, $n) INSERT (:Hot {id: i, x: 0})";
static const char make_cold[] = "FOR i IN RANGE(1, $n) INSERT (:Cold {id: i})";
static const char write_all[] = "MATCH (h:Hot) SET h.x = $n";
static const char read_cold[] = "MATCH (c:Cold) RETURN c.id";
static const char read_hot[] = "MATCH (h:Hot {id: 1}) RETURN h.x";

static enum geode_status run(struct geode_session *s, const char *text, int64_t n,
			     struct geode_result **ret)
{
	struct geode_params *p = geode_params_new();

	geode_params_int(p, "n", n);
	enum geode_status st = geode_execute(s, text, p, ret);
	geode_params_free(p);
	return st;
}

static void must(struct geode_session *s, enum geode_status st, const char *what)
{
	if (st < 0)
		die("%s: %s %s", what, geode_error_of(s)->code, geode_error_of(s)->message);
}

static struct geode_session *connect(void)
{
	struct geode_error error;
	struct geode_session *s = geode_connect(server.address, &error);

	if (s == NULL)
		die("connect: %s", error.message);
	return s;
}

static uint64_t undo_bytes(void)
{
	return server_metric("geode_memory_bytes{tag=\"undo\"}");
}

/* Above the limit the writer waits; it must not wait for ever. */
static uint64_t wait_for_memory(void)
{
	uint64_t deadline = clock_mono_ns() + WAIT_MS * UINT64_C(1000000), now, peak = 0;

	while ((now = undo_bytes()) > UNDO_BYTES) {
		peak = MAX_OF(peak, now);
		if (clock_mono_ns() > deadline)
			die("%llu bytes of versions are kept, the limit is %llu",
			    (unsigned long long)now, (unsigned long long)UNDO_BYTES);
	}
	return MAX_OF(peak, now);
}

static void expect_given_up(struct geode_session *s, enum geode_status st, const char *what)
{
	if (st != GEODE_FAILED || strcmp(geode_error_of(s)->code, "40N02") != 0)
		die("%s: %d %s instead of 40N02", what, (int)st, geode_error_of(s)->code);
}

static int64_t hot_value(struct geode_session *s)
{
	struct geode_result *r = NULL;

	must(s, run(s, read_hot, 0, &r), "a later statement");
	if (geode_result_next(r) != GEODE_ROW)
		die("no row");
	int64_t x = geode_value_int(geode_result_value(r, 0));
	geode_result_free(r);
	return x;
}

/* The transaction was given up; after its end the session is as any other. */
static void go_on(struct geode_session *s, const char *text, int64_t want)
{
	expect_given_up(s, run(s, text, 0, NULL), "the transaction");
	must(s, geode_rollback(s), "rollback");
	if (hot_value(s) != want)
		die("the session does not go on");
	geode_disconnect(s);
}

static int64_t write_on(struct geode_session *s, uint64_t n_writes, uint64_t until_ns)
{
	uint64_t peak = 0;
	int64_t n = 0;

	while (until_ns != 0 ? clock_mono_ns() < until_ns : (uint64_t)n < n_writes) {
		must(s, run(s, write_all, ++n, NULL), "a write");
		if (n % 10 == 0)
			peak = MAX_OF(peak, wait_for_memory());
	}
	printf("%lld writes of %d nodes; at most %llu bytes of versions, %llu views given up\n",
	       (long long)n, HOT, (unsigned long long)peak,
	       (unsigned long long)server_metric("geode_views_given_up_total"));
	return n;
}

int main(int argc, char **argv)
{
	uint64_t n_writes = number_of("GEODE_WRITES", 400), until_ns = 0;
	struct geode_result *cursor = NULL;

	server_prepare(UNDO_OPTION, IDLE_MS);
	server_start();
	struct geode_session *writer = connect_when_ready(), *reader = connect();
	struct geode_session *idle[] = {connect(), connect()};
	must(writer, run(writer, make_hot, HOT, NULL), "hot nodes");
	must(writer, run(writer, make_cold, ROWS, NULL), "cold nodes");

	must(reader, run(reader, read_cold, 0, &cursor), "a cursor");
	must(reader, geode_result_next(cursor), "its first row");
	for (unsigned i = 0; i < ARRAY_LEN(idle); i++) {
		must(idle[i], geode_begin(idle[i], i == 0), "begin");
		if (hot_value(idle[i]) != 0)
			die("not the first value");
	}

	if (argc == 3 && strcmp(argv[1], "--seconds") == 0)
		until_ns = clock_mono_ns() + strtoull(argv[2], NULL, 10) * UINT64_C(1000000000);
	int64_t last = write_on(writer, n_writes, until_ns);

	enum geode_status st;
	while ((st = geode_result_next(cursor)) == GEODE_ROW)
		; /* what was sent ahead */
	expect_given_up(reader, st, "the cursor");
	geode_result_free(cursor);
	if (hot_value(reader) != last)
		die("the reader does not go on");
	for (unsigned i = 0; i < ARRAY_LEN(idle); i++)
		go_on(idle[i], i == 0 ? read_hot : write_all, last);
	geode_disconnect(writer);
	geode_disconnect(reader);
	server_end(true);
	server_clear();
	return 0;
}
