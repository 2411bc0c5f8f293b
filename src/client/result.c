/* client/result.c - statements and the cursor over their rows.
 *
 * While a page is read by the caller the next one is already asked for, so a session that reads all
 * rows waits for the server once. */
#include "client/session.h"

static enum geode_status fail(struct geode_session *s, enum gqlstatus code, const char *text)
{
	struct diag d;

	diag_reset(&d);
	(void)diag_set(&d, code, DIAG_NO_POSITION, "%s", text);
	error_from_diag(&s->error, &d, ST_INVALID);
	return GEODE_FAILED;
}

static enum geode_status send_statement(struct geode_session *s, const char *text,
					const struct geode_params *p, uint32_t page_size)
{
	struct request r = {.kind = REQUEST_EXECUTE};

	if (p != NULL && (p->failed || p->depth != 0))
		return fail(s, GQL_PROTOCOL_VIOLATION,
			    "the parameters were not built in order, or memory ran out");
	r.execute = (struct request_execute){.text = str_of(text), .page_size = page_size};
	if (p != NULL) {
		r.execute.params = p->levels[0].entries.v;
		r.execute.n_params = p->levels[0].entries.n;
	}
	const enum geode_status st = client_send(s, &r);
	s->n_sent += st == GEODE_OK;
	return st;
}

static void take_page(struct geode_result *r, const struct reply *reply)
{
	r->n_rows = reply->page.n_rows;
	r->values = reply->page.values;
	r->i_next = 0;
	r->row = NULL;
	r->final = reply->page.final;
}

static enum geode_status violation(struct geode_session *s)
{
	s->broken = true;
	(void)fail(s, GQL_PROTOCOL_VIOLATION, "the server's answer is not one of a statement");
	return GEODE_BROKEN;
}

static enum geode_status send_pull(struct geode_result *r)
{
	struct request pull = {.kind = REQUEST_PULL};

	pull.pull.page_size = r->session->page_size;
	const enum geode_status st = client_send(r->session, &pull);
	r->pull_sent = st == GEODE_OK;
	return st;
}

/* Schema and first page. */
static enum geode_status read_head(struct geode_session *s, struct geode_result *r)
{
	struct reply reply;
	enum geode_status st = client_read(s, &r->arena, &reply);

	if (st != GEODE_OK)
		return st;
	if (reply.kind != REPLY_SCHEMA)
		return violation(s);
	r->n_columns = reply.schema.n_columns;
	r->columns = reply.schema.columns;
	memcpy(r->status, reply.status.p, MIN_OF(reply.status.len, sizeof r->status - 1));
	st = client_read(s, &r->rows, &reply);
	if (st != GEODE_OK)
		return st;
	if (reply.kind != REPLY_PAGE ||
	    (reply.page.n_rows != 0 && reply.page.n_columns != r->n_columns))
		return violation(s);
	take_page(r, &reply);
	return GEODE_OK;
}

static enum geode_status open_result(struct geode_session *s, struct geode_result **ret)
{
	struct geode_result *r = MEM_NEW(MEM_SESSION, struct geode_result);

	if (r == NULL) { /* the answer cannot be read past: the stream is out of step */
		s->broken = true;
		(void)fail(s, GQL_OUT_OF_MEMORY, "out of memory");
		return GEODE_BROKEN;
	}
	r->session = s;
	arena_init(&r->arena, MEM_SESSION, NULL);
	arena_init(&r->rows, MEM_QUERY, NULL);
	s->n_sent--;
	enum geode_status st = read_head(s, r);
	if (st == GEODE_OK && !r->final && s->n_sent != 0)
		st = fail(s, GQL_TOO_LARGE,
			  "the result does not fit one page while other statements are on the way");
	if (st == GEODE_OK && !r->final) {
		s->open = r;
		st = send_pull(r);
	}
	if (st != GEODE_OK) {
		s->open = NULL;
		r->final = true;
		geode_result_free(r);
		return st;
	}
	*ret = r;
	return GEODE_OK;
}

/* One page must hold the result, so its rows are not limited; its bytes still are. */
enum geode_status geode_send(struct geode_session *s, const char *text,
			     const struct geode_params *p)
{
	const enum geode_status st = client_settle(s);

	return st == GEODE_OK ? send_statement(s, text, p, UINT32_MAX) : st;
}

enum geode_status geode_receive(struct geode_session *s, struct geode_result **ret)
{
	struct geode_result *r = NULL;

	if (s->broken)
		return GEODE_BROKEN;
	if (s->n_sent == 0)
		return fail(s, GQL_CONNECTION, "no statement is on the way");
	const enum geode_status st = open_result(s, &r);
	if (st != GEODE_OK)
		return st;
	if (ret != NULL)
		*ret = r;
	else
		geode_result_free(r);
	return GEODE_OK;
}

enum geode_status geode_execute(struct geode_session *s, const char *text,
				const struct geode_params *params, struct geode_result **ret)
{
	if (s->n_sent != 0)
		return fail(s, GQL_CONNECTION,
			    "statements are on the way: receive their answers first");
	enum geode_status st = client_settle(s);
	if (st == GEODE_OK)
		st = send_statement(s, text, params, s->page_size);
	return st == GEODE_OK ? geode_receive(s, ret) : st;
}

uint32_t geode_result_columns(const struct geode_result *r)
{
	return r->n_columns;
}

const char *geode_result_name(const struct geode_result *r, uint32_t i_column)
{
	return i_column < r->n_columns ? r->columns[i_column].name.p : "";
}

const char *geode_result_type(const struct geode_result *r, uint32_t i_column)
{
	return i_column < r->n_columns ? r->columns[i_column].type.p : "";
}

const char *geode_result_status(const struct geode_result *r)
{
	return r->status;
}

/* The page that was asked for when the one before it came. */
static enum geode_status next_page(struct geode_result *r)
{
	struct geode_session *s = r->session;
	struct reply reply;

	if (r->ended || s == NULL)
		return s == NULL
			   ? GEODE_BROKEN
			   : fail(s, GQL_CONNECTION, "the result was ended by a later request");
	arena_reset(&r->rows);
	r->pull_sent = false;
	r->n_rows = r->i_next = 0;
	const enum geode_status st = client_read(s, &r->rows, &reply);
	if (st == GEODE_OK && reply.kind != REPLY_PAGE)
		return violation(s);
	if (st != GEODE_OK) {
		r->final = true;
		s->open = NULL;
		return st;
	}
	if (reply.page.n_rows != 0 && reply.page.n_columns != r->n_columns)
		return violation(s);
	take_page(r, &reply);
	if (!r->final)
		return send_pull(r);
	s->open = NULL;
	return GEODE_OK;
}

enum geode_status geode_result_next(struct geode_result *r)
{
	r->row = NULL;
	while (r->i_next == r->n_rows) {
		if (r->final)
			return GEODE_END;
		const enum geode_status st = next_page(r);
		if (st != GEODE_OK)
			return st;
	}
	r->row = r->values + (size_t)r->i_next++ * r->n_columns;
	return GEODE_ROW;
}

const struct geode_value *geode_result_value(const struct geode_result *r, uint32_t i_column)
{
	static const struct value null;

	return (const struct geode_value *)(r->row != NULL && i_column < r->n_columns
						? &r->row[i_column]
						: &null);
}

void geode_result_free(struct geode_result *r)
{
	if (r == NULL)
		return;
	if (r->session != NULL && r->session->open == r)
		(void)client_settle(r->session); /* a failure is the session's: it stays broken */
	arena_release(&r->arena);
	arena_release(&r->rows);
	MEM_FREE(MEM_SESSION, r);
}
