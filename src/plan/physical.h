/* plan/physical.h - the read-only, shareable plan that exec runs.
 *
 * Room:    plan.
 * Threads: immutable once made; any number of queries run it at the same time.
 * Memory:  one arena, freed when the last holder lets go (plan_ref, plan_unref).
 *
 * A plan is a tree of operators. Every variable of the statement has one slot; a batch has n_slots
 * columns, column s is slot s, and only the slots that an operator's input carries or makes are
 * filled. An operator that keeps its input's rows (filter, project, produce, writes) works in place
 * on the child's batch; one that changes the number or order of rows (expand, join, sort,
 * aggregate, unwind) has a batch of its own and copies the slots in carry[], which are those that
 * something above still needs. Scans are leaves (left NULL); a seek has an input, POP_UNIT at the
 * bottom. */
#ifndef PLAN_PHYSICAL_H
#define PLAN_PHYSICAL_H

#include "plan/expr.h"
#include "store/graph.h"

#define PLAN_SLOTS_MAX 1024
#define PLAN_OPS_MAX 1024

/* A node that a range of an index finds costs as much as so many of a scan with a filter: it is
 * looked at alone, wherever it lies. */
#define PLAN_SEEK_ROW_COST 16

enum pop_kind {
	POP_UNIT,	/* one row without columns; in the right side of an apply: the outer row */
	POP_NODE_SCAN,	/* out node: label, or all */
	POP_EDGE_SCAN,	/* out edge, from, to: type, or all */
	POP_INDEX_SEEK, /* out node: label.key = value, in a list or a range (for each input row) */
	POP_NODE_BY_ID, /* out node: id(node) = value */
	POP_EXPAND,	/* from a bound node along one edge to node (or to a bound node: into) */
	POP_DEGREE,	/* sets slot weight to the number of rows that an expansion would give */
	POP_TWO_HOPS,	/* the same of two expansions, the second from where the first ends */
	POP_VAR_EXPAND, /* from a bound node along min..max edges */
	POP_SHORTEST,	/* any or all shortest paths between two bound nodes, or from one to those
			   that pass */
	POP_FILTER,
	POP_PROJECT, /* assigns slots */
	POP_AGGREGATE,
	POP_DISTINCT,
	POP_SORT,      /* with limit: the first skip + limit rows only */
	POP_LIMIT,     /* skip and limit */
	POP_CROSS,     /* left x right; the right side is evaluated once and kept */
	POP_HASH_JOIN, /* left and right rows with equal keys; the right side is the build side */
	POP_APPLY,     /* for each left row the right side, which begins with POP_UNIT */
	POP_OPTIONAL,  /* the same; a left row without a match once with nulls */
	POP_SEMI,      /* left rows for which the right side has (anti: has not) a row */
	POP_SEMI_MARK, /* the same, but sets slot out to true or false instead of filtering */
	POP_UNWIND,    /* one row for each element of a list */
	POP_UNION,     /* all rows of left, then of right */
	POP_EXCEPT,    /* rows of left that right has not: each once, or (all) less as many */
	POP_INTERSECT, /* rows of left that right has too: each once, or (all) as many as both have
			*/
	POP_OTHERWISE, /* rows of left; if there are none, of right */
	POP_EAGER, /* takes all input before it gives any: separates reading from writing clauses */
	POP_INSERT,
	POP_MERGE,
	POP_SET,
	POP_DELETE,
	POP_USE,     /* its input is made in another graph; the rows pass without elements of it */
	POP_PRODUCE, /* root: result columns; element ids become values a client can hold */
	POP_DISCARD, /* root of a statement without result: takes all input, gives nothing */
};

struct assign {
	uint32_t slot;
	const struct expr *expr;
};

struct agg; /* value/func.h */

struct plan_agg {
	const struct agg *fn; /* NULL: count(*) */
	bool distinct;
	uint32_t slot;
	const struct expr *arg; /* NULL: count(*) */
};

struct sort_key {
	const struct expr *expr;
	bool descending, nulls_first; /* default: nulls largest */
};

enum seek_kind { SEEK_EQUAL, SEEK_IN, SEEK_PREFIX, SEEK_RANGE };
enum seek_nulls { SEEK_NO_NULLS, SEEK_NULLS_FIRST, SEEK_NULLS_LAST };
enum seek_order { SEEK_UNORDERED, SEEK_ASCENDING, SEEK_DESCENDING };
enum pat_dir { DIR_OUT, DIR_IN, DIR_BOTH };
enum path_mode { PATH_TRAIL, PATH_WALK, PATH_SIMPLE, PATH_ACYCLIC };

/* A node or edge to be made by POP_INSERT or POP_MERGE. */
struct make {
	bool is_edge;
	uint32_t slot; /* the new element; a bound node: make nothing (nodes only) */
	bool bound;
	uint32_t n_labels;	/* edges: 1 */
	const uint32_t *labels; /* indexes into plan->names */
	uint32_t from, to;	/* edges: slots of the endpoints */
	uint32_t n_props;
	const uint32_t *keys; /* indexes into plan->names */
	const struct expr **values;
	const struct expr *map; /* all properties from one map; NULL: the keys above */
	uint32_t offset;
};

enum set_kind { SET_PROP, SET_MAP_REPLACE, SET_MAP_ADD, SET_LABEL, REMOVE_PROP, REMOVE_LABEL };

struct set_item {
	uint8_t kind;		   /* enum set_kind */
	const struct expr *target; /* an element; null: nothing happens */
	uint32_t name;		   /* key or label: index into plan->names */
	const struct expr *value;
	uint32_t offset;
};

struct pop_seek {
	uint32_t out, label, key;
	uint8_t kind;		     /* enum seek_kind; POP_NODE_BY_ID: SEEK_EQUAL */
	uint8_t low_kind, high_kind; /* SEEK_RANGE: enum index_bound; both none: all values */
	/* enum seek_order: whoever sorts the rows by the key may stop when enough have come. A
	 * range or a prefix, and one row of input. */
	uint8_t order;
	uint8_t nulls; /* enum seek_nulls: nodes without the property too; of all values only */
	/* What is sought: a value, a list, a prefix, or the lower bound. NULL: a range without. */
	const struct expr *value;
	const struct expr *high; /* the upper bound; NULL: none */
	struct str index;	 /* its name, for EXPLAIN */
};

struct pop {
	uint8_t kind;			/* enum pop_kind */
	uint32_t id;			/* position in plan->ops: index of run-time counters */
	const struct pop *left, *right; /* left: the input */
	uint32_t n_carry;
	const uint32_t *carry; /* input slots to keep (operators with a batch of their own) */
	uint32_t n_carry_right;
	const uint32_t *carry_right; /* slots of the right side to keep (cross, join, apply) */
	double est_rows, est_cost;
	uint32_t offset; /* of the source text */
	union {
		struct {
			uint32_t out, label;
		} scan; /* label: names index or NAME_NONE */
		struct {
			uint32_t edge, from, to, type;
		} edge_scan; /* slots may be SLOT_NONE */
		struct pop_seek seek;
		struct {
			uint32_t from, to, edge; /* edge: SLOT_NONE when nobody asks */
			bool into;		 /* to is bound already */
			uint8_t dir;		 /* enum pat_dir */
			uint8_t mode;		 /* enum path_mode, var_expand only */
			bool distinct_edges;	 /* no edge twice on a path, whatever its mode */
			bool optional_end;	 /* shortest: all of them, not any */
			bool ends_once; /* nobody above counts rows: each end (of an expansion: each
					   edge and end) once for the same carried values */
			uint32_t n_types; /* 0: all */
			const uint32_t *types;
			uint32_t n_unique; /* edge slots (or lists of edges) that must differ */
			const uint32_t *unique;
			uint32_t min, max; /* var_expand, shortest; max UINT32_MAX: no bound */
			uint32_t path;	   /* slot for the path value, or SLOT_NONE */
			const struct expr
			    *edge_pred; /* each edge on the way: EXPR_LOCAL 0; may be NULL */
			const struct expr
			    *node_pred;	   /* shortest from one end: the end node, slot to */
			uint32_t weight;   /* degree, two hops: the slot that gets the number */
			uint32_t to_label; /* the same: of the ends that count, or NAME_NONE */
			const struct pop *then; /* two hops: the second expansion */
			bool differ; /* two hops: the edge of the second is not that of the first */
		} expand;
		struct {
			const struct expr *pred;
		} filter;
		struct {
			uint32_t n;
			const struct assign *items;
		} project;
		struct {
			uint32_t n_keys, n_aggs;
			const struct assign *keys;
			const struct plan_agg *aggs;
			bool weighted; /* a row stands for as many as slot weight says */
			uint32_t weight;
		} aggregate;
		struct {
			uint32_t n;
			const uint32_t *slots;
		} distinct;
		struct {
			uint32_t n;
			const struct sort_key *keys;
			const struct expr *skip, *limit;
			bool stops; /* rows come from a seek in the order of the first key */
		} sort;		    /* exprs may be NULL */
		struct {
			const struct expr *skip, *limit;
		} limit;
		struct {
			uint32_t n;
			const struct expr **left_keys, **right_keys;
		} join;
		struct {
			bool anti;
			uint32_t out;
		} semi;
		struct {
			uint32_t out, ordinal;
			bool from_zero; /* ordinals */
			const struct expr *list;
		} unwind;
		struct {
			uint32_t n;
			const uint32_t *left_slots, *right_slots, *out_slots;
			bool all; /* except, intersect */
		} set_op;
		struct {
			uint32_t n;
			const struct make *items;
		} insert;
		struct {
			uint32_t n;
			const struct make *items;
			uint32_t n_on_create, n_on_match;
			const struct set_item *on_create, *on_match;
		} merge; /* right: the match side */
		struct {
			uint32_t n;
			const struct set_item *items;
		} set;
		struct {
			uint32_t n;
			const struct expr **targets;
			bool detach;
		} del;
		struct {
			struct graph *graph; /* of the input */
			uint32_t n;	     /* slots that might hold elements */
			const uint32_t *slots;
		} use;
		struct {
			uint32_t n;
			const uint32_t *slots;
		} produce;
	};
};

struct plan_name {
	uint8_t kind; /* enum name_kind */
	struct str text;
};

struct plan_param {
	struct str name; /* "" for a lifted literal */
	struct value
	    value;	  /* the literal of the text that made the plan; a cache hit gives others */
	uint32_t i_token; /* token of a lifted literal */
	uint32_t offset;
};

struct plan_column {
	struct str name;
	uint32_t first_token,
	    n_tokens; /* n_tokens > 0: the name is this text of the actual statement */
	uint8_t type; /* enum value_kind of all non-null values, V_NULL: not known (ANY) */
};

struct plan {
	_Atomic uint32_t n_refs;
	struct arena arena;
	struct graph *graph;	     /* of the root */
	struct graph *session_graph; /* for which it was made */
	struct graph *home;	     /* not NULL: the text says HOME_GRAPH, and it was this one */
	uint32_t n_graphs;	     /* that it reads or changes */
	struct graph *const *graphs;
	uint64_t catalog_version;
	const struct pop *root;
	uint32_t n_ops;
	const struct pop **ops; /* by id */
	struct str text;	/* a copy of the text that made the plan */
	uint32_t n_slots;
	const struct str *slot_names; /* variables; empty for slots without a name */
	uint32_t n_locals;	      /* most nested comprehension variables */
	uint32_t n_names;
	const struct plan_name *names;
	uint32_t n_params;
	const struct plan_param *params;
	uint32_t n_columns; /* of the result; 0: a statement without result */
	const struct plan_column *columns;
	uint32_t n_tokens; /* of the text that made the plan, for names and positions after a cache
			      hit */
	const uint32_t *token_offsets;
	bool writes;	      /* contains a writing operator */
	bool ordered;	      /* the last clause sorts */
	bool literals_matter; /* made by comparing literals: only for a text with the same ones */
};

const char *pop_kind_name(enum pop_kind k); /* "NodeScan" */

struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan *p);

#endif
