/* The tree over the leaves of an index: going down without latches, splitting, giving back. */
#include "store/index_tree.h"

#include <string.h>

#include "base/mem.h"

struct inner_sep {
	uint32_t at, id; /* at: in bytes */
	uint16_t len;
};

struct inner { /* separators never change; a child is replaced by one store */
	struct tree_node node;
	uint32_t n; /* children; separator i is the low fence of child i + 1 */
	uint32_t size;
	uint32_t prefix_len; /* what all separators begin with */
	struct tree_node *_Atomic *children;
	const struct inner_sep *seps;
	const uint8_t *bytes;
	uint64_t heads[]; /* eight bytes of each behind the prefix as a number, zeros behind the end
			   */
};

static struct tree_node *load(struct tree_node *_Atomic *at)
{
	return atomic_load_explicit(at, memory_order_acquire);
}

static uint64_t head_of(struct tree_key k, uint32_t from)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < 8 && from + i < k.len; i++)
		h |= (uint64_t)k.p[from + i] << (56 - 8 * i);
	return h;
}

static struct tree_key sep_key(const struct inner *x, uint32_t i)
{
	return (struct tree_key){x->bytes + x->seps[i].at, x->seps[i].len, x->seps[i].id};
}

static int sep_cmp(const struct inner *x, uint32_t i, uint64_t head, struct tree_key k)
{
	if (x->heads[i] != head)
		return x->heads[i] < head ? -1 : 1;
	return tree_key_cmp(sep_key(x, i), k);
}

/* The child that covers k; backward: the one that covers what is just below k (p NULL: all is).
 * Heads, which are in the cache, are counted without branches that nobody can foresee; only where
 * one is k's own the rest decides. */
static uint32_t child_of(const struct inner *x, struct tree_key k, bool backward)
{
	uint32_t at = 0, n = x->n - 1;

	if (k.p == NULL)
		return backward ? n : 0;
	const uint32_t shared = MIN_OF(k.len, x->prefix_len);
	int c = tree_bytes_cmp(k.p, x->bytes, shared); /* the first one begins there */
	if (c != 0 || shared < x->prefix_len)
		return c > 0 ? n : 0;
	const uint64_t head = head_of(k, x->prefix_len);
	while (n > 1) {
		uint32_t half = n / 2;
		at += x->heads[at + half - 1] < head ? half : 0;
		n -= half;
	}
	at += n == 1 && x->heads[at] < head;
	if (at + 1 == x->n || x->heads[at] != head)
		return at;
	for (n = x->n - 1 - at; n > 0;) {
		uint32_t half = n / 2;
		c = sep_cmp(x, at + half, head, k);
		bool right = backward ? c < 0 : c <= 0;
		at += right ? half + 1 : 0;
		n = right ? n - half - 1 : half;
	}
	return at;
}

static struct leaf *go_down(struct index_tree *t, struct tree_key k, bool backward)
{
	struct tree_node *node = load(&t->root);

	while (node->level > 0) {
		struct inner *x = container_of(node, struct inner, node);
		node = load(&x->children[child_of(x, k, backward)]);
	}
	return container_of(node, struct leaf, node);
}

static bool covers_below(const struct leaf *l, struct tree_key k)
{
	if (l->dead)
		return false;
	if (k.p == NULL)
		return l->high.at == 0;
	return (l->low.at == 0 || tree_key_cmp(leaf_low(l), k) < 0) &&
	       (l->high.at == 0 || tree_key_cmp(k, leaf_high(l)) <= 0);
}

/* Unless the shape has changed since we went down, the leaf is the right one. Whoever changes the
 * shape counts it while it holds the latches of the leaves, so we see that it has, or come first.
 */
static struct leaf *lock_leaf(struct index_tree *t, struct tree_key k, bool backward)
{
	for (;;) {
		uint64_t shape = atomic_load_explicit(&t->n_changes, memory_order_acquire);
		struct leaf *l = go_down(t, k, backward);
		latch_lock(&l->latch);
		if (LIKELY(shape == atomic_load_explicit(&t->n_changes, memory_order_relaxed)) ||
		    (backward ? covers_below(l, k) : leaf_covers(l, k)))
			return l;
		latch_unlock(&l->latch);
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

uint32_t tree_ids(struct index_tree *t, struct tree_key k, uint32_t *ids, uint32_t max)
{
	uint32_t n = 0;

	for (;;) {
		struct leaf *l = lock_leaf(t, k, false);
		n += leaf_ids(l, k, ids + n, max - n);
		struct tree_key high = leaf_high(l);
		bool more =
		    n < max && high.id != 0 && high.len == k.len && memcmp(high.p, k.p, k.len) == 0;
		k.id = high.id;
		latch_unlock(&l->latch);
		if (!more)
			return n;
	}
}

void tree_copy_leaf(struct index_tree *t, struct tree_key k, bool backward, struct leaf *ret)
{
	struct leaf *l = lock_leaf(t, k, backward);

	leaf_copy(ret, l);
	latch_unlock(&l->latch);
}

double tree_rank(struct index_tree *t, struct tree_key k)
{
	struct tree_node *node = load(&t->root);
	double rank = 0, part = 1;

	while (node->level > 0) {
		struct inner *x = container_of(node, struct inner, node);
		uint32_t i = child_of(x, k, false);
		part /= x->n;
		rank += part * i;
		node = load(&x->children[i]);
	}
	struct leaf *l = container_of(node, struct leaf, node);
	latch_lock(&l->latch);
	if (l->n > 0 && k.p != NULL)
		rank += part * leaf_find(l, k) / l->n;
	latch_unlock(&l->latch);
	return rank;
}

/* ---- inner nodes ------------------------------------------------------------------------------
 */

struct draft {	    /* an inner node before it is made */
	uint32_t n; /* children */
	struct tree_key seps[INNER_MAX];
	struct tree_node *children[INNER_MAX];
};

static void draft_of(struct inner *x, struct draft *d)
{
	assert(x->n > 0);
	d->n = x->n;
	for (uint32_t i = 0; i < x->n; i++)
		d->children[i] = load(&x->children[i]);
	for (uint32_t i = 0; i + 1 < x->n; i++)
		d->seps[i] = sep_key(x, i);
}

/* Child i becomes two with a separator between them. */
static void draft_split(struct draft *d, uint32_t i, struct tree_key sep, struct tree_node *left,
			struct tree_node *right)
{
	memmove(&d->children[i + 1], &d->children[i], (d->n - i) * sizeof d->children[0]);
	memmove(&d->seps[i + 1], &d->seps[i], (d->n - 1 - i) * sizeof d->seps[0]);
	d->children[i] = left;
	d->children[i + 1] = right;
	d->seps[i] = sep;
	d->n++;
}

/* Its range goes to the child on its left; that of the first to the second. */
static void draft_remove(struct draft *d, uint32_t i)
{
	uint32_t sep = i > 0 ? i - 1 : 0;

	d->n--;
	memmove(&d->children[i], &d->children[i + 1], (d->n - i) * sizeof d->children[0]);
	memmove(&d->seps[sep], &d->seps[sep + 1], (d->n - 1 - sep) * sizeof d->seps[0]);
}

/* Children from..to of the draft; NULL: no memory. */
static struct tree_node *inner_new(const struct draft *d, uint32_t from, uint32_t to,
				   uint32_t level)
{
	uint32_t n = to - from, bytes = 0;

	for (uint32_t i = from; i + 1 < to; i++)
		bytes += d->seps[i].len;
	size_t seps = sizeof(struct inner) + (n - 1) * sizeof(uint64_t);
	size_t children = (seps + (n - 1) * sizeof(struct inner_sep) + 7) & ~(size_t)7;
	size_t size = children + n * sizeof(struct tree_node *) + bytes;
	struct inner *x = mem_alloc(MEM_INDEX, size);
	if (x == NULL)
		return NULL;
	struct inner_sep *sep = (struct inner_sep *)(void *)((char *)x + seps);
	x->node = (struct tree_node){.level = level};
	x->n = n;
	x->size = (uint32_t)size;
	x->children = (struct tree_node * _Atomic *)(void *)((char *)x + children);
	x->seps = sep;
	uint8_t *at = (uint8_t *)(x->children + n);
	x->bytes = at;
	x->prefix_len = n > 1 ? tree_key_common(d->seps[from], d->seps[to - 2]) : 0;
	for (uint32_t i = 0; i < n; i++)
		atomic_init(&x->children[i], d->children[from + i]);
	for (uint32_t i = 0; i + 1 < n; i++) {
		struct tree_key k = d->seps[from + i];
		x->heads[i] = head_of(k, x->prefix_len);
		sep[i] = (struct inner_sep){(uint32_t)(at - x->bytes), k.id, (uint16_t)k.len};
		memcpy(at, k.p, k.len);
		at += k.len;
	}
	return &x->node;
}

static void inner_free(struct inner *x)
{
	mem_free(MEM_INDEX, x, x->size);
}

static void node_free(struct tree_node *node)
{
	if (node->level > 0)
		inner_free(container_of(node, struct inner, node));
	else
		leaf_free(container_of(node, struct leaf, node));
}

static void node_free_retired(struct retired *r)
{
	node_free(container_of(r, struct tree_node, retired));
}

static void retire(struct index_tree *t, struct tree_node *node)
{
	epoch_retire(t->epochs, &node->retired, node_free_retired);
}

/* ---- changes of shape, under the tree's latch ------------------------------------------------ */

struct path {	    /* from the root to a leaf */
	uint32_t n; /* inner nodes */
	struct inner *inner[TREE_LEVELS_MAX];
	uint32_t child[TREE_LEVELS_MAX];
	struct tree_node *_Atomic *at[TREE_LEVELS_MAX + 1]; /* where the pointer to each stands */
};

static struct leaf *walk(struct index_tree *t, struct tree_key k, struct path *p)
{
	struct tree_node *_Atomic *at = &t->root;
	struct tree_node *node = load(at);

	for (p->n = 0; node->level > 0; p->n++) {
		struct inner *x = container_of(node, struct inner, node);
		uint32_t i = child_of(x, k, false);
		BUG_ON(p->n == TREE_LEVELS_MAX);
		p->inner[p->n] = x;
		p->child[p->n] = i;
		p->at[p->n] = at;
		at = &x->children[i];
		node = load(at);
	}
	p->at[p->n] = at;
	return container_of(node, struct leaf, node);
}

/* What takes the place of the parent, or of the root, when the node at level i of the path becomes
 * two; NULL: no memory. */
static struct tree_node *parent_of_two(const struct path *p, uint32_t i, struct tree_key sep,
				       struct tree_node *left, struct tree_node *right)
{
	struct draft d = {.n = 1};

	if (i > 0)
		draft_of(p->inner[i - 1], &d);
	draft_split(&d, i > 0 ? p->child[i - 1] : 0, sep, left, right);
	return inner_new(&d, 0, d.n, left->level + 1);
}

static void put_node(struct index_tree *t, struct tree_node *_Atomic *at, struct tree_node *node)
{
	atomic_store_explicit(at, node, memory_order_release);
	atomic_fetch_add_explicit(&t->n_changes, 1, memory_order_release);
}

static void set_parent(struct index_tree *t, const struct path *p, uint32_t i,
		       struct tree_node *parent)
{
	put_node(t, p->at[i > 0 ? i - 1 : 0], parent);
	if (i > 0)
		retire(t, &p->inner[i - 1]->node);
}

/* A full node becomes two; its parent, if any, has room. */
static bool split_inner(struct index_tree *t, const struct path *p, uint32_t i)
{
	struct inner *x = p->inner[i];
	struct draft d;
	uint32_t half = x->n / 2, level = x->node.level;

	draft_of(x, &d);
	struct tree_node *left = inner_new(&d, 0, half, level);
	struct tree_node *right = inner_new(&d, half, d.n, level), *parent = NULL;
	if (left != NULL && right != NULL)
		parent = parent_of_two(p, i, d.seps[half - 1], left, right);
	if (parent != NULL) {
		set_parent(t, p, i, parent);
		retire(t, &x->node);
		return true;
	}
	if (left != NULL)
		node_free(left);
	if (right != NULL)
		node_free(right);
	return false;
}

/* The leaf's latch is held. All memory is taken before the leaf shrinks, and the new leaf is full
 * before anybody can come to it. */
static bool split_leaf(struct index_tree *t, const struct path *p, struct leaf *l,
		       struct tree_key k)
{
	uint8_t buf[INDEX_KEY_MAX];
	uint32_t cut;
	struct tree_key fence = leaf_cut(l, k, &cut, buf);
	struct leaf *right = leaf_new();
	struct tree_node *parent =
	    right != NULL ? parent_of_two(p, p->n, fence, &l->node, &right->node) : NULL;

	if (parent == NULL) {
		if (right != NULL)
			leaf_free(right);
		return false;
	}
	leaf_split(l, right, cut, fence);
	set_parent(t, p, p->n, parent);
	return true;
}

/* One step towards room for k, or k itself when there is room by now. */
static enum status insert_or_split(struct index_tree *t, struct tree_key k, enum leaf_result *ret,
				   bool *ret_new)
{
	struct path p;
	struct leaf *l = walk(t, k, &p);
	enum status st = ST_OK;

	*ret = LEAF_FULL;
	for (uint32_t i = 0; i < p.n; i++)
		if (p.inner[i]->n == INNER_MAX)
			return split_inner(t, &p, i) ? ST_OK : ST_NOMEM;
	latch_lock(&l->latch);
	*ret = leaf_insert(l, k, ret_new);
	if (*ret == LEAF_FULL && !split_leaf(t, &p, l, k))
		st = ST_NOMEM;
	latch_unlock(&l->latch);
	return st;
}

enum status tree_insert(struct index_tree *t, struct tree_key k)
{
	struct leaf *l = lock_leaf(t, k, false);
	bool is_new = false;
	enum leaf_result r = leaf_insert(l, k, &is_new);
	enum status st = ST_OK;

	latch_unlock(&l->latch);
	if (r == LEAF_FULL) {
		latch_lock(&t->latch);
		while (r == LEAF_FULL && st == ST_OK)
			st = insert_or_split(t, k, &r, &is_new);
		latch_unlock(&t->latch);
	}
	if (r == LEAF_ADDED)
		atomic_fetch_add_explicit(&t->n_pairs, 1, memory_order_relaxed);
	if (r == LEAF_ADDED && is_new)
		atomic_fetch_add_explicit(&t->n_keys, 1, memory_order_relaxed);
	return st;
}

/* ---- giving back ---------------------------------------------------------------------------- */

static struct leaf *outermost_leaf(struct tree_node *node, bool last)
{
	while (node->level > 0) {
		struct inner *x = container_of(node, struct inner, node);
		node = load(&x->children[last ? x->n - 1 : 0]);
	}
	return container_of(node, struct leaf, node);
}

/* Child p->child[i] of the inner node at level i of the path goes, with the one empty leaf that
 * hangs below it; a neighbour takes over its range. Both leaves' latches are held. */
static bool cut_off(struct index_tree *t, const struct path *p, uint32_t i, struct leaf *l,
		    struct leaf *neighbour)
{
	struct inner *x = p->inner[i];
	bool left = p->child[i] > 0;
	struct draft d;

	draft_of(x, &d);
	draft_remove(&d, p->child[i]);
	struct tree_node *made = inner_new(&d, 0, d.n, x->node.level);
	if (made == NULL)
		return false;
	if (!leaf_set_fences(neighbour, left ? leaf_low(neighbour) : leaf_low(l),
			     left ? leaf_high(l) : leaf_high(neighbour))) {
		node_free(made);
		return false;
	}
	l->dead = true;
	put_node(t, p->at[i], made);
	for (uint32_t k = i; k < p->n; k++)
		retire(t, &p->inner[k]->node);
	retire(t, &l->node);
	return true;
}

/* The leaf of k has become empty. It stays when it is the last one, when a pair has come meanwhile,
 * or without memory: then it is used again, or given back when it becomes empty the next time. */
static void give_back(struct index_tree *t, struct tree_key k)
{
	struct path p;

	latch_lock(&t->latch);
	struct leaf *l = walk(t, k, &p);
	uint32_t i = p.n;
	while (i > 0 && p.inner[i - 1]->n == 1)
		i--;
	if (i > 0) {
		struct inner *x = p.inner[--i];
		uint32_t at = p.child[i];
		struct leaf *neighbour =
		    outermost_leaf(load(&x->children[at > 0 ? at - 1 : 1]), at > 0);
		latch_lock(&neighbour->latch);
		latch_lock(&l->latch);
		if (l->n == 0)
			(void)cut_off(t, &p, i, l, neighbour);
		latch_unlock(&l->latch);
		latch_unlock(&neighbour->latch);
	}
	latch_unlock(&t->latch);
}

void tree_remove(struct index_tree *t, struct tree_key k)
{
	struct leaf *l = lock_leaf(t, k, false);
	bool last = false, removed = leaf_remove(l, k, &last), empty = l->n == 0;

	latch_unlock(&l->latch);
	if (!removed)
		return;
	atomic_fetch_sub_explicit(&t->n_pairs, 1, memory_order_relaxed);
	if (last)
		atomic_fetch_sub_explicit(&t->n_keys, 1, memory_order_relaxed);
	if (empty)
		give_back(t, k);
}

/* ---- life ------------------------------------------------------------------------------------ */

enum status tree_init(struct index_tree *t, struct epoch_table *epochs)
{
	struct leaf *l = leaf_new();

	if (l == NULL)
		return ST_NOMEM;
	*t = (struct index_tree){.epochs = epochs};
	atomic_init(&t->root, &l->node);
	return ST_OK;
}

static void free_below(struct tree_node *node)
{
	if (node->level > 0) {
		struct inner *x = container_of(node, struct inner, node);
		for (uint32_t i = 0; i < x->n; i++)
			free_below(load(&x->children[i]));
	}
	node_free(node);
}

void tree_release(struct index_tree *t)
{
	free_below(load(&t->root));
}
