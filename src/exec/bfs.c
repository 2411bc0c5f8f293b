/* exec/bfs.c - breadth-first search by levels. */
#include "exec/bfs.h"

#include "base/hash.h"

#define FILTER_EDGES 1024u /* edges that the filter looks at together */

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

/* A new entry at the end of reached[]. */
static enum status append(struct bfs *b, elem_id node, uint32_t depth, elem_id branch)
{
	if (!arena_grow(b->arena, &b->reached, b->n, &b->cap, sizeof(*b->reached)))
		return ST_NOMEM;
	b->reached[b->n++] = (struct bfs_node){node, depth, BFS_NONE, branch};
	return ST_OK;
}

static enum status add_link(struct bfs *b, uint32_t to, uint32_t from, elem_id edge)
{
	if (!arena_grow(b->arena, &b->links, b->n_links, &b->cap_links, sizeof(*b->links)))
		return ST_NOMEM;
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
			  .round_length = UINT32_MAX,
			  .cycle = BFS_NONE};
	TRY(grow_slots(b));
	TRY(append(b, start, 0, ELEM_NONE));
	b->slots[place_of(b, start)] = 1;
	return ST_OK;
}

uint32_t bfs_find(const struct bfs *b, elem_id node)
{
	return b->slots[place_of(b, node)] - 1; /* 0 - 1 is BFS_NONE */
}

/* The edge leads back to the start; an undirected one only if it is a loop there. */
static enum status meet_start(struct bfs *b, elem_id edge)
{
	uint32_t depth = b->depth + 1;

	if (b->spec->dir == DIR_BOTH && b->at != 0)
		return ST_OK;
	if (b->cycle == BFS_NONE) {
		b->cycle = b->n;
		TRY(append(b, b->reached[0].node, depth, edge));
	} else if (!b->all_links || b->reached[b->cycle].depth != depth) {
		return ST_OK;
	}
	return add_link(b, b->cycle, b->at, edge);
}

/* The branch of a way that comes from reached[from] over the edge. */
static elem_id branch_over(const struct bfs *b, uint32_t from, elem_id edge)
{
	return from != 0 ? b->reached[from].branch : edge;
}

static enum status add_round(struct bfs *b, uint32_t length, struct bfs_round round)
{
	if (length < b->round_length) {
		b->round_length = length;
		b->n_rounds = 0;
	} else if (!b->all_links) {
		return ST_OK;
	}
	if (!arena_grow(b->arena, &b->rounds, b->n_rounds, &b->cap_rounds, sizeof(*b->rounds)))
		return ST_NOMEM;
	b->rounds[b->n_rounds++] = round;
	return ST_OK;
}

/* The edge joins two nodes of one level. It is met from each of them: once for each direction. */
static enum status round_across(struct bfs *b, uint32_t to, elem_id edge)
{
	uint32_t length = 2 * b->depth + 1;

	if (length > b->round_length || b->reached[to].branch == b->reached[b->at].branch)
		return ST_OK;
	return add_round(b, length, (struct bfs_round){b->at, to, 1, ELEM_NONE, {edge}});
}

/* The edge is another link to a node of the next level: out over it and back over each link that
 * the node has, and the other way round. */
static enum status round_above(struct bfs *b, uint32_t to, elem_id edge)
{
	uint32_t length = 2 * b->depth + 2;
	elem_id top = b->reached[to].node, branch = branch_over(b, b->at, edge);

	if (length > b->round_length)
		return ST_OK;
	for (uint32_t i = b->reached[to].links; i != BFS_NONE; i = b->links[i].next) {
		const struct bfs_link l = b->links[i];
		if (branch_over(b, l.from, l.edge) == branch)
			continue;
		TRY(add_round(b, length,
			      (struct bfs_round){b->at, l.from, 2, top, {edge, l.edge}}));
		TRY(add_round(b, length,
			      (struct bfs_round){l.from, b->at, 2, top, {l.edge, edge}}));
	}
	return ST_OK;
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
	if (b->slots[place] == 0) {
		TRY(append(b, node, b->depth + 1, branch_over(b, b->at, edge)));
		b->slots[place] = b->n;
		return add_link(b, b->n - 1, b->at, edge);
	}
	uint32_t to = b->slots[place] - 1, depth = b->reached[to].depth;
	bool rounds = b->want_rounds && b->cycle == BFS_NONE; /* a loop is the shortest */
	if (rounds && depth == b->depth)
		TRY(round_across(b, to, edge));
	if (rounds && depth == b->depth + 1)
		TRY(round_above(b, to, edge));
	return b->all_links && depth == b->depth + 1 ? add_link(b, to, b->at, edge) : ST_OK;
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

bool bfs_met_rounds(const struct bfs *b)
{
	return b->cycle == BFS_NONE && b->n_rounds != 0 && (b->round_length + 1) / 2 == b->depth;
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
