/* store/store_int.h - the layout of the store in memory.
 *
 * Room: store, private. What may change is said at each member; the order of loads and stores that
 * lets readers work without latches stands in README.md ("Readers and one writer a chunk"). */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include "base/bits.h"
#include "base/latch.h"
#include "base/map.h"
#include "base/vec.h"
#include "store/graph.h"

#define CHUNK_SHIFT 12
#define CHUNK_SLOTS (1u << CHUNK_SHIFT)
#define CHUNK_SLOTS_MIN 16
#define CHUNK_COLUMNS_MAX 128 /* property keys of a chunk with a column; further ones overflow */
#define DIR_PAGE 1024	      /* chunks of one page of a directory */
#define DIR_PAGES 1024	      /* 2^32 slots in all */
#define CODED_TEXT_MAX 64     /* bytes; longer texts are not coded */
#define CODED_TEXTS_MAX 4096  /* texts coded for one key; further ones are blocks of their own */
#define INDEXES_MAX 256	      /* of one graph */
#define LABEL_SETS_MAX 65536  /* combinations of labels in use, of all graphs */

/* ---- names ------------------------------------------------------------------------------- */

struct dict_entry {
	struct str text;
	name_id id;
	uint64_t hash;
};

struct dict_table { /* open addressing; entries are only added, a larger table replaces it */
	struct retired retired;
	uint32_t mask;
	struct dict_entry *_Atomic slots[];
};

#define DICT_PAGE 1024
#define DICT_PAGES 4096

struct dict {
	struct mutex lock; /* writers */
	struct dict_table *_Atomic table;
	_Atomic uint32_t n;
	struct dict_entry **_Atomic pages[DICT_PAGES];
};

enum status dict_init(struct dict *d) MUST_CHECK;
void dict_release(struct dict *d);
name_id dict_find(struct dict *d, struct str name);
/* The id, made when new. ST_LIMIT: DICT_PAGE * DICT_PAGES names. */
enum status dict_add(struct dict *d, struct epoch_table *e, struct str name,
		     name_id *ret) MUST_CHECK;
struct str dict_text(struct dict *d, name_id id);

/* ---- boxed values: immutable, one block ---------------------------------------------------------
 */

struct box {
	uint32_t size;	    /* of the block */
	struct value value; /* texts and elements lie behind it */
};

/* NULL: no memory. v must be storable (value_is_storable). */
struct box *box_new(struct value v);
void box_free(struct box *b);
bool value_is_storable(struct value v);

/* ---- labels
 * --------------------------------------------------------------------------------------- */

struct label_set { /* immutable; lives as long as the store */
	uint32_t id, n;
	name_id labels[]; /* ascending */
};

bool label_set_has(const struct label_set *s, name_id label);
const struct label_set *label_set_get(struct store *s, uint32_t id);
/* The set with these labels (sorted here, duplicates dropped), made when new. */
enum status label_set_make(struct store *s, const name_id *labels, uint32_t n,
			   const struct label_set **ret) MUST_CHECK;

/* ---- chunks
 * -------------------------------------------------------------------------------------------- */

enum elem_kind { ELEM_NODE, ELEM_EDGE };

enum col_kind {
	PC_INT1,
	PC_INT2,
	PC_INT4,
	PC_INT8,
	PC_FLOAT,
	PC_BOOL,
	PC_CODE, /* uint32_t: a text of the store's dictionary */
	PC_TEXT, /* struct box *, all strings */
	PC_BOX,	 /* struct box *, any kind */
};

struct pcol { /* a property column; the arrays are shared by the tables that did not change them */
	name_id key;
	uint8_t kind;	   /* enum col_kind */
	void *data;	   /* cap elements */
	uint64_t *present; /* cap bits */
};

struct overflow { /* immutable: properties of one element that have no column */
	struct retired retired;
	uint32_t n;
	struct overflow_prop {
		name_id key;
		struct box *box;
	} props[];
};

struct adj_head { /* a node's edges: 0, a block, or a struct adj_types with bit 0 set */
	_Atomic uintptr_t dir[2];
};

#define TABLE_NONE UINT32_MAX
#define TABLE_ALL (UINT32_MAX - 1)

/* One layout of a chunk. A change of layout makes a new table; what it replaces is retired, and
 * with it the arrays that the new one does not share. Arrays have no heads: the sizes of nearly all
 * are powers of two, as the allocator's are. */
struct table {
	struct retired retired;
	struct store *store;
	uint32_t cap;  /* slots */
	uint32_t gone; /* arrays that no younger table has: TABLE_NONE, TABLE_ALL, or a column's */
	uint64_t *exists;
	struct adj_head *adj; /* nodes */
	uint32_t *ends;	      /* edges: from, to for each slot; written before the edge exists */
	uint32_t *sets;	      /* label set of each slot, 0: the chunk's; NULL: no exceptions */
	struct overflow *_Atomic *overflow; /* NULL: none */
	uint32_t n_cols;
	struct pcol cols[];
};

/* What a store of a property has taken out of the slot. */
struct taken {
	struct box *box;
	struct overflow *overflow; /* the block that was replaced */
	bool from_overflow;	   /* the key has no column in this chunk */
};

enum undo_kind { UNDO_EXISTS, UNDO_PROP, UNDO_LABELS };

struct undo {
	struct undo *_Atomic next; /* older, of the same slot */
	struct mark *mark;
	uint32_t seq;
	uint32_t slot;
	uint8_t kind;	   /* enum undo_kind */
	uint8_t n_holders; /* its chain, and its transaction until that is cleaned up: maintenance
			      only */
	bool undone;	   /* its value was put back; under the latch */
	bool ends_slot;	   /* with it goes the last version of the slot's holder */
	bool old_exists;
	name_id key;
	uint32_t old_set;
	struct value old;   /* UNDO_PROP; texts point into taken.box */
	struct taken taken; /* owned by the entry */
	struct chunk *chunk;
	struct retired retired;
};

struct undo_side { /* beside a chunk while somebody needs versions */
	struct retired retired;
	uint32_t cap, n_slots; /* n_slots: slots with a chain; under the latch */
	_Atomic uint64_t *bits;
	struct undo *_Atomic heads[];
};

struct chunk {
	struct graph *graph;
	uint64_t base;		     /* id of slot 0 */
	uint8_t kind;		     /* enum elem_kind */
	const struct label_set *set; /* nodes */
	name_id type;		     /* edges */
	struct latch latch;	     /* writers */
	struct table *_Atomic table;
	struct undo_side *_Atomic undo;
	_Atomic bool has_exceptions; /* some slot has another label set; never goes back */
	uint32_t n_used;	     /* slots handed out; under the latch */
	/* Nodes: blocks that were made, replaced or dropped, so far: a chunk in which this stands
	 * still is quiet. Stored under the latch, loaded by maintenance, which remembers what it
	 * has met and what it has settled. */
	_Atomic uint32_t n_changes;
	uint32_t changes_seen, changes_settled;
	VEC(uint16_t) free_slots; /* under the latch */
	bool is_open;		  /* in its list of open chunks, or on the way there; latch */
	struct chunk *next_open;  /* of that list; space's lock */
};

struct space {		   /* all nodes, or all edges, of a graph */
	struct mutex lock; /* new chunks, open chunks */
	_Atomic uint32_t n_chunks;
	struct chunk *_Atomic *_Atomic pages[DIR_PAGES];
	struct map_u64 open; /* label set or type -> list of struct chunk with room (or that had) */
	struct chunk *_Atomic reopened; /* full ones that have got a hole; pushed under the latch */
};

/* ---- adjacency
 * --------------------------------------------------------------------------------------------- */

struct clause { /* what a stamp points to: the transaction and the clause that wrote */
	struct mark *mark;
	uint32_t seq;
	struct clause *next; /* of the transaction */
};

#define STAMP_NONE ((uintptr_t)0)
#define STAMP_ABORTED UINTPTR_MAX /* as create stamp: never visible */
#define STAMP_LSN(lsn) ((uintptr_t)(lsn) << 1 | 1)

struct stamp {
	_Atomic uintptr_t create,
	    del; /* STAMP_NONE, STAMP_ABORTED, STAMP_LSN() or struct clause * */
};

struct stamps {
	struct retired retired;
	uint32_t cap;
	uint32_t n_stamped; /* stamps that are not NONE; under the latch */
	uint32_t n_dead;    /* of them: aborted creates, deletes below every horizon */
	struct stamp v[];
};

struct block { /* what retires it is made with the block that takes its place: this head is small */
	struct stamps *_Atomic stamps;
	name_id type;
	_Atomic uint32_t n; /* never falls; entries below it never change */
	uint32_t cap;
	uint32_t pack_at; /* bytes from the start of its pack; 0: memory of its own */
	uint32_t nodes[]; /* cap neighbours, then cap edge ids */
};

#define PACK_BYTES (64u * 1024)		/* a size class of the allocator: none of it is wasted */
#define PACK_BLOCK_MAX (PACK_BYTES / 4) /* bytes of a block; larger ones have their own memory */

/* One piece of memory for blocks of one chunk that are not expected to grow. Readers and writers do
 * not know of it: a packed block is replaced like any other. It goes with the last of its blocks.
 * Only the loading or the collecting thread touches it: blocks are made and freed there. */
struct pack {
	uint32_t size, used; /* bytes, this head included */
	uint32_t n_made;
	uint32_t n_held; /* blocks not freed, and one for who is still making some */
	uint64_t data[];
};

static inline const uint32_t *block_edges(const struct block *b)
{
	return b->nodes + b->cap;
}

struct adj_types { /* blocks by type; in a head it has bit 0 set; replaced when a type is added */
	struct retired retired;
	uint32_t n;
	struct adj_type {
		name_id type;
		struct block *_Atomic block;
	} v[];
};

static inline struct adj_types *adj_head_types(uintptr_t head) /* NULL: a block, or nothing */
{
	return (head & 1) != 0 ? (struct adj_types *)(head & ~(uintptr_t)1) : NULL;
}

/* ---- graph
 * ---------------------------------------------------------------------------------------------------
 */

struct index_list { /* immutable */
	struct retired retired;
	uint32_t n, n_unique; /* of them: with a unique constraint */
	struct prop_index *v[];
};

struct graph {
	struct store *store;
	uint32_t id, place;
	struct str name;
	/* Commits that made and dropped it; views between the two see it. LSN_NEVER: not yet. Both
	 * change under the commit lock, so before the LSN can become a read point. */
	_Atomic uint64_t born_lsn, dropped_lsn;
	_Atomic uint32_t n_users; /* transactions that wrote in it and are not cleaned up */
	struct retired retired;
	struct space spaces[2]; /* by enum elem_kind */
	struct index_list *_Atomic indexes;
	_Atomic int64_t n_nodes, n_edges;
	struct mutex count_lock;
	struct map_u64 label_counts, type_counts; /* name_id -> int64_t; under count_lock */
	struct map_u64 end_counts; /* label, type and direction -> edges; under count_lock */
};

struct store {
	struct epoch_table epochs;
	struct dict names[NAME_N_KINDS];
	_Atomic uint64_t catalog_version;
	_Atomic uint64_t
	    n_constraints; /* made so far, of all graphs; changed under the caller's lock */
	_Atomic uint32_t n_places, next_graph_id;
	struct graph *_Atomic graphs[GRAPHS_MAX]; /* by place; places are given again, ids never */
	uint64_t settling_bytes; /* that settle.c has replaced and that wait for their epoch;
				    collecting thread */
	struct dict texts;	 /* property texts that repeat; never removed */
	struct mutex set_lock;
	struct map_u64 text_counts; /* key -> texts that were coded for it; under set_lock */
	struct map_u64 set_hashes;  /* hash -> id of the first set with it */
	_Atomic uint32_t n_sets;
	const struct label_set *_Atomic *sets;
};

/* Single aligned accesses that readers and the one writer share. A gather is relaxed loads and then
 * a fence; ThreadSanitizer does not understand fences, so it gets acquire loads. */
#ifdef __SANITIZE_THREAD__
#define LOAD(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#else
#define LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#endif
#define STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

static inline bool shared_bit(const uint64_t *w, uint32_t i)
{
	return (LOAD(&w[i >> 6]) >> (i & 63) & 1) != 0;
}
static inline void shared_bit_put(uint64_t *w, uint32_t i, bool on) /* one writer */
{
	uint64_t bit = UINT64_C(1) << (i & 63), old = LOAD(&w[i >> 6]);
	STORE(&w[i >> 6], on ? old | bit : old & ~bit);
}

/* ---- inner functions
 * -------------------------------------------------------------------------------------------- */

/* chunk.c */
struct chunk *space_chunk(struct space *s, uint32_t i); /* NULL: never made */
static inline struct chunk *chunk_of(struct graph *g, enum elem_kind kind, elem_id id)
{
	return id >> CHUNK_SHIFT < UINT32_MAX
		   ? space_chunk(&g->spaces[kind], (uint32_t)(id >> CHUNK_SHIFT))
		   : NULL;
}
static inline uint32_t slot_of(elem_id id)
{
	return (uint32_t)id & (CHUNK_SLOTS - 1);
}
enum status space_init(struct space *s) MUST_CHECK;
void space_release(struct graph *g, struct space *s);
/* A slot for a new element; not existing yet. */
enum status slot_take(struct graph *g, enum elem_kind kind, const struct label_set *set,
		      name_id type, struct chunk **ret_chunk, uint32_t *ret_slot) MUST_CHECK;
/* The same slot as another run had: makes its chunk when it is missing. Recovery and loading only.
 */
enum status slot_take_at(struct graph *g, enum elem_kind kind, elem_id id,
			 const struct label_set *set, name_id type, struct chunk **ret) MUST_CHECK;
void slot_give_back(struct chunk *c, uint32_t slot); /* under the latch */
/* Label-set number of a slot, 0: the chunk's own. Under the latch. */
uint32_t chunk_slot_set(const struct chunk *c, uint32_t slot);
enum status chunk_sets_make(struct chunk *c) MUST_CHECK;
enum status chunk_put_set(struct chunk *c, uint32_t slot, uint32_t set) MUST_CHECK;
/* Under the latch; the table has room for slot afterwards. */
enum status chunk_grow(struct chunk *c, uint32_t slot) MUST_CHECK;

size_t pcol_width(uint8_t kind); /* bytes of one element */
void *array_new(size_t size);	 /* zeroed; NULL: no memory */
void array_free(void *data, size_t size);
/* A copy with the same arrays and room for n_cols columns; NULL: no memory. */
struct table *table_clone(const struct table *old, uint32_t n_cols);
/* Publishes a new layout and retires the old table. gone: what the new one does not share. */
void chunk_set_table(struct chunk *c, struct table *t, uint32_t gone);

/* props.c: writers hold the latch */
struct value table_prop(const struct table *t, uint32_t slot, name_id key); /* V_NULL: absent */
/* Stores v (V_NULL removes) in place, changing the layout when it must. *ret: the caller's. After
 * an error the value in place is the old one. */
enum status chunk_put_prop(struct chunk *c, uint32_t slot, name_id key, struct value v,
			   struct taken *ret) MUST_CHECK;
void taken_free(struct taken *t); /* nobody reads it any more */
/* Puts the old value of an undo entry back; what was in place becomes the entry's. Cannot fail. */
void chunk_restore_prop(struct chunk *c, struct undo *u);
void table_free(struct retired *r);
void chunk_reset_slot(struct chunk *c, uint32_t slot); /* nothing of its last holder stays */

/* undo.c */
enum status undo_side_make(struct chunk *c) MUST_CHECK; /* room for every slot of the table */
void undo_side_free(struct retired *r);
/* Publishes u as the newest of its slot. */
void undo_link(struct chunk *c, struct undo *u);
static inline bool mark_visible(const struct view *v, struct mark *m, uint32_t seq)
{
	if (v->own == m && m != NULL)
		return seq <= v->own_seq;
	uint64_t w = atomic_load_explicit(&m->word, memory_order_acquire);
	return w != MARK_ACTIVE && w != MARK_ABORTED && w <= v->read_lsn;
}
/* The chain of a slot, NULL when it has none. After the gather and an acquire fence. */
static inline struct undo *chunk_chain(const struct chunk *c, uint32_t slot)
{
	struct undo_side *s = atomic_load_explicit(&c->undo, memory_order_acquire);
	if (LIKELY(s == NULL) || slot >= s->cap ||
	    (atomic_load_explicit(&s->bits[slot >> 6], memory_order_acquire) >> (slot & 63) & 1) ==
		0)
		return NULL;
	return atomic_load_explicit(&s->heads[slot], memory_order_acquire);
}
static inline bool undo_visible(const struct undo *u, const struct view *v)
{
	return mark_visible(v, u->mark, u->seq);
}
bool undo_exists(struct undo *u, const struct view *v, bool now);
uint32_t undo_set(struct undo *u, const struct view *v, uint32_t now);
void undo_prop(struct undo *u, const struct view *v, name_id key, struct value *now);

/* block.c: the memory of blocks */
size_t block_size(uint32_t cap);
struct block *block_new(name_id type, uint32_t cap); /* without entries; NULL: no memory */
void block_free(struct block *b); /* nobody reads it; with its stamps; may be NULL */
struct old_block;
struct old_block *old_block_new(void);	  /* to retire one; NULL: no memory */
void old_block_free(struct old_block *o); /* it was not used; may be NULL */
/* Stamps too. */
void block_retire(struct epoch_table *e, struct block *b, struct old_block *o);
struct stamps *stamps_new(uint32_t cap);
void stamps_free(struct retired *r);
/* Room for blocks of so many bytes; PACK_BYTES at most. NULL: no memory. */
struct pack *pack_new(size_t bytes);
#define PACK_ROOM (PACK_BYTES - sizeof(struct pack))
struct block *pack_block(struct pack *p, name_id type, uint32_t cap); /* the room was asked for */
void pack_close(struct pack *p); /* no further block is made in it */
static inline struct pack *block_pack(const struct block *b)
{
	return b->pack_at == 0 ? NULL : (struct pack *)((uintptr_t)b - b->pack_at);
}
static inline uint32_t block_n(const struct block *b)
{
	return atomic_load_explicit(&((struct block *)b)->n, memory_order_relaxed);
}

/* build.c: adjacency of a graph whose nodes and edges are there; nobody else uses the store.
 * entries_max: so many are sorted at a time, or those of one chunk; a test may want few. */
#define BUILD_ENTRIES_MIN (1u << 17)
#define BUILD_PARTS 8		    /* of a larger graph: memory for sorting stays small */
#define BUILD_THREAD_MIN (1u << 16) /* edges; fewer are not worth the start of a thread */
enum status build_adjacency(struct graph *g, uint64_t entries_max) MUST_CHECK;

/* adj.c: writers hold the latch of the node's chunk */
struct block *adj_find(uintptr_t head, name_id type);
/* by NULL: no stamp, for loading. *ret_at: where, a hint for adj_locate. */
enum status adj_append(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type,
		       uint32_t node, uint32_t edge, struct clause *by,
		       uint32_t *ret_at) MUST_CHECK;
/* The live entry of an edge; false when it is not there. hint: where it was once. */
bool adj_locate(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type, uint32_t edge,
		uint32_t hint, struct block **ret, uint32_t *ret_i);
#define ADJ_NO_HINT UINT32_MAX
enum status adj_stamps(struct chunk *c, struct block *b) MUST_CHECK; /* makes them when missing */
void adj_set_stamp(struct block *b, uint32_t i, bool is_delete, uintptr_t stamp);
bool stamp_visible(const struct view *v, uintptr_t stamp);
/* Every view sees the entry that m's transaction has made or deleted: its stamp becomes NONE, or an
 * LSN: dead. Then the block is cleaned. */
void adj_settle(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type, uint32_t edge,
		uint32_t hint, bool is_delete, const struct mark *m);
/* Behind a change that was taken back: its stamps were. */
void adj_clean(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type);
/* Recovery: the entry is dead at once. The stamps were made. */
void adj_remove(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *b, uint32_t i);
/* A copy takes the place of a block if that stands there as it was copied: as many entries, no
 * stamps. */
bool adj_swap_block(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *old,
		    struct block *copy);
/* Puts a block in the place of the one of its type, which is the caller's to retire, or adds it.
 * ST_NOMEM only when it is added. */
enum status adj_set_block(struct chunk *c, uint32_t slot, enum adj_dir dir,
			  struct block *b) MUST_CHECK;
void adj_reset(struct chunk *c, uint32_t slot);

/* index.c: writers hold the latch of the node's chunk */
void index_add(struct chunk *c, uint32_t slot, name_id key, struct value v, bool *ret_failed);
void index_drop_value(struct chunk *c, uint32_t slot, name_id key, struct value v);
void index_drop_slot(struct chunk *c, uint32_t slot); /* all values in place */
void index_add_slot(struct chunk *c, uint32_t slot, bool *ret_failed);
void index_list_free(struct retired *r);
void graph_indexes_release(struct graph *g);
struct unique *index_unique(const struct prop_index *ix); /* NULL: it is a plain index */

/* catalog.c */
void graph_free(struct graph *g);

/* counts.c */
void count_labels(struct graph *g, const struct label_set *set, int64_t by);
void count_type(struct graph *g, name_id type, int64_t by);
/* Edges of the type at nodes with these labels. Labels that a node gets or loses later do not move
 * its edges. */
void count_ends(struct graph *g, const struct label_set *set, name_id type, enum adj_dir dir,
		int64_t by);

struct writer;
/* ST_CONFLICT: the writer keeps a reference to the mark it has lost to (writer.lost_to). Until it
 * is taken something else must hold the mark: an entry or a claim under its latch, a clause under
 * the epoch. */
enum status writer_lose(struct writer *w, struct mark *to) MUST_CHECK;

#endif
