/* store/index_int.h - a property index, for the files that make it up.
 *
 * Room: store, private. */
#ifndef STORE_INDEX_INT_H
#define STORE_INDEX_INT_H

#include "store/index.h"
#include "store/index_tree.h"
#include "store/store_int.h"

struct prop_index {
	struct graph *graph;
	struct str name;
	name_id label, key;
	struct unique *unique; /* the constraint that it serves; NULL: none */
	/* Commits that made and dropped it; LSN_NEVER: not yet. Both change under the commit lock,
	 * so before the LSN can become a read point. Views between the two may use it. */
	_Atomic uint64_t ready_lsn, dropped_lsn;
	bool is_being_dropped; /* by an open transaction; under the catalog's lock */
	struct retired retired;
	struct index_tree tree;
	CACHE_ALIGNED _Atomic uint64_t n_lookups; /* each look-up writes it: a line of its own */
};

#endif
