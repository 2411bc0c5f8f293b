/* tests/differential/random.h - numbers that depend on a seed alone. */
#ifndef DIFFERENTIAL_RANDOM_H
#define DIFFERENTIAL_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Below n, n > 0. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/* True in so many of a hundred cases. */
static inline bool rng_percent(struct rng *r, uint32_t percent)
{
	return rng_below(r, 100) < percent;
}

static inline struct rng rng_of(uint64_t seed, uint64_t stream, uint64_t n)
{
	struct rng r = {.state = seed};

	r.state = rng_next(&r) ^ stream * UINT64_C(0xd1342543de82ef95);
	r.state = rng_next(&r) ^ n * UINT64_C(0x2545f4914f6cdd1d);
	(void)rng_next(&r);
	return r;
}

#endif
