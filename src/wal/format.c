#include "wal/format.h"

#include <stdio.h>

#include "base/hash.h"

#define MAGIC "GEODEWAL"

enum { /* offsets in the segment header */
       AT_MAJOR = 8,
       AT_MINOR = 10,
       AT_MIN_READER = 12,
       AT_DB = 16,
       AT_RUN = 32,
       AT_EPOCH = 48,
       AT_SEQ = 56,
       AT_FIRST_LSN = 64,
       AT_CHAIN = 72,
       AT_PREV_SEQ = 80,
       AT_PREV_LAST = 88,
       AT_CREATED = 96,
       AT_CODEC = 104,
       AT_CIPHER = 108,
       AT_SALT = 128,
       AT_FLAGS = 136,
       AT_HEADER_CRC = WAL_HEADER_BYTES - 4,
};

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

void wal_header_put(const struct wal_header *h, uint8_t out[WAL_HEADER_BYTES])
{
	memset(out, 0, WAL_HEADER_BYTES);
	memcpy(out, MAGIC, 8);
	store_u16(out + AT_MAJOR, h->major);
	store_u16(out + AT_MINOR, h->minor);
	store_u32(out + AT_MIN_READER, h->min_reader);
	memcpy(out + AT_DB, h->db_id, WAL_ID_BYTES);
	memcpy(out + AT_RUN, h->run_id, WAL_ID_BYTES);
	store_u64(out + AT_EPOCH, h->epoch);
	store_u64(out + AT_SEQ, h->seq);
	store_u64(out + AT_FIRST_LSN, h->first_lsn);
	store_u64(out + AT_CHAIN, h->chain);
	store_u64(out + AT_PREV_SEQ, h->prev_seq);
	store_u64(out + AT_PREV_LAST, h->prev_last_lsn);
	store_u64(out + AT_CREATED, (uint64_t)h->created_us);
	store_u64(out + AT_SALT, h->salt);
	store_u32(out + AT_FLAGS, h->flags);
	store_u32(out + AT_HEADER_CRC, crc32c(0, out, AT_HEADER_CRC));
}

enum status wal_header_get(const uint8_t in[WAL_HEADER_BYTES], struct wal_header *h)
{
	if (memcmp(in, MAGIC, 8) != 0 ||
	    load_u32(in + AT_HEADER_CRC) != crc32c(0, in, AT_HEADER_CRC))
		return ST_CORRUPT;
	h->major = load_u16(in + AT_MAJOR);
	h->minor = load_u16(in + AT_MINOR);
	h->min_reader = load_u32(in + AT_MIN_READER);
	if (h->min_reader > WAL_FORMAT_MAJOR || load_u32(in + AT_CODEC) != 0 ||
	    load_u32(in + AT_CIPHER) != 0)
		return ST_LIMIT;
	memcpy(h->db_id, in + AT_DB, WAL_ID_BYTES);
	memcpy(h->run_id, in + AT_RUN, WAL_ID_BYTES);
	h->epoch = load_u64(in + AT_EPOCH);
	h->seq = load_u64(in + AT_SEQ);
	h->first_lsn = load_u64(in + AT_FIRST_LSN);
	h->chain = load_u64(in + AT_CHAIN);
	h->prev_seq = load_u64(in + AT_PREV_SEQ);
	h->prev_last_lsn = load_u64(in + AT_PREV_LAST);
	h->created_us = (int64_t)load_u64(in + AT_CREATED);
	h->salt = load_u64(in + AT_SALT);
	h->flags = load_u32(in + AT_FLAGS);
	return ST_OK;
}

static uint32_t frame_crc(const uint8_t *head, uint64_t salt)
{
	return crc32c(crc32c(0, &salt, sizeof salt), head, WAL_FRAME_BYTES - 4);
}

void wal_frame_put(const struct wal_frame *f, uint64_t salt, uint8_t out[WAL_FRAME_BYTES])
{
	store_u32(out, f->type);
	store_u32(out + 4, f->payload_len);
	store_u64(out + 8, f->first_lsn);
	store_u32(out + 16, f->n_ends);
	store_u32(out + 20, f->flags);
	store_u64(out + 24, (uint64_t)f->wall_us);
	store_u64(out + 32, f->durable_lsn);
	store_u64(out + 40, f->chain);
	store_u32(out + 48, f->payload_crc);
	store_u32(out + 52, frame_crc(out, salt));
}

enum status wal_frame_get(const uint8_t in[WAL_FRAME_BYTES], uint64_t salt, struct wal_frame *f)
{
	uint32_t type = load_u32(in);
	if (type != WAL_BATCH && type != WAL_SEAL && type != WAL_NOTE)
		return ST_CORRUPT;
	if (load_u32(in + 52) != frame_crc(in, salt))
		return ST_CORRUPT;
	f->type = type;
	f->payload_len = load_u32(in + 4);
	f->first_lsn = load_u64(in + 8);
	f->n_ends = load_u32(in + 16);
	f->flags = load_u32(in + 20);
	f->wall_us = (int64_t)load_u64(in + 24);
	f->durable_lsn = load_u64(in + 32);
	f->chain = load_u64(in + 40);
	f->payload_crc = load_u32(in + 48);
	bool odd_length = type == WAL_SEAL   ? f->payload_len != WAL_SEAL_BYTES
			  : type == WAL_NOTE ? f->payload_len != 0
					     : f->payload_len > WAL_PAYLOAD_MAX;
	return odd_length ? ST_CORRUPT : ST_OK;
}

void wal_seal_put(const struct wal_seal *s, uint8_t out[WAL_SEAL_BYTES])
{
	store_u64(out, s->last_lsn);
	store_u64(out + 8, s->chain);
	store_u64(out + 16, s->offset);
	store_u32(out + 24, s->file_crc);
	store_u32(out + 28, 0);
}

struct wal_seal wal_seal_get(const uint8_t in[WAL_SEAL_BYTES])
{
	return (struct wal_seal){
	    .last_lsn = load_u64(in),
	    .chain = load_u64(in + 8),
	    .offset = load_u64(in + 16),
	    .file_crc = load_u32(in + 24),
	};
}

void wal_record_put(const struct wal_record *r, uint8_t out[WAL_RECORD_BYTES])
{
	store_u32(out, (uint32_t)r->redo_len);
	store_u32(out + 4, 0);
	store_u64(out + 8, r->lsn);
	store_u64(out + 16, (uint64_t)r->commit_us);
	store_u64(out + 24, r->origin);
}

/* Written out here, not taken from base/hash.h: it is part of the format. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

uint64_t wal_chain_after(const struct wal_frame *f)
{
	if (f->type != WAL_BATCH)
		return f->chain;
	uint64_t x = mix(f->chain ^ f->payload_crc);
	x = mix(x ^ f->first_lsn);
	return mix(x ^ ((uint64_t)f->n_ends << 32 | f->flags));
}

void wal_segment_name(uint64_t epoch, uint64_t seq, const uint8_t run_id[WAL_ID_BYTES],
		      char out[WAL_NAME_MAX])
{
	snprintf(out, WAL_NAME_MAX, "wal-%010llu-%016llu-%02x%02x%02x%02x.gwal",
		 (unsigned long long)epoch, (unsigned long long)seq, run_id[0], run_id[1],
		 run_id[2], run_id[3]);
}

bool wal_segment_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_seq,
			    uint8_t ret_run[4])
{
	struct str s = str_of(name);
	if (s.len != 45 || !str_starts(s, STR("wal-")) || s.p[14] != '-' || s.p[31] != '-' ||
	    !str_ends(s, STR(".gwal")))
		return false;
	uint64_t epoch, seq;
	if (!str_to_u64((struct str){s.p + 4, 10}, &epoch) ||
	    !str_to_u64((struct str){s.p + 15, 16}, &seq))
		return false;
	uint8_t run[WAL_ID_BYTES] = {0};
	for (unsigned i = 0; i < 8; i++) {
		char c = s.p[32 + i];
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a' + 10);
		else
			return false;
		run[i / 2] = (uint8_t)(run[i / 2] << 4 | digit);
	}
	char again[WAL_NAME_MAX]; /* one spelling only: no signs, no spaces */
	wal_segment_name(epoch, seq, run, again);
	if (!str_eq(s, str_of(again)))
		return false;
	*ret_epoch = epoch;
	*ret_seq = seq;
	memcpy(ret_run, run, 4);
	return true;
}
