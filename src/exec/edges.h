/* exec/edges.h - the edges of one node that a pattern's step may take: direction and types.
 *
 * Room: exec (private to it). Shared by expand, var_expand and shortest. Nothing here yields. */
#ifndef EXEC_EDGES_H
#define EXEC_EDGES_H

#include "exec/expr.h"

/* What a step of a pattern allows; types are resolved before use, as a clause before may make them.
 */
struct edge_spec {
	uint8_t dir; /* enum pat_dir */
	bool any_type;
	uint32_t n_types; /* known ones; 0 and not any_type: nothing can match */
	name_id *types;
};

enum status edge_spec_open(struct exec *x, const struct pop *pop, struct edge_spec *s) MUST_CHECK;
void edge_spec_resolve(const struct exec *x, const struct pop *pop, struct edge_spec *s);

static inline bool edge_spec_has_type(const struct edge_spec *s, name_id type)
{
	for (uint32_t i = 0; i < s->n_types; i++)
		if (s->any_type || s->types[i] == type)
			return true;
	return false;
}

/* Walks slices: for each direction, for each type. May be kept over a yield. */
struct edge_walk {
	struct adj_cursor cursor;
	elem_id node;
	uint32_t i_part; /* direction x type */
	bool open;
	bool second; /* the second direction of DIR_BOTH: loops were met in the first */
};

static inline void edge_walk_begin(struct edge_walk *w, elem_id node)
{
	w->node = node;
	w->i_part = 0;
	w->open = false;
}

/* The next slice; false at the end. reverse: as seen from the other end. */
bool edge_walk_next(struct edge_walk *w, const struct exec *x, const struct edge_spec *s,
		    bool reverse, struct adj_slice *ret);
uint64_t edge_degree(const struct exec *x, const struct edge_spec *s, elem_id node, bool reverse);

#define EDGE_PREFETCH_ROWS 8 /* nodes whose blocks are asked for ahead of use */

/* Asks for the blocks of the nodes in a slot, from selected row i_sel on. */
void edge_prefetch(const struct exec *x, const struct edge_spec *s, const struct batch *b,
		   uint32_t slot, uint32_t i_sel);

/* Edges that a pattern has used already, which a step must not take again. */
struct used_edges {
	elem_id *ids;
	uint32_t n, cap;
};

/* Those in slots[0..n) of a row: edges and lists of edges. */
enum status used_edges_load(struct exec *x, struct used_edges *u, const struct batch *b,
			    uint32_t row, const uint32_t *slots, uint32_t n) MUST_CHECK;

/* Whether u->ids[i] stands before i already. */
static inline bool used_edges_repeats(const struct used_edges *u, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++)
		if (u->ids[j] == u->ids[i])
			return true;
	return false;
}

static inline bool used_edges_has(const struct used_edges *u, elem_id id)
{
	for (uint32_t i = 0; i < u->n; i++)
		if (u->ids[i] == id)
			return true;
	return false;
}

#endif
