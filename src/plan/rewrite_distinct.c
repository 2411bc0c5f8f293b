/* Where nobody above counts rows, as below DISTINCT, EXISTS or min(), an expansion need not give an
 * end again that it gave before for the same values. That is right for matches of different edges
 * too: an expansion remembers the edges that the first way there had to leave out (exec/once.h),
 * and of quantified edges whose minimum is 0 or 1 the shortest way to an end never repeats an edge.
 */
#include "plan/plan_int.h"
#include "value/func.h"

#define WORTH_ROWS 2 /* fewer input rows seldom meet a node twice */

static bool is_slot_of(const struct pop *o, uint32_t slot)
{
	for (uint32_t i = 0; i < o->n_carry; i++)
		if (o->carry[i] == slot)
			return slot != SLOT_NONE;
	return false;
}

/* Rows that keep an edge from below are as good as never alike. */
static bool carries_edges(const struct pop *o, const struct pop *below)
{
	for (; below != NULL; below = below->left) {
		bool hop = below->kind == POP_EXPAND || below->kind == POP_VAR_EXPAND ||
			   below->kind == POP_SHORTEST;
		if (hop && (is_slot_of(o, below->expand.edge) || is_slot_of(o, below->expand.path)))
			return true;
		if (below->kind == POP_EDGE_SCAN && is_slot_of(o, below->edge_scan.edge))
			return true;
	}
	return false;
}

static bool once_pays(const struct pop *o)
{
	if (o->kind == POP_EXPAND)
		return !o->expand.into && o->left->est_rows >= WORTH_ROWS &&
		       !carries_edges(o, o->left);
	return o->kind == POP_VAR_EXPAND && o->expand.min <= 1 && o->expand.max > 1 &&
	       o->expand.edge == SLOT_NONE && o->expand.path == SLOT_NONE;
}

/* Whether an aggregate is the same over rows with and without repetition. */
static bool ignores_repetition(const struct pop *o)
{
	for (uint32_t i = 0; i < o->aggregate.n_aggs; i++) {
		const struct plan_agg *g = &o->aggregate.aggs[i];
		bool extreme = g->fn != NULL && (g->fn->kind == AGG_MIN || g->fn->kind == AGG_MAX);
		if (!g->distinct && !extreme)
			return false;
	}
	return true;
}

/* Whether the rows of the inputs count, given whether the operator's own do. */
static bool left_counts(const struct pop *o, bool counts)
{
	switch ((enum pop_kind)o->kind) {
	case POP_DISTINCT:
		return false;
	case POP_AGGREGATE:
		return !ignores_repetition(o);
	case POP_NODE_SCAN:
	case POP_EDGE_SCAN:
	case POP_INDEX_SEEK:
	case POP_NODE_BY_ID:
	case POP_EXPAND:
	case POP_VAR_EXPAND:
	case POP_SHORTEST:
	case POP_FILTER:
	case POP_PROJECT:
	case POP_CROSS:
	case POP_HASH_JOIN:
	case POP_APPLY:
	case POP_OPTIONAL:
	case POP_SEMI:
	case POP_SEMI_MARK:
	case POP_UNWIND:
	case POP_UNION:
		return counts;
	case POP_SORT:
		return counts || o->sort.limit != NULL || o->sort.skip != NULL;
	default: /* limits, writes, results */
		return true;
	}
}

static void walk(struct pop *o, bool counts)
{
	bool semi = o->kind == POP_SEMI || o->kind == POP_SEMI_MARK;

	if (!counts && (o->kind == POP_EXPAND || o->kind == POP_VAR_EXPAND))
		o->expand.ends_once = once_pays(o);
	if (o->left != NULL)
		walk((struct pop *)o->left, left_counts(o, counts));
	if (o->right != NULL)
		walk((struct pop *)o->right, !semi && left_counts(o, counts));
}

void rewrite_distinct(struct pop *root)
{
	walk(root, true);
}
