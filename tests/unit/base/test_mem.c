/* The allocator's door: counters by tag and thread, the limit, made failures. */
#include "tests/unit/base/base_test.h"

#include <pthread.h>

#include "base/mem.h"

static void counters_follow_sizes(void **state)
{
	uint64_t before = mem_used(MEM_PLAN), total = mem_used_total();
	char *p = mem_alloc(MEM_PLAN, 1000);

	assert_int_equal(mem_used(MEM_PLAN), before + 1000);
	p = mem_resize(MEM_PLAN, p, 1000, 3000);
	assert_int_equal(mem_used(MEM_PLAN), before + 3000);
	void *none = mem_alloc(MEM_PLAN, 0);
	assert_non_null(none);
	mem_free(MEM_PLAN, none, 0);
	void *aligned = mem_alloc_aligned(MEM_PLAN, 100, 4096);
	assert_int_equal((uintptr_t)aligned % 4096, 0);
	mem_free(MEM_PLAN, aligned, 100);
	mem_free(MEM_PLAN, p, 3000);
	mem_free(MEM_PLAN, NULL, 77);
	assert_int_equal(mem_used(MEM_PLAN), before);
	assert_int_equal(mem_used_total(), total);
	assert_true(mem_resident() > 0);
}

static void *thread_allocates(void *arg)
{
	void **blocks = arg;

	for (unsigned i = 0; i < 100; i++) {
		blocks[i] = mem_alloc(MEM_GRAPH, 5000);
		if (blocks[i] == NULL)
			abort();
	}
	return NULL;
}

static void a_thread_that_ended_still_counts(void **state)
{
	uint64_t before = mem_used(MEM_GRAPH);
	void *blocks[4][100];
	pthread_t threads[4];

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_allocates, blocks[i]), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(mem_used(MEM_GRAPH), before + 4 * 100 * 5000);
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned j = 0; j < 100; j++)
			mem_free(MEM_GRAPH, blocks[i][j], 5000);
	}
	assert_int_equal(mem_used(MEM_GRAPH), before);
}

static void the_limit_refuses_and_recovers(void **state)
{
	mem_set_limit(mem_used_total() + (4 << 20));
	char *p = mem_alloc(MEM_GRAPH, 3 << 20);
	assert_non_null(p);
	assert_null(mem_alloc(MEM_GRAPH, 2 << 20));
	assert_null(mem_resize(MEM_GRAPH, p, 3 << 20, 6 << 20));
	mem_free(MEM_GRAPH, p, 3 << 20);
	p = mem_alloc(MEM_GRAPH, 2 << 20);
	assert_non_null(p);
	mem_free(MEM_GRAPH, p, 2 << 20);
	mem_set_limit(0);
}

static void the_nth_allocation_fails(void **state)
{
	mem_fail_nth(3, false);
	void *a = mem_alloc(MEM_OTHER, 1), *b = mem_alloc(MEM_OTHER, 1);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(mem_alloc(MEM_OTHER, 1));
	void *c = mem_resize(MEM_OTHER, a, 1, 2);
	assert_non_null(c);
	mem_fail_nth(1, true);
	assert_null(mem_alloc(MEM_OTHER, 1));
	assert_null(mem_resize(MEM_OTHER, b, 1, 2)); /* b is still there */
	assert_int_equal(mem_fail_nth(0, false), 2);
	mem_free(MEM_OTHER, b, 1);
	mem_free(MEM_OTHER, c, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counters_follow_sizes),
	    cmocka_unit_test(a_thread_that_ended_still_counts),
	    cmocka_unit_test(the_limit_refuses_and_recovers),
	    cmocka_unit_test(the_nth_allocation_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
