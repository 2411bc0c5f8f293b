/* server/admin.h - the TCP side of the listen address: health, readiness, metrics over HTTP/1.1.
 *
 * Room:    server (libmicrohttpd).
 * Threads: one of its own; admin_set_ready from any.
 * A query never comes this way. Binding it first, without SO_REUSEPORT, is what keeps a second
 * server off the address (the QUIC sockets share theirs). */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "base/status.h"

struct admin;
struct db;

/* ST_EXISTS: the address is in use. ST_IO: anything else that bind says; reason has the text. */
enum status admin_start(const char *listen, struct admin **ret, char *reason,
			size_t reason_len) MUST_CHECK;
/* /ready answers 200 while ready, else 503 with the word that says why. */
void admin_set_ready(struct admin *a, bool ready, const char *why);
void admin_stop(struct admin *a);

#endif
