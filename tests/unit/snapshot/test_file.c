/* The container: objects in, the same objects out; every damage is found. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "snapshot/reader.h"
#include "snapshot/writer.h"

static char dir[] = "/tmp/geode-test-XXXXXX";
static char temp_dir[64];
static const struct snapshot_meta meta = {
    .db_id = "database-id-0001",
    .run_id = "run-id-000000001",
    .epoch = 3,
    .lsn = 812345678,
    .chain = 77,
    .wall_us = 5,
    .created_us = 6,
};

static int make_dir(void **state)
{
	snprintf(temp_dir, sizeof temp_dir, "%s", dir);
	return mkdtemp(temp_dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char cmd[128];
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", temp_dir);
	return system(cmd);
}

/* Bytes that compress a little, the same for the same seed. */
static uint8_t *make_bytes(uint64_t seed, size_t n)
{
	struct rand r;
	uint8_t *p = mem_alloc(MEM_OTHER, n);
	assert_non_null(p);
	rand_seed(&r, seed);
	for (size_t i = 0; i < n; i++)
		p[i] = i % 3 == 0 ? (uint8_t)rand_u64(&r) : 7;
	return p;
}

static void path_of(char out[256])
{
	char name[SNAPSHOT_NAME_MAX];
	snapshot_name(meta.epoch, meta.lsn, meta.run_id, name);
	snprintf(out, 256, "%s/%s", temp_dir, name);
}

static enum status write_objects(const size_t *sizes, unsigned n)
{
	struct snapshot_writer *w;
	TRY(snapshot_writer_new(temp_dir, &meta, &w));
	enum status st = ST_OK;
	for (unsigned i = 0; i < n && st == ST_OK; i++) {
		uint8_t *p = make_bytes(i, sizes[i]);
		struct snapshot_object o = {1 + i % 3, i, i * 10, i * 10 + 9, p, sizes[i]};
		st = snapshot_put(w, &o);
		mem_free(MEM_OTHER, p, sizes[i]);
	}
	if (st == ST_OK)
		st = snapshot_writer_sync(w);
	if (st == ST_OK)
		st = snapshot_writer_publish(w);
	snapshot_writer_free(w);
	return st;
}

/* ST_OK: all objects are there with the right bytes. */
static enum status check_objects(const char *path, const size_t *sizes, unsigned n)
{
	struct snapshot_reader *r;
	struct snapshot_decoder *d;
	struct snapshot_meta m;
	const char *why;

	TRY(snapshot_open(path, &r, &m, &why));
	enum status st = snapshot_decoder_new(r, &d);
	if (st != ST_OK) {
		snapshot_close(r);
		return st;
	}
	assert_int_equal(snapshot_count(r), n);
	assert_int_equal(m.lsn, meta.lsn);
	assert_int_equal(m.chain, meta.chain);
	assert_memory_equal(m.run_id, meta.run_id, sizeof m.run_id);
	for (unsigned i = 0; i < n && st == ST_OK; i++) {
		const uint8_t *p;
		size_t len;
		st = snapshot_decode(d, i, &p, &len, &why);
		if (st != ST_OK)
			break;
		const struct snapshot_item *item = snapshot_item(r, i);
		assert_int_equal(item->section, 1 + i % 3);
		assert_int_equal(item->graph, i);
		assert_int_equal(item->last, i * 10 + 9);
		assert_int_equal(len, sizes[i]);
		uint8_t *want = make_bytes(i, sizes[i]);
		assert_memory_equal(p, want, len);
		mem_free(MEM_OTHER, want, len);
	}
	snapshot_decoder_free(d);
	snapshot_close(r);
	return st;
}

static void names_have_one_spelling(void **state)
{
	char name[SNAPSHOT_NAME_MAX];
	uint64_t epoch, lsn;
	uint8_t run[4];

	snapshot_name(3, 812345678, (const uint8_t *)"\x9f\x3a\x01\xc2............", name);
	assert_string_equal(name, "snap-0000000003-00000000000812345678-9f3a01c2.gsnap");
	assert_true(snapshot_name_parse(name, &epoch, &lsn, run));
	assert_int_equal(epoch, 3);
	assert_int_equal(lsn, 812345678);
	name[0] = '.';
	assert_false(snapshot_name_parse(name, &epoch, &lsn, run));
	assert_false(snapshot_name_parse("snap-", &epoch, &lsn, run));
}

static const size_t some_sizes[] = {10,	      1, SNAPSHOT_BLOCK_MAX, 0, SNAPSHOT_BLOCK_MAX + 1,
				    3u << 20, 99};

static void objects_come_back(void **state)
{
	char path[256];
	path_of(path);
	assert_int_equal(write_objects(some_sizes, ARRAY_LEN(some_sizes)), ST_OK);
	assert_int_equal(check_objects(path, some_sizes, ARRAY_LEN(some_sizes)), ST_OK);
	assert_int_equal(write_objects(some_sizes, 0), ST_OK);
	assert_int_equal(check_objects(path, some_sizes, 0), ST_OK);
}

static void stock_tools_can_read_it(void **state)
{
	char path[256], cmd[512];

	if (system("command -v lz4 >/dev/null 2>&1") != 0)
		skip();
	path_of(path);
	assert_int_equal(write_objects(some_sizes, ARRAY_LEN(some_sizes)), ST_OK);
	snprintf(cmd, sizeof cmd, "lz4 -t '%s' >/dev/null 2>&1", path);
	assert_int_equal(system(cmd), 0);
}

static void write_bytes(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	close(fd);
}

static void every_damage_is_found(void **state)
{
	static const size_t sizes[] = {100, 2000, 3};
	char path[256], bad[300];
	char *bytes;
	size_t n;

	path_of(path);
	snprintf(bad, sizeof bad, "%s/bad", temp_dir);
	assert_int_equal(write_objects(sizes, ARRAY_LEN(sizes)), ST_OK);
	assert_int_equal(file_read_all(path, 1u << 20, &bytes, &n), ST_OK);
	for (size_t cut = 0; cut < n; cut += cut < 4000 ? 50 : 1) {
		write_bytes(bad, bytes, cut);
		assert_int_equal(check_objects(bad, sizes, ARRAY_LEN(sizes)), ST_CORRUPT);
	}
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= (char)(1 << i % 8);
		write_bytes(bad, bytes, n);
		enum status st = check_objects(bad, sizes, ARRAY_LEN(sizes));
		if (st != ST_CORRUPT)
			fail_msg("a flipped bit in byte %zu of %zu was not found", i, n);
		bytes[i] ^= (char)(1 << i % 8);
	}
	bytes[n] = 'x'; /* one byte more */
	write_bytes(bad, bytes, n + 1);
	assert_int_equal(check_objects(bad, sizes, ARRAY_LEN(sizes)), ST_CORRUPT);
	mem_free(MEM_OTHER, bytes, n + 1);
}

static void an_unfinished_file_has_no_name(void **state)
{
	struct snapshot_writer *w;
	char path[256];

	path_of(path);
	unlink(path);
	assert_int_equal(snapshot_writer_new(temp_dir, &meta, &w), ST_OK);
	assert_int_equal(snapshot_writer_sync(w), ST_OK);
	snapshot_writer_free(w); /* synced, but not published */
	assert_int_not_equal(access(path, F_OK), 0);
	char cmd[128];
	snprintf(cmd, sizeof cmd, "test -z \"$(ls -A '%s' | grep tmp)\"", temp_dir);
	assert_int_equal(system(cmd), 0);
}

static void no_memory_is_an_answer(void **state)
{
	static const size_t sizes[] = {100, 2000};
	char path[256];

	path_of(path);
	for (uint64_t i = 1; i < 30; i++) {
		struct snapshot_writer *w;
		mem_fail_nth(i, false);
		enum status st = snapshot_writer_new(temp_dir, &meta, &w);
		if (st == ST_OK) {
			struct snapshot_object o = {1, 1, 1, 1, (const uint8_t *)"abc", 3};
			st = snapshot_put(w, &o);
			snapshot_writer_free(w);
		}
		mem_fail_nth(0, false);
		assert_true(st == ST_OK || st == ST_NOMEM);
	}
	assert_int_equal(write_objects(sizes, 2), ST_OK);
	for (uint64_t i = 1; i < 30; i++) {
		struct snapshot_reader *r;
		struct snapshot_decoder *d;
		struct snapshot_meta m;
		const char *why;
		const uint8_t *p;
		size_t n;
		mem_fail_nth(i, false);
		enum status st = snapshot_open(path, &r, &m, &why);
		if (st == ST_OK) {
			st = snapshot_decoder_new(r, &d);
			if (st == ST_OK) {
				st = snapshot_decode(d, 1, &p, &n, &why);
				snapshot_decoder_free(d);
			}
			snapshot_close(r);
		}
		mem_fail_nth(0, false);
		assert_true(st == ST_OK || st == ST_NOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_have_one_spelling),
	    cmocka_unit_test(objects_come_back),
	    cmocka_unit_test(stock_tools_can_read_it),
	    cmocka_unit_test(every_damage_is_found),
	    cmocka_unit_test(an_unfinished_file_has_no_name),
	    cmocka_unit_test(no_memory_is_an_answer),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
