/* What a copying program may find in a segment while it is written (invariant I1): bytes that are
 * there never change and files never shrink, so every copy is a beginning of the file, and it holds
 * all that was acknowledged before the copy began. */
#include "wal_test.h"

#define SMALL (UINT64_C(4) << 10)
#define FILES_MAX 64

/* A disk that notes what is visible in each file and stops the test when a call would change it. */
static struct seen {
	struct file *file;
	uint64_t size;
	bool is_log; /* what a copy needs */
} seen[FILES_MAX];
static struct file_ops watched;
static void (*before_write)(struct file *f, const uint8_t *p, size_t n, uint64_t at);

static struct seen *seen_of(struct file *f)
{
	for (unsigned i = 0; i < FILES_MAX; i++) {
		if (seen[i].file == f)
			return &seen[i];
	}
	fail_msg("a file that was not opened");
	return NULL;
}

static enum status watched_open(const char *path, int flags, uint32_t mode, struct file **ret)
{
	unsigned i = 0;
	struct file_info info;
	TRY(file_system.open(path, flags, mode, ret));
	while (seen[i].file != NULL)
		assert_true(++i < FILES_MAX);
	assert_int_equal(file_system.file_info(*ret, &info), ST_OK);
	seen[i].file = *ret;
	seen[i].size = info.size;
	seen[i].is_log = strstr(path, DOUBLEWRITE_NAME) == NULL;
	return ST_OK;
}

static void watched_close(struct file *f)
{
	for (unsigned i = 0; i < FILES_MAX; i++) {
		if (seen[i].file == f)
			seen[i].file = NULL;
	}
	file_system.close(f);
}

static enum status watched_pwrite(struct file *f, const void *p, size_t n, uint64_t at)
{
	struct seen *s = seen_of(f);
	if (!s->is_log)
		return file_system.pwrite(f, p, n, at);
	assert_int_equal(at, s->size); /* neither over bytes that are there nor behind a hole */
	if (before_write != NULL)
		before_write(f, p, n, at);
	TRY(file_system.pwrite(f, p, n, at));
	s->size = at + n;
	return ST_OK;
}

static enum status watched_truncate(struct file *f, uint64_t size)
{
	const struct seen *s = seen_of(f);
	if (s->is_log)
		assert_int_equal(size, s->size); /* frees what is reserved, changes nothing */
	return file_system.truncate(f, size);
}

static int watch(void **state)
{
	memset(seen, 0, sizeof seen);
	before_write = NULL;
	watched = file_system;
	watched.open = watched_open;
	watched.close = watched_close;
	watched.pwrite = watched_pwrite;
	watched.truncate = watched_truncate;
	file_install(&watched);
	return 0;
}

static int watch_no_more(void **state)
{
	file_install(&file_system);
	return 0;
}

static void a_life_only_appends(void **state)
{
	struct log l;
	log_open(&l, SMALL);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (unsigned i = 0; i < 200; i++) {
		log_submit(&l);
		if (i % 3 == 0)
			log_submit(&l);
		if (i % 40 == 7)
			wal_rotate(l.w);
		if (i % 5 == 0)
			clock_manual_advance(WAL_NOTE_AFTER_NS);
		wal_step(l.w);
		wal_step(l.w);
	}
	wal_stop(l.w);
	assert_true(l.fence > 5);
	log_close(&l);
}

static struct {
	uint64_t acked; /* all in one segment */
	unsigned n_copies;
} copying;

/* Every copy that could be taken while these bytes arrive. A file grows from its beginning on: what
 * a reader may see of a write that goes on is some first part of it. */
static void copy_each_prefix(struct file *f, const uint8_t *p, size_t n, uint64_t at)
{
	char path[128];
	uint64_t last;
	size_t had = 0;
	uint8_t *bytes = mem_alloc(MEM_WAL, at + n);
	struct file *copy;

	if (at < WAL_HEADER_BYTES) { /* it has no name yet */
		mem_free(MEM_WAL, bytes, at + n);
		return;
	}
	assert_int_equal(file_system.pread(f, bytes, at, 0, &had), ST_OK);
	assert_int_equal(had, at);
	memcpy(bytes + at, p, n);
	snprintf(path, sizeof path, "%s/copy", current_log->dir);
	file_install(&file_system);
	for (size_t k = 0; k <= n; k++) {
		assert_int_equal(
		    file_io->open(path, FILE_READ | FILE_WRITE | FILE_CREATE, 0600, &copy), ST_OK);
		assert_int_equal(file_io->truncate(copy, 0), ST_OK);
		assert_int_equal(file_io->pwrite(copy, bytes, at + k, 0), ST_OK);
		file_io->close(copy);
		struct wal_end end = log_check(path, &last);
		assert_true(last >= copying.acked);
		assert_int_equal(end.last_lsn, last);
		if (k == 0)
			assert_int_equal(end.kind, WAL_END_OPEN);
		else if (k < n)
			assert_int_equal(end.kind, WAL_END_TORN);
		else
			assert_true(end.kind == WAL_END_OPEN || end.kind == WAL_END_SEALED);
		copying.n_copies++;
	}
	file_install(&watched);
	mem_free(MEM_WAL, bytes, at + n);
}

static void a_copy_at_any_moment_holds_what_was_acknowledged(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	copying.n_copies = 0;
	copying.acked = 0;
	before_write = copy_each_prefix;
	for (unsigned i = 0; i < 40; i++) {
		log_submit(&l);
		if (i % 4 == 0)
			log_submit(&l);
		wal_step(l.w);
		copying.acked = l.n_done;
		if (i % 7 == 0) {
			clock_manual_advance(WAL_NOTE_AFTER_NS);
			wal_step(l.w);
		}
	}
	wal_stop(l.w);
	assert_true(copying.n_copies > 4000);
	log_close(&l);
}

/* Why the log does not write ahead of its end (decision 9): a copy that met zeroes and then newer
 * frames looks exactly like a lost write, and a lost write is refused. */
static void zeroes_before_newer_frames_are_corruption(void **state)
{
	struct log l;
	char path[256];
	char *bytes;
	size_t n, ends[9];
	uint64_t last;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_path(&l, 1, path);
	for (unsigned i = 0; i < 8; i++) {
		struct file_info info;
		assert_int_equal(file_io->info(path, &info), ST_OK);
		ends[i] = info.size;
		log_commit(&l);
	}
	wal_stop(l.w);
	assert_int_equal(file_read_all(path, 1u << 20, &bytes, &n), ST_OK);
	file_install(&file_system);
	for (unsigned first = 0; first < 7; first++) {
		char *p = mem_alloc(MEM_WAL, n);
		char copy[256];
		memcpy(p, bytes, n);
		memset(p + ends[first], 0, ends[first + 1] - ends[first]);
		snprintf(copy, sizeof copy, "%s/copy", l.dir);
		assert_int_equal(file_write_atomic(copy, p, n, 0600), ST_OK);
		struct wal_end end = log_check(copy, &last);
		assert_int_equal(end.kind, WAL_END_CORRUPT);
		assert_int_equal(end.offset, ends[first]);
		assert_int_equal(last, first);
		mem_free(MEM_WAL, p, n);
	}
	mem_free(MEM_OTHER, bytes, n + 1);
	log_close(&l);
}

#define watching(test) cmocka_unit_test_setup_teardown(test, watch, watch_no_more)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    watching(a_life_only_appends),
	    watching(a_copy_at_any_moment_holds_what_was_acknowledged),
	    watching(zeroes_before_newer_frames_are_corruption),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
