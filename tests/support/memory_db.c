#include "tests/support/memory_db.h"

#include <stdio.h>
#include <stdlib.h>

void memory_db_open(struct memory_db *x)
{
	*x = (struct memory_db){0};
	if (store_new(&x->store) == ST_OK && txn_mgr_new(x->store, NULL, 0, &x->mgr) == ST_OK)
		return;
	fprintf(stderr, "no memory for a store\n");
	abort();
}

void memory_db_close(struct memory_db *x)
{
	if (x->store == NULL)
		return;
	while (txn_collect(x->mgr))
		;
	txn_mgr_free(x->mgr);
	store_free(x->store);
	*x = (struct memory_db){0};
}

static enum status pull(struct query *q, memory_batch_fn *take, void *ctx)
{
	for (;;) {
		struct batch *b = NULL;
		enum status st = query_next(q, &b);
		if (st == ST_YIELD)
			continue;
		if (st != ST_OK || b == NULL)
			return st;
		TRY(take(ctx, b));
	}
}

enum status memory_db_run(const struct memory_query *q, struct txn *txn, struct arena *a,
			  memory_batch_fn *take, void *ctx, struct diag *d)
{
	struct value *values = ARENA_ARRAY(a, struct value, q->plan->n_params + 1);
	struct query *query = NULL;

	if (values == NULL)
		return ST_NOMEM;
	TRY(plan_bind_params(q->plan, q->text, q->tokens, q->params, q->n_params, a, values, d));
	TRY(query_open(q->plan, txn, values, &q->opt, d, &query));
	enum status st = pull(query, take, ctx);
	query_close(query);
	return st;
}
