/* tools/geode/statement.c - running a statement. */
#include "tools/geode/statement.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"

static enum geode_status begin_read_write(struct geode_session *s)
{
	return geode_begin(s, false);
}

static enum geode_status begin_read_only(struct geode_session *s)
{
	return geode_begin(s, true);
}

static const struct request_word {
	const char *text;
	enum geode_status (*ask)(struct geode_session *s);
	const char *says; /* when it holds; NULL: nothing */
} words[] = {
    {"PING", geode_ping, "PONG"},
    {"BEGIN", begin_read_write, NULL},
    {"BEGIN TRANSACTION", begin_read_write, NULL},
    {"START TRANSACTION", begin_read_write, NULL},
    {"START TRANSACTION READ WRITE", begin_read_write, NULL},
    {"START TRANSACTION READ ONLY", begin_read_only, NULL},
    {"COMMIT", geode_commit, NULL},
    {"COMMIT WORK", geode_commit, NULL},
    {"ROLLBACK", geode_rollback, NULL},
    {"ROLLBACK WORK", geode_rollback, NULL},
};

/* One space between the words, however many there were. */
static const struct request_word *find_word(struct str text)
{
	char plain[32];
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		const bool space = strchr(" \t\r\n", text.p[i]) != NULL;
		if (space && n != 0 && plain[n - 1] == ' ')
			continue;
		if (n + 1 == sizeof plain)
			return NULL;
		plain[n++] = space ? ' ' : text.p[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase((struct str){plain, n}, str_of(words[i].text)))
			return &words[i];
	}
	return NULL;
}

static int finish(struct runner *r, enum geode_status st)
{
	return st == GEODE_FAILED || st == GEODE_BROKEN
		   ? cmd_print_error(r->command, geode_error_of(r->session))
		   : CMD_EXIT_OK;
}

static int run_text(struct runner *r, const char *text)
{
	const uint64_t start = clock_mono_ns();
	struct geode_result *result = NULL;
	uint64_t n_rows = 0;
	enum geode_status st = geode_execute(r->session, text, r->params, &result);

	if (st == GEODE_OK)
		st = output_rows(stdout, result, r->format, &n_rows);
	const int code = finish(r, st);
	geode_result_free(result);
	if (r->timing && code == CMD_EXIT_OK)
		fprintf(stderr, "%" PRIu64 " row%s in %.3f ms\n", n_rows, n_rows == 1 ? "" : "s",
			(double)(clock_mono_ns() - start) / 1e6);
	return code;
}

int runner_run(struct runner *r, struct str text)
{
	const struct request_word *word = find_word(text);
	struct buf z;

	if (word != NULL) {
		const int code = finish(r, word->ask(r->session));
		if (code == CMD_EXIT_OK && word->says != NULL)
			puts(word->says);
		return code;
	}
	if (memchr(text.p, 0, text.len) != NULL)
		return cmd_failure(r->command, "the statement has a zero byte");
	buf_init(&z, MEM_OTHER, 0);
	buf_put_str(&z, text);
	const char *cstr = buf_cstr(&z);
	const int code = buf_ok(&z) ? run_text(r, cstr) : cmd_failure(r->command, "out of memory");
	buf_release(&z);
	return code;
}

int runner_run_all(struct runner *r, struct str text)
{
	int code = CMD_EXIT_OK;

	while (code == CMD_EXIT_OK && !statement_is_empty(text)) {
		struct str one;
		size_t used;
		(void)statement_next(text, &one, &used);
		if (!statement_is_empty(one))
			code = runner_run(r, one);
		text = (struct str){text.p + used, text.len - used};
	}
	return code;
}
