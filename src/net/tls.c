/* net/tls.c - credentials and sessions by GnuTLS. */
#include "net/tls_session.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#define PEM_MODE 0600
#define SELF_SIGNED_LIFE_S (10LL * 365 * 86400)
#define SELF_SIGNED_BACKDATE_S 86400 /* clocks of clients differ */
#define SERIAL_LEN 16

#define PRIORITY                                                                                   \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3"                                                            \
	":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"                                \
	":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1"                                               \
	":%SERVER_PRECEDENCE:%DISABLE_TLS13_COMPAT_MODE"

struct tls {
	_Atomic uint32_t n_refs;
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t priority;
	bool is_server;
	bool insecure, pinned; /* of a client */
	uint8_t fingerprint[TLS_FINGERPRINT_LEN];
};

static enum status tls_error(struct diag *d, int rv, const char *what, const char *file)
{
	if (rv == GNUTLS_E_MEMORY_ERROR)
		return ST_NOMEM;
	return diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION, "%s%s%s%s: %s", what,
			file != NULL ? " '" : "", file != NULL ? file : "", file != NULL ? "'" : "",
			gnutls_strerror(rv));
}

static void tls_free(struct tls *t)
{
	if (t->priority != NULL)
		gnutls_priority_deinit(t->priority);
	if (t->cred != NULL)
		gnutls_certificate_free_credentials(t->cred);
	MEM_FREE(MEM_NET, t);
}

struct tls *tls_ref(struct tls *t)
{
	atomic_fetch_add_explicit(&t->n_refs, 1, memory_order_relaxed);
	return t;
}

void tls_unref(struct tls *t)
{
	/* Release and acquire: whoever frees sees what all others did with it. */
	if (t != NULL && atomic_fetch_sub_explicit(&t->n_refs, 1, memory_order_acq_rel) == 1)
		tls_free(t);
}

bool tls_is_server(const struct tls *t)
{
	return t->is_server;
}

void tls_fingerprint(const struct tls *t, uint8_t ret[TLS_FINGERPRINT_LEN])
{
	memcpy(ret, t->fingerprint, TLS_FINGERPRINT_LEN);
}

static enum status tls_new(bool is_server, struct diag *d, struct tls **ret)
{
	struct tls *t = MEM_NEW(MEM_NET, struct tls);

	if (t == NULL)
		return ST_NOMEM;
	atomic_init(&t->n_refs, 1);
	t->is_server = is_server;
	int rv = gnutls_certificate_allocate_credentials(&t->cred);
	if (rv == 0)
		rv = gnutls_priority_init(&t->priority, PRIORITY, NULL);
	if (rv != 0) {
		tls_free(t);
		return tls_error(d, rv, "TLS cannot be set up", NULL);
	}
	*ret = t;
	return ST_OK;
}

static enum status fingerprint_of(const gnutls_datum_t *der, uint8_t ret[TLS_FINGERPRINT_LEN])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, der->data, der->size, ret) == 0 ? ST_OK
										   : ST_NOMEM;
}

bool tls_peer_fingerprint(gnutls_session_t session, uint8_t ret[TLS_FINGERPRINT_LEN])
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);

	return n > 0 && fingerprint_of(&chain[0], ret) == ST_OK;
}

static enum status own_fingerprint(struct tls *t)
{
	gnutls_datum_t der = {0};

	if (gnutls_certificate_get_crt_raw(t->cred, 0, 0, &der) != 0)
		return ST_NOMEM;
	return fingerprint_of(&der, t->fingerprint);
}

static enum status load_pair(struct tls *t, const char *cert_file, const char *key_file,
			     struct diag *d)
{
	int rv =
	    gnutls_certificate_set_x509_key_file(t->cred, cert_file, key_file, GNUTLS_X509_FMT_PEM);
	if (rv < 0) {
		enum status st = tls_error(d, rv, "cannot use certificate", cert_file);
		diag_hint(d, "its private key is taken from '%s'", key_file);
		return st;
	}
	return own_fingerprint(t);
}

enum status tls_server_new(const char *cert_file, const char *key_file, struct diag *d,
			   struct tls **ret)
{
	struct tls *t = NULL;

	TRY(tls_new(true, d, &t));
	enum status st = load_pair(t, cert_file, key_file, d);
	if (st != ST_OK) {
		tls_unref(t);
		return st;
	}
	*ret = t;
	return ST_OK;
}

static enum status load_trust(struct tls *t, const struct tls_client_options *o, struct diag *d)
{
	if (o->ca_file != NULL) {
		int rv = gnutls_certificate_set_x509_trust_file(t->cred, o->ca_file,
								GNUTLS_X509_FMT_PEM);
		if (rv < 0)
			return tls_error(d, rv, "cannot read authorities from", o->ca_file);
		if (rv == 0)
			return diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION,
					"no certificate in '%s'", o->ca_file);
	} else if (!o->insecure && o->fingerprint == NULL) {
		int rv = gnutls_certificate_set_x509_system_trust(t->cred);
		if (rv < 0)
			return tls_error(d, rv, "cannot read the system's authorities", NULL);
	}
	return ST_OK;
}

enum status tls_client_new(const struct tls_client_options *o, struct diag *d, struct tls **ret)
{
	struct tls *t = NULL;

	TRY(tls_new(false, d, &t));
	enum status st = load_trust(t, o, d);
	if (st == ST_OK && o->cert_file != NULL)
		st = load_pair(t, o->cert_file, o->key_file, d);
	if (st != ST_OK) {
		tls_unref(t);
		return st;
	}
	t->insecure = o->insecure;
	t->pinned = o->fingerprint != NULL;
	if (t->pinned)
		memcpy(t->fingerprint, o->fingerprint, TLS_FINGERPRINT_LEN);
	*ret = t;
	return ST_OK;
}

/* ---- sessions ---- */

static const char *check_pin(const struct tls *t, gnutls_session_t session)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	uint8_t found[TLS_FINGERPRINT_LEN];

	if (chain == NULL || n == 0 || fingerprint_of(&chain[0], found) != ST_OK)
		return "the server shows no certificate";
	return memcmp(found, t->fingerprint, sizeof found) == 0
		   ? NULL
		   : "the server's certificate is not the pinned one";
}

static const char *check_chain(gnutls_session_t session, const char *server_name)
{
	unsigned status = 0;

	if (gnutls_certificate_verify_peers3(session, server_name, &status) != 0)
		return "the server's certificate cannot be checked";
	if (status == 0)
		return NULL;
	if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
		return "the server's certificate is for another name";
	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return "the server's certificate is out of date";
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return "the server's certificate is signed by nobody we trust";
	return "the server's certificate is not valid";
}

/* Called by GnuTLS once the server's certificate is there; non-zero ends the handshake. */
static int verify_server(gnutls_session_t session)
{
	struct tls_verdict *v = tls_verdict_of(gnutls_session_get_ptr(session));

	if (v->tls->pinned)
		v->reason = check_pin(v->tls, session);
	else if (!v->tls->insecure)
		v->reason = check_chain(session, v->server_name);
	return v->reason != NULL ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR : 0;
}

static bool is_number(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static int configure(const struct tls *t, gnutls_session_t session, const char *server_name)
{
	const gnutls_datum_t alpn = {(unsigned char *)TLS_ALPN, sizeof TLS_ALPN - 1};
	int rv = gnutls_priority_set(session, t->priority);

	if (rv == 0)
		rv = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, t->cred);
	if (rv == 0)
		rv = gnutls_alpn_set_protocols(session, &alpn, 1, GNUTLS_ALPN_MANDATORY);
	if (rv == 0 && t->is_server)
		return ngtcp2_crypto_gnutls_configure_server_session(session);
	if (rv == 0)
		rv = ngtcp2_crypto_gnutls_configure_client_session(session);
	if (rv == 0 && !is_number(server_name)) /* RFC 6066, 3: no addresses */
		rv = gnutls_server_name_set(session, GNUTLS_NAME_DNS, server_name,
					    strlen(server_name));
	gnutls_session_set_verify_function(session, verify_server);
	return rv;
}

enum status tls_session_new(const struct tls *t, ngtcp2_crypto_conn_ref *ref,
			    struct tls_verdict *verdict, gnutls_session_t *ret)
{
	gnutls_session_t session = NULL;
	unsigned flags = t->is_server ? GNUTLS_SERVER : GNUTLS_CLIENT;

	flags |= GNUTLS_NO_TICKETS | GNUTLS_NO_END_OF_EARLY_DATA;
	if (gnutls_init(&session, flags) != 0)
		return ST_NOMEM;
	if (configure(t, session, verdict->server_name) != 0) {
		gnutls_deinit(session);
		return ST_NOMEM;
	}
	verdict->tls = t;
	gnutls_session_set_ptr(session, ref);
	*ret = session;
	return ST_OK;
}

/* ---- a certificate of our own making ---- */

static int set_names(gnutls_x509_crt_t crt)
{
	static const uint8_t v4[4] = {127, 0, 0, 1};
	static const uint8_t v6[16] = {[15] = 1};
	static const char host[] = "localhost";
	int rv = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, host,
					       sizeof host - 1);

	if (rv == 0)
		rv = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host,
							  sizeof host - 1, GNUTLS_FSAN_SET);
	if (rv == 0)
		rv = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v4, sizeof v4,
							  GNUTLS_FSAN_APPEND);
	if (rv == 0)
		rv = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v6, sizeof v6,
							  GNUTLS_FSAN_APPEND);
	return rv;
}

static int fill_certificate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	time_t now = (time_t)(clock_wall_us() / 1000000);
	uint8_t serial[SERIAL_LEN];
	int rv = gnutls_x509_crt_set_version(crt, 3);

	rand_secret(serial, sizeof serial);
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive and not empty */
	if (rv == 0)
		rv = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
	if (rv == 0)
		rv = gnutls_x509_crt_set_activation_time(crt, now - SELF_SIGNED_BACKDATE_S);
	if (rv == 0)
		rv = gnutls_x509_crt_set_expiration_time(crt, now + SELF_SIGNED_LIFE_S);
	if (rv == 0)
		rv = gnutls_x509_crt_set_key(crt, key);
	if (rv == 0)
		rv = set_names(crt);
	if (rv == 0)
		rv = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (rv == 0)
		rv = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rv == 0)
		rv = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (rv == 0)
		rv = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return rv;
}

static enum status write_pem(const char *path, const gnutls_datum_t *pem, struct diag *d)
{
	enum status st = file_write_atomic(path, pem->data, pem->size, PEM_MODE);

	if (st != ST_OK)
		return diag_fail(d, st, GQL_IO_ERROR, DIAG_NO_POSITION, "cannot write '%s': %s",
				 path, strerror(file_last_errno()));
	return ST_OK;
}

enum status tls_make_self_signed(const char *cert_file, const char *key_file, struct diag *d)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t key_pem = {0}, crt_pem = {0};
	enum status st = ST_OK;
	int rv = gnutls_x509_privkey_init(&key);

	if (rv == 0)
		rv = gnutls_x509_crt_init(&crt);
	if (rv == 0)
		rv = gnutls_x509_privkey_generate(
		    key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rv == 0)
		rv = fill_certificate(crt, key);
	if (rv == 0)
		rv = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						       GNUTLS_PKCS_PLAIN, &key_pem);
	if (rv == 0)
		rv = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem);
	if (rv != 0)
		st = tls_error(d, rv, "cannot make a certificate", NULL);
	if (st == ST_OK)
		st = write_pem(key_file, &key_pem, d);
	if (st == ST_OK)
		st = write_pem(cert_file, &crt_pem, d);
	if (key_pem.data != NULL)
		gnutls_memset(key_pem.data, 0, key_pem.size);
	gnutls_free(key_pem.data);
	gnutls_free(crt_pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return st;
}
