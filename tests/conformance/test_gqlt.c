/* The runner of text cases, against a target that answers by heart: what must fail does fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/gqlt.h"

static unsigned n_resets;

static bool reset(void *ctx)
{
	n_resets++;
	return true;
}

/* "two" gives two rows of two columns, "bad" an error, "broken" breaks, "echo" its parameter. */
static bool execute(void *ctx, struct arena *a, struct str text, const struct gqlt_param *params,
		    uint32_t n_params, struct gqlt_result *ret)
{
	static const struct str columns[] = {{"a", 1}, {"b|c", 3}};
	static const struct str cells[] = {{"1", 1}, {"'x'", 3}, {"2", 1}, {"'y'", 3}};

	ret->message = STR("no");
	if (str_eq(text, STR("broken")))
		return false;
	if (str_eq(text, STR("bad"))) {
		memcpy(ret->code, "42001", 6);
		ret->line = 1;
		ret->column = 3;
	} else if (str_eq(text, STR("two\nlines"))) {
		ret->n_columns = 2;
		ret->n_rows = 2;
		ret->columns = columns;
		ret->cells = cells;
	} else if (str_eq(text, STR("echo")) && n_params == 1) {
		ret->n_columns = ret->n_rows = 1;
		ret->columns = &params[0].name;
		ret->cells = &params[0].literal;
	}
	return true;
}

/* Whether a text is well-formed, and how many of its cases pass and fail. */
static void check(const char *text, bool ok, uint32_t passed, uint32_t failed)
{
	const struct gqlt_target target = {.reset = reset, .execute = execute};
	struct gqlt_counts counts = {0};
	char said[4096] = "";
	FILE *out = fmemopen(said, sizeof(said), "w");

	assert_non_null(out);
	bool got = gqlt_run_text("t", str_of(text), &target, out, &counts);
	fclose(out);
	if (got != ok || counts.passed != passed || counts.failed != failed)
		fail_msg("%s\n gives %d, %u passed, %u failed: %s", text, got, counts.passed,
			 counts.failed, said);
	assert_true((ok && failed == 0) == (said[0] == '\0'));
}

#define TWO "--- c\ntwo\nlines\n"

static void test_rows(void **state)
{
	check(TWO "=> rows in order\na | b\\|c\n1 | 'x'\n2 | 'y'\n", true, 1, 0);
	check(TWO "=> rows\na|b\\|c\n2|'y'\n1|'x'\n\n", true, 1, 0);
	check(TWO "=> rows in order\na | b\\|c\n2 | 'y'\n1 | 'x'\n", true, 0, 1);
	check(TWO "=> rows\na | b\\|c\n1 | 'x'\n", true, 0, 1);
	check(TWO "=> rows\na | b\\|c\n1 | 'x'\n2 | 'z'\n", true, 0, 1);
	check(TWO "=> rows\na | other\n1 | 'x'\n2 | 'y'\n", true, 0, 1);
	check("--- c\nbad\n=> rows\na\n1\n", true, 0, 1);
}

static void test_errors(void **state)
{
	check("--- c\nbad\n=> error 42001 1:3\n", true, 1, 0);
	check("--- c\nbad\n=> error 42001\n", true, 1, 0);
	check("--- c\nbad\n=> error 42001 1:4\n", true, 0, 1);
	check("--- c\nbad\n=> error 42002\n", true, 0, 1);
	check("--- c\nbad\n=> ok\n", true, 0, 1);
	check("--- c\ngood\n=> error 42001\n", true, 0, 1);
}

static void test_cases(void **state)
{
	n_resets = 0;
	check("# comment\n--- one\ngood\n=> ok\nbad\n=> ok\ngood\n=> ok\n\n--- two\ngood\n=> ok\n",
	      true, 1, 1);
	assert_int_equal(n_resets, 2);
	check("--- c\n$p = [1, 2]\necho\n=> rows\np\n[1, 2]\n\necho\n=> ok\n", true, 1, 0);
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
	    "good\n=> ok\n",
	    "---\n",
	    "--- c\ngood\n",
	    "--- c\n=> ok\n",
	    "--- c\ngood\n=> maybe\n",
	    "--- c\ngood\n=> error 4200\n",
	    "--- c\n$p\n",
	    "--- c\ngood\n--- d\n",
	    "--- c\nbroken\n=> ok\n",
	    "--- c\ntwo\nlines\n=> rows\n\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check(texts[i], false, 0, 0);
	check(TWO "=> rows\na | b\\|c\n1\n", false, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
