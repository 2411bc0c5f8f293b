/* exec/query.c - opening, stepping and closing a query. */
#include "exec/op.h"

#define QUERY_FIRST_BLOCK 16384 /* holds the operators and columns of a point read */

struct query {
	struct exec x;
	struct op *root;
	enum status failed; /* the error that ended it */
};

enum status query_stopped(uint32_t stop, struct diag *d)
{
	static const struct {
		enum gqlstatus code;
		const char *text;
	} why[] = {
	    [QUERY_KILLED] = {GQL_QUERY_CANCELED, "the query was canceled"},
	    [QUERY_TIMED_OUT] = {GQL_QUERY_CANCELED, "the query took longer than its time limit"},
	    [QUERY_SHUTDOWN] = {GQL_SHUTDOWN, "the server is shutting down"},
	    [QUERY_TOO_OLD] = {GQL_SNAPSHOT_TOO_OLD,
			       "the query ran so long that its view of the graph was given up"},
	};

	if (stop == QUERY_RUN)
		return ST_OK;
	if (stop >= ARRAY_LEN(why))
		stop = QUERY_KILLED;
	return diag_fail(d, ST_STOPPED, why[stop].code, DIAG_NO_POSITION, "%s", why[stop].text);
}

/* Why the query must end: it was told so, or its view was given up. */
static uint32_t stop_word(const struct exec *x)
{
	uint32_t stop = x->stop != NULL ? atomic_load_explicit(x->stop, memory_order_relaxed) : 0;

	return stop == QUERY_RUN && epoch_must_close(x->view->slot) ? QUERY_TOO_OLD : stop;
}

static enum status check_end(const struct exec *x, uint64_t now_ns)
{
	const bool late = x->deadline_ns != 0 && now_ns >= x->deadline_ns;

	TRY(query_stopped(stop_word(x), x->diag));
	return query_stopped(late ? QUERY_TIMED_OUT : QUERY_RUN, x->diag);
}

/* Whether the slice is spent, or the query must end. */
static enum status look_at_time(struct exec *x, bool *ret_spent)
{
	const uint64_t now_ns = clock_mono_ns();

	x->n_steps = 0;
	TRY(check_end(x, now_ns));
	if (x->yield_state != 0) {
		x->yield_state = x->yield_state * UINT64_C(6364136223846793005) + 1;
		*ret_spent = (x->yield_state >> 33 & 1) != 0;
		return ST_OK;
	}
	if (x->slice_end_ns == 0)
		x->slice_end_ns = now_ns + x->slice_ns;
	*ret_spent = now_ns >= x->slice_end_ns;
	return ST_OK;
}

enum status exec_check_slow(struct exec *x)
{
	bool spent;

	TRY(look_at_time(x, &spent));
	return spent ? ST_YIELD : ST_OK;
}

enum status exec_check_inner_slow(struct exec *x)
{
	bool spent;

	TRY(look_at_time(x, &spent));
	return spent && x->hurried ? ST_RESTART : ST_OK;
}

void exec_arena_init(struct exec *x, struct exec_arena *a)
{
	arena_init(&a->a, MEM_QUERY, &x->budget);
	a->next = x->arena.next;
	x->arena.next = a;
}

enum status exec_name(struct exec *x, uint32_t i_name, name_id *ret)
{
	const struct plan_name *n = &x->plan->names[i_name];

	if (!x->names_written[i_name]) {
		TRY(txn_name(x->txn, n->kind, n->text, &x->names[i_name], x->diag));
		x->names_written[i_name] = true;
	}
	*ret = x->names[i_name];
	return ST_OK;
}

static enum status resolve_names(struct exec *x)
{
	const struct plan *p = x->plan;
	struct store *s = graph_store(x->graph);

	x->names = exec_alloc(x, p->n_names * sizeof(name_id));
	x->names_written = exec_zalloc(x, p->n_names);
	if (x->names == NULL || x->names_written == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < p->n_names; i++)
		x->names[i] = store_name_find(s, p->names[i].kind, p->names[i].text);
	return ST_OK;
}

/* The user's words for a full budget or a value too deep to keep; plain ST_NOMEM stays as it is. */
static enum status explain(struct exec *x, enum status st)
{
	bool over = false;

	if ((st != ST_NOMEM && st != ST_LIMIT) || diag_is_set(x->diag))
		return st;
	for (const struct exec_arena *a = &x->arena; a != NULL; a = a->next)
		over = over || arena_over_budget(&a->a);
	if (!over && st == ST_LIMIT)
		return diag_fail(x->diag, st, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "a value is nested deeper than %d", VALUE_DEPTH_MAX);
	if (!over)
		return st;
	if (x->budget.limit_bytes != 0)
		return diag_fail(x->diag, ST_LIMIT, GQL_QUERY_MEMORY, DIAG_NO_POSITION,
				 "the query needs more than its %llu bytes of memory",
				 (unsigned long long)x->budget.limit_bytes);
	return diag_fail(x->diag, ST_LIMIT, GQL_QUERY_MEMORY, DIAG_NO_POSITION,
			 "all queries together need more memory than they may have");
}

/* The plan was made before the view was taken. */
static enum status check_graphs(struct exec *x)
{
	for (uint32_t i = 0; i < x->plan->n_graphs; i++) {
		const struct graph *g = x->plan->graphs[i];
		if (graph_is_seen(g, x->view->read_lsn))
			continue;
		(void)diag_set(x->diag, GQL_BAD_REFERENCE, DIAG_NO_POSITION,
			       "there is no graph '" STR_FMT "' any more", STR_ARG(graph_name(g)));
		return ST_INVALID;
	}
	return ST_OK;
}

static enum status open_tree(struct query *q)
{
	struct exec *x = &q->x;

	TRY(check_graphs(x));
	x->stats = exec_zalloc(x, x->plan->n_ops * sizeof(struct op_stat));
	if (x->stats == NULL)
		return ST_NOMEM;
	TRY(resolve_names(x));
	return op_make(x, x->plan->root, &q->root);
}

enum status query_open(const struct plan *plan, struct txn *txn, const struct value *params,
		       const struct query_options *opt, struct diag *d, struct query **ret)
{
	static const struct query_options defaults;
	struct query *q = MEM_NEW(MEM_QUERY, struct query);

	if (q == NULL)
		return ST_NOMEM;
	if (opt == NULL)
		opt = &defaults;
	assert(opt->batch_rows <= BATCH_ROWS);
	struct exec *x = &q->x;
	*x = (struct exec){
	    .plan = plan,
	    .graph = plan->graph,
	    .txn = txn,
	    .view = txn_view(txn),
	    .params = params,
	    .diag = d,
	    .budget = {.limit_bytes = opt->memory_limit_bytes, .parent = opt->budget},
	    .batch_rows = opt->batch_rows != 0 ? opt->batch_rows : BATCH_ROWS,
	    .check_steps = opt->yield_seed != 0 ? 0 : EXEC_CHECK_STEPS,
	    .slice_ns = opt->slice_ns != 0 ? opt->slice_ns : QUERY_SLICE_NS,
	    .deadline_ns = opt->deadline_ns,
	    .yield_state = opt->yield_seed,
	    .stop = opt->stop,
	    .profile = opt->profile,
	};
	arena_init(&x->arena.a, MEM_QUERY, &x->budget);
	arena_first_block(&x->arena.a, QUERY_FIRST_BLOCK);
	enum status st = open_tree(q);
	if (st != ST_OK) {
		st = explain(x, st);
		query_close(q);
		return st;
	}
	*ret = q;
	return ST_OK;
}

enum status query_next(struct query *q, struct batch **ret)
{
	struct exec *x = &q->x;
	struct batch *b = NULL;

	assert(q->failed == ST_OK); /* after an error only query_close() may follow */
	x->slice_end_ns = 0;
	/* What came while the query lay still ends it before any more work. */
	enum status st = check_end(x, x->deadline_ns != 0 ? clock_mono_ns() : 0);
	if (st == ST_OK)
		st = op_next(q->root, x, &b);
	if (st == ST_OK)
		*ret = b;
	else if (st != ST_YIELD)
		st = q->failed = explain(x, st);
	return st;
}

void query_hurry(struct query *q, bool hurried)
{
	q->x.hurried = hurried;
}

void query_close(struct query *q)
{
	if (q == NULL)
		return;
	/* Members of the list may lie in the first arena, which goes last. */
	for (struct exec_arena *a = q->x.arena.next, *next; a != NULL; a = next) {
		next = a->next;
		arena_release(&a->a);
	}
	arena_release(&q->x.arena.a);
	MEM_FREE(MEM_QUERY, q);
}

const struct query_counts *query_counts(const struct query *q)
{
	return &q->x.counts;
}

const struct op_stat *query_stats(const struct query *q)
{
	return q->x.stats;
}

uint64_t query_memory_peak(const struct query *q)
{
	return q->x.budget.peak_bytes;
}
