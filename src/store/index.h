/* store/index.h - making and dropping indexes: for txn and the loader.
 *
 * Room:    store.
 * Threads: index_create and index_remove_by_name under the catalog's lock of the caller; index_fill
 *          beside writers.
 * Errors:  ST_EXISTS, ST_NOT_FOUND, ST_LIMIT (INDEXES_MAX), ST_NOMEM. */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "store/graph.h"

/* Registered: writers add to it from now on. Not used by readers before index_set_ready. */
enum status index_create(struct graph *g, struct str name, name_id label, name_id key, bool unique,
			 struct prop_index **ret) MUST_CHECK;
/* Adds what was there before. The caller holds an epoch slot. */
enum status index_fill(struct prop_index *ix) MUST_CHECK;
/* Views with a read point of at least lsn may use it. */
void index_set_ready(struct prop_index *ix, uint64_t lsn);
bool graph_has_index(const struct graph *g, struct str name);
enum status index_remove_by_name(struct graph *g, struct str name) MUST_CHECK;

#endif
