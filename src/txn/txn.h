/* txn/txn.h - begin, write, commit, roll back.
 *
 * Room:    txn.
 * Threads: a transaction belongs to one thread at a time; txn_mgr from any.
 * Errors:  ST_CONFLICT with 40001 in the diag (first updater wins); ST_INVALID with the diag set;
 *          ST_FULL (53100), ST_LIMIT (named in the diag), ST_NOMEM.
 * Source:  transactions design; sections in brackets below. */
#ifndef TXN_TXN_H
#define TXN_TXN_H

#include "base/diag.h"
#include "store/graph.h"
#include "wal/writer.h"

struct txn_mgr;
struct txn;

#define TXN_REDO_MAX (1u << 30) /* bytes of redo of one transaction */
#define TXN_SAVEPOINTS_MAX 64
#define TXN_ACTIVE_MAX 4096 /* open transactions; one view each */
#define TXN_GRAPHS_MAX 16   /* graphs that one transaction changes */

/* wal NULL: a store in memory only; a commit is then durable at once. */
enum status txn_mgr_new(struct store *s, struct wal_writer *wal, uint64_t last_lsn,
			struct txn_mgr **ret) MUST_CHECK;
void txn_mgr_free(struct txn_mgr *m); /* no transaction may be open */
struct store *txn_mgr_store(struct txn_mgr *m);
uint64_t txn_durable_lsn(struct txn_mgr *m);
uint64_t txn_stamped_lsn(struct txn_mgr *m);
/* Called in a round of the log, in order. */
void txn_publish(struct txn_mgr *m, uint64_t durable_lsn);
/* Old views of readers hold versions back. Beyond a limit they are asked to close: a query then
 * ends with 40N02 by itself (exec looks at its view's slot), never one that has written, never a
 * snapshot. */
struct txn_limits {
	uint64_t undo_bytes;  /* of versions, while views hold some back; 0: none */
	uint64_t view_age_ns; /* 0: none */
	/* Some view was asked: whoever has one that lies idle should look. On the collecting
	 * thread; must not block. May be NULL. */
	void (*asked)(void *ctx);
	void *ctx;
};
void txn_set_limits(struct txn_mgr *m, const struct txn_limits *limits); /* before others use m */
uint64_t txn_views_given_up(struct txn_mgr *m);				 /* so far */
/* Whether the transaction's view was asked to close. */
bool txn_must_close(const struct txn *t);
/* Rolls an explicit transaction back that has no end yet, because its view has to close or because
 * it lost: it has failed and holds nothing any more, an epoch neither. No query of it may be open.
 */
void txn_give_up(struct txn *t);
/* One round of reclamation (maintenance thread): epochs, undo, stamps, marks [6]. Gives whether
 * something is left to do. */
bool txn_collect(struct txn_mgr *m);

enum txn_mode {
	TXN_READ,     /* auto-committed, reads only: read point durable_lsn */
	TXN_WRITE,    /* one auto-committed statement that writes: read point stamped_lsn */
	TXN_EXPLICIT, /* BEGIN ... COMMIT: read point durable_lsn, taken at the first txn_view() */
	TXN_EXPLICIT_READ, /* the same, read only */
};

/* Takes an epoch slot before anything else [6]; min_lsn is the session's last acknowledged LSN: the
 * read point is at least that. ST_LIMIT: too many open transactions. */
enum status txn_begin(struct txn_mgr *m, enum txn_mode mode, uint64_t min_lsn,
		      struct txn **ret) MUST_CHECK;
/* A TXN_READ turned out to write: it becomes a TXN_WRITE. Before the first txn_view(). */
void txn_will_write(struct txn *t);
/* The view, completed (read point loaded) at the first call. Stays at one address. */
const struct view *txn_view(struct txn *t);
/* The read point at which this transaction looks names of graphs up: its view's, or what a view
 * taken now would have at least. */
uint64_t txn_catalog_lsn(struct txn *t);
enum txn_mode txn_mode(const struct txn *t);
bool txn_is_failed(const struct txn *t);
bool txn_has_writes(const struct txn *t);
void txn_set_failed(struct txn *t); /* an error in an explicit transaction: only roll back [4] */

/* Next clause: own writes so far become visible to this transaction's later reads [1]. */
void txn_next_clause(struct txn *t);

/* ---- the write door: conflict check, undo, store change, redo; nothing else changes a graph ----
 */

/* The id of a name, defined by this transaction when it is new. */
enum status txn_name(struct txn *t, enum name_kind kind, struct str name, name_id *ret,
		     struct diag *d) MUST_CHECK;
enum status txn_node_create(struct txn *t, struct graph *g, const name_id *labels,
			    uint32_t n_labels, const struct prop *props, uint32_t n_props,
			    elem_id *ret, struct diag *d) MUST_CHECK;
enum status txn_edge_create(struct txn *t, struct graph *g, name_id type, elem_id from, elem_id to,
			    const struct prop *props, uint32_t n_props, elem_id *ret,
			    struct diag *d) MUST_CHECK;
/* V_NULL removes. Nodes, edges, paths and maps cannot be stored: 22G03. */
enum status txn_node_set(struct txn *t, struct graph *g, elem_id id, name_id key, struct value v,
			 struct diag *d) MUST_CHECK;
enum status txn_edge_set(struct txn *t, struct graph *g, elem_id id, name_id key, struct value v,
			 struct diag *d) MUST_CHECK;
enum status txn_label_add(struct txn *t, struct graph *g, elem_id id, name_id label,
			  struct diag *d) MUST_CHECK;
enum status txn_label_remove(struct txn *t, struct graph *g, elem_id id, name_id label,
			     struct diag *d) MUST_CHECK;
enum status txn_edge_delete(struct txn *t, struct graph *g, elem_id id, struct diag *d) MUST_CHECK;
/* detach: its edges too. Without, edges still there at txn_end_clause are G1001. Deleting what this
 * transaction deleted already is no error. */
enum status txn_node_delete(struct txn *t, struct graph *g, elem_id id, bool with_edges,
			    struct diag *d) MUST_CHECK;
/* Checks that wait for the end of a writing clause: deleted nodes have no edge left. */
enum status txn_end_clause(struct txn *t, struct diag *d) MUST_CHECK;

/* DDL is a transaction of its own: 25G02 inside an explicit one. A new index is used by views that
 * begin after the commit; a drop happens at the commit. unique: a constraint, and the index that it
 * has; writers keep it from now on, and a transaction that began to write before loses against it.
 * After txn_index_begin() txn_index_fill() is called until it gives neither ST_YIELD (a slice is
 * done) nor ST_BUSY (it waits for the end of another transaction: txn_take_lost_to): ST_INVALID
 * with 23505 when the data breaks the constraint. */
enum status txn_index_begin(struct txn *t, struct graph *g, struct str name, name_id label,
			    name_id key, bool unique, bool if_not_exists,
			    struct diag *d) MUST_CHECK;
enum status txn_index_fill(struct txn *t, struct diag *d) MUST_CHECK;
/* Both at once. */
enum status txn_index_create(struct txn *t, struct graph *g, struct str name, name_id label,
			     name_id key, bool unique, bool if_not_exists,
			     struct diag *d) MUST_CHECK;
enum status txn_constraint_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
				struct diag *d) MUST_CHECK;
enum status txn_index_drop(struct txn *t, struct graph *g, struct str name, bool if_exists,
			   struct diag *d) MUST_CHECK;

/* Graphs, by a transaction of their own as well. A graph whose own creation or drop is not durable
 * yet is a conflict (40001). The default graph cannot be dropped or replaced. A transaction that
 * has written in a dropped graph fails with 40001; views that see it go on. */
enum graph_exists { GRAPH_EXISTS_ERROR, GRAPH_EXISTS_OK, GRAPH_EXISTS_REPLACE };
/* *ret: the new graph, not seen yet, or the one that exists. *ret_old: the one it replaces, NULL:
 * none. */
enum status txn_graph_create(struct txn *t, struct str name, enum graph_exists exists,
			     struct graph **ret, struct graph **ret_old, struct diag *d) MUST_CHECK;
/* *ret_found: false: there was none, and if_exists says that this is no error. */
enum status txn_graph_drop(struct txn *t, struct str name, bool if_exists, bool *ret_found,
			   struct diag *d) MUST_CHECK;

/* ---- savepoints: by name, and the implicit one of each statement ---------------------------- */

struct txn_savepoint {
	uint64_t n_undo;
	uint64_t redo_len;
	uint32_t n_deletes;
};
void txn_savepoint(struct txn *t, struct txn_savepoint *ret);
/* Restores values newest first; what was written since is undone, its undo entries stay [2]. */
void txn_rollback_to(struct txn *t, const struct txn_savepoint *sp);

/* ---- waiting for another transaction [4] ----------------------------------------------------- */

#define TXN_WAITERS_MAX 65536 /* statements that wait for another transaction */

enum txn_wait_why {
	TXN_WAIT_TURN,	  /* to try again: one at a time, in the order of arrival */
	TXN_WAIT_ENDED,	  /* to look again */
	TXN_WAIT_DURABLE, /* until a view of a reader sees what the other one has committed */
};

struct wait_link { /* wait.c's */
	struct wait_link *next, *prev;
};

struct txn_waiter { /* embedded by the caller, zero; lives until woken() or a txn_wait_cancel() */
	/* Once a wait, on the thread that ends it; must not block: it posts. */
	void (*woken)(struct txn_waiter *w);
	enum txn_wait_why why; /* the rest is wait.c's */
	struct mark *mark;
	struct wait_link link, behind;
	bool is_linked, has_turn;
	struct wal_batch batch;
};

/* Behind ST_CONFLICT, or ST_BUSY of an index: takes over the reference to the mark that t met; it
 * holds beyond the rollback of t. NULL: not known, or that change is committed. */
struct mark *txn_take_lost_to(struct txn *t);
/* Takes the reference; NULL, with TXN_WAIT_DURABLE: some transaction that is stamped by now.
 * ST_PARK: woken() comes when the other one has ended, by commit or roll-back. ST_OK: it has ended,
 * and no turn is given. In both cases a TXN_WRITE whose view is taken after that reads what the
 * other one has committed. ST_LIMIT: TXN_WAITERS_MAX.
 *
 * No circle of waiters can come about: who waits to try again, or to be told, has rolled back and
 * holds nothing. Only an index that is being filled waits and holds something, its place in the
 * catalog: it waits for transactions that have written, and none of those waits. */
enum status txn_wait(struct txn_mgr *m, struct mark *mark, enum txn_wait_why why,
		     struct txn_waiter *w) MUST_CHECK;
/* False: it is too late, woken() was called or will be. */
bool txn_wait_cancel(struct txn_mgr *m, struct txn_waiter *w) MUST_CHECK;
/* Who was woken to try again has the turn, and others wait behind it. It begins anew with t, whose
 * end wakes the next one, or passes the turn on. Nothing when it has no turn. */
void txn_take_turn(struct txn *t, struct txn_waiter *w);
void txn_pass_turn(struct txn_mgr *m, struct txn_waiter *w);

/* ---- ends ---------------------------------------------------------------------------------------
 */

struct txn_commit { /* embedded by the caller; lives until done() */
	/* In a round of the log (wal/writer.h); must not block: it posts to an inbox. st: ST_OK
	 * durable; ST_IO: resolution unknown (08007). */
	void (*done)(struct txn_commit *c, enum status st);
	uint64_t lsn; /* of the commit, or the read point to wait for */
	bool lead;    /* the caller's thread has nothing else to do: it may write the log itself,
			 and done() may come before txn_commit() returns ST_PARK */
	struct txn_commit_wait *private_;
};

/* Ends the transaction in every case; t is gone afterwards unless ST_PARK.
 * ST_OK: nothing to wait for (nothing written and all that was read is durable, or no log).
 * ST_PARK: done() will be called; then call txn_finish(t).
 * ST_CONFLICT, ST_FULL, ST_BUSY: rolled back, the diag says why. */
enum status txn_commit(struct txn *t, struct txn_commit *c, struct diag *d) MUST_CHECK;
void txn_finish(struct txn *t); /* after done(): releases views and memory */
void txn_rollback(struct txn *t);

#endif
