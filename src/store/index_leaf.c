/* One leaf of an index: sorted slots of fixed size in front, the bytes of longer keys behind. What
 * all keys begin with is kept once, so the rest of most numbers fits into the slot. */
#include <string.h>

#include "base/mem.h"
#include "store/index_tree.h"

#define HEAD 4 /* bytes of a tail in its slot */

_Static_assert(sizeof(struct leaf) + 3 * INDEX_KEY_MAX +
		       2 * (sizeof(struct leaf_slot) + INDEX_KEY_MAX) <
		   LEAF_BYTES / 2,
	       "half a leaf takes two fences, a prefix and two keys: a split makes room");

static int bytes_cmp(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	uint32_t n = MIN_OF(a_len, b_len);
	int c = n > 0 ? memcmp(a, b, n) : 0;

	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

int tree_key_cmp(struct tree_key a, struct tree_key b)
{
	int c = bytes_cmp(a.p, a.len, b.p, b.len);

	return c != 0 ? c : (a.id > b.id) - (a.id < b.id);
}

static uint32_t common(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	uint32_t i = 0, n = MIN_OF(a_len, b_len);

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

uint32_t tree_key_common(struct tree_key a, struct tree_key b)
{
	return common(a.p, a.len, b.p, b.len);
}

static uint32_t head_of(const uint8_t *p, uint32_t len)
{
	uint32_t h = 0;

	for (uint32_t i = 0; i < HEAD && i < len; i++)
		h |= (uint32_t)p[i] << (24 - 8 * i);
	return h;
}

static uint32_t spill(uint32_t tail_len) /* bytes that do not fit into the slot */
{
	return tail_len > HEAD ? tail_len - HEAD : 0;
}

static const uint8_t *at(const struct leaf *l, uint32_t offset)
{
	return (const uint8_t *)l + offset;
}

struct leaf *leaf_new(void)
{
	struct leaf *l = mem_alloc(MEM_INDEX, LEAF_BYTES);

	if (l != NULL) {
		*l = (struct leaf){.top = LEAF_BYTES};
		l->prefix_at = LEAF_BYTES;
	}
	return l;
}

void leaf_free(struct leaf *l)
{
	mem_free(MEM_INDEX, l, LEAF_BYTES);
}

void leaf_copy(struct leaf *dst, const struct leaf *src)
{
	size_t latched = offsetof(struct leaf, dead);

	memcpy((char *)dst + latched, (const char *)src + latched, LEAF_BYTES - latched);
}

static struct tree_key fence_key(const struct leaf *l, struct leaf_fence f)
{
	return f.at == 0 ? (struct tree_key){0} : (struct tree_key){at(l, f.at), f.len, f.id};
}

struct tree_key leaf_low(const struct leaf *l)
{
	return fence_key(l, l->low);
}

struct tree_key leaf_high(const struct leaf *l)
{
	return fence_key(l, l->high);
}

bool leaf_covers(const struct leaf *l, struct tree_key k)
{
	return !l->dead && (l->low.at == 0 || tree_key_cmp(leaf_low(l), k) <= 0) &&
	       (l->high.at == 0 || tree_key_cmp(k, leaf_high(l)) < 0);
}

/* ---- searching ---------------------------------------------------------------------------- */

/* Behind the prefix. */
static int slot_cmp(const struct leaf *l, const struct leaf_slot *s, uint32_t head,
		    const uint8_t *tail, uint32_t len, uint32_t id)
{
	if (s->head != head)
		return s->head < head ? -1 : 1;
	uint32_t a = spill(s->len), b = spill(len);
	int c = a > 0 && b > 0 ? bytes_cmp(at(l, s->at), a, tail + HEAD, b) : 0;
	if (c == 0)
		c = (s->len > len) - (s->len < len);
	return c != 0 ? c : (s->id > id) - (s->id < id);
}

/* The first slot of low..high whose head is not below; `high` when all are. */
static uint32_t find_head(const struct leaf *l, uint32_t low, uint32_t high, uint32_t head)
{
	while (low < high) {
		uint32_t half = low + (high - low) / 2;
		if (l->slots[half].head < head)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

/* The same of all slots. Heads of numbers lie evenly: from where one of this size should be, look
 * further in steps that double. */
static uint32_t guess_head(const struct leaf *l, uint32_t head)
{
	const struct leaf_slot *s = l->slots;
	uint32_t n = l->n;

	if (n == 0 || head <= s[0].head)
		return 0;
	if (head > s[n - 1].head)
		return n;
	uint64_t below = head - s[0].head, all = s[n - 1].head - s[0].head;
	uint32_t at = (uint32_t)(below * (n - 1) / all), step = 1;
	if (s[at].head < head) {
		for (; at + step < n && s[at + step].head < head; step *= 2)
			at += step;
		return find_head(l, at + 1, MIN_OF(at + step, n), head);
	}
	for (; step <= at && s[at - step].head >= head; step *= 2)
		at -= step;
	return find_head(l, step <= at ? at - step + 1 : 0, at, head);
}

static uint32_t find_tail(const struct leaf *l, const uint8_t *tail, uint32_t len, uint32_t id)
{
	uint32_t head = head_of(tail, len), low = guess_head(l, head), high = l->n;

	/* Mostly there is no other with this head, and no lower id is asked for. */
	if (low == high || slot_cmp(l, &l->slots[low], head, tail, len, id) >= 0)
		return low;
	for (low++; low < high;) {
		uint32_t half = low + (high - low) / 2;
		if (slot_cmp(l, &l->slots[half], head, tail, len, id) < 0)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

uint32_t leaf_find(const struct leaf *l, struct tree_key k)
{
	uint32_t n = MIN_OF(k.len, (uint32_t)l->prefix_len);
	int c = tree_bytes_cmp(k.p, at(l, l->prefix_at), n);

	if (c == 0 && n == l->prefix_len)
		return find_tail(l, k.p + n, k.len - n, k.id);
	return c <= 0 ? 0 : l->n;
}

uint32_t leaf_key(const struct leaf *l, uint32_t i, uint8_t out[INDEX_KEY_MAX])
{
	const struct leaf_slot *s = &l->slots[i];
	uint8_t *tail = out + l->prefix_len;

	memcpy(out, at(l, l->prefix_at), l->prefix_len);
	for (uint32_t k = 0; k < HEAD && k < s->len; k++)
		tail[k] = (uint8_t)(s->head >> (24 - 8 * k));
	if (s->len > HEAD)
		memcpy(tail + HEAD, at(l, s->at), s->len - HEAD);
	return l->prefix_len + s->len;
}

static struct tree_key pair(const struct leaf *l, uint32_t i, uint8_t out[INDEX_KEY_MAX])
{
	return (struct tree_key){out, leaf_key(l, i, out), l->slots[i].id};
}

static bool same_bytes(const struct leaf *l, uint32_t i, uint32_t k)
{
	const struct leaf_slot *a = &l->slots[i], *b = &l->slots[k];

	return a->head == b->head && a->len == b->len &&
	       (a->len <= HEAD || memcmp(at(l, a->at), at(l, b->at), a->len - HEAD) == 0);
}

uint32_t leaf_ids(const struct leaf *l, struct tree_key k, uint32_t *ids, uint32_t max)
{
	const uint8_t *tail = k.p + l->prefix_len;
	uint32_t n = 0;

	if (k.len < l->prefix_len || tree_bytes_cmp(k.p, at(l, l->prefix_at), l->prefix_len) != 0)
		return 0;
	uint32_t len = k.len - l->prefix_len, first = find_tail(l, tail, len, k.id);
	const struct leaf_slot *s = &l->slots[first];
	if (first == l->n || slot_cmp(l, s, head_of(tail, len), tail, len, s->id) != 0)
		return 0;
	do
		ids[n] = l->slots[first + n].id;
	while (++n < max && first + n < l->n && same_bytes(l, first + n, first));
	return n;
}

static bool fence_has(const struct leaf *l, struct leaf_fence f, uint32_t i)
{
	uint8_t buf[INDEX_KEY_MAX];

	if (f.at == 0 || f.id == 0 || f.len != l->prefix_len + l->slots[i].len)
		return false;
	return memcmp(buf, at(l, f.at), leaf_key(l, i, buf)) == 0;
}

/* No neighbour of pair i has its bytes, not even beyond a fence that stands between ids. */
static bool is_alone(const struct leaf *l, uint32_t i)
{
	bool before = i > 0 ? same_bytes(l, i, i - 1) : fence_has(l, l->low, i);
	bool behind = i + 1 < l->n ? same_bytes(l, i, i + 1) : fence_has(l, l->high, i);

	return !before && !behind;
}

/* ---- writing ------------------------------------------------------------------------------------
 */

static uint32_t room(const struct leaf *l)
{
	return l->top - (uint32_t)sizeof *l - l->n * (uint32_t)sizeof l->slots[0];
}

static uint16_t put_bytes(struct leaf *l, const uint8_t *p, uint32_t len)
{
	assert(room(l) >= len);
	l->top -= (uint16_t)len;
	if (len > 0)
		memcpy((uint8_t *)l + l->top, p, len);
	return l->top;
}

static struct leaf_fence put_fence(struct leaf *l, struct tree_key k)
{
	if (k.p == NULL)
		return (struct leaf_fence){0};
	return (struct leaf_fence){k.id, put_bytes(l, k.p, k.len), (uint16_t)k.len};
}

static struct leaf_slot make_slot(struct leaf *l, struct tree_key k)
{
	const uint8_t *tail = k.p + l->prefix_len;
	uint32_t len = k.len - l->prefix_len;
	struct leaf_slot s = {.head = head_of(tail, len), .id = k.id, .len = (uint16_t)len};

	if (len > HEAD)
		s.at = put_bytes(l, tail + HEAD, len - HEAD);
	return s;
}

/* Bytes of a leaf that is made of pairs from..to of l with a prefix of its own. */
static uint32_t size_of(const struct leaf *l, uint32_t from, uint32_t to, uint32_t prefix_len,
			struct tree_key low, struct tree_key high)
{
	uint32_t size = (uint32_t)sizeof *l + prefix_len + low.len + high.len;

	for (uint32_t i = from; i < to; i++)
		size += (uint32_t)sizeof l->slots[0] +
			spill(l->slots[i].len + l->prefix_len - prefix_len);
	return size;
}

/* Fills dst, whose latch stays as it is; low and high may point into src. */
static void build(struct leaf *dst, const struct leaf *src, uint32_t from, uint32_t to,
		  uint32_t prefix_len, struct tree_key low, struct tree_key high)
{
	uint8_t buf[INDEX_KEY_MAX];

	dst->n = 0;
	dst->garbage = 0;
	dst->top = LEAF_BYTES;
	dst->low = put_fence(dst, low);
	dst->high = put_fence(dst, high);
	dst->prefix_len = 0;
	dst->prefix_at = LEAF_BYTES;
	for (uint32_t i = from; i < to; i++) {
		struct tree_key k = pair(src, i, buf);
		if (dst->n == 0) {
			dst->prefix_at = put_bytes(dst, k.p, prefix_len);
			dst->prefix_len = (uint16_t)prefix_len;
		}
		dst->slots[dst->n++] = make_slot(dst, k);
	}
}

static void rebuild(struct leaf *l, uint32_t from, uint32_t to, uint32_t prefix_len,
		    struct tree_key low, struct tree_key high)
{
	union leaf_page copy;

	leaf_copy(&copy.leaf, l);
	if (low.p >= (const uint8_t *)l && low.p < at(l, LEAF_BYTES))
		low.p = copy.bytes + (low.p - (const uint8_t *)l);
	if (high.p >= (const uint8_t *)l && high.p < at(l, LEAF_BYTES))
		high.p = copy.bytes + (high.p - (const uint8_t *)l);
	build(l, &copy.leaf, from, to, prefix_len, low, high);
}

/* Makes the prefix as long as said, and room for one more key; false: it does not fit. */
static bool repack(struct leaf *l, uint32_t prefix_len, uint32_t key_len)
{
	struct tree_key low = leaf_low(l), high = leaf_high(l);
	uint32_t need = (uint32_t)sizeof l->slots[0] + spill(key_len - prefix_len);

	if (size_of(l, 0, l->n, prefix_len, low, high) + need > LEAF_BYTES)
		return false;
	rebuild(l, 0, l->n, prefix_len, low, high);
	return true;
}

/* The prefix of an empty leaf is the whole of its first key; it is cut as others come. */
static bool make_room(struct leaf *l, struct tree_key k)
{
	uint32_t shared = common(k.p, k.len, at(l, l->prefix_at), l->prefix_len);
	uint32_t need = (uint32_t)sizeof l->slots[0] + spill(k.len - shared);

	if (l->n == 0) {
		rebuild(l, 0, 0, 0, leaf_low(l), leaf_high(l));
		l->prefix_at = put_bytes(l, k.p, k.len);
		l->prefix_len = (uint16_t)k.len;
		return true;
	}
	if (shared == l->prefix_len && room(l) >= need)
		return true;
	if (shared == l->prefix_len && room(l) + l->garbage < need)
		return false;
	return repack(l, shared, k.len);
}

static bool is_pair(const struct leaf *l, uint32_t i, struct tree_key k)
{
	uint8_t buf[INDEX_KEY_MAX];

	return i < l->n && l->slots[i].id == k.id && tree_key_cmp(pair(l, i, buf), k) == 0;
}

enum leaf_result leaf_insert(struct leaf *l, struct tree_key k, bool *ret_new)
{
	uint32_t i = leaf_find(l, k);

	if (is_pair(l, i, k))
		return LEAF_THERE;
	if (!make_room(l, k))
		return LEAF_FULL;
	struct leaf_slot s = make_slot(l, k);
	memmove(&l->slots[i + 1], &l->slots[i], (l->n - i) * sizeof s);
	l->slots[i] = s;
	l->n++;
	*ret_new = is_alone(l, i);
	return LEAF_ADDED;
}

bool leaf_remove(struct leaf *l, struct tree_key k, bool *ret_last)
{
	uint32_t i = leaf_find(l, k);

	if (!is_pair(l, i, k))
		return false;
	*ret_last = is_alone(l, i);
	l->garbage += (uint16_t)spill(l->slots[i].len);
	l->n--;
	memmove(&l->slots[i], &l->slots[i + 1], (l->n - i) * sizeof l->slots[0]);
	return true;
}

/* ---- splitting ------------------------------------------------------------------------------- */

/* What pairs from..to begin with. */
static uint32_t prefix_of(const struct leaf *l, uint32_t from, uint32_t to)
{
	uint8_t a[INDEX_KEY_MAX], b[INDEX_KEY_MAX];

	if (from == to)
		return 0;
	uint32_t a_len = leaf_key(l, from, a), b_len = leaf_key(l, to - 1, b);
	return common(a, a_len, b, b_len);
}

/* The shortest fence with left below it and right not. */
static struct tree_key between(struct tree_key left, struct tree_key right)
{
	uint32_t shared = common(left.p, left.len, right.p, right.len);

	if (shared == right.len) /* the same bytes: the id tells them apart */
		return right;
	return (struct tree_key){right.p, shared + 1, 0};
}

/* Whether pairs from..to make a leaf between these fences. */
static bool fits(const struct leaf *l, uint32_t from, uint32_t to, struct tree_key low,
		 struct tree_key high)
{
	return size_of(l, from, to, prefix_of(l, from, to), low, high) <= LEAF_BYTES;
}

static uint32_t middle(const struct leaf *l)
{
	uint32_t all = size_of(l, 0, l->n, l->prefix_len, leaf_low(l), leaf_high(l)), size = 0, i;

	for (i = 1; i + 1 < l->n && size < all / 2; i++)
		size += (uint32_t)sizeof l->slots[0] + spill(l->slots[i - 1].len);
	return i;
}

/* Where to cut so that k has room. Keys often come in order: behind the last pair of all, the old
 * leaf stays nearly as full as it is. What lacks the prefix stands outside of all pairs: it gets a
 * leaf of its own, and the prefix stays long. */
static uint32_t cut_for(const struct leaf *l, struct tree_key k)
{
	/* The new fence is not longer than a key. */
	const struct tree_key fence = {.len = INDEX_KEY_MAX}, low = leaf_low(l),
			      high = leaf_high(l);
	uint32_t i = leaf_find(l, k), some = l->n / 16 + 1;
	uint32_t shared = common(k.p, k.len, at(l, l->prefix_at), l->prefix_len);
	bool outside = shared < l->prefix_len;

	if (i == l->n && (outside || l->high.at == 0)) {
		if (fits(l, 0, l->n, low, fence))
			return l->n;
		if (fits(l, 0, l->n - some, low, fence))
			return l->n - some;
	} else if (i == 0 && outside && fits(l, 0, l->n, fence, high)) {
		return 0;
	}
	return middle(l);
}

struct tree_key leaf_cut(const struct leaf *l, struct tree_key k, uint32_t *ret_cut,
			 uint8_t buf[INDEX_KEY_MAX])
{
	uint8_t left[INDEX_KEY_MAX];
	uint32_t cut = *ret_cut = cut_for(l, k);
	struct tree_key below = cut > 0 ? pair(l, cut - 1, left) : k;
	struct tree_key fence = between(below, cut < l->n ? pair(l, cut, buf) : k);

	if (fence.p != buf)
		memcpy(buf, fence.p, fence.len);
	fence.p = buf;
	return fence;
}

void leaf_split(struct leaf *l, struct leaf *right, uint32_t cut, struct tree_key fence)
{
	build(right, l, cut, l->n, prefix_of(l, cut, l->n), fence, leaf_high(l));
	rebuild(l, 0, cut, prefix_of(l, 0, cut), leaf_low(l), fence);
}

bool leaf_set_fences(struct leaf *l, struct tree_key low, struct tree_key high)
{
	if (size_of(l, 0, l->n, l->prefix_len, low, high) > LEAF_BYTES)
		return false;
	rebuild(l, 0, l->n, l->prefix_len, low, high);
	return true;
}
