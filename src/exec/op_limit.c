/* exec/op_limit.c - POP_LIMIT: skip and limit, in place. */
#include "exec/limit.h"

struct op_limit {
	struct op op;
	struct prog *skip, *limit;
	bool begun;
	uint64_t to_skip, to_give;
	uint16_t *sel;
};

enum status limit_value(struct exec *x, struct prog *p, const struct expr *e, uint64_t absent,
			uint64_t *ret)
{
	struct value v;

	*ret = absent;
	if (p == NULL)
		return ST_OK;
	TRY(prog_scalar(p, x, &v));
	if (v.kind != V_INT)
		return diag_set(x->diag, GQL_WRONG_TYPE, e->offset,
				"LIMIT and OFFSET need an INT, got %s", value_kind_name(v.kind));
	if (v.i < 0)
		return diag_set(x->diag, GQL_NEGATIVE_LIMIT, e->offset,
				"LIMIT and OFFSET cannot be negative, got %lld", (long long)v.i);
	*ret = (uint64_t)v.i;
	return ST_OK;
}

/* One question is enough: what writes stands below a barrier. */
enum status limit_none(struct op *op, struct exec *x)
{
	struct batch *b;

	return x->plan->writes ? op_next(op->left, x, &b) : ST_OK;
}

static enum status limit_open(struct op *op, struct exec *x)
{
	struct op_limit *l = container_of(op, struct op_limit, op);

	TRY(prog_make(x, op->pop->limit.skip, &l->skip));
	return prog_make(x, op->pop->limit.limit, &l->limit);
}

/* Keeps the selected rows skip..skip+n-1. */
static enum status cut(struct op_limit *l, struct exec *x, struct batch *b, uint32_t skip,
		       uint32_t n)
{
	if (l->sel == NULL)
		l->sel = exec_alloc(x, BATCH_ROWS * sizeof(*l->sel));
	if (l->sel == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		l->sel[i] = (uint16_t)batch_row(b, skip + i);
	b->sel = l->sel;
	b->n_sel = n;
	return ST_OK;
}

static enum status limit_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_limit *l = container_of(op, struct op_limit, op);
	struct batch *b = NULL;

	if (!l->begun) {
		TRY(limit_value(x, l->skip, op->pop->limit.skip, 0, &l->to_skip));
		TRY(limit_value(x, l->limit, op->pop->limit.limit, UINT64_MAX, &l->to_give));
		if (l->to_give == 0)
			TRY(limit_none(op, x));
		l->begun = true;
	}
	while (l->to_give != 0) { /* once all is given the child is not asked any more */
		TRY(op_next(op->left, x, &b));
		if (b == NULL)
			break;
		uint32_t skip = (uint32_t)MIN_OF(l->to_skip, (uint64_t)b->n_sel);
		uint32_t n = (uint32_t)MIN_OF(l->to_give, (uint64_t)(b->n_sel - skip));
		l->to_skip -= skip;
		l->to_give -= n;
		if (n != 0 && n < b->n_sel)
			TRY(cut(l, x, b, skip, n));
		if (n != 0)
			break;
		b = NULL;
		TRY(exec_check(x, x->batch_rows));
	}
	*ret = b;
	return ST_OK;
}

static enum status limit_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_limit, op)->begun = false;
	return op_reset(op->left, x);
}

const struct op_class op_limit = {
    .size = sizeof(struct op_limit), .open = limit_open, .next = limit_next, .reset = limit_reset};
