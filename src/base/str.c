/* base/str.c - borrowed text, numbers in it, UTF-8. */
#include "base/str.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>

#define NUMBER_TEXT_MAX 1100 /* bytes; the longest text that str_to_double looks at */

static char lower_ascii(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower_ascii(a.p[i]) != lower_ascii(b.p[i]))
			return false;
	}
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq((struct str){s.p, prefix.len}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       str_eq((struct str){s.p + (s.len - suffix.len), suffix.len}, suffix);
}

struct str str_trim(struct str s)
{
	while (s.len > 0 && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool str_to_u64(struct str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (unsigned)(s.p[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool str_to_i64(struct str s, int64_t *ret)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	uint64_t v;

	if (s.len > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.len--;
	}
	if (!str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return false;
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

/* strtod reads the decimal point of the process's locale, so the "C" locale is asked for by name.
 */
static locale_t c_locale;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool str_to_double(struct str s, double *ret)
{
	char text[NUMBER_TEXT_MAX];
	char *end;

	if (s.len == 0 || s.len >= sizeof text || is_space(s.p[0]) ||
	    memchr(s.p, 'x', s.len) != NULL || memchr(s.p, 'X', s.len) != NULL ||
	    memchr(s.p, '\0', s.len) != NULL)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';

	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_c_locale);
	double v = c_locale != (locale_t)0 ? strtod_l(text, &end, c_locale) : strtod(text, &end);
	if (end != text + s.len)
		return false;
	*ret = v;
	return true;
}

/* Length of the valid sequence that begins at p, 0 when there is none (Unicode, table 3-7). */
static unsigned sequence_length(const uint8_t *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;

	unsigned n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint8_t low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	uint8_t high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (unsigned i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool utf8_valid(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t i = 0;

	while (i < s.len) {
		while (s.len - i >= 8) { /* most text is ASCII: eight bytes at a time */
			uint64_t word;
			memcpy(&word, p + i, 8);
			if ((word & UINT64_C(0x8080808080808080)) != 0)
				break;
			i += 8;
		}
		if (i == s.len)
			break;
		unsigned n = sequence_length(p + i, s.len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

unsigned utf8_put(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		if (c >= 0xd800 && c <= 0xdfff)
			return 0;
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	if (c > 0x10ffff)
		return 0;
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

#define DISTANCE_TEXT_MAX 64 /* bytes; longer names are never a hint */

unsigned str_distance(struct str a, struct str b, unsigned max)
{
	unsigned rows[3][DISTANCE_TEXT_MAX + 1]; /* two rows back, one back, this one */

	if (a.len > DISTANCE_TEXT_MAX || b.len > DISTANCE_TEXT_MAX)
		return max + 1;
	for (unsigned j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned best = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);
			best = MIN_OF(best, up[j] + 1);
			best = MIN_OF(best, row[j - 1] + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				best = MIN_OF(best, up2[j - 2] + 1);
			row[j] = best;
		}
	}
	return MIN_OF(rows[a.len % 3][b.len], max + 1);
}
