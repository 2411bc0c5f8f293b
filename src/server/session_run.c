/* Running a session's statement: its slices, its pages, the workers, and waiting for another
 * transaction. */
#include "base/clock.h"
#include "server/command.h"
#include "server/graphs.h"
#include "server/server_int.h"
#include "server/session.h"
#include "server/session_int.h"
#include "server/worker.h"

#define SESSION_SCHEMA_NS UINT64_C(5000000000)	 /* a statement that runs longer sends its schema */
#define SESSION_METRICS_NS UINT64_C(10000000000) /* and after that something every so often */

/* ---- the end of a statement ---- */

/* A statement's own end in the transaction it ran in, after an error. */
static void undo_statement(struct session *s)
{
	struct statement *st = &s->st;

	query_close(st->query);
	st->query = NULL;
	if (st->txn == NULL)
		return;
	if (st->auto_commit) {
		txn_rollback(st->txn);
	} else {
		txn_rollback_to(st->txn, &st->savepoint);
		txn_set_failed(st->txn);
		if (st->status == ST_CONFLICT || txn_must_close(st->txn))
			session_give_up(s, st->status != ST_CONFLICT);
	}
	st->txn = NULL;
}

void session_close_statement(struct session *s)
{
	struct statement *st = &s->st;

	if (st->open && st->txn != NULL && st->auto_commit) {
		query_close(st->query);
		st->query = NULL;
		txn_rollback(st->txn);
	}
	statement_close(st);
	/* Whoever stands behind a statement that was woken and did not begin anew. */
	txn_pass_turn(s->conn->io->server->txns, &s->waiter);
}

void session_fail_statement(struct session *s)
{
	struct statement *st = &s->st;

	metric_add(&metric_errors, 1);
	undo_statement(s);
	session_send_error(s, &st->diag, st->text, !st->schema_sent);
	session_close_statement(s);
	s->state = SESSION_IDLE;
}

/* ---- pages ---- */

static size_t page_limit(const struct session *s)
{
	const struct habits *h = s->conn->habits;

	return s->st.page_sent ? h->next_page_bytes : h->first_page_bytes;
}

static void begin_page(struct session *s, uint32_t rows)
{
	statement_page_limits(&s->st, page_limit(s), s->conn->habits->pages_unasked ? 0 : rows);
}

static enum page_wrap wrap_of(const struct session *s)
{
	return s->request == REQUEST_PULL ? PAGE_PULL : PAGE_EXECUTE;
}

/* The statement holds and all of it is known: the last frames leave in one write. */
void session_send_last(struct session *s)
{
	struct statement *st = &s->st;
	struct chain out = {0};

	while (statement_take_held(st, &out)) {
		if (s->conn->habits->pages_unasked)
			continue;
		st->committed = true; /* the client pulls the others */
		session_reply(s, &out);
		s->state = SESSION_IDLE;
		return;
	}
	if (st->n_columns == 0)
		statement_take_empty(&out, GQL_SUCCESS);
	else
		statement_take_page(st, &out, wrap_of(s), true);
	session_append_trailing(s, &out);
	session_reply(s, &out);
	st->txn = NULL;
	metric_add(&metric_rows, (int64_t)st->n_rows);
	histogram_add(&metric_statement_time, clock_mono_ns() - st->start_ns);
	session_close_statement(s);
	s->state = SESSION_IDLE;
}

/* A page is full and more rows follow. */
static void page_full(struct session *s)
{
	struct statement *st = &s->st;
	struct chain out = {0};

	if (statement_writes(st)) { /* it runs to its end whether its rows are taken or not */
		bool pulled = st->held_first != NULL && !s->conn->habits->pages_unasked;
		st->status = statement_hold_page(st, pulled ? PAGE_PULL : PAGE_EXECUTE);
		if (st->status != ST_OK) {
			session_fail_statement(s);
			return;
		}
		begin_page(s, st->page_rows);
		session_run_later(s);
		return;
	}
	statement_take_page(st, &out, wrap_of(s), false);
	session_reply(s, &out);
	if (!s->conn->habits->pages_unasked) {
		s->state = SESSION_IDLE; /* the result stays open until pull or the next execute */
		return;
	}
	begin_page(s, 0);
	if (s->stream != NULL && net_stream_full(s->stream))
		s->state = SESSION_FLOW;
	else
		session_run_later(s);
}

/* Clients give up when no frame comes for 10 s, or for 30 s after the schema. */
static void keep_client_waiting(struct session *s)
{
	const struct answer_metrics none = {0};
	struct statement *st = &s->st;
	struct chain out = {0};
	uint64_t now_ns = clock_mono_ns();
	uint64_t wait_ns = st->schema_sent ? SESSION_METRICS_NS : SESSION_SCHEMA_NS;

	if (st->n_columns == 0 || st->profile || st->page_sent ||
	    now_ns - MAX_OF(st->told_ns, st->start_ns) < wait_ns)
		return;
	if (st->schema_sent)
		answer_metrics(&out, &none);
	else
		statement_take_schema(st, &out, false);
	st->told_ns = now_ns;
	session_reply(s, &out);
}

/* ---- waiting for another transaction ---- */

void session_run_later(struct session *s)
{
	s->state = SESSION_RUNNING;
	io_queue_run(s->conn->io, s);
}

/* False: its wake is on the way. */
bool session_stop_waiting(struct session *s)
{
	if (!txn_wait_cancel(s->conn->io->server->txns, &s->waiter))
		return false;
	metric_add(&metric_waiting, -1);
	return true;
}

static uint64_t end_of_wait(const struct session *s)
{
	return s->tell_lost_ns != 0 ? s->tell_lost_ns : s->st.deadline_ns;
}

static void announce_waiting(struct session *s, uint64_t now_ns)
{
	keep_client_waiting(s);
	io_expect(s->conn->io, now_ns + SESSION_SCHEMA_NS);
	if (end_of_wait(s) != 0)
		io_expect(s->conn->io, end_of_wait(s));
}

enum status session_wait(struct session *s, struct mark *mark, enum txn_wait_why why)
{
	enum status r = txn_wait(s->conn->io->server->txns, mark, why, &s->waiter);

	if (r != ST_PARK)
		return r;
	s->state = SESSION_WAITING;
	metric_add(&metric_waiting, 1);
	announce_waiting(s, clock_mono_ns());
	return r;
}

void session_go_on(struct session *s)
{
	if (s->tell_lost_ns == 0) {
		session_run_later(s);
		return;
	}
	s->tell_lost_ns = 0;
	session_fail_statement(s);
}

static void too_late(struct session *s)
{
	diag_hint(&s->st.diag, "another transaction held on to it for the whole time limit");
	session_fail_statement(s);
}

/* An auto-committed statement that lost has sent no row: it is undone wholly, then waits for the
 * end of the other transaction, holding nothing, and begins anew. */
void session_rerun_or_fail(struct session *s)
{
	struct statement *st = &s->st;
	bool stopping = s->conn->io->told_stopping; /* a wait that began now would not be ended */
	struct mark *lost_to = st->txn != NULL && !stopping ? txn_take_lost_to(st->txn) : NULL;
	enum status r = ST_OK;

	query_close(st->query);
	st->query = NULL;
	if (st->txn != NULL)
		txn_rollback(st->txn);
	st->txn = NULL;
	if (stopping) {
		diag_reset(&st->diag);
		st->status = query_stopped(QUERY_SHUTDOWN, &st->diag);
		session_fail_statement(s);
		return;
	}
	st->again = true;
	if (lost_to != NULL)
		r = session_wait(s, lost_to, TXN_WAIT_TURN);
	else if (!statement_writes(st) || ++st->reruns > SESSION_RERUNS_MAX)
		r = ST_LIMIT;
	if (r == ST_LIMIT) {
		session_fail_statement(s);
		return;
	}
	if (r == ST_PARK)
		return;
	if (st->deadline_ns != 0 && clock_mono_ns() >= st->deadline_ns) {
		too_late(s);
	} else {
		session_run_later(s);
	}
}

static enum status start_in_own(struct statement *st)
{
	txn_savepoint(st->txn, &st->savepoint);
	return statement_start(st, st->txn);
}

static enum status begin_anew(struct session *s)
{
	struct statement *st = &s->st;
	struct server *server = s->conn->io->server;

	st->again = false;
	diag_reset(&st->diag);
	enum status r = txn_begin(server->txns, TXN_WRITE, s->last_lsn, &st->txn);
	if (r != ST_OK) {
		st->txn = NULL;
		return diag_fail(&st->diag, r, GQL_RESOURCES, DIAG_NO_POSITION,
				 "too many open transactions (limit %u)", TXN_ACTIVE_MAX);
	}
	txn_take_turn(st->txn, &s->waiter);
	/* The epoch was let go of: the plan's graph may be gone. */
	if (st->plan->catalog_version != store_catalog_version(server->store))
		TRY(graphs_plan_again(s));
	return start_in_own(st);
}

void session_due(struct session *s, uint64_t now_ns)
{
	uint64_t until_ns = end_of_wait(s);

	if (s->state != SESSION_WAITING) {
		session_due_idle(s, now_ns);
		return;
	}
	if (until_ns == 0 || now_ns < until_ns) {
		announce_waiting(s, now_ns);
		return;
	}
	if (!session_stop_waiting(s))
		return; /* it is woken already, and finds out itself */
	if (s->tell_lost_ns != 0 || s->st.plan == NULL)
		session_go_on(s);
	else
		too_late(s);
	session_drain_pending(s);
}

/* ---- slices ---- */

static void statement_ended(struct session *s)
{
	struct statement *st = &s->st;

	if (st->auto_commit) {
		if (st->profile && !statement_writes(st)) {
			txn_rollback(st->txn);
			st->txn = NULL;
			session_send_last(s);
			return;
		}
		session_commit_auto(s);
		return;
	}
	query_close(st->query);
	st->query = NULL;
	txn_next_clause(st->txn); /* the next statement sees what this one wrote */
	session_send_last(s);
}

static void give_to_worker(struct session *s)
{
	s->state = SESSION_WORKER;
	workers_give(s->conn->io->server->workers, s);
}

/* One expression took the whole first slice. Nothing of the statement has been seen: it is undone
 * and begins anew with a worker. */
static void restart_with_worker(struct session *s)
{
	struct statement *st = &s->st;

	query_close(st->query);
	st->query = NULL;
	if (statement_writes(st))
		txn_rollback_to(st->txn, &st->savepoint);
	st->status = statement_start(st, st->txn);
	if (st->status != ST_OK) {
		session_fail_statement(s);
		return;
	}
	begin_page(s, st->page_rows);
	give_to_worker(s);
}

void session_on_event(struct session *s, enum statement_event event)
{
	struct statement *st = &s->st;

	switch (event) {
	case STATEMENT_YIELD:
		keep_client_waiting(s);
		give_to_worker(s);
		break;
	case STATEMENT_RESTART:
		restart_with_worker(s);
		break;
	case STATEMENT_PAGE:
		page_full(s);
		break;
	case STATEMENT_END:
		statement_ended(s);
		break;
	case STATEMENT_ERROR:
		if (st->status == ST_CONFLICT && st->auto_commit)
			session_rerun_or_fail(s);
		else if (st->status == ST_CONFLICT)
			session_lose(s);
		else
			session_fail_statement(s);
		break;
	}
}

/* The first slice is run here, the others by a worker. */
static void run_statement(struct session *s)
{
	struct statement *st = &s->st;

	if (st->plan == NULL) {
		command_slice(s);
		return;
	}
	if (st->again) {
		st->status = begin_anew(s);
		if (st->status != ST_OK) {
			session_fail_statement(s);
			return;
		}
		begin_page(s, st->page_rows);
	}
	if (st->begun)
		give_to_worker(s);
	else
		session_on_event(s, statement_step(st, true));
}

void session_slice(struct session *s)
{
	if (s->state != SESSION_RUNNING)
		return;
	run_statement(s);
	session_drain_pending(s);
}

void session_shutdown(struct session *s)
{
	if (s->st.open)
		statement_stop(&s->st, QUERY_SHUTDOWN);
	if (s->state == SESSION_FLOW)
		session_run_later(s);
	else if (s->state == SESSION_WAITING && session_stop_waiting(s))
		session_go_on(s);
	session_drain_pending(s);
}

/* ---- requests ---- */

static enum status start_auto(struct session *s)
{
	struct statement *st = &s->st;
	bool writes = statement_writes(st);

	if (st->txn == NULL)
		TRY(txn_begin(s->conn->io->server->txns, writes ? TXN_WRITE : TXN_READ, s->last_lsn,
			      &st->txn));
	else if (writes)
		txn_will_write(st->txn);
	return start_in_own(st);
}

static void begin_statement(struct session *s)
{
	struct statement *st = &s->st;
	enum status r;

	st->auto_commit = s->txn == NULL;
	if (st->auto_commit) {
		r = start_auto(s);
	} else {
		st->txn = s->txn;
		txn_savepoint(s->txn, &st->savepoint);
		if (statement_writes(st) && txn_mode(s->txn) == TXN_EXPLICIT_READ)
			r = diag_set(&st->diag, GQL_TXN_READ_ONLY, DIAG_NO_POSITION,
				     "the transaction is read only");
		else
			r = statement_start(st, s->txn);
	}
	if (r != ST_OK) {
		st->status = r;
		session_fail_statement(s);
		return;
	}
	begin_page(s, st->page_rows);
	run_statement(s);
}

void session_on_execute(struct session *s, const struct request *req)
{
	struct statement *st = &s->st;
	enum status r = ST_OK;

	metric_add(&metric_statements, 1);
	/* The epoch is held before the text is looked at. */
	st->auto_commit = s->txn == NULL || s->txn_lost;
	if (st->auto_commit)
		r = txn_begin(s->conn->io->server->txns, TXN_READ, s->last_lsn, &st->txn);
	st->page_rows = req->execute.page_size != 0 ? req->execute.page_size : HABIT_PULL_ROWS;
	if (r == ST_OK)
		r = graphs_open_statement(s, &req->execute);
	else
		(void)diag_fail(&st->diag, r, GQL_RESOURCES, DIAG_NO_POSITION,
				"too many open transactions (limit %u)", TXN_ACTIVE_MAX);
	if (r == ST_OK && st->plan == NULL) {
		command_run(s); /* BEGIN, CREATE INDEX, SESSION: answers by itself */
		return;
	}
	if (r == ST_OK && session_refuse_in_failed(s, &st->diag))
		r = ST_INVALID;
	if (r != ST_OK) {
		st->open = true;
		st->status = r;
		if (!st->auto_commit && !txn_is_failed(s->txn))
			txn_set_failed(s->txn);
		session_fail_statement(s);
		return;
	}
	begin_statement(s);
}

void session_on_pull(struct session *s, const struct request *req)
{
	struct chain out = {0};

	if (!s->st.open) {
		page_none(&out);
		session_reply(s, &out);
		return;
	}
	if (s->st.committed) {
		session_send_last(s);
		return;
	}
	if (s->st.given_up) {
		s->st.status = query_stopped(QUERY_TOO_OLD, &s->st.diag);
		session_fail_statement(s);
		return;
	}
	begin_page(s, req->pull.page_size != 0 ? req->pull.page_size : HABIT_PULL_ROWS);
	run_statement(s);
}
