/* Subqueries in expressions: operators below the row, whose answer is a slot. */
#include "plan/bind.h"
#include "value/func.h"

/* The rows of a subquery as one row: their number, or the list of a value of each. */
static enum status add_aggregate(struct binder *b, struct pipe *inner, const struct agg *fn,
				 const struct expr *value, uint32_t *ret_slot)
{
	struct pop *agg = pop_new(b->p, POP_AGGREGATE, inner->op);
	struct plan_agg *item = ARENA_NEW(b->p->a, struct plan_agg);

	*ret_slot = planner_slot(b->p, STR_NULL);
	if (agg == NULL || item == NULL || *ret_slot == SLOT_NONE)
		return bind_no_memory(b);
	*item = (struct plan_agg){.fn = fn, .slot = *ret_slot, .arg = value};
	agg->aggregate.n_aggs = 1;
	agg->aggregate.aggs = item;
	agg->est_rows = 1;
	inner->op = agg;
	return ST_OK;
}

static enum status add_apply(struct binder *b, const struct ast_expr *ast, enum pop_kind kind,
			     const struct pipe *inner, uint32_t slot, uint8_t type,
			     const struct expr **ret)
{
	struct pop *o = NULL;

	TRY(pipe_add(b, kind, &o));
	o->right = inner->op;
	o->offset = ast->offset;
	if (kind == POP_SEMI_MARK)
		o->semi.out = slot;
	slot_add(&b->pipe->bound, slot);
	*ret = expr_slot(b, slot, type, false, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

static enum status exists_or_count(struct binder *b, const struct ast_expr *ast, struct pipe *inner,
				   const struct expr **ret)
{
	uint32_t slot;

	TRY(bind_exists(b, ast, inner));
	if (ast->kind == AST_COUNT) {
		TRY(add_aggregate(b, inner, NULL, NULL, &slot));
		return add_apply(b, ast, POP_APPLY, inner, slot, V_INT, ret);
	}
	slot = planner_slot(b->p, STR_NULL);
	if (slot == SLOT_NONE)
		return bind_no_memory(b);
	return add_apply(b, ast, POP_SEMI_MARK, inner, slot, V_BOOL, ret);
}

/* COLLECT { .. RETURN x }, VALUE { .. RETURN x } */
static enum status only_column(struct binder *b, const struct ast_expr *ast,
			       const struct pipe *inner, const struct expr **ret)
{
	const struct variable *v = inner->scope.vars.v;

	if (!inner->has_result || inner->scope.vars.n != 1)
		return diag_set(b->p->d, GQL_SYNTAX, ast->offset,
				"the query in %s returns one column",
				ast->kind == AST_COLLECT ? "COLLECT" : "VALUE");
	TRY(bind_check_graph(b, v, ast->offset));
	*ret = expr_slot(b, v->slot, v->type, v->nullable, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

static enum status list_of_rows(struct binder *b, const struct ast_expr *ast, struct pipe *inner,
				const struct expr **ret)
{
	const struct expr *value = NULL;
	uint32_t slot;

	if (ast->kind == AST_PATTERN_LIST) {
		TRY(bind_inside(b, inner, NULL, ast->pattern, ast->args[0], &value));
	} else {
		TRY(bind_exists(b, ast, inner));
		TRY(only_column(b, ast, inner, &value));
	}
	TRY(add_aggregate(b, inner, agg_list(), value, &slot));
	return add_apply(b, ast, POP_APPLY, inner, slot, V_LIST, ret);
}

static enum status only_row(struct binder *b, const struct ast_expr *ast, uint8_t type,
			    const struct expr **ret)
{
	struct expr *e = expr_new(b, EXPR_GRAPH_CALL, 1, ast->offset, ast->length);

	if (e == NULL)
		return bind_no_memory(b);
	e->args[0] = *ret;
	e->sub = GF_ONLY_ROW;
	e->type = type;
	*ret = e;
	return ST_OK;
}

enum status bind_subquery(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	bool list = ast->kind == AST_PATTERN_LIST || ast->kind == AST_COLLECT ||
		    ast->kind == AST_VALUE_QUERY;
	struct pipe inner = {0};

	if (b->no_subquery ||
	    (b->grouping != NULL && !b->grouping->in_aggregate && !b->grouping->subqueries))
		return bind_unsupported(b, ast->offset, "a subquery at this place");
	TRY(bind_barrier(b));
	enum status st =
	    list ? list_of_rows(b, ast, &inner, ret) : exists_or_count(b, ast, &inner, ret);
	uint8_t type = list && inner.scope.vars.n == 1 ? inner.scope.vars.v[0].type : V_NULL;
	scope_release(&inner.scope);
	return st == ST_OK && ast->kind == AST_VALUE_QUERY ? only_row(b, ast, type, ret) : st;
}
