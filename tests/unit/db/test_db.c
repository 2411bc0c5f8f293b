/* The whole of a database on a real directory: transactions, log, snapshots, recovery. */
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/thread.h"
#include "db/db.h"
#include "snapshot/load.h"
#include "txn/txn.h"

static char dir[64], reason[512];

static int make_dir(void **state)
{
	log_set_level(LOG_ERROR);
	snprintf(dir, sizeof dir, "/tmp/geode-test-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char cmd[128];
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
	return system(cmd);
}

static struct db *open_db(const char *where, bool snapshot_on_close)
{
	struct db_options opt = {.dir = where, .snapshot_on_close = snapshot_on_close};
	struct db *db;
	if (db_open(&opt, &db, reason, sizeof reason) != ST_OK)
		fail_msg("refused: %s", reason);
	return db;
}

/* ---- transactions
 * -------------------------------------------------------------------------------- */

struct waiter {
	struct txn_commit c;
	struct mutex lock;
	struct cond wake;
	bool done;
	enum status st;
};

static void wake(struct txn_commit *c, enum status st)
{
	struct waiter *w = container_of(c, struct waiter, c);
	mutex_lock(&w->lock);
	w->done = true;
	w->st = st;
	cond_signal(&w->wake);
	mutex_unlock(&w->lock);
}

/* before_finish: when it is durable; may be NULL. */
static void commit_and(struct txn *t, void (*before_finish)(void *ctx), void *ctx)
{
	struct waiter w = {.c.done = wake};
	struct diag d = {0};
	mutex_init(&w.lock, LOCK_RANK_LEAF);
	cond_init(&w.wake);
	enum status st = txn_commit(t, &w.c, &d);
	if (st == ST_PARK) {
		mutex_lock(&w.lock);
		while (!w.done)
			cond_wait(&w.wake, &w.lock);
		mutex_unlock(&w.lock);
		if (before_finish != NULL)
			before_finish(ctx);
		txn_finish(t);
		st = w.st;
	}
	if (st != ST_OK)
		fail_msg("commit: %s %s", status_name(st), d.message);
	cond_destroy(&w.wake);
	mutex_destroy(&w.lock);
}

static name_id name(struct txn *t, enum name_kind kind, const char *text)
{
	struct diag d = {0};
	name_id id;
	assert_int_equal(txn_name(t, kind, str_of(text), &id, &d), ST_OK);
	return id;
}

static void commit(struct txn *t)
{
	commit_and(t, NULL, NULL);
}

static struct txn *begin(struct db *db)
{
	struct txn *t;
	assert_int_equal(txn_begin(db_txns(db), TXN_WRITE, 0, &t), ST_OK);
	(void)txn_view(t);
	return t;
}

/* Two persons who know each other since `since`, in one transaction. */
static void add_pair(struct db *db, int64_t since)
{
	struct graph *g = store_graph_default(db_store(db));
	struct txn *t = begin(db);
	struct diag d = {0};
	name_id person = name(t, NAME_LABEL, "Person"), knows = name(t, NAME_TYPE, "KNOWS");
	struct prop props[] = {
	    {name(t, NAME_KEY, "n"), value_int(since)},
	    {name(t, NAME_KEY, "name"), value_str(STR("somebody with a name"))},
	};
	elem_id a, b, e;
	assert_int_equal(txn_node_create(t, g, &person, 1, props, 2, &a, &d), ST_OK);
	assert_int_equal(txn_node_create(t, g, &person, 1, props, 1, &b, &d), ST_OK);
	assert_int_equal(txn_edge_create(t, g, knows, a, b, props, 1, &e, &d), ST_OK);
	assert_int_equal(txn_end_clause(t, &d), ST_OK);
	commit(t);
}

/* Pairs that are there, each whole, numbered 1 to the answer. */
static unsigned count_pairs(struct db *db)
{
	struct store *s = db_store(db);
	struct graph *g = store_graph_default(s);
	struct txn *t;
	struct edge_scan scan;
	elem_id ids[100], from[100], to[100];
	unsigned n = 0, n_edges;
	uint64_t sum = 0;

	assert_int_equal(txn_begin(db_txns(db), TXN_READ, 0, &t), ST_OK);
	const struct view *v = txn_view(t);
	name_id key = store_name_find(s, NAME_KEY, STR("n"));
	name_id text = store_name_find(s, NAME_KEY, STR("name"));
	edge_scan_init(&scan, g, v, NAME_NONE);
	while ((n_edges = edge_scan_next(&scan, ids, from, to, 100)) > 0) {
		for (unsigned i = 0; i < n_edges; i++) {
			int64_t at = graph_edge_prop(g, v, ids[i], key).i;
			assert_int_equal(graph_node_prop(g, v, from[i], key).i, at);
			assert_int_equal(graph_node_prop(g, v, to[i], key).i, at);
			struct value somebody = graph_node_prop(g, v, from[i], text);
			assert_int_equal(somebody.kind, V_STRING);
			assert_int_equal(somebody.n, 20);
			assert_int_equal(adj_degree(g, v, from[i], ADJ_OUT, NAME_NONE), 1);
			assert_int_equal(adj_degree(g, v, to[i], ADJ_IN, NAME_NONE), 1);
			sum += (uint64_t)at;
			n++;
		}
	}
	assert_int_equal(sum, (uint64_t)n * (n + 1) / 2); /* 1 to n, each once */
	txn_rollback(t);
	return n;
}

/* ---- tests -------------------------------------------------------------------------------------
 */

static void memory_alone(void **state)
{
	struct db *db = open_db(NULL, false);
	struct db_stats stats;
	uint64_t lsn;
	add_pair(db, 1);
	assert_int_equal(count_pairs(db), 1);
	assert_false(db_is_durable(db));
	assert_int_equal(db_snapshot_wait(db, &lsn), ST_INVALID);
	db_stats(db, &stats);
	assert_int_equal(stats.stamped_lsn, 1);
	db_close(db);
}

static void what_is_committed_is_there_again(void **state)
{
	struct db *db = open_db(dir, false);
	for (int i = 1; i <= 20; i++)
		add_pair(db, i);
	db_close(db);
	db = open_db(dir, false);
	assert_int_equal(count_pairs(db), 20);
	add_pair(db, 21);
	assert_int_equal(count_pairs(db), 21);
	db_close(db);
}

static void a_snapshot_and_the_log_after_it(void **state)
{
	struct db *db = open_db(dir, false);
	struct db_stats stats;
	uint64_t lsn;
	for (int i = 1; i <= 10; i++)
		add_pair(db, i);
	assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
	assert_int_equal(lsn, 10);
	for (int i = 11; i <= 15; i++)
		add_pair(db, i);
	db_close(db);
	db = open_db(dir, false);
	db_stats(db, &stats);
	assert_int_equal(stats.snapshot_lsn, 10);
	assert_int_equal(stats.recovered_records, 5);
	assert_int_equal(stats.recovered_lsn, 15);
	assert_int_equal(count_pairs(db), 15);
	db_close(db);
}

static void closing_can_leave_a_snapshot(void **state)
{
	struct db_stats stats;
	struct db *db = open_db(dir, true);
	for (int i = 1; i <= 5; i++)
		add_pair(db, i);
	db_close(db);
	for (int i = 0; i < 3; i++) { /* nothing has changed: no further one */
		db = open_db(dir, true);
		db_stats(db, &stats);
		assert_int_equal(stats.snapshot_lsn, 5);
		assert_int_equal(stats.recovered_records, 0);
		assert_int_equal(count_pairs(db), 5);
		db_close(db);
	}
}

static void a_process_that_vanishes_loses_nothing(void **state)
{
	for (int round = 0; round < 5; round++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct db *db = open_db(dir, false);
			uint64_t lsn;
			unsigned n = count_pairs(db);
			for (unsigned i = 1; i <= 10; i++) {
				add_pair(db, n + i);
				if (round == 2 && i == 5 && db_snapshot_wait(db, &lsn) != ST_OK)
					_exit(1);
			}
			_exit(n == 10 * (unsigned)round ? 0 : 2);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	struct db *db = open_db(dir, false);
	assert_int_equal(count_pairs(db), 50);
	db_close(db);
}

struct writing {
	struct thread thread;
	struct db *db;
	_Atomic bool stop;
	unsigned n;
};

static void write_all_the_time(void *arg)
{
	struct writing *w = arg;
	while (!atomic_load(&w->stop) || w->n < 10)
		add_pair(w->db, ++w->n);
}

/* Snapshots beside a writer; every one of them is what recovery starts from. */
static void snapshots_under_load(void **state)
{
	struct writing w = {.db = open_db(dir, false)};
	struct db_stats stats;
	uint64_t lsn = 0;
	assert_int_equal(thread_start(&w.thread, "writing", write_all_the_time, &w), ST_OK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(db_snapshot_wait(w.db, &lsn), ST_OK);
	atomic_store(&w.stop, true);
	thread_join(&w.thread);
	db_close(w.db);
	struct db *db = open_db(dir, false);
	db_stats(db, &stats);
	assert_int_equal(stats.snapshot_lsn, lsn);
	assert_int_equal(count_pairs(db), w.n);
	db_close(db);
}

#define PAIRS 300

struct changing {
	struct thread thread;
	struct db *db;
	_Atomic bool stop;
	elem_id a[PAIRS], b[PAIRS], e[PAIRS];
	uint64_t n_changes;
};

/* A pair has the same number in both nodes and the edge, in every state. */
static void make_pair_again(struct changing *c, struct txn *t, unsigned i, int64_t v)
{
	struct graph *g = store_graph_default(db_store(c->db));
	struct diag d = {0};
	name_id person = name(t, NAME_LABEL, "Person"), knows = name(t, NAME_TYPE, "KNOWS");
	struct prop p = {name(t, NAME_KEY, "n"), value_int(v)};
	assert_int_equal(txn_node_create(t, g, &person, 1, &p, 1, &c->a[i], &d), ST_OK);
	assert_int_equal(txn_node_create(t, g, &person, 1, &p, 1, &c->b[i], &d), ST_OK);
	assert_int_equal(txn_edge_create(t, g, knows, c->a[i], c->b[i], &p, 1, &c->e[i], &d),
			 ST_OK);
}

static void change_one(struct changing *c, uint64_t n)
{
	struct graph *g = store_graph_default(db_store(c->db));
	struct txn *t = begin(c->db);
	struct diag d = {0};
	unsigned i = (unsigned)(n * 7919 % PAIRS);
	name_id key = name(t, NAME_KEY, "n"), other = name(t, NAME_LABEL, "Other");
	struct value v = value_int((int64_t)n);
	if (n < PAIRS) {
		make_pair_again(c, t, i, (int64_t)n);
	} else if (n % 3 == 0) {
		assert_int_equal(txn_node_delete(t, g, c->a[i], true, &d), ST_OK);
		assert_int_equal(txn_node_delete(t, g, c->b[i], true, &d), ST_OK);
		txn_next_clause(t);
		make_pair_again(c, t, i, (int64_t)n);
	} else {
		assert_int_equal(txn_node_set(t, g, c->a[i], key, v, &d), ST_OK);
		assert_int_equal(txn_edge_set(t, g, c->e[i], key, v, &d), ST_OK);
		assert_int_equal(txn_node_set(t, g, c->b[i], key, v, &d), ST_OK);
		if (n % 5 == 0)
			assert_int_equal(txn_label_add(t, g, c->a[i], other, &d), ST_OK);
	}
	assert_int_equal(txn_end_clause(t, &d), ST_OK);
	commit(t);
}

static void change_all_the_time(void *arg)
{
	struct changing *c = arg;
	while (!atomic_load(&c->stop))
		change_one(c, c->n_changes++);
}

static void check_moment(struct store *s, uint64_t lsn)
{
	struct graph *g = store_graph_default(s);
	struct view v = {.read_lsn = lsn};
	struct edge_scan edges;
	struct node_scan nodes;
	elem_id id, from, to;
	unsigned n_edges = 0, n_nodes = 0;
	assert_int_equal(epoch_open(store_epochs(s), &v.slot), ST_OK);
	epoch_set_read_lsn(v.slot, lsn);
	name_id key = store_name_find(s, NAME_KEY, STR("n"));
	edge_scan_init(&edges, g, &v, NAME_NONE);
	for (; edge_scan_next(&edges, &id, &from, &to, 1) == 1; n_edges++) {
		int64_t n = graph_edge_prop(g, &v, id, key).i;
		assert_int_equal(graph_node_prop(g, &v, from, key).i, n);
		assert_int_equal(graph_node_prop(g, &v, to, key).i, n);
	}
	node_scan_init(&nodes, g, &v, NAME_NONE);
	for (; node_scan_next(&nodes, &id, 1) == 1; n_nodes++)
		assert_int_equal(adj_degree(g, &v, id, ADJ_OUT, NAME_NONE) +
				     adj_degree(g, &v, id, ADJ_IN, NAME_NONE),
				 1);
	assert_int_equal(n_nodes, 2 * n_edges);
	assert_int_equal(n_edges, MIN_OF(lsn, (uint64_t)PAIRS)); /* one transaction, one LSN */
	epoch_close(v.slot);
}

/* Every snapshot, alone, is the state after one transaction. */
static void a_snapshot_is_one_moment(void **state)
{
	static struct changing c;
	char file[256];
	uint64_t lsns[12];
	c = (struct changing){.db = open_db(dir, false)};
	assert_int_equal(thread_start(&c.thread, "changing", change_all_the_time, &c), ST_OK);
	for (unsigned i = 0; i < ARRAY_LEN(lsns); i++) {
		uint64_t before = i > 0 ? lsns[i - 1] : 0;
		do
			assert_int_equal(db_snapshot_wait(c.db, &lsns[i]), ST_OK);
		while (lsns[i] < before + 50);
	}
	atomic_store(&c.stop, true);
	thread_join(&c.thread);
	db_close(c.db);
	for (unsigned i = 0; i < ARRAY_LEN(lsns); i++) {
		struct store *s;
		struct snapshot_meta meta;
		const char *why;
		glob_t found;
		snprintf(file, sizeof file, "%s/snap-*-%020llu-*", dir,
			 (unsigned long long)lsns[i]);
		assert_int_equal(glob(file, 0, NULL, &found), 0);
		assert_int_equal(store_new(&s), ST_OK);
		assert_int_equal(snapshot_load(found.gl_pathv[0], s, &meta, &why), ST_OK);
		check_moment(s, lsns[i]);
		globfree(&found);
		store_free(s);
	}
	struct db *db = open_db(dir, false);
	check_moment(db_store(db), txn_durable_lsn(db_txns(db)));
	db_close(db);
}

/* A snapshot while an index is being made: the log after it makes the index once, not twice. */
static void a_snapshot_beside_a_new_index(void **state)
{
	struct db *db = open_db(dir, false);
	struct graph *g = store_graph_default(db_store(db));
	struct diag d = {0};
	uint64_t lsn;
	add_pair(db, 1);
	struct txn *t = begin(db);
	name_id label = store_name_find(db_store(db), NAME_LABEL, STR("Person"));
	name_id key = store_name_find(db_store(db), NAME_KEY, STR("n"));
	assert_int_equal(txn_index_create(t, g, STR("by_n"), label, key, false, false, &d), ST_OK);
	assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
	commit(t);
	add_pair(db, 2);
	db_close(db);
	db = open_db(dir, false);
	g = store_graph_default(db_store(db));
	assert_int_equal(count_pairs(db), 2);
	assert_int_equal(txn_begin(db_txns(db), TXN_READ, 0, &t), ST_OK);
	struct arena a;
	const elem_id *ids;
	uint32_t n;
	arena_init(&a, MEM_OTHER, NULL);
	struct prop_index *ix = graph_index_find(g, txn_view(t), label, key);
	assert_non_null(ix);
	assert_int_equal(prop_index_lookup(ix, txn_view(t), value_int(2), &a, &ids, &n), ST_OK);
	assert_int_equal(n, 2);
	arena_release(&a);
	txn_rollback(t);
	db_close(db);
}

/* ---- unique constraints ---- */

static enum status add_unique(struct db *db, int64_t k)
{
	struct txn *t = begin(db);
	struct graph *g = store_graph_default(db_store(db));
	struct diag d = {0};
	name_id label, key;
	elem_id id;

	assert_int_equal(txn_name(t, NAME_LABEL, STR("U"), &label, &d), ST_OK);
	assert_int_equal(txn_name(t, NAME_KEY, STR("k"), &key, &d), ST_OK);
	struct prop p = {key, value_int(k)};
	enum status st = txn_node_create(t, g, &label, 1, &p, 1, &id, &d);
	if (st == ST_OK)
		commit(t);
	else
		txn_rollback(t);
	return st;
}

static enum status change_unique(struct db *db, elem_id id, bool delete)
{
	struct txn *t = begin(db);
	struct graph *g = store_graph_default(db_store(db));
	struct diag d = {0};
	name_id key = store_name_find(db_store(db), NAME_KEY, STR("k"));
	enum status st = delete ? txn_node_delete(t, g, id, false, &d)
				: txn_node_set(t, g, id, key, value_int(-1), &d);

	if (st == ST_OK)
		commit(t);
	else
		txn_rollback(t);
	return st;
}

static void constrain(struct db *db, bool create)
{
	struct txn *t = begin(db);
	struct graph *g = store_graph_default(db_store(db));
	struct diag d = {0};
	name_id label, key;

	assert_int_equal(txn_name(t, NAME_LABEL, STR("U"), &label, &d), ST_OK);
	assert_int_equal(txn_name(t, NAME_KEY, STR("k"), &key, &d), ST_OK);
	if (create)
		assert_int_equal(txn_index_create(t, g, STR("one_k"), label, key, true, false, &d),
				 ST_OK);
	else
		assert_int_equal(txn_constraint_drop(t, g, STR("one_k"), false, &d), ST_OK);
	commit(t);
}

/* Nodes 0 to 4 were made with their number; 1 got -1 and 2 was deleted. */
static void expect_claims(struct db *db)
{
	assert_int_equal(add_unique(db, 0), ST_INVALID);
	assert_int_equal(add_unique(db, 3), ST_INVALID);
	assert_int_equal(add_unique(db, -1), ST_INVALID);
	assert_int_equal(add_unique(db, 4), ST_INVALID);
}

/* A constraint and what holds its values come back from the log, from a snapshot, and from both. */
static void a_constraint_comes_back(void **state)
{
	for (int where = 0; where < 4; where++) { /* the snapshot: nowhere, or after a step */
		struct db *db = open_db(dir, false);
		uint64_t lsn;
		for (int64_t k = 0; k < 2; k++)
			assert_int_equal(add_unique(db, k), ST_OK);
		if (where == 1)
			assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
		constrain(db, true);
		if (where == 2)
			assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
		for (int64_t k = 2; k < 5; k++)
			assert_int_equal(add_unique(db, k), ST_OK);
		assert_int_equal(change_unique(db, 1, false), ST_OK);
		assert_int_equal(change_unique(db, 2, true), ST_OK);
		if (where == 3)
			assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
		expect_claims(db);
		db_close(db);
		db = open_db(dir, false);
		expect_claims(db);
		assert_int_equal(add_unique(db, 1), ST_OK); /* what was given up is free */
		assert_int_equal(add_unique(db, 2), ST_OK);
		constrain(db, false);
		db_close(db);
		db = open_db(dir, true);
		assert_int_equal(add_unique(db, 0), ST_OK); /* it is gone */
		db_close(db);
		assert_int_equal(remove_dir(state), 0);
		assert_int_equal(make_dir(state), 0);
	}
}

static void take_snapshot(void *ctx)
{
	uint64_t lsn;

	assert_int_equal(db_snapshot_wait(ctx, &lsn), ST_OK);
}

/* A snapshot taken between the stamp of a drop and its end knows nothing of it; one taken while a
 * constraint is being made, that then is not, neither. */
static void a_snapshot_holds_what_its_view_knows(void **state)
{
	struct db *db = open_db(dir, false);
	struct graph *g = store_graph_default(db_store(db));
	struct diag d = {0};
	uint64_t lsn;

	assert_int_equal(add_unique(db, 1), ST_OK);
	struct txn *t = begin(db);
	name_id label = store_name_find(db_store(db), NAME_LABEL, STR("U"));
	name_id key = store_name_find(db_store(db), NAME_KEY, STR("k"));
	assert_int_equal(txn_index_create(t, g, STR("one_k"), label, key, true, false, &d), ST_OK);
	assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
	txn_rollback(t);
	db_close(db);
	db = open_db(dir, false);
	assert_int_equal(add_unique(db, 1), ST_OK);
	assert_int_equal(change_unique(db, 0, true), ST_OK); /* one of the two */
	constrain(db, true);
	t = begin(db);
	g = store_graph_default(db_store(db));
	assert_int_equal(txn_constraint_drop(t, g, STR("one_k"), false, &d), ST_OK);
	commit_and(t, take_snapshot, db);
	db_close(db);
	db = open_db(dir, false);
	assert_int_equal(add_unique(db, 1), ST_OK);
	db_close(db);
}

#define WRITERS 3
#define STEP 100000 /* writer w numbers its pairs from w * STEP + 1 on */

struct killed {
	struct thread thread;
	struct db *db;
	int acks; /* a pipe: one byte, the writer's number, for each commit */
	uint8_t id;
	int64_t n;
};

static void write_until_killed(void *arg)
{
	struct killed *k = arg;
	for (;;) {
		add_pair(k->db, k->id * STEP + ++k->n);
		if (write(k->acks, &k->id, 1) != 1)
			_exit(1);
	}
}

static void run_until_killed(int acks, const int64_t last[WRITERS])
{
	static struct killed k[WRITERS];
	struct db *db = open_db(dir, false);
	uint64_t lsn;
	for (uint8_t i = 0; i < WRITERS; i++) {
		k[i] = (struct killed){.db = db, .acks = acks, .id = i, .n = last[i]};
		if (thread_start(&k[i].thread, "writer", write_until_killed, &k[i]) != ST_OK)
			_exit(1);
	}
	for (;;)
		if (db_snapshot_wait(db, &lsn) != ST_OK)
			_exit(1);
}

/* Last pair of each writer, all before it being there; nothing else. */
static void last_pairs(struct db *db, int64_t last[WRITERS])
{
	struct graph *g = store_graph_default(db_store(db));
	struct txn *t;
	struct edge_scan scan;
	elem_id id, from, to;
	int64_t n[WRITERS] = {0}, max[WRITERS] = {0};
	assert_int_equal(txn_begin(db_txns(db), TXN_READ, 0, &t), ST_OK);
	const struct view *v = txn_view(t);
	name_id key = store_name_find(db_store(db), NAME_KEY, STR("n"));
	edge_scan_init(&scan, g, v, NAME_NONE);
	while (edge_scan_next(&scan, &id, &from, &to, 1) == 1) {
		int64_t at = graph_edge_prop(g, v, id, key).i, w = at / STEP;
		assert_true(w < WRITERS && at % STEP > 0);
		assert_int_equal(graph_node_prop(g, v, from, key).i, at);
		assert_int_equal(graph_node_prop(g, v, to, key).i, at);
		n[w]++;
		max[w] = MAX_OF(max[w], at % STEP);
	}
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(n[w], max[w]);
	memcpy(last, max, sizeof max);
	txn_rollback(t);
}

/* kill -9 while threads commit and snapshots are written one after another. */
static void a_kill_under_load_loses_nothing(void **state)
{
	int64_t last[WRITERS] = {0};
	for (unsigned round = 0; round < 15; round++) {
		int acks[2];
		uint8_t w;
		assert_int_equal(pipe(acks), 0);
		pid_t pid = fork();
		if (pid == 0)
			run_until_killed(acks[1], last);
		close(acks[1]);
		for (unsigned i = 0; i < 20 + 37 * round;
		     i++) { /* a moment that differs each time */
			assert_int_equal(read(acks[0], &w, 1), 1);
			last[w]++;
		}
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		while (read(acks[0], &w, 1) == 1) /* what it still had said */
			last[w]++;
		close(acks[0]);
		int64_t found[WRITERS];
		struct db *db = open_db(dir, false);
		last_pairs(db, found);
		db_close(db);
		for (unsigned i = 0; i < WRITERS; i++) {
			assert_true(found[i] == last[i] || found[i] == last[i] + 1);
			last[i] = found[i];
		}
	}
}

static void a_directory_can_be_made_of_a_store(void **state)
{
	struct db *from = open_db(NULL, false);
	char other[96];
	for (int i = 1; i <= 7; i++)
		add_pair(from, i);
	snprintf(other, sizeof other, "%s/with/parents/new/", dir);
	assert_int_equal(db_create_from_store(other, db_store(from), 7, reason, sizeof reason),
			 ST_OK);
	assert_int_equal(db_create_from_store(other, db_store(from), 7, reason, sizeof reason),
			 ST_EXISTS);
	db_close(from);
	struct db *db = open_db(other, false);
	assert_int_equal(count_pairs(db), 7);
	add_pair(db, 8);
	db_close(db);
	db = open_db(other, false);
	assert_int_equal(count_pairs(db), 8);
	db_close(db);
}

static void a_bad_directory_gives_a_reason(void **state)
{
	struct db_options opt = {.dir = "/proc/no/such/place"};
	struct db *db;
	assert_int_not_equal(db_open(&opt, &db, reason, sizeof reason), ST_OK);
	assert_non_null(strstr(reason, "/proc/no/such/place"));
	db = open_db(dir, false);
	opt.dir = dir;
	struct db *second;
	assert_int_equal(db_open(&opt, &second, reason, sizeof reason), ST_BUSY);
	assert_non_null(strstr(reason, "in use"));
	db_close(db);
}

static void say_nothing(void *ctx, enum log_level level, const char *line)
{
}

static void no_memory_is_an_answer(void **state)
{
	struct db_options opt = {.dir = dir};
	struct db *db = open_db(dir, true);
	log_set_hook(say_nothing, NULL);
	add_pair(db, 1);
	db_close(db);
	db = open_db(dir, false);
	add_pair(db, 2);
	db_close(db);
	for (uint64_t n = 1; n < 120; n++) {
		mem_fail_nth(n, false);
		enum status st = db_open(&opt, &db, reason, sizeof reason);
		mem_fail_nth(0, false);
		if (st == ST_OK)
			db_close(db);
	}
	log_set_hook(NULL, NULL);
	db = open_db(dir, false);
	assert_int_equal(count_pairs(db), 2);
	db_close(db);
}

#define in_dir(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_alone),
	    in_dir(what_is_committed_is_there_again),
	    in_dir(a_snapshot_and_the_log_after_it),
	    in_dir(closing_can_leave_a_snapshot),
	    in_dir(a_process_that_vanishes_loses_nothing),
	    in_dir(snapshots_under_load),
	    in_dir(a_snapshot_is_one_moment),
	    in_dir(a_snapshot_beside_a_new_index),
	    in_dir(a_constraint_comes_back),
	    in_dir(a_snapshot_holds_what_its_view_knows),
	    in_dir(a_kill_under_load_loses_nothing),
	    in_dir(a_directory_can_be_made_of_a_store),
	    in_dir(a_bad_directory_gives_a_reason),
	    in_dir(no_memory_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
