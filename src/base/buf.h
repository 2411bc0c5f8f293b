/* base/buf.h - growable bytes with a sticky error.
 *
 * Room:    base.
 * Threads: one owner.
 * Errors:  after a failed growth every put is ignored and buf_ok() is false; check once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/mem.h"
#include "base/str.h"

struct buf {	 /* read only outside buf.c, except that codec.h writes at p + len */
	char *p; /* NULL until the first put */
	size_t len, cap;
	size_t max; /* bytes; growth beyond it fails; 0: no limit */
	enum mem_tag tag;
	bool failed;
};

void buf_init(struct buf *b, enum mem_tag tag, size_t max);
void buf_release(struct buf *b);
void buf_reset(struct buf *b); /* length 0, keeps memory, clears the error */

bool buf_reserve(struct buf *b, size_t more); /* false: failed, now or before */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *z);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
const char *buf_cstr(struct buf *b); /* zero-terminated; "" when failed */

static inline void buf_put_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.len);
}

/* Forgets what comes after the first len bytes, and an error. */
static inline void buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	b->failed = false;
}

static inline bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->len};
}

#endif
