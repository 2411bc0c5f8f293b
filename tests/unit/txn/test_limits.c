/* Old views: who is asked to close, and when. */
#include "tests/unit/txn/txn_test.h"

#define MINUTE UINT64_C(60000000000)

/* Another version of the node. */
static void write_one(struct world *w, elem_id id, int64_t v)
{
	struct txn *t = txn_open(w, TXN_WRITE);

	set(w, t, id, "x", value_int(v));
	commit(w, t);
}

static void a_view_that_is_too_old_is_asked_to_close(void **state)
{
	const struct txn_limits limits = {.view_age_ns = 10 * MINUTE};
	struct world w;

	(void)state;
	clock_install(&clock_manual);
	clock_manual_set(100 * MINUTE, 0);
	world_open(&w);
	txn_set_limits(w.m, &limits);
	struct txn *t = txn_open(&w, TXN_WRITE);
	new_node(&w, t, "N", "x", value_int(0));
	commit(&w, t);
	struct txn *query = txn_open(&w, TXN_READ),
		   *explicit_read = txn_open(&w, TXN_EXPLICIT_READ),
		   *writer = txn_open(&w, TXN_WRITE), *explicit_ = txn_open(&w, TXN_EXPLICIT),
		   *idle;
	set(&w, explicit_, 0, "x", value_int(1)); /* until it writes it is a reader */
	assert_int_equal(txn_begin(w.m, TXN_READ, 0, &idle), ST_OK); /* without a view */
	clock_manual_advance(10 * MINUTE);
	struct txn *young = txn_open(&w, TXN_READ);
	(void)txn_collect(w.m);
	assert_false(txn_must_close(query));
	clock_manual_advance(1);
	(void)txn_collect(w.m);
	assert_true(txn_must_close(query));
	assert_true(txn_must_close(explicit_read));
	assert_false(txn_must_close(writer));
	assert_false(txn_must_close(explicit_));
	assert_false(txn_must_close(idle));
	assert_false(txn_must_close(young));
	(void)txn_collect(w.m); /* each is asked once */
	assert_int_equal(txn_views_given_up(w.m), 2);
	assert_get(&w, query, 0, "x", 0); /* until its owner closes it, it holds */
	txn_rollback(query);
	struct txn *next = txn_open(&w, TXN_READ); /* in the same slot */
	assert_false(txn_must_close(next));
	txn_rollback(next);
	txn_rollback(explicit_read);
	txn_rollback(writer);
	txn_rollback(explicit_);
	txn_rollback(idle);
	txn_rollback(young);
	clock_install(&clock_system);
	world_close(&w);
}

static void the_oldest_view_goes_when_versions_take_too_much(void **state)
{
	struct world w;
	struct txn_limits limits = {0};

	(void)state;
	world_open(&w);
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id id = new_node(&w, t, "N", "x", value_int(0));
	commit(&w, t);
	struct txn *writer = txn_open(&w, TXN_EXPLICIT);
	new_node(&w, writer, "N", "x", value_int(0));
	struct txn *oldest = txn_open(&w, TXN_READ);
	write_one(&w, id, 1);
	struct txn *older = txn_open(&w, TXN_READ);
	for (int i = 2; i < 100; i++)
		write_one(&w, id, i);
	struct txn *young = txn_open(&w, TXN_READ);
	limits.undo_bytes = mem_used(MEM_UNDO) + 1;
	txn_set_limits(w.m, &limits);
	(void)txn_collect(w.m);
	assert_int_equal(txn_views_given_up(w.m), 0);
	limits.undo_bytes = 4096;
	txn_set_limits(w.m, &limits);
	for (int i = 0; i < 5; i++)
		(void)txn_collect(w.m);
	assert_true(txn_must_close(oldest)); /* the writer is older, and stays */
	assert_false(txn_must_close(older)); /* one at a time */
	txn_rollback(oldest);
	txn_rollback(writer);
	(void)txn_collect(w.m);
	(void)txn_collect(w.m);
	assert_true(txn_must_close(older));
	assert_false(txn_must_close(young));
	txn_rollback(older);
	for (int i = 0; i < 5; i++)
		(void)txn_collect(w.m);
	assert_false(txn_must_close(young)); /* no version waits for it */
	assert_int_equal(txn_views_given_up(w.m), 2);
	txn_rollback(young);
	collect_all(&w);
	assert_int_equal(mem_used(MEM_UNDO), 0);
	world_close(&w);
}

/* Much of an open transaction is its own: no view holds it back, so none is asked. */
static void a_large_transaction_costs_nobody_a_view(void **state)
{
	const struct txn_limits limits = {.undo_bytes = 4096};
	struct world w;

	(void)state;
	world_open(&w);
	txn_set_limits(w.m, &limits);
	struct txn *reader = txn_open(&w, TXN_READ), *t = txn_open(&w, TXN_WRITE);
	for (int i = 0; i < 1000; i++)
		new_node(&w, t, "N", "x", value_int(i));
	assert_true(mem_used(MEM_UNDO) > 4096);
	(void)txn_collect(w.m);
	assert_false(txn_must_close(reader));
	txn_rollback(t);
	txn_rollback(reader);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_view_that_is_too_old_is_asked_to_close),
	    cmocka_unit_test(the_oldest_view_goes_when_versions_take_too_much),
	    cmocka_unit_test(a_large_transaction_costs_nobody_a_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
