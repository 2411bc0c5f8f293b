/* A session's life, the bytes that it takes and gives, and which request goes where. */
#include "server/session.h"
#include "server/command.h"
#include "server/graphs.h"
#include "server/server_int.h"
#include "server/session_int.h"

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

void session_send_diag(struct session *s, const struct diag *d)
{
	session_send_error(s, d, STR_NULL, true);
}

void session_append_trailing(struct session *s, struct chain *out)
{
	const struct answer_outcome outcome = {.status = GQL_SUCCESS};

	if (s->request == REQUEST_EXECUTE && s->conn->habits->trailing_status)
		answer_status(out, &outcome);
}

/* ---- requests ---- */

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

/* The server stops: only what begins nothing new is still taken. */
static bool refuse_when_stopping(struct session *s, enum request_kind kind)
{
	struct diag d;

	if (!s->conn->io->told_stopping || kind == REQUEST_PULL || kind == REQUEST_PING ||
	    kind == REQUEST_ROLLBACK)
		return false;
	diag_reset(&d);
	(void)!query_stopped(QUERY_SHUTDOWN, &d);
	if (kind == REQUEST_HELLO) {
		graphs_refuse_login(s, &d);
		return true;
	}
	session_close_statement(s);
	session_send_diag(s, &d);
	return true;
}

static void on_request(struct session *s, const struct request *req)
{
	struct chain out = {0};

	s->request = req->kind;
	if (refuse_when_stopping(s, req->kind))
		return;
	if (req->kind == REQUEST_HELLO) {
		on_hello(s, req);
		return;
	}
	if (!s->conn->greeted) {
		struct diag d;
		diag_reset(&d);
		(void)diag_set(&d, GQL_CONNECTION, DIAG_NO_POSITION, "hello comes first");
		session_send_diag(s, &d);
		conn_close(s->conn, SERVER_CLOSE_PROTOCOL);
		return;
	}
	if (s->txn_idled && req->kind != REQUEST_PING) {
		session_tell_idled(s);
		return;
	}
	if (req->kind != REQUEST_PULL && req->kind != REQUEST_PING)
		session_close_statement(s); /* a new request drops the open result */
	switch (req->kind) {
	case REQUEST_EXECUTE:
		session_on_execute(s, req);
		break;
	case REQUEST_PULL:
		session_on_pull(s, req);
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
	session_send_diag(s, &d);
	if (r == ST_CORRUPT)
		conn_close(s->conn, SERVER_CLOSE_PROTOCOL);
}

/* ---- bytes ---- */

static void protocol_error(struct session *s, const struct diag *d)
{
	session_send_diag(s, d);
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

/* After each step that may have made the session idle: requests that came meanwhile. */
void session_drain_pending(struct session *s)
{
	while (s->pending_at < s->pending.len && takes_requests(s))
		s->pending_at += take_frames(s, (const uint8_t *)s->pending.p + s->pending_at,
					     s->pending.len - s->pending_at);
	session_begin_idling(s);
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
	session_drain_pending(s);
}

void session_writable(struct session *s)
{
	if (s->state == SESSION_FLOW)
		session_run_later(s);
	else
		session_drain_pending(s);
}

/* ---- wakes ---- */

static void on_other_ended(struct txn_waiter *w)
{
	struct session *s = container_of(w, struct session, waiter);

	net_loop_post_reserved(s->conn->io->loop, &s->wake);
}

void session_woken(struct session *s)
{
	if (s->state == SESSION_COMMIT) {
		session_committed(s);
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
		session_go_on(s);
		session_drain_pending(s);
		return;
	}
	s->state = SESSION_RUNNING;
	session_on_event(s, s->event);
	session_drain_pending(s);
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

void session_free(struct session *s)
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
		return; /* the log still needs it: session_session_committed frees */
	if (s->state == SESSION_WORKER) {
		statement_stop(&s->st, QUERY_KILLED);
		return; /* session_woken frees */
	}
	if (s->state == SESSION_WAITING && !session_stop_waiting(s))
		return; /* its wake is on the way: session_woken frees */
	session_close_statement(s);
	session_roll_back(s);
	session_free(s);
}
