/* Waiting for another transaction: who is woken, when, and in which order. The last case lets
 * threads write, wait and give up at once, so that a wake that is lost is a case that does not end;
 * meant for ThreadSanitizer too. */
#include <sched.h>
#include <semaphore.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/thread.h"
#include "logged.h"

#define N_WAITERS 5

struct waiting {
	struct txn_waiter w;
	unsigned n_woken;
	unsigned at; /* the how manieth of all */
};

static unsigned n_woken;

static void on_woken(struct txn_waiter *w)
{
	struct waiting *s = container_of(w, struct waiting, w);

	s->n_woken++;
	s->at = ++n_woken;
}

/* Tries to write, loses, is rolled back and waits. */
static enum status lose_and_wait(struct world *w, elem_id id, enum txn_wait_why why,
				 struct waiting *ret)
{
	struct txn *t = txn_open(w, TXN_WRITE);

	assert_int_equal(try_set(w, t, id, "v", value_int(-1)), ST_CONFLICT);
	struct mark *mark = txn_take_lost_to(t);
	assert_non_null(mark);
	txn_rollback(t);
	ret->w.woken = on_woken;
	return txn_wait(w->m, mark, why, &ret->w);
}

static elem_id open_with_node(struct world *w, struct txn **ret_writer)
{
	world_open(w);
	n_woken = 0;
	struct txn *t = txn_open(w, TXN_WRITE);
	elem_id id = new_node(w, t, "N", "v", value_int(0));
	commit(w, t);
	*ret_writer = txn_open(w, TXN_WRITE);
	set(w, *ret_writer, id, "v", value_int(1));
	return id;
}

static struct txn *begin_anew(struct world *w, struct waiting *s, elem_id id)
{
	struct txn *t = txn_open(w, TXN_WRITE);

	txn_take_turn(t, &s->w);
	set(w, t, id, "v", value_int(2));
	return t;
}

static void one_at_a_time_in_the_order_of_arrival(void **state)
{
	struct waiting s[N_WAITERS] = {0};
	struct world w;
	struct txn *t;
	elem_id id = open_with_node(&w, &t);

	for (unsigned i = 0; i < N_WAITERS; i++)
		assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &s[i]), ST_PARK);
	for (unsigned i = 0; i < N_WAITERS; i++) {
		assert_int_equal(n_woken, i);
		if (i % 2 == 0) /* either end will do */
			commit(&w, t);
		else
			txn_rollback(t);
		assert_int_equal(n_woken, i + 1);
		assert_int_equal(s[i].at, i + 1);
		t = begin_anew(&w, &s[i], id);
	}
	txn_rollback(t);
	world_close(&w);
}

static void who_comes_meanwhile_stands_behind(void **state)
{
	struct waiting s[3] = {0}, late = {0};
	struct world w;
	struct txn *t;
	elem_id id = open_with_node(&w, &t);

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &s[i]), ST_PARK);
	commit(&w, t);
	t = begin_anew(&w, &s[0], id);
	assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &late), ST_PARK);
	for (unsigned i = 1; i < 3; i++) {
		commit(&w, t);
		assert_int_equal(s[i].n_woken, 1);
		t = begin_anew(&w, &s[i], id);
	}
	assert_int_equal(late.n_woken, 0);
	commit(&w, t);
	assert_int_equal(late.n_woken, 1);
	txn_pass_turn(w.m, &late.w);
	world_close(&w);
}

static void a_turn_that_is_not_used_is_passed_on(void **state)
{
	struct waiting s[4] = {0};
	struct world w;
	struct txn *t;
	elem_id id = open_with_node(&w, &t);

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &s[i]), ST_PARK);
	assert_true(txn_wait_cancel(w.m, &s[1].w)); /* while all stand at the mark */
	txn_rollback(t);
	assert_false(txn_wait_cancel(w.m, &s[0].w)); /* too late: it was woken */
	assert_true(txn_wait_cancel(w.m, &s[2].w));  /* while it stands behind another one */
	txn_pass_turn(w.m, &s[0].w);
	assert_int_equal(s[3].n_woken, 1);
	txn_pass_turn(w.m, &s[0].w); /* it has none any more */
	assert_int_equal(s[1].n_woken + s[2].n_woken, 0);
	txn_pass_turn(w.m, &s[3].w);
	world_close(&w);
}

static void a_turn_is_passed_on_by_a_statement_that_writes_nothing(void **state)
{
	struct waiting s[2] = {0};
	struct world w;
	struct txn *t;
	elem_id id = open_with_node(&w, &t);

	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &s[i]), ST_PARK);
	commit(&w, t);
	t = txn_open(&w, TXN_WRITE);
	txn_take_turn(t, &s[0].w);
	commit(&w, t);
	assert_int_equal(s[1].n_woken, 1);
	txn_pass_turn(w.m, &s[1].w);
	world_close(&w);
}

static void who_only_looks_is_woken_with_all_others(void **state)
{
	struct waiting turn = {0}, look[3] = {0};
	struct world w;
	struct txn *t;
	elem_id id = open_with_node(&w, &t);

	assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_ENDED, &look[0]), ST_PARK);
	assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &turn), ST_PARK);
	assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_DURABLE, &look[1]), ST_PARK);
	assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_ENDED, &look[2]), ST_PARK);
	assert_true(txn_wait_cancel(w.m, &look[2].w));
	commit(&w, t);
	assert_int_equal(turn.n_woken, 1);
	assert_int_equal(look[0].n_woken, 1);
	assert_int_equal(look[1].n_woken, 1); /* in memory it is durable at once */
	assert_int_equal(look[2].n_woken, 0);
	txn_pass_turn(w.m, &turn.w);
	world_close(&w);
}

/* What a transaction lost to has ended already: nothing is waited for, and no turn is given. */
static void nothing_to_wait_for(void **state)
{
	struct waiting s = {.w.woken = on_woken};
	struct world w;
	struct txn *t, *other;
	elem_id id = open_with_node(&w, &t);

	for (unsigned i = 0; i < 2; i++) {
		other = txn_open(&w, TXN_WRITE);
		assert_int_equal(try_set(&w, other, id, "v", value_int(3)), ST_CONFLICT);
		struct mark *mark = txn_take_lost_to(other);
		txn_rollback(other);
		if (i == 0)
			txn_rollback(t);
		else
			commit(&w, t);
		assert_int_equal(txn_wait(w.m, mark, TXN_WAIT_TURN, &s.w), ST_OK);
		txn_pass_turn(w.m, &s.w);
		t = txn_open(&w, TXN_WRITE);
		set(&w, t, id, "v", value_int(4));
	}
	txn_rollback(t);
	assert_int_equal(txn_wait(w.m, NULL, TXN_WAIT_DURABLE, &s.w), ST_OK);
	assert_int_equal(n_woken, 0);
	world_close(&w);
}

/* A transaction that lost gives all its changes up before it has ended: two that lose to each other
 * hold nothing while they wait. */
static void who_gave_up_holds_nothing(void **state)
{
	struct waiting s = {0};
	struct world w;
	struct txn *t;
	elem_id id = open_with_node(&w, &t);

	txn_rollback(t);
	t = txn_open(&w, TXN_EXPLICIT);
	set(&w, t, id, "v", value_int(5));
	assert_int_equal(lose_and_wait(&w, id, TXN_WAIT_TURN, &s), ST_PARK);
	txn_give_up(t);
	assert_int_equal(s.n_woken, 1);
	assert_true(txn_is_failed(t));
	assert_false(txn_has_writes(t));
	struct txn *other = begin_anew(&w, &s, id);
	commit(&w, other);
	collect_all(&w);
	struct txn_commit c = {0};
	diag_reset(&w.d);
	assert_int_equal(txn_commit(t, &c, &w.d), ST_INVALID);
	assert_int_equal(w.d.code, GQL_TXN_FAILED);
	other = txn_open(&w, TXN_READ);
	assert_get(&w, other, id, "v", 2);
	txn_rollback(other);
	world_close(&w);
}

/* ---- with a log, driven by hand ---- */

struct pending {
	struct txn *t;
	struct txn_commit c;
};

static void on_done(struct txn_commit *c, enum status st)
{
	assert_int_equal(st, ST_OK);
	txn_finish(container_of(c, struct pending, c)->t);
}

static void submit(struct logged *l, struct pending *p)
{
	p->c.done = on_done;
	diag_reset(&l->w.d);
	assert_int_equal(txn_commit(p->t, &p->c, &l->w.d), ST_PARK);
}

static void who_is_told_can_begin_again_and_win(void **state)
{
	struct logged l;
	struct waiting turn = {0}, next = {0}, told = {0}, after = {.w.woken = on_woken};
	struct pending p = {0}, nothing = {0};

	open_logged(&l);
	n_woken = 0;

	p.t = txn_open(&l.w, TXN_WRITE);
	elem_id id = new_node(&l.w, p.t, "N", "v", value_int(0));
	submit(&l, &p);
	wal_step(l.wal);
	p.t = txn_open(&l.w, TXN_WRITE);
	set(&l.w, p.t, id, "v", value_int(1));
	assert_int_equal(lose_and_wait(&l.w, id, TXN_WAIT_TURN, &turn), ST_PARK);
	assert_int_equal(lose_and_wait(&l.w, id, TXN_WAIT_TURN, &next), ST_PARK);
	assert_int_equal(lose_and_wait(&l.w, id, TXN_WAIT_DURABLE, &told), ST_PARK);
	submit(&l, &p);
	assert_int_equal(turn.n_woken, 1); /* it reads what is stamped */
	assert_int_equal(told.n_woken, 0);
	assert_false(txn_wait_cancel(l.w.m, &told.w));
	/* It writes nothing: its answer waits for the log, the next one does not. */
	nothing.t = txn_open(&l.w, TXN_WRITE);
	txn_take_turn(nothing.t, &turn.w);
	submit(&l, &nothing);
	assert_int_equal(next.n_woken, 1);
	txn_pass_turn(l.w.m, &next.w);
	/* One that lost when the winner was stamped already. */
	assert_int_equal(txn_wait(l.w.m, NULL, TXN_WAIT_DURABLE, &after.w), ST_PARK);
	wal_step(l.wal);
	assert_int_equal(told.n_woken, 1);
	assert_int_equal(after.n_woken, 1);
	struct txn *t = txn_open(&l.w, TXN_EXPLICIT);
	set(&l.w, t, id, "v", value_int(2));
	txn_rollback(t);
	close_logged(&l);
}

/* ---- threads ---- */

#define N_THREADS 6
#define N_HOT 3
#define ROUNDS 5000

struct crowd {
	struct world w;
	elem_id hot[N_HOT];
	name_id key;
	sem_t parked; /* once for each wait */
};

struct worker {
	struct thread thread;
	struct crowd *crowd;
	struct rand rand;
	struct txn_waiter w;
	sem_t woken;
	uint64_t n_added;
};

static void check(bool ok, const char *what)
{
	if (!ok)
		bug("tests/unit/txn/test_wait.c", 0, what);
}

static void post_woken(struct txn_waiter *w)
{
	sem_post(&container_of(w, struct worker, w)->woken);
}

/* Two nodes, so that who has the turn at one loses at the other. */
static bool add(struct worker *k, struct txn *t, struct diag *d)
{
	uint64_t first = rand_below(&k->rand, N_HOT);

	for (unsigned i = 0; i < 2; i++) {
		elem_id id = k->crowd->hot[(first + i) % N_HOT];
		struct value v = graph_node_prop(k->crowd->w.g, txn_view(t), id, k->crowd->key);
		enum status st =
		    txn_node_set(t, k->crowd->w.g, id, k->crowd->key, value_int(v.i + 1), d);
		check(st == ST_OK || st == ST_CONFLICT, "a write has failed");
		if (st != ST_OK)
			return false;
		sched_yield(); /* so that others meet what it has changed, on one processor too */
	}
	return true;
}

/* True: try again. */
static bool wait_for_other(struct worker *k, struct mark *mark)
{
	struct txn_mgr *m = k->crowd->w.m;
	static const enum txn_wait_why whys[] = {TXN_WAIT_TURN, TXN_WAIT_TURN, TXN_WAIT_TURN,
						 TXN_WAIT_ENDED, TXN_WAIT_DURABLE};

	if (mark == NULL)
		return true;
	enum status st = txn_wait(m, mark, whys[rand_below(&k->rand, ARRAY_LEN(whys))], &k->w);
	check(st == ST_OK || st == ST_PARK, "waiting has failed");
	if (st != ST_PARK)
		return true;
	sem_post(&k->crowd->parked);
	if (rand_below(&k->rand, 8) == 0 && txn_wait_cancel(m, &k->w))
		return false;
	while (sem_wait(&k->woken) != 0)
		;
	return rand_below(&k->rand, 8) != 0;
}

static void work(void *arg)
{
	struct worker *k = arg;
	struct txn_mgr *m = k->crowd->w.m;

	for (unsigned i = 0; i < ROUNDS; i++) {
		bool again = true;
		while (again) {
			struct txn_commit c = {0};
			struct txn *t;
			struct diag d;
			diag_reset(&d);
			check(txn_begin(m, TXN_WRITE, 0, &t) == ST_OK, "begin");
			txn_take_turn(t, &k->w);
			if (add(k, t, &d)) {
				check(txn_commit(t, &c, &d) == ST_OK, "commit");
				k->n_added++;
				break;
			}
			struct mark *mark = txn_take_lost_to(t);
			txn_rollback(t);
			again = wait_for_other(k, mark);
		}
		txn_pass_turn(m, &k->w);
	}
}

static void no_wake_is_lost(void **state)
{
	struct crowd c;
	static struct worker workers[N_THREADS];
	uint64_t n_added = 0;
	int64_t sum = 0;

	world_open(&c.w);
	struct txn *t = txn_open(&c.w, TXN_WRITE);
	for (unsigned i = 0; i < N_HOT; i++)
		c.hot[i] = new_node(&c.w, t, "N", "v", value_int(0));
	c.key = name(t, NAME_KEY, "v");
	commit(&c.w, t);
	sem_init(&c.parked, 0, 0);
	t = txn_open(&c.w, TXN_WRITE); /* what all wait for to begin with */
	for (unsigned i = 0; i < N_HOT; i++)
		set(&c.w, t, c.hot[i], "v", value_int(0));
	for (unsigned i = 0; i < N_THREADS; i++) {
		struct worker *k = &workers[i];
		*k = (struct worker){.crowd = &c, .w.woken = post_woken};
		rand_seed(&k->rand, i + 1);
		sem_init(&k->woken, 0, 0);
		assert_int_equal(thread_start(&k->thread, "worker", work, k), ST_OK);
	}
	for (unsigned i = 0; i < N_THREADS; i++)
		while (sem_wait(&c.parked) != 0)
			;
	commit(&c.w, t);
	for (unsigned i = 0; i < N_THREADS; i++) {
		thread_join(&workers[i].thread);
		sem_destroy(&workers[i].woken);
		n_added += workers[i].n_added;
	}
	t = txn_open(&c.w, TXN_READ);
	for (unsigned i = 0; i < N_HOT; i++)
		sum += get(&c.w, t, c.hot[i], "v").i;
	txn_rollback(t);
	assert_int_equal(sum, 2 * n_added);
	sem_destroy(&c.parked);
	world_close(&c.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_at_a_time_in_the_order_of_arrival),
	    cmocka_unit_test(who_comes_meanwhile_stands_behind),
	    cmocka_unit_test(a_turn_that_is_not_used_is_passed_on),
	    cmocka_unit_test(a_turn_is_passed_on_by_a_statement_that_writes_nothing),
	    cmocka_unit_test(who_only_looks_is_woken_with_all_others),
	    cmocka_unit_test(nothing_to_wait_for),
	    cmocka_unit_test(who_gave_up_holds_nothing),
	    cmocka_unit_test(who_is_told_can_begin_again_and_win),
	    cmocka_unit_test(no_wake_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
