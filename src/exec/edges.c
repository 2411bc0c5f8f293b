/* exec/edges.c - edges of a node by direction and types; used edges. */
#include "exec/edges.h"

enum status edge_spec_open(struct exec *x, const struct pop *pop, struct edge_spec *s)
{
	s->dir = pop->expand.dir;
	s->any_type = pop->expand.n_types == 0;
	s->types = exec_alloc(x, MAX_OF(pop->expand.n_types, 1u) * sizeof(name_id));
	return s->types != NULL ? ST_OK : ST_NOMEM;
}

void edge_spec_resolve(const struct exec *x, const struct pop *pop, struct edge_spec *s)
{
	s->n_types = 0;
	if (s->any_type)
		s->types[s->n_types++] = NAME_NONE;
	for (uint32_t i = 0; i < pop->expand.n_types; i++) {
		name_id id = x->names[pop->expand.types[i]];
		if (id != NAME_NONE)
			s->types[s->n_types++] = id;
	}
}

static enum adj_dir part_dir(const struct edge_spec *s, uint32_t i_part, bool reverse)
{
	bool in = s->dir == DIR_IN || (s->dir == DIR_BOTH && i_part >= s->n_types);

	return in != reverse ? ADJ_IN : ADJ_OUT;
}

static name_id part_type(const struct edge_spec *s, uint32_t i_part)
{
	return s->types[i_part < s->n_types ? i_part : i_part - s->n_types];
}

bool edge_walk_next(struct edge_walk *w, const struct exec *x, const struct edge_spec *s,
		    bool reverse, struct adj_slice *ret)
{
	uint32_t n_parts = s->n_types * (s->dir == DIR_BOTH ? 2 : 1);

	for (; w->i_part < n_parts; w->i_part++, w->open = false) {
		if (!w->open)
			adj_open(&w->cursor, x->graph, x->view, w->node,
				 part_dir(s, w->i_part, reverse), part_type(s, w->i_part));
		w->open = true;
		w->second = w->i_part >= s->n_types;
		if (adj_next(&w->cursor, ret))
			return true;
	}
	return false;
}

uint64_t edge_degree(const struct exec *x, const struct edge_spec *s, elem_id node, bool reverse)
{
	uint32_t n_parts = s->n_types * (s->dir == DIR_BOTH ? 2 : 1);
	uint64_t n = 0;

	for (uint32_t i = 0; i < n_parts; i++)
		n += adj_degree(x->graph, x->view, node, part_dir(s, i, reverse), part_type(s, i));
	return n;
}

void edge_prefetch(const struct exec *x, const struct edge_spec *s, const struct batch *b,
		   uint32_t slot, uint32_t i_sel)
{
	const struct column *from = &b->cols[slot];
	elem_id ids[EDGE_PREFETCH_ROWS];

	if (from->is_const || from->kind != COL_NODE)
		return;
	const uint32_t n = batch_ids(b, from, i_sel, ids, ARRAY_LEN(ids));
	adj_prefetch(x->graph, ids, n, s->dir == DIR_IN ? ADJ_IN : ADJ_OUT);
}

static enum status used_add(struct exec *x, struct used_edges *u, elem_id id)
{
	if (!arena_grow(&x->arena.a, &u->ids, u->n, &u->cap, sizeof(*u->ids)))
		return ST_NOMEM;
	u->ids[u->n++] = id;
	return ST_OK;
}

static enum status used_add_value(struct exec *x, struct used_edges *u, struct value v)
{
	if (v.kind == V_EDGE)
		return used_add(x, u, value_elem_id(v));
	if (v.kind == V_PATH)
		for (uint32_t i = 0; i < v.path->n_edges; i++)
			TRY(used_add(x, u, value_elem_id(v.path->edges[i])));
	if (v.kind == V_LIST)
		for (uint32_t i = 0; i < v.n; i++)
			TRY(used_add_value(x, u, v.list[i]));
	return ST_OK;
}

enum status used_edges_load(struct exec *x, struct used_edges *u, const struct batch *b,
			    uint32_t row, const uint32_t *slots, uint32_t n)
{
	u->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct column *c = &b->cols[slots[i]];
		TRY(used_add_value(x, u, column_get(c, row)));
	}
	return ST_OK;
}
