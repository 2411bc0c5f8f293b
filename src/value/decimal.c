/* value/decimal.c - exact comparison of decimal texts. */
#include "value/decimal.h"

#include <stdio.h>

#define DOUBLE_FRACTION_DIGITS 1074 /* the smallest double has so many, and no more are needed */

struct parts {
	bool negative;
	struct str whole, fraction; /* without leading, and without trailing zeros */
};

static struct parts split(struct str s)
{
	struct parts p = {.negative = s.len > 0 && s.p[0] == '-'};

	if (s.len > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.len--;
	}
	size_t point = 0;
	while (point < s.len && s.p[point] >= '0' && s.p[point] <= '9')
		point++;
	p.whole = (struct str){s.p, point};
	while (p.whole.len > 0 && p.whole.p[0] == '0') {
		p.whole.p++;
		p.whole.len--;
	}
	if (point < s.len)
		p.fraction = (struct str){s.p + point + 1, s.len - point - 1};
	while (p.fraction.len > 0 && p.fraction.p[p.fraction.len - 1] == '0')
		p.fraction.len--;
	if (p.whole.len == 0 && p.fraction.len == 0)
		p.negative = false;
	return p;
}

int decimal_cmp(struct str a_text, struct str b_text)
{
	struct parts a = split(a_text), b = split(b_text);

	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	int c = (a.whole.len > b.whole.len) - (a.whole.len < b.whole.len);
	if (c == 0)
		c = str_cmp(a.whole, b.whole);
	if (c == 0)
		c = str_cmp(a.fraction, b.fraction);
	return a.negative ? -c : c;
}

struct str decimal_of_double(double f, char out[DECIMAL_DOUBLE_MAX])
{
	int n = snprintf(out, DECIMAL_DOUBLE_MAX, "%.*f", DOUBLE_FRACTION_DIGITS, f);

	assert(n > 0 && n < DECIMAL_DOUBLE_MAX);
	return (struct str){out, (size_t)n};
}

bool decimal_to_i64(struct str s, int64_t *ret)
{
	struct parts p = split(s);
	char text[32];

	if (p.fraction.len != 0 || p.whole.len > 20)
		return false;
	int n = snprintf(text, sizeof text, "%s%s" STR_FMT, p.negative ? "-" : "",
			 p.whole.len == 0 ? "0" : "", STR_ARG(p.whole));
	return str_to_i64((struct str){text, (size_t)n}, ret);
}
