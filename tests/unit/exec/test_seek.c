/* Seeks by key, list, prefix and range: for each row of bounds what a scan and the comparison find,
 * with the index and with a scan in its place. */
#include "exec_test.h"

#include <stdio.h>

#include "value/order.h"

#define N_NODES 300

static struct fix f;
static struct value values[N_NODES];
static elem_id nodes[N_NODES];

static struct value value_of(unsigned i)
{
	static char texts[N_NODES][8];

	switch (i % 5) {
	case 0:
		return value_float((double)(i % 40) / 2);
	case 1:
		snprintf(texts[i], sizeof(texts[i]), "t%u", i % 60);
		return value_str(str_of(texts[i]));
	case 2:
		return value_bool(i % 2 == 0);
	default:
		return value_int(i % 20);
	}
}

static int set_up(void **state)
{
	fix_init(&f);
	struct txn *t = write_begin(&f);
	for (unsigned i = 0; i < N_NODES; i++) {
		values[i] = i % 50 == 49 ? VALUE_NULL : value_of(i);
		nodes[i] = add_node(&f, t, "A", values[i].kind != V_NULL ? "k" : NULL, values[i]);
		(void)add_node(&f, t, "B", "k", value_of(i));
	}
	write_commit(&f, t);
	return 0;
}

static int tear_down(void **state)
{
	fix_release(&f);
	return 0;
}

struct ask {
	enum seek_kind kind;
	enum index_bound low, high;
};

static const struct ask asks[] = {
    {SEEK_EQUAL, BOUND_NONE, BOUND_NONE},      {SEEK_IN, BOUND_NONE, BOUND_NONE},
    {SEEK_PREFIX, BOUND_NONE, BOUND_NONE},     {SEEK_RANGE, BOUND_INCLUSIVE, BOUND_NONE},
    {SEEK_RANGE, BOUND_NONE, BOUND_EXCLUSIVE}, {SEEK_RANGE, BOUND_EXCLUSIVE, BOUND_INCLUSIVE},
};

/* A seek for each element of slot 5; a range ends at that of slot 6. */
static const struct pop *seek_plan(const struct ask *ask, const struct value *keys, uint32_t n,
				   struct value high)
{
	fix_plan(&f);
	const struct pop *in = p_unwind(&f, p_unit(&f), 5, e_val(&f, value_list(keys, n)));
	struct pop *p = pop_of(&f, POP_INDEX_SEEK, p_project(&f, in, 6, e_val(&f, high)));
	p->seek = (struct pop_seek){
	    .out = 0,
	    .label = name_of(&f, NAME_LABEL, "A"),
	    .key = name_of(&f, NAME_KEY, "k"),
	    .kind = (uint8_t)ask->kind,
	    .low_kind = (uint8_t)ask->low,
	    .high_kind = (uint8_t)ask->high,
	    .value = ask->low != BOUND_NONE || ask->kind != SEEK_RANGE ? e_slot(&f, 5) : NULL,
	    .high = ask->high != BOUND_NONE ? e_slot(&f, 6) : NULL};
	CARRY(&f, p, 5);
	const struct pop *ids = p_project(&f, p, 8, e_graph(&f, GF_ID, e_slot(&f, 0)));
	return PRODUCE(&f, ids, 5, 8);
}

static bool holds(const struct ask *ask, struct value v, struct value key, struct value high)
{
	struct index_range r = {.low_kind = BOUND_EQUAL, .low = key};

	if (ask->kind == SEEK_IN) {
		for (uint32_t i = 0; key.kind == V_LIST && i < key.n; i++)
			if (value_eq(v, key.list[i]) == TRUTH_TRUE)
				return true;
		return false;
	}
	if (ask->kind == SEEK_PREFIX)
		return v.kind == V_STRING && key.kind == V_STRING &&
		       str_starts(value_text(v), value_text(key));
	if (ask->kind == SEEK_RANGE)
		r = (struct index_range){.low_kind = (uint8_t)ask->low,
					 .high_kind = (uint8_t)ask->high,
					 .low = key,
					 .high = high};
	return index_range_has(&r, v);
}

static const char *expected(const struct ask *ask, const struct value *keys, uint32_t n,
			    struct value high)
{
	static char *lines[8 * N_NODES];
	uint32_t n_lines = 0;
	struct buf b;

	for (uint32_t k = 0; k < n; k++)
		for (unsigned i = 0; i < N_NODES; i++) {
			if (!holds(ask, values[i], keys[k], high))
				continue;
			buf_init(&b, MEM_OTHER, 0);
			text_put(&b, keys[k], TEXT_GQL);
			buf_printf(&b, "|%llu", (unsigned long long)nodes[i]);
			lines[n_lines++] = strdup(buf_cstr(&b));
			buf_release(&b);
		}
	qsort(lines, n_lines, sizeof(lines[0]), compare_lines);
	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < n_lines; i++) {
		buf_puts(&b, lines[i]);
		buf_putc(&b, '\n');
		free(lines[i]);
	}
	const char *text = fix_dup(&f, buf_cstr(&b), b.len + 1);
	buf_release(&b);
	return text;
}

static void seeks_find_what_a_scan_finds(void **state)
{
	const struct value few[] = {value_int(3), value_float(3), VALUE_NULL, value_str(STR("t1")),
				    value_int(3)};
	const struct value nested[] = {value_list(few, 2), value_int(7)};
	const struct value keys[] = {value_int(3),	   value_float(3.5), VALUE_NULL,
				     value_str(STR("t1")), value_bool(true), value_int(1000)};
	const struct value lists[] = {value_list(few, 5), value_list(NULL, 0), VALUE_NULL,
				      value_list(nested, 2)};
	const struct value highs[] = {value_int(9), value_str(STR("t3")), VALUE_NULL};

	for (unsigned with_index = 0; with_index < 2; with_index++) {
		if (with_index == 1)
			make_index(&f);
		for (size_t i = 0; i < ARRAY_LEN(asks); i++)
			for (size_t h = 0; h < ARRAY_LEN(highs); h++) {
				bool in = asks[i].kind == SEEK_IN;
				const struct value *k = in ? lists : keys;
				uint32_t n = in ? ARRAY_LEN(lists) : ARRAY_LEN(keys);
				const struct pop *p = seek_plan(&asks[i], k, n, highs[h]);
				const char *want = expected(&asks[i], k, n, highs[h]);
				if (asks[i].kind == SEEK_RANGE && asks[i].low == BOUND_NONE)
					assert_int_equal(want[0] == 0, highs[h].kind == V_NULL);
				assert_string_equal(run_all(&f, p), want);
			}
	}
}

static void what_is_no_list_is_refused_where_nodes_are(void **state)
{
	for (unsigned with_index = 0; with_index < 2; with_index++) {
		if (with_index == 1)
			make_index(&f);
		const struct value keys[] = {value_list(NULL, 0), value_int(5)};
		const struct pop *p = seek_plan(&asks[1], keys, 2, VALUE_NULL);
		(void)run(&f, p);
		assert_int_equal(f.st, ST_INVALID);
		assert_int_equal(f.diag.code, GQL_WRONG_TYPE);
	}
}

static void memory_runs_out(void **state)
{
	const struct value keys[] = {value_int(3), value_str(STR("t"))};
	const struct value lists[] = {value_list(keys, 2)};

	make_index(&f);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		bool in = asks[i].kind == SEEK_IN;
		run_failing(&f, seek_plan(&asks[i], in ? lists : keys, in ? 1 : 2, value_int(9)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(seeks_find_what_a_scan_finds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_no_list_is_refused_where_nodes_are, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
