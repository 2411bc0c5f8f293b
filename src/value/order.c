#include "value/order.h"

#include <math.h>

#include "base/hash.h"

int int_float_order(int64_t i, double f)
{
	/* 2^63 is exact as a double: outside it no integer is equal. Inside it truncation is exact, and
	 * the fraction decides between equal whole parts. */
	if (f >= 0x1p63)
		return -1;
	if (f < -0x1p63)
		return 1;
	int64_t whole = (int64_t)f;
	if (i != whole)
		return i < whole ? -1 : 1;
	double rest = f - (double)whole;
	return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int float_order(double a, double b)
{
	return (a > b) - (a < b);
}

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static bool is_nan(struct value v)
{
	return v.kind == V_FLOAT && isnan(v.f);
}

static int number_order(struct value a, struct value b)
{
	if (a.kind == V_INT && b.kind == V_INT)
		return (a.i > b.i) - (a.i < b.i);
	if (a.kind == V_INT)
		return int_float_order(a.i, b.f);
	if (b.kind == V_INT)
		return -int_float_order(b.i, a.f);
	return float_order(a.f, b.f);
}

static bool is_temporal(struct value v)
{
	return v.kind >= V_DATE && v.kind <= V_DURATION;
}

/* A duration's length for the order: a month counts 30.436875 days, a year's twelfth. */
static int duration_order(struct value a, struct value b)
{
	const int64_t month_us = INT64_C(2629746000000);
	__int128 x = (__int128)(int32_t)a.n * month_us + a.i;
	__int128 y = (__int128)(int32_t)b.n * month_us + b.i;

	return (x > y) - (x < y);
}

static int temporal_order(struct value a, struct value b)
{
	if (a.kind == V_DURATION)
		return duration_order(a, b);
	int64_t x = a.i, y = b.i;
	if (a.kind == V_ZONED_TIME) { /* the same instant of a day, whatever the offset */
		x -= a.aux * INT64_C(60000000);
		y -= b.aux * INT64_C(60000000);
	}
	return (x > y) - (x < y);
}

static enum tri equal_lists(const struct value *a, const struct value *b, uint32_t n)
{
	enum tri r = TRI_TRUE;

	for (uint32_t i = 0; i < n; i++) {
		enum tri e = value_equal(a[i], b[i]);
		if (e == TRI_FALSE)
			return TRI_FALSE;
		if (e == TRI_UNKNOWN)
			r = TRI_UNKNOWN;
	}
	return r;
}

static enum tri equal_maps(struct value a, struct value b)
{
	enum tri r = TRI_TRUE;

	if (a.n != b.n)
		return TRI_FALSE;
	for (uint32_t i = 0; i < a.n; i++) {
		const struct value *other = value_map_get(b, a.map[i].key);
		enum tri e = other != NULL ? value_equal(a.map[i].value, *other) : TRI_FALSE;
		if (e == TRI_FALSE)
			return TRI_FALSE;
		if (e == TRI_UNKNOWN)
			r = TRI_UNKNOWN;
	}
	return r;
}

static enum tri equal_paths(const struct path_value *a, const struct path_value *b)
{
	if (a->n_edges != b->n_edges)
		return TRI_FALSE;
	if (equal_lists(a->nodes, b->nodes, a->n_edges + 1) == TRI_FALSE)
		return TRI_FALSE;
	return equal_lists(a->edges, b->edges, a->n_edges);
}

enum tri value_equal(struct value a, struct value b)
{
	if (a.kind == V_NULL || b.kind == V_NULL)
		return TRI_UNKNOWN;
	if (is_number(a) && is_number(b))
		return !is_nan(a) && !is_nan(b) && number_order(a, b) == 0;
	if (a.kind != b.kind)
		return TRI_FALSE;
	switch ((enum value_kind)a.kind) {
	case V_BOOL:
		return a.b == b.b;
	case V_STRING:
	case V_BYTES:
	case V_DECIMAL:
		return str_eq(value_text(a), value_text(b));
	case V_LIST:
		return a.n == b.n ? equal_lists(a.list, b.list, a.n) : TRI_FALSE;
	case V_MAP:
		return equal_maps(a, b);
	case V_NODE:
	case V_EDGE:
		return value_elem_id(a) == value_elem_id(b);
	case V_PATH:
		return equal_paths(a.path, b.path);
	default:
		return temporal_order(a, b) == 0;
	}
}

static bool compare_lists(struct value a, struct value b, int *ret, bool *ret_nan)
{
	for (uint32_t i = 0; i < MIN_OF(a.n, b.n); i++) {
		if (!value_compare(a.list[i], b.list[i], ret, ret_nan))
			return false;
		if (*ret != 0 || *ret_nan)
			return true;
	}
	*ret = (a.n > b.n) - (a.n < b.n);
	return true;
}

bool value_compare(struct value a, struct value b, int *ret, bool *ret_nan)
{
	*ret = 0;
	*ret_nan = false;
	if (a.kind == V_NULL || b.kind == V_NULL)
		return false;
	if (is_number(a) && is_number(b)) {
		*ret_nan = is_nan(a) || is_nan(b);
		*ret = *ret_nan ? 0 : number_order(a, b);
		return true;
	}
	if (a.kind != b.kind)
		return false;
	switch ((enum value_kind)a.kind) {
	case V_STRING:
	case V_BYTES:
		*ret = str_cmp(value_text(a), value_text(b));
		*ret = (*ret > 0) - (*ret < 0);
		return true;
	case V_BOOL:
		*ret = (int)a.b - (int)b.b;
		return true;
	case V_LIST:
		return compare_lists(a, b, ret, ret_nan);
	default:
		if (!is_temporal(a))
			return false;
		*ret = temporal_order(a, b);
		return true;
	}
}

static int order_rank(struct value v)
{
	static const uint8_t rank[V_N_KINDS] = {
		[V_MAP] = 1,	 [V_NODE] = 2,		 [V_EDGE] = 3,		[V_LIST] = 4,
		[V_PATH] = 5,	 [V_ZONED_DATETIME] = 6, [V_LOCAL_DATETIME] = 7, [V_DATE] = 8,
		[V_ZONED_TIME] = 9, [V_LOCAL_TIME] = 10, [V_DURATION] = 11,	[V_STRING] = 12,
		[V_BYTES] = 13,	 [V_BOOL] = 14,		 [V_INT] = 15,		[V_FLOAT] = 15,
		[V_DECIMAL] = 16, [V_NULL] = 18,
	};
	return is_nan(v) ? 17 : rank[v.kind];
}

static int order_lists(const struct value *a, uint32_t na, const struct value *b, uint32_t nb)
{
	for (uint32_t i = 0; i < MIN_OF(na, nb); i++) {
		int c = value_order(a[i], b[i]);
		if (c != 0)
			return c;
	}
	return (na > nb) - (na < nb);
}

static int order_maps(struct value a, struct value b)
{
	for (uint32_t i = 0; i < MIN_OF(a.n, b.n); i++) {
		int c = str_cmp(a.map[i].key, b.map[i].key);
		if (c == 0)
			c = value_order(a.map[i].value, b.map[i].value);
		if (c != 0)
			return c < 0 ? -1 : 1;
	}
	return (a.n > b.n) - (a.n < b.n);
}

int value_order(struct value a, struct value b)
{
	int ra = order_rank(a), rb = order_rank(b);

	if (ra != rb)
		return ra < rb ? -1 : 1;
	switch ((enum value_kind)a.kind) {
	case V_NULL:
		return 0;
	case V_INT:
	case V_FLOAT:
		return is_nan(a) ? 0 : number_order(a, b);
	case V_BOOL:
		return (int)a.b - (int)b.b;
	case V_STRING:
	case V_BYTES:
	case V_DECIMAL: {
		int c = str_cmp(value_text(a), value_text(b));
		return (c > 0) - (c < 0);
	}
	case V_LIST:
		return order_lists(a.list, a.n, b.list, b.n);
	case V_MAP:
		return order_maps(a, b);
	case V_NODE:
	case V_EDGE: {
		elem_id x = value_elem_id(a), y = value_elem_id(b);
		return (x > y) - (x < y);
	}
	case V_PATH: {
		int c = order_lists(a.path->nodes, a.path->n_edges + 1, b.path->nodes,
				    b.path->n_edges + 1);
		return c != 0 ? c
			      : order_lists(a.path->edges, a.path->n_edges, b.path->edges,
					    b.path->n_edges);
	}
	default:
		return temporal_order(a, b);
	}
}

bool value_same(struct value a, struct value b)
{
	if (a.kind == V_MAP && b.kind == V_MAP) { /* the order of entries does not matter */
		if (a.n != b.n)
			return false;
		for (uint32_t i = 0; i < a.n; i++) {
			const struct value *other = value_map_get(b, a.map[i].key);
			if (other == NULL || !value_same(a.map[i].value, *other))
				return false;
		}
		return true;
	}
	if (a.kind == V_LIST && b.kind == V_LIST) {
		if (a.n != b.n)
			return false;
		for (uint32_t i = 0; i < a.n; i++)
			if (!value_same(a.list[i], b.list[i]))
				return false;
		return true;
	}
	return value_order(a, b) == 0;
}

static uint64_t hash_float(double f)
{
	if (isnan(f))
		return hash_u64(UINT64_C(0x7ff8000000000000));
	/* A float that is a whole number in range hashes as that integer. */
	if (f >= -0x1p63 && f < 0x1p63 && f == (double)(int64_t)f)
		return hash_u64((uint64_t)(int64_t)f);
	uint64_t bits;
	memcpy(&bits, &f, sizeof bits);
	return hash_u64(bits ^ UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t value_hash(struct value v)
{
	uint64_t h = hash_u64(v.kind + UINT64_C(0x51ed270b));

	switch ((enum value_kind)v.kind) {
	case V_NULL:
		return h;
	case V_INT:
		return hash_u64((uint64_t)v.i);
	case V_FLOAT:
		return hash_float(v.f);
	case V_BOOL:
		return h ^ (v.b ? 1 : 2);
	case V_STRING:
	case V_BYTES:
	case V_DECIMAL:
		return hash_bytes(v.s, v.n, h);
	case V_LIST:
		for (uint32_t i = 0; i < v.n; i++)
			h = hash_u64(h ^ value_hash(v.list[i]));
		return h;
	case V_MAP:
		for (uint32_t i = 0; i < v.n; i++) /* a sum: order does not matter */
			h += hash_u64(hash_bytes(v.map[i].key.p, v.map[i].key.len, 1) ^
				      value_hash(v.map[i].value));
		return h;
	case V_NODE:
	case V_EDGE:
		return hash_u64(h ^ value_elem_id(v));
	case V_PATH:
		for (uint32_t i = 0; i < v.path->n_edges; i++)
			h = hash_u64(h ^ value_elem_id(v.path->edges[i]));
		return h ^ value_elem_id(v.path->nodes[0]);
	case V_ZONED_TIME:
		return hash_u64(h ^ (uint64_t)(v.i - v.aux * INT64_C(60000000)));
	case V_DURATION: {
		const int64_t month_us = INT64_C(2629746000000);
		__int128 x = (__int128)(int32_t)v.n * month_us + v.i;
		return hash_u64(h ^ (uint64_t)x);
	}
	default:
		return hash_u64(h ^ (uint64_t)v.i);
	}
}
