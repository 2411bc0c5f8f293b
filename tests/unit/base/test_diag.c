/* The user's error record and the list of GQLSTATUS. */
#include "tests/unit/base/base_test.h"

#include "base/diag.h"

static void the_first_error_stands(void **state)
{
	struct diag d;

	diag_reset(&d);
	assert_false(diag_is_set(&d));
	assert_int_equal(diag_set(&d, GQL_SYNTAX, 17, "unexpected '%s'", "x"), ST_INVALID);
	diag_hint(&d, "did you mean '%s'?", "y");
	assert_int_equal(diag_fail(&d, ST_LIMIT, GQL_PROGRAM_LIMIT, 3, "later"), ST_LIMIT);
	assert_int_equal(d.code, GQL_SYNTAX);
	assert_int_equal(d.offset, 17);
	assert_string_equal(d.message, "unexpected 'x'");
	assert_string_equal(d.hint, "did you mean 'y'?");
	diag_reset(&d);
	assert_string_equal(d.hint, "");
	assert_int_equal(d.offset, DIAG_NO_POSITION);
}

static void long_messages_are_cut_between_code_points(void **state)
{
	char text[2000];
	struct diag d;

	for (unsigned shift = 0; shift < 4; shift++) {
		memset(text, 'a', shift);
		for (unsigned i = shift; i + 3 < sizeof text; i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		diag_reset(&d);
		diag_set(&d, GQL_SYNTAX, 0, "%s", text);
		size_t len = strlen(d.message);
		assert_true(len > DIAG_MESSAGE_MAX - 4 && len < DIAG_MESSAGE_MAX);
		assert_true(utf8_valid(str_of(d.message)));
	}
}

static void every_status_is_found_by_its_code(void **state)
{
	for (unsigned i = 0; i < GQL_N_STATUS; i++) {
		enum gqlstatus found = GQL_N_STATUS;
		const char *code = gqlstatus_code((enum gqlstatus)i);
		assert_int_equal(strlen(code), 5);
		assert_true(strlen(gqlstatus_text((enum gqlstatus)i)) > 0);
		assert_true(gqlstatus_find(str_of(code), &found));
		assert_int_equal(found, i); /* no code twice */
	}
	enum gqlstatus none;
	assert_false(gqlstatus_find(STR("ZZZZZ"), &none));
	assert_false(gqlstatus_find(STR(""), &none));
}

static void positions_count_lines_and_code_points(void **state)
{
	const struct str text = STR("ab\n\xc3\xa4\xc3\xb6x\n");
	uint32_t line, column;

	diag_position(text, 0, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 1);
	diag_position(text, 7, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 3);
	diag_position(text, 1000, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 1);
}

static void every_machine_code_has_a_text(void **state)
{
	for (int st = ST_OK; st <= ST_AUTH; st++)
		assert_string_not_equal(status_name((enum status)st), "unknown status");
	assert_string_equal(status_name((enum status)99), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_error_stands),
	    cmocka_unit_test(long_messages_are_cut_between_code_points),
	    cmocka_unit_test(every_status_is_found_by_its_code),
	    cmocka_unit_test(positions_count_lines_and_code_points),
	    cmocka_unit_test(every_machine_code_has_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
