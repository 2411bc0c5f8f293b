/* base/buf.c - growable bytes with a sticky error. */
#include "base/buf.h"

#include <stdio.h>

#define BUF_FIRST 64u /* bytes of the first block */

void buf_init(struct buf *b, enum mem_tag tag, size_t max)
{
	*b = (struct buf){.tag = tag, .max = max};
}

void buf_release(struct buf *b)
{
	mem_free(b->tag, b->p, b->cap);
	buf_init(b, b->tag, b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

static bool grow(struct buf *b, size_t want)
{
	size_t limit = b->max != 0 ? b->max : SIZE_MAX / 4;
	size_t cap = b->cap != 0 ? b->cap : BUF_FIRST;

	if (want > limit)
		return false;
	while (cap < want)
		cap *= 2;
	cap = MIN_OF(cap, limit);
	char *p = mem_resize(b->tag, b->p, b->cap, cap);
	if (p == NULL)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

bool buf_reserve(struct buf *b, size_t more)
{
	size_t want;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, more, &want) || (want > b->cap && !grow(b, want)))
		b->failed = true;
	return !b->failed;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_reserve(b, n))
		return;
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

void buf_puts(struct buf *b, const char *z)
{
	buf_put(b, z, strlen(z));
}

void buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		b->failed = true;
		return;
	}
	/* vsnprintf writes a zero behind the text, which needs room but is not counted. */
	if (!buf_reserve(b, (size_t)n + 1))
		return;
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *buf_cstr(struct buf *b)
{
	if (!buf_reserve(b, 1))
		return "";
	b->p[b->len] = '\0';
	return b->p;
}
