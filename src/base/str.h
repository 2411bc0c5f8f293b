/* base/str.h - borrowed text: pointer and length, not terminated, never owned.
 *
 * Room: base. A struct str is passed by value. The bytes belong to somebody else and live as long
 * as that owner says. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <string.h>

#include "base/attr.h"

struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).p

static inline struct str str_of(const char *z)
{
	return (struct str){z, z != NULL ? strlen(z) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline int str_cmp(struct str a, struct str b)
{
	size_t n = MIN_OF(a.len, b.len);
	int c = n != 0 ? memcmp(a.p, b.p, n) : 0;
	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

/* ASCII letters compare without case; other bytes exactly. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s); /* without ASCII white space at both ends */

/* Parses a whole decimal number; false when there is anything else or it does not fit. */
bool str_to_u64(struct str s, uint64_t *ret);
bool str_to_i64(struct str s, int64_t *ret);
/* Locale-independent; accepts what strtod accepts except hex floats. */
bool str_to_double(struct str s, double *ret);

/* Bytes to code points: the number of code points in valid UTF-8; utf8_valid says whether it is.
 * (RFC 3629: no surrogates, nothing above U+10FFFF, shortest form only.) */
bool utf8_valid(struct str s);
size_t utf8_count(struct str s);
/* Writes 1 to 4 bytes, returns how many; 0 for a surrogate or a value above U+10FFFF. */
unsigned utf8_put(char out[4], uint32_t code_point);

/* Edit distance (insert, delete, replace, swap of neighbours), at most max + 1; for hints. */
unsigned str_distance(struct str a, struct str b, unsigned max);

#endif
