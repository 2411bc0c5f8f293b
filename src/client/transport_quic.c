/* client/transport_quic.c - a session's stream on a QUIC connection of its own. */
#include "client/transport.h"

#include "base/clock.h"
#include "base/file.h"
#include "client/trust.h"
#include "net/address.h"
#include "net/client.h"

#define RECV_BYTES 65536
#define SPIN_US 50 /* what a read of a few rows takes from a server on this machine */
#define NS_PER_MS UINT64_C(1000000)
#define SEND_TIMEOUT_MS 60000 /* a server that takes no bytes for so long is gone */

struct transport_quic {
	struct transport transport;
	struct net_client *client;
	struct net_client_stream *stream;
	uint8_t bytes[RECV_BYTES];
};

static uint64_t deadline(uint64_t timeout_ms)
{
	return timeout_ms != 0 ? clock_mono_ns() + timeout_ms * NS_PER_MS : NET_NO_DEADLINE;
}

static enum status explain(struct transport_quic *q, enum status st, struct diag *d)
{
	if (st == ST_STOPPED)
		return diag_fail(d, st, GQL_CONNECTION, DIAG_NO_POSITION,
				 "the server does not answer in time");
	if (st == ST_CLOSED || st == ST_END)
		return diag_fail(d, ST_CLOSED, GQL_CONNECTION, DIAG_NO_POSITION,
				 "the server closed the connection: %s",
				 net_client_reason(q->client));
	return st;
}

static enum status quic_send(struct transport *t, struct chain *bytes, struct diag *d)
{
	struct transport_quic *q = container_of(t, struct transport_quic, transport);

	return explain(q, net_client_send(q->stream, bytes, deadline(SEND_TIMEOUT_MS)), d);
}

static enum status quic_recv(struct transport *t, uint64_t timeout_ms, struct str *ret,
			     struct diag *d)
{
	struct transport_quic *q = container_of(t, struct transport_quic, transport);
	size_t n = 0;

	TRY(explain(
	    q, net_client_recv(q->stream, q->bytes, sizeof q->bytes, deadline(timeout_ms), &n), d));
	*ret = (struct str){(const char *)q->bytes, n};
	return ST_OK;
}

static void quic_close(struct transport *t)
{
	struct transport_quic *q = container_of(t, struct transport_quic, transport);

	net_client_stream_close(q->stream);
	net_client_close(q->client, 0);
	MEM_FREE(MEM_NET, q);
}

static const struct transport_ops quic_ops = {quic_send, quic_recv, quic_close};

static bool is_loopback(struct str host)
{
	struct net_address a;

	return str_eq_nocase(host, STR("localhost")) ||
	       (net_address_parse(host.p, 0, &a) && net_address_is_loopback(&a));
}

/* How this server's certificate is judged. */
struct trust {
	struct tls_client_options tls;
	uint8_t pin[TRUST_PIN_LEN];
	char path[FILE_PATH_MAX]; /* of the known servers */
	bool known;		  /* pin comes from there */
	bool first_use;		  /* the certificate is added there once it is seen */
};

static const char *or_null(struct str s)
{
	return s.len != 0 ? s.p : NULL;
}

static enum status choose_trust(const struct dsn *dsn, struct trust *ret, struct diag *d)
{
	*ret = (struct trust){
	    .tls = {.ca_file = or_null(dsn->ca),
		    .cert_file = or_null(dsn->cert),
		    .key_file = or_null(dsn->key),
		    .insecure = dsn->insecure},
	};
	if (dsn->pin.len != 0) {
		if (!trust_parse_pin(dsn->pin, ret->pin))
			return diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION,
					"a pin is the SHA-256 of the server's certificate in 64 "
					"hexadecimal digits");
		ret->tls.fingerprint = ret->pin;
		return ST_OK;
	}
	if (dsn->insecure || dsn->ca.len != 0 || !is_loopback(dsn->host))
		return ST_OK;
	if (!trust_path(ret->path, sizeof ret->path)) {
		ret->tls.insecure = true; /* nowhere to remember: each use is the first */
		return ST_OK;
	}
	const enum status st = trust_find(ret->path, dsn->host, dsn->port, ret->pin);
	if (st == ST_NOMEM)
		return st;
	ret->known = st == ST_OK;
	ret->first_use = st != ST_OK;
	ret->tls.fingerprint = ret->known ? ret->pin : NULL;
	ret->tls.insecure = ret->first_use;
	return ST_OK;
}

static enum status explain_connect(const struct dsn *dsn, const struct trust *trust, enum status st,
				   struct diag *d)
{
	if (st == ST_NOMEM)
		return st;
	if (st == ST_AUTH) {
		diag_reset(d); /* what the room below says of it is shorter */
		(void)diag_fail(d, st, GQL_CONNECTION, DIAG_NO_POSITION,
				"the certificate of '" STR_FMT ":%u' is not trusted",
				STR_ARG(dsn->host), (unsigned)dsn->port);
	}
	(void)diag_fail(d, st, GQL_CONNECTION, DIAG_NO_POSITION,
			"cannot connect to '" STR_FMT ":%u': %s", STR_ARG(dsn->host),
			(unsigned)dsn->port,
			st == ST_STOPPED ? "no answer in time" : status_name(st));
	if (st == ST_AUTH && trust->known)
		diag_hint(d,
			  "another certificate was seen there before; if that is right, remove "
			  "its line from %s",
			  trust->path);
	else if (st == ST_AUTH)
		diag_hint(d, "give the authority's file (--ca), or the certificate's pin");
	else
		diag_hint(d, "is a server running there? start one with 'geode serve'");
	return st;
}

static enum status open_stream(struct transport_quic *q, const struct dsn *dsn, struct tls *tls,
			       struct diag *d)
{
	const struct net_client_options o = {
	    .host = dsn->host.p,
	    .port = (uint16_t)dsn->port,
	    .server_name = or_null(dsn->server_name),
	    .tls = tls,
	    .idle_timeout_ms = (uint32_t)dsn->idle_timeout_ms,
	    .spin_us = SPIN_US,
	};
	const uint64_t until = deadline(dsn->connect_timeout_ms);

	TRY(net_client_connect(&o, until, d, &q->client));
	const enum status st = net_client_stream_open(q->client, until, &q->stream);
	if (st != ST_OK)
		net_client_close(q->client, 0);
	return st;
}

/* One attempt under one judgement of the certificate. */
static enum status attempt(const struct dsn *dsn, const struct trust *trust,
			   struct transport_quic *q, struct diag *d)
{
	struct tls *tls;

	TRY(tls_client_new(&trust->tls, d, &tls));
	const enum status st = open_stream(q, dsn, tls, d);
	tls_unref(tls);
	return st;
}

/* A loopback server that was made anew has another certificate. That is refused when a password is
 * at stake; without one the server is pinned anew. */
static bool may_pin_anew(const struct dsn *dsn, struct trust *trust, enum status st)
{
	if (st != ST_AUTH || !trust->known || dsn->password.len != 0)
		return false;
	trust->tls.fingerprint = NULL;
	trust->tls.insecure = trust->first_use = true;
	return true;
}

enum status transport_quic_open(const struct dsn *dsn, struct transport **ret, struct diag *d)
{
	struct trust trust;

	TRY(choose_trust(dsn, &trust, d));
	struct transport_quic *q = MEM_NEW(MEM_NET, struct transport_quic);
	if (q == NULL)
		return ST_NOMEM;
	enum status st = attempt(dsn, &trust, q, d);
	if (may_pin_anew(dsn, &trust, st)) {
		diag_reset(d);
		st = attempt(dsn, &trust, q, d);
	}
	if (st != ST_OK) {
		MEM_FREE(MEM_NET, q);
		return explain_connect(dsn, &trust, st, d);
	}
	q->transport.ops = &quic_ops;
	if (trust.first_use && net_client_fingerprint(q->client, trust.pin))
		(void)!trust_set(trust.path, dsn->host, dsn->port, trust.pin);
	*ret = &q->transport;
	return ST_OK;
}
