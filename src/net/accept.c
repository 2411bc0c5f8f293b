/* net/accept.c - datagrams that belong to no connection: version negotiation, Retry, refusal,
 * stateless reset, and the first Initial of a new connection.
 *
 * A server keeps nothing for a sender whose address it does not believe, and answers with less than
 * came in. */
#include "net/net_int.h"

#include "base/hash.h"
#include "base/log.h"

#define INITIAL_MIN_BYTES 1200 /* RFC 9000, 14.1 */
#define ANSWER_ROOM_BYTES 512
#define RESET_MAX_BYTES 38 /* looks like a short packet; less than what it answers */
#define RESET_MIN_BYTES (NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN)

static uint8_t *answer_room(struct endpoint *e)
{
	return e->sink.room(e->sink.ctx, ANSWER_ROOM_BYTES);
}

static void answer(struct endpoint *e, const struct net_path *path, ngtcp2_ssize n)
{
	if (n <= 0)
		return;
	e->sink.put(e->sink.ctx, path, (size_t)n);
	count_add(&e->counts.datagrams_out, 1);
	count_add(&e->counts.bytes_out, (uint64_t)n);
}

void accept_version(struct endpoint *e, const struct net_path *path, const uint8_t *p, size_t n,
		    const ngtcp2_version_cid *vc)
{
	static const uint32_t offered[] = {NGTCP2_PROTO_VER_V1};
	uint8_t *room = e->is_server && n >= INITIAL_MIN_BYTES ? answer_room(e) : NULL;

	if (room == NULL)
		return;
	answer(e, path,
	       ngtcp2_pkt_write_version_negotiation(room, ANSWER_ROOM_BYTES, p[n - 1], vc->scid,
						    vc->scidlen, vc->dcid, vc->dcidlen, offered,
						    ARRAY_LEN(offered)));
}

static bool take_reset_token(struct endpoint *e)
{
	uint64_t per_second = e->opt.resets_per_second;
	uint64_t passed_ns = e->now_ns - e->reset_filled_ns;
	uint64_t more =
	    passed_ns >= NGTCP2_SECONDS ? per_second : passed_ns * per_second / NGTCP2_SECONDS;

	if (more > 0) {
		e->reset_tokens = MIN_OF(e->reset_tokens + more, per_second);
		e->reset_filled_ns = e->now_ns;
	}
	if (e->reset_tokens == 0)
		return false;
	e->reset_tokens--;
	return true;
}

/* For a connection that we have forgotten: tells the peer that it is gone. Shorter than what it
 * answers, so that two that have forgotten do not answer each other for ever. */
static void send_reset(struct endpoint *e, const struct net_path *path, size_t n_trigger,
		       const ngtcp2_version_cid *vc)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
	uint8_t noise[RESET_MAX_BYTES];
	ngtcp2_cid cid;

	if (n_trigger <= RESET_MIN_BYTES || !take_reset_token(e))
		return;
	size_t n_noise =
	    MIN_OF(n_trigger - 1, (size_t)RESET_MAX_BYTES) - NGTCP2_STATELESS_RESET_TOKENLEN;
	uint8_t *room = answer_room(e);
	ngtcp2_cid_init(&cid, vc->dcid, vc->dcidlen);
	if (room == NULL || ngtcp2_crypto_generate_stateless_reset_token(token, e->opt.secret,
									 NET_SECRET_LEN, &cid) != 0)
		return;
	rand_secret(noise, n_noise);
	count_add(&e->counts.resets, 1);
	answer(e, path,
	       ngtcp2_pkt_write_stateless_reset(room, ANSWER_ROOM_BYTES, token, noise, n_noise));
}

static void refuse(struct endpoint *e, const struct net_path *path, const ngtcp2_pkt_hd *hd,
		   uint64_t error)
{
	uint8_t *room = answer_room(e);

	count_add(&e->counts.refused, 1);
	if (room != NULL)
		answer(e, path,
		       ngtcp2_crypto_write_connection_close(room, ANSWER_ROOM_BYTES, hd->version,
							    &hd->scid, &hd->dcid, error, NULL, 0));
}

static void send_retry(struct endpoint *e, const struct net_path *path, const ngtcp2_pkt_hd *hd)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
	ngtcp2_cid scid = {.datalen = CID_LEN};
	uint8_t *room = answer_room(e);

	cid_make(e->index, e->opt.n_threads, scid.data);
	size_t n = token_retry_make(e->opt.secret, hd->version, &path->remote, &scid, &hd->dcid,
				    e->now_ns, token);
	if (room == NULL || n == 0)
		return;
	count_add(&e->counts.retries, 1);
	answer(e, path,
	       ngtcp2_crypto_write_retry(room, ANSWER_ROOM_BYTES, hd->version, &hd->scid, &scid,
					 &hd->dcid, token, n));
}

static bool may_accept(const struct endpoint *e)
{
	const uint32_t n_live = e->opt.n_shared != NULL
				    ? __atomic_load_n(e->opt.n_shared, __ATOMIC_RELAXED)
				    : e->n_live;

	return !e->draining && n_live < e->opt.max_connections &&
	       e->n_half_open < e->opt.max_half_open;
}

static void accept_initial(struct endpoint *e, const struct net_path *path, const uint8_t *p,
			   size_t n)
{
	ngtcp2_pkt_hd hd;
	ngtcp2_cid original_dcid;
	struct conn_accept a = {.hd = &hd};
	struct net_conn *c = NULL;

	if (ngtcp2_accept(&hd, p, n) != 0 || hd.type != NGTCP2_PKT_INITIAL)
		return;
	if (!may_accept(e)) {
		refuse(e, path, &hd, NGTCP2_CONNECTION_REFUSED);
		return;
	}
	switch (token_check(e->opt.secret, &hd, &path->remote, e->now_ns, &original_dcid)) {
	case TOKEN_BAD:
		refuse(e, path, &hd, NGTCP2_INVALID_TOKEN);
		return;
	case TOKEN_RETRY:
		a.original_dcid = &original_dcid;
		break;
	case TOKEN_ADDRESS:
		break;
	case TOKEN_NONE:
		if (e->n_half_open >= e->opt.retry_half_open) {
			send_retry(e, path, &hd);
			return;
		}
		NGC_HD_TOKENLEN(&hd) = 0;
		break;
	}
	enum status st = conn_accept_new(e, path, &a, &c);
	if (st != ST_OK) {
		log_warn("net", "no new connection: %s", status_name(st));
		refuse(e, path, &hd, NGTCP2_CONNECTION_REFUSED);
		return;
	}
	count_add(&e->counts.accepted, 1);
	conn_recv(c, path, p, n);
}

void accept_datagram(struct endpoint *e, const struct net_path *path, const uint8_t *p, size_t n,
		     const ngtcp2_version_cid *vc)
{
	bool is_long = (p[0] & 0x80) != 0;

	if (!e->is_server)
		return;
	if (is_long)
		accept_initial(e, path, p, n);
	else if (vc->dcid[0] % e->opt.n_threads == e->index) /* another loop's may be alive */
		send_reset(e, path, n, vc);
}
