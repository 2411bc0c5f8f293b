/* net/udp.h - one UDP socket: batches of datagrams in and out, with GRO and GSO where the kernel has
 * them.
 *
 * Room:    net, private.
 * Threads: one owner.
 * Errors:  a send that the kernel does not take is dropped as a network would drop it: QUIC sends
 *          again. GSO that a device refuses is switched off for the socket. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "base/diag.h"
#include "net/endpoint.h"

#define UDP_RX_BATCH 32          /* datagrams of one recvmmsg, each up to 64 KiB by GRO */
#define UDP_TX_BYTES (1u << 20)  /* bytes that wait for one sendmmsg */
#define UDP_TX_MESSAGES 256
#define UDP_BUFFER_BYTES (4 << 20) /* asked for; net.core.rmem_max and wmem_max decide */

struct udp;

struct udp_options {
	const struct net_address *bind;    /* NULL: any port, for a client */
	const struct net_address *connect; /* NULL: a server */
	uint32_t n_threads;                /* sockets that share the port; above 1: SO_REUSEPORT */
};

enum status udp_open(const struct udp_options *o, struct diag *d, struct udp **ret) MUST_CHECK;
void udp_close(struct udp *u); /* u may be NULL */
int udp_fd(const struct udp *u);
const struct net_address *udp_address(const struct udp *u);
/* On the first socket of the port: packets go to the socket that the connection id names (one byte,
 * index modulo n_threads). */
void udp_steer(struct udp *u, uint32_t n_threads);

/* Reads one batch; fn for each datagram. Gives their number, 0: nothing waits. */
uint32_t udp_recv(struct udp *u, void (*fn)(void *ctx, const struct net_path *path, const uint8_t *p,
					    size_t n),
		  void *ctx);

/* A sink that gathers datagrams until udp_flush. */
struct net_sink udp_sink(struct udp *u);
void udp_flush(struct udp *u);

#endif
