/* THE write door: for each change the conflict check, the version and the store change (one call of
 * store/write.h), then its redo, in that order. Nothing else changes a graph. */
#include "txn/redo.h"
#include "txn/txn_int.h"
#include "value/vcodec.h"

/* ---- ready to write ------------------------------------------------------------------------- */

static enum status no_memory(struct diag *d)
{
	return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
}

static struct trail *trail_new(struct txn *t)
{
	struct trail *tr = MEM_NEW(MEM_UNDO, struct trail);
	struct mark *mark = mark_new();

	if (tr == NULL || mark == NULL) {
		mem_free(MEM_UNDO, tr, sizeof *tr);
		if (mark != NULL)
			mark_unref(mark);
		return NULL;
	}
	tr->store = t->mgr->store;
	tr->w = (struct writer){
		.store = t->mgr->store,
		.mark = mark,
		.view = &t->view,
		.seq = t->seq,
	};
	return tr;
}

enum status txn_writer(struct txn *t, struct diag *d)
{
	if (t->failed)
		return diag_set(d, GQL_TXN_FAILED, DIAG_NO_POSITION, "the transaction has failed");
	if (t->mode == TXN_READ || t->mode == TXN_EXPLICIT_READ)
		return diag_set(d, GQL_TXN_READ_ONLY, DIAG_NO_POSITION, "the transaction is read only");
	(void)txn_view(t);
	if (t->trail != NULL)
		return ST_OK;
	t->trail = trail_new(t);
	if (t->trail == NULL)
		return no_memory(d);
	t->view.own = t->trail->w.mark;
	return ST_OK;
}

static enum status data_writer(struct txn *t, struct diag *d)
{
	if (t->ddl != DDL_NONE)
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a transaction that changes the catalog cannot change data");
	return txn_writer(t, d);
}

/* What the store answered, said for the user. */
static enum status explain(enum status st, const char *what, elem_id id, struct diag *d)
{
	unsigned long long n = (unsigned long long)id;

	switch (st) {
	case ST_OK:
	case ST_INVALID:
		return st;
	case ST_CONFLICT:
		return diag_fail(d, st, GQL_SERIALIZATION, DIAG_NO_POSITION,
				 "another transaction has changed %s %llu", what, n);
	case ST_NOT_FOUND:
		return diag_set(d, GQL_DELETED_ELEMENT, DIAG_NO_POSITION, "%s %llu was deleted", what, n);
	case ST_LIMIT:
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "too many elements, label combinations or properties in the graph");
	default:
		return no_memory(d);
	}
}

/* After the redo of a change. */
static enum status redo_done(struct txn *t, struct diag *d)
{
	if (LIKELY(buf_ok(&t->redo)))
		return ST_OK;
	if (t->redo.len >= TXN_REDO_MAX / 2)
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "the transaction changes too much: more than %u bytes of log",
				 TXN_REDO_MAX);
	return no_memory(d);
}

/* ---- names --------------------------------------------------------------------------------------- */

/* A definition that is not known to be on disk goes along, with all before it: so the log never names
 * an id before the ids below it, and what an aborted transaction defined leaves no hole. */
void txn_carry(struct txn *t, enum name_kind kind, name_id id)
{
	struct txn_mgr *m = t->mgr;
	uint32_t from = atomic_load_explicit(&m->durable_names[kind], memory_order_acquire);

	for (from = MAX_OF(from, t->carried[kind]); from <= id; from++) {
		redo_define(&t->redo, kind, from, store_name_text(m->store, kind, from));
		t->carried[kind] = from + 1;
	}
}

static void carry_keys(struct txn *t, const struct prop *props, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		txn_carry(t, NAME_KEY, props[i].key);
}

enum status txn_name(struct txn *t, enum name_kind kind, struct str name, name_id *ret, struct diag *d)
{
	*ret = store_name_find(t->mgr->store, kind, name);
	if (*ret != NAME_NONE)
		return ST_OK;
	if (name.len == 0 || name.len > GRAPH_NAME_MAX)
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "a name must have 1 to %u bytes", GRAPH_NAME_MAX);
	enum status st = store_name_add(t->mgr->store, kind, name, ret);
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION, "too many different names");
	return st == ST_OK ? st : no_memory(d);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static bool has_map(struct value v)
{
	if (v.kind == V_MAP)
		return true;
	for (uint32_t i = 0; v.kind == V_LIST && i < v.n; i++)
		if (has_map(v.list[i]))
			return true;
	return false;
}

static enum status check_value(struct value v, struct diag *d)
{
	if (LIKELY(vcodec_storable(v) && !has_map(v)))
		return ST_OK;
	return diag_set(d, GQL_WRONG_TYPE, DIAG_NO_POSITION, "a value of type %s cannot be a property",
			value_kind_name((enum value_kind)v.kind));
}

/* Nulls are no properties. */
static enum status check_props(const struct prop *props, uint32_t n, struct diag *d)
{
	if (n > GRAPH_PROPS_MAX)
		return diag_fail(d, ST_LIMIT, GQL_TOO_MANY_PROPERTIES, DIAG_NO_POSITION,
				 "an element can have %u properties", GRAPH_PROPS_MAX);
	for (uint32_t i = 0; i < n; i++)
		TRY(check_value(props[i].value, d));
	return ST_OK;
}

/* ---- elements ----------------------------------------------------------------------------------------- */

enum status txn_node_create(struct txn *t, struct graph *g, const name_id *labels, uint32_t n_labels,
			    const struct prop *props, uint32_t n_props, elem_id *ret, struct diag *d)
{
	TRY(data_writer(t, d));
	TRY(check_props(props, n_props, d));
	if (n_labels > GRAPH_LABELS_MAX)
		return diag_fail(d, ST_LIMIT, GQL_TOO_MANY_LABELS, DIAG_NO_POSITION,
				 "a node can have %u labels", GRAPH_LABELS_MAX);
	TRY(explain(store_node_create(&t->trail->w, g, labels, n_labels, props, n_props, ELEM_NONE, ret),
		    "node", 0, d));
	for (uint32_t i = 0; i < n_labels; i++)
		txn_carry(t, NAME_LABEL, labels[i]);
	carry_keys(t, props, n_props);
	redo_node(&t->redo, graph_id(g), *ret, labels, n_labels, props, n_props);
	return redo_done(t, d);
}

enum status txn_edge_create(struct txn *t, struct graph *g, name_id type, elem_id from, elem_id to,
			    const struct prop *props, uint32_t n_props, elem_id *ret, struct diag *d)
{
	TRY(data_writer(t, d));
	TRY(check_props(props, n_props, d));
	enum status st = store_edge_create(&t->trail->w, g, type, from, to, props, n_props, ELEM_NONE, ret);
	if (st == ST_NOT_FOUND)
		return diag_set(d, GQL_ENDPOINT_DELETED, DIAG_NO_POSITION,
				"node %llu or node %llu was deleted", (unsigned long long)from,
				(unsigned long long)to);
	if (st == ST_CONFLICT)
		return diag_fail(d, st, GQL_SERIALIZATION, DIAG_NO_POSITION,
				 "another transaction has deleted node %llu or node %llu",
				 (unsigned long long)from, (unsigned long long)to);
	TRY(explain(st, "edge", 0, d));
	txn_carry(t, NAME_TYPE, type);
	carry_keys(t, props, n_props);
	redo_edge(&t->redo, graph_id(g), *ret, type, from, to, props, n_props);
	return redo_done(t, d);
}

enum status txn_node_set(struct txn *t, struct graph *g, elem_id id, name_id key, struct value v,
			 struct diag *d)
{
	TRY(data_writer(t, d));
	TRY(check_value(v, d));
	TRY(explain(store_node_set(&t->trail->w, g, id, key, v), "node", id, d));
	txn_carry(t, NAME_KEY, key);
	redo_set(&t->redo, REDO_NODE_SET, graph_id(g), id, key, v);
	return redo_done(t, d);
}

enum status txn_edge_set(struct txn *t, struct graph *g, elem_id id, name_id key, struct value v,
			 struct diag *d)
{
	TRY(data_writer(t, d));
	TRY(check_value(v, d));
	TRY(explain(store_edge_set(&t->trail->w, g, id, key, v), "edge", id, d));
	txn_carry(t, NAME_KEY, key);
	redo_set(&t->redo, REDO_EDGE_SET, graph_id(g), id, key, v);
	return redo_done(t, d);
}

static enum status change_label(struct txn *t, struct graph *g, elem_id id, name_id label, bool add,
				struct diag *d)
{
	TRY(data_writer(t, d));
	enum status st = store_label(&t->trail->w, g, id, label, add);
	if (st == ST_EXISTS) /* it has it, or has it not, already */
		return ST_OK;
	TRY(explain(st, "node", id, d));
	txn_carry(t, NAME_LABEL, label);
	redo_label(&t->redo, add ? REDO_LABEL_ADD : REDO_LABEL_REMOVE, graph_id(g), id, label);
	return redo_done(t, d);
}

enum status txn_label_add(struct txn *t, struct graph *g, elem_id id, name_id label, struct diag *d)
{
	return change_label(t, g, id, label, true, d);
}

enum status txn_label_remove(struct txn *t, struct graph *g, elem_id id, name_id label, struct diag *d)
{
	return change_label(t, g, id, label, false, d);
}

/* ---- deleting ----------------------------------------------------------------------------------------- */

enum status txn_edge_delete(struct txn *t, struct graph *g, elem_id id, struct diag *d)
{
	TRY(data_writer(t, d));
	enum status st = store_edge_delete(&t->trail->w, g, id);
	if (st == ST_EXISTS) /* deleted by this transaction before */
		return ST_OK;
	TRY(explain(st, "edge", id, d));
	redo_delete(&t->redo, REDO_EDGE_DELETE, graph_id(g), id);
	return redo_done(t, d);
}

static enum status detach(struct txn *t, struct graph *g, elem_id id, struct diag *d)
{
	struct view now = t->view; /* own edges of this clause go too */
	struct adj_cursor c;
	struct adj_slice s;

	now.own_seq = UINT32_MAX;
	for (unsigned dir = 0; dir < 2; dir++) {
		adj_open(&c, g, &now, id, (enum adj_dir)dir, NAME_NONE);
		while (adj_next(&c, &s))
			for (uint32_t i = 0; i < s.n; i++)
				TRY(txn_edge_delete(t, g, s.edges[i], d));
	}
	return ST_OK;
}

static enum status edges_left(struct txn *t, const struct node_delete *x, struct diag *d)
{
	switch (store_node_has_edges(&t->trail->w, x->graph, x->id)) {
	case ST_CONFLICT:
		return diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
				 "another transaction changes the edges of node %llu",
				 (unsigned long long)x->id);
	case ST_EXISTS:
		return ST_EXISTS;
	default:
		return ST_OK;
	}
}

/* The node first: from then on nobody can add an edge to it; then its edges are looked at [M]. */
enum status txn_node_delete(struct txn *t, struct graph *g, elem_id id, bool with_edges, struct diag *d)
{
	struct node_delete x = {g, id};

	TRY(data_writer(t, d));
	if (!vec_reserve(MEM_SESSION, &t->deletes, (size_t)t->deletes.n + 1))
		return no_memory(d);
	enum status st = store_node_delete(&t->trail->w, g, id);
	if (st == ST_EXISTS && !with_edges) /* deleted by this transaction before */
		return ST_OK;
	if (st != ST_EXISTS) {
		TRY(explain(st, "node", id, d));
		t->deletes.v[t->deletes.n++] = x;
	}
	if (with_edges)
		TRY(detach(t, g, id, d));
	st = edges_left(t, &x, d);
	return st == ST_EXISTS ? ST_OK : st; /* edges may go until the clause ends */
}

enum status txn_end_clause(struct txn *t, struct diag *d)
{
	for (; t->n_checked < t->deletes.n; t->n_checked++) {
		const struct node_delete *x = &t->deletes.v[t->n_checked];
		enum status st = edges_left(t, x, d);
		if (st == ST_EXISTS) {
			st = diag_set(d, GQL_EDGES_EXIST, DIAG_NO_POSITION, "node %llu still has edges",
				      (unsigned long long)x->id);
			diag_hint(d, "use DETACH DELETE to delete them too");
		}
		TRY(st);
		redo_delete(&t->redo, REDO_NODE_DELETE, graph_id(x->graph), x->id);
		TRY(redo_done(t, d));
	}
	return ST_OK;
}
