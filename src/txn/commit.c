/* The commit: redo is built, a place in the log is reserved, then under one short lock the LSN is
 * given, the mark becomes it and the redo is submitted: log order is time order. The log thread makes
 * it durable, publishes, and calls done(). */
#include "txn/txn_int.h"

/* What the transaction defined is on disk now. Transactions become durable in order, and each carries
 * all names from the durable ones to its own: the prefix only grows. Log thread. */
static void names_are_durable(struct txn *t)
{
	for (unsigned i = 0; i < NAME_N_KINDS; i++) {
		_Atomic uint32_t *n = &t->mgr->durable_names[i];
		if (t->carried[i] > atomic_load_explicit(n, memory_order_relaxed))
			atomic_store_explicit(n, t->carried[i], memory_order_release);
	}
}

static void on_durable(struct wal_batch *b)
{
	struct txn_commit_wait *wait = container_of(b, struct txn_commit_wait, batch);

	if (b->result == ST_OK)
		names_are_durable(wait->txn);
	wait->commit->done(wait->commit, b->result);
}

static enum status refuse(struct txn *t, enum status st, struct diag *d)
{
	txn_rollback(t);
	switch (st) {
	case ST_FULL:
		return diag_fail(d, st, GQL_DISK_FULL, DIAG_NO_POSITION, "no room for the log");
	case ST_BUSY:
		return diag_fail(d, st, GQL_RESOURCES, DIAG_NO_POSITION,
				 "more than %u commits wait for the log", WAL_QUEUE_MAX);
	case ST_LIMIT:
		return diag_fail(d, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "the transaction changes too much for one log record");
	case ST_CLOSED:
		return diag_fail(d, ST_STOPPED, GQL_SHUTDOWN, DIAG_NO_POSITION,
				 "the server is shutting down");
	default:
		return diag_fail(d, st, GQL_IO_ERROR, DIAG_NO_POSITION,
				 "the log cannot be written: the database is read only");
	}
}

/* LSN, mark and log are one step. The mark's release pairs with the acquire of whoever reads it;
 * stamped_lsn comes last, so that a view that takes it finds the mark. */
static void stamp(struct txn *t, struct txn_commit *c)
{
	struct txn_mgr *m = t->mgr;

	mutex_lock(&m->commit_lock);
	c->lsn = atomic_load_explicit(&m->stamped_lsn, memory_order_relaxed) + 1;
	t->trail->lsn = c->lsn;
	atomic_store_explicit(&t->trail->w.mark->word, c->lsn, memory_order_release);
	if (m->wal != NULL) {
		t->wait.batch.lsn = c->lsn;
		wal_submit(m->wal, &t->wait.batch);
	}
	atomic_store_explicit(&m->stamped_lsn, c->lsn, memory_order_release);
	if (m->wal == NULL)
		txn_publish(m, c->lsn);
	mutex_unlock(&m->commit_lock);
	ddl_commit(t, c->lsn);
}

static void wait_init(struct txn *t, struct txn_commit *c)
{
	t->wait = (struct txn_commit_wait){
		.batch = {.redo = (const uint8_t *)t->redo.p,
			  .redo_len = t->redo.len,
			  .done = on_durable},
		.txn = t,
		.commit = c,
	};
	c->private_ = &t->wait;
}

/* Nothing to log. What was read may not be on disk yet: the answer waits for it. */
static enum status commit_read(struct txn *t, struct txn_commit *c)
{
	struct txn_mgr *m = t->mgr;

	c->lsn = t->view.read_lsn;
	if (m->wal == NULL || !t->has_view || c->lsn <= txn_durable_lsn(m)) {
		txn_rollback(t);
		return ST_OK;
	}
	wait_init(t, c);
	wal_wait(m->wal, &t->wait.batch);
	return ST_PARK;
}

enum status txn_commit(struct txn *t, struct txn_commit *c, struct diag *d)
{
	struct txn_mgr *m = t->mgr;

	if (t->failed) {
		txn_rollback(t);
		return diag_set(d, GQL_TXN_TERMINATION, DIAG_NO_POSITION,
				"the transaction has failed and was rolled back");
	}
	enum status st = txn_end_clause(t, d);
	if (st != ST_OK) {
		txn_rollback(t);
		return st;
	}
	if (t->redo.len == 0)
		return commit_read(t, c);
	wait_init(t, c);
	st = m->wal != NULL ? wal_reserve(m->wal, t->redo.len) : ST_OK;
	if (st != ST_OK)
		return refuse(t, st, d);
	stamp(t, c);
	if (m->wal != NULL)
		return ST_PARK;
	names_are_durable(t);
	txn_finish(t);
	return ST_OK;
}

void txn_finish(struct txn *t)
{
	struct trail *tr = t->trail;

	if (tr != NULL && tr->lsn == 0) { /* it waited for what it had read only */
		txn_rollback(t);
		return;
	}
	if (tr != NULL)
		trail_committed(t->mgr, tr);
	txn_free(t);
}
