/* tools/geode/csv.h - records of a CSV file.
 *
 * Threads: main only.
 * Errors:  ST_INVALID with d set, at c->line; ST_IO, ST_NOMEM, ST_LIMIT with d set.
 * Source:  RFC 4180; a line may end with LF alone, and a field's quotes may hold line ends. UTF-8,
 * a byte order mark at the start is skipped. */
#ifndef GEODE_CSV_H
#define GEODE_CSV_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/vec.h"

#define CSV_RECORD_MAX (64u << 20) /* bytes */
#define CSV_FIELDS_MAX 4096

struct csv_field {
	struct str text; /* unescaped; holds until the next record */
	bool quoted;
};

struct csv {		  /* read only outside csv.c */
	const char *path; /* borrowed */
	struct file *file;
	char delimiter;
	char *bytes; /* what was read and not given yet is at..end */
	size_t cap, at, end;
	uint64_t offset, size;	  /* of the file */
	uint64_t line, next_line; /* first line of the record at hand, from 1 */
	VEC(struct csv_field) fields;
};

enum status csv_open(struct csv *c, const char *path, char delimiter, struct diag *d) MUST_CHECK;
void csv_close(struct csv *c);
/* The next record's fields; empty lines are skipped. ST_END at the end of the file. */
enum status csv_next(struct csv *c, struct diag *d) MUST_CHECK;

#endif
