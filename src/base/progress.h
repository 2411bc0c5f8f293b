/* base/progress.h - a progress line for long work, on standard error when it is a terminal.
 *
 * Room: base. One thread. Prints at most ten times a second; nothing when not a terminal. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include "base/attr.h"

struct progress {
	const char *what, *unit;
	uint64_t total, done; /* total 0: not known */
	uint64_t start_ns, shown_ns;
	bool enabled, shown;
};

void progress_start(struct progress *p, const char *what, const char *unit, uint64_t total);
void progress_add(struct progress *p, uint64_t n);
void progress_end(struct progress *p); /* leaves the final line */

#endif
