/* db/fence.h - CURRENT: which files of a data directory count.
 *
 * Room:    db.
 * Threads: one at a time; db.c orders the two that raise the fence.
 * Errors:  ST_NOT_FOUND, ST_CORRUPT, ST_LIMIT (a newer format), ST_IO, ST_FULL, ST_NOMEM.
 * Source:  the durability design, section 2.3.
 *
 * CURRENT is the only file that is replaced, by rename. It is a fence, not a list: names above it
 * do not count, so that a restore over newer files does what was meant; files of runs that are not
 * its ancestors do not count either. It is durable before a file beyond it is named.
 *
 * One line of text: words separated by a space, then spaces, then `crc=XXXXXXXX` (CRC32C of all
 * bytes before it, hex) and a line feed. Words: `geode-current 1`, then `name=value`; unknown names
 * are ignored:
 *	generation    rises with every version of the file
 *	db run        ids in hex
 *	epoch         of the run
 *	max_seq       greatest sequence number a log segment may have
 *	max_snapshot  greatest LSN a snapshot may have
 *	durable       durable LSN when it was written
 *	inode btime   this file's own: differ in a copy (btime in ns, 0: not known)
 *	dir device    inode of the directory, id of the file system
 *	ancestor      E:RUN:FIRSTSEQ:FIRSTLSN:LASTSEQ:LASTLSN:CHAIN, once for each earlier run,
 *	              oldest first: what of it counts, and the chain of the log at its end
 *	first         FIRSTSEQ:FIRSTLSN of the present run
 * The size is a multiple of 512 plus generation mod 4093: it differs from version to version,
 * because rsync compares size and whole seconds only and would keep a stale fence otherwise. */
#ifndef DB_FENCE_H
#define DB_FENCE_H

#include "base/file.h"
#include "wal/format.h"

#define FENCE_NAME "CURRENT"
#define FENCE_RUNS_MAX 1024 /* earlier runs that are remembered */
#define FENCE_BYTES_MAX (256u << 10)

struct fence_run {
	uint64_t epoch;
	uint8_t run_id[WAL_ID_BYTES];
	uint64_t first_seq, first_lsn;
	uint64_t last_seq, last_lsn, chain; /* of an earlier run; zero for the present one */
};

struct fence {
	uint64_t generation;
	uint8_t db_id[WAL_ID_BYTES];
	uint64_t max_seq, max_snapshot, durable_lsn;
	uint64_t inode, dir_inode, device;
	int64_t btime_ns;
	struct fence_run
	    *runs; /* n_runs; the last is the present one; heap, FENCE_RUNS_MAX + 1 places */
	uint32_t n_runs;
};

enum status fence_init(struct fence *f) MUST_CHECK;
void fence_release(struct fence *f);
struct fence_run *fence_current(struct fence *f);
/* Closes the present run at last_seq, last_lsn and begins another. Beyond FENCE_RUNS_MAX the oldest
 * is forgotten: its files are left alone then, but no longer used. */
void fence_begin_run(struct fence *f, const uint8_t run_id[WAL_ID_BYTES], uint64_t last_seq,
		     uint64_t last_lsn, uint64_t chain);

/* f is initialised; its content is replaced. */
enum status fence_read(const char *dir, struct fence *f) MUST_CHECK;
/* Raises the generation, fills in the marks of place, and replaces the file durably. */
enum status fence_write(const char *dir, struct fence *f) MUST_CHECK;
/* Whether the directory is a copy of the one that the fence was written in. */
enum status fence_is_copy(const char *dir, const struct fence *f, bool *ret) MUST_CHECK;

enum fence_side {
	FENCE_INSIDE,
	FENCE_ABOVE,   /* beyond the fence */
	FENCE_FOREIGN, /* of a run that is no ancestor, or outside that run's range */
	FENCE_OLDER,   /* of a time before the oldest ancestor */
};

enum fence_side fence_segment_side(const struct fence *f, uint64_t epoch, uint64_t seq,
				   const uint8_t run[4]);
enum fence_side fence_snapshot_side(const struct fence *f, uint64_t epoch, uint64_t lsn,
				    const uint8_t run[4]);

void id_to_hex(const uint8_t id[WAL_ID_BYTES], char out[33]);
bool id_from_hex(struct str s, uint8_t ret[WAL_ID_BYTES]);

#endif
