/* Cutting a text into statements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tools/geode/split.h"

/* The statements of a text, each behind '|'; an end without ';' behind '~'. */
static const char *cut(const char *z)
{
	static char out[512];
	struct str text = str_of(z), one;
	size_t used, n = 0;

	out[0] = 0;
	while (text.len != 0) {
		const bool whole = statement_next(text, &one, &used);
		if (!statement_is_empty(one))
			n += (size_t)snprintf(out + n, sizeof out - n, "%s" STR_FMT,
					      whole ? "|" : "~", STR_ARG(one));
		text = (struct str){text.p + used, text.len - used};
	}
	return out;
}

static void test_cut(void **state)
{
	assert_string_equal(cut("A; B ;C"), "|A|B~C");
	assert_string_equal(cut("RETURN ';', \"a;\\\";\", `x;`; B;"),
			    "|RETURN ';', \"a;\\\";\", `x;`|B");
	assert_string_equal(cut("A // x; y\n; B /* ; */ C;"), "|A // x; y|B /* ; */ C");
	assert_string_equal(cut("-- it's one; comment\nA;"), "|-- it's one; comment\nA");
	assert_string_equal(cut("MATCH (a)-->(b);MATCH (a)--(b);MATCH (a)<--(b);X;"),
			    "|MATCH (a)-->(b)|MATCH (a)--(b)|MATCH (a)<--(b)|X");
	assert_string_equal(cut("RETURN 'open; B"), "~RETURN 'open; B");
	assert_string_equal(cut(";;  ;\n"), "");
}

static void test_empty(void **state)
{
	assert_true(statement_is_empty(STR("")));
	assert_true(statement_is_empty(STR(" \n// only this\n /* and */ -- that")));
	assert_false(statement_is_empty(STR("// x\n A")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
