/* proto/frame.c - message boundaries on a stream. */
#include "proto/frame.h"

#include "base/mem.h"

void frame_init(struct frame_reader *f, size_t max)
{
	*f = (struct frame_reader){.max = max};
}

static void drop_body(struct frame_reader *f)
{
	mem_free(MEM_NET, f->body, f->body != NULL ? f->len : 0);
	f->body = NULL;
	f->n_head = 0;
	f->have = f->len = 0;
	f->delivered = false;
}

void frame_release(struct frame_reader *f)
{
	drop_body(f);
}

static size_t head_value(const uint8_t head[FRAME_HEAD_BYTES])
{
	return (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

enum status frame_feed(struct frame_reader *f, struct reader *in, struct str *ret_message,
		       struct diag *d)
{
	if (f->delivered)
		drop_body(f);
	while (f->n_head < FRAME_HEAD_BYTES) {
		if (in->at == in->end)
			return ST_END;
		f->head[f->n_head++] = *in->at++;
	}
	if (f->body == NULL) {
		f->len = head_value(f->head);
		if (f->len > f->max)
			return diag_fail(d, ST_LIMIT, GQL_TOO_LARGE, DIAG_NO_POSITION,
					 "a message of %zu bytes is above the limit of %zu", f->len,
					 f->max);
		if (reader_left(in) >= f->len) { /* whole in one piece: nothing is copied */
			*ret_message = (struct str){(const char *)in->at, f->len};
			in->at += f->len;
			f->delivered = true;
			return ST_OK;
		}
		f->body = mem_alloc(MEM_NET, f->len);
		if (f->body == NULL)
			return ST_NOMEM;
	}
	const size_t n = MIN_OF(reader_left(in), f->len - f->have);
	memcpy(f->body + f->have, in->at, n);
	in->at += n;
	f->have += n;
	if (f->have < f->len)
		return ST_END;
	*ret_message = (struct str){(const char *)f->body, f->len};
	f->delivered = true;
	return ST_OK;
}
