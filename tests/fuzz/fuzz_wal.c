/* tests/fuzz/fuzz_wal.c - the reader of log segments: any bytes give a verdict, never wrong
 * records.
 *
 * Each input is read twice: as it is, and with its checksums made right, so that what lies behind
 * them is reached too. */
#include <stdlib.h>

#include "base/file_fake.h"
#include "base/hash.h"
#include "wal/reader.h"

#define PATH "/segment"

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

/* Records are dense, whatever the frames say. */
static void take_records(struct wal_records *rs, const struct wal_frame *f, uint64_t *last)
{
	struct wal_record rec;
	enum status st = wal_records_feed(rs, f);
	while (st == ST_OK) {
		st = wal_records_next(rs, &rec);
		if (st == ST_OK) {
			CHECK(rec.lsn == *last + 1);
			*last = rec.lsn;
		}
	}
	CHECK(st == ST_END || st == ST_CORRUPT || st == ST_NOMEM);
	if (st != ST_END)
		*last = wal_frame_next_lsn(f) - 1; /* recovery refuses; here the walk goes on */
}

static void read_segment(size_t size)
{
	struct wal_reader *r;
	struct wal_frame f;
	struct wal_records rs;
	enum status st = wal_reader_open(PATH, false, &r);
	if (st != ST_OK) {
		CHECK(st == ST_CORRUPT || st == ST_LIMIT);
		return;
	}
	uint64_t last = wal_reader_header(r)->first_lsn - 1;
	wal_records_init(&rs);
	bool good = true;
	while ((st = wal_reader_next(r, &f)) == ST_OK) {
		CHECK(f.payload_len <= size);
		CHECK(wal_reader_end(r)->offset <= size);
		if (good && f.type == WAL_BATCH && f.first_lsn == last + 1)
			take_records(&rs, &f, &last);
		else
			good = good && f.type != WAL_BATCH;
	}
	CHECK(st == ST_END);
	CHECK(wal_reader_next(r, &f) == ST_END);
	const struct wal_end *end = wal_reader_end(r);
	CHECK(end->offset >= WAL_HEADER_BYTES && end->offset <= size && end->size == size);
	CHECK(end->kind != WAL_END_SEALED || end->offset == size);
	wal_records_release(&rs);
	wal_reader_close(r);
}

static void repair(uint8_t *p, size_t n)
{
	struct wal_frame f = {0};
	if (n < WAL_HEADER_BYTES)
		return;
	store_u32(p + WAL_HEADER_BYTES - 4, crc32c(0, p, WAL_HEADER_BYTES - 4));
	uint64_t salt = load_u64(p + 128), chain = load_u64(p + 72);
	for (size_t at = WAL_HEADER_BYTES; at + WAL_FRAME_BYTES <= n;) {
		uint8_t *head = p + at;
		uint32_t len = load_u32(head + 4);
		uint64_t size = wal_frame_size(len);
		if (size <= n - at)
			store_u32(head + 48, crc32c(0, head + WAL_FRAME_BYTES, len));
		store_u64(head + 40, chain);
		store_u32(head + 52, crc32c(crc32c(0, &salt, sizeof salt), head, 52));
		if (size > n - at || wal_frame_get(head, salt, &f) != ST_OK)
			return;
		chain = wal_chain_after(&f);
		at += size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	file_install(&file_fake);
	write_file(data, size);
	read_segment(size);
	uint8_t *copy = malloc(size + 1);
	CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	repair(copy, size);
	write_file(copy, size);
	read_segment(size);
	free(copy);
	return 0;
}
