#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#ifdef HAVE_JEMALLOC
#include "base/mem_jemalloc.h"
#endif
#include "server/server.h"
#include "tools/geode/cmd.h"

#define OPTION(name, short_, argument, default_, help) {name, short_, argument, default_, help},
static const struct option_def options[] = {
#include "tools/geode/options_serve.def"
};
#undef OPTION

static int usage_error(const char *text)
{
	fprintf(stderr, "geode serve: %s\nTry 'geode serve --help'.\n", text);
	return CMD_EXIT_USAGE;
}

int cmd_serve(int argc, char **argv)
{
	struct option longs[ARRAY_LEN(options) + 1];
	char shorts[2 * ARRAY_LEN(options) + 2], error[256];
	struct config config;
	int i_option, ch;

#ifdef HAVE_JEMALLOC
	mem_jemalloc_install();
#endif
	config_init(&config);
	cmd_options(options, ARRAY_LEN(options), longs, shorts);
	while ((ch = getopt_long(argc, argv, shorts, longs, &i_option)) != -1) {
		if (ch == '?')
			return usage_error("see the line above");
		const char *name =
		    cmd_option_name(options, ARRAY_LEN(options), ch, i_option, longs);
		if (!config_set(&config, name, optarg, error, sizeof error))
			return usage_error(error);
	}
	if (optind < argc) {
		snprintf(error, sizeof error, "unexpected argument '%s'", argv[optind]);
		return usage_error(error);
	}
	if (!config_check(&config, error, sizeof error))
		return usage_error(error);
	return server_run(&config);
}
