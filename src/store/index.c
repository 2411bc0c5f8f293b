/* Property indexes: label + key -> ids, a superset of what any view sees. Writers add a pair before
 * anybody can see the value, and remove it only when neither the value in place nor an older
 * version has its key. Reading: index_read.c. */
#include "store/index_int.h"

static enum status index_insert(struct prop_index *ix, struct value v, elem_id id)
{
	uint8_t buf[INDEX_KEY_MAX];

	return tree_insert(&ix->tree, (struct tree_key){buf, index_key(v, buf), (uint32_t)id});
}

static void index_remove(struct prop_index *ix, struct value v, elem_id id)
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
		if (v.kind != V_NULL && index_insert(l->v[i], v, c->base + slot) != ST_OK)
			*ret_failed = true;
	}
}

/* ---- making and dropping
 * ------------------------------------------------------------------------- */

static void index_free(struct prop_index *ix)
{
	tree_release(&ix->tree);
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

	if (v.kind != V_NULL && index_insert(ix, v, c->base + slot) != ST_OK)
		*ret_failed = true;
	for (struct undo *u = chunk_chain(c, slot); u != NULL;
	     u = atomic_load_explicit(&u->next, memory_order_relaxed))
		if (u->kind == UNDO_PROP && u->key == ix->key && u->old.kind != V_NULL &&
		    index_insert(ix, u->old, c->base + slot) != ST_OK)
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
	struct prop_index *ix = MEM_NEW(MEM_INDEX, struct prop_index);
	struct index_list *l = list_new(n + 1);
	char *text = mem_alloc(MEM_INDEX, name.len);
	if (ix == NULL || l == NULL || text == NULL ||
	    tree_init(&ix->tree, &g->store->epochs) != ST_OK) {
		mem_free(MEM_INDEX, ix, sizeof *ix);
		mem_free(MEM_INDEX, l, sizeof *l + (n + 1) * sizeof l->v[0]);
		mem_free(MEM_INDEX, text, name.len);
		return ST_NOMEM;
	}
	memcpy(text, name.p, name.len);
	ix->graph = g;
	ix->name = (struct str){text, name.len};
	ix->label = label;
	ix->key = key;
	ix->unique = unique;
	atomic_init(&ix->ready_lsn, UINT64_MAX);
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
