/* Graphs are made and dropped by a transaction of their own. A new graph stands in its place from
 * the beginning, so that its name is claimed, and is seen from its commit on; a drop is a stamp at
 * its commit. Both stamps are set under the commit lock: whoever takes a read point at or behind
 * the LSN, a snapshot as well, knows them, and a transaction that wrote in the dropped graph and
 * commits later finds out in time. */
#include "txn/redo.h"
#include "txn/txn_int.h"

static enum status no_memory(struct diag *d)
{
	return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory (OOM)");
}

enum status ddl_graph_conflict(struct graph *g, struct diag *d)
{
	(void)diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
			"graph '" STR_FMT "' was dropped by a concurrent transaction",
			STR_ARG(graph_name(g)));
	return ST_CONFLICT;
}

static enum status begin(struct txn *t, struct diag *d)
{
	if (t->mode == TXN_EXPLICIT || t->mode == TXN_EXPLICIT_READ || t->w.effects.n > 0)
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a catalog change cannot stand inside an explicit transaction");
	return txn_writer(t, d);
}

/* Nobody is told of a graph that a power cut could still take back: *ret is durable, or NULL. */
static enum status find(struct txn_mgr *m, struct str name, struct graph **ret, struct diag *d)
{
	uint64_t durable = txn_durable_lsn(m);
	struct graph *g = store_graph_claimed(m->store, name);

	*ret = g;
	if (g != NULL && graph_born_lsn(g) > durable)
		return diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
				 "graph '" STR_FMT "' is being made by a concurrent transaction",
				 STR_ARG(name));
	if (g == NULL && store_graph_find(m->store, name, durable) != NULL)
		return diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
				 "graph '" STR_FMT "' is being dropped by a concurrent transaction",
				 STR_ARG(name));
	return ST_OK;
}

static enum status refuse_default(struct txn *t, const struct graph *g, struct diag *d)
{
	if (g != store_graph_default(t->m->store))
		return ST_OK;
	(void)diag_set(d, GQL_DEPENDENT_OBJECT, DIAG_NO_POSITION,
		       "the default graph cannot be dropped");
	diag_hint(d, "MATCH (n) DETACH DELETE n empties it");
	return ST_INVALID;
}

/* ---- create ---------------------------------------------------------------------------------- */

static enum status check_name(struct str name, struct diag *d)
{
	if (name.len != 0 && name.len <= GRAPH_NAME_MAX)
		return ST_OK;
	return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
			 "a graph's name has 1 to %u bytes", GRAPH_NAME_MAX);
}

/* Under the lock. */
static enum status create(struct txn *t, struct str name, enum graph_exists exists,
			  struct graph **ret_old, struct diag *d)
{
	struct txn_mgr *m = t->m;
	struct graph *old;

	TRY(find(m, name, &old, d));
	*ret_old = old;
	if (old != NULL && exists == GRAPH_EXISTS_OK)
		return ST_OK;
	if (old != NULL && exists == GRAPH_EXISTS_ERROR)
		return diag_set(d, GQL_DUPLICATE_OBJECT, DIAG_NO_POSITION,
				"graph '" STR_FMT "' exists already", STR_ARG(name));
	if (old != NULL)
		TRY(refuse_default(t, old, d));
	enum status st = store_graph_create(m->store, name, GRAPH_ID_NEW, LSN_NEVER, &t->new_graph);
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "a database holds at most %u graphs", GRAPHS_MAX);
	if (st != ST_OK)
		return no_memory(d);
	t->dropped_graph = old;
	return ST_OK;
}

enum status txn_graph_create(struct txn *t, struct str name, enum graph_exists exists,
			     struct graph **ret, struct graph **ret_old, struct diag *d)
{
	struct graph *old = NULL;

	TRY(begin(t, d));
	TRY(check_name(name, d));
	mutex_lock(&t->m->ddl_lock);
	enum status st = create(t, name, exists, &old, d);
	mutex_unlock(&t->m->ddl_lock);
	TRY(st);
	if (t->dropped_graph != NULL)
		redo_graph_drop(&t->redo, t->dropped_graph);
	if (t->new_graph != NULL)
		redo_graph_create(&t->redo, t->new_graph);
	*ret = t->new_graph != NULL ? t->new_graph : old;
	*ret_old = t->dropped_graph;
	return buf_ok(&t->redo) ? ST_OK : no_memory(d);
}

/* ---- drop ------------------------------------------------------------------------------------ */

enum status txn_graph_drop(struct txn *t, struct str name, bool if_exists, bool *ret_found,
			   struct diag *d)
{
	struct graph *g;

	*ret_found = false;
	TRY(begin(t, d));
	mutex_lock(&t->m->ddl_lock);
	enum status st = find(t->m, name, &g, d);
	mutex_unlock(&t->m->ddl_lock);
	TRY(st);
	if (g == NULL && if_exists)
		return ST_OK;
	if (g == NULL)
		return diag_set(d, GQL_BAD_REFERENCE, DIAG_NO_POSITION,
				"there is no graph '" STR_FMT "'", STR_ARG(name));
	TRY(refuse_default(t, g, d));
	*ret_found = true;
	t->dropped_graph = g;
	redo_graph_drop(&t->redo, g);
	return buf_ok(&t->redo) ? ST_OK : no_memory(d);
}

/* ---- the end --------------------------------------------------------------------------------- */

bool ddl_graph_lost(const struct txn *t)
{
	bool lost = t->dropped_graph != NULL && graph_is_dropped(t->dropped_graph);

	for (uint32_t i = 0; t->tail != NULL && i < t->tail->n_graphs && !lost; i++)
		lost = graph_is_dropped(t->tail->graphs[i]);
	return lost;
}

void ddl_graph_stamp(struct txn *t, uint64_t lsn)
{
	if (t->new_graph != NULL)
		graph_stamp_born(t->new_graph, lsn);
	if (t->dropped_graph != NULL) {
		graph_stamp_dropped(t->dropped_graph, lsn);
		atomic_fetch_add_explicit(&t->m->n_dropped, 1, memory_order_relaxed);
	}
}

/* Only before the stamp: nobody has seen the new graph. */
void ddl_graph_rollback(struct txn *t)
{
	if (t->new_graph != NULL) {
		mutex_lock(&t->m->ddl_lock);
		store_graph_remove(t->new_graph);
		mutex_unlock(&t->m->ddl_lock);
	}
	t->new_graph = t->dropped_graph = NULL;
}

/* A view that sees the graph holds the horizon below the drop; a transaction that wrote in it, and
 * what it left behind, holds a use. Who found it by name and has no view yet is protected by its
 * epoch. */
void ddl_graph_collect(struct txn_mgr *m, uint64_t horizon)
{
	uint32_t n = store_graph_places(m->store);

	if (atomic_load_explicit(&m->n_dropped, memory_order_relaxed) == 0)
		return;
	mutex_lock(&m->ddl_lock);
	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(m->store, i);
		if (g == NULL || graph_dropped_lsn(g) > horizon || graph_is_used(g))
			continue;
		atomic_fetch_sub_explicit(&m->n_dropped, 1, memory_order_relaxed);
		store_graph_remove(g);
	}
	mutex_unlock(&m->ddl_lock);
}
