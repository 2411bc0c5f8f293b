/* Writers, readers, a snapshot and the collector at once. Every observation of a reader, and of one
 * who reads what a snapshot holds, is compared, at the end, with the history of what was committed;
 * sums and pairs are checked as they are read. Bounded rounds; meant for ThreadSanitizer too
 * (-fsanitize=thread). */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/thread.h"
#include "base/vec.h"
#include "store/image.h"
#include "store/settle.h"
#include "txn_test.h"

#define N_NODES 40
#define N_WRITERS 2
#define N_READERS 2
#define ROUNDS 1500
#define START 100
#define DEGREE 3

struct event { /* of one node: its balance from an LSN on; or what a reader saw at a read point */
	uint64_t lsn;
	uint32_t node;
	int64_t value;
};

struct actor {
	struct thread thread;
	struct stress *s;
	struct rand rand;
	struct diag d;
	VEC(struct event) events;
	uint64_t n_done, n_conflicts;
};

struct stress {
	struct world w;
	elem_id nodes[N_NODES];
	name_id bal, twin, mixed, key, label, temp, type;
	_Atomic bool stop;
	struct actor writers[N_WRITERS], readers[N_READERS], saver, collector;
};

static void check(bool ok, const char *what)
{
	if (!ok)
		bug("tests/unit/txn/test_stress.c", 0, what);
}

/* ---- writers ------------------------------------------------------------------------------- */

static struct value mixed_value(struct actor *a, int64_t n)
{
	switch (rand_below(&a->rand, 4)) {
	case 0:
		return value_float((double)n);
	case 1:
		return value_str(STR("a text"));
	default:
		return value_int(n << rand_below(&a->rand, 40));
	}
}

static enum status put(struct actor *a, struct txn *t, elem_id id, name_id key, struct value v)
{
	return txn_node_set(t, a->s->w.g, id, key, v, &a->d);
}

/* The balance, and beside it the same as a text: they never differ in any view. */
static enum status put_balance(struct actor *a, struct txn *t, elem_id id, int64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%lld", (long long)n);

	TRY(put(a, t, id, a->s->bal, value_int(n)));
	return put(a, t, id, a->s->twin, value_str((struct str){text, (size_t)len}));
}

/* One edge of a node goes, another one comes: its degree is the same in every view. */
static enum status move_edge(struct actor *a, struct txn *t, elem_id from)
{
	struct stress *s = a->s;
	struct adj_cursor c;
	struct adj_slice slice;
	elem_id made;

	adj_open(&c, s->w.g, txn_view(t), from, ADJ_OUT, s->type);
	check(adj_next(&c, &slice), "a node has edges");
	TRY(txn_edge_delete(t, s->w.g, slice.edges[0], &a->d));
	return txn_edge_create(t, s->w.g, s->type, from, s->nodes[rand_below(&a->rand, N_NODES)],
			       NULL, 0, &made, &a->d);
}

/* A temporary node with an edge goes, another one comes. */
static enum status move_temp(struct actor *a, struct txn *t)
{
	struct stress *s = a->s;
	struct node_scan scan;
	elem_id id, made, edge;

	node_scan_init(&scan, s->w.g, txn_view(t), s->temp);
	check(node_scan_next(&scan, &id, 1) == 1, "there is a temporary node");
	TRY(txn_node_delete(t, s->w.g, id, true, &a->d));
	TRY(txn_node_create(t, s->w.g, &s->temp, 1, NULL, 0, &made, &a->d));
	return txn_edge_create(t, s->w.g, s->temp, made, s->nodes[rand_below(&a->rand, N_NODES)],
			       NULL, 0, &edge, &a->d);
}

static enum status transfer(struct actor *a, struct txn *t, uint32_t i, uint32_t j, int64_t ret[2])
{
	struct stress *s = a->s;
	struct graph *g = s->w.g;
	struct value x = graph_node_prop(g, txn_view(t), s->nodes[i], s->bal);
	struct value y = graph_node_prop(g, txn_view(t), s->nodes[j], s->bal);
	struct value k = graph_node_prop(g, txn_view(t), s->nodes[i], s->key);
	struct value l = graph_node_prop(g, txn_view(t), s->nodes[j], s->key);
	struct txn_savepoint sp;
	int64_t by = (int64_t)rand_below(&a->rand, 100000);

	ret[0] = x.i - by;
	ret[1] = y.i + by;
	TRY(put_balance(a, t, s->nodes[i], ret[0]));
	TRY(put_balance(a, t, s->nodes[j], ret[1]));
	TRY(put(a, t, s->nodes[i], s->key, l)); /* an indexed key changes hands */
	TRY(put(a, t, s->nodes[j], s->key, k));
	TRY(put(a, t, s->nodes[i], s->mixed, mixed_value(a, by)));
	txn_next_clause(t);
	txn_savepoint(t, &sp);
	TRY(put_balance(a, t, s->nodes[i], -1));
	TRY(move_edge(a, t, s->nodes[j]));
	txn_next_clause(t);
	txn_rollback_to(t, &sp);
	x = graph_node_prop(g, txn_view(t), s->nodes[i], s->bal);
	check(x.kind == V_INT && x.i == ret[0], "a savepoint restores");
	TRY(move_edge(a, t, s->nodes[i]));
	if (rand_below(&a->rand, 4) == 0)
		TRY(move_temp(a, t));
	return txn_end_clause(t, &a->d);
}

static void write_some(void *arg)
{
	struct actor *a = arg;
	struct stress *s = a->s;

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t i = (uint32_t)rand_below(&a->rand, N_NODES), j = (i + 1) % N_NODES;
		struct txn_commit c = {0};
		struct txn *t;
		int64_t now[2];
		diag_reset(&a->d);
		check(txn_begin(s->w.m, TXN_EXPLICIT, 0, &t) == ST_OK, "begin");
		enum status st = transfer(a, t, i, j, now);
		check(st == ST_OK || st == ST_CONFLICT, "a write succeeds or conflicts");
		if (st != ST_OK || rand_below(&a->rand, 5) == 0) {
			a->n_conflicts += st != ST_OK;
			txn_rollback(t);
			continue;
		}
		check(txn_commit(t, &c, &a->d) == ST_OK, "commit");
		a->n_done++;
		check(vec_push(MEM_OTHER, &a->events, (struct event){c.lsn, i, now[0]}) &&
			  vec_push(MEM_OTHER, &a->events, (struct event){c.lsn, j, now[1]}),
		      "memory");
	}
}

/* ---- readers -----------------------------------------------------------------------------------
 */

static void look_at_edges(struct stress *s, const struct view *v)
{
	uint64_t in = 0, out = 0, n = 0;
	struct edge_scan scan;
	elem_id ids[64], from[64], to[64];
	uint32_t k;

	for (uint32_t i = 0; i < N_NODES; i++) {
		uint64_t d = adj_degree(s->w.g, v, s->nodes[i], ADJ_OUT, s->type);
		check(d == DEGREE, "the degree never changes");
		out += d;
		in += adj_degree(s->w.g, v, s->nodes[i], ADJ_IN, s->type);
	}
	edge_scan_init(&scan, s->w.g, v, s->type);
	while ((k = edge_scan_next(&scan, ids, from, to, 64)) > 0)
		n += k;
	check(in == out && n == out, "both directions and the scan agree");
}

static void look_at_values(struct actor *a, const struct view *v)
{
	struct stress *s = a->s;
	elem_id ids[N_NODES];
	struct node_scan scan;
	int64_t sum = 0;
	struct value text;
	int64_t n;

	node_scan_init(&scan, s->w.g, v, s->label);
	check(node_scan_next(&scan, ids, N_NODES) == N_NODES, "all nodes");
	for (uint32_t i = 0; i < N_NODES; i++) {
		struct value x = graph_node_prop(s->w.g, v, s->nodes[i], s->bal);
		check(x.kind == V_INT, "a balance");
		text = graph_node_prop(s->w.g, v, s->nodes[i], s->twin);
		check(text.kind == V_STRING && str_to_i64(value_text(text), &n) && n == x.i,
		      "number and text agree");
		sum += x.i;
		check(vec_push(MEM_OTHER, &a->events, (struct event){v->read_lsn, i, x.i}),
		      "memory");
	}
	check(sum == (int64_t)N_NODES * START, "the sum never changes");
}

static void look_up(struct actor *a, const struct view *v, struct arena *arena)
{
	struct stress *s = a->s;
	struct prop_index *ix = graph_index_find(s->w.g, v, s->label, s->key);
	const elem_id *ids;
	uint32_t n;

	check(ix != NULL, "the index is there");
	int64_t key = (int64_t)rand_below(&a->rand, N_NODES);
	check(prop_index_lookup(ix, v, value_int(key), arena, &ids, &n) == ST_OK && n == 1,
	      "each key has one holder in every view");
	arena_reset(arena);
}

static void read_some(void *arg)
{
	struct actor *a = arg;
	struct stress *s = a->s;
	struct arena arena;

	arena_init(&arena, MEM_OTHER, NULL);
	while (!atomic_load(&s->stop) && a->events.n < 400000) {
		struct node_scan scan;
		struct txn *t;
		elem_id ids[4];
		check(txn_begin(s->w.m, TXN_READ, 0, &t) == ST_OK, "begin");
		const struct view *v = txn_view(t);
		for (int times = 0; times < 3; times++) { /* a view is the same all its life */
			look_at_values(a, v);
			look_at_edges(s, v);
			look_up(a, v, &arena);
			node_scan_init(&scan, s->w.g, v, s->temp);
			check(node_scan_next(&scan, ids, 4) == 1, "one temporary node");
		}
		txn_rollback(t);
		a->n_done++;
	}
	arena_release(&arena);
}

/* ---- snapshots ----------------------------------------------------------------------------- */

/* As snapshot/save.c does: the epoch is renewed after each chunk, the read point stays. */
static void copy_chunks(struct stress *s, const struct view *v, struct graph *to,
			enum image_section section)
{
	uint64_t first, last;

	for (uint32_t i = 0; i < image_chunks(s->w.g, section); i++) {
		struct buf b;
		buf_init(&b, MEM_OTHER, 0);
		check(image_chunk(s->w.g, section, i, v, &b, &first, &last) == ST_OK, "a chunk");
		check(b.len == 0 || image_load_chunk(to, section, buf_str(&b)) == ST_OK,
		      "a chunk is loaded");
		buf_release(&b);
		epoch_renew(store_epochs(s->w.store), v->slot);
	}
}

static struct store *copy_store(struct stress *s, const struct view *v)
{
	struct store *copy;
	struct buf names;

	check(store_new(&copy) == ST_OK, "memory");
	buf_init(&names, MEM_OTHER, 0);
	check(image_names(s->w.store, &names) == ST_OK &&
		  image_load_names(copy, buf_str(&names)) == ST_OK,
	      "names");
	buf_release(&names);
	copy_chunks(s, v, store_graph_default(copy), IMAGE_NODES);
	copy_chunks(s, v, store_graph_default(copy), IMAGE_EDGES);
	check(image_end(copy) == ST_OK, "the end");
	return copy;
}

/* What was saved is what the view saw, though most of it was saved later. */
static void look_at_copy(struct actor *a, struct graph *g, uint64_t lsn)
{
	static const struct view all = {.read_lsn = UINT64_MAX - 1};
	struct stress *s = a->s;
	int64_t sum = 0;

	for (uint32_t i = 0; i < N_NODES; i++) {
		struct value x = graph_node_prop(g, &all, s->nodes[i], s->bal);
		check(x.kind == V_INT, "a balance");
		sum += x.i;
		check(adj_degree(g, &all, s->nodes[i], ADJ_OUT, s->type) == DEGREE, "a degree");
		check(vec_push(MEM_OTHER, &a->events, (struct event){lsn, i, x.i}), "memory");
	}
	check(sum == (int64_t)N_NODES * START, "the sum");
	check(graph_count_nodes(g, s->temp) == 1, "one temporary node");
	check(graph_count_edges(g, s->type) == (uint64_t)N_NODES * DEGREE, "all edges");
}

static void save_some(void *arg)
{
	struct actor *a = arg;
	struct stress *s = a->s;

	while (!atomic_load(&s->stop) && a->events.n < 20000) {
		struct txn *t;
		check(txn_begin(s->w.m, TXN_READ, 0, &t) == ST_OK, "begin");
		const struct view *v = txn_view(t);
		struct store *copy = copy_store(s, v);
		look_at_copy(a, store_graph_default(copy), v->read_lsn);
		store_free(copy);
		txn_rollback(t);
		a->n_done++;
	}
}

static void collect(void *arg)
{
	struct actor *a = arg;
	struct settle at = SETTLE_BEGIN;

	while (!atomic_load(&a->s->stop)) {
		(void)txn_collect(a->s->w.m);
		(void)store_settle(a->s->w.store, &at);
	}
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static void lay_out(struct stress *s)
{
	struct world *w = &s->w;
	struct txn *t = txn_open(w, TXN_WRITE);

	s->bal = name(t, NAME_KEY, "bal");
	s->twin = name(t, NAME_KEY, "twin");
	s->mixed = name(t, NAME_KEY, "mixed");
	s->key = name(t, NAME_KEY, "key");
	s->label = name(t, NAME_LABEL, "N");
	s->temp = name(t, NAME_LABEL, "T");
	s->type = name(t, NAME_TYPE, "R");
	for (uint32_t i = 0; i < N_NODES; i++) {
		struct prop p[] = {{s->bal, value_int(START)},
				   {s->twin, value_str(STR("100"))},
				   {s->key, value_int(i)}};
		assert_int_equal(txn_node_create(t, w->g, &s->label, 1, p, 3, &s->nodes[i], &w->d),
				 ST_OK);
	}
	for (uint32_t i = 0; i < N_NODES; i++)
		for (uint32_t k = 0; k < DEGREE; k++)
			new_edge(w, t, "R", s->nodes[i], s->nodes[(i + k) % N_NODES]);
	elem_id id;
	assert_int_equal(txn_node_create(t, w->g, &s->temp, 1, NULL, 0, &id, &w->d), ST_OK);
	(void)name(t, NAME_TYPE, "T"); /* the type of temporary edges is another one */
	commit(w, t);
	t = txn_open(w, TXN_WRITE);
	diag_reset(&w->d);
	assert_int_equal(
	    txn_index_create(t, w->g, STR("by_key"), s->label, s->key, false, false, &w->d), ST_OK);
	commit(w, t);
}

static int by_node_and_lsn(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return (a->lsn > b->lsn) - (a->lsn < b->lsn);
}

/* What was seen at a read point is the newest committed value at or below it. */
static void compare_with_history(struct stress *s)
{
	const struct actor *lookers[N_READERS + 1] = {&s->saver};
	VEC(struct event) all = {0};

	for (uint32_t i = 0; i < N_NODES; i++)
		assert_true(vec_push(MEM_OTHER, &all, (struct event){0, i, START}));
	for (unsigned k = 0; k < N_WRITERS; k++)
		for (uint32_t i = 0; i < s->writers[k].events.n; i++)
			assert_true(vec_push(MEM_OTHER, &all, s->writers[k].events.v[i]));
	qsort(all.v, all.n, sizeof all.v[0], by_node_and_lsn);
	for (unsigned k = 0; k < N_READERS; k++)
		lookers[k + 1] = &s->readers[k];
	for (unsigned k = 0; k < N_READERS + 1; k++) {
		for (uint32_t i = 0; i < lookers[k]->events.n; i++) {
			const struct event *seen = &lookers[k]->events.v[i];
			uint32_t lo = 0, hi = all.n; /* the last one at or below */
			while (hi - lo > 1) {
				uint32_t mid = lo + (hi - lo) / 2;
				if (by_node_and_lsn(&all.v[mid], seen) <= 0)
					lo = mid;
				else
					hi = mid;
			}
			assert_int_equal(all.v[lo].node, seen->node);
			assert_int_equal(all.v[lo].value, seen->value);
		}
	}
	vec_release(MEM_OTHER, &all);
}

static void start(struct stress *s, struct actor *a, void (*run)(void *), uint64_t seed)
{
	a->s = s;
	rand_seed(&a->rand, seed);
	assert_int_equal(thread_start(&a->thread, "stress", run, a), ST_OK);
}

static void readers_see_the_history(void **state)
{
	static struct stress s;
	uint64_t n_commits = 0, n_reads = 0;

	world_open(&s.w);
	lay_out(&s);
	start(&s, &s.collector, collect, 1);
	start(&s, &s.saver, save_some, 2);
	for (unsigned i = 0; i < N_READERS; i++)
		start(&s, &s.readers[i], read_some, 10 + i);
	for (unsigned i = 0; i < N_WRITERS; i++)
		start(&s, &s.writers[i], write_some, 20 + i);
	for (unsigned i = 0; i < N_WRITERS; i++) {
		thread_join(&s.writers[i].thread);
		n_commits += s.writers[i].n_done;
	}
	atomic_store(&s.stop, true);
	for (unsigned i = 0; i < N_READERS; i++) {
		thread_join(&s.readers[i].thread);
		n_reads += s.readers[i].n_done;
	}
	thread_join(&s.collector.thread);
	thread_join(&s.saver.thread);
	assert_true(n_commits > 0 && n_reads > 0 && s.saver.n_done > 0);
	print_message("%llu commits, %llu views, %llu snapshots\n", (unsigned long long)n_commits,
		      (unsigned long long)n_reads, (unsigned long long)s.saver.n_done);
	compare_with_history(&s);
	for (unsigned i = 0; i < N_WRITERS; i++)
		vec_release(MEM_OTHER, &s.writers[i].events);
	for (unsigned i = 0; i < N_READERS; i++)
		vec_release(MEM_OTHER, &s.readers[i].events);
	vec_release(MEM_OTHER, &s.saver.events);
	world_close(&s.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(readers_see_the_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
