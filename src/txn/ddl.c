/* Indexes and constraints are made and dropped by a transaction of its own. A new one is
 * registered, so that writers keep it, then filled, a slice at a time, and known to views from the
 * commit on; a drop is a stamp at the commit. Both stamps are set under the commit lock: whoever
 * takes a read point at or behind the LSN, a snapshot as well, knows them. */
#include <sched.h>
#include <stdio.h>

#include "store/index.h"
#include "txn/redo.h"
#include "txn/txn_int.h"
#include "value/text.h"

#define AUTO_NAME_MAX 256 /* bytes of a name that we give; longer ones are cut */

static enum status no_memory(struct diag *d)
{
	return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory (OOM)");
}

static enum status begin(struct txn *t, struct graph *g, struct diag *d)
{
	if (t->mode == TXN_EXPLICIT || t->mode == TXN_EXPLICIT_READ || t->w.effects.n > 0)
		return diag_set(d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a catalog change cannot stand inside an explicit transaction");
	return txn_writer_in(t, g, d);
}

/* ---- create ---------------------------------------------------------------------------------- */

/* An index without a name is called by what it is on: Person_email, Person_email_unique. */
static struct str auto_name(struct graph *g, name_id label, name_id key, bool unique,
			    char out[AUTO_NAME_MAX])
{
	struct str l = store_name_text(graph_store(g), NAME_LABEL, label);
	struct str k = store_name_text(graph_store(g), NAME_KEY, key);
	int n = snprintf(out, AUTO_NAME_MAX, STR_FMT "_" STR_FMT "%s", STR_ARG(l), STR_ARG(k),
			 unique ? "_unique" : "");

	return (struct str){out, MIN_OF((size_t)n, (size_t)AUTO_NAME_MAX - 1)};
}

enum status txn_index_begin(struct txn *t, struct graph *g, struct str name, name_id label,
			    name_id key, bool unique, bool if_not_exists, struct diag *d)
{
	char own_name[AUTO_NAME_MAX];

	if (name.len == 0)
		name = auto_name(g, label, key, unique, own_name);
	TRY(begin(t, g, d));
	mutex_lock(&t->m->ddl_lock);
	enum status st = index_create(g, name, label, key, unique, &t->new_index);
	mutex_unlock(&t->m->ddl_lock);
	if (st == ST_EXISTS && if_not_exists)
		return ST_OK;
	if (st == ST_EXISTS)
		return diag_set(d, GQL_DUPLICATE_OBJECT, DIAG_NO_POSITION,
				"an index or a constraint '" STR_FMT "' exists already",
				STR_ARG(name));
	if (st == ST_LIMIT)
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "the graph has too many indexes");
	if (st != ST_OK)
		return no_memory(d);
	t->is_filling = true;
	redo_index_create(&t->redo, g, name, label, key, unique);
	return buf_ok(&t->redo) ? ST_OK : no_memory(d);
}

static enum status refuse_duplicate(struct txn *t, struct diag *d)
{
	struct str name = prop_index_name(t->new_index);
	const struct index_duplicate *two = &t->fill.duplicate;
	struct buf text;

	buf_init(&text, MEM_OTHER, DIAG_MESSAGE_MAX);
	text_put(&text, two->value, TEXT_GQL);
	(void)diag_set(d, GQL_UNIQUE_VIOLATION, DIAG_NO_POSITION,
		       "constraint '" STR_FMT
		       "' cannot be made: nodes %llu and %llu both have " STR_FMT,
		       STR_ARG(name), (unsigned long long)two->first,
		       (unsigned long long)two->second, STR_ARG(buf_str(&text)));
	diag_hint(d, "ELEMENT_ID(n) tells which nodes they are");
	buf_release(&text);
	return ST_INVALID;
}

enum status txn_index_fill(struct txn *t, struct diag *d)
{
	enum status st = t->is_filling ? index_fill_some(t->new_index, &t->fill) : ST_OK;

	switch (st) {
	case ST_OK:
		t->is_filling = false;
		return ST_OK;
	case ST_YIELD:
		return st;
	case ST_BUSY:
		if (t->w.lost_to != NULL)
			mark_unref(t->w.lost_to);
		t->w.lost_to = t->fill.busy;
		t->fill.busy = NULL;
		return st;
	case ST_EXISTS:
		return refuse_duplicate(t, d);
	default:
		return no_memory(d);
	}
}

enum status txn_index_create(struct txn *t, struct graph *g, struct str name, name_id label,
			     name_id key, bool unique, bool if_not_exists, struct diag *d)
{
	TRY(txn_index_begin(t, g, name, label, key, unique, if_not_exists, d));
	for (;;) {
		enum status st = txn_index_fill(t, d);
		if (st != ST_YIELD && st != ST_BUSY)
			return st;
		if (st == ST_BUSY)
			sched_yield();
	}
}

/* ---- drop ------------------------------------------------------------------------------------ */

/* Under the lock. A constraint is dropped as one, not by its index. */
static enum status find(struct graph *g, struct str name, bool constraint, struct prop_index **ret,
			struct diag *d)
{
	struct prop_index *ix = graph_index_named(g, name);

	*ret = NULL;
	if (ix == NULL || (constraint && !prop_index_unique(ix)))
		return ST_OK;
	if (!constraint && prop_index_unique(ix)) {
		(void)diag_set(d, GQL_DEPENDENT_OBJECT, DIAG_NO_POSITION,
			       "the index '" STR_FMT "' belongs to a constraint", STR_ARG(name));
		diag_hint(d, "DROP CONSTRAINT drops both");
		return ST_INVALID;
	}
	if (index_claim_drop(ix) != ST_OK)
		return diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
				 "'" STR_FMT "' is being changed by a concurrent transaction",
				 STR_ARG(name));
	*ret = ix;
	return ST_OK;
}

static enum status drop(struct txn *t, struct graph *g, struct str name, bool constraint,
			bool if_exists, struct diag *d)
{
	TRY(begin(t, g, d));
	mutex_lock(&t->m->ddl_lock);
	enum status st = find(g, name, constraint, &t->dropped_index, d);
	mutex_unlock(&t->m->ddl_lock);
	TRY(st);
	if (t->dropped_index == NULL && if_exists)
		return ST_OK;
	if (t->dropped_index == NULL)
		return diag_set(d, GQL_UNDEFINED_OBJECT, DIAG_NO_POSITION,
				"there is no %s '" STR_FMT "'", constraint ? "constraint" : "index",
				STR_ARG(name));
	redo_index_drop(&t->redo, g, name);
	return buf_ok(&t->redo) ? ST_OK : no_memory(d);
}

enum status txn_index_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
			   struct diag *d)
{
	return drop(t, g, name, false, if_exists, d);
}

enum status txn_constraint_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
				struct diag *d)
{
	return drop(t, g, name, true, if_exists, d);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Without memory for the shorter list the index stays, and is kept up; a restart drops it. */
static void remove_index(struct txn *t, struct prop_index *ix)
{
	mutex_lock(&t->m->ddl_lock);
	(void)!index_remove(ix);
	mutex_unlock(&t->m->ddl_lock);
}

void ddl_stamp(struct txn *t, uint64_t lsn)
{
	BUG_ON(t->is_filling);
	if (t->new_index != NULL)
		index_set_ready(t->new_index, lsn);
	if (t->dropped_index != NULL)
		index_set_dropped(t->dropped_index, lsn);
}

void ddl_commit(struct txn *t)
{
	if (t->dropped_index != NULL)
		remove_index(t, t->dropped_index);
	t->new_index = t->dropped_index = NULL;
}

void ddl_rollback(struct txn *t)
{
	if (t->new_index != NULL)
		remove_index(t, t->new_index);
	if (t->dropped_index != NULL) {
		mutex_lock(&t->m->ddl_lock);
		index_keep(t->dropped_index);
		mutex_unlock(&t->m->ddl_lock);
	}
	t->new_index = t->dropped_index = NULL;
}
