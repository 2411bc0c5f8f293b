/* base/epoch.c - the table of views.
 *
 * Three sequentially consistent fences make it right, one each in pin(), epoch_retire() and
 * epoch_collect(); of any two, one comes first. Either the collector's scan sees a reader's pin, or
 * that reader's later loads see everything that was unlinked (and published) before the scan. */
#include "base/epoch.h"

#include "base/mem.h"

enum status epoch_init(struct epoch_table *t)
{
	size_t size = EPOCH_SLOTS_MAX * sizeof(struct epoch_slot);

	t->slots = mem_alloc_aligned(MEM_OTHER, size, CACHE_LINE);
	if (t->slots == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < EPOCH_SLOTS_MAX; i++) {
		atomic_init(&t->slots[i].epoch, 0);
		atomic_init(&t->slots[i].read_lsn, 0);
		atomic_init(&t->slots[i].opened_ns, 0);
	}
	atomic_init(&t->current, 1);
	atomic_init(&t->n_used, 0);
	atomic_init(&t->n_retired, 0);
	mutex_init(&t->lock, LOCK_RANK_LEAF);
	t->head = NULL;
	t->tail = &t->head;
	return ST_OK;
}

/* Unlinks the longest beginning of the list whose tags are below bound. Threads append in nearly
 * the order of their tags; one that is out of order waits for a later round. */
static struct retired *take_below(struct epoch_table *t, uint64_t bound)
{
	struct retired *taken = NULL, **end = &taken;
	uint64_t n = 0;

	mutex_lock(&t->lock);
	while (t->head != NULL && t->head->tag < bound) {
		*end = t->head;
		end = &t->head->next;
		t->head = t->head->next;
		n++;
	}
	*end = NULL;
	if (t->head == NULL)
		t->tail = &t->head;
	atomic_fetch_sub_explicit(&t->n_retired, n, memory_order_relaxed);
	mutex_unlock(&t->lock);
	return taken;
}

static bool free_below(struct epoch_table *t, uint64_t bound)
{
	struct retired *r = take_below(t, bound);
	bool any = r != NULL;

	while (r != NULL) {
		struct retired *next = r->next;
		r->free(r);
		r = next;
	}
	return any;
}

void epoch_release(struct epoch_table *t)
{
	if (t->slots == NULL)
		return;
	for (uint32_t i = 0; i < EPOCH_SLOTS_MAX; i++)
		BUG_ON(atomic_load(&t->slots[i].epoch) != 0);
	while (free_below(t, UINT64_MAX)) /* freeing may retire more */
		;
	mutex_destroy(&t->lock);
	mem_free(MEM_OTHER, t->slots, EPOCH_SLOTS_MAX * sizeof(struct epoch_slot));
	t->slots = NULL;
}

/* The acquire takes over what the last owner left: read_lsn is 0. */
static bool claim(struct epoch_table *t, uint32_t i)
{
	struct epoch_slot *s = &t->slots[i];
	uint64_t none = 0;

	return atomic_load_explicit(&s->epoch, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_strong_explicit(
		   &s->epoch, &none, atomic_load_explicit(&t->current, memory_order_acquire),
		   memory_order_acquire, memory_order_relaxed);
}

/* Raises n_used above i. Before the fence, so that a collector that misses it misses the pin too.
 */
static void cover(struct epoch_table *t, uint32_t i)
{
	uint32_t n = atomic_load_explicit(&t->n_used, memory_order_relaxed);

	while (n <= i && !atomic_compare_exchange_weak_explicit(
			     &t->n_used, &n, i + 1, memory_order_relaxed, memory_order_relaxed))
		;
}

enum status epoch_open(struct epoch_table *t, struct epoch_slot **ret)
{
	static _Thread_local uint32_t last; /* a thread comes back to its own cache line */
	uint32_t n = atomic_load_explicit(&t->n_used, memory_order_relaxed);
	uint32_t found = EPOCH_SLOTS_MAX;

	for (uint32_t k = 0; k < n && found == EPOCH_SLOTS_MAX; k++) {
		uint32_t i = (last + k) % n;
		if (claim(t, i))
			found = i;
	}
	for (uint32_t i = n; i < EPOCH_SLOTS_MAX && found == EPOCH_SLOTS_MAX; i++) {
		if (claim(t, i))
			found = i;
	}
	if (found == EPOCH_SLOTS_MAX)
		return ST_LIMIT;
	last = found;
	cover(t, found);
	atomic_thread_fence(memory_order_seq_cst);
	*ret = &t->slots[found];
	return ST_OK;
}

void epoch_set_read_lsn(struct epoch_slot *s, uint64_t lsn)
{
	atomic_store_explicit(&s->read_lsn, lsn, memory_order_release);
}

void epoch_renew(struct epoch_table *t, struct epoch_slot *s)
{
	/* Release: what was read under the old pin was read before. */
	atomic_store_explicit(&s->epoch, atomic_load_explicit(&t->current, memory_order_acquire),
			      memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
}

void epoch_close(struct epoch_slot *s)
{
	atomic_store_explicit(&s->opened_ns, 0, memory_order_relaxed);
	/* Release: pairs with the collector's load; all that the owner read, it read before. */
	atomic_store_explicit(&s->read_lsn, 0, memory_order_release);
	atomic_store_explicit(&s->epoch, 0, memory_order_release);
}

void epoch_retire(struct epoch_table *t, struct retired *r, void (*free)(struct retired *r))
{
	r->free = free;
	r->next = NULL;
	atomic_thread_fence(memory_order_seq_cst);
	r->tag = atomic_load_explicit(&t->current, memory_order_relaxed);
	mutex_lock(&t->lock);
	*t->tail = r;
	t->tail = &r->next;
	atomic_fetch_add_explicit(&t->n_retired, 1, memory_order_relaxed);
	mutex_unlock(&t->lock);
}

uint64_t epoch_collect(struct epoch_table *t, uint64_t (*load_durable)(void *ctx), void *ctx)
{
	uint64_t horizon = load_durable(ctx);
	uint64_t bound = atomic_load_explicit(&t->current, memory_order_acquire);

	atomic_thread_fence(memory_order_seq_cst);
	uint32_t n = atomic_load_explicit(&t->n_used, memory_order_acquire);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t epoch = atomic_load_explicit(&t->slots[i].epoch, memory_order_acquire);
		if (epoch == 0)
			continue;
		uint64_t lsn = atomic_load_explicit(&t->slots[i].read_lsn, memory_order_acquire);
		bound = MIN_OF(bound, epoch);
		horizon = MIN_OF(horizon, lsn);
	}
	free_below(t, bound);
	if (atomic_load_explicit(&t->n_retired, memory_order_relaxed) != 0)
		atomic_fetch_add_explicit(&t->current, 1, memory_order_seq_cst);
	return horizon;
}

void epoch_may_close(struct epoch_slot *s, uint64_t opened_ns)
{
	atomic_store_explicit(&s->opened_ns, opened_ns, memory_order_relaxed);
}

/* Not when the slot has got another owner meanwhile. */
bool epoch_must_stay(struct epoch_slot *s)
{
	uint64_t opened = atomic_load_explicit(&s->opened_ns, memory_order_relaxed);

	while (opened != EPOCH_MUST_CLOSE &&
	       !atomic_compare_exchange_weak_explicit(&s->opened_ns, &opened, 0,
						      memory_order_relaxed, memory_order_relaxed))
		;
	return opened != EPOCH_MUST_CLOSE;
}

static uint32_t ask(struct epoch_slot *s, uint64_t opened_ns)
{
	return atomic_compare_exchange_strong_explicit(&s->opened_ns, &opened_ns, EPOCH_MUST_CLOSE,
						       memory_order_relaxed, memory_order_relaxed);
}

uint32_t epoch_ask_old(struct epoch_table *t, uint64_t before_ns)
{
	uint32_t n = atomic_load_explicit(&t->n_used, memory_order_acquire), asked = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct epoch_slot *s = &t->slots[i];
		uint64_t opened = atomic_load_explicit(&s->opened_ns, memory_order_relaxed);
		if (opened != 0 && opened < before_ns)
			asked += ask(s, opened);
	}
	return asked;
}

uint32_t epoch_ask_lowest(struct epoch_table *t, uint64_t lsn)
{
	uint32_t n = atomic_load_explicit(&t->n_used, memory_order_acquire);
	struct epoch_slot *lowest = NULL;
	uint64_t lowest_opened = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct epoch_slot *s = &t->slots[i];
		uint64_t opened = atomic_load_explicit(&s->opened_ns, memory_order_relaxed);
		uint64_t at = atomic_load_explicit(&s->read_lsn, memory_order_relaxed);
		if (opened == EPOCH_MUST_CLOSE)
			return 0;
		if (opened == 0 || at >= lsn)
			continue;
		lsn = at;
		lowest = s;
		lowest_opened = opened;
	}
	return lowest != NULL ? ask(lowest, lowest_opened) : 0;
}
