/* exec/op_eager.c - POP_EAGER: takes all input before it gives any. So what reads above it sees all
 * that was written below it, and what writes above it writes after all was read below it. */
#include "exec/rows.h"

struct op_eager {
	struct op op;
	struct rows rows;
	bool full;
	uint32_t i_chunk;
};

static enum status eager_open(struct op *op, struct exec *x)
{
	rows_init(x, &container_of(op, struct op_eager, op)->rows, op->pop->carry,
		  op->pop->n_carry);
	return ST_OK;
}

static enum status eager_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_eager *e = container_of(op, struct op_eager, op);

	while (!e->full) {
		struct batch *b = NULL;
		TRY(op_next(op->left, x, &b));
		if (b != NULL)
			TRY(rows_add(x, &e->rows, b));
		e->full = b == NULL;
	}
	*ret = NULL;
	if (e->i_chunk < e->rows.n_chunks) {
		TRY(exec_check(x, x->batch_rows));
		*ret = e->rows.chunks[e->i_chunk++];
	}
	return ST_OK;
}

static enum status eager_reset(struct op *op, struct exec *x)
{
	struct op_eager *e = container_of(op, struct op_eager, op);

	rows_clear(&e->rows);
	e->full = false;
	e->i_chunk = 0;
	return op_reset(op->left, x);
}

const struct op_class op_eager = {
    .size = sizeof(struct op_eager), .open = eager_open, .next = eager_next, .reset = eager_reset};
