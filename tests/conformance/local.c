/* tests/conformance/local.c - the text cases in process: parser, planner, executor and
 * transactions over a store in memory, without server and log. */
#include "base/vec.h"
#include "gql/gql.h"
#include "tests/support/gqlt.h"
#include "tests/support/literal.h"
#include "tests/support/memory_db.h"
#include "value/text.h"

#define SAVEPOINT_NAME_MAX 64

struct savepoint {
	char name[SAVEPOINT_NAME_MAX];
	struct txn_savepoint at;
};

struct local {
	struct memory_db db;
	uint32_t graph_id; /* in use */
	struct txn *txn;   /* the explicit one, or NULL */
	struct savepoint savepoints[TXN_SAVEPOINTS_MAX];
	uint32_t n_savepoints;
};

/* One statement. */
struct run {
	struct local *x;
	struct arena *a;
	struct str text;
	struct token_list tokens;
	const struct map_entry *params;
	uint32_t n_params;
	struct diag d;
	struct gqlt_result *ret;
	VEC(struct str) cells;
};

static void close_db(struct local *x)
{
	if (x->txn != NULL)
		txn_rollback(x->txn);
	x->txn = NULL;
	memory_db_close(&x->db);
}

static bool reset(void *ctx)
{
	struct local *x = ctx;

	close_db(x);
	memory_db_open(&x->db);
	x->n_savepoints = 0;
	x->graph_id = 0;
	return true;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static enum status put_cell(struct run *r, struct value v)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	text_put(&b, v, TEXT_GQL);
	struct str cell = arena_str(r->a, buf_ok(&b) ? buf_str(&b) : STR(""));
	bool ok = buf_ok(&b) && cell.p != NULL && vec_push(MEM_OTHER, &r->cells, cell);
	buf_release(&b);
	return ok ? ST_OK : ST_NOMEM;
}

static enum status put_batch(void *ctx, const struct batch *b)
{
	struct run *r = ctx;

	for (uint32_t i = 0; i < b->n_sel && r->ret->n_columns > 0; i++) {
		for (uint32_t j = 0; j < r->ret->n_columns; j++)
			TRY(put_cell(r, column_get(&b->cols[j], batch_row(b, i))));
		r->ret->n_rows++;
	}
	return ST_OK;
}

static enum status run_plan(struct run *r, const struct plan *plan, struct txn *txn)
{
	struct str *columns = ARENA_ARRAY(r->a, struct str, plan->n_columns + 1);
	const struct memory_query q = {.plan = plan,
				       .text = r->text,
				       .tokens = &r->tokens,
				       .params = r->params,
				       .n_params = r->n_params};

	if (columns == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < plan->n_columns; i++) {
		columns[i] = arena_str(r->a, plan_column_name(plan, i, r->text, &r->tokens));
		if (columns[i].p == NULL)
			return ST_NOMEM;
	}
	r->ret->columns = columns;
	r->ret->n_columns = plan->n_columns;
	return memory_db_run(&q, txn, r->a, put_batch, r, &r->d);
}

/* ---- statements -------------------------------------------------------------------------------
 */

static enum status run_in(struct run *r, const struct plan *plan)
{
	struct txn_savepoint before;

	txn_savepoint(r->x->txn, &before);
	enum status st = run_plan(r, plan, r->x->txn);
	if (st != ST_OK) {
		txn_rollback_to(r->x->txn, &before);
		txn_set_failed(r->x->txn);
	}
	txn_next_clause(r->x->txn);
	return st;
}

static enum status run_auto(struct run *r, const struct plan *plan)
{
	struct txn_commit commit = {0};
	struct txn *t = NULL;

	TRY(txn_begin(r->x->db.mgr, plan->writes ? TXN_WRITE : TXN_READ, 0, &t));
	enum status st = run_plan(r, plan, t);
	if (st == ST_OK)
		return txn_commit(t, &commit, &r->d);
	txn_rollback(t);
	return st;
}

/* NULL: it was dropped. */
static struct graph *graph_now(struct local *x)
{
	struct graph *g = store_graph_by_id(x->db.store, x->graph_id);

	return g != NULL && !graph_is_dropped(g) ? g : NULL;
}

static enum status run_query(struct run *r, const struct ast_statement *st)
{
	struct plan *plan = NULL;

	struct graph *g = graph_now(r->x);

	if (g == NULL)
		return diag_set(&r->d, GQL_BAD_REFERENCE, DIAG_NO_POSITION,
				"the graph in use was dropped");
	TRY(plan_make(st, r->text, &r->tokens, g, NULL, &plan, &r->d));
	enum status result = r->x->txn != NULL ? run_in(r, plan) : run_auto(r, plan);
	plan_unref(plan);
	return result;
}

static struct savepoint *find_savepoint(struct local *x, struct str name)
{
	for (uint32_t i = x->n_savepoints; i-- > 0;)
		if (str_eq(str_of(x->savepoints[i].name), name))
			return &x->savepoints[i];
	return NULL;
}

static enum status run_savepoint(struct run *r, const struct ast_statement *st)
{
	struct local *x = r->x;
	struct str name = st->txn.name.text;
	struct savepoint *sp = find_savepoint(x, name);

	if (st->kind == AST_SAVEPOINT) {
		if (x->n_savepoints == TXN_SAVEPOINTS_MAX || name.len >= SAVEPOINT_NAME_MAX)
			return diag_fail(&r->d, ST_LIMIT, GQL_PROGRAM_LIMIT, 0,
					 "too many savepoints or too long a name");
		sp = &x->savepoints[x->n_savepoints++];
		snprintf(sp->name, sizeof(sp->name), STR_FMT, STR_ARG(name));
		txn_savepoint(x->txn, &sp->at);
		return ST_OK;
	}
	if (sp == NULL)
		return diag_set(&r->d, GQL_NO_SAVEPOINT, st->txn.name.offset,
				"unknown savepoint '" STR_FMT "'", STR_ARG(name));
	if (st->kind == AST_ROLLBACK_TO)
		txn_rollback_to(x->txn, &sp->at);
	x->n_savepoints = (uint32_t)(sp - x->savepoints) + (st->kind == AST_ROLLBACK_TO);
	return ST_OK;
}

static enum status begin(struct run *r, const struct ast_statement *st)
{
	struct local *x = r->x;

	if (x->txn != NULL)
		return diag_set(&r->d, GQL_TXN_ACTIVE, DIAG_NO_POSITION,
				"a transaction is active already");
	x->n_savepoints = 0;
	return txn_begin(x->db.mgr, st->txn.read_only ? TXN_EXPLICIT_READ : TXN_EXPLICIT, 0,
			 &x->txn);
}

static enum status end(struct run *r, bool commit)
{
	struct txn *t = r->x->txn;
	struct txn_commit c = {0};
	bool failed = txn_is_failed(t);

	r->x->txn = NULL;
	if (commit && !failed)
		return txn_commit(t, &c, &r->d);
	txn_rollback(t);
	return commit ? diag_set(&r->d, GQL_TXN_FAILED, DIAG_NO_POSITION,
				 "the transaction has failed and was rolled back")
		      : ST_OK;
}

static enum status run_txn(struct run *r, const struct ast_statement *st)
{
	if (st->kind == AST_BEGIN)
		return begin(r, st);
	if (r->x->txn == NULL)
		return diag_set(&r->d, GQL_TXN_TERMINATION, DIAG_NO_POSITION,
				"no transaction is active");
	if (st->kind == AST_COMMIT || st->kind == AST_ROLLBACK)
		return end(r, st->kind == AST_COMMIT);
	return run_savepoint(r, st);
}

/* The ids of a label and of a key, made when they are new, in a transaction of its own. */
static enum status run_index(struct run *r, const struct ast_statement *st)
{
	struct graph *g = graph_now(r->x);
	struct txn_commit commit = {0};
	struct txn *t = NULL;
	name_id label = NAME_NONE, key = NAME_NONE;
	enum status result = ST_OK;

	if (r->x->txn != NULL)
		return diag_set(&r->d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"a catalog change cannot stand inside an explicit transaction");
	TRY(txn_begin(r->x->db.mgr, TXN_WRITE, 0, &t));
	if (st->kind == AST_DROP_INDEX) {
		result = txn_index_drop(t, g, st->index.name.text, st->index.if_exists, &r->d);
	} else if (st->kind == AST_DROP_CONSTRAINT) {
		result = txn_constraint_drop(t, g, st->index.name.text, st->index.if_exists, &r->d);
	} else if (st->index.n_keys != 1) {
		result = diag_set(&r->d, GQL_FEATURE_NOT_SUPPORTED, st->index.label.offset,
				  "an index has one property key");
	} else {
		result = txn_name(t, NAME_LABEL, st->index.label.text, &label, &r->d);
		if (result == ST_OK)
			result = txn_name(t, NAME_KEY, st->index.keys[0].text, &key, &r->d);
		if (result == ST_OK)
			result = txn_index_create(t, g, st->index.name.text, label, key,
						  st->index.unique, st->index.if_exists, &r->d);
	}
	if (result == ST_OK)
		return txn_commit(t, &commit, &r->d);
	txn_rollback(t);
	return result;
}

static enum status use_graph(struct run *r, const struct ast_statement *st)
{
	struct graph *g;

	if (st->kind == AST_SESSION_RESET || st->graph.home) {
		r->x->graph_id = 0;
		return ST_OK;
	}
	if (st->graph.current)
		return ST_OK;
	TRY(plan_find_graph(r->x->db.store, &st->graph.name, LSN_NEVER - 1, &g, &r->d));
	r->x->graph_id = graph_id(g);
	return ST_OK;
}

static enum status change_graph(struct run *r, struct txn *t, const struct ast_statement *st)
{
	enum graph_exists exists = st->graph.or_replace	 ? GRAPH_EXISTS_REPLACE
				   : st->graph.if_exists ? GRAPH_EXISTS_OK
							 : GRAPH_EXISTS_ERROR;
	struct graph *g, *old;
	bool found;

	if (ast_has_name(&st->graph.type) || ast_has_name(&st->graph.copy_of) ||
	    ast_has_name(&st->graph.like))
		return diag_set(&r->d, GQL_FEATURE_NOT_SUPPORTED, DIAG_NO_POSITION,
				"only graphs of type ANY");
	if (st->kind == AST_DROP_GRAPH)
		return txn_graph_drop(t, st->graph.name.text, st->graph.if_exists, &found, &r->d);
	TRY(txn_graph_create(t, st->graph.name.text, exists, &g, &old, &r->d));
	if (old != NULL && graph_id(old) == r->x->graph_id)
		r->x->graph_id = graph_id(g);
	return ST_OK;
}

static enum status run_graph(struct run *r, const struct ast_statement *st)
{
	struct txn_commit commit = {0};
	struct txn *t = NULL;

	if (r->x->txn != NULL)
		return diag_set(&r->d, GQL_TXN_MIX, DIAG_NO_POSITION,
				"not inside an explicit transaction");
	TRY(txn_begin(r->x->db.mgr, TXN_WRITE, 0, &t));
	enum status result = change_graph(r, t, st);
	if (result == ST_OK)
		return txn_commit(t, &commit, &r->d);
	txn_rollback(t);
	if (r->d.offset == DIAG_NO_POSITION)
		r->d.offset = st->graph.name.offset;
	return result;
}

static enum status run_statement(struct run *r)
{
	struct ast_statement *st = NULL;

	TRY(gql_lex(r->a, r->text, &r->tokens, &r->d));
	TRY(gql_parse_tokens(r->a, r->text, &r->tokens, &st, &r->d));
	bool ends =
	    st->kind == AST_COMMIT || st->kind == AST_ROLLBACK || st->kind == AST_ROLLBACK_TO;
	if (r->x->txn != NULL && txn_is_failed(r->x->txn) && !ends)
		return diag_set(&r->d, GQL_TXN_FAILED, DIAG_NO_POSITION,
				"the transaction has failed: only ROLLBACK can follow");
	switch ((enum ast_statement_kind)st->kind) {
	case AST_QUERY:
		return run_query(r, st);
	case AST_CREATE_INDEX:
	case AST_DROP_INDEX:
	case AST_CREATE_CONSTRAINT:
	case AST_DROP_CONSTRAINT:
		return run_index(r, st);
	case AST_CREATE_GRAPH:
	case AST_DROP_GRAPH:
		return run_graph(r, st);
	case AST_USE_GRAPH:
	case AST_SESSION_RESET:
		return use_graph(r, st);
	case AST_BEGIN:
	case AST_COMMIT:
	case AST_ROLLBACK:
	case AST_ROLLBACK_TO:
	case AST_SAVEPOINT:
	case AST_RELEASE:
		return run_txn(r, st);
	default:
		return diag_set(&r->d, GQL_FEATURE_NOT_SUPPORTED, 0,
				"not a statement of the text cases");
	}
}

static void put_error(struct run *r, enum status st)
{
	struct gqlt_result *ret = r->ret;

	ret->n_columns = ret->n_rows = 0;
	if (!diag_is_set(&r->d))
		diag_fail(&r->d, st, GQL_INTERNAL, DIAG_NO_POSITION, "status '%s' without a diag",
			  status_name(st));
	snprintf(ret->code, sizeof(ret->code), "%s", gqlstatus_code(r->d.code));
	ret->message = arena_str(r->a, str_of(r->d.message));
	if (r->d.offset != DIAG_NO_POSITION)
		diag_position(r->text, r->d.offset, &ret->line, &ret->column);
}

static bool execute(void *ctx, struct arena *a, struct str text, const struct gqlt_param *params,
		    uint32_t n_params, struct gqlt_result *ret)
{
	struct map_entry *entries = ARENA_ARRAY(a, struct map_entry, n_params + 1);
	struct run r = {.x = ctx, .a = a, .text = text, .ret = ret};

	diag_reset(&r.d);
	if (entries == NULL)
		return false;
	for (uint32_t i = 0; i < n_params; i++) {
		entries[i].key = params[i].name;
		if (!literal_value(a, params[i].literal, &entries[i].value))
			return false;
	}
	r.params = entries;
	r.n_params = n_params;
	enum status st = run_statement(&r);
	if (st != ST_OK)
		put_error(&r, st);
	if (r.cells.n > 0)
		ret->cells = arena_dup(a, r.cells.v, r.cells.n * sizeof(struct str));
	vec_release(MEM_OTHER, &r.cells);
	return true;
}

int main(int argc, char **argv)
{
	static struct local local;
	const struct gqlt_target target = {.ctx = &local, .reset = reset, .execute = execute};
	int status = gqlt_main(argc, argv, &target);

	close_db(&local);
	return status;
}
