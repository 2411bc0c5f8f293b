/* Sessions over a transport that keeps what it is given, a clock that stands still and a log that
 * is driven by hand: what waits, how long, who is told what, and when the thread may stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "proto/reply.h"
#include "server/server_int.h"
#include "server/session.h"
#include "tests/support/hand_log.h"

#define MS UINT64_C(1000000)
#define N_CLIENTS 4

/* ---- the transport ---- */

struct net_stream {
	struct buf out; /* what was sent and not yet looked at */
	bool is_full, is_paused;
};

struct net_conn {
	struct net_address peer;
};

struct net_loop {
	struct queue_node *posted[16]; /* wakes that were not taken yet, in order */
	unsigned n_posted;
	unsigned n_stops;
	uint32_t stop_ms;
};

void net_stream_send(struct net_stream *s, struct chain *c)
{
	assert_false(c->failed);
	for (const struct iobuf *b = c->first; b != NULL; b = b->next)
		buf_put(&s->out, b->data, b->len);
	chain_release(c);
}

bool net_stream_full(struct net_stream *s)
{
	return s->is_full;
}

void net_stream_finish(struct net_stream *s)
{
}

void net_stream_pause(struct net_stream *s)
{
	s->is_paused = true;
}

void net_stream_resume(struct net_stream *s)
{
	s->is_paused = false;
}

void net_conn_close(struct net_conn *c, uint64_t app_code)
{
}

const struct net_address *net_conn_peer(const struct net_conn *c)
{
	return &c->peer;
}

void net_loop_post_reserved(struct net_loop *l, struct queue_node *n)
{
	assert_true(l->n_posted < ARRAY_LEN(l->posted));
	l->posted[l->n_posted++] = n;
}

void net_loop_stop(struct net_loop *l, uint64_t app_code, uint32_t deadline_ms)
{
	l->n_stops++;
	l->stop_ms = deadline_ms;
}

void net_loop_run(struct net_loop *l)
{
}

void net_loop_finish_inbox(struct net_loop *l, bool (*done)(void *loop_user))
{
}

/* ---- one I/O thread, and clients ---- */

struct client {
	struct net_conn net;
	struct net_stream stream;
	struct conn *conn;
	struct session *session;
};

struct world {
	struct config config;
	struct server server;
	struct io io;
	struct net_loop loop;
	struct wal_writer *wal;
	struct client clients[N_CLIENTS];
	char dir[64];
};

static void deliver(struct world *w)
{
	while (w->loop.n_posted > 0) {
		struct queue_node *n = w->loop.posted[0];
		w->loop.n_posted--;
		memmove(&w->loop.posted[0], &w->loop.posted[1],
			w->loop.n_posted * sizeof w->loop.posted[0]);
		io_handler.message(&w->io, n);
	}
}

static void turn(struct world *w)
{
	while (io_handler.turn(&w->io))
		;
}

/* Until nothing moves any more by itself. */
static void settle(struct world *w)
{
	for (unsigned i = 0; i < 8; i++) {
		wal_step(w->wal);
		deliver(w);
		turn(w);
	}
}

static void after(struct world *w, uint64_t ms)
{
	clock_manual_advance(ms * MS);
	turn(w);
}

static void ask(struct client *c, const struct request *req)
{
	struct chain bytes = {0};
	struct buf flat;
	struct diag d;

	diag_reset(&d);
	buf_init(&flat, MEM_OTHER, 0);
	assert_int_equal(request_encode(req, &bytes, &d), ST_OK);
	for (const struct iobuf *b = bytes.first; b != NULL; b = b->next)
		buf_put(&flat, b->data, b->len);
	chain_release(&bytes);
	io_handler.stream_data(c->session, (const uint8_t *)flat.p, flat.len, false);
	buf_release(&flat);
}

static void execute_within(struct client *c, const char *text, uint32_t timeout_ms)
{
	const struct request req = {.kind = REQUEST_EXECUTE,
				    .execute = {.text = str_of(text), .timeout_ms = timeout_ms}};

	ask(c, &req);
}

static void execute(struct client *c, const char *text)
{
	execute_within(c, text, 0);
}

static bool is_told(const struct client *c, const char *text)
{
	return memmem(c->stream.out.p, c->stream.out.len, text, strlen(text)) != NULL;
}

static void hears_nothing(const struct client *c)
{
	assert_int_equal(c->stream.out.len, 0);
}

static unsigned n_errors(const struct client *c)
{
	struct reader in = reader_of(c->stream.out.p, c->stream.out.len);
	struct frame_reader frames;
	struct arena arena;
	struct str message;
	struct reply reply;
	struct diag d;
	unsigned n = 0;

	diag_reset(&d);
	arena_init(&arena, MEM_OTHER, NULL);
	frame_init(&frames, FRAME_ANSWER_MAX * 2);
	while (reader_left(&in) > 0) {
		assert_int_equal(frame_feed(&frames, &in, &message, &d), ST_OK);
		assert_int_equal(reply_decode(message, &arena, &reply, &d), ST_OK);
		n += reply.kind == REPLY_ERROR ||
		     (reply.kind == REPLY_HELLO && !reply.hello.success);
	}
	frame_release(&frames);
	arena_release(&arena);
	return n;
}

/* The answer so far holds the text, or, with NULL, no error; it is forgotten. */
static void hears(struct client *c, const char *text)
{
	assert_true(c->stream.out.len > 0);
	assert_true(text != NULL ? is_told(c, text) : n_errors(c) == 0);
	buf_truncate(&c->stream.out, 0);
}

static struct client *join(struct world *w, unsigned i)
{
	const struct request hello = {
	    .kind = REQUEST_HELLO,
	    .hello = {.username = STR("u"), .password = STR("p"), .client_name = STR("a test")}};
	struct client *c = &w->clients[i];

	assert_true(net_address_parse("127.0.0.1", 1, &c->net.peer));
	buf_init(&c->stream.out, MEM_OTHER, 0);
	c->conn = io_handler.conn_opened(&w->io, &c->net);
	assert_non_null(c->conn);
	c->session = io_handler.stream_opened(c->conn, &c->stream);
	assert_non_null(c->session);
	ask(c, &hello);
	hears(c, NULL);
	return c;
}

static void leave(struct client *c)
{
	if (c->conn == NULL)
		return;
	io_handler.stream_closed(c->session);
	io_handler.conn_closed(c->conn);
	buf_release(&c->stream.out);
	*c = (struct client){0};
}

static void published(void *ctx, uint64_t lsn)
{
	txn_publish(((struct world *)ctx)->server.txns, lsn);
}

static void open_store(struct world *w)
{
	const struct wal_options opt = hand_log(w->dir, published, w);

	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(wal_writer_new(&opt, &w->wal), ST_OK);
	assert_int_equal(store_new(&w->server.store), ST_OK);
	assert_int_equal(txn_mgr_new(w->server.store, w->wal, 0, &w->server.txns), ST_OK);
	assert_int_equal(wal_start(w->wal), ST_OK);
}

/* With a node :K {v: 0} and, if so, a first client that has changed it and is in its transaction.
 */
static struct world *open_world(bool is_held)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	clock_install(&clock_manual);
	clock_manual_set(1000 * MS, 0);
	strcpy(w->dir, "/tmp/geode-test-XXXXXX");
	config_init(&w->config);
	w->server.config = &w->config;
	w->server.ios = &w->io;
	w->server.n_ios = 1;
	open_store(w);
	assert_int_equal(plan_cache_new(&w->server.plans), ST_OK);
	w->io = (struct io){.server = &w->server, .loop = &w->loop, .deadline_ns = IO_NEVER};
	struct client *c = join(w, 0);
	execute(c, "INSERT (:K {v: 0})");
	settle(w);
	hears(c, NULL);
	if (is_held) {
		execute(c, "BEGIN");
		execute(c, "MATCH (n:K) SET n.v = n.v + 1");
		settle(w);
		hears(c, NULL);
	}
	return w;
}

static void close_world(struct world *w)
{
	char cmd[128];

	for (unsigned i = 0; i < N_CLIENTS; i++)
		leave(&w->clients[i]);
	settle(w);
	assert_null(w->io.sessions);
	assert_null(w->io.run_first);
	plan_cache_free(w->server.plans);
	wal_stop(w->wal);
	txn_mgr_free(w->server.txns);
	store_free(w->server.store);
	wal_writer_free(w->wal);
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", w->dir);
	assert_int_equal(system(cmd), 0);
	clock_install(&clock_system);
	free(w);
}

static void commit_of_the_holder(struct world *w)
{
	execute(&w->clients[0], "COMMIT");
	settle(w);
	hears(&w->clients[0], NULL);
}

static void value_is(struct world *w, int64_t v)
{
	struct client *c = &w->clients[0];
	char text[96];

	snprintf(text, sizeof text, "MATCH (n:K) WHERE n.v = %lld RETURN 'as it should be' AS x",
		 (long long)v);
	execute(c, text);
	settle(w);
	hears(c, "as it should be");
}

/* ---- lying idle ---- */

static void an_idle_transaction_ends_when_it_is_due(void **state)
{
	struct world *w = open_world(true);
	struct client *c = &w->clients[0];

	assert_int_equal(io_handler.deadline(&w->io), clock_mono_ns() + 60000 * MS);
	after(w, 40000);
	execute(c, "MATCH (n:K) RETURN n.v AS v"); /* from here on it counts anew */
	hears(c, NULL);
	after(w, 59999);
	assert_int_equal(io_handler.deadline(&w->io), clock_mono_ns() + MS);
	after(w, 1);
	hears_nothing(c);
	execute(c, "MATCH (n:K) SET n.v = 7");
	hears(c, "25N02");
	value_is(w, 0); /* told once, and rolled back */
	close_world(w);
}

static void a_transaction_that_waits_does_not_lie_idle(void **state)
{
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	w->config.conflict_wait_ms = 100000;
	after(w, 30000);
	execute(c, "BEGIN");
	hears(c, NULL);
	after(w, 20000);
	execute(c, "MATCH (n:K) SET n.v = 9");
	after(w, 9999);
	hears_nothing(c);
	after(w, 1); /* the other one has lain idle; this one is told why it lost, no more */
	settle(w);
	hears(c, "40001");
	after(w, 59999);
	execute(c, "ROLLBACK");
	hears(c, NULL);
	close_world(w);
}

/* ---- waiting to try again ---- */

static void a_statement_goes_on_when_the_other_one_has_ended(void **state)
{
	static const struct {
		const char *end;
		int64_t value;
	} cases[] = {{"COMMIT", 111}, {"ROLLBACK", 110}};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = open_world(true);
		struct client *one = join(w, 1), *two = join(w, 2);
		execute(one, "MATCH (n:K) SET n.v = n.v + 10");
		execute(two, "MATCH (n:K) SET n.v = n.v + 100");
		after(w, 59000);
		hears_nothing(one);
		hears_nothing(two);
		execute(&w->clients[0], cases[i].end);
		settle(w);
		hears(&w->clients[0], NULL);
		hears(one, NULL);
		hears(two, NULL);
		value_is(w, cases[i].value);
		close_world(w);
	}
}

static void a_statement_waits_as_long_as_its_time_limit(void **state)
{
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	execute_within(c, "MATCH (n:K) SET n.v = 2", 500);
	after(w, 499);
	hears_nothing(c);
	after(w, 1);
	hears(c, "40001");
	execute(c, "RETURN 'alive' AS x");
	hears(c, "alive");
	commit_of_the_holder(w);
	value_is(w, 1);
	close_world(w);
}

/* It was woken before its limit and is looked at after: one answer, whichever. */
static void a_wake_and_a_time_limit_at_once(void **state)
{
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	execute_within(c, "MATCH (n:K) SET n.v = 2", 500);
	execute(&w->clients[0], "ROLLBACK");
	assert_int_equal(w->loop.n_posted, 1);
	after(w, 500);
	hears_nothing(c);
	settle(w);
	hears(c, "57014");
	close_world(w);
}

static void a_client_hears_something_while_it_waits(void **state)
{
	struct world *w = open_world(true);
	struct client *rows = join(w, 1), *none = join(w, 2);

	w->config.idle_txn_ms = 0;
	execute(rows, "MATCH (n:K) SET n.v = 2 RETURN n.v AS some_column");
	execute(none, "MATCH (n:K) SET n.v = 3");
	after(w, 4999);
	hears_nothing(rows);
	after(w, 1);
	hears(rows, "some_column"); /* the schema */
	after(w, 5000);
	hears_nothing(rows);
	after(w, 5000);
	hears(rows, NULL);
	hears_nothing(none); /* its answer has no schema that could come before it */
	close_world(w);
}

static void requests_that_came_meanwhile_are_answered_behind(void **state)
{
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	execute_within(c, "MATCH (n:K) SET n.v = 2", 500);
	execute(c, "RETURN 'the second' AS x");
	execute(c, "RETURN 'the third' AS x");
	hears_nothing(c);
	assert_true(c->stream.is_paused);
	after(w, 500);
	settle(w);
	assert_true(is_told(c, "40001"));
	assert_true(is_told(c, "the second"));
	hears(c, "the third");
	assert_false(c->stream.is_paused);
	close_world(w);
}

/* The wake of a session is on the way when its client goes: it takes it, and passes its turn on. */
static void a_turn_of_one_that_is_gone_is_passed_on(void **state)
{
	struct world *w = open_world(true);
	struct client *one = join(w, 1), *two = join(w, 2), *three = join(w, 3);

	execute(one, "MATCH (n:K) SET n.v = n.v + 10");
	execute(two, "MATCH (n:K) SET n.v = n.v + 100");
	execute(three, "MATCH (n:K) SET n.v = n.v + 1000");
	leave(two); /* while it stands behind the first */
	execute(&w->clients[0], "ROLLBACK");
	assert_int_equal(w->loop.n_posted, 1);
	leave(one);
	settle(w);
	hears(three, NULL);
	hears(&w->clients[0], NULL);
	value_is(w, 1000);
	close_world(w);
}

/* ---- waiting to tell that a transaction lost ---- */

static struct client *lose(struct world *w, unsigned i)
{
	struct client *c = join(w, i);

	execute(c, "BEGIN");
	execute(c, "INSERT (:Mine)");
	hears(c, NULL);
	execute(c, "MATCH (n:K) SET n.v = n.v + 10");
	hears_nothing(c);
	assert_int_equal(c->session->state, SESSION_WAITING);
	return c;
}

static void a_loser_is_told_when_the_winner_is_durable(void **state)
{
	struct world *w = open_world(true);
	struct client *c = lose(w, 1);

	execute(&w->clients[0], "COMMIT");
	deliver(w);
	turn(w);
	hears_nothing(c); /* stamped, and not on disk: a new transaction would lose again */
	settle(w);
	hears(&w->clients[0], NULL);
	hears(c, "40001");
	execute(c, "ROLLBACK");
	execute(c, "BEGIN");
	execute(c, "MATCH (n:K) SET n.v = n.v + 10");
	execute(c, "COMMIT");
	settle(w);
	hears(c, NULL);
	value_is(w, 11);
	close_world(w);
}

static void a_loser_is_told_at_a_limit(void **state)
{
	struct world *w = open_world(true);
	struct client *c = lose(w, 1);

	after(w, 999);
	hears_nothing(c);
	after(w, 1);
	hears(c, "40001");
	execute(c, "MATCH (n:K) RETURN n.v AS v");
	assert_true(is_told(c, "only ROLLBACK is possible"));
	hears(c, "only ROLLBACK is possible");
	execute(c, "ROLLBACK");
	execute(c, "BEGIN");
	hears(c, NULL);
	execute_within(c, "MATCH (n:K) SET n.v = 2", 300); /* its own limit is the shorter one */
	after(w, 300);
	hears(c, "40001");
	close_world(w);
}

/* Who waits holds nothing, so two that lose to each other do not wait for each other. */
static void a_loser_holds_nothing(void **state)
{
	struct world *w = open_world(false);
	struct client *one = &w->clients[0], *two = join(w, 1);

	w->config.conflict_wait_ms = UINT32_MAX;
	execute(one, "INSERT (:L {v: 0})");
	settle(w);
	execute(one, "BEGIN");
	execute(one, "MATCH (n:K) SET n.v = 1");
	hears(one, NULL);
	execute(two, "BEGIN");
	execute(two, "MATCH (n:L) SET n.v = 2");
	hears(two, NULL);
	execute(one, "MATCH (n:L) SET n.v = 1");
	hears_nothing(one);
	execute(two, "MATCH (n:K) SET n.v = 2");
	execute(two, "COMMIT");
	settle(w);
	hears(two, NULL);
	hears(one, "40001");
	execute(one, "ROLLBACK");
	hears(one, NULL);
	value_is(w, 2);
	close_world(w);
}

static void a_loser_that_is_gone(void **state)
{
	struct world *w = open_world(true);

	leave(lose(w, 1));
	struct client *c = lose(w, 2);
	execute(&w->clients[0], "COMMIT");
	leave(c); /* its wake waits for the log by now */
	settle(w);
	hears(&w->clients[0], NULL);
	value_is(w, 1);
	close_world(w);
}

/* ---- a constraint that waits ---- */

static void a_constraint_is_woken(void **state)
{
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	execute(c, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE");
	assert_int_equal(c->session->state, SESSION_WAITING);
	assert_false(io_handler.turn(&w->io)); /* it is not looked at again and again */
	commit_of_the_holder(w);
	hears(c, NULL);
	execute(c, "INSERT (:K {v: 1})");
	settle(w);
	hears(c, "23505");
	close_world(w);
}

static void a_constraint_waits_as_long_as_its_time_limit(void **state)
{
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	execute_within(c, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE", 500);
	after(w, 499);
	hears_nothing(c);
	after(w, 1);
	hears(c, "57014");
	commit_of_the_holder(w);
	execute(c, "INSERT (:K {v: 1})");
	settle(w);
	hears(c, NULL);
	close_world(w);
}

/* ---- the stop ---- */

static void begin_stop(struct world *w)
{
	w->server.stop_at_ns = clock_mono_ns() + 2500 * MS;
	atomic_store(&w->io.stopping, true);
	turn(w);
}

static void the_stop_waits_for_a_commit(void **state)
{
	struct world *w = open_world(false);
	struct client *c = join(w, 1);

	execute(c, "INSERT (:K {v: 5})");
	hears_nothing(c);
	begin_stop(w);
	assert_int_equal(w->loop.n_stops, 0);
	assert_int_equal(io_handler.deadline(&w->io), w->server.stop_at_ns);
	after(w, 500);
	settle(w);
	hears(c, NULL);
	assert_int_equal(w->loop.n_stops, 1);
	assert_int_equal(w->loop.stop_ms, 2000); /* for the answer to arrive */
	close_world(w);
}

static void the_stop_does_not_wait_longer_than_it_was_told(void **state)
{
	struct world *w = open_world(false);
	struct client *c = join(w, 1);

	execute(c, "INSERT (:K {v: 5})");
	begin_stop(w);
	after(w, 2499);
	assert_int_equal(w->loop.n_stops, 0);
	after(w, 1);
	assert_int_equal(w->loop.n_stops, 1);
	assert_int_equal(w->loop.stop_ms, 0);
	hears_nothing(c);
	after(w, 1000);
	assert_int_equal(w->loop.n_stops, 1);
	close_world(w);
}

static void who_waits_is_told_of_the_stop(void **state)
{
	struct world *w = open_world(true);
	struct client *again = join(w, 1), *lost = lose(w, 2), *made = join(w, 3);

	execute(again, "MATCH (n:K) SET n.v = 2");
	execute(made, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE");
	execute(made, "RETURN 1 AS x"); /* behind it: is told as well */
	begin_stop(w);
	settle(w);
	hears(again, "57P01");
	hears(lost, "40001");
	hears(made, "57P01");
	assert_int_equal(w->loop.n_stops, 1);
	close_world(w);
}

static void nothing_new_is_begun_while_stopping(void **state)
{
	const struct request begin = {.kind = REQUEST_BEGIN}, ping = {.kind = REQUEST_PING},
			     roll_back = {.kind = REQUEST_ROLLBACK};
	struct world *w = open_world(true);
	struct client *c = join(w, 1);

	begin_stop(w);
	execute(c, "INSERT (:K {v: 5})");
	hears(c, "57P01");
	ask(c, &begin);
	hears(c, "57P01");
	ask(c, &ping);
	hears(c, NULL);
	ask(&w->clients[0], &roll_back);
	hears(&w->clients[0], NULL);
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_idle_transaction_ends_when_it_is_due),
	    cmocka_unit_test(a_transaction_that_waits_does_not_lie_idle),
	    cmocka_unit_test(a_statement_goes_on_when_the_other_one_has_ended),
	    cmocka_unit_test(a_statement_waits_as_long_as_its_time_limit),
	    cmocka_unit_test(a_wake_and_a_time_limit_at_once),
	    cmocka_unit_test(a_client_hears_something_while_it_waits),
	    cmocka_unit_test(requests_that_came_meanwhile_are_answered_behind),
	    cmocka_unit_test(a_turn_of_one_that_is_gone_is_passed_on),
	    cmocka_unit_test(a_loser_is_told_when_the_winner_is_durable),
	    cmocka_unit_test(a_loser_is_told_at_a_limit),
	    cmocka_unit_test(a_loser_holds_nothing),
	    cmocka_unit_test(a_loser_that_is_gone),
	    cmocka_unit_test(a_constraint_is_woken),
	    cmocka_unit_test(a_constraint_waits_as_long_as_its_time_limit),
	    cmocka_unit_test(the_stop_waits_for_a_commit),
	    cmocka_unit_test(the_stop_does_not_wait_longer_than_it_was_told),
	    cmocka_unit_test(who_waits_is_told_of_the_stop),
	    cmocka_unit_test(nothing_new_is_begun_while_stopping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
