/* exec/write.c - making elements and setting properties through the write door. */
#include "exec/write.h"

enum status write_place(struct exec *x, enum status st, uint32_t offset)
{
	if (st != ST_OK && diag_is_set(x->diag) && x->diag->offset == DIAG_NO_POSITION)
		x->diag->offset = offset;
	return st;
}

enum status write_end(struct exec *x, uint32_t offset)
{
	TRY(write_place(x, txn_end_clause(x->txn, x->diag), offset));
	txn_next_clause(x->txn);
	return ST_OK;
}

/* ---- making ------------------------------------------------------------------------------------
 */

static uint32_t item_values(const struct make *item)
{
	return item->map != NULL ? 1 : item->n_props;
}

enum status maker_open(struct exec *x, const struct make *items, uint32_t n, bool nulls_fail,
		       struct maker *m)
{
	uint32_t n_progs = 0, at = 0;

	*m = (struct maker){.items = items, .n = n, .nulls_fail = nulls_fail};
	for (uint32_t i = 0; i < n; i++) {
		n_progs += item_values(&items[i]);
		m->cap_props = MAX_OF(m->cap_props, items[i].n_props);
	}
	m->progs = exec_alloc(x, n_progs * sizeof(*m->progs));
	m->values = exec_alloc(x, n_progs * sizeof(*m->values));
	m->props = exec_alloc(x, m->cap_props * sizeof(*m->props));
	m->made = exec_alloc(x, n * sizeof(*m->made));
	if (m->progs == NULL || m->values == NULL || m->props == NULL || m->made == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (items[i].map != NULL) {
			TRY(prog_make(x, items[i].map, &m->progs[at++]));
			continue;
		}
		for (uint32_t k = 0; k < items[i].n_props; k++)
			TRY(prog_make(x, items[i].values[k], &m->progs[at++]));
	}
	return ST_OK;
}

enum status maker_eval(struct maker *m, struct exec *x, const struct batch *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n; i++)
		n += item_values(&m->items[i]);
	for (uint32_t i = 0; i < n; i++) {
		const struct column *c;
		TRY(prog_eval(m->progs[i], x, b, &c));
		m->values[i] = *c;
	}
	return ST_OK;
}

static enum status room_for_props(struct maker *m, struct exec *x, uint32_t n)
{
	if (n <= m->cap_props)
		return ST_OK;
	m->props = exec_alloc(x, n * sizeof(*m->props));
	m->cap_props = m->props != NULL ? n : 0;
	return m->props != NULL ? ST_OK : ST_NOMEM;
}

static enum status props_of_map(struct maker *m, struct exec *x, const struct make *item,
				struct value map, uint32_t *ret_n)
{
	uint32_t n = 0;

	*ret_n = 0;
	if (map.kind == V_NULL)
		return ST_OK;
	if (map.kind != V_MAP)
		return diag_set(x->diag, GQL_WRONG_TYPE, item->map->offset,
				"properties come from a RECORD, got %s", value_kind_name(map.kind));
	TRY(room_for_props(m, x, map.n));
	for (uint32_t i = 0; i < map.n; i++) {
		if (map.map[i].value.kind == V_NULL)
			continue;
		m->props[n].value = map.map[i].value;
		TRY(txn_name(x->txn, NAME_KEY, map.map[i].key, &m->props[n++].key, x->diag));
	}
	*ret_n = n;
	return ST_OK;
}

/* The properties of an item for a row; values[] are the item's columns. */
static enum status props_of_item(struct maker *m, struct exec *x, const struct make *item,
				 const struct column *values, uint32_t row, uint32_t *ret_n)
{
	uint32_t n = 0;

	if (item->map != NULL)
		return props_of_map(m, x, item, column_get(&values[0], row), ret_n);
	for (uint32_t k = 0; k < item->n_props; k++) {
		struct value v = column_get(&values[k], row);
		if (v.kind == V_NULL && m->nulls_fail)
			return diag_set(x->diag, GQL_NULL_NOT_ALLOWED, item->values[k]->offset,
					"MERGE cannot use null for property '" STR_FMT "'",
					STR_ARG(x->plan->names[item->keys[k]].text));
		if (v.kind == V_NULL)
			continue;
		m->props[n].value = v;
		TRY(exec_name(x, item->keys[k], &m->props[n++].key));
	}
	*ret_n = n;
	return ST_OK;
}

static enum status node_of(struct exec *x, const struct make *item, const struct batch *b,
			   uint32_t slot, uint32_t row, elem_id *ret)
{
	struct value v = column_get(&b->cols[slot], row);

	if (v.kind != V_NODE)
		return diag_set(x->diag, v.kind == V_NULL ? GQL_NULL_NOT_ALLOWED : GQL_WRONG_TYPE,
				item->offset, "an edge needs a node at each end, got %s",
				value_kind_name(v.kind));
	*ret = value_elem_id(v);
	return ST_OK;
}

/* An endpoint: made by this row, or bound before. */
static enum status endpoint(struct maker *m, struct exec *x, uint32_t i_item, const struct batch *b,
			    uint32_t slot, uint32_t row, elem_id *ret)
{
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->items[i].is_edge || m->items[i].slot != slot)
			continue;
		*ret = m->made[i];
		return ST_OK;
	}
	return node_of(x, &m->items[i_item], b, slot, row, ret);
}

static enum status make_node(struct maker *m, struct exec *x, uint32_t i, uint32_t n_props)
{
	const struct make *item = &m->items[i];
	name_id labels[GRAPH_LABELS_MAX];

	if (item->n_labels > GRAPH_LABELS_MAX)
		return diag_set(x->diag, GQL_TOO_MANY_LABELS, item->offset,
				"a node can have %d labels", GRAPH_LABELS_MAX);
	for (uint32_t k = 0; k < item->n_labels; k++)
		TRY(exec_name(x, item->labels[k], &labels[k]));
	TRY(txn_node_create(x->txn, x->graph, labels, item->n_labels, m->props, n_props,
			    &m->made[i], x->diag));
	x->counts.nodes_created++;
	x->counts.labels_added += item->n_labels;
	return ST_OK;
}

static enum status make_edge(struct maker *m, struct exec *x, uint32_t i, const struct batch *b,
			     uint32_t row, uint32_t n_props)
{
	const struct make *item = &m->items[i];
	name_id type;
	elem_id from, to;

	TRY(endpoint(m, x, i, b, item->from, row, &from));
	TRY(endpoint(m, x, i, b, item->to, row, &to));
	TRY(exec_name(x, item->labels[0], &type));
	TRY(txn_edge_create(x->txn, x->graph, type, from, to, m->props, n_props, &m->made[i],
			    x->diag));
	x->counts.edges_created++;
	return ST_OK;
}

enum status maker_row(struct maker *m, struct exec *x, const struct batch *b, uint32_t row)
{
	const struct column *values = m->values;

	/* Nodes stand before the edges that need them, in each item list. */
	for (uint32_t i = 0; i < m->n; i++) {
		const struct make *item = &m->items[i];
		uint32_t n_props = 0;
		if (item->bound) {
			TRY(node_of(x, item, b, item->slot, row, &m->made[i]));
			continue;
		}
		TRY(props_of_item(m, x, item, values, row, &n_props));
		values += item_values(item);
		enum status st = item->is_edge ? make_edge(m, x, i, b, row, n_props)
					       : make_node(m, x, i, n_props);
		TRY(write_place(x, st, item->offset));
		x->counts.props_set += n_props;
	}
	return ST_OK;
}

/* ---- setting -----------------------------------------------------------------------------------
 */

enum status setter_open(struct exec *x, const struct set_item *items, uint32_t n, struct setter *s)
{
	*s = (struct setter){.items = items, .n = n};
	s->targets = exec_alloc(x, n * sizeof(*s->targets));
	s->progs = exec_alloc(x, n * sizeof(*s->progs));
	s->elems = exec_alloc(x, n * sizeof(*s->elems));
	s->values = exec_zalloc(x, n * sizeof(*s->values));
	if (s->targets == NULL || s->progs == NULL || s->elems == NULL || s->values == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		TRY(prog_make(x, items[i].target, &s->targets[i]));
		TRY(prog_make(x, items[i].value, &s->progs[i]));
	}
	return ST_OK;
}

enum status setter_eval(struct setter *s, struct exec *x, const struct batch *b)
{
	const struct column *c;

	for (uint32_t i = 0; i < s->n; i++) {
		TRY(prog_eval(s->targets[i], x, b, &c));
		s->elems[i] = *c;
		if (s->progs[i] == NULL)
			continue;
		TRY(prog_eval(s->progs[i], x, b, &c));
		s->values[i] = *c;
	}
	return ST_OK;
}

static enum status set_prop(struct exec *x, struct value elem, name_id key, struct value v)
{
	elem_id id = value_elem_id(elem);

	x->counts.props_set++;
	return elem.kind == V_NODE ? txn_node_set(x->txn, x->graph, id, key, v, x->diag)
				   : txn_edge_set(x->txn, x->graph, id, key, v, x->diag);
}

static enum status all_props(struct exec *x, const struct view *v, struct value elem,
			     struct arena *a, const struct prop **ret, uint32_t *ret_n)
{
	elem_id id = value_elem_id(elem);

	return elem.kind == V_NODE ? graph_node_all_props(x->graph, v, id, a, ret, ret_n)
				   : graph_edge_all_props(x->graph, v, id, a, ret, ret_n);
}

static enum status remove_all(struct exec *x, struct value elem, struct arena *a)
{
	const struct view now = write_view(x);
	const struct prop *props = NULL;
	uint32_t n = 0;

	TRY(all_props(x, &now, elem, a, &props, &n));
	for (uint32_t i = 0; i < n; i++)
		TRY(set_prop(x, elem, props[i].key, VALUE_NULL));
	return ST_OK;
}

/* Properties from a map, or from another element as it was before the clause. */
static enum status set_all(struct exec *x, const struct set_item *item, struct value elem,
			   struct value from, struct arena *a)
{
	const struct prop *props = NULL;
	uint32_t n = 0;
	bool is_elem = from.kind == V_NODE || from.kind == V_EDGE;

	if (!is_elem && from.kind != V_MAP && from.kind != V_NULL)
		return diag_set(x->diag, GQL_WRONG_TYPE, item->offset,
				"properties come from a RECORD, got %s",
				value_kind_name(from.kind));
	if (is_elem)
		TRY(all_props(x, x->view, from, a, &props, &n));
	if (item->kind == SET_MAP_REPLACE)
		TRY(remove_all(x, elem, a));
	for (uint32_t i = 0; i < n; i++)
		TRY(set_prop(x, elem, props[i].key, props[i].value));
	for (uint32_t i = 0; from.kind == V_MAP && i < from.n; i++) {
		name_id key;
		TRY(txn_name(x->txn, NAME_KEY, from.map[i].key, &key, x->diag));
		TRY(set_prop(x, elem, key, from.map[i].value));
	}
	return ST_OK;
}

static enum status set_label(struct exec *x, const struct set_item *item, struct value elem)
{
	name_id label;

	if (elem.kind != V_NODE)
		return diag_set(x->diag, GQL_WRONG_TYPE, item->offset,
				"the type of an edge cannot be changed");
	TRY(exec_name(x, item->name, &label));
	if (item->kind == SET_LABEL) {
		x->counts.labels_added++;
		return txn_label_add(x->txn, x->graph, value_elem_id(elem), label, x->diag);
	}
	x->counts.labels_removed++;
	return txn_label_remove(x->txn, x->graph, value_elem_id(elem), label, x->diag);
}

static enum status set_item(struct exec *x, const struct set_item *item, struct value elem,
			    struct value v)
{
	name_id key;

	if (elem.kind == V_NULL)
		return ST_OK;
	if (elem.kind != V_NODE && elem.kind != V_EDGE)
		return diag_set(x->diag, GQL_WRONG_TYPE, item->offset,
				"%s has no properties to set", value_kind_name(elem.kind));
	switch (item->kind) {
	case SET_PROP:
	case REMOVE_PROP:
		TRY(exec_name(x, item->name, &key));
		return set_prop(x, elem, key, item->kind == SET_PROP ? v : VALUE_NULL);
	case SET_LABEL:
	case REMOVE_LABEL:
		return set_label(x, item, elem);
	default:
		break;
	}
	struct arena_mark m = arena_mark(&x->arena.a);
	enum status st = set_all(x, item, elem, v, &x->arena.a);
	arena_rewind(&x->arena.a, m);
	return st;
}

enum status setter_row(struct setter *s, struct exec *x, uint32_t row)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct value elem = column_get(&s->elems[i], row);
		struct value v = s->progs[i] != NULL ? column_get(&s->values[i], row) : VALUE_NULL;
		TRY(write_place(x, set_item(x, &s->items[i], elem, v), s->items[i].offset));
	}
	return ST_OK;
}
