/* tools/geode/cmd_query.c - `geode query`: statements from the command line, a file or standard
 * input. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "tools/geode/statement.h"

#define QUERY_FILE_MAX (64u << 20)
#define QUERY_TIMEOUT_MAX_MS 86400000

#define OPTION(name, short_, argument, default_, help) {name, short_, argument, default_, help},
static const struct option_def options[] = {
#include "tools/geode/options_query.def"
};
#undef OPTION

struct query {
	struct cmd_server server;
	struct runner runner;
	const char *file;
};

static bool set_option(void *user, const char *name, const char *value)
{
	struct query *q = user;

	if (cmd_server_option(&q->server, name, value))
		return true;
	if (strcmp(name, "file") == 0) {
		q->file = value;
	} else if (strcmp(name, "timing") == 0) {
		q->runner.timing = true;
	} else if (strcmp(name, "format") == 0) {
		if (!output_format_find(value, &q->runner.format)) {
			(void)cmd_usage_error("query", "unknown format '%s'", value);
			return false;
		}
	} else if (strcmp(name, "param") == 0) {
		if (!cmd_param(q->runner.params, value)) {
			(void)cmd_usage_error("query", "'%s' is not NAME=VALUE", value);
			return false;
		}
	} else if (!cmd_number(value, QUERY_TIMEOUT_MAX_MS, &q->server.read_timeout_ms)) {
		(void)cmd_usage_error("query", "'%s' is no time up to %d ms", value,
				      QUERY_TIMEOUT_MAX_MS);
		return false;
	}
	return true;
}

/* All of standard input. */
static bool read_stdin(struct buf *b)
{
	char part[65536];
	size_t n;

	while ((n = fread(part, 1, sizeof part, stdin)) != 0)
		buf_put(b, part, n);
	return !ferror(stdin) && buf_ok(b);
}

static bool read_statements(struct query *q, struct buf *b)
{
	char *text;
	size_t len;

	if (strcmp(q->file, "-") == 0) {
		if (read_stdin(b))
			return true;
		(void)cmd_failure("query", "standard input could not be read, or is above %u bytes",
				  QUERY_FILE_MAX);
		return false;
	}
	const enum status st = file_read_all(q->file, QUERY_FILE_MAX, &text, &len);
	if (st != ST_OK) {
		(void)cmd_failure("query", "cannot read '%s': %s", q->file,
				  st == ST_LIMIT ? "too large" : strerror(file_last_errno()));
		return false;
	}
	buf_put(b, text, len);
	mem_free(MEM_OTHER, text, len + 1);
	return buf_ok(b);
}

static int run(struct query *q, int argc, char **argv)
{
	const int n = cmd_parse(options, ARRAY_LEN(options), argc, argv, set_option, q);
	struct buf text;
	int code = CMD_EXIT_FAILURE;

	if (n < 0)
		return CMD_EXIT_USAGE;
	if (n + 1 < argc || (n < argc && q->file != NULL))
		return cmd_usage_error("query", "unexpected argument '%s'", argv[argc - 1]);
	if (n == argc && q->file == NULL) {
		if (isatty(STDIN_FILENO))
			return cmd_usage_error("query", "no statement");
		q->file = "-";
	}
	buf_init(&text, MEM_OTHER, QUERY_FILE_MAX);
	if (q->file == NULL)
		buf_puts(&text, argv[n]);
	else if (!read_statements(q, &text))
		goto out;
	if (statement_is_empty(buf_str(&text))) {
		code = cmd_usage_error("query", "no statement");
		goto out;
	}
	q->runner.session = cmd_connect("query", &q->server);
	if (q->runner.session != NULL)
		code = runner_run_all(&q->runner, buf_str(&text));
	geode_disconnect(q->runner.session);
out:
	buf_release(&text);
	return code;
}

int cmd_query(int argc, char **argv)
{
	struct query q = {.runner = {.command = "query", .params = geode_params_new()}};

	if (q.runner.params == NULL)
		return cmd_failure("query", "out of memory");
	const int code = run(&q, argc, argv);
	geode_params_free(q.runner.params);
	return code;
}
