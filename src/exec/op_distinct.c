/* exec/op_distinct.c - POP_DISTINCT: in place; the first row of each kind passes. */
#include "exec/seen.h"

struct op_distinct {
	struct op op;
	struct exec_arena arena; /* of what was seen */
	struct seen seen;
	struct value *row;
	uint16_t *sel;
};

static enum status distinct_open(struct op *op, struct exec *x)
{
	struct op_distinct *d = container_of(op, struct op_distinct, op);

	exec_arena_init(x, &d->arena);
	seen_init(&d->seen, &d->arena.a, op->pop->distinct.n);
	d->row = exec_alloc(x, op->pop->distinct.n * sizeof(*d->row));
	d->sel = exec_alloc(x, BATCH_ROWS * sizeof(*d->sel));
	return d->row != NULL && d->sel != NULL ? ST_OK : ST_NOMEM;
}

/* The kind of value in a column of plain integers, V_NULL: it is none. */
static uint8_t int_kind(const struct column *c)
{
	return c->has_null	     ? V_NULL
	       : c->kind == COL_INT  ? V_INT
	       : c->kind == COL_NODE ? V_NODE
	       : c->kind == COL_EDGE ? V_EDGE
				     : V_NULL;
}

static enum status pass(struct op_distinct *d, struct batch *b)
{
	const struct pop *pop = d->op.pop;
	const struct column *c = pop->distinct.n == 1 ? &b->cols[pop->distinct.slots[0]] : NULL;
	uint8_t kind = c != NULL ? int_kind(c) : V_NULL;
	bool ints = kind != V_NULL && seen_takes_ints(&d->seen, kind);
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint32_t row = batch_row(b, i);
		bool fresh;
		if (ints) {
			TRY(seen_add_int(&d->seen, c->i[c->is_const ? 0 : row], &fresh));
		} else {
			for (uint32_t k = 0; k < pop->distinct.n; k++)
				d->row[k] = column_get(&b->cols[pop->distinct.slots[k]], row);
			TRY(seen_add(&d->seen, d->row, &fresh));
		}
		d->sel[n] = (uint16_t)row;
		n += fresh;
	}
	b->sel = d->sel;
	b->n_sel = n;
	return ST_OK;
}

static enum status distinct_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_distinct *d = container_of(op, struct op_distinct, op);

	for (;;) {
		struct batch *b = NULL;
		TRY(op_next(op->left, x, &b));
		if (b != NULL) {
			TRY(pass(d, b));
			if (b->n_sel == 0) {
				TRY(exec_check(x, b->n_rows));
				continue;
			}
			if (b->n_sel == b->n_rows)
				b->sel = NULL;
		}
		*ret = b;
		return ST_OK;
	}
}

static enum status distinct_reset(struct op *op, struct exec *x)
{
	struct op_distinct *d = container_of(op, struct op_distinct, op);

	arena_reset(&d->arena.a);
	seen_init(&d->seen, &d->arena.a, op->pop->distinct.n);
	return op_reset(op->left, x);
}

const struct op_class op_distinct = {.size = sizeof(struct op_distinct),
				     .open = distinct_open,
				     .next = distinct_next,
				     .reset = distinct_reset};
