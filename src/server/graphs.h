/* server/graphs.h - which graph a session works in; CREATE GRAPH, DROP GRAPH, USE.
 *
 * Room:    server.
 * Threads: the session's.
 * Source:  wire-protocol design, 2.
 *
 * A session keeps its graph by id and looks it up for each statement, under the epoch of the
 * statement's transaction: the graph may have been dropped meanwhile, and ids are never given
 * again. */
#ifndef SERVER_GRAPHS_H
#define SERVER_GRAPHS_H

#include "base/diag.h"
#include "proto/proto.h"

struct ast_statement;
struct graph;
struct session;
struct txn;

/* The session's graph as t sees it; NULL: it was dropped. */
struct graph *graphs_current(struct session *s, struct txn *t);
/* statement_open in that graph. */
enum status graphs_open_statement(struct session *s, const struct request_execute *req) MUST_CHECK;
/* For a statement that begins anew in its own transaction, after the catalog has moved. */
enum status graphs_plan_again(struct session *s) MUST_CHECK;

/* USE g, SESSION SET GRAPH g: the statement's transaction is open. */
enum status graphs_use(struct session *s, const struct ast_statement *ast,
		       struct diag *d) MUST_CHECK;
/* CREATE GRAPH, DROP GRAPH in a transaction of their own; the caller commits. */
enum status graphs_change(struct session *s, struct txn *t,
			  const struct ast_statement *ast) MUST_CHECK;

/* Binds the connection to the graph that the login names; an unknown one is made: ST_PARK until
 * that is durable. Without a name: the default graph, and USE may choose others. */
enum status graphs_login(struct session *s, struct str name, struct diag *d) MUST_CHECK;
/* What it waited for is durable. */
void graphs_login_goes_on(struct session *s);
/* The login's answer. */
void graphs_greet(struct session *s);
void graphs_refuse_login(struct session *s, const struct diag *d);

#endif
