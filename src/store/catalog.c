/* The graphs of a store: made, found, stamped, dropped. Readers look without a latch; changes are
 * under the catalog lock of the caller, stamps under the commit lock. */
#include "store/store_int.h"
#include "store/write.h"

void graph_free(struct graph *g)
{
	graph_indexes_release(g);
	space_release(g, &g->spaces[ELEM_NODE]);
	space_release(g, &g->spaces[ELEM_EDGE]);
	map_u64_release(&g->label_counts);
	map_u64_release(&g->type_counts);
	map_u64_release(&g->end_counts);
	mutex_destroy(&g->count_lock);
	mem_free(MEM_GRAPH, (void *)(uintptr_t)g->name.p, g->name.len);
	MEM_FREE(MEM_GRAPH, g);
}

static void free_retired(struct retired *r)
{
	graph_free(container_of(r, struct graph, retired));
}

/* ---- making ---------------------------------------------------------------------------------- */

static struct graph *graph_new(struct store *s, struct str name, uint32_t id, uint64_t born)
{
	struct graph *g = MEM_NEW(MEM_GRAPH, struct graph);
	char *text = mem_alloc(MEM_GRAPH, name.len);

	if (g == NULL || text == NULL) {
		mem_free(MEM_GRAPH, text, name.len);
		mem_free(MEM_GRAPH, g, sizeof *g);
		return NULL;
	}
	memcpy(text, name.p, name.len);
	g->name = (struct str){text, name.len};
	g->store = s;
	g->id = id;
	atomic_init(&g->born_lsn, born);
	atomic_init(&g->dropped_lsn, LSN_NEVER);
	mutex_init(&g->count_lock, LOCK_RANK_LEAF);
	map_u64_init(&g->label_counts, MEM_GRAPH);
	map_u64_init(&g->type_counts, MEM_GRAPH);
	map_u64_init(&g->end_counts, MEM_GRAPH);
	(void)!space_init(&g->spaces[ELEM_NODE]);
	(void)!space_init(&g->spaces[ELEM_EDGE]);
	return g;
}

static uint32_t free_place(struct store *s)
{
	uint32_t i = 0;

	while (i < GRAPHS_MAX && atomic_load_explicit(&s->graphs[i], memory_order_relaxed) != NULL)
		i++;
	return i;
}

enum status store_graph_create(struct store *s, struct str name, uint32_t id, uint64_t born,
			       struct graph **ret)
{
	uint32_t place = free_place(s);
	uint32_t next = atomic_load_explicit(&s->next_graph_id, memory_order_relaxed);

	if (id == GRAPH_ID_NEW)
		id = next;
	if (place == GRAPHS_MAX || id >= GRAPH_ID_NEW)
		return ST_LIMIT;
	struct graph *g = graph_new(s, name, id, born);
	if (g == NULL)
		return ST_NOMEM;
	g->place = place;
	atomic_store_explicit(&s->next_graph_id, MAX_OF(next, id + 1), memory_order_relaxed);
	/* Release: who finds the pointer finds the graph whole. */
	atomic_store_explicit(&s->graphs[place], g, memory_order_release);
	if (place >= atomic_load_explicit(&s->n_places, memory_order_relaxed))
		atomic_store_explicit(&s->n_places, place + 1, memory_order_release);
	*ret = g;
	return ST_OK;
}

/* ---- finding --------------------------------------------------------------------------------- */

uint32_t store_graph_places(struct store *s)
{
	return atomic_load_explicit(&s->n_places, memory_order_acquire);
}

struct graph *store_graph_at(struct store *s, uint32_t place)
{
	return atomic_load_explicit(&s->graphs[place], memory_order_acquire);
}

struct graph *store_graph_by_id(struct store *s, uint32_t id)
{
	uint32_t n = store_graph_places(s);

	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s, i);
		if (g != NULL && g->id == id)
			return g;
	}
	return NULL;
}

struct graph *store_graph_find(struct store *s, struct str name, uint64_t lsn)
{
	uint32_t n = store_graph_places(s);

	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s, i);
		if (g != NULL && str_eq(g->name, name) && graph_is_seen(g, lsn))
			return g;
	}
	return NULL;
}

struct graph *store_graph_claimed(struct store *s, struct str name)
{
	uint32_t n = store_graph_places(s);

	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s, i);
		if (g != NULL && str_eq(g->name, name) && !graph_is_dropped(g))
			return g;
	}
	return NULL;
}

struct graph *store_graph_default(struct store *s)
{
	return store_graph_at(s, 0); /* it was made first and is never dropped */
}

/* ---- what a graph says of itself ------------------------------------------------------------- */

uint32_t graph_id(const struct graph *g)
{
	return g->id;
}

struct str graph_name(const struct graph *g)
{
	return g->name;
}

struct store *graph_store(const struct graph *g)
{
	return g->store;
}

uint64_t graph_born_lsn(const struct graph *g)
{
	return atomic_load_explicit(&((struct graph *)g)->born_lsn, memory_order_acquire);
}

uint64_t graph_dropped_lsn(const struct graph *g)
{
	return atomic_load_explicit(&((struct graph *)g)->dropped_lsn, memory_order_acquire);
}

bool graph_is_seen(const struct graph *g, uint64_t lsn)
{
	return graph_born_lsn(g) <= lsn && lsn < graph_dropped_lsn(g);
}

bool graph_is_dropped(const struct graph *g)
{
	return graph_dropped_lsn(g) != LSN_NEVER;
}

uint64_t store_catalog_version(struct store *s)
{
	return atomic_load_explicit(&s->catalog_version, memory_order_acquire);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* The stamp before the version: a plan made with the new version knows the stamp. */
void graph_stamp_born(struct graph *g, uint64_t lsn)
{
	atomic_store_explicit(&g->born_lsn, lsn, memory_order_release);
	atomic_fetch_add_explicit(&g->store->catalog_version, 1, memory_order_release);
}

void graph_stamp_dropped(struct graph *g, uint64_t lsn)
{
	atomic_store_explicit(&g->dropped_lsn, lsn, memory_order_release);
	atomic_fetch_add_explicit(&g->store->catalog_version, 1, memory_order_release);
}

void store_graph_remove(struct graph *g)
{
	struct store *s = g->store;

	atomic_store_explicit(&s->graphs[g->place], NULL, memory_order_release);
	atomic_fetch_add_explicit(&s->catalog_version, 1, memory_order_release);
	epoch_retire(&s->epochs, &g->retired, free_retired);
}

void graph_use(struct graph *g)
{
	atomic_fetch_add_explicit(&g->n_users, 1, memory_order_relaxed);
}

/* Release pairs with the acquire of graph_is_used: what the user left is unlinked. */
void graph_let_go(struct graph *g)
{
	atomic_fetch_sub_explicit(&g->n_users, 1, memory_order_release);
}

bool graph_is_used(const struct graph *g)
{
	return atomic_load_explicit(&((struct graph *)g)->n_users, memory_order_acquire) != 0;
}
