/* proto/value_wire.c - writing a value as a geode.Value message. */
#include "proto/value_wire.h"

#include "value/text.h"

#define KIND_BYTES 2 /* `kind = 1` of IntValue, DoubleValue, StringValue, BytesValue */
#define TEXT_MAX 128 /* bytes of a temporal value's text */

void value_writer_init(struct value_writer *w, size_t limit)
{
	*w = (struct value_writer){.limit = limit};
	buf_init(&w->text, MEM_NET, TEXT_MAX);
}

void value_writer_release(struct value_writer *w)
{
	vec_release(MEM_NET, &w->lens);
	buf_release(&w->text);
}

void value_writer_reset(struct value_writer *w)
{
	w->lens.n = 0;
	w->at = 0;
	w->failed = ST_OK;
}

static struct str temporal_text(struct value_writer *w, struct value v)
{
	buf_reset(&w->text);
	text_put(&w->text, v, TEXT_PLAIN);
	if (!buf_ok(&w->text))
		w->failed = ST_NOMEM;
	return buf_str(&w->text);
}

static bool is_nested(struct value v)
{
	return v.kind >= V_LIST;
}

/* Bytes inside IntValue, StringValue and the like. */
static size_t scalar_len(struct value_writer *w, struct value v)
{
	uint64_t bits;

	switch (v.kind) {
	case V_INT:
		return KIND_BYTES + (v.i != 0 ? 1 + varint_size((uint64_t)v.i) : 0);
	case V_FLOAT:
		memcpy(&bits, &v.f, sizeof bits);
		return KIND_BYTES + (bits != 0 ? 1 + sizeof bits : 0);
	case V_STRING:
	case V_BYTES:
		return KIND_BYTES + (v.n != 0 ? field_size(v.n) : 0);
	case V_DECIMAL: /* coeff and orig_repr are the same text; scale 0 is left out */
		return 2 * field_size(v.n);
	default:
		return KIND_BYTES + field_size(temporal_text(w, v).len);
	}
}

static size_t scalar_size(struct value_writer *w, struct value v)
{
	if (v.kind == V_NULL || v.kind == V_BOOL)
		return 2;
	const size_t len = scalar_len(w, v);
	return field_size(len);
}

/* A slot for the length of a nested message that is counted next. */
static uint32_t push_len(struct value_writer *w)
{
	if (w->failed == ST_OK && !vec_push(MEM_NET, &w->lens, 0))
		w->failed = ST_NOMEM;
	return w->failed == ST_OK ? w->lens.n - 1 : 0;
}

static size_t fill_len(struct value_writer *w, uint32_t slot, size_t len)
{
	if (w->failed == ST_OK && len > w->limit)
		w->failed = ST_LIMIT;
	if (w->failed != ST_OK)
		return 0;
	w->lens.v[slot] = (uint32_t)len;
	return len;
}

static size_t count_depth(struct value_writer *w, struct value v, unsigned depth);

static size_t key_size(struct str key)
{
	return key.len != 0 ? field_size(key.len) : 0;
}

/* The lengths of entries are not kept: they follow from the value's. */
static size_t count_entries(struct value_writer *w, const struct map_entry *e, uint32_t n,
			    unsigned depth)
{
	size_t len = 0;

	for (uint32_t i = 0; i < n && w->failed == ST_OK; i++) {
		const size_t value = field_size(count_depth(w, e[i].value, depth + 1));
		len += field_size(key_size(e[i].key) + value);
		if (len > w->limit)
			w->failed = ST_LIMIT;
	}
	return len;
}

static size_t uint_size(uint64_t v)
{
	return v != 0 ? 1 + varint_size(v) : 0;
}

/* Length of a NodeValue or EdgeValue; pushes it and what is nested. */
static size_t count_element(struct value_writer *w, struct value v, unsigned depth)
{
	const uint32_t slot = push_len(w);
	size_t len = uint_size(value_elem_id(v));

	if ((v.flags & VALUE_RESOLVED) != 0) {
		const struct element *e = v.elem;
		if (e->is_edge)
			len += uint_size(e->from) + uint_size(e->to);
		for (uint32_t i = 0; i < e->n_labels; i++)
			len += e->is_edge ? key_size(e->labels[i]) : field_size(e->labels[i].len);
		len += count_entries(w, e->props, e->n_props, depth);
	}
	return fill_len(w, slot, len);
}

static size_t count_path(struct value_writer *w, const struct path_value *p, unsigned depth)
{
	const uint32_t slot = push_len(w);
	size_t len = 0;

	for (uint32_t i = 0; i <= p->n_edges && w->failed == ST_OK; i++)
		len += field_size(count_element(w, p->nodes[i], depth));
	for (uint32_t i = 0; i < p->n_edges && w->failed == ST_OK; i++)
		len += field_size(count_element(w, p->edges[i], depth));
	return fill_len(w, slot, len);
}

static size_t count_nested(struct value_writer *w, struct value v, unsigned depth)
{
	uint32_t slot;
	size_t len = 0;

	switch (v.kind) {
	case V_LIST:
		slot = push_len(w);
		for (uint32_t i = 0; i < v.n && w->failed == ST_OK; i++) {
			len += field_size(count_depth(w, v.list[i], depth + 1));
			if (len > w->limit)
				w->failed = ST_LIMIT;
		}
		return fill_len(w, slot, len);
	case V_MAP:
		slot = push_len(w);
		len = count_entries(w, v.map, v.n, depth);
		return fill_len(w, slot, len);
	case V_PATH:
		return count_path(w, v.path, depth);
	default:
		return count_element(w, v, depth);
	}
}

static size_t count_depth(struct value_writer *w, struct value v, unsigned depth)
{
	if (depth > VALUE_DEPTH_MAX && w->failed == ST_OK)
		w->failed = ST_LIMIT;
	if (w->failed != ST_OK)
		return 0;
	return is_nested(v) ? field_size(count_nested(w, v, depth)) : scalar_size(w, v);
}

size_t value_count(struct value_writer *w, struct value v)
{
	const size_t size = count_depth(w, v, 0);

	if (size > w->limit && w->failed == ST_OK)
		w->failed = ST_LIMIT;
	return w->failed == ST_OK ? size : 0;
}

size_t value_size(struct value_writer *w, struct value v)
{
	return is_nested(v) ? field_size(w->lens.v[w->at]) : scalar_size(w, v);
}

static void write_text_value(struct sink *s, enum value_field field, struct str text)
{
	sink_byte(s, (uint8_t)WIRE_TAG(field, WIRE_BYTES));
	sink_varint(s, KIND_BYTES + (text.len != 0 ? field_size(text.len) : 0));
	if (text.len != 0)
		sink_text(s, 1, text);
	sink_room(s);
	sink_byte(s, WIRE_TAG(2, WIRE_VARINT));
	sink_byte(s, 1);
}

static void write_scalar(struct value_writer *w, struct sink *s, struct value v)
{
	uint64_t bits;

	switch (v.kind) {
	case V_NULL:
		sink_byte(s, WIRE_TAG(VALUE_NULL_VAL, WIRE_BYTES));
		sink_byte(s, 0);
		return;
	case V_BOOL:
		sink_byte(s, WIRE_TAG(VALUE_BOOL_VAL, WIRE_VARINT));
		sink_byte(s, v.b);
		return;
	case V_INT:
		sink_byte(s, WIRE_TAG(VALUE_INT_VAL, WIRE_BYTES));
		sink_byte(s, (uint8_t)scalar_len(w, v));
		if (v.i != 0) {
			sink_byte(s, WIRE_TAG(1, WIRE_VARINT));
			sink_varint(s, (uint64_t)v.i);
		}
		break;
	case V_FLOAT:
		memcpy(&bits, &v.f, sizeof bits);
		sink_byte(s, WIRE_TAG(VALUE_DOUBLE_VAL, WIRE_BYTES));
		sink_byte(s, (uint8_t)scalar_len(w, v));
		if (bits != 0) {
			sink_byte(s, WIRE_TAG(1, WIRE_FIXED64));
			memcpy(s->at, &bits, sizeof bits);
			s->at += sizeof bits;
		}
		break;
	case V_DECIMAL:
		sink_byte(s, WIRE_TAG(VALUE_DECIMAL_VAL, WIRE_BYTES));
		sink_varint(s, scalar_len(w, v));
		sink_text(s, 1, value_text(v));
		sink_text(s, 4, value_text(v));
		return;
	case V_STRING:
	case V_BYTES:
		write_text_value(s, v.kind == V_STRING ? VALUE_STRING_VAL : VALUE_BYTES_VAL,
				 value_text(v));
		return;
	default:
		write_text_value(s, VALUE_STRING_VAL, temporal_text(w, v));
		return;
	}
	sink_byte(s, WIRE_TAG(2, WIRE_VARINT)); /* kind INT or DOUBLE: both are 1 */
	sink_byte(s, 1);
}

static void write_child(struct value_writer *w, struct sink *s, unsigned field, struct value v)
{
	sink_room(s);
	sink_byte(s, (uint8_t)WIRE_TAG(field, WIRE_BYTES));
	sink_varint(s, value_size(w, v));
	value_write(w, s, v);
}

static void write_entries(struct value_writer *w, struct sink *s, unsigned field,
			  const struct map_entry *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const size_t value = field_size(value_size(w, e[i].value));
		sink_room(s);
		sink_byte(s, (uint8_t)WIRE_TAG(field, WIRE_BYTES));
		sink_varint(s, key_size(e[i].key) + value);
		if (e[i].key.len != 0)
			sink_text(s, 1, e[i].key);
		write_child(w, s, 2, e[i].value);
	}
}

static void write_uint(struct sink *s, unsigned field, uint64_t v)
{
	if (v == 0)
		return;
	sink_room(s);
	sink_byte(s, (uint8_t)WIRE_TAG(field, WIRE_VARINT));
	sink_varint(s, v);
}

/* The message that the last length of w belongs to: what follows tag and length. */
static void write_element(struct value_writer *w, struct sink *s, struct value v)
{
	write_uint(s, 1, value_elem_id(v));
	if ((v.flags & VALUE_RESOLVED) == 0)
		return;
	const struct element *e = v.elem;
	if (!e->is_edge) {
		for (uint32_t i = 0; i < e->n_labels; i++)
			sink_text(s, 2, e->labels[i]);
		write_entries(w, s, 3, e->props, e->n_props);
		return;
	}
	write_uint(s, 2, e->from);
	write_uint(s, 3, e->to);
	if (e->n_labels != 0 && e->labels[0].len != 0)
		sink_text(s, 4, e->labels[0]);
	write_entries(w, s, 5, e->props, e->n_props);
}

static void write_head(struct value_writer *w, struct sink *s, unsigned field)
{
	sink_room(s);
	sink_byte(s, (uint8_t)WIRE_TAG(field, WIRE_BYTES));
	sink_varint(s, w->lens.v[w->at++]);
}

static void write_path(struct value_writer *w, struct sink *s, const struct path_value *p)
{
	for (uint32_t i = 0; i <= p->n_edges; i++) {
		write_head(w, s, 1);
		write_element(w, s, p->nodes[i]);
	}
	for (uint32_t i = 0; i < p->n_edges; i++) {
		write_head(w, s, 2);
		write_element(w, s, p->edges[i]);
	}
}

void value_write(struct value_writer *w, struct sink *s, struct value v)
{
	static const uint8_t nested_field[] = {
	    [V_LIST] = VALUE_LIST_VAL, [V_MAP] = VALUE_MAP_VAL,	  [V_NODE] = VALUE_NODE_VAL,
	    [V_EDGE] = VALUE_EDGE_VAL, [V_PATH] = VALUE_PATH_VAL,
	};

	sink_room(s);
	if (!is_nested(v)) {
		write_scalar(w, s, v);
		return;
	}
	write_head(w, s, nested_field[v.kind]);
	switch (v.kind) {
	case V_LIST:
		for (uint32_t i = 0; i < v.n; i++)
			write_child(w, s, 1, v.list[i]);
		break;
	case V_MAP:
		write_entries(w, s, 1, v.map, v.n);
		break;
	case V_PATH:
		write_path(w, s, v.path);
		break;
	default:
		write_element(w, s, v);
	}
}
