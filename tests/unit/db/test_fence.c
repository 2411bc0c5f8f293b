#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "db/fence.h"

static char dir[64];

static int make_dir(void **state)
{
	snprintf(dir, sizeof dir, "/tmp/geode-test-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char cmd[256];
	snprintf(cmd, sizeof cmd, "rm -rf '%s' '%s.copy'", dir, dir);
	return system(cmd);
}

static void make_fence(struct fence *f, unsigned n_runs)
{
	uint8_t run[WAL_ID_BYTES] = {0};
	assert_int_equal(fence_init(f), ST_OK);
	memcpy(f->db_id, "database-id-0001", WAL_ID_BYTES);
	for (unsigned i = 0; i < n_runs; i++) {
		run[0] = (uint8_t)(i + 1);
		fence_begin_run(f, run, i * 10, i * 100, i * 7);
		f->max_seq = i * 10 + 10;
	}
	f->max_snapshot = 5;
	f->durable_lsn = 99;
}

static void it_comes_back(void **state)
{
	struct fence f, g;

	make_fence(&f, 3);
	assert_int_equal(fence_init(&g), ST_OK);
	assert_int_equal(fence_read(dir, &g), ST_NOT_FOUND);
	assert_int_equal(fence_write(dir, &f), ST_OK);
	assert_int_equal(fence_read(dir, &g), ST_OK);
	assert_int_equal(g.generation, 1);
	assert_int_equal(g.n_runs, 3);
	assert_memory_equal(g.runs, f.runs, 3 * sizeof f.runs[0]);
	assert_memory_equal(g.db_id, f.db_id, WAL_ID_BYTES);
	assert_int_equal(g.max_seq, 30);
	assert_int_equal(g.max_snapshot, 5);
	assert_int_equal(g.durable_lsn, 99);
	assert_int_equal(g.runs[0].last_seq, 10);
	assert_int_equal(g.runs[0].last_lsn, 100);
	assert_int_equal(g.runs[1].first_lsn, 101);
	fence_release(&f);
	fence_release(&g);
}

static void its_size_always_changes(void **state)
{
	struct fence f;
	struct file_info info;
	char path[128];
	uint64_t last = 0;

	make_fence(&f, 3);
	f.generation = 4085; /* over the wrap of the padding */
	snprintf(path, sizeof path, "%s/" FENCE_NAME, dir);
	for (int i = 0; i < 16; i++) {
		if (i % 3 == 0)
			fence_begin_run(&f, f.db_id, 40, 400, 1);
		assert_int_equal(fence_write(dir, &f), ST_OK);
		assert_int_equal(file_io->info(path, &info), ST_OK);
		assert_int_not_equal(info.size, last);
		last = info.size;
	}
	fence_release(&f);
}

static void every_damage_is_found(void **state)
{
	struct fence f, g;
	char path[128], *text;
	size_t n;

	make_fence(&f, 2);
	assert_int_equal(fence_init(&g), ST_OK);
	assert_int_equal(fence_write(dir, &f), ST_OK);
	snprintf(path, sizeof path, "%s/" FENCE_NAME, dir);
	assert_int_equal(file_read_all(path, FENCE_BYTES_MAX, &text, &n), ST_OK);
	for (size_t i = 0; i < n; i++) {
		text[i] ^= 1;
		assert_int_equal(file_write_atomic(path, text, n, 0600), ST_OK);
		assert_int_equal(fence_read(dir, &g), ST_CORRUPT);
		text[i] ^= 1;
	}
	for (size_t cut = 0; cut < n; cut += 7) {
		assert_int_equal(file_write_atomic(path, text, cut, 0600), ST_OK);
		assert_int_equal(fence_read(dir, &g), ST_CORRUPT);
	}
	mem_free(MEM_OTHER, text, n + 1);
	fence_release(&f);
	fence_release(&g);
}

static void a_copy_is_known(void **state)
{
	struct fence f;
	char cmd[256], copy[80];
	bool is_copy;

	make_fence(&f, 1);
	assert_int_equal(fence_write(dir, &f), ST_OK);
	assert_int_equal(fence_is_copy(dir, &f, &is_copy), ST_OK);
	assert_false(is_copy);
	snprintf(copy, sizeof copy, "%s.copy", dir);
	snprintf(cmd, sizeof cmd, "cp -a '%s' '%s'", dir, copy);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(fence_is_copy(copy, &f, &is_copy), ST_OK);
	assert_true(is_copy);
	fence_release(&f);
}

static void files_have_their_side(void **state)
{
	struct fence f;
	static const uint8_t run1[4] = {1}, run2[4] = {2}, run3[4] = {3}, other[4] = {9};

	make_fence(&f,
		   3); /* epochs 1 to 3, segments 1-10, 11-20, 21-30; LSNs 1-100, 101-200, 201- */
	f.max_snapshot = 250;
	assert_int_equal(fence_segment_side(&f, 1, 1, run1), FENCE_INSIDE);
	assert_int_equal(fence_segment_side(&f, 1, 10, run1), FENCE_INSIDE);
	assert_int_equal(fence_segment_side(&f, 1, 11, run1), FENCE_FOREIGN);
	assert_int_equal(fence_segment_side(&f, 2, 11, run2), FENCE_INSIDE);
	assert_int_equal(fence_segment_side(&f, 2, 11, other), FENCE_FOREIGN);
	assert_int_equal(fence_segment_side(&f, 2, 10, run2), FENCE_FOREIGN);
	assert_int_equal(fence_segment_side(&f, 3, 30, run3), FENCE_INSIDE);
	assert_int_equal(fence_segment_side(&f, 3, 31, run3), FENCE_ABOVE);
	assert_int_equal(fence_snapshot_side(&f, 1, 50, run1), FENCE_INSIDE);
	assert_int_equal(fence_snapshot_side(&f, 1, 101, run1), FENCE_FOREIGN);
	assert_int_equal(fence_snapshot_side(&f, 2, 100, run2), FENCE_INSIDE);
	assert_int_equal(fence_snapshot_side(&f, 3, 250, run3), FENCE_INSIDE);
	assert_int_equal(fence_snapshot_side(&f, 3, 251, run3), FENCE_ABOVE);
	f.runs[0].epoch = 0; /* as after forgetting the first */
	memmove(f.runs, f.runs + 1, 2 * sizeof f.runs[0]);
	f.n_runs = 2;
	assert_int_equal(fence_segment_side(&f, 1, 1, run1), FENCE_OLDER);
	assert_int_equal(fence_snapshot_side(&f, 1, 50, run1), FENCE_OLDER);
	fence_release(&f);
}

static void ancestors_are_bounded(void **state)
{
	struct fence f, g;

	make_fence(&f, 1);
	assert_int_equal(fence_init(&g), ST_OK);
	for (unsigned i = 0; i < FENCE_RUNS_MAX + 5; i++)
		fence_begin_run(&f, f.db_id, 10, 100, 1);
	assert_int_equal(f.n_runs, FENCE_RUNS_MAX + 1);
	assert_int_equal(fence_current(&f)->epoch, FENCE_RUNS_MAX + 6);
	assert_int_equal(fence_write(dir, &f), ST_OK);
	assert_int_equal(fence_read(dir, &g), ST_OK);
	assert_int_equal(g.n_runs, f.n_runs);
	fence_release(&f);
	fence_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_comes_back, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(its_size_always_changes, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(every_damage_is_found, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(a_copy_is_known, make_dir, remove_dir),
	    cmocka_unit_test(files_have_their_side),
	    cmocka_unit_test_setup_teardown(ancestors_are_bounded, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
