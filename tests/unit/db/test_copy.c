/* Copies of a data directory that is written meanwhile, by any tool: a copy must restore to a state
 * of the log that holds at least what was acknowledged before the copy began. A copier is a little
 * machine that goes on by a few bytes whenever the server touches the disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file_fake.h"
#include "base/hash.h"
#include "base/log.h"
#include "db/datadir.h"
#include "snapshot/reader.h"
#include "snapshot/writer.h"
#include "wal/doublewrite.h"

#define DIR "/data"
#define BACKUP "/backup"
#define RESTORED "/restored"
#define LSN_MAX 2048
#define NAMES_MAX 256
#define SMALL (UINT64_C(4) << 10)
#define CHUNK_MAX 700 /* bytes that a copier takes at once; odd on purpose */
#define SECOND_NS INT64_C(1000000000)

struct model {
	uint64_t content[LSN_MAX]; /* by LSN */
	uint64_t submitted, acked;
	struct datadir d;
	struct wal_batch batches[LSN_MAX];
};

static struct model origin, copy;
static struct model *now; /* whose log the call-backs mean */
static uint64_t applied;
static char reason[512];
static struct rand dice;

/* ---- the server -------------------------------------------------------------------------------
 */

static uint64_t content_hash(const struct model *m, uint64_t lsn)
{
	return hash_u64(crc32c(0, m->content + 1, lsn * sizeof m->content[0]));
}

static enum status sink_reset(void *ctx)
{
	applied = 0;
	return ST_OK;
}

static enum status sink_load(void *ctx, const char *path, struct snapshot_meta *ret,
			     const char **why)
{
	struct snapshot_reader *r;
	struct snapshot_decoder *dec;
	const uint8_t *p;
	size_t n;
	TRY(snapshot_open(path, &r, ret, why));
	enum status st = snapshot_decoder_new(r, &dec);
	if (st != ST_OK) {
		snapshot_close(r);
		return st;
	}
	st = snapshot_decode(dec, 0, &p, &n, why);
	if (st == ST_OK) {
		assert_int_equal(load_u64(p), content_hash(now, ret->lsn));
		applied = ret->lsn;
	}
	snapshot_decoder_free(dec);
	snapshot_close(r);
	return st;
}

static enum status sink_apply(void *ctx, const struct wal_record *rec)
{
	assert_int_equal(rec->lsn, applied + 1);
	assert_int_equal(load_u64(rec->redo), now->content[rec->lsn]);
	applied = rec->lsn;
	return ST_OK;
}

static const struct recovery_sink sink = {NULL, sink_reset, sink_load, sink_apply};

static void open_and_start(struct model *m, const char *dir)
{
	struct datadir_options opt = {.dir = dir,
				      .sink = &sink,
				      .segment_bytes = SMALL,
				      .doublewrite_bytes = 4 * DOUBLEWRITE_PAGE,
				      .no_thread = true};
	now = m;
	if (datadir_open(&m->d, &opt, reason, sizeof reason) != ST_OK)
		fail_msg("'%s' refused: %s", dir, reason);
	if (datadir_start(&m->d, reason, sizeof reason) != ST_OK)
		fail_msg("'%s' not started: %s", dir, reason);
}

static void acked(struct wal_batch *b)
{
	assert_int_equal(b->result, ST_OK);
	now->acked = MAX_OF(now->acked, b->lsn);
}

static void commit(struct model *m, unsigned n)
{
	now = m;
	while (n-- > 0) {
		assert_int_equal(wal_reserve(m->d.wal, 8), ST_OK);
		uint64_t lsn = ++m->submitted;
		assert_true(lsn < LSN_MAX);
		m->content[lsn] = rand_u64(&dice);
		m->batches[lsn] = (struct wal_batch){.redo = (const uint8_t *)&m->content[lsn],
						     .redo_len = 8,
						     .lsn = lsn,
						     .done = acked};
		wal_submit(m->d.wal, &m->batches[lsn]);
	}
	wal_step(m->d.wal);
}

static void snapshot(void)
{
	struct snapshot_writer *w;
	uint8_t bytes[8];
	struct wal_point at = wal_position(origin.d.wal);
	struct snapshot_meta meta = datadir_snapshot_meta(&origin.d, &at);
	store_u64(bytes, content_hash(&origin, at.lsn));
	struct snapshot_object o = {.section = 1, .p = bytes, .n = sizeof bytes};
	if (at.lsn == 0 || origin.d.fence.max_snapshot >= at.lsn)
		return;
	assert_int_equal(snapshot_writer_new(DIR, &meta, &w), ST_OK);
	assert_int_equal(snapshot_put(w, &o), ST_OK);
	assert_int_equal(snapshot_writer_sync(w), ST_OK);
	assert_int_equal(datadir_raise_snapshot(&origin.d, at.lsn), ST_OK);
	assert_int_equal(snapshot_writer_publish(w), ST_OK);
	snapshot_writer_free(w);
}

/* ---- the copier -------------------------------------------------------------------------------
 */

enum habit {
	TO_THE_END,  /* cp: reads on until there is no more */
	TO_ITS_SIZE, /* rsync, tar: what the file had when it was opened, in any order of pieces */
	UNLESS_SAME, /* rsync over an older copy: not when size and second of change are equal */
	ONLY_MORE,   /* rsync --append over an older copy, of segments: only what was added */
	N_HABITS,
};

struct copied { /* what a copying tool remembers of a file, in its copy's size and times */
	char name[WAL_NAME_MAX];
	uint64_t size;
	int64_t second;
};

static struct {
	bool running;
	enum habit habit;
	uint64_t acked_before;
	char names[NAMES_MAX][WAL_NAME_MAX];
	unsigned n_names, i_name;
	struct file *from, *to;
	uint64_t at, size; /* of the open file */
	uint64_t back;	   /* TO_ITS_SIZE: pieces from the end to the beginning, else 0 */
	struct copied known[NAMES_MAX];
	unsigned n_known, n_skipped, n_appended;
} c;

static enum status take_name(void *ctx, const char *name)
{
	assert_true(c.n_names < NAMES_MAX && strlen(name) < WAL_NAME_MAX);
	strcpy(c.names[c.n_names++], name);
	return ST_OK;
}

static void copier_start(enum habit habit)
{
	c.running = true;
	c.habit = habit;
	c.acked_before = origin.acked;
	c.n_names = c.i_name = 0;
	assert_int_equal(file_fake.list(DIR, take_name, NULL), ST_OK);
	for (unsigned i = c.n_names; i > 1; i--) { /* no order among files is assumed */
		char swap[WAL_NAME_MAX];
		unsigned k = (unsigned)rand_below(&dice, i);
		memcpy(swap, c.names[i - 1], sizeof swap);
		memcpy(c.names[i - 1], c.names[k], sizeof swap);
		memcpy(c.names[k], swap, sizeof swap);
	}
}

static struct copied *known(const char *name)
{
	for (unsigned i = 0; i < c.n_known; i++) {
		if (strcmp(c.known[i].name, name) == 0)
			return &c.known[i];
	}
	assert_true(c.n_known < NAMES_MAX);
	struct copied *k = &c.known[c.n_known++];
	strcpy(k->name, name);
	k->size = UINT64_MAX;
	return k;
}

static bool is_segment(const char *name)
{
	return strncmp(name, "wal-", 4) == 0;
}

/* False: there is nothing to copy of it, or it is gone. */
static bool open_next(const char *name)
{
	char path[160];
	struct file_info info;
	snprintf(path, sizeof path, DIR "/%s", name);
	if (file_fake.open(path, FILE_READ, 0, &c.from) != ST_OK)
		return false;
	assert_int_equal(file_fake.file_info(c.from, &info), ST_OK);
	struct copied *k = known(name);
	bool has_older = k->size != UINT64_MAX;
	c.size = info.size;
	if (c.habit >= UNLESS_SAME && has_older && k->size == c.size &&
	    k->second == info.mtime_ns / SECOND_NS) {
		c.n_skipped++;
		file_fake.close(c.from);
		c.from = NULL;
		return false;
	}
	bool append = c.habit == ONLY_MORE && has_older && is_segment(name);
	c.n_appended += append;
	c.at = append ? k->size : 0;
	c.back = c.habit == TO_ITS_SIZE && rand_below(&dice, 2) == 0 ? c.size : 0;
	k->size = c.size;
	k->second = info.mtime_ns / SECOND_NS;
	snprintf(path, sizeof path, BACKUP "/%s", name);
	assert_int_equal(file_fake.open(path, FILE_READ | FILE_WRITE | FILE_CREATE, 0600, &c.to),
			 ST_OK);
	assert_int_equal(file_fake.truncate(c.to, append ? c.at : 0), ST_OK);
	return true;
}

/* One piece; false: the file is done. */
static bool copy_piece(void)
{
	uint8_t bytes[CHUNK_MAX];
	size_t n = 1 + rand_below(&dice, CHUNK_MAX), got;
	uint64_t at = c.at;
	if (c.back > 0) {
		n = MIN_OF(n, c.back);
		at = c.back - n;
	} else if (c.habit != TO_THE_END) {
		n = MIN_OF(n, c.size - c.at);
	}
	if (n == 0)
		return false;
	assert_int_equal(file_fake.pread(c.from, bytes, n, at, &got), ST_OK);
	if (got > 0)
		assert_int_equal(file_fake.pwrite(c.to, bytes, got, at), ST_OK);
	if (c.back > 0) {
		assert_int_equal(got, n); /* a file never shrinks */
		c.back = at;
		return at > 0;
	}
	c.at += got;
	return got > 0;
}

static void copier_step(void)
{
	if (!c.running)
		return;
	if (c.from == NULL) {
		if (c.i_name == c.n_names) {
			c.running = false;
			return;
		}
		if (!open_next(c.names[c.i_name++]))
			return;
	}
	if (!copy_piece()) {
		file_fake.close(c.from);
		file_fake.close(c.to);
		c.from = c.to = NULL;
	}
}

/* ---- a disk at whose every change the copier may go on ---------------------------------------
 */

static struct file_ops busy;

static void interleave(void)
{
	for (uint64_t n = rand_below(&dice, 4); n > 0; n--)
		copier_step();
}

static enum status busy_pwrite(struct file *f, const void *p, size_t n, uint64_t at)
{
	interleave();
	return file_fake.pwrite(f, p, n, at);
}

static enum status busy_datasync(struct file *f)
{
	interleave();
	return file_fake.datasync(f);
}

static enum status busy_rename(const char *from, const char *to)
{
	interleave();
	enum status st = file_fake.rename(from, to);
	interleave();
	return st;
}

static int fresh(void **state)
{
	fake_reset(1);
	busy = file_fake;
	busy.pwrite = busy_pwrite;
	busy.datasync = busy_datasync;
	busy.rename = busy_rename;
	file_install(&busy);
	clock_install(&clock_manual);
	clock_manual_set(1000000000, 1000000);
	log_set_level(LOG_ERROR + (getenv("GEODE_TEST_LOG") == NULL));
	memset(&c, 0, sizeof c);
	memset(&origin, 0, sizeof origin);
	assert_int_equal(file_io->mkdir(BACKUP, 0700), ST_OK);
	return 0;
}

static int done(void **state)
{
	file_install(&file_system);
	clock_install(&clock_system);
	return 0;
}

/* ---- restoring --------------------------------------------------------------------------------
 */

static enum status copy_back(void *ctx, const char *name)
{
	char path[160], *p;
	size_t n;
	snprintf(path, sizeof path, BACKUP "/%s", name);
	assert_int_equal(file_read_all(path, 1u << 20, &p, &n), ST_OK);
	snprintf(path, sizeof path, RESTORED "/%s", name);
	assert_int_equal(file_write_atomic(path, p, n, 0600), ST_OK);
	mem_free(MEM_OTHER, p, n + 1);
	return ST_OK;
}

static enum status remove_file(void *ctx, const char *name)
{
	char path[160];
	snprintf(path, sizeof path, RESTORED "/%s", name);
	return file_io->unlink(path);
}

/* The backup starts, holds enough, takes writes and starts again. */
static void check_backup(void)
{
	file_install(&file_fake);
	enum status st = file_io->mkdir(RESTORED, 0700);
	assert_true(st == ST_OK || st == ST_EXISTS);
	assert_int_equal(file_io->list(RESTORED, remove_file, NULL), ST_OK);
	assert_int_equal(file_io->list(BACKUP, copy_back, NULL), ST_OK);
	memcpy(copy.content, origin.content, sizeof copy.content);
	open_and_start(&copy, RESTORED);
	assert_true(copy.d.recovery.is_copy);
	assert_true(applied >= c.acked_before);
	assert_true(applied <= origin.submitted);
	copy.submitted = copy.acked = applied;
	commit(&copy, 3);
	datadir_close(&copy.d);
	open_and_start(&copy, RESTORED);
	assert_int_equal(applied, copy.submitted);
	datadir_close(&copy.d);
	now = &origin;
	file_install(&busy);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void work(void)
{
	uint64_t what = rand_below(&dice, 40);
	clock_manual_advance(rand_below(&dice, 200) * 1000000);
	if (what == 0)
		snapshot();
	else if (what == 1)
		wal_rotate(origin.d.wal);
	else if (what == 2) { /* a copy may span a restart */
		datadir_close(&origin.d);
		open_and_start(&origin, DIR);
	}
	commit(&origin, (unsigned)rand_below(&dice, 4));
}

static void copies_of_any_habit_restore(void **state)
{
	unsigned n_skipped = 0, n_appended = 0;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		fresh(NULL);
		rand_seed(&dice, seed);
		open_and_start(&origin, DIR);
		for (unsigned i = 0; i < 4; i++) { /* one over the other, nothing removed */
			for (uint64_t n = rand_below(&dice, 12); n > 0; n--)
				work();
			copier_start((enum habit)(seed % N_HABITS));
			for (unsigned n = 0; n < 60 && c.running; n++)
				work();
			while (c.running) /* the server is at rest */
				copier_step();
			check_backup();
		}
		n_skipped += c.n_skipped;
		n_appended += c.n_appended;
		datadir_close(&origin.d);
	}
	assert_true(n_skipped > 100);
	assert_true(n_appended > 100);
}

#define on_fake(test) cmocka_unit_test_setup_teardown(test, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_fake(copies_of_any_habit_restore),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
