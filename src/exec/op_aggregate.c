/* exec/op_aggregate.c - POP_AGGREGATE: groups by keys, one row for each group. Without keys there
 * is one group, also of no rows. */
#include "exec/expr.h"
#include "exec/groups.h"
#include "exec/seen.h"
#include "value/func.h"

struct agg_run {
	const struct plan_agg *plan;
	struct prog *arg;
	uint32_t same_as; /* an earlier aggregate has this argument, too; else its own number */
	const struct column *col; /* the argument for one batch */
	uint64_t *counts;	  /* count(*), by group */
	struct agg_state *states; /* the others, by group */
	struct tuples seen;	  /* DISTINCT: (group, value) */
	struct seen seen_one;	  /* DISTINCT without keys: values */
};

struct op_aggregate {
	struct op op;
	struct exec_arena arena; /* groups and states */
	struct prog **keys;
	const struct column **cols;
	struct agg_run *runs;
	struct groups groups;
	uint32_t n_states, cap_states; /* groups that have states */
	bool full;
	uint32_t at; /* next group to give */
	struct exec_arena results;
	struct value *values;
	struct own_batch out;
};

static enum status begin(struct op_aggregate *a)
{
	const struct pop *pop = a->op.pop;

	arena_reset(&a->arena.a);
	a->full = false;
	a->at = a->n_states = a->cap_states = 0;
	for (uint32_t i = 0; i < pop->aggregate.n_aggs; i++) {
		tuples_init(&a->runs[i].seen, &a->arena.a, 2);
		seen_init(&a->runs[i].seen_one, &a->arena.a, 1);
	}
	return groups_init(&a->groups, &a->arena.a, pop->aggregate.n_keys);
}

/* Whether two arguments are one, as in min(n.age), max(n.age): its column is computed once. */
static bool same_property(const struct expr *a, const struct expr *b)
{
	if (a == b)
		return true;
	return a != NULL && b != NULL && a->kind == EXPR_PROP && b->kind == EXPR_PROP &&
	       a->name == b->name && a->args[0]->kind == EXPR_SLOT &&
	       b->args[0]->kind == EXPR_SLOT && a->args[0]->slot == b->args[0]->slot;
}

static enum status aggregate_open(struct op *op, struct exec *x)
{
	struct op_aggregate *a = container_of(op, struct op_aggregate, op);
	uint32_t n_keys = op->pop->aggregate.n_keys, n_aggs = op->pop->aggregate.n_aggs;

	exec_arena_init(x, &a->arena);
	exec_arena_init(x, &a->results);
	a->keys = exec_alloc(x, n_keys * sizeof(*a->keys));
	a->cols = exec_alloc(x, n_keys * sizeof(*a->cols));
	a->runs = exec_zalloc(x, n_aggs * sizeof(*a->runs));
	if (a->keys == NULL || a->cols == NULL || a->runs == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n_keys; i++)
		TRY(prog_make(x, op->pop->aggregate.keys[i].expr, &a->keys[i]));
	for (uint32_t i = 0; i < n_aggs; i++) {
		struct agg_run *r = &a->runs[i];
		r->plan = &op->pop->aggregate.aggs[i];
		while (!same_property(a->runs[r->same_as].plan->arg, r->plan->arg))
			r->same_as++;
		if (r->same_as == i)
			TRY(prog_make(x, r->plan->arg, &r->arg));
	}
	TRY(own_batch_init(x, &a->out));
	return begin(a);
}

static struct func_ctx func_ctx_of(struct op_aggregate *a, struct exec *x, const struct agg_run *r)
{
	const struct expr *e = r->plan->arg;

	return (struct func_ctx){.arena = &a->arena.a,
				 .diag = x->diag,
				 .offset = e != NULL ? e->offset : a->op.pop->offset};
}

/* A longer copy of an array by group. */
static void *longer(struct op_aggregate *a, const void *old, uint32_t cap, size_t size)
{
	void *p = arena_alloc(&a->arena.a, cap * size);

	if (p != NULL && a->n_states != 0)
		memcpy(p, old, a->n_states * size);
	return p;
}

/* States for all groups there are. */
static enum status reach_groups(struct op_aggregate *a)
{
	uint32_t cap = a->cap_states;

	if (a->groups.n == a->n_states)
		return ST_OK;
	while (cap < a->groups.n)
		cap = MAX_OF(cap * 2, 1u);
	for (uint32_t i = 0; i < a->op.pop->aggregate.n_aggs; i++) {
		struct agg_run *r = &a->runs[i];
		bool star = r->plan->fn == NULL;
		if (cap != a->cap_states) {
			void *p = star ? longer(a, r->counts, cap, sizeof(*r->counts))
				       : longer(a, r->states, cap, sizeof(*r->states));
			if (p == NULL)
				return ST_NOMEM;
			if (star)
				r->counts = p;
			else
				r->states = p;
		}
		for (uint32_t g = a->n_states; g < a->groups.n; g++) {
			if (star)
				r->counts[g] = 0;
			else
				agg_init(r->plan->fn, &r->states[g]);
		}
	}
	a->cap_states = cap;
	a->n_states = a->groups.n;
	return ST_OK;
}

/* One integer taken by count, sum, avg, min or max: what agg_step() does, without its generality.
 */
static inline void step_int(enum agg_kind kind, struct agg_state *s, int64_t i)
{
	s->n++;
	switch (kind) {
	case AGG_SUM:
	case AGG_AVG:
		s->sum_high += __builtin_add_overflow(s->sum_low, (uint64_t)i, &s->sum_low);
		s->sum_high -= i < 0;
		break;
	case AGG_MIN:
		if (s->n == 1 || i < s->best.i)
			s->best = value_int(i);
		break;
	case AGG_MAX:
		if (s->n == 1 || i > s->best.i)
			s->best = value_int(i);
		break;
	default:
		break;
	}
}

/* All rows into one group: the running values stay in registers. */
static void step_ints_of_one(enum agg_kind kind, struct agg_state *state, const struct batch *b,
			     const struct column *c)
{
	struct agg_state s = *state;

	if (b->sel == NULL && !c->has_null)
		for (uint32_t i = 0; i < b->n_rows; i++)
			step_int(kind, &s, c->i[i]);
	else
		for (uint32_t i = 0; i < b->n_sel; i++) {
			uint32_t row = batch_row(b, i);
			if (column_is_null(c, row))
				s.saw_null = true;
			else
				step_int(kind, &s, c->i[row]);
		}
	*state = s;
}

/* count(x) of any column. */
static void step_count(struct agg_run *r, const struct batch *b, const struct column *c,
		       const uint32_t *group, uint32_t n_groups)
{
	if (n_groups == 1 && c->kind != COL_VALUE && !c->has_null) {
		r->states[0].n += b->n_sel;
		return;
	}
	for (uint32_t i = 0; i < b->n_sel; i++) {
		struct agg_state *s = &r->states[group[i]];
		bool null = column_is_null(c, batch_row(b, i));
		s->n += !null;
		s->saw_null = s->saw_null || null;
	}
}

/* Columns of integers, as long as what was seen before are integers too; false: by values. */
static bool step_fast(struct agg_run *r, const struct batch *b, const struct column *c,
		      const uint32_t *group, uint32_t n_groups)
{
	enum agg_kind kind = r->plan->fn->kind;
	bool extreme = kind == AGG_MIN || kind == AGG_MAX;

	if (r->plan->distinct)
		return false;
	if (kind == AGG_COUNT) {
		step_count(r, b, c, group, n_groups);
		return true;
	}
	if (c->kind != COL_INT || c->is_const || !(extreme || kind == AGG_SUM || kind == AGG_AVG))
		return false;
	for (uint32_t i = 0; extreme && i < (n_groups == 1 ? 1 : b->n_sel); i++) {
		uint8_t best = r->states[group[i]].best.kind;
		if (best != V_NULL && best != V_INT)
			return false;
	}
	if (n_groups == 1) {
		step_ints_of_one(kind, &r->states[0], b, c);
		return true;
	}
	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint32_t row = batch_row(b, i);
		struct agg_state *s = &r->states[group[i]];
		if (c->has_null && column_is_null(c, row))
			s->saw_null = true;
		else
			step_int(kind, s, c->i[row]);
	}
	return true;
}

/* Values of one group that were not seen before, for DISTINCT. */
static enum status step_distinct(struct op_aggregate *a, struct agg_run *r, uint32_t group,
				 struct value v, bool *ret_fresh)
{
	const struct value pair[2] = {value_int(group), v};
	uint32_t at;

	if (a->groups.n_keys == 0 && v.kind == V_INT && seen_takes_ints(&r->seen_one, V_INT))
		return seen_add_int(&r->seen_one, v.i, ret_fresh);
	if (a->groups.n_keys == 0)
		return seen_add(&r->seen_one, &v, ret_fresh);
	return tuples_add(&r->seen, pair, &at, ret_fresh);
}

static enum status step_values(struct op_aggregate *a, struct exec *x, struct agg_run *r,
			       const struct batch *b, const struct column *c, const uint32_t *group)
{
	struct func_ctx fx = func_ctx_of(a, x, r);

	for (uint32_t i = 0; i < b->n_sel; i++) {
		struct value v = column_get(c, batch_row(b, i));
		bool fresh = true;
		if (r->plan->distinct && v.kind != V_NULL)
			TRY(step_distinct(a, r, group[i], v, &fresh));
		if (fresh)
			TRY(agg_step(r->plan->fn, &fx, &r->states[group[i]], v));
	}
	return ST_OK;
}

/* Rows that stand for many: their number may leave 64 bits, rows that are made never do. */
static enum status add_weights(const struct op_aggregate *a, struct exec *x, struct agg_run *r,
			       const struct batch *b, const uint32_t *group)
{
	const struct pop *pop = a->op.pop;
	const struct column *w = &b->cols[pop->aggregate.weight];

	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint64_t *n = &r->counts[group[i]];
		*n += (uint64_t)w->i[batch_row(b, i)];
		if (UNLIKELY(*n > INT64_MAX))
			return diag_set(x->diag, GQL_OUT_OF_RANGE, pop->offset,
					"a count beyond 64 bits");
	}
	return ST_OK;
}

/* count(*) */
static enum status count_rows(const struct op_aggregate *a, struct exec *x, struct agg_run *r,
			      const struct batch *b, const uint32_t *group)
{
	if (a->op.pop->aggregate.weighted)
		return add_weights(a, x, r, b, group);
	if (a->groups.n_keys == 0) {
		r->counts[0] += b->n_sel;
	} else {
		for (uint32_t i = 0; i < b->n_sel; i++)
			r->counts[group[i]]++;
	}
	return ST_OK;
}

static enum status take_batch(struct op_aggregate *a, struct exec *x, const struct batch *b)
{
	const struct pop *pop = a->op.pop;
	uint32_t group[BATCH_ROWS];

	for (uint32_t i = 0; i < pop->aggregate.n_keys; i++)
		TRY(prog_eval(a->keys[i], x, b, &a->cols[i]));
	TRY(groups_of(&a->groups, b, a->cols, group));
	TRY(reach_groups(a));
	for (uint32_t i = 0; i < pop->aggregate.n_aggs; i++) {
		struct agg_run *r = &a->runs[i];
		if (r->plan->fn == NULL) {
			TRY(count_rows(a, x, r, b, group));
			continue;
		}
		if (r->arg != NULL)
			TRY(prog_eval(r->arg, x, b, &r->col));
		const struct column *c = a->runs[r->same_as].col;
		if (!step_fast(r, b, c, group, a->groups.n))
			TRY(step_values(a, x, r, b, c, group));
	}
	return ST_OK;
}

/* Groups at..at+n-1 as a batch. */
static enum status give(struct op_aggregate *a, struct exec *x, uint32_t n)
{
	const struct pop *pop = a->op.pop;

	arena_reset(&a->results.a);
	a->values = arena_alloc(&a->results.a, n * sizeof(*a->values));
	if (a->values == NULL)
		return ST_NOMEM;
	for (uint32_t k = 0; k < pop->aggregate.n_keys; k++) {
		uint32_t slot = pop->aggregate.keys[k].slot;
		for (uint32_t i = 0; i < n; i++)
			a->values[i] = groups_key(&a->groups, a->at + i, k);
		TRY(col_put_values(x, &a->out.cols[slot], a->values, n));
		own_show(&a->out, slot);
	}
	for (uint32_t k = 0; k < pop->aggregate.n_aggs; k++) {
		struct agg_run *r = &a->runs[k];
		struct func_ctx fx = func_ctx_of(a, x, r);
		fx.arena = &a->results.a;
		for (uint32_t i = 0; i < n; i++) {
			if (r->plan->fn == NULL)
				a->values[i] = value_int((int64_t)r->counts[a->at + i]);
			else
				TRY(agg_final(r->plan->fn, &fx, &r->states[a->at + i],
					      &a->values[i]));
		}
		TRY(col_put_values(x, &a->out.cols[r->plan->slot], a->values, n));
		own_show(&a->out, r->plan->slot);
	}
	own_set_rows(&a->out, n);
	a->at += n;
	return ST_OK;
}

static enum status aggregate_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_aggregate *a = container_of(op, struct op_aggregate, op);

	while (!a->full) {
		struct batch *b = NULL;
		TRY(exec_check(x, x->batch_rows));
		TRY(op_next(op->left, x, &b));
		if (b != NULL)
			TRY(take_batch(a, x, b));
		else
			TRY(reach_groups(a));
		a->full = b == NULL;
	}
	*ret = NULL;
	if (a->at == a->groups.n)
		return ST_OK;
	TRY(give(a, x, MIN_OF(a->groups.n - a->at, x->batch_rows)));
	*ret = &a->out.b;
	return ST_OK;
}

static enum status aggregate_reset(struct op *op, struct exec *x)
{
	TRY(begin(container_of(op, struct op_aggregate, op)));
	return op_reset(op->left, x);
}

const struct op_class op_aggregate = {.size = sizeof(struct op_aggregate),
				      .open = aggregate_open,
				      .next = aggregate_next,
				      .reset = aggregate_reset};
