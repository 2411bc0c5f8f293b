/* tools/geode/output.h - rows of a result on standard output.
 *
 * Threads: main only.
 * Errors:  the result's own; what was printed before stays. */
#ifndef GEODE_OUTPUT_H
#define GEODE_OUTPUT_H

#include <stdio.h>

#include "client/geode.h"

#define OUTPUT_TABLE_ROWS 10000 /* rows that share column widths; a longer table goes on below */

enum output_format {
	OUTPUT_TABLE,
	OUTPUT_JSON, /* an object a row and line */
	OUTPUT_CSV,  /* RFC 4180 with a header line */
};

bool output_format_find(const char *name, enum output_format *ret);

/* Prints all rows. GEODE_END, or the result's failure. *ret_rows: how many. A result without
 * columns prints nothing. */
enum geode_status output_rows(FILE *out, struct geode_result *r, enum output_format format,
			      uint64_t *ret_rows);

#endif
