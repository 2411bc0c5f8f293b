/* value/text.c - values as text. */
#include "value/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value/temporal.h"

/* Digits and decimal exponent of |f|: the fewest of 15, 16 or 17 digits that read back as f. Any
 * decimal of at most 15 digits survives the way to a double and back. */
static unsigned shortest_digits(double f, char digits[18], int *ret_exponent)
{
	char text[40];
	unsigned n = 0;

	for (int precision = 14; precision <= 16; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, f);
		if (strtod(text, NULL) == f)
			break;
	}
	const char *e = strchr(text, 'e');
	for (const char *p = text; p < e; p++) {
		if (*p >= '0' && *p <= '9') /* the point depends on the locale: it is skipped */
			digits[n++] = *p;
	}
	while (n > 1 && digits[n - 1] == '0')
		n--;
	*ret_exponent = atoi(e + 1);
	return n;
}

/* d.ddde+x, with at least one digit behind the point. */
static char *put_scientific(char *out, const char *digits, unsigned n, int exponent)
{
	assert(n > 0);
	*out++ = digits[0];
	*out++ = '.';
	if (n == 1)
		*out++ = '0';
	for (unsigned i = 1; i < n; i++)
		*out++ = digits[i];
	return out + sprintf(out, "e%d", exponent);
}

static char *put_fixed(char *out, const char *digits, unsigned n, int exponent)
{
	int i = exponent < 0 ? exponent : 0; /* position of the digit that is written next */

	for (; i <= exponent || i < (int)n; i++) {
		*out++ = i >= 0 && i < (int)n ? digits[i] : '0';
		if (i == exponent) {
			*out++ = '.';
			if (i + 1 >= (int)n)
				*out++ = '0';
		}
	}
	return out;
}

size_t text_float(double f, char out[TEXT_FLOAT_MAX])
{
	char digits[18], *at = out;
	int exponent;

	if (isnan(f))
		return (size_t)sprintf(out, "NaN");
	if (isinf(f))
		return (size_t)sprintf(out, f < 0 ? "-Infinity" : "Infinity");
	if (signbit(f))
		*at++ = '-';
	unsigned n = shortest_digits(fabs(f), digits, &exponent);
	if (exponent < -5 || exponent > 15) {
		at = put_scientific(at, digits, n, exponent);
	} else if (exponent < 0) {
		*at++ = '0';
		*at++ = '.';
		for (int i = -1; i > exponent; i--)
			*at++ = '0';
		memcpy(at, digits, n);
		at += n;
	} else {
		at = put_fixed(at, digits, n, exponent);
	}
	*at = '\0';
	return (size_t)(at - out);
}

void text_put_quoted(struct buf *out, struct str s)
{
	buf_putc(out, '\'');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\'' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (c == '\r')
			buf_puts(out, "\\r");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04X", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '\'');
}

static bool is_plain_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return s.len > 0;
}

void text_put_name(struct buf *out, struct str name)
{
	if (is_plain_name(name)) {
		buf_put_str(out, name);
		return;
	}
	buf_putc(out, '`');
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '`')
			buf_putc(out, '`');
		buf_putc(out, name.p[i]);
	}
	buf_putc(out, '`');
}

static void put_date(struct buf *out, int64_t days)
{
	int64_t year;
	unsigned month, day;

	temporal_civil(days, &year, &month, &day);
	buf_printf(out, "%s%04" PRId64 "-%02u-%02u", year < 0 ? "-" : "", year < 0 ? -year : year,
		   month, day);
}

/* Microseconds without the zeros at their end: ".5", "" when there are none. */
static void put_fraction(struct buf *out, int64_t us)
{
	char text[16];
	int n = snprintf(text, sizeof text, ".%06" PRId64, us);

	while (n > 0 && text[n - 1] == '0')
		n--;
	if (n > 1)
		buf_put(out, text, (size_t)n);
}

/* hh:mm, and seconds only when there are some. */
static void put_time(struct buf *out, int64_t us)
{
	int64_t s = us / US_PER_SECOND;

	buf_printf(out, "%02" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60);
	if (us % US_PER_MINUTE == 0)
		return;
	buf_printf(out, ":%02" PRId64, s % 60);
	put_fraction(out, us % US_PER_SECOND);
}

static void put_datetime(struct buf *out, int64_t us)
{
	int64_t days = us / US_PER_DAY - (us % US_PER_DAY < 0);

	put_date(out, days);
	buf_putc(out, 'T');
	put_time(out, us - days * US_PER_DAY);
}

static void put_offset(struct buf *out, int minutes)
{
	if (minutes == 0)
		buf_putc(out, 'Z');
	else
		buf_printf(out, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
			   abs(minutes) % 60);
}

static void put_part(struct buf *out, int64_t n, char unit)
{
	if (n != 0)
		buf_printf(out, "%" PRId64 "%c", n, unit);
}

static void put_duration(struct buf *out, int32_t months, int64_t us)
{
	int64_t rest = us % US_PER_DAY, seconds = rest / US_PER_SECOND % 60;
	int64_t fraction = rest % US_PER_SECOND;

	if (months == 0 && us == 0) {
		buf_puts(out, "PT0S");
		return;
	}
	buf_putc(out, 'P');
	put_part(out, months / 12, 'Y');
	put_part(out, months % 12, 'M');
	put_part(out, us / US_PER_DAY, 'D');
	if (rest == 0)
		return;
	buf_putc(out, 'T');
	put_part(out, rest / (3600 * US_PER_SECOND), 'H');
	put_part(out, rest / (60 * US_PER_SECOND) % 60, 'M');
	if (seconds == 0 && fraction == 0)
		return;
	buf_printf(out, "%s%" PRId64, rest < 0 ? "-" : "", seconds < 0 ? -seconds : seconds);
	put_fraction(out, fraction < 0 ? -fraction : fraction);
	buf_putc(out, 'S');
}

static void put_temporal(struct buf *out, struct value v)
{
	switch ((enum value_kind)v.kind) {
	case V_DATE:
		put_date(out, v.i);
		break;
	case V_LOCAL_TIME:
		put_time(out, v.i);
		break;
	case V_ZONED_TIME:
		put_time(out, v.i);
		put_offset(out, v.aux);
		break;
	case V_LOCAL_DATETIME:
		put_datetime(out, v.i);
		break;
	case V_ZONED_DATETIME: /* kept in UTC, shown in its zone */
		put_datetime(out, v.i + v.aux * 60 * US_PER_SECOND);
		put_offset(out, v.aux);
		break;
	default:
		put_duration(out, (int32_t)v.n, v.i);
		break;
	}
}

static const char *temporal_prefix(enum value_kind k)
{
	switch (k) {
	case V_DATE:
		return "DATE";
	case V_LOCAL_TIME:
	case V_ZONED_TIME:
		return "TIME";
	case V_LOCAL_DATETIME:
	case V_ZONED_DATETIME:
		return "DATETIME";
	default:
		return "DURATION";
	}
}

static void put_entries(struct buf *out, const struct map_entry *e, uint32_t n)
{
	buf_putc(out, '{');
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		text_put_name(out, e[i].key);
		buf_puts(out, ": ");
		text_put(out, e[i].value, TEXT_GQL);
	}
	buf_putc(out, '}');
}

static void put_element(struct buf *out, struct value v)
{
	bool is_node = v.kind == V_NODE;

	buf_putc(out, is_node ? '(' : '[');
	if ((v.flags & VALUE_RESOLVED) == 0) {
		buf_printf(out, "#%" PRIu64, v.id);
	} else {
		const struct element *e = v.elem;
		for (uint32_t i = 0; i < e->n_labels; i++) {
			buf_putc(out, i == 0 ? ':' : '&');
			text_put_name(out, e->labels[i]);
		}
		if (e->n_props > 0) {
			if (e->n_labels > 0)
				buf_putc(out, ' ');
			put_entries(out, e->props, e->n_props);
		}
	}
	buf_putc(out, is_node ? ')' : ']');
}

/* An edge points as it is stored when its ends are known. */
static void put_path(struct buf *out, const struct path_value *p)
{
	text_put(out, p->nodes[0], TEXT_GQL);
	for (uint32_t i = 0; i < p->n_edges; i++) {
		const struct value *e = &p->edges[i];
		bool back =
		    (e->flags & VALUE_RESOLVED) != 0 && e->elem->from != value_elem_id(p->nodes[i]);
		buf_puts(out, back ? "<-" : "-");
		text_put(out, *e, TEXT_GQL);
		buf_puts(out, back ? "-" : "->");
		text_put(out, p->nodes[i + 1], TEXT_GQL);
	}
}

static void put_bytes(struct buf *out, struct str s)
{
	buf_puts(out, "X'");
	for (size_t i = 0; i < s.len; i++)
		buf_printf(out, "%02X", (unsigned char)s.p[i]);
	buf_putc(out, '\'');
}

static void put_list(struct buf *out, struct value v)
{
	buf_putc(out, '[');
	for (uint32_t i = 0; i < v.n; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		text_put(out, v.list[i], TEXT_GQL);
	}
	buf_putc(out, ']');
}

void text_put(struct buf *out, struct value v, enum text_style style)
{
	char number[TEXT_FLOAT_MAX];

	switch ((enum value_kind)v.kind) {
	case V_NULL:
		buf_puts(out, "null");
		break;
	case V_BOOL:
		buf_puts(out, v.b ? "true" : "false");
		break;
	case V_INT:
		buf_printf(out, "%" PRId64, v.i);
		break;
	case V_FLOAT:
		buf_put(out, number, text_float(v.f, number));
		break;
	case V_STRING:
		if (style == TEXT_GQL)
			text_put_quoted(out, value_text(v));
		else
			buf_put_str(out, value_text(v));
		break;
	case V_BYTES:
		put_bytes(out, value_text(v));
		break;
	case V_DECIMAL:
		buf_put_str(out, value_text(v));
		if (style == TEXT_GQL)
			buf_putc(out, 'M');
		break;
	case V_LIST:
		put_list(out, v);
		break;
	case V_MAP:
		put_entries(out, v.map, v.n);
		break;
	case V_NODE:
	case V_EDGE:
		put_element(out, v);
		break;
	case V_PATH:
		put_path(out, v.path);
		break;
	default:
		if (style == TEXT_GQL)
			buf_printf(out, "%s '", temporal_prefix((enum value_kind)v.kind));
		put_temporal(out, v);
		if (style == TEXT_GQL)
			buf_putc(out, '\'');
		break;
	}
}
