/* tests/fuzz/fuzz_snapshot.c - the reader of snapshot files: any bytes give objects of the size
 * that the index says, or a reason.
 *
 * Each input is read twice: as it is, and with its checksums made right, so that what lies behind
 * them is reached too. */
#include <stdlib.h>

#include "base/file_fake.h"
#include "base/hash.h"
#include "snapshot/reader.h"

#define PATH "/snapshot"

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const uint8_t *p, size_t n)
{
	struct file *f;
	fake_reset(1);
	CHECK(file_io->open(PATH, FILE_READ | FILE_WRITE | FILE_CREATE, 0600, &f) == ST_OK);
	CHECK(n == 0 || file_io->pwrite(f, p, n, 0) == ST_OK);
	file_io->close(f);
}

static bool said_why(enum status st, const char *why)
{
	return st == ST_NOMEM || st == ST_LIMIT || (st == ST_CORRUPT && why[0] != '\0');
}

static void read_snapshot(void)
{
	struct snapshot_reader *r;
	struct snapshot_decoder *d;
	struct snapshot_meta meta;
	const char *why;
	enum status st = snapshot_open(PATH, &r, &meta, &why);
	if (st != ST_OK) {
		CHECK(said_why(st, why));
		return;
	}
	CHECK(snapshot_decoder_new(r, &d) == ST_OK);
	for (uint32_t i = 0; i < snapshot_count(r); i++) {
		const uint8_t *p;
		size_t n;
		st = snapshot_decode(d, i, &p, &n, &why);
		if (st == ST_OK)
			CHECK(n == snapshot_item(r, i)->raw_len);
		else
			CHECK(said_why(st, why));
	}
	snapshot_decoder_free(d);
	snapshot_close(r);
}

static void seal_bytes(uint8_t *p, size_t n)
{
	store_u32(p + n - 4, crc32c(0, p, n - 4));
}

static void repair(uint8_t *p, size_t n)
{
	const size_t end_size = SNAPSHOT_SKIP_BYTES + SNAPSHOT_TRAILER_BYTES;
	const size_t head_size = SNAPSHOT_SKIP_BYTES + SNAPSHOT_HEADER_BYTES;
	if (n < head_size + end_size)
		return;
	seal_bytes(p + SNAPSHOT_SKIP_BYTES, SNAPSHOT_HEADER_BYTES);
	uint8_t *end = p + n - SNAPSHOT_TRAILER_BYTES;
	uint64_t index_at = load_u64(end + 8), n_blocks = load_u64(end + 16);
	store_u64(end + 24, n);
	store_u32(end + 36, load_u32(p + head_size - 4));
	if (index_at < n && n_blocks <= n / SNAPSHOT_ENTRY_BYTES &&
	    index_at + SNAPSHOT_SKIP_BYTES + n_blocks * SNAPSHOT_ENTRY_BYTES <= n) {
		uint8_t *index = p + index_at + SNAPSHOT_SKIP_BYTES;
		for (uint64_t i = 0; i < n_blocks; i++) {
			struct snapshot_block b;
			snapshot_entry_get(index + i * SNAPSHOT_ENTRY_BYTES, &b);
			uint64_t frame = SNAPSHOT_SKIP_BYTES + SNAPSHOT_BLOCK_BYTES;
			if (b.offset > n || n - b.offset < frame + b.frame_len)
				continue;
			b.frame_crc = crc32c(0, p + b.offset + frame, b.frame_len);
			snapshot_block_put(&b, p + b.offset + SNAPSHOT_SKIP_BYTES);
		}
		store_u32(end + 32, crc32c(0, index, n_blocks * SNAPSHOT_ENTRY_BYTES));
	}
	seal_bytes(end, SNAPSHOT_TRAILER_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	file_install(&file_fake);
	write_file(data, size);
	read_snapshot();
	uint8_t *copy = malloc(size + 1);
	CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	repair(copy, size);
	write_file(copy, size);
	read_snapshot();
	free(copy);
	return 0;
}
