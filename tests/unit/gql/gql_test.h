/* tests/unit/gql/gql_test.h - what the tests of the room share. */
#ifndef GQL_TEST_H
#define GQL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gql/gql.h"

/* Parses a copy of exactly n bytes, so that a sanitizer sees a read beyond them. */
static inline enum status parse_bytes(struct arena *a, const char *text, size_t n,
				      struct ast_statement **ret, struct diag *d)
{
	char *copy = arena_dup(a, text, n);

	assert_non_null(copy);
	diag_reset(d);
	return gql_parse(a, (struct str){copy, n}, ret, d);
}

static inline struct ast_statement *parse_ok(struct arena *a, const char *text)
{
	struct ast_statement *st = NULL;
	struct diag d;

	if (parse_bytes(a, text, strlen(text), &st, &d) != ST_OK)
		fail_msg("%s\n  at %u: %s", text, d.offset, d.message);
	return st;
}

#endif
