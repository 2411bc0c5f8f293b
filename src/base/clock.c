/* base/clock.c - the system's clocks, and one that tests move. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WALL_US_MIN INT64_C(-62167219200000000) /* 0000-01-01 */
#define WALL_US_MAX INT64_C(253402300799999999) /* 9999-12-31 23:59:59.999999 */

static uint64_t system_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int64_t system_wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const struct clock_ops clock_system = {system_mono_ns, system_wall_us};

static _Atomic uint64_t manual_mono;
static _Atomic int64_t manual_wall;

static uint64_t manual_mono_ns(void)
{
	return atomic_load(&manual_mono);
}

static int64_t manual_wall_us(void)
{
	return atomic_load(&manual_wall);
}

const struct clock_ops clock_manual = {manual_mono_ns, manual_wall_us};

void clock_manual_set(uint64_t mono_ns, int64_t wall_us)
{
	atomic_store(&manual_mono, mono_ns);
	atomic_store(&manual_wall, wall_us);
}

void clock_manual_advance(uint64_t ns)
{
	atomic_fetch_add(&manual_mono, ns);
	atomic_fetch_add(&manual_wall, (int64_t)(ns / 1000));
}

static const struct clock_ops *installed = &clock_system;

void clock_install(const struct clock_ops *ops)
{
	installed = ops;
}

uint64_t clock_mono_ns(void)
{
	return installed->mono_ns();
}

int64_t clock_wall_us(void)
{
	return installed->wall_us();
}

void clock_format(int64_t wall_us, char out[27])
{
	wall_us = MIN_OF(MAX_OF(wall_us, WALL_US_MIN), WALL_US_MAX);
	int64_t us = wall_us % 1000000;
	if (us < 0)
		us += 1000000;
	time_t seconds = (time_t)((wall_us - us) / 1000000);
	struct tm tm;
	char text[64]; /* larger than needed: the compiler cannot see the ranges */

	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%06d", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)us);
	memcpy(out, text, 26);
	out[26] = '\0';
}
