/* exec/op.h - what all operators share: the run-time context, the operator's functions, own
 * batches.
 *
 * Room:    exec (private to it).
 * Threads: those of the query.
 * Memory:  an operator's state, columns and scratch live in arenas of the query and are never freed
 * one by one; so there is no close function.
 *
 * The contract of next(): give one batch with at least one selected row, or NULL at the end, and
 * again NULL when called after it. The batch and all it points to hold until the next call of the
 * same operator's next() or reset(). Any call may answer ST_YIELD: then everything the operator
 * needs to go on is in its state, and the same call is made again. So a child's batch is put into
 * the state, or used up, before anything else that can yield is called. */
#ifndef EXEC_OP_H
#define EXEC_OP_H

#include "base/clock.h"
#include "exec/query.h"

#define EXEC_CHECK_STEPS                                                                           \
	4096 /* rows, edges or comparisons between two looks at clock and stop word */

struct op;
struct exec;

struct op_class {
	size_t size; /* of the operator's struct, which begins with struct op */
	enum status (*open)(struct op *op, struct exec *x); /* children are open; may be NULL */
	enum status (*next)(struct op *op, struct exec *x, struct batch **ret);
	/* To the beginning again, for the next row of an apply; children are reset by it. */
	enum status (*reset)(struct op *op, struct exec *x);
	bool passes_rows; /* the right side runs once for each row of the left: arg is that row */
};

struct op {
	const struct op_class *class;
	const struct pop *pop;
	struct op *left, *right;
	struct op_stat *stat;
	bool few_wanted;   /* a limit above may stop soon: first batches should be small */
	struct batch *arg; /* with class->passes_rows: what POP_UNIT below on the right gives */
};

/* An arena that the query releases. scratch of an operator: reset whenever it makes a new batch. */
struct exec_arena {
	struct arena a;
	struct exec_arena *next;
};

struct exec {
	const struct plan *plan;
	struct graph *graph; /* of the operator that is called now; POP_USE changes it below */
	struct txn *txn;
	const struct view *view;
	const struct value *params;
	struct diag *diag;
	struct exec_arena arena; /* lives as long as the query; head of the list of all arenas */
	struct budget budget;
	name_id *names;		/* by index into plan->names; NAME_NONE: nobody knows it yet */
	uint8_t *names_written; /* whether txn_name() was asked */
	uint32_t batch_rows;
	uint32_t n_steps;		 /* since the last look */
	uint32_t check_steps;		 /* EXEC_CHECK_STEPS, or 0: look every time */
	uint64_t slice_ns, slice_end_ns; /* end 0: the clock was not read in this slice */
	uint64_t deadline_ns;		 /* 0: none */
	bool hurried;			 /* an expression may not outlast the slice */
	uint64_t yield_state;
	const _Atomic uint32_t *stop;
	struct query_counts counts;
	struct op_stat *stats;
	struct regexes *regexes; /* regex.h; NULL: none yet */
	/* While the tree is made: what a POP_UNIT made now gives; a limit above takes rows as they
	 * come. */
	struct batch *unit;
	bool few_wanted;
	bool profile;
};

/* ---- time and stop --------------------------------------------------------------------- */

enum status exec_check_slow(struct exec *x) MUST_CHECK;
enum status exec_check_inner_slow(struct exec *x) MUST_CHECK;

/* Accounts for work done. ST_YIELD when the slice is spent, ST_STOPPED when the query must end. */
static inline MUST_CHECK enum status exec_check(struct exec *x, uint32_t steps)
{
	x->n_steps += steps;
	return LIKELY(x->n_steps < x->check_steps) ? ST_OK : exec_check_slow(x);
}

/* The same inside an expression, which cannot yield: ST_RESTART when the slice is spent and the
 * query is hurried. Expressions change nothing, so what they did so far may be forgotten. */
static inline MUST_CHECK enum status exec_check_inner(struct exec *x, uint32_t steps)
{
	x->n_steps += steps;
	return LIKELY(x->n_steps < x->check_steps) ? ST_OK : exec_check_inner_slow(x);
}

/* ---- names and memory -------------------------------------------------------------------- */

/* The id to write with: defines the name when it is new. */
enum status exec_name(struct exec *x, uint32_t i_name, name_id *ret) MUST_CHECK;
static inline void *exec_alloc(struct exec *x, size_t size)
{
	return arena_alloc(&x->arena.a, size);
}
static inline void *exec_zalloc(struct exec *x, size_t size)
{
	return arena_zalloc(&x->arena.a, size);
}
/* A new arena under the query's budget. */
void exec_arena_init(struct exec *x, struct exec_arena *a);

/* ---- columns of our own ------------------------------------------------------------------- */

/* A column whose memory grows with the rows it must hold, so that one-row batches stay small. */
struct col {
	struct column c;
	uint64_t *nulls;
	void *data;
	uint32_t size; /* bytes of data */
};

/* Makes c.c an empty FLAT column of the kind with room for positions 0..rows-1. */
enum status col_prepare(struct exec *x, struct col *c, enum column_kind kind,
			uint32_t rows) MUST_CHECK;
/* The same room and null bits, all of them, for a callee that chooses the kind. */
enum status col_reserve(struct exec *x, struct col *c, uint32_t rows) MUST_CHECK;
/* Makes c.c a FLAT column of n values, pure when they are all of one kind; they are borrowed. */
enum status col_put_values(struct exec *x, struct col *c, const struct value *v,
			   uint32_t n) MUST_CHECK;
/* Makes c.c CONST; v is borrowed. */
enum status col_set_const(struct exec *x, struct col *c, struct value v) MUST_CHECK;
/* A CONST column that shows one row of another; borrows its memory. */
struct column column_of_row(const struct column *src, uint32_t row);

/* A batch of an operator's own: a column for each slot of the plan. */
struct own_batch {
	struct batch b;
	struct col *cols; /* memory of b.cols, by slot, where the operator fills a column itself */
};

enum status own_batch_init(struct exec *x, struct own_batch *o) MUST_CHECK;
/* A column that was filled takes its place in the batch. */
static inline void own_show(struct own_batch *o, uint32_t slot)
{
	o->b.cols[slot] = o->cols[slot].c;
}
static inline void own_set_rows(struct own_batch *o, uint32_t n)
{
	o->b.n_rows = o->b.n_sel = n;
	o->b.sel = NULL;
}
/* Columns slots[0..n) of the source at rows[0..n_rows): gathered, or CONST when all rows are one.
 */
enum status own_gather(struct exec *x, struct own_batch *o, const struct batch *src,
		       const uint32_t *slots, uint32_t n, const uint16_t *rows, uint32_t n_rows,
		       bool same_row) MUST_CHECK;

/* ---- operators ----------------------------------------------------------------------------- */

#define SEEK_ALL_ROWS UINT64_MAX

/* What a sort says to a POP_INDEX_SEEK with an order, and asks of it. Before the first row: how
 * many are wanted, or SEEK_ALL_ROWS. */
void op_seek_want(struct op *op, uint64_t rows);
/* Whether rows come in that order: not out of a scan, which stands in for an index. */
bool op_seek_in_order(const struct op *op);
/* Whether it ended early: it gave so many rows that all of them by a scan cost no more. */
bool op_seek_gave_up(const struct op *op);

/* The row that an operator with passes_rows gives to its right side; resets that side. */
enum status op_pass_row(struct op *op, struct exec *x, const struct batch *b,
			uint32_t row) MUST_CHECK;
/* Makes and opens the tree. */
enum status op_make(struct exec *x, const struct pop *pop, struct op **ret) MUST_CHECK;
enum status op_next_profiled(struct op *op, struct exec *x, struct batch **ret) MUST_CHECK;

static inline MUST_CHECK enum status op_next(struct op *op, struct exec *x, struct batch **ret)
{
	if (UNLIKELY(x->profile))
		return op_next_profiled(op, x, ret);
	TRY(op->class->next(op, x, ret));
	op->stat->n_calls++;
	if (*ret != NULL) {
		assert((*ret)->n_sel > 0);
		op->stat->n_batches++;
		op->stat->n_rows += (*ret)->n_sel;
	}
	return ST_OK;
}

static inline MUST_CHECK enum status op_reset(struct op *op, struct exec *x)
{
	return op->class->reset(op, x);
}

/* reset() of an operator without state of its own. */
enum status op_reset_left(struct op *op, struct exec *x);

extern const struct op_class op_unit, op_node_scan, op_edge_scan, op_index_seek, op_node_by_id,
    op_expand, op_degree, op_two_hops, op_var_expand, op_shortest, op_filter, op_project,
    op_aggregate, op_distinct, op_sort, op_limit, op_cross, op_hash_join, op_apply, op_semi,
    op_unwind, op_union, op_setop, op_otherwise, op_eager, op_insert, op_merge, op_set, op_delete,
    op_use, op_produce, op_discard;

#endif
