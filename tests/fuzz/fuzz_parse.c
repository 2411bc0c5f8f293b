/* tests/fuzz/fuzz_parse.c - the parser: any text gives a tree or an error with a place.
 *
 * What parses is printed, parsed again and printed again: both texts are the same. */
#include <stdlib.h>

#include "gql/gql.h"

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct arena *a, const struct ast_statement *st)
{
	struct ast_statement *again = NULL;
	struct buf once, twice;
	struct diag d;

	buf_init(&once, MEM_QUERY, 0);
	buf_init(&twice, MEM_QUERY, 0);
	diag_reset(&d);
	gql_print(&once, st);
	enum status r = gql_parse(a, buf_str(&once), &again, &d);
	/* printed parentheses count too: what is near a limit may pass it */
	CHECK(r == ST_OK || r == ST_LIMIT);
	if (r == ST_OK) {
		gql_print(&twice, again);
		CHECK(str_eq(buf_str(&once), buf_str(&twice)));
	}
	buf_release(&once);
	buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct ast_statement *st = NULL;
	struct arena a;
	struct diag d;

	arena_init(&a, MEM_QUERY, NULL);
	diag_reset(&d);
	enum status r = gql_parse(&a, text, &st, &d);
	if (r == ST_OK) {
		check_round_trip(&a, st);
	} else {
		CHECK(r == ST_INVALID || r == ST_LIMIT);
		CHECK(diag_is_set(&d) && d.message[0] != '\0');
		CHECK(d.offset == DIAG_NO_POSITION || d.offset <= size);
	}
	arena_release(&a);
	return 0;
}
