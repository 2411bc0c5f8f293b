/* exec/query.h - one running statement: a plan, a view of the graph, operators that give batches.
 *
 * Room:    exec.
 * Threads: a query belongs to one thread at a time and may move between two calls. Only the stop
 * word of its options is written from elsewhere. Errors:  ST_INVALID, ST_CONFLICT, ST_LIMIT,
 * ST_STOPPED with the diag set; ST_NOMEM. After an error only query_close() may follow; what was
 * written is for the caller to roll back. Memory:  everything of a query lies in arenas under one
 * budget and dies at query_close(). */
#ifndef EXEC_QUERY_H
#define EXEC_QUERY_H

#include <stdatomic.h>

#include "plan/physical.h"
#include "txn/txn.h"

#define QUERY_SLICE_NS                                                                             \
	500000 /* a longer query gives its thread back after this and goes on later */

struct query;

enum query_stop { /* the stop word: why a running query must end */
		  QUERY_RUN,
		  QUERY_KILLED,	   /* 57014 */
		  QUERY_TIMED_OUT, /* 57014 */
		  QUERY_SHUTDOWN,  /* 57P01 */
		  QUERY_TOO_OLD,   /* 40N02: its view holds back reclamation */
};

struct query_options {		     /* zero: no limits, whole batches */
	struct budget *budget;	     /* parent of the query's own budget; may be NULL */
	uint64_t memory_limit_bytes; /* of this query; 0: none but the parent's */
	const _Atomic uint32_t
	    *stop;	      /* enum query_stop; any thread sets it; NULL: cannot be stopped */
	uint64_t deadline_ns; /* of clock_mono_ns(), after which it ends as timed out; 0: none */
	uint64_t slice_ns;    /* 0: QUERY_SLICE_NS */
	uint32_t batch_rows;  /* rows of a batch, at most; 0: BATCH_ROWS */
	uint64_t yield_seed;  /* tests: not 0: half of all checks yield, chosen by this seed */
	bool profile;	      /* measure the time of each operator */
};

/* What a statement changed. */
struct query_counts {
	uint64_t nodes_created, nodes_deleted;
	uint64_t edges_created, edges_deleted;
	uint64_t props_set, labels_added, labels_removed;
};

/* Run-time figures of one operator, at its place in plan->ops. */
struct op_stat {
	uint64_t n_calls, n_rows, n_batches;
	uint64_t time_ns; /* with options.profile; what is below it included */
};

/* Prepares a plan to run inside a transaction. plan, txn, params (plan->n_params values) and d are
 * borrowed until query_close(). Reads nothing of the graph. */
enum status query_open(const struct plan *plan, struct txn *txn, const struct value *params,
		       const struct query_options *opt, struct diag *d,
		       struct query **ret) MUST_CHECK;

/* The next batch of result rows: columns 0..n_columns-1 of the plan, elements as struct element. It
 * holds until the next call. ST_OK with NULL: the end, all writes are done. ST_YIELD: the slice is
 * spent; call again, later and from any thread. */
enum status query_next(struct query *q, struct batch **ret) MUST_CHECK;

/* A hurried query does not let one expression outlast its slice: query_next() answers ST_RESTART
 * instead. Then it is to be closed, its writes are to be rolled back, and it begins anew where it
 * need not hurry. At first a query is not hurried. */
void query_hurry(struct query *q, bool hurried);

void query_close(struct query *q); /* q may be NULL */

/* ST_OK for QUERY_RUN; else ST_STOPPED and the words for it. */
enum status query_stopped(uint32_t stop, struct diag *d) MUST_CHECK;

const struct query_counts *query_counts(const struct query *q);
/* One for each operator of the plan, by pop.id. */
const struct op_stat *query_stats(const struct query *q);
uint64_t query_memory_peak(const struct query *q); /* bytes */

#endif
