/* wal/writer.h - the log writer: makes the redo of transactions durable, in order.
 *
 * Room:    wal (base only). Bytes in, bytes out; it does not know what a node is. Layout: format.h.
 * Threads: wal_reserve, wal_unreserve, wal_submit*, wal_lead, wal_wait, wal_rotate and the readers
 *          of counters from any; all else from the owner while the log thread does not run.
 *          Call-backs run on the log thread, or on one that leads, one at a time.
 * Errors:  before the stamp (wal_reserve) a commit can be refused; after it nothing can fail but
 *          the disk, and then result says so. What a failed write or sync does: README.md.
 *
 * A commit: wal_reserve() without locks; under the commit lock: LSN := last + 1, wal_submit(). Log
 * order is LSN order because the commit lock orders the submits. */
#ifndef WAL_WRITER_H
#define WAL_WRITER_H

#include <stdatomic.h>

#include "base/queue.h"
#include "base/thread.h"
#include "wal/format.h"

#define WAL_SEGMENT_BYTES                                                                          \
	(UINT64_C(64) << 20) /* a segment is sealed and a new one begun before this */
#define WAL_QUEUE_MAX 65536  /* reserved and waiting commits; more: ST_BUSY */
#define WAL_NOTE_AFTER_NS UINT64_C(50000000) /* idle time after a batch before its NOTE */
#define WAL_PROBE_NS UINT64_C(1000000000)    /* how often a full disk is tried again */

struct wal_writer;

struct wal_batch { /* embedded by the caller; untouched by it between submit and done() */
	struct queue_node node;
	const uint8_t *redo; /* borrowed until done() */
	size_t redo_len;     /* at most WAL_REDO_MAX */
	uint64_t lsn;	     /* dense: one more than the batch before */
	uint64_t origin;     /* who, for the audit: session id, 0 when nobody */
	/* In a round, once, in LSN order; must not block; b may be freed in it. result: ST_OK:
	 * durable; ST_IO: the disk failed, nobody knows whether the transaction will be there after
	 * a restart (08007). */
	void (*done)(struct wal_batch *b);
	enum status result;
	struct wal_batch *next; /* the writer's */
	int kind;		/* the writer's */
};

enum wal_state {
	WAL_RUNNING,
	WAL_DISK_FULL, /* no room for a further segment: ST_FULL before the stamp; heals by itself
			*/
	WAL_FAILED, /* two different files could not be written: reads go on, writes are refused */
	WAL_STOPPED,
};

struct wal_options {
	const char *dir; /* copied */
	uint8_t db_id[WAL_ID_BYTES], run_id[WAL_ID_BYTES];
	uint64_t epoch;
	uint64_t next_seq;	    /* of the first segment this run makes */
	uint64_t prev_seq;	    /* the segment before it, 0: none */
	uint64_t last_lsn, chain;   /* where the log goes on; chain at last_lsn */
	int64_t last_wall_us;	    /* commit times go on after this one */
	uint64_t segment_bytes;	    /* 0: WAL_SEGMENT_BYTES */
	uint32_t doublewrite_bytes; /* a multiple of 4 KiB; 0: DOUBLEWRITE_BYTES */
	/* Before a segment gets its name: the fence must name seq durably when it returns ST_OK. */
	enum status (*before_segment)(void *before_ctx, uint64_t seq);
	void *before_ctx;
	/* durable_lsn has moved; before the done()s of the batches up to it. May be NULL. */
	void (*published)(void *ctx, uint64_t durable_lsn);
	/* The state has changed, or a segment was given up after an error. May be NULL. */
	void (*alarm)(void *ctx, enum wal_state state);
	void *ctx;
	bool no_thread; /* tests: rounds are driven by wal_step() */
};

/* Nothing is written before the first batch, adopted frame or wal_start. */
enum status wal_writer_new(const struct wal_options *opt, struct wal_writer **ret) MUST_CHECK;
void wal_writer_free(struct wal_writer *w); /* after wal_stop, or never started */

/* A frame that an earlier run wrote and whose durability is not proven: it is written again into
 * this run's first segment, which keeps its LSNs and chain. Before wal_start, in order. */
enum status wal_adopt(struct wal_writer *w, const struct wal_frame *f) MUST_CHECK;

/* Makes the first segment, syncs what was adopted and starts the log thread. */
enum status wal_start(struct wal_writer *w) MUST_CHECK;
/* Finishes what was submitted, seals the segment and ends the thread. */
void wal_stop(struct wal_writer *w);

/* A place in the queue and room in the log for one transaction with redo_len bytes of redo.
 * ST_BUSY: too much is waiting, try again; ST_FULL: the disk is full; ST_IO: the log has failed;
 * ST_LIMIT: above WAL_REDO_MAX; ST_CLOSED: stopping. Nothing is kept then. */
enum status wal_reserve(struct wal_writer *w, size_t redo_len) MUST_CHECK;
void wal_unreserve(struct wal_writer *w, size_t redo_len);
/* Uses up the reservation for b->redo_len. Never refused: done() always comes. */
void wal_submit(struct wal_writer *w, struct wal_batch *b);
/* The same, and the log thread is not woken: the caller calls wal_lead() next, without locks. */
void wal_submit_quiet(struct wal_writer *w, struct wal_batch *b);
/* Runs one round here, done()s included; when somebody else is at one, has the log thread look
 * again. For a thread that has nothing else to do until its batch is durable: two changes of thread
 * less. */
void wal_lead(struct wal_writer *w);
/* done() when all that was submitted before this call is durable; b has no redo and no reservation.
 */
void wal_wait(struct wal_writer *w, struct wal_batch *b);
/* Asks for a new segment, so that what is logged so far is in sealed ones; does not wait. */
void wal_rotate(struct wal_writer *w);

/* All up to it are on disk (acquire; pairs with the log thread's release). */
uint64_t wal_durable_lsn(const struct wal_writer *w);
enum wal_state wal_state(const struct wal_writer *w);

struct wal_stats {
	uint64_t durable_lsn;
	uint64_t n_commits, n_groups, n_bytes, n_syncs, n_segments, n_failed_segments;
};
void wal_stats(const struct wal_writer *w, struct wal_stats *ret);

/* The durable end of the log, all of one moment; for snapshots. lsn may be ahead of durable_lsn for
 * an instant, never behind. */
struct wal_point {
	uint64_t lsn, chain;
	int64_t wall_us;
};
struct wal_point wal_position(struct wal_writer *w);

/* Tests drive the log without its thread: one round over all that waits. */
void wal_step(struct wal_writer *w);

#endif
