/* exec/idset.h - a set of 64-bit integers, made for ids and other small numbers.
 *
 * Room:   exec (private to it).
 * Memory: in an arena of the query; ends with it.
 *
 * Numbers below IDSET_DENSE lie in a bitmap made of pages that appear when first used: no hash, no
 * zeroing in advance, eight thousand ids in a kilobyte. When the pages stay nearly empty (numbers
 * far apart) no more are made, and what has no page goes to a hash table, as do all larger numbers.
 */
#ifndef EXEC_IDSET_H
#define EXEC_IDSET_H

#include "base/arena.h"
#include "base/status.h"

#define IDSET_PAGE_BITS 4096u
#define IDSET_DENSE (1u << 26)

struct idset {
	struct arena *arena;
	uint64_t **pages; /* by number / IDSET_PAGE_BITS; NULL: no page */
	uint32_t n_dir;	  /* entries of pages */
	uint32_t n_pages;
	bool sealed;	/* no more pages */
	uint64_t n;	/* members */
	int64_t *slots; /* open addressing */
	uint64_t mask, n_hashed;
	bool has_free_mark; /* the member that marks free slots */
};

void idset_init(struct idset *s, struct arena *a);
/* *ret_new: it was not a member before. ST_NOMEM. */
enum status idset_add_slow(struct idset *s, int64_t key, bool *ret_new) MUST_CHECK;
bool idset_has(const struct idset *s, int64_t key);

static inline MUST_CHECK enum status idset_add(struct idset *s, int64_t key, bool *ret_new)
{
	uint64_t page = (uint64_t)key / IDSET_PAGE_BITS;

	if (LIKELY(page < s->n_dir && s->pages[page] != NULL)) {
		uint64_t *word = &s->pages[page][(uint64_t)key % IDSET_PAGE_BITS / 64];
		uint64_t bit = UINT64_C(1) << ((uint64_t)key & 63);
		*ret_new = (*word & bit) == 0;
		*word |= bit;
		s->n += *ret_new;
		return ST_OK;
	}
	return idset_add_slow(s, key, ret_new);
}

#endif
