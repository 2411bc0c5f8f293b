/* Indexes are made and dropped by a transaction of its own. A new one is registered, so that
 * writers keep it, then filled, and used by views that begin after the commit; a drop happens at
 * the commit. */
#include <stdio.h>

#include "store/index.h"
#include "txn/redo.h"
#include "txn/txn_int.h"

static enum status no_memory(struct diag *d)
{
	return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
}

/* What the end of the transaction needs is kept before anything is done. */
static enum status begin(struct txn *t, struct graph *g, struct str name, struct diag *d)
{
	if (t->mode == TXN_EXPLICIT || t->mode == TXN_EXPLICIT_READ || t->w.effects.n > 0)
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a catalog change cannot stand inside an explicit transaction");
	TRY(txn_writer_in(t, g, d));
	t->ddl_name = mem_alloc(MEM_UNDO, name.len);
	if (t->ddl_name == NULL)
		return no_memory(d);
	memcpy(t->ddl_name, name.p, name.len);
	t->ddl_name_len = name.len;
	t->ddl_graph = g;
	return ST_OK;
}

#define AUTO_NAME_MAX 256 /* bytes of a name that we give; longer ones are cut */

/* An index without a name is called by what it is on: Person_email. */
static struct str auto_name(struct graph *g, name_id label, name_id key, char out[AUTO_NAME_MAX])
{
	struct str l = store_name_text(graph_store(g), NAME_LABEL, label);
	struct str k = store_name_text(graph_store(g), NAME_KEY, key);
	int n = snprintf(out, AUTO_NAME_MAX, STR_FMT "_" STR_FMT, STR_ARG(l), STR_ARG(k));

	return (struct str){out, MIN_OF((size_t)n, (size_t)AUTO_NAME_MAX - 1)};
}

enum status txn_index_create(struct txn *t, struct graph *g, struct str name, name_id label,
			     name_id key, bool unique, bool if_not_exists, struct diag *d)
{
	char own_name[AUTO_NAME_MAX];

	if (name.len == 0)
		name = auto_name(g, label, key, own_name);
	if (unique)
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, DIAG_NO_POSITION,
				"unique indexes are not supported");
	TRY(begin(t, g, name, d));
	mutex_lock(&t->m->ddl_lock);
	enum status st = index_create(g, name, label, key, unique, &t->new_index);
	mutex_unlock(&t->m->ddl_lock);
	if (st == ST_EXISTS && if_not_exists)
		return ST_OK;
	if (st == ST_EXISTS)
		return diag_set(d, GQL_DUPLICATE_OBJECT, DIAG_NO_POSITION,
				"index '" STR_FMT "' exists already", STR_ARG(name));
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "the graph has too many indexes");
	if (st != ST_OK)
		return no_memory(d);
	t->has_ddl = true;
	if (index_fill(t->new_index) != ST_OK)
		return no_memory(d);
	redo_index_create(&t->redo, g, name, label, key, unique);
	return buf_ok(&t->redo) ? ST_OK : no_memory(d);
}

enum status txn_index_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
			   struct diag *d)
{
	TRY(begin(t, g, name, d));
	mutex_lock(&t->m->ddl_lock);
	bool found = graph_has_index(g, name);
	mutex_unlock(&t->m->ddl_lock);
	if (!found && if_exists)
		return ST_OK;
	if (!found)
		return diag_set(d, GQL_UNDEFINED_OBJECT, DIAG_NO_POSITION,
				"there is no index '" STR_FMT "'", STR_ARG(name));
	t->has_ddl = true;
	redo_index_drop(&t->redo, g, name);
	return buf_ok(&t->redo) ? ST_OK : no_memory(d);
}

/* Without memory for the shorter list the index stays, and is kept up; a restart drops it. */
static void drop(struct txn *t)
{
	mutex_lock(&t->m->ddl_lock);
	(void)!index_remove_by_name(t->ddl_graph, (struct str){t->ddl_name, t->ddl_name_len});
	mutex_unlock(&t->m->ddl_lock);
}

void ddl_commit(struct txn *t, uint64_t lsn)
{
	if (t->new_index != NULL)
		index_set_ready(t->new_index, lsn);
	else if (t->has_ddl)
		drop(t);
	t->new_index = NULL;
	t->has_ddl = false;
}

void ddl_rollback(struct txn *t)
{
	if (t->new_index != NULL)
		drop(t);
	t->new_index = NULL;
	t->has_ddl = false;
}
