/* net/conn_end.c - the ways a connection ends: ours with what was sent delivered, the peer's,
 * errors, time-outs; and the close packet that answers late datagrams. */
#include "net/net_int.h"

#include <stdio.h>

#define CLOSING_PTOS 3 /* RFC 9000, 10.2: a closed connection answers for three of them */

void conn_not_half_open(struct net_conn *c)
{
	if (!c->half_open)
		return;
	c->half_open = false;
	c->ep->n_half_open--;
	__atomic_store_n(&c->ep->counts.half_open, c->ep->n_half_open, __ATOMIC_RELAXED);
}

/* The handler hears of nothing after this; the streams are gone. */
static void tell_closed(struct net_conn *c)
{
	struct net_stream *s;
	void *user = c->user;

	conn_not_half_open(c);
	c->state = CONN_CLOSING;
	while ((s = TAILQ_FIRST(&c->streams)) != NULL) {
		stream_tell_closed(s);
		stream_free(s);
	}
	c->user = NULL;
	if (user != NULL && c->ep->handler->conn_closed != NULL)
		c->ep->handler->conn_closed(user);
}

void conn_free(struct net_conn *c)
{
	struct endpoint *e = c->ep;

	if (c->state != CONN_CLOSING) {
		tell_closed(c);
		endpoint_count_live(e, -1);
	}
	timer_set(&e->timers, &c->timer, TIMER_NEVER);
	timer_unreserve(&e->timers);
	cid_table_del_all(&e->cids, &c->cids);
	if (c->touched)
		TAILQ_REMOVE(&e->touched, c, touched_link);
	TAILQ_REMOVE(&e->conns, c, all);
	e->n_conns--;
	__atomic_store_n(&e->counts.connections, e->n_conns, __ATOMIC_RELAXED);
	if (c->ng != NULL)
		ngtcp2_conn_del(c->ng);
	ngmem_release(&c->mem);
	if (c->session != NULL)
		gnutls_deinit(c->session);
	tls_unref(c->tls);
	mem_free(MEM_NET, c->close_packet, c->close_len);
	MEM_FREE(MEM_NET, c);
}

void conn_send_close_packet(struct net_conn *c)
{
	struct endpoint *e = c->ep;
	uint8_t *room = c->close_packet != NULL ? e->sink.room(e->sink.ctx, c->close_len) : NULL;

	if (room == NULL)
		return;
	memcpy(room, c->close_packet, c->close_len);
	conn_put_packet(c, ngtcp2_conn_get_path(c->ng), c->close_len);
}

/* Writes and keeps the close packet. Who has not finished the handshake costs no memory afterwards.
 */
static void conn_end_with(struct net_conn *c, const ngtcp2_ccerr *err)
{
	struct endpoint *e = c->ep;
	bool keep = c->state != CONN_HANDSHAKE;
	uint8_t packet[NET_CLOSE_PACKET_BYTES];
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info pi;

	ngtcp2_path_storage_zero(&ps);
	ngtcp2_ssize n = ngtcp2_conn_write_connection_close(c->ng, &ps.path, &pi, packet,
							    sizeof packet, err, e->now_ns);
	c->close_packet = n > 0 ? mem_alloc(MEM_NET, (size_t)n) : NULL;
	if (c->close_packet == NULL) {
		conn_free(c);
		return;
	}
	memcpy(c->close_packet, packet, (size_t)n);
	c->close_len = (size_t)n;
	conn_send_close_packet(c);
	if (!keep) {
		conn_free(c);
		return;
	}
	uint64_t wait_ns = CLOSING_PTOS * ngtcp2_conn_get_pto(c->ng);
	tell_closed(c);
	endpoint_count_live(e, -1);
	timer_set(&e->timers, &c->timer, e->now_ns + wait_ns);
}

void conn_end_app(struct net_conn *c)
{
	ngtcp2_ccerr err;

	ngtcp2_ccerr_default(&err);
	ngtcp2_ccerr_set_application_error(&err, c->close_code, NULL, 0);
	c->end = CONN_END_OURS;
	c->end_code = c->close_code;
	conn_end_with(c, &err);
}

/* The peer has closed: say which code it gave. */
static void conn_end_peer(struct net_conn *c)
{
	ngtcp2_ccerr err;

	ngtcp2_ccerr_default(&err);
	ngc_get_ccerr(c->ng, &err);
	c->end = err.type == NGC_CCERR_APPLICATION ? CONN_END_PEER : CONN_END_PEER_TRANSPORT;
	c->end_code = err.error_code;
	conn_free(c);
}

/* ngtcp2 gave an error from reading, writing or a timer. */
void conn_end_error(struct net_conn *c, int rv)
{
	ngtcp2_ccerr err;

	if (c->state == CONN_HANDSHAKE)
		count_add(&c->ep->counts.handshake_failures, 1);
	switch (rv) {
	case NGTCP2_ERR_DRAINING:
		conn_end_peer(c);
		return;
	case NGTCP2_ERR_IDLE_CLOSE:
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
		c->end = CONN_END_TIMEOUT;
		conn_free(c);
		return;
	case NGTCP2_ERR_DROP_CONN:
	case NGTCP2_ERR_RETRY:
	case NGTCP2_ERR_NOMEM:
		c->end = CONN_END_ERROR;
		c->end_code = (uint64_t)-rv;
		conn_free(c);
		return;
	default:
		break;
	}
	ngtcp2_ccerr_default(&err);
	if (rv == NGTCP2_ERR_CRYPTO) {
		c->end = CONN_END_TLS;
		c->end_code = ngtcp2_conn_get_tls_alert(c->ng);
		ngtcp2_ccerr_set_tls_alert(&err, ngtcp2_conn_get_tls_alert(c->ng), NULL, 0);
	} else {
		c->end = CONN_END_ERROR;
		c->end_code = (uint64_t)-rv;
		ngtcp2_ccerr_set_liberr(&err, rv, NULL, 0);
	}
	conn_end_with(c, &err);
}

const char *conn_end_text(const struct net_conn *c, char out[NET_CONN_END_TEXT_LEN])
{
	unsigned long long code = c->end_code;
	size_t cap = NET_CONN_END_TEXT_LEN;

	if (c->verdict.reason != NULL)
		snprintf(out, cap, "%s", c->verdict.reason);
	else if (c->end == CONN_END_OURS)
		snprintf(out, cap, "closed");
	else if (c->end == CONN_END_PEER)
		snprintf(out, cap, "closed by the peer with code %llu", code);
	else if (c->end == CONN_END_PEER_TRANSPORT && code == NGTCP2_CONNECTION_REFUSED)
		snprintf(out, cap, "the server takes no more connections");
	else if (c->end == CONN_END_PEER_TRANSPORT)
		snprintf(out, cap, "closed by the peer's transport with error 0x%llx", code);
	else if (c->end == CONN_END_TLS)
		snprintf(out, cap, "TLS alert %llu", code);
	else if (c->end == CONN_END_TIMEOUT)
		snprintf(out, cap, "no answer from the peer");
	else
		snprintf(out, cap, "%s", ngtcp2_strerror(-(int)c->end_code));
	return out;
}

void conn_close_at(struct net_conn *c, uint64_t app_code, uint64_t linger_until_ns)
{
	if (c->state == CONN_LINGER)
		c->linger_until_ns = MIN_OF(c->linger_until_ns, linger_until_ns);
	if (c->state != CONN_OPEN && c->state != CONN_HANDSHAKE)
		return;
	/* A handshake has nothing to deliver; it ends with its first write. */
	c->close_code = app_code;
	c->linger_until_ns = c->state == CONN_OPEN ? linger_until_ns : 0;
	c->state = c->state == CONN_OPEN ? CONN_LINGER : CONN_HANDSHAKE;
	if (c->state == CONN_HANDSHAKE)
		c->end = CONN_END_OURS;
	conn_touch(c);
}

void net_conn_close(struct net_conn *c, uint64_t app_code)
{
	conn_close_at(c, app_code, c->ep->now_ns + (uint64_t)NET_LINGER_MS * NGTCP2_MILLISECONDS);
}
