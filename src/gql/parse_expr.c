/* Expressions: a table of binding powers (Pratt), and what stands at their leaves.
 *
 * From loose to tight: OR, XOR, AND, IS TRUE, NOT, comparison, predicates (IN, STARTS WITH, IS
 * NULL,
 * =~ ..), ||, + -, * / %, ^, unary + -, then .key [index] :Label. Unary minus binds tighter than ^,
 * and predicates tighter than =, as in openCypher 9. */
#include "gql/parse_int.h"

enum power {
	POWER_NONE,
	POWER_OR,
	POWER_XOR,
	POWER_AND,
	POWER_TRUTH,
	POWER_NOT,
	POWER_COMPARE,
	POWER_PREDICATE,
	POWER_CONCAT,
	POWER_ADD,
	POWER_MUL,
	POWER_POW,
};

struct infix {
	enum power power;
	enum ast_op op;
	unsigned n_tokens;
};

static struct ast_expr *binary(struct parser *p, enum power min);

struct ast_expr *parse_expr_new(struct parser *p, enum ast_expr_kind kind, uint32_t offset)
{
	struct ast_expr *e = NODE(p, struct ast_expr);

	if (e != NULL) {
		e->kind = (uint8_t)kind;
		e->offset = offset;
		e->height = 1;
	}
	return e;
}

struct ast_expr *parse_expr_done(struct parser *p, struct ast_expr *e)
{
	if (failed(p))
		return NULL;
	e->length = length_since(p, e->offset);
	for (uint32_t i = 0; i < e->n_args; i++)
		if (e->args[i] != NULL && e->args[i]->height >= e->height)
			e->height = e->args[i]->height + 1;
	if (e->height > p->height)
		p->height = e->height;
	if (LIKELY(e->height <= GQL_HEIGHT_MAX))
		return e;
	p->status =
	    diag_fail(p->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, e->offset,
		      "an expression has more than %d levels (GQL_HEIGHT_MAX)", GQL_HEIGHT_MAX);
	return NULL;
}

uint16_t parse_height_begin(struct parser *p)
{
	uint16_t outer = p->height;

	p->height = 0;
	return outer;
}

void parse_height_end(struct parser *p, uint16_t outer, struct ast_expr *e)
{
	if (e != NULL)
		e->height = p->height + 1;
	p->height = MAX_OF(outer, p->height);
}

struct ast_expr *parse_expr_args(struct parser *p, struct ast_expr *e, uint32_t n, ...)
{
	va_list ap;

	if (e == NULL || failed(p))
		return NULL;
	e->args = arena_alloc(p->a, n * sizeof(struct ast_expr *));
	if (e->args == NULL)
		return parse_no_memory(p);
	va_start(ap, n);
	for (uint32_t i = 0; i < n; i++)
		e->args[i] = va_arg(ap, struct ast_expr *);
	va_end(ap);
	e->n_args = n;
	return parse_expr_done(p, e);
}

/* ---- operators ------------------------------------------------------------------------------- */

static bool joined(const struct parser *p, uint32_t i, uint16_t code)
{
	const struct token *t = ahead(p, i);

	return t->code == code && (t->flags & TOKEN_JOINED) != 0;
}

static struct infix infix_is(const struct parser *p)
{
	uint16_t what = peek_at(p, peek_at(p, 1) == KW_NOT ? 2 : 1);
	bool truth = what == KW_TRUE || what == KW_FALSE || what == KW_UNKNOWN;

	return (struct infix){truth ? POWER_TRUTH : POWER_PREDICATE, AST_EQ, 1};
}

static struct infix infix_at(const struct parser *p)
{
	switch (p->t->code) {
	case KW_OR:
		return (struct infix){POWER_OR, AST_OR, 1};
	case KW_XOR:
		return (struct infix){POWER_XOR, AST_XOR, 1};
	case KW_AND:
		return (struct infix){POWER_AND, AST_AND, 1};
	case '=':
		if (joined(p, 1, '~'))
			return (struct infix){POWER_PREDICATE, AST_REGEX, 2};
		return (struct infix){POWER_COMPARE, AST_EQ, 1};
	case '<':
		if (joined(p, 1, '='))
			return (struct infix){POWER_COMPARE, AST_LE, 2};
		if (joined(p, 1, '>'))
			return (struct infix){POWER_COMPARE, AST_NE, 2};
		return (struct infix){POWER_COMPARE, AST_LT, 1};
	case '>':
		if (joined(p, 1, '='))
			return (struct infix){POWER_COMPARE, AST_GE, 2};
		return (struct infix){POWER_COMPARE, AST_GT, 1};
	case KW_IN:
		return (struct infix){POWER_PREDICATE, AST_IN, 1};
	case KW_STARTS:
		return (struct infix){POWER_PREDICATE, AST_STARTS_WITH, 2};
	case KW_ENDS:
		return (struct infix){POWER_PREDICATE, AST_ENDS_WITH, 2};
	case KW_CONTAINS:
		return (struct infix){POWER_PREDICATE, AST_CONTAINS, 1};
	case KW_IS:
		return infix_is(p);
	case '|':
		if (joined(p, 1, '|'))
			return (struct infix){POWER_CONCAT, AST_CONCAT, 2};
		return (struct infix){0};
	case '+':
		return (struct infix){POWER_ADD, AST_ADD, 1};
	case '-':
		return (struct infix){POWER_ADD, AST_SUB, 1};
	case '*':
		return (struct infix){POWER_MUL, AST_MUL, 1};
	case '/':
		return (struct infix){POWER_MUL, AST_DIV, 1};
	case '%':
		return (struct infix){POWER_MUL, AST_MOD, 1};
	case '^':
		return (struct infix){POWER_POW, AST_POW, 1};
	default:
		return (struct infix){0};
	}
}

static void skip_operator(struct parser *p, struct infix x)
{
	advance(p);
	if (x.n_tokens == 2) {
		if (p->t[-1].kind == TOKEN_KEYWORD) /* STARTS WITH, ENDS WITH */
			(void)parse_expect(p, KW_WITH);
		else
			advance(p);
	}
}

static struct ast_expr *unary(struct parser *p, enum ast_op op, enum power power)
{
	struct ast_expr *e = parse_expr_new(p, AST_UNARY, p->t->offset);

	if (e == NULL || !parse_enter(p))
		return NULL;
	e->sub = (uint8_t)op;
	advance(p);
	struct ast_expr *arg = binary(p, power);
	parse_leave(p);
	return arg != NULL ? parse_expr_args(p, e, 1, arg) : NULL;
}

/* -9223372036854775808: its digits alone are not an INT. */
static struct ast_expr *least_int(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_LITERAL, p->t->offset);
	int64_t i = 0;

	if (e == NULL)
		return NULL;
	advance(p);
	enum status st = token_int(p->text, p->t, true, &i, p->d);
	if (st != ST_OK) {
		if (!failed(p))
			p->status = st;
		return NULL;
	}
	advance(p);
	e->value = value_int(i);
	e->i_token = AST_NO_TOKEN;
	return parse_expr_done(p, e);
}

static struct ast_expr *prefix(struct parser *p)
{
	switch (p->t->code) {
	case KW_NOT:
		return unary(p, AST_NOT, POWER_NOT);
	case '-':
		if (ahead(p, 1)->kind == TOKEN_INT && ahead(p, 1)->length >= INT_DIGITS_SAFE)
			return least_int(p);
		return unary(p, AST_NEG, POWER_POW + 1);
	case '+':
		return unary(p, AST_POS, POWER_POW + 1);
	default:
		return parse_postfix(p);
	}
}

/* a = b, a < b <= c */
static struct ast_expr *comparison(struct parser *p, struct ast_expr *left)
{
	struct ast_expr *e = parse_expr_new(p, AST_COMPARE, left->offset);
	uint8_t ops[GQL_COMPARE_MAX];
	uint32_t from = p->n_stack, n = 0;

	if (e == NULL || !parse_push(p, left))
		return NULL;
	for (struct infix x = infix_at(p); x.power == POWER_COMPARE; x = infix_at(p)) {
		if (n + 1 == GQL_COMPARE_MAX)
			return parse_fail(p, p->t->offset,
					  "more than %d operands in a comparison (GQL_COMPARE_MAX)",
					  GQL_COMPARE_MAX);
		skip_operator(p, x);
		ops[n++] = (uint8_t)x.op;
		struct ast_expr *right = binary(p, POWER_PREDICATE);
		if (right == NULL || !parse_push(p, right))
			return NULL;
	}
	e->args = parse_pop_list(p, from, &e->n_args);
	e->ops = arena_dup(p->a, ops, n);
	if (e->ops == NULL)
		return parse_no_memory(p);
	return parse_expr_done(p, e);
}

static struct ast_expr *balanced(struct parser *p, enum ast_op op, struct ast_expr **v, uint32_t n)
{
	if (n == 1)
		return v[0];
	struct ast_expr *e = parse_expr_new(p, AST_BINARY, v[0]->offset);
	struct ast_expr *left = balanced(p, op, v, (n + 1) / 2);
	struct ast_expr *right = balanced(p, op, v + (n + 1) / 2, n / 2);
	if (e == NULL || left == NULL || right == NULL)
		return NULL;
	e->sub = (uint8_t)op;
	e = parse_expr_args(p, e, 2, left, right);
	if (e != NULL)
		e->length = v[n - 1]->offset + v[n - 1]->length - e->offset;
	return e;
}

/* Generated statements join thousands of conditions: such a chain becomes a tree of low height, in
 * the order that was written. */
static struct ast_expr *junction(struct parser *p, struct ast_expr *left, struct infix x)
{
	uint32_t from = p->n_stack;
	uint16_t code = p->t->code;

	if (!parse_push(p, left))
		return NULL;
	while (p->t->code == code) {
		advance(p);
		struct ast_expr *right = binary(p, x.power + 1);
		if (right == NULL || !parse_push(p, right))
			return NULL;
	}
	struct ast_expr **v = (struct ast_expr **)p->stack + from;
	struct ast_expr *e = balanced(p, x.op, v, p->n_stack - from);
	p->n_stack = from;
	return e;
}

static bool normal_form(struct parser *p, struct ast_expr *e)
{
	if (p->t->code == KW_NFC || p->t->code == KW_NFD || p->t->code == KW_NFKC ||
	    p->t->code == KW_NFKD)
		parse_take_name(p, &e->name);
	return accept(p, KW_NORMALIZED);
}

/* IS [NOT] ..; IS is the next token. */
static struct ast_expr *is_test(struct parser *p, struct ast_expr *left)
{
	struct ast_expr *e = parse_test_new(p, AST_IS_NULL, left), *right = NULL;

	if (e == NULL)
		return NULL;
	advance(p);
	e->negated = accept(p, KW_NOT);
	if (accept(p, KW_NULL)) {
		e->sub = AST_IS_NULL;
	} else if (accept(p, KW_TRUE)) {
		e->sub = AST_IS_TRUE;
	} else if (accept(p, KW_FALSE)) {
		e->sub = AST_IS_FALSE;
	} else if (accept(p, KW_UNKNOWN)) {
		e->sub = AST_IS_UNKNOWN;
	} else if (accept(p, KW_DIRECTED)) {
		e->sub = AST_IS_DIRECTED;
	} else if (accept(p, KW_LABELED)) {
		e->sub = AST_IS_LABELED;
		e->label = parse_label(p);
	} else if (accept(p, KW_TYPED) ||
		   (p->t->code == ':' && accept(p, ':') && parse_expect(p, ':'))) {
		e->sub = AST_IS_TYPED;
		e->type = parse_type(p);
	} else if (accept(p, KW_SOURCE) || accept(p, KW_DESTINATION)) {
		e->sub = p->t[-1].code == KW_SOURCE ? AST_IS_SOURCE_OF : AST_IS_DESTINATION_OF;
		(void)(p->t->kind == TOKEN_NAME &&
		       str_eq_nocase(token_text(p->text, p->t), STR("OF")) && (advance(p), true));
		right = parse_postfix(p);
		return right != NULL ? parse_expr_args(p, e, 2, left, right) : NULL;
	} else {
		e->sub = AST_IS_NORMALIZED;
		if (!normal_form(p, e))
			return parse_error(p, NULL);
	}
	return parse_expr_args(p, e, 1, left);
}

static struct ast_expr *infix(struct parser *p, struct ast_expr *left, struct infix x)
{
	if (p->t->code == KW_IS)
		return is_test(p, left);
	if (x.power == POWER_COMPARE)
		return comparison(p, left);
	if (x.op == AST_AND || x.op == AST_OR)
		return junction(p, left, x);

	struct ast_expr *e = parse_expr_new(p, AST_BINARY, left->offset);
	if (e == NULL)
		return NULL;
	e->sub = (uint8_t)x.op;
	skip_operator(p, x);
	struct ast_expr *right = failed(p) ? NULL : binary(p, x.power + 1);
	return right != NULL ? parse_expr_args(p, e, 2, left, right) : NULL;
}

/* Operators of at least this power, joined to the left. */
static struct ast_expr *binary(struct parser *p, enum power min)
{
	struct ast_expr *e = prefix(p);

	while (e != NULL) {
		struct infix x = infix_at(p);
		if (x.power == POWER_NONE || x.power < min)
			break;
		e = infix(p, e, x);
	}
	return e;
}

struct ast_expr *parse_let_value(struct parser *p)
{
	if (!parse_enter(p))
		return NULL;
	struct ast_expr *e = binary(p, POWER_CONCAT);
	parse_leave(p);
	return e;
}

struct ast_expr *parse_expr(struct parser *p)
{
	if (!parse_enter(p))
		return NULL;
	struct ast_expr *e = binary(p, POWER_OR);
	parse_leave(p);
	return e;
}
