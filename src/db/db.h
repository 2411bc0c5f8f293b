/* db/db.h - one database: open, recover, keep, close.
 *
 * Room:    db.
 * Threads: open and close from the owner; all else from any. The database runs two threads of its
 * own: "wal" (wal/writer.h) and "maint" (maint.h). Errors:  db_open gives a reason, one line for
 * the operator. ST_CORRUPT and ST_LIMIT: the files are not fit to start with and a restart will not
 * help (exit code 78); ST_BUSY: another process has the directory; ST_IO, ST_FULL, ST_NOMEM.
 * Source:  the durability design, sections 2.1 to 2.10. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/status.h"
#include "txn/txn.h"
#include "wal/writer.h"

struct db;
struct store;
struct txn_mgr;

struct db_options {
	const char *dir;	/* NULL: in memory only, nothing is logged */
	bool snapshot_on_close; /* when something was committed since the last one */
	uint64_t segment_bytes; /* 0: WAL_SEGMENT_BYTES */
	struct txn_limits limits;
};

enum status db_open(const struct db_options *opt, struct db **ret, char *reason,
		    size_t reason_size) MUST_CHECK;
/* No transaction may be open. Writes the snapshot, seals the log, gives everything back. */
void db_close(struct db *db);

struct store *db_store(struct db *db);
struct txn_mgr *db_txns(struct db *db);
bool db_is_durable(const struct db *db); /* false: in memory only */

/* A snapshot of the present durable state. Embedded by the caller, who keeps it until done(), which
 * runs on the maintenance thread and must not block. ST_INVALID: nothing to write to (in memory).
 */
struct db_snapshot {
	void (*done)(struct db_snapshot *s);
	enum status result;
	uint64_t lsn;
	struct db_snapshot *next; /* the database's */
};

/* Several requests that wait are answered by one snapshot. */
void db_snapshot(struct db *db, struct db_snapshot *s);
enum status db_snapshot_wait(struct db *db, uint64_t *ret_lsn) MUST_CHECK;

struct db_stats {
	enum wal_state state;
	struct wal_stats wal;
	uint64_t stamped_lsn;
	uint64_t snapshot_lsn, snapshot_bytes; /* of the last one; 0: none */
	uint64_t snapshot_ms;		       /* how long it took */
	uint64_t n_snapshots, n_snapshot_failures;
	uint64_t recovery_ms, recovered_lsn, recovered_records;
	uint32_t epoch;
};
void db_stats(struct db *db, struct db_stats *ret);

/* A new database in dir out of a store that was built without a log; lsn: of its content, at
 * least 1. ST_EXISTS: the directory holds a database already. The store stays the caller's. */
enum status db_create_from_store(const char *dir, struct store *s, uint64_t lsn, char *reason,
				 size_t reason_size) MUST_CHECK;

#endif
