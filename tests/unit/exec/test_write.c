#include "exec_test.h"

static struct fix f;

/* Two nodes A with x = 1, 2 and an edge R between them. */
static int set_up(void **state)
{
	fix_init(&f);
	struct txn *t = write_begin(&f);
	elem_id a = add_node(&f, t, "A", "x", value_int(1));
	elem_id b = add_node(&f, t, "A", "x", value_int(2));
	add_edge(&f, t, "R", a, b);
	write_commit(&f, t);
	return 0;
}

static int tear_down(void **state)
{
	fix_release(&f);
	return 0;
}

static struct make node_make(uint32_t slot, const char *label, const char *key,
			     const struct expr *value)
{
	struct make m = {.slot = slot, .offset = 11, .n_labels = 1};

	m.labels = SLOTS(&f, name_of(&f, NAME_LABEL, label));
	if (key != NULL) {
		m.n_props = 1;
		m.keys = SLOTS(&f, name_of(&f, NAME_KEY, key));
		m.values = fix_dup(&f, &value, sizeof(value));
	}
	return m;
}

static struct make edge_make(uint32_t slot, const char *type, uint32_t from, uint32_t to)
{
	struct make m = {.is_edge = true, .slot = slot, .from = from, .to = to, .offset = 12};

	m.n_labels = 1;
	m.labels = SLOTS(&f, name_of(&f, NAME_TYPE, type));
	return m;
}

static struct pop *insert(const struct pop *left, uint32_t n, const struct make *items)
{
	struct pop *p = pop_of(&f, POP_INSERT, left);

	p->insert.n = n;
	p->insert.items = fix_dup(&f, items, n * sizeof(*items));
	return p;
}

static struct pop *set(const struct pop *left, uint32_t n, const struct set_item *items)
{
	struct pop *p = pop_of(&f, POP_SET, left);

	p->set.n = n;
	p->set.items = fix_dup(&f, items, n * sizeof(*items));
	return p;
}

static const struct pop *discard(const struct pop *p)
{
	return pop_of(&f, POP_DISCARD, p);
}

/* All nodes as text, in a transaction of their own. */
static const char *nodes(void)
{
	f.keep_order = false;
	fix_plan(&f);
	return run(&f, PRODUCE(&f, p_scan(&f, 0, NULL), 0));
}

static const char *edges(void)
{
	struct pop *p = pop_of(&f, POP_EDGE_SCAN, NULL);
	p->edge_scan.edge = 1;
	p->edge_scan.from = 0;
	p->edge_scan.to = 2;
	p->edge_scan.type = NAME_NONE;
	return run(&f, PRODUCE(&f, p, 0, 1, 2));
}

static void insert_makes_patterns_for_each_row(void **state)
{
	const struct expr *list =
	    e_val(&f, value_list((struct value[]){value_int(7), value_int(8)}, 2));
	const struct make items[] = {
	    node_make(1, "B", "y", e2(&f, EXPR_ADD, e_slot(&f, 0), e_int(&f, 1))),
	    node_make(2, "C", "z", e_null(&f)),
	    edge_make(3, "S", 1, 2),
	};
	struct pop *i = insert(p_unwind(&f, p_unit(&f), 0, list), 3, items);
	struct pop *e = pop_of(&f, POP_EAGER, i);
	CARRY(&f, e, 0, 1, 2, 3);
	assert_string_equal(run_all(&f, PRODUCE(&f, e, 0, 1, 2, 3)),
			    "7|(:B {y: 8})|(:C)|[:S]\n8|(:B {y: 9})|(:C)|[:S]\n");
	assert_int_equal(f.counts.nodes_created, 4);
	assert_int_equal(f.counts.edges_created, 2);
	assert_int_equal(f.counts.props_set, 2);
	assert_string_equal(nodes(), "(:A {x: 1})\n(:A {x: 2})\n"); /* rolled back */
}

/* MATCH (a:A) INSERT (:A): the scan goes on while the clause writes, and does not meet its nodes.
 */
static void a_clause_does_not_read_what_it_writes(void **state)
{
	const struct make item = node_make(1, "A", "x", e_prop(&f, e_slot(&f, 0), "x"));

	f.opt.batch_rows = 1;
	f.commit = true;
	run(&f, discard(insert(p_scan(&f, 0, "A"), 1, &item)));
	assert_int_equal(f.st, ST_OK);
	assert_int_equal(f.counts.nodes_created, 2);
	assert_string_equal(nodes(), "(:A {x: 1})\n(:A {x: 1})\n(:A {x: 2})\n(:A {x: 2})\n");
}

/* INSERT (:N {v: 1}) then MATCH (n:N): the name is new and the next clause sees the node. */
static void the_next_clause_reads_new_names(void **state)
{
	const struct make item = node_make(1, "N", "v", e_int(&f, 1));
	struct pop *e = pop_of(&f, POP_EAGER, insert(p_unit(&f), 1, &item));
	struct pop *c = pop_of(&f, POP_APPLY, e);
	CARRY(&f, e, 1);
	c->right = p_filter(&f, p_scan(&f, 2, "N"),
			    e2(&f, EXPR_EQ, e_prop(&f, e_slot(&f, 2), "v"), e_int(&f, 1)));
	CARRY_RIGHT(&f, c, 2);
	assert_string_equal(run_all(&f, PRODUCE(&f, c, 2)), "(:N {v: 1})\n");
}

static void insert_from_a_map(void **state)
{
	struct expr *map = (struct expr *)e2(&f, EXPR_MAP, e_int(&f, 1), e_null(&f));
	const struct str keys[] = {STR("x"), STR("y")};
	struct make item = node_make(1, "M", NULL, NULL);

	map->keys = fix_dup(&f, keys, sizeof(keys));
	item.map = map;
	f.commit = true;
	run(&f, discard(insert(p_unit(&f), 1, &item)));
	assert_int_equal(f.st, ST_OK);
	assert_string_equal(nodes(), "(:A {x: 1})\n(:A {x: 2})\n(:M {x: 1})\n");
}

static void an_edge_needs_two_nodes(void **state)
{
	const struct make item = edge_make(3, "S", 0, 1);
	const struct pop *p = p_project(&f, p_scan(&f, 0, "A"), 1, e_null(&f));

	run(&f, discard(insert(p, 1, &item)));
	assert_string_equal(gqlstatus_code(f.diag.code), "22004");
	assert_int_equal(f.diag.offset, 12);
}

static void set_goes_left_to_right(void **state)
{
	const struct expr *n = e_slot(&f, 0), *x = e_prop(&f, n, "x");
	const uint32_t kx = name_of(&f, NAME_KEY, "x"), ky = name_of(&f, NAME_KEY, "y");
	const struct set_item items[] = {
	    {.kind = SET_PROP,
	     .target = n,
	     .name = kx,
	     .value = e2(&f, EXPR_ADD, x, e_int(&f, 10))},
	    {.kind = SET_PROP, .target = n, .name = ky, .value = x}, /* the old x */
	    {.kind = SET_PROP, .target = n, .name = ky, .value = e2(&f, EXPR_MUL, x, e_int(&f, 5))},
	    {.kind = SET_LABEL, .target = n, .name = name_of(&f, NAME_LABEL, "B")},
	    {.kind = REMOVE_LABEL, .target = n, .name = name_of(&f, NAME_LABEL, "A")},
	};
	struct pop *e = pop_of(&f, POP_EAGER, set(p_scan(&f, 0, "A"), 5, items));
	CARRY(&f, e, 0);
	assert_string_equal(run_all(&f, PRODUCE(&f, e, 0)),
			    "(:B {x: 11, y: 5})\n(:B {x: 12, y: 10})\n");
	assert_int_equal(f.counts.props_set, 6);
	assert_int_equal(f.counts.labels_added, 2);
}

static void set_maps_and_removals(void **state)
{
	const struct expr *n = e_slot(&f, 0);
	struct expr *map = (struct expr *)e2(&f, EXPR_MAP, e_int(&f, 1), e_null(&f));
	const struct str keys[] = {STR("p"), STR("x")};
	map->keys = fix_dup(&f, keys, sizeof(keys));
	const uint32_t kp = name_of(&f, NAME_KEY, "q");
	const struct set_item items[] = {
	    {.kind = SET_PROP, .target = n, .name = kp, .value = e_int(&f, 9)},
	    {.kind = SET_MAP_REPLACE, .target = n, .value = map}, /* removes q, too */
	    {.kind = SET_MAP_ADD, .target = e_null(&f), .value = map},
	};
	struct pop *e = pop_of(&f, POP_EAGER, set(p_scan(&f, 0, "A"), 3, items));
	CARRY(&f, e, 0);
	assert_string_equal(run_all(&f, PRODUCE(&f, e, 0)), "(:A {p: 1})\n(:A {p: 1})\n");
	fix_plan(&f);
	const struct set_item gone[] = {
	    {.kind = REMOVE_PROP, .target = n, .name = name_of(&f, NAME_KEY, "x")}};
	e = pop_of(&f, POP_EAGER, set(p_scan(&f, 0, "A"), 1, gone));
	CARRY(&f, e, 0);
	assert_string_equal(run_all(&f, PRODUCE(&f, e, 0)), "(:A)\n(:A)\n");
	fix_plan(&f);
	const struct set_item wrong[] = {
	    {.kind = SET_PROP, .target = e_int(&f, 1), .name = kp, .value = n, .offset = 21}};
	run(&f, discard(set(p_scan(&f, 0, "A"), 1, wrong)));
	assert_string_equal(gqlstatus_code(f.diag.code), "22G03");
	assert_int_equal(f.diag.offset, 21);
}

static struct pop *delete_of(const struct pop *left, bool detach, uint32_t slot)
{
	struct pop *p = pop_of(&f, POP_DELETE, left);
	const struct expr *target = e_slot(&f, slot);

	p->del.n = 1;
	p->del.targets = fix_dup(&f, &target, sizeof(target));
	p->del.detach = detach;
	return p;
}

static void delete_checks_edges_at_the_end(void **state)
{
	run(&f, discard(delete_of(p_scan(&f, 0, "A"), false, 0)));
	assert_string_equal(gqlstatus_code(f.diag.code), "G1001");
	fix_plan(&f);
	f.commit = true;
	run(&f, discard(delete_of(p_scan(&f, 0, "A"), true, 0)));
	assert_int_equal(f.st, ST_OK);
	assert_int_equal(f.counts.nodes_deleted, 2);
	assert_int_equal(f.counts.edges_deleted, 1);
	assert_string_equal(nodes(), "");
	assert_string_equal(edges(), "");
}

static void delete_takes_edges_and_nulls(void **state)
{
	struct pop *e = p_expand(&f, POP_EXPAND, p_scan(&f, 0, "A"), 0, 1, 2, DIR_OUT, "R");
	f.commit = true;
	run(&f, discard(delete_of(e, false, 1)));
	assert_int_equal(f.st, ST_OK);
	assert_int_equal(f.counts.edges_deleted, 1);
	assert_string_equal(edges(), "");
	fix_plan(&f);
	run(&f, discard(delete_of(p_project(&f, p_unit(&f), 0, e_null(&f)), false, 0)));
	assert_int_equal(f.st, ST_OK);
	fix_plan(&f);
	run(&f, discard(delete_of(p_project(&f, p_unit(&f), 0, e_int(&f, 1)), false, 0)));
	assert_string_equal(gqlstatus_code(f.diag.code), "22G03");
}

/* UNWIND [1, 3, 3] AS v MERGE (n:A {x: v}) ON CREATE SET n.y = 0 ON MATCH SET n.y = 1 */
static void merge_finds_or_makes(void **state)
{
	const struct expr *v = e_slot(&f, 1);
	const struct expr *list =
	    e_val(&f, value_list((struct value[]){value_int(1), value_int(3), value_int(3)}, 3));
	struct pop *m = pop_of(&f, POP_MERGE, p_unwind(&f, p_unit(&f), 1, list));
	const struct make item = node_make(0, "A", "x", v);
	struct set_item created = {.kind = SET_PROP,
				   .target = e_slot(&f, 0),
				   .name = name_of(&f, NAME_KEY, "y"),
				   .value = e_int(&f, 0)};
	struct set_item matched = created;

	matched.value = e_int(&f, 1);
	m->merge.n = 1;
	m->merge.items = fix_dup(&f, &item, sizeof(item));
	m->merge.n_on_create = m->merge.n_on_match = 1;
	m->merge.on_create = fix_dup(&f, &created, sizeof(created));
	m->merge.on_match = fix_dup(&f, &matched, sizeof(matched));
	struct pop *seek = pop_of(&f, POP_INDEX_SEEK, p_unit(&f));
	seek->seek.out = 0;
	seek->seek.value = v;
	seek->seek.label = name_of(&f, NAME_LABEL, "A");
	seek->seek.key = name_of(&f, NAME_KEY, "x");
	m->right = seek;
	CARRY(&f, m, 1);
	CARRY_RIGHT(&f, m, 0);
	struct pop *e = pop_of(&f, POP_EAGER, m);
	CARRY(&f, e, 0, 1);
	assert_string_equal(run_all(&f, PRODUCE(&f, e, 1, 0)),
			    "1|(:A {x: 1, y: 1})\n3|(:A {x: 3, y: 1})\n3|(:A {x: 3, y: 1})\n");
	assert_int_equal(f.counts.nodes_created, 1);
	fix_plan(&f);
	m->left =
	    p_unwind(&f, p_unit(&f), 1, e_val(&f, value_list((struct value[]){VALUE_NULL}, 1)));
	f.plan.n_ops = 20;
	run(&f, discard(m));
	assert_string_equal(gqlstatus_code(f.diag.code), "22004");
}

static void writes_survive_a_failing_allocator(void **state)
{
	const struct make items[] = {node_make(1, "B", "y", e_slot(&f, 0)),
				     node_make(2, "C", NULL, NULL), edge_make(3, "S", 1, 2)};
	const struct expr *list =
	    e_val(&f, value_list((struct value[]){value_int(7), value_int(8)}, 2));
	struct pop *e = pop_of(&f, POP_EAGER, insert(p_unwind(&f, p_unit(&f), 0, list), 3, items));
	CARRY(&f, e, 1, 2, 3);
	const struct set_item item = {.kind = SET_PROP,
				      .target = e_slot(&f, 1),
				      .name = name_of(&f, NAME_KEY, "x"),
				      .value = e_str(&f, "a longer text than fits a word")};
	run_failing(&f, discard(set(e, 1, &item)));
	assert_string_equal(nodes(), "(:A {x: 1})\n(:A {x: 2})\n");
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(insert_makes_patterns_for_each_row),
	    TEST(a_clause_does_not_read_what_it_writes),
	    TEST(the_next_clause_reads_new_names),
	    TEST(insert_from_a_map),
	    TEST(an_edge_needs_two_nodes),
	    TEST(set_goes_left_to_right),
	    TEST(set_maps_and_removals),
	    TEST(delete_checks_edges_at_the_end),
	    TEST(delete_takes_edges_and_nulls),
	    TEST(merge_finds_or_makes),
	    TEST(writes_survive_a_failing_allocator),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
