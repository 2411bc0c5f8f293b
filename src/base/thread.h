/* base/thread.h - named threads, ranked mutexes, wake-ups.
 *
 * Room: base. A debug build aborts when a thread takes a mutex of a lower or equal rank than one it
 * holds (equal ranks need mutex_lock_same, for latches taken in id order). */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

#include "base/status.h"

enum lock_rank {
	LOCK_RANK_SERVER = 10,
	LOCK_RANK_LOG = 15, /* a round of the log, with all that it calls */
	LOCK_RANK_CATALOG = 20,
	LOCK_RANK_COMMIT = 30,
	LOCK_RANK_NODE_CHUNK = 40,
	LOCK_RANK_EDGE_CHUNK = 50,
	LOCK_RANK_INDEX = 60,
	LOCK_RANK_DICT = 70,
	LOCK_RANK_LEAF = 90, /* nothing is taken under it */
};

struct mutex {
	pthread_mutex_t m;
	enum lock_rank rank;
};

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_destroy(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_lock_same(struct mutex *m);		/* beside another of the same rank, in id order */
bool mutex_trylock(struct mutex *m) MUST_CHECK; /* false: somebody holds it */
void mutex_unlock(struct mutex *m);

struct cond {
	pthread_cond_t c;
};
void cond_init(struct cond *c);
void cond_destroy(struct cond *c);
void cond_wait(struct cond *c, struct mutex *m);
/* False when the deadline (monotone clock of the system, ns) passed first. */
bool cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns);
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

struct thread {
	pthread_t id;
	void (*run)(void *arg);
	void *arg;
	char name[16]; /* shown by ps -L; at most 15 characters */
};
/* All signals are blocked in it: signals belong to main. The struct lives until thread_join. */
enum status thread_start(struct thread *t, const char *name, void (*run)(void *arg),
			 void *arg) MUST_CHECK;
void thread_join(struct thread *t);
unsigned thread_cpus(void); /* usable processors, at least 1 */

#endif
