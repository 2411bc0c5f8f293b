/* proto/wire.h - Protocol Buffers by hand, for what is written and read once per row: the room's
 * own.
 *
 * Room:   proto (private).
 * Errors: a sink and a builder are sticky; look at the chain's or the buffer's flag at the end.
 * Source: protobuf.dev/programming-guides/encoding. Fields equal to their default are left out
 *         unless they are members of a oneof, as the generated code does. */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include "base/codec.h"
#include "base/iobuf.h"

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

#define WIRE_TAG(field, type) ((field) << 3 | (type))
#define WIRE_HEAD_MAX 32 /* bytes that a caller may write after one sink_room() */

static inline unsigned varint_size(uint64_t v)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1);
	return (bits * 9 + 64) >> 6; /* ceil(bits / 7) for 1..64 */
}

/* Size of a length-delimited field with a tag of one byte. */
static inline size_t field_size(size_t len)
{
	return 1 + varint_size(len) + len;
}

/* A writing position inside the last chunk of a chain. Without memory it writes into the spare
 * bytes, and the chain says failed. */
struct sink {
	struct chain *chain;
	uint8_t *at, *end;
	uint8_t spare[WIRE_HEAD_MAX];
	bool on_spare;
};

void sink_open(struct sink *s, struct chain *c);
void sink_close(struct sink *s); /* commits what was written */
void sink_more(struct sink *s);	 /* makes room for WIRE_HEAD_MAX bytes */
void sink_bytes(struct sink *s, const void *p, size_t n);

static inline void sink_room(struct sink *s)
{
	if (UNLIKELY((size_t)(s->end - s->at) < WIRE_HEAD_MAX))
		sink_more(s);
}

/* These two need sink_room() before. */
static inline void sink_byte(struct sink *s, uint8_t b)
{
	*s->at++ = b;
}
static inline void sink_varint(struct sink *s, uint64_t v)
{
	while (v >= 0x80) {
		*s->at++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*s->at++ = (uint8_t)v;
}

/* Tag, length and bytes of a text field. */
void sink_text(struct sink *s, unsigned field, struct str text);

/* Messages that are rare: built in a buffer, lengths filled in when a message is closed. Defaults
 * are left out. */
void build_uint(struct buf *b, unsigned field, uint64_t v);
void build_double(struct buf *b, unsigned field, double v);
void build_text(struct buf *b, unsigned field, struct str s);
void build_text_always(struct buf *b, unsigned field, struct str s); /* repeated, or of a oneof */
size_t build_open(struct buf *b, unsigned field);
void build_close(struct buf *b, size_t opened);
/* The buffer's bytes as one frame; out fails when the buffer did. */
void build_frame(const struct buf *b, struct chain *out);

struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t value;
	struct str bytes;
};

/* Most tags, lengths and numbers are one byte. */
static inline uint64_t next_varint(struct reader *r)
{
	if (LIKELY(r->at < r->end && *r->at < 0x80))
		return *r->at++;
	return get_varint(r);
}

static inline struct str next_bytes(struct reader *r)
{
	const uint64_t n = next_varint(r);

	if (UNLIKELY(n > reader_left(r))) {
		r->failed = true;
		return STR_NULL;
	}
	r->at += n;
	return (struct str){(const char *)r->at - n, n};
}

/* The next field of a message. False at its end or at an error (r->failed). A varint or a fixed
 * value is in value, the bytes of a WIRE_BYTES field in bytes. */
static inline bool wire_next(struct reader *r, struct wire_field *ret)
{
	if (r->failed || r->at == r->end)
		return false;
	const uint64_t tag = next_varint(r);
	*ret = (struct wire_field){.number = (uint32_t)(tag >> 3), .type = tag & 7};
	if (tag > UINT32_MAX || ret->number == 0)
		r->failed = true;
	switch (ret->type) {
	case WIRE_VARINT:
		ret->value = next_varint(r);
		break;
	case WIRE_FIXED64:
		ret->value = get_u64(r);
		break;
	case WIRE_BYTES:
		ret->bytes = next_bytes(r);
		break;
	case WIRE_FIXED32:
		ret->value = get_u32(r);
		break;
	default: /* groups are not part of proto3 */
		r->failed = true;
	}
	return !r->failed;
}

static inline struct reader wire_reader(struct str bytes)
{
	return reader_of(bytes.p, bytes.len);
}

/* Counts the WIRE_BYTES fields with a number; SIZE_MAX when the message is malformed. */
size_t wire_count(struct str message, uint32_t number);

#endif
