/* value/value.c - names of kinds, map access, deep copies. */
#include "value/value.h"

const char *value_kind_name(enum value_kind k)
{
	static const char *const names[V_N_KINDS] = {
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

	return (size_t)k < V_N_KINDS ? names[k] : "unknown kind";
}

enum status func_no_memory(struct func_ctx *x)
{
	if (arena_over_budget(x->arena))
		return diag_fail(x->diag, ST_LIMIT, GQL_QUERY_MEMORY, x->offset,
				 "the query's memory limit is reached");
	return diag_fail(x->diag, ST_NOMEM, GQL_OUT_OF_MEMORY, x->offset, "out of memory");
}

const struct value *value_map_get(struct value map, struct str key)
{
	assert(map.kind == V_MAP);
	for (uint32_t i = 0; i < map.n; i++) {
		if (str_eq(map.map[i].key, key))
			return &map.map[i].value;
	}
	return NULL;
}

static enum status copy(struct arena *a, struct value v, unsigned depth, struct value *ret);

static enum status no_memory(const struct arena *a)
{
	return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
}

static enum status copy_text(struct arena *a, struct str s, struct str *ret)
{
	*ret = arena_str(a, s);
	return ret->p != NULL ? ST_OK : no_memory(a);
}

static enum status copy_values(struct arena *a, const struct value *from, size_t n, unsigned depth,
			       const struct value **ret)
{
	struct value *v = arena_alloc(a, n * sizeof *v);

	if (v == NULL)
		return no_memory(a);
	for (size_t i = 0; i < n; i++)
		TRY(copy(a, from[i], depth, &v[i]));
	*ret = v;
	return ST_OK;
}

static enum status copy_entries(struct arena *a, const struct map_entry *from, size_t n,
				unsigned depth, const struct map_entry **ret)
{
	struct map_entry *e = arena_alloc(a, n * sizeof *e);

	if (e == NULL)
		return no_memory(a);
	for (size_t i = 0; i < n; i++) {
		TRY(copy_text(a, from[i].key, &e[i].key));
		TRY(copy(a, from[i].value, depth, &e[i].value));
	}
	*ret = e;
	return ST_OK;
}

static enum status copy_element(struct arena *a, const struct element *from, unsigned depth,
				const struct element **ret)
{
	struct element *e = arena_dup(a, from, sizeof *from);
	struct str *labels = arena_alloc(a, from->n_labels * sizeof *labels);

	if (e == NULL || labels == NULL)
		return no_memory(a);
	for (uint32_t i = 0; i < from->n_labels; i++)
		TRY(copy_text(a, from->labels[i], &labels[i]));
	e->labels = labels;
	TRY(copy_entries(a, from->props, from->n_props, depth, &e->props));
	*ret = e;
	return ST_OK;
}

static enum status copy_path(struct arena *a, const struct path_value *from, unsigned depth,
			     const struct path_value **ret)
{
	struct path_value *p = arena_dup(a, from, sizeof *from);

	if (p == NULL)
		return no_memory(a);
	TRY(copy_values(a, from->nodes, (size_t)from->n_edges + 1, depth, &p->nodes));
	TRY(copy_values(a, from->edges, from->n_edges, depth, &p->edges));
	*ret = p;
	return ST_OK;
}

/* The copy is finished in a value of its own: *ret may be where v came from. */
static enum status copy(struct arena *a, struct value v, unsigned depth, struct value *ret)
{
	struct str text;

	if (depth > VALUE_DEPTH_MAX)
		return ST_LIMIT;
	switch ((enum value_kind)v.kind) {
	case V_STRING:
	case V_BYTES:
	case V_DECIMAL:
		TRY(copy_text(a, value_text(v), &text));
		v.s = text.p;
		break;
	case V_LIST:
		TRY(copy_values(a, v.list, v.n, depth + 1, &v.list));
		break;
	case V_MAP:
		TRY(copy_entries(a, v.map, v.n, depth + 1, &v.map));
		break;
	case V_NODE:
	case V_EDGE:
		if ((v.flags & VALUE_RESOLVED) != 0)
			TRY(copy_element(a, v.elem, depth + 1, &v.elem));
		break;
	case V_PATH:
		TRY(copy_path(a, v.path, depth + 1, &v.path));
		break;
	default:
		break; /* whole in its 16 bytes */
	}
	*ret = v;
	return ST_OK;
}

enum status value_copy(struct arena *a, struct value v, struct value *ret)
{
	return copy(a, v, 0, ret);
}
