/* exec/op_expand.c - POP_EXPAND: from a bound node along one edge.
 *
 * The store gives slices of neighbours; a slice is copied as a whole when no entry of it can be
 * refused. With both ends bound (into) the end with fewer edges is searched for the other. */
#include "exec/edges.h"

/* Rows of the first batch when few are wanted; the next has four times as many. */
#define FIRST_ROWS 32u
#define PREFETCH_ROWS 8 /* nodes whose blocks are asked for ahead of use */

struct op_expand {
	struct op op;
	struct edge_spec spec;
	struct used_edges used;
	struct own_batch out;
	struct batch *in;
	uint32_t i_sel;
	bool row_open;
	bool reverse; /* into: this row is searched from its far end */
	elem_id here,
	    there; /* of the current row: where the walk begins; into: what it must meet */
	struct edge_walk walk;
	struct adj_slice slice;
	uint32_t at; /* next entry of the slice */
	struct col nodes, edges;
	uint32_t n, room; /* rows made so far, rows that this batch may have */
	uint16_t *rows;
};

static enum status expand_open(struct op *op, struct exec *x)
{
	struct op_expand *e = container_of(op, struct op_expand, op);

	e->room = op->few_wanted ? MIN_OF(FIRST_ROWS, x->batch_rows) : x->batch_rows;
	TRY(edge_spec_open(x, op->pop, &e->spec));
	e->rows = exec_alloc(x, x->batch_rows * sizeof(*e->rows));
	return e->rows != NULL ? own_batch_init(x, &e->out) : ST_NOMEM;
}

static void prefetch(struct op_expand *e, const struct exec *x)
{
	const struct column *from = &e->in->cols[e->op.pop->expand.from];
	elem_id ids[PREFETCH_ROWS];
	uint32_t n = 0;

	if (from->is_const || from->kind != COL_NODE)
		return;
	for (uint32_t i = e->i_sel; i < e->in->n_sel && n < PREFETCH_ROWS; i++) {
		uint32_t row = batch_row(e->in, i);
		if (!column_is_null(from, row))
			ids[n++] = from->id[row];
	}
	adj_prefetch(x->graph, ids, n, e->spec.dir == DIR_IN ? ADJ_IN : ADJ_OUT);
}

static bool node_at(const struct column *c, uint32_t row, elem_id *ret)
{
	struct value v = column_get(c, row);

	if (v.kind != V_NODE)
		return false;
	*ret = value_elem_id(v);
	return true;
}

/* Starts the current input row; false: it has no node to start from. */
static enum status open_row(struct op_expand *e, struct exec *x, bool *ret_any)
{
	const struct pop *pop = e->op.pop;
	uint32_t row = batch_row(e->in, e->i_sel);

	if (e->i_sel % PREFETCH_ROWS == 0 && e->in->n_sel > 1)
		prefetch(e, x);
	*ret_any = node_at(&e->in->cols[pop->expand.from], row, &e->here);
	e->reverse = false;
	if (*ret_any && pop->expand.into) {
		*ret_any = node_at(&e->in->cols[pop->expand.to], row, &e->there);
		if (*ret_any && edge_degree(x, &e->spec, e->there, true) <
				    edge_degree(x, &e->spec, e->here, false)) {
			elem_id t = e->here;
			e->here = e->there;
			e->there = t;
			e->reverse = true;
		}
	}
	if (!*ret_any)
		return ST_OK;
	TRY(used_edges_load(x, &e->used, e->in, row, pop->expand.unique, pop->expand.n_unique));
	edge_walk_begin(&e->walk, e->here);
	e->slice.n = e->at = 0;
	e->row_open = true;
	return ST_OK;
}

/* Copies entries that need no look. */
static void take_all(struct op_expand *e, uint32_t room)
{
	uint32_t n = MIN_OF(e->slice.n - e->at, room);
	uint16_t row = (uint16_t)batch_row(e->in, e->i_sel);
	const uint32_t *nodes = e->slice.nodes + e->at, *edges = e->slice.edges + e->at;

	for (uint32_t i = 0; i < n; i++)
		e->nodes.c.id[e->n + i] = nodes[i];
	if (e->op.pop->expand.edge != SLOT_NONE)
		for (uint32_t i = 0; i < n; i++)
			e->edges.c.id[e->n + i] = edges[i];
	for (uint32_t i = 0; i < n; i++)
		e->rows[e->n + i] = row;
	e->n += n;
	e->at += n;
}

static void take_some(struct op_expand *e, uint32_t room)
{
	bool into = e->op.pop->expand.into, second = e->walk.second;
	uint16_t row = (uint16_t)batch_row(e->in, e->i_sel);
	uint32_t end = e->n + room;

	for (; e->at < e->slice.n && e->n < end; e->at++) {
		uint32_t node = e->slice.nodes[e->at];
		if ((into && node != e->there) || (second && node == e->here))
			continue;
		uint32_t edge = e->slice.edges[e->at];
		if (used_edges_has(&e->used, edge))
			continue;
		e->nodes.c.id[e->n] = node;
		e->edges.c.id[e->n] = edge;
		e->rows[e->n++] = row;
	}
}

/* Fills the output until it is full or the input batch is used up. */
static enum status expand_fill(struct op_expand *e, struct exec *x)
{
	while (e->n < e->room && e->i_sel < e->in->n_sel) {
		bool any = true;
		if (!e->row_open)
			TRY(open_row(e, x, &any));
		if (!any) {
			e->i_sel++;
			continue;
		}
		if (e->at == e->slice.n) {
			e->at = e->slice.n = 0;
			if (!edge_walk_next(&e->walk, x, &e->spec, e->reverse, &e->slice)) {
				e->i_sel++;
				e->row_open = false;
				continue;
			}
		}
		uint32_t before = e->at;
		if (e->used.n == 0 && !e->op.pop->expand.into && !e->walk.second)
			take_all(e, e->room - e->n);
		else
			take_some(e, e->room - e->n);
		TRY(exec_check(x, e->at - before));
	}
	return ST_OK;
}

static enum status begin_output(struct op_expand *e, struct exec *x)
{
	/* One row with few edges is the most common point read: its columns stay small. */
	uint32_t room = e->room;

	if (e->in->n_sel == 1 && room > 64) {
		elem_id node;
		uint32_t row = batch_row(e->in, 0);
		if (!e->row_open && node_at(&e->in->cols[e->op.pop->expand.from], row, &node)) {
			uint64_t degree = edge_degree(x, &e->spec, node, false);
			room = (uint32_t)MIN_OF((uint64_t)room, degree);
		}
	}
	TRY(col_prepare(x, &e->nodes, COL_NODE, room));
	return col_prepare(x, &e->edges, COL_EDGE, room);
}

static enum status expand_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_expand *e = container_of(op, struct op_expand, op);
	const struct pop *pop = op->pop;

	for (;;) {
		TRY(exec_check(x, 16));
		if (e->in == NULL) {
			TRY(op_next(op->left, x, &e->in));
			if (e->in == NULL) {
				*ret = NULL;
				return ST_OK;
			}
			e->i_sel = 0;
			e->row_open = false;
			edge_spec_resolve(x, pop, &e->spec);
		}
		if (e->n == 0)
			TRY(begin_output(e, x));
		TRY(expand_fill(e, x));
		if (e->n != 0)
			break;
		e->in = NULL;
	}
	bool same = e->rows[0] == e->rows[e->n - 1];
	TRY(own_gather(x, &e->out, e->in, pop->carry, pop->n_carry, e->rows, e->n, same));
	if (!pop->expand.into)
		e->out.b.cols[pop->expand.to] = e->nodes.c;
	if (pop->expand.edge != SLOT_NONE)
		e->out.b.cols[pop->expand.edge] = e->edges.c;
	own_set_rows(&e->out, e->n);
	e->n = 0;
	e->room = MIN_OF(e->room * 4, x->batch_rows);
	*ret = &e->out.b;
	return ST_OK;
}

static enum status expand_reset(struct op *op, struct exec *x)
{
	struct op_expand *e = container_of(op, struct op_expand, op);

	e->in = NULL;
	e->n = 0;
	return op_reset(op->left, x);
}

const struct op_class op_expand = {.size = sizeof(struct op_expand),
				   .open = expand_open,
				   .next = expand_next,
				   .reset = expand_reset};
