/* tools/geode/import_offline.c - a new data directory: the store's bulk door, then one snapshot. */
#include "db/db.h"
#include "store/image.h"
#include "tools/geode/import.h"

#define REASON_MAX 256
#define FIRST_LSN 1 /* of the imported content: there is no log before it */

struct offline {
	struct import_sink sink;
	const char *dir;
	struct store *store;
	struct graph *graph;
	VEC(uint32_t) ids; /* of nodes, in the order of their coming */
	struct prop *props;
	uint32_t *order; /* columns with properties, by ascending key */
	uint32_t n_order, n_columns;
	struct str last_type; /* edges of a file mostly share one */
	name_id last_type_id;
};

static enum status no_memory(enum status st, struct diag *d)
{
	if (st == ST_NOMEM)
		return diag_fail(d, st, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "a graph holds at most %u nodes and %u edges, a name %u bytes",
				 GRAPH_ELEMENTS_MAX, GRAPH_ELEMENTS_MAX, GRAPH_NAME_MAX);
	return diag_fail(d, st, GQL_INTERNAL, DIAG_NO_POSITION, "%s", status_name(st));
}

static void drop_columns(struct offline *o)
{
	mem_free(MEM_OTHER, o->props, o->n_columns * sizeof o->props[0]);
	mem_free(MEM_OTHER, o->order, o->n_columns * sizeof o->order[0]);
	o->props = NULL;
	o->order = NULL;
	o->n_order = o->n_columns = 0;
}

/* Keys are looked up once a file; a row then gives its properties by ascending key. */
static enum status offline_begin(struct import_sink *s, struct import_file *f, struct diag *d)
{
	struct offline *o = container_of(s, struct offline, sink);

	drop_columns(o);
	o->last_type = STR_NULL;
	o->n_columns = f->columns.n;
	o->props = mem_alloc(MEM_OTHER, o->n_columns * sizeof o->props[0]);
	o->order = mem_alloc(MEM_OTHER, o->n_columns * sizeof o->order[0]);
	if (o->props == NULL || o->order == NULL)
		return no_memory(ST_NOMEM, d);
	for (uint32_t i = 0; i < f->columns.n; i++) {
		struct import_column *c = &f->columns.v[i];
		if (c->name.len == 0 || (c->role != IMPORT_PROPERTY && c->role != IMPORT_ID))
			continue;
		const enum status st = image_name(o->store, NAME_KEY, c->name, &c->key);
		if (st != ST_OK)
			return no_memory(st, d);
		uint32_t at = o->n_order++;
		for (; at > 0 && f->columns.v[o->order[at - 1]].key > c->key; at--)
			o->order[at] = o->order[at - 1];
		o->order[at] = i;
	}
	return ST_OK;
}

static uint32_t take_props(struct offline *o, const struct import_file *f,
			   const struct import_row *row)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->n_order; i++) {
		const uint32_t column = o->order[i];
		if (!value_is_null(row->values[column]))
			o->props[n++] =
			    (struct prop){f->columns.v[column].key, row->values[column]};
	}
	return n;
}

static enum status offline_node(struct import_sink *s, const struct import_file *f,
				const struct import_row *row, struct diag *d)
{
	struct offline *o = container_of(s, struct offline, sink);
	name_id labels[IMPORT_LABELS_MAX];
	enum status st = ST_OK;
	elem_id id;

	for (uint32_t i = 0; i < row->n_labels && st == ST_OK; i++) {
		uint32_t at = i;
		name_id label;
		st = image_name(o->store, NAME_LABEL, row->labels[i], &label);
		for (; st == ST_OK && at > 0 && labels[at - 1] > label; at--)
			labels[at] = labels[at - 1];
		if (st == ST_OK)
			labels[at] = label;
	}
	const uint32_t n_props = take_props(o, f, row);
	if (st == ST_OK)
		st = image_add_node(o->graph, labels, row->n_labels, o->props, n_props, &id);
	if (st == ST_OK && !vec_push(MEM_OTHER, &o->ids, (uint32_t)id))
		st = ST_NOMEM;
	return st == ST_OK ? ST_OK : no_memory(st, d);
}

static enum status offline_edge(struct import_sink *s, const struct import_file *f,
				const struct import_row *row, struct diag *d)
{
	struct offline *o = container_of(s, struct offline, sink);
	const uint32_t n_props = take_props(o, f, row);
	enum status st = ST_OK;
	elem_id id;

	if (o->last_type.p == NULL || !str_eq(o->last_type, row->labels[0])) {
		st = image_name(o->store, NAME_TYPE, row->labels[0], &o->last_type_id);
		if (st == ST_OK)
			o->last_type = store_name_text(o->store, NAME_TYPE, o->last_type_id);
	}
	if (st == ST_OK)
		st = image_add_edge(o->graph, o->last_type_id, o->ids.v[row->from],
				    o->ids.v[row->to], o->props, n_props, &id);
	return st == ST_OK ? ST_OK : no_memory(st, d);
}

static enum status offline_end(struct import_sink *s, const struct import_file *f, struct diag *d)
{
	return ST_OK;
}

static enum status offline_finish(struct import_sink *s, struct diag *d)
{
	struct offline *o = container_of(s, struct offline, sink);
	char reason[REASON_MAX] = "";
	enum status st = image_end(o->store);

	if (st != ST_OK)
		return no_memory(st, d);
	st = db_create_from_store(o->dir, o->store, FIRST_LSN, reason, sizeof reason);
	if (st == ST_OK)
		return ST_OK;
	return diag_fail(d, st, st == ST_FULL ? GQL_DISK_FULL : GQL_IO_ERROR, DIAG_NO_POSITION,
			 "'%s' cannot become a data directory: %s", o->dir,
			 reason[0] != 0 ? reason : status_name(st));
}

static void offline_free(struct import_sink *s)
{
	struct offline *o = container_of(s, struct offline, sink);

	drop_columns(o);
	vec_release(MEM_OTHER, &o->ids);
	if (o->store != NULL)
		store_free(o->store);
	MEM_FREE(MEM_OTHER, o);
}

static const struct import_sink_ops offline_ops = {
    offline_begin, offline_node, offline_edge, offline_end, offline_finish, offline_free,
};

static enum status found_name(void *ctx, const char *name)
{
	return ST_EXISTS;
}

enum status import_offline_new(const char *dir, const char *graph, struct import_sink **ret,
			       struct diag *d)
{
	const enum status there = file_io->list(dir, found_name, NULL);

	if (there != ST_OK && there != ST_NOT_FOUND)
		return diag_fail(d, there, GQL_DUPLICATE_OBJECT, DIAG_NO_POSITION, "'%s' %s", dir,
				 there == ST_EXISTS ? "is not empty" : "cannot be read");
	struct offline *o = MEM_NEW(MEM_OTHER, struct offline);
	if (o == NULL)
		return no_memory(ST_NOMEM, d);
	o->sink.ops = &offline_ops;
	o->dir = dir;
	enum status st = store_new(&o->store);
	if (st != ST_OK)
		o->store = NULL;
	else
		st = image_graph(o->store, str_of(graph != NULL ? graph : "default"), &o->graph);
	if (st != ST_OK) {
		offline_free(&o->sink);
		return st == ST_LIMIT
			   ? diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				       "a graph's name has 1 to %u bytes", GRAPH_NAME_MAX)
			   : no_memory(st, d);
	}
	*ret = &o->sink;
	return ST_OK;
}
