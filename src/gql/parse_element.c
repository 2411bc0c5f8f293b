/* The elements of patterns: labels, nodes, edges and their quantifiers. */
#include "gql/parse_int.h"

/* ---- labels ---------------------------------------------------------------------------------- */

static const struct ast_label *label_or(struct parser *p);

static struct ast_label *label_new(struct parser *p, enum ast_label_kind kind, uint32_t offset)
{
	struct ast_label *l = NODE(p, struct ast_label);

	if (l != NULL) {
		l->kind = (uint8_t)kind;
		l->offset = offset;
	}
	return l;
}

static const struct ast_label *label_join(struct parser *p, enum ast_label_kind kind,
					  const struct ast_label *left,
					  const struct ast_label *right)
{
	struct ast_label *l = right != NULL ? label_new(p, kind, left->offset) : NULL;

	if (l == NULL)
		return NULL;
	l->left = left;
	l->right = right;
	l->length = length_since(p, l->offset);
	return l;
}

static const struct ast_label *label_primary(struct parser *p)
{
	uint32_t offset = p->t->offset;
	struct ast_label *l = NULL;

	if (!parse_enter(p))
		return NULL;
	if (accept(p, '!')) {
		l = label_new(p, AST_LABEL_NOT, offset);
		const struct ast_label *left = label_primary(p);
		if (l == NULL || left == NULL)
			return NULL;
		l->left = left;
	} else if (accept(p, '(')) {
		unsigned no_bar = p->no_bar;
		p->no_bar = 0;
		const struct ast_label *inner = label_or(p);
		p->no_bar = no_bar;
		if (inner == NULL || !parse_expect(p, ')'))
			return NULL;
		parse_leave(p);
		return inner;
	} else if (accept(p, '%')) {
		l = label_new(p, AST_LABEL_ANY, offset);
	} else {
		l = label_new(p, AST_LABEL_NAME, offset);
		if (l == NULL || !parse_any_name(p, "a label", &l->name))
			return NULL;
	}
	parse_leave(p);
	if (l != NULL)
		l->length = length_since(p, offset);
	return l;
}

/* A&B; Cypher's :A:B. The depth counts what is chained: consumers walk down the left side. */
static const struct ast_label *label_and(struct parser *p)
{
	const struct ast_label *l = label_primary(p);
	unsigned depth = p->depth;

	while (l != NULL &&
	       (accept(p, '&') || (p->t->code == ':' && peek_at(p, 1) != ':' && accept(p, ':')))) {
		if (!parse_enter(p))
			return NULL;
		l = label_join(p, AST_LABEL_AND, l, label_primary(p));
	}
	p->depth = depth;
	return l;
}

/* A|B; Cypher's :A|:B */
static const struct ast_label *label_or(struct parser *p)
{
	const struct ast_label *l = label_and(p);
	unsigned depth = p->depth;

	while (l != NULL && p->no_bar == 0 && p->t->code == '|' && peek_at(p, 1) != '|') {
		advance(p);
		(void)accept(p, ':');
		if (!parse_enter(p))
			return NULL;
		l = label_join(p, AST_LABEL_OR, l, label_and(p));
	}
	p->depth = depth;
	return l;
}

const struct ast_label *parse_label(struct parser *p)
{
	return label_or(p);
}

/* ---- elements -------------------------------------------------------------------------------- */

/* A variable may be any word that does not begin what else can stand at the start of an element. */
static bool has_element_variable(const struct parser *p)
{
	const struct token *t = p->t;
	uint16_t next = peek_at(p, 1);

	if (t->kind != TOKEN_NAME && t->kind != TOKEN_QUOTED && t->kind != TOKEN_KEYWORD)
		return false;
	if (t->code == KW_IS || t->code == KW_WHERE)
		return next == ')' || next == ']' || next == ':' || next == '{';
	return true;
}

struct ast_part *parse_part_new(struct parser *p, enum ast_part_kind kind)
{
	struct ast_part *x = NODE(p, struct ast_part);

	if (x != NULL) {
		x->kind = (uint8_t)kind;
		x->offset = p->t->offset;
	}
	return x;
}

bool parse_element_where(struct parser *p, struct ast_part *x)
{
	if (!accept(p, KW_WHERE))
		return true;
	unsigned no_bar = p->no_bar;
	p->no_bar = 0;
	x->where = parse_expr(p);
	p->no_bar = no_bar;
	return x->where != NULL;
}

static bool element_labels(struct parser *p, struct ast_part *x)
{
	if (!accept(p, ':') && !accept(p, KW_IS))
		return true;
	unsigned no_bar = p->no_bar;
	p->no_bar = 0;
	x->label = parse_label(p);
	p->no_bar = no_bar;
	return x->label != NULL;
}

static bool element_props(struct parser *p, struct ast_part *x)
{
	if (p->t->code != '{' && p->t->kind != TOKEN_PARAM)
		return true;
	x->props = parse_map_or_param(p);
	return x->props != NULL;
}

/* ---- quantifiers ----------------------------------------------------------------------------- */

bool parse_quantifier_bound(struct parser *p, uint32_t *ret)
{
	int64_t n = 0;

	if (token_is_lifted(p->t))
		p->cacheable = false;
	if (token_int(p->text, p->t, false, &n, p->d) != ST_OK)
		return parse_fail(p, p->t->offset, "the bound of a quantifier is out of range");
	if (n > GQL_QUANTIFIER_MAX)
		return parse_fail(p, p->t->offset,
				  "the bound of a quantifier is at most %d (GQL_QUANTIFIER_MAX)",
				  GQL_QUANTIFIER_MAX);
	*ret = (uint32_t)n;
	advance(p);
	return true;
}

static bool bounds_in_order(struct parser *p, const struct ast_part *x, uint32_t offset)
{
	if (x->min <= x->max)
		return true;
	return parse_fail(p, offset, "the lower bound %u of a quantifier is above the upper one %u",
			  x->min, x->max);
}

/* {n} {m,n} {m,} {,n}; the brace is taken. */
static bool braced_bounds(struct parser *p, struct ast_part *x)
{
	uint32_t offset = p->t->offset;

	x->quantified = true;
	if (p->t->kind == TOKEN_INT) {
		if (!parse_quantifier_bound(p, &x->min))
			return false;
		x->max = x->min;
	} else if (p->t->code != ',') {
		return parse_error(p, "a number");
	}
	if (accept(p, ',')) {
		x->max = AST_UNBOUNDED;
		if (p->t->kind == TOKEN_INT && !parse_quantifier_bound(p, &x->max))
			return false;
	}
	return parse_expect(p, '}') && bounds_in_order(p, x, offset);
}

bool parse_quantifier(struct parser *p, struct ast_part *x)
{
	switch (p->t->code) {
	case '*':
	case '+':
		x->quantified = true;
		x->min = p->t->code == '+';
		x->max = AST_UNBOUNDED;
		advance(p);
		return true;
	case '?':
		x->optional = true;
		advance(p);
		return true;
	case '{':
		advance(p);
		return braced_bounds(p, x);
	default:
		return true;
	}
}

/* [e*], [e*2], [e*1..], [e*..3], [e*1..3]; the star is taken. A range that holds nothing is legal
 * in Cypher and matches nothing. */
static bool star_bounds(struct parser *p, struct ast_part *x)
{
	x->quantified = x->in_brackets = true;
	x->min = 1;
	x->max = AST_UNBOUNDED;
	if (p->t->kind == TOKEN_INT) {
		if (!parse_quantifier_bound(p, &x->min))
			return false;
		x->max = x->min;
	}
	if (p->t->kind == TOKEN_DOTDOT) {
		advance(p);
		x->max = AST_UNBOUNDED;
		return p->t->kind != TOKEN_INT || parse_quantifier_bound(p, &x->max);
	}
	return true;
}

/* ---- nodes and edges ------------------------------------------------------------------------- */

struct ast_part *parse_node(struct parser *p)
{
	struct ast_part *x = parse_part_new(p, AST_NODE);

	if (x == NULL || !parse_expect(p, '('))
		return NULL;
	if (has_element_variable(p))
		parse_take_name(p, &x->var);
	if (failed(p) || !element_labels(p, x) || !element_props(p, x) ||
	    !parse_element_where(p, x) || !parse_expect(p, ')'))
		return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

/* [e:T*1..2 {k: v} WHERE ..] */
static bool edge_filler(struct parser *p, struct ast_part *x)
{
	if (!parse_expect(p, '['))
		return false;
	if (has_element_variable(p))
		parse_take_name(p, &x->var);
	return !failed(p) && element_labels(p, x) && (!accept(p, '*') || star_bounds(p, x)) &&
	       element_props(p, x) && parse_element_where(p, x) && parse_expect(p, ']');
}

/* What follows the filler decides together with what came before it. line: '-' or '~'. */
static bool edge_tail(struct parser *p, struct ast_part *x, bool left, uint16_t line)
{
	if (!parse_expect(p, line))
		return false;
	bool right = accept_joined(p, '>');
	if (line == '-')
		x->dir = left ? (right ? AST_DIR_BOTH : AST_DIR_IN)
			      : (right ? AST_DIR_OUT : AST_DIR_ANY);
	else if (left && right)
		return parse_error(p, NULL);
	else
		x->dir = left ? AST_DIR_IN_OR_UNDIR
			      : (right ? AST_DIR_OUT_OR_UNDIR : AST_DIR_UNDIRECTED);
	return true;
}

/* Directly behind the line: - or ~ without a filler. `--` is one edge, as in Cypher. */
static bool short_edge(struct parser *p, struct ast_part *x, bool left, uint16_t line)
{
	if (line == '-' && p->t->code == '-' && (p->t->flags & TOKEN_JOINED) != 0)
		return edge_tail(p, x, left, line);
	bool right = accept_joined(p, '>');
	if (line == '-')
		x->dir = left ? (right ? AST_DIR_BOTH : AST_DIR_IN)
			      : (right ? AST_DIR_OUT : AST_DIR_ANY);
	else
		x->dir = left ? AST_DIR_IN_OR_UNDIR
			      : (right ? AST_DIR_OUT_OR_UNDIR : AST_DIR_UNDIRECTED);
	return true;
}

struct ast_part *parse_edge(struct parser *p)
{
	struct ast_part *x = parse_part_new(p, AST_EDGE);

	if (x == NULL)
		return NULL;
	bool left = accept(p, '<');
	uint16_t line = p->t->code;
	if (line != '-' && line != '~')
		return parse_error(p, "an edge");
	advance(p);
	bool ok = p->t->code == '[' ? edge_filler(p, x) && edge_tail(p, x, left, line)
				    : short_edge(p, x, left, line);
	if (!ok)
		return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

bool parse_starts_edge(const struct parser *p)
{
	uint16_t c = p->t->code;

	return c == '-' || c == '~' || (c == '<' && (peek_at(p, 1) == '-' || peek_at(p, 1) == '~'));
}
