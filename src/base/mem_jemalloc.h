/* base/mem_jemalloc.h - the server's allocator back-end.
 *
 * Room: base, archive libbase_jemalloc only: libgeode and the sanitizer builds never link it. */
#ifndef BASE_MEM_JEMALLOC_H
#define BASE_MEM_JEMALLOC_H

#include "base/mem.h"

extern const struct mem_backend mem_jemalloc;

#define MEM_KEEP_FREED_MS 500 /* before freed pages go back to the system */

/* Makes it the back-end, before the first allocation. A thread of jemalloc's own gives pages back,
 * so that what a load or a large query has freed does not stay with an idle server. Only the
 * program that owns the process may ask for that. */
void mem_jemalloc_install(void);

#endif
