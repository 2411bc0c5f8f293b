/* exec/limit.h - the number that LIMIT or OFFSET stands for.
 *
 * Room:   exec (private to it).
 * Errors: 22G03 when it is no INT, 22G02 when it is negative. */
#ifndef EXEC_LIMIT_H
#define EXEC_LIMIT_H

#include "exec/expr.h"

/* p NULL: absent. */
enum status limit_value(struct exec *x, struct prog *p, const struct expr *e, uint64_t absent,
			uint64_t *ret) MUST_CHECK;

/* For a limit of 0: what the statement writes is written all the same. */
enum status limit_none(struct op *op, struct exec *x) MUST_CHECK;

#endif
