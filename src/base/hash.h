/* base/hash.h - hashing (xxHash), CRC32C and seedable random numbers.
 *
 * Room: base. hash_bytes is stable within a process only: never store it. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed); /* XXH3 64 */

static inline uint64_t hash_u64(uint64_t x) /* a finaliser: every bit moves every bit */
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

/* CRC32C (Castagnoli, RFC 3720 appendix B.4), continuing from crc; 0 to begin. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
/* The same without special instructions, for tests on machines that have them. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n);

/* xoshiro256**, seeded by splitmix64: for tests, jitter and sampling; never for secrets. */
struct rand {
	uint64_t s[4];
};
void rand_seed(struct rand *r, uint64_t seed);
uint64_t rand_u64(struct rand *r);
uint64_t rand_below(struct rand *r, uint64_t n); /* n > 0 */
/* Secret bytes from the kernel. */
void rand_secret(void *p, size_t n);

#endif
