/* RETURN and WITH: items, grouping, DISTINCT, ORDER BY, OFFSET, LIMIT, and the new scope. */
#include "plan/bind.h"

struct projection {
	struct binder *b;
	const struct ast_clause *c;
	uint32_t n; /* items, `*` written out */
	struct ast_item *items;
	struct out_item {
		struct str name;
		uint32_t slot;
		const struct expr *expr; /* over input or group slots; NULL: the slot is there */
		uint8_t type;
		bool edge_list, aggregates;
	} * out;
	bool grouped, hides; /* hides: DISTINCT or grouping; what was there before is gone */
	struct grouping g;
	uint32_t n_sorts;
	struct sort_key *sorts;
};

/* The columns of a star stand in the order of their names, not in that of the clauses before. */
static void order_by_name(const struct scope *s, uint32_t n, uint32_t *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;
		for (; at > 0 && str_cmp(s->vars.v[ret[at - 1]].name, s->vars.v[i].name) > 0; at--)
			ret[at] = ret[at - 1];
		ret[at] = i;
	}
}

static enum status expand_star(struct projection *pr)
{
	struct binder *b = pr->b;
	const struct scope *s = &b->pipe->scope;
	uint32_t n_star = pr->c->project.star ? s->vars.n : 0;

	pr->n = n_star + pr->c->project.n_items;
	pr->items = ARENA_ARRAY(b->p->scratch, struct ast_item, pr->n + 1);
	pr->out = ARENA_ARRAY(b->p->scratch, struct out_item, pr->n + 1);
	if (pr->items == NULL || pr->out == NULL)
		return bind_no_memory(b);
	uint32_t *order = ARENA_ARRAY(b->p->scratch, uint32_t, n_star + 1);
	if (order == NULL)
		return bind_no_memory(b);
	order_by_name(s, n_star, order);
	for (uint32_t i = 0; i < n_star; i++) {
		struct ast_expr *var = ARENA_NEW(b->p->scratch, struct ast_expr);
		if (var == NULL)
			return bind_no_memory(b);
		var->kind = AST_VAR;
		var->name.text = s->vars.v[order[i]].name;
		var->offset = pr->c->offset;
		pr->items[i] = (struct ast_item){.expr = var, .alias = var->name};
	}
	if (pr->c->project.n_items > 0)
		memcpy(pr->items + n_star, pr->c->project.items,
		       pr->c->project.n_items * sizeof pr->items[0]);
	if (pr->c->project.star && pr->n == 0 && pr->c->kind == AST_RETURN)
		return diag_set(b->p->d, GQL_SYNTAX, pr->c->offset,
				"'*' stands for no variable here");
	return ST_OK;
}

static struct str item_name(const struct projection *pr, uint32_t i)
{
	const struct ast_item *item = &pr->items[i];

	if (ast_has_name(&item->alias))
		return item->alias.text;
	if (item->expr->kind == AST_VAR)
		return item->expr->name.text;
	return (struct str){pr->b->p->text.p + item->expr->offset, item->expr->length};
}

static enum status name_items(struct projection *pr)
{
	struct diag *d = pr->b->p->d;

	for (uint32_t i = 0; i < pr->n; i++) {
		const struct ast_item *item = &pr->items[i];
		pr->out[i].name = item_name(pr, i);
		pr->out[i].aggregates = ast_has_aggregate(item->expr);
		pr->grouped = pr->grouped || pr->out[i].aggregates;
		if (pr->c->kind == AST_WITH && !ast_has_name(&item->alias) &&
		    item->expr->kind != AST_VAR)
			return diag_set(d, GQL_SYNTAX, item->expr->offset,
					"an expression in WITH needs a name: AS ...");
		for (uint32_t j = 0; j < i; j++) {
			if (!ast_has_name(&item->alias) && !ast_has_name(&pr->items[j].alias))
				(void)ast_same_text(pr->b, item->expr, pr->items[j].expr);
			if (str_eq(pr->out[j].name, pr->out[i].name))
				return diag_set(d, GQL_DUPLICATE_NAME, item->expr->offset,
						"two columns are called '" STR_FMT "'",
						STR_ARG(pr->out[i].name));
		}
	}
	pr->grouped = pr->grouped || pr->c->project.has_group_by;
	pr->hides = pr->grouped || pr->c->project.distinct;
	return ST_OK;
}

/* ---- grouping keys --------------------------------------------------------------------------- */

static enum status add_key(struct projection *pr, const struct ast_expr *ast, struct str alias,
			   struct assign *keys)
{
	struct binder *b = pr->b;
	struct group_key *k = &pr->g.keys[pr->g.n_keys];
	const struct expr *e;

	TRY(bind_expr(b, ast, &e));
	*k = (struct group_key){.ast = ast, .alias = alias, .type = e->type};
	k->slot = e->kind == EXPR_SLOT ? e->slot : planner_slot(b->p, alias);
	if (k->slot == SLOT_NONE)
		return bind_no_memory(b);
	keys[pr->g.n_keys++] = (struct assign){k->slot, e};
	return ST_OK;
}

/* GROUP BY names a variable or a column. */
static enum status add_group(struct projection *pr, const struct ast_expr *group,
			     struct assign *keys)
{
	if (group->kind == AST_VAR) {
		for (uint32_t i = 0; i < pr->n; i++) {
			if (!str_eq(pr->out[i].name, group->name.text))
				continue;
			if (pr->out[i].aggregates)
				return diag_set(pr->b->p->d, GQL_BAD_AGGREGATE, group->offset,
						"'" STR_FMT "' is an aggregate, not a key",
						STR_ARG(group->name.text));
			return add_key(pr, pr->items[i].expr, pr->out[i].name, keys);
		}
	}
	return add_key(pr, group, STR_NULL, keys);
}

static enum status bind_keys(struct projection *pr, struct assign **ret_keys)
{
	struct binder *b = pr->b;
	uint32_t max = pr->n + pr->c->project.n_groups + 1;
	struct assign *keys = ARENA_ARRAY(b->p->a, struct assign, max);

	pr->g.keys = ARENA_ARRAY(b->p->scratch, struct group_key, max);
	if (keys == NULL || pr->g.keys == NULL)
		return bind_no_memory(b);
	*ret_keys = keys;
	for (uint32_t i = 0; i < pr->c->project.n_groups; i++)
		TRY(add_group(pr, pr->c->project.groups[i], keys));
	for (uint32_t i = 0; i < pr->n && !pr->c->project.has_group_by; i++)
		if (!pr->out[i].aggregates)
			TRY(add_key(pr, pr->items[i].expr, pr->out[i].name, keys));
	return ST_OK;
}

/* ---- items
 * --------------------------------------------------------------------------------------- */

static enum status bind_item(struct projection *pr, uint32_t i)
{
	struct binder *b = pr->b;
	struct out_item *o = &pr->out[i];
	const struct ast_expr *ast = pr->items[i].expr;
	const struct expr *e;

	TRY(bind_expr(b, ast, &e));
	o->type = e->type;
	if (ast->kind == AST_VAR && !pr->grouped) {
		const struct variable *v = scope_find(&b->pipe->scope, ast->name.text);
		o->edge_list = v != NULL && v->edge_list;
	}
	if (e->kind == EXPR_SLOT) { /* a variable, a key or a bare aggregate: nothing to compute */
		o->slot = e->slot;
		for (uint32_t j = 0; j < i; j++)
			if (pr->out[j].slot == o->slot && pr->out[j].expr == NULL)
				o->expr = e; /* twice the same: a slot has one name */
		if (o->expr == NULL)
			return ST_OK;
	}
	o->expr = e;
	o->slot = planner_slot(b->p, o->name);
	return o->slot != SLOT_NONE ? ST_OK : bind_no_memory(b);
}

/* ---- ORDER BY
 * -------------------------------------------------------------------------------------- */

static const struct out_item *sort_item(const struct projection *pr, const struct ast_expr *ast)
{
	for (uint32_t i = 0; i < pr->n; i++) {
		const struct ast_item *item = &pr->items[i];
		if (ast->kind == AST_VAR && str_eq(ast->name.text, pr->out[i].name))
			return &pr->out[i];
		if (item->expr->length != 0 && ast_same_text(pr->b, ast, item->expr))
			return &pr->out[i];
	}
	return NULL;
}

/* ---- behind the columns: ORDER BY, and WHERE of WITH ------------------------------------------
 */

/* Each column, and each grouping key, also stands for the text that it was computed from. */
static enum status columns_as_keys(const struct projection *pr, struct grouping *ret)
{
	struct binder *b = pr->b;

	*ret = (struct grouping){.behind = true};
	ret->keys = ARENA_ARRAY(b->p->scratch, struct group_key, pr->n + pr->g.n_keys + 1);
	if (ret->keys == NULL)
		return bind_no_memory(b);
	assert(pr->out != NULL || pr->n == 0);
	for (uint32_t i = 0; i < pr->n; i++)
		if (pr->items[i].expr->length != 0) /* not of a star */
			ret->keys[ret->n_keys++] = (struct group_key){.ast = pr->items[i].expr,
								      .slot = pr->out[i].slot,
								      .type = pr->out[i].type};
	assert(pr->g.keys != NULL || pr->g.n_keys == 0);
	for (uint32_t i = 0; i < pr->g.n_keys && pr->grouped && !pr->c->project.distinct; i++)
		if (pr->g.keys[i].ast->length != 0)
			ret->keys[ret->n_keys++] = pr->g.keys[i];
	return ST_OK;
}

/* The columns by name, and what was there before the projection unless that hides it. */
static enum status scope_behind(const struct projection *pr, const struct scope *before,
				struct scope *ret)
{
	struct binder *b = pr->b;

	for (uint32_t i = 0; i < pr->n; i++)
		TRY(scope_add(b, ret,
			      (struct variable){.name = pr->out[i].name,
						.slot = pr->out[i].slot,
						.type = pr->out[i].type,
						.edge_list = pr->out[i].edge_list,
						.nullable = true},
			      pr->c->offset));
	for (uint32_t i = 0; i < before->vars.n && !pr->hides; i++)
		if (scope_find(ret, before->vars.v[i].name) == NULL)
			TRY(scope_add(b, ret, before->vars.v[i], pr->c->offset));
	return ST_OK;
}

/* Binds a sort key (ret_key) or adds a filter (ret_key is NULL). */
static enum status bind_behind(struct projection *pr, const struct ast_expr *ast,
			       const struct expr **ret_key)
{
	struct binder *b = pr->b;
	struct scope behind = {0}, before = b->pipe->scope;
	struct grouping *outer = b->grouping, columns;
	enum status st = scope_behind(pr, &before, &behind);

	b->pipe->scope = behind;
	if (st == ST_OK && pr->hides) {
		st = columns_as_keys(pr, &columns);
		columns.subqueries = ret_key == NULL;
		b->grouping = &columns;
	} else {
		b->grouping = NULL;
	}
	if (st == ST_OK)
		st = ret_key != NULL ? bind_expr(b, ast, ret_key) : bind_filter(b, ast);
	b->grouping = outer;
	b->pipe->scope = before;
	scope_release(&behind);
	return st;
}

static enum status bind_sort_key(struct projection *pr, const struct ast_sort *s,
				 struct sort_key *ret)
{
	struct binder *b = pr->b;
	const struct out_item *item = sort_item(pr, s->expr);

	ret->descending = s->descending;
	ret->nulls_first =
	    s->nulls == AST_NULLS_DEFAULT ? s->descending : s->nulls == AST_NULLS_FIRST;
	if (item == NULL)
		return bind_behind(pr, s->expr, &ret->expr);
	ret->expr = expr_slot(b, item->slot, item->type, true, s->expr->offset, s->expr->length);
	return ret->expr != NULL ? ST_OK : bind_no_memory(b);
}

static enum status bind_sorts(struct projection *pr)
{
	const struct ast_page *page = &pr->c->project.page;

	pr->sorts = ARENA_ARRAY(pr->b->p->a, struct sort_key, page->n_sorts + 1);
	if (pr->sorts == NULL)
		return bind_no_memory(pr->b);
	for (uint32_t i = 0; i < page->n_sorts; i++)
		TRY(bind_sort_key(pr, &page->sorts[i], &pr->sorts[i]));
	pr->n_sorts = page->n_sorts;
	return ST_OK;
}

/* ---- operators
 * --------------------------------------------------------------------------------------- */

static enum status add_aggregate(struct projection *pr, struct assign *keys)
{
	struct binder *b = pr->b;
	struct pop *o;

	assert(keys != NULL || pr->g.n_keys == 0);
	TRY(pipe_add(b, POP_AGGREGATE, &o));
	o->aggregate.n_keys = pr->g.n_keys;
	o->aggregate.keys = keys;
	o->aggregate.n_aggs = pr->g.aggs.n;
	o->aggregate.aggs =
	    arena_dup(b->p->a, pr->g.aggs.v, pr->g.aggs.n * sizeof(struct plan_agg));
	if (o->aggregate.aggs == NULL)
		return bind_no_memory(b);
	o->est_rows = pr->g.n_keys == 0 ? 1 : MAX_OF(o->left->est_rows / 10, 1.0);
	b->pipe->bound = (struct slot_set){0};
	for (uint32_t i = 0; i < pr->g.n_keys; i++)
		slot_add(&b->pipe->bound, keys[i].slot);
	for (uint32_t i = 0; i < pr->g.aggs.n; i++)
		slot_add(&b->pipe->bound, pr->g.aggs.v[i].slot);
	return ST_OK;
}

static enum status add_items(struct projection *pr)
{
	struct binder *b = pr->b;
	struct assign *items = ARENA_ARRAY(b->p->a, struct assign, pr->n + 1);
	uint32_t n = 0;
	struct pop *o;

	if (items == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < pr->n; i++)
		if (pr->out[i].expr != NULL)
			items[n++] = (struct assign){pr->out[i].slot, pr->out[i].expr};
	if (n == 0)
		return ST_OK;
	TRY(pipe_add(b, POP_PROJECT, &o));
	o->project.n = n;
	o->project.items = items;
	for (uint32_t i = 0; i < n; i++)
		slot_add(&b->pipe->bound, items[i].slot);
	return ST_OK;
}

static enum status add_distinct(struct projection *pr)
{
	struct binder *b = pr->b;
	struct pop *o;

	if (!pr->c->project.distinct)
		return ST_OK;
	uint32_t *slots = ARENA_ARRAY(b->p->a, uint32_t, pr->n + 1);
	TRY(pipe_add(b, POP_DISTINCT, &o));
	if (slots == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < pr->n; i++)
		slots[i] = pr->out[i].slot;
	o->distinct.n = pr->n;
	o->distinct.slots = slots;
	return ST_OK;
}

static bool is_negative(const struct expr *e)
{
	bool minus = e->kind == EXPR_NEG;
	const struct expr *number = minus ? e->args[0] : e;

	if (number->kind != EXPR_CONST || number->value.kind != V_INT)
		return false;
	return minus ? number->value.i > 0 : number->value.i < 0;
}

/* LIMIT and OFFSET: constants or parameters, no variables. */
static enum status bind_count(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct slot_set used = {0};
	bool no_lift = b->no_lift;

	*ret = NULL;
	if (ast == NULL)
		return ST_OK;
	b->no_lift = true;
	struct scope keep = b->pipe->scope;
	b->pipe->scope = (struct scope){0};
	enum status st = bind_expr(b, ast, ret);
	b->pipe->scope = keep;
	b->no_lift = no_lift;
	TRY(st);
	expr_slots(*ret, &used);
	if ((*ret)->type != V_INT && (*ret)->type != V_NULL)
		return diag_set(b->p->d, GQL_WRONG_TYPE, ast->offset,
				"LIMIT and OFFSET take an integer, not %s",
				value_kind_name((enum value_kind)(*ret)->type));
	if (is_negative(*ret))
		return diag_set(b->p->d, GQL_NEGATIVE_LIMIT, ast->offset,
				"LIMIT and OFFSET cannot be negative");
	return ST_OK;
}

static enum status add_page(struct binder *b, uint32_t n_sorts, const struct sort_key *sorts,
			    const struct ast_page *page)
{
	const struct expr *skip, *limit;
	struct pop *o;

	TRY(bind_count(b, page->offset, &skip));
	TRY(bind_count(b, page->limit, &limit));
	if (n_sorts > 0) {
		TRY(pipe_add(b, POP_SORT, &o));
		o->sort.n = n_sorts;
		o->sort.keys = sorts;
		o->sort.skip = b->p->no_rewrites ? NULL : skip;
		o->sort.limit = b->p->no_rewrites ? NULL : limit;
	}
	b->p->ordered = n_sorts > 0;
	if (skip == NULL && limit == NULL)
		return ST_OK;
	TRY(pipe_add(b, POP_LIMIT, &o));
	o->limit.skip = skip;
	o->limit.limit = limit;
	if (limit != NULL && limit->kind == EXPR_CONST && limit->value.kind == V_INT)
		o->est_rows = MIN_OF(o->est_rows, (double)limit->value.i);
	return ST_OK;
}

static enum status new_scope(struct projection *pr)
{
	struct binder *b = pr->b;
	struct scope s = {0};
	enum status st = ST_OK;

	for (uint32_t i = 0; i < pr->n && st == ST_OK; i++)
		st = scope_add(b, &s,
			       (struct variable){.name = pr->out[i].name,
						 .slot = pr->out[i].slot,
						 .type = pr->out[i].type,
						 .edge_list = pr->out[i].edge_list,
						 .nullable = true},
			       pr->c->offset);
	scope_release(&b->pipe->scope);
	b->pipe->scope = s;
	return st;
}

static enum status project(struct projection *pr)
{
	struct binder *b = pr->b;
	const struct ast_clause *c = pr->c;
	struct assign *keys = NULL;

	TRY(bind_barrier(b));
	TRY(expand_star(pr));
	TRY(name_items(pr));
	if (pr->grouped) {
		TRY(bind_keys(pr, &keys));
		b->grouping = &pr->g;
	}
	for (uint32_t i = 0; i < pr->n; i++)
		TRY(bind_item(pr, i));
	TRY(bind_sorts(pr));
	b->grouping = NULL;
	if (pr->grouped)
		TRY(add_aggregate(pr, keys));
	TRY(add_items(pr));
	TRY(add_distinct(pr));
	TRY(add_page(b, pr->n_sorts, pr->sorts, &c->project.page));
	if (c->project.where != NULL)
		TRY(bind_behind(pr, c->project.where, NULL));
	return new_scope(pr);
}

enum status bind_project(struct binder *b, const struct ast_clause *c)
{
	struct projection pr = {.b = b, .c = c};
	enum status st = project(&pr);

	b->grouping = NULL;
	vec_release(MEM_PLAN, &pr.g.aggs);
	return st;
}

/* ORDER BY, OFFSET, LIMIT as a statement of its own. */
enum status bind_page(struct binder *b, const struct ast_page *page)
{
	struct sort_key *sorts = ARENA_ARRAY(b->p->a, struct sort_key, page->n_sorts + 1);

	if (sorts == NULL)
		return bind_no_memory(b);
	TRY(bind_barrier(b));
	for (uint32_t i = 0; i < page->n_sorts; i++) {
		const struct ast_sort *s = &page->sorts[i];
		sorts[i].descending = s->descending;
		sorts[i].nulls_first =
		    s->nulls == AST_NULLS_DEFAULT ? s->descending : s->nulls == AST_NULLS_FIRST;
		TRY(bind_expr(b, s->expr, &sorts[i].expr));
	}
	return add_page(b, page->n_sorts, sorts, page);
}
