#include "value/value.h"

static const char *const kind_names[V_N_KINDS] = {
	[V_NULL] = "NULL",
	[V_BOOL] = "BOOL",
	[V_INT] = "INT",
	[V_FLOAT] = "FLOAT",
	[V_STRING] = "STRING",
	[V_BYTES] = "BYTES",
	[V_DECIMAL] = "DECIMAL",
	[V_DATE] = "DATE",
	[V_LOCAL_TIME] = "LOCAL TIME",
	[V_ZONED_TIME] = "ZONED TIME",
	[V_LOCAL_DATETIME] = "LOCAL DATETIME",
	[V_ZONED_DATETIME] = "ZONED DATETIME",
	[V_DURATION] = "DURATION",
	[V_LIST] = "LIST",
	[V_MAP] = "RECORD",
	[V_NODE] = "NODE",
	[V_EDGE] = "EDGE",
	[V_PATH] = "PATH",
};

const char *value_kind_name(enum value_kind k)
{
	assert(k < V_N_KINDS);
	return kind_names[k];
}

const struct value *value_map_get(struct value map, struct str key)
{
	assert(map.kind == V_MAP);
	for (uint32_t i = 0; i < map.n; i++)
		if (str_eq(map.map[i].key, key))
			return &map.map[i].value;
	return NULL;
}

static enum status no_memory(const struct arena *a)
{
	return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
}

static enum status copy_list(struct arena *a, const struct value *from, uint32_t n, unsigned depth,
			     const struct value **ret);
static enum status copy_map(struct arena *a, const struct map_entry *from, uint32_t n, unsigned depth,
			    const struct map_entry **ret);

static enum status copy_element(struct arena *a, const struct element *from, unsigned depth,
				const struct element **ret)
{
	struct element *e = arena_dup(a, from, sizeof *from);
	struct str *labels = ARENA_ARRAY(a, struct str, from->n_labels);

	if (e == NULL || labels == NULL)
		return no_memory(a);
	for (uint32_t i = 0; i < from->n_labels; i++) {
		labels[i] = arena_str(a, from->labels[i]);
		if (labels[i].p == NULL)
			return no_memory(a);
	}
	e->labels = labels;
	*ret = e;
	return copy_map(a, from->props, from->n_props, depth, &e->props);
}

static enum status copy_path(struct arena *a, const struct path_value *from, unsigned depth,
			     const struct path_value **ret)
{
	struct path_value *p = arena_dup(a, from, sizeof *from);

	if (p == NULL)
		return no_memory(a);
	*ret = p;
	TRY(copy_list(a, from->nodes, from->n_edges + 1, depth, &p->nodes));
	return copy_list(a, from->edges, from->n_edges, depth, &p->edges);
}

static enum status copy_deep(struct arena *a, struct value v, unsigned depth, struct value *ret)
{
	if (depth > VALUE_DEPTH_MAX)
		return ST_LIMIT;
	*ret = v;
	switch ((enum value_kind)v.kind) {
	case V_STRING:
	case V_BYTES:
	case V_DECIMAL:
		ret->s = arena_str(a, value_text(v)).p;
		return ret->s != NULL ? ST_OK : no_memory(a);
	case V_LIST:
		return copy_list(a, v.list, v.n, depth + 1, &ret->list);
	case V_MAP:
		return copy_map(a, v.map, v.n, depth + 1, &ret->map);
	case V_PATH:
		return copy_path(a, v.path, depth + 1, &ret->path);
	case V_NODE:
	case V_EDGE:
		if ((v.flags & VALUE_RESOLVED) != 0)
			return copy_element(a, v.elem, depth + 1, &ret->elem);
		return ST_OK;
	default:
		return ST_OK;
	}
}

static enum status copy_list(struct arena *a, const struct value *from, uint32_t n, unsigned depth,
			     const struct value **ret)
{
	struct value *to = arena_alloc(a, n * sizeof *to);

	if (to == NULL)
		return no_memory(a);
	for (uint32_t i = 0; i < n; i++)
		TRY(copy_deep(a, from[i], depth, &to[i]));
	*ret = to;
	return ST_OK;
}

static enum status copy_map(struct arena *a, const struct map_entry *from, uint32_t n, unsigned depth,
			    const struct map_entry **ret)
{
	struct map_entry *to = arena_alloc(a, n * sizeof *to);

	if (to == NULL)
		return no_memory(a);
	for (uint32_t i = 0; i < n; i++) {
		to[i].key = arena_str(a, from[i].key);
		if (to[i].key.p == NULL)
			return no_memory(a);
		TRY(copy_deep(a, from[i].value, depth, &to[i].value));
	}
	*ret = to;
	return ST_OK;
}

enum status value_copy(struct arena *a, struct value v, struct value *ret)
{
	return copy_deep(a, v, 0, ret);
}
