/* wal/writer_int.h - what writer.c (life, the log thread, doors for others) and round.c (what
 * it does) share.
 *
 * Room: wal, private. */
#ifndef WAL_WRITER_INT_H
#define WAL_WRITER_INT_H

#include "wal/doublewrite.h"
#include "wal/segment.h"
#include "wal/writer.h"

#define FRAME_CAP (1u << 20) /* payload bytes that the writer puts into a frame */

enum batch_kind { KIND_REDO, KIND_WAIT, KIND_ROTATE, KIND_STOP };

struct wal_writer {
	struct wal_options opt;
	char dir[FILE_PATH_MAX];
	struct queue queue;
	struct thread thread;
	bool opened, has_thread;
	_Atomic int state;
	_Atomic bool closing;
	_Atomic uint32_t n_places;
	_Atomic uint64_t promised, limit, disk_free;
	_Atomic uint64_t durable_lsn;
	_Atomic uint32_t rotate_asked;
	struct wal_batch rotate, stop;

	/* Who holds it runs a round: the log thread or, for wal_lead(), another one. What follows
	 * is theirs. */
	struct mutex round_lock;
	bool stop_seen;
	struct segment cur, spare;
	uint64_t next_seq, prev_seq;
	uint64_t lsn, chain;		   /* after the last frame written */
	uint64_t synced_lsn, synced_chain; /* up to here cur is synced; the frames from there to
					    * durable_lsn are in the doublewrite file */
	struct doublewrite doublewrite;
	int64_t wall_us;		    /* last time given */
	uint64_t note_due_ns, probe_due_ns; /* 0: none */
	uint8_t *buf;			    /* one frame being filled */
	struct wal_frame frame;

	struct mutex position_lock;
	struct wal_point position;
	_Atomic uint64_t n_commits, n_groups, n_bytes, n_syncs, n_segments, n_failed_segments;
};

#define COUNT(field, n) atomic_fetch_add_explicit(&(field), (n), memory_order_relaxed)
#define PEEK(field) atomic_load_explicit(&(field), memory_order_relaxed)

static inline uint64_t seal_size(void)
{
	return wal_frame_size(WAL_SEAL_BYTES);
}

static inline uint64_t segment_bytes(const struct wal_writer *w)
{
	return w->opt.segment_bytes;
}

/* What a new segment can hold. */
static inline uint64_t segment_room(const struct wal_writer *w)
{
	return segment_bytes(w) - WAL_HEADER_BYTES - seal_size() - wal_frame_size(0);
}

/* An upper bound for a transaction's bytes in the file, alone or in company. */
static inline uint64_t framed_size(uint64_t redo_len)
{
	uint64_t n = redo_len + WAL_RECORD_BYTES;
	return n + (n / FRAME_CAP + 1) * (WAL_FRAME_BYTES + 8);
}

void round_set_state(struct wal_writer *w, enum wal_state state);
/* Begins a segment behind what is synced of the log, with at least `room` bytes reserved, and
 * writes to it what is durable in the doublewrite file only. It has no name yet, and what is in it
 * does not count. */
enum status round_begin_segment(struct wal_writer *w, uint64_t room) MUST_CHECK;
/* Syncs it and gives it its name. */
enum status round_publish_segment(struct wal_writer *w) MUST_CHECK;
/* Appends a batch frame of another segment; its payload is not in buf. */
enum status round_rewrite_frame(struct wal_writer *w, const struct wal_frame *f) MUST_CHECK;
/* Appends the frame whose payload is at buf + WAL_FRAME_BYTES. */
enum status round_append_frame(struct wal_writer *w, struct wal_frame *f) MUST_CHECK;
void round_publish(struct wal_writer *w); /* all that was written is durable */
void round_seal(struct wal_writer *w);
void round_prepare_spare(struct wal_writer *w);
/* Rounds over all that waits; false: stop was asked. With round_lock, as the next two. */
bool round_step(struct wal_writer *w);
/* One round; true: the log thread is to look what is due now. */
bool round_lead(struct wal_writer *w);
int round_sleep_ms(const struct wal_writer *w); /* until something is due; -1: nothing */

#endif
