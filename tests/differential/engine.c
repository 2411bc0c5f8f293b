/* Runs one text in one way and gives the rows as text. */
#include "tests/differential/engine.h"

#include <string.h>

#include "base/vec.h"
#include "gql/gql.h"

/* A graph that is read: rows (node), (node, edge, node), or (value, node) of a look-up. */
struct graph_reader {
	struct arena *a;
	struct small_graph *g;
	elem_id ids[GRAPH_NODES_MAX];
	struct result *found; /* of a look-up */
	char wrong[200];      /* empty: nothing is */
};

struct run {
	struct engine *e;
	struct graph_reader *reader; /* or NULL: rows become cells */
	struct arena *a;
	const struct job *job;
	const struct way *way;
	struct txn *txn;
	struct diag d;
	struct result *ret;
	VEC(const char *) cells;
};

/* ---- a graph from rows ------------------------------------------------------------------------
 */

static uint32_t name_index(const char *const *names, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(name, str_of(names[i])))
			return i;
	return UINT32_MAX;
}

static void read_props(struct graph_reader *r, const struct element *e, struct value *props)
{
	for (uint32_t i = 0; i < e->n_props; i++) {
		uint32_t key = name_index(key_names, N_KEYS, e->props[i].key);
		struct value v = e->props[i].value;
		if (key == UINT32_MAX) {
			snprintf(r->wrong, sizeof(r->wrong), "a property '" STR_FMT "'",
				 STR_ARG(e->props[i].key));
			continue;
		}
		if (v.kind == V_STRING)
			v = value_str(arena_str(r->a, (struct str){v.s, v.n}));
		props[key] = v;
	}
}

static uint32_t read_node(struct graph_reader *r, const struct element *e)
{
	struct small_graph *g = r->g;
	uint32_t i = 0;

	while (i < g->n_nodes && r->ids[i] != e->id)
		i++;
	if (i < g->n_nodes)
		return i;
	if (i == GRAPH_NODES_MAX) {
		snprintf(r->wrong, sizeof(r->wrong), "too many nodes");
		return 0;
	}
	r->ids[g->n_nodes++] = e->id;
	read_props(r, e, g->nodes[i].props);
	for (uint32_t k = 0; k < e->n_labels; k++) {
		uint32_t label = name_index(label_names, N_LABELS, e->labels[k]);
		if (label == UINT32_MAX)
			snprintf(r->wrong, sizeof(r->wrong), "a label '" STR_FMT "'",
				 STR_ARG(e->labels[k]));
		else
			g->nodes[i].labels |= (uint8_t)(1u << label);
	}
	return i;
}

static void read_edge(struct graph_reader *r, const struct element *a, const struct element *e,
		      const struct element *b)
{
	struct small_graph *g = r->g;
	uint32_t n_nodes = g->n_nodes, from = read_node(r, a), to = read_node(r, b);
	uint32_t type = e->n_labels == 1 ? name_index(type_names, N_TYPES, e->labels[0]) : N_TYPES;

	if (g->n_nodes > n_nodes)
		snprintf(r->wrong, sizeof(r->wrong), "an edge of a node that no scan meets");
	if (g->n_edges == GRAPH_EDGES_MAX || type >= N_TYPES) {
		snprintf(r->wrong, sizeof(r->wrong), "too many edges, or an unknown type");
		return;
	}
	g->edges[g->n_edges] = (struct edge){.type = (uint8_t)type, .from = from, .to = to};
	read_props(r, e, g->edges[g->n_edges++].props);
}

static void read_row(struct graph_reader *r, const struct batch *b, uint32_t row,
		     uint32_t n_columns)
{
	struct value v[3];

	for (uint32_t i = 0; i < n_columns; i++)
		v[i] = column_get(&b->cols[i], row);
	if (n_columns == 1)
		(void)read_node(r, v[0].elem);
	else if (n_columns == 3)
		read_edge(r, v[0].elem, v[1].elem, v[2].elem);
	else
		result_add(r->a, r->found,
			   lookup_row(r->a, cell_text(r->a, v[0], false),
				      &r->g->nodes[read_node(r, v[1].elem)]));
}

/* ---- one statement ----------------------------------------------------------------------------
 */

static enum status put_batch(void *ctx, const struct batch *b)
{
	struct run *r = ctx;
	uint32_t n_columns = r->ret->n_columns;

	for (uint32_t i = 0; i < b->n_sel && r->reader != NULL; i++)
		read_row(r->reader, b, batch_row(b, i), n_columns);
	if (r->reader != NULL)
		return ST_OK;
	for (uint32_t i = 0; i < b->n_sel; i++)
		for (uint32_t j = 0; j < n_columns; j++) {
			struct value v = column_get(&b->cols[j], batch_row(b, i));
			bool sorted = j < ITEMS_MAX && r->job->unordered[j] && v.kind == V_LIST;
			if (!vec_push(MEM_OTHER, &r->cells, cell_text(r->a, v, sorted)))
				return ST_NOMEM;
		}
	r->ret->n_rows += b->n_sel;
	return ST_OK;
}

static enum status make_plan(struct run *r, struct str text, struct token_list *ret_tokens,
			     struct plan **ret)
{
	const struct plan_options opt = {.no_rewrites = r->way->no_rewrites,
					 .any_cost = r->way->any_cost};
	struct graph *g = store_graph_default(r->e->db.store);
	struct ast_statement *st = NULL;

	TRY(gql_lex(r->a, text, ret_tokens, &r->d));
	if (r->way->cached && (*ret = plan_cache_get(r->e->cache, text, ret_tokens, g)) != NULL)
		return ST_OK;
	TRY(gql_parse_tokens(r->a, text, ret_tokens, &st, &r->d));
	TRY(plan_make(st, text, ret_tokens, g, &opt, ret, &r->d));
	if (r->way->cached && st->cacheable)
		plan_cache_put(r->e->cache, text, ret_tokens, *ret);
	return ST_OK;
}

static struct str param_name(struct arena *a, uint32_t i)
{
	struct str name = arena_printf(a, "p%u", i);

	return must((char *)name.p), name;
}

static enum status run_plan(struct run *r, const struct plan *plan, struct str text,
			    const struct token_list *tokens)
{
	struct map_entry *given = must(ARENA_ARRAY(r->a, struct map_entry, r->job->n_params + 1));
	const struct memory_query q = {
	    .plan = plan,
	    .text = text,
	    .tokens = tokens,
	    .params = given,
	    .n_params = r->job->n_params,
	    .opt.batch_rows = r->way->single_rows ? 1 : 0,
	    .opt.yield_seed = r->way->yields ? r->job->yield_seed : 0,
	};

	for (uint32_t i = 0; i < r->job->n_params; i++)
		given[i] = (struct map_entry){param_name(r->a, i), r->job->params[i]};
	r->ret->n_columns = plan->n_columns;
	return memory_db_run(&q, r->txn, r->a, put_batch, r, &r->d);
}

static enum status run_text(struct run *r)
{
	struct str text = str_of(r->job->text);
	struct token_list tokens, other;
	struct plan *plan = NULL;

	if (r->way->cached && r->job->other_text != NULL) {
		TRY(make_plan(r, str_of(r->job->other_text), &other, &plan));
		plan_unref(plan);
	}
	TRY(make_plan(r, text, &tokens, &plan));
	enum status st = run_plan(r, plan, text, &tokens);
	plan_unref(plan);
	return st;
}

/* In the transaction given. */
static void run(struct engine *e, struct txn *txn, struct arena *a, const struct job *job,
		const struct way *way, struct result *ret, struct graph_reader *reader)
{
	struct run r = {
	    .e = e, .reader = reader, .a = a, .job = job, .way = way, .txn = txn, .ret = ret};

	*ret = (struct result){0};
	diag_reset(&r.d);
	enum status st = run_text(&r);
	snprintf(ret->code, sizeof(ret->code), "00000");
	if (st != ST_OK) {
		snprintf(ret->code, sizeof(ret->code), "%s",
			 diag_is_set(&r.d) ? gqlstatus_code(r.d.code) : status_name(st));
		snprintf(ret->message, sizeof(ret->message), "%.199s", r.d.message);
		ret->n_rows = 0;
	} else if (r.cells.n > 0) {
		ret->cells = must(arena_dup(a, r.cells.v, r.cells.n * sizeof(r.cells.v[0])));
	}
	vec_release(MEM_OTHER, &r.cells);
}

void engine_run(struct engine *e, struct arena *a, const struct job *job, const struct way *way,
		struct result *ret)
{
	struct txn *t = e->open;

	if (t == NULL && txn_begin(e->db.mgr, TXN_EXPLICIT, 0, &t) != ST_OK)
		abort();
	run(e, t, a, job, way, ret, NULL);
	if (e->open == NULL)
		txn_rollback(t);
}

/* ---- scripts ----------------------------------------------------------------------------------
 */

void script_begin(struct engine *e)
{
	e->script = e->open;
	if (e->script == NULL && txn_begin(e->db.mgr, TXN_EXPLICIT, 0, &e->script) != ST_OK)
		abort();
	txn_savepoint(e->script, &e->before);
}

void script_savepoint(struct engine *e, struct txn_savepoint *ret)
{
	txn_savepoint(e->script, ret);
}

void script_rollback_to(struct engine *e, const struct txn_savepoint *sp)
{
	txn_rollback_to(e->script, sp);
	txn_next_clause(e->script);
}

void script_run(struct engine *e, struct arena *a, const struct job *job, const struct way *way,
		struct result *ret)
{
	struct txn_savepoint before;

	txn_savepoint(e->script, &before);
	run(e, e->script, a, job, way, ret, NULL);
	if (strcmp(ret->code, "00000") != 0)
		script_rollback_to(e, &before);
}

bool script_end(struct engine *e, bool commits)
{
	struct txn_commit commit = {0};
	bool done = true;
	struct diag d;

	diag_reset(&d);
	if (e->open != NULL) {
		script_rollback_to(e, &e->before);
	} else if (!commits) {
		txn_rollback(e->script);
	} else {
		done = txn_commit(e->script, &commit, &d) == ST_OK;
	}
	e->script = NULL;
	return done;
}

static void read_into(struct engine *e, struct arena *a, const char *text,
		      struct graph_reader *reader)
{
	static const struct way plain = {0};
	const struct job job = {.text = text};
	struct result r;

	run(e, e->script, a, &job, &plain, &r, reader);
	if (strcmp(r.code, "00000") != 0)
		snprintf(reader->wrong, sizeof(reader->wrong), "%s: %.90s", text, r.message);
}

/* The graph's rows, its edges met from their starts or from their ends. */
static void read_graph(struct engine *e, struct arena *a, const char *edges, struct result *ret)
{
	struct graph_reader reader = {.a = a, .g = must(ARENA_NEW(a, struct small_graph))};

	memset(reader.g, 0, sizeof(*reader.g));
	read_into(e, a, "MATCH (n) RETURN n", &reader);
	read_into(e, a, edges, &reader);
	graph_rows(a, reader.g, N_LOOKUPS, ret);
	if (reader.wrong[0] != 0)
		result_add(a, ret, must((char *)arena_str(a, str_of(reader.wrong)).p));
}

static void look_up(struct engine *e, struct arena *a, uint32_t i_lookup, struct result *ret)
{
	const char *label = label_names[i_lookup / N_KEYS], *key = key_names[i_lookup % N_KEYS];
	struct graph_reader reader = {
	    .a = a, .found = ret, .g = must(ARENA_NEW(a, struct small_graph))};
	struct buf b;

	memset(reader.g, 0, sizeof(*reader.g));
	buf_init(&b, MEM_OTHER, 0);
	buf_puts(&b, "FOR v IN [");
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		buf_puts(&b, i > 0 ? ", " : "");
		value_print(&b, probes[i]);
	}
	buf_printf(&b, "] MATCH (n:%s {%s: v}) RETURN v, n", label, key);
	read_into(e, a, buf_cstr(&b), &reader);
	buf_reset(&b);
	buf_printf(&b, "MATCH (n:%s) WHERE n.%s >= %d RETURN 'range' AS v, n", label, key,
		   RANGE_FROM);
	read_into(e, a, buf_cstr(&b), &reader);
	buf_release(&b);
	if (reader.wrong[0] != 0)
		result_add(a, ret, must((char *)arena_str(a, str_of(reader.wrong)).p));
}

void script_graph(struct engine *e, struct arena *a, uint32_t i_lookup, struct result *ret)
{
	struct result back;

	read_graph(e, a, "MATCH (a)-[e]->(b) RETURN a, e, b", ret);
	read_graph(e, a, "MATCH (b)<-[e]-(a) RETURN a, e, b", &back);
	if (!results_equal(a, ret, &back))
		result_add(a, ret, "the edges into nodes are others than those out of them");
	look_up(e, a, i_lookup, ret);
}

/* ---- loading ----------------------------------------------------------------------------------
 */

static void statement(struct engine *e, const char *text)
{
	static const struct way plain = {0};
	const struct job job = {.text = text};
	struct txn_commit commit = {0};
	struct result r;
	struct diag d;
	struct txn *t = e->open;
	struct arena a;

	arena_init(&a, MEM_OTHER, NULL);
	diag_reset(&d);
	if (t == NULL && txn_begin(e->db.mgr, TXN_WRITE, 0, &t) != ST_OK)
		abort();
	run(e, t, &a, &job, &plain, &r, NULL);
	if (e->open != NULL)
		txn_next_clause(t);
	else if (txn_commit(t, &commit, &d) != ST_OK)
		snprintf(r.code, sizeof(r.code), "%s", gqlstatus_code(d.code));
	if (strcmp(r.code, "00000") != 0) {
		fprintf(stderr, "%s: %s\n    %s\n", r.code, r.message, text);
		abort();
	}
	arena_release(&a);
}

static void add_index(struct engine *e, const char *label, const char *key)
{
	struct txn_commit commit = {0};
	struct txn *t = NULL;
	struct diag d;
	name_id l, k;
	char name[32];

	diag_reset(&d);
	snprintf(name, sizeof(name), "%s_%s", label, key);
	if (txn_begin(e->db.mgr, TXN_WRITE, 0, &t) != ST_OK ||
	    txn_name(t, NAME_LABEL, str_of(label), &l, &d) != ST_OK ||
	    txn_name(t, NAME_KEY, str_of(key), &k, &d) != ST_OK ||
	    txn_index_create(t, store_graph_default(e->db.store), str_of(name), l, k, false, false,
			     &d) != ST_OK ||
	    txn_commit(t, &commit, &d) != ST_OK) {
		fprintf(stderr, "index: %s\n", d.message);
		abort();
	}
}

static void add_indexes(struct engine *e)
{
	for (uint32_t l = 0; l < N_LABELS; l++)
		for (uint32_t k = 0; k < N_KEYS; k++)
			if ((l + k) % 4 != 3)
				add_index(e, label_names[l], key_names[k]);
}

static void begin_half(struct engine *e)
{
	if (txn_begin(e->db.mgr, TXN_EXPLICIT, 0, &e->open) != ST_OK)
		abort();
}

/* A node with a label that it loses again. */
static void insert_other(struct buf *b, const struct small_graph *g, uint32_t i)
{
	struct small_graph other = *g;
	uint8_t label = N_LABELS - 1;

	other.nodes[i].labels |= (uint8_t)(1u << label);
	graph_print_nodes(b, &other, i, i + 1);
	buf_printf(b, " REMOVE m%u:%s", i, label_names[label]);
}

/* Element by element, with others that come and go and values that change. */
static void load_slowly(struct engine *e, const struct small_graph *g, struct rng *r, bool half)
{
	uint32_t n = g->n_nodes + g->n_edges, open_at = half ? rng_below(r, n + 1) : UINT32_MAX;
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < n; i++) {
		if (i == open_at)
			begin_half(e);
		buf_reset(&b);
		if (i >= g->n_nodes)
			graph_print_edge(&b, g, i - g->n_nodes);
		else if (rng_percent(r, 20))
			insert_other(&b, g, i);
		else
			graph_print_nodes(&b, g, i, i + 1);
		statement(e, buf_cstr(&b));
		if (rng_percent(r, 15))
			statement(e,
				  "MATCH (n:A) INSERT (n)-[:T]->(:A {x: 1, ghost: 1})-[:U]->(n)");
		if (rng_percent(r, 15))
			statement(e, "INSERT (:B {id: 3, x: 2, ghost: 1})-[:T]->(:A:B {ghost: 1})");
		if (rng_percent(r, 10))
			statement(e, "MATCH (n {ghost: 1}) DETACH DELETE n");
		if (rng_percent(r, 10)) {
			statement(e, "MATCH (n) SET n.was = n.x, n.x = 2");
			statement(e, "MATCH (n) SET n.x = n.was REMOVE n.was");
		}
	}
	statement(e, "MATCH (n {ghost: 1}) DETACH DELETE n");
	buf_release(&b);
	if (half && e->open == NULL)
		begin_half(e);
}

void engine_open(struct engine *e, enum engine_kind kind, const struct small_graph *g,
		 struct rng *r)
{
	bool early = rng_percent(r, 50);
	struct buf b;

	*e = (struct engine){0};
	memory_db_open(&e->db);
	if (plan_cache_new(&e->cache) != ST_OK)
		abort();
	if (kind == ENGINE_PLAIN) {
		buf_init(&b, MEM_OTHER, 0);
		graph_print(&b, g);
		if (g->n_nodes > 0)
			statement(e, buf_cstr(&b));
		buf_release(&b);
		return;
	}
	if (early || kind == ENGINE_OPEN)
		add_indexes(e);
	load_slowly(e, g, r, kind == ENGINE_OPEN);
	if (!early && kind != ENGINE_OPEN)
		add_indexes(e);
	while (rng_percent(r, 50) && txn_collect(e->db.mgr))
		;
}

void engine_close(struct engine *e)
{
	if (e->open != NULL)
		txn_rollback(e->open);
	plan_cache_free(e->cache);
	memory_db_close(&e->db);
}
