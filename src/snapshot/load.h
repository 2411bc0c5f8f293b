/* snapshot/load.h - fills an empty store from a snapshot file.
 *
 * Room:    snapshot.
 * Threads: the caller's, and one of its own that decodes ahead; nobody else uses the store.
 * Errors:  ST_CORRUPT with the reason in *why, ST_LIMIT (a newer format), ST_IO, ST_NOMEM: the
 * store is then of no use any more. */
#ifndef SNAPSHOT_LOAD_H
#define SNAPSHOT_LOAD_H

#include "snapshot/reader.h"

struct store;

enum status snapshot_load(const char *path, struct store *s, struct snapshot_meta *ret,
			  const char **why) MUST_CHECK;

#endif
