/* db/inventory.h - the files of a data directory, by strict name.
 *
 * Room:    db.
 * Threads: one owner.
 * Errors:  ST_IO, ST_NOMEM, ST_LIMIT (INVENTORY_MAX).
 *
 * Names that are not exactly ours (another program's temporaries, lost+found, what an editor
 * leaves) are counted and left alone. */
#ifndef DB_INVENTORY_H
#define DB_INVENTORY_H

#include "base/vec.h"
#include "db/fence.h"

#define INVENTORY_MAX 65536 /* log segments, and snapshots, of a data directory */
#define ID_NAME "geode.id"
#define LOCK_NAME "LOCK"

struct data_file {
	char name[WAL_NAME_MAX];
	uint64_t epoch;
	uint64_t number; /* sequence number of a segment, LSN of a snapshot */
	uint8_t run[4];
	enum fence_side side; /* set by inventory_judge() */
};

struct inventory {
	VEC(struct data_file) segments;	 /* by rising number */
	VEC(struct data_file) snapshots; /* by falling number */
	bool has_fence, has_id;
	uint32_t n_temporary; /* .tmp.* */
	uint32_t n_others;
};

enum status inventory_read(const char *dir, struct inventory *ret) MUST_CHECK;
void inventory_release(struct inventory *inv);
void inventory_judge(struct inventory *inv, const struct fence *f);
/* Nothing of Geode is there: the only case in which a new database may be made. */
bool inventory_is_empty(const struct inventory *inv);
/* Removes what was never given a name. */
enum status inventory_remove_temporary(const char *dir) MUST_CHECK;
/* Renames a file that does not count to orphan-RUN-N-NAME; nothing is ever deleted. */
enum status inventory_quarantine(const char *dir, const uint8_t run_id[WAL_ID_BYTES],
				 const char *name) MUST_CHECK;

#endif
