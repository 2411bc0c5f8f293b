/* base/hash.c - xxHash, CRC32C by instruction or by table, random numbers. */
#include "base/hash.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>
#include <xxhash.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#define CRC32C_POLYNOMIAL 0x82f63b78u /* reflected */

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

/* table[k][b]: the remainder of byte b with k zero bytes behind it. */
static uint32_t crc_table[8][256];
static uint32_t (*crc_run)(uint32_t crc, const uint8_t *p, size_t n);
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void make_crc_table(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t r = b;
		for (unsigned bit = 0; bit < 8; bit++)
			r = r >> 1 ^ (r & 1 ? CRC32C_POLYNOMIAL : 0);
		crc_table[0][b] = r;
	}
	for (unsigned k = 1; k < 8; k++) {
		for (uint32_t b = 0; b < 256; b++) {
			uint32_t r = crc_table[k - 1][b];
			crc_table[k][b] = r >> 8 ^ crc_table[0][r & 0xff];
		}
	}
}

static uint32_t crc_by_table(uint32_t crc, const uint8_t *p, size_t n)
{
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t w;
		memcpy(&w, p, 8);
		w ^= crc;
		crc = 0;
		for (unsigned k = 0; k < 8; k++)
			crc ^= crc_table[7 - k][w >> (8 * k) & 0xff];
	}
	for (; n > 0; n--, p++)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 0xff];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p,
								     size_t n)
{
	uint64_t wide = crc;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t w;
		memcpy(&w, p, 8);
		wide = _mm_crc32_u64(wide, w);
	}
	crc = (uint32_t)wide;
	for (; n > 0; n--, p++)
		crc = _mm_crc32_u8(crc, *p);
	return crc;
}
#endif

static void choose_crc(void)
{
	make_crc_table();
	crc_run = crc_by_table;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		crc_run = crc_by_instruction;
#endif
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	pthread_once(&crc_once, choose_crc);
	return ~crc_run(~crc, p, n);
}

uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n)
{
	pthread_once(&crc_once, choose_crc);
	return ~crc_by_table(~crc, p, n);
}

static uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

void rand_seed(struct rand *r, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		uint64_t z = seed;
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		r->s[i] = z ^ z >> 31;
	}
}

uint64_t rand_u64(struct rand *r)
{
	uint64_t *s = r->s;
	uint64_t out = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return out;
}

uint64_t rand_below(struct rand *r, uint64_t n)
{
	assert(n > 0);
	uint64_t first_fair = (0 - n) % n; /* 2^64 mod n values at the start would be favoured */
	uint64_t v;

	do {
		v = rand_u64(r);
	} while (v < first_fair);
	return v % n;
}

void rand_secret(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		BUG_ON(got <= 0); /* going on without secrets would be worse */
		at += got;
		n -= (size_t)got;
	}
}
