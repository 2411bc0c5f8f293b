/* Counts for the planner: kept on write, estimates for readers. */
#include "store/store_int.h"

static void add(struct graph *g, struct map_u64 *m, uint64_t key, int64_t by)
{
	bool is_new;

	mutex_lock(&g->count_lock);
	uint64_t *n = map_u64_slot(m, key, &is_new); /* without memory the estimate is off */
	if (n != NULL)
		*n += (uint64_t)by;
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
