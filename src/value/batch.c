#include "value/batch.h"

#define NULL_WORDS (BATCH_ROWS / 64)

size_t column_width(enum column_kind kind)
{
	switch (kind) {
	case COL_VALUE:
	case COL_STRING:
		return 16;
	case COL_BOOL:
		return 1;
	default:
		return 8;
	}
}

enum status column_init(struct column *c, enum column_kind kind, struct arena *a)
{
	*c = (struct column){.kind = (uint8_t)kind};
	c->data = arena_alloc(a, column_width(kind) * BATCH_ROWS);
	c->nulls = arena_zalloc(a, NULL_WORDS * sizeof(uint64_t));
	return c->data != NULL && c->nulls != NULL ? ST_OK : ST_NOMEM;
}

enum status column_init_const(struct column *c, struct value v, struct arena *a)
{
	*c = (struct column){.kind = (uint8_t)column_kind_of((enum value_kind)v.kind), .is_const = true};
	if (v.kind == V_NULL || (v.flags & VALUE_RESOLVED) != 0)
		c->kind = COL_VALUE;
	c->data = arena_alloc(a, sizeof(struct value));
	if (c->data == NULL)
		return ST_NOMEM;
	column_put(c, 0, v);
	return ST_OK;
}

void column_clear_nulls(struct column *c)
{
	if (c->has_null && c->nulls != NULL)
		memset(c->nulls, 0, NULL_WORDS * sizeof(uint64_t));
	c->has_null = false;
}

struct value column_get(const struct column *c, uint32_t row)
{
	uint32_t at = c->is_const ? 0 : row;

	if (c->kind == COL_VALUE)
		return c->v[at];
	if (column_is_null(c, row))
		return VALUE_NULL;
	switch ((enum column_kind)c->kind) {
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
	default:
		return VALUE_NULL;
	}
}

void column_put(struct column *c, uint32_t row, struct value v)
{
	if (v.kind == V_NULL) {
		column_set_null(c, row);
		return;
	}
	assert(c->kind == COL_VALUE || c->kind == column_kind_of((enum value_kind)v.kind));
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

static void gather_nulls(struct column *dst, const struct column *src, const uint16_t *rows, uint32_t n)
{
	column_clear_nulls(dst);
	if (src->kind == COL_VALUE || !src->has_null)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (column_is_null(src, rows[i]))
			column_set_null(dst, i);
}

void column_gather(struct column *dst, const struct column *src, const uint16_t *rows, uint32_t n)
{
	uint32_t step = src->is_const ? 0 : 1;

	assert(dst->kind == src->kind && !dst->is_const);
	switch (column_width((enum column_kind)src->kind)) {
	case 16:
		for (uint32_t i = 0; i < n; i++)
			dst->v[i] = src->v[rows[i] * step];
		break;
	case 8:
		for (uint32_t i = 0; i < n; i++)
			dst->i[i] = src->i[rows[i] * step];
		break;
	default:
		for (uint32_t i = 0; i < n; i++)
			dst->b[i] = src->b[rows[i] * step];
		break;
	}
	gather_nulls(dst, src, rows, n);
}
