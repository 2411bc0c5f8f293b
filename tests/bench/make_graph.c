/* tests/bench/make_graph.c - writes a social graph for the benchmarks: make_graph DIR NODES EDGES
 *
 * The same arguments give the same bytes: users.csv and friends.csv with the headers of
 * neo4j-admin, and params.txt with 4,096 pairs of ids. Degrees have a heavy tail (weights of
 * 1/sqrt(u)), most friends are near, no edge is there twice. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NODES_MAX 100000000
#define EDGES_MAX 2000000000
#define N_PARAMS 4096
#define NEAR_SHARE 0.6	   /* of the edges that stay within a fiftieth of the ids */
#define TAIL_FLOOR 1.1e-05 /* bounds the heaviest weight at about 300 times the lightest */

struct graph {
	uint64_t n_nodes, n_edges;
	double *sums;	/* of weights; n_nodes + 1 */
	uint64_t *seen; /* hash set of edges, 0 is empty */
	uint64_t seen_mask;
	uint64_t state; /* of the random numbers */
};

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t next(struct graph *g)
{
	return mix(g->state += 0x9e3779b97f4a7c15ULL);
}

static double uniform(struct graph *g)
{
	return (double)(next(g) >> 11) * 0x1p-53;
}

/* A node of [lo, hi) by weight. */
static uint64_t pick(struct graph *g, uint64_t lo, uint64_t hi)
{
	double x = g->sums[lo] + uniform(g) * (g->sums[hi] - g->sums[lo]);

	while (hi - lo > 1) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (g->sums[middle] <= x)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

/* False when the edge was there. */
static int add(struct graph *g, uint64_t from, uint64_t to)
{
	uint64_t key = (from + 1) << 32 | (to + 1), at = mix(key) & g->seen_mask;

	for (; g->seen[at] != 0; at = (at + 1) & g->seen_mask)
		if (g->seen[at] == key)
			return 0;
	g->seen[at] = key;
	return 1;
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	return f;
}

static void finish(FILE *f)
{
	if (fclose(f) != 0) {
		perror("make_graph");
		exit(1);
	}
}

static void write_users(struct graph *g, const char *dir)
{
	FILE *f = create(dir, "users.csv");

	fprintf(f, "id:ID,age:long,gender:string,completion_percentage:long\n");
	for (uint64_t i = 1; i <= g->n_nodes; i++) {
		int age = uniform(g) < 0.3 ? 0 : 12 + (int)(uniform(g) * 50);
		const char *gender = uniform(g) < 0.5 ? "man" : "woman";

		fprintf(f, "%" PRIu64 ",%d,%s,%d\n", i, age, gender, (int)(next(g) % 101));
	}
	finish(f);
}

static void write_friends(struct graph *g, const char *dir)
{
	FILE *f = create(dir, "friends.csv");
	uint64_t window = g->n_nodes / 50 + 1, done = 0;

	fprintf(f, ":START_ID,:END_ID\n");
	while (done < g->n_edges) {
		uint64_t a = pick(g, 0, g->n_nodes), lo = 0, hi = g->n_nodes;

		if (uniform(g) < NEAR_SHARE) {
			lo = a < window ? 0 : a - window;
			hi = a + window > g->n_nodes ? g->n_nodes : a + window;
		}
		uint64_t b = pick(g, lo, hi);
		if (a == b || !add(g, a, b))
			continue;
		fprintf(f, "%" PRIu64 ",%" PRIu64 "\n", a + 1, b + 1);
		done++;
	}
	finish(f);
}

static void write_params(struct graph *g, const char *dir)
{
	FILE *f = create(dir, "params.txt");

	for (int i = 0; i < N_PARAMS; i++) {
		uint64_t a = next(g) % g->n_nodes,
			 b = (a + 1 + next(g) % (g->n_nodes - 1)) % g->n_nodes;

		fprintf(f, "%" PRIu64 " %" PRIu64 "\n", a + 1, b + 1);
	}
	finish(f);
}

int main(int argc, char **argv)
{
	struct graph g = {.state = 42};

	if (argc == 4) {
		g.n_nodes = strtoull(argv[2], NULL, 10);
		g.n_edges = strtoull(argv[3], NULL, 10);
	}
	/* A quarter of all pairs: beyond that, finding an edge that is not there takes too long. */
	if (g.n_nodes < 2 || g.n_nodes > NODES_MAX || g.n_edges > EDGES_MAX ||
	    (double)g.n_edges > (double)g.n_nodes * (double)g.n_nodes / 4) {
		fprintf(stderr, "usage: make_graph DIR NODES EDGES\n");
		return 2;
	}
	uint64_t n_seen = 16;
	while (n_seen < g.n_edges * 2)
		n_seen *= 2;
	g.seen_mask = n_seen - 1;
	g.seen = calloc(n_seen, sizeof *g.seen);
	g.sums = calloc(g.n_nodes + 1, sizeof *g.sums);
	if (g.seen == NULL || g.sums == NULL) {
		fprintf(stderr, "make_graph: out of memory\n");
		return 1;
	}
	for (uint64_t i = 0; i < g.n_nodes; i++)
		g.sums[i + 1] = g.sums[i] + 1 / sqrt(uniform(&g) + TAIL_FLOOR);
	mkdir(argv[1], 0777);
	write_users(&g, argv[1]);
	write_friends(&g, argv[1]);
	write_params(&g, argv[1]);
	free(g.seen);
	free(g.sums);
	return 0;
}
