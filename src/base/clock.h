/* base/clock.h - the time seam.
 *
 * Room: base. All time goes through the installed table, so that tests can lie about it. Threads:
 * reading from any; clock_install before threads start. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/attr.h"

struct clock_ops {
	uint64_t (*mono_ns)(void); /* monotone, arbitrary start */
	int64_t (*wall_us)(void);  /* microseconds since 1970-01-01 UTC */
};

extern const struct clock_ops clock_system;

void clock_install(const struct clock_ops *ops);
uint64_t clock_mono_ns(void);
int64_t clock_wall_us(void);

/* A clock that tests move by hand; install with clock_install(&clock_manual). */
extern const struct clock_ops clock_manual;
void clock_manual_set(uint64_t mono_ns, int64_t wall_us);
void clock_manual_advance(uint64_t ns); /* both clocks */

/* "2026-01-24 12:00:00.123456" in UTC, 26 characters and a zero. */
void clock_format(int64_t wall_us, char out[27]);

#endif
