/* value/text.h - values as text.
 *
 * Room:   value.
 * Errors: the buffer's sticky error. */
#ifndef VALUE_TEXT_H
#define VALUE_TEXT_H

#include "base/buf.h"
#include "value/value.h"

enum text_style {
	TEXT_PLAIN, /* toString and table cells: a text stands for itself */
	TEXT_GQL,   /* a literal that the parser reads back as the same value, where it has one */
};

/* Texts inside lists, maps and elements are always quoted. Nodes: (:Label {key: value}), edges:
 * [:TYPE {key: value}]; when not resolved, by id: (#12), [#12]. */
void text_put(struct buf *out, struct value v, enum text_style style);

/* A quoted GQL string with escapes. */
void text_put_quoted(struct buf *out, struct str s);
/* A name as the parser takes it: in back quotes when it is no plain identifier. Whether it is a
 * reserved word is the caller's to know. */
void text_put_name(struct buf *out, struct str name);

/* The shortest digits that read back as the same double, always with a point or an exponent, so
 * that it reads back as a FLOAT; NaN, Infinity, -Infinity. Independent of the locale. */
#define TEXT_FLOAT_MAX 32
size_t text_float(double f, char out[TEXT_FLOAT_MAX]);

#endif
