/* A round is: gather what waits, write it as frames, one sync, publish, done(). While a round
 * syncs, the next one gathers in the queue: redo is borrowed, so the queue is the second buffer.
 * A round allocates nothing. */
#include "wal/writer_int.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

#define GROUP_BYTES (UINT64_C(8) << 20) /* a round stops gathering here */

struct group { /* batches of one round, in LSN order */
	struct wal_batch *head, **tail;
	uint64_t need;
	uint32_t n_redo;
	bool rotate, stop;
};

void round_set_state(struct wal_writer *w, enum wal_state state)
{
	enum wal_state old = (enum wal_state)PEEK(w->state);
	if (old == state || old == WAL_FAILED)
		return;
	atomic_store_explicit(&w->state, (int)state, memory_order_release);
	if (state == WAL_DISK_FULL)
		log_error("wal",
			  "disk full: no room for a further log segment in '%s'; writes are "
			  "refused until there is",
			  w->dir);
	else if (state == WAL_FAILED)
		log_error("wal", "the log cannot be written: writes are refused, reads go on");
	else if (old == WAL_DISK_FULL && state == WAL_RUNNING)
		log_info("wal", "there is room on the disk again");
	if (w->opt.alarm != NULL)
		w->opt.alarm(w->opt.ctx, state);
}

/* Sets what may be promised from what is prepared. */
static void set_limit(struct wal_writer *w)
{
	uint64_t used = w->cur.tail + seal_size();
	uint64_t left = segment_bytes(w) > used ? segment_bytes(w) - used : 0;
	uint64_t limit = w->spare.file != NULL ? segment_room(w) : left;
	atomic_store_explicit(&w->limit, limit, memory_order_relaxed);
}

/* Prepares the next segment; without room for it, commits that do not fit the present one are
 * refused before their stamp. */
void round_prepare_spare(struct wal_writer *w)
{
	if (w->spare.file != NULL || PEEK(w->state) == WAL_FAILED)
		return;
	uint64_t now = clock_mono_ns();
	if (w->probe_due_ns != 0 && now < w->probe_due_ns)
		return;
	uint64_t free_bytes = 0;
	if (file_io->free_space(w->dir, &free_bytes) == ST_OK)
		atomic_store_explicit(&w->disk_free, free_bytes, memory_order_relaxed);
	enum status st = segment_prepare(&w->spare, w->dir, segment_bytes(w));
	w->probe_due_ns = st == ST_OK ? 0 : now + WAL_PROBE_NS;
	set_limit(w);
	if (st != ST_NOMEM) /* memory is missing for a moment only */
		round_set_state(w, st == ST_OK ? WAL_RUNNING : WAL_DISK_FULL);
}

/* ---- segments ------------------------------------------------------------------------------- */

/* All that was written of the log is in segments that were synced. */
static void mark_synced(struct wal_writer *w)
{
	w->synced_lsn = w->lsn;
	w->synced_chain = w->chain;
	doublewrite_clear(&w->doublewrite);
}

static enum status sync_segment(struct wal_writer *w)
{
	TRY(segment_sync(&w->cur));
	mark_synced(w);
	return ST_OK;
}

enum status round_rewrite_frame(struct wal_writer *w, const struct wal_frame *f)
{
	struct wal_frame again = *f;
	again.wall_us = w->wall_us = MAX_OF(f->wall_us, w->wall_us + 1);
	memcpy(w->buf + WAL_FRAME_BYTES, f->payload, f->payload_len);
	TRY(round_append_frame(w, &again));
	w->lsn = wal_frame_next_lsn(f) - 1;
	return ST_OK;
}

/* What was acknowledged and is not in the segment for sure is taken along, from the memory. */
static enum status rewrite_doublewritten(struct wal_writer *w)
{
	uint32_t at = 0;
	struct doublewrite_entry e;
	struct wal_frame f;
	while (doublewrite_next(&w->doublewrite, &at, &e)) {
		const uint8_t *p = (const uint8_t *)e.bytes.p;
		TRY(wal_frame_get(p, e.salt, &f));
		f.payload = p + WAL_FRAME_BYTES;
		TRY(round_rewrite_frame(w, &f));
	}
	return ST_OK;
}

enum status round_begin_segment(struct wal_writer *w, uint64_t room)
{
	if (w->spare.file == NULL)
		TRY(segment_prepare(&w->spare, w->dir, segment_bytes(w)));
	uint64_t reserve = room + WAL_HEADER_BYTES + seal_size();
	if (room > segment_room(w)) {
		enum status st = file_io->reserve(w->spare.file, reserve);
		if (st != ST_OK)
			log_warn("wal", "cannot reserve %llu bytes: %s",
				 (unsigned long long)reserve, file_why(st));
	}
	uint64_t seq = w->next_seq++; /* a number is never used twice, whatever happens next */
	TRY(w->opt.before_segment(w->opt.before_ctx, seq));
	bool doublewrites = w->doublewrite.file != NULL;
	struct wal_header h = {
	    .major = WAL_FORMAT_MAJOR,
	    .minor = WAL_FORMAT_MINOR,
	    .min_reader = doublewrites ? WAL_FORMAT_MAJOR : WAL_FORMAT_PLAIN,
	    .flags = doublewrites ? WAL_HEADER_DOUBLEWRITE : 0,
	    .epoch = w->opt.epoch,
	    .seq = seq,
	    .first_lsn = w->synced_lsn + 1,
	    .chain = w->synced_chain,
	    .prev_seq = w->prev_seq,
	    .prev_last_lsn = w->synced_lsn,
	    .created_us = clock_wall_us(),
	};
	memcpy(h.db_id, w->opt.db_id, WAL_ID_BYTES);
	memcpy(h.run_id, w->opt.run_id, WAL_ID_BYTES);
	rand_secret(&h.salt, sizeof h.salt);
	enum status st = segment_begin(&w->spare, &h);
	if (st != ST_OK) {
		segment_close(&w->spare);
		return st;
	}
	segment_close(&w->cur);
	w->cur = w->spare;
	w->spare.file = NULL;
	w->lsn = w->synced_lsn;
	w->chain = w->synced_chain;
	return rewrite_doublewritten(w);
}

enum status round_publish_segment(struct wal_writer *w)
{
	enum status st = segment_publish(&w->cur, w->dir);
	if (st != ST_OK) {
		if (!w->cur.named)
			segment_close(&w->cur); /* its place is wanted for the next try */
		return st;
	}
	w->prev_seq = w->cur.header.seq;
	COUNT(w->n_segments, 1);
	mark_synced(w);
	return ST_OK;
}

/* The one before it is sealed or given up. */
static enum status open_segment(struct wal_writer *w, uint64_t room)
{
	TRY(round_begin_segment(w, room));
	return round_publish_segment(w);
}

static int64_t next_time(struct wal_writer *w, int64_t now_us)
{
	w->wall_us = MAX_OF(now_us, w->wall_us + 1);
	return w->wall_us;
}

/* Appends the frame whose payload is at buf + WAL_FRAME_BYTES. */
enum status round_append_frame(struct wal_writer *w, struct wal_frame *f)
{
	uint8_t *payload = w->buf + WAL_FRAME_BYTES;
	size_t size = wal_frame_size(f->payload_len);
	memset(payload + f->payload_len, 0, size - WAL_FRAME_BYTES - f->payload_len);
	/* A frame that is written again does not call itself durable. */
	f->durable_lsn = MIN_OF(wal_durable_lsn(w), f->first_lsn - 1);
	f->chain = w->chain;
	f->payload_crc = crc32c(0, payload, f->payload_len);
	wal_frame_put(f, w->cur.header.salt, w->buf);
	TRY(segment_append(&w->cur, w->buf, size));
	w->chain = wal_chain_after(f);
	COUNT(w->n_bytes, size);
	return ST_OK;
}

static enum status append_mark(struct wal_writer *w, enum wal_frame_type type, uint32_t payload_len)
{
	struct wal_frame f = {
	    .type = type,
	    .first_lsn = w->lsn + 1,
	    .payload_len = payload_len,
	    .wall_us = next_time(w, clock_wall_us()),
	};
	return round_append_frame(w, &f);
}

/* A segment that cannot be sealed is given up: its end is what the next header says. */
void round_seal(struct wal_writer *w)
{
	if (w->cur.file == NULL || w->cur.poisoned)
		return;
	struct wal_seal s = {w->lsn, w->chain, w->cur.tail, w->cur.crc};
	wal_seal_put(&s, w->buf + WAL_FRAME_BYTES);
	if (append_mark(w, WAL_SEAL, WAL_SEAL_BYTES) != ST_OK || sync_segment(w) != ST_OK)
		log_warn("wal", "cannot seal '%s'", w->cur.path);
}

/* ---- a round -------------------------------------------------------------------------------- */

static enum status flush_frame(struct wal_writer *w, uint32_t flags)
{
	struct wal_frame *f = &w->frame;
	f->flags = flags;
	f->wall_us = next_time(w, 0);
	TRY(round_append_frame(w, f));
	w->lsn = f->first_lsn + f->n_ends - 1;
	*f = (struct wal_frame){.type = WAL_BATCH, .first_lsn = w->lsn + 1};
	return ST_OK;
}

/* Adds bytes to the frame; a full one is written, marked as going on. */
static enum status fill(struct wal_writer *w, const uint8_t *p, size_t n)
{
	struct wal_frame *f = &w->frame;
	while (n > 0) {
		if (f->payload_len == FRAME_CAP)
			TRY(flush_frame(w, WAL_FLAG_CONTINUES));
		size_t part = MIN_OF(n, (size_t)(FRAME_CAP - f->payload_len));
		memcpy(w->buf + WAL_FRAME_BYTES + f->payload_len, p, part);
		f->payload_len += (uint32_t)part;
		p += part;
		n -= part;
	}
	return ST_OK;
}

/* The last n bytes of the segment are a group. A small one is one frame, which is still in buf. */
static enum status sync_group(struct wal_writer *w, uint64_t n)
{
	COUNT(w->n_syncs, 1);
	if (n <= DOUBLEWRITE_ENTRY_MAX &&
	    doublewrite_put(&w->doublewrite, &w->cur.header, w->cur.tail - n, w->buf,
			    (uint32_t)n) == ST_OK)
		return ST_OK;
	return sync_segment(w);
}

static enum status write_group(struct wal_writer *w, const struct group *g)
{
	int64_t now_us = clock_wall_us();
	uint64_t from = w->cur.tail;
	w->frame = (struct wal_frame){.type = WAL_BATCH, .first_lsn = w->lsn + 1};
	for (struct wal_batch *b = g->head; b != NULL; b = b->next) {
		if (b->kind != KIND_REDO)
			continue;
		struct wal_record r = {
		    .lsn = b->lsn,
		    .commit_us = next_time(w, now_us),
		    .origin = b->origin,
		    .redo_len = b->redo_len,
		};
		BUG_ON(b->lsn != w->frame.first_lsn + w->frame.n_ends);
		uint64_t size = WAL_RECORD_BYTES + b->redo_len;
		if (w->frame.n_ends > 0 && w->frame.payload_len + size > FRAME_CAP)
			TRY(flush_frame(w, 0)); /* splits only what is larger than a frame */
		uint8_t head[WAL_RECORD_BYTES];
		wal_record_put(&r, head);
		TRY(fill(w, head, sizeof head));
		TRY(fill(w, b->redo, b->redo_len));
		w->frame.n_ends++;
	}
	if (w->frame.payload_len > 0)
		TRY(flush_frame(w, 0));
	return sync_group(w, w->cur.tail - from);
}

/* The present segment cannot be trusted any more: everything behind what was synced of it goes to a
 * new file, once. Success there is real, because none of its pages has ever failed. */
static enum status fail_over(struct wal_writer *w, const struct group *g)
{
	COUNT(w->n_failed_segments, 1);
	w->cur.poisoned = true;
	log_warn("wal", "writing what is not durable yet to a new segment");
	TRY(open_segment(w, g->need + w->doublewrite.used));
	TRY(write_group(w, g));
	if (w->opt.alarm != NULL)
		w->opt.alarm(w->opt.ctx, WAL_RUNNING);
	return ST_OK;
}

static enum status rotate(struct wal_writer *w, uint64_t room)
{
	round_seal(w);
	return open_segment(w, room);
}

static enum status write_durably(struct wal_writer *w, const struct group *g)
{
	enum status st = ST_OK;
	if (w->cur.poisoned)
		return fail_over(w, g);
	if (w->cur.tail + g->need + seal_size() > segment_bytes(w) &&
	    w->cur.tail > WAL_HEADER_BYTES)
		st = rotate(w, g->need);
	if (st == ST_OK)
		st = write_group(w, g);
	return st == ST_OK ? ST_OK : fail_over(w, g);
}

void round_publish(struct wal_writer *w)
{
	mutex_lock(&w->position_lock);
	w->position = (struct wal_point){w->lsn, w->chain, w->wall_us};
	mutex_unlock(&w->position_lock);
	/* Pairs with the acquire in wal_durable_lsn(): who reads at this LSN sees the marks that
	 * were set before the submits. */
	atomic_store_explicit(&w->durable_lsn, w->lsn, memory_order_release);
	if (w->opt.published != NULL)
		w->opt.published(w->opt.ctx, w->lsn);
}

static void finish_group(struct wal_writer *w, struct group *g, enum status result)
{
	uint64_t promised = 0;
	for (struct wal_batch *b = g->head, *next; b != NULL; b = next) {
		next = b->next; /* b may be gone after done() */
		if (b->kind == KIND_REDO) {
			uint64_t need = framed_size(b->redo_len);
			promised += need <= segment_room(w) ? need : 0;
		}
	}
	set_limit(w);
	atomic_fetch_sub_explicit(&w->promised, promised, memory_order_relaxed);
	atomic_fetch_sub_explicit(&w->n_places, g->n_redo, memory_order_relaxed);
	for (struct wal_batch *b = g->head, *next; b != NULL; b = next) {
		next = b->next;
		b->result = result;
		b->done(b);
	}
}

static void run_group(struct wal_writer *w, struct group *g)
{
	enum status st = PEEK(w->state) == WAL_FAILED ? ST_IO : ST_OK;
	if (st == ST_OK && g->n_redo > 0) {
		st = write_durably(w, g);
		if (st == ST_OK) {
			round_publish(w);
			COUNT(w->n_commits, g->n_redo);
			COUNT(w->n_groups, 1);
			w->note_due_ns = clock_mono_ns() + WAL_NOTE_AFTER_NS;
		} else {
			round_set_state(w, WAL_FAILED);
			st = ST_IO;
		}
	}
	finish_group(w, g, st);
	if (st != ST_OK)
		return;
	if (g->rotate && w->cur.tail > WAL_HEADER_BYTES && rotate(w, 0) != ST_OK)
		w->cur.poisoned = true; /* the next round goes to another file */
	round_prepare_spare(w);
}

/* Takes what waits, up to GROUP_BYTES; false: nothing. */
static bool gather(struct wal_writer *w, struct group *g)
{
	struct queue_node *n;
	*g = (struct group){.tail = &g->head};
	while (g->need < GROUP_BYTES && (n = queue_pop(&w->queue)) != NULL) {
		struct wal_batch *b = container_of(n, struct wal_batch, node);
		if (b->kind == KIND_STOP || b->kind == KIND_ROTATE) {
			g->stop |= b->kind == KIND_STOP;
			g->rotate |= b->kind == KIND_ROTATE;
			if (b->kind == KIND_ROTATE)
				atomic_store(&w->rotate_asked, 0);
			continue;
		}
		if (b->kind == KIND_REDO) {
			g->need += framed_size(b->redo_len);
			g->n_redo++;
		}
		b->next = NULL;
		*g->tail = b;
		g->tail = &b->next;
	}
	return g->head != NULL || g->rotate || g->stop;
}

/* After 50 ms without work: says that the last batch was durable. */
static void write_note(struct wal_writer *w)
{
	w->note_due_ns = 0;
	if (w->cur.poisoned || w->spare.file == NULL || PEEK(w->state) == WAL_FAILED ||
	    w->cur.tail + wal_frame_size(0) + seal_size() > segment_bytes(w))
		return;
	if (append_mark(w, WAL_NOTE, 0) != ST_OK || sync_segment(w) != ST_OK)
		w->cur.poisoned = true;
}

/* False: nothing waits. */
static bool run_one(struct wal_writer *w)
{
	struct group g;
	if (!gather(w, &g))
		return false;
	run_group(w, &g);
	w->stop_seen |= g.stop;
	return true;
}

bool round_lead(struct wal_writer *w)
{
	bool had_note = w->note_due_ns != 0, had_probe = w->probe_due_ns != 0;
	(void)run_one(w);
	return w->stop_seen || (!had_note && w->note_due_ns != 0) ||
	       (!had_probe && w->probe_due_ns != 0);
}

bool round_step(struct wal_writer *w)
{
	queue_clear_event(&w->queue);
	while (run_one(w))
		;
	if (w->note_due_ns != 0 && clock_mono_ns() >= w->note_due_ns)
		write_note(w);
	if (w->probe_due_ns != 0)
		round_prepare_spare(w);
	return !w->stop_seen;
}

int round_sleep_ms(const struct wal_writer *w)
{
	uint64_t now = clock_mono_ns(), due = UINT64_MAX;
	if (w->note_due_ns != 0)
		due = w->note_due_ns;
	if (w->probe_due_ns != 0)
		due = MIN_OF(due, w->probe_due_ns);
	if (due == UINT64_MAX)
		return -1;
	return due <= now ? 0 : (int)((due - now) / 1000000 + 1);
}
