/* store/write.h - the writing door of the store, for txn only: conflict check, version, change.
 *
 * Room:    store. It knows a mark and a view, nothing of transactions.
 * Threads: a writer belongs to its transaction's thread; any number of writers at a time. Latches
 * are taken in id order, node chunks before edge chunks, indexes last. Errors:  ST_CONFLICT:
 * another active transaction, or one committed after the view, has the slot (first updater wins).
 * ST_NOT_FOUND: the element does not exist under the view. ST_EXISTS: see each function.
 * ST_INVALID: a unique constraint is broken: writer.clash. ST_NOMEM, ST_LIMIT. After any error the
 * caller undoes the statement (store_undo): effects so far are in the list. Source:  transactions
 * design, sections 2 to 4. */
#ifndef STORE_WRITE_H
#define STORE_WRITE_H

#include "base/vec.h"
#include "store/graph.h"

struct clause;
struct claim;
struct undo;
struct unique;
struct chunk;
struct label_set;

enum effect_kind {
	EFFECT_UNDO,
	EFFECT_EDGE_ADDED,
	EFFECT_EDGE_REMOVED,
	EFFECT_CLAIMED,	 /* of a value, under a unique constraint */
	EFFECT_RELEASED, /* the same value given up */
};

struct effect {	      /* one change, for undoing and for cleaning up behind it */
	uint8_t kind; /* enum effect_kind */
	uint8_t dir;  /* edge effects: enum adj_dir of the block in which the entry stands */
	bool undone;
	name_id type;
	uint32_t slot, edge;
	union {
		struct chunk *chunk;
		struct unique *unique; /* EFFECT_CLAIMED, EFFECT_RELEASED: with a reference */
	};
	union {
		struct undo *undo;
		uint32_t at; /* edge effects: where the entry was */
		struct claim *claim;
	};
};

struct unique_clash { /* the constraint that refused a write; its name lives as long as the epoch */
	struct str constraint;
	name_id label, key;
	elem_id holder;
};

struct writer {
	struct store *store;
	struct mark *mark; /* NULL: recovery and loading: no versions, nobody reads */
	const struct view *view;
	uint32_t seq;
	struct clause *clause;	/* of seq; made when the first stamp needs it */
	struct clause *clauses; /* all of this writer */
	VEC(struct effect) effects;
	/* Behind ST_CONFLICT: whose change it met, with a reference. NULL: not known, or the change
	 * is committed. */
	struct mark *lost_to;
	struct unique_clash clash; /* behind ST_INVALID, and a ST_CONFLICT over a value */
};

struct mark *mark_new(struct store *s); /* active, one reference; NULL: no memory */
void mark_unref(struct mark *m);

enum status store_name_add(struct store *s, enum name_kind kind, struct str name,
			   name_id *ret) MUST_CHECK;
/* ---- graphs; under the caller's catalog lock ---- */

#define GRAPH_ID_NEW UINT32_MAX

/* Makes an empty graph. id: GRAPH_ID_NEW, or the one that the log or an image names. born: 0, or
 * LSN_NEVER: nobody sees it before graph_stamp_born. ST_LIMIT: GRAPHS_MAX. The name is the caller's
 * to check. */
enum status store_graph_create(struct store *s, struct str name, uint32_t id, uint64_t born,
			       struct graph **ret) MUST_CHECK;
/* The graph that has the name or is being made with it; dropped ones do not count. */
struct graph *store_graph_claimed(struct store *s, struct str name);
uint64_t graph_born_lsn(const struct graph *g);
uint64_t graph_dropped_lsn(const struct graph *g);
/* Under the commit lock, before lsn is submitted. The catalog version moves. */
void graph_stamp_born(struct graph *g, uint64_t lsn);
void graph_stamp_dropped(struct graph *g, uint64_t lsn);
/* Takes it out of its place and retires it: no view sees it, no transaction uses it. */
void store_graph_remove(struct graph *g);
/* A transaction writes in it, until what it leaves is cleaned up. Atomic. */
void graph_use(struct graph *g);
void graph_let_go(struct graph *g);
bool graph_is_used(const struct graph *g);

/* at: ELEM_NONE, or the id to take (recovery; ST_EXISTS: it has a holder). */
enum status store_node_create(struct writer *w, struct graph *g, const name_id *labels,
			      uint32_t n_labels, const struct prop *props, uint32_t n_props,
			      elem_id at, elem_id *ret) MUST_CHECK;
/* ST_NOT_FOUND: an endpoint does not exist under the view. */
enum status store_edge_create(struct writer *w, struct graph *g, name_id type, elem_id from,
			      elem_id to, const struct prop *props, uint32_t n_props, elem_id at,
			      elem_id *ret) MUST_CHECK;
enum status store_node_set(struct writer *w, struct graph *g, elem_id id, name_id key,
			   struct value v) MUST_CHECK;
enum status store_edge_set(struct writer *w, struct graph *g, elem_id id, name_id key,
			   struct value v) MUST_CHECK;
/* ST_EXISTS: nothing to do, it has the label (or has not) already. */
enum status store_label(struct writer *w, struct graph *g, elem_id id, name_id label,
			bool add) MUST_CHECK;
/* ST_EXISTS: this transaction has deleted it already. */
enum status store_edge_delete(struct writer *w, struct graph *g, elem_id id) MUST_CHECK;
/* The node only: from now on nobody can add an edge to it. Then the caller looks at its edges. */
enum status store_node_delete(struct writer *w, struct graph *g, elem_id id) MUST_CHECK;
/* After store_node_delete: ST_OK: no edge is left; ST_EXISTS: an edge is visible that this
 * transaction has not deleted; ST_CONFLICT: another transaction adds or removes one. */
enum status store_node_has_edges(struct writer *w, struct graph *g, elem_id id) MUST_CHECK;

/* Takes back all effects from number n on, newest first; their versions stay until the
 * transaction's end [M]. Cannot fail. */
void store_undo(struct writer *w, uint32_t n);

/* ---- cleaning up behind a finished transaction (maintenance thread, which holds an epoch slot)
 * ------- */

/* Committed by m at or below the horizon: versions are cut, stamps dropped. */
void store_prune(struct effect *effects, uint32_t n, const struct mark *m, uint64_t horizon);
/* Aborted, and its epoch has passed: versions are unlinked one by one. */
void store_unlink_aborted(struct effect *effects, uint32_t n, const struct mark *m);
/* Last of all, for both kinds: the transaction lets go of its versions. */
void store_effects_release(struct effect *effects, uint32_t n);
/* Once no reader can hold a stamp of it. */
void clauses_free(struct clause *c);

#endif
