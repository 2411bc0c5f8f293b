/* db/datadir.h - one data directory that is open: its lock, its fence, its log.
 *
 * Room:    db. It does not know what a graph is; recovery's sink does.
 * Threads: open, start and close from the owner; datadir_raise_snapshot from one thread beside the
 * log thread. Errors:  ST_BUSY: another process has it; ST_CORRUPT: refused, see recover.h;
 * ST_EXISTS, ST_FULL, ST_IO, ST_NOMEM, ST_LIMIT. The reason is one line for the operator. Source:
 * the durability design, sections 2.1 to 2.3. */
#ifndef DB_DATADIR_H
#define DB_DATADIR_H

#include "db/recover.h"
#include "wal/writer.h"

struct datadir_options {
	const char *dir;
	const struct recovery_sink *sink;
	void (*published)(void *ctx, uint64_t durable_lsn); /* see wal/writer.h */
	void (*alarm)(void *ctx, enum wal_state state);
	void *ctx;
	uint64_t segment_bytes;	    /* 0: WAL_SEGMENT_BYTES */
	uint32_t doublewrite_bytes; /* 0: DOUBLEWRITE_BYTES */
	bool no_thread;		    /* tests: the log is driven by wal_step() */
};

struct datadir { /* read only outside datadir.c */
	char path[FILE_PATH_MAX];
	struct file *lock;
	struct mutex
	    fence_lock; /* held over I/O on purpose: it orders the two that write one small file */
	struct fence fence;
	struct recovery recovery; /* what was found at the start */
	struct wal_writer *wal;
};

/* Locks, recovers into the sink, puts aside what does not count, begins a new run. A directory
 * without any file of Geode becomes a new database; it is made when it does not exist. */
enum status datadir_open(struct datadir *d, const struct datadir_options *opt, char *reason,
			 size_t reason_size) MUST_CHECK;
/* The log takes commits from now on. */
enum status datadir_start(struct datadir *d, char *reason, size_t reason_size) MUST_CHECK;
/* Seals the log and says in the fence what was reached. */
void datadir_close(struct datadir *d);

/* The snapshot of this LSN may get its name. */
enum status datadir_raise_snapshot(struct datadir *d, uint64_t lsn) MUST_CHECK;
/* Ids, LSN and chain of a snapshot at this point of the log. */
struct snapshot_meta datadir_snapshot_meta(const struct datadir *d, const struct wal_point *at);

/* A new database without a log: the caller writes one snapshot of last_lsn into it and closes.
 * ST_EXISTS: there are files of Geode. */
enum status datadir_create(struct datadir *d, const char *dir, char *reason,
			   size_t reason_size) MUST_CHECK;

#endif
