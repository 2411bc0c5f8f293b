/* A store and a manager in memory, and short names for what tests do with them. */
#ifndef TXN_TEST_H
#define TXN_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "txn/txn.h"

struct world {
	struct store *store;
	struct txn_mgr *m;
	struct graph *g;
	struct diag d;
};

static inline void world_open(struct world *w)
{
	*w = (struct world){0};
	assert_int_equal(store_new(&w->store), ST_OK);
	assert_int_equal(txn_mgr_new(w->store, NULL, 0, &w->m), ST_OK);
	w->g = store_graph_default(w->store);
}

static inline void world_close(struct world *w)
{
	uint64_t before;

	txn_mgr_free(w->m);
	store_free(w->store);
	before = mem_used(MEM_GRAPH) + mem_used(MEM_UNDO) + mem_used(MEM_INDEX);
	assert_int_equal(before, 0);
}

static inline struct txn *txn_open(struct world *w, enum txn_mode mode)
{
	struct txn *t;

	assert_int_equal(txn_begin(w->m, mode, 0, &t), ST_OK);
	(void)txn_view(t);
	return t;
}

static inline void commit(struct world *w, struct txn *t)
{
	struct txn_commit c = {0};

	diag_reset(&w->d);
	assert_int_equal(txn_commit(t, &c, &w->d), ST_OK);
}

static inline void collect_all(struct world *w)
{
	while (txn_collect(w->m))
		;
}

static inline name_id name(struct txn *t, enum name_kind kind, const char *z)
{
	struct diag d;
	name_id id;

	diag_reset(&d);
	assert_int_equal(txn_name(t, kind, str_of(z), &id, &d), ST_OK);
	return id;
}

static inline elem_id new_node(struct world *w, struct txn *t, const char *label, const char *key,
			       struct value v)
{
	name_id l = name(t, NAME_LABEL, label);
	struct prop p = {.value = v};
	elem_id id;

	diag_reset(&w->d);
	if (key != NULL)
		p.key = name(t, NAME_KEY, key);
	assert_int_equal(txn_node_create(t, w->g, &l, 1, &p, key != NULL, &id, &w->d), ST_OK);
	return id;
}

static inline elem_id new_edge(struct world *w, struct txn *t, const char *type, elem_id from,
			       elem_id to)
{
	elem_id id;

	diag_reset(&w->d);
	assert_int_equal(
	    txn_edge_create(t, w->g, name(t, NAME_TYPE, type), from, to, NULL, 0, &id, &w->d),
	    ST_OK);
	return id;
}

static inline enum status try_set(struct world *w, struct txn *t, elem_id id, const char *key,
				  struct value v)
{
	diag_reset(&w->d);
	return txn_node_set(t, w->g, id, name(t, NAME_KEY, key), v, &w->d);
}

static inline void set(struct world *w, struct txn *t, elem_id id, const char *key, struct value v)
{
	assert_int_equal(try_set(w, t, id, key, v), ST_OK);
}

static inline struct value get(struct world *w, struct txn *t, elem_id id, const char *key)
{
	name_id k = store_name_find(w->store, NAME_KEY, str_of(key));

	return graph_node_prop(w->g, txn_view(t), id, k);
}

static inline void assert_get(struct world *w, struct txn *t, elem_id id, const char *key,
			      int64_t want)
{
	struct value v = get(w, t, id, key);

	assert_int_equal(v.kind, V_INT);
	assert_int_equal(v.i, want);
}

static inline uint64_t degree(struct world *w, struct txn *t, elem_id id, enum adj_dir dir)
{
	return adj_degree(w->g, txn_view(t), id, dir, NAME_NONE);
}

static inline uint64_t count_nodes(struct world *w, struct txn *t, const char *label)
{
	struct node_scan s;
	elem_id ids[100];
	uint64_t n = 0;
	uint32_t k;

	node_scan_init(&s, w->g, txn_view(t),
		       label != NULL ? store_name_find(w->store, NAME_LABEL, str_of(label))
				     : NAME_NONE);
	while ((k = node_scan_next(&s, ids, 100)) > 0)
		n += k;
	return n;
}

#endif
