/* Clauses that change the graph: INSERT, MERGE, SET, REMOVE, DELETE, FOREACH. */
#include "gql/parse_int.h"

static struct ast_clause *insert(struct parser *p)
{
	struct ast_clause *c = parse_clause_new(p, AST_INSERT, p->t->offset);

	advance(p);
	if (c == NULL)
		return NULL;
	c->pattern = parse_insert_pattern(p);
	return c->pattern != NULL ? c : NULL;
}

/* ---- SET and REMOVE -------------------------------------------------------------------------- */

/* v, v.a, v.a.b, (e).a: what can stand to the left of an assignment. */
static struct ast_expr *target(struct parser *p)
{
	struct ast_expr *e = NULL;

	if (accept(p, '(')) {
		e = parse_expr(p);
		if (e == NULL || !parse_expect(p, ')'))
			return NULL;
	} else {
		e = parse_expr_new(p, AST_VAR, p->t->offset);
		if (e == NULL || !parse_variable(p, &e->name))
			return NULL;
		e = parse_expr_done(p, e);
	}
	while (e != NULL && (p->t->code == '.' || p->t->code == '[')) {
		struct ast_expr *outer =
		    parse_expr_new(p, p->t->code == '.' ? AST_PROP : AST_INDEX, e->offset);
		if (outer == NULL)
			return NULL;
		if (accept(p, '.')) {
			if (!parse_any_name(p, "a property name", &outer->name))
				return NULL;
			e = parse_expr_args(p, outer, 1, e);
		} else {
			advance(p);
			struct ast_expr *key = parse_expr(p);
			if (key == NULL || !parse_expect(p, ']'))
				return NULL;
			e = parse_expr_args(p, outer, 2, e, key);
		}
	}
	return e;
}

/* :A:B, IS A&B; whether there is one. */
static bool labels(struct parser *p, struct ast_set *x)
{
	uint32_t from = p->n_stack;

	if (!accept(p, ':') && !accept(p, KW_IS))
		return false;
	do {
		struct ast_name *n = NODE(p, struct ast_name);
		if (n == NULL || !parse_any_name(p, "a label", n) || !parse_push(p, n))
			return false;
	} while (accept(p, ':') || accept(p, '&'));
	x->labels = parse_pop_array(p, from, sizeof(struct ast_name), &x->n_labels);
	return !failed(p);
}

static bool set_value(struct parser *p, struct ast_set *x)
{
	bool whole = x->target->kind == AST_VAR;

	if (whole && p->t->code == '+') {
		advance(p);
		x->kind = AST_SET_MAP_ADD;
	} else {
		x->kind = whole ? AST_SET_MAP_REPLACE : AST_SET_PROP;
	}
	if (!parse_expect(p, '='))
		return false;
	x->value = parse_expr(p);
	return x->value != NULL;
}

static struct ast_set *set_item(struct parser *p, bool remove)
{
	struct ast_set *x = NODE(p, struct ast_set);

	if (x == NULL)
		return NULL;
	x->offset = p->t->offset;
	x->target = target(p);
	if (x->target == NULL)
		return NULL;
	if (labels(p, x))
		x->kind = remove ? AST_REMOVE_LABEL : AST_SET_LABEL;
	else if (failed(p))
		return NULL;
	else if (remove && x->target->kind == AST_VAR)
		return parse_error(p, "a property or a label");
	else if (remove)
		x->kind = AST_REMOVE_PROP;
	else if (!set_value(p, x))
		return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

static bool set_items(struct parser *p, bool remove, const struct ast_set **ret, uint32_t *ret_n)
{
	uint32_t from = p->n_stack;

	do {
		struct ast_set *x = set_item(p, remove);
		if (x == NULL || !parse_push(p, x))
			return false;
	} while (accept(p, ','));
	*ret = parse_pop_array(p, from, sizeof(struct ast_set), ret_n);
	return !failed(p);
}

static struct ast_clause *set(struct parser *p, bool remove)
{
	struct ast_clause *c = parse_clause_new(p, AST_SET, p->t->offset);

	advance(p);
	return c != NULL && set_items(p, remove, &c->set.sets, &c->set.n_sets) ? c : NULL;
}

/* ---- MERGE, DELETE, FOREACH ------------------------------------------------------------------ */

static struct ast_clause *merge(struct parser *p)
{
	struct ast_clause *c = parse_clause_new(p, AST_MERGE, p->t->offset);

	advance(p);
	if (c == NULL)
		return NULL;
	c->merge.path = parse_merge_pattern(p);
	if (c->merge.path == NULL)
		return NULL;
	while (accept(p, KW_ON)) {
		bool create = accept(p, KW_CREATE);
		if ((!create && !parse_expect(p, KW_MATCH)) || !parse_expect(p, KW_SET))
			return NULL;
		if ((create ? c->merge.n_on_create : c->merge.n_on_match) != 0)
			return parse_fail(p, p->t->offset, "a second ON %s of one MERGE",
					  create ? "CREATE" : "MATCH");
		bool ok = create ? set_items(p, false, &c->merge.on_create, &c->merge.n_on_create)
				 : set_items(p, false, &c->merge.on_match, &c->merge.n_on_match);
		if (!ok)
			return NULL;
	}
	return c;
}

static struct ast_clause *delete (struct parser *p)
{
	struct ast_clause *c = parse_clause_new(p, AST_DELETE, p->t->offset);
	uint32_t from = p->n_stack;

	if (c == NULL)
		return NULL;
	c->del.detach = accept(p, KW_DETACH);
	if (!c->del.detach)
		(void)accept(p, KW_NODETACH);
	if (!parse_expect(p, KW_DELETE))
		return NULL;
	do {
		struct ast_expr *e = parse_expr(p);
		if (e == NULL || !parse_push(p, e))
			return NULL;
	} while (accept(p, ','));
	c->del.exprs = parse_pop_list(p, from, &c->del.n_exprs);
	return failed(p) ? NULL : c;
}

/* FOREACH (x IN list | SET ..) */
static struct ast_clause *foreach_in(struct parser *p)
{
	struct ast_clause *c = parse_clause_new(p, AST_FOREACH, p->t->offset);
	uint32_t from = p->n_stack;

	advance(p);
	if (c == NULL || !parse_enter(p) || !parse_expect(p, '(') ||
	    !parse_variable(p, &c->foreach.var) || !parse_expect(p, KW_IN))
		return NULL;
	p->no_bar++;
	c->foreach.list = parse_expr(p);
	p->no_bar--;
	if (c->foreach.list == NULL || !parse_expect(p, '|'))
		return NULL;
	do {
		struct ast_clause *w = parse_write(p);
		if (w == NULL || !parse_push(p, w))
			return NULL;
	} while (!accept(p, ')'));
	c->foreach.clauses = parse_pop_list(p, from, &c->foreach.n_clauses);
	parse_leave(p);
	return failed(p) ? NULL : c;
}

struct ast_clause *parse_write(struct parser *p)
{
	uint32_t offset = p->t->offset;
	struct ast_clause *c = NULL;

	switch (p->t->code) {
	case KW_INSERT:
	case KW_CREATE:
		c = insert(p);
		break;
	case KW_MERGE:
		c = merge(p);
		break;
	case KW_SET:
	case KW_REMOVE:
		c = set(p, p->t->code == KW_REMOVE);
		break;
	case KW_DELETE:
	case KW_DETACH:
	case KW_NODETACH:
		c = delete (p);
		break;
	case KW_FOREACH:
		c = foreach_in(p);
		break;
	default:
		return parse_error(p, "a clause that writes");
	}
	if (c != NULL)
		c->length = length_since(p, offset);
	return failed(p) ? NULL : c;
}
