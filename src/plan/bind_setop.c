/* Linear queries joined by UNION. */
#include "plan/bind.h"

static enum status branch_columns(struct binder *b, const struct ast_linear *l,
				  const struct pipe *first, const struct pipe *next)
{
	if (!next->has_result || !first->has_result)
		return diag_set(b->p->d, GQL_SYNTAX, l->offset,
				"each side of UNION ends with RETURN");
	if (first->scope.vars.n != next->scope.vars.n)
		return diag_set(b->p->d, GQL_SYNTAX, l->offset,
				"the sides of UNION have %u and %u columns", first->scope.vars.n,
				next->scope.vars.n);
	for (uint32_t i = 0; i < first->scope.vars.n; i++) {
		const struct variable *v = &first->scope.vars.v[i];
		const struct variable *w = scope_find(&next->scope, v->name);
		if (w == NULL)
			return diag_set(b->p->d, GQL_SYNTAX, l->offset,
					"column '" STR_FMT "' is missing on one side of UNION",
					STR_ARG(v->name));
		TRY(bind_check_graph(b, w, l->offset));
	}
	return ST_OK;
}

/* Rows of both; the result has slots of its own. */
static enum status add_union(struct binder *b, struct pipe *left, const struct pipe *right,
			     bool distinct)
{
	uint32_t n = left->scope.vars.n;
	uint32_t *slots = ARENA_ARRAY(b->p->a, uint32_t, 3 * n + 1);
	struct pop *o = pop_new(b->p, POP_UNION, left->op);

	if (slots == NULL || o == NULL)
		return bind_no_memory(b);
	o->right = right->op;
	o->est_rows += right->op->est_rows;
	o->set_union.n = n;
	o->set_union.left_slots = slots;
	o->set_union.right_slots = slots + n;
	o->set_union.out_slots = slots + 2 * n;
	left->bound = (struct slot_set){0};
	for (uint32_t i = 0; i < n; i++) {
		struct variable *v = &left->scope.vars.v[i];
		const struct variable *w = scope_find(&right->scope, v->name);
		slots[i] = v->slot;
		slots[n + i] = w->slot;
		slots[2 * n + i] = v->slot = planner_slot(b->p, v->name);
		if (v->slot == SLOT_NONE)
			return bind_no_memory(b);
		if (w->type != v->type)
			v->type = V_NULL;
		slot_add(&left->bound, v->slot);
	}
	left->op = o;
	if (!distinct)
		return ST_OK;
	struct pop *d = pop_new(b->p, POP_DISTINCT, o);
	if (d == NULL)
		return bind_no_memory(b);
	d->distinct.n = n;
	d->distinct.slots = slots + 2 * n;
	left->op = d;
	return ST_OK;
}

/* A branch begins with the same row as the first one; its rows go to the graph of that one. */
static enum status bind_branch(struct binder *b, const struct ast_linear *l,
			       const struct pipe *start, struct graph *around, struct graph *to,
			       struct pipe *ret)
{
	struct pop *unit = pop_new(b->p, POP_UNIT, NULL);

	if (unit == NULL)
		return bind_no_memory(b);
	unit->est_rows = 1;
	*ret = (struct pipe){.op = unit, .bound = start->bound, .graph = start->graph};
	TRY(scope_copy(&ret->scope, &start->scope));
	b->pipe = ret;
	TRY(bind_linear(b, l, around));
	return bind_graph(b, to, l->offset);
}

/* The graph of the row that the pipe begins with; NULL: something was done with it already. */
static struct graph *start_graph(const struct pipe *p)
{
	struct graph *g = p->graph;
	const struct pop *o = p->op;

	for (; o->kind == POP_USE; o = o->left)
		g = o->use.graph;
	return o->kind == POP_UNIT ? g : NULL;
}

enum status bind_setop(struct binder *b, const struct ast_compose *c, struct graph *around)
{
	struct pipe *into = b->pipe, start = {.bound = into->bound, .graph = start_graph(into)};
	enum status st = ST_OK;

	if (start.graph == NULL)
		return bind_unsupported(b, c->branches[0]->offset, "a UNION after NEXT");
	st = scope_copy(&start.scope, &into->scope);
	if (st == ST_OK)
		st = bind_linear(b, c->branches[0], around);
	for (uint32_t i = 1; i < c->n_branches && st == ST_OK; i++) {
		struct pipe next = {0};
		uint8_t op = c->ops[i - 1];
		if (op != AST_UNION && op != AST_UNION_ALL) {
			st = bind_unsupported(b, c->branches[i]->offset,
					      "EXCEPT, INTERSECT or OTHERWISE");
			break;
		}
		st = bind_branch(b, c->branches[i], &start, around, into->graph, &next);
		b->pipe = into;
		if (st == ST_OK)
			st = branch_columns(b, c->branches[i], into, &next);
		if (st == ST_OK)
			st = add_union(b, into, &next, op == AST_UNION);
		scope_release(&next.scope);
	}
	scope_release(&start.scope);
	return st;
}
