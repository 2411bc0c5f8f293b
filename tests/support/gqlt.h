/* tests/support/gqlt.h - text cases: statements with their rows or their error (.gqlt files).
 *
 * The format is described in tests/conformance/README.md. The runner reads it and runs it through a
 * table of functions, so that the same cases run in process and over the wire.
 *
 * Needs:  base only.
 * Memory: what a target gives lies in the arena that it was handed, which lasts one step. */
#ifndef SUPPORT_GQLT_H
#define SUPPORT_GQLT_H

#include <stdio.h>

#include "base/arena.h"

#define GQLT_FILE_MAX (4u << 20) /* bytes of a file */
#define GQLT_PARAMS_MAX 32	 /* parameters of a step */

struct gqlt_param {
	struct str name;    /* without the $ */
	struct str literal; /* a GQL literal */
};

struct gqlt_result {
	char code[6];	       /* GQLSTATUS; classes 00, 01 and 02 are successes */
	uint32_t line, column; /* of an error, both from 1; 0: no place */
	struct str message;
	uint32_t n_columns, n_rows;
	const struct str *columns;
	const struct str *cells; /* row by row; values as GQL literals */
};

struct gqlt_target {
	void *ctx;
	/* Ends what is open and leaves an empty graph. */
	bool (*reset)(void *ctx);
	/* False: the target itself is broken, the run ends. A statement that is refused is a
	 * result. */
	bool (*execute)(void *ctx, struct arena *a, struct str text,
			const struct gqlt_param *params, uint32_t n_params,
			struct gqlt_result *ret);
};

struct gqlt_counts {
	uint32_t passed, failed;
};

/* Runs every case of a file; each failure is explained on out by file, line and case. False: the
 * file cannot be read, is malformed (said on out), or the target broke. */
bool gqlt_run_file(const char *path, const struct gqlt_target *target, FILE *out,
		   struct gqlt_counts *counts);
/* The same for a text in memory; name stands for the path in messages. */
bool gqlt_run_text(const char *name, struct str text, const struct gqlt_target *target, FILE *out,
		   struct gqlt_counts *counts);
/* The main of a runner: files and folders (searched for *.gqlt, in order of their names), or the
 * folder tests/conformance of $GEODE_SRCDIR. Gives the exit status. */
int gqlt_main(int argc, char **argv, const struct gqlt_target *target);

#endif
