/* Pages: equal bytes to the generated code, limits, types seen, and back through the client's side.
 */
#include "tests/unit/proto/proto_test.h"

#define N_KINDS_ROWS 17

static struct arena arena;

static int setup(void **state)
{
	arena_init(&arena, MEM_QUERY, NULL);
	return 0;
}

static int teardown(void **state)
{
	arena_release(&arena);
	return 0;
}

/* One of everything that a client can get. */
static uint32_t every_value(struct value *v)
{
	static const struct str labels[] = {{"Person", 6}, {"", 0}};
	static const struct str type[] = {{"KNOWS", 5}};
	static struct value inner[3], outer[2], nodes[2], edges[1];
	static struct map_entry props[2], map[2];
	static struct element a, b, e;
	static struct path_value path;
	uint32_t n = 0;

	inner[0] = value_int(-1);
	inner[1] = VALUE_NULL;
	inner[2] = value_str(STR("x"));
	outer[0] = value_list(inner, 3);
	outer[1] = value_list(NULL, 0);
	props[0] = (struct map_entry){STR("name"), value_str(STR("Ada"))};
	props[1] = (struct map_entry){STR("tags"), value_list(outer, 2)};
	map[0] = (struct map_entry){STR(""), value_map(props, 2)};
	map[1] = (struct map_entry){STR("k"), value_bool(false)};
	a = (struct element){
	    .id = 0, .n_labels = 2, .labels = labels, .n_props = 2, .props = props};
	b = (struct element){.id = 1u << 20, .n_labels = 1, .labels = labels};
	e = (struct element){.id = 7,
			     .is_edge = true,
			     .n_labels = 1,
			     .labels = type,
			     .from = 0,
			     .to = 1u << 20,
			     .n_props = 1,
			     .props = props};
	nodes[0] = (struct value){.kind = V_NODE, .flags = VALUE_RESOLVED, .elem = &a};
	nodes[1] = (struct value){.kind = V_NODE, .flags = VALUE_RESOLVED, .elem = &b};
	edges[0] = (struct value){.kind = V_EDGE, .flags = VALUE_RESOLVED, .elem = &e};
	path = (struct path_value){1, nodes, edges};
	v[n++] = VALUE_NULL;
	v[n++] = value_bool(true);
	v[n++] = value_bool(false);
	v[n++] = value_int(0);
	v[n++] = value_int(INT64_MIN);
	v[n++] = value_int(300);
	v[n++] = value_float(0);
	v[n++] = value_float(-2.5);
	v[n++] = value_str(STR(""));
	v[n++] = value_str(STR("h\303\251llo"));
	v[n++] = (struct value){.kind = V_BYTES, .n = 3, .s = "\0\1\2"};
	v[n++] = (struct value){.kind = V_DECIMAL, .n = 4, .s = "3.14"};
	v[n++] = value_list(outer, 2);
	v[n++] = value_map(map, 2);
	v[n++] = nodes[0];
	v[n++] = edges[0];
	v[n++] = (struct value){.kind = V_PATH, .path = &path};
	assert_int_equal(n, N_KINDS_ROWS);
	return n;
}

static struct column column_of(enum column_kind kind)
{
	struct column c;

	assert_int_equal(column_init(&c, kind, &arena), ST_OK);
	return c;
}

static void test_equal_bytes(void **state)
{
	struct column cols[2] = {column_of(COL_VALUE), column_of(COL_INT)};
	struct page *p = malloc(sizeof *p);
	struct chain out = {0};
	struct diag d;
	uint32_t i_sel = 0;

	const uint32_t n = every_value(cols[0].v);
	for (uint32_t i = 0; i < n; i++)
		cols[1].i[i] = 1 << i;
	column_set_null(&cols[1], 3);
	struct batch b = {.n_rows = n, .n_sel = n, .n_cols = 2, .cols = cols};
	diag_reset(&d);
	page_init(p);
	page_begin(p, FRAME_ANSWER_MAX, 0);
	assert_int_equal(page_append(p, &b, &i_sel, &d), ST_OK);
	assert_int_equal(i_sel, n);
	assert_false(p->full);
	page_finish(p, &out, PAGE_EXECUTE, true);
	struct str bytes = chain_str(&out, &arena);
	struct str message = next_frame(&bytes);
	assert_int_equal(bytes.len, 0);
	Geode__QuicServerMessage *m = same_as_generated(message);
	Geode__DataPage *page = m->execute->page;
	assert_true(page->final);
	assert_int_equal(page->n_rows, n);
	assert_string_equal(page->rows[9]->values[0]->string_val->value, "h\303\251llo");
	assert_string_equal(page->rows[11]->values[0]->decimal_val->coeff, "3.14");
	assert_int_equal(page->rows[3]->values[1]->kind_case, GEODE__VALUE__KIND_NULL_VAL);
	assert_int_equal(page->rows[16]->values[0]->path_val->n_nodes, 2);
	assert_string_equal(page->rows[15]->values[0]->edge_val->label, "KNOWS");
	oracle_free(m);

	struct reply reply;
	assert_int_equal(reply_decode(message, &arena, &reply, &d), ST_OK);
	assert_int_equal(reply.kind, REPLY_PAGE);
	assert_int_equal(reply.page.n_rows, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct value got = reply.page.values[2 * i], want = cols[0].v[i];
		assert_int_equal(got.kind, want.kind);
		assert_int_equal(got.n, want.n);
	}
	assert_int_equal(reply.page.values[2 * 4].i, INT64_MIN);
	assert_true(reply.page.values[2 * 16].path->edges[0].elem->to == 1u << 20);
	assert_int_equal(reply.page.values[2 * 14].elem->props[1].value.list[0].list[0].i, -1);
	chain_release(&out);
	page_release(p);
	free(p);
}

/* Pages of at most limit bytes or rows, until all rows are out; gives the number of pages. */
static uint32_t all_pages(const struct batch *b, size_t bytes, uint32_t rows, uint64_t *ret_sum)
{
	struct page *p = malloc(sizeof *p);
	struct chain out = {0};
	struct diag d;
	uint32_t i_sel = 0, n_pages = 0;

	*ret_sum = 0;
	diag_reset(&d);
	page_init(p);
	while (i_sel < b->n_sel) {
		page_begin(p, bytes, rows);
		assert_int_equal(page_append(p, b, &i_sel, &d), ST_OK);
		assert_true(page_bytes(p) <= bytes || p->n_rows == 1);
		page_finish(p, &out, PAGE_PULL, i_sel == b->n_sel);
		struct str s = chain_str(&out, &arena);
		Geode__QuicServerMessage *m = same_as_generated(next_frame(&s));
		const Geode__DataPage *page = m->pull->response->page;
		for (size_t i = 0; i < page->n_rows; i++)
			*ret_sum += (uint64_t)page->rows[i]->values[0]->int_val->value;
		assert_int_equal(page->final, i_sel == b->n_sel);
		oracle_free(m);
		chain_release(&out);
		n_pages++;
	}
	page_release(p);
	free(p);
	return n_pages;
}

static void test_limits(void **state)
{
	struct column cols[2] = {column_of(COL_INT), column_of(COL_STRING)};
	static char text[5000];
	uint64_t sum;

	memset(text, 'x', sizeof text);
	for (uint32_t i = 0; i < BATCH_ROWS; i++) {
		cols[0].i[i] = i;
		cols[1].s[i] = (struct str){text, i % 7 == 0 ? sizeof text : i % 100};
	}
	struct batch b = {.n_rows = BATCH_ROWS, .n_sel = BATCH_ROWS, .n_cols = 2, .cols = cols};
	const uint64_t want = (uint64_t)BATCH_ROWS * (BATCH_ROWS - 1) / 2;
	assert_int_equal(all_pages(&b, 1u << 20, 0, &sum), 1);
	assert_int_equal(sum, want);
	assert_int_equal(all_pages(&b, 1u << 20, 100, &sum), 11);
	assert_int_equal(sum, want);
	assert_true(all_pages(&b, 100, 0, &sum) > 500); /* rows above the limit go alone */
	assert_int_equal(sum, want);
	assert_true(all_pages(&b, 64000, 0, &sum) > 11);
	assert_int_equal(sum, want);
	uint16_t sel[3] = {1, 5, 9};
	b.sel = sel;
	b.n_sel = 3;
	assert_int_equal(all_pages(&b, 64000, 0, &sum), 1);
	assert_int_equal(sum, 15);
}

static void test_row_too_large(void **state)
{
	struct column cols[1] = {column_of(COL_STRING)};
	char *text = calloc(1, PAGE_ROW_MAX);
	struct page *p = malloc(sizeof *p);
	struct chain out = {0};
	struct diag d;
	uint32_t i_sel = 0;

	cols[0].s[0] = STR("small");
	cols[0].s[1] = (struct str){text, PAGE_ROW_MAX};
	struct batch b = {.n_rows = 2, .n_sel = 2, .n_cols = 1, .cols = cols};
	diag_reset(&d);
	page_init(p);
	page_begin(p, 1000, 0);
	assert_int_equal(page_append(p, &b, &i_sel, &d), ST_OK);
	assert_int_equal(i_sel, 1); /* what comes before it is sent */
	assert_true(p->full);
	page_finish(p, &out, PAGE_EXECUTE, false);
	page_begin(p, 1000, 0);
	assert_int_equal(page_append(p, &b, &i_sel, &d), ST_LIMIT);
	assert_int_equal(d.code, GQL_TOO_LARGE);
	chain_release(&out);
	page_release(p);
	free(p);
	free(text);
}

static void test_types(void **state)
{
	struct column cols[4] = {column_of(COL_VALUE), column_of(COL_INT), column_of(COL_VALUE),
				 column_of(COL_VALUE)};
	struct page *p = malloc(sizeof *p);
	struct diag d;
	uint32_t i_sel = 0;

	cols[0].v[0] = value_bool(true);
	cols[0].v[1] = VALUE_NULL;
	cols[1].i[0] = cols[1].i[1] = 5;
	cols[2].v[0] = value_int(1);
	cols[2].v[1] = value_float(1);
	cols[3].v[0] = cols[3].v[1] = VALUE_NULL;
	struct batch b = {.n_rows = 2, .n_sel = 2, .n_cols = 4, .cols = cols};
	diag_reset(&d);
	page_init(p);
	page_begin(p, 1000, 0);
	assert_int_equal(page_append(p, &b, &i_sel, &d), ST_OK);
	assert_string_equal(page_column_type(p, 0), "BOOL");
	assert_string_equal(page_column_type(p, 1), "INT");
	assert_string_equal(page_column_type(p, 2), "ANY");
	assert_string_equal(page_column_type(p, 3), "ANY");
	page_release(p);
	free(p);
}

/* A list that holds one list many times over costs no more than the limit. */
static void test_shared_values_end(void **state)
{
	struct column cols[1] = {column_of(COL_VALUE)};
	static struct value level[40][16];
	struct page *p = malloc(sizeof *p);
	struct diag d;
	uint32_t i_sel = 0;

	for (int i = 0; i < 40; i++) {
		for (int k = 0; k < 16; k++)
			level[i][k] = i == 0 ? value_int(k) : value_list(level[i - 1], 16);
	}
	cols[0].v[0] = value_list(level[39], 16);
	struct batch b = {.n_rows = 1, .n_sel = 1, .n_cols = 1, .cols = cols};
	diag_reset(&d);
	page_init(p);
	page_begin(p, 1000, 0);
	assert_int_equal(page_append(p, &b, &i_sel, &d), ST_LIMIT);
	page_release(p);
	free(p);
}

static void test_no_memory(void **state)
{
	struct column cols[1] = {column_of(COL_VALUE)};
	const uint32_t n = every_value(cols[0].v);
	struct batch b = {.n_rows = n, .n_sel = n, .n_cols = 1, .cols = cols};
	struct page *p = malloc(sizeof *p);
	bool done = false;

	for (uint64_t nth = 1; !done; nth++) {
		struct chain out = {0};
		struct diag d;
		uint32_t i_sel = 0;
		diag_reset(&d);
		page_init(p);
		mem_fail_nth(nth, false);
		page_begin(p, 100000, 0);
		const enum status st = page_append(p, &b, &i_sel, &d);
		if (st == ST_OK)
			page_finish(p, &out, PAGE_EXECUTE, true);
		mem_fail_nth(0, false);
		done = st == ST_OK && !out.failed;
		assert_true(done || st == ST_NOMEM || out.failed);
		chain_release(&out);
		page_release(p);
		assert_true(nth < 100);
	}
	free(p);
}

static void test_nothing_open(void **state)
{
	struct chain out = {0};

	page_none(&out);
	struct str s = chain_str(&out, &arena);
	Geode__QuicServerMessage *m = same_as_generated(next_frame(&s));
	assert_true(m->pull->response->page->final);
	assert_string_equal(m->pull->response->status->status_class, "02000");
	oracle_free(m);
	chain_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_equal_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_row_too_large, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_types, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shared_values_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_open, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
