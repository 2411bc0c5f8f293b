/* Property indexes: label + key -> ids, a superset of what any view sees. Writers add a pair before
 * anybody can see the value, and remove it only when neither the value in place nor an older
 * version has its key. Reading: index_read.c. */
#include "store/constraint.h"
#include "store/index_int.h"

#define FILL_SKIP_MAX 4096 /* chunks without the label that one step of filling passes */

static enum status index_insert(struct prop_index *ix, struct value v, elem_id id)
{
	uint8_t buf[INDEX_KEY_MAX];

	return tree_insert(&ix->tree, (struct tree_key){buf, index_key(v, buf), (uint32_t)id});
}

static void index_delete(struct prop_index *ix, struct value v, elem_id id)
{
	uint8_t buf[INDEX_KEY_MAX];

	tree_remove(&ix->tree, (struct tree_key){buf, index_key(v, buf), (uint32_t)id});
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

/* Whether the value in place or that of a version has v's key: then its pair stays. */
static bool value_in_use(const struct chunk *c, uint32_t slot, name_id key, struct value v)
{
	const struct table *t =
	    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_relaxed);
	struct value now = table_prop(t, slot, key);

	if (now.kind != V_NULL && index_key_same(now, v))
		return true;
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed))
		if (u->kind == UNDO_PROP && u->key == key && u->old.kind != V_NULL &&
		    index_key_same(u->old, v))
			return true;
	return false;
}

void index_add(struct chunk *c, uint32_t slot, name_id key, struct value v, bool *ret_failed)
{
	const struct index_list *l = list_of(c->graph);

	if (l == NULL || c->kind != ELEM_NODE || v.kind == V_NULL)
		return;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i]->key == key && may_have_label(c, l->v[i]->label) &&
		    index_insert(l->v[i], v, c->base + slot) != ST_OK)
			*ret_failed = true;
}

void index_drop_value(struct chunk *c, uint32_t slot, name_id key, struct value v)
{
	const struct index_list *l = list_of(c->graph);

	if (l == NULL || c->kind != ELEM_NODE || v.kind == V_NULL || value_in_use(c, slot, key, v))
		return;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i]->key == key)
			index_delete(l->v[i], v, c->base + slot);
}

void index_drop_slot(struct chunk *c, uint32_t slot)
{
	const struct index_list *l = list_of(c->graph);
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (uint32_t i = 0; l != NULL && c->kind == ELEM_NODE && i < l->n; i++) {
		struct value v = table_prop(t, slot, l->v[i]->key);
		if (v.kind != V_NULL)
			index_delete(l->v[i], v, c->base + slot);
	}
}

void index_add_slot(struct chunk *c, uint32_t slot, bool *ret_failed)
{
	const struct index_list *l = list_of(c->graph);
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (uint32_t i = 0; l != NULL && c->kind == ELEM_NODE && i < l->n; i++) {
		struct value v = table_prop(t, slot, l->v[i]->key);
		if (v.kind != V_NULL && index_insert(l->v[i], v, c->base + slot) != ST_OK)
			*ret_failed = true;
	}
}

/* ---- making and dropping
 * ------------------------------------------------------------------------- */

static void index_free(struct prop_index *ix)
{
	tree_release(&ix->tree);
	unique_unref(ix->unique);
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

struct prop_index *graph_index_named(const struct graph *g, struct str name)
{
	return find_by_name(g, name);
}

struct unique *index_unique(const struct prop_index *ix)
{
	return ix->unique;
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

	for (uint32_t i = 0; i < l->n; i++)
		l->n_unique += l->v[i]->unique != NULL;
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

	if (v.kind != V_NULL && index_insert(ix, v, c->base + slot) != ST_OK)
		*ret_failed = true;
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed))
		if (u->kind == UNDO_PROP && u->key == ix->key && u->old.kind != V_NULL &&
		    index_insert(ix, u->old, c->base + slot) != ST_OK)
			*ret_failed = true;
}

/* Under the chunk's latch. The pairs first, once; then the claims, as far as they are decided. */
static enum status fill_chunk(struct prop_index *ix, struct chunk *c, struct index_fill *f,
			      bool check)
{
	bool failed = false;

	for (uint32_t slot = 0; slot < c->n_used && !f->has_pairs && !failed; slot++)
		fill_slot(ix, c, slot, &failed);
	if (failed)
		return ST_NOMEM;
	f->has_pairs = true;
	return ix->unique != NULL ? unique_fill(ix->unique, c, check, f) : ST_OK;
}

static enum status fill_some(struct prop_index *ix, struct index_fill *f, bool check)
{
	struct space *s = &ix->graph->spaces[ELEM_NODE];

	/* Under the lock of new chunks: in one made later every writer finds the index. */
	mutex_lock(&s->lock);
	uint32_t n = atomic_load_explicit(&s->n_chunks, memory_order_acquire);
	mutex_unlock(&s->lock);
	for (uint32_t i = 0; f->chunk < n; i++) {
		struct chunk *c = space_chunk(s, f->chunk);
		bool some = false;
		if (i == FILL_SKIP_MAX)
			return ST_YIELD;
		if (c != NULL) {
			/* Under the latch: a label that is new in the chunk is seen here, or
			 * whoever adds it finds the index. */
			latch_lock(&c->latch);
			some = may_have_label(c, ix->label);
			enum status st = some ? fill_chunk(ix, c, f, check) : ST_OK;
			latch_unlock(&c->latch);
			TRY(st);
		}
		*f = (struct index_fill){.chunk = f->chunk + 1};
		if (some && f->chunk < n)
			return ST_YIELD;
	}
	return ST_OK;
}

enum status index_fill_some(struct prop_index *ix, struct index_fill *f)
{
	return fill_some(ix, f, true);
}

enum status index_fill(struct prop_index *ix)
{
	struct index_fill f = {0};
	enum status st;

	do
		st = fill_some(ix, &f, false);
	while (st == ST_YIELD);
	return st;
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
	uint64_t since = atomic_load_explicit(&g->store->n_constraints, memory_order_relaxed) + 1;
	struct unique *rule =
	    unique ? unique_new(g, (struct str){text, name.len}, label, key, since) : NULL;
	if (ix != NULL)
		*ix = (struct prop_index){.graph = g,
					  .name = {text, name.len},
					  .label = label,
					  .key = key,
					  .unique = rule,
					  .ready_lsn = LSN_NEVER,
					  .dropped_lsn = LSN_NEVER};
	if (ix == NULL || l == NULL || text == NULL || (unique && rule == NULL) ||
	    tree_init(&ix->tree, &g->store->epochs) != ST_OK) {
		mem_free(MEM_INDEX, ix, sizeof *ix);
		mem_free(MEM_INDEX, l, sizeof *l + (n + 1) * sizeof l->v[0]);
		mem_free(MEM_INDEX, text, name.len);
		unique_unref(rule);
		return ST_NOMEM;
	}
	memcpy(text, name.p, name.len);
	if (n > 0)
		memcpy(l->v, old->v, n * sizeof l->v[0]);
	l->v[n] = ix;
	set_list(g, l); /* writers keep it from now on; the filler adds what was there before */
	if (unique)	/* behind the list: a mark born at this number finds it */
		atomic_store_explicit(&g->store->n_constraints, since, memory_order_release);
	*ret = ix;
	return ST_OK;
}

void index_set_ready(struct prop_index *ix, uint64_t lsn)
{
	atomic_store_explicit(&ix->ready_lsn, lsn, memory_order_release);
	atomic_fetch_add_explicit(&ix->graph->store->catalog_version, 1, memory_order_release);
}

void index_set_dropped(struct prop_index *ix, uint64_t lsn)
{
	atomic_store_explicit(&ix->dropped_lsn, lsn, memory_order_release);
}

enum status index_claim_drop(struct prop_index *ix)
{
	if (ix->is_being_dropped ||
	    atomic_load_explicit(&ix->ready_lsn, memory_order_relaxed) == LSN_NEVER)
		return ST_CONFLICT;
	ix->is_being_dropped = true;
	return ST_OK;
}

void index_keep(struct prop_index *ix)
{
	ix->is_being_dropped = false;
}

enum status index_remove(struct prop_index *ix)
{
	struct graph *g = ix->graph;
	struct index_list *old = list_of(g), *l = list_new(old->n - 1);
	uint32_t at = 0;

	if (l == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < old->n; i++)
		if (old->v[i] != ix)
			l->v[at++] = old->v[i];
	set_list(g, l);
	epoch_retire(&g->store->epochs, &ix->retired, index_free_retired);
	return ST_OK;
}
