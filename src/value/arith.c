#include "value/arith.h"

#include <math.h>

struct arith {
	struct arena *arena;
	uint32_t offset;
	struct diag *d;
	struct value *ret;
};

static const char *const op_signs[] = {
	[ARITH_ADD] = "+", [ARITH_SUB] = "-", [ARITH_MUL] = "*",     [ARITH_DIV] = "/",
	[ARITH_MOD] = "%", [ARITH_POW] = "^", [ARITH_CONCAT] = "||",
};

static enum status wrong_kinds(struct arith *x, enum arith_op op, struct value a, struct value b)
{
	return diag_set(x->d, GQL_WRONG_TYPE, x->offset, "'%s' does not take %s and %s", op_signs[op],
			value_kind_name((enum value_kind)a.kind),
			value_kind_name((enum value_kind)b.kind));
}

static enum status out_of_range(struct arith *x, enum arith_op op)
{
	return diag_set(x->d, GQL_OUT_OF_RANGE, x->offset,
			"the result of '%s' does not fit a 64-bit integer", op_signs[op]);
}

static enum status arith_int(struct arith *x, enum arith_op op, int64_t a, int64_t b)
{
	int64_t r = 0;
	bool over = false;

	switch (op) {
	case ARITH_ADD:
		over = __builtin_add_overflow(a, b, &r);
		break;
	case ARITH_SUB:
		over = __builtin_sub_overflow(a, b, &r);
		break;
	case ARITH_MUL:
		over = __builtin_mul_overflow(a, b, &r);
		break;
	default: /* ARITH_DIV, ARITH_MOD */
		if (b == 0)
			return diag_set(x->d, GQL_DIVISION_BY_ZERO, x->offset, "division by zero");
		over = a == INT64_MIN && b == -1 && op == ARITH_DIV;
		if (!over)
			r = op == ARITH_DIV ? a / b : b == -1 ? 0 : a % b;
		break;
	}
	if (over)
		return out_of_range(x, op);
	*x->ret = value_int(r);
	return ST_OK;
}

static enum status arith_float(struct arith *x, enum arith_op op, double a, double b)
{
	double r = 0;

	if ((op == ARITH_DIV || op == ARITH_MOD) && b == 0)
		return diag_set(x->d, GQL_DIVISION_BY_ZERO, x->offset, "division by zero");
	switch (op) {
	case ARITH_ADD:
		r = a + b;
		break;
	case ARITH_SUB:
		r = a - b;
		break;
	case ARITH_MUL:
		r = a * b;
		break;
	case ARITH_DIV:
		r = a / b;
		break;
	case ARITH_MOD:
		r = fmod(a, b);
		break;
	default:
		r = pow(a, b);
		break;
	}
	if (isinf(r) && !isinf(a) && !isinf(b))
		return diag_set(x->d, GQL_OUT_OF_RANGE, x->offset,
				"the result of '%s' does not fit a float", op_signs[op]);
	*x->ret = value_float(r);
	return ST_OK;
}

static enum status no_memory(const struct arith *x)
{
	return arena_over_budget(x->arena) ? ST_LIMIT : ST_NOMEM;
}

static enum status join_texts(struct arith *x, struct value a, struct value b)
{
	size_t len = (size_t)a.n + b.n;

	if (len > VALUE_STRING_MAX)
		return diag_set(x->d, GQL_STRING_TOO_LONG, x->offset,
				"the text would be longer than %u bytes", VALUE_STRING_MAX);
	char *p = arena_alloc(x->arena, len + 1);
	if (p == NULL)
		return no_memory(x);
	memcpy(p, a.s, a.n);
	memcpy(p + a.n, b.s, b.n);
	p[len] = 0;
	*x->ret = a;
	x->ret->s = p;
	x->ret->n = (uint32_t)len;
	return ST_OK;
}

/* list + list, list + element, element + list */
static enum status join_lists(struct arith *x, const struct value *a, uint32_t na,
			      const struct value *b, uint32_t nb)
{
	size_t n = (size_t)na + nb;

	if (n > VALUE_LIST_MAX)
		return diag_set(x->d, GQL_LIST_TOO_LONG, x->offset,
				"the list would have more than %u elements", VALUE_LIST_MAX);
	struct value *v = arena_alloc(x->arena, n * sizeof *v);
	if (v == NULL)
		return no_memory(x);
	memcpy(v, a, na * sizeof *v);
	memcpy(v + na, b, nb * sizeof *v);
	*x->ret = value_list(v, (uint32_t)n);
	return ST_OK;
}

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static double as_double(struct value v)
{
	return v.kind == V_INT ? (double)v.i : v.f;
}

static enum status join(struct arith *x, enum arith_op op, struct value a, struct value b)
{
	if (a.kind == V_LIST && b.kind == V_LIST)
		return join_lists(x, a.list, a.n, b.list, b.n);
	if (a.kind == V_LIST && op == ARITH_ADD)
		return join_lists(x, a.list, a.n, &b, 1);
	if (b.kind == V_LIST && op == ARITH_ADD)
		return join_lists(x, &a, 1, b.list, b.n);
	if (a.kind == b.kind && (a.kind == V_STRING || a.kind == V_BYTES))
		return join_texts(x, a, b);
	return wrong_kinds(x, op, a, b);
}

enum status value_arith(enum arith_op op, struct value a, struct value b, struct arena *arena,
			uint32_t offset, struct diag *d, struct value *ret)
{
	struct arith x = {arena, offset, d, ret};

	if (a.kind == V_NULL || b.kind == V_NULL) {
		*ret = VALUE_NULL;
		return ST_OK;
	}
	if (op == ARITH_CONCAT || !is_number(a) || !is_number(b)) {
		if (op == ARITH_ADD || op == ARITH_CONCAT)
			return join(&x, op, a, b);
		return wrong_kinds(&x, op, a, b);
	}
	if (a.kind == V_INT && b.kind == V_INT && op != ARITH_POW)
		return arith_int(&x, op, a.i, b.i);
	return arith_float(&x, op, as_double(a), as_double(b));
}

enum status value_negate(struct value a, uint32_t offset, struct diag *d, struct value *ret)
{
	switch ((enum value_kind)a.kind) {
	case V_NULL:
		*ret = a;
		return ST_OK;
	case V_INT:
		if (a.i == INT64_MIN)
			return diag_set(d, GQL_OUT_OF_RANGE, offset,
					"the result of '-' does not fit a 64-bit integer");
		*ret = value_int(-a.i);
		return ST_OK;
	case V_FLOAT:
		*ret = value_float(-a.f);
		return ST_OK;
	default:
		return diag_set(d, GQL_WRONG_TYPE, offset, "'-' does not take %s",
				value_kind_name((enum value_kind)a.kind));
	}
}
