/* value/decimal.h - exact comparison of numbers that are written in decimal.
 *
 * Room: value; used by order.c. A canonical text is [-]digits[.digits], no leading zeros but one
 * before the point, no zeros at the end of the fraction, never "-0". */
#ifndef VALUE_DECIMAL_H
#define VALUE_DECIMAL_H

#include "base/str.h"

/* Below 0, 0, above 0. Also takes texts with spare zeros. */
int decimal_cmp(struct str a, struct str b);
/* The exact decimal text of a finite double, as long as it is. */
#define DECIMAL_DOUBLE_MAX 1400
struct str decimal_of_double(double f, char out[DECIMAL_DOUBLE_MAX]);
/* An integer value, when it is one and fits. */
bool decimal_to_i64(struct str s, int64_t *ret);

#endif
