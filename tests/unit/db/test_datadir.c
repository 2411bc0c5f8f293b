/* Data directories on a disk that lies: a model knows what was acknowledged, and after every crash,
 * kill or stop the directory must give at least that, exactly once, in order. */
#include <errno.h>
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
#include "wal/reader.h"

#define DIR "/data"
#define MODEL_MAX 4096
#define SMALL (UINT64_C(8) << 10)

struct model {
	uint64_t content[MODEL_MAX]; /* by LSN: what was submitted last under it */
	uint64_t submitted, acked;
	uint64_t applied; /* recovery's present state */
	unsigned n_loaded;
	struct datadir d;
	char reason[512];
	struct rand rand;
	struct wal_batch batches[MODEL_MAX];
};

static struct model m;

static uint64_t content_hash(uint64_t lsn)
{
	return hash_u64(crc32c(0, m.content + 1, lsn * sizeof m.content[0]));
}

static enum status sink_reset(void *ctx)
{
	m.applied = 0;
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
		assert_int_equal(load_u64(p), ret->lsn);
		assert_int_equal(load_u64(p + 8), content_hash(ret->lsn));
		m.applied = ret->lsn;
		m.n_loaded++;
	}
	snapshot_decoder_free(dec);
	snapshot_close(r);
	return st;
}

static enum status sink_apply(void *ctx, const struct wal_record *rec)
{
	assert_int_equal(rec->lsn, m.applied + 1);
	assert_int_equal(rec->redo_len, 8);
	assert_int_equal(load_u64(rec->redo), m.content[rec->lsn]);
	m.applied = rec->lsn;
	return ST_OK;
}

static const struct recovery_sink sink = {NULL, sink_reset, sink_load, sink_apply};

static void acked(struct wal_batch *b)
{
	if (b->result == ST_OK)
		m.acked = MAX_OF(m.acked, b->lsn);
}

static enum status open_dir(void)
{
	struct datadir_options opt = {
	    .dir = DIR,
	    .sink = &sink,
	    .segment_bytes = SMALL,
	    .doublewrite_bytes = 4 * DOUBLEWRITE_PAGE,
	    .no_thread = true,
	};
	m.reason[0] = '\0';
	return datadir_open(&m.d, &opt, m.reason, sizeof m.reason);
}

/* Opens and checks against the model. */
static void must_open(void)
{
	enum status st = open_dir();
	if (st != ST_OK)
		fail_msg("refused: %s", m.reason);
	uint64_t lsn = m.applied;
	assert_true(lsn >= m.acked);
	assert_true(lsn <= m.submitted);
	m.submitted = m.acked = lsn;
	if (datadir_start(&m.d, m.reason, sizeof m.reason) != ST_OK)
		fail_msg("not started: %s", m.reason);
	assert_int_equal(wal_durable_lsn(m.d.wal), lsn);
}

static void must_refuse(const char *word)
{
	enum status st = open_dir();
	assert_true(st == ST_CORRUPT || st == ST_LIMIT);
	if (strstr(m.reason, word) == NULL)
		fail_msg("'%s' is not in the reason: %s", word, m.reason);
}

static bool submit(void)
{
	if (m.submitted + 1 >= MODEL_MAX || wal_reserve(m.d.wal, 8) != ST_OK)
		return false;
	uint64_t lsn = ++m.submitted;
	m.content[lsn] = rand_u64(&m.rand);
	m.batches[lsn] = (struct wal_batch){
	    .redo = (const uint8_t *)&m.content[lsn], .redo_len = 8, .lsn = lsn, .done = acked};
	wal_submit(m.d.wal, &m.batches[lsn]);
	return true;
}

static void commit(unsigned n)
{
	while (n-- > 0)
		assert_true(submit());
	wal_step(m.d.wal);
}

static enum status snapshot(void)
{
	struct snapshot_writer *w;
	uint8_t bytes[16];
	struct wal_point at = wal_position(m.d.wal);
	struct snapshot_meta meta = datadir_snapshot_meta(&m.d, &at);
	store_u64(bytes, at.lsn);
	store_u64(bytes + 8, content_hash(at.lsn));
	struct snapshot_object o = {.section = 1, .p = bytes, .n = sizeof bytes};
	TRY(snapshot_writer_new(DIR, &meta, &w));
	enum status st = snapshot_put(w, &o);
	if (st == ST_OK)
		st = snapshot_writer_sync(w);
	if (st == ST_OK)
		st = datadir_raise_snapshot(&m.d, at.lsn);
	if (st == ST_OK)
		st = snapshot_writer_publish(w);
	snapshot_writer_free(w);
	return st;
}

/* The process is gone, with or without the power: memory is given back, nothing reaches the disk.
 */
static void vanish_after(void (*end)(void))
{
	end();
	fake_fail_nth(FAKE_CHANGES, 1, EIO, true);
	datadir_close(&m.d);
	fake_fail_nth(0, 0, 0, false);
}

static void vanish(void)
{
	vanish_after(fake_kill);
}

static void vanish_with_power(void)
{
	vanish_after(fake_crash);
}

static int fresh(void **state)
{
	fake_reset(1);
	file_install(&file_fake);
	clock_install(&clock_manual);
	clock_manual_set(1000000000, 1000000);
	log_set_level(LOG_ERROR + (getenv("GEODE_TEST_LOG") == NULL));
	m = (struct model){0};
	rand_seed(&m.rand, 7);
	return 0;
}

static int done(void **state)
{
	file_install(&file_system);
	clock_install(&clock_system);
	return 0;
}

/* ---- files -------------------------------------------------------------------------------------
 */

static enum status pick_last(void *ctx, const char *name)
{
	char *best = ctx;
	const char *prefix = best + 64;
	if (strncmp(name, prefix, strlen(prefix)) == 0 && strcmp(name, best) > 0)
		strcpy(best, name);
	return ST_OK;
}

/* Path of the file with this prefix that sorts last. */
static const char *last_file(const char *prefix)
{
	static char path[160];
	char best[80] = "";
	strcpy(best + 64, prefix);
	assert_int_equal(file_io->list(DIR, pick_last, best), ST_OK);
	assert_string_not_equal(best, "");
	snprintf(path, sizeof path, DIR "/%.63s", best);
	return path;
}

static uint64_t size_of(const char *path)
{
	struct file_info info;
	assert_int_equal(file_io->info(path, &info), ST_OK);
	return info.size;
}

static void flip_byte(const char *path, uint64_t at)
{
	struct file *f;
	uint8_t byte;
	size_t n;
	assert_int_equal(file_io->open(path, FILE_READ | FILE_WRITE, 0, &f), ST_OK);
	assert_int_equal(file_io->pread(f, &byte, 1, at, &n), ST_OK);
	byte ^= 0x40;
	assert_int_equal(file_io->pwrite(f, &byte, 1, at), ST_OK);
	assert_int_equal(file_io->sync(f), ST_OK);
	file_io->close(f);
}

static void cut(const char *path, uint64_t size)
{
	struct file *f;
	assert_int_equal(file_io->open(path, FILE_READ | FILE_WRITE, 0, &f), ST_OK);
	assert_int_equal(file_io->truncate(f, size), ST_OK);
	assert_int_equal(file_io->sync(f), ST_OK);
	file_io->close(f);
}

static void move_away(const char *path)
{
	assert_int_equal(file_io->rename(path, "/elsewhere"), ST_OK);
}

#define DOUBLEWRITE DIR "/" DOUBLEWRITE_NAME

/* The segment alone has to show what is in it. */
static void empty_doublewrite(void)
{
	uint64_t size = size_of(DOUBLEWRITE);
	cut(DOUBLEWRITE, DOUBLEWRITE_PAGE);
	cut(DOUBLEWRITE, size);
}

/* What a copying tool leaves: the same files, another CURRENT inode. */
static void make_it_a_copy(void)
{
	char *p;
	size_t n;
	assert_int_equal(file_read_all(DIR "/" FENCE_NAME, FENCE_BYTES_MAX, &p, &n), ST_OK);
	assert_int_equal(file_write_atomic(DIR "/" FENCE_NAME, p, n, 0600), ST_OK);
	mem_free(MEM_OTHER, p, n + 1);
}

/* ---- tests -------------------------------------------------------------------------------------
 */

static void a_new_directory_is_a_new_database(void **state)
{
	must_open();
	assert_int_equal(m.applied, 0);
	commit(3);
	datadir_close(&m.d);
	must_open();
	assert_int_equal(m.applied, 3);
	assert_int_equal(m.d.fence.n_runs, 3); /* making it was the first */
	datadir_close(&m.d);
}

static void two_processes_cannot_have_it(void **state)
{
	struct datadir first;
	must_open();
	first = m.d;
	assert_int_equal(open_dir(), ST_BUSY);
	m.d = first;
	datadir_close(&m.d);
}

static void a_killed_process_loses_nothing(void **state)
{
	for (int life = 0; life < 20; life++) {
		must_open();
		commit(5);
		if (life % 3 == 0)
			assert_int_equal(snapshot(), ST_OK);
		commit(1);
		assert_int_equal(m.acked, m.submitted);
		vanish();
	}
	must_open();
	assert_int_equal(m.applied, 120);
	assert_true(m.n_loaded > 0);
	datadir_close(&m.d);
}

/* Random work and random ends, with failing syncs, full disks and power cuts in between. */
static void a_lying_disk_loses_nothing(void **state)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		fresh(NULL);
		fake_reset(seed);
		rand_seed(&m.rand, seed);
		for (int life = 0; life < 6; life++) {
			must_open();
			unsigned n = (unsigned)rand_below(&m.rand, 40);
			for (unsigned i = 0; i < n; i++) {
				uint64_t what = rand_below(&m.rand, 12);
				clock_manual_advance(rand_below(&m.rand, 2) * WAL_NOTE_AFTER_NS);
				if (what == 0)
					wal_rotate(m.d.wal);
				else if (what == 1 && snapshot() != ST_OK)
					continue; /* a snapshot that fails costs nothing */
				else if (what == 2)
					fake_fail_nth(FAKE_CHANGES, 1 + rand_below(&m.rand, 6),
						      rand_below(&m.rand, 2) == 0 ? EIO : ENOSPC,
						      rand_below(&m.rand, 4) == 0);
				else
					while (submit() && rand_below(&m.rand, 3) == 0)
						continue;
				wal_step(m.d.wal);
			}
			if (rand_below(&m.rand, 3) == 0)
				submit(); /* one that is never answered */
			switch (rand_below(&m.rand, 4)) {
			case 0:
				datadir_close(&m.d);
				fake_fail_nth(0, 0, 0, false);
				break;
			case 1:
				vanish();
				break;
			default:
				vanish_with_power();
			}
		}
	}
}

/* The power fails at every single change of a start that has a tail to take over. */
static void a_crash_while_starting_loses_nothing(void **state)
{
	for (uint64_t at = 1; at < 60; at++) {
		fresh(NULL);
		fake_reset(at);
		must_open();
		commit(4);
		commit(2); /* its durability is not stated by a later frame */
		vanish();
		fake_fail_nth(FAKE_CHANGES, at, EIO, true);
		if (open_dir() == ST_OK) {
			if (datadir_start(&m.d, m.reason, sizeof m.reason) == ST_OK)
				at = 60; /* the whole start was gone through */
			vanish_with_power();
		}
		fake_crash();
		must_open();
		assert_int_equal(m.applied, 6);
		datadir_close(&m.d);
	}
}

static void a_torn_tail_is_cut(void **state)
{
	must_open();
	commit(2);
	commit(1);
	vanish();
	empty_doublewrite();
	const char *path = last_file("wal-");
	cut(path, size_of(path) - 5);
	m.acked = 2; /* the cut stands for a write that never finished */
	must_open();
	assert_int_equal(m.applied, 2);
	commit(1);
	datadir_close(&m.d);
	must_open(); /* the cut segment has a successor now */
	assert_int_equal(m.applied, 3);
	datadir_close(&m.d);
}

static void commit_alone(unsigned n)
{
	while (n-- > 0)
		commit(1);
}

static void the_end_of_the_log_is_restored_from_the_doublewrite_file(void **state)
{
	must_open();
	commit_alone(3);
	vanish();
	cut(last_file("wal-"), WAL_HEADER_BYTES);
	must_open();
	assert_int_equal(m.applied, 3);
	commit_alone(2);
	datadir_close(&m.d);
	must_open();
	assert_int_equal(m.applied, 5);
	datadir_close(&m.d);
}

static void an_unsealed_log_needs_its_doublewrite_file(void **state)
{
	must_open();
	commit_alone(3);
	vanish();
	move_away(DOUBLEWRITE);
	must_refuse(DOUBLEWRITE_NAME);
	make_it_a_copy(); /* a copy of a running server needs none */
	must_open();
	assert_int_equal(m.applied, 3);
	datadir_close(&m.d);
	move_away(DOUBLEWRITE);
	must_open(); /* nor does a log that was sealed */
	assert_int_equal(m.applied, 3);
	vanish();
}

static void a_lost_entry_is_refused_but_cuts_a_copy(void **state)
{
	must_open();
	commit_alone(3);
	vanish();
	cut(last_file("wal-"), WAL_HEADER_BYTES);
	flip_byte(DOUBLEWRITE, 2 * DOUBLEWRITE_PAGE + DOUBLEWRITE_ENTRY_HEADER);
	must_refuse(DOUBLEWRITE_NAME);
	make_it_a_copy();
	m.acked = 1;
	must_open();
	assert_int_equal(m.applied, 1);
	datadir_close(&m.d);
}

/* A torn entry was never acknowledged. */
static void the_last_entry_may_be_torn(void **state)
{
	must_open();
	commit_alone(3);
	vanish();
	cut(last_file("wal-"), WAL_HEADER_BYTES);
	flip_byte(DOUBLEWRITE, 3 * DOUBLEWRITE_PAGE + DOUBLEWRITE_ENTRY_HEADER);
	m.acked = 2;
	must_open();
	assert_int_equal(m.applied, 2);
	datadir_close(&m.d);
}

/* cp put a copy in place, file after file, so that CURRENT kept its inode: the segment was copied
 * before it was synced, the doublewrite file after it had begun anew. */
static void entries_behind_the_end_of_a_copy_are_not_used(void **state)
{
	must_open();
	commit_alone(1);
	uint64_t size = size_of(last_file("wal-"));
	commit_alone(5); /* the fifth is synced in the segment, the sixth overwrites the first */
	vanish();
	cut(last_file("wal-"), size);
	m.acked = 1;
	must_open();
	assert_int_equal(m.applied, 4); /* what follows on is used */
	datadir_close(&m.d);
}

static void a_newer_doublewrite_file_is_refused(void **state)
{
	uint8_t *p;
	size_t n;
	must_open();
	commit_alone(1);
	vanish();
	assert_int_equal(file_read_all(DOUBLEWRITE, 1u << 20, (char **)&p, &n), ST_OK);
	p[8] = 0x81;
	store_u32(p + DOUBLEWRITE_PAGE - 4, crc32c(0, p, DOUBLEWRITE_PAGE - 4));
	assert_int_equal(file_write_atomic(DOUBLEWRITE, p, n, 0600), ST_OK);
	mem_free(MEM_OTHER, p, n + 1);
	must_refuse("newer");
}

static void damage_in_the_middle_is_refused(void **state)
{
	must_open();
	commit(2);
	commit(2);
	commit(2);
	vanish();
	empty_doublewrite();
	flip_byte(last_file("wal-"), WAL_HEADER_BYTES + 20);
	must_refuse("offset 256");
	must_refuse("LSN 1 to");
	must_refuse(".gwal");
}

static void damage_in_a_sealed_segment_is_refused(void **state)
{
	must_open();
	commit(2);
	commit(2);
	datadir_close(&m.d);
	empty_doublewrite();
	flip_byte(last_file("wal-"), WAL_HEADER_BYTES + 70);
	must_refuse("damaged");
}

static void a_snapshot_stands_in_for_damaged_log(void **state)
{
	must_open();
	commit(2);
	char path[160];
	strcpy(path, last_file("wal-"));
	wal_rotate(m.d.wal);
	wal_step(m.d.wal);
	assert_int_equal(snapshot(), ST_OK);
	commit(2);
	vanish();
	flip_byte(path, WAL_HEADER_BYTES + 20); /* not needed any more */
	must_open();
	assert_int_equal(m.applied, 4);
	datadir_close(&m.d);
}

static void a_bad_snapshot_is_replaced_by_the_log(void **state)
{
	must_open();
	commit(2);
	assert_int_equal(snapshot(), ST_OK);
	commit(2);
	assert_int_equal(snapshot(), ST_OK);
	vanish();
	flip_byte(last_file("snap-"), 4200);
	must_open();
	assert_int_equal(m.applied, 4);
	assert_true(m.d.recovery.snapshot_due);
	assert_non_null(strstr(last_file("orphan-"), "-snap-"));
	datadir_close(&m.d);
}

static void a_bad_snapshot_without_its_log_is_refused(void **state)
{
	must_open();
	commit(2);
	assert_int_equal(snapshot(), ST_OK);
	vanish();
	flip_byte(last_file("snap-"), 4200);
	move_away(last_file("wal-"));
	must_refuse("LSN");
}

static void lost_files_are_noticed(void **state)
{
	must_open();
	commit(2);
	datadir_close(&m.d);
	move_away(last_file("wal-"));
	must_refuse("LSN 2 was durable");
}

static void without_the_fence_nothing_starts(void **state)
{
	must_open();
	commit(1);
	vanish();
	flip_byte(DIR "/" FENCE_NAME, 30);
	must_refuse(FENCE_NAME);
	move_away(DIR "/" FENCE_NAME);
	must_refuse("no " FENCE_NAME);
}

static void another_database_is_not_mixed_in(void **state)
{
	must_open();
	commit(1);
	vanish();
	flip_byte(DIR "/" ID_NAME, 20);
	must_refuse(ID_NAME);
}

/* A gap in front of later segments: data loss at the origin, the end of a live copy in a copy. */
static void a_gap_is_refused_but_cuts_a_copy(void **state)
{
	must_open();
	commit(2);
	commit(2);
	char path[160];
	strcpy(path, last_file("wal-"));
	wal_rotate(m.d.wal);
	wal_step(m.d.wal);
	commit(2);
	vanish();
	struct wal_reader *r;
	struct wal_frame f;
	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	assert_int_equal(wal_reader_next(r, &f), ST_OK);
	uint64_t keep = wal_reader_end(r)->offset;
	wal_reader_close(r);
	cut(path, keep + 10);
	must_refuse("LSN 3 to 4 are lost");
	make_it_a_copy();
	m.acked = 2;
	must_open();
	assert_int_equal(m.applied, 2);
	assert_non_null(strstr(last_file("orphan-"), "-wal-"));
	commit(3);
	datadir_close(&m.d);
	must_open();
	assert_int_equal(m.applied, 5);
	datadir_close(&m.d);
}

/* Restore without deleting: old files over newer ones. The fence that comes with the backup rules.
 */
static void a_restore_over_newer_files_means_the_backup(void **state)
{
	char *fence;
	size_t n;
	must_open();
	commit(2);
	datadir_close(&m.d);
	assert_int_equal(file_read_all(DIR "/" FENCE_NAME, FENCE_BYTES_MAX, &fence, &n), ST_OK);
	uint64_t kept[3] = {0, m.content[1], m.content[2]};
	must_open();
	commit(5);
	assert_int_equal(snapshot(), ST_OK);
	datadir_close(&m.d);
	assert_int_equal(file_write_atomic(DIR "/" FENCE_NAME, fence, n, 0600), ST_OK);
	mem_free(MEM_OTHER, fence, n + 1);
	memcpy(m.content, kept, sizeof kept);
	m.submitted = m.acked = 2;
	must_open();
	assert_int_equal(m.applied, 2);
	commit(1);
	datadir_close(&m.d);
	must_open();
	assert_int_equal(m.applied, 3);
	datadir_close(&m.d);
}

static void foreign_names_are_left_alone(void **state)
{
	static const char note[] = "mine";
	must_open();
	commit(1);
	datadir_close(&m.d);
	assert_int_equal(file_write_atomic(DIR
					   "/.wal-0000000001-0000000000000001-00000000.gwal.Ab12",
					   note, 4, 0600),
			 ST_OK);
	assert_int_equal(file_write_atomic(DIR "/notes.txt", note, 4, 0600), ST_OK);
	must_open();
	assert_int_equal(size_of(DIR "/notes.txt"), 4);
	datadir_close(&m.d);
}

static void a_new_database_can_be_made_of_a_snapshot(void **state)
{
	m.content[1] = 5;
	m.submitted = m.acked = 1;
	assert_int_equal(datadir_create(&m.d, DIR, m.reason, sizeof m.reason), ST_OK);
	struct snapshot_meta meta = datadir_snapshot_meta(&m.d, &(struct wal_point){.lsn = 1});
	struct snapshot_writer *w;
	uint8_t bytes[16];
	store_u64(bytes, 1);
	store_u64(bytes + 8, content_hash(1));
	struct snapshot_object o = {.section = 1, .p = bytes, .n = sizeof bytes};
	assert_int_equal(snapshot_writer_new(DIR, &meta, &w), ST_OK);
	assert_int_equal(snapshot_put(w, &o), ST_OK);
	assert_int_equal(snapshot_writer_sync(w), ST_OK);
	assert_int_equal(datadir_raise_snapshot(&m.d, 1), ST_OK);
	assert_int_equal(snapshot_writer_publish(w), ST_OK);
	snapshot_writer_free(w);
	datadir_close(&m.d);
	assert_int_equal(datadir_create(&m.d, DIR, m.reason, sizeof m.reason), ST_EXISTS);
	must_open();
	assert_int_equal(m.applied, 1);
	commit(2);
	vanish();
	must_open();
	assert_int_equal(m.applied, 3);
	datadir_close(&m.d);
}

static void no_memory_is_an_answer(void **state)
{
	must_open();
	commit(2);
	assert_int_equal(snapshot(), ST_OK);
	commit(2);
	vanish();
	for (uint64_t n = 1; n < 200; n++) {
		mem_fail_nth(n, false);
		enum status st = open_dir();
		mem_fail_nth(0, false);
		if (st == ST_OK)
			datadir_close(&m.d);
		m.submitted = 4;
	}
	must_open();
	assert_int_equal(m.applied, 4);
	datadir_close(&m.d);
}

#define on_fake(test) cmocka_unit_test_setup_teardown(test, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_fake(a_new_directory_is_a_new_database),
	    on_fake(two_processes_cannot_have_it),
	    on_fake(a_killed_process_loses_nothing),
	    on_fake(a_torn_tail_is_cut),
	    on_fake(the_end_of_the_log_is_restored_from_the_doublewrite_file),
	    on_fake(an_unsealed_log_needs_its_doublewrite_file),
	    on_fake(a_lost_entry_is_refused_but_cuts_a_copy),
	    on_fake(the_last_entry_may_be_torn),
	    on_fake(entries_behind_the_end_of_a_copy_are_not_used),
	    on_fake(a_newer_doublewrite_file_is_refused),
	    on_fake(damage_in_the_middle_is_refused),
	    on_fake(damage_in_a_sealed_segment_is_refused),
	    on_fake(a_snapshot_stands_in_for_damaged_log),
	    on_fake(a_bad_snapshot_is_replaced_by_the_log),
	    on_fake(a_bad_snapshot_without_its_log_is_refused),
	    on_fake(lost_files_are_noticed),
	    on_fake(without_the_fence_nothing_starts),
	    on_fake(another_database_is_not_mixed_in),
	    on_fake(a_gap_is_refused_but_cuts_a_copy),
	    on_fake(a_restore_over_newer_files_means_the_backup),
	    on_fake(foreign_names_are_left_alone),
	    on_fake(a_new_database_can_be_made_of_a_snapshot),
	    on_fake(no_memory_is_an_answer),
	    on_fake(a_crash_while_starting_loses_nothing),
	    on_fake(a_lying_disk_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
