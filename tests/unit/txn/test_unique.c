/* Unique constraints: who may take a value, and who finds out that somebody else has. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/thread.h"
#include "store/index.h"
#include "store/write.h"
#include "tests/unit/txn/txn_test.h"

static enum status make(struct world *w, const char *label, const char *key)
{
	struct txn *t = txn_open(w, TXN_WRITE);
	struct txn_commit c = {0};
	name_id l = name(t, NAME_LABEL, label), k = name(t, NAME_KEY, key);

	diag_reset(&w->d);
	enum status st = txn_index_create(t, w->g, STR("rule"), l, k, true, false, &w->d);
	if (st == ST_OK)
		return txn_commit(t, &c, &w->d);
	txn_rollback(t);
	return st;
}

static void open_with_rule(struct world *w)
{
	world_open(w);
	assert_int_equal(make(w, "P", "k"), ST_OK);
}

static enum status try_node(struct world *w, struct txn *t, const char *label, struct value v,
			    elem_id *ret)
{
	name_id l = name(t, NAME_LABEL, label);
	struct prop p = {name(t, NAME_KEY, "k"), v};

	diag_reset(&w->d);
	return txn_node_create(t, w->g, &l, 1, &p, 1, ret, &w->d);
}

static void expect_taken(struct world *w, enum status st)
{
	assert_int_equal(st, ST_INVALID);
	assert_int_equal(w->d.code, GQL_UNIQUE_VIOLATION);
}

/* In a statement of its own: what failed is undone. */
static void expect_refused(struct world *w, struct txn *t, const char *label, struct value v)
{
	struct txn_savepoint sp;
	elem_id id;

	txn_savepoint(t, &sp);
	expect_taken(w, try_node(w, t, label, v, &id));
	txn_rollback_to(t, &sp);
}

static elem_id put(struct world *w, struct value v)
{
	struct txn *t = txn_open(w, TXN_WRITE);
	elem_id id;

	assert_int_equal(try_node(w, t, "P", v, &id), ST_OK);
	commit(w, t);
	return id;
}

static enum status label(struct world *w, struct txn *t, elem_id id, const char *l, bool add)
{
	diag_reset(&w->d);
	return add ? txn_label_add(t, w->g, id, name(t, NAME_LABEL, l), &w->d)
		   : txn_label_remove(t, w->g, id, name(t, NAME_LABEL, l), &w->d);
}

static void delete (struct world *w, struct txn *t, elem_id id)
{
	diag_reset(&w->d);
	assert_int_equal(txn_node_delete(t, w->g, id, false, &w->d), ST_OK);
	assert_int_equal(txn_end_clause(t, &w->d), ST_OK);
}

/* ---- one writer ---- */

static void a_value_has_one_holder(void **state)
{
	const struct value list[] = {value_int(1), value_str(STR("a"))};
	const struct value held[] = {value_int(1), value_str(STR("a text that is long")),
				     value_float(2.5), value_list(list, 2)};
	struct world w;

	(void)state;
	open_with_rule(&w);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		put(&w, held[i]);
	struct txn *t = txn_open(&w, TXN_WRITE);
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		expect_refused(&w, t, "P", held[i]);
		assert_non_null(strstr(w.d.message, "'rule'"));
	}
	expect_refused(&w, t, "P", value_float(1.0)); /* 1 and 1.0 are equal */
	assert_non_null(strstr(w.d.message, "node 0"));
	for (int i = 0; i < 2; i++) { /* null, what does not equal itself, other labels */
		new_node(&w, t, "P", NULL, value_int(0));
		new_node(&w, t, "P", "k", value_float(NAN));
		new_node(&w, t, "Q", "k", value_int(1));
		new_node(&w, t, "P", "j", value_int(1));
	}
	commit(&w, t);
	collect_all(&w);
	world_close(&w);
}

static void every_way_to_take_and_to_give_up(void **state)
{
	struct world w;

	(void)state;
	open_with_rule(&w);
	elem_id a = put(&w, value_int(1)), b = put(&w, value_int(2));
	struct txn *t = txn_open(&w, TXN_WRITE);
	elem_id q = new_node(&w, t, "Q", "k", value_int(1));
	struct txn_savepoint sp;
	txn_savepoint(t, &sp);
	expect_taken(&w, try_set(&w, t, b, "k", value_int(1)));
	txn_rollback_to(t, &sp);
	txn_savepoint(t, &sp);
	expect_taken(&w, label(&w, t, q, "P", true));
	assert_non_null(strstr(w.d.message, "P.k = 1"));
	txn_rollback_to(t, &sp);
	set(&w, t, a, "k", value_int(1));     /* its own value */
	set(&w, t, a, "k", value_float(1.0)); /* and one that equals it */
	expect_refused(&w, t, "P", value_int(1));
	set(&w, t, a, "k", value_int(3)); /* 1 is free */
	set(&w, t, b, "k", value_int(1));
	expect_refused(&w, t, "P", value_int(3));
	set(&w, t, a, "k", VALUE_NULL);			      /* 3 is free */
	assert_int_equal(label(&w, t, b, "P", false), ST_OK); /* 1 is free */
	assert_int_equal(label(&w, t, q, "P", true), ST_OK);
	expect_refused(&w, t, "P", value_int(1));
	delete (&w, t, q);
	new_node(&w, t, "P", "k", value_int(1));
	new_node(&w, t, "P", "k", value_int(3));
	commit(&w, t);
	collect_all(&w);
	t = txn_open(&w, TXN_WRITE);
	expect_refused(&w, t, "P", value_int(1));
	expect_refused(&w, t, "P", value_int(3));
	new_node(&w, t, "P", "k", value_int(2));
	commit(&w, t);
	world_close(&w);
}

/* The check is made at each write, so two values are swapped by way of a third. */
static void a_swap_needs_a_third_value(void **state)
{
	struct world w;

	(void)state;
	open_with_rule(&w);
	elem_id a = put(&w, value_int(1)), b = put(&w, value_int(2));
	struct txn *t = txn_open(&w, TXN_WRITE);
	struct txn_savepoint sp;
	txn_savepoint(t, &sp);
	expect_taken(&w, try_set(&w, t, a, "k", value_int(2)));
	txn_rollback_to(t, &sp);
	set(&w, t, a, "k", VALUE_NULL);
	set(&w, t, b, "k", value_int(1));
	set(&w, t, a, "k", value_int(2));
	commit(&w, t);
	t = txn_open(&w, TXN_READ);
	assert_get(&w, t, a, "k", 2);
	assert_get(&w, t, b, "k", 1);
	txn_rollback(t);
	world_close(&w);
}

static void what_is_undone_holds_nothing(void **state)
{
	struct world w;
	struct txn_savepoint sp;

	(void)state;
	open_with_rule(&w);
	elem_id a = put(&w, value_int(1));
	struct txn *t = txn_open(&w, TXN_WRITE);
	txn_savepoint(t, &sp);
	set(&w, t, a, "k", value_int(2));
	new_node(&w, t, "P", "k", value_int(1));
	set(&w, t, a, "k", value_int(3));
	set(&w, t, a, "k", value_int(2));
	txn_rollback_to(t, &sp);
	expect_refused(&w, t, "P", value_int(1));
	new_node(&w, t, "P", "k", value_int(2));
	new_node(&w, t, "P", "k", value_int(3));
	txn_rollback(t);
	t = txn_open(&w, TXN_WRITE);
	expect_refused(&w, t, "P", value_int(1));
	new_node(&w, t, "P", "k", value_int(2));
	new_node(&w, t, "P", "k", value_int(3));
	commit(&w, t);
	collect_all(&w);
	world_close(&w);
}

/* What everybody sees takes no more room than before, however often it came and went. */
static void claims_are_pruned(void **state)
{
	struct world w;

	(void)state;
	open_with_rule(&w);
	elem_id a = put(&w, value_str(STR("one")));
	struct txn *t = txn_open(&w, TXN_WRITE);
	set(&w, t, a, "k", value_str(STR("two")));
	set(&w, t, a, "k", value_str(STR("three")));
	set(&w, t, a, "k", value_str(STR("one")));
	commit(&w, t);
	collect_all(&w); /* the maps have their room now */
	uint64_t before = mem_used(MEM_INDEX);
	struct txn *old = txn_open(&w, TXN_READ);
	for (int i = 0; i < 500; i++) {
		t = txn_open(&w, TXN_WRITE);
		set(&w, t, a, "k", value_str(STR("two")));
		set(&w, t, a, "k", value_str(i % 2 == 0 ? STR("three") : STR("one")));
		if (i % 3 == 0)
			txn_rollback(t);
		else
			commit(&w, t);
		(void)txn_collect(w.m);
	}
	assert_true(mem_used(MEM_INDEX) > before);
	txn_rollback(old);
	t = txn_open(&w, TXN_WRITE);
	set(&w, t, a, "k", value_str(STR("one")));
	commit(&w, t);
	collect_all(&w);
	assert_int_equal(mem_used(MEM_INDEX), before);
	assert_int_equal(mem_used(MEM_UNDO), 0);
	world_close(&w);
}

/* ---- two writers ---- */

static void expect_conflict(struct world *w, enum status st)
{
	assert_int_equal(st, ST_CONFLICT);
	assert_int_equal(w->d.code, GQL_SERIALIZATION);
}

static void the_first_to_take_a_value_wins(void **state)
{
	struct world w;
	elem_id id;

	(void)state;
	open_with_rule(&w);
	struct txn *one = txn_open(&w, TXN_EXPLICIT), *two = txn_open(&w, TXN_EXPLICIT),
		   *three = txn_open(&w, TXN_EXPLICIT), *four = txn_open(&w, TXN_EXPLICIT);
	new_node(&w, one, "P", "k", value_int(1));
	expect_conflict(&w, try_node(&w, two, "P", value_int(1), &id)); /* it is active */
	struct mark *lost_to = txn_take_lost_to(two); /* for whose end a statement can wait */
	assert_non_null(lost_to);
	mark_unref(lost_to);
	txn_rollback(two);
	commit(&w, one);
	expect_conflict(&w, try_node(&w, three, "P", value_int(1), &id)); /* newer than the view */
	txn_rollback(three);
	assert_int_equal(try_node(&w, four, "P", value_int(2), &id), ST_OK);
	txn_rollback(four);
	struct txn *late = txn_open(&w, TXN_EXPLICIT);
	expect_refused(&w, late, "P", value_int(1));
	new_node(&w, late, "P", "k", value_int(2)); /* whose claimant has gone */
	commit(&w, late);
	world_close(&w);
}

static void a_value_given_up_is_free_with_the_commit(void **state)
{
	struct world w;
	elem_id id;

	(void)state;
	open_with_rule(&w);
	elem_id a = put(&w, value_int(1));
	struct txn *giver = txn_open(&w, TXN_EXPLICIT), *two = txn_open(&w, TXN_EXPLICIT),
		   *three = txn_open(&w, TXN_EXPLICIT);
	delete (&w, giver, a);
	expect_conflict(&w, try_node(&w, two, "P", value_int(1), &id));
	txn_rollback(two);
	commit(&w, giver);
	expect_conflict(&w, try_node(&w, three, "P", value_int(1), &id)); /* its view sees a */
	txn_rollback(three);
	put(&w, value_int(1));
	struct txn *back = txn_open(&w, TXN_EXPLICIT), *other;
	put(&w, value_int(2));
	txn_rollback(back);
	back = txn_open(&w, TXN_EXPLICIT);
	delete (&w, back, 0 == a ? 1 : 0);
	txn_rollback(back);
	other = txn_open(&w, TXN_EXPLICIT);
	expect_refused(&w, other, "P", value_int(1)); /* it was not given up after all */
	txn_rollback(other);
	collect_all(&w);
	world_close(&w);
}

/* ---- making a constraint ---- */

static void data_that_breaks_it_is_shown(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (int i = 0; i < 5000; i++)
		put(&w, value_int(i));
	elem_id twice = put(&w, value_float(77.0));
	expect_taken(&w, make(&w, "P", "k"));
	assert_non_null(strstr(w.d.message, "nodes 77 and 5000 both have 77.0"));
	put(&w, value_int(1)); /* nothing of it has stayed */
	assert_null(graph_index_named(w.g, STR("rule")));
	struct txn *t = txn_open(&w, TXN_WRITE);
	set(&w, t, twice, "k", value_int(-77));
	assert_int_equal(label(&w, t, 5001, "P", false), ST_OK);
	commit(&w, t);
	assert_int_equal(make(&w, "P", "k"), ST_OK);
	t = txn_open(&w, TXN_WRITE);
	expect_refused(&w, t, "P", value_int(-77));
	expect_refused(&w, t, "P", value_int(1));
	txn_rollback(t);
	world_close(&w);
}

/* A transaction that writes when the constraint is made: what it did is waited for, what it does
 * then loses. */
static void older_writers_end_first(void **state)
{
	for (int commits = 0; commits < 2; commits++) {
		struct world w;
		(void)state;
		world_open(&w);
		elem_id a = put(&w, value_int(1)), b = put(&w, value_int(2));
		struct txn *old = txn_open(&w, TXN_EXPLICIT);
		name_id l = name(old, NAME_LABEL, "P"), k = name(old, NAME_KEY, "k");
		set(&w, old, a, "k", value_int(2)); /* two of them, when it commits */
		struct txn *ddl = txn_open(&w, TXN_WRITE);
		assert_int_equal(txn_index_begin(ddl, w.g, STR("rule"), l, k, true, false, &w.d),
				 ST_OK);
		assert_int_equal(txn_index_fill(ddl, &w.d), ST_BUSY);
		expect_conflict(&w, try_set(&w, old, b, "k", value_int(3)));
		assert_int_equal(txn_index_fill(ddl, &w.d), ST_BUSY);
		if (commits) {
			struct txn_commit c = {0};
			assert_int_equal(txn_commit(old, &c, &w.d), ST_OK);
		} else {
			txn_rollback(old);
		}
		diag_reset(&w.d);
		enum status st = txn_index_fill(ddl, &w.d);
		if (commits) {
			expect_taken(&w, st);
			txn_rollback(ddl);
		} else {
			assert_int_equal(st, ST_OK);
			commit(&w, ddl);
			struct txn *t = txn_open(&w, TXN_WRITE);
			expect_refused(&w, t, "P", value_int(1));
			expect_refused(&w, t, "P", value_int(2));
			txn_rollback(t);
		}
		collect_all(&w);
		world_close(&w);
	}
}

/* A younger one keeps claims: on nodes that the filler has not seen, too. */
static void younger_writers_keep_it_at_once(void **state)
{
	struct world w;
	elem_id id;

	(void)state;
	world_open(&w);
	elem_id a = put(&w, value_int(1));
	struct txn *t = txn_open(&w, TXN_WRITE);
	name_id l = name(t, NAME_LABEL, "P"), k = name(t, NAME_KEY, "k");
	txn_rollback(t);
	struct txn *ddl = txn_open(&w, TXN_WRITE);
	assert_int_equal(txn_index_begin(ddl, w.g, STR("rule"), l, k, true, false, &w.d), ST_OK);
	/* Gives 1 up, of which there is no claim yet; another one cannot have it meanwhile. */
	struct txn *giver = txn_open(&w, TXN_EXPLICIT), *taker = txn_open(&w, TXN_EXPLICIT);
	set(&w, giver, a, "k", value_int(9));
	expect_conflict(&w, try_node(&w, taker, "P", value_int(1), &id));
	txn_rollback(taker);
	assert_int_equal(txn_index_fill(ddl, &w.d), ST_OK);
	txn_rollback(giver); /* 1 is a's again */
	commit(&w, ddl);
	t = txn_open(&w, TXN_WRITE);
	expect_refused(&w, t, "P", value_int(1));
	new_node(&w, t, "P", "k", value_int(9));
	commit(&w, t);
	collect_all(&w);
	world_close(&w);
}

/* Somebody takes the value of a node that the filler has not seen, and then the node's own writer
 * may get it back. */
static void a_value_that_may_come_back_is_waited_for(void **state)
{
	for (int commits = 0; commits < 2; commits++) {
		struct world w;
		(void)state;
		world_open(&w);
		elem_id a = put(&w, value_int(1)), n;
		struct txn *t = txn_open(&w, TXN_WRITE);
		name_id l = name(t, NAME_LABEL, "P"), k = name(t, NAME_KEY, "k");
		txn_rollback(t);
		struct txn *ddl = txn_open(&w, TXN_WRITE);
		assert_int_equal(txn_index_begin(ddl, w.g, STR("rule"), l, k, true, false, &w.d),
				 ST_OK);
		n = put(&w, value_int(1)); /* nobody knows yet that a has it */
		struct txn *giver = txn_open(&w, TXN_EXPLICIT);
		set(&w, giver, a, "k", value_int(9));
		assert_int_equal(txn_index_fill(ddl, &w.d), ST_BUSY);
		if (commits)
			commit(&w, giver);
		else
			txn_rollback(giver);
		diag_reset(&w.d);
		enum status st = txn_index_fill(ddl, &w.d);
		if (commits) {
			assert_int_equal(st, ST_OK);
			commit(&w, ddl);
		} else {
			expect_taken(&w, st);
			assert_true(n != a);
			txn_rollback(ddl);
		}
		collect_all(&w);
		world_close(&w);
	}
}

/* Its view does not see the value, and its mark is younger than the constraint. */
static void a_view_may_be_older_than_the_constraint(void **state)
{
	struct world w;
	elem_id id;

	(void)state;
	world_open(&w);
	put(&w, value_str(STR("before")));
	struct txn *t = txn_open(&w, TXN_EXPLICIT);
	put(&w, value_str(STR("a text that is long")));
	assert_int_equal(make(&w, "P", "k"), ST_OK);
	expect_refused(&w, t, "P", value_str(STR("a text that is long")));
	assert_int_equal(try_node(&w, t, "P", value_str(STR("other")), &id), ST_OK);
	commit(&w, t);
	collect_all(&w);
	world_close(&w);
}

static void a_constraint_is_dropped_as_one(void **state)
{
	struct world w;
	struct txn_commit c = {0};

	(void)state;
	open_with_rule(&w);
	put(&w, value_int(1));
	struct txn *t = txn_open(&w, TXN_WRITE), *second;
	diag_reset(&w.d);
	assert_int_equal(txn_index_drop(t, w.g, STR("rule"), false, &w.d), ST_INVALID);
	assert_int_equal(w.d.code, GQL_DEPENDENT_OBJECT);
	txn_rollback(t);
	t = txn_open(&w, TXN_WRITE);
	second = txn_open(&w, TXN_WRITE);
	diag_reset(&w.d);
	assert_int_equal(txn_constraint_drop(t, w.g, STR("rule"), false, &w.d), ST_OK);
	expect_conflict(&w, txn_constraint_drop(second, w.g, STR("rule"), false, &w.d));
	txn_rollback(second);
	txn_rollback(t); /* taken back: it stands */
	t = txn_open(&w, TXN_WRITE);
	expect_refused(&w, t, "P", value_int(1));
	txn_rollback(t);
	struct txn *holder = txn_open(&w, TXN_EXPLICIT); /* its effects outlive the constraint */
	new_node(&w, holder, "P", "k", value_int(2));
	t = txn_open(&w, TXN_WRITE);
	diag_reset(&w.d);
	assert_int_equal(txn_constraint_drop(t, w.g, STR("rule"), false, &w.d), ST_OK);
	assert_int_equal(txn_commit(t, &c, &w.d), ST_OK);
	put(&w, value_int(1));
	for (int i = 0; i < 10; i++)
		(void)txn_collect(w.m);
	txn_rollback(holder);
	t = txn_open(&w, TXN_WRITE);
	diag_reset(&w.d);
	assert_int_equal(txn_constraint_drop(t, w.g, STR("rule"), false, &w.d), ST_INVALID);
	assert_int_equal(w.d.code, GQL_UNDEFINED_OBJECT);
	txn_rollback(t);
	world_close(&w);
}

/* ---- without memory ---- */

static enum status some_writes(struct world *w, struct txn *t, elem_id a)
{
	struct prop p = {store_name_find(w->store, NAME_KEY, STR("k")),
			 value_str(STR("a text that is long"))};
	name_id l = store_name_find(w->store, NAME_LABEL, STR("P"));
	elem_id id;

	diag_reset(&w->d);
	TRY(txn_node_create(t, w->g, &l, 1, &p, 1, &id, &w->d));
	TRY(txn_node_set(t, w->g, a, p.key, value_int(2), &w->d));
	TRY(txn_label_remove(t, w->g, a, l, &w->d));
	TRY(txn_label_add(t, w->g, a, l, &w->d));
	TRY(txn_node_delete(t, w->g, a, false, &w->d));
	return txn_end_clause(t, &w->d);
}

static void nothing_is_held_when_memory_is_short(void **state)
{
	enum status st = ST_NOMEM;

	(void)state;
	for (uint64_t n = 1; st != ST_OK; n++) {
		struct world w;
		struct txn_commit c = {0};
		open_with_rule(&w);
		elem_id a = put(&w, value_int(1));
		struct txn *t = txn_open(&w, TXN_WRITE);
		(void)mem_fail_nth(n, true);
		st = some_writes(&w, t, a);
		(void)mem_fail_nth(0, false);
		if (st == ST_OK) {
			assert_int_equal(txn_commit(t, &c, &w.d), ST_OK);
		} else {
			assert_int_equal(st, ST_NOMEM);
			txn_rollback(t);
			t = txn_open(&w, TXN_WRITE);
			expect_refused(&w, t, "P", value_int(1));
			assert_int_equal(some_writes(&w, t, a), ST_OK);
			commit(&w, t);
		}
		collect_all(&w);
		world_close(&w);
	}
}

static void a_constraint_that_finds_no_memory_is_not_made(void **state)
{
	enum status st = ST_NOMEM;

	(void)state;
	for (uint64_t n = 1; st != ST_OK; n++) {
		struct world w;
		world_open(&w);
		put(&w, value_str(STR("a text that is long")));
		put(&w, value_int(2));
		struct txn *t = txn_open(&w, TXN_WRITE);
		name_id l = name(t, NAME_LABEL, "P"), k = name(t, NAME_KEY, "k");
		diag_reset(&w.d);
		(void)mem_fail_nth(n, false);
		st = txn_index_create(t, w.g, STR("rule"), l, k, true, false, &w.d);
		(void)mem_fail_nth(0, false);
		if (st == ST_OK)
			commit(&w, t);
		else
			txn_rollback(t);
		if (st != ST_OK)
			put(&w, value_int(2));
		collect_all(&w);
		world_close(&w);
	}
}

/* ---- many writers ---- */

#define N_RACERS 4
#define N_KEYS 64
#define N_VALUES 128
#define N_PHASES 10
#define N_ROUNDS 10

struct race {
	struct world w;
	name_id label, key;
	_Atomic bool stop, rest; /* the collector; the writers */
	_Atomic uint64_t top;	 /* all ids are below it */
	_Atomic uint32_t wins[N_KEYS];
	_Atomic uint64_t lost, refused;
	struct thread threads[N_RACERS], collector;
};

static void check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

static void collect(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->stop))
		(void)txn_collect(r->w.m);
}

/* Every thread inserts every key: one of them gets it. */
static void insert_all(void *arg)
{
	struct race *r = arg;

	for (uint32_t k = 0; k < N_KEYS; k++) {
		struct prop p = {r->key, value_int(k)};
		for (;;) {
			struct txn_commit c = {0};
			struct diag d;
			struct txn *t;
			elem_id id;
			diag_reset(&d);
			check(txn_begin(r->w.m, TXN_WRITE, 0, &t) == ST_OK, "begin");
			enum status st = txn_node_create(t, r->w.g, &r->label, 1, &p, 1, &id, &d);
			if (st == ST_OK) {
				check(txn_commit(t, &c, &d) == ST_OK, "commit");
				atomic_fetch_add(&r->wins[k], 1);
				break;
			}
			txn_rollback(t);
			check(st == ST_CONFLICT || st == ST_INVALID, "the only ways to lose");
			atomic_fetch_add(st == ST_CONFLICT ? &r->lost : &r->refused, 1);
			if (st == ST_INVALID)
				break;
		}
	}
}

static void race_open(struct race *r, bool with_rule)
{
	*r = (struct race){0};
	world_open(&r->w);
	if (with_rule)
		assert_int_equal(make(&r->w, "P", "k"), ST_OK);
	struct txn *t = txn_open(&r->w, TXN_WRITE);
	r->label = name(t, NAME_LABEL, "P");
	r->key = name(t, NAME_KEY, "k");
	txn_rollback(t);
	assert_int_equal(thread_start(&r->collector, "collect", collect, r), ST_OK);
}

static void race_close(struct race *r)
{
	atomic_store(&r->stop, true);
	thread_join(&r->collector);
	world_close(&r->w);
}

static void exactly_one_inserts_a_key(void **state)
{
	static struct race r;

	(void)state;
	race_open(&r, true);
	for (unsigned i = 0; i < N_RACERS; i++)
		assert_int_equal(thread_start(&r.threads[i], "race", insert_all, &r), ST_OK);
	for (unsigned i = 0; i < N_RACERS; i++)
		thread_join(&r.threads[i]);
	for (uint32_t k = 0; k < N_KEYS; k++)
		assert_int_equal(r.wins[k], 1);
	assert_int_equal(r.refused, N_KEYS * (N_RACERS - 1));
	race_close(&r);
}

/* Nodes come, go, change their value and their label; some of it is taken back. */
static enum status change_some(struct race *r, struct rand *rand, struct txn *t, struct diag *d)
{
	uint64_t what = rand_below(rand, 5);
	struct prop p = {r->key, value_int((int64_t)rand_below(rand, N_VALUES))};
	elem_id id = rand_below(rand, atomic_load(&r->top) + 1);

	switch (what) {
	case 0:
		if (graph_count_nodes(r->w.g, NAME_NONE) > N_KEYS)
			return ST_OK;
		TRY(txn_node_create(t, r->w.g, &r->label, 1, &p, 1, &id, d));
		for (uint64_t top = atomic_load(&r->top);
		     top <= id && !atomic_compare_exchange_weak(&r->top, &top, id + 1);)
			;
		return ST_OK;
	case 1:
		TRY(txn_node_delete(t, r->w.g, id, false, d));
		return txn_end_clause(t, d);
	case 2:
		return txn_label_add(t, r->w.g, id, r->label, d);
	case 3:
		return txn_label_remove(t, r->w.g, id, r->label, d);
	default:
		return txn_node_set(t, r->w.g, id, r->key, p.value, d);
	}
}

static _Atomic uint64_t next_seed;

static void change_all(void *arg)
{
	struct race *r = arg;
	struct rand rand;

	rand_seed(&rand, atomic_fetch_add(&next_seed, 1) + 1);
	while (!atomic_load(&r->rest)) {
		struct txn_commit c = {0};
		struct txn_savepoint sp;
		struct diag d;
		struct txn *t;
		enum status st = ST_OK;
		diag_reset(&d);
		check(txn_begin(r->w.m, TXN_EXPLICIT, 0, &t) == ST_OK, "begin");
		for (unsigned i = 0; i < 3 && st == ST_OK; i++) {
			txn_savepoint(t, &sp);
			st = change_some(r, &rand, t, &d);
			if (st == ST_INVALID || rand_below(&rand, 4) == 0) {
				txn_rollback_to(t, &sp);
				diag_reset(&d);
				st = st == ST_INVALID ? ST_OK : st;
			}
		}
		if (st == ST_OK && rand_below(&rand, 4) != 0)
			check(txn_commit(t, &c, &d) == ST_OK, "commit");
		else
			txn_rollback(t);
	}
}

/* No two nodes with the label have one value in the newest view. */
static void look_for_two(struct race *r)
{
	struct txn *t = txn_open(&r->w, TXN_READ);
	bool seen[N_VALUES] = {false};
	struct node_scan s;
	elem_id id;

	node_scan_init(&s, r->w.g, txn_view(t), r->label);
	while (node_scan_next(&s, &id, 1) > 0) {
		struct value v = graph_node_prop(r->w.g, txn_view(t), id, r->key);
		if (v.kind == V_NULL)
			continue;
		assert_false(seen[v.i]);
		seen[v.i] = true;
	}
	txn_rollback(t);
}

static void try_drop(struct race *r)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);

	diag_reset(&r->w.d);
	assert_int_equal(txn_constraint_drop(t, r->w.g, STR("rule"), false, &r->w.d), ST_OK);
	commit(&r->w, t);
}

/* Nobody writes: a value can be taken if and only if no node has it. */
static void compare_claims(struct race *r)
{
	struct txn *t = txn_open(&r->w, TXN_EXPLICIT);
	bool held[N_VALUES] = {false};
	struct txn_savepoint sp;
	struct node_scan s;
	elem_id id;

	node_scan_init(&s, r->w.g, txn_view(t), r->label);
	while (node_scan_next(&s, &id, 1) > 0) {
		struct value v = graph_node_prop(r->w.g, txn_view(t), id, r->key);
		if (v.kind != V_NULL)
			held[v.i] = true;
	}
	for (int64_t v = 0; v < N_VALUES; v++) {
		txn_savepoint(t, &sp);
		enum status st = try_node(&r->w, t, "P", value_int(v), &id);
		assert_int_equal(st, held[v] ? ST_INVALID : ST_OK);
		txn_rollback_to(t, &sp);
	}
	txn_rollback(t);
}

/* Takes the value of each node, one at a time; who is in the way is left alone. */
static void mend(struct race *r)
{
	for (elem_id id = 0; id < atomic_load(&r->top); id++) {
		struct txn *t = txn_open(&r->w, TXN_WRITE);
		diag_reset(&r->w.d);
		if (txn_node_set(t, r->w.g, id, r->key, VALUE_NULL, &r->w.d) == ST_OK)
			commit(&r->w, t);
		else
			txn_rollback(t);
	}
}

static void make_and_drop(struct race *r, unsigned *n_made, unsigned *n_refused)
{
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		enum status st = make(&r->w, "P", "k");
		if (st == ST_OK) {
			++*n_made;
			look_for_two(r);
			look_for_two(r);
			try_drop(r);
		} else {
			expect_taken(&r->w, st);
			++*n_refused;
			mend(r);
		}
	}
	for (unsigned i = 0; make(&r->w, "P", "k") != ST_OK; i++) {
		assert_true(i < 1000);
		mend(r);
	}
}

/* Made while four write: it is refused, or from its commit on it holds; and when they rest, there
 * is a claim for each value that a node has, and no other. */
static void it_can_be_made_under_writers(void **state)
{
	static struct race r;
	unsigned n_made = 0, n_refused = 0;

	(void)state;
	race_open(&r, false);
	for (unsigned phase = 0; phase < N_PHASES; phase++) {
		atomic_store(&r.rest, false);
		for (unsigned i = 0; i < N_RACERS; i++)
			assert_int_equal(thread_start(&r.threads[i], "race", change_all, &r),
					 ST_OK);
		make_and_drop(&r, &n_made, &n_refused);
		atomic_store(&r.rest, true);
		for (unsigned i = 0; i < N_RACERS; i++)
			thread_join(&r.threads[i]);
		look_for_two(&r);
		compare_claims(&r);
		try_drop(&r);
	}
	assert_true(n_made > 0);
	race_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_has_one_holder),
	    cmocka_unit_test(every_way_to_take_and_to_give_up),
	    cmocka_unit_test(a_swap_needs_a_third_value),
	    cmocka_unit_test(what_is_undone_holds_nothing),
	    cmocka_unit_test(claims_are_pruned),
	    cmocka_unit_test(the_first_to_take_a_value_wins),
	    cmocka_unit_test(a_value_given_up_is_free_with_the_commit),
	    cmocka_unit_test(data_that_breaks_it_is_shown),
	    cmocka_unit_test(older_writers_end_first),
	    cmocka_unit_test(younger_writers_keep_it_at_once),
	    cmocka_unit_test(a_value_that_may_come_back_is_waited_for),
	    cmocka_unit_test(a_view_may_be_older_than_the_constraint),
	    cmocka_unit_test(a_constraint_is_dropped_as_one),
	    cmocka_unit_test(nothing_is_held_when_memory_is_short),
	    cmocka_unit_test(a_constraint_that_finds_no_memory_is_not_made),
	    cmocka_unit_test(exactly_one_inserts_a_key),
	    cmocka_unit_test(it_can_be_made_under_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
