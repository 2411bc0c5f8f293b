/* snapshot/reader.h - reads a snapshot file: checks its frame, then gives objects.
 *
 * Room:    snapshot (base only).
 * Threads: a reader is read only once it is open; each thread that decodes has a decoder of its
 * own. Errors:  ST_CORRUPT with the reason in *why (static text); ST_LIMIT a newer format; ST_IO,
 * ST_NOMEM. */
#ifndef SNAPSHOT_READER_H
#define SNAPSHOT_READER_H

#include "snapshot/format.h"

struct snapshot_reader;

/* Header, trailer and index are checked; blocks when they are decoded. */
enum status snapshot_open(const char *path, struct snapshot_reader **ret,
			  struct snapshot_meta *meta, const char **why) MUST_CHECK;
void snapshot_close(struct snapshot_reader *r);

struct snapshot_item { /* an object before it is decoded */
	uint32_t section, graph;
	uint64_t first, last;
	uint64_t raw_len;
	uint32_t block, n_blocks;
};

uint32_t snapshot_count(const struct snapshot_reader *r);
const struct snapshot_item *snapshot_item(const struct snapshot_reader *r, uint32_t i);

struct snapshot_decoder;

enum status snapshot_decoder_new(const struct snapshot_reader *r,
				 struct snapshot_decoder **ret) MUST_CHECK;
void snapshot_decoder_free(struct snapshot_decoder *d);
/* The raw bytes of object i, borrowed until the next call. */
enum status snapshot_decode(struct snapshot_decoder *d, uint32_t i, const uint8_t **ret,
			    size_t *ret_n, const char **why) MUST_CHECK;

#endif
