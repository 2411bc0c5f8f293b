/* wal/doublewrite.h - where a group commit is synced before the segment is.
 *
 * Room:    wal. Units: bytes, little-endian.
 * Threads: one owner, as struct segment.
 * Errors:  ST_IO, ST_FULL, ST_NOMEM; ST_LIMIT: does not fit; ST_CORRUPT: no such file.
 * Source:  the doublewrite buffer of InnoDB, for a log; docs/adr/0018.
 *
 * A sync of a file that grows also commits the file system's journal; a sync of bytes that are
 * overwritten does not. So a group's frame is appended to the segment, where every copying program
 * finds it, and written here as well, and only this file is synced. From time to time the segment
 * is synced; then all that is here has done its duty and the file is filled from its beginning.
 *
 * What must stay true:
 *   - An entry is not overwritten before the segment was synced behind it.
 *   - The bytes of an entry are those that the segment has at that place, or had before the power
 *     went: to write them there again is right at any time, on the directory or on a copy of it.
 *   - Entries lie one behind the other and so do their places in the segment: the first begins
 *     where the segment was synced.
 *   - An entry begins a page of its own, so that a torn write never reaches an older one.
 *
 * Only recovery reads the file, before it reads the log. A copy of a running server needs it for
 * nothing: its segments hold what was acknowledged.
 *
 * The file: a page of 4 KiB with the header, then pages with entries. Header:
 *	  0  8  "GEODEDBW"
 *	  8  2  format major: a reader refuses a greater one
 *	 10  6  zero
 *	 16 16  database id
 *	 32 16  run id
 *	 48  8  epoch of the run
 *	 56  8  salt, random: goes into the CRC of every entry
 *	 64 4028 zero
 *	4092 4  CRC of bytes 0 to 4091
 * Entry, then zeroes up to the end of the page:
 *	  0  4  "GWDW"
 *	  4  4  length n, at most 64 KiB
 *	  8  8  sequence number of the segment
 *	 16  8  salt of the segment
 *	 24  8  offset in the segment
 *	 32  4  CRC of the bytes
 *	 36  4  CRC of bytes 0 to 35, begun with the CRC of the salt
 *	 40  n  bytes of the segment: one frame */
#ifndef WAL_DOUBLEWRITE_H
#define WAL_DOUBLEWRITE_H

#include "base/file.h"
#include "base/vec.h"
#include "wal/format.h"

#define DOUBLEWRITE_NAME "DOUBLEWRITE"
#define DOUBLEWRITE_FORMAT_MAJOR 1
#define DOUBLEWRITE_PAGE 4096u
#define DOUBLEWRITE_BYTES (1u << 20)	  /* of entries: the segment is synced once for each */
#define DOUBLEWRITE_BYTES_MAX (64u << 20) /* that a reader takes */
#define DOUBLEWRITE_ENTRY_MAX (64u << 10) /* bytes of the segment; more are synced there */
#define DOUBLEWRITE_ENTRY_HEADER 40u

struct doublewrite {
	struct file *file; /* NULL: none, everything is synced in the segment */
	uint8_t *image;	   /* what the file holds behind its header; cap bytes */
	uint32_t cap, used;
	uint64_t salt;
};

/* Makes the file anew, on disk when it gives ST_OK; on an error there is none. bytes: of entries, a
 * multiple of the page. */
enum status doublewrite_create(struct doublewrite *d, const char *dir, const struct wal_header *run,
			       uint32_t bytes) MUST_CHECK;
void doublewrite_close(struct doublewrite *d);

/* n bytes that were appended to segment h at `offset` are on disk when it gives ST_OK. ST_LIMIT:
 * sync the segment instead. After ST_IO the file is not used again. */
enum status doublewrite_put(struct doublewrite *d, const struct wal_header *h, uint64_t offset,
			    const uint8_t *p, uint32_t n) MUST_CHECK;
/* The segment was synced. */
void doublewrite_clear(struct doublewrite *d);

struct doublewrite_entry {
	uint64_t seq, salt, offset;
	struct str bytes; /* of the image */
	uint32_t page;	  /* of the file */
};

/* The entries since then, from the memory: begin with *at = 0; false: no more. */
bool doublewrite_next(const struct doublewrite *d, uint32_t *at, struct doublewrite_entry *ret);

/* ---- recovery ---- */

struct doublewrite_found {
	uint8_t db_id[WAL_ID_BYTES], run_id[WAL_ID_BYTES];
	uint64_t epoch, seq;		       /* of the segment that they belong to */
	VEC(struct doublewrite_entry) entries; /* valid ones, by offset */
	char *image;
	size_t image_len;
};

/* Entries of the newest segment that has any. ST_NOT_FOUND: there is no file; ST_CORRUPT: it has no
 * valid header. */
enum status doublewrite_read(const char *dir, struct doublewrite_found *ret) MUST_CHECK;
void doublewrite_found_release(struct doublewrite_found *f);
/* Brings the segment at `path` to the end that was synced and syncs it; *ret_bytes: by how much it
 * grew. ST_CORRUPT: an entry is missing between others. A segment that the entries do not belong
 * to, or a copy that they do not follow on, is left alone. */
enum status doublewrite_restore(const struct doublewrite_found *f, const char *path, bool is_copy,
				uint64_t *ret_bytes) MUST_CHECK;

#endif
