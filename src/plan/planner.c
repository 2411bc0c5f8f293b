#include "plan/plan_int.h"

struct pop *pop_new(struct planner *p, enum pop_kind kind, const struct pop *left)
{
	struct pop *o = ARENA_NEW(p->a, struct pop);

	if (o == NULL)
		return NULL;
	if (p->ops.n >= PLAN_OPS_MAX) {
		(void)diag_set(p->d, GQL_STATEMENT_TOO_COMPLEX, DIAG_NO_POSITION,
			       "the plan needs more than %u operators", PLAN_OPS_MAX);
		return NULL;
	}
	o->kind = (uint8_t)kind;
	o->id = p->ops.n;
	o->left = left;
	if (left != NULL) {
		o->est_rows = left->est_rows;
		o->est_cost = left->est_cost + left->est_rows;
	}
	return vec_push(MEM_PLAN, &p->ops, o) ? o : NULL;
}

uint32_t planner_slot(struct planner *p, struct str name)
{
	if (p->slot_names.n >= PLAN_SLOTS_MAX) {
		(void)diag_set(p->d, GQL_STATEMENT_TOO_COMPLEX, DIAG_NO_POSITION,
			       "the statement has more than %u variables and intermediate values",
			       PLAN_SLOTS_MAX);
		return SLOT_NONE;
	}
	struct str copy = STR_NULL;
	if (name.len != 0) {
		copy = arena_str(p->a, name);
		if (copy.p == NULL)
			return SLOT_NONE;
	}
	if (!vec_push(MEM_PLAN, &p->slot_names, copy))
		return SLOT_NONE;
	return p->slot_names.n - 1;
}

uint32_t planner_name(struct planner *p, enum name_kind kind, struct str text)
{
	for (uint32_t i = 0; i < p->names.n; i++)
		if (p->names.v[i].kind == kind && str_eq(p->names.v[i].text, text))
			return i;
	struct str copy = arena_str(p->a, text);
	if (copy.p == NULL || !vec_push(MEM_PLAN, &p->names, (struct plan_name){kind, copy}))
		return NAME_NONE;
	return p->names.n - 1;
}

void planner_release(struct planner *p)
{
	vec_release(MEM_PLAN, &p->graphs);
	vec_release(MEM_PLAN, &p->names);
	vec_release(MEM_PLAN, &p->params);
	vec_release(MEM_PLAN, &p->ops);
	vec_release(MEM_PLAN, &p->slot_names);
}

struct plan *plan_ref(struct plan *p)
{
	atomic_fetch_add_explicit(&p->n_refs, 1, memory_order_relaxed);
	return p;
}

void plan_unref(struct plan *p)
{
	if (p == NULL || atomic_fetch_sub_explicit(&p->n_refs, 1, memory_order_acq_rel) != 1)
		return;
	arena_release(&p->arena);
	MEM_FREE(MEM_PLAN, p);
}
