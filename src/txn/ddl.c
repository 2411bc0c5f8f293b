/* Indexes: made and dropped by transactions of their own. */
#include "store/index.h"
#include "txn/redo.h"
#include "txn/txn_int.h"

static enum status ddl_begin(struct txn *t, struct diag *d)
{
	if (t->mode == TXN_EXPLICIT || t->mode == TXN_EXPLICIT_READ || t->w.effects.n > 0)
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a catalog change cannot stand inside an explicit transaction");
	return txn_writer(t, d);
}

enum status txn_index_create(struct txn *t, struct graph *g, struct str name, name_id label, name_id key,
			     bool unique, bool if_not_exists, struct diag *d)
{
	struct prop_index *ix;

	TRY(ddl_begin(t, d));
	if (unique)
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, DIAG_NO_POSITION,
				"unique constraints are not supported");
	mutex_lock(&t->m->ddl_lock);
	enum status st = index_create(g, name, label, key, unique, &ix);
	mutex_unlock(&t->m->ddl_lock);
	if (st == ST_EXISTS && if_not_exists)
		return ST_OK;
	if (st == ST_EXISTS)
		return diag_set(d, GQL_DUPLICATE_OBJECT, DIAG_NO_POSITION,
				"index '" STR_FMT "' exists already", STR_ARG(name));
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "the graph has as many indexes as it can have");
	TRY(st);
	t->new_index = ix;
	t->has_ddl = true;
	TRY(index_fill(ix));
	redo_index_create(&t->redo, g, name, label, key, unique);
	return buf_ok(&t->redo) ? ST_OK : ST_NOMEM;
}

void txn_index_undo(struct txn *t)
{
	mutex_lock(&t->m->ddl_lock);
	(void)!index_remove_by_name(prop_index_graph(t->new_index), prop_index_name(t->new_index));
	mutex_unlock(&t->m->ddl_lock);
	t->new_index = NULL;
}

/* The index goes from the list at once; plans that used it are made again (the catalog's version has
 * moved), readers that hold it keep it until their epoch ends. */
enum status txn_index_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
			   struct diag *d)
{
	TRY(ddl_begin(t, d));
	redo_index_drop(&t->redo, g, name);
	if (!buf_ok(&t->redo))
		return ST_NOMEM;
	mutex_lock(&t->m->ddl_lock);
	enum status st = index_remove_by_name(g, name);
	mutex_unlock(&t->m->ddl_lock);
	if (st != ST_OK)
		t->redo.len = 0;
	if (st == ST_NOT_FOUND && if_exists)
		return ST_OK;
	if (st == ST_NOT_FOUND)
		return diag_set(d, GQL_UNDEFINED_OBJECT, DIAG_NO_POSITION, "no index '" STR_FMT "'",
				STR_ARG(name));
	TRY(st);
	t->has_ddl = true;
	return ST_OK;
}
