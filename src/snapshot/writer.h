/* snapshot/writer.h - writes a snapshot file: objects in, LZ4 blocks out.
 *
 * Room:    snapshot (base only; what objects mean is save.c's).
 * Threads: one owner.
 * Errors:  ST_FULL, ST_IO, ST_NOMEM; the temporary file is removed by snapshot_writer_free() unless
 *          it was published. */
#ifndef SNAPSHOT_WRITER_H
#define SNAPSHOT_WRITER_H

#include "snapshot/format.h"

struct snapshot_writer;

struct snapshot_object {
	uint32_t section, graph;
	uint64_t first, last; /* ids in it */
	const uint8_t *p;
	size_t n; /* at most SNAPSHOT_OBJECT_MAX */
};

enum status snapshot_writer_new(const char *dir, const struct snapshot_meta *meta,
				struct snapshot_writer **ret) MUST_CHECK;
enum status snapshot_put(struct snapshot_writer *w, const struct snapshot_object *o) MUST_CHECK;
/* Index, trailer, sync: all bytes are on disk. The fence is raised after this and before the next.
 */
enum status snapshot_writer_sync(struct snapshot_writer *w) MUST_CHECK;
/* The file gets its name. */
enum status snapshot_writer_publish(struct snapshot_writer *w) MUST_CHECK;
uint64_t snapshot_writer_bytes(const struct snapshot_writer *w);
void snapshot_writer_free(struct snapshot_writer *w);

#endif
