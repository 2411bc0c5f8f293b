/* Life of a transaction: begin, view, clauses, savepoints, roll back. */
#include "base/clock.h"
#include "txn/txn_int.h"

enum status txn_begin(struct txn_mgr *m, enum txn_mode mode, uint64_t min_lsn, struct txn **ret)
{
	struct txn *t = MEM_NEW(MEM_UNDO, struct txn);

	if (t == NULL)
		return ST_NOMEM;
	enum status st = epoch_open(store_epochs(m->store), &t->slot);
	if (st != ST_OK) {
		MEM_FREE(MEM_UNDO, t);
		return st;
	}
	/* Until it takes its view it pins memory, not versions. */
	epoch_set_read_lsn(t->slot, EPOCH_ONLY);
	t->m = m;
	t->mode = mode;
	t->min_lsn = min_lsn;
	t->view.slot = t->slot;
	wait_begin(t);
	t->w = (struct writer){.store = m->store, .view = &t->view, .seq = 1};
	buf_init(&t->redo, MEM_UNDO, TXN_REDO_MAX);
	buf_init(&t->record, MEM_UNDO, 0);
	atomic_fetch_add_explicit(&m->n_active, 1, memory_order_relaxed);
	*ret = t;
	return ST_OK;
}

void txn_will_write(struct txn *t)
{
	assert(!t->has_view && t->mode == TXN_READ);
	t->mode = TXN_WRITE;
}

/* The slot tells a lower bound of the read point before the read point is loaded, with a fence
 * between. So a collector either sees the bound and keeps what lies above it, or its own load of
 * durable_lsn came before ours, and then our read point is not below its horizon [M]. */
const struct view *txn_view(struct txn *t)
{
	if (t->has_view)
		return &t->view;
	epoch_set_read_lsn(t->slot, txn_durable_lsn(t->m));
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t lsn = t->mode == TXN_WRITE ? txn_stamped_lsn(t->m) : txn_durable_lsn(t->m);
	t->view.read_lsn = MAX_OF(lsn, t->min_lsn);
	epoch_set_read_lsn(t->slot, t->view.read_lsn);
	if (t->mode != TXN_WRITE) /* an explicit one only until it writes */
		epoch_may_close(t->slot, clock_mono_ns());
	t->has_view = true;
	return &t->view;
}

uint64_t txn_catalog_lsn(struct txn *t)
{
	return t->has_view ? t->view.read_lsn : MAX_OF(txn_durable_lsn(t->m), t->min_lsn);
}

static void undo_all(struct txn *t)
{
	store_undo(&t->w, 0);
	ddl_rollback(t);
	ddl_graph_rollback(t);
	if (t->w.mark != NULL)
		atomic_store_explicit(&t->w.mark->word, MARK_ABORTED, memory_order_release);
	wait_ended(t);
}

bool txn_must_close(const struct txn *t)
{
	return t->slot != NULL && epoch_must_close(t->slot);
}

void txn_give_up(struct txn *t)
{
	undo_all(t);
	txn_let_go(t, MARK_ABORTED);
	t->w = (struct writer){.store = t->m->store, .view = &t->view, .seq = t->w.seq};
	t->failed = true;
}

enum txn_mode txn_mode(const struct txn *t)
{
	return t->mode;
}

bool txn_is_failed(const struct txn *t)
{
	return t->failed;
}

bool txn_has_writes(const struct txn *t)
{
	return t->w.effects.n > 0 || txn_has_ddl(t);
}

void txn_set_failed(struct txn *t)
{
	t->failed = true;
}

void txn_next_clause(struct txn *t)
{
	t->view.own_seq = t->w.seq;
	t->w.seq++;
}

/* ---- savepoints
 * ---------------------------------------------------------------------------------- */

void txn_savepoint(struct txn *t, struct txn_savepoint *ret)
{
	*ret = (struct txn_savepoint){
	    .n_undo = t->w.effects.n, .redo_len = t->redo.len, .n_deletes = t->deletes.n};
}

/* seq rises on: what is undone is never taken for a later clause's. */
void txn_rollback_to(struct txn *t, const struct txn_savepoint *sp)
{
	store_undo(&t->w, (uint32_t)sp->n_undo);
	buf_truncate(&t->redo, sp->redo_len);
	t->deletes.n = MIN_OF(t->deletes.n, sp->n_deletes);
	t->failed = false;
	txn_next_clause(t);
}

void txn_rollback(struct txn *t)
{
	undo_all(t);
	txn_end(t, MARK_ABORTED);
}
