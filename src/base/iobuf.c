/* base/iobuf.c - chains of byte chunks. */
#include "base/iobuf.h"

#include <string.h>

#define RESERVE_MAX 256 /* bytes that chain_reserve promises in one piece */

void chain_release(struct chain *c)
{
	while (c->first != NULL) {
		struct iobuf *b = c->first;
		c->first = b->next;
		mem_free(MEM_NET, b, b->alloc);
	}
	*c = (struct chain){0};
}

/* The first chunk is small, later ones double: most answers are short. */
static struct iobuf *add_chunk(struct chain *c)
{
	uint32_t size =
	    c->last != NULL ? MIN_OF(c->last->alloc * 2, (uint32_t)IOBUF_SIZE) : IOBUF_SMALL;
	struct iobuf *b = c->failed ? NULL : mem_alloc(MEM_NET, size);

	if (b == NULL) {
		c->failed = true;
		return NULL;
	}
	*b = (struct iobuf){.alloc = size, .cap = size - (uint32_t)sizeof *b};
	if (c->last != NULL)
		c->last->next = b;
	else
		c->first = b;
	c->last = b;
	return b;
}

uint8_t *chain_reserve(struct chain *c, size_t n)
{
	assert(n <= RESERVE_MAX);
	struct iobuf *b = c->last;

	if (c->failed)
		return NULL;
	if (b == NULL || b->cap - b->len < n)
		b = add_chunk(c);
	return b != NULL ? b->data + b->len : NULL;
}

void chain_commit(struct chain *c, size_t n)
{
	assert(c->last != NULL && c->last->cap - c->last->len >= n);
	c->last->len += (uint32_t)n;
	c->len += n;
}

void chain_put(struct chain *c, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n > 0 && !c->failed) {
		struct iobuf *b = c->last;
		if (b == NULL || b->len == b->cap)
			b = add_chunk(c);
		if (b == NULL)
			return;
		size_t part = MIN_OF(n, (size_t)(b->cap - b->len));
		memcpy(b->data + b->len, from, part);
		chain_commit(c, part);
		from += part;
		n -= part;
	}
}

void chain_move(struct chain *to, struct chain *from)
{
	if (from->first != NULL) {
		if (to->last != NULL)
			to->last->next = from->first;
		else
			to->first = from->first;
		to->last = from->last;
		to->len += from->len;
	}
	to->failed |= from->failed;
	*from = (struct chain){0};
}

void chain_drop(struct chain *c, size_t *at, size_t n)
{
	assert(n <= c->len);
	c->len -= n;
	*at += n;
	while (c->first != NULL && *at >= c->first->len) {
		struct iobuf *b = c->first;
		*at -= b->len;
		c->first = b->next;
		if (b->next == NULL)
			c->last = NULL;
		mem_free(MEM_NET, b, b->alloc);
	}
}
