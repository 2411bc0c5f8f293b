/* exec/groups.h - which group a row belongs to: groups are numbered from 0 as they appear.
 *
 * Room:   exec (private to it).
 * Memory: in the arena given.
 *
 * No key: one group. One key of integers or ids: a table of small numbers and a hash table.
 * Anything else, or a column of another kind later: tuples, with the same numbers. */
#ifndef EXEC_GROUPS_H
#define EXEC_GROUPS_H

#include "exec/tuples.h"

struct groups {
	struct arena *arena;
	uint32_t n_keys;
	uint32_t n;
	bool by_int, by_tuple; /* neither: no row yet, or no key */
	uint8_t int_kind;
	uint32_t *small;     /* by key below GROUPS_SMALL: number + 1 */
	uint32_t null_group; /* + 1 */
	struct {
		int64_t key;
		uint32_t group;
	} * slots; /* group + 1, 0: free */
	uint64_t mask, n_hashed;
	struct value *int_keys; /* by group */
	uint32_t cap_keys;
	struct tuples tuples;
	struct value *row;
};

enum status groups_init(struct groups *g, struct arena *a, uint32_t n_keys) MUST_CHECK;
/* ret[i]: the group of the i-th selected row. */
enum status groups_of(struct groups *g, const struct batch *b, const struct column *const *keys,
		      uint32_t ret[BATCH_ROWS]) MUST_CHECK;
struct value groups_key(const struct groups *g, uint32_t group, uint32_t i_key);

#endif
