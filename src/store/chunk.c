/* Chunks and their tables: slots, growth, the directory. */
#include "store/store_int.h"

#define OPEN_SLOTS_NONE UINT32_MAX

/* ---- arrays --------------------------------------------------------------------------------- */

void *array_new(size_t size)
{
	return mem_zalloc(MEM_GRAPH, size);
}

void array_free(void *data, size_t size)
{
	mem_free(MEM_GRAPH, data, size);
}

/* ---- tables ------------------------------------------------------------------------------------
 */

static size_t table_size(uint32_t n_cols)
{
	return sizeof(struct table) + n_cols * sizeof(struct pcol);
}

size_t pcol_width(uint8_t kind)
{
	static const uint8_t width[] = {
	    [PC_INT1] = 1, [PC_INT2] = 2, [PC_INT4] = 4, [PC_INT8] = 8, [PC_FLOAT] = 8,
	    [PC_BOOL] = 1, [PC_CODE] = 4, [PC_TEXT] = 8, [PC_BOX] = 8,
	};
	return width[kind];
}

static size_t bit_bytes(uint32_t cap)
{
	return (cap + 63) / 64 * 8;
}

static void col_free(const struct table *t, uint32_t i)
{
	array_free(t->cols[i].data, t->cap * pcol_width(t->cols[i].kind));
}

static void arrays_free(struct table *t)
{
	array_free(t->exists, bit_bytes(t->cap));
	array_free(t->adj, t->cap * sizeof t->adj[0]);
	array_free(t->ends, t->cap * 2 * sizeof t->ends[0]);
	array_free(t->sets, t->cap * sizeof t->sets[0]);
	array_free((void *)t->overflow, t->cap * sizeof t->overflow[0]);
	for (uint32_t i = 0; i < t->n_cols; i++) {
		col_free(t, i);
		array_free(t->cols[i].present, bit_bytes(t->cap));
	}
}

void table_free(struct retired *r)
{
	struct table *t = container_of(r, struct table, retired);

	if (t->gone == TABLE_ALL)
		arrays_free(t);
	else if (t->gone != TABLE_NONE)
		col_free(t, t->gone);
	mem_free(MEM_GRAPH, t, table_size(t->n_cols));
}

struct table *table_clone(const struct table *old, uint32_t n_cols)
{
	struct table *t = mem_zalloc(MEM_GRAPH, table_size(n_cols));

	if (t == NULL)
		return NULL;
	memcpy(t, old, table_size(MIN_OF(old->n_cols, n_cols)));
	t->n_cols = n_cols;
	return t;
}

void chunk_set_table(struct chunk *c, struct table *t, uint32_t gone)
{
	struct table *old = atomic_load_explicit(&c->table, memory_order_relaxed);

	atomic_store_explicit(&c->table, t, memory_order_release);
	old->gone = gone; /* no reader looks at it */
	epoch_retire(&c->graph->store->epochs, &old->retired, table_free);
}

/* *array becomes a larger copy of itself, or NULL without memory. One that is not there stays so.
 */
static bool grow_one(void *array, size_t old_size, size_t size)
{
	void *old, *p;

	memcpy(&old, array, sizeof old);
	if (old == NULL)
		return true;
	p = array_new(size);
	if (p != NULL)
		memcpy(p, old, old_size);
	memcpy(array, &p, sizeof p);
	return p != NULL;
}

/* t: a clone of a table of n slots, with more. Every array of it is new afterwards, or NULL where
 * memory was short. */
static bool grow_arrays(struct table *t, size_t n)
{
	size_t more = t->cap;
	bool ok = grow_one(&t->exists, bit_bytes((uint32_t)n), bit_bytes(t->cap));

	ok = grow_one(&t->adj, n * sizeof t->adj[0], more * sizeof t->adj[0]) && ok;
	ok = grow_one(&t->ends, n * 2 * sizeof t->ends[0], more * 2 * sizeof t->ends[0]) && ok;
	ok = grow_one(&t->sets, n * sizeof t->sets[0], more * sizeof t->sets[0]) && ok;
	ok = grow_one(&t->overflow, n * sizeof t->overflow[0], more * sizeof t->overflow[0]) && ok;
	for (uint32_t i = 0; i < t->n_cols; i++) {
		size_t width = pcol_width(t->cols[i].kind);
		ok = grow_one(&t->cols[i].data, n * width, more * width) && ok;
		ok = grow_one(&t->cols[i].present, bit_bytes((uint32_t)n), bit_bytes(t->cap)) && ok;
	}
	return ok;
}

enum status chunk_grow(struct chunk *c, uint32_t slot)
{
	struct table *old = atomic_load_explicit(&c->table, memory_order_relaxed);
	uint32_t cap = old->cap;

	if (slot < cap)
		return ST_OK;
	while (cap <= slot)
		cap *= 2;
	struct table *t = table_clone(old, old->n_cols);
	if (t == NULL)
		return ST_NOMEM;
	t->cap = cap;
	if (!grow_arrays(t, old->cap)) {
		arrays_free(t);
		table_free(&t->retired);
		return ST_NOMEM;
	}
	chunk_set_table(c, t, TABLE_ALL);
	return ST_OK;
}

uint32_t chunk_slot_set(const struct chunk *c, uint32_t slot)
{
	const struct table *t =
	    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_relaxed);

	return t->sets != NULL && slot < t->cap ? LOAD(&t->sets[slot]) : 0;
}

enum status chunk_sets_make(struct chunk *c)
{
	struct table *old = atomic_load_explicit(&c->table, memory_order_relaxed);

	if (old->sets != NULL)
		return ST_OK;
	struct table *t = table_clone(old, old->n_cols);
	if (t == NULL)
		return ST_NOMEM;
	t->sets = array_new(t->cap * sizeof t->sets[0]);
	if (t->sets == NULL) {
		table_free(&t->retired);
		return ST_NOMEM;
	}
	chunk_set_table(c, t, TABLE_NONE);
	return ST_OK;
}

enum status chunk_put_set(struct chunk *c, uint32_t slot, uint32_t set)
{
	TRY(chunk_sets_make(c));
	atomic_store_explicit(&c->has_exceptions, true, memory_order_release);
	STORE(&atomic_load_explicit(&c->table, memory_order_relaxed)->sets[slot], set);
	return ST_OK;
}

/* ---- chunks
 * ----------------------------------------------------------------------------------------- */

static struct chunk *chunk_new(struct graph *g, enum elem_kind kind, uint32_t i_chunk,
			       const struct label_set *set, name_id type)
{
	struct chunk *c = MEM_NEW(MEM_GRAPH, struct chunk);
	struct table *t = mem_zalloc(MEM_GRAPH, table_size(0));

	if (c == NULL || t == NULL)
		goto no_memory;
	t->cap = CHUNK_SLOTS_MIN;
	t->gone = TABLE_NONE;
	t->store = g->store;
	t->exists = array_new(bit_bytes(t->cap));
	if (kind == ELEM_NODE)
		t->adj = array_new(t->cap * sizeof t->adj[0]);
	else
		t->ends = array_new(t->cap * 2 * sizeof t->ends[0]);
	if (t->exists == NULL || (t->adj == NULL && t->ends == NULL)) {
		arrays_free(t);
		goto no_memory;
	}
	c->graph = g;
	c->kind = (uint8_t)kind;
	c->base = (uint64_t)i_chunk << CHUNK_SHIFT;
	c->set = set;
	c->type = type;
	c->is_open = true;
	atomic_init(&c->table, t);
	return c;
no_memory:
	mem_free(MEM_GRAPH, t, table_size(0));
	mem_free(MEM_GRAPH, c, sizeof *c);
	return NULL;
}

static void chunk_free(struct chunk *c)
{
	struct table *t = atomic_load(&c->table);
	struct undo_side *u = atomic_load(&c->undo);

	for (uint32_t slot = 0; slot < c->n_used; slot++)
		chunk_reset_slot(c, slot);
	arrays_free(t);
	table_free(&t->retired);
	if (u != NULL)
		undo_side_free(&u->retired);
	vec_release(MEM_GRAPH, &c->free_slots);
	MEM_FREE(MEM_GRAPH, c);
}

struct chunk *space_chunk(struct space *s, uint32_t i)
{
	if (i >= DIR_PAGE * DIR_PAGES)
		return NULL;
	struct chunk *_Atomic *page =
	    atomic_load_explicit(&s->pages[i / DIR_PAGE], memory_order_acquire);
	return page != NULL ? atomic_load_explicit(&page[i % DIR_PAGE], memory_order_acquire)
			    : NULL;
}

enum status space_init(struct space *s)
{
	mutex_init(&s->lock, LOCK_RANK_CATALOG + 1);
	map_u64_init(&s->open, MEM_GRAPH);
	return ST_OK;
}

void space_release(struct graph *g, struct space *s)
{
	(void)g;
	for (uint32_t p = 0; p < DIR_PAGES && s->pages[p] != NULL; p++) {
		for (uint32_t i = 0; i < DIR_PAGE; i++)
			if (s->pages[p][i] != NULL)
				chunk_free(s->pages[p][i]);
		mem_free(MEM_GRAPH, (void *)s->pages[p], DIR_PAGE * sizeof(struct chunk *));
	}
	map_u64_release(&s->open);
	mutex_destroy(&s->lock);
}

/* Under the space's lock. */
static struct chunk *add_chunk(struct graph *g, enum elem_kind kind, uint32_t i,
			       const struct label_set *set, name_id type)
{
	struct space *s = &g->spaces[kind];

	for (uint32_t p = 0; p <= i / DIR_PAGE;
	     p++) { /* pages without a hole: release stops at one */
		if (s->pages[p] != NULL)
			continue;
		void *page = mem_zalloc(MEM_GRAPH, DIR_PAGE * sizeof(struct chunk *));
		if (page == NULL)
			return NULL;
		atomic_store_explicit(&s->pages[p], page, memory_order_release);
	}
	struct chunk *c = chunk_new(g, kind, i, set, type);
	if (c == NULL)
		return NULL;
	atomic_store_explicit(&s->pages[i / DIR_PAGE][i % DIR_PAGE], c, memory_order_release);
	if (i >= atomic_load_explicit(&s->n_chunks, memory_order_relaxed))
		atomic_store_explicit(&s->n_chunks, i + 1, memory_order_release);
	return c;
}

static uint64_t open_key(enum elem_kind kind, const struct label_set *set, name_id type)
{
	return kind == ELEM_NODE ? set->id : type;
}

/* Under the latch: a slot that nobody holds, room made for it. */
static enum status take_slot(struct chunk *c, uint32_t *ret)
{
	if (c->free_slots.n > 0) {
		*ret = c->free_slots.v[--c->free_slots.n];
		return ST_OK;
	}
	if (c->n_used >= CHUNK_SLOTS || c->base + c->n_used >= GRAPH_ELEMENTS_MAX)
		return ST_END;
	TRY(chunk_grow(c, c->n_used));
	*ret = c->n_used++;
	return ST_OK;
}

/* A chunk without room leaves the open ones; the slot that is given back brings it in again. */
static enum status try_chunk(struct chunk *c, uint32_t *ret_slot)
{
	latch_lock(&c->latch);
	enum status st = take_slot(c, ret_slot);
	if (st == ST_END)
		c->is_open = false;
	latch_unlock(&c->latch);
	return st;
}

/* Under the space's lock. */
static void add_open(uint64_t *list, struct chunk *c)
{
	c->next_open = (struct chunk *)(uintptr_t)*list;
	*list = (uintptr_t)c;
}

/* Chunks that have got a hole go to the list of their kind. Under the space's lock. */
static void sort_reopened(struct space *s)
{
	struct chunk *c = atomic_exchange_explicit(&s->reopened, NULL, memory_order_acquire);

	while (c != NULL) {
		struct chunk *next = c->next_open;
		uint64_t *list =
		    map_u64_get(&s->open, open_key((enum elem_kind)c->kind, c->set, c->type));
		add_open(list, c); /* it was in it before: the list is there */
		c = next;
	}
}

enum status slot_take(struct graph *g, enum elem_kind kind, const struct label_set *set,
		      name_id type, struct chunk **ret_chunk, uint32_t *ret_slot)
{
	struct space *s = &g->spaces[kind];
	enum status st = ST_END;
	bool is_new;

	mutex_lock(&s->lock);
	sort_reopened(s);
	uint64_t *open = map_u64_slot(&s->open, open_key(kind, set, type), &is_new);
	if (open == NULL)
		st = ST_NOMEM;
	while (st == ST_END && *open != 0) {
		struct chunk *c = (struct chunk *)(uintptr_t)*open;
		struct chunk *next = c->next_open; /* once it is closed others may link it */
		st = try_chunk(c, ret_slot);
		*ret_chunk = c;
		if (st == ST_END)
			*open = (uintptr_t)next;
	}
	if (st == ST_END) {
		uint32_t i = atomic_load_explicit(&s->n_chunks, memory_order_relaxed);
		st = ST_LIMIT;
		if ((uint64_t)i << CHUNK_SHIFT < GRAPH_ELEMENTS_MAX) {
			*ret_chunk = add_chunk(g, kind, i, set, type);
			if (*ret_chunk != NULL)
				add_open(open, *ret_chunk);
			st = *ret_chunk != NULL ? try_chunk(*ret_chunk, ret_slot) : ST_NOMEM;
		}
	}
	mutex_unlock(&s->lock);
	return st;
}

enum status slot_take_at(struct graph *g, enum elem_kind kind, elem_id id,
			 const struct label_set *set, name_id type, struct chunk **ret)
{
	struct space *s = &g->spaces[kind];
	uint32_t i = (uint32_t)(id >> CHUNK_SHIFT), slot = slot_of(id);
	bool is_new;

	if (id >= GRAPH_ELEMENTS_MAX)
		return ST_CORRUPT;
	struct chunk *c = space_chunk(s, i);
	if (c == NULL) {
		mutex_lock(&s->lock);
		uint64_t *open = map_u64_slot(&s->open, open_key(kind, set, type), &is_new);
		c = open != NULL ? add_chunk(g, kind, i, set, type) : NULL;
		if (c != NULL)
			add_open(open, c);
		mutex_unlock(&s->lock);
		if (c == NULL)
			return ST_NOMEM;
	}
	TRY(chunk_grow(c, slot));
	for (uint32_t j = c->n_used; j < slot; j++) /* holes are free */
		if (!vec_push(MEM_GRAPH, &c->free_slots, (uint16_t)j))
			return ST_NOMEM;
	for (uint32_t j = 0; j < c->free_slots.n && slot < c->n_used; j++) {
		if (c->free_slots.v[j] != slot)
			continue;
		c->free_slots.v[j] = c->free_slots.v[--c->free_slots.n];
		break;
	}
	c->n_used = MAX_OF(c->n_used, slot + 1);
	*ret = c;
	return ST_OK;
}

void slot_give_back(struct chunk *c, uint32_t slot)
{
	struct space *s = &c->graph->spaces[c->kind];

	/* Without memory the slot stays unused: nothing is lost but its room. */
	if (!vec_push(MEM_GRAPH, &c->free_slots, (uint16_t)slot) || c->is_open)
		return;
	c->is_open = true;
	c->next_open = atomic_load_explicit(&s->reopened, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&s->reopened, &c->next_open, c,
						      memory_order_release, memory_order_relaxed))
		;
}
