/* The write door: each change is a conflict check, a version, the store's change and a redo record,
 * in that order. The first three are one call of store/write.h; nothing else changes a graph. */
#include "txn/redo.h"
#include "txn/txn_int.h"
#include "value/text.h"

enum status txn_writer(struct txn *t, struct diag *d)
{
	if (t->mode == TXN_EXPLICIT_READ || t->mode == TXN_READ)
		return diag_set(d, GQL_TXN_READ_ONLY, DIAG_NO_POSITION,
				"the transaction is read only");
	if (txn_has_ddl(t))
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a catalog change is a transaction of its own");
	(void)txn_view(t);
	if (t->w.mark != NULL)
		return ST_OK;
	if (!epoch_must_stay(t->slot))
		return diag_fail(d, ST_CONFLICT, GQL_SNAPSHOT_TOO_OLD, DIAG_NO_POSITION,
				 "the transaction has read for too long before it wrote");
	t->tail = MEM_NEW(MEM_UNDO, struct tail);
	struct mark *m = mark_new(t->m->store);
	if (t->tail == NULL || m == NULL) {
		if (m != NULL)
			mark_unref(m);
		mem_free(MEM_UNDO, t->tail, sizeof *t->tail);
		t->tail = NULL;
		return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION,
				 "out of memory (OOM)");
	}
	t->w.mark = m;
	t->view.own = m;
	return ST_OK;
}

/* In use before it is looked at: a graph that is not dropped yet stays until this transaction's
 * versions are gone. */
enum status txn_writer_in(struct txn *t, struct graph *g, struct diag *d)
{
	struct tail *tail;
	uint32_t i = 0;

	TRY(txn_writer(t, d));
	tail = t->tail;
	while (i < tail->n_graphs && tail->graphs[i] != g)
		i++;
	if (UNLIKELY(i == TXN_GRAPHS_MAX))
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "a transaction changes at most %u graphs", TXN_GRAPHS_MAX);
	if (i == tail->n_graphs) {
		tail->graphs[tail->n_graphs++] = g;
		graph_use(g);
	}
	return UNLIKELY(graph_is_dropped(g)) ? ddl_graph_conflict(g, d) : ST_OK;
}

/* The store's verdict in the user's words. */
static enum status explain(enum status st, struct diag *d, const char *what)
{
	switch (st) {
	case ST_CONFLICT:
		(void)diag_fail(d, st, GQL_SERIALIZATION, DIAG_NO_POSITION,
				"%s was changed by a concurrent transaction", what);
		diag_hint(d, "run the transaction again");
		return st;
	case ST_NOT_FOUND:
		return diag_set(d, GQL_DELETED_ELEMENT, DIAG_NO_POSITION, "%s is deleted", what);
	case ST_LIMIT:
		return diag_fail(
		    d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
		    "a graph holds at most %u nodes and edges, an element %u properties",
		    GRAPH_ELEMENTS_MAX, GRAPH_PROPS_MAX);
	case ST_NOMEM:
		return diag_fail(d, st, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory (OOM)");
	default:
		return st;
	}
}

/* The same for a node, on which unique constraints may stand; v: its value of the clash's key. The
 * constraint's name is pinned by the view's epoch. */
static enum status explain_node(struct txn *t, enum status st, struct value v, struct diag *d)
{
	const struct unique_clash c = t->w.clash;
	struct store *s = t->m->store;
	struct buf text;

	t->w.clash = (struct unique_clash){0};
	if (st == ST_CONFLICT && c.constraint.p != NULL) {
		(void)diag_fail(d, st, GQL_SERIALIZATION, DIAG_NO_POSITION,
				"a concurrent transaction is behind the same value under "
				"constraint '" STR_FMT "'",
				STR_ARG(c.constraint));
		diag_hint(d, "run the transaction again");
		return st;
	}
	if (st != ST_INVALID)
		return explain(st, d, "the node");
	buf_init(&text, MEM_OTHER, DIAG_MESSAGE_MAX);
	text_put(&text, v, TEXT_GQL);
	(void)diag_set(d, GQL_UNIQUE_VIOLATION, DIAG_NO_POSITION,
		       "constraint '" STR_FMT "': node %llu has " STR_FMT "." STR_FMT " = " STR_FMT
		       " already",
		       STR_ARG(c.constraint), (unsigned long long)c.holder,
		       STR_ARG(store_name_text(s, NAME_LABEL, c.label)),
		       STR_ARG(store_name_text(s, NAME_KEY, c.key)), STR_ARG(buf_str(&text)));
	diag_hint(d, "MERGE finds the node or makes it");
	buf_release(&text);
	return st;
}

static struct value prop_value(const struct prop *props, uint32_t n, name_id key)
{
	struct value v = {.kind = V_NULL};

	for (uint32_t i = 0; i < n; i++)
		if (props[i].key == key)
			v = props[i].value;
	return v;
}

static enum status redo_status(struct txn *t, struct diag *d)
{
	if (buf_ok(&t->redo))
		return ST_OK;
	if (t->redo.len >= TXN_REDO_MAX / 2)
		return diag_fail(d, ST_LIMIT, GQL_TOO_LARGE, DIAG_NO_POSITION,
				 "the transaction's log record is larger than %u bytes",
				 TXN_REDO_MAX);
	return explain(ST_NOMEM, d, "");
}

static enum status check_value(struct value v, struct diag *d)
{
	bool bad = v.kind == V_NODE || v.kind == V_EDGE || v.kind == V_PATH || v.kind == V_MAP;

	for (uint32_t i = 0; v.kind == V_LIST && i < v.n && !bad; i++)
		TRY(check_value(v.list[i], d));
	if (bad)
		return diag_set(d, GQL_WRONG_TYPE, DIAG_NO_POSITION, "a property cannot hold %s",
				value_kind_name((enum value_kind)v.kind));
	if ((v.kind == V_STRING || v.kind == V_BYTES) && v.n > VALUE_STRING_MAX)
		return diag_set(d, GQL_STRING_TOO_LONG, DIAG_NO_POSITION,
				"a text of more than %u bytes cannot be stored", VALUE_STRING_MAX);
	return ST_OK;
}

static enum status check_props(const struct prop *props, uint32_t n, struct diag *d)
{
	if (n > GRAPH_PROPS_MAX)
		return diag_fail(d, ST_LIMIT, GQL_TOO_MANY_PROPERTIES, DIAG_NO_POSITION,
				 "more than %u properties on one element", GRAPH_PROPS_MAX);
	for (uint32_t i = 0; i < n; i++)
		TRY(check_value(props[i].value, d));
	return ST_OK;
}

enum status txn_name(struct txn *t, enum name_kind kind, struct str name, name_id *ret,
		     struct diag *d)
{
	if (name.len > GRAPH_NAME_MAX)
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "a name has at most %u bytes", GRAPH_NAME_MAX);
	enum status st = store_name_add(t->m->store, kind, name, ret);
	return st == ST_OK ? ST_OK : explain(st, d, "");
}

enum status txn_node_create(struct txn *t, struct graph *g, const name_id *labels,
			    uint32_t n_labels, const struct prop *props, uint32_t n_props,
			    elem_id *ret, struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	TRY(check_props(props, n_props, d));
	enum status st =
	    store_node_create(&t->w, g, labels, n_labels, props, n_props, ELEM_NONE, ret);
	if (st != ST_OK)
		return explain_node(t, st, prop_value(props, n_props, t->w.clash.key), d);
	redo_node(&t->redo, g, *ret, labels, n_labels, props, n_props);
	return redo_status(t, d);
}

enum status txn_edge_create(struct txn *t, struct graph *g, name_id type, elem_id from, elem_id to,
			    const struct prop *props, uint32_t n_props, elem_id *ret,
			    struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	TRY(check_props(props, n_props, d));
	enum status st =
	    store_edge_create(&t->w, g, type, from, to, props, n_props, ELEM_NONE, ret);
	if (st == ST_NOT_FOUND)
		return diag_set(d, GQL_ENDPOINT_DELETED, DIAG_NO_POSITION,
				"an endpoint of the new edge is deleted");
	if (st != ST_OK)
		return explain(st, d, "an endpoint of the new edge");
	redo_edge(&t->redo, g, *ret, type, from, to, props, n_props);
	return redo_status(t, d);
}

enum status txn_node_set(struct txn *t, struct graph *g, elem_id id, name_id key, struct value v,
			 struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	TRY(check_value(v, d));
	enum status st = store_node_set(&t->w, g, id, key, v);
	if (st != ST_OK)
		return explain_node(t, st, v, d);
	redo_set(&t->redo, REDO_NODE_SET, g, id, key, v);
	return redo_status(t, d);
}

enum status txn_edge_set(struct txn *t, struct graph *g, elem_id id, name_id key, struct value v,
			 struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	TRY(check_value(v, d));
	enum status st = store_edge_set(&t->w, g, id, key, v);
	if (st != ST_OK)
		return explain(st, d, "the edge");
	redo_set(&t->redo, REDO_EDGE_SET, g, id, key, v);
	return redo_status(t, d);
}

/* With the writes of this clause too. */
static struct value value_now(struct txn *t, struct graph *g, elem_id id, name_id key)
{
	struct view now = t->view;

	now.own_seq = t->w.seq;
	return graph_node_prop(g, &now, id, key);
}

static enum status change_label(struct txn *t, struct graph *g, elem_id id, name_id label, bool add,
				struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	enum status st = store_label(&t->w, g, id, label, add);
	if (st == ST_EXISTS)
		return ST_OK;
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_TOO_MANY_LABELS, DIAG_NO_POSITION,
				 "more than %u labels on one node", GRAPH_LABELS_MAX);
	if (st != ST_OK)
		return explain_node(t, st, value_now(t, g, id, t->w.clash.key), d);
	redo_label(&t->redo, add ? REDO_LABEL_ADD : REDO_LABEL_REMOVE, g, id, label);
	return redo_status(t, d);
}

enum status txn_label_add(struct txn *t, struct graph *g, elem_id id, name_id label, struct diag *d)
{
	return change_label(t, g, id, label, true, d);
}

enum status txn_label_remove(struct txn *t, struct graph *g, elem_id id, name_id label,
			     struct diag *d)
{
	return change_label(t, g, id, label, false, d);
}

enum status txn_edge_delete(struct txn *t, struct graph *g, elem_id id, struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	enum status st = store_edge_delete(&t->w, g, id);
	if (st == ST_EXISTS)
		return ST_OK; /* deleted by this transaction already */
	if (st != ST_OK)
		return explain(st, d, "the edge");
	redo_delete(&t->redo, REDO_EDGE_DELETE, g, id);
	return redo_status(t, d);
}

/* Every edge that the view shows. The slices are read under the view's epoch; deleting sets stamps
 * beside the entries, which stay. */
static enum status detach(struct txn *t, struct graph *g, elem_id id, struct diag *d)
{
	struct view now = t->view;

	now.own_seq = t->w.seq; /* edges that this clause has made go too */
	for (unsigned dir = 0; dir < 2; dir++) {
		struct adj_cursor c;
		struct adj_slice s;
		adj_open(&c, g, &now, id, (enum adj_dir)dir, NAME_NONE);
		while (adj_next(&c, &s))
			for (uint32_t i = 0; i < s.n; i++)
				TRY(txn_edge_delete(t, g, s.edges[i], d));
	}
	return ST_OK;
}

/* Existence first: after it nobody can add an edge; then the edges are looked at [M]. The node's
 * redo comes at the end of the clause, behind its edges', so that replay finds their endpoints. */
enum status txn_node_delete(struct txn *t, struct graph *g, elem_id id, bool with_edges,
			    struct diag *d)
{
	TRY(txn_writer_in(t, g, d));
	if (!vec_push(MEM_UNDO, &t->deletes, (struct node_delete){g, id}))
		return explain(ST_NOMEM, d, "");
	enum status st = store_node_delete(&t->w, g, id);
	if (st != ST_OK)
		t->deletes.n--;
	if (st == ST_EXISTS)
		return ST_OK;
	if (st != ST_OK)
		return explain_node(t, st, value_now(t, g, id, t->w.clash.key), d);
	return with_edges ? detach(t, g, id, d) : ST_OK;
}

enum status txn_end_clause(struct txn *t, struct diag *d)
{
	for (uint32_t i = 0; i < t->deletes.n; i++) {
		const struct node_delete *del = &t->deletes.v[i];
		enum status st = store_node_has_edges(&t->w, del->g, del->id);
		if (st == ST_EXISTS) {
			(void)diag_set(d, GQL_EDGES_EXIST, DIAG_NO_POSITION,
				       "a node that still has edges cannot be deleted");
			diag_hint(d, "DETACH DELETE removes its edges too");
			return ST_INVALID;
		}
		if (st != ST_OK)
			return explain(st, d, "an edge of the deleted node");
		redo_delete(&t->redo, REDO_NODE_DELETE, del->g, del->id);
	}
	t->deletes.n = 0;
	return redo_status(t, d);
}
