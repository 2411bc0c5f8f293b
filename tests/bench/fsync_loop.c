/* tests/bench/fsync_loop.c - what the disk gives to group commit: the floor under durable writes.
 *
 * usage: fsync_loop DIRECTORY [SECONDS]
 * Writes as the log does (src/wal): appends to a file whose blocks are reserved without changing
 * its size (FALLOC_FL_KEEP_SIZE), one write and one fdatasync for a group, never over bytes that
 * are there; a full file is followed by a new one. Two kinds of lines, each with SECONDS (2) of
 * work:
 *   "group": one thread, always so many records at once: the disk alone.
 *   "waiters": so many threads, each of which hands over one record and sleeps until it is durable;
 *     a group is what waits when the sync before has ended. Durable writes of the server with as
 *     many clients should reach 90 % of its commits_per_s. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_BYTES 128
#define SEGMENT_BYTES (64 << 20)
#define GROUP_MAX 256
#define SAMPLES_MAX 4000000

struct log {
	char path[4096];
	int fd;
	off_t end;
};

struct waiter {
	pthread_t thread;
	sem_t durable;
	struct waiter *next;
	uint32_t *latency_ns;
	size_t n, cap;
};

static struct {
	struct log log;
	pthread_mutex_t lock; /* over what waits */
	pthread_cond_t work;
	struct waiter *head, **tail;
	unsigned n_waiting, n_running;
	uint64_t end_ns;
} bench = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Nobody else needs its name. */
static void log_begin(struct log *l)
{
	l->fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (l->fd < 0 || unlink(l->path) != 0 ||
	    fallocate(l->fd, FALLOC_FL_KEEP_SIZE, 0, SEGMENT_BYTES) != 0 || fsync(l->fd) != 0)
		die(l->path);
	l->end = 0;
}

static void log_end(struct log *l)
{
	close(l->fd);
}

/* One group: one write behind the end, one sync. */
static void log_append(struct log *l, unsigned n_records)
{
	static char bytes[RECORD_BYTES * GROUP_MAX];
	const size_t len = (size_t)n_records * RECORD_BYTES;

	if (l->end + (off_t)len > SEGMENT_BYTES) {
		log_end(l);
		log_begin(l);
	}
	memset(bytes, 'g', len);
	if (pwrite(l->fd, bytes, len, l->end) != (ssize_t)len || fdatasync(l->fd) != 0)
		die(l->path);
	l->end += (off_t)len;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sorts the latencies. */
static void report(const char *kind, unsigned size, uint64_t n_commits, double seconds,
		   uint32_t *latency_ns, size_t n)
{
	qsort(latency_ns, n, sizeof *latency_ns, by_value);
	printf("{\"%s\": %u, \"commits_per_s\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", kind,
	       size, (double)n_commits / seconds, n > 0 ? latency_ns[n / 2] / 1e3 : 0,
	       n > 0 ? latency_ns[n * 99 / 100] / 1e3 : 0);
	fflush(stdout);
}

/* ---- the disk alone ---- */

static void measure_groups(unsigned group, double seconds, uint32_t *latency_ns)
{
	const uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9);
	uint64_t at = begin;
	size_t n = 0;

	log_begin(&bench.log);
	while (n < SAMPLES_MAX && at < end) {
		log_append(&bench.log, group);
		const uint64_t after = now_ns();
		latency_ns[n++] = (uint32_t)(after - at);
		at = after;
	}
	log_end(&bench.log);
	report("group", group, n * group, (double)(at - begin) / 1e9, latency_ns, n);
}

/* ---- threads that wait ---- */

static void hand_over(struct waiter *w)
{
	pthread_mutex_lock(&bench.lock);
	w->next = NULL;
	*bench.tail = w;
	bench.tail = &w->next;
	if (bench.n_waiting++ == 0)
		pthread_cond_signal(&bench.work);
	pthread_mutex_unlock(&bench.lock);
	while (sem_wait(&w->durable) != 0 && errno == EINTR)
		continue;
}

static void *waiter_main(void *arg)
{
	struct waiter *w = arg;
	uint64_t at = now_ns();

	while (at < bench.end_ns && w->n < w->cap) {
		hand_over(w);
		const uint64_t after = now_ns();
		w->latency_ns[w->n++] = (uint32_t)(after - at);
		at = after;
	}
	pthread_mutex_lock(&bench.lock);
	bench.n_running--;
	pthread_cond_signal(&bench.work);
	pthread_mutex_unlock(&bench.lock);
	return NULL;
}

/* Takes all that waits; 0: nobody will come any more. */
static unsigned gather(struct waiter **ret)
{
	pthread_mutex_lock(&bench.lock);
	while (bench.n_waiting == 0 && bench.n_running > 0)
		pthread_cond_wait(&bench.work, &bench.lock);
	const unsigned n = bench.n_waiting;
	*ret = bench.head;
	bench.head = NULL;
	bench.tail = &bench.head;
	bench.n_waiting = 0;
	pthread_mutex_unlock(&bench.lock);
	return n;
}

static void write_groups(void)
{
	struct waiter *w, *next;
	unsigned n;

	while ((n = gather(&w)) > 0) {
		log_append(&bench.log, n);
		for (; w != NULL; w = next) {
			next = w->next; /* it may wait again at once */
			sem_post(&w->durable);
		}
	}
}

static void measure_waiters(unsigned n_waiters, double seconds, uint32_t *latency_ns)
{
	static struct waiter waiters[GROUP_MAX];
	const size_t cap = SAMPLES_MAX / n_waiters;
	const uint64_t begin = now_ns();
	size_t n = 0;

	log_begin(&bench.log);
	bench.head = NULL;
	bench.tail = &bench.head;
	bench.n_running = n_waiters;
	bench.end_ns = begin + (uint64_t)(seconds * 1e9);
	for (unsigned i = 0; i < n_waiters; i++) {
		waiters[i] = (struct waiter){.latency_ns = latency_ns + i * cap, .cap = cap};
		if (sem_init(&waiters[i].durable, 0, 0) != 0 ||
		    pthread_create(&waiters[i].thread, NULL, waiter_main, &waiters[i]) != 0)
			die("thread");
	}
	write_groups();
	const double took_s = (double)(now_ns() - begin) / 1e9;
	for (unsigned i = 0; i < n_waiters; i++) {
		pthread_join(waiters[i].thread, NULL);
		sem_destroy(&waiters[i].durable);
		memmove(latency_ns + n, waiters[i].latency_ns, waiters[i].n * sizeof *latency_ns);
		n += waiters[i].n;
	}
	log_end(&bench.log);
	report("waiters", n_waiters, n, took_s, latency_ns, n);
}

int main(int argc, char **argv)
{
	static const unsigned groups[] = {1, 8, 32, 256}, waiters[] = {1, 32};
	uint32_t *latency_ns = malloc(SAMPLES_MAX * sizeof *latency_ns);
	const double seconds = argc > 2 ? atof(argv[2]) : 2;

	if (argc < 2 || snprintf(bench.log.path, sizeof bench.log.path, "%s/fsync_loop.tmp",
				 argv[1]) >= (int)sizeof bench.log.path) {
		fprintf(stderr, "usage: fsync_loop DIRECTORY [SECONDS]\n");
		return 2;
	}
	if (latency_ns == NULL)
		die("latencies");
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		measure_groups(groups[i], seconds, latency_ns);
	for (size_t i = 0; i < sizeof waiters / sizeof waiters[0]; i++)
		measure_waiters(waiters[i], seconds, latency_ns);
	free(latency_ns);
	return 0;
}
