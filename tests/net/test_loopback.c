/* tests/net/test_loopback.c - a loop thread and blocking clients on 127.0.0.1 and ::1, real
 * sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"
#include "net/client.h"
#include "net/net.h"

#define S UINT64_C(1000000000)
#define BULK_BYTES (5u << 20)
#define CLOSE_CODE 7

static char dir[] = "/tmp/geode-net-XXXXXX";
static char cert[64], key[64];

struct server {
	struct net_loop *loop;
	struct thread thread;
	struct tls *tls;
	_Atomic uint32_t n_conns, n_streams, n_messages;
};

struct echo {
	struct server *server;
	struct net_stream *stream;
	struct chain waiting; /* while the stream is full */
	bool fin;
};

static void *conn_opened(void *user, struct net_conn *c)
{
	struct server *sv = user;

	(void)c;
	sv->n_conns++;
	return sv;
}

static void conn_closed(void *user)
{
	struct server *sv = user;

	sv->n_conns--;
}

static void *stream_opened(void *user, struct net_stream *s)
{
	struct echo *e = calloc(1, sizeof *e);

	e->server = user;
	e->stream = s;
	e->server->n_streams++;
	return e;
}

/* Echoes; "quit" closes the connection after the answer. */
static void stream_data(void *user, const uint8_t *p, size_t n, bool fin)
{
	struct echo *e = user;

	chain_put(&e->waiting, p, n);
	e->fin |= fin;
	if (net_stream_full(e->stream)) {
		net_stream_pause(e->stream);
		return;
	}
	net_stream_send(e->stream, &e->waiting);
	if (e->fin)
		net_stream_finish(e->stream);
	if (n == 4 && memcmp(p, "quit", 4) == 0)
		net_conn_close(net_stream_conn(e->stream), CLOSE_CODE);
}

static void stream_writable(void *user)
{
	struct echo *e = user;

	net_stream_send(e->stream, &e->waiting);
	net_stream_resume(e->stream);
	if (e->fin)
		net_stream_finish(e->stream);
}

static void stream_closed(void *user)
{
	struct echo *e = user;

	chain_release(&e->waiting);
	e->server->n_streams--;
	free(e);
}

static void message(void *user, struct queue_node *n)
{
	struct server *sv = user;

	(void)n;
	sv->n_messages++;
}

static const struct net_handler echo_handler = {
    .conn_opened = conn_opened,
    .conn_closed = conn_closed,
    .stream_opened = stream_opened,
    .stream_data = stream_data,
    .stream_writable = stream_writable,
    .stream_closed = stream_closed,
    .message = message,
};

static void run(void *arg)
{
	struct server *sv = arg;

	net_loop_run(sv->loop);
}

static void server_start(struct server *sv, const char *host, struct net_options *o)
{
	struct diag d;

	diag_reset(&d);
	*sv = (struct server){0};
	assert_int_equal(tls_server_new(cert, key, &d, &sv->tls), ST_OK);
	o->tls = sv->tls;
	assert_true(net_address_parse(host, 0, &o->listen));
	assert_int_equal(net_loop_new(o, &echo_handler, sv, 0, &d, &sv->loop), ST_OK);
	assert_int_equal(thread_start(&sv->thread, "io-0", run, sv), ST_OK);
}

static void server_stop(struct server *sv)
{
	net_loop_stop(sv->loop, 1, 1000);
	thread_join(&sv->thread);
	assert_int_equal(sv->n_conns, 0);
	assert_int_equal(sv->n_streams, 0);
	net_loop_free(sv->loop);
	tls_unref(sv->tls);
}

static enum status dial(const struct server *sv, const char *host,
			const struct tls_client_options *to, struct diag *d,
			struct net_client **ret)
{
	struct tls *tls = NULL;
	struct net_client_options o = {.host = host,
				       .port = net_address_port(net_loop_address(sv->loop))};

	diag_reset(d);
	assert_int_equal(tls_client_new(to, d, &tls), ST_OK);
	o.tls = tls;
	enum status st = net_client_connect(&o, clock_mono_ns() + 10 * S, d, ret);
	tls_unref(tls);
	return st;
}

static struct net_client *dial_ok(const struct server *sv, const char *host)
{
	struct tls_client_options to = {.ca_file = cert};
	struct net_client *c = NULL;
	struct diag d;
	enum status st = dial(sv, host, &to, &d, &c);

	if (st != ST_OK)
		fail_msg("%s: %s", status_name(st), d.message);
	return c;
}

static void send_bytes(struct net_client_stream *s, const void *p, size_t n)
{
	struct chain out = {0};

	chain_put(&out, p, n);
	assert_int_equal(net_client_send(s, &out, clock_mono_ns() + 20 * S), ST_OK);
}

static void expect_bytes(struct net_client_stream *s, const void *want, size_t n)
{
	uint8_t got[4096];
	const uint8_t *p = want;

	while (n > 0) {
		size_t part = 0;
		assert_int_equal(
		    net_client_recv(s, got, MIN_OF(n, sizeof got), clock_mono_ns() + 20 * S, &part),
		    ST_OK);
		assert_memory_equal(got, p, part);
		p += part;
		n -= part;
	}
}

static void round_trips(struct net_client *c)
{
	struct net_client_stream *s = NULL;

	assert_int_equal(net_client_stream_open(c, clock_mono_ns() + 10 * S, &s), ST_OK);
	for (int i = 0; i < 200; i++) {
		uint64_t ask[8] = {[0] = (uint64_t)i};
		send_bytes(s, ask, sizeof ask);
		expect_bytes(s, ask, sizeof ask);
	}
	net_client_stream_close(s);
}

static void test_round_trips(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct server sv;
		struct net_options o;
		net_options_init(&o);
		server_start(&sv, hosts[i], &o);
		struct net_client *c = dial_ok(&sv, hosts[i]);
		round_trips(c);
		net_client_close(c, 0);
		server_stop(&sv);
	}
}

/* Bound to every address, the answer leaves from the one that was asked. */
static void test_wildcard(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};
	struct server sv;
	struct net_options o;

	(void)state;
	net_options_init(&o);
	server_start(&sv, "", &o);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct net_client *c = dial_ok(&sv, hosts[i]);
		round_trips(c);
		net_client_close(c, 0);
	}
	server_stop(&sv);
}

static void bulk(bool big_packets)
{
	struct server sv;
	struct net_options o;
	struct net_client_stream *s = NULL;
	uint8_t *bytes = malloc(BULK_BYTES);

	for (size_t i = 0; i < BULK_BYTES; i++)
		bytes[i] = (uint8_t)(i * 31 >> 8);
	net_options_init(&o);
	o.big_loopback_packets = big_packets;
	server_start(&sv, "127.0.0.1", &o);
	struct net_client *c = dial_ok(&sv, "localhost");
	assert_int_equal(net_client_stream_open(c, clock_mono_ns() + 10 * S, &s), ST_OK);
	for (size_t at = 0; at < BULK_BYTES; at += 1 << 20) {
		send_bytes(s, bytes + at, 1 << 20);
		expect_bytes(s, bytes + at, 1 << 20);
	}
	net_client_close(c, 0);
	server_stop(&sv);
	free(bytes);
}

static void test_bulk(void **state)
{
	(void)state;
	bulk(true);
	bulk(false);
}

static void test_server_closes_after_answer(void **state)
{
	struct server sv;
	struct net_options o;
	struct net_client_stream *s = NULL;
	uint8_t got[8];
	size_t n = 0;

	(void)state;
	net_options_init(&o);
	server_start(&sv, "127.0.0.1", &o);
	struct net_client *c = dial_ok(&sv, "127.0.0.1");
	assert_int_equal(net_client_stream_open(c, clock_mono_ns() + 10 * S, &s), ST_OK);
	send_bytes(s, "quit", 4);
	expect_bytes(s, "quit", 4);
	assert_int_equal(net_client_recv(s, got, sizeof got, clock_mono_ns() + 10 * S, &n),
			 ST_CLOSED);
	assert_false(net_client_is_open(c));
	assert_string_equal(net_client_reason(c), "closed by the peer with code 7");
	net_client_close(c, 0);
	server_stop(&sv);
}

/* A client that rested while the server stopped learns it before it sends. */
static void test_server_stops(void **state)
{
	struct server sv;
	struct net_options o;
	struct net_client_stream *s = NULL;
	struct chain out = {0};

	(void)state;
	net_options_init(&o);
	server_start(&sv, "127.0.0.1", &o);
	struct net_client *c = dial_ok(&sv, "127.0.0.1");
	assert_int_equal(net_client_stream_open(c, clock_mono_ns() + 10 * S, &s), ST_OK);
	send_bytes(s, "a", 1);
	expect_bytes(s, "a", 1);
	server_stop(&sv);
	chain_put(&out, "b", 1);
	assert_int_equal(net_client_send(s, &out, clock_mono_ns() + 10 * S), ST_CLOSED);
	assert_int_equal(out.len, 0);
	assert_string_equal(net_client_reason(c), "closed by the peer with code 1");
	assert_int_equal(net_client_stream_open(c, clock_mono_ns() + 10 * S, &s), ST_CLOSED);
	net_client_close(c, 0);
}

static void test_certificates(void **state)
{
	struct server sv;
	struct net_options o;
	struct diag d;
	struct net_client *c = NULL;
	uint8_t pin[TLS_FINGERPRINT_LEN];
	struct tls_client_options system = {0};
	struct tls_client_options insecure = {.insecure = true};
	struct tls_client_options pinned = {.fingerprint = pin};

	(void)state;
	net_options_init(&o);
	server_start(&sv, "127.0.0.1", &o);
	assert_int_equal(dial(&sv, "127.0.0.1", &system, &d, &c), ST_AUTH);
	assert_non_null(strstr(d.message, "signed by nobody we trust"));
	assert_int_equal(dial(&sv, "127.0.0.1", &insecure, &d, &c), ST_OK);
	net_client_close(c, 0);
	tls_fingerprint(sv.tls, pin);
	assert_int_equal(dial(&sv, "127.0.0.1", &pinned, &d, &c), ST_OK);
	net_client_close(c, 0);
	pin[0] ^= 1;
	assert_int_equal(dial(&sv, "127.0.0.1", &pinned, &d, &c), ST_AUTH);
	assert_non_null(strstr(d.message, "not the pinned one"));
	server_stop(&sv);
}

static void test_refused(void **state)
{
	struct server sv;
	struct net_options o;
	struct diag d;
	struct net_client *c = NULL, *second = NULL;
	struct tls_client_options insecure = {.insecure = true};

	(void)state;
	net_options_init(&o);
	o.max_connections = 1;
	server_start(&sv, "127.0.0.1", &o);
	assert_int_equal(dial(&sv, "127.0.0.1", &insecure, &d, &c), ST_OK);
	assert_int_equal(dial(&sv, "127.0.0.1", &insecure, &d, &second), ST_IO);
	assert_non_null(strstr(d.message, "no more connections"));
	net_client_close(c, 0);
	server_stop(&sv);
}

static void test_nobody_listens(void **state)
{
	struct server sv;
	struct net_options o;
	struct diag d;
	struct net_client *c = NULL;
	struct tls *tls = NULL;
	struct tls_client_options insecure = {.insecure = true};
	struct net_client_options co = {.host = "127.0.0.1"};

	(void)state;
	net_options_init(&o);
	server_start(&sv, "127.0.0.1", &o);
	co.port = net_address_port(net_loop_address(sv.loop));
	server_stop(&sv);
	diag_reset(&d);
	assert_int_equal(tls_client_new(&insecure, &d, &tls), ST_OK);
	co.tls = tls;
	assert_int_equal(net_client_connect(&co, clock_mono_ns() + 10 * S, &d, &c), ST_IO);
	assert_non_null(strstr(d.message, "connection refused"));
	tls_unref(tls);
}

/* With two loops on one port each datagram reaches the loop that its connection id names. */
static void test_two_loops(void **state)
{
	struct server sv[2] = {0};
	struct net_options o;
	struct diag d;
	struct net_counts counts[2];

	(void)state;
	net_options_init(&o);
	o.n_threads = 2;
	diag_reset(&d);
	assert_int_equal(tls_server_new(cert, key, &d, &o.tls), ST_OK);
	assert_true(net_address_parse("127.0.0.1", 0, &o.listen));
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(net_loop_new(&o, &echo_handler, &sv[i], i, &d, &sv[i].loop),
				 ST_OK);
		o.listen = *net_loop_address(sv[i].loop);
	}
	for (uint32_t i = 0; i < 2; i++) {
		sv[i].tls = tls_ref(o.tls);
		assert_int_equal(thread_start(&sv[i].thread, "io", run, &sv[i]), ST_OK);
	}
	tls_unref(o.tls);
	for (int i = 0; i < 12; i++) {
		struct net_client *c = dial_ok(&sv[0], "127.0.0.1");
		round_trips(c);
		net_client_close(c, 0);
	}
	for (uint32_t i = 0; i < 2; i++)
		net_loop_counts(sv[i].loop, &counts[i]);
	assert_int_equal(counts[0].accepted + counts[1].accepted, 12);
	assert_int_equal(counts[0].resets + counts[1].resets, 0);
	server_stop(&sv[1]);
	server_stop(&sv[0]);
}

static void test_inbox(void **state)
{
	struct server sv;
	struct net_options o;
	struct queue_node n[3];

	(void)state;
	net_options_init(&o);
	server_start(&sv, "127.0.0.1", &o);
	assert_int_equal(net_loop_post(sv.loop, &n[0]), ST_OK);
	assert_int_equal(net_loop_post(sv.loop, &n[1]), ST_OK);
	net_loop_post_reserved(sv.loop, &n[2]);
	net_loop_stop(sv.loop, 1, 1000);
	thread_join(&sv.thread);
	assert_int_equal(sv.n_messages, 3);
	net_loop_free(sv.loop);
	tls_unref(sv.tls);
}

static int setup(void **state)
{
	struct diag d;

	(void)state;
	diag_reset(&d);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	snprintf(key, sizeof key, "%s/key.pem", dir);
	return tls_make_self_signed(cert, key, &d) == ST_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(cert);
	unlink(key);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trips),	 cmocka_unit_test(test_wildcard),
	    cmocka_unit_test(test_bulk),	 cmocka_unit_test(test_server_closes_after_answer),
	    cmocka_unit_test(test_server_stops), cmocka_unit_test(test_certificates),
	    cmocka_unit_test(test_refused),	 cmocka_unit_test(test_nobody_listens),
	    cmocka_unit_test(test_two_loops),	 cmocka_unit_test(test_inbox),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
