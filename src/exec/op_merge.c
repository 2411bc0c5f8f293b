/* exec/op_merge.c - POP_MERGE: for each left row the matches of the pattern; without one it is
 * made.
 *
 * What is made or set for one row is seen by the match of the next: the clause number moves after
 * each row that wrote something. So all left rows are taken before the first is matched, else a
 * scan below would meet what is made here. */
#include "exec/rows.h"
#include "exec/write.h"

struct op_merge {
	struct op op;
	struct maker maker;
	struct setter on_create, on_match;
	struct own_batch out;
	struct batch made; /* one row: the left row and what was made for it */
	struct rows left;
	bool left_full;
	uint32_t i_chunk, i_row; /* the left row that is matched */
	struct batch *matches;
	uint32_t i_match;
	bool row_open, matched, ended;
	struct col *cols; /* by item */
};

static enum status merge_open(struct op *op, struct exec *x)
{
	struct op_merge *o = container_of(op, struct op_merge, op);
	const struct pop *pop = op->pop;

	o->made = *op->arg;
	o->made.cols = exec_alloc(x, o->made.n_cols * sizeof(struct column));
	o->cols = exec_zalloc(x, pop->merge.n * sizeof(*o->cols));
	if (o->made.cols == NULL || o->cols == NULL)
		return ST_NOMEM;
	rows_init(x, &o->left, pop->carry, pop->n_carry);
	TRY(maker_open(x, pop->merge.items, pop->merge.n, true, &o->maker));
	TRY(setter_open(x, pop->merge.on_create, pop->merge.n_on_create, &o->on_create));
	TRY(setter_open(x, pop->merge.on_match, pop->merge.n_on_match, &o->on_match));
	return own_batch_init(x, &o->out);
}

/* Makes the pattern for the current row. */
static enum status make(struct op_merge *o, struct exec *x)
{
	uint32_t n = o->made.n_cols;

	memcpy(o->made.cols, o->op.arg->cols, n * sizeof(struct column));
	TRY(maker_eval(&o->maker, x, &o->made));
	TRY(maker_row(&o->maker, x, &o->made, 0));
	for (uint32_t i = 0; i < o->maker.n; i++) {
		const struct make *item = &o->maker.items[i];
		elem_id id = o->maker.made[i];
		TRY(col_set_const(x, &o->cols[i], item->is_edge ? value_edge(id) : value_node(id)));
		o->made.cols[item->slot] = o->cols[i].c;
	}
	txn_next_clause(x->txn);
	if (o->on_create.n != 0) {
		TRY(setter_eval(&o->on_create, x, &o->made));
		TRY(setter_row(&o->on_create, x, 0));
		txn_next_clause(x->txn);
	}
	return ST_OK;
}

/* The items for matched rows; may be called again after a yield. */
static enum status set_matches(struct op_merge *o, struct exec *x)
{
	for (; o->i_match < o->matches->n_sel; o->i_match++) {
		TRY(exec_check(x, 64));
		TRY(setter_row(&o->on_match, x, batch_row(o->matches, o->i_match)));
	}
	return ST_OK;
}

static void show(struct op_merge *o, const struct batch *b)
{
	const struct pop *pop = o->op.pop;

	for (uint32_t i = 0; i < pop->n_carry; i++)
		o->out.b.cols[pop->carry[i]] = o->op.arg->cols[pop->carry[i]];
	for (uint32_t i = 0; i < pop->n_carry_right; i++)
		o->out.b.cols[pop->carry_right[i]] = b->cols[pop->carry_right[i]];
	o->out.b.n_rows = b->n_rows;
	o->out.b.n_sel = b->n_sel;
	o->out.b.sel = b->sel;
}

/* The next batch for the current row: matches, or what was made; NULL: the row is done. */
static enum status merge_row(struct op_merge *o, struct exec *x, struct batch **ret)
{
	*ret = NULL;
	if (o->matches == NULL) {
		TRY(op_next(o->op.right, x, &o->matches));
		if (o->matches == NULL) {
			if (o->matched) {
				if (o->on_match.n != 0)
					txn_next_clause(x->txn);
				return ST_OK;
			}
			o->matched = true;
			TRY(make(o, x));
			show(o, &o->made);
			*ret = &o->out.b;
			return ST_OK;
		}
		o->matched = true;
		o->i_match = 0;
		TRY(setter_eval(&o->on_match, x, o->matches));
	}
	TRY(set_matches(o, x));
	show(o, o->matches);
	o->matches = NULL;
	*ret = &o->out.b;
	return ST_OK;
}

static enum status take_left(struct op_merge *o, struct exec *x)
{
	while (!o->left_full) {
		struct batch *b = NULL;
		TRY(op_next(o->op.left, x, &b));
		if (b != NULL)
			TRY(rows_add(x, &o->left, b));
		o->left_full = b == NULL;
	}
	return ST_OK;
}

static enum status merge_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_merge *o = container_of(op, struct op_merge, op);

	*ret = NULL;
	TRY(take_left(o, x));
	while (o->i_chunk < o->left.n_chunks) {
		const struct batch *chunk = o->left.chunks[o->i_chunk];
		TRY(exec_check(x, 16));
		if (!o->row_open) {
			TRY(op_pass_row(op, x, chunk, o->i_row));
			o->row_open = true;
			o->matched = false;
		}
		TRY(merge_row(o, x, ret));
		if (*ret != NULL)
			return ST_OK;
		o->row_open = false;
		if (++o->i_row == chunk->n_rows) {
			o->i_row = 0;
			o->i_chunk++;
		}
	}
	if (!o->ended)
		TRY(write_end(x, op->pop->offset));
	o->ended = true;
	return ST_OK;
}

static enum status merge_reset(struct op *op, struct exec *x)
{
	struct op_merge *o = container_of(op, struct op_merge, op);

	rows_clear(&o->left);
	o->matches = NULL;
	o->left_full = o->row_open = o->ended = false;
	o->i_chunk = o->i_row = 0;
	return op_reset(op->left, x);
}

const struct op_class op_merge = {.size = sizeof(struct op_merge),
				  .open = merge_open,
				  .next = merge_next,
				  .reset = merge_reset,
				  .passes_rows = true};
