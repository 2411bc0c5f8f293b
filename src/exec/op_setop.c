/* exec/op_setop.c - POP_EXCEPT, POP_INTERSECT, POP_OTHERWISE. */
#include "exec/tuples.h"

/* The batch that shows a side's columns under the slots of the result. */
static void show_side(const struct pop *pop, struct own_batch *out, const struct batch *b,
		      const uint32_t *from)
{
	for (uint32_t i = 0; i < pop->set_op.n; i++)
		out->b.cols[pop->set_op.out_slots[i]] = b->cols[from[i]];
	out->b.n_rows = b->n_rows;
	out->b.n_sel = b->n_sel;
	out->b.sel = b->sel;
}

/* ---- EXCEPT, INTERSECT -----------------------------------------------------------------------
 *
 * One batch of the left side, behind whose barrier stand its writes, is taken; then the right side
 * is counted, and rows of the left side pass or not. Without ALL a row passes once: INTERSECT sets
 * its count to 0, EXCEPT, for which the rows that it gave count as well, to 1. */

struct op_setop {
	struct op op;
	struct own_batch out;
	struct exec_arena arena; /* of what was counted */
	struct tuples tuples;
	uint64_t *counts; /* by tuple */
	uint32_t cap;
	struct value *row;
	uint16_t *sel;
	struct batch *in; /* of the left side, taken before the right side is counted */
	bool counted;
};

static enum status setop_open(struct op *op, struct exec *x)
{
	struct op_setop *s = container_of(op, struct op_setop, op);

	exec_arena_init(x, &s->arena);
	tuples_init(&s->tuples, &s->arena.a, op->pop->set_op.n);
	s->row = exec_alloc(x, op->pop->set_op.n * sizeof(*s->row));
	s->sel = exec_alloc(x, BATCH_ROWS * sizeof(*s->sel));
	if (s->row == NULL || s->sel == NULL)
		return ST_NOMEM;
	return own_batch_init(x, &s->out);
}

static void load_row(struct op_setop *s, const struct batch *b, uint32_t i, const uint32_t *from)
{
	for (uint32_t k = 0; k < s->op.pop->set_op.n; k++)
		s->row[k] = column_get(&b->cols[from[k]], batch_row(b, i));
}

/* The number of the tuple in row, whose count begins with 0. */
static enum status add_row(struct op_setop *s, uint32_t *ret)
{
	bool fresh;

	TRY(tuples_add(&s->tuples, s->row, ret, &fresh));
	if (*ret >= s->cap) {
		uint32_t cap = MAX_OF(s->cap * 2, 64u);
		uint64_t *counts = arena_alloc(&s->arena.a, cap * sizeof(*counts));
		if (counts == NULL)
			return ST_NOMEM;
		if (s->cap != 0)
			memcpy(counts, s->counts, s->cap * sizeof(*counts));
		s->counts = counts;
		s->cap = cap;
	}
	if (fresh)
		s->counts[*ret] = 0;
	return ST_OK;
}

static enum status count_right(struct op_setop *s, struct exec *x)
{
	for (;;) {
		struct batch *b = NULL;
		TRY(op_next(s->op.right, x, &b));
		if (b == NULL)
			break;
		for (uint32_t i = 0; i < b->n_sel; i++) {
			uint32_t at;
			load_row(s, b, i, s->op.pop->set_op.right_slots);
			TRY(add_row(s, &at));
			s->counts[at]++;
		}
	}
	s->counted = true;
	return ST_OK;
}

static enum status passes(struct op_setop *s, bool *ret)
{
	const struct pop *pop = s->op.pop;
	bool except = pop->kind == POP_EXCEPT;
	uint32_t at;

	if (except && !pop->set_op.all) {
		TRY(add_row(s, &at));
		*ret = s->counts[at] == 0;
		s->counts[at] = 1;
		return ST_OK;
	}
	at = tuples_find(&s->tuples, s->row);
	bool there = at != TUPLE_NONE && s->counts[at] > 0;
	if (there)
		s->counts[at] = pop->set_op.all ? s->counts[at] - 1 : 0;
	*ret = there != except;
	return ST_OK;
}

static enum status setop_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_setop *s = container_of(op, struct op_setop, op);

	if (!s->counted && s->in == NULL)
		TRY(op_next(op->left, x, &s->in));
	if (!s->counted)
		TRY(count_right(s, x));
	for (;;) {
		struct batch *b = s->in;
		uint32_t n = 0;
		TRY(exec_check(x, x->batch_rows));
		if (b == NULL)
			TRY(op_next(op->left, x, &b));
		s->in = NULL;
		*ret = NULL;
		if (b == NULL)
			return ST_OK;
		for (uint32_t i = 0; i < b->n_sel; i++) {
			bool pass;
			load_row(s, b, i, op->pop->set_op.left_slots);
			TRY(passes(s, &pass));
			s->sel[n] = (uint16_t)batch_row(b, i);
			n += pass;
		}
		if (n == 0)
			continue;
		show_side(op->pop, &s->out, b, op->pop->set_op.left_slots);
		s->out.b.sel = s->sel;
		s->out.b.n_sel = n;
		*ret = &s->out.b;
		return ST_OK;
	}
}

static enum status setop_reset(struct op *op, struct exec *x)
{
	struct op_setop *s = container_of(op, struct op_setop, op);

	arena_reset(&s->arena.a);
	tuples_init(&s->tuples, &s->arena.a, op->pop->set_op.n);
	s->counts = NULL;
	s->cap = 0;
	s->counted = false;
	s->in = NULL;
	TRY(op_reset(op->left, x));
	return op_reset(op->right, x);
}

const struct op_class op_setop = {
    .size = sizeof(struct op_setop), .open = setop_open, .next = setop_next, .reset = setop_reset};

/* ---- OTHERWISE: the rows of the left side, or, when it has none, of the right side ----------- */

struct op_otherwise {
	struct op op;
	struct own_batch out;
	bool any, left_done;
};

static enum status otherwise_open(struct op *op, struct exec *x)
{
	return own_batch_init(x, &container_of(op, struct op_otherwise, op)->out);
}

static enum status otherwise_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_otherwise *o = container_of(op, struct op_otherwise, op);
	const uint32_t *from = op->pop->set_op.left_slots;
	struct batch *b = NULL;

	if (!o->left_done) {
		TRY(op_next(op->left, x, &b));
		o->left_done = b == NULL;
		o->any = o->any || b != NULL;
	}
	if (o->left_done && !o->any) {
		TRY(op_next(op->right, x, &b));
		from = op->pop->set_op.right_slots;
	}
	*ret = NULL;
	if (b == NULL)
		return ST_OK;
	show_side(op->pop, &o->out, b, from);
	*ret = &o->out.b;
	return ST_OK;
}

static enum status otherwise_reset(struct op *op, struct exec *x)
{
	struct op_otherwise *o = container_of(op, struct op_otherwise, op);

	o->any = o->left_done = false;
	TRY(op_reset(op->left, x));
	return op_reset(op->right, x);
}

const struct op_class op_otherwise = {.size = sizeof(struct op_otherwise),
				      .open = otherwise_open,
				      .next = otherwise_next,
				      .reset = otherwise_reset};
