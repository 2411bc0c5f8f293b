/* snapshot/format.h - a snapshot file, byte by byte. This comment is the specification.
 *
 * Room:   snapshot. Units: bytes, little-endian. CRC is CRC32C.
 * Source: the durability design, section 2.8; LZ4 frame format 1.6 (skippable frames 0x184D2A5x).
 *
 * A file `snap-EEEEEEEEEE-LLLLLLLLLLLLLLLLLLLL-RRRRRRRR.gsnap` (epoch and LSN in decimal, the first
 * four bytes of the run id in hex) holds exactly the effect of LSN 1 to L. It is a legal stream of
 * LZ4 frames: `lz4 -t` checks it and `lz4 -dc` unpacks it. It is immutable from the moment it has
 * its name.
 *
 *	skippable frame 0: header
 *	n times: skippable frame 1: block header;
 *	         LZ4 frame: at most 1 MiB raw, with content checksum
 *	skippable frame 2: index
 *	skippable frame 3: trailer; a file without it is incomplete
 *
 * A skippable frame is its magic 4, the length of what follows 4, and that.
 *
 * Header, 4,088 bytes (4 KiB with its frame):
 *	  0  8  "GEODSNAP"
 *	  8  2  format major        10  2  format minor      12  4  oldest major that can read this
 *	 16 16  database id         32 16  run id
 *	 48  8  epoch               56  8  LSN
 *	 64  8  chain of the log at it
 *	 72  8  time of the last commit, microseconds
 *	 80  8  time made
 *	 88  4  codec, 1: LZ4 frame  92  4  cipher, 0: none
 *	 96 .   zero
 *	4084 4  CRC of the bytes before
 *
 * Block header, 64 bytes:
 *	  0  4  section             4  4  graph
 *	  8  4  block number        12  4  flags: 1: the object goes on in the next block
 *	 16  4  raw length          20  4  length of the LZ4 frame
 *	 24  8  first id            32  8  last id
 *	 40  4  CRC of the LZ4 frame
 *	 44 16  zero                60  4  CRC of bytes 0 to 59
 *
 * An object is what the store gave as one piece (names, one chunk of nodes...): one block, or
 * several in a row when it is larger than 1 MiB. Its layout is store/image.h's.
 *
 * Index: 48 bytes a block: offset of its header's frame 8, then bytes 0 to 39 of the block header.
 * Trailer, 64 bytes:
 *	  0  8  "GEODSEND"
 *	  8  8  offset of the index's frame   16  8  number of blocks
 *	 24  8  length of the file            32  4  CRC of the index
 *	 36  4  CRC in the header             40 20  zero       60  4  CRC of bytes 0 to 59 */
#ifndef SNAPSHOT_FORMAT_H
#define SNAPSHOT_FORMAT_H

#include "base/codec.h"
#include "base/status.h"

#define SNAPSHOT_FORMAT_MAJOR 1
#define SNAPSHOT_FORMAT_MINOR 0
#define SNAPSHOT_ID_BYTES 16
#define SNAPSHOT_BLOCK_MAX (1u << 20)		/* raw bytes of a block */
#define SNAPSHOT_OBJECT_MAX (UINT64_C(1) << 32) /* raw bytes of one object */
#define SNAPSHOT_NAME_MAX 64

#define SNAPSHOT_SKIP_MAGIC 0x184D2A50u /* plus 0 to 3 */
#define SNAPSHOT_SKIP_BYTES 8
#define SNAPSHOT_HEADER_BYTES 4088
#define SNAPSHOT_BLOCK_BYTES 64
#define SNAPSHOT_ENTRY_BYTES 48
#define SNAPSHOT_TRAILER_BYTES 64

#define SNAPSHOT_FLAG_CONTINUES 1u

enum snapshot_skip { SKIP_HEADER, SKIP_BLOCK, SKIP_INDEX, SKIP_TRAILER };

struct snapshot_meta {
	uint8_t db_id[SNAPSHOT_ID_BYTES], run_id[SNAPSHOT_ID_BYTES];
	uint64_t epoch, lsn, chain;
	int64_t wall_us; /* of the last commit in it */
	int64_t created_us;
	uint16_t major; /* set by the reader */
};

struct snapshot_block {
	uint32_t section, graph;
	uint32_t number, flags;
	uint32_t raw_len, frame_len;
	uint64_t first, last; /* ids in it */
	uint32_t frame_crc;
	uint64_t offset; /* of its header's skippable frame */
};

void snapshot_skip_put(enum snapshot_skip kind, uint32_t n, uint8_t out[SNAPSHOT_SKIP_BYTES]);
bool snapshot_skip_is(const uint8_t in[SNAPSHOT_SKIP_BYTES], enum snapshot_skip kind, uint32_t n);

void snapshot_header_put(const struct snapshot_meta *m, uint8_t out[SNAPSHOT_HEADER_BYTES]);
/* ST_CORRUPT; ST_LIMIT: a newer format (m->major is set). */
enum status snapshot_header_get(const uint8_t in[SNAPSHOT_HEADER_BYTES],
				struct snapshot_meta *m) MUST_CHECK;

void snapshot_block_put(const struct snapshot_block *b, uint8_t out[SNAPSHOT_BLOCK_BYTES]);
enum status snapshot_block_get(const uint8_t in[SNAPSHOT_BLOCK_BYTES],
			       struct snapshot_block *b) MUST_CHECK;
void snapshot_entry_put(const struct snapshot_block *b, uint8_t out[SNAPSHOT_ENTRY_BYTES]);
void snapshot_entry_get(const uint8_t in[SNAPSHOT_ENTRY_BYTES], struct snapshot_block *b);

struct snapshot_trailer {
	uint64_t index_at, n_blocks, file_len;
	uint32_t index_crc, header_crc;
};

void snapshot_trailer_put(const struct snapshot_trailer *t, uint8_t out[SNAPSHOT_TRAILER_BYTES]);
enum status snapshot_trailer_get(const uint8_t in[SNAPSHOT_TRAILER_BYTES],
				 struct snapshot_trailer *t) MUST_CHECK;

void snapshot_name(uint64_t epoch, uint64_t lsn, const uint8_t run_id[SNAPSHOT_ID_BYTES],
		   char out[SNAPSHOT_NAME_MAX]);
/* Exactly such a name; run: its first four bytes. */
bool snapshot_name_parse(const char *name, uint64_t *ret_epoch, uint64_t *ret_lsn,
			 uint8_t ret_run[4]);

#endif
