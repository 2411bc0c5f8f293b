/* exec/op_apply.c - POP_APPLY, POP_OPTIONAL, POP_SEMI, POP_SEMI_MARK: the right side runs again for
 * each left row, which POP_UNIT at its bottom gives. */
#include "exec/op.h"

struct op_apply {
	struct op op;
	struct own_batch out;
	struct batch *in;
	uint32_t i_sel;
	bool row_open, matched;
};

static enum status apply_open(struct op *op, struct exec *x)
{
	return own_batch_init(x, &container_of(op, struct op_apply, op)->out);
}

/* The current left row beside what the right side gave; NULL: beside nulls. */
static enum status show(struct op_apply *a, struct exec *x, const struct batch *right)
{
	const struct pop *pop = a->op.pop;
	struct batch *out = &a->out.b;

	own_set_rows(&a->out, 1);
	if (right != NULL) {
		out->n_rows = right->n_rows;
		out->n_sel = right->n_sel;
		out->sel = right->sel;
	}
	for (uint32_t i = 0; i < pop->n_carry; i++)
		out->cols[pop->carry[i]] =
		    column_of_row(&a->in->cols[pop->carry[i]], batch_row(a->in, a->i_sel));
	for (uint32_t i = 0; i < pop->n_carry_right; i++) {
		uint32_t s = pop->carry_right[i];
		if (right != NULL) {
			out->cols[s] = right->cols[s];
		} else {
			TRY(col_set_const(x, &a->out.cols[s], VALUE_NULL));
			own_show(&a->out, s);
		}
	}
	return ST_OK;
}

static enum status apply_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_apply *a = container_of(op, struct op_apply, op);

	for (;;) {
		struct batch *b = NULL;
		TRY(exec_check(x, 16));
		if (a->in == NULL) {
			TRY(op_next(op->left, x, &a->in));
			*ret = NULL;
			if (a->in == NULL)
				return ST_OK;
			a->i_sel = 0;
		}
		if (!a->row_open) {
			a->row_open = true;
			a->matched = false;
			TRY(op_pass_row(op, x, a->in, batch_row(a->in, a->i_sel)));
		}
		TRY(op_next(op->right, x, &b));
		bool lonely = b == NULL && !a->matched && op->pop->kind == POP_OPTIONAL;
		if (b != NULL || lonely)
			TRY(show(a, x, b));
		a->matched = true;
		if (b == NULL) {
			a->row_open = false;
			if (++a->i_sel == a->in->n_sel)
				a->in = NULL;
		}
		if (b != NULL || lonely) {
			*ret = &a->out.b;
			return ST_OK;
		}
	}
}

static enum status apply_reset(struct op *op, struct exec *x)
{
	struct op_apply *a = container_of(op, struct op_apply, op);

	a->in = NULL;
	a->row_open = false;
	return op_reset(op->left, x);
}

const struct op_class op_apply = {.size = sizeof(struct op_apply),
				  .open = apply_open,
				  .next = apply_next,
				  .reset = apply_reset,
				  .passes_rows = true};

/* ---- semi: in place ---------------------------------------------------------------------------
 */

struct op_semi {
	struct op op;
	struct batch *in;
	uint32_t i_sel, n;
	bool row_open;
	uint16_t *sel;
	struct col mark;
};

static enum status semi_open(struct op *op, struct exec *x)
{
	struct op_semi *s = container_of(op, struct op_semi, op);

	s->sel = exec_alloc(x, BATCH_ROWS * sizeof(*s->sel));
	return s->sel != NULL ? ST_OK : ST_NOMEM;
}

/* Asks the right side for a first row, for each row of the batch. */
static enum status semi_rows(struct op_semi *s, struct exec *x)
{
	bool mark = s->op.pop->kind == POP_SEMI_MARK, anti = s->op.pop->semi.anti;

	for (; s->i_sel < s->in->n_sel; s->i_sel++, s->row_open = false) {
		uint32_t row = batch_row(s->in, s->i_sel);
		struct batch *b = NULL;
		TRY(exec_check(x, 16));
		if (!s->row_open)
			TRY(op_pass_row(&s->op, x, s->in, row));
		s->row_open = true;
		TRY(op_next(s->op.right, x, &b));
		bool holds = (b != NULL) != anti;
		if (mark)
			s->mark.c.b[row] = holds;
		s->sel[s->n] = (uint16_t)row;
		s->n += mark || holds;
	}
	return ST_OK;
}

static enum status semi_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_semi *s = container_of(op, struct op_semi, op);

	for (;;) {
		if (s->in == NULL) {
			TRY(op_next(op->left, x, &s->in));
			*ret = NULL;
			if (s->in == NULL)
				return ST_OK;
			s->i_sel = s->n = 0;
			s->row_open = false;
			if (op->pop->kind == POP_SEMI_MARK)
				TRY(col_prepare(x, &s->mark, COL_BOOL, s->in->n_rows));
		}
		TRY(semi_rows(s, x));
		struct batch *b = s->in;
		s->in = NULL;
		if (s->n == 0)
			continue;
		if (op->pop->kind == POP_SEMI_MARK) {
			b->cols[op->pop->semi.out] = s->mark.c;
		} else if (s->n != b->n_sel) {
			b->sel = s->sel;
			b->n_sel = s->n;
		}
		*ret = b;
		return ST_OK;
	}
}

static enum status semi_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_semi, op)->in = NULL;
	return op_reset(op->left, x);
}

const struct op_class op_semi = {.size = sizeof(struct op_semi),
				 .open = semi_open,
				 .next = semi_next,
				 .reset = semi_reset,
				 .passes_rows = true};
