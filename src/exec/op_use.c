/* exec/op_use.c - POP_USE: what is below works in another graph. All calls go down and come back
 * through here, so that operators find their graph in the context and know nothing of others. */
#include "exec/op.h"

static bool holds_element(struct value v)
{
	switch (v.kind) {
	case V_NODE:
	case V_EDGE:
	case V_PATH:
		return true;
	case V_LIST:
		for (uint32_t i = 0; i < v.n; i++)
			if (holds_element(v.list[i]))
				return true;
		return false;
	case V_MAP:
		for (uint32_t i = 0; i < v.n; i++)
			if (holds_element(v.map[i].value))
				return true;
		return false;
	default:
		return false;
	}
}

static bool column_holds_element(const struct column *c, const struct batch *b)
{
	if (c->kind == COL_INT || c->kind == COL_FLOAT || c->kind == COL_BOOL ||
	    c->kind == COL_STRING)
		return false;
	for (uint32_t i = 0; i < b->n_sel; i++)
		if (holds_element(column_get(c, batch_row(b, i))))
			return true;
	return false;
}

static enum status check_rows(const struct pop *o, struct exec *x, const struct batch *b)
{
	for (uint32_t i = 0; i < o->use.n; i++) {
		uint32_t slot = o->use.slots[i];
		if (!column_holds_element(&b->cols[slot], b))
			continue;
		(void)diag_set(x->diag, GQL_BAD_REFERENCE, o->offset,
			       "'" STR_FMT "' holds an element of graph '" STR_FMT
			       "', which cannot be handed to graph '" STR_FMT "'",
			       STR_ARG(x->plan->slot_names[slot]),
			       STR_ARG(graph_name(o->use.graph)), STR_ARG(graph_name(x->graph)));
		return ST_INVALID;
	}
	return ST_OK;
}

static enum status use_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct graph *above = x->graph;
	struct batch *b = NULL;

	x->graph = op->pop->use.graph;
	enum status st = op_next(op->left, x, &b);
	x->graph = above;
	TRY(st);
	if (b != NULL)
		TRY(check_rows(op->pop, x, b));
	*ret = b;
	return ST_OK;
}

static enum status use_reset(struct op *op, struct exec *x)
{
	struct graph *above = x->graph;

	x->graph = op->pop->use.graph;
	enum status st = op_reset(op->left, x);
	x->graph = above;
	return st;
}

const struct op_class op_use = {.size = sizeof(struct op), .next = use_next, .reset = use_reset};
