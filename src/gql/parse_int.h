/* gql/parse_int.h - what the chapters of the parser share.
 *
 * Room:   gql, private.
 * Errors: sticky. A function that finds none of what it wants returns NULL or false, and p->status
 *         is set; its caller returns at once. The place of a plain syntax error is not kept while
 *         parsing: the text is parsed a second time with `trace` set, which collects what would
 * have been right at the furthest place reached. So a good statement pays nothing for messages. */
#ifndef GQL_PARSE_INT_H
#define GQL_PARSE_INT_H

#include "gql/lex.h"

#define PARSE_EXPECTED_MAX 24 /* alternatives that a message can name */

struct trace {
	const struct token *at; /* the furthest token that did not fit */
	uint32_t n;
	struct str expected[PARSE_EXPECTED_MAX]; /* a keyword, 'c', or a phrase */
	uint32_t n_words;
	struct str words[PARSE_EXPECTED_MAX]; /* that a phrase stands for, to find misspelt ones */
};

struct parser {
	const struct token *t; /* the next token */
	const struct token *first;
	const struct token *end; /* TOKEN_END */
	struct arena *a;
	struct str text;
	enum status status;
	unsigned depth;
	unsigned no_bar; /* inside [..  WHERE here | there]: a bar ends the expression */
	uint16_t height; /* of the highest expression of the query being parsed */
	bool cacheable;
	bool writes;	      /* of the query being parsed */
	uint8_t *not_pattern; /* bit per token: speculation found no pattern there */
	void **stack;	      /* unfinished lists */
	uint32_t n_stack, cap_stack;
	struct trace *trace; /* NULL in the first run */
	struct diag *d;
};

/* ---- tokens ---------------------------------------------------------------------------------- */

static inline uint16_t peek(const struct parser *p)
{
	return p->t->code;
}
static inline const struct token *ahead(const struct parser *p, uint32_t n)
{
	return (size_t)(p->end - p->t) > n ? p->t + n : p->end;
}
static inline uint16_t peek_at(const struct parser *p, uint32_t n)
{
	return ahead(p, n)->code;
}
static inline void advance(struct parser *p)
{
	if (p->t != p->end)
		p->t++;
}

void parse_trace_code(struct parser *p, uint16_t code);
void parse_trace_phrase(struct parser *p, const char *phrase);
void parse_trace_word(struct parser *p, uint16_t code);

static inline bool accept(struct parser *p, uint16_t code)
{
	if (p->t->code == code) {
		p->t++; /* TOKEN_END has code 0, which nobody accepts */
		return true;
	}
	if (UNLIKELY(p->trace != NULL))
		parse_trace_code(p, code);
	return false;
}
/* The punctuation c directly behind the token before it. */
static inline bool accept_joined(struct parser *p, uint16_t c)
{
	return (p->t->flags & TOKEN_JOINED) != 0 && accept(p, c);
}
bool parse_expect(struct parser *p, uint16_t code);

/* ---- errors ---------------------------------------------------------------------------------- */

/* A plain syntax error here; returns NULL for the caller to pass on. */
void *parse_error(struct parser *p, const char *phrase);
/* An error with a text of its own at a token. */
void *parse_fail(struct parser *p, uint32_t offset, const char *fmt, ...) PRINTF_LIKE(3, 4);
void *parse_no_memory(struct parser *p);
/* Composes the message of a traced run. */
void parse_trace_report(const struct parser *p);

static inline bool failed(const struct parser *p)
{
	return p->status != ST_OK;
}

/* Around every rule that can nest in itself. */
bool parse_enter(struct parser *p);
static inline void parse_leave(struct parser *p)
{
	p->depth--;
}

/* A place to come back to when an attempt fails. Only plain and worded syntax errors can be taken
 * back; a limit or missing memory stands. */
struct attempt {
	const struct token *t;
	uint32_t n_stack;
	unsigned depth, no_bar;
	bool cacheable, writes;
};
struct attempt parse_attempt(const struct parser *p);
/* True: the parser is back where it was. False: the error stands. */
bool parse_undo(struct parser *p, const struct attempt *from);

/* ---- nodes and lists ------------------------------------------------------------------------- */

void *parse_alloc(struct parser *p, size_t size);
#define NODE(p, type) ((type *)parse_alloc((p), sizeof(type)))

bool parse_push(struct parser *p, void *item);
/* The pointers pushed since n_stack was `from`, as an array in the arena; NULL when there are none
 * or after an error. */
void *parse_pop_list(struct parser *p, uint32_t from, uint32_t *ret_n);
/* The same where each item is a struct of `size` bytes: copied side by side. */
void *parse_pop_array(struct parser *p, uint32_t from, size_t size, uint32_t *ret_n);

static inline uint32_t length_since(const struct parser *p, uint32_t offset)
{
	const struct token *last = p->t - 1;
	return p->t == p->first ? 0 : last->offset + last->length - offset;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Any word, reserved or not, or a quoted name: after '.', ':', AS and in maps. */
bool parse_any_name(struct parser *p, const char *phrase, struct ast_name *ret);
/* A variable: reserved words only where the caller has looked ahead. */
bool parse_is_variable(const struct token *t);
bool parse_variable(struct parser *p, struct ast_name *ret);
void parse_take_name(struct parser *p, struct ast_name *ret);
/* a.b.c as one name. */
bool parse_dotted_name(struct parser *p, const char *phrase, struct ast_name *ret);
bool parse_name_list(struct parser *p, struct ast_name **ret, uint32_t *ret_n);

/* ---- chapters -------------------------------------------------------------------------------- */

/* parse_expr.c */
struct ast_expr *parse_expr(struct parser *p);
/* The operand of LET .. IN: up to the first comparison or IN. */
struct ast_expr *parse_let_value(struct parser *p);
struct ast_expr *parse_expr_new(struct parser *p, enum ast_expr_kind kind, uint32_t offset);
/* Ends it at the token before p->t; sets length and height. */
struct ast_expr *parse_expr_done(struct parser *p, struct ast_expr *e);
/* What the queries and patterns inside an expression count for its height: begin before them, end
 * with the node. */
uint16_t parse_height_begin(struct parser *p);
void parse_height_end(struct parser *p, uint16_t outer, struct ast_expr *e);
struct ast_expr *parse_expr_args(struct parser *p, struct ast_expr *e, uint32_t n, ...);
/* parse_primary.c */
struct ast_expr *parse_postfix(struct parser *p);
struct ast_expr *parse_test_new(struct parser *p, enum ast_test test, struct ast_expr *left);
struct ast_expr *parse_map_or_param(struct parser *p); /* properties of an element */
bool parse_expr_list(struct parser *p, uint16_t close, struct ast_expr ***ret, uint32_t *ret_n);
/* parse_list.c: lists and what looks like them */
struct ast_expr *parse_bracket(struct parser *p);
struct ast_expr *parse_list(struct parser *p, uint32_t offset);
struct ast_expr *parse_quantified(struct parser *p, enum ast_quantified which);
struct ast_expr *parse_reduce(struct parser *p);
/* parse_special.c: primaries that a word begins */
struct ast_expr *parse_keyword(struct parser *p); /* NULL without an error: an ordinary word */
struct ast_expr *parse_call(struct parser *p);
struct ast_expr *parse_map(struct parser *p);
/* parse_type.c */
const struct ast_type *parse_type(struct parser *p);
/* parse_element.c */
const struct ast_label *parse_label(struct parser *p);
struct ast_part *parse_part_new(struct parser *p, enum ast_part_kind kind);
struct ast_part *parse_node(struct parser *p);
bool parse_starts_edge(const struct parser *p);
struct ast_part *parse_edge(struct parser *p);
bool parse_element_where(struct parser *p, struct ast_part *x);
bool parse_quantifier(struct parser *p, struct ast_part *x);
bool parse_quantifier_bound(struct parser *p, uint32_t *ret);
/* parse_pattern.c */
const struct ast_pattern *parse_graph_pattern(struct parser *p);
const struct ast_pattern *parse_insert_pattern(struct parser *p);
const struct ast_path *parse_merge_pattern(struct parser *p);
/* A pattern that stands in an expression: nodes joined by at least one edge, or shortestPath(..).
 * NULL without an error: there is none here, and nothing was taken. */
const struct ast_pattern *parse_try_pattern(struct parser *p, bool with_var);
const struct ast_pattern *parse_pattern_of(struct parser *p, const struct ast_path *path);
/* parse_query.c, parse_clause.c */
const struct ast_query *parse_query(struct parser *p);
const struct ast_query *parse_braced_query(struct parser *p, uint16_t close);
const struct ast_query *parse_query_of(struct parser *p, const struct ast_pattern *pattern);
bool parse_yield(struct parser *p, struct ast_item **ret, uint32_t *ret_n);
bool parse_starts_clause(const struct parser *p);
struct ast_clause *parse_clause(struct parser *p);
struct ast_clause *parse_clause_new(struct parser *p, enum ast_clause_kind kind, uint32_t offset);
bool parse_page(struct parser *p, struct ast_page *ret);
struct ast_clause *parse_projection(struct parser *p);
struct ast_clause *parse_write(struct parser *p);
/* parse_ddl.c: NULL without an error: not a statement of that chapter */
struct ast_statement *parse_ddl(struct parser *p);
struct ast_statement *parse_session(struct parser *p);

#endif
