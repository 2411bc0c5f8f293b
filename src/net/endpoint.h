/* net/endpoint.h - the QUIC state machine of one loop or one client: datagrams and times in,
 * datagrams and handler calls out. No socket, no clock.
 *
 * Room:    net, private (tests use it too).
 * Threads: one owner.
 * Order:   endpoint_recv for what arrived, endpoint_expire, then endpoint_send. Nothing is written
 *          before endpoint_send, so that answers and acknowledgements share packets. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include "net/net.h"

#define NET_DATAGRAM_MAX 65535
#define NET_LINGER_MS                                                                              \
	1000 /* a closing connection waits so long for its bytes to be acknowledged                \
	      */

struct net_path {
	struct net_address local, remote;
};

/* Where datagrams go. room gives a place of n bytes, the same one until put; NULL: no more can be
 * taken now, call endpoint_send again later. */
struct net_sink {
	void *ctx;
	uint8_t *(*room)(void *ctx, size_t n);
	void (*put)(void *ctx, const struct net_path *path, size_t n);
};

struct endpoint;

/* A server when o->tls is a server's. Both pointers' targets outlive the endpoint. */
enum status endpoint_new(const struct net_options *o, const struct net_handler *h, void *loop_user,
			 uint32_t index, const struct net_sink *sink,
			 struct endpoint **ret) MUST_CHECK;
/* Closes nothing on the wire; open streams and connections are told. */
void endpoint_free(struct endpoint *e);

/* One datagram. */
void endpoint_recv(struct endpoint *e, const struct net_path *path, const uint8_t *p, size_t n,
		   uint64_t now_ns);
/* Serves the deadlines that have passed. */
void endpoint_expire(struct endpoint *e, uint64_t now_ns);
/* Writes what the touched connections have, at most a burst each. True: more waits. */
bool endpoint_send(struct endpoint *e, uint64_t now_ns);
/* The next deadline, TIMER_NEVER: none. */
uint64_t endpoint_deadline(const struct endpoint *e);

/* A client's connection; conn_user is loop_user until conn_opened gives another. */
enum status endpoint_connect(struct endpoint *e, const struct net_path *path,
			     const char *server_name, uint64_t now_ns,
			     struct net_conn **ret) MUST_CHECK;
void endpoint_drain(struct endpoint *e);
/* Closes every connection when its bytes are acknowledged or at the deadline. */
void endpoint_close_all(struct endpoint *e, uint64_t app_code, uint64_t deadline_ns);
/* Connections that still have something to deliver. */
uint32_t endpoint_n_live(const struct endpoint *e);
void endpoint_counts(const struct endpoint *e, struct net_counts *ret);

#endif
