/* tests/bench/reference.c - the rows that the queries of the peers' benchmark must find:
 * reference NODES EDGES < REQUESTS
 *
 * NODES is a CSV file of id,age,gender,completion_percentage (the age may be missing) and EDGES one
 * of from,to, each with one header line. A request is a line: the name of a query and its
 * parameters a and b. The answer is a JSON array a row, in any order, and an empty line.
 *
 * Of a query that may choose (LIMIT 1, a shortest path) the answer tells all that is right: every
 * row that it may choose, once, or the length. Of a query that writes it tells what must be there
 * afterwards. No match uses an edge twice, as in GQL and Cypher. Brute force over arrays that
 * shares nothing with the engine: right because it is plain. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOPS_MAX 8
#define PATH_MAX_LENGTH 15
#define IDS_MAX 100000000u
#define AGES_MAX 1024
#define AGE_NONE (-1)
#define ADULT 18

struct user {
	bool is_there;
	int age; /* or AGE_NONE */
	int completion;
	char gender[16];
};

/* Edges are numbered in the order of their starts. */
struct graph {
	uint32_t n_ids; /* ids of users are below it */
	uint64_t n_edges;
	struct user *users; /* by id */
	uint32_t *from, *to;
	uint64_t *first_out; /* by id, n_ids + 1: edges that start there */
	uint64_t *first_in;  /* the same into in[] */
	uint64_t *in;	     /* edges in the order of their ends */
};

struct search;

enum {
	ADULTS = 1, /* only users of that age */
	ONCE = 2,   /* DISTINCT */
	WHOLE = 4,  /* the user behind the id; all three of min, max and avg */
};

struct query {
	const char *name;
	void (*run)(struct search *s);
	int n_users; /* of a and b, those that must be there for anything to be found */
	uint32_t hops_min, hops_max;
	unsigned flags;
};

/* A request and how far its answer is. */
struct search {
	const struct graph *g;
	const struct query *query;
	uint32_t a, b;
	uint64_t used[HOPS_MAX]; /* edges of the match */
	bool *seen;		 /* by id */
	uint64_t n_matches, n_ends;
};

static bool has(const struct search *s, unsigned flag)
{
	return (s->query->flags & flag) != 0;
}

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "reference: out of memory\n");
		exit(1);
	}
	return p;
}

static void refuse(const char *what, const char *line)
{
	fprintf(stderr, "reference: %s: %s\n", what, line);
	exit(1);
}

/* The graph */

static FILE *open_csv(const char *path)
{
	char header[256];
	FILE *f = fopen(path, "r");

	if (f == NULL || fgets(header, sizeof header, f) == NULL)
		refuse("cannot be read", path);
	return f;
}

static void add_user(struct graph *g, uint32_t id, const struct user *u)
{
	if (id >= g->n_ids) {
		uint32_t n = g->n_ids * 2 > id ? g->n_ids * 2 : id + 1;
		g->users = must(realloc(g->users, n * sizeof *g->users));
		memset(g->users + g->n_ids, 0, (n - g->n_ids) * sizeof *g->users);
		g->n_ids = n;
	}
	g->users[id] = *u;
}

static void read_users(struct graph *g, const char *path)
{
	char line[256];
	FILE *f = open_csv(path);

	while (fgets(line, sizeof line, f) != NULL) {
		struct user u = {.is_there = true, .age = AGE_NONE};
		uint32_t id;
		int n =
		    sscanf(line, "%" SCNu32 ",%d,%15[^,],%d", &id, &u.age, u.gender, &u.completion);
		if (n != 4 &&
		    sscanf(line, "%" SCNu32 ",,%15[^,],%d", &id, u.gender, &u.completion) != 3)
			refuse("not a user", line);
		if (id >= IDS_MAX || (n == 4 && u.age < 0) || u.age >= AGES_MAX)
			refuse("out of range", line);
		add_user(g, id, &u);
	}
	fclose(f);
}

static const struct user *user_of(const struct graph *g, uint32_t id)
{
	return id < g->n_ids && g->users[id].is_there ? &g->users[id] : NULL;
}

static int by_start(const void *x, const void *y)
{
	uint64_t p = *(const uint64_t *)x, q = *(const uint64_t *)y;

	return (p > q) - (p < q);
}

/* All edges as start << 32 | end, sorted. */
static uint64_t *read_pairs(struct graph *g, const char *path)
{
	uint64_t *pairs = NULL, cap = 0;
	char line[256];
	FILE *f = open_csv(path);

	while (fgets(line, sizeof line, f) != NULL) {
		uint32_t from, to;
		if (sscanf(line, "%" SCNu32 ",%" SCNu32, &from, &to) != 2 ||
		    user_of(g, from) == NULL || user_of(g, to) == NULL)
			refuse("not an edge", line);
		if (g->n_edges == cap) {
			cap = cap == 0 ? 1024 : cap * 2;
			pairs = must(realloc(pairs, cap * sizeof *pairs));
		}
		pairs[g->n_edges++] = (uint64_t)from << 32 | to;
	}
	fclose(f);
	if (g->n_edges != 0)
		qsort(pairs, g->n_edges, sizeof *pairs, by_start);
	return pairs;
}

static void read_edges(struct graph *g, const char *path)
{
	uint64_t *pairs = read_pairs(g, path);
	uint64_t *next = must(calloc((size_t)g->n_ids + 1, sizeof *next));

	g->first_out = must(calloc((size_t)g->n_ids + 1, sizeof *g->first_out));
	g->first_in = must(calloc((size_t)g->n_ids + 1, sizeof *g->first_in));
	g->from = must(malloc((g->n_edges + 1) * sizeof *g->from));
	g->to = must(malloc((g->n_edges + 1) * sizeof *g->to));
	g->in = must(malloc((g->n_edges + 1) * sizeof *g->in));
	for (uint64_t e = 0; e < g->n_edges; e++) {
		g->from[e] = (uint32_t)(pairs[e] >> 32);
		g->to[e] = (uint32_t)pairs[e];
		g->first_out[g->from[e] + 1]++;
		g->first_in[g->to[e] + 1]++;
	}
	for (uint32_t i = 0; i < g->n_ids; i++) {
		g->first_out[i + 1] += g->first_out[i];
		g->first_in[i + 1] += g->first_in[i];
	}
	memcpy(next, g->first_in, g->n_ids * sizeof *next);
	for (uint64_t e = 0; e < g->n_edges; e++)
		g->in[next[g->to[e]]++] = e;
	free(next);
	free(pairs);
}

static void free_graph(struct graph *g)
{
	free(g->users);
	free(g->from);
	free(g->to);
	free(g->first_out);
	free(g->first_in);
	free(g->in);
}

/* Values */

static void print_user(const struct graph *g, uint32_t id, const char *more)
{
	const struct user *u = &g->users[id];

	printf("{\"labels\":[\"User\"],\"properties\":{\"id\":%" PRIu32, id);
	if (u->age != AGE_NONE)
		printf(",\"age\":%d", u->age);
	printf(",\"gender\":\"%s\",\"completion_percentage\":%d%s}}", u->gender, u->completion,
	       more);
}

static void print_edge(const char *type, uint32_t from, uint32_t to)
{
	printf("{\"from\":%" PRIu32 ",\"to\":%" PRIu32 ",\"type\":\"%s\",\"properties\":{}}", from,
	       to, type);
}

/* Matches */

static bool is_used(const struct search *s, uint32_t depth, uint64_t edge)
{
	for (uint32_t i = 0; i < depth; i++)
		if (s->used[i] == edge)
			return true;
	return false;
}

/* Calls found with the end of each way of so many hops behind depth. */
static void walk(struct search *s, uint32_t id, uint32_t depth, uint32_t hops,
		 void (*found)(struct search *s, uint32_t end))
{
	if (depth == hops) {
		found(s, id);
		return;
	}
	for (uint64_t e = s->g->first_out[id]; e < s->g->first_out[id + 1]; e++) {
		if (is_used(s, depth, e))
			continue;
		s->used[depth] = e;
		walk(s, s->g->to[e], depth + 1, hops, found);
	}
}

/* False when it was marked before. */
static bool mark(struct search *s, uint32_t id)
{
	bool is_new = !s->seen[id];

	s->seen[id] = true;
	return is_new;
}

static void found_end(struct search *s, uint32_t end)
{
	if (has(s, ADULTS) && s->g->users[end].age < ADULT)
		return;
	if (has(s, ONCE) && !mark(s, end))
		return;
	printf("[%" PRIu32, end);
	if (has(s, WHOLE)) {
		printf(",");
		print_user(s->g, end, "");
	}
	printf("]\n");
}

static void run_expansion(struct search *s)
{
	for (uint32_t k = s->query->hops_min; k <= s->query->hops_max; k++)
		walk(s, s->a, 0, k, found_end);
}

static void count_end(struct search *s, uint32_t end)
{
	s->n_matches++;
	s->n_ends += mark(s, end);
}

static void run_count(struct search *s)
{
	if (user_of(s->g, s->a) != NULL)
		walk(s, s->a, 0, s->query->hops_max, count_end);
	printf("[%" PRIu64 "]\n", has(s, ONCE) ? s->n_ends : s->n_matches);
}

static void run_cycle(struct search *s)
{
	const struct graph *g = s->g;

	for (uint64_t e1 = g->first_out[s->a]; e1 < g->first_out[s->a + 1]; e1++) {
		uint32_t m = g->to[e1];
		for (uint64_t e2 = g->first_out[m]; e2 < g->first_out[m + 1]; e2++) {
			if (g->to[e2] != s->a || e2 == e1)
				continue;
			printf("[");
			print_edge("FRIEND", s->a, m);
			printf(",");
			print_user(g, m, "");
			printf(",");
			print_edge("FRIEND", m, s->a);
			printf("]\n");
		}
	}
}

static void choose(struct search *s, uint32_t id)
{
	if (!mark(s, id))
		return;
	printf("[");
	print_user(s->g, id, "");
	printf("]\n");
}

static void choose_from_there(struct search *s, uint32_t n4)
{
	for (uint64_t i = s->g->first_in[n4]; i < s->g->first_in[n4 + 1]; i++)
		if (!is_used(s, s->query->hops_max, s->g->in[i]))
			choose(s, s->g->from[s->g->in[i]]);
}

static void run_long(struct search *s)
{
	walk(s, s->a, 0, s->query->hops_max, choose_from_there);
}

static void run_short(struct search *s)
{
	walk(s, s->a, 0, s->query->hops_max, choose);
}

/* A way of at least one edge: from a user to the same it is the shortest cycle. */
static void run_shortest(struct search *s)
{
	const struct graph *g = s->g;
	uint32_t *queue = must(malloc(((size_t)g->n_ids + 1) * sizeof *queue));
	uint32_t head = 0, tail = 0;

	queue[tail++] = s->a;
	for (uint32_t length = 1; length <= PATH_MAX_LENGTH && !s->seen[s->b]; length++) {
		uint32_t level_end = tail;
		for (; head < level_end; head++) {
			uint32_t id = queue[head];
			for (uint64_t e = g->first_out[id]; e < g->first_out[id + 1]; e++)
				if (mark(s, g->to[e]) && g->to[e] != s->a)
					queue[tail++] = g->to[e];
		}
		if (s->seen[s->b])
			printf("[%" PRIu32 "]\n", length);
	}
	free(queue);
}

/* All users */

static void run_vertex(struct search *s)
{
	choose(s, s->a);
}

static void run_users(struct search *s)
{
	for (uint32_t i = 0; i < s->g->n_ids; i++)
		if (s->g->users[i].is_there)
			choose(s, i);
}

static void run_edges(struct search *s)
{
	for (uint64_t e = 0; e < s->g->n_edges; e++)
		printf("[%" PRIu32 ",%" PRIu32 "]\n", s->g->from[e], s->g->to[e]);
}

static void run_ages(struct search *s)
{
	uint64_t counts[AGES_MAX] = {0}, n_none = 0, n_distinct = 0;

	for (uint32_t i = 0; i < s->g->n_ids; i++) {
		const struct user *u = &s->g->users[i];
		if (!u->is_there || (has(s, ADULTS) && u->age < ADULT))
			continue;
		if (u->age == AGE_NONE)
			n_none++;
		else
			n_distinct += counts[u->age]++ == 0;
	}
	if (has(s, ONCE)) {
		printf("[%" PRIu64 "]\n", n_distinct);
		return;
	}
	for (int age = 0; age < AGES_MAX; age++)
		if (counts[age] != 0)
			printf("[%d,%" PRIu64 "]\n", age, counts[age]);
	if (n_none != 0)
		printf("[null,%" PRIu64 "]\n", n_none);
}

static void run_summary(struct search *s)
{
	uint64_t n = 0, n_aged = 0, sum = 0;
	int min = AGES_MAX, max = AGE_NONE;

	for (uint32_t i = 0; i < s->g->n_ids; i++) {
		const struct user *u = &s->g->users[i];
		n += u->is_there;
		if (!u->is_there || u->age == AGE_NONE)
			continue;
		n_aged++;
		sum += (uint64_t)u->age;
		min = u->age < min ? u->age : min;
		max = u->age > max ? u->age : max;
	}
	if (!has(s, WHOLE))
		printf("[%" PRIu64 ",%" PRIu64 "]\n", n, n_aged);
	else if (n_aged == 0)
		printf("[null,null,null]\n");
	else
		printf("[%d,%d,%.17g]\n", min, max, (double)sum / (double)n_aged);
}

/* What a write leaves */

static void run_update(struct search *s)
{
	printf("[");
	print_user(s->g, s->a, ",\"property\":-1");
	printf("]\n");
}

static void run_insert(struct search *s)
{
	printf("[{\"labels\":[\"UserTemp\"],\"properties\":{\"id\":%" PRIu32 "}}]\n", s->a);
}

static void run_link(struct search *s)
{
	printf("[");
	print_edge("Temp", s->a, s->b);
	printf("]\n");
}

/* The peers' list, counts of matches and of ends, and the whole graph. */
static const struct query queries[] = {
    {"single_vertex_read", run_vertex, 1, 0, 0, 0},
    {"expansion_1", run_expansion, 1, 1, 1, 0},
    {"expansion_1_with_filter", run_expansion, 1, 1, 1, ADULTS},
    {"expansion_2", run_expansion, 1, 2, 2, ONCE},
    {"expansion_2_with_filter", run_expansion, 1, 2, 2, ONCE | ADULTS},
    {"expansion_3", run_expansion, 1, 3, 3, ONCE},
    {"expansion_3_with_filter", run_expansion, 1, 3, 3, ONCE | ADULTS},
    {"expansion_4", run_expansion, 1, 4, 4, ONCE},
    {"expansion_4_with_filter", run_expansion, 1, 4, 4, ONCE | ADULTS},
    {"neighbours_2", run_expansion, 1, 1, 2, ONCE},
    {"neighbours_2_with_filter", run_expansion, 1, 1, 2, ONCE | ADULTS},
    {"neighbours_2_with_data", run_expansion, 1, 1, 2, ONCE | WHOLE},
    {"neighbours_2_with_data_and_filter", run_expansion, 1, 1, 2, ONCE | WHOLE | ADULTS},
    {"shortest_path", run_shortest, 2, 0, 0, 0},
    {"pattern_cycle", run_cycle, 1, 0, 0, 0},
    {"pattern_long", run_long, 1, 3, 3, 0},
    {"pattern_short", run_short, 1, 1, 1, 0},
    {"aggregate", run_ages, 0, 0, 0, 0},
    {"aggregate_with_distinct", run_ages, 0, 0, 0, ONCE},
    {"aggregate_with_filter", run_ages, 0, 0, 0, ADULTS},
    {"aggregate_count", run_summary, 0, 0, 0, 0},
    {"min_max_avg", run_summary, 0, 0, 0, WHOLE},
    {"single_vertex_property_update", run_update, 1, 0, 0, 0},
    {"single_vertex_write", run_insert, 0, 0, 0, 0},
    {"single_edge_write", run_link, 2, 0, 0, 0},
    {"matches_2", run_count, 0, 2, 2, 0},
    {"ends_2", run_count, 0, 2, 2, ONCE},
    {"matches_3", run_count, 0, 3, 3, 0},
    {"ends_3", run_count, 0, 3, 3, ONCE},
    {"matches_4", run_count, 0, 4, 4, 0},
    {"ends_4", run_count, 0, 4, 4, ONCE},
    {"all_users", run_users, 0, 0, 0, 0},
    {"all_edges", run_edges, 0, 0, 0, 0},
};

static const struct query *find_query(const char *name)
{
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		if (strcmp(queries[i].name, name) == 0)
			return &queries[i];
	refuse("no query", name);
	return NULL;
}

/* The empty line too when a user is missing. */
static void answer(struct search *s)
{
	int n_users = s->query->n_users;

	if ((n_users < 1 || user_of(s->g, s->a) != NULL) &&
	    (n_users < 2 || user_of(s->g, s->b) != NULL))
		s->query->run(s);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct graph g = {0};
	char line[256], name[64];

	if (argc != 3) {
		fprintf(stderr, "usage: reference NODES.csv EDGES.csv < REQUESTS\n");
		return 2;
	}
	read_users(&g, argv[1]);
	read_edges(&g, argv[2]);
	bool *seen = must(malloc((size_t)g.n_ids + 1));
	while (fgets(line, sizeof line, stdin) != NULL) {
		struct search s = {.g = &g, .seen = seen};
		if (sscanf(line, "%63s %" SCNu32 " %" SCNu32, name, &s.a, &s.b) != 3)
			refuse("not a request", line);
		s.query = find_query(name);
		memset(seen, 0, g.n_ids);
		answer(&s);
	}
	free(seen);
	free_graph(&g);
	return fflush(stdout) == 0 ? 0 : 1;
}
