/* base/arena.h - region memory: many allocations, one free.
 *
 * Room:    base.
 * Threads: an arena belongs to one thread at a time.
 * Errors:  NULL when the allocator or the budget says no; arena_over_budget() tells which. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/mem.h"
#include "base/str.h"

struct arena_block;

/* A number of bytes that several arenas share; may have a parent that must agree too. */
struct budget {
	uint64_t limit_bytes; /* 0: none */
	uint64_t used_bytes;
	uint64_t peak_bytes;
	struct budget *parent;
};

/* False and nothing taken when the limit of this budget or of a parent would be passed. A parent
 * shared by threads is safe: the counters are atomic. */
bool budget_take(struct budget *b, uint64_t bytes) MUST_CHECK;
void budget_give(struct budget *b, uint64_t bytes);

struct arena { /* read only outside arena.c */
	struct arena_block *head;
	char *at, *end;
	enum mem_tag tag;
	bool over_budget;
	struct budget *budget; /* may be NULL */
	size_t next_block;
};

struct arena_mark {
	struct arena_block *block;
	char *at;
};

void arena_init(struct arena *a, enum mem_tag tag, struct budget *budget);
/* Size of the first block, for an owner that knows what it will need; before any allocation. */
static inline void arena_first_block(struct arena *a, size_t size)
{
	assert(a->head == NULL);
	a->next_block = size;
}
void arena_release(struct arena *a);
void arena_reset(struct arena *a); /* forgets all, keeps one block */

void *arena_alloc(struct arena *a, size_t size) MUST_CHECK; /* 8-byte aligned, not zeroed */
void *arena_zalloc(struct arena *a, size_t size) MUST_CHECK;
void *arena_alloc_aligned(struct arena *a, size_t size, size_t align) MUST_CHECK;
void *arena_dup(struct arena *a, const void *p, size_t size) MUST_CHECK;
/* Room for one more element of an array of n: a full one is replaced by a copy of twice its size,
 * and stays behind in the arena. array: where the pointer to it is; *cap 0: there is none yet.
 * False: no memory, and nothing has changed. */
bool arena_grow(struct arena *a, void *array, uint32_t n, uint32_t *cap, size_t size) MUST_CHECK;
/* Copies text, adds a terminating zero that is not counted in len. p NULL: no memory. */
struct str arena_str(struct arena *a, struct str s) MUST_CHECK;
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* Everything allocated after the mark is forgotten. */
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m);

uint64_t arena_used(const struct arena *a); /* bytes held */
static inline bool arena_over_budget(const struct arena *a)
{
	return a->over_budget;
}

#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (size_t)(n)))

#endif
