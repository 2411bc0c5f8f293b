#include "exec_test.h"

#include <stdio.h>

#include "base/clock.h"

static struct fix f;
static elem_id people[6], place;

/* Six people in a ring of KNOWS with a chord and a LIKES edge, one without age, and a place. */
static int set_up(void **state)
{
	fix_init(&f);
	struct txn *t = write_begin(&f);
	for (int i = 0; i < 6; i++)
		people[i] = add_node(&f, t, "Person", i != 5 ? "age" : NULL, value_int(20 + i % 3));
	for (int i = 0; i < 6; i++)
		add_edge(&f, t, "KNOWS", people[i], people[(i + 1) % 6]);
	add_edge(&f, t, "KNOWS", people[0], people[3]);
	add_edge(&f, t, "LIKES", people[0], people[1]);
	place = add_node(&f, t, "Place", "age", value_str(STR("old")));
	write_commit(&f, t);
	return 0;
}

static int tear_down(void **state)
{
	fix_release(&f);
	return 0;
}

/* A text with the id of the place at %d. */
static const char *with_place(const char *format)
{
	char line[256];

	snprintf(line, sizeof(line), format, (int)place);
	return fix_dup(&f, line, strlen(line) + 1);
}

static const struct expr *id_of(uint32_t slot)
{
	return e_graph(&f, GF_ID, e_slot(&f, slot));
}

/* Rows as ids of slots 0 and 2. */
static const struct pop *two_ids(const struct pop *p)
{
	p = p_project(&f, p, 8, id_of(0));
	p = p_project(&f, p, 9, id_of(2));
	return PRODUCE(&f, p, 8, 9);
}

static const struct pop *one(const struct pop *p, const struct expr *e)
{
	return PRODUCE(&f, p_project(&f, p, 8, e), 8);
}

static void scans_filter_by_label(void **state)
{
	assert_string_equal(run_all(&f, one(p_scan(&f, 0, "Person"), id_of(0))),
			    "0\n1\n2\n3\n4\n5\n");
	fix_plan(&f);
	assert_string_equal(run_all(&f, one(p_scan(&f, 0, NULL), e_prop(&f, e_slot(&f, 0), "age"))),
			    "'old'\n20\n20\n21\n21\n22\nnull\n");
	fix_plan(&f);
	assert_string_equal(run_all(&f, one(p_scan(&f, 0, "Nobody"), id_of(0))), "");
	fix_plan(&f);
	const struct pop *p =
	    p_filter(&f, p_scan(&f, 0, NULL), e_label(&f, e_slot(&f, 0), "Place"));
	assert_string_equal(run_all(&f, one(p, id_of(0))), with_place("%d\n"));
}

static void scans_of_edges_give_ends(void **state)
{
	struct pop *p = pop_of(&f, POP_EDGE_SCAN, NULL);
	p->edge_scan.edge = 1;
	p->edge_scan.from = 0;
	p->edge_scan.to = 2;
	p->edge_scan.type = name_of(&f, NAME_TYPE, "LIKES");
	assert_string_equal(run_all(&f, two_ids(p)), "0|1\n");
	fix_plan(&f);
	p = pop_of(&f, POP_EDGE_SCAN, NULL);
	p->edge_scan.edge = 1;
	p->edge_scan.from = p->edge_scan.to = SLOT_NONE;
	p->edge_scan.type = NAME_NONE;
	assert_string_equal(
	    run_all(&f, one(p, e_graph(&f, GF_TYPE, e_slot(&f, 1)))),
	    "'KNOWS'\n'KNOWS'\n'KNOWS'\n'KNOWS'\n'KNOWS'\n'KNOWS'\n'KNOWS'\n'LIKES'\n");
}

static void seeks_find_by_id_and_by_key(void **state)
{
	const struct value wanted[] = {value_int(2), value_int(99), VALUE_NULL, value_int(0)};
	const struct expr *list = e_val(&f, value_list(wanted, 4));

	for (int kind = 0; kind < 2; kind++) {
		fix_plan(&f);
		const struct expr *keys =
		    kind == 0 ? list
			      : e_val(&f, value_list((struct value[]){value_int(21), value_int(7),
								      value_int(22)},
						     3));
		struct pop *p = pop_of(&f, kind == 0 ? POP_NODE_BY_ID : POP_INDEX_SEEK,
				       p_unwind(&f, p_unit(&f), 5, keys));
		p->seek.out = 0;
		p->seek.value = e_slot(&f, 5);
		p->seek.label = name_of(&f, NAME_LABEL, "Person");
		p->seek.key = name_of(&f, NAME_KEY, "age");
		CARRY(&f, p, 5);
		const struct pop *ids = p_project(&f, p, 8, id_of(0));
		assert_string_equal(run_all(&f, PRODUCE(&f, ids, 5, 8)),
				    kind == 0 ? "0|0\n2|2\n" : "21|1\n21|4\n22|2\n");
	}
}

static void expand_follows_direction_and_type(void **state)
{
	static const struct {
		enum pat_dir dir;
		const char *type, *expected;
	} cases[] = {
	    {DIR_OUT, "KNOWS", "0|1\n0|3\n"}, {DIR_OUT, NULL, "0|1\n0|1\n0|3\n"},
	    {DIR_IN, "KNOWS", "0|5\n"},	      {DIR_BOTH, "KNOWS", "0|1\n0|3\n0|5\n"},
	    {DIR_OUT, "NEVER", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fix_plan(&f);
		const struct pop *p =
		    p_filter(&f, p_scan(&f, 0, "Person"), e2(&f, EXPR_EQ, id_of(0), e_int(&f, 0)));
		struct pop *e = p_expand(&f, POP_EXPAND, p, 0, 1, 2, cases[i].dir, cases[i].type);
		CARRY(&f, e, 0);
		assert_string_equal(run_all(&f, two_ids(e)), cases[i].expected);
	}
}

static void one_match_takes_no_edge_twice(void **state)
{
	/* (0)-[1]-(2)-[3]-(4), undirected: never back over the same edge. */
	const struct pop *p =
	    p_filter(&f, p_scan(&f, 0, "Person"), e2(&f, EXPR_EQ, id_of(0), e_int(&f, 4)));
	struct pop *a = p_expand(&f, POP_EXPAND, p, 0, 1, 2, DIR_BOTH, "KNOWS");
	CARRY(&f, a, 0);
	struct pop *b = p_expand(&f, POP_EXPAND, a, 2, 3, 4, DIR_BOTH, "KNOWS");
	CARRY(&f, b, 0, 2);
	b->expand.n_unique = 1;
	b->expand.unique = SLOTS(&f, 1);
	const struct pop *ids = p_project(&f, p_project(&f, b, 8, id_of(2)), 9, id_of(4));
	assert_string_equal(run_all(&f, PRODUCE(&f, ids, 8, 9)), "3|0\n3|2\n5|0\n");
}

static void expand_into_closes_a_cycle(void **state)
{
	struct pop *a = p_expand(&f, POP_EXPAND, p_scan(&f, 0, "Person"), 0, 1, 2, DIR_OUT, NULL);
	CARRY(&f, a, 0);
	struct pop *b = p_expand(&f, POP_EXPAND, a, 2, 3, 4, DIR_OUT, NULL);
	CARRY(&f, b, 0, 2);
	struct pop *c = p_expand(&f, POP_EXPAND, b, 4, 5, 6, DIR_OUT, NULL);
	CARRY(&f, c, 0, 2, 4);
	struct pop *d = p_expand(&f, POP_EXPAND, c, 6, 7, 0, DIR_OUT, NULL);
	d->expand.into = true;
	CARRY(&f, d, 0, 2, 4, 6);
	/* 0 -> 3 -> 4 -> 5 -> 0 and its turns */
	const struct pop *p = p_project(&f, p_project(&f, d, 8, id_of(0)), 9, id_of(6));
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 8, 9)), "0|5\n3|0\n4|3\n5|4\n");
}

static void null_starts_expand_to_nothing(void **state)
{
	const struct pop *p = p_project(&f, p_unit(&f), 0, e_null(&f));
	struct pop *e = p_expand(&f, POP_EXPAND, p, 0, 1, 2, DIR_OUT, NULL);
	CARRY(&f, e, 0);
	assert_string_equal(run_all(&f, two_ids(e)), "");
}

static struct pop *group_by(const struct pop *p, const struct expr *key, const char *agg,
			    const struct expr *arg, bool distinct)
{
	struct pop *a = pop_of(&f, POP_AGGREGATE, p);
	struct assign k = {1, key};
	struct plan_agg g[2] = {{.slot = 2}, {.slot = 3, .arg = arg, .distinct = distinct}};

	g[1].fn = agg_find(str_of(agg));
	a->aggregate.n_keys = key != NULL;
	a->aggregate.keys = fix_dup(&f, &k, sizeof(k));
	a->aggregate.n_aggs = 2;
	a->aggregate.aggs = fix_dup(&f, g, sizeof(g));
	return a;
}

static void aggregates_group(void **state)
{
	const struct expr *age = e_prop(&f, e_slot(&f, 0), "age");
	const struct pop *p = group_by(p_scan(&f, 0, "Person"), age, "sum", id_of(0), false);
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 1, 2, 3)),
			    "20|2|3\n21|2|5\n22|1|2\nnull|1|5\n");
	fix_plan(&f);
	/* The Place's age is a text: the groups move from integers to tuples half-way. */
	p = group_by(p_scan(&f, 0, NULL), age, "max", id_of(0), false);
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 1, 2, 3)),
			    with_place("'old'|1|%d\n20|2|3\n21|2|4\n22|1|2\nnull|1|5\n"));
	fix_plan(&f);
	p = group_by(p_scan(&f, 0, "Person"), NULL, "min", age, false);
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 2, 3)), "6|20\n");
	fix_plan(&f);
	p = group_by(p_scan(&f, 0, "Person"), NULL, "count", age, true);
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 2, 3)), "6|3\n");
	fix_plan(&f);
	p = group_by(p_scan(&f, 0, "Nobody"), NULL, "avg", age, false);
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 2, 3)), "0|null\n");
	fix_plan(&f);
	p = group_by(p_scan(&f, 0, "Nobody"), age, "avg", age, false);
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 2, 3)), "");
}

static const struct value many[] = {{.kind = V_INT, .i = 3},
				    {.kind = V_NULL},
				    {.kind = V_INT, .i = 1},
				    {.kind = V_FLOAT, .f = 1},
				    {.kind = V_INT, .i = 3},
				    {.kind = V_NULL},
				    {.kind = V_STRING, .s = "a", .n = 1},
				    {.kind = V_INT, .i = 2}};

static const struct pop *unwind_many(void)
{
	return p_unwind(&f, p_unit(&f), 0, e_val(&f, value_list(many, ARRAY_LEN(many))));
}

static void distinct_keeps_the_first(void **state)
{
	struct pop *d = pop_of(&f, POP_DISTINCT, unwind_many());
	d->distinct.n = 1;
	d->distinct.slots = SLOTS(&f, 0);
	f.keep_order = true;
	assert_string_equal(run_all(&f, PRODUCE(&f, d, 0)), "3\nnull\n1\n'a'\n2\n");
	fix_plan(&f);
	f.keep_order = false;
	struct pop *e = p_expand(&f, POP_EXPAND, p_scan(&f, 0, "Person"), 0, 1, 2, DIR_BOTH, NULL);
	d = pop_of(&f, POP_DISTINCT, e);
	d->distinct.n = 1;
	d->distinct.slots = SLOTS(&f, 2);
	assert_string_equal(run_all(&f, one(d, id_of(2))), "0\n1\n2\n3\n4\n5\n");
}

static struct pop *sort(const struct pop *p, const struct expr *key, bool descending, int skip,
			int limit)
{
	struct pop *s = pop_of(&f, POP_SORT, p);
	struct sort_key k = {.expr = key, .descending = descending, .nulls_first = descending};

	s->sort.n = 1;
	s->sort.keys = fix_dup(&f, &k, sizeof(k));
	s->sort.skip = skip >= 0 ? e_int(&f, skip) : NULL;
	s->sort.limit = limit >= 0 ? e_int(&f, limit) : NULL;
	CARRY(&f, s, 0);
	return s;
}

static void sort_orders_and_cuts(void **state)
{
	static const struct {
		bool descending;
		int skip, limit;
		const char *expected;
	} cases[] = {
	    {false, -1, -1, "'a'\n1\n1.0\n2\n3\n3\nnull\nnull\n"},
	    {true, -1, -1, "null\nnull\n3\n3\n2\n1\n1.0\n'a'\n"},
	    {false, -1, 3, "'a'\n1\n1.0\n"},
	    {false, 2, 2, "'a'\n1\n1.0\n2\n"}, /* a limit above skips */
	    {false, 9, 2, "'a'\n1\n1.0\n2\n3\n3\nnull\nnull\n"},
	    {false, 0, 0, ""},
	};

	f.keep_order = true;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fix_plan(&f);
		const struct pop *s = sort(unwind_many(), e_slot(&f, 0), cases[i].descending,
					   cases[i].skip, cases[i].limit);
		assert_string_equal(run_all(&f, PRODUCE(&f, s, 0)), cases[i].expected);
	}
}

/* More rows than the slack, so that kept rows are cut back and late ones dropped. */
static void top_k_of_many_rows(void **state)
{
	uint32_t n = 30000;
	struct value *v = fix_dup(&f, many, sizeof(many));
	v = arena_alloc(&f.a, n * sizeof(*v));
	assert_non_null(v);
	for (uint32_t i = 0; i < n; i++)
		v[i] = value_int((int64_t)(i * UINT64_C(7919) % n));
	f.keep_order = true;
	const struct pop *rows = p_unwind(&f, p_unit(&f), 0, e_val(&f, value_list(v, n)));
	assert_string_equal(run(&f, PRODUCE(&f, sort(rows, e_slot(&f, 0), false, 2, 1), 0)),
			    "0\n1\n2\n");
	f.opt.yield_seed = 5;
	assert_string_equal(run(&f, PRODUCE(&f, sort(rows, e_slot(&f, 0), true, 0, 2), 0)),
			    "29999\n29998\n");
	const char *all = run(&f, PRODUCE(&f, sort(rows, e_slot(&f, 0), false, 1, -1), 0));
	for (uint32_t i = 0; i < n; i++, all = strchr(all, '\n') + 1)
		assert_int_equal(atoi(all), i);
}

static void limits_cut_batches(void **state)
{
	struct pop *l = pop_of(&f, POP_LIMIT, p_scan(&f, 0, "Person"));
	l->limit.skip = e_int(&f, 1);
	l->limit.limit = e_int(&f, 2);
	assert_string_equal(run_all(&f, one(l, id_of(0))), "1\n2\n");
	l->limit.limit = e_int(&f, -1);
	run(&f, one(l, id_of(0)));
	assert_string_equal(gqlstatus_code(f.diag.code), "22G02");
	l->limit.limit = e_str(&f, "x");
	run(&f, one(l, id_of(0)));
	assert_string_equal(gqlstatus_code(f.diag.code), "22G03");
}

static const struct pop *list_rows(uint32_t slot, int n)
{
	struct value *v = arena_alloc(&f.a, (size_t)n * sizeof(*v));

	assert_non_null(v);
	for (int i = 0; i < n; i++)
		v[i] = i == 2 ? VALUE_NULL : value_int(i);
	return p_unwind(&f, p_unit(&f), slot, e_val(&f, value_list(v, (uint32_t)n)));
}

static void cross_pairs_all_rows(void **state)
{
	for (int turn = 0; turn < 2; turn++) {
		fix_plan(&f);
		struct pop *c = pop_of(&f, POP_CROSS, list_rows(0, turn ? 4 : 2));
		c->right = list_rows(1, turn ? 2 : 4);
		CARRY(&f, c, 0);
		CARRY_RIGHT(&f, c, 1);
		assert_string_equal(run_all(&f, PRODUCE(&f, c, 0, 1)),
				    turn ? "0|0\n0|1\n1|0\n1|1\n3|0\n3|1\nnull|0\nnull|1\n"
					 : "0|0\n0|1\n0|3\n0|null\n1|0\n1|1\n1|3\n1|null\n");
	}
}

static void joins_meet_equal_keys_only(void **state)
{
	struct pop *j = pop_of(&f, POP_HASH_JOIN, list_rows(0, 4));
	const struct expr *left = e_slot(&f, 0);
	const struct expr *right = e2(&f, EXPR_DIV, e_slot(&f, 1), e_int(&f, 2));

	j->right = list_rows(1, 8);
	j->join.n = 1;
	j->join.left_keys = fix_dup(&f, &left, sizeof(left));
	j->join.right_keys = fix_dup(&f, &right, sizeof(right));
	CARRY(&f, j, 0);
	CARRY_RIGHT(&f, j, 1);
	assert_string_equal(run_all(&f, PRODUCE(&f, j, 0, 1)), "0|0\n0|1\n1|3\n3|6\n3|7\n");
}

static const struct pop *friends_of_outer(void)
{
	struct pop *e = p_expand(&f, POP_EXPAND, p_unit(&f), 0, 1, 2, DIR_OUT, "LIKES");
	CARRY(&f, e, 0);
	return e;
}

static void apply_and_optional_run_the_right_side(void **state)
{
	for (int kind = POP_APPLY; kind <= POP_OPTIONAL; kind++) {
		fix_plan(&f);
		struct pop *a = pop_of(&f, (enum pop_kind)kind, p_scan(&f, 0, "Person"));
		a->right = friends_of_outer();
		CARRY(&f, a, 0);
		CARRY_RIGHT(&f, a, 2);
		assert_string_equal(
		    run_all(&f, two_ids(a)),
		    kind == POP_APPLY ? "0|1\n" : "0|1\n1|null\n2|null\n3|null\n4|null\n5|null\n");
	}
}

static void semi_tests_and_marks(void **state)
{
	static const char *const expected[] = {"0\n", "1\n2\n3\n4\n5\n"};

	for (int anti = 0; anti < 2; anti++) {
		fix_plan(&f);
		struct pop *s = pop_of(&f, POP_SEMI, p_scan(&f, 0, "Person"));
		s->right = friends_of_outer();
		s->semi.anti = anti != 0;
		assert_string_equal(run_all(&f, one(s, id_of(0))), expected[anti]);
	}
	fix_plan(&f);
	struct pop *m = pop_of(&f, POP_SEMI_MARK, p_scan(&f, 0, "Person"));
	m->right = friends_of_outer();
	m->semi.out = 7;
	const struct pop *p = p_project(&f, m, 8, id_of(0));
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 8, 7)),
			    "0|true\n1|false\n2|false\n3|false\n4|false\n5|false\n");
}

static void unwind_gives_ordinals(void **state)
{
	struct pop *u = p_unwind(&f, p_unit(&f), 0, e_val(&f, value_list(many, 3)));
	u->unwind.ordinal = 1;
	assert_string_equal(run_all(&f, PRODUCE(&f, u, 0, 1)), "1|3\n3|1\nnull|2\n");
	fix_plan(&f);
	assert_string_equal(run_all(&f, PRODUCE(&f, p_unwind(&f, p_unit(&f), 0, e_null(&f)), 0)),
			    "");
	fix_plan(&f);
	run(&f, PRODUCE(&f, p_unwind(&f, p_unit(&f), 0, e_int(&f, 1)), 0));
	assert_string_equal(gqlstatus_code(f.diag.code), "22G03");
}

static void union_renames_both_sides(void **state)
{
	struct pop *u = pop_of(&f, POP_UNION, list_rows(0, 2));
	u->right = list_rows(1, 3);
	u->set_op.n = 1;
	u->set_op.left_slots = SLOTS(&f, 0);
	u->set_op.right_slots = SLOTS(&f, 1);
	u->set_op.out_slots = SLOTS(&f, 2);
	assert_string_equal(run_all(&f, PRODUCE(&f, u, 2)), "0\n0\n1\n1\nnull\n");
}

/* Sides of set operations have rows that come twice, nulls, and numbers of two kinds. */
static const struct pop *setop_plan(enum pop_kind kind, bool all, bool empty_left)
{
	const struct pop *left = unwind_many();
	struct pop *o;

	if (empty_left)
		left = p_filter(&f, left, e_val(&f, value_bool(false)));
	o = pop_of(&f, kind, left);
	o->right = p_unwind(&f, p_unit(&f), 1, e_val(&f, value_list(many + 1, 3)));
	o->set_op.n = 1;
	o->set_op.left_slots = SLOTS(&f, 0);
	o->set_op.right_slots = SLOTS(&f, 1);
	o->set_op.out_slots = SLOTS(&f, 2);
	o->set_op.all = all;
	return PRODUCE(&f, o, 2);
}

static void set_operations(void **state)
{
	static const struct {
		enum pop_kind kind;
		bool all, empty_left;
		const char *rows;
	} cases[] = {
	    /* 3 null 1 1.0 3 null 'a' 2 and null 1 1.0 */
	    {POP_EXCEPT, false, false, "'a'\n2\n3\n"},
	    {POP_EXCEPT, true, false, "'a'\n2\n3\n3\nnull\n"},
	    {POP_EXCEPT, false, true, ""},
	    {POP_INTERSECT, false, false, "1\nnull\n"},
	    {POP_INTERSECT, true, false, "1\n1.0\nnull\n"},
	    {POP_OTHERWISE, false, false, "'a'\n1\n1.0\n2\n3\n3\nnull\nnull\n"},
	    {POP_OTHERWISE, false, true, "1\n1.0\nnull\n"},
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		fix_plan(&f);
		const struct pop *p = setop_plan(cases[i].kind, cases[i].all, cases[i].empty_left);
		assert_string_equal(run_all(&f, p), cases[i].rows);
		run_failing(&f, p);
	}
}

static void rows_of_another_graph(void **state)
{
	struct graph *home = f.graph, *g, *old;
	struct txn_commit c = {0};
	struct txn *t;

	assert_int_equal(txn_begin(f.mgr, TXN_WRITE, 0, &t), ST_OK);
	assert_int_equal(txn_graph_create(t, STR("g"), GRAPH_EXISTS_OK, &g, &old, &f.diag), ST_OK);
	assert_int_equal(txn_commit(t, &c, &f.diag), ST_OK);
	struct pop *u = pop_of(&f, POP_USE, p_scan(&f, 0, "Person"));
	u->use.graph = home;
	u->use.n = 0;
	f.plan.graph = g;
	struct pop *a = pop_of(&f, POP_UNION, u); /* people of one graph, none of the other */
	a->right = p_scan(&f, 1, "Person");
	a->set_op.n = 1;
	a->set_op.left_slots = SLOTS(&f, 0);
	a->set_op.right_slots = SLOTS(&f, 1);
	a->set_op.out_slots = SLOTS(&f, 2);
	const struct pop *p =
	    PRODUCE(&f, p_project(&f, a, 3, e1(&f, EXPR_IS_NULL, e_slot(&f, 2))), 3);
	const char *rows = run_all(&f, p);
	assert_true(strlen(rows) > 0 && strstr(rows, "true") == NULL);
	run_failing(&f, p);
	const struct str names[] = {STR("n"), STR("m"), STR(""), STR("")};
	f.plan.slot_names = names;
	u->use.n = 1; /* the nodes would be handed on */
	u->use.slots = SLOTS(&f, 0);
	run(&f, p);
	assert_string_equal(gqlstatus_code(f.diag.code), "42002");
	f.plan.graph = home;
	f.plan.slot_names = NULL;
}

static void produce_resolves_elements(void **state)
{
	struct pop *e =
	    p_expand(&f, POP_EXPAND, p_scan(&f, 0, "Person"), 0, 1, 2, DIR_OUT, "LIKES");
	CARRY(&f, e, 0);
	const struct pop *p = p_project(&f, e, 3, e2(&f, EXPR_LIST, e_slot(&f, 2), e_null(&f)));
	const struct expr *parts[] = {e_slot(&f, 0), e_slot(&f, 1), e_slot(&f, 2)};
	p = p_project(&f, p, 4, e_new(&f, EXPR_PATH, 3, parts));
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 0, 1, 3)),
			    "(:Person {age: 20})|[:LIKES]|[(:Person {age: 21}), null]\n");
	p = p_project(&f, p, 5, e_graph(&f, GF_PATH_LENGTH, e_slot(&f, 4)));
	p = p_project(&f, p, 6, e_graph(&f, GF_LABELS, e_slot(&f, 0)));
	p = p_project(&f, p, 7, e_graph(&f, GF_PROPERTIES, e_slot(&f, 0)));
	assert_string_equal(run_all(&f, PRODUCE(&f, p, 5, 6, 7)), "1|['Person']|{age: 20}\n");
}

static void eager_keeps_rows(void **state)
{
	struct pop *e = pop_of(&f, POP_EAGER, unwind_many());
	CARRY(&f, e, 0);
	f.keep_order = true;
	assert_string_equal(run_all(&f, PRODUCE(&f, e, 0)), "3\nnull\n1\n1.0\n3\nnull\n'a'\n2\n");
}

/* ---- limits of a query -------------------------------------------------------------------------
 */

static const struct pop *wide_plan(void)
{
	struct pop *c = pop_of(&f, POP_CROSS, p_scan(&f, 0, "Person"));
	c->right = p_scan(&f, 2, "Person");
	CARRY(&f, c, 0);
	CARRY_RIGHT(&f, c, 2);
	struct pop *s = sort(c, id_of(0), false, -1, -1);
	CARRY(&f, s, 0, 2);
	const struct pop *g =
	    group_by(s, e_prop(&f, e_slot(&f, 2), "age"), "collect", id_of(0), true);
	return PRODUCE(&f, g, 1, 2, 3);
}

static void plans_survive_a_failing_allocator(void **state)
{
	run_failing(&f, wide_plan());
	fix_plan(&f);
	struct pop *a = pop_of(&f, POP_OPTIONAL, p_scan(&f, 0, "Person"));
	a->right = friends_of_outer();
	CARRY(&f, a, 0);
	CARRY_RIGHT(&f, a, 2);
	run_failing(&f, PRODUCE(&f, a, 0, 2));
}

static void a_full_budget_is_said(void **state)
{
	uint32_t n = 20000;
	struct value *v = arena_alloc(&f.a, n * sizeof(*v));

	assert_non_null(v);
	for (uint32_t i = 0; i < n; i++)
		v[i] = value_int(i);
	struct pop *e =
	    pop_of(&f, POP_EAGER, p_unwind(&f, p_unit(&f), 0, e_val(&f, value_list(v, n))));
	CARRY(&f, e, 0);
	f.opt.memory_limit_bytes = 100000;
	run(&f, PRODUCE(&f, e, 0));
	assert_int_equal(f.st, ST_LIMIT);
	assert_string_equal(gqlstatus_code(f.diag.code), "53N01");
	struct budget all = {.limit_bytes = 100000};
	f.opt.memory_limit_bytes = 0;
	f.opt.budget = &all;
	run(&f, PRODUCE(&f, e, 0));
	assert_int_equal(f.st, ST_LIMIT);
	assert_int_equal(all.used_bytes, 0);
}

static void a_stop_ends_the_query(void **state)
{
	static const char *const codes[] = {"", "57014", "57014", "57P01", "40N02"};
	_Atomic uint32_t stop = QUERY_RUN;

	f.opt.stop = &stop;
	assert_string_equal(run(&f, one(p_scan(&f, 0, "Place"), id_of(0))), with_place("%d\n"));
	for (uint32_t why = QUERY_KILLED; why <= QUERY_TOO_OLD; why++) {
		fix_plan(&f);
		stop = why;
		run(&f, one(p_scan(&f, 0, "Place"), id_of(0)));
		assert_int_equal(f.st, ST_STOPPED);
		assert_string_equal(gqlstatus_code(f.diag.code), codes[why]);
	}
}

/* The collector asks its view to close: the query ends by itself. */
static void a_view_given_up_ends_the_query(void **state)
{
	const struct txn_limits limits = {.view_age_ns = 1};
	struct query *q;
	struct batch *b;
	struct txn *t;

	fix_plan(&f);
	f.opt.batch_rows = 1;
	f.opt.stop = NULL;
	const struct pop *root = one(p_scan(&f, 0, "Place"), id_of(0));
	f.plan.root = root;
	f.plan.n_columns = 1;
	diag_reset(&f.diag);
	txn_set_limits(f.mgr, &limits);
	clock_manual_set(10, 0);
	clock_install(&clock_manual);
	assert_int_equal(txn_begin(f.mgr, TXN_READ, 0, &t), ST_OK);
	assert_int_equal(query_open(&f.plan, t, f.params, &f.opt, &f.diag, &q), ST_OK);
	clock_manual_advance(2);
	(void)txn_collect(f.mgr);
	clock_install(&clock_system);
	assert_int_equal(query_next(q, &b), ST_STOPPED);
	assert_string_equal(gqlstatus_code(f.diag.code), "40N02");
	query_close(q);
	txn_rollback(t);
	txn_set_limits(f.mgr, &(struct txn_limits){0});
}

static uint64_t tick_ns(void)
{
	static uint64_t now = 1;

	return now += 10;
}

static int64_t no_wall(void)
{
	return 0;
}

/* Time passes between any two looks at the clock, more than a slice is long. */
static void a_spent_slice_yields(void **state)
{
	static const struct clock_ops ticking = {.mono_ns = tick_ns, .wall_us = no_wall};
	const struct pop *c = p_scan(&f, 0, "Person");
	struct query *q;
	struct batch *b = NULL;
	unsigned n_yields = 0, n_rows = 0;

	for (int i = 0; i < 5; i++) { /* 6^6 rows */
		struct pop *p = pop_of(&f, POP_CROSS, c);
		p->right = p_scan(&f, 1, "Person");
		CARRY(&f, p, 0);
		c = p;
	}
	f.plan.root = PRODUCE(&f, c, 0);
	clock_install(&ticking);
	f.opt.slice_ns = 1;
	struct txn *t = write_begin(&f);
	assert_int_equal(query_open(&f.plan, t, NULL, &f.opt, &f.diag, &q), ST_OK);
	for (;;) {
		enum status st = query_next(q, &b);
		n_yields += st == ST_YIELD;
		if (st == ST_OK && b == NULL)
			break;
		assert_true(st == ST_OK || st == ST_YIELD);
		n_rows += st == ST_OK ? b->n_sel : 0;
	}
	assert_int_equal(n_rows, 46656);
	assert_true(n_yields > 3);
	query_close(q);
	txn_rollback(t);
	clock_install(&clock_system);
}

static void operators_count_rows(void **state)
{
	struct query *q;
	struct batch *b;
	const struct pop *scan = p_scan(&f, 0, "Person");
	const struct pop *p = p_filter(&f, scan, e2(&f, EXPR_GT, id_of(0), e_int(&f, 3)));

	f.opt.profile = true;
	f.plan.root = PRODUCE(&f, p, 0);
	struct txn *t = write_begin(&f);
	assert_int_equal(query_open(&f.plan, t, NULL, &f.opt, &f.diag, &q), ST_OK);
	do
		assert_int_equal(query_next(q, &b), ST_OK);
	while (b != NULL);
	assert_int_equal(query_stats(q)[scan->id].n_rows, 6);
	assert_int_equal(query_stats(q)[p->id].n_rows, 2);
	assert_int_equal(query_stats(q)[p->id].n_calls, 2);
	assert_true(query_memory_peak(q) > 0);
	query_close(q);
	txn_rollback(t);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(scans_filter_by_label),
	    TEST(scans_of_edges_give_ends),
	    TEST(seeks_find_by_id_and_by_key),
	    TEST(expand_follows_direction_and_type),
	    TEST(one_match_takes_no_edge_twice),
	    TEST(expand_into_closes_a_cycle),
	    TEST(null_starts_expand_to_nothing),
	    TEST(aggregates_group),
	    TEST(distinct_keeps_the_first),
	    TEST(sort_orders_and_cuts),
	    TEST(top_k_of_many_rows),
	    TEST(limits_cut_batches),
	    TEST(cross_pairs_all_rows),
	    TEST(joins_meet_equal_keys_only),
	    TEST(apply_and_optional_run_the_right_side),
	    TEST(semi_tests_and_marks),
	    TEST(unwind_gives_ordinals),
	    TEST(union_renames_both_sides),
	    TEST(set_operations),
	    TEST(rows_of_another_graph),
	    TEST(produce_resolves_elements),
	    TEST(eager_keeps_rows),
	    TEST(plans_survive_a_failing_allocator),
	    TEST(a_full_budget_is_said),
	    TEST(a_stop_ends_the_query),
	    TEST(a_view_given_up_ends_the_query),
	    TEST(a_spent_slice_yields),
	    TEST(operators_count_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
