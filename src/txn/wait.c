/* Statements that lost wait for the end of the transaction they lost to, which is its stamp or its
 * roll-back: the view of a writing statement reads what is stamped, so it need not see it durable,
 * and many updates of one element share a sync.
 *
 * Those that will try again are woken one at a time, in the order of arrival: all but one of them
 * would only lose again. The first is woken, and the others stand behind it: behind the waiter
 * until its statement has begun anew, then behind its transaction, whose end wakes the next one.
 * Who comes meanwhile and loses to that transaction stands behind them. So each waiter is in one
 * list, and each list has an owner that is going to end: a mark that is active, a waiter that was
 * woken, an open transaction. All lists are under one lock, which only who waits, and who ends
 * something that is waited for, takes. */
#include "txn/txn_int.h"

/* ---- lists: circular, so that one can be taken out wherever it stands ---- */

static void list_init(struct wait_link *l)
{
	l->next = l->prev = l;
}

static bool list_is_empty(const struct wait_link *l)
{
	return l->next == l;
}

static void list_add_last(struct wait_link *l, struct wait_link *at)
{
	at->prev = l->prev;
	at->next = l;
	l->prev->next = at;
	l->prev = at;
}

static void list_take_out(struct wait_link *at)
{
	at->prev->next = at->next;
	at->next->prev = at->prev;
}

/* to: empty. */
static void list_move_all(struct wait_link *from, struct wait_link *to)
{
	list_init(to);
	if (list_is_empty(from))
		return;
	*to = *from;
	to->next->prev = to->prev->next = to;
	list_init(from);
}

static struct txn_waiter *waiter_of(struct wait_link *at)
{
	return container_of(at, struct txn_waiter, link);
}

/* ---- life ---- */

static struct wait_link *bucket_of(struct txn_mgr *m, const struct mark *mark)
{
	return &m->waits[((uintptr_t)mark >> 6) & (WAIT_BUCKETS - 1)];
}

void wait_init(struct txn_mgr *m)
{
	mutex_init(&m->waits_lock, LOCK_RANK_LEAF);
	for (unsigned i = 0; i < WAIT_BUCKETS; i++)
		list_init(&m->waits[i]);
}

void wait_release(struct txn_mgr *m)
{
	BUG_ON(atomic_load(&m->n_waiters) != 0);
	mutex_destroy(&m->waits_lock);
}

void wait_begin(struct txn *t)
{
	list_init(&t->behind);
}

struct mark *txn_take_lost_to(struct txn *t)
{
	struct mark *mark = t->w.lost_to;

	t->w.lost_to = NULL;
	return mark;
}

/* ---- waking ---- */

static bool take_place(struct txn_mgr *m)
{
	if (atomic_fetch_add_explicit(&m->n_waiters, 1, memory_order_relaxed) < TXN_WAITERS_MAX)
		return true;
	atomic_fetch_sub_explicit(&m->n_waiters, 1, memory_order_relaxed);
	return false;
}

static void give_place(struct txn_mgr *m)
{
	atomic_fetch_sub_explicit(&m->n_waiters, 1, memory_order_relaxed);
}

static void on_durable(struct wal_batch *b)
{
	struct txn_waiter *w = container_of(b, struct txn_waiter, batch);

	w->woken(w);
}

/* The other one has ended; false: nothing is left to wait for. */
static bool wait_for_log(struct txn_mgr *m, struct txn_waiter *w, uint64_t lsn)
{
	if (w->why != TXN_WAIT_DURABLE || m->wal == NULL || lsn <= txn_durable_lsn(m))
		return false;
	w->batch = (struct wal_batch){.done = on_durable};
	wal_wait(m->wal, &w->batch);
	return true;
}

static void wake(struct txn_mgr *m, struct txn_waiter *w, uint64_t lsn)
{
	give_place(m);
	if (!wait_for_log(m, w, lsn))
		w->woken(w); /* w may be gone after this */
}

/* Under the lock: the first of the list has the turn, and the others stand behind it. */
static struct txn_waiter *give_turn(struct wait_link *list)
{
	if (list_is_empty(list))
		return NULL;
	struct txn_waiter *w = waiter_of(list->next);
	list_take_out(&w->link);
	w->is_linked = false;
	list_move_all(list, &w->behind);
	w->has_turn = true;
	return w;
}

/* Under the lock: who waits for the mark goes behind its transaction, or only hears of its end. */
static void collect(struct txn *t, struct wait_link *ret_told)
{
	struct wait_link *bucket = bucket_of(t->m, t->w.mark), *next;

	for (struct wait_link *at = bucket->next; at != bucket; at = next) {
		struct txn_waiter *w = waiter_of(at);
		next = at->next;
		if (w->mark != t->w.mark)
			continue;
		mark_unref(w->mark); /* the transaction has a reference of its own */
		w->mark = NULL;
		w->is_linked = w->why == TXN_WAIT_TURN;
		list_take_out(at);
		list_add_last(w->is_linked ? &t->behind : ret_told, at);
	}
}

static bool has_waiters(const struct mark *mark)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load_explicit(&mark->has_waiters, memory_order_relaxed);
}

static void end(struct txn *t, const struct mark *mark)
{
	struct txn_mgr *m = t->m;
	struct wait_link told, *next;
	uint64_t lsn = 0;

	list_init(&told);
	mutex_lock(&m->waits_lock);
	if (mark != NULL)
		collect(t, &told);
	struct txn_waiter *first = give_turn(&t->behind);
	mutex_unlock(&m->waits_lock);
	t->has_turn = false;
	if (mark != NULL && atomic_load_explicit(&mark->word, memory_order_relaxed) != MARK_ABORTED)
		lsn = atomic_load_explicit(&mark->word, memory_order_relaxed);
	if (first != NULL)
		wake(m, first, lsn);
	for (struct wait_link *at = told.next; at != &told; at = next) {
		next = at->next;
		wake(m, waiter_of(at), lsn);
	}
}

void wait_ended(struct txn *t)
{
	if (t->w.mark != NULL && has_waiters(t->w.mark))
		end(t, t->w.mark);
	else
		wait_pass(t);
}

void wait_pass(struct txn *t)
{
	if (t->has_turn)
		end(t, NULL);
}

/* ---- waiting ---- */

/* has_waiters is stored before the word is read here, and the word before has_waiters is read in
 * wait_ended, each with a fence between: one of the two sees the other. */
static uint64_t wait_for_end(struct txn_mgr *m, struct txn_waiter *w)
{
	mutex_lock(&m->waits_lock);
	atomic_store_explicit(&w->mark->has_waiters, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t word = atomic_load_explicit(&w->mark->word, memory_order_acquire);
	w->is_linked = word == MARK_ACTIVE;
	if (w->is_linked)
		list_add_last(bucket_of(m, w->mark), &w->link);
	mutex_unlock(&m->waits_lock);
	return word;
}

enum status txn_wait(struct txn_mgr *m, struct mark *mark, enum txn_wait_why why,
		     struct txn_waiter *w)
{
	uint64_t word = txn_stamped_lsn(m);

	assert(!w->has_turn && !w->is_linked);
	if (!take_place(m)) {
		if (mark != NULL)
			mark_unref(mark);
		return ST_LIMIT;
	}
	w->why = why;
	w->mark = mark;
	if (mark != NULL) {
		word = wait_for_end(m, w);
		if (word == MARK_ACTIVE)
			return ST_PARK;
		mark_unref(mark);
		w->mark = NULL;
	}
	give_place(m);
	if (word == MARK_ABORTED)
		return ST_OK;
	mutex_lock(&m->commit_lock); /* its stamp is whole and submitted behind the lock */
	mutex_unlock(&m->commit_lock);
	return wait_for_log(m, w, word) ? ST_PARK : ST_OK;
}

bool txn_wait_cancel(struct txn_mgr *m, struct txn_waiter *w)
{
	mutex_lock(&m->waits_lock);
	bool was_linked = w->is_linked;
	struct mark *mark = w->mark;
	if (was_linked)
		list_take_out(&w->link);
	w->is_linked = false;
	mutex_unlock(&m->waits_lock);
	if (!was_linked)
		return false;
	give_place(m);
	if (mark != NULL)
		mark_unref(mark);
	return true;
}

/* ---- the turn ---- */

void txn_take_turn(struct txn *t, struct txn_waiter *w)
{
	if (!w->has_turn)
		return;
	assert(!t->has_turn);
	mutex_lock(&t->m->waits_lock);
	list_move_all(&w->behind, &t->behind);
	mutex_unlock(&t->m->waits_lock);
	w->has_turn = false;
	t->has_turn = true;
}

void txn_pass_turn(struct txn_mgr *m, struct txn_waiter *w)
{
	if (!w->has_turn)
		return;
	mutex_lock(&m->waits_lock);
	struct txn_waiter *next = give_turn(&w->behind);
	mutex_unlock(&m->waits_lock);
	w->has_turn = false;
	if (next != NULL)
		wake(m, next, 0);
}
