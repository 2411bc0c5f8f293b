/* Hash maps against a plain model, and without memory. Typed arrays too. */
#include "tests/unit/base/base_test.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/vec.h"

#define KEYS 512

static void u64_map_agrees_with_a_model(void **state)
{
	struct map_u64 m;
	uint64_t model[KEYS] = {0}; /* value + 1, 0: absent */
	uint64_t n = 0;
	struct rand r;

	rand_seed(&r, 1);
	map_u64_init(&m, MEM_OTHER);
	for (unsigned i = 0; i < 50000; i++) {
		uint64_t key = rand_below(&r, KEYS), value = rand_below(&r, 1000);
		if (rand_below(&r, 5) < 2) {
			assert_int_equal(map_u64_del(&m, key), model[key] != 0);
			n -= model[key] != 0;
			model[key] = 0;
		} else {
			assert_true(map_u64_put(&m, key, value));
			n += model[key] == 0;
			model[key] = value + 1;
		}
		assert_int_equal(m.n, n);
		uint64_t look = rand_below(&r, KEYS);
		uint64_t *got = map_u64_get(&m, look);
		assert_int_equal(got != NULL ? *got + 1 : 0, model[look]);
	}
	for (uint64_t key = 0; key < KEYS; key++) {
		uint64_t *got = map_u64_get(&m, key);
		assert_int_equal(got != NULL ? *got + 1 : 0, model[key]);
	}
	map_u64_release(&m);
}

static void slot_says_whether_it_is_new(void **state)
{
	struct map_u64 m;
	bool is_new;

	map_u64_init(&m, MEM_OTHER);
	*map_u64_slot(&m, 7, &is_new) = 70;
	assert_true(is_new);
	assert_int_equal(*map_u64_slot(&m, 7, &is_new), 70);
	assert_false(is_new);
	assert_true(map_u64_reserve(&m, 100000));
	assert_int_equal(*map_u64_get(&m, 7), 70);
	map_u64_release(&m);
}

static void str_map_finds_every_key(void **state)
{
	static char keys[3000][16];
	struct map_str m;

	map_str_init(&m, MEM_OTHER);
	assert_null(map_str_get(&m, STR("x")));
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(keys[i], sizeof keys[i], "key%u", i);
		assert_true(map_str_put(&m, str_of(keys[i]), i));
	}
	assert_true(map_str_put(&m, STR_NULL, 99)); /* the empty text is a key as any other */
	assert_true(map_str_put(&m, str_of(keys[5]), 500));
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(*map_str_get(&m, str_of(keys[i])), i == 5 ? 500 : i);
	assert_int_equal(*map_str_get(&m, STR("")), 99);
	assert_null(map_str_get(&m, STR("key3000")));
	assert_int_equal(m.n, 3001);
	map_str_release(&m);
}

static void no_memory_leaves_maps_as_they_were(void **state)
{
	struct map_u64 m;

	for (uint64_t nth = 1; nth <= 4; nth++) {
		map_u64_init(&m, MEM_OTHER);
		mem_fail_nth(nth, true);
		uint64_t n = 0;
		while (map_u64_put(&m, n, n * 3))
			n++;
		mem_fail_nth(0, false);
		assert_int_equal(m.n, n);
		for (uint64_t key = 0; key < n; key++)
			assert_int_equal(*map_u64_get(&m, key), key * 3);
		map_u64_release(&m);
	}
	assert_int_equal(mem_used(MEM_OTHER), 0);
}

static void vec_grows_and_a_failed_push_changes_nothing(void **state)
{
	VEC(uint32_t) v = {0};

	for (uint32_t i = 0; i < 1000; i++)
		assert_true(vec_push(MEM_OTHER, &v, i));
	assert_int_equal(v.n, 1000);
	assert_int_equal(v.v[999], 999);
	while (v.n < v.cap)
		assert_true(vec_push(MEM_OTHER, &v, 0));
	uint32_t n = v.n;
	mem_fail_nth(1, false);
	assert_false(vec_push(MEM_OTHER, &v, 1));
	mem_fail_nth(0, false);
	assert_int_equal(v.n, n);
	assert_int_equal(v.v[999], 999);
	vec_release(MEM_OTHER, &v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(u64_map_agrees_with_a_model),
	    cmocka_unit_test(slot_says_whether_it_is_new),
	    cmocka_unit_test(str_map_finds_every_key),
	    cmocka_unit_test(no_memory_leaves_maps_as_they_were),
	    cmocka_unit_test(vec_grows_and_a_failed_push_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
