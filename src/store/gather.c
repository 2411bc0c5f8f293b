/* Properties of many elements into a column: the step that filters and projections stand on. Values
 * are gathered first, then, after an acquire fence, elements with versions take the value that the
 * view sees. */
#include "store/store_int.h"

static struct value prop_under(struct chunk *c, const struct table *t, uint32_t slot, name_id key,
			       const struct view *v)
{
	struct value now = slot < t->cap ? table_prop(t, slot, key) : VALUE_NULL;

	atomic_thread_fence(memory_order_acquire);
	struct undo *u = chunk_chain(c, slot);
	if (u != NULL)
		undo_prop(u, v, key, &now);
	return now;
}

static struct value one_prop(struct graph *g, const struct view *v, enum elem_kind kind, elem_id id,
			     name_id key)
{
	struct chunk *c = chunk_of(g, kind, id);

	if (c == NULL || key == NAME_NONE)
		return VALUE_NULL;
	return prop_under(c, atomic_load_explicit(&c->table, memory_order_acquire), slot_of(id),
			  key, v);
}

struct value graph_node_prop(struct graph *g, const struct view *v, elem_id id, name_id key)
{
	return one_prop(g, v, ELEM_NODE, id, key);
}

struct value graph_edge_prop(struct graph *g, const struct view *v, elem_id id, name_id key)
{
	return one_prop(g, v, ELEM_EDGE, id, key);
}

/* ---- the gather -------------------------------------------------------------------------------
 */

struct gather {
	struct graph *g;
	const struct view *view;
	enum elem_kind kind;
	name_id key;
	struct column *ret;
	bool decided; /* the column's kind is set */
	/* the chunk of the element before */
	struct chunk *chunk;
	const struct table *table;
	const struct pcol *col;
	bool versions;
};

static void open_chunk(struct gather *x, struct chunk *c)
{
	x->chunk = c;
	x->col = NULL;
	if (c == NULL)
		return;
	x->table = atomic_load_explicit(&c->table, memory_order_acquire);
	for (uint32_t i = 0; i < x->table->n_cols && x->col == NULL; i++)
		if (x->table->cols[i].key == x->key)
			x->col = &x->table->cols[i];
}

/* The first value decides the kind of the column. */
static bool fits(struct gather *x, struct value v)
{
	enum column_kind kind = column_kind_of((enum value_kind)v.kind);

	if (v.kind == V_NULL)
		return true;
	if (!x->decided) {
		x->decided = true;
		x->ret->kind = (uint8_t)kind;
		return kind != COL_VALUE;
	}
	return x->ret->kind == kind;
}

static struct value gather_one(struct gather *x, elem_id id)
{
	uint32_t slot = slot_of(id);
	struct chunk *c = chunk_of(x->g, x->kind, id);

	if (c != x->chunk)
		open_chunk(x, c);
	if (c == NULL || slot >= x->table->cap)
		return VALUE_NULL;
	return prop_under(c, x->table, slot, x->key, x->view);
}

static void gather_mixed(struct gather *x, const elem_id *ids, const uint16_t *rows, uint32_t n)
{
	x->ret->kind = COL_VALUE;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = rows != NULL ? rows[i] : i;
		x->ret->v[row] = gather_one(x, ids[row]);
	}
}

static bool gather_typed(struct gather *x, const elem_id *ids, const uint16_t *rows, uint32_t n)
{
	bool nulls_before = false;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = rows != NULL ? rows[i] : i;
		struct value v = gather_one(x, ids[row]);
		if (!fits(x, v))
			return false;
		if (v.kind != V_NULL) {
			column_put(x->ret, row, v);
			continue;
		}
		bit_set(x->ret->nulls,
			row); /* the kind may not be known yet: bits are right for all */
		nulls_before = true;
	}
	x->ret->has_null = nulls_before;
	return true;
}

static int64_t int_at(const struct pcol *p, uint32_t slot)
{
	switch ((enum col_kind)p->kind) {
	case PC_INT1:
		return LOAD((int8_t *)p->data + slot);
	case PC_INT2:
		return LOAD((int16_t *)p->data + slot);
	case PC_INT4:
		return LOAD((int32_t *)p->data + slot);
	default:
		return LOAD((int64_t *)p->data + slot);
	}
}

/* All of one chunk in a row, an integer column, no versions: what scans and filters mostly meet. */
static uint32_t run_of_ints(struct gather *x, const elem_id *ids, uint32_t n)
{
	const struct pcol *p = x->col;
	uint64_t i_chunk = ids[0] >> CHUNK_SHIFT;
	uint32_t i = 0;

	if (p == NULL || p->kind > PC_INT8)
		return 0;
	for (; i < n && ids[i] >> CHUNK_SHIFT == i_chunk; i++) {
		uint32_t slot = slot_of(ids[i]);
		if (slot >= x->table->cap || !shared_bit(p->present, slot))
			break;
		x->ret->i[i] = int_at(p, slot);
	}
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&x->chunk->undo, memory_order_acquire) == NULL ? i : 0;
}

/* Runs of integers, chunk after chunk; false as soon as anything else is met. */
static bool gather_runs(struct gather *x, const elem_id *ids, uint32_t n)
{
	struct column whole = *x->ret;
	uint32_t done = 0;

	while (done < n) {
		struct chunk *c = chunk_of(x->g, x->kind, ids[done]);
		if (c != x->chunk)
			open_chunk(x, c);
		x->ret->i = whole.i + done;
		uint32_t got = c != NULL ? run_of_ints(x, ids + done, n - done) : 0;
		x->ret->i = whole.i;
		if (got == 0)
			return false;
		done += got;
	}
	return true;
}

/* Integers of elements from all over the graph. Each step of the way to a value is taken for all of
 * them before the next one, so that the waits for memory overlap: of a graph much larger than the
 * caches that is most of the time. One fence stands between all values and all looks for versions.
 * False as soon as anything else is met. */
static bool gather_scattered(struct gather *x, const elem_id *ids, const uint16_t *rows, uint32_t n)
{
	struct chunk *chunks[BATCH_ROWS];
	const struct pcol *cols[BATCH_ROWS];

	for (uint32_t i = 0; i < n; i++) {
		chunks[i] = chunk_of(x->g, x->kind, ids[rows != NULL ? rows[i] : i]);
		if (chunks[i] == NULL)
			return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (chunks[i] != x->chunk)
			open_chunk(x, chunks[i]);
		cols[i] = x->col;
		if (x->col == NULL || x->col->kind > PC_INT8 ||
		    slot_of(ids[rows != NULL ? rows[i] : i]) >= x->table->cap)
			return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = rows != NULL ? rows[i] : i, slot = slot_of(ids[row]);
		if (!shared_bit(cols[i]->present, slot))
			return false;
		x->ret->i[row] = int_at(cols[i], slot);
	}
	atomic_thread_fence(memory_order_acquire);
	for (uint32_t i = 0; i < n; i++)
		if (atomic_load_explicit(&chunks[i]->undo, memory_order_acquire) != NULL)
			return false;
	return true;
}

#define LOOK_AHEAD 32u /* elements that tell whether ids jump from chunk to chunk */

static bool is_scattered(const elem_id *ids, uint32_t n)
{
	uint32_t look = MIN_OF(n, LOOK_AHEAD), jumps = 0;

	for (uint32_t i = 1; i < look; i++)
		jumps += ids[i] >> CHUNK_SHIFT != ids[i - 1] >> CHUNK_SHIFT;
	return jumps > look / 4;
}

/* Whole column of integers; false as soon as anything else is met. */
static bool gather_ints(struct gather *x, const elem_id *ids, const uint16_t *rows, uint32_t n)
{
	if (rows != NULL || is_scattered(ids, n))
		return gather_scattered(x, ids, rows, n);
	return gather_runs(x, ids, n);
}

static enum status gather(struct gather *x, const elem_id *ids, const uint16_t *rows, uint32_t n)
{
	x->ret->is_const = false;
	x->ret->has_null = false;
	memset(x->ret->nulls, 0, BATCH_ROWS / 8);
	x->ret->kind = COL_INT; /* also of a column without any value */
	if (n == 0 || gather_ints(x, ids, rows, n))
		return ST_OK;
	x->chunk = NULL;
	if (!gather_typed(x, ids, rows, n)) {
		x->ret->has_null = false;
		gather_mixed(x, ids, rows, n);
	}
	return ST_OK;
}

enum status graph_node_props(struct graph *g, const struct view *v, name_id key, const elem_id *ids,
			     const uint16_t *rows, uint32_t n, struct column *ret)
{
	struct gather x = {.g = g, .view = v, .kind = ELEM_NODE, .key = key, .ret = ret};

	return gather(&x, ids, rows, n);
}

enum status graph_edge_props(struct graph *g, const struct view *v, name_id key, const elem_id *ids,
			     const uint16_t *rows, uint32_t n, struct column *ret)
{
	struct gather x = {.g = g, .view = v, .kind = ELEM_EDGE, .key = key, .ret = ret};

	return gather(&x, ids, rows, n);
}

/* ---- all properties of one element -------------------------------------------------------------
 */

struct key_set { /* ascending, each once */
	struct arena *arena;
	name_id *v;
	uint32_t n, cap;
};

static bool add_key(struct key_set *s, name_id key)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->v[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < s->n && s->v[lo] == key)
		return true;
	if (s->n == s->cap) {
		name_id *larger = arena_alloc(s->arena, 2 * (size_t)s->cap * sizeof *larger);
		if (larger == NULL)
			return false;
		memcpy(larger, s->v, s->n * sizeof *larger);
		s->v = larger;
		s->cap *= 2;
	}
	memmove(s->v + lo + 1, s->v + lo, (s->n - lo) * sizeof s->v[0]);
	s->v[lo] = key;
	s->n++;
	return true;
}

/* Keys that the slot may have for the view: its columns, its overflow, and the versions above the
 * first that the view sees. Those below it say nothing to the view: a transaction that has written
 * one element again and again does not walk over what it wrote. */
static bool collect_keys(struct key_set *s, const struct chunk *c, const struct table *t,
			 uint32_t slot, const struct view *v)
{
	bool ok = true;

	for (uint32_t i = 0; i < t->n_cols && ok; i++)
		ok = add_key(s, t->cols[i].key);
	const struct overflow *o =
	    t->overflow != NULL && slot < t->cap
		? atomic_load_explicit(&t->overflow[slot], memory_order_acquire)
		: NULL;
	for (uint32_t i = 0; o != NULL && i < o->n && ok; i++)
		ok = add_key(s, o->props[i].key);
	atomic_thread_fence(memory_order_acquire);
	for (struct undo *u = chunk_chain(c, slot); u != NULL && ok && !undo_visible(u, v);
	     u = atomic_load_explicit(&u->next, memory_order_acquire))
		if (u->kind == UNDO_PROP)
			ok = add_key(s, u->key);
	return ok;
}

static enum status all_props(struct graph *g, const struct view *v, enum elem_kind kind, elem_id id,
			     struct arena *a, const struct prop **ret, uint32_t *ret_n)
{
	struct chunk *c = chunk_of(g, kind, id);
	name_id few[CHUNK_COLUMNS_MAX]; /* the usual case leaves no keys behind in the arena */
	struct key_set keys = {.arena = a, .v = few, .cap = ARRAY_LEN(few)};
	uint32_t n = 0;

	*ret = NULL;
	*ret_n = 0;
	if (c == NULL)
		return ST_OK;
	const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
	struct prop *props = NULL;
	if (collect_keys(&keys, c, t, slot_of(id), v))
		props = arena_alloc(a, ((size_t)keys.n + 1) * sizeof *props);
	if (props == NULL)
		return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
	for (uint32_t i = 0; i < keys.n; i++) {
		struct value x = prop_under(c, t, slot_of(id), keys.v[i], v);
		if (x.kind != V_NULL)
			props[n++] = (struct prop){keys.v[i], x};
	}
	*ret = props;
	*ret_n = n;
	return ST_OK;
}

enum status graph_node_all_props(struct graph *g, const struct view *v, elem_id id, struct arena *a,
				 const struct prop **ret, uint32_t *ret_n)
{
	return all_props(g, v, ELEM_NODE, id, a, ret, ret_n);
}

enum status graph_edge_all_props(struct graph *g, const struct view *v, elem_id id, struct arena *a,
				 const struct prop **ret, uint32_t *ret_n)
{
	return all_props(g, v, ELEM_EDGE, id, a, ret, ret_n);
}
