/* The bounded queue, its eventfd, and latches and mutexes under contention. */
#include "tests/unit/base/base_test.h"

#include <poll.h>

#include "base/latch.h"
#include "base/queue.h"
#include "base/thread.h"

struct message {
	struct queue_node node;
	unsigned from, number;
};

static bool is_readable(const struct queue *q)
{
	struct pollfd p = {.fd = q->event_fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void a_full_queue_takes_nothing(void **state)
{
	struct message m[5];
	struct queue q;

	assert_int_equal(queue_init(&q, 3), ST_OK);
	assert_null(queue_pop(&q));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(queue_push(&q, &m[i].node), ST_OK);
	assert_int_equal(queue_push(&q, &m[3].node), ST_BUSY);
	queue_push_reserved(&q, &m[3].node); /* an answer is always taken */
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(queue_pop(&q), &m[i].node);
	assert_null(queue_pop(&q));
	for (unsigned i = 0; i < 3; i++) /* the reserved one gave no place back */
		assert_int_equal(queue_push(&q, &m[i].node), ST_OK);
	assert_int_equal(queue_push(&q, &m[4].node), ST_BUSY);
	while (queue_pop(&q) != NULL)
		;
	queue_release(&q);
}

static void the_event_is_raised_until_cleared(void **state)
{
	struct message m[2];
	struct queue q;

	assert_int_equal(queue_init(&q, 8), ST_OK);
	assert_false(is_readable(&q));
	assert_int_equal(queue_push(&q, &m[0].node), ST_OK);
	assert_true(is_readable(&q));
	queue_clear_event(&q);
	assert_false(is_readable(&q));
	assert_non_null(queue_pop(&q));
	assert_int_equal(queue_push(&q, &m[1].node), ST_OK);
	assert_true(is_readable(&q));
	assert_non_null(queue_pop(&q));
	queue_release(&q);
}

#define PUSHERS 3
#define MESSAGES 20000

static struct queue shared;
static struct message messages[PUSHERS][MESSAGES];

static void pusher(void *arg)
{
	unsigned from = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < MESSAGES; i++) {
		messages[from][i].from = from;
		messages[from][i].number = i;
		while (queue_push(&shared, &messages[from][i].node) == ST_BUSY)
			sched_yield();
	}
}

static void many_pushers_lose_and_reorder_nothing(void **state)
{
	struct thread threads[PUSHERS];
	unsigned next[PUSHERS] = {0}, total = 0;

	assert_int_equal(queue_init(&shared, 64), ST_OK);
	for (unsigned i = 0; i < PUSHERS; i++)
		assert_int_equal(thread_start(&threads[i], "pusher", pusher, (void *)(uintptr_t)i),
				 ST_OK);
	while (total < PUSHERS * MESSAGES) {
		/* Sleeps on the event: a lost wake-up would hang here until the deadline fails it.
		 */
		struct pollfd p = {.fd = shared.event_fd, .events = POLLIN};
		assert_int_equal(poll(&p, 1, 60000), 1);
		queue_clear_event(&shared);
		struct queue_node *n;
		while ((n = queue_pop(&shared)) != NULL) {
			struct message *m = container_of(n, struct message, node);
			assert_int_equal(m->number, next[m->from]++);
			total++;
		}
	}
	for (unsigned i = 0; i < PUSHERS; i++)
		thread_join(&threads[i]);
	queue_release(&shared);
}

static struct latch latch;
static struct mutex mutex;
static unsigned long counter, guarded;

static void adder(void *arg)
{
	for (unsigned i = 0; i < 50000; i++) {
		latch_lock(&latch);
		counter++;
		latch_unlock(&latch);
		mutex_lock(&mutex);
		guarded++;
		mutex_unlock(&mutex);
	}
}

static void latches_and_mutexes_exclude(void **state)
{
	struct thread threads[4];

	mutex_init(&mutex, LOCK_RANK_LEAF);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(thread_start(&threads[i], "adder", adder, NULL), ST_OK);
	for (unsigned i = 0; i < 4; i++)
		thread_join(&threads[i]);
	assert_int_equal(counter, 200000);
	assert_int_equal(guarded, 200000);
	assert_int_equal(atomic_load(&latch.word), 0);
	mutex_destroy(&mutex);
	assert_true(thread_cpus() >= 1);
}

static void conditions_time_out(void **state)
{
	struct mutex m;
	struct cond c;

	mutex_init(&m, LOCK_RANK_SERVER);
	cond_init(&c);
	mutex_lock(&m);
	assert_false(cond_wait_until(&c, &m, 1)); /* long past */
	mutex_unlock(&m);
	cond_destroy(&c);
	mutex_destroy(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_queue_takes_nothing),
	    cmocka_unit_test(the_event_is_raised_until_cleared),
	    cmocka_unit_test(many_pushers_lose_and_reorder_nothing),
	    cmocka_unit_test(latches_and_mutexes_exclude),
	    cmocka_unit_test(conditions_time_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
