#include "db/recover.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "snapshot/reader.h"
#include "wal/doublewrite.h"
#include "wal/reader.h"
#include "wal/writer.h"

#define REPAIR_HINT "; a repair from a backup by rsync needs 'rsync -c'"

struct segment_info {
	struct data_file *file;
	struct wal_header header;
	bool bad; /* no valid header */
};

struct scan {
	const char *dir;
	const struct fence *fence;
	struct inventory *inv;
	const struct recovery_sink *sink;
	struct recovery *r;
	char *reason;
	size_t reason_size;
	VEC(struct segment_info) segments; /* those that count, by rising number */
	bool has_doublewrite;
	uint64_t bad_snapshot; /* greatest LSN of a snapshot that could not be used */
};

#define LLU(x) ((unsigned long long)(x))

static enum status refuse(struct scan *s, enum status st, const char *fmt, ...) PRINTF_LIKE(3, 4);

static enum status refuse(struct scan *s, enum status st, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(s->reason, s->reason_size, fmt, ap);
	va_end(ap);
	return st;
}

static enum status path_of(struct scan *s, const char *name, char out[FILE_PATH_MAX])
{
	if (file_join(out, FILE_PATH_MAX, s->dir, name))
		return ST_OK;
	return refuse(s, ST_LIMIT, "the path of '%s' is too long", name);
}

static enum status put_aside(struct scan *s, struct data_file *f)
{
	return vec_push(MEM_OTHER, &s->r->orphans, f->name) ? ST_OK : ST_NOMEM;
}

static enum status put_aside_outsiders(struct scan *s)
{
	for (uint32_t i = 0; i < s->inv->segments.n; i++) {
		struct data_file *f = &s->inv->segments.v[i];
		if (f->side == FENCE_ABOVE || f->side == FENCE_FOREIGN)
			TRY(put_aside(s, f));
	}
	for (uint32_t i = 0; i < s->inv->snapshots.n; i++) {
		struct data_file *f = &s->inv->snapshots.v[i];
		if (f->side == FENCE_ABOVE || f->side == FENCE_FOREIGN)
			TRY(put_aside(s, f));
	}
	return ST_OK;
}

/* ---- snapshots ---------------------------------------------------------------------------------
 */

static enum status check_db(struct scan *s, const char *name, const uint8_t db_id[WAL_ID_BYTES])
{
	char here[33], there[33];
	if (memcmp(db_id, s->fence->db_id, WAL_ID_BYTES) == 0)
		return ST_OK;
	id_to_hex(s->fence->db_id, here);
	id_to_hex(db_id, there);
	return refuse(s, ST_CORRUPT, "'%s' belongs to database %s, this directory to %s", name,
		      there, here);
}

/* The newest snapshot that is whole; none is no error. */
static enum status load_snapshot(struct scan *s)
{
	struct recovery *r = s->r;
	TRY(s->sink->reset(s->sink->ctx));
	for (uint32_t i = 0; i < s->inv->snapshots.n; i++) {
		struct data_file *f = &s->inv->snapshots.v[i];
		char path[FILE_PATH_MAX];
		struct snapshot_meta meta = {0};
		const char *why = "";
		if (f->side != FENCE_INSIDE)
			continue;
		TRY(path_of(s, f->name, path));
		enum status st = s->sink->load(s->sink->ctx, path, &meta, &why);
		if (st == ST_OK) {
			TRY(check_db(s, f->name, meta.db_id));
			if (meta.lsn != f->number)
				return refuse(s, ST_CORRUPT, "'%s' holds LSN %llu", f->name,
					      LLU(meta.lsn));
			r->lsn = r->snapshot_lsn = r->proven_lsn = meta.lsn;
			r->chain = r->proven_chain = meta.chain;
			r->wall_us = meta.wall_us;
			return ST_OK;
		}
		if (st == ST_LIMIT)
			return refuse(s, st, "'%s' has format %u; this program reads up to %u",
				      f->name, meta.major, SNAPSHOT_FORMAT_MAJOR);
		if (st != ST_CORRUPT)
			return refuse(s, st, "cannot read '%s': %s", f->name, status_name(st));
		log_warn("db", "snapshot '%s' cannot be used: %s", f->name, why);
		s->bad_snapshot = MAX_OF(s->bad_snapshot, f->number);
		TRY(put_aside(s, f));
		TRY(s->sink->reset(s->sink->ctx));
	}
	return ST_OK;
}

/* ---- log ---------------------------------------------------------------------------------------
 */

static const struct fence_run *run_of(const struct fence *f, uint64_t epoch)
{
	for (uint32_t i = 0; i < f->n_runs; i++)
		if (f->runs[i].epoch == epoch)
			return &f->runs[i];
	return NULL;
}

static enum status read_header(struct scan *s, struct segment_info *info)
{
	char path[FILE_PATH_MAX];
	struct wal_reader *reader;
	const struct data_file *f = info->file;
	TRY(path_of(s, f->name, path));
	enum status st = wal_reader_open(path, false, &reader);
	if (st == ST_LIMIT)
		return refuse(s, st, "'%s' has a newer format than %u", f->name, WAL_FORMAT_MAJOR);
	if (st == ST_CORRUPT) {
		info->bad = true;
		return ST_OK;
	}
	if (st != ST_OK)
		return refuse(s, st, "cannot read '%s': %s", f->name, status_name(st));
	info->header = *wal_reader_header(reader);
	wal_reader_close(reader);
	TRY(check_db(s, f->name, info->header.db_id));
	const struct fence_run *run = run_of(s->fence, info->header.epoch);
	if (info->header.seq != f->number || run == NULL ||
	    memcmp(run->run_id, info->header.run_id, WAL_ID_BYTES) != 0)
		return refuse(s, ST_CORRUPT, "the header of '%s' does not fit its name", f->name);
	return ST_OK;
}

/* The segments that count: each one's header names its predecessor; what lies between them was
 * given up before anything in it was durable. */
static enum status take_segments(struct scan *s)
{
	uint64_t next_prev = UINT64_MAX;
	for (uint32_t i = s->inv->segments.n; i-- > 0;) {
		struct segment_info info = {.file = &s->inv->segments.v[i]};
		if (info.file->side != FENCE_INSIDE || info.file->number > next_prev)
			continue;
		TRY(read_header(s, &info));
		if (!vec_push(MEM_OTHER, &s->segments, info))
			return ST_NOMEM;
		next_prev = info.bad ? info.file->number - 1 : info.header.prev_seq;
	}
	for (uint32_t i = 0; i < s->segments.n / 2; i++) {
		struct segment_info swap = s->segments.v[i];
		s->segments.v[i] = s->segments.v[s->segments.n - 1 - i];
		s->segments.v[s->segments.n - 1 - i] = swap;
	}
	return ST_OK;
}

static enum status apply_frame(struct scan *s, struct wal_records *rs, const struct wal_frame *f)
{
	struct wal_record rec;
	enum status st;
	TRY(wal_records_feed(rs, f));
	while ((st = wal_records_next(rs, &rec)) == ST_OK) {
		st = s->sink->apply(s->sink->ctx, &rec);
		if (st != ST_OK)
			return refuse(s, st, "the record of LSN %llu cannot be applied: %s",
				      LLU(rec.lsn), status_name(st));
		s->r->wall_us = MAX_OF(s->r->wall_us, rec.commit_us);
		s->r->n_records++;
	}
	return st == ST_END ? ST_OK
			    : refuse(s, st, "the records of LSN %llu do not fit their frame",
				     LLU(f->first_lsn));
}

/* Frames that are whole, behind the state reached, and before the segment's logical end. A
 * transaction over several frames is applied with its last one, so an unfinished one never is. */
static enum status apply_segment(struct scan *s, struct wal_reader *reader, struct wal_records *rs,
				 uint64_t logical_end)
{
	struct recovery *r = s->r;
	struct wal_frame f;
	enum status st;
	while ((st = wal_reader_next(reader, &f)) == ST_OK) {
		uint64_t next = wal_frame_next_lsn(&f);
		if (f.type != WAL_BATCH || (f.n_ends > 0 && next <= r->lsn + 1) ||
		    (f.n_ends == 0 && f.first_lsn <= r->lsn))
			continue;
		if (f.first_lsn > logical_end)
			return ST_OK;
		if (f.first_lsn != r->lsn + 1)
			return refuse(s, ST_CORRUPT,
				      "the state at LSN %llu does not lie at the end of a frame",
				      LLU(r->lsn));
		if (f.chain != r->chain)
			return refuse(
			    s, ST_CORRUPT,
			    "the log from LSN %llu on does not continue the state before it "
			    "(another history)",
			    LLU(f.first_lsn));
		TRY(apply_frame(s, rs, &f));
		r->lsn = next - 1;
		r->chain = wal_chain_after(&f);
	}
	return st == ST_END ? ST_OK : refuse(s, st, "cannot read the log: %s", status_name(st));
}

/* ---- what was synced beside the log ------------------------------------------------------------
 */

static const struct data_file *segment_of(const struct scan *s, const struct doublewrite_found *f)
{
	for (uint32_t i = 0; i < s->inv->segments.n; i++) {
		const struct data_file *d = &s->inv->segments.v[i];
		if (d->side == FENCE_INSIDE && d->epoch == f->epoch && d->number == f->seq)
			return d;
	}
	return NULL;
}

static enum status restore_segment(struct scan *s, const struct doublewrite_found *f,
				   const struct data_file *segment)
{
	char path[FILE_PATH_MAX];
	uint64_t grown;
	TRY(path_of(s, segment->name, path));
	enum status st = doublewrite_restore(f, path, s->r->is_copy, &grown);
	if (st == ST_CORRUPT)
		return refuse(s, st,
			      "'" DOUBLEWRITE_NAME "' is damaged: what was written last to '%s' is "
			      "lost" REPAIR_HINT,
			      segment->name);
	if (st != ST_OK)
		return refuse(s, st, "cannot restore the end of '%s': %s", segment->name,
			      file_why(st));
	if (grown > 0)
		log_info("db", "'%s': its last %llu bytes are restored from '" DOUBLEWRITE_NAME "'",
			 segment->name, LLU(grown));
	return ST_OK;
}

/* A file that is missing or damaged matters only to a segment that needs it: end_of_log(). */
static enum status restore_tail(struct scan *s)
{
	struct doublewrite_found found;
	enum status st = doublewrite_read(s->dir, &found);
	if (st == ST_NOT_FOUND || st == ST_CORRUPT)
		return ST_OK;
	if (st == ST_LIMIT)
		return refuse(s, st, "'" DOUBLEWRITE_NAME "' was written by a newer version");
	if (st != ST_OK)
		return refuse(s, st, "cannot read '" DOUBLEWRITE_NAME "': %s", file_why(st));
	s->has_doublewrite = memcmp(found.db_id, s->fence->db_id, WAL_ID_BYTES) == 0;
	const struct data_file *segment = s->has_doublewrite ? segment_of(s, &found) : NULL;
	if (segment != NULL)
		st = restore_segment(s, &found, segment);
	doublewrite_found_release(&found);
	return st;
}

/* ---- replay ------------------------------------------------------------------------------------
 */

/* What the segment in which the log ends proves to be on disk. */
static void prove(struct recovery *r, const struct segment_info *info, const struct wal_end *end)
{
	uint64_t proven = end->kind == WAL_END_SEALED ? r->lsn : end->durable_lsn;
	proven = MAX_OF(proven, info->header.first_lsn - 1);
	r->proven_lsn = MAX_OF(r->proven_lsn, proven);
}

/* Frames of a transaction that never ended do not count. */
static void drop_unfinished(struct recovery *r, const struct wal_end *end)
{
	if (end->last_lsn == r->lsn)
		r->chain = end->chain;
}

/* A live copy may hold later segments without all of those before: the log is cut there. */
static enum status cut_copy(struct scan *s, uint32_t first_aside)
{
	log_warn("db", "live copy: recovered to LSN %llu; later log segments are put aside",
		 LLU(s->r->lsn));
	for (uint32_t i = first_aside; i < s->segments.n; i++)
		TRY(put_aside(s, s->segments.v[i].file));
	return ST_END;
}

/* The log ends in a segment that has a successor, before the successor's beginning. */
static enum status end_in_the_middle(struct scan *s, uint32_t i, const struct wal_end *end,
				     uint64_t logical_end)
{
	const struct segment_info *info = &s->segments.v[i];
	if (!s->r->is_copy)
		return refuse(s, ST_CORRUPT,
			      "'%s' is damaged at offset %llu (%s): LSN %llu to %llu are lost, and "
			      "later segments exist" REPAIR_HINT,
			      info->file->name, LLU(end->offset),
			      end->why[0] != '\0' ? end->why : "it ends", LLU(s->r->lsn + 1),
			      LLU(logical_end));
	prove(s->r, info, end);
	return cut_copy(s, i + 1);
}

static enum status end_of_log(struct scan *s, const struct segment_info *info,
			      const struct wal_end *end)
{
	struct recovery *r = s->r;
	if (end->kind == WAL_END_CORRUPT)
		return refuse(s, ST_CORRUPT,
			      "'%s' is damaged at offset %llu (%s): LSN %llu to at least %llu are "
			      "lost" REPAIR_HINT,
			      info->file->name, LLU(end->offset), end->why, LLU(r->lsn + 1),
			      LLU(MAX_OF(end->durable_lsn, r->lsn + 1)));
	if (end->kind == WAL_END_TORN)
		log_info(
		    "db",
		    "'%s': the last write is incomplete from offset %llu on (%s); the log ends "
		    "with LSN %llu",
		    info->file->name, LLU(end->offset), end->why, LLU(r->lsn));
	if (!r->is_copy && !s->has_doublewrite && end->kind != WAL_END_SEALED &&
	    (info->header.flags & WAL_HEADER_DOUBLEWRITE) != 0)
		return refuse(s, ST_CORRUPT,
			      "'%s' has no seal and '" DOUBLEWRITE_NAME
			      "' is missing or damaged: what was written last may be "
			      "lost" REPAIR_HINT,
			      info->file->name);
	prove(r, info, end);
	return ST_OK;
}

static enum status replay_segment(struct scan *s, uint32_t i, struct wal_records *rs)
{
	struct recovery *r = s->r;
	struct segment_info *info = &s->segments.v[i];
	bool last = i + 1 == s->segments.n;
	struct segment_info *next = last ? NULL : info + 1;
	uint64_t logical_end = last || next->bad ? UINT64_MAX : next->header.prev_last_lsn;
	struct wal_reader *reader;
	char path[FILE_PATH_MAX];

	if (logical_end <= r->lsn)
		return ST_OK; /* the snapshot holds it all */
	if (info->bad)
		return refuse(
		    s, ST_CORRUPT,
		    "'%s' has no valid header: the log from LSN %llu on is lost" REPAIR_HINT,
		    info->file->name, LLU(r->lsn + 1));
	if (info->header.first_lsn > r->lsn + 1 && r->is_copy && r->lsn > 0)
		return cut_copy(s, i);
	if (info->header.first_lsn > r->lsn + 1)
		return refuse(s, ST_CORRUPT, "LSN %llu to %llu are missing before '%s'",
			      LLU(r->lsn + 1), LLU(info->header.first_lsn - 1), info->file->name);
	TRY(path_of(s, info->file->name, path));
	enum status st = wal_reader_open(path, last || r->is_copy, &reader);
	if (st != ST_OK)
		return refuse(s, st, "cannot read '%s': %s", info->file->name, status_name(st));
	st = apply_segment(s, reader, rs, logical_end);
	if (st == ST_OK) {
		const struct wal_end *end = wal_reader_end(reader);
		memcpy(r->last_path, path, sizeof path);
		r->last_seq = info->header.seq;
		r->last_offset = end->offset;
		drop_unfinished(r, end);
		if (!last && !next->bad && r->lsn < logical_end)
			st = end_in_the_middle(s, i, end, logical_end);
		else if (last || next->bad)
			st = end_of_log(s, info, end);
	}
	wal_reader_close(reader);
	return st;
}

static enum status replay(struct scan *s)
{
	struct wal_records rs;
	enum status st = ST_OK;
	wal_records_init(&rs);
	for (uint32_t i = 0; i < s->segments.n && st == ST_OK; i++)
		st = replay_segment(s, i, &rs);
	wal_records_release(&rs);
	return st == ST_END ? ST_OK : st; /* ST_END: a live copy was cut */
}

/* Chain at proven_lsn, and the frames behind it to fn. */
static enum status walk_tail(const struct recovery *r, uint64_t *ret_chain, struct wal_writer *into)
{
	struct wal_reader *reader;
	struct wal_frame f;
	enum status st;
	TRY(wal_reader_open(r->last_path, false, &reader));
	bool found = false;
	while ((st = wal_reader_next(reader, &f)) == ST_OK) {
		if (f.type != WAL_BATCH || f.first_lsn <= r->proven_lsn || f.first_lsn > r->lsn)
			continue;
		if (!found && ret_chain != NULL)
			*ret_chain = f.chain;
		found = true;
		if (into != NULL && (st = wal_adopt(into, &f)) != ST_OK)
			break;
	}
	wal_reader_close(reader);
	return st == ST_END ? (found ? ST_OK : ST_CORRUPT) : st;
}

static enum status find_proven_chain(struct scan *s)
{
	struct recovery *r = s->r;
	if (r->proven_lsn >= r->lsn) {
		r->proven_lsn = r->lsn;
		r->proven_chain = r->chain;
		return ST_OK;
	}
	enum status st = walk_tail(r, &r->proven_chain, NULL);
	return st == ST_OK
		   ? ST_OK
		   : refuse(s, st, "cannot read '%s' again: %s", r->last_path, status_name(st));
}

/* What the fence and the snapshots' names promise must have been reached. */
static enum status check_promises(struct scan *s)
{
	struct recovery *r = s->r;
	if (s->bad_snapshot > r->lsn)
		return refuse(
		    s, ST_CORRUPT,
		    "the snapshot of LSN %llu cannot be used and the log reaches only LSN "
		    "%llu" REPAIR_HINT,
		    LLU(s->bad_snapshot), LLU(r->lsn));
	const struct fence_run *now = &s->fence->runs[s->fence->n_runs - 1];
	uint64_t durable = MAX_OF(s->fence->durable_lsn, now->first_lsn - 1);
	if (!r->is_copy && r->lsn < durable)
		return refuse(s, ST_CORRUPT,
			      "the log ends with LSN %llu, but LSN %llu was durable" REPAIR_HINT,
			      LLU(r->lsn), LLU(durable));
	r->snapshot_due = s->bad_snapshot != 0;
	return ST_OK;
}

enum status recover(const char *dir, const struct fence *f, struct inventory *inv,
		    const struct recovery_sink *sink, struct recovery *ret, char *reason,
		    size_t reason_size)
{
	struct scan s = {
	    .dir = dir,
	    .fence = f,
	    .inv = inv,
	    .sink = sink,
	    .r = ret,
	    .reason = reason,
	    .reason_size = reason_size,
	};
	*ret = (struct recovery){0};
	snprintf(reason, reason_size, "recovery failed");
	inventory_judge(inv, f);
	enum status st = fence_is_copy(dir, f, &ret->is_copy);
	if (st == ST_OK)
		st = put_aside_outsiders(&s);
	if (st == ST_OK)
		st = restore_tail(&s);
	if (st == ST_OK)
		st = load_snapshot(&s);
	if (st == ST_OK)
		st = take_segments(&s);
	if (st == ST_OK)
		st = replay(&s);
	if (st == ST_OK)
		st = check_promises(&s);
	if (st == ST_OK)
		st = find_proven_chain(&s);
	vec_release(MEM_OTHER, &s.segments);
	if (st != ST_OK)
		recovery_release(ret);
	return st;
}

void recovery_release(struct recovery *r)
{
	vec_release(MEM_OTHER, &r->orphans);
}

enum status recover_adopt(const struct recovery *r, struct wal_writer *w)
{
	return r->proven_lsn == r->lsn ? ST_OK : walk_tail(r, NULL, w);
}
