/* value/temporal.c - the calendar, and temporal values from text. */
#include "value/temporal.h"

/* Days are counted in eras of 400 years (146097 days) that begin on 1 March, so that the leap day
 * is the last of its year. */
void temporal_civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	unsigned day_of_era = (unsigned)(days - era * 146097);
	unsigned year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
	    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month_from_march = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*ret_month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*ret_year = (int64_t)year_of_era + era * 400 + (*ret_month <= 2);
}

int64_t temporal_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned year_of_era = (unsigned)(y - era * 400);
	unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + (int64_t)day_of_era - 719468;
}

/* ---- text ------------------------------------------------------------------------------------ */

struct reader {
	struct func_ctx *x;
	enum value_kind kind;
	struct str text;
	size_t at;
};

static enum status bad_text(const struct reader *r)
{
	return diag_set(r->x->diag, GQL_BAD_DATETIME, r->x->offset, "'%.*s' is no %s",
			(int)MIN_OF(r->text.len, (size_t)40), r->text.p, value_kind_name(r->kind));
}

static enum status bad_field(const struct reader *r, const char *field)
{
	return diag_set(r->x->diag, GQL_DATETIME_OVERFLOW, r->x->offset,
			"the %s in '%.*s' is out of its range", field,
			(int)MIN_OF(r->text.len, (size_t)40), r->text.p);
}

static char peek(const struct reader *r)
{
	return r->at < r->text.len ? r->text.p[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->text.len || r->text.p[r->at] != c)
		return false;
	r->at++;
	return true;
}

static unsigned digits_ahead(const struct reader *r)
{
	unsigned n = 0;

	while (r->at + n < r->text.len && r->text.p[r->at + n] >= '0' &&
	       r->text.p[r->at + n] <= '9')
		n++;
	return n;
}

/* Exactly n digits. */
static bool number(struct reader *r, unsigned n, int64_t *ret)
{
	*ret = 0;
	if (digits_ahead(r) < n)
		return false;
	for (unsigned i = 0; i < n; i++)
		*ret = *ret * 10 + (r->text.p[r->at++] - '0');
	return true;
}

/* 2024-W09-4: the week that has 4 January is the first of its year. */
static enum status week_date(struct reader *r, int64_t year, bool dashes, int64_t *ret)
{
	int64_t week, day = 1, fourth = temporal_days(year, 1, 4);
	int64_t next = temporal_days(year + 1, 1, 4);
	/* 1970-01-01 was a Thursday, day 3 from Monday. */
	int64_t monday = fourth - ((fourth + 3) % 7 + 7) % 7;
	int64_t next_monday = next - ((next + 3) % 7 + 7) % 7;

	if (!number(r, 2, &week))
		return bad_text(r);
	if (dashes ? take(r, '-') : digits_ahead(r) == 1) {
		if (!number(r, 1, &day))
			return bad_text(r);
	}
	*ret = monday + (week - 1) * 7 + day - 1;
	if (week < 1 || day < 1 || day > 7 || *ret >= next_monday)
		return bad_field(r, "week");
	return ST_OK;
}

static enum status month_date(struct reader *r, int64_t year, int64_t month, int64_t day,
			      int64_t *ret)
{
	if (month < 1 || month > 12)
		return bad_field(r, "month");
	int64_t first = temporal_days(year, (unsigned)month, 1);
	int64_t next = month == 12 ? temporal_days(year + 1, 1, 1)
				   : temporal_days(year, (unsigned)month + 1, 1);
	if (day < 1 || day > next - first)
		return bad_field(r, "day");
	*ret = first + day - 1;
	return ST_OK;
}

static enum status ordinal_date(struct reader *r, int64_t year, int64_t day, int64_t *ret)
{
	*ret = temporal_days(year, 1, 1) + day - 1;
	return day >= 1 && *ret < temporal_days(year + 1, 1, 1) ? ST_OK : bad_field(r, "day");
}

/* What follows the year: -MM-DD, -MM, -DDD, -Www-D; or the same without dashes. */
static enum status date_text(struct reader *r, int64_t *ret)
{
	int64_t year, month = 1, day = 1;
	bool minus = take(r, '-');

	if (!minus)
		(void)take(r, '+');
	if (!number(r, 4, &year))
		return bad_text(r);
	year = minus ? -year : year;
	bool dashes = take(r, '-');
	if (take(r, 'W'))
		return week_date(r, year, dashes, ret);
	unsigned n = digits_ahead(r);
	if (n == 3) {
		(void)number(r, 3, &day);
		return ordinal_date(r, year, day, ret);
	}
	if (n == 0 && !dashes)
		return month_date(r, year, month, day, ret);
	if (n != 2 && (dashes || n != 4))
		return bad_text(r);
	(void)number(r, 2, &month);
	if (dashes ? take(r, '-') : digits_ahead(r) == 2) {
		if (!number(r, 2, &day))
			return bad_text(r);
	}
	return month_date(r, year, month, day, ret);
}

/* Digits behind the point of a second; those that are not kept must be 0. */
static enum status fraction(struct reader *r, int64_t *ret)
{
	unsigned n = digits_ahead(r);
	int64_t unit = US_PER_SECOND / 10;

	*ret = 0;
	if (n == 0)
		return bad_text(r);
	for (unsigned i = 0; i < n; i++, unit /= 10) {
		int64_t digit = r->text.p[r->at++] - '0';
		if (i >= TEMPORAL_DIGITS_MAX && digit != 0)
			return diag_set(r->x->diag, GQL_DATETIME_OVERFLOW, r->x->offset,
					"'%.*s' has more than %d digits of a second",
					(int)MIN_OF(r->text.len, (size_t)40), r->text.p,
					TEMPORAL_DIGITS_MAX);
		*ret += digit * unit;
	}
	return ST_OK;
}

/* hh, hh:mm, hh:mm:ss, hh:mm:ss.f; or the same without colons. */
static enum status time_text(struct reader *r, int64_t *ret)
{
	int64_t hour, minute = 0, second = 0, us = 0;

	if (!number(r, 2, &hour))
		return bad_text(r);
	bool colons = peek(r) == ':';
	if (take(r, ':') || digits_ahead(r) != 0) {
		if (!number(r, 2, &minute))
			return bad_text(r);
		if (colons ? take(r, ':') : digits_ahead(r) != 0) {
			if (!number(r, 2, &second))
				return bad_text(r);
			if (take(r, '.') || take(r, ','))
				TRY(fraction(r, &us));
		}
	}
	if (hour > 23)
		return bad_field(r, "hour");
	if (minute > 59)
		return bad_field(r, "minute");
	if (second > 59)
		return bad_field(r, "second");
	*ret = hour * US_PER_HOUR + minute * US_PER_MINUTE + second * US_PER_SECOND + us;
	return ST_OK;
}

/* Z, +hh, +hh:mm, +hhmm; *ret_any false when there is none. */
static enum status offset_text(struct reader *r, bool *ret_any, int64_t *ret)
{
	bool minus = peek(r) == '-';
	int64_t hours, minutes = 0;

	*ret_any = true;
	*ret = 0;
	if (take(r, 'Z') || take(r, 'z'))
		return ST_OK;
	if (!take(r, '+') && !take(r, '-')) {
		*ret_any = false;
		return ST_OK;
	}
	if (!number(r, 2, &hours))
		return bad_text(r);
	if (take(r, ':') || digits_ahead(r) != 0) {
		if (!number(r, 2, &minutes))
			return bad_text(r);
	}
	*ret = hours * 60 + minutes;
	if (minutes > 59 || *ret > TEMPORAL_OFFSET_MAX)
		return bad_field(r, "offset");
	*ret = minus ? -*ret : *ret;
	return ST_OK;
}

/* ---- durations ------------------------------------------------------------------------------- */

#define DURATION_DIGITS_MAX 9 /* of one number of a duration's text */

struct unit {
	char letter;
	bool time;
	int32_t months;
	int64_t us;
};

static const struct unit units[] = {
    {'Y', false, 12, 0},	   {'M', false, 1, 0},		{'W', false, 0, 7 * US_PER_DAY},
    {'D', false, 0, US_PER_DAY},   {'H', true, 0, US_PER_HOUR}, {'M', true, 0, US_PER_MINUTE},
    {'S', true, 0, US_PER_SECOND},
};

/* One number with its letter; only the smallest part of the text may have a fraction. */
static enum status duration_part(struct reader *r, bool time, unsigned *i_unit, int64_t *months,
				 int64_t *us)
{
	bool minus = take(r, '-');
	int64_t n, part = 0;

	if (!minus)
		(void)take(r, '+');
	unsigned digits = digits_ahead(r);
	if (digits == 0)
		return bad_text(r);
	if (digits > DURATION_DIGITS_MAX)
		return bad_field(r, "number");
	(void)number(r, digits, &n);
	bool broken = take(r, '.') || take(r, ',');
	if (broken)
		TRY(fraction(r, &part));
	for (unsigned i = *i_unit; i < ARRAY_LEN(units); i++) {
		const struct unit *u = &units[i];
		if (u->time != time || !take(r, u->letter))
			continue;
		if (broken && u->letter != 'S')
			return bad_text(r);
		*months += (minus ? -n : n) * u->months;
		*us += (minus ? -1 : 1) * (n * u->us + part);
		*i_unit = i + 1;
		return ST_OK;
	}
	return bad_text(r);
}

/* PnYnMnWnDTnHnMnS, each part at most once and in this order. */
static enum status duration_text(struct reader *r, struct value *ret)
{
	int64_t months = 0, us = 0;
	unsigned i_unit = 0;
	bool minus = take(r, '-'), time = false;

	if (!take(r, 'P') || r->at == r->text.len)
		return bad_text(r);
	while (r->at < r->text.len) {
		if (!time && take(r, 'T'))
			time = true;
		TRY(duration_part(r, time, &i_unit, &months, &us));
	}
	if (months > INT32_MAX || months < -INT32_MAX)
		return bad_field(r, "number");
	*ret = (struct value){.kind = V_DURATION,
			      .n = (uint32_t)(int32_t)(minus ? -months : months),
			      .i = minus ? -us : us};
	return ST_OK;
}

/* ---- the kinds ------------------------------------------------------------------------------- */

static bool has_date(enum value_kind k)
{
	return k == V_DATE || k == V_LOCAL_DATETIME || k == V_ZONED_DATETIME;
}

static bool has_offset(enum value_kind k)
{
	return k == V_ZONED_TIME || k == V_ZONED_DATETIME;
}

static enum status read_text(struct reader *r, bool *ret_offset, struct value *ret)
{
	int64_t days = 0, us = 0, offset = 0;

	*ret_offset = false;
	if (r->kind == V_DURATION)
		return duration_text(r, ret);
	if (has_date(r->kind))
		TRY(date_text(r, &days));
	if (r->kind != V_DATE) {
		bool between = !has_date(r->kind) || r->at == r->text.len || take(r, 'T') ||
			       take(r, 't') || take(r, ' ');
		if (!between)
			return bad_text(r);
		if (!has_date(r->kind) || r->at < r->text.len)
			TRY(time_text(r, &us));
		TRY(offset_text(r, ret_offset, &offset));
	}
	if (r->at != r->text.len)
		return bad_text(r);
	*ret = (struct value){.kind = r->kind, .i = us};
	if (r->kind == V_DATE)
		ret->i = days;
	else if (has_date(r->kind))
		ret->i = days * US_PER_DAY + us;
	if (r->kind == V_ZONED_DATETIME)
		ret->i -= offset * US_PER_MINUTE;
	ret->aux = has_offset(r->kind) ? (int16_t)offset : 0;
	return ST_OK;
}

enum status temporal_from_text(struct func_ctx *x, enum value_kind kind, struct str text,
			       struct value *ret)
{
	struct reader r = {.x = x, .kind = kind, .text = text};
	bool offset;

	TRY(read_text(&r, &offset, ret));
	return offset && !has_offset(kind) ? bad_text(&r) : ST_OK;
}

enum status temporal_literal(struct func_ctx *x, enum value_kind kind, struct str text,
			     struct value *ret)
{
	struct reader r = {.x = x, .kind = kind, .text = text};
	bool offset;

	TRY(read_text(&r, &offset, ret));
	if (has_offset(kind) && !offset)
		ret->kind = kind == V_ZONED_TIME ? V_LOCAL_TIME : V_LOCAL_DATETIME;
	return ST_OK;
}
