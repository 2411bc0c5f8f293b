/* server/server.h - start and stop order of a server process.
 *
 * Room:    server: the only one that knows all others.
 * Threads: server_run belongs to main, which handles the signals and nothing else.
 *
 * Start: admin listener (takes the address), database (recovers), certificate, workers, I/O
 * threads, ready. Stop (SIGTERM, SIGINT): not ready, no new connections, running statements are
 * ended with 57P01 and rolled back, commits on their way are waited for, the log is flushed, a
 * snapshot written, exit code 0. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/config.h"

#define SERVER_STOP_MS 2500 /* for the last answers to reach their clients */

enum server_exit {
	SERVER_EXIT_OK = 0,
	SERVER_EXIT_FAILURE = 1,   /* address in use, no permission, no memory */
	SERVER_EXIT_BAD_DATA = 78, /* the data directory must not be opened as it is (EX_CONFIG) */
};

/* Blocks until the server was told to stop. Gives a process exit code. */
int server_run(const struct config *config);

#endif
