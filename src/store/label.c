/* Label sets: each combination of labels in use has a number, so that a chunk and an exception are
 * one word. Sets are never removed. */
#include "base/hash.h"
#include "store/store_int.h"

bool label_set_has(const struct label_set *s, name_id label)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->labels[i] == label)
			return true;
	return false;
}

const struct label_set *label_set_get(struct store *s, uint32_t id)
{
	return atomic_load_explicit(&s->sets[id], memory_order_acquire);
}

static uint32_t sort_labels(name_id *v, uint32_t n)
{
	uint32_t n_out = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = n_out;
		name_id x = v[i];
		while (at > 0 && v[at - 1] > x)
			at--;
		if (at > 0 && v[at - 1] == x)
			continue;
		memmove(v + at + 1, v + at, (n_out - at) * sizeof *v);
		v[at] = x;
		n_out++;
	}
	return n_out;
}

static const struct label_set *find_set(struct store *s, const name_id *labels, uint32_t n)
{
	uint32_t n_sets = atomic_load_explicit(&s->n_sets, memory_order_acquire);

	for (uint32_t i = 1; i <= n_sets; i++) {
		const struct label_set *set = label_set_get(s, i);
		if (set->n == n && memcmp(set->labels, labels, n * sizeof *labels) == 0)
			return set;
	}
	return NULL;
}

/* A small graph has a handful of sets: they are looked through before the hash is asked. */
static const struct label_set *find_hashed(struct store *s, uint64_t hash, const name_id *labels,
					   uint32_t n)
{
	const uint64_t *id = map_u64_get(&s->set_hashes, hash);
	const struct label_set *set = id != NULL ? label_set_get(s, (uint32_t)*id) : NULL;

	if (set != NULL && set->n == n && memcmp(set->labels, labels, n * sizeof *labels) == 0)
		return set;
	return set != NULL ? find_set(s, labels, n) : NULL;
}

static enum status make_locked(struct store *s, uint64_t hash, const name_id *labels, uint32_t n,
			       const struct label_set **ret)
{
	uint32_t id = atomic_load_explicit(&s->n_sets, memory_order_relaxed) + 1;

	*ret = find_hashed(s, hash, labels, n);
	if (*ret != NULL)
		return ST_OK;
	if (id >= LABEL_SETS_MAX)
		return ST_LIMIT;
	struct label_set *set = mem_alloc(MEM_GRAPH, sizeof *set + n * sizeof *labels);
	if (set == NULL)
		return ST_NOMEM;
	set->id = id;
	set->n = n;
	memcpy(set->labels, labels, n * sizeof *labels);
	if (map_u64_get(&s->set_hashes, hash) == NULL && !map_u64_put(&s->set_hashes, hash, id)) {
		mem_free(MEM_GRAPH, set, sizeof *set + n * sizeof *labels);
		return ST_NOMEM;
	}
	atomic_store_explicit(&s->sets[id], set, memory_order_release);
	atomic_store_explicit(&s->n_sets, id, memory_order_release);
	*ret = set;
	return ST_OK;
}

enum status label_set_make(struct store *s, const name_id *labels, uint32_t n,
			   const struct label_set **ret)
{
	name_id sorted[GRAPH_LABELS_MAX];

	if (n > GRAPH_LABELS_MAX)
		return ST_LIMIT;
	if (n > 0)
		memcpy(sorted, labels, n * sizeof *labels);
	n = sort_labels(sorted, n);
	uint64_t hash = hash_bytes(sorted, n * sizeof sorted[0], n) >> 1;
	mutex_lock(&s->set_lock);
	enum status st = make_locked(s, hash, sorted, n, ret);
	mutex_unlock(&s->set_lock);
	return st;
}
