/* Patterns: groups, paths, what stands before them, and patterns inside statements and expressions.
 */
#include "gql/parse_int.h"

static const struct ast_path *path_alternatives(struct parser *p, struct ast_path *path);

/* ---- groups and paths ------------------------------------------------------------------------ */

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
	if (parse_is_variable(ahead(p, 1)) && next == '=')
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
	parse_take_name(p, ret);
	advance(p);
	return !failed(p);
}

static struct ast_part *group(struct parser *p)
{
	struct ast_part *x = parse_part_new(p, AST_GROUP);
	struct ast_path *path = NODE(p, struct ast_path);

	if (x == NULL || path == NULL || !parse_enter(p))
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
	if (x->group == NULL || !parse_element_where(p, x) || !parse_expect(p, ')'))
		return NULL;
	x->length = length_since(p, x->offset);
	parse_leave(p);
	return x;
}

static struct ast_part *part(struct parser *p)
{
	struct ast_part *x = NULL;

	if (p->t->code == '(') {
		if (!starts_group(p))
			return parse_node(p);
		x = group(p);
	} else if (parse_starts_edge(p)) {
		x = parse_edge(p);
	} else {
		return parse_error(p, "a node pattern");
	}
	if (x == NULL || x->quantified)
		return x;
	if (!parse_quantifier(p, x))
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
		if (!parse_push(p, n))
			return false;
	}
	if (x->kind == AST_NODE && last != NULL && last->kind == AST_NODE)
		return parse_error(p, "an edge");
	return parse_push(p, x);
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
	} while (p->t->code == '(' || parse_starts_edge(p));
	if (((const struct ast_part *)p->stack[p->n_stack - 1])->kind == AST_EDGE) {
		struct ast_part *n = parse_part_new(p, AST_NODE);
		if (n == NULL || !parse_push(p, n))
			return NULL;
	}
	t->parts = parse_pop_list(p, from, &t->n_parts);
	return failed(p) ? NULL : t;
}

static const struct ast_path *path_alternatives(struct parser *p, struct ast_path *path)
{
	uint32_t from = p->n_stack;

	for (;;) {
		struct ast_term *t = term(p);
		if (t == NULL || !parse_push(p, t))
			return NULL;
		if (p->t->code != '|' || p->no_bar != 0)
			break;
		advance(p);
		if (p->t->code == '+' && peek_at(p, 1) == '|') {
			path->multiset = true;
			p->t += 2;
		}
	}
	path->terms = parse_pop_list(p, from, &path->n_terms);
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
	return p->t->kind != TOKEN_INT || parse_quantifier_bound(p, &x->k);
}

static bool shortest_prefix(struct parser *p, struct ast_prefix *x)
{
	x->search = AST_SEARCH_SHORTEST;
	if (!count_of_paths(p, x) || !path_mode(p, x))
		return false;
	if (accept(p, KW_GROUP) || accept(p, KW_GROUPS))
		x->search = AST_SEARCH_SHORTEST_GROUPS;
	else if (p->t[-1].code == KW_SHORTEST)
		return parse_error(p, "the number of paths");
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
	return parse_expect(p, '(') && path_alternatives(p, path) != NULL && parse_expect(p, ')');
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

/* ---- patterns of a statement ----------------------------------------------------------------- */

static bool match_mode(struct parser *p, struct ast_pattern *x)
{
	if (p->t->code == KW_REPEATABLE && peek_at(p, 1) != '=') {
		advance(p);
		x->mode = AST_MATCH_REPEATABLE;
		if (!accept(p, KW_ELEMENTS) && !parse_expect(p, KW_ELEMENT))
			return false;
	} else if (p->t->code == KW_DIFFERENT && peek_at(p, 1) != '=') {
		advance(p);
		x->mode = AST_MATCH_DIFFERENT_EDGES;
		if (!accept(p, KW_EDGES) && !accept(p, KW_EDGE) && !accept(p, KW_RELATIONSHIPS) &&
		    !parse_expect(p, KW_RELATIONSHIP))
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
		if (path == NULL || !parse_push(p, (void *)path))
			return false;
	} while (accept(p, ','));
	x->paths = parse_pop_list(p, from, &x->n_paths);
	return !failed(p);
}

static struct ast_pattern *pattern_new(struct parser *p)
{
	struct ast_pattern *x = NODE(p, struct ast_pattern);

	if (x != NULL)
		x->offset = p->t->offset;
	return x;
}

const struct ast_pattern *parse_graph_pattern(struct parser *p)
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
		x->where = parse_expr(p);
		if (x->where == NULL)
			return NULL;
	}
	x->length = length_since(p, x->offset);
	return x;
}

const struct ast_pattern *parse_pattern_of(struct parser *p, const struct ast_path *path)
{
	struct ast_pattern *x = pattern_new(p);

	if (x == NULL || path == NULL || !parse_push(p, (void *)path))
		return NULL;
	x->offset = path->offset;
	x->length = path->length;
	x->paths = parse_pop_list(p, p->n_stack - 1, &x->n_paths);
	return failed(p) ? NULL : x;
}

/* ---- what INSERT and MERGE take -------------------------------------------------------------- */

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

const struct ast_pattern *parse_insert_pattern(struct parser *p)
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

const struct ast_path *parse_merge_pattern(struct parser *p)
{
	const struct ast_path *path = path_pattern(p);

	return path != NULL && check_written(p, path, false) ? path : NULL;
}

/* ---- patterns in expressions ----------------------------------------------------------------- */

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
		parse_no_memory(p);
	else
		p->not_pattern[i >> 3] |= (uint8_t)(1u << (i & 7));
}

const struct ast_pattern *parse_try_pattern(struct parser *p, bool with_var)
{
	const struct token *t = p->t;
	bool function = t->code == KW_SHORTESTPATH || t->code == KW_ALLSHORTESTPATHS;

	if (with_var && t->code != '(')
		t += 2; /* name = */
	if (!function && (!looks_like_pattern(p, t) || is_not_pattern(p, t)))
		return NULL;

	const struct attempt from = parse_attempt(p);
	p->no_bar++; /* a bar behind it ends a comprehension's pattern */
	const struct ast_path *path = path_pattern(p);
	p->no_bar = from.no_bar;
	if (path != NULL && (function || path->terms[0]->n_parts > 1))
		return parse_pattern_of(p, path);
	if (!function && parse_undo(p, &from))
		set_not_pattern(p, t);
	else if (path != NULL)
		parse_error(p, "an edge");
	return NULL;
}
