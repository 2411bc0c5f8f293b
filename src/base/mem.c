/* base/mem.c - counters, limit and test failures in front of the allocator.
 *
 * Each thread counts in a slot of its own, written by it alone and read by anybody; the slots are
 * linked in a list and summed on demand. A thread that ends folds its slot into `folded`. The
 * process total, which the limit is compared with, is moved each time a thread's difference has
 * grown to FLUSH_BYTES; so it is off by less than that for each thread. */
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#define FLUSH_BYTES (64 * 1024)

enum slot_state { SLOT_NEW, SLOT_LISTED, SLOT_ENDED };

struct thread_slot {
	_Atomic int64_t used[MEM_N_TAGS]; /* this thread stores, mem_used() loads: relaxed */
	int64_t unflushed;		  /* bytes not yet in total_bytes */
	enum slot_state state;
	struct thread_slot *next, **link;
	uint64_t n_allocs, fail_at; /* mem_fail_nth */
	bool fail_sticky;
};

static _Thread_local struct thread_slot slot;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct thread_slot *list;
static _Atomic int64_t folded[MEM_N_TAGS]; /* of threads that ended */
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t end_key;

static _Atomic int64_t total_bytes;
static _Atomic uint64_t limit_bytes;
static const struct mem_backend *backend = &mem_libc;

static void on_thread_end(void *arg)
{
	struct thread_slot *s = arg;

	pthread_mutex_lock(&list_lock);
	for (unsigned i = 0; i < MEM_N_TAGS; i++)
		atomic_fetch_add_explicit(&folded[i],
					  atomic_load_explicit(&s->used[i], memory_order_relaxed),
					  memory_order_relaxed);
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	pthread_mutex_unlock(&list_lock);
	atomic_fetch_add_explicit(&total_bytes, s->unflushed, memory_order_relaxed);
	s->state = SLOT_ENDED;
}

static void make_key(void)
{
	BUG_ON(pthread_key_create(&end_key, on_thread_end) != 0);
}

static void slot_list(struct thread_slot *s)
{
	pthread_once(&key_once, make_key);
	if (pthread_setspecific(end_key, s) != 0) {
		s->state = SLOT_ENDED; /* counts go straight to the folded ones */
		return;
	}
	pthread_mutex_lock(&list_lock);
	s->next = list;
	s->link = &list;
	if (list != NULL)
		list->link = &s->next;
	list = s;
	pthread_mutex_unlock(&list_lock);
	s->state = SLOT_LISTED;
}

static void count(enum mem_tag tag, int64_t bytes)
{
	struct thread_slot *s = &slot;

	if (UNLIKELY(s->state == SLOT_NEW))
		slot_list(s);
	if (UNLIKELY(s->state == SLOT_ENDED)) {
		atomic_fetch_add_explicit(&folded[tag], bytes, memory_order_relaxed);
		atomic_fetch_add_explicit(&total_bytes, bytes, memory_order_relaxed);
		return;
	}
	int64_t used = atomic_load_explicit(&s->used[tag], memory_order_relaxed);
	atomic_store_explicit(&s->used[tag], used + bytes, memory_order_relaxed);
	s->unflushed += bytes;
	if (s->unflushed >= FLUSH_BYTES || s->unflushed <= -FLUSH_BYTES) {
		atomic_fetch_add_explicit(&total_bytes, s->unflushed, memory_order_relaxed);
		s->unflushed = 0;
	}
}

/* May this thread have `more` bytes? Counts the request for mem_fail_nth. */
static bool may_take(size_t more)
{
	struct thread_slot *s = &slot;

	s->n_allocs++;
	if (UNLIKELY(s->fail_at != 0) &&
	    (s->n_allocs == s->fail_at || (s->fail_sticky && s->n_allocs > s->fail_at)))
		return false;
	uint64_t limit = atomic_load_explicit(&limit_bytes, memory_order_relaxed);
	if (LIKELY(limit == 0))
		return more <= INT64_MAX;
	int64_t total = atomic_load_explicit(&total_bytes, memory_order_relaxed) + s->unflushed;
	return more <= limit && (total <= 0 || (uint64_t)total <= limit - more);
}

void mem_install(const struct mem_backend *b)
{
	backend = b;
}

void *mem_alloc_aligned(enum mem_tag tag, size_t size, size_t align)
{
	if (!may_take(size))
		return NULL;
	void *p = backend->alloc(size, align);
	if (p != NULL)
		count(tag, (int64_t)size);
	return p;
}

void *mem_alloc(enum mem_tag tag, size_t size)
{
	return mem_alloc_aligned(tag, size, _Alignof(max_align_t));
}

void *mem_zalloc(enum mem_tag tag, size_t size)
{
	void *p = mem_alloc(tag, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *mem_resize(enum mem_tag tag, void *p, size_t old_size, size_t size)
{
	if (p == NULL)
		return mem_alloc(tag, size);
	if (!may_take(size > old_size ? size - old_size : 0))
		return NULL;
	void *moved = backend->resize(p, old_size, size);
	if (moved != NULL)
		count(tag, (int64_t)size - (int64_t)old_size);
	return moved;
}

void mem_free(enum mem_tag tag, void *p, size_t size)
{
	if (p == NULL)
		return;
	backend->free(p, size);
	count(tag, -(int64_t)size);
}

const char *mem_tag_name(enum mem_tag tag)
{
	static const char *const names[MEM_N_TAGS] = {
	    [MEM_OTHER] = "other", [MEM_GRAPH] = "graph", [MEM_INDEX] = "index",
	    [MEM_UNDO] = "undo",   [MEM_QUERY] = "query", [MEM_PLAN] = "plan",
	    [MEM_NET] = "net",	   [MEM_WAL] = "wal",	  [MEM_SESSION] = "session",
	};

	return (size_t)tag < MEM_N_TAGS ? names[tag] : "unknown";
}

/* A block may be freed by another thread than the one that counted it: single slots may be below
 * zero, their sum is not, except in passing. */
uint64_t mem_used(enum mem_tag tag)
{
	pthread_mutex_lock(&list_lock);
	int64_t sum = atomic_load_explicit(&folded[tag], memory_order_relaxed);
	for (const struct thread_slot *s = list; s != NULL; s = s->next)
		sum += atomic_load_explicit(&s->used[tag], memory_order_relaxed);
	pthread_mutex_unlock(&list_lock);
	return sum > 0 ? (uint64_t)sum : 0;
}

uint64_t mem_used_total(void)
{
	uint64_t sum = 0;

	for (unsigned tag = 0; tag < MEM_N_TAGS; tag++)
		sum += mem_used((enum mem_tag)tag);
	return sum;
}

uint64_t mem_resident(void)
{
	return backend->resident();
}

void mem_set_limit(uint64_t bytes)
{
	atomic_store_explicit(&limit_bytes, bytes, memory_order_relaxed);
}

uint64_t mem_limit(void)
{
	return atomic_load_explicit(&limit_bytes, memory_order_relaxed);
}

uint64_t mem_fail_nth(uint64_t n, bool sticky)
{
	uint64_t counted = slot.n_allocs;

	slot.n_allocs = 0;
	slot.fail_at = n;
	slot.fail_sticky = sticky;
	return counted;
}

static void *libc_alloc(size_t size, size_t align)
{
	if (size == 0)
		size = 1;
	if (align <= _Alignof(max_align_t))
		return malloc(size);
	void *p = NULL;
	return posix_memalign(&p, align, size) == 0 ? p : NULL;
}

static void *libc_resize(void *p, size_t old_size, size_t size)
{
	(void)old_size;
	return realloc(p, size != 0 ? size : 1);
}

static void libc_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static uint64_t libc_resident(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*s %llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

const struct mem_backend mem_libc = {
    .name = "libc",
    .alloc = libc_alloc,
    .resize = libc_resize,
    .free = libc_free,
    .resident = libc_resident,
};
