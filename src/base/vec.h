/* base/vec.h - typed growable arrays.
 *
 * Room: base. VEC(type) declares an anonymous struct {type *v; uint32_t n, cap;}, zero is empty.
 * The tag is given where memory moves. A failed push leaves the array as it was. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/mem.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		uint32_t n, cap;                                                                   \
	}

/* True on success. */
#define vec_reserve(tag, vec, want)                                                                \
	vec_grow_((tag), (void **)&(vec)->v, &(vec)->cap, (want), sizeof((vec)->v[0]))
#define vec_push(tag, vec, ...)                                                                    \
	(vec_reserve((tag), (vec), (size_t)(vec)->n + 1)                                           \
	     ? ((vec)->v[(vec)->n++] = (__VA_ARGS__), true)                                        \
	     : false)
#define vec_release(tag, vec)                                                                      \
	do {                                                                                       \
		mem_free((tag), (vec)->v, (size_t)(vec)->cap * sizeof((vec)->v[0]));               \
		(vec)->v = NULL;                                                                   \
		(vec)->n = (vec)->cap = 0;                                                         \
	} while (0)
#define vec_last(vec) ((vec)->v[(vec)->n - 1])

bool vec_grow_(enum mem_tag tag, void **v, uint32_t *cap, size_t want, size_t elem) MUST_CHECK;

#endif
