/* Columns: every kind in and out, nulls, constants, gathering. */
#include "tests/unit/value/value_test.h"

#include "base/hash.h"
#include "value/batch.h"
#include "value/order.h"

static struct value sample(enum column_kind k, uint32_t i)
{
	static const struct str texts[] = {{"a", 1}, {"bb", 2}, {"", 0}};

	switch (k) {
	case COL_INT:
		return I(i * 3);
	case COL_FLOAT:
		return F(i * 0.5);
	case COL_BOOL:
		return B(i % 2 == 0);
	case COL_STRING:
		return value_str(texts[i % 3]);
	case COL_NODE:
		return value_node(i);
	case COL_EDGE:
		return value_edge(i);
	default:
		return i % 2 == 0 ? I(i) : value_str(texts[i % 3]);
	}
}

static void every_kind_keeps_values_and_nulls(void **state)
{
	for (int k = COL_VALUE; k <= COL_EDGE; k++) {
		struct arena a;
		struct column c;
		arena_init(&a, MEM_QUERY, NULL);
		assert_int_equal(column_init(&c, (enum column_kind)k, &a), ST_OK);
		for (uint32_t i = 0; i < BATCH_ROWS; i++)
			column_put(&c, i, i % 5 == 1 ? NUL : sample((enum column_kind)k, i));
		column_put(&c, 1, sample((enum column_kind)k, 1)); /* a null is overwritten */
		for (uint32_t i = 0; i < BATCH_ROWS; i++) {
			bool null = i % 5 == 1 && i != 1;
			assert_int_equal(column_is_null(&c, i), null);
			struct value want = null ? NUL : sample((enum column_kind)k, i);
			struct value got = column_get(&c, i);
			assert_int_equal(got.kind, want.kind);
			assert_true(value_same(got, want));
		}
		column_clear_nulls(&c);
		assert_false(c.has_null);
		assert_true(k == COL_VALUE || !column_is_null(&c, 6));
		arena_release(&a);
	}
}

static void constants_stand_for_every_row(void **state)
{
	const struct value values[] = {I(7),   F(1.5),		B(true),
				       S("x"), value_node(3),	value_edge(4),
				       NUL,    LIST(I(1), NUL), DECIMAL("1.5")};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct column c;
		assert_int_equal(column_init_const(&c, values[i], &a), ST_OK);
		assert_true(c.is_const);
		assert_int_equal(c.kind, column_kind_of((enum value_kind)values[i].kind));
		assert_true(value_same(column_get(&c, 0), values[i]));
		assert_true(value_same(column_get(&c, BATCH_ROWS - 1), values[i]));
		assert_int_equal(column_is_null(&c, 500), value_is_null(values[i]));
	}
	struct element e = {.id = 9};
	struct value node = {.kind = V_NODE, .flags = VALUE_RESOLVED, .elem = &e};
	struct column c;
	assert_int_equal(column_init_const(&c, node, &a), ST_OK);
	assert_ptr_equal(column_get(&c, 3).elem, &e); /* not cut down to its id */
	arena_release(&a);
}

static void gathering_moves_values_and_nulls(void **state)
{
	struct rand r;

	rand_seed(&r, 5);
	for (int k = COL_VALUE; k <= COL_EDGE; k++) {
		struct arena a;
		struct column src, dst, all;
		uint16_t rows[BATCH_ROWS];
		arena_init(&a, MEM_QUERY, NULL);
		assert_int_equal(column_init(&src, (enum column_kind)k, &a), ST_OK);
		assert_int_equal(column_init(&dst, (enum column_kind)k, &a), ST_OK);
		for (uint32_t i = 0; i < BATCH_ROWS; i++) {
			column_put(&src, i, i % 3 == 0 ? NUL : sample((enum column_kind)k, i));
			column_put(&dst, i, NUL);
			rows[i] = (uint16_t)rand_below(&r, BATCH_ROWS);
		}
		column_gather(&dst, &src, rows, BATCH_ROWS);
		for (uint32_t i = 0; i < BATCH_ROWS; i++)
			assert_true(value_same(column_get(&dst, i), column_get(&src, rows[i])));
		if (k != COL_VALUE) {
			assert_int_equal(
			    column_init_const(&all, sample((enum column_kind)k, 1), &a), ST_OK);
			column_gather(&dst, &all, rows, 10);
			for (uint32_t i = 0; i < 10; i++)
				assert_true(value_same(column_get(&dst, i), column_get(&all, 0)));
		}
		arena_release(&a);
	}
}

static void no_memory_is_told_from_a_budget(void **state)
{
	struct budget small = {.limit_bytes = 1000};
	struct arena a;
	struct column c;

	arena_init(&a, MEM_QUERY, NULL);
	mem_fail_nth(1, true);
	assert_int_equal(column_init(&c, COL_INT, &a), ST_NOMEM);
	assert_int_equal(column_init_const(&c, I(1), &a), ST_NOMEM);
	mem_fail_nth(0, false);
	arena_release(&a);
	arena_init(&a, MEM_QUERY, &small);
	assert_int_equal(column_init(&c, COL_INT, &a), ST_LIMIT);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_keeps_values_and_nulls),
	    cmocka_unit_test(constants_stand_for_every_row),
	    cmocka_unit_test(gathering_moves_values_and_nulls),
	    cmocka_unit_test(no_memory_is_told_from_a_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
