/* tools/geode/main.c - `geode`: one program, a command each for the server and the tools. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>

#include "tools/geode/cmd.h"

#define OPTION(name, short_, argument, default_, help) {name, short_, argument, default_, help},
static const struct option_def serve_options[] = {
#include "tools/geode/options_serve.def"
};
static const struct option_def shell_options[] = {
#include "tools/geode/options_shell.def"
};
static const struct option_def query_options[] = {
#include "tools/geode/options_query.def"
};
static const struct option_def ping_options[] = {
#include "tools/geode/options_ping.def"
};
static const struct option_def import_options[] = {
#include "tools/geode/options_import.def"
};
#undef OPTION

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis, *summary, *full_name;
	const struct option_def *options;
	size_t n_options;
} commands[] = {
    {"serve", cmd_serve, "[OPTION...]", "run a server", "geode serve", serve_options,
     ARRAY_LEN(serve_options)},
    {"shell", cmd_shell, "[OPTION...]", "ask a server interactively", "geode shell", shell_options,
     ARRAY_LEN(shell_options)},
    {"query", cmd_query, "[OPTION...] [STATEMENT]", "run statements and print their rows",
     "geode query", query_options, ARRAY_LEN(query_options)},
    {"ping", cmd_ping, "[OPTION...]", "tell whether a server answers", "geode ping", ping_options,
     ARRAY_LEN(ping_options)},
    {"import", cmd_import,
     "--nodes LABEL=FILE... [--edges TYPE=FILE...] [--server ADDRESS | --into DIR]",
     "load nodes and edges from CSV files", "geode import", import_options,
     ARRAY_LEN(import_options)},
};

#define HELP_COLUMN 30
#define HINT_DISTANCE 3

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int print_version(void)
{
	printf("geode %s\nprotocol geode/1, GQL ISO/IEC 39075:2024\n", GEODE_VERSION);
	return CMD_EXIT_OK;
}

static int print_overview(void)
{
	printf("Usage: geode COMMAND [OPTION...]\n\nA graph database server and its tools.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	printf("  %-10s %s\n", "help", "say more about a command");
	printf("\n  --help     this text; after a command: its options\n"
	       "  --version  the program's version\n");
	return CMD_EXIT_OK;
}

static void print_option(const struct option_def *o)
{
	char head[128], short_form[8] = "    ";

	if (o->short_ != 0)
		snprintf(short_form, sizeof short_form, "-%c, ", o->short_);
	snprintf(head, sizeof head, "  %s--%s%s%s", short_form, o->name,
		 o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
	printf("%-*s%s%s", HELP_COLUMN, head, strlen(head) >= HELP_COLUMN ? "\n" : "",
	       strlen(head) >= HELP_COLUMN ? "                              " : "");
	printf("%s", o->help);
	if (o->default_[0] != 0)
		printf(" (default: %s)", o->default_);
	printf("\n");
}

static int print_help(const struct command *c)
{
	const struct option_def help = {"help", 0, NULL, "", "this text"};
	const struct option_def version = {"version", 0, NULL, "", "the program's version"};

	printf("Usage: geode %s %s\n\nTo %s.\n\nOptions:\n", c->name, c->synopsis, c->summary);
	for (size_t i = 0; i < c->n_options; i++)
		print_option(&c->options[i]);
	print_option(&help);
	print_option(&version);
	return CMD_EXIT_OK;
}

static int unknown_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const unsigned distance =
		    str_distance(str_of(name), str_of(commands[i].name), HINT_DISTANCE);
		if (distance <= HINT_DISTANCE - 1)
			return cmd_usage_error(NULL, "unknown command '%s', did you mean '%s'?",
					       name, commands[i].name);
	}
	return cmd_usage_error(NULL, "unknown command '%s'", name);
}

/* --help or --version anywhere among the arguments of a command. */
static bool has_argument(int argc, char **argv, const char *name)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return false;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	if (has_argument(argc, argv, "--help"))
		return print_help(c);
	if (has_argument(argc, argv, "--version"))
		return print_version();
	argv[0] = (char *)c->full_name; /* getopt's messages begin with it */
	return c->run(argc, argv);
}

static int run(int argc, char **argv)
{
	if (argc < 2)
		return cmd_usage_error(NULL, "no command");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_overview();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
		return print_version();
	if (strcmp(argv[1], "help") == 0) {
		const struct command *about = argc > 2 ? find_command(argv[2]) : NULL;
		if (argc > 2 && about == NULL)
			return unknown_command(argv[2]);
		return about != NULL ? print_help(about) : print_overview();
	}
	const struct command *c = find_command(argv[1]);
	return c != NULL ? run_command(c, argc - 1, argv + 1) : unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
	/* Texts are UTF-8 whatever the locale says; tables measure their width by it. */
	if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");

	const int code = run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == CMD_EXIT_OK) {
		fprintf(stderr, "geode: standard output could not be written\n");
		return CMD_EXIT_FAILURE;
	}
	return code;
}
