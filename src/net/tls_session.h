/* net/tls_session.h - the TLS session of one connection.
 *
 * Room: net, private. */
#ifndef NET_TLS_SESSION_H
#define NET_TLS_SESSION_H

#include <gnutls/gnutls.h>

#include "net/ngcompat.h"
#include "net/tls.h"

/* Why a client did not take the server's certificate; static text, NULL: it was not the reason. */
struct tls_verdict {
	const char *reason;
	const char *server_name; /* borrowed for the session's life; unused in a server */
	const struct tls *tls;
};

/* The session keeps pointers to ref and verdict. The caller holds a reference to t meanwhile. */
enum status tls_session_new(const struct tls *t, ngtcp2_crypto_conn_ref *ref,
			    struct tls_verdict *verdict, gnutls_session_t *ret) MUST_CHECK;
/* SHA-256 of the certificate that the peer showed; false: none. */
bool tls_peer_fingerprint(gnutls_session_t session, uint8_t ret[TLS_FINGERPRINT_LEN]);
bool tls_is_server(const struct tls *t);
/* The verdict of the session's connection; endpoint.c knows where it lies. */
struct tls_verdict *tls_verdict_of(const ngtcp2_crypto_conn_ref *ref);

#endif
