/* tests/unit/net/test_token.c - tokens: whose, from where, how old; the secret's file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "net/token.h"

static const uint8_t secret[NET_SECRET_LEN] = {1, 2, 3};
static const uint8_t other_secret[NET_SECRET_LEN] = {1, 2, 4};
static const uint64_t now_ns = 1000 * NGTCP2_SECONDS;

struct made {
	ngtcp2_pkt_hd hd;
	ngtcp2_cid odcid;
	struct net_address peer, stranger;
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
};

static void make(struct made *m, bool retry)
{
	static const uint8_t id[3][8] = {"original", "retryone", "client00"};

	*m = (struct made){0};
	m->hd.version = NGTCP2_PROTO_VER_V1;
	ngtcp2_cid_init(&m->odcid, id[0], 8);
	ngtcp2_cid_init(&m->hd.dcid, id[1], 8);
	ngtcp2_cid_init(&m->hd.scid, id[2], 8);
	assert_true(net_address_parse("127.0.0.1", 4000, &m->peer));
	assert_true(net_address_parse("127.0.0.2", 4000, &m->stranger));
	size_t n = retry ? token_retry_make(secret, m->hd.version, &m->peer, &m->hd.dcid, &m->odcid,
					    now_ns, m->token)
			 : token_address_make(secret, &m->peer, now_ns, m->token);
	assert_true(n > 0);
	NGC_HD_TOKEN(&m->hd) = m->token;
	NGC_HD_TOKENLEN(&m->hd) = n;
}

static void test_retry(void **state)
{
	struct made m;
	ngtcp2_cid odcid = {0};

	(void)state;
	make(&m, true);
	assert_int_equal(token_check(secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_RETRY);
	assert_true(ngtcp2_cid_eq(&odcid, &m.odcid));
	assert_int_equal(token_check(other_secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_BAD);
	assert_int_equal(token_check(secret, &m.hd, &m.stranger, now_ns, &odcid), TOKEN_BAD);
	assert_int_equal(
	    token_check(secret, &m.hd, &m.peer, now_ns + TOKEN_RETRY_LIFE_NS + 1, &odcid),
	    TOKEN_BAD);
	m.hd.dcid.data[0] ^= 1; /* not the id that the Retry told */
	assert_int_equal(token_check(secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_BAD);
}

static void test_address(void **state)
{
	struct made m;
	ngtcp2_cid odcid;

	(void)state;
	make(&m, false);
	assert_int_equal(token_check(secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_ADDRESS);
	assert_int_equal(token_check(other_secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_NONE);
	assert_int_equal(token_check(secret, &m.hd, &m.stranger, now_ns, &odcid), TOKEN_NONE);
	assert_int_equal(
	    token_check(secret, &m.hd, &m.peer, now_ns + TOKEN_ADDRESS_LIFE_NS + 1, &odcid),
	    TOKEN_NONE);
	m.token[0] = 0;
	assert_int_equal(token_check(secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_NONE);
	NGC_HD_TOKENLEN(&m.hd) = 0;
	assert_int_equal(token_check(secret, &m.hd, &m.peer, now_ns, &odcid), TOKEN_NONE);
}

static void test_secret_file(void **state)
{
	char dir[] = "/tmp/geode-token-XXXXXX";
	char path[64];
	struct stat info;
	uint8_t first[NET_SECRET_LEN], again[NET_SECRET_LEN];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/secret", dir);
	assert_int_equal(token_secret_load(path, first), ST_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(token_secret_load(path, again), ST_OK);
	assert_memory_equal(first, again, sizeof first);
	assert_int_equal(file_write_atomic(path, "short", 5, 0600), ST_OK);
	assert_int_equal(token_secret_load(path, again), ST_OK);
	assert_memory_not_equal(first, again, sizeof first);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_retry),
	    cmocka_unit_test(test_address),
	    cmocka_unit_test(test_secret_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
