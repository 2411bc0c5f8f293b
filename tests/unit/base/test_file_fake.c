/* The disk that lies: what it must keep, what it may lose, and that it does lose it. */
#include "tests/unit/base/base_test.h"

#include <errno.h>

#include "base/file_fake.h"
#include "base/mem.h"

#define SECTORS 64

static struct file *create(const char *path)
{
	struct file *f;

	assert_int_equal(file_io->open(path, FILE_READ | FILE_WRITE | FILE_CREATE, 0600, &f),
			 ST_OK);
	return f;
}

static void write_sectors(struct file *f, char c)
{
	char bytes[FAKE_SECTOR];

	memset(bytes, c, sizeof bytes);
	for (uint64_t i = 0; i < SECTORS; i++)
		assert_int_equal(file_io->pwrite(f, bytes, sizeof bytes, i * FAKE_SECTOR), ST_OK);
}

static bool exists(const char *path)
{
	struct file_info info;

	return file_io->info(path, &info) == ST_OK;
}

/* The whole file; the caller frees *ret_n + 1 bytes. */
static char *slurp(const char *path, size_t *ret_n)
{
	char *p;

	assert_int_equal(file_read_all(path, 1 << 20, &p, ret_n), ST_OK);
	return p;
}

static void what_was_synced_stays(void **state)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		size_t n;
		fake_reset(seed);
		struct file *f = create("/a");
		write_sectors(f, 'x');
		assert_int_equal(file_io->datasync(f), ST_OK);
		assert_int_equal(file_io->sync_dir("/"), ST_OK);
		fake_crash();
		assert_int_equal(file_io->pwrite(f, "y", 1, 0),
				 ST_IO); /* opened before the crash */
		file_io->close(f);
		char *p = slurp("/a", &n);
		assert_int_equal(n, SECTORS * FAKE_SECTOR);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 'x');
		mem_free(MEM_OTHER, p, n + 1);
	}
}

/* Overwrites a synced file without a sync and crashes: counts what became of each sector. */
static void unsynced_sectors_are_kept_dropped_or_torn(void **state)
{
	unsigned kept = 0, dropped = 0, torn = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		size_t n;
		fake_reset(seed);
		struct file *f = create("/a");
		write_sectors(f, 'x');
		assert_int_equal(file_io->sync(f), ST_OK);
		assert_int_equal(file_io->sync_dir("/"), ST_OK);
		write_sectors(f, 'y');
		fake_crash();
		file_io->close(f);
		char *p = slurp("/a", &n);
		for (size_t s = 0; s < SECTORS; s++) {
			const char *sector = p + s * FAKE_SECTOR;
			kept += sector[FAKE_SECTOR - 1] == 'y';
			dropped += sector[0] == 'x';
			torn += sector[0] == 'y' && sector[FAKE_SECTOR - 1] == 'x';
		}
		mem_free(MEM_OTHER, p, n + 1);
	}
	assert_true(kept > 100 && dropped > 100 && torn > 100);
}

static void names_that_were_not_synced_may_vanish_in_order(void **state)
{
	unsigned vanished = 0;

	for (uint64_t seed = 0; seed < 50; seed++) {
		fake_reset(seed);
		file_io->close(create("/a"));
		assert_int_equal(file_io->sync_dir("/"), ST_OK);
		file_io->close(create("/b"));
		assert_int_equal(file_io->rename("/a", "/c"), ST_OK);
		fake_crash();
		assert_true(exists("/a") != exists("/c")); /* a rename is whole */
		assert_true(exists("/b") || exists("/a")); /* and came after b */
		vanished += !exists("/b");
	}
	assert_in_range(vanished, 5, 45);
}

static void an_atomic_write_is_old_or_new_at_every_failure(void **state)
{
	for (int crash = 0; crash < 2; crash++) {
		for (uint64_t nth = 1;; nth++) {
			size_t n;
			fake_reset(nth);
			assert_int_equal(file_write_atomic("/a", "old", 3, 0600), ST_OK);
			fake_fail_nth(FAKE_CHANGES, nth, EIO, true);
			enum status st = file_write_atomic("/a", "brand new", 9, 0600);
			bool reached = fake_fail_nth(0, 0, 0, false) >= nth;
			if (crash)
				fake_crash();
			char *p = slurp("/a", &n);
			bool is_new = n == 9 && memcmp(p, "brand new", 9) == 0;
			assert_true(is_new || (n == 3 && memcmp(p, "old", 3) == 0));
			assert_true(st != ST_OK || is_new);
			mem_free(MEM_OTHER, p, n + 1);
			if (!reached)
				break;
		}
	}
}

static void a_failed_sync_loses_data_silently(void **state)
{
	char got[8];
	size_t n;

	fake_reset(1);
	struct file *f = create("/a");
	assert_int_equal(file_io->sync_dir("/"), ST_OK);
	assert_int_equal(file_io->pwrite(f, "data", 4, 0), ST_OK);
	fake_fail_nth(FAKE_SYNC, 1, EIO, false);
	assert_int_equal(file_io->datasync(f), ST_IO);
	assert_int_equal(file_last_errno(), EIO);
	assert_int_equal(file_io->datasync(f), ST_OK); /* the lie: nothing is dirty any more */
	assert_int_equal(file_io->pread(f, got, 4, 0, &n), ST_OK);
	assert_memory_equal(got, "data", 4);
	assert_int_equal(file_io->drop_cache(f), ST_OK);
	assert_int_equal(file_io->pread(f, got, 4, 0, &n), ST_OK);
	assert_memory_equal(got, "\0\0\0\0", 4);
	file_io->close(f);
}

static void an_honest_failure_keeps_pages_dirty(void **state)
{
	size_t n;

	fake_reset(1);
	fake_set_lying(false);
	struct file *f = create("/a");
	assert_int_equal(file_io->sync_dir("/"), ST_OK);
	assert_int_equal(file_io->pwrite(f, "data", 4, 0), ST_OK);
	fake_fail_nth(FAKE_SYNC, 1, ENOSPC, false);
	assert_int_equal(file_io->datasync(f), ST_FULL);
	assert_int_equal(file_io->datasync(f), ST_OK);
	fake_crash();
	file_io->close(f);
	char *p = slurp("/a", &n);
	assert_string_equal(p, "data");
	mem_free(MEM_OTHER, p, n + 1);
}

static void a_full_disk_says_so(void **state)
{
	char bytes[1000] = {0};
	uint64_t space;

	fake_reset(1);
	fake_set_capacity(1500);
	struct file *f = create("/a");
	assert_int_equal(file_io->pwrite(f, bytes, 1000, 0), ST_OK);
	assert_int_equal(file_io->pwrite(f, bytes, 1000, 0), ST_OK); /* in place */
	assert_int_equal(file_io->pwrite(f, bytes, 1000, 1000), ST_FULL);
	assert_int_equal(file_io->reserve(f, 1501), ST_FULL);
	assert_int_equal(file_io->free_space("/", &space), ST_OK);
	assert_int_equal(space, 500);
	file_io->close(f);
}

static void a_killed_process_loses_no_written_byte(void **state)
{
	size_t n;

	fake_reset(1);
	struct file *f = create("/a");
	assert_int_equal(file_io->lock(f), ST_OK);
	assert_int_equal(file_io->pwrite(f, "data", 4, 0), ST_OK);
	fake_kill();
	struct file *g = create("/a");
	assert_int_equal(file_io->lock(g), ST_OK); /* the lock went with the process */
	file_io->close(g);
	file_io->close(f);
	char *p = slurp("/a", &n);
	assert_string_equal(p, "data");
	mem_free(MEM_OTHER, p, n + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_synced_stays),
	    cmocka_unit_test(unsynced_sectors_are_kept_dropped_or_torn),
	    cmocka_unit_test(names_that_were_not_synced_may_vanish_in_order),
	    cmocka_unit_test(an_atomic_write_is_old_or_new_at_every_failure),
	    cmocka_unit_test(a_failed_sync_loses_data_silently),
	    cmocka_unit_test(an_honest_failure_keeps_pages_dirty),
	    cmocka_unit_test(a_full_disk_says_so),
	    cmocka_unit_test(a_killed_process_loses_no_written_byte),
	};

	file_install(&file_fake);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	fake_reset(0);
	return failed;
}
