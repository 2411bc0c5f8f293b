#include "store/constraint.h"

#include "store/claim.h"
#include "value/order.h"

/* ---- the check ---- */

enum hold { HOLD_NO, HOLD_YES, HOLD_OTHERS };

/* What a mark has done, for the writer: nothing yet is another's to decide. */
static enum hold is_done(const struct writer *w, const struct mark *m)
{
	if (m == w->mark)
		return HOLD_YES;
	uint64_t word = atomic_load_explicit(&((struct mark *)m)->word, memory_order_acquire);
	if (word == MARK_ABORTED)
		return HOLD_NO;
	return word != MARK_ACTIVE && word <= w->view->read_lsn ? HOLD_YES : HOLD_OTHERS;
}

/* *ret_mark: with HOLD_OTHERS, whose end decides. */
static enum hold is_held(const struct writer *w, const struct claim *c, struct mark **ret_mark)
{
	enum hold made = c->made != NULL ? is_done(w, c->made) : HOLD_YES;
	enum hold dropped = c->dropped != NULL ? is_done(w, c->dropped) : HOLD_NO;

	*ret_mark = made == HOLD_OTHERS ? c->made : c->dropped;
	if (made != HOLD_YES)
		return made;
	return dropped == HOLD_YES ? HOLD_NO : dropped == HOLD_NO ? HOLD_YES : HOLD_OTHERS;
}

static enum status clash(struct writer *w, const struct unique *u, enum status st, elem_id holder)
{
	w->clash = (struct unique_clash){
	    .constraint = u->name, .label = u->label, .key = u->key, .holder = holder};
	return st;
}

static enum status judge(struct writer *w, const struct unique *u, const struct claim *c,
			 struct value v)
{
	for (; c != NULL; c = c->next) {
		struct mark *mark;
		enum hold h = claim_is(u, c, v) ? is_held(w, c, &mark) : HOLD_NO;
		if (h == HOLD_OTHERS)
			return clash(w, u, writer_lose(w, mark), c->id);
		if (h == HOLD_YES)
			return clash(w, u, ST_INVALID, c->id);
	}
	return ST_OK;
}

/* ---- writers ---- */

static void push_effect(struct writer *w, enum effect_kind kind, struct unique *u, struct claim *c)
{
	atomic_fetch_add_explicit(&u->n_refs, 1, memory_order_relaxed);
	w->effects.v[w->effects.n++] =
	    (struct effect){.kind = (uint8_t)kind, .unique = u, .claim = c};
}

static bool effect_room(struct writer *w)
{
	return vec_reserve(MEM_UNDO, &w->effects, (size_t)w->effects.n + 1);
}

/* Recovery judges nothing: what it repeats was judged, and within one transaction a value may be
 * taken before the log says that it was given up. */
static enum status take_again(struct unique *u, elem_id id, struct value v)
{
	uint64_t hash = claim_hash(v);
	struct claims *s = claims_of(u, hash);

	latch_lock(&s->latch);
	bool ok = claims_add_id(s, hash, id);
	latch_unlock(&s->latch);
	return ok ? ST_OK : ST_NOMEM;
}

static enum status take(struct writer *w, struct unique *u, elem_id id, struct value v)
{
	uint64_t hash = claim_hash(v);
	struct claims *s = claims_of(u, hash);
	struct claim spare, *made = effect_room(w) ? claim_new(v, id) : NULL;

	if (made == NULL)
		return ST_NOMEM;
	claim_hold(&made->made, w->mark);
	latch_lock(&s->latch);
	enum status st = judge(w, u, claims_first(s, hash, &spare), v);
	if (st == ST_OK && !claims_add(s, hash, made))
		st = ST_NOMEM;
	if (st == ST_OK)
		push_effect(w, EFFECT_CLAIMED, u, made);
	latch_unlock(&s->latch);
	if (st != ST_OK)
		claim_free(made);
	return st;
}

static void give_up_again(struct unique *u, elem_id id, struct value v)
{
	uint64_t hash = claim_hash(v);
	struct claims *s = claims_of(u, hash);
	struct claim spare;

	latch_lock(&s->latch);
	struct claim *c = claims_held(u, claims_first(s, hash, &spare), v, id);
	if (c != NULL)
		claims_remove(s, hash, c);
	latch_unlock(&s->latch);
	if (c != &spare)
		claim_free(c);
}

/* Under the latch: a claim without a value of its own gets one, before the node's changes; so does
 * one that the filler has not come to, which stands if this is taken back. Nobody else makes it
 * meanwhile: the chunk's latch is held. Gives what is left over. */
static struct claim *drop(struct writer *w, struct unique *u, struct claims *s, uint64_t hash,
			  struct claim *own, enum status *ret)
{
	struct claim spare, *c = claims_held(u, claims_first(s, hash, &spare), own->value, own->id);
	struct claim *over = own;

	if (c == &spare) {
		*map_u64_get(&s->keys, hash) = (uintptr_t)own;
		over = NULL;
		c = own;
	} else if (c == NULL || c->value.kind == V_NULL) {
		if (!claims_add(s, hash, own)) {
			*ret = ST_NOMEM;
			return own;
		}
		if (c != NULL)
			claims_remove(s, hash, c);
		over = c;
		c = own;
	}
	claim_hold(&c->dropped, w->mark);
	push_effect(w, EFFECT_RELEASED, u, c);
	return over;
}

static enum status give_up(struct writer *w, struct unique *u, elem_id id, struct value v)
{
	uint64_t hash = claim_hash(v);
	struct claims *s = claims_of(u, hash);
	struct claim *own = effect_room(w) ? claim_new(v, id) : NULL;
	enum status st = ST_OK;

	if (own == NULL)
		return ST_NOMEM;
	latch_lock(&s->latch);
	struct claim *over = drop(w, u, s, hash, own, &st);
	latch_unlock(&s->latch);
	claim_free(over);
	return st;
}

/* A transaction that wrote before the constraint was made has kept no claims: it loses. */
static enum status change(struct writer *w, struct unique *u, elem_id id, struct value old,
			  struct value v)
{
	bool had = unique_counts(old), has = unique_counts(v);

	if ((!had && !has) || (had && has && value_eq(old, v) == TRUTH_TRUE))
		return ST_OK;
	if (w->mark == NULL) {
		if (had)
			give_up_again(u, id, old);
		return has ? take_again(u, id, v) : ST_OK;
	}
	if (w->mark->born < u->since)
		return clash(w, u, ST_CONFLICT, id);
	if (has)
		TRY(take(w, u, id, v));
	return had ? give_up(w, u, id, old) : ST_OK;
}

static const struct label_set *set_of(const struct chunk *c, uint32_t slot)
{
	uint32_t set = chunk_slot_set(c, slot);

	return set != 0 ? label_set_get(c->graph->store, set) : c->set;
}

/* The constraints of the chunk's graph; NULL when it has none: one load and a branch. */
static const struct index_list *rules(const struct chunk *c)
{
	const struct index_list *l = atomic_load_explicit(&c->graph->indexes, memory_order_acquire);

	return l != NULL && l->n_unique > 0 && c->kind == ELEM_NODE ? l : NULL;
}

static struct value value_in_place(const struct chunk *c, uint32_t slot, name_id key)
{
	return table_prop(atomic_load_explicit(&((struct chunk *)c)->table, memory_order_relaxed),
			  slot, key);
}

/* only: a label that comes or goes; NAME_NONE: all labels of the set do, with the node. */
static enum status all_values(struct writer *w, struct chunk *c, uint32_t slot,
			      const struct label_set *set, name_id only, bool add)
{
	const struct index_list *l = rules(c);
	static const struct value none = {.kind = V_NULL};

	for (uint32_t i = 0; l != NULL && i < l->n; i++) {
		struct unique *u = index_unique(l->v[i]);
		if (u == NULL ||
		    (only == NAME_NONE ? !label_set_has(set, u->label) : u->label != only))
			continue;
		struct value v = value_in_place(c, slot, u->key);
		TRY(change(w, u, c->base + slot, add ? none : v, add ? v : none));
	}
	return ST_OK;
}

enum status unique_node_made(struct writer *w, struct chunk *c, uint32_t slot,
			     const struct label_set *set)
{
	return all_values(w, c, slot, set, NAME_NONE, true);
}

enum status unique_node_gone(struct writer *w, struct chunk *c, uint32_t slot)
{
	return rules(c) != NULL ? all_values(w, c, slot, set_of(c, slot), NAME_NONE, false) : ST_OK;
}

enum status unique_label(struct writer *w, struct chunk *c, uint32_t slot, name_id label, bool add)
{
	return all_values(w, c, slot, NULL, label, add);
}

enum status unique_set(struct writer *w, struct chunk *c, uint32_t slot, name_id key,
		       struct value old, struct value v)
{
	const struct index_list *l = rules(c);

	for (uint32_t i = 0; l != NULL && i < l->n; i++) {
		struct unique *u = index_unique(l->v[i]);
		if (u != NULL && u->key == key && label_set_has(set_of(c, slot), u->label))
			TRY(change(w, u, c->base + slot, old, v));
	}
	return ST_OK;
}

/* ---- behind them ---- */

static struct claims *lock_claim(const struct effect *e, uint64_t *ret_hash)
{
	*ret_hash = claim_hash(e->claim->value); /* it has one as long as an effect needs it */
	struct claims *s = claims_of(e->unique, *ret_hash);
	latch_lock(&s->latch);
	return s;
}

void unique_undo(struct effect *e)
{
	struct claim *c = e->claim;
	uint64_t hash;
	struct claims *s = lock_claim(e, &hash);

	if (e->kind == EFFECT_CLAIMED) {
		claims_remove(s, hash, c);
	} else {
		claim_let_go(&c->dropped);
		claims_fold(s, hash, c);
	}
	latch_unlock(&s->latch);
	if (e->kind == EFFECT_CLAIMED)
		claim_free(c);
}

/* Transactions are cleaned up in the order of their LSNs: who made a claim before who dropped it.
 */
void unique_settle(struct effect *e)
{
	struct claim *c = e->claim;
	uint64_t hash;

	if (e->undone)
		return;
	struct claims *s = lock_claim(e, &hash);
	if (e->kind == EFFECT_CLAIMED) {
		claim_let_go(&c->made);
		claims_fold(s, hash, c);
	} else {
		assert(c->made == NULL);
		claims_remove(s, hash, c);
	}
	latch_unlock(&s->latch);
	if (e->kind == EFFECT_RELEASED)
		claim_free(c);
}

/* ---- making ---- */

static bool is_active(const struct mark *m)
{
	return m != NULL &&
	       atomic_load_explicit(&((struct mark *)m)->word, memory_order_acquire) == MARK_ACTIVE;
}

/* Another node that has the value, or may have it when an active transaction ends. */
static enum status others(const struct unique *u, const struct claim *c, struct value v, elem_id id,
			  elem_id *ret, struct mark **ret_busy)
{
	enum status st = ST_OK;

	for (; c != NULL; c = c->next) {
		if (c->id == id || !claim_is(u, c, v) ||
		    (c->dropped != NULL && !is_active(c->dropped)))
			continue;
		struct mark *by = is_active(c->made) ? c->made : c->dropped;
		if (by != NULL) {
			st = ST_BUSY;
			*ret_busy = by;
			continue;
		}
		*ret = c->id;
		return ST_EXISTS;
	}
	return st;
}

/* A value in place whose claim an active transaction has dropped is being restored: the claim will
 * stand again. */
static bool is_known(const struct unique *u, const struct claim *c, struct value v, elem_id id)
{
	for (; c != NULL; c = c->next)
		if (c->id == id && claim_is(u, c, v) &&
		    (c->dropped == NULL || is_active(c->dropped)))
			return true;
	return false;
}

/* Under a latch that holds the mark. */
static enum status busy_with(struct mark *m, struct index_fill *f)
{
	claim_hold(&f->busy, m);
	return ST_BUSY;
}

static enum status claim_base(struct unique *u, struct value v, elem_id id, bool check,
			      struct index_fill *f)
{
	uint64_t hash = claim_hash(v);
	struct claims *s = claims_of(u, hash);
	struct mark *busy = NULL;
	struct claim spare;
	enum status st = ST_OK;

	latch_lock(&s->latch);
	if (!is_known(u, claims_first(s, hash, &spare), v, id) && !claims_add_id(s, hash, id))
		st = ST_NOMEM;
	if (st == ST_OK && check)
		st = others(u, claims_first(s, hash, &spare), v, id, &f->duplicate.first, &busy);
	if (st == ST_BUSY)
		st = busy_with(busy, f);
	latch_unlock(&s->latch);
	f->duplicate.second = id;
	f->duplicate.value = v;
	return st;
}

/* Of a slot that an active transaction has changed: what it had before may come back. One that
 * keeps no claims must end first; with one that does, only a value that another node has waits. */
static enum status may_come_back(struct unique *u, struct chunk *c, struct index_fill *f)
{
	uint32_t slot = f->slot;
	struct mark *busy;
	elem_id other;

	for (struct undo *e = chunk_chain(c, slot); e != NULL;
	     e = atomic_load_explicit(&e->next, memory_order_relaxed)) {
		if (e->undone || !is_active(e->mark))
			continue;
		if (e->mark->born < u->since)
			return busy_with(e->mark, f);
		struct value v = e->kind == UNDO_PROP && e->key == u->key
				     ? e->old
				     : value_in_place(c, slot, u->key);
		if (!unique_counts(v))
			continue;
		uint64_t hash = claim_hash(v);
		struct claims *s = claims_of(u, hash);
		struct claim spare;
		latch_lock(&s->latch);
		enum status st =
		    others(u, claims_first(s, hash, &spare), v, c->base + slot, &other, &busy);
		latch_unlock(&s->latch);
		if (st != ST_OK)
			return busy_with(e->mark, f);
	}
	return ST_OK;
}

enum status unique_fill(struct unique *u, struct chunk *c, bool check, struct index_fill *f)
{
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (; f->slot < c->n_used; f->slot++) {
		TRY(may_come_back(u, c, f));
		struct value v = table_prop(t, f->slot, u->key);
		if (shared_bit(t->exists, f->slot) && unique_counts(v) &&
		    label_set_has(set_of(c, f->slot), u->label))
			TRY(claim_base(u, v, c->base + f->slot, check, f));
	}
	return ST_OK;
}
