/* gql/gql.h - the door of the room: text to tokens, tokens to a tree, a tree back to text.
 *
 * Room:    gql.
 * Threads: all functions are pure.
 * Memory:  results lie in the arena and point into the text.
 * Errors:  ST_INVALID with 42001 (syntax), 22003 (a number that does not fit), 54001 or 54N01 (a
 * limit below) and the place in the diag; ST_NOMEM; ST_LIMIT when the arena's budget is spent. */
#ifndef GQL_GQL_H
#define GQL_GQL_H

#include "base/buf.h"
#include "gql/ast.h"

#define GQL_TEXT_MAX (16u << 20) /* bytes of a statement */
#define GQL_TOKENS_MAX (4u << 20)
#define GQL_DEPTH_MAX 400	   /* nesting of expressions, patterns and queries together */
#define GQL_HEIGHT_MAX 1000	   /* levels of one expression's tree */
#define GQL_COMPARE_MAX 64	   /* operands of a chain a < b < c */
#define GQL_NAME_MAX 16383	   /* bytes of a name */
#define GQL_QUANTIFIER_MAX 1000000 /* bound of a quantifier */

/* Punctuation is in small tokens: `]->` is three, and the parser joins neighbours by their offsets.
 * That way `a<-b` and `(a)<-[b]` need no state in the lexer. */
enum token_kind {
	TOKEN_END,
	TOKEN_NAME,    /* not a keyword */
	TOKEN_KEYWORD, /* code says which; most may serve as names */
	TOKEN_QUOTED,  /* `name` */
	TOKEN_STRING,  /* '..' or "..", @'..' without escapes */
	TOKEN_BYTES,   /* X'..' */
	TOKEN_INT,
	TOKEN_FLOAT,
	TOKEN_DECIMAL, /* 1.5M */
	TOKEN_PARAM,   /* $name, $1, $`x`; $$name has the flag */
	TOKEN_DOTDOT,  /* .. */
	TOKEN_PUNCT,   /* a single character: code */
};

enum token_flags {
	TOKEN_LIFTED = 1,    /* a literal whose value may change and the plan stays */
	TOKEN_ESCAPED = 2,   /* the text between the quotes is not the value yet */
	TOKEN_REFERENCE = 4, /* $$name */
	TOKEN_JOINED = 8,    /* nothing stands between it and the token before */
};

struct token {
	uint8_t kind;  /* enum token_kind */
	uint8_t flags; /* enum token_flags */
	uint16_t code; /* enum keyword, or the character of TOKEN_PUNCT; else 0 */
	uint32_t offset, length;
};

struct token_list {
	uint32_t n; /* without the TOKEN_END that v[n] is */
	const struct token *v;
};

static inline bool token_is_lifted(const struct token *t)
{
	return (t->flags & TOKEN_LIFTED) != 0;
}

enum status gql_lex(struct arena *a, struct str text, struct token_list *ret,
		    struct diag *d) MUST_CHECK;

/* The value of a literal token (string, bytes, number), of this or of another text that has the
 * same tokens: what the plan cache puts into a plan's parameters. */
enum status gql_token_value(struct arena *a, struct str text, const struct token *t,
			    struct value *ret, struct diag *d) MUST_CHECK;

/* One statement; a trailing semicolon is allowed. */
enum status gql_parse(struct arena *a, struct str text, struct ast_statement **ret,
		      struct diag *d) MUST_CHECK;
/* The same for a text that was split already. */
enum status gql_parse_tokens(struct arena *a, struct str text, const struct token_list *tokens,
			     struct ast_statement **ret, struct diag *d) MUST_CHECK;

/* Appends canonical text that parses to the same tree. */
void gql_print(struct buf *b, const struct ast_statement *st);
void gql_print_expr(struct buf *b, const struct ast_expr *e);
void gql_print_label(struct buf *b, const struct ast_label *l);

#endif
