/* Statements as text: the query, and those that are none. */
#include "gql/print_int.h"

static void print_object(struct buf *b, const struct ast_name *n)
{
	bool written = n->text.len > 0 && strchr("/.{", n->text.p[0]) != NULL;

	if (written) /* a path, or a type in braces */
		buf_put_str(b, n->text);
	else
		print_name(b, n->text);
}

static void print_index(struct buf *b, const struct ast_statement *st)
{
	bool constraint = st->kind == AST_CREATE_CONSTRAINT;

	buf_puts(b, constraint		? "CREATE CONSTRAINT "
		    : st->index.ordered ? "CREATE RANGE INDEX "
					: "CREATE INDEX ");
	if (ast_has_name(&st->index.name)) {
		print_name(b, st->index.name.text);
		buf_putc(b, ' ');
	}
	buf_puts(b, st->index.if_exists ? "IF NOT EXISTS " : "");
	buf_puts(b, st->index.on_edge ? "FOR ()-[x:" : "FOR (x:");
	print_name(b, st->index.label.text);
	buf_puts(b, st->index.on_edge ? "]-()" : ")");
	buf_puts(b, constraint ? " REQUIRE (x." : " ON (x.");
	print_names(b, st->index.keys, st->index.n_keys, ", x.");
	buf_puts(b, constraint ? ") IS UNIQUE" : ")");
}

static void print_drop_index(struct buf *b, const struct ast_statement *st)
{
	buf_puts(b, st->kind == AST_DROP_INDEX ? "DROP INDEX " : "DROP CONSTRAINT ");
	if (!ast_has_name(&st->index.name)) {
		buf_puts(b, "ON :");
		print_name(b, st->index.label.text);
		buf_putc(b, '(');
		print_names(b, st->index.keys, st->index.n_keys, ", ");
		buf_putc(b, ')');
		return;
	}
	print_name(b, st->index.name.text);
	buf_puts(b, st->index.if_exists ? " IF EXISTS" : "");
}

static void print_graph(struct buf *b, const struct ast_statement *st)
{
	bool type = st->kind == AST_CREATE_GRAPH_TYPE || st->kind == AST_DROP_GRAPH_TYPE;
	bool graph = st->kind == AST_CREATE_GRAPH || st->kind == AST_DROP_GRAPH;
	const char *what = type ? "GRAPH TYPE " : graph ? "GRAPH " : "SCHEMA ";
	bool create = st->kind == AST_CREATE_GRAPH || st->kind == AST_CREATE_SCHEMA ||
		      st->kind == AST_CREATE_GRAPH_TYPE;

	buf_puts(b, !create ? "DROP " : st->graph.or_replace ? "CREATE OR REPLACE " : "CREATE ");
	buf_puts(b, what);
	buf_puts(b, !st->graph.if_exists ? "" : create ? "IF NOT EXISTS " : "IF EXISTS ");
	print_object(b, &st->graph.name);
	if (ast_has_name(&st->graph.like)) {
		buf_puts(b, " LIKE ");
		print_object(b, &st->graph.like);
	} else if (ast_has_name(&st->graph.type)) {
		buf_puts(b, type ? " AS " : " TYPED ");
		print_object(b, &st->graph.type);
	}
	if (ast_has_name(&st->graph.copy_of)) {
		buf_puts(b, " AS COPY OF ");
		print_object(b, &st->graph.copy_of);
	}
}

static void print_graph_choice(struct buf *b, const struct ast_statement *st)
{
	bool schema = st->kind == AST_SESSION_SET_SCHEMA;

	buf_puts(b, schema ? "SESSION SET SCHEMA " : "SESSION SET GRAPH ");
	if (st->graph.home || st->graph.current)
		buf_printf(b, "%s_%s", st->graph.home ? "HOME" : "CURRENT",
			   schema ? "SCHEMA" : "GRAPH");
	else
		print_object(b, &st->graph.name);
}

static void print_reset(struct buf *b, const struct ast_statement *st)
{
	static const char *const words[] = {
	    [AST_RESET_ALL] = "",
	    [AST_RESET_PARAMS] = " PARAMETERS",
	    [AST_RESET_PARAM] = " PARAMETER $",
	    [AST_RESET_SCHEMA] = " SCHEMA",
	    [AST_RESET_GRAPH] = " GRAPH",
	    [AST_RESET_ZONE] = " TIME ZONE",
	};

	buf_puts(b, "SESSION RESET");
	buf_puts(b, words[st->session.reset]);
	if (st->session.reset == AST_RESET_PARAM)
		print_name(b, st->session.name.text);
}

static void print_session_value(struct buf *b, const struct ast_statement *st)
{
	buf_puts(b, st->session.if_not_exists ? "SESSION SET VALUE IF NOT EXISTS $"
					      : "SESSION SET VALUE $");
	print_name(b, st->session.name.text);
	if (st->session.type != NULL) {
		buf_puts(b, " :: ");
		print_type(b, st->session.type);
	}
	buf_puts(b, " = ");
	gql_print_expr(b, st->session.value);
}

static void print_named(struct buf *b, const char *words, const struct ast_name *name)
{
	buf_puts(b, words);
	print_name(b, name->text);
}

void gql_print(struct buf *b, const struct ast_statement *st)
{
	static const char *const explain[] = {"", "EXPLAIN ", "PROFILE "};

	switch ((enum ast_statement_kind)st->kind) {
	case AST_QUERY:
		buf_puts(b, explain[st->explain]);
		print_query(b, st->query);
		return;
	case AST_CREATE_INDEX:
	case AST_CREATE_CONSTRAINT:
		print_index(b, st);
		return;
	case AST_DROP_INDEX:
	case AST_DROP_CONSTRAINT:
		print_drop_index(b, st);
		return;
	case AST_CREATE_GRAPH:
	case AST_DROP_GRAPH:
	case AST_CREATE_SCHEMA:
	case AST_DROP_SCHEMA:
	case AST_CREATE_GRAPH_TYPE:
	case AST_DROP_GRAPH_TYPE:
		print_graph(b, st);
		return;
	case AST_USE_GRAPH:
	case AST_SESSION_SET_SCHEMA:
		print_graph_choice(b, st);
		return;
	case AST_BEGIN:
		buf_puts(b, "START TRANSACTION");
		if (st->txn.has_mode)
			buf_puts(b, st->txn.read_only ? " READ ONLY" : " READ WRITE");
		return;
	case AST_COMMIT:
		buf_puts(b, "COMMIT");
		return;
	case AST_ROLLBACK:
		buf_puts(b, "ROLLBACK");
		return;
	case AST_ROLLBACK_TO:
		print_named(b, "ROLLBACK TO SAVEPOINT ", &st->txn.name);
		return;
	case AST_SAVEPOINT:
		print_named(b, "SAVEPOINT ", &st->txn.name);
		return;
	case AST_RELEASE:
		print_named(b, "RELEASE SAVEPOINT ", &st->txn.name);
		return;
	case AST_SESSION_SET_ZONE:
		buf_puts(b, "SESSION SET TIME ZONE ");
		gql_print_expr(b, st->session.value);
		return;
	case AST_SESSION_SET_VALUE:
		print_session_value(b, st);
		return;
	case AST_SESSION_RESET:
		print_reset(b, st);
		return;
	case AST_SESSION_CLOSE:
		buf_puts(b, "SESSION CLOSE");
		return;
	}
}
