/* value/temporal.h - dates, times, datetimes and durations: the calendar, text, parts.
 *
 * Room:    value.
 * Threads: pure functions.
 * Units:   days and microseconds as in value.h; the calendar is the proleptic Gregorian one.
 * Errors:  ST_INVALID with 22007 (no such text or part) or 22008 (a field out of its range).
 * Source:  ISO 8601-1:2019 for the forms of text and for weeks. */
#ifndef VALUE_TEMPORAL_H
#define VALUE_TEMPORAL_H

#include "value/value.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR (60 * US_PER_MINUTE)
#define US_PER_DAY (24 * US_PER_HOUR)
#define TEMPORAL_YEAR_MAX 9999	      /* years run from -9999 to 9999 */
#define TEMPORAL_OFFSET_MAX (18 * 60) /* minutes from UTC */
#define TEMPORAL_DIGITS_MAX 6	      /* of a second */

/* The date of a day number, 0 being 1970-01-01, and back. */
void temporal_civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);
int64_t temporal_days(int64_t year, unsigned month, unsigned day);

/* The text as a value of the kind. V_ZONED_TIME and V_ZONED_DATETIME without an offset are UTC's.
 */
enum status temporal_from_text(struct func_ctx *x, enum value_kind kind, struct str text,
			       struct value *ret) MUST_CHECK;
/* TIME '..', DATETIME '..': with an offset as said, without one the local kind. */
enum status temporal_literal(struct func_ctx *x, enum value_kind kind, struct str text,
			     struct value *ret) MUST_CHECK;
/* From {year: 2024, month: 2, ...}: parts that are left out behind the last one given are the
 * lowest. */
enum status temporal_from_map(struct func_ctx *x, enum value_kind kind, struct value map,
			      struct value *ret) MUST_CHECK;
/* v.year and the like; false: the kind has no such part. */
bool temporal_part(struct value v, struct str name, struct value *ret);

/* a + b or a - b: b is a duration, a anything temporal. A month that is too short gives its last
 * day; what is less than a day does not move a date, and days do not move a time. */
enum status temporal_add(struct func_ctx *x, struct value a, struct value b, bool minus,
			 struct value *ret) MUST_CHECK;
/* A duration n times. */
enum status temporal_times(struct func_ctx *x, struct value a, int64_t n,
			   struct value *ret) MUST_CHECK;

#endif
