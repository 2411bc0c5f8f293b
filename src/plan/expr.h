/* plan/expr.h - bound expressions: names are resolved, types are known where they can be.
 *
 * Room:    plan (exec compiles them to flat steps).
 * Threads: immutable once the plan is made; shared by all who run it.
 * Memory:  in the plan's arena. */
#ifndef PLAN_EXPR_H
#define PLAN_EXPR_H

#include "value/value.h"

struct func; /* value/func.h */

#define SLOT_NONE UINT32_MAX
#define EXPR_DEPTH_MAX 1000

enum expr_kind {
	EXPR_CONST,	/* value */
	EXPR_PARAM,	/* index: into the plan's parameters (plan->params) */
	EXPR_SLOT,	/* slot: a column of the batch */
	EXPR_LOCAL,	/* local: variable of the enclosing comprehension, quantifier or reduce */
	EXPR_PROP,	/* args[0].name, name: index into plan->names (NAME_KEY) */
	EXPR_HAS_LABEL, /* args[0] is a node or edge that carries the label or type: name, name_type
			 */
	EXPR_NOT,
	EXPR_AND,
	EXPR_OR,
	EXPR_XOR, /* args; three-valued */
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
	EXPR_IS_NULL,
	EXPR_IS_NOT_NULL,
	EXPR_IS_TRUE,
	EXPR_IS_FALSE, /* never null */
	EXPR_ADD,
	EXPR_SUB,
	EXPR_MUL,
	EXPR_DIV,
	EXPR_MOD,
	EXPR_POW,
	EXPR_NEG,
	EXPR_CONCAT,
	EXPR_IN,
	EXPR_STARTS_WITH,
	EXPR_ENDS_WITH,
	EXPR_CONTAINS,
	EXPR_REGEX,
	EXPR_LIST,  /* args: elements */
	EXPR_MAP,   /* args: values; keys[] */
	EXPR_INDEX, /* args[0][args[1]]: list by position, map or element by key */
	EXPR_SLICE, /* args[0][args[1]..args[2]]; an absent bound is NULL */
	EXPR_CASE, /* args: (condition, result)*, else; searched form: binder rewrote the simple one
		    */
	EXPR_CALL, /* func: a built-in scalar of value/func.def */
	EXPR_GRAPH_CALL,    /* graph_func: functions that read the graph */
	EXPR_COMPREHENSION, /* [local IN args[0] WHERE args[1] | args[2]]; args[1], args[2] may be
			       NULL */
	EXPR_QUANTIFIER,    /* quantifier(local IN args[0] WHERE args[1]) */
	EXPR_PATH, /* args: node, then (edge, or the path value of a segment) and node, repeated */
	EXPR_REDUCE, /* accumulator local2 = args[0], local IN args[1] | args[2] */
};

enum graph_func {
	GF_ID,	       /* id(x): INT */
	GF_ELEMENT_ID, /* text n:graph:id or e:graph:id */
	GF_LABELS,     /* labels(n): LIST of STRING */
	GF_TYPE,       /* type(e): STRING */
	GF_PROPERTIES, /* properties(x): MAP */
	GF_KEYS,       /* keys(x): LIST of STRING; maps too */
	GF_START_NODE,
	GF_END_NODE,
	GF_NODES,
	GF_EDGES,
	GF_PATH_LENGTH, /* of a path */
	GF_ELEMENTS,
	GF_EXISTS, /* exists(x): whether an element is there, or a value not null */
	GF_SAME,
	GF_ALL_DIFFERENT,
	GF_DISJOINT, /* edges and lists of edges: no edge in two of them; nobody can name it */
	GF_GRAPHS,   /* system.graphs: a map for each graph that the view sees */
	GF_INDEXES,  /* system.indexes: a map for each index of the graph that the view may use */
	GF_ONLY_ROW, /* of a list: its element, null when it is empty; more are an error */
};

enum quantifier { QUANT_ALL, QUANT_ANY, QUANT_NONE, QUANT_SINGLE };

struct expr {
	uint8_t kind;  /* enum expr_kind */
	uint8_t type;  /* enum value_kind of every non-null result, V_NULL: not known */
	bool nullable; /* false: never null */
	uint8_t sub;   /* enum graph_func or enum quantifier */
	uint32_t n_args;
	uint32_t offset, length; /* bytes of the source text, for errors */
	const struct expr **args;
	union {
		struct value value;
		uint32_t index;
		uint32_t slot;
		struct {
			uint32_t local, local2;
		};
		struct {
			uint32_t name, name_type;
		}; /* indexes into plan->names; name_type for EXPR_HAS_LABEL */
		const struct str *keys;
		const struct func *func;
	};
};

#endif
