#include "db/db_int.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "snapshot/load.h"
#include "snapshot/save.h"
#include "txn/redo.h"

/* ---- recovery
 * ------------------------------------------------------------------------------------ */

static enum status reset_store(void *ctx)
{
	struct db *db = ctx;
	if (db->store != NULL)
		store_free(db->store);
	db->store = NULL;
	return store_new(&db->store);
}

static enum status load_snapshot(void *ctx, const char *path, struct snapshot_meta *ret,
				 const char **why)
{
	struct db *db = ctx;
	return snapshot_load(path, db->store, ret, why);
}

static enum status apply_record(void *ctx, const struct wal_record *rec)
{
	struct db *db = ctx;
	return redo_apply(db->store, rec->lsn, rec->redo, rec->redo_len);
}

static void on_published(void *ctx, uint64_t durable_lsn)
{
	struct db *db = ctx;
	txn_publish(db->txns, durable_lsn);
}

/* A segment was given up, or the disk has come back: a snapshot makes the state safe a second time.
 */
static void on_alarm(void *ctx, enum wal_state state)
{
	struct db *db = ctx;
	if (state == WAL_RUNNING)
		atomic_store(&db->snapshot_wanted, true);
}

static enum status open_files(struct db *db, char *reason, size_t size)
{
	const struct recovery_sink sink = {db, reset_store, load_snapshot, apply_record};
	const struct datadir_options opt = {
	    .dir = db->opt.dir,
	    .sink = &sink,
	    .published = on_published,
	    .alarm = on_alarm,
	    .ctx = db,
	    .segment_bytes = db->opt.segment_bytes,
	};
	uint64_t begin = clock_mono_ns();
	TRY(datadir_open(&db->dir, &opt, reason, size));
	db->durable = true;
	const struct recovery *r = &db->dir.recovery;
	db->recovery_ms = (clock_mono_ns() - begin) / 1000000;
	db->recovered_lsn = r->lsn;
	db->recovered_records = r->n_records;
	atomic_store(&db->snapshot_lsn, r->snapshot_lsn);
	atomic_store(&db->snapshot_wanted, r->snapshot_due);
	log_info("db",
		 "'%s' is at LSN %llu: snapshot of LSN %llu and %llu transactions of the log, "
		 "%llu ms",
		 db->opt.dir, (unsigned long long)r->lsn, (unsigned long long)r->snapshot_lsn,
		 (unsigned long long)r->n_records, (unsigned long long)db->recovery_ms);
	return ST_OK;
}

static enum status start(struct db *db, char *reason, size_t size)
{
	snprintf(reason, size, "out of memory");
	if (db->opt.dir != NULL)
		TRY(open_files(db, reason, size));
	else
		TRY(store_new(&db->store));
	snprintf(reason, size, "out of memory");
	TRY(txn_mgr_new(db->store, db->dir.wal, db->recovered_lsn, &db->txns));
	txn_set_limits(db->txns, &db->opt.limits);
	if (db->durable)
		TRY(datadir_start(&db->dir, reason, size));
	snprintf(reason, size, "cannot start the maintenance thread");
	TRY(maint_start(db));
	return ST_OK;
}

static void release(struct db *db)
{
	maint_stop(db);
	/* The log ends first: until then it publishes to the transactions. */
	if (db->durable)
		wal_stop(db->dir.wal);
	if (db->txns != NULL)
		txn_mgr_free(db->txns);
	if (db->durable)
		datadir_close(&db->dir);
	if (db->store != NULL)
		store_free(db->store);
	MEM_FREE(MEM_OTHER, db);
}

enum status db_open(const struct db_options *opt, struct db **ret, char *reason, size_t reason_size)
{
	struct db *db = MEM_NEW(MEM_OTHER, struct db);
	if (db == NULL) {
		snprintf(reason, reason_size, "out of memory");
		return ST_NOMEM;
	}
	db->opt = *opt;
	enum status st = start(db, reason, reason_size);
	if (st != ST_OK) {
		release(db);
		return st;
	}
	*ret = db;
	return ST_OK;
}

void db_close(struct db *db)
{
	uint64_t lsn;
	maint_stop(db);
	if (db->durable && db->opt.snapshot_on_close && wal_state(db->dir.wal) != WAL_FAILED &&
	    wal_durable_lsn(db->dir.wal) > atomic_load(&db->snapshot_lsn) &&
	    db_write_snapshot(db, &lsn) != ST_OK)
		log_warn("db", "no snapshot at the end; the log holds everything");
	release(db);
}

/* ---- snapshots
 * ------------------------------------------------------------------------------------- */

/* A long walk must not keep others from reclaiming. */
static void between_chunks(void *ctx)
{
	struct db *db = ctx;
	(void)txn_collect(db->txns);
}

static enum status write_file(struct datadir *dir, struct store *s, const struct view *view,
			      const struct wal_point *at, void (*between)(void *ctx), void *ctx,
			      uint64_t *ret_bytes)
{
	struct snapshot_meta meta = datadir_snapshot_meta(dir, at);
	struct snapshot_writer *w;
	TRY(snapshot_writer_new(dir->path, &meta, &w));
	enum status st = snapshot_save(w, s, view, between, ctx);
	if (st == ST_OK)
		st = snapshot_writer_sync(w);
	if (st == ST_OK)
		st = datadir_raise_snapshot(dir, at->lsn);
	if (st == ST_OK)
		st = snapshot_writer_publish(w);
	*ret_bytes = snapshot_writer_bytes(w);
	snapshot_writer_free(w);
	return st;
}

enum status db_write_snapshot(struct db *db, uint64_t *ret_lsn)
{
	struct epoch_table *epochs = store_epochs(db->store);
	struct epoch_slot *slot;
	uint64_t bytes, begin = clock_mono_ns();
	TRY(epoch_open(epochs, &slot)); /* before the read point, as every reader */
	struct wal_point at = wal_position(db->dir.wal);
	epoch_set_read_lsn(slot, at.lsn);
	struct view view = {.read_lsn = at.lsn, .slot = slot};
	enum status st = ST_OK;
	if (at.lsn != atomic_load(&db->snapshot_lsn)) {
		wal_rotate(db->dir.wal); /* what the snapshot holds is then in sealed segments */
		st = write_file(&db->dir, db->store, &view, &at, between_chunks, db, &bytes);
		if (st == ST_OK) {
			atomic_store(&db->snapshot_lsn, at.lsn);
			atomic_store(&db->snapshot_bytes, bytes);
			atomic_store(&db->snapshot_ms, (clock_mono_ns() - begin) / 1000000);
			atomic_fetch_add(&db->n_snapshots, 1);
			log_info("db", "snapshot of LSN %llu, %llu bytes, %llu ms",
				 (unsigned long long)at.lsn, (unsigned long long)bytes,
				 (unsigned long long)atomic_load(&db->snapshot_ms));
		} else {
			atomic_fetch_add(&db->n_snapshot_failures, 1);
			log_error("db", "the snapshot of LSN %llu failed: %s",
				  (unsigned long long)at.lsn, status_name(st));
		}
	}
	epoch_close(slot);
	*ret_lsn = at.lsn;
	return st;
}

void db_snapshot(struct db *db, struct db_snapshot *s)
{
	maint_ask(db, s);
}

struct waiter {
	struct db_snapshot s;
	struct mutex lock;
	struct cond wake;
	bool done;
};

static void wake_waiter(struct db_snapshot *s)
{
	struct waiter *w = container_of(s, struct waiter, s);
	mutex_lock(&w->lock);
	w->done = true;
	cond_signal(&w->wake);
	mutex_unlock(&w->lock);
}

enum status db_snapshot_wait(struct db *db, uint64_t *ret_lsn)
{
	struct waiter w = {.s.done = wake_waiter};
	mutex_init(&w.lock, LOCK_RANK_LEAF);
	cond_init(&w.wake);
	maint_ask(db, &w.s);
	mutex_lock(&w.lock);
	while (!w.done)
		cond_wait(&w.wake, &w.lock);
	mutex_unlock(&w.lock);
	cond_destroy(&w.wake);
	mutex_destroy(&w.lock);
	*ret_lsn = w.s.lsn;
	return w.s.result;
}

enum status db_create_from_store(const char *dir, struct store *s, uint64_t lsn, char *reason,
				 size_t reason_size)
{
	struct datadir d;
	struct epoch_slot *slot;
	uint64_t bytes;
	TRY(datadir_create(&d, dir, reason, reason_size));
	enum status st = epoch_open(store_epochs(s), &slot);
	if (st == ST_OK) {
		struct wal_point at = {.lsn = lsn, .wall_us = clock_wall_us()};
		epoch_set_read_lsn(slot, lsn);
		struct view view = {.read_lsn = lsn, .slot = slot};
		st = write_file(&d, s, &view, &at, NULL, NULL, &bytes);
		epoch_close(slot);
	}
	if (st != ST_OK)
		snprintf(reason, reason_size, "cannot write the snapshot of '%s': %s", dir,
			 st == ST_FULL ? "the disk is full" : status_name(st));
	datadir_close(&d);
	return st;
}

/* ---- what others ask ----------------------------------------------------------------------------
 */

struct store *db_store(struct db *db)
{
	return db->store;
}

struct txn_mgr *db_txns(struct db *db)
{
	return db->txns;
}

bool db_is_durable(const struct db *db)
{
	return db->durable;
}

void db_stats(struct db *db, struct db_stats *ret)
{
	*ret = (struct db_stats){
	    .stamped_lsn = txn_stamped_lsn(db->txns),
	    .snapshot_lsn = atomic_load(&db->snapshot_lsn),
	    .snapshot_bytes = atomic_load(&db->snapshot_bytes),
	    .snapshot_ms = atomic_load(&db->snapshot_ms),
	    .n_snapshots = atomic_load(&db->n_snapshots),
	    .n_snapshot_failures = atomic_load(&db->n_snapshot_failures),
	    .recovery_ms = db->recovery_ms,
	    .recovered_lsn = db->recovered_lsn,
	    .recovered_records = db->recovered_records,
	};
	if (db->durable) {
		ret->state = wal_state(db->dir.wal);
		wal_stats(db->dir.wal, &ret->wal);
		ret->epoch = (uint32_t)db->dir.fence.runs[db->dir.fence.n_runs - 1].epoch;
	}
}
