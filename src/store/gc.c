/* Cleaning up behind finished transactions: versions are cut where a committed one at or below the
 * horizon stands, aborted ones are unlinked once nobody can be walking over them. */
#include "store/constraint.h"
#include "store/store_int.h"
#include "store/write.h"

/* Everything of the slot's last holder is gone for all views: the slot may be given again. */
static void free_slot(struct chunk *c, uint32_t slot)
{
	latch_lock(&c->latch);
	index_drop_slot(c, slot);
	chunk_reset_slot(c, slot);
	slot_give_back(c, slot);
	latch_unlock(&c->latch);
}

static void undo_let_go(struct undo *u)
{
	if (--u->n_holders > 0)
		return;
	mark_unref(u->mark);
	MEM_FREE(MEM_UNDO, u);
}

static void undo_free(struct retired *r)
{
	struct undo *u = container_of(r, struct undo, retired);

	if (u->ends_slot)
		free_slot(u->chunk, u->slot);
	taken_free(&u->taken);
	undo_let_go(u);
}

void store_effects_release(struct effect *effects, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (effects[i].kind == EFFECT_UNDO)
			undo_let_go(effects[i].undo);
		else if (effects[i].kind >= EFFECT_CLAIMED)
			unique_unref(effects[i].unique);
}

static void set_chain(struct chunk *c, uint32_t slot, struct undo *head)
{
	struct undo_side *s = atomic_load_explicit(&c->undo, memory_order_relaxed);

	atomic_store_explicit(&s->heads[slot], head, memory_order_release);
	if (head != NULL)
		return;
	_Atomic uint64_t *w = &s->bits[slot >> 6];
	atomic_store_explicit(
	    w, atomic_load_explicit(w, memory_order_relaxed) & ~(UINT64_C(1) << (slot & 63)),
	    memory_order_release);
	if (--s->n_slots > 0)
		return;
	atomic_store_explicit(&c->undo, NULL, memory_order_release);
	epoch_retire(&c->graph->store->epochs, &s->retired, undo_side_free);
}

/* Out of the chain already. An old value that no version has any more leaves the indexes. */
static void retire_undo(struct chunk *c, struct undo *u)
{
	/* A delete that held, or a creation that was taken back. */
	u->ends_slot = u->kind == UNDO_EXISTS && u->old_exists != u->undone;
	if (u->kind == UNDO_PROP)
		index_drop_value(c, u->slot, u->key, u->old);
	epoch_retire(&c->graph->store->epochs, &u->retired, undo_free);
}

static bool committed_by(const struct undo *u, uint64_t horizon)
{
	uint64_t word = atomic_load_explicit(&u->mark->word, memory_order_acquire);

	return word != MARK_ACTIVE && word != MARK_ABORTED && word <= horizon;
}

/* Under the latch: the first committed entry at or below the horizon, and all below it, go. */
static void cut_chain(struct chunk *c, uint32_t slot, uint64_t horizon)
{
	struct undo *above = NULL, *u = chunk_chain(c, slot);

	while (u != NULL && !committed_by(u, horizon)) {
		above = u;
		u = atomic_load_explicit(&u->next, memory_order_relaxed);
	}
	if (u == NULL)
		return;
	if (above != NULL)
		atomic_store_explicit(&above->next, NULL, memory_order_release);
	else
		set_chain(c, slot, NULL);
	while (u != NULL) {
		struct undo *next = atomic_load_explicit(&u->next, memory_order_relaxed);
		retire_undo(c, u);
		u = next;
	}
}

static void unlink_one(struct chunk *c, struct undo *gone)
{
	struct undo *above = NULL, *u = chunk_chain(c, gone->slot);

	while (u != NULL && u != gone) {
		above = u;
		u = atomic_load_explicit(&u->next, memory_order_relaxed);
	}
	if (u == NULL)
		return;
	struct undo *next = atomic_load_explicit(&u->next, memory_order_relaxed);
	if (above != NULL)
		atomic_store_explicit(&above->next, next, memory_order_release);
	else
		set_chain(c, gone->slot, next);
	retire_undo(c, gone);
}

static void settle(struct effect *e, const struct mark *m)
{
	if (e->undone) {
		adj_clean(e->chunk, e->slot, (enum adj_dir)e->dir, e->type);
		return;
	}
	adj_settle(e->chunk, e->slot, (enum adj_dir)e->dir, e->type, e->edge, e->at,
		   e->kind == EFFECT_EDGE_REMOVED, m);
}

void store_prune(struct effect *effects, uint32_t n, const struct mark *m, uint64_t horizon)
{
	for (uint32_t i = 0; i < n; i++) {
		struct effect *e = &effects[i];
		if (e->kind >= EFFECT_CLAIMED) {
			unique_settle(e);
			continue;
		}
		latch_lock(&e->chunk->latch);
		if (e->kind == EFFECT_UNDO)
			cut_chain(e->chunk, e->slot, horizon);
		else
			settle(e, m);
		latch_unlock(&e->chunk->latch);
	}
}

/* Newest first: of two values that the transaction gave to one key the older entry holds the one
 * that was there before it, so it must be the last that readers meet. */
void store_unlink_aborted(struct effect *effects, uint32_t n, const struct mark *m)
{
	for (uint32_t i = n; i-- > 0;) {
		struct effect *e = &effects[i];
		if (e->kind >= EFFECT_CLAIMED)
			continue; /* taken back at once: nobody reads claims without the latch */
		latch_lock(&e->chunk->latch);
		if (e->kind == EFFECT_UNDO)
			unlink_one(e->chunk, e->undo);
		else
			settle(e, m);
		latch_unlock(&e->chunk->latch);
	}
}
