/* base/file.h - the disk seam.
 *
 * Room:    base. Everything that durability depends on goes through one table of functions, so that
 *          tests can run on a disk in memory that lies, tears, fills up and fails (file_fake.h).
 * Errors:  ST_FULL for ENOSPC, EDQUOT and EFBIG, ST_NOT_FOUND for ENOENT, ST_EXISTS for EEXIST,
 * else ST_IO; file_last_errno() is the errno of this thread's last failed call, for the log line.
 * Threads: a struct file belongs to one thread at a time; the table is installed before threads
 * start.
 *
 * Interrupted calls are retried; short writes are continued; so a write is whole or failed. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/status.h"

struct file; /* an open file, directory or lock of the installed table */

enum file_flags {
	FILE_READ = 1,
	FILE_WRITE = 2,
	FILE_CREATE = 4,
	FILE_EXCLUSIVE = 8, /* with FILE_CREATE: fails when it exists */
};

struct file_info {
	uint64_t size, inode, device;
	int64_t mtime_ns, btime_ns; /* btime 0: the file system does not tell */
	bool is_dir;
	uint32_t mode;
};

struct file_ops {
	enum status (*open)(const char *path, int flags, uint32_t mode, struct file **ret);
	void (*close)(struct file *f);
	enum status (*pread)(struct file *f, void *p, size_t n, uint64_t at, size_t *ret_n);
	enum status (*pwrite)(struct file *f, const void *p, size_t n, uint64_t at);
	enum status (*datasync)(struct file *f);
	enum status (*sync)(struct file *f);
	enum status (*reserve)(struct file *f,
			       uint64_t upto); /* blocks without changing the size */
	enum status (*truncate)(struct file *f, uint64_t size);
	enum status (*info)(const char *path, struct file_info *ret);
	enum status (*file_info)(struct file *f, struct file_info *ret);
	enum status (*rename)(const char *from, const char *to);
	enum status (*unlink)(const char *path);
	enum status (*link)(const char *from, const char *to);
	enum status (*mkdir)(const char *path, uint32_t mode);
	enum status (*sync_dir)(const char *path);
	enum status (*touch)(const char *path); /* sets the times to now */
	/* Calls fn for each name but "." and ".."; stops early when fn gives another status. */
	enum status (*list)(const char *path, enum status (*fn)(void *ctx, const char *name),
			    void *ctx);
	enum status (*lock)(
	    struct file *f); /* exclusive flock, ST_BUSY when another process holds it */
	enum status (*drop_cache)(
	    struct file *f); /* what was read or written is read from the device next */
	enum status (*free_space)(const char *path, uint64_t *ret_bytes);
};

extern const struct file_ops file_system;
extern const struct file_ops *file_io; /* the installed table; calls read file_io->pwrite(...) */

void file_install(const struct file_ops *ops);
int file_last_errno(void);
/* Text of a failure just now: the system's for ST_IO and the like, else the status's. */
const char *file_why(enum status st);
/* For back-ends: notes the errno of a failed call and gives its status. */
enum status file_error(int error);

/* Reads a whole small file; heap of tag MEM_OTHER, caller frees *ret_len + 1 bytes (a zero
 * follows). ST_LIMIT above max bytes. */
enum status file_read_all(const char *path, size_t max, char **ret, size_t *ret_len) MUST_CHECK;
/* Temporary (path + ".tmp") beside it, sync, rename, sync of the directory: afterwards the file has
 * these bytes or, on an error, its old ones; when the last of the four fails, either. */
enum status file_write_atomic(const char *path, const void *p, size_t n, uint32_t mode) MUST_CHECK;
/* dir + "/" + name into out; false when it does not fit. */
bool file_join(char *out, size_t cap, const char *dir, const char *name);
#define FILE_PATH_MAX 4096

#endif
