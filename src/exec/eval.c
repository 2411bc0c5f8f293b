/* exec/eval.c - running a program; logic and control steps. */
#include "exec/expr_int.h"

/* ---- what all steps use ------------------------------------------------------------------ */

bool eval_all_const(const struct eval *ev, const struct step *s)
{
	for (uint32_t i = 0; i < s->n_args; i++)
		if (!eval_arg(ev, s, i)->is_const)
			return false;
	return true;
}

enum status eval_dst(struct eval *ev, const struct step *s, enum column_kind kind,
		     struct column **ret)
{
	struct col *c = &ev->p->regs[s->dst];
	bool all_const = s->n_args != 0 && eval_all_const(ev, s);

	TRY(col_prepare(ev->x, c, kind, all_const ? 1 : ev->b->n_rows));
	c->c.is_const = all_const;
	*ret = &c->c;
	return ST_OK;
}

enum status eval_sel(struct eval *ev, uint32_t depth, uint16_t **ret)
{
	uint16_t **sel = &ev->p->sels[depth];

	if (*sel == NULL)
		*sel = exec_alloc(ev->x, BATCH_ROWS * sizeof(uint16_t));
	*ret = *sel;
	return *sel != NULL ? ST_OK : ST_NOMEM;
}

enum status eval_rows(struct eval *ev, const struct step *s, row_fn fn)
{
	struct column *dst;
	struct value few[8], *args = few;

	if (s->n_args > ARRAY_LEN(few)) {
		args = arena_alloc(eval_scratch(ev), s->n_args * sizeof(*args));
		if (args == NULL)
			return ST_NOMEM;
	}
	TRY(eval_dst(ev, s, COL_VALUE, &dst));
	uint32_t n = dst->is_const ? 1 : ev->sel.n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = dst->is_const ? 0 : eval_row(&ev->sel, i);
		for (uint32_t a = 0; a < s->n_args; a++)
			args[a] = column_get(eval_arg(ev, s, a), row);
		TRY(fn(ev, s, args, &dst->v[row]));
	}
	return ST_OK;
}

static enum status not_boolean(struct eval *ev, const struct expr *e, struct value v)
{
	return diag_set(ev->x->diag, GQL_WRONG_TYPE, e->offset, "expected BOOL, got %s",
			value_kind_name(v.kind));
}

enum status eval_truths(struct eval *ev, const struct expr *e, const struct column *c,
			uint8_t ret[BATCH_ROWS])
{
	uint32_t n = c->is_const ? 1 : ev->sel.n;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = c->is_const ? 0 : eval_row(&ev->sel, i);
		if (LIKELY(c->kind == COL_BOOL)) {
			ret[i] = column_is_null(c, row) ? TRUTH_UNKNOWN : c->b[row];
			continue;
		}
		struct value v = column_get(c, row);
		if (v.kind == V_NULL)
			ret[i] = TRUTH_UNKNOWN;
		else if (v.kind == V_BOOL)
			ret[i] = v.b ? TRUTH_TRUE : TRUTH_FALSE;
		else
			return not_boolean(ev, e, v);
	}
	if (c->is_const)
		memset(ret, ret[0], ev->sel.n);
	return ST_OK;
}

static void put_truth(struct column *c, uint32_t row, uint8_t t)
{
	if (t == TRUTH_UNKNOWN)
		column_set_null(c, row);
	else
		c->b[row] = t;
}

/* ---- running --------------------------------------------------------------------------------- */

static enum status run_steps(struct eval *ev)
{
	const struct prog *p = ev->p;

	while (ev->pc < p->n_steps) {
		const struct step *s = &p->steps[ev->pc++];
		TRY(s->run(ev, s));
	}
	return ST_OK;
}

static const struct column *result_of(const struct eval *ev)
{
	struct step s = {.args = &ev->p->result};

	return eval_arg(ev, &s, 0);
}

enum status prog_run(struct prog *p, struct exec *x, const struct batch *b,
		     const struct column **ret)
{
	struct eval ev;

	ev.x = x;
	ev.p = p;
	ev.b = b;
	ev.sel = (struct selection){b->sel, b->n_sel};
	ev.pc = ev.depth = 0;
	TRY(run_steps(&ev));
	*ret = result_of(&ev);
	return ST_OK;
}

enum status prog_eval(struct prog *p, struct exec *x, const struct batch *b,
		      const struct column **ret)
{
	arena_reset(&p->scratch->a);
	return prog_run(p, x, b, ret);
}

enum status prog_eval_local(struct prog *p, struct exec *x, const struct batch *b,
			    const struct column *local, const struct column **ret)
{
	p->locals[0] = *local;
	return prog_eval(p, x, b, ret);
}

enum status prog_select(struct prog *p, struct exec *x, struct batch *b)
{
	struct eval ev;
	uint8_t truth[BATCH_ROWS];
	uint32_t n = 0;

	arena_reset(&p->scratch->a);
	ev.x = x;
	ev.p = p;
	ev.b = b;
	ev.sel = (struct selection){b->sel, b->n_sel};
	ev.pc = ev.depth = 0;
	TRY(run_steps(&ev));
	TRY(eval_truths(&ev, p->expr, result_of(&ev), truth));
	if (p->sel_out == NULL)
		p->sel_out = exec_alloc(x, BATCH_ROWS * sizeof(uint16_t));
	if (p->sel_out == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < ev.sel.n; i++) {
		p->sel_out[n] = (uint16_t)eval_row(&ev.sel, i);
		n += truth[i] == TRUTH_TRUE;
	}
	if (n != b->n_sel) { /* a batch that passes whole stays without a selection */
		b->sel = p->sel_out;
		b->n_sel = n;
	}
	return ST_OK;
}

enum status prog_scalar(struct prog *p, struct exec *x, struct value *ret)
{
	struct batch none = {.n_rows = 1, .n_sel = 1};
	const struct column *c;

	TRY(prog_eval(p, x, &none, &c));
	*ret = column_get(c, 0);
	return ST_OK;
}

/* ---- AND, OR ------------------------------------------------------------------------------------
 */

/* The first operand decides rows that are false (AND) or true (OR); the others stay selected. */
enum status step_guard(struct eval *ev, const struct step *s)
{
	uint8_t truth[BATCH_ROWS];
	uint8_t decided = s->expr->kind == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE;
	struct col *dst = &ev->p->regs[s->dst];
	uint16_t *open;
	uint32_t n = 0;

	TRY(eval_truths(ev, s->expr->args[0], eval_arg(ev, s, 0), truth));
	TRY(col_prepare(ev->x, dst, COL_BOOL, ev->b->n_rows));
	TRY(eval_sel(ev, ev->depth, &open));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		put_truth(&dst->c, row, truth[i]);
		open[n] = (uint16_t)row;
		n += truth[i] != decided;
	}
	ev->guards[ev->depth++] = ev->sel;
	ev->sel = (struct selection){open, n};
	if (n == 0)
		ev->pc = s->jump;
	return ST_OK;
}

/* Joins one more operand to rows that are true or null (AND), false or null (OR). */
enum status step_combine(struct eval *ev, const struct step *s)
{
	uint8_t truth[BATCH_ROWS];
	uint8_t decided = s->expr->kind == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE;
	struct column *dst = &ev->p->regs[s->dst].c;
	uint16_t *open;
	uint32_t n = 0;

	TRY(eval_truths(ev, s->expr, eval_arg(ev, s, 0), truth));
	TRY(eval_sel(ev, ev->depth - 1, &open));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = ev->sel.rows[i];
		if (truth[i] == TRUTH_UNKNOWN) {
			column_set_null(dst, row);
		} else if (truth[i] == decided) { /* decides a null, too */
			bit_clear(dst->nulls, row);
			dst->b[row] = decided;
		}
		open[n] = (uint16_t)row;
		n += truth[i] != decided;
	}
	ev->sel.n = n;
	if (n == 0)
		ev->pc = s->jump;
	return ST_OK;
}

enum status step_unguard(struct eval *ev, const struct step *s)
{
	ev->sel = ev->guards[--ev->depth];
	return ST_OK;
}

/* ---- CASE
 * ------------------------------------------------------------------------------------------- */

enum status step_case_begin(struct eval *ev, const struct step *s)
{
	ev->guards[ev->depth++] = ev->sel;
	return col_prepare(ev->x, &ev->p->regs[s->dst], COL_VALUE, ev->b->n_rows);
}

/* Rows whose condition is true go on to the arm's result, the others wait for the next arm. */
enum status step_case_when(struct eval *ev, const struct step *s)
{
	uint8_t truth[BATCH_ROWS];
	uint16_t *rest, *taken;
	uint32_t n_rest = 0, n_taken = 0;

	TRY(eval_truths(ev, s->expr, eval_arg(ev, s, 0), truth));
	TRY(eval_sel(ev, ev->depth - 1, &rest));
	TRY(eval_sel(ev, ev->depth, &taken));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint16_t row = (uint16_t)eval_row(&ev->sel, i);
		if (truth[i] == TRUTH_TRUE)
			taken[n_taken++] = row;
		else
			rest[n_rest++] = row;
	}
	ev->guards[ev->depth++] = (struct selection){rest, n_rest};
	ev->sel = (struct selection){taken, n_taken};
	if (n_taken == 0)
		ev->pc = s->jump;
	return ST_OK;
}

enum status step_case_take(struct eval *ev, const struct step *s)
{
	struct column *dst = &ev->p->regs[s->dst].c;
	const struct column *src = eval_arg(ev, s, 0);

	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		dst->v[row] = column_get(src, row);
	}
	return ST_OK;
}

enum status step_case_next(struct eval *ev, const struct step *s)
{
	ev->sel = ev->guards[--ev->depth];
	if (ev->sel.n == 0)
		ev->pc = s->jump;
	return ST_OK;
}

enum status step_case_end(struct eval *ev, const struct step *s)
{
	ev->sel = ev->guards[--ev->depth];
	return ST_OK;
}

/* ---- the other truths
 * ----------------------------------------------------------------------------------- */

enum status step_not(struct eval *ev, const struct step *s)
{
	uint8_t truth[BATCH_ROWS];
	struct column *dst;

	TRY(eval_truths(ev, s->expr->args[0], eval_arg(ev, s, 0), truth));
	TRY(eval_dst(ev, s, COL_BOOL, &dst));
	for (uint32_t i = 0; i < (dst->is_const ? 1 : ev->sel.n); i++)
		put_truth(dst, dst->is_const ? 0 : eval_row(&ev->sel, i),
			  truth[i] == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : !truth[i]);
	return ST_OK;
}

enum status step_xor(struct eval *ev, const struct step *s)
{
	uint8_t acc[BATCH_ROWS], truth[BATCH_ROWS];
	struct column *dst;

	TRY(eval_truths(ev, s->expr->args[0], eval_arg(ev, s, 0), acc));
	for (uint32_t a = 1; a < s->n_args; a++) {
		TRY(eval_truths(ev, s->expr->args[a], eval_arg(ev, s, a), truth));
		for (uint32_t i = 0; i < ev->sel.n; i++)
			acc[i] = acc[i] == TRUTH_UNKNOWN || truth[i] == TRUTH_UNKNOWN
				     ? TRUTH_UNKNOWN
				     : acc[i] ^ truth[i];
	}
	TRY(eval_dst(ev, s, COL_BOOL, &dst));
	for (uint32_t i = 0; i < (dst->is_const ? 1 : ev->sel.n); i++)
		put_truth(dst, dst->is_const ? 0 : eval_row(&ev->sel, i), acc[i]);
	return ST_OK;
}

enum status step_is_null(struct eval *ev, const struct step *s)
{
	const struct column *a = eval_arg(ev, s, 0);
	bool want = s->expr->kind == EXPR_IS_NULL;
	struct column *dst;

	TRY(eval_dst(ev, s, COL_BOOL, &dst));
	for (uint32_t i = 0; i < (dst->is_const ? 1 : ev->sel.n); i++) {
		uint32_t row = dst->is_const ? 0 : eval_row(&ev->sel, i);
		dst->b[row] = column_is_null(a, row) == want;
	}
	return ST_OK;
}

enum status step_is_truth(struct eval *ev, const struct step *s)
{
	uint8_t truth[BATCH_ROWS];
	uint8_t want = s->expr->kind == EXPR_IS_TRUE ? TRUTH_TRUE : TRUTH_FALSE;
	struct column *dst;

	TRY(eval_truths(ev, s->expr->args[0], eval_arg(ev, s, 0), truth));
	TRY(eval_dst(ev, s, COL_BOOL, &dst));
	for (uint32_t i = 0; i < (dst->is_const ? 1 : ev->sel.n); i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.Undefined*): a constant's truth comes first */
		dst->b[dst->is_const ? 0 : eval_row(&ev->sel, i)] = truth[i] == want;
	return ST_OK;
}
