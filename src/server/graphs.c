#include "server/graphs.h"

#include "gql/gql.h"
#include "server/server_int.h"
#include "server/session.h"

#define LOGIN_TRIES_MAX 16 /* to use or to make the graph that a login names */

static struct txn *transaction_of(struct session *s)
{
	return s->txn != NULL && !s->txn_lost ? s->txn : s->st.txn;
}

static struct graph *graph_by_id(struct session *s, struct txn *t, uint32_t id)
{
	struct graph *g = store_graph_by_id(s->conn->io->server->store, id);

	return g != NULL && graph_is_seen(g, txn_catalog_lsn(t)) ? g : NULL;
}

struct graph *graphs_current(struct session *s, struct txn *t)
{
	return graph_by_id(s, t, s->has_graph ? s->graph_id : s->conn->graph_id);
}

static struct plan_options plan_options_of(struct session *s, struct txn *t)
{
	return (struct plan_options){
	    .catalog_lsn = txn_catalog_lsn(t),
	    .home = graph_by_id(s, t, s->conn->graph_id),
	    .bound = s->conn->graph_bound,
	};
}

enum status graphs_plan_again(struct session *s)
{
	const struct plan_options opt = plan_options_of(s, s->st.txn);

	return statement_plan_again(&s->st, graphs_current(s, s->st.txn), &opt);
}

enum status graphs_open_statement(struct session *s, const struct request_execute *req)
{
	struct txn *t = transaction_of(s);
	const struct plan_options opt = plan_options_of(s, t);

	return statement_open(&s->st, s->conn->io->server, graphs_current(s, t), &opt, req);
}

/* ---- USE ---- */

static enum status refuse_bound(struct str name, uint32_t offset, struct diag *d)
{
	(void)diag_set(d, GQL_SYNTAX_OR_ACCESS, offset,
		       "the login chose this session's graph: '" STR_FMT "' cannot be used",
		       STR_ARG(name));
	diag_hint(d, "log in without naming a graph");
	return ST_INVALID;
}

enum status graphs_use(struct session *s, const struct ast_statement *ast, struct diag *d)
{
	struct graph *g;

	if (ast->graph.current)
		return ST_OK;
	if (ast->graph.home) {
		s->has_graph = false;
		return ST_OK;
	}
	TRY(plan_find_graph(s->conn->io->server->store, &ast->graph.name,
			    txn_catalog_lsn(transaction_of(s)), &g, d));
	if (s->conn->graph_bound && graph_id(g) != s->conn->graph_id)
		return refuse_bound(graph_name(g), ast->graph.name.offset, d);
	s->graph_id = graph_id(g);
	s->has_graph = true;
	return ST_OK;
}

/* ---- CREATE, DROP ---- */

static enum status check_supported(const struct ast_statement *ast, struct diag *d)
{
	const struct ast_name *name = &ast->graph.name;
	const struct ast_name *source =
	    ast_has_name(&ast->graph.copy_of) ? &ast->graph.copy_of : &ast->graph.like;

	if (ast->graph.typed && ast_has_name(&ast->graph.type))
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, ast->graph.type.offset,
				"graph types are not supported: every graph is of type ANY");
	if (ast_has_name(source))
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, source->offset,
				"a graph cannot be made after another one");
	if (name->text.len != 0 && (name->text.p[0] == '/' || name->text.p[0] == '.'))
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, name->offset,
				"schemas are not supported: a graph has a name without a path");
	return ST_OK;
}

static enum status create(struct session *s, struct txn *t, const struct ast_statement *ast)
{
	enum graph_exists exists = ast->graph.or_replace  ? GRAPH_EXISTS_REPLACE
				   : ast->graph.if_exists ? GRAPH_EXISTS_OK
							  : GRAPH_EXISTS_ERROR;
	const struct graph *current = graphs_current(s, t);
	struct graph *g, *old;

	TRY(txn_graph_create(t, ast->graph.name.text, exists, &g, &old, &s->st.diag));
	if (old != NULL && old == current) { /* it goes on in the graph that takes its place */
		s->graph_id = graph_id(g);
		s->has_graph = true;
		if (s->conn->graph_bound)
			s->conn->graph_id = s->graph_id;
	}
	return ST_OK;
}

static enum status drop(struct session *s, struct txn *t, const struct ast_statement *ast)
{
	struct graph *g;
	bool found;

	if (!ast->graph.if_exists) /* for its suggestion */
		TRY(plan_find_graph(s->conn->io->server->store, &ast->graph.name,
				    txn_catalog_lsn(t), &g, &s->st.diag));
	TRY(txn_graph_drop(t, ast->graph.name.text, ast->graph.if_exists, &found, &s->st.diag));
	if (!found)
		s->st.outcome = GQL_NO_GRAPH_TO_DROP;
	return ST_OK;
}

enum status graphs_change(struct session *s, struct txn *t, const struct ast_statement *ast)
{
	struct diag *d = &s->st.diag;
	enum status st = check_supported(ast, d);

	if (st == ST_OK)
		st = ast->kind == AST_CREATE_GRAPH ? create(s, t, ast) : drop(s, t, ast);
	if (st != ST_OK && diag_is_set(d) && d->offset == DIAG_NO_POSITION)
		d->offset = ast->graph.name.offset;
	return st;
}

/* ---- login ---- */

static enum status login_in(struct session *s, struct txn *t, struct str name, struct diag *d)
{
	struct graph *g = store_graph_find(s->conn->io->server->store, name, txn_catalog_lsn(t));
	struct graph *old;

	s->conn->graph_bound = true;
	if (g == NULL)
		TRY(txn_graph_create(t, name, GRAPH_EXISTS_OK, &g, &old, d));
	s->conn->graph_id = graph_id(g);
	return ST_OK;
}

/* Another session makes the graph at this moment: an empty transaction waits until that is durable.
 */
static enum status wait_for_other(struct session *s, struct diag *d)
{
	struct txn *t;
	enum status st = txn_begin(s->conn->io->server->txns, TXN_WRITE, 0, &t);

	if (st != ST_OK)
		return diag_fail(d, st, GQL_RESOURCES, DIAG_NO_POSITION,
				 "too many open transactions (limit %u)", TXN_ACTIVE_MAX);
	(void)txn_view(t);
	st = session_commit(s, t, d);
	if (st == ST_PARK)
		s->txn = t;
	return st;
}

static enum status try_login(struct session *s, struct str name, struct diag *d)
{
	struct txn *t;
	enum status st = txn_begin(s->conn->io->server->txns, TXN_WRITE, 0, &t);

	if (st != ST_OK)
		return diag_fail(d, st, GQL_RESOURCES, DIAG_NO_POSITION,
				 "too many open transactions (limit %u)", TXN_ACTIVE_MAX);
	st = login_in(s, t, name, d);
	if (st != ST_OK || !txn_has_writes(t)) {
		txn_rollback(t);
		return st;
	}
	st = session_commit(s, t, d);
	if (st == ST_PARK)
		s->txn = t;
	return st;
}

enum status graphs_login(struct session *s, struct str name, struct diag *d)
{
	s->conn->graph_id = 0;
	s->conn->graph_bound = false;
	s->login_graph = STR_NULL;
	if (name.p == NULL || name.len == 0)
		return ST_OK;
	for (unsigned i = 0; i < LOGIN_TRIES_MAX; i++) {
		diag_reset(d);
		enum status st = try_login(s, name, d);
		if (st != ST_CONFLICT)
			return st;
		diag_reset(d);
		st = wait_for_other(s, d);
		if (st == ST_PARK)
			s->login_graph = name;
		if (st != ST_OK)
			return st;
	}
	return diag_fail(d, ST_CONFLICT, GQL_SERIALIZATION, DIAG_NO_POSITION,
			 "graph '" STR_FMT "' is being made by another session", STR_ARG(name));
}

void graphs_login_goes_on(struct session *s)
{
	struct diag d;
	enum status st = ST_OK;

	diag_reset(&d);
	if (s->login_graph.p != NULL)
		st = graphs_login(s, s->login_graph, &d);
	if (st == ST_OK)
		graphs_greet(s);
	else if (st != ST_PARK)
		graphs_refuse_login(s, &d);
}

void graphs_greet(struct session *s)
{
	struct conn *c = s->conn;
	struct chain out = {0};
	struct txn *t;
	struct graph *g = NULL;

	/* The name is read under an epoch; a login goes on without telling it when none is free. */
	bool open = txn_begin(c->io->server->txns, TXN_READ, s->last_lsn, &t) == ST_OK;
	if (open)
		g = graph_by_id(s, t, c->graph_id);
	c->greeted = true;
	answer_hello(&out, str_of(c->session_id), g != NULL ? graph_name(g) : STR_NULL);
	if (open)
		txn_rollback(t);
	session_reply(s, &out);
}

void graphs_refuse_login(struct session *s, const struct diag *d)
{
	struct chain out = {0};

	answer_hello_refused(&out, d);
	session_reply(s, &out);
	conn_close(s->conn, SERVER_CLOSE_REFUSED);
}
