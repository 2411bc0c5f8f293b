/* base/epoch.h - the table of views: who reads, since which epoch and at which read point; and what
 * may be freed.
 *
 * Room:    base.
 * Threads: a slot belongs to the thread that opened it (it may move with its owner); retire from
 * any; collect from one thread.
 * Source:  design rules [M] of transactions, checked by the models in tests/models: the slot's
 * epoch, and a lower bound of its read point, are stored before the read point is loaded; the
 * collector loads the durable point and the epoch before it scans; a retired object's tag is read
 * after it was unlinked.
 *
 * An object is unlinked, then epoch_retire()d: it is freed when no slot holds an epoch at or before
 * its tag. */
#ifndef BASE_EPOCH_H
#define BASE_EPOCH_H

#include <stdatomic.h>

#include "base/status.h"
#include "base/thread.h"

#define EPOCH_SLOTS_MAX 4096 /* open views of the process; more are refused with ST_LIMIT */

/* Read point of a slot that looks at no versions: maintenance, fillers, a transaction without a
 * view. */
#define EPOCH_ONLY UINT64_MAX
#define EPOCH_MUST_CLOSE UINT64_MAX

struct epoch_slot {
	_Atomic uint64_t epoch; /* 0: free */
	/* Versions above it are kept. A view that is being opened first stores a lower bound of
	 * what its read point will be (decision 6); 0, as a slot begins, keeps all; EPOCH_ONLY:
	 * none. */
	_Atomic uint64_t read_lsn;
	/* When a view that may be given up was opened, in ns of the monotone clock; 0: it may not;
	 * EPOCH_MUST_CLOSE: its owner shall close it soon. */
	_Atomic uint64_t opened_ns;
} CACHE_ALIGNED;

struct retired {
	struct retired *next;
	void (*free)(struct retired *r);
	uint64_t tag;
};

struct epoch_table {
	_Atomic uint64_t current; /* starts at 1 */
	struct epoch_slot *slots;
	_Atomic uint32_t n_used; /* slots at or above this index were never used */
	struct mutex lock;	 /* of the list */
	struct retired *head, **tail;
	_Atomic uint64_t n_retired;
};

enum status epoch_init(struct epoch_table *t) MUST_CHECK;
void epoch_release(struct epoch_table *t); /* frees all that is retired; no slot may be open */

/* Takes a slot and pins the current epoch, read point 0. The pin is visible to a collector before
 * any later load of the caller (sequentially consistent fence inside). ST_LIMIT: all slots are in
 * use. */
enum status epoch_open(struct epoch_table *t, struct epoch_slot **ret) MUST_CHECK;
void epoch_set_read_lsn(struct epoch_slot *s, uint64_t lsn);
void epoch_renew(struct epoch_table *t,
		 struct epoch_slot *s); /* drops older pins; keeps read_lsn */
void epoch_close(struct epoch_slot *s);

/* The owner agrees to close the slot when it is asked to; until then it looks now and then. */
void epoch_may_close(struct epoch_slot *s, uint64_t opened_ns);
/* From here on it is not asked. False: it was. Owner. */
bool epoch_must_stay(struct epoch_slot *s) MUST_CHECK;
static inline bool epoch_must_close(const struct epoch_slot *s)
{
	return atomic_load_explicit(&((struct epoch_slot *)s)->opened_ns, memory_order_relaxed) ==
	       EPOCH_MUST_CLOSE;
}
/* The collecting thread asks: all that were opened before a time; or the one with the lowest read
 * point, if that is below lsn, unless one that was asked before is still open. Gives how many were
 * asked. */
uint32_t epoch_ask_old(struct epoch_table *t, uint64_t before_ns);
uint32_t epoch_ask_lowest(struct epoch_table *t, uint64_t lsn);

/* r was unlinked by the caller; r->free runs later, on the collecting thread. */
void epoch_retire(struct epoch_table *t, struct retired *r, void (*free)(struct retired *r));

/* One round: computes the horizon = min(durable, every slot's read point) where durable is loaded
 * by the caller before the call through load_durable (called inside, in the right order), frees
 * what no slot can reach, moves the epoch when something is left. Returns the horizon. */
uint64_t epoch_collect(struct epoch_table *t, uint64_t (*load_durable)(void *ctx), void *ctx);

#endif
