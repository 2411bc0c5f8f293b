/* base/arena.c - region memory with a budget. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

/* Under AddressSanitizer the unused part of a block is out of bounds: it finds what is used after a
 * reset or a rewind. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) __asan_poison_memory_region((p), (n))
#define SHOW(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

#define ARENA_FIRST_BLOCK 4096u
#define ARENA_GROW_FIRST 8u		 /* elements of an array that grows */
#define ARENA_LAST_BLOCK (1024u * 1024u) /* blocks double up to this size */

struct arena_block {
	struct arena_block *older;
	size_t size; /* with this head */
	char data[] __attribute__((aligned(16)));
};

/* Undoes what budget_take did to b and to those below `stop`. */
static void give_back(struct budget *b, const struct budget *stop, uint64_t bytes)
{
	for (; b != stop; b = b->parent)
		__atomic_fetch_sub(&b->used_bytes, bytes, __ATOMIC_RELAXED);
}

bool budget_take(struct budget *first, uint64_t bytes)
{
	for (struct budget *b = first; b != NULL; b = b->parent) {
		uint64_t used = __atomic_add_fetch(&b->used_bytes, bytes, __ATOMIC_RELAXED);
		if (b->limit_bytes != 0 && used > b->limit_bytes) {
			give_back(first, b->parent, bytes);
			return false;
		}
		uint64_t peak = __atomic_load_n(&b->peak_bytes, __ATOMIC_RELAXED);
		while (used > peak &&
		       !__atomic_compare_exchange_n(&b->peak_bytes, &peak, used, true,
						    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			;
	}
	return true;
}

void budget_give(struct budget *b, uint64_t bytes)
{
	give_back(b, NULL, bytes);
}

void arena_init(struct arena *a, enum mem_tag tag, struct budget *budget)
{
	*a = (struct arena){.tag = tag, .budget = budget, .next_block = ARENA_FIRST_BLOCK};
}

static void block_free(struct arena *a, struct arena_block *b)
{
	size_t size = b->size;

	SHOW(b, size);
	mem_free(a->tag, b, size);
	if (a->budget != NULL)
		budget_give(a->budget, size);
}

/* Frees the blocks that are newer than `keep`, all when it is NULL. */
static void free_down_to(struct arena *a, struct arena_block *keep)
{
	while (a->head != keep) {
		struct arena_block *b = a->head;
		a->head = b->older;
		block_free(a, b);
	}
}

void arena_release(struct arena *a)
{
	free_down_to(a, NULL);
	arena_init(a, a->tag, a->budget);
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->head;

	a->over_budget = false;
	if (keep == NULL)
		return;
	while (keep->older != NULL) { /* the newest is the largest of the usual ones */
		struct arena_block *b = keep->older;
		keep->older = b->older;
		block_free(a, b);
	}
	if (keep->size > ARENA_LAST_BLOCK) { /* one large request must not stay for good */
		arena_release(a);
		return;
	}
	a->at = keep->data;
	a->end = (char *)keep + keep->size;
	HIDE(a->at, (size_t)(a->end - a->at));
}

static bool add_block(struct arena *a, size_t need)
{
	size_t size = a->next_block;

	if (need > SIZE_MAX / 2)
		return false;
	if (size < need + sizeof(struct arena_block))
		size = need + sizeof(struct arena_block);
	if (a->budget != NULL && !budget_take(a->budget, size)) {
		a->over_budget = true;
		return false;
	}
	struct arena_block *b = mem_alloc(a->tag, size);
	if (b == NULL) {
		if (a->budget != NULL)
			budget_give(a->budget, size);
		return false;
	}
	b->older = a->head;
	b->size = size;
	a->head = b;
	a->at = b->data;
	a->end = (char *)b + size;
	HIDE(a->at, (size_t)(a->end - a->at));
	if (a->next_block < ARENA_LAST_BLOCK)
		a->next_block *= 2;
	return true;
}

static char *align_up(char *p, size_t align)
{
	return (char *)(((uintptr_t)p + (align - 1)) & ~(uintptr_t)(align - 1));
}

void *arena_alloc_aligned(struct arena *a, size_t size, size_t align)
{
	assert(align != 0 && (align & (align - 1)) == 0);
	char *p = align_up(a->at, align);
	if (a->at == NULL || p > a->end || (size_t)(a->end - p) < size) {
		if (size > SIZE_MAX / 2 || !add_block(a, size + align))
			return NULL;
		p = align_up(a->at, align);
	}
	a->at = p + size;
	SHOW(p, size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return arena_alloc_aligned(a, size, 8);
}

void *arena_zalloc(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *arena_dup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (copy != NULL && size != 0)
		memcpy(copy, p, size);
	return copy;
}

bool arena_grow(struct arena *a, void *array, uint32_t n, uint32_t *cap, size_t size)
{
	const uint32_t want = *cap != 0 ? *cap * 2 : ARENA_GROW_FIRST;
	void *old, *p;

	if (n < *cap)
		return true;
	p = *cap <= UINT32_MAX / 2 ? arena_alloc(a, want * size) : NULL;
	if (p == NULL)
		return false;
	memcpy(&old, array, sizeof old); /* of any type */
	if (n != 0)
		memcpy(p, old, n * size);
	memcpy(array, &p, sizeof p);
	*cap = want;
	return true;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc_aligned(a, s.len + 1, 1) : NULL;

	if (copy == NULL)
		return STR_NULL;
	if (s.len != 0)
		memcpy(copy, s.p, s.len);
	copy[s.len] = '\0';
	return (struct str){copy, s.len};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return STR_NULL;

	char *text = arena_alloc_aligned(a, (size_t)n + 1, 1);
	if (text == NULL)
		return STR_NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){text, (size_t)n};
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->head, a->at};
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
	if (m.block == NULL) {
		arena_reset(a);
		return;
	}
	free_down_to(a, m.block);
	a->at = m.at;
	a->end = (char *)m.block + m.block->size;
	HIDE(a->at, (size_t)(a->end - a->at));
}

uint64_t arena_used(const struct arena *a)
{
	uint64_t bytes = 0;

	for (const struct arena_block *b = a->head; b != NULL; b = b->older)
		bytes += b->size;
	return bytes;
}
