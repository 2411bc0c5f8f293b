/* value/order.h - equality, comparison, one total order, distinctness and its hash.
 *
 * Room:   value. Pure functions.
 * Source: openCypher 9 comparability and orderability, ISO/IEC 39075:2024 clause 19.3 where they
 *         agree; the answers where they differ stand in docs (null is largest, kinds do not compare).
 *
 * Integers and floats compare by exact value, never through a rounded double. Elements compare by id. */
#ifndef VALUE_ORDER_H
#define VALUE_ORDER_H

#include "value/value.h"

enum tri { TRI_FALSE, TRI_TRUE, TRI_UNKNOWN };

/* a = b, three-valued: null gives unknown, different kinds false, NaN differs from all; lists and
 * maps element by element. */
enum tri value_equal(struct value a, struct value b);

/* a < b, a <= b and so on where the kinds compare (numbers, strings, booleans, like temporals, lists);
 * TRI_UNKNOWN otherwise and with null. ret: -1, 0, 1. With NaN every comparison is false: *ret_nan. */
bool value_compare(struct value a, struct value b, int *ret, bool *ret_nan);

/* The total order of ORDER BY: map, node, edge, list, path, temporals, string, bytes, boolean, number,
 * NaN, null; -1, 0, 1. */
int value_order(struct value a, struct value b);

/* Whether two values are one group in DISTINCT and GROUP BY: null is null, NaN is NaN, 1 is 1.0. */
bool value_same(struct value a, struct value b);
/* Equal for values that are the same. */
uint64_t value_hash(struct value v);

/* Exact comparison of an integer and a float that is not NaN: -1, 0, 1. */
int int_float_order(int64_t i, double f);

#endif
