/* Reading an index: pairs are taken from one leaf under its latch, and count only if the value that
 * the view sees has the pair's key and passes. So an element is found once, whatever its value was
 * or will be. */
#include "store/index_int.h"
#include "value/order.h"

#define LOOKUP_IDS 64

static struct index_list *list_of(const struct graph *g)
{
	return atomic_load_explicit(&((struct graph *)g)->indexes, memory_order_acquire);
}

/* view NULL: the planner asks whether there is one that new views may use. */
struct prop_index *graph_index_find(struct graph *g, const struct view *v, name_id label,
				    name_id key)
{
	const struct index_list *l = list_of(g);

	for (uint32_t i = 0; l != NULL && i < l->n; i++) {
		struct prop_index *ix = l->v[i];
		uint64_t ready = atomic_load_explicit(&ix->ready_lsn, memory_order_acquire);
		if (ix->label == label && ix->key == key && ready != LSN_NEVER &&
		    (v == NULL || v->read_lsn >= ready))
			return ix;
	}
	return NULL;
}

bool prop_index_unique(const struct prop_index *ix)
{
	return ix->unique != NULL;
}

struct graph *prop_index_graph(const struct prop_index *ix)
{
	return ix->graph;
}

struct str prop_index_name(const struct prop_index *ix)
{
	return ix->name;
}

static uint64_t n_keys_of(const struct prop_index *ix)
{
	int64_t n = atomic_load_explicit(&ix->tree.n_keys, memory_order_relaxed);

	return n > 0 ? (uint64_t)n : 0;
}

enum status graph_indexes(struct graph *g, struct arena *a, const struct index_info **ret,
			  uint32_t *ret_n)
{
	const struct index_list *l = list_of(g);
	uint32_t n = l != NULL ? l->n : 0;
	struct index_info *info = ARENA_ARRAY(a, struct index_info, n + 1);

	if (info == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		info[i] = (struct index_info){
		    .name = l->v[i]->name,
		    .label = l->v[i]->label,
		    .key = l->v[i]->key,
		    .unique = l->v[i]->unique != NULL,
		    .ready_lsn = atomic_load(&l->v[i]->ready_lsn),
		    .dropped_lsn = atomic_load(&l->v[i]->dropped_lsn),
		    .n_entries = atomic_load(&l->v[i]->tree.n_pairs),
		    .n_keys = n_keys_of(l->v[i]),
		    .n_lookups = atomic_load(&l->v[i]->n_lookups),
		};
	*ret = info;
	*ret_n = n;
	return ST_OK;
}

/* ---- ranges -------------------------------------------------------------------------------------
 */

struct range_keys { /* from <= a pair of the range < to */
	struct tree_key from, to;
	uint8_t low[INDEX_KEY_MAX], high[INDEX_KEY_MAX + 1];
};

/* The key behind all that begin with it: no byte of a text is 255. */
static uint32_t behind(uint8_t *key, uint32_t len)
{
	while (len > 0 && key[len - 1] == UINT8_MAX)
		len--;
	key[len - 1]++;
	return len;
}

/* Between the bytes that no key begins with. */
static void all_keys(struct range_keys *k)
{
	k->low[0] = 0;
	k->high[0] = UINT8_MAX;
	k->from = (struct tree_key){k->low, 1, 0};
	k->to = (struct tree_key){k->high, 1, 0};
}

/* False: nothing can be in the range: a bound is null, or two bounds do not compare. */
static bool range_keys(const struct index_range *r, struct range_keys *k)
{
	struct value any = r->low_kind != BOUND_NONE ? r->low : r->high;
	uint32_t n;

	if (r->low_kind == BOUND_NONE && r->high_kind == BOUND_NONE) {
		all_keys(k);
		return true;
	}
	if (any.kind == V_NULL || (r->low_kind == BOUND_PREFIX && any.kind != V_STRING) ||
	    (r->high_kind != BOUND_NONE && index_key_rank(r->high) != index_key_rank(any)))
		return false;
	k->low[0] = index_key_rank(any);
	n = r->low_kind != BOUND_NONE ? index_key(r->low, k->low) : 1;
	k->from = (struct tree_key){k->low, n, 0};
	if (r->low_kind == BOUND_PREFIX || r->high_kind == BOUND_NONE) {
		memcpy(k->high, k->low, n);
		n = behind(k->high, r->low_kind == BOUND_PREFIX ? n : 1);
	} else {
		n = index_key(r->high, k->high);
		k->high[n++] = 0; /* behind all pairs of the key, before the next key */
	}
	k->to = (struct tree_key){k->high, n, 0};
	return tree_key_cmp(k->from, k->to) < 0;
}

static bool above(enum index_bound kind, struct value v, struct value low)
{
	enum comparison c;

	switch (kind) {
	case BOUND_NONE:
		return true;
	case BOUND_PREFIX:
		return v.kind == V_STRING && low.kind == V_STRING &&
		       str_starts(value_text(v), value_text(low));
	default:
		c = value_compare(v, low);
		return c == CMP_GREATER || (c == CMP_EQUAL && kind == BOUND_INCLUSIVE);
	}
}

bool index_range_has(const struct index_range *r, struct value v)
{
	if (r->low_kind == BOUND_EQUAL)
		return value_eq(v, r->low) == TRUTH_TRUE;
	if (!above(r->low_kind, v, r->low))
		return false;
	if (r->high_kind == BOUND_NONE)
		return true;
	enum comparison c = value_compare(v, r->high);
	return c == CMP_LESS || (c == CMP_EQUAL && r->high_kind == BOUND_INCLUSIVE);
}

/* ---- a cursor -------------------------------------------------------------------------------- */

struct range_state {
	struct range_keys keys;
	struct tree_key at; /* where the next leaf is looked for */
	uint8_t at_bytes[INDEX_KEY_MAX + 1];
	bool loaded;
	uint32_t from, to; /* pairs of the copy that are left */
	union leaf_page copy;
};

struct index_cursor {
	struct arena *arena;
	struct prop_index *ix;
	const struct view *view;
	struct index_range range;
	bool ended;
	uint64_t next_id;	   /* equality */
	struct range_state *state; /* ranges; made when the first one is opened */
};

struct index_cursor *index_cursor_new(struct arena *a)
{
	struct index_cursor *c = ARENA_NEW(a, struct index_cursor);

	if (c != NULL)
		c->arena = a;
	return c;
}

static void move_to(struct range_state *s, struct tree_key k)
{
	s->loaded = false;
	s->at = (struct tree_key){s->at_bytes, k.len, k.id};
	memcpy(s->at_bytes, k.p, k.len);
}

enum status index_cursor_open(struct index_cursor *c, struct prop_index *ix, const struct view *v,
			      const struct index_range *r)
{
	c->ix = ix;
	c->view = v;
	c->range = *r;
	c->next_id = 0;
	c->ended = r->low_kind == BOUND_EQUAL && r->low.kind == V_NULL;
	atomic_fetch_add_explicit(&ix->n_lookups, 1, memory_order_relaxed);
	if (r->low_kind == BOUND_EQUAL)
		return ST_OK;
	if (c->state == NULL)
		c->state = arena_alloc(c->arena, sizeof *c->state);
	if (c->state == NULL)
		return arena_over_budget(c->arena) ? ST_LIMIT : ST_NOMEM;
	c->ended = !range_keys(r, &c->state->keys);
	if (!c->ended)
		move_to(c->state, r->descending ? c->state->keys.to : c->state->keys.from);
	return ST_OK;
}

/* The value that the view sees, V_NULL when the node does not count. */
static struct value seen_value(const struct index_cursor *c, elem_id id)
{
	uint8_t has;

	graph_nodes_have_label(c->ix->graph, c->view, c->ix->label, &id, 1, &has);
	if (!has || !graph_node_exists(c->ix->graph, c->view, id))
		return VALUE_NULL;
	return graph_node_prop(c->ix->graph, c->view, id, c->ix->key);
}

static uint32_t next_equal(struct index_cursor *c, elem_id *ids, uint32_t max)
{
	uint8_t buf[INDEX_KEY_MAX];
	uint32_t found[BATCH_ROWS], kept = 0;
	struct tree_key k = {buf, index_key(c->range.low, buf), (uint32_t)c->next_id};
	uint32_t want = MIN_OF(max, (uint32_t)BATCH_ROWS);
	uint32_t n = tree_ids(&c->ix->tree, k, found, want);

	c->ended = n < want;
	for (uint32_t i = 0; i < n; i++) {
		struct value v = seen_value(c, found[i]);
		if (v.kind != V_NULL && index_range_has(&c->range, v))
			ids[kept++] = found[i];
	}
	if (n > 0)
		c->next_id = (uint64_t)found[n - 1] + 1;
	return kept;
}

static void load_leaf(struct index_cursor *c)
{
	struct range_state *s = c->state;
	struct leaf *l = &s->copy.leaf;
	bool back = c->range.descending;

	tree_copy_leaf(&c->ix->tree, s->at, back, l);
	s->from = leaf_find(l, back ? s->keys.from : s->at);
	s->to = leaf_find(l, back ? s->at : s->keys.to);
	s->loaded = true;
}

/* The copy is used up: on to the next leaf, if the range goes on there. */
static void leave_leaf(struct index_cursor *c)
{
	struct range_state *s = c->state;
	const struct leaf *l = &s->copy.leaf;
	bool back = c->range.descending;
	struct tree_key next = back ? leaf_low(l) : leaf_high(l);

	c->ended = next.p == NULL || (back ? tree_key_cmp(next, s->keys.from) <= 0
					   : tree_key_cmp(next, s->keys.to) >= 0);
	if (!c->ended)
		move_to(s, next);
}

static bool pair_counts(const struct index_cursor *c, const struct leaf *l, uint32_t i)
{
	uint8_t pair[INDEX_KEY_MAX], own[INDEX_KEY_MAX];
	struct value v = seen_value(c, l->slots[i].id);

	if (v.kind == V_NULL || !index_range_has(&c->range, v))
		return false;
	uint32_t n = leaf_key(l, i, pair);
	return n == index_key(v, own) && memcmp(pair, own, n) == 0;
}

static uint32_t next_of_range(struct index_cursor *c, elem_id *ids, uint32_t max)
{
	struct range_state *s = c->state;
	uint32_t n = 0;

	if (!s->loaded)
		load_leaf(c);
	const struct leaf *l = &s->copy.leaf;
	while (s->from < s->to && n < max) {
		uint32_t i = c->range.descending ? --s->to : s->from++;
		if (pair_counts(c, l, i))
			ids[n++] = l->slots[i].id;
	}
	if (s->from >= s->to)
		leave_leaf(c);
	return n;
}

bool index_cursor_next(struct index_cursor *c, elem_id *ids, uint32_t max, uint32_t *ret_n)
{
	*ret_n = 0;
	if (!c->ended)
		*ret_n = c->range.low_kind == BOUND_EQUAL ? next_equal(c, ids, max)
							  : next_of_range(c, ids, max);
	return !c->ended;
}

enum status prop_index_lookup(struct prop_index *ix, const struct view *v, struct value key,
			      struct arena *a, const elem_id **ret, uint32_t *ret_n)
{
	const struct index_range r = {.low_kind = BOUND_EQUAL, .low = key};
	struct index_cursor c = {.arena = a};
	elem_id *ids = NULL, found[LOOKUP_IDS];
	uint32_t total = 0, room = 0, n;
	bool more = true;

	TRY(index_cursor_open(&c, ix, v, &r));
	while (more) {
		more = index_cursor_next(&c, found, LOOKUP_IDS, &n);
		if (total + n > room || ids == NULL) {
			elem_id *larger = arena_alloc(a, (room = 2 * total + n) * sizeof *ids);
			if (larger == NULL)
				return arena_over_budget(a) ? ST_LIMIT : ST_NOMEM;
			if (total > 0)
				memcpy(larger, ids, total * sizeof *ids);
			ids = larger;
		}
		memcpy(ids + total, found, n * sizeof *ids);
		total += n;
	}
	*ret = ids;
	*ret_n = total;
	return ST_OK;
}

/* ---- estimates ------------------------------------------------------------------------------- */

double prop_index_all_rows(const struct prop_index *ix)
{
	return (double)atomic_load_explicit(&ix->tree.n_pairs, memory_order_relaxed);
}

double prop_index_rows_per_key(const struct prop_index *ix)
{
	double keys = (double)n_keys_of(ix);

	return prop_index_unique(ix) || keys < 1 ? 1 : MAX_OF(prop_index_all_rows(ix) / keys, 1.0);
}

double prop_index_rows(struct prop_index *ix, const struct index_range *r)
{
	struct range_keys k;

	if (r->low_kind == BOUND_EQUAL)
		return r->low.kind != V_NULL ? prop_index_rows_per_key(ix) : 0;
	if (!range_keys(r, &k))
		return 0;
	double part = tree_rank(&ix->tree, k.to) - tree_rank(&ix->tree, k.from);
	return part * prop_index_all_rows(ix);
}
