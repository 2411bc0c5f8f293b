/* Patterns: labels, nodes, edges, quantifiers, paths, and what stands before them. */
#include "gql/parse_int.h"

static const struct ast_path *path_alternatives(struct parser *p, struct ast_path *path);

/* ---- labels
 * -------------------------------------------------------------------------------------- */

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

	if (!enter(p))
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
		if (inner == NULL || !expect(p, ')'))
			return NULL;
		leave(p);
		return inner;
	} else if (accept(p, '%')) {
		l = label_new(p, AST_LABEL_ANY, offset);
	} else {
		l = label_new(p, AST_LABEL_NAME, offset);
		if (l == NULL || !any_name(p, "a label", &l->name))
			return NULL;
	}
	leave(p);
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
		if (!enter(p))
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
		if (!enter(p))
			return NULL;
		l = label_join(p, AST_LABEL_OR, l, label_and(p));
	}
	p->depth = depth;
	return l;
}

const struct ast_label *label_expression(struct parser *p)
{
	return label_or(p);
}

/* ---- elements
 * ------------------------------------------------------------------------------------ */

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

static struct ast_part *part_new(struct parser *p, enum ast_part_kind kind)
{
	struct ast_part *x = NODE(p, struct ast_part);

	if (x != NULL) {
		x->kind = (uint8_t)kind;
		x->offset = p->t->offset;
	}
	return x;
}

static bool element_where(struct parser *p, struct ast_part *x)
{
	if (!accept(p, KW_WHERE))
		return true;
	unsigned no_bar = p->no_bar;
	p->no_bar = 0;
	x->where = expression(p);
	p->no_bar = no_bar;
	return x->where != NULL;
}

static bool element_labels(struct parser *p, struct ast_part *x)
{
	if (!accept(p, ':') && !accept(p, KW_IS))
		return true;
	unsigned no_bar = p->no_bar;
	p->no_bar = 0;
	x->label = label_expression(p);
	p->no_bar = no_bar;
	return x->label != NULL;
}

static bool element_props(struct parser *p, struct ast_part *x)
{
	if (p->t->code != '{' && p->t->kind != TOKEN_PARAM)
		return true;
	x->props = map_or_param(p);
	return x->props != NULL;
}

/* ---- quantifiers
 * --------------------------------------------------------------------------------- */

static bool bound(struct parser *p, uint32_t *ret)
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
		if (!bound(p, &x->min))
			return false;
		x->max = x->min;
	} else if (p->t->code != ',') {
		return syntax_error(p, "a number");
	}
	if (accept(p, ',')) {
		x->max = AST_UNBOUNDED;
		if (p->t->kind == TOKEN_INT && !bound(p, &x->max))
			return false;
	}
	return expect(p, '}') && bounds_in_order(p, x, offset);
}

static bool quantifier(struct parser *p, struct ast_part *x)
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
		if (!bound(p, &x->min))
			return false;
		x->max = x->min;
	}
	if (p->t->kind == TOKEN_DOTDOT) {
		advance(p);
		x->max = AST_UNBOUNDED;
		return p->t->kind != TOKEN_INT || bound(p, &x->max);
	}
	return true;
}

/* ---- nodes and edges
 * ----------------------------------------------------------------------------- */

static struct ast_part *node(struct parser *p)
{
	struct ast_part *x = part_new(p, AST_NODE);

	if (x == NULL || !expect(p, '('))
		return NULL;
	if (has_element_variable(p))
		take_name(p, &x->var);
	if (failed(p) || !element_labels(p, x) || !element_props(p, x) || !element_where(p, x) ||
	    !expect(p, ')'))
		return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

/* [e:T*1..2 {k: v} WHERE ..] */
static bool edge_filler(struct parser *p, struct ast_part *x)
{
	if (!expect(p, '['))
		return false;
	if (has_element_variable(p))
		take_name(p, &x->var);
	return !failed(p) && element_labels(p, x) && (!accept(p, '*') || star_bounds(p, x)) &&
	       element_props(p, x) && element_where(p, x) && expect(p, ']');
}

/* What follows the filler decides together with what came before it. line: '-' or '~'. */
static bool edge_tail(struct parser *p, struct ast_part *x, bool left, uint16_t line)
{
	if (!expect(p, line))
		return false;
	bool right = accept_joined(p, '>');
	if (line == '-')
		x->dir = left ? (right ? AST_DIR_BOTH : AST_DIR_IN)
			      : (right ? AST_DIR_OUT : AST_DIR_ANY);
	else if (left && right)
		return syntax_error(p, NULL);
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

static struct ast_part *edge(struct parser *p)
{
	struct ast_part *x = part_new(p, AST_EDGE);

	if (x == NULL)
		return NULL;
	bool left = accept(p, '<');
	uint16_t line = p->t->code;
	if (line != '-' && line != '~')
		return syntax_error(p, "an edge");
	advance(p);
	bool ok = p->t->code == '[' ? edge_filler(p, x) && edge_tail(p, x, left, line)
				    : short_edge(p, x, left, line);
	if (!ok)
		return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

static bool starts_edge(const struct parser *p)
{
	uint16_t c = p->t->code;

	return c == '-' || c == '~' || (c == '<' && (peek_at(p, 1) == '-' || peek_at(p, 1) == '~'));
}

/* ---- groups and paths
 * ---------------------------------------------------------------------------- */

static enum ast_mode mode_at(const struct parser *p)
{
	switch (p->t->code) {
	case KW_WALK:
		return AST_MODE_WALK;
	case KW_TRAIL:
		return AST_MODE_TRAIL;
	case KW_SIMPLE:
		return AST_MODE_SIMPLE;
	case KW_ACYCLIC:
		return AST_MODE_ACYCLIC;
	default:
		return AST_MODE_DEFAULT;
	}
}

/* `(` of a parenthesised path, not of a node. */
static bool starts_group(const struct parser *p)
{
	uint16_t in = peek_at(p, 1), next = peek_at(p, 2);

	if (in == '(' || in == '-' || in == '<' || in == '~')
		return true;
	if (is_variable(p, ahead(p, 1)) && next == '=')
		return true;
	return (in == KW_WALK || in == KW_TRAIL || in == KW_SIMPLE || in == KW_ACYCLIC) &&
	       (next == '(' || next == KW_PATH || next == KW_PATHS);
}

static bool path_variable(struct parser *p, struct ast_name *ret)
{
	bool word =
	    p->t->kind == TOKEN_NAME || p->t->kind == TOKEN_KEYWORD || p->t->kind == TOKEN_QUOTED;

	if (!word || peek_at(p, 1) != '=')
		return true;
	take_name(p, ret);
	advance(p);
	return !failed(p);
}

static struct ast_part *group(struct parser *p)
{
	struct ast_part *x = part_new(p, AST_GROUP);
	struct ast_path *path = NODE(p, struct ast_path);

	if (x == NULL || path == NULL || !enter(p))
		return NULL;
	advance(p);
	path->offset = p->t->offset;
	if (!path_variable(p, &path->var))
		return NULL;
	path->prefix.mode = (uint8_t)mode_at(p);
	if (path->prefix.mode != AST_MODE_DEFAULT) {
		advance(p);
		(void)(accept(p, KW_PATH) || accept(p, KW_PATHS));
	}
	x->group = path_alternatives(p, path);
	if (x->group == NULL || !element_where(p, x) || !expect(p, ')'))
		return NULL;
	x->length = length_since(p, x->offset);
	leave(p);
	return x;
}

static struct ast_part *part(struct parser *p)
{
	struct ast_part *x = NULL;

	if (p->t->code == '(') {
		if (!starts_group(p))
			return node(p);
		x = group(p);
	} else if (starts_edge(p)) {
		x = edge(p);
	} else {
		return syntax_error(p, "a node pattern");
	}
	if (x == NULL || x->quantified)
		return x;
	if (!quantifier(p, x))
		return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

/* Nodes and edges take turns; a missing node at an end or between edges is filled in, so that
 * consumers meet edges with a node or a group on both sides. */
static bool push_part(struct parser *p, uint32_t from, struct ast_part *x)
{
	const struct ast_part *last =
	    p->n_stack > from ? (const struct ast_part *)p->stack[p->n_stack - 1] : NULL;

	if (x->kind == AST_EDGE && (last == NULL || last->kind == AST_EDGE)) {
		struct ast_part *n = NODE(p, struct ast_part);
		if (n == NULL)
			return false;
		n->offset = x->offset;
		if (!push(p, n))
			return false;
	}
	if (x->kind == AST_NODE && last != NULL && last->kind == AST_NODE)
		return syntax_error(p, "an edge");
	return push(p, x);
}

static struct ast_term *term(struct parser *p)
{
	struct ast_term *t = NODE(p, struct ast_term);
	uint32_t from = p->n_stack;

	if (t == NULL)
		return NULL;
	do {
		struct ast_part *x = part(p);
		if (x == NULL || !push_part(p, from, x))
			return NULL;
	} while (p->t->code == '(' || starts_edge(p));
	if (((const struct ast_part *)p->stack[p->n_stack - 1])->kind == AST_EDGE) {
		struct ast_part *n = part_new(p, AST_NODE);
		if (n == NULL || !push(p, n))
			return NULL;
	}
	t->parts = pop_list(p, from, &t->n_parts);
	return failed(p) ? NULL : t;
}

static const struct ast_path *path_alternatives(struct parser *p, struct ast_path *path)
{
	uint32_t from = p->n_stack;

	for (;;) {
		struct ast_term *t = term(p);
		if (t == NULL || !push(p, t))
			return NULL;
		if (p->t->code != '|' || p->no_bar != 0)
			break;
		advance(p);
		if (p->t->code == '+' && peek_at(p, 1) == '|') {
			path->multiset = true;
			p->t += 2;
		}
	}
	path->terms = pop_list(p, from, &path->n_terms);
	path->length = length_since(p, path->offset);
	return failed(p) ? NULL : path;
}

static bool path_mode(struct parser *p, struct ast_prefix *x)
{
	x->mode = (uint8_t)mode_at(p);
	if (x->mode != AST_MODE_DEFAULT)
		advance(p);
	(void)(accept(p, KW_PATH) || accept(p, KW_PATHS));
	return true;
}

static bool count_of_paths(struct parser *p, struct ast_prefix *x)
{
	x->k = 1;
	return p->t->kind != TOKEN_INT || bound(p, &x->k);
}

static bool shortest_prefix(struct parser *p, struct ast_prefix *x)
{
	x->search = AST_SEARCH_SHORTEST;
	if (!count_of_paths(p, x) || !path_mode(p, x))
		return false;
	if (accept(p, KW_GROUP) || accept(p, KW_GROUPS))
		x->search = AST_SEARCH_SHORTEST_GROUPS;
	else if (p->t[-1].code == KW_SHORTEST)
		return syntax_error(p, "the number of paths");
	return true;
}

/* ANY SHORTEST, ALL TRAIL, SHORTEST 2 GROUPS .. */
static bool search_prefix(struct parser *p, struct ast_prefix *x)
{
	switch (p->t->code) {
	case KW_ALL:
		advance(p);
		if (accept(p, KW_SHORTEST))
			x->search = AST_SEARCH_ALL_SHORTEST;
		return path_mode(p, x);
	case KW_ANY:
		advance(p);
		x->k = 1;
		x->search = AST_SEARCH_ANY;
		if (accept(p, KW_SHORTEST))
			x->search = AST_SEARCH_SHORTEST;
		else if (!count_of_paths(p, x))
			return false;
		return path_mode(p, x);
	case KW_SHORTEST:
		advance(p);
		return shortest_prefix(p, x);
	default:
		return path_mode(p, x);
	}
}

/* shortestPath((a)-[*]->(b)); the word is the next token. */
static bool function_path(struct parser *p, struct ast_path *path)
{
	path->prefix.search =
	    p->t->code == KW_SHORTESTPATH ? AST_SEARCH_SHORTEST : AST_SEARCH_ALL_SHORTEST;
	path->prefix.k = 1;
	path->prefix.function = true;
	advance(p);
	return expect(p, '(') && path_alternatives(p, path) != NULL && expect(p, ')');
}

static const struct ast_path *path_pattern(struct parser *p)
{
	struct ast_path *path = NODE(p, struct ast_path);

	if (path == NULL)
		return NULL;
	path->offset = p->t->offset;
	if (!path_variable(p, &path->var))
		return NULL;
	if ((p->t->code == KW_SHORTESTPATH || p->t->code == KW_ALLSHORTESTPATHS) &&
	    peek_at(p, 1) == '(') {
		if (!function_path(p, path))
			return NULL;
	} else if ((p->t->code != '(' && !search_prefix(p, &path->prefix)) ||
		   path_alternatives(p, path) == NULL) {
		return NULL;
	}
	path->length = length_since(p, path->offset);
	return path;
}

/* ---- patterns of a statement
 * --------------------------------------------------------------------- */

static bool match_mode(struct parser *p, struct ast_pattern *x)
{
	if (p->t->code == KW_REPEATABLE && peek_at(p, 1) != '=') {
		advance(p);
		x->mode = AST_MATCH_REPEATABLE;
		if (!accept(p, KW_ELEMENTS) && !expect(p, KW_ELEMENT))
			return false;
	} else if (p->t->code == KW_DIFFERENT && peek_at(p, 1) != '=') {
		advance(p);
		x->mode = AST_MATCH_DIFFERENT_EDGES;
		if (!accept(p, KW_EDGES) && !accept(p, KW_EDGE) && !accept(p, KW_RELATIONSHIPS) &&
		    !expect(p, KW_RELATIONSHIP))
			return false;
	} else {
		return true;
	}
	(void)accept(p, KW_BINDINGS);
	return true;
}

static bool paths(struct parser *p, struct ast_pattern *x)
{
	uint32_t from = p->n_stack;

	do {
		const struct ast_path *path = path_pattern(p);
		if (path == NULL || !push(p, (void *)path))
			return false;
	} while (accept(p, ','));
	x->paths = pop_list(p, from, &x->n_paths);
	return !failed(p);
}

static struct ast_pattern *pattern_new(struct parser *p)
{
	struct ast_pattern *x = NODE(p, struct ast_pattern);

	if (x != NULL)
		x->offset = p->t->offset;
	return x;
}

const struct ast_pattern *graph_pattern(struct parser *p)
{
	struct ast_pattern *x = pattern_new(p);

	if (x == NULL || !match_mode(p, x) || !paths(p, x))
		return NULL;
	if (accept(p, KW_KEEP)) {
		x->has_keep = true;
		if (!search_prefix(p, &x->keep))
			return NULL;
	}
	if (accept(p, KW_WHERE)) {
		x->where = expression(p);
		if (x->where == NULL)
			return NULL;
	}
	x->length = length_since(p, x->offset);
	return x;
}

const struct ast_pattern *pattern_of_path(struct parser *p, const struct ast_path *path)
{
	struct ast_pattern *x = pattern_new(p);

	if (x == NULL || path == NULL || !push(p, (void *)path))
		return NULL;
	x->offset = path->offset;
	x->length = path->length;
	x->paths = pop_list(p, p->n_stack - 1, &x->n_paths);
	return failed(p) ? NULL : x;
}

/* ---- what INSERT and MERGE take
 * ------------------------------------------------------------------ */

static bool only_names(const struct ast_label *l)
{
	for (; l->kind == AST_LABEL_AND; l = l->left)
		if (!only_names(l->right))
			return false;
	return l->kind == AST_LABEL_NAME;
}

static bool check_written_part(struct parser *p, const struct ast_part *x, bool directed)
{
	if (x->kind == AST_GROUP || x->quantified || x->optional)
		return parse_fail(p, x->offset,
				  "a pattern to write has nodes and single edges only");
	if (x->where != NULL)
		return parse_fail(p, x->where->offset, "a pattern to write cannot have a WHERE");
	if (x->label != NULL && !only_names(x->label))
		return parse_fail(p, x->label->offset,
				  "a pattern to write names its labels, joined by '&'");
	if (x->kind == AST_EDGE && directed && x->dir != AST_DIR_OUT && x->dir != AST_DIR_IN)
		return parse_fail(p, x->offset, "an edge to write needs a direction");
	return true;
}

static bool check_written(struct parser *p, const struct ast_path *path, bool directed)
{
	if (path->prefix.search != AST_SEARCH_ALL || path->prefix.mode != AST_MODE_DEFAULT ||
	    path->n_terms != 1)
		return parse_fail(p, path->offset, "a pattern to write is one plain path");
	const struct ast_term *t = path->terms[0];
	for (uint32_t i = 0; i < t->n_parts; i++)
		if (!check_written_part(p, t->parts[i], directed))
			return false;
	return true;
}

const struct ast_pattern *insert_pattern(struct parser *p)
{
	struct ast_pattern *x = pattern_new(p);

	if (x == NULL || !paths(p, x))
		return NULL;
	for (uint32_t i = 0; i < x->n_paths; i++)
		if (!check_written(p, x->paths[i], true))
			return NULL;
	x->length = length_since(p, x->offset);
	return x;
}

const struct ast_path *merge_pattern(struct parser *p)
{
	const struct ast_path *path = path_pattern(p);

	return path != NULL && check_written(p, path, false) ? path : NULL;
}

/* ---- patterns in expressions
 * --------------------------------------------------------------------- */

/* Whether `(` at t closes as a node would and an edge follows: only then a pattern is tried. In
 * doubt (`(a)-(b)`, `(a)<-(b)`) it is arithmetic. */
static bool looks_like_pattern(const struct parser *p, const struct token *t)
{
	const struct token *in = t + 1;
	unsigned depth = 0;

	if (t->code != '(' ||
	    (in->kind != TOKEN_NAME && in->kind != TOKEN_QUOTED && in->kind != TOKEN_KEYWORD &&
	     in->code != ')' && in->code != ':' && in->code != '{'))
		return false;
	if (in->code > KW_BEFORE_FIRST || in->kind == TOKEN_NAME || in->kind == TOKEN_QUOTED) {
		uint16_t next = in < p->end ? in[1].code : 0;
		if (next != ')' && next != ':' && next != '{' && next != KW_WHERE &&
		    next != KW_IS && in->code != KW_IS && in->code != KW_WHERE)
			return false;
	}
	for (; t < p->end; t++) {
		if (t->code == '(' || t->code == '[' || t->code == '{')
			depth++;
		else if ((t->code == ')' || t->code == ']' || t->code == '}') && --depth == 0)
			break;
	}
	if (t >= p->end - 2)
		return false;
	if (t[1].code == '-')
		return t[2].code == '[' || t[2].code == '-' || t[2].code == '>';
	if (t[1].code == '<')
		return t[2].code == '~' ||
		       (t[2].code == '-' && (t[3].code == '[' || t[3].code == '-'));
	return t[1].code == '~';
}

static bool is_not_pattern(const struct parser *p, const struct token *t)
{
	size_t i = (size_t)(t - p->first);

	return p->not_pattern != NULL && (p->not_pattern[i >> 3] >> (i & 7) & 1) != 0;
}

/* Remembered, so that nested attempts cost no more than one each. */
static void set_not_pattern(struct parser *p, const struct token *t)
{
	size_t i = (size_t)(t - p->first);

	if (p->not_pattern == NULL)
		p->not_pattern = arena_zalloc(p->a, (size_t)(p->end - p->first) / 8 + 1);
	if (p->not_pattern == NULL)
		no_memory(p);
	else
		p->not_pattern[i >> 3] |= (uint8_t)(1u << (i & 7));
}

const struct ast_pattern *try_pattern(struct parser *p, bool with_var)
{
	const struct token *t = p->t;
	bool function = t->code == KW_SHORTESTPATH || t->code == KW_ALLSHORTESTPATHS;

	if (with_var && t->code != '(')
		t += 2; /* name = */
	if (!function && (!looks_like_pattern(p, t) || is_not_pattern(p, t)))
		return NULL;

	const struct attempt from = attempt_begin(p);
	p->no_bar++; /* a bar behind it ends a comprehension's pattern */
	const struct ast_path *path = path_pattern(p);
	p->no_bar = from.no_bar;
	if (path != NULL && (function || path->terms[0]->n_parts > 1))
		return pattern_of_path(p, path);
	if (!function && attempt_undo(p, &from))
		set_not_pattern(p, t);
	else if (path != NULL)
		syntax_error(p, "an edge");
	return NULL;
}
