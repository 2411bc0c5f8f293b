/* net/stream.c - a stream's bytes: kept until acknowledged, counted against the water marks. */
#include "net/net_int.h"

#define SHORT_BYTES 1024 /* a chain up to here is copied rather than linked */

struct net_stream *stream_new(struct net_conn *c, int64_t id)
{
	struct net_stream *s = MEM_NEW(MEM_NET, struct net_stream);

	if (s == NULL)
		return NULL;
	s->conn = c;
	s->id = id;
	TAILQ_INSERT_TAIL(&c->streams, s, all);
	return s;
}

void stream_free(struct net_stream *s)
{
	stream_set_pending(s, false);
	s->conn->held_bytes -= s->held.len;
	chain_release(&s->held);
	TAILQ_REMOVE(&s->conn->streams, s, all);
	MEM_FREE(MEM_NET, s);
}

void stream_tell_closed(struct net_stream *s)
{
	void *user = s->user;

	if (user == NULL)
		return;
	s->user = NULL;
	s->conn->ep->handler->stream_closed(user);
}

void stream_set_pending(struct net_stream *s, bool pending)
{
	if (s->is_pending == pending)
		return;
	s->is_pending = pending;
	if (pending)
		TAILQ_INSERT_TAIL(&s->conn->pending, s, pending);
	else
		TAILQ_REMOVE(&s->conn->pending, s, pending);
}

static bool has_unsent(const struct net_stream *s)
{
	return s->n_unsent > 0 || (s->fin && !s->fin_sent);
}

static void wake(struct net_stream *s)
{
	if (s->blocked || !has_unsent(s))
		return;
	stream_set_pending(s, true);
	conn_touch(s->conn);
}

void stream_unblock(struct net_stream *s)
{
	s->blocked = false;
	wake(s);
}

void stream_broken(struct net_stream *s)
{
	stream_tell_closed(s);
	stream_set_pending(s, false);
	s->fin = s->fin_sent = true; /* sends nothing more */
	s->n_unsent = 0;
	s->next_buf = NULL;
	(void)ngc_shutdown_stream(s->conn->ng, s->id, NET_CLOSE_OK);
	conn_touch(s->conn);
}

/* ---- out ---- */

/* Short answers share a chunk while there is room behind the last one: else each would hold a chunk
 * of its own until it is acknowledged. Bytes before stay where they are. */
static void add_chain(struct net_stream *s, struct chain *c)
{
	struct iobuf *last = s->held.last;
	bool joins = last != NULL && c->len <= SHORT_BYTES && last->cap - last->len >= c->len;

	if (s->n_unsent == 0) {
		s->next_buf = joins ? last : c->first;
		s->next_at = joins ? last->len : 0;
	}
	s->n_unsent += c->len;
	s->conn->held_bytes += c->len;
	if (!joins) {
		chain_move(&s->held, c);
		return;
	}
	for (const struct iobuf *b = c->first; b != NULL; b = b->next)
		chain_put(&s->held, b->data, b->len);
	chain_release(c);
}

void net_stream_send(struct net_stream *s, struct chain *c)
{
	struct net_conn *conn = s->conn;

	if (c->failed && conn->state == CONN_OPEN)
		conn_close_at(conn, NET_CLOSE_NO_MEMORY, conn->ep->now_ns);
	if (c->failed || s->fin || conn->state != CONN_OPEN || c->len == 0) {
		chain_release(c);
		return;
	}
	add_chain(s, c);
	wake(s);
	if (conn->held_bytes > NET_CONN_HELD_MAX_BYTES)
		conn_close_at(conn, NET_CLOSE_STALLED, conn->ep->now_ns);
}

void net_stream_finish(struct net_stream *s)
{
	s->fin = true;
	wake(s);
}

void net_stream_reset(struct net_stream *s, uint64_t app_code)
{
	stream_set_pending(s, false);
	s->fin = s->fin_sent = true;
	s->n_unsent = 0;
	s->next_buf = NULL;
	if (s->conn->state != CONN_CLOSING)
		(void)ngc_shutdown_stream(s->conn->ng, s->id, app_code);
	conn_touch(s->conn);
}

size_t net_stream_unsent(const struct net_stream *s)
{
	return s->held.len;
}

bool net_stream_full(struct net_stream *s)
{
	bool full =
	    s->held.len > NET_STREAM_HIGH_BYTES || s->conn->held_bytes > NET_CONN_HIGH_BYTES;

	if (full)
		s->was_full = s->conn->some_full = true;
	return full;
}

struct net_conn *net_stream_conn(const struct net_stream *s)
{
	return s->conn;
}

size_t stream_vec(const struct net_stream *s, ngtcp2_vec *v, size_t max, size_t *ret_total)
{
	size_t n = 0;
	size_t total = 0;
	size_t at = s->next_at;

	for (struct iobuf *b = s->next_buf; b != NULL && n < max; b = b->next, at = 0) {
		if (b->len == at)
			continue;
		v[n++] = (ngtcp2_vec){.base = b->data + at, .len = b->len - at};
		total += b->len - at;
	}
	*ret_total = total;
	return n;
}

void stream_sent(struct net_stream *s, size_t n, bool with_fin)
{
	assert(n <= s->n_unsent);
	s->n_unsent -= n;
	s->next_at += n;
	while (s->next_buf != NULL && s->next_at >= s->next_buf->len) {
		s->next_at -= s->next_buf->len;
		s->next_buf = s->next_buf->next;
	}
	s->fin_sent |= with_fin;
	if (!has_unsent(s))
		stream_set_pending(s, false);
}

static void tell_writable(struct net_stream *s)
{
	s->was_full = false;
	if (s->user != NULL && s->conn->state == CONN_OPEN &&
	    s->conn->ep->handler->stream_writable != NULL)
		s->conn->ep->handler->stream_writable(s->user);
}

/* Those that wait for their connection, not for themselves, have no acknowledgement of their own to
 * wake them. */
static void wake_producers(struct net_conn *c)
{
	struct net_stream *s;

	c->some_full = false;
	TAILQ_FOREACH(s, &c->streams, all)
	{
		if (!s->was_full)
			continue;
		if (s->held.len <= NET_STREAM_LOW_BYTES)
			tell_writable(s);
		else
			c->some_full = true;
	}
}

void stream_acked(struct net_stream *s, uint64_t upto)
{
	struct net_conn *c = s->conn;
	size_t n = (size_t)(upto - s->n_acked);

	assert(n <= s->held.len);
	s->n_acked = upto;
	chain_drop(&s->held, &s->held_at, n);
	c->held_bytes -= n;
	if (c->some_full && c->state == CONN_OPEN && c->held_bytes <= NET_CONN_LOW_BYTES)
		wake_producers(c);
	else if (s->was_full && s->held.len <= NET_STREAM_LOW_BYTES &&
		 c->held_bytes <= NET_CONN_HIGH_BYTES)
		tell_writable(s);
}

/* ---- in ---- */

static void give_credit(struct net_stream *s, size_t n)
{
	(void)ngtcp2_conn_extend_max_stream_offset(s->conn->ng, s->id, n);
	ngtcp2_conn_extend_max_offset(s->conn->ng, n);
}

void stream_received(struct net_stream *s, const uint8_t *p, size_t n, bool fin)
{
	if (s->paused && s->user != NULL)
		s->withheld += n;
	else
		give_credit(s, n);
	if (s->user != NULL && s->conn->state == CONN_OPEN)
		s->conn->ep->handler->stream_data(s->user, p, n, fin);
}

void stream_credit(struct net_stream *s, size_t n)
{
	assert(n <= s->withheld);
	s->withheld -= n;
	if (n == 0 || s->conn->state == CONN_CLOSING)
		return;
	give_credit(s, n);
	conn_touch(s->conn);
}

void net_stream_pause(struct net_stream *s)
{
	s->paused = true;
}

void net_stream_resume(struct net_stream *s)
{
	s->paused = false;
	stream_credit(s, s->withheld);
}
