/* tests/unit/wal/wal_test.h - a temporary directory, a writer driven by hand and a model of what
 * was written, for the tests of the log. */
#ifndef WAL_TEST_H
#define WAL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "wal/reader.h"
#include "tests/support/hand_log.h"
#include "wal/writer.h"

#define N_BATCHES 64

struct log {
	char dir[64];
	struct wal_options opt;
	struct wal_writer *w;
	uint64_t fence; /* greatest sequence number announced */
	uint64_t lsn;	/* last submitted */
	uint64_t published;
	unsigned n_done, n_failed, n_alarms;
	struct wal_batch batches[N_BATCHES];
	char redo[N_BATCHES][32];
};

static struct log *current_log;

static enum status log_fence(void *ctx, uint64_t seq)
{
	struct log *l = ctx;
	assert_true(seq > l->fence);
	l->fence = seq;
	return ST_OK;
}

static void log_published(void *ctx, uint64_t lsn)
{
	struct log *l = ctx;
	assert_true(lsn >= l->published);
	l->published = lsn;
}

static void log_alarm(void *ctx, enum wal_state state)
{
	(void)state;
	((struct log *)ctx)->n_alarms++;
}

static inline void log_done(struct wal_batch *b)
{
	if (b->result != ST_OK) {
		current_log->n_failed++;
		return;
	}
	assert_true(current_log->published >= b->lsn); /* published before done */
	current_log->n_done++;
}

static inline void log_open(struct log *l, uint64_t segment_bytes)
{
	*l = (struct log){.dir = "/tmp/geode-test-XXXXXX"};
	assert_non_null(mkdtemp(l->dir));
	clock_install(&clock_manual);
	clock_manual_set(1000000000, 1000000);
	l->opt = hand_log(l->dir, log_published, l);
	l->opt.segment_bytes = segment_bytes;
	l->opt.before_segment = log_fence;
	l->opt.before_ctx = l;
	l->opt.alarm = log_alarm;
	current_log = l;
	assert_int_equal(wal_writer_new(&l->opt, &l->w), ST_OK);
}

static inline void log_submit_bytes(struct log *l, const void *redo, size_t n)
{
	struct wal_batch *b = &l->batches[l->lsn % N_BATCHES];
	*b = (struct wal_batch){.redo = redo, .redo_len = n, .lsn = ++l->lsn, .origin = 7};
	b->done = log_done;
	wal_submit(l->w, b);
}

/* The redo of LSN n is "redo of n". */
static inline void log_submit(struct log *l)
{
	char *redo = l->redo[l->lsn % N_BATCHES];
	int n = snprintf(redo, 32, "redo of %llu", (unsigned long long)l->lsn + 1);
	assert_int_equal(wal_reserve(l->w, (size_t)n), ST_OK);
	log_submit_bytes(l, redo, (size_t)n);
}

static inline void log_commit(struct log *l)
{
	log_submit(l);
	wal_step(l->w);
}

static inline void log_close(struct log *l)
{
	char cmd[128];
	wal_writer_free(l->w);
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", l->dir);
	assert_int_equal(system(cmd), 0);
	clock_install(&clock_system);
}

static inline void log_path(const struct log *l, uint64_t seq, char out[256])
{
	char name[WAL_NAME_MAX];
	wal_segment_name(l->opt.epoch, seq, l->opt.run_id, name);
	snprintf(out, 256, "%s/%s", l->dir, name);
}

/* Reads one segment and checks that every record is the model's; gives its end. */
static inline struct wal_end log_check(const char *path, uint64_t *ret_last)
{
	struct wal_reader *r;
	struct wal_frame f;
	struct wal_record rec;
	struct wal_records rs;
	enum status st;

	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	wal_records_init(&rs);
	uint64_t last = wal_reader_header(r)->first_lsn - 1;
	while ((st = wal_reader_next(r, &f)) == ST_OK) {
		assert_int_equal(wal_records_feed(&rs, &f), ST_OK);
		while ((st = wal_records_next(&rs, &rec)) == ST_OK) {
			char want[32];
			assert_int_equal(rec.lsn, ++last);
			snprintf(want, sizeof want, "redo of %llu", (unsigned long long)last);
			if (rec.redo_len < sizeof want) {
				assert_int_equal(rec.redo_len, strlen(want));
				assert_memory_equal(rec.redo, want, rec.redo_len);
			}
		}
		assert_int_equal(st, ST_END);
	}
	assert_int_equal(st, ST_END);
	struct wal_end end = *wal_reader_end(r);
	wal_records_release(&rs);
	wal_reader_close(r);
	if (ret_last != NULL)
		*ret_last = last;
	return end;
}

#endif
