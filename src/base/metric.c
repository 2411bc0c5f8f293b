/* base/metric.c - counters and histograms in Prometheus text form. */
#include "base/metric.h"

#include <inttypes.h>
#include <pthread.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *metrics, **metrics_end = &metrics;
static struct histogram *histograms, **histograms_end = &histograms;

void metric_register(struct metric *m)
{
	pthread_mutex_lock(&list_lock);
	m->next = NULL;
	*metrics_end = m;
	metrics_end = &m->next;
	pthread_mutex_unlock(&list_lock);
}

void histogram_register(struct histogram *h)
{
	pthread_mutex_lock(&list_lock);
	h->next = NULL;
	*histograms_end = h;
	histograms_end = &h->next;
	pthread_mutex_unlock(&list_lock);
}

/* Bucket i holds times of at most 2^i microseconds; the last one has no upper end. */
void histogram_add(struct histogram *h, uint64_t ns)
{
	uint64_t us = ns / 1000 + (ns % 1000 != 0);
	unsigned i = us <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(us - 1);

	i = MIN_OF(i, METRIC_BUCKETS - 1u);
	atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->count, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum_us, ns / 1000, memory_order_relaxed);
}

/* A name may carry labels; the family is what stands before them. */
static struct str family(const char *name)
{
	return (struct str){name, strcspn(name, "{")};
}

static void print_head(struct buf *out, const char *name, const char *help, const char *type)
{
	struct str f = family(name);

	buf_printf(out, "# HELP " STR_FMT " %s\n# TYPE " STR_FMT " %s\n", STR_ARG(f), help,
		   STR_ARG(f), type);
}

static void print_histogram(struct buf *out, const struct histogram *h)
{
	uint64_t below = 0;

	print_head(out, h->name, h->help, "histogram");
	for (unsigned i = 0; i < METRIC_BUCKETS - 1u; i++) {
		below += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
		buf_printf(out, "%s_bucket{le=\"%" PRIu64 ".%06" PRIu64 "\"} %" PRIu64 "\n",
			   h->name, (UINT64_C(1) << i) / 1000000, (UINT64_C(1) << i) % 1000000,
			   below);
	}
	below += atomic_load_explicit(&h->bucket[METRIC_BUCKETS - 1], memory_order_relaxed);
	uint64_t sum_us = atomic_load_explicit(&h->sum_us, memory_order_relaxed);
	/* The count is the sum of the buckets read here: both agree while others add. */
	buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", h->name, below);
	buf_printf(out, "%s_sum %" PRIu64 ".%06" PRIu64 "\n", h->name, sum_us / 1000000,
		   sum_us % 1000000);
	buf_printf(out, "%s_count %" PRIu64 "\n", h->name, below);
}

void metric_print(struct buf *out)
{
	struct str last = STR_NULL;

	pthread_mutex_lock(&list_lock);
	for (const struct metric *m = metrics; m != NULL; m = m->next) {
		if (!str_eq(family(m->name), last))
			print_head(out, m->name, m->help, m->is_gauge ? "gauge" : "counter");
		last = family(m->name);
		buf_printf(out, "%s %" PRId64 "\n", m->name,
			   atomic_load_explicit(&m->value, memory_order_relaxed));
	}
	for (const struct histogram *h = histograms; h != NULL; h = h->next)
		print_histogram(out, h);
	pthread_mutex_unlock(&list_lock);
}
