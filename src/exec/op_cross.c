/* exec/op_cross.c - POP_CROSS: left x right. The right side is evaluated once and kept.
 *
 * The left side comes first, one batch of it: behind its barrier stand the writes that the right
 * side must see. Nothing is copied: either a left row stands beside a whole kept chunk, or a kept
 * row beside the whole left batch, whichever gives the longer batches. */
#include "exec/rows.h"

struct op_cross {
	struct op op;
	struct rows right;
	bool built;
	struct own_batch out;
	struct batch *in;
	uint32_t i_chunk, i_row; /* of the right side */
	uint32_t i_sel;		 /* of the left batch, when its rows are taken one by one */
};

static enum status cross_open(struct op *op, struct exec *x)
{
	struct op_cross *c = container_of(op, struct op_cross, op);

	rows_init(x, &c->right, op->pop->carry_right, op->pop->n_carry_right);
	return own_batch_init(x, &c->out);
}

static enum status build(struct op_cross *c, struct exec *x)
{
	while (!c->built) {
		struct batch *b = NULL;
		TRY(op_next(c->op.right, x, &b));
		if (b != NULL)
			TRY(rows_add(x, &c->right, b));
		c->built = b == NULL;
	}
	return ST_OK;
}

/* One left row beside a chunk. */
static void left_row(struct op_cross *c, const struct batch *chunk)
{
	const struct pop *pop = c->op.pop;
	uint32_t row = batch_row(c->in, c->i_sel);

	for (uint32_t i = 0; i < pop->n_carry; i++)
		c->out.b.cols[pop->carry[i]] = column_of_row(&c->in->cols[pop->carry[i]], row);
	for (uint32_t i = 0; i < pop->n_carry_right; i++)
		c->out.b.cols[pop->carry_right[i]] = chunk->cols[pop->carry_right[i]];
	own_set_rows(&c->out, chunk->n_rows);
	if (++c->i_sel == c->in->n_sel) {
		c->i_sel = 0;
		c->i_chunk++;
	}
}

/* One kept row beside the left batch. */
static void right_row(struct op_cross *c, const struct batch *chunk)
{
	const struct pop *pop = c->op.pop;

	for (uint32_t i = 0; i < pop->n_carry; i++)
		c->out.b.cols[pop->carry[i]] = c->in->cols[pop->carry[i]];
	for (uint32_t i = 0; i < pop->n_carry_right; i++)
		c->out.b.cols[pop->carry_right[i]] =
		    column_of_row(&chunk->cols[pop->carry_right[i]], c->i_row);
	c->out.b.n_rows = c->in->n_rows;
	c->out.b.n_sel = c->in->n_sel;
	c->out.b.sel = c->in->sel;
	if (++c->i_row == chunk->n_rows) {
		c->i_row = 0;
		c->i_chunk++;
	}
}

static enum status cross_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_cross *c = container_of(op, struct op_cross, op);

	*ret = NULL;
	if (!c->built && c->in == NULL) {
		TRY(op_next(op->left, x, &c->in));
		if (c->in == NULL)
			return ST_OK;
		c->i_chunk = c->i_row = c->i_sel = 0;
	}
	TRY(build(c, x));
	if (c->right.n == 0)
		return ST_OK;
	TRY(exec_check(x, x->batch_rows));
	if (c->in == NULL || c->i_chunk == c->right.n_chunks) {
		c->in = NULL;
		TRY(op_next(op->left, x, &c->in));
		if (c->in == NULL)
			return ST_OK;
		c->i_chunk = c->i_row = c->i_sel = 0;
	}
	const struct batch *chunk = c->right.chunks[c->i_chunk];
	if (chunk->n_rows >= c->in->n_sel)
		left_row(c, chunk);
	else
		right_row(c, chunk);
	*ret = &c->out.b;
	return ST_OK;
}

static enum status cross_reset(struct op *op, struct exec *x)
{
	struct op_cross *c = container_of(op, struct op_cross, op);

	c->in = NULL;
	c->built = false;
	rows_clear(&c->right);
	TRY(op_reset(op->right, x));
	return op_reset(op->left, x);
}

const struct op_class op_cross = {
    .size = sizeof(struct op_cross), .open = cross_open, .next = cross_next, .reset = cross_reset};
