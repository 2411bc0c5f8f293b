/* exec/rows.h - rows kept beyond the batch they came in: eager, sort, cross and join.
 *
 * Room:   exec (private to it).
 * Memory: copies, texts included, in an arena of their own. */
#ifndef EXEC_ROWS_H
#define EXEC_ROWS_H

#include "exec/op.h"

struct rows {
	struct exec_arena arena;
	const uint32_t *slots; /* that are kept */
	uint32_t n_slots;
	struct batch **chunks; /* by slot of the plan; sel NULL; one for each batch that came */
	uint32_t n_chunks, cap_chunks;
	uint64_t n;
};

typedef uint64_t row_ref; /* chunk and row */

static inline row_ref row_ref_of(uint32_t chunk, uint32_t row)
{
	return (uint64_t)chunk << 16 | row;
}

void rows_init(struct exec *x, struct rows *r, const uint32_t *slots, uint32_t n_slots);
void rows_clear(struct rows *r);
/* Copies the selected rows as a new chunk (row i: the i-th selected). */
enum status rows_add(struct exec *x, struct rows *r, const struct batch *b) MUST_CHECK;
/* Copies rows of another keeper as new chunks, in the order of refs. */
enum status rows_add_refs(struct exec *x, struct rows *r, const struct rows *from,
			  const row_ref *refs, uint32_t n) MUST_CHECK;
/* The slots of refs[0..n), n at most BATCH_ROWS, into an own batch. */
enum status rows_gather(struct exec *x, const struct rows *r, const row_ref *refs, uint32_t n,
			struct own_batch *out) MUST_CHECK;

#endif
