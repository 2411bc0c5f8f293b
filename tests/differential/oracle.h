/* tests/differential/oracle.h - what the files of the oracle share: rows and the way to fail.
 *
 * The oracle enumerates. It knows no index, no plan and no batch, and shares no code with what it
 * checks but the struct of a value. */
#ifndef DIFFERENTIAL_ORACLE_H
#define DIFFERENTIAL_ORACLE_H

#include "base/vec.h"
#include "tests/differential/tree.h"

#define ORACLE_STEPS 60000 /* then the statement is too large */
#define ORACLE_ROWS 3000

#define UNBOUND V_N_KINDS

struct row {
	struct value *v; /* one for each variable of the statement; kind UNBOUND: not there */
};

struct rows {
	uint32_t n, cap;
	struct row *v;
};

struct oracle {
	struct arena *a;
	const struct statement *s;
	struct small_graph *g;
	enum row_order order;
	uint64_t n_steps;
	bool too_large;
	bool failed;	   /* since the last row_begin() */
	bool last, paged;  /* the clause that runs is the last, gives a page */
	uint32_t n_errors; /* codes that rows gave */
	const char *errors[ERRORS_MAX];
	bool may_pass;
};

struct group { /* what aggregates look at */
	const struct rows *rows;
	const uint32_t *members;
	uint32_t n;
};

struct row row_copy(struct oracle *o, const struct row *r);
void table_add(struct oracle *o, struct rows *rows, const struct row *r);

/* A row that fails goes no further, and the statement gives its error or another row's. */
void oracle_fail(struct oracle *o, const char *code);

/* oracle_write.c */
void write_clause(struct oracle *o, const struct clause *c, struct rows *in, struct rows *out);

/* oracle_term.c: g is NULL outside of a group. */
struct value term_value(struct oracle *o, const struct term *t, const struct row *r,
			const struct group *g);
bool term_holds(struct oracle *o, const struct term *t, const struct row *r);
bool values_equal_surely(struct value x, struct value y);
int order_values(struct value x, struct value y);
bool term_aggregates(const struct term *t);

/* oracle_match.c: each match as a row, or just their number. */
void match_pattern(struct oracle *o, const struct pattern *pt, const struct row *r,
		   struct rows *ret);

#endif
