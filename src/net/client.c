/* A blocking client over the same state machine as the server's loop: packets move only inside its
 * calls. */
#include "net/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/net_int.h"
#include "net/udp.h"

#define CLIENT_STREAM_WINDOW (6u << 20)
#define CLIENT_CONN_WINDOW (16u << 20)
#define CLIENT_HANDSHAKE_MS 10000
#define CLOSE_MS 50 /* for the close packet to leave */

struct net_client_stream {
	struct net_client *client;
	struct net_stream *stream; /* NULL: ended or gone */
	struct buf in;             /* received, not taken */
	size_t in_at;
	bool ended; /* the server ended it */
	struct net_client_stream *prev, *next;
};

struct net_client {
	struct udp *udp;
	struct endpoint *endpoint;
	struct net_conn *conn; /* NULL: gone */
	bool opened;
	bool refused; /* the certificate */
	struct net_path path;
	struct net_client_stream *streams;
	char reason[NET_CONN_END_TEXT_LEN];
	uint64_t now_ns;
};

/* ---- what the endpoint tells ----------------------------------------------------------------------- */

static void *on_opened(void *user, struct net_conn *conn)
{
	struct net_client *c = user;

	(void)conn;
	c->opened = true;
	return c;
}

static void on_conn_closed(void *user)
{
	struct net_client *c = user;

	c->refused = c->conn->verdict.reason != NULL;
	(void)conn_end_text(c->conn, c->reason);
	c->conn = NULL;
}

static void on_data(void *user, const uint8_t *p, size_t n, bool fin)
{
	struct net_client_stream *s = user;

	buf_put(&s->in, p, n);
	s->ended = s->ended || fin;
}

static void on_stream_closed(void *user)
{
	struct net_client_stream *s = user;

	s->stream = NULL;
}

static const struct net_handler handler = {
	.conn_opened = on_opened,
	.conn_closed = on_conn_closed,
	.stream_data = on_data,
	.stream_closed = on_stream_closed,
};

/* ---- moving packets --------------------------------------------------------------------------------- */

static void on_datagram(void *ctx, const struct net_path *path, const uint8_t *p, size_t n)
{
	struct net_client *c = ctx;

	(void)path; /* a connected socket hears its peer only */
	endpoint_recv(c->endpoint, &c->path, p, n, c->now_ns);
}

/* Reads what is there, writes what is due. True: more waits to be written. */
static bool move_packets(struct net_client *c)
{
	c->now_ns = clock_mono_ns();
	while (udp_recv(c->udp, on_datagram, c) == UDP_RX_BATCH)
		;
	endpoint_expire(c->endpoint, c->now_ns);
	bool more = endpoint_send(c->endpoint, clock_mono_ns());
	udp_flush(c->udp);
	return more;
}

/* Sleeps until a packet, a deadline of QUIC's or the caller's. */
static void rest(struct net_client *c, uint64_t deadline_ns)
{
	struct pollfd fd = {.fd = udp_fd(c->udp), .events = POLLIN};
	uint64_t now = clock_mono_ns(), until = MIN_OF(endpoint_deadline(c->endpoint), deadline_ns);
	uint64_t wait_ns = until > now ? until - now : 0;
	struct timespec ts = {(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};

	(void)ppoll(&fd, 1, until == UINT64_MAX ? NULL : &ts, NULL);
}

/* Moves packets until ready says so. ST_STOPPED: the deadline passed; ST_CLOSED: it cannot come. */
static enum status wait_until(struct net_client *c, bool (*ready)(void *ctx), void *ctx,
			      uint64_t deadline_ns)
{
	for (;;) {
		bool more = move_packets(c);
		if (ready(ctx))
			return ST_OK;
		if (c->conn == NULL)
			return ST_CLOSED;
		if (clock_mono_ns() >= deadline_ns)
			return ST_STOPPED;
		if (!more)
			rest(c, deadline_ns);
	}
}

/* ---- connecting --------------------------------------------------------------------------------------- */

static bool is_opened(void *ctx)
{
	return ((struct net_client *)ctx)->opened;
}

static enum status open_endpoint(struct net_client *c, const struct net_client_options *o,
				 const struct net_address *remote, struct diag *d)
{
	const struct udp_options uo = {.connect = remote, .n_threads = 1};
	struct net_options no;

	TRY(udp_open(&uo, d, &c->udp));
	net_options_init(&no);
	no.tls = o->tls;
	no.stream_window = CLIENT_STREAM_WINDOW;
	no.conn_window = CLIENT_CONN_WINDOW;
	no.handshake_timeout_ms = CLIENT_HANDSHAKE_MS;
	if (o->idle_timeout_ms != 0)
		no.idle_timeout_ms = o->idle_timeout_ms;
	const struct net_sink sink = udp_sink(c->udp);
	TRY(endpoint_new(&no, &handler, c, 0, &sink, &c->endpoint));
	c->path = (struct net_path){.local = *udp_address(c->udp), .remote = *remote};
	return endpoint_connect(c->endpoint, &c->path, o->server_name != NULL ? o->server_name : o->host,
				clock_mono_ns(), &c->conn);
}

static void client_free(struct net_client *c)
{
	struct net_client_stream *s;

	if (c == NULL)
		return;
	endpoint_free(c->endpoint); /* tells the streams */
	while ((s = c->streams) != NULL) {
		c->streams = s->next;
		buf_release(&s->in);
		MEM_FREE(MEM_NET, s);
	}
	udp_close(c->udp);
	MEM_FREE(MEM_NET, c);
}

static enum status try_address(const struct net_client_options *o, const struct net_address *remote,
			       uint64_t deadline_ns, struct diag *d, struct net_client **ret)
{
	char text[NET_ADDRESS_TEXT_LEN];
	struct net_client *c = MEM_NEW(MEM_NET, struct net_client);

	if (c == NULL)
		return ST_NOMEM;
	enum status st = open_endpoint(c, o, remote, d);
	if (st == ST_OK)
		st = wait_until(c, is_opened, c, deadline_ns);
	if (st == ST_OK) {
		*ret = c;
		return ST_OK;
	}
	if (st == ST_CLOSED && c->refused)
		st = ST_AUTH;
	if (st == ST_CLOSED || st == ST_AUTH)
		(void)diag_fail(d, st, GQL_CONNECTION, DIAG_NO_POSITION, "cannot connect to %s: %s",
				net_address_text(remote, text), c->reason);
	else if (st == ST_STOPPED)
		(void)diag_fail(d, st, GQL_CONNECTION, DIAG_NO_POSITION,
				"cannot connect to %s: no answer in time",
				net_address_text(remote, text));
	client_free(c);
	return st;
}

enum status net_client_connect(const struct net_client_options *o, uint64_t deadline_ns, struct diag *d,
			       struct net_client **ret)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *all = NULL;
	char port[8];
	enum status st = ST_IO;

	snprintf(port, sizeof port, "%u", o->port);
	int rc = getaddrinfo(o->host, port, &hints, &all);
	if (rc != 0)
		return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION, "cannot resolve '%s': %s",
				 o->host, gai_strerror(rc));
	for (struct addrinfo *ai = all; ai != NULL; ai = ai->ai_next) {
		struct net_address remote;
		if (!net_address_from(ai->ai_addr, ai->ai_addrlen, &remote))
			continue;
		diag_reset(d); /* the last address's reason is told */
		st = try_address(o, &remote, deadline_ns, d, ret);
		if (st == ST_OK || st == ST_AUTH || st == ST_NOMEM)
			break;
	}
	freeaddrinfo(all);
	return st;
}

void net_client_close(struct net_client *c, uint64_t app_code)
{
	if (c == NULL)
		return;
	if (c->conn != NULL) {
		uint64_t until = clock_mono_ns() + CLOSE_MS * UINT64_C(1000000);
		conn_close_at(c->conn, app_code, until);
		while (endpoint_n_live(c->endpoint) > 0 && clock_mono_ns() < until)
			if (!move_packets(c) && endpoint_n_live(c->endpoint) > 0)
				rest(c, until);
	}
	client_free(c);
}

bool net_client_is_open(const struct net_client *c)
{
	return c->conn != NULL;
}

const char *net_client_reason(const struct net_client *c)
{
	return c->reason;
}

bool net_client_fingerprint(const struct net_client *c, uint8_t ret[TLS_FINGERPRINT_LEN])
{
	return c->conn != NULL && tls_peer_fingerprint(c->conn->session, ret);
}

/* ---- streams ---------------------------------------------------------------------------------------------- */

struct opening {
	struct net_client_stream *s;
	enum status st;
};

static bool try_open(void *ctx)
{
	struct opening *o = ctx;

	if (o->s->client->conn == NULL)
		return false;
	o->st = net_stream_open(o->s->client->conn, o->s, &o->s->stream);
	return o->st != ST_BUSY;
}

enum status net_client_stream_open(struct net_client *c, uint64_t deadline_ns,
				   struct net_client_stream **ret)
{
	struct net_client_stream *s = MEM_NEW(MEM_NET, struct net_client_stream);
	struct opening o = {.s = s};

	if (s == NULL)
		return ST_NOMEM;
	s->client = c;
	buf_init(&s->in, MEM_NET, 0);
	enum status st = wait_until(c, try_open, &o, deadline_ns);
	if (st == ST_OK)
		st = o.st;
	if (st != ST_OK) {
		MEM_FREE(MEM_NET, s);
		return st;
	}
	s->next = c->streams;
	if (c->streams != NULL)
		c->streams->prev = s;
	c->streams = s;
	*ret = s;
	return ST_OK;
}

void net_client_stream_close(struct net_client_stream *s)
{
	if (s == NULL)
		return;
	if (s->stream != NULL) {
		struct net_stream *stream = s->stream;
		stream->user = NULL; /* nothing more is told of it */
		s->stream = NULL;
		net_stream_reset(stream, NET_CLOSE_OK);
	}
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		s->client->streams = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	buf_release(&s->in);
	MEM_FREE(MEM_NET, s);
}

static bool has_room(void *ctx)
{
	struct net_client_stream *s = ctx;

	return s->stream == NULL || net_stream_unsent(s->stream) <= NET_STREAM_HIGH_BYTES;
}

enum status net_client_send(struct net_client_stream *s, struct chain *c, uint64_t deadline_ns)
{
	if (c->failed || s->stream == NULL) {
		bool failed = c->failed;
		chain_release(c);
		return failed ? ST_NOMEM : ST_CLOSED;
	}
	net_stream_send(s->stream, c);
	return wait_until(s->client, has_room, s, deadline_ns);
}

static bool has_bytes(void *ctx)
{
	struct net_client_stream *s = ctx;

	return s->in_at < s->in.len || s->ended || s->stream == NULL || !buf_ok(&s->in);
}

enum status net_client_recv(struct net_client_stream *s, void *p, size_t cap, uint64_t deadline_ns,
			    size_t *ret_n)
{
	enum status st = ST_OK;

	if (s->in_at == s->in.len) {
		buf_reset(&s->in);
		s->in_at = 0;
		st = wait_until(s->client, has_bytes, s, deadline_ns);
	}
	if (!buf_ok(&s->in))
		return ST_NOMEM;
	if (s->in_at == s->in.len)
		return st != ST_OK ? st : s->ended ? ST_END : ST_CLOSED;
	*ret_n = MIN_OF(cap, s->in.len - s->in_at);
	memcpy(p, s->in.p + s->in_at, *ret_n);
	s->in_at += *ret_n;
	return ST_OK;
}
