/* tools/geode/cmd.c - what the subcommands share. */
#include "tools/geode/cmd.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/buf.h"

void cmd_options(const struct option_def *defs, size_t n, struct option *longs, char *shorts)
{
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){
		    .name = defs[i].name,
		    .has_arg = defs[i].argument != NULL ? required_argument : no_argument,
		    .val = defs[i].short_,
		};
		if (defs[i].short_ == 0)
			continue;
		*shorts++ = (char)defs[i].short_;
		if (defs[i].argument != NULL)
			*shorts++ = ':';
	}
	longs[n] = (struct option){0};
	*shorts = 0;
}

const char *cmd_option_name(const struct option_def *defs, size_t n, int ch, int i_option,
			    const struct option *longs)
{
	if (ch == 0)
		return longs[i_option].name;
	for (size_t i = 0; i < n; i++) {
		if (defs[i].short_ == ch)
			return defs[i].name;
	}
	return "";
}

int cmd_parse(const struct option_def *defs, size_t n, int argc, char **argv,
	      bool (*set)(void *user, const char *name, const char *value), void *user)
{
	struct option *longs = calloc(n + 1, sizeof *longs);
	char *shorts = malloc(2 * n + 2);
	int ch, i_option = 0, ret = -1;

	if (longs == NULL || shorts == NULL)
		goto out;
	cmd_options(defs, n, longs, shorts);
	while ((ch = getopt_long(argc, argv, shorts, longs, &i_option)) != -1) {
		if (ch == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			goto out;
		}
		if (!set(user, cmd_option_name(defs, n, ch, i_option, longs), optarg))
			goto out;
	}
	ret = optind;
out:
	free(longs);
	free(shorts);
	return ret;
}

static void print_line(const char *command, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "geode%s%s: ", command != NULL ? " " : "", command != NULL ? command : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int cmd_usage_error(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(command, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try 'geode%s%s --help'.\n", command != NULL ? " " : "",
		command != NULL ? command : "");
	return CMD_EXIT_USAGE;
}

int cmd_failure(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(command, fmt, ap);
	va_end(ap);
	return CMD_EXIT_FAILURE;
}

bool cmd_server_option(struct cmd_server *s, const char *name, const char *value)
{
	if (strcmp(name, "server") == 0)
		s->address = value;
	else if (strcmp(name, "graph") == 0)
		s->graph = value;
	else if (strcmp(name, "user") == 0)
		s->user = value;
	else if (strcmp(name, "ca") == 0)
		s->ca = value;
	else if (strcmp(name, "insecure") == 0)
		s->insecure = true;
	else
		return false;
	return true;
}

/* One more key of the address, percent-encoded. */
static void put_key(struct buf *b, const char *key, const char *value)
{
	buf_putc(b, b->len != 0 && memchr(b->p, '?', b->len) != NULL ? '&' : '?');
	buf_printf(b, "%s=", key);
	for (const char *c = value; *c != 0; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~/", *c) != NULL)
			buf_putc(b, *c);
		else
			buf_printf(b, "%%%02X", (unsigned char)*c);
	}
}

static void put_number(struct buf *b, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof text, "%u", value);
	if (value != 0)
		put_key(b, key, text);
}

struct geode_session *cmd_connect(const char *command, const struct cmd_server *s)
{
	struct geode_session *session = NULL;
	struct geode_error error = {0};
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	if (s->address != NULL)
		buf_puts(&b, s->address);
	if (s->graph != NULL)
		put_key(&b, "graph", s->graph);
	if (s->user != NULL)
		put_key(&b, "username", s->user);
	if (s->ca != NULL)
		put_key(&b, "ca", s->ca);
	if (s->insecure)
		put_key(&b, "insecure", "true");
	put_number(&b, "connect_timeout", s->connect_timeout_ms);
	put_number(&b, "read_timeout", s->read_timeout_ms);
	if (!buf_ok(&b))
		(void)cmd_failure(command, "out of memory");
	else
		session = geode_connect(buf_cstr(&b), &error);
	buf_release(&b);
	if (session == NULL && error.code[0] != 0)
		(void)cmd_print_error(command, &error);
	return session;
}

int cmd_print_error(const char *command, const struct geode_error *e)
{
	if (e->line != 0)
		(void)cmd_failure(command, "%s at line %u, column %u: %s", e->code, e->line,
				  e->column, e->message);
	else
		(void)cmd_failure(command, "%s: %s", e->code, e->message);
	if (e->hint[0] != 0)
		fprintf(stderr, "hint: %s\n", e->hint);
	return CMD_EXIT_FAILURE;
}

static void put_param(struct geode_params *p, const char *name, struct str v)
{
	int64_t i;
	double d;

	if (str_to_i64(v, &i))
		geode_params_int(p, name, i);
	else if (v.len != 0 && strchr("+-.0123456789", v.p[0]) != NULL && str_to_double(v, &d))
		geode_params_double(p, name, d);
	else if (str_eq_nocase(v, STR("true")) || str_eq_nocase(v, STR("false")))
		geode_params_bool(p, name, v.len == 4);
	else if (str_eq_nocase(v, STR("null")))
		geode_params_null(p, name);
	else if (v.len >= 2 && v.p[0] == '\'' && v.p[v.len - 1] == '\'')
		geode_params_string(p, name, v.p + 1, v.len - 2);
	else
		geode_params_string(p, name, v.p, v.len);
}

bool cmd_param(struct geode_params *p, const char *text)
{
	if (text[0] == '$')
		text++;
	const char *equals = strchr(text, '=');
	char name[256];

	if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof name)
		return false;
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = 0;
	put_param(p, name, str_of(equals + 1));
	return true;
}

bool cmd_number(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t v;

	if (!str_to_u64(str_of(text), &v) || v > max)
		return false;
	*ret = (uint32_t)v;
	return true;
}
