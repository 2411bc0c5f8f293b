/* The tree as text: canonical forms, and that they give the same text again. */
#include "gql_test.h"
#include "texts.h"

static void print(struct buf *b, const char *text)
{
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	buf_reset(b);
	gql_print(b, parse_ok(&a, text));
	assert_true(buf_ok(b));
	arena_release(&a);
}

static void test_canonical(void **state)
{
	struct buf once, twice;

	buf_init(&once, MEM_QUERY, 0);
	buf_init(&twice, MEM_QUERY, 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		print(&once, texts[i].text);
		assert_string_equal(buf_cstr(&once), texts[i].canonical);
		print(&twice, buf_cstr(&once));
		assert_string_equal(buf_cstr(&twice), texts[i].canonical);
	}
	buf_release(&once);
	buf_release(&twice);
}

/* Long chains keep their order and print to what gives the same tree. */
static void test_chains(void **state)
{
	struct buf text, once, twice;

	buf_init(&text, MEM_QUERY, 0);
	buf_init(&once, MEM_QUERY, 0);
	buf_init(&twice, MEM_QUERY, 0);
	buf_puts(&text, "MATCH (n) WHERE n.x = 0");
	for (int i = 1; i < 3000; i++)
		buf_printf(&text, " OR n.x = %d", i);
	buf_puts(&text, " RETURN n");
	print(&once, buf_cstr(&text));
	print(&twice, buf_cstr(&once));
	assert_string_equal(buf_cstr(&once), buf_cstr(&twice));
	buf_release(&text);
	buf_release(&once);
	buf_release(&twice);
}

static void test_no_memory(void **state)
{
	struct arena a;
	struct buf b;

	arena_init(&a, MEM_QUERY, NULL);
	const struct ast_statement *st = parse_ok(&a, "MATCH (n {a: 'b'}) RETURN n.x + 1");
	buf_init(&b, MEM_QUERY, 8);
	gql_print(&b, st);
	assert_false(buf_ok(&b));
	buf_release(&b);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_canonical),
	    cmocka_unit_test(test_chains),
	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
