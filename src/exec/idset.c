/* exec/idset.c - bitmap pages and the hash table beside them. */
#include "exec/idset.h"

#include "base/hash.h"

#define FREE_SLOT INT64_MIN
#define PAGES_FREELY 64u /* pages that are made without looking at how full they are */

void idset_init(struct idset *s, struct arena *a)
{
	*s = (struct idset){.arena = a};
}

static uint64_t *hash_place(int64_t *slots, uint64_t mask, int64_t key)
{
	uint64_t i = hash_u64((uint64_t)key) & mask;

	while (slots[i] != FREE_SLOT && slots[i] != key)
		i = (i + 1) & mask;
	return (uint64_t *)&slots[i];
}

static enum status hash_grow(struct idset *s)
{
	uint64_t cap = s->slots != NULL ? (s->mask + 1) * 2 : 64;
	int64_t *slots = arena_alloc(s->arena, cap * sizeof(*slots));

	if (slots == NULL)
		return ST_NOMEM;
	for (uint64_t i = 0; i < cap; i++)
		slots[i] = FREE_SLOT;
	for (uint64_t i = 0; s->slots != NULL && i <= s->mask; i++)
		if (s->slots[i] != FREE_SLOT)
			*hash_place(slots, cap - 1, s->slots[i]) = (uint64_t)s->slots[i];
	s->slots = slots;
	s->mask = cap - 1;
	return ST_OK;
}

static enum status hash_add(struct idset *s, int64_t key, bool *ret_new)
{
	if (key == FREE_SLOT) {
		*ret_new = !s->has_free_mark;
		s->has_free_mark = true;
		return ST_OK;
	}
	if (s->slots == NULL || s->n_hashed * 2 > s->mask)
		TRY(hash_grow(s));
	uint64_t *place = hash_place(s->slots, s->mask, key);
	*ret_new = *place != (uint64_t)key;
	*place = (uint64_t)key;
	s->n_hashed += *ret_new;
	return ST_OK;
}

static enum status page_new(struct idset *s, uint64_t page)
{
	if (page >= s->n_dir) {
		uint32_t n = MAX_OF(s->n_dir * 2, 64u);
		while (n <= page)
			n *= 2;
		uint64_t **pages = arena_zalloc(s->arena, n * sizeof(*pages));
		if (pages == NULL)
			return ST_NOMEM;
		if (s->n_dir != 0)
			memcpy(pages, s->pages, s->n_dir * sizeof(*pages));
		s->pages = pages;
		s->n_dir = n;
	}
	s->pages[page] = arena_zalloc(s->arena, IDSET_PAGE_BITS / 8);
	s->n_pages++;
	return s->pages[page] != NULL ? ST_OK : ST_NOMEM;
}

enum status idset_add_slow(struct idset *s, int64_t key, bool *ret_new)
{
	/* Sealed once and for all: a number without a page is then always in the hash table. */
	s->sealed = s->sealed || s->n_pages > PAGES_FREELY + s->n / 16;
	if (key < 0 || key >= IDSET_DENSE || s->sealed) {
		TRY(hash_add(s, key, ret_new));
		s->n += *ret_new;
		return ST_OK;
	}
	TRY(page_new(s, (uint64_t)key / IDSET_PAGE_BITS));
	return idset_add(s, key, ret_new);
}

bool idset_has(const struct idset *s, int64_t key)
{
	uint64_t page = (uint64_t)key / IDSET_PAGE_BITS;

	if (page < s->n_dir && s->pages[page] != NULL)
		return (s->pages[page][(uint64_t)key % IDSET_PAGE_BITS / 64] >> (key & 63) & 1) !=
		       0;
	if (key == FREE_SLOT)
		return s->has_free_mark;
	return s->slots != NULL && *hash_place(s->slots, s->mask, key) == (uint64_t)key;
}
