/* exec/groups.c - numbering of groups. */
#include "exec/groups.h"

#include "base/hash.h"

#define GROUPS_SMALL 4096u
#define GROUPS_MAX (UINT32_MAX / 2)

enum status groups_init(struct groups *g, struct arena *a, uint32_t n_keys)
{
	*g = (struct groups){.arena = a, .n_keys = n_keys, .n = n_keys == 0};
	tuples_init(&g->tuples, a, n_keys);
	g->row = arena_alloc(a, n_keys * sizeof(*g->row));
	return g->row != NULL ? ST_OK : ST_NOMEM;
}

static struct value key_value(uint8_t kind, int64_t key)
{
	return kind == COL_INT	  ? value_int(key)
	       : kind == COL_NODE ? value_node((elem_id)key)
				  : value_edge((elem_id)key);
}

static enum status group_new(struct groups *g, struct value key, uint32_t *ret_plus_one)
{
	if (g->n == g->cap_keys) {
		uint32_t cap = MAX_OF(g->cap_keys * 2, 64u);
		struct value *keys = arena_alloc(g->arena, cap * sizeof(*keys));
		if (keys == NULL || cap > GROUPS_MAX)
			return ST_NOMEM;
		if (g->n != 0)
			memcpy(keys, g->int_keys, g->n * sizeof(*keys));
		g->int_keys = keys;
		g->cap_keys = cap;
	}
	g->int_keys[g->n] = key;
	*ret_plus_one = ++g->n;
	return ST_OK;
}

static enum status hash_grow(struct groups *g)
{
	uint64_t cap = g->slots != NULL ? (g->mask + 1) * 2 : 64;
	__typeof__(g->slots) slots = arena_zalloc(g->arena, cap * sizeof(*slots));

	if (slots == NULL)
		return ST_NOMEM;
	for (uint64_t i = 0; g->slots != NULL && i <= g->mask; i++) {
		if (g->slots[i].group == 0)
			continue;
		uint64_t at = hash_u64((uint64_t)g->slots[i].key) & (cap - 1);
		while (slots[at].group != 0)
			at = (at + 1) & (cap - 1);
		slots[at] = g->slots[i];
	}
	g->slots = slots;
	g->mask = cap - 1;
	return ST_OK;
}

/* The place of a large key's group number. */
static enum status hash_place(struct groups *g, int64_t key, uint32_t **ret)
{
	if (g->slots == NULL || g->n_hashed * 2 > g->mask)
		TRY(hash_grow(g));
	uint64_t i = hash_u64((uint64_t)key) & g->mask;
	while (g->slots[i].group != 0 && g->slots[i].key != key)
		i = (i + 1) & g->mask;
	if (g->slots[i].group == 0) {
		g->slots[i].key = key;
		g->n_hashed++;
	}
	*ret = &g->slots[i].group;
	return ST_OK;
}

static enum status groups_of_ints(struct groups *g, const struct batch *b, const struct column *c,
				  uint32_t *ret)
{
	if (g->small == NULL)
		g->small = arena_zalloc(g->arena, GROUPS_SMALL * sizeof(*g->small));
	if (g->small == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < b->n_sel; i++) {
		uint32_t row = c->is_const ? 0 : batch_row(b, i);
		int64_t key = c->i[row];
		bool null = c->has_null && column_is_null(c, row);
		uint32_t *group = null ? &g->null_group : &g->small[(uint64_t)key % GROUPS_SMALL];
		if (!null && (uint64_t)key >= GROUPS_SMALL)
			TRY(hash_place(g, key, &group));
		if (UNLIKELY(*group == 0))
			TRY(group_new(g, null ? VALUE_NULL : key_value(c->kind, key), group));
		ret[i] = *group - 1;
	}
	return ST_OK;
}

static enum status groups_of_tuples(struct groups *g, const struct batch *b,
				    const struct column *const *keys, uint32_t *ret)
{
	bool fresh;

	for (uint32_t i = 0; i < b->n_sel; i++) {
		for (uint32_t k = 0; k < g->n_keys; k++)
			g->row[k] = column_get(keys[k], batch_row(b, i));
		TRY(tuples_add(&g->tuples, g->row, &ret[i], &fresh));
	}
	g->n = g->tuples.n;
	return ST_OK;
}

/* From integers to tuples; added in order, so the numbers stay. */
static enum status widen(struct groups *g)
{
	uint32_t at;
	bool fresh;

	for (uint32_t i = 0; i < g->n; i++) {
		TRY(tuples_add(&g->tuples, &g->int_keys[i], &at, &fresh));
		assert(fresh && at == i);
	}
	g->by_int = false;
	g->by_tuple = true;
	return ST_OK;
}

enum status groups_of(struct groups *g, const struct batch *b, const struct column *const *keys,
		      uint32_t ret[BATCH_ROWS])
{
	if (g->n_keys == 0) {
		memset(ret, 0, b->n_sel * sizeof(*ret));
		return ST_OK;
	}
	uint8_t kind = keys[0]->kind;
	bool ints = g->n_keys == 1 && (kind == COL_INT || kind == COL_NODE || kind == COL_EDGE);
	if (!g->by_int && !g->by_tuple) {
		g->by_int = ints;
		g->by_tuple = !ints;
		g->int_kind = kind;
	}
	if (g->by_int && kind != g->int_kind)
		TRY(widen(g));
	return g->by_int ? groups_of_ints(g, b, keys[0], ret) : groups_of_tuples(g, b, keys, ret);
}

struct value groups_key(const struct groups *g, uint32_t group, uint32_t i_key)
{
	return g->by_int ? g->int_keys[group] : tuples_at(&g->tuples, group)[i_key];
}
