/* base/thread.c - threads, mutexes with ranks, condition variables. */
#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HELD_MAX 16 /* mutexes of one thread at once, checked in debug builds */

#ifndef NDEBUG
static _Thread_local enum lock_rank held[HELD_MAX];
static _Thread_local unsigned n_held;

static void check_rank(enum lock_rank rank, bool same_allowed)
{
	BUG_ON(n_held == HELD_MAX);
	for (unsigned i = 0; i < n_held; i++)
		BUG_ON(held[i] > rank || (held[i] == rank && !same_allowed));
	held[n_held++] = rank;
}

static void forget_rank(enum lock_rank rank)
{
	for (unsigned i = n_held; i-- > 0;) {
		if (held[i] == rank) {
			memmove(&held[i], &held[i + 1], (n_held - i - 1) * sizeof held[0]);
			n_held--;
			return;
		}
	}
	bug(__FILE__, __LINE__, "unlock of a mutex that this thread does not hold");
}
#else
static void check_rank(UNUSED enum lock_rank rank, UNUSED bool same_allowed)
{
}

static void forget_rank(UNUSED enum lock_rank rank)
{
}
#endif

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	BUG_ON(pthread_mutex_init(&m->m, NULL) != 0);
	m->rank = rank;
}

void mutex_destroy(struct mutex *m)
{
	BUG_ON(pthread_mutex_destroy(&m->m) != 0);
}

void mutex_lock(struct mutex *m)
{
	check_rank(m->rank, false);
	BUG_ON(pthread_mutex_lock(&m->m) != 0);
}

void mutex_lock_same(struct mutex *m)
{
	check_rank(m->rank, true);
	BUG_ON(pthread_mutex_lock(&m->m) != 0);
}

bool mutex_trylock(struct mutex *m)
{
	int error = pthread_mutex_trylock(&m->m);

	BUG_ON(error != 0 && error != EBUSY);
	if (error == 0)
		check_rank(m->rank, false);
	return error == 0;
}

void mutex_unlock(struct mutex *m)
{
	forget_rank(m->rank);
	BUG_ON(pthread_mutex_unlock(&m->m) != 0);
}

void cond_init(struct cond *c)
{
	pthread_condattr_t attr;

	BUG_ON(pthread_condattr_init(&attr) != 0);
	BUG_ON(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0);
	BUG_ON(pthread_cond_init(&c->c, &attr) != 0);
	pthread_condattr_destroy(&attr);
}

void cond_destroy(struct cond *c)
{
	BUG_ON(pthread_cond_destroy(&c->c) != 0);
}

void cond_wait(struct cond *c, struct mutex *m)
{
	BUG_ON(pthread_cond_wait(&c->c, &m->m) != 0);
}

bool cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns)
{
	struct timespec t = {
	    .tv_sec = (time_t)(deadline_ns / 1000000000u),
	    .tv_nsec = (long)(deadline_ns % 1000000000u),
	};
	int error = pthread_cond_timedwait(&c->c, &m->m, &t);

	BUG_ON(error != 0 && error != ETIMEDOUT);
	return error == 0;
}

void cond_signal(struct cond *c)
{
	pthread_cond_signal(&c->c);
}

void cond_broadcast(struct cond *c)
{
	pthread_cond_broadcast(&c->c);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	pthread_setname_np(pthread_self(), t->name);
	t->run(t->arg);
	return NULL;
}

enum status thread_start(struct thread *t, const char *name, void (*run)(void *arg), void *arg)
{
	sigset_t all, before;

	t->run = run;
	t->arg = arg;
	snprintf(t->name, sizeof t->name, "%s", name);
	sigfillset(&all);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &all, &before) != 0); /* the thread inherits it */
	int error = pthread_create(&t->id, NULL, thread_main, t);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &before, NULL) != 0);
	return error == 0 ? ST_OK : ST_NOMEM;
}

void thread_join(struct thread *t)
{
	BUG_ON(pthread_join(t->id, NULL) != 0);
}

unsigned thread_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1; /* more processors than a cpu_set_t holds: the caller's option decides */
	int n = CPU_COUNT(&set);
	return n > 0 ? (unsigned)n : 1;
}
