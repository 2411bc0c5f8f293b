/* base/mem_jemalloc.h - the server's allocator back-end.
 *
 * Room: base, archive libbase_jemalloc only: libgeode and the sanitizer builds never link it. */
#ifndef BASE_MEM_JEMALLOC_H
#define BASE_MEM_JEMALLOC_H

#include "base/mem.h"

extern const struct mem_backend mem_jemalloc;

#endif
