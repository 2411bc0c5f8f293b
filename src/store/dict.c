/* Names and ids of one kind. Readers look without a latch: entries are never removed, a table is
 * replaced by a larger one under an epoch. */
#include "base/hash.h"
#include "store/store_int.h"

#define DICT_FIRST 64

static struct dict_table *table_new(uint32_t size)
{
	size_t bytes = sizeof(struct dict_table) + size * sizeof(struct dict_entry *);
	struct dict_table *t = mem_zalloc(MEM_GRAPH, bytes);

	if (t != NULL)
		t->mask = size - 1;
	return t;
}

static void dict_table_free(struct retired *r)
{
	struct dict_table *t = container_of(r, struct dict_table, retired);

	mem_free(MEM_GRAPH, t, sizeof *t + (t->mask + 1) * sizeof(struct dict_entry *));
}

enum status dict_init(struct dict *d)
{
	struct dict_table *t = table_new(DICT_FIRST);

	mutex_init(&d->lock, LOCK_RANK_DICT);
	if (t == NULL)
		return ST_NOMEM;
	atomic_init(&d->table, t);
	return ST_OK;
}

void dict_release(struct dict *d)
{
	uint32_t n = atomic_load(&d->n);

	for (uint32_t i = 0; i < n; i++) {
		struct dict_entry *e = d->pages[i / DICT_PAGE][i % DICT_PAGE];
		mem_free(MEM_GRAPH, e, sizeof *e + e->text.len);
	}
	for (uint32_t i = 0; i < DICT_PAGES && d->pages[i] != NULL; i++)
		mem_free(MEM_GRAPH, d->pages[i], DICT_PAGE * sizeof(struct dict_entry *));
	struct dict_table *t = atomic_load(&d->table);
	if (t != NULL)
		dict_table_free(&t->retired);
	mutex_destroy(&d->lock);
}

static name_id find_in(const struct dict_table *t, struct str name, uint64_t hash)
{
	for (uint32_t i = (uint32_t)hash & t->mask;; i = (i + 1) & t->mask) {
		const struct dict_entry *e =
		    atomic_load_explicit(&t->slots[i], memory_order_acquire);
		if (e == NULL)
			return NAME_NONE;
		if (e->hash == hash && str_eq(e->text, name))
			return e->id;
	}
}

name_id dict_find(struct dict *d, struct str name)
{
	return find_in(atomic_load_explicit(&d->table, memory_order_acquire), name,
		       hash_bytes(name.p, name.len, 0));
}

static void insert(struct dict_table *t, struct dict_entry *e)
{
	uint32_t i = (uint32_t)e->hash & t->mask;

	while (atomic_load_explicit(&t->slots[i], memory_order_relaxed) != NULL)
		i = (i + 1) & t->mask;
	atomic_store_explicit(&t->slots[i], e, memory_order_release);
}

static enum status grow(struct dict *d, struct epoch_table *epochs)
{
	struct dict_table *old = atomic_load_explicit(&d->table, memory_order_relaxed);
	struct dict_table *t = table_new((old->mask + 1) * 2);

	if (t == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i <= old->mask; i++) {
		struct dict_entry *e = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
		if (e != NULL)
			insert(t, e);
	}
	atomic_store_explicit(&d->table, t, memory_order_release);
	epoch_retire(epochs, &old->retired, dict_table_free);
	return ST_OK;
}

static enum status add_locked(struct dict *d, struct epoch_table *epochs, struct str name,
			      uint64_t hash, name_id *ret)
{
	struct dict_table *t = atomic_load_explicit(&d->table, memory_order_relaxed);
	uint32_t n = atomic_load_explicit(&d->n, memory_order_relaxed);

	*ret = find_in(t, name, hash);
	if (*ret != NAME_NONE)
		return ST_OK;
	if (n >= DICT_PAGE * DICT_PAGES)
		return ST_LIMIT;
	if (n >= (t->mask + 1) / 2) {
		TRY(grow(d, epochs));
		t = atomic_load_explicit(&d->table, memory_order_relaxed);
	}
	if (d->pages[n / DICT_PAGE] == NULL) {
		struct dict_entry **page = mem_zalloc(MEM_GRAPH, DICT_PAGE * sizeof *page);
		if (page == NULL)
			return ST_NOMEM;
		atomic_store_explicit(&d->pages[n / DICT_PAGE], page, memory_order_release);
	}
	struct dict_entry *e = mem_alloc(MEM_GRAPH, sizeof *e + name.len);
	if (e == NULL)
		return ST_NOMEM;
	*e = (struct dict_entry){.text = {(char *)(e + 1), name.len}, .id = n, .hash = hash};
	memcpy(e + 1, name.p, name.len);
	d->pages[n / DICT_PAGE][n % DICT_PAGE] = e;
	atomic_store_explicit(&d->n, n + 1, memory_order_release);
	insert(t, e);
	*ret = n;
	return ST_OK;
}

enum status dict_add(struct dict *d, struct epoch_table *epochs, struct str name, name_id *ret)
{
	uint64_t hash = hash_bytes(name.p, name.len, 0);

	mutex_lock(&d->lock);
	enum status st = add_locked(d, epochs, name, hash, ret);
	mutex_unlock(&d->lock);
	return st;
}

struct str dict_text(struct dict *d, name_id id)
{
	if (id >= atomic_load_explicit(&d->n, memory_order_acquire))
		return STR_NULL;
	return atomic_load_explicit(&d->pages[id / DICT_PAGE], memory_order_acquire)[id % DICT_PAGE]
	    ->text;
}
