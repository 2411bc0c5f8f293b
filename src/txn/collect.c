/* Reclamation behind finished transactions [6]. The horizon is what every open view has reached;
 * what was unlinked is freed when no view of its epoch is left. */
#include "txn/txn_int.h"

static void trail_free(struct retired *r)
{
	struct trail *tr = container_of(r, struct trail, retired);

	clauses_free(tr->w.clauses);
	mark_unref(tr->w.mark);
	vec_release(MEM_UNDO, &tr->w.effects);
	MEM_FREE(MEM_UNDO, tr);
}

static void trail_retire(struct trail *tr)
{
	epoch_retire(store_epochs(tr->store), &tr->retired, trail_free);
}

/* Nobody who may have seen a value before it was restored is left: the versions may go. */
static void trail_unlink(struct retired *r)
{
	struct trail *tr = container_of(r, struct trail, retired);

	store_unlink_aborted(tr->store, tr->w.effects.v, tr->w.effects.n);
	trail_retire(tr);
}

void trail_aborted(struct trail *tr)
{
	tr->w.view = NULL;
	epoch_retire(store_epochs(tr->store), &tr->retired, trail_unlink);
}

void trail_committed(struct txn_mgr *m, struct trail *tr)
{
	tr->w.view = NULL;
	tr->next = NULL;
	mutex_lock(&m->trails_lock);
	*m->trails_end = tr;
	m->trails_end = &tr->next;
	mutex_unlock(&m->trails_lock);
}

static struct trail *first_trail(struct txn_mgr *m)
{
	mutex_lock(&m->trails_lock);
	struct trail *tr = m->trails;
	mutex_unlock(&m->trails_lock);
	return tr;
}

static void drop_first(struct txn_mgr *m)
{
	mutex_lock(&m->trails_lock);
	m->trails = m->trails->next;
	if (m->trails == NULL)
		m->trails_end = &m->trails;
	mutex_unlock(&m->trails_lock);
}

/* Only the collector takes trails out, so the first one stays while it is worked on. */
static void prune_up_to(struct txn_mgr *m, uint64_t horizon)
{
	struct trail *tr;

	while ((tr = first_trail(m)) != NULL && tr->lsn <= horizon) {
		if (!store_prune(m->store, tr->w.effects.v, tr->w.effects.n, horizon))
			return; /* no memory for a copy: a later round tries again */
		drop_first(m);
		trail_retire(tr);
	}
}

static uint64_t load_durable(void *ctx)
{
	return txn_durable_lsn(ctx);
}

bool txn_collect(struct txn_mgr *m)
{
	struct epoch_table *e = store_epochs(m->store);

	mutex_lock(&m->collect_lock);
	prune_up_to(m, epoch_collect(e, load_durable, m));
	mutex_unlock(&m->collect_lock);
	return first_trail(m) != NULL ||
	       atomic_load_explicit(&e->n_retired, memory_order_relaxed) != 0;
}

void trails_drain(struct txn_mgr *m)
{
	for (struct trail *tr; (tr = first_trail(m)) != NULL;) {
		BUG_ON(!store_prune(m->store, tr->w.effects.v, tr->w.effects.n, MARK_ABORTED - 1));
		drop_first(m);
		trail_retire(tr);
	}
}
