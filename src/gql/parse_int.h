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
	unsigned muted;				 /* inside a group that is named as a whole */
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

void trace_code(struct parser *p, uint16_t code);
void trace_phrase(struct parser *p, const char *phrase);
static inline void trace_mute(struct parser *p, int by)
{
	if (UNLIKELY(p->trace != NULL))
		p->trace->muted += (unsigned)by;
}

static inline bool accept(struct parser *p, uint16_t code)
{
	if (p->t->code == code) {
		p->t++; /* TOKEN_END has code 0, which nobody accepts */
		return true;
	}
	if (UNLIKELY(p->trace != NULL))
		trace_code(p, code);
	return false;
}
/* The punctuation c directly behind the token before it. */
static inline bool accept_joined(struct parser *p, uint16_t c)
{
	return (p->t->flags & TOKEN_JOINED) != 0 && accept(p, c);
}
bool expect(struct parser *p, uint16_t code);
bool expect_kind(struct parser *p, enum token_kind kind, const char *phrase);

/* ---- errors ---------------------------------------------------------------------------------- */

/* A plain syntax error here; returns NULL for the caller to pass on. */
void *syntax_error(struct parser *p, const char *phrase);
/* An error with a text of its own at a token. */
void *parse_fail(struct parser *p, uint32_t offset, const char *fmt, ...) PRINTF_LIKE(3, 4);
void *no_memory(struct parser *p);
/* Composes the message of a traced run. */
void trace_report(const struct parser *p);

static inline bool failed(const struct parser *p)
{
	return p->status != ST_OK;
}

/* Around every rule that can nest in itself. */
bool enter(struct parser *p);
static inline void leave(struct parser *p)
{
	p->depth--;
}

/* A place to come back to when an attempt fails. Only plain and worded syntax errors can be taken
 * back; a limit or missing memory stands. */
struct attempt {
	const struct token *t;
	uint32_t n_stack;
	unsigned depth, muted, no_bar;
	bool cacheable, writes;
};
struct attempt attempt_begin(const struct parser *p);
/* True: the parser is back where it was. False: the error stands. */
bool attempt_undo(struct parser *p, const struct attempt *from);

/* ---- nodes and lists ------------------------------------------------------------------------- */

void *node_alloc(struct parser *p, size_t size);
#define NODE(p, type) ((type *)node_alloc((p), sizeof(type)))

bool push(struct parser *p, void *item);
/* The pointers pushed since n_stack was `from`, as an array in the arena; NULL when there are none
 * or after an error. */
void *pop_list(struct parser *p, uint32_t from, uint32_t *ret_n);
/* The same where each item is a struct of `size` bytes: copied side by side. */
void *pop_array(struct parser *p, uint32_t from, size_t size, uint32_t *ret_n);

static inline uint32_t length_since(const struct parser *p, uint32_t offset)
{
	const struct token *last = p->t - 1;
	return p->t == p->first ? 0 : last->offset + last->length - offset;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Any word, reserved or not, or a quoted name: after '.', ':', AS and in maps. */
bool any_name(struct parser *p, const char *phrase, struct ast_name *ret);
/* A variable: reserved words only where the caller has looked ahead. */
bool is_variable(const struct parser *p, const struct token *t);
bool variable(struct parser *p, struct ast_name *ret);
void take_name(struct parser *p, struct ast_name *ret);
/* a.b.c as one name. */
bool dotted_name(struct parser *p, const char *phrase, struct ast_name *ret);
bool name_list(struct parser *p, struct ast_name **ret, uint32_t *ret_n);

/* ---- chapters -------------------------------------------------------------------------------- */

/* parse_expr.c */
struct ast_expr *expression(struct parser *p);
/* An expression that an IN at its top level ends. */
struct ast_expr *let_value(struct parser *p);
struct ast_expr *map_or_param(struct parser *p); /* properties of an element */
struct ast_expr *expr_new(struct parser *p, enum ast_expr_kind kind, uint32_t offset);
/* Ends it at the token before p->t; sets length and height. */
struct ast_expr *expr_done(struct parser *p, struct ast_expr *e);
/* What the queries and patterns inside an expression count for its height: begin before them, end
 * with the node. */
uint16_t height_begin(struct parser *p);
void height_end(struct parser *p, uint16_t outer, struct ast_expr *e);
struct ast_expr *expr_args(struct parser *p, struct ast_expr *e, uint32_t n, ...);
bool expression_list(struct parser *p, uint16_t close, struct ast_expr ***ret, uint32_t *ret_n);
/* parse_list.c: lists and what looks like them */
struct ast_expr *bracket_primary(struct parser *p);
struct ast_expr *list_primary(struct parser *p, uint32_t offset);
struct ast_expr *quantified_primary(struct parser *p, enum ast_quantified which);
struct ast_expr *reduce_primary(struct parser *p);
/* parse_special.c: primaries that a word begins */
struct ast_expr *keyword_primary(struct parser *p); /* NULL without an error: an ordinary word */
struct ast_expr *call_primary(struct parser *p);
struct ast_expr *map_literal(struct parser *p);
/* parse_type.c */
const struct ast_type *value_type(struct parser *p);
/* parse_element.c */
const struct ast_label *label_expression(struct parser *p);
struct ast_part *part_new(struct parser *p, enum ast_part_kind kind);
struct ast_part *node_pattern(struct parser *p);
bool starts_edge(const struct parser *p);
struct ast_part *edge_pattern(struct parser *p);
bool element_where(struct parser *p, struct ast_part *x);
bool quantifier(struct parser *p, struct ast_part *x);
bool quantifier_bound(struct parser *p, uint32_t *ret);
/* parse_pattern.c */
const struct ast_pattern *graph_pattern(struct parser *p);
const struct ast_pattern *insert_pattern(struct parser *p);
const struct ast_path *merge_pattern(struct parser *p);
/* A pattern that stands in an expression: nodes joined by at least one edge, or shortestPath(..).
 * NULL without an error: there is none here, and nothing was taken. */
const struct ast_pattern *try_pattern(struct parser *p, bool with_var);
const struct ast_pattern *pattern_of_path(struct parser *p, const struct ast_path *path);
/* parse_query.c, parse_clause.c */
const struct ast_query *query(struct parser *p);
const struct ast_query *braced_query(struct parser *p, uint16_t close);
const struct ast_query *query_of_pattern(struct parser *p, const struct ast_pattern *pattern);
bool yield_items(struct parser *p, struct ast_item **ret, uint32_t *ret_n);
bool starts_clause(const struct parser *p);
struct ast_clause *clause(struct parser *p);
struct ast_clause *clause_new(struct parser *p, enum ast_clause_kind kind, uint32_t offset);
bool page_tail(struct parser *p, struct ast_page *ret);
struct ast_clause *projection_clause(struct parser *p);
struct ast_clause *write_clause(struct parser *p);
/* parse_ddl.c: NULL without an error: not a statement of that chapter */
struct ast_statement *ddl_statement(struct parser *p);
struct ast_statement *session_statement(struct parser *p);

#endif
