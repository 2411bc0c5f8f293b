#include "snapshot/format.h"

#include <stdio.h>

#include "base/hash.h"

#define HEADER_MAGIC "GEODSNAP"
#define TRAILER_MAGIC "GEODSEND"
#define CODEC_LZ4 1

static void store_u16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof v);
}

static uint16_t load_u16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* Fills the CRC of all but the last four bytes into those. */
static void seal_bytes(uint8_t *p, size_t n)
{
	store_u32(p + n - 4, crc32c(0, p, n - 4));
}

static bool seal_holds(const uint8_t *p, size_t n)
{
	return load_u32(p + n - 4) == crc32c(0, p, n - 4);
}

void snapshot_skip_put(enum snapshot_skip kind, uint32_t n, uint8_t out[SNAPSHOT_SKIP_BYTES])
{
	store_u32(out, SNAPSHOT_SKIP_MAGIC + (uint32_t)kind);
	store_u32(out + 4, n);
}

bool snapshot_skip_is(const uint8_t in[SNAPSHOT_SKIP_BYTES], enum snapshot_skip kind, uint32_t n)
{
	return load_u32(in) == SNAPSHOT_SKIP_MAGIC + (uint32_t)kind && load_u32(in + 4) == n;
}

void snapshot_header_put(const struct snapshot_meta *m, uint8_t out[SNAPSHOT_HEADER_BYTES])
{
	memset(out, 0, SNAPSHOT_HEADER_BYTES);
	memcpy(out, HEADER_MAGIC, 8);
	store_u16(out + 8, SNAPSHOT_FORMAT_MAJOR);
	store_u16(out + 10, SNAPSHOT_FORMAT_MINOR);
	store_u32(out + 12, SNAPSHOT_FORMAT_MAJOR);
	memcpy(out + 16, m->db_id, SNAPSHOT_ID_BYTES);
	memcpy(out + 32, m->run_id, SNAPSHOT_ID_BYTES);
	store_u64(out + 48, m->epoch);
	store_u64(out + 56, m->lsn);
	store_u64(out + 64, m->chain);
	store_u64(out + 72, (uint64_t)m->wall_us);
	store_u64(out + 80, (uint64_t)m->created_us);
	store_u32(out + 88, CODEC_LZ4);
	seal_bytes(out, SNAPSHOT_HEADER_BYTES);
}

enum status snapshot_header_get(const uint8_t in[SNAPSHOT_HEADER_BYTES], struct snapshot_meta *m)
{
	if (memcmp(in, HEADER_MAGIC, 8) != 0 || !seal_holds(in, SNAPSHOT_HEADER_BYTES))
		return ST_CORRUPT;
	m->major = load_u16(in + 8);
	if (load_u32(in + 12) > SNAPSHOT_FORMAT_MAJOR || load_u32(in + 88) != CODEC_LZ4 ||
	    load_u32(in + 92) != 0)
		return ST_LIMIT;
	memcpy(m->db_id, in + 16, SNAPSHOT_ID_BYTES);
	memcpy(m->run_id, in + 32, SNAPSHOT_ID_BYTES);
	m->epoch = load_u64(in + 48);
	m->lsn = load_u64(in + 56);
	m->chain = load_u64(in + 64);
	m->wall_us = (int64_t)load_u64(in + 72);
	m->created_us = (int64_t)load_u64(in + 80);
	return ST_OK;
}

#define PREFIX_BYTES 40 /* what a block header and its index entry share */

static void prefix_put(const struct snapshot_block *b, uint8_t *out)
{
	store_u32(out, b->section);
	store_u32(out + 4, b->graph);
	store_u32(out + 8, b->number);
	store_u32(out + 12, b->flags);
	store_u32(out + 16, b->raw_len);
	store_u32(out + 20, b->frame_len);
	store_u64(out + 24, b->first);
	store_u64(out + 32, b->last);
}

static void prefix_get(const uint8_t *in, struct snapshot_block *b)
{
	b->section = load_u32(in);
	b->graph = load_u32(in + 4);
	b->number = load_u32(in + 8);
	b->flags = load_u32(in + 12);
	b->raw_len = load_u32(in + 16);
	b->frame_len = load_u32(in + 20);
	b->first = load_u64(in + 24);
	b->last = load_u64(in + 32);
}

void snapshot_block_put(const struct snapshot_block *b, uint8_t out[SNAPSHOT_BLOCK_BYTES])
{
	memset(out, 0, SNAPSHOT_BLOCK_BYTES);
	prefix_put(b, out);
	store_u32(out + PREFIX_BYTES, b->frame_crc);
	seal_bytes(out, SNAPSHOT_BLOCK_BYTES);
}

enum status snapshot_block_get(const uint8_t in[SNAPSHOT_BLOCK_BYTES], struct snapshot_block *b)
{
	if (!seal_holds(in, SNAPSHOT_BLOCK_BYTES))
		return ST_CORRUPT;
	prefix_get(in, b);
	b->frame_crc = load_u32(in + PREFIX_BYTES);
	return ST_OK;
}

void snapshot_entry_put(const struct snapshot_block *b, uint8_t out[SNAPSHOT_ENTRY_BYTES])
{
	store_u64(out, b->offset);
	prefix_put(b, out + 8);
}

void snapshot_entry_get(const uint8_t in[SNAPSHOT_ENTRY_BYTES], struct snapshot_block *b)
{
	b->offset = load_u64(in);
	prefix_get(in + 8, b);
	b->frame_crc = 0;
}

void snapshot_trailer_put(const struct snapshot_trailer *t, uint8_t out[SNAPSHOT_TRAILER_BYTES])
{
	memset(out, 0, SNAPSHOT_TRAILER_BYTES);
	memcpy(out, TRAILER_MAGIC, 8);
	store_u64(out + 8, t->index_at);
	store_u64(out + 16, t->n_blocks);
	store_u64(out + 24, t->file_len);
	store_u32(out + 32, t->index_crc);
	store_u32(out + 36, t->header_crc);
	seal_bytes(out, SNAPSHOT_TRAILER_BYTES);
}

enum status snapshot_trailer_get(const uint8_t in[SNAPSHOT_TRAILER_BYTES],
				 struct snapshot_trailer *t)
{
	if (memcmp(in, TRAILER_MAGIC, 8) != 0 || !seal_holds(in, SNAPSHOT_TRAILER_BYTES))
		return ST_CORRUPT;
	t->index_at = load_u64(in + 8);
	t->n_blocks = load_u64(in + 16);
	t->file_len = load_u64(in + 24);
	t->index_crc = load_u32(in + 32);
	t->header_crc = load_u32(in + 36);
	return ST_OK;
}

void snapshot_name(uint64_t epoch, uint64_t lsn, const uint8_t run_id[SNAPSHOT_ID_BYTES],
		   char out[SNAPSHOT_NAME_MAX])
{
	snprintf(out, SNAPSHOT_NAME_MAX, "snap-%010llu-%020llu-%02x%02x%02x%02x.gsnap",
		 (unsigned long long)epoch, (unsigned long long)lsn, run_id[0], run_id[1],
		 run_id[2], run_id[3]);
}

bool snapshot_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_lsn,
			 uint8_t ret_run[4])
{
	struct str s = str_of(name);
	if (s.len != 51 || !str_starts(s, STR("snap-")))
		return false;
	uint64_t epoch, lsn;
	if (!str_to_u64((struct str){s.p + 5, 10}, &epoch) ||
	    !str_to_u64((struct str){s.p + 16, 20}, &lsn))
		return false;
	uint8_t run[SNAPSHOT_ID_BYTES] = {0};
	for (unsigned i = 0; i < 8; i++) {
		char c = s.p[37 + i];
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a' + 10);
		else
			return false;
		run[i / 2] = (uint8_t)(run[i / 2] << 4 | digit);
	}
	char again[SNAPSHOT_NAME_MAX]; /* one spelling only; also checks the fixed parts */
	snapshot_name(epoch, lsn, run, again);
	if (!str_eq(s, str_of(again)))
		return false;
	*ret_epoch = epoch;
	*ret_lsn = lsn;
	memcpy(ret_run, run, 4);
	return true;
}
