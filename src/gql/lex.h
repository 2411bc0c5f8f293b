/* gql/lex.h - tokens: what lexer and parser share below the door.
 *
 * Room: gql, private. */
#ifndef GQL_LEX_H
#define GQL_LEX_H

#include "gql/gql.h"

/* Numbered above every character, so that one field of a token tells punctuation from keywords. */
enum keyword {
	KW_BEFORE_FIRST = 127,
#define KEYWORD(name, reserved, slot) KW_##name,
#include "gql/keyword.def"
#undef KEYWORD
	KW_END_OF_LIST,
};

#define KEYWORD_SLOTS 4096
#define KEYWORD_LENGTH_MAX 22

/* An INT of fewer characters fits, in any base; longer ones may do so only behind a minus sign. */
#define INT_DIGITS_SAFE 18

/* Upper-case text of a keyword. */
struct str keyword_text(uint16_t code);
bool keyword_is_reserved(uint16_t code);
/* The keyword that s is in any case, 0: none. */
uint16_t keyword_find(struct str s);
/* The slot that keyword.def must give for an upper-case text of two letters or more. */
uint32_t keyword_hash(const char *s, size_t len);

/* The name that a token spells, without quotes or the $ of a parameter. p NULL: no memory. */
struct str token_name(struct arena *a, struct str text, const struct token *t);

/* The value of a TOKEN_INT; with `negative` that of its negation, which may be INT64_MIN. 42001. */
enum status token_int(struct str text, const struct token *t, bool negative, int64_t *ret,
		      struct diag *d) MUST_CHECK;

static inline struct str token_text(struct str text, const struct token *t)
{
	return (struct str){text.p + t->offset, t->length};
}

#endif
