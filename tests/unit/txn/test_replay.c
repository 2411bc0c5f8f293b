/* A random history, applied three times: by transactions, of which some are rolled back, some to a
 * savepoint and some run out of memory; by their redo; and through the image. All three stores must
 * be the same to a reader. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "store/image.h"
#include "txn/redo.h"
#include "txn/txn_int.h"
#include "txn_test.h"
#include "value/order.h"

#define N_TXNS 1500
#define N_OPS 12
#define N_KEYS 200 /* more than a chunk has columns */
#define N_LABELS 4
#define MAX_ID (16 * 4096) /* a chunk for each of the label sets that occur */

struct history {
	struct world a;	 /* by transactions */
	struct store *b; /* by redo */
	struct rand rand;
	name_id keys[N_KEYS], labels[N_LABELS], type[2];
	uint32_t n_named[NAME_N_KINDS];
	uint64_t n_committed, n_no_memory;
};

static uint64_t below(struct history *h, uint64_t n)
{
	return rand_below(&h->rand, n);
}

/* ---- random changes -------------------------------------------------------------------------- */

static const char *const texts[] = {
    "", "man", "woman",
    ("a text that is longer than what the dictionary of texts takes, "
     "so that it has a block of its own"),
    "zürich"};

static struct value any_value(struct history *h)
{
	static const struct value list[] = {{.kind = V_INT, .i = 1},
					    {.kind = V_STRING, .n = 3, .s = "two"}};
	switch (below(h, 10)) {
	case 0:
		return VALUE_NULL;
	case 1:
		return value_float((double)below(h, 100) / 4);
	case 2:
		return value_bool(below(h, 2) == 0);
	case 3:
	case 4:
		return value_str(str_of(texts[below(h, ARRAY_LEN(texts))]));
	case 5:
		return value_list(list, 2);
	case 6:
		return value_int((int64_t)(below(h, 1000) << below(h, 50)) *
				 (below(h, 2) ? 1 : -1));
	default:
		return value_int((int64_t)below(h, 100));
	}
}

static name_id any_key(struct history *h)
{
	return h->keys[below(h, below(h, 4) == 0 ? N_KEYS : 5)];
}

static bool any_node(struct history *h, struct txn *t, elem_id *ret)
{
	struct node_scan s;
	elem_id ids[64];

	node_scan_init(&s, h->a.g, txn_view(t), NAME_NONE);
	s.at = below(h, 14) * 4096 + below(h, 100);
	uint32_t n = node_scan_next(&s, ids, 64);
	if (n > 0)
		*ret = ids[below(h, n)];
	return n > 0;
}

static bool any_edge(struct history *h, struct txn *t, elem_id *ret)
{
	struct edge_scan s;
	elem_id ids[64], from[64], to[64];

	edge_scan_init(&s, h->a.g, txn_view(t), NAME_NONE);
	s.at = below(h, 14) * 4096 + below(h, 100);
	uint32_t n = edge_scan_next(&s, ids, from, to, 64);
	if (n > 0)
		*ret = ids[below(h, n)];
	return n > 0;
}

static enum status change_node(struct history *h, struct txn *t, elem_id x, uint64_t what)
{
	struct diag *d = &h->a.d;
	struct graph *g = h->a.g;

	switch (what) {
	case 0:
		return txn_label_add(t, g, x, h->labels[below(h, N_LABELS)], d);
	case 1:
		return txn_label_remove(t, g, x, h->labels[below(h, N_LABELS)], d);
	case 2:
		return txn_node_delete(t, g, x, true, d);
	default:
		return txn_node_set(t, g, x, any_key(h), any_value(h), d);
	}
}

static enum status change(struct history *h, struct txn *t)
{
	struct diag *d = &h->a.d;
	struct graph *g = h->a.g;
	struct prop p[3];
	elem_id x = 0, y = 0, made;
	uint64_t what = below(h, 16);

	for (unsigned i = 0; i < 3; i++)
		p[i] = (struct prop){h->keys[i * 3], any_value(h)};
	if (what < 3 || !any_node(h, t, &x) || !any_node(h, t, &y)) {
		name_id l[2] = {h->labels[below(h, N_LABELS)], h->labels[below(h, N_LABELS)]};
		return txn_node_create(t, g, l, (uint32_t)below(h, 3), p, 3, &made, d);
	}
	if (what < 7)
		return txn_edge_create(t, g, h->type[below(h, 2)], x, y, p, 2, &made, d);
	if (what < 13)
		return change_node(h, t, x, below(h, 10));
	if (!any_edge(h, t, &x))
		return ST_OK;
	return what < 15 ? txn_edge_delete(t, g, x, d)
			 : txn_edge_set(t, g, x, any_key(h), any_value(h), d);
}

/* A clause of changes; what is deleted in it may be met again: that is the user's error. */
static enum status clause(struct history *h, struct txn *t)
{
	for (uint64_t n = below(h, N_OPS); n > 0; n--) {
		diag_reset(&h->a.d);
		enum status st = change(h, t);
		if (st != ST_OK && st != ST_INVALID)
			return st;
	}
	diag_reset(&h->a.d);
	TRY(txn_end_clause(t, &h->a.d));
	txn_next_clause(t);
	return ST_OK;
}

static enum status changes(struct history *h, struct txn *t)
{
	struct txn_savepoint sp;

	TRY(clause(h, t));
	if (below(h, 3) == 0) {
		txn_savepoint(t, &sp);
		TRY(clause(h, t));
		txn_rollback_to(t, &sp);
	}
	return clause(h, t);
}

/* ---- the same by redo
 * ---------------------------------------------------------------------------- */

static void apply_redo(struct history *h, struct txn *t, uint64_t lsn)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (unsigned k = 0; k < NAME_N_KINDS; k++) {
		uint32_t n = store_name_count(h->a.store, (enum name_kind)k);
		for (; h->n_named[k] < n; h->n_named[k]++)
			redo_name(&b, (enum name_kind)k, h->n_named[k],
				  store_name_text(h->a.store, (enum name_kind)k, h->n_named[k]));
	}
	buf_put_str(&b, buf_str(&t->redo));
	assert_int_equal(redo_apply(h->b, lsn, (const uint8_t *)b.p, b.len), ST_OK);
	buf_release(&b);
}

/* In a third of the transactions memory ends somewhere, and stays away for the rolling back. */
static void one_txn(struct history *h, uint64_t lsn)
{
	struct txn *t = txn_open(&h->a, TXN_EXPLICIT);
	bool starve = below(h, 3) == 0;

	if (starve)
		(void)mem_fail_nth(1 + below(h, 120), true);
	enum status st = changes(h, t);
	assert_true(st == ST_OK || (starve && st == ST_NOMEM));
	h->n_no_memory += st == ST_NOMEM;
	if (st != ST_OK || below(h, 5) == 0) {
		txn_rollback(t);
		(void)mem_fail_nth(0, false);
		return;
	}
	(void)mem_fail_nth(0, false);
	apply_redo(h, t, lsn);
	commit(&h->a, t);
	h->n_committed++;
}

/* ---- comparing
 * ------------------------------------------------------------------------------------- */

struct pair {
	uint32_t node, edge;
};

static int by_edge(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->edge > y->edge) - (x->edge < y->edge);
}

static uint32_t neighbours(struct graph *g, const struct view *v, elem_id id, enum adj_dir dir,
			   struct pair *out)
{
	struct adj_cursor c;
	struct adj_slice s;
	uint32_t n = 0;

	adj_open(&c, g, v, id, dir, NAME_NONE);
	while (adj_next(&c, &s))
		for (uint32_t i = 0; i < s.n; i++)
			out[n++] = (struct pair){s.nodes[i], s.edges[i]};
	qsort(out, n, sizeof *out, by_edge);
	return n;
}

static void same_props(struct graph *a, struct graph *b, const struct view *v, elem_id id,
		       bool node)
{
	struct arena m;
	const struct prop *p, *q;
	uint32_t n, k;

	arena_init(&m, MEM_OTHER, NULL);
	assert_int_equal((node ? graph_node_all_props : graph_edge_all_props)(a, v, id, &m, &p, &n),
			 ST_OK);
	assert_int_equal((node ? graph_node_all_props : graph_edge_all_props)(b, v, id, &m, &q, &k),
			 ST_OK);
	assert_int_equal(n, k);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(p[i].key, q[i].key);
		assert_true(value_same(p[i].value, q[i].value));
		assert_int_equal(p[i].value.kind, q[i].value.kind);
	}
	arena_release(&m);
}

static void same_node(struct graph *a, struct graph *b, const struct view *v, elem_id id)
{
	static struct pair x[20000], y[20000];
	name_id la[GRAPH_LABELS_MAX], lb[GRAPH_LABELS_MAX];
	unsigned n = graph_node_labels(a, v, id, la);

	assert_int_equal(n, graph_node_labels(b, v, id, lb));
	assert_memory_equal(la, lb, n * sizeof *la);
	same_props(a, b, v, id, true);
	for (unsigned dir = 0; dir < 2; dir++) {
		uint32_t k = neighbours(a, v, id, (enum adj_dir)dir, x);
		assert_int_equal(k, neighbours(b, v, id, (enum adj_dir)dir, y));
		assert_memory_equal(x, y, k * sizeof *x);
	}
}

static void same_graphs(struct graph *a, struct graph *b)
{
	struct view v = {.read_lsn = UINT64_MAX - 1};
	uint64_t n = 0;

	for (elem_id id = 0; id < MAX_ID; id++) {
		bool there = graph_node_exists(a, &v, id);
		assert_int_equal(there, graph_node_exists(b, &v, id));
		n += there;
		if (there)
			same_node(a, b, &v, id);
		there = graph_edge_exists(a, &v, id);
		assert_int_equal(there, graph_edge_exists(b, &v, id));
		if (!there)
			continue;
		name_id ta, tb;
		elem_id fa, fb, oa, ob;
		assert_true(graph_edge_ends(a, &v, id, &ta, &fa, &oa));
		assert_true(graph_edge_ends(b, &v, id, &tb, &fb, &ob));
		assert_true(ta == tb && fa == fb && oa == ob);
		same_props(a, b, &v, id, false);
	}
	assert_true(n > 50);
	assert_int_equal(graph_count_nodes(a, NAME_NONE), n);
	assert_int_equal(graph_count_nodes(b, NAME_NONE), n);
	assert_int_equal(graph_count_edges(a, NAME_NONE), graph_count_edges(b, NAME_NONE));
}

/* The index finds what a scan finds, each once. */
static void index_is_right(struct history *h, struct graph *g)
{
	struct view v = {.read_lsn = UINT64_MAX - 1};
	struct prop_index *ix = graph_index_find(g, &v, h->labels[0], h->keys[0]);
	struct arena m;

	assert_non_null(ix);
	arena_init(&m, MEM_OTHER, NULL);
	for (int64_t key = 0; key < 100; key++) {
		const elem_id *ids;
		uint32_t n, want = 0;
		struct node_scan s;
		elem_id id;
		node_scan_init(&s, g, &v, h->labels[0]);
		while (node_scan_next(&s, &id, 1) == 1)
			want += value_same(graph_node_prop(g, &v, id, h->keys[0]), value_int(key));
		assert_int_equal(prop_index_lookup(ix, &v, value_int(key), &m, &ids, &n), ST_OK);
		assert_int_equal(n, want);
	}
	arena_release(&m);
}

static void through_the_image(struct history *h, struct store *from, struct store *to)
{
	struct view v = {.read_lsn = txn_durable_lsn(h->a.m)};
	struct graph *g = store_graph_default(from);
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	assert_int_equal(image_names(from, &b), ST_OK);
	assert_int_equal(image_load_names(to, buf_str(&b)), ST_OK);
	buf_reset(&b);
	assert_int_equal(image_catalog(from, &v, &b), ST_OK);
	assert_int_equal(image_load_catalog(to, buf_str(&b)), ST_OK);
	assert_int_equal(epoch_open(store_epochs(from), &v.slot), ST_OK);
	epoch_set_read_lsn(v.slot, v.read_lsn);
	for (enum image_section s = IMAGE_NODES; s <= IMAGE_EDGES; s++) {
		for (uint32_t i = 0; i < image_chunks(g, s); i++) {
			uint64_t first, last;
			buf_reset(&b);
			assert_int_equal(image_chunk(g, s, i, &v, &b, &first, &last), ST_OK);
			if (b.len > 0)
				assert_int_equal(
				    image_load_chunk(store_graph_default(to), s, buf_str(&b)),
				    ST_OK);
		}
	}
	epoch_close(v.slot);
	assert_int_equal(image_end(to), ST_OK);
	buf_release(&b);
}

static void history_open(struct history *h, uint64_t seed)
{
	char z[16];

	world_open(&h->a);
	assert_int_equal(store_new(&h->b), ST_OK);
	rand_seed(&h->rand, seed);
	struct txn *t = txn_open(&h->a, TXN_WRITE);
	for (unsigned i = 0; i < N_KEYS; i++) {
		snprintf(z, sizeof z, "key%u", i);
		h->keys[i] = name(t, NAME_KEY, z);
	}
	for (unsigned i = 0; i < N_LABELS; i++) {
		snprintf(z, sizeof z, "L%u", i);
		h->labels[i] = name(t, NAME_LABEL, z);
	}
	h->type[0] = name(t, NAME_TYPE, "R");
	h->type[1] = name(t, NAME_TYPE, "S");
	diag_reset(&h->a.d);
	assert_int_equal(
	    txn_index_create(t, h->a.g, STR("ix"), h->labels[0], h->keys[0], false, false, &h->a.d),
	    ST_OK);
	apply_redo(h, t, 1);
	commit(&h->a, t);
}

static void a_history_is_the_same_in_three_ways(void **state)
{
	static struct history h;
	struct store *c;

	for (uint64_t seed = 1; seed <= 3; seed++) {
		h = (struct history){0};
		history_open(&h, seed);
		for (uint64_t i = 0; i < N_TXNS; i++) {
			one_txn(&h, 2 + i);
			if (i % 7 == 0)
				(void)txn_collect(h.a.m);
		}
		assert_true(h.n_committed > N_TXNS / 3 && h.n_no_memory > 20);
		same_graphs(h.a.g, store_graph_default(h.b));
		index_is_right(&h, h.a.g);
		collect_all(&h.a);
		same_graphs(h.a.g, store_graph_default(h.b));
		index_is_right(&h, h.a.g);
		index_is_right(&h, store_graph_default(h.b));
		assert_int_equal(store_new(&c), ST_OK);
		through_the_image(&h, h.a.store, c);
		same_graphs(h.a.g, store_graph_default(c));
		index_is_right(&h, store_graph_default(c));
		store_free(c);
		store_free(h.b);
		world_close(&h.a);
	}
}

static void bytes_that_make_no_sense_are_refused(void **state)
{
	static const uint8_t bad[][6] = {
	    {0},
	    {99, 0},
	    {2, 0, 5, 1, 9, 0},
	    {3, 0, 0, 7, 0, 0},
	    {4, 7, 0, 0, 0, 0},
	    {8, 0, 3},
	    {1, 0, 4, 1, 'x'},
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		struct store *s;
		assert_int_equal(store_new(&s), ST_OK);
		assert_int_equal(redo_apply(s, 1, bad[i], sizeof bad[i]), ST_CORRUPT);
		store_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_history_is_the_same_in_three_ways),
	    cmocka_unit_test(bytes_that_make_no_sense_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
