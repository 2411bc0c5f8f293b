/* The disk seam: the real back-end in a directory of its own, and what is built on the table. */
#include "tests/unit/base/base_test.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_fake.h"
#include "base/mem.h"
#include "base/str.h"

static char dir[] = "/tmp/geode-test-file-XXXXXX";

static const char *in_dir(const char *name)
{
	static char paths[4][FILE_PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	assert_true(file_join(path, FILE_PATH_MAX, dir, name));
	return path;
}

static int make_dir(void **state)
{
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static enum status unlink_name(void *ctx, const char *name)
{
	return file_io->unlink(in_dir(name));
}

static int remove_dir(void **state)
{
	enum status st = file_io->list(dir, unlink_name, NULL);

	return st == ST_OK ? rmdir(dir) : -1;
}

static void bytes_come_back(void **state)
{
	struct file *f;
	struct file_info info;
	char got[16];
	size_t n;

	assert_int_equal(file_io->open(in_dir("a"), FILE_READ | FILE_WRITE | FILE_CREATE, 0640, &f),
			 ST_OK);
	assert_int_equal(file_io->pwrite(f, "hello", 5, 3), ST_OK);
	assert_int_equal(file_io->datasync(f), ST_OK);
	assert_int_equal(file_io->pread(f, got, sizeof got, 0, &n), ST_OK);
	assert_int_equal(n, 8);
	assert_memory_equal(got, "\0\0\0hello", 8);
	assert_int_equal(file_io->pread(f, got, sizeof got, 100, &n), ST_OK);
	assert_int_equal(n, 0);
	assert_int_equal(file_io->reserve(f, 100000), ST_OK);
	assert_int_equal(file_io->file_info(f, &info), ST_OK);
	assert_int_equal(info.size, 8); /* reserving leaves the size */
	assert_int_equal(info.mode & 0600, 0600);
	assert_int_equal(file_io->truncate(f, 4), ST_OK);
	assert_int_equal(file_io->sync(f), ST_OK);
	assert_int_equal(file_io->drop_cache(f), ST_OK);
	file_io->close(f);
	assert_int_equal(file_io->info(in_dir("a"), &info), ST_OK);
	assert_int_equal(info.size, 4);
	assert_false(info.is_dir);
	assert_true(info.mtime_ns > 0);
	assert_int_equal(file_io->touch(in_dir("a")), ST_OK);
	uint64_t space;
	assert_int_equal(file_io->free_space(dir, &space), ST_OK);
	assert_true(space > 0);
}

static void names_give_their_codes(void **state)
{
	struct file *f, *g;
	struct file_info info;

	assert_int_equal(file_io->open(in_dir("none"), FILE_READ, 0, &f), ST_NOT_FOUND);
	assert_int_equal(file_last_errno(), ENOENT);
	int exclusive = FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE;
	assert_int_equal(file_io->open(in_dir("x"), exclusive, 0600, &f), ST_OK);
	assert_int_equal(file_io->open(in_dir("x"), exclusive, 0600, &g), ST_EXISTS);
	assert_int_equal(file_io->open(in_dir("x"), FILE_READ, 0, &g), ST_OK);
	assert_int_equal(file_io->lock(f), ST_OK);
	assert_int_equal(file_io->lock(g), ST_BUSY);
	file_io->close(f);
	assert_int_equal(file_io->lock(g), ST_OK);
	file_io->close(g);
	assert_int_equal(file_io->link(in_dir("x"), in_dir("y")), ST_OK);
	assert_int_equal(file_io->link(in_dir("x"), in_dir("y")), ST_EXISTS);
	assert_int_equal(file_io->rename(in_dir("y"), in_dir("z")), ST_OK);
	assert_int_equal(file_io->info(in_dir("y"), &info), ST_NOT_FOUND);
	assert_int_equal(file_io->unlink(in_dir("z")), ST_OK);
	assert_int_equal(file_io->unlink(in_dir("z")), ST_NOT_FOUND);
	assert_int_equal(file_io->mkdir(dir, 0700), ST_EXISTS);
	assert_int_equal(file_io->info(dir, &info), ST_OK);
	assert_true(info.is_dir);
	assert_int_equal(file_io->sync_dir(dir), ST_OK);
	assert_int_equal(file_io->sync_dir(in_dir("none")), ST_NOT_FOUND);
}

static enum status stop_at_once(void *ctx, const char *name)
{
	++*(unsigned *)ctx;
	return ST_END;
}

static void listing_stops_when_told(void **state)
{
	unsigned n = 0;

	assert_int_equal(file_write_atomic(in_dir("l1"), "", 0, 0600), ST_OK);
	assert_int_equal(file_write_atomic(in_dir("l2"), "", 0, 0600), ST_OK);
	assert_int_equal(file_io->list(dir, stop_at_once, &n), ST_END);
	assert_int_equal(n, 1);
	assert_int_equal(file_io->list(in_dir("none"), stop_at_once, &n), ST_NOT_FOUND);
}

static void whole_files(void **state)
{
	char *p;
	size_t n;

	assert_int_equal(file_write_atomic(in_dir("w"), "one", 3, 0600), ST_OK);
	assert_int_equal(file_write_atomic(in_dir("w"), "second", 6, 0600), ST_OK);
	assert_int_equal(file_read_all(in_dir("w"), 100, &p, &n), ST_OK);
	assert_int_equal(n, 6);
	assert_string_equal(p, "second");
	mem_free(MEM_OTHER, p, n + 1);
	assert_int_equal(file_read_all(in_dir("w"), 5, &p, &n), ST_LIMIT);
	assert_int_equal(file_read_all(in_dir("none"), 5, &p, &n), ST_NOT_FOUND);
	enum status st = ST_NOMEM;
	for (uint64_t nth = 1; st == ST_NOMEM; nth++) {
		mem_fail_nth(nth, false);
		st = file_read_all(in_dir("w"), 100, &p, &n);
		mem_fail_nth(0, false);
		assert_true(st == ST_OK || (st == ST_NOMEM && nth <= 2));
	}
	mem_free(MEM_OTHER, p, n + 1);
	assert_int_equal(mem_used(MEM_OTHER), 0);
	char path[8];
	assert_false(file_join(path, sizeof path, "/long", "name"));
}

static int all_tests(const char *group)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_come_back),
	    cmocka_unit_test(names_give_their_codes),
	    cmocka_unit_test(listing_stops_when_told),
	    cmocka_unit_test(whole_files),
	};
	bool fake = file_io == &file_fake;

	return cmocka_run_group_tests_name(group, tests, fake ? NULL : make_dir,
					   fake ? NULL : remove_dir);
}

/* Both back-ends must answer alike. */
int main(void)
{
	int failed = all_tests("system");

	fake_reset(1);
	file_install(&file_fake);
	if (file_io->mkdir("/tmp", 0700) != ST_OK || file_io->mkdir(dir, 0700) != ST_OK)
		return 1;
	return failed + all_tests("fake");
}
