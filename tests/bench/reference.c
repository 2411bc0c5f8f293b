/* tests/bench/reference.c - what an expansion of several hops must find: reference EDGES HOPS
 * START...
 *
 * EDGES is a CSV file of from,to with one header line. For each START one line: the start, and for
 * 2 up to HOPS hops the number of distinct ends and the number of matches. A match uses no edge
 * twice, as in GQL and Cypher; counting walks would give more. Brute force over an array of
 * edges by their start: right because it is plain. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOPS_MAX 8
#define NODES_MAX 100000000u

struct graph {
	uint32_t n_nodes; /* ids are below it */
	uint64_t n_edges;
	uint32_t *from, *to;
	uint64_t *first; /* by start; n_nodes + 1 */
	uint32_t *end;	 /* of the edges, ordered by their start */
};

struct count {
	const struct graph *g;
	uint32_t hops;
	uint64_t used[HOPS_MAX];
	uint8_t *seen; /* by node */
	uint64_t n_ends, n_matches;
};

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "reference: out of memory\n");
		exit(1);
	}
	return p;
}

static void read_edges(struct graph *g, FILE *f)
{
	uint64_t cap = 0;
	char line[256];

	(void)!fgets(line, sizeof line, f);
	while (fgets(line, sizeof line, f) != NULL) {
		uint32_t from, to;
		if (sscanf(line, "%" SCNu32 ",%" SCNu32, &from, &to) != 2 || from >= NODES_MAX ||
		    to >= NODES_MAX) {
			fprintf(stderr, "reference: edge %" PRIu64 ": not two ids: %s",
				g->n_edges + 1, line);
			exit(1);
		}
		if (g->n_edges == cap) {
			cap = cap == 0 ? 1024 : cap * 2;
			g->from = must(realloc(g->from, cap * sizeof *g->from));
			g->to = must(realloc(g->to, cap * sizeof *g->to));
		}
		g->from[g->n_edges] = from;
		g->to[g->n_edges++] = to;
		uint32_t larger = from > to ? from : to;
		if (larger >= g->n_nodes)
			g->n_nodes = larger + 1;
	}
}

static void order_edges(struct graph *g)
{
	uint64_t *next = must(calloc(g->n_nodes + 1, sizeof *next));

	g->first = must(calloc(g->n_nodes + 2, sizeof *g->first));
	g->end = must(malloc((g->n_edges + 1) * sizeof *g->end));
	for (uint64_t i = 0; i < g->n_edges; i++)
		g->first[g->from[i] + 1]++;
	for (uint32_t i = 0; i < g->n_nodes; i++)
		g->first[i + 1] += g->first[i];
	memcpy(next, g->first, g->n_nodes * sizeof *next);
	for (uint64_t i = 0; i < g->n_edges; i++)
		g->end[next[g->from[i]]++] = g->to[i];
	free(next);
}

static int is_used(const struct count *c, uint32_t depth, uint64_t edge)
{
	for (uint32_t i = 0; i < depth; i++)
		if (c->used[i] == edge)
			return 1;
	return 0;
}

static void walk(struct count *c, uint32_t node, uint32_t depth)
{
	if (depth == c->hops) {
		c->n_matches++;
		c->n_ends += !c->seen[node];
		c->seen[node] = 1;
		return;
	}
	for (uint64_t e = c->g->first[node]; e < c->g->first[node + 1]; e++) {
		if (is_used(c, depth, e))
			continue;
		c->used[depth] = e;
		walk(c, c->g->end[e], depth + 1);
	}
}

static void tell(const struct graph *g, uint32_t start, uint32_t hops, uint8_t *seen)
{
	printf("%" PRIu32, start);
	for (uint32_t k = 2; k <= hops; k++) {
		struct count c = {.g = g, .hops = k, .seen = seen};
		memset(seen, 0, g->n_nodes);
		if (start < g->n_nodes)
			walk(&c, start, 0);
		printf(" %" PRIu64 " %" PRIu64, c.n_ends, c.n_matches);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct graph g = {0};
	FILE *f = argc > 2 ? fopen(argv[1], "r") : NULL;
	uint32_t hops = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	if (f == NULL || hops < 2 || hops > HOPS_MAX) {
		fprintf(stderr, "usage: reference EDGES.csv HOPS START... (2 to %d hops)\n",
			HOPS_MAX);
		return 2;
	}
	read_edges(&g, f);
	fclose(f);
	order_edges(&g);
	uint8_t *seen = must(malloc(g.n_nodes + 1));
	for (int i = 3; i < argc; i++)
		tell(&g, (uint32_t)strtoul(argv[i], NULL, 10), hops, seen);
	free(seen);
	free(g.end);
	free(g.first);
	free(g.from);
	free(g.to);
	return 0;
}
