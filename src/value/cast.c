/* value/cast.c - conversion between kinds. */
#include "value/cast.h"

#include <math.h>

#include "base/buf.h"
#include "value/decimal.h"
#include "value/text.h"

#define TWO_63 9223372036854775808.0
#define SHOWN_MAX 40 /* bytes of a bad text that an error message quotes */

bool cast_text_to_int(struct str s, int64_t *ret)
{
	return str_to_i64(str_trim(s), ret);
}

bool cast_text_to_float(struct str s, double *ret)
{
	return str_to_double(str_trim(s), ret);
}

static enum status bad_text(struct func_ctx *x, struct value v, enum value_kind to,
			    enum cast_mode mode, struct value *ret)
{
	struct str s = value_text(v);

	if (mode == CAST_LENIENT) {
		*ret = VALUE_NULL;
		return ST_OK;
	}
	size_t shown = MIN_OF(s.len, (size_t)SHOWN_MAX);
	while (shown < s.len && shown > 0 && ((unsigned char)s.p[shown] & 0xc0) == 0x80)
		shown--; /* not through the middle of a code point */
	return diag_set(x->diag, GQL_BAD_CAST_TEXT, x->offset, "'%.*s%s' is no %s", (int)shown, s.p,
			shown < s.len ? "..." : "", value_kind_name(to));
}

static enum status no_cast(struct func_ctx *x, struct value v, enum value_kind to)
{
	return diag_set(x->diag, GQL_WRONG_TYPE, x->offset, "a %s cannot become a %s",
			value_kind_name((enum value_kind)v.kind), value_kind_name(to));
}

static enum status float_to_int(struct func_ctx *x, double f, struct value *ret)
{
	if (!(f >= -TWO_63 && f < TWO_63))
		return diag_set(x->diag, GQL_OUT_OF_RANGE, x->offset, "%g does not fit in 64 bits",
				f);
	*ret = value_int((int64_t)f);
	return ST_OK;
}

/* toInteger('1.7') is 1; CAST('1.7' AS INT) is an error. */
static enum status text_to_int(struct func_ctx *x, struct value v, enum cast_mode mode,
			       struct value *ret)
{
	int64_t i;
	double f;

	if (cast_text_to_int(value_text(v), &i)) {
		*ret = value_int(i);
		return ST_OK;
	}
	if (mode == CAST_LENIENT && cast_text_to_float(value_text(v), &f) && f >= -TWO_63 &&
	    f < TWO_63)
		return float_to_int(x, f, ret);
	return bad_text(x, v, V_INT, mode, ret);
}

static enum status to_int(struct func_ctx *x, struct value v, enum cast_mode mode,
			  struct value *ret)
{
	int64_t i;
	double f;

	switch ((enum value_kind)v.kind) {
	case V_FLOAT:
		return float_to_int(x, v.f, ret);
	case V_BOOL:
		*ret = value_int(v.b ? 1 : 0);
		return ST_OK;
	case V_STRING:
		return text_to_int(x, v, mode, ret);
	case V_DECIMAL:
		if (decimal_to_i64(value_text(v), &i)) {
			*ret = value_int(i);
			return ST_OK;
		}
		if (str_to_double(value_text(v), &f))
			return float_to_int(x, f, ret);
		return no_cast(x, v, V_INT);
	default:
		return no_cast(x, v, V_INT);
	}
}

static enum status to_float(struct func_ctx *x, struct value v, enum cast_mode mode,
			    struct value *ret)
{
	double f;

	switch ((enum value_kind)v.kind) {
	case V_INT:
		*ret = value_float((double)v.i);
		return ST_OK;
	case V_STRING:
	case V_DECIMAL:
		if (!cast_text_to_float(value_text(v), &f))
			return bad_text(x, v, V_FLOAT, mode, ret);
		*ret = value_float(f);
		return ST_OK;
	default:
		return no_cast(x, v, V_FLOAT);
	}
}

static enum status to_bool(struct func_ctx *x, struct value v, enum cast_mode mode,
			   struct value *ret)
{
	struct str s;

	switch ((enum value_kind)v.kind) {
	case V_INT:
		*ret = value_bool(v.i != 0);
		return ST_OK;
	case V_STRING:
		s = str_trim(value_text(v));
		if (str_eq_nocase(s, STR("true")))
			*ret = value_bool(true);
		else if (str_eq_nocase(s, STR("false")))
			*ret = value_bool(false);
		else
			return bad_text(x, v, V_BOOL, mode, ret);
		return ST_OK;
	default:
		return no_cast(x, v, V_BOOL);
	}
}

static enum status to_string(struct func_ctx *x, struct value v, struct value *ret)
{
	struct buf text;

	if (v.kind == V_LIST || v.kind == V_MAP || v.kind == V_NODE || v.kind == V_EDGE ||
	    v.kind == V_PATH || v.kind == V_BYTES)
		return no_cast(x, v, V_STRING);
	buf_init(&text, MEM_QUERY, VALUE_STRING_MAX);
	text_put(&text, v, TEXT_PLAIN);
	struct str s = buf_ok(&text) ? arena_str(x->arena, buf_str(&text)) : STR_NULL;
	buf_release(&text);
	if (s.p == NULL)
		return func_no_memory(x);
	*ret = value_str(s);
	return ST_OK;
}

enum status value_cast(struct func_ctx *x, struct value v, enum value_kind to, enum cast_mode mode,
		       struct value *ret)
{
	if (value_is_null(v) || v.kind == to) {
		*ret = v;
		return ST_OK;
	}
	switch (to) {
	case V_BOOL:
		return to_bool(x, v, mode, ret);
	case V_INT:
		return to_int(x, v, mode, ret);
	case V_FLOAT:
		return to_float(x, v, mode, ret);
	case V_STRING:
		return to_string(x, v, ret);
	default:
		return diag_set(x->diag, GQL_FEATURE_NOT_SUPPORTED, x->offset,
				"a cast to %s is not supported", value_kind_name(to));
	}
}
