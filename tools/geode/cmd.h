/* tools/geode/cmd.h - what the subcommands of `geode` share: option tables and exit codes.
 *
 * Threads: main only.
 * An options_NAME.def has one OPTION(name, short, argument, default, help) a line: short is a
 * character or 0, argument the placeholder or NULL for a switch. It feeds getopt_long, --help and
 * the option section of the man page. */
#ifndef GEODE_CMD_H
#define GEODE_CMD_H

#include <getopt.h>

#include "base/str.h"

enum cmd_exit {
	CMD_EXIT_OK = 0,
	CMD_EXIT_FAILURE = 1,
	CMD_EXIT_USAGE = 2,
};

struct option_def {
	const char *name;
	int short_; /* 0: none */
	const char *argument, *default_, *help;
};

/* longs: n + 1 entries; shorts: 2 * n + 2 characters. */
void cmd_options(const struct option_def *defs, size_t n, struct option *longs, char *shorts);
/* The long name of what getopt_long gave: ch, and i_option for options without a short form. */
const char *cmd_option_name(const struct option_def *defs, size_t n, int ch, int i_option,
			    const struct option *longs);
/* "geode NAME: text", and where to look; gives CMD_EXIT_USAGE. */
int cmd_usage_error(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

int cmd_serve(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_ping(int argc, char **argv);
int cmd_import(int argc, char **argv);

#endif
