/* base/codec.h - little-endian and varint bytes in and out.
 *
 * Room:   base. Reader and writer carry a sticky error: decode a whole record, check once.
 * Source: varints are LEB128, signed ones zig-zag, as in Protocol Buffers. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"

struct reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct reader reader_of(const void *p, size_t n)
{
	const uint8_t *at = p;
	return (struct reader){at, n > 0 ? at + n : at, false}; /* p may be NULL then */
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* After a failure every get gives 0 and an empty text. */
uint8_t get_u8(struct reader *r);
uint16_t get_u16(struct reader *r);
uint32_t get_u32(struct reader *r);
uint64_t get_u64(struct reader *r);
uint64_t get_varint(struct reader *r);
int64_t get_svarint(struct reader *r);
double get_f64(struct reader *r);
struct str get_bytes(struct reader *r, size_t n); /* borrowed from the input */
struct str get_lstr(struct reader *r);		  /* varint length, then bytes */

void put_u8(struct buf *b, uint8_t v);
void put_u16(struct buf *b, uint16_t v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_varint(struct buf *b, uint64_t v);
void put_svarint(struct buf *b, int64_t v);
void put_f64(struct buf *b, double v);
void put_lstr(struct buf *b, struct str s);

static inline uint32_t load_u32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v; /* the build refuses big-endian machines */
}

static inline uint64_t load_u64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void store_u32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void store_u64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}

#endif
