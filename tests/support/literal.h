/* tests/support/literal.h - the value of a GQL literal.
 *
 * Needs: gql, value. Memory: the arena's. */
#ifndef SUPPORT_LITERAL_H
#define SUPPORT_LITERAL_H

#include "value/value.h"

/* Literals, lists and maps of them, and a sign before a number; false for anything else. */
bool literal_value(struct arena *a, struct str text, struct value *ret);

#endif
