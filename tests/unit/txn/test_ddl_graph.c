/* Graphs that come and go: who sees them, who is refused, what is freed and when. */
#include <stdio.h>

#include "store/image.h"
#include "txn/redo.h"
#include "txn/txn_int.h"
#include "txn_test.h"

static enum status try_create(struct world *w, const char *name, enum graph_exists exists)
{
	struct txn_commit c = {0};
	struct graph *g, *old;
	struct txn *t;

	diag_reset(&w->d);
	TRY(txn_begin(w->m, TXN_WRITE, 0, &t));
	enum status st = txn_graph_create(t, str_of(name), exists, &g, &old, &w->d);
	if (st == ST_OK)
		return txn_commit(t, &c, &w->d);
	txn_rollback(t);
	return st;
}

static enum status try_drop(struct world *w, const char *name, bool if_exists)
{
	struct txn_commit c = {0};
	struct txn *t;
	bool found;

	diag_reset(&w->d);
	TRY(txn_begin(w->m, TXN_WRITE, 0, &t));
	enum status st = txn_graph_drop(t, str_of(name), if_exists, &found, &w->d);
	if (st == ST_OK)
		return txn_commit(t, &c, &w->d);
	txn_rollback(t);
	return st;
}

static struct graph *find(struct world *w, const char *name)
{
	return store_graph_find(w->store, str_of(name), txn_durable_lsn(w->m));
}

/* A world whose short names work in a new graph. */
static void open_in(struct world *w, const char *name)
{
	world_open(w);
	assert_int_equal(try_create(w, name, GRAPH_EXISTS_ERROR), ST_OK);
	w->g = find(w, name);
	assert_non_null(w->g);
}

static void fill(struct world *w, unsigned n)
{
	struct txn *t = txn_open(w, TXN_WRITE);
	elem_id last = 0;

	for (unsigned i = 0; i < n; i++) {
		elem_id id = new_node(w, t, "A", "x", value_int(i));
		if (i > 0)
			(void)new_edge(w, t, "T", last, id);
		last = id;
	}
	commit(w, t);
}

/* Beside open views, which keep what is retired. */
static void collect(struct world *w)
{
	for (unsigned i = 0; i < 8; i++)
		(void)txn_collect(w->m);
}

static void made_with_its_commit(void **state)
{
	struct world w;
	struct graph *g, *old;
	struct txn *t;

	world_open(&w);
	uint64_t version = store_catalog_version(w.store);
	assert_int_equal(txn_begin(w.m, TXN_WRITE, 0, &t), ST_OK);
	assert_int_equal(txn_graph_create(t, STR("g"), GRAPH_EXISTS_ERROR, &g, &old, &w.d), ST_OK);
	assert_null(find(&w, "g"));
	assert_int_equal(try_create(&w, "g", GRAPH_EXISTS_OK), ST_CONFLICT); /* not sure yet */
	assert_int_equal(w.d.code, GQL_SERIALIZATION);
	uint32_t id = graph_id(g);
	txn_rollback(t);
	assert_null(find(&w, "g"));

	assert_int_equal(try_create(&w, "g", GRAPH_EXISTS_ERROR), ST_OK);
	assert_true(store_catalog_version(w.store) > version);
	assert_non_null(find(&w, "g"));
	assert_int_not_equal(graph_id(find(&w, "g")), id);
	assert_ptr_equal(store_graph_by_id(w.store, graph_id(find(&w, "g"))), find(&w, "g"));
	assert_null(store_graph_find(w.store, STR("g"), 0)); /* an older view */
	assert_int_equal(try_create(&w, "g", GRAPH_EXISTS_ERROR), ST_INVALID);
	assert_int_equal(w.d.code, GQL_DUPLICATE_OBJECT);
	assert_int_equal(try_create(&w, "g", GRAPH_EXISTS_OK), ST_OK);
	world_close(&w);
}

static void views_of_a_dropped_graph_go_on(void **state)
{
	struct world w;

	open_in(&w, "g");
	uint32_t id = graph_id(w.g);
	collect_all(&w);
	uint64_t empty = mem_used(MEM_GRAPH);
	fill(&w, 10000);
	assert_true(mem_used(MEM_GRAPH) > empty + 400000);
	struct txn *old = txn_open(&w, TXN_EXPLICIT);
	assert_int_equal(try_drop(&w, "g", false), ST_OK);
	assert_null(find(&w, "g"));
	assert_ptr_equal(store_graph_find(w.store, STR("g"), txn_catalog_lsn(old)), w.g);
	assert_int_equal(try_create(&w, "g", GRAPH_EXISTS_ERROR), ST_OK);
	assert_ptr_not_equal(find(&w, "g"), w.g);
	collect(&w);
	assert_int_equal(count_nodes(&w, old, "A"), 10000);
	assert_get(&w, old, 9999, "x", 9999);
	assert_int_equal(degree(&w, old, 9999, ADJ_IN), 1);
	txn_rollback(old);
	collect_all(&w);
	assert_null(store_graph_by_id(w.store, id));
	assert_true(graph_id(find(&w, "g")) > id);
	assert_true(mem_used(MEM_GRAPH) < empty + 65536); /* names of A, x and T */
	assert_int_equal(mem_used(MEM_UNDO), 0);
	world_close(&w);
}

static void writers_in_a_dropped_graph_fail(void **state)
{
	struct world w;
	struct txn_commit c = {0};

	open_in(&w, "g");
	fill(&w, 10);
	struct txn *a = txn_open(&w, TXN_EXPLICIT), *b = txn_open(&w, TXN_EXPLICIT);
	set(&w, a, 1, "x", value_int(100));
	set(&w, b, 2, "x", value_int(200));
	assert_int_equal(try_drop(&w, "g", false), ST_OK);
	collect(&w);
	assert_int_equal(try_set(&w, a, 3, "x", value_int(300)), ST_CONFLICT);
	assert_int_equal(w.d.code, GQL_SERIALIZATION);
	assert_get(&w, b, 3, "x", 3);
	diag_reset(&w.d);
	assert_int_equal(txn_commit(b, &c, &w.d), ST_CONFLICT);
	assert_int_equal(w.d.code, GQL_SERIALIZATION);
	collect(&w);
	txn_rollback(a);
	collect_all(&w);
	assert_int_equal(mem_used(MEM_UNDO), 0);
	assert_null(store_graph_by_id(w.store, 1));
	world_close(&w);
}

/* What a committed writer left is cleaned up before the graph goes. */
static void versions_are_cleaned_up_first(void **state)
{
	struct world w;

	open_in(&w, "g");
	fill(&w, 10);
	struct txn *old = txn_open(&w, TXN_EXPLICIT), *t = txn_open(&w, TXN_WRITE);
	set(&w, t, 1, "x", value_int(100));
	commit(&w, t);
	assert_int_equal(try_drop(&w, "g", false), ST_OK);
	collect(&w);
	assert_get(&w, old, 1, "x", 1);
	txn_rollback(old);
	collect_all(&w);
	assert_int_equal(mem_used(MEM_UNDO), 0);
	assert_null(store_graph_by_id(w.store, 1));
	world_close(&w);
}

static void dropped_once(void **state)
{
	struct world w;
	struct txn_commit c = {0};
	struct txn *t;
	bool found;

	open_in(&w, "g");
	assert_int_equal(txn_begin(w.m, TXN_WRITE, 0, &t), ST_OK);
	assert_int_equal(txn_graph_drop(t, STR("g"), false, &found, &w.d), ST_OK);
	assert_true(found);
	assert_int_equal(try_drop(&w, "g", false), ST_OK);
	diag_reset(&w.d);
	assert_int_equal(txn_commit(t, &c, &w.d), ST_CONFLICT);
	assert_int_equal(try_drop(&w, "g", false), ST_INVALID);
	assert_int_equal(w.d.code, GQL_BAD_REFERENCE);
	assert_int_equal(try_drop(&w, "g", true), ST_OK);
	assert_int_equal(try_drop(&w, "default", true), ST_INVALID);
	assert_int_equal(w.d.code, GQL_DEPENDENT_OBJECT);
	assert_int_equal(try_create(&w, "default", GRAPH_EXISTS_REPLACE), ST_INVALID);
	assert_int_equal(w.d.code, GQL_DEPENDENT_OBJECT);
	world_close(&w);
}

static void replaced_at_once(void **state)
{
	struct world w;

	open_in(&w, "g");
	fill(&w, 10);
	struct txn *old = txn_open(&w, TXN_EXPLICIT);
	assert_int_equal(try_create(&w, "g", GRAPH_EXISTS_REPLACE), ST_OK);
	assert_ptr_equal(store_graph_find(w.store, STR("g"), txn_catalog_lsn(old)), w.g);
	assert_int_equal(count_nodes(&w, old, "A"), 10);
	txn_rollback(old);
	w.g = find(&w, "g");
	struct txn *t = txn_open(&w, TXN_READ);
	assert_int_equal(count_nodes(&w, t, "A"), 0);
	txn_rollback(t);
	world_close(&w);
}

static void transactions_of_their_own(void **state)
{
	struct world w;
	struct graph *g, *old;
	bool found;

	open_in(&w, "g");
	struct txn *t = txn_open(&w, TXN_EXPLICIT);
	assert_int_equal(txn_graph_create(t, STR("h"), GRAPH_EXISTS_ERROR, &g, &old, &w.d),
			 ST_INVALID);
	assert_int_equal(w.d.code, GQL_TXN_MIX);
	diag_reset(&w.d);
	assert_int_equal(txn_graph_drop(t, STR("g"), false, &found, &w.d), ST_INVALID);
	assert_int_equal(w.d.code, GQL_TXN_MIX);
	txn_rollback(t);
	t = txn_open(&w, TXN_WRITE);
	(void)new_node(&w, t, "A", NULL, VALUE_NULL);
	diag_reset(&w.d);
	assert_int_equal(txn_graph_drop(t, STR("g"), false, &found, &w.d), ST_INVALID);
	txn_rollback(t);
	world_close(&w);
}

static void limits(void **state)
{
	struct world w;
	char z[16];

	world_open(&w);
	for (unsigned i = 1; i < GRAPHS_MAX; i++) {
		snprintf(z, sizeof z, "g%u", i);
		assert_int_equal(try_create(&w, z, GRAPH_EXISTS_ERROR), ST_OK);
	}
	assert_int_equal(try_create(&w, "more", GRAPH_EXISTS_ERROR), ST_LIMIT);
	assert_int_equal(w.d.code, GQL_PROGRAM_LIMIT);
	assert_int_equal(try_drop(&w, "g500", false), ST_OK);
	collect_all(&w);
	assert_int_equal(try_create(&w, "more", GRAPH_EXISTS_ERROR), ST_OK);
	assert_int_equal(graph_id(find(&w, "more")), GRAPHS_MAX);
	assert_int_equal(try_create(&w, "", GRAPH_EXISTS_ERROR), ST_LIMIT);

	for (unsigned i = 1; i <= TXN_GRAPHS_MAX + 1; i++) { /* changed by one transaction */
		static struct txn *t;
		if (i == 1)
			t = txn_open(&w, TXN_EXPLICIT);
		snprintf(z, sizeof z, "g%u", i);
		w.g = find(&w, z);
		if (i <= TXN_GRAPHS_MAX) {
			(void)new_node(&w, t, "A", NULL, VALUE_NULL);
			continue;
		}
		name_id label = name(t, NAME_LABEL, "A");
		elem_id id;
		diag_reset(&w.d);
		assert_int_equal(txn_node_create(t, w.g, &label, 1, NULL, 0, &id, &w.d), ST_LIMIT);
		txn_rollback(t);
	}
	world_close(&w);
}

static void without_memory(void **state)
{
	struct world w;
	uint64_t n = 1;

	open_in(&w, "g");
	for (enum status st = ST_NOMEM; st != ST_OK; n++) {
		mem_fail_nth(n, true);
		st = try_create(&w, "h", GRAPH_EXISTS_ERROR);
		mem_fail_nth(0, false);
		assert_true(st == ST_OK || st == ST_NOMEM);
		assert_true((find(&w, "h") != NULL) == (st == ST_OK));
	}
	assert_true(n > 4);
	n = 1;
	for (enum status st = ST_NOMEM; st != ST_OK; n++) {
		mem_fail_nth(n, true);
		st = try_create(&w, "g", GRAPH_EXISTS_REPLACE);
		mem_fail_nth(0, false);
		assert_true(find(&w, "g") == w.g || st == ST_OK);
	}
	n = 1;
	for (enum status st = ST_NOMEM; st != ST_OK; n++) {
		mem_fail_nth(n, true);
		st = try_drop(&w, "g", false);
		mem_fail_nth(0, false);
		assert_true((find(&w, "g") == NULL) == (st == ST_OK));
	}
	world_close(&w);
}

/* ---- the log and the image ------------------------------------------------------------------- */

static void apply(struct store *s, const struct buf *b, enum status want)
{
	assert_int_equal(redo_apply(s, 1, (const uint8_t *)b->p, b->len), want);
}

static void from_the_log(void **state)
{
	struct world w;
	struct store *s;
	struct buf b;

	open_in(&w, "g");
	assert_int_equal(store_new(&s), ST_OK);
	buf_init(&b, MEM_OTHER, 0);
	redo_graph_create(&b, w.g);
	redo_node(&b, w.g, 0, NULL, 0, NULL, 0);
	apply(s, &b, ST_OK);
	struct graph *g = store_graph_by_id(s, graph_id(w.g));
	assert_non_null(g);
	assert_true(str_eq(graph_name(g), STR("g")));
	assert_int_equal(graph_count_nodes(g, NAME_NONE), 1);
	apply(s, &b, ST_CORRUPT); /* the id has a holder */
	buf_reset(&b);
	redo_graph_drop(&b, w.g);
	apply(s, &b, ST_OK);
	assert_null(store_graph_by_id(s, graph_id(w.g)));
	apply(s, &b, ST_CORRUPT);
	buf_reset(&b);
	redo_graph_drop(&b, store_graph_default(w.store));
	apply(s, &b, ST_CORRUPT);
	for (uint8_t op = 0; op < 40; op++) { /* no record of a few bytes does harm */
		for (unsigned rest = 0; rest < 4096; rest++) {
			const uint8_t bytes[] = {op, (uint8_t)(rest & 3), (uint8_t)(rest >> 2 & 7),
						 (uint8_t)(rest >> 5 & 7), (uint8_t)(rest >> 8)};
			for (size_t len = 1; len <= sizeof bytes; len++)
				(void)!redo_apply(s, 1, bytes, len);
		}
	}
	buf_release(&b);
	store_free(s);
	world_close(&w);
}

static void an_image_has_what_its_view_sees(void **state)
{
	struct world w;
	struct store *s;
	struct buf b;

	open_in(&w, "kept");
	assert_int_equal(try_create(&w, "dropped", GRAPH_EXISTS_ERROR), ST_OK);
	struct txn *t = txn_open(&w, TXN_READ);
	assert_int_equal(try_drop(&w, "dropped", false), ST_OK);
	assert_int_equal(try_create(&w, "later", GRAPH_EXISTS_ERROR), ST_OK);
	assert_int_equal(try_drop(&w, "later", false), ST_OK);
	collect(&w);
	buf_init(&b, MEM_OTHER, 0);
	assert_int_equal(image_catalog(w.store, txn_view(t), &b), ST_OK);
	txn_rollback(t);
	assert_int_equal(store_new(&s), ST_OK);
	assert_int_equal(image_load_catalog(s, buf_str(&b)), ST_OK);
	assert_non_null(store_graph_find(s, STR("kept"), 0));
	assert_non_null(store_graph_find(s, STR("dropped"), 0));
	assert_null(store_graph_find(s, STR("later"), 0));
	struct graph *g;
	assert_int_equal(store_graph_create(s, STR("new"), GRAPH_ID_NEW, 0, &g), ST_OK);
	assert_int_equal(graph_id(g), 4); /* after default, kept, dropped and later */
	for (size_t cut = 0; cut < b.len; cut++) {
		struct store *other;
		assert_int_equal(store_new(&other), ST_OK);
		assert_int_equal(image_load_catalog(other, (struct str){b.p, cut}), ST_CORRUPT);
		store_free(other);
	}
	buf_release(&b);
	store_free(s);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made_with_its_commit),
	    cmocka_unit_test(views_of_a_dropped_graph_go_on),
	    cmocka_unit_test(writers_in_a_dropped_graph_fail),
	    cmocka_unit_test(versions_are_cleaned_up_first),
	    cmocka_unit_test(dropped_once),
	    cmocka_unit_test(replaced_at_once),
	    cmocka_unit_test(transactions_of_their_own),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(without_memory),
	    cmocka_unit_test(from_the_log),
	    cmocka_unit_test(an_image_has_what_its_view_sees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
