/* tools/geode/import.h - CSV files as nodes and edges for a sink: a new data directory or a server.
 *
 * Threads: main only.
 * Errors:  d is set with whatever is not ST_OK; the reader adds file and line.
 * Source:  headers as neo4j-admin writes them: name:type, :ID(group), :START_ID, :END_ID, :LABEL,
 * :TYPE, :IGNORE, types with [] for arrays separated by ';'. */
#ifndef GEODE_IMPORT_H
#define GEODE_IMPORT_H

#include "base/map.h"
#include "base/progress.h"
#include "tools/geode/csv.h"
#include "value/value.h"

#define IMPORT_LABELS_MAX 64 /* of one node, the file's own included */
#define IMPORT_GROUPS_MAX 64 /* spaces of ids */

enum import_role {
	IMPORT_PROPERTY,
	IMPORT_ID,
	IMPORT_START,
	IMPORT_END,
	IMPORT_LABEL,
	IMPORT_TYPE,
	IMPORT_IGNORE,
};

enum import_type {
	IMPORT_STRING,
	IMPORT_INT,
	IMPORT_FLOAT,
	IMPORT_BOOL,
	IMPORT_AUTO, /* an integer where the text is one, else text: ids, and --infer-types */
};

struct import_column {
	enum import_role role;
	enum import_type type;
	bool is_array;
	struct str name; /* of the property; "" for none */
	uint32_t group;	 /* of an id */
	uint32_t key;	 /* the sink's */
};

struct import_file {
	const char *path;
	struct str label; /* of all its nodes, or type of all its edges; "" when columns tell */
	bool is_edges;
	struct csv csv;
	struct arena arena; /* the header's names */
	VEC(struct import_column) columns;
};

/* One line. Texts and values hold until the next. */
struct import_row {
	const struct str *labels; /* of a node; of an edge the one type */
	uint32_t n_labels;
	const struct value *values; /* by column; null: no property */
	uint64_t from, to;	    /* of an edge: numbers of nodes in the order of their coming */
};

struct import_sink {
	const struct import_sink_ops *ops;
};

struct import_sink_ops {
	/* Before the rows of a file; may set key of each column. */
	enum status (*begin)(struct import_sink *s, struct import_file *f, struct diag *d);
	enum status (*node)(struct import_sink *s, const struct import_file *f,
			    const struct import_row *row, struct diag *d);
	enum status (*edge)(struct import_sink *s, const struct import_file *f,
			    const struct import_row *row, struct diag *d);
	/* All rows of the file were given. */
	enum status (*end)(struct import_sink *s, const struct import_file *f, struct diag *d);
	/* All files were read: makes it last. */
	enum status (*finish)(struct import_sink *s, struct diag *d);
	void (*free)(struct import_sink *s); /* without finish: nothing of this sink's stays open */
};

struct import_options {
	char delimiter;
	bool infer_types;
	uint32_t batch; /* lines of one transaction */
};

struct import_ids { /* one space of ids */
	struct str name;
	struct map_u64 numbers; /* ids that are integers as integers are written */
	struct map_str texts;	/* all others; keys in the arena */
};

struct import {
	const struct import_options *options;
	struct import_sink *sink;
	struct import_ids groups[IMPORT_GROUPS_MAX];
	uint32_t n_groups;
	struct arena arena; /* texts of ids */
	struct progress progress;
	uint64_t n_nodes, n_edges;
};

void import_init(struct import *im, const struct import_options *o, struct import_sink *sink);
void import_release(struct import *im);
/* Reads a whole file into the sink. *ret_line: where it failed, 0: not in a line. */
enum status import_file(struct import *im, struct import_file *f, uint64_t *ret_line,
			struct diag *d) MUST_CHECK;

/* A sink for a new data directory; ST_EXISTS when something is in it. */
enum status import_offline_new(const char *dir, const char *graph, struct import_sink **ret,
			       struct diag *d) MUST_CHECK;

struct geode_session;
/* A sink for a server; takes the session. Batches are committed as they fill. */
enum status import_online_new(struct geode_session *session, uint32_t batch,
			      struct import_sink **ret, struct diag *d) MUST_CHECK;
/* Nodes and edges of committed batches; waits for those on their way. */
void import_online_counts(struct import_sink *s, uint64_t *ret_nodes, uint64_t *ret_edges);

#endif
