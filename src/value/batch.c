/* value/batch.c - columns. */
#include "value/batch.h"

#define NULL_WORDS (BATCH_ROWS / 64)

size_t column_width(enum column_kind kind)
{
	switch (kind) {
	case COL_VALUE:
		return sizeof(struct value);
	case COL_INT:
		return sizeof(int64_t);
	case COL_FLOAT:
		return sizeof(double);
	case COL_BOOL:
		return sizeof(uint8_t);
	case COL_STRING:
		return sizeof(struct str);
	case COL_NODE:
	case COL_EDGE:
		return sizeof(elem_id);
	}
	bug(__FILE__, __LINE__, "unknown column kind");
}

static enum status column_make(struct column *c, enum column_kind kind, uint32_t rows,
			       struct arena *a)
{
	size_t null_bytes = (rows + 63) / 64 * sizeof(uint64_t);
	/* Zeroed: rows outside the selection are readable memory. */
	void *data = arena_zalloc(a, rows * column_width(kind));
	uint64_t *nulls = arena_zalloc(a, null_bytes);

	if (data == NULL || nulls == NULL)
		return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
	*c = (struct column){.kind = (uint8_t)kind, .nulls = nulls, .data = data};
	return ST_OK;
}

enum status column_init(struct column *c, enum column_kind kind, struct arena *a)
{
	return column_make(c, kind, BATCH_ROWS, a);
}

enum column_kind column_kind_of(enum value_kind k)
{
	switch (k) {
	case V_INT:
		return COL_INT;
	case V_FLOAT:
		return COL_FLOAT;
	case V_BOOL:
		return COL_BOOL;
	case V_STRING:
		return COL_STRING;
	case V_NODE:
		return COL_NODE;
	case V_EDGE:
		return COL_EDGE;
	default:
		return COL_VALUE;
	}
}

/* A resolved element carries more than its id: only a column of values can hold it. */
static enum column_kind kind_for(struct value v)
{
	return (v.flags & VALUE_RESOLVED) != 0 ? COL_VALUE
					       : column_kind_of((enum value_kind)v.kind);
}

enum status column_init_const(struct column *c, struct value v, struct arena *a)
{
	TRY(column_make(c, kind_for(v), 1, a));
	column_put(c, 0, v);
	c->is_const = true;
	return ST_OK;
}

void column_clear_nulls(struct column *c)
{
	if (c->has_null)
		memset(c->nulls, 0, (c->is_const ? 1 : NULL_WORDS) * sizeof c->nulls[0]);
	c->has_null = false;
}

struct value column_get(const struct column *c, uint32_t row)
{
	uint32_t at = c->is_const ? 0 : row;

	if (column_is_null(c, row))
		return VALUE_NULL;
	switch ((enum column_kind)c->kind) {
	case COL_VALUE:
		return c->v[at];
	case COL_INT:
		return value_int(c->i[at]);
	case COL_FLOAT:
		return value_float(c->f[at]);
	case COL_BOOL:
		return value_bool(c->b[at] != 0);
	case COL_STRING:
		return value_str(c->s[at]);
	case COL_NODE:
		return value_node(c->id[at]);
	case COL_EDGE:
		return value_edge(c->id[at]);
	}
	bug(__FILE__, __LINE__, "unknown column kind");
}

void column_put(struct column *c, uint32_t row, struct value v)
{
	if (value_is_null(v)) {
		column_set_null(c, row);
		return;
	}
	assert(c->kind == COL_VALUE || c->kind == column_kind_of((enum value_kind)v.kind));
	if (c->has_null && c->kind != COL_VALUE)
		c->nulls[row >> 6] &= ~(UINT64_C(1) << (row & 63));
	switch ((enum column_kind)c->kind) {
	case COL_VALUE:
		c->v[row] = v;
		break;
	case COL_INT:
		c->i[row] = v.i;
		break;
	case COL_FLOAT:
		c->f[row] = v.f;
		break;
	case COL_BOOL:
		c->b[row] = v.b;
		break;
	case COL_STRING:
		c->s[row] = value_text(v);
		break;
	case COL_NODE:
	case COL_EDGE:
		c->id[row] = value_elem_id(v);
		break;
	}
}

/* One loop for each width: the compiler turns these into plain moves. */
#define GATHER(field)                                                                              \
	for (uint32_t i = 0; i < n; i++)                                                           \
	dst->field[i] = src->field[rows[i] & mask]

void column_gather(struct column *dst, const struct column *src, const uint16_t *rows, uint32_t n)
{
	const uint32_t mask = src->is_const ? 0 : UINT32_MAX;

	assert(dst->kind == src->kind && !dst->is_const && n <= BATCH_ROWS);
	switch ((enum column_kind)src->kind) {
	case COL_VALUE:
		GATHER(v);
		return; /* nulls are values of their own */
	case COL_INT:
	case COL_FLOAT:
	case COL_NODE:
	case COL_EDGE:
		GATHER(id);
		break;
	case COL_BOOL:
		GATHER(b);
		break;
	case COL_STRING:
		GATHER(s);
		break;
	}
	column_clear_nulls(dst);
	if (!src->has_null)
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (column_is_null(src, rows[i]))
			column_set_null(dst, i);
	}
}

uint32_t batch_ids(const struct batch *b, const struct column *c, uint32_t i_sel, elem_id *ret,
		   uint32_t max)
{
	uint32_t n = 0;

	for (; i_sel < b->n_sel && n < max; i_sel++) {
		const uint32_t row = batch_row(b, i_sel);
		if (!column_is_null(c, row))
			ret[n++] = c->id[row];
	}
	return n;
}
