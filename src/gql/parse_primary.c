/* What stands at the leaves of expressions, and what is written behind it: .key [index] :Label. */
#include "gql/parse_int.h"

/* ---- leaves ---------------------------------------------------------------------------------- */

static struct ast_expr *literal(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_LITERAL, p->t->offset);

	if (e == NULL)
		return NULL;
	e->i_token = (uint32_t)(p->t - p->first);
	enum status st = gql_token_value(p->a, p->text, p->t, &e->value, p->d);
	if (UNLIKELY(st != ST_OK)) {
		if (!failed(p))
			p->status = st;
		return NULL;
	}
	advance(p);
	return parse_expr_done(p, e);
}

static struct ast_expr *parameter(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_PARAM, p->t->offset);

	if (e == NULL)
		return NULL;
	parse_take_name(p, &e->name);
	return parse_expr_done(p, e);
}

static struct ast_expr *variable_primary(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_VAR, p->t->offset);

	if (e == NULL)
		return NULL;
	parse_take_name(p, &e->name);
	return parse_expr_done(p, e);
}

/* name(, a.b.name( */
static bool is_call(const struct parser *p)
{
	uint32_t i = 1;

	while (peek_at(p, i) == '.' &&
	       (ahead(p, i + 1)->kind == TOKEN_NAME || ahead(p, i + 1)->kind == TOKEN_KEYWORD))
		i += 2;
	return peek_at(p, i) == '(';
}

/* A word of the grammar is a variable where an expression is due and what follows cannot belong to
 * the clause that the word would begin. */
static bool reserved_as_variable(const struct parser *p)
{
	const struct token *next = ahead(p, 1);

	if (p->t->code == KW_END || p->t->code == KW_FOR)
		return true;
	return next->kind == TOKEN_END || next->code == KW_AS ||
	       (next->kind == TOKEN_PUNCT && strchr(".,)]};:=<>+-/%^|", next->code) != NULL);
}

static struct ast_expr *parenthesised(struct parser *p)
{
	uint32_t offset = p->t->offset;

	advance(p);
	unsigned no_bar = p->no_bar;
	p->no_bar = 0;
	struct ast_expr *e = parse_expr(p);
	p->no_bar = no_bar;
	if (e == NULL || !parse_expect(p, ')'))
		return NULL;
	e->in_parens = true;
	e->offset = offset;
	e->length = length_since(p, offset);
	return e;
}

static struct ast_expr *pattern_test(struct parser *p)
{
	uint32_t offset = p->t->offset;
	uint16_t outer = parse_height_begin(p);
	const struct ast_pattern *pattern = parse_try_pattern(p, false);
	struct ast_expr *e = NULL;

	if (pattern != NULL)
		e = parse_expr_new(p, AST_PATTERN_TEST, offset);
	parse_height_end(p, outer, e);
	if (e == NULL)
		return NULL;
	e->pattern = pattern;
	return parse_expr_done(p, e);
}

static struct ast_expr *word_primary(struct parser *p)
{
	struct ast_expr *e = NULL;

	if (p->t->code != 0) {
		e = parse_keyword(p);
		if (e != NULL || failed(p))
			return e;
	}
	if (is_call(p) && (!keyword_is_reserved(p->t->code)))
		return parse_call(p);
	if (keyword_is_reserved(p->t->code) && !reserved_as_variable(p))
		return parse_error(p, "an expression");
	return variable_primary(p);
}

static struct ast_expr *primary(struct parser *p)
{
	struct ast_expr *e = NULL;

	switch ((enum token_kind)p->t->kind) {
	case TOKEN_NAME:
	case TOKEN_QUOTED:
	case TOKEN_KEYWORD:
		return word_primary(p);
	case TOKEN_STRING:
	case TOKEN_BYTES:
	case TOKEN_INT:
	case TOKEN_FLOAT:
	case TOKEN_DECIMAL:
		return literal(p);
	case TOKEN_PARAM:
		return parameter(p);
	case TOKEN_PUNCT:
		if (p->t->code == '(') {
			e = pattern_test(p);
			return e != NULL || failed(p) ? e : parenthesised(p);
		}
		if (p->t->code == '[')
			return parse_bracket(p);
		if (p->t->code == '{')
			return parse_map(p);
		break;
	case TOKEN_END:
	case TOKEN_DOTDOT:
		break;
	}
	return parse_error(p, "an expression");
}

struct ast_expr *parse_map_or_param(struct parser *p)
{
	return p->t->kind == TOKEN_PARAM ? parameter(p) : parse_map(p);
}

bool parse_expr_list(struct parser *p, uint16_t close, struct ast_expr ***ret, uint32_t *ret_n)
{
	uint32_t from = p->n_stack;

	*ret = NULL;
	*ret_n = 0;
	if (accept(p, close))
		return true;
	do {
		struct ast_expr *e = parse_expr(p);
		if (e == NULL || !parse_push(p, e))
			return false;
	} while (accept(p, ','));
	*ret = parse_pop_list(p, from, ret_n);
	return !failed(p) && parse_expect(p, close);
}

/* ---- postfix --------------------------------------------------------------------------------- */

static struct ast_expr *property(struct parser *p, struct ast_expr *left)
{
	struct ast_expr *e = parse_expr_new(p, AST_PROP, left->offset);

	if (e == NULL || !parse_any_name(p, "a property name", &e->name))
		return NULL;
	return parse_expr_args(p, e, 1, left);
}

static struct ast_expr *subscript(struct parser *p, struct ast_expr *left)
{
	struct ast_expr *low = NULL, *high = NULL;
	unsigned no_bar = p->no_bar;

	p->no_bar = 0;
	if (p->t->kind != TOKEN_DOTDOT) {
		low = parse_expr(p);
		if (low == NULL)
			return NULL;
	}
	bool slice = p->t->kind == TOKEN_DOTDOT;
	if (slice) {
		advance(p);
		if (p->t->code != ']') {
			high = parse_expr(p);
			if (high == NULL)
				return NULL;
		}
	}
	p->no_bar = no_bar;
	if (!parse_expect(p, ']'))
		return NULL;
	struct ast_expr *e = parse_expr_new(p, slice ? AST_SLICE : AST_INDEX, left->offset);
	return slice ? parse_expr_args(p, e, 3, left, low, high)
		     : parse_expr_args(p, e, 2, left, low);
}

struct ast_expr *parse_test_new(struct parser *p, enum ast_test test, struct ast_expr *left)
{
	struct ast_expr *e = parse_expr_new(p, AST_IS, left->offset);

	if (e != NULL)
		e->sub = (uint8_t)test;
	return e;
}

/* n:Label, x :: TYPE; the colon is taken. */
static struct ast_expr *colon_test(struct parser *p, struct ast_expr *left)
{
	bool typed = accept_joined(p, ':');
	struct ast_expr *e = parse_test_new(p, typed ? AST_IS_TYPED : AST_IS_LABELED, left);

	if (e == NULL)
		return NULL;
	if (typed)
		e->type = parse_type(p);
	else
		e->label = parse_label(p);
	return parse_expr_args(p, e, 1, left);
}

static bool projection_item(struct parser *p, struct ast_projection *x)
{
	if (accept(p, '.'))
		return accept(p, '*') || parse_any_name(p, "a property name", &x->key);
	if (!parse_any_name(p, "a property name", &x->key))
		return false;
	if (!accept(p, ':')) {
		x->is_var = true;
		return true;
	}
	x->value = parse_expr(p);
	return x->value != NULL;
}

/* n {.a, .*, b: 1, c}; the brace is taken. */
static struct ast_expr *map_projection(struct parser *p, struct ast_expr *left)
{
	uint32_t from = p->n_stack;
	uint16_t outer = parse_height_begin(p);
	struct ast_expr *e = parse_expr_new(p, AST_MAP_PROJECTION, left->offset);

	if (e == NULL)
		return NULL;
	if (!accept(p, '}')) {
		do {
			struct ast_projection *x = NODE(p, struct ast_projection);
			if (x == NULL || !projection_item(p, x) || !parse_push(p, x))
				return NULL;
		} while (accept(p, ','));
		if (!parse_expect(p, '}'))
			return NULL;
	}
	parse_height_end(p, outer, e);
	e->projections = parse_pop_array(p, from, sizeof(struct ast_projection), &e->n_items);
	return parse_expr_args(p, e, 1, left);
}

struct ast_expr *parse_postfix(struct parser *p)
{
	struct ast_expr *e = primary(p);

	while (e != NULL) {
		switch (p->t->code) {
		case '.':
			advance(p);
			e = property(p, e);
			break;
		case '[':
			advance(p);
			e = subscript(p, e);
			break;
		case ':':
			advance(p);
			e = colon_test(p, e);
			break;
		case '{':
			if (e->kind != AST_VAR)
				return e;
			advance(p);
			e = map_projection(p, e);
			break;
		default:
			return e;
		}
	}
	return NULL;
}
