/* net/net_int.h - what endpoint.c, accept.c, conn.c and stream.c share.
 *
 * Room:    net, private.
 * Threads: those of the endpoint.
 * Rule:    ngtcp2 must neither write nor be freed from within its callbacks. So a callback, and
 * with it every handler call, only notes what is wanted and touches the connection; the write pump
 * under endpoint_send does it. Connections are freed at the top of an endpoint call only, streams
 * in ngtcp2's stream_close or with their connection. */
#ifndef NET_NET_INT_H
#define NET_NET_INT_H

#include <gnutls/gnutls.h>
#include <sys/queue.h>

#include "net/cid.h"
#include "net/endpoint.h"
#include "net/ngcompat.h"
#include "net/timer.h"
#include "net/tls_session.h"
#include "net/token.h"

#define NET_BURST_BYTES 65536 /* written per connection and turn: one GSO message */
#define NET_PACKET_BYTES 1452 /* of UDP payload: what Ethernet carries with IPv6 */
#define NET_LOOPBACK_PACKET_BYTES 16384
#define NET_LOOPBACK_RTT_MS 1 /* until it is measured */
#define NET_CLOSE_PACKET_BYTES 1200
#define NET_CONN_LOW_BYTES (NET_CONN_HIGH_BYTES / 4)
#define NET_CONN_END_TEXT_LEN 96

enum conn_state {
	CONN_HANDSHAKE,
	CONN_OPEN,
	CONN_LINGER,  /* close was asked for: nothing is read, what was sent is delivered */
	CONN_CLOSING, /* only answers what still comes with the stored close packet */
};

enum conn_end {
	CONN_END_NONE,
	CONN_END_OURS,		 /* we have closed; code is the application's */
	CONN_END_PEER,		 /* the peer has closed; code is its application's */
	CONN_END_PEER_TRANSPORT, /* the peer's QUIC or TLS has closed; code is RFC 9000's, 20.1 */
	CONN_END_TLS,		 /* our TLS refuses; code is the alert */
	CONN_END_ERROR,		 /* our QUIC refuses; code is ngtcp2's, negated */
	CONN_END_TIMEOUT,	 /* idle for too long, or the handshake took too long */
};

TAILQ_HEAD(net_conn_list, net_conn);
TAILQ_HEAD(net_stream_list, net_stream);

struct net_stream {
	struct net_conn *conn;
	void *user; /* NULL: the handler knows it no more */
	int64_t id;
	TAILQ_ENTRY(net_stream) all;
	TAILQ_ENTRY(net_stream) pending; /* valid when is_pending */
	bool is_pending;		 /* has something that may be sent now */
	bool blocked;			 /* the peer's window is full */
	bool fin, fin_sent;
	bool was_full; /* the handler waits for stream_writable */
	bool paused;
	size_t withheld; /* bytes received while paused, whose credit is due */

	struct chain held;	/* sent or not, not acknowledged */
	size_t held_at;		/* into the first chunk */
	struct iobuf *next_buf; /* first byte not sent; NULL: all sent */
	size_t next_at, n_unsent;
	uint64_t n_acked; /* since the stream's begin */
};

struct ngmem { /* ngmem.c: what ngtcp2 has allocated for a connection */
	ngtcp2_mem door;
	LIST_HEAD(, ngmem_block) blocks;
};

void ngmem_init(struct ngmem *m);
void ngmem_release(struct ngmem *m); /* after ngtcp2_conn_del */

struct net_conn {
	struct endpoint *ep;
	ngtcp2_conn *ng;
	struct ngmem mem;
	gnutls_session_t session;
	struct tls *tls;
	ngtcp2_crypto_conn_ref ref; /* what GnuTLS knows of us */
	struct tls_verdict verdict;
	struct net_path path; /* of the first datagram */
	size_t packet_bytes;
	enum conn_state state;
	bool half_open, touched;
	void *user; /* NULL: not opened, or told that it is closed */

	TAILQ_ENTRY(net_conn) all;
	TAILQ_ENTRY(net_conn) touched_link;
	struct timer timer;
	struct cid_owner cids;
	struct net_stream_list streams, pending;
	size_t held_bytes; /* over all streams */
	bool some_full;	   /* a stream was_full */

	uint64_t linger_until_ns;
	uint64_t close_code; /* application's */
	enum conn_end end;
	uint64_t end_code;
	uint8_t *close_packet; /* heap, close_len bytes; NULL: none */
	size_t close_len;
	uint32_t n_late; /* datagrams since it closed: each power of two is answered */
};

struct endpoint {
	struct net_options opt;
	const struct net_handler *handler;
	void *loop_user;
	struct net_sink sink;
	uint32_t index;
	bool is_server, draining;
	uint64_t now_ns; /* of the call that runs */
	struct cid_table cids;
	struct timer_heap timers;
	struct net_conn_list conns, touched;
	uint32_t n_conns, n_half_open, n_live;
	uint64_t reset_tokens, reset_filled_ns; /* token bucket of stateless resets */
	struct net_counts counts;
};

/* A connection begins (1) or ends (-1) to count against max_connections. */
static inline void endpoint_count_live(struct endpoint *e, int by)
{
	e->n_live += (uint32_t)by;
	if (e->opt.n_shared != NULL)
		__atomic_fetch_add(e->opt.n_shared, (uint32_t)by, __ATOMIC_RELAXED);
}

/* One writer, so no read-modify-write; readers are net_loop_counts. */
static inline void count_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* accept.c: a datagram that no connection owns. */
void accept_datagram(struct endpoint *e, const struct net_path *path, const uint8_t *p, size_t n,
		     const ngtcp2_version_cid *vc);
void accept_version(struct endpoint *e, const struct net_path *path, const uint8_t *p, size_t n,
		    const ngtcp2_version_cid *vc);

/* conn.c */
struct conn_accept {
	ngtcp2_pkt_hd *hd;
	const ngtcp2_cid *original_dcid; /* of the Initial before our Retry; NULL: no Retry */
};
enum status conn_accept_new(struct endpoint *e, const struct net_path *path,
			    const struct conn_accept *a, struct net_conn **ret) MUST_CHECK;
enum status conn_connect_new(struct endpoint *e, const struct net_path *path,
			     const char *server_name, struct net_conn **ret) MUST_CHECK;
void conn_touch(struct net_conn *c);
/* The next three may free the connection. */
void conn_recv(struct net_conn *c, const struct net_path *path, const uint8_t *p, size_t n);
void conn_expire(struct net_conn *c);
bool conn_write(struct net_conn *c); /* true: more waits */
void conn_put_packet(struct net_conn *c, const ngtcp2_path *path, size_t n);

/* conn_end.c; those that end may free the connection. */
void conn_not_half_open(struct net_conn *c);
void conn_send_close_packet(struct net_conn *c);
void conn_end_app(struct net_conn *c);
void conn_end_error(struct net_conn *c, int rv); /* ngtcp2's */
void conn_free(struct net_conn *c);
void conn_close_at(struct net_conn *c, uint64_t app_code, uint64_t linger_until_ns);
/* Why it ended, for people. */
const char *conn_end_text(const struct net_conn *c, char out[NET_CONN_END_TEXT_LEN]);

/* stream.c */
struct net_stream *stream_new(struct net_conn *c, int64_t id); /* NULL: no memory */
void stream_free(struct net_stream *s);
void stream_tell_closed(struct net_stream *s);
void stream_received(struct net_stream *s, const uint8_t *p, size_t n, bool fin);
void stream_acked(struct net_stream *s, uint64_t upto);
void stream_unblock(struct net_stream *s);
/* Both sides end: the peer has reset it or wants no more. */
void stream_broken(struct net_stream *s);
/* What to write next; *ret_total bytes in all. */
size_t stream_vec(const struct net_stream *s, ngtcp2_vec *v, size_t max, size_t *ret_total);
void stream_sent(struct net_stream *s, size_t n, bool with_fin);
void stream_set_pending(struct net_stream *s, bool pending);
/* Gives n withheld bytes of credit while paused. */
void stream_credit(struct net_stream *s, size_t n);

#endif
