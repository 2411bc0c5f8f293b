/* net/ngmem.c - ngtcp2's memory through base's door, which wants the size of what is freed. */
#include "base/mem.h"
#include "net/net_int.h"

struct block {
	size_t size; /* of the whole block */
	_Alignas(max_align_t) uint8_t data[];
};

static void *ng_malloc(size_t n, void *user)
{
	(void)user;
	struct block *b = n <= SIZE_MAX - sizeof *b ? mem_alloc(MEM_NET, sizeof *b + n) : NULL;

	if (b == NULL)
		return NULL;
	b->size = sizeof *b + n;
	return b->data;
}

static void ng_free(void *p, void *user)
{
	(void)user;
	if (p == NULL)
		return;
	struct block *b = container_of(p, struct block, data);
	mem_free(MEM_NET, b, b->size);
}

static void *ng_calloc(size_t n, size_t each, void *user)
{
	size_t size;

	if (__builtin_mul_overflow(n, each, &size))
		return NULL;
	void *p = ng_malloc(size, user);
	if (p != NULL)
		memset(p, 0, size);
	return p;
}

static void *ng_realloc(void *p, size_t n, void *user)
{
	if (p == NULL)
		return ng_malloc(n, user);
	struct block *b = container_of(p, struct block, data);
	if (n > SIZE_MAX - sizeof *b)
		return NULL;
	b = mem_resize(MEM_NET, b, b->size, sizeof *b + n);
	if (b == NULL)
		return NULL;
	b->size = sizeof *b + n;
	return b->data;
}

const ngtcp2_mem ngmem = {
    .malloc = ng_malloc, .free = ng_free, .calloc = ng_calloc, .realloc = ng_realloc};
