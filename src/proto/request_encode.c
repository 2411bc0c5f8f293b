/* proto/request_encode.c - the client's requests as frames. */
#include "proto/request.h"

#include "proto/frame.h"
#include "proto/value_wire.h"

static void put_hello(struct buf *b, const struct request_hello *h)
{
	build_text(b, 1, h->username);
	build_text(b, 2, h->password);
	if (h->tenant_id.p != NULL)
		build_text_always(b, 3, h->tenant_id);
	build_text(b, 4, h->client_name);
	build_text(b, 5, h->client_version);
	build_text(b, 6, h->wanted_conformance);
	if (h->graph.p != NULL)
		build_text_always(b, 7, h->graph);
	if (h->role.p != NULL)
		build_text_always(b, 8, h->role);
}

/* A value is written by the page's writer and copied into the message. */
static void put_param(struct buf *b, struct value_writer *w, const struct map_entry *e)
{
	struct chain bytes = {0};
	struct sink s;
	const size_t param = build_open(b, 3);

	build_text(b, 1, e->key);
	const size_t value = build_open(b, 2);
	w->lens.n = w->at = 0;
	value_count(w, e->value);
	if (w->failed == ST_OK) {
		sink_open(&s, &bytes);
		value_write(w, &s, e->value);
		sink_close(&s);
		for (const struct iobuf *i = bytes.first; i != NULL; i = i->next)
			buf_put(b, i->data, i->len);
		b->failed |= bytes.failed;
		chain_release(&bytes);
	}
	build_close(b, value);
	build_close(b, param);
}

static enum status put_execute(struct buf *b, const struct request_execute *e, struct diag *d)
{
	struct value_writer w;

	value_writer_init(&w, FRAME_REQUEST_MAX);
	build_text(b, 2, e->text);
	for (uint32_t i = 0; i < e->n_params && w.failed == ST_OK; i++)
		put_param(b, &w, &e->params[i]);
	build_uint(b, 1000, e->page_size);
	build_uint(b, 1001, e->timeout_ms);
	const enum status st = w.failed;
	value_writer_release(&w);
	if (st != ST_LIMIT)
		return st;
	return diag_fail(d, st, GQL_TOO_LARGE, DIAG_NO_POSITION,
			 "a parameter is above the limit of %u bytes or %u levels",
			 FRAME_REQUEST_MAX, REQUEST_DEPTH_MAX);
}

static enum status put_request(struct buf *b, const struct request *r, struct diag *d)
{
	const size_t at = build_open(b, r->kind);
	enum status st = ST_OK;

	switch (r->kind) {
	case REQUEST_HELLO:
		put_hello(b, &r->hello);
		break;
	case REQUEST_EXECUTE:
		st = put_execute(b, &r->execute, d);
		break;
	case REQUEST_PULL:
		build_uint(b, 2, r->pull.page_size);
		break;
	case REQUEST_BEGIN:
		build_uint(b, 1, r->begin.read_only);
		break;
	case REQUEST_SAVEPOINT:
	case REQUEST_ROLLBACK_TO:
		build_text(b, 1, r->savepoint.name);
		break;
	default:
		break;
	}
	build_close(b, at);
	return st;
}

enum status request_encode(const struct request *r, struct chain *out, struct diag *d)
{
	struct buf b;
	struct chain frame = {0};

	buf_init(&b, MEM_NET, 0);
	enum status st = put_request(&b, r, d);
	if (st == ST_OK && b.len > FRAME_REQUEST_MAX)
		st = diag_fail(d, ST_LIMIT, GQL_TOO_LARGE, DIAG_NO_POSITION,
			       "a request of %zu bytes is above the limit of %u", b.len,
			       FRAME_REQUEST_MAX);
	if (st == ST_OK) {
		build_frame(&b, &frame);
		if (frame.failed)
			st = ST_NOMEM;
	}
	if (st == ST_OK)
		chain_move(out, &frame);
	chain_release(&frame);
	buf_release(&b);
	return st;
}
