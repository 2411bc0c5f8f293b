/* tests/fuzz/fuzz_doublewrite.c - the reader of the doublewrite file: whatever it holds, a segment
 * that it is restored to keeps its beginning, grows without a hole, and only by what was found.
 *
 * Each input is read twice: as it is, and with its checksums made right and of one segment. */
#include <stdlib.h>

#include "base/file_fake.h"
#include "base/hash.h"
#include "wal/doublewrite.h"

#define SEGMENT "/segment"
#define SEGMENT_BYTES 1000
#define SEQ 3
#define SALT 7

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, const uint8_t *p, size_t n)
{
	struct file *f;
	CHECK(file_io->open(path, FILE_READ | FILE_WRITE | FILE_CREATE, 0600, &f) == ST_OK);
	CHECK(n == 0 || file_io->pwrite(f, p, n, 0) == ST_OK);
	file_io->close(f);
}

static void write_segment(const struct doublewrite_found *found, uint8_t out[SEGMENT_BYTES])
{
	struct wal_header h = {.seq = SEQ, .salt = SALT, .epoch = found->epoch};
	memset(out, 1, SEGMENT_BYTES);
	memcpy(h.run_id, found->run_id, WAL_ID_BYTES);
	wal_header_put(&h, out);
	write_file(SEGMENT, out, SEGMENT_BYTES);
}

/* Only what an entry covers may have changed. */
static bool is_covered(const struct doublewrite_found *f, uint64_t at)
{
	for (uint32_t i = 0; i < f->entries.n; i++) {
		const struct doublewrite_entry *e = &f->entries.v[i];
		if (at >= e->offset && at - e->offset < e->bytes.len)
			return true;
	}
	return false;
}

static void restore(const struct doublewrite_found *found, bool is_copy)
{
	uint8_t before[SEGMENT_BYTES];
	char *after;
	size_t n;
	uint64_t grown;
	write_segment(found, before);
	enum status st = doublewrite_restore(found, SEGMENT, is_copy, &grown);
	CHECK(st == ST_OK || (st == ST_CORRUPT && !is_copy));
	CHECK(file_read_all(SEGMENT, 64u << 20, &after, &n) == ST_OK);
	CHECK(n == SEGMENT_BYTES + grown);
	for (size_t i = 0; i < n; i++)
		CHECK((i < SEGMENT_BYTES && (uint8_t)after[i] == before[i]) ||
		      is_covered(found, i));
	mem_free(MEM_OTHER, after, n + 1);
}

static void read_twice(const uint8_t *p, size_t n)
{
	struct doublewrite_found found;
	for (int is_copy = 0; is_copy < 2; is_copy++) {
		fake_reset(1);
		write_file("/" DOUBLEWRITE_NAME, p, n);
		enum status st = doublewrite_read("/", &found);
		CHECK(st == ST_OK || st == ST_CORRUPT || st == ST_LIMIT);
		if (st != ST_OK)
			continue;
		restore(&found, is_copy);
		doublewrite_found_release(&found);
	}
}

static void repair(uint8_t *p, size_t n)
{
	if (n < DOUBLEWRITE_PAGE)
		return;
	uint64_t salt = load_u64(p + 56);
	store_u32(p + DOUBLEWRITE_PAGE - 4, crc32c(0, p, DOUBLEWRITE_PAGE - 4));
	for (size_t at = DOUBLEWRITE_PAGE; at + DOUBLEWRITE_PAGE <= n; at += DOUBLEWRITE_PAGE) {
		uint8_t *e = p + at;
		uint32_t len = load_u32(e + 4) % DOUBLEWRITE_ENTRY_MAX;
		len = (uint32_t)MIN_OF((size_t)len, n - at - DOUBLEWRITE_ENTRY_HEADER);
		store_u32(e + 4, len);
		store_u64(e + 8, SEQ);
		store_u64(e + 16, SALT);
		store_u64(e + 24, load_u64(e + 24) % (2 * SEGMENT_BYTES));
		store_u32(e + 32, crc32c(0, e + DOUBLEWRITE_ENTRY_HEADER, len));
		store_u32(e + 36, crc32c(crc32c(0, &salt, sizeof salt), e, 36));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	file_install(&file_fake);
	read_twice(data, size);
	uint8_t *copy = malloc(size + 1);
	CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	repair(copy, size);
	read_twice(copy, size);
	free(copy);
	return 0;
}
