/* exec/op_unwind.c - POP_UNWIND: one row for each element of a list. The numbers of range() are
 * counted out, without a list. */
#include "exec/expr.h"
#include "value/func.h"

#define RANGE_ARGS_MAX 3

struct op_unwind {
	struct op op;
	struct prog *list;
	const struct column *lists;
	bool is_range;
	struct prog *args[RANGE_ARGS_MAX]; /* of the range, instead of the list */
	const struct column *arg_cols[RANGE_ARGS_MAX];
	struct func_range range; /* of the row */
	struct own_batch out;
	struct batch *in;
	uint32_t i_sel; /* row */
	uint64_t at;	/* its next element */
	uint32_t n;
	struct value *elems;
	uint16_t *rows;
	int64_t *ordinals;
};

static enum status make_progs(struct op_unwind *u, struct exec *x)
{
	const struct expr *list = u->op.pop->unwind.list;

	u->is_range = list->kind == EXPR_CALL && func_is_range(list->func);
	if (!u->is_range)
		return prog_make(x, list, &u->list);
	for (uint32_t i = 0; i < list->n_args; i++)
		TRY(prog_make(x, list->args[i], &u->args[i]));
	return ST_OK;
}

static enum status unwind_open(struct op *op, struct exec *x)
{
	struct op_unwind *u = container_of(op, struct op_unwind, op);

	u->elems = exec_alloc(x, x->batch_rows * sizeof(*u->elems));
	u->rows = exec_alloc(x, x->batch_rows * sizeof(*u->rows));
	u->ordinals = exec_alloc(x, x->batch_rows * sizeof(*u->ordinals));
	if (u->elems == NULL || u->rows == NULL || u->ordinals == NULL)
		return ST_NOMEM;
	TRY(own_batch_init(x, &u->out));
	return make_progs(u, x);
}

static enum status eval_in(struct op_unwind *u, struct exec *x)
{
	if (!u->is_range)
		return prog_eval(u->list, x, u->in, &u->lists);
	for (uint32_t i = 0; i < u->op.pop->unwind.list->n_args; i++)
		TRY(prog_eval(u->args[i], x, u->in, &u->arg_cols[i]));
	return ST_OK;
}

/* A range with a null is null, and null has no elements. */
static enum status begin_range(struct op_unwind *u, struct exec *x, uint32_t row)
{
	const struct expr *call = u->op.pop->unwind.list;
	struct func_ctx ctx = {.diag = x->diag, .offset = call->offset};
	struct value args[RANGE_ARGS_MAX];

	u->range.n = 0;
	for (uint32_t i = 0; i < call->n_args; i++) {
		args[i] = column_get(u->arg_cols[i], row);
		if (value_is_null(args[i]))
			return ST_OK;
	}
	return func_range_of(&ctx, args, call->n_args, &u->range);
}

/* Elements of the present row: how many there are, and where; of a range they are nowhere. */
static enum status begin_row(struct op_unwind *u, struct exec *x, uint32_t row,
			     const struct value **ret, uint64_t *ret_len)
{
	*ret = NULL;
	if (u->is_range) {
		if (u->at == 0)
			TRY(begin_range(u, x, row));
		*ret_len = u->range.n;
		return ST_OK;
	}
	struct value v = column_get(u->lists, row);
	*ret_len = 0;
	if (v.kind == V_LIST) {
		*ret = v.list;
		*ret_len = v.n;
	}
	if (v.kind == V_LIST || v.kind == V_NULL)
		return ST_OK;
	return diag_set(x->diag, GQL_WRONG_TYPE, u->op.pop->unwind.list->offset,
			"expected a LIST, got %s", value_kind_name(v.kind));
}

static enum status unwind_fill(struct op_unwind *u, struct exec *x)
{
	while (u->n < x->batch_rows && u->i_sel < u->in->n_sel) {
		uint32_t row = batch_row(u->in, u->i_sel);
		const struct value *list;
		uint64_t len;
		TRY(begin_row(u, x, row, &list, &len));
		for (; u->at < len && u->n < x->batch_rows; u->at++) {
			u->elems[u->n] =
			    list != NULL ? list[u->at] : value_int(func_range_at(&u->range, u->at));
			u->ordinals[u->n] = (int64_t)u->at + !u->op.pop->unwind.from_zero;
			u->rows[u->n++] = (uint16_t)row;
		}
		if (u->at == len) {
			u->i_sel++;
			u->at = 0;
		}
	}
	return ST_OK;
}

static enum status show_ordinals(struct op_unwind *u, struct exec *x)
{
	uint32_t slot = u->op.pop->unwind.ordinal;

	if (slot == SLOT_NONE)
		return ST_OK;
	TRY(col_prepare(x, &u->out.cols[slot], COL_INT, u->n));
	memcpy(u->out.cols[slot].c.i, u->ordinals, u->n * sizeof(int64_t));
	own_show(&u->out, slot);
	return ST_OK;
}

static enum status unwind_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_unwind *u = container_of(op, struct op_unwind, op);
	const struct pop *pop = op->pop;

	for (;;) {
		TRY(exec_check(x, x->batch_rows));
		if (u->in == NULL) {
			TRY(op_next(op->left, x, &u->in));
			*ret = NULL;
			if (u->in == NULL)
				return ST_OK;
			u->i_sel = 0;
			u->at = 0;
			TRY(eval_in(u, x));
		}
		u->n = 0;
		TRY(unwind_fill(u, x));
		if (u->n != 0)
			break;
		u->in = NULL;
	}
	bool same = u->rows[0] == u->rows[u->n - 1];
	TRY(own_gather(x, &u->out, u->in, pop->carry, pop->n_carry, u->rows, u->n, same));
	TRY(col_put_values(x, &u->out.cols[pop->unwind.out], u->elems, u->n));
	own_show(&u->out, pop->unwind.out);
	TRY(show_ordinals(u, x));
	own_set_rows(&u->out, u->n);
	*ret = &u->out.b;
	return ST_OK;
}

static enum status unwind_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_unwind, op)->in = NULL;
	return op_reset(op->left, x);
}

const struct op_class op_unwind = {.size = sizeof(struct op_unwind),
				   .open = unwind_open,
				   .next = unwind_next,
				   .reset = unwind_reset};
