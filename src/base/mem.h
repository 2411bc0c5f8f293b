/* base/mem.h - the only door to the allocator.
 *
 * Room:    base.
 * Threads: all functions from any thread.
 * Errors:  NULL means "no memory" and is always handled by the caller.
 *
 * Two back-ends behind one table: libc's malloc (the default: libgeode, the tools, sanitizers and
 * valgrind) and jemalloc, which the server installs at start (mem_jemalloc.c). Frees give the size,
 * so that a back-end may use sized deallocation and the counters need no header per block. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/attr.h"

enum mem_tag {
	MEM_OTHER,
	MEM_GRAPH,
	MEM_INDEX,
	MEM_UNDO,
	MEM_QUERY,
	MEM_PLAN,
	MEM_NET,
	MEM_WAL,
	MEM_SESSION,
	MEM_N_TAGS,
};

struct mem_backend {
	const char *name;
	void *(*alloc)(size_t size, size_t align);
	void *(*resize)(void *p, size_t old_size, size_t size);
	void (*free)(void *p, size_t size);
	uint64_t (*resident)(void); /* bytes, 0: not known */
};

extern const struct mem_backend mem_libc;

/* Before the first allocation of the process only. */
void mem_install(const struct mem_backend *backend);

/* size 0 is allowed and gives a pointer that must be freed with size 0. */
void *mem_alloc(enum mem_tag tag, size_t size) MUST_CHECK;
void *mem_zalloc(enum mem_tag tag, size_t size) MUST_CHECK; /* zeroed */
void *mem_alloc_aligned(enum mem_tag tag, size_t size, size_t align) MUST_CHECK;
/* NULL leaves the old block untouched. Not for blocks of mem_alloc_aligned. */
void *mem_resize(enum mem_tag tag, void *p, size_t old_size, size_t size) MUST_CHECK;
void mem_free(enum mem_tag tag, void *p, size_t size); /* p may be NULL */

#define MEM_NEW(tag, type) ((type *)mem_zalloc(tag, sizeof(type)))
#define MEM_FREE(tag, ptr) mem_free(tag, (ptr), sizeof(*(ptr)))

const char *mem_tag_name(enum mem_tag tag);
uint64_t mem_used(enum mem_tag tag); /* bytes, exact when the process is quiet */
uint64_t mem_used_total(void);
uint64_t mem_resident(void); /* the back-end's view */

/* Process-wide limit in bytes over all tags, 0: none. An allocation over it gives NULL. */
void mem_set_limit(uint64_t bytes);
uint64_t mem_limit(void);

/* Tests: the nth allocation from now on (1 = the next) in this thread fails, and all after it when
 * sticky; 0 switches it off. Returns how many allocations were counted since the last call. */
uint64_t mem_fail_nth(uint64_t n, bool sticky);

#endif
