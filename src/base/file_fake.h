/* base/file_fake.h - a disk in memory behind the disk seam, which loses what was not synced.
 *
 * Room:    base, archive libbase_fake: for tests only. Install with file_install(&file_fake).
 * Threads: all functions from any thread; there is one disk in the process.
 * Memory:  its own is not seen by mem_used() and not hit by mem_fail_nth().
 *
 * A file has two images: what reads see, and what is on the plates. A sync copies the dirty sectors
 * from the one to the other. A change of a directory is on the plates after sync_dir of it. A crash
 * decides at random, from the seed, for everything that was not synced:
 *   - each dirty sector is kept, dropped or torn (its beginning new, the rest old);
 *   - a changed size is the old one or the new one; bytes that never arrived are zero;
 *   - the changes of directories are kept up to some point of their order; a rename is one change.
 */
#ifndef BASE_FILE_FAKE_H
#define BASE_FILE_FAKE_H

#include "base/file.h"

#define FAKE_SECTOR 512 /* bytes that a crash treats as one */

extern const struct file_ops file_fake;

/* An empty disk (only "/" exists), nothing fails, no capacity. */
void fake_reset(uint64_t seed);
/* The power goes and comes back: open files give EIO from now on and can only be closed, locks are
 * gone, failures are switched off. */
void fake_crash(void);
/* The end of a process without loss of power: the same, but all written data stays. */
void fake_kill(void);

enum fake_op {
	FAKE_OPEN = 1, /* with FILE_CREATE only */
	FAKE_READ = 2,
	FAKE_WRITE = 4,
	FAKE_SYNC = 8,	 /* datasync and sync */
	FAKE_SPACE = 16, /* reserve and truncate */
	FAKE_NAME = 32,	 /* rename, unlink, link, mkdir, touch */
	FAKE_SYNC_DIR = 64,
	FAKE_CHANGES = FAKE_OPEN | FAKE_WRITE | FAKE_SYNC | FAKE_SPACE | FAKE_NAME | FAKE_SYNC_DIR,
};

/* The nth operation of these kinds from now on (1 = the next) fails with this errno, and all after
 * it when sticky; n 0 switches it off. A failing write leaves some beginning of its bytes. Returns
 * how many operations of the kinds given before were counted since the last call. */
uint64_t fake_fail_nth(unsigned ops, uint64_t n, int error, bool sticky);
/* After a failed sync: true (the default) as Linux does it, the pages count as clean, so that the
 * next sync succeeds and the data is lost in a crash; false: they stay dirty. */
void fake_set_lying(bool lying);
/* Bytes of all files together, 0: no limit; ENOSPC beyond. */
void fake_set_capacity(uint64_t bytes);

#endif
