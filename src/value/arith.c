/* value/arith.c - arithmetic and joining. */
#include "value/arith.h"

#include <inttypes.h>
#include <math.h>

#include "value/temporal.h"

static const char *const op_marks[] = {
    [ARITH_ADD] = "+", [ARITH_SUB] = "-", [ARITH_MUL] = "*",
    [ARITH_DIV] = "/", [ARITH_MOD] = "%", [ARITH_POW] = "^",
};

double arith_float(enum arith_op op, double a, double b)
{
	switch (op) {
	case ARITH_ADD:
		return a + b;
	case ARITH_SUB:
		return a - b;
	case ARITH_MUL:
		return a * b;
	case ARITH_DIV:
		return a / b;
	case ARITH_MOD:
		return fmod(a, b);
	case ARITH_POW:
		return pow(a, b);
	}
	bug(__FILE__, __LINE__, "unknown arithmetic operation");
}

enum status arith_int_error(struct func_ctx *x, enum arith_op op, int64_t a, int64_t b)
{
	if ((op == ARITH_DIV || op == ARITH_MOD) && b == 0)
		return diag_set(x->diag, GQL_DIVISION_BY_ZERO, x->offset,
				"division of %" PRId64 " by 0", a);
	diag_set(x->diag, GQL_OUT_OF_RANGE, x->offset,
		 "%" PRId64 " %s %" PRId64 " does not fit in 64 bits", a, op_marks[op], b);
	diag_hint(x->diag, "make one side a FLOAT");
	return ST_INVALID;
}

static enum status kind_error(struct func_ctx *x, const char *mark, struct value a, struct value b)
{
	return diag_set(x->diag, GQL_WRONG_TYPE, x->offset, "'%s' cannot take %s and %s", mark,
			value_kind_name((enum value_kind)a.kind),
			value_kind_name((enum value_kind)b.kind));
}

static enum status join_text(struct func_ctx *x, struct value a, struct value b, struct value *ret)
{
	uint64_t n = (uint64_t)a.n + b.n;

	if (n > VALUE_STRING_MAX)
		return diag_set(x->diag, GQL_STRING_TOO_LONG, x->offset,
				"a text of %" PRIu64 " bytes is longer than the limit of %u", n,
				VALUE_STRING_MAX);
	char *p = arena_alloc_aligned(x->arena, (size_t)n, 1);
	if (p == NULL)
		return func_no_memory(x);
	if (a.n != 0)
		memcpy(p, a.s, a.n);
	if (b.n != 0)
		memcpy(p + a.n, b.s, b.n);
	*ret = (struct value){.kind = a.kind, .n = (uint32_t)n, .s = p};
	return ST_OK;
}

static enum status join_values(struct func_ctx *x, const struct value *a, uint32_t na,
			       const struct value *b, uint32_t nb, struct value *ret)
{
	if (nb > UINT32_MAX - na)
		return diag_set(x->diag, GQL_LIST_TOO_LONG, x->offset,
				"a list of more than %" PRIu32 " elements", UINT32_MAX);
	struct value *v = arena_alloc(x->arena, ((size_t)na + nb) * sizeof *v);
	if (v == NULL)
		return func_no_memory(x);
	if (na != 0)
		memcpy(v, a, na * sizeof *v);
	if (nb != 0)
		memcpy(v + na, b, nb * sizeof *v);
	*ret = value_list(v, na + nb);
	return ST_OK;
}

static enum status concat(struct func_ctx *x, const char *mark, struct value a, struct value b,
			  struct value *ret)
{
	if (a.kind == V_LIST && b.kind == V_LIST)
		return join_values(x, a.list, a.n, b.list, b.n, ret);
	if (a.kind == b.kind && (a.kind == V_STRING || a.kind == V_BYTES))
		return join_text(x, a, b, ret);
	return kind_error(x, mark, a, b);
}

enum status value_concat(struct func_ctx *x, struct value a, struct value b, struct value *ret)
{
	if (value_is_null(a) || value_is_null(b)) {
		*ret = VALUE_NULL;
		return ST_OK;
	}
	return concat(x, "||", a, b, ret);
}

static enum status add_other(struct func_ctx *x, struct value a, struct value b, struct value *ret)
{
	if (a.kind == V_LIST && b.kind != V_LIST)
		return join_values(x, a.list, a.n, &b, 1, ret);
	if (b.kind == V_LIST && a.kind != V_LIST)
		return join_values(x, &a, 1, b.list, b.n, ret);
	return concat(x, "+", a, b, ret);
}

static double to_float(struct value v)
{
	return v.kind == V_FLOAT ? v.f : (double)v.i;
}

static bool is_temporal(struct value v)
{
	return v.kind >= V_DATE && v.kind <= V_DURATION;
}

/* What can be done with a duration. */
static enum status temporal_arith(struct func_ctx *x, enum arith_op op, struct value a,
				  struct value b, struct value *ret)
{
	if ((op == ARITH_ADD || op == ARITH_SUB) && is_temporal(a) && b.kind == V_DURATION)
		return temporal_add(x, a, b, op == ARITH_SUB, ret);
	if (op == ARITH_ADD && a.kind == V_DURATION && is_temporal(b))
		return temporal_add(x, b, a, false, ret);
	if (op == ARITH_MUL && a.kind == V_DURATION && b.kind == V_INT)
		return temporal_times(x, a, b.i, ret);
	if (op == ARITH_MUL && a.kind == V_INT && b.kind == V_DURATION)
		return temporal_times(x, b, a.i, ret);
	return kind_error(x, op_marks[op], a, b);
}

enum status value_arith(struct func_ctx *x, enum arith_op op, struct value a, struct value b,
			struct value *ret)
{
	if (value_is_null(a) || value_is_null(b)) {
		*ret = VALUE_NULL;
		return ST_OK;
	}
	if (a.kind == V_INT && b.kind == V_INT && op != ARITH_POW) {
		int64_t i;
		if (!arith_int(op, a.i, b.i, &i))
			return arith_int_error(x, op, a.i, b.i);
		*ret = value_int(i);
		return ST_OK;
	}
	if ((a.kind == V_INT || a.kind == V_FLOAT) && (b.kind == V_INT || b.kind == V_FLOAT)) {
		*ret = value_float(arith_float(op, to_float(a), to_float(b)));
		return ST_OK;
	}
	bool lists = a.kind == V_LIST || b.kind == V_LIST;
	if ((is_temporal(a) || is_temporal(b)) && !lists)
		return temporal_arith(x, op, a, b, ret);
	if (op == ARITH_ADD)
		return add_other(x, a, b, ret);
	return kind_error(x, op_marks[op], a, b);
}

enum status value_negate(struct func_ctx *x, struct value a, struct value *ret)
{
	switch ((enum value_kind)a.kind) {
	case V_NULL:
		*ret = VALUE_NULL;
		return ST_OK;
	case V_INT:
		if (a.i == INT64_MIN)
			return arith_int_error(x, ARITH_SUB, 0, a.i);
		*ret = value_int(-a.i);
		return ST_OK;
	case V_FLOAT:
		*ret = value_float(-a.f);
		return ST_OK;
	case V_DURATION:
		return temporal_times(x, a, -1, ret);
	default:
		return diag_set(x->diag, GQL_WRONG_TYPE, x->offset, "'-' cannot take %s",
				value_kind_name((enum value_kind)a.kind));
	}
}
