/* count(*) over last hops whose edges and ends nobody reads adds up degrees instead of making a row
 * for each match: of the last hop, or of the last two. A condition on a label of an end is looked
 * up entry by entry. */
#include "plan/plan_int.h"
#include "value/func.h"

/* What is counted instead of made: one hop, or one behind the other. */
struct fold {
	struct pop *last, *before; /* before may be NULL */
	uint32_t last_label, before_label;
};

/* Whether the argument is an element of the hops: then it is never null, and counting it is
 * counting rows. */
static bool is_element(const struct expr *e, const struct pop *hop)
{
	return e != NULL && e->kind == EXPR_SLOT &&
	       (e->slot == hop->expand.to || e->slot == hop->expand.edge);
}

static bool counts_rows(const struct plan_agg *g, const struct fold *f)
{
	if (g->fn == NULL)
		return true;
	return g->fn->kind == AGG_COUNT && !g->distinct &&
	       (is_element(g->arg, f->last) ||
		(f->before != NULL && is_element(g->arg, f->before)));
}

static bool reads(const struct slot_set *read, const struct pop *hop)
{
	return slot_has(read, hop->expand.to) || slot_has(read, hop->expand.edge);
}

/* Counting rows is all that the aggregate does with the hops. */
static bool only_counts(const struct pop *agg, const struct fold *f)
{
	struct slot_set read = {0};
	bool any = false;

	for (uint32_t i = 0; i < agg->aggregate.n_keys; i++)
		expr_slots(agg->aggregate.keys[i].expr, &read);
	for (uint32_t i = 0; i < agg->aggregate.n_aggs; i++) {
		const struct plan_agg *g = &agg->aggregate.aggs[i];
		bool extreme = g->fn != NULL && (g->fn->kind == AGG_MIN || g->fn->kind == AGG_MAX);
		if (counts_rows(g, f)) {
			any = true;
			continue;
		}
		if (!g->distinct && !extreme)
			return false;
		expr_slots(g->arg, &read);
	}
	return any && !reads(&read, f->last) && (f->before == NULL || !reads(&read, f->before));
}

/* The hop at o, past a filter on a label of its end. */
static struct pop *hop_at(const struct pop *o, uint32_t *ret_label)
{
	const struct expr *pred = NULL;

	*ret_label = NAME_NONE;
	if (o->kind == POP_FILTER && o->filter.pred->kind == EXPR_HAS_LABEL &&
	    o->filter.pred->args[0]->kind == EXPR_SLOT) {
		pred = o->filter.pred;
		*ret_label = pred->name;
		o = o->left;
	}
	if (o->kind != POP_EXPAND || o->expand.into ||
	    (pred != NULL && pred->args[0]->slot != o->expand.to))
		return NULL;
	return (struct pop *)o;
}

static bool follows_on(const struct pop *last, const struct pop *before)
{
	return before != NULL && before->expand.to == last->expand.from;
}

static bool find_fold(const struct pop *agg, struct fold *f)
{
	f->last = hop_at(agg->left, &f->last_label);
	if (f->last == NULL)
		return false;
	f->before = hop_at(f->last->left, &f->before_label);
	if (follows_on(f->last, f->before) && only_counts(agg, f))
		return true;
	f->before = NULL;
	return only_counts(agg, f);
}

/* The edges that the last hop must not take, without that of the hop before. */
static enum status split_unique(struct planner *p, const struct fold *f, bool *ret_differ)
{
	const struct pop *hop = f->last;
	uint32_t *unique = ARENA_ARRAY(p->a, uint32_t, hop->expand.n_unique + 1), n = 0;

	if (unique == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < hop->expand.n_unique; i++)
		if (hop->expand.unique[i] != f->before->expand.edge)
			unique[n++] = hop->expand.unique[i];
	*ret_differ = n < hop->expand.n_unique;
	f->last->expand.unique = unique;
	f->last->expand.n_unique = n;
	return ST_OK;
}

/* The operator in the place of the hops. */
static enum status make_counter(struct planner *p, const struct fold *f, uint32_t weight,
				struct pop **ret)
{
	f->last->expand.to_label = f->last_label;
	*ret = f->last;
	if (f->before != NULL) {
		*ret = f->before;
		TRY(split_unique(p, f, &f->before->expand.differ));
		f->before->expand.to_label = f->before_label;
		f->before->expand.then = f->last;
		f->last->expand.to = f->last->expand.edge = SLOT_NONE;
	}
	(*ret)->kind = f->before != NULL ? POP_TWO_HOPS : POP_DEGREE;
	(*ret)->expand.weight = weight;
	(*ret)->expand.to = (*ret)->expand.edge = SLOT_NONE;
	(*ret)->est_rows = (*ret)->left->est_rows;
	return ST_OK;
}

static enum status count_by_degree(struct planner *p, struct pop *agg)
{
	uint32_t n = agg->aggregate.n_aggs;
	struct fold f;
	struct pop *counter;

	if (!find_fold(agg, &f))
		return ST_OK;
	struct plan_agg *aggs = arena_dup(p->a, agg->aggregate.aggs, n * sizeof *aggs);
	uint32_t weight = planner_slot(p, STR_NULL);
	if (aggs == NULL || weight == SLOT_NONE)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		if (counts_rows(&aggs[i], &f))
			aggs[i] = (struct plan_agg){.slot = aggs[i].slot};
	TRY(make_counter(p, &f, weight, &counter));
	agg->left = counter;
	agg->aggregate.aggs = aggs;
	agg->aggregate.weighted = true;
	agg->aggregate.weight = weight;
	return ST_OK;
}

enum status rewrite_count(struct planner *p, struct pop *root)
{
	if (root->kind == POP_AGGREGATE)
		TRY(count_by_degree(p, root));
	if (root->left != NULL)
		TRY(rewrite_count(p, (struct pop *)root->left));
	return root->right != NULL ? rewrite_count(p, (struct pop *)root->right) : ST_OK;
}
