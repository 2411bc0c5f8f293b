/* exec/write.h - what the writing operators share: elements to make, items to set, the clause's
 * end.
 *
 * Room:    exec (private to it).
 * Errors:  those of the write door (txn/txn.h), placed at the item.
 *
 * Values are computed for a whole batch before anything of it is written. So no clause reads what
 * it writes; a POP_EAGER stands before a clause that reads what another has written. */
#ifndef EXEC_WRITE_H
#define EXEC_WRITE_H

#include "exec/expr.h"

/* The elements of an INSERT or MERGE pattern. */
struct maker {
	const struct make *items;
	uint32_t n;
	struct prog **progs;   /* of all items' values and maps, in order */
	struct column *values; /* of the batch that was evaluated last */
	struct prop *props;    /* room for the properties of one element */
	uint32_t cap_props;
	bool nulls_fail; /* MERGE: a null property matches nothing, so it cannot be made either */
	elem_id *made;	 /* by item: ids of the last row */
};

enum status maker_open(struct exec *x, const struct make *items, uint32_t n, bool nulls_fail,
		       struct maker *m) MUST_CHECK;
enum status maker_eval(struct maker *m, struct exec *x, const struct batch *b) MUST_CHECK;
/* Makes the elements for one row; made[] has their ids (bound items: that of the node). */
enum status maker_row(struct maker *m, struct exec *x, const struct batch *b,
		      uint32_t row) MUST_CHECK;

struct setter {
	const struct set_item *items;
	uint32_t n;
	struct prog **targets, **progs;
	struct column *elems, *values;
};

enum status setter_open(struct exec *x, const struct set_item *items, uint32_t n,
			struct setter *s) MUST_CHECK;
enum status setter_eval(struct setter *s, struct exec *x, const struct batch *b) MUST_CHECK;
/* All items in order, for one row. */
enum status setter_row(struct setter *s, struct exec *x, uint32_t row) MUST_CHECK;

/* The view with everything that this transaction has written so far, this clause included. */
static inline struct view write_view(const struct exec *x)
{
	struct view v = *x->view;

	v.own_seq = UINT32_MAX;
	return v;
}

/* Gives an error of the write door its place. */
enum status write_place(struct exec *x, enum status st, uint32_t offset) MUST_CHECK;
/* After the last row: delayed checks; from here on later clauses see what was written. */
enum status write_end(struct exec *x, uint32_t offset) MUST_CHECK;

#endif
