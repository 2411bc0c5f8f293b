/* client/session.c - send, read, transactions. */
#include "client/session.h"

static const char *const retry_codes[] = {"40001", "40P01", "40502"};

static void set_text(char *out, size_t cap, struct str s)
{
	const size_t n = MIN_OF(s.len, cap - 1);

	if (n != 0)
		memcpy(out, s.p, n);
	out[n] = 0;
}

static void set_code(struct geode_error *e, struct str code)
{
	set_text(e->code, sizeof e->code, code);
	for (size_t i = 0; i < ARRAY_LEN(retry_codes); i++)
		e->retry |= strcmp(e->code, retry_codes[i]) == 0;
}

void error_from_diag(struct geode_error *e, struct diag *d, enum status st)
{
	if (st == ST_NOMEM) /* rooms below leave its text to their callers */
		(void)diag_set(d, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
	else
		(void)diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION, "connection lost (%s)",
			       status_name(st));
	*e = (struct geode_error){0};
	set_code(e, str_of(gqlstatus_code(d->code)));
	set_text(e->message, sizeof e->message, str_of(d->message));
	set_text(e->hint, sizeof e->hint, str_of(d->hint));
}

static void error_from_reply(struct geode_error *e, const struct reply_error *r)
{
	*e = (struct geode_error){.line = r->line, .column = r->column};
	set_code(e, r->code);
	set_text(e->message, sizeof e->message, r->message);
	set_text(e->hint, sizeof e->hint, r->hint);
}

static enum geode_status fail(struct geode_session *s, struct diag *d, enum status st)
{
	error_from_diag(&s->error, d, st);
	return GEODE_FAILED;
}

static enum geode_status broken(struct geode_session *s, struct diag *d, enum status st)
{
	(void)fail(s, d, st);
	s->broken = true;
	return GEODE_BROKEN;
}

enum geode_status client_send(struct geode_session *s, const struct request *r)
{
	struct chain bytes = {0};
	struct diag d;

	if (s->broken)
		return GEODE_BROKEN;
	diag_reset(&d);
	enum status st = request_encode(r, &bytes, &d);
	if (st != ST_OK)
		return fail(s, &d, st);
	st = s->transport->ops->send(s->transport, &bytes, &d);
	return st == ST_OK ? GEODE_OK : broken(s, &d, st);
}

/* The next frame of the stream, decoded into the arena. */
static enum status read_frame(struct geode_session *s, struct arena *a, struct reply *ret,
			      struct diag *d)
{
	struct str bytes, message;

	for (;;) {
		const enum status st = frame_feed(&s->frames, &s->in, &message, d);
		if (st == ST_OK)
			return reply_decode(message, a, ret, d);
		if (st != ST_END)
			return st;
		TRY(s->transport->ops->recv(s->transport, s->read_timeout_ms, &bytes, d));
		s->in = reader_of(bytes.p, bytes.len);
	}
}

enum geode_status client_read(struct geode_session *s, struct arena *a, struct reply *ret)
{
	struct diag d;

	if (s->broken)
		return GEODE_BROKEN;
	diag_reset(&d);
	do {
		const enum status st = read_frame(s, a, ret, &d);
		if (st != ST_OK)
			return broken(s, &d, st);
	} while (ret->kind == REPLY_SKIP);
	if (ret->kind != REPLY_ERROR)
		return GEODE_OK;
	error_from_reply(&s->error, &ret->error);
	return GEODE_FAILED;
}

/* Reads the answer to a pull that nobody waits for any more. */
static enum geode_status discard_page(struct geode_session *s, struct geode_result *r)
{
	struct reply reply;

	r->pull_sent = false;
	arena_reset(&r->rows);
	r->n_rows = r->i_next = 0;
	r->row = NULL;
	return client_read(s, &r->rows, &reply) == GEODE_BROKEN ? GEODE_BROKEN : GEODE_OK;
}

enum geode_status client_settle(struct geode_session *s)
{
	struct geode_result *r = s->open;

	s->open = NULL;
	if (s->broken)
		return GEODE_BROKEN;
	if (r == NULL)
		return GEODE_OK;
	r->ended = !r->final;
	return r->pull_sent ? discard_page(s, r) : GEODE_OK;
}

static enum geode_status unexpected(struct geode_session *s)
{
	struct diag d;

	diag_reset(&d);
	(void)diag_set(&d, GQL_PROTOCOL_VIOLATION, DIAG_NO_POSITION,
		       "the server's answer does not belong to the request");
	return broken(s, &d, ST_CORRUPT);
}

/* A request with an answer of its own. */
static enum geode_status ask(struct geode_session *s, const struct request *r)
{
	struct arena a;
	struct reply reply;

	if (s->n_sent != 0) {
		struct diag d;
		diag_reset(&d);
		(void)diag_set(&d, GQL_CONNECTION, DIAG_NO_POSITION,
			       "%u statements are on the way: receive their answers first",
			       s->n_sent);
		return fail(s, &d, ST_INVALID);
	}
	enum geode_status st = client_settle(s);
	if (st == GEODE_OK)
		st = client_send(s, r);
	if (st != GEODE_OK)
		return st;
	arena_init(&a, MEM_SESSION, NULL);
	st = client_read(s, &a, &reply);
	if (st == GEODE_OK && (reply.kind != REPLY_DONE || reply.request != r->kind))
		st = unexpected(s);
	arena_release(&a);
	return st;
}

static enum geode_status say_hello(struct geode_session *s, const struct dsn *dsn)
{
	struct request r = {.kind = REQUEST_HELLO};
	struct reply reply;

	r.hello = (struct request_hello){
	    .username = dsn->username,
	    .password = dsn->password,
	    .client_name = dsn->hello_name,
	    .client_version = dsn->hello_ver,
	    .wanted_conformance = dsn->conformance,
	    .tenant_id = dsn->tenant.len != 0 ? dsn->tenant : STR_NULL,
	    .graph = dsn->graph.len != 0 ? dsn->graph : STR_NULL,
	    .role = dsn->role.len != 0 ? dsn->role : STR_NULL,
	};
	enum geode_status st = client_send(s, &r);
	if (st == GEODE_OK)
		st = client_read(s, &s->arena, &reply);
	if (st != GEODE_OK)
		return st;
	if (reply.kind != REPLY_HELLO)
		return unexpected(s);
	if (!reply.hello.success) {
		struct diag d;
		diag_reset(&d);
		(void)diag_set(&d, GQL_AUTH_FAILED, DIAG_NO_POSITION, STR_FMT,
			       STR_ARG(reply.hello.error_message));
		return fail(s, &d, ST_AUTH);
	}
	s->graph = reply.hello.graph;
	s->server_version = reply.hello.server_version;
	return GEODE_OK;
}

enum geode_status client_start(struct transport *t, const struct dsn *dsn,
			       struct geode_session **ret, struct geode_error *ret_error)
{
	struct geode_session *s = MEM_NEW(MEM_SESSION, struct geode_session);

	if (s == NULL) {
		struct diag d;
		diag_reset(&d);
		error_from_diag(ret_error, &d, ST_NOMEM);
		t->ops->close(t);
		return GEODE_FAILED;
	}
	s->transport = t;
	s->page_size = (uint32_t)dsn->page_size;
	s->read_timeout_ms = dsn->connect_timeout_ms;
	s->in = reader_of(NULL, 0);
	s->graph = s->server_version = STR("");
	arena_init(&s->arena, MEM_SESSION, NULL);
	frame_init(&s->frames, 2 * FRAME_ANSWER_MAX);
	const enum geode_status st = say_hello(s, dsn);
	s->read_timeout_ms = dsn->read_timeout_ms;
	if (st == GEODE_OK) {
		*ret = s;
		return GEODE_OK;
	}
	*ret_error = s->error;
	geode_disconnect(s);
	return st;
}

void geode_disconnect(struct geode_session *s)
{
	if (s == NULL)
		return;
	if (s->open != NULL)
		s->open->session = NULL;
	s->transport->ops->close(s->transport);
	frame_release(&s->frames);
	arena_release(&s->arena);
	MEM_FREE(MEM_SESSION, s);
}

const struct geode_error *geode_error_of(const struct geode_session *s)
{
	return &s->error;
}

const char *geode_session_graph(const struct geode_session *s)
{
	return s->graph.p;
}

const char *geode_server_version(const struct geode_session *s)
{
	return s->server_version.p;
}

enum geode_status geode_ping(struct geode_session *s)
{
	return ask(s, &(struct request){.kind = REQUEST_PING});
}

enum geode_status geode_begin(struct geode_session *s, bool read_only)
{
	struct request r = {.kind = REQUEST_BEGIN};

	r.begin.read_only = read_only;
	return ask(s, &r);
}

enum geode_status geode_commit(struct geode_session *s)
{
	return ask(s, &(struct request){.kind = REQUEST_COMMIT});
}

enum geode_status geode_rollback(struct geode_session *s)
{
	return ask(s, &(struct request){.kind = REQUEST_ROLLBACK});
}

enum geode_status geode_savepoint(struct geode_session *s, const char *name)
{
	struct request r = {.kind = REQUEST_SAVEPOINT};

	r.savepoint.name = str_of(name);
	return ask(s, &r);
}

enum geode_status geode_rollback_to(struct geode_session *s, const char *name)
{
	struct request r = {.kind = REQUEST_ROLLBACK_TO};

	r.savepoint.name = str_of(name);
	return ask(s, &r);
}
