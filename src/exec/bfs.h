/* exec/bfs.h - breadth-first search from one node, with the ways by which each node was reached.
 *
 * Room:   exec (private to it). op_shortest runs one or two of them.
 * Memory: in the arena given; ends with the search.
 *
 * reached[] holds nodes in the order of their depth; the newest level is reached[begin..end). A
 * link is one edge over which a node was reached from the level before; with all_links every such
 * edge is kept, else the first. Edges back to the start are kept once, as an entry of their own
 * (cycle): the shortest way round. An undirected edge would lead back to where it came from, so
 * there only a loop at the start makes that entry, and longer ways round are kept as rounds.
 *
 * Rounds. Give each node the first edge of its way as its branch. Let L be the length of the
 * shortest way round that uses no edge twice.
 * - Two ways to one node of depth d whose branches differ close a round of at most 2d edges: past
 *   their first edges neither touches the start, and what lies between can only become shorter. So
 *   a node of depth below L / 2 has one branch, whichever of its ways is taken.
 * - The i-th node of a shortest round has depth min(i, L - i): a shorter way to it would close a
 *   shorter round with one of the two halves.
 * Hence the shortest rounds are: out along any way to a node, over one edge to a node of the same
 * depth and another branch, and back along any of its ways (L odd); or out and back along two links
 * of one node whose branches differ (L even). The two halves share no edge, because they share no
 * node but the start. The level that finds one of them finds them all. */
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
	elem_id branch; /* first edge of its way; of the start: ELEM_NONE */
};

/* A way to reached[out], edges[0], for an even length the node top and edges[1], and a way from
 * reached[back] backwards. */
struct bfs_round {
	uint32_t out, back, n_edges;
	elem_id top, edges[2];
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
	bool want_rounds; /* set after bfs_init, for undirected edges only */
	struct bfs_round *rounds;
	uint32_t n_rounds, cap_rounds;
	uint32_t round_length; /* of each of them; UINT32_MAX: there are none */
	uint32_t at;	       /* of the level that is being expanded */
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
/* Whether the level expanded last found the rounds. */
bool bfs_met_rounds(const struct bfs *b);
/* Position in reached[], or BFS_NONE. */
uint32_t bfs_find(const struct bfs *b, elem_id node);

/* One way back from reached[at] to the start: choice[i] is the link taken at depth i >= 1. */
void bfs_first_way(const struct bfs *b, uint32_t at, uint32_t *choice);
/* The next way; false when that was the last. */
bool bfs_next_way(const struct bfs *b, uint32_t at, uint32_t *choice);

#endif
