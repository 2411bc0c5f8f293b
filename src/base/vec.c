/* base/vec.c - growth of typed arrays. */
#include "base/vec.h"

#define VEC_FIRST 8u /* elements of the first block */

bool vec_grow_(enum mem_tag tag, void **v, uint32_t *cap, size_t want, size_t elem)
{
	if (want <= *cap)
		return true;
	if (want > UINT32_MAX)
		return false;

	size_t bigger = MAX_OF((size_t)*cap * 2, (size_t)VEC_FIRST);
	bigger = MIN_OF(MAX_OF(bigger, want), (size_t)UINT32_MAX);
	if (bigger > SIZE_MAX / 2 / elem)
		return false;
	void *p = mem_resize(tag, *v, (size_t)*cap * elem, bigger * elem);
	if (p == NULL)
		return false;
	*v = p;
	*cap = (uint32_t)bigger;
	return true;
}
