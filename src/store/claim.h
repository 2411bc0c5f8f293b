/* store/claim.h - the claims of one unique constraint: a table from values to who holds them.
 *
 * Room:    store, private to constraint.c.
 * Threads: claims are read and changed under the latch of their shard.
 * Memory:  a claim belongs to the table, or to whoever took it out. */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include "store/constraint.h"

#define UNIQUE_SHARDS 64

/* What is alone with its hash and settled is an id in the map, for which the value is looked up in
 * the node: nobody changes it before he has dropped the claim. All else is a list of these. */
struct claim {
	struct claim *next;   /* of the same hash; newer ones first */
	struct value value;   /* V_NULL: it is the node's, as above */
	struct box *box;      /* holds what the value points to; NULL: it points nowhere */
	struct mark *made;    /* NULL: every view sees the claim; else a reference */
	struct mark *dropped; /* NULL: it holds; else a reference */
	uint32_t id;
};

#define CLAIM_IS_ID 1 /* in a map's value: the rest is an id, not a pointer */

struct claims {
	struct latch latch;
	struct map_u64 keys; /* hash of the value -> struct claim *, or an id with CLAIM_IS_ID */
} CACHE_ALIGNED;

struct unique {
	_Atomic uint32_t n_refs;
	struct graph *graph;
	struct str name;
	name_id label, key;
	uint64_t since;
	struct claims shards[UNIQUE_SHARDS];
};

/* Whether the constraint says anything about the value. */
bool unique_counts(struct value v);

uint64_t claim_hash(struct value v);
struct claims *claims_of(struct unique *u, uint64_t hash);
/* NULL: no memory. The value is copied. */
struct claim *claim_new(struct value v, elem_id id);
void claim_free(struct claim *c);		   /* in no table; may be NULL */
void claim_hold(struct mark **at, struct mark *m); /* with a reference; m may be NULL */
void claim_let_go(struct mark **at);

/* ---- under the latch ---- */

bool claim_is(const struct unique *u, const struct claim *c, struct value v);
/* The claims of a hash; one that is an id in the map is shown in *spare. */
struct claim *claims_first(const struct claims *s, uint64_t hash, struct claim *spare);
/* The claim by which the node holds the value now, whoever made it; from c on. */
struct claim *claims_held(const struct unique *u, struct claim *c, struct value v, elem_id id);
/* False: no memory, nothing has changed. */
bool claims_add(struct claims *s, uint64_t hash, struct claim *c) MUST_CHECK;
/* Every view sees it and the value is in place. */
bool claims_add_id(struct claims *s, uint64_t hash, elem_id id) MUST_CHECK;
/* One that is an id in the map is its hash's only one. */
void claims_remove(struct claims *s, uint64_t hash, struct claim *gone);
/* A claim that every view sees and that nobody drops keeps no value; alone, it becomes an id. Its
 * value is in place. */
void claims_fold(struct claims *s, uint64_t hash, struct claim *c);

#endif
