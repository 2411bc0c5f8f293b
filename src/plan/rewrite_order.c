/* ORDER BY n.key LIMIT k, min(n.key) and max(n.key) over the nodes of a label: an index gives the
 * nodes in the order of the key, and the sort above stops it when no better row can come. The sort
 * alone says what the order is: runs of one key, further sort keys and a seek that has to scan
 * (exec/op_seek.c) need nothing of their own here. min() and max() read a sort's first row. */
#include "plan/logical.h"
#include "value/func.h"

#define ROWS_WANTED 100 /* of a LIMIT that only a run will tell */

/* What is to be read in order, and what stands between. */
struct ordered {
	struct planner *p;
	struct pop *top, *bottom; /* the sort or the aggregate, and the scan or the seek */
	const struct expr *key;	  /* as the bottom's slot gives it */
	bool descending, nulls_first;
	double wanted;	  /* rows */
	uint32_t n_preds; /* of the filters between */
	struct qpred *preds;
};

static bool is_between(const struct pop *o)
{
	return o->kind == POP_FILTER || o->kind == POP_PROJECT;
}

/* What a slot was computed from, if by this operator. */
static const struct expr *made_from(const struct pop *o, const struct expr *e)
{
	if (o->kind != POP_PROJECT || e->kind != EXPR_SLOT)
		return e;
	for (uint32_t i = 0; i < o->project.n; i++)
		if (o->project.items[i].slot == e->slot)
			return o->project.items[i].expr;
	return e;
}

/* Goes down from the top to where rows begin; false: something between may change their order, or
 * the key is not a property of what is found there. */
static enum status find_bottom(struct ordered *r, bool *ret)
{
	uint32_t n = 0;

	for (const struct pop *o = r->top->left; is_between(o); o = o->left)
		n += o->kind == POP_FILTER;
	r->preds = ARENA_ARRAY(r->p->scratch, struct qpred, n + 1);
	if (r->preds == NULL)
		return ST_NOMEM;
	r->bottom = (struct pop *)r->top->left;
	for (; is_between(r->bottom); r->bottom = (struct pop *)r->bottom->left) {
		r->key = made_from(r->bottom, r->key);
		if (r->bottom->kind == POP_FILTER)
			r->preds[r->n_preds++].e = r->bottom->filter.pred;
	}
	bool scan = r->bottom->kind == POP_NODE_SCAN && r->bottom->scan.label != NAME_NONE;
	bool seek = r->bottom->kind == POP_INDEX_SEEK && r->bottom->left->kind == POP_UNIT;
	uint32_t slot = scan ? r->bottom->scan.out : seek ? r->bottom->seek.out : SLOT_NONE;
	*ret = slot != SLOT_NONE && r->key->kind == EXPR_PROP &&
	       r->key->args[0]->kind == EXPR_SLOT && r->key->args[0]->slot == slot;
	return ST_OK;
}

static bool is_key(const struct ordered *r, const struct expr *e)
{
	return e->kind == EXPR_PROP && e->name == r->key->name && e->args[0]->kind == EXPR_SLOT &&
	       e->args[0]->slot == r->key->args[0]->slot;
}

/* Whether a filter lets no row pass that has no key. */
static bool nulls_are_filtered(const struct ordered *r)
{
	for (uint32_t i = 0; i < r->n_preds; i++) {
		const struct expr *e = r->preds[i].e;
		if (e->kind == EXPR_IS_NOT_NULL && is_key(r, e->args[0]))
			return true;
	}
	return false;
}

/* A seek that is there: it finds no nulls, and in order it finds them as fast. */
static bool order_seek(struct ordered *r)
{
	struct pop_seek *s = &r->bottom->seek;

	if (s->key != r->key->name || (s->kind != SEEK_RANGE && s->kind != SEEK_PREFIX))
		return false;
	s->order = r->descending ? SEEK_DESCENDING : SEEK_ASCENDING;
	return true;
}

/* Nodes that the index gives until enough have passed the filters, and the rest of the last key. */
static double rows_read(const struct ordered *r, const struct start *at)
{
	double pass = 1;

	for (uint32_t i = 0; i < r->n_preds; i++)
		if (i != at->preds[0] && i != at->preds[1])
			pass *= cost_selectivity(r->p, r->preds[i].e);
	return MIN_OF(at->rows, r->wanted / MAX_OF(pass, 1e-9) + at->key_rows);
}

/* Takes out the filters that the seek answers. */
static void drop_filters(const struct ordered *r, const struct start *at)
{
	struct pop *above = r->top;
	uint32_t i_pred = 0;

	for (const struct pop *o = r->top->left; is_between(o); o = o->left) {
		bool answered =
		    o->kind == POP_FILTER && (i_pred == at->preds[0] || i_pred == at->preds[1]);
		i_pred += o->kind == POP_FILTER;
		if (answered)
			above->left = o->left;
		else
			above = (struct pop *)o;
	}
}

/* A seek in the place of a scan of all nodes of the label, where it reads much fewer. */
static enum status order_scan(struct ordered *r, bool *ret)
{
	struct qnode node = {.slot = r->bottom->scan.out, .label = r->bottom->scan.label};
	struct qgraph q = {
	    .p = r->p, .n_nodes = 1, .nodes = &node, .n_preds = r->n_preds, .preds = r->preds};
	double all = cost_label_rows(r->p, node.label);
	struct start at;

	*ret = false;
	if (!start_ordered(&q, 0, r->key->name, &at))
		return ST_OK;
	if (at.seek.nulls != SEEK_NO_NULLS && nulls_are_filtered(r))
		at.seek.nulls = SEEK_NO_NULLS;
	else if (at.seek.nulls != SEEK_NO_NULLS && r->nulls_first)
		at.seek.nulls = SEEK_NULLS_FIRST;
	double read = rows_read(r, &at);
	if (read * PLAN_SEEK_ROW_COST > all && !r->p->any_cost)
		return ST_OK;
	drop_filters(r, &at);
	for (struct pop *o = (struct pop *)r->top->left; is_between(o); o = (struct pop *)o->left)
		o->est_rows = MIN_OF(o->est_rows, read);
	r->bottom->kind = POP_INDEX_SEEK;
	r->bottom->left = pop_new(r->p, POP_UNIT, NULL);
	r->bottom->seek = at.seek;
	r->bottom->seek.out = node.slot;
	r->bottom->seek.label = node.label;
	r->bottom->seek.index = arena_str(r->p->a, at.seek.index);
	r->bottom->seek.order = r->descending ? SEEK_DESCENDING : SEEK_ASCENDING;
	pop_estimate(r->bottom, read, read);
	*ret = true;
	return r->bottom->left != NULL && r->bottom->seek.index.p != NULL ? ST_OK : ST_NOMEM;
}

static enum status order_input(struct ordered *r, bool *ret)
{
	bool found;

	*ret = false;
	TRY(find_bottom(r, &found));
	if (!found)
		return ST_OK;
	if (r->bottom->kind == POP_NODE_SCAN)
		return order_scan(r, ret);
	*ret = order_seek(r);
	return ST_OK;
}

static double count_wanted(const struct expr *e)
{
	if (e == NULL)
		return 0;
	return e->kind == EXPR_CONST && e->value.kind == V_INT ? (double)e->value.i : ROWS_WANTED;
}

static enum status order_sort(struct planner *p, struct pop *sort)
{
	const struct sort_key *k = &sort->sort.keys[0];
	struct ordered r = {
	    .p = p,
	    .top = sort,
	    .key = k->expr,
	    .descending = k->descending,
	    .nulls_first = k->nulls_first,
	    .wanted = count_wanted(sort->sort.skip) + count_wanted(sort->sort.limit),
	};

	return sort->sort.limit != NULL ? order_input(&r, &sort->sort.stops) : ST_OK;
}

/* The first row of a sort below an aggregate of nothing but one min() or max(): nulls, which these
 * leave out, come last. */
static enum status order_extreme(struct planner *p, struct pop *agg)
{
	const struct plan_agg *g = &agg->aggregate.aggs[0];
	bool ordered;

	if (agg->aggregate.n_keys != 0 || agg->aggregate.n_aggs != 1 || g->fn == NULL ||
	    (g->fn->kind != AGG_MIN && g->fn->kind != AGG_MAX))
		return ST_OK;
	struct ordered r = {
	    .p = p, .top = agg, .key = g->arg, .descending = g->fn->kind == AGG_MAX, .wanted = 1};
	TRY(order_input(&r, &ordered));
	if (!ordered)
		return ST_OK;
	struct pop *sort = pop_new(p, POP_SORT, agg->left);
	struct sort_key *key = ARENA_NEW(p->a, struct sort_key);
	struct expr *one = ARENA_NEW(p->a, struct expr);
	if (sort == NULL || key == NULL || one == NULL)
		return ST_NOMEM;
	*key = (struct sort_key){.expr = g->arg, .descending = r.descending};
	*one = (struct expr){.kind = EXPR_CONST, .type = V_INT, .value = value_int(1)};
	sort->sort.n = 1;
	sort->sort.keys = key;
	sort->sort.limit = one;
	sort->sort.stops = true;
	sort->est_rows = 1;
	agg->left = sort;
	return ST_OK;
}

/* o and what is below, in the graph g. */
static enum status walk(struct planner *p, struct pop *o, struct graph *g)
{
	p->g = g;
	if (o->kind == POP_SORT)
		TRY(order_sort(p, o));
	if (o->kind == POP_AGGREGATE)
		TRY(order_extreme(p, o));
	if (o->left != NULL)
		TRY(walk(p, (struct pop *)o->left, o->kind == POP_USE ? o->use.graph : g));
	return o->right != NULL ? walk(p, (struct pop *)o->right, g) : ST_OK;
}

enum status rewrite_order(struct planner *p, struct pop *root)
{
	struct graph *g = p->g;
	enum status st = walk(p, root, p->plan->graph);

	p->g = g;
	return st;
}
