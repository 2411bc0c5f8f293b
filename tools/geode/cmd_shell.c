/* tools/geode/cmd_shell.c - `geode shell`: statements typed one after the other.
 *
 * On a terminal lines come from libedit, with history and completion of keywords and graphs;
 * otherwise from standard input as they are, without a prompt. A statement ends with ';' or is a
 * line of its own that is a request (PING) or a command of the shell (\q). */
#include <ctype.h>
#include <histedit.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "tools/geode/graphs.h"
#include "tools/geode/statement.h"

#define SHELL_HISTORY 1000   /* lines kept */
#define SHELL_PROMPT_MAX 256 /* bytes; the rest is cut */
#define SHELL_STATEMENT_MAX (16u << 20)
#define SHELL_TIMEOUT_MAX_MS 86400000

#define OPTION(name, short_, argument, default_, help) {name, short_, argument, default_, help},
static const struct option_def options[] = {
#include "tools/geode/options_shell.def"
};
#undef OPTION

#define KEYWORD(name, reserved, slot) #name,
static const char *const keywords[] = {
#include "gql/keyword.def"
};
#undef KEYWORD

struct shell {
	struct cmd_server server;
	struct runner runner;
	const char *command, *prompt;
	char prompt_now[SHELL_PROMPT_MAX];
	struct shell_graphs graphs;
	struct buf pending; /* lines of a statement that has not ended */
	EditLine *edit;	    /* NULL: not a terminal */
	History *history;
	char history_path[FILE_PATH_MAX]; /* "": none */
	bool quit;
	int code; /* of the last statement that failed, when not on a terminal */
};

static bool set_option(void *user, const char *name, const char *value)
{
	struct shell *s = user;

	if (cmd_server_option(&s->server, name, value))
		return true;
	if (strcmp(name, "command") == 0) {
		s->command = value;
	} else if (strcmp(name, "prompt") == 0) {
		s->prompt = value;
	} else if (strcmp(name, "timing") == 0) {
		s->runner.timing = true;
	} else if (strcmp(name, "format") == 0) {
		if (!output_format_find(value, &s->runner.format)) {
			(void)cmd_usage_error("shell", "unknown format '%s'", value);
			return false;
		}
	} else if (strcmp(name, "param") == 0) {
		if (!cmd_param(s->runner.params, value)) {
			(void)cmd_usage_error("shell", "'%s' is not NAME=VALUE", value);
			return false;
		}
	} else if (!cmd_number(value, SHELL_TIMEOUT_MAX_MS, &s->server.read_timeout_ms)) {
		(void)cmd_usage_error("shell", "'%s' is no time up to %d ms", value,
				      SHELL_TIMEOUT_MAX_MS);
		return false;
	}
	return true;
}

static void print_help(void)
{
	puts("statements end with ';'. Without it:\n"
	     "  PING                  does the server answer?\n"
	     "  \\q, exit, quit        leave\n"
	     "  \\timing               print the time of each statement, or not\n"
	     "  \\format NAME          table, json or csv\n"
	     "  \\param NAME=VALUE     set a parameter\n"
	     "  \\params               forget all parameters\n"
	     "  \\help                 this text");
}

/* A line that begins with a backslash. */
static void run_backslash(struct shell *s, struct str line)
{
	char word[32], argument[1024];
	const int n = sscanf(line.p, "\\%31s %1023[^\n]", word, argument);

	if (n >= 1 && (strcmp(word, "q") == 0 || strcmp(word, "quit") == 0))
		s->quit = true;
	else if (n == 1 && strcmp(word, "timing") == 0)
		s->runner.timing = !s->runner.timing;
	else if (n == 1 && strcmp(word, "params") == 0)
		geode_params_clear(s->runner.params);
	else if (n == 2 && strcmp(word, "param") == 0 && cmd_param(s->runner.params, argument))
		return;
	else if (n == 2 && strcmp(word, "format") == 0 &&
		 output_format_find(argument, &s->runner.format))
		return;
	else if (n == 1 && (strcmp(word, "help") == 0 || strcmp(word, "?") == 0))
		print_help();
	else
		fprintf(stderr, "unknown command '" STR_FMT "', \\help lists them\n",
			STR_ARG(line));
}

static bool is_quit(struct str line)
{
	return str_eq_nocase(line, STR("exit")) || str_eq_nocase(line, STR("quit"));
}

static void run_one(struct shell *s, struct str text)
{
	if (statement_is_empty(text))
		return;
	const int code = runner_run(&s->runner, text);
	if (code != CMD_EXIT_OK)
		s->code = code;
	else
		shell_graphs_follow(&s->graphs, text);
}

/* Runs all statements of pending that are complete, and keeps the rest. */
static void run_pending(struct shell *s)
{
	struct str rest = buf_str(&s->pending), one;
	size_t used;

	while (rest.len != 0 && statement_next(rest, &one, &used)) {
		run_one(s, one);
		rest = (struct str){rest.p + used, rest.len - used};
	}
	if (statement_is_empty(rest))
		rest.len = 0;
	if (rest.len != 0)
		memmove(s->pending.p, rest.p, rest.len);
	s->pending.len = rest.len;
}

/* One line with a zero behind it. */
static void take_line(struct shell *s, const char *z)
{
	const struct str line = str_trim(str_of(z));

	if (s->pending.len == 0) {
		if (line.len != 0 && line.p[0] == '\\') {
			run_backslash(s, line);
			return;
		}
		if (is_quit(line)) {
			s->quit = true;
			return;
		}
		if (str_eq_nocase(line, STR("PING"))) {
			run_one(s, line);
			return;
		}
	}
	buf_puts(&s->pending, z);
	if (!buf_ok(&s->pending)) {
		fprintf(stderr, "a statement above %u bytes was dropped\n", SHELL_STATEMENT_MAX);
		buf_reset(&s->pending);
		s->code = CMD_EXIT_FAILURE;
		return;
	}
	run_pending(s);
}

/* What stands before the next line. libedit keeps the pointer. */
static char *prompt_text(EditLine *e)
{
	struct shell *s;

	el_get(e, EL_CLIENTDATA, &s);
	if (s->pending.len != 0)
		return "- ";
	snprintf(s->prompt_now, sizeof s->prompt_now, "%s%s", s->graphs.current, s->prompt);
	return s->prompt_now;
}

/* What a word may become: as far as all candidates agree. */
struct completion {
	struct str word;
	bool any_case; /* of keywords, which follow the word's case */
	char found[SHELL_GRAPH_NAME_MAX];
	size_t agree; /* bytes of found; 0: no candidate yet */
};

static void offer(void *ctx, struct str name)
{
	struct completion *c = ctx;
	const struct str head = {name.p, MIN_OF(name.len, c->word.len)};

	if (name.len >= sizeof c->found ||
	    !(c->any_case ? str_eq_nocase(head, c->word) : str_eq(head, c->word)))
		return;
	if (c->agree == 0) {
		memcpy(c->found, name.p, name.len);
		c->agree = name.len;
	}
	for (size_t n = 0; n < c->agree; n++) {
		if (n >= name.len || c->found[n] != name.p[n])
			c->agree = n;
	}
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind USE and GRAPH stands the name of a graph. */
static bool wants_graph(const char *line, const char *word)
{
	const char *to = word;

	while (to > line && to[-1] == ' ')
		to--;
	const char *from = to;
	while (from > line && is_word_byte(from[-1]))
		from--;
	const struct str before = {from, (size_t)(to - from)};
	return to < word &&
	       (str_eq_nocase(before, STR("USE")) || str_eq_nocase(before, STR("GRAPH")));
}

/* Not inside a transaction: the question would open its view. */
static void offer_graphs(struct shell *s, struct completion *c)
{
	struct geode_result *rows;

	if (s->graphs.in_transaction ||
	    geode_execute(s->runner.session, "CALL system.graphs() YIELD name", NULL, &rows) !=
		GEODE_OK)
		return;
	while (geode_result_next(rows) == GEODE_ROW) {
		size_t n;
		const char *name = geode_value_string(geode_result_value(rows, 0), &n);
		offer(c, (struct str){name, n});
	}
	geode_result_free(rows);
}

/* Completes the word before the cursor, as far as the candidates agree. */
static unsigned char complete(EditLine *e, int ch)
{
	const LineInfo *l = el_line(e);
	const char *from = l->cursor;
	struct shell *s;

	while (from > l->buffer && is_word_byte(from[-1]))
		from--;
	struct completion c = {.word = {from, (size_t)(l->cursor - from)}};
	el_get(e, EL_CLIENTDATA, &s);
	if (wants_graph(l->buffer, from)) {
		offer_graphs(s, &c);
	} else if (c.word.len != 0) {
		c.any_case = true;
		for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
			offer(&c, str_of(keywords[i]));
	}
	if (c.agree <= c.word.len)
		return CC_REFRESH_BEEP;
	c.found[c.agree] = 0;
	for (char *z = c.found; c.any_case && islower((unsigned char)from[0]) && *z != 0; z++)
		*z = (char)tolower((unsigned char)*z);
	return el_insertstr(e, c.found + c.word.len) == 0 ? CC_REFRESH : CC_ERROR;
}

/* Control-D that was typed before the terminal was ours comes as a zero byte. */
static unsigned char typed_ahead_end(EditLine *e, int ch)
{
	const LineInfo *l = el_line(e);

	return l->lastchar == l->buffer ? CC_EOF : CC_NORM;
}

static void find_history(struct shell *s)
{
	const char *home = getenv("HOME");

	if (home == NULL ||
	    !file_join(s->history_path, sizeof s->history_path, home, ".geode_history"))
		s->history_path[0] = 0;
}

static bool open_edit(struct shell *s)
{
	HistEvent event;

	s->edit = el_init("geode", stdin, stdout, stderr);
	s->history = history_init();
	if (s->edit == NULL || s->history == NULL)
		return false;
	find_history(s);
	history(s->history, &event, H_SETSIZE, SHELL_HISTORY);
	history(s->history, &event, H_SETUNIQUE, 1);
	if (s->history_path[0] != 0)
		history(s->history, &event, H_LOAD, s->history_path);
	el_set(s->edit, EL_CLIENTDATA, s);
	el_set(s->edit, EL_PROMPT, prompt_text);
	el_set(s->edit, EL_EDITOR, "emacs");
	el_set(s->edit, EL_SIGNAL, 1);
	el_set(s->edit, EL_HIST, history, s->history);
	el_wset(s->edit, EL_ADDFN, L"complete", L"complete a word", complete);
	el_wset(s->edit, EL_ADDFN, L"typed-ahead-end", L"end of input typed early",
		typed_ahead_end);
	el_set(s->edit, EL_BIND, "^@", "typed-ahead-end", NULL);
	el_set(s->edit, EL_BIND, "^I", "complete", NULL);
	el_set(s->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_source(s->edit, NULL);
	return true;
}

static void close_edit(struct shell *s)
{
	HistEvent event;

	if (s->history != NULL && s->history_path[0] != 0)
		history(s->history, &event, H_SAVE, s->history_path);
	if (s->history != NULL)
		history_end(s->history);
	if (s->edit != NULL)
		el_end(s->edit);
}

/* On a terminal a failed statement is no reason to leave. */
static int run_terminal(struct shell *s)
{
	HistEvent event;
	const char *line;
	int n;

	if (!open_edit(s)) {
		close_edit(s);
		return cmd_failure("shell", "the terminal cannot be used");
	}
	while (!s->quit && (line = el_gets(s->edit, &n)) != NULL && n > 0) {
		if (n > 1)
			history(s->history, &event, H_ENTER, line);
		take_line(s, line);
		fflush(stdout);
	}
	if (!s->quit)
		putchar('\n');
	close_edit(s);
	return CMD_EXIT_OK;
}

static int run_stream(struct shell *s)
{
	char *line = NULL;
	size_t cap = 0;

	while (!s->quit && getline(&line, &cap, stdin) >= 0) {
		take_line(s, line);
		fflush(stdout);
	}
	free(line);
	if (!s->quit && s->pending.len != 0) /* the last one may end with the input */
		run_one(s, str_trim(buf_str(&s->pending)));
	return s->code;
}

static int run_shell(struct shell *s)
{
	s->runner.session = cmd_connect("shell", &s->server);
	if (s->runner.session == NULL)
		return CMD_EXIT_FAILURE;
	shell_graphs_init(&s->graphs, str_of(geode_session_graph(s->runner.session)));
	if (s->command != NULL)
		return runner_run_all(&s->runner, str_of(s->command));
	return isatty(STDIN_FILENO) ? run_terminal(s) : run_stream(s);
}

int cmd_shell(int argc, char **argv)
{
	struct shell s = {.prompt = "> ",
			  .runner = {.command = "shell", .params = geode_params_new()}};
	int code = CMD_EXIT_USAGE;

	if (s.runner.params == NULL)
		return cmd_failure("shell", "out of memory");
	buf_init(&s.pending, MEM_OTHER, SHELL_STATEMENT_MAX);
	const int n = cmd_parse(options, ARRAY_LEN(options), argc, argv, set_option, &s);
	if (n >= 0 && n < argc)
		code = cmd_usage_error("shell", "unexpected argument '%s'", argv[n]);
	else if (n >= 0)
		code = run_shell(&s);
	geode_disconnect(s.runner.session);
	geode_params_free(s.runner.params);
	buf_release(&s.pending);
	return code;
}
