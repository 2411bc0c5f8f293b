/* net/net.h - the door of the QUIC transport: I/O loops, connections, streams. Bytes only.
 *
 * Room:    net (RFC 9000 by ngtcp2, TLS 1.3 by GnuTLS, ALPN "geode/1"). It knows no message.
 * Threads: one loop is one thread, one socket and its connections; a connection never leaves its
 *          thread. Everything about a connection or a stream is called on that thread only, the
 *          callbacks of struct net_handler come on it too. Other threads may call net_loop_post,
 *          net_loop_drain, net_loop_stop and net_loop_counts.
 * Errors:  sending never fails for the caller: a connection that breaks tells its streams
 *          (stream_closed) and then itself (conn_closed).
 * Limits:  the NET_* numbers below and struct net_options. */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/iobuf.h"
#include "base/queue.h"
#include "net/address.h"
#include "net/tls.h"

#define NET_SECRET_LEN 32		 /* bytes: key of Retry tokens, address tokens and resets */
#define NET_STREAM_HIGH_BYTES (1u << 20) /* unsent and unacknowledged, per stream */
#define NET_STREAM_LOW_BYTES (256u << 10)    /* below it stream_writable comes */
#define NET_CONN_HIGH_BYTES (8u << 20)	     /* the same over all streams of a connection */
#define NET_CONN_HELD_MAX_BYTES (256u << 20) /* above it the peer is not reading: closed */
#define NET_THREADS_MAX 256		     /* a connection id names its thread in one byte */

/* Application error codes that this room itself closes with; callers number theirs from 1. */
enum net_close_code {
	NET_CLOSE_OK = 0,
	NET_CLOSE_STALLED = 0x100, /* over NET_CONN_HELD_MAX_BYTES */
	NET_CLOSE_NO_MEMORY = 0x101,
	NET_CLOSE_REFUSED = 0x102, /* conn_opened gave NULL */
};

struct net_loop;
struct net_conn;
struct net_stream;

struct net_handler {
	/* The handshake is done. What it returns is conn_user from now on; NULL refuses the
	 * connection. NULL as the function: conn_user is loop_user. */
	void *(*conn_opened)(void *loop_user, struct net_conn *c);
	/* Comes once for each connection that was opened, after stream_closed of all its streams;
	 * after it the pointer is dead. May be NULL. */
	void (*conn_closed)(void *conn_user);
	/* The peer opened a stream. NULL resets it. */
	void *(*stream_opened)(void *conn_user, struct net_stream *s);
	/* Bytes in order; p is valid during the call only. n may be 0 with fin. */
	void (*stream_data)(void *stream_user, const uint8_t *p, size_t n, bool fin);
	/* After net_stream_full said true: there is room again. May be NULL. */
	void (*stream_writable)(void *stream_user);
	/* Ended on both sides, reset or told to stop by the peer, or the connection is gone. Comes
	 * once for each stream; after it the stream pointer is dead. */
	void (*stream_closed)(void *stream_user);
	/* Once a turn, after reading and before writing. True: more work waits, do not sleep. May
	 * be NULL. */
	bool (*turn)(void *loop_user);
	/* When turn wants to be called at the latest, by the monotone clock; UINT64_MAX: whenever.
	 * May be NULL. */
	uint64_t (*deadline)(void *loop_user);
	/* From the inbox. May be NULL when nobody posts. */
	void (*message)(void *loop_user, struct queue_node *n);
};

struct net_options {	 /* net_options_init gives every field but tls and listen its default */
	struct tls *tls; /* of a server; the loop takes a reference of its own */
	struct net_address listen;	/* port 0: the kernel chooses, see net_loop_address */
	uint8_t secret[NET_SECRET_LEN]; /* the same for all loops; token_secret_load keeps it */
	uint32_t n_threads;		/* loops that share the port */
	uint32_t max_connections;	/* one more is answered CONNECTION_REFUSED */
	/* Counts the connections of all loops that share the limit, and outlives them; NULL: the
	 * limit is that of each loop. Loops that accept in the same instant may pass it by one
	 * each. */
	uint32_t *n_shared;
	uint32_t retry_half_open; /* handshakes under way from which on Retry is asked for */
	uint32_t max_half_open;	  /* handshakes under way; above it Initials are refused */
	uint32_t max_streams;	  /* open at once per connection */
	uint32_t stream_window, conn_window; /* bytes a peer may send ahead */
	uint32_t idle_timeout_ms, handshake_timeout_ms;
	uint32_t resets_per_second; /* stateless resets, at most */
	uint32_t inbox_limit;	    /* posted messages that wait */
	uint32_t spin_us; /* looks for more before it sleeps (net/spin.h); 0: sleeps at once */
	bool big_loopback_packets; /* 16 KiB packets to peers on this machine */
};

void net_options_init(struct net_options *o);

/* Opens the socket of loop `index` (0 <= index < n_threads). Loops of one port are made in order of
 * their index, by one thread, before traffic: the kernel steers by that order. Several sockets
 * share the port, so the caller first takes the TCP port of the same number to keep a second server
 * out. ST_IO: the address cannot be bound; diag says why. */
enum status net_loop_new(const struct net_options *o, const struct net_handler *h, void *loop_user,
			 uint32_t index, struct diag *d, struct net_loop **ret) MUST_CHECK;
/* After net_loop_run has returned. */
void net_loop_free(struct net_loop *l);
/* The loop's thread: returns after net_loop_stop, when all connections are closed. */
void net_loop_run(struct net_loop *l);
/* The bound address. */
const struct net_address *net_loop_address(const struct net_loop *l);

/* After net_loop_run has returned, on the thread that frees the loop: hands over the messages that
 * still come, until done says so. */
void net_loop_finish_inbox(struct net_loop *l, bool (*done)(void *loop_user));

/* From here on new connections are refused; those that exist go on. Any thread. */
void net_loop_drain(struct net_loop *l);
/* Drains, closes all connections with this code once their bytes are acknowledged, at the latest
 * after deadline_ms, and lets net_loop_run return. Any thread, once. */
void net_loop_stop(struct net_loop *l, uint64_t app_code, uint32_t deadline_ms);

/* Makes the loop take a turn, though nothing has come. Any thread. */
void net_loop_wake(struct net_loop *l);
/* Puts a message into the loop's inbox. Any thread. ST_BUSY: full, nothing was taken. */
enum status net_loop_post(struct net_loop *l, struct queue_node *n) MUST_CHECK;
/* For answers whose place was reserved by a request: never refused. Any thread. */
void net_loop_post_reserved(struct net_loop *l, struct queue_node *n);

struct net_counts { /* since the start, but for the first two */
	uint64_t connections, half_open;
	uint64_t accepted, refused, retries, resets, handshake_failures;
	uint64_t datagrams_in, bytes_in, datagrams_out, bytes_out;
};
/* Any thread; the numbers are of about the same moment. */
void net_loop_counts(const struct net_loop *l, struct net_counts *ret);

/* Closes with an application code after what was sent is acknowledged (at most NET_LINGER_MS);
 * nothing is read any more. The callbacks stream_closed and conn_closed come later, never from
 * within this call. */
void net_conn_close(struct net_conn *c, uint64_t app_code);
const struct net_address *net_conn_peer(const struct net_conn *c);
/* Opens a stream of our own. ST_BUSY: the peer allows no more now. */
enum status net_stream_open(struct net_conn *c, void *stream_user,
			    struct net_stream **ret) MUST_CHECK;

/* Takes all bytes of the chain and leaves it empty; they go out at the end of the turn. A chain
 * that failed closes the connection (NET_CLOSE_NO_MEMORY): half a message must not be sent. */
void net_stream_send(struct net_stream *s, struct chain *c);
/* No more bytes from us: the peer sees the end after what was sent. */
void net_stream_finish(struct net_stream *s);
/* Ends both directions at once with an error code; stream_closed comes later. */
void net_stream_reset(struct net_stream *s, uint64_t app_code);
/* Bytes that the peer has not acknowledged, sent or not. */
size_t net_stream_unsent(const struct net_stream *s);
/* Above the high-water mark of the stream or of its connection: stop making bytes until
 * stream_writable. */
bool net_stream_full(struct net_stream *s);
/* No more credit for the peer: what it was allowed to send before (at most stream_window bytes)
 * still comes through stream_data. Resume gives the credit of all that came meanwhile. */
void net_stream_pause(struct net_stream *s);
void net_stream_resume(struct net_stream *s);
struct net_conn *net_stream_conn(const struct net_stream *s);

#endif
