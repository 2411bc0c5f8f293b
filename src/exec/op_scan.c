/* exec/op_scan.c - POP_NODE_SCAN, POP_EDGE_SCAN: elements with a label or type, or all. */
#include "exec/op.h"

struct op_node_scan {
	struct op op;
	struct own_batch out;
	struct node_scan scan;
	bool begun, ended;
};

/* The id of a name in a reading operator; false: nobody knows it, so nothing can match. */
static bool name_known(const struct exec *x, uint32_t i_name, name_id *ret)
{
	*ret = i_name != NAME_NONE ? x->names[i_name] : NAME_NONE;
	return i_name == NAME_NONE || *ret != NAME_NONE;
}

static enum status node_scan_open(struct op *op, struct exec *x)
{
	return own_batch_init(x, &container_of(op, struct op_node_scan, op)->out);
}

/* The name is looked at when the first batch is asked for: an earlier clause may have made it. */
static enum status node_scan_pull(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_node_scan *s = container_of(op, struct op_node_scan, op);
	uint32_t slot = op->pop->scan.out;
	name_id label;

	*ret = NULL;
	if (s->ended)
		return ST_OK;
	TRY(exec_check(x, x->batch_rows));
	if (!s->begun) {
		s->begun = true;
		s->ended = !name_known(x, op->pop->scan.label, &label);
		if (s->ended)
			return ST_OK;
		node_scan_init(&s->scan, x->graph, x->view, label);
	}
	TRY(col_prepare(x, &s->out.cols[slot], COL_NODE, x->batch_rows));
	uint32_t n = node_scan_next(&s->scan, s->out.cols[slot].c.id, x->batch_rows);
	s->ended = n == 0;
	if (n == 0)
		return ST_OK;
	own_show(&s->out, slot);
	own_set_rows(&s->out, n);
	*ret = &s->out.b;
	return ST_OK;
}

static enum status node_scan_reset(struct op *op, struct exec *x)
{
	struct op_node_scan *s = container_of(op, struct op_node_scan, op);

	s->begun = s->ended = false;
	return ST_OK;
}

const struct op_class op_node_scan = {.size = sizeof(struct op_node_scan),
				      .open = node_scan_open,
				      .next = node_scan_pull,
				      .reset = node_scan_reset};

struct op_edge_scan {
	struct op op;
	struct own_batch out;
	struct edge_scan scan;
	struct col cols[3]; /* edge, from, to */
	bool begun, ended;
};

static enum status edge_scan_open(struct op *op, struct exec *x)
{
	return own_batch_init(x, &container_of(op, struct op_edge_scan, op)->out);
}

static enum status edge_scan_pull(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_edge_scan *s = container_of(op, struct op_edge_scan, op);
	const uint32_t slots[3] = {op->pop->edge_scan.edge, op->pop->edge_scan.from,
				   op->pop->edge_scan.to};
	name_id type;

	*ret = NULL;
	if (s->ended)
		return ST_OK;
	TRY(exec_check(x, x->batch_rows));
	if (!s->begun) {
		s->begun = true;
		s->ended = !name_known(x, op->pop->edge_scan.type, &type);
		if (s->ended)
			return ST_OK;
		edge_scan_init(&s->scan, x->graph, x->view, type);
	}
	for (uint32_t i = 0; i < 3; i++)
		TRY(col_prepare(x, &s->cols[i], i == 0 ? COL_EDGE : COL_NODE, x->batch_rows));
	uint32_t n = edge_scan_next(&s->scan, s->cols[0].c.id, s->cols[1].c.id, s->cols[2].c.id,
				    x->batch_rows);
	s->ended = n == 0;
	if (n == 0)
		return ST_OK;
	for (uint32_t i = 0; i < 3; i++)
		if (slots[i] != SLOT_NONE)
			s->out.b.cols[slots[i]] = s->cols[i].c;
	own_set_rows(&s->out, n);
	*ret = &s->out.b;
	return ST_OK;
}

static enum status edge_scan_reset(struct op *op, struct exec *x)
{
	struct op_edge_scan *s = container_of(op, struct op_edge_scan, op);

	s->begun = s->ended = false;
	return ST_OK;
}

const struct op_class op_edge_scan = {.size = sizeof(struct op_edge_scan),
				      .open = edge_scan_open,
				      .next = edge_scan_pull,
				      .reset = edge_scan_reset};
