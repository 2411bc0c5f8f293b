/* What a token stands for: values of literals, spelling of names. */
#include <math.h>

#include "gql/lex.h"

struct place {
	struct str text;
	const struct token *t;
	struct diag *d;
};

static enum status literal_fail(const struct place *p, size_t at, const char *what)
{
	return diag_set(p->d, GQL_SYNTAX, p->t->offset + (uint32_t)at, "%s", what);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hex digits at s[*i]; false when there are fewer. */
static bool hex_number(struct str s, size_t *i, unsigned n, uint32_t *ret)
{
	uint32_t v = 0;

	for (unsigned k = 0; k < n; k++) {
		int h = *i < s.len ? hex_digit(s.p[*i]) : -1;
		if (h < 0)
			return false;
		v = v << 4 | (uint32_t)h;
		++*i;
	}
	*ret = v;
	return true;
}

/* The code point of a \u or \U at s[*i] (behind the letter); two \u may be a surrogate pair. */
static bool unicode_escape(struct str s, size_t *i, bool wide, uint32_t *ret)
{
	uint32_t c = 0, low = 0;

	if (!hex_number(s, i, wide ? 6 : 4, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00 && !wide && *i + 1 < s.len && s.p[*i] == '\\' &&
	    s.p[*i + 1] == 'u') {
		*i += 2;
		if (!hex_number(s, i, 4, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*ret = c;
	return true;
}

/* One escape at s[*i] (behind the backslash), written to out; the result is never longer than what
 * was written. 0: not an escape. */
static unsigned unescape(struct str s, size_t *i, char out[4])
{
	static const char from[] = "\\'\"`tbnrf", to[] = "\\'\"`\t\b\n\r\f";
	char c = *i < s.len ? s.p[*i] : '\0';
	const char *hit = c != '\0' ? strchr(from, c) : NULL;
	uint32_t code_point = 0;

	if (hit != NULL) {
		++*i;
		out[0] = to[hit - from];
		return 1;
	}
	if (c != 'u' && c != 'U')
		return 0;
	++*i;
	return unicode_escape(s, i, c == 'U', &code_point) ? utf8_put(out, code_point) : 0;
}

/* s: between the quotes. */
static enum status unquote(struct arena *a, const struct place *p, struct str s, char quote,
			   bool escapes, struct str *ret)
{
	char *out = arena_alloc_aligned(a, s.len + 4, 1);
	size_t n = 0;

	if (out == NULL)
		return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
	for (size_t i = 0; i < s.len;) {
		char c = s.p[i++];
		if (c == quote) {
			i++; /* its double */
		} else if (c == '\\' && escapes) {
			size_t from = i - 1;
			unsigned k = unescape(s, &i, out + n);
			if (k == 0)
				return literal_fail(p, from + 1, "malformed escape in a string");
			n += k;
			continue;
		}
		out[n++] = c;
	}
	*ret = (struct str){out, n};
	return ST_OK;
}

static enum status string_value(struct arena *a, const struct place *p, struct value *ret)
{
	struct str s = token_text(p->text, p->t);
	bool raw = s.p[0] == '@';

	if (raw)
		s = (struct str){s.p + 1, s.len - 1};
	char quote = s.p[0];
	s = (struct str){s.p + 1, s.len - 2};
	if ((p->t->flags & TOKEN_ESCAPED) != 0)
		TRY(unquote(a, p, s, quote, !raw, &s));
	*ret = value_str(s);
	return ST_OK;
}

static enum status bytes_value(struct arena *a, const struct place *p, struct value *ret)
{
	struct str s = token_text(p->text, p->t);
	char *out = arena_alloc_aligned(a, s.len, 1);
	size_t n = 0;
	int high = -1;

	if (out == NULL)
		return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
	for (size_t i = 2; i + 1 < s.len; i++) {
		int h = hex_digit(s.p[i]);
		if (s.p[i] == ' ')
			continue;
		if (h < 0)
			return literal_fail(p, i, "a byte string holds hexadecimal digits only");
		if (high < 0) {
			high = h;
		} else {
			out[n++] = (char)(high << 4 | h);
			high = -1;
		}
	}
	if (high >= 0)
		return literal_fail(p, 0, "a byte string needs an even number of digits");
	*ret = (struct value){.kind = V_BYTES, .n = (uint32_t)n, .s = out};
	return ST_OK;
}

static enum status too_big(const struct place *p)
{
	return diag_set(p->d, GQL_SYNTAX, p->t->offset, "the number '%.*s' is out of range",
			(int)MIN_OF(p->t->length, 64u), p->text.p + p->t->offset);
}

enum status token_int(struct str text, const struct token *t, bool negative, int64_t *ret,
		      struct diag *d)
{
	const struct place p = {.text = text, .t = t, .d = d};
	const uint64_t max = (uint64_t)INT64_MAX + negative;
	struct str s = token_text(text, t);
	unsigned base = 10;
	uint64_t v = 0;
	size_t i = 0;

	if (s.len > 2 && s.p[0] == '0') {
		char c = s.p[1] | 0x20;
		base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
		i = base == 10 ? 0 : 2;
	}
	for (; i < s.len; i++) {
		if (s.p[i] == '_')
			continue;
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)hex_digit(s.p[i]), &v) || v > max)
			return too_big(&p);
	}
	*ret = (int64_t)(negative ? 0 - v : v);
	return ST_OK;
}

/* The digits without separators and suffix, in the arena. */
static struct str plain_number(struct arena *a, struct str s)
{
	char *out = arena_alloc_aligned(a, s.len + 1, 1);
	size_t n = 0;

	if (out == NULL)
		return STR_NULL;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '_' && strchr("mMfFdD", s.p[i]) == NULL)
			out[n++] = s.p[i];
	out[n] = '\0';
	return (struct str){out, n};
}

static enum status number_value(struct arena *a, const struct place *p, struct value *ret)
{
	struct str s = plain_number(a, token_text(p->text, p->t));
	double f = 0;

	if (s.p == NULL)
		return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
	if (p->t->kind == TOKEN_DECIMAL) {
		*ret = (struct value){.kind = V_DECIMAL, .n = (uint32_t)s.len, .s = s.p};
		return ST_OK;
	}
	if (!str_to_double(s, &f) || !isfinite(f))
		return too_big(p);
	*ret = value_float(f);
	return ST_OK;
}

enum status gql_token_value(struct arena *a, struct str text, const struct token *t,
			    struct value *ret, struct diag *d)
{
	const struct place p = {.text = text, .t = t, .d = d};

	switch (t->kind) {
	case TOKEN_STRING:
		return string_value(a, &p, ret);
	case TOKEN_BYTES:
		return bytes_value(a, &p, ret);
	case TOKEN_INT:
		*ret = value_int(0);
		return token_int(text, t, false, &ret->i, d);
	case TOKEN_FLOAT:
	case TOKEN_DECIMAL:
		return number_value(a, &p, ret);
	default:
		return literal_fail(&p, 0, "expected a literal");
	}
}

struct str token_name(struct arena *a, struct str text, const struct token *t)
{
	struct str s = token_text(text, t);

	if (t->kind == TOKEN_PARAM) {
		size_t skip = (t->flags & TOKEN_REFERENCE) != 0 ? 2 : 1;
		s = (struct str){s.p + skip, s.len - skip};
	}
	if (s.p[0] != '`' && s.p[0] != '"' && s.p[0] != '\'')
		return s;
	char quote = s.p[0];
	s = (struct str){s.p + 1, s.len - 2};
	if ((t->flags & TOKEN_ESCAPED) != 0) {
		const struct place p = {.text = text, .t = t};
		struct str plain = STR_NULL;
		if (unquote(a, &p, s, quote, false, &plain) != ST_OK)
			return STR_NULL;
		s = plain;
	}
	return s;
}
