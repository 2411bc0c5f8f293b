#include "store/claim.h"

#include "store/write.h"
#include "value/order.h"

bool unique_counts(struct value v)
{
	return v.kind != V_NULL && value_eq(v, v) == TRUTH_TRUE;
}

/* The newest committed value is meant, which a view older than the constraint need not see. */
static struct value claim_value(const struct unique *u, const struct claim *c)
{
	static const struct view newest = {.read_lsn = MARK_ABORTED - 1};

	return c->value.kind != V_NULL ? c->value
				       : graph_node_prop(u->graph, &newest, c->id, u->key);
}

bool claim_is(const struct unique *u, const struct claim *c, struct value v)
{
	return value_eq(claim_value(u, c), v) == TRUTH_TRUE;
}

uint64_t claim_hash(struct value v)
{
	return value_hash(v, 0) >> 1; /* never UINT64_MAX, which the map does not take */
}

struct claims *claims_of(struct unique *u, uint64_t hash)
{
	return &u->shards[hash % UNIQUE_SHARDS];
}

struct claim *claims_first(const struct claims *s, uint64_t hash, struct claim *spare)
{
	const uint64_t *at = map_u64_get(&s->keys, hash);

	if (at == NULL || (*at & CLAIM_IS_ID) == 0)
		return at != NULL ? (struct claim *)(uintptr_t)*at : NULL;
	*spare = (struct claim){.id = (uint32_t)(*at >> 1)};
	return spare;
}

struct claim *claim_new(struct value v, elem_id id)
{
	struct claim *c = MEM_NEW(MEM_INDEX, struct claim);

	if (c == NULL)
		return NULL;
	c->id = (uint32_t)id;
	c->value = v;
	if (v.kind == V_STRING || v.kind == V_BYTES || v.kind == V_DECIMAL || v.kind == V_LIST) {
		c->box = box_new(v);
		if (c->box == NULL) {
			MEM_FREE(MEM_INDEX, c);
			return NULL;
		}
		c->value = c->box->value;
	}
	return c;
}

void claim_let_go(struct mark **at)
{
	if (*at != NULL)
		mark_unref(*at);
	*at = NULL;
}

void claim_hold(struct mark **at, struct mark *m)
{
	if (m != NULL)
		atomic_fetch_add_explicit(&m->n_refs, 1, memory_order_relaxed);
	*at = m;
}

void claim_free(struct claim *c)
{
	if (c == NULL)
		return;
	claim_let_go(&c->made);
	claim_let_go(&c->dropped);
	box_free(c->box);
	MEM_FREE(MEM_INDEX, c);
}

/* An id in the map becomes a claim, so that others can stand beside it. */
static bool unfold(uint64_t *at)
{
	struct claim *c;

	if ((*at & CLAIM_IS_ID) == 0)
		return true;
	c = MEM_NEW(MEM_INDEX, struct claim);
	if (c == NULL)
		return false;
	c->id = (uint32_t)(*at >> 1);
	*at = (uintptr_t)c;
	return true;
}

bool claims_add(struct claims *s, uint64_t hash, struct claim *c)
{
	bool is_new;
	uint64_t *at = map_u64_slot(&s->keys, hash, &is_new);

	if (at == NULL || (!is_new && !unfold(at)))
		return false;
	c->next = is_new ? NULL : (struct claim *)(uintptr_t)*at;
	*at = (uintptr_t)c;
	return true;
}

bool claims_add_id(struct claims *s, uint64_t hash, elem_id id)
{
	bool is_new;
	uint64_t *at = map_u64_slot(&s->keys, hash, &is_new);
	struct claim *c;

	if (at == NULL)
		return false;
	if (is_new) {
		*at = id << 1 | CLAIM_IS_ID;
		return true;
	}
	c = unfold(at) ? MEM_NEW(MEM_INDEX, struct claim) : NULL;
	if (c == NULL)
		return false;
	c->id = (uint32_t)id;
	c->next = (struct claim *)(uintptr_t)*at;
	*at = (uintptr_t)c;
	return true;
}

void claims_remove(struct claims *s, uint64_t hash, struct claim *gone)
{
	uint64_t *at = map_u64_get(&s->keys, hash);
	struct claim *c = (struct claim *)(uintptr_t)*at;

	if ((*at & CLAIM_IS_ID) != 0 || (c == gone && gone->next == NULL)) {
		map_u64_del(&s->keys, hash);
		return;
	}
	if (c == gone) {
		*at = (uintptr_t)gone->next;
		return;
	}
	while (c->next != gone)
		c = c->next;
	c->next = gone->next;
}

void claims_fold(struct claims *s, uint64_t hash, struct claim *c)
{
	uint64_t *at = map_u64_get(&s->keys, hash);

	if (c->made != NULL || c->dropped != NULL)
		return;
	box_free(c->box);
	c->box = NULL;
	c->value = VALUE_NULL;
	if (*at != (uintptr_t)c || c->next != NULL)
		return;
	*at = (uint64_t)c->id << 1 | CLAIM_IS_ID;
	MEM_FREE(MEM_INDEX, c);
}

struct claim *claims_held(const struct unique *u, struct claim *c, struct value v, elem_id id)
{
	for (; c != NULL; c = c->next)
		if (c->id == id && c->dropped == NULL && claim_is(u, c, v))
			return c;
	return NULL;
}

struct unique *unique_new(struct graph *g, struct str name, name_id label, name_id key,
			  uint64_t since)
{
	struct unique *u = mem_alloc_aligned(MEM_INDEX, sizeof *u, CACHE_LINE);

	if (u == NULL)
		return NULL;
	memset(u, 0, sizeof *u);
	atomic_init(&u->n_refs, 1);
	u->graph = g;
	u->name = name;
	u->label = label;
	u->key = key;
	u->since = since;
	for (unsigned i = 0; i < UNIQUE_SHARDS; i++)
		map_u64_init(&u->shards[i].keys, MEM_INDEX);
	return u;
}

static void shard_release(struct claims *s)
{
	for (uint64_t k = 0; s->keys.slots != NULL && k <= s->keys.mask; k++) {
		const struct map_u64_slot *at = &s->keys.slots[k];
		struct claim *c = at->key != UINT64_MAX && (at->value & CLAIM_IS_ID) == 0
				      ? (struct claim *)(uintptr_t)at->value
				      : NULL;
		while (c != NULL) {
			struct claim *next = c->next;
			claim_free(c);
			c = next;
		}
	}
	map_u64_release(&s->keys);
}

void unique_unref(struct unique *u)
{
	if (u == NULL || atomic_fetch_sub_explicit(&u->n_refs, 1, memory_order_acq_rel) > 1)
		return;
	for (unsigned i = 0; i < UNIQUE_SHARDS; i++)
		shard_release(&u->shards[i]);
	mem_free(MEM_INDEX, u, sizeof *u);
}
