#include "snapshot/reader.h"

#include <lz4frame.h>
#include <stdio.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/vec.h"

struct snapshot_reader {
	char path[FILE_PATH_MAX];
	VEC(struct snapshot_block) blocks;
	VEC(struct snapshot_item) items;
};

/* Exactly n bytes or ST_CORRUPT. */
static enum status read_at(struct file *f, void *p, size_t n, uint64_t at)
{
	size_t got;
	TRY(file_io->pread(f, p, n, at, &got));
	return got == n ? ST_OK : ST_CORRUPT;
}

static enum status read_skip(struct file *f, enum snapshot_skip kind, void *p, uint32_t n,
			     uint64_t at)
{
	uint8_t head[SNAPSHOT_SKIP_BYTES];
	TRY(read_at(f, head, sizeof head, at));
	if (!snapshot_skip_is(head, kind, n))
		return ST_CORRUPT;
	return read_at(f, p, n, at + sizeof head);
}

/* Blocks lie one behind the other from the header to the index, without a gap. */
static const char *check_block(const struct snapshot_block *b, uint32_t number, uint64_t at,
			       uint64_t index_at)
{
	if (b->number != number || b->offset != at)
		return "blocks out of order";
	if (b->raw_len > SNAPSHOT_BLOCK_MAX || b->flags > SNAPSHOT_FLAG_CONTINUES)
		return "a block that is too large";
	if (at + SNAPSHOT_SKIP_BYTES + SNAPSHOT_BLOCK_BYTES + b->frame_len > index_at)
		return "a block behind the index";
	return NULL;
}

static enum status add_item(struct snapshot_reader *r, const struct snapshot_block *b, bool goes_on)
{
	if (!goes_on) {
		struct snapshot_item item = {b->section, b->graph,  b->first, b->last,
					     0,		 b->number, 0};
		if (!vec_push(MEM_OTHER, &r->items, item))
			return ST_NOMEM;
	}
	struct snapshot_item *item = &vec_last(&r->items);
	if (item->section != b->section || item->graph != b->graph || item->first != b->first)
		return ST_CORRUPT;
	item->raw_len += b->raw_len;
	item->n_blocks++;
	return item->raw_len <= SNAPSHOT_OBJECT_MAX ? ST_OK : ST_CORRUPT;
}

static enum status take_index(struct snapshot_reader *r, const uint8_t *index,
			      const struct snapshot_trailer *t, const char **why)
{
	uint64_t at = SNAPSHOT_SKIP_BYTES + SNAPSHOT_HEADER_BYTES;
	bool goes_on = false;
	for (uint32_t i = 0; i < t->n_blocks; i++) {
		struct snapshot_block b;
		snapshot_entry_get(index + (size_t)i * SNAPSHOT_ENTRY_BYTES, &b);
		const char *wrong = check_block(&b, i, at, t->index_at);
		if (wrong != NULL) {
			*why = wrong;
			return ST_CORRUPT;
		}
		if (!vec_push(MEM_OTHER, &r->blocks, b))
			return ST_NOMEM;
		*why = "an object that is cut";
		TRY(add_item(r, &b, goes_on));
		goes_on = (b.flags & SNAPSHOT_FLAG_CONTINUES) != 0;
		at += SNAPSHOT_SKIP_BYTES + SNAPSHOT_BLOCK_BYTES + b.frame_len;
	}
	*why = "an index that does not fit the file";
	return at == t->index_at && !goes_on ? ST_OK : ST_CORRUPT;
}

static enum status read_frame(struct snapshot_reader *r, struct file *f, struct snapshot_meta *meta,
			      const char **why)
{
	uint8_t head[SNAPSHOT_HEADER_BYTES], end[SNAPSHOT_TRAILER_BYTES];
	struct snapshot_trailer t;
	struct file_info info;

	*why = "no valid header";
	TRY(file_io->file_info(f, &info));
	TRY(read_skip(f, SKIP_HEADER, head, sizeof head, 0));
	TRY(snapshot_header_get(head, meta));
	*why = "no valid trailer: the file is incomplete";
	const uint64_t end_size = SNAPSHOT_SKIP_BYTES + SNAPSHOT_TRAILER_BYTES;
	if (info.size <
	    SNAPSHOT_SKIP_BYTES + SNAPSHOT_HEADER_BYTES + SNAPSHOT_SKIP_BYTES + end_size)
		return ST_CORRUPT;
	TRY(read_skip(f, SKIP_TRAILER, end, sizeof end, info.size - end_size));
	TRY(snapshot_trailer_get(end, &t));
	*why = "a trailer that does not fit the file";
	uint64_t index_len = t.n_blocks * SNAPSHOT_ENTRY_BYTES;
	if (t.file_len != info.size || t.n_blocks > UINT32_MAX / SNAPSHOT_ENTRY_BYTES ||
	    t.index_at + SNAPSHOT_SKIP_BYTES + index_len + end_size != info.size ||
	    t.header_crc != load_u32(head + SNAPSHOT_HEADER_BYTES - 4))
		return ST_CORRUPT;
	uint8_t *index = mem_alloc(MEM_OTHER, index_len);
	if (index == NULL)
		return ST_NOMEM;
	*why = "an index with a wrong checksum";
	enum status st = read_skip(f, SKIP_INDEX, index, (uint32_t)index_len, t.index_at);
	if (st == ST_OK && crc32c(0, index, index_len) != t.index_crc)
		st = ST_CORRUPT;
	if (st == ST_OK)
		st = take_index(r, index, &t, why);
	mem_free(MEM_OTHER, index, index_len);
	return st;
}

enum status snapshot_open(const char *path, struct snapshot_reader **ret,
			  struct snapshot_meta *meta, const char **why)
{
	*why = "";
	struct snapshot_reader *r = MEM_NEW(MEM_OTHER, struct snapshot_reader);
	if (r == NULL)
		return ST_NOMEM;
	snprintf(r->path, sizeof r->path, "%s", path);
	struct file *f;
	enum status st = file_io->open(path, FILE_READ, 0, &f);
	if (st == ST_OK) {
		st = read_frame(r, f, meta, why);
		file_io->close(f);
	}
	if (st != ST_OK) {
		snapshot_close(r);
		return st;
	}
	*ret = r;
	return ST_OK;
}

void snapshot_close(struct snapshot_reader *r)
{
	if (r == NULL)
		return;
	vec_release(MEM_OTHER, &r->blocks);
	vec_release(MEM_OTHER, &r->items);
	MEM_FREE(MEM_OTHER, r);
}

uint32_t snapshot_count(const struct snapshot_reader *r)
{
	return r->items.n;
}

const struct snapshot_item *snapshot_item(const struct snapshot_reader *r, uint32_t i)
{
	return &r->items.v[i];
}

/* ---- decoding ----------------------------------------------------------------------------------
 */

struct snapshot_decoder {
	const struct snapshot_reader *r;
	struct file *file;
	LZ4F_dctx *lz4; /* liblz4 allocates it by itself: some 100 KiB */
	uint8_t *raw, *packed;
	size_t raw_cap, packed_cap;
};

enum status snapshot_decoder_new(const struct snapshot_reader *r, struct snapshot_decoder **ret)
{
	struct snapshot_decoder *d = MEM_NEW(MEM_OTHER, struct snapshot_decoder);
	if (d == NULL)
		return ST_NOMEM;
	d->r = r;
	enum status st = file_io->open(r->path, FILE_READ, 0, &d->file);
	if (st == ST_OK && LZ4F_isError(LZ4F_createDecompressionContext(&d->lz4, LZ4F_VERSION)))
		st = ST_NOMEM;
	if (st != ST_OK) {
		snapshot_decoder_free(d);
		return st;
	}
	*ret = d;
	return ST_OK;
}

void snapshot_decoder_free(struct snapshot_decoder *d)
{
	if (d == NULL)
		return;
	if (d->file != NULL)
		file_io->close(d->file);
	LZ4F_freeDecompressionContext(d->lz4);
	mem_free(MEM_OTHER, d->raw, d->raw_cap);
	mem_free(MEM_OTHER, d->packed, d->packed_cap);
	MEM_FREE(MEM_OTHER, d);
}

/* Room for n bytes; what was there is not kept. */
static enum status make_room(uint8_t **p, size_t *cap, size_t n)
{
	if (n <= *cap)
		return ST_OK;
	uint8_t *q = mem_alloc(MEM_OTHER, n);
	if (q == NULL)
		return ST_NOMEM;
	mem_free(MEM_OTHER, *p, *cap);
	*p = q;
	*cap = n;
	return ST_OK;
}

static enum status unpack(struct snapshot_decoder *d, const uint8_t *frame, size_t n, uint8_t *raw,
			  size_t raw_len)
{
	size_t in = 0, out = 0, more = 1;
	LZ4F_resetDecompressionContext(d->lz4);
	while (more != 0) {
		size_t n_in = n - in, n_out = raw_len - out;
		more = LZ4F_decompress(d->lz4, raw + out, &n_out, frame + in, &n_in, NULL);
		if (LZ4F_isError(more) || (n_in == 0 && n_out == 0 && more != 0))
			return ST_CORRUPT;
		in += n_in;
		out += n_out;
	}
	return in == n && out == raw_len ? ST_OK : ST_CORRUPT;
}

/* One block: header and frame are read together. */
static enum status decode_block(struct snapshot_decoder *d, const struct snapshot_block *want,
				uint8_t *raw, const char **why)
{
	size_t head = SNAPSHOT_SKIP_BYTES + SNAPSHOT_BLOCK_BYTES;
	size_t n = head + want->frame_len;
	TRY(make_room(&d->packed, &d->packed_cap, n));
	*why = "an incomplete block";
	TRY(read_at(d->file, d->packed, n, want->offset));
	*why = "a block header that does not fit the index";
	struct snapshot_block b;
	if (!snapshot_skip_is(d->packed, SKIP_BLOCK, SNAPSHOT_BLOCK_BYTES))
		return ST_CORRUPT;
	TRY(snapshot_block_get(d->packed + SNAPSHOT_SKIP_BYTES, &b));
	if (b.number != want->number || b.raw_len != want->raw_len ||
	    b.frame_len != want->frame_len || b.section != want->section ||
	    b.graph != want->graph || b.first != want->first || b.last != want->last ||
	    b.flags != want->flags)
		return ST_CORRUPT;
	*why = "a block with a wrong checksum";
	if (crc32c(0, d->packed + head, b.frame_len) != b.frame_crc)
		return ST_CORRUPT;
	return unpack(d, d->packed + head, b.frame_len, raw, b.raw_len);
}

enum status snapshot_decode(struct snapshot_decoder *d, uint32_t i, const uint8_t **ret,
			    size_t *ret_n, const char **why)
{
	const struct snapshot_item *item = &d->r->items.v[i];
	*why = "";
	TRY(make_room(&d->raw, &d->raw_cap, MAX_OF(item->raw_len, UINT64_C(1))));
	size_t at = 0;
	for (uint32_t k = 0; k < item->n_blocks; k++) {
		const struct snapshot_block *b = &d->r->blocks.v[item->block + k];
		TRY(decode_block(d, b, d->raw + at, why));
		at += b->raw_len;
	}
	*ret = d->raw;
	*ret_n = at;
	return ST_OK;
}
