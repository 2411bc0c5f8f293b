/* exec/eval_graph.c - steps that read the graph: properties, labels, functions of elements. */
#include "exec/expr_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "value/temporal.h"

/* ---- properties ------------------------------------------------------------------------------ */

static enum status prop_row(struct eval *ev, const struct step *s, const struct value *args,
			    struct value *ret)
{
	struct exec *x = ev->x;
	name_id key = x->names[s->expr->name];
	const struct value *entry;

	*ret = VALUE_NULL;
	switch (args[0].kind) {
	case V_NULL:
		return ST_OK;
	case V_NODE:
		if (key != NAME_NONE)
			*ret = graph_node_prop(x->graph, x->view, value_elem_id(args[0]), key);
		return ST_OK;
	case V_EDGE:
		if (key != NAME_NONE)
			*ret = graph_edge_prop(x->graph, x->view, value_elem_id(args[0]), key);
		return ST_OK;
	case V_MAP:
		entry = value_map_get(args[0], x->plan->names[s->expr->name].text);
		if (entry != NULL)
			*ret = *entry;
		return ST_OK;
	default:
		if (args[0].kind >= V_DATE && args[0].kind <= V_DURATION &&
		    temporal_part(args[0], x->plan->names[s->expr->name].text, ret))
			return ST_OK;
		return diag_set(x->diag, GQL_WRONG_TYPE, s->expr->offset, "%s has no properties",
				value_kind_name(args[0].kind));
	}
}

/* The selected rows whose element is not null; the others become null in dst afterwards. */
static uint32_t present_rows(const struct eval *ev, const struct column *a, uint16_t *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		ret[n] = (uint16_t)row;
		n += !column_is_null(a, row);
	}
	return n;
}

static enum status gather_props(struct eval *ev, const struct column *a, name_id key,
				const uint16_t *rows, uint32_t n, struct column *dst)
{
	struct exec *x = ev->x;

	return a->kind == COL_NODE ? graph_node_props(x->graph, x->view, key, a->id, rows, n, dst)
				   : graph_edge_props(x->graph, x->view, key, a->id, rows, n, dst);
}

static enum status props_of_nullable(struct eval *ev, const struct column *a, name_id key,
				     struct column *dst)
{
	uint16_t rows[BATCH_ROWS];
	uint32_t n = present_rows(ev, a, rows);

	if (n != 0)
		TRY(gather_props(ev, a, key, rows, n, dst));
	for (uint32_t i = 0; i < ev->sel.n; i++) {
		uint32_t row = eval_row(&ev->sel, i);
		if (column_is_null(a, row))
			column_set_null(dst, row);
	}
	return ST_OK;
}

static enum status all_null(struct eval *ev, const struct step *s)
{
	return col_set_const(ev->x, &ev->p->regs[s->dst], VALUE_NULL);
}

enum status step_prop(struct eval *ev, const struct step *s)
{
	const struct column *a = eval_arg(ev, s, 0);
	name_id key = ev->x->names[s->expr->name];
	struct col *dst = &ev->p->regs[s->dst];

	if (a->kind != COL_NODE && a->kind != COL_EDGE)
		return eval_rows(ev, s, prop_row);
	if (key == NAME_NONE || (a->is_const && column_is_null(a, 0)))
		return all_null(ev, s);
	TRY(col_reserve(ev->x, dst, a->is_const ? 1 : ev->b->n_rows));
	if (a->is_const) {
		TRY(gather_props(ev, a, key, NULL, 1, &dst->c));
		dst->c.is_const = true;
		return ST_OK;
	}
	if (a->has_null)
		return props_of_nullable(ev, a, key, &dst->c);
	/* Whole columns go faster than positions: rows that are not selected cost less than the
	 * look. */
	if (ev->sel.n >= ev->b->n_rows / 2)
		return gather_props(ev, a, key, NULL, ev->b->n_rows, &dst->c);
	return gather_props(ev, a, key, ev->sel.rows, ev->sel.n, &dst->c);
}

/* ---- labels ---------------------------------------------------------------------------------- */

static enum status label_row(struct eval *ev, const struct step *s, const struct value *args,
			     struct value *ret)
{
	struct exec *x = ev->x;
	name_id label = x->names[s->expr->name], type = x->names[s->expr->name_type], found;
	elem_id from, to;
	uint8_t has = 0;

	*ret = VALUE_NULL;
	if (args[0].kind == V_NULL)
		return ST_OK;
	elem_id id = value_elem_id(args[0]);
	if (args[0].kind == V_NODE) {
		if (label != NAME_NONE)
			graph_nodes_have_label(x->graph, x->view, label, &id, 1, &has);
	} else if (args[0].kind == V_EDGE) {
		has = type != NAME_NONE &&
		      graph_edge_ends(x->graph, x->view, id, &found, &from, &to) && found == type;
	} else {
		return diag_set(x->diag, GQL_WRONG_TYPE, s->expr->offset, "%s has no labels",
				value_kind_name(args[0].kind));
	}
	*ret = value_bool(has);
	return ST_OK;
}

enum status step_has_label(struct eval *ev, const struct step *s)
{
	const struct column *a = eval_arg(ev, s, 0);
	struct exec *x = ev->x;
	name_id label = x->names[s->expr->name];
	elem_id ids[BATCH_ROWS];
	uint8_t has[BATCH_ROWS];
	struct column *dst;

	if (a->kind != COL_NODE || a->has_null || a->is_const || label == NAME_NONE)
		return eval_rows(ev, s, label_row);
	TRY(eval_dst(ev, s, COL_BOOL, &dst));
	if (ev->sel.rows == NULL) {
		graph_nodes_have_label(x->graph, x->view, label, a->id, ev->sel.n, dst->b);
		return ST_OK;
	}
	for (uint32_t i = 0; i < ev->sel.n; i++)
		ids[i] = a->id[ev->sel.rows[i]];
	graph_nodes_have_label(x->graph, x->view, label, ids, ev->sel.n, has);
	for (uint32_t i = 0; i < ev->sel.n; i++)
		dst->b[ev->sel.rows[i]] = has[i];
	return ST_OK;
}

/* ---- functions ------------------------------------------------------------------------------- */

static enum status wrong_argument(struct eval *ev, const struct step *s, struct value v)
{
	return diag_set(ev->x->diag, GQL_WRONG_TYPE, s->expr->offset,
			"the function does not take %s", value_kind_name(v.kind));
}

static enum status all_props(struct eval *ev, struct value elem, const struct prop **ret,
			     uint32_t *ret_n)
{
	struct exec *x = ev->x;
	elem_id id = value_elem_id(elem);

	return elem.kind == V_NODE
		   ? graph_node_all_props(x->graph, x->view, id, eval_scratch(ev), ret, ret_n)
		   : graph_edge_all_props(x->graph, x->view, id, eval_scratch(ev), ret, ret_n);
}

/* properties(x) and keys(x) of an element. */
static enum status props_of(struct eval *ev, struct value elem, bool keys_only, struct value *ret)
{
	struct store *st = graph_store(ev->x->graph);
	const struct prop *props = NULL;
	uint32_t n = 0;

	TRY(all_props(ev, elem, &props, &n));
	struct map_entry *map = arena_alloc(eval_scratch(ev), n * sizeof(*map));
	struct value *keys = arena_alloc(eval_scratch(ev), n * sizeof(*keys));
	if (map == NULL || keys == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		map[i].key = store_name_text(st, NAME_KEY, props[i].key);
		map[i].value = props[i].value;
		keys[i] = value_str(map[i].key);
	}
	*ret = keys_only ? value_list(keys, n) : value_map(map, n);
	return ST_OK;
}

static enum status keys_of_map(struct eval *ev, struct value map, struct value *ret)
{
	struct value *keys = arena_alloc(eval_scratch(ev), map.n * sizeof(*keys));

	if (keys == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < map.n; i++)
		keys[i] = value_str(map.map[i].key);
	*ret = value_list(keys, map.n);
	return ST_OK;
}

static enum status labels_of(struct eval *ev, struct value node, struct value *ret)
{
	struct exec *x = ev->x;
	name_id ids[GRAPH_LABELS_MAX];
	unsigned n = graph_node_labels(x->graph, x->view, value_elem_id(node), ids);
	struct value *labels = arena_alloc(eval_scratch(ev), n * sizeof(*labels));

	if (labels == NULL)
		return ST_NOMEM;
	if (n == 0 && !graph_node_exists(x->graph, x->view, value_elem_id(node)))
		return diag_set(x->diag, GQL_DELETED_ELEMENT, DIAG_NO_POSITION,
				"the node is deleted");
	for (unsigned i = 0; i < n; i++)
		labels[i] = value_str(store_name_text(graph_store(x->graph), NAME_LABEL, ids[i]));
	*ret = value_list(labels, n);
	return ST_OK;
}

/* type(e), start_node(e), end_node(e). */
static void of_edge(struct eval *ev, enum graph_func f, elem_id id, struct value *ret)
{
	struct exec *x = ev->x;
	name_id type;
	elem_id from, to;

	*ret = VALUE_NULL;
	if (!graph_edge_ends(x->graph, x->view, id, &type, &from, &to))
		return;
	if (f == GF_TYPE)
		*ret = value_str(store_name_text(graph_store(x->graph), NAME_TYPE, type));
	else
		*ret = value_node(f == GF_START_NODE ? from : to);
}

static enum status element_id_text(struct eval *ev, struct value v, struct value *ret)
{
	struct str s =
	    arena_printf(eval_scratch(ev), "%c:%" PRIu32 ":%" PRIu64, v.kind == V_NODE ? 'n' : 'e',
			 graph_id(ev->x->graph), value_elem_id(v));

	if (s.p == NULL)
		return ST_NOMEM;
	*ret = value_str(s);
	return ST_OK;
}

static enum status of_path(struct eval *ev, enum graph_func f, const struct path_value *p,
			   struct value *ret)
{
	uint32_t n = p->n_edges * 2 + 1;

	if (f == GF_NODES) {
		*ret = value_list(p->nodes, p->n_edges + 1);
	} else if (f == GF_EDGES) {
		*ret = value_list(p->edges, p->n_edges);
	} else if (f == GF_PATH_LENGTH) {
		*ret = value_int(p->n_edges);
	} else {
		struct value *all = arena_alloc(eval_scratch(ev), n * sizeof(*all));
		if (all == NULL)
			return ST_NOMEM;
		for (uint32_t i = 0; i < n; i++)
			all[i] = i % 2 == 0 ? p->nodes[i / 2] : p->edges[i / 2];
		*ret = value_list(all, n);
	}
	return ST_OK;
}

static enum status exists_row(struct eval *ev, struct value v, struct value *ret)
{
	struct exec *x = ev->x;
	bool there = v.kind != V_NULL;

	if (v.kind == V_NODE)
		there = graph_node_exists(x->graph, x->view, value_elem_id(v));
	else if (v.kind == V_EDGE)
		there = graph_edge_exists(x->graph, x->view, value_elem_id(v));
	*ret = value_bool(there);
	return ST_OK;
}

/* SAME(a, b, ..) and ALL_DIFFERENT(a, b, ..) of elements; null when one is null. */
static enum status same_row(struct eval *ev, const struct step *s, const struct value *args,
			    struct value *ret)
{
	bool same = true, different = true;

	for (uint32_t i = 0; i < s->n_args; i++) {
		if (args[i].kind == V_NULL) {
			*ret = VALUE_NULL;
			return ST_OK;
		}
		if (args[i].kind != V_NODE && args[i].kind != V_EDGE)
			return wrong_argument(ev, s, args[i]);
		for (uint32_t j = 0; j < i; j++) {
			bool eq = args[i].kind == args[j].kind &&
				  value_elem_id(args[i]) == value_elem_id(args[j]);
			same = same && eq;
			different = different && !eq;
		}
	}
	*ret = value_bool(s->expr->sub == GF_SAME ? same : different);
	return ST_OK;
}

static uint32_t edge_count(struct value v)
{
	return v.kind == V_LIST ? v.n : v.kind == V_EDGE;
}

static elem_id edge_at(struct value v, uint32_t i)
{
	return value_elem_id(v.kind == V_LIST ? v.list[i] : v);
}

static bool share_an_edge(struct value x, struct value y)
{
	for (uint32_t i = 0; i < edge_count(x); i++)
		for (uint32_t j = 0; j < edge_count(y); j++)
			if (edge_at(x, i) == edge_at(y, j))
				return true;
	return false;
}

static void disjoint_row(const struct step *s, const struct value *args, struct value *ret)
{
	bool disjoint = true;

	for (uint32_t i = 0; i < s->n_args && disjoint; i++)
		for (uint32_t j = 0; j < i && disjoint; j++)
			disjoint = !share_an_edge(args[i], args[j]);
	*ret = value_bool(disjoint);
}

/* VALUE {query}: its only row, or null. */
static enum status only_row(struct eval *ev, const struct step *s, struct value rows,
			    struct value *ret)
{
	if (rows.n > 1)
		return diag_set(ev->x->diag, GQL_DATA_EXCEPTION, s->expr->offset,
				"the query in VALUE has given %u rows", rows.n);
	*ret = rows.n == 1 ? rows.list[0] : VALUE_NULL;
	return ST_OK;
}

static enum status graph_call_row(struct eval *ev, const struct step *s, const struct value *args,
				  struct value *ret)
{
	enum graph_func f = s->expr->sub;
	if (f == GF_GRAPHS || f == GF_INDEXES)
		return proc_rows(ev, f, ret);
	if (f == GF_ONLY_ROW)
		return only_row(ev, s, args[0], ret);
	struct value v = args[0];
	bool node = v.kind == V_NODE, edge = v.kind == V_EDGE, path = v.kind == V_PATH;

	if (f == GF_SAME || f == GF_ALL_DIFFERENT)
		return same_row(ev, s, args, ret);
	if (f == GF_DISJOINT) {
		disjoint_row(s, args, ret);
		return ST_OK;
	}
	if (f == GF_EXISTS)
		return exists_row(ev, v, ret);
	*ret = VALUE_NULL;
	if (v.kind == V_NULL)
		return ST_OK;
	if (path && f >= GF_NODES && f <= GF_ELEMENTS)
		return of_path(ev, f, v.path, ret);
	if (f == GF_LABELS && node)
		return labels_of(ev, v, ret);
	if (f == GF_KEYS && v.kind == V_MAP)
		return keys_of_map(ev, v, ret);
	if (f == GF_PROPERTIES && v.kind == V_MAP) {
		*ret = v;
		return ST_OK;
	}
	if ((f == GF_PROPERTIES || f == GF_KEYS) && (node || edge))
		return props_of(ev, v, f == GF_KEYS, ret);
	if (f == GF_ID && (node || edge)) {
		*ret = value_int((int64_t)value_elem_id(v));
		return ST_OK;
	}
	if (f == GF_ELEMENT_ID && (node || edge))
		return element_id_text(ev, v, ret);
	if ((f == GF_TYPE || f == GF_START_NODE || f == GF_END_NODE) && edge) {
		of_edge(ev, f, value_elem_id(v), ret);
		return ST_OK;
	}
	return wrong_argument(ev, s, v);
}

enum status step_graph_call(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, graph_call_row);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* The edges that one part of a path pattern adds. */
static uint32_t part_edges(struct value part)
{
	return part.kind == V_PATH ? part.path->n_edges : 1;
}

static enum status path_row(struct eval *ev, const struct step *s, const struct value *args,
			    struct value *ret)
{
	struct arena *a = eval_scratch(ev);
	uint32_t n = 0, at = 0;

	*ret = VALUE_NULL;
	for (uint32_t i = 0; i < s->n_args; i++) {
		if (args[i].kind == V_NULL)
			return ST_OK;
		n += i % 2 != 0 ? part_edges(args[i]) : 0;
	}
	struct path_value *p = arena_alloc(a, sizeof(*p));
	struct value *nodes = arena_alloc(a, (n + 1) * sizeof(*nodes));
	struct value *edges = arena_alloc(a, n * sizeof(*edges));
	if (p == NULL || nodes == NULL || edges == NULL)
		return ST_NOMEM;
	nodes[0] = args[0];
	for (uint32_t i = 1; i + 1 < s->n_args; i += 2) {
		uint32_t k = part_edges(args[i]);
		const struct path_value *part = args[i].kind == V_PATH ? args[i].path : NULL;
		for (uint32_t j = 0; j < k; j++, at++) {
			edges[at] = part != NULL ? part->edges[j] : args[i];
			nodes[at + 1] = part != NULL ? part->nodes[j + 1] : args[i + 1];
		}
	}
	*p = (struct path_value){n, nodes, edges};
	*ret = (struct value){.kind = V_PATH, .path = p};
	return ST_OK;
}

enum status step_path(struct eval *ev, const struct step *s)
{
	return eval_rows(ev, s, path_row);
}
