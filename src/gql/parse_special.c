/* Primaries that a word or a bracket begins: CASE, CAST, calls, lists, comprehensions, subqueries.
 */
#include "gql/parse_int.h"

/* ---- maps, calls ----------------------------------------------------------------------------- */

struct ast_expr *parse_map(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_MAP, p->t->offset);
	uint32_t n = 0, cap = 4;
	uint32_t from = p->n_stack;
	unsigned no_bar = p->no_bar;

	if (e == NULL || !parse_expect(p, '{'))
		return NULL;
	struct ast_name *keys = arena_alloc(p->a, cap * sizeof(*keys));
	if (keys == NULL)
		return parse_no_memory(p);
	p->no_bar = 0;
	while (p->t->code != '}' || n > 0) {
		if (n == cap) {
			struct ast_name *more = arena_alloc(p->a, 2 * cap * sizeof(*keys));
			if (more == NULL)
				return parse_no_memory(p);
			keys = memcpy(more, keys, n * sizeof(*keys));
			cap *= 2;
		}
		keys[n] = (struct ast_name){0};
		if (!parse_any_name(p, "a property name", &keys[n++]) || !parse_expect(p, ':'))
			return NULL;
		struct ast_expr *value = parse_expr(p);
		if (value == NULL || !parse_push(p, value))
			return NULL;
		if (!accept(p, ','))
			break;
	}
	p->no_bar = no_bar;
	if (!parse_expect(p, '}'))
		return NULL;
	e->keys = keys;
	e->args = parse_pop_list(p, from, &e->n_args);
	return parse_expr_done(p, e);
}

struct ast_expr *parse_call(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_CALL, p->t->offset);
	unsigned no_bar = p->no_bar;

	if (e == NULL || !parse_dotted_name(p, "a function name", &e->name) ||
	    !parse_expect(p, '('))
		return NULL;
	if (p->t->code == '*' && peek_at(p, 1) == ')') {
		e->star = true;
		advance(p);
	} else if (accept(p, KW_DISTINCT)) {
		e->distinct = true;
	} else if (p->t->code == KW_ALL && peek_at(p, 1) != '(') {
		advance(p); /* count(ALL x): the default */
	}
	p->no_bar = 0;
	bool ok = parse_expr_list(p, ')', &e->args, &e->n_args);
	p->no_bar = no_bar;
	return ok ? parse_expr_done(p, e) : NULL;
}

static struct ast_expr *call_named(struct parser *p, uint32_t offset, struct str name)
{
	struct ast_expr *e = parse_expr_new(p, AST_CALL, offset);

	if (e != NULL) {
		e->name.text = name;
		e->name.offset = offset;
		e->name.length = (uint32_t)name.len;
	}
	return e;
}

/* CURRENT_DATE and the like, written without parentheses. */
static struct ast_expr *bare_call(struct parser *p)
{
	struct ast_expr *e = call_named(p, p->t->offset, token_text(p->text, p->t));

	advance(p);
	if (accept(p, '('))
		(void)parse_expect(p, ')');
	return e != NULL ? parse_expr_done(p, e) : NULL;
}

/* TRIM(BOTH x FROM s) and its short forms become calls of btrim, ltrim and rtrim. */
static struct ast_expr *trim_call(struct parser *p)
{
	uint16_t side = peek_at(p, 2);
	struct str name = side == KW_LEADING	? STR("ltrim")
			  : side == KW_TRAILING ? STR("rtrim")
						: STR("btrim");
	struct ast_expr *e = call_named(p, p->t->offset, name), *what = NULL;

	if (e == NULL)
		return NULL;
	p->t += 2;
	if (side == KW_LEADING || side == KW_TRAILING || side == KW_BOTH)
		advance(p);
	if (p->t->code != KW_FROM) {
		what = parse_expr(p);
		if (what == NULL)
			return NULL;
	}
	if (!parse_expect(p, KW_FROM))
		return NULL;
	struct ast_expr *from = parse_expr(p);
	if (from == NULL || !parse_expect(p, ')'))
		return NULL;
	return what != NULL ? parse_expr_args(p, e, 2, from, what) : parse_expr_args(p, e, 1, from);
}

/* Whether a FROM stands at the level of the parenthesis that opens behind p->t. */
static bool call_has_from(const struct parser *p)
{
	unsigned depth = 0;

	for (const struct token *t = p->t + 1; t < p->end; t++) {
		if (t->code == '(' || t->code == '[' || t->code == '{')
			depth++;
		else if ((t->code == ')' || t->code == ']' || t->code == '}') && --depth == 0)
			return false;
		else if (t->code == KW_FROM && depth == 1 && t[-1].code != '.')
			return true;
	}
	return false;
}

/* NORMALIZE(s, NFC): the form is a word. */
static struct ast_expr *normalize_call(struct parser *p)
{
	struct ast_expr *e = call_named(p, p->t->offset, token_text(p->text, p->t));
	struct ast_expr *form = NULL;

	p->t += 2;
	struct ast_expr *s = parse_expr(p);
	if (e == NULL || s == NULL)
		return NULL;
	if (accept(p, ',')) {
		form = parse_expr_new(p, AST_LITERAL, p->t->offset);
		if (form == NULL)
			return NULL;
		if (p->t->code != KW_NFC && p->t->code != KW_NFD && p->t->code != KW_NFKC &&
		    p->t->code != KW_NFKD) {
			form = parse_expr(p);
		} else {
			form->value = value_str(token_text(p->text, p->t));
			form->i_token = AST_NO_TOKEN;
			advance(p);
			form = parse_expr_done(p, form);
		}
		if (form == NULL)
			return NULL;
	}
	if (!parse_expect(p, ')'))
		return NULL;
	return form != NULL ? parse_expr_args(p, e, 2, s, form) : parse_expr_args(p, e, 1, s);
}

/* ---- CASE, CAST, LET ------------------------------------------------------------------------- */

/* WHEN a, b THEN c: a branch for each value. */
static bool case_branch(struct parser *p)
{
	struct ast_expr *when[16];
	uint32_t n = 0;

	do {
		if (n == ARRAY_LEN(when)) {
			parse_fail(p, p->t->offset, "more than %zu values behind one WHEN",
				   ARRAY_LEN(when));
			return false;
		}
		when[n] = parse_expr(p);
		if (when[n++] == NULL)
			return false;
	} while (accept(p, ','));
	if (!parse_expect(p, KW_THEN))
		return false;
	struct ast_expr *then = parse_expr(p);
	if (then == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!parse_push(p, when[i]) || !parse_push(p, then))
			return false;
	return true;
}

static struct ast_expr *case_primary(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_CASE, p->t->offset);
	struct ast_expr *operand = NULL, *otherwise = NULL;
	uint32_t from = p->n_stack;

	if (e == NULL)
		return NULL;
	advance(p);
	if (p->t->code != KW_WHEN) {
		operand = parse_expr(p);
		if (operand == NULL)
			return NULL;
	}
	if (!parse_push(p, operand) || !parse_expect(p, KW_WHEN))
		return NULL;
	do {
		if (!case_branch(p))
			return NULL;
	} while (accept(p, KW_WHEN));
	if (accept(p, KW_ELSE)) {
		otherwise = parse_expr(p);
		if (otherwise == NULL)
			return NULL;
	}
	if (!parse_push(p, otherwise) || !parse_expect(p, KW_END))
		return NULL;
	e->args = parse_pop_list(p, from, &e->n_args);
	return parse_expr_done(p, e);
}

static struct ast_expr *cast_primary(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_CAST, p->t->offset);

	p->t += 2;
	struct ast_expr *value = parse_expr(p);
	if (e == NULL || value == NULL || !parse_expect(p, KW_AS))
		return NULL;
	e->type = parse_type(p);
	if (e->type == NULL || !parse_expect(p, ')'))
		return NULL;
	return parse_expr_args(p, e, 1, value);
}

/* LET a = 1, b = 2 IN e END */
static struct ast_expr *let_primary(struct parser *p)
{
	struct ast_expr *e = parse_expr_new(p, AST_LET_IN, p->t->offset);
	uint32_t names = p->n_stack, n_names, n_values = 0;
	struct ast_expr *values[32], *value = NULL;

	if (e == NULL)
		return NULL;
	advance(p);
	do {
		struct ast_name *name = NODE(p, struct ast_name);
		if (n_values == ARRAY_LEN(values))
			return parse_fail(p, p->t->offset, "more than %zu names in one LET .. IN",
					  ARRAY_LEN(values));
		if (name == NULL || !parse_variable(p, name) || !parse_push(p, name) ||
		    !parse_expect(p, '='))
			return NULL;
		/* `IN` ends the definitions; a membership test needs its parentheses here. */
		value = parse_let_value(p);
		if (value == NULL)
			return NULL;
		values[n_values++] = value;
	} while (accept(p, ','));
	if (!parse_expect(p, KW_IN))
		return NULL;
	struct ast_expr *body = parse_expr(p);
	if (body == NULL || !parse_expect(p, KW_END))
		return NULL;
	e->keys = parse_pop_array(p, names, sizeof(struct ast_name), &n_names);
	if (e->keys == NULL)
		return NULL;
	uint32_t from = p->n_stack;
	for (uint32_t i = 0; i < n_values; i++)
		if (!parse_push(p, values[i]))
			return NULL;
	if (!parse_push(p, body))
		return NULL;
	e->args = parse_pop_list(p, from, &e->n_args);
	return parse_expr_done(p, e);
}

/* ---- subqueries ---------------------------------------------------------------------------------
 */

/* WORD {query}; also EXISTS (MATCH ..). */
static struct ast_expr *subquery(struct parser *p, enum ast_expr_kind kind)
{
	uint32_t offset = p->t->offset;
	bool writes = p->writes;
	unsigned no_bar = p->no_bar;

	advance(p);
	uint16_t close = p->t->code == '(' ? ')' : '}';
	uint16_t outer = parse_height_begin(p);
	advance(p);
	p->no_bar = 0;
	const struct ast_query *q = parse_braced_query(p, close);
	p->no_bar = no_bar;
	if (q == NULL)
		return NULL;
	if (q->writes)
		return parse_fail(p, offset, "a subquery in an expression cannot change the graph");
	p->writes = writes;
	struct ast_expr *e = parse_expr_new(p, kind, offset);
	parse_height_end(p, outer, e);
	if (e == NULL)
		return NULL;
	e->query = q;
	return parse_expr_done(p, e);
}

/* EXISTS ((a)-->(b) WHERE ..); exists(pattern) of Cypher. NULL without an error: a call. */
static struct ast_expr *exists_pattern(struct parser *p)
{
	const struct attempt from = parse_attempt(p);
	uint32_t offset = p->t->offset;
	uint16_t outer = parse_height_begin(p);
	const struct ast_query *q = NULL;

	p->t += 2;
	const struct ast_pattern *pattern = parse_graph_pattern(p);
	if (pattern != NULL && pattern->paths[0]->terms[0]->n_parts + pattern->n_paths > 2 &&
	    parse_expect(p, ')'))
		q = parse_query_of(p, pattern);
	struct ast_expr *e = q != NULL ? parse_expr_new(p, AST_EXISTS, offset) : NULL;
	parse_height_end(p, outer, e);
	if (e == NULL) {
		(void)parse_undo(p, &from);
		return NULL;
	}
	e->query = q;
	return parse_expr_done(p, e);
}

static struct ast_expr *exists_primary(struct parser *p)
{
	uint16_t next = peek_at(p, 1), inner = peek_at(p, 2);

	if (next == '{' || (next == '(' && (inner == KW_MATCH || inner == KW_OPTIONAL)))
		return subquery(p, AST_EXISTS);
	return next == '(' && inner == '(' ? exists_pattern(p) : NULL;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static struct ast_expr *constant(struct parser *p, struct value v)
{
	struct ast_expr *e = parse_expr_new(p, AST_LITERAL, p->t->offset);

	if (e == NULL)
		return NULL;
	e->value = v;
	e->i_token = AST_NO_TOKEN;
	advance(p);
	return parse_expr_done(p, e);
}

/* DATE '2020-02-29' */
static struct ast_expr *temporal(struct parser *p, enum value_kind kind)
{
	struct ast_expr *e = parse_expr_new(p, AST_TEMPORAL, p->t->offset);

	if (e == NULL || ahead(p, 1)->kind != TOKEN_STRING)
		return NULL;
	e->sub = (uint8_t)kind;
	advance(p);
	enum status st = gql_token_value(p->a, p->text, p->t, &e->value, p->d);
	if (st != ST_OK) {
		p->status = st;
		return NULL;
	}
	e->i_token = (uint32_t)(p->t - p->first);
	advance(p);
	return parse_expr_done(p, e);
}

static struct ast_expr *shortest(struct parser *p)
{
	uint32_t offset = p->t->offset;
	uint16_t outer = parse_height_begin(p);
	const struct ast_pattern *pattern = parse_try_pattern(p, false);
	struct ast_expr *e = pattern != NULL ? parse_expr_new(p, AST_SHORTEST, offset) : NULL;

	parse_height_end(p, outer, e);
	if (e == NULL)
		return NULL;
	e->pattern = pattern;
	return parse_expr_done(p, e);
}

/* word[a, b]: a constructor; word[0] is an element of a variable that is called so. */
static bool is_constructor(const struct parser *p)
{
	unsigned depth = 0;

	if (peek_at(p, 1) != '[')
		return false;
	if (peek_at(p, 2) == ']')
		return true;
	for (const struct token *t = p->t + 1; t < p->end; t++) {
		if (t->code == '(' || t->code == '[' || t->code == '{')
			depth++;
		else if ((t->code == ')' || t->code == ']' || t->code == '}') && --depth == 0)
			return false;
		else if (t->code == ',' && depth == 1)
			return true;
	}
	return false;
}

static struct ast_expr *constructor(struct parser *p, enum ast_expr_kind kind)
{
	uint32_t offset = p->t->offset;

	if (!is_constructor(p))
		return NULL;
	advance(p);
	struct ast_expr *e = parse_list(p, offset);
	if (e != NULL)
		e->kind = (uint8_t)kind;
	return e;
}

static bool is_iteration(const struct parser *p)
{
	return peek_at(p, 1) == '(' && parse_is_variable(ahead(p, 2)) && peek_at(p, 3) == KW_IN;
}

static bool opens_query(const struct parser *p)
{
	return peek_at(p, 1) == '{' && peek_at(p, 2) != '.';
}

static bool opens_map(const struct parser *p)
{
	return peek_at(p, 1) == '{' && (peek_at(p, 3) == ':' || peek_at(p, 2) == '}');
}

/* The words that open a construct only in front of a certain bracket; elsewhere they are names. */
static struct ast_expr *bracketed_word(struct parser *p)
{
	switch (p->t->code) {
	case KW_ALL:
		return is_iteration(p) ? parse_quantified(p, AST_ALL) : NULL;
	case KW_ANY:
		return is_iteration(p) ? parse_quantified(p, AST_ANY) : NULL;
	case KW_NONE:
		return is_iteration(p) ? parse_quantified(p, AST_NONE) : NULL;
	case KW_SINGLE:
		return is_iteration(p) ? parse_quantified(p, AST_SINGLE) : NULL;
	case KW_REDUCE:
		return peek_at(p, 1) == '(' && peek_at(p, 3) == '=' ? parse_reduce(p) : NULL;
	case KW_COUNT:
		return opens_query(p) ? subquery(p, AST_COUNT) : NULL;
	case KW_COLLECT:
		return opens_query(p) ? subquery(p, AST_COLLECT) : NULL;
	case KW_VALUE:
		return opens_query(p) ? subquery(p, AST_VALUE_QUERY) : NULL;
	case KW_TABLE:
		return opens_query(p) ? subquery(p, AST_TABLE_QUERY) : NULL;
	case KW_SHORTESTPATH:
	case KW_ALLSHORTESTPATHS:
		return peek_at(p, 1) == '(' ? shortest(p) : NULL;
	case KW_PATH:
		return constructor(p, AST_PATH);
	case KW_LIST:
	case KW_ARRAY:
		return constructor(p, AST_LIST);
	case KW_RECORD:
		return opens_map(p) ? (advance(p), parse_map(p)) : NULL;
	case KW_CAST:
		return peek_at(p, 1) == '(' ? cast_primary(p) : NULL;
	case KW_TRIM:
		return peek_at(p, 1) == '(' && call_has_from(p) ? trim_call(p) : NULL;
	case KW_NORMALIZE:
		return peek_at(p, 1) == '(' ? normalize_call(p) : NULL;
	default:
		return NULL;
	}
}

struct ast_expr *parse_keyword(struct parser *p)
{
	switch (p->t->code) {
	case KW_TRUE:
		return constant(p, value_bool(true));
	case KW_FALSE:
		return constant(p, value_bool(false));
	case KW_NULL:
	case KW_UNKNOWN:
		return constant(p, VALUE_NULL);
	case KW_CASE:
		return case_primary(p);
	case KW_EXISTS:
		return exists_primary(p);
	case KW_LET:
		return peek_at(p, 2) == '=' ? let_primary(p) : NULL;
	case KW_DATE:
		return temporal(p, V_DATE);
	case KW_TIME:
		return temporal(p, V_ZONED_TIME);
	case KW_DATETIME:
	case KW_TIMESTAMP:
		return temporal(p, V_ZONED_DATETIME);
	case KW_DURATION:
		return temporal(p, V_DURATION);
	case KW_CURRENT_DATE:
	case KW_CURRENT_TIME:
	case KW_CURRENT_TIMESTAMP:
	case KW_LOCAL_TIMESTAMP:
	case KW_SESSION_USER:
	case KW_CURRENT_USER:
		return bare_call(p);
	default:
		return bracketed_word(p);
	}
}
