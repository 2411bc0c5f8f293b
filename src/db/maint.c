#include "db/db_int.h"

#include "base/clock.h"
#include "base/log.h"

static bool snapshot_is_due(struct db *db, uint64_t now)
{
	struct maint *m = &db->maint;
	struct wal_stats stats;
	if (!db->durable)
		return false;
	if (atomic_exchange(&db->snapshot_wanted, false))
		return true;
	if (now < m->snapshot_due_ns)
		return false;
	wal_stats(db->dir.wal, &stats);
	return stats.durable_lsn > atomic_load(&db->snapshot_lsn);
}

/* So much log that a start would take long. */
static bool log_is_long(struct db *db)
{
	struct maint *m = &db->maint;
	struct wal_stats stats;
	if (!db->durable)
		return false;
	wal_stats(db->dir.wal, &stats);
	uint64_t half = atomic_load(&db->snapshot_bytes) / 2;
	return stats.n_bytes - m->log_bytes >= MAX_OF(MAINT_SNAPSHOT_BYTES, half);
}

static void answer(struct db_snapshot *s, enum status st, uint64_t lsn)
{
	while (s != NULL) {
		struct db_snapshot *next = s->next; /* s may be gone after done() */
		s->result = st;
		s->lsn = lsn;
		s->done(s);
		s = next;
	}
}

static void take_snapshot(struct db *db, struct db_snapshot *asked)
{
	struct maint *m = &db->maint;
	uint64_t lsn = 0;
	struct wal_stats stats = {0};
	if (!db->durable) {
		answer(asked, ST_INVALID, 0);
		return;
	}
	wal_stats(db->dir.wal, &stats);
	enum status st = db_write_snapshot(db, &lsn);
	uint64_t wait = st == ST_OK ? MAINT_SNAPSHOT_NS : MAINT_RETRY_NS;
	m->snapshot_due_ns = clock_mono_ns() + wait;
	m->log_bytes = stats.n_bytes;
	answer(asked, st, lsn);
}

/* Waits for work; false: stop was asked and nothing is left. */
static bool wait_for_work(struct maint *m, bool busy, struct db_snapshot **ret_asked)
{
	uint64_t deadline = clock_mono_ns() + (busy ? MAINT_BUSY_NS : MAINT_IDLE_NS);
	mutex_lock(&m->lock);
	if (!m->stop && m->asked == NULL)
		(void)cond_wait_until(&m->wake, &m->lock, deadline);
	*ret_asked = m->asked;
	m->asked = NULL;
	m->asked_tail = &m->asked;
	bool go_on = !m->stop || *ret_asked != NULL;
	mutex_unlock(&m->lock);
	return go_on;
}

/* True: the pass goes on. Only this thread collects. */
static bool settle(struct db *db, uint64_t now)
{
	struct maint *m = &db->maint;
	if (now < m->settle_due_ns)
		return false;
	if (store_settle(db->store, &m->settle))
		return true;
	m->settle_due_ns = now + MAINT_SETTLE_NS;
	return false;
}

static void maint_run(void *arg)
{
	struct db *db = arg;
	struct maint *m = &db->maint;
	struct db_snapshot *asked;
	bool busy = false;
	while (wait_for_work(m, busy, &asked)) {
		busy = txn_collect(db->txns);
		uint64_t now = clock_mono_ns();
		busy |= settle(db, now);
		if (asked != NULL || snapshot_is_due(db, now) || log_is_long(db))
			take_snapshot(db, asked);
		if (db->durable && now >= m->touch_due_ns) {
			m->touch_due_ns = now + MAINT_TOUCH_NS;
			if (file_io->touch(db->dir.path) != ST_OK)
				log_warn("db", "cannot renew the times of '%s'", db->dir.path);
		}
	}
}

enum status maint_start(struct db *db)
{
	struct maint *m = &db->maint;
	uint64_t now = clock_mono_ns();
	mutex_init(&m->lock, LOCK_RANK_LEAF);
	cond_init(&m->wake);
	m->asked_tail = &m->asked;
	m->touch_due_ns = now + MAINT_TOUCH_NS;
	m->settle_due_ns = now + MAINT_SETTLE_NS;
	m->settle = SETTLE_BEGIN;
	m->snapshot_due_ns = now + MAINT_SNAPSHOT_NS;
	enum status st = thread_start(&m->thread, "maint", maint_run, db);
	if (st != ST_OK) {
		cond_destroy(&m->wake);
		mutex_destroy(&m->lock);
		return st;
	}
	m->running = true;
	return ST_OK;
}

void maint_stop(struct db *db)
{
	struct maint *m = &db->maint;
	if (!m->running)
		return;
	mutex_lock(&m->lock);
	m->stop = true;
	cond_signal(&m->wake);
	mutex_unlock(&m->lock);
	thread_join(&m->thread);
	m->running = false;
	cond_destroy(&m->wake);
	mutex_destroy(&m->lock);
}

void maint_ask(struct db *db, struct db_snapshot *s)
{
	struct maint *m = &db->maint;
	s->next = NULL;
	mutex_lock(&m->lock);
	*m->asked_tail = s;
	m->asked_tail = &s->next;
	cond_signal(&m->wake);
	mutex_unlock(&m->lock);
}
