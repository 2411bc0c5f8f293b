/* The manager: read points, and reclamation behind finished transactions. */
#include "base/clock.h"
#include "txn/txn_int.h"

enum status txn_mgr_new(struct store *s, struct wal_writer *wal, uint64_t last_lsn,
			struct txn_mgr **ret)
{
	struct txn_mgr *m = MEM_NEW(MEM_OTHER, struct txn_mgr);

	if (m == NULL)
		return ST_NOMEM;
	m->store = s;
	m->wal = wal;
	mutex_init(&m->commit_lock, LOCK_RANK_COMMIT);
	mutex_init(&m->ddl_lock, LOCK_RANK_CATALOG);
	mutex_init(&m->tails_lock, LOCK_RANK_LEAF);
	wait_init(m);
	atomic_init(&m->stamped_lsn, last_lsn);
	atomic_init(&m->durable_lsn, last_lsn);
	for (unsigned i = 0; i < NAME_N_KINDS; i++)
		atomic_init(&m->n_logged[i], store_name_count(s, (enum name_kind)i));
	*ret = m;
	return ST_OK;
}

struct store *txn_mgr_store(struct txn_mgr *m)
{
	return m->store;
}

uint64_t txn_durable_lsn(struct txn_mgr *m)
{
	return atomic_load_explicit(&m->durable_lsn, memory_order_acquire);
}

uint64_t txn_stamped_lsn(struct txn_mgr *m)
{
	return atomic_load_explicit(&m->stamped_lsn, memory_order_acquire);
}

void txn_publish(struct txn_mgr *m, uint64_t durable_lsn)
{
	atomic_store_explicit(&m->durable_lsn, durable_lsn, memory_order_release);
}

/* ---- cleaning up
 * --------------------------------------------------------------------------------- */

static void tail_free(struct retired *r)
{
	struct tail *t = container_of(r, struct tail, retired);

	store_effects_release(t->effects, t->n_effects);
	mem_free(MEM_UNDO, t->effects, t->cap_effects * sizeof t->effects[0]);
	clauses_free(t->clauses);
	mark_unref(t->mark);
	for (uint32_t i = 0; i < t->n_graphs; i++)
		graph_let_go(t->graphs[i]);
	MEM_FREE(MEM_UNDO, t);
}

/* The epoch in which the values were restored has passed: nobody walks over the entries of an
 * aborted transaction any more. */
static void tail_aborted(struct retired *r)
{
	struct tail *t = container_of(r, struct tail, retired);

	store_unlink_aborted(t->effects, t->n_effects, t->mark);
	epoch_retire(store_epochs(t->m->store), r, tail_free);
}

/* Sessions finish in any order; tails stand in the order of their LSNs. An edge's creation must be
 * settled before its deletion: then its entry is dead and would not be found any more. */
static void add_tail(struct txn_mgr *m, struct tail *t)
{
	mutex_lock(&m->tails_lock);
	struct tail *before = m->last_tail;
	while (before != NULL && before->lsn > t->lsn)
		before = before->prev;
	t->prev = before;
	t->next = before != NULL ? before->next : m->tails;
	*(before != NULL ? &before->next : &m->tails) = t;
	*(t->next != NULL ? &t->next->prev : &m->last_tail) = t;
	mutex_unlock(&m->tails_lock);
}

static struct tail *first_tail(struct txn_mgr *m)
{
	mutex_lock(&m->tails_lock);
	struct tail *t = m->tails;
	mutex_unlock(&m->tails_lock);
	return t;
}

static void drop_first(struct txn_mgr *m)
{
	mutex_lock(&m->tails_lock);
	m->tails = m->tails->next;
	*(m->tails != NULL ? &m->tails->prev : &m->last_tail) = NULL;
	mutex_unlock(&m->tails_lock);
}

/* A transaction holds its view until its tail is in the list, so that the horizon is not above a
 * tail that is still to come. Only the collector takes them out. */
static void prune(struct txn_mgr *m, uint64_t horizon)
{
	struct tail *t;

	while ((t = first_tail(m)) != NULL && t->lsn <= horizon) {
		store_prune(t->effects, t->n_effects, t->mark, horizon);
		drop_first(m);
		epoch_retire(store_epochs(m->store), &t->retired, tail_free);
	}
}

static uint64_t load_durable(void *ctx)
{
	return txn_durable_lsn(ctx);
}

void txn_set_limits(struct txn_mgr *m, const struct txn_limits *limits)
{
	m->limits = *limits;
}

uint64_t txn_views_given_up(struct txn_mgr *m)
{
	return atomic_load_explicit(&m->n_given_up, memory_order_relaxed);
}

/* One view at a time for the memory: what it held back must be gone before it is known whether that
 * was enough. */
static void enforce_limits(struct txn_mgr *m)
{
	struct epoch_table *e = store_epochs(m->store);
	const struct txn_limits *l = &m->limits;
	const struct tail *first = first_tail(m);
	uint64_t now = l->view_age_ns != 0 ? clock_mono_ns() : 0;
	uint32_t n = 0;

	if (now > l->view_age_ns)
		n += epoch_ask_old(e, now - l->view_age_ns);
	if (l->undo_bytes != 0 && first != NULL && first->lsn <= txn_durable_lsn(m) &&
	    mem_used(MEM_UNDO) > l->undo_bytes)
		n += epoch_ask_lowest(e, first->lsn);
	if (n == 0)
		return;
	atomic_fetch_add_explicit(&m->n_given_up, n, memory_order_relaxed);
	if (l->asked != NULL)
		l->asked(l->ctx);
}

bool txn_collect(struct txn_mgr *m)
{
	struct epoch_table *e = store_epochs(m->store);

	uint64_t horizon = epoch_collect(e, load_durable, m);
	prune(m, horizon);
	ddl_graph_collect(m, horizon);
	enforce_limits(m);
	return first_tail(m) != NULL ||
	       atomic_load_explicit(&e->n_retired, memory_order_relaxed) != 0;
}

void txn_mgr_free(struct txn_mgr *m)
{
	BUG_ON(atomic_load(&m->n_active) != 0);
	/* No view is open: what was stamped and never became durable goes like the rest. */
	prune(m, MARK_ABORTED - 1);
	while (txn_collect(m)) /* each round frees what the one before unlinked */
		;
	mutex_destroy(&m->commit_lock);
	mutex_destroy(&m->ddl_lock);
	mutex_destroy(&m->tails_lock);
	wait_release(m);
	MEM_FREE(MEM_OTHER, m);
}

/* ---- the end of a transaction
 * ------------------------------------------------------------------------- */

void txn_let_go(struct txn *t, uint64_t lsn)
{
	struct txn_mgr *m = t->m;
	struct tail *tail = t->tail;

	if (tail != NULL) {
		tail->m = m;
		tail->lsn = lsn;
		tail->mark = t->w.mark;
		tail->clauses = t->w.clauses;
		tail->effects = t->w.effects.v;
		tail->n_effects = t->w.effects.n;
		tail->cap_effects = t->w.effects.cap;
		if (lsn != MARK_ABORTED)
			add_tail(m, tail);
		else
			epoch_retire(store_epochs(m->store), &tail->retired, tail_aborted);
	}
	if (t->slot != NULL)
		epoch_close(t->slot);
	if (t->w.lost_to != NULL)
		mark_unref(t->w.lost_to);
	buf_release(&t->redo);
	buf_release(&t->record);
	vec_release(MEM_UNDO, &t->deletes);
	t->tail = NULL;
	t->slot = t->view.slot = NULL;
	t->w.lost_to = NULL;
}

void txn_end(struct txn *t, uint64_t lsn)
{
	struct txn_mgr *m = t->m;

	BUG_ON(t->has_turn);
	txn_let_go(t, lsn);
	atomic_fetch_sub_explicit(&m->n_active, 1, memory_order_release);
	MEM_FREE(MEM_UNDO, t);
}
