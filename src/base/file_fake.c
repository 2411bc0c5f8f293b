/* base/file_fake.c - a disk in memory that loses what was not synced. */
#include "base/file_fake.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

#define NAME_CAP 256
#define INODE_NONE UINT32_MAX
#define ROOT 0

enum sector_state { SECTOR_CLEAN, SECTOR_DIRTY };

struct inode {
	bool is_dir, locked;
	uint32_t mode;
	int64_t mtime_ns, btime_ns;
	char *now, *disk; /* cap bytes each, zero beyond the length */
	uint8_t *state;	  /* enum sector_state of each sector */
	size_t cap, now_len, disk_len;
};

struct entry {
	uint32_t dir, inode; /* inode INODE_NONE: free */
	char name[NAME_CAP];
};

/* One change of directories: a name goes, a name is set, or (rename) both at once. */
struct change {
	uint32_t remove_dir, set_dir, inode; /* dirs: INODE_NONE when there is no such half */
	char remove[NAME_CAP], set[NAME_CAP];
};

struct table {
	struct entry *v;
	size_t n, cap;
};

struct file {
	uint32_t inode;
	uint64_t power; /* the disk's when opened: another one means that it crashed since */
	bool holds_lock;
};

static struct {
	pthread_mutex_t lock;
	struct rand rand;
	uint64_t power;
	struct inode *inodes;
	size_t n_inodes, cap_inodes;
	struct table now, disk;
	struct change *changes; /* not yet on the plates, oldest first */
	size_t n_changes, cap_changes;
	unsigned fail_ops;
	uint64_t n_ops, fail_at;
	int fail_error;
	bool fail_sticky, lying;
	uint64_t capacity;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .lying = true};

/* Behind the counting door on purpose: a failing allocator must hit the code under test only. */
static void *grown(void *p, size_t old_size, size_t size)
{
	char *q = p != NULL ? mem_libc.resize(p, old_size, size) : mem_libc.alloc(size, 16);

	BUG_ON(q == NULL);
	memset(q + old_size, 0, size - old_size);
	return q;
}

#define GROW(array, n, cap)                                                                        \
	do {                                                                                       \
		if ((n) == (cap)) {                                                                \
			size_t more_ = (cap) != 0 ? (cap)*2 : 16;                                  \
			(array) =                                                                  \
			    grown((array), (cap) * sizeof *(array), more_ * sizeof *(array));      \
			(cap) = more_;                                                             \
		}                                                                                  \
	} while (0)

static void enter(void)
{
	pthread_mutex_lock(&fake.lock);
}

/* Leaves with the status of an errno, 0 being ST_OK. */
static enum status leave(int error)
{
	pthread_mutex_unlock(&fake.lock);
	return error == 0 ? ST_OK : file_error(error);
}

/* The errno that the operation must fail with, 0: none. */
static int injected(unsigned op)
{
	if ((fake.fail_ops & op) == 0)
		return 0;
	fake.n_ops++;
	if (fake.fail_at != 0 &&
	    (fake.n_ops == fake.fail_at || (fake.fail_sticky && fake.n_ops > fake.fail_at)))
		return fake.fail_error;
	return 0;
}

static struct entry *table_find(struct table *t, uint32_t dir, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = &t->v[i];
		if (e->inode != INODE_NONE && e->dir == dir && strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

/* A name that was removed takes its old place again, so that the table grows with the number of
 * different names only. */
static void table_set(struct table *t, uint32_t dir, const char *name, uint32_t inode)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].dir == dir && strcmp(t->v[i].name, name) == 0) {
			t->v[i].inode = inode;
			return;
		}
	}
	GROW(t->v, t->n, t->cap);
	struct entry *e = &t->v[t->n++];
	e->dir = dir;
	e->inode = inode;
	snprintf(e->name, sizeof e->name, "%s", name);
}

static void apply(struct table *t, const struct change *c)
{
	struct entry *gone =
	    c->remove_dir != INODE_NONE ? table_find(t, c->remove_dir, c->remove) : NULL;

	if (gone != NULL)
		gone->inode = INODE_NONE;
	if (c->set_dir != INODE_NONE)
		table_set(t, c->set_dir, c->set, c->inode);
}

static void change(const struct change *c)
{
	GROW(fake.changes, fake.n_changes, fake.cap_changes);
	fake.changes[fake.n_changes++] = *c;
	apply(&fake.now, c);
}

/* Walks to the directory that holds the last name of the path. An empty last name is the root. */
static int walk(const char *path, uint32_t *ret_dir, char name[NAME_CAP])
{
	uint32_t dir = ROOT;

	name[0] = '\0';
	for (;;) {
		size_t n = strcspn(path, "/");
		if (n >= NAME_CAP)
			return ENAMETOOLONG;
		if (n > 0 && !(n == 1 && path[0] == '.')) {
			if (name[0] != '\0') {
				const struct entry *e = table_find(&fake.now, dir, name);
				if (e == NULL)
					return ENOENT;
				if (!fake.inodes[e->inode].is_dir)
					return ENOTDIR;
				dir = e->inode;
			}
			memcpy(name, path, n);
			name[n] = '\0';
		}
		path += n;
		if (*path == '\0')
			break;
		path++;
	}
	*ret_dir = dir;
	return 0;
}

static int look_up(const char *path, uint32_t *ret)
{
	char name[NAME_CAP];
	uint32_t dir;
	int error = walk(path, &dir, name);

	if (error != 0)
		return error;
	if (name[0] == '\0') {
		*ret = ROOT;
		return 0;
	}
	const struct entry *e = table_find(&fake.now, dir, name);
	if (e == NULL)
		return ENOENT;
	*ret = e->inode;
	return 0;
}

static uint32_t make_inode(bool is_dir, uint32_t mode)
{
	GROW(fake.inodes, fake.n_inodes, fake.cap_inodes);
	fake.inodes[fake.n_inodes] = (struct inode){.is_dir = is_dir, .mode = mode};
	fake.inodes[fake.n_inodes].mtime_ns = fake.inodes[fake.n_inodes].btime_ns =
	    clock_wall_us() * 1000;
	return (uint32_t)fake.n_inodes++;
}

static void free_bytes(struct inode *i)
{
	mem_libc.free(i->now, i->cap);
	mem_libc.free(i->disk, i->cap);
	mem_libc.free(i->state, i->cap / FAKE_SECTOR);
}

void fake_reset(uint64_t seed)
{
	enter();
	for (size_t i = 0; i < fake.n_inodes; i++)
		free_bytes(&fake.inodes[i]);
	fake.n_inodes = fake.now.n = fake.disk.n = fake.n_changes = 0;
	rand_seed(&fake.rand, seed);
	fake.power++;
	fake.fail_ops = 0;
	fake.lying = true;
	fake.capacity = 0;
	make_inode(true, 0755);
	leave(0);
}

static bool coin(void)
{
	return rand_below(&fake.rand, 2) == 0;
}

static size_t sectors(size_t bytes)
{
	return (bytes + FAKE_SECTOR - 1) / FAKE_SECTOR;
}

static void crash_inode(struct inode *i)
{
	for (size_t s = 0; s < i->cap / FAKE_SECTOR; s++) {
		char *disk = i->disk + s * FAKE_SECTOR;
		const char *now = i->now + s * FAKE_SECTOR;
		uint64_t fate = i->state[s] == SECTOR_DIRTY ? rand_below(&fake.rand, 4) : 0;
		if (fate == 1 || fate == 2)
			memcpy(disk, now, FAKE_SECTOR);
		else if (fate == 3)
			memcpy(disk, now, (size_t)rand_below(&fake.rand, FAKE_SECTOR));
	}
	if (i->now_len != i->disk_len && coin())
		i->disk_len = i->now_len;
	if (i->cap != 0) {
		memset(i->disk + i->disk_len, 0, i->cap - i->disk_len);
		memcpy(i->now, i->disk, i->cap);
		memset(i->state, SECTOR_CLEAN, i->cap / FAKE_SECTOR);
	}
	i->now_len = i->disk_len;
}

static void power_cycle(void)
{
	for (size_t i = 0; i < fake.n_inodes; i++)
		fake.inodes[i].locked = false;
	fake.power++;
	fake.fail_ops = 0;
}

void fake_crash(void)
{
	enter();
	for (size_t i = 0; i < fake.n_inodes; i++)
		crash_inode(&fake.inodes[i]);
	size_t kept = (size_t)rand_below(&fake.rand, fake.n_changes + 1);
	for (size_t i = 0; i < kept; i++)
		apply(&fake.disk, &fake.changes[i]);
	fake.n_changes = 0;
	fake.now.n = 0;
	for (size_t i = 0; i < fake.disk.n; i++) {
		const struct entry *e = &fake.disk.v[i];
		if (e->inode != INODE_NONE)
			table_set(&fake.now, e->dir, e->name, e->inode);
	}
	power_cycle();
	leave(0);
}

void fake_kill(void)
{
	enter();
	power_cycle();
	leave(0);
}

uint64_t fake_fail_nth(unsigned ops, uint64_t n, int error, bool sticky)
{
	enter();
	uint64_t counted = fake.n_ops;
	fake.fail_ops = ops;
	fake.n_ops = 0;
	fake.fail_at = n;
	fake.fail_error = error;
	fake.fail_sticky = sticky;
	leave(0);
	return counted;
}

void fake_set_lying(bool lying)
{
	enter();
	fake.lying = lying;
	leave(0);
}

void fake_set_capacity(uint64_t bytes)
{
	enter();
	fake.capacity = bytes;
	leave(0);
}

static uint64_t used_bytes(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < fake.n_inodes; i++)
		sum += fake.inodes[i].now_len;
	return sum;
}

/* The inode of an open file, NULL when it was opened before a crash. */
static struct inode *inode_of(const struct file *f)
{
	return f->power == fake.power ? &fake.inodes[f->inode] : NULL;
}

/* Sets the length that reads see; room and zeros behind it included. */
static int set_length(struct inode *i, uint64_t len)
{
	if (len > i->now_len && fake.capacity != 0 &&
	    used_bytes() + (len - i->now_len) > fake.capacity)
		return ENOSPC;
	if (len > i->cap) {
		size_t cap = i->cap != 0 ? i->cap : 16 * FAKE_SECTOR;
		while (cap < len)
			cap *= 2;
		i->now = grown(i->now, i->cap, cap);
		i->disk = grown(i->disk, i->cap, cap);
		i->state = grown(i->state, i->cap / FAKE_SECTOR, cap / FAKE_SECTOR);
		i->cap = cap;
	}
	if (len < i->now_len) {
		size_t first = (size_t)len / FAKE_SECTOR, end = sectors(i->now_len);
		memset(i->now + len, 0, i->now_len - (size_t)len);
		memset(i->state + first, SECTOR_DIRTY, end - first);
	}
	i->now_len = (size_t)len;
	return 0;
}

static int write_bytes(struct inode *i, const void *p, size_t n, uint64_t at)
{
	if (n == 0)
		return 0;
	int error = at + n > i->now_len ? set_length(i, at + n) : 0;
	if (error != 0)
		return error;
	memcpy(i->now + at, p, n);
	memset(i->state + at / FAKE_SECTOR, SECTOR_DIRTY,
	       sectors((size_t)at + n) - (size_t)at / FAKE_SECTOR);
	i->mtime_ns = clock_wall_us() * 1000;
	return 0;
}

static int open_inode(const char *path, int flags, uint32_t mode, uint32_t *ret)
{
	char name[NAME_CAP];
	uint32_t dir;
	int error = look_up(path, ret);

	if (error == 0 && (flags & FILE_CREATE) != 0 && (flags & FILE_EXCLUSIVE) != 0)
		return EEXIST;
	if (error == 0 && fake.inodes[*ret].is_dir && (flags & FILE_WRITE) != 0)
		return EISDIR;
	if (error != ENOENT || (flags & FILE_CREATE) == 0)
		return error;
	error = walk(path, &dir, name);
	if (error != 0)
		return error;
	*ret = make_inode(false, mode);
	struct change c = {.remove_dir = INODE_NONE, .set_dir = dir, .inode = *ret};
	snprintf(c.set, sizeof c.set, "%s", name);
	change(&c);
	return 0;
}

static enum status fake_open(const char *path, int flags, uint32_t mode, struct file **ret)
{
	uint32_t inode = INODE_NONE;

	enter();
	int error = (flags & FILE_CREATE) != 0 ? injected(FAKE_OPEN) : 0;
	if (error == 0)
		error = open_inode(path, flags, mode, &inode);
	if (error != 0)
		return leave(error);
	struct file *f = grown(NULL, 0, sizeof *f);
	*f = (struct file){.inode = inode, .power = fake.power};
	*ret = f;
	return leave(0);
}

static void fake_close(struct file *f)
{
	if (f == NULL)
		return;
	enter();
	struct inode *i = inode_of(f);
	if (i != NULL && f->holds_lock)
		i->locked = false;
	mem_libc.free(f, sizeof *f);
	leave(0);
}

static enum status fake_pread(struct file *f, void *p, size_t n, uint64_t at, size_t *ret_n)
{
	enter();
	const struct inode *i = inode_of(f);
	int error = i == NULL ? EIO : injected(FAKE_READ);
	if (error != 0)
		return leave(error);
	size_t got = at < i->now_len ? MIN_OF(n, i->now_len - (size_t)at) : 0;
	if (got != 0)
		memcpy(p, i->now + at, got);
	*ret_n = got;
	return leave(0);
}

static enum status fake_pwrite(struct file *f, const void *p, size_t n, uint64_t at)
{
	enter();
	struct inode *i = inode_of(f);
	if (i == NULL)
		return leave(EIO);
	int error = injected(FAKE_WRITE);
	if (error == 0)
		return leave(write_bytes(i, p, n, at));
	write_bytes(i, p, (size_t)rand_below(&fake.rand, n + 1), at);
	return leave(error);
}

static enum status fake_sync(struct file *f)
{
	enter();
	struct inode *i = inode_of(f);
	if (i == NULL)
		return leave(EIO);
	int error = injected(FAKE_SYNC);
	if (error != 0 && !fake.lying)
		return leave(error);
	for (size_t s = 0; s < i->cap / FAKE_SECTOR; s++) {
		if (i->state[s] == SECTOR_DIRTY && error == 0)
			memcpy(i->disk + s * FAKE_SECTOR, i->now + s * FAKE_SECTOR, FAKE_SECTOR);
		i->state[s] = SECTOR_CLEAN;
	}
	if (error == 0)
		i->disk_len = i->now_len;
	return leave(error);
}

static enum status fake_reserve(struct file *f, uint64_t upto)
{
	enter();
	const struct inode *i = inode_of(f);
	int error = i == NULL ? EIO : injected(FAKE_SPACE);
	if (error == 0 && fake.capacity != 0 && upto > i->now_len &&
	    used_bytes() + (upto - i->now_len) > fake.capacity)
		error = ENOSPC;
	return leave(error);
}

static enum status fake_truncate(struct file *f, uint64_t size)
{
	enter();
	struct inode *i = inode_of(f);
	int error = i == NULL ? EIO : injected(FAKE_SPACE);
	return leave(error != 0 ? error : set_length(i, size));
}

static void fill_info(uint32_t inode, struct file_info *ret)
{
	const struct inode *i = &fake.inodes[inode];

	*ret = (struct file_info){
	    .size = i->now_len,
	    .inode = inode + 1,
	    .device = 1,
	    .mtime_ns = i->mtime_ns,
	    .btime_ns = i->btime_ns,
	    .is_dir = i->is_dir,
	    .mode = i->mode,
	};
}

static enum status fake_info(const char *path, struct file_info *ret)
{
	uint32_t inode;

	enter();
	int error = look_up(path, &inode);
	if (error == 0)
		fill_info(inode, ret);
	return leave(error);
}

static enum status fake_file_info(struct file *f, struct file_info *ret)
{
	enter();
	if (inode_of(f) == NULL)
		return leave(EIO);
	fill_info(f->inode, ret);
	return leave(0);
}

static enum status fake_rename(const char *from, const char *to)
{
	struct change c = {0};

	enter();
	int error = injected(FAKE_NAME);
	if (error == 0)
		error = look_up(from, &c.inode);
	if (error == 0)
		error = walk(from, &c.remove_dir, c.remove);
	if (error == 0)
		error = walk(to, &c.set_dir, c.set);
	if (error == 0)
		change(&c);
	return leave(error);
}

static enum status fake_unlink(const char *path)
{
	struct change c = {.set_dir = INODE_NONE};
	uint32_t inode;

	enter();
	int error = injected(FAKE_NAME);
	if (error == 0)
		error = look_up(path, &inode);
	if (error == 0 && fake.inodes[inode].is_dir)
		error = EISDIR;
	if (error == 0)
		error = walk(path, &c.remove_dir, c.remove);
	if (error == 0)
		change(&c);
	return leave(error);
}

/* Sets a name that must be free to the inode in c. */
static int set_new_name(const char *path, struct change *c)
{
	int error = walk(path, &c->set_dir, c->set);

	c->remove_dir = INODE_NONE;
	if (error == 0 && (c->set[0] == '\0' || table_find(&fake.now, c->set_dir, c->set) != NULL))
		error = EEXIST;
	if (error == 0)
		change(c);
	return error;
}

static enum status fake_link(const char *from, const char *to)
{
	struct change c = {0};

	enter();
	int error = injected(FAKE_NAME);
	if (error == 0)
		error = look_up(from, &c.inode);
	if (error == 0)
		error = set_new_name(to, &c);
	return leave(error);
}

static enum status fake_mkdir(const char *path, uint32_t mode)
{
	struct change c = {0};

	enter();
	int error = injected(FAKE_NAME);
	if (error == 0) {
		c.inode = make_inode(true, mode);
		error = set_new_name(path, &c);
	}
	return leave(error);
}

static enum status fake_sync_dir(const char *path)
{
	size_t left = 0;
	uint32_t dir;

	enter();
	int error = injected(FAKE_SYNC_DIR);
	if (error == 0)
		error = look_up(path, &dir);
	if (error == 0 && !fake.inodes[dir].is_dir)
		error = ENOTDIR;
	if (error != 0)
		return leave(error);
	for (size_t i = 0; i < fake.n_changes; i++) {
		if (fake.changes[i].set_dir == dir || fake.changes[i].remove_dir == dir)
			apply(&fake.disk, &fake.changes[i]);
		else
			fake.changes[left++] = fake.changes[i];
	}
	fake.n_changes = left;
	return leave(0);
}

static enum status fake_touch(const char *path)
{
	uint32_t inode;

	enter();
	int error = injected(FAKE_NAME);
	if (error == 0)
		error = look_up(path, &inode);
	if (error == 0)
		fake.inodes[inode].mtime_ns = clock_wall_us() * 1000;
	return leave(error);
}

/* The next name of the directory at or after *at; the lock is not held while fn runs, which may
 * change the directory. */
static bool next_name(uint32_t dir, size_t *at, char name[NAME_CAP])
{
	enter();
	bool found = false;
	for (; *at < fake.now.n && !found; ++*at) {
		const struct entry *e = &fake.now.v[*at];
		found = e->inode != INODE_NONE && e->dir == dir;
		if (found)
			snprintf(name, NAME_CAP, "%s", e->name);
	}
	leave(0);
	return found;
}

static enum status fake_list(const char *path, enum status (*fn)(void *ctx, const char *name),
			     void *ctx)
{
	char name[NAME_CAP];
	uint32_t dir = INODE_NONE;
	size_t at = 0;

	enter();
	int error = look_up(path, &dir);
	if (error == 0 && !fake.inodes[dir].is_dir)
		error = ENOTDIR;
	TRY(leave(error));
	while (next_name(dir, &at, name))
		TRY(fn(ctx, name));
	return ST_OK;
}

static enum status fake_lock(struct file *f)
{
	enter();
	struct inode *i = inode_of(f);
	if (i == NULL)
		return leave(EIO);
	bool busy = i->locked && !f->holds_lock;
	if (!busy)
		i->locked = f->holds_lock = true;
	leave(0);
	return busy ? ST_BUSY : ST_OK;
}

/* Clean pages are read from the plates again: after a failed sync that lied this shows the loss. */
static enum status fake_drop_cache(struct file *f)
{
	enter();
	struct inode *i = inode_of(f);
	if (i == NULL)
		return leave(EIO);
	for (size_t s = 0; s < i->cap / FAKE_SECTOR; s++) {
		if (i->state[s] == SECTOR_CLEAN)
			memcpy(i->now + s * FAKE_SECTOR, i->disk + s * FAKE_SECTOR, FAKE_SECTOR);
	}
	return leave(0);
}

static enum status fake_free_space(const char *path, uint64_t *ret_bytes)
{
	uint32_t inode;

	enter();
	int error = look_up(path, &inode);
	uint64_t used = used_bytes();
	if (error == 0)
		*ret_bytes = fake.capacity == 0	    ? INT64_MAX
			     : fake.capacity > used ? fake.capacity - used
						    : 0;
	return leave(error);
}

const struct file_ops file_fake = {
    .open = fake_open,
    .close = fake_close,
    .pread = fake_pread,
    .pwrite = fake_pwrite,
    .datasync = fake_sync,
    .sync = fake_sync,
    .reserve = fake_reserve,
    .truncate = fake_truncate,
    .info = fake_info,
    .file_info = fake_file_info,
    .rename = fake_rename,
    .unlink = fake_unlink,
    .link = fake_link,
    .mkdir = fake_mkdir,
    .sync_dir = fake_sync_dir,
    .touch = fake_touch,
    .list = fake_list,
    .lock = fake_lock,
    .drop_cache = fake_drop_cache,
    .free_space = fake_free_space,
};
