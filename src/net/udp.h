/* net/udp.h - one UDP socket: many datagrams a system call.
 *
 * Room:    net, private.
 * Threads: one owner.
 * Receives with recvmmsg and UDP_GRO (the kernel glues datagrams of one sender), sends with
 * sendmmsg and UDP_SEGMENT (the kernel cuts one big buffer), falling back for good when a device
 * cannot. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "base/diag.h"
#include "net/endpoint.h"

#define UDP_RX_MESSAGES_MAX 32
#define UDP_RX_BYTES 65536 /* per message: what GRO may glue */
#define UDP_TX_MESSAGES 256
#define UDP_SOCKET_BYTES (4 << 20) /* asked for; net.core.rmem_max and wmem_max decide */

struct udp_tx;

struct udp {
	int fd; /* -1: not open */
	struct net_address local;
	bool connected;
	bool gso;     /* until a device says no */
	bool blocked; /* the kernel takes no more until the socket is writable */
	bool refused; /* connected: nobody listens there */
	uint32_t n_rx;
	uint8_t *rx; /* n_rx * UDP_RX_BYTES */
	struct udp_tx *tx;
};

/* A server's socket. share: others bind the same port (SO_REUSEPORT). */
enum status udp_listen(struct udp *u, const struct net_address *at, bool share,
		       struct diag *d) MUST_CHECK;
/* A client's socket. */
enum status udp_connect(struct udp *u, const struct net_address *to, struct diag *d) MUST_CHECK;
void udp_close(struct udp *u);

/* Lets the kernel choose among n sockets of the port by the first byte of the connection id, in the
 * order in which they were bound. Once for the group. */
enum status udp_steer(struct udp *u, uint32_t n_sockets, struct diag *d) MUST_CHECK;

/* Hands each datagram that waits to fn, at most n_rx messages; how many messages there were. */
uint32_t udp_recv(struct udp *u,
		  void (*fn)(void *ctx, const struct net_path *path, const uint8_t *p, size_t n),
		  void *ctx);
/* False: blocked, call it again when the socket is writable. */
bool udp_flush(struct udp *u);
struct net_sink udp_sink(struct udp *u);

#endif
