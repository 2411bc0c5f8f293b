/* server/server.h - start and stop order of a server process.
 *
 * Room:    server: the only one that knows all others.
 * Threads: server_run belongs to main, which handles the signals and nothing else.
 *
 * Start: admin listener (takes the address), database (recovers), certificate, workers, I/O
 * threads, ready. Stop (SIGTERM, SIGINT): not ready, no new connections, no new work;
 * running statements are rolled back and told 57P01, commits on their way are waited for and told;
 * then, or after --stop-timeout, connections are closed, the log is flushed, a snapshot written,
 * exit code 0. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/config.h"

enum server_exit {
	SERVER_EXIT_OK = 0,
	SERVER_EXIT_FAILURE = 1,   /* address in use, no permission, no memory */
	SERVER_EXIT_BAD_DATA = 78, /* the data directory must not be opened as it is (EX_CONFIG) */
};

/* Blocks until the server was told to stop. Gives a process exit code. */
int server_run(const struct config *config);

#endif
