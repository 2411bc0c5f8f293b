/* wal/reader.h - reads segments: checks every byte, tells a torn tail from corruption.
 *
 * Room:    wal.
 * Threads: one owner.
 * Errors:  ST_IO the disk refused; ST_CORRUPT no valid header; ST_LIMIT a newer format; ST_NOMEM.
 *          Bad frames are no error of a call but the verdict at the end.
 * Source:  the durability design, section 2.10.
 *
 * The reader knows one file. Which files belong together, and whether an end in the middle of the
 * log is lost data, the db room decides. */
#ifndef WAL_READER_H
#define WAL_READER_H

#include "wal/format.h"

struct wal_reader;

enum wal_end_kind {
	WAL_END_SEALED, /* ends with its seal, which fits all bytes before it */
	WAL_END_OPEN,	/* whole frames to the last byte, no seal */
	WAL_END_TORN, /* the last write is incomplete; nothing after it says that it was durable */
	WAL_END_CORRUPT, /* bytes that were durable are damaged, or frames contradict each other */
};

struct wal_end {
	enum wal_end_kind kind;
	uint64_t
	    offset;    /* end of the last transaction that is whole; for damage: where it begins */
	uint64_t size; /* of the file */
	uint64_t last_lsn;    /* of the last transaction that is whole */
	uint64_t chain;	      /* after it */
	int64_t wall_us;      /* greatest time seen */
	uint64_t durable_lsn; /* greatest stated by any valid frame, also behind the damage */
	const char *why;      /* static text: what is wrong there; "" when nothing is */
};

/* from_device: sync, then drop the page cache first: after a failed sync it may hold what the disk
 * has not. h may be used until the reader is closed. */
enum status wal_reader_open(const char *path, bool from_device, struct wal_reader **ret) MUST_CHECK;
void wal_reader_close(struct wal_reader *r);
const struct wal_header *wal_reader_header(const struct wal_reader *r);

/* The next frame that is valid and follows on the one before; its payload holds until the next
 * call. ST_END: see wal_reader_end(). A frame of a transaction whose end is missing is given too:
 * it lies behind the end's offset. */
enum status wal_reader_next(struct wal_reader *r, struct wal_frame *ret) MUST_CHECK;
const struct wal_end *wal_reader_end(const struct wal_reader *r);
const char *wal_end_name(enum wal_end_kind kind);

/* Transactions out of frames. */
struct wal_records {
	struct buf run; /* a transaction that goes on over several frames */
	size_t run_at;	/* of it: taken */
	struct reader in;
	uint64_t lsn; /* of the next record */
	uint32_t n_left;
	bool going_on;
};

void wal_records_init(struct wal_records *rs);
void wal_records_release(struct wal_records *rs);
/* Batch frames in order; others are ignored. ST_NOMEM. All records of the frame before must be
 * taken. */
enum status wal_records_feed(struct wal_records *rs, const struct wal_frame *f) MUST_CHECK;
/* ST_END: feed more; ST_CORRUPT: the records contradict the frame. redo holds until the next feed.
 */
enum status wal_records_next(struct wal_records *rs, struct wal_record *ret) MUST_CHECK;

#endif
