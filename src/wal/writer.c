/* Room for what was promised. wal_reserve() promises bytes out of `limit`: the size of the prepared
 * next segment or, when there is none, what is left of the present one. A round that does not fit
 * the present segment goes whole to the next, so all promises fit as long as their sum is within
 * `limit`. Only a transaction larger than a segment relies on the measured free space of the disk.
 */
#include "wal/writer_int.h"

#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

#define FREE_MARGIN (2 * WAL_SEGMENT_BYTES) /* left on the disk beside a very large transaction */
#define BUF_BYTES (WAL_FRAME_BYTES + WAL_PAYLOAD_MAX + 8)

static void log_thread(void *arg)
{
	struct wal_writer *w = arg;
	for (;;) {
		struct pollfd p = {.fd = w->queue.event_fd, .events = POLLIN};
		mutex_lock(&w->round_lock);
		bool go_on = round_step(w);
		int sleep_ms = round_sleep_ms(w);
		mutex_unlock(&w->round_lock);
		if (!go_on)
			return;
		(void)poll(&p, 1, sleep_ms); /* an interrupted sleep is a short one */
	}
}

/* ---- life ----------------------------------------------------------------------------------- */

enum status wal_writer_new(const struct wal_options *opt, struct wal_writer **ret)
{
	struct wal_writer *w = MEM_NEW(MEM_WAL, struct wal_writer);
	if (w == NULL)
		return ST_NOMEM;
	w->buf = mem_alloc(MEM_WAL, BUF_BYTES);
	enum status st = w->buf == NULL ? ST_NOMEM : queue_init(&w->queue, WAL_QUEUE_MAX);
	if (st != ST_OK) {
		mem_free(MEM_WAL, w->buf, BUF_BYTES);
		MEM_FREE(MEM_WAL, w);
		return st;
	}
	mutex_init(&w->position_lock, LOCK_RANK_LEAF);
	mutex_init(&w->round_lock, LOCK_RANK_LOG);
	w->opt = *opt;
	if (w->opt.segment_bytes == 0)
		w->opt.segment_bytes = WAL_SEGMENT_BYTES;
	if (w->opt.doublewrite_bytes == 0)
		w->opt.doublewrite_bytes = DOUBLEWRITE_BYTES;
	snprintf(w->dir, sizeof w->dir, "%s", opt->dir);
	w->opt.dir = w->dir;
	w->next_seq = opt->next_seq;
	w->prev_seq = opt->prev_seq;
	w->lsn = opt->last_lsn;
	w->chain = opt->chain;
	w->synced_lsn = w->lsn;
	w->synced_chain = w->chain;
	w->wall_us = opt->last_wall_us;
	w->position = (struct wal_point){w->lsn, w->chain, w->wall_us};
	atomic_store(&w->durable_lsn, opt->last_lsn);
	*ret = w;
	return ST_OK;
}

void wal_writer_free(struct wal_writer *w)
{
	if (w == NULL)
		return;
	segment_close(&w->cur);
	segment_close(&w->spare);
	doublewrite_close(&w->doublewrite);
	queue_release(&w->queue);
	mutex_destroy(&w->position_lock);
	mutex_destroy(&w->round_lock);
	mem_free(MEM_WAL, w->buf, BUF_BYTES);
	MEM_FREE(MEM_WAL, w);
}

/* A file that cannot be made costs speed only. */
static void make_doublewrite(struct wal_writer *w)
{
	struct wal_header run = {.epoch = w->opt.epoch};
	memcpy(run.db_id, w->opt.db_id, WAL_ID_BYTES);
	memcpy(run.run_id, w->opt.run_id, WAL_ID_BYTES);
	enum status st =
	    doublewrite_create(&w->doublewrite, w->dir, &run, w->opt.doublewrite_bytes);
	if (st != ST_OK)
		log_warn("wal", "cannot make '%s/" DOUBLEWRITE_NAME "': %s; writes are slower",
			 w->dir, file_why(st));
}

static enum status ensure_open(struct wal_writer *w)
{
	if (w->opened)
		return ST_OK;
	make_doublewrite(w);
	TRY(round_begin_segment(w, 0));
	w->opened = true;
	return ST_OK;
}

enum status wal_adopt(struct wal_writer *w, const struct wal_frame *f)
{
	TRY(ensure_open(w));
	if (f->type != WAL_BATCH || f->chain != w->chain || f->first_lsn != w->lsn + 1)
		return ST_CORRUPT;
	return round_rewrite_frame(w, f);
}

enum status wal_start(struct wal_writer *w)
{
	TRY(ensure_open(w));
	/* What was adopted is in the file before it has its name: the moment it does, what the
	 * segment before holds beyond the durable LSN does not count any more. */
	TRY(round_publish_segment(w));
	if (w->lsn != wal_durable_lsn(w)) {
		round_publish(w);
		w->note_due_ns = clock_mono_ns() + WAL_NOTE_AFTER_NS;
	}
	round_prepare_spare(w);
	if (w->opt.no_thread)
		return ST_OK;
	TRY(thread_start(&w->thread, "wal", log_thread, w));
	w->has_thread = true;
	return ST_OK;
}

void wal_stop(struct wal_writer *w)
{
	if (atomic_exchange(&w->closing, true))
		return;
	w->stop.kind = KIND_STOP;
	queue_push_reserved(&w->queue, &w->stop.node);
	if (w->has_thread)
		thread_join(&w->thread);
	else
		wal_step(w);
	w->has_thread = false;
	if (PEEK(w->state) != WAL_FAILED)
		round_seal(w);
	segment_close(&w->cur);
	segment_close(&w->spare);
	round_set_state(w, WAL_STOPPED);
}

void wal_step(struct wal_writer *w)
{
	mutex_lock(&w->round_lock);
	(void)round_step(w);
	mutex_unlock(&w->round_lock);
}

/* ---- from any thread ------------------------------------------------------------------------- */

static enum status promise(struct wal_writer *w, uint64_t need)
{
	if (need > segment_room(w))
		return PEEK(w->disk_free) >= need + FREE_MARGIN ? ST_OK : ST_FULL;
	uint64_t before = atomic_fetch_add_explicit(&w->promised, need, memory_order_relaxed);
	if (before + need <= PEEK(w->limit))
		return ST_OK;
	atomic_fetch_sub_explicit(&w->promised, need, memory_order_relaxed);
	return PEEK(w->state) == WAL_DISK_FULL ? ST_FULL : ST_BUSY;
}

enum status wal_reserve(struct wal_writer *w, size_t redo_len)
{
	if (redo_len > WAL_REDO_MAX)
		return ST_LIMIT;
	if (PEEK(w->state) == WAL_FAILED)
		return ST_IO;
	if (atomic_load(&w->closing))
		return ST_CLOSED;
	if (COUNT(w->n_places, 1) >= WAL_QUEUE_MAX) {
		atomic_fetch_sub_explicit(&w->n_places, 1, memory_order_relaxed);
		return ST_BUSY;
	}
	enum status st = promise(w, framed_size(redo_len));
	if (st != ST_OK)
		atomic_fetch_sub_explicit(&w->n_places, 1, memory_order_relaxed);
	return st;
}

void wal_unreserve(struct wal_writer *w, size_t redo_len)
{
	uint64_t need = framed_size(redo_len);
	if (need <= segment_room(w))
		atomic_fetch_sub_explicit(&w->promised, need, memory_order_relaxed);
	atomic_fetch_sub_explicit(&w->n_places, 1, memory_order_relaxed);
}

void wal_submit(struct wal_writer *w, struct wal_batch *b)
{
	b->kind = KIND_REDO;
	queue_push_reserved(&w->queue, &b->node);
}

void wal_submit_quiet(struct wal_writer *w, struct wal_batch *b)
{
	b->kind = KIND_REDO;
	queue_push_quiet(&w->queue, &b->node);
}

/* Who finds the lock taken cannot know whether that round has looked at the queue for the last
 * time, so the log thread is to look again. */
void wal_lead(struct wal_writer *w)
{
	bool wake = true;
	if (mutex_trylock(&w->round_lock)) {
		wake = round_lead(w);
		mutex_unlock(&w->round_lock);
	}
	if (wake)
		queue_wake(&w->queue);
}

void wal_wait(struct wal_writer *w, struct wal_batch *b)
{
	b->kind = KIND_WAIT;
	queue_push_reserved(&w->queue, &b->node);
}

void wal_rotate(struct wal_writer *w)
{
	if (atomic_exchange(&w->rotate_asked, 1) != 0)
		return;
	w->rotate.kind = KIND_ROTATE;
	queue_push_reserved(&w->queue, &w->rotate.node);
}

uint64_t wal_durable_lsn(const struct wal_writer *w)
{
	return atomic_load_explicit(&w->durable_lsn, memory_order_acquire);
}

enum wal_state wal_state(const struct wal_writer *w)
{
	return (enum wal_state)atomic_load_explicit(&w->state, memory_order_acquire);
}

struct wal_point wal_position(struct wal_writer *w)
{
	mutex_lock(&w->position_lock);
	struct wal_point p = w->position;
	mutex_unlock(&w->position_lock);
	return p;
}

void wal_stats(const struct wal_writer *w, struct wal_stats *ret)
{
	*ret = (struct wal_stats){
	    .durable_lsn = wal_durable_lsn(w),
	    .n_commits = PEEK(w->n_commits),
	    .n_groups = PEEK(w->n_groups),
	    .n_bytes = PEEK(w->n_bytes),
	    .n_syncs = PEEK(w->n_syncs),
	    .n_segments = PEEK(w->n_segments),
	    .n_failed_segments = PEEK(w->n_failed_segments),
	};
}
