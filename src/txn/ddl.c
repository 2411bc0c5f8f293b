/* Indexes are made and dropped by a transaction of its own. An index is registered, so that writers
 * keep it, then filled, and used by views that begin after the commit; a drop happens at the commit. */
#include "store/index.h"
#include "txn/redo.h"
#include "txn/txn_int.h"

static enum status ddl_begin(struct txn *t, struct diag *d)
{
	if (txn_is_explicit(t) && txn_has_writes(t))
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"the catalog cannot be changed in a transaction that has changed something");
	return txn_writer(t, d);
}

static enum status set_ddl(struct txn *t, enum ddl_kind kind, struct graph *g, struct str name,
			   struct diag *d)
{
	t->ddl_name = mem_alloc(MEM_SESSION, name.len);
	if (t->ddl_name == NULL)
		return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
	memcpy(t->ddl_name, name.p, name.len);
	t->ddl_name_len = name.len;
	t->ddl_graph = g;
	t->ddl = kind;
	return ST_OK;
}

static enum status make(struct txn *t, struct graph *g, struct str name, name_id label, name_id key,
			bool if_not_exists, struct diag *d)
{
	struct txn_mgr *m = t->mgr;

	mutex_lock(&m->ddl_lock);
	enum status st = index_create(g, name, label, key, false, &t->ddl_index);
	mutex_unlock(&m->ddl_lock);
	if (st == ST_EXISTS && if_not_exists)
		return ST_OK;
	if (st == ST_EXISTS)
		return diag_set(d, GQL_DUPLICATE_OBJECT, DIAG_NO_POSITION,
				"index '" STR_FMT "' exists already", STR_ARG(name));
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION, "too many indexes");
	if (st == ST_OK)
		st = set_ddl(t, DDL_CREATE_INDEX, g, name, d);
	if (st == ST_OK)
		st = index_fill(t->ddl_index);
	if (st != ST_OK)
		return diag_fail(d, st, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
	return ST_OK;
}

enum status txn_index_create(struct txn *t, struct graph *g, struct str name, name_id label,
			     name_id key, bool unique, bool if_not_exists, struct diag *d)
{
	if (unique)
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, DIAG_NO_POSITION,
				"unique indexes are not supported");
	TRY(ddl_begin(t, d));
	TRY(make(t, g, name, label, key, if_not_exists, d));
	if (t->ddl == DDL_NONE)
		return ST_OK;
	txn_carry(t, NAME_LABEL, label);
	txn_carry(t, NAME_KEY, key);
	redo_index(&t->redo, graph_id(g), name, label, key, unique);
	return buf_ok(&t->redo) ? ST_OK
				: diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION,
					    "out of memory");
}

enum status txn_index_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
			   struct diag *d)
{
	TRY(ddl_begin(t, d));
	if (!graph_has_index(g, name)) {
		if (if_exists)
			return ST_OK;
		return diag_set(d, GQL_UNDEFINED_OBJECT, DIAG_NO_POSITION,
				"there is no index '" STR_FMT "'", STR_ARG(name));
	}
	TRY(set_ddl(t, DDL_DROP_INDEX, g, name, d));
	redo_index_drop(&t->redo, graph_id(g), name);
	return buf_ok(&t->redo) ? ST_OK
				: diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION,
					    "out of memory");
}

static void drop(struct txn *t)
{
	mutex_lock(&t->mgr->ddl_lock);
	enum status st = index_remove_by_name(t->ddl_graph,
					      (struct str){t->ddl_name, t->ddl_name_len});
	mutex_unlock(&t->mgr->ddl_lock);
	/* Without memory the index stays and is kept; two that drop the same both succeed. */
	(void)st;
}

void ddl_commit(struct txn *t, uint64_t lsn)
{
	if (t->ddl == DDL_CREATE_INDEX)
		index_set_ready(t->ddl_index, lsn);
	else if (t->ddl == DDL_DROP_INDEX)
		drop(t);
	t->ddl = DDL_NONE;
}

void ddl_rollback(struct txn *t)
{
	if (t->ddl == DDL_CREATE_INDEX)
		drop(t);
	t->ddl = DDL_NONE;
}
