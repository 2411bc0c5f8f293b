/* Settling: the blocks of a chunk that has been quiet are copied without the room they have kept
 * for growth, many into one pack. A graph that grew by transactions comes to about the size of one
 * that was loaded.
 *
 * Why it is right: entries below n never change, so they are copied beside writers, without the
 * latch; the collecting thread, which does it, need not fear that what it reads is freed. Under the
 * latch the copy takes the block's place only if the block still stands there, has still n entries,
 * and no stamps: then the copy says the same to every view [M]. What was replaced is retired. */
#include "store/settle.h"

#include "store/store_int.h"

#define BATCH_BLOCKS 512  /* copied at a time; enough for a pack of short blocks */
#define LATCHED_BLOCKS 32 /* put into their places under one hold of the latch */

struct moved {
	uint32_t slot, n;
	enum adj_dir dir;
	struct block *old, *copy;
};

struct old_blocks { /* replaced ones wait together */
	struct retired retired;
	struct store *store;
	uint64_t bytes;
	uint32_t n;
	struct block *v[BATCH_BLOCKS];
};

struct picked {
	struct chunk *c;
	uint32_t n;
	size_t pack_bytes, bytes; /* of the copies: in a pack; all */
	uint32_t n_moved;
	bool left_some; /* a block that wants to move could not */
	struct moved v[BATCH_BLOCKS];
};

/* ---- which blocks -----------------------------------------------------------------------------
 */

static bool fits_pack(uint32_t n)
{
	return block_size(n) <= PACK_BLOCK_MAX;
}

/* A pack is left when half of what was made in it is gone: the other half holds it all. A large
 * block moves for an eighth of its room. */
static bool wants_move(const struct block *b)
{
	const struct pack *p = block_pack(b);
	uint32_t n = block_n(b);

	if (p != NULL)
		return p->n_held <= p->n_made / 2;
	return fits_pack(n) || b->cap - n > b->cap / 8;
}

/* False: the batch is full. n before stamps: who makes stamps may be adding the entry n. */
static bool take_block(struct picked *x, uint32_t slot, enum adj_dir dir, struct block *b)
{
	if (!wants_move(b))
		return true;
	if (atomic_load_explicit(&b->stamps, memory_order_acquire) != NULL) {
		x->left_some = true;
		return true;
	}
	uint32_t n = atomic_load_explicit(&b->n, memory_order_acquire);
	size_t size = block_size(n);
	bool packed = fits_pack(n);
	if (x->n == BATCH_BLOCKS || (packed && x->pack_bytes + size > PACK_ROOM))
		return false;
	x->bytes += size;
	x->pack_bytes += packed ? size : 0;
	x->v[x->n++] = (struct moved){.slot = slot, .n = n, .dir = dir, .old = b};
	return true;
}

/* The same for all blocks of the slot. */
static bool take_slot(struct picked *x, const struct table *t, uint32_t slot)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		uintptr_t head = atomic_load_explicit(&t->adj[slot].dir[dir], memory_order_acquire);
		const struct adj_types *types = adj_head_types(head);
		if (types == NULL && head != 0 &&
		    !take_block(x, slot, (enum adj_dir)dir, (struct block *)head))
			return false;
		for (uint32_t i = 0; types != NULL && i < types->n; i++)
			if (!take_block(
				x, slot, (enum adj_dir)dir,
				atomic_load_explicit(&((struct adj_types *)types)->v[i].block,
						     memory_order_acquire)))
				return false;
	}
	return true;
}

/* ---- moving them ------------------------------------------------------------------------------
 */

static bool copy_blocks(struct picked *x)
{
	struct pack *p = x->pack_bytes > 0 ? pack_new(x->pack_bytes) : NULL;
	bool ok = p != NULL || x->pack_bytes == 0;

	for (uint32_t i = 0; i < x->n && ok; i++) {
		struct moved *m = &x->v[i];
		m->copy = fits_pack(m->n) ? pack_block(p, m->old->type, m->n)
					  : block_new(m->old->type, m->n);
		ok = m->copy != NULL;
		if (!ok)
			break;
		memcpy(m->copy->nodes, m->old->nodes, m->n * sizeof(uint32_t));
		memcpy(m->copy->nodes + m->n, block_edges(m->old), m->n * sizeof(uint32_t));
		atomic_init(&m->copy->n, m->n);
	}
	if (p != NULL)
		pack_close(p);
	return ok;
}

/* Afterwards a copy that is left is one that did not find its place. */
static void swap_blocks(struct picked *x, struct old_blocks *o)
{
	for (uint32_t i = 0; i < x->n; i++) {
		struct moved *m = &x->v[i];
		if (i % LATCHED_BLOCKS == 0)
			latch_lock(&x->c->latch);
		if (adj_swap_block(x->c, m->slot, m->dir, m->old, m->copy)) {
			o->v[o->n++] = m->old;
			o->bytes += block_size(m->old->cap);
			m->copy = NULL;
		}
		if (i % LATCHED_BLOCKS == LATCHED_BLOCKS - 1 || i == x->n - 1)
			latch_unlock(&x->c->latch);
	}
}

static void old_blocks_free(struct retired *r)
{
	struct old_blocks *o = container_of(r, struct old_blocks, retired);

	for (uint32_t i = 0; i < o->n; i++)
		block_free(o->v[i]);
	o->store->settling_bytes -= o->bytes;
	MEM_FREE(MEM_GRAPH, o);
}

/* Without memory everything stays as it is. */
static void move_blocks(struct picked *x)
{
	struct store *s = x->c->graph->store;
	struct old_blocks *o = MEM_NEW(MEM_GRAPH, struct old_blocks);

	if (o != NULL && copy_blocks(x)) {
		o->store = s;
		swap_blocks(x, o);
	}
	for (uint32_t i = 0; i < x->n; i++)
		block_free(x->v[i].copy);
	x->n_moved = o != NULL ? o->n : 0;
	x->left_some |= x->n_moved < x->n;
	if (x->n_moved > 0) {
		s->settling_bytes += o->bytes;
		epoch_retire(&s->epochs, &o->retired, old_blocks_free);
	} else {
		mem_free(MEM_GRAPH, o, sizeof *o);
	}
}

/* ---- the pass ---------------------------------------------------------------------------------
 */

struct slice {
	uint32_t slots;
	size_t bytes;
};

static bool is_spent(const struct slice *left)
{
	return left->slots == 0 || left->bytes == 0;
}

/* One batch of the chunk, from slot *slot on; it ends where the batch or the budget does. */
static void settle_batch(struct chunk *c, struct settle *at, struct slice *left)
{
	struct picked x = {.c = c};
	const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
	uint32_t from = at->slot;

	while (at->slot < t->cap && left->slots > 0 && take_slot(&x, t, at->slot)) {
		at->slot++;
		left->slots--;
	}
	bool full = at->slot < t->cap && left->slots > 0;
	if (x.n > 0)
		move_blocks(&x);
	if (full && at->slot == from && x.n_moved == 0)
		at->slot++; /* more than a batch has one node, and none of it moves */
	at->left_some |= x.left_some;
	left->bytes -= MIN_OF(left->bytes, x.bytes);
	if (at->slot >= t->cap)
		at->slot = CHUNK_SLOTS;
}

/* Quiet: nothing has changed since the pass before. */
static bool wants_settling(struct chunk *c)
{
	uint32_t now = atomic_load_explicit(&c->n_changes, memory_order_relaxed);
	bool quiet = now == c->changes_seen;

	c->changes_seen = now;
	return quiet && now - c->changes_settled >= SETTLE_CHANGES_MIN;
}

/* False: the budget is spent before the chunk is done. */
static bool settle_chunk(struct chunk *c, struct settle *at, struct slice *left)
{
	if (at->slot == 0) {
		left->slots--;
		at->left_some = false;
		if (!wants_settling(c))
			return true;
	}
	while (at->slot < CHUNK_SLOTS && !is_spent(left))
		settle_batch(c, at, left);
	if (at->slot < CHUNK_SLOTS)
		return false;
	if (!at->left_some)
		c->changes_settled = c->changes_seen;
	return true;
}

static bool settle_graph(struct graph *g, struct settle *at, struct slice *left)
{
	const struct space *s = &g->spaces[ELEM_NODE];

	while (at->i_chunk <
	       atomic_load_explicit(&((struct space *)s)->n_chunks, memory_order_acquire)) {
		struct chunk *c = space_chunk((struct space *)s, at->i_chunk);
		if (is_spent(left) || (c != NULL && !settle_chunk(c, at, left)))
			return false;
		at->i_chunk++;
		at->slot = 0;
	}
	return true;
}

bool store_settle(struct store *s, struct settle *at)
{
	struct slice left = {SETTLE_SLOTS, SETTLE_BYTES};

	if (s->settling_bytes >= SETTLE_WAITING_MAX)
		return true;
	for (; at->place < store_graph_places(s); at->place++) {
		struct graph *g = store_graph_at(s, at->place);
		if (g != NULL && g->id != at->graph) /* another one stands there */
			*at = (struct settle){.place = at->place, .graph = g->id};
		if (g != NULL && !settle_graph(g, at, &left))
			return true;
		*at = (struct settle){.place = at->place, .graph = SETTLE_NO_GRAPH};
	}
	*at = (struct settle){.graph = SETTLE_NO_GRAPH};
	return false;
}
