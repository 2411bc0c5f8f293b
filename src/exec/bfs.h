/* exec/bfs.h - breadth-first search from one node, with the ways by which each node was reached.
 *
 * Room:   exec (private to it). op_shortest runs one or two of them.
 * Memory: in the arena given; ends with the search.
 *
 * reached[] holds nodes in the order of their depth; the newest level is reached[begin..end). A
 * link is one edge over which a node was reached from the level before; with all_links every such
 * edge is kept, else the first. Edges back to the start are kept once, as an entry of their own
 * (cycle): the shortest way round.
 *
 * An undirected way back to the start may not end with the edge that it began with, so links do not
 * tell of it; its length does (round). Call the subtree of a first edge its branch. A shortest way
 * round begins and ends in different branches, so one of its edges joins two of them; and an edge
 * that joins two closes a way round of the depths of its ends and one. Expanding depth d meets all
 * edges that make 2d + 1 or 2d + 2, and later ones make more. */
#ifndef EXEC_BFS_H
#define EXEC_BFS_H

#include "exec/edges.h"

#define BFS_NONE UINT32_MAX

struct bfs_link {
	elem_id edge;
	uint32_t from; /* position in reached[] */
	uint32_t next; /* another link of the same node, or BFS_NONE */
};

struct bfs_node {
	elem_id node;
	uint32_t depth;
	uint32_t links; /* BFS_NONE: the start */
};

struct bfs {
	struct arena *arena;
	const struct edge_spec *spec;
	const struct used_edges *used;
	bool reverse, all_links;
	struct bfs_node *reached;
	uint32_t n, cap;
	struct bfs_link *links;
	uint32_t n_links, cap_links;
	uint32_t *slots; /* node -> position in reached[] + 1 */
	uint64_t mask;
	uint32_t depth, begin, end;
	uint32_t cycle;	  /* position in reached[], BFS_NONE: the start was not met again */
	uint32_t round;	  /* edges of the shortest undirected way round, once a level has met one */
	uint32_t *branch; /* of reached[i]: position of its node of depth 1; undirected only */
	uint32_t cap_branch;
	uint32_t at; /* of the level that is being expanded */
	struct edge_walk walk;
	bool walk_open;
};

/* Which edges of a slice may be taken: fills pass[i] for edges[i]; NULL: all. */
typedef enum status bfs_filter(void *ctx, struct exec *x, const uint32_t *edges, uint32_t n,
			       uint8_t *pass);

enum status bfs_init(struct bfs *b, struct arena *a, const struct edge_spec *spec,
		     const struct used_edges *used, bool reverse, bool all_links,
		     elem_id start) MUST_CHECK;
/* Expands the newest level; the next one may be empty. Can yield; call again. */
enum status bfs_level(struct bfs *b, struct exec *x, bfs_filter *filter, void *ctx) MUST_CHECK;
/* Position in reached[], or BFS_NONE. */
uint32_t bfs_find(const struct bfs *b, elem_id node);

/* One way back from reached[at] to the start: choice[i] is the link taken at depth i >= 1. */
void bfs_first_way(const struct bfs *b, uint32_t at, uint32_t *choice);
/* The next way; false when that was the last. */
bool bfs_next_way(const struct bfs *b, uint32_t at, uint32_t *choice);

#endif
