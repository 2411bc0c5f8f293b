/* Random statements over random small graphs, each run in every way, against each other and an
 * oracle.
 *
 *     test_differential [--seed N] [--from N] [--count N] [--keep-going]
 *
 * Statement number n of a seed is the same whatever was run before it. GEODE_DIFFERENTIAL_COUNT in
 * the environment stands for --count. */
#include <string.h>

#include "base/bits.h"
#include "tests/differential/engine.h"

#define SEED 20240412
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define COUNT 1000
#else
#define COUNT 12000
#endif
#define STATEMENTS_PER_GRAPH 40
#define FAILURES_MAX 20

static const struct way ways[] = {
    {"rewrites", ENGINE_PLAIN, .single_rows = false},
    {"rewrites, single rows", ENGINE_PLAIN, .single_rows = true},
    {"rewrites, yields", ENGINE_PLAIN, .yields = true},
    {"rewrites, single rows, yields", ENGINE_PLAIN, .single_rows = true, .yields = true},
    {"as written", ENGINE_PLAIN, .no_rewrites = true},
    {"as written, single rows", ENGINE_PLAIN, .no_rewrites = true, .single_rows = true},
    {"as written, yields", ENGINE_PLAIN, .no_rewrites = true, .yields = true},
    {"as written, single rows, yields", ENGINE_PLAIN, .no_rewrites = true, .single_rows = true,
     .yields = true},
    {"indexes", ENGINE_INDEXED, .single_rows = false},
    {"indexes, single rows", ENGINE_INDEXED, .single_rows = true},
    {"indexes, yields", ENGINE_INDEXED, .yields = true},
    {"indexes, single rows, yields", ENGINE_INDEXED, .single_rows = true, .yields = true},
    {"indexes in order", ENGINE_INDEXED, .any_cost = true},
    {"indexes in order, single rows, yields", ENGINE_INDEXED, .any_cost = true, .single_rows = true,
     .yields = true},
    {"indexes, as written", ENGINE_INDEXED, .no_rewrites = true},
    {"another statement's plan", ENGINE_INDEXED, .cached = true},
    {"own writes", ENGINE_OPEN, .any_cost = true},
    {"own writes, single rows, yields", ENGINE_OPEN, .any_cost = true, .single_rows = true,
     .yields = true},
};
enum { N_WAYS = sizeof(ways) / sizeof(ways[0]), N_ENGINES = 3 };

struct bench { /* a graph and the engines that hold it */
	struct small_graph g;
	struct engine engines[N_ENGINES];
};

struct failure {
	const struct way *way;
	struct answer want;
	struct result got;
	char why[300];
	uint32_t step;
	bool changed; /* the graph is another afterwards */
};

enum verdict { PASSED, TOO_LARGE, FAILED };

static void bench_open(struct bench *b, uint64_t seed, uint64_t i_graph)
{
	for (uint32_t i = 0; i < N_ENGINES; i++) {
		struct rng r = rng_of(seed, 3 + i, i_graph);
		engine_open(&b->engines[i], (enum engine_kind)i, &b->g, &r);
	}
}

static void bench_close(struct bench *b)
{
	for (uint32_t i = 0; i < N_ENGINES; i++)
		engine_close(&b->engines[i]);
}

/* ---- one statement ----------------------------------------------------------------------------
 */

static const char *print(struct arena *a, const struct statement *s, uint64_t spelling, bool other)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	statement_print(&b, s, spelling, other);
	const char *text = must((char *)arena_str(a, str_of(buf_cstr(&b))).p);
	buf_release(&b);
	return text;
}

static struct job job_of(struct arena *a, const struct statement *s, uint64_t n)
{
	struct job job = {
	    .text = print(a, s, n, false),
	    .other_text = print(a, s, n, true),
	    .params = s->params,
	    .n_params = s->n_params,
	    .yield_seed = n + 1,
	};
	const struct branch *b = &s->branches[0];
	const struct projection *pr = &b->clauses[b->n_clauses - 1].project;

	for (uint32_t i = 0; i < pr->n_items; i++)
		job.unordered[i] = pr->items[i].unordered;
	return job;
}

static enum verdict fail(struct failure *f, const struct way *way, const struct result *got,
			 const char *why)
{
	f->way = way;
	f->got = *got;
	snprintf(f->why, sizeof(f->why), "%s", why);
	return FAILED;
}

#define WRITTEN_ROWS 2000.0 /* rows of a plan without rewrites, about */
#define CHANGED_ROWS 500.0  /* of one that writes: it may change one element for each */
#define COMMIT_WAYS 3	    /* one way in so many also commits */

/* A plan without rewrites makes whole products before it looks at conditions. */
static double pattern_rows(const struct pattern *pt, const struct small_graph *g)
{
	double degree = g->n_nodes == 0 ? 0 : 2.0 * g->n_edges / g->n_nodes, rows = 1;

	for (uint32_t i = 0; i < pt->n_paths; i++) {
		const struct path_pat *p = &pt->paths[i];
		rows *= g->n_nodes;
		for (uint32_t k = 0; k < p->n_hops; k++) {
			const struct edge_pat *e = &p->edges[k];
			uint32_t hops = !e->quantified ? 1 : MIN_OF(e->max, g->n_edges);
			for (uint32_t h = 0; h < hops; h++)
				rows *= degree > 1 ? degree : 1;
		}
	}
	return rows;
}

static double rows_as_written(const struct statement *s, const struct small_graph *g)
{
	double rows = 1;

	for (uint32_t i = 0; i < s->n_branches; i++)
		for (uint32_t k = 0; k < s->branches[i].n_clauses; k++)
			if (s->branches[i].clauses[k].pattern != NULL)
				rows *= pattern_rows(s->branches[i].clauses[k].pattern, g);
	return rows;
}

static enum verdict check_read(struct bench *b, struct arena *a, const struct statement *s,
			       const struct job *job, struct failure *f)
{
	bool large = rows_as_written(s, &b->g) > WRITTEN_ROWS;
	enum verdict verdict = PASSED;
	struct buf why;

	oracle_answer(a, s, &b->g, ROWS_FORWARD, &f->want);
	if (f->want.too_large)
		return TOO_LARGE;
	buf_init(&why, MEM_OTHER, 0);
	for (uint32_t i = 0; i < N_WAYS && verdict == PASSED; i++) {
		struct result got;
		if (ways[i].no_rewrites && large)
			continue;
		engine_run(&b->engines[ways[i].engine], a, job, &ways[i], &got);
		if (!answer_accepts(a, &f->want, &got, &why))
			verdict = fail(f, &ways[i], &got, buf_cstr(&why));
	}
	buf_release(&why);
	return verdict;
}

/* ---- scripts ----------------------------------------------------------------------------------
 */

struct expected { /* of a script: each step's answer, and the graph afterwards */
	struct answer answers[STEPS_MAX];
	struct result graph;
};

/* False in a script that was made smaller. */
static bool is_savepoint(const struct script *s, uint32_t i)
{
	return i < s->n_steps && s->steps[i].kind == STEP_SAVEPOINT;
}

/* False: it is too large. */
static bool expect(struct arena *a, const struct script *s, const struct small_graph *g,
		   enum row_order order, uint32_t i_lookup, struct expected *ret)
{
	struct small_graph *now = must(ARENA_NEW(a, struct small_graph));
	struct small_graph *kept = must(ARENA_ARRAY(a, struct small_graph, STEPS_MAX + 1));

	*now = *g;
	for (uint32_t i = 0; i < s->n_steps; i++) {
		const struct step *step = &s->steps[i];
		kept[i] = *now;
		if (step->kind == STEP_ROLLBACK_TO && is_savepoint(s, step->to))
			*now = kept[step->to];
		if (step->kind != STEP_RUN)
			continue;
		oracle_answer(a, step->statement, now, order, &ret->answers[i]);
		if (ret->answers[i].too_large)
			return false;
		if (ret->answers[i].n_errors > 0)
			*now = kept[i];
	}
	graph_rows(a, now, i_lookup, &ret->graph);
	return true;
}

static bool same_answers(struct arena *a, const struct script *s, const struct expected *x,
			 const struct expected *y)
{
	for (uint32_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].kind == STEP_RUN &&
		    ((x->answers[i].n_errors > 0) != (y->answers[i].n_errors > 0) ||
		     (x->answers[i].n_errors == 0 &&
		      !results_equal(a, &x->answers[i].all, &y->answers[i].all))))
			return false;
	return results_equal(a, &x->graph, &y->graph);
}

/* What is to come, if the order of rows does not decide it. */
static bool expect_surely(struct arena *a, const struct script *s, const struct small_graph *g,
			  uint32_t i_lookup, struct expected *ret)
{
	for (uint32_t i = 0; i < N_ROW_ORDERS; i++) {
		struct expected again = {0};
		if (!expect(a, s, g, (enum row_order)i, i_lookup, i == 0 ? ret : &again))
			return false;
		if (i > 0 && !same_answers(a, s, ret, &again))
			return false;
	}
	return true;
}

static enum verdict run_steps(struct engine *e, struct arena *a, const struct script *s, uint64_t n,
			      const struct way *way, const struct expected *want, struct failure *f)
{
	struct txn_savepoint savepoints[STEPS_MAX];
	enum verdict verdict = PASSED;
	struct result got;
	struct buf why;

	buf_init(&why, MEM_OTHER, 0);
	for (uint32_t i = 0; i < s->n_steps && verdict == PASSED; i++) {
		const struct step *step = &s->steps[i];
		if (step->kind == STEP_SAVEPOINT)
			script_savepoint(e, &savepoints[i]);
		if (step->kind == STEP_ROLLBACK_TO && is_savepoint(s, step->to))
			script_rollback_to(e, &savepoints[step->to]);
		if (step->kind != STEP_RUN)
			continue;
		const struct job job = job_of(a, step->statement, n + i);
		script_run(e, a, &job, way, &got);
		f->step = i;
		f->want = want->answers[i];
		if (!answer_accepts(a, &f->want, &got, &why))
			verdict = fail(f, way, &got, buf_cstr(&why));
	}
	buf_release(&why);
	return verdict;
}

static enum verdict check_graph(struct engine *e, struct arena *a, uint64_t n,
				const struct way *way, const struct expected *want, const char *why,
				struct failure *f)
{
	struct result got;

	script_graph(e, a, (uint32_t)(n % N_LOOKUPS), &got);
	if (results_equal(a, &want->graph, &got))
		return PASSED;
	f->want = (struct answer){.all = want->graph};
	return fail(f, way, &got, why);
}

/* On an engine of its own, which is another afterwards; then what a new transaction sees. */
static enum verdict check_commit(struct arena *a, const struct small_graph *g,
				 const struct script *s, uint64_t n, const struct way *way,
				 const struct expected *want, struct failure *f)
{
	struct rng r = rng_of(n, 4, 0);
	struct engine e;

	engine_open(&e, (enum engine_kind)way->engine, g, &r);
	script_begin(&e);
	enum verdict verdict = run_steps(&e, a, s, n, way, want, f);
	if (!script_end(&e, true) && verdict == PASSED)
		verdict = fail(f, way, &(struct result){0}, "the commit fails");
	for (uint32_t i = 0; i < 2 && verdict == PASSED; i++) {
		script_begin(&e);
		verdict = check_graph(&e, a, n, way, want, "another graph after the commit", f);
		(void)script_end(&e, false);
		while (txn_collect(e.db.mgr))
			;
	}
	engine_close(&e);
	return verdict;
}

static enum verdict check_script(struct bench *b, struct arena *a, const struct script *s,
				 uint64_t n, struct failure *f)
{
	struct expected want = {0};
	enum verdict verdict = PASSED;
	struct result before;

	for (uint32_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].statement != NULL &&
		    rows_as_written(s->steps[i].statement, &b->g) > CHANGED_ROWS)
			return TOO_LARGE;
	if (!expect_surely(a, s, &b->g, (uint32_t)(n % N_LOOKUPS), &want))
		return TOO_LARGE;
	graph_rows(a, &b->g, (uint32_t)(n % N_LOOKUPS), &before);
	f->changed = !results_equal(a, &before, &want.graph);
	for (uint32_t i = 0; i < N_WAYS && verdict == PASSED; i++) {
		struct engine *e = &b->engines[ways[i].engine];
		if (s->commits && ways[i].engine != ENGINE_OPEN && i % COMMIT_WAYS == 0)
			verdict = check_commit(a, &b->g, s, n, &ways[i], &want, f);
		if (verdict == FAILED)
			break;
		script_begin(e);
		verdict = run_steps(e, a, s, n, &ways[i], &want, f);
		if (verdict == PASSED)
			verdict = check_graph(e, a, n, &ways[i], &want, "another graph", f);
		(void)script_end(e, false);
	}
	return verdict;
}

static enum verdict check(struct bench *b, struct arena *a, const struct script *s, uint64_t n,
			  struct failure *f)
{
	if (s->n_steps > 1 || s->writes)
		return check_script(b, a, s, n, f);
	struct job job = job_of(a, s->steps[0].statement, n);
	return check_read(b, a, s->steps[0].statement, &job, f);
}

/* ---- a failure, made smaller ------------------------------------------------------------------
 */

#define CUTS_MAX 256

struct cuts {
	uint32_t n, places[CUTS_MAX];
};

static struct script *remake(struct arena *a, uint64_t seed, uint64_t n,
			     const struct small_graph *g, const struct cuts *cuts)
{
	struct rng r = rng_of(seed, 2, n);
	struct script *s = script_make(a, &r, g);

	for (uint32_t i = 0; i < cuts->n; i++)
		if (!script_simplify(s, cuts->places[i]))
			return NULL;
	return s;
}

/* The same kind of failure: a cut that makes a text wrong is no simplification. */
static bool same_kind(const struct failure *x, const struct failure *y)
{
	return strcmp(x->got.code, y->got.code) == 0 &&
	       strcmp(x->want.all.code, y->want.all.code) == 0 &&
	       strncmp(x->why, y->why, 13) == 0 && strncmp(x->got.message, y->got.message, 12) == 0;
}

static bool still_fails(struct arena *a, uint64_t seed, uint64_t n, const struct small_graph *full,
			const struct small_graph *g, const struct cuts *cuts,
			const struct failure *first, bool *ret_possible)
{
	struct script *s = remake(a, seed, n, full, cuts);
	struct bench b = {.g = *g};
	struct failure f = {0};

	*ret_possible = s != NULL;
	if (s == NULL)
		return false;
	bench_open(&b, seed, n / STATEMENTS_PER_GRAPH);
	enum verdict v = check(&b, a, s, n, &f);
	bench_close(&b);
	return v == FAILED && same_kind(&f, first);
}

static void shrink(uint64_t seed, uint64_t n, const struct small_graph *full,
		   const struct failure *first, struct small_graph *g, struct cuts *cuts)
{
	bool again = true, possible = true;
	struct arena a;

	arena_init(&a, MEM_OTHER, NULL);
	while (again) {
		again = false;
		for (uint32_t place = 0; cuts->n < CUTS_MAX; place++) {
			cuts->places[cuts->n++] = place;
			arena_reset(&a);
			if (still_fails(&a, seed, n, full, g, cuts, first, &possible)) {
				again = true;
				place--;
				continue;
			}
			cuts->n--;
			if (!possible)
				break;
		}
		for (uint32_t i = g->n_nodes + g->n_edges; i-- > 0;) {
			struct small_graph less = *g;
			if (i < g->n_nodes)
				graph_drop_node(&less, i);
			else
				graph_drop_edge(&less, i - g->n_nodes);
			arena_reset(&a);
			if (!still_fails(&a, seed, n, full, &less, cuts, first, &possible))
				continue;
			*g = less;
			i = MIN_OF(i, g->n_nodes + g->n_edges);
			again = true;
		}
	}
	arena_release(&a);
}

static void print_script(struct arena *a, const struct script *s, uint64_t n)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < s->n_steps; i++) {
		const struct step *step = &s->steps[i];
		buf_reset(&b);
		if (step->kind == STEP_SAVEPOINT)
			buf_printf(&b, "SAVEPOINT s%u", i);
		else if (step->kind == STEP_ROLLBACK_TO)
			buf_printf(&b, "ROLLBACK TO SAVEPOINT s%u", step->to);
		else
			buf_puts(&b, print(a, step->statement, n + i, false));
		for (uint32_t k = 0; step->statement != NULL && k < step->statement->n_params;
		     k++) {
			buf_printf(&b, "%s $p%u = ", k > 0 ? "," : "  --", k);
			value_print(&b, step->statement->params[k]);
		}
		printf("    %s\n", buf_cstr(&b));
	}
	if (s->commits)
		printf("    COMMIT\n");
	buf_release(&b);
}

static void report(uint64_t seed, uint64_t n, const struct small_graph *full,
		   const struct failure *first)
{
	struct small_graph g = *full;
	struct bench b;
	struct cuts cuts = {0};
	struct failure f = {0};
	struct arena a;
	struct buf text;

	arena_init(&a, MEM_OTHER, NULL);
	printf("FAIL --seed %llu --from %llu --count 1\n", (unsigned long long)seed,
	       (unsigned long long)n);
	print_script(&a, remake(&a, seed, n, full, &cuts), n);
	printf("  %s: %s\n", first->way->name, first->why);
	fflush(stdout);
	shrink(seed, n, full, first, &g, &cuts);
	buf_init(&text, MEM_OTHER, 0);
	b.g = g;
	bench_open(&b, seed, n / STATEMENTS_PER_GRAPH);
	const struct script *s = remake(&a, seed, n, full, &cuts);
	(void)check(&b, &a, s, n, &f);
	graph_print(&text, &g);
	printf("  smaller, graph: %s\n", buf_cstr(&text));
	print_script(&a, s, n);
	if (f.way != NULL) {
		printf("  %s, step %u: %s\n  wanted (all rows, before the page):\n", f.way->name,
		       f.step, f.why);
		result_print(stdout, &f.want.all);
		printf("  got:\n");
		result_print(stdout, &f.got);
	}
	bench_close(&b);
	buf_release(&text);
	arena_release(&a);
	fflush(stdout);
}

/* ---- all --------------------------------------------------------------------------------------
 */

struct options {
	uint64_t seed, from, count;
	bool keep_going, print;
};

static uint64_t option_number(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc) {
		fprintf(stderr, "%s takes a number\n", argv[*i]);
		exit(2);
	}
	return strtoull(argv[++*i], NULL, 10);
}

static struct options options_of(int argc, char **argv)
{
	const char *count = getenv("GEODE_DIFFERENTIAL_COUNT");
	struct options o = {.seed = SEED, .count = COUNT};

	if (count != NULL)
		o.count = strtoull(count, NULL, 10);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seed") == 0)
			o.seed = option_number(argc, argv, &i);
		else if (strcmp(argv[i], "--from") == 0)
			o.from = option_number(argc, argv, &i);
		else if (strcmp(argv[i], "--count") == 0)
			o.count = option_number(argc, argv, &i);
		else if (strcmp(argv[i], "--keep-going") == 0)
			o.keep_going = true;
		else if (strcmp(argv[i], "--print") == 0)
			o.print = true;
		else
			exit(2);
	}
	return o;
}

static void graph_of(uint64_t seed, uint64_t n, struct small_graph *ret)
{
	struct rng r = rng_of(seed, 1, n / STATEMENTS_PER_GRAPH);

	graph_make(&r, ret);
}

int main(int argc, char **argv)
{
	struct options o = options_of(argc, argv);
	uint64_t n_verdicts[3] = {0}, n_writes = 0, n_changed = 0, n_errors = 0, n_rows = 0;
	struct bench b;
	struct arena a;

	arena_init(&a, MEM_OTHER, NULL);
	for (uint64_t n = o.from; n < o.from + o.count; n++) {
		if (n == o.from || n % STATEMENTS_PER_GRAPH == 0) {
			if (n > o.from)
				bench_close(&b);
			graph_of(o.seed, n, &b.g);
			bench_open(&b, o.seed, n / STATEMENTS_PER_GRAPH);
		}
		struct failure f = {0};
		arena_reset(&a);
		struct script *s = remake(&a, o.seed, n, &b.g, &(struct cuts){0});
		if (o.print)
			printf("%llu:\n", (unsigned long long)n), print_script(&a, s, n);
		enum verdict v = check(&b, &a, s, n, &f);
		n_verdicts[v]++;
		n_writes += s->writes;
		n_changed += f.changed;
		n_errors += strcmp(f.want.all.code, "00000") != 0;
		n_rows += f.want.all.n_rows;
		if (v == FAILED)
			report(o.seed, n, &b.g, &f);
		if (v == FAILED && (!o.keep_going || n_verdicts[FAILED] >= FAILURES_MAX))
			break;
	}
	bench_close(&b);
	arena_release(&a);
	printf("seed %llu from %llu: %llu passed in %u ways each, %llu failed, %llu too large; "
	       "%llu wrote, %llu changed the graph, %llu gave an error, %llu rows\n",
	       (unsigned long long)o.seed, (unsigned long long)o.from,
	       (unsigned long long)n_verdicts[PASSED], (unsigned)N_WAYS,
	       (unsigned long long)n_verdicts[FAILED], (unsigned long long)n_verdicts[TOO_LARGE],
	       (unsigned long long)n_writes, (unsigned long long)n_changed,
	       (unsigned long long)n_errors, (unsigned long long)n_rows);
	return n_verdicts[FAILED] == 0 ? 0 : 1;
}
