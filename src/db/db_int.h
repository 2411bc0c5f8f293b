/* db/db_int.h - what db.c and maint.c share.
 *
 * Room: db, private. */
#ifndef DB_DB_INT_H
#define DB_DB_INT_H

#include "db/datadir.h"
#include "db/db.h"
#include "db/maint.h"
#include "txn/txn.h"

struct db {
	struct db_options opt;
	bool durable;
	struct datadir dir;
	struct store *store;
	struct txn_mgr *txns;
	struct maint maint;

	_Atomic bool snapshot_wanted; /* soon, whatever the log's length */
	_Atomic uint64_t snapshot_lsn, snapshot_bytes, snapshot_ms;
	_Atomic uint64_t n_snapshots, n_snapshot_failures;
	uint64_t recovery_ms, recovered_lsn, recovered_records;
};

/* Writes a snapshot of the present durable state; maintenance thread, or the owner when that has
 * ended. When there is one of that state already, that is the answer. */
enum status db_write_snapshot(struct db *db, uint64_t *ret_lsn) MUST_CHECK;

#endif
