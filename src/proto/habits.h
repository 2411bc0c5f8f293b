/* proto/habits.h - what published clients expect beyond the protocol, in one table.
 *
 * Room:    proto.
 * Threads: any; read only.
 * Source:  wire-protocol.md, section 4. Each row of habits.c gives its reason and can be turned
 * off. */
#ifndef PROTO_HABITS_H
#define PROTO_HABITS_H

#include "base/str.h"

#define HABIT_PULL_ROWS 1000 /* rows of a pulled page when the client does not say */

struct habits {
	const char *client_prefix; /* of HelloRequest.client_name; "" is everybody else */
	const char *reason;
	size_t first_page_bytes; /* of a result's first page */
	size_t next_page_bytes;
	bool pages_unasked; /* send pages after the first without waiting for pull */
	/* Follow a final page, and an error that is the first frame of an execute's answer, with
	 * one execute{status} without payload in the same write; nowhere else. */
	bool trailing_status;
};

/* Never NULL. off: comma-separated client prefixes whose row is switched off ("geode-rust"), or
 * "all"; "" for none. */
const struct habits *habits_of(struct str client_name, struct str off);

/* The whole table, for documentation and tests; the last row is everybody else's. */
extern const struct habits habit_table[];
extern const unsigned n_habits;

#endif
