/* client/transport.h - bytes to and from a server: QUIC, or memory in tests.
 *
 * Room:   client (private). One thread.
 * Errors: ST_CLOSED (the connection is gone), ST_STOPPED (time-out), ST_NOMEM, ST_INVALID, ST_AUTH
 * (the server's certificate is not trusted); d says more. */
#ifndef CLIENT_TRANSPORT_H
#define CLIENT_TRANSPORT_H

#include "base/diag.h"
#include "base/iobuf.h"
#include "client/dsn.h"

struct transport;

struct transport_ops {
	/* Takes the chunks of the chain in every case. May return before they are sent; they then
	 * go out during later calls. */
	enum status (*send)(struct transport *t, struct chain *bytes, struct diag *d);
	/* Waits for bytes, at most timeout_ms (0: no limit). *ret is never empty and holds until
	 * the next call of recv. */
	enum status (*recv)(struct transport *t, uint64_t timeout_ms, struct str *ret,
			    struct diag *d);
	void (*close)(struct transport *t);
};

struct transport { /* embedded by each kind */
	const struct transport_ops *ops;
};

enum status transport_quic_open(const struct dsn *dsn, struct transport **ret,
				struct diag *d) MUST_CHECK;

#endif
