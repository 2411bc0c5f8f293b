/* proto/value_read.c - a geode.Value message as a value in an arena.
 *
 * Each list is counted before it is read, so that its array is exact and the arena's budget, not
 * the sender, decides how much memory a message may cost. The recursion ends at REQUEST_DEPTH_MAX.
 */
#include "proto/value_wire.h"

#include <stdlib.h>

#include "proto/request.h"

struct value_reader {
	struct arena *a;
	struct diag *d;
};

static enum status read_value(struct value_reader *x, struct str m, unsigned depth,
			      struct value *ret);

static enum status malformed(struct value_reader *x)
{
	return diag_fail(x->d, ST_CORRUPT, GQL_PROTOCOL_VIOLATION, DIAG_NO_POSITION,
			 "malformed value in a message");
}

static enum status no_memory(struct value_reader *x)
{
	if (!arena_over_budget(x->a))
		return ST_NOMEM;
	return diag_fail(x->d, ST_LIMIT, GQL_QUERY_MEMORY, DIAG_NO_POSITION,
			 "the message's values are above the memory limit of a query");
}

static enum status read_text(struct value_reader *x, struct str s, struct str *ret)
{
	if (s.len > VALUE_STRING_MAX)
		return diag_fail(x->d, ST_LIMIT, GQL_STRING_TOO_LONG, DIAG_NO_POSITION,
				 "a text of %zu bytes is above the limit of %u", s.len,
				 VALUE_STRING_MAX);
	if (!utf8_valid(s))
		return diag_fail(x->d, ST_INVALID, GQL_BAD_TEXT, DIAG_NO_POSITION,
				 "a text in the message is not valid UTF-8");
	*ret = arena_str(x->a, s);
	return ret->p != NULL ? ST_OK : no_memory(x);
}

/* Field 1 of the small messages around scalars. */
static enum status read_field_1(struct value_reader *x, struct str m, struct wire_field *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;

	*ret = (struct wire_field){0};
	while (wire_next(&r, &f)) {
		if (f.number == 1)
			*ret = f;
	}
	return r.failed ? malformed(x) : ST_OK;
}

/* The text wins where it is given; otherwise the point goes before the last `scale` digits. */
static enum status read_decimal(struct value_reader *x, struct str m, struct value *ret)
{
	struct reader r = wire_reader(m);
	struct str coeff = STR(""), repr = STR(""), text;
	uint64_t scale = 0;
	struct wire_field f;

	while (wire_next(&r, &f)) {
		if (f.number == 1)
			coeff = f.bytes;
		else if (f.number == 2)
			scale = f.value;
		else if (f.number == 4)
			repr = f.bytes;
	}
	if (r.failed)
		return malformed(x);
	double number;
	if (!str_to_double(repr.len != 0 ? repr : coeff, &number) || scale > 64)
		return diag_fail(x->d, ST_INVALID, GQL_BAD_CAST_TEXT, DIAG_NO_POSITION,
				 "a parameter is not a decimal number");
	if (repr.len != 0 || scale == 0) {
		TRY(read_text(x, repr.len != 0 ? repr : coeff, &text));
	} else {
		assert(coeff.p != NULL); /* it is a number */
		const bool minus = coeff.p[0] == '-';
		struct str digits = {coeff.p + minus, coeff.len - minus};
		const size_t zeros = digits.len <= scale ? scale + 1 - digits.len : 0;
		struct str padded =
		    arena_printf(x->a, "%s%.*s" STR_FMT, minus ? "-" : "", (int)zeros,
				 "0000000000000000000000000000000000000"
				 "0000000000000000000000000000",
				 STR_ARG(digits));
		if (padded.p == NULL)
			return no_memory(x);
		const size_t whole = padded.len - scale;
		text = arena_printf(x->a, "%.*s.%.*s", (int)whole, padded.p, (int)scale,
				    padded.p + whole);
		if (text.p == NULL)
			return no_memory(x);
	}
	*ret = (struct value){.kind = V_DECIMAL, .n = (uint32_t)text.len, .s = text.p};
	return ST_OK;
}

static enum status count_items(struct value_reader *x, struct str m, uint32_t number, size_t *ret)
{
	*ret = wire_count(m, number);
	if (*ret == SIZE_MAX)
		return malformed(x);
	return *ret <= UINT32_MAX ? ST_OK : no_memory(x);
}

static enum status read_list(struct value_reader *x, struct str m, unsigned depth,
			     struct value *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	size_t n;
	uint32_t i = 0;

	TRY(count_items(x, m, 1, &n));
	struct value *list = ARENA_ARRAY(x->a, struct value, n);
	if (list == NULL)
		return no_memory(x);
	while (wire_next(&r, &f)) {
		if (f.number == 1 && f.type == WIRE_BYTES)
			TRY(read_value(x, f.bytes, depth + 1, &list[i++]));
	}
	*ret = value_list(list, i);
	return ST_OK;
}

static enum status read_entry(struct value_reader *x, struct str m, unsigned depth,
			      struct map_entry *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	struct str key = STR("");

	ret->value = VALUE_NULL;
	while (wire_next(&r, &f)) {
		if (f.type == WIRE_BYTES && f.number == 1)
			key = f.bytes;
		else if (f.type == WIRE_BYTES && f.number == 2)
			TRY(read_value(x, f.bytes, depth + 1, &ret->value));
	}
	return r.failed ? malformed(x) : read_text(x, key, &ret->key);
}

static int compare_keys(const void *a, const void *b)
{
	const struct map_entry *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

enum status value_keys_unique(const struct map_entry *e, uint32_t n, struct arena *a,
			      struct diag *d)
{
	struct value_reader x = {a, d};

	if (n < 2)
		return ST_OK;
	const struct arena_mark mark = arena_mark(a);
	const struct map_entry **by_key = ARENA_ARRAY(a, const struct map_entry *, n);
	if (by_key == NULL)
		return no_memory(&x);
	for (uint32_t i = 0; i < n; i++)
		by_key[i] = &e[i];
	qsort(by_key, n, sizeof by_key[0], compare_keys);
	enum status st = ST_OK;
	for (uint32_t i = 1; i < n && st == ST_OK; i++) {
		if (str_eq(by_key[i - 1]->key, by_key[i]->key))
			st = diag_fail(d, ST_INVALID, GQL_DUPLICATE_NAME, DIAG_NO_POSITION,
				       "the name '" STR_FMT "' is given twice",
				       STR_ARG(by_key[i]->key));
	}
	arena_rewind(a, mark);
	return st;
}

static enum status read_entries(struct value_reader *x, struct str m, uint32_t number,
				unsigned depth, const struct map_entry **ret, uint32_t *ret_n)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	size_t n;
	uint32_t i = 0;

	TRY(count_items(x, m, number, &n));
	struct map_entry *e = ARENA_ARRAY(x->a, struct map_entry, n);
	if (e == NULL)
		return no_memory(x);
	while (wire_next(&r, &f)) {
		if (f.number == number && f.type == WIRE_BYTES)
			TRY(read_entry(x, f.bytes, depth, &e[i++]));
	}
	TRY(value_keys_unique(e, i, x->a, x->d));
	*ret = e;
	*ret_n = i;
	return ST_OK;
}

/* NodeValue and EdgeValue. */
static enum status read_element(struct value_reader *x, struct str m, bool is_edge, unsigned depth,
				struct value *ret)
{
	struct reader r = wire_reader(m);
	struct element *e = ARENA_NEW(x->a, struct element);
	const uint32_t label_field = is_edge ? 4 : 2;
	struct wire_field f;
	size_t n;

	TRY(count_items(x, m, label_field, &n));
	struct str *labels = ARENA_ARRAY(x->a, struct str, n);
	if (e == NULL || labels == NULL)
		return no_memory(x);
	e->is_edge = is_edge;
	e->labels = labels;
	while (wire_next(&r, &f)) {
		if (f.number == 1 && f.type == WIRE_VARINT)
			e->id = f.value;
		else if (f.number == label_field && f.type == WIRE_BYTES)
			TRY(read_text(x, f.bytes, &labels[e->n_labels++]));
		else if (is_edge && f.number == 2 && f.type == WIRE_VARINT)
			e->from = f.value;
		else if (is_edge && f.number == 3 && f.type == WIRE_VARINT)
			e->to = f.value;
	}
	TRY(read_entries(x, m, is_edge ? 5 : 3, depth, &e->props, &e->n_props));
	*ret =
	    (struct value){.kind = is_edge ? V_EDGE : V_NODE, .flags = VALUE_RESOLVED, .elem = e};
	return ST_OK;
}

static enum status read_path(struct value_reader *x, struct str m, unsigned depth,
			     struct value *ret)
{
	struct reader r = wire_reader(m);
	struct path_value *p = ARENA_NEW(x->a, struct path_value);
	struct wire_field f;
	size_t n_nodes, n_edges;
	uint32_t i_node = 0, i_edge = 0;

	TRY(count_items(x, m, 1, &n_nodes));
	TRY(count_items(x, m, 2, &n_edges));
	if (n_nodes != n_edges + 1)
		return malformed(x);
	struct value *nodes = ARENA_ARRAY(x->a, struct value, n_nodes);
	struct value *edges = ARENA_ARRAY(x->a, struct value, n_edges);
	if (p == NULL || nodes == NULL || edges == NULL)
		return no_memory(x);
	while (wire_next(&r, &f)) {
		if (f.type == WIRE_BYTES && f.number == 1)
			TRY(read_element(x, f.bytes, false, depth, &nodes[i_node++]));
		else if (f.type == WIRE_BYTES && f.number == 2)
			TRY(read_element(x, f.bytes, true, depth, &edges[i_edge++]));
	}
	*p = (struct path_value){(uint32_t)n_edges, nodes, edges};
	*ret = (struct value){.kind = V_PATH, .path = p};
	return ST_OK;
}

/* Not sent by published clients' own values; its data is taken, its type name is not. */
static enum status read_extended(struct value_reader *x, struct str m, struct value *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	struct str s;

	*ret = VALUE_NULL;
	while (wire_next(&r, &f)) {
		if (f.number == 2 && f.type == WIRE_BYTES) {
			TRY(read_text(x, f.bytes, &s));
			*ret = value_str(s);
		} else if (f.number == 4) {
			*ret = value_int((int64_t)f.value);
		} else if (f.number == 5) {
			memcpy(&ret->f, &f.value, sizeof ret->f);
			ret->kind = V_FLOAT;
		} else if (f.number == 6) {
			*ret = value_bool(f.value != 0);
		}
	}
	return r.failed ? malformed(x) : ST_OK;
}

static enum status read_scalar(struct value_reader *x, struct wire_field f, struct value *ret)
{
	struct wire_field in;
	struct str s = STR("");

	TRY(read_field_1(x, f.bytes, &in));
	switch (f.number) {
	case VALUE_INT_VAL:
		*ret = value_int((int64_t)in.value);
		return ST_OK;
	case VALUE_DOUBLE_VAL:
		*ret = (struct value){.kind = V_FLOAT};
		memcpy(&ret->f, &in.value, sizeof ret->f);
		return ST_OK;
	case VALUE_STRING_VAL:
		TRY(read_text(x, in.bytes.p != NULL ? in.bytes : s, &s));
		*ret = value_str(s);
		return ST_OK;
	default:
		s = arena_str(x->a, in.bytes.p != NULL ? in.bytes : s);
		if (s.p == NULL)
			return no_memory(x);
		*ret = (struct value){.kind = V_BYTES, .n = (uint32_t)s.len, .s = s.p};
		return ST_OK;
	}
}

static enum status read_kind(struct value_reader *x, struct wire_field f, unsigned depth,
			     struct value *ret)
{
	switch (f.number) {
	case VALUE_INT_VAL:
	case VALUE_DOUBLE_VAL:
	case VALUE_STRING_VAL:
	case VALUE_BYTES_VAL:
		return read_scalar(x, f, ret);
	case VALUE_DECIMAL_VAL:
		return read_decimal(x, f.bytes, ret);
	case VALUE_LIST_VAL:
		return read_list(x, f.bytes, depth, ret);
	case VALUE_MAP_VAL:
		ret->kind = V_MAP;
		return read_entries(x, f.bytes, 1, depth, &ret->map, &ret->n);
	case VALUE_NODE_VAL:
	case VALUE_EDGE_VAL:
		return read_element(x, f.bytes, f.number == VALUE_EDGE_VAL, depth, ret);
	case VALUE_PATH_VAL:
		return read_path(x, f.bytes, depth, ret);
	case VALUE_EXT_VAL:
		return read_extended(x, f.bytes, ret);
	default:
		return ST_OK; /* null_val, or an alternative of a later version: null */
	}
}

static enum status read_value(struct value_reader *x, struct str m, unsigned depth,
			      struct value *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f, last = {0};

	if (depth > REQUEST_DEPTH_MAX)
		return diag_fail(x->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, DIAG_NO_POSITION,
				 "a value is nested deeper than the limit of %u",
				 REQUEST_DEPTH_MAX);
	*ret = VALUE_NULL;
	while (wire_next(&r, &f)) {
		if (f.number >= VALUE_NULL_VAL && f.number <= VALUE_EXT_VAL)
			last = f; /* of a oneof the last one counts */
	}
	if (r.failed)
		return malformed(x);
	if (last.number == VALUE_BOOL_VAL && last.type == WIRE_VARINT) {
		*ret = value_bool(last.value != 0);
		return ST_OK;
	}
	if (last.number != 0 && last.type != WIRE_BYTES)
		return malformed(x);
	return read_kind(x, last, depth, ret);
}

enum status value_read(struct str message, struct arena *a, struct value *ret, struct diag *d)
{
	struct value_reader x = {a, d};
	struct value v;

	TRY(read_value(&x, message, 0, &v));
	*ret = v;
	return ST_OK;
}
