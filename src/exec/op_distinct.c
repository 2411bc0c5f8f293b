/* exec/op_distinct.c - POP_DISTINCT: in place; the first row of each kind passes.
 *
 * One slot of ids or integers goes through a set of integers, anything else through tuples. A later
 * batch with another kind of column moves the set's members over, so 1 and 1.0 still meet. */
#include "exec/expr.h"
#include "exec/idset.h"
#include "exec/tuples.h"

enum distinct_way { WAY_OPEN, WAY_INTS, WAY_TUPLES };

struct op_distinct {
	struct op op;
	struct exec_arena seen;
	enum distinct_way way;
	uint8_t kind; /* WAY_INTS: of the column */
	bool null_seen;
	struct idset ints;
	struct tuples tuples;
	struct value *row;
	uint16_t *sel;
};

static void forget(struct op_distinct *d)
{
	arena_reset(&d->seen.a);
	d->way = WAY_OPEN;
	d->null_seen = false;
	idset_init(&d->ints, &d->seen.a);
	tuples_init(&d->tuples, &d->seen.a, d->op.pop->distinct.n);
}

static enum status distinct_open(struct op *op, struct exec *x)
{
	struct op_distinct *d = container_of(op, struct op_distinct, op);

	exec_arena_init(x, &d->seen);
	forget(d);
	d->row = exec_alloc(x, op->pop->distinct.n * sizeof(*d->row));
	d->sel = exec_alloc(x, BATCH_ROWS * sizeof(*d->sel));
	return d->row != NULL && d->sel != NULL ? ST_OK : ST_NOMEM;
}

static bool is_int_like(const struct column *c)
{
	return c->kind == COL_INT || c->kind == COL_NODE || c->kind == COL_EDGE;
}

static enum status pass_ints(struct op_distinct *d, struct batch *b, const struct column *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint32_t row = batch_row(b, i);
		bool fresh;
		if (UNLIKELY(c->has_null) && column_is_null(c, row)) {
			fresh = !d->null_seen;
			d->null_seen = true;
		} else {
			TRY(idset_add(&d->ints, c->i[c->is_const ? 0 : row], &fresh));
		}
		d->sel[n] = (uint16_t)row;
		n += fresh;
	}
	b->sel = d->sel;
	b->n_sel = n;
	return ST_OK;
}

static struct value member(uint8_t kind, int64_t key)
{
	return kind == COL_INT	  ? value_int(key)
	       : kind == COL_NODE ? value_node((elem_id)key)
				  : value_edge((elem_id)key);
}

static enum status move_one(struct op_distinct *d, int64_t key)
{
	struct value v = member(d->kind, key);
	uint32_t at;
	bool fresh;

	return tuples_add(&d->tuples, &v, &at, &fresh);
}

/* From integers to tuples. */
static enum status widen(struct op_distinct *d)
{
	struct value null = VALUE_NULL;
	const struct idset *s = &d->ints;
	uint32_t at;
	bool fresh;

	d->way = WAY_TUPLES;
	if (d->null_seen)
		TRY(tuples_add(&d->tuples, &null, &at, &fresh));
	for (uint64_t p = 0; p < s->n_dir; p++)
		for (uint32_t i = 0; s->pages[p] != NULL && i < IDSET_PAGE_BITS; i++)
			if ((s->pages[p][i / 64] >> (i & 63) & 1) != 0)
				TRY(move_one(d, (int64_t)(p * IDSET_PAGE_BITS + i)));
	for (uint64_t i = 0; s->slots != NULL && i <= s->mask; i++)
		if (s->slots[i] != INT64_MIN)
			TRY(move_one(d, s->slots[i]));
	return s->has_free_mark ? move_one(d, INT64_MIN) : ST_OK;
}

static enum status pass_tuples(struct op_distinct *d, struct batch *b)
{
	const struct pop *pop = d->op.pop;
	uint32_t n = 0, at;

	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint32_t row = batch_row(b, i);
		bool fresh;
		for (uint32_t k = 0; k < pop->distinct.n; k++)
			d->row[k] = column_get(&b->cols[pop->distinct.slots[k]], row);
		TRY(tuples_add(&d->tuples, d->row, &at, &fresh));
		d->sel[n] = (uint16_t)row;
		n += fresh;
	}
	b->sel = d->sel;
	b->n_sel = n;
	return ST_OK;
}

static enum status pass(struct op_distinct *d, struct batch *b)
{
	const struct pop *pop = d->op.pop;
	const struct column *c = pop->distinct.n == 1 ? &b->cols[pop->distinct.slots[0]] : NULL;

	if (d->way == WAY_OPEN) {
		d->way = c != NULL && is_int_like(c) ? WAY_INTS : WAY_TUPLES;
		d->kind = c != NULL ? c->kind : 0;
	}
	if (d->way == WAY_INTS && c->kind != d->kind)
		TRY(widen(d));
	return d->way == WAY_INTS ? pass_ints(d, b, c) : pass_tuples(d, b);
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
	forget(container_of(op, struct op_distinct, op));
	return op_reset(op->left, x);
}

const struct op_class op_distinct = {.size = sizeof(struct op_distinct),
				     .open = distinct_open,
				     .next = distinct_next,
				     .reset = distinct_reset};
