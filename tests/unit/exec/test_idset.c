#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/hash.h"
#include "exec/idset.h"

static struct arena arena;
static struct idset set;

static int set_up(void **state)
{
	arena_init(&arena, MEM_OTHER, NULL);
	idset_init(&set, &arena);
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

static bool add(int64_t key)
{
	bool fresh;

	assert_int_equal(idset_add(&set, key, &fresh), ST_OK);
	assert_true(idset_has(&set, key));
	return fresh;
}

static void dense_numbers_are_members_once(void **state)
{
	for (int64_t i = 0; i < 20000; i++)
		assert_true(add(i));
	for (int64_t i = 0; i < 20000; i++)
		assert_false(add(i));
	assert_false(idset_has(&set, 20000 + IDSET_PAGE_BITS));
	assert_int_equal(set.n, 20000);
	assert_int_equal(set.n_hashed, 0);
}

static void extremes_are_members_like_others(void **state)
{
	const int64_t keys[] = {INT64_MIN, INT64_MAX, -1, 0, IDSET_DENSE - 1, IDSET_DENSE};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_false(idset_has(&set, keys[i]));
		assert_true(add(keys[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_false(add(keys[i]));
}

static void numbers_far_apart_do_not_take_a_page_each(void **state)
{
	for (int64_t i = 0; i < 10000; i++)
		assert_true(add(i * 6007 % IDSET_DENSE));
	for (int64_t i = 0; i < 10000; i++)
		assert_false(add(i * 6007 % IDSET_DENSE));
	assert_true(set.n_pages < 1000);
}

static void random_numbers_agree_with_a_plain_array(void **state)
{
	static uint8_t model[1 << 16];
	struct rand r;

	rand_seed(&r, 1);
	for (int i = 0; i < 200000; i++) {
		/* Half of them far away, so that both stores fill and the pages get sealed. */
		uint64_t k = rand_below(&r, 1 << 16);
		int64_t key = k % 2 != 0 ? (int64_t)k : (int64_t)(k * UINT64_C(1000003));
		assert_int_equal(add(key), model[k] == 0);
		model[k] = 1;
	}
}

static void no_memory_is_said(void **state)
{
	bool fresh;

	for (uint64_t n = 1; n < 4; n++) {
		mem_fail_nth(n, true);
		enum status st = ST_OK;
		for (int64_t i = 0; i < 100000 && st == ST_OK; i++)
			st = idset_add(&set, i * 5, &fresh);
		mem_fail_nth(0, false);
		assert_int_equal(st, ST_NOMEM);
		arena_reset(&arena);
		idset_init(&set, &arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(dense_numbers_are_members_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(extremes_are_members_like_others, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(numbers_far_apart_do_not_take_a_page_each, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(random_numbers_agree_with_a_plain_array, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(no_memory_is_said, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
