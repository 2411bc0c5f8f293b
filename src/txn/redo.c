#include "txn/redo.h"

#include "store/index.h"
#include "store/write.h"
#include "value/vcodec.h"

static void begin(struct buf *b, enum redo_op op, struct graph *g)
{
	put_varint(b, op);
	put_varint(b, graph_id(g));
}

static void put_props(struct buf *b, const struct prop *props, uint32_t n)
{
	put_varint(b, n);
	for (uint32_t i = 0; i < n; i++) {
		put_varint(b, props[i].key);
		vcodec_put(b, props[i].value);
	}
}

void redo_name(struct buf *b, enum name_kind kind, name_id id, struct str name)
{
	put_varint(b, REDO_NAME);
	put_varint(b, kind);
	put_varint(b, id);
	put_lstr(b, name);
}

void redo_node(struct buf *b, struct graph *g, elem_id id, const name_id *labels, uint32_t n_labels,
	       const struct prop *props, uint32_t n_props)
{
	begin(b, REDO_NODE, g);
	put_varint(b, id);
	put_varint(b, n_labels);
	for (uint32_t i = 0; i < n_labels; i++)
		put_varint(b, labels[i]);
	put_props(b, props, n_props);
}

void redo_edge(struct buf *b, struct graph *g, elem_id id, name_id type, elem_id from, elem_id to,
	       const struct prop *props, uint32_t n_props)
{
	begin(b, REDO_EDGE, g);
	put_varint(b, id);
	put_varint(b, type);
	put_varint(b, from);
	put_varint(b, to);
	put_props(b, props, n_props);
}

void redo_set(struct buf *b, enum redo_op op, struct graph *g, elem_id id, name_id key,
	      struct value v)
{
	begin(b, op, g);
	put_varint(b, id);
	put_varint(b, key);
	vcodec_put(b, v);
}

void redo_label(struct buf *b, enum redo_op op, struct graph *g, elem_id id, name_id label)
{
	begin(b, op, g);
	put_varint(b, id);
	put_varint(b, label);
}

void redo_delete(struct buf *b, enum redo_op op, struct graph *g, elem_id id)
{
	begin(b, op, g);
	put_varint(b, id);
}

void redo_index_create(struct buf *b, struct graph *g, struct str name, name_id label, name_id key,
		       bool unique)
{
	begin(b, REDO_INDEX_CREATE, g);
	put_lstr(b, name);
	put_varint(b, label);
	put_varint(b, key);
	put_u8(b, unique);
}

void redo_index_drop(struct buf *b, struct graph *g, struct str name)
{
	begin(b, REDO_INDEX_DROP, g);
	put_lstr(b, name);
}

void redo_graph_create(struct buf *b, struct graph *g)
{
	begin(b, REDO_GRAPH_CREATE, g);
	put_lstr(b, graph_name(g));
}

void redo_graph_drop(struct buf *b, struct graph *g)
{
	begin(b, REDO_GRAPH_DROP, g);
}

/* ---- applying -----------------------------------------------------------------------------------
 */

struct apply {
	struct store *s;
	struct graph *g;
	struct writer w;
	struct reader r;
	struct arena a;
	uint64_t lsn;
};

static enum status apply_name(struct apply *x)
{
	uint64_t kind = get_varint(&x->r), id = get_varint(&x->r);
	struct str name = get_lstr(&x->r);
	name_id got;

	if (x->r.failed || kind >= NAME_N_KINDS)
		return ST_CORRUPT;
	TRY(store_name_add(x->s, (enum name_kind)kind, name, &got));
	return got == id ? ST_OK : ST_CORRUPT;
}

static enum status read_props(struct apply *x, const struct prop **ret, uint32_t *ret_n)
{
	uint64_t n = get_varint(&x->r);

	if (x->r.failed || n > reader_left(&x->r))
		return ST_CORRUPT;
	struct prop *props = ARENA_ARRAY(&x->a, struct prop, n + 1);
	if (props == NULL)
		return ST_NOMEM;
	for (uint64_t i = 0; i < n; i++) {
		props[i].key = (name_id)get_varint(&x->r);
		TRY(vcodec_get(&x->r, &x->a, &props[i].value));
		if (props[i].key >= store_name_count(x->s, NAME_KEY))
			return ST_CORRUPT;
	}
	*ret = props;
	*ret_n = (uint32_t)n;
	return ST_OK;
}

static enum status apply_node(struct apply *x)
{
	elem_id id = get_varint(&x->r);
	uint64_t n_labels = get_varint(&x->r);
	name_id labels[GRAPH_LABELS_MAX];
	const struct prop *props;
	uint32_t n_props;

	if (x->r.failed || n_labels > GRAPH_LABELS_MAX)
		return ST_CORRUPT;
	for (uint64_t i = 0; i < n_labels; i++) {
		labels[i] = (name_id)get_varint(&x->r);
		if (labels[i] >= store_name_count(x->s, NAME_LABEL))
			return ST_CORRUPT;
	}
	TRY(read_props(x, &props, &n_props));
	return store_node_create(&x->w, x->g, labels, (uint32_t)n_labels, props, n_props, id, &id);
}

static enum status apply_edge(struct apply *x)
{
	elem_id id = get_varint(&x->r);
	uint64_t type = get_varint(&x->r);
	elem_id from = get_varint(&x->r), to = get_varint(&x->r);
	const struct prop *props;
	uint32_t n_props;

	if (x->r.failed || type >= store_name_count(x->s, NAME_TYPE))
		return ST_CORRUPT;
	TRY(read_props(x, &props, &n_props));
	return store_edge_create(&x->w, x->g, (name_id)type, from, to, props, n_props, id, &id);
}

static enum status apply_set(struct apply *x, bool node)
{
	elem_id id = get_varint(&x->r);
	uint64_t key = get_varint(&x->r);
	struct value v;

	TRY(vcodec_get(&x->r, &x->a, &v));
	if (x->r.failed || key >= store_name_count(x->s, NAME_KEY))
		return ST_CORRUPT;
	return node ? store_node_set(&x->w, x->g, id, (name_id)key, v)
		    : store_edge_set(&x->w, x->g, id, (name_id)key, v);
}

static enum status apply_label(struct apply *x, bool add)
{
	elem_id id = get_varint(&x->r);
	uint64_t label = get_varint(&x->r);

	if (x->r.failed || label >= store_name_count(x->s, NAME_LABEL))
		return ST_CORRUPT;
	enum status st = store_label(&x->w, x->g, id, (name_id)label, add);
	return st == ST_EXISTS ? ST_OK : st;
}

static enum status apply_index_create(struct apply *x)
{
	struct str name = get_lstr(&x->r);
	uint64_t label = get_varint(&x->r), key = get_varint(&x->r);
	bool unique = get_u8(&x->r) != 0;
	struct prop_index *ix;

	if (x->r.failed || label >= store_name_count(x->s, NAME_LABEL) ||
	    key >= store_name_count(x->s, NAME_KEY))
		return ST_CORRUPT;
	TRY(index_create(x->g, name, (name_id)label, (name_id)key, unique, &ix));
	TRY(index_fill(ix));
	index_set_ready(ix, 0);
	return ST_OK;
}

/* A snapshot may know already that it is gone. */
static enum status apply_index_drop(struct apply *x)
{
	struct prop_index *ix = graph_index_named(x->g, get_lstr(&x->r));

	return ix != NULL ? index_remove(ix) : ST_OK;
}

static enum status apply_graph_create(struct apply *x, uint64_t id)
{
	struct str name = get_lstr(&x->r);
	struct graph *g;

	if (x->r.failed || name.len == 0 || name.len > GRAPH_NAME_MAX || id >= GRAPH_ID_NEW ||
	    store_graph_by_id(x->s, (uint32_t)id) != NULL ||
	    store_graph_claimed(x->s, name) != NULL)
		return ST_CORRUPT;
	return store_graph_create(x->s, name, (uint32_t)id, 0, &g);
}

/* Nobody reads yet: it goes at once. */
static enum status apply_graph_drop(struct apply *x)
{
	if (x->g == store_graph_default(x->s))
		return ST_CORRUPT;
	store_graph_remove(x->g);
	x->g = NULL;
	return ST_OK;
}

/* Operations come in runs on one graph. */
static struct graph *graph_of(struct apply *x, uint64_t id)
{
	if (x->g != NULL && graph_id(x->g) == id)
		return x->g;
	return id < GRAPH_ID_NEW ? store_graph_by_id(x->s, (uint32_t)id) : NULL;
}

static enum status apply_op(struct apply *x, uint64_t op)
{
	switch (op) {
	case REDO_NODE:
		return apply_node(x);
	case REDO_EDGE:
		return apply_edge(x);
	case REDO_NODE_SET:
	case REDO_EDGE_SET:
		return apply_set(x, op == REDO_NODE_SET);
	case REDO_LABEL_ADD:
	case REDO_LABEL_REMOVE:
		return apply_label(x, op == REDO_LABEL_ADD);
	case REDO_NODE_DELETE:
		return store_node_delete(&x->w, x->g, get_varint(&x->r));
	case REDO_EDGE_DELETE:
		return store_edge_delete(&x->w, x->g, get_varint(&x->r));
	case REDO_INDEX_CREATE:
		return apply_index_create(x);
	case REDO_INDEX_DROP:
		return apply_index_drop(x);
	case REDO_GRAPH_DROP:
		return apply_graph_drop(x);
	default:
		return ST_CORRUPT;
	}
}

static enum status apply_all(struct apply *x)
{
	while (reader_left(&x->r) > 0) {
		struct arena_mark m = arena_mark(&x->a);
		uint64_t op = get_varint(&x->r);
		enum status st;
		if (op == REDO_NAME) {
			st = apply_name(x);
		} else {
			uint64_t graph = get_varint(&x->r);
			x->g = graph_of(x, graph);
			if (op == REDO_GRAPH_CREATE)
				st = apply_graph_create(x, graph);
			else
				st = x->r.failed || x->g == NULL ? ST_CORRUPT : apply_op(x, op);
		}
		if (st == ST_NOT_FOUND || st == ST_EXISTS)
			st = ST_CORRUPT;
		TRY(st);
		if (x->r.failed)
			return ST_CORRUPT;
		arena_rewind(&x->a, m);
	}
	return ST_OK;
}

enum status redo_apply(struct store *s, uint64_t lsn, const uint8_t *redo, size_t len)
{
	static const struct view everything = {.read_lsn = UINT64_MAX - 1};
	struct apply x = {.s = s, .lsn = lsn, .r = reader_of(redo, len)};

	x.w = (struct writer){.store = s, .view = &everything};
	arena_init(&x.a, MEM_OTHER, NULL);
	enum status st = apply_all(&x);
	arena_release(&x.a);
	return st;
}
