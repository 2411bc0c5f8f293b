/* net/tls.h - certificates and keys, and what a connection's TLS session must keep to.
 *
 * Room:    net (GnuTLS). TLS 1.3 only, AES-128-GCM first by the server's choice (four times faster
 *          than ChaCha20 with AES instructions), ALPN "geode/1" mandatory.
 * Threads: a struct tls is read only once made and shared by any number of threads; it is counted:
 *          each connection holds a reference, the last one frees.
 * Errors:  ST_INVALID with a diag that names the file; ST_NOMEM. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/diag.h"

#define TLS_FINGERPRINT_LEN 32 /* SHA-256 of the certificate's DER bytes */
#define TLS_ALPN "geode/1"

struct tls;

/* PEM files: EC, Ed25519 and RSA pairs. */
enum status tls_server_new(const char *cert_file, const char *key_file, struct diag *d,
			   struct tls **ret) MUST_CHECK;

struct tls_client_options {
	const char *ca_file;		  /* NULL: the system's trusted authorities */
	const char *cert_file, *key_file; /* our own certificate, both or neither */
	const uint8_t *fingerprint;	  /* TLS_FINGERPRINT_LEN bytes: exactly this certificate */
	bool insecure;			  /* takes any certificate */
};
enum status tls_client_new(const struct tls_client_options *o, struct diag *d,
			   struct tls **ret) MUST_CHECK;

struct tls *tls_ref(struct tls *t);
void tls_unref(struct tls *t); /* t may be NULL */

/* SHA-256 of a server's certificate, for the log and for pinning. */
void tls_fingerprint(const struct tls *t, uint8_t ret[TLS_FINGERPRINT_LEN]);

/* Makes a self-signed P-256 certificate for localhost, 127.0.0.1 and ::1 and writes both files with
 * mode 0600. */
enum status tls_make_self_signed(const char *cert_file, const char *key_file,
				 struct diag *d) MUST_CHECK;

#endif
