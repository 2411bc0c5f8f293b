/* plan/plan.h - the door of the room: a parsed statement becomes a plan.
 *
 * Room:    plan.
 * Threads: plan_make from any thread that holds an epoch slot; plan_cache from any.
 * Errors:  ST_INVALID with the diag set: every semantic error of the language is found here, with
 * its place, before anything runs. ST_NOMEM, ST_LIMIT. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "gql/ast.h"
#include "gql/gql.h"
#include "plan/physical.h"

#define PLAN_CACHE_ENTRIES 1024		/* plans kept */
#define PLAN_CACHE_TEXT_MAX (64u << 10) /* bytes of a statement that is still cached */

struct plan_options {
	/* Nothing but what the words say: patterns walked in written order, conditions after them,
	 * whole sorts; no index, no hash join, no operator that stands for several. Tests compare
	 * the answers of both. */
	bool no_rewrites;
	bool any_cost; /* an index is read in order where it can be: for tests on small graphs */
	/* Read point at which USE finds graphs by name; 0: all that are not dropped. */
	uint64_t catalog_lsn;
	struct graph *home; /* HOME_GRAPH; NULL: the default graph */
	bool bound;	    /* the session may use no graph but its own */
};

/* A plan for a query or a data-modifying statement (not for transaction control, DDL or session
 * commands: those are the server's). tokens: of the same text. opt may be NULL. The caller gets one
 * reference. */
enum status plan_make(const struct ast_statement *st, struct str text,
		      const struct token_list *tokens, struct graph *g,
		      const struct plan_options *opt, struct plan **ret, struct diag *d) MUST_CHECK;

/* The graph called name at a read point. 42002 at the name's place, with a suggestion, when there
 * is none. */
enum status plan_find_graph(struct store *s, const struct ast_name *name, uint64_t lsn,
			    struct graph **ret, struct diag *d) MUST_CHECK;

/* ---- cache: token stream with the literals lifted out + graph + catalog version -> plan
 * ----------- */

struct plan_cache;

enum status plan_cache_new(struct plan_cache **ret) MUST_CHECK;
void plan_cache_free(struct plan_cache *c);
/* NULL when there is none. The caller gets a reference. */
struct plan *plan_cache_get(struct plan_cache *c, struct str text, const struct token_list *tokens,
			    struct graph *g);
/* Whether a kept plan is right for this session too. */
bool plan_fits(const struct plan *p, const struct plan_options *opt);
/* Takes a reference of its own; may drop the plan that was used least recently. No memory: not
 * kept. */
void plan_cache_put(struct plan_cache *c, struct str text, const struct token_list *tokens,
		    struct plan *p);
void plan_cache_clear(struct plan_cache *c);
struct plan_cache_stats {
	uint64_t hits, misses, entries;
};
struct plan_cache_stats plan_cache_stats(struct plan_cache *c);

/* Values for plan->params out of the actual text's literals and the request's parameters (a map).
 * 42002 when a named one is missing. ret has plan->n_params places. */
enum status plan_bind_params(const struct plan *p, struct str text, const struct token_list *tokens,
			     const struct map_entry *given, uint32_t n_given, struct arena *a,
			     struct value *ret, struct diag *d) MUST_CHECK;
/* Name of a result column in the actual text. */
struct str plan_column_name(const struct plan *p, uint32_t i_column, struct str text,
			    const struct token_list *tokens);
/* Byte offset in the actual text of a place in the text that made the plan. */
uint32_t plan_offset(const struct plan *p, uint32_t offset, const struct token_list *tokens);

/* ---- EXPLAIN
 * ------------------------------------------------------------------------------------- */

struct explain_op {
	uint32_t id, depth;
	const char *kind; /* "NodeScan" */
	struct str detail;
	double est_rows, est_cost;
};
/* Operators in the order they print: the root first, inputs indented below. */
enum status plan_explain(const struct plan *p, struct arena *a, const struct explain_op **ret,
			 uint32_t *ret_n) MUST_CHECK;

#endif
