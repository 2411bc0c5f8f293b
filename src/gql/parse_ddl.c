/* Statements that are no queries: indexes, constraints, graphs, schemas, transactions, the session.
 */
#include "gql/parse_int.h"

static struct ast_statement *statement_new(struct parser *p, enum ast_statement_kind kind)
{
	struct ast_statement *st = NODE(p, struct ast_statement);

	if (st != NULL)
		st->kind = (uint8_t)kind;
	return st;
}

static struct ast_statement *done(const struct parser *p, struct ast_statement *st)
{
	return failed(p) ? NULL : st;
}

/* IF NOT EXISTS, IF EXISTS */
static bool if_exists(struct parser *p, bool not, bool *ret)
{
	if (p->t->code != KW_IF || (peek_at(p, 1) != KW_NOT && peek_at(p, 1) != KW_EXISTS))
		return true;
	advance(p);
	*ret = true;
	return (!not || parse_expect(p, KW_NOT)) && parse_expect(p, KW_EXISTS);
}

/* ---- indexes and constraints ----------------------------------------------------------------- */

static bool same_variable(struct parser *p, const struct ast_name *var)
{
	struct ast_name name = {0};

	if (!parse_variable(p, &name))
		return false;
	return str_eq(name.text, var->text) ||
	       parse_fail(p, name.offset, "unknown variable '" STR_FMT "'", STR_ARG(name.text));
}

/* (n:Label) or ()-[e:TYPE]-() */
static bool index_element(struct parser *p, struct ast_statement *st, struct ast_name *var)
{
	if (!parse_expect(p, '('))
		return false;
	st->index.on_edge = accept(p, ')');
	if (st->index.on_edge) {
		(void)accept(p, '<');
		if (!parse_expect(p, '-') || !parse_expect(p, '['))
			return false;
	}
	if (!parse_variable(p, var) || !parse_expect(p, ':') ||
	    !parse_any_name(p, "a label", &st->index.label))
		return false;
	if (!st->index.on_edge)
		return parse_expect(p, ')');
	if (!parse_expect(p, ']') || !parse_expect(p, '-'))
		return false;
	(void)accept(p, '>');
	return parse_expect(p, '(') && parse_expect(p, ')');
}

static bool set_keys(struct parser *p, struct ast_statement *st, uint32_t from)
{
	st->index.keys = parse_pop_array(p, from, sizeof(struct ast_name), &st->index.n_keys);
	return !failed(p);
}

/* n.a, n.b behind an optional parenthesis; var NULL: bare keys */
static bool index_keys(struct parser *p, struct ast_statement *st, const struct ast_name *var)
{
	bool parens = accept(p, '(');
	uint32_t from = p->n_stack;

	if (!parens && var == NULL)
		return parse_expect(p, '(');
	do {
		struct ast_name *key = NODE(p, struct ast_name);
		if (key == NULL ||
		    (var != NULL && (!same_variable(p, var) || !parse_expect(p, '.'))))
			return false;
		if (!parse_any_name(p, "a property name", key) || !parse_push(p, key))
			return false;
	} while (parens && accept(p, ','));
	return set_keys(p, st, from) && (!parens || parse_expect(p, ')'));
}

/* [:]Label(key, ..); ON is taken. */
static bool short_index(struct parser *p, struct ast_statement *st)
{
	(void)accept(p, ':');
	return parse_any_name(p, "a label", &st->index.label) && index_keys(p, st, NULL);
}

static bool optional_index_name(struct parser *p, struct ast_statement *st)
{
	bool exists = p->t->code == KW_IF && peek_at(p, 1) == KW_NOT;

	if (!exists && p->t->code != KW_FOR && p->t->code != KW_ON &&
	    !parse_any_name(p, "an index name", &st->index.name))
		return false;
	return if_exists(p, true, &st->index.if_exists);
}

/* INDEX is taken. */
static struct ast_statement *create_index(struct parser *p, bool ordered)
{
	struct ast_statement *st = statement_new(p, AST_CREATE_INDEX);
	struct ast_name var = {0};

	if (st == NULL || !optional_index_name(p, st))
		return NULL;
	st->index.ordered = ordered;
	if (accept(p, KW_ON))
		return short_index(p, st) ? done(p, st) : NULL;
	if (!parse_expect(p, KW_FOR) || !index_element(p, st, &var) || !parse_expect(p, KW_ON) ||
	    !index_keys(p, st, &var))
		return NULL;
	return done(p, st);
}

/* CONSTRAINT is taken. Both spellings: FOR .. REQUIRE and ON .. ASSERT. */
static struct ast_statement *create_constraint(struct parser *p)
{
	struct ast_statement *st = statement_new(p, AST_CREATE_CONSTRAINT);
	struct ast_name var = {0};

	if (st == NULL || !optional_index_name(p, st))
		return NULL;
	st->index.unique = true;
	if ((!accept(p, KW_FOR) && !parse_expect(p, KW_ON)) || !index_element(p, st, &var) ||
	    (!accept(p, KW_REQUIRE) && !parse_expect(p, KW_ASSERT)) || !index_keys(p, st, &var) ||
	    !parse_expect(p, KW_IS) || !parse_expect(p, KW_UNIQUE))
		return NULL;
	return done(p, st);
}

/* DROP INDEX name, DROP INDEX ON :Label(key), DROP CONSTRAINT name; the two words are taken. */
static struct ast_statement *drop_index(struct parser *p, enum ast_statement_kind kind)
{
	struct ast_statement *st = statement_new(p, kind);

	if (st == NULL)
		return NULL;
	if (kind == AST_DROP_INDEX && p->t->code == KW_ON && peek_at(p, 1) == ':') {
		advance(p);
		return short_index(p, st) ? done(p, st) : NULL;
	}
	if (!parse_any_name(p, "a name", &st->index.name) ||
	    !if_exists(p, false, &st->index.if_exists))
		return NULL;
	return done(p, st);
}

/* ---- graphs and schemas ---------------------------------------------------------------------- */

/* g, s.g, /a/b/g, ../g: as written. */
static bool object_path(struct parser *p, const char *phrase, struct ast_name *ret)
{
	uint32_t from = p->t->offset;

	if (p->t->code != '/' && p->t->code != '.' && p->t->kind != TOKEN_DOTDOT)
		return parse_dotted_name(p, phrase, ret);
	bool need_name = false;
	while (p->t->code == '/' || p->t->code == '.' || p->t->kind == TOKEN_DOTDOT || need_name) {
		if (need_name && p->t->kind != TOKEN_DOTDOT) {
			if (!parse_any_name(p, phrase, ret))
				return false;
			need_name = false;
			continue;
		}
		need_name = p->t->code == '/' && ahead(p, 1)->kind != TOKEN_END;
		advance(p);
	}
	ret->offset = from;
	ret->length = length_since(p, from);
	ret->text = (struct str){p->text.p + from, ret->length};
	return true;
}

static bool graph_reference(struct parser *p, struct ast_statement *st)
{
	switch (p->t->code) {
	case KW_HOME_GRAPH:
	case KW_HOME_PROPERTY_GRAPH:
	case KW_HOME_SCHEMA:
		st->graph.home = true;
		advance(p);
		return true;
	case KW_CURRENT_GRAPH:
	case KW_CURRENT_PROPERTY_GRAPH:
	case KW_CURRENT_SCHEMA:
		st->graph.current = true;
		advance(p);
		return true;
	default:
		return object_path(p, "a graph name", &st->graph.name);
	}
}

static bool of(struct parser *p)
{
	if (p->t->kind != TOKEN_NAME || !str_eq_nocase(token_text(p->text, p->t), STR("OF")))
		return parse_error(p, "OF");
	advance(p);
	return true;
}

/* { element types }: taken as it stands, because graphs of closed types are not made. */
static bool type_in_braces(struct parser *p, struct ast_name *ret)
{
	uint32_t from = p->t->offset, depth = 0;

	do {
		if (p->t->kind == TOKEN_END)
			return parse_error(p, "'}'");
		if (p->t->code == '{')
			depth++;
		else if (p->t->code == '}')
			depth--;
		advance(p);
	} while (depth > 0);
	ret->offset = from;
	ret->length = length_since(p, from);
	ret->text = (struct str){p->text.p + from, ret->length};
	return true;
}

static bool graph_type(struct parser *p, struct ast_statement *st)
{
	st->graph.typed = true;
	return p->t->code == '{' ? type_in_braces(p, &st->graph.type)
				 : object_path(p, "a graph type name", &st->graph.type);
}

/* [TYPED | ::] ANY [PROPERTY] [GRAPH], a graph type by name or in braces; LIKE g; AS COPY OF g */
static bool graph_contents(struct parser *p, struct ast_statement *st)
{
	if (accept(p, KW_LIKE)) {
		st->graph.typed = true;
		if (!object_path(p, "a graph name", &st->graph.like))
			return false;
	} else if (accept(p, KW_TYPED) || (accept(p, ':') && parse_expect(p, ':')) ||
		   p->t->code == KW_ANY || p->t->code == '{') {
		if (accept(p, KW_ANY)) {
			(void)accept(p, KW_PROPERTY);
			(void)accept(p, KW_GRAPH);
		} else if (!graph_type(p, st)) {
			return false;
		}
	}
	if (failed(p) || !accept(p, KW_AS))
		return !failed(p);
	return parse_expect(p, KW_COPY) && of(p) &&
	       object_path(p, "a graph name", &st->graph.copy_of);
}

/* The words up to GRAPH are taken. */
static struct ast_statement *create_graph(struct parser *p, bool or_replace)
{
	struct ast_statement *st = statement_new(p, AST_CREATE_GRAPH);

	if (st == NULL)
		return NULL;
	st->graph.or_replace = or_replace;
	if (!if_exists(p, true, &st->graph.if_exists) ||
	    !object_path(p, "a graph name", &st->graph.name) || !graph_contents(p, st))
		return NULL;
	return done(p, st);
}

/* CREATE GRAPH TYPE t [AS] {..}, t LIKE g, t AS COPY OF t; the words up to TYPE are taken. */
static struct ast_statement *create_graph_type(struct parser *p)
{
	struct ast_statement *st = statement_new(p, AST_CREATE_GRAPH_TYPE);

	if (st == NULL || !if_exists(p, true, &st->graph.if_exists) ||
	    !object_path(p, "a graph type name", &st->graph.name))
		return NULL;
	if (accept(p, KW_LIKE))
		return object_path(p, "a graph name", &st->graph.like) ? done(p, st) : NULL;
	bool as = accept(p, KW_AS);
	if (as && accept(p, KW_COPY)) {
		if (!of(p) || !object_path(p, "a graph type name", &st->graph.copy_of))
			return NULL;
		return done(p, st);
	}
	if (p->t->code != '{') {
		(void)parse_error(p, "'{'");
		return NULL;
	}
	return graph_type(p, st) ? done(p, st) : NULL;
}

static struct ast_statement *named_object(struct parser *p, enum ast_statement_kind kind)
{
	struct ast_statement *st = statement_new(p, kind);
	bool create = kind == AST_CREATE_SCHEMA;

	if (st == NULL || !if_exists(p, create, &st->graph.if_exists) ||
	    !object_path(p, "a name", &st->graph.name))
		return NULL;
	return done(p, st);
}

/* How many words from p->t on spell [PROPERTY] GRAPH; 0: they do not. */
static uint32_t graph_words(const struct parser *p, uint32_t i)
{
	if (peek_at(p, i) == KW_GRAPH)
		return i + 1;
	return peek_at(p, i) == KW_PROPERTY && peek_at(p, i + 1) == KW_GRAPH ? i + 2 : 0;
}

/* TYPE and a name: behind GRAPH, where TYPE alone is the name of a graph. */
static bool is_graph_type(const struct parser *p, uint32_t i)
{
	const struct token *t = ahead(p, i + 1);

	if (peek_at(p, i) != KW_TYPE)
		return false;
	return t->kind == TOKEN_NAME || t->kind == TOKEN_QUOTED || t->code == KW_IF ||
	       t->code == '/' || t->code == '.' || t->kind == TOKEN_DOTDOT;
}

static struct ast_statement *create(struct parser *p)
{
	uint16_t what = peek_at(p, 1), next = peek_at(p, 2);
	uint32_t n = graph_words(p, 1);

	if (next == '=')
		return NULL; /* a path variable */
	if (what == KW_INDEX) {
		p->t += 2;
		return create_index(p, false);
	}
	if ((what == KW_RANGE || what == KW_HASH) && next == KW_INDEX) {
		p->t += 3;
		return create_index(p, what == KW_RANGE);
	}
	if (what == KW_CONSTRAINT || (what == KW_UNIQUE && next == KW_CONSTRAINT)) {
		p->t += what == KW_CONSTRAINT ? 2 : 3;
		return create_constraint(p);
	}
	if (n != 0 && is_graph_type(p, n)) {
		p->t += n + 1;
		return create_graph_type(p);
	}
	if (n != 0) {
		p->t += n;
		return create_graph(p, false);
	}
	if (what == KW_OR && next == KW_REPLACE && graph_words(p, 3) != 0) {
		p->t += graph_words(p, 3);
		return create_graph(p, true);
	}
	if (what == KW_SCHEMA) {
		p->t += 2;
		return named_object(p, AST_CREATE_SCHEMA);
	}
	return NULL;
}

static struct ast_statement *drop(struct parser *p)
{
	uint32_t n = graph_words(p, 1);

	if (n != 0 && is_graph_type(p, n)) {
		p->t += n + 1;
		return named_object(p, AST_DROP_GRAPH_TYPE);
	}
	if (n != 0) {
		p->t += n;
		return named_object(p, AST_DROP_GRAPH);
	}
	advance(p);
	if (accept(p, KW_INDEX))
		return drop_index(p, AST_DROP_INDEX);
	if (accept(p, KW_CONSTRAINT))
		return drop_index(p, AST_DROP_CONSTRAINT);
	if (accept(p, KW_SCHEMA))
		return named_object(p, AST_DROP_SCHEMA);
	parse_trace_code(p, KW_GRAPH);
	return parse_error(p, NULL);
}

/* USE g as the whole statement. */
static struct ast_statement *use_alone(struct parser *p)
{
	const struct attempt from = parse_attempt(p);
	struct ast_statement *st = statement_new(p, AST_USE_GRAPH);

	advance(p);
	if (st != NULL && graph_reference(p, st) && (p->t == p->end || p->t->code == ';'))
		return st;
	(void)parse_undo(p, &from);
	return NULL;
}

struct ast_statement *parse_ddl(struct parser *p)
{
	switch (p->t->code) {
	case KW_CREATE:
		return create(p);
	case KW_DROP:
		return drop(p);
	case KW_USE:
		return use_alone(p);
	default:
		return NULL;
	}
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* READ ONLY, READ WRITE */
static struct ast_statement *begin(struct parser *p)
{
	struct ast_statement *st = statement_new(p, AST_BEGIN);

	if (st == NULL || !accept(p, KW_READ))
		return done(p, st);
	st->txn.has_mode = true;
	st->txn.read_only = accept(p, KW_ONLY);
	if (!st->txn.read_only && !parse_expect(p, KW_WRITE))
		return NULL;
	return done(p, st);
}

static void noise_word(struct parser *p)
{
	if (!accept(p, KW_TRANSACTION))
		(void)accept(p, KW_WORK);
}

static struct ast_statement *with_savepoint(struct parser *p, enum ast_statement_kind kind)
{
	struct ast_statement *st = statement_new(p, kind);

	return st != NULL && parse_any_name(p, "a savepoint name", &st->txn.name) ? st : NULL;
}

static struct ast_statement *rollback(struct parser *p)
{
	noise_word(p);
	if (!accept(p, KW_TO))
		return statement_new(p, AST_ROLLBACK);
	if (p->t->code == KW_SAVEPOINT && ahead(p, 1)->kind != TOKEN_END)
		advance(p);
	return with_savepoint(p, AST_ROLLBACK_TO);
}

/* ---- session --------------------------------------------------------------------------------- */

static bool parameter_name(struct parser *p, struct ast_statement *st)
{
	if (p->t->kind != TOKEN_PARAM)
		return parse_error(p, "a parameter");
	parse_take_name(p, &st->session.name);
	return !failed(p);
}

static struct ast_statement *session_graph(struct parser *p, enum ast_statement_kind kind)
{
	struct ast_statement *st = statement_new(p, kind);

	return st != NULL && graph_reference(p, st) ? done(p, st) : NULL;
}

/* VALUE [IF NOT EXISTS] $p [:: type] = e */
static struct ast_statement *session_value(struct parser *p)
{
	struct ast_statement *st = statement_new(p, AST_SESSION_SET_VALUE);

	if (st == NULL || !if_exists(p, true, &st->session.if_not_exists) || !parameter_name(p, st))
		return NULL;
	if (accept(p, KW_TYPED) || (accept(p, ':') && parse_expect(p, ':')))
		st->session.type = parse_type(p);
	if (failed(p) || !parse_expect(p, '='))
		return NULL;
	st->session.value = parse_expr(p);
	return done(p, st);
}

static struct ast_statement *session_set(struct parser *p)
{
	if (accept(p, KW_SCHEMA))
		return session_graph(p, AST_SESSION_SET_SCHEMA);
	if (accept(p, KW_PROPERTY))
		return parse_expect(p, KW_GRAPH) ? session_graph(p, AST_USE_GRAPH) : NULL;
	if (accept(p, KW_GRAPH))
		return session_graph(p, AST_USE_GRAPH);
	if (accept(p, KW_TIME)) {
		struct ast_statement *st = statement_new(p, AST_SESSION_SET_ZONE);
		if (st == NULL || !parse_expect(p, KW_ZONE))
			return NULL;
		st->session.value = parse_expr(p);
		return done(p, st);
	}
	return parse_expect(p, KW_VALUE) ? session_value(p) : NULL;
}

static struct ast_statement *session_reset(struct parser *p)
{
	struct ast_statement *st = statement_new(p, AST_SESSION_RESET);

	if (st == NULL)
		return NULL;
	bool all = accept(p, KW_ALL);
	if (accept(p, KW_PARAMETERS)) {
		st->session.reset = AST_RESET_PARAMS;
	} else if (accept(p, KW_CHARACTERISTICS) || all) {
		st->session.reset = AST_RESET_ALL;
	} else if (accept(p, KW_SCHEMA)) {
		st->session.reset = AST_RESET_SCHEMA;
	} else if (accept(p, KW_PROPERTY) ? parse_expect(p, KW_GRAPH) : accept(p, KW_GRAPH)) {
		st->session.reset = AST_RESET_GRAPH;
	} else if (accept(p, KW_TIME)) {
		st->session.reset = AST_RESET_ZONE;
		(void)parse_expect(p, KW_ZONE);
	} else if (accept(p, KW_PARAMETER) || p->t->kind == TOKEN_PARAM) {
		st->session.reset = AST_RESET_PARAM;
		(void)parameter_name(p, st);
	}
	return done(p, st);
}

static struct ast_statement *session(struct parser *p)
{
	if (accept(p, KW_SET))
		return session_set(p);
	if (accept(p, KW_RESET))
		return session_reset(p);
	return parse_expect(p, KW_CLOSE) ? statement_new(p, AST_SESSION_CLOSE) : NULL;
}

struct ast_statement *parse_session(struct parser *p)
{
	if (accept(p, KW_START))
		return parse_expect(p, KW_TRANSACTION) ? begin(p) : NULL;
	if (accept(p, KW_BEGIN)) {
		noise_word(p);
		return begin(p);
	}
	if (accept(p, KW_COMMIT)) {
		noise_word(p);
		return statement_new(p, AST_COMMIT);
	}
	if (accept(p, KW_ROLLBACK))
		return rollback(p);
	if (accept(p, KW_SAVEPOINT))
		return with_savepoint(p, AST_SAVEPOINT);
	if (accept(p, KW_RELEASE)) {
		if (p->t->code == KW_SAVEPOINT && ahead(p, 1)->kind != TOKEN_END)
			advance(p);
		return with_savepoint(p, AST_RELEASE);
	}
	return accept(p, KW_SESSION) ? session(p) : NULL;
}
