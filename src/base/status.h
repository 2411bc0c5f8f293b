/* base/status.h - the closed list of machine error codes.
 *
 * Room: base. What a function answers to its caller in the program. A message for the user is a
 * struct diag (diag.h); ST_INVALID, ST_CONFLICT, ST_LIMIT and ST_STOPPED always come with one when
 * the callee takes a diag. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/attr.h"

enum status {
	ST_OK = 0,
	ST_YIELD,     /* time slice spent: call the same function again later */
	ST_PARK,      /* waits for an event; whoever parked it will wake it */
	ST_RESTART,   /* undo what was done and begin anew where it may take its time */
	ST_END,	      /* no more input */
	ST_NOMEM,     /* the allocator said no */
	ST_LIMIT,     /* a named limit was reached (budget, depth, size) */
	ST_INVALID,   /* bad input; the diag says what and where */
	ST_CONFLICT,  /* lost against a concurrent transaction: class 40 */
	ST_STOPPED,   /* killed, timed out or shutting down */
	ST_BUSY,      /* a bounded queue is full: nothing was taken, retry */
	ST_NOT_FOUND, /* the named thing does not exist */
	ST_EXISTS,    /* the named thing exists already */
	ST_IO,	      /* the operating system refused; the log has errno and file */
	ST_FULL,      /* disk full */
	ST_CORRUPT,   /* stored bytes fail their checksum or make no sense */
	ST_CLOSED,    /* the peer or the object is gone */
	ST_AUTH,      /* not allowed */
};

/* Static text of a code, for logs. */
const char *status_name(enum status st);

/* Passes any code but ST_OK up to the caller. */
#define TRY(expr)                                                                                  \
	do {                                                                                       \
		enum status try_st_ = (expr);                                                      \
		if (UNLIKELY(try_st_ != ST_OK))                                                    \
			return try_st_;                                                            \
	} while (0)

#endif
