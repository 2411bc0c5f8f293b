/* tools/geode/cmd.h - what the subcommands of `geode` share: option tables, exit codes, a session.
 *
 * Threads: main only.
 * An options_NAME.def has one OPTION(name, short, argument, default, help) a line: short is a
 * character or 0, argument the placeholder or NULL for a switch. It feeds getopt_long, --help and
 * the option section of the man page. --help and --version are main's, for every command. */
#ifndef GEODE_CMD_H
#define GEODE_CMD_H

#include <getopt.h>
#include <stdio.h>

#include "base/str.h"
#include "client/geode.h"

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
/* Calls set for each option with its long name and value (NULL for a switch); false from it, having
 * said why, or an unknown option ends with -1. Otherwise the index of the first argument that is no
 * option. */
int cmd_parse(const struct option_def *defs, size_t n, int argc, char **argv,
	      bool (*set)(void *user, const char *name, const char *value), void *user);
/* "geode NAME: text", and where to look; gives CMD_EXIT_USAGE. */
int cmd_usage_error(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "geode NAME: text"; gives CMD_EXIT_FAILURE. */
int cmd_failure(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* How to reach the server: the options that all client commands take. */
struct cmd_server {
	const char *address, *graph, *user, *ca;
	bool insecure;
	uint32_t connect_timeout_ms, read_timeout_ms; /* 0: the client's default */
};

/* True when the option is one of them. */
bool cmd_server_option(struct cmd_server *s, const char *name, const char *value);
/* NULL after a line on standard error. */
struct geode_session *cmd_connect(const char *command, const struct cmd_server *s);
/* The session's error with code, place and hint on standard error; gives CMD_EXIT_FAILURE. */
int cmd_print_error(const char *command, const struct geode_error *e);

/* NAME=VALUE as a parameter; false when there is no name. */
bool cmd_param(struct geode_params *p, const char *text);
/* A whole number up to max; false otherwise. */
bool cmd_number(const char *text, uint32_t max, uint32_t *ret);

int cmd_serve(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_ping(int argc, char **argv);
int cmd_import(int argc, char **argv);

#endif
