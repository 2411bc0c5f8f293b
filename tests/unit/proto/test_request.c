/* Requests: what the generated code of a client packs is read, and what we write is the same. */
#include "tests/unit/proto/proto_test.h"

static struct arena arena;

static int setup(void **state)
{
	arena_init(&arena, MEM_SESSION, NULL);
	return 0;
}

static int teardown(void **state)
{
	arena_release(&arena);
	return 0;
}

static enum status decode(const Geode__QuicClientMessage *m, struct request *ret, struct diag *d)
{
	const size_t n = geode__quic_client_message__get_packed_size(m);
	uint8_t *p = malloc(n + 1);

	geode__quic_client_message__pack(m, p);
	diag_reset(d);
	const enum status st = request_decode((struct str){(char *)p, n}, &arena, ret, d);
	memset(p, 0xee, n); /* a request must not point into the message */
	free(p);
	return st;
}

static void test_hello(void **state)
{
	Geode__HelloRequest h = GEODE__HELLO_REQUEST__INIT;
	Geode__QuicClientMessage m = GEODE__QUIC_CLIENT_MESSAGE__INIT;
	struct request r;
	struct diag d;

	h.username = "geode";
	h.password = "secret";
	h.client_name = "geode-python";
	h.has_graph_case = GEODE__HELLO_REQUEST__HAS_GRAPH_GRAPH;
	h.graph = "social";
	m.msg_case = GEODE__QUIC_CLIENT_MESSAGE__MSG_HELLO;
	m.hello = &h;
	assert_int_equal(decode(&m, &r, &d), ST_OK);
	assert_int_equal(r.kind, REQUEST_HELLO);
	assert_true(str_eq(r.hello.username, STR("geode")));
	assert_true(str_eq(r.hello.password, STR("secret")));
	assert_true(str_eq(r.hello.graph, STR("social")));
	assert_null(r.hello.role.p);
	h.username = "\xff";
	assert_int_equal(decode(&m, &r, &d), ST_INVALID);
	assert_int_equal(d.code, GQL_BAD_TEXT);
}

static void test_execute(void **state)
{
	Geode__IntValue i = GEODE__INT_VALUE__INIT;
	Geode__Value v = GEODE__VALUE__INIT, none = GEODE__VALUE__INIT;
	Geode__Param a = GEODE__PARAM__INIT, b = GEODE__PARAM__INIT;
	Geode__Param *params[] = {&a, &b};
	Geode__ExecuteRequest e = GEODE__EXECUTE_REQUEST__INIT;
	Geode__QuicClientMessage m = GEODE__QUIC_CLIENT_MESSAGE__INIT;
	struct request r;
	struct diag d;

	i.value = -5;
	v.kind_case = GEODE__VALUE__KIND_INT_VAL;
	v.int_val = &i;
	a.name = "$a";
	a.value = &v;
	b.name = "b";
	b.value = &none;
	e.query = "RETURN $a";
	e.params = params;
	e.n_params = 2;
	e.page_size = 10;
	e.timeout_ms = 20;
	m.msg_case = GEODE__QUIC_CLIENT_MESSAGE__MSG_EXECUTE;
	m.execute = &e;
	assert_int_equal(decode(&m, &r, &d), ST_OK);
	assert_int_equal(r.kind, REQUEST_EXECUTE);
	assert_true(str_eq(r.execute.text, STR("RETURN $a")));
	assert_int_equal(r.execute.n_params, 2);
	assert_true(str_eq(r.execute.params[0].key, STR("a")));
	assert_int_equal(r.execute.params[0].value.i, -5);
	assert_int_equal(r.execute.params[1].value.kind, V_NULL);
	assert_int_equal(r.execute.page_size, 10);
	assert_int_equal(r.execute.timeout_ms, 20);
	b.name = "a";
	assert_int_equal(decode(&m, &r, &d), ST_INVALID);
	assert_int_equal(d.code, GQL_DUPLICATE_NAME);
	b.name = "$";
	assert_int_equal(decode(&m, &r, &d), ST_INVALID);
	b.name = "b";
	e.query = "\xc3(";
	assert_int_equal(decode(&m, &r, &d), ST_INVALID);
	assert_int_equal(d.code, GQL_BAD_TEXT);
}

/* Our encoder, the generated code and our decoder agree. */
static void test_round_trip(void **state)
{
	struct value deep[REQUEST_DEPTH_MAX + 2];
	struct value list[3] = {value_float(1.5), VALUE_NULL, value_str(STR("x"))};
	struct map_entry entries[1] = {{STR("k"), value_list(list, 3)}};
	struct map_entry params[3] = {{STR("m"), value_map(entries, 1)},
				      {STR("d"), value_int(0)},
				      {STR("b"), value_bool(true)}};
	struct request r = {.kind = REQUEST_EXECUTE}, back;
	struct chain out = {0};
	struct diag d;

	deep[0] = value_int(1);
	for (unsigned i = 1; i < ARRAY_LEN(deep); i++)
		deep[i] = value_list(&deep[i - 1], 1);
	params[1].value = deep[REQUEST_DEPTH_MAX];
	r.execute = (struct request_execute){
	    .text = STR("RETURN 1"), .params = params, .n_params = 3, .page_size = 7};
	diag_reset(&d);
	assert_int_equal(request_encode(&r, &out, &d), ST_OK);
	struct str bytes = chain_str(&out, &arena), message = next_frame(&bytes);
	Geode__QuicClientMessage *m =
	    geode__quic_client_message__unpack(NULL, message.len, (const uint8_t *)message.p);
	assert_non_null(m);
	assert_int_equal(geode__quic_client_message__get_packed_size(m), message.len);
	geode__quic_client_message__free_unpacked(m, NULL);
	assert_int_equal(request_decode(message, &arena, &back, &d), ST_OK);
	assert_int_equal(back.execute.n_params, 3);
	const struct value k = *value_map_get(back.execute.params[0].value, STR("k"));
	assert_true(k.list[0].f == 1.5);
	assert_true(str_eq(value_text(k.list[2]), STR("x")));
	assert_true(back.execute.params[2].value.b);
	chain_release(&out);
	params[1].value = deep[REQUEST_DEPTH_MAX + 1];
	assert_int_equal(request_encode(&r, &out, &d), ST_LIMIT);
	assert_int_equal(out.len, 0);
}

/* A value a million levels deep is refused without a deep stack. */
static void test_too_deep(void **state)
{
	struct buf b;
	struct request r;
	struct diag d;
	const unsigned levels = 20000;

	buf_init(&b, MEM_OTHER, 0);
	for (unsigned i = 0; i < levels; i++) { /* innermost first: each level around the last */
		struct buf outer;
		buf_init(&outer, MEM_OTHER, 0);
		put_varint(&outer, (i & 1) != 0 ? 8 << 3 | 2 : 1 << 3 | 2);
		put_lstr(&outer, buf_str(&b));
		buf_release(&b);
		b = outer;
	}
	struct buf param, execute, message;
	buf_init(&param, MEM_OTHER, 0);
	buf_init(&execute, MEM_OTHER, 0);
	buf_init(&message, MEM_OTHER, 0);
	put_varint(&param, 1 << 3 | 2);
	put_lstr(&param, STR("p"));
	put_varint(&param, 2 << 3 | 2);
	put_lstr(&param, buf_str(&b));
	put_varint(&execute, 3 << 3 | 2);
	put_lstr(&execute, buf_str(&param));
	put_varint(&message, 2 << 3 | 2);
	put_lstr(&message, buf_str(&execute));
	assert_true(buf_ok(&message));
	diag_reset(&d);
	assert_int_equal(request_decode(buf_str(&message), &arena, &r, &d), ST_LIMIT);
	assert_int_equal(d.code, GQL_STATEMENT_TOO_COMPLEX);
	buf_release(&b);
	buf_release(&param);
	buf_release(&execute);
	buf_release(&message);
}

static void test_budget(void **state)
{
	struct budget budget = {.limit_bytes = 64 << 10};
	struct arena small;
	struct buf execute, message;
	struct request r;
	struct diag d;

	arena_init(&small, MEM_SESSION, &budget);
	buf_init(&execute, MEM_OTHER, 0);
	buf_init(&message, MEM_OTHER, 0);
	for (int i = 0; i < 50000; i++) { /* empty parameters: two bytes each */
		put_varint(&execute, 3 << 3 | 2);
		put_varint(&execute, 0);
	}
	put_varint(&message, 2 << 3 | 2);
	put_lstr(&message, buf_str(&execute));
	diag_reset(&d);
	assert_int_equal(request_decode(buf_str(&message), &small, &r, &d), ST_LIMIT);
	assert_int_equal(d.code, GQL_QUERY_MEMORY);
	arena_release(&small);
	buf_release(&execute);
	buf_release(&message);
}

static void test_flat_kinds(void **state)
{
	static const enum request_kind kinds[] = {
	    REQUEST_PULL,     REQUEST_PING,	     REQUEST_BEGIN,	      REQUEST_COMMIT,
	    REQUEST_ROLLBACK, REQUEST_SAVEPOINT,     REQUEST_ROLLBACK_TO,     REQUEST_BACKUP,
	    REQUEST_RESTORE,  REQUEST_UPLOAD_BACKUP, REQUEST_CDC_DIAGNOSTICS, REQUEST_CDC_CONTROL,
	};
	struct diag d;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct request r = {.kind = kinds[i]}, back;
		struct chain out = {0};
		if (r.kind == REQUEST_PULL)
			r.pull.page_size = 9;
		if (r.kind == REQUEST_BEGIN)
			r.begin.read_only = true;
		if (r.kind == REQUEST_SAVEPOINT || r.kind == REQUEST_ROLLBACK_TO)
			r.savepoint.name = STR("sp");
		diag_reset(&d);
		assert_int_equal(request_encode(&r, &out, &d), ST_OK);
		struct str bytes = chain_str(&out, &arena);
		assert_int_equal(request_decode(next_frame(&bytes), &arena, &back, &d), ST_OK);
		assert_int_equal(back.kind, kinds[i]);
		if (r.kind == REQUEST_PULL)
			assert_int_equal(back.pull.page_size, 9);
		if (r.kind == REQUEST_BEGIN)
			assert_true(back.begin.read_only);
		if (r.kind == REQUEST_SAVEPOINT || r.kind == REQUEST_ROLLBACK_TO)
			assert_true(str_eq(back.savepoint.name, STR("sp")));
		chain_release(&out);
	}
}

static void test_garbage(void **state)
{
	static const struct str bad[] = {
	    {"", 0},	     {"\xff", 1},	  {"\x0a\x05x", 3},	   {"\x10\x01", 2},
	    {"\x0b\x0c", 2}, {"\xfa\x01\x00", 3}, {"\x12\x02\x1a\x05", 4}, {"\x12\x00\x0a\x00", 4},
	};
	struct request r;
	struct diag d;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		diag_reset(&d);
		assert_int_equal(request_decode(bad[i], &arena, &r, &d), ST_CORRUPT);
		assert_int_equal(d.code, GQL_PROTOCOL_VIOLATION);
	}
}

static void test_no_memory(void **state)
{
	struct map_entry params[1] = {{STR("a"), value_str(STR("text"))}};
	struct request r = {.kind = REQUEST_EXECUTE}, back;
	struct chain out = {0};
	struct diag d;
	enum status st;
	uint64_t nth = 0;

	r.execute =
	    (struct request_execute){.text = STR("RETURN $a"), .params = params, .n_params = 1};
	diag_reset(&d);
	do {
		mem_fail_nth(++nth, false);
		st = request_encode(&r, &out, &d);
		mem_fail_nth(0, false);
		assert_true(st == ST_OK || (st == ST_NOMEM && out.len == 0));
	} while (st != ST_OK && nth < 100);
	assert_int_equal(st, ST_OK);
	struct str bytes = chain_str(&out, &arena), message = next_frame(&bytes);
	nth = 0;
	do {
		struct arena a;
		arena_init(&a, MEM_SESSION, NULL);
		mem_fail_nth(++nth, false);
		st = request_decode(message, &a, &back, &d);
		mem_fail_nth(0, false);
		assert_true(st == ST_OK || st == ST_NOMEM);
		arena_release(&a);
	} while (st != ST_OK && nth < 100);
	assert_int_equal(st, ST_OK);
	chain_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_hello, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_execute, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_deep, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_flat_kinds, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
