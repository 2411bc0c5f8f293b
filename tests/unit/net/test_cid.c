/* tests/unit/net/test_cid.c - the table of connection ids and the hash that keys it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "net/cid.h"

#define N_IDS 5000

/* The vectors of the SipHash paper: key 00..0f, input 00..n-1. */
static void test_siphash_vectors(void **state)
{
	const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	uint8_t in[15];

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	assert_true(siphash(key, in, 0) == UINT64_C(0x726fdb47dd0e0e31));
	assert_true(siphash(key, in, 15) == UINT64_C(0xa129ca6149be45e5));
}

static void test_add_get_del(void **state)
{
	static struct cid_owner owner[N_IDS];
	static uint8_t id[N_IDS][CID_LEN];
	struct cid_table t;

	(void)state;
	assert_int_equal(cid_table_init(&t), ST_OK);
	for (int i = 0; i < N_IDS; i++) {
		cid_make(0, 1, id[i]);
		owner[i].first = NULL;
		assert_int_equal(cid_table_add(&t, id[i], CID_LEN, &owner[i]), ST_OK);
	}
	assert_int_equal(cid_table_add(&t, id[7], CID_LEN, &owner[8]), ST_EXISTS);
	for (int i = 0; i < N_IDS; i++)
		assert_ptr_equal(cid_table_get(&t, id[i], CID_LEN), &owner[i]);
	assert_null(cid_table_get(&t, id[0], CID_LEN - 1));
	for (int i = 0; i < N_IDS; i += 2)
		cid_table_del(&t, id[i], CID_LEN);
	for (int i = 0; i < N_IDS; i++)
		assert_ptr_equal(cid_table_get(&t, id[i], CID_LEN), i % 2 == 0 ? NULL : &owner[i]);
	cid_table_release(&t);
}

static void test_owner_with_many(void **state)
{
	struct cid_table t;
	struct cid_owner a = {0}, b = {0};
	uint8_t id[10][CID_LEN_MAX];

	(void)state;
	assert_int_equal(cid_table_init(&t), ST_OK);
	for (uint8_t i = 0; i < 10; i++) {
		memset(id[i], i, sizeof id[i]);
		assert_int_equal(cid_table_add(&t, id[i], 1 + i * 2u, i % 2 ? &a : &b), ST_OK);
	}
	cid_table_del(&t, id[3], 7);
	cid_table_del_all(&t, &a);
	assert_null(a.first);
	for (uint8_t i = 0; i < 10; i++)
		assert_ptr_equal(cid_table_get(&t, id[i], 1 + i * 2u), i % 2 ? NULL : &b);
	cid_table_release(&t);
}

static void test_id_names_its_loop(void **state)
{
	static const uint32_t loops[] = {1, 2, 3, 7, 255, 256};
	uint8_t id[CID_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loops); i++) {
		for (uint32_t k = 0; k < 2000; k++) {
			cid_make(k % loops[i], loops[i], id);
			assert_int_equal(id[0] % loops[i], k % loops[i]);
		}
	}
}

static void test_no_memory(void **state)
{
	struct cid_table t;
	struct cid_owner owner = {0};
	uint8_t id[CID_LEN];

	(void)state;
	mem_fail_nth(1, true);
	assert_int_equal(cid_table_init(&t), ST_NOMEM);
	mem_fail_nth(0, false);
	assert_int_equal(cid_table_init(&t), ST_OK);
	cid_make(0, 1, id);
	mem_fail_nth(1, true);
	assert_int_equal(cid_table_add(&t, id, CID_LEN, &owner), ST_NOMEM);
	mem_fail_nth(0, false);
	assert_null(cid_table_get(&t, id, CID_LEN));
	assert_null(owner.first);
	cid_table_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_siphash_vectors), cmocka_unit_test(test_add_get_del),
	    cmocka_unit_test(test_owner_with_many), cmocka_unit_test(test_id_names_its_loop),
	    cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
