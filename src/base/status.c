/* base/status.c - texts of the machine codes, and the end of the process on a broken invariant. */
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *status_name(enum status st)
{
	static const char *const names[] = {
	    [ST_OK] = "ok",
	    [ST_YIELD] = "yield",
	    [ST_PARK] = "park",
	    [ST_RESTART] = "restart",
	    [ST_END] = "end",
	    [ST_NOMEM] = "out of memory",
	    [ST_LIMIT] = "limit reached",
	    [ST_INVALID] = "invalid",
	    [ST_CONFLICT] = "conflict",
	    [ST_STOPPED] = "stopped",
	    [ST_BUSY] = "busy",
	    [ST_NOT_FOUND] = "not found",
	    [ST_EXISTS] = "exists already",
	    [ST_IO] = "input/output error",
	    [ST_FULL] = "disk full",
	    [ST_CORRUPT] = "corrupt",
	    [ST_CLOSED] = "closed",
	    [ST_AUTH] = "not allowed",
	};

	return (size_t)st < ARRAY_LEN(names) ? names[st] : "unknown status";
}

/* Straight to the descriptor: the log and the allocator may be what is broken. */
void bug(const char *file, int line, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof text, "bug: %s:%d: %s\n", file, line, what);

	if (n > 0) {
		size_t len = MIN_OF((size_t)n, sizeof text - 1);
		ssize_t written = write(STDERR_FILENO, text, len);
		(void)written;
	}
	abort();
}
