/* Statements that lost wait for the end of the transaction they lost to, which is its stamp or its
 * roll-back: the view of a writing statement reads what is stamped, so waiters need not see it
 * durable, and many updates of one element share a sync. */
#include "txn/txn_int.h"

static struct wait_shard *shard_of(struct txn_mgr *m, const struct mark *mark)
{
	return &m->waits[((uintptr_t)mark >> 6) & (WAIT_SHARDS - 1)];
}

void wait_init(struct txn_mgr *m)
{
	for (unsigned i = 0; i < WAIT_SHARDS; i++)
		mutex_init(&m->waits[i].lock, LOCK_RANK_LEAF);
}

void wait_release(struct txn_mgr *m)
{
	BUG_ON(atomic_load(&m->n_waiters) != 0);
	for (unsigned i = 0; i < WAIT_SHARDS; i++)
		mutex_destroy(&m->waits[i].lock);
}

struct mark *txn_take_lost_to(struct txn *t)
{
	struct mark *mark = t->w.lost_to;

	t->w.lost_to = NULL;
	return mark;
}

static void link_last(struct wait_shard *s, struct txn_waiter *w)
{
	w->next = NULL;
	w->is_linked = true;
	if (s->last != NULL)
		s->last->next = w;
	else
		s->first = w;
	s->last = w;
}

/* Takes those that want out of the list, in order; one: that one only. */
static struct txn_waiter *take_out(struct wait_shard *s, const struct mark *mark,
				   const struct txn_waiter *one)
{
	struct txn_waiter *out = NULL, **out_at = &out, **at = &s->first, *w;

	s->last = NULL;
	while ((w = *at) != NULL) {
		if (w->mark != mark || (one != NULL && w != one)) {
			s->last = w;
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = NULL;
		w->is_linked = false;
		*out_at = w;
		out_at = &w->next;
	}
	return out;
}

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

/* has_waiters is stored before the word is read here, and the word before has_waiters is read in
 * wait_ended, each with a fence between: one of the two sees the other. */
enum status txn_wait(struct txn_mgr *m, struct mark *mark, struct txn_waiter *w)
{
	struct wait_shard *s = shard_of(m, mark);

	if (!take_place(m)) {
		mark_unref(mark);
		return ST_LIMIT;
	}
	w->mark = mark;
	mutex_lock(&s->lock);
	atomic_store_explicit(&mark->has_waiters, true, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t word = atomic_load_explicit(&mark->word, memory_order_acquire);
	if (word == MARK_ACTIVE)
		link_last(s, w);
	mutex_unlock(&s->lock);
	if (word == MARK_ACTIVE)
		return ST_PARK;
	give_place(m);
	mark_unref(mark);
	if (word != MARK_ABORTED) { /* its stamp is whole, stamped_lsn included, behind the lock */
		mutex_lock(&m->commit_lock);
		mutex_unlock(&m->commit_lock);
	}
	return ST_OK;
}

bool txn_wait_cancel(struct txn_mgr *m, struct txn_waiter *w)
{
	struct wait_shard *s = shard_of(m, w->mark);

	mutex_lock(&s->lock);
	bool was_linked = w->is_linked;
	if (was_linked)
		(void)take_out(s, w->mark, w);
	mutex_unlock(&s->lock);
	if (!was_linked)
		return false;
	give_place(m);
	mark_unref(w->mark);
	return true;
}

void wait_ended(struct txn_mgr *m, struct mark *mark)
{
	if (mark == NULL)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&mark->has_waiters, memory_order_relaxed))
		return;
	struct wait_shard *s = shard_of(m, mark);
	mutex_lock(&s->lock);
	struct txn_waiter *w = take_out(s, mark, NULL);
	mutex_unlock(&s->lock);
	while (w != NULL) {
		struct txn_waiter *next = w->next; /* w may be gone after woken() */
		give_place(m);
		mark_unref(mark); /* the ending transaction has a reference of its own */
		w->woken(w);
		w = next;
	}
}
