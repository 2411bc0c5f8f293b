/* net/conn.c - a connection: ngtcp2's callbacks, how it is made, how it reads and writes. */
#include "net/net_int.h"

#include "base/hash.h"

/* Pieces of a stream frame. ngtcp2 below 1.6 keeps up to 3 of them in its pool and loses the memory
 * of a longer one that it sends again in fewer (its issue 1244). */
#define VEC_MAX 3

/* ---- callbacks ---- */

static ngtcp2_conn *get_ng(ngtcp2_crypto_conn_ref *ref)
{
	return container_of(ref, struct net_conn, ref)->ng;
}

struct tls_verdict *tls_verdict_of(const ngtcp2_crypto_conn_ref *ref)
{
	return &container_of(ref, struct net_conn, ref)->verdict;
}

static void on_rand(uint8_t *p, size_t n, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	rand_secret(p, n);
}

static int on_new_cid(ngtcp2_conn *ng, ngtcp2_cid *cid, uint8_t *token, size_t len, void *user)
{
	struct net_conn *c = user;
	struct endpoint *e = c->ep;

	(void)ng;
	assert(len == CID_LEN);
	cid->datalen = len;
	cid_make(e->index, e->opt.n_threads, cid->data);
	if (ngtcp2_crypto_generate_stateless_reset_token(token, e->opt.secret, NET_SECRET_LEN,
							 cid) != 0 ||
	    cid_table_add(&e->cids, cid->data, len, &c->cids) != ST_OK)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	return 0;
}

static int on_remove_cid(ngtcp2_conn *ng, const ngtcp2_cid *cid, void *user)
{
	struct net_conn *c = user;

	(void)ng;
	cid_table_del(&c->ep->cids, cid->data, cid->datalen);
	return 0;
}

static int on_handshake(ngtcp2_conn *ng, void *user)
{
	struct net_conn *c = user;
	struct endpoint *e = c->ep;

	conn_not_half_open(c);
	c->state = CONN_OPEN;
	if (e->is_server) {
		uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
		size_t n = token_address_make(e->opt.secret, &c->path.remote, e->now_ns, token);
		if (n > 0)
			(void)ngtcp2_conn_submit_new_token(ng, token, n);
	}
	c->user = e->handler->conn_opened != NULL ? e->handler->conn_opened(e->loop_user, c)
						  : e->loop_user;
	if (c->user == NULL)
		conn_close_at(c, NET_CLOSE_REFUSED, e->now_ns);
	return 0;
}

static int on_stream_open(ngtcp2_conn *ng, int64_t id, void *user)
{
	struct net_conn *c = user;

	if (c->state != CONN_OPEN)
		return 0;
	struct net_stream *s = stream_new(c, id);
	if (s == NULL)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	(void)ngtcp2_conn_set_stream_user_data(ng, id, s);
	s->user = c->ep->handler->stream_opened(c->user, s);
	if (s->user == NULL)
		net_stream_reset(s, NET_CLOSE_REFUSED);
	return 0;
}

static int on_data(ngtcp2_conn *ng, uint32_t flags, int64_t id, uint64_t offset, const uint8_t *p,
		   size_t n, void *user, void *stream_user)
{
	(void)user;
	(void)offset;
	if (stream_user != NULL) {
		stream_received(stream_user, p, n, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
	} else {
		(void)ngtcp2_conn_extend_max_stream_offset(ng, id, n);
		ngtcp2_conn_extend_max_offset(ng, n);
	}
	return 0;
}

static int on_acked(ngtcp2_conn *ng, int64_t id, uint64_t offset, uint64_t n, void *user,
		    void *stream_user)
{
	(void)ng;
	(void)id;
	(void)user;
	if (stream_user != NULL)
		stream_acked(stream_user, offset + n);
	return 0;
}

/* Only here is the peer allowed one more stream, so a peer that opens and resets streams gets no
 * more than max_streams at work at once. */
static int on_stream_close(ngtcp2_conn *ng, uint32_t flags, int64_t id, uint64_t code, void *user,
			   void *stream_user)
{
	struct net_stream *s = stream_user;

	(void)flags;
	(void)code;
	(void)user;
	if (s != NULL) {
		stream_tell_closed(s);
		ngtcp2_conn_extend_max_offset(ng, s->withheld);
		stream_free(s);
	}
	if (!ngtcp2_conn_is_local_stream(ng, id))
		ngtcp2_conn_extend_max_streams_bidi(ng, 1);
	return 0;
}

static int on_stream_reset(ngtcp2_conn *ng, int64_t id, uint64_t final_size, uint64_t code,
			   void *user, void *stream_user)
{
	(void)ng;
	(void)id;
	(void)final_size;
	(void)code;
	(void)user;
	if (stream_user != NULL)
		stream_broken(stream_user);
	return 0;
}

static int on_stream_window(ngtcp2_conn *ng, int64_t id, uint64_t max, void *user,
			    void *stream_user)
{
	(void)ng;
	(void)id;
	(void)max;
	(void)user;
	if (stream_user != NULL)
		stream_unblock(stream_user);
	return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .handshake_completed = on_handshake,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_data,
    .acked_stream_data_offset = on_acked,
    .stream_open = on_stream_open,
    .stream_close = on_stream_close,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .rand = on_rand,
    .get_new_connection_id = on_new_cid,
    .remove_connection_id = on_remove_cid,
    .update_key = ngtcp2_crypto_update_key_cb,
    .stream_reset = on_stream_reset,
    .extend_max_stream_data = on_stream_window,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

/* ---- made ---- */

static void fill_settings(const struct net_conn *c, ngtcp2_settings *st,
			  ngtcp2_transport_params *tp)
{
	const struct net_options *o = &c->ep->opt;

	ngtcp2_settings_default(st);
	st->initial_ts = c->ep->now_ns;
	st->handshake_timeout = o->handshake_timeout_ms * NGTCP2_MILLISECONDS;
	st->ack_thresh = 1; /* else an answer travels without the acknowledgement of its request */
	st->max_tx_udp_payload_size = c->packet_bytes;
	if (c->packet_bytes > NET_PACKET_BYTES) { /* path MTU discovery stops at Ethernet's size */
		st->no_tx_udp_payload_size_shaping = 1;
		st->no_pmtud = 1;
		/* A padded first packet is half the first window: at the default of 333 ms the
		 * pacer would hold the next one back for 130 ms. */
		st->initial_rtt = NET_LOOPBACK_RTT_MS * NGTCP2_MILLISECONDS;
	}
	ngtcp2_transport_params_default(tp);
	tp->initial_max_data = o->conn_window;
	tp->initial_max_stream_data_bidi_local = o->stream_window;
	tp->initial_max_stream_data_bidi_remote = o->stream_window;
	tp->initial_max_streams_bidi = c->ep->is_server ? o->max_streams : 0;
	tp->initial_max_streams_uni = 0;
	tp->max_idle_timeout = o->idle_timeout_ms * NGTCP2_MILLISECONDS;
	tp->active_connection_id_limit = 4;
	tp->disable_active_migration = 1; /* 0.12 has faults there; a new NAT port still works */
}

static ngtcp2_path ng_path(const struct net_path *p)
{
	return (ngtcp2_path){
	    .local = {(ngtcp2_sockaddr *)&p->local.sa, p->local.len},
	    .remote = {(ngtcp2_sockaddr *)&p->remote.sa, p->remote.len},
	};
}

static struct net_conn *conn_alloc(struct endpoint *e, const struct net_path *path)
{
	struct net_conn *c = MEM_NEW(MEM_NET, struct net_conn);

	if (c == NULL || !timer_reserve(&e->timers)) {
		mem_free(MEM_NET, c, sizeof *c);
		return NULL;
	}
	c->ep = e;
	ngmem_init(&c->mem);
	c->path = *path;
	c->tls = tls_ref(e->opt.tls);
	c->ref = (ngtcp2_crypto_conn_ref){.get_conn = get_ng, .user_data = c};
	c->packet_bytes = e->opt.big_loopback_packets && net_address_is_loopback(&path->remote)
			      ? NET_LOOPBACK_PACKET_BYTES
			      : NET_PACKET_BYTES;
	TAILQ_INIT(&c->streams);
	TAILQ_INIT(&c->pending);
	TAILQ_INSERT_TAIL(&e->conns, c, all);
	e->n_conns++;
	endpoint_count_live(e, 1);
	c->half_open = true;
	e->n_half_open++;
	__atomic_store_n(&e->counts.connections, e->n_conns, __ATOMIC_RELAXED);
	__atomic_store_n(&e->counts.half_open, e->n_half_open, __ATOMIC_RELAXED);
	return c;
}

/* What both roles do after ngtcp2 has made its connection. */
static enum status conn_start(struct net_conn *c, const ngtcp2_cid *scid)
{
	TRY(cid_table_add(&c->ep->cids, scid->data, scid->datalen, &c->cids));
	TRY(tls_session_new(c->tls, &c->ref, &c->verdict, &c->session));
	ngtcp2_conn_set_tls_native_handle(c->ng, c->session);
	conn_touch(c);
	return ST_OK;
}

static enum status accept_ng(struct net_conn *c, const struct conn_accept *a, ngtcp2_cid *scid)
{
	struct endpoint *e = c->ep;
	ngtcp2_callbacks cb = callbacks;
	ngtcp2_settings st;
	ngtcp2_transport_params tp;
	ngtcp2_path path = ng_path(&c->path);
	bool retried = a->original_dcid != NULL;

	cb.client_initial = NULL;
	cb.recv_retry = NULL;
	fill_settings(c, &st, &tp);
	if (NGC_HD_TOKENLEN(a->hd) > 0)
		ngc_set_token(&st, a->hd, retried);
	ngc_set_original_dcid(&tp, retried ? a->original_dcid : &a->hd->dcid);
	if (retried) {
		tp.retry_scid_present = 1;
		tp.retry_scid = a->hd->dcid;
	}
	tp.stateless_reset_token_present = 1;
	if (ngtcp2_crypto_generate_stateless_reset_token(tp.stateless_reset_token, e->opt.secret,
							 NET_SECRET_LEN, scid) != 0)
		return ST_NOMEM;
	if (ngtcp2_conn_server_new(&c->ng, &a->hd->scid, scid, &path, a->hd->version, &cb, &st, &tp,
				   &c->mem.door, c) != 0) {
		c->ng = NULL; /* a failed call leaves a pointer to nothing */
		return ST_NOMEM;
	}
	/* Until our id arrives the client uses the one it made up. */
	return cid_table_add(&e->cids, a->hd->dcid.data, a->hd->dcid.datalen, &c->cids);
}

enum status conn_accept_new(struct endpoint *e, const struct net_path *path,
			    const struct conn_accept *a, struct net_conn **ret)
{
	struct net_conn *c = conn_alloc(e, path);
	ngtcp2_cid scid = {.datalen = CID_LEN};

	if (c == NULL)
		return ST_NOMEM;
	cid_make(e->index, e->opt.n_threads, scid.data);
	enum status st = accept_ng(c, a, &scid);
	if (st == ST_OK)
		st = conn_start(c, &scid);
	if (st != ST_OK) {
		conn_free(c);
		return st;
	}
	*ret = c;
	return ST_OK;
}

enum status conn_connect_new(struct endpoint *e, const struct net_path *path,
			     const char *server_name, struct net_conn **ret)
{
	struct net_conn *c = conn_alloc(e, path);
	ngtcp2_callbacks cb = callbacks;
	ngtcp2_settings settings;
	ngtcp2_transport_params tp;
	ngtcp2_cid scid = {.datalen = CID_LEN}, dcid = {.datalen = NGTCP2_MAX_CIDLEN};

	if (c == NULL)
		return ST_NOMEM;
	c->user = e->loop_user;
	c->verdict.server_name = server_name;
	cb.recv_client_initial = NULL;
	fill_settings(c, &settings, &tp);
	cid_make(e->index, e->opt.n_threads, scid.data);
	rand_secret(dcid.data, dcid.datalen);
	ngtcp2_path ngp = ng_path(path);
	enum status st = ST_OK;
	if (ngtcp2_conn_client_new(&c->ng, &dcid, &scid, &ngp, NGTCP2_PROTO_VER_V1, &cb, &settings,
				   &tp, &c->mem.door, c) != 0) {
		c->ng = NULL; /* a failed call leaves a pointer to nothing */
		st = ST_NOMEM;
	}
	if (st == ST_OK)
		st = conn_start(c, &scid);
	if (st != ST_OK) {
		c->user = NULL; /* the caller learns it from the status */
		conn_free(c);
		return st;
	}
	*ret = c;
	return ST_OK;
}

void conn_touch(struct net_conn *c)
{
	if (c->touched)
		return;
	c->touched = true;
	TAILQ_INSERT_TAIL(&c->ep->touched, c, touched_link);
}

const struct net_address *net_conn_peer(const struct net_conn *c)
{
	return &c->path.remote;
}

enum status net_stream_open(struct net_conn *c, void *stream_user, struct net_stream **ret)
{
	int64_t id;

	if (c->state != CONN_OPEN)
		return ST_CLOSED;
	int rv = ngtcp2_conn_open_bidi_stream(c->ng, &id, NULL);
	if (rv == NGTCP2_ERR_STREAM_ID_BLOCKED)
		return ST_BUSY;
	struct net_stream *s = rv == 0 ? stream_new(c, id) : NULL;
	if (s == NULL)
		return ST_NOMEM;
	(void)ngtcp2_conn_set_stream_user_data(c->ng, id, s);
	s->user = stream_user;
	*ret = s;
	return ST_OK;
}

/* ---- moves ---- */

void conn_recv(struct net_conn *c, const struct net_path *path, const uint8_t *p, size_t n)
{
	ngtcp2_path ngp = ng_path(path);
	ngtcp2_pkt_info pi = {0};

	if (c->state == CONN_CLOSING) {
		c->n_late++;
		if ((c->n_late & (c->n_late - 1)) == 0)
			conn_send_close_packet(c);
		return;
	}
	int rv = ngtcp2_conn_read_pkt(c->ng, &ngp, &pi, p, n, c->ep->now_ns);
	if (rv != 0)
		conn_end_error(c, rv);
	else
		conn_touch(c);
}

void conn_expire(struct net_conn *c)
{
	if (c->state == CONN_CLOSING) {
		conn_free(c);
		return;
	}
	timer_set(&c->ep->timers, &c->timer, TIMER_NEVER); /* conn_write sets the next one */
	int rv = ngtcp2_conn_get_expiry(c->ng) <= c->ep->now_ns
		     ? ngtcp2_conn_handle_expiry(c->ng, c->ep->now_ns)
		     : 0;
	if (rv != 0)
		conn_end_error(c, rv);
	else
		conn_touch(c);
}

void conn_put_packet(struct net_conn *c, const ngtcp2_path *path, size_t n)
{
	struct net_path to = {0};

	if (!net_address_from(path->local.addr, path->local.addrlen, &to.local) ||
	    !net_address_from(path->remote.addr, path->remote.addrlen, &to.remote))
		return;
	c->ep->sink.put(c->ep->sink.ctx, &to, n);
	count_add(&c->ep->counts.datagrams_out, 1);
	count_add(&c->ep->counts.bytes_out, n);
}

/* One packet of up to packet_bytes; 0: nothing may be sent now. FLAG_MORE lets small messages of
 * several streams share it. */
static ngtcp2_ssize write_packet(struct net_conn *c, uint8_t *room, ngtcp2_path *path)
{
	for (;;) {
		struct net_stream *s = TAILQ_FIRST(&c->pending);
		ngtcp2_vec v[VEC_MAX];
		ngtcp2_pkt_info pi;
		ngtcp2_ssize taken = -1;
		size_t total = 0;
		size_t n_vec = s != NULL ? stream_vec(s, v, VEC_MAX, &total) : 0;
		bool fin = s != NULL && s->fin && total == s->n_unsent;
		uint32_t flags = (s != NULL ? NGTCP2_WRITE_STREAM_FLAG_MORE : 0) |
				 (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0);
		ngtcp2_ssize n = ngtcp2_conn_writev_stream(c->ng, path, &pi, room, c->packet_bytes,
							   &taken, flags, s != NULL ? s->id : -1, v,
							   n_vec, c->ep->now_ns);

		if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
			s->blocked = true;
			stream_set_pending(s, false);
			continue;
		}
		if (n == NGTCP2_ERR_STREAM_SHUT_WR || n == NGTCP2_ERR_STREAM_NOT_FOUND) {
			stream_broken(s);
			continue;
		}
		if (s != NULL && taken >= 0)
			stream_sent(s, (size_t)taken, fin && (size_t)taken == total);
		if (n == NGTCP2_ERR_WRITE_MORE)
			continue;
		if (s != NULL && s->is_pending && n > 0) { /* the next packet begins with another */
			stream_set_pending(s, false);
			stream_set_pending(s, true);
		}
		return n;
	}
}

enum pump_result { PUMP_DONE, PUMP_MORE, PUMP_GONE };

static enum pump_result pump(struct net_conn *c)
{
	struct endpoint *e = c->ep;
	ngtcp2_path_storage ps;
	size_t written = 0;
	enum pump_result result = PUMP_DONE;

	ngtcp2_path_storage_zero(&ps);
	for (;;) {
		uint8_t *room = e->sink.room(e->sink.ctx, c->packet_bytes);
		if (room == NULL || written >= NET_BURST_BYTES) {
			result = PUMP_MORE;
			break;
		}
		ngtcp2_ssize n = write_packet(c, room, &ps.path);
		if (n < 0) {
			conn_end_error(c, (int)n);
			return PUMP_GONE;
		}
		if (n == 0)
			break;
		conn_put_packet(c, &ps.path, (size_t)n);
		written += (size_t)n;
	}
	if (written > 0)
		ngtcp2_conn_update_pkt_tx_time(c->ng, e->now_ns);
	return result;
}

bool conn_write(struct net_conn *c)
{
	struct endpoint *e = c->ep;
	uint64_t deadline;

	if (c->state == CONN_CLOSING)
		return false;
	if (c->state == CONN_HANDSHAKE && c->end == CONN_END_OURS) {
		conn_end_app(c);
		return false;
	}
	enum pump_result r = pump(c);
	if (r == PUMP_GONE)
		return false;
	deadline = ngtcp2_conn_get_expiry(c->ng);
	if (c->state == CONN_LINGER) {
		if (c->held_bytes == 0 || e->now_ns >= c->linger_until_ns) {
			conn_end_app(c);
			return false;
		}
		deadline = MIN_OF(deadline, c->linger_until_ns);
	}
	timer_set(&e->timers, &c->timer, deadline);
	return r == PUMP_MORE;
}
