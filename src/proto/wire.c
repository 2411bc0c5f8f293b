/* proto/wire.c - Protocol Buffers by hand. */
#include "proto/wire.h"

#include "proto/frame.h"

void sink_open(struct sink *s, struct chain *c)
{
	s->chain = c;
	s->on_spare = false;
	s->at = s->end = NULL;
	if (c->last != NULL) {
		s->at = c->last->data + c->last->len;
		s->end = c->last->data + c->last->cap;
	}
}

void sink_close(struct sink *s)
{
	if (!s->on_spare && s->at != NULL)
		chain_commit(s->chain,
			     (size_t)(s->at - (s->chain->last->data + s->chain->last->len)));
	s->at = s->end = NULL;
}

void sink_more(struct sink *s)
{
	sink_close(s);
	if (chain_reserve(s->chain, WIRE_HEAD_MAX) != NULL) {
		sink_open(s, s->chain);
		assert(s->at != NULL);
		return;
	}
	s->on_spare = true;
	s->at = s->spare;
	s->end = s->spare + sizeof s->spare;
}

void sink_bytes(struct sink *s, const void *p, size_t n)
{
	if ((size_t)(s->end - s->at) >= n) {
		if (n != 0)
			memcpy(s->at, p, n);
		s->at += n;
		return;
	}
	if (s->on_spare)
		return;
	sink_close(s);
	chain_put(s->chain, p, n);
	if (!s->chain->failed)
		sink_open(s, s->chain);
}

void sink_text(struct sink *s, unsigned field, struct str text)
{
	sink_room(s);
	sink_byte(s, (uint8_t)WIRE_TAG(field, WIRE_BYTES));
	sink_varint(s, text.len);
	sink_bytes(s, text.p, text.len);
}

void build_uint(struct buf *b, unsigned field, uint64_t v)
{
	if (v == 0)
		return;
	put_varint(b, WIRE_TAG(field, WIRE_VARINT));
	put_varint(b, v);
}

void build_double(struct buf *b, unsigned field, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	if (bits == 0)
		return;
	put_varint(b, WIRE_TAG(field, WIRE_FIXED64));
	put_f64(b, v);
}

void build_text_always(struct buf *b, unsigned field, struct str s)
{
	put_varint(b, WIRE_TAG(field, WIRE_BYTES));
	put_lstr(b, s);
}

void build_text(struct buf *b, unsigned field, struct str s)
{
	if (s.len != 0)
		build_text_always(b, field, s);
}

size_t build_open(struct buf *b, unsigned field)
{
	put_varint(b, WIRE_TAG(field, WIRE_BYTES));
	return b->len;
}

/* The length is known only now: the message moves up by the size of its length. */
void build_close(struct buf *b, size_t opened)
{
	if (!buf_ok(b))
		return;
	size_t len = b->len - opened;
	put_varint(b, len);
	if (!buf_ok(b))
		return;
	uint8_t head[10];
	size_t n_head = b->len - opened - len;
	memcpy(head, b->p + opened + len, n_head);
	memmove(b->p + opened + n_head, b->p + opened, len);
	memcpy(b->p + opened, head, n_head);
}

void build_frame(const struct buf *b, struct chain *out)
{
	if (!buf_ok(b)) {
		out->failed = true;
		return;
	}
	const uint32_t len = __builtin_bswap32((uint32_t)b->len);
	chain_put(out, &len, FRAME_HEAD_BYTES);
	chain_put(out, b->p, b->len);
}

size_t wire_count(struct str message, uint32_t number)
{
	struct reader r = wire_reader(message);
	struct wire_field f;
	size_t n = 0;

	while (wire_next(&r, &f))
		n += f.number == number && f.type == WIRE_BYTES;
	return r.failed ? SIZE_MAX : n;
}
