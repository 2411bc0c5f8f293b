/* count(*) over a last hop whose edge and end nobody reads adds up degrees instead of making a row
 * for each edge; a condition on a label of the end is looked up entry by entry. */
#include "plan/plan_int.h"
#include "value/func.h"

/* Whether the argument is an element of the hop: then it is never null, and counting it is counting
 * rows. */
static bool is_hop_element(const struct expr *e, const struct pop *hop)
{
	return e != NULL && e->kind == EXPR_SLOT &&
	       (e->slot == hop->expand.to || e->slot == hop->expand.edge);
}

static bool counts_rows(const struct plan_agg *g, const struct pop *hop)
{
	return g->fn == NULL ||
	       (g->fn->kind == AGG_COUNT && !g->distinct && is_hop_element(g->arg, hop));
}

/* Counting rows is all that the aggregate does with the hop. */
static bool only_counts(const struct pop *agg, const struct pop *hop)
{
	struct slot_set read = {0};
	bool any = false;

	for (uint32_t i = 0; i < agg->aggregate.n_keys; i++)
		expr_slots(agg->aggregate.keys[i].expr, &read);
	for (uint32_t i = 0; i < agg->aggregate.n_aggs; i++) {
		const struct plan_agg *g = &agg->aggregate.aggs[i];
		bool extreme = g->fn != NULL && (g->fn->kind == AGG_MIN || g->fn->kind == AGG_MAX);
		if (counts_rows(g, hop)) {
			any = true;
			continue;
		}
		if (!g->distinct && !extreme)
			return false;
		expr_slots(g->arg, &read);
	}
	return any && !slot_has(&read, hop->expand.to) && !slot_has(&read, hop->expand.edge);
}

/* The hop below the aggregate, past a filter on a label of its end. */
static struct pop *last_hop(const struct pop *agg, uint32_t *ret_label)
{
	const struct pop *o = agg->left;
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

static enum status count_by_degree(struct planner *p, struct pop *agg)
{
	uint32_t label, n = agg->aggregate.n_aggs;
	struct pop *hop = last_hop(agg, &label);

	if (hop == NULL || !only_counts(agg, hop))
		return ST_OK;
	struct plan_agg *aggs = arena_dup(p->a, agg->aggregate.aggs, n * sizeof *aggs);
	uint32_t weight = planner_slot(p, STR_NULL);
	if (aggs == NULL || weight == SLOT_NONE)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		if (counts_rows(&aggs[i], hop))
			aggs[i] = (struct plan_agg){.slot = aggs[i].slot};
	hop->kind = POP_DEGREE;
	hop->expand.weight = weight;
	hop->expand.to_label = label;
	hop->expand.to = hop->expand.edge = SLOT_NONE;
	hop->est_rows = hop->left->est_rows;
	agg->left = hop;
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
