/* exec/eval_inner.c - comprehensions, quantifiers and reduce: a program over the elements of lists.
 *
 * The elements of all selected rows' lists, in order, fill batches; condition and result run on a
 * whole batch at once. Reduce depends on its last answer, so it takes the i-th elements of all rows
 * together, then the next. */
#include "exec/expr_int.h"

/* A column gathered from the outside for elements that come from rows[0..n). */
static enum status gather_local(struct exec *x, struct inner *in, const struct prog *outer,
				uint32_t local, const uint16_t *rows, uint32_t n)
{
	const struct column *src = &outer->locals[local];

	if (src->is_const) {
		in->locals[local] = *src;
		return ST_OK;
	}
	TRY(col_prepare(x, &in->local_cols[local], src->kind, n));
	column_gather(&in->local_cols[local].c, src, rows, n);
	in->locals[local] = in->local_cols[local].c;
	return ST_OK;
}

/* Makes the batch of elements ready: row i belongs to the outer row rows[i]. */
static enum status set_elements(struct eval *ev, struct inner *in, const uint16_t *rows, uint32_t n)
{
	struct batch *b = &in->elements.b;

	b->n_rows = b->n_sel = n;
	b->sel = NULL;
	TRY(own_gather(ev->x, &in->elements, ev->b, in->slots, in->n_slots, rows, n, false));
	for (uint32_t i = 0; i < in->n_outer; i++)
		TRY(gather_local(ev->x, in, ev->p, in->outer[i], rows, n));
	in->locals[in->local] = in->local_cols[in->local].c;
	return ST_OK;
}

/* The condition's truth for each element; all true without one. */
static enum status inner_truths(struct eval *ev, struct inner *in, uint8_t truth[BATCH_ROWS])
{
	const struct batch *b = &in->elements.b;
	const struct column *c;
	struct eval inner;

	memset(truth, TRUTH_TRUE, b->n_rows);
	if (in->cond == NULL)
		return ST_OK;
	TRY(prog_run(in->cond, ev->x, b, &c));
	inner.x = ev->x;
	inner.sel = (struct selection){NULL, b->n_rows};
	return eval_truths(&inner, in->cond->expr, c, truth);
}

/* Walks the elements of the lists of all selected rows. */
struct walk {
	const struct column *lists;
	uint32_t i_sel, at; /* the next element */
	uint32_t n;	    /* in this batch */
	uint16_t rows[BATCH_ROWS];
};

static enum status not_a_list(struct eval *ev, const struct expr *e, struct value v)
{
	return diag_set(ev->x->diag, GQL_WRONG_TYPE, e->offset, "expected a LIST, got %s",
			value_kind_name(v.kind));
}

/* Fills the next batch; n is 0 at the end. */
static enum status walk_fill(struct eval *ev, struct inner *in, struct walk *w)
{
	struct col *elems = &in->local_cols[in->local];
	uint32_t room = ev->x->batch_rows;

	w->n = 0;
	TRY(exec_check_inner(ev->x, room));
	TRY(col_prepare(ev->x, elems, COL_VALUE, room));
	for (; w->i_sel < ev->sel.n && w->n < room; w->i_sel++, w->at = 0) {
		uint32_t row = eval_row(&ev->sel, w->i_sel);
		struct value list = column_get(w->lists, row);
		if (list.kind == V_NULL)
			continue;
		uint32_t take = MIN_OF(room - w->n, list.n - w->at);
		for (uint32_t i = 0; i < take; i++) {
			w->rows[w->n] = (uint16_t)row;
			elems->c.v[w->n++] = list.list[w->at++];
		}
		if (w->at < list.n)
			break;
	}
	return w->n != 0 ? set_elements(ev, in, w->rows, w->n) : ST_OK;
}

/* Checks that every selected value is a list or null; their lengths together. */
static enum status count_elements(struct eval *ev, const struct step *s, const struct column *lists,
				  uint64_t *ret)
{
	*ret = 0;
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		struct value v = column_get(lists, eval_row(&ev->sel, i));
		if (v.kind != V_LIST && v.kind != V_NULL)
			return not_a_list(ev, s->expr, v);
		*ret += v.kind == V_LIST ? v.n : 0;
	}
	return ST_OK;
}

enum status step_comprehension(struct eval *ev, const struct step *s)
{
	struct inner *in = s->inner;
	struct walk w = {.lists = eval_arg(ev, s, 0)};
	struct column *dst = &ev->p->regs[s->dst].c;
	uint8_t truth[BATCH_ROWS];
	uint64_t total, n = 0;

	TRY(count_elements(ev, s, w.lists, &total));
	struct value *out = arena_alloc(eval_scratch(ev), total * sizeof(*out));
	if (out == NULL)
		return ST_NOMEM;
	TRY(col_prepare(ev->x, &ev->p->regs[s->dst], COL_VALUE, ev->b->n_rows));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		bool null = column_is_null(w.lists, row);
		dst->v[row] = null ? VALUE_NULL : value_list(out, 0);
	}
	for (;;) {
		TRY(walk_fill(ev, in, &w));
		if (w.n == 0)
			return ST_OK;
		TRY(inner_truths(ev, in, truth));
		const struct column *result = &in->locals[in->local];
		uint16_t kept[BATCH_ROWS];
		uint32_t n_kept = 0;
		for (uint32_t i = 0; i < w.n; i++)
			if (truth[i] == TRUTH_TRUE)
				kept[n_kept++] = (uint16_t)i;
		if (n_kept == 0)
			continue;
		struct batch b = in->elements.b;
		b.sel = kept;
		b.n_sel = n_kept;
		if (in->result != NULL)
			TRY(prog_run(in->result, ev->x, &b, &result));
		for (uint32_t i = 0; i < n_kept; i++) {
			struct value *list = &dst->v[w.rows[kept[i]]];
			if (list->n++ == 0)
				list->list = out + n;
			out[n++] = column_get(result, kept[i]);
		}
	}
}

static enum truth quantified(enum quantifier q, uint32_t n_true, uint32_t n_false,
			     uint32_t n_unknown)
{
	switch (q) {
	case QUANT_ALL:
		return n_false != 0 ? TRUTH_FALSE : n_unknown != 0 ? TRUTH_UNKNOWN : TRUTH_TRUE;
	case QUANT_ANY:
		return n_true != 0 ? TRUTH_TRUE : n_unknown != 0 ? TRUTH_UNKNOWN : TRUTH_FALSE;
	case QUANT_NONE:
		return n_true != 0 ? TRUTH_FALSE : n_unknown != 0 ? TRUTH_UNKNOWN : TRUTH_TRUE;
	default:
		return n_true > 1	? TRUTH_FALSE
		       : n_unknown != 0 ? TRUTH_UNKNOWN
		       : n_true == 1	? TRUTH_TRUE
					: TRUTH_FALSE;
	}
}

enum status step_quantifier(struct eval *ev, const struct step *s)
{
	struct inner *in = s->inner;
	struct walk w = {.lists = eval_arg(ev, s, 0)};
	struct col *dst = &ev->p->regs[s->dst];
	uint8_t truth[BATCH_ROWS];
	uint64_t total;

	TRY(count_elements(ev, s, w.lists, &total));
	uint32_t(*counts)[3] = arena_zalloc(eval_scratch(ev), ev->b->n_rows * sizeof(*counts));
	if (counts == NULL)
		return ST_NOMEM;
	for (;;) {
		TRY(walk_fill(ev, in, &w));
		if (w.n == 0)
			break;
		TRY(inner_truths(ev, in, truth));
		for (uint32_t i = 0; i < w.n; i++)
			counts[w.rows[i]][truth[i]]++;
	}
	TRY(col_prepare(ev->x, dst, COL_BOOL, ev->b->n_rows));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		const uint32_t *c = counts[row];
		enum truth t =
		    quantified(s->expr->sub, c[TRUTH_TRUE], c[TRUTH_FALSE], c[TRUTH_UNKNOWN]);
		if (t == TRUTH_UNKNOWN || column_is_null(w.lists, row))
			column_set_null(&dst->c, row);
		else
			dst->c.b[row] = t == TRUTH_TRUE;
	}
	return ST_OK;
}

/* The i-th element of each row that has one, and the row's accumulator beside it. */
static enum status reduce_round(struct eval *ev, struct inner *in, const struct column *lists,
				uint32_t i_elem, struct column *acc)
{
	struct col *elems = &in->local_cols[in->local], *accs = &in->local_cols[in->local2];
	uint16_t rows[BATCH_ROWS];
	const struct column *result;
	uint32_t n = 0;

	TRY(col_prepare(ev->x, elems, COL_VALUE, ev->sel.n));
	TRY(col_prepare(ev->x, accs, COL_VALUE, ev->sel.n));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		struct value list = column_get(lists, row);
		if (list.kind != V_LIST || i_elem >= list.n)
			continue;
		elems->c.v[n] = list.list[i_elem];
		accs->c.v[n] = acc->v[row];
		rows[n++] = (uint16_t)row;
	}
	if (n == 0)
		return ST_OK;
	TRY(set_elements(ev, in, rows, n));
	in->locals[in->local2] = accs->c;
	TRY(prog_run(in->result, ev->x, &in->elements.b, &result));
	for (uint32_t i = 0; i < n; i++)
		acc->v[rows[i]] = column_get(result, i);
	return ST_OK;
}

enum status step_reduce(struct eval *ev, const struct step *s)
{
	const struct column *init = eval_arg(ev, s, 0), *lists = eval_arg(ev, s, 1);
	struct col *dst = &ev->p->regs[s->dst];
	uint32_t longest = 0;

	TRY(col_prepare(ev->x, dst, COL_VALUE, ev->b->n_rows));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		struct value list = column_get(lists, row);
		if (list.kind != V_LIST && list.kind != V_NULL)
			return not_a_list(ev, s->expr, list);
		dst->c.v[row] = list.kind == V_NULL ? VALUE_NULL : column_get(init, row);
		longest = list.kind == V_LIST ? MAX_OF(longest, list.n) : longest;
	}
	for (uint32_t i = 0; i < longest; i++) {
		TRY(exec_check_inner(ev->x, ev->sel.n));
		TRY(reduce_round(ev, s->inner, lists, i, &dst->c));
	}
	return ST_OK;
}
