/* value/temporal_arith.c - durations added to dates and times and to one another. */
#include "value/temporal.h"

#define YEAR_DAYS 366 /* at least those of a year */

static enum status overflow(struct func_ctx *x, enum value_kind kind)
{
	return diag_set(x->diag, GQL_DATETIME_OVERFLOW, x->offset, "the result is no %s: %s",
			value_kind_name(kind),
			kind == V_DURATION ? "it is too long"
					   : "its year is not within -9999 to 9999");
}

static unsigned month_length(int64_t year, unsigned month)
{
	int64_t next =
	    month == 12 ? temporal_days(year + 1, 1, 1) : temporal_days(year, month + 1, 1);

	return (unsigned)(next - temporal_days(year, month, 1));
}

/* The same day so many months on, or the last of a month that is too short. */
static int64_t add_months(int64_t days, int64_t months)
{
	int64_t year;
	unsigned month, day;

	temporal_civil(days, &year, &month, &day);
	int64_t n = year * 12 + (int64_t)month - 1 + months;
	year = n / 12 - (n % 12 < 0);
	month = (unsigned)(n - year * 12) + 1;
	return temporal_days(year, month, MIN_OF(day, month_length(year, month)));
}

static bool within_years(int64_t days)
{
	return days >= temporal_days(-TEMPORAL_YEAR_MAX, 1, 1) &&
	       days < temporal_days(TEMPORAL_YEAR_MAX + 1, 1, 1);
}

/* A civil day and microseconds of it, moved by a duration. */
static enum status move(struct func_ctx *x, enum value_kind kind, int64_t months, int64_t us,
			int64_t *days, int64_t *of_day)
{
	int64_t far = (int64_t)YEAR_DAYS * 2 * TEMPORAL_YEAR_MAX;

	if (months / 12 > 2 * TEMPORAL_YEAR_MAX || months / 12 < -2 * TEMPORAL_YEAR_MAX ||
	    us / US_PER_DAY > far || us / US_PER_DAY < -far)
		return overflow(x, kind);
	if (months != 0)
		*days = add_months(*days, months);
	us += *of_day;
	int64_t whole = us / US_PER_DAY - (us % US_PER_DAY < 0);
	*days += whole;
	*of_day = us - whole * US_PER_DAY;
	return within_years(*days) ? ST_OK : overflow(x, kind);
}

static enum status add_to(struct func_ctx *x, struct value v, int64_t months, int64_t us,
			  struct value *ret)
{
	int64_t zone = v.kind == V_ZONED_DATETIME ? v.aux * US_PER_MINUTE : 0;
	int64_t local = v.i + zone, days, of_day;

	*ret = v;
	switch ((enum value_kind)v.kind) {
	case V_DATE: /* hours are no part of a date */
		days = v.i;
		of_day = 0;
		TRY(move(x, V_DATE, months, us / US_PER_DAY * US_PER_DAY, &days, &of_day));
		ret->i = days;
		return ST_OK;
	case V_LOCAL_TIME:
	case V_ZONED_TIME: /* a time goes round the clock */
		of_day = (v.i + us % US_PER_DAY) % US_PER_DAY;
		ret->i = of_day < 0 ? of_day + US_PER_DAY : of_day;
		return ST_OK;
	default:
		days = local / US_PER_DAY - (local % US_PER_DAY < 0);
		of_day = local - days * US_PER_DAY;
		TRY(move(x, (enum value_kind)v.kind, months, us, &days, &of_day));
		ret->i = days * US_PER_DAY + of_day - zone;
		return ST_OK;
	}
}

static enum status duration(struct func_ctx *x, int64_t months, bool over, int64_t us,
			    struct value *ret)
{
	if (over || months > INT32_MAX || months < -INT32_MAX || us == INT64_MIN)
		return overflow(x, V_DURATION);
	*ret = (struct value){.kind = V_DURATION, .n = (uint32_t)(int32_t)months, .i = us};
	return ST_OK;
}

enum status temporal_add(struct func_ctx *x, struct value a, struct value b, bool minus,
			 struct value *ret)
{
	int64_t months = (int32_t)b.n, us = b.i, sum;

	if (minus) {
		months = -months;
		us = -us;
	}
	if (a.kind != V_DURATION)
		return add_to(x, a, months, us, ret);
	bool over = __builtin_add_overflow(a.i, us, &sum);
	return duration(x, (int32_t)a.n + months, over, sum, ret);
}

enum status temporal_times(struct func_ctx *x, struct value a, int64_t n, struct value *ret)
{
	int64_t months, us;
	bool over = __builtin_mul_overflow((int64_t)(int32_t)a.n, n, &months) ||
		    __builtin_mul_overflow(a.i, n, &us);

	return duration(x, over ? 0 : months, over, over ? 0 : us, ret);
}
