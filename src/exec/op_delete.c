/* exec/op_delete.c - POP_DELETE: nodes, edges, and those in paths and lists; in place. Whether a
 * node that was deleted still has edges is looked at when the clause ends, so their order does not
 * matter. */
#include "exec/write.h"

struct op_delete {
	struct op op;
	struct prog **targets;
	struct column *values;
	struct batch *in;
	uint32_t i_sel;
	bool ended;
};

static enum status delete_open(struct op *op, struct exec *x)
{
	struct op_delete *o = container_of(op, struct op_delete, op);
	uint32_t n = op->pop->del.n;

	o->targets = exec_alloc(x, n * sizeof(*o->targets));
	o->values = exec_alloc(x, n * sizeof(*o->values));
	if (o->targets == NULL || o->values == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		TRY(prog_make(x, op->pop->del.targets[i], &o->targets[i]));
	return ST_OK;
}

/* The edges of a node, loops once. */
static uint64_t count_edges(struct exec *x, const struct view *v, elem_id id)
{
	uint64_t n = adj_degree(x->graph, v, id, ADJ_IN, NAME_NONE);
	struct adj_cursor c;
	struct adj_slice s;

	adj_open(&c, x->graph, v, id, ADJ_OUT, NAME_NONE);
	while (adj_next(&c, &s))
		for (uint32_t i = 0; i < s.n; i++)
			n += s.nodes[i] != id;
	return n;
}

static enum status delete_element(struct op_delete *o, struct exec *x, struct value v)
{
	const struct view now = write_view(x);
	elem_id id = value_elem_id(v);
	bool detach = o->op.pop->del.detach;

	if (v.kind == V_EDGE) {
		if (!graph_edge_exists(x->graph, &now, id))
			return ST_OK;
		x->counts.edges_deleted++;
		return txn_edge_delete(x->txn, x->graph, id, x->diag);
	}
	if (!graph_node_exists(x->graph, &now, id))
		return ST_OK;
	x->counts.nodes_deleted++;
	if (detach)
		x->counts.edges_deleted += count_edges(x, &now, id);
	return txn_node_delete(x->txn, x->graph, id, detach, x->diag);
}

static enum status delete_value(struct op_delete *o, struct exec *x, struct value v,
				uint32_t offset)
{
	switch (v.kind) {
	case V_NULL:
		return ST_OK;
	case V_NODE:
	case V_EDGE:
		return delete_element(o, x, v);
	case V_PATH:
		for (uint32_t i = 0; i < v.path->n_edges; i++)
			TRY(delete_element(o, x, v.path->edges[i]));
		for (uint32_t i = 0; i <= v.path->n_edges; i++)
			TRY(delete_element(o, x, v.path->nodes[i]));
		return ST_OK;
	case V_LIST:
		for (uint32_t i = 0; i < v.n; i++)
			TRY(delete_value(o, x, v.list[i], offset));
		return ST_OK;
	default:
		return diag_set(x->diag, GQL_WRONG_TYPE, offset, "%s cannot be deleted",
				value_kind_name(v.kind));
	}
}

static enum status delete_row(struct op_delete *o, struct exec *x, uint32_t row)
{
	for (uint32_t i = 0; i < o->op.pop->del.n; i++) {
		uint32_t offset = o->op.pop->del.targets[i]->offset;
		struct value v = column_get(&o->values[i], row);
		TRY(write_place(x, delete_value(o, x, v, offset), offset));
	}
	return ST_OK;
}

static enum status delete_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_delete *o = container_of(op, struct op_delete, op);

	*ret = NULL;
	if (o->ended)
		return ST_OK;
	if (o->in == NULL) {
		TRY(op_next(op->left, x, &o->in));
		if (o->in == NULL) {
			o->ended = true;
			return write_end(x, op->pop->offset);
		}
		o->i_sel = 0;
		for (uint32_t i = 0; i < op->pop->del.n; i++) {
			const struct column *c;
			TRY(prog_eval(o->targets[i], x, o->in, &c));
			o->values[i] = *c;
		}
	}
	for (; o->i_sel < o->in->n_sel; o->i_sel++) {
		TRY(exec_check(x, 64));
		TRY(delete_row(o, x, batch_row(o->in, o->i_sel)));
	}
	*ret = o->in;
	o->in = NULL;
	return ST_OK;
}

static enum status delete_reset(struct op *op, struct exec *x)
{
	struct op_delete *o = container_of(op, struct op_delete, op);

	o->in = NULL;
	o->ended = false;
	return op_reset(op->left, x);
}

const struct op_class op_delete = {.size = sizeof(struct op_delete),
				   .open = delete_open,
				   .next = delete_next,
				   .reset = delete_reset};
