/* Sessions over a transport in memory: a script of answers, and a record of what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/session.h"

#define ASKED_MAX 32

struct script {
	struct transport transport;
	struct buf answers; /* frames that the server will say */
	size_t at, step;    /* given so far; bytes a recv */
	enum request_kind asked[ASKED_MAX];
	struct request last; /* in arena */
	uint32_t n_asked;
	struct arena arena;
	bool closed;
};

static enum status script_send(struct transport *t, struct chain *bytes, struct diag *d)
{
	struct script *s = container_of(t, struct script, transport);
	char *p = arena_alloc(&s->arena, bytes->len);
	size_t n = 0;

	assert_non_null(p);
	for (const struct iobuf *b = bytes->first; b != NULL; b = b->next) {
		memcpy(p + n, b->data, b->len);
		n += b->len;
	}
	chain_release(bytes);
	assert_true(s->n_asked < ASKED_MAX);
	assert_int_equal(request_decode((struct str){p + 4, n - 4}, &s->arena, &s->last, d), ST_OK);
	s->asked[s->n_asked++] = s->last.kind;
	return ST_OK;
}

static enum status script_recv(struct transport *t, uint64_t timeout_ms, struct str *ret,
			       struct diag *d)
{
	struct script *s = container_of(t, struct script, transport);
	const size_t n = MIN_OF(s->step, s->answers.len - s->at);

	if (n == 0)
		return diag_fail(d, ST_CLOSED, GQL_CONNECTION, DIAG_NO_POSITION, "end of script");
	*ret = (struct str){s->answers.p + s->at, n};
	s->at += n;
	return ST_OK;
}

static void script_close(struct transport *t)
{
	container_of(t, struct script, transport)->closed = true;
}

static const struct transport_ops script_ops = {script_send, script_recv, script_close};

static void say(struct script *s, struct chain *c)
{
	assert_false(c->failed);
	for (const struct iobuf *b = c->first; b != NULL; b = b->next)
		buf_put(&s->answers, b->data, b->len);
	chain_release(c);
}

/* A page of ints first..first+n-1. */
static void say_page(struct script *s, int first, uint32_t n, enum page_wrap wrap, bool final)
{
	struct page *p = malloc(sizeof *p);
	struct chain c = {0};
	struct column col;
	struct diag d;
	uint32_t i_sel = 0;

	assert_int_equal(column_init(&col, COL_INT, &s->arena), ST_OK);
	for (uint32_t i = 0; i < n; i++)
		col.i[i] = first + (int)i;
	struct batch b = {.n_rows = n, .n_sel = n, .n_cols = 1, .cols = &col};
	diag_reset(&d);
	page_init(p);
	page_begin(p, 1 << 20, 0);
	if (n != 0)
		assert_int_equal(page_append(p, &b, &i_sel, &d), ST_OK);
	page_finish(p, &c, wrap, final);
	say(s, &c);
	page_release(p);
	free(p);
}

static void say_schema(struct script *s, uint32_t n)
{
	static const struct answer_column columns[] = {{{"x", 1}, "INT"}};
	const struct answer_outcome outcome = {.status = GQL_SUCCESS};
	struct chain c = {0};

	answer_schema(&c, &outcome, columns, n);
	say(s, &c);
}

static void say_error(struct script *s, enum gqlstatus code)
{
	struct chain c = {0};
	struct diag d;

	diag_reset(&d);
	(void)diag_set(&d, code, 3, "no luck");
	answer_error(&c, &d, STR("one two"));
	say(s, &c);
}

static struct geode_session *start(struct script *s, size_t step)
{
	struct geode_session *session = NULL;
	struct geode_error error;
	struct chain c = {0};
	struct dsn dsn;
	struct diag d;

	*s = (struct script){.transport.ops = &script_ops, .step = step};
	buf_init(&s->answers, MEM_OTHER, 0);
	arena_init(&s->arena, MEM_OTHER, NULL);
	diag_reset(&d);
	assert_int_equal(dsn_parse("ada@h/g", &s->arena, &dsn, &d), ST_OK);
	answer_hello(&c, STR("id"), STR("g"));
	say(s, &c);
	assert_int_equal(client_start(&s->transport, &dsn, &session, &error), GEODE_OK);
	assert_true(str_eq(s->last.hello.username, STR("ada")));
	assert_string_equal(geode_session_graph(session), "g");
	return session;
}

static void finish(struct script *s, struct geode_session *session)
{
	geode_disconnect(session);
	assert_true(s->closed);
	assert_int_equal(s->at, s->answers.len); /* every answer was read */
	buf_release(&s->answers);
	arena_release(&s->arena);
}

static void test_rows_over_pages(void **state)
{
	for (size_t step = 1; step < 100; step += 13) {
		struct script s;
		struct geode_session *session = start(&s, step);
		struct geode_result *r;
		int64_t sum = 0;
		enum geode_status st;

		say_schema(&s, 1);
		say_page(&s, 0, 5, PAGE_EXECUTE, false);
		say_page(&s, 5, 5, PAGE_PULL, false);
		say_page(&s, 0, 0, PAGE_PULL, true);
		assert_int_equal(geode_execute(session, "MATCH", NULL, &r), GEODE_OK);
		assert_string_equal(geode_result_name(r, 0), "x");
		assert_string_equal(geode_result_type(r, 0), "INT");
		assert_int_equal(geode_value_kind(geode_result_value(r, 0)), GEODE_NULL);
		while ((st = geode_result_next(r)) == GEODE_ROW)
			sum += geode_value_int(geode_result_value(r, 0));
		assert_int_equal(st, GEODE_END);
		assert_int_equal(sum, 45);
		assert_int_equal(s.n_asked, 4); /* hello, execute, two pulls */
		geode_result_free(r);
		finish(&s, session);
	}
}

/* A result dropped in the middle has a page on the way, which must not be taken for another answer.
 */
static void test_drop_and_go_on(void **state)
{
	struct script s;
	struct geode_session *session = start(&s, 1000);
	struct geode_result *r, *second;

	say_schema(&s, 1);
	say_page(&s, 0, 5, PAGE_EXECUTE, false);
	say_page(&s, 5, 5, PAGE_PULL, false);
	say_schema(&s, 1);
	say_page(&s, 7, 1, PAGE_EXECUTE, true);
	assert_int_equal(geode_execute(session, "A", NULL, &r), GEODE_OK);
	assert_int_equal(geode_result_next(r), GEODE_ROW);
	assert_int_equal(geode_execute(session, "B", NULL, &second), GEODE_OK);
	assert_int_equal(geode_result_next(r), GEODE_FAILED); /* ended by B */
	assert_int_equal(geode_result_next(second), GEODE_ROW);
	assert_int_equal(geode_value_int(geode_result_value(second, 0)), 7);
	geode_result_free(r);
	geode_result_free(second);
	finish(&s, session);
}

static void test_errors(void **state)
{
	struct script s;
	struct geode_session *session = start(&s, 1000);
	struct geode_result *r = NULL;

	say_error(&s, GQL_SYNTAX);
	say_schema(&s, 1);
	say_error(&s, GQL_SERIALIZATION);
	say_schema(&s, 1);
	say_page(&s, 0, 1, PAGE_EXECUTE, false);
	say_error(&s, GQL_DIVISION_BY_ZERO);
	assert_int_equal(geode_execute(session, "A", NULL, &r), GEODE_FAILED);
	assert_string_equal(geode_error_of(session)->code, "42001");
	assert_int_equal(geode_error_of(session)->column, 4);
	assert_false(geode_error_of(session)->retry);
	assert_int_equal(geode_execute(session, "A", NULL, &r), GEODE_FAILED);
	assert_true(geode_error_of(session)->retry);
	assert_null(r);
	assert_int_equal(geode_execute(session, "A", NULL, &r), GEODE_OK);
	assert_int_equal(geode_result_next(r), GEODE_ROW);
	assert_int_equal(geode_result_next(r), GEODE_FAILED);
	assert_string_equal(geode_error_of(session)->code, "22012");
	assert_int_equal(geode_result_next(r), GEODE_END);
	geode_result_free(r);
	assert_int_equal(geode_execute(session, "A", NULL, &r), GEODE_BROKEN); /* end of script */
	assert_int_equal(geode_ping(session), GEODE_BROKEN);
	finish(&s, session);
}

static void test_pipeline(void **state)
{
	struct script s;
	struct geode_session *session = start(&s, 1000);
	struct geode_result *r;

	for (int i = 0; i < 3; i++) {
		say_schema(&s, 0);
		say_page(&s, 0, 0, PAGE_EXECUTE, true);
	}
	say_schema(&s, 1);
	say_page(&s, 0, 1, PAGE_EXECUTE, false); /* does not fit while another is on its way */
	say_error(&s, GQL_UNIQUE_VIOLATION);
	for (int i = 0; i < 5; i++)
		assert_int_equal(geode_send(session, "INSERT", NULL), GEODE_OK);
	assert_int_equal(geode_ping(session), GEODE_FAILED); /* would take another's answer */
	assert_int_equal(geode_receive(session, &r), GEODE_OK);
	assert_int_equal(geode_result_columns(r), 0);
	assert_int_equal(geode_result_next(r), GEODE_END);
	geode_result_free(r);
	assert_int_equal(geode_receive(session, NULL), GEODE_OK);
	assert_int_equal(geode_receive(session, NULL), GEODE_OK);
	assert_int_equal(geode_receive(session, NULL), GEODE_FAILED);
	assert_string_equal(geode_error_of(session)->code, "54N01");
	assert_int_equal(geode_receive(session, NULL), GEODE_FAILED);
	assert_string_equal(geode_error_of(session)->code, "23505");
	assert_int_equal(geode_receive(session, NULL), GEODE_FAILED); /* nothing is on the way */
	finish(&s, session);
}

static void test_transaction_and_params(void **state)
{
	struct script s;
	struct geode_session *session = start(&s, 1000);
	struct geode_params *p = geode_params_new();
	struct chain c = {0};

	answer_begin(&c, STR("id"), STR("t"));
	say(&s, &c);
	say_schema(&s, 0);
	say_page(&s, 0, 0, PAGE_EXECUTE, true);
	answer_commit(&c);
	answer_ping(&c);
	say(&s, &c);
	say_error(&s, GQL_NO_SAVEPOINT);
	assert_int_equal(geode_begin(session, true), GEODE_OK);
	assert_true(s.last.begin.read_only);
	geode_params_string(p, "i", "replaced by the next", 8);
	geode_params_int(p, "i", 5);
	geode_params_open_list(p, "l");
	geode_params_open_map(p, NULL);
	geode_params_string(p, "s", "text", 4);
	geode_params_close(p);
	geode_params_double(p, NULL, 2.5);
	geode_params_close(p);
	geode_params_bool(p, "b", true);
	assert_int_equal(geode_execute(session, "X", p, NULL), GEODE_OK);
	const struct request_execute *e = &s.last.execute;
	assert_int_equal(e->n_params, 3);
	assert_int_equal(e->params[0].value.i, 5);
	assert_int_equal(e->params[1].value.n, 2);
	assert_true(str_eq(value_text(e->params[1].value.list[0].map[0].value), STR("text")));
	assert_true(e->params[1].value.list[1].f == 2.5);
	assert_int_equal(geode_commit(session), GEODE_OK);
	assert_int_equal(geode_ping(session), GEODE_OK);
	assert_int_equal(geode_rollback_to(session, "sp"), GEODE_FAILED);
	assert_string_equal(geode_error_of(session)->code, "3B001");
	geode_params_clear(p);
	geode_params_close(p); /* nothing is open */
	assert_int_equal(geode_execute(session, "X", p, NULL), GEODE_FAILED);
	geode_params_free(p);
	finish(&s, session);
}

static void test_refused(void **state)
{
	struct script s = {.transport.ops = &script_ops, .step = 100};
	struct geode_session *session = NULL;
	struct geode_error error;
	struct chain c = {0};
	struct dsn dsn;
	struct diag d;

	buf_init(&s.answers, MEM_OTHER, 0);
	arena_init(&s.arena, MEM_OTHER, NULL);
	diag_reset(&d);
	assert_int_equal(dsn_parse("h", &s.arena, &dsn, &d), ST_OK);
	(void)diag_set(&d, GQL_AUTH_FAILED, DIAG_NO_POSITION, "wrong password");
	answer_hello_refused(&c, &d);
	say(&s, &c);
	assert_int_equal(client_start(&s.transport, &dsn, &session, &error), GEODE_FAILED);
	assert_string_equal(error.code, "28000");
	assert_string_equal(error.message, "wrong password");
	assert_true(s.closed);
	buf_release(&s.answers);
	arena_release(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows_over_pages),
	    cmocka_unit_test(test_drop_and_go_on),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_pipeline),
	    cmocka_unit_test(test_transaction_and_params),
	    cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
