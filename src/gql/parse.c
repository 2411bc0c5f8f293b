/* The parser's frame: tokens, lists, names, errors, and the statement as a whole. */
#include "gql/parse_int.h"

#include <stdio.h>

#define HINT_DISTANCE_MAX 2 /* edits between what was written and what was meant */

/* ---- errors ---------------------------------------------------------------------------------- */

/* Whether the next token is as far as anything got; a further one makes the lists new. */
static bool trace_reaches(struct parser *p)
{
	struct trace *x = p->trace;

	if (x == NULL || p->t < x->at)
		return false;
	if (p->t > x->at) {
		x->at = p->t;
		x->n = x->n_words = 0;
	}
	return true;
}

static void add_text(struct str *list, uint32_t *n, struct str what)
{
	for (uint32_t i = 0; i < *n; i++)
		if (str_eq(list[i], what))
			return;
	if (*n < PARSE_EXPECTED_MAX)
		list[(*n)++] = what;
}

static void trace_add(struct parser *p, struct str what)
{
	if (trace_reaches(p))
		add_text(p->trace->expected, &p->trace->n, what);
}

void parse_trace_word(struct parser *p, uint16_t code)
{
	if (trace_reaches(p))
		add_text(p->trace->words, &p->trace->n_words, keyword_text(code));
}

void parse_trace_code(struct parser *p, uint16_t code)
{
	static const char quoted[] =
	    "'!''%''&''(' ')''*''+'','':'';''<''=''>''?''[' ']''^''{''|''}'"
	    "'~''-''.''/'";

	if (code > KW_BEFORE_FIRST) {
		trace_add(p, keyword_text(code));
		return;
	}
	for (const char *c = quoted; c[1] != '\0'; c++)
		if (c[0] == '\'' && (uint16_t)(unsigned char)c[1] == code && c[2] == '\'') {
			trace_add(p, (struct str){c, 3});
			return;
		}
}

void parse_trace_phrase(struct parser *p, const char *phrase)
{
	trace_add(p, str_of(phrase));
}

void *parse_error(struct parser *p, const char *phrase)
{
	if (phrase != NULL)
		parse_trace_phrase(p, phrase);
	if (!failed(p))
		p->status = ST_INVALID;
	return NULL;
}

void *parse_fail(struct parser *p, uint32_t offset, const char *fmt, ...)
{
	char message[DIAG_MESSAGE_MAX];
	va_list ap;

	if (failed(p))
		return NULL;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	p->status = diag_set(p->d, GQL_SYNTAX, offset, "%s", message);
	return NULL;
}

void *parse_no_memory(struct parser *p)
{
	if (!failed(p))
		p->status = arena_over_budget(p->a) ? ST_LIMIT : ST_NOMEM;
	return NULL;
}

bool parse_enter(struct parser *p)
{
	if (LIKELY(p->depth < GQL_DEPTH_MAX)) {
		p->depth++;
		return true;
	}
	if (!failed(p))
		p->status = diag_fail(p->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, p->t->offset,
				      "the statement nests deeper than %d levels (GQL_DEPTH_MAX)",
				      GQL_DEPTH_MAX);
	return false;
}

struct attempt parse_attempt(const struct parser *p)
{
	return (struct attempt){
	    .t = p->t,
	    .n_stack = p->n_stack,
	    .depth = p->depth,
	    .no_bar = p->no_bar,
	    .cacheable = p->cacheable,
	    .writes = p->writes,
	};
}

bool parse_undo(struct parser *p, const struct attempt *from)
{
	if (p->status != ST_OK && p->status != ST_INVALID)
		return false;
	p->status = ST_OK;
	diag_reset(p->d);
	p->t = from->t;
	p->n_stack = from->n_stack;
	p->depth = from->depth;
	p->no_bar = from->no_bar;
	p->cacheable = from->cacheable;
	p->writes = from->writes;
	return true;
}

static bool is_phrase(struct str s)
{
	return s.p[0] >= 'a' && s.p[0] <= 'z';
}

/* The word of the list that is nearest to what was written; ret_distance: how near, and improved.
 */
static void nearest_word(const struct str *list, uint32_t n, struct str found, struct str *ret,
			 unsigned *ret_distance)
{
	char up[KEYWORD_LENGTH_MAX];

	if (found.len > sizeof(up))
		return;
	for (size_t i = 0; i < found.len; i++)
		up[i] =
		    (char)(found.p[i] >= 'a' && found.p[i] <= 'z' ? found.p[i] - 32 : found.p[i]);
	for (uint32_t i = 0; i < n; i++) {
		if (is_phrase(list[i]) || list[i].p[0] == '\'' || list[i].len < 4)
			continue;
		unsigned k = str_distance((struct str){up, found.len}, list[i], HINT_DISTANCE_MAX);
		if (k < *ret_distance && k < list[i].len / 2) {
			*ret_distance = k;
			*ret = list[i];
		}
	}
}

static void hint_word(const struct parser *p, struct str found)
{
	const struct trace *x = p->trace;
	struct str best = STR_NULL;
	unsigned distance = HINT_DISTANCE_MAX + 1;

	nearest_word(x->expected, x->n, found, &best, &distance);
	nearest_word(x->words, x->n_words, found, &best, &distance);
	if (best.p != NULL)
		diag_hint(p->d, "did you mean " STR_FMT "?", STR_ARG(best));
}

/* Habits of other languages, by the two tokens at the error. */
static const struct {
	const char *before, *found;
	const char *hint;
} habits[] = {
    {"=", "=", "equality is written with one '='"},
    {"", "!", "inequality is written '<>'"},
    {"&", "&", "write AND"},
    {"", "&", "write AND"},
    {"", "HAVING", "write WITH .. WHERE, or RETURN .. NEXT FILTER .."},
    {"", "SELECT", "write MATCH .. RETURN"},
    {"", "FROM", "the graph is chosen with USE, patterns stand in MATCH"},
    {"", "DELETE", "DETACH and NODETACH stand before DELETE"},
    {"INSERT", "INTO", "write INSERT (:Label {key: value})"},
    {"", "UPDATE", "write MATCH .. SET .."},
    {"", ";", "one statement at a time"},
};

static void hint_habit(const struct parser *p, const struct token *t)
{
	struct str found = token_text(p->text, t), before = STR("");

	if (t != p->first)
		before = token_text(p->text, t - 1);
	for (size_t i = 0; i < ARRAY_LEN(habits); i++)
		if (str_eq_nocase(found, str_of(habits[i].found)) &&
		    (habits[i].before[0] == '\0' ||
		     str_eq_nocase(before, str_of(habits[i].before)))) {
			diag_hint(p->d, "%s", habits[i].hint);
			return;
		}
	if (t->kind == TOKEN_NAME || t->kind == TOKEN_KEYWORD)
		hint_word(p, found);
}

/* Phrases first, then words, then punctuation; each group in the order in which it was tried. */
static void put_expected(const struct trace *x, char *out, size_t size)
{
	size_t n = 0;
	uint32_t n_put = 0;

	out[0] = '\0';
	for (int group = 0; group < 3; group++)
		for (uint32_t i = 0; i < x->n; i++) {
			struct str s = x->expected[i];
			int g = is_phrase(s) ? 0 : s.p[0] == '\'' ? 2 : 1;
			if (g != group || n >= size)
				continue;
			const char *sep = n_put == 0 ? "" : n_put + 1 == x->n ? " or " : ", ";
			int k = snprintf(out + n, size - n, "%s" STR_FMT, sep, STR_ARG(s));
			n += k > 0 ? (size_t)k : 0;
			n_put++;
		}
}

void parse_trace_report(const struct parser *p)
{
	const struct token *t = p->trace->at;
	char expected[DIAG_MESSAGE_MAX - 100];
	char found[80];

	if (t == p->first)
		snprintf(expected, sizeof(expected), "a statement");
	else
		put_expected(p->trace, expected, sizeof(expected));
	if (t->kind == TOKEN_END)
		snprintf(found, sizeof(found), "unexpected end of the statement");
	else
		snprintf(found, sizeof(found), "unexpected '%.*s'", (int)MIN_OF(t->length, 60u),
			 p->text.p + t->offset);
	diag_set(p->d, GQL_SYNTAX, t->offset, "%s%s%s", found,
		 expected[0] != '\0' ? ", expected " : "", expected);
	p->d->length = t->length;
	hint_habit(p, t);
}

/* ---- tokens and names ------------------------------------------------------------------------ */

bool parse_expect(struct parser *p, uint16_t code)
{
	if (accept(p, code))
		return true;
	parse_error(p, NULL);
	return false;
}

static bool is_word(const struct token *t)
{
	return t->kind == TOKEN_NAME || t->kind == TOKEN_KEYWORD || t->kind == TOKEN_QUOTED;
}

void parse_take_name(struct parser *p, struct ast_name *ret)
{
	const struct token *t = p->t;

	ret->text =
	    LIKELY(t->kind != TOKEN_QUOTED && t->kind != TOKEN_STRING && t->kind != TOKEN_PARAM)
		? token_text(p->text, t)
		: token_name(p->a, p->text, t);
	ret->offset = t->offset;
	ret->length = t->length;
	if (token_is_lifted(t))
		p->cacheable = false;
	if (ret->text.p == NULL)
		parse_no_memory(p);
	else if (ret->text.len == 0)
		parse_fail(p, t->offset, "a name cannot be empty");
	advance(p);
}

/* "x" is a name of ISO GQL where a string cannot stand. */
bool parse_any_name(struct parser *p, const char *phrase, struct ast_name *ret)
{
	bool quoted = p->t->kind == TOKEN_STRING && p->text.p[p->t->offset] == '"';

	if (LIKELY(is_word(p->t) || quoted)) {
		parse_take_name(p, ret);
		return !failed(p);
	}
	parse_error(p, phrase);
	return false;
}

bool parse_is_variable(const struct token *t)
{
	return is_word(t) && !keyword_is_reserved(t->code);
}

bool parse_variable(struct parser *p, struct ast_name *ret)
{
	if (!is_word(p->t)) {
		parse_error(p, "a variable");
		return false;
	}
	parse_take_name(p, ret);
	return !failed(p);
}

bool parse_dotted_name(struct parser *p, const char *phrase, struct ast_name *ret)
{
	uint32_t from = p->t->offset;

	if (!parse_any_name(p, phrase, ret))
		return false;
	while (accept(p, '.')) {
		struct ast_name next = {0};
		if (!parse_any_name(p, "a name", &next))
			return false;
		ret->text =
		    arena_printf(p->a, STR_FMT "." STR_FMT, STR_ARG(ret->text), STR_ARG(next.text));
		if (ret->text.p == NULL)
			return parse_no_memory(p);
	}
	ret->length = length_since(p, from);
	return true;
}

bool parse_name_list(struct parser *p, struct ast_name **ret, uint32_t *ret_n)
{
	uint32_t from = p->n_stack;

	do {
		struct ast_name *n = NODE(p, struct ast_name);
		if (n == NULL || !parse_variable(p, n) || !parse_push(p, n))
			return false;
	} while (accept(p, ','));
	*ret = parse_pop_array(p, from, sizeof(struct ast_name), ret_n);
	return !failed(p);
}

/* ---- nodes and lists ------------------------------------------------------------------------- */

void *parse_alloc(struct parser *p, size_t size)
{
	void *n = arena_zalloc(p->a, size);

	return n != NULL ? n : parse_no_memory(p);
}

bool parse_push(struct parser *p, void *item)
{
	if (UNLIKELY(p->n_stack == p->cap_stack)) {
		uint32_t cap = p->cap_stack * 2;
		void **stack = arena_alloc(p->a, cap * sizeof(*stack));
		if (stack == NULL)
			return parse_no_memory(p);
		memcpy(stack, p->stack, p->n_stack * sizeof(*stack));
		p->stack = stack;
		p->cap_stack = cap;
	}
	p->stack[p->n_stack++] = item;
	return true;
}

void *parse_pop_list(struct parser *p, uint32_t from, uint32_t *ret_n)
{
	uint32_t n = p->n_stack - from;

	if (n == 0 || failed(p))
		return NULL;
	void *list = arena_dup(p->a, p->stack + from, n * sizeof(*p->stack));
	if (list == NULL)
		return parse_no_memory(p);
	p->n_stack = from;
	*ret_n = n;
	return list;
}

void *parse_pop_array(struct parser *p, uint32_t from, size_t size, uint32_t *ret_n)
{
	uint32_t n = p->n_stack - from;

	if (n == 0 || failed(p))
		return NULL;
	if (n == 1) { /* it stands alone in the arena already */
		p->n_stack = from;
		*ret_n = 1;
		return p->stack[from];
	}
	char *array = arena_alloc(p->a, n * size);
	if (array == NULL)
		return parse_no_memory(p);
	for (uint32_t i = 0; i < n; i++)
		memcpy(array + i * size, p->stack[from + i], size);
	p->n_stack = from;
	*ret_n = n;
	return array;
}

/* ---- statement ------------------------------------------------------------------------------- */

static struct ast_statement *query_statement(struct parser *p)
{
	struct ast_statement *st = NODE(p, struct ast_statement);

	if (st == NULL)
		return NULL;
	st->kind = AST_QUERY;
	if (accept(p, KW_EXPLAIN))
		st->explain = AST_EXPLAIN;
	else if (accept(p, KW_PROFILE))
		st->explain = AST_PROFILE;
	st->query = parse_query(p);
	return failed(p) ? NULL : st;
}

static struct ast_statement *statement(struct parser *p)
{
	struct ast_statement *st = parse_ddl(p);

	if (st == NULL && !failed(p))
		st = parse_session(p);
	if (st == NULL && !failed(p))
		st = query_statement(p);
	if (failed(p))
		return NULL;
	(void)accept(p, ';');
	if (p->t != p->end)
		return parse_error(p, "end of the statement");
	st->cacheable = p->cacheable;
	st->n_tokens = (uint32_t)(p->end - p->first);
	return st;
}

static enum status run(struct arena *a, struct str text, const struct token_list *tokens,
		       struct trace *trace, struct ast_statement **ret, struct diag *d)
{
	void *stack[32];
	struct parser p = {
	    .t = tokens->v,
	    .first = tokens->v,
	    .end = tokens->v + tokens->n,
	    .a = a,
	    .text = text,
	    .cacheable = true,
	    .stack = stack,
	    .cap_stack = ARRAY_LEN(stack),
	    .trace = trace,
	    .d = d,
	};
	struct ast_statement *st = statement(&p);

	if (failed(&p)) {
		if (p.status == ST_INVALID && trace != NULL && !diag_is_set(d))
			parse_trace_report(&p);
		return p.status;
	}
	*ret = st;
	return ST_OK;
}

enum status gql_parse_tokens(struct arena *a, struct str text, const struct token_list *tokens,
			     struct ast_statement **ret, struct diag *d)
{
	if (tokens->n == 0)
		return diag_set(d, GQL_SYNTAX, 0, "the statement is empty");

	struct arena_mark mark = arena_mark(a);
	enum status st = run(a, text, tokens, NULL, ret, d);
	if (st != ST_INVALID || diag_is_set(d))
		return st;
	arena_rewind(a, mark);
	struct trace trace = {.at = tokens->v};
	st = run(a, text, tokens, &trace, ret, d);
	BUG_ON(st == ST_OK); /* both runs take the same way */
	return st;
}

enum status gql_parse(struct arena *a, struct str text, struct ast_statement **ret, struct diag *d)
{
	struct token_list tokens = {0};

	TRY(gql_lex(a, text, &tokens, d));
	return gql_parse_tokens(a, text, &tokens, ret, d);
}
