/* Adjacency: per node, direction and type one block of neighbours and edge ids. Entries below n
 * never change; create and delete stamps stand in an array that exists while a transaction needs
 * it. */
#include "store/store_int.h"

#define BLOCK_FIRST 2
#define BLOCK_SMALL 64 /* entries; smaller blocks are copied for any dead entry */

static uint32_t *edges_of(struct block *b)
{
	return b->nodes + b->cap;
}

/* ---- where a node's blocks are ------------------------------------------------------------- */

static bool is_types(uintptr_t head)
{
	return (head & 1) != 0;
}

static struct adj_types *types_of(uintptr_t head)
{
	return (struct adj_types *)(head & ~(uintptr_t)1);
}

struct block *adj_find(uintptr_t head, name_id type)
{
	if (head == 0)
		return NULL;
	if (!is_types(head)) {
		struct block *b = (struct block *)head;
		return b->type == type ? b : NULL;
	}
	const struct adj_types *t = types_of(head);
	for (uint32_t i = 0; i < t->n; i++)
		if (t->v[i].type == type)
			return atomic_load_explicit(&t->v[i].block, memory_order_acquire);
	return NULL;
}

static _Atomic uintptr_t *head_of(struct chunk *c, uint32_t slot, enum adj_dir dir)
{
	return &atomic_load_explicit(&c->table, memory_order_relaxed)->adj[slot].dir[dir];
}

static size_t types_size(uint32_t n)
{
	return sizeof(struct adj_types) + n * sizeof(struct adj_type);
}

static void types_free(struct retired *r)
{
	struct adj_types *t = container_of(r, struct adj_types, retired);

	mem_free(MEM_GRAPH, t, types_size(t->n));
}

static void count_change(struct chunk *c)
{
	atomic_store_explicit(&c->n_changes,
			      atomic_load_explicit(&c->n_changes, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

enum status adj_set_block(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *b)
{
	_Atomic uintptr_t *at = head_of(c, slot, dir);
	uintptr_t head = atomic_load_explicit(at, memory_order_relaxed);
	struct adj_types *old = NULL, *t;
	uint32_t n = 0;

	if (head == 0 || (!is_types(head) && ((struct block *)head)->type == b->type)) {
		atomic_store_explicit(at, (uintptr_t)b, memory_order_release);
		return ST_OK;
	}
	if (is_types(head)) {
		old = types_of(head);
		n = old->n;
		for (uint32_t i = 0; i < n; i++) {
			if (old->v[i].type != b->type)
				continue;
			atomic_store_explicit(&old->v[i].block, b, memory_order_release);
			return ST_OK;
		}
	}
	t = mem_zalloc(MEM_GRAPH, types_size((old != NULL ? n : 1) + 1));
	if (t == NULL)
		return ST_NOMEM;
	if (old != NULL) {
		memcpy(t->v, old->v, n * sizeof t->v[0]);
	} else {
		t->v[0].type = ((struct block *)head)->type;
		atomic_init(&t->v[0].block, (struct block *)head);
		n = 1;
	}
	t->v[n].type = b->type;
	atomic_init(&t->v[n].block, b);
	t->n = n + 1;
	atomic_store_explicit(at, (uintptr_t)t | 1, memory_order_release);
	if (old != NULL)
		epoch_retire(&c->graph->store->epochs, &old->retired, types_free);
	return ST_OK;
}

bool adj_swap_block(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *old,
		    struct block *copy)
{
	uintptr_t head = atomic_load_explicit(head_of(c, slot, dir), memory_order_relaxed);

	if (adj_find(head, old->type) != old || block_n(old) != block_n(copy) ||
	    atomic_load_explicit(&old->stamps, memory_order_relaxed) != NULL)
		return false;
	(void)!adj_set_block(c, slot, dir, copy); /* replaces: needs no memory */
	return true;
}

/* ---- appending
 * ----------------------------------------------------------------------------------- */

static struct block *block_copy(struct block *old, uint32_t cap)
{
	uint32_t n = atomic_load_explicit(&old->n, memory_order_relaxed);
	struct stamps *s = atomic_load_explicit(&old->stamps, memory_order_relaxed), *copy = NULL;
	struct block *b = block_new(old->type, cap);

	if (b != NULL && s != NULL)
		copy = stamps_new(cap);
	if (b == NULL || (s != NULL && copy == NULL)) {
		block_free(b);
		return NULL;
	}
	memcpy(b->nodes, old->nodes, n * sizeof(uint32_t));
	memcpy(edges_of(b), edges_of(old), n * sizeof(uint32_t));
	for (uint32_t i = 0; s != NULL && i < n; i++) {
		atomic_init(&copy->v[i].create,
			    atomic_load_explicit(&s->v[i].create, memory_order_relaxed));
		atomic_init(&copy->v[i].del,
			    atomic_load_explicit(&s->v[i].del, memory_order_relaxed));
	}
	if (s != NULL) {
		copy->n_stamped = s->n_stamped;
		copy->n_dead = s->n_dead;
	}
	atomic_init(&b->stamps, copy);
	atomic_init(&b->n, n);
	return b;
}

enum status adj_stamps(struct chunk *c, struct block *b)
{
	(void)c;
	if (atomic_load_explicit(&b->stamps, memory_order_relaxed) != NULL)
		return ST_OK;
	struct stamps *s = stamps_new(b->cap);
	if (s == NULL)
		return ST_NOMEM;
	atomic_store_explicit(&b->stamps, s, memory_order_release);
	return ST_OK;
}

static enum status room_for_one(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type,
				struct block **ret)
{
	struct block *b =
	    adj_find(atomic_load_explicit(head_of(c, slot, dir), memory_order_relaxed), type);

	if (b == NULL) {
		b = block_new(type, BLOCK_FIRST);
		if (b == NULL)
			return ST_NOMEM;
		enum status st = adj_set_block(c, slot, dir, b);
		if (st != ST_OK) {
			block_free(b);
			return st;
		}
		count_change(c);
	} else if (atomic_load_explicit(&b->n, memory_order_relaxed) == b->cap) {
		struct block *larger =
		    block_copy(b, b->cap + MAX_OF(b->cap / 2, (uint32_t)BLOCK_FIRST));
		struct old_block *o = old_block_new();
		if (larger == NULL || o == NULL) {
			block_free(larger);
			old_block_free(o);
			return ST_NOMEM;
		}
		(void)!adj_set_block(c, slot, dir, larger); /* replaces: needs no memory */
		block_retire(&c->graph->store->epochs, b, o);
		count_change(c);
		b = larger;
	}
	*ret = b;
	return ST_OK;
}

enum status adj_append(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type,
		       uint32_t node, uint32_t edge, struct clause *by, uint32_t *ret_at)
{
	struct block *b;

	TRY(room_for_one(c, slot, dir, type, &b));
	if (by != NULL)
		TRY(adj_stamps(c, b));
	uint32_t n = atomic_load_explicit(&b->n, memory_order_relaxed);
	if (by != NULL)
		adj_set_stamp(b, n, false, (uintptr_t)by);
	b->nodes[n] = node;
	edges_of(b)[n] = edge;
	atomic_store_explicit(&b->n, n + 1, memory_order_release);
	*ret_at = n;
	return ST_OK;
}

/* A dead entry: no view, now or later, can see it. */
static bool is_dead_stamp(bool is_delete, uintptr_t stamp)
{
	return is_delete ? (stamp & 1) != 0 : stamp == STAMP_ABORTED;
}

static bool entry_is_dead(const struct stamps *s, uint32_t i)
{
	return is_dead_stamp(false, atomic_load_explicit(&s->v[i].create, memory_order_relaxed)) ||
	       is_dead_stamp(true, atomic_load_explicit(&s->v[i].del, memory_order_relaxed));
}

static bool is_live_entry(struct block *b, uint32_t i, uint32_t edge)
{
	const struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);

	return i < block_n(b) && edges_of(b)[i] == edge && (s == NULL || !entry_is_dead(s, i));
}

/* Where the edge is if the block is in the order of its edges' numbers, as nearly all are. */
static uint32_t place_in_order(struct block *b, uint32_t edge)
{
	uint32_t lo = 0, hi = block_n(b);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (edges_of(b)[mid] < edge)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* An edge's number may stand in a block more than once: under earlier holders, which are dead. */
bool adj_locate(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type, uint32_t edge,
		uint32_t hint, struct block **ret, uint32_t *ret_i)
{
	struct block *b =
	    adj_find(atomic_load_explicit(head_of(c, slot, dir), memory_order_relaxed), type);

	if (b == NULL)
		return false;
	*ret = b;
	*ret_i = hint;
	if (is_live_entry(b, hint, edge))
		return true;
	*ret_i = place_in_order(b, edge);
	if (is_live_entry(b, *ret_i, edge))
		return true;
	for (uint32_t i = block_n(b); i-- > 0;) {
		*ret_i = i;
		if (is_live_entry(b, i, edge))
			return true;
	}
	return false;
}

void adj_set_stamp(struct block *b, uint32_t i, bool is_delete, uintptr_t stamp)
{
	struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);
	_Atomic uintptr_t *at;

	if (s == NULL) {
		assert(stamp == STAMP_NONE);
		return;
	}
	at = is_delete ? &s->v[i].del : &s->v[i].create;
	uintptr_t old = atomic_load_explicit(at, memory_order_relaxed);
	s->n_stamped += (uint32_t)(stamp != STAMP_NONE) - (uint32_t)(old != STAMP_NONE);
	s->n_dead +=
	    (uint32_t)is_dead_stamp(is_delete, stamp) - (uint32_t)is_dead_stamp(is_delete, old);
	atomic_store_explicit(at, stamp, memory_order_release);
}

bool stamp_visible(const struct view *v, uintptr_t stamp)
{
	if (stamp == STAMP_ABORTED)
		return false;
	if ((stamp & 1) != 0)
		return stamp >> 1 <= v->read_lsn;
	const struct clause *by = (const struct clause *)stamp;
	return mark_visible(v, by->mark, by->seq);
}

/* ---- cleaning
 * ----------------------------------------------------------------------------------------
 */

/* A copy without the dead entries takes the block's place. Without memory a later call tries again.
 */
static void compact(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *b)
{
	struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);
	uint32_t n = block_n(b), live = n - s->n_dead, at = 0;
	struct block *copy = block_new(b->type, MAX_OF(live, (uint32_t)BLOCK_FIRST));
	bool versions = s->n_stamped > s->n_dead;
	struct old_block *o = old_block_new();
	struct stamps *stamps = copy != NULL && versions ? stamps_new(copy->cap) : NULL;

	if (copy == NULL || o == NULL || (versions && stamps == NULL)) {
		block_free(copy);
		old_block_free(o);
		if (stamps != NULL)
			stamps_free(&stamps->retired);
		return;
	}
	atomic_init(&copy->stamps, stamps);
	for (uint32_t i = 0; i < n; i++) {
		if (entry_is_dead(s, i))
			continue;
		copy->nodes[at] = b->nodes[i];
		edges_of(copy)[at] = edges_of(b)[i];
		adj_set_stamp(copy, at, false,
			      atomic_load_explicit(&s->v[i].create, memory_order_relaxed));
		adj_set_stamp(copy, at, true,
			      atomic_load_explicit(&s->v[i].del, memory_order_relaxed));
		at++;
	}
	assert(at == live);
	atomic_init(&copy->n, live);
	(void)!adj_set_block(c, slot, dir, copy); /* replaces: needs no memory */
	block_retire(&c->graph->store->epochs, b, o);
	count_change(c);
}

/* Dead entries go when they are a good part of the block, so that a hub is not copied for each. The
 * stamps go when nothing is left in them: no create, no delete, no aborted one [M]. */
static void clean(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *b)
{
	struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);
	uint32_t n = block_n(b);

	if (s != NULL && s->n_dead > 0 && (n <= BLOCK_SMALL || s->n_dead >= n / 4)) {
		compact(c, slot, dir, b);
	} else if (s != NULL && s->n_stamped == 0) {
		atomic_store_explicit(&b->stamps, NULL, memory_order_release);
		epoch_retire(&c->graph->store->epochs, &s->retired, stamps_free);
	}
}

static bool is_stamp_of(uintptr_t stamp, const struct mark *m)
{
	return stamp != STAMP_NONE && (stamp & 1) == 0 && ((const struct clause *)stamp)->mark == m;
}

void adj_settle(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type, uint32_t edge,
		uint32_t hint, bool is_delete, const struct mark *m)
{
	struct block *b;
	uint32_t i;

	if (!adj_locate(c, slot, dir, type, edge, hint, &b, &i))
		return;
	struct stamps *s = atomic_load_explicit(&b->stamps, memory_order_relaxed);
	if (s == NULL)
		return;
	const _Atomic uintptr_t *at = is_delete ? &s->v[i].del : &s->v[i].create;
	if (is_stamp_of(atomic_load_explicit(at, memory_order_relaxed), m))
		adj_set_stamp(b, i, is_delete,
			      is_delete
				  ? STAMP_LSN(atomic_load_explicit(&m->word, memory_order_relaxed))
				  : STAMP_NONE);
	clean(c, slot, dir, b);
}

void adj_clean(struct chunk *c, uint32_t slot, enum adj_dir dir, name_id type)
{
	struct block *b =
	    adj_find(atomic_load_explicit(head_of(c, slot, dir), memory_order_relaxed), type);

	if (b != NULL)
		clean(c, slot, dir, b);
}

void adj_remove(struct chunk *c, uint32_t slot, enum adj_dir dir, struct block *b, uint32_t i)
{
	adj_set_stamp(b, i, true, STAMP_LSN(0));
	clean(c, slot, dir, b);
}

/* The slot's last holder is gone for everybody. */
void adj_reset(struct chunk *c, uint32_t slot)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		_Atomic uintptr_t *at = head_of(c, slot, (enum adj_dir)dir);
		uintptr_t head = atomic_load_explicit(at, memory_order_relaxed);
		atomic_store_explicit(at, 0, memory_order_release);
		if (head == 0)
			continue;
		count_change(c);
		if (!is_types(head)) {
			block_free((struct block *)head);
			continue;
		}
		struct adj_types *t = types_of(head);
		for (uint32_t i = 0; i < t->n; i++)
			block_free(t->v[i].block);
		types_free(&t->retired);
	}
}

/* ---- reading
 * --------------------------------------------------------------------------------------------- */

struct cursor { /* adj_cursor's private part */
	const struct block *block;
	const struct stamps *stamps;
	const struct adj_types *types;
	uint32_t i, n, i_type;
};

_Static_assert(sizeof(struct cursor) <= sizeof(((struct adj_cursor *)0)->private_), "cursor fits");

static struct cursor *cursor_of(struct adj_cursor *c)
{
	return (struct cursor *)c->private_;
}

/* n before stamps: no stamps means that all n are visible. */
static void open_block(struct cursor *k, const struct block *b)
{
	k->block = b;
	k->i = 0;
	k->n = b != NULL ? atomic_load_explicit(&b->n, memory_order_acquire) : 0;
	k->stamps = b != NULL ? atomic_load_explicit(&b->stamps, memory_order_acquire) : NULL;
}

void adj_open(struct adj_cursor *c, struct graph *g, const struct view *v, elem_id node,
	      enum adj_dir dir, name_id type)
{
	struct cursor *k = cursor_of(c);
	const struct chunk *chunk = chunk_of(g, ELEM_NODE, node);
	uint32_t slot = slot_of(node);

	c->g = g;
	c->view = v;
	*k = (struct cursor){0};
	if (chunk == NULL)
		return;
	const struct table *t = atomic_load_explicit(&chunk->table, memory_order_acquire);
	if (slot >= t->cap)
		return;
	uintptr_t head = atomic_load_explicit(&t->adj[slot].dir[dir], memory_order_acquire);
	if (type != NAME_NONE || !is_types(head)) {
		open_block(k, type != NAME_NONE ? adj_find(head, type) : (struct block *)head);
		return;
	}
	k->types = types_of(head);
	open_block(k, atomic_load_explicit(&k->types->v[0].block, memory_order_acquire));
}

static bool entry_visible(const struct cursor *k, const struct view *v, uint32_t i)
{
	uintptr_t create = atomic_load_explicit(&k->stamps->v[i].create, memory_order_acquire);
	uintptr_t del = atomic_load_explicit(&k->stamps->v[i].del, memory_order_acquire);

	return (create == STAMP_NONE || stamp_visible(v, create)) &&
	       (del == STAMP_NONE || !stamp_visible(v, del));
}

/* The next run of visible entries of the open block. */
static bool next_run(struct cursor *k, const struct view *v, struct adj_slice *ret)
{
	uint32_t from = k->i, to = k->n;

	if (k->stamps != NULL) {
		while (from < k->n && !entry_visible(k, v, from))
			from++;
		for (to = from; to < k->n && entry_visible(k, v, to);)
			to++;
	}
	k->i = to;
	if (from == to)
		return false;
	*ret = (struct adj_slice){
	    .nodes = k->block->nodes + from,
	    .edges = block_edges(k->block) + from,
	    .n = to - from,
	    .type = k->block->type,
	};
	return true;
}

bool adj_next(struct adj_cursor *c, struct adj_slice *ret)
{
	struct cursor *k = cursor_of(c);

	for (;;) {
		if (k->i < k->n && next_run(k, c->view, ret))
			return true;
		if (k->types == NULL || ++k->i_type >= k->types->n)
			return false;
		open_block(
		    k, atomic_load_explicit(&k->types->v[k->i_type].block, memory_order_acquire));
	}
}

uint64_t adj_degree(struct graph *g, const struct view *v, elem_id node, enum adj_dir dir,
		    name_id type)
{
	struct adj_cursor c;
	struct adj_slice s;
	uint64_t n = 0;

	adj_open(&c, g, v, node, dir, type);
	while (adj_next(&c, &s))
		n += s.n;
	return n;
}

void adj_prefetch(struct graph *g, const elem_id *ids, uint32_t n, enum adj_dir dir)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct chunk *c = chunk_of(g, ELEM_NODE, ids[i]);
		if (c == NULL)
			continue;
		const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
		uint32_t slot = slot_of(ids[i]);
		if (slot < t->cap)
			__builtin_prefetch(
			    (const void *)(LOAD((uintptr_t *)&t->adj[slot].dir[dir]) &
					   ~(uintptr_t)1));
	}
}
