/* exec/profile.c - the measured call of an operator. */
#include "exec/op.h"

enum status op_next_profiled(struct op *op, struct exec *x, struct batch **ret)
{
	uint64_t begin = clock_mono_ns();
	enum status st = op->class->next(op, x, ret);

	op->stat->n_calls++;
	op->stat->time_ns += clock_mono_ns() - begin;
	if (st == ST_OK && *ret != NULL) {
		op->stat->n_batches++;
		op->stat->n_rows += (*ret)->n_sel;
	}
	return st;
}
