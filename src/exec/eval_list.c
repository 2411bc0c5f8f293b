/* exec/eval_list.c - steps that make and take apart lists and maps; calls of built-in functions. */
#include "exec/expr_int.h"
#include "value/func.h"

static enum status call_row(struct eval *ev, const struct step *s, const struct value *args,
			    struct value *ret)
{
	struct func_ctx fx = eval_func_ctx(ev, s);

	return func_call(s->expr->func, &fx, args, s->n_args, ret);
}

enum status step_call(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, call_row);
}

static enum status list_row(struct eval *ev, const struct step *s, const struct value *args,
			    struct value *ret)
{
	struct value *items = arena_dup(eval_scratch(ev), args, s->n_args * sizeof(*args));

	if (items == NULL)
		return ST_NOMEM;
	*ret = value_list(items, s->n_args);
	return ST_OK;
}

enum status step_list(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, list_row);
}

static enum status map_row(struct eval *ev, const struct step *s, const struct value *args,
			   struct value *ret)
{
	struct map_entry *entries = arena_alloc(eval_scratch(ev), s->n_args * sizeof(*entries));

	if (entries == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < s->n_args; i++)
		entries[i] = (struct map_entry){s->expr->keys[i], args[i]};
	*ret = value_map(entries, s->n_args);
	return ST_OK;
}

enum status step_map(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, map_row);
}

/* A position counted from the start, or from the end when negative; false: outside. */
static bool list_position(int64_t i, uint32_t n, uint32_t *ret)
{
	if (i < 0)
		i += n;
	if (i < 0 || i >= n)
		return false;
	*ret = (uint32_t)i;
	return true;
}

static struct value element_prop(struct eval *ev, struct value elem, struct str key)
{
	struct exec *x = ev->x;
	name_id id = store_name_find(graph_store(x->graph), NAME_KEY, key);

	if (id == NAME_NONE)
		return VALUE_NULL;
	return elem.kind == V_NODE ? graph_node_prop(x->graph, x->view, value_elem_id(elem), id)
				   : graph_edge_prop(x->graph, x->view, value_elem_id(elem), id);
}

static enum status index_row(struct eval *ev, const struct step *s, const struct value *args,
			     struct value *ret)
{
	struct value from = args[0], at = args[1];
	uint32_t pos;

	*ret = VALUE_NULL;
	if (from.kind == V_NULL || at.kind == V_NULL)
		return ST_OK;
	if (from.kind == V_LIST && at.kind == V_INT) {
		if (list_position(at.i, from.n, &pos))
			*ret = from.list[pos];
		return ST_OK;
	}
	if (at.kind == V_STRING && from.kind == V_MAP) {
		const struct value *v = value_map_get(from, value_text(at));
		if (v != NULL)
			*ret = *v;
		return ST_OK;
	}
	if (at.kind == V_STRING && (from.kind == V_NODE || from.kind == V_EDGE)) {
		*ret = element_prop(ev, from, value_text(at));
		return ST_OK;
	}
	return diag_set(ev->x->diag, GQL_WRONG_TYPE, s->expr->offset, "%s has no element at a %s",
			value_kind_name(from.kind), value_kind_name(at.kind));
}

enum status step_index(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, index_row);
}

/* A bound of a slice within 0..n; negative ones count from the end. */
static uint32_t slice_bound(int64_t i, uint32_t n)
{
	if (i < 0)
		i += n;
	return i < 0 ? 0 : i > n ? n : (uint32_t)i;
}

static enum status slice_row(struct eval *ev, const struct step *s, const struct value *args,
			     struct value *ret)
{
	uint32_t bounds[2] = {0, args[0].n};

	*ret = VALUE_NULL;
	if (args[0].kind == V_NULL)
		return ST_OK;
	if (args[0].kind != V_LIST)
		return diag_set(ev->x->diag, GQL_WRONG_TYPE, s->expr->offset, "%s has no parts",
				value_kind_name(args[0].kind));
	for (uint32_t i = 0; i < 2; i++) {
		const struct expr *bound = s->expr->args[i + 1];
		struct value v = args[i + 1];
		if (bound == NULL) /* absent */
			continue;
		if (v.kind == V_NULL)
			return ST_OK;
		if (v.kind != V_INT)
			return diag_set(ev->x->diag, GQL_WRONG_TYPE, bound->offset,
					"a bound must be INT, got %s", value_kind_name(v.kind));
		bounds[i] = slice_bound(v.i, args[0].n);
	}
	*ret =
	    value_list(args[0].list + bounds[0], bounds[1] > bounds[0] ? bounds[1] - bounds[0] : 0);
	return ST_OK;
}

enum status step_slice(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, slice_row);
}
