/* value/func.h - the built-in functions that need no graph, and the aggregates.
 *
 * Room:    value; func.def and func_agg.def are the lists that the binder, the evaluator and the
 *          documentation read. Functions of nodes, edges and paths live in exec.
 * Threads: the tables are constant. */
#ifndef VALUE_FUNC_H
#define VALUE_FUNC_H

#include "value/value.h"

#define FUNC_ARGS_MAX 64 /* arguments of one call */

typedef enum status func_fn(struct func_ctx *x, const struct value *args, unsigned n,
			    struct value *ret);

enum func_flags {
	FUNC_STRICT = 1, /* null when any argument is null; fn never sees one */
	FUNC_PURE = 2,	 /* the same answer for the same arguments: constants may be folded */
};

struct func {
	const char *name; /* as documented; found without regard to case */
	uint8_t min_args, max_args;
	uint8_t
	    result; /* enum value_kind of every non-null result, V_NULL: depends on the arguments */
	uint8_t flags; /* enum func_flags */
	func_fn *fn;
	const char *help; /* one line */
};

/* NULL when there is none. The number of arguments is the caller's to check. */
const struct func *func_find(struct str name);
/* All of them, for documentation and hints: NULL past the end. */
const struct func *func_at(unsigned i);
/* The nearest name of a function or an aggregate, NULL when none is near: for hints. */
const char *func_suggest(struct str name);

/* Calls it; min_args <= n <= max_args. Errors: ST_INVALID with a diag, ST_NOMEM, ST_LIMIT. */
enum status func_call(const struct func *f, struct func_ctx *x, const struct value *args,
		      unsigned n, struct value *ret) MUST_CHECK;

/* What range() makes, without a list: first, first + step, ...; n numbers. */
struct func_range {
	int64_t first, step;
	uint64_t n;
};

bool func_is_range(const struct func *f);
/* Of the arguments of range(), none of them null. Errors: as the call, but of any length. */
enum status func_range_of(struct func_ctx *x, const struct value *args, unsigned n,
			  struct func_range *ret) MUST_CHECK;

static inline int64_t func_range_at(const struct func_range *r, uint64_t i)
{
	return (int64_t)((uint64_t)r->first + i * (uint64_t)r->step);
}

enum agg_kind {
	AGG_COUNT,
	AGG_SUM,
	AGG_AVG,
	AGG_MIN,
	AGG_MAX,
	AGG_COLLECT,
	AGG_STDDEV_SAMP,
	AGG_STDDEV_POP,
	AGG_LIST, /* collects nulls too */
};

/* Running state of one aggregate of one group. Plain data: may be moved; what it points to lives in
 * the arena that its steps were given. */
struct agg_state {
	uint64_t n;	     /* values taken */
	bool has_float;	     /* sum, avg: a FLOAT was among them */
	bool saw_null;	     /* a null was left out: warning 01G11 */
	uint64_t sum_low;    /* of the integers, exact: 128 bits in two halves, because an arena */
	int64_t sum_high;    /* aligns to 8 bytes only */
	double fsum, carry;  /* of the floats, with what rounding lost; stddev: mean and squares */
	struct value best;   /* min, max */
	struct value *items; /* collect */
	uint32_t cap;
};

struct agg {
	const char *name;
	uint8_t kind;	/* enum agg_kind */
	uint8_t result; /* enum value_kind, V_NULL: depends on the argument */
	const char *help;
};

const struct agg *agg_find(struct str name);
const struct agg *agg_at(unsigned i); /* NULL past the end */
/* Of subqueries and comprehensions, without a name: a list of all values, nulls too. */
const struct agg *agg_list(void);

void agg_init(const struct agg *g, struct agg_state *s);
/* Takes one value; nulls are left out. What must be kept is copied to x->arena, which lives as long
 * as the group. count(*) passes any value that is not null; DISTINCT is the caller's. */
enum status agg_step(const struct agg *g, struct func_ctx *x, struct agg_state *s,
		     struct value v) MUST_CHECK;
/* Of no values: count and sum 0, collect an empty list, the others null. Errors: 22003. */
enum status agg_final(const struct agg *g, struct func_ctx *x, const struct agg_state *s,
		      struct value *ret) MUST_CHECK;

#endif
