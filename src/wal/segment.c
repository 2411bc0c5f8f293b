#include "wal/segment.h"

#include "base/hash.h"
#include "base/log.h"

enum status segment_prepare(struct segment *s, const char *dir, uint64_t bytes)
{
	*s = (struct segment){0};
	if (!file_join(s->path, sizeof s->path, dir, WAL_SPARE_NAME))
		return ST_LIMIT;
	/* A spare of an earlier life may have been written to: only a new inode is sure. */
	enum status st = file_io->unlink(s->path);
	if (st != ST_OK && st != ST_NOT_FOUND)
		return st;
	TRY(file_io->open(s->path, FILE_READ | FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, 0600,
			  &s->file));
	st = file_io->reserve(s->file, bytes);
	if (st != ST_OK) {
		segment_close(s);
		return st;
	}
	s->reserved = bytes;
	return ST_OK;
}

enum status segment_begin(struct segment *s, const struct wal_header *h)
{
	uint8_t head[WAL_HEADER_BYTES];
	wal_header_put(h, head);
	s->header = *h;
	return segment_append(s, head, sizeof head);
}

static enum status give_name(struct segment *s, const char *dir)
{
	char path[FILE_PATH_MAX], name[WAL_NAME_MAX];
	wal_segment_name(s->header.epoch, s->header.seq, s->header.run_id, name);
	if (!file_join(path, sizeof path, dir, name))
		return ST_LIMIT;
	TRY(segment_sync(s));
	TRY(file_io->rename(s->path, path));
	memcpy(s->path, path, sizeof path);
	s->named = true;
	return file_io->sync_dir(dir);
}

enum status segment_publish(struct segment *s, const char *dir)
{
	enum status st = give_name(s, dir);
	if (st != ST_OK)
		s->poisoned = true;
	return st;
}

enum status segment_append(struct segment *s, const void *p, size_t n)
{
	if (s->poisoned)
		return ST_IO;
	enum status st = file_io->pwrite(s->file, p, n, s->tail);
	if (st != ST_OK) {
		s->poisoned = true;
		log_error("wal", "cannot write %zu bytes at %llu of '%s': %s", n,
			  (unsigned long long)s->tail, s->path, file_why(st));
		return st;
	}
	s->crc = crc32c(s->crc, p, n);
	s->tail += n;
	return ST_OK;
}

enum status segment_sync(struct segment *s)
{
	if (s->poisoned)
		return ST_IO;
	enum status st = file_io->datasync(s->file);
	if (st != ST_OK) {
		s->poisoned = true;
		log_error("wal", "cannot sync '%s': %s; the file is given up", s->path,
			  file_why(st));
	}
	return st;
}

void segment_close(struct segment *s)
{
	if (s->file == NULL)
		return;
	if (s->named && s->reserved > s->tail && !s->poisoned) {
		/* To the size it has: frees the blocks behind, changes no byte. */
		if (file_io->truncate(s->file, s->tail) != ST_OK)
			log_warn("wal", "cannot free reserved blocks of '%s'", s->path);
	}
	file_io->close(s->file);
	s->file = NULL;
	if (!s->named && file_io->unlink(s->path) != ST_OK)
		log_warn("wal", "cannot remove '%s'", s->path);
}
