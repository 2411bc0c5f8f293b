/* exec/once.h - which edges of a node were given already to rows that are alike.
 *
 * Room:   exec (private to it). For expansions of which nobody above counts rows.
 * Memory: in the arena given.
 *
 * A row's key is the node it stands on and the values that are carried on from it. The first row of
 * a key gives all edges of the node but those that its own match has used; these are kept, and the
 * next row of the key needs to look only at them: it gives what it has not used itself. So every
 * edge that some row of the key may take is given exactly once. */
#ifndef EXEC_ONCE_H
#define EXEC_ONCE_H

#include "exec/edges.h"
#include "exec/seen.h"

/* Edges with their far ends; the same shape as a slice of the store. */
struct edge_run {
	uint32_t *nodes, *edges;
	uint32_t n, cap;
};

struct once {
	struct arena *arena;
	struct seen seen;
	struct tuples keys;    /* those that have edges left */
	struct edge_run *left; /* by their number */
	uint32_t cap_left;
	struct value *key;	 /* of the current row */
	struct edge_run refused; /* by the current row */
};

enum once_row {
	ONCE_FIRST, /* all edges */
	ONCE_AGAIN, /* those of the run that was handed out */
	ONCE_DONE,  /* none */
};

enum status once_open(struct exec *x, struct once *o, struct arena *a, uint32_t n_carry) MUST_CHECK;
/* Begins a row: node is where it stands. */
enum status once_begin(struct once *o, const struct batch *b, uint32_t row, const uint32_t *carry,
		       uint32_t n_carry, elem_id node, enum once_row *ret,
		       struct adj_slice *ret_left) MUST_CHECK;
/* An edge that the row may not take. */
enum status once_refuse(struct once *o, uint32_t node, uint32_t edge) MUST_CHECK;
/* Ends the row: keeps what it refused. */
enum status once_end(struct once *o) MUST_CHECK;

#endif
