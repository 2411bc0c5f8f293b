/* base/map.h - open-addressing hash maps: 64-bit key to 64-bit value, and text to 64-bit value.
 *
 * Room:    base.
 * Threads: one writer; no concurrent readers.
 * Errors:  false from a put means no memory, and nothing changed. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/mem.h"
#include "base/str.h"

struct map_u64_slot {
	uint64_t key, value;
};

struct map_u64 { /* zero but for tag is empty; key UINT64_MAX is not allowed */
	struct map_u64_slot *slots;
	uint64_t mask; /* capacity - 1, valid when slots != NULL */
	uint64_t n;
	enum mem_tag tag;
};

void map_u64_init(struct map_u64 *m, enum mem_tag tag);
void map_u64_release(struct map_u64 *m);
bool map_u64_reserve(struct map_u64 *m, uint64_t n) MUST_CHECK;
/* Adds or replaces. */
bool map_u64_put(struct map_u64 *m, uint64_t key, uint64_t value) MUST_CHECK;
/* NULL when absent; the pointer holds until the next put or delete. */
uint64_t *map_u64_get(const struct map_u64 *m, uint64_t key);
/* The value's place, made with value 0 when absent (*ret_new says so). NULL: no memory. */
uint64_t *map_u64_slot(struct map_u64 *m, uint64_t key, bool *ret_new) MUST_CHECK;
bool map_u64_del(struct map_u64 *m, uint64_t key);

struct map_str_slot {
	struct str key; /* p NULL: free */
	uint64_t hash, value;
};

struct map_str { /* the keys' bytes are borrowed: their owner outlives the map */
	struct map_str_slot *slots;
	uint64_t mask, n;
	enum mem_tag tag;
};

void map_str_init(struct map_str *m, enum mem_tag tag);
void map_str_release(struct map_str *m);
bool map_str_put(struct map_str *m, struct str key, uint64_t value) MUST_CHECK;
uint64_t *map_str_get(const struct map_str *m, struct str key);

#endif
