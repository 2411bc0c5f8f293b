/* tools/geode/statement.h - statements as the shell and `geode query` run them.
 *
 * Threads: main only. */
#ifndef GEODE_STATEMENT_H
#define GEODE_STATEMENT_H

#include "tools/geode/cmd.h"
#include "tools/geode/output.h"
#include "tools/geode/split.h"

struct runner {
	const char *command; /* whose name stands before errors */
	struct geode_session *session;
	struct geode_params *params;
	enum output_format format;
	bool timing;
};

/* Runs one statement (without ';') and prints its rows, or its error. PING, BEGIN, COMMIT, ROLLBACK
 * and their long forms are requests of the protocol. Gives a cmd_exit. */
int runner_run(struct runner *r, struct str text);
/* All statements of a text in order, up to the first failure. */
int runner_run_all(struct runner *r, struct str text);

#endif
