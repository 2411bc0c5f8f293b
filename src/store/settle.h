/* store/settle.h - blocks of quiet chunks give back the room that they kept for growth.
 *
 * Room:    store.
 * Threads: the collecting thread (base/epoch.h), beside readers and writers.
 * Errors:  none: what could not be moved, for want of memory too, is tried again by a later pass.
 */
#ifndef STORE_SETTLE_H
#define STORE_SETTLE_H

#include "store/graph.h"

#define SETTLE_SLOTS 2048	      /* nodes, or chunks, looked at in one call */
#define SETTLE_BYTES (256 * 1024)     /* copied in one call, and what one batch has over it */
#define SETTLE_CHANGES_MIN 64	      /* of a chunk's blocks; for fewer it is not looked through */
#define SETTLE_WAITING_MAX (8u << 20) /* bytes replaced that some reader may still see */
#define SETTLE_NO_GRAPH UINT32_MAX

struct settle { /* where a pass stands; begins as SETTLE_BEGIN */
	uint32_t place, graph, i_chunk, slot;
	bool left_some; /* in this chunk */
};
#define SETTLE_BEGIN ((struct settle){.graph = SETTLE_NO_GRAPH})

/* The next slice of a pass over all graphs. False: the pass is over. A chunk is settled when
 * nothing has changed in it since the pass before, so their distance says what is quiet. */
bool store_settle(struct store *s, struct settle *at);

#endif
