#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "store/index.h"
#include "store/store_int.h"
#include "store/write.h"

/* One store with a writer without versions: what recovery does. */
struct fixture {
	struct store *s;
	struct graph *g;
	struct writer w;
	struct view all;
	name_id label, other, key;
};

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){.all = {.read_lsn = UINT64_MAX - 1}};
	assert_int_equal(store_new(&f->s), ST_OK);
	f->g = store_graph_default(f->s);
	f->w = (struct writer){.store = f->s, .view = &f->all};
	assert_int_equal(store_name_add(f->s, NAME_LABEL, STR("L"), &f->label), ST_OK);
	assert_int_equal(store_name_add(f->s, NAME_LABEL, STR("M"), &f->other), ST_OK);
	assert_int_equal(store_name_add(f->s, NAME_KEY, STR("k"), &f->key), ST_OK);
}

static void close_fixture(struct fixture *f)
{
	store_free(f->s);
	assert_int_equal(mem_used(MEM_GRAPH) + mem_used(MEM_UNDO) + mem_used(MEM_INDEX), 0);
}

static elem_id node(struct fixture *f, name_id label, struct value v)
{
	struct prop p = {f->key, v};
	elem_id id;

	assert_int_equal(store_node_create(&f->w, f->g, &label, 1, &p, 1, ELEM_NONE, &id), ST_OK);
	return id;
}

/* Another constraint, filled with a check: gives the verdict, and takes it away again. */
static enum status verdict(struct fixture *f, struct index_fill *fill)
{
	struct prop_index *ix;
	enum status st;

	*fill = (struct index_fill){0};
	assert_int_equal(index_create(f->g, STR("check"), f->label, f->key, true, &ix), ST_OK);
	do
		st = index_fill_some(ix, fill);
	while (st == ST_YIELD);
	assert_int_equal(index_remove(ix), ST_OK);
	return st;
}

static void filling_finds_two_of_a_kind(void **state)
{
	const struct value null = {.kind = V_NULL}, one[] = {value_int(1), null};
	struct index_fill fill;
	struct fixture f;

	(void)state;
	open_fixture(&f);
	for (int i = 0; i < 10000; i++) /* three chunks */
		node(&f, f.label, value_int(i));
	for (int i = 0; i < 2; i++) { /* none of them equals another */
		node(&f, f.label, null);
		node(&f, f.label, value_float(NAN));
		node(&f, f.label, value_list(one, 2));
		node(&f, f.other, value_int(3));
	}
	assert_int_equal(verdict(&f, &fill), ST_OK);
	assert_true(fill.chunk >= 3);
	elem_id id = node(&f, f.label, value_float(9000.0));
	assert_int_equal(verdict(&f, &fill), ST_EXISTS);
	assert_true((fill.duplicate.first == 9000 && fill.duplicate.second == id) ||
		    (fill.duplicate.first == id && fill.duplicate.second == 9000));
	assert_int_equal(store_node_delete(&f.w, f.g, id), ST_OK);
	assert_int_equal(verdict(&f, &fill), ST_OK);
	close_fixture(&f);
}

/* Each step looks at one chunk with the label, whatever lies between. */
static void filling_goes_by_chunks(void **state)
{
	struct index_fill fill = {0};
	struct prop_index *ix;
	struct fixture f;
	unsigned n = 0;

	(void)state;
	open_fixture(&f);
	for (uint32_t i = 0; i < 3 * CHUNK_SLOTS; i++) {
		node(&f, f.label, value_int(i));
		node(&f, f.other, value_int(i));
	}
	assert_int_equal(index_create(f.g, STR("plain"), f.label, f.key, false, &ix), ST_OK);
	while (index_fill_some(ix, &fill) == ST_YIELD)
		n++;
	assert_int_equal(n, 3); /* the third is not the last: chunks of the other label follow */
	close_fixture(&f);
}

/* Recovery keeps the claims of a constraint that is there, in whatever order a record says. */
static void recovery_keeps_claims(void **state)
{
	struct index_fill fill;
	struct prop_index *ix;
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_int_equal(index_create(f.g, STR("rule"), f.label, f.key, true, &ix), ST_OK);
	assert_int_equal(index_fill(ix), ST_OK);
	index_set_ready(ix, 0);
	elem_id a = node(&f, f.label, value_int(1));
	elem_id b = node(&f, f.label, value_int(1)); /* a gives it up later in the same record */
	assert_int_equal(store_node_delete(&f.w, f.g, a), ST_OK);
	assert_int_equal(store_node_set(&f.w, f.g, b, f.key, value_str(STR("x"))), ST_OK);
	assert_int_equal(store_label(&f.w, f.g, b, f.label, false), ST_OK);
	assert_int_equal(store_label(&f.w, f.g, b, f.label, true), ST_OK);
	assert_int_equal(verdict(&f, &fill), ST_OK);

	/* A transaction after it meets what it left. */
	struct view now = {.read_lsn = 7};
	struct writer w = {.store = f.s, .view = &now, .seq = 1};
	struct prop p = {f.key, value_str(STR("x"))};
	elem_id id;
	w.mark = mark_new(f.s);
	assert_int_equal(store_node_create(&w, f.g, &f.label, 1, &p, 1, ELEM_NONE, &id),
			 ST_INVALID);
	assert_int_equal(w.clash.holder, b);
	assert_true(str_eq(w.clash.constraint, STR("rule")));
	p.value = value_int(1);
	assert_int_equal(store_node_create(&w, f.g, &f.label, 1, &p, 1, ELEM_NONE, &id), ST_OK);
	store_undo(&w, 0);
	atomic_store(&w.mark->word, MARK_ABORTED);
	store_unlink_aborted(w.effects.v, w.effects.n, w.mark);
	epoch_release(&f.s->epochs);
	assert_int_equal(epoch_init(&f.s->epochs), ST_OK);
	store_effects_release(w.effects.v, w.effects.n);
	vec_release(MEM_UNDO, &w.effects);
	mark_unref(w.mark);
	close_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filling_finds_two_of_a_kind),
	    cmocka_unit_test(filling_goes_by_chunks),
	    cmocka_unit_test(recovery_keeps_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
