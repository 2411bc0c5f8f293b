/* exec/op_union.c - POP_UNION: all rows of left, then of right, under the slots of the result. */
#include "exec/op.h"

struct op_union {
	struct op op;
	struct own_batch out;
	bool left_done;
};

static enum status union_open(struct op *op, struct exec *x)
{
	return own_batch_init(x, &container_of(op, struct op_union, op)->out);
}

static enum status union_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_union *u = container_of(op, struct op_union, op);
	const struct pop *pop = op->pop;
	struct batch *b = NULL;

	if (!u->left_done) {
		TRY(op_next(op->left, x, &b));
		u->left_done = b == NULL;
	}
	const uint32_t *from = pop->set_op.left_slots;
	if (u->left_done) {
		TRY(op_next(op->right, x, &b));
		from = pop->set_op.right_slots;
	}
	*ret = NULL;
	if (b == NULL)
		return ST_OK;
	for (uint32_t i = 0; i < pop->set_op.n; i++)
		u->out.b.cols[pop->set_op.out_slots[i]] = b->cols[from[i]];
	u->out.b.n_rows = b->n_rows;
	u->out.b.n_sel = b->n_sel;
	u->out.b.sel = b->sel;
	*ret = &u->out.b;
	return ST_OK;
}

static enum status union_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_union, op)->left_done = false;
	TRY(op_reset(op->left, x));
	return op_reset(op->right, x);
}

const struct op_class op_union = {
    .size = sizeof(struct op_union), .open = union_open, .next = union_next, .reset = union_reset};
