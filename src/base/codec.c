/* base/codec.c - little-endian and varint bytes. */
#include "base/codec.h"

#define VARINT_MAX 10 /* bytes of a 64-bit varint */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored integers are little-endian");

static const uint8_t *take(struct reader *r, size_t n)
{
	if (r->failed || reader_left(r) < n) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *p = r->at;
	r->at += n;
	return p;
}

uint8_t get_u8(struct reader *r)
{
	const uint8_t *p = take(r, 1);
	return p != NULL ? *p : 0;
}

uint16_t get_u16(struct reader *r)
{
	const uint8_t *p = take(r, 2);
	return p != NULL ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

uint32_t get_u32(struct reader *r)
{
	const uint8_t *p = take(r, 4);
	return p != NULL ? load_u32(p) : 0;
}

uint64_t get_u64(struct reader *r)
{
	const uint8_t *p = take(r, 8);
	return p != NULL ? load_u64(p) : 0;
}

uint64_t get_varint(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_MAX; i++) {
		const uint8_t *p = take(r, 1);
		if (p == NULL)
			return 0;
		if (i == VARINT_MAX - 1 && *p > 1)
			break; /* more than 64 bits */
		v |= (uint64_t)(*p & 0x7f) << (7 * i);
		if (*p < 0x80)
			return v;
	}
	r->failed = true;
	return 0;
}

int64_t get_svarint(struct reader *r)
{
	uint64_t v = get_varint(r);
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

double get_f64(struct reader *r)
{
	uint64_t bits = get_u64(r);
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

struct str get_bytes(struct reader *r, size_t n)
{
	const uint8_t *p = take(r, n);
	return p != NULL ? (struct str){(const char *)p, n} : STR_NULL;
}

struct str get_lstr(struct reader *r)
{
	uint64_t n = get_varint(r);

	if (n > reader_left(r)) {
		r->failed = true;
		return STR_NULL;
	}
	return get_bytes(r, (size_t)n);
}

void put_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, sizeof v);
}

void put_u16(struct buf *b, uint16_t v)
{
	buf_put(b, &v, sizeof v);
}

void put_u32(struct buf *b, uint32_t v)
{
	buf_put(b, &v, sizeof v);
}

void put_u64(struct buf *b, uint64_t v)
{
	buf_put(b, &v, sizeof v);
}

void put_varint(struct buf *b, uint64_t v)
{
	uint8_t bytes[VARINT_MAX];
	unsigned n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	buf_put(b, bytes, n);
}

void put_svarint(struct buf *b, int64_t v)
{
	put_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void put_f64(struct buf *b, double v)
{
	buf_put(b, &v, sizeof v);
}

void put_lstr(struct buf *b, struct str s)
{
	put_varint(b, s.len);
	buf_put(b, s.p, s.len);
}
