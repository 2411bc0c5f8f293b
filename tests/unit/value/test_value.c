/* Values: kinds, map access, deep copies with and without memory. */
#include "tests/unit/value/value_test.h"

#include "value/order.h"

static void every_kind_has_a_name(void **state)
{
	for (int k = 0; k < V_N_KINDS; k++)
		assert_string_not_equal(value_kind_name((enum value_kind)k), "unknown kind");
	assert_string_equal(value_kind_name(V_N_KINDS), "unknown kind");
}

static void maps_are_read_by_key(void **state)
{
	struct value m = MAP(ENTRY("a", I(1)), ENTRY("b", S("x")));

	assert_int_equal(value_map_get(m, STR("a"))->i, 1);
	assert_null(value_map_get(m, STR("c")));
	assert_null(value_map_get(value_map(NULL, 0), STR("a")));
}

/* One value of every shape that points somewhere. */
static struct value sample(char *text, struct path_value *path, struct element *e,
			   struct str *label, struct map_entry *prop)
{
	static struct value inner[2], nodes[2], edges[1], outer[4];
	static struct map_entry entry[1];

	*label = (struct str){text, 3};
	*prop = (struct map_entry){{text, 2}, value_str((struct str){text, 4})};
	*e = (struct element){.id = 7, .n_labels = 1, .labels = label, .n_props = 1, .props = prop};
	nodes[0] = (struct value){.kind = V_NODE, .flags = VALUE_RESOLVED, .elem = e};
	nodes[1] = value_node(8);
	edges[0] = value_edge(9);
	*path = (struct path_value){.n_edges = 1, .nodes = nodes, .edges = edges};
	inner[0] = value_str((struct str){text, 5});
	inner[1] = VALUE_NULL;
	entry[0] = (struct map_entry){{text, 1}, value_list(inner, 2)};
	outer[0] = value_map(entry, 1);
	outer[1] = (struct value){.kind = V_PATH, .path = path};
	outer[2] = I(5);
	outer[3] = value_list(NULL, 0);
	return value_list(outer, 4);
}

static void copies_share_nothing(void **state)
{
	char text[] = "abcdef";
	struct path_value path;
	struct element e;
	struct str label;
	struct map_entry prop;
	struct value v = sample(text, &path, &e, &label, &prop), copy;
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	assert_int_equal(value_copy(&a, v, &copy), ST_OK);
	assert_true(value_same(v, copy));
	const struct element *ce = copy.list[1].path->nodes[0].elem;
	memset(text, 'z', 6);
	e.id = 1000;
	assert_false(value_same(v, copy));
	assert_int_equal(ce->id, 7);
	assert_true(str_eq(ce->labels[0], STR("abc")));
	assert_true(str_eq(value_text(ce->props[0].value), STR("abcd")));
	assert_true(str_eq(value_text(copy.list[0].map[0].value.list[0]), STR("abcde")));
	arena_release(&a);
}

static void a_copy_fails_cleanly_at_every_allocation(void **state)
{
	char text[] = "abcdef";
	struct path_value path;
	struct element e;
	struct str label;
	struct map_entry prop;
	struct value v = sample(text, &path, &e, &label, &prop), copy = I(77);
	struct budget small = {.limit_bytes = 100};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	mem_fail_nth(1, true);
	assert_int_equal(value_copy(&a, v, &copy), ST_NOMEM);
	mem_fail_nth(0, false);
	assert_int_equal(copy.i, 77);
	arena_release(&a);
	arena_init(&a, MEM_QUERY, &small);
	assert_int_equal(value_copy(&a, v, &copy), ST_LIMIT);
	assert_int_equal(copy.i, 77);
	arena_release(&a);
}

static void nesting_is_limited(void **state)
{
	static struct value v[VALUE_DEPTH_MAX + 2];
	struct value copy;
	struct arena a;

	v[0] = I(1);
	for (unsigned i = 1; i < ARRAY_LEN(v); i++)
		v[i] = value_list(&v[i - 1], 1);
	arena_init(&a, MEM_QUERY, NULL);
	assert_int_equal(value_copy(&a, v[VALUE_DEPTH_MAX], &copy), ST_OK);
	assert_int_equal(value_copy(&a, v[VALUE_DEPTH_MAX + 1], &copy), ST_LIMIT);
	assert_false(arena_over_budget(&a));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_has_a_name),
	    cmocka_unit_test(maps_are_read_by_key),
	    cmocka_unit_test(copies_share_nothing),
	    cmocka_unit_test(a_copy_fails_cleanly_at_every_allocation),
	    cmocka_unit_test(nesting_is_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
