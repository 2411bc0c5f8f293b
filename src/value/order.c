/* value/order.c - equality, comparison, ordering and distinctness. */
#include "value/order.h"

#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "value/decimal.h"

#define TWO_63 9223372036854775808.0
#define US_PER_MINUTE INT64_C(60000000)
#define US_PER_MONTH INT64_C(2629746000000) /* of the mean Gregorian month: orders durations */

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int cmp_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int cmp_f64(double a, double b)
{
	return (a > b) - (a < b);
}

int order_int_float(int64_t i, double f)
{
	if (f >= TWO_63)
		return -1;
	if (f < -TWO_63)
		return 1;
	int64_t whole = (int64_t)f; /* towards zero, exact */
	if (i != whole)
		return cmp_i64(i, whole);
	return cmp_f64(0.0, f - (double)whole);
}

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT || v.kind == V_DECIMAL;
}

static bool is_nan(struct value v)
{
	return v.kind == V_FLOAT && isnan(v.f);
}

/* A number as decimal text, exact; not NaN. Infinities become something beyond every double. */
static struct str number_text(struct value v, char out[DECIMAL_DOUBLE_MAX])
{
	if (v.kind == V_DECIMAL)
		return value_text(v);
	if (v.kind == V_FLOAT && !isinf(v.f))
		return decimal_of_double(v.f, out);
	if (v.kind == V_INT) {
		int n = snprintf(out, DECIMAL_DOUBLE_MAX, "%lld", (long long)v.i);
		return (struct str){out, (size_t)n};
	}
	memset(out, '9', DECIMAL_DOUBLE_MAX);
	if (v.f < 0)
		out[0] = '-';
	return (struct str){out, DECIMAL_DOUBLE_MAX};
}

/* Two numbers, neither NaN. */
static int cmp_number(struct value a, struct value b)
{
	if (a.kind == V_INT && b.kind == V_INT)
		return cmp_i64(a.i, b.i);
	if (a.kind == V_FLOAT && b.kind == V_FLOAT)
		return cmp_f64(a.f, b.f);
	if (a.kind == V_INT && b.kind == V_FLOAT)
		return order_int_float(a.i, b.f);
	if (a.kind == V_FLOAT && b.kind == V_INT)
		return -order_int_float(b.i, a.f);

	char a_text[DECIMAL_DOUBLE_MAX], b_text[DECIMAL_DOUBLE_MAX];
	return decimal_cmp(number_text(a, a_text), number_text(b, b_text));
}

static __int128 mean_length(struct value v)
{
	return (__int128)(int32_t)v.n * US_PER_MONTH + v.i;
}

double value_duration_length(struct value v)
{
	return (double)mean_length(v);
}

/* Two durations by their mean length; months first when that is the same. */
static int cmp_duration(struct value a, struct value b)
{
	__int128 a_us = mean_length(a), b_us = mean_length(b);

	if (a_us != b_us)
		return a_us < b_us ? -1 : 1;
	return cmp_i64((int32_t)a.n, (int32_t)b.n);
}

/* Two values of one kind that is neither number, list, map nor path. */
static int cmp_plain(struct value a, struct value b)
{
	switch ((enum value_kind)a.kind) {
	case V_BOOL:
		return (int)a.b - (int)b.b;
	case V_STRING:
	case V_BYTES:
		return str_cmp(value_text(a),
			       value_text(b)); /* UTF-8 keeps the code points' order */
	case V_ZONED_TIME: {
		int c = cmp_i64(a.i - a.aux * US_PER_MINUTE, b.i - b.aux * US_PER_MINUTE);
		return c != 0 ? c : cmp_i64(a.aux, b.aux);
	}
	case V_ZONED_DATETIME: {
		int c = cmp_i64(a.i, b.i);
		return c != 0 ? c : cmp_i64(a.aux, b.aux);
	}
	case V_DURATION:
		return cmp_duration(a, b);
	case V_NODE:
	case V_EDGE:
		return cmp_u64(value_elem_id(a), value_elem_id(b));
	default:
		return cmp_i64(a.i, b.i);
	}
}

/* False is final, unknown stays unless a false follows. */
static enum truth and_then(enum truth so_far, enum truth next)
{
	if (so_far == TRUTH_FALSE || next == TRUTH_FALSE)
		return TRUTH_FALSE;
	return so_far == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : next;
}

static enum truth eq_list(struct value a, struct value b)
{
	enum truth all = TRUTH_TRUE;

	if (a.n != b.n)
		return TRUTH_FALSE;
	for (uint32_t i = 0; i < a.n && all != TRUTH_FALSE; i++)
		all = and_then(all, value_eq(a.list[i], b.list[i]));
	return all;
}

static enum truth eq_map(struct value a, struct value b)
{
	enum truth all = TRUTH_TRUE;

	if (a.n != b.n)
		return TRUTH_FALSE;
	for (uint32_t i = 0; i < a.n && all != TRUTH_FALSE; i++) {
		const struct value *other = value_map_get(b, a.map[i].key);
		all = other != NULL ? and_then(all, value_eq(a.map[i].value, *other)) : TRUTH_FALSE;
	}
	return all;
}

static int cmp_path(const struct path_value *a, const struct path_value *b)
{
	uint32_t n = MIN_OF(a->n_edges, b->n_edges);
	int c = cmp_plain(a->nodes[0], b->nodes[0]);

	for (uint32_t i = 0; i < n && c == 0; i++) {
		c = cmp_plain(a->edges[i], b->edges[i]);
		if (c == 0)
			c = cmp_plain(a->nodes[i + 1], b->nodes[i + 1]);
	}
	return c != 0 ? c : cmp_u64(a->n_edges, b->n_edges);
}

static enum truth truth_of(bool b)
{
	return b ? TRUTH_TRUE : TRUTH_FALSE;
}

enum truth value_eq(struct value a, struct value b)
{
	if (value_is_null(a) || value_is_null(b))
		return TRUTH_UNKNOWN;
	if (is_number(a) && is_number(b))
		return truth_of(!is_nan(a) && !is_nan(b) && cmp_number(a, b) == 0);
	if (a.kind != b.kind)
		return TRUTH_FALSE;
	switch ((enum value_kind)a.kind) {
	case V_LIST:
		return eq_list(a, b);
	case V_MAP:
		return eq_map(a, b);
	case V_PATH:
		return truth_of(cmp_path(a.path, b.path) == 0);
	case V_ZONED_DATETIME: /* one instant in two zones is equal, though not the same */
		return truth_of(a.i == b.i);
	case V_ZONED_TIME:
		return truth_of(a.i - a.aux * US_PER_MINUTE == b.i - b.aux * US_PER_MINUTE);
	default:
		return truth_of(cmp_plain(a, b) == 0);
	}
}

static enum comparison comparison_of(int c)
{
	return c < 0 ? CMP_LESS : c > 0 ? CMP_GREATER : CMP_EQUAL;
}

static enum comparison compare_list(struct value a, struct value b)
{
	uint32_t n = MIN_OF(a.n, b.n);

	for (uint32_t i = 0; i < n; i++) {
		enum comparison c = value_compare(a.list[i], b.list[i]);
		if (c != CMP_EQUAL)
			return c;
	}
	return comparison_of(cmp_u64(a.n, b.n));
}

enum comparison value_compare(struct value a, struct value b)
{
	if (is_number(a) && is_number(b))
		return is_nan(a) || is_nan(b) ? CMP_UNORDERED : comparison_of(cmp_number(a, b));
	if (a.kind != b.kind)
		return CMP_UNKNOWN;
	switch ((enum value_kind)a.kind) {
	case V_LIST:
		return compare_list(a, b);
	case V_ZONED_DATETIME:
		return comparison_of(cmp_i64(a.i, b.i));
	case V_ZONED_TIME:
		return comparison_of(
		    cmp_i64(a.i - a.aux * US_PER_MINUTE, b.i - b.aux * US_PER_MINUTE));
	case V_BOOL:
	case V_STRING:
	case V_BYTES:
	case V_DATE:
	case V_LOCAL_TIME:
	case V_LOCAL_DATETIME:
		return comparison_of(cmp_plain(a, b));
	default: /* null, maps, elements, paths, durations: a month has no fixed length */
		return CMP_UNKNOWN;
	}
}

uint8_t value_kind_rank(enum value_kind k)
{
	static const uint8_t ranks[V_N_KINDS] = {
	    [V_MAP] = 0,	[V_NODE] = 1,		[V_EDGE] = 2,		[V_LIST] = 3,
	    [V_PATH] = 4,	[V_ZONED_DATETIME] = 5, [V_LOCAL_DATETIME] = 6, [V_DATE] = 7,
	    [V_ZONED_TIME] = 8, [V_LOCAL_TIME] = 9,	[V_DURATION] = 10,	[V_STRING] = 11,
	    [V_BYTES] = 12,	[V_BOOL] = 13,		[V_INT] = 14,		[V_FLOAT] = 14,
	    [V_DECIMAL] = 14,	[V_NULL] = 16,
	};

	return ranks[k];
}

static int rank(struct value v)
{
	return is_nan(v) ? 15 : value_kind_rank((enum value_kind)v.kind);
}

static int order_list(struct value a, struct value b)
{
	uint32_t n = MIN_OF(a.n, b.n);

	for (uint32_t i = 0; i < n; i++) {
		int c = value_order(a.list[i], b.list[i]);
		if (c != 0)
			return c;
	}
	return cmp_u64(a.n, b.n);
}

/* The entry with the smallest key above `after` (NULL: of all). Maps are small and unsorted. */
static const struct map_entry *next_key(struct value map, const struct map_entry *after)
{
	const struct map_entry *best = NULL;

	for (uint32_t i = 0; i < map.n; i++) {
		const struct map_entry *e = &map.map[i];
		if ((after == NULL || str_cmp(e->key, after->key) > 0) &&
		    (best == NULL || str_cmp(e->key, best->key) < 0))
			best = e;
	}
	return best;
}

/* By size, then by the sorted keys, then by the values in the order of their keys. */
static int order_map(struct value a, struct value b)
{
	const struct map_entry *ea = NULL, *eb = NULL;
	int by_value = 0;

	if (a.n != b.n)
		return cmp_u64(a.n, b.n);
	for (uint32_t i = 0; i < a.n; i++) {
		ea = next_key(a, ea);
		eb = next_key(b, eb);
		int c = str_cmp(ea->key, eb->key);
		if (c != 0)
			return c;
		if (by_value == 0)
			by_value = value_order(ea->value, eb->value);
	}
	return by_value;
}

int value_order(struct value a, struct value b)
{
	int ra = rank(a), rb = rank(b);

	if (ra != rb)
		return ra < rb ? -1 : 1;
	if (value_is_null(a) || is_nan(a))
		return 0;
	if (is_number(a))
		return cmp_number(a, b);
	switch ((enum value_kind)a.kind) {
	case V_LIST:
		return order_list(a, b);
	case V_MAP:
		return order_map(a, b);
	case V_PATH:
		return cmp_path(a.path, b.path);
	default:
		return cmp_plain(a, b);
	}
}

static bool same_list(struct value a, struct value b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++) {
		if (!value_same(a.list[i], b.list[i]))
			return false;
	}
	return true;
}

static bool same_map(struct value a, struct value b)
{
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++) {
		const struct value *other = value_map_get(b, a.map[i].key);
		if (other == NULL || !value_same(a.map[i].value, *other))
			return false;
	}
	return true;
}

bool value_same(struct value a, struct value b)
{
	if (a.kind == V_INT && b.kind == V_INT)
		return a.i == b.i;
	if (a.kind == V_STRING && b.kind == V_STRING)
		return str_eq(value_text(a), value_text(b));
	if (a.kind == V_LIST && b.kind == V_LIST)
		return same_list(a, b);
	if (a.kind == V_MAP && b.kind == V_MAP)
		return same_map(a, b);
	return value_order(a, b) == 0;
}

/* An integral double that fits hashes as its integer, every NaN alike. */
static uint64_t hash_float(double f, uint64_t seed)
{
	uint64_t bits;

	if (f >= -TWO_63 && f < TWO_63 && f == (double)(int64_t)f)
		return hash_u64((uint64_t)(int64_t)f ^ seed);
	if (isnan(f))
		f = NAN;
	memcpy(&bits, &f, sizeof bits);
	return hash_u64(bits + seed + 1);
}

static uint64_t hash_decimal(struct str s, uint64_t seed)
{
	int64_t i;
	double f;

	if (decimal_to_i64(s, &i))
		return hash_u64((uint64_t)i ^ seed);
	return str_to_double(s, &f) ? hash_float(f, seed) : seed;
}

/* Kinds must not meet by a small sum or exclusive or: each has a seed far from the others'. */
static uint64_t kind_seed(enum value_kind k, uint64_t seed)
{
	return seed + ((uint64_t)k + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t hash_path(const struct path_value *p, uint64_t seed)
{
	uint64_t h = hash_u64(value_elem_id(p->nodes[0]) ^ seed);

	for (uint32_t i = 0; i < p->n_edges; i++) {
		h = hash_u64(value_elem_id(p->edges[i]) ^ h);
		h = hash_u64(value_elem_id(p->nodes[i + 1]) ^ h);
	}
	return h;
}

uint64_t value_hash(struct value v, uint64_t seed)
{
	uint64_t own = kind_seed((enum value_kind)v.kind, seed), h = own;

	switch ((enum value_kind)v.kind) {
	case V_NULL:
		return hash_u64(own);
	case V_INT:
		return hash_u64((uint64_t)v.i ^ seed);
	case V_FLOAT:
		return hash_float(v.f, seed);
	case V_DECIMAL:
		return hash_decimal(value_text(v), seed);
	case V_BOOL:
		return hash_u64(own ^ v.b);
	case V_STRING:
	case V_BYTES:
		return hash_bytes(v.s, v.n, own);
	case V_NODE:
	case V_EDGE:
		return hash_u64(value_elem_id(v) ^ own);
	case V_LIST:
		for (uint32_t i = 0; i < v.n; i++)
			h = value_hash(v.list[i], h);
		return h;
	case V_MAP: /* the order of the entries means nothing: a sum */
		for (uint32_t i = 0; i < v.n; i++)
			h += value_hash(v.map[i].value,
					hash_bytes(v.map[i].key.p, v.map[i].key.len, seed));
		return h;
	case V_PATH:
		return hash_path(v.path, own);
	default: /* temporal: instant and zone, or microseconds and months */
		return hash_u64((uint64_t)v.i ^ hash_u64(own + (uint16_t)v.aux + v.n));
	}
}
