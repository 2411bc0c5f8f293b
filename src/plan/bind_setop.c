/* Linear queries joined by UNION, EXCEPT, INTERSECT and OTHERWISE. */
#include "plan/bind.h"

static enum status branch_columns(struct binder *b, const struct ast_linear *l,
				  const struct pipe *first, const struct pipe *next)
{
	if (!next->has_result || !first->has_result)
		return diag_set(b->p->d, GQL_SYNTAX, l->offset,
				"each side of a set operation ends with RETURN");
	if (first->scope.vars.n != next->scope.vars.n)
		return diag_set(b->p->d, GQL_SYNTAX, l->offset,
				"the sides of a set operation have %u and %u columns",
				first->scope.vars.n, next->scope.vars.n);
	for (uint32_t i = 0; i < first->scope.vars.n; i++) {
		const struct variable *v = &first->scope.vars.v[i];
		const struct variable *w = scope_find(&next->scope, v->name);
		if (w == NULL)
			return diag_set(b->p->d, GQL_SYNTAX, l->offset,
					"column '" STR_FMT
					"' is missing on one side of a set operation",
					STR_ARG(v->name));
		TRY(bind_check_graph(b, w, l->offset));
	}
	return ST_OK;
}

static double estimate(uint8_t op, double left, double right)
{
	switch (op) {
	case AST_UNION:
	case AST_UNION_ALL:
		return left + right;
	case AST_INTERSECT:
	case AST_INTERSECT_ALL:
		return MAX_OF(MIN_OF(left, right) / 2, 1.0);
	case AST_EXCEPT:
	case AST_EXCEPT_ALL:
		return MAX_OF(left / 2, 1.0);
	default:
		return left;
	}
}

/* Columns of both sides by name, and slots of the result, which are its own. */
static enum status pair_columns(struct binder *b, struct pipe *left, const struct pipe *right,
				struct pop *o)
{
	uint32_t n = left->scope.vars.n;
	uint32_t *slots = ARENA_ARRAY(b->p->a, uint32_t, 3 * n + 1);

	if (slots == NULL)
		return bind_no_memory(b);
	o->set_op.n = n;
	o->set_op.left_slots = slots;
	o->set_op.right_slots = slots + n;
	o->set_op.out_slots = slots + 2 * n;
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
		v->nullable = v->nullable || w->nullable;
		slot_add(&left->bound, v->slot);
	}
	return ST_OK;
}

static enum status add_setop(struct binder *b, struct pipe *left, const struct pipe *right,
			     uint8_t op)
{
	static const uint8_t kinds[] = {
	    [AST_UNION] = POP_UNION,	     [AST_UNION_ALL] = POP_UNION,
	    [AST_EXCEPT] = POP_EXCEPT,	     [AST_EXCEPT_ALL] = POP_EXCEPT,
	    [AST_INTERSECT] = POP_INTERSECT, [AST_INTERSECT_ALL] = POP_INTERSECT,
	    [AST_OTHERWISE] = POP_OTHERWISE,
	};
	struct pop *o = pop_new(b->p, kinds[op], left->op);

	if (o == NULL)
		return bind_no_memory(b);
	o->right = right->op;
	o->est_rows = estimate(op, left->op->est_rows, right->op->est_rows);
	o->set_op.all = op == AST_EXCEPT_ALL || op == AST_INTERSECT_ALL;
	TRY(pair_columns(b, left, right, o));
	left->op = o;
	if (op != AST_UNION)
		return ST_OK;
	struct pop *d = pop_new(b->p, POP_DISTINCT, o);
	if (d == NULL)
		return bind_no_memory(b);
	d->distinct.n = o->set_op.n;
	d->distinct.slots = o->set_op.out_slots;
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

	for (uint32_t i = 1; i + 1 < c->n_branches; i++)
		if (c->ops[i] != c->ops[0])
			return diag_set(b->p->d, GQL_SYNTAX, c->branches[i + 1]->offset,
					"one kind of UNION, EXCEPT, INTERSECT or OTHERWISE in a "
					"query: put one of them in braces");
	if (start.graph == NULL)
		return bind_unsupported(b, c->branches[0]->offset, "a set operation after NEXT");
	st = scope_copy(&start.scope, &into->scope);
	if (st == ST_OK)
		st = bind_linear(b, c->branches[0], around);
	for (uint32_t i = 1; i < c->n_branches && st == ST_OK; i++) {
		struct pipe next = {0};
		st = bind_branch(b, c->branches[i], &start, around, into->graph, &next);
		b->pipe = into;
		if (st == ST_OK)
			st = branch_columns(b, c->branches[i], into, &next);
		if (st == ST_OK)
			st = add_setop(b, into, &next, c->ops[i - 1]);
		scope_release(&next.scope);
	}
	scope_release(&start.scope);
	return st;
}
