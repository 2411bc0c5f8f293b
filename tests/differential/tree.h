/* tests/differential/tree.h - a small graph as plain arrays, and a statement as a tree.
 *
 * A tree is made by the generator from a seed, written as text for the engine (print.c), and
 * answered by the oracle (oracle.c). Elements are told apart by their property `id`: a node's is
 * its position in the array, an edge's EDGE_ID_BASE more than its position.
 *
 * Memory: trees and results live in the arena of their maker. A test that has no memory ends. */
#ifndef DIFFERENTIAL_TREE_H
#define DIFFERENTIAL_TREE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "tests/differential/random.h"
#include "value/value.h"

/* ---- graph ------------------------------------------------------------------------------------
 */

#define NODES_MAX 12 /* of a graph that is made */
#define EDGES_MAX 24
#define GRAPH_NODES_MAX 128 /* of what statements make of it */
#define GRAPH_EDGES_MAX 192
#define EDGE_ID_BASE 100

enum { N_LABELS = 4, N_TYPES = 4 }; /* the last of each is carried by nobody */

enum key {
	KEY_ID, /* unique */
	KEY_X,	/* a small INT or null */
	KEY_Y,	/* anything or null */
	KEY_S,	/* a short STRING or null */
	N_KEYS,
};

struct node {
	bool dead;
	uint8_t labels; /* bits */
	struct value props[N_KEYS];
};

struct edge {
	bool dead;
	uint8_t type;
	uint32_t from, to;
	struct value props[N_KEYS];
};

struct small_graph {
	uint32_t n_nodes, n_edges;
	struct node nodes[GRAPH_NODES_MAX];
	struct edge edges[GRAPH_EDGES_MAX];
};

extern const char *const label_names[N_LABELS], *const type_names[N_TYPES],
						    *const key_names[N_KEYS];

void graph_make(struct rng *r, struct small_graph *ret);
/* One INSERT statement for the elements in [from, to) of a graph whose positions are counted nodes
 * first; an edge of an earlier part finds its ends by id. */
void graph_print_nodes(struct buf *b, const struct small_graph *g, uint32_t from, uint32_t to);
void graph_print_edge(struct buf *b, const struct small_graph *g, uint32_t i);
/* All of it in one statement. */
void graph_print(struct buf *b, const struct small_graph *g);
void graph_drop_node(struct small_graph *g, uint32_t i);
void graph_drop_edge(struct small_graph *g, uint32_t i);

/* ---- expressions ------------------------------------------------------------------------------
 */

#define VARS_MAX 96
#define PARAMS_MAX 16

enum term_kind {
	T_LITERAL, /* value */
	T_PARAM,   /* index, value */
	T_VAR,	   /* var */
	T_UNKNOWN, /* a variable that is nowhere */
	T_PROP,	   /* var, key */
	T_LABELED, /* var, label */
	T_LIST,
	T_NOT,
	T_AND,
	T_OR,
	T_XOR,
	T_EQ,
	T_NE,
	T_LT,
	T_LE,
	T_GT,
	T_GE,
	T_IS_NULL,
	T_IS_NOT_NULL,
	T_IN,
	T_STARTS,
	T_ENDS,
	T_CONTAINS,
	T_ADD,
	T_SUB,
	T_MUL,
	T_DIV,
	T_CASE,	   /* condition, then, else */
	T_CASE_OF, /* value, when, then, else */
	T_COALESCE,
	T_NULLIF,
	T_SIZE,
	T_CHARS,
	T_UPPER,
	T_LOWER,
	T_REVERSE,
	T_LEFT,
	T_RIGHT,
	T_SUBSTRING,
	T_REPLACE,
	T_JOIN,
	T_ABS,
	T_SIGN,
	T_MOD,
	T_HEAD,
	T_LAST,
	T_AT, /* list, position */
	T_TYPE,
	T_LENGTH,
	T_EXISTS,	 /* pattern */
	T_PATTERN_COUNT, /* pattern */
	T_COUNT_STAR,	 /* aggregates from here on */
	T_COUNT,
	T_SUM,
	T_MIN,
	T_MAX,
	T_AVG,
	T_COLLECT,
};

struct term {
	uint8_t kind;	     /* enum term_kind */
	bool distinct, bare; /* bare: a pattern without EXISTS { } */
	uint8_t key, label;
	uint32_t n_args, index, var;
	struct term *args[4];
	struct value value;
	struct pattern *pattern;
};

/* ---- patterns ---------------------------------------------------------------------------------
 */

#define HOPS_MAX 5
#define PATHS_MAX 3
#define NO_VAR UINT32_MAX
#define UNBOUNDED UINT32_MAX

enum label_test { LABEL_FREE, LABEL_ONE, LABEL_BOTH, LABEL_EITHER, LABEL_NOT, LABEL_SOME };
enum direction { GO_OUT, GO_IN, GO_ANY };
enum search { SEARCH_NONE, SEARCH_ANY_SHORTEST, SEARCH_ALL_SHORTEST };
enum walk { WALK_DEFAULT, WALK_TRAIL, WALK_ACYCLIC, WALK_SIMPLE };

struct prop_test {
	uint8_t key;
	struct term *value;
};

struct node_pat {
	uint32_t var;
	uint8_t test, label, label2; /* enum label_test */
	uint32_t n_props;
	struct prop_test props[2];
	struct term *where;
};

struct edge_pat {
	uint32_t var;
	uint32_t each; /* quantified: the variable of one edge, in its own conditions; or NO_VAR */
	uint8_t dir;
	uint8_t types;	/* bits; 0: all */
	bool not_types; /* all but the one in types */
	bool quantified;
	uint32_t min, max;
	uint32_t n_props;
	struct prop_test props[1];
	struct term *where;
};

struct path_pat {
	uint32_t n_hops, var;
	uint8_t search, walk;
	struct node_pat nodes[HOPS_MAX + 1];
	struct edge_pat edges[HOPS_MAX];
};

struct pattern {
	bool repeatable;
	uint32_t n_paths;
	struct path_pat paths[PATHS_MAX];
	struct term *where;
};

/* ---- statements -------------------------------------------------------------------------------
 */

#define ITEMS_MAX 8
#define CLAUSES_MAX 8
#define BRANCHES_MAX 3

enum clause_kind {
	C_MATCH,
	C_OPTIONAL,
	C_UNWIND, /* term, var */
	C_LET,	  /* term, var */
	C_FILTER, /* term */
	C_WITH,
	C_RETURN,
	C_INSERT, /* write, from here on */
	C_SET,	  /* and REMOVE */
	C_DELETE,
	C_MERGE,
};

struct sort {
	struct term *term;
	uint32_t i_item; /* the item that it is, UINT32_MAX: something else */
	bool descending, has_nulls, nulls_first;
};

struct item {
	struct term *term;
	uint32_t var;	/* its name afterwards */
	bool named;	/* written with AS */
	bool unordered; /* a list whose order means nothing */
	bool opaque;	/* no total order by this one */
	bool aggregates;
};

struct projection {
	bool distinct, grouped, write_groups;
	uint32_t n_items, n_sorts;
	struct item items[ITEMS_MAX];
	struct sort sorts[ITEMS_MAX];
	bool has_skip, has_limit;
	uint32_t skip, limit;
	struct term *where;
};

/* ---- what is written --------------------------------------------------------------------------
 */

#define NEW_HOPS_MAX 2
#define CHANGES_MAX 3
#define NEW_PROPS_MAX 3

enum change_kind { W_SET, W_REPLACE, W_ADD, W_COPY, W_LABEL, W_UNSET, W_UNLABEL };

struct new_node {
	uint32_t var; /* or NO_VAR */
	bool bound;
	uint8_t labels; /* bits */
	uint32_t n_props;
	struct prop_test props[NEW_PROPS_MAX];
};

struct new_edge {
	uint32_t var;
	uint8_t type;
	bool back;
	uint32_t n_props;
	struct prop_test props[NEW_PROPS_MAX];
};

struct new_path { /* of INSERT and MERGE */
	uint32_t n_hops;
	struct new_node nodes[NEW_HOPS_MAX + 1];
	struct new_edge edges[NEW_HOPS_MAX];
};

struct change {
	uint8_t kind; /* enum change_kind */
	uint8_t key, label;
	uint32_t var, from; /* from: of W_COPY */
	struct term *value; /* of W_SET */
	uint32_t n_props;
	struct prop_test props[NEW_PROPS_MAX];
};

struct write {
	struct new_path path;
	uint32_t n_changes, n_on_match;
	struct change changes[CHANGES_MAX]; /* of SET and ON CREATE SET */
	struct change on_match[CHANGES_MAX];
	bool detach;
	uint32_t n_targets, targets[3]; /* of DELETE */
};

struct clause {
	uint8_t kind; /* enum clause_kind */
	struct pattern *pattern;
	struct term *term;
	uint32_t var;
	struct projection project;
	struct write *write;
};

struct branch {
	uint32_t n_clauses;
	struct clause clauses[CLAUSES_MAX];
};

struct statement {
	struct arena *a;
	uint32_t n_branches, n_vars, n_params;
	bool union_all, writes;
	bool broken; /* names a variable that is nowhere */
	struct branch branches[BRANCHES_MAX];
	struct var_name {
		char text[8];
	} vars[VARS_MAX];
	struct value params[PARAMS_MAX];
};

/* ---- scripts: statements in one transaction ---------------------------------------------------
 */

#define STEPS_MAX 7

enum step_kind { STEP_RUN, STEP_SAVEPOINT, STEP_ROLLBACK_TO };

struct step {
	uint8_t kind;		     /* enum step_kind */
	uint32_t to;		     /* of STEP_ROLLBACK_TO: the step that is its savepoint */
	struct statement *statement; /* of STEP_RUN */
};

struct script {
	uint32_t n_steps;
	bool writes, commits; /* or rolls back */
	struct step steps[STEPS_MAX];
};

/* make_write.c */
struct script *script_make(struct arena *a, struct rng *r, const struct small_graph *g);
/* Simplifies at one of several places; false: there is no such place. simplify.c */
bool script_simplify(struct script *s, uint32_t place);
/* make.c */
struct statement *statement_make(struct arena *a, struct rng *r, const struct small_graph *g,
				 bool writes);
/* print.c; other_literals: the same tokens with different literals. */
void statement_print(struct buf *b, const struct statement *s, uint64_t spelling,
		     bool other_literals);
void value_print(struct buf *b, struct value v);

/* ---- results ----------------------------------------------------------------------------------
 */

struct result {
	char code[6]; /* "00000", or the error's */
	char message[200];
	uint32_t n_columns, n_rows;
	const char **cells; /* row by row */
};

#define ERRORS_MAX 6

/* What the oracle says: all rows; a page of them is the answer. */
struct answer {
	struct result all;
	bool too_large;	   /* the oracle gave up, or the order of rows decides */
	uint32_t n_errors; /* any of these codes may be the answer */
	const char *errors[ERRORS_MAX];
	bool may_pass; /* the rows that fail may be left out */
	bool has_page;
	uint32_t skip, limit;
	uint32_t n_keys; /* the columns that the rows are sorted by, as far as they are columns */
	uint32_t keys[ITEMS_MAX];
};

enum row_order { ROWS_FORWARD, ROWS_BACKWARD, ROWS_MIXED, N_ROW_ORDERS };

/* g: changed by a statement that writes, also by one that fails. */
void oracle_answer(struct arena *a, const struct statement *s, struct small_graph *g,
		   enum row_order order, struct answer *ret);
/* All nodes and edges as rows, the same for two graphs when one is a copy of the other; then what
 * look-ups of one label and key find (i_lookup: label * N_KEYS + key, N_LOOKUPS: none). compare.c
 */
#define N_LOOKUPS (N_LABELS * N_KEYS)
#define PROBES_MAX 14
extern const struct value probes[PROBES_MAX];
void graph_rows(struct arena *a, const struct small_graph *g, uint32_t i_lookup,
		struct result *ret);
const char *lookup_row(struct arena *a, const char *what, const struct node *n);
/* To a result of one column. */
void result_add(struct arena *a, struct result *r, const char *row);
#define RANGE_FROM 1 /* the range is what is this or more */
/* One text for values that are one value; sorted: the order of a list's elements means nothing. */
const char *cell_text(struct arena *a, struct value v, bool sorted);
/* False: says on why (if not NULL) what is wrong. */
bool answer_accepts(struct arena *a, const struct answer *want, const struct result *got,
		    struct buf *why);
bool results_equal(struct arena *a, const struct result *x, const struct result *y);
void result_print(FILE *out, const struct result *r);

static inline void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "no memory\n");
		abort();
	}
	return p;
}

#endif
