/* store/view.h - what a reader sees; and the mark that a transaction puts on what it writes.
 *
 * Room:    store.
 * Threads: a view belongs to its reader; a mark is read by everybody.
 * Source:  transactions design, sections 1 and 2. Every rule marked [M] is checked by a model.
 *
 * A version by mark m and sequence q is visible if m is an LSN <= read_lsn, or m is the view's own
 * and q <= own_seq. */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include <stdatomic.h>

#include "base/epoch.h"

#define MARK_ACTIVE UINT64_C(0)
#define MARK_ABORTED UINT64_MAX /* any other value: the LSN of the commit */

struct mark {
	_Atomic uint64_t word;
	_Atomic uint32_t
	    n_refs; /* undo entries, stamps and waiters that still point here, plus its owner */
	_Atomic bool has_waiters; /* somebody asked to hear of its end */
	uint64_t born; /* constraints that were made before it: those it keeps (constraint.h) */
	struct retired retired;
};

struct view {
	uint64_t read_lsn;
	const struct mark *own;	 /* NULL: a reader that has written nothing */
	uint32_t own_seq;	 /* own versions up to this clause are visible */
	struct epoch_slot *slot; /* pins what the reader may still hold */
};

#endif
