/* exec/eval_proc.c - what built-in procedures give: a map for each row. */
#include "exec/expr_int.h"

/* Maps with the same keys, one after another. */
struct maps {
	struct value *list;
	uint32_t n;
};

static enum status maps_init(struct eval *ev, struct maps *m, uint32_t max)
{
	m->n = 0;
	m->list = arena_alloc(eval_scratch(ev), (max + 1) * sizeof(*m->list));
	return m->list != NULL ? ST_OK : ST_NOMEM;
}

static enum status add_map(struct eval *ev, struct maps *m, const struct map_entry *fields,
			   uint32_t n)
{
	struct map_entry *copy = arena_dup(eval_scratch(ev), fields, n * sizeof(*fields));

	if (copy == NULL)
		return ST_NOMEM;
	m->list[m->n++] = value_map(copy, n);
	return ST_OK;
}

/* The counts are those that are kept for the planner. */
static enum status list_graphs(struct eval *ev, struct maps *m)
{
	struct exec *x = ev->x;
	struct store *st = graph_store(x->graph);
	uint32_t n = store_graph_places(st);

	TRY(maps_init(ev, m, n));
	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(st, i);
		if (g == NULL || !graph_is_seen(g, x->view->read_lsn))
			continue;
		const struct map_entry fields[] = {
		    {STR("name"), value_str(graph_name(g))},
		    {STR("nodes"), value_int((int64_t)graph_count_nodes(g, NAME_NONE))},
		    {STR("edges"), value_int((int64_t)graph_count_edges(g, NAME_NONE))},
		    {STR("current"), value_bool(g == x->graph)},
		};
		TRY(add_map(ev, m, fields, ARRAY_LEN(fields)));
	}
	return ST_OK;
}

static enum status list_indexes(struct eval *ev, struct maps *m)
{
	struct exec *x = ev->x;
	struct store *st = graph_store(x->graph);
	const struct index_info *ix;
	uint32_t n;

	TRY(graph_indexes(x->graph, eval_scratch(ev), &ix, &n));
	TRY(maps_init(ev, m, n));
	for (uint32_t i = 0; i < n; i++) {
		if (x->view->read_lsn < ix[i].ready_lsn || x->view->read_lsn >= ix[i].dropped_lsn)
			continue;
		const struct map_entry fields[] = {
		    {STR("name"), value_str(ix[i].name)},
		    {STR("label"), value_str(store_name_text(st, NAME_LABEL, ix[i].label))},
		    {STR("property"), value_str(store_name_text(st, NAME_KEY, ix[i].key))},
		    {STR("unique"), value_bool(ix[i].unique)},
		    {STR("entries"), value_int((int64_t)ix[i].n_entries)},
		    {STR("lookups"), value_int((int64_t)ix[i].n_lookups)},
		};
		TRY(add_map(ev, m, fields, ARRAY_LEN(fields)));
	}
	return ST_OK;
}

enum status proc_rows(struct eval *ev, enum graph_func f, struct value *ret)
{
	struct maps m;

	TRY(f == GF_GRAPHS ? list_graphs(ev, &m) : list_indexes(ev, &m));
	*ret = value_list(m.list, m.n);
	return ST_OK;
}
