/* tests/differential/make.h - what the files of the generator share. */
#ifndef DIFFERENTIAL_MAKE_H
#define DIFFERENTIAL_MAKE_H

#include "tests/differential/tree.h"

enum var_kind {
	K_NODE,
	K_EDGE,
	K_EDGES, /* the list of a quantified edge */
	K_PATH,
	K_SOME_EDGES, /* of one of several shortest paths: only its length is sure */
	K_SOME_PATH,
	K_NUMBER,
	K_STRING,
	K_ANY,
	K_HEAP, /* a list in any order */
};

struct maker {
	struct arena *a;
	struct rng *r;
	struct statement *s;
	const struct small_graph *g;
	uint32_t n_scope;
	struct {
		uint32_t var;
		uint8_t kind; /* enum var_kind */
		bool earlier; /* of an earlier clause */
	} scope[VARS_MAX];
	uint32_t n_quantified; /* in this MATCH */
	uint32_t n_hops;       /* of all patterns */
	uint32_t depth;	       /* of subqueries */
	bool groups;	       /* the next projection aggregates */
	bool may_fail;	       /* terms that are surely asked for each row */
};

/* Below n, and true in so many percent of all cases. */
static inline uint32_t below(struct maker *m, uint32_t n)
{
	return rng_below(m->r, n);
}
static inline bool chance(struct maker *m, uint32_t percent)
{
	return rng_percent(m->r, percent);
}

uint32_t make_var(struct maker *m, char letter);
void make_visible(struct maker *m, uint32_t var, enum var_kind kind);
/* A visible variable of one of the kinds (bits); NO_VAR: there is none. */
uint32_t make_pick(struct maker *m, uint32_t kinds, enum var_kind *ret_kind);

/* make_term.c */
struct term *term_new(struct maker *m, enum term_kind kind);
struct term *term_of(struct maker *m, enum term_kind kind, struct term *x, struct term *y);
struct term *term_int(struct maker *m, int64_t i);
struct term *term_var(struct maker *m, uint32_t var);
struct term *term_prop(struct maker *m, uint32_t var, enum key key);
struct term *make_number(struct maker *m, uint32_t depth);
struct term *make_string(struct maker *m);
struct term *make_any(struct maker *m);
/* subqueries: EXISTS and COUNT may stand here. */
struct term *make_condition(struct maker *m, uint32_t depth, bool subqueries);
struct term *make_aggregate(struct maker *m, bool *ret_heap);

/* make_pattern.c */
struct pattern *make_pattern(struct maker *m, bool inner);
struct pattern *make_pattern_test(struct maker *m);
struct pattern *make_chain(struct maker *m, uint32_t n_hops, uint32_t *ret_first,
			   uint32_t *ret_last);
struct pattern *make_walk(struct maker *m, uint32_t *ret_first, uint32_t *ret_last);
struct pattern *make_cycle(struct maker *m);
struct pattern *make_pair(struct maker *m);
struct pattern *make_shortest(struct maker *m);

/* make.c: a clause each, at the end of the branch. */
void make_reader(struct maker *m, struct branch *b, bool first);
void make_with(struct maker *m, struct branch *b);
void make_return(struct maker *m, struct branch *b);

/* make_write.c */
void make_write(struct maker *m, struct branch *b);

#endif
