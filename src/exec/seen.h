/* exec/seen.h - which values, or tuples of values, were met before.
 *
 * Room:   exec (private to it).
 * Memory: in the arena given.
 *
 * Single integers, or single ids of one kind, go through a set of integers, anything else through
 * tuples. When another kind comes the set's members move over, so 1 and 1.0 still meet. */
#ifndef EXEC_SEEN_H
#define EXEC_SEEN_H

#include "exec/idset.h"
#include "exec/tuples.h"

struct seen {
	struct idset ints;
	struct tuples tuples;
	uint8_t kind;	/* enum value_kind of ints' members, V_NULL: none yet */
	bool null_seen; /* beside ints */
	bool by_tuple;
};

void seen_init(struct seen *s, struct arena *a, uint32_t width);
enum status seen_add(struct seen *s, const struct value *v, bool *ret_fresh) MUST_CHECK;

/* Whether integers of this kind can be given to seen_add_int() now. */
static inline bool seen_takes_ints(struct seen *s, uint8_t kind)
{
	if (s->kind == V_NULL && !s->by_tuple)
		s->kind = kind;
	return s->kind == kind && !s->by_tuple;
}
static inline MUST_CHECK enum status seen_add_int(struct seen *s, int64_t i, bool *ret_fresh)
{
	return idset_add(&s->ints, i, ret_fresh);
}

#endif
