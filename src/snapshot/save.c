#include "snapshot/save.h"

#include "store/image.h"

#define IMAGE_BYTES_MAX SNAPSHOT_OBJECT_MAX

struct save {
	struct snapshot_writer *w;
	struct store *store;
	const struct view *view;
	void (*between)(void *ctx);
	void *ctx;
	struct buf bytes; /* one object */
};

static enum status put(struct save *s, uint32_t section, uint32_t graph, uint64_t first,
		       uint64_t last)
{
	if (!buf_ok(&s->bytes))
		return ST_NOMEM;
	struct snapshot_object o = {
	    .section = section,
	    .graph = graph,
	    .first = first,
	    .last = last,
	    .p = (const uint8_t *)s->bytes.p,
	    .n = s->bytes.len,
	};
	return snapshot_put(s->w, &o);
}

static enum status save_chunks(struct save *s, struct graph *g, enum image_section section)
{
	uint32_t n = image_chunks(g, section); /* later ones hold nothing that the view sees */
	for (uint32_t i = 0; i < n; i++) {
		uint64_t first = 0, last = 0;
		buf_reset(&s->bytes);
		TRY(image_chunk(g, section, i, s->view, &s->bytes, &first, &last));
		if (s->bytes.len > 0)
			TRY(put(s, section, graph_id(g), first, last));
		epoch_renew(store_epochs(s->store), s->view->slot);
		if (s->between != NULL)
			s->between(s->ctx);
	}
	return ST_OK;
}

/* Names may be newer than the view, never older: whatever a chunk refers to is among them. Graphs
 * are exactly those that the view sees. */
static enum status save_definitions(struct save *s)
{
	buf_reset(&s->bytes);
	TRY(image_names(s->store, &s->bytes));
	TRY(put(s, IMAGE_NAMES, 0, 0, 0));
	buf_reset(&s->bytes);
	TRY(image_catalog(s->store, s->view, &s->bytes));
	return put(s, IMAGE_CATALOG, 0, 0, 0);
}

/* The view's read point, which is kept, keeps the graphs that it sees in their places. */
static enum status save_graphs(struct save *s, enum image_section section)
{
	uint32_t n = store_graph_places(s->store);
	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s->store, i);
		if (g != NULL && graph_is_seen(g, s->view->read_lsn))
			TRY(save_chunks(s, g, section));
	}
	return ST_OK;
}

enum status snapshot_save(struct snapshot_writer *w, struct store *store, const struct view *v,
			  void (*between)(void *ctx), void *ctx)
{
	struct save s = {.w = w, .store = store, .view = v, .between = between, .ctx = ctx};
	buf_init(&s.bytes, MEM_OTHER, IMAGE_BYTES_MAX);
	enum status st = save_definitions(&s);
	if (st == ST_OK)
		st = save_graphs(&s, IMAGE_NODES);
	if (st == ST_OK)
		st = save_graphs(&s, IMAGE_EDGES);
	buf_release(&s.bytes);
	return st;
}
