/* tests/fuzz/fuzz_lex.c - the lexer: any bytes give tokens in order, inside the text, or an error
 * with a place.
 *
 * Between two tokens stand white space and comments only, and a literal has a value or says why
 * not. */
#include <stdlib.h>

#include "gql/gql.h"

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(struct arena *a, struct str text, const struct token *t)
{
	struct value v;
	struct diag d;

	diag_reset(&d);
	enum status st = gql_token_value(a, text, t, &v, &d);
	CHECK(st == ST_OK || (st == ST_INVALID && diag_is_set(&d)));
	if (st == ST_INVALID)
		CHECK(d.offset >= t->offset && d.offset <= t->offset + t->length);
}

static void check_tokens(struct arena *a, struct str text, const struct token_list *tokens)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < tokens->n; i++) {
		const struct token *t = &tokens->v[i];
		CHECK(t->kind != TOKEN_END && t->length > 0);
		CHECK(t->offset >= end && t->offset + t->length <= text.len);
		CHECK(((t->flags & TOKEN_JOINED) != 0) == (i > 0 && t->offset == end));
		end = t->offset + t->length;
		if (t->kind >= TOKEN_STRING && t->kind <= TOKEN_DECIMAL)
			check_value(a, text, t);
		else
			CHECK(!token_is_lifted(t));
	}
	CHECK(tokens->v[tokens->n].kind == TOKEN_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct token_list tokens = {0};
	struct arena a;
	struct diag d;

	arena_init(&a, MEM_QUERY, NULL);
	diag_reset(&d);
	enum status st = gql_lex(&a, text, &tokens, &d);
	if (st == ST_OK) {
		check_tokens(&a, text, &tokens);
	} else {
		CHECK(diag_is_set(&d) && d.message[0] != '\0');
		CHECK(d.offset == DIAG_NO_POSITION || d.offset <= size);
	}
	arena_release(&a);
	return 0;
}
