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
	bool unique;
	/* Views from this read point on may use it; UINT64_MAX: not yet. */
	_Atomic uint64_t ready_lsn;
	_Atomic uint64_t n_lookups;
	struct retired retired;
	struct index_tree tree;
};

#endif
