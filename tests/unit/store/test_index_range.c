/* Ordered indexes: keys, the tree, ranges under a view, estimates; with memory that runs out, and
 * with writers beside readers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/thread.h"
#include "store/index_int.h"
#include "store/write.h"
#include "value/order.h"

/* ---- keys ---------------------------------------------------------------------------------------
 */

static const struct value inner[] = {{.kind = V_INT, .i = 3}, {.kind = V_STRING, .n = 1, .s = "x"}};

static int order_of_keys(struct value a, struct value b)
{
	uint8_t ka[INDEX_KEY_MAX], kb[INDEX_KEY_MAX];
	struct tree_key x = {ka, index_key(a, ka), 0}, y = {kb, index_key(b, kb), 0};

	return tree_key_cmp(x, y);
}

static void keys_compare_as_values(void **state)
{
	static char long_a[400], long_b[400];
	memset(long_a, 'a', sizeof long_a);
	memset(long_b, 'a', sizeof long_b);
	long_b[399] = 'b';
	const struct value null = VALUE_NULL, list = value_list(inner, 1);
	const struct value v[] = {
	    value_int(0),
	    value_int(1),
	    value_int(-1),
	    value_int(255),
	    value_int(256),
	    value_int(INT64_MAX),
	    value_int(INT64_MAX - 1),
	    value_int(INT64_MIN),
	    value_int((INT64_C(1) << 53) + 1),
	    value_float(0.0),
	    value_float(-0.0),
	    value_float(0.5),
	    value_float(-0.5),
	    value_float(1.0),
	    value_float(9007199254740992.0),
	    value_float(INFINITY),
	    value_float(-INFINITY),
	    value_float(NAN),
	    {.kind = V_DECIMAL, .s = "0.1", .n = 3},
	    {.kind = V_DECIMAL, .s = "1", .n = 1},
	    value_bool(false),
	    value_bool(true),
	    value_str(STR("")),
	    value_str(STR("a")),
	    value_str((struct str){"a\0", 2}),
	    value_str((struct str){"a\0b", 3}),
	    value_str(STR("ab")),
	    value_str(STR("b")),
	    value_str((struct str){long_a, sizeof long_a}),
	    value_str((struct str){long_b, sizeof long_b}),
	    {.kind = V_DATE, .i = -3},
	    {.kind = V_DATE, .i = 4},
	    {.kind = V_ZONED_DATETIME, .i = 1000, .aux = 60},
	    {.kind = V_ZONED_DATETIME, .i = 1000, .aux = 0},
	    {.kind = V_ZONED_TIME, .i = 60000000, .aux = 1},
	    {.kind = V_ZONED_TIME, .i = 0, .aux = 0},
	    value_list(NULL, 0),
	    value_list(inner, 1),
	    value_list(inner, 2),
	    value_list(inner + 1, 1),
	    value_list(&null, 1),
	    value_list(&list, 1),
	    value_bool(false),
	    {.kind = V_BYTES, .s = "a", .n = 1},
	    {.kind = V_LOCAL_TIME, .i = 5},
	    {.kind = V_LOCAL_DATETIME, .i = 5},
	    {.kind = V_DURATION, .i = 1},
	    {.kind = V_DURATION, .i = INT64_MAX},
	    {.kind = V_DURATION, .i = -1, .n = 1},
	    {.kind = V_DURATION, .i = INT64_MIN, .n = INT32_MAX},
	    {.kind = V_DURATION, .i = 5, .n = (uint32_t)-3},
	    value_map(NULL, 0),
	};

	for (unsigned i = 0; i < ARRAY_LEN(v); i++)
		for (unsigned k = 0; k < ARRAY_LEN(v); k++) {
			int c = order_of_keys(v[i], v[k]), by_value = value_order(v[i], v[k]);
			assert_true(by_value == 0 || c == 0 || (c < 0) == (by_value < 0));
			if (value_eq(v[i], v[k]) == TRUTH_TRUE)
				assert_int_equal(c, 0);
			switch (value_compare(v[i], v[k])) {
			case CMP_LESS:
				assert_true(c <= 0);
				break;
			case CMP_EQUAL:
				assert_int_equal(c, 0);
				break;
			case CMP_GREATER:
				assert_true(c >= 0);
				break;
			default:
				break;
			}
			if (index_key_rank(v[i]) != index_key_rank(v[k]))
				assert_int_not_equal(c, 0);
		}
}

/* ---- the tree
 * ------------------------------------------------------------------------------------ */

#define MODEL_KEYS 4000

struct model { /* key number -> whether its pair is there */
	bool has[MODEL_KEYS];
	uint32_t n;
};

/* Keys of many lengths, some with the same bytes and another id. */
static struct tree_key model_key(uint32_t i, uint8_t buf[INDEX_KEY_MAX])
{
	char text[INDEX_KEY_MAX + 1];
	uint32_t group = i / 8;
	int n =
	    snprintf(text, sizeof text, "%s%05u%.*s", group % 3 == 0 ? "prefix/" : "", group,
		     (int)(group % 7 == 0 ? group % 200 : 0),
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

	memcpy(buf, text, (size_t)n);
	return (struct tree_key){buf, (uint32_t)n, i % 8};
}

static struct leaf *leaf_buffer(void)
{
	struct leaf *l = malloc(LEAF_BYTES);

	assert_non_null(l);
	return l;
}

/* All pairs, forward or backward, are in order and as many as there should be. */
static void assert_in_order(struct index_tree *t, const struct model *m, bool back)
{
	struct leaf *copy = leaf_buffer();
	uint8_t at_buf[INDEX_KEY_MAX], buf[INDEX_KEY_MAX], last_buf[INDEX_KEY_MAX];
	struct tree_key at = {0}, last = {0};
	uint32_t n = 0;

	if (!back)
		at = (struct tree_key){(const uint8_t *)"", 0, 0};
	for (;;) {
		tree_copy_leaf(t, at, back, copy);
		for (uint32_t k = 0; k < copy->n; k++, n++) {
			uint32_t i = back ? copy->n - 1 - k : k;
			struct tree_key x = {buf, leaf_key(copy, i, buf), copy->slots[i].id};
			if (last.p != NULL)
				assert_true(back ? tree_key_cmp(x, last) < 0
						 : tree_key_cmp(last, x) < 0);
			memcpy(last_buf, buf, x.len);
			last = (struct tree_key){last_buf, x.len, x.id};
		}
		struct tree_key next = back ? leaf_low(copy) : leaf_high(copy);
		if (next.p == NULL)
			break;
		memcpy(at_buf, next.p, next.len);
		at = (struct tree_key){at_buf, next.len, next.id};
	}
	assert_int_equal(n, m->n);
	assert_int_equal(atomic_load(&t->n_pairs), m->n);
	free(copy);
}

static uint32_t groups_of(const struct model *m)
{
	uint32_t n = 0;

	for (uint32_t g = 0; g < MODEL_KEYS; g += 8) {
		bool any = false;
		for (uint32_t i = g; i < g + 8; i++)
			any = any || m->has[i];
		n += any;
	}
	return n;
}

static void assert_ids(struct index_tree *t, const struct model *m, uint32_t group)
{
	uint8_t buf[INDEX_KEY_MAX];
	uint32_t ids[8], n = 0;
	uint32_t found = tree_ids(t, model_key(group * 8, buf), ids, ARRAY_LEN(ids));

	for (uint32_t i = 0; i < 8; i++)
		if (m->has[group * 8 + i]) {
			assert_true(n < found);
			assert_int_equal(ids[n++], i);
		}
	assert_int_equal(found, n);
}

static uint64_t nothing_durable(void *ctx)
{
	return 1;
}

static void a_tree_is_what_was_put_into_it(void **state)
{
	struct epoch_table epochs;
	struct index_tree t;
	struct rand r;
	struct model *m = calloc(1, sizeof *m);

	assert_non_null(m);
	rand_seed(&r, 11);
	assert_int_equal(epoch_init(&epochs), ST_OK);
	assert_int_equal(tree_init(&t, &epochs), ST_OK);
	for (unsigned round = 0; round < 60000; round++) {
		uint8_t buf[INDEX_KEY_MAX];
		uint32_t i = (uint32_t)rand_below(&r, MODEL_KEYS);
		bool add = rand_below(&r, 10) < (round / 10000 % 2 == 0 ? 7 : 2);
		struct tree_key k = model_key(i, buf);
		if (add)
			assert_int_equal(tree_insert(&t, k), ST_OK);
		else
			tree_remove(&t, k);
		m->n += add - m->has[i];
		m->has[i] = add;
		if (round % 50 == 0)
			assert_ids(&t, m, i / 8);
		if (round % 5000 == 0) {
			assert_in_order(&t, m, false);
			assert_in_order(&t, m, true);
			int64_t n_keys = atomic_load(&t.n_keys), groups = groups_of(m);
			assert_true(llabs(n_keys - groups) <= 10 + groups / 10);
			(void)epoch_collect(&epochs, nothing_durable, NULL);
		}
	}
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		uint8_t buf[INDEX_KEY_MAX];
		tree_remove(&t, model_key(i, buf));
	}
	assert_int_equal(atomic_load(&t.n_pairs), 0);
	for (unsigned i = 0; i < 3; i++)
		(void)epoch_collect(&epochs, nothing_durable, NULL);
	assert_true(mem_used(MEM_INDEX) < 4 * LEAF_BYTES); /* empty leaves were given back */
	tree_release(&t);
	epoch_release(&epochs);
	free(m);
	assert_int_equal(mem_used(MEM_INDEX), 0);
}

/* Of all lengths, of two letters, with long beginnings in common: leaves of every shape. */
static void keys_of_any_length(void **state)
{
	enum { N = 3000 };
	static uint8_t bytes[N][INDEX_KEY_MAX];
	static uint32_t lens[N];
	struct epoch_table epochs;
	struct index_tree t;
	struct rand r;
	struct model *m = calloc(1, sizeof *m);

	assert_non_null(m);
	assert_int_equal(epoch_init(&epochs), ST_OK);
	for (uint64_t seed = 0; seed < 6; seed++) {
		rand_seed(&r, seed);
		memset(m, 0, sizeof *m);
		assert_int_equal(tree_init(&t, &epochs), ST_OK);
		for (uint32_t i = 0; i < N; i++) {
			uint32_t limit = rand_below(&r, 4) == 0 ? INDEX_KEY_MAX : 12;
			uint32_t same = (uint32_t)rand_below(&r, limit);
			lens[i] = 1 + (uint32_t)rand_below(&r, limit);
			for (uint32_t k = 0; k < lens[i]; k++)
				bytes[i][k] = k < same ? 'a' : 'a' + (uint8_t)rand_below(&r, 2);
		}
		for (unsigned round = 0; round < 20000; round++) {
			uint32_t i = (uint32_t)rand_below(&r, N);
			bool add = rand_below(&r, 10) < (round < 12000 ? 8 : 2);
			struct tree_key k = {bytes[i], lens[i], i};
			if (add)
				assert_int_equal(tree_insert(&t, k), ST_OK);
			else
				tree_remove(&t, k);
			m->n += add - m->has[i];
			m->has[i] = add;
			if (round % 2000 == 1999) {
				assert_in_order(&t, m, false);
				assert_in_order(&t, m, true);
			}
		}
		for (uint32_t i = 0; i < N; i++) {
			uint32_t ids[N],
			    n = tree_ids(&t, (struct tree_key){bytes[i], lens[i], 0}, ids, N);
			bool found = false;
			for (uint32_t k = 0; k < n; k++)
				found = found || ids[k] == i;
			assert_true(found == m->has[i]);
		}
		tree_release(&t);
		(void)epoch_collect(&epochs, nothing_durable, NULL);
	}
	epoch_release(&epochs);
	free(m);
	assert_int_equal(mem_used(MEM_INDEX), 0);
}

static void keys_in_order_fill_leaves(void **state)
{
	struct epoch_table epochs;
	struct index_tree t;

	assert_int_equal(epoch_init(&epochs), ST_OK);
	assert_int_equal(tree_init(&t, &epochs), ST_OK);
	for (uint32_t i = 0; i < 50000; i++) {
		uint8_t buf[INDEX_KEY_MAX];
		struct tree_key k = {buf, index_key(value_int(i), buf), i};
		assert_int_equal(tree_insert(&t, k), ST_OK);
	}
	for (unsigned i = 0; i < 3; i++)
		(void)epoch_collect(&epochs, nothing_durable, NULL);
	assert_true(mem_used(MEM_INDEX) < 50000 * 14);
	for (uint32_t i = 0; i < 50000; i += 1000) {
		uint8_t buf[INDEX_KEY_MAX];
		struct tree_key k = {buf, index_key(value_int(i), buf), 0};
		double rank = tree_rank(&t, k) * 50000;
		assert_true(rank > 0.9 * i - 600 && rank < 1.1 * i + 600);
	}
	tree_release(&t);
	epoch_release(&epochs);
}

static void without_memory_nothing_changes(void **state)
{
	struct epoch_table epochs;
	struct index_tree t;
	uint32_t n = 0, failed = 0;

	assert_int_equal(epoch_init(&epochs), ST_OK);
	assert_int_equal(tree_init(&t, &epochs), ST_OK);
	for (uint32_t i = 0; i < 4000; i++) {
		uint8_t buf[INDEX_KEY_MAX];
		struct tree_key k = model_key(i * 7919 % MODEL_KEYS, buf);
		for (unsigned nth = 1;; nth++) {
			mem_fail_nth(nth, true);
			enum status st = tree_insert(&t, k);
			mem_fail_nth(0, false);
			if (st == ST_OK)
				break;
			assert_int_equal(st, ST_NOMEM);
			assert_int_equal(atomic_load(&t.n_pairs), n);
			failed++;
		}
		n++;
	}
	assert_true(failed > 50);
	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		uint8_t buf[INDEX_KEY_MAX];
		mem_fail_nth(1, true);
		tree_remove(&t, model_key(i, buf)); /* needs none */
		mem_fail_nth(0, false);
	}
	assert_int_equal(atomic_load(&t.n_pairs), 0);
	tree_release(&t);
	epoch_release(&epochs);
	assert_int_equal(mem_used(MEM_INDEX), 0);
}

/* ---- ranges under a view --------------------------------------------------------------------- */

struct fixture {
	struct store *s;
	struct graph *g;
	struct writer w; /* without versions */
	struct view all;
	struct arena a;
	name_id label, key;
	struct prop_index *ix;
};

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){.all = {.read_lsn = UINT64_MAX - 1}};
	assert_int_equal(store_new(&f->s), ST_OK);
	f->g = store_graph_default(f->s);
	f->w = (struct writer){.store = f->s, .view = &f->all};
	assert_int_equal(store_name_add(f->s, NAME_LABEL, STR("L"), &f->label), ST_OK);
	assert_int_equal(store_name_add(f->s, NAME_KEY, STR("k"), &f->key), ST_OK);
	assert_int_equal(index_create(f->g, STR("ix"), f->label, f->key, false, &f->ix), ST_OK);
	index_set_ready(f->ix, 0);
	arena_init(&f->a, MEM_OTHER, NULL);
}

static void close_fixture(struct fixture *f)
{
	arena_release(&f->a);
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

/* Ids in the order in which the cursor gives them, in slices of 7. */
static uint32_t ids_of(struct fixture *f, const struct view *v, struct index_range r, elem_id *ids,
		       uint32_t max)
{
	struct index_cursor *c = index_cursor_new(&f->a);
	uint32_t n = 0, got;

	assert_non_null(c);
	assert_int_equal(index_cursor_open(c, f->ix, v, &r), ST_OK);
	while (index_cursor_next(c, ids + n, MIN_OF(7u, max - n), &got)) {
		n += got;
		assert_true(n < max);
	}
	n += got;
	assert_false(index_cursor_next(c, ids + n, 1, &got));
	assert_int_equal(got, 0);
	return n;
}

#define RANGE_IDS 4096

/* As many as there are nodes in the range by value_compare(), ascending and descending. */
static void assert_range(struct fixture *f, struct index_range r, const struct value *values,
			 const elem_id *nodes, uint32_t n_nodes, uint32_t want)
{
	static elem_id ids[RANGE_IDS], back[RANGE_IDS];
	uint32_t n = ids_of(f, &f->all, r, ids, RANGE_IDS);
	const struct value *last = NULL;

	assert_int_equal(n, want);
	r.descending = true;
	assert_int_equal(ids_of(f, &f->all, r, back, RANGE_IDS), want);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = 0;
		while (at < n_nodes && nodes[at] != ids[i])
			at++;
		assert_true(at < n_nodes);
		if (last != NULL)
			assert_true(value_order(*last, values[at]) <= 0);
		last = &values[at];
		uint32_t times = 0;
		for (uint32_t k = 0; k < n; k++)
			times += back[k] == ids[i];
		assert_int_equal(times, 1);
	}
	if (n > 0)
		assert_int_equal(order_of_keys(graph_node_prop(f->g, &f->all, ids[0], f->key),
					       graph_node_prop(f->g, &f->all, back[n - 1], f->key)),
				 0);
}

static struct index_range range(enum index_bound low_kind, struct value low,
				enum index_bound high_kind, struct value high)
{
	return (struct index_range){.low_kind = (uint8_t)low_kind,
				    .high_kind = (uint8_t)high_kind,
				    .low = low,
				    .high = high};
}

static void ranges_are_what_comparison_says(void **state)
{
	enum { N = 3000 };
	static struct value values[N];
	static elem_id nodes[N];
	static char texts[N][16];
	struct fixture f;
	struct rand rnd;

	rand_seed(&rnd, 5);
	open_fixture(&f);
	for (uint32_t i = 0; i < N; i++) {
		int n = snprintf(texts[i], sizeof texts[i], "%s%u", i % 2 ? "ab" : "abc", i % 97);
		values[i] = i % 4 == 0	 ? value_int((int64_t)rand_below(&rnd, 200) - 100)
			    : i % 4 == 1 ? value_float((double)rand_below(&rnd, 400) / 2 - 100)
			    : i % 4 == 2 ? value_str((struct str){texts[i], (size_t)n})
			    : i % 8 == 3 ? value_bool(i % 16 == 3)
					 : value_float(NAN);
		nodes[i] = node(&f, values[i]);
	}
	const struct value bounds[] = {
	    value_int(-100),	    value_int(0),
	    value_float(0.5),	    value_float(99.5),
	    value_float(NAN),	    value_str(STR("ab5")),
	    value_str(STR("abc7")), value_str(STR("zz")),
	    value_bool(true),	    VALUE_NULL,
	    value_list(inner, 1),   value_float(INFINITY),
	};
	for (uint32_t b = 0; b < ARRAY_LEN(bounds) * ARRAY_LEN(bounds) * 9; b++) {
		enum index_bound low = (enum index_bound)(b % 3),
				 high = (enum index_bound)(b / 3 % 3);
		struct value x = bounds[b / 9 % ARRAY_LEN(bounds)];
		struct value y = bounds[b / 9 / ARRAY_LEN(bounds)];
		uint32_t want = 0;
		if (low == BOUND_NONE && high == BOUND_NONE && b >= 9)
			continue; /* all values, whatever x and y are */
		for (uint32_t i = 0; i < N; i++) {
			enum comparison cx = value_compare(values[i], x);
			enum comparison cy = value_compare(values[i], y);
			want += (low == BOUND_NONE || cx == CMP_GREATER ||
				 (cx == CMP_EQUAL && low == BOUND_INCLUSIVE)) &&
				(high == BOUND_NONE || cy == CMP_LESS ||
				 (cy == CMP_EQUAL && high == BOUND_INCLUSIVE));
		}
		assert_range(&f, range(low, x, high, y), values, nodes, N, want);
	}
	for (uint32_t b = 0; b < 3; b++) {
		struct str prefix = b == 0 ? STR("abc") : b == 1 ? STR("") : STR("ab9");
		uint32_t want = 0;
		for (uint32_t i = 0; i < N; i++)
			want +=
			    values[i].kind == V_STRING && str_starts(value_text(values[i]), prefix);
		assert_range(&f, range(BOUND_PREFIX, value_str(prefix), BOUND_NONE, VALUE_NULL),
			     values, nodes, N, want);
	}
	close_fixture(&f);
}

/* Long texts that differ only behind the end of a key, large integers with one nearest double. */
static void what_a_key_loses_the_value_tells(void **state)
{
	static char texts[3][2 * INDEX_KEY_MAX];
	struct fixture f;
	elem_id ids[8], a[3], b[3];

	open_fixture(&f);
	for (unsigned i = 0; i < 3; i++) {
		memset(texts[i], 'x', sizeof texts[i]);
		texts[i][sizeof texts[i] - 1] = (char)('0' + i);
		a[i] = node(&f, value_str((struct str){texts[i], sizeof texts[i]}));
		b[i] = node(&f, value_int(INT64_MAX - i));
	}
	struct value mid = value_str((struct str){texts[1], sizeof texts[1]});
	assert_int_equal(
	    ids_of(&f, &f.all, range(BOUND_EQUAL, mid, BOUND_NONE, VALUE_NULL), ids, 8), 1);
	assert_int_equal(ids[0], a[1]);
	assert_int_equal(
	    ids_of(&f, &f.all, range(BOUND_EXCLUSIVE, mid, BOUND_NONE, VALUE_NULL), ids, 8), 1);
	assert_int_equal(ids[0], a[2]);
	assert_int_equal(
	    ids_of(&f, &f.all,
		   range(BOUND_NONE, VALUE_NULL, BOUND_EXCLUSIVE, value_int(INT64_MAX - 1)), ids,
		   8),
	    1);
	assert_int_equal(ids[0], b[2]);
	/* One of two values with one key goes: the pair stays for the other. */
	assert_int_equal(store_node_set(&f.w, f.g, a[0], f.key, mid), ST_OK);
	assert_int_equal(
	    ids_of(&f, &f.all, range(BOUND_EQUAL, mid, BOUND_NONE, VALUE_NULL), ids, 8), 2);
	close_fixture(&f);
}

/* 5, 6 and 5 again, each by a transaction of its own; three views see one node each time. */
static void a_range_finds_a_node_once(void **state)
{
	struct fixture f;
	struct mark *m[2];
	elem_id id, ids[8];
	struct index_range all =
	    range(BOUND_INCLUSIVE, value_int(0), BOUND_INCLUSIVE, value_int(10));

	open_fixture(&f);
	id = node(&f, value_int(5));
	struct writer w[2];
	for (unsigned i = 0; i < 2; i++) {
		m[i] = mark_new(f.s);
		w[i] = (struct writer){.store = f.s, .view = &f.all, .mark = m[i], .seq = 1};
		assert_int_equal(store_node_set(&w[i], f.g, id, f.key, value_int(i == 0 ? 6 : 5)),
				 ST_OK);
		atomic_store(&m[i]->word, 10 * (i + 1));
	}
	for (uint64_t lsn = 5; lsn <= 25; lsn += 10) {
		struct view v = {.read_lsn = lsn};
		assert_int_equal(ids_of(&f, &v, all, ids, 8), 1);
		assert_int_equal(ids[0], id);
		struct index_range six = range(BOUND_EQUAL, value_int(6), BOUND_NONE, VALUE_NULL);
		assert_int_equal(ids_of(&f, &v, six, ids, 8), lsn == 15);
	}
	for (unsigned i = 2; i-- > 0;) {
		store_prune(w[i].effects.v, w[i].effects.n, m[i], 30);
		store_effects_release(w[i].effects.v, w[i].effects.n);
		vec_release(MEM_UNDO, &w[i].effects);
	}
	assert_int_equal(atomic_load(&f.ix->tree.n_pairs), 1); /* 6 has gone with its version */
	for (unsigned i = 0; i < 3; i++)
		(void)epoch_collect(store_epochs(f.s), nothing_durable, NULL);
	mark_unref(m[0]);
	mark_unref(m[1]);
	close_fixture(&f);
}

static void estimates_are_near(void **state)
{
	struct fixture f;

	open_fixture(&f);
	for (int64_t i = 0; i < 20000; i++)
		(void)node(&f, value_int(i / 10));
	double per_key = prop_index_rows_per_key(f.ix);
	assert_true(per_key > 9 && per_key < 11);
	struct index_range r =
	    range(BOUND_INCLUSIVE, value_int(500), BOUND_EXCLUSIVE, value_int(1500));
	double rows = prop_index_rows(f.ix, &r);
	assert_true(rows > 8500 && rows < 11500);
	r = range(BOUND_EXCLUSIVE, value_int(5000), BOUND_NONE, VALUE_NULL);
	assert_true(prop_index_rows(f.ix, &r) < 1);
	r = range(BOUND_EXCLUSIVE, VALUE_NULL, BOUND_NONE, VALUE_NULL);
	assert_true(prop_index_rows(f.ix, &r) < 1);
	close_fixture(&f);
}

/* ---- readers and writers at once ---------------------------------------------------------------
 */

#define RACE_KEYS 3000
#define RACE_ROUNDS 20000

struct race {
	struct epoch_table epochs;
	struct index_tree tree;
	_Atomic bool stop;
	_Atomic uint32_t n_bad;
};

/* Odd keys are always there; a writer adds and removes the even ones of its half. */
struct race_writer {
	struct thread thread;
	struct race *race;
	uint32_t first;
};

static struct tree_key race_key(uint32_t i, uint8_t buf[INDEX_KEY_MAX])
{
	return (struct tree_key){buf, index_key(value_int(i), buf), i};
}

static void write_pairs(void *arg)
{
	struct race_writer *w = arg;
	struct rand r;

	rand_seed(&r, w->first + 1);
	for (unsigned round = 0; round < RACE_ROUNDS; round++) {
		uint8_t buf[INDEX_KEY_MAX];
		uint32_t i = w->first + 2 * (uint32_t)rand_below(&r, RACE_KEYS / 4);
		struct epoch_slot *slot;
		if (epoch_open(&w->race->epochs, &slot) != ST_OK)
			bug(__FILE__, __LINE__, "an epoch slot");
		if (round / (RACE_ROUNDS / 8) % 2 == 1)
			tree_remove(&w->race->tree, race_key(i, buf));
		else if (tree_insert(&w->race->tree, race_key(i, buf)) != ST_OK)
			bug(__FILE__, __LINE__, "memory");
		epoch_close(slot);
	}
}

/* Every odd key once, in order, whatever happens beside us. */
static bool odd_keys_are_there(struct race *race, struct leaf *copy, bool back)
{
	uint8_t at_buf[INDEX_KEY_MAX], key_buf[INDEX_KEY_MAX];
	struct tree_key at = back ? (struct tree_key){0} : (struct tree_key){at_buf, 0, 0};
	uint32_t want = back ? RACE_KEYS - 1 : 1;

	for (;;) {
		tree_copy_leaf(&race->tree, at, back, copy);
		for (uint32_t k = 0; k < copy->n; k++) {
			uint32_t id = copy->slots[back ? copy->n - 1 - k : k].id;
			if (id % 2 == 0)
				continue;
			if (id != want)
				return false;
			want += back ? -2u : 2;
		}
		struct tree_key next = back ? leaf_low(copy) : leaf_high(copy);
		if (next.p == NULL)
			break;
		memcpy(at_buf, next.p, next.len);
		at = (struct tree_key){at_buf, next.len, next.id};
	}
	uint32_t one;
	return want == (back ? UINT32_MAX : RACE_KEYS + 1) &&
	       tree_ids(&race->tree, race_key(RACE_KEYS / 2 + 1, key_buf), &one, 1) == 1;
}

static void read_pairs(void *arg)
{
	struct race *race = arg;
	struct leaf *copy = malloc(LEAF_BYTES);
	unsigned n = 0;

	while (copy != NULL && !atomic_load(&race->stop)) {
		struct epoch_slot *slot;
		if (epoch_open(&race->epochs, &slot) != ST_OK)
			bug(__FILE__, __LINE__, "an epoch slot");
		if (!odd_keys_are_there(race, copy, ++n % 2 == 0))
			atomic_fetch_add(&race->n_bad, 1);
		epoch_close(slot);
	}
	free(copy);
}

static void collect_nodes(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop))
		(void)epoch_collect(&race->epochs, nothing_durable, NULL);
}

static void readers_miss_nothing_while_the_shape_changes(void **state)
{
	static struct race race;
	struct race_writer writers[2];
	struct thread reader, collector;

	assert_int_equal(epoch_init(&race.epochs), ST_OK);
	assert_int_equal(tree_init(&race.tree, &race.epochs), ST_OK);
	for (uint32_t i = 1; i < RACE_KEYS; i += 2) {
		uint8_t buf[INDEX_KEY_MAX];
		assert_int_equal(tree_insert(&race.tree, race_key(i, buf)), ST_OK);
	}
	assert_int_equal(thread_start(&reader, "reader", read_pairs, &race), ST_OK);
	assert_int_equal(thread_start(&collector, "collector", collect_nodes, &race), ST_OK);
	for (uint32_t i = 0; i < 2; i++) {
		writers[i].race = &race;
		writers[i].first = i * RACE_KEYS / 2;
		assert_int_equal(
		    thread_start(&writers[i].thread, "writer", write_pairs, &writers[i]), ST_OK);
	}
	for (uint32_t i = 0; i < 2; i++)
		thread_join(&writers[i].thread);
	atomic_store(&race.stop, true);
	thread_join(&reader);
	thread_join(&collector);
	assert_int_equal(atomic_load(&race.n_bad), 0);
	tree_release(&race.tree);
	epoch_release(&race.epochs);
	assert_int_equal(mem_used(MEM_INDEX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_compare_as_values),
	    cmocka_unit_test(a_tree_is_what_was_put_into_it),
	    cmocka_unit_test(keys_of_any_length),
	    cmocka_unit_test(keys_in_order_fill_leaves),
	    cmocka_unit_test(without_memory_nothing_changes),
	    cmocka_unit_test(ranges_are_what_comparison_says),
	    cmocka_unit_test(what_a_key_loses_the_value_tells),
	    cmocka_unit_test(a_range_finds_a_node_once),
	    cmocka_unit_test(estimates_are_near),
	    cmocka_unit_test(readers_miss_nothing_while_the_shape_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
