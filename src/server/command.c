#include "server/command.h"

#include <stdio.h>

#include "base/clock.h"
#include "gql/gql.h"
#include "server/graphs.h"
#include "server/server_int.h"
#include "server/session.h"

/* ---- answers ---- */

/* What was asked as a statement is answered as one, whatever it did. */
static void answer_done(struct session *s)
{
	struct chain out = {0};
	char tx_id[32];

	switch (s->request) {
	case REQUEST_BEGIN:
		snprintf(tx_id, sizeof tx_id, "%llu", (unsigned long long)++s->n_transactions);
		answer_begin(&out, str_of(s->conn->session_id), str_of(tx_id));
		break;
	case REQUEST_COMMIT:
		answer_commit(&out);
		break;
	case REQUEST_ROLLBACK:
		answer_rollback(&out);
		break;
	case REQUEST_SAVEPOINT:
		answer_savepoint(&out);
		break;
	case REQUEST_ROLLBACK_TO:
		answer_rollback_to(&out);
		break;
	case REQUEST_HELLO:
		graphs_login_goes_on(s);
		return;
	default:
		statement_take_empty(&out, s->st.outcome);
		session_append_trailing(s, &out);
		break;
	}
	session_reply(s, &out);
	session_close_statement(s);
}

static void refuse(struct session *s, const struct diag *d)
{
	session_send_error(s, d, s->st.open ? s->st.text : STR_NULL, true);
	session_close_statement(s);
}

static void refuse_text(struct session *s, enum gqlstatus code, const char *text)
{
	struct diag d;

	diag_reset(&d);
	(void)diag_set(&d, code, DIAG_NO_POSITION, "%s", text);
	refuse(s, &d);
}

static bool refuse_if_failed(struct session *s)
{
	if (s->txn == NULL || !txn_is_failed(s->txn))
		return false;
	refuse_text(s, GQL_TXN_FAILED, "the transaction has failed: only ROLLBACK is possible");
	return true;
}

/* ---- transactions ---- */

void command_begin(struct session *s, bool read_only)
{
	struct diag d;

	if (s->txn != NULL) {
		refuse_text(s, GQL_TXN_ACTIVE, "a transaction is active already");
		return;
	}
	enum status st =
	    txn_begin(s->conn->io->server->txns, read_only ? TXN_EXPLICIT_READ : TXN_EXPLICIT,
		      s->last_lsn, &s->txn);
	if (st != ST_OK) {
		s->txn = NULL;
		diag_reset(&d);
		(void)diag_fail(&d, st, GQL_RESOURCES, DIAG_NO_POSITION,
				"no more transactions can be open (limit %u)", TXN_ACTIVE_MAX);
		refuse(s, &d);
		return;
	}
	answer_done(s);
}

void command_commit(struct session *s)
{
	struct diag d;

	diag_reset(&d);
	if (s->txn == NULL) {
		refuse_text(s, GQL_TXN_TERMINATION, "there is no transaction to commit");
		return;
	}
	enum status st = session_commit(s, s->txn, &d);
	if (st == ST_PARK)
		return;
	session_end_transaction(s);
	if (st == ST_OK) {
		answer_done(s);
		return;
	}
	if (!diag_is_set(&d))
		(void)diag_fail(&d, st, GQL_INTERNAL, DIAG_NO_POSITION,
				"the commit was refused: %s", status_name(st));
	refuse(s, &d);
}

void command_rollback(struct session *s)
{
	if (s->txn == NULL) {
		refuse_text(s, GQL_TXN_TERMINATION, "there is no transaction to roll back");
		return;
	}
	session_roll_back(s);
	answer_done(s);
}

static struct named_savepoint *find_savepoint(struct session *s, struct str name)
{
	for (uint32_t i = s->savepoints.n; i-- > 0;)
		if (str_eq(str_of(s->savepoints.v[i].name), name))
			return &s->savepoints.v[i];
	return NULL;
}

void command_savepoint(struct session *s, struct str name)
{
	struct named_savepoint sp = {.name = ""};

	if (s->txn == NULL) {
		refuse_text(s, GQL_TXN_STATE, "a savepoint needs a transaction");
		return;
	}
	if (refuse_if_failed(s))
		return;
	if (name.len == 0 || name.len >= sizeof sp.name) {
		refuse_text(s, GQL_PROGRAM_LIMIT, "a savepoint's name has 1 to 255 bytes");
		return;
	}
	if (s->savepoints.n >= TXN_SAVEPOINTS_MAX) {
		refuse_text(s, GQL_PROGRAM_LIMIT, "a transaction has at most 64 savepoints");
		return;
	}
	memcpy(sp.name, name.p, name.len);
	txn_savepoint(s->txn, &sp.at);
	if (!vec_push(MEM_SESSION, &s->savepoints, sp)) {
		refuse_text(s, GQL_OUT_OF_MEMORY, "out of memory (OOM)");
		return;
	}
	answer_done(s);
}

void command_rollback_to(struct session *s, struct str name)
{
	struct named_savepoint *sp = find_savepoint(s, name);

	if (s->txn == NULL || s->txn_lost) {
		refuse_text(
		    s, s->txn == NULL ? GQL_TXN_STATE : GQL_TXN_FAILED,
		    s->txn == NULL
			? "there is no transaction"
			: "the transaction lost against another one: only ROLLBACK is possible");
		return;
	}
	if (sp == NULL) {
		refuse_text(s, GQL_NO_SAVEPOINT, "no savepoint of that name");
		return;
	}
	txn_rollback_to(s->txn, &sp->at);
	s->savepoints.n =
	    (uint32_t)(sp - s->savepoints.v) + 1; /* later ones are gone, this one stays */
	answer_done(s);
}

static void release_savepoint(struct session *s, struct str name)
{
	struct named_savepoint *sp = find_savepoint(s, name);

	if (sp == NULL) {
		refuse_text(s, GQL_NO_SAVEPOINT, "no savepoint of that name");
		return;
	}
	s->savepoints.n = (uint32_t)(sp - s->savepoints.v);
	answer_done(s);
}

/* ---- catalog ---- */

#define CATALOG_WAIT_NS UINT64_C(5000000000) /* for another change; then 40001 */

static enum status create_index(struct session *s, struct txn *t, struct graph *g,
				const struct ast_statement *ast)
{
	struct diag *d = &s->st.diag;
	name_id label, key;

	if (ast->index.n_keys != 1 || ast->index.on_edge)
		return diag_set(d, GQL_FEATURE_NOT_SUPPORTED, ast->index.label.offset,
				"an index has one property key of one node label");
	TRY(txn_name(t, NAME_LABEL, ast->index.label.text, &label, d));
	TRY(txn_name(t, NAME_KEY, ast->index.keys[0].text, &key, d));
	return txn_index_begin(t, g, ast->index.name.text, label, key, ast->index.unique,
			       ast->index.if_exists, d);
}

static enum status run_ddl(struct session *s, struct txn *t, const struct ast_statement *ast)
{
	if (ast->kind == AST_CREATE_GRAPH || ast->kind == AST_DROP_GRAPH)
		return graphs_change(s, t, ast);
	struct graph *g = graphs_current(s, t);
	if (g == NULL)
		return statement_graph_is_gone(&s->st);
	if (ast->kind == AST_DROP_INDEX)
		return txn_index_drop(t, g, ast->index.name.text, ast->index.if_exists,
				      &s->st.diag);
	if (ast->kind == AST_DROP_CONSTRAINT)
		return txn_constraint_drop(t, g, ast->index.name.text, ast->index.if_exists,
					   &s->st.diag);
	return create_index(s, t, g, ast);
}

/* It met another change of the catalog that is not durable yet: all of it is done again. */
static bool runs_again(struct session *s, enum status r)
{
	struct statement *st = &s->st;

	if (r != ST_CONFLICT || clock_mono_ns() - st->start_ns > CATALOG_WAIT_NS)
		return false;
	if (st->txn != NULL)
		txn_rollback(st->txn);
	st->txn = NULL;
	session_run_later(s);
	return true;
}

static void end_catalog_statement(struct session *s, enum status r)
{
	struct statement *st = &s->st;

	s->state = SESSION_IDLE;
	if (r == ST_OK) {
		struct txn *t = st->txn;
		r = session_commit(s, t, &st->diag);
		if (r == ST_PARK)
			return;
		st->txn = NULL;
		if (r == ST_OK) {
			answer_done(s);
			return;
		}
		if (runs_again(s, r))
			return;
	} else {
		if (runs_again(s, r))
			return;
		if (st->txn != NULL)
			txn_rollback(st->txn);
		st->txn = NULL;
	}
	if (!diag_is_set(&st->diag))
		(void)diag_fail(&st->diag, r, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION,
				"out of memory (OOM)");
	refuse(s, &st->diag);
}

static enum status begin_again(struct session *s)
{
	struct statement *st = &s->st;

	diag_reset(&st->diag);
	enum status r = txn_begin(s->conn->io->server->txns, TXN_WRITE, s->last_lsn, &st->txn);
	if (r == ST_OK)
		return run_ddl(s, st->txn, st->ast);
	st->txn = NULL;
	return diag_fail(&st->diag, r, GQL_RESOURCES, DIAG_NO_POSITION,
			 "no more transactions can be open (limit %u)", TXN_ACTIVE_MAX);
}

/* A transaction that began to write earlier decides about a value: nothing can be said before it
 * has ended. */
static enum status wait_for_writer(struct session *s)
{
	struct mark *mark = txn_take_lost_to(s->st.txn);
	enum status r = session_wait(s, mark, TXN_WAIT_ENDED);

	if (r == ST_LIMIT)
		return diag_fail(&s->st.diag, r, GQL_RESOURCES, DIAG_NO_POSITION,
				 "too many statements wait for others (limit %u)", TXN_WAITERS_MAX);
	if (r == ST_OK)
		session_run_later(s);
	return ST_PARK;
}

void command_slice(struct session *s)
{
	struct statement *st = &s->st;
	enum status r = statement_check(st);

	if (r == ST_OK && st->txn == NULL)
		r = begin_again(s);
	if (r == ST_OK)
		r = txn_index_fill(st->txn, &st->diag);
	if (r == ST_BUSY)
		r = wait_for_writer(s);
	if (r == ST_YIELD)
		session_run_later(s);
	else if (r != ST_PARK)
		end_catalog_statement(s, r);
}

/* A transaction of its own; in an explicit one it is refused. */
static void catalog_statement(struct session *s)
{
	struct statement *st = &s->st;

	if (s->txn != NULL) {
		refuse_text(s, GQL_TXN_MIX,
			    "a catalog change cannot stand inside an explicit transaction");
		return;
	}
	txn_will_write(st->txn);
	enum status r = run_ddl(s, st->txn, st->ast);
	if (r == ST_OK)
		command_slice(s);
	else
		end_catalog_statement(s, r);
}

static void use_graph(struct session *s, const struct ast_statement *ast)
{
	if (graphs_use(s, ast, &s->st.diag) == ST_OK)
		answer_done(s);
	else
		refuse(s, &s->st.diag);
}

static void reset_session(struct session *s, const struct ast_statement *ast)
{
	bool all = ast->kind == AST_SESSION_CLOSE || ast->session.reset == AST_RESET_ALL;

	if (all)
		session_roll_back(s);
	if (all || ast->session.reset == AST_RESET_GRAPH)
		s->has_graph = false;
	answer_done(s);
}

/* ---- the door ---- */

static void end_own_transaction(struct session *s)
{
	if (s->st.auto_commit && s->st.txn != NULL) {
		txn_rollback(s->st.txn);
		s->st.txn = NULL;
	}
}

void command_run(struct session *s)
{
	const struct ast_statement *ast = s->st.ast;

	if (ast->kind >= AST_CREATE_INDEX && ast->kind <= AST_DROP_GRAPH) {
		catalog_statement(s);
		return;
	}
	if (ast->kind == AST_USE_GRAPH) { /* its transaction holds the epoch */
		use_graph(s, ast);
		return;
	}
	end_own_transaction(s);
	switch ((enum ast_statement_kind)ast->kind) {
	case AST_BEGIN:
		command_begin(s, ast->txn.read_only);
		break;
	case AST_COMMIT:
		command_commit(s);
		break;
	case AST_ROLLBACK:
		command_rollback(s);
		break;
	case AST_ROLLBACK_TO:
		command_rollback_to(s, ast->txn.name.text);
		break;
	case AST_SAVEPOINT:
		command_savepoint(s, ast->txn.name.text);
		break;
	case AST_RELEASE:
		release_savepoint(s, ast->txn.name.text);
		break;
	case AST_SESSION_RESET:
	case AST_SESSION_CLOSE:
		reset_session(s, ast);
		break;
	default:
		refuse_text(s, GQL_FEATURE_NOT_SUPPORTED, "this statement is not supported");
		break;
	}
}

void command_committed(struct session *s)
{
	answer_done(s);
}
