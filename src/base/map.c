/* base/map.c - linear probing; at most three quarters full; deletes shift back, so that there are
 * no tombstones. */
#include "base/map.h"

#include "base/hash.h"

#define MAP_FIRST 16u
#define KEY_FREE UINT64_MAX

static bool is_full(uint64_t n, uint64_t mask)
{
	return n >= (mask + 1) / 4 * 3;
}

void map_u64_init(struct map_u64 *m, enum mem_tag tag)
{
	*m = (struct map_u64){.tag = tag};
}

void map_u64_release(struct map_u64 *m)
{
	if (m->slots != NULL)
		mem_free(m->tag, m->slots, (m->mask + 1) * sizeof m->slots[0]);
	map_u64_init(m, m->tag);
}

/* The key's slot, or the free one where it would go. */
static struct map_u64_slot *find_u64(struct map_u64_slot *slots, uint64_t mask, uint64_t key)
{
	uint64_t i = hash_u64(key) & mask;

	while (slots[i].key != key && slots[i].key != KEY_FREE)
		i = (i + 1) & mask;
	return &slots[i];
}

static bool rehash_u64(struct map_u64 *m, uint64_t cap)
{
	if (cap > SIZE_MAX / 2 / sizeof m->slots[0])
		return false;
	struct map_u64_slot *slots = mem_alloc(m->tag, cap * sizeof slots[0]);
	if (slots == NULL)
		return false;
	for (uint64_t i = 0; i < cap; i++)
		slots[i] = (struct map_u64_slot){.key = KEY_FREE};
	if (m->slots != NULL) {
		for (uint64_t i = 0; i <= m->mask; i++) {
			if (m->slots[i].key != KEY_FREE)
				*find_u64(slots, cap - 1, m->slots[i].key) = m->slots[i];
		}
		mem_free(m->tag, m->slots, (m->mask + 1) * sizeof m->slots[0]);
	}
	m->slots = slots;
	m->mask = cap - 1;
	return true;
}

bool map_u64_reserve(struct map_u64 *m, uint64_t n)
{
	uint64_t cap = m->slots != NULL ? m->mask + 1 : MAP_FIRST;

	while (cap / 4 * 3 < n && cap < UINT64_MAX / 2)
		cap *= 2;
	if (m->slots != NULL && cap == m->mask + 1)
		return true;
	return rehash_u64(m, cap);
}

uint64_t *map_u64_get(const struct map_u64 *m, uint64_t key)
{
	assert(key != KEY_FREE);
	if (m->slots == NULL)
		return NULL;
	struct map_u64_slot *s = find_u64(m->slots, m->mask, key);
	return s->key == key ? &s->value : NULL;
}

uint64_t *map_u64_slot(struct map_u64 *m, uint64_t key, bool *ret_new)
{
	uint64_t *found = map_u64_get(m, key);

	if (found != NULL) {
		*ret_new = false;
		return found;
	}
	if (!map_u64_reserve(m, m->n + 1))
		return NULL;
	struct map_u64_slot *s = find_u64(m->slots, m->mask, key);
	*s = (struct map_u64_slot){key, 0};
	m->n++;
	*ret_new = true;
	return &s->value;
}

bool map_u64_put(struct map_u64 *m, uint64_t key, uint64_t value)
{
	bool is_new;
	uint64_t *place = map_u64_slot(m, key, &is_new);

	if (place == NULL)
		return false;
	*place = value;
	return true;
}

bool map_u64_del(struct map_u64 *m, uint64_t key)
{
	if (m->slots == NULL)
		return false;
	struct map_u64_slot *s = find_u64(m->slots, m->mask, key);
	if (s->key != key)
		return false;

	/* Each following entry of the run moves into the hole unless its home lies behind it. */
	uint64_t hole = (uint64_t)(s - m->slots);
	for (uint64_t i = (hole + 1) & m->mask; m->slots[i].key != KEY_FREE;
	     i = (i + 1) & m->mask) {
		uint64_t home = hash_u64(m->slots[i].key) & m->mask;
		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].key = KEY_FREE;
	m->n--;
	return true;
}

void map_str_init(struct map_str *m, enum mem_tag tag)
{
	*m = (struct map_str){.tag = tag};
}

void map_str_release(struct map_str *m)
{
	if (m->slots != NULL)
		mem_free(m->tag, m->slots, (m->mask + 1) * sizeof m->slots[0]);
	map_str_init(m, m->tag);
}

static struct map_str_slot *find_str(struct map_str_slot *slots, uint64_t mask, struct str key,
				     uint64_t hash)
{
	uint64_t i = hash & mask;

	while (slots[i].key.p != NULL && !(slots[i].hash == hash && str_eq(slots[i].key, key)))
		i = (i + 1) & mask;
	return &slots[i];
}

static bool rehash_str(struct map_str *m, uint64_t cap)
{
	if (cap > SIZE_MAX / 2 / sizeof m->slots[0])
		return false;
	struct map_str_slot *slots = mem_zalloc(m->tag, cap * sizeof slots[0]);
	if (slots == NULL)
		return false;
	if (m->slots != NULL) {
		for (uint64_t i = 0; i <= m->mask; i++) {
			const struct map_str_slot *s = &m->slots[i];
			if (s->key.p != NULL)
				*find_str(slots, cap - 1, s->key, s->hash) = *s;
		}
		mem_free(m->tag, m->slots, (m->mask + 1) * sizeof m->slots[0]);
	}
	m->slots = slots;
	m->mask = cap - 1;
	return true;
}

bool map_str_put(struct map_str *m, struct str key, uint64_t value)
{
	uint64_t *place = map_str_get(m, key);

	if (place != NULL) {
		*place = value;
		return true;
	}
	if (m->slots == NULL && !rehash_str(m, MAP_FIRST))
		return false;
	if (is_full(m->n + 1, m->mask) && !rehash_str(m, (m->mask + 1) * 2))
		return false;
	if (key.p == NULL)
		key.p = ""; /* NULL marks a free slot */
	uint64_t hash = hash_bytes(key.p, key.len, 0);
	*find_str(m->slots, m->mask, key, hash) = (struct map_str_slot){key, hash, value};
	m->n++;
	return true;
}

uint64_t *map_str_get(const struct map_str *m, struct str key)
{
	if (m->slots == NULL)
		return NULL;
	struct map_str_slot *s = find_str(m->slots, m->mask, key, hash_bytes(key.p, key.len, 0));
	return s->key.p != NULL ? &s->value : NULL;
}
