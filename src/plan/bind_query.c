/* Clauses one after another; subqueries. */
#include "plan/bind.h"

enum status pipe_add(struct binder *b, enum pop_kind kind, struct pop **ret)
{
	*ret = pop_new(b->p, kind, b->pipe->op);
	if (*ret == NULL)
		return bind_no_memory(b);
	b->pipe->op = *ret;
	return ST_OK;
}

enum status bind_barrier(struct binder *b)
{
	struct pop *o;

	if (b->pipe->wrote == WROTE_NOTHING)
		return ST_OK;
	b->pipe->wrote = WROTE_NOTHING;
	return pipe_add(b, POP_EAGER, &o);
}

enum status bind_inner_begin(struct binder *b, struct pipe *inner)
{
	struct pop *unit = pop_new(b->p, POP_UNIT, NULL);

	if (unit == NULL)
		return bind_no_memory(b);
	unit->est_rows = 1;
	inner->op = unit;
	inner->bound = b->pipe->bound;
	inner->graph = b->pipe->graph;
	if (scope_copy(&inner->scope, &b->pipe->scope) != ST_OK) {
		scope_release(&inner->scope);
		return bind_no_memory(b);
	}
	b->pipe = inner;
	b->p->in_apply = true;
	return ST_OK;
}

/* ---- filters ----------------------------------------------------------------------------- */

static bool is_exists(const struct ast_expr *e)
{
	return e->kind == AST_EXISTS || e->kind == AST_PATTERN_TEST;
}

static enum status add_semi(struct binder *b, const struct ast_expr *e, bool anti)
{
	struct pipe inner = {0};
	struct pop *o;
	enum status st = bind_exists(b, e, &inner);

	scope_release(&inner.scope);
	TRY(st);
	TRY(pipe_add(b, POP_SEMI, &o));
	o->right = inner.op;
	o->semi.anti = anti;
	o->semi.out = SLOT_NONE;
	o->offset = e->offset;
	o->est_rows = MAX_OF(o->est_rows / 2, 0.01);
	return ST_OK;
}

enum status bind_filter(struct binder *b, const struct ast_expr *e)
{
	const struct expr *pred;
	struct pop *o;

	if (e->kind == AST_BINARY && e->sub == AST_AND) {
		TRY(bind_filter(b, e->args[0]));
		return bind_filter(b, e->args[1]);
	}
	if (is_exists(e) && !b->p->no_rewrites)
		return add_semi(b, e, false);
	if (e->kind == AST_UNARY && e->sub == AST_NOT && is_exists(e->args[0]) &&
	    !b->p->no_rewrites)
		return add_semi(b, e->args[0], true);
	TRY(bind_condition(b, e, &pred));
	TRY(pipe_add(b, POP_FILTER, &o));
	o->filter.pred = pred;
	o->offset = e->offset;
	o->est_rows = MAX_OF(o->est_rows * cost_selectivity(b->p, pred), 0.01);
	return ST_OK;
}

static enum status bind_filter_clause(struct binder *b, const struct ast_expr *e)
{
	TRY(bind_barrier(b));
	return bind_filter(b, e);
}

/* ---- LET, FOR ------------------------------------------------------------------------------ */

static enum status bind_let(struct binder *b, const struct ast_clause *c)
{
	struct pop *o;

	TRY(bind_barrier(b));
	for (uint32_t i = 0; i < c->let.n_items; i++) {
		const struct ast_item *item = &c->let.items[i];
		struct assign *a = ARENA_NEW(b->p->a, struct assign);
		if (a == NULL)
			return bind_no_memory(b);
		TRY(bind_expr(b, item->expr, &a->expr));
		a->slot = planner_slot(b->p, item->alias.text);
		if (a->slot == SLOT_NONE)
			return bind_no_memory(b);
		TRY(pipe_add(b, POP_PROJECT, &o));
		o->project.n = 1;
		o->project.items = a;
		slot_add(&b->pipe->bound, a->slot);
		TRY(scope_add(b, &b->pipe->scope,
			      (struct variable){.name = item->alias.text,
						.slot = a->slot,
						.type = a->expr->type,
						.nullable = true},
			      item->alias.offset));
	}
	return ST_OK;
}

static enum status bind_for(struct binder *b, const struct ast_clause *c)
{
	const struct expr *list;
	struct pop *o;

	TRY(bind_barrier(b));
	TRY(bind_expr(b, c->for_.list, &list));
	TRY(pipe_add(b, POP_UNWIND, &o));
	o->offset = c->offset;
	o->est_rows *= 10;
	o->unwind.list = list;
	o->unwind.ordinal = SLOT_NONE;
	o->unwind.from_zero = c->for_.from_zero;
	o->unwind.out = planner_slot(b->p, c->for_.var.text);
	if (o->unwind.out == SLOT_NONE)
		return bind_no_memory(b);
	slot_add(&b->pipe->bound, o->unwind.out);
	TRY(scope_add(
	    b, &b->pipe->scope,
	    (struct variable){.name = c->for_.var.text, .slot = o->unwind.out, .nullable = true},
	    c->for_.var.offset));
	if (!ast_has_name(&c->for_.ordinal))
		return ST_OK;
	o->unwind.ordinal = planner_slot(b->p, c->for_.ordinal.text);
	if (o->unwind.ordinal == SLOT_NONE)
		return bind_no_memory(b);
	slot_add(&b->pipe->bound, o->unwind.ordinal);
	return scope_add(b, &b->pipe->scope,
			 (struct variable){.name = c->for_.ordinal.text,
					   .slot = o->unwind.ordinal,
					   .type = V_INT},
			 c->for_.ordinal.offset);
}

/* ---- SET, REMOVE, DELETE --------------------------------------------------------------------- */

static enum status bind_set_item(struct binder *b, const struct ast_set *s, uint32_t i_label,
				 struct set_item *ret)
{
	static const uint8_t kinds[] = {
	    [AST_SET_PROP] = SET_PROP,	     [AST_SET_MAP_REPLACE] = SET_MAP_REPLACE,
	    [AST_SET_MAP_ADD] = SET_MAP_ADD, [AST_SET_LABEL] = SET_LABEL,
	    [AST_REMOVE_PROP] = REMOVE_PROP, [AST_REMOVE_LABEL] = REMOVE_LABEL,
	};
	const struct ast_expr *target = s->target;

	*ret = (struct set_item){.kind = kinds[s->kind], .offset = s->offset, .name = NAME_NONE};
	if (s->kind == AST_SET_PROP || s->kind == AST_REMOVE_PROP) {
		if (target->kind != AST_PROP)
			return bind_unsupported(b, target->offset,
						"setting anything but a property by name");
		ret->name = planner_name(b->p, NAME_KEY, target->name.text);
		target = target->args[0];
	} else if (s->kind == AST_SET_LABEL || s->kind == AST_REMOVE_LABEL) {
		ret->name = planner_name(b->p, NAME_LABEL, s->labels[i_label].text);
	}
	bool named = s->kind != AST_SET_MAP_REPLACE && s->kind != AST_SET_MAP_ADD;
	if (named && ret->name == NAME_NONE)
		return bind_no_memory(b);
	TRY(bind_expr(b, target, &ret->target));
	uint8_t t = ret->target->type;
	if (t != V_NODE && t != V_EDGE && t != V_NULL)
		return diag_set(b->p->d, GQL_WRONG_TYPE, target->offset,
				"only nodes and edges can be changed, not %s",
				value_kind_name((enum value_kind)t));
	return s->value != NULL ? bind_expr(b, s->value, &ret->value) : ST_OK;
}

static uint32_t set_item_count(const struct ast_set *s)
{
	return s->kind == AST_SET_LABEL || s->kind == AST_REMOVE_LABEL ? s->n_labels : 1;
}

enum status bind_set_items(struct binder *b, uint32_t n, const struct ast_set *sets,
			   uint32_t *ret_n, struct set_item **ret)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < n; i++)
		total += set_item_count(&sets[i]);
	struct set_item *items = ARENA_ARRAY(b->p->a, struct set_item, total + 1);
	if (items == NULL)
		return bind_no_memory(b);
	total = 0;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < set_item_count(&sets[i]); j++)
			TRY(bind_set_item(b, &sets[i], j, &items[total++]));
	*ret = items;
	*ret_n = total;
	return ST_OK;
}

/* Properties that come from an element are read as well. */
static bool set_item_reads(const struct set_item *item)
{
	bool all = item->kind == SET_MAP_REPLACE || item->kind == SET_MAP_ADD;

	assert(!all || item->value != NULL);
	return expr_reads_graph(item->value) || (all && item->value->type != V_MAP);
}

/* Items count from left to right: one that reads the graph sees what those before it wrote, so it
 * begins an operator of its own behind a barrier. */
static enum status bind_set(struct binder *b, const struct ast_clause *c)
{
	struct set_item *items;
	uint32_t n, from = 0;

	TRY(bind_set_items(b, c->set.n_sets, c->set.sets, &n, &items));
	for (uint32_t i = 1; i <= n; i++) {
		struct pop *o;
		if (i < n && !set_item_reads(&items[i]))
			continue;
		if (set_item_reads(&items[from]) || b->pipe->wrote == WROTE_CHANGES)
			TRY(bind_barrier(b));
		TRY(pipe_add(b, POP_SET, &o));
		o->offset = c->offset;
		o->set.n = i - from;
		o->set.items = items + from;
		b->pipe->wrote = WROTE_CHANGES;
		from = i;
	}
	b->p->writes = true;
	return ST_OK;
}

static enum status bind_delete(struct binder *b, const struct ast_clause *c)
{
	struct pop *o;
	const struct expr **targets = ARENA_ARRAY(b->p->a, const struct expr *, c->del.n_exprs + 1);

	if (targets == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < c->del.n_exprs; i++) {
		TRY(bind_expr(b, c->del.exprs[i], &targets[i]));
		uint8_t t = targets[i]->type;
		if (t != V_NODE && t != V_EDGE && t != V_PATH && t != V_LIST && t != V_NULL)
			return diag_set(b->p->d, GQL_WRONG_TYPE, c->del.exprs[i]->offset,
					"only nodes, edges and paths can be deleted, not %s",
					value_kind_name((enum value_kind)t));
	}
	TRY(bind_barrier(b));
	TRY(pipe_add(b, POP_DELETE, &o));
	o->offset = c->offset;
	o->del.n = c->del.n_exprs;
	o->del.targets = targets;
	o->del.detach = c->del.detach;
	b->pipe->wrote = WROTE_CHANGES;
	b->p->writes = true;
	return ST_OK;
}

/* ---- subqueries
 * ------------------------------------------------------------------------------------ */

static enum status bind_clause(struct binder *b, const struct ast_clause *c);

enum status bind_linear(struct binder *b, const struct ast_linear *l, struct graph *around)
{
	if (l->n_clauses == 0 || l->clauses[0]->kind != AST_USE)
		TRY(bind_graph(b, around, l->offset));
	uint32_t from = l->n_clauses > 0 && l->clauses[0]->kind == AST_USE;
	for (uint32_t i = 0; i < l->n_clauses; i++) {
		const struct ast_clause *c = l->clauses[i];
		bool alone = i == from && i + 1 == l->n_clauses && b->pipe->scope.vars.n == 0;
		TRY(c->kind == AST_CALL_PROC && !b->pipe->ended ? bind_call_proc(b, c, alone)
								: bind_clause(b, c));
	}
	return ST_OK;
}

/* Runs what an inner pipe needs with the binder's state of this row put aside. */
enum status bind_inside(struct binder *b, struct pipe *inner, const struct ast_query *q,
			const struct ast_pattern *pattern, const struct ast_expr *value,
			const struct expr **ret_value)
{
	struct pipe *outer = b->pipe;
	struct grouping *grouping = b->grouping;
	bool in_apply = b->p->in_apply, no_subquery = b->no_subquery;
	enum status st;

	st = bind_inner_begin(b, inner);
	b->grouping = NULL;
	b->no_subquery = false;
	if (st == ST_OK)
		st = pattern != NULL ? bind_match(b, pattern, false) : bind_query(b, q);
	if (st == ST_OK && value != NULL)
		st = bind_expr(b, value, ret_value);
	if (st == ST_OK) /* its rows go back to the graph of this one */
		st = bind_graph(b, outer->graph, q != NULL ? q->offset : DIAG_NO_POSITION);
	b->p->g = outer->graph;
	b->pipe = outer;
	b->grouping = grouping;
	b->p->in_apply = in_apply;
	b->no_subquery = no_subquery;
	return st;
}

static bool is_local(const struct binder *b, struct str name)
{
	for (uint32_t i = 0; i < b->n_locals; i++)
		if (str_eq(b->locals[i].name, name))
			return true;
	return false;
}

/* A bare pattern as a condition names what is there; EXISTS may name what it finds. */
static enum status check_known(struct binder *b, const struct ast_name *n)
{
	if (!ast_has_name(n) || is_local(b, n->text) ||
	    scope_find(&b->pipe->scope, n->text) != NULL)
		return ST_OK;
	(void)diag_set(b->p->d, GQL_BAD_REFERENCE, n->offset, "unknown variable '" STR_FMT "'",
		       STR_ARG(n->text));
	diag_hint(b->p->d, "EXISTS { pattern } may name what it finds");
	return ST_INVALID;
}

static enum status check_pattern_test(struct binder *b, const struct ast_pattern *pattern)
{
	for (uint32_t i = 0; i < pattern->n_paths; i++) {
		const struct ast_path *path = pattern->paths[i];
		for (uint32_t j = 0; j < path->n_terms; j++)
			for (uint32_t k = 0; k < path->terms[j]->n_parts; k++)
				TRY(check_known(b, &path->terms[j]->parts[k]->var));
	}
	return ST_OK;
}

enum status bind_exists(struct binder *b, const struct ast_expr *e, struct pipe *ret_inner)
{
	bool pattern = e->kind == AST_PATTERN_TEST;

	if (!pattern && e->query->writes)
		return diag_set(b->p->d, GQL_SYNTAX, e->offset,
				"a subquery in an expression cannot write");
	if (pattern)
		TRY(check_pattern_test(b, e->pattern));
	return bind_inside(b, ret_inner, pattern ? NULL : e->query, pattern ? e->pattern : NULL,
			   NULL, NULL);
}

static enum status import_scope(struct binder *b, const struct ast_clause *c, struct scope *ret)
{
	for (uint32_t i = 0; i < c->call.n_scope; i++) {
		const struct variable *v = scope_find(&b->pipe->scope, c->call.scope[i].text);
		if (v == NULL)
			return diag_set(b->p->d, GQL_BAD_REFERENCE, c->call.scope[i].offset,
					"unknown variable '" STR_FMT "'",
					STR_ARG(c->call.scope[i].text));
		TRY(scope_add(b, ret, *v, c->call.scope[i].offset));
	}
	return ST_OK;
}

static enum status add_call_results(struct binder *b, const struct ast_clause *c,
				    struct pipe *inner)
{
	struct pop *o;

	if (!inner->has_result)
		return bind_unsupported(b, c->offset, "CALL { } without RETURN");
	TRY(pipe_add(b, c->call.optional ? POP_OPTIONAL : POP_APPLY, &o));
	o->right = inner->op;
	o->offset = c->offset;
	o->est_rows *= MAX_OF(inner->op->est_rows, 0.01);
	for (uint32_t i = 0; i < inner->scope.vars.n; i++) {
		struct variable v = inner->scope.vars.v[i];
		v.nullable = true;
		slot_add(&b->pipe->bound, v.slot);
		TRY(scope_add(b, &b->pipe->scope, v, c->offset));
	}
	return ST_OK;
}

static enum status bind_call_query(struct binder *b, const struct ast_clause *c)
{
	struct pipe inner = {0};
	struct scope seen = {0}, all = b->pipe->scope;
	enum status st = ST_OK;

	if (c->call.query->writes)
		return bind_unsupported(b, c->offset, "CALL { } that writes");
	TRY(bind_barrier(b));
	if (c->call.has_scope && !c->call.scope_star)
		st = import_scope(b, c, &seen);
	if (st == ST_OK) {
		if (c->call.has_scope && !c->call.scope_star)
			b->pipe->scope = seen;
		st = bind_inside(b, &inner, c->call.query, NULL, NULL, NULL);
		b->pipe->scope = all;
	}
	if (st == ST_OK)
		st = add_call_results(b, c, &inner);
	scope_release(&inner.scope);
	scope_release(&seen);
	return st;
}

/* ---- clauses
 * ---------------------------------------------------------------------------------------------- */

static enum status bind_return(struct binder *b, const struct ast_clause *c)
{
	if (c->project.n_items == 0 && !c->project.star) {
		b->pipe->ended = true; /* FINISH */
		return ST_OK;
	}
	TRY(bind_project(b, c));
	b->pipe->ended = b->pipe->has_result = true;
	return ST_OK;
}

static enum status bind_clause(struct binder *b, const struct ast_clause *c)
{
	if (b->pipe->ended)
		return diag_set(b->p->d, GQL_SYNTAX, c->offset, "nothing can follow RETURN");
	switch ((enum ast_clause_kind)c->kind) {
	case AST_MATCH:
		return bind_match(b, c->match.pattern, c->match.optional);
	case AST_FILTER:
		return bind_filter_clause(b, c->filter);
	case AST_LET:
		return bind_let(b, c);
	case AST_FOR:
		return bind_for(b, c);
	case AST_WITH:
		return bind_project(b, c);
	case AST_RETURN:
		return bind_return(b, c);
	case AST_PAGE:
		return bind_page(b, &c->page);
	case AST_CALL_QUERY:
		return bind_call_query(b, c);
	case AST_INSERT:
		return bind_insert(b, c->pattern);
	case AST_MERGE:
		return bind_merge(b, c);
	case AST_SET:
		return bind_set(b, c);
	case AST_DELETE:
		return bind_delete(b, c);
	case AST_NESTED:
		return bind_query(b, c->nested);
	case AST_USE:
		return bind_use(b, c);
	default:
		return bind_unsupported(b, c->offset, "this clause");
	}
}

/* ---- queries --------------------------------------------------------------------------------- */

/* NEXT YIELD v AS w, ..: what the part sees of the columns before it. */
static enum status bind_next_yield(struct binder *b, const struct ast_compose *c)
{
	struct scope seen = {0};
	enum status st = ST_OK;

	for (uint32_t i = 0; i < c->n_yield && st == ST_OK; i++) {
		const struct ast_item *item = &c->yield[i];
		const struct ast_name *as =
		    ast_has_name(&item->alias) ? &item->alias : &item->expr->name;
		const struct variable *v = scope_find(&b->pipe->scope, item->expr->name.text);
		if (v == NULL) {
			st = diag_set(b->p->d, GQL_BAD_REFERENCE, item->expr->offset,
				      "unknown column '" STR_FMT "'",
				      STR_ARG(item->expr->name.text));
			break;
		}
		struct variable w = *v;
		w.name = as->text;
		st = scope_add(b, &seen, w, as->offset);
	}
	if (st != ST_OK) {
		scope_release(&seen);
		return st;
	}
	scope_release(&b->pipe->scope);
	b->pipe->scope = seen;
	return ST_OK;
}

/* USE chooses the graph of one linear query, or of what stands in braces behind it: each part
 * begins anew in the graph around it. */
enum status bind_query(struct binder *b, const struct ast_query *q)
{
	struct graph *around = b->pipe->graph;

	assert(q != NULL);
	for (uint32_t i = 0; i < q->n_parts; i++) {
		const struct ast_compose *c = q->parts[i];
		if (c->n_yield != 0)
			TRY(bind_next_yield(b, c));
		b->pipe->ended = b->pipe->has_result = false;
		TRY(c->n_branches > 1 ? bind_setop(b, c, around)
				      : bind_linear(b, c->branches[0], around));
	}
	return ST_OK;
}
