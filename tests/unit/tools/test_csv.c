/* Records of CSV files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/geode/csv.h"

static char path[] = "/tmp/geode-csv-XXXXXX";

static int setup(void **state)
{
	const int fd = mkstemp(path);

	return fd >= 0 && close(fd) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	return unlink(path);
}

static void put(const char *text, size_t n)
{
	assert_int_equal(file_write_atomic(path, text, n, 0600), ST_OK);
}

/* All fields as "a|b" lines, quoted ones in angle brackets; the error's text behind '!'. */
static const char *all(char delimiter, uint64_t *ret_line)
{
	static struct buf out;
	struct csv c;
	struct diag d;
	enum status st;

	buf_release(&out);
	buf_init(&out, MEM_OTHER, 0);
	diag_reset(&d);
	assert_int_equal(csv_open(&c, path, delimiter, &d), ST_OK);
	while ((st = csv_next(&c, &d)) == ST_OK) {
		for (uint32_t i = 0; i < c.fields.n; i++)
			buf_printf(&out, c.fields.v[i].quoted ? "%s<" STR_FMT ">" : "%s" STR_FMT,
				   i != 0 ? "|" : "", STR_ARG(c.fields.v[i].text));
		buf_putc(&out, '\n');
	}
	if (st != ST_END) {
		assert_true(diag_is_set(&d));
		buf_printf(&out, "!");
	}
	*ret_line = c.line;
	csv_close(&c);
	return buf_cstr(&out);
}

static void test_records(void **state)
{
	static const struct {
		const char *text, *fields;
	} cases[] = {
	    {"", ""},
	    {"a,b\n1,2\n", "a|b\n1|2\n"},
	    {"a,b\r\n1,\r\n", "a|b\n1|\n"},
	    {"a\n\n\r\nb", "a\nb\n"},
	    {"\"a,\"\"b\"\"\",c\n", "<a,\"b\">|c\n"},
	    {"\"\",,\n", "<>||\n"},
	    {"\"a\nb\",c\nd,e\n", "<a\nb>|c\nd|e\n"},
	    {"\xef\xbb\xbfid\n", "id\n"},
	};
	uint64_t line;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(cases[i].text, strlen(cases[i].text));
		assert_string_equal(all(',', &line), cases[i].fields);
	}
	put("a\tb,c\n", 6);
	assert_string_equal(all('\t', &line), "a|b,c\n");
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		uint64_t line;
	} cases[] = {
	    {"a\n\"open\nb\n", 2},
	    {"a\n1,x\"y\"\n", 2},
	    {"\"a\nb\"\n\"c\"d\n", 3},
	    {"a\n\xff\n", 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t line;
		put(cases[i].text, strlen(cases[i].text));
		const char *out = all(',', &line);
		assert_int_equal(out[strlen(out) - 1], '!');
		assert_int_equal(line, cases[i].line);
	}
}

/* Records that cross the borders of what is read at once. */
static void test_long_file(void **state)
{
	struct buf b;
	struct csv c;
	struct diag d;
	uint64_t n = 0;

	buf_init(&b, MEM_OTHER, 0);
	for (int i = 0; i < 60000; i++)
		buf_printf(&b,
			   i % 3 == 0 ? "%d,\"quoted\nfield %d\",%d\n" : "%d,plain field %d,%d\n",
			   i, i, i);
	put(b.p, b.len);
	assert_true(b.len > (1u << 20));
	diag_reset(&d);
	assert_int_equal(csv_open(&c, path, ',', &d), ST_OK);
	while (csv_next(&c, &d) == ST_OK) {
		int64_t first, last;
		assert_int_equal(c.fields.n, 3);
		assert_true(str_to_i64(c.fields.v[0].text, &first));
		assert_true(str_to_i64(c.fields.v[2].text, &last));
		assert_true(first == (int64_t)n && last == first);
		n++;
	}
	assert_false(diag_is_set(&d));
	assert_int_equal(n, 60000);
	assert_int_equal(c.line, 60000 + 60000 / 3);
	csv_close(&c);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_long_file),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
