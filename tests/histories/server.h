/* The server under test: a process of its own, on a directory and a port of its own. */
#ifndef TESTS_HISTORIES_SERVER_H
#define TESTS_HISTORIES_SERVER_H

#include "base/attr.h"
#include "client/geode.h"

struct server {
	char address[96];  /* for geode_connect() */
	char data_dir[64]; /* kept after a failure */
};
extern struct server server;

/* Tells what is wrong, ends the server and the program. */
void die(const char *fmt, ...) PRINTF_LIKE(1, 2) NO_RETURN;
uint64_t number_of(const char *name, uint64_t other); /* from the environment */

/* GEODE names the program; without it the test is skipped. option: one more of `geode serve`, with
 * its value, "--name=value"; NULL: none. idle_ms: after which a client gives a silent server up. */
void server_prepare(const char *option, unsigned idle_ms);
void server_start(void);
struct geode_session *connect_when_ready(void);
void server_end(bool kindly); /* SIGTERM, which must succeed, or SIGKILL */
void server_clear(void);
uint64_t server_metric(const char *name); /* as its TCP side tells it */

#endif
