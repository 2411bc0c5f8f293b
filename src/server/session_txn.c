/* The transactions of a session: how they end, the log's answer, and what becomes of those that lie
 * idle or hold a view for too long. */
#include "base/clock.h"
#include "server/command.h"
#include "server/graphs.h"
#include "server/server_int.h"
#include "server/session.h"
#include "server/session_int.h"

/* ---- ends ---- */

void session_end_transaction(struct session *s)
{
	s->txn = NULL;
	s->txn_lost = s->txn_too_old = false;
	vec_release(MEM_SESSION, &s->savepoints);
}

void session_roll_back(struct session *s)
{
	if (s->txn != NULL)
		txn_rollback(s->txn);
	session_end_transaction(s);
}

void session_give_up(struct session *s, bool too_old)
{
	txn_give_up(s->txn);
	s->txn_lost = true;
	s->txn_too_old = too_old;
}

/* The client can only roll it back, and that is done at once: who is told to wait holds nothing.
 * The answer is held until a transaction that the client begins then sees what it lost to, for a
 * while: one client may be behind both transactions, and end the other one after this answer. */
void session_lose(struct session *s)
{
	struct statement *st = &s->st;
	struct io *io = s->conn->io;
	uint64_t limit_ns = io->server->config->conflict_wait_ms * UINT64_C(1000000);
	bool waits = limit_ns != 0 && !io->told_stopping;
	struct mark *lost_to = waits ? txn_take_lost_to(st->txn) : NULL;

	query_close(st->query);
	st->query = NULL;
	st->txn = NULL;
	session_give_up(s, false);
	s->tell_lost_ns = clock_mono_ns() + limit_ns;
	if (st->deadline_ns != 0)
		s->tell_lost_ns = MIN_OF(s->tell_lost_ns, st->deadline_ns);
	if (!waits || session_wait(s, lost_to, TXN_WAIT_DURABLE) != ST_PARK)
		session_go_on(s);
}

bool session_refuse_in_failed(struct session *s, struct diag *d)
{
	if (s->txn == NULL || !txn_is_failed(s->txn))
		return false;
	if (s->txn_too_old) {
		(void)!query_stopped(QUERY_TOO_OLD, d);
		return true;
	}
	(void)diag_set(d, GQL_TXN_FAILED, DIAG_NO_POSITION,
		       "the transaction has failed: only ROLLBACK%s is possible",
		       s->txn_lost ? "" : " and ROLLBACK TO SAVEPOINT");
	return true;
}

/* ---- commit ---- */

static void on_committed(struct txn_commit *c, enum status result)
{
	struct session *s = container_of(c, struct session, commit);

	s->commit_result = result;
	net_loop_post_reserved(s->conn->io->loop, &s->wake);
}

enum status session_commit(struct session *s, struct txn *t, struct diag *d)
{
	if (txn_has_writes(t))
		metric_add(&metric_commits, 1);
	s->commit =
	    (struct txn_commit){.done = on_committed, .lead = io_serves_only(s->conn->io, s)};
	enum status r = txn_commit(t, &s->commit, d);
	if (r == ST_PARK)
		s->state = SESSION_COMMIT;
	if (r == ST_OK)
		s->last_lsn = MAX_OF(s->last_lsn, s->commit.lsn);
	return r;
}

void session_commit_auto(struct session *s)
{
	struct statement *st = &s->st;

	query_close(st->query);
	st->query = NULL;
	enum status r = session_commit(s, st->txn, &st->diag);
	if (r == ST_PARK)
		return;
	st->txn = NULL; /* gone in every other case */
	if (r == ST_OK) {
		session_send_last(s);
		return;
	}
	st->status = r;
	if (!diag_is_set(&st->diag))
		(void)diag_fail(&st->diag, r, GQL_INTERNAL, DIAG_NO_POSITION,
				"the commit was refused: %s", status_name(r));
	if (r == ST_CONFLICT || r == ST_BUSY)
		session_rerun_or_fail(s);
	else
		session_fail_statement(s);
}

static void commit_unknown(struct diag *d)
{
	(void)diag_set(d, GQL_RESOLUTION_UNKNOWN, DIAG_NO_POSITION,
		       "the log could not be written: whether the transaction holds is not known");
	diag_hint(d, "look at the server's log, then read the data again");
}

void session_committed(struct session *s)
{
	struct statement *st = &s->st;
	bool of_statement = st->open && st->auto_commit;
	struct diag d;

	txn_finish(of_statement ? st->txn : s->txn);
	if (of_statement)
		st->txn = NULL;
	else
		session_end_transaction(s);
	s->state = SESSION_IDLE;
	if (s->stream == NULL) {
		session_free(s);
		return;
	}
	if (s->commit_result == ST_OK)
		s->last_lsn = MAX_OF(s->last_lsn, s->commit.lsn);
	diag_reset(&d);
	if (s->commit_result != ST_OK) {
		commit_unknown(&d);
		if (of_statement) {
			st->diag = d;
			session_fail_statement(s);
		} else {
			if (s->request == REQUEST_HELLO)
				graphs_refuse_login(s, &d);
			else
				session_send_diag(s, &d);
			session_close_statement(s);
		}
	} else if (of_statement && st->plan != NULL) {
		session_send_last(s);
	} else {
		command_committed(s);
	}
	session_drain_pending(s);
}

/* ---- lying idle ---- */

void session_begin_idling(struct session *s)
{
	uint32_t limit_ms = s->conn->io->server->config->idle_txn_ms;

	if (s->txn == NULL || s->state != SESSION_IDLE || limit_ms == 0)
		return;
	s->idle_since_ns = clock_mono_ns();
	io_expect(s->conn->io, s->idle_since_ns + limit_ms * UINT64_C(1000000));
}

void session_due_idle(struct session *s, uint64_t now_ns)
{
	struct io *io = s->conn->io;
	uint64_t limit_ns = io->server->config->idle_txn_ms * UINT64_C(1000000);

	if (s->txn == NULL || s->state != SESSION_IDLE || limit_ns == 0)
		return;
	if (now_ns - s->idle_since_ns < limit_ns) {
		io_expect(io, s->idle_since_ns + limit_ns);
		return;
	}
	session_close_statement(s);
	session_roll_back(s);
	s->txn_idled = true;
}

/* Once; the session has no transaction any more. */
void session_tell_idled(struct session *s)
{
	struct diag d;

	s->txn_idled = false;
	diag_reset(&d);
	(void)diag_set(&d, GQL_IDLE_IN_TXN, DIAG_NO_POSITION,
		       "the transaction lay idle for more than %u ms and was rolled back",
		       s->conn->io->server->config->idle_txn_ms);
	diag_hint(&d, "run it again, without waiting between its statements");
	session_send_diag(s, &d);
}

/* ---- views ---- */

void session_look_at_view(struct session *s)
{
	struct statement *st = &s->st;
	bool is_auto = st->open && st->auto_commit;
	struct txn *t = is_auto ? st->txn : s->txn;

	if (t == NULL || !txn_must_close(t))
		return;
	if (s->state == SESSION_FLOW)
		session_run_later(s); /* the query finds out */
	if (s->state != SESSION_IDLE)
		return;
	query_close(st->query);
	st->query = NULL;
	st->txn = NULL;
	st->given_up = st->open;
	if (is_auto)
		txn_rollback(t);
	else
		session_give_up(s, true);
}
