#include "wal/reader.h"

#include "base/file.h"
#include "base/hash.h"

#define WINDOW_BYTES (UINT64_C(16) << 20) /* holds the largest frame */

struct wal_reader {
	struct file *file;
	struct wal_header header;
	struct wal_end end;
	uint8_t *window;
	size_t window_cap;
	uint64_t window_at; /* file offset of window[0] */
	size_t window_len;
	uint64_t at; /* of the next frame */
	uint64_t next_lsn, chain;
	int64_t wall_us;
	uint32_t crc;  /* of all bytes before `at` */
	bool going_on; /* inside a transaction that runs over frames */
	bool ended;
};

enum status wal_reader_open(const char *path, bool from_device, struct wal_reader **ret)
{
	struct file *file;
	TRY(file_io->open(path, from_device ? FILE_READ | FILE_WRITE : FILE_READ, 0, &file));
	struct wal_reader *r = MEM_NEW(MEM_WAL, struct wal_reader);
	if (r == NULL) {
		file_io->close(file);
		return ST_NOMEM;
	}
	r->file = file;
	enum status st = ST_OK;
	if (from_device) {
		st = file_io->sync(file);
		if (st == ST_OK)
			st = file_io->drop_cache(file);
	}
	struct file_info info = {0};
	if (st == ST_OK)
		st = file_io->file_info(file, &info);
	if (st == ST_OK) {
		r->window_cap = MIN_OF(MAX_OF(info.size, (uint64_t)WAL_HEADER_BYTES), WINDOW_BYTES);
		r->window = mem_alloc(MEM_WAL, r->window_cap);
		if (r->window == NULL)
			st = ST_NOMEM;
	}
	size_t n = 0;
	if (st == ST_OK)
		st = file_io->pread(file, r->window, WAL_HEADER_BYTES, 0, &n);
	if (st == ST_OK)
		st = n < WAL_HEADER_BYTES ? ST_CORRUPT : wal_header_get(r->window, &r->header);
	if (st != ST_OK) {
		wal_reader_close(r);
		return st;
	}
	r->crc = crc32c(0, r->window, WAL_HEADER_BYTES);
	r->at = WAL_HEADER_BYTES;
	r->next_lsn = r->header.first_lsn;
	r->chain = r->header.chain;
	r->end = (struct wal_end){
	    .kind = WAL_END_OPEN,
	    .offset = WAL_HEADER_BYTES,
	    .size = info.size,
	    .last_lsn = r->header.first_lsn - 1,
	    .chain = r->header.chain,
	    .why = "",
	};
	*ret = r;
	return ST_OK;
}

void wal_reader_close(struct wal_reader *r)
{
	if (r == NULL)
		return;
	file_io->close(r->file);
	mem_free(MEM_WAL, r->window, r->window_cap);
	MEM_FREE(MEM_WAL, r);
}

const struct wal_header *wal_reader_header(const struct wal_reader *r)
{
	return &r->header;
}

const struct wal_end *wal_reader_end(const struct wal_reader *r)
{
	return &r->end;
}

const char *wal_end_name(enum wal_end_kind kind)
{
	static const char *const names[] = {"sealed", "open", "torn", "corrupt"};
	return names[kind];
}

/* Up to n bytes of the file at `at`; fewer only at the end of the file. */
static enum status look(struct wal_reader *r, uint64_t at, size_t n, const uint8_t **ret,
			size_t *ret_n)
{
	if (at < r->window_at || at + n > r->window_at + r->window_len) {
		r->window_at = at;
		r->window_len = 0;
		TRY(file_io->pread(r->file, r->window, r->window_cap, at, &r->window_len));
	}
	size_t skip = (size_t)(at - r->window_at);
	*ret = r->window + skip;
	*ret_n = r->window_len > skip ? MIN_OF(n, r->window_len - skip) : 0;
	return ST_OK;
}

/* Looks behind damage for a valid frame that says that what is damaged had been durable. */
static enum status search_witness(struct wal_reader *r, bool *ret_found)
{
	*ret_found = false;
	for (uint64_t at = r->at + 8; at + WAL_FRAME_BYTES <= r->end.size; at += 8) {
		const uint8_t *p;
		size_t n;
		struct wal_frame f;
		TRY(look(r, at, WAL_FRAME_BYTES, &p, &n));
		if (n < WAL_FRAME_BYTES)
			break;
		if (wal_frame_get(p, r->header.salt, &f) != ST_OK)
			continue;
		r->end.durable_lsn = MAX_OF(r->end.durable_lsn, f.durable_lsn);
		if (f.type == WAL_SEAL || f.durable_lsn >= r->next_lsn)
			*ret_found = true;
	}
	return ST_OK;
}

static enum status end_at(struct wal_reader *r, enum wal_end_kind kind, const char *why)
{
	r->ended = true;
	r->end.kind = kind;
	r->end.why = why;
	return ST_END;
}

/* Bytes that are no valid frame: a torn tail unless something proves otherwise. */
static enum status end_damaged(struct wal_reader *r, const char *why)
{
	bool durable;
	TRY(search_witness(r, &durable));
	if (!durable)
		return end_at(r, WAL_END_TORN, why);
	r->end.offset = r->at;
	return end_at(r, WAL_END_CORRUPT, why);
}

/* A frame with a valid checksum that cannot stand here: no write can tear into that. */
static enum status end_contradiction(struct wal_reader *r, const char *why)
{
	r->end.offset = r->at;
	return end_at(r, WAL_END_CORRUPT, why);
}

static const char *contradiction(const struct wal_reader *r, const struct wal_frame *f)
{
	if (f->first_lsn != r->next_lsn)
		return "a frame with another LSN than the next";
	if (f->chain != r->chain)
		return "a frame that does not continue the chain";
	if (f->durable_lsn >= wal_frame_next_lsn(f))
		return "a frame that calls durable what was not written";
	if (f->type == WAL_BATCH && (f->n_ends == 0) != (f->flags == WAL_FLAG_CONTINUES))
		return "a batch in which no transaction ends, or one ends and one goes on";
	if (f->type != WAL_BATCH && (r->going_on || f->n_ends != 0 || f->flags != 0))
		return "a transaction without its end";
	return NULL;
}

static enum status check_seal(struct wal_reader *r, const struct wal_frame *f, uint64_t size)
{
	struct wal_seal s = wal_seal_get(f->payload);
	if (s.last_lsn != r->next_lsn - 1 || s.chain != r->chain || s.offset != r->at)
		return end_contradiction(r, "a seal that does not fit its segment");
	if (s.file_crc != r->crc)
		return end_contradiction(r, "a seal whose checksum of the file is wrong");
	if (r->at + size != r->end.size)
		return end_contradiction(r, "bytes after the seal");
	r->at = r->end.offset = r->at + size;
	r->end.durable_lsn = MAX_OF(r->end.durable_lsn, s.last_lsn);
	return end_at(r, WAL_END_SEALED, "");
}

static void accept(struct wal_reader *r, const struct wal_frame *f, const uint8_t *head,
		   uint64_t size)
{
	r->crc = crc32c(r->crc, head, size);
	r->at += size;
	r->next_lsn = wal_frame_next_lsn(f);
	r->chain = wal_chain_after(f);
	r->wall_us = MAX_OF(r->wall_us, f->wall_us);
	r->going_on = f->type == WAL_BATCH && (f->flags & WAL_FLAG_CONTINUES) != 0;
	r->end.durable_lsn = MAX_OF(r->end.durable_lsn, f->durable_lsn);
	r->end.wall_us = r->wall_us;
	if (r->going_on)
		return; /* the log cannot be cut inside a transaction */
	r->end.offset = r->at;
	r->end.last_lsn = r->next_lsn - 1;
	r->end.chain = r->chain;
}

static enum status padding_is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return ST_CORRUPT;
	return ST_OK;
}

enum status wal_reader_next(struct wal_reader *r, struct wal_frame *ret)
{
	const uint8_t *p;
	size_t n;

	if (r->ended)
		return ST_END;
	if (r->at == r->end.size)
		return end_at(r, r->going_on ? WAL_END_TORN : WAL_END_OPEN,
			      r->going_on ? "a transaction without its end" : "");
	TRY(look(r, r->at, WAL_FRAME_BYTES, &p, &n));
	if (n < WAL_FRAME_BYTES)
		return end_damaged(r, "an incomplete frame header");
	if (wal_frame_get(p, r->header.salt, ret) != ST_OK)
		return end_damaged(r, "a frame header with a wrong checksum");
	uint64_t size = wal_frame_size(ret->payload_len);
	TRY(look(r, r->at, size, &p, &n));
	if (n < size)
		return end_damaged(r, "an incomplete frame");
	ret->payload = p + WAL_FRAME_BYTES;
	size_t padding = size - WAL_FRAME_BYTES - ret->payload_len;
	if (crc32c(0, ret->payload, ret->payload_len) != ret->payload_crc ||
	    padding_is_zero(ret->payload + ret->payload_len, padding) != ST_OK)
		return end_damaged(r, "a frame whose payload has a wrong checksum");
	const char *wrong = contradiction(r, ret);
	if (wrong != NULL)
		return end_contradiction(r, wrong);
	if (ret->type == WAL_SEAL)
		return check_seal(r, ret, size);
	accept(r, ret, p, size);
	return ST_OK;
}

/* ---- records --------------------------------------------------------------------------------- */

void wal_records_init(struct wal_records *rs)
{
	*rs = (struct wal_records){0};
	buf_init(&rs->run, MEM_WAL, 0);
}

void wal_records_release(struct wal_records *rs)
{
	buf_release(&rs->run);
}

enum status wal_records_feed(struct wal_records *rs, const struct wal_frame *f)
{
	if (f->type != WAL_BATCH)
		return ST_OK;
	bool goes_on = (f->flags & WAL_FLAG_CONTINUES) != 0;
	if (!rs->going_on && !goes_on) {
		rs->in = reader_of(f->payload, f->payload_len);
	} else {
		if (rs->run_at > 0)
			memmove(rs->run.p, rs->run.p + rs->run_at, rs->run.len - rs->run_at);
		rs->run.len -= rs->run_at;
		rs->run_at = 0;
		buf_put(&rs->run, f->payload, f->payload_len);
		if (!buf_ok(&rs->run))
			return ST_NOMEM;
		rs->in = reader_of(rs->run.p, rs->run.len);
	}
	rs->lsn = f->first_lsn;
	rs->n_left = f->n_ends;
	rs->going_on = goes_on;
	return ST_OK;
}

enum status wal_records_next(struct wal_records *rs, struct wal_record *ret)
{
	if (rs->n_left == 0) {
		if (rs->going_on && rs->run.len > 0)
			rs->run_at = rs->run.len - reader_left(&rs->in);
		else if (reader_left(&rs->in) > 0)
			return ST_CORRUPT;
		else
			rs->run_at = rs->run.len;
		return ST_END;
	}
	uint32_t len = get_u32(&rs->in);
	uint32_t zero = get_u32(&rs->in);
	ret->lsn = get_u64(&rs->in);
	ret->commit_us = (int64_t)get_u64(&rs->in);
	ret->origin = get_u64(&rs->in);
	struct str redo = get_bytes(&rs->in, len);
	if (rs->in.failed || zero != 0 || ret->lsn != rs->lsn)
		return ST_CORRUPT;
	ret->redo = (const uint8_t *)redo.p;
	ret->redo_len = redo.len;
	rs->lsn++;
	rs->n_left--;
	return ST_OK;
}
