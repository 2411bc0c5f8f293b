/* wal/segment.h - one segment file while it is written.
 *
 * Room:    wal, private to writer.c.
 * Threads: one owner.
 * Errors:  ST_IO, ST_FULL. After the first failed write or sync the file is poisoned: nothing is
 *          written to it or synced again, because the kernel may have marked the lost pages clean.
 *
 * A segment is prepared under a name that recovery ignores (WAL_SPARE_NAME), with its blocks
 * reserved; it gets its own name when its header is on disk, and with it what an earlier run's log
 * is continued with. So a segment never appears without its header, and the next one is ready
 * before the present one is full. Blocks beyond the tail are reserved without being visible: what
 * a copying program sees of a file is final. */
#ifndef WAL_SEGMENT_H
#define WAL_SEGMENT_H

#include "base/file.h"
#include "wal/format.h"

#define WAL_SPARE_NAME ".tmp.next"

struct segment {
	struct file *file; /* NULL: none */
	char path[FILE_PATH_MAX];
	struct wal_header header;
	uint64_t tail;	   /* where the next frame goes */
	uint64_t reserved; /* bytes of blocks that are ours */
	uint32_t crc;	   /* of all bytes before tail */
	bool named, poisoned;
};

/* A nameless file with `bytes` reserved. */
enum status segment_prepare(struct segment *s, const char *dir, uint64_t bytes) MUST_CHECK;
/* Writes the header. */
enum status segment_begin(struct segment *s, const struct wal_header *h) MUST_CHECK;
/* Syncs what was written, gives the file its name and syncs the directory. */
enum status segment_publish(struct segment *s, const char *dir) MUST_CHECK;
/* Appends n bytes that hold a whole padded frame. */
enum status segment_append(struct segment *s, const void *p, size_t n) MUST_CHECK;
enum status segment_sync(struct segment *s) MUST_CHECK;
/* Closes it; blocks reserved beyond the end are given back. A spare's file is removed. */
void segment_close(struct segment *s);

#endif
