/* exec/op_degree.c - POP_DEGREE: in place; how many rows an expansion of each row would give. Rows
 * with none are dropped. */
#include "exec/edges.h"

#define SCAN_EDGES 256 /* edges among which to look for a used one, rather than at its ends */

struct op_degree {
	struct op op;
	struct edge_spec spec;
	struct used_edges used;
	struct col weights;
	uint16_t *sel;
	struct batch *in;
	uint32_t i_sel, n;
};

static enum status degree_open(struct op *op, struct exec *x)
{
	struct op_degree *d = container_of(op, struct op_degree, op);

	d->sel = exec_alloc(x, BATCH_ROWS * sizeof(*d->sel));
	return d->sel != NULL ? edge_spec_open(x, op->pop, &d->spec) : ST_NOMEM;
}

/* Edges of a directed hop that the row has not used: one plain loop for each used one. */
static uint64_t count_unused(const struct op_degree *d, struct exec *x, elem_id node)
{
	struct edge_walk w;
	struct adj_slice s;
	uint64_t n = 0;

	edge_walk_begin(&w, node);
	while (edge_walk_next(&w, x, &d->spec, false, &s)) {
		uint32_t used = 0;
		for (uint32_t i = 0; i < d->used.n; i++) {
			uint32_t id = (uint32_t)d->used.ids[i];
			if (used_edges_repeats(&d->used, i))
				continue;
			for (uint32_t k = 0; k < s.n; k++)
				used += s.edges[k] == id;
		}
		n += s.n - used;
	}
	return n;
}

/* Edges that the row has not used, in both directions or with a label at their far end. */
static uint64_t count_entries(const struct op_degree *d, struct exec *x, elem_id node)
{
	const struct pop *pop = d->op.pop;
	bool any_end = pop->expand.to_label == NAME_NONE;
	name_id label = any_end ? NAME_NONE : x->names[pop->expand.to_label];
	elem_id ids[BATCH_ROWS];
	uint8_t has[BATCH_ROWS];
	struct edge_walk w;
	struct adj_slice s;
	uint64_t ret = 0;

	edge_walk_begin(&w, node);
	while ((any_end || label != NAME_NONE) && edge_walk_next(&w, x, &d->spec, false, &s)) {
		for (uint32_t at = 0; at < s.n; at += BATCH_ROWS) {
			uint32_t n = 0, end = MIN_OF(s.n, at + BATCH_ROWS);
			for (uint32_t i = at; i < end; i++)
				if (!(w.second && s.nodes[i] == node) &&
				    !used_edges_has(&d->used, s.edges[i]))
					ids[n++] = s.nodes[i];
			if (!any_end)
				graph_nodes_have_label(x->graph, x->view, label, ids, n, has);
			for (uint32_t i = 0; i < n; i++)
				ret += any_end || has[i];
		}
		x->n_steps += s.n;
	}
	return ret;
}

/* How many of the used edges are among those that leave (or enter) the node. */
static uint64_t used_here(const struct op_degree *d, const struct exec *x, elem_id node)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < d->used.n; i++) {
		name_id type;
		elem_id from, to;
		if (!used_edges_repeats(&d->used, i) &&
		    graph_edge_ends(x->graph, x->view, d->used.ids[i], &type, &from, &to))
			n += (d->spec.dir == DIR_OUT ? from : to) == node &&
			     edge_spec_has_type(&d->spec, type);
	}
	return n;
}

static enum status count_row(struct op_degree *d, struct exec *x, uint32_t row, uint64_t *ret)
{
	const struct pop *pop = d->op.pop;
	struct value v = column_get(&d->in->cols[pop->expand.from], row);

	*ret = 0;
	if (v.kind != V_NODE)
		return ST_OK;
	TRY(used_edges_load(x, &d->used, d->in, row, pop->expand.unique, pop->expand.n_unique));
	elem_id node = value_elem_id(v);
	if (pop->expand.to_label != NAME_NONE || d->spec.dir == DIR_BOTH) {
		*ret = count_entries(d, x, node);
		return ST_OK;
	}
	*ret = edge_degree(x, &d->spec, node, false);
	if (*ret <= SCAN_EDGES && d->used.n != 0)
		*ret = count_unused(d, x, node);
	else
		*ret -= used_here(d, x, node);
	return ST_OK;
}

/* The batch goes on where a yield left it. */
static enum status count_batch(struct op_degree *d, struct exec *x)
{
	for (; d->i_sel < d->in->n_sel; d->i_sel++) {
		uint32_t row = batch_row(d->in, d->i_sel);
		uint64_t n;
		TRY(exec_check(x, 4));
		if (d->i_sel % EDGE_PREFETCH_ROWS == 0)
			edge_prefetch(x, &d->spec, d->in, d->op.pop->expand.from, d->i_sel);
		TRY(count_row(d, x, row, &n));
		d->weights.c.i[row] = (int64_t)n;
		d->sel[d->n] = (uint16_t)row;
		d->n += n != 0;
	}
	return ST_OK;
}

static enum status degree_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_degree *d = container_of(op, struct op_degree, op);

	for (;;) {
		if (d->in == NULL) {
			TRY(op_next(op->left, x, &d->in));
			*ret = NULL;
			if (d->in == NULL)
				return ST_OK;
			d->i_sel = d->n = 0;
			edge_spec_resolve(x, op->pop, &d->spec);
			TRY(col_prepare(x, &d->weights, COL_INT, d->in->n_rows));
		}
		TRY(count_batch(d, x));
		struct batch *b = d->in;
		d->in = NULL;
		if (d->n == 0)
			continue;
		b->cols[op->pop->expand.weight] = d->weights.c;
		b->sel = d->sel;
		b->n_sel = d->n;
		*ret = b;
		return ST_OK;
	}
}

static enum status degree_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_degree, op)->in = NULL;
	return op_reset(op->left, x);
}

const struct op_class op_degree = {.size = sizeof(struct op_degree),
				   .open = degree_open,
				   .next = degree_next,
				   .reset = degree_reset};
