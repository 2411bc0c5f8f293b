/* The commit pipeline: build the record, reserve, stamp and submit under one short lock, wait for
 * the log, finish. Log order is stamp order is the order of time. */
#include "txn/redo.h"
#include "txn/txn_int.h"

/* Definitions of every name that the log does not have yet, then the redo. A name's number is its
 * place in the dictionary, so all up to the newest are told, in order. */
static enum status build_record(struct txn *t)
{
	struct store *s = t->m->store;

	for (unsigned kind = 0; kind < NAME_N_KINDS; kind++) {
		uint32_t from = atomic_load_explicit(&t->m->n_logged[kind], memory_order_acquire);
		t->n_names[kind] = store_name_count(s, (enum name_kind)kind);
		for (uint32_t id = from; id < t->n_names[kind]; id++)
			redo_name(&t->record, (enum name_kind)kind, id,
				  store_name_text(s, (enum name_kind)kind, id));
	}
	buf_put_str(&t->record, buf_str(&t->redo));
	return buf_ok(&t->record) ? ST_OK : ST_NOMEM;
}

static void raise_to(_Atomic uint32_t *at, uint32_t to)
{
	uint32_t old = atomic_load_explicit(at, memory_order_relaxed);

	while (old < to && !atomic_compare_exchange_weak_explicit(
			       at, &old, to, memory_order_release, memory_order_relaxed))
		;
}

static void on_durable(struct wal_batch *b)
{
	struct txn *t = container_of(b, struct txn, batch);

	for (unsigned kind = 0; kind < NAME_N_KINDS && b->result == ST_OK; kind++)
		raise_to(&t->m->n_logged[kind], t->n_names[kind]);
	t->commit->done(t->commit, b->result);
}

/* Nothing was written: what was read may still have to become durable. */
static enum status commit_read(struct txn *t, struct txn_commit *c)
{
	c->lsn = t->has_view ? t->view.read_lsn : 0;
	if (t->mode != TXN_WRITE || t->m->wal == NULL || c->lsn <= txn_durable_lsn(t->m)) {
		txn_rollback(t);
		return ST_OK;
	}
	wait_pass(t);
	t->commit = c;
	t->batch = (struct wal_batch){.done = on_durable};
	wal_wait(t->m->wal, &t->batch);
	return ST_PARK;
}

static void stamp(struct txn *t, uint64_t lsn)
{
	if (t->w.mark != NULL)
		atomic_store_explicit(&t->w.mark->word, lsn, memory_order_release);
	ddl_stamp(t, lsn);
	ddl_graph_stamp(t, lsn);
}

/* A graph that it has written in was dropped meanwhile: nothing may be stamped. */
static enum status refuse_lost(struct txn *t, struct diag *d)
{
	enum status st = diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
				   "a graph that the transaction changes was dropped");

	txn_rollback(t);
	return st;
}

static enum status commit_in_memory(struct txn *t, struct txn_commit *c, struct diag *d)
{
	struct txn_mgr *m = t->m;

	mutex_lock(&m->commit_lock);
	if (ddl_graph_lost(t)) {
		mutex_unlock(&m->commit_lock);
		return refuse_lost(t, d);
	}
	c->lsn = txn_stamped_lsn(m) + 1;
	stamp(t, c->lsn);
	atomic_store_explicit(&m->stamped_lsn, c->lsn, memory_order_release);
	atomic_store_explicit(&m->durable_lsn, c->lsn, memory_order_release);
	mutex_unlock(&m->commit_lock);
	wait_ended(t);
	ddl_commit(t);
	txn_end(t, c->lsn);
	return ST_OK;
}

static enum status refuse(struct txn *t, enum status st, struct diag *d)
{
	switch (st) {
	case ST_FULL:
		(void)diag_fail(d, st, GQL_DISK_FULL, DIAG_NO_POSITION,
				"the disk with the data directory is full");
		diag_hint(d, "free some space: writing goes on by itself then");
		break;
	case ST_IO:
		(void)diag_fail(d, st, GQL_IO_ERROR, DIAG_NO_POSITION,
				"the log cannot be written: only reading is possible");
		break;
	case ST_LIMIT:
		(void)diag_fail(d, st, GQL_TOO_LARGE, DIAG_NO_POSITION,
				"the transaction is too large for the log");
		break;
	case ST_CLOSED:
		(void)diag_fail(d, st, GQL_SHUTDOWN, DIAG_NO_POSITION,
				"the server is shutting down");
		break;
	case ST_BUSY:
		(void)diag_fail(d, st, GQL_RESOURCES, DIAG_NO_POSITION,
				"too many commits are waiting");
		break;
	default:
		(void)diag_fail(d, st, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory (OOM)");
		break;
	}
	txn_rollback(t);
	return st;
}

static enum status commit_logged(struct txn *t, struct txn_commit *c, struct diag *d)
{
	struct txn_mgr *m = t->m;
	const bool lead = c->lead;
	enum status st = build_record(t);

	if (st == ST_OK)
		st = wal_reserve(m->wal, t->record.len);
	if (st != ST_OK)
		return refuse(t, st, d);
	t->commit = c;
	t->batch = (struct wal_batch){
	    .redo = (const uint8_t *)t->record.p, .redo_len = t->record.len, .done = on_durable};
	mutex_lock(&m->commit_lock);
	if (ddl_graph_lost(t)) {
		mutex_unlock(&m->commit_lock);
		wal_unreserve(m->wal, t->record.len);
		return refuse_lost(t, d);
	}
	c->lsn = t->batch.lsn = txn_stamped_lsn(m) + 1;
	stamp(t, c->lsn);
	/* Before the submit: the log may publish this LSN before the next line runs. */
	atomic_store_explicit(&m->stamped_lsn, c->lsn, memory_order_release);
	if (lead)
		wal_submit_quiet(m->wal, &t->batch);
	else
		wal_submit(m->wal, &t->batch);
	mutex_unlock(&m->commit_lock);
	wait_ended(t);
	if (lead)
		wal_lead(m->wal);
	return ST_PARK;
}

enum status txn_commit(struct txn *t, struct txn_commit *c, struct diag *d)
{
	enum status st;

	if (t->failed) {
		(void)diag_set(d, GQL_TXN_FAILED, DIAG_NO_POSITION,
			       "the transaction has failed and was rolled back");
		txn_rollback(t);
		return ST_INVALID;
	}
	st = txn_end_clause(t, d);
	if (st != ST_OK) {
		txn_rollback(t);
		return st;
	}
	if (t->redo.len == 0)
		return commit_read(t, c);
	return t->m->wal != NULL ? commit_logged(t, c, d) : commit_in_memory(t, c, d);
}

void txn_finish(struct txn *t)
{
	if (t->batch.redo_len == 0) {
		txn_rollback(t); /* it only waited for what it had read */
		return;
	}
	if (t->batch.result == ST_OK)
		ddl_commit(t);
	txn_end(t, t->batch.lsn);
}
