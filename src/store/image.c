#include "store/image.h"

#include "store/index.h"
#include "store/store_int.h"
#include "store/write.h"
#include "value/vcodec.h"

static enum status buf_status(const struct buf *b)
{
	return buf_ok(b) ? ST_OK : ST_NOMEM;
}

/* ---- names, catalog
 * ------------------------------------------------------------------------------ */

enum status image_names(struct store *s, struct buf *out)
{
	for (unsigned kind = 0; kind < NAME_N_KINDS; kind++) {
		uint32_t n = store_name_count(s, (enum name_kind)kind);
		put_varint(out, n);
		for (uint32_t i = 0; i < n; i++)
			put_lstr(out, store_name_text(s, (enum name_kind)kind, i));
	}
	return buf_status(out);
}

enum status image_load_names(struct store *s, struct str bytes)
{
	struct reader r = reader_of(bytes.p, bytes.len);

	for (unsigned kind = 0; kind < NAME_N_KINDS; kind++) {
		uint64_t n = get_varint(&r);
		for (uint64_t i = 0; i < n && !r.failed; i++) {
			name_id id;
			struct str name = get_lstr(&r);
			if (r.failed)
				break;
			TRY(store_name_add(s, (enum name_kind)kind, name, &id));
			if (id != i)
				return ST_CORRUPT;
		}
	}
	return r.failed ? ST_CORRUPT : ST_OK;
}

static bool index_is_seen(const struct index_info *ix, const struct view *v)
{
	return ix->ready_lsn <= v->read_lsn && v->read_lsn < ix->dropped_lsn;
}

static enum status put_graph(struct graph *g, const struct view *v, struct arena *a,
			     struct buf *out)
{
	const struct index_info *ix;
	uint32_t n, n_seen = 0;

	put_varint(out, g->id);
	put_lstr(out, g->name);
	TRY(graph_indexes(g, a, &ix, &n));
	for (uint32_t i = 0; i < n; i++)
		n_seen += index_is_seen(&ix[i], v);
	put_varint(out, n_seen);
	for (uint32_t i = 0; i < n; i++) {
		if (!index_is_seen(&ix[i], v))
			continue;
		put_lstr(out, ix[i].name);
		put_varint(out, ix[i].label);
		put_varint(out, ix[i].key);
		put_u8(out, ix[i].unique);
	}
	return ST_OK;
}

/* A graph that the view sees stays in its place as long as the view is open. */
enum status image_catalog(struct store *s, const struct view *v, struct buf *out)
{
	uint32_t n_places = store_graph_places(s), n = 0;
	struct arena a;
	enum status st = ST_OK;

	for (uint32_t i = 0; i < n_places; i++) {
		struct graph *g = store_graph_at(s, i);
		n += g != NULL && graph_is_seen(g, v->read_lsn);
	}
	arena_init(&a, MEM_OTHER, NULL);
	put_varint(out, n);
	for (uint32_t i = 0; i < n_places && st == ST_OK; i++) {
		struct graph *g = store_graph_at(s, i);
		if (g != NULL && graph_is_seen(g, v->read_lsn))
			st = put_graph(g, v, &a, out);
	}
	put_varint(out, atomic_load_explicit(&s->next_graph_id, memory_order_relaxed));
	arena_release(&a);
	return st == ST_OK ? buf_status(out) : st;
}

static enum status load_indexes(struct graph *g, struct reader *r)
{
	uint64_t n = get_varint(r);

	for (uint64_t i = 0; i < n && !r->failed; i++) {
		struct prop_index *ix;
		struct str name = get_lstr(r);
		uint64_t label = get_varint(r), key = get_varint(r);
		bool unique = get_u8(r) != 0;
		if (r->failed)
			return ST_CORRUPT;
		enum status st = index_create(g, name, (name_id)label, (name_id)key, unique, &ix);
		if (st != ST_OK)
			return st == ST_EXISTS ? ST_CORRUPT : st;
	}
	return r->failed ? ST_CORRUPT : ST_OK;
}

enum status image_load_catalog(struct store *s, struct str bytes)
{
	struct reader r = reader_of(bytes.p, bytes.len);
	uint64_t n = get_varint(&r);

	for (uint64_t i = 0; i < n && !r.failed; i++) {
		uint64_t id = get_varint(&r);
		struct str name = get_lstr(&r);
		if (r.failed || id >= GRAPH_ID_NEW || name.len == 0 || name.len > GRAPH_NAME_MAX)
			return ST_CORRUPT;
		struct graph *g = store_graph_by_id(s, (uint32_t)id);
		if (g == NULL)
			TRY(store_graph_create(s, name, (uint32_t)id, 0, &g));
		TRY(load_indexes(g, &r));
	}
	uint64_t next = get_varint(&r);
	if (r.failed || next >= GRAPH_ID_NEW ||
	    next < atomic_load_explicit(&s->next_graph_id, memory_order_relaxed))
		return ST_CORRUPT;
	atomic_store_explicit(&s->next_graph_id, (uint32_t)next, memory_order_relaxed);
	return ST_OK;
}

/* ---- a chunk out
 * ------------------------------------------------------------------------------------ */

struct image_out {
	struct graph *g;
	struct chunk *c;
	enum elem_kind kind;
	const struct view *v;
	struct buf *out;
	uint32_t n_slots; /* a multiple of 64 */
	uint64_t exists[CHUNK_SLOTS / 64];
};

static bool out_exists(const struct image_out *x, uint32_t slot)
{
	return bit_get(x->exists, slot);
}

static bool find_existing(struct image_out *x)
{
	uint32_t used = 0;

	for (uint32_t slot = 0; slot < CHUNK_SLOTS; slot++) {
		elem_id id = x->c->base + slot;
		bool on = x->kind == ELEM_NODE ? graph_node_exists(x->g, x->v, id)
					       : graph_edge_exists(x->g, x->v, id);
		if (!on)
			continue;
		bit_set(x->exists, slot);
		used = slot + 1;
	}
	x->n_slots = (used + 63) & ~63u;
	return used > 0;
}

#define IMAGE_SETS_MAX 4096 /* every slot of a chunk may have a set of its own */

static enum status put_sets(struct image_out *x)
{
	uint32_t n = 0;
	uint16_t *of_slot = mem_alloc(MEM_OTHER, CHUNK_SLOTS * sizeof *of_slot);
	struct set_image {
		name_id labels[GRAPH_LABELS_MAX];
		uint32_t n;
	} *sets = mem_alloc(MEM_OTHER, sizeof *sets);
	uint32_t cap = 1;

	if (of_slot == NULL || sets == NULL)
		goto out_of_memory;
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		struct set_image s;
		uint32_t i = 0;
		if (!out_exists(x, slot))
			continue;
		s.n = graph_node_labels(x->g, x->v, x->c->base + slot, s.labels);
		while (i < n && (sets[i].n != s.n ||
				 memcmp(sets[i].labels, s.labels, s.n * sizeof(name_id)) != 0))
			i++;
		if (i == cap) {
			void *larger =
			    mem_resize(MEM_OTHER, sets, cap * sizeof *sets, 2 * cap * sizeof *sets);
			if (larger == NULL)
				goto out_of_memory;
			sets = larger;
			cap *= 2;
		}
		if (i == n)
			sets[n++] = s;
		of_slot[slot] = (uint16_t)i;
	}
	put_varint(x->out, n);
	for (uint32_t i = 0; i < n; i++) {
		put_varint(x->out, sets[i].n);
		for (uint32_t j = 0; j < sets[i].n; j++)
			put_varint(x->out, sets[i].labels[j]);
	}
	for (uint32_t slot = 0; slot < x->n_slots; slot++)
		if (out_exists(x, slot))
			put_varint(x->out, of_slot[slot]);
	mem_free(MEM_OTHER, of_slot, CHUNK_SLOTS * sizeof *of_slot);
	mem_free(MEM_OTHER, sets, cap * sizeof *sets);
	return ST_OK;
out_of_memory:
	mem_free(MEM_OTHER, of_slot, CHUNK_SLOTS * sizeof *of_slot);
	mem_free(MEM_OTHER, sets, cap * sizeof *sets);
	return ST_NOMEM;
}

static void put_ends(struct image_out *x)
{
	const struct table *t = atomic_load_explicit(&x->c->table, memory_order_acquire);

	put_varint(x->out, x->c->type);
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		bool in = slot < t->cap;
		put_u32(x->out, in ? LOAD(&t->ends[2 * slot]) : 0);
		put_u32(x->out, in ? LOAD(&t->ends[2 * slot + 1]) : 0);
	}
}

struct key_list {
	VEC(name_id) keys;
	bool failed;
};

static void add_key(struct key_list *l, name_id key)
{
	for (uint32_t i = 0; i < l->keys.n; i++)
		if (l->keys.v[i] == key)
			return;
	if (!vec_push(MEM_OTHER, &l->keys, key))
		l->failed = true;
}

/* Keys that any slot may have under the view: those of columns, of overflow, and, after them, those
 * of versions: a value that has no column is nowhere else once it is removed. */
static enum status chunk_keys(const struct image_out *x, struct key_list *ret)
{
	const struct chunk *c = x->c;
	const struct table *t =
	    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_acquire);

	for (uint32_t i = 0; i < t->n_cols; i++)
		add_key(ret, t->cols[i].key);
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		if (!out_exists(x, slot))
			continue;
		const struct overflow *o =
		    t->overflow != NULL && slot < t->cap
			? atomic_load_explicit(&t->overflow[slot], memory_order_acquire)
			: NULL;
		for (uint32_t i = 0; o != NULL && i < o->n; i++)
			add_key(ret, o->props[i].key);
		atomic_thread_fence(memory_order_acquire);
		for (struct undo *u = chunk_chain(c, slot); u != NULL;
		     u = atomic_load_explicit(&u->next, memory_order_acquire))
			if (u->kind == UNDO_PROP)
				add_key(ret, u->key);
	}
	return ret->failed ? ST_NOMEM : ST_OK;
}

static void put_key(struct image_out *x, name_id key)
{
	uint64_t present[CHUNK_SLOTS / 64] = {0};

	put_varint(x->out, key);
	size_t at = x->out->len;
	for (uint32_t i = 0; i < x->n_slots / 64; i++)
		put_u64(x->out, 0);
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		elem_id id = x->c->base + slot;
		if (!out_exists(x, slot))
			continue;
		struct value v = x->kind == ELEM_NODE ? graph_node_prop(x->g, x->v, id, key)
						      : graph_edge_prop(x->g, x->v, id, key);
		if (v.kind == V_NULL)
			continue;
		bit_set(present, slot);
		vcodec_put(x->out, v);
	}
	if (buf_ok(x->out))
		memcpy(x->out->p + at, present, x->n_slots / 8);
}

static enum elem_kind kind_of(enum image_section section)
{
	return section == IMAGE_NODES ? ELEM_NODE : ELEM_EDGE;
}

uint32_t image_chunks(struct graph *g, enum image_section section)
{
	return atomic_load_explicit(&g->spaces[kind_of(section)].n_chunks, memory_order_acquire);
}

enum status image_chunk(struct graph *g, enum image_section section, uint32_t i,
			const struct view *v, struct buf *out, uint64_t *ret_first,
			uint64_t *ret_last)
{
	enum elem_kind kind = kind_of(section);
	struct image_out x = {.g = g, .kind = kind, .v = v, .out = out};

	x.c = space_chunk(&g->spaces[kind], i);
	if (x.c == NULL || !find_existing(&x))
		return ST_OK;
	*ret_first = x.c->base;
	*ret_last = x.c->base + x.n_slots - 1;
	put_u64(out, x.c->base);
	put_u32(out, x.n_slots);
	buf_put(out, x.exists, x.n_slots / 8);
	if (kind == ELEM_NODE)
		TRY(put_sets(&x));
	else
		put_ends(&x);
	struct key_list l = {0};
	enum status st = chunk_keys(&x, &l);
	put_varint(out, l.keys.n);
	for (uint32_t k = 0; k < l.keys.n; k++)
		put_key(&x, l.keys.v[k]);
	vec_release(MEM_OTHER, &l.keys);
	return st == ST_OK ? buf_status(out) : st;
}

/* ---- a chunk in
 * ----------------------------------------------------------------------------------------- */

struct image_in {
	struct graph *g;
	struct chunk *c;
	struct reader r;
	uint64_t base;
	uint32_t n_slots;
	const uint64_t *exists; /* in the bytes; not aligned: read by load_u64 */
	struct arena a;
};

static bool in_exists(const struct image_in *x, uint32_t slot)
{
	return (load_u64((const uint8_t *)x->exists + (slot >> 6) * 8) >> (slot & 63) & 1) != 0;
}

static enum status make_chunk(struct image_in *x, enum elem_kind kind, const struct label_set *set,
			      name_id type)
{
	if (chunk_of(x->g, kind, x->base) != NULL)
		return ST_CORRUPT;
	TRY(slot_take_at(x->g, kind, x->base, set, type, &x->c));
	TRY(chunk_grow(x->c, x->n_slots - 1));
	struct table *t = atomic_load_explicit(&x->c->table, memory_order_relaxed);
	x->c->n_used = x->n_slots;
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		if (in_exists(x, slot))
			shared_bit_put(t->exists, slot, true);
		else if (!vec_push(MEM_GRAPH, &x->c->free_slots, (uint16_t)slot))
			return ST_NOMEM;
	}
	return ST_OK;
}

static enum status read_set(struct image_in *x, const struct label_set **ret)
{
	name_id labels[GRAPH_LABELS_MAX];
	uint64_t n = get_varint(&x->r);

	if (n > GRAPH_LABELS_MAX)
		return ST_CORRUPT;
	for (uint64_t i = 0; i < n; i++) {
		labels[i] = (name_id)get_varint(&x->r);
		if (x->r.failed || labels[i] >= store_name_count(x->g->store, NAME_LABEL))
			return ST_CORRUPT;
	}
	return label_set_make(x->g->store, labels, (uint32_t)n, ret);
}

static enum status load_sets(struct image_in *x)
{
	uint64_t n = get_varint(&x->r);

	if (n == 0 || n > IMAGE_SETS_MAX || x->r.failed)
		return ST_CORRUPT;
	const struct label_set **sets = ARENA_ARRAY(&x->a, const struct label_set *, n);
	if (sets == NULL)
		return ST_NOMEM;
	for (uint64_t i = 0; i < n; i++)
		TRY(read_set(x, &sets[i]));
	TRY(make_chunk(x, ELEM_NODE, sets[0], NAME_NONE));
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		if (!in_exists(x, slot))
			continue;
		uint64_t i = get_varint(&x->r);
		if (x->r.failed || i >= n)
			return ST_CORRUPT;
		if (i > 0)
			TRY(chunk_put_set(x->c, slot, sets[i]->id));
		count_labels(x->g, sets[i], 1);
		atomic_fetch_add_explicit(&x->g->n_nodes, 1, memory_order_relaxed);
	}
	return ST_OK;
}

static enum status load_ends(struct image_in *x)
{
	uint64_t type = get_varint(&x->r);
	struct str ends = get_bytes(&x->r, (size_t)x->n_slots * 8);
	int64_t n = 0;

	if (x->r.failed || type >= store_name_count(x->g->store, NAME_TYPE))
		return ST_CORRUPT;
	TRY(make_chunk(x, ELEM_EDGE, NULL, (name_id)type));
	memcpy(atomic_load_explicit(&x->c->table, memory_order_relaxed)->ends, ends.p, ends.len);
	for (uint32_t slot = 0; slot < x->n_slots; slot++)
		n += in_exists(x, slot);
	atomic_fetch_add_explicit(&x->g->n_edges, n, memory_order_relaxed);
	count_type(x->g, (name_id)type, n);
	return ST_OK;
}

static enum status load_key(struct image_in *x)
{
	uint64_t key = get_varint(&x->r);
	struct str present = get_bytes(&x->r, x->n_slots / 8);

	if (x->r.failed || key >= store_name_count(x->g->store, NAME_KEY))
		return ST_CORRUPT;
	for (uint32_t slot = 0; slot < x->n_slots; slot++) {
		struct value v;
		struct taken old;
		if ((load_u64(present.p + (slot >> 6) * 8) >> (slot & 63) & 1) == 0)
			continue;
		struct arena_mark m = arena_mark(&x->a);
		TRY(vcodec_get(&x->r, &x->a, &v));
		TRY(chunk_put_prop(x->c, slot, (name_id)key, v, &old));
		if (old.box != NULL) {
			taken_free(&old);
			return ST_CORRUPT;
		}
		taken_free(&old);
		arena_rewind(&x->a, m);
	}
	return ST_OK;
}

static enum status load_chunk(struct image_in *x, enum image_section section)
{
	x->base = get_u64(&x->r);
	x->n_slots = get_u32(&x->r);
	if (x->r.failed || x->n_slots == 0 || x->n_slots > CHUNK_SLOTS || x->n_slots % 64 != 0 ||
	    x->base % CHUNK_SLOTS != 0 || x->base >= GRAPH_ELEMENTS_MAX)
		return ST_CORRUPT;
	x->exists = (const uint64_t *)(const void *)get_bytes(&x->r, x->n_slots / 8).p;
	if (x->r.failed)
		return ST_CORRUPT;
	TRY(section == IMAGE_NODES ? load_sets(x) : load_ends(x));
	uint64_t n = get_varint(&x->r);
	for (uint64_t i = 0; i < n && !x->r.failed; i++)
		TRY(load_key(x));
	return x->r.failed || reader_left(&x->r) != 0 ? ST_CORRUPT : ST_OK;
}

enum status image_load_chunk(struct graph *g, enum image_section section, struct str bytes)
{
	struct image_in x = {.g = g, .r = reader_of(bytes.p, bytes.len)};

	arena_init(&x.a, MEM_OTHER, NULL);
	enum status st = load_chunk(&x, section);
	arena_release(&x.a);
	return st;
}

/* ---- the end of a load ----------------------------------------------------------------------- */

enum status image_end(struct store *s)
{
	uint32_t n = store_graph_places(s);

	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s, i);
		TRY(build_adjacency(g, BUILD_ENTRIES_MIN));
		const struct index_list *l =
		    atomic_load_explicit(&g->indexes, memory_order_relaxed);
		for (uint32_t j = 0; l != NULL && j < l->n; j++) {
			TRY(index_fill(l->v[j]));
			index_set_ready(l->v[j], 0);
		}
	}
	return ST_OK;
}

/* ---- building in bulk
 * ------------------------------------------------------------------------------------------- */

enum status image_name(struct store *s, enum name_kind kind, struct str name, name_id *ret)
{
	return store_name_add(s, kind, name, ret);
}

enum status image_graph(struct store *s, struct str name, struct graph **ret)
{
	*ret = store_graph_claimed(s, name);
	if (*ret != NULL)
		return ST_OK;
	if (name.len == 0 || name.len > GRAPH_NAME_MAX)
		return ST_LIMIT;
	return store_graph_create(s, name, GRAPH_ID_NEW, 0, ret);
}

/* Made after the elements, its entries are added by image_end alone. */
enum status image_index(struct graph *g, struct str name, name_id label, name_id key)
{
	struct prop_index *ix;

	return index_create(g, name, label, key, false, &ix);
}

enum status image_add_node(struct graph *g, const name_id *labels, uint32_t n_labels,
			   const struct prop *props, uint32_t n_props, elem_id *ret)
{
	struct writer w = {.store = g->store};

	return store_node_create(&w, g, labels, n_labels, props, n_props, ELEM_NONE, ret);
}

enum status image_add_edge(struct graph *g, name_id type, elem_id from, elem_id to,
			   const struct prop *props, uint32_t n_props, elem_id *ret)
{
	struct chunk *c;
	struct taken old;
	uint32_t slot;

	TRY(slot_take(g, ELEM_EDGE, NULL, type, &c, &slot));
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	t->ends[2 * slot] = (uint32_t)from;
	t->ends[2 * slot + 1] = (uint32_t)to;
	for (uint32_t i = 0; i < n_props; i++)
		TRY(chunk_put_prop(c, slot, props[i].key, props[i].value, &old));
	t = atomic_load_explicit(&c->table, memory_order_relaxed);
	shared_bit_put(t->exists, slot, true);
	atomic_fetch_add_explicit(&g->n_edges, 1, memory_order_relaxed);
	count_type(g, type, 1);
	*ret = c->base + slot;
	return ST_OK;
}
