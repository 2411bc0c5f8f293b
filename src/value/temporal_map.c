/* value/temporal_map.c - temporal values from their parts, and their parts. */
#include "value/temporal.h"

#define PART_MAX INT64_C(1000000000) /* of a duration */

struct parts {
	struct func_ctx *x;
	struct value map;
	uint32_t n_used;
	/* Of date: x, time: x or datetime: x, in whose place the other parts are put. */
	bool has_date, has_zone;
	int64_t days, us;
	int16_t zone;
};

static bool date_part(int64_t days, struct str name, int64_t *ret);
static bool time_part(int64_t us, struct str name, int64_t *ret);

/* A whole number between low and high; absent: the default. */
static enum status part(struct parts *p, const char *name, int64_t low, int64_t high,
			int64_t absent, int64_t *ret)
{
	const struct value *v = value_map_get(p->map, str_of(name));

	*ret = absent;
	if (v == NULL)
		return ST_OK;
	p->n_used++;
	if (v->kind != V_INT)
		return diag_set(p->x->diag, GQL_WRONG_TYPE, p->x->offset,
				"'%s' is a %s, not an INT", name,
				value_kind_name((enum value_kind)v->kind));
	if (v->i < low || v->i > high)
		return diag_set(p->x->diag, GQL_DATETIME_OVERFLOW, p->x->offset,
				"'%s' is out of its range", name);
	*ret = v->i;
	return ST_OK;
}

static bool given(const struct parts *p, const char *name)
{
	return value_map_get(p->map, str_of(name)) != NULL;
}

static int64_t week_monday(int64_t year)
{
	int64_t fourth = temporal_days(year, 1, 4);

	return fourth - ((fourth + 3) % 7 + 7) % 7;
}

static enum status check_end(struct parts *p, int64_t day, int64_t end)
{
	if (day < end)
		return ST_OK;
	return diag_set(p->x->diag, GQL_DATETIME_OVERFLOW, p->x->offset,
			"there is no such day in that month, quarter or year");
}

static int64_t of_date(const struct parts *p, const char *name, int64_t absent)
{
	int64_t n = absent;

	if (p->has_date)
		(void)date_part(p->days, str_of(name), &n);
	return n;
}

static int64_t of_time(const struct parts *p, const char *name)
{
	int64_t n = 0;

	(void)time_part(p->us, str_of(name), &n);
	return n;
}

static enum status date_parts(struct parts *p, int64_t *ret)
{
	bool week = given(p, "week") || given(p, "dayOfWeek");
	bool quarter = given(p, "quarter") || given(p, "dayOfQuarter");
	int64_t year, a, b;

	if (!p->has_date && !given(p, "year"))
		return diag_set(p->x->diag, GQL_BAD_DATETIME, p->x->offset,
				"a date needs a 'year'");
	TRY(part(p, "year", -TEMPORAL_YEAR_MAX, TEMPORAL_YEAR_MAX,
		 of_date(p, week ? "weekYear" : "year", 0), &year));
	if (week) {
		TRY(part(p, "week", 1, 53, of_date(p, "week", 1), &a));
		TRY(part(p, "dayOfWeek", 1, 7, of_date(p, "dayOfWeek", 1), &b));
		*ret = week_monday(year) + (a - 1) * 7 + b - 1;
		return check_end(p, *ret, week_monday(year + 1));
	}
	if (given(p, "ordinalDay")) {
		TRY(part(p, "ordinalDay", 1, 366, 1, &a));
		*ret = temporal_days(year, 1, 1) + a - 1;
		return check_end(p, *ret, temporal_days(year + 1, 1, 1));
	}
	if (quarter) {
		TRY(part(p, "quarter", 1, 4, of_date(p, "quarter", 1), &a));
		TRY(part(p, "dayOfQuarter", 1, 92, of_date(p, "dayOfQuarter", 1), &b));
		*ret = temporal_days(year, (unsigned)(a * 3 - 2), 1) + b - 1;
		return check_end(p, *ret,
				 a == 4 ? temporal_days(year + 1, 1, 1)
					: temporal_days(year, (unsigned)(a * 3 + 1), 1));
	}
	TRY(part(p, "month", 1, 12, of_date(p, "month", 1), &a));
	TRY(part(p, "day", 1, 31, of_date(p, "day", 1), &b));
	*ret = temporal_days(year, (unsigned)a, 1) + b - 1;
	return check_end(p, *ret,
			 a == 12 ? temporal_days(year + 1, 1, 1)
				 : temporal_days(year, (unsigned)a + 1, 1));
}

/* Each smaller part counts on from the larger: millisecond 1, microsecond 2 is 1002 us. */
static enum status time_parts(struct parts *p, int64_t *ret)
{
	int64_t hour, minute, second, ms, us, ns;
	bool has_ms = given(p, "millisecond"), has_us = given(p, "microsecond");
	int64_t rest = has_ms || has_us || given(p, "nanosecond") ? 0 : p->us % US_PER_SECOND;

	TRY(part(p, "hour", 0, 23, of_time(p, "hour"), &hour));
	TRY(part(p, "minute", 0, 59, of_time(p, "minute"), &minute));
	TRY(part(p, "second", 0, 59, of_time(p, "second"), &second));
	TRY(part(p, "millisecond", 0, 999, 0, &ms));
	TRY(part(p, "microsecond", 0, has_ms ? 999 : 999999, 0, &us));
	TRY(part(p, "nanosecond", 0, has_us ? 999 : has_ms ? 999999 : 999999999, 0, &ns));
	if (ns % 1000 != 0)
		return diag_set(p->x->diag, GQL_DATETIME_OVERFLOW, p->x->offset,
				"a time keeps %d digits of a second: 'nanosecond' is no whole "
				"number of microseconds",
				TEMPORAL_DIGITS_MAX);
	*ret = hour * US_PER_HOUR + minute * US_PER_MINUTE + second * US_PER_SECOND + ms * 1000 +
	       us + ns / 1000 + rest;
	return ST_OK;
}

/* timezone: '+01:00' or 'Z'; named zones are not known. */
static enum status zone_part(struct parts *p, int16_t *ret)
{
	const struct value *v = value_map_get(p->map, STR("timezone"));
	char text[32];
	struct value time;

	*ret = p->zone;
	if (v == NULL)
		return ST_OK;
	p->n_used++;
	if (v->kind != V_STRING || v->n == 0 || v->n + 5 > sizeof text ||
	    (v->s[0] != '+' && v->s[0] != '-' && v->s[0] != 'Z'))
		return diag_set(p->x->diag, GQL_BAD_DATETIME, p->x->offset,
				"'timezone' is an offset from UTC: '+01:00'");
	memcpy(text, "00:00", 5);
	memcpy(text + 5, v->s, v->n);
	TRY(temporal_from_text(p->x, V_ZONED_TIME, (struct str){text, v->n + 5}, &time));
	*ret = time.aux;
	return ST_OK;
}

static void split_days(int64_t us, int64_t *ret_days, int64_t *ret_us)
{
	*ret_days = us / US_PER_DAY - (us % US_PER_DAY < 0);
	*ret_us = us - *ret_days * US_PER_DAY;
}

/* date: x, time: x, datetime: x */
static enum status base(struct parts *p, const char *name, bool date, bool time)
{
	const struct value *v = value_map_get(p->map, str_of(name));
	int64_t days = 0, us = 0;

	if (v == NULL)
		return ST_OK;
	p->n_used++;
	bool is_date = v->kind == V_DATE, zoned = v->kind == V_ZONED_TIME;
	bool is_time = v->kind == V_LOCAL_TIME || zoned;
	bool both = v->kind == V_LOCAL_DATETIME || v->kind == V_ZONED_DATETIME;
	if (!both && ((date && !is_date) || (time && !is_time)))
		return diag_set(p->x->diag, GQL_WRONG_TYPE, p->x->offset,
				"'%s' is a %s: it has not all of that", name,
				value_kind_name((enum value_kind)v->kind));
	zoned = zoned || v->kind == V_ZONED_DATETIME;
	if (both)
		split_days(v->i + (zoned ? v->aux * US_PER_MINUTE : 0), &days, &us);
	if (date) {
		p->has_date = true;
		p->days = both ? days : v->i;
	}
	if (time) {
		p->us = both ? us : v->i;
		p->has_zone = zoned;
		p->zone = zoned ? v->aux : 0;
	}
	return ST_OK;
}

/* What is taken from a value of another zone is the same moment in this one. */
static void move_zone(struct parts *p, int16_t zone)
{
	int64_t days;

	if (!p->has_zone || zone == p->zone)
		return;
	split_days(p->us + (zone - p->zone) * US_PER_MINUTE, &days, &p->us);
	p->days += days;
}

static enum status duration_parts(struct parts *p, struct value *ret)
{
	static const struct {
		const char *name;
		int64_t months, us;
	} units[] = {
	    {"years", 12, 0},
	    {"quarters", 3, 0},
	    {"months", 1, 0},
	    {"weeks", 0, 7 * US_PER_DAY},
	    {"days", 0, US_PER_DAY},
	    {"hours", 0, US_PER_HOUR},
	    {"minutes", 0, US_PER_MINUTE},
	    {"seconds", 0, US_PER_SECOND},
	    {"milliseconds", 0, 1000},
	    {"microseconds", 0, 1},
	};
	int64_t months = 0, us = 0, n;

	for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
		int64_t max = units[i].months != 0 ? INT32_MAX / 24 : PART_MAX;
		if (units[i].us >= US_PER_DAY)
			max = 5 * 1000 * 1000;
		TRY(part(p, units[i].name, -max, max, 0, &n));
		months += n * units[i].months;
		us += n * units[i].us;
	}
	*ret = (struct value){.kind = V_DURATION, .n = (uint32_t)(int32_t)months, .i = us};
	return ST_OK;
}

static enum status read_parts(struct parts *p, enum value_kind kind, struct value *ret)
{
	bool date = kind == V_DATE || kind == V_LOCAL_DATETIME || kind == V_ZONED_DATETIME;
	int64_t days = 0, us = 0;

	if (kind == V_DURATION)
		return duration_parts(p, ret);
	*ret = (struct value){.kind = kind};
	TRY(base(p, "datetime", date, kind != V_DATE));
	if (date)
		TRY(base(p, "date", true, false));
	if (kind != V_DATE)
		TRY(base(p, "time", false, true));
	if (kind == V_ZONED_TIME || kind == V_ZONED_DATETIME) {
		TRY(zone_part(p, &ret->aux));
		move_zone(p, ret->aux);
	}
	if (date)
		TRY(date_parts(p, &days));
	if (kind != V_DATE)
		TRY(time_parts(p, &us));
	ret->i = kind == V_DATE ? days : days * US_PER_DAY + us;
	if (kind == V_ZONED_DATETIME)
		ret->i -= ret->aux * US_PER_MINUTE;
	return ST_OK;
}

enum status temporal_from_map(struct func_ctx *x, enum value_kind kind, struct value map,
			      struct value *ret)
{
	struct parts p = {.x = x, .map = map};

	TRY(read_parts(&p, kind, ret));
	if (p.n_used == map.n && map.n != 0)
		return ST_OK;
	return diag_set(x->diag, GQL_BAD_DATETIME, x->offset,
			"the map names what is no part of a %s", value_kind_name(kind));
}

/* ---- parts of a value ------------------------------------------------------------------------ */

static bool date_part(int64_t days, struct str name, int64_t *ret)
{
	int64_t year, week_year;
	unsigned month, day;

	temporal_civil(days, &year, &month, &day);
	week_year = year + 1;
	while (week_monday(week_year) > days)
		week_year--;
	const struct {
		const char *name;
		int64_t value;
	} parts[] = {
	    {"year", year},
	    {"quarter", (month + 2) / 3},
	    {"month", month},
	    {"week", (days - week_monday(week_year)) / 7 + 1},
	    {"weekYear", week_year},
	    {"dayOfQuarter", days - temporal_days(year, (month - 1) / 3 * 3 + 1, 1) + 1},
	    {"ordinalDay", days - temporal_days(year, 1, 1) + 1},
	    {"dayOfWeek", ((days + 3) % 7 + 7) % 7 + 1},
	    {"weekDay", ((days + 3) % 7 + 7) % 7 + 1},
	    {"day", day},
	};
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
		if (str_eq(name, str_of(parts[i].name))) {
			*ret = parts[i].value;
			return true;
		}
	}
	return false;
}

static bool time_part(int64_t us, struct str name, int64_t *ret)
{
	const struct {
		const char *name;
		int64_t value;
	} parts[] = {
	    {"hour", us / US_PER_HOUR},		 {"minute", us / US_PER_MINUTE % 60},
	    {"second", us / US_PER_SECOND % 60}, {"millisecond", us % US_PER_SECOND / 1000},
	    {"microsecond", us % US_PER_SECOND}, {"nanosecond", us % US_PER_SECOND * 1000},
	};
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
		if (str_eq(name, str_of(parts[i].name))) {
			*ret = parts[i].value;
			return true;
		}
	}
	return false;
}

static bool instant_part(struct value v, struct str name, int64_t *ret)
{
	bool second = str_eq(name, STR("epochSeconds"));

	if (v.kind != V_ZONED_DATETIME || (!second && !str_eq(name, STR("epochMillis"))))
		return false;
	int64_t unit = second ? US_PER_SECOND : 1000;
	*ret = v.i / unit - (v.i % unit < 0);
	return true;
}

static bool duration_part(struct value v, struct str name, int64_t *ret)
{
	int64_t months = (int32_t)v.n;
	const struct {
		const char *name;
		int64_t value;
	} parts[] = {
	    {"years", months / 12},
	    {"months", months},
	    {"monthsOfYear", months % 12},
	    {"days", v.i / US_PER_DAY},
	    {"hours", v.i % US_PER_DAY / US_PER_HOUR},
	    {"minutes", v.i % US_PER_DAY / US_PER_MINUTE},
	    {"seconds", v.i % US_PER_DAY / US_PER_SECOND},
	};
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
		if (str_eq(name, str_of(parts[i].name))) {
			*ret = parts[i].value;
			return true;
		}
	}
	return false;
}

bool temporal_part(struct value v, struct str name, struct value *ret)
{
	bool zoned = v.kind == V_ZONED_TIME || v.kind == V_ZONED_DATETIME;
	int64_t n = 0, us = v.i + (v.kind == V_ZONED_DATETIME ? v.aux * US_PER_MINUTE : 0);
	int64_t days = us / US_PER_DAY - (us % US_PER_DAY < 0);
	bool there;

	if (v.kind == V_DURATION)
		there = duration_part(v, name, &n);
	else if (v.kind == V_DATE)
		there = date_part(v.i, name, &n);
	else if (v.kind == V_LOCAL_TIME || v.kind == V_ZONED_TIME)
		there = time_part(us, name, &n);
	else
		there = date_part(days, name, &n) || time_part(us - days * US_PER_DAY, name, &n) ||
			instant_part(v, name, &n);
	if (!there && zoned && str_eq(name, STR("offsetMinutes"))) {
		n = v.aux;
		there = true;
	}
	*ret = value_int(n);
	return there;
}
