/* exec/bfs.c - breadth-first search by levels. */
#include "exec/bfs.h"

#include "base/hash.h"

#define BFS_NODES_MAX (UINT32_MAX / 2)
#define FILTER_EDGES 1024u /* edges that the filter looks at together */

static enum status grow(struct arena *a, void *array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t want = MAX_OF(*cap * 2, 32u);

	if (n < *cap)
		return ST_OK;
	void *p = want <= BFS_NODES_MAX ? arena_alloc(a, want * size) : NULL;
	if (p == NULL)
		return ST_NOMEM;
	if (n != 0)
		memcpy(p, *(void **)array, n * size);
	*(void **)array = p;
	*cap = want;
	return ST_OK;
}

static uint64_t place_of(const struct bfs *b, elem_id node)
{
	uint64_t i = hash_u64(node) & b->mask;

	while (b->slots[i] != 0 && b->reached[b->slots[i] - 1].node != node)
		i = (i + 1) & b->mask;
	return i;
}

static enum status grow_slots(struct bfs *b)
{
	uint64_t cap = b->slots != NULL ? (b->mask + 1) * 4 : 64;
	uint32_t *slots = arena_zalloc(b->arena, cap * sizeof(*slots));

	if (slots == NULL)
		return ST_NOMEM;
	b->slots = slots;
	b->mask = cap - 1;
	for (uint32_t i = 0; i < b->n; i++)
		if (i != b->cycle)
			b->slots[place_of(b, b->reached[i].node)] = i + 1;
	return ST_OK;
}

/* A new entry at the end of reached[], come to from reached[at]. */
static enum status append(struct bfs *b, elem_id node, uint32_t depth)
{
	if (b->spec->dir == DIR_BOTH) {
		TRY(grow(b->arena, &b->branch, b->n, &b->cap_branch, sizeof(*b->branch)));
		b->branch[b->n] = depth <= 1 ? b->n : b->branch[b->at];
	}
	TRY(grow(b->arena, &b->reached, b->n, &b->cap, sizeof(*b->reached)));
	b->reached[b->n++] = (struct bfs_node){node, depth, BFS_NONE};
	return ST_OK;
}

static enum status add_link(struct bfs *b, uint32_t to, uint32_t from, elem_id edge)
{
	TRY(grow(b->arena, &b->links, b->n_links, &b->cap_links, sizeof(*b->links)));
	b->links[b->n_links] = (struct bfs_link){edge, from, b->reached[to].links};
	b->reached[to].links = b->n_links++;
	return ST_OK;
}

enum status bfs_init(struct bfs *b, struct arena *a, const struct edge_spec *spec,
		     const struct used_edges *used, bool reverse, bool all_links, elem_id start)
{
	*b = (struct bfs){.arena = a,
			  .spec = spec,
			  .used = used,
			  .reverse = reverse,
			  .all_links = all_links,
			  .end = 1,
			  .cycle = BFS_NONE,
			  .round = BFS_NONE};
	TRY(grow_slots(b));
	TRY(append(b, start, 0));
	b->slots[place_of(b, start)] = 1;
	return ST_OK;
}

uint32_t bfs_find(const struct bfs *b, elem_id node)
{
	return b->slots[place_of(b, node)] - 1; /* 0 - 1 is BFS_NONE */
}

/* The edge leads back to the start. An undirected one from elsewhere is that which came, or a
 * parallel one that the start has shown: round knows. */
static enum status meet_start(struct bfs *b, elem_id edge)
{
	uint32_t depth = b->depth + 1;

	if (b->spec->dir == DIR_BOTH && b->at != 0)
		return ST_OK;
	if (b->cycle == BFS_NONE) {
		b->cycle = b->n;
		TRY(append(b, b->reached[0].node, depth));
	} else if (!b->all_links || b->reached[b->cycle].depth != depth) {
		return ST_OK;
	}
	return add_link(b, b->cycle, b->at, edge);
}

/* An undirected edge to a node that was reached before, and is not the start. */
static void close_round(struct bfs *b, uint32_t to)
{
	const uint32_t edges = b->depth + b->reached[to].depth + 1;

	/* From the start the node was reached over another edge. */
	if ((b->at == 0 || b->branch[b->at] != b->branch[to]) && edges < b->round)
		b->round = edges;
}

static enum status take_edge(struct bfs *b, elem_id node, elem_id edge)
{
	if (used_edges_has(b->used, edge) || (b->walk.second && node == b->reached[b->at].node))
		return ST_OK;
	if (node == b->reached[0].node)
		return meet_start(b, edge);
	if ((uint64_t)b->n * 2 > b->mask)
		TRY(grow_slots(b));
	uint64_t place = place_of(b, node);
	if (b->slots[place] != 0 && b->spec->dir == DIR_BOTH)
		close_round(b, b->slots[place] - 1);
	if (b->slots[place] == 0) {
		TRY(append(b, node, b->depth + 1));
		b->slots[place] = b->n;
	} else if (!b->all_links || b->reached[b->slots[place] - 1].depth != b->depth + 1) {
		return ST_OK;
	}
	return add_link(b, b->slots[place] - 1, b->at, edge);
}

static enum status take_slice(struct bfs *b, struct exec *x, const struct adj_slice *s,
			      bfs_filter *filter, void *ctx)
{
	uint8_t pass[FILTER_EDGES];

	for (uint32_t i = 0; i < s->n; i += FILTER_EDGES) {
		uint32_t n = MIN_OF(s->n - i, FILTER_EDGES);
		if (filter != NULL)
			TRY(filter(ctx, x, s->edges + i, n, pass));
		for (uint32_t k = 0; k < n; k++)
			if (filter == NULL || pass[k])
				TRY(take_edge(b, s->nodes[i + k], s->edges[i + k]));
	}
	return ST_OK;
}

enum status bfs_level(struct bfs *b, struct exec *x, bfs_filter *filter, void *ctx)
{
	struct adj_slice s;

	for (; b->at < b->end; b->at++, b->walk_open = false) {
		if (b->at == b->cycle)
			continue;
		if (!b->walk_open)
			edge_walk_begin(&b->walk, b->reached[b->at].node);
		b->walk_open = true;
		TRY(exec_check(x, 4));
		while (edge_walk_next(&b->walk, x, b->spec, b->reverse, &s)) {
			TRY(take_slice(b, x, &s, filter, ctx));
			TRY(exec_check(x, s.n));
		}
	}
	b->begin = b->end;
	b->end = b->n;
	b->depth++;
	return ST_OK;
}

/* The first links from reached[at], at the given depth, back to the start. */
static void first_from(const struct bfs *b, uint32_t at, uint32_t depth, uint32_t *choice)
{
	for (uint32_t i = depth; i > 0; i--) {
		choice[i] = b->reached[at].links;
		at = b->links[choice[i]].from;
	}
}

void bfs_first_way(const struct bfs *b, uint32_t at, uint32_t *choice)
{
	first_from(b, at, b->reached[at].depth, choice);
}

bool bfs_next_way(const struct bfs *b, uint32_t at, uint32_t *choice)
{
	for (uint32_t i = 1; i <= b->reached[at].depth; i++) {
		uint32_t next = b->links[choice[i]].next;
		if (next == BFS_NONE)
			continue;
		choice[i] = next;
		first_from(b, b->links[next].from, i - 1, choice);
		return true;
	}
	return false;
}
