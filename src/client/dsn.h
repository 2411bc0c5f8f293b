/* client/dsn.h - addresses of servers as text.
 *
 * Room:   client.
 * Memory: the texts live in the given arena.
 * Errors: ST_INVALID with d set (08000) and what was wrong; ST_NOMEM.
 * Source: wire-protocol.md, section 7. */
#ifndef CLIENT_DSN_H
#define CLIENT_DSN_H

#include "base/arena.h"
#include "base/diag.h"

#define DSN_PORT 3141
#define DSN_PAGE_SIZE                                                                              \
	4096 /* rows: small, so that the first comes soon and the next is made meanwhile */
#define DSN_CONNECT_TIMEOUT_MS 3000
#define DSN_IDLE_TIMEOUT_MS 300000

struct dsn { /* texts are zero-terminated; "" when not given */
	struct str host, username, password, graph, role, tenant;
	struct str ca, pin, server_name, hello_name, hello_ver, conformance;
	uint64_t port, page_size;
	uint64_t connect_timeout_ms, read_timeout_ms, idle_timeout_ms; /* 0: none */
	bool insecure;
	struct str cert, key; /* of the client itself, both or neither */
};

/* text NULL or "": what the environment says (GEODE_HOST, GEODE_PORT, GEODE_USERNAME,
 * GEODE_PASSWORD, GEODE_TLS_CA), which also fills what the text leaves out. */
enum status dsn_parse(const char *text, struct arena *a, struct dsn *ret,
		      struct diag *d) MUST_CHECK;

#endif
