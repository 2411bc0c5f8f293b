/* Counts for the planner: kept on write, estimates for readers. */
#include "store/store_int.h"

static void add_locked(struct map_u64 *m, uint64_t key, int64_t by)
{
	bool is_new;
	uint64_t *n = map_u64_slot(m, key, &is_new); /* without memory the estimate is off */

	if (n != NULL)
		*n += (uint64_t)by;
}

static void add(struct graph *g, struct map_u64 *m, uint64_t key, int64_t by)
{
	mutex_lock(&g->count_lock);
	add_locked(m, key, by);
	mutex_unlock(&g->count_lock);
}

static uint64_t get(struct graph *g, const struct map_u64 *m, uint64_t key)
{
	mutex_lock(&g->count_lock);
	const uint64_t *n = map_u64_get(m, key);
	int64_t v = n != NULL ? (int64_t)*n : 0;
	mutex_unlock(&g->count_lock);
	return v > 0 ? (uint64_t)v : 0;
}

void count_labels(struct graph *g, const struct label_set *set, int64_t by)
{
	for (uint32_t i = 0; i < set->n; i++)
		add(g, &g->label_counts, set->labels[i], by);
}

void count_type(struct graph *g, name_id type, int64_t by)
{
	add(g, &g->type_counts, type, by);
}

/* Names are below 2^22 (dict.c). */
static uint64_t end_key(name_id label, name_id type, enum adj_dir dir)
{
	return (uint64_t)label << 32 | (uint64_t)type << 1 | (dir == ADJ_IN);
}

void count_ends(struct graph *g, const struct label_set *set, name_id type, enum adj_dir dir,
		int64_t by)
{
	if (set->n == 0)
		return;
	mutex_lock(&g->count_lock);
	for (uint32_t i = 0; i < set->n; i++)
		add_locked(&g->end_counts, end_key(set->labels[i], type, dir), by);
	mutex_unlock(&g->count_lock);
}

static uint64_t not_negative(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

uint64_t graph_count_nodes(struct graph *g, name_id label)
{
	if (label == NAME_NONE)
		return not_negative(atomic_load_explicit(&g->n_nodes, memory_order_relaxed));
	return get(g, &g->label_counts, label);
}

uint64_t graph_count_edges(struct graph *g, name_id type)
{
	if (type == NAME_NONE)
		return not_negative(atomic_load_explicit(&g->n_edges, memory_order_relaxed));
	return get(g, &g->type_counts, type);
}

uint64_t graph_count_ends(struct graph *g, name_id label, name_id type, enum adj_dir dir)
{
	return label == NAME_NONE ? graph_count_edges(g, type)
				  : get(g, &g->end_counts, end_key(label, type, dir));
}
