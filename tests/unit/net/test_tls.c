/* tests/unit/net/test_tls.c - the certificate of our own making, and pairs of others'. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "net/tls.h"

static char dir[] = "/tmp/geode-tls-XXXXXX";
static char cert[64], key[64];

static gnutls_x509_crt_t read_certificate(void)
{
	char *text = NULL;
	size_t n = 0;
	gnutls_x509_crt_t crt;

	assert_int_equal(file_read_all(cert, 65536, &text, &n), ST_OK);
	gnutls_datum_t pem = {(unsigned char *)text, (unsigned)n};
	gnutls_x509_crt_init(&crt);
	assert_int_equal(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
	mem_free(MEM_OTHER, text, n + 1);
	return crt;
}

static void test_self_signed(void **state)
{
	struct stat info;
	unsigned critical, ca = 1, bits = 0;
	int path_len;

	(void)state;
	assert_int_equal(stat(key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	gnutls_x509_crt_t crt = read_certificate();
	assert_true(gnutls_x509_crt_check_hostname(crt, "localhost"));
	assert_true(gnutls_x509_crt_check_hostname(crt, "127.0.0.1"));
	assert_true(gnutls_x509_crt_check_hostname(crt, "::1"));
	assert_false(gnutls_x509_crt_check_hostname(crt, "example.org"));
	assert_false(gnutls_x509_crt_check_hostname(crt, "127.0.0.2"));
	assert_int_equal(gnutls_x509_crt_get_version(crt), 3);
	assert_int_equal(gnutls_x509_crt_get_pk_algorithm(crt, &bits), GNUTLS_PK_ECDSA);
	assert_int_equal(bits, 256);
	assert_int_equal(gnutls_x509_crt_get_basic_constraints(crt, &critical, &ca, &path_len), 0);
	assert_int_equal(ca, 0);
	gnutls_x509_crt_deinit(crt);
}

static void test_server_pair(void **state)
{
	struct tls *t = NULL;
	struct diag d;
	uint8_t got[TLS_FINGERPRINT_LEN], want[TLS_FINGERPRINT_LEN];
	size_t n = sizeof want;

	(void)state;
	diag_reset(&d);
	assert_int_equal(tls_server_new(cert, key, &d, &t), ST_OK);
	gnutls_x509_crt_t crt = read_certificate();
	assert_int_equal(gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, want, &n), 0);
	gnutls_x509_crt_deinit(crt);
	tls_fingerprint(t, got);
	assert_memory_equal(got, want, sizeof want);
	assert_ptr_equal(tls_ref(t), t);
	tls_unref(t);
	tls_unref(t);
}

/* A 4096-bit RSA pair loads like any other. */
static void test_rsa(void **state)
{
	char rsa_key[80], rsa_cert[80];
	gnutls_x509_privkey_t k;
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem;
	struct tls *t = NULL;
	struct diag d;

	(void)state;
	snprintf(rsa_key, sizeof rsa_key, "%s/rsa-key.pem", dir);
	snprintf(rsa_cert, sizeof rsa_cert, "%s/rsa-cert.pem", dir);
	gnutls_x509_privkey_init(&k);
	assert_int_equal(gnutls_x509_privkey_generate(k, GNUTLS_PK_RSA, 4096, 0), 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1", 1);
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, 2000000000);
	gnutls_x509_crt_set_key(crt, k);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, k, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_privkey_export2(k, GNUTLS_X509_FMT_PEM, &pem), 0);
	assert_int_equal(file_write_atomic(rsa_key, pem.data, pem.size, 0600), ST_OK);
	gnutls_free(pem.data);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
	assert_int_equal(file_write_atomic(rsa_cert, pem.data, pem.size, 0600), ST_OK);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(k);

	diag_reset(&d);
	assert_int_equal(tls_server_new(rsa_cert, rsa_key, &d, &t), ST_OK);
	tls_unref(t);
	/* A certificate with another's key is refused. */
	assert_int_equal(tls_server_new(cert, rsa_key, &d, &t), ST_INVALID);
	unlink(rsa_key);
	unlink(rsa_cert);
}

static void test_missing_files(void **state)
{
	struct tls *t = NULL;
	struct diag d;
	struct tls_client_options o = {.ca_file = "/nonexistent/ca.pem"};

	(void)state;
	diag_reset(&d);
	assert_int_equal(tls_server_new("/nonexistent/cert.pem", key, &d, &t), ST_INVALID);
	assert_non_null(strstr(d.message, "'/nonexistent/cert.pem'"));
	diag_reset(&d);
	assert_int_equal(tls_client_new(&o, &d, &t), ST_INVALID);
	assert_non_null(strstr(d.message, "'/nonexistent/ca.pem'"));
	diag_reset(&d);
	assert_int_equal(tls_make_self_signed("/nonexistent/c.pem", "/nonexistent/k.pem", &d),
			 ST_NOT_FOUND);
	assert_true(diag_is_set(&d));
}

static int setup(void **state)
{
	struct diag d;

	(void)state;
	diag_reset(&d);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	snprintf(key, sizeof key, "%s/key.pem", dir);
	return tls_make_self_signed(cert, key, &d) == ST_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink(cert);
	unlink(key);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_self_signed),
	    cmocka_unit_test(test_server_pair),
	    cmocka_unit_test(test_rsa),
	    cmocka_unit_test(test_missing_files),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
