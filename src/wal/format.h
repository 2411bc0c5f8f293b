/* wal/format.h - the log on disk, byte by byte. This comment is the specification.
 *
 * Room:   wal. Units: bytes, little-endian; times are microseconds since 1970-01-01 UTC.
 * Source: the durability design, sections 2.2 and 2.4. CRC is CRC32C (RFC 3720, appendix B.4).
 *
 * Words. LSN: dense number of a committed transaction, from 1. Run: one life of a server process
 * that writes, with a random id; epoch: its number. Chain: a running hash over all frames that
 * carry transactions; two logs with the same chain at an LSN are the same log up to there.
 *
 * A segment is a file `wal-EEEEEEEEEE-SSSSSSSSSSSSSSSS-RRRRRRRR.gwal`: epoch and sequence number in
 * decimal, the first four bytes of the run id in hex. It is a header and then frames, and ends
 * where the last of them ends; after a loss of power its end may be in doublewrite.h's file. Bytes
 * that are there never change; a file never shrinks; there are no holes. (docs/adr/0009 tells why
 * nothing is written ahead.) Sequence numbers rise by one and go on over runs.
 *
 * Segment header, 256 bytes:
 *	  0  8  "GEODEWAL"
 *	  8  2  format major: a reader refuses a greater one
 *	 10  2  format minor: what it adds can be skipped
 *	 12  4  oldest format major whose readers can read this
 *	 16 16  database id
 *	 32 16  run id
 *	 48  8  epoch
 *	 56  8  sequence number
 *	 64  8  first LSN: of the first transaction in this segment
 *	 72  8  chain before it
 *	 80  8  sequence number of the segment before, 0: none
 *	 88  8  last LSN of the segment before: its logical end, over any bytes that follow there
 *	 96  8  time made
 *	104  4  codec of payloads, 0: none
 *	108  4  cipher, 0: none
 *	112 16  key id, zero
 *	128  8  salt, random: goes into the CRC of every frame header, so that a stale block of
 *	        another file is never taken for a frame
 *	136  4  flags: 1: frames are synced in the doublewrite file first (format 2)
 *	140 112 zero
 *	252  4  CRC of bytes 0 to 251
 *
 * Frame: header, payload, zeroes up to a multiple of 8. Header, 56 bytes:
 *	  0  4  type: "GWBA" batch, "GWSE" seal, "GWNO" note
 *	  4  4  payload length, at most 8 MiB
 *	  8  8  first LSN: of the first transaction that begins or goes on here; of the next one
 *	        for a seal or a note
 *	 16  4  number of transactions that end here
 *	 20  4  flags: 1: the last transaction goes on in the next frame
 *	 24  8  time; greater than in every frame before
 *	 32  8  durable LSN when it was written: all up to it were synced, here or in the
 *	        doublewrite file. Damage at or below it is corruption; damage above it may be a
 *	        torn tail
 *	 40  8  chain before this frame
 *	 48  4  CRC of the payload
 *	 52  4  CRC of bytes 0 to 51, begun with the CRC of the salt
 *
 * A batch is one group commit, or a part of it: transaction records one after another. A
 * transaction lies in one segment. A large one runs over several frames: all but the last have
 * flag 1; those in which no transaction ends count 0. A record:
 *	  0  4  redo length n
 *	  4  4  zero
 *	  8  8  LSN
 *	 16  8  commit time
 *	 24  8  origin: session id, 0: none
 *	 32  n  redo
 *
 * A seal is the last frame of its file. Payload, 32 bytes: last LSN 8, chain 8, offset of the seal
 * 8, CRC of all bytes before it 4, zero 4. A note has no payload: its durable LSN is what it says.
 *
 * Chain after a batch frame = mix(mix(mix(chain ^ payload CRC) ^ first LSN) ^ (n << 32 | flags)),
 * n being the number of transactions that end in it; mix(x): twice x ^= x >> 32,
 * x *= 0xd6e8feb86659fd93, then x ^= x >> 32. It begins with 0 and does not depend on times or
 * files. */
#ifndef WAL_FORMAT_H
#define WAL_FORMAT_H

#include "base/codec.h"
#include "base/status.h"

#define WAL_FORMAT_MAJOR 2
#define WAL_FORMAT_PLAIN 1 /* of a segment without flags */
#define WAL_FORMAT_MINOR 0
#define WAL_ID_BYTES 16
#define WAL_HEADER_BYTES 256
#define WAL_FRAME_BYTES 56
#define WAL_RECORD_BYTES 32
#define WAL_SEAL_BYTES 32
#define WAL_PAYLOAD_MAX (8u << 20)	 /* bytes of one frame's payload */
#define WAL_REDO_MAX (UINT64_C(1) << 30) /* bytes of redo of one transaction */
#define WAL_NAME_MAX 64

enum wal_frame_type {
	WAL_BATCH = 0x41425747, /* "GWBA" */
	WAL_SEAL = 0x45535747,	/* "GWSE" */
	WAL_NOTE = 0x4f4e5747,	/* "GWNO" */
};

#define WAL_FLAG_CONTINUES 1u

#define WAL_HEADER_DOUBLEWRITE 1u

struct wal_header {
	uint16_t major, minor;
	uint32_t min_reader;
	uint8_t db_id[WAL_ID_BYTES], run_id[WAL_ID_BYTES];
	uint64_t epoch, seq;
	uint64_t first_lsn, chain;
	uint64_t prev_seq, prev_last_lsn;
	int64_t created_us;
	uint64_t salt;
	uint32_t flags;
};

struct wal_frame {
	enum wal_frame_type type;
	uint32_t flags;
	uint64_t first_lsn;
	uint32_t n_ends; /* transactions that end here */
	uint32_t payload_len;
	uint32_t payload_crc;
	int64_t wall_us;
	uint64_t durable_lsn;
	uint64_t chain;		/* before */
	const uint8_t *payload; /* borrowed */
};

struct wal_seal {
	uint64_t last_lsn, chain, offset;
	uint32_t file_crc;
};

struct wal_record {
	uint64_t lsn;
	int64_t commit_us;
	uint64_t origin;
	const uint8_t *redo; /* borrowed */
	size_t redo_len;
};

void wal_header_put(const struct wal_header *h, uint8_t out[WAL_HEADER_BYTES]);
/* ST_CORRUPT: not a header; ST_LIMIT: a newer format (h->major is set). */
enum status wal_header_get(const uint8_t in[WAL_HEADER_BYTES], struct wal_header *h) MUST_CHECK;

/* The 56 bytes of f's header; payload_crc is f's. */
void wal_frame_put(const struct wal_frame *f, uint64_t salt, uint8_t out[WAL_FRAME_BYTES]);
/* ST_CORRUPT: the CRC, type or length is wrong. f->payload is left alone. */
enum status wal_frame_get(const uint8_t in[WAL_FRAME_BYTES], uint64_t salt,
			  struct wal_frame *f) MUST_CHECK;

void wal_seal_put(const struct wal_seal *s, uint8_t out[WAL_SEAL_BYTES]);
struct wal_seal wal_seal_get(const uint8_t in[WAL_SEAL_BYTES]);

void wal_record_put(const struct wal_record *r, uint8_t out[WAL_RECORD_BYTES]);

uint64_t wal_chain_after(const struct wal_frame *f);

/* Bytes of a frame in the file: header, payload, padding. */
static inline uint64_t wal_frame_size(uint32_t payload_len)
{
	return WAL_FRAME_BYTES + (((uint64_t)payload_len + 7) & ~UINT64_C(7));
}

/* LSN after the last transaction that ends in f. */
static inline uint64_t wal_frame_next_lsn(const struct wal_frame *f)
{
	return f->first_lsn + f->n_ends;
}

void wal_segment_name(uint64_t epoch, uint64_t seq, const uint8_t run_id[WAL_ID_BYTES],
		      char out[WAL_NAME_MAX]);
/* Exactly such a name; run: its first four bytes. */
bool wal_segment_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_seq,
			    uint8_t ret_run[4]);

#endif
