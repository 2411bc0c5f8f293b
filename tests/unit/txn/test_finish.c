/* Commits become durable in order, but sessions finish them in any order: what they leave to be
 * cleaned up must not depend on it. The log is driven by hand. */
#include "base/file.h"
#include "store/store_int.h"
#include "logged.h"

#define HUB_EDGES 400 /* so many that one dead entry is no reason to copy the block */

struct pending {
	struct txn *t;
	struct txn_commit c;
	bool is_done;
};

static void on_done(struct txn_commit *c, enum status st)
{
	assert_int_equal(st, ST_OK);
	container_of(c, struct pending, c)->is_done = true;
}

static void submit(struct logged *l, struct pending *p)
{
	p->c.done = on_done;
	diag_reset(&l->w.d);
	assert_int_equal(txn_commit(p->t, &p->c, &l->w.d), ST_PARK);
}

static void finish(struct pending *p)
{
	assert_true(p->is_done);
	txn_finish(p->t);
}

static void commit_at_once(struct logged *l, struct txn *t)
{
	struct pending p = {.t = t};

	submit(l, &p);
	wal_step(l->wal);
	finish(&p);
}

/* After the collector no stamp points to a transaction any more: its clause is freed. */
static void assert_no_clause(struct logged *l, elem_id node, name_id type)
{
	struct chunk *c = chunk_of(l->w.g, ELEM_NODE, node);
	const struct table *t = atomic_load(&c->table);
	struct block *b = adj_find(atomic_load(&t->adj[slot_of(node)].dir[ADJ_OUT]), type);
	const struct stamps *s = atomic_load(&b->stamps);

	for (uint32_t i = 0; s != NULL && i < atomic_load(&b->n); i++) {
		uintptr_t create = atomic_load(&s->v[i].create), del = atomic_load(&s->v[i].del);
		assert_true(create == STAMP_NONE || (create & 1) != 0);
		assert_true(del == STAMP_NONE || (del & 1) != 0);
	}
}

static void the_deleter_of_an_edge_may_finish_before_its_maker(void **state)
{
	struct logged l;
	struct pending maker = {0}, deleter = {0};
	elem_id hub, end, edge;

	open_logged(&l);
	struct txn *t = txn_open(&l.w, TXN_WRITE);
	hub = new_node(&l.w, t, "N", NULL, VALUE_NULL);
	end = new_node(&l.w, t, "N", NULL, VALUE_NULL);
	for (int i = 0; i < HUB_EDGES; i++)
		new_edge(&l.w, t, "R", hub, end);
	commit_at_once(&l, t);
	collect_all(&l.w);

	maker.t = txn_open(&l.w, TXN_WRITE);
	edge = new_edge(&l.w, maker.t, "R", hub, end);
	submit(&l, &maker);
	deleter.t = txn_open(&l.w, TXN_WRITE); /* sees what is stamped */
	assert_int_equal(txn_edge_delete(deleter.t, l.w.g, edge, &l.w.d), ST_OK);
	submit(&l, &deleter);
	wal_step(l.wal);
	finish(&deleter);
	finish(&maker);
	collect_all(&l.w);

	assert_no_clause(&l, hub, store_name_find(l.w.store, NAME_TYPE, STR("R")));
	t = txn_open(&l.w, TXN_READ);
	assert_int_equal(degree(&l.w, t, hub, ADJ_OUT), HUB_EDGES);
	txn_rollback(t);
	close_logged(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_deleter_of_an_edge_may_finish_before_its_maker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
