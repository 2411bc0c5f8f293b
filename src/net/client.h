/* net/client.h - a blocking QUIC client: one connection and its streams, bytes only.
 *
 * Room:    net.
 * Threads: a client and its streams belong to one thread at a time. Packets move only inside these
 *          calls; between them the connection rests (the server's idle time-out counts on).
 * Errors:  ST_STOPPED: the deadline passed; ST_CLOSED: the connection or the stream is gone;
 *          ST_AUTH: the server's certificate is not accepted; ST_IO, ST_NOMEM. Deadlines are times
 *          of clock_mono_ns(); NET_NO_DEADLINE waits for ever. */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/iobuf.h"
#include "net/tls.h"

#define NET_NO_DEADLINE UINT64_MAX

struct net_client;
struct net_client_stream;

struct net_client_options {
	const char *host; /* name or number */
	uint16_t port;
	const char *server_name;  /* what the certificate must say; NULL: host */
	struct tls *tls;	  /* the client takes a reference of its own */
	uint32_t idle_timeout_ms; /* 0: 300 s */
	uint32_t spin_us;	  /* looks before it sleeps (net/spin.h); 0: sleeps at once */
};

/* Tries each address of the host in turn until the deadline. */
enum status net_client_connect(const struct net_client_options *o, uint64_t deadline_ns,
			       struct diag *d, struct net_client **ret) MUST_CHECK;
/* Closes with an application code (the close packet is sent once, nobody waits for an answer) and
 * frees the client and its streams. c may be NULL. */
void net_client_close(struct net_client *c, uint64_t app_code);
/* True until the connection is known to be gone. */
bool net_client_is_open(const struct net_client *c);
/* Why the connection has ended, for people; "" while it is open. */
const char *net_client_reason(const struct net_client *c);

/* SHA-256 of the certificate that the server showed; false when the connection is gone. */
bool net_client_fingerprint(const struct net_client *c, uint8_t ret[TLS_FINGERPRINT_LEN]);

/* Waits until the server allows one more stream. */
enum status net_client_stream_open(struct net_client *c, uint64_t deadline_ns,
				   struct net_client_stream **ret) MUST_CHECK;
/* Resets the stream if it has not ended, and forgets it. s may be NULL. */
void net_client_stream_close(struct net_client_stream *s);
/* Takes the chain's bytes (it is empty afterwards, whatever the answer) and sends what the server
 * takes now; waits only while more than NET_STREAM_HIGH_BYTES are on their way. */
enum status net_client_send(struct net_client_stream *s, struct chain *c,
			    uint64_t deadline_ns) MUST_CHECK;
/* Waits for at least one byte and gives up to cap. ST_END: the server ended the stream. */
enum status net_client_recv(struct net_client_stream *s, void *p, size_t cap, uint64_t deadline_ns,
			    size_t *ret_n) MUST_CHECK;

#endif
