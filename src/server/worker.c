#include "server/worker.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/thread.h"
#include "server/server_int.h"
#include "server/session.h"

struct workers {
	struct mutex lock; /* of the queue: a session at most once, so sessions bound it */
	struct cond wake;
	struct session *first, *last;
	bool stop;
	uint32_t n, n_started;
	struct thread *threads;
};

static void append(struct workers *w, struct session *s)
{
	s->next_run = NULL;
	mutex_lock(&w->lock);
	if (w->last != NULL)
		w->last->next_run = s;
	else
		w->first = s;
	w->last = s;
	cond_signal(&w->wake);
	mutex_unlock(&w->lock);
}

void workers_give(struct workers *w, struct session *s)
{
	s->given_ns = clock_mono_ns();
	append(w, s);
}

/* NULL: stop was asked and nothing is left. */
static struct session *wait_for_one(struct workers *w)
{
	mutex_lock(&w->lock);
	while (w->first == NULL && !w->stop)
		cond_wait(&w->wake, &w->lock);
	struct session *s = w->first;
	if (s != NULL)
		w->first = s->next_run;
	if (w->first == NULL)
		w->last = NULL;
	mutex_unlock(&w->lock);
	return s;
}

static bool others_wait(struct workers *w)
{
	mutex_lock(&w->lock);
	bool some = w->first != NULL;
	mutex_unlock(&w->lock);
	return some;
}

/* Slice after slice while nobody else waits for one; else it goes to the end of the queue. At most
 * one page is made before the session is back with its I/O thread, which asks for the next one when
 * the peer has read. */
static void run_slices(struct workers *w, struct session *s)
{
	do {
		enum statement_event event = statement_step(&s->st, false);
		if (event != STATEMENT_YIELD || clock_mono_ns() - s->given_ns >= WORKER_REPORT_NS) {
			s->event = event;
			net_loop_post_reserved(s->conn->io->loop, &s->wake);
			return;
		}
	} while (!others_wait(w));
	append(w, s);
}

static void worker_run(void *arg)
{
	struct workers *w = arg;
	struct session *s;

	while ((s = wait_for_one(w)) != NULL)
		run_slices(w, s);
}

enum status workers_start(uint32_t n, struct workers **ret)
{
	struct workers *w = MEM_NEW(MEM_OTHER, struct workers);

	if (w == NULL)
		return ST_NOMEM;
	mutex_init(&w->lock, LOCK_RANK_LEAF);
	cond_init(&w->wake);
	w->n = n;
	w->threads = mem_zalloc(MEM_OTHER, n * sizeof *w->threads);
	enum status st = w->threads != NULL ? ST_OK : ST_NOMEM;
	for (uint32_t i = 0; i < n && st == ST_OK; i++) {
		char name[16];
		snprintf(name, sizeof name, "work-%u", i);
		st = thread_start(&w->threads[i], name, worker_run, w);
		w->n_started += st == ST_OK;
	}
	if (st != ST_OK) {
		workers_stop(w);
		return st;
	}
	*ret = w;
	return ST_OK;
}

void workers_stop(struct workers *w)
{
	if (w == NULL)
		return;
	mutex_lock(&w->lock);
	w->stop = true;
	cond_broadcast(&w->wake);
	mutex_unlock(&w->lock);
	for (uint32_t i = 0; i < w->n_started; i++)
		thread_join(&w->threads[i]);
	cond_destroy(&w->wake);
	mutex_destroy(&w->lock);
	mem_free(MEM_OTHER, w->threads, w->n * sizeof *w->threads);
	MEM_FREE(MEM_OTHER, w);
}
