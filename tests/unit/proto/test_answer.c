/* Answers: equal bytes to the generated code, codes as clients expect them, and the client's side.
 */
#include "tests/unit/proto/proto_test.h"

static struct arena arena;
static struct chain out;

static int setup(void **state)
{
	arena_init(&arena, MEM_QUERY, NULL);
	return 0;
}

static int teardown(void **state)
{
	chain_release(&out);
	arena_release(&arena);
	return 0;
}

/* The one frame in out, checked against the generated code; empties out. */
static Geode__QuicServerMessage *only_frame(struct reply *ret)
{
	struct str bytes = chain_str(&out, &arena), message = next_frame(&bytes);
	struct diag d;

	assert_int_equal(bytes.len, 0);
	diag_reset(&d);
	assert_int_equal(reply_decode(message, &arena, ret, &d), ST_OK);
	chain_release(&out);
	return same_as_generated(message);
}

static void test_hello(void **state)
{
	struct reply r;
	struct diag d;

	answer_hello(&out, STR("9f1c"), STR("social"));
	Geode__QuicServerMessage *m = only_frame(&r);
	assert_true(m->hello->success);
	assert_string_equal(m->hello->graph, "social");
	oracle_free(m);
	assert_true(r.hello.success);
	assert_true(str_eq(r.hello.session_id, STR("9f1c")));
	diag_reset(&d);
	(void)diag_set(&d, GQL_AUTH_FAILED, DIAG_NO_POSITION, "wrong password");
	answer_hello_refused(&out, &d);
	m = only_frame(&r);
	assert_false(m->hello->success);
	oracle_free(m);
	assert_true(str_eq(r.hello.error_message, STR("wrong password")));
}

static void test_schema(void **state)
{
	static const enum gqlstatus more[] = {GQL_NULL_ELIMINATED};
	const struct answer_outcome outcome = {GQL_SUCCESS, more, 1};
	char name[300];
	struct answer_column cols[2] = {{STR("n.age"), "INT"}, {{name, sizeof name}, "ANY"}};
	struct reply r;

	memset(name, 'n', sizeof name);
	answer_schema(&out, &outcome, cols, 2);
	Geode__QuicServerMessage *m = only_frame(&r);
	assert_int_equal(m->execute->schema->n_columns, 2);
	assert_string_equal(m->execute->status->additional_statuses[0], "01G11");
	oracle_free(m);
	assert_int_equal(r.kind, REPLY_SCHEMA);
	assert_true(str_eq(r.schema.columns[0].type, STR("INT")));
	answer_schema(&out, &outcome, NULL, 0);
	m = only_frame(&r);
	assert_int_equal(m->execute->payload_case, GEODE__EXECUTION_RESPONSE__PAYLOAD_SCHEMA);
	oracle_free(m);
	assert_int_equal(r.kind, REPLY_SCHEMA);
	assert_int_equal(r.schema.n_columns, 0);
	answer_status(&out, &outcome);
	m = only_frame(&r);
	assert_int_equal(m->execute->payload_case, 0);
	oracle_free(m);
	assert_int_equal(r.kind, REPLY_STATUS);
}

static void test_syntax_error(void **state)
{
	struct reply r;
	struct diag d;

	diag_reset(&d);
	(void)diag_set(&d, GQL_SYNTAX, 7, "unexpected 'RETRUN'");
	diag_hint(&d, "did you mean 'RETURN'?");
	answer_error(&out, &d, STR("MATCH\n RETRUN"));
	Geode__QuicServerMessage *m = only_frame(&r);
	assert_string_equal(m->execute->error->code, "42000");
	assert_string_equal(m->execute->status->status_class, "42000");
	assert_string_equal(m->execute->status->status_subclass, "42001");
	assert_string_equal(m->execute->error->anchor, "2:2");
	assert_string_equal(m->execute->error->type, "ERROR");
	oracle_free(m);
	assert_int_equal(r.kind, REPLY_ERROR);
	assert_true(str_eq(r.error.code, STR("42001"))); /* our own client shows the precise one */
	assert_true(str_eq(r.error.hint, STR("did you mean 'RETURN'?")));
	assert_int_equal(r.error.line, 2);
	assert_int_equal(r.error.column, 2);
}

static void test_other_errors(void **state)
{
	struct reply r;
	struct diag d;

	diag_reset(&d);
	(void)diag_fail(&d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION, "changed by another");
	d.cause = GQL_DIVISION_BY_ZERO;
	strcpy(d.cause_message, "because");
	answer_error(&out, &d, STR_NULL);
	Geode__QuicServerMessage *m = only_frame(&r);
	assert_string_equal(m->execute->error->code, "40001");
	assert_string_equal(m->execute->status->status_class, "40001");
	assert_string_equal(m->execute->error->causes[0]->code, "22012");
	oracle_free(m);
	assert_true(str_eq(r.error.code, STR("40001")));
	assert_int_equal(r.error.line, 0);
}

static void test_done(void **state)
{
	static void (*const answers[])(struct chain *) = {
	    answer_ping, answer_commit, answer_rollback, answer_savepoint, answer_rollback_to,
	};
	static const enum request_kind kinds[] = {
	    REQUEST_PING, REQUEST_COMMIT, REQUEST_ROLLBACK, REQUEST_SAVEPOINT, REQUEST_ROLLBACK_TO,
	};
	struct reply r;

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		answers[i](&out);
		oracle_free(only_frame(&r));
		assert_int_equal(r.kind, REPLY_DONE);
		assert_int_equal(r.request, kinds[i]);
		assert_true(r.done.success);
	}
	answer_begin(&out, STR("s"), STR("tx-1"));
	oracle_free(only_frame(&r));
	assert_int_equal(r.request, REQUEST_BEGIN);
	assert_true(str_eq(r.done.tx_id, STR("tx-1")));
	answer_unsupported(&out, REQUEST_BACKUP, STR("no"));
	oracle_free(only_frame(&r));
	assert_false(r.done.success);
	assert_true(str_eq(r.done.message, STR("no")));
	answer_unsupported(&out, REQUEST_CDC_DIAGNOSTICS, STR("no"));
	oracle_free(only_frame(&r));
}

static void test_plans(void **state)
{
	const struct answer_explain_op ops[] = {{STR("Produce"), STR("n"), 0, 10, 300},
						{STR("NodeScan"), STR(":Person"), 1, 10, 200}};
	const struct answer_profile_op prof[] = {
	    {STR("NodeScan"), STR(":Person"), STR("person_id"), 1, 0, 10, 1234, 11, 0}};
	const struct answer_metrics metrics = {1, 2, 3, 6};
	struct reply r;

	answer_explain(&out, ops, 2);
	Geode__QuicServerMessage *m = only_frame(&r);
	assert_string_equal(m->execute->explain->ops[1]->kind, "NodeScan");
	assert_int_equal(m->execute->explain->totals->cost, 300);
	oracle_free(m);
	assert_int_equal(r.kind, REPLY_SKIP);
	answer_profile(&out, prof, 1, 5000, 64);
	m = only_frame(&r);
	assert_int_equal(m->execute->profile->ops[0]->hits, 11);
	oracle_free(m);
	answer_metrics(&out, &metrics);
	m = only_frame(&r);
	assert_int_equal(m->execute->metrics->total_duration_ns, 6);
	oracle_free(m);
}

static void test_no_memory(void **state)
{
	struct diag d;
	uint64_t nth = 0;
	bool failed;

	diag_reset(&d);
	(void)diag_set(&d, GQL_SYNTAX, 0, "bad");
	do {
		chain_release(&out);
		mem_fail_nth(++nth, false);
		answer_error(&out, &d, STR("x"));
		mem_fail_nth(0, false);
		failed = out.failed;
	} while (failed && nth < 100);
	assert_false(failed);
	assert_true(nth > 1);
}

static void test_garbage(void **state)
{
	static const struct str bad[] = {
	    {"", 0}, {"\x12", 1}, {"\x12\x04\x1a\x02\x0a\x09", 6}, {"\x10\x01", 2}};
	struct reply r;
	struct diag d;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		diag_reset(&d);
		assert_int_equal(reply_decode(bad[i], &arena, &r, &d), ST_CORRUPT);
	}
}

static void test_habits(void **state)
{
	assert_true(habits_of(STR("geode-rust"), STR(""))->trailing_status);
	assert_true(habits_of(STR("geode-python-async"), STR(""))->pages_unasked);
	assert_false(habits_of(STR("geode-shell"), STR(""))->pages_unasked);
	assert_false(
	    habits_of(STR("geode-rust"), STR("geode-python, geode-rust"))->trailing_status);
	assert_false(habits_of(STR("geode-rust"), STR("all"))->trailing_status);
	assert_true(habits_of(STR("geode-rust"), STR("geode-python"))->trailing_status);
	for (unsigned i = 0; i < n_habits; i++)
		assert_true(strlen(habit_table[i].reason) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_hello, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_schema, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_syntax_error, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_errors, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_done, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_plans, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
	    cmocka_unit_test(test_habits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
