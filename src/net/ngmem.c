/* net/ngmem.c - ngtcp2's memory through base's door.
 *
 * The door wants the size of what is freed, so each block has a head. The heads of a connection are
 * linked: ngtcp2 below 1.6 loses some frames that it sends again (its issue 1244), and what is left
 * of a connection is freed with it. */
#include "base/mem.h"
#include "net/net_int.h"

struct ngmem_block {
	LIST_ENTRY(ngmem_block) link;
	size_t size; /* of the whole block */
	_Alignas(max_align_t) uint8_t data[];
};

static void *ng_malloc(size_t n, void *user)
{
	struct ngmem *m = user;
	struct ngmem_block *b =
	    n <= SIZE_MAX - sizeof *b ? mem_alloc(MEM_NET, sizeof *b + n) : NULL;

	if (b == NULL)
		return NULL;
	b->size = sizeof *b + n;
	LIST_INSERT_HEAD(&m->blocks, b, link);
	return b->data;
}

static void block_free(struct ngmem_block *b)
{
	LIST_REMOVE(b, link);
	mem_free(MEM_NET, b, b->size);
}

static void ng_free(void *p, void *user)
{
	(void)user;
	if (p != NULL)
		block_free(container_of(p, struct ngmem_block, data));
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
	void *to = ng_malloc(n, user);

	if (p == NULL || to == NULL)
		return to;
	struct ngmem_block *b = container_of(p, struct ngmem_block, data);
	memcpy(to, p, MIN_OF(n, b->size - sizeof *b));
	block_free(b);
	return to;
}

void ngmem_init(struct ngmem *m)
{
	LIST_INIT(&m->blocks);
	m->door = (ngtcp2_mem){.user_data = m,
			       .malloc = ng_malloc,
			       .free = ng_free,
			       .calloc = ng_calloc,
			       .realloc = ng_realloc};
}

void ngmem_release(struct ngmem *m)
{
	while (!LIST_EMPTY(&m->blocks))
		block_free(LIST_FIRST(&m->blocks));
}
