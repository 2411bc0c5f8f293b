/* exec/eval_arith.c - arithmetic steps: whole columns of integers or floats, else by values. */
#include "exec/expr_int.h"
#include "value/arith.h"

static enum arith_op arith_of(enum expr_kind k)
{
	static const uint8_t ops[] = {
	    [EXPR_ADD] = ARITH_ADD, [EXPR_SUB] = ARITH_SUB, [EXPR_MUL] = ARITH_MUL,
	    [EXPR_DIV] = ARITH_DIV, [EXPR_MOD] = ARITH_MOD, [EXPR_POW] = ARITH_POW};

	return ops[k];
}

static enum status arith_row(struct eval *ev, const struct step *s, const struct value *args,
			     struct value *ret)
{
	struct func_ctx fx = eval_func_ctx(ev, s);

	return value_arith(&fx, arith_of(s->expr->kind), args[0], args[1], ret);
}

static inline bool any_null(const struct column *a, const struct column *b, uint32_t row)
{
	return (a->has_null && column_is_null(a, row)) || (b->has_null && column_is_null(b, row));
}

static enum status arith_ints(struct eval *ev, const struct step *s, const struct column *a,
			      const struct column *b)
{
	const enum arith_op op = arith_of(s->expr->kind);
	struct column *dst;

	TRY(eval_dst(ev, s, COL_INT, &dst));
	uint32_t n = dst->is_const ? 1 : ev->sel.n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = dst->is_const ? 0 : eval_row(&ev->sel, i);
		int64_t left = a->i[a->is_const ? 0 : row], right = b->i[b->is_const ? 0 : row];
		if (any_null(a, b, row)) {
			column_set_null(dst, row);
		} else if (UNLIKELY(!arith_int(op, left, right, &dst->i[row]))) {
			struct func_ctx fx = eval_func_ctx(ev, s);
			return arith_int_error(&fx, op, left, right);
		}
	}
	return ST_OK;
}

static enum status arith_floats(struct eval *ev, const struct step *s, const struct column *a,
				const struct column *b)
{
	const enum arith_op op = arith_of(s->expr->kind);
	struct column *dst;

	TRY(eval_dst(ev, s, COL_FLOAT, &dst));
	uint32_t n = dst->is_const ? 1 : ev->sel.n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = dst->is_const ? 0 : eval_row(&ev->sel, i);
		if (any_null(a, b, row))
			column_set_null(dst, row);
		else
			dst->f[row] = arith_float(op, a->f[a->is_const ? 0 : row],
						  b->f[b->is_const ? 0 : row]);
	}
	return ST_OK;
}

enum status step_arith(struct eval *ev, const struct step *s)
{
	const struct column *a = eval_arg(ev, s, 0), *b = eval_arg(ev, s, 1);

	if (a->kind == COL_FLOAT && b->kind == COL_FLOAT)
		return arith_floats(ev, s, a, b);
	if (a->kind == COL_INT && b->kind == COL_INT && s->expr->kind != EXPR_POW)
		return arith_ints(ev, s, a, b);
	return eval_rows(ev, s, arith_row);
}

static enum status concat_row(struct eval *ev, const struct step *s, const struct value *args,
			      struct value *ret)
{
	struct func_ctx fx = eval_func_ctx(ev, s);

	return value_concat(&fx, args[0], args[1], ret);
}

enum status step_concat(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, concat_row);
}

static enum status neg_row(struct eval *ev, const struct step *s, const struct value *args,
			   struct value *ret)
{
	struct func_ctx fx = eval_func_ctx(ev, s);

	return value_negate(&fx, args[0], ret);
}

enum status step_neg(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, neg_row);
}
