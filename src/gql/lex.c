/* The lexer: one pass over the bytes, driven by a table of character classes. */
#include "gql/lex.h"

#include <unictype.h>
#include <unistr.h>

enum char_class {
	C_BAD,
	C_SPACE,
	C_LETTER,
	C_DIGIT,
	C_PUNCT,
	C_QUOTE,
	C_TICK,
	C_DOLLAR,
	C_AT,
	C_DOT,
	C_SLASH,
	C_MINUS,
	C_HIGH, /* a byte of a code point above U+007F */
};

static const uint8_t classes[256] = {
    ['\t' ... '\r'] = C_SPACE, [' '] = C_SPACE,	 ['a' ... 'z'] = C_LETTER,
    ['A' ... 'Z'] = C_LETTER,  ['_'] = C_LETTER, ['0' ... '9'] = C_DIGIT,
    ['!'] = C_PUNCT,	       ['%'] = C_PUNCT,	 ['&'] = C_PUNCT,
    ['('] = C_PUNCT,	       [')'] = C_PUNCT,	 ['*'] = C_PUNCT,
    ['+'] = C_PUNCT,	       [','] = C_PUNCT,	 [':'] = C_PUNCT,
    [';'] = C_PUNCT,	       ['<'] = C_PUNCT,	 ['='] = C_PUNCT,
    ['>'] = C_PUNCT,	       ['?'] = C_PUNCT,	 ['['] = C_PUNCT,
    [']'] = C_PUNCT,	       ['^'] = C_PUNCT,	 ['{'] = C_PUNCT,
    ['|'] = C_PUNCT,	       ['}'] = C_PUNCT,	 ['~'] = C_PUNCT,
    ['\''] = C_QUOTE,	       ['"'] = C_QUOTE,	 ['`'] = C_TICK,
    ['$'] = C_DOLLAR,	       ['@'] = C_AT,	 ['.'] = C_DOT,
    ['/'] = C_SLASH,	       ['-'] = C_MINUS,	 [0x80 ... 0xff] = C_HIGH,
};

static const struct {
	struct str text;
	bool reserved;
} keywords[] = {
#define KEYWORD(name, reserved, slot) {{#name, sizeof(#name) - 1}, reserved},
#include "gql/keyword.def"
#undef KEYWORD
};

static const uint16_t slots[KEYWORD_SLOTS] = {
#define KEYWORD(name, reserved, slot) [slot] = KW_##name,
#include "gql/keyword.def"
#undef KEYWORD
};

struct str keyword_text(uint16_t code)
{
	return keywords[code - KW_BEFORE_FIRST - 1].text;
}

bool keyword_is_reserved(uint16_t code)
{
	return code > KW_BEFORE_FIRST && keywords[code - KW_BEFORE_FIRST - 1].reserved;
}

static uint32_t upper(char c)
{
	return (unsigned char)c & 0xdfu;
}

uint32_t keyword_hash(const char *s, size_t len)
{
	uint32_t h = (uint32_t)len * 212 + upper(s[0]) * 51 + upper(s[1]) * 231 +
		     upper(s[len / 2]) * 39 + upper(s[len - 1]) * 87 + upper(s[len - 2]) * 219;

	return h * 0x9e3779b1u >> 13 & (KEYWORD_SLOTS - 1);
}

uint16_t keyword_find(struct str s)
{
	if (s.len < 2 || s.len > KEYWORD_LENGTH_MAX)
		return 0;
	uint16_t code = slots[keyword_hash(s.p, s.len)];
	if (code == 0)
		return 0;
	struct str k = keywords[code - KW_BEFORE_FIRST - 1].text;
	if (k.len != s.len)
		return 0;
	for (size_t i = 0; i < s.len; i++)
		if (k.p[i] != s.p[i] &&
		    (classes[(unsigned char)s.p[i]] != C_LETTER || upper(k.p[i]) != upper(s.p[i])))
			return 0;
	return code;
}

struct lexer {
	struct arena *a;
	struct str text;
	size_t at;
	size_t after_last; /* end of the token before */
	struct token *v;
	uint32_t n, cap;
	bool pinned; /* in a LIMIT or OFFSET: what stands here shapes the plan */
	struct diag *d;
};

static enum status lex_fail(struct lexer *x, size_t at, const char *what)
{
	return diag_set(x->d, GQL_SYNTAX, (uint32_t)at, "%s", what);
}

static unsigned char at(const struct lexer *x, size_t i)
{
	return i < x->text.len ? (unsigned char)x->text.p[i] : 0;
}

/* The token before the one being made, or one of kind TOKEN_END. */
static struct token last(const struct lexer *x, uint32_t back)
{
	return x->n >= back ? x->v[x->n - back] : (struct token){.kind = TOKEN_END};
}

static enum status grow(struct lexer *x)
{
	uint32_t cap = x->cap * 2;

	if (x->n >= GQL_TOKENS_MAX)
		return diag_fail(x->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, (uint32_t)x->at,
				 "the statement has more than %u tokens (GQL_TOKENS_MAX)",
				 GQL_TOKENS_MAX);
	struct token *v = arena_alloc(x->a, (size_t)cap * sizeof(*v));
	if (v == NULL)
		return arena_over_budget(x->a) ? ST_LIMIT : ST_NOMEM;
	memcpy(v, x->v, (size_t)x->n * sizeof(*v));
	x->v = v;
	x->cap = cap;
	return ST_OK;
}

/* The token from x->at up to end. One place stays free for TOKEN_END. */
static inline enum status emit(struct lexer *x, enum token_kind kind, uint16_t code, unsigned flags,
			       size_t end)
{
	if (UNLIKELY(x->n + 1 >= x->cap))
		TRY(grow(x));
	if (x->at == x->after_last)
		flags |= TOKEN_JOINED;
	x->v[x->n++] = (struct token){
	    .kind = (uint8_t)kind,
	    .flags = (uint8_t)flags,
	    .code = code,
	    .offset = (uint32_t)x->at,
	    .length = (uint32_t)(end - x->at),
	};
	x->at = x->after_last = end;
	return ST_OK;
}

/* Length of the code point at i when it may stand in a name (at its start when `first`), else 0. */
static size_t high_name_char(const struct lexer *x, size_t i, bool first)
{
	ucs4_t c = 0;
	int n = u8_mbtouc(&c, (const uint8_t *)x->text.p + i, x->text.len - i);
	bool ok = first ? uc_is_property_xid_start(c) : uc_is_property_xid_continue(c);

	return ok && n > 0 ? (size_t)n : 0;
}

static size_t name_end(const struct lexer *x, size_t i)
{
	for (;;) {
		uint8_t c = classes[at(x, i)];
		if (c == C_LETTER || c == C_DIGIT) {
			i++;
		} else if (c == C_HIGH) {
			size_t n = high_name_char(x, i, false);
			if (n == 0)
				return i;
			i += n;
		} else {
			return i;
		}
	}
}

static enum status lex_name(struct lexer *x)
{
	size_t end = name_end(x, x->at);
	struct str s = {x->text.p + x->at, end - x->at};

	if (UNLIKELY(s.len > GQL_NAME_MAX))
		return diag_fail(x->d, ST_LIMIT, GQL_PROGRAM_LIMIT, (uint32_t)x->at,
				 "a name is longer than %u bytes (GQL_NAME_MAX)", GQL_NAME_MAX);
	uint16_t code = keyword_find(s);
	if (code == 0)
		return emit(x, TOKEN_NAME, 0, 0, end);
	if (code == KW_LIMIT || code == KW_OFFSET || code == KW_SKIP)
		x->pinned = true;
	else if (keyword_is_reserved(code))
		x->pinned = false;
	return emit(x, TOKEN_KEYWORD, code, 0, end);
}

/* Finds the quote that ends the text beginning at i; a doubled quote stands for one. */
static enum status quoted_end(struct lexer *x, size_t i, bool escapes, size_t *ret_end,
			      unsigned *ret_flags)
{
	char quote = (char)at(x, i);
	unsigned flags = 0;

	for (size_t j = i + 1; j < x->text.len; j++) {
		char c = x->text.p[j];
		if (c == quote) {
			if (at(x, j + 1) != (unsigned char)quote) {
				*ret_end = j + 1;
				*ret_flags = flags;
				return ST_OK;
			}
			flags |= TOKEN_ESCAPED;
			j++;
		} else if (c == '\\' && escapes) {
			flags |= TOKEN_ESCAPED;
			j++;
		}
	}
	return lex_fail(x, i,
			quote == '`' ? "unterminated name: the closing '`' is missing"
				     : "unterminated string: the closing quote is missing");
}

static bool may_lift_string(const struct lexer *x)
{
	switch (last(x, 1).code) {
	case KW_DATE:
	case KW_TIME:
	case KW_DATETIME:
	case KW_TIMESTAMP:
	case KW_DURATION:
	case KW_ZONE:
	case KW_AS:
	case '.':
		return false;
	default:
		return !x->pinned;
	}
}

static enum status lex_string(struct lexer *x)
{
	size_t end = 0;
	unsigned flags = 0;

	TRY(quoted_end(x, x->at, true, &end, &flags));
	return emit(x, TOKEN_STRING, 0, flags | (may_lift_string(x) ? TOKEN_LIFTED : 0), end);
}

static enum status lex_tick(struct lexer *x)
{
	size_t end = 0;
	unsigned flags = 0;

	TRY(quoted_end(x, x->at, false, &end, &flags));
	if (end - x->at == 2)
		return lex_fail(x, x->at, "a name cannot be empty");
	if (end - x->at > GQL_NAME_MAX)
		return diag_fail(x->d, ST_LIMIT, GQL_PROGRAM_LIMIT, (uint32_t)x->at,
				 "a name is longer than %u bytes (GQL_NAME_MAX)", GQL_NAME_MAX);
	return emit(x, TOKEN_QUOTED, 0, flags, end);
}

/* A string behind a letter or sign: @'raw', X'0aff'. */
static enum status lex_prefixed(struct lexer *x, enum token_kind kind)
{
	size_t end = 0;
	unsigned flags = 0;

	TRY(quoted_end(x, x->at + 1, false, &end, &flags));
	return emit(x, kind, 0, flags | (may_lift_string(x) ? TOKEN_LIFTED : 0), end);
}

static enum status lex_param(struct lexer *x)
{
	unsigned flags = 0;
	size_t i = x->at + 1, end = 0;

	if (at(x, i) == '$') {
		flags |= TOKEN_REFERENCE;
		i++;
	}
	if (at(x, i) == '`' || at(x, i) == '"') {
		unsigned escaped = 0;
		TRY(quoted_end(x, i, false, &end, &escaped));
		if (end - i == 2)
			return lex_fail(x, x->at, "a name cannot be empty");
		flags |= escaped;
	} else {
		end = name_end(x, i);
		if (end == i)
			return lex_fail(x, x->at, "expected the name of a parameter after '$'");
	}
	return emit(x, TOKEN_PARAM, 0, flags, end);
}

static size_t digits_end(const struct lexer *x, size_t i)
{
	while (classes[at(x, i)] == C_DIGIT ||
	       (at(x, i) == '_' && classes[at(x, i + 1)] == C_DIGIT))
		i++;
	return i;
}

static bool is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
	       (upper((char)c) >= 'A' && upper((char)c) <= 'F' && c > '9');
}

/* Numbers that shape the plan stay in its key: bounds of quantifiers and pages, and magnitudes that
 * are an INT only behind a minus sign. */
static bool may_lift_number(const struct lexer *x, size_t length)
{
	struct token t = last(x, 1), u = last(x, 2);

	if (x->pinned || length >= INT_DIGITS_SAFE)
		return false;
	if (t.kind == TOKEN_DOTDOT || t.code == '*' || t.code == '{' || t.code == KW_SHORTEST ||
	    t.code == KW_ANY)
		return false;
	if (t.code == ',')
		return u.code != '{' && !(u.kind == TOKEN_INT && !token_is_lifted(&u));
	return true;
}

static enum status number_fail(struct lexer *x, size_t end)
{
	size_t to = name_end(x, end);

	return diag_set(x->d, GQL_SYNTAX, (uint32_t)x->at, "malformed number '%.*s'",
			(int)MIN_OF(to - x->at, (size_t)64), x->text.p + x->at);
}

static enum status lex_radix(struct lexer *x)
{
	size_t from = x->at + 2, i = from;
	uint32_t letter = upper((char)at(x, x->at + 1));
	unsigned char top = letter == 'O' ? '7' : '1';

	while (letter == 'X' ? is_hex(at(x, i)) : at(x, i) >= '0' && at(x, i) <= top) {
		i++;
		if (at(x, i) == '_' && classes[at(x, i + 1)] != C_SPACE)
			i++;
	}
	if (i == from || name_end(x, i) != i)
		return number_fail(x, i);
	return emit(x, TOKEN_INT, 0, may_lift_number(x, i - x->at) ? TOKEN_LIFTED : 0, i);
}

static enum status lex_number(struct lexer *x)
{
	enum token_kind kind = TOKEN_INT;
	size_t i = x->at;

	if (at(x, i) == '0' && at(x, i + 1) != 0 && strchr("xXoObB", at(x, i + 1)) != NULL)
		return lex_radix(x);
	i = digits_end(x, i);
	if (at(x, i) == '.' && classes[at(x, i + 1)] == C_DIGIT) {
		kind = TOKEN_FLOAT;
		i = digits_end(x, i + 1);
	}
	if (upper((char)at(x, i)) == 'E') {
		size_t j = i + 1;
		if (at(x, j) == '+' || at(x, j) == '-')
			j++;
		if (classes[at(x, j)] == C_DIGIT) {
			kind = TOKEN_FLOAT;
			i = digits_end(x, j);
		}
	}
	unsigned char suffix = at(x, i);
	if (suffix != 0 && strchr("mMfFdD", suffix) != NULL && name_end(x, i) == i + 1) {
		kind = upper((char)suffix) == 'M' ? TOKEN_DECIMAL : TOKEN_FLOAT;
		i++;
	}
	if (name_end(x, i) != i)
		return number_fail(x, i);
	return emit(x, kind, 0, may_lift_number(x, i - x->at) ? TOKEN_LIFTED : 0, i);
}

static size_t skip_blanks(const struct lexer *x, size_t i)
{
	while (classes[at(x, i)] == C_SPACE)
		i++;
	return i;
}

/* `--` begins a comment unless an edge can stand there: `-->`, `<--`, and behind the end of a node,
 * a group or a quantifier when a node follows. */
static bool dashes_are_edge(const struct lexer *x)
{
	struct token t = last(x, 1);

	if (at(x, x->at + 2) == '>' || (t.code == '<' && x->at == x->after_last))
		return true;
	return (t.code == ')' || t.code == '}' || t.code == '+' || t.code == '*' ||
		t.code == '?') &&
	       at(x, skip_blanks(x, x->at + 2)) == '(';
}

static void skip_line(struct lexer *x)
{
	const char *nl = memchr(x->text.p + x->at, '\n', x->text.len - x->at);

	x->at = nl != NULL ? (size_t)(nl - x->text.p) : x->text.len;
}

static enum status skip_block(struct lexer *x)
{
	const char *end = memmem(x->text.p + x->at + 2, x->text.len - x->at - 2, "*/", 2);

	if (end == NULL)
		return lex_fail(x, x->at, "unterminated comment: the closing '*/' is missing");
	x->at = (size_t)(end - x->text.p) + 2;
	return ST_OK;
}

static enum status lex_punct(struct lexer *x)
{
	unsigned char c = at(x, x->at);

	if (c == '}' || c == ';')
		x->pinned = false;
	return emit(x, TOKEN_PUNCT, c, 0, x->at + 1);
}

static enum status lex_high(struct lexer *x)
{
	ucs4_t c = 0;
	int n = u8_mbtouc(&c, (const uint8_t *)x->text.p + x->at, x->text.len - x->at);

	if (uc_is_property_white_space(c) || c == 0xfeff) {
		x->at += (size_t)n;
		return ST_OK;
	}
	if (high_name_char(x, x->at, true) != 0)
		return lex_name(x);
	return diag_set(x->d, GQL_SYNTAX, (uint32_t)x->at, "unexpected character '%.*s' (U+%04X)",
			n, x->text.p + x->at, (unsigned)c);
}

static enum status lex_one(struct lexer *x)
{
	unsigned char c = at(x, x->at), next = at(x, x->at + 1);

	switch (classes[c]) {
	case C_SPACE:
		x->at++;
		return ST_OK;
	case C_LETTER:
		return upper((char)c) == 'X' && next == '\'' ? lex_prefixed(x, TOKEN_BYTES)
							     : lex_name(x);
	case C_DIGIT:
		return lex_number(x);
	case C_PUNCT:
		return lex_punct(x);
	case C_QUOTE:
		return lex_string(x);
	case C_TICK:
		return lex_tick(x);
	case C_DOLLAR:
		return lex_param(x);
	case C_AT:
		if (classes[next] == C_QUOTE)
			return lex_prefixed(x, TOKEN_STRING);
		break;
	case C_DOT:
		if (next == '.')
			return emit(x, TOKEN_DOTDOT, 0, 0, x->at + 2);
		return classes[next] == C_DIGIT ? lex_number(x) : lex_punct(x);
	case C_SLASH:
		if (next == '*')
			return skip_block(x);
		if (next != '/')
			return lex_punct(x);
		skip_line(x);
		return ST_OK;
	case C_MINUS:
		if (next != '-' || dashes_are_edge(x))
			return lex_punct(x);
		skip_line(x);
		return ST_OK;
	case C_HIGH:
		return lex_high(x);
	default:
		break;
	}
	if (c > ' ' && c < 0x7f)
		return diag_set(x->d, GQL_SYNTAX, (uint32_t)x->at, "unexpected character '%c'", c);
	return diag_set(x->d, GQL_SYNTAX, (uint32_t)x->at, "unexpected character (byte 0x%02x)", c);
}

static enum status check_text(struct str text, struct diag *d)
{
	if (text.len > GQL_TEXT_MAX)
		return diag_fail(d, ST_LIMIT, GQL_TOO_LARGE, DIAG_NO_POSITION,
				 "the statement has %zu bytes, the limit is %u (GQL_TEXT_MAX)",
				 text.len, GQL_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++)
		if (UNLIKELY((unsigned char)text.p[i] >= 0x80))
			return utf8_valid(text) ? ST_OK
						: diag_set(d, GQL_BAD_TEXT, DIAG_NO_POSITION,
							   "the statement is not valid UTF-8");
	return ST_OK;
}

enum status gql_lex(struct arena *a, struct str text, struct token_list *ret, struct diag *d)
{
	struct lexer x = {.a = a, .text = text, .after_last = SIZE_MAX, .d = d};

	TRY(check_text(text, d));
	x.cap = (uint32_t)(text.len / 3) + 16;
	x.v = arena_alloc(a, (size_t)x.cap * sizeof(*x.v));
	if (x.v == NULL)
		return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
	while (x.at < text.len)
		TRY(lex_one(&x));
	TRY(emit(&x, TOKEN_END, 0, 0, text.len));
	*ret = (struct token_list){.n = x.n - 1, .v = x.v};
	return ST_OK;
}
