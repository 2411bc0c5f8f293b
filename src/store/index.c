/* Property indexes: label + key -> ids, a superset of what any view sees. A look-up takes the ids
 * of a key under a short latch and counts only those whose visible value equals the key. Writers
 * add before anybody can see the value, and remove a pair only when neither the value in place nor
 * an older version has the key. */
#include <stdlib.h>

#include "store/index.h"
#include "store/store_int.h"
#include "value/order.h"

#define SHARDS 64

struct posting { /* ids of one key's hash, more than one */
	uint32_t n, cap;
	elem_id ids[];
};

#define IS_POSTING (UINT64_C(1) << 63)

struct shard {
	struct latch latch;
	struct map_u64 keys; /* hash of the key -> an id, or a posting with IS_POSTING set */
} CACHE_ALIGNED;

struct prop_index {
	struct graph *graph;
	struct str name;
	name_id label, key;
	bool unique;
	_Atomic uint64_t
	    ready_lsn; /* views from this read point on may use it; UINT64_MAX: not yet */
	_Atomic uint64_t n_entries, n_lookups;
	struct retired retired;
	struct shard shards[SHARDS];
};

static uint64_t key_hash(struct value v)
{
	return value_hash(v, 0) >> 1; /* the top bit is the posting's; never UINT64_MAX */
}

static struct shard *shard_of(struct prop_index *ix, uint64_t hash)
{
	return &ix->shards[hash % SHARDS];
}

static size_t posting_size(uint32_t cap)
{
	return sizeof(struct posting) + cap * sizeof(elem_id);
}

static struct posting *posting_of(uint64_t entry)
{
	return (struct posting *)(uintptr_t)(entry & ~IS_POSTING);
}

static void posting_free(struct posting *p)
{
	mem_free(MEM_INDEX, p, posting_size(p->cap));
}

static bool posting_add(uint64_t *entry, elem_id id)
{
	struct posting *p;

	if ((*entry & IS_POSTING) == 0) {
		p = mem_alloc(MEM_INDEX, posting_size(4));
		if (p == NULL)
			return false;
		p->n = 1;
		p->cap = 4;
		p->ids[0] = *entry;
		*entry = (uintptr_t)p | IS_POSTING;
	}
	p = posting_of(*entry);
	if (p->n == p->cap) {
		struct posting *larger =
		    mem_resize(MEM_INDEX, p, posting_size(p->cap), posting_size(p->cap * 2));
		if (larger == NULL)
			return false;
		larger->cap *= 2;
		p = larger;
		*entry = (uintptr_t)p | IS_POSTING;
	}
	p->ids[p->n++] = id;
	return true;
}

static bool shard_has(const struct shard *s, uint64_t hash, elem_id id)
{
	const uint64_t *entry = map_u64_get(&s->keys, hash);

	if (entry == NULL || (*entry & IS_POSTING) == 0)
		return entry != NULL && *entry == id;
	const struct posting *p = posting_of(*entry);
	for (uint32_t i = 0; i < p->n; i++)
		if (p->ids[i] == id)
			return true;
	return false;
}

static bool shard_add(struct shard *s, uint64_t hash, elem_id id)
{
	bool is_new;
	uint64_t *entry = map_u64_slot(&s->keys, hash, &is_new);

	if (entry == NULL)
		return false;
	if (is_new) {
		*entry = id;
		return true;
	}
	return posting_add(entry, id);
}

static uint32_t shard_remove(struct shard *s, uint64_t hash, elem_id id)
{
	uint64_t *entry = map_u64_get(&s->keys, hash);

	if (entry == NULL)
		return 0;
	if ((*entry & IS_POSTING) == 0) {
		if (*entry != id)
			return 0;
		map_u64_del(&s->keys, hash);
		return 1;
	}
	struct posting *p = posting_of(*entry);
	uint32_t kept = 0, n = p->n;
	for (uint32_t i = 0; i < n; i++)
		if (p->ids[i] != id)
			p->ids[kept++] = p->ids[i];
	p->n = kept;
	if (kept == 0) {
		posting_free(p);
		map_u64_del(&s->keys, hash);
	}
	return n - kept;
}

/* maybe_there: the pair may have been added for another version; it stays there once. */
static bool index_insert(struct prop_index *ix, struct value v, elem_id id, bool maybe_there)
{
	uint64_t hash = key_hash(v);
	struct shard *s = shard_of(ix, hash);

	latch_lock(&s->latch);
	bool there = maybe_there && shard_has(s, hash, id);
	bool ok = there || shard_add(s, hash, id);
	latch_unlock(&s->latch);
	if (ok && !there)
		atomic_fetch_add_explicit(&ix->n_entries, 1, memory_order_relaxed);
	return ok;
}

static void index_remove(struct prop_index *ix, struct value v, elem_id id)
{
	uint64_t hash = key_hash(v);
	struct shard *s = shard_of(ix, hash);

	latch_lock(&s->latch);
	uint32_t n = shard_remove(s, hash, id);
	latch_unlock(&s->latch);
	atomic_fetch_sub_explicit(&ix->n_entries, n, memory_order_relaxed);
}

/* ---- what writers do, under the latch of the node's chunk --------------------------------------
 */

static struct index_list *list_of(const struct graph *g)
{
	return atomic_load_explicit(&((struct graph *)g)->indexes, memory_order_acquire);
}

/* Whether the slot has the label now or may have had it for some view: exceptions are taken as yes.
 */
static bool may_have_label(const struct chunk *c, name_id label)
{
	return label_set_has(c->set, label) ||
	       atomic_load_explicit(&c->has_exceptions, memory_order_relaxed);
}

/* Whether the value in place or that of a version is v: then its pair is there, and stays. */
static bool value_in_use(const struct chunk *c, uint32_t slot, name_id key, struct value v)
{
	const struct table *t =
	    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_relaxed);
	struct value now = table_prop(t, slot, key);

	if (now.kind != V_NULL && value_same(now, v))
		return true;
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed))
		if (u->kind == UNDO_PROP && u->key == key && u->old.kind != V_NULL &&
		    value_same(u->old, v))
			return true;
	return false;
}

void index_add(struct chunk *c, uint32_t slot, name_id key, struct value v, bool is_new,
	       bool *ret_failed)
{
	const struct index_list *l = list_of(c->graph);

	if (l == NULL || c->kind != ELEM_NODE || v.kind == V_NULL)
		return;
	bool maybe_there = !is_new && value_in_use(c, slot, key, v);
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i]->key == key && may_have_label(c, l->v[i]->label) &&
		    !index_insert(l->v[i], v, c->base + slot, maybe_there))
			*ret_failed = true;
}

void index_drop_value(struct chunk *c, uint32_t slot, name_id key, struct value v)
{
	const struct index_list *l = list_of(c->graph);

	if (l == NULL || c->kind != ELEM_NODE || v.kind == V_NULL || value_in_use(c, slot, key, v))
		return;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i]->key == key)
			index_remove(l->v[i], v, c->base + slot);
}

void index_drop_slot(struct chunk *c, uint32_t slot)
{
	const struct index_list *l = list_of(c->graph);
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (uint32_t i = 0; l != NULL && c->kind == ELEM_NODE && i < l->n; i++) {
		struct value v = table_prop(t, slot, l->v[i]->key);
		if (v.kind != V_NULL)
			index_remove(l->v[i], v, c->base + slot);
	}
}

void index_add_slot(struct chunk *c, uint32_t slot, bool *ret_failed)
{
	const struct index_list *l = list_of(c->graph);
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (uint32_t i = 0; l != NULL && c->kind == ELEM_NODE && i < l->n; i++) {
		struct value v = table_prop(t, slot, l->v[i]->key);
		if (v.kind != V_NULL && !index_insert(l->v[i], v, c->base + slot, true))
			*ret_failed = true;
	}
}

/* ---- making and dropping
 * ------------------------------------------------------------------------- */

static void index_free(struct prop_index *ix)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct map_u64 *m = &ix->shards[i].keys;
		for (uint64_t k = 0; m->slots != NULL && k <= m->mask; k++)
			if (m->slots[k].key != UINT64_MAX && (m->slots[k].value & IS_POSTING) != 0)
				posting_free(posting_of(m->slots[k].value));
		map_u64_release(m);
	}
	mem_free(MEM_INDEX, (void *)(uintptr_t)ix->name.p, ix->name.len);
	mem_free(MEM_INDEX, ix, sizeof *ix);
}

static void index_free_retired(struct retired *r)
{
	index_free(container_of(r, struct prop_index, retired));
}

void index_list_free(struct retired *r)
{
	struct index_list *l = container_of(r, struct index_list, retired);

	mem_free(MEM_INDEX, l, sizeof *l + l->n * sizeof l->v[0]);
}

void graph_indexes_release(struct graph *g)
{
	struct index_list *l = list_of(g);

	for (uint32_t i = 0; l != NULL && i < l->n; i++)
		index_free(l->v[i]);
	if (l != NULL)
		index_list_free(&l->retired);
}

static struct prop_index *find_by_name(const struct graph *g, struct str name)
{
	const struct index_list *l = list_of(g);

	for (uint32_t i = 0; l != NULL && i < l->n; i++)
		if (str_eq(l->v[i]->name, name))
			return l->v[i];
	return NULL;
}

bool graph_has_index(const struct graph *g, struct str name)
{
	return find_by_name(g, name) != NULL;
}

static struct index_list *list_new(uint32_t n)
{
	struct index_list *l = mem_zalloc(MEM_INDEX, sizeof *l + n * sizeof l->v[0]);

	if (l != NULL)
		l->n = n;
	return l;
}

static void set_list(struct graph *g, struct index_list *l)
{
	struct index_list *old = list_of(g);

	atomic_store_explicit(&g->indexes, l, memory_order_release);
	if (old != NULL)
		epoch_retire(&g->store->epochs, &old->retired, index_list_free);
	atomic_fetch_add_explicit(&g->store->catalog_version, 1, memory_order_release);
}

/* Under the chunk's latch: the value in place and every older one. */
static void fill_slot(struct prop_index *ix, struct chunk *c, uint32_t slot, bool *ret_failed)
{
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	struct value v = table_prop(t, slot, ix->key);

	if (v.kind != V_NULL && !index_insert(ix, v, c->base + slot, false))
		*ret_failed = true;
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed))
		if (u->kind == UNDO_PROP && u->key == ix->key && u->old.kind != V_NULL &&
		    !index_insert(ix, u->old, c->base + slot, false))
			*ret_failed = true;
}

enum status index_fill(struct prop_index *ix)
{
	struct space *s = &ix->graph->spaces[ELEM_NODE];
	uint32_t n = atomic_load_explicit(&s->n_chunks, memory_order_acquire);
	bool failed = false;

	for (uint32_t i = 0; i < n && !failed; i++) {
		struct chunk *c = space_chunk(s, i);
		if (c == NULL)
			continue;
		latch_lock(&c->latch);
		if (may_have_label(c, ix->label))
			for (uint32_t slot = 0; slot < c->n_used; slot++)
				fill_slot(ix, c, slot, &failed);
		latch_unlock(&c->latch);
	}
	return failed ? ST_NOMEM : ST_OK;
}

enum status index_create(struct graph *g, struct str name, name_id label, name_id key, bool unique,
			 struct prop_index **ret)
{
	struct index_list *old = list_of(g);
	uint32_t n = old != NULL ? old->n : 0;

	if (find_by_name(g, name) != NULL)
		return ST_EXISTS;
	if (n >= INDEXES_MAX)
		return ST_LIMIT;
	struct prop_index *ix = mem_alloc_aligned(MEM_INDEX, sizeof *ix, CACHE_LINE);
	struct index_list *l = list_new(n + 1);
	char *text = mem_alloc(MEM_INDEX, name.len);
	if (ix == NULL || l == NULL || text == NULL) {
		mem_free(MEM_INDEX, ix, sizeof *ix);
		mem_free(MEM_INDEX, l, sizeof *l + (n + 1) * sizeof l->v[0]);
		mem_free(MEM_INDEX, text, name.len);
		return ST_NOMEM;
	}
	memset(ix, 0, sizeof *ix);
	memcpy(text, name.p, name.len);
	ix->graph = g;
	ix->name = (struct str){text, name.len};
	ix->label = label;
	ix->key = key;
	ix->unique = unique;
	atomic_init(&ix->ready_lsn, UINT64_MAX);
	for (unsigned i = 0; i < SHARDS; i++)
		map_u64_init(&ix->shards[i].keys, MEM_INDEX);
	if (n > 0)
		memcpy(l->v, old->v, n * sizeof l->v[0]);
	l->v[n] = ix;
	set_list(g, l); /* writers keep it from now on; the filler adds what was there before */
	*ret = ix;
	return ST_OK;
}

void index_set_ready(struct prop_index *ix, uint64_t lsn)
{
	atomic_store_explicit(&ix->ready_lsn, lsn, memory_order_release);
	atomic_fetch_add_explicit(&ix->graph->store->catalog_version, 1, memory_order_release);
}

enum status index_remove_by_name(struct graph *g, struct str name)
{
	struct index_list *old = list_of(g);
	struct prop_index *ix = find_by_name(g, name);
	uint32_t at = 0;

	if (ix == NULL)
		return ST_NOT_FOUND;
	struct index_list *l = list_new(old->n - 1);
	if (l == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < old->n; i++)
		if (old->v[i] != ix)
			l->v[at++] = old->v[i];
	set_list(g, l);
	epoch_retire(&g->store->epochs, &ix->retired, index_free_retired);
	return ST_OK;
}

/* ---- reading
 * ------------------------------------------------------------------------------------------ */

/* view NULL: the planner asks whether there is one that new views may use. */
struct prop_index *graph_index_find(struct graph *g, const struct view *v, name_id label,
				    name_id key)
{
	const struct index_list *l = list_of(g);

	for (uint32_t i = 0; l != NULL && i < l->n; i++) {
		struct prop_index *ix = l->v[i];
		uint64_t ready = atomic_load_explicit(&ix->ready_lsn, memory_order_acquire);
		if (ix->label == label && ix->key == key && ready != UINT64_MAX &&
		    (v == NULL || v->read_lsn >= ready))
			return ix;
	}
	return NULL;
}

bool prop_index_unique(const struct prop_index *ix)
{
	return ix->unique;
}

struct graph *prop_index_graph(const struct prop_index *ix)
{
	return ix->graph;
}

struct str prop_index_name(const struct prop_index *ix)
{
	return ix->name;
}

/* The copy of a key's ids is the only thing done under the latch. The arena's memory is taken
 * before; a posting that grew meanwhile is asked for again. */
static enum status copy_ids(struct shard *s, uint64_t hash, struct arena *a, elem_id **ret,
			    uint32_t *ret_n)
{
	uint32_t room = 1;
	elem_id *ids = arena_alloc(a, sizeof *ids);

	for (;;) {
		if (ids == NULL)
			return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
		uint32_t n = 0;
		latch_lock(&s->latch);
		const uint64_t *entry = map_u64_get(&s->keys, hash);
		if (entry != NULL && (*entry & IS_POSTING) == 0) {
			ids[0] = *entry;
			n = 1;
		} else if (entry != NULL) {
			const struct posting *p = posting_of(*entry);
			n = p->n;
			if (n <= room)
				memcpy(ids, p->ids, n * sizeof *ids);
		}
		latch_unlock(&s->latch);
		*ret = ids;
		*ret_n = n;
		if (n <= room)
			return ST_OK;
		room = n + n / 8;
		ids = arena_alloc(a, room * sizeof *ids);
	}
}

static int compare_ids(const void *a, const void *b)
{
	elem_id x = *(const elem_id *)a, y = *(const elem_id *)b;

	return (x > y) - (x < y);
}

static uint32_t keep_matches(struct prop_index *ix, const struct view *v, struct value key,
			     elem_id *ids, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint8_t has;
		if (kept > 0 && ids[kept - 1] == ids[i])
			continue;
		graph_nodes_have_label(ix->graph, v, ix->label, &ids[i], 1, &has);
		if (has && graph_node_exists(ix->graph, v, ids[i]) &&
		    value_eq(graph_node_prop(ix->graph, v, ids[i], ix->key), key) == TRUTH_TRUE)
			ids[kept++] = ids[i];
	}
	return kept;
}

enum status prop_index_lookup(struct prop_index *ix, const struct view *v, struct value key,
			      struct arena *a, const elem_id **ret, uint32_t *ret_n)
{
	uint64_t hash = key_hash(key);
	elem_id *ids;
	uint32_t n;

	atomic_fetch_add_explicit(&ix->n_lookups, 1, memory_order_relaxed);
	TRY(copy_ids(shard_of(ix, hash), hash, a, &ids, &n));
	if (n > 1) /* a value that came back is there twice */
		qsort(ids, n, sizeof *ids, compare_ids);
	*ret_n = keep_matches(ix, v, key, ids, n);
	*ret = ids;
	return ST_OK;
}

enum status graph_indexes(struct graph *g, struct arena *a, const struct index_info **ret,
			  uint32_t *ret_n)
{
	const struct index_list *l = list_of(g);
	uint32_t n = l != NULL ? l->n : 0;
	struct index_info *info = ARENA_ARRAY(a, struct index_info, n + 1);

	if (info == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		info[i] = (struct index_info){
		    .name = l->v[i]->name,
		    .label = l->v[i]->label,
		    .key = l->v[i]->key,
		    .unique = l->v[i]->unique,
		    .ready = atomic_load(&l->v[i]->ready_lsn) != UINT64_MAX,
		    .n_entries = atomic_load(&l->v[i]->n_entries),
		    .n_lookups = atomic_load(&l->v[i]->n_lookups),
		};
	*ret = info;
	*ret_n = n;
	return ST_OK;
}
