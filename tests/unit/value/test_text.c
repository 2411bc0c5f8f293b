/* Values as text. */
#include "tests/unit/value/value_test.h"

#include <float.h>
#include <math.h>

#include "base/hash.h"
#include "value/text.h"

static void check(struct value v, enum text_style style, const char *want)
{
	struct buf out;

	buf_init(&out, MEM_OTHER, 0);
	text_put(&out, v, style);
	assert_string_equal(buf_cstr(&out), want);
	buf_release(&out);
}

static void floats_are_shortest_and_read_back(void **state)
{
	const struct {
		double f;
		const char *want;
	} t[] = {
	    {0.0, "0.0"},
	    {-0.0, "-0.0"},
	    {1, "1.0"},
	    {0.1, "0.1"},
	    {-1.5, "-1.5"},
	    {100, "100.0"},
	    {123456.789, "123456.789"},
	    {0.00001, "0.00001"},
	    {0.000001, "1.0e-6"},
	    {1e15, "1000000000000000.0"},
	    {1e16, "1.0e16"},
	    {1.5e300, "1.5e300"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {DBL_MAX, "1.7976931348623157e308"},
	    {5e-324, "4.94065645841247e-324"},
	    {NAN, "NaN"},
	    {INFINITY, "Infinity"},
	    {-INFINITY, "-Infinity"},
	};
	struct rand r;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		check(F(t[i].f), TEXT_PLAIN, t[i].want);
	rand_seed(&r, 1);
	for (unsigned i = 0; i < 20000; i++) {
		char text[TEXT_FLOAT_MAX];
		uint64_t bits = rand_u64(&r);
		double f, back;
		memcpy(&f, &bits, sizeof f);
		if (isnan(f))
			continue;
		size_t n = text_float(f, text);
		assert_true(n < TEXT_FLOAT_MAX && text[n] == '\0');
		assert_true(str_to_double((struct str){text, n}, &back));
		assert_memory_equal(&back, &f, sizeof f);
	}
}

static void scalars(void **state)
{
	check(NUL, TEXT_PLAIN, "null");
	check(B(true), TEXT_GQL, "true");
	check(I(INT64_MIN), TEXT_GQL, "-9223372036854775808");
	check(S("it's"), TEXT_PLAIN, "it's");
	check(S("it's \\ \n\t\x01"), TEXT_GQL, "'it\\'s \\\\ \\n\\t\\u0001'");
	check(DECIMAL("1.25"), TEXT_PLAIN, "1.25");
	check(DECIMAL("1.25"), TEXT_GQL, "1.25M");
	check((struct value){.kind = V_BYTES, .n = 2, .s = "\x00\xff"}, TEXT_PLAIN, "X'00FF'");
}

static void times_and_durations(void **state)
{
	const int64_t hour = INT64_C(3600000000), day = 24 * hour;

	check((struct value){.kind = V_DATE, .i = 0}, TEXT_PLAIN, "1970-01-01");
	check((struct value){.kind = V_DATE, .i = 19782}, TEXT_GQL, "DATE '2024-02-29'");
	check((struct value){.kind = V_DATE, .i = -1}, TEXT_PLAIN, "1969-12-31");
	check((struct value){.kind = V_DATE, .i = -719468}, TEXT_PLAIN, "0000-03-01");
	check((struct value){.kind = V_LOCAL_TIME, .i = hour + 500000}, TEXT_PLAIN, "01:00:00.5");
	check((struct value){.kind = V_ZONED_TIME, .i = hour, .aux = -90}, TEXT_PLAIN,
	      "01:00-01:30");
	check((struct value){.kind = V_LOCAL_DATETIME, .i = -1}, TEXT_PLAIN,
	      "1969-12-31T23:59:59.999999");
	check((struct value){.kind = V_ZONED_DATETIME, .i = 0, .aux = 60}, TEXT_PLAIN,
	      "1970-01-01T01:00+01:00");
	check((struct value){.kind = V_ZONED_DATETIME}, TEXT_PLAIN, "1970-01-01T00:00Z");
	check((struct value){.kind = V_DURATION}, TEXT_PLAIN, "PT0S");
	check((struct value){.kind = V_DURATION, .n = 14, .i = day + hour + 1500000}, TEXT_GQL,
	      "DURATION 'P1Y2M1DT1H1.5S'");
	check((struct value){.kind = V_DURATION, .n = (uint32_t)-1, .i = -500000}, TEXT_PLAIN,
	      "P-1MT-0.5S");
	check((struct value){.kind = V_DURATION, .i = 60000000}, TEXT_PLAIN, "PT1M");
}

static void nested_values(void **state)
{
	struct str label[2] = {STR("Person"), STR("a b")};
	struct map_entry prop = ENTRY("name", S("Ann"));
	struct element n = {.id = 1, .n_labels = 2, .labels = label, .n_props = 1, .props = &prop};
	struct element e = {
	    .id = 2, .is_edge = true, .n_labels = 1, .labels = label, .from = 4, .to = 1};
	struct value node = {.kind = V_NODE, .flags = VALUE_RESOLVED, .elem = &n};
	struct value edge = {.kind = V_EDGE, .flags = VALUE_RESOLVED, .elem = &e};
	struct path_value p = {
	    .n_edges = 1, .nodes = (struct value[]){node, value_node(4)}, .edges = &edge};

	check(LIST(I(1), S("a"), NUL, EMPTY_LIST), TEXT_PLAIN, "[1, 'a', null, []]");
	check(MAP(ENTRY("a", I(1)), ENTRY("b`c", F(2))), TEXT_PLAIN, "{a: 1, `b``c`: 2.0}");
	check(value_node(7), TEXT_PLAIN, "(#7)");
	check(value_edge(7), TEXT_PLAIN, "[#7]");
	check(node, TEXT_PLAIN, "(:Person&`a b` {name: 'Ann'})");
	check(edge, TEXT_PLAIN, "[:Person]");
	check((struct value){.kind = V_PATH, .path = &p}, TEXT_PLAIN,
	      "(:Person&`a b` {name: 'Ann'})<-[:Person]-(#4)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(floats_are_shortest_and_read_back),
	    cmocka_unit_test(scalars),
	    cmocka_unit_test(times_and_durations),
	    cmocka_unit_test(nested_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
