#include "store/write.h"

#include "store/constraint.h"
#include "store/store_int.h"

struct mark *mark_new(struct store *s)
{
	struct mark *m = MEM_NEW(MEM_UNDO, struct mark);

	if (m == NULL)
		return NULL;
	atomic_init(&m->n_refs, 1);
	/* Acquire: whoever is born after a constraint was made finds it in the list. */
	m->born = atomic_load_explicit(&s->n_constraints, memory_order_acquire);
	return m;
}

void mark_unref(struct mark *m)
{
	if (atomic_fetch_sub_explicit(&m->n_refs, 1, memory_order_acq_rel) == 1)
		MEM_FREE(MEM_UNDO, m);
}

void clauses_free(struct clause *c)
{
	while (c != NULL) {
		struct clause *next = c->next;
		MEM_FREE(MEM_UNDO, c);
		c = next;
	}
}

/* ---- versions -------------------------------------------------------------------------------- */

enum status writer_lose(struct writer *w, struct mark *to)
{
	atomic_fetch_add_explicit(&to->n_refs, 1, memory_order_relaxed);
	if (w->lost_to != NULL)
		mark_unref(w->lost_to);
	w->lost_to = to;
	return ST_CONFLICT;
}

/* First updater wins, per slot: the newest entry that is not aborted [M]. Under the latch. */
static enum status claim(struct writer *w, struct chunk *c, uint32_t slot)
{
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed)) {
		if (u->mark == w->mark)
			return ST_OK;
		uint64_t word = atomic_load_explicit(&u->mark->word, memory_order_acquire);
		if (word == MARK_ABORTED)
			continue;
		return word != MARK_ACTIVE && word <= w->view->read_lsn ? ST_OK
									: writer_lose(w, u->mark);
	}
	return ST_OK;
}

static bool exists_now(const struct chunk *c, uint32_t slot)
{
	const struct table *t =
	    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_relaxed);

	return slot < t->cap && shared_bit(t->exists, slot);
}

/* Room for one effect and one version; NULL: no memory. Recovery writes no versions. */
static struct undo *undo_new(struct writer *w, struct chunk *c, uint32_t slot, enum undo_kind kind)
{
	struct undo *u;

	if (!vec_reserve(MEM_UNDO, &w->effects, (size_t)w->effects.n + 1) ||
	    undo_side_make(c) != ST_OK)
		return NULL;
	u = MEM_NEW(MEM_UNDO, struct undo);
	if (u == NULL)
		return NULL;
	u->kind = (uint8_t)kind;
	u->slot = slot;
	u->seq = w->seq;
	u->mark = w->mark;
	return u;
}

static void undo_publish(struct writer *w, struct chunk *c, struct undo *u)
{
	atomic_fetch_add_explicit(&w->mark->n_refs, 1, memory_order_relaxed);
	undo_link(c, u);
	w->effects.v[w->effects.n++] =
	    (struct effect){.kind = EFFECT_UNDO, .chunk = c, .slot = u->slot, .undo = u};
}

static void count_edge_ends(struct chunk *c, uint32_t slot, int64_t by)
{
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (unsigned dir = 0; dir < 2; dir++) {
		const struct chunk *node = chunk_of(c->graph, ELEM_NODE, t->ends[2 * slot + dir]);
		count_ends(c->graph, node->set, c->type, (enum adj_dir)dir, by);
	}
}

/* Beside every change of existence, taking back included. */
static void count(struct chunk *c, uint32_t slot, int64_t by)
{
	struct graph *g = c->graph;

	if (c->kind == ELEM_EDGE) {
		atomic_fetch_add_explicit(&g->n_edges, by, memory_order_relaxed);
		count_type(g, c->type, by);
		count_edge_ends(c, slot, by);
		return;
	}
	uint32_t set = chunk_slot_set(c, slot);
	atomic_fetch_add_explicit(&g->n_nodes, by, memory_order_relaxed);
	count_labels(g, set != 0 ? label_set_get(g->store, set) : c->set, by);
}

static enum status set_exists(struct writer *w, struct chunk *c, uint32_t slot, bool on)
{
	struct table *t;

	if (w->mark != NULL) {
		struct undo *u = undo_new(w, c, slot, UNDO_EXISTS);
		if (u == NULL)
			return ST_NOMEM;
		u->old_exists = !on;
		undo_publish(w, c, u);
	}
	t = atomic_load_explicit(&c->table, memory_order_relaxed);
	shared_bit_put(t->exists, slot, on);
	count(c, slot, on ? 1 : -1);
	return ST_OK;
}

/* A value on an element that exists: version first, then the store. */
static enum status set_prop(struct writer *w, struct chunk *c, uint32_t slot, name_id key,
			    struct value v)
{
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	struct undo *u = NULL;
	struct taken taken;
	bool failed = false;
	struct value old = table_prop(t, slot, key);

	TRY(unique_set(w, c, slot, key, old, v));
	index_add(c, slot, key, v, &failed); /* before anybody can see it */
	if (failed)
		return ST_NOMEM;
	if (w->mark != NULL) {
		u = undo_new(w, c, slot, UNDO_PROP);
		if (u == NULL)
			return ST_NOMEM;
		u->key = key;
		u->old = old;
		undo_publish(w, c, u);
	}
	enum status st = chunk_put_prop(c, slot, key, v, &taken);
	if (u == NULL && st == ST_OK) {
		index_drop_value(c, slot, key, old);
		taken_free(&taken);
	} else if (u != NULL && st == ST_OK) {
		box_free(u->taken.box); /* the spare one of a column that became boxed just now */
		u->taken = taken;
	} else if (u != NULL) { /* nothing has changed: nothing is to be taken back */
		u->undone = vec_last(&w->effects).undone = true;
	}
	return st;
}

static enum status put_new_props(struct chunk *c, uint32_t slot, const struct prop *props,
				 uint32_t n)
{
	struct taken old;
	bool failed = false;

	for (uint32_t i = 0; i < n; i++) {
		TRY(chunk_put_prop(c, slot, props[i].key, props[i].value, &old));
		taken_free(&old); /* the slot has no holder yet */
		index_add(c, slot, props[i].key, props[i].value, &failed);
		if (failed)
			return ST_NOMEM;
	}
	return ST_OK;
}

/* ---- nodes --------------------------------------------------------------------------------------
 */

static void abandon_slot(struct chunk *c, uint32_t slot)
{
	index_drop_slot(c, slot);
	chunk_reset_slot(c, slot);
	slot_give_back(c, slot);
}

enum status store_node_create(struct writer *w, struct graph *g, const name_id *labels,
			      uint32_t n_labels, const struct prop *props, uint32_t n_props,
			      elem_id at, elem_id *ret)
{
	const struct label_set *set;
	struct chunk *c;
	uint32_t slot;

	TRY(label_set_make(g->store, labels, n_labels, &set));
	if (at == ELEM_NONE) {
		TRY(slot_take(g, ELEM_NODE, set, NAME_NONE, &c, &slot));
	} else {
		TRY(slot_take_at(g, ELEM_NODE, at, set, NAME_NONE, &c));
		slot = slot_of(at);
		if (exists_now(c, slot))
			return ST_EXISTS;
	}
	latch_lock(&c->latch);
	enum status st = put_new_props(c, slot, props, n_props);
	if (st == ST_OK && c->set != set) /* recovery: the chunk was made for another set */
		st = chunk_put_set(c, slot, set->id);
	if (st == ST_OK)
		st = unique_node_made(w, c, slot, set);
	if (st == ST_OK)
		st = set_exists(w, c, slot, true);
	if (st != ST_OK)
		abandon_slot(c, slot);
	latch_unlock(&c->latch);
	TRY(st);
	*ret = c->base + slot;
	return ST_OK;
}

/* The latch of the element's chunk is held when ST_OK is returned. */
static enum status lock_existing(struct writer *w, struct graph *g, enum elem_kind kind, elem_id id,
				 struct chunk **ret)
{
	struct chunk *c = chunk_of(g, kind, id);

	if (c == NULL)
		return ST_NOT_FOUND;
	latch_lock(&c->latch);
	enum status st = w->mark != NULL ? claim(w, c, slot_of(id)) : ST_OK;
	if (st == ST_OK && !exists_now(c, slot_of(id)))
		st = ST_NOT_FOUND;
	if (st != ST_OK)
		latch_unlock(&c->latch);
	*ret = c;
	return st;
}

static enum status elem_set(struct writer *w, struct graph *g, enum elem_kind kind, elem_id id,
			    name_id key, struct value v)
{
	struct chunk *c;

	TRY(lock_existing(w, g, kind, id, &c));
	enum status st = set_prop(w, c, slot_of(id), key, v);
	latch_unlock(&c->latch);
	return st;
}

enum status store_node_set(struct writer *w, struct graph *g, elem_id id, name_id key,
			   struct value v)
{
	return elem_set(w, g, ELEM_NODE, id, key, v);
}

enum status store_edge_set(struct writer *w, struct graph *g, elem_id id, name_id key,
			   struct value v)
{
	return elem_set(w, g, ELEM_EDGE, id, key, v);
}

static enum status changed_set(struct store *s, const struct label_set *old, name_id label,
			       bool add, const struct label_set **ret)
{
	name_id labels[GRAPH_LABELS_MAX + 1];
	uint32_t n = 0;

	for (uint32_t i = 0; i < old->n; i++)
		if (old->labels[i] != label)
			labels[n++] = old->labels[i];
	if (add)
		labels[n++] = label;
	return label_set_make(s, labels, n, ret);
}

static enum status set_labels(struct writer *w, struct chunk *c, uint32_t slot, name_id label,
			      bool add)
{
	struct store *s = c->graph->store;
	uint32_t now = chunk_slot_set(c, slot);
	const struct label_set *old = now != 0 ? label_set_get(s, now) : c->set, *set;
	bool failed = false;

	if (label_set_has(old, label) == add)
		return ST_EXISTS;
	TRY(changed_set(s, old, label, add, &set));
	TRY(chunk_sets_make(c));
	TRY(unique_label(w, c, slot, label, add));
	/* From here on the chunk has exceptions: scans and indexes recheck. An index of the new
	 * label takes the node's values before anybody can see the label. */
	atomic_store_explicit(&c->has_exceptions, true, memory_order_release);
	if (add)
		index_add_slot(c, slot, &failed);
	if (failed)
		return ST_NOMEM;
	if (w->mark != NULL) {
		struct undo *u = undo_new(w, c, slot, UNDO_LABELS);
		if (u == NULL)
			return ST_NOMEM;
		u->old_set = now;
		undo_publish(w, c, u);
	}
	TRY(chunk_put_set(c, slot, set->id));
	count_labels(c->graph, old, -1);
	count_labels(c->graph, set, 1);
	return ST_OK;
}

enum status store_label(struct writer *w, struct graph *g, elem_id id, name_id label, bool add)
{
	struct chunk *c;

	TRY(lock_existing(w, g, ELEM_NODE, id, &c));
	enum status st = set_labels(w, c, slot_of(id), label, add);
	latch_unlock(&c->latch);
	return st;
}

static bool deleted_by_me(const struct writer *w, const struct chunk *c, uint32_t slot)
{
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed))
		if (u->kind == UNDO_EXISTS && u->mark == w->mark)
			return u->old_exists;
	return false;
}

enum status store_node_delete(struct writer *w, struct graph *g, elem_id id)
{
	struct chunk *c = NULL;
	uint32_t slot = slot_of(id);
	enum status st = lock_existing(w, g, ELEM_NODE, id, &c);

	if (st == ST_NOT_FOUND && c != NULL && w->mark != NULL) {
		latch_lock(&c->latch);
		st = deleted_by_me(w, c, slot) ? ST_EXISTS : ST_NOT_FOUND;
		latch_unlock(&c->latch);
		return st;
	}
	TRY(st);
	if (w->mark == NULL && store_node_has_edges(w, g, id) != ST_OK)
		st = ST_EXISTS; /* recovery: its edges went before it */
	else
		st = unique_node_gone(w, c, slot);
	if (st == ST_OK)
		st = set_exists(w, c, slot, false);
	if (st == ST_OK && w->mark == NULL)
		abandon_slot(c, slot);
	latch_unlock(&c->latch);
	return st;
}

/* ---- edges
 * ---------------------------------------------------------------------------------------- */

struct ends {			      /* both endpoints, latched in id order */
	struct chunk *first, *second; /* second NULL: the same chunk */
};

static struct ends lock_ends(struct chunk *a, struct chunk *b)
{
	struct ends e = {a, b};

	if (a == b)
		e.second = NULL;
	else if (a->base > b->base)
		e = (struct ends){b, a};
	latch_lock(&e.first->latch);
	if (e.second != NULL)
		latch_lock(&e.second->latch);
	return e;
}

static void unlock_ends(struct ends e)
{
	if (e.second != NULL)
		latch_unlock(&e.second->latch);
	latch_unlock(&e.first->latch);
}

/* An endpoint must be there and nobody else may be deleting it; other writes to it do not matter.
 */
static enum status check_endpoint(struct writer *w, const struct chunk *c, uint32_t slot)
{
	for (struct undo *u = chunk_chain(c, slot); u != NULL && w->mark != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed)) {
		if (u->kind != UNDO_EXISTS || !u->old_exists || u->mark == w->mark)
			continue;
		uint64_t word = atomic_load_explicit(&u->mark->word, memory_order_acquire);
		if (word == MARK_ACTIVE || (word != MARK_ABORTED && word > w->view->read_lsn))
			return writer_lose(w, u->mark);
	}
	return exists_now(c, slot) ? ST_OK : ST_NOT_FOUND;
}

static enum status writer_clause(struct writer *w)
{
	if (w->mark == NULL || (w->clause != NULL && w->clause->seq == w->seq))
		return ST_OK;
	struct clause *c = MEM_NEW(MEM_UNDO, struct clause);
	if (c == NULL)
		return ST_NOMEM;
	*c = (struct clause){.mark = w->mark, .seq = w->seq, .next = w->clauses};
	w->clauses = w->clause = c;
	return ST_OK;
}

static enum status append_entry(struct writer *w, struct chunk *c, uint32_t slot, enum adj_dir dir,
				name_id type, uint32_t node, uint32_t edge)
{
	if (w->mark != NULL && !vec_reserve(MEM_UNDO, &w->effects, (size_t)w->effects.n + 1))
		return ST_NOMEM;
	uint32_t at;
	TRY(adj_append(c, slot, dir, type, node, edge, w->mark != NULL ? w->clause : NULL, &at));
	if (w->mark != NULL)
		w->effects.v[w->effects.n++] = (struct effect){
		    .kind = EFFECT_EDGE_ADDED,
		    .dir = (uint8_t)dir,
		    .type = type,
		    .chunk = c,
		    .slot = slot,
		    .edge = edge,
		    .at = at,
		};
	return ST_OK;
}

static enum status make_edge(struct writer *w, struct chunk *c, uint32_t slot, elem_id from,
			     elem_id to, const struct prop *props, uint32_t n_props)
{
	latch_lock(&c->latch);
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	STORE(&t->ends[2 * slot], (uint32_t)from);
	STORE(&t->ends[2 * slot + 1], (uint32_t)to);
	enum status st = put_new_props(c, slot, props, n_props);
	if (st == ST_OK)
		st = set_exists(w, c, slot, true);
	if (st != ST_OK)
		abandon_slot(c, slot);
	latch_unlock(&c->latch);
	return st;
}

static enum status link_edge(struct writer *w, struct graph *g, name_id type, elem_id from,
			     elem_id to, struct chunk *c, uint32_t slot, const struct prop *props,
			     uint32_t n_props)
{
	struct chunk *cf = chunk_of(g, ELEM_NODE, from), *ct = chunk_of(g, ELEM_NODE, to);
	uint32_t edge = (uint32_t)(c->base + slot);
	struct ends locked = lock_ends(cf, ct);

	enum status st = check_endpoint(w, cf, slot_of(from));
	if (st == ST_OK)
		st = check_endpoint(w, ct, slot_of(to));
	if (st != ST_OK) {
		unlock_ends(locked);
		latch_lock(&c->latch);
		abandon_slot(c, slot);
		latch_unlock(&c->latch);
		return st;
	}
	st = make_edge(w, c, slot, from, to, props, n_props);
	if (st == ST_OK)
		st = append_entry(w, cf, slot_of(from), ADJ_OUT, type, (uint32_t)to, edge);
	if (st == ST_OK)
		st = append_entry(w, ct, slot_of(to), ADJ_IN, type, (uint32_t)from, edge);
	unlock_ends(locked);
	return st;
}

enum status store_edge_create(struct writer *w, struct graph *g, name_id type, elem_id from,
			      elem_id to, const struct prop *props, uint32_t n_props, elem_id at,
			      elem_id *ret)
{
	struct chunk *c;
	uint32_t slot;

	if (chunk_of(g, ELEM_NODE, from) == NULL || chunk_of(g, ELEM_NODE, to) == NULL)
		return ST_NOT_FOUND;
	TRY(writer_clause(w));
	if (at == ELEM_NONE) {
		TRY(slot_take(g, ELEM_EDGE, NULL, type, &c, &slot));
	} else {
		TRY(slot_take_at(g, ELEM_EDGE, at, NULL, type, &c));
		slot = slot_of(at);
		if (exists_now(c, slot) || c->type != type)
			return ST_EXISTS;
	}
	TRY(link_edge(w, g, type, from, to, c, slot, props, n_props));
	*ret = c->base + slot;
	return ST_OK;
}

static enum status stamp_deleted(struct writer *w, struct chunk *c, uint32_t slot, enum adj_dir dir,
				 name_id type, uint32_t edge)
{
	struct block *b;
	uint32_t i;

	if (!adj_locate(c, slot, dir, type, edge, ADJ_NO_HINT, &b, &i))
		return ST_NOT_FOUND;
	if (w->mark != NULL && !vec_reserve(MEM_UNDO, &w->effects, (size_t)w->effects.n + 1))
		return ST_NOMEM;
	TRY(adj_stamps(c, b));
	if (w->mark == NULL) { /* recovery: gone at once */
		adj_remove(c, slot, dir, b, i);
		return ST_OK;
	}
	adj_set_stamp(b, i, true, (uintptr_t)w->clause);
	w->effects.v[w->effects.n++] = (struct effect){
	    .kind = EFFECT_EDGE_REMOVED,
	    .dir = (uint8_t)dir,
	    .type = type,
	    .chunk = c,
	    .slot = slot,
	    .edge = edge,
	    .at = i,
	};
	return ST_OK;
}

/* Under the latches of both endpoints and of the edge's chunk. */
static enum status delete_latched(struct writer *w, struct chunk *c, uint32_t slot,
				  struct chunk *cf, elem_id from, struct chunk *ct, elem_id to)
{
	uint32_t edge = (uint32_t)(c->base + slot);

	TRY(w->mark != NULL ? claim(w, c, slot) : ST_OK);
	if (!exists_now(c, slot))
		return w->mark != NULL && deleted_by_me(w, c, slot) ? ST_EXISTS : ST_NOT_FOUND;
	TRY(set_exists(w, c, slot, false));
	TRY(stamp_deleted(w, cf, slot_of(from), ADJ_OUT, c->type, edge));
	TRY(stamp_deleted(w, ct, slot_of(to), ADJ_IN, c->type, edge));
	if (w->mark == NULL)
		abandon_slot(c, slot);
	return ST_OK;
}

enum status store_edge_delete(struct writer *w, struct graph *g, elem_id id)
{
	struct chunk *c = chunk_of(g, ELEM_EDGE, id);
	elem_id from, to;
	name_id type;

	if (c == NULL || !graph_edge_ends(g, w->view, id, &type, &from, &to))
		return ST_NOT_FOUND;
	struct chunk *cf = chunk_of(g, ELEM_NODE, from), *ct = chunk_of(g, ELEM_NODE, to);
	if (cf == NULL || ct == NULL)
		return ST_NOT_FOUND;
	TRY(writer_clause(w));
	struct ends locked = lock_ends(cf, ct);
	latch_lock(&c->latch);
	enum status st = delete_latched(w, c, slot_of(id), cf, from, ct, to);
	latch_unlock(&c->latch);
	unlock_ends(locked);
	return st;
}

/* ---- a deleted node's edges
 * ------------------------------------------------------------------------- */

enum entry_state { ENTRY_GONE, ENTRY_THERE, ENTRY_OTHERS };

/* Whose an entry is, for the deleter of the node. */
static enum entry_state stamp_state(struct writer *w, uintptr_t stamp, enum entry_state if_mine,
				    enum entry_state if_done)
{
	if ((stamp & 1) != 0)
		return stamp >> 1 <= w->view->read_lsn ? if_done : ENTRY_OTHERS;
	const struct clause *by = (const struct clause *)stamp;
	if (by->mark == w->mark)
		return if_mine;
	uint64_t word = atomic_load_explicit(&by->mark->word, memory_order_acquire);
	if (word == MARK_ABORTED)
		return if_done == ENTRY_THERE ? ENTRY_GONE : ENTRY_THERE;
	if (word != MARK_ACTIVE && word <= w->view->read_lsn)
		return if_done;
	(void)!writer_lose(w, by->mark);
	return ENTRY_OTHERS;
}

static enum entry_state entry_state(struct writer *w, const struct stamps *s, uint32_t i)
{
	uintptr_t create =
	    atomic_load_explicit(&((struct stamps *)s)->v[i].create, memory_order_acquire);
	uintptr_t del = atomic_load_explicit(&((struct stamps *)s)->v[i].del, memory_order_acquire);
	enum entry_state st = ENTRY_THERE;

	if (create == STAMP_ABORTED)
		return ENTRY_GONE;
	if (create != STAMP_NONE)
		st = stamp_state(w, create, ENTRY_THERE, ENTRY_THERE);
	if (st == ENTRY_THERE && del != STAMP_NONE)
		st = stamp_state(w, del, ENTRY_GONE, ENTRY_GONE);
	return st;
}

static enum status block_left(struct writer *w, const struct block *b)
{
	uint32_t n =
	    b != NULL ? atomic_load_explicit(&((struct block *)b)->n, memory_order_acquire) : 0;
	const struct stamps *s =
	    b != NULL ? atomic_load_explicit(&((struct block *)b)->stamps, memory_order_acquire)
		      : NULL;
	enum status left = ST_OK;

	if (n > 0 && s == NULL)
		return ST_EXISTS;
	for (uint32_t i = 0; i < n; i++) {
		enum entry_state e = entry_state(w, s, i);
		if (e == ENTRY_OTHERS)
			return ST_CONFLICT;
		if (e == ENTRY_THERE)
			left = ST_EXISTS;
	}
	return left;
}

enum status store_node_has_edges(struct writer *w, struct graph *g, elem_id id)
{
	struct chunk *c = chunk_of(g, ELEM_NODE, id);
	const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
	enum status left = ST_OK;

	for (unsigned dir = 0; dir < 2; dir++) {
		uintptr_t head =
		    atomic_load_explicit(&t->adj[slot_of(id)].dir[dir], memory_order_acquire);
		if ((head & 1) == 0) {
			enum status st = block_left(w, (const struct block *)head);
			if (st == ST_CONFLICT)
				return st;
			left = st != ST_OK ? st : left;
			continue;
		}
		const struct adj_types *types = (const struct adj_types *)(head & ~(uintptr_t)1);
		for (uint32_t i = 0; i < types->n; i++) {
			enum status st = block_left(
			    w, atomic_load_explicit(&((struct adj_types *)types)->v[i].block,
						    memory_order_acquire));
			if (st == ST_CONFLICT)
				return st;
			left = st != ST_OK ? st : left;
		}
	}
	return left;
}

/* ---- taking back
 * --------------------------------------------------------------------------------------- */

static void undo_one(struct chunk *c, struct undo *u)
{
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	u->undone = true;
	switch ((enum undo_kind)u->kind) {
	case UNDO_EXISTS:
		shared_bit_put(t->exists, u->slot, u->old_exists);
		count(c, u->slot, u->old_exists ? 1 : -1);
		break;
	case UNDO_PROP: {
		struct value undone = table_prop(t, u->slot, u->key);
		chunk_restore_prop(c, u);
		index_drop_value(c, u->slot, u->key, undone);
		break;
	}
	case UNDO_LABELS: {
		uint32_t now = chunk_slot_set(c, u->slot);
		struct store *s = c->graph->store;
		count_labels(c->graph, now != 0 ? label_set_get(s, now) : c->set, -1);
		count_labels(c->graph, u->old_set != 0 ? label_set_get(s, u->old_set) : c->set, 1);
		STORE(&t->sets[u->slot], u->old_set);
		break;
	}
	}
}

void store_undo(struct writer *w, uint32_t n)
{
	for (uint32_t i = w->effects.n; i-- > n;) {
		struct effect *e = &w->effects.v[i];
		struct block *b;
		uint32_t at;
		if (e->undone)
			continue;
		e->undone = true;
		if (e->kind >= EFFECT_CLAIMED) {
			unique_undo(e);
			continue;
		}
		latch_lock(&e->chunk->latch);
		if (e->kind == EFFECT_UNDO)
			undo_one(e->chunk, e->undo);
		else if (adj_locate(e->chunk, e->slot, (enum adj_dir)e->dir, e->type, e->edge,
				    e->at, &b, &at))
			adj_set_stamp(b, at, e->kind == EFFECT_EDGE_REMOVED,
				      e->kind == EFFECT_EDGE_REMOVED ? STAMP_NONE : STAMP_ABORTED);
		latch_unlock(&e->chunk->latch);
	}
}
