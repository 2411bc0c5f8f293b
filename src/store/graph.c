/* The reading door: existence, labels, scans, properties; and the life of a store. */
#include "store/graph.h"

#include "store/store_int.h"
#include "store/write.h"

/* ---- life ----------------------------------------------------------------------------------- */

enum status store_new(struct store **ret)
{
	struct store *s = MEM_NEW(MEM_GRAPH, struct store);
	struct graph *g;
	const struct label_set *none;
	enum status st;

	if (s == NULL)
		return ST_NOMEM;
	mutex_init(&s->set_lock, LOCK_RANK_DICT - 1);
	map_u64_init(&s->set_hashes, MEM_GRAPH);
	map_u64_init(&s->text_counts, MEM_GRAPH);
	s->sets = mem_zalloc(MEM_GRAPH, LABEL_SETS_MAX * sizeof s->sets[0]);
	st = s->sets != NULL ? epoch_init(&s->epochs) : ST_NOMEM;
	for (unsigned i = 0; i < NAME_N_KINDS && st == ST_OK; i++)
		st = dict_init(&s->names[i]);
	if (st == ST_OK)
		st = dict_init(&s->texts);
	if (st == ST_OK)
		st = label_set_make(s, NULL, 0, &none);
	if (st == ST_OK)
		st = store_graph_create(s, STR("default"), 0, 0, &g);
	if (st != ST_OK) {
		store_free(s);
		return st;
	}
	*ret = s;
	return ST_OK;
}

void store_free(struct store *s)
{
	if (s == NULL)
		return;
	epoch_release(&s->epochs); /* first: what was retired may still point into the graphs */
	for (uint32_t i = 0; i < store_graph_places(s); i++)
		if (s->graphs[i] != NULL)
			graph_free(s->graphs[i]);
	for (unsigned i = 0; i < NAME_N_KINDS; i++)
		dict_release(&s->names[i]);
	for (uint32_t i = 1; s->sets != NULL && i <= atomic_load(&s->n_sets); i++) {
		const struct label_set *set = s->sets[i];
		mem_free(MEM_GRAPH, (void *)(uintptr_t)set,
			 sizeof *set + set->n * sizeof set->labels[0]);
	}
	mem_free(MEM_GRAPH, (void *)s->sets, LABEL_SETS_MAX * sizeof s->sets[0]);
	dict_release(&s->texts);
	map_u64_release(&s->text_counts);
	map_u64_release(&s->set_hashes);
	MEM_FREE(MEM_GRAPH, s);
}

struct epoch_table *store_epochs(struct store *s)
{
	return &s->epochs;
}

name_id store_name_find(struct store *s, enum name_kind kind, struct str name)
{
	return dict_find(&s->names[kind], name);
}

enum status store_name_add(struct store *s, enum name_kind kind, struct str name, name_id *ret)
{
	return dict_add(&s->names[kind], &s->epochs, name, ret);
}

struct str store_name_text(struct store *s, enum name_kind kind, name_id id)
{
	return dict_text(&s->names[kind], id);
}

uint32_t store_name_count(struct store *s, enum name_kind kind)
{
	return atomic_load_explicit(&s->names[kind].n, memory_order_acquire);
}

/* ---- one element -------------------------------------------------------------------------------
 */

static bool exists(struct graph *g, const struct view *v, enum elem_kind kind, elem_id id)
{
	const struct chunk *c = chunk_of(g, kind, id);
	uint32_t slot = slot_of(id);

	if (c == NULL)
		return false;
	const struct table *t =
	    atomic_load_explicit(&((struct chunk *)c)->table, memory_order_acquire);
	bool now = slot < t->cap && shared_bit(t->exists, slot);
	atomic_thread_fence(memory_order_acquire);
	struct undo *u = chunk_chain(c, slot);
	return u != NULL ? undo_exists(u, v, now) : now;
}

bool graph_node_exists(struct graph *g, const struct view *v, elem_id id)
{
	return exists(g, v, ELEM_NODE, id);
}

bool graph_edge_exists(struct graph *g, const struct view *v, elem_id id)
{
	return exists(g, v, ELEM_EDGE, id);
}

static const struct label_set *set_under(const struct chunk *c, const struct table *t,
					 uint32_t slot, const struct view *v)
{
	uint32_t now = t->sets != NULL && slot < t->cap ? LOAD(&t->sets[slot]) : 0;

	if (LIKELY(
		!atomic_load_explicit(&((struct chunk *)c)->has_exceptions, memory_order_acquire)))
		return c->set;
	atomic_thread_fence(memory_order_acquire);
	struct undo *u = chunk_chain(c, slot);
	if (u != NULL)
		now = undo_set(u, v, now);
	return now == 0 ? c->set : label_set_get(c->graph->store, now);
}

unsigned graph_node_labels(struct graph *g, const struct view *v, elem_id id,
			   name_id ret[GRAPH_LABELS_MAX])
{
	struct chunk *c = chunk_of(g, ELEM_NODE, id);

	if (c == NULL || !graph_node_exists(g, v, id))
		return 0;
	const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
	const struct label_set *set = set_under(c, t, slot_of(id), v);
	memcpy(ret, set->labels, set->n * sizeof *ret);
	return set->n;
}

void graph_nodes_have_label(struct graph *g, const struct view *v, name_id label,
			    const elem_id *ids, uint32_t n, uint8_t *out)
{
	const struct chunk *last = NULL;
	bool last_has = false, simple = false;

	for (uint32_t i = 0; i < n; i++) {
		struct chunk *c = chunk_of(g, ELEM_NODE, ids[i]);
		if (c != last && c != NULL) {
			last = c;
			last_has = label_set_has(c->set, label);
			simple = !atomic_load_explicit(&c->has_exceptions, memory_order_acquire);
		}
		if (c == NULL) {
			out[i] = false;
		} else if (LIKELY(simple)) {
			out[i] = last_has;
		} else {
			const struct table *t =
			    atomic_load_explicit(&c->table, memory_order_acquire);
			out[i] = label_set_has(set_under(c, t, slot_of(ids[i]), v), label);
		}
	}
}

bool graph_edge_ends(struct graph *g, const struct view *v, elem_id id, name_id *ret_type,
		     elem_id *ret_from, elem_id *ret_to)
{
	struct chunk *c = chunk_of(g, ELEM_EDGE, id);
	uint32_t slot = slot_of(id);

	(void)v; /* endpoints and type of a slot do not change while any view can name the edge */
	if (c == NULL)
		return false;
	const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
	if (slot >= t->cap)
		return false;
	*ret_type = c->type;
	*ret_from = LOAD(&t->ends[2 * slot]);
	*ret_to = LOAD(&t->ends[2 * slot + 1]);
	return true;
}

void graph_prefetch(struct graph *g, bool is_edge, const elem_id *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct chunk *c = chunk_of(g, is_edge ? ELEM_EDGE : ELEM_NODE, ids[i]);
		const uint32_t slot = slot_of(ids[i]);
		if (c == NULL)
			continue;
		const struct table *t = atomic_load_explicit(&c->table, memory_order_acquire);
		if (slot >= t->cap)
			continue;
		if (is_edge)
			__builtin_prefetch((const void *)&t->ends[2 * (size_t)slot]);
		for (uint32_t k = 0; k < t->n_cols; k++) {
			const struct pcol *p = &t->cols[k];
			__builtin_prefetch((const char *)p->data + slot * pcol_width(p->kind));
		}
	}
}

/* ---- scans
 * ---------------------------------------------------------------------------------------- */

#define LACKING_WORDS 4096 /* that one call of node_scan_lacking() looks at */

/* Slots of a chunk in [from, cap) that exist under the view; a word of 64 at a time. */
static uint64_t visible_word(const struct chunk *c, const struct table *t, uint32_t word,
			     const struct view *v)
{
	uint64_t now = LOAD(&t->exists[word]);

	atomic_thread_fence(memory_order_acquire);
	struct undo_side *s =
	    atomic_load_explicit(&((struct chunk *)c)->undo, memory_order_acquire);
	if (LIKELY(s == NULL) || word * 64 >= s->cap)
		return now;
	uint64_t chains = atomic_load_explicit(&s->bits[word], memory_order_acquire);
	while (chains != 0) {
		uint32_t bit = bit_first(chains), slot = word * 64 + bit;
		chains &= chains - 1;
		struct undo *u = atomic_load_explicit(&s->heads[slot], memory_order_acquire);
		bool was = undo_exists(u, v, (now >> bit & 1) != 0);
		now = was ? now | UINT64_C(1) << bit : now & ~(UINT64_C(1) << bit);
	}
	return now;
}

void node_scan_init(struct node_scan *s, struct graph *g, const struct view *v, name_id label)
{
	uint32_t n = atomic_load_explicit(&g->spaces[ELEM_NODE].n_chunks, memory_order_acquire);

	*s = (struct node_scan){.g = g, .view = v, .label = label};
	s->end = (uint64_t)n << CHUNK_SHIFT;
}

static bool chunk_may_match(const struct chunk *c, name_id label)
{
	return label == NAME_NONE || label_set_has(c->set, label) ||
	       atomic_load_explicit(&((struct chunk *)c)->has_exceptions, memory_order_acquire);
}

/* Bits of the word at *at from its own bit on, at most max; moves *at behind what was taken. */
static uint32_t take_word(const struct chunk *c, const struct table *t, uint64_t *at, uint64_t bits,
			  name_id label, const struct view *v, elem_id *ids, uint32_t max)
{
	bool recheck =
	    label != NAME_NONE &&
	    atomic_load_explicit(&((struct chunk *)c)->has_exceptions, memory_order_acquire);
	uint64_t base = *at & ~UINT64_C(63);
	uint32_t n = 0;

	bits &= ~UINT64_C(0) << (*at & 63);
	*at = base + 64;
	for (; bits != 0; bits &= bits - 1) {
		elem_id id = base + bit_first(bits);
		if (recheck && !label_set_has(set_under(c, t, slot_of(id), v), label))
			continue;
		if (n == max) {
			*at = id;
			break;
		}
		ids[n++] = id;
	}
	return n;
}

/* Slots of a word that have the property under every view: a value in place, and no versions. */
static uint64_t having_word(const struct chunk *c, const struct table *t, uint32_t word,
			    name_id key)
{
	uint64_t now = 0;

	for (uint32_t i = 0; i < t->n_cols; i++)
		if (t->cols[i].key == key)
			now = LOAD(&t->cols[i].present[word]);
	atomic_thread_fence(memory_order_acquire);
	struct undo_side *s =
	    atomic_load_explicit(&((struct chunk *)c)->undo, memory_order_acquire);
	if (s == NULL || word * 64 >= s->cap)
		return now;
	return now & ~atomic_load_explicit(&s->bits[word], memory_order_acquire);
}

/* lacks: NAME_NONE, or a property that nodes may be left out for. */
static uint32_t scan_words(struct node_scan *s, name_id lacks, elem_id *ids, uint32_t max,
			   uint32_t max_words)
{
	uint32_t n = 0;

	for (; s->at < s->end && n < max && max_words > 0; max_words--) {
		struct chunk *c =
		    space_chunk(&s->g->spaces[ELEM_NODE], (uint32_t)(s->at >> CHUNK_SHIFT));
		const struct table *t =
		    c != NULL ? atomic_load_explicit(&c->table, memory_order_acquire) : NULL;
		uint32_t slot = slot_of(s->at);
		if (t == NULL || slot >= t->cap || !chunk_may_match(c, s->label)) {
			s->at = ((s->at >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
			continue;
		}
		uint64_t bits = visible_word(c, t, slot >> 6, s->view);
		if (lacks != NAME_NONE)
			bits &= ~having_word(c, t, slot >> 6, lacks);
		n += take_word(c, t, &s->at, bits, s->label, s->view, ids + n, max - n);
	}
	return n;
}

uint32_t node_scan_next(struct node_scan *s, elem_id *ids, uint32_t max)
{
	return scan_words(s, NAME_NONE, ids, max, UINT32_MAX);
}

bool node_scan_lacking(struct node_scan *s, name_id key, elem_id *ids, uint32_t max,
		       uint32_t *ret_n)
{
	*ret_n = scan_words(s, key, ids, max, LACKING_WORDS);
	return s->at < s->end;
}

void edge_scan_init(struct edge_scan *s, struct graph *g, const struct view *v, name_id type)
{
	uint32_t n = atomic_load_explicit(&g->spaces[ELEM_EDGE].n_chunks, memory_order_acquire);

	*s = (struct edge_scan){.g = g, .view = v, .type = type};
	s->end = (uint64_t)n << CHUNK_SHIFT;
}

uint32_t edge_scan_next(struct edge_scan *s, elem_id *ids, elem_id *from, elem_id *to, uint32_t max)
{
	uint32_t n = 0;

	while (s->at < s->end && n < max) {
		struct chunk *c =
		    space_chunk(&s->g->spaces[ELEM_EDGE], (uint32_t)(s->at >> CHUNK_SHIFT));
		const struct table *t =
		    c != NULL ? atomic_load_explicit(&c->table, memory_order_acquire) : NULL;
		uint32_t slot = slot_of(s->at);
		if (t == NULL || slot >= t->cap || (s->type != NAME_NONE && c->type != s->type)) {
			s->at = ((s->at >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
			continue;
		}
		uint64_t bits = visible_word(c, t, slot >> 6, s->view);
		uint32_t taken =
		    take_word(c, t, &s->at, bits, NAME_NONE, s->view, ids + n, max - n);
		for (uint32_t i = n; i < n + taken; i++) {
			from[i] = LOAD(&t->ends[2 * slot_of(ids[i])]);
			to[i] = LOAD(&t->ends[2 * slot_of(ids[i]) + 1]);
		}
		n += taken;
	}
	return n;
}
