/* store/index_tree.h - the ordered set of (key, id) pairs behind a property index.
 *
 * Room:    store, private.
 * Threads: any number of readers and writers, each with an epoch slot (or alone).
 * Errors:  ST_NOMEM from inserting; nothing has changed then. Removing cannot fail.
 *
 * A B+-tree. Pairs stand in leaves, each under a latch of its own that is held for one search and
 * one bounded copy. Inner nodes are read without latches: their separators never change; a change
 * makes a new node in the old one's place and retires it, and only a pointer to a child is ever
 * overwritten. Whoever locks a leaf asks whether it still covers the key (it may have been split or
 * given back meanwhile) and goes down again if not. One latch of the tree orders changes of its
 * shape: tree latch, then leaf latches; nobody waits for the first while holding one of the others.
 *
 * A key is a byte string that compares as its value does (index_key.c). */
#ifndef STORE_INDEX_TREE_H
#define STORE_INDEX_TREE_H

#include <string.h>

#include "base/epoch.h"
#include "base/latch.h"
#include "value/value.h"

/* Bytes of a key; of a longer text its beginning: who finds one compares the value itself. */
#define INDEX_KEY_MAX 255
#define LEAF_BYTES 4096
#define INNER_MAX 64 /* children */
#define TREE_LEVELS_MAX 16

/* A pair, or a place between pairs: by bytes, then length, then id. */
struct tree_key {
	const uint8_t *p; /* NULL: before all, or behind all */
	uint32_t len;
	uint32_t id;
};

/* ---- index_key.c ---------------------------------------------------------------------------- */

/* The key of a value, not null; its length. Values that are equal have one key; of two others that
 * which comes first in value_order() has no larger key. */
uint32_t index_key(struct value v, uint8_t out[INDEX_KEY_MAX]);
/* The first byte of all keys of the kind and of those it compares with. */
uint8_t index_key_rank(struct value v);

/* ---- index_leaf.c: one leaf, its latch held ----------------------------------------------- */

struct tree_node {
	struct retired retired;
	uint32_t level; /* 0: a leaf */
};

struct leaf_slot {     /* the tail of a key: what follows the leaf's prefix */
	uint32_t head; /* its first four bytes as a number, zeros behind the end */
	uint32_t id;
	uint16_t at, len; /* len: of the tail; what is longer than the head stands at `at` */
};

struct leaf_fence {
	uint32_t id;
	uint16_t at, len; /* at 0: there is none */
};

struct leaf { /* slots grow from the front, bytes from the back */
	struct tree_node node;
	struct latch latch; /* of all that follows */
	bool dead;	    /* given back: whoever still comes here goes down again */
	uint16_t n;
	uint16_t top;	  /* where the bytes begin */
	uint16_t garbage; /* bytes that nothing points to */
	uint16_t prefix_at, prefix_len;
	struct leaf_fence low, high; /* low <= every pair < high */
	struct leaf_slot slots[];
};

union leaf_page { /* room for a leaf */
	struct leaf leaf;
	uint8_t bytes[LEAF_BYTES];
};

enum leaf_result { LEAF_ADDED, LEAF_THERE, LEAF_FULL };

/* memcmp() for what is mostly a few bytes long. */
static inline int tree_bytes_cmp(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	if (n > 8)
		return memcmp(a, b, n);
	for (uint32_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

int tree_key_cmp(struct tree_key a, struct tree_key b);
uint32_t tree_key_common(struct tree_key a, struct tree_key b); /* bytes that both begin with */
struct leaf *leaf_new(void); /* empty, without fences; NULL: no memory */
void leaf_free(struct leaf *l);
void leaf_copy(struct leaf *dst, const struct leaf *src); /* all but head and latch */
struct tree_key leaf_low(const struct leaf *l);		  /* points into the leaf; p NULL: none */
struct tree_key leaf_high(const struct leaf *l);
bool leaf_covers(const struct leaf *l, struct tree_key k);
/* The first pair that is not below k; n when all are. */
uint32_t leaf_find(const struct leaf *l, struct tree_key k);
/* Copies the key of pair i; its length. */
uint32_t leaf_key(const struct leaf *l, uint32_t i, uint8_t out[INDEX_KEY_MAX]);
/* Up to max ids of pairs with k's bytes, from k on. */
uint32_t leaf_ids(const struct leaf *l, struct tree_key k, uint32_t *ids, uint32_t max);
/* *ret_new, when added: no other pair has the key's bytes. */
enum leaf_result leaf_insert(struct leaf *l, struct tree_key k, bool *ret_new);
/* False: it is not there. *ret_last: no other pair has the key's bytes. */
bool leaf_remove(struct leaf *l, struct tree_key k, bool *ret_last);
/* Where to split so that k, which did not fit, gets room: the fence, in buf. */
struct tree_key leaf_cut(const struct leaf *l, struct tree_key k, uint32_t *ret_cut,
			 uint8_t buf[INDEX_KEY_MAX]);
/* Moves the pairs from cut on into the empty leaf `right`. */
void leaf_split(struct leaf *l, struct leaf *right, uint32_t cut, struct tree_key fence);
/* Other fences; false, and nothing has changed: no room for them. */
bool leaf_set_fences(struct leaf *l, struct tree_key low, struct tree_key high);

/* ---- index_tree.c -----------------------------------------------------------------------------
 */

struct index_tree {
	struct epoch_table *epochs;
	struct tree_node *_Atomic root;
	_Atomic uint64_t n_changes; /* of the shape */
	/* What every writer changes lies apart from what every reader needs. */
	CACHE_ALIGNED _Atomic uint64_t n_pairs;
	_Atomic int64_t n_keys; /* different byte strings, about */
	struct latch latch;	/* of the shape */
};

enum status tree_init(struct index_tree *t, struct epoch_table *epochs) MUST_CHECK;
void tree_release(struct index_tree *t); /* nobody uses it */
/* A pair that is there already stays there once. */
enum status tree_insert(struct index_tree *t, struct tree_key k) MUST_CHECK;
void tree_remove(struct index_tree *t, struct tree_key k);
/* Up to max ids of the key's bytes from k.id on, ascending. */
uint32_t tree_ids(struct index_tree *t, struct tree_key k, uint32_t *ids, uint32_t max);
/* A copy of the leaf in which k lies; backward: of that in which what is just below k lies. */
void tree_copy_leaf(struct index_tree *t, struct tree_key k, bool backward, struct leaf *ret);
/* About which part of all pairs is below k: 0 to 1. */
double tree_rank(struct index_tree *t, struct tree_key k);

#endif
