/* tests/support/memory_db.h - a store in memory with its transactions, no log, and plans run in it.
 *
 * Room:    tests.
 * Threads: one.
 * Errors:  those of what is called; open ends the program when there is no memory. */
#ifndef SUPPORT_MEMORY_DB_H
#define SUPPORT_MEMORY_DB_H

#include "exec/query.h"
#include "plan/plan.h"
#include "txn/txn.h"

struct memory_db {
	struct store *store; /* NULL: closed */
	struct txn_mgr *mgr;
};

void memory_db_open(struct memory_db *x);
/* All that is left to reclaim goes first. No transaction may be open. */
void memory_db_close(struct memory_db *x);

struct memory_query { /* a plan and what it is run with */
	const struct plan *plan;
	struct str text;
	const struct token_list *tokens;
	const struct map_entry *params;
	uint32_t n_params;
	struct query_options opt;
};
/* Takes a batch of rows; ctx is the caller's. */
typedef enum status memory_batch_fn(void *ctx, const struct batch *b);
/* All of its rows, in txn; yields go on at once. */
enum status memory_db_run(const struct memory_query *q, struct txn *txn, struct arena *a,
			  memory_batch_fn *take, void *ctx, struct diag *d) MUST_CHECK;

#endif
