/* value/order.h - equality, comparison, ordering and distinctness: four different questions.
 *
 * Room:   value. Pure functions.
 * Source: ISO/IEC 39075:2024 subclauses 4.16 and 19.3; where the standard leaves a choice: null is
 *         the largest, NaN the second largest in an ordering; numbers compare by exact value.
 *
 *                  null with null   NaN with NaN   1 with 1.0   values of different kinds
 *   value_eq       unknown          false          true         false
 *   value_compare  unknown          unordered      equal        unknown
 *   value_order    equal            equal          equal        by rank of the kinds
 *   value_same     true             true           true         false */
#ifndef VALUE_ORDER_H
#define VALUE_ORDER_H

#include "value/value.h"

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

/* The predicate `a = b`. Lists and maps: false when any pair is, else unknown when any pair is. */
enum truth value_eq(struct value a, struct value b);

enum comparison {
	CMP_LESS = -1,
	CMP_EQUAL = 0,
	CMP_GREATER = 1,
	CMP_UNORDERED, /* NaN takes part: <, <=, > and >= are all false */
	CMP_UNKNOWN,   /* null takes part, or the kinds have no common order: all are unknown */
};

/* What <, <=, > and >= ask. Lists compare element by element, then by length. */
enum comparison value_compare(struct value a, struct value b);

/* One total order over all values, for ORDER BY, min and max: below 0, 0, above 0. Ascending kinds:
 * map, node, edge, list, path, temporal kinds, string, bytes, boolean, number, NaN, null. */
int value_order(struct value a, struct value b);
/* Where the kind stands in value_order(): below 32; numbers, NaN among them, are of one kind. */
uint8_t value_kind_rank(enum value_kind k);
/* The length by which durations are ordered, in microseconds: the nearest double. */
double value_duration_length(struct value v);

/* Are they one for DISTINCT and grouping? The same as value_order() == 0, cheaper. */
bool value_same(struct value a, struct value b);
/* Equal for values that are the same. */
uint64_t value_hash(struct value v, uint64_t seed);

/* Exact comparison of a double, not NaN, with an integer: no rounding of either. */
int order_int_float(int64_t i, double f);

static inline enum truth truth_not(enum truth t)
{
	return t == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : t == TRUTH_FALSE ? TRUTH_TRUE : TRUTH_FALSE;
}

#endif
