/* exec/op_set.c - POP_SET: properties and labels, row by row and item by item; in place. */
#include "exec/write.h"

struct op_set {
	struct op op;
	struct setter setter;
	struct batch *in;
	uint32_t i_sel;
	bool ended;
};

static enum status set_open(struct op *op, struct exec *x)
{
	struct op_set *o = container_of(op, struct op_set, op);

	return setter_open(x, op->pop->set.items, op->pop->set.n, &o->setter);
}

static enum status set_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_set *o = container_of(op, struct op_set, op);

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
		TRY(setter_eval(&o->setter, x, o->in));
	}
	for (; o->i_sel < o->in->n_sel; o->i_sel++) {
		TRY(exec_check(x, 64));
		TRY(setter_row(&o->setter, x, batch_row(o->in, o->i_sel)));
	}
	*ret = o->in;
	o->in = NULL;
	return ST_OK;
}

static enum status set_reset(struct op *op, struct exec *x)
{
	struct op_set *o = container_of(op, struct op_set, op);

	o->in = NULL;
	o->ended = false;
	return op_reset(op->left, x);
}

const struct op_class op_set = {
    .size = sizeof(struct op_set), .open = set_open, .next = set_next, .reset = set_reset};
