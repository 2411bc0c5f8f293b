/* value/vcodec.c - values at rest. */
#include "value/vcodec.h"

enum vcodec_tag {
	TAG_NULL = 0,
	TAG_FALSE = 1,
	TAG_TRUE = 2,
	TAG_INT = 3,
	TAG_FLOAT = 4,
	TAG_STRING = 5,
	TAG_BYTES = 6,
	TAG_DECIMAL = 7,
	TAG_DATE = 8,
	TAG_LOCAL_TIME = 9,
	TAG_ZONED_TIME = 10,
	TAG_LOCAL_DATETIME = 11,
	TAG_ZONED_DATETIME = 12,
	TAG_DURATION = 13,
	TAG_LIST = 14,
	TAG_MAP = 15,
};

static bool storable(struct value v, unsigned depth)
{
	if (depth > VALUE_DEPTH_MAX)
		return false;
	switch ((enum value_kind)v.kind) {
	case V_NODE:
	case V_EDGE:
	case V_PATH:
		return false;
	case V_LIST:
		for (uint32_t i = 0; i < v.n; i++) {
			if (!storable(v.list[i], depth + 1))
				return false;
		}
		return true;
	case V_MAP:
		for (uint32_t i = 0; i < v.n; i++) {
			if (!storable(v.map[i].value, depth + 1))
				return false;
		}
		return true;
	default:
		return v.kind < V_N_KINDS;
	}
}

bool vcodec_storable(struct value v)
{
	return storable(v, 0);
}

static uint8_t tag_of(struct value v)
{
	static const uint8_t tags[V_N_KINDS] = {
	    [V_NULL] = TAG_NULL,
	    [V_BOOL] = TAG_FALSE,
	    [V_INT] = TAG_INT,
	    [V_FLOAT] = TAG_FLOAT,
	    [V_STRING] = TAG_STRING,
	    [V_BYTES] = TAG_BYTES,
	    [V_DECIMAL] = TAG_DECIMAL,
	    [V_DATE] = TAG_DATE,
	    [V_LOCAL_TIME] = TAG_LOCAL_TIME,
	    [V_ZONED_TIME] = TAG_ZONED_TIME,
	    [V_LOCAL_DATETIME] = TAG_LOCAL_DATETIME,
	    [V_ZONED_DATETIME] = TAG_ZONED_DATETIME,
	    [V_DURATION] = TAG_DURATION,
	    [V_LIST] = TAG_LIST,
	    [V_MAP] = TAG_MAP,
	};

	return v.kind == V_BOOL && v.b ? TAG_TRUE : tags[v.kind];
}

void vcodec_put(struct buf *out, struct value v)
{
	BUG_ON(v.kind >= V_NODE); /* elements and paths have no form at rest */
	put_u8(out, tag_of(v));
	switch ((enum value_kind)v.kind) {
	case V_NULL:
	case V_BOOL:
		break;
	case V_FLOAT:
		put_f64(out, v.f);
		break;
	case V_STRING:
	case V_BYTES:
	case V_DECIMAL:
		put_lstr(out, value_text(v));
		break;
	case V_ZONED_TIME:
	case V_ZONED_DATETIME:
		put_svarint(out, v.i);
		put_svarint(out, v.aux);
		break;
	case V_DURATION:
		put_svarint(out, v.i);
		put_svarint(out, (int32_t)v.n);
		break;
	case V_LIST:
		put_varint(out, v.n);
		for (uint32_t i = 0; i < v.n; i++)
			vcodec_put(out, v.list[i]);
		break;
	case V_MAP:
		put_varint(out, v.n);
		for (uint32_t i = 0; i < v.n; i++) {
			put_lstr(out, v.map[i].key);
			vcodec_put(out, v.map[i].value);
		}
		break;
	default:
		put_svarint(out, v.i);
		break;
	}
}

static enum status corrupt(struct reader *r)
{
	r->failed = true;
	return ST_CORRUPT;
}

static enum status no_memory(const struct arena *a)
{
	return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
}

static enum status get_value(struct reader *r, struct arena *a, unsigned depth, struct value *ret);

static enum status get_text(struct reader *r, enum value_kind kind, struct value *ret)
{
	struct str s = get_lstr(r);

	if (r->failed || s.len > VALUE_STRING_MAX || (kind != V_BYTES && !utf8_valid(s)))
		return corrupt(r);
	*ret = (struct value){.kind = (uint8_t)kind, .n = (uint32_t)s.len, .s = s.p};
	return ST_OK;
}

static enum status get_number(struct reader *r, enum value_kind kind, struct value *ret)
{
	*ret = (struct value){.kind = (uint8_t)kind, .i = get_svarint(r)};
	return r->failed ? corrupt(r) : ST_OK;
}

static enum status get_zoned(struct reader *r, enum value_kind kind, struct value *ret)
{
	int64_t i = get_svarint(r), offset = get_svarint(r);

	if (r->failed || offset < INT16_MIN || offset > INT16_MAX)
		return corrupt(r);
	*ret = (struct value){.kind = (uint8_t)kind, .aux = (int16_t)offset, .i = i};
	return ST_OK;
}

static enum status get_duration(struct reader *r, struct value *ret)
{
	int64_t us = get_svarint(r), months = get_svarint(r);

	if (r->failed || months < INT32_MIN || months > INT32_MAX)
		return corrupt(r);
	*ret = (struct value){.kind = V_DURATION, .n = (uint32_t)(int32_t)months, .i = us};
	return ST_OK;
}

/* The number of elements, each of which takes at least min_bytes: a wild count is refused before
 * memory is asked for. */
static enum status get_count(struct reader *r, size_t min_bytes, unsigned depth, uint32_t *ret)
{
	uint64_t n = get_varint(r);

	if (r->failed || depth > VALUE_DEPTH_MAX || n > reader_left(r) / min_bytes ||
	    n > UINT32_MAX)
		return corrupt(r);
	*ret = (uint32_t)n;
	return ST_OK;
}

static enum status get_list(struct reader *r, struct arena *a, unsigned depth, struct value *ret)
{
	uint32_t n;

	TRY(get_count(r, 1, depth, &n));
	struct value *v = arena_alloc(a, n * sizeof *v);
	if (v == NULL)
		return no_memory(a);
	for (uint32_t i = 0; i < n; i++)
		TRY(get_value(r, a, depth, &v[i]));
	*ret = value_list(v, n);
	return ST_OK;
}

static enum status get_map(struct reader *r, struct arena *a, unsigned depth, struct value *ret)
{
	uint32_t n;

	TRY(get_count(r, 2, depth, &n));
	struct map_entry *e = arena_alloc(a, n * sizeof *e);
	if (e == NULL)
		return no_memory(a);
	for (uint32_t i = 0; i < n; i++) {
		e[i].key = get_lstr(r);
		if (r->failed || !utf8_valid(e[i].key))
			return corrupt(r);
		TRY(get_value(r, a, depth, &e[i].value));
	}
	*ret = value_map(e, n);
	return ST_OK;
}

static enum status get_value(struct reader *r, struct arena *a, unsigned depth, struct value *ret)
{
	uint8_t tag = get_u8(r);

	if (r->failed)
		return ST_CORRUPT;
	switch (tag) {
	case TAG_NULL:
		*ret = VALUE_NULL;
		return ST_OK;
	case TAG_FALSE:
	case TAG_TRUE:
		*ret = value_bool(tag == TAG_TRUE);
		return ST_OK;
	case TAG_INT:
		return get_number(r, V_INT, ret);
	case TAG_FLOAT:
		*ret = value_float(get_f64(r));
		return r->failed ? ST_CORRUPT : ST_OK;
	case TAG_STRING:
		return get_text(r, V_STRING, ret);
	case TAG_BYTES:
		return get_text(r, V_BYTES, ret);
	case TAG_DECIMAL:
		return get_text(r, V_DECIMAL, ret);
	case TAG_DATE:
		return get_number(r, V_DATE, ret);
	case TAG_LOCAL_TIME:
		return get_number(r, V_LOCAL_TIME, ret);
	case TAG_ZONED_TIME:
		return get_zoned(r, V_ZONED_TIME, ret);
	case TAG_LOCAL_DATETIME:
		return get_number(r, V_LOCAL_DATETIME, ret);
	case TAG_ZONED_DATETIME:
		return get_zoned(r, V_ZONED_DATETIME, ret);
	case TAG_DURATION:
		return get_duration(r, ret);
	case TAG_LIST:
		return get_list(r, a, depth + 1, ret);
	case TAG_MAP:
		return get_map(r, a, depth + 1, ret);
	default:
		return corrupt(r);
	}
}

enum status vcodec_get(struct reader *r, struct arena *a, struct value *ret)
{
	return get_value(r, a, 0, ret);
}
