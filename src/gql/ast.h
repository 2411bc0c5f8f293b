/* gql/ast.h - the tree of a statement: what was written, no name looked up, no type checked.
 *
 * Room:    gql.
 * Threads: immutable once gql_parse has returned.
 * Memory:  all nodes lie in the arena given to the parser; names and literals point into the text
 * or into the arena, so both live as long as the tree. Places:  offset and length are bytes of the
 * text; the text of a RETURN item without AS is the name of its column. Sources: ISO/IEC 39075:2024
 * chapters 7 to 20, openCypher 9. One tree for both: a Cypher form that means the same as a GQL
 * form makes the same node (CREATE is INSERT, UNWIND is FOR, SKIP is OFFSET, FINISH is a RETURN of
 * nothing). Where they differ in meaning, a flag says which was written.
 *
 * Lists are `n_xs` pointers in `xs`, in the order of the text. An absent part is NULL, an absent
 * name has p == NULL. */
#ifndef GQL_AST_H
#define GQL_AST_H

#include "value/value.h"

#define AST_UNBOUNDED UINT32_MAX /* a quantifier without an upper bound */
#define AST_NO_TOKEN UINT32_MAX

struct ast_expr;
struct ast_pattern;
struct ast_query;

struct ast_name {
	struct str text; /* without its quotes; p NULL: absent */
	uint32_t offset, length;
};

static inline bool ast_has_name(const struct ast_name *n)
{
	return n->text.p != NULL;
}

/* ---- types: CAST, IS TYPED, typed literals --------------------------------------------------- */

enum ast_type_kind {
	AST_TYPE_VALUE, /* value_kind */
	AST_TYPE_ANY,	/* ANY [VALUE]; with items: a closed union */
	AST_TYPE_NOTHING,
	AST_TYPE_GRAPH,
	AST_TYPE_TABLE,
};

struct ast_type {
	uint8_t kind;	    /* enum ast_type_kind */
	uint8_t value_kind; /* enum value_kind of AST_TYPE_VALUE; V_NULL is the type NULL */
	bool not_null;
	bool is_unsigned;
	uint16_t bits;	   /* of a number type of fixed size, 0: the default (64) */
	uint32_t min, max; /* lengths or precision and scale as written, AST_UNBOUNDED: not */
	uint32_t offset, length;
	uint32_t
	    n_items; /* LIST: its element type; union: its members; RECORD: its fields' types */
	const struct ast_type **items;
	const struct ast_name *fields; /* RECORD: n_items names */
};

/* ---- expressions ----------------------------------------------------------------------------- */

enum ast_expr_kind {
	AST_LITERAL,  /* value, i_token */
	AST_TEMPORAL, /* DATE '..' and the like: value is the text, sub: enum value_kind wanted */
	AST_PARAM,    /* name: $name */
	AST_VAR,      /* name */
	AST_PROP,     /* args[0].name */
	AST_INDEX,    /* args[0][args[1]] */
	AST_SLICE,    /* args[0][args[1]..args[2]]; an absent bound is NULL */
	AST_UNARY,    /* sub: enum ast_op, args[0] */
	AST_BINARY,   /* sub: enum ast_op, args[0], args[1] */
	AST_COMPARE,  /* a chain a < b <= c: n_args operands, ops[i] between args[i] and args[i + 1]
		       */
	AST_IS,	  /* sub: enum ast_test, negated, args[0]; args[1] of IS SOURCE OF; label; type */
	AST_LIST, /* args */
	AST_MAP,  /* keys[i]: args[i] */
	AST_MAP_PROJECTION, /* args[0] {..}: projections */
	AST_CASE,	    /* args[0]: operand or NULL; then (when, then)*; last: else or NULL */
	AST_CAST,	    /* args[0] AS type */
	AST_CALL,	    /* name (dots kept), distinct, star: count(*), args */
	AST_COMPREHENSION,  /* [name IN args[0] WHERE args[1] | args[2]]; args[1], args[2] may be
			       NULL */
	AST_QUANTIFIED,	    /* sub: enum ast_quantified: all(name IN args[0] WHERE args[1]) */
	AST_REDUCE,	    /* reduce(name = args[0], name2 IN args[1] | args[2]) */
	AST_PATTERN_LIST,   /* [pattern WHERE .. | args[0]]: a pattern comprehension */
	AST_PATTERN_TEST,   /* pattern as a predicate: true when it has a match */
	AST_SHORTEST,	    /* shortestPath(..) as a value: pattern of one path with that prefix */
	AST_EXISTS,	    /* EXISTS {query} */
	AST_COUNT,	    /* COUNT {query} */
	AST_COLLECT,	    /* COLLECT {query} */
	AST_VALUE_QUERY,    /* VALUE {query} */
	AST_TABLE_QUERY,    /* TABLE {query} */
	AST_LET_IN,	    /* LET keys[i] = args[i].. IN last arg END */
	AST_PATH,	    /* PATH[args] */
};

enum ast_op {
	AST_OR,
	AST_XOR,
	AST_AND,
	AST_NOT,
	AST_EQ, /* the six comparisons stand in ops[] of AST_COMPARE */
	AST_NE,
	AST_LT,
	AST_LE,
	AST_GT,
	AST_GE,
	AST_IN,
	AST_STARTS_WITH,
	AST_ENDS_WITH,
	AST_CONTAINS,
	AST_REGEX, /* =~ */
	AST_CONCAT,
	AST_ADD,
	AST_SUB,
	AST_MUL,
	AST_DIV,
	AST_MOD,
	AST_POW,
	AST_NEG,
	AST_POS,
};

enum ast_test {
	AST_IS_NULL,
	AST_IS_TRUE,
	AST_IS_FALSE,
	AST_IS_UNKNOWN,
	AST_IS_LABELED, /* label; also written n:Label */
	AST_IS_TYPED,	/* type */
	AST_IS_DIRECTED,
	AST_IS_SOURCE_OF,
	AST_IS_DESTINATION_OF,
	AST_IS_NORMALIZED, /* name: the form, absent: NFC */
};

enum ast_quantified { AST_ALL, AST_ANY, AST_NONE, AST_SINGLE };

struct ast_projection {		/* an item of a map projection */
	struct ast_name key;	/* absent: .* */
	struct ast_expr *value; /* NULL: .key */
	bool is_var;		/* the key is a variable and its value */
};

struct ast_expr {
	uint8_t kind; /* enum ast_expr_kind */
	uint8_t sub;
	bool negated;	 /* AST_IS: IS NOT */
	bool distinct;	 /* AST_CALL */
	bool star;	 /* AST_CALL: count(*) */
	bool in_parens;	 /* written in parentheses; offset and length are with them */
	uint16_t height; /* levels of expressions below and with it */
	uint32_t n_args;
	uint32_t offset, length;
	struct ast_expr **args;
	struct ast_name name;
	union {
		struct {
			struct value value;
			uint32_t i_token; /* of the literal in the token list; AST_NO_TOKEN: TRUE,
					     NULL.. */
		};
		const struct ast_name *keys;
		const uint8_t *ops;
		const struct ast_label *label;
		const struct ast_type *type;
		const struct ast_pattern *pattern;
		const struct ast_query *query;
		const struct ast_projection *projections; /* n_items */
		struct ast_name name2;
	};
	uint32_t n_items;
};

/* ---- patterns -------------------------------------------------------------------------------- */

enum ast_label_kind {
	AST_LABEL_NAME,
	AST_LABEL_ANY /* % */,
	AST_LABEL_NOT,
	AST_LABEL_AND,
	AST_LABEL_OR
};

struct ast_label {
	uint8_t kind; /* enum ast_label_kind */
	uint32_t offset, length;
	struct ast_name name;
	const struct ast_label *left, *right; /* NOT: left */
};

enum ast_dir {
	AST_DIR_OUT,	      /* -[]-> */
	AST_DIR_IN,	      /* <-[]- */
	AST_DIR_ANY,	      /* -[]-  */
	AST_DIR_BOTH,	      /* <-[]->: directed, either way */
	AST_DIR_UNDIRECTED,   /* ~[]~  */
	AST_DIR_IN_OR_UNDIR,  /* <~[]~ */
	AST_DIR_OUT_OR_UNDIR, /* ~[]~> */
};

enum ast_mode {
	AST_MODE_DEFAULT,
	AST_MODE_WALK,
	AST_MODE_TRAIL,
	AST_MODE_SIMPLE,
	AST_MODE_ACYCLIC
};

enum ast_search {
	AST_SEARCH_ALL,		    /* every match: also when nothing is written */
	AST_SEARCH_ANY,		    /* k of each pair of ends */
	AST_SEARCH_SHORTEST,	    /* k: ANY SHORTEST is k 1, also shortestPath() */
	AST_SEARCH_ALL_SHORTEST,    /* also allShortestPaths() */
	AST_SEARCH_SHORTEST_GROUPS, /* k lengths */
};

struct ast_prefix {
	uint8_t search; /* enum ast_search */
	uint8_t mode;	/* enum ast_mode */
	bool function;	/* written as shortestPath(..): WHERE is part of the search */
	uint32_t k;
};

enum ast_part_kind { AST_NODE, AST_EDGE, AST_GROUP };

struct ast_path;

/* One step of a path. A quantifier makes variables inside lists; `?` (optional) does not. */
struct ast_part {
	uint8_t kind; /* enum ast_part_kind */
	uint8_t dir;  /* enum ast_dir, AST_EDGE */
	bool quantified;
	bool optional;	   /* ? */
	bool in_brackets;  /* [e*1..2], Cypher's place of the quantifier; same meaning */
	uint32_t min, max; /* quantified */
	uint32_t offset, length;
	struct ast_name var; /* AST_NODE, AST_EDGE */
	const struct ast_label *label;
	const struct ast_expr *props; /* AST_MAP or AST_PARAM */
	const struct ast_expr *where; /* of the element, or inside the parentheses of a group */
	const struct ast_path *group; /* AST_GROUP: its var is the sub-path's */
};

struct ast_term { /* a branch of a path: parts side by side */
	uint32_t n_parts;
	const struct ast_part **parts;
};

struct ast_path {
	struct ast_name var;
	struct ast_prefix prefix;
	bool multiset;	  /* branches joined by |+| */
	uint32_t n_terms; /* 1 unless there is a | */
	const struct ast_term **terms;
	uint32_t offset, length;
};

enum ast_match_mode { AST_MATCH_DEFAULT, AST_MATCH_DIFFERENT_EDGES, AST_MATCH_REPEATABLE };

struct ast_pattern {
	uint8_t mode; /* enum ast_match_mode */
	bool has_keep;
	struct ast_prefix keep;
	uint32_t n_paths;
	const struct ast_path **paths;
	const struct ast_expr *where;
	uint32_t n_yield; /* YIELD v, .. */
	const struct ast_name *yield;
	uint32_t offset, length;
};

/* ---- clauses --------------------------------------------------------------------------------- */

struct ast_item { /* e AS name */
	const struct ast_expr *expr;
	struct ast_name alias; /* absent: the column is called by the text of expr */
};

enum ast_nulls { AST_NULLS_DEFAULT, AST_NULLS_FIRST, AST_NULLS_LAST };

struct ast_sort {
	const struct ast_expr *expr;
	bool descending;
	uint8_t nulls; /* enum ast_nulls */
};

struct ast_page { /* ORDER BY, OFFSET, LIMIT of one clause */
	uint32_t n_sorts;
	const struct ast_sort *sorts;
	const struct ast_expr *offset, *limit;
};

enum ast_set_kind {
	AST_SET_PROP,	     /* target = value; target is an AST_PROP or AST_INDEX */
	AST_SET_MAP_REPLACE, /* v = {..} */
	AST_SET_MAP_ADD,     /* v += {..} */
	AST_SET_LABEL,	     /* v:A:B, v IS A&B */
	AST_REMOVE_PROP,
	AST_REMOVE_LABEL,
};

struct ast_set {
	uint8_t kind; /* enum ast_set_kind */
	const struct ast_expr *target;
	const struct ast_expr *value;
	uint32_t n_labels;
	const struct ast_name *labels;
	uint32_t offset, length;
};

enum ast_clause_kind {
	AST_MATCH,	    /* match */
	AST_OPTIONAL_BLOCK, /* OPTIONAL { MATCH .. MATCH .. }: block */
	AST_FILTER,	    /* filter */
	AST_LET,	    /* items, each with an alias */
	AST_FOR,	    /* for_ */
	AST_WITH,	    /* project */
	AST_RETURN,	    /* project; n_items 0 and no star: FINISH, the result is left out */
	AST_PAGE,	    /* page: ORDER BY, OFFSET, LIMIT as a statement of its own */
	AST_CALL_QUERY,	    /* call: CALL (v, ..) {query} */
	AST_CALL_PROC,	    /* call */
	AST_INSERT,	    /* pattern: nodes and edges only */
	AST_MERGE,	    /* merge */
	AST_SET,	    /* sets: SET and REMOVE */
	AST_DELETE,	    /* del */
	AST_USE,	    /* use: the graph of what follows in this linear query */
	AST_NESTED,	    /* nested: { query } */
	AST_FOREACH,	    /* foreach */
};

struct ast_clause {
	uint8_t kind; /* enum ast_clause_kind */
	uint32_t offset, length;
	union {
		struct {
			bool optional;
			const struct ast_pattern *pattern;
		} match;
		struct {
			uint32_t n_clauses;
			const struct ast_clause **clauses;
		} block;
		const struct ast_expr *filter;
		struct {
			uint32_t n_items;
			const struct ast_item *items;
		} let;
		struct {
			struct ast_name var;
			const struct ast_expr *list;
			struct ast_name ordinal; /* WITH ORDINALITY or OFFSET v */
			bool from_zero;		 /* it was OFFSET */
		} for_;
		struct {
			bool distinct, star;
			bool has_group_by; /* n_groups 0: GROUP BY () */
			uint32_t n_items;
			const struct ast_item *items;
			uint32_t n_groups;
			const struct ast_expr **groups;
			struct ast_page page;
			const struct ast_expr *where; /* WITH .. WHERE */
		} project;
		struct ast_page page;
		struct {
			bool optional;
			bool has_scope;	 /* CALL (v, ..): only these are seen; n_scope 0: none */
			bool scope_star; /* CALL (*) */
			bool has_args;	 /* false: CALL p without parentheses */
			bool yield_star;
			uint32_t n_scope;
			const struct ast_name *scope;
			const struct ast_query *query;
			struct ast_name name; /* of the procedure, dots kept */
			uint32_t n_args;
			const struct ast_expr **args;
			uint32_t n_yield;
			const struct ast_item *yield; /* expr: an AST_VAR, the field */
			const struct ast_expr *where;
		} call;
		const struct ast_pattern *pattern;
		struct {
			const struct ast_path *path;
			uint32_t n_on_create, n_on_match;
			const struct ast_set *on_create, *on_match;
		} merge;
		struct {
			uint32_t n_sets;
			const struct ast_set *sets;
		} set;
		struct {
			bool detach;
			uint32_t n_exprs;
			const struct ast_expr **exprs;
		} del;
		struct {
			struct ast_name name; /* its place also of a word for a graph */
			bool home, current;   /* HOME_GRAPH.., CURRENT_GRAPH.. instead of a name */
		} use;
		const struct ast_query *nested;
		struct {
			struct ast_name var;
			const struct ast_expr *list;
			uint32_t n_clauses;
			const struct ast_clause **clauses;
		} foreach;
	};
};

enum ast_setop {
	AST_UNION, /* distinct */
	AST_UNION_ALL,
	AST_EXCEPT,
	AST_EXCEPT_ALL,
	AST_INTERSECT,
	AST_INTERSECT_ALL,
	AST_OTHERWISE,
};

struct ast_linear { /* clauses that hand their rows on */
	uint32_t n_clauses;
	const struct ast_clause **clauses;
	bool open_end; /* the last clause only reads: right inside EXISTS and the like only */
	uint32_t offset, length;
};

struct ast_compose { /* linear queries joined left to right; the binder wants one kind of op */
	uint32_t n_branches;
	const struct ast_linear **branches;
	const uint8_t *ops; /* enum ast_setop; ops[i] joins branches i and i + 1 */
	uint32_t n_yield; /* NEXT YIELD v AS w, ..: names that this part sees of the part before */
	const struct ast_item *yield;
};

struct ast_query { /* parts joined by NEXT; nearly always one part of one branch */
	uint32_t n_parts;
	const struct ast_compose **parts;
	bool writes;	   /* a clause in it, or below it, changes the graph */
	bool pattern_only; /* EXISTS {(a)-->(b)}: one MATCH clause, made from a bare pattern */
	uint32_t offset, length;
};

/* ---- statements ------------------------------------------------------------------------------ */

enum ast_statement_kind {
	AST_QUERY,	       /* query */
	AST_CREATE_INDEX,      /* index */
	AST_DROP_INDEX,	       /* index: by name, or by label and keys */
	AST_CREATE_CONSTRAINT, /* index, unique */
	AST_DROP_CONSTRAINT,   /* index */
	AST_CREATE_GRAPH,      /* graph */
	AST_DROP_GRAPH,	       /* graph */
	AST_CREATE_SCHEMA,     /* graph */
	AST_DROP_SCHEMA,       /* graph */
	AST_CREATE_GRAPH_TYPE, /* graph */
	AST_DROP_GRAPH_TYPE,   /* graph */
	AST_USE_GRAPH,	       /* graph: USE alone, and SESSION SET GRAPH */
	AST_BEGIN,	       /* txn */
	AST_COMMIT,
	AST_ROLLBACK,
	AST_ROLLBACK_TO,	/* txn */
	AST_SAVEPOINT,		/* txn */
	AST_RELEASE,		/* txn */
	AST_SESSION_SET_SCHEMA, /* graph */
	AST_SESSION_SET_ZONE,	/* session */
	AST_SESSION_SET_VALUE,	/* session */
	AST_SESSION_RESET,	/* session */
	AST_SESSION_CLOSE,
};

enum ast_explain { AST_EXPLAIN_NONE, AST_EXPLAIN, AST_PROFILE };

enum ast_reset {
	AST_RESET_ALL,
	AST_RESET_PARAMS,
	AST_RESET_PARAM,
	AST_RESET_SCHEMA,
	AST_RESET_GRAPH,
	AST_RESET_ZONE
};

struct ast_statement {
	uint8_t kind;	 /* enum ast_statement_kind */
	uint8_t explain; /* enum ast_explain, AST_QUERY only */
	bool cacheable; /* false: a token marked as lifted stands for something else than a value */
	uint32_t n_tokens;
	union {
		const struct ast_query *query;
		struct {
			struct ast_name name; /* may be absent */
			bool if_exists;	      /* or IF NOT EXISTS */
			bool unique, ordered, on_edge;
			struct ast_name label;
			uint32_t n_keys;
			const struct ast_name *keys;
		} index;
		struct {
			struct ast_name name; /* path as written: /a/b */
			bool if_exists;	      /* or IF NOT EXISTS */
			bool or_replace;
			bool typed;	      /* has a graph type that is not ANY */
			bool home, current;   /* HOME_GRAPH.., CURRENT_GRAPH.. instead of a name */
			struct ast_name type; /* of a graph type, or one in braces as written */
			struct ast_name like, copy_of;
		} graph;
		struct {
			struct ast_name name; /* of the savepoint */
			bool read_only, has_mode;
		} txn;
		struct {
			uint8_t reset; /* enum ast_reset */
			bool if_not_exists;
			struct ast_name name;	     /* parameter */
			const struct ast_type *type; /* declared for it, or NULL */
			const struct ast_expr *value;
		} session;
	};
};

#endif
