#include "db/datadir.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

#define ID_TITLE "geode-id 1"
#define ID_BYTES_MAX 512

static enum status because(char *reason, size_t size, enum status st, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static enum status because(char *reason, size_t size, enum status st, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(reason, size, fmt, ap);
	va_end(ap);
	return st;
}

/* ---- geode.id: whose files these are; written once ---------------------------------------------
 */

static enum status write_id(const char *dir, const uint8_t db_id[WAL_ID_BYTES])
{
	char path[FILE_PATH_MAX], hex[33], text[ID_BYTES_MAX];
	if (!file_join(path, sizeof path, dir, ID_NAME))
		return ST_LIMIT;
	id_to_hex(db_id, hex);
	int n = snprintf(text, sizeof text, ID_TITLE " db=%s created=%lld", hex,
			 (long long)clock_wall_us());
	n += snprintf(text + n, sizeof text - (size_t)n, " crc=%08x\n", crc32c(0, text, (size_t)n));
	return file_write_atomic(path, text, (size_t)n, 0600);
}

static enum status read_id(const char *dir, uint8_t ret[WAL_ID_BYTES])
{
	char path[FILE_PATH_MAX], *text, crc[16];
	size_t n;
	if (!file_join(path, sizeof path, dir, ID_NAME))
		return ST_LIMIT;
	TRY(file_read_all(path, ID_BYTES_MAX, &text, &n));
	const size_t id_at = sizeof(ID_TITLE " db=") - 1, crc_len = sizeof " crc=01234567\n" - 1;
	enum status st = ST_CORRUPT;
	if (n > id_at + 32 + crc_len && str_starts((struct str){text, n}, STR(ID_TITLE " db="))) {
		snprintf(crc, sizeof crc, " crc=%08x\n", crc32c(0, text, n - crc_len));
		if (memcmp(crc, text + n - crc_len, crc_len) == 0 &&
		    id_from_hex((struct str){text + id_at, 32}, ret))
			st = ST_OK;
	}
	mem_free(MEM_OTHER, text, n + 1);
	return st;
}

/* ---- lock and place ----------------------------------------------------------------------------
 */

/* "." for a name alone, "/" for what stands there. */
static void parent_of(const char *path, char out[FILE_PATH_MAX])
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	snprintf(out, FILE_PATH_MAX, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : ".");
}

/* Made with those above it, and its name on disk: what is synced inside a directory that can vanish
 * is not safe. Synced even when it existed: an earlier start may have ended in between. */
static enum status make_dir(const char *dir)
{
	char parent[FILE_PATH_MAX];
	parent_of(dir, parent);
	enum status st = file_io->mkdir(dir, 0700);
	if (st == ST_NOT_FOUND && strlen(parent) < strlen(dir)) {
		TRY(make_dir(parent));
		st = file_io->mkdir(dir, 0700);
	}
	return st == ST_OK || st == ST_EXISTS ? file_io->sync_dir(parent) : st;
}

static enum status prepare(struct datadir *d, const char *dir, char *reason, size_t size)
{
	char path[FILE_PATH_MAX];
	*d = (struct datadir){0};
	mutex_init(&d->fence_lock, LOCK_RANK_LEAF);
	snprintf(d->path, sizeof d->path, "%s", dir);
	enum status st = make_dir(dir);
	if (st != ST_OK)
		return because(reason, size, st, "cannot make the data directory '%s': %s", dir,
			       file_why(st));
	if (!file_join(path, sizeof path, dir, LOCK_NAME))
		return because(reason, size, ST_LIMIT,
			       "the path of the data directory is too long");
	st = file_io->open(path, FILE_READ | FILE_WRITE | FILE_CREATE, 0600, &d->lock);
	if (st != ST_OK)
		return because(reason, size, st, "cannot open '%s': %s", path, file_why(st));
	st = file_io->lock(d->lock);
	if (st != ST_OK)
		return because(reason, size, st, "data directory '%s' is in use by another process",
			       dir);
	st = fence_init(&d->fence);
	return st == ST_OK ? ST_OK : because(reason, size, st, "out of memory");
}

static void release(struct datadir *d)
{
	wal_writer_free(d->wal);
	recovery_release(&d->recovery);
	fence_release(&d->fence);
	if (d->lock != NULL)
		file_io->close(d->lock);
	mutex_destroy(&d->fence_lock);
}

/* The fence first: from then on the directory is a database, and its id can be written again. */
static enum status make_new(struct datadir *d, char *reason, size_t size)
{
	rand_secret(d->fence.db_id, WAL_ID_BYTES);
	uint8_t run_id[WAL_ID_BYTES];
	rand_secret(run_id, sizeof run_id);
	fence_begin_run(&d->fence, run_id, 0, 0, 0);
	enum status st = fence_write(d->path, &d->fence);
	if (st == ST_OK)
		st = write_id(d->path, d->fence.db_id);
	if (st == ST_OK)
		return ST_OK;
	return because(reason, size, st, "cannot write to the data directory '%s': %s", d->path,
		       file_why(st));
}

static enum status read_fence(struct datadir *d, const struct inventory *inv, char *reason,
			      size_t size)
{
	uint8_t db_id[WAL_ID_BYTES];
	if (!inv->has_fence)
		return because(reason, size, ST_CORRUPT,
			       "'%s' has files of Geode but no " FENCE_NAME
			       ": it is not known which of "
			       "them count; restore it from the backup",
			       d->path);
	enum status st = fence_read(d->path, &d->fence);
	if (st == ST_LIMIT)
		return because(reason, size, st,
			       "'%s/" FENCE_NAME "' was written by a newer version", d->path);
	if (st != ST_OK)
		return because(reason, size, st,
			       "'%s/" FENCE_NAME
			       "' cannot be read (%s): it is not known which files "
			       "count; restore it from the backup",
			       d->path, status_name(st));
	st = inv->has_id ? read_id(d->path, db_id) : ST_NOT_FOUND;
	if (st == ST_NOT_FOUND)
		st = write_id(d->path, d->fence.db_id);
	else if (st == ST_OK && memcmp(db_id, d->fence.db_id, WAL_ID_BYTES) != 0)
		return because(reason, size, ST_CORRUPT,
			       "'%s/" ID_NAME "' and " FENCE_NAME " belong to different databases",
			       d->path);
	if (st != ST_OK)
		return because(reason, size, st, "'%s/" ID_NAME "' cannot be read: %s", d->path,
			       status_name(st));
	return ST_OK;
}

/* ---- a run -------------------------------------------------------------------------------------
 */

static enum status raise_seq(void *ctx, uint64_t seq)
{
	struct datadir *d = ctx;
	mutex_lock(&d->fence_lock);
	d->fence.max_seq = MAX_OF(d->fence.max_seq, seq);
	if (d->wal != NULL)
		d->fence.durable_lsn = MAX_OF(d->fence.durable_lsn, wal_durable_lsn(d->wal));
	enum status st = fence_write(d->path, &d->fence);
	mutex_unlock(&d->fence_lock);
	return st;
}

enum status datadir_raise_snapshot(struct datadir *d, uint64_t lsn)
{
	mutex_lock(&d->fence_lock);
	d->fence.max_snapshot = MAX_OF(d->fence.max_snapshot, lsn);
	enum status st = fence_write(d->path, &d->fence);
	mutex_unlock(&d->fence_lock);
	return st;
}

/* Files that do not count are put aside and that is durable before the fence moves. */
static enum status begin_run(struct datadir *d)
{
	const struct recovery *r = &d->recovery;
	uint8_t run_id[WAL_ID_BYTES];
	rand_secret(run_id, sizeof run_id);
	for (uint32_t i = 0; i < r->orphans.n; i++)
		TRY(inventory_quarantine(d->path, run_id, r->orphans.v[i]));
	TRY(inventory_remove_temporary(d->path));
	TRY(file_io->sync_dir(d->path));
	fence_begin_run(&d->fence, run_id, r->last_seq, r->proven_lsn, r->proven_chain);
	d->fence.durable_lsn = r->proven_lsn;
	TRY(fence_write(d->path, &d->fence));
	return file_io->touch(d->path);
}

static enum status make_log(struct datadir *d, const struct datadir_options *opt)
{
	const struct recovery *r = &d->recovery;
	struct wal_options w = {
	    .dir = d->path,
	    .epoch = fence_current(&d->fence)->epoch,
	    .next_seq = d->fence.max_seq + 1,
	    .prev_seq = r->last_seq,
	    .last_lsn = r->proven_lsn,
	    .chain = r->proven_chain,
	    .last_wall_us = r->wall_us,
	    .segment_bytes = opt->segment_bytes,
	    .doublewrite_bytes = opt->doublewrite_bytes,
	    .before_segment = raise_seq,
	    .before_ctx = d,
	    .published = opt->published,
	    .alarm = opt->alarm,
	    .ctx = opt->ctx,
	    .no_thread = opt->no_thread,
	};
	memcpy(w.db_id, d->fence.db_id, WAL_ID_BYTES);
	memcpy(w.run_id, fence_current(&d->fence)->run_id, WAL_ID_BYTES);
	TRY(wal_writer_new(&w, &d->wal));
	return recover_adopt(r, d->wal);
}

static enum status open_locked(struct datadir *d, const struct datadir_options *opt, char *reason,
			       size_t size)
{
	struct inventory inv;
	enum status st = inventory_read(d->path, &inv);
	if (st != ST_OK)
		return because(reason, size, st, "cannot list '%s': %s", d->path, status_name(st));
	if (inventory_is_empty(&inv))
		st = make_new(d, reason, size);
	else
		st = read_fence(d, &inv, reason, size);
	if (st == ST_OK)
		st = recover(d->path, &d->fence, &inv, opt->sink, &d->recovery, reason, size);
	if (st == ST_OK) {
		st = begin_run(d);
		if (st == ST_OK)
			st = make_log(d, opt);
		if (st != ST_OK)
			(void)because(reason, size, st, "cannot begin a new log in '%s': %s",
				      d->path, status_name(st));
	}
	/* The names in recovery.orphans are the inventory's. */
	recovery_release(&d->recovery);
	inventory_release(&inv);
	return st;
}

enum status datadir_open(struct datadir *d, const struct datadir_options *opt, char *reason,
			 size_t reason_size)
{
	enum status st = prepare(d, opt->dir, reason, reason_size);
	if (st == ST_OK)
		st = open_locked(d, opt, reason, reason_size);
	if (st != ST_OK)
		release(d);
	return st;
}

enum status datadir_start(struct datadir *d, char *reason, size_t reason_size)
{
	enum status st = wal_start(d->wal);
	if (st == ST_OK)
		return ST_OK;
	return because(reason, reason_size, st, "cannot start the log in '%s': %s", d->path,
		       st == ST_FULL ? "the disk is full" : status_name(st));
}

void datadir_close(struct datadir *d)
{
	if (d->wal != NULL) {
		wal_stop(d->wal);
		d->fence.durable_lsn = MAX_OF(d->fence.durable_lsn, wal_durable_lsn(d->wal));
		if (wal_state(d->wal) != WAL_FAILED && fence_write(d->path, &d->fence) != ST_OK)
			log_warn("db", "the fence of '%s' was not renewed at the end", d->path);
	}
	release(d);
}

struct snapshot_meta datadir_snapshot_meta(const struct datadir *d, const struct wal_point *at)
{
	const struct fence_run *run = &d->fence.runs[d->fence.n_runs - 1];
	struct snapshot_meta m = {
	    .epoch = run->epoch,
	    .lsn = at->lsn,
	    .chain = at->chain,
	    .wall_us = at->wall_us,
	    .created_us = clock_wall_us(),
	};
	memcpy(m.db_id, d->fence.db_id, WAL_ID_BYTES);
	memcpy(m.run_id, run->run_id, WAL_ID_BYTES);
	return m;
}

enum status datadir_create(struct datadir *d, const char *dir, char *reason, size_t reason_size)
{
	struct inventory inv;
	enum status st = prepare(d, dir, reason, reason_size);
	if (st == ST_OK)
		st = inventory_read(d->path, &inv);
	if (st == ST_OK) {
		bool empty = inventory_is_empty(&inv);
		inventory_release(&inv);
		st = empty ? make_new(d, reason, reason_size)
			   : because(reason, reason_size, ST_EXISTS,
				     "'%s' holds a database already", dir);
	}
	if (st != ST_OK)
		release(d);
	return st;
}
