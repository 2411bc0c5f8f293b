/* store/index.h - making and dropping indexes: for txn and the loader.
 *
 * Room:    store.
 * Threads: making, dropping and finding by name under the catalog's lock of the caller; filling
 * beside writers. Errors:  ST_EXISTS, ST_NOT_FOUND, ST_LIMIT (INDEXES_MAX), ST_NOMEM. */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "store/graph.h"

/* Registered: writers add to it from now on. Not used by readers before index_set_ready. */
/* unique: with a constraint, which writers keep from now on, and the filler checks. */
enum status index_create(struct graph *g, struct str name, name_id label, name_id key, bool unique,
			 struct prop_index **ret) MUST_CHECK;

struct index_duplicate { /* two nodes with one value */
	elem_id first, second;
	struct value value; /* its text: while the caller's epoch lasts */
};

struct index_fill { /* how far a new index is filled; zero to begin with */
	uint32_t chunk, slot;
	bool has_pairs;			  /* of that chunk */
	struct index_duplicate duplicate; /* behind ST_EXISTS */
	struct mark *busy;		  /* behind ST_BUSY: whose end it waits for, a reference */
};

/* Adds what was there before, of one chunk. The caller holds an epoch slot. ST_YIELD: there is
 * more. ST_BUSY: an active transaction decides about a value of a unique constraint: again later.
 * ST_EXISTS: the data breaks the constraint. */
enum status index_fill_some(struct prop_index *ix, struct index_fill *f) MUST_CHECK;
/* All of it, for recovery and loading: the data kept the constraint when it was made. */
enum status index_fill(struct prop_index *ix) MUST_CHECK;

/* Under the commit lock: views with a read point of at least lsn know it; or know it no more. */
void index_set_ready(struct prop_index *ix, uint64_t lsn);
void index_set_dropped(struct prop_index *ix, uint64_t lsn);

struct prop_index *graph_index_named(const struct graph *g, struct str name); /* NULL: none */
/* One transaction at a time drops it. ST_CONFLICT: another one does, or it is being made. */
enum status index_claim_drop(struct prop_index *ix) MUST_CHECK;
void index_keep(struct prop_index *ix); /* the drop was taken back */
enum status index_remove(struct prop_index *ix) MUST_CHECK;

#endif
