/* A range of an index beside writers: the value of each node goes from 5 to 6 and back, now and
 * then the change is taken back, and whoever reads 0 to 10 finds each node once. */
#include "base/hash.h"
#include "base/thread.h"
#include "txn_test.h"

#define N_NODES 20
#define N_WRITERS 2
#define ROUNDS 1500

struct race {
	struct world w;
	elem_id nodes[N_NODES];
	name_id key;
	_Atomic bool stop;
	_Atomic uint32_t n_reads, n_wrong;
};

struct writer_thread {
	struct thread thread;
	struct race *race;
	uint64_t seed;
};

static void cycle_values(void *arg)
{
	struct writer_thread *me = arg;
	struct race *r = me->race;
	struct rand rand;

	rand_seed(&rand, me->seed);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct txn_commit c = {0};
		struct diag d;
		struct txn *t;
		elem_id id = r->nodes[rand_below(&rand, N_NODES)];

		diag_reset(&d);
		if (txn_begin(r->w.m, TXN_WRITE, 0, &t) != ST_OK)
			bug(__FILE__, __LINE__, "a transaction");
		struct value now = graph_node_prop(r->w.g, txn_view(t), id, r->key);
		enum status st =
		    txn_node_set(t, r->w.g, id, r->key, value_int(now.i == 5 ? 6 : 5), &d);
		if (st != ST_OK || rand_below(&rand, 4) == 0)
			txn_rollback(t);
		else if (txn_commit(t, &c, &d) != ST_OK)
			bug(__FILE__, __LINE__, "a commit");
	}
}

/* Each node once, in the order of its value under the view. */
static bool range_is_whole(struct race *r, const struct view *v, struct index_cursor *c, bool down)
{
	const struct index_range range = {.low_kind = BOUND_INCLUSIVE,
					  .low = value_int(0),
					  .high_kind = BOUND_INCLUSIVE,
					  .high = value_int(10),
					  .descending = down};
	name_id label = store_name_find(r->w.store, NAME_LABEL, STR("N"));
	struct prop_index *ix = graph_index_find(r->w.g, v, label, r->key);
	elem_id ids[3];
	uint64_t seen = 0;
	int64_t last = down ? 6 : 5;
	uint32_t n;
	bool more = true;

	if (ix == NULL || index_cursor_open(c, ix, v, &range) != ST_OK)
		return false;
	while (more) {
		more = index_cursor_next(c, ids, ARRAY_LEN(ids), &n);
		for (uint32_t i = 0; i < n; i++) {
			int64_t value = graph_node_prop(r->w.g, v, ids[i], r->key).i;
			if ((seen >> ids[i] & 1) != 0 || (down ? value > last : value < last))
				return false;
			seen |= UINT64_C(1) << ids[i];
			last = value;
		}
	}
	for (unsigned i = 0; i < N_NODES; i++)
		if ((seen >> r->nodes[i] & 1) == 0)
			return false;
	return true;
}

static void read_range(void *arg)
{
	struct race *r = arg;
	struct arena a;
	unsigned n = 0;

	arena_init(&a, MEM_OTHER, NULL);
	struct index_cursor *c = index_cursor_new(&a);
	while (!atomic_load(&r->stop)) {
		struct txn *t;
		if (txn_begin(r->w.m, TXN_READ, 0, &t) != ST_OK)
			bug(__FILE__, __LINE__, "a transaction");
		bool whole = c != NULL && range_is_whole(r, txn_view(t), c, ++n % 2 == 0);
		atomic_fetch_add(&r->n_wrong, !whole);
		atomic_fetch_add(&r->n_reads, 1);
		txn_rollback(t);
	}
	arena_release(&a);
}

static void collect(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->stop))
		(void)txn_collect(r->w.m);
}

static void lay_out(struct race *r)
{
	struct world *w = &r->w;
	struct txn *t = txn_open(w, TXN_WRITE);

	r->key = name(t, NAME_KEY, "k");
	for (unsigned i = 0; i < N_NODES; i++) {
		r->nodes[i] = new_node(w, t, "N", "k", value_int(5));
		assert_true(r->nodes[i] < 64);
	}
	commit(w, t);
	t = txn_open(w, TXN_WRITE);
	diag_reset(&w->d);
	assert_int_equal(txn_index_create(t, w->g, STR("ix"), name(t, NAME_LABEL, "N"), r->key,
					  false, false, &w->d),
			 ST_OK);
	commit(w, t);
}

static void a_range_finds_each_node_once(void **state)
{
	static struct race r;
	struct writer_thread writers[N_WRITERS];
	struct thread reader, collector;

	world_open(&r.w);
	lay_out(&r);
	assert_int_equal(thread_start(&reader, "reader", read_range, &r), ST_OK);
	assert_int_equal(thread_start(&collector, "collector", collect, &r), ST_OK);
	for (unsigned i = 0; i < N_WRITERS; i++) {
		writers[i].race = &r;
		writers[i].seed = i + 1;
		assert_int_equal(
		    thread_start(&writers[i].thread, "writer", cycle_values, &writers[i]), ST_OK);
	}
	for (unsigned i = 0; i < N_WRITERS; i++)
		thread_join(&writers[i].thread);
	atomic_store(&r.stop, true);
	thread_join(&reader);
	thread_join(&collector);
	assert_int_equal(atomic_load(&r.n_wrong), 0);
	assert_true(atomic_load(&r.n_reads) > 0);
	world_close(&r.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_range_finds_each_node_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
