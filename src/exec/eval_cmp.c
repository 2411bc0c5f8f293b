/* exec/eval_cmp.c - comparison steps: whole columns of one kind at once, anything else by values.
 */
#include "exec/expr_int.h"
#include "exec/regex.h"

/* Null where an operand is; both columns are pure. */
static void merge_nulls(struct column *dst, const struct column *a, uint32_t n_rows)
{
	if (!a->has_null)
		return;
	dst->has_null = true;
	if (a->is_const) {
		if (bit_get(a->nulls, 0))
			memset(dst->nulls, 0xff, BATCH_ROWS / 8);
		return;
	}
	for (uint32_t w = 0; w < (n_rows + 63) / 64; w++)
		dst->nulls[w] |= a->nulls[w];
}

/* Runs `result` for the position i of each selected row. */
#define FOR_SELECTED(result)                                                                       \
	do {                                                                                       \
		if (rows == NULL)                                                                  \
			for (uint32_t i = 0; i < n; i++)                                           \
				out[i] = (result);                                                 \
		else                                                                               \
			for (uint32_t k = 0; k < n; k++) {                                         \
				uint32_t i = rows[k];                                              \
				out[i] = (result);                                                 \
			}                                                                          \
	} while (0)

#define COMPARE_LOOP(left, right)                                                                  \
	do {                                                                                       \
		switch (kind) {                                                                    \
		case EXPR_EQ:                                                                      \
			FOR_SELECTED((left) == (right));                                           \
			break;                                                                     \
		case EXPR_NE:                                                                      \
			FOR_SELECTED((left) != (right));                                           \
			break;                                                                     \
		case EXPR_LT:                                                                      \
			FOR_SELECTED((left) < (right));                                            \
			break;                                                                     \
		case EXPR_LE:                                                                      \
			FOR_SELECTED((left) <= (right));                                           \
			break;                                                                     \
		case EXPR_GT:                                                                      \
			FOR_SELECTED((left) > (right));                                            \
			break;                                                                     \
		default:                                                                           \
			FOR_SELECTED((left) >= (right));                                           \
			break;                                                                     \
		}                                                                                  \
	} while (0)

static void compare_ints(enum expr_kind kind, const struct column *a, const struct column *b,
			 const uint16_t *rows, uint32_t n, uint8_t *out)
{
	uint32_t sa = !a->is_const, sb = !b->is_const;

	if (b->is_const && !a->is_const) {
		const int64_t limit = b->i[0];
		COMPARE_LOOP(a->i[i], limit);
	} else {
		COMPARE_LOOP(a->i[i * sa], b->i[i * sb]);
	}
}

static void compare_floats(enum expr_kind kind, const struct column *a, const struct column *b,
			   const uint16_t *rows, uint32_t n, uint8_t *out)
{
	uint32_t sa = !a->is_const, sb = !b->is_const;

	COMPARE_LOOP(a->f[i * sa], b->f[i * sb]);
}

/* Null positions of a text column are undefined: they are not looked at. */
static void compare_texts(enum expr_kind kind, const struct column *a, const struct column *b,
			  const uint16_t *rows, uint32_t n, uint8_t *out)
{
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = rows != NULL ? rows[k] : k;
		if (column_is_null(a, i) || column_is_null(b, i))
			continue;
		struct str s = a->s[a->is_const ? 0 : i], t = b->s[b->is_const ? 0 : i];
		if (kind == EXPR_EQ || kind == EXPR_NE) {
			out[i] = str_eq(s, t) == (kind == EXPR_EQ);
			continue;
		}
		int c = str_cmp(s, t);
		out[i] = kind == EXPR_LT   ? c < 0
			 : kind == EXPR_LE ? c <= 0
			 : kind == EXPR_GT ? c > 0
					   : c >= 0;
	}
}

static enum truth compare_values(enum expr_kind kind, struct value a, struct value b)
{
	if (kind == EXPR_EQ)
		return value_eq(a, b);
	if (kind == EXPR_NE)
		return truth_not(value_eq(a, b));
	enum comparison c = value_compare(a, b);
	if (c == CMP_UNKNOWN)
		return TRUTH_UNKNOWN;
	if (c == CMP_UNORDERED)
		return TRUTH_FALSE;
	bool holds = kind == EXPR_LT   ? c == CMP_LESS
		     : kind == EXPR_LE ? c != CMP_GREATER
		     : kind == EXPR_GT ? c == CMP_GREATER
				       : c != CMP_LESS;
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum status compare_general(struct eval *ev, const struct step *s, struct column *dst)
{
	const struct column *a = eval_arg(ev, s, 0), *b = eval_arg(ev, s, 1);
	uint32_t n = dst->is_const ? 1 : ev->sel.n;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t row = dst->is_const ? 0 : eval_row(&ev->sel, k);
		enum truth t =
		    compare_values(s->expr->kind, column_get(a, row), column_get(b, row));
		if (t == TRUTH_UNKNOWN)
			column_set_null(dst, row);
		else
			dst->b[row] = t == TRUTH_TRUE;
	}
	return ST_OK;
}

enum status step_compare(struct eval *ev, const struct step *s)
{
	static const uint8_t mirrored[] = {
	    [EXPR_EQ] = EXPR_EQ, [EXPR_NE] = EXPR_NE, [EXPR_LT] = EXPR_GT,
	    [EXPR_LE] = EXPR_GE, [EXPR_GT] = EXPR_LT, [EXPR_GE] = EXPR_LE};
	const struct column *a = eval_arg(ev, s, 0), *b = eval_arg(ev, s, 1);
	enum expr_kind kind = s->expr->kind;
	struct column *dst;

	TRY(eval_dst(ev, s, COL_BOOL, &dst));
	bool ids =
	    (a->kind == COL_NODE || a->kind == COL_EDGE) && (kind == EXPR_EQ || kind == EXPR_NE);
	bool fast = a->kind == b->kind &&
		    (a->kind == COL_INT || a->kind == COL_FLOAT || a->kind == COL_STRING || ids);
	if (!fast)
		return compare_general(ev, s, dst);
	if (a->is_const && !b->is_const) {
		const struct column *t = a;
		a = b;
		b = t;
		kind = mirrored[kind];
	}
	const uint16_t *rows = dst->is_const ? NULL : ev->sel.rows;
	uint32_t n = dst->is_const ? 1 : ev->sel.n;
	if (a->kind == COL_STRING)
		compare_texts(kind, a, b, rows, n, dst->b);
	else if (a->kind == COL_FLOAT)
		compare_floats(kind, a, b, rows, n, dst->b);
	else
		compare_ints(kind, a, b, rows, n, dst->b); /* ids compare for equality only */
	merge_nulls(dst, a, ev->b->n_rows);
	merge_nulls(dst, b, ev->b->n_rows);
	return ST_OK;
}

/* ---- IN ---------------------------------------------------------------------------------- */

static enum status in_row(struct eval *ev, const struct step *s, const struct value *args,
			  struct value *ret)
{
	struct value list = args[1];
	bool unknown = false;

	*ret = VALUE_NULL;
	if (list.kind == V_NULL)
		return ST_OK;
	if (list.kind != V_LIST)
		return diag_set(ev->x->diag, GQL_WRONG_TYPE, s->expr->args[1]->offset,
				"IN needs a LIST, got %s", value_kind_name(list.kind));
	for (uint32_t i = 0; i < list.n; i++) {
		enum truth t = value_eq(args[0], list.list[i]);
		if (t == TRUTH_TRUE) {
			*ret = value_bool(true);
			return ST_OK;
		}
		unknown = unknown || t == TRUTH_UNKNOWN;
	}
	if (!unknown)
		*ret = value_bool(false);
	return ST_OK;
}

enum status step_in(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, in_row);
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static enum status text_test_row(struct eval *ev, const struct step *s, const struct value *args,
				 struct value *ret)
{
	*ret = VALUE_NULL; /* also for what is no text: it has no prefix to compare */
	if (args[0].kind != V_STRING || args[1].kind != V_STRING)
		return ST_OK;
	struct str text = value_text(args[0]), part = value_text(args[1]);
	bool matches;
	switch (s->expr->kind) {
	case EXPR_STARTS_WITH:
		*ret = value_bool(str_starts(text, part));
		return ST_OK;
	case EXPR_ENDS_WITH:
		*ret = value_bool(str_ends(text, part));
		return ST_OK;
	case EXPR_CONTAINS:
		*ret =
		    value_bool(part.len == 0 || memmem(text.p, text.len, part.p, part.len) != NULL);
		return ST_OK;
	default:
		TRY(regex_matches(ev->x, part, text, s->expr->args[1]->offset, &matches));
		*ret = value_bool(matches);
		return ST_OK;
	}
}

enum status step_text_test(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, text_test_row);
}
