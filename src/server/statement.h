/* server/statement.h - run_statement: the read walk from text to pages, top to bottom.
 *
 * Room:    server.
 * Threads: those of its session.
 * Memory:  everything of a statement lives in its arena, under the server's query budget, and dies
 * at statement_close.
 *
 * Life: statement_open (lex, cache or parse and plan), then statement_step again and again: each
 * call is a slice and says what it needs next. The caller owns the transaction. */
#ifndef SERVER_STATEMENT_H
#define SERVER_STATEMENT_H

#include "exec/query.h"
#include "plan/plan.h"
#include "proto/proto.h"

struct server;

enum statement_event {
	STATEMENT_YIELD, /* the slice is spent: call again */
	STATEMENT_PAGE,	 /* a page is full and more rows follow: take it with statement_take_page */
	STATEMENT_END,	 /* all rows are in the page, all writes are done */
	STATEMENT_RESTART, /* hurried, and one expression took longer than a slice: begin it anew */
	STATEMENT_ERROR,   /* diag says what; status is how it ended (ST_CONFLICT: may run again) */
};

struct held_page { /* in the statement's arena; the bytes are charged to its budget */
	struct chain bytes;
	size_t charged;
	struct held_page *next;
};

struct statement {
	bool open;
	struct server *server;
	struct arena arena;
	struct budget budget;
	struct diag diag;
	enum status status;
	struct str text;
	const struct map_entry *params;
	uint32_t n_params;
	struct token_list tokens;
	const struct ast_statement *ast; /* NULL when the plan came from the cache */
	enum gqlstatus outcome;		 /* of a command that holds */
	struct plan *plan;		 /* NULL for commands: transactions, DDL, session */
	struct value *values;
	struct query *query;
	struct txn *txn; /* in which it runs: its own (auto_commit) or the session's */
	bool auto_commit;
	struct txn_savepoint savepoint; /* of its begin */
	uint32_t page_rows;		/* rows of the first page */
	_Atomic uint32_t stop;		/* enum query_stop */
	uint64_t deadline_ns;		/* 0: none */
	uint64_t start_ns, planned_ns;
	struct batch *batch; /* rows not in a page yet */
	uint32_t i_sel;
	struct page *page; /* made with the first rows */
	struct held_page *held_first,
	    *held_last; /* full pages that wait for the commit, then for pull */
	bool committed; /* its own transaction is over; only held pages and the last one are left */
	bool given_up;	/* its view was asked to close while nobody pulled */
	uint64_t n_rows;
	bool begun;	 /* its first slice is over */
	bool again;	 /* undone; the next slice begins it anew */
	uint32_t reruns; /* without knowing whom it lost to */
	bool explain, profile;
	bool schema_sent, page_sent;
	struct answer_column *columns;
	uint32_t n_columns;
	struct batch plan_rows; /* EXPLAIN's and PROFILE's table */
	bool plan_rows_taken;
	struct chain payload; /* the same for clients that read it as a message */
	uint64_t told_ns;     /* when the client was last told that it runs */
};

void statement_init(struct statement *s, struct server *server);
void statement_release(struct statement *s);

/* Copies the text and the parameters; lexes and looks the plan up or makes it. An epoch slot is
 * held by the caller (its transaction). On an error diag is set and the statement stays open for
 * the text that positions refer to. g NULL: the session's graph is gone, only commands are taken.
 */
enum status statement_open(struct statement *s, struct server *server, struct graph *g,
			   const struct plan_options *opt,
			   const struct request_execute *req) MUST_CHECK;
/* The catalog has moved since it was planned, and it begins anew: as statement_open. */
enum status statement_plan_again(struct statement *s, struct graph *g,
				 const struct plan_options *opt) MUST_CHECK;
void statement_close(struct statement *s);
/* The error of a session whose graph is gone. */
enum status statement_graph_is_gone(struct statement *s);

/* Whether it changes the graph. */
bool statement_writes(const struct statement *s);
/* Begins to run inside a transaction; again for a rerun. page limits as page_begin takes them. */
enum status statement_start(struct statement *s, struct txn *txn) MUST_CHECK;
void statement_page_limits(struct statement *s, size_t bytes, uint32_t rows);
/* The next slice. hurried: its thread has other things to do, as query_hurry(). */
enum statement_event statement_step(struct statement *s, bool hurried);
/* Appends what is due: the schema before the first page, then the page. */
void statement_take_page(struct statement *s, struct chain *out, enum page_wrap wrap, bool final);
/* Keeps the full page of a writing statement: it runs to its end, and is durable when the
 * transaction is its own, before anything leaves. */
enum status statement_hold_page(struct statement *s, enum page_wrap wrap) MUST_CHECK;
/* Appends the oldest held page, behind the schema if that is due; false: none is held. */
bool statement_take_held(struct statement *s, struct chain *out);
/* The schema alone, for a client that would not wait for the first page. */
void statement_take_schema(struct statement *s, struct chain *out, bool final);
/* The answer of a statement without columns and of commands. */
void statement_take_empty(struct chain *out, enum gqlstatus status);
void statement_stop(struct statement *s, enum query_stop why);
/* ST_STOPPED with the diag set: it must end, by its time limit or because it was told so. For those
 * that run no query; a query looks by itself. */
enum status statement_check(struct statement *s) MUST_CHECK;

#endif
