/* base/file.c - POSIX files behind the disk seam. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"

#define IO_CHUNK (1u << 30) /* one read or write call moves at most this many bytes */

struct file {
	int fd;
};

static _Thread_local int last_errno;

const struct file_ops *file_io = &file_system;

void file_install(const struct file_ops *ops)
{
	file_io = ops;
}

int file_last_errno(void)
{
	return last_errno;
}

const char *file_why(enum status st)
{
	bool from_system = st == ST_IO || st == ST_FULL || st == ST_NOT_FOUND || st == ST_EXISTS;
	return from_system && last_errno != 0 ? strerror(last_errno) : status_name(st);
}

enum status file_error(int error)
{
	last_errno = error;
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ST_FULL;
	case ENOENT:
		return ST_NOT_FOUND;
	case EEXIST:
		return ST_EXISTS;
	case ENOMEM:
		return ST_NOMEM;
	default:
		return ST_IO;
	}
}

/* The status of a call that answers 0 or -1. */
static enum status answer(int rc)
{
	return rc == 0 ? ST_OK : file_error(errno);
}

static enum status system_open(const char *path, int flags, uint32_t mode, struct file **ret)
{
	int how = O_CLOEXEC;

	how |= (flags & FILE_WRITE) == 0 ? O_RDONLY : (flags & FILE_READ) != 0 ? O_RDWR : O_WRONLY;
	how |= (flags & FILE_CREATE) != 0 ? O_CREAT : 0;
	how |= (flags & FILE_EXCLUSIVE) != 0 ? O_EXCL : 0;
	struct file *f = MEM_NEW(MEM_OTHER, struct file);
	if (f == NULL)
		return ST_NOMEM;
	do {
		f->fd = open(path, how, (mode_t)mode);
	} while (f->fd < 0 && errno == EINTR);
	if (f->fd < 0) {
		enum status st = file_error(errno);
		MEM_FREE(MEM_OTHER, f);
		return st;
	}
	*ret = f;
	return ST_OK;
}

static void system_close(struct file *f)
{
	if (f == NULL)
		return;
	close(f->fd); /* says nothing that sync has not said */
	MEM_FREE(MEM_OTHER, f);
}

static enum status system_pread(struct file *f, void *p, size_t n, uint64_t at, size_t *ret_n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(f->fd, (char *)p + done, MIN_OF(n - done, (size_t)IO_CHUNK),
				    (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_error(errno);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret_n = done;
	return ST_OK;
}

static enum status system_pwrite(struct file *f, const void *p, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t put = pwrite(f->fd, (const char *)p + done,
				     MIN_OF(n - done, (size_t)IO_CHUNK), (off_t)(at + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return file_error(put < 0 ? errno : EIO);
		done += (size_t)put;
	}
	return ST_OK;
}

/* A sync is not repeated after EINTR either: its answer is then unknown, which is a failure. */
static enum status system_datasync(struct file *f)
{
	return answer(fdatasync(f->fd));
}

static enum status system_sync(struct file *f)
{
	return answer(fsync(f->fd));
}

static enum status system_reserve(struct file *f, uint64_t upto)
{
	int rc;

	do {
		rc = fallocate(f->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)upto);
	} while (rc != 0 && errno == EINTR);
	if (rc != 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		return ST_OK; /* such a file system tells at the write that it is full */
	return answer(rc);
}

static enum status system_truncate(struct file *f, uint64_t size)
{
	int rc;

	do {
		rc = ftruncate(f->fd, (off_t)size);
	} while (rc != 0 && errno == EINTR);
	return answer(rc);
}

static int64_t nanoseconds(struct statx_timestamp t)
{
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static enum status info_at(int dir_fd, const char *path, int flags, struct file_info *ret)
{
	struct statx x;

	if (statx(dir_fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &x) != 0)
		return file_error(errno);
	*ret = (struct file_info){
	    .size = x.stx_size,
	    .inode = x.stx_ino,
	    .device = (uint64_t)x.stx_dev_major << 32 | x.stx_dev_minor,
	    .mtime_ns = nanoseconds(x.stx_mtime),
	    .btime_ns = (x.stx_mask & STATX_BTIME) != 0 ? nanoseconds(x.stx_btime) : 0,
	    .is_dir = S_ISDIR(x.stx_mode),
	    .mode = x.stx_mode & 07777,
	};
	return ST_OK;
}

static enum status system_info(const char *path, struct file_info *ret)
{
	return info_at(AT_FDCWD, path, 0, ret);
}

static enum status system_file_info(struct file *f, struct file_info *ret)
{
	return info_at(f->fd, "", AT_EMPTY_PATH, ret);
}

static enum status system_rename(const char *from, const char *to)
{
	return answer(rename(from, to));
}

static enum status system_unlink(const char *path)
{
	return answer(unlink(path));
}

static enum status system_link(const char *from, const char *to)
{
	return answer(link(from, to));
}

static enum status system_mkdir(const char *path, uint32_t mode)
{
	return answer(mkdir(path, (mode_t)mode));
}

static enum status system_sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return file_error(errno);
	enum status st = answer(fsync(fd));
	close(fd);
	return st;
}

static enum status system_touch(const char *path)
{
	return answer(utimensat(AT_FDCWD, path, NULL, 0));
}

static enum status system_list(const char *path, enum status (*fn)(void *ctx, const char *name),
			       void *ctx)
{
	DIR *dir = opendir(path);
	enum status st = ST_OK;

	if (dir == NULL)
		return file_error(errno);
	while (st == ST_OK) {
		errno = 0;
		const struct dirent *e = readdir(dir);
		if (e == NULL) {
			st = errno != 0 ? file_error(errno) : ST_OK;
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			st = fn(ctx, e->d_name);
	}
	closedir(dir);
	return st;
}

static enum status system_lock(struct file *f)
{
	if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
		return ST_OK;
	int error = errno;
	enum status st = file_error(error);
	return error == EWOULDBLOCK ? ST_BUSY : st;
}

static enum status system_drop_cache(struct file *f)
{
	int error = posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	return error == 0 ? ST_OK : file_error(error);
}

static enum status system_free_space(const char *path, uint64_t *ret_bytes)
{
	struct statvfs v;

	if (statvfs(path, &v) != 0)
		return file_error(errno);
	*ret_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	return ST_OK;
}

const struct file_ops file_system = {
    .open = system_open,
    .close = system_close,
    .pread = system_pread,
    .pwrite = system_pwrite,
    .datasync = system_datasync,
    .sync = system_sync,
    .reserve = system_reserve,
    .truncate = system_truncate,
    .info = system_info,
    .file_info = system_file_info,
    .rename = system_rename,
    .unlink = system_unlink,
    .link = system_link,
    .mkdir = system_mkdir,
    .sync_dir = system_sync_dir,
    .touch = system_touch,
    .list = system_list,
    .lock = system_lock,
    .drop_cache = system_drop_cache,
    .free_space = system_free_space,
};

static enum status read_open_file(struct file *f, size_t max, char **ret, size_t *ret_len)
{
	struct file_info info;
	size_t len = 0;

	TRY(file_io->file_info(f, &info));
	if (info.size > max)
		return ST_LIMIT;
	char *p = mem_alloc(MEM_OTHER, (size_t)info.size + 1);
	if (p == NULL)
		return ST_NOMEM;
	enum status st = file_io->pread(f, p, (size_t)info.size, 0, &len);
	if (st == ST_OK && len != info.size)
		st = file_error(EIO); /* it shrank under us */
	if (st != ST_OK) {
		mem_free(MEM_OTHER, p, (size_t)info.size + 1);
		return st;
	}
	p[len] = '\0';
	*ret = p;
	*ret_len = len;
	return ST_OK;
}

enum status file_read_all(const char *path, size_t max, char **ret, size_t *ret_len)
{
	struct file *f;

	TRY(file_io->open(path, FILE_READ, 0, &f));
	enum status st = read_open_file(f, max, ret, ret_len);
	file_io->close(f);
	return st;
}

static enum status write_new(const char *path, const void *p, size_t n, uint32_t mode)
{
	struct file *f;

	TRY(file_io->open(path, FILE_WRITE | FILE_CREATE, mode, &f));
	enum status st = file_io->truncate(f, 0);
	if (st == ST_OK)
		st = file_io->pwrite(f, p, n, 0);
	if (st == ST_OK)
		st = file_io->sync(f);
	file_io->close(f);
	return st;
}

enum status file_write_atomic(const char *path, const void *p, size_t n, uint32_t mode)
{
	char temporary[FILE_PATH_MAX], dir[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t dir_len = slash != NULL ? (size_t)(slash - path) : 0;

	int len = snprintf(temporary, sizeof temporary, "%s.tmp", path);
	if (len < 0 || (size_t)len >= sizeof temporary)
		return file_error(ENAMETOOLONG);
	if (slash == NULL)
		strcpy(dir, ".");
	else if (dir_len == 0)
		strcpy(dir, "/");
	else
		snprintf(dir, sizeof dir, "%.*s", (int)dir_len, path);

	enum status st = write_new(temporary, p, n, mode);
	if (st == ST_OK)
		st = file_io->rename(temporary, path);
	if (st != ST_OK) {
		int error = last_errno;
		file_io->unlink(temporary);
		last_errno = error; /* the one worth a log line */
		return st;
	}
	return file_io->sync_dir(dir);
}

bool file_join(char *out, size_t cap, const char *dir, const char *name)
{
	int len = snprintf(out, cap, "%s/%s", dir, name);
	return len >= 0 && (size_t)len < cap;
}
