#include <semaphore.h>

#include "wal/writer_int.h"
#include "wal_test.h"

#define SMALL (UINT64_C(4) << 10)

/* A disk on which calls fail from the nth on, n_bad times. */
static struct file_ops faulty;
static int datasync_good, pwrite_good, reserve_good;
static int n_bad;

static bool goes_wrong(int *good)
{
	if (*good < 0 || n_bad == 0)
		return false;
	if ((*good)-- > 0)
		return false;
	*good = 0;
	n_bad--;
	return true;
}

static enum status bad_datasync(struct file *f)
{
	return goes_wrong(&datasync_good) ? ST_IO : file_system.datasync(f);
}

static enum status bad_pwrite(struct file *f, const void *p, size_t n, uint64_t at)
{
	return goes_wrong(&pwrite_good) ? ST_FULL : file_system.pwrite(f, p, n, at);
}

static enum status bad_reserve(struct file *f, uint64_t upto)
{
	return goes_wrong(&reserve_good) ? ST_FULL : file_system.reserve(f, upto);
}

static void disk_fails(int sync_after, int write_after, int reserve_after, int times)
{
	faulty = file_system;
	faulty.datasync = bad_datasync;
	faulty.pwrite = bad_pwrite;
	faulty.reserve = bad_reserve;
	datasync_good = sync_after;
	pwrite_good = write_after;
	reserve_good = reserve_after;
	n_bad = times;
	file_install(&faulty);
}

static int disk_heals(void **state)
{
	file_install(&file_system);
	return 0;
}

static void one_round_takes_all_that_waits(void **state)
{
	struct log l;
	char path[256];
	struct wal_stats s;
	uint64_t last;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (int i = 0; i < 10; i++)
		log_submit(&l);
	assert_int_equal(l.n_done, 0);
	wal_step(l.w);
	assert_int_equal(l.n_done, 10);
	assert_int_equal(wal_durable_lsn(l.w), 10);
	wal_stats(l.w, &s);
	assert_int_equal(s.n_groups, 1);
	assert_int_equal(s.n_syncs, 1);
	assert_int_equal(s.n_commits, 10);
	log_path(&l, 1, path);
	struct wal_end end = log_check(path, &last);
	assert_int_equal(end.kind, WAL_END_OPEN);
	assert_int_equal(last, 10);
	wal_stop(l.w);
	end = log_check(path, &last);
	assert_int_equal(end.kind, WAL_END_SEALED);
	assert_int_equal(end.last_lsn, 10);
	assert_int_equal(end.durable_lsn, 10);
	log_close(&l);
}

static void a_wait_comes_after_what_was_before_it(void **state)
{
	struct log l;
	struct wal_batch wait = {.done = log_done};

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_submit(&l);
	wal_wait(l.w, &wait);
	wal_step(l.w);
	assert_int_equal(l.n_done, 2);
	wal_wait(l.w, &wait); /* alone: nothing is written for it */
	wal_step(l.w);
	assert_int_equal(l.n_done, 3);
	wal_stop(l.w);
	log_close(&l);
}

static void segments_follow_each_other(void **state)
{
	struct log l;
	char path[256];
	uint64_t last = 0;

	log_open(&l, SMALL);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (int i = 0; i < 200; i++)
		log_commit(&l);
	wal_rotate(l.w);
	wal_step(l.w);
	log_commit(&l);
	wal_stop(l.w);
	assert_int_equal(l.n_done, 201);
	assert_true(l.fence > 3);
	uint64_t chain = 0;
	for (uint64_t seq = 1; seq <= l.fence; seq++) {
		struct wal_reader *r;
		log_path(&l, seq, path);
		if (access(path, F_OK) != 0) {
			assert_int_equal(seq, l.fence);
			break;
		}
		assert_int_equal(wal_reader_open(path, true, &r), ST_OK);
		const struct wal_header *h = wal_reader_header(r);
		assert_int_equal(h->first_lsn, last + 1);
		assert_int_equal(h->prev_seq, seq - 1);
		assert_int_equal(h->prev_last_lsn, last);
		assert_int_equal(h->chain, chain);
		wal_reader_close(r);
		struct wal_end end = log_check(path, &last);
		assert_int_equal(end.kind, WAL_END_SEALED);
		assert_true(end.size <= SMALL);
		chain = end.chain;
	}
	assert_int_equal(last, 201);
	log_close(&l);
}

static void a_large_transaction_runs_over_frames(void **state)
{
	struct log l;
	char path[256];
	size_t n = 5u << 20;
	uint8_t *redo = mem_alloc(MEM_WAL, n);
	struct wal_reader *r;
	struct wal_frame f;
	struct wal_record rec;
	struct wal_records rs;
	unsigned n_frames = 0, n_records = 0;

	for (size_t i = 0; i < n; i++)
		redo[i] = (uint8_t)(i * 7 + i / 1000);
	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_submit(&l);
	assert_int_equal(wal_reserve(l.w, n), ST_OK);
	log_submit_bytes(&l, redo, n);
	log_submit(&l);
	wal_step(l.w);
	assert_int_equal(l.n_done, 3);
	wal_stop(l.w);
	log_path(&l, 1, path);
	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	wal_records_init(&rs);
	while (wal_reader_next(r, &f) == ST_OK) {
		n_frames++;
		assert_int_equal(wal_records_feed(&rs, &f), ST_OK);
		while (wal_records_next(&rs, &rec) == ST_OK) {
			assert_int_equal(rec.lsn, ++n_records);
			if (rec.lsn == 2) {
				assert_int_equal(rec.redo_len, n);
				assert_memory_equal(rec.redo, redo, n);
			}
		}
	}
	assert_int_equal(n_records, 3);
	assert_int_equal(n_frames, 7);
	assert_int_equal(wal_reader_end(r)->kind, WAL_END_SEALED);
	wal_records_release(&rs);
	wal_reader_close(r);
	log_close(&l);
	mem_free(MEM_WAL, redo, n);
}

static void times_only_rise(void **state)
{
	struct log l;
	char path[256];
	struct wal_reader *r;
	struct wal_frame f;
	int64_t last = 0;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (int i = 0; i < 5; i++) {
		clock_manual_set(1000000000, 1000000 - i * 1000); /* the clock is put back */
		log_commit(&l);
	}
	wal_stop(l.w);
	log_path(&l, 1, path);
	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	while (wal_reader_next(r, &f) == ST_OK) {
		assert_true(f.wall_us > last);
		last = f.wall_us;
	}
	wal_reader_close(r);
	log_close(&l);
}

static void an_idle_log_notes_what_is_durable(void **state)
{
	struct log l;
	char path[256];

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_commit(&l);
	log_path(&l, 1, path);
	assert_int_equal(log_check(path, NULL).durable_lsn, 0);
	wal_step(l.w);
	assert_int_equal(log_check(path, NULL).durable_lsn, 0);
	clock_manual_advance(WAL_NOTE_AFTER_NS);
	wal_step(l.w);
	assert_int_equal(log_check(path, NULL).durable_lsn, 1);
	wal_stop(l.w);
	log_close(&l);
}

/* What is synced beside the segment needs no sync of the segment, until there is no more room. */
static void segments_are_synced_now_and_then(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (uint64_t i = 1; i <= 12; i++) {
		log_commit(&l);
		assert_int_equal(l.w->synced_lsn, i / 5 * 5); /* four pages, then the segment */
	}
	clock_manual_advance(WAL_NOTE_AFTER_NS);
	wal_step(l.w);
	assert_int_equal(l.w->synced_lsn, 12); /* a note rests in the segment */
	log_commit(&l);
	assert_int_equal(l.w->synced_lsn, 12);
	wal_rotate(l.w);
	wal_step(l.w);
	assert_int_equal(l.w->synced_lsn, 13);
	char *redo = mem_zalloc(MEM_WAL, DOUBLEWRITE_ENTRY_MAX);
	assert_int_equal(wal_reserve(l.w, DOUBLEWRITE_ENTRY_MAX), ST_OK);
	log_submit_bytes(&l, redo, DOUBLEWRITE_ENTRY_MAX);
	wal_step(l.w);
	assert_int_equal(l.w->synced_lsn, 14); /* a large one is written once */
	wal_stop(l.w);
	mem_free(MEM_WAL, redo, DOUBLEWRITE_ENTRY_MAX);
	log_close(&l);
}

static void without_a_doublewrite_file_segments_are_synced(void **state)
{
	struct log l;
	struct wal_reader *r;
	char path[256];

	log_open(&l, 0);
	snprintf(path, sizeof path, "%s/" DOUBLEWRITE_NAME, l.dir);
	assert_int_equal(file_io->mkdir(path, 0700), ST_OK); /* it cannot be made */
	assert_int_equal(wal_start(l.w), ST_OK);
	log_commit(&l);
	assert_int_equal(l.n_done, 1);
	assert_int_equal(l.w->synced_lsn, 1);
	log_path(&l, 1, path);
	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	assert_int_equal(wal_reader_header(r)->flags, 0);
	wal_reader_close(r);
	wal_stop(l.w);
	log_close(&l);
}

static void a_failed_doublewrite_is_the_segments_task(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_commit(&l);
	disk_fails(0, -1, -1, 1);
	for (uint64_t i = 2; i <= 4; i++) {
		log_commit(&l);
		assert_int_equal(l.n_done, i);
		assert_int_equal(l.w->synced_lsn, i); /* it is not tried again */
	}
	assert_int_equal(l.n_alarms, 0);
	assert_int_equal(l.fence, 1);
	wal_stop(l.w);
	log_close(&l);
}

static void a_failed_sync_moves_to_a_new_segment(void **state)
{
	struct log l;
	char path[256];
	uint64_t last;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_commit(&l);
	clock_manual_advance(WAL_NOTE_AFTER_NS);
	wal_step(l.w); /* synced in the segment; the next one is not */
	log_commit(&l);
	disk_fails(0, -1, -1, 2);
	log_submit(&l);
	wal_step(l.w);
	assert_int_equal(l.n_done, 3);
	assert_int_equal(l.n_failed, 0);
	assert_int_equal(l.n_alarms, 1);
	assert_int_equal(wal_durable_lsn(l.w), 3);
	log_commit(&l);
	wal_stop(l.w);
	log_path(&l, 2, path);
	struct wal_reader *r;
	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	assert_int_equal(wal_reader_header(r)->prev_last_lsn,
			 1); /* rules over what is in the first: 2 is taken along */
	assert_int_equal(wal_reader_header(r)->first_lsn, 2);
	wal_reader_close(r);
	assert_int_equal(log_check(path, &last).kind, WAL_END_SEALED);
	assert_int_equal(last, 4);
	log_close(&l);
}

static void failures_of_two_segments_stop_writing(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_commit(&l);
	disk_fails(0, -1, -1, 3);
	log_submit(&l);
	log_submit(&l);
	wal_step(l.w);
	assert_int_equal(l.n_done, 1);
	assert_int_equal(l.n_failed, 2);
	assert_int_equal(wal_state(l.w), WAL_FAILED);
	assert_int_equal(wal_durable_lsn(l.w), 1);
	assert_int_equal(wal_reserve(l.w, 10), ST_IO);
	struct wal_batch wait = {.done = log_done};
	wal_wait(l.w, &wait);
	wal_step(l.w);
	assert_int_equal(l.n_failed, 3);
	wal_stop(l.w);
	assert_int_equal(wal_state(l.w), WAL_FAILED);
	log_close(&l);
}

/* Every write, sync and reservation of a run over rotations fails once: what was said to be durable
 * is in the log. */
static void any_single_failure_loses_nothing(void **state)
{
	for (int kind = 0; kind < 3; kind++) {
		for (int at = 0; at < 40; at++) {
			struct log l;
			char path[256];
			uint64_t last = 0, seen = 0;

			log_open(&l, SMALL);
			assert_int_equal(wal_start(l.w), ST_OK);
			disk_fails(kind == 0 ? at : -1, kind == 1 ? at : -1, kind == 2 ? at : -1,
				   1);
			for (int i = 0; i < 60; i++) {
				clock_manual_advance(WAL_PROBE_NS);
				log_commit(&l);
			}
			wal_stop(l.w);
			file_install(&file_system);
			assert_int_equal(l.n_done, 60);
			for (uint64_t seq = l.fence; seq >= 1; seq--) {
				struct wal_reader *r;
				log_path(&l, seq, path);
				if (access(path, F_OK) != 0)
					continue;
				assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
				struct wal_header h = *wal_reader_header(r);
				wal_reader_close(r);
				struct wal_end end = log_check(path, &last);
				if (seen == 0)
					assert_int_equal(last, 60);
				else
					assert_true(end.last_lsn >= seen - 1);
				seen = h.first_lsn;
				if (h.prev_seq == 0)
					break;
				assert_true(h.prev_seq < seq);
				seq = h.prev_seq + 1;
			}
			assert_int_equal(seen, 1);
			log_close(&l);
		}
	}
}

static void a_full_disk_refuses_before_the_stamp_and_heals(void **state)
{
	struct log l;
	enum status st = ST_OK;
	unsigned n = 0;

	log_open(&l, SMALL);
	assert_int_equal(wal_start(l.w), ST_OK);
	disk_fails(-1, -1, 0, 1000);
	while (n < 1000) {
		clock_manual_advance(WAL_PROBE_NS);
		st = wal_reserve(l.w, 20);
		if (st != ST_OK)
			break;
		wal_unreserve(l.w, 20);
		log_commit(&l);
		n++;
	}
	assert_int_equal(st, ST_FULL);
	assert_int_equal(wal_state(l.w), WAL_DISK_FULL);
	assert_int_equal(l.n_done, n);
	assert_int_equal(l.n_failed, 0);
	wal_step(l.w);
	n_bad = 0;
	wal_step(l.w);
	assert_int_equal(wal_state(l.w), WAL_DISK_FULL); /* not before the next probe is due */
	clock_manual_advance(WAL_PROBE_NS);
	wal_step(l.w);
	assert_int_equal(wal_state(l.w), WAL_RUNNING);
	log_commit(&l);
	assert_int_equal(l.n_done, n + 1);
	wal_stop(l.w);
	log_close(&l);
}

static void promises_are_bounded_and_given_back(void **state)
{
	struct log l;
	unsigned n = 0;

	log_open(&l, SMALL);
	assert_int_equal(wal_start(l.w), ST_OK);
	assert_int_equal(wal_reserve(l.w, WAL_REDO_MAX + 1), ST_LIMIT);
	while (wal_reserve(l.w, 100) == ST_OK)
		n++;
	assert_true(n > 5 && n < SMALL / 100);
	assert_int_equal(wal_reserve(l.w, 100), ST_BUSY);
	while (n-- > 0)
		wal_unreserve(l.w, 100);
	log_commit(&l);
	assert_int_equal(l.n_done, 1);
	wal_stop(l.w);
	assert_int_equal(wal_reserve(l.w, 1), ST_CLOSED);
	log_close(&l);
}

static void an_adopted_tail_keeps_lsns_and_chain(void **state)
{
	struct log l;
	char path[256];
	struct wal_reader *r;
	struct wal_frame f;
	uint64_t last;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (int i = 0; i < 5; i++)
		log_commit(&l);
	log_path(&l, 1, path);
	struct wal_end old = log_check(path, NULL);
	wal_writer_free(l.w); /* as after a crash: no seal */

	l.opt.epoch = 2;
	l.opt.next_seq = 2;
	l.opt.prev_seq = 1;
	assert_int_equal(wal_reader_open(path, true, &r), ST_OK);
	assert_int_equal(wal_writer_new(&l.opt, &l.w), ST_OK);
	while (wal_reader_next(r, &f) == ST_OK)
		assert_int_equal(wal_adopt(l.w, &f), ST_OK);
	assert_int_equal(wal_adopt(l.w, &f), ST_CORRUPT); /* it does not follow on itself */
	wal_reader_close(r);
	assert_int_equal(wal_start(l.w), ST_OK);
	assert_int_equal(wal_durable_lsn(l.w), 5);
	log_commit(&l);
	wal_stop(l.w);
	log_path(&l, 2, path);
	assert_int_equal(log_check(path, &last).kind, WAL_END_SEALED);
	assert_int_equal(last, 6);
	assert_int_equal(old.last_lsn, 5);
	log_close(&l);
}

/* The thread itself: commits from several threads, in order. */
struct pusher {
	struct thread t;
	struct log *l;
	struct mutex *commit;
	bool leads; /* and waits for each batch, as who leads does */
	sem_t durable;
	struct wal_batch b[200];
	_Atomic unsigned n_done;
};

static void pusher_done(struct wal_batch *b)
{
	struct pusher *p = (struct pusher *)(uintptr_t)b->origin;
	if (b->result == ST_OK)
		p->n_done++;
	sem_post(&p->durable);
}

static void push_all(void *arg)
{
	struct pusher *p = arg;
	for (unsigned i = 0; i < ARRAY_LEN(p->b); i++) {
		struct wal_batch *b = &p->b[i];
		*b = (struct wal_batch){.redo = (const uint8_t *)"abc",
					.redo_len = 3,
					.origin = (uintptr_t)p,
					.done = pusher_done};
		assert_int_equal(wal_reserve(p->l->w, 3), ST_OK);
		mutex_lock(p->commit);
		b->lsn = ++p->l->lsn;
		if (p->leads)
			wal_submit_quiet(p->l->w, b);
		else
			wal_submit(p->l->w, b);
		mutex_unlock(p->commit);
		if (p->leads) {
			wal_lead(p->l->w);
			sem_wait(&p->durable);
		}
	}
}

/* The first n_leaders of the threads lead. A wake-up that is lost is a leader that waits for ever.
 */
static void commit_in_order(unsigned n_leaders)
{
	struct log l;
	static struct pusher p[3];
	struct mutex commit;
	char path[256];

	mutex_init(&commit, LOCK_RANK_COMMIT);
	log_open(&l, 0);
	clock_install(&clock_system);
	wal_writer_free(l.w);
	l.opt.no_thread = false;
	assert_int_equal(wal_writer_new(&l.opt, &l.w), ST_OK);
	assert_int_equal(wal_start(l.w), ST_OK);
	for (unsigned i = 0; i < ARRAY_LEN(p); i++) {
		p[i].l = &l;
		p[i].commit = &commit;
		p[i].leads = i < n_leaders;
		p[i].n_done = 0;
		assert_int_equal(sem_init(&p[i].durable, 0, 0), 0);
		assert_int_equal(thread_start(&p[i].t, "pusher", push_all, &p[i]), ST_OK);
	}
	for (unsigned i = 0; i < ARRAY_LEN(p); i++)
		thread_join(&p[i].t);
	wal_stop(l.w);
	for (unsigned i = 0; i < ARRAY_LEN(p); i++)
		assert_int_equal(p[i].n_done, ARRAY_LEN(p[i].b));
	assert_int_equal(wal_durable_lsn(l.w), 600);
	log_path(&l, 1, path);
	struct wal_reader *r;
	struct wal_frame f;
	assert_int_equal(wal_reader_open(path, false, &r), ST_OK);
	while (wal_reader_next(r, &f) == ST_OK)
		continue;
	assert_int_equal(wal_reader_end(r)->kind, WAL_END_SEALED);
	assert_int_equal(wal_reader_end(r)->last_lsn, 600);
	wal_reader_close(r);
	log_close(&l);
	mutex_destroy(&commit);
}

static void threads_commit_in_order(void **state)
{
	for (unsigned n_leaders = 0; n_leaders <= 3; n_leaders++)
		commit_in_order(n_leaders);
}

static void who_leads_needs_no_log_thread(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_submit(&l);
	wal_lead(l.w);
	assert_int_equal(l.n_done, 1);
	assert_int_equal(wal_durable_lsn(l.w), 1);
	wal_lead(l.w); /* nothing waits */
	assert_int_equal(l.n_done, 1);
	wal_stop(l.w);
	log_close(&l);
}

static void lead_one(struct log *l, void (*done)(struct wal_batch *b))
{
	struct wal_batch *b = &l->batches[l->lsn % N_BATCHES];

	*b = (struct wal_batch){.redo = (const uint8_t *)"abc", .redo_len = 3, .done = done};
	assert_int_equal(wal_reserve(l->w, 3), ST_OK);
	b->lsn = ++l->lsn;
	wal_submit_quiet(l->w, b);
	wal_lead(l->w);
}

static void second_comes(void *arg)
{
	lead_one(arg, log_done);
}

/* In a round: meanwhile another thread submits, leads and finds the lock taken. */
static void first_done(struct wal_batch *b)
{
	struct thread t;

	log_done(b);
	assert_int_equal(thread_start(&t, "second", second_comes, current_log), ST_OK);
	thread_join(&t);
}

static void who_comes_second_wakes_the_log_thread(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	log_commit(&l);
	assert_false(queue_is_signalled(&l.w->queue));
	lead_one(&l, first_done);
	assert_int_equal(l.n_done, 2);
	assert_true(queue_is_signalled(&l.w->queue));
	wal_step(l.w);
	assert_int_equal(l.n_done, 3);
	assert_int_equal(wal_durable_lsn(l.w), 3);
	wal_stop(l.w);
	log_close(&l);
}

/* The log thread sleeps without a limit until somebody tells it that a note is due. */
static void the_first_who_leads_tells_of_the_note(void **state)
{
	struct log l;

	log_open(&l, 0);
	assert_int_equal(wal_start(l.w), ST_OK);
	lead_one(&l, log_done);
	assert_true(queue_is_signalled(&l.w->queue));
	wal_step(l.w);
	lead_one(&l, log_done);
	assert_false(queue_is_signalled(&l.w->queue));
	wal_stop(l.w);
	log_close(&l);
}

static void no_memory_is_an_answer(void **state)
{
	struct log l;
	struct wal_writer *w;

	log_open(&l, 0);
	for (uint64_t n = 1; n < 4; n++) {
		mem_fail_nth(n, false);
		enum status st = wal_writer_new(&l.opt, &w);
		mem_fail_nth(0, false);
		if (st == ST_OK)
			wal_writer_free(w);
		else
			assert_int_equal(st, ST_NOMEM);
	}
	log_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_round_takes_all_that_waits),
	    cmocka_unit_test(a_wait_comes_after_what_was_before_it),
	    cmocka_unit_test(segments_follow_each_other),
	    cmocka_unit_test(a_large_transaction_runs_over_frames),
	    cmocka_unit_test(times_only_rise),
	    cmocka_unit_test(an_idle_log_notes_what_is_durable),
	    cmocka_unit_test(segments_are_synced_now_and_then),
	    cmocka_unit_test(without_a_doublewrite_file_segments_are_synced),
	    cmocka_unit_test_teardown(a_failed_doublewrite_is_the_segments_task, disk_heals),
	    cmocka_unit_test_teardown(a_failed_sync_moves_to_a_new_segment, disk_heals),
	    cmocka_unit_test_teardown(failures_of_two_segments_stop_writing, disk_heals),
	    cmocka_unit_test_teardown(any_single_failure_loses_nothing, disk_heals),
	    cmocka_unit_test_teardown(a_full_disk_refuses_before_the_stamp_and_heals, disk_heals),
	    cmocka_unit_test(promises_are_bounded_and_given_back),
	    cmocka_unit_test(an_adopted_tail_keeps_lsns_and_chain),
	    cmocka_unit_test(threads_commit_in_order),
	    cmocka_unit_test(who_leads_needs_no_log_thread),
	    cmocka_unit_test(who_comes_second_wakes_the_log_thread),
	    cmocka_unit_test(the_first_who_leads_tells_of_the_note),
	    cmocka_unit_test(no_memory_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
