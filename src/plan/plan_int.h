/* plan/plan_int.h - what the files of this room share while one plan is being made.
 *
 * Room: plan, private. One thread; everything lives in the plan's arena. */
#ifndef PLAN_PLAN_INT_H
#define PLAN_PLAN_INT_H

#include "base/bits.h"
#include "base/vec.h"
#include "plan/plan.h"

struct slot_set {
	uint64_t w[PLAN_SLOTS_MAX / 64];
};

static inline void slot_add(struct slot_set *s, uint32_t slot)
{
	if (slot != SLOT_NONE)
		s->w[slot >> 6] |= UINT64_C(1) << (slot & 63);
}
static inline void slot_del(struct slot_set *s, uint32_t slot)
{
	if (slot != SLOT_NONE)
		s->w[slot >> 6] &= ~(UINT64_C(1) << (slot & 63));
}
static inline bool slot_has(const struct slot_set *s, uint32_t slot)
{
	return slot != SLOT_NONE && (s->w[slot >> 6] >> (slot & 63) & 1) != 0;
}
static inline void slot_or(struct slot_set *a, const struct slot_set *b)
{
	for (unsigned i = 0; i < ARRAY_LEN(a->w); i++)
		a->w[i] |= b->w[i];
}
static inline bool slot_subset(const struct slot_set *a, const struct slot_set *b)
{
	for (unsigned i = 0; i < ARRAY_LEN(a->w); i++)
		if ((a->w[i] & ~b->w[i]) != 0)
			return false;
	return true;
}

/* The plan while it is made. */
struct planner {
	struct plan *plan;
	struct arena *a; /* plan->arena */
	struct arena *scratch;
	struct graph *g; /* in which the present clause is */
	struct store *store;
	struct graph *session_graph, *home;
	uint64_t catalog_lsn;
	bool bound, names_home; /* the session keeps to its graph; the text says HOME_GRAPH */
	VEC(struct graph *) graphs;
	struct str text;
	const struct token_list *tokens;
	struct diag *d;
	VEC(struct plan_name) names;
	VEC(struct plan_param) params;
	VEC(const struct pop *) ops;
	VEC(struct str) slot_names; /* as many as there are slots */
	uint32_t n_locals;
	bool writes, ordered;
	bool no_lift;		    /* literals stay in the plan: it will not be cached */
	bool literals_matter;	    /* the plan depends on which literals are the same */
	bool in_apply;		    /* POP_UNIT stands for the outer row */
	bool no_rewrites, any_cost; /* struct plan_options */
};

/* Slots that an expression reads. */
void expr_slots(const struct expr *e, struct slot_set *ret);
/* Fills carry[] of every operator below root. ST_NOMEM. */
enum status plan_carry(struct planner *p, struct pop *root) MUST_CHECK;

/* Rewrites of the whole tree, one a file: before slots are carried, */
enum status rewrite_count(struct planner *p, struct pop *root) MUST_CHECK;
enum status rewrite_order(struct planner *p, struct pop *root) MUST_CHECK;
/* and after. */
void rewrite_distinct(struct pop *root);

/* A new operator; NULL: no memory, or PLAN_OPS_MAX (then the diag is set). */
struct pop *pop_new(struct planner *p, enum pop_kind kind, const struct pop *left);
/* A slot of its own, named after a variable (or ""); SLOT_NONE: no memory, or PLAN_SLOTS_MAX is
 * reached (then the diag is set). */
uint32_t planner_slot(struct planner *p, struct str name);
/* Index into plan->names; NAME_NONE: no memory. */
uint32_t planner_name(struct planner *p, enum name_kind kind, struct str text);
void planner_release(struct planner *p); /* what the plan did not take */

#endif
