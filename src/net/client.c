/* net/client.c - the blocking client: an endpoint of its own, moved by the calls. */
#include "net/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "net/net_int.h"
#include "net/spin.h"
#include "net/udp.h"

#define STREAM_WINDOW (6u << 20)
#define CONN_WINDOW (16u << 20)
#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)

struct net_client {
	struct udp udp;
	struct endpoint *ep;
	struct net_conn *conn; /* NULL: gone */
	bool opened, bad_certificate;
	struct spin spin;
	LIST_HEAD(, net_client_stream) streams;
	char reason[NET_CONN_END_TEXT_LEN];
	char server_name[NI_MAXHOST];
};

struct net_client_stream {
	struct net_client *client;
	struct net_stream *net; /* NULL: ended */
	struct chain in;	/* received, not taken */
	size_t in_at;		/* into its first chunk */
	bool fin;
	LIST_ENTRY(net_client_stream) link;
};

/* ---- handler ---- */

static void *on_opened(void *user, struct net_conn *conn)
{
	struct net_client *c = user;

	(void)conn;
	c->opened = true;
	return c;
}

static void on_closed(void *user)
{
	struct net_client *c = user;

	if (c->conn == NULL)
		return;
	conn_end_text(c->conn, c->reason);
	c->bad_certificate = c->conn->verdict.reason != NULL;
	c->conn = NULL;
}

/* A server of ours opens none. */
static void *on_stream_opened(void *user, struct net_stream *s)
{
	(void)user;
	(void)s;
	return NULL;
}

static void on_stream_data(void *user, const uint8_t *p, size_t n, bool fin)
{
	struct net_client_stream *s = user;

	chain_put(&s->in, p, n);
	s->fin |= fin;
}

static void on_stream_closed(void *user)
{
	struct net_client_stream *s = user;

	s->net = NULL;
}

static const struct net_handler handler = {
    .conn_opened = on_opened,
    .conn_closed = on_closed,
    .stream_opened = on_stream_opened,
    .stream_data = on_stream_data,
    .stream_closed = on_stream_closed,
};

/* ---- moving packets ---- */

static void on_datagram(void *ctx, const struct net_path *path, const uint8_t *p, size_t n)
{
	struct net_client *c = ctx;

	endpoint_recv(c->ep, path, p, n, clock_mono_ns());
}

static void give_up(struct net_client *c, const char *reason)
{
	if (c->conn == NULL)
		return;
	conn_free(c->conn); /* comes back through on_closed */
	snprintf(c->reason, sizeof c->reason, "%s", reason);
}

/* ICMP can be forged on a network, so an open connection believes it from this machine only. */
static void check_refused(struct net_client *c)
{
	if (c->udp.refused && c->conn != NULL &&
	    (!c->opened || net_address_is_loopback(net_conn_peer(c->conn))))
		give_up(c, "connection refused");
	c->udp.refused = false;
}

static void send_now(struct net_client *c)
{
	bool more;

	if (c->udp.blocked && !udp_flush(&c->udp))
		return;
	do
		more = endpoint_send(c->ep, clock_mono_ns());
	while (udp_flush(&c->udp) && more);
}

/* What came or passed since the last call: a request is not sent on a connection that is known to
 * be gone, so that its caller may safely send it on another one. n is what the last look found. */
static void catch_up(struct net_client *c, uint32_t n)
{
	while (n == c->udp.n_rx)
		n = udp_recv(&c->udp, on_datagram, c);
	check_refused(c);
	endpoint_expire(c->ep, clock_mono_ns());
}

static void sleep_until(struct net_client *c, uint64_t until_ns)
{
	struct pollfd fd = {.fd = c->udp.fd,
			    .events = (short)(POLLIN | (c->udp.blocked ? POLLOUT : 0))};
	uint64_t now_ns = clock_mono_ns();
	struct timespec t = {0};

	until_ns = MIN_OF(until_ns, endpoint_deadline(c->ep));
	if (until_ns > now_ns && until_ns != NET_NO_DEADLINE) {
		t.tv_sec = (time_t)((until_ns - now_ns) / NS_PER_S);
		t.tv_nsec = (long)((until_ns - now_ns) % NS_PER_S);
	}
	(void)ppoll(&fd, 1, until_ns != NET_NO_DEADLINE ? &t : NULL, NULL);
}

/* Sends what is due, waits until something comes, reads it. The acknowledgement of what was read
 * goes out with the next call: a request that follows carries it. */
static void client_turn(struct net_client *c, uint64_t deadline_ns)
{
	uint32_t n;

	send_now(c);
	spin_start(&c->spin, clock_mono_ns());
	do
		n = udp_recv(&c->udp, on_datagram, c);
	while (n == 0 && !c->udp.refused && spin_again(&c->spin));
	if (n != 0) {
		spin_found(&c->spin);
	} else if (!c->udp.refused) {
		sleep_until(c, deadline_ns);
		n = c->udp.n_rx;
	}
	catch_up(c, n);
}

/* ---- connect and close ---- */

static void client_shut(struct net_client *c)
{
	c->conn = NULL;
	endpoint_free(c->ep);
	udp_close(&c->udp);
	c->ep = NULL;
}

static enum status try_address(struct net_client *c, const struct net_client_options *o,
			       const struct net_address *to, uint64_t deadline_ns, struct diag *d)
{
	struct net_options no;
	struct net_sink sink;
	struct net_path path = {.remote = *to};

	net_options_init(&no);
	no.tls = o->tls;
	no.stream_window = STREAM_WINDOW;
	no.conn_window = CONN_WINDOW;
	if (o->idle_timeout_ms != 0)
		no.idle_timeout_ms = o->idle_timeout_ms;
	TRY(udp_connect(&c->udp, to, d));
	path.local = c->udp.local;
	sink = udp_sink(&c->udp);
	TRY(endpoint_new(&no, &handler, c, 0, &sink, &c->ep));
	TRY(endpoint_connect(c->ep, &path, c->server_name, clock_mono_ns(), &c->conn));
	while (c->conn != NULL && !c->opened && clock_mono_ns() < deadline_ns)
		client_turn(c, deadline_ns);
	if (c->opened && c->conn != NULL)
		return ST_OK;
	if (c->conn != NULL)
		give_up(c, "no answer in time");
	return c->bad_certificate ? ST_AUTH : ST_IO;
}

static enum status resolve(const struct net_client_options *o, struct diag *d,
			   struct addrinfo **ret)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
	char port[8];

	snprintf(port, sizeof port, "%u", o->port);
	int rv = getaddrinfo(o->host, port, &hints, ret);
	if (rv != 0)
		return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION,
				 "unknown host '%s': %s", o->host, gai_strerror(rv));
	return ST_OK;
}

static enum status connect_any(struct net_client *c, const struct net_client_options *o,
			       uint64_t deadline_ns, struct diag *d)
{
	struct addrinfo *all = NULL;
	enum status st = ST_IO;

	TRY(resolve(o, d, &all));
	for (struct addrinfo *a = all; a != NULL; a = a->ai_next) {
		struct net_address to;
		uint64_t now_ns = clock_mono_ns();
		uint64_t until_ns = deadline_ns;

		if (now_ns >= deadline_ns || !net_address_from(a->ai_addr, a->ai_addrlen, &to))
			continue;
		if (a->ai_next != NULL) /* leave the others half of what is left */
			until_ns = now_ns + (deadline_ns - now_ns) / 2;
		diag_reset(d);
		st = try_address(c, o, &to, until_ns, d);
		if (st == ST_OK || st == ST_AUTH)
			break;
		client_shut(c);
	}
	freeaddrinfo(all);
	if (st != ST_OK && !diag_is_set(d))
		(void)diag_set(d, st == ST_AUTH ? GQL_AUTH_FAILED : GQL_CONNECTION,
			       DIAG_NO_POSITION, "cannot connect to '%s', port %u: %s", o->host,
			       o->port, c->reason[0] != '\0' ? c->reason : "no answer in time");
	return st;
}

enum status net_client_connect(const struct net_client_options *o, uint64_t deadline_ns,
			       struct diag *d, struct net_client **ret)
{
	struct net_client *c = MEM_NEW(MEM_NET, struct net_client);

	if (c == NULL)
		return ST_NOMEM;
	c->udp.fd = -1;
	c->spin.limit_ns = o->spin_us * NS_PER_US;
	LIST_INIT(&c->streams);
	snprintf(c->server_name, sizeof c->server_name, "%s",
		 o->server_name != NULL ? o->server_name : o->host);
	enum status st = connect_any(c, o, deadline_ns, d);
	if (st != ST_OK) {
		net_client_close(c, 0);
		return st;
	}
	*ret = c;
	return ST_OK;
}

void net_client_close(struct net_client *c, uint64_t app_code)
{
	struct net_client_stream *s;

	if (c == NULL)
		return;
	if (c->conn != NULL) {
		conn_close_at(c->conn, app_code, 0);
		send_now(c);
	}
	while ((s = LIST_FIRST(&c->streams)) != NULL)
		net_client_stream_close(s);
	client_shut(c);
	MEM_FREE(MEM_NET, c);
}

bool net_client_is_open(const struct net_client *c)
{
	return c->conn != NULL;
}

bool net_client_fingerprint(const struct net_client *c, uint8_t ret[TLS_FINGERPRINT_LEN])
{
	return c->conn != NULL && tls_peer_fingerprint(c->conn->session, ret);
}

const char *net_client_reason(const struct net_client *c)
{
	return c->reason;
}

/* ---- streams ---- */

enum status net_client_stream_open(struct net_client *c, uint64_t deadline_ns,
				   struct net_client_stream **ret)
{
	struct net_client_stream *s = MEM_NEW(MEM_NET, struct net_client_stream);
	enum status st = ST_CLOSED;

	if (s == NULL)
		return ST_NOMEM;
	catch_up(c, c->udp.n_rx);
	while (c->conn != NULL && (st = net_stream_open(c->conn, s, &s->net)) == ST_BUSY) {
		if (clock_mono_ns() >= deadline_ns) {
			st = ST_STOPPED;
			break;
		}
		client_turn(c, deadline_ns);
	}
	if (st != ST_OK) {
		MEM_FREE(MEM_NET, s);
		return c->conn == NULL ? ST_CLOSED : st;
	}
	s->client = c;
	net_stream_pause(s->net); /* credit is given as bytes are taken */
	LIST_INSERT_HEAD(&c->streams, s, link);
	*ret = s;
	return ST_OK;
}

void net_client_stream_close(struct net_client_stream *s)
{
	if (s == NULL)
		return;
	if (s->net != NULL) {
		s->net->user = NULL;
		net_stream_reset(s->net, NET_CLOSE_OK);
	}
	chain_release(&s->in);
	LIST_REMOVE(s, link);
	MEM_FREE(MEM_NET, s);
}

enum status net_client_send(struct net_client_stream *s, struct chain *chain, uint64_t deadline_ns)
{
	bool failed = chain->failed;

	catch_up(s->client, s->client->udp.n_rx);
	if (s->net == NULL || failed) {
		chain_release(chain);
		return failed ? ST_NOMEM : ST_CLOSED;
	}
	net_stream_send(s->net, chain);
	send_now(s->client);
	while (s->net != NULL && net_stream_unsent(s->net) > NET_STREAM_HIGH_BYTES) {
		if (clock_mono_ns() >= deadline_ns)
			return ST_STOPPED;
		client_turn(s->client, deadline_ns);
	}
	return s->net != NULL ? ST_OK : ST_CLOSED;
}

static size_t take(struct net_client_stream *s, uint8_t *p, size_t cap)
{
	size_t n = 0;

	while (n < cap && s->in.first != NULL) {
		const struct iobuf *b = s->in.first;
		size_t part = MIN_OF(cap - n, (size_t)b->len - s->in_at);
		memcpy(p + n, b->data + s->in_at, part);
		chain_drop(&s->in, &s->in_at, part);
		n += part;
	}
	if (s->net != NULL)
		stream_credit(s->net, n);
	return n;
}

enum status net_client_recv(struct net_client_stream *s, void *p, size_t cap, uint64_t deadline_ns,
			    size_t *ret_n)
{
	while (s->in.len == 0) {
		if (s->in.failed)
			return ST_NOMEM;
		if (s->fin)
			return ST_END;
		if (s->net == NULL)
			return ST_CLOSED;
		if (clock_mono_ns() >= deadline_ns)
			return ST_STOPPED;
		client_turn(s->client, deadline_ns);
	}
	*ret_n = take(s, p, cap);
	return ST_OK;
}
