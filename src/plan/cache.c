/* The plan cache: statements that differ in their literals only share a plan. The key is the token
 * stream with literals that may be lifted reduced to their kind (so the types the plan was made for
 * are in it; the literals themselves where the plan was made by comparing them), the graph and the
 * catalog version. LIMIT, path bounds and the like are not lifted: they stay in the key. */
#include "base/hash.h"
#include "base/thread.h"
#include "plan/plan_int.h"

#define CACHE_BUCKETS 2048 /* a power of two */

struct entry {
	struct entry *next; /* in its bucket */
	uint64_t hash, used;
	struct plan *plan;
	uint32_t n_tokens;
	struct token *tokens; /* offsets into text */
	struct str text;
	size_t alloc; /* bytes of this block: entry, tokens and text together */
};

struct plan_cache {
	struct mutex lock; /* leaf: held for one look-up */
	struct entry *buckets[CACHE_BUCKETS];
	uint64_t tick;
	struct plan_cache_stats stats;
};

static uint64_t key_hash(struct str text, const struct token_list *t, const struct graph *g)
{
	uint64_t h = hash_u64(graph_id(g) + 1);

	for (uint32_t i = 0; i < t->n; i++) {
		const struct token *k = &t->v[i];
		h = (h ^ k->kind) * UINT64_C(0x9e3779b97f4a7c15);
		if (!token_is_lifted(k))
			h ^= hash_bytes(text.p + k->offset, k->length, h);
	}
	return hash_u64(h);
}

static bool same_key(const struct entry *e, struct str text, const struct token_list *t,
		     const struct graph *g)
{
	if (e->n_tokens != t->n || e->plan->session_graph != g)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct token *a = &e->tokens[i], *b = &t->v[i];
		if (a->kind != b->kind || token_is_lifted(a) != token_is_lifted(b))
			return false;
		if (a->kind == TOKEN_PUNCT && ((a->flags ^ b->flags) & TOKEN_JOINED) != 0)
			return false; /* the parser joins neighbours: `->` is not `- >` */
		if ((!token_is_lifted(a) || e->plan->literals_matter) &&
		    (a->length != b->length ||
		     memcmp(e->text.p + a->offset, text.p + b->offset, a->length) != 0))
			return false;
	}
	return true;
}

static void entry_free(struct entry *e)
{
	plan_unref(e->plan);
	mem_free(MEM_PLAN, e, e->alloc);
}

static struct entry **find(struct plan_cache *c, uint64_t hash, struct str text,
			   const struct token_list *t, const struct graph *g)
{
	struct entry **at = &c->buckets[hash & (CACHE_BUCKETS - 1)];

	while (*at != NULL && ((*at)->hash != hash || !same_key(*at, text, t, g)))
		at = &(*at)->next;
	return at;
}

enum status plan_cache_new(struct plan_cache **ret)
{
	struct plan_cache *c = MEM_NEW(MEM_PLAN, struct plan_cache);

	if (c == NULL)
		return ST_NOMEM;
	mutex_init(&c->lock, LOCK_RANK_LEAF);
	*ret = c;
	return ST_OK;
}

void plan_cache_clear(struct plan_cache *c)
{
	mutex_lock(&c->lock);
	for (uint32_t i = 0; i < CACHE_BUCKETS; i++) {
		while (c->buckets[i] != NULL) {
			struct entry *e = c->buckets[i];
			c->buckets[i] = e->next;
			entry_free(e);
		}
	}
	c->stats.entries = 0;
	mutex_unlock(&c->lock);
}

void plan_cache_free(struct plan_cache *c)
{
	if (c == NULL)
		return;
	plan_cache_clear(c);
	mutex_destroy(&c->lock);
	MEM_FREE(MEM_PLAN, c);
}

struct plan *plan_cache_get(struct plan_cache *c, struct str text, const struct token_list *tokens,
			    struct graph *g)
{
	uint64_t hash = key_hash(text, tokens, g);
	uint64_t version = store_catalog_version(graph_store(g));
	struct plan *found = NULL;

	mutex_lock(&c->lock);
	struct entry **at = find(c, hash, text, tokens, g), *e = *at;
	if (e != NULL && e->plan->catalog_version != version) {
		*at = e->next;
		c->stats.entries--;
		entry_free(e);
	} else if (e != NULL) {
		e->used = ++c->tick;
		found = plan_ref(e->plan);
	}
	if (found != NULL)
		c->stats.hits++;
	else
		c->stats.misses++;
	mutex_unlock(&c->lock);
	return found;
}

static void drop_oldest(struct plan_cache *c)
{
	struct entry **oldest = NULL;

	for (uint32_t i = 0; i < CACHE_BUCKETS; i++)
		for (struct entry **at = &c->buckets[i]; *at != NULL; at = &(*at)->next)
			if (oldest == NULL || (*at)->used < (*oldest)->used)
				oldest = at;
	if (oldest == NULL)
		return;
	struct entry *e = *oldest;
	*oldest = e->next;
	c->stats.entries--;
	entry_free(e);
}

/* A drop that is not durable yet has moved the version already. */
static bool graph_is_going(const struct plan *p)
{
	for (uint32_t i = 0; i < p->n_graphs; i++)
		if (graph_is_dropped(p->graphs[i]))
			return true;
	return false;
}

void plan_cache_put(struct plan_cache *c, struct str text, const struct token_list *tokens,
		    struct plan *p)
{
	size_t tokens_size = tokens->n * sizeof(struct token);
	size_t size = sizeof(struct entry) + tokens_size + text.len;

	if (text.len > PLAN_CACHE_TEXT_MAX || graph_is_going(p))
		return;
	struct entry *e = mem_alloc(MEM_PLAN, size);
	if (e == NULL)
		return;
	*e = (struct entry){
	    .hash = key_hash(text, tokens, p->session_graph),
	    .plan = plan_ref(p),
	    .n_tokens = tokens->n,
	    .tokens = (struct token *)(e + 1),
	    .text = {(char *)(e + 1) + tokens_size, text.len},
	    .alloc = size,
	};
	memcpy(e->tokens, tokens->v, tokens_size);
	memcpy((char *)(e + 1) + tokens_size, text.p, text.len);
	mutex_lock(&c->lock);
	struct entry **at = find(c, e->hash, text, tokens, p->session_graph), *old = *at;
	if (old != NULL) { /* two sessions made the same plan: the newer one stays */
		*at = old->next;
		c->stats.entries--;
		entry_free(old);
	}
	if (c->stats.entries >= PLAN_CACHE_ENTRIES)
		drop_oldest(c);
	struct entry **head = &c->buckets[e->hash & (CACHE_BUCKETS - 1)];
	e->used = ++c->tick;
	e->next = *head;
	*head = e;
	c->stats.entries++;
	mutex_unlock(&c->lock);
}

struct plan_cache_stats plan_cache_stats(struct plan_cache *c)
{
	mutex_lock(&c->lock);
	struct plan_cache_stats s = c->stats;
	mutex_unlock(&c->lock);
	return s;
}

/* ---- from the plan's text to the actual one ---------------------------------------------------
 */

struct str plan_column_name(const struct plan *p, uint32_t i_column, struct str text,
			    const struct token_list *tokens)
{
	const struct plan_column *c = &p->columns[i_column];

	if (c->n_tokens == 0)
		return c->name;
	const struct token *first = &tokens->v[c->first_token], *last = first + c->n_tokens - 1;
	return (struct str){text.p + first->offset, last->offset + last->length - first->offset};
}

uint32_t plan_offset(const struct plan *p, uint32_t offset, const struct token_list *tokens)
{
	uint32_t lo = 0, hi = p->n_tokens;

	if (offset == DIAG_NO_POSITION || p->n_tokens == 0)
		return offset;
	while (hi - lo > 1) { /* the last token that begins at or before the offset */
		uint32_t mid = lo + (hi - lo) / 2;
		if (p->token_offsets[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return lo < tokens->n ? tokens->v[lo].offset : offset;
}
