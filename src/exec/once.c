/* exec/once.c - every edge once for rows that are alike. */
#include "exec/once.h"

enum status once_open(struct exec *x, struct once *o, struct arena *a, uint32_t n_carry)
{
	*o = (struct once){.arena = a};
	seen_init(&o->seen, a, n_carry + 1);
	tuples_init(&o->keys, a, n_carry + 1);
	o->key = exec_zalloc(x, (n_carry + 1) * sizeof(*o->key));
	return o->key != NULL ? ST_OK : ST_NOMEM;
}

enum status once_begin(struct once *o, const struct batch *b, uint32_t row, const uint32_t *carry,
		       uint32_t n_carry, elem_id node, enum once_row *ret,
		       struct adj_slice *ret_left)
{
	bool fresh;

	o->refused.n = 0;
	o->key[n_carry] = value_node(node);
	for (uint32_t i = 0; i < n_carry; i++)
		o->key[i] = column_get(&b->cols[carry[i]], row);
	TRY(seen_add(&o->seen, o->key, &fresh));
	*ret = fresh ? ONCE_FIRST : ONCE_DONE;
	if (fresh || o->keys.n == 0)
		return ST_OK;
	uint32_t at = tuples_find(&o->keys, o->key);
	if (at == TUPLE_NONE || o->left[at].n == 0)
		return ST_OK;
	const struct edge_run *left = &o->left[at];
	*ret_left = (struct adj_slice){.nodes = left->nodes, .edges = left->edges, .n = left->n};
	*ret = ONCE_AGAIN;
	return ST_OK;
}

static enum status longer(struct arena *a, uint32_t **array, uint32_t n, uint32_t cap)
{
	uint32_t *p = arena_alloc(a, cap * sizeof(*p));

	if (p == NULL)
		return ST_NOMEM;
	if (n != 0)
		memcpy(p, *array, n * sizeof(*p));
	*array = p;
	return ST_OK;
}

static enum status run_reserve(struct arena *a, struct edge_run *r, uint32_t want)
{
	uint32_t cap = MAX_OF(r->cap, 4u);

	if (want <= r->cap)
		return ST_OK;
	while (cap < want)
		cap *= 2;
	TRY(longer(a, &r->nodes, r->n, cap));
	TRY(longer(a, &r->edges, r->n, cap));
	r->cap = cap;
	return ST_OK;
}

enum status once_refuse(struct once *o, uint32_t node, uint32_t edge)
{
	struct edge_run *r = &o->refused;

	TRY(run_reserve(o->arena, r, r->n + 1));
	r->nodes[r->n] = node;
	r->edges[r->n++] = edge;
	return ST_OK;
}

static enum status reserve_left(struct once *o, uint32_t n)
{
	uint32_t cap = MAX_OF(o->cap_left * 2, 16u);

	if (n <= o->cap_left)
		return ST_OK;
	struct edge_run *left = arena_zalloc(o->arena, cap * sizeof(*left));
	if (left == NULL)
		return ST_NOMEM;
	if (o->cap_left != 0)
		memcpy(left, o->left, o->cap_left * sizeof(*left));
	o->left = left;
	o->cap_left = cap;
	return ST_OK;
}

enum status once_end(struct once *o)
{
	const struct edge_run *from = &o->refused;
	uint32_t at = tuples_find(&o->keys, o->key);
	bool fresh;

	if (at == TUPLE_NONE && from->n == 0)
		return ST_OK;
	if (at == TUPLE_NONE)
		TRY(tuples_add(&o->keys, o->key, &at, &fresh));
	TRY(reserve_left(o, at + 1));
	struct edge_run *to = &o->left[at];
	to->n = 0;
	if (from->n == 0)
		return ST_OK;
	TRY(run_reserve(o->arena, to, from->n));
	memcpy(to->nodes, from->nodes, from->n * sizeof(*to->nodes));
	memcpy(to->edges, from->edges, from->n * sizeof(*to->edges));
	to->n = from->n;
	return ST_OK;
}
