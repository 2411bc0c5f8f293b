/* tools/geode/graphs.h - which graph the statements of the shell work on, for its prompt.
 *
 * Threads: main only. */
#ifndef GEODE_GRAPHS_H
#define GEODE_GRAPHS_H

#include "base/str.h"

#define SHELL_GRAPH_NAME_MAX 64 /* bytes of a name in the prompt; longer ones are not shown */

struct shell_graphs {
	char current[SHELL_GRAPH_NAME_MAX]; /* "": the default graph */
	char home[SHELL_GRAPH_NAME_MAX];    /* the login's */
	bool in_transaction;
};

/* name: of the graph that the login was given. */
void shell_graphs_init(struct shell_graphs *g, struct str name);
/* A statement has succeeded: USE, SESSION and transaction statements count. */
void shell_graphs_follow(struct shell_graphs *g, struct str statement);

#endif
