/* Views and reclamation: the rules one by one, then many readers against a collector. */
#include "tests/unit/base/base_test.h"

#include "base/epoch.h"
#include "base/mem.h"

static uint64_t durable_of(void *ctx)
{
	return *(uint64_t *)ctx;
}

static unsigned n_freed;

static void count_free(struct retired *r)
{
	n_freed++;
	r->tag = UINT64_MAX;
}

static void nothing_is_freed_under_a_reader(void **state)
{
	struct epoch_table t;
	struct epoch_slot *early, *late;
	struct retired r;
	uint64_t durable = 10;

	n_freed = 0;
	assert_int_equal(epoch_init(&t), ST_OK);
	assert_int_equal(epoch_open(&t, &early), ST_OK);
	epoch_retire(&t, &r, count_free);
	for (unsigned i = 0; i < 5; i++)
		epoch_collect(&t, durable_of, &durable);
	assert_int_equal(n_freed, 0);
	assert_int_equal(epoch_open(&t, &late), ST_OK); /* began after r was unlinked */
	epoch_close(early);
	epoch_collect(&t, durable_of, &durable);
	assert_int_equal(n_freed, 1);
	epoch_close(late);
	epoch_release(&t);
}

static void an_epoch_must_pass_before_a_free(void **state)
{
	struct epoch_table t;
	struct retired r;
	uint64_t durable = 1;

	n_freed = 0;
	assert_int_equal(epoch_init(&t), ST_OK);
	epoch_retire(&t, &r, count_free);
	epoch_collect(&t, durable_of, &durable); /* the tag is the current epoch: not below it */
	assert_int_equal(n_freed, 0);
	epoch_collect(&t, durable_of, &durable);
	assert_int_equal(n_freed, 1);
	uint64_t now = atomic_load(&t.current);
	epoch_collect(&t, durable_of, &durable); /* nothing is left: the epoch rests */
	assert_int_equal(atomic_load(&t.current), now);
	epoch_release(&t);
}

static void the_horizon_is_the_oldest_read_point(void **state)
{
	struct epoch_table t;
	struct epoch_slot *a, *b;
	uint64_t durable = 100;

	assert_int_equal(epoch_init(&t), ST_OK);
	assert_int_equal(epoch_collect(&t, durable_of, &durable), 100);
	assert_int_equal(epoch_open(&t, &a), ST_OK);
	assert_int_equal(epoch_open(&t, &b), ST_OK);
	assert_int_equal(epoch_collect(&t, durable_of, &durable),
			 0); /* opening: nothing is pruned */
	epoch_set_read_lsn(a, EPOCH_ONLY);
	epoch_set_read_lsn(b, EPOCH_ONLY);
	assert_int_equal(epoch_collect(&t, durable_of, &durable), 100);
	epoch_set_read_lsn(a, 50);
	epoch_set_read_lsn(b, 70);
	assert_int_equal(epoch_collect(&t, durable_of, &durable), 50);
	epoch_close(a);
	assert_int_equal(epoch_collect(&t, durable_of, &durable), 70);
	assert_int_equal(epoch_open(&t, &a),
			 ST_OK); /* a slot that is used again is opening again */
	assert_int_equal(epoch_collect(&t, durable_of, &durable), 0);
	epoch_close(a);
	epoch_close(b);
	epoch_release(&t);
}

static void renewing_drops_pins_and_keeps_the_read_point(void **state)
{
	struct epoch_table t;
	struct epoch_slot *s;
	struct retired r;
	uint64_t durable = 9;

	n_freed = 0;
	assert_int_equal(epoch_init(&t), ST_OK);
	assert_int_equal(epoch_open(&t, &s), ST_OK);
	epoch_set_read_lsn(s, 5);
	epoch_retire(&t, &r, count_free);
	epoch_collect(&t, durable_of, &durable);
	epoch_renew(&t, s);
	assert_int_equal(epoch_collect(&t, durable_of, &durable), 5);
	assert_int_equal(n_freed, 1);
	epoch_close(s);
	epoch_release(&t);
}

/* Only those that agreed to; a slot that was given again is another one. */
static void old_slots_are_asked_to_close(void **state)
{
	struct epoch_table t;
	struct epoch_slot *s[4];

	assert_int_equal(epoch_init(&t), ST_OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(epoch_open(&t, &s[i]), ST_OK);
		epoch_set_read_lsn(s[i], 10 + i);
		if (i > 0)
			epoch_may_close(s[i], 100 * i);
	}
	assert_int_equal(epoch_ask_old(&t, 100), 0);
	assert_int_equal(epoch_ask_old(&t, 101), 1);
	assert_true(epoch_must_close(s[1]));
	assert_int_equal(epoch_ask_old(&t, 101), 0);
	assert_int_equal(epoch_ask_lowest(&t, 99), 0); /* one was asked and is still open */
	epoch_close(s[1]);
	assert_int_equal(epoch_open(&t, &s[1]), ST_OK);
	assert_false(epoch_must_close(s[1]));
	assert_int_equal(epoch_ask_lowest(&t, 12), 0); /* slot 0, which is lower, never agreed */
	assert_int_equal(epoch_ask_lowest(&t, 13), 1);
	assert_true(epoch_must_close(s[2]));
	assert_false(epoch_must_close(s[0]) || epoch_must_close(s[1]) || epoch_must_close(s[3]));
	for (unsigned i = 0; i < 4; i++)
		epoch_close(s[i]);
	epoch_release(&t);
}

static void slots_are_limited(void **state)
{
	static struct epoch_slot *slots[EPOCH_SLOTS_MAX];
	struct epoch_table t;
	struct epoch_slot *more;

	assert_int_equal(epoch_init(&t), ST_OK);
	for (unsigned i = 0; i < EPOCH_SLOTS_MAX; i++)
		assert_int_equal(epoch_open(&t, &slots[i]), ST_OK);
	assert_int_equal(epoch_open(&t, &more), ST_LIMIT);
	epoch_close(slots[1234]);
	assert_int_equal(epoch_open(&t, &more), ST_OK);
	assert_ptr_equal(more, slots[1234]);
	for (unsigned i = 0; i < EPOCH_SLOTS_MAX; i++)
		epoch_close(slots[i]);
	epoch_release(&t);
	mem_fail_nth(1, false);
	assert_int_equal(epoch_init(&t), ST_NOMEM);
	mem_fail_nth(0, false);
}

/* One shared pointer is replaced again and again; readers must never see a freed object. */
#define ROUNDS 20000
#define READERS 3

struct object {
	struct retired retired;
	_Atomic uint64_t alive;
};

static struct epoch_table table;
static struct object *_Atomic shared;
static _Atomic bool stop;
static _Atomic uint64_t n_bad;

static void object_free(struct retired *r)
{
	struct object *o = container_of(r, struct object, retired);

	atomic_store(&o->alive, 0);
	MEM_FREE(MEM_OTHER, o);
}

static struct object *object_new(void)
{
	struct object *o = MEM_NEW(MEM_OTHER, struct object);

	if (o == NULL)
		abort();
	atomic_store(&o->alive, 1);
	return o;
}

static void reader(void *arg)
{
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		struct epoch_slot *s;
		if (epoch_open(&table, &s) != ST_OK)
			abort();
		for (unsigned i = 0; i < 10; i++) {
			struct object *o = atomic_load_explicit(&shared, memory_order_acquire);
			if (atomic_load_explicit(&o->alive, memory_order_relaxed) != 1)
				atomic_fetch_add(&n_bad, 1);
		}
		epoch_close(s);
	}
}

static void readers_never_see_freed_objects(void **state)
{
	struct thread threads[READERS];
	uint64_t durable = 1;

	assert_int_equal(epoch_init(&table), ST_OK);
	atomic_store(&shared, object_new());
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(thread_start(&threads[i], "reader", reader, NULL), ST_OK);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct object *old =
		    atomic_exchange_explicit(&shared, object_new(), memory_order_acq_rel);
		epoch_retire(&table, &old->retired, object_free);
		if (i % 7 == 0)
			epoch_collect(&table, durable_of, &durable);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < READERS; i++)
		thread_join(&threads[i]);
	assert_int_equal(atomic_load(&n_bad), 0);
	epoch_release(&table);
	MEM_FREE(MEM_OTHER, atomic_load(&shared));
	assert_int_equal(mem_used(MEM_OTHER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_freed_under_a_reader),
	    cmocka_unit_test(an_epoch_must_pass_before_a_free),
	    cmocka_unit_test(the_horizon_is_the_oldest_read_point),
	    cmocka_unit_test(renewing_drops_pins_and_keeps_the_read_point),
	    cmocka_unit_test(old_slots_are_asked_to_close),
	    cmocka_unit_test(slots_are_limited),
	    cmocka_unit_test(readers_never_see_freed_objects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
