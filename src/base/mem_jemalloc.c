/* base/mem_jemalloc.c - jemalloc behind the allocator's door. */
#include "base/mem_jemalloc.h"

#include <jemalloc/jemalloc.h>
#include <sys/types.h>

#define PAGE ((size_t)4096)
#define PAGES_MIN (4 * PAGE) /* smaller blocks come out of slabs, which begin at a page */

/* jemalloc shifts a large block by a random number of cache lines, unless it is told where the
 * block shall begin. Whole pages then lie in one page more: an eighth of a column of 32 KiB. */
static int whole_pages(size_t size)
{
	return size >= PAGES_MIN && size % PAGE == 0 ? MALLOCX_ALIGN(PAGE) : 0;
}

static void *je_alloc(size_t size, size_t align)
{
	if (size == 0)
		size = 1;
	int flags = align > _Alignof(max_align_t) ? MALLOCX_ALIGN(align) : whole_pages(size);
	return mallocx(size, flags);
}

static void *je_resize(void *p, size_t old_size, size_t size)
{
	(void)old_size;
	return rallocx(p, size != 0 ? size : 1, whole_pages(size));
}

/* Not sdallocx: it must be told the alignment too, which our callers do not keep, because an
 * aligned block may belong to another size class than its size says. */
static void je_free(void *p, size_t size)
{
	(void)size;
	dallocx(p, 0);
}

static uint64_t je_resident(void)
{
	uint64_t epoch = 1; /* writing it refreshes the statistics */
	size_t epoch_len = sizeof epoch, resident = 0, resident_len = sizeof resident;

	if (mallctl("epoch", &epoch, &epoch_len, &epoch, sizeof epoch) != 0 ||
	    mallctl("stats.resident", &resident, &resident_len, NULL, 0) != 0)
		return 0;
	return resident;
}

const struct mem_backend mem_jemalloc = {
    .name = "jemalloc",
    .alloc = je_alloc,
    .resize = je_resize,
    .free = je_free,
    .resident = je_resident,
};

/* A setting that cannot be made costs memory, nothing else. */
void mem_jemalloc_install(void)
{
	bool on = true;
	ssize_t keep_ms = MEM_KEEP_FREED_MS;

	(void)mallctl("background_thread", NULL, NULL, &on, sizeof on);
	(void)mallctl("arenas.dirty_decay_ms", NULL, NULL, &keep_ms, sizeof keep_ms);
	(void)mallctl("arena.0.dirty_decay_ms", NULL, NULL, &keep_ms, sizeof keep_ms);
	mem_install(&mem_jemalloc);
}
