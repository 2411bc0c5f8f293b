/* exec/op_sort.c - POP_SORT: all rows in order, or with a limit only the first of them.
 *
 * Above a seek that gives rows in the order of the first key's index key, the input ends early:
 * once k rows are there and one with another index key than the k-th has come, no better one can
 * follow. A seek that gives up has all rows given again.
 *
 * With a limit k the rows kept are cut back to the best k whenever there are twice as many; from
 * then on a row that is not better than the k-th is dropped as it comes. Rows that compare equal
 * stay in the order they came. The merge sort works in steps, so it can yield. */
#include "exec/limit.h"
#include "exec/rows.h"
#include "value/order.h"

#define SORT_SLACK 1024 /* rows kept above 2k before they are cut back */

struct merge {
	uint32_t width, lo; /* runs of this width are sorted; the pair that begins at lo is next */
	uint32_t i, j, k;   /* within the pair */
	bool in_pair;
};

struct op_sort {
	struct op op;
	struct prog **keys;
	const struct column **cols;
	struct prog *skip, *limit;
	struct op *seek; /* pop->sort.stops: whence rows come in order; else NULL */
	uint64_t keep;	 /* skip + limit, UINT64_MAX: all; a POP_LIMIT above skips */
	bool begun, full, sorted;
	struct rows rows[2]; /* [i_rows] is in use, the other takes the rows that are cut to */
	uint32_t i_rows;
	uint32_t n, cap;
	struct value *values; /* n * n_keys, in rows[i_rows]'s arena, as all that follow */
	row_ref *refs;
	uint32_t *order, *spare; /* positions */
	struct merge merge;
	bool have_bound; /* order[keep - 1] is the worst row that still counts */
	struct value *bound, *probe;
	struct own_batch out;
	uint32_t at; /* next row to give */
};

static enum status sort_open(struct op *op, struct exec *x)
{
	struct op_sort *s = container_of(op, struct op_sort, op);
	uint32_t n = op->pop->sort.n;

	s->keys = exec_alloc(x, n * sizeof(*s->keys));
	s->cols = exec_alloc(x, n * sizeof(*s->cols));
	s->probe = exec_alloc(x, n * sizeof(*s->probe));
	if (s->keys == NULL || s->cols == NULL || s->probe == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		TRY(prog_make(x, op->pop->sort.keys[i].expr, &s->keys[i]));
	TRY(prog_make(x, op->pop->sort.skip, &s->skip));
	TRY(prog_make(x, op->pop->sort.limit, &s->limit));
	if (op->pop->sort.stops)
		for (s->seek = op->left; s->seek->class != &op_index_seek;)
			s->seek = s->seek->left;
	for (uint32_t i = 0; i < 2; i++)
		rows_init(x, &s->rows[i], op->pop->carry, op->pop->n_carry);
	return own_batch_init(x, &s->out);
}

static int compare_keys(const struct op_sort *s, const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < s->op.pop->sort.n; i++) {
		const struct sort_key *k = &s->op.pop->sort.keys[i];
		bool null_a = a[i].kind == V_NULL, null_b = b[i].kind == V_NULL;
		if (null_a && null_b)
			continue;
		if (null_a || null_b)
			return null_a == k->nulls_first ? -1 : 1;
		int c = value_order(a[i], b[i]);
		if (c != 0)
			return k->descending ? -c : c;
	}
	return 0;
}

static bool in_order(const struct op_sort *s, uint32_t a, uint32_t b)
{
	uint32_t n = s->op.pop->sort.n;
	int c = compare_keys(s, s->values + (size_t)a * n, s->values + (size_t)b * n);

	return c < 0 || (c == 0 && a < b);
}

/* Room for n more rows. */
static enum status sort_grow(struct op_sort *s, uint32_t more)
{
	struct arena *a = &s->rows[s->i_rows].arena.a;
	size_t width = s->op.pop->sort.n * sizeof(*s->values);
	uint32_t cap = MAX_OF(s->cap * 2, s->n + more);

	if (s->n + more <= s->cap)
		return ST_OK;
	if (cap < s->n)
		return ST_NOMEM;
	struct value *values = arena_alloc(a, cap * width);
	row_ref *refs = arena_alloc(a, cap * sizeof(*refs));
	uint32_t *order = arena_alloc(a, cap * sizeof(*order));
	uint32_t *spare = arena_alloc(a, cap * sizeof(*spare));
	if (values == NULL || refs == NULL || order == NULL || spare == NULL)
		return ST_NOMEM;
	if (s->n != 0) {
		memcpy(values, s->values, s->n * width);
		memcpy(refs, s->refs, s->n * sizeof(*refs));
	}
	s->values = values;
	s->refs = refs;
	s->order = order;
	s->spare = spare;
	s->cap = cap;
	return ST_OK;
}

static void merge_begin(struct op_sort *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->order[i] = i;
	s->merge = (struct merge){.width = 1};
}

/* Merges the pair of runs at merge.lo. */
static enum status merge_pair(struct op_sort *s, struct exec *x)
{
	struct merge *m = &s->merge;
	uint32_t mid = (uint32_t)MIN_OF((uint64_t)m->lo + m->width, (uint64_t)s->n);
	uint32_t hi = (uint32_t)MIN_OF((uint64_t)mid + m->width, (uint64_t)s->n);

	if (!m->in_pair) {
		m->i = m->k = m->lo;
		m->j = mid;
		m->in_pair = true;
	}
	while (m->k < hi) {
		bool left =
		    m->j == hi || (m->i < mid && in_order(s, s->order[m->i], s->order[m->j]));
		s->spare[m->k++] = left ? s->order[m->i++] : s->order[m->j++];
		TRY(exec_check(x, 1));
	}
	m->in_pair = false;
	return ST_OK;
}

/* Sorts order[0..n); may be called again after a yield. */
static enum status merge_run(struct op_sort *s, struct exec *x)
{
	struct merge *m = &s->merge;

	while (m->width < s->n) {
		while (m->lo < s->n) {
			TRY(merge_pair(s, x));
			m->lo = (uint32_t)MIN_OF((uint64_t)m->lo + 2 * (uint64_t)m->width,
						 (uint64_t)s->n);
		}
		uint32_t *t = s->order;
		s->order = s->spare;
		s->spare = t;
		m->lo = 0;
		m->width = m->width > UINT32_MAX / 2 ? UINT32_MAX : m->width * 2;
	}
	return ST_OK;
}

/* Keeps the first `keep` rows of order[], copied, and forgets the others. */
static enum status cut_back(struct op_sort *s, struct exec *x)
{
	uint32_t n_keys = s->op.pop->sort.n, n = (uint32_t)s->keep;
	struct rows *from = &s->rows[s->i_rows], *to = &s->rows[1 - s->i_rows];
	const struct op_sort old = *s;

	s->i_rows = 1 - s->i_rows;
	s->n = s->cap = 0;
	TRY(sort_grow(s, MAX_OF(2 * n, n + SORT_SLACK)));
	row_ref *refs = arena_alloc(&to->arena.a, n * sizeof(*refs));
	if (refs == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		refs[i] = old.refs[old.order[i]];
	TRY(rows_add_refs(x, to, from, refs, n));
	for (uint32_t i = 0; i < n; i++) {
		const struct value *v = old.values + (size_t)old.order[i] * n_keys;
		for (uint32_t k = 0; k < n_keys; k++)
			TRY(value_copy(&to->arena.a, v[k], &s->values[(size_t)i * n_keys + k]));
		s->refs[i] = row_ref_of(i / x->batch_rows, i % x->batch_rows);
	}
	s->n = n;
	s->bound = s->values + (size_t)(n - 1) * n_keys;
	s->have_bound = true;
	rows_clear(from);
	return ST_OK;
}

/* Drops rows that cannot be among the first k any more. */
static void drop_late(struct op_sort *s, struct batch *b, uint16_t *sel)
{
	uint32_t n = 0;

	const struct column *first = s->cols[0];
	bool ints = first->kind == COL_INT && !first->has_null && !first->is_const &&
		    s->bound[0].kind == V_INT;
	int64_t sign = s->op.pop->sort.keys[0].descending ? -1 : 1;

	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint32_t row = batch_row(b, i);
		if (ints &&
		    (first->i[row] > s->bound[0].i) - (first->i[row] < s->bound[0].i) == sign)
			continue; /* worse by its first key alone */
		for (uint32_t k = 0; k < s->op.pop->sort.n; k++)
			s->probe[k] = column_get(s->cols[k], row);
		sel[n] = (uint16_t)row;
		n += compare_keys(s, s->probe, s->bound) < 0;
	}
	b->sel = sel;
	b->n_sel = n;
}

static enum status take_batch(struct op_sort *s, struct exec *x, struct batch *b)
{
	uint32_t n_keys = s->op.pop->sort.n;
	uint16_t sel[BATCH_ROWS];
	struct batch kept = *b;

	for (uint32_t i = 0; i < n_keys; i++)
		TRY(prog_eval(s->keys[i], x, b, &s->cols[i]));
	if (s->have_bound)
		drop_late(s, &kept, sel);
	if (kept.n_sel == 0)
		return ST_OK;
	struct rows *r = &s->rows[s->i_rows];
	TRY(sort_grow(s, kept.n_sel));
	TRY(rows_add(x, r, &kept));
	for (uint32_t i = 0; i < kept.n_sel; i++, s->n++) {
		for (uint32_t k = 0; k < n_keys; k++)
			TRY(value_copy(&r->arena.a, column_get(s->cols[k], batch_row(&kept, i)),
				       &s->values[(size_t)s->n * n_keys + k]));
		s->refs[s->n] = row_ref_of(r->n_chunks - 1, i);
	}
	return ST_OK;
}

/* Whether what comes behind the last row of b, in order, is worse than the first `keep` rows. Those
 * that came first have the smallest index keys, so the k-th of them has that of the k-th best. */
static bool nothing_better_comes(const struct op_sort *s, const struct batch *b)
{
	if (s->seek == NULL || !op_seek_in_order(s->seek) || s->n < s->keep)
		return false;
	struct value kth =
	    s->have_bound ? s->bound[0] : s->values[(s->keep - 1) * s->op.pop->sort.n];
	struct value last = column_get(s->cols[0], batch_row(b, b->n_sel - 1));
	if (value_is_null(kth)) /* equal to all others */
		return s->op.pop->sort.n == 1 || !value_is_null(last);
	return value_is_null(last) || !index_key_same(kth, last);
}

static enum status sort_begin(struct op_sort *s, struct exec *x)
{
	const struct pop *pop = s->op.pop;
	uint64_t skip, limit;

	TRY(limit_value(x, s->skip, pop->sort.skip, 0, &skip));
	TRY(limit_value(x, s->limit, pop->sort.limit, UINT64_MAX, &limit));
	s->keep = limit > UINT64_MAX - skip ? UINT64_MAX : skip + limit;
	s->full = s->keep == 0;
	if (s->seek != NULL)
		op_seek_want(s->seek, s->keep);
	if (s->full)
		TRY(limit_none(&s->op, x));
	s->begun = true;
	return ST_OK;
}

/* The seek gave up: all rows again, in any order. */
static enum status start_over(struct op_sort *s, struct exec *x)
{
	op_seek_want(s->seek, SEEK_ALL_ROWS);
	s->n = s->cap = 0;
	s->have_bound = false;
	for (uint32_t i = 0; i < 2; i++)
		rows_clear(&s->rows[i]);
	return op_reset(s->op.left, x);
}

/* Takes all input; every state between two calls can be gone on from. */
static enum status take_all(struct op_sort *s, struct exec *x)
{
	while (!s->full) {
		if (s->merge.width != 0) { /* a cut is under way */
			TRY(merge_run(s, x));
			s->merge.width = 0;
			TRY(cut_back(s, x));
		}
		struct batch *b = NULL;
		TRY(op_next(s->op.left, x, &b));
		if (b == NULL && s->seek != NULL && op_seek_gave_up(s->seek)) {
			TRY(start_over(s, x));
			continue;
		}
		s->full = b == NULL;
		if (b != NULL) {
			TRY(take_batch(s, x, b));
			s->full = nothing_better_comes(s, b);
		}
		if (s->keep < UINT32_MAX / 4 && s->n > MAX_OF(2 * s->keep, s->keep + SORT_SLACK))
			merge_begin(s);
	}
	if (!s->sorted) {
		if (s->merge.width == 0)
			merge_begin(s);
		TRY(merge_run(s, x));
		s->sorted = true;
		s->n = (uint32_t)MIN_OF(s->keep, (uint64_t)s->n);
	}
	return ST_OK;
}

static enum status sort_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_sort *s = container_of(op, struct op_sort, op);
	row_ref refs[BATCH_ROWS];

	if (!s->begun)
		TRY(sort_begin(s, x));
	TRY(take_all(s, x));
	*ret = NULL;
	if (s->at >= s->n)
		return ST_OK;
	TRY(exec_check(x, x->batch_rows));
	uint32_t n = MIN_OF(s->n - s->at, x->batch_rows);
	for (uint32_t i = 0; i < n; i++)
		refs[i] = s->refs[s->order[s->at + i]];
	TRY(rows_gather(x, &s->rows[s->i_rows], refs, n, &s->out));
	own_set_rows(&s->out, n);
	s->at += n;
	*ret = &s->out.b;
	return ST_OK;
}

static enum status sort_reset(struct op *op, struct exec *x)
{
	struct op_sort *s = container_of(op, struct op_sort, op);

	s->begun = s->full = s->sorted = s->have_bound = false;
	s->n = s->cap = s->at = 0;
	s->merge = (struct merge){0};
	for (uint32_t i = 0; i < 2; i++)
		rows_clear(&s->rows[i]);
	return op_reset(op->left, x);
}

const struct op_class op_sort = {
    .size = sizeof(struct op_sort), .open = sort_open, .next = sort_next, .reset = sort_reset};
