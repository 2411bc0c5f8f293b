/* base/progress.c - a progress line. */
#include "base/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define SHOW_EVERY_NS 100000000u

static void show(struct progress *p, uint64_t now_ns)
{
	double seconds = (double)(now_ns - p->start_ns) / 1e9;
	double rate = seconds > 0 ? (double)p->done / seconds : 0;

	fprintf(stderr, "\r%s: %" PRIu64, p->what, p->done);
	if (p->total != 0)
		fprintf(stderr, " of %" PRIu64 " (%.0f %%)", p->total,
			100.0 * (double)p->done / (double)p->total);
	fprintf(stderr, " %s, %.0f/s\033[K", p->unit, rate);
	fflush(stderr);
	p->shown = true;
	p->shown_ns = now_ns;
}

void progress_start(struct progress *p, const char *what, const char *unit, uint64_t total)
{
	*p = (struct progress){.what = what, .unit = unit, .total = total};
	p->enabled = isatty(STDERR_FILENO) == 1;
	p->start_ns = p->shown_ns = clock_mono_ns();
}

void progress_add(struct progress *p, uint64_t n)
{
	p->done += n;
	if (!p->enabled)
		return;
	uint64_t now_ns = clock_mono_ns();
	if (now_ns - p->shown_ns >= SHOW_EVERY_NS)
		show(p, now_ns);
}

void progress_end(struct progress *p)
{
	if (!p->enabled || !p->shown)
		return;
	show(p, clock_mono_ns());
	fputc('\n', stderr);
}
