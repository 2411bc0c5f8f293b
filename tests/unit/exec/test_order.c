/* The first rows of a sort above a seek in order: those of a whole sort, whether the index can be
 * used or not, and read no further than they must. */
#include "exec_test.h"

#include <math.h>
#include <stdio.h>

#include "value/order.h"

#define N_NODES 2100
#define N_BARE 15 /* of the label, without the property */
#define LONG_TEXT 300

static struct fix f;
static struct value values[N_NODES];
static elem_id nodes[N_NODES];
static unsigned n_nodes;

/* Runs of one key that differ: long texts, numbers with many digits; and plain values. */
static struct value value_of(unsigned i)
{
	static char texts[N_NODES][LONG_TEXT + 8];
	uint32_t r = i * 2654435761u >> 12;

	switch (r % 7) {
	case 0:
		memset(texts[i], 'k', LONG_TEXT);
		snprintf(texts[i] + LONG_TEXT, 8, "%u", r % 50);
		return value_str(str_of(texts[i]));
	case 1:
		snprintf(texts[i], sizeof(texts[i]), "t%u", r % 90);
		return value_str(str_of(texts[i]));
	case 2:
		return value_float(r % 20 == 0	 ? -INFINITY
				   : r % 20 == 1 ? (double)NAN
				   : r % 20 == 2 ? -0.0
						 : (double)(r % 100) / 2 - 10);
	case 3:
		return value_int(INT64_MIN + (int64_t)(r % 40));
	case 4:
		return value_bool(r % 3 == 0);
	default:
		return value_int((int64_t)(r % 200) - 5);
	}
}

static int set_up_some(unsigned n)
{
	n_nodes = n;
	fix_init(&f);
	f.keep_order = true;
	struct txn *t = write_begin(&f);
	for (unsigned i = 0; i < n_nodes; i++) {
		bool bare = i % (N_NODES / N_BARE) == 7;
		values[i] = bare ? VALUE_NULL : value_of(i);
		nodes[i] = add_node(&f, t, "A", bare ? NULL : "k", values[i]);
		if (i % 3 == 0)
			(void)add_node(&f, t, "B", "k", value_of(i));
	}
	write_commit(&f, t);
	return 0;
}

static int set_up(void **state)
{
	return set_up_some(N_NODES);
}

/* So few that the index is read to its end, and what has no value behind it. */
static int set_up_few(void **state)
{
	return set_up_some(300);
}

static int tear_down(void **state)
{
	fix_release(&f);
	return 0;
}

struct ask {
	bool descending;
	enum seek_nulls nulls;
	int64_t one_of; /* a filter lets pass one of so many; 0: there is none */
	struct index_range range;
	int64_t skip, limit;
};

static struct pop *seek_of(const struct ask *ask, const struct pop *input)
{
	const struct index_range *r = &ask->range;
	struct pop *p = pop_of(&f, POP_INDEX_SEEK, input);

	p->seek = (struct pop_seek){.out = 0,
				    .label = name_of(&f, NAME_LABEL, "A"),
				    .key = name_of(&f, NAME_KEY, "k"),
				    .kind = r->low_kind == BOUND_PREFIX ? SEEK_PREFIX : SEEK_RANGE,
				    .low_kind = r->low_kind,
				    .high_kind = r->high_kind,
				    .value = r->low_kind != BOUND_NONE ? e_val(&f, r->low) : NULL,
				    .high = r->high_kind != BOUND_NONE ? e_val(&f, r->high) : NULL,
				    .order = ask->descending ? SEEK_DESCENDING : SEEK_ASCENDING,
				    .nulls = (uint8_t)ask->nulls};
	return p;
}

/* By the property and then by id. */
static const struct pop *plan_of(const struct ask *ask, const struct pop **ret_seek)
{
	fix_plan(&f);
	struct pop *seek = seek_of(ask, p_unit(&f));
	const struct expr *rest =
	    e2(&f, EXPR_MOD, e_graph(&f, GF_ID, e_slot(&f, 0)), e_int(&f, MAX_OF(ask->one_of, 1)));
	struct pop *filter = p_filter(&f, seek, e2(&f, EXPR_EQ, rest, e_int(&f, 0)));
	struct pop *s = pop_of(&f, POP_SORT, ask->one_of > 0 ? filter : seek);
	const struct sort_key keys[] = {{.expr = e_prop(&f, e_slot(&f, 0), "k"),
					 .descending = ask->descending,
					 .nulls_first = ask->nulls == SEEK_NULLS_FIRST},
					{.expr = e_graph(&f, GF_ID, e_slot(&f, 0))}};

	*ret_seek = seek;
	s->sort.n = 2;
	s->sort.keys = fix_dup(&f, keys, sizeof(keys));
	s->sort.skip = e_int(&f, ask->skip);
	s->sort.limit = e_int(&f, ask->limit);
	s->sort.stops = true;
	CARRY(&f, s, 0);
	const struct pop *ids = p_project(&f, s, 8, e_graph(&f, GF_ID, e_slot(&f, 0)));
	return PRODUCE(&f, ids, 8);
}

static bool sort_down, sort_nulls_first;

static int compare_nodes(const void *x, const void *y)
{
	unsigned a = *(const unsigned *)x, b = *(const unsigned *)y;
	bool null_a = values[a].kind == V_NULL, null_b = values[b].kind == V_NULL;
	int c = null_a || null_b ? 0 : value_order(values[a], values[b]);

	if (null_a != null_b)
		return null_a == sort_nulls_first ? -1 : 1;
	if (c != 0)
		return sort_down ? -c : c;
	return a < b ? -1 : 1;
}

static const char *expected(const struct ask *ask)
{
	static unsigned found[N_NODES];
	uint32_t n = 0;
	struct buf b;

	for (unsigned i = 0; i < n_nodes; i++)
		if (nodes[i] % (elem_id)MAX_OF(ask->one_of, 1) != 0)
			continue;
		else if (values[i].kind == V_NULL ? ask->nulls
						  : index_range_has(&ask->range, values[i]))
			found[n++] = i;
	sort_down = ask->descending;
	sort_nulls_first = ask->nulls == SEEK_NULLS_FIRST;
	qsort(found, n, sizeof(found[0]), compare_nodes);
	buf_init(&b, MEM_OTHER, 0);
	/* A POP_LIMIT above would skip: the sort keeps skip + limit rows. */
	for (uint32_t i = 0; i < n && (int64_t)i < ask->skip + ask->limit; i++)
		buf_printf(&b, "%llu\n", (unsigned long long)nodes[found[i]]);
	buf_putc(&b, '\0');
	const char *text = fix_dup(&f, buf_str(&b).p, b.len);
	buf_release(&b);
	return text;
}

static const struct index_range ranges[] = {
    {.low_kind = BOUND_NONE},
    {.low_kind = BOUND_INCLUSIVE, .low = {.kind = V_INT, .i = 30}},
    {.high_kind = BOUND_EXCLUSIVE, .high = {.kind = V_INT, .i = 50}},
    {.low_kind = BOUND_EXCLUSIVE,
     .high_kind = BOUND_INCLUSIVE,
     .low = {.kind = V_INT, .i = -3},
     .high = {.kind = V_FLOAT, .f = 9.5}},
    {.low_kind = BOUND_PREFIX, .low = {.kind = V_STRING, .s = "kk", .n = 2}},
    {.low_kind = BOUND_INCLUSIVE, .low = {.kind = V_NULL}},
};

static void the_first_rows_are_those_of_a_whole_sort(void **state)
{
	static const int64_t limits[] = {0, 1, 7, 100, 298, N_NODES - 3, N_NODES + 5};
	const struct pop *seek;

	for (unsigned with_index = 0; with_index < 2; with_index++) {
		if (with_index == 1)
			make_index(&f);
		for (size_t i = 0; i < ARRAY_LEN(ranges) * ARRAY_LEN(limits) * 4; i++) {
			bool bare = i / 4 % ARRAY_LEN(ranges) == 0;
			struct ask ask = {.descending = i % 2 == 1,
					  .nulls = !bare	    ? SEEK_NO_NULLS
						   : i / 2 % 2 == 0 ? SEEK_NULLS_LAST
								    : SEEK_NULLS_FIRST,
					  .range = ranges[i / 4 % ARRAY_LEN(ranges)],
					  .skip = (int64_t)(i % 3),
					  .limit = limits[i / 4 / ARRAY_LEN(ranges)]};
			const struct pop *p = plan_of(&ask, &seek);
			assert_string_equal(run_all(&f, p), expected(&ask));
		}
	}
}

/* Rows that the seek gave. */
static uint64_t rows_read(const struct ask *ask)
{
	const struct pop *seek, *root = plan_of(ask, &seek);
	struct txn *t = write_begin(&f);
	struct query *q;
	struct batch *b;

	f.plan.root = root;
	assert_int_equal(query_open(&f.plan, t, f.params, &f.opt, &f.diag, &q), ST_OK);
	do {
		while (query_next(q, &b) == ST_YIELD)
			;
	} while (b != NULL);
	uint64_t n = query_stats(q)[seek->id].n_rows;
	query_close(q);
	txn_rollback(t);
	return n;
}

static void a_seek_is_read_as_far_as_it_must(void **state)
{
	struct ask five = {.nulls = SEEK_NULLS_LAST, .limit = 5};
	struct ask all = {.nulls = SEEK_NULLS_LAST, .limit = N_NODES};
	struct ask numbers = {.range = ranges[1], .limit = 5};
	struct ask bare = {.nulls = SEEK_NULLS_LAST, .limit = N_NODES - N_BARE + 1};

	assert_int_equal(rows_read(&five), N_NODES);
	make_index(&f);
	/* The least values are texts, up to 50 of each and 300 with one key. */
	assert_in_range(rows_read(&five), 6, 700);
	assert_in_range(rows_read(&numbers), 6, 100);
	five.descending = numbers.descending = true;
	assert_in_range(rows_read(&five), 6, 100);
	assert_in_range(rows_read(&numbers), 6, 100);
	/* Most of the label: a scan, which the sort must not stop. */
	assert_int_equal(rows_read(&all), N_NODES);
	assert_int_equal(rows_read(&bare), N_NODES);
	/* Few pass: all of the label is scanned when the seek has cost as much. */
	five.one_of = N_NODES;
	assert_in_range(rows_read(&five), N_NODES + BATCH_ROWS, N_NODES + 2 * BATCH_ROWS);
	five.one_of = 0;
	five.limit = 0;
	assert_int_equal(rows_read(&five), 0);
}

static void rows_of_a_seek_that_gave_up_count_once(void **state)
{
	struct ask ask = {.nulls = SEEK_NULLS_LAST, .limit = 90, .one_of = 61};
	const struct pop *seek, *p = plan_of(&ask, &seek);

	make_index(&f);
	assert_string_equal(run_all(&f, p), expected(&ask));
	assert_true(rows_read(&ask) > N_NODES);
}

static void an_index_younger_than_the_view_is_not_used(void **state)
{
	struct ask ask = {.nulls = SEEK_NULLS_LAST, .limit = 9};
	struct txn *t = write_begin(&f);
	const struct pop *seek;

	make_index(&f);
	const struct pop *p = plan_of(&ask, &seek);
	assert_string_equal(run_txn(&f, p, t), expected(&ask));
	txn_rollback(t);
}

/* Nodes lose, get and change their value beside a view, and within it. */
static void each_view_has_its_order(void **state)
{
	static struct value old[N_NODES];
	name_id key = store_name_find(f.store, NAME_KEY, STR("k"));
	struct ask first = {.nulls = SEEK_NULLS_FIRST, .limit = 40}, last = first;
	struct ask down = {.nulls = SEEK_NULLS_LAST, .descending = true, .limit = 40};
	const struct pop *seek, *p;

	last.nulls = SEEK_NULLS_LAST;
	last.limit = N_NODES / 20;
	const struct ask *asks[] = {&first, &last, &down};
	make_index(&f);
	struct txn *before = write_begin(&f), *during = write_begin(&f);
	memcpy(old, values, sizeof(old));
	for (unsigned i = 0; i < n_nodes; i += 3) {
		values[i] = i % 2 == 1 ? value_of(i + 1) : VALUE_NULL;
		assert_int_equal(txn_node_set(during, f.graph, nodes[i], key, values[i], &f.diag),
				 ST_OK);
	}
	txn_next_clause(during);
	for (unsigned i = 0; i < 9; i++) {
		const struct ask *ask = asks[i % 3];
		p = plan_of(ask, &seek);
		if (i == 6)
			write_commit(&f, during);
		if (i < 3)
			assert_string_equal(run_txn(&f, p, during), expected(ask));
		if (i >= 6)
			assert_string_equal(run(&f, p), expected(ask));
		static struct value now[N_NODES];
		memcpy(now, values, sizeof(now));
		memcpy(values, old, sizeof(old));
		assert_string_equal(run_txn(&f, p, before), expected(ask));
		memcpy(values, now, sizeof(now));
	}
	txn_rollback(before);
}

static void each_input_row_finds_the_nodes_without_the_property(void **state)
{
	const struct value keys[] = {value_int(1), value_int(2)};
	struct ask ask = {.nulls = SEEK_NULLS_LAST};

	for (unsigned with_index = 0; with_index < 2; with_index++) {
		if (with_index == 1)
			make_index(&f);
		fix_plan(&f);
		struct pop *seek =
		    seek_of(&ask, p_unwind(&f, p_unit(&f), 5, e_val(&f, value_list(keys, 2))));
		seek->seek.order = SEEK_UNORDERED;
		CARRY(&f, seek, 5);
		const struct pop *bare =
		    p_filter(&f, seek, e1(&f, EXPR_IS_NULL, e_prop(&f, e_slot(&f, 0), "k")));
		struct buf want;
		buf_init(&want, MEM_OTHER, 0);
		for (unsigned k = 1; k <= 2; k++)
			for (unsigned i = 0; i < N_BARE; i++)
				buf_printf(&want, "%u\n", k);
		assert_string_equal(run_all(&f, PRODUCE(&f, bare, 5)), buf_cstr(&want));
		buf_release(&want);
	}
}

static void memory_runs_out(void **state)
{
	struct ask ask = {.nulls = SEEK_NULLS_LAST, .limit = N_NODES - 9};
	const struct pop *seek;

	make_index(&f);
	run_failing(&f, plan_of(&ask, &seek));
	ask.limit = 3;
	run_failing(&f, plan_of(&ask, &seek));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_first_rows_are_those_of_a_whole_sort, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(the_first_rows_are_those_of_a_whole_sort, set_up_few,
					    tear_down),
	    cmocka_unit_test_setup_teardown(a_seek_is_read_as_far_as_it_must, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(rows_of_a_seek_that_gave_up_count_once, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(an_index_younger_than_the_view_is_not_used, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(each_view_has_its_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_view_has_its_order, set_up_few, tear_down),
	    cmocka_unit_test_setup_teardown(each_input_row_finds_the_nodes_without_the_property,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
