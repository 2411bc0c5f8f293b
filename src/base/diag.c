/* base/diag.c - the user's error record. */
#include "base/diag.h"

#include <stdio.h>

static const struct {
	char code[6];
	const char *text;
} gqlstatus_list[] = {
#define GQLSTATUS(name, code, text) {code, text},
#include "base/gqlstatus.def"
#undef GQLSTATUS
};

void diag_reset(struct diag *d)
{
	d->code = GQL_SUCCESS;
	d->offset = DIAG_NO_POSITION;
	d->length = 0;
	d->message[0] = '\0';
	d->hint[0] = '\0';
	d->cause = GQL_SUCCESS;
	d->cause_message[0] = '\0';
}

/* Formats into a fixed field; a text that does not fit ends at the last whole code point. */
static void format_field(char *out, size_t cap, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, cap, fmt, ap);

	if (n < 0) {
		out[0] = '\0';
		return;
	}
	if ((size_t)n < cap)
		return;
	size_t len = cap - 1;
	size_t start = len;
	while (start > 0 && ((unsigned char)out[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	start--;
	if (!utf8_valid((struct str){out + start, len - start}))
		out[start] = '\0';
}

static void diag_vset(struct diag *d, enum gqlstatus code, uint32_t offset, const char *fmt,
		      va_list ap)
{
	assert(code != GQL_SUCCESS);
	if (diag_is_set(d))
		return;
	diag_reset(d);
	d->code = code;
	d->offset = offset;
	format_field(d->message, sizeof d->message, fmt, ap);
}

enum status(diag_set)(struct diag *d, enum gqlstatus code, uint32_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vset(d, code, offset, fmt, ap);
	va_end(ap);
	return ST_INVALID;
}

enum status(diag_fail)(struct diag *d, enum status st, enum gqlstatus code, uint32_t offset,
		       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vset(d, code, offset, fmt, ap);
	va_end(ap);
	return st;
}

void diag_hint(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_field(d->hint, sizeof d->hint, fmt, ap);
	va_end(ap);
}

const char *gqlstatus_code(enum gqlstatus s)
{
	assert((size_t)s < ARRAY_LEN(gqlstatus_list));
	return gqlstatus_list[s].code;
}

const char *gqlstatus_text(enum gqlstatus s)
{
	assert((size_t)s < ARRAY_LEN(gqlstatus_list));
	return gqlstatus_list[s].text;
}

bool gqlstatus_find(struct str code, enum gqlstatus *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(gqlstatus_list); i++) {
		if (str_eq(code, str_of(gqlstatus_list[i].code))) {
			*ret = (enum gqlstatus)i;
			return true;
		}
	}
	return false;
}

void diag_position(struct str text, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	size_t end = MIN_OF((size_t)offset, text.len);
	size_t line_start = 0;
	uint32_t line = 1;

	for (size_t i = 0; i < end; i++) {
		if (text.p[i] == '\n') {
			line++;
			line_start = i + 1;
		}
	}
	*ret_line = line;
	*ret_column = 1 + (uint32_t)utf8_count((struct str){text.p + line_start, end - line_start});
}
