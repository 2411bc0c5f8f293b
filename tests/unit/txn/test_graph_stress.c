/* Threads that make, drop, replace, fill and read graphs beside a collector. What is committed in a
 * graph is there as long as the graph is; nothing is left in memory. Run under TSan and ASan. */
#include <stdio.h>

#include "base/hash.h"
#include "base/thread.h"
#include "txn_test.h"

#define N_THREADS 4
#define N_ROUNDS 1500
#define N_NAMES 3
#define IDS_MAX (N_THREADS * N_ROUNDS + 2)

struct shared {
	struct world w;
	_Atomic uint32_t committed[IDS_MAX]; /* nodes, by id of the graph */
	_Atomic uint32_t n_made, n_dropped, n_lost;
	_Atomic bool stop;
	name_id label;
};

struct worker {
	struct shared *sh;
	struct thread thread;
	struct rand rand;
};

static struct str any_name(struct worker *k)
{
	static const char *const names[N_NAMES] = {"a", "b", "c"};

	return str_of(names[rand_below(&k->rand, N_NAMES)]);
}

static uint32_t count(struct graph *g, const struct view *v)
{
	struct node_scan s;
	elem_id ids[64];
	uint32_t n = 0, got;

	node_scan_init(&s, g, v, NAME_NONE);
	while ((got = node_scan_next(&s, ids, 64)) > 0)
		n += got;
	return n;
}

/* cmocka's assertions are for the main thread. */
static void check(bool ok, int line)
{
	if (!ok)
		bug(__FILE__, line, "a thread has seen what cannot be");
}

static void change_catalog(struct worker *k, uint64_t what)
{
	struct txn_mgr *m = k->sh->w.m;
	struct txn_commit c = {0};
	struct graph *g, *old = NULL;
	struct txn *t;
	struct diag d;
	bool found = false;

	diag_reset(&d);
	check(txn_begin(m, TXN_WRITE, 0, &t) == ST_OK, __LINE__);
	enum status st = what == 0
			     ? txn_graph_drop(t, any_name(k), true, &found, &d)
			     : txn_graph_create(t, any_name(k),
						what == 1 ? GRAPH_EXISTS_REPLACE : GRAPH_EXISTS_OK,
						&g, &old, &d);
	bool makes = st == ST_OK && what != 0 && txn_has_writes(t);
	if (st != ST_OK)
		txn_rollback(t);
	else
		st = txn_commit(t, &c, &d);
	check(st == ST_OK || st == ST_CONFLICT, __LINE__);
	if (st != ST_OK)
		return;
	atomic_fetch_add(&k->sh->n_made, makes);
	atomic_fetch_add(&k->sh->n_dropped, found || old != NULL);
}

/* Sees what it has written, loses when the graph is dropped meanwhile. */
static void fill(struct worker *k)
{
	struct shared *sh = k->sh;
	struct txn_commit c = {0};
	struct txn *t;
	struct diag d;
	elem_id id;
	uint32_t n = 1 + (uint32_t)rand_below(&k->rand, 5);
	enum status st = ST_OK;

	diag_reset(&d);
	check(txn_begin(sh->w.m, TXN_EXPLICIT, 0, &t) == ST_OK, __LINE__);
	const struct view *v = txn_view(t);
	struct graph *g = store_graph_find(sh->w.store, any_name(k), txn_catalog_lsn(t));
	uint32_t before = g != NULL ? count(g, v) : 0;
	for (uint32_t i = 0; g != NULL && i < n && st == ST_OK; i++)
		st = txn_node_create(t, g, &sh->label, 1, NULL, 0, &id, &d);
	if (g == NULL || st != ST_OK || rand_below(&k->rand, 4) == 0) {
		check(g == NULL || count(g, v) == before, __LINE__);
		txn_rollback(t);
	} else {
		uint32_t graph = graph_id(g);
		txn_next_clause(t);
		check(count(g, v) == before + n, __LINE__);
		st = txn_commit(t, &c, &d);
		if (st == ST_OK)
			atomic_fetch_add(&sh->committed[graph], n);
	}
	check(st == ST_OK || st == ST_CONFLICT, __LINE__);
	atomic_fetch_add(&sh->n_lost, st == ST_CONFLICT);
}

static void work(void *arg)
{
	struct worker *k = arg;

	for (unsigned i = 0; i < N_ROUNDS; i++) {
		uint64_t what = rand_below(&k->rand, 12);
		if (what < 4)
			change_catalog(k, what);
		else
			fill(k);
	}
}

static void collect(void *arg)
{
	struct shared *sh = arg;

	while (!atomic_load(&sh->stop))
		(void)txn_collect(sh->w.m);
}

static void check_end(struct shared *sh)
{
	struct txn *t = txn_open(&sh->w, TXN_READ);

	for (uint32_t i = 1; i < IDS_MAX; i++) {
		struct graph *g = store_graph_by_id(sh->w.store, i);
		if (g != NULL && graph_is_seen(g, txn_view(t)->read_lsn))
			assert_int_equal(count(g, txn_view(t)), sh->committed[i]);
	}
	txn_rollback(t);
}

static void graphs_come_and_go(void **state)
{
	static struct shared sh;
	struct worker k[N_THREADS];
	struct thread collector;
	unsigned n_graphs = 0;

	world_open(&sh.w);
	assert_int_equal(store_name_find(sh.w.store, NAME_LABEL, STR("A")), NAME_NONE);
	struct txn *t = txn_open(&sh.w, TXN_WRITE);
	sh.label = name(t, NAME_LABEL, "A");
	txn_rollback(t);
	assert_int_equal(thread_start(&collector, "collector", collect, &sh), ST_OK);
	for (unsigned i = 0; i < N_THREADS; i++) {
		k[i] = (struct worker){.sh = &sh};
		rand_seed(&k[i].rand, i + 1);
		assert_int_equal(thread_start(&k[i].thread, "worker", work, &k[i]), ST_OK);
	}
	for (unsigned i = 0; i < N_THREADS; i++)
		thread_join(&k[i].thread);
	atomic_store(&sh.stop, true);
	thread_join(&collector);
	check_end(&sh);
	collect_all(&sh.w);
	for (uint32_t i = 0; i < store_graph_places(sh.w.store); i++)
		n_graphs += store_graph_at(sh.w.store, i) != NULL;
	assert_int_equal(n_graphs, 1 + sh.n_made - sh.n_dropped);
	assert_true(sh.n_made > 100 && sh.n_dropped > 100);
	assert_int_equal(mem_used(MEM_UNDO), 0);
	world_close(&sh.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(graphs_come_and_go)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
