/* Arenas: alignment, marks, budgets, and no memory. */
#include "tests/unit/base/base_test.h"

#include "base/arena.h"

static void allocations_are_aligned_and_disjoint(void **state)
{
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	char *last_end = NULL;
	for (unsigned size = 1; size < 3000; size += 7) {
		char *p = arena_alloc(&a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 8, 0);
		assert_true(last_end == NULL || p >= last_end || p + size <= last_end);
		memset(p, 0xab, size);
		last_end = p + size;
	}
	char *wide = arena_alloc_aligned(&a, 10, 256);
	assert_int_equal((uintptr_t)wide % 256, 0);
	char *large = arena_zalloc(&a, 5000000);
	assert_non_null(large);
	assert_int_equal(large[4999999], 0);
	arena_release(&a);
	assert_int_equal(mem_used(MEM_QUERY), 0);
}

static void a_mark_forgets_what_came_later(void **state)
{
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	struct arena_mark start = arena_mark(&a);
	char *first = arena_alloc(&a, 100);
	struct arena_mark m = arena_mark(&a);
	char *second = arena_alloc(&a, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_non_null(arena_alloc(&a, 5000));
	uint64_t many = arena_used(&a);
	arena_rewind(&a, m);
	assert_true(arena_used(&a) < many);
	assert_ptr_equal(arena_alloc(&a, 100), second);
	arena_rewind(&a, start);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	arena_reset(&a);
	assert_true(arena_used(&a) > 0);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	arena_release(&a);
}

static void budgets_stop_an_arena_and_their_parents(void **state)
{
	struct budget parent = {.limit_bytes = 40000};
	struct budget one = {.limit_bytes = 20000, .parent = &parent};
	struct budget two = {.parent = &parent};
	struct arena a, b;

	arena_init(&a, MEM_QUERY, &one);
	arena_init(&b, MEM_QUERY, &two);
	assert_non_null(arena_alloc(&a, 10000));
	assert_null(arena_alloc(&a, 12000));
	assert_true(arena_over_budget(&a));
	assert_int_equal(parent.used_bytes, one.used_bytes);
	assert_null(arena_alloc(&b, 35000)); /* the parent refuses: what two took is given back */
	assert_true(arena_over_budget(&b));
	assert_int_equal(two.used_bytes, 0);
	assert_non_null(arena_alloc(&b, 20000));
	arena_release(&a);
	arena_release(&b);
	assert_int_equal(parent.used_bytes, 0);
	assert_true(parent.peak_bytes > 30000 && parent.peak_bytes <= 40000);
}

static void texts_are_terminated(void **state)
{
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	struct str s = arena_str(&a, (struct str){"abcdef", 3});
	assert_string_equal(s.p, "abc");
	assert_int_equal(s.len, 3);
	s = arena_str(&a, STR_NULL);
	assert_string_equal(s.p, "");
	s = arena_printf(&a, "%d-%s", 42, "x");
	assert_string_equal(s.p, "42-x");
	assert_int_equal(s.len, 4);
	arena_release(&a);
}

static void an_array_grows_and_keeps_what_it_has(void **state)
{
	struct arena a;
	struct budget small = {.limit_bytes = 64 * 1024};
	uint64_t *v = NULL;
	uint32_t n = 0, cap = 0;

	(void)state;
	arena_init(&a, MEM_OTHER, &small);
	while (arena_grow(&a, &v, n, &cap, sizeof *v)) {
		assert_true(n < cap);
		v[n] = n;
		n++;
	}
	assert_true(n > 1000); /* then the budget is used up, and the array is as it was */
	assert_int_equal(cap, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(v[i], i);
	arena_release(&a);
}

static void no_memory_is_null_and_leaks_nothing(void **state)
{
	struct budget budget = {0};
	struct arena a;

	arena_init(&a, MEM_QUERY, &budget);
	for (uint64_t nth = 1; nth < 20; nth++) {
		mem_fail_nth(nth, true);
		while (arena_alloc(&a, 3000) != NULL)
			;
		assert_false(arena_over_budget(&a));
		mem_fail_nth(0, false);
		arena_release(&a);
		assert_int_equal(budget.used_bytes, 0);
	}
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX / 2 - 1));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocations_are_aligned_and_disjoint),
	    cmocka_unit_test(a_mark_forgets_what_came_later),
	    cmocka_unit_test(budgets_stop_an_arena_and_their_parents),
	    cmocka_unit_test(texts_are_terminated),
	    cmocka_unit_test(an_array_grows_and_keeps_what_it_has),
	    cmocka_unit_test(no_memory_is_null_and_leaks_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
