/* exec/expr.h - expressions compiled to flat steps over columns.
 *
 * Room:    exec (private to it).
 * Threads: those of the query.
 * Errors:  ST_INVALID with GQLSTATUS and the expression's offset; ST_NOMEM.
 *
 * A program is a list of steps without nesting. A step computes one register, a whole column, for
 * the selected rows from operands that are registers, slots of the batch, locals or constants. AND,
 * OR and CASE narrow the selection for the steps they guard and jump over them when nothing is
 * left, so what is not asked for is not computed and cannot fail. Comprehensions run a program of
 * their own over batches made of the lists' elements. */
#ifndef EXEC_EXPR_H
#define EXEC_EXPR_H

#include "exec/op.h"

#define PROG_STEPS_MAX 65536

struct prog;

/* Compiles; e may be NULL (then *ret is NULL). */
enum status prog_make(struct exec *x, const struct expr *e, struct prog **ret) MUST_CHECK;

/* The value for each selected row of the batch. The column and what it points to hold until the
 * program's next run or the batch's end. */
enum status prog_eval(struct prog *p, struct exec *x, const struct batch *b,
		      const struct column **ret) MUST_CHECK;
/* The same with local 0 set (predicates of edges on a path). */
enum status prog_eval_local(struct prog *p, struct exec *x, const struct batch *b,
			    const struct column *local, const struct column **ret) MUST_CHECK;
/* Keeps the rows for which the program is true; the batch may be left without any (n_sel 0). The
 * new selection is in the program's memory. */
enum status prog_select(struct prog *p, struct exec *x, struct batch *b) MUST_CHECK;
/* A value without any row to look at: LIMIT and the like. */
enum status prog_scalar(struct prog *p, struct exec *x, struct value *ret) MUST_CHECK;

#endif
