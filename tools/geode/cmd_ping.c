/* tools/geode/cmd_ping.c - `geode ping`: does a server answer? Never waits longer than its limit.
 */
#include "tools/geode/cmd.h"

#define PING_TIMEOUT_MS 2000
#define PING_TIMEOUT_MAX_MS 3600000

#define OPTION(name, short_, argument, default_, help) {name, short_, argument, default_, help},
static const struct option_def options[] = {
#include "tools/geode/options_ping.def"
};
#undef OPTION

struct ping {
	struct cmd_server server;
	uint32_t timeout_ms;
	bool quiet;
};

static bool set_option(void *user, const char *name, const char *value)
{
	struct ping *p = user;

	if (cmd_server_option(&p->server, name, value))
		return true;
	if (strcmp(name, "quiet") == 0) {
		p->quiet = true;
		return true;
	}
	if (cmd_number(value, PING_TIMEOUT_MAX_MS, &p->timeout_ms) && p->timeout_ms != 0)
		return true;
	(void)cmd_usage_error("ping", "'%s' is no time between 1 and %d ms", value,
			      PING_TIMEOUT_MAX_MS);
	return false;
}

int cmd_ping(int argc, char **argv)
{
	struct ping p = {.timeout_ms = PING_TIMEOUT_MS};
	const int n = cmd_parse(options, ARRAY_LEN(options), argc, argv, set_option, &p);

	if (n < 0)
		return CMD_EXIT_USAGE;
	if (n < argc)
		return cmd_usage_error("ping", "unexpected argument '%s'", argv[n]);
	p.server.connect_timeout_ms = p.server.read_timeout_ms = p.timeout_ms;
	struct geode_session *s = cmd_connect("ping", &p.server);
	if (s == NULL)
		return CMD_EXIT_FAILURE;
	int code = CMD_EXIT_OK;
	if (geode_ping(s) != GEODE_OK)
		code = cmd_print_error("ping", geode_error_of(s));
	else if (!p.quiet)
		puts("PONG");
	geode_disconnect(s);
	return code;
}
