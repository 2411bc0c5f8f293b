/* Adjacency of a loaded graph, from the ends of its edges. Entries are first sorted by the chunk of
 * their node, so that those of one chunk are written together, into about a megabyte: writes all
 * over the graph would each miss the caches. The two directions touch nothing in common and have a
 * thread each. */
#include "base/thread.h"
#include "store/store_int.h"

struct entry {
	uint32_t slot; /* of the node whose block it goes to, in its chunk */
	uint32_t node, edge;
};

struct side { /* one direction of a graph */
	struct graph *g;
	enum adj_dir dir;
	name_id type;
	uint32_t n_chunks; /* of nodes */
	uint32_t n_types;
	uint64_t entries_max;
	uint64_t *n_in; /* by node chunk: entries of the type */
	uint64_t *at;	/* by node chunk: where its next entry goes */
	struct entry *entries;
	uint64_t n_room;	    /* of entries */
	uint32_t fill[CHUNK_SLOTS]; /* of one chunk: degrees, then entries written */
	struct block *blocks[CHUNK_SLOTS];
	struct thread thread;
	enum status result;
};

/* ---- over the edges ---------------------------------------------------------------------------
 */

/* Adds up the entries of each node chunk. */
static enum status count_edges(struct side *s, const struct chunk *c, const struct table *t)
{
	for (uint32_t slot = 0; slot < c->n_used; slot++) {
		if (!shared_bit(t->exists, slot))
			continue;
		uint32_t i = t->ends[2 * slot + s->dir] >> CHUNK_SHIFT;
		if (i >= s->n_chunks)
			return ST_CORRUPT;
		s->n_in[i]++;
	}
	return ST_OK;
}

/* Entries of node chunks [from, to) go where their chunk's stand; they keep the order of edges. */
static void sort_edges(struct side *s, const struct chunk *c, const struct table *t, uint32_t from,
		       uint32_t to)
{
	for (uint32_t slot = 0; slot < c->n_used; slot++) {
		uint32_t own = t->ends[2 * slot + s->dir];
		uint32_t i = (own >> CHUNK_SHIFT) - from;
		if (i >= to - from || !shared_bit(t->exists, slot))
			continue;
		s->entries[s->at[from + i]++] = (struct entry){
		    .slot = slot_of(own),
		    .node = t->ends[2 * slot + (1 - s->dir)],
		    .edge = (uint32_t)c->base + slot,
		};
	}
}

_Static_assert(ADJ_OUT == 0 && ADJ_IN == 1, "a direction is the place of its node in ends");

static struct chunk *edge_chunk(const struct side *s, uint32_t i)
{
	struct chunk *c = space_chunk(&s->g->spaces[ELEM_EDGE], i);

	return c != NULL && c->type == s->type ? c : NULL;
}

static uint32_t n_edge_chunks(const struct side *s)
{
	return atomic_load_explicit(&s->g->spaces[ELEM_EDGE].n_chunks, memory_order_relaxed);
}

/* ---- the blocks of one chunk ------------------------------------------------------------------
 */

static enum status check_nodes(const struct side *s, struct chunk *c)
{
	const struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (uint32_t slot = 0; slot < CHUNK_SLOTS; slot++)
		if (s->fill[slot] > 0 && (slot >= t->cap || !shared_bit(t->exists, slot)))
			return ST_CORRUPT;
	return ST_OK;
}

/* A block that is full from the start: its entries are written before anybody reads. */
static enum status place_block(struct side *s, struct chunk *c, uint32_t slot, struct block *b)
{
	if (b == NULL)
		return ST_NOMEM;
	atomic_init(&b->n, s->fill[slot]);
	s->blocks[slot] = b;
	enum status st = adj_set_block(c, slot, s->dir, b);
	if (st != ST_OK)
		block_free(b);
	return st;
}

/* The blocks of slots [from, to) that are small enough, which is room bytes, in one pack. */
static enum status make_pack(struct side *s, struct chunk *c, uint32_t from, uint32_t to,
			     size_t room)
{
	struct pack *p = room > 0 ? pack_new(room) : NULL;
	enum status st = room > 0 && p == NULL ? ST_NOMEM : ST_OK;

	for (uint32_t slot = from; slot < to && st == ST_OK; slot++) {
		uint32_t n = s->fill[slot];
		if (n > 0)
			st = place_block(s, c, slot,
					 block_size(n) <= PACK_BLOCK_MAX ? pack_block(p, s->type, n)
									 : block_new(s->type, n));
	}
	if (p != NULL)
		pack_close(p);
	return st;
}

static enum status make_blocks(struct side *s, struct chunk *c)
{
	uint32_t from = 0, slot = 0;
	size_t room = 0;

	for (; slot < CHUNK_SLOTS; slot++) {
		size_t size = s->fill[slot] > 0 ? block_size(s->fill[slot]) : 0;
		if (size > PACK_BLOCK_MAX)
			continue;
		if (room + size > PACK_ROOM) {
			TRY(make_pack(s, c, from, slot, room));
			from = slot;
			room = 0;
		}
		room += size;
	}
	return make_pack(s, c, from, slot, room);
}

static enum status build_chunk(struct side *s, uint32_t i, const struct entry *e, uint64_t n)
{
	struct chunk *c = space_chunk(&s->g->spaces[ELEM_NODE], i);

	if (n == 0)
		return ST_OK;
	if (c == NULL)
		return ST_CORRUPT;
	memset(s->fill, 0, sizeof s->fill);
	for (uint64_t k = 0; k < n; k++)
		s->fill[e[k].slot]++;
	TRY(check_nodes(s, c));
	TRY(make_blocks(s, c));
	count_ends(s->g, c->set, s->type, s->dir, (int64_t)n); /* for the planner */
	memset(s->fill, 0, sizeof s->fill);
	for (uint64_t k = 0; k < n; k++) {
		struct block *b = s->blocks[e[k].slot];
		uint32_t at = s->fill[e[k].slot]++;
		b->nodes[at] = e[k].node;
		b->nodes[b->cap + at] = e[k].edge;
	}
	return ST_OK;
}

/* ---- a direction ------------------------------------------------------------------------------
 */

static enum status make_room(struct side *s, uint64_t n)
{
	if (n <= s->n_room)
		return ST_OK;
	mem_free(MEM_OTHER, s->entries, s->n_room * sizeof s->entries[0]);
	s->n_room = 0;
	s->entries = mem_alloc(MEM_OTHER, n * sizeof s->entries[0]);
	if (s->entries == NULL)
		return ST_NOMEM;
	s->n_room = n;
	return ST_OK;
}

/* Node chunks [from, to), which have n entries. */
static enum status build_range(struct side *s, uint32_t from, uint32_t to, uint64_t n)
{
	uint64_t at = 0;

	TRY(make_room(s, n));
	for (uint32_t i = from; i < to; i++) {
		s->at[i] = at;
		at += s->n_in[i];
	}
	for (uint32_t i = 0; i < n_edge_chunks(s); i++) {
		const struct chunk *c = edge_chunk(s, i);
		if (c != NULL)
			sort_edges(
			    s, c,
			    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_relaxed),
			    from, to);
	}
	at = 0;
	for (uint32_t i = from; i < to; i++) {
		TRY(build_chunk(s, i, s->entries + at, s->n_in[i]));
		at += s->n_in[i];
	}
	return ST_OK;
}

static enum status build_type(struct side *s)
{
	uint64_t n_edges = (uint64_t)graph_count_edges(s->g, s->type), n = 0;
	uint64_t max = MAX_OF(s->entries_max, n_edges / BUILD_PARTS);
	uint32_t from = 0;

	memset(s->n_in, 0, s->n_chunks * sizeof s->n_in[0]);
	for (uint32_t i = 0; i < n_edge_chunks(s); i++) {
		struct chunk *c = edge_chunk(s, i);
		if (c != NULL)
			TRY(count_edges(s, c,
					atomic_load_explicit(&c->table, memory_order_relaxed)));
	}
	for (uint32_t i = 0; i < s->n_chunks; i++) {
		if (n > 0 && n + s->n_in[i] > max) {
			TRY(build_range(s, from, i, n));
			from = i;
			n = 0;
		}
		n += s->n_in[i];
	}
	return n > 0 ? build_range(s, from, s->n_chunks, n) : ST_OK;
}

static void build_side(void *arg)
{
	struct side *s = arg;
	size_t size = s->n_chunks * sizeof s->n_in[0];

	s->n_in = mem_alloc(MEM_OTHER, size);
	s->at = mem_alloc(MEM_OTHER, size);
	s->result = s->n_in != NULL && s->at != NULL ? ST_OK : ST_NOMEM;
	for (s->type = 0; s->type < s->n_types && s->result == ST_OK; s->type++)
		if (graph_count_edges(s->g, s->type) > 0)
			s->result = build_type(s);
	mem_free(MEM_OTHER, s->entries, s->n_room * sizeof s->entries[0]);
	mem_free(MEM_OTHER, s->n_in, size);
	mem_free(MEM_OTHER, s->at, size);
}

static struct side *side_new(struct graph *g, enum adj_dir dir, uint64_t entries_max)
{
	struct side *s = MEM_NEW(MEM_OTHER, struct side);

	if (s == NULL)
		return NULL;
	s->g = g;
	s->dir = dir;
	s->entries_max = entries_max;
	s->n_types = store_name_count(g->store, NAME_TYPE);
	s->n_chunks = atomic_load_explicit(&g->spaces[ELEM_NODE].n_chunks, memory_order_relaxed);
	return s;
}

enum status build_adjacency(struct graph *g, uint64_t entries_max)
{
	struct side *out = side_new(g, ADJ_OUT, entries_max),
		    *in = side_new(g, ADJ_IN, entries_max);
	enum status st = ST_NOMEM;

	if (out != NULL && in != NULL) {
		bool beside =
		    atomic_load_explicit(&g->n_edges, memory_order_relaxed) >= BUILD_THREAD_MIN &&
		    thread_start(&in->thread, "build", build_side, in) == ST_OK;
		build_side(out);
		if (beside)
			thread_join(&in->thread);
		else
			build_side(in);
		st = out->result != ST_OK ? out->result : in->result;
	}
	mem_free(MEM_OTHER, out, sizeof *out);
	mem_free(MEM_OTHER, in, sizeof *in);
	return st;
}
