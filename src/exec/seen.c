/* exec/seen.c - from a set of integers to tuples. */
#include "exec/seen.h"

void seen_init(struct seen *s, struct arena *a, uint32_t width)
{
	s->kind = V_NULL;
	s->null_seen = false;
	s->by_tuple = width != 1;
	idset_init(&s->ints, a);
	tuples_init(&s->tuples, a, width);
}

static enum status move_one(struct seen *s, int64_t key)
{
	struct value v = {.kind = s->kind, .i = key};
	uint32_t at;
	bool fresh;

	return tuples_add(&s->tuples, &v, &at, &fresh);
}

static enum status widen(struct seen *s)
{
	const struct idset *set = &s->ints;
	struct value null = VALUE_NULL;
	uint32_t at;
	bool fresh;

	s->by_tuple = true;
	if (s->null_seen)
		TRY(tuples_add(&s->tuples, &null, &at, &fresh));
	for (uint64_t p = 0; p < set->n_dir; p++)
		for (uint32_t i = 0; set->pages[p] != NULL && i < IDSET_PAGE_BITS; i++)
			if ((set->pages[p][i / 64] >> (i & 63) & 1) != 0)
				TRY(move_one(s, (int64_t)(p * IDSET_PAGE_BITS + i)));
	for (uint64_t i = 0; set->slots != NULL && i <= set->mask; i++)
		if (set->slots[i] != INT64_MIN)
			TRY(move_one(s, set->slots[i]));
	return set->has_free_mark ? move_one(s, INT64_MIN) : ST_OK;
}

enum status seen_add(struct seen *s, const struct value *v, bool *ret_fresh)
{
	uint32_t at;

	if (!s->by_tuple) {
		bool plain = v->kind == V_INT || ((v->kind == V_NODE || v->kind == V_EDGE) &&
						  (v->flags & VALUE_RESOLVED) == 0);
		if (v->kind == V_NULL) {
			*ret_fresh = !s->null_seen;
			s->null_seen = true;
			return ST_OK;
		}
		if (plain && seen_takes_ints(s, v->kind))
			return seen_add_int(s, v->i, ret_fresh);
		TRY(widen(s));
	}
	return tuples_add(&s->tuples, v, &at, ret_fresh);
}
