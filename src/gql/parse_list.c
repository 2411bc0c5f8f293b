/* Lists and what looks like them: comprehensions, predicates over lists, REDUCE. */
#include "gql/parse_int.h"

/* ---- lists and what looks like them ---------------------------------------------------------- */

static struct ast_expr *barred(struct parser *p)
{
	p->no_bar++;
	struct ast_expr *e = parse_expr(p);
	p->no_bar--;
	return e;
}

/* [x IN list WHERE cond | e]; the bracket is taken. */
static struct ast_expr *comprehension(struct parser *p, uint32_t offset)
{
	struct ast_expr *e = parse_expr_new(p, AST_COMPREHENSION, offset), *where = NULL,
			*what = NULL;

	if (e == NULL || !parse_variable(p, &e->name) || !parse_expect(p, KW_IN))
		return NULL;
	struct ast_expr *list = barred(p);
	if (list == NULL)
		return NULL;
	if (accept(p, KW_WHERE)) {
		where = barred(p);
		if (where == NULL)
			return NULL;
	}
	if (accept(p, '|')) {
		what = parse_expr(p);
		if (what == NULL)
			return NULL;
	}
	if (!parse_expect(p, ']'))
		return NULL;
	return parse_expr_args(p, e, 3, list, where, what);
}

/* [(a)-->(b) WHERE cond | e]; the bracket is taken. NULL without an error: something else. */
static struct ast_expr *pattern_list(struct parser *p, uint32_t offset)
{
	const struct attempt from = parse_attempt(p);
	uint16_t outer = parse_height_begin(p);
	const struct ast_pattern *pattern = parse_try_pattern(p, true);

	if (pattern == NULL || (p->t->code != KW_WHERE && p->t->code != '|')) {
		parse_height_end(p, outer, NULL);
		if (pattern != NULL && !failed(p))
			(void)parse_undo(p, &from);
		return NULL;
	}
	struct ast_pattern *full = NODE(p, struct ast_pattern);
	if (full == NULL)
		return NULL;
	*full = *pattern;
	if (accept(p, KW_WHERE)) {
		full->where = barred(p);
		if (full->where == NULL)
			return NULL;
	}
	struct ast_expr *e = parse_expr_new(p, AST_PATTERN_LIST, offset);
	parse_height_end(p, outer, e);
	if (e == NULL || !parse_expect(p, '|'))
		return NULL;
	e->pattern = full;
	struct ast_expr *what = parse_expr(p);
	return what != NULL && parse_expect(p, ']') ? parse_expr_args(p, e, 1, what) : NULL;
}

struct ast_expr *parse_list(struct parser *p, uint32_t offset)
{
	struct ast_expr *e = parse_expr_new(p, AST_LIST, offset);

	if (e == NULL || !parse_expect(p, '[') || !parse_expr_list(p, ']', &e->args, &e->n_args))
		return NULL;
	return parse_expr_done(p, e);
}

struct ast_expr *parse_bracket(struct parser *p)
{
	uint32_t offset = p->t->offset;
	const struct token *next = ahead(p, 1);
	unsigned no_bar = p->no_bar;
	struct ast_expr *e = NULL;

	p->no_bar = 0;
	if (parse_is_variable(next) && peek_at(p, 2) == KW_IN) {
		advance(p);
		e = comprehension(p, offset);
	} else {
		if (next->code == '(' || (parse_is_variable(next) && peek_at(p, 2) == '=')) {
			advance(p);
			e = pattern_list(p, offset);
			if (e == NULL && !failed(p))
				p->t--;
		}
		if (e == NULL && !failed(p))
			e = parse_list(p, offset);
	}
	p->no_bar = no_bar;
	return e;
}

/* ---- predicates over lists, REDUCE, subqueries ----------------------------------------------- */

struct ast_expr *parse_quantified(struct parser *p, enum ast_quantified which)
{
	struct ast_expr *e = parse_expr_new(p, AST_QUANTIFIED, p->t->offset), *where = NULL;

	if (e == NULL)
		return NULL;
	e->sub = (uint8_t)which;
	p->t += 2;
	if (!parse_variable(p, &e->name) || !parse_expect(p, KW_IN))
		return NULL;
	struct ast_expr *list = parse_expr(p);
	if (list == NULL)
		return NULL;
	if (accept(p, KW_WHERE)) {
		where = parse_expr(p);
		if (where == NULL)
			return NULL;
	}
	if (!parse_expect(p, ')'))
		return NULL;
	return parse_expr_args(p, e, 2, list, where);
}

struct ast_expr *parse_reduce(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_REDUCE, p->t->offset);

	p->t += 2;
	if (e == NULL || !parse_variable(p, &e->name) || !parse_expect(p, '='))
		return NULL;
	struct ast_expr *init = parse_expr(p);
	if (init == NULL || !parse_expect(p, ',') || !parse_variable(p, &e->name2) ||
	    !parse_expect(p, KW_IN))
		return NULL;
	struct ast_expr *list = barred(p);
	if (list == NULL || !parse_expect(p, '|'))
		return NULL;
	struct ast_expr *step = parse_expr(p);
	if (step == NULL || !parse_expect(p, ')'))
		return NULL;
	return parse_expr_args(p, e, 3, init, list, step);
}
