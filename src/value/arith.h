/* value/arith.h - arithmetic and concatenation on values.
 *
 * Room:   value. Results may live in the arena (texts and lists).
 * Errors: ST_INVALID with 22003 (overflow: never wraps), 22012 (division by zero, also of floats),
 *         22G03 (kinds that do not go together), 22001/22G0B (result too long); ST_NOMEM, ST_LIMIT.
 *         offset is the place for the diag.
 * Null in, null out. Source: ISO/IEC 39075:2024 clauses 20.21 to 20.23; `+` also joins texts and
 * lists, as Cypher's users write it; integer division truncates towards zero. */
#ifndef VALUE_ARITH_H
#define VALUE_ARITH_H

#include "value/value.h"

enum arith_op { ARITH_ADD, ARITH_SUB, ARITH_MUL, ARITH_DIV, ARITH_MOD, ARITH_POW, ARITH_CONCAT };

#define VALUE_LIST_MAX (16u << 20) /* elements of one list */

enum status value_arith(enum arith_op op, struct value a, struct value b, struct arena *arena,
			uint32_t offset, struct diag *d, struct value *ret) MUST_CHECK;
enum status value_negate(struct value a, uint32_t offset, struct diag *d, struct value *ret) MUST_CHECK;

#endif
