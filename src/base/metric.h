/* base/metric.h - counters and latency histograms, printed in Prometheus text form.
 *
 * Room: base. Threads: add from any (relaxed atomics); print from one. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdatomic.h>

#include "base/buf.h"

struct metric { /* static storage; registers itself by metric_register */
	const char *name, *help;
	bool is_gauge;
	_Atomic int64_t value;
	struct metric *next;
};

#define METRIC_BUCKETS 28 /* powers of two of microseconds */
struct histogram {
	const char *name, *help;
	_Atomic uint64_t bucket[METRIC_BUCKETS];
	_Atomic uint64_t count, sum_us;
	struct histogram *next;
};

void metric_register(struct metric *m);
void histogram_register(struct histogram *h);
static inline void metric_add(struct metric *m, int64_t n)
{
	atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}
static inline void metric_set(struct metric *m, int64_t n)
{
	atomic_store_explicit(&m->value, n, memory_order_relaxed);
}
void histogram_add(struct histogram *h, uint64_t ns);
void metric_print(struct buf *out);

#endif
