/* value/cast.h - conversion between kinds.
 *
 * Room:   value. Null stays null.
 * Errors: ST_INVALID with 22018 (text that is no such value), 22003 (number out of range), 22G03
 *         (there is no such conversion); ST_NOMEM, ST_LIMIT. */
#ifndef VALUE_CAST_H
#define VALUE_CAST_H

#include "value/value.h"

enum cast_mode {
	CAST_STRICT,  /* CAST(x AS t): a text that does not parse is an error */
	CAST_LENIENT, /* toInteger(x) and its like: it is null */
};

/* To V_BOOL, V_INT, V_FLOAT or V_STRING; a value of the kind already is given back as it is. */
enum status value_cast(struct func_ctx *x, struct value v, enum value_kind to, enum cast_mode mode,
		       struct value *ret) MUST_CHECK;

/* The whole text as a number, white space at the ends allowed. */
bool cast_text_to_int(struct str s, int64_t *ret);
bool cast_text_to_float(struct str s, double *ret);

#endif
