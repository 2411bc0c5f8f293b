/* The operators that statements become, and what they carry. */
#include "plan_test.h"

static void a_seek_where_an_index_answers(void **state)
{
	assert_shape(*state, "MATCH (n:Person {id: 1}) RETURN n",
		     "ProduceResults(IndexSeek(Unit))");
	assert_shape(*state, "MATCH (n:Person) WHERE 1 = n.id RETURN n",
		     "ProduceResults(IndexSeek(Unit))");
	assert_shape(*state, "MATCH (n:Person {nick: 1}) RETURN n",
		     "ProduceResults(Filter(NodeScan))");
	assert_shape(*state, "MATCH (n {id: 1}) RETURN n", "ProduceResults(Filter(NodeScan))");
	assert_shape(*state, "MATCH (n) WHERE id(n) = 3 RETURN n",
		     "ProduceResults(NodeById(Unit))");
	assert_shape(*state, "UNWIND [1, 2] AS x MATCH (n:Person {id: x}) RETURN n",
		     "ProduceResults(IndexSeek(Unwind(Unit)))");
}

/* What EXPLAIN says of the one operator of its kind in the plan. */
static void assert_detail(struct fix *f, const char *kind, const char *text, const char *want)
{
	struct plan *p = planned(f, text);
	const struct explain_op *ops;
	uint32_t n, n_found = 0;

	assert_int_equal(plan_explain(p, &f->a, &ops, &n), ST_OK);
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(ops[i].kind, kind) == 0) {
			n_found++;
			if (!str_eq(ops[i].detail, str_of(want)))
				fail_msg("%s\n  is    %s\n  wants %s", text, ops[i].detail.p, want);
		}
	assert_int_equal(n_found, 1);
	plan_unref(p);
}

static void assert_seek(struct fix *f, const char *text, const char *want)
{
	assert_detail(f, "IndexSeek", text, want);
}

static void counts_add_up_what_nobody_reads(void **state)
{
	assert_detail(*state, "Degree", "MATCH (n:Person)-[:KNOWS]->(m) RETURN count(*)",
		      "(n)-[:KNOWS]->(), counted");
	assert_detail(*state, "TwoHops",
		      "MATCH (n:Person {id: 1})-[:KNOWS]->(:Person)<-[:KNOWS]-() RETURN count(*)",
		      "(n)-[:KNOWS]->(:Person)<-[:KNOWS]-(), counted");
	assert_detail(*state, "TwoHops",
		      "MATCH (n:Person {id: 1})-->(a)-->(b)-->(c) RETURN n, count(c)",
		      "(a)-[]->()-[]->(), counted");
	assert_detail(*state, "TwoHops", "MATCH (n:Person {id: 1})-->(a)--(b) RETURN count(*)",
		      "(n)-[]->()-[]-(), counted");
	/* The middle is read. */
	assert_detail(*state, "Degree", "MATCH (n:Person {id: 1})-->(a)-->(b) RETURN a, count(*)",
		      "(a)-[]->(), counted");
}

static void ranges_where_they_pay(void **state)
{
	assert_seek(*state, "MATCH (n:Person) WHERE n.id > 195 RETURN n",
		    "n, index Person on :Person(id) > 195");
	assert_seek(*state, "MATCH (n:Person) WHERE 5 >= n.id RETURN n",
		    "n, index Person on :Person(id) <= 5");
	assert_seek(*state,
		    "MATCH (n:Person) WHERE n.id < 15 AND n.id >= 10 AND n.id < 100 RETURN n",
		    "n, index Person on :Person(id) >= 10 and < 15");
	assert_seek(*state, "MATCH (n:Person) WHERE n.id >= $a AND n.id <= $b RETURN n",
		    "n, index Person on :Person(id) >= $a and <= $b");
	assert_seek(*state, "MATCH (n:Person) WHERE n.id IN [1, 2] RETURN n",
		    "n, index Person on :Person(id) IN [1, 2]");
	assert_seek(*state, "MATCH (n:Person) WHERE n.id STARTS WITH 'x' RETURN n",
		    "n, index Person on :Person(id) STARTS WITH 'x'");
	assert_shape(*state, "MATCH (n:Person) WHERE n.id > 195 AND n.id < 199 RETURN n",
		     "ProduceResults(IndexSeek(Unit))");
	/* Most of the label, or perhaps so: a scan is cheaper. */
	assert_shape(*state, "MATCH (n:Person) WHERE n.id > 5 RETURN n",
		     "ProduceResults(Filter(NodeScan))");
	assert_shape(*state, "MATCH (n:Person) WHERE n.id > $a RETURN n",
		     "ProduceResults(Filter(NodeScan))");
	assert_shape(*state, "MATCH (n:Person) WHERE n.id <> 5 RETURN n",
		     "ProduceResults(Filter(NodeScan))");
	/* The other side is known once a is. */
	assert_shape(*state, "MATCH (a:City), (n:Person) WHERE n.id IN [a.x, a.y] RETURN n",
		     "ProduceResults(IndexSeek(NodeScan))");
}

/* Half of the label has each value: a scan is cheaper. */
static void a_key_that_tells_little_is_not_sought(void **state)
{
	struct fix *f = *state;
	struct txn *t = fix_begin(f);
	name_id label = fix_name(f, t, NAME_LABEL, "Coin");
	struct prop p = {.key = fix_name(f, t, NAME_KEY, "side")};
	elem_id id;

	for (unsigned i = 0; i < 4000; i++) {
		p.value = value_int(i % 2);
		assert_int_equal(txn_node_create(t, f->graph, &label, 1, &p, 1, &id, &f->diag),
				 ST_OK);
	}
	fix_commit(f, t);
	fix_index(f, "Coin", "side");
	assert_shape(f, "MATCH (n:Coin {side: 1}) RETURN n", "ProduceResults(Filter(NodeScan))");
}

static void the_walk_begins_at_the_cheapest_end(void **state)
{
	struct fix *f = *state;
	struct plan *p = planned(f, "MATCH (a)-[:KNOWS]->(b:Person {id: 1}) RETURN a");
	const struct pop *o = find_op(p, POP_EXPAND);

	assert_non_null(o);
	assert_int_equal(o->left->kind, POP_INDEX_SEEK);
	assert_int_equal(o->expand.dir, DIR_IN);
	assert_int_equal(o->expand.from, o->left->seek.out);
	assert_false(o->expand.into);
	plan_unref(p);
}

/* Every person knows one, no city does. */
static void degrees_are_those_of_the_label(void **state)
{
	struct fix *f = *state;
	struct plan *p = planned(f, "MATCH (a:Person)-[:KNOWS]->(b) RETURN b");
	const struct pop *o = find_op(p, POP_EXPAND);

	assert_true(o->est_rows > 0.9 * FIX_PEOPLE && o->est_rows < 1.1 * FIX_PEOPLE);
	plan_unref(p);
	p = planned(f, "MATCH (a:City)-[:KNOWS]->(b) RETURN b");
	assert_true(find_op(p, POP_EXPAND)->est_rows < 1);
	plan_unref(p);
}

static const struct pop *walk_of(struct fix *f, const char *text, struct plan **ret)
{
	*ret = planned(f, text);
	const struct pop *o = find_op(*ret, POP_VAR_EXPAND);
	assert_non_null(o);
	return o;
}

static void a_nameless_quantified_edge_begins_at_the_cheaper_end(void **state)
{
	struct plan *p;
	const struct pop *o =
	    walk_of(*state, "MATCH (a)-[:KNOWS]->{1,3}(b:Person {id: 1}) RETURN a", &p);

	assert_int_equal(o->left->kind, POP_INDEX_SEEK);
	assert_int_equal(o->expand.dir, DIR_IN);
	plan_unref(p);
	o = walk_of(*state, "MATCH (a)-[e:KNOWS]->{1,3}(b:Person {id: 1}) RETURN e", &p);
	assert_int_equal(o->expand.dir, DIR_OUT); /* the list is in the order as written */
	plan_unref(p);
	o = walk_of(*state, "MATCH p = (a)-[:KNOWS]->{1,3}(b:Person {id: 1}) RETURN p", &p);
	assert_int_equal(o->expand.dir, DIR_OUT);
	plan_unref(p);
}

static void both_ends_bound(void **state)
{
	struct fix *f = *state;
	struct plan *p = planned(
	    f, "MATCH (a:Person {id: 1})-[:KNOWS]->(b)-[:KNOWS]->(c)-[:KNOWS]->(a) RETURN b");
	unsigned n_into = 0;

	for (uint32_t i = 0; i < p->n_ops; i++)
		n_into += p->ops[i]->kind == POP_EXPAND && p->ops[i]->expand.into;
	assert_int_equal(n_into, 1);
	plan_unref(p);
}

static void equal_properties_join_by_hash(void **state)
{
	assert_shape(*state, "MATCH (a:Person), (b:City) WHERE a.x = b.x RETURN a, b",
		     "ProduceResults(HashJoin(NodeScan,NodeScan))");
	assert_shape(*state, "MATCH (a:Person), (b:City) WHERE a.x < b.x RETURN a, b",
		     "ProduceResults(Filter(CrossProduct(NodeScan,NodeScan)))");
}

static void predicates_come_before_the_next_step(void **state)
{
	assert_shape(
	    *state,
	    "MATCH (a:City)-[:KNOWS]->(b)-[:KNOWS]->(c) WHERE a.x > 1 AND b.x > 2 AND c.x > 3 "
	    "RETURN c",
	    "ProduceResults(Filter(Expand(Filter(Expand(Filter(NodeScan))))))");
}

static void a_condition_on_the_way_waits_for_what_it_reads(void **state)
{
	struct fix *f = *state;
	struct plan *p =
	    planned(f, "MATCH (c:Person), (a:City)-[e WHERE e.x = c.x]->{1,3}(b) RETURN b");
	const struct pop *walk = find_op(p, POP_VAR_EXPAND);

	assert_non_null(walk);
	const struct pop *o = walk->left;
	while (o != NULL && o->kind != POP_CROSS)
		o = o->left;
	assert_non_null(o); /* both parts are there before the walk */
	plan_unref(p);
}

static void the_first_rows_of_a_sort(void **state)
{
	struct fix *f = *state;
	struct plan *p = planned(f, "MATCH (n) RETURN n.x AS x ORDER BY x SKIP 2 LIMIT 3");
	const struct pop *sort = find_op(p, POP_SORT);

	assert_non_null(sort);
	assert_non_null(sort->sort.limit);
	assert_non_null(sort->sort.skip);
	assert_true(p->ordered);
	plan_unref(p);
	assert_shape(f, "MATCH (n) RETURN n LIMIT 3", "ProduceResults(Limit(NodeScan))");
}

static void the_first_rows_come_in_the_order_of_an_index(void **state)
{
	assert_seek(*state, "MATCH (n:Person) RETURN n ORDER BY n.id LIMIT 3",
		    "n, index Person on :Person(id), ordered");
	assert_seek(*state, "MATCH (n:Person) RETURN n.id AS i ORDER BY i, n.nick SKIP 1 LIMIT 2",
		    "n, index Person on :Person(id), ordered");
	assert_seek(*state, "MATCH (n:Person) WITH n, n.id AS i RETURN n ORDER BY i LIMIT 3",
		    "n, index Person on :Person(id), ordered");
	assert_seek(
	    *state,
	    "MATCH (n:Person) WHERE n.id > 5 AND n.nick <> 3 RETURN n ORDER BY n.id LIMIT 2",
	    "n, index Person on :Person(id) > 5, ordered");
	assert_seek(*state,
		    "MATCH (n:Person) WHERE n.id > 190 RETURN n ORDER BY n.id DESC LIMIT 90",
		    "n, index Person on :Person(id) > 190, ordered, largest first");
	assert_seek(*state, "MATCH (n:Person) RETURN n ORDER BY n.id DESC NULLS LAST LIMIT 3",
		    "n, index Person on :Person(id), ordered, largest first");
	assert_seek(*state,
		    "MATCH (n:Person) WHERE n.id IS NOT NULL RETURN n ORDER BY n.id DESC LIMIT 3",
		    "n, index Person on :Person(id), ordered, largest first");
	assert_seek(*state, "MATCH (n:Person) RETURN n ORDER BY n.id DESC LIMIT 3",
		    "n, index Person on :Person(id), ordered, largest first");
	assert_seek(*state, "MATCH (n:Person) RETURN min(n.id)",
		    "n, index Person on :Person(id), ordered");
	assert_seek(*state, "MATCH (n:Person) WHERE n.id < 99 RETURN max(n.id) + 1",
		    "n, index Person on :Person(id) < 99, ordered, largest first");
	assert_shape(*state, "MATCH (n:Person) RETURN max(n.id)",
		     "ProduceResults(Aggregate(Sort(IndexSeek(Unit))))");
	assert_shape(*state, "MATCH (n:Person) WHERE n.id >= 2 RETURN n ORDER BY n.id LIMIT 3",
		     "ProduceResults(Limit(Sort(IndexSeek(Unit))))");
}

static void an_order_that_an_index_does_not_give(void **state)
{
	static const char *const texts[] = {
	    /* as many as there are, or perhaps so */
	    "MATCH (n:Person) RETURN n ORDER BY n.id",
	    "MATCH (n:Person) RETURN n ORDER BY n.id LIMIT 100",
	    "MATCH (n:Person) RETURN n ORDER BY n.id LIMIT $k",
	    "MATCH (n:Person) WHERE n.nick = 1 AND n.name = 2 RETURN n ORDER BY n.id LIMIT 2",
	    /* another order */
	    "MATCH (n:Person) RETURN n ORDER BY n.nick, n.id LIMIT 3",
	    "MATCH (n:Person) RETURN n ORDER BY -n.id LIMIT 3",
	    "MATCH (n) RETURN n ORDER BY n.id LIMIT 3",
	    "MATCH (n:Person) RETURN DISTINCT n.id AS i ORDER BY i LIMIT 3",
	    "MATCH (n:Person), (m:City) RETURN n ORDER BY n.id LIMIT 3",
	    /* more than one extreme value */
	    "MATCH (n:Person) RETURN min(n.id), max(n.id)",
	    "MATCH (n:Person) RETURN n.nick, min(n.id)",
	    "MATCH (n:Person) RETURN min(n.id + 1)",
	    "MATCH (n:Person) RETURN min(n.id), count(*)",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct plan *p = planned(*state, texts[i]);
		if (find_op(p, POP_INDEX_SEEK) != NULL)
			fail_msg("%s", texts[i]);
		plan_unref(p);
	}
}

static void barriers_stand_behind_writing(void **state)
{
	assert_shape(*state, "MATCH (n:City) SET n.x = 1", "EmptyResult(Set(NodeScan))");
	assert_shape(*state, "MATCH (n:City) SET n.x = 1 SET n.y = 2",
		     "EmptyResult(Set(Eager(Set(NodeScan))))");
	assert_shape(*state, "MATCH (n:City) SET n.x = 1 DELETE n",
		     "EmptyResult(Delete(Eager(Set(NodeScan))))");
	assert_shape(*state, "MATCH (n:City) DELETE n INSERT (m:City)",
		     "EmptyResult(Insert(Eager(Delete(NodeScan))))");
	assert_shape(*state, "MATCH (n:City) INSERT (m:City)", "EmptyResult(Insert(NodeScan))");
	assert_shape(*state, "MATCH (n:City) INSERT (m:City) RETURN m",
		     "ProduceResults(Eager(Insert(NodeScan)))");
	assert_shape(*state, "INSERT (m:City) SET m.x = 1 RETURN m.x AS x",
		     "ProduceResults(Project(Eager(Set(Insert(Unit)))))");
	assert_shape(*state, "MATCH (n:City) SET n.x = 1, n.y = n.x",
		     "EmptyResult(Set(Eager(Set(NodeScan))))");
}

static void shortest_path_seeks_both_ends_first(void **state)
{
	struct fix *f = *state;
	struct plan *p =
	    planned(f, "MATCH ANY SHORTEST (a:Person {id: 1})-[:KNOWS]->*(b:Person {id: 9}) "
		       "RETURN a, b");
	const struct pop *o = find_op(p, POP_SHORTEST);

	assert_non_null(o);
	assert_true(o->expand.into);
	assert_int_equal(o->left->kind, POP_INDEX_SEEK);
	assert_int_equal(o->left->left->kind, POP_INDEX_SEEK);
	plan_unref(p);
}

/* Only what something above reads is copied; an edge that nobody asks for is not made. */
static void carries_what_is_read_above(void **state)
{
	struct fix *f = *state;
	struct plan *p = planned(f, "MATCH (a:City)-[e]->(b)-[g:KNOWS]->(c) RETURN a, c");
	const struct pop *top = p->root->left;

	assert_int_equal(top->kind, POP_EXPAND);
	const struct pop *below = top->left;
	assert_int_equal(below->kind, POP_EXPAND);
	assert_int_equal(top->n_carry, 1); /* a: b and e end here */
	assert_int_equal(top->expand.edge, SLOT_NONE);
	assert_int_not_equal(below->expand.edge, SLOT_NONE); /* the second must differ from it */
	assert_int_equal(below->n_carry, 1);
	assert_int_equal(below->carry[0], top->carry[0]);
	plan_unref(p);

	p = planned(f, "MATCH (a:City), (b:Person) WHERE a.x = b.x RETURN b.y AS y");
	const struct pop *join = find_op(p, POP_HASH_JOIN);
	assert_non_null(join);
	assert_int_equal(join->n_carry + join->n_carry_right, 1);
	plan_unref(p);
}

static void explain_lists_the_root_first(void **state)
{
	struct fix *f = *state;
	struct plan *p =
	    planned(f, "MATCH (a:Person {id: 1})-[e:KNOWS]->(b) WHERE b.x > 2 RETURN b.x AS y");
	const struct explain_op *ops;
	uint32_t n;
	static const struct {
		const char *kind, *detail;
	} want[] = {
	    {"ProduceResults", "y"},
	    {"Project", "b.x AS y"},
	    {"Filter", "b.x > 2"},
	    {"Expand", "(a)-[:KNOWS]->(b)"},
	    {"IndexSeek", "a, index Person on :Person(id) = 1"},
	    {"Unit", ""},
	};

	assert_int_equal(plan_explain(p, &f->a, &ops, &n), ST_OK);
	assert_int_equal(n, ARRAY_LEN(want));
	for (uint32_t i = 0; i < n; i++) {
		assert_string_equal(ops[i].kind, want[i].kind);
		if (!str_eq(ops[i].detail, str_of(want[i].detail)))
			fail_msg("%s: " STR_FMT, ops[i].kind, STR_ARG(ops[i].detail));
		assert_int_equal(ops[i].depth, i);
	}
	assert_true(ops[4].est_rows <= 1);
	plan_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_seek_where_an_index_answers),
	    cmocka_unit_test(ranges_where_they_pay),
	    cmocka_unit_test(counts_add_up_what_nobody_reads),
	    cmocka_unit_test(the_walk_begins_at_the_cheapest_end),
	    cmocka_unit_test(degrees_are_those_of_the_label),
	    cmocka_unit_test(a_nameless_quantified_edge_begins_at_the_cheaper_end),
	    cmocka_unit_test(both_ends_bound),
	    cmocka_unit_test(equal_properties_join_by_hash),
	    cmocka_unit_test(predicates_come_before_the_next_step),
	    cmocka_unit_test(a_condition_on_the_way_waits_for_what_it_reads),
	    cmocka_unit_test(the_first_rows_of_a_sort),
	    cmocka_unit_test(the_first_rows_come_in_the_order_of_an_index),
	    cmocka_unit_test(an_order_that_an_index_does_not_give),
	    cmocka_unit_test(barriers_stand_behind_writing),
	    cmocka_unit_test(shortest_path_seeks_both_ends_first),
	    cmocka_unit_test(carries_what_is_read_above),
	    cmocka_unit_test(explain_lists_the_root_first),
	    cmocka_unit_test(a_key_that_tells_little_is_not_sought),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
