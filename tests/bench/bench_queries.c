/* tests/bench/bench_queries.c - latency and throughput of single statements, over libgeode.
 *
 *     bench_queries ADDRESS PARAMS SECONDS CLIENTS NAME STATEMENT [NAME STATEMENT ...]
 *
 * Each client is a thread with a session of its own; it runs the statement in a closed loop with
 * the parameters a and b from PARAMS (lines "a b") and reads all rows. One JSON object a statement.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/geode.h"

#define CLIENTS_MAX 256
#define PARAMS_MAX 4096
#define WARM_UP 50 /* runs of each client before its clock starts */

static struct {
	const char *address, *statement;
	double seconds;
	int64_t params[PARAMS_MAX][2];
	uint32_t n_params;
	pthread_barrier_t start;
} bench;

struct client {
	pthread_t thread;
	uint32_t id;
	uint32_t *latency_us;
	size_t n, cap;
	uint64_t rows, errors;
	char error[640];
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void failed(struct client *c, const struct geode_error *e)
{
	if (c->errors++ == 0)
		snprintf(c->error, sizeof c->error, "%s %s", e->code, e->message);
}

/* Runs the statement once and reads its rows. */
static void run_once(struct client *c, struct geode_session *s, struct geode_params *p, uint64_t i)
{
	struct geode_result *r = NULL;
	enum geode_status st = GEODE_END;

	geode_params_clear(p);
	geode_params_int(p, "a", bench.params[i % bench.n_params][0]);
	geode_params_int(p, "b", bench.params[i % bench.n_params][1]);
	if (geode_execute(s, bench.statement, p, &r) != GEODE_OK) {
		failed(c, geode_error_of(s));
		return;
	}
	while ((st = geode_result_next(r)) == GEODE_ROW)
		c->rows++;
	if (st != GEODE_END)
		failed(c, geode_error_of(s));
	geode_result_free(r);
}

static void measure(struct client *c, struct geode_session *s, struct geode_params *p)
{
	uint64_t i = c->id * 977, begin = now_us(), end = begin + (uint64_t)(bench.seconds * 1e6);

	for (uint64_t t = begin; t < end && c->errors < 10; i++) {
		run_once(c, s, p, i);
		uint64_t after = now_us();
		if (c->n == c->cap) {
			c->cap = c->cap != 0 ? c->cap * 2 : 4096;
			c->latency_us = realloc(c->latency_us, c->cap * sizeof *c->latency_us);
			if (c->latency_us == NULL)
				abort();
		}
		c->latency_us[c->n++] = (uint32_t)(after - t);
		t = after;
	}
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	struct geode_error error = {0};
	struct geode_session *s = geode_connect(bench.address, &error);
	struct geode_params *p = geode_params_new();

	if (p == NULL)
		abort();
	if (s == NULL)
		failed(c, &error);
	for (uint64_t i = 0; s != NULL && i < WARM_UP; i++)
		run_once(c, s, p, i + 2048);
	c->rows = 0;
	pthread_barrier_wait(&bench.start);
	if (s != NULL)
		measure(c, s, p);
	geode_params_free(p);
	geode_disconnect(s);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Prints the record of one statement; gives the number of errors. */
static uint64_t report(const char *name, struct client *clients, uint32_t n_clients, double took_s)
{
	uint64_t rows = 0, errors = 0;
	size_t n = 0, k = 0;
	const char *error = "";

	for (uint32_t i = 0; i < n_clients; i++) {
		n += clients[i].n;
		rows += clients[i].rows;
		errors += clients[i].errors;
		if (clients[i].errors != 0)
			error = clients[i].error;
	}
	uint32_t *all = malloc((n + 1) * sizeof *all);
	if (all == NULL)
		abort();
	for (uint32_t i = 0; i < n_clients; i++) {
		if (clients[i].n != 0)
			memcpy(all + k, clients[i].latency_us, clients[i].n * sizeof *all);
		k += clients[i].n;
		free(clients[i].latency_us);
	}
	qsort(all, n, sizeof *all, by_value);
	printf(
	    "{\"query\":\"%s\",\"clients\":%u,\"n\":%zu,\"per_s\":%.0f,\"p50_us\":%u,\"p99_us\":%u,"
	    "\"mean_rows\":%.1f,\"errors\":%" PRIu64 "}\n",
	    name, n_clients, n, (double)n / took_s, n != 0 ? all[n / 2] : 0,
	    n != 0 ? all[n - 1 - n / 100] : 0, n != 0 ? (double)rows / (double)n : 0, errors);
	fflush(stdout);
	if (errors != 0)
		fprintf(stderr, "bench_queries: %s: %s\n", name, error);
	free(all);
	return errors;
}

static uint64_t run_statement(const char *name, const char *statement, uint32_t n_clients)
{
	static struct client clients[CLIENTS_MAX];

	bench.statement = statement;
	memset(clients, 0, sizeof clients);
	pthread_barrier_init(&bench.start, NULL, n_clients + 1);
	for (uint32_t i = 0; i < n_clients; i++) {
		clients[i].id = i;
		if (pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0)
			abort();
	}
	pthread_barrier_wait(&bench.start);
	uint64_t begin = now_us();
	for (uint32_t i = 0; i < n_clients; i++)
		pthread_join(clients[i].thread, NULL);
	double took_s = (double)(now_us() - begin) / 1e6;
	pthread_barrier_destroy(&bench.start);
	return report(name, clients, n_clients, took_s);
}

static int read_params(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		return -1;
	}
	while (bench.n_params < PARAMS_MAX &&
	       fscanf(f, "%" SCNd64 " %" SCNd64, &bench.params[bench.n_params][0],
		      &bench.params[bench.n_params][1]) == 2)
		bench.n_params++;
	fclose(f);
	return bench.n_params != 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	uint64_t errors = 0;

	if (argc < 7 || argc % 2 == 0 || atoi(argv[4]) < 1 || atoi(argv[4]) > CLIENTS_MAX) {
		fprintf(stderr,
			"usage: bench_queries ADDRESS PARAMS SECONDS CLIENTS NAME STATEMENT ...\n");
		return 2;
	}
	bench.address = argv[1];
	if (read_params(argv[2]) != 0)
		return 1;
	bench.seconds = atof(argv[3]);
	for (int i = 5; i < argc; i += 2)
		errors += run_statement(argv[i], argv[i + 1], (uint32_t)atoi(argv[4]));
	return errors != 0;
}
