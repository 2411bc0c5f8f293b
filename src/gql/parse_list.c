/* Lists and what looks like them: comprehensions, predicates over lists, REDUCE. */
#include "gql/parse_int.h"

/* ---- lists and what looks like them ---------------------------------------------------------- */

static struct ast_expr *barred(struct parser *p)
{
	p->no_bar++;
	struct ast_expr *e = expression(p);
	p->no_bar--;
	return e;
}

/* [x IN list WHERE cond | e]; the bracket is taken. */
static struct ast_expr *comprehension(struct parser *p, uint32_t offset)
{
	struct ast_expr *e = expr_new(p, AST_COMPREHENSION, offset), *where = NULL, *what = NULL;

	if (e == NULL || !variable(p, &e->name) || !expect(p, KW_IN))
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
		what = expression(p);
		if (what == NULL)
			return NULL;
	}
	if (!expect(p, ']'))
		return NULL;
	return expr_args(p, e, 3, list, where, what);
}

/* [(a)-->(b) WHERE cond | e]; the bracket is taken. NULL without an error: something else. */
static struct ast_expr *pattern_list(struct parser *p, uint32_t offset)
{
	const struct attempt from = attempt_begin(p);
	uint16_t outer = height_begin(p);
	const struct ast_pattern *pattern = try_pattern(p, true);

	if (pattern == NULL || (p->t->code != KW_WHERE && p->t->code != '|')) {
		height_end(p, outer, NULL);
		if (pattern != NULL && !failed(p))
			(void)attempt_undo(p, &from);
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
	struct ast_expr *e = expr_new(p, AST_PATTERN_LIST, offset);
	height_end(p, outer, e);
	if (e == NULL || !expect(p, '|'))
		return NULL;
	e->pattern = full;
	struct ast_expr *what = expression(p);
	return what != NULL && expect(p, ']') ? expr_args(p, e, 1, what) : NULL;
}

struct ast_expr *list_primary(struct parser *p, uint32_t offset)
{
	struct ast_expr *e = expr_new(p, AST_LIST, offset);

	if (e == NULL || !expect(p, '[') || !expression_list(p, ']', &e->args, &e->n_args))
		return NULL;
	return expr_done(p, e);
}

struct ast_expr *bracket_primary(struct parser *p)
{
	uint32_t offset = p->t->offset;
	const struct token *next = ahead(p, 1);
	unsigned no_bar = p->no_bar;
	struct ast_expr *e = NULL;

	p->no_bar = 0;
	if (is_variable(p, next) && peek_at(p, 2) == KW_IN) {
		advance(p);
		e = comprehension(p, offset);
	} else {
		if (next->code == '(' || (is_variable(p, next) && peek_at(p, 2) == '=')) {
			advance(p);
			e = pattern_list(p, offset);
			if (e == NULL && !failed(p))
				p->t--;
		}
		if (e == NULL && !failed(p))
			e = list_primary(p, offset);
	}
	p->no_bar = no_bar;
	return e;
}

/* ---- predicates over lists, REDUCE, subqueries ----------------------------------------------- */

struct ast_expr *quantified_primary(struct parser *p, enum ast_quantified which)
{
	struct ast_expr *e = expr_new(p, AST_QUANTIFIED, p->t->offset), *where = NULL;

	if (e == NULL)
		return NULL;
	e->sub = (uint8_t)which;
	p->t += 2;
	if (!variable(p, &e->name) || !expect(p, KW_IN))
		return NULL;
	struct ast_expr *list = expression(p);
	if (list == NULL)
		return NULL;
	if (accept(p, KW_WHERE)) {
		where = expression(p);
		if (where == NULL)
			return NULL;
	}
	if (!expect(p, ')'))
		return NULL;
	return expr_args(p, e, 2, list, where);
}

struct ast_expr *reduce_primary(struct parser *p)
{
	struct ast_expr *e = expr_new(p, AST_REDUCE, p->t->offset);

	p->t += 2;
	if (e == NULL || !variable(p, &e->name) || !expect(p, '='))
		return NULL;
	struct ast_expr *init = expression(p);
	if (init == NULL || !expect(p, ',') || !variable(p, &e->name2) || !expect(p, KW_IN))
		return NULL;
	struct ast_expr *list = barred(p);
	if (list == NULL || !expect(p, '|'))
		return NULL;
	struct ast_expr *step = expression(p);
	if (step == NULL || !expect(p, ')'))
		return NULL;
	return expr_args(p, e, 3, init, list, step);
}
