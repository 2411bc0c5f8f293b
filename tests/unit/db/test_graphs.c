/* Graphs that come and go, on a real directory: a random history is the same after a restart, from
 * the log and from snapshots taken in between, also of a process that vanishes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/db.h"
#include "txn/txn.h"

#define N_GRAPHS 6
#define N_STEPS 60 /* of a run */

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

static struct db *open_db(void)
{
	struct db_options opt = {.dir = dir};
	struct db *db;
	if (db_open(&opt, &db, reason, sizeof reason) != ST_OK)
		fail_msg("refused: %s", reason);
	return db;
}

/* ---- a history and what it leads to ---------------------------------------------------------- */

struct model {
	struct rand rand;
	unsigned n_steps;
	struct {
		bool exists;
		unsigned n_nodes;
	} graphs[N_GRAPHS];
};

enum action { MAKE, DROP, REPLACE, INSERT };

/* The next step, done in the model. */
static enum action next_step(struct model *m, unsigned *ret_graph)
{
	unsigned i = (unsigned)rand_below(&m->rand, N_GRAPHS);
	uint64_t what = rand_below(&m->rand, 10);
	enum action a = !m->graphs[i].exists ? MAKE
			: what == 0	     ? DROP
			: what == 1	     ? REPLACE
					     : INSERT;
	m->n_steps++;
	*ret_graph = i;
	m->graphs[i].exists = a != DROP;
	m->graphs[i].n_nodes = a == INSERT ? m->graphs[i].n_nodes + 1 : 0;
	return a;
}

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

static bool commit(struct txn *t)
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
		txn_finish(t);
		st = w.st;
	}
	cond_destroy(&w.wake);
	mutex_destroy(&w.lock);
	return st == ST_OK;
}

static enum status change(struct db *db, struct txn *t, enum action a, struct str name)
{
	struct diag d = {0};
	struct graph *g, *old;
	elem_id id;
	bool found;
	switch (a) {
	case MAKE:
		return txn_graph_create(t, name, GRAPH_EXISTS_ERROR, &g, &old, &d);
	case REPLACE:
		return txn_graph_create(t, name, GRAPH_EXISTS_REPLACE, &g, &old, &d);
	case DROP:
		return txn_graph_drop(t, name, false, &found, &d);
	default:
		g = store_graph_find(db_store(db), name, txn_catalog_lsn(t));
		return g == NULL ? ST_NOT_FOUND : txn_node_create(t, g, NULL, 0, NULL, 0, &id, &d);
	}
}

static bool step(struct db *db, struct model *m)
{
	char z[8];
	unsigned i;
	enum action a = next_step(m, &i);
	struct txn *t;
	int n = snprintf(z, sizeof z, "g%u", i);
	if (txn_begin(db_txns(db), TXN_WRITE, 0, &t) != ST_OK)
		return false;
	enum status st = change(db, t, a, (struct str){z, (size_t)n});
	if (st == ST_OK)
		return commit(t);
	txn_rollback(t);
	return false;
}

static void check(struct db *db, const struct model *m)
{
	struct txn *t;
	assert_int_equal(txn_begin(db_txns(db), TXN_READ, 0, &t), ST_OK);
	const struct view *v = txn_view(t);
	for (unsigned i = 0; i < N_GRAPHS; i++) {
		char z[8];
		int len = snprintf(z, sizeof z, "g%u", i);
		struct graph *g =
		    store_graph_find(db_store(db), (struct str){z, (size_t)len}, v->read_lsn);
		assert_int_equal(g != NULL, m->graphs[i].exists);
		if (g == NULL)
			continue;
		struct node_scan scan;
		elem_id ids[100];
		uint32_t n = 0, got;
		node_scan_init(&scan, g, v, NAME_NONE);
		while ((got = node_scan_next(&scan, ids, 100)) > 0)
			n += got;
		assert_int_equal(n, m->graphs[i].n_nodes);
	}
	txn_rollback(t);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void the_same_after_a_restart(void **state)
{
	struct model m = {0};
	rand_seed(&m.rand, 1);
	for (unsigned round = 0; round < 5; round++) {
		struct db *db = open_db();
		uint64_t lsn;
		check(db, &m);
		for (unsigned i = 0; i < N_STEPS; i++) {
			assert_true(step(db, &m));
			if (round % 2 == 1 && i == N_STEPS / 2)
				assert_int_equal(db_snapshot_wait(db, &lsn), ST_OK);
		}
		check(db, &m);
		db_close(db);
	}
	struct db *db = open_db();
	check(db, &m);
	db_close(db);
}

/* The process ends without closing anything, right behind an answer. */
static void a_process_that_vanishes(void **state)
{
	struct model m = {0};
	rand_seed(&m.rand, 2);
	for (unsigned round = 0; round < 6; round++) {
		unsigned n = 1 + (unsigned)round * 11;
		pid_t pid = fork();
		if (pid == 0) {
			struct db *db = open_db();
			uint64_t lsn;
			for (unsigned i = 0; i < n; i++)
				if (!step(db, &m) || (i == n / 2 && round > 2 &&
						      db_snapshot_wait(db, &lsn) != ST_OK))
					_exit(1);
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		for (unsigned i = 0, graph; i < n; i++)
			(void)next_step(&m, &graph);
		struct db *db = open_db();
		check(db, &m);
		db_close(db);
	}
}

struct snapshots {
	struct thread thread;
	struct db *db;
	_Atomic bool stop;
	unsigned n;
};

static void take_snapshots(void *arg)
{
	struct snapshots *s = arg;
	uint64_t lsn;
	while (!atomic_load(&s->stop) || s->n < 5) {
		assert_int_equal(db_snapshot_wait(s->db, &lsn), ST_OK);
		s->n++;
	}
}

/* Each catalog that a snapshot holds is the one of its LSN: the log goes on from there. */
static void snapshots_beside_it(void **state)
{
	struct model m = {0};
	rand_seed(&m.rand, 3);
	for (unsigned round = 0; round < 4; round++) {
		struct snapshots s = {.db = open_db()};
		check(s.db, &m);
		assert_int_equal(thread_start(&s.thread, "snapshots", take_snapshots, &s), ST_OK);
		for (unsigned i = 0; i < 2 * N_STEPS; i++)
			assert_true(step(s.db, &m));
		atomic_store(&s.stop, true);
		thread_join(&s.thread);
		check(s.db, &m);
		db_close(s.db);
	}
	struct db *db = open_db();
	check(db, &m);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_same_after_a_restart, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(a_process_that_vanishes, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(snapshots_beside_it, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
