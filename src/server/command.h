/* server/command.h - requests and statements that are not queries: transactions, catalog, session.
 *
 * Room:    server.
 * Threads: the session's.
 * Each answers by itself, at once or, when it waits for the log, from command_committed. */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include "base/str.h"

struct session;

/* The statement in s->st, which is no query. */
void command_run(struct session *s);
/* Another slice of one that has not ended: an index is being filled. */
void command_slice(struct session *s);
void command_begin(struct session *s, bool read_only);
void command_commit(struct session *s);
void command_rollback(struct session *s);
void command_savepoint(struct session *s, struct str name);
void command_rollback_to(struct session *s, struct str name);
/* The log has made durable what a command had to wait for. */
void command_committed(struct session *s);

#endif
