/* exec/tuples.c - a hash table of tuples, kept in the order they came. */
#include "exec/tuples.h"

#include "value/order.h"

#define TUPLES_MAX (UINT32_MAX / 2)

void tuples_init(struct tuples *t, struct arena *a, uint32_t width)
{
	*t = (struct tuples){.arena = a, .width = width};
}

static uint64_t hash_tuple(const struct tuples *t, const struct value *v)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < t->width; i++)
		h = value_hash(v[i], h);
	return h;
}

static bool same_tuple(const struct tuples *t, uint32_t i, const struct value *v)
{
	const struct value *at = tuples_at(t, i);

	for (uint32_t k = 0; k < t->width; k++)
		if (!value_same(at[k], v[k]))
			return false;
	return true;
}

/* The slot of the tuple, or the free one where it belongs. */
static uint64_t place_of(const struct tuples *t, const struct value *v, uint64_t hash)
{
	uint64_t i = hash & t->mask;

	while (t->slots[i] != 0) {
		uint32_t at = t->slots[i] - 1;
		if (t->hashes[at] == hash && same_tuple(t, at, v))
			break;
		i = (i + 1) & t->mask;
	}
	return i;
}

static enum status grow_slots(struct tuples *t)
{
	uint64_t cap = t->slots != NULL ? (t->mask + 1) * 2 : 64;
	uint32_t *slots = arena_zalloc(t->arena, cap * sizeof(*slots));

	if (slots == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t at = t->hashes[i] & (cap - 1);
		while (slots[at] != 0)
			at = (at + 1) & (cap - 1);
		slots[at] = i + 1;
	}
	t->slots = slots;
	t->mask = cap - 1;
	return ST_OK;
}

static enum status grow_tuples(struct tuples *t)
{
	uint32_t cap = MAX_OF(t->cap * 2, 32u);
	struct value *values = arena_alloc(t->arena, (size_t)cap * t->width * sizeof(*values));
	uint64_t *hashes = arena_alloc(t->arena, cap * sizeof(*hashes));

	if (values == NULL || hashes == NULL || cap > TUPLES_MAX)
		return ST_NOMEM;
	if (t->n != 0) {
		memcpy(values, t->values, (size_t)t->n * t->width * sizeof(*values));
		memcpy(hashes, t->hashes, t->n * sizeof(*hashes));
	}
	t->values = values;
	t->hashes = hashes;
	t->cap = cap;
	return ST_OK;
}

enum status tuples_add(struct tuples *t, const struct value *v, uint32_t *ret, bool *ret_new)
{
	uint64_t hash = hash_tuple(t, v);

	if (t->slots == NULL || (uint64_t)t->n * 2 > t->mask)
		TRY(grow_slots(t));
	uint64_t place = place_of(t, v, hash);
	*ret_new = t->slots[place] == 0;
	if (*ret_new) {
		if (t->n == t->cap)
			TRY(grow_tuples(t));
		for (uint32_t i = 0; i < t->width; i++)
			TRY(value_copy(t->arena, v[i], &t->values[(size_t)t->n * t->width + i]));
		t->hashes[t->n] = hash;
		t->slots[place] = ++t->n;
	}
	*ret = t->slots[place] - 1;
	return ST_OK;
}

uint32_t tuples_find(const struct tuples *t, const struct value *v)
{
	if (t->slots == NULL)
		return TUPLE_NONE;
	uint64_t place = place_of(t, v, hash_tuple(t, v));
	return t->slots[place] != 0 ? t->slots[place] - 1 : TUPLE_NONE;
}
