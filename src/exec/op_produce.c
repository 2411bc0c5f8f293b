/* exec/op_produce.c - POP_PRODUCE, POP_DISCARD: the roots.
 *
 * Produce shows the result's slots as columns 0..n-1, and turns ids of nodes and edges, also within
 * lists, maps and paths, into elements with their labels and properties as the view sees them. */
#include "exec/op.h"

/* Readers of Protocol Buffers give up at 100 messages inside one another. A list is two of them
 * and a map three; what stands around a value and inside an element takes the rest. */
#define LIST_LEVELS 2
#define MAP_LEVELS 3
#define RESULT_LEVELS_MAX 84

#define PREFETCH_ROWS 16 /* elements that are asked for ahead of use */

struct op_produce {
	struct op op;
	struct batch out;
	struct col *cols;
	struct exec_arena elements; /* emptied for each batch */
};

static enum status produce_open(struct op *op, struct exec *x)
{
	struct op_produce *p = container_of(op, struct op_produce, op);
	uint32_t n = op->pop->produce.n;

	exec_arena_init(x, &p->elements);
	p->out.n_cols = n;
	p->out.cols = exec_zalloc(x, n * sizeof(struct column));
	p->cols = exec_zalloc(x, n * sizeof(struct col));
	return p->out.cols != NULL && p->cols != NULL ? ST_OK : ST_NOMEM;
}

static enum status resolve(struct op_produce *p, struct exec *x, struct value v, uint32_t depth,
			   struct value *ret);

static enum status resolve_props(struct op_produce *p, struct exec *x, struct element *e)
{
	struct arena *a = &p->elements.a;
	const struct prop *props = NULL;
	uint32_t n = 0;

	TRY(e->is_edge ? graph_edge_all_props(x->graph, x->view, e->id, a, &props, &n)
		       : graph_node_all_props(x->graph, x->view, e->id, a, &props, &n));
	struct map_entry *map = arena_alloc(a, n * sizeof(*map));
	if (map == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		map[i].key = store_name_text(graph_store(x->graph), NAME_KEY, props[i].key);
		map[i].value = props[i].value;
	}
	e->props = map;
	e->n_props = n;
	return ST_OK;
}

static enum status resolve_labels(struct op_produce *p, struct exec *x, struct element *e)
{
	name_id ids[GRAPH_LABELS_MAX];
	unsigned n = 1;

	if (!e->is_edge)
		n = graph_node_labels(x->graph, x->view, e->id, ids);
	else if (!graph_edge_ends(x->graph, x->view, e->id, &ids[0], &e->from, &e->to))
		n = 0;
	struct str *labels = arena_alloc(&p->elements.a, n * sizeof(*labels));
	if (labels == NULL)
		return ST_NOMEM;
	for (unsigned i = 0; i < n; i++)
		labels[i] = store_name_text(graph_store(x->graph),
					    e->is_edge ? NAME_TYPE : NAME_LABEL, ids[i]);
	e->labels = labels;
	e->n_labels = n;
	return ST_OK;
}

static enum status resolve_element(struct op_produce *p, struct exec *x, elem_id id, bool is_edge,
				   struct value *ret)
{
	struct element *e = arena_zalloc(&p->elements.a, sizeof(*e));

	if (e == NULL)
		return ST_NOMEM;
	e->id = id;
	e->is_edge = is_edge;
	TRY(resolve_labels(p, x, e));
	TRY(resolve_props(p, x, e));
	*ret =
	    (struct value){.kind = is_edge ? V_EDGE : V_NODE, .flags = VALUE_RESOLVED, .elem = e};
	return ST_OK;
}

static enum status resolve_values(struct op_produce *p, struct exec *x, const struct value *v,
				  uint32_t n, uint32_t depth, const struct value **ret)
{
	struct value *out = arena_alloc(&p->elements.a, n * sizeof(*out));

	if (out == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		TRY(resolve(p, x, v[i], depth, &out[i]));
	*ret = out;
	return ST_OK;
}

static enum status resolve_map(struct op_produce *p, struct exec *x, struct value v, uint32_t depth,
			       struct value *ret)
{
	struct map_entry *out = arena_alloc(&p->elements.a, v.n * sizeof(*out));

	if (out == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < v.n; i++) {
		out[i].key = v.map[i].key;
		TRY(resolve(p, x, v.map[i].value, depth + MAP_LEVELS, &out[i].value));
	}
	*ret = value_map(out, v.n);
	return ST_OK;
}

static enum status resolve_path(struct op_produce *p, struct exec *x, struct value v,
				struct value *ret)
{
	struct path_value *out = arena_alloc(&p->elements.a, sizeof(*out));

	if (out == NULL)
		return ST_NOMEM;
	out->n_edges = v.path->n_edges;
	TRY(resolve_values(p, x, v.path->nodes, out->n_edges + 1, 0, &out->nodes));
	TRY(resolve_values(p, x, v.path->edges, out->n_edges, 0, &out->edges));
	*ret = v;
	ret->path = out;
	return ST_OK;
}

/* depth: messages around the value, as the protocol nests them. */
static enum status resolve(struct op_produce *p, struct exec *x, struct value v, uint32_t depth,
			   struct value *ret)
{
	if (depth > RESULT_LEVELS_MAX)
		return diag_fail(x->diag, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, DIAG_NO_POSITION,
				 "a value of the result is nested deeper than the limit of %u "
				 "lists or %u maps",
				 RESULT_LEVELS_MAX / LIST_LEVELS, RESULT_LEVELS_MAX / MAP_LEVELS);
	switch (v.kind) {
	case V_NODE:
	case V_EDGE:
		if ((v.flags & VALUE_RESOLVED) != 0)
			break;
		return resolve_element(p, x, v.id, v.kind == V_EDGE, ret);
	case V_LIST:
		*ret = v;
		return resolve_values(p, x, v.list, v.n, depth + LIST_LEVELS, &ret->list);
	case V_MAP:
		return resolve_map(p, x, v, depth, ret);
	case V_PATH:
		return resolve_path(p, x, v, ret);
	default:
		break;
	}
	*ret = v;
	return ST_OK;
}

static void ask_ahead(struct exec *x, const struct batch *b, const struct column *c, uint32_t i_sel)
{
	elem_id ids[PREFETCH_ROWS];

	if (c->is_const || c->kind == COL_VALUE || b->n_sel == 1 || i_sel % PREFETCH_ROWS != 0)
		return;
	const uint32_t n = batch_ids(b, c, i_sel, ids, ARRAY_LEN(ids));
	graph_prefetch(x->graph, c->kind == COL_EDGE, ids, n);
}

static enum status produce_column(struct op_produce *p, struct exec *x, const struct batch *b,
				  const struct column *src, uint32_t i)
{
	struct col *dst = &p->cols[i];

	if (src->kind != COL_NODE && src->kind != COL_EDGE && src->kind != COL_VALUE) {
		p->out.cols[i] = *src;
		return ST_OK;
	}
	uint32_t n = src->is_const ? 1 : b->n_sel;
	TRY(col_prepare(x, dst, COL_VALUE, src->is_const ? 1 : b->n_rows));
	dst->c.is_const = src->is_const;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t row = src->is_const ? 0 : batch_row(b, k);
		ask_ahead(x, b, src, k);
		TRY(resolve(p, x, column_get(src, row), 0, &dst->c.v[row]));
	}
	p->out.cols[i] = dst->c;
	return ST_OK;
}

static enum status produce_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_produce *p = container_of(op, struct op_produce, op);
	struct batch *b = NULL;

	TRY(op_next(op->left, x, &b));
	*ret = NULL;
	if (b == NULL)
		return ST_OK;
	arena_reset(&p->elements.a);
	for (uint32_t i = 0; i < op->pop->produce.n; i++)
		TRY(produce_column(p, x, b, &b->cols[op->pop->produce.slots[i]], i));
	p->out.n_rows = b->n_rows;
	p->out.n_sel = b->n_sel;
	p->out.sel = b->sel;
	*ret = &p->out;
	return ST_OK;
}

const struct op_class op_produce = {.size = sizeof(struct op_produce),
				    .open = produce_open,
				    .next = produce_next,
				    .reset = op_reset_left};

struct op_discard {
	struct op op;
};

static enum status discard_next(struct op *op, struct exec *x, struct batch **ret)
{
	for (;;) {
		struct batch *b = NULL;
		TRY(exec_check(x, x->batch_rows));
		TRY(op_next(op->left, x, &b));
		*ret = NULL;
		if (b == NULL)
			return ST_OK;
	}
}

const struct op_class op_discard = {
    .size = sizeof(struct op_discard), .next = discard_next, .reset = op_reset_left};
