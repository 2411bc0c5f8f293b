/* tools/geode/statement.h - statements as the shell and `geode query` run them.
 *
 * Threads: main only. */
#ifndef GEODE_STATEMENT_H
#define GEODE_STATEMENT_H

#include "tools/geode/cmd.h"
#include "tools/geode/output.h"

struct runner {
	const char *command; /* whose name stands before errors */
	struct geode_session *session;
	struct geode_params *params;
	enum output_format format;
	bool timing;
};

/* The first statement of a text: the bytes before the next ';' that stands in no quotes and no
 * comment, trimmed. *ret_used: bytes with the ';'. False: no ';' there, and *ret is the whole rest.
 */
bool statement_next(struct str text, struct str *ret, size_t *ret_used);
/* Nothing but white space and comments. */
bool statement_is_empty(struct str text);

/* Runs one statement (without ';') and prints its rows, or its error. PING, BEGIN, COMMIT, ROLLBACK
 * and their long forms are requests of the protocol. Gives a cmd_exit. */
int statement_run(struct runner *r, struct str text);
/* All statements of a text in order, up to the first failure. */
int statement_run_all(struct runner *r, struct str text);

#endif
