/* The memory of adjacency blocks: each its own, as long as its chunk changes; many in one pack when
 * they have been loaded or have settled. A block of its own is rounded up to a size class of the
 * allocator, which costs about an eighth of it; a pack is filled to the last block. */
#include "store/store_int.h"

size_t block_size(uint32_t cap)
{
	return offsetof(struct block, nodes) + 2 * (size_t)cap * sizeof(uint32_t);
}

static void block_init(struct block *b, name_id type, uint32_t cap, uint32_t pack_at)
{
	atomic_init(&b->stamps, NULL);
	atomic_init(&b->n, 0);
	b->type = type;
	b->cap = cap;
	b->pack_at = pack_at;
}

struct block *block_new(name_id type, uint32_t cap)
{
	struct block *b = mem_alloc(MEM_GRAPH, block_size(cap));

	if (b != NULL)
		block_init(b, type, cap, 0);
	return b;
}

/* ---- stamps -----------------------------------------------------------------------------------
 */

static size_t stamps_size(uint32_t cap)
{
	return sizeof(struct stamps) + cap * sizeof(struct stamp);
}

struct stamps *stamps_new(uint32_t cap)
{
	struct stamps *s = mem_zalloc(MEM_UNDO, stamps_size(cap));

	if (s != NULL)
		s->cap = cap;
	return s;
}

void stamps_free(struct retired *r)
{
	struct stamps *s = container_of(r, struct stamps, retired);

	mem_free(MEM_UNDO, s, stamps_size(s->cap));
}

/* ---- packs ------------------------------------------------------------------------------------
 */

struct pack *pack_new(size_t bytes)
{
	assert(bytes <= PACK_ROOM);
	struct pack *p = mem_alloc(MEM_GRAPH, sizeof *p + bytes);

	if (p == NULL)
		return NULL;
	*p = (struct pack){
	    .size = (uint32_t)(sizeof *p + bytes), .used = (uint32_t)sizeof *p, .n_held = 1};
	return p;
}

struct block *pack_block(struct pack *p, name_id type, uint32_t cap)
{
	struct block *b = (struct block *)((char *)p + p->used);

	assert(p->used + block_size(cap) <= p->size);
	block_init(b, type, cap, p->used);
	p->used += (uint32_t)block_size(cap);
	p->n_made++;
	p->n_held++;
	return b;
}

void pack_close(struct pack *p)
{
	assert(p->n_held > 0);
	if (--p->n_held == 0)
		mem_free(MEM_GRAPH, p, p->size);
}

/* ---- freeing ----------------------------------------------------------------------------------
 */

static void memory_free(struct block *b)
{
	struct pack *p = block_pack(b);

	if (p != NULL)
		pack_close(p);
	else
		mem_free(MEM_GRAPH, b, block_size(b->cap));
}

void block_free(struct block *b)
{
	if (b == NULL)
		return;
	struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);
	if (s != NULL)
		stamps_free(&s->retired);
	memory_free(b);
}

struct old_block {
	struct retired retired;
	struct block *block;
};

struct old_block *old_block_new(void)
{
	return MEM_NEW(MEM_GRAPH, struct old_block);
}

void old_block_free(struct old_block *o)
{
	mem_free(MEM_GRAPH, o, sizeof *o);
}

static void free_retired(struct retired *r)
{
	struct old_block *o = container_of(r, struct old_block, retired);

	memory_free(o->block);
	old_block_free(o);
}

void block_retire(struct epoch_table *e, struct block *b, struct old_block *o)
{
	struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);

	if (s != NULL)
		epoch_retire(e, &s->retired, stamps_free);
	o->block = b;
	epoch_retire(e, &o->retired, free_retired);
}
