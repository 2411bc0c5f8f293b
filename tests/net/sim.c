/* tests/net/sim.c - the network in memory. */
#include "tests/net/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/geode-sim-XXXXXX";
static char cert[64], key[64];

void sim_setup_tls(void)
{
	struct diag d;

	diag_reset(&d);
	BUG_ON(mkdtemp(dir) == NULL);
	snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	snprintf(key, sizeof key, "%s/key.pem", dir);
	BUG_ON(tls_make_self_signed(cert, key, &d) != ST_OK);
}

void sim_remove_tls(void)
{
	unlink(cert);
	unlink(key);
	rmdir(dir);
}

static uint8_t *room(void *ctx, size_t n)
{
	struct sim_side *side = ctx;

	BUG_ON(n > sizeof side->room);
	return side->room;
}

static void deliver_later(struct sim *s, bool to_server, const struct net_path *path,
			  const uint8_t *p, size_t n)
{
	struct sim_datagram *d = malloc(sizeof *d + n);
	struct sim_datagram **at = &s->first;

	*d = (struct sim_datagram){.to_server = to_server, .n = n, .path = *path};
	memcpy(d->bytes, p, n);
	d->at_ns =
	    s->now_ns + s->delay_ns + (s->jitter_ns > 0 ? rand_below(&s->rand, s->jitter_ns) : 0);
	while (*at != NULL && (*at)->at_ns <= d->at_ns)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
}

static void put(void *ctx, const struct net_path *path, size_t n)
{
	struct sim_side *side = ctx;
	struct sim *s = side->sim;
	struct net_path seen = {.local = path->remote, .remote = path->local};

	s->n_sent++;
	if (!side->is_server) {
		seen.remote = s->router_address;
	} else if (net_address_eq(&path->remote, &s->router_address)) {
		seen.local = s->client_address;
	} else { /* an old port of the router's, or a stranger's */
		memcpy(s->answer, side->room, n);
		s->n_answer = n;
		return;
	}
	if (rand_below(&s->rand, 100) < s->lose_percent) {
		s->n_lost++;
		return;
	}
	deliver_later(s, !side->is_server, &seen, side->room, n);
	if (rand_below(&s->rand, 100) < s->double_percent)
		deliver_later(s, !side->is_server, &seen, side->room, n);
}

static bool make_side(struct sim *s, struct sim_side *side, const struct net_options *o,
		      const struct net_handler *h, void *user)
{
	const struct net_sink sink = {.ctx = side, .room = room, .put = put};

	side->sim = s;
	return endpoint_new(o, h, user, 0, &sink, &side->ep) == ST_OK;
}

bool sim_start(struct sim *s, uint64_t seed, const struct net_options *server,
	       const struct net_handler *server_handler, void *server_user,
	       const struct net_handler *client_handler, void *client_user)
{
	struct tls_client_options to = {.insecure = true};
	struct net_options o = *server;
	struct net_options co;
	struct diag d;

	memset(s, 0, sizeof *s);
	diag_reset(&d);
	rand_seed(&s->rand, seed);
	s->now_ns = SIM_S;
	s->delay_ns = SIM_MS;
	s->server.is_server = true;
	net_address_parse("127.0.0.1", 3141, &s->server_address);
	net_address_parse("127.0.0.1", 4000, &s->client_address);
	net_address_parse("127.0.0.1", 5000, &s->router_address);
	if (tls_server_new(cert, key, &d, &s->server_tls) != ST_OK ||
	    tls_client_new(&to, &d, &s->client_tls) != ST_OK)
		return false;
	o.tls = s->server_tls;
	net_options_init(&co);
	co.tls = s->client_tls;
	co.big_loopback_packets = o.big_loopback_packets;
	co.idle_timeout_ms = 10 * o.idle_timeout_ms; /* the server's counts */
	return make_side(s, &s->server, &o, server_handler, server_user) &&
	       make_side(s, &s->client, &co, client_handler, client_user);
}

void sim_stop(struct sim *s)
{
	endpoint_free(s->client.ep);
	endpoint_free(s->server.ep);
	tls_unref(s->client_tls);
	tls_unref(s->server_tls);
	while (s->first != NULL) {
		struct sim_datagram *d = s->first;
		s->first = d->next;
		free(d);
	}
}

struct net_conn *sim_connect(struct sim *s)
{
	struct net_path path = {.local = s->client_address, .remote = s->server_address};
	struct net_conn *c = NULL;

	if (endpoint_connect(s->client.ep, &path, "localhost", s->now_ns, &c) != ST_OK)
		return NULL;
	return c;
}

static void deliver_due(struct sim *s)
{
	while (s->first != NULL && s->first->at_ns <= s->now_ns) {
		struct sim_datagram *d = s->first;
		struct endpoint *to = d->to_server ? s->server.ep : s->client.ep;
		s->first = d->next;
		endpoint_recv(to, &d->path, d->bytes, d->n, s->now_ns);
		free(d);
	}
}

bool sim_run(struct sim *s, bool (*done)(void *ctx), void *ctx, uint64_t limit_ns)
{
	uint64_t end_ns = s->now_ns + limit_ns;

	for (;;) {
		deliver_due(s);
		endpoint_expire(s->server.ep, s->now_ns);
		endpoint_expire(s->client.ep, s->now_ns);
		bool more = endpoint_send(s->server.ep, s->now_ns);
		more |= endpoint_send(s->client.ep, s->now_ns);
		if (done(ctx))
			return true;

		uint64_t next_ns =
		    MIN_OF(endpoint_deadline(s->server.ep), endpoint_deadline(s->client.ep));
		if (s->first != NULL)
			next_ns = MIN_OF(next_ns, s->first->at_ns);
		if (more)
			next_ns = s->now_ns + 1000;
		if (next_ns > end_ns) {
			s->now_ns = end_ns;
			return false;
		}
		s->now_ns = MAX_OF(next_ns, s->now_ns + 1);
	}
}

void sim_inject(struct sim *s, const uint8_t *p, size_t n)
{
	struct net_path path = {.local = s->server_address};

	net_address_parse("127.0.0.1", 6666, &path.remote);
	s->n_answer = 0;
	endpoint_recv(s->server.ep, &path, p, n, s->now_ns);
	(void)endpoint_send(s->server.ep, s->now_ns);
}
