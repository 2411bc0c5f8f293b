/* exec/path.h - walks of many edges from one node, depth first.
 *
 * Room:   exec (private to it). Shared by var_expand and shortest.
 * Memory: frames in the query's arena, kept for the next walk; a walk is as deep as its longest
 * path.
 *
 * After walk_next() said there is one, the path is frames[0..depth]: node of each, and from frame 1
 * on the edge that leads to it. The walk can yield between any two edges. */
#ifndef EXEC_PATH_H
#define EXEC_PATH_H

#include "exec/edges.h"

#define PATH_EDGES_MAX 1000000 /* edges of one path */
#define PATH_WINDOW 64u	       /* entries of a slice that edge_pred looks at together */

struct path_frame {
	elem_id node;
	elem_id edge;  /* by which we came; not set in frame 0 */
	bool reported; /* the path that ends here was given */
	bool closed;   /* SIMPLE: back at the start, so it cannot go on */
	struct edge_walk walk;
	struct adj_slice slice;
	uint32_t at;   /* next entry of the slice */
	uint64_t pass; /* edge_pred for the entries from pass_at: one bit each */
	uint32_t pass_at, pass_n;
};

struct path_walk {
	const struct pop *pop;
	struct edge_spec spec;
	struct used_edges used;
	struct prog *edge_pred; /* may be NULL */
	uint64_t min, max;
	struct col pred_edges;
	struct batch pred_batch; /* the input row as constants, for edge_pred */
	struct path_frame *frames;
	uint32_t cap;
	uint32_t depth;
	bool live; /* frames[0..depth] is a walk to go on with */
};

enum status path_open(struct exec *x, const struct pop *pop, struct path_walk *w) MUST_CHECK;
/* Starts at a node; row is for edge_pred and for the edges that are used already. */
enum status path_begin(struct exec *x, struct path_walk *w, elem_id start, const struct batch *b,
		       uint32_t row) MUST_CHECK;
/* Which of up to PATH_WINDOW edges edge_pred lets through: one bit each. */
enum status path_edges_pass(struct exec *x, struct path_walk *w, const uint32_t *edges, uint32_t n,
			    uint64_t *ret) MUST_CHECK;
/* *ret_any false: no more paths. */
enum status path_next(struct exec *x, struct path_walk *w, bool *ret_any) MUST_CHECK;

/* The edges of the current path as a list, and the path as a value, in the arena. */
enum status path_edge_list(const struct path_walk *w, struct arena *a,
			   struct value *ret) MUST_CHECK;
enum status path_value(const struct path_walk *w, struct arena *a, struct value *ret) MUST_CHECK;
/* The same from arrays: nodes[0..n], edges[0..n-1]. */
enum status path_values(const elem_id *nodes, const elem_id *edges, uint32_t n, struct arena *a,
			struct value *ret_list, struct value *ret_path) MUST_CHECK;

#endif
