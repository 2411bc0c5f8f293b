#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "store/index.h"
#include "store/store_int.h"
#include "store/write.h"

/* One store, a writer without versions and a reader that sees everything. */
struct fixture {
	struct store *s;
	struct graph *g;
	struct writer w;
	struct view all;
	name_id label, key, type;
};

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){.all = {.read_lsn = UINT64_MAX - 1}};
	assert_int_equal(store_new(&f->s), ST_OK);
	f->g = store_graph_default(f->s);
	f->w = (struct writer){.store = f->s, .view = &f->all};
	assert_int_equal(store_name_add(f->s, NAME_LABEL, STR("L"), &f->label), ST_OK);
	assert_int_equal(store_name_add(f->s, NAME_KEY, STR("k"), &f->key), ST_OK);
	assert_int_equal(store_name_add(f->s, NAME_TYPE, STR("T"), &f->type), ST_OK);
}

static void close_fixture(struct fixture *f)
{
	store_free(f->s);
	assert_int_equal(mem_used(MEM_GRAPH) + mem_used(MEM_UNDO) + mem_used(MEM_INDEX), 0);
}

static elem_id node(struct fixture *f, struct value v)
{
	struct prop p = {f->key, v};
	elem_id id;

	assert_int_equal(store_node_create(&f->w, f->g, &f->label, 1, &p, 1, ELEM_NONE, &id),
			 ST_OK);
	return id;
}

static struct value get(struct fixture *f, elem_id id)
{
	return graph_node_prop(f->g, &f->all, id, f->key);
}

static uint8_t column_kind_now(struct fixture *f, elem_id id)
{
	struct table *t = atomic_load(&chunk_of(f->g, ELEM_NODE, id)->table);

	assert_int_equal(t->n_cols, 1);
	return t->cols[0].kind;
}

static void a_column_is_as_narrow_as_its_values(void **state)
{
	static const struct {
		int64_t value;
		uint8_t kind;
	} steps[] = {
	    {127, PC_INT1},
	    {-128, PC_INT1},
	    {128, PC_INT2},
	    {-32768, PC_INT2},
	    {32768, PC_INT4},
	    {INT32_MIN, PC_INT4},
	    {INT64_C(1) << 31, PC_INT8},
	    {INT64_MIN, PC_INT8},
	    {0, PC_INT8}, /* it never narrows again */
	};
	struct fixture f;
	elem_id ids[ARRAY_LEN(steps)];

	open_fixture(&f);
	for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
		ids[i] = node(&f, value_int(steps[i].value));
		assert_int_equal(column_kind_now(&f, ids[0]), steps[i].kind);
		for (unsigned k = 0; k <= i; k++)
			assert_int_equal(get(&f, ids[k]).i, steps[k].value);
	}
	close_fixture(&f);
}

static void texts_that_repeat_are_coded(void **state)
{
	struct fixture f;
	char z[32];

	open_fixture(&f);
	elem_id a = node(&f, value_str(STR("man"))), b = node(&f, value_str(STR("man")));
	assert_int_equal(column_kind_now(&f, a), PC_CODE);
	assert_ptr_equal(get(&f, a).s, get(&f, b).s); /* one text for both */
	for (unsigned i = 0; i < CODED_TEXTS_MAX - 1; i++) {
		int n = snprintf(z, sizeof z, "text %u", i);
		(void)node(&f, value_str((struct str){z, (size_t)n}));
	}
	elem_id last = node(&f, value_str(STR("one too many")));
	assert_true(str_eq(value_text(get(&f, last)), STR("one too many")));
	assert_true(str_eq(value_text(get(&f, a)), STR("man")));
	assert_int_equal(column_kind_now(&f, last), PC_TEXT);
	close_fixture(&f);
}

static void kinds_may_mix(void **state)
{
	static const struct value list[] = {{.kind = V_INT, .i = 7},
					    {.kind = V_STRING, .n = 1, .s = "x"}};
	const struct value v[] = {value_int(1), value_bool(true), value_float(2.5),
				  value_str(STR("text")), value_list(list, 2)};
	struct fixture f;
	elem_id ids[ARRAY_LEN(v)];
	int64_t data[2 * BATCH_ROWS];
	uint64_t nulls[BATCH_ROWS / 64];
	struct column c = {.data = data, .nulls = nulls};

	open_fixture(&f);
	for (unsigned i = 0; i < ARRAY_LEN(v); i++)
		ids[i] = node(&f, v[i]);
	assert_int_equal(column_kind_now(&f, ids[0]), PC_BOX);
	for (unsigned i = 0; i < ARRAY_LEN(v); i++)
		assert_int_equal(get(&f, ids[i]).kind, v[i].kind);
	assert_int_equal(graph_node_props(f.g, &f.all, f.key, ids, NULL, ARRAY_LEN(v), &c), ST_OK);
	assert_int_equal(c.kind, COL_VALUE);
	assert_int_equal(c.v[4].n, 2);
	close_fixture(&f);
}

static void a_gather_marks_what_is_absent(void **state)
{
	struct fixture f;
	elem_id ids[100];
	int64_t data[2 * BATCH_ROWS];
	uint64_t nulls[BATCH_ROWS / 64];
	struct column c = {.data = data, .nulls = nulls};

	open_fixture(&f);
	for (unsigned i = 0; i < 100; i++)
		ids[i] = node(&f, i % 3 == 0 ? VALUE_NULL : value_int(i * 10));
	assert_int_equal(graph_node_props(f.g, &f.all, f.key, ids, NULL, 100, &c), ST_OK);
	assert_int_equal(c.kind, COL_INT);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(column_is_null(&c, i), i % 3 == 0);
		if (i % 3 != 0)
			assert_int_equal(c.i[i], i * 10);
	}
	close_fixture(&f);
}

/* More keys than a chunk has columns. */
static void rare_keys_overflow(void **state)
{
	struct fixture f;
	struct arena a;
	const struct prop *props;
	uint32_t n;
	enum { N = CHUNK_COLUMNS_MAX + 40 };

	open_fixture(&f);
	arena_init(&a, MEM_OTHER, NULL);
	elem_id id = node(&f, value_int(0));
	for (unsigned i = 1; i < N; i++) {
		char z[16];
		name_id key;
		int len = snprintf(z, sizeof z, "k%u", i);
		assert_int_equal(store_name_add(f.s, NAME_KEY, (struct str){z, (size_t)len}, &key),
				 ST_OK);
		assert_int_equal(store_node_set(&f.w, f.g, id, key, value_int(i)), ST_OK);
	}
	assert_int_equal(graph_node_all_props(f.g, &f.all, id, &a, &props, &n), ST_OK);
	assert_int_equal(n, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(props[i].value.i, i);
	assert_int_equal(store_node_set(&f.w, f.g, id, N - 1, VALUE_NULL), ST_OK);
	assert_int_equal(graph_node_prop(f.g, &f.all, id, N - 1).kind, V_NULL);
	assert_int_equal(graph_node_prop(f.g, &f.all, id, N - 2).i, N - 2);
	arena_release(&a);
	close_fixture(&f);
}

static void blocks_keep_types_and_directions_apart(void **state)
{
	struct fixture f;
	name_id other;
	elem_id a, b, e;
	struct adj_cursor c;
	struct adj_slice s;
	uint64_t n = 0;

	open_fixture(&f);
	assert_int_equal(store_name_add(f.s, NAME_TYPE, STR("U"), &other), ST_OK);
	a = node(&f, VALUE_NULL);
	b = node(&f, VALUE_NULL);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(store_edge_create(&f.w, f.g, i % 3 == 0 ? other : f.type, a, b,
						   NULL, 0, ELEM_NONE, &e),
				 ST_OK);
	assert_int_equal(adj_degree(f.g, &f.all, a, ADJ_OUT, NAME_NONE), 30);
	assert_int_equal(adj_degree(f.g, &f.all, a, ADJ_OUT, other), 10);
	assert_int_equal(adj_degree(f.g, &f.all, a, ADJ_OUT, f.type), 20);
	assert_int_equal(adj_degree(f.g, &f.all, a, ADJ_IN, NAME_NONE), 0);
	assert_int_equal(adj_degree(f.g, &f.all, b, ADJ_IN, f.type), 20);
	adj_open(&c, f.g, &f.all, a, ADJ_OUT, NAME_NONE);
	while (adj_next(&c, &s)) {
		for (uint32_t i = 0; i < s.n; i++) {
			name_id type;
			elem_id from, to;
			assert_true(graph_edge_ends(f.g, &f.all, s.edges[i], &type, &from, &to));
			assert_true(type == s.type && from == a && to == b && s.nodes[i] == b);
		}
		n += s.n;
	}
	assert_int_equal(n, 30);
	assert_int_equal(store_edge_delete(&f.w, f.g, e), ST_OK);
	assert_int_equal(adj_degree(f.g, &f.all, b, ADJ_IN, NAME_NONE), 29);
	assert_int_equal(store_node_delete(&f.w, f.g, a), ST_EXISTS); /* its edges go first */
	close_fixture(&f);
}

static void a_chunk_that_has_a_hole_is_given_out_again(void **state)
{
	struct fixture f;

	open_fixture(&f);
	for (unsigned i = 0; i < CHUNK_SLOTS + 10; i++)
		(void)node(&f, value_int(1));
	for (elem_id id = 5; id < 8; id++)
		assert_int_equal(store_node_delete(&f.w, f.g, id), ST_OK);
	uint64_t sum = 0;
	for (unsigned i = 0; i < 3; i++)
		sum += node(&f, VALUE_NULL);
	assert_int_equal(sum, 5 + 6 + 7);
	assert_int_equal(get(&f, 5).kind, V_NULL); /* nothing of the last holder */
	assert_int_equal(node(&f, VALUE_NULL), CHUNK_SLOTS + 10);
	close_fixture(&f);
}

static void labels_of_one_node_may_change(void **state)
{
	struct fixture f;
	name_id other, got[GRAPH_LABELS_MAX];
	struct node_scan scan;
	elem_id ids[16];
	uint8_t has[2];

	open_fixture(&f);
	assert_int_equal(store_name_add(f.s, NAME_LABEL, STR("M"), &other), ST_OK);
	elem_id a = node(&f, VALUE_NULL), b = node(&f, VALUE_NULL);
	assert_int_equal(store_label(&f.w, f.g, b, other, true), ST_OK);
	assert_int_equal(store_label(&f.w, f.g, b, other, true), ST_EXISTS);
	assert_int_equal(graph_node_labels(f.g, &f.all, b, got), 2);
	node_scan_init(&scan, f.g, &f.all, other);
	assert_int_equal(node_scan_next(&scan, ids, 16), 1);
	assert_int_equal(ids[0], b);
	assert_int_equal(store_label(&f.w, f.g, a, f.label, false), ST_OK);
	graph_nodes_have_label(f.g, &f.all, f.label, (elem_id[]){a, b}, 2, has);
	assert_true(!has[0] && has[1]);
	assert_int_equal(graph_count_nodes(f.g, f.label), 1);
	assert_int_equal(graph_count_nodes(f.g, other), 1);
	close_fixture(&f);
}

static uint32_t look_up(struct fixture *f, struct prop_index *ix, int64_t key)
{
	struct arena a;
	const elem_id *ids;
	uint32_t n;

	arena_init(&a, MEM_OTHER, NULL);
	assert_int_equal(prop_index_lookup(ix, &f->all, value_int(key), &a, &ids, &n), ST_OK);
	arena_release(&a);
	return n;
}

static void an_index_has_what_was_there_and_what_comes(void **state)
{
	struct fixture f;
	struct prop_index *ix;

	open_fixture(&f);
	for (unsigned i = 0; i < 1000; i++)
		(void)node(&f, value_int(i % 10));
	assert_int_equal(index_create(f.g, STR("ix"), f.label, f.key, false, &ix), ST_OK);
	assert_int_equal(index_create(f.g, STR("ix"), f.label, f.key, false, &ix), ST_EXISTS);
	assert_null(graph_index_find(f.g, &f.all, f.label, f.key));
	assert_int_equal(index_fill(ix), ST_OK);
	index_set_ready(ix, 0);
	assert_ptr_equal(graph_index_find(f.g, &f.all, f.label, f.key), ix);
	assert_int_equal(look_up(&f, ix, 3), 100);
	assert_int_equal(store_node_set(&f.w, f.g, 3, f.key, value_int(77)), ST_OK);
	assert_int_equal(look_up(&f, ix, 3), 99);
	assert_int_equal(look_up(&f, ix, 77), 1);
	assert_int_equal(store_node_delete(&f.w, f.g, 3), ST_OK);
	assert_int_equal(look_up(&f, ix, 77), 0);
	assert_int_equal(index_remove(graph_index_named(f.g, STR("ix"))), ST_OK);
	assert_null(graph_index_named(f.g, STR("ix")));
	close_fixture(&f);
}

static void edges_are_counted_at_labels(void **state)
{
	struct fixture f;
	elem_id e[3];
	name_id other;

	open_fixture(&f);
	elem_id a = node(&f, value_int(1)), b = node(&f, value_int(2)), c;
	assert_int_equal(store_name_add(f.s, NAME_LABEL, STR("M"), &other), ST_OK);
	assert_int_equal(store_node_create(&f.w, f.g, &other, 1, NULL, 0, ELEM_NONE, &c), ST_OK);
	const elem_id ends[3][2] = {{a, b}, {a, c}, {b, c}};
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(store_edge_create(&f.w, f.g, f.type, ends[i][0], ends[i][1], NULL,
						   0, ELEM_NONE, &e[i]),
				 ST_OK);
	assert_int_equal(graph_count_ends(f.g, f.label, f.type, ADJ_OUT), 3);
	assert_int_equal(graph_count_ends(f.g, f.label, f.type, ADJ_IN), 1);
	assert_int_equal(graph_count_ends(f.g, other, f.type, ADJ_OUT), 0);
	assert_int_equal(graph_count_ends(f.g, other, f.type, ADJ_IN), 2);
	assert_int_equal(graph_count_ends(f.g, NAME_NONE, f.type, ADJ_IN), 3);
	assert_int_equal(store_edge_delete(&f.w, f.g, e[1]), ST_OK);
	assert_int_equal(graph_count_ends(f.g, f.label, f.type, ADJ_OUT), 2);
	assert_int_equal(graph_count_ends(f.g, other, f.type, ADJ_IN), 1);
	close_fixture(&f);
}

static void names_have_dense_ids(void **state)
{
	struct fixture f;
	char z[16];

	open_fixture(&f);
	for (name_id i = 1; i < 3000; i++) {
		name_id got;
		int n = snprintf(z, sizeof z, "name%u", i);
		struct str s = {z, (size_t)n};
		assert_int_equal(store_name_find(f.s, NAME_KEY, s), NAME_NONE);
		assert_int_equal(store_name_add(f.s, NAME_KEY, s, &got), ST_OK);
		assert_int_equal(got, i);
		assert_int_equal(store_name_find(f.s, NAME_KEY, s), i);
		assert_true(str_eq(store_name_text(f.s, NAME_KEY, i), s));
	}
	close_fixture(&f);
}

/* A version that nobody may touch: below the first that the view sees. */
static struct undo *forbidden(void)
{
	void *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

/* Versions of one slot: many that the view does not see, one that it sees, and what must not be
 * walked over. Each key is kept once: the arena has no more than the properties. */
static void all_properties_stop_at_what_the_view_sees(void **state)
{
	enum { N = 20000 };
	static struct undo versions[N];
	struct fixture f;
	struct arena a;
	const struct prop *props;
	uint32_t n;

	(void)state;
	open_fixture(&f);
	elem_id id = node(&f, value_int(5));
	struct chunk *c = chunk_of(f.g, ELEM_NODE, id);
	struct mark *old = mark_new(f.s), *young = mark_new(f.s);
	atomic_store(&old->word, 1);
	assert_int_equal(undo_side_make(c), ST_OK);
	struct undo *below = forbidden();
	struct undo_side *side = atomic_load(&c->undo);
	for (uint32_t i = 0; i < N; i++)
		versions[i] = (struct undo){.mark = i == 0 ? old : young,
					    .kind = UNDO_PROP,
					    .key = i % 2 == 0 ? f.key : f.key + 1,
					    .old = value_int(i),
					    .next = i == 0 ? below : &versions[i - 1],
					    .slot = slot_of(id)};
	side->heads[slot_of(id)] = &versions[N - 1];
	side->bits[0] = UINT64_C(1) << slot_of(id);
	arena_init(&a, MEM_OTHER, NULL);
	const char *before = arena_alloc(&a, 16);
	struct view v = {.read_lsn = 1};
	assert_int_equal(graph_node_all_props(f.g, &v, id, &a, &props, &n), ST_OK);
	assert_int_equal(n, 2);
	assert_int_equal(props[0].value.i, 2);
	assert_int_equal(props[1].value.i, 1);
	assert_ptr_equal(props, before + 16);
	arena_release(&a);
	side->heads[slot_of(id)] = NULL;
	side->bits[0] = 0;
	mark_unref(old);
	mark_unref(young);
	munmap(below, 4096);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_column_is_as_narrow_as_its_values),
	    cmocka_unit_test(texts_that_repeat_are_coded),
	    cmocka_unit_test(kinds_may_mix),
	    cmocka_unit_test(a_gather_marks_what_is_absent),
	    cmocka_unit_test(rare_keys_overflow),
	    cmocka_unit_test(all_properties_stop_at_what_the_view_sees),
	    cmocka_unit_test(blocks_keep_types_and_directions_apart),
	    cmocka_unit_test(a_chunk_that_has_a_hole_is_given_out_again),
	    cmocka_unit_test(labels_of_one_node_may_change),
	    cmocka_unit_test(an_index_has_what_was_there_and_what_comes),
	    cmocka_unit_test(edges_are_counted_at_labels),
	    cmocka_unit_test(names_have_dense_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
