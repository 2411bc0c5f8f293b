/* exec/reach.h - the nodes that min..max edges lead to, each once, by breadth-first search.
 *
 * Room:   exec (private to it). For quantified edges of which nobody above counts rows.
 * Memory: in the arena given; ends with the search.
 *
 * With a minimum of 0 or 1 an end is reached by some path of the wanted mode exactly when its
 * shortest path is short enough, as a shortest path repeats neither node nor edge. The start itself
 * is reached again by a way round. Only over undirected edges does that need care: going back over
 * the edge that one came is no trail, nor a match of different edges. There the shortest way round
 * has an edge between two nodes whose ways from the start begin differently; so nodes remember
 * their first step until one is found. */
#ifndef EXEC_REACH_H
#define EXEC_REACH_H

#include "exec/idset.h"
#include "exec/path.h"

struct reach_way {		     /* how a node was reached */
	uint32_t edge, first, depth; /* first: which neighbour of the start its way begins with */
};

struct reach {
	struct arena *arena;
	struct path_walk *w; /* what edges may be taken, and mode, min and max */
	struct idset seen;
	uint32_t *nodes; /* in the order of their depth; 0 is the start */
	uint32_t n, cap;
	uint32_t begin, end, depth; /* nodes[begin..end) have this depth and are being expanded */
	uint32_t at;		    /* of them */
	uint32_t given;
	uint32_t again; /* position at which the start stands once more, REACH_NONE: not yet */
	struct edge_walk walk;
	struct adj_slice slice;
	uint32_t i_slice;
	bool walk_open;
	bool keep_ways; /* a way round is looked for over undirected edges that differ */
	struct reach_way *ways;
	uint32_t cap_ways;
	uint32_t *slots; /* node -> position + 1, with keep_ways */
	uint64_t mask;
};

#define REACH_NONE UINT32_MAX

/* From the node at which w was begun (path_begin). */
enum status reach_begin(struct reach *r, struct arena *a, struct path_walk *w) MUST_CHECK;
/* The next ends, up to max of them; *ret_n 0: there are no more. Can yield; call again. */
enum status reach_next(struct reach *r, struct exec *x, elem_id *ret, uint32_t max,
		       uint32_t *ret_n) MUST_CHECK;

#endif
