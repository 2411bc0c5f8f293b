/* net/endpoint.c - all connections of a loop: who gets a datagram, whose time has come, who writes.
 */
#include "net/net_int.h"

#include "base/hash.h"

void net_options_init(struct net_options *o)
{
	*o = (struct net_options){
	    .n_threads = 1,
	    .max_connections = 10000,
	    .retry_half_open = 256,
	    .max_half_open = 4096,
	    .max_streams = 128,
	    .stream_window = 256 << 10,
	    .conn_window = 1 << 20,
	    .idle_timeout_ms = 300000,
	    .handshake_timeout_ms = 5000,
	    .resets_per_second = 100,
	    .inbox_limit = 65536,
	    .spin_us = 50,
	    .big_loopback_packets = true,
	};
	rand_secret(o->secret, sizeof o->secret);
}

enum status endpoint_new(const struct net_options *o, const struct net_handler *h, void *loop_user,
			 uint32_t index, const struct net_sink *sink, struct endpoint **ret)
{
	assert(index < o->n_threads && o->n_threads <= NET_THREADS_MAX);
	struct endpoint *e = MEM_NEW(MEM_NET, struct endpoint);

	if (e == NULL)
		return ST_NOMEM;
	e->opt = *o;
	e->handler = h;
	e->loop_user = loop_user;
	e->index = index;
	e->sink = *sink;
	e->is_server = tls_is_server(o->tls);
	TAILQ_INIT(&e->conns);
	TAILQ_INIT(&e->touched);
	if (cid_table_init(&e->cids) != ST_OK) {
		MEM_FREE(MEM_NET, e);
		return ST_NOMEM;
	}
	tls_ref(o->tls);
	*ret = e;
	return ST_OK;
}

void endpoint_free(struct endpoint *e)
{
	struct net_conn *c;

	if (e == NULL)
		return;
	while ((c = TAILQ_FIRST(&e->conns)) != NULL)
		conn_free(c);
	cid_table_release(&e->cids);
	timer_heap_release(&e->timers);
	tls_unref(e->opt.tls);
	MEM_FREE(MEM_NET, e);
}

void endpoint_recv(struct endpoint *e, const struct net_path *path, const uint8_t *p, size_t n,
		   uint64_t now_ns)
{
	ngtcp2_version_cid vc;

	e->now_ns = now_ns;
	count_add(&e->counts.datagrams_in, 1);
	count_add(&e->counts.bytes_in, n);
	if (n == 0)
		return;
	int rv = ngtcp2_pkt_decode_version_cid(&vc, p, n, CID_LEN);
	if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) {
		accept_version(e, path, p, n, &vc);
		return;
	}
	if (rv != 0)
		return;
	struct cid_owner *owner = cid_table_get(&e->cids, vc.dcid, vc.dcidlen);
	if (owner != NULL)
		conn_recv(container_of(owner, struct net_conn, cids), path, p, n);
	else
		accept_datagram(e, path, p, n, &vc);
}

void endpoint_expire(struct endpoint *e, uint64_t now_ns)
{
	struct timer *t;

	e->now_ns = now_ns;
	/* Each is taken out of the heap or freed, so the loop ends. */
	while ((t = timer_first(&e->timers)) != NULL && t->at_ns <= now_ns)
		conn_expire(container_of(t, struct net_conn, timer));
}

bool endpoint_send(struct endpoint *e, uint64_t now_ns)
{
	struct net_conn *last = TAILQ_LAST(&e->touched, net_conn_list);
	struct net_conn *c;
	bool is_last = last == NULL;

	e->now_ns = now_ns;
	while (!is_last) {
		c = TAILQ_FIRST(&e->touched);
		is_last = c == last;
		TAILQ_REMOVE(&e->touched, c, touched_link);
		c->touched = false;
		if (conn_write(c)) /* more: but acknowledgements are read first */
			conn_touch(c);
	}
	return !TAILQ_EMPTY(&e->touched);
}

uint64_t endpoint_deadline(const struct endpoint *e)
{
	const struct timer *t = timer_first(&e->timers);

	return t != NULL ? t->at_ns : TIMER_NEVER;
}

enum status endpoint_connect(struct endpoint *e, const struct net_path *path,
			     const char *server_name, uint64_t now_ns, struct net_conn **ret)
{
	e->now_ns = now_ns;
	return conn_connect_new(e, path, server_name, ret);
}

void endpoint_drain(struct endpoint *e)
{
	e->draining = true;
}

void endpoint_close_all(struct endpoint *e, uint64_t app_code, uint64_t deadline_ns)
{
	struct net_conn *c;

	TAILQ_FOREACH(c, &e->conns, all)
	conn_close_at(c, app_code, deadline_ns);
}

uint32_t endpoint_n_live(const struct endpoint *e)
{
	return e->n_live;
}

void endpoint_counts(const struct endpoint *e, struct net_counts *ret)
{
	const uint64_t *from = (const uint64_t *)&e->counts;
	uint64_t *to = (uint64_t *)ret;

	_Static_assert(sizeof *ret % sizeof *to == 0, "counters only");
	for (size_t i = 0; i < sizeof *ret / sizeof *to; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}
