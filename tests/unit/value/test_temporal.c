/* The calendar, and temporal values from text. */
#include "tests/unit/value/value_test.h"

#include "base/hash.h"
#include "value/temporal.h"
#include "value/text.h"

static void every_day_is_found_again(void **state)
{
	int64_t first = temporal_days(-TEMPORAL_YEAR_MAX, 1, 1);
	int64_t last = temporal_days(TEMPORAL_YEAR_MAX, 12, 31);
	int64_t before = -TEMPORAL_YEAR_MAX, year;
	unsigned month, day;

	assert_int_equal(temporal_days(1970, 1, 1), 0);
	assert_int_equal(temporal_days(2000, 3, 1), 11017);
	for (int64_t n = first; n <= last; n++) {
		temporal_civil(n, &year, &month, &day);
		if (temporal_days(year, month, day) != n || year < before)
			fail_msg("day %lld", (long long)n);
		before = year;
	}
	assert_int_equal(year, TEMPORAL_YEAR_MAX);
}

static void text_and_back(void **state)
{
	static const uint8_t kinds[] = {V_DATE,		  V_LOCAL_TIME,	    V_ZONED_TIME,
					V_LOCAL_DATETIME, V_ZONED_DATETIME, V_DURATION};
	struct test_ctx t;
	struct rand r;
	struct buf out;

	ctx_init(&t);
	rand_seed(&r, 7);
	buf_init(&out, MEM_OTHER, 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct value v = {.kind = kinds[i % ARRAY_LEN(kinds)]}, back;
		bool zoned = v.kind == V_ZONED_TIME || v.kind == V_ZONED_DATETIME;
		v.i = (int64_t)rand_below(&r, (uint64_t)US_PER_DAY);
		if (v.kind == V_DATE)
			v.i = (int64_t)rand_below(&r, 100000) - 50000;
		if (v.kind == V_LOCAL_DATETIME || v.kind == V_ZONED_DATETIME)
			v.i += ((int64_t)rand_below(&r, 100000) - 50000) * US_PER_DAY;
		if (v.kind == V_DURATION)
			v.n = (uint32_t)rand_below(&r, 1000);
		if (zoned)
			v.aux = (int16_t)((int)rand_below(&r, 1000) - 500);
		buf_reset(&out);
		text_put(&out, v, TEXT_PLAIN);
		if (temporal_from_text(&t.x, (enum value_kind)v.kind, buf_str(&out), &back) !=
		    ST_OK)
			fail_msg("%s: %s", buf_cstr(&out), t.diag.message);
		assert_int_equal(back.i, v.i);
		assert_int_equal(back.aux, v.aux);
		assert_int_equal(back.n, v.n);
	}
	buf_release(&out);
	ctx_release(&t);
}

static void text_that_is_none(void **state)
{
	static const struct {
		uint8_t kind;
		const char *text;
	} t[] = {
	    {V_DATE, ""},
	    {V_DATE, "2024-"},
	    {V_DATE, "24-01-01"},
	    {V_DATE, "2024-1-1"},
	    {V_DATE, "2024-01-01T"},
	    {V_DATE, "2024-W54"},
	    {V_DATE, "2023-366"},
	    {V_DATE, "2023-02-29"},
	    {V_LOCAL_TIME, "1"},
	    {V_LOCAL_TIME, "10:60"},
	    {V_LOCAL_TIME, "10:00:00."},
	    {V_LOCAL_TIME, "10:00Z"},
	    {V_ZONED_TIME, "10:00+19:00"},
	    {V_ZONED_DATETIME, "2024-01-01T10:00[Europe/Rome]"},
	    {V_DURATION, "P"},
	    {V_DURATION, "P1"},
	    {V_DURATION, "P1H"},
	    {V_DURATION, "P1D1Y"},
	    {V_DURATION, "PT1.5H"},
	    {V_DURATION, "P9999999999Y"},
	    {V_DURATION, "P999999999Y"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct test_ctx c;
		struct value v;
		ctx_init(&c);
		if (temporal_from_text(&c.x, (enum value_kind)t[i].kind, str_of(t[i].text), &v) !=
		    ST_INVALID)
			fail_msg("%s", t[i].text);
		assert_true(diag_is_set(&c.diag));
		ctx_release(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_is_found_again),
	    cmocka_unit_test(text_and_back),
	    cmocka_unit_test(text_that_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
