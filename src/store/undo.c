/* Versions stand aside: chains of old values beside a chunk, newest first. A reader takes the old
 * value of every entry that it may not see and stops at the first that it sees: a claim is per
 * slot, so whatever lies below a visible entry is older or aborted. */
#include "store/store_int.h"

static size_t side_size(uint32_t cap)
{
	return sizeof(struct undo_side) + cap * sizeof(struct undo *) + (cap + 63) / 64 * 8;
}

void undo_side_free(struct retired *r)
{
	struct undo_side *s = container_of(r, struct undo_side, retired);

	mem_free(MEM_UNDO, s, side_size(s->cap));
}

enum status undo_side_make(struct chunk *c)
{
	struct undo_side *old = atomic_load_explicit(&c->undo, memory_order_relaxed);
	uint32_t cap = atomic_load_explicit(&c->table, memory_order_relaxed)->cap;

	if (old != NULL && old->cap >= cap)
		return ST_OK;
	struct undo_side *s = mem_zalloc(MEM_UNDO, side_size(cap));
	if (s == NULL)
		return ST_NOMEM;
	s->cap = cap;
	s->bits = (_Atomic uint64_t *)&s->heads[cap];
	if (old != NULL) {
		s->n_slots = old->n_slots;
		for (uint32_t i = 0; i < old->cap; i++)
			atomic_init(&s->heads[i],
				    atomic_load_explicit(&old->heads[i], memory_order_relaxed));
		for (uint32_t i = 0; i < (old->cap + 63) / 64; i++)
			atomic_init(&s->bits[i],
				    atomic_load_explicit(&old->bits[i], memory_order_relaxed));
	}
	atomic_store_explicit(&c->undo, s, memory_order_release);
	if (old != NULL)
		epoch_retire(&c->graph->store->epochs, &old->retired, undo_side_free);
	return ST_OK;
}

void undo_link(struct chunk *c, struct undo *u)
{
	struct undo_side *s = atomic_load_explicit(&c->undo, memory_order_relaxed);
	struct undo *head = atomic_load_explicit(&s->heads[u->slot], memory_order_relaxed);

	atomic_store_explicit(&u->next, head, memory_order_relaxed);
	u->n_holders = 2;
	u->chunk = c;
	atomic_store_explicit(&s->heads[u->slot], u, memory_order_release);
	if (head != NULL)
		return;
	_Atomic uint64_t *w = &s->bits[u->slot >> 6];
	atomic_store_explicit(
	    w, atomic_load_explicit(w, memory_order_relaxed) | UINT64_C(1) << (u->slot & 63),
	    memory_order_release);
	s->n_slots++;
}

bool undo_exists(struct undo *u, const struct view *v, bool now)
{
	for (; u != NULL && !undo_visible(u, v);
	     u = atomic_load_explicit(&u->next, memory_order_acquire))
		if (u->kind == UNDO_EXISTS)
			now = u->old_exists;
	return now;
}

uint32_t undo_set(struct undo *u, const struct view *v, uint32_t now)
{
	for (; u != NULL && !undo_visible(u, v);
	     u = atomic_load_explicit(&u->next, memory_order_acquire))
		if (u->kind == UNDO_LABELS)
			now = u->old_set;
	return now;
}

void undo_prop(struct undo *u, const struct view *v, name_id key, struct value *now)
{
	for (; u != NULL && !undo_visible(u, v);
	     u = atomic_load_explicit(&u->next, memory_order_acquire))
		if (u->kind == UNDO_PROP && u->key == key)
			*now = u->old;
}
