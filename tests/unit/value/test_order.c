/* The four questions, as tables and as laws over a set of awkward values. */
#include "tests/unit/value/value_test.h"

#include <math.h>

#include "value/decimal.h"
#include "value/order.h"

#define TWO_53 INT64_C(9007199254740992)

static void equality_has_three_values(void **state)
{
	const struct {
		struct value a, b;
		enum truth want;
	} t[] = {
	    {I(1), I(1), TRUTH_TRUE},
	    {I(1), F(1.0), TRUTH_TRUE},
	    {I(1), F(1.5), TRUTH_FALSE},
	    {I(1), NUL, TRUTH_UNKNOWN},
	    {NUL, NUL, TRUTH_UNKNOWN},
	    {F(NAN), F(NAN), TRUTH_FALSE},
	    {F(NAN), S("x"), TRUTH_FALSE},
	    {F(0.0), F(-0.0), TRUTH_TRUE},
	    {I(1), S("1"), TRUTH_FALSE},
	    {I(1), B(true), TRUTH_FALSE},
	    {S("a"), S("a"), TRUTH_TRUE},
	    {S(""), NUL, TRUTH_UNKNOWN},
	    {LIST(I(1), NUL), LIST(I(1), NUL), TRUTH_UNKNOWN},
	    {LIST(I(1), NUL), LIST(I(2), NUL), TRUTH_FALSE},
	    {LIST(NUL, I(1)), LIST(NUL, I(2)), TRUTH_FALSE},
	    {LIST(I(1)), LIST(I(1), NUL), TRUTH_FALSE},
	    {LIST(F(1.0)), LIST(I(1)), TRUTH_TRUE},
	    {EMPTY_LIST, EMPTY_LIST, TRUTH_TRUE},
	    {MAP(ENTRY("a", I(1)), ENTRY("b", I(2))), MAP(ENTRY("b", I(2)), ENTRY("a", I(1))),
	     TRUTH_TRUE},
	    {MAP(ENTRY("a", NUL)), MAP(ENTRY("a", NUL)), TRUTH_UNKNOWN},
	    {MAP(ENTRY("a", NUL)), MAP(ENTRY("b", NUL)), TRUTH_FALSE},
	    {value_node(3), value_node(3), TRUTH_TRUE},
	    {value_node(3), value_edge(3), TRUTH_FALSE},
	    {DECIMAL("1.50"), F(1.5), TRUTH_TRUE},
	    {DECIMAL("0.1"), F(0.1), TRUTH_FALSE}, /* the double is a little more */
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(value_eq(t[i].a, t[i].b), t[i].want);
		assert_int_equal(value_eq(t[i].b, t[i].a), t[i].want);
	}
	assert_int_equal(truth_not(TRUTH_UNKNOWN), TRUTH_UNKNOWN);
	assert_int_equal(truth_not(TRUTH_TRUE), TRUTH_FALSE);
}

static void comparison_knows_unordered_and_unknown(void **state)
{
	const struct {
		struct value a, b;
		enum comparison want;
	} t[] = {
	    {I(1), I(2), CMP_LESS},
	    {F(2.5), I(2), CMP_GREATER},
	    {S("a"), S("b"), CMP_LESS},
	    {S("Z"), S("a"), CMP_LESS},
	    {B(false), B(true), CMP_LESS},
	    {F(NAN), I(1), CMP_UNORDERED},
	    {F(NAN), S("x"), CMP_UNKNOWN},
	    {I(1), S("1"), CMP_UNKNOWN},
	    {I(1), NUL, CMP_UNKNOWN},
	    {LIST(I(1), I(0)), LIST(I(1)), CMP_GREATER},
	    {LIST(I(1), NUL), LIST(I(1)), CMP_GREATER},
	    {LIST(I(1), I(2)), LIST(I(1), NUL), CMP_UNKNOWN},
	    {LIST(I(1), I(2)), LIST(I(3), NUL), CMP_LESS},
	    {MAP(ENTRY("a", I(1))), MAP(ENTRY("a", I(1))), CMP_UNKNOWN},
	    {value_node(1), value_node(2), CMP_UNKNOWN},
	    {(struct value){.kind = V_DATE, .i = 1}, (struct value){.kind = V_DATE, .i = 2},
	     CMP_LESS},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(value_compare(t[i].a, t[i].b), t[i].want);
}

static void integers_and_floats_compare_exactly(void **state)
{
	assert_int_equal(order_int_float(TWO_53 + 1, (double)TWO_53), 1);
	assert_int_equal(order_int_float(TWO_53, (double)TWO_53), 0);
	assert_int_equal(order_int_float(INT64_MAX, 9223372036854775808.0), -1);
	assert_int_equal(order_int_float(INT64_MIN, -9223372036854775808.0), 0);
	assert_int_equal(order_int_float(INT64_MIN, -1e300), 1);
	assert_int_equal(order_int_float(-1, -1.5), 1);
	assert_int_equal(order_int_float(1, 1.5), -1);
	assert_int_equal(order_int_float(0, 5e-324), -1);
	assert_int_equal(order_int_float(5, INFINITY), -1);
	assert_int_equal(order_int_float(5, -INFINITY), 1);
	assert_true(decimal_cmp(STR("10"), STR("9.5")) > 0);
	assert_true(decimal_cmp(STR("-10"), STR("9")) < 0);
	assert_true(decimal_cmp(STR("-0.0"), STR("0")) == 0);
	assert_true(decimal_cmp(STR("0.12"), STR("0.1201")) < 0);
}

/* In ascending order; neighbours in one group are the same. */
static unsigned awkward(struct value out[64], unsigned group[64])
{
	static struct path_value path;
	static struct value nodes[1];
	nodes[0] = value_node(5);
	path = (struct path_value){.nodes = nodes};
	static const struct value one[] = {{.kind = V_INT, .i = 1}};
	static const struct value one_null[] = {{.kind = V_INT, .i = 1}, {.kind = V_NULL}};
	static const struct map_entry a1[] = {{{"a", 1}, {.kind = V_INT, .i = 1}}};
	static const struct map_entry a1f[] = {{{"a", 1}, {.kind = V_FLOAT, .f = 1}}};
	static const struct map_entry b0[] = {{{"b", 1}, {.kind = V_INT, .i = 0}}};
	static const struct map_entry ab[] = {{{"a", 1}, {.kind = V_INT, .i = 1}},
					      {{"b", 1}, {.kind = V_NULL}}};
	static const struct map_entry ba[] = {{{"b", 1}, {.kind = V_NULL}},
					      {{"a", 1}, {.kind = V_INT, .i = 1}}};
	const struct {
		struct value v;
		unsigned group;
	} list[] = {
	    {value_map(NULL, 0), 1},
	    {value_map(a1, 1), 2},
	    {value_map(a1f, 1), 2},
	    {value_map(b0, 1), 3},
	    {value_map(ab, 2), 4},
	    {value_map(ba, 2), 4},
	    {value_node(1), 5},
	    {value_node(2), 6},
	    {value_edge(1), 7},
	    {EMPTY_LIST, 8},
	    {value_list(one, 1), 9},
	    {value_list(one_null, 2), 10},
	    {(struct value){.kind = V_PATH, .path = &path}, 11},
	    {(struct value){.kind = V_ZONED_DATETIME, .i = 5}, 12},
	    {(struct value){.kind = V_ZONED_DATETIME, .aux = 60, .i = 5}, 13},
	    {(struct value){.kind = V_DATE, .i = -3}, 14},
	    {(struct value){.kind = V_DURATION, .n = 1}, 15},
	    {(struct value){.kind = V_DURATION, .n = 1, .i = 1}, 16},
	    {S(""), 17},
	    {S("a"), 18},
	    {S("ab"), 19},
	    {S("\xc3\xa4"), 20},
	    {B(false), 21},
	    {B(true), 22},
	    {F(-INFINITY), 23},
	    {DECIMAL("-1000000000000000000000000000000"), 24},
	    {I(INT64_MIN), 25},
	    {F(-9223372036854775808.0), 25},
	    {F(-0.0), 26},
	    {I(0), 26},
	    {F(0.0), 26},
	    {DECIMAL("0.1"), 27},
	    {F(0.1), 28},
	    {F(1.0), 29},
	    {I(1), 29},
	    {DECIMAL("1"), 29},
	    {F(1.5), 30},
	    {DECIMAL("1.5"), 30},
	    {I(TWO_53), 31},
	    {F((double)TWO_53), 31},
	    {I(TWO_53 + 1), 32},
	    {I(INT64_MAX), 33},
	    {F(9223372036854775808.0), 34},
	    {DECIMAL("9223372036854775808"), 34},
	    {F(INFINITY), 35},
	    {F(NAN), 36},
	    {F(-NAN), 36},
	    {NUL, 37},
	};

	for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
		out[i] = list[i].v;
		group[i] = list[i].group;
	}
	return ARRAY_LEN(list);
}

static void order_distinctness_and_hash_agree(void **state)
{
	struct value v[64];
	unsigned group[64];
	unsigned n = awkward(v, group);

	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < n; j++) {
			int want = (group[i] > group[j]) - (group[i] < group[j]);
			int got = value_order(v[i], v[j]);
			assert_int_equal((got > 0) - (got < 0), want);
			assert_int_equal(value_same(v[i], v[j]), want == 0);
			if (want == 0)
				assert_true(value_hash(v[i], 3) == value_hash(v[j], 3));
			else if (v[i].kind != V_DECIMAL && v[j].kind != V_DECIMAL)
				/* a decimal hashes as the nearest double, so those may meet */
				assert_true(value_hash(v[i], 3) != value_hash(v[j], 3));
			enum comparison c = value_compare(v[i], v[j]);
			if (c == CMP_LESS || c == CMP_EQUAL || c == CMP_GREATER)
				assert_true(c == want || v[i].kind == V_ZONED_DATETIME);
			if (value_eq(v[i], v[j]) == TRUTH_TRUE)
				assert_true(want == 0 || v[i].kind == V_ZONED_DATETIME);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equality_has_three_values),
	    cmocka_unit_test(comparison_knows_unordered_and_unknown),
	    cmocka_unit_test(integers_and_floats_compare_exactly),
	    cmocka_unit_test(order_distinctness_and_hash_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
