/* exec/op_join.c - POP_HASH_JOIN: rows of left and right whose keys are equal. The right side is
 * kept and hashed; keys that are null, or equal to nothing, are left out. A batch of the left side
 * comes first: behind its barrier stand the writes that the right side must see. */
#include "exec/expr.h"
#include "exec/rows.h"
#include "exec/tuples.h"
#include "value/order.h"

#define NO_ROW UINT32_MAX

struct op_join {
	struct op op;
	struct prog **left_keys, **right_keys;
	const struct column **cols; /* of the keys of one batch */
	struct value *key;
	struct rows right;
	struct tuples keys;
	uint32_t *first; /* by number of a key: the newest row */
	uint32_t cap_first;
	struct {
		row_ref ref;
		uint32_t next;
	} * kept; /* all hashed rows */
	uint32_t n_kept, cap_kept;
	bool built;
	struct own_batch out;
	struct batch *in;
	uint32_t i_sel, chain; /* the left row, and what is left of its matches */
	bool keyed;	       /* in's keys are in cols */
	bool row_open;
	uint32_t n;
	uint16_t *rows;
	row_ref *refs;
};

static enum status make_keys(struct exec *x, const struct expr **e, uint32_t n, struct prog ***ret)
{
	*ret = exec_alloc(x, n * sizeof(**ret));
	if (*ret == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		TRY(prog_make(x, e[i], &(*ret)[i]));
	return ST_OK;
}

static enum status join_open(struct op *op, struct exec *x)
{
	struct op_join *j = container_of(op, struct op_join, op);
	uint32_t n = op->pop->join.n;

	TRY(make_keys(x, op->pop->join.left_keys, n, &j->left_keys));
	TRY(make_keys(x, op->pop->join.right_keys, n, &j->right_keys));
	j->cols = exec_alloc(x, n * sizeof(*j->cols));
	j->key = exec_alloc(x, n * sizeof(*j->key));
	j->rows = exec_alloc(x, x->batch_rows * sizeof(*j->rows));
	j->refs = exec_alloc(x, x->batch_rows * sizeof(*j->refs));
	if (j->cols == NULL || j->key == NULL || j->rows == NULL || j->refs == NULL)
		return ST_NOMEM;
	rows_init(x, &j->right, op->pop->carry_right, op->pop->n_carry_right);
	tuples_init(&j->keys, &j->right.arena.a, n);
	return own_batch_init(x, &j->out);
}

static enum status eval_keys(struct op_join *j, struct exec *x, struct prog **progs,
			     const struct batch *b)
{
	for (uint32_t i = 0; i < j->op.pop->join.n; i++)
		TRY(prog_eval(progs[i], x, b, &j->cols[i]));
	return ST_OK;
}

/* The key of a row; false when it equals nothing, not even itself: null, NaN, a list with a null.
 */
static bool load_key(struct op_join *j, uint32_t row)
{
	for (uint32_t i = 0; i < j->op.pop->join.n; i++) {
		j->key[i] = column_get(j->cols[i], row);
		if (value_eq(j->key[i], j->key[i]) != TRUTH_TRUE)
			return false;
	}
	return true;
}

static enum status keep_row(struct op_join *j, row_ref ref)
{
	uint32_t key;
	bool fresh;

	TRY(tuples_add(&j->keys, j->key, &key, &fresh));
	struct arena *a = &j->right.arena.a;
	if (!arena_grow(a, &j->first, key, &j->cap_first, sizeof(*j->first)) ||
	    !arena_grow(a, &j->kept, j->n_kept, &j->cap_kept, sizeof(*j->kept)))
		return ST_NOMEM;
	j->kept[j->n_kept].ref = ref;
	j->kept[j->n_kept].next = fresh ? NO_ROW : j->first[key];
	j->first[key] = j->n_kept++;
	return ST_OK;
}

static enum status build(struct op_join *j, struct exec *x)
{
	while (!j->built) {
		struct batch *b = NULL;
		TRY(op_next(j->op.right, x, &b));
		j->built = b == NULL;
		if (b == NULL)
			break;
		TRY(eval_keys(j, x, j->right_keys, b));
		TRY(rows_add(x, &j->right, b));
		for (uint32_t i = 0; i < b->n_sel; i++)
			if (load_key(j, batch_row(b, i)))
				TRY(keep_row(j, row_ref_of(j->right.n_chunks - 1, i)));
	}
	return ST_OK;
}

static enum status join_fill(struct op_join *j, struct exec *x)
{
	while (j->n < x->batch_rows && j->i_sel < j->in->n_sel) {
		uint32_t row = batch_row(j->in, j->i_sel);
		if (!j->row_open) {
			uint32_t key =
			    load_key(j, row) ? tuples_find(&j->keys, j->key) : TUPLE_NONE;
			j->chain = key != TUPLE_NONE ? j->first[key] : NO_ROW;
			j->row_open = true;
		}
		for (; j->chain != NO_ROW && j->n < x->batch_rows;
		     j->chain = j->kept[j->chain].next) {
			j->rows[j->n] = (uint16_t)row;
			j->refs[j->n++] = j->kept[j->chain].ref;
		}
		if (j->chain == NO_ROW) {
			j->row_open = false;
			j->i_sel++;
		}
	}
	return exec_check(x, x->batch_rows);
}

static enum status join_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_join *j = container_of(op, struct op_join, op);

	*ret = NULL;
	if (!j->built && j->in == NULL) {
		TRY(op_next(op->left, x, &j->in));
		if (j->in == NULL)
			return ST_OK;
	}
	TRY(build(j, x));
	if (j->n_kept == 0)
		return ST_OK;
	for (;;) {
		if (j->in == NULL)
			TRY(op_next(op->left, x, &j->in));
		if (j->in == NULL)
			return ST_OK;
		if (!j->keyed) {
			j->i_sel = 0;
			j->row_open = false;
			TRY(eval_keys(j, x, j->left_keys, j->in));
			j->keyed = true;
		}
		TRY(join_fill(j, x));
		if (j->n != 0)
			break;
		j->in = NULL;
		j->keyed = false;
	}
	bool same = j->rows[0] == j->rows[j->n - 1];
	TRY(own_gather(x, &j->out, j->in, op->pop->carry, op->pop->n_carry, j->rows, j->n, same));
	TRY(rows_gather(x, &j->right, j->refs, j->n, &j->out));
	own_set_rows(&j->out, j->n);
	j->n = 0;
	*ret = &j->out.b;
	return ST_OK;
}

static enum status join_reset(struct op *op, struct exec *x)
{
	struct op_join *j = container_of(op, struct op_join, op);

	j->in = NULL;
	j->built = j->keyed = false;
	j->n = j->n_kept = j->cap_kept = j->cap_first = 0;
	rows_clear(&j->right);
	tuples_init(&j->keys, &j->right.arena.a, op->pop->join.n);
	TRY(op_reset(op->right, x));
	return op_reset(op->left, x);
}

const struct op_class op_hash_join = {
    .size = sizeof(struct op_join), .open = join_open, .next = join_next, .reset = join_reset};
