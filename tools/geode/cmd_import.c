/* tools/geode/cmd_import.c - `geode import`: CSV files into a new data directory or into a server.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tools/geode/cmd.h"
#include "tools/geode/import.h"

#define IMPORT_BATCH 10000
#define IMPORT_BATCH_MAX 100000 /* the ids of a batch come back in one page */
#define IMPORT_FILES_MAX 1024

#define OPTION(name, short_, argument, default_, help) {name, short_, argument, default_, help},
static const struct option_def options[] = {
#include "tools/geode/options_import.def"
};
#undef OPTION

struct import_command {
	struct cmd_server server;
	struct import_options options;
	const char *into;
	struct import_file
	    *files; /* IMPORT_FILES_MAX; nodes and edges in the order of the options */
	uint32_t n_files;
};

/* LABEL=FILE; with an empty LABEL the file's columns tell. */
static bool add_file(struct import_command *c, const char *value, bool is_edges)
{
	const char *equals = strchr(value, '=');

	if (c->n_files == IMPORT_FILES_MAX) {
		(void)cmd_usage_error("import", "more than %d files", IMPORT_FILES_MAX);
		return false;
	}
	if (equals == NULL || equals[1] == 0) {
		(void)cmd_usage_error("import", "'%s' is not %s=FILE", value,
				      is_edges ? "TYPE" : "LABEL");
		return false;
	}
	c->files[c->n_files++] = (struct import_file){
	    .path = equals + 1,
	    .label = {value, (size_t)(equals - value)},
	    .is_edges = is_edges,
	};
	return true;
}

static bool set_delimiter(struct import_command *c, const char *value)
{
	if (strcmp(value, "\\t") == 0 || strcmp(value, "TAB") == 0)
		c->options.delimiter = '\t';
	else if (value[0] != 0 && value[1] == 0 && strchr("\"\r\n", value[0]) == NULL)
		c->options.delimiter = value[0];
	else
		return cmd_usage_error("import", "'%s' is no delimiter", value) == CMD_EXIT_OK;
	return true;
}

static bool set_option(void *user, const char *name, const char *value)
{
	struct import_command *c = user;

	if (cmd_server_option(&c->server, name, value))
		return true;
	if (strcmp(name, "nodes") == 0 || strcmp(name, "edges") == 0)
		return add_file(c, value, name[0] == 'e');
	if (strcmp(name, "delimiter") == 0)
		return set_delimiter(c, value);
	if (strcmp(name, "into") == 0) {
		c->into = value;
	} else if (strcmp(name, "infer-types") == 0) {
		c->options.infer_types = true;
	} else if (!cmd_number(value, IMPORT_BATCH_MAX, &c->options.batch) ||
		   c->options.batch == 0) {
		(void)cmd_usage_error("import", "'%s' is no number from 1 to %d", value,
				      IMPORT_BATCH_MAX);
		return false;
	}
	return true;
}

static int print_diag(const char *path, uint64_t line, const struct diag *d)
{
	if (path != NULL && line != 0)
		(void)cmd_failure("import", "%s:%" PRIu64 ": %s", path, line, d->message);
	else if (path != NULL)
		(void)cmd_failure("import", "%s: %s", path, d->message);
	else
		(void)cmd_failure("import", "%s", d->message);
	if (d->hint[0] != 0)
		fprintf(stderr, "hint: %s\n", d->hint);
	return CMD_EXIT_FAILURE;
}

static void complete_diag(struct diag *d, enum status st)
{
	(void)diag_set(d, st == ST_NOMEM ? GQL_OUT_OF_MEMORY : GQL_INTERNAL, DIAG_NO_POSITION, "%s",
		       st == ST_NOMEM ? "out of memory" : status_name(st));
}

/* All files of one kind, in order. */
static int read_files(struct import_command *c, struct import *im, bool is_edges)
{
	for (uint32_t i = 0; i < c->n_files; i++) {
		struct diag d;
		uint64_t line;
		if (c->files[i].is_edges != is_edges)
			continue;
		diag_reset(&d);
		const enum status st = import_file(im, &c->files[i], &line, &d);
		if (st != ST_OK) {
			complete_diag(&d, st);
			return print_diag(c->files[i].path, line, &d);
		}
	}
	return CMD_EXIT_OK;
}

/* Edges come after all nodes, whatever the order of the options. */
static int read_all(struct import_command *c, struct import_sink *sink, struct import *im)
{
	struct diag d;
	int code = read_files(c, im, false);

	if (code == CMD_EXIT_OK)
		code = read_files(c, im, true);
	if (code != CMD_EXIT_OK)
		return code;
	diag_reset(&d);
	const enum status st = sink->ops->finish(sink, &d);
	if (st == ST_OK)
		return CMD_EXIT_OK;
	complete_diag(&d, st);
	return print_diag(NULL, 0, &d);
}

static enum status open_sink(struct import_command *c, struct import_sink **ret, struct diag *d)
{
	if (c->into != NULL)
		return import_offline_new(c->into, c->server.graph, ret, d);
	struct geode_session *s = cmd_connect("import", &c->server);
	return s != NULL ? import_online_new(s, c->options.batch, ret, d) : ST_CLOSED;
}

static int run(struct import_command *c)
{
	const uint64_t start = clock_mono_ns();
	struct import_sink *sink;
	struct import im;
	struct diag d;

	diag_reset(&d);
	if (open_sink(c, &sink, &d) != ST_OK)
		return diag_is_set(&d) ? print_diag(NULL, 0, &d) : CMD_EXIT_FAILURE;
	import_init(&im, &c->options, sink);
	const int code = read_all(c, sink, &im);
	if (code == CMD_EXIT_OK) {
		printf("%" PRIu64 " nodes and %" PRIu64 " edges in %.2f s\n", im.n_nodes,
		       im.n_edges, (double)(clock_mono_ns() - start) / 1e9);
	} else if (c->into == NULL) {
		uint64_t n_nodes, n_edges;
		import_online_counts(sink, &n_nodes, &n_edges);
		fprintf(stderr, "%" PRIu64 " nodes and %" PRIu64 " edges were committed before\n",
			n_nodes, n_edges);
	}
	import_release(&im);
	sink->ops->free(sink);
	return code;
}

int cmd_import(int argc, char **argv)
{
	struct import_command c = {.options = {.delimiter = ',', .batch = IMPORT_BATCH}};
	int code = CMD_EXIT_USAGE;

	c.files = calloc(IMPORT_FILES_MAX, sizeof c.files[0]);
	if (c.files == NULL)
		return cmd_failure("import", "out of memory");
	const int n = cmd_parse(options, ARRAY_LEN(options), argc, argv, set_option, &c);
	if (n >= 0 && n < argc)
		code = cmd_usage_error("import", "unexpected argument '%s'", argv[n]);
	else if (n >= 0 && c.n_files == 0)
		code = cmd_usage_error("import", "no file: give --nodes LABEL=FILE");
	else if (n >= 0 && c.into != NULL && c.server.address != NULL)
		code = cmd_usage_error("import", "--into and --server exclude each other");
	else if (n >= 0)
		code = run(&c);
	free(c.files);
	return code;
}
