/* server/conn.h - a connection: what its streams share.
 *
 * Room:    server.
 * Threads: its I/O thread. */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H

#include "base/diag.h"
#include "proto/proto.h"

struct io;
struct net_conn;
struct graph;

struct conn {
	struct io *io;
	struct net_conn *net; /* NULL: gone */
	const struct habits *habits;
	uint32_t graph_id; /* of the home graph of its sessions: the login's, or the default one */
	bool graph_bound;  /* the login named it: its sessions stay in it */
	bool greeted;
	char session_id[37]; /* UUID */
	uint32_t n_sessions;
};

/* NULL: no memory. */
struct conn *conn_new(struct io *io, struct net_conn *net);
/* The peer is gone; freed with its last session. */
void conn_closed(struct conn *c);
void conn_release(struct conn *c); /* a session has ended */
/* Checks who logs in; the graph is graphs.h's. Any name and password from this machine (ruling R3:
 * there are no users yet); nobody from elsewhere. */
enum status conn_hello(struct conn *c, const struct request_hello *h, struct diag *d) MUST_CHECK;
void conn_close(struct conn *c, uint64_t code);

#endif
