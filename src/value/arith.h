/* value/arith.h - arithmetic and joining of two values.
 *
 * Room:   value. Null with anything is null.
 * Errors: ST_INVALID with 22003 when an integer result does not fit, 22012 for an integer division
 *         by zero, 22G03 for operands of other kinds, 22001 when a text grows beyond
 *         VALUE_STRING_MAX; ST_NOMEM, ST_LIMIT.
 * Source: ISO/IEC 39075:2024 subclause 20.21. INT / INT truncates. Floats follow IEEE 754 (feature
 *         GA01): 1.0 / 0 is Inf, 0.0 / 0 is NaN. */
#ifndef VALUE_ARITH_H
#define VALUE_ARITH_H

#include "value/value.h"

enum arith_op { ARITH_ADD, ARITH_SUB, ARITH_MUL, ARITH_DIV, ARITH_MOD, ARITH_POW };

/* ARITH_ADD joins texts and lists too, as value_concat does; a list also takes a single element at
 * either end. ARITH_POW always gives a FLOAT. */
enum status value_arith(struct func_ctx *x, enum arith_op op, struct value a, struct value b,
			struct value *ret) MUST_CHECK;
enum status value_negate(struct func_ctx *x, struct value a, struct value *ret) MUST_CHECK;
/* `||`: two texts, two byte strings or two lists. */
enum status value_concat(struct func_ctx *x, struct value a, struct value b,
			 struct value *ret) MUST_CHECK;

/* One step over integers and floats, for loops over typed columns: false when the result does not
 * fit or the divisor is 0; arith_int_error then fills the diag. */
static inline bool arith_int(enum arith_op op, int64_t a, int64_t b, int64_t *ret)
{
	switch (op) {
	case ARITH_ADD:
		return !__builtin_add_overflow(a, b, ret);
	case ARITH_SUB:
		return !__builtin_sub_overflow(a, b, ret);
	case ARITH_MUL:
		return !__builtin_mul_overflow(a, b, ret);
	case ARITH_DIV:
		if (b == 0 || (a == INT64_MIN && b == -1))
			return false;
		*ret = a / b;
		return true;
	case ARITH_MOD:
		if (b == 0)
			return false;
		*ret = b == -1 ? 0 : a % b; /* INT64_MIN % -1 traps on some machines */
		return true;
	default:
		return false; /* ARITH_POW has no integer form */
	}
}

double arith_float(enum arith_op op, double a, double b);
enum status arith_int_error(struct func_ctx *x, enum arith_op op, int64_t a, int64_t b);

#endif
