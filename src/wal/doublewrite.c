#include "wal/doublewrite.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"

#define MAGIC "GEODEDBW"
#define ENTRY_MAGIC 0x57445747u /* "GWDW" */

enum { /* offsets in the header */
       AT_MAJOR = 8,
       AT_DB = 16,
       AT_RUN = 32,
       AT_EPOCH = 48,
       AT_SALT = 56,
       AT_CRC = DOUBLEWRITE_PAGE - 4,
};

static uint32_t pages_of(uint32_t n)
{
	return (DOUBLEWRITE_ENTRY_HEADER + n + DOUBLEWRITE_PAGE - 1) / DOUBLEWRITE_PAGE;
}

static uint32_t entry_crc(const uint8_t *p, uint64_t salt)
{
	return crc32c(crc32c(0, &salt, sizeof salt), p, DOUBLEWRITE_ENTRY_HEADER - 4);
}

/* ---- writing -------------------------------------------------------------------------------- */

static enum status make_file(struct doublewrite *d, const char *path, const struct wal_header *run)
{
	size_t n = DOUBLEWRITE_PAGE + d->cap;
	uint8_t *p = mem_zalloc(MEM_WAL, n);
	if (p == NULL)
		return ST_NOMEM;
	rand_secret(&d->salt, sizeof d->salt);
	memcpy(p, MAGIC, 8);
	p[AT_MAJOR] = DOUBLEWRITE_FORMAT_MAJOR;
	memcpy(p + AT_DB, run->db_id, WAL_ID_BYTES);
	memcpy(p + AT_RUN, run->run_id, WAL_ID_BYTES);
	store_u64(p + AT_EPOCH, run->epoch);
	store_u64(p + AT_SALT, d->salt);
	store_u32(p + AT_CRC, crc32c(0, p, AT_CRC));
	enum status st = file_write_atomic(path, p, n, 0600);
	mem_free(MEM_WAL, p, n);
	return st == ST_OK ? file_io->open(path, FILE_READ | FILE_WRITE, 0600, &d->file) : st;
}

enum status doublewrite_create(struct doublewrite *d, const char *dir, const struct wal_header *run,
			       uint32_t bytes)
{
	char path[FILE_PATH_MAX];
	*d = (struct doublewrite){.cap = bytes};
	if (!file_join(path, sizeof path, dir, DOUBLEWRITE_NAME))
		return ST_LIMIT;
	d->image = mem_zalloc(MEM_WAL, d->cap);
	enum status st = d->image != NULL ? make_file(d, path, run) : ST_NOMEM;
	if (st != ST_OK)
		doublewrite_close(d);
	return st;
}

void doublewrite_close(struct doublewrite *d)
{
	if (d->file != NULL)
		file_io->close(d->file);
	mem_free(MEM_WAL, d->image, d->cap);
	*d = (struct doublewrite){0};
}

/* The image stays: what it holds is not in the segment for sure. */
static enum status give_up(struct doublewrite *d, enum status st)
{
	log_error("wal", "cannot write '" DOUBLEWRITE_NAME "': %s; segments are synced instead",
		  file_why(st));
	file_io->close(d->file);
	d->file = NULL;
	return ST_IO;
}

enum status doublewrite_put(struct doublewrite *d, const struct wal_header *h, uint64_t offset,
			    const uint8_t *p, uint32_t n)
{
	if (d->file == NULL || n > DOUBLEWRITE_ENTRY_MAX ||
	    pages_of(n) * DOUBLEWRITE_PAGE > d->cap - d->used)
		return ST_LIMIT;
	uint8_t *e = d->image + d->used;
	uint32_t size = pages_of(n) * DOUBLEWRITE_PAGE;
	store_u32(e, ENTRY_MAGIC);
	store_u32(e + 4, n);
	store_u64(e + 8, h->seq);
	store_u64(e + 16, h->salt);
	store_u64(e + 24, offset);
	store_u32(e + 32, crc32c(0, p, n));
	store_u32(e + 36, entry_crc(e, d->salt));
	memcpy(e + DOUBLEWRITE_ENTRY_HEADER, p, n);
	memset(e + DOUBLEWRITE_ENTRY_HEADER + n, 0, size - DOUBLEWRITE_ENTRY_HEADER - n);
	enum status st = file_io->pwrite(d->file, e, size, DOUBLEWRITE_PAGE + d->used);
	if (st == ST_OK)
		st = file_io->datasync(d->file);
	if (st != ST_OK)
		return give_up(d, st);
	d->used += size;
	return ST_OK;
}

void doublewrite_clear(struct doublewrite *d)
{
	d->used = 0;
}

static struct doublewrite_entry entry_of(const uint8_t *e, uint32_t page)
{
	return (struct doublewrite_entry){
	    .seq = load_u64(e + 8),
	    .salt = load_u64(e + 16),
	    .offset = load_u64(e + 24),
	    .bytes = {(const char *)e + DOUBLEWRITE_ENTRY_HEADER, load_u32(e + 4)},
	    .page = page,
	};
}

bool doublewrite_next(const struct doublewrite *d, uint32_t *at, struct doublewrite_entry *ret)
{
	if (*at >= d->used)
		return false;
	*ret = entry_of(d->image + *at, 1 + *at / DOUBLEWRITE_PAGE);
	*at += pages_of((uint32_t)ret->bytes.len) * DOUBLEWRITE_PAGE;
	return true;
}

/* ---- recovery ------------------------------------------------------------------------------- */

static bool header_is_valid(const struct doublewrite_found *f)
{
	const uint8_t *p = (const uint8_t *)f->image;
	return f->image_len > DOUBLEWRITE_PAGE && memcmp(p, MAGIC, 8) == 0 &&
	       load_u32(p + AT_CRC) == crc32c(0, p, AT_CRC);
}

/* A valid entry at the beginning of this page; false: none. */
static bool entry_at(const struct doublewrite_found *f, uint32_t page, uint64_t salt,
		     struct doublewrite_entry *ret)
{
	size_t at = (size_t)page * DOUBLEWRITE_PAGE;
	const uint8_t *e = (const uint8_t *)f->image + at;
	uint32_t n = load_u32(e + 4);
	if (load_u32(e) != ENTRY_MAGIC || load_u32(e + 36) != entry_crc(e, salt) ||
	    n > DOUBLEWRITE_ENTRY_MAX || DOUBLEWRITE_ENTRY_HEADER + n > f->image_len - at ||
	    load_u32(e + 32) != crc32c(0, e + DOUBLEWRITE_ENTRY_HEADER, n))
		return false;
	*ret = entry_of(e, page);
	return true;
}

static int by_offset(const void *a, const void *b)
{
	const struct doublewrite_entry *x = a, *y = b;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Entries of earlier segments are of no use: a segment ends with a sync. */
static enum status take_entries(struct doublewrite_found *f)
{
	uint64_t salt = load_u64((const uint8_t *)f->image + AT_SALT);
	struct doublewrite_entry e;
	for (uint32_t page = 1; ((size_t)page + 1) * DOUBLEWRITE_PAGE <= f->image_len; page++) {
		if (!entry_at(f, page, salt, &e))
			continue;
		page += pages_of((uint32_t)e.bytes.len) - 1;
		if (e.seq < f->seq)
			continue;
		if (e.seq > f->seq)
			f->entries.n = 0;
		f->seq = e.seq;
		if (!vec_push(MEM_WAL, &f->entries, e))
			return ST_NOMEM;
	}
	if (f->entries.n > 1)
		qsort(f->entries.v, f->entries.n, sizeof f->entries.v[0], by_offset);
	return ST_OK;
}

enum status doublewrite_read(const char *dir, struct doublewrite_found *ret)
{
	char path[FILE_PATH_MAX];
	*ret = (struct doublewrite_found){0};
	if (!file_join(path, sizeof path, dir, DOUBLEWRITE_NAME))
		return ST_LIMIT;
	enum status st = file_read_all(path, DOUBLEWRITE_PAGE + DOUBLEWRITE_BYTES_MAX, &ret->image,
				       &ret->image_len);
	if (st != ST_OK)
		return st == ST_LIMIT ? ST_CORRUPT : st;
	const uint8_t *head = (const uint8_t *)ret->image;
	if (!header_is_valid(ret))
		st = ST_CORRUPT;
	else if (head[AT_MAJOR] > DOUBLEWRITE_FORMAT_MAJOR || head[AT_MAJOR + 1] != 0)
		st = ST_LIMIT;
	if (st == ST_OK) {
		memcpy(ret->db_id, head + AT_DB, WAL_ID_BYTES);
		memcpy(ret->run_id, head + AT_RUN, WAL_ID_BYTES);
		ret->epoch = load_u64(head + AT_EPOCH);
		st = take_entries(ret);
	}
	if (st != ST_OK)
		doublewrite_found_release(ret);
	return st;
}

void doublewrite_found_release(struct doublewrite_found *f)
{
	vec_release(MEM_WAL, &f->entries);
	if (f->image != NULL)
		mem_free(MEM_OTHER, f->image, f->image_len + 1);
	f->image = NULL;
}

/* Whether the entries are of this very file. */
static enum status belongs(const struct doublewrite_found *f, struct file *file, bool *ret)
{
	uint8_t head[WAL_HEADER_BYTES];
	struct wal_header h;
	size_t n;
	TRY(file_io->pread(file, head, sizeof head, 0, &n));
	*ret = n == sizeof head && wal_header_get(head, &h) == ST_OK && h.seq == f->seq &&
	       h.epoch == f->epoch && memcmp(h.run_id, f->run_id, WAL_ID_BYTES) == 0 &&
	       h.salt == f->entries.v[0].salt;
	return ST_OK;
}

/* Whether the segment reaches the place where it was synced before the first entry was written. */
static bool reaches_first(const struct doublewrite_found *f, uint64_t size)
{
	for (uint32_t i = 0; i < f->entries.n; i++) {
		if (f->entries.v[i].page == 1)
			return f->entries.v[i].offset <= size;
	}
	return true;
}

/* Entries of earlier rounds of the file may still be there: they write what is there. What is there
 * already is written too: after a failed sync it may be in the page cache only, as a clean page. A
 * gap before all that is in the file says that the segment is older than its last sync, which a
 * crash cannot do: it is a copy, and holds what it must. A gap behind the first entry is one that
 * was lost. */
static enum status write_entries(const struct doublewrite_found *f, struct file *file, bool is_copy,
				 uint64_t size, uint64_t *ret_bytes)
{
	uint64_t end = size;
	for (uint32_t i = 0; i < f->entries.n; i++) {
		const struct doublewrite_entry *e = &f->entries.v[i];
		if (e->offset > end)
			return is_copy || !reaches_first(f, size) ? ST_OK : ST_CORRUPT;
		TRY(file_io->pwrite(file, e->bytes.p, e->bytes.len, e->offset));
		end = MAX_OF(end, e->offset + e->bytes.len);
		*ret_bytes = end - size;
	}
	return ST_OK;
}

enum status doublewrite_restore(const struct doublewrite_found *f, const char *path, bool is_copy,
				uint64_t *ret_bytes)
{
	struct file *file;
	struct file_info info;
	bool ours = false;
	*ret_bytes = 0;
	if (f->entries.n == 0)
		return ST_OK;
	TRY(file_io->open(path, FILE_READ | FILE_WRITE, 0, &file));
	enum status st = belongs(f, file, &ours);
	if (st == ST_OK && ours)
		st = file_io->file_info(file, &info);
	if (st == ST_OK && ours)
		st = write_entries(f, file, is_copy, info.size, ret_bytes);
	if (st == ST_OK && ours)
		st = file_io->sync(file);
	file_io->close(file);
	return st;
}
