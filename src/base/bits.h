/* base/bits.h - words of bits.
 *
 * Room: base. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/attr.h"

static inline bool bit_get(const uint64_t *w, uint64_t i)
{
	return (w[i >> 6] >> (i & 63) & 1) != 0;
}
static inline void bit_set(uint64_t *w, uint64_t i)
{
	w[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void bit_clear(uint64_t *w, uint64_t i)
{
	w[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
static inline unsigned bit_first(uint64_t w) /* w != 0 */
{
	return (unsigned)__builtin_ctzll(w);
}
static inline unsigned bit_count(uint64_t w)
{
	return (unsigned)__builtin_popcountll(w);
}

#endif
