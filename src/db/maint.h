/* db/maint.h - the maintenance thread: reclamation, snapshots, the directory's times.
 *
 * Room:    db.
 * Threads: maint_ask from any; start and stop from the owner.
 * Errors:  ST_IO when the thread cannot be started; a snapshot that fails is said in the log and in
 *          its request, and tried again later: the log holds everything. */
#ifndef DB_MAINT_H
#define DB_MAINT_H

#include "base/thread.h"
#include "store/settle.h"

struct db;
struct db_snapshot;

#define MAINT_BUSY_NS UINT64_C(1000000)	       /* between rounds while something is retired */
#define MAINT_IDLE_NS UINT64_C(20000000)       /* else */
#define MAINT_TOUCH_NS UINT64_C(3600000000000) /* the directory's times are renewed */
#define MAINT_SNAPSHOT_NS                                                                          \
	UINT64_C(3600000000000) /* a snapshot is due when something has changed                    \
				 */
#define MAINT_SNAPSHOT_BYTES                                                                       \
	(UINT64_C(256) << 20) /* of log, or half of the last snapshot if more */
#define MAINT_SETTLE_NS                                                                            \
	UINT64_C(10000000000)		     /* between passes: a chunk without a change is quiet */
#define MAINT_RETRY_NS UINT64_C(60000000000) /* after a snapshot that failed */

struct maint { /* read only outside maint.c */
	struct thread thread;
	struct mutex lock;
	struct cond wake;
	struct db_snapshot *asked, **asked_tail; /* under the lock */
	bool stop;				 /* under the lock */
	bool running;
	uint64_t touch_due_ns, snapshot_due_ns, settle_due_ns; /* the thread's */
	struct settle settle;				       /* the thread's */
	uint64_t log_bytes;				       /* at the last snapshot */
};

enum status maint_start(struct db *db) MUST_CHECK;
void maint_stop(struct db *db); /* what was asked is done first */
void maint_ask(struct db *db, struct db_snapshot *s);

#endif
