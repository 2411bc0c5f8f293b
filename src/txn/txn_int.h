/* txn/txn_int.h - a transaction and its manager inside.
 *
 * Room: txn, private. */
#ifndef TXN_TXN_INT_H
#define TXN_TXN_INT_H

#include "base/buf.h"
#include "base/thread.h"
#include "store/index.h"
#include "store/write.h"
#include "txn/txn.h"
#include "wal/writer.h"

struct tail { /* what a finished transaction leaves to be cleaned up */
	struct tail *next, *prev;
	struct txn_mgr *m;
	struct retired retired;
	uint64_t lsn;
	struct mark *mark;
	struct clause *clauses;
	struct effect *effects;
	uint32_t n_effects, cap_effects;
	uint32_t n_graphs;
	struct graph *graphs[TXN_GRAPHS_MAX]; /* in use until this is freed */
};

#define WAIT_BUCKETS 64 /* a power of two */

struct txn_mgr {
	struct store *store;
	struct wal_writer *wal; /* NULL: in memory */
	struct mutex commit_lock;
	struct mutex ddl_lock;	    /* lists of indexes, places of graphs */
	_Atomic uint32_t n_dropped; /* graphs that wait for the horizon */
	_Atomic uint64_t stamped_lsn, durable_lsn;
	struct txn_limits limits;
	_Atomic uint64_t n_given_up; /* views that were asked to close */
	_Atomic uint32_t n_active;
	/* Names below these counts are defined in the log or in the snapshot it started from. */
	_Atomic uint32_t n_logged[NAME_N_KINDS];
	struct mutex tails_lock;
	struct mutex waits_lock;
	struct wait_link waits[WAIT_BUCKETS]; /* by mark, in the order of arrival */
	_Atomic uint32_t n_waiters;
	struct tail *tails, *last_tail; /* committed ones by LSN, waiting for the horizon */
};

struct node_delete {
	struct graph *g;
	elem_id id;
};

struct txn {
	struct txn_mgr *m;
	enum txn_mode mode;
	bool has_view, failed;
	bool has_turn;		 /* its end wakes the first of those behind it */
	struct wait_link behind; /* under waits_lock */
	uint64_t min_lsn;
	struct epoch_slot *slot; /* NULL: given up */
	struct view view;
	struct writer w;
	struct buf redo;
	struct buf record;			      /* definitions and redo, as logged */
	VEC(struct node_delete) deletes;	      /* checked at the end of the clause */
	uint32_t n_names[NAME_N_KINDS];		      /* names in the record's definitions */
	struct prop_index *new_index, *dropped_index; /* take effect with the stamp */
	struct index_fill fill;			      /* of the new one */
	bool is_filling;
	struct graph *new_graph, *dropped_graph; /* take effect with the stamp */
	struct tail *tail; /* made with the first write, so that the end needs no memory */
	struct wal_batch batch;
	struct txn_commit *commit;
};

/* The writer of the transaction is ready: mark, tail, view. */
enum status txn_writer(struct txn *t, struct diag *d) MUST_CHECK;
/* The same, for a change of g: 40001 when it was dropped. */
enum status txn_writer_in(struct txn *t, struct graph *g, struct diag *d) MUST_CHECK;
static inline bool txn_has_ddl(const struct txn *t)
{
	return t->new_index != NULL || t->dropped_index != NULL || t->new_graph != NULL ||
	       t->dropped_graph != NULL;
}
/* ddl.c: indexes and constraints. Under the commit lock: the stamp. When it is durable: what was
 * dropped goes. Or it is taken back. */
void ddl_stamp(struct txn *t, uint64_t lsn);
void ddl_commit(struct txn *t);
void ddl_rollback(struct txn *t);
/* ddl_graph.c: graphs. Under the commit lock: whether a graph that the transaction changes was
 * dropped by another one; then, if not, the stamps. Neither can fail otherwise. */
bool ddl_graph_lost(const struct txn *t);
void ddl_graph_stamp(struct txn *t, uint64_t lsn);
void ddl_graph_rollback(struct txn *t);
enum status ddl_graph_conflict(struct graph *g, struct diag *d);
/* Dropped graphs that no view sees and no transaction uses go. */
void ddl_graph_collect(struct txn_mgr *m, uint64_t horizon);
/* wait.c. wait_ended: the mark's word is final; under no lock. wait_pass: the transaction writes
 * nothing, so that who stands behind it need not wait for its end. */
void wait_init(struct txn_mgr *m);
void wait_release(struct txn_mgr *m);
void wait_begin(struct txn *t);
void wait_ended(struct txn *t);
void wait_pass(struct txn *t);
/* The mark is final; what it holds is let go of or left to the maintenance thread. */
void txn_let_go(struct txn *t, uint64_t lsn);
/* The mark is final; frees the transaction, leaves the rest to the maintenance thread. */
void txn_end(struct txn *t, uint64_t lsn);

#endif
