/* tests/net/test_endpoints.c - two endpoints over a bad network in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/net/sim.h"

#define BULK (1536u << 10)
#define PIECE 10000
#define N_BULK_STREAMS 3
#define SEEDS 12

/* One end of a stream that sends a pattern and checks the other's. */
struct end {
	struct side *side;
	struct net_stream *stream;
	size_t to_send, sent, received;
	bool finished, fin_seen, closed;
};

struct side {
	struct sim *sim;
	bool is_server, shuns_streams, pauses;
	struct net_conn *conn;
	bool conn_closed, refuse;
	enum conn_end end_kind;
	uint64_t end_code;
	uint32_t n_opened, n_closed;
	size_t to_send; /* on streams that the peer opens */
	struct end ends[256];
	uint32_t n_ends;
};

static uint8_t pattern(bool of_server, int64_t id, size_t at)
{
	return (uint8_t)(at * 7 + (at >> 9) + (size_t)id * 3 + of_server);
}

static void produce(struct end *e)
{
	uint8_t piece[PIECE];

	while (e->sent < e->to_send && !net_stream_full(e->stream)) {
		struct chain out = {0};
		size_t n = MIN_OF(e->to_send - e->sent, sizeof piece);
		for (size_t i = 0; i < n; i++)
			piece[i] = pattern(e->side->is_server, e->stream->id, e->sent + i);
		chain_put(&out, piece, n);
		net_stream_send(e->stream, &out);
		e->sent += n;
	}
	if (e->sent == e->to_send && !e->finished) {
		e->finished = true;
		net_stream_finish(e->stream);
	}
}

static void *on_conn_opened(void *user, struct net_conn *c)
{
	struct side *s = user;

	s->n_opened++;
	if (s->refuse)
		return NULL;
	s->conn = c;
	return s;
}

static void on_conn_closed(void *user)
{
	struct side *s = user;

	s->n_closed++;
	s->conn_closed = true;
	if (s->conn != NULL) {
		s->end_kind = s->conn->end;
		s->end_code = s->conn->end_code;
	}
	s->conn = NULL;
}

static struct end *add_end(struct side *side, struct net_stream *s, size_t to_send)
{
	struct end *e = &side->ends[side->n_ends++ % ARRAY_LEN(side->ends)];

	*e = (struct end){.side = side, .stream = s, .to_send = to_send};
	return e;
}

static void *on_stream_opened(void *user, struct net_stream *s)
{
	struct side *side = user;

	if (side->shuns_streams)
		return NULL;
	struct end *e = add_end(side, s, side->to_send);
	if (side->to_send > 0)
		produce(e);
	return e;
}

static void on_stream_data(void *user, const uint8_t *p, size_t n, bool fin)
{
	struct end *e = user;

	assert_false(e->fin_seen);
	for (size_t i = 0; i < n; i++) {
		if (p[i] != pattern(!e->side->is_server, e->stream->id, e->received + i))
			fail_msg("byte %zu of stream %lld is wrong", e->received + i,
				 (long long)e->stream->id);
	}
	e->received += n;
	e->fin_seen |= fin;
	if (!e->side->pauses)
		return;
	if (rand_below(&e->side->sim->rand, 2) == 0)
		net_stream_pause(e->stream);
	else
		net_stream_resume(e->stream);
}

static void on_stream_writable(void *user)
{
	produce(user);
}

static void on_stream_closed(void *user)
{
	struct end *e = user;

	assert_false(e->closed);
	e->closed = true;
	e->stream = NULL;
}

static const struct net_handler handler = {
    .conn_opened = on_conn_opened,
    .conn_closed = on_conn_closed,
    .stream_opened = on_stream_opened,
    .stream_data = on_stream_data,
    .stream_writable = on_stream_writable,
    .stream_closed = on_stream_closed,
};

struct pair {
	struct sim sim;
	struct side server, client;
};

static struct pair *pair_new(uint64_t seed, const struct net_options *o)
{
	struct pair *p = calloc(1, sizeof *p);

	p->server.is_server = true;
	p->server.sim = p->client.sim = &p->sim;
	assert_true(sim_start(&p->sim, seed, o, &handler, &p->server, &handler, &p->client));
	return p;
}

static void pair_free(struct pair *p)
{
	sim_stop(&p->sim);
	free(p);
}

static bool both_open(void *ctx)
{
	struct pair *p = ctx;

	return p->server.conn != NULL && p->client.conn != NULL;
}

static bool client_gone(void *ctx)
{
	struct pair *p = ctx;

	return p->client.conn_closed;
}

static bool both_gone(void *ctx)
{
	struct pair *p = ctx;

	return p->client.conn_closed && p->server.conn_closed;
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void pair_connect(struct pair *p)
{
	assert_non_null(sim_connect(&p->sim));
	assert_true(sim_run(&p->sim, both_open, p, 60 * SIM_S));
}

static struct end *open_stream(struct pair *p, size_t to_send)
{
	struct net_stream *s = NULL;

	assert_int_equal(net_stream_open(p->client.conn, NULL, &s), ST_OK);
	struct end *e = add_end(&p->client, s, to_send);
	s->user = e;
	produce(e);
	return e;
}

static bool bulk_done(void *ctx)
{
	struct pair *p = ctx;

	for (uint32_t i = 0; i < N_BULK_STREAMS; i++) {
		if (!p->client.ends[i].closed || !p->server.ends[i].closed)
			return false;
	}
	return true;
}

static void resume_all(struct side *s)
{
	for (uint32_t i = 0; i < s->n_ends; i++) {
		if (s->ends[i].stream != NULL)
			net_stream_resume(s->ends[i].stream);
	}
}

static void bulk(uint64_t seed, uint32_t lose_percent)
{
	struct net_options o;
	struct pair *p;

	net_options_init(&o);
	o.big_loopback_packets = seed % 2 == 0;
	p = pair_new(seed, &o);
	p->sim.lose_percent = lose_percent;
	p->sim.double_percent = 3;
	p->sim.jitter_ns = seed % 3 * 3 * SIM_MS;
	p->server.to_send = BULK;
	p->server.pauses = p->client.pauses = seed % 4 == 1;
	pair_connect(p);
	for (int i = 0; i < N_BULK_STREAMS; i++)
		open_stream(p, BULK);
	bool done = false;
	for (int i = 0; i < 10000 && !done; i++) {
		if (i % 50 == 49) /* a new port, as a router would give */
			net_address_set_port(&p->sim.router_address, (uint16_t)(5000 + i));
		done = sim_run(&p->sim, bulk_done, p, 100 * SIM_MS);
		resume_all(&p->server);
		resume_all(&p->client);
	}
	if (!done)
		fail_msg("seed %llu does not end", (unsigned long long)seed);
	for (uint32_t i = 0; i < N_BULK_STREAMS; i++) {
		assert_int_equal(p->server.ends[i].received, BULK);
		assert_int_equal(p->client.ends[i].received, BULK);
		assert_true(p->client.ends[i].fin_seen && p->server.ends[i].fin_seen);
	}
	assert_true(lose_percent == 0 || p->sim.n_lost > 0);
	pair_free(p);
}

static void test_bulk_over_bad_network(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		bulk(seed, (uint32_t)seed % 5 * 3);
}

static void test_refused_over_limit(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	o.max_connections = 1;
	struct pair *p = pair_new(1, &o);
	pair_connect(p);
	assert_non_null(sim_connect(&p->sim));
	assert_true(sim_run(&p->sim, client_gone, p, 10 * SIM_S));
	struct net_counts n;
	endpoint_counts(p->sim.server.ep, &n);
	assert_int_equal(n.accepted, 1);
	assert_int_equal(n.refused, 1);
	assert_int_equal(p->server.n_closed, 0);
	pair_free(p);
}

static void test_refused_by_handler(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	struct pair *p = pair_new(1, &o);
	p->server.refuse = true;
	assert_non_null(sim_connect(&p->sim));
	assert_true(sim_run(&p->sim, client_gone, p, 10 * SIM_S));
	assert_int_equal(p->client.end_kind, CONN_END_PEER);
	assert_int_equal(p->client.end_code, NET_CLOSE_REFUSED);
	assert_int_equal(p->server.n_closed, 0);
	pair_free(p);
}

static void test_retry(void **state)
{
	struct net_options o;
	struct net_counts n;

	(void)state;
	net_options_init(&o);
	o.retry_half_open = 0;
	struct pair *p = pair_new(1, &o);
	pair_connect(p);
	endpoint_counts(p->sim.server.ep, &n);
	assert_int_equal(n.retries, 1);
	assert_int_equal(n.accepted, 1);
	assert_int_equal(n.half_open, 0);
	pair_free(p);
}

static void test_drain_refuses(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	struct pair *p = pair_new(1, &o);
	endpoint_drain(p->sim.server.ep);
	assert_non_null(sim_connect(&p->sim));
	assert_true(sim_run(&p->sim, client_gone, p, 10 * SIM_S));
	assert_int_equal(p->server.n_opened, 0);
	pair_free(p);
}

static bool first_server_end_closed(void *ctx)
{
	struct pair *p = ctx;

	return p->server.ends[0].closed;
}

static bool both_ends_closed(void *ctx)
{
	struct pair *p = ctx;

	return p->server.ends[0].closed && p->client.ends[0].closed;
}

static bool server_got_some(void *ctx)
{
	struct pair *p = ctx;

	return p->server.ends[0].received > 0;
}

/* A reset of either side ends the stream on both and leaves the connection usable. */
static void test_stream_reset(void **state)
{
	(void)state;
	for (int by_server = 0; by_server < 2; by_server++) {
		struct net_options o;
		net_options_init(&o);
		struct pair *p = pair_new(1, &o);
		p->server.to_send = BULK;
		pair_connect(p);
		open_stream(p, BULK);
		assert_true(sim_run(&p->sim, server_got_some, p, 10 * SIM_S));
		net_stream_reset(by_server ? p->server.ends[0].stream : p->client.ends[0].stream,
				 9);
		assert_true(sim_run(&p->sim, both_ends_closed, p, 10 * SIM_S));
		(void)sim_run(&p->sim, never, p, SIM_S);
		assert_true(p->server.conn != NULL && p->client.conn != NULL);
		assert_int_equal(p->server.conn->held_bytes, 0);
		p->server.n_ends = p->client.n_ends = 0;
		open_stream(p, PIECE);
		assert_true(sim_run(&p->sim, both_ends_closed, p, 20 * SIM_S));
		assert_int_equal(p->server.ends[0].received, PIECE);
		pair_free(p);
	}
}

static void test_stream_refused(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	struct pair *p = pair_new(1, &o);
	p->server.shuns_streams = true;
	pair_connect(p);
	open_stream(p, PIECE);
	(void)sim_run(&p->sim, never, p, 2 * SIM_S);
	assert_true(p->client.ends[0].closed);
	assert_non_null(p->client.conn);
	pair_free(p);
}

static void test_stream_limit(void **state)
{
	struct net_options o;
	struct net_stream *s = NULL;

	(void)state;
	net_options_init(&o);
	o.max_streams = 2;
	struct pair *p = pair_new(1, &o);
	pair_connect(p);
	open_stream(p, PIECE);
	open_stream(p, PIECE);
	assert_int_equal(net_stream_open(p->client.conn, NULL, &s), ST_BUSY);
	assert_true(sim_run(&p->sim, server_got_some, p, 10 * SIM_S));
	produce(&p->server.ends[0]); /* nothing to send: ends its side */
	assert_true(sim_run(&p->sim, first_server_end_closed, p, 10 * SIM_S));
	(void)sim_run(&p->sim, never, p, SIM_S);
	assert_int_equal(net_stream_open(p->client.conn, &p->client.ends[9], &s), ST_OK);
	p->client.ends[9] = (struct end){.side = &p->client, .stream = s};
	assert_int_equal(net_stream_open(p->client.conn, NULL, &s), ST_BUSY);
	pair_free(p);
}

static void test_idle_timeout(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	o.idle_timeout_ms = 5000;
	struct pair *p = pair_new(1, &o);
	pair_connect(p);
	open_stream(p, PIECE);
	uint64_t from_ns = p->sim.now_ns;
	assert_true(sim_run(&p->sim, both_gone, p, 60 * SIM_S));
	assert_int_equal(p->server.end_kind, CONN_END_TIMEOUT);
	assert_in_range(p->sim.now_ns - from_ns, 5 * SIM_S, 6 * SIM_S);
	assert_true(p->server.ends[0].closed && p->client.ends[0].closed);
	assert_int_equal(p->sim.server.ep->n_conns, 0);
	pair_free(p);
}

static void test_handshake_timeout(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	struct pair *p = pair_new(1, &o);
	assert_non_null(sim_connect(&p->sim));
	(void)sim_run(&p->sim, never, p, SIM_MS / 2); /* the Initial is under way */
	p->sim.lose_percent = 100;
	assert_true(sim_run(&p->sim, client_gone, p, 20 * SIM_S));
	(void)sim_run(&p->sim, never, p, 10 * SIM_S);
	assert_int_equal(p->sim.server.ep->n_conns, 0);
	assert_int_equal(p->sim.server.ep->n_half_open, 0);
	assert_int_equal(p->server.n_opened, 0);
	pair_free(p);
}

/* What was sent before the close is delivered. */
static void test_close_lingers(void **state)
{
	struct net_options o;

	(void)state;
	net_options_init(&o);
	struct pair *p = pair_new(3, &o);
	p->server.to_send = 200000;
	p->sim.lose_percent = 5;
	pair_connect(p);
	open_stream(p, 1);
	assert_true(sim_run(&p->sim, server_got_some, p, 10 * SIM_S));
	net_conn_close(p->server.conn, 42);
	assert_true(sim_run(&p->sim, both_gone, p, 20 * SIM_S));
	assert_int_equal(p->client.ends[0].received, 200000);
	assert_int_equal(p->client.end_kind, CONN_END_PEER);
	assert_int_equal(p->client.end_code, 42);
	assert_int_equal(p->server.n_closed, 1);
	(void)sim_run(&p->sim, never, p, 10 * SIM_S);
	assert_int_equal(p->sim.server.ep->n_conns, 0);
	pair_free(p);
}

static void test_version_negotiation(void **state)
{
	struct net_options o;
	uint8_t p[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 4, 9, 9, 9, 9};

	(void)state;
	net_options_init(&o);
	struct pair *pair = pair_new(1, &o);
	sim_inject(&pair->sim, p, sizeof p);
	assert_in_range(pair->sim.n_answer, 20, 100);
	static const uint8_t v1[4] = {0, 0, 0, 1};
	assert_memory_equal(pair->sim.answer + pair->sim.n_answer - 4, v1, 4);
	sim_inject(&pair->sim, p, sizeof p - 1);
	assert_int_equal(pair->sim.n_answer, 0);
	pair_free(pair);
}

static void test_stateless_reset(void **state)
{
	struct net_options o;
	uint8_t p[60] = {0x41, 1, 2, 3};
	int n_answers = 0;

	(void)state;
	net_options_init(&o);
	o.resets_per_second = 5;
	struct pair *pair = pair_new(1, &o);
	for (int i = 0; i < 20; i++) {
		sim_inject(&pair->sim, p, sizeof p);
		assert_true(pair->sim.n_answer < sizeof p);
		n_answers += pair->sim.n_answer > 0;
	}
	assert_int_equal(n_answers, 5);
	sim_inject(&pair->sim, p, 21);
	assert_int_equal(pair->sim.n_answer, 0);
	pair->sim.now_ns += SIM_S;
	sim_inject(&pair->sim, p, 30);
	assert_in_range(pair->sim.n_answer, 21, 29);
	pair_free(pair);
}

static void test_garbage(void **state)
{
	struct net_options o;
	uint8_t p[1400];

	(void)state;
	net_options_init(&o);
	struct pair *pair = pair_new(5, &o);
	pair_connect(pair);
	for (int i = 0; i < 3000; i++) {
		size_t n = 1 + rand_below(&pair->sim.rand, sizeof p);
		for (size_t k = 0; k < n; k++)
			p[k] = (uint8_t)rand_u64(&pair->sim.rand);
		if (i % 2 == 0) { /* looks like an Initial */
			static const uint8_t head[] = {0xc3, 0, 0, 0, 1, 8};
			memcpy(p, head, MIN_OF(n, sizeof head));
		}
		sim_inject(&pair->sim, p, n);
	}
	(void)sim_run(&pair->sim, never, pair, 30 * SIM_S);
	assert_int_equal(pair->sim.server.ep->n_half_open, 0);
	assert_non_null(pair->server.conn);
	pair_free(pair);
}

/* Each allocation fails in turn: the connection may end, nothing else may. */
static void test_no_memory(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 400; nth++) {
		struct net_options o;
		net_options_init(&o);
		struct pair *p = pair_new(nth, &o);
		p->server.to_send = PIECE;
		mem_fail_nth(nth, false);
		if (sim_connect(&p->sim) != NULL && sim_run(&p->sim, both_open, p, 20 * SIM_S)) {
			struct net_stream *s = NULL;
			if (net_stream_open(p->client.conn, NULL, &s) == ST_OK) {
				struct end *e = add_end(&p->client, s, PIECE);
				s->user = e;
				produce(e);
			}
			(void)sim_run(&p->sim, both_ends_closed, p, 5 * SIM_S);
		}
		mem_fail_nth(0, false);
		pair_free(p);
	}
}

static int setup(void **state)
{
	(void)state;
	sim_setup_tls();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_remove_tls();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bulk_over_bad_network),
	    cmocka_unit_test(test_refused_over_limit),
	    cmocka_unit_test(test_refused_by_handler),
	    cmocka_unit_test(test_retry),
	    cmocka_unit_test(test_drain_refuses),
	    cmocka_unit_test(test_stream_reset),
	    cmocka_unit_test(test_stream_refused),
	    cmocka_unit_test(test_stream_limit),
	    cmocka_unit_test(test_idle_timeout),
	    cmocka_unit_test(test_handshake_timeout),
	    cmocka_unit_test(test_close_lingers),
	    cmocka_unit_test(test_version_negotiation),
	    cmocka_unit_test(test_stateless_reset),
	    cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
