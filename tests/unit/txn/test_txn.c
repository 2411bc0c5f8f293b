#include "txn_test.h"

static void what_is_committed_is_seen_by_later_views_only(void **state)
{
	struct world w;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE), *early = txn_open(&w, TXN_READ);
	elem_id id = new_node(&w, t, "Person", "age", value_int(30));
	assert_false(graph_node_exists(w.g, txn_view(early), id));
	commit(&w, t);
	struct txn *late = txn_open(&w, TXN_READ);
	assert_false(graph_node_exists(w.g, txn_view(early), id));
	assert_int_equal(count_nodes(&w, early, NULL), 0);
	assert_true(graph_node_exists(w.g, txn_view(late), id));
	assert_get(&w, late, id, "age", 30);
	assert_int_equal(count_nodes(&w, late, "Person"), 1);
	txn_rollback(early);
	txn_rollback(late);
	world_close(&w);
}

static void a_clause_sees_the_clauses_before_it(void **state)
{
	struct world w;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_EXPLICIT);
	elem_id a = new_node(&w, t, "P", "x", value_int(1));
	assert_false(graph_node_exists(w.g, txn_view(t), a)); /* same clause */
	txn_next_clause(t);
	assert_true(graph_node_exists(w.g, txn_view(t), a));
	set(&w, t, a, "x", value_int(2));
	assert_get(&w, t, a, "x", 1);
	txn_next_clause(t);
	assert_get(&w, t, a, "x", 2);
	elem_id b = new_node(&w, t, "P", NULL, VALUE_NULL);
	new_edge(&w, t, "KNOWS", a, b);
	assert_int_equal(degree(&w, t, a, ADJ_OUT), 0);
	txn_next_clause(t);
	assert_int_equal(degree(&w, t, a, ADJ_OUT), 1);
	assert_int_equal(degree(&w, t, b, ADJ_IN), 1);
	commit(&w, t);
	collect_all(&w);
	t = txn_open(&w, TXN_READ);
	assert_get(&w, t, a, "x", 2);
	assert_int_equal(degree(&w, t, a, ADJ_OUT), 1);
	txn_rollback(t);
	world_close(&w);
}

static void first_updater_wins(void **state)
{
	struct world w;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id a = new_node(&w, t, "P", "x", value_int(1));
	commit(&w, t);
	struct txn *one = txn_open(&w, TXN_EXPLICIT), *two = txn_open(&w, TXN_EXPLICIT);
	set(&w, one, a, "x", value_int(2));
	assert_int_equal(try_set(&w, two, a, "y", value_int(3)),
			 ST_CONFLICT); /* a claim is per slot */
	assert_int_equal(w.d.code, GQL_SERIALIZATION);
	commit(&w, one);
	assert_int_equal(try_set(&w, two, a, "x", value_int(3)),
			 ST_CONFLICT); /* newer than its view */
	txn_rollback(two);
	two = txn_open(&w, TXN_WRITE);
	set(&w, two, a, "x", value_int(3));
	commit(&w, two);
	t = txn_open(&w, TXN_READ);
	assert_get(&w, t, a, "x", 3);
	txn_rollback(t);
	world_close(&w);
}

/* An aborted entry on top must not hide that a committed one below it is newer than the view. */
static void no_update_is_lost_over_an_aborted_entry(void **state)
{
	struct world w;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id a = new_node(&w, t, "P", "x", value_int(1));
	commit(&w, t);
	struct txn *old = txn_open(&w, TXN_EXPLICIT);
	t = txn_open(&w, TXN_WRITE);
	set(&w, t, a, "x", value_int(2));
	commit(&w, t);
	t = txn_open(&w, TXN_EXPLICIT);
	set(&w, t, a, "x", value_int(9));
	txn_rollback(t);
	assert_int_equal(try_set(&w, old, a, "x", value_int(3)), ST_CONFLICT);
	txn_rollback(old);
	collect_all(&w);
	t = txn_open(&w, TXN_READ);
	assert_get(&w, t, a, "x", 2);
	txn_rollback(t);
	world_close(&w);
}

static void rollback_leaves_nothing(void **state)
{
	struct world w;
	struct value v;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id a = new_node(&w, t, "P", "s", value_str(STR("first")));
	elem_id b = new_node(&w, t, "P", NULL, VALUE_NULL);
	elem_id e = new_edge(&w, t, "R", a, b);
	commit(&w, t);
	t = txn_open(&w, TXN_EXPLICIT);
	set(&w, t, a, "s", value_int(70000)); /* the column becomes mixed */
	set(&w, t, a, "n", value_float(1.5));
	new_edge(&w, t, "R", b, a);
	assert_int_equal(txn_edge_delete(t, w.g, e, &w.d), ST_OK);
	elem_id c = new_node(&w, t, "Q", "s", value_str(STR("gone")));
	txn_next_clause(t);
	assert_int_equal(degree(&w, t, a, ADJ_OUT), 0);
	assert_int_equal(degree(&w, t, a, ADJ_IN), 1);
	txn_rollback(t);
	for (int round = 0; round < 2; round++) {
		t = txn_open(&w, TXN_READ);
		v = get(&w, t, a, "s");
		assert_int_equal(v.kind, V_STRING);
		assert_true(str_eq(value_text(v), STR("first")));
		assert_int_equal(get(&w, t, a, "n").kind, V_NULL);
		assert_int_equal(degree(&w, t, a, ADJ_OUT), 1);
		assert_int_equal(degree(&w, t, a, ADJ_IN), 0);
		assert_false(graph_node_exists(w.g, txn_view(t), c));
		assert_int_equal(graph_count_nodes(w.g, NAME_NONE), 2);
		assert_int_equal(graph_count_edges(w.g, NAME_NONE), 1);
		txn_rollback(t);
		collect_all(&w);
	}
	world_close(&w);
}

static void a_savepoint_takes_back_what_came_after_it(void **state)
{
	struct world w;
	struct txn_savepoint sp;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id a = new_node(&w, t, "P", "x", value_int(1));
	commit(&w, t);
	t = txn_open(&w, TXN_EXPLICIT);
	set(&w, t, a, "x", value_int(2));
	txn_next_clause(t);
	txn_savepoint(t, &sp);
	set(&w, t, a, "x", value_int(3));
	elem_id b = new_node(&w, t, "P", NULL, VALUE_NULL);
	new_edge(&w, t, "R", a, b);
	txn_next_clause(t);
	txn_set_failed(t);
	txn_rollback_to(t, &sp);
	assert_false(txn_is_failed(t));
	assert_get(&w, t, a, "x", 2);
	assert_int_equal(degree(&w, t, a, ADJ_OUT), 0);
	assert_false(graph_node_exists(w.g, txn_view(t), b));
	struct txn *r = txn_open(&w, TXN_READ);
	assert_get(&w, r, a, "x", 1);
	commit(&w, t);
	assert_get(&w, r, a, "x", 1);
	txn_rollback(r);
	collect_all(&w);
	r = txn_open(&w, TXN_READ);
	assert_get(&w, r, a, "x", 2);
	assert_int_equal(degree(&w, r, a, ADJ_OUT), 0);
	txn_rollback(r);
	world_close(&w);
}

static void a_failed_transaction_does_not_commit(void **state)
{
	struct world w;
	struct txn_commit c = {0};

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_EXPLICIT);
	elem_id a = new_node(&w, t, "P", "x", value_int(1));
	txn_set_failed(t);
	diag_reset(&w.d);
	assert_int_equal(txn_commit(t, &c, &w.d), ST_INVALID);
	t = txn_open(&w, TXN_READ);
	assert_false(graph_node_exists(w.g, txn_view(t), a));
	txn_rollback(t);
	world_close(&w);
}

static void no_edge_dangles(void **state)
{
	struct world w;
	elem_id id;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id a = new_node(&w, t, "P", NULL, VALUE_NULL),
		b = new_node(&w, t, "P", NULL, VALUE_NULL);
	name_id type = name(t, NAME_TYPE, "R");
	commit(&w, t);
	/* the deleter comes first */
	struct txn *del = txn_open(&w, TXN_EXPLICIT), *ins = txn_open(&w, TXN_EXPLICIT);
	assert_int_equal(txn_node_delete(del, w.g, a, false, &w.d), ST_OK);
	assert_int_equal(txn_end_clause(del, &w.d), ST_OK);
	diag_reset(&w.d);
	assert_int_equal(txn_edge_create(ins, w.g, type, a, b, NULL, 0, &id, &w.d), ST_CONFLICT);
	txn_rollback(ins);
	txn_rollback(del);
	/* the inserter comes first */
	del = txn_open(&w, TXN_EXPLICIT);
	ins = txn_open(&w, TXN_EXPLICIT);
	new_edge(&w, ins, "R", a, b);
	diag_reset(&w.d);
	enum status st = txn_node_delete(del, w.g, a, true, &w.d);
	if (st == ST_OK)
		st = txn_end_clause(del, &w.d);
	assert_int_equal(st, ST_CONFLICT);
	txn_rollback(del);
	commit(&w, ins);
	/* alone: without DETACH refused, with it fine; an own deleted endpoint is another error */
	del = txn_open(&w, TXN_EXPLICIT);
	diag_reset(&w.d);
	assert_int_equal(txn_node_delete(del, w.g, a, false, &w.d), ST_OK);
	assert_int_equal(txn_end_clause(del, &w.d), ST_INVALID);
	assert_int_equal(w.d.code, GQL_EDGES_EXIST);
	txn_rollback(del);
	del = txn_open(&w, TXN_EXPLICIT);
	diag_reset(&w.d);
	assert_int_equal(txn_node_delete(del, w.g, a, true, &w.d), ST_OK);
	assert_int_equal(txn_end_clause(del, &w.d), ST_OK);
	assert_int_equal(txn_edge_create(del, w.g, type, a, b, NULL, 0, &id, &w.d), ST_INVALID);
	assert_int_equal(w.d.code, GQL_ENDPOINT_DELETED);
	commit(&w, del);
	t = txn_open(&w, TXN_READ);
	assert_int_equal(degree(&w, t, b, ADJ_IN), 0);
	txn_rollback(t);
	world_close(&w);
}

static void edges_to_one_node_never_conflict(void **state)
{
	struct world w;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id hub = new_node(&w, t, "P", NULL, VALUE_NULL);
	commit(&w, t);
	struct txn *one = txn_open(&w, TXN_EXPLICIT), *two = txn_open(&w, TXN_EXPLICIT);
	elem_id a = new_node(&w, one, "P", NULL, VALUE_NULL),
		b = new_node(&w, two, "P", NULL, VALUE_NULL);
	for (int i = 0; i < 10; i++) {
		new_edge(&w, one, "R", a, hub);
		new_edge(&w, two, "R", b, hub);
	}
	txn_rollback(one);
	commit(&w, two);
	for (int round = 0; round < 2; round++) {
		t = txn_open(&w, TXN_READ);
		assert_int_equal(degree(&w, t, hub, ADJ_IN), 10);
		txn_rollback(t);
		collect_all(&w);
	}
	world_close(&w);
}

static void a_slot_is_given_again_when_nobody_sees_its_holder(void **state)
{
	struct world w;

	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id a =
	    new_node(&w, t, "P", "x", value_str(STR("a long text that needs a block of its own")));
	commit(&w, t);
	struct txn *old = txn_open(&w, TXN_READ);
	t = txn_open(&w, TXN_WRITE);
	diag_reset(&w.d);
	assert_int_equal(txn_node_delete(t, w.g, a, false, &w.d), ST_OK);
	commit(&w, t);
	for (int i = 0; i < 20; i++)
		(void)txn_collect(w.m);
	t = txn_open(&w, TXN_WRITE);
	elem_id b = new_node(&w, t, "P", NULL, VALUE_NULL);
	commit(&w, t);
	assert_int_not_equal(a, b); /* somebody still sees it */
	assert_int_equal(get(&w, old, a, "x").kind, V_STRING);
	txn_rollback(old);
	collect_all(&w);
	t = txn_open(&w, TXN_WRITE);
	elem_id c = new_node(&w, t, "P", NULL, VALUE_NULL);
	assert_int_equal(c, a);
	txn_next_clause(t);
	assert_int_equal(get(&w, t, c, "x").kind, V_NULL);
	commit(&w, t);
	world_close(&w);
}

static void versions_last_as_long_as_a_view_needs_them(void **state)
{
	struct world w;
	enum { N = 10 };
	struct txn *views[N];
	struct txn *t;

	world_open(&w);
	t = txn_open(&w, TXN_WRITE);
	elem_id a = new_node(&w, t, "P", "x", value_int(0));
	commit(&w, t);
	for (int i = 0; i < N; i++) {
		views[i] = txn_open(&w, TXN_READ);
		t = txn_open(&w, TXN_WRITE);
		/* the column widens on the way */
		set(&w, t, a, "x",
		    i % 3 == 2 ? value_str(STR("text")) : value_int((int64_t)1 << (6 * i)));
		commit(&w, t);
		(void)txn_collect(w.m);
	}
	for (int i = N - 1; i >= 0; i -= 2) { /* every second one goes, newest first */
		txn_rollback(views[i]);
		for (int k = 0; k < 5; k++)
			(void)txn_collect(w.m);
	}
	for (int i = 0; i < N; i += 2) {
		struct value v = get(&w, views[i], a, "x");
		if (i == 0)
			assert_int_equal(v.i, 0);
		else if ((i - 1) % 3 == 2)
			assert_int_equal(v.kind, V_STRING);
		else
			assert_int_equal(v.i, (int64_t)1 << (6 * (i - 1)));
		txn_rollback(views[i]);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_committed_is_seen_by_later_views_only),
	    cmocka_unit_test(a_clause_sees_the_clauses_before_it),
	    cmocka_unit_test(first_updater_wins),
	    cmocka_unit_test(no_update_is_lost_over_an_aborted_entry),
	    cmocka_unit_test(rollback_leaves_nothing),
	    cmocka_unit_test(a_savepoint_takes_back_what_came_after_it),
	    cmocka_unit_test(a_failed_transaction_does_not_commit),
	    cmocka_unit_test(no_edge_dangles),
	    cmocka_unit_test(edges_to_one_node_never_conflict),
	    cmocka_unit_test(a_slot_is_given_again_when_nobody_sees_its_holder),
	    cmocka_unit_test(versions_last_as_long_as_a_view_needs_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
