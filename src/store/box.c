/* Values in blocks of their own: what a column of texts or of mixed kinds points to. */
#include "store/store_int.h"

static bool storable(struct value v, unsigned depth)
{
	switch ((enum value_kind)v.kind) {
	case V_NODE:
	case V_EDGE:
	case V_PATH:
	case V_MAP:
		return false;
	case V_LIST:
		if (depth >= VALUE_DEPTH_MAX)
			return false;
		for (uint32_t i = 0; i < v.n; i++)
			if (!storable(v.list[i], depth + 1))
				return false;
		return true;
	default:
		return true;
	}
}

bool value_is_storable(struct value v)
{
	return storable(v, 0);
}

static bool has_text(struct value v)
{
	return v.kind == V_STRING || v.kind == V_BYTES || v.kind == V_DECIMAL;
}

static size_t extra_size(struct value v)
{
	size_t n = 0;

	if (has_text(v))
		return ((size_t)v.n + 7) & ~(size_t)7;
	if (v.kind == V_LIST) {
		n = v.n * sizeof(struct value);
		for (uint32_t i = 0; i < v.n; i++)
			n += extra_size(v.list[i]);
	}
	return n;
}

static struct value place(struct value v, char **at)
{
	if (has_text(v)) {
		memcpy(*at, v.s, v.n);
		v.s = *at;
		*at += ((size_t)v.n + 7) & ~(size_t)7;
	} else if (v.kind == V_LIST) {
		struct value *list = (struct value *)*at;
		*at += v.n * sizeof *list;
		for (uint32_t i = 0; i < v.n; i++)
			list[i] = place(v.list[i], at);
		v.list = list;
	}
	return v;
}

struct box *box_new(struct value v)
{
	size_t size = sizeof(struct box) + extra_size(v);

	if (size > UINT32_MAX)
		return NULL;
	struct box *b = mem_alloc(MEM_GRAPH, size);
	if (b == NULL)
		return NULL;
	char *at = (char *)(b + 1);
	b->size = (uint32_t)size;
	b->value = place(v, &at);
	return b;
}

void box_free(struct box *b)
{
	if (b != NULL)
		mem_free(MEM_GRAPH, b, b->size);
}
