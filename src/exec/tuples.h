/* exec/tuples.h - numbered distinct tuples of values: groups, DISTINCT, keys of a join.
 *
 * Room:   exec (private to it).
 * Memory: tuples are copied, texts included, into the arena.
 *
 * Two tuples are the same when their values are in the sense of DISTINCT (null is null, 1 is 1.0).
 */
#ifndef EXEC_TUPLES_H
#define EXEC_TUPLES_H

#include "exec/op.h"

#define TUPLE_NONE UINT32_MAX

struct tuples {
	struct arena *arena;
	uint32_t width;
	uint32_t n, cap;
	struct value *values; /* n * width */
	uint64_t *hashes;
	uint32_t *slots; /* open addressing: number + 1, 0: free */
	uint64_t mask;
};

void tuples_init(struct tuples *t, struct arena *a, uint32_t width);
/* The number of a tuple, given to it when it is new. ST_NOMEM, ST_LIMIT. */
enum status tuples_add(struct tuples *t, const struct value *v, uint32_t *ret,
		       bool *ret_new) MUST_CHECK;
/* TUPLE_NONE when it is not there. */
uint32_t tuples_find(const struct tuples *t, const struct value *v);

static inline const struct value *tuples_at(const struct tuples *t, uint32_t i)
{
	return t->values + (size_t)i * t->width;
}

#endif
