/* value/func_agg.c - aggregates. */
#include <inttypes.h>
#include <math.h>

#include "value/func.h"
#include "value/order.h"

#define COLLECT_FIRST 8u
#define COLLECT_MAX (UINT32_MAX / 2) /* elements of one list */

static const struct agg aggs[] = {
#define AGG(name, kind, result, help) {name, kind, result, help},
#include "value/func_agg.def"
#undef AGG
};

const struct agg *agg_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(aggs); i++) {
		if (str_eq_nocase(name, str_of(aggs[i].name)))
			return &aggs[i];
	}
	return NULL;
}

const struct agg *agg_at(unsigned i)
{
	return i < ARRAY_LEN(aggs) ? &aggs[i] : NULL;
}

const struct agg *agg_list(void)
{
	static const struct agg list = {"list", AGG_LIST, V_LIST, ""};

	return &list;
}

void agg_init(const struct agg *g, struct agg_state *s)
{
	*s = (struct agg_state){.best = VALUE_NULL};
}

static __int128 sum_get(const struct agg_state *s)
{
	return (__int128)(((unsigned __int128)(uint64_t)s->sum_high << 64) | s->sum_low);
}

static void sum_add(struct agg_state *s, int64_t i)
{
	__int128 sum = sum_get(s) + i; /* 2^64 values of 64 bits fit */

	s->sum_low = (uint64_t)sum;
	s->sum_high = (int64_t)(sum >> 64);
}

/* Neumaier's summation: carry gathers what each addition rounds away. */
static void fsum_add(struct agg_state *s, double f)
{
	double t = s->fsum + f;

	if (isfinite(t))
		s->carry += fabs(s->fsum) >= fabs(f) ? (s->fsum - t) + f : (f - t) + s->fsum;
	s->fsum = t;
}

static double fsum_get(const struct agg_state *s)
{
	return s->fsum + s->carry + (double)sum_get(s);
}

/* Welford's recurrence: fsum is the mean so far, carry the sum of squared distances from it. */
static void stddev_add(struct agg_state *s, double f)
{
	double before = f - s->fsum;

	s->fsum += before / (double)s->n;
	s->carry += before * (f - s->fsum);
}

static enum status number_error(const struct agg *g, struct func_ctx *x, struct value v)
{
	return diag_set(x->diag, GQL_WRONG_TYPE, x->offset, "'%s' cannot take a %s", g->name,
			value_kind_name((enum value_kind)v.kind));
}

static enum status keep(struct func_ctx *x, struct value v, struct value *ret)
{
	enum status st = value_copy(x->arena, v, ret);

	if (st == ST_LIMIT && !arena_over_budget(x->arena))
		return diag_fail(x->diag, ST_LIMIT, GQL_PROGRAM_LIMIT, x->offset,
				 "a value is nested deeper than %d", VALUE_DEPTH_MAX);
	return st == ST_OK ? ST_OK : func_no_memory(x);
}

static enum status collect_add(struct func_ctx *x, struct agg_state *s, struct value v)
{
	if (s->n > COLLECT_MAX)
		return diag_set(x->diag, GQL_LIST_TOO_LONG, x->offset,
				"a list of more than %u elements", COLLECT_MAX);
	if (s->n > s->cap) {
		uint32_t cap = s->cap != 0 ? s->cap * 2 : COLLECT_FIRST;
		struct value *items = arena_alloc(x->arena, (size_t)cap * sizeof *items);
		if (items == NULL)
			return func_no_memory(x);
		if (s->cap != 0)
			memcpy(items, s->items, (size_t)s->cap * sizeof *items);
		s->items = items;
		s->cap = cap;
	}
	return keep(x, v, &s->items[s->n - 1]);
}

enum status agg_step(const struct agg *g, struct func_ctx *x, struct agg_state *s, struct value v)
{
	bool is_number = v.kind == V_INT || v.kind == V_FLOAT;

	if (value_is_null(v) && g->kind != AGG_LIST) {
		s->saw_null = true;
		return ST_OK;
	}
	s->n++;
	switch ((enum agg_kind)g->kind) {
	case AGG_COUNT:
		return ST_OK;
	case AGG_SUM:
	case AGG_AVG:
		if (v.kind == V_INT) {
			sum_add(s, v.i);
		} else if (v.kind == V_FLOAT) {
			s->has_float = true;
			fsum_add(s, v.f);
		}
		return is_number ? ST_OK : number_error(g, x, v);
	case AGG_STDDEV_SAMP:
	case AGG_STDDEV_POP:
		if (!is_number)
			return number_error(g, x, v);
		stddev_add(s, v.kind == V_INT ? (double)v.i : v.f);
		return ST_OK;
	case AGG_MIN:
		return s->n == 1 || value_order(v, s->best) < 0 ? keep(x, v, &s->best) : ST_OK;
	case AGG_MAX:
		return s->n == 1 || value_order(v, s->best) > 0 ? keep(x, v, &s->best) : ST_OK;
	case AGG_COLLECT:
	case AGG_LIST:
		return collect_add(x, s, v);
	}
	bug(__FILE__, __LINE__, "unknown aggregate");
}

static enum status final_sum(struct func_ctx *x, const struct agg_state *s, struct value *ret)
{
	__int128 sum = sum_get(s);

	if (s->has_float) {
		*ret = value_float(fsum_get(s));
		return ST_OK;
	}
	if (sum > INT64_MAX || sum < INT64_MIN)
		return diag_set(x->diag, GQL_OUT_OF_RANGE, x->offset,
				"the sum does not fit in 64 bits");
	*ret = value_int((int64_t)sum);
	return ST_OK;
}

static struct value final_stddev(const struct agg_state *s, uint64_t missing)
{
	if (s->n <= missing)
		return VALUE_NULL;
	return value_float(sqrt(s->carry / (double)(s->n - missing)));
}

enum status agg_final(const struct agg *g, struct func_ctx *x, const struct agg_state *s,
		      struct value *ret)
{
	switch ((enum agg_kind)g->kind) {
	case AGG_COUNT:
		*ret = value_int((int64_t)s->n);
		return ST_OK;
	case AGG_SUM:
		return final_sum(x, s, ret);
	case AGG_AVG:
		*ret = s->n == 0 ? VALUE_NULL : value_float(fsum_get(s) / (double)s->n);
		return ST_OK;
	case AGG_STDDEV_SAMP:
		*ret = final_stddev(s, 1);
		return ST_OK;
	case AGG_STDDEV_POP:
		*ret = final_stddev(s, 0);
		return ST_OK;
	case AGG_MIN:
	case AGG_MAX:
		*ret = s->best;
		return ST_OK;
	case AGG_COLLECT:
	case AGG_LIST:
		*ret = value_list(s->items, (uint32_t)s->n);
		return ST_OK;
	}
	bug(__FILE__, __LINE__, "unknown aggregate");
}
