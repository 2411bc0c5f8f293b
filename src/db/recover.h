/* db/recover.h - from the files of a data directory to the last state that was durable.
 *
 * Room:    db. It knows files, LSNs and verdicts; what a snapshot and a redo record mean is the
 * sink's. Threads: one, before anything else runs. Errors:  ST_CORRUPT: the decision table says to
 * refuse; reason names file, offset and LSN. ST_LIMIT: a newer format. ST_IO, ST_NOMEM. Nothing on
 * disk is changed by a scan. Source:  the durability design, sections 2.3, 2.6 and 2.10.
 *
 * Recovery never truncates, never deletes and never skips: it starts from the newest snapshot that
 * is whole, applies the log in order, and stops only where the log provably ends. */
#ifndef DB_RECOVER_H
#define DB_RECOVER_H

#include "db/inventory.h"
#include "snapshot/format.h"
#include "wal/format.h"

struct wal_writer;

struct recovery_sink {
	void *ctx;
	/* Becomes empty, whatever was loaded or applied before. */
	enum status (*reset)(void *ctx);
	/* ST_CORRUPT, ST_LIMIT: the file cannot be used, *why says for what reason. */
	enum status (*load)(void *ctx, const char *path, struct snapshot_meta *ret,
			    const char **why);
	enum status (*apply)(void *ctx, const struct wal_record *record);
};

struct recovery {
	uint64_t lsn, chain;		   /* the state reached */
	int64_t wall_us;		   /* last commit time seen */
	uint64_t proven_lsn, proven_chain; /* known to be on disk, not only in the page cache */
	uint64_t last_seq;		   /* segment in which the log ends, 0: none */
	uint64_t last_offset;		   /* where in it */
	char last_path[FILE_PATH_MAX];
	uint64_t snapshot_lsn; /* 0: none was loaded */
	uint64_t n_records;
	bool is_copy, snapshot_due;
	VEC(char *) orphans; /* names of files to put aside; of the inventory's lifetime */
};

/* reason: for the operator, one line. */
enum status recover(const char *dir, const struct fence *f, struct inventory *inv,
		    const struct recovery_sink *sink, struct recovery *ret, char *reason,
		    size_t reason_size) MUST_CHECK;
void recovery_release(struct recovery *r);

/* Gives the frames after proven_lsn to the new run's log. */
enum status recover_adopt(const struct recovery *r, struct wal_writer *w) MUST_CHECK;

#endif
