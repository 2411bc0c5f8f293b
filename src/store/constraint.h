/* store/constraint.h - rules over what writers do: no two nodes with a label have equal values of a
 * key.
 *
 * Room:    store, private. A unique constraint is an index with claims beside it.
 * Threads: the functions for writers are called under the latch of the node's chunk; each holds the
 *          latch of one shard of claims for a bounded time, and none afterwards.
 * Errors:  ST_CONFLICT: another active transaction holds or gives up the value, or one that
 *          committed after the view did (first updater wins, per value), or the constraint was made
 *          while the transaction ran. ST_INVALID: a node that the view sees holds it; w->clash says
 *          which. ST_NOMEM.
 * Memory:  counted by references: the index has one, each effect that points to a claim another.
 * Source:  transactions design, section 4 ("A unique key has its own chain of claims and releases;
 *          the check reads those, never the element").
 *
 * A claim is one node's hold of one value: made by a mark and dropped by a mark, each of them
 * nothing once every view sees it. One that has neither is an id: its value is in place in the
 * node, and who changes that drops the claim first. Claims are judged at each write, own writes of
 * the same clause included. Null is not constrained, nor is a value that does not equal itself.
 * Equal is what `=` says: 1 and 1.0 are. */
#ifndef STORE_CONSTRAINT_H
#define STORE_CONSTRAINT_H

#include "store/index.h"
#include "store/store_int.h"
#include "store/write.h"

struct unique;

/* since: marks born at this number or later keep claims; see store_constraints_made(). NULL: no
 * memory. The name is the index's. */
struct unique *unique_new(struct graph *g, struct str name, name_id label, name_id key,
			  uint64_t since);
void unique_unref(struct unique *u);

/* ---- writers ---- */

/* A new node with everything in place but its existence. */
enum status unique_node_made(struct writer *w, struct chunk *c, uint32_t slot,
			     const struct label_set *set) MUST_CHECK;
/* Before the change: the node is deleted; gets another value; gets or loses a label. */
enum status unique_node_gone(struct writer *w, struct chunk *c, uint32_t slot) MUST_CHECK;
enum status unique_set(struct writer *w, struct chunk *c, uint32_t slot, name_id key,
		       struct value old, struct value v) MUST_CHECK;
enum status unique_label(struct writer *w, struct chunk *c, uint32_t slot, name_id label,
			 bool add) MUST_CHECK;

/* ---- behind them ---- */

/* Takes an effect of EFFECT_CLAIMED or EFFECT_RELEASED back. Cannot fail. */
void unique_undo(struct effect *e);
/* Every view sees it. */
void unique_settle(struct effect *e);

/* ---- making ---- */

/* Under the latch of the chunk: claims what its slots hold from f->slot on, and moves it to the
 * first one not done. ST_BUSY: an active transaction decides about that slot: again later.
 * ST_EXISTS: the data breaks the rule. Recovery knows that it does not: check false. */
enum status unique_fill(struct unique *u, struct chunk *c, bool check,
			struct index_fill *f) MUST_CHECK;

#endif
