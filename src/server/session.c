#include "server/session.h"
#include "base/clock.h"
#include "server/command.h"
#include "server/graphs.h"
#include "server/server_int.h"
#include "server/worker.h"

#define SESSION_SCHEMA_NS UINT64_C(5000000000)	 /* a statement that runs longer sends its schema */
#define SESSION_METRICS_NS UINT64_C(10000000000) /* and after that something every so often */

/* ---- sending ---- */

void session_reply(struct session *s, struct chain *out)
{
	if (s->stream == NULL)
		chain_release(out);
	else
		net_stream_send(s->stream, out);
}

/* The answer of a failed request, whatever the request was. */
void session_send_error(struct session *s, const struct diag *d, struct str text, bool first_frame)
{
	const struct answer_outcome outcome = {.status = d->code};
	struct chain out = {0};

	answer_error(&out, d, text);
	if (first_frame && s->request == REQUEST_EXECUTE && s->conn->habits->trailing_status)
		answer_status(&out, &outcome);
	session_reply(s, &out);
}

static void send_diag(struct session *s, const struct diag *d)
{
	session_send_error(s, d, STR_NULL, true);
}

/* ---- transactions ---- */

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

static void give_up(struct session *s)
{
	txn_give_up(s->txn);
	s->txn_lost = s->txn_too_old = true;
}

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
		s->txn_lost = s->txn_lost || st->status == ST_CONFLICT;
		if (txn_must_close(st->txn))
			give_up(s);
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
}

static void fail_statement(struct session *s)
{
	struct statement *st = &s->st;

	metric_add(&metric_errors, 1);
	undo_statement(s);
	session_send_error(s, &st->diag, st->text, !st->schema_sent);
	session_close_statement(s);
	s->state = SESSION_IDLE;
}

static void on_committed(struct txn_commit *c, enum status result)
{
	struct session *s = container_of(c, struct session, commit);

	s->commit_result = result;
	net_loop_post_reserved(s->conn->io->loop, &s->wake);
}

/* ---- the answer of a statement ---- */

static size_t page_limit(const struct session *s)
{
	const struct habits *h = s->conn->habits;

	return s->st.page_sent ? h->next_page_bytes : h->first_page_bytes;
}

static void begin_page(struct session *s, uint32_t rows)
{
	statement_page_limits(&s->st, page_limit(s), s->conn->habits->pages_unasked ? 0 : rows);
}

void session_append_trailing(struct session *s, struct chain *out)
{
	const struct answer_outcome outcome = {.status = GQL_SUCCESS};

	if (s->request == REQUEST_EXECUTE && s->conn->habits->trailing_status)
		answer_status(out, &outcome);
}

static enum page_wrap wrap_of(const struct session *s)
{
	return s->request == REQUEST_PULL ? PAGE_PULL : PAGE_EXECUTE;
}

/* The statement holds and all of it is known: the last frames leave in one write. */
static void send_last(struct session *s)
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

static void rerun_or_fail(struct session *s);
static void drain_pending(struct session *s);
static void session_free(struct session *s);

enum status session_commit(struct session *s, struct txn *t, struct diag *d)
{
	if (txn_has_writes(t))
		metric_add(&metric_commits, 1);
	s->commit = (struct txn_commit){.done = on_committed};
	enum status r = txn_commit(t, &s->commit, d);
	if (r == ST_PARK)
		s->state = SESSION_COMMIT;
	if (r == ST_OK)
		s->last_lsn = MAX_OF(s->last_lsn, s->commit.lsn);
	return r;
}

static void commit_auto(struct session *s)
{
	struct statement *st = &s->st;

	query_close(st->query);
	st->query = NULL;
	enum status r = session_commit(s, st->txn, &st->diag);
	if (r == ST_PARK)
		return;
	st->txn = NULL; /* gone in every other case */
	if (r == ST_OK) {
		send_last(s);
		return;
	}
	st->status = r;
	if (!diag_is_set(&st->diag))
		(void)diag_fail(&st->diag, r, GQL_INTERNAL, DIAG_NO_POSITION,
				"the commit was refused: %s", status_name(r));
	if (r == ST_CONFLICT || r == ST_BUSY)
		rerun_or_fail(s);
	else
		fail_statement(s);
}

static void statement_ended(struct session *s)
{
	struct statement *st = &s->st;

	if (st->auto_commit) {
		if (st->profile && !statement_writes(st)) {
			txn_rollback(st->txn);
			st->txn = NULL;
			send_last(s);
			return;
		}
		commit_auto(s);
		return;
	}
	query_close(st->query);
	st->query = NULL;
	txn_next_clause(st->txn); /* the next statement sees what this one wrote */
	send_last(s);
}

/* ---- running ---- */

void session_run_later(struct session *s)
{
	s->state = SESSION_RUNNING;
	io_queue_run(s->conn->io, s);
}

static enum status start_auto(struct session *s)
{
	struct statement *st = &s->st;
	bool writes = statement_writes(st);

	if (st->txn == NULL)
		TRY(txn_begin(s->conn->io->server->txns, writes ? TXN_WRITE : TXN_READ, s->last_lsn,
			      &st->txn));
	else if (writes)
		txn_will_write(st->txn);
	return statement_start(st, st->txn);
}

/* False: its wake is on the way. */
static bool stop_waiting(struct session *s)
{
	if (!txn_wait_cancel(s->conn->io->server->txns, &s->waiter))
		return false;
	metric_add(&metric_waiting, -1);
	return true;
}

static void too_late(struct session *s)
{
	diag_hint(&s->st.diag, "another transaction held on to it for the whole time limit");
	fail_statement(s);
}

/* An auto-committed statement that lost has sent no row: it is undone wholly, then waits for the
 * end of the other transaction, holding nothing, and begins anew. */
static void rerun_or_fail(struct session *s)
{
	struct statement *st = &s->st;
	struct mark *lost_to = st->txn != NULL ? txn_take_lost_to(st->txn) : NULL;
	enum status r = ST_OK;

	query_close(st->query);
	st->query = NULL;
	if (st->txn != NULL)
		txn_rollback(st->txn);
	st->txn = NULL;
	if (lost_to != NULL)
		r = txn_wait(s->conn->io->server->txns, lost_to, &s->waiter);
	else if (!statement_writes(st) || ++st->reruns > SESSION_RERUNS_MAX)
		r = ST_LIMIT;
	if (r == ST_LIMIT) {
		fail_statement(s);
		return;
	}
	st->again = true;
	if (r == ST_PARK) {
		s->state = SESSION_WAITING;
		metric_add(&metric_waiting, 1);
		session_due(s, clock_mono_ns());
	} else if (st->deadline_ns != 0 && clock_mono_ns() >= st->deadline_ns) {
		too_late(s);
	} else {
		session_run_later(s);
	}
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
	/* The epoch was let go of: the plan's graph may be gone. */
	if (st->plan->catalog_version != store_catalog_version(server->store))
		TRY(graphs_plan_again(s));
	return statement_start(st, st->txn);
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
			fail_statement(s);
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

void session_due(struct session *s, uint64_t now_ns)
{
	struct statement *st = &s->st;
	struct io *io = s->conn->io;
	uint64_t limit_ns = io->server->config->idle_txn_ms * UINT64_C(1000000);

	if (s->state == SESSION_WAITING) {
		if (st->deadline_ns != 0 && now_ns >= st->deadline_ns) {
			if (!stop_waiting(s))
				return; /* it is woken already, and finds out itself */
			too_late(s);
			drain_pending(s);
			return;
		}
		keep_client_waiting(s);
		io_expect(io, now_ns + SESSION_SCHEMA_NS);
		if (st->deadline_ns != 0)
			io_expect(io, st->deadline_ns);
	} else if (s->txn != NULL && s->state == SESSION_IDLE && limit_ns != 0) {
		if (now_ns - s->idle_since_ns < limit_ns) {
			io_expect(io, s->idle_since_ns + limit_ns);
			return;
		}
		session_close_statement(s);
		session_roll_back(s);
		s->txn_idled = true;
	}
}

static void on_event(struct session *s, enum statement_event event)
{
	struct statement *st = &s->st;

	switch (event) {
	case STATEMENT_YIELD:
		keep_client_waiting(s);
		s->state = SESSION_WORKER;
		workers_give(s->conn->io->server->workers, s);
		break;
	case STATEMENT_PAGE:
		page_full(s);
		break;
	case STATEMENT_END:
		statement_ended(s);
		break;
	case STATEMENT_ERROR:
		if (st->status == ST_CONFLICT && st->auto_commit)
			rerun_or_fail(s);
		else
			fail_statement(s);
		break;
	}
}

/* A slice, here; one that did not end it hands it to a worker. */
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
			fail_statement(s);
			return;
		}
		begin_page(s, st->page_rows);
	}
	on_event(s, statement_step(st));
}

/* ---- requests ---- */

static bool refuse_in_failed(struct session *s, struct diag *d)
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
		fail_statement(s);
		return;
	}
	begin_page(s, st->page_rows);
	run_statement(s);
}

static void on_execute(struct session *s, const struct request *req)
{
	struct statement *st = &s->st;
	enum status r = ST_OK;

	metric_add(&metric_statements, 1);
	/* The epoch is held before the text is looked at. */
	st->auto_commit = s->txn == NULL || s->txn_too_old;
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
	if (r == ST_OK && refuse_in_failed(s, &st->diag))
		r = ST_INVALID;
	if (r != ST_OK) {
		st->open = true;
		st->status = r;
		if (!st->auto_commit && !txn_is_failed(s->txn))
			txn_set_failed(s->txn);
		fail_statement(s);
		return;
	}
	begin_statement(s);
}

static void on_pull(struct session *s, const struct request *req)
{
	struct chain out = {0};

	if (!s->st.open) {
		page_none(&out);
		session_reply(s, &out);
		return;
	}
	if (s->st.committed) {
		send_last(s);
		return;
	}
	if (s->st.given_up) {
		s->st.status = query_stopped(QUERY_TOO_OLD, &s->st.diag);
		fail_statement(s);
		return;
	}
	begin_page(s, req->pull.page_size != 0 ? req->pull.page_size : HABIT_PULL_ROWS);
	run_statement(s);
}

static void on_hello(struct session *s, const struct request *req)
{
	struct diag d;

	diag_reset(&d);
	enum status st = conn_hello(s->conn, &req->hello, &d);
	if (st == ST_OK)
		st = graphs_login(s, req->hello.graph, &d);
	if (st == ST_PARK)
		return; /* a graph is being made: command_committed answers */
	if (st == ST_OK)
		graphs_greet(s);
	else
		graphs_refuse_login(s, &d);
}

static void not_supported(struct session *s, enum request_kind kind)
{
	struct chain out = {0};

	answer_unsupported(&out, kind, STR("this server does not offer that request"));
	session_reply(s, &out);
}

/* Once; the session has no transaction any more. */
static void tell_idled(struct session *s)
{
	struct diag d;

	s->txn_idled = false;
	diag_reset(&d);
	(void)diag_set(&d, GQL_IDLE_IN_TXN, DIAG_NO_POSITION,
		       "the transaction lay idle for more than %u ms and was rolled back",
		       s->conn->io->server->config->idle_txn_ms);
	diag_hint(&d, "run it again, without waiting between its statements");
	send_diag(s, &d);
}

static void on_request(struct session *s, const struct request *req)
{
	struct chain out = {0};

	s->request = req->kind;
	if (req->kind == REQUEST_HELLO) {
		on_hello(s, req);
		return;
	}
	if (!s->conn->greeted) {
		struct diag d;
		diag_reset(&d);
		(void)diag_set(&d, GQL_CONNECTION, DIAG_NO_POSITION, "hello comes first");
		send_diag(s, &d);
		conn_close(s->conn, SERVER_CLOSE_PROTOCOL);
		return;
	}
	if (s->txn_idled && req->kind != REQUEST_PING) {
		tell_idled(s);
		return;
	}
	if (req->kind != REQUEST_PULL && req->kind != REQUEST_PING)
		session_close_statement(s); /* a new request drops the open result */
	switch (req->kind) {
	case REQUEST_EXECUTE:
		on_execute(s, req);
		break;
	case REQUEST_PULL:
		on_pull(s, req);
		break;
	case REQUEST_PING:
		answer_ping(&out);
		session_reply(s, &out);
		break;
	case REQUEST_BEGIN:
		command_begin(s, req->begin.read_only);
		break;
	case REQUEST_COMMIT:
		command_commit(s);
		break;
	case REQUEST_ROLLBACK:
		command_rollback(s);
		break;
	case REQUEST_SAVEPOINT:
		command_savepoint(s, req->savepoint.name);
		break;
	case REQUEST_ROLLBACK_TO:
		command_rollback_to(s, req->savepoint.name);
		break;
	default:
		not_supported(s, req->kind);
		break;
	}
}

static void on_message(struct session *s, struct str message)
{
	struct request req;
	struct diag d;
	struct arena *a = &s->requests;

	diag_reset(&d);
	/* An open result may still refer to the parameters of its own request. */
	if (!s->st.open)
		arena_reset(a);
	enum status r = request_decode(message, a, &req, &d);
	if (r == ST_OK) {
		on_request(s, &req);
		return;
	}
	s->request = REQUEST_EXECUTE;
	if (!diag_is_set(&d))
		(void)diag_fail(&d, r, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
	send_diag(s, &d);
	if (r == ST_CORRUPT)
		conn_close(s->conn, SERVER_CLOSE_PROTOCOL);
}

/* ---- bytes ---- */

static void protocol_error(struct session *s, const struct diag *d)
{
	send_diag(s, d);
	if (s->stream != NULL)
		conn_close(s->conn, SERVER_CLOSE_PROTOCOL);
}

/* Nothing is being worked on, and the peer reads its answers. */
static bool takes_requests(struct session *s)
{
	return s->state == SESSION_IDLE && s->stream != NULL && !net_stream_full(s->stream);
}

/* Frames one after another; gives what it used. */
static size_t take_frames(struct session *s, const uint8_t *p, size_t n)
{
	struct reader in = reader_of(p, n);
	struct str message;
	struct diag d;

	while (takes_requests(s)) {
		diag_reset(&d);
		enum status r = frame_feed(&s->frames, &in, &message, &d);
		if (r == ST_END)
			break;
		if (r != ST_OK) {
			protocol_error(s, &d);
			return n;
		}
		on_message(s, message);
	}
	return n - reader_left(&in);
}

static void keep_pending(struct session *s, const uint8_t *p, size_t n)
{
	if (s->pending_at != 0) {
		size_t left = s->pending.len - s->pending_at;
		memmove(s->pending.p, s->pending.p + s->pending_at, left);
		buf_truncate(&s->pending, left);
		s->pending_at = 0;
	}
	buf_put(&s->pending, p, n);
	if (!buf_ok(&s->pending)) {
		struct diag d;
		diag_reset(&d);
		(void)diag_set(&d, GQL_TOO_LARGE, DIAG_NO_POSITION,
			       "more than %u bytes of requests were sent ahead",
			       SESSION_PENDING_MAX);
		protocol_error(s, &d);
	} else if (!s->paused && s->stream != NULL) {
		net_stream_pause(s->stream);
		s->paused = true;
	}
}

static void begin_idling(struct session *s)
{
	uint32_t limit_ms = s->conn->io->server->config->idle_txn_ms;

	if (s->txn == NULL || s->state != SESSION_IDLE || limit_ms == 0)
		return;
	s->idle_since_ns = clock_mono_ns();
	io_expect(s->conn->io, s->idle_since_ns + limit_ms * UINT64_C(1000000));
}

/* After each step that may have made the session idle: requests that came meanwhile. */
static void drain_pending(struct session *s)
{
	while (s->pending_at < s->pending.len && takes_requests(s))
		s->pending_at += take_frames(s, (const uint8_t *)s->pending.p + s->pending_at,
					     s->pending.len - s->pending_at);
	begin_idling(s);
	if (s->pending_at < s->pending.len)
		return;
	buf_release(&s->pending); /* what was sent ahead may have been much */
	s->pending_at = 0;
	if (s->peer_ended && s->state == SESSION_IDLE && s->stream != NULL && !s->finished) {
		s->finished = true;
		net_stream_finish(s->stream); /* gives the stream's slot back */
	}
	if (s->paused && takes_requests(s)) {
		net_stream_resume(s->stream);
		s->paused = false;
	}
}

void session_data(struct session *s, const uint8_t *p, size_t n, bool fin)
{
	s->peer_ended = s->peer_ended || fin; /* it still reads its answers */
	size_t used = s->pending.len == 0 ? take_frames(s, p, n) : 0;
	if (used < n && s->stream != NULL)
		keep_pending(s, p + used, n - used);
	drain_pending(s);
}

void session_slice(struct session *s)
{
	if (s->state != SESSION_RUNNING)
		return;
	run_statement(s);
	drain_pending(s);
}

void session_writable(struct session *s)
{
	if (s->state == SESSION_FLOW)
		session_run_later(s);
	else
		drain_pending(s);
}

/* ---- the log has answered ---- */

static void commit_unknown(struct diag *d)
{
	(void)diag_set(d, GQL_RESOLUTION_UNKNOWN, DIAG_NO_POSITION,
		       "the log could not be written: whether the transaction holds is not known");
	diag_hint(d, "look at the server's log, then read the data again");
}

static void committed(struct session *s)
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
			fail_statement(s);
		} else {
			if (s->request == REQUEST_HELLO)
				graphs_refuse_login(s, &d);
			else
				send_diag(s, &d);
			session_close_statement(s);
		}
	} else if (of_statement && st->plan != NULL) {
		send_last(s);
	} else {
		command_committed(s);
	}
	drain_pending(s);
}

static void on_other_ended(struct txn_waiter *w)
{
	struct session *s = container_of(w, struct session, waiter);

	net_loop_post_reserved(s->conn->io->loop, &s->wake);
}

void session_woken(struct session *s)
{
	if (s->state == SESSION_COMMIT) {
		committed(s);
		return;
	}
	enum session_state was = s->state;
	assert(was == SESSION_WAITING || was == SESSION_WORKER);
	if (was == SESSION_WAITING)
		metric_add(&metric_waiting, -1);
	if (s->stream == NULL) {
		session_close_statement(s);
		session_roll_back(s);
		session_free(s);
		return;
	}
	if (was == SESSION_WAITING) {
		session_run_later(s);
		return;
	}
	s->state = SESSION_RUNNING;
	on_event(s, s->event);
	drain_pending(s);
}

/* ---- life ---- */

struct session *session_new(struct conn *c, struct net_stream *stream)
{
	struct session *s = MEM_NEW(MEM_SESSION, struct session);

	if (s == NULL)
		return NULL;
	s->conn = c;
	s->stream = stream;
	s->waiter.woken = on_other_ended;
	frame_init(&s->frames, FRAME_REQUEST_MAX);
	buf_init(&s->pending, MEM_SESSION, SESSION_PENDING_MAX);
	s->budget = (struct budget){.limit_bytes = c->io->server->config->query_memory,
				    .parent = &c->io->server->query_budget};
	arena_init(&s->requests, MEM_SESSION, &s->budget);
	statement_init(&s->st, c->io->server);
	io_add_session(c->io, s);
	c->n_sessions++;
	return s;
}

static void session_free(struct session *s)
{
	struct conn *c = s->conn;

	io_remove_session(c->io, s);
	statement_release(&s->st);
	frame_release(&s->frames);
	buf_release(&s->pending);
	arena_release(&s->requests);
	vec_release(MEM_SESSION, &s->savepoints);
	MEM_FREE(MEM_SESSION, s);
	conn_release(c);
}

void session_close(struct session *s)
{
	s->stream = NULL;
	if (s->state == SESSION_COMMIT)
		return; /* the log still needs it: committed() frees */
	if (s->state == SESSION_WORKER) {
		statement_stop(&s->st, QUERY_KILLED);
		return; /* session_woken frees */
	}
	if (s->state == SESSION_WAITING && !stop_waiting(s))
		return; /* its wake is on the way: session_woken frees */
	session_close_statement(s);
	session_roll_back(s);
	session_free(s);
}

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
		give_up(s);
}

void session_shutdown(struct session *s)
{
	if (s->st.open)
		statement_stop(&s->st, QUERY_SHUTDOWN);
	if (s->state == SESSION_FLOW || (s->state == SESSION_WAITING && stop_waiting(s)))
		session_run_later(s);
}
