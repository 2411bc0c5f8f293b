#include "server/conn.h"

#include <stdio.h>

#include "base/hash.h"
#include "server/server_int.h"

/* RFC 9562, version 4. */
static void make_uuid(char out[37])
{
	uint8_t b[16];

	rand_secret(b, sizeof b);
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	char *at = out;
	for (unsigned i = 0; i < sizeof b; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += snprintf(at, 3, "%02x", b[i]);
	}
}

struct conn *conn_new(struct io *io, struct net_conn *net)
{
	struct conn *c = MEM_NEW(MEM_SESSION, struct conn);

	if (c == NULL)
		return NULL;
	c->io = io;
	c->net = net;
	c->habits = habits_of(STR(""), STR(""));
	make_uuid(c->session_id);
	metric_add(&metric_connections, 1);
	return c;
}

static void free_if_unused(struct conn *c)
{
	if (c->net == NULL && c->n_sessions == 0)
		MEM_FREE(MEM_SESSION, c);
}

void conn_closed(struct conn *c)
{
	metric_add(&metric_connections, -1);
	c->net = NULL;
	free_if_unused(c);
}

void conn_release(struct conn *c)
{
	c->n_sessions--;
	free_if_unused(c);
}

void conn_close(struct conn *c, uint64_t code)
{
	if (c->net != NULL)
		net_conn_close(c->net, code);
}

enum status conn_hello(struct conn *c, const struct request_hello *h, struct diag *d)
{
	if (!net_address_is_loopback(net_conn_peer(c->net))) {
		(void)diag_set(d, GQL_AUTH_FAILED, DIAG_NO_POSITION,
			       "no user exists: only connections from this machine are accepted");
		diag_hint(d, "connect over 127.0.0.1 or ::1");
		return ST_INVALID;
	}
	c->habits = habits_of(h->client_name, STR(""));
	return ST_OK;
}
