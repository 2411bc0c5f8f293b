/* exec/reach.c - breadth-first search for ends only. */
#include "exec/reach.h"

#include "base/hash.h"

/* ---- ways, for undirected edges that differ ------------------------------------------------- */

static uint64_t place_of(const struct reach *r, uint32_t node)
{
	uint64_t i = hash_u64(node) & r->mask;

	while (r->slots[i] != 0 && r->nodes[r->slots[i] - 1] != node)
		i = (i + 1) & r->mask;
	return i;
}

static enum status grow_slots(struct reach *r)
{
	uint64_t cap = r->slots != NULL ? (r->mask + 1) * 4 : 64;

	r->slots = arena_zalloc(r->arena, cap * sizeof(*r->slots));
	if (r->slots == NULL)
		return ST_NOMEM;
	r->mask = cap - 1;
	for (uint32_t i = 0; i < r->n; i++)
		r->slots[place_of(r, r->nodes[i])] = i + 1;
	return ST_OK;
}

/* Of nodes[n], which stands there but is not counted yet. */
static enum status add_way(struct reach *r, uint32_t edge)
{
	if (!arena_grow(r->arena, &r->ways, r->n, &r->cap_ways, sizeof(*r->ways)))
		return ST_NOMEM;
	if (r->slots == NULL || (uint64_t)r->n * 2 > r->mask)
		TRY(grow_slots(r));
	struct reach_way *way = &r->ways[r->n];
	way->edge = edge;
	way->depth = r->n == 0 ? 0 : r->depth + 1;
	way->first = r->n == 0 || r->at == 0 ? r->n : r->ways[r->at].first;
	r->slots[place_of(r, r->nodes[r->n])] = r->n + 1;
	return ST_OK;
}

/* Whether an edge from the current node to one that was reached closes a way round through the
 * start that is short enough. Two ways with different first steps meet in the start only. */
static bool closes_way_round(const struct reach *r, uint32_t node, uint32_t edge)
{
	const struct reach_way *here = &r->ways[r->at];
	const struct reach_way *there = &r->ways[r->slots[place_of(r, node)] - 1];

	if (edge == here->edge || edge == there->edge)
		return false; /* by which one of them was reached */
	if (here->first == there->first)
		return false;
	return (uint64_t)here->depth + there->depth + 1 <= r->w->max;
}

/* ---- search ------------------------------------------------------------------------------------
 */

static enum status append(struct reach *r, uint32_t node, uint32_t edge)
{
	if (!arena_grow(r->arena, &r->nodes, r->n, &r->cap, sizeof(*r->nodes)))
		return ST_NOMEM;
	r->nodes[r->n] = node;
	if (r->keep_ways)
		TRY(add_way(r, edge));
	r->n++;
	return ST_OK;
}

static enum status give_start_again(struct reach *r)
{
	r->keep_ways = false; /* all that they are for */
	r->again = r->n;
	return append(r, r->nodes[0], 0);
}

enum status reach_begin(struct reach *r, struct arena *a, struct path_walk *w)
{
	const struct pop *pop = w->pop;
	uint32_t start = (uint32_t)w->frames[0].node;
	bool fresh, other_edges = pop->expand.mode == PATH_TRAIL ||
				  (pop->expand.mode == PATH_SIMPLE && pop->expand.distinct_edges);

	*r = (struct reach){.arena = a, .w = w, .again = REACH_NONE, .given = w->min == 0 ? 0 : 1};
	idset_init(&r->seen, a);
	r->keep_ways = w->min != 0 && pop->expand.dir == DIR_BOTH && other_edges;
	TRY(idset_add(&r->seen, start, &fresh));
	TRY(append(r, start, UINT32_MAX));
	r->end = 1;
	return ST_OK;
}

static enum status take(struct reach *r, uint32_t node, uint32_t edge)
{
	const struct path_walk *w = r->w;
	bool fresh;

	if ((r->walk.second && node == r->nodes[r->at]) || used_edges_has(&w->used, edge))
		return ST_OK;
	TRY(idset_add(&r->seen, node, &fresh));
	if (fresh)
		return append(r, node, edge);
	if (r->again != REACH_NONE || w->min == 0)
		return ST_OK;
	bool loop = node == r->nodes[0] && (!r->keep_ways || r->at == 0);
	if (r->keep_ways ? loop || closes_way_round(r, node, edge)
			 : loop && w->pop->expand.mode != PATH_ACYCLIC)
		return give_start_again(r);
	return ST_OK;
}

/* Entries of the slice, one window of edge_pred at a time. */
static enum status take_window(struct reach *r, struct exec *x)
{
	uint32_t n = MIN_OF(r->slice.n - r->i_slice, PATH_WINDOW);
	uint64_t pass;

	TRY(path_edges_pass(x, r->w, r->slice.edges + r->i_slice, n, &pass));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = r->i_slice + i;
		if ((pass >> i & 1) != 0)
			TRY(take(r, r->slice.nodes[k], r->slice.edges[k]));
	}
	r->i_slice += n;
	return ST_OK;
}

/* Goes on until something new is there or the level is used up. */
static enum status expand_level(struct reach *r, struct exec *x, uint32_t want)
{
	while (r->at < r->end && r->n - r->given < want) {
		TRY(exec_check(x, PATH_WINDOW));
		if (r->at == r->again) {
			r->at++;
			continue;
		}
		if (!r->walk_open) {
			edge_walk_begin(&r->walk, r->nodes[r->at]);
			r->walk_open = true;
			r->slice.n = r->i_slice = 0;
		}
		if (r->i_slice == r->slice.n) {
			r->i_slice = 0;
			if (!edge_walk_next(&r->walk, x, &r->w->spec, false, &r->slice)) {
				r->slice.n = 0;
				r->walk_open = false;
				r->at++;
				continue;
			}
		}
		TRY(take_window(r, x));
	}
	return ST_OK;
}

enum status reach_next(struct reach *r, struct exec *x, elem_id *ret, uint32_t max, uint32_t *ret_n)
{
	uint32_t n = 0;

	while (r->n <= r->given && r->depth < r->w->max && r->begin < r->end) {
		TRY(expand_level(r, x, max));
		if (r->at < r->end)
			break;
		r->begin = r->end;
		r->end = r->n;
		r->depth++;
	}
	while (n < max && r->given < r->n)
		ret[n++] = r->nodes[r->given++];
	*ret_n = n;
	return ST_OK;
}
