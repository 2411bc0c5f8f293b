/* Clauses that read and project: MATCH, FILTER, LET, FOR, WITH, RETURN, CALL, paging. */
#include "gql/parse_int.h"

struct ast_clause *parse_clause_new(struct parser *p, enum ast_clause_kind kind, uint32_t offset)
{
	struct ast_clause *c = NODE(p, struct ast_clause);

	if (c != NULL) {
		c->kind = (uint8_t)kind;
		c->offset = offset;
	}
	return c;
}

/* ---- MATCH ----------------------------------------------------------------------------------- */

/* MATCH or OPTIONAL MATCH; the words are taken. */
static struct ast_clause *match(struct parser *p, uint32_t offset, bool optional)
{
	struct ast_clause *c = parse_clause_new(p, AST_MATCH, offset);

	if (c == NULL)
		return NULL;
	c->match.optional = optional;
	c->match.pattern = parse_graph_pattern(p);
	if (c->match.pattern != NULL && accept(p, KW_YIELD)) {
		struct ast_pattern *x = NODE(p, struct ast_pattern);
		struct ast_name *names = NULL;
		if (x == NULL)
			return NULL;
		*x = *c->match.pattern;
		if (!parse_name_list(p, &names, &x->n_yield))
			return NULL;
		x->yield = names;
		c->match.pattern = x;
	}
	return failed(p) ? NULL : c;
}

/* OPTIONAL { MATCH .. MATCH .. }; the opening is taken. */
static struct ast_clause *optional_block(struct parser *p, uint32_t offset, uint16_t close)
{
	struct ast_clause *c = parse_clause_new(p, AST_OPTIONAL_BLOCK, offset);
	uint32_t from = p->n_stack;

	if (c == NULL)
		return NULL;
	do {
		uint32_t at = p->t->offset;
		bool optional = accept(p, KW_OPTIONAL);
		if (!parse_expect(p, KW_MATCH))
			return NULL;
		struct ast_clause *m = match(p, at, optional);
		if (m == NULL || !parse_push(p, m))
			return NULL;
		m->length = length_since(p, at);
	} while (!accept(p, close));
	c->block.clauses = parse_pop_list(p, from, &c->block.n_clauses);
	return failed(p) ? NULL : c;
}

/* ---- CALL ------------------------------------------------------------------------------------ */

static bool call_scope(struct parser *p, struct ast_clause *c)
{
	struct ast_name *names = NULL;

	if (!accept(p, '('))
		return true;
	c->call.has_scope = true;
	if (accept(p, '*')) {
		c->call.scope_star = true;
	} else if (p->t->code != ')') {
		if (!parse_name_list(p, &names, &c->call.n_scope))
			return false;
		c->call.scope = names;
	}
	return parse_expect(p, ')');
}

static bool call_yield(struct parser *p, struct ast_clause *c)
{
	struct ast_item *list = NULL;

	if (accept(p, '*')) {
		c->call.yield_star = true;
		return true;
	}
	if (accept(p, '-')) /* openCypher: YIELD - is a result of no columns */
		return true;
	if (!parse_yield(p, &list, &c->call.n_yield))
		return false;
	c->call.yield = list;
	if (accept(p, KW_WHERE)) {
		c->call.where = parse_expr(p);
		return c->call.where != NULL;
	}
	return !failed(p);
}

/* CALL is taken. */
static struct ast_clause *call(struct parser *p, uint32_t offset, bool optional)
{
	bool query_call = p->t->code == '{' || p->t->code == '(';
	struct ast_clause *c =
	    parse_clause_new(p, query_call ? AST_CALL_QUERY : AST_CALL_PROC, offset);

	if (c == NULL)
		return NULL;
	c->call.optional = optional;
	if (query_call) {
		bool writes = p->writes;
		if (!call_scope(p, c) || !parse_expect(p, '{'))
			return NULL;
		c->call.query = parse_query(p);
		p->writes |= writes;
		return c->call.query != NULL && parse_expect(p, '}') ? c : NULL;
	}
	if (!parse_dotted_name(p, "a procedure name", &c->call.name))
		return NULL;
	if (accept(p, '(')) {
		struct ast_expr **args = NULL;
		c->call.has_args = true;
		if (!parse_expr_list(p, ')', &args, &c->call.n_args))
			return NULL;
		c->call.args = (const struct ast_expr **)args;
	}
	if (accept(p, KW_YIELD) && !call_yield(p, c))
		return NULL;
	return failed(p) ? NULL : c;
}

static struct ast_clause *optional(struct parser *p, uint32_t offset)
{
	advance(p);
	if (accept(p, KW_MATCH))
		return match(p, offset, true);
	if (accept(p, KW_CALL))
		return call(p, offset, true);
	if (accept(p, '{'))
		return optional_block(p, offset, '}');
	if (accept(p, '('))
		return optional_block(p, offset, ')');
	return parse_error(p, NULL);
}

/* ---- LET, FOR -------------------------------------------------------------------------------- */

/* LET a = 1, b :: INT = 2; also VALUE a = 1 */
static struct ast_clause *let(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_LET, offset);
	uint32_t from = p->n_stack;

	if (c == NULL)
		return NULL;
	advance(p);
	do {
		struct ast_item *x = NODE(p, struct ast_item);
		if (p->t->code == KW_VALUE && peek_at(p, 1) != '=')
			advance(p);
		if (x == NULL || !parse_variable(p, &x->alias) || !parse_expect(p, '='))
			return NULL;
		x->expr = parse_expr(p);
		if (x->expr == NULL || !parse_push(p, x))
			return NULL;
	} while (accept(p, ','));
	c->let.items = parse_pop_array(p, from, sizeof(struct ast_item), &c->let.n_items);
	return failed(p) ? NULL : c;
}

/* FOR x IN list [WITH ORDINALITY|OFFSET i] */
static struct ast_clause *for_in(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_FOR, offset);

	advance(p);
	if (c == NULL || !parse_variable(p, &c->for_.var) || !parse_expect(p, KW_IN))
		return NULL;
	c->for_.list = parse_expr(p);
	if (c->for_.list == NULL)
		return NULL;
	uint16_t what = peek_at(p, 1);
	if (p->t->code == KW_WITH && (what == KW_ORDINALITY || what == KW_OFFSET) &&
	    parse_is_variable(ahead(p, 2))) {
		p->t += 2;
		c->for_.from_zero = what == KW_OFFSET;
		if (!parse_variable(p, &c->for_.ordinal))
			return NULL;
	}
	return c;
}

/* UNWIND list AS x */
static struct ast_clause *unwind(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_FOR, offset);

	advance(p);
	if (c == NULL)
		return NULL;
	c->for_.list = parse_expr(p);
	if (c->for_.list == NULL || !parse_expect(p, KW_AS) || !parse_variable(p, &c->for_.var))
		return NULL;
	return c;
}

/* ---- ORDER BY, OFFSET, LIMIT ----------------------------------------------------------------- */

static bool sort_keys(struct parser *p, struct ast_page *ret)
{
	uint32_t from = p->n_stack;

	do {
		struct ast_sort *x = NODE(p, struct ast_sort);
		if (x == NULL)
			return false;
		x->expr = parse_expr(p);
		if (x->expr == NULL)
			return false;
		if (accept(p, KW_DESC) || accept(p, KW_DESCENDING))
			x->descending = true;
		else if (!accept(p, KW_ASC))
			(void)accept(p, KW_ASCENDING);
		if (accept(p, KW_NULLS)) {
			bool first = accept(p, KW_FIRST);
			if (!first && !parse_expect(p, KW_LAST))
				return false;
			x->nulls = first ? AST_NULLS_FIRST : AST_NULLS_LAST;
		}
		if (!parse_push(p, x))
			return false;
	} while (accept(p, ','));
	ret->sorts = parse_pop_array(p, from, sizeof(struct ast_sort), &ret->n_sorts);
	return !failed(p);
}

bool parse_page(struct parser *p, struct ast_page *ret)
{
	if (accept(p, KW_ORDER) && (!parse_expect(p, KW_BY) || !sort_keys(p, ret)))
		return false;
	if (accept(p, KW_OFFSET) || accept(p, KW_SKIP)) {
		ret->offset = parse_expr(p);
		if (ret->offset == NULL)
			return false;
	}
	if (accept(p, KW_LIMIT)) {
		ret->limit = parse_expr(p);
		if (ret->limit == NULL)
			return false;
	}
	return true;
}

static struct ast_clause *page(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_PAGE, offset);

	return c != NULL && parse_page(p, &c->page) ? c : NULL;
}

/* ---- WITH, RETURN ---------------------------------------------------------------------------- */

static bool items(struct parser *p, struct ast_clause *c)
{
	uint32_t from = p->n_stack;

	if (accept(p, '*')) {
		c->project.star = true;
		if (!accept(p, ','))
			return true;
	}
	do {
		struct ast_item *x = NODE(p, struct ast_item);
		if (x == NULL)
			return false;
		x->expr = parse_expr(p);
		if (x->expr == NULL)
			return false;
		if (accept(p, KW_AS) && !parse_any_name(p, "a name", &x->alias))
			return false;
		if (c->kind == AST_WITH && !ast_has_name(&x->alias) && x->expr->kind != AST_VAR)
			return parse_fail(p, x->expr->offset,
					  "an expression in WITH needs a name: AS name");
		if (!parse_push(p, x))
			return false;
	} while (accept(p, ','));
	c->project.items = parse_pop_array(p, from, sizeof(struct ast_item), &c->project.n_items);
	return !failed(p);
}

static bool group_by(struct parser *p, struct ast_clause *c)
{
	uint32_t from = p->n_stack;

	if (!accept(p, KW_GROUP))
		return true;
	if (!parse_expect(p, KW_BY))
		return false;
	c->project.has_group_by = true;
	if (p->t->code == '(' && peek_at(p, 1) == ')') {
		p->t += 2;
		return true;
	}
	do {
		struct ast_expr *e = parse_expr(p);
		if (e == NULL || !parse_push(p, e))
			return false;
	} while (accept(p, ','));
	c->project.groups = parse_pop_list(p, from, &c->project.n_groups);
	return !failed(p);
}

struct ast_clause *parse_projection(struct parser *p)
{
	uint32_t offset = p->t->offset;
	bool with = p->t->code == KW_WITH;
	struct ast_clause *c = parse_clause_new(p, with ? AST_WITH : AST_RETURN, offset);

	advance(p);
	if (c == NULL)
		return NULL;
	if (accept(p, KW_DISTINCT))
		c->project.distinct = true;
	else if (p->t->code == KW_ALL && peek_at(p, 1) != '(')
		advance(p);
	if (!items(p, c) || !group_by(p, c) || !parse_page(p, &c->project.page))
		return NULL;
	if (with && accept(p, KW_WHERE)) {
		c->project.where = parse_expr(p);
		if (c->project.where == NULL)
			return NULL;
	}
	return c;
}

static struct ast_clause *finish(struct parser *p, uint32_t offset)
{
	advance(p);
	return parse_clause_new(p, AST_RETURN, offset);
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static struct ast_clause *filter(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_FILTER, offset);

	advance(p);
	(void)accept(p, KW_WHERE);
	if (c == NULL)
		return NULL;
	c->filter = parse_expr(p);
	return c->filter != NULL ? c : NULL;
}

static struct ast_clause *use(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_USE, offset);

	advance(p);
	if (c == NULL)
		return NULL;
	c->use.name.offset = p->t->offset;
	c->use.home = accept(p, KW_HOME_GRAPH) || accept(p, KW_HOME_PROPERTY_GRAPH);
	c->use.current =
	    !c->use.home && (accept(p, KW_CURRENT_GRAPH) || accept(p, KW_CURRENT_PROPERTY_GRAPH));
	if (c->use.home || c->use.current)
		return c;
	return parse_dotted_name(p, "a graph name", &c->use.name) ? c : NULL;
}

static struct ast_clause *nested(struct parser *p, uint32_t offset)
{
	struct ast_clause *c = parse_clause_new(p, AST_NESTED, offset);
	bool writes = p->writes;

	advance(p);
	if (c == NULL)
		return NULL;
	c->nested = parse_query(p);
	p->writes |= writes;
	return c->nested != NULL && parse_expect(p, '}') ? c : NULL;
}

static struct ast_clause *clause_at(struct parser *p, uint32_t offset)
{
	switch (p->t->code) {
	case KW_MATCH:
		advance(p);
		return match(p, offset, false);
	case KW_OPTIONAL:
		return optional(p, offset);
	case KW_FILTER:
		return filter(p, offset);
	case KW_LET:
		return let(p, offset);
	case KW_FOR:
		return for_in(p, offset);
	case KW_UNWIND:
		return unwind(p, offset);
	case KW_WITH:
	case KW_RETURN:
		return parse_projection(p);
	case KW_FINISH:
		return finish(p, offset);
	case KW_ORDER:
	case KW_OFFSET:
	case KW_SKIP:
	case KW_LIMIT:
		return page(p, offset);
	case KW_CALL:
		advance(p);
		return call(p, offset, false);
	case KW_USE:
		return use(p, offset);
	case '{':
		return nested(p, offset);
	default:
		return parse_write(p);
	}
}

struct ast_clause *parse_clause(struct parser *p)
{
	uint32_t offset = p->t->offset;
	struct ast_clause *c = clause_at(p, offset);

	if (c != NULL)
		c->length = length_since(p, offset);
	return failed(p) ? NULL : c;
}
