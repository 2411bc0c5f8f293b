/* snapshot/save.h - walks the store under a view and writes what it sees.
 *
 * Room:    snapshot.
 * Threads: one, beside readers and writers of the store.
 * Errors:  those of the writer and ST_NOMEM. */
#ifndef SNAPSHOT_SAVE_H
#define SNAPSHOT_SAVE_H

#include "snapshot/writer.h"
#include "store/view.h"

struct store;

/* Objects of everything that v sees into w. v's epoch is renewed after every chunk, so that the
 * walk keeps no memory of the store from being given back; its read point stays. between (may be
 * NULL) is called then. */
enum status snapshot_save(struct snapshot_writer *w, struct store *s, const struct view *v,
			  void (*between)(void *ctx), void *ctx) MUST_CHECK;

#endif
