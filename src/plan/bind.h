/* plan/bind.h - from the tree to operators: names are resolved, every semantic error is raised
 * here.
 *
 * Room: plan, private. One thread. Results live in the plan's arena, scopes in the scratch arena.
 *
 * A pipe is a linear query on its way: the operators so far, the slots their rows have, and the
 * scope, the variables that the next clause can name. A clause takes the pipe and grows it. */
#ifndef PLAN_BIND_H
#define PLAN_BIND_H

#include "plan/logical.h"

#define SCOPE_VARIABLES_MAX 1024
#define BIND_LOCALS_MAX 64 /* nested comprehension variables */

struct variable {
	struct str name;
	uint32_t slot;
	uint8_t type;	/* enum value_kind, V_NULL: not known */
	bool edge_list; /* variable of a quantified edge */
	bool nullable;
	struct graph *graph; /* of the elements in it; scope_add: the pipe's */
};

struct scope {
	VEC(struct variable) vars;
};

/* What clauses behind the last barrier wrote. */
enum pipe_wrote { WROTE_NOTHING, WROTE_NEW, WROTE_CHANGES };

struct pipe {
	const struct pop *op;
	struct slot_set bound;
	struct scope scope;
	struct graph *graph; /* in which its rows are made: what it reads, its elements are of it */
	/* Not WROTE_NOTHING: a reader needs a barrier first. WROTE_CHANGES: so does a writer, whose
	 * rows would else take turns with those of the clause before. */
	uint8_t wrote; /* enum pipe_wrote */
	bool ended;    /* RETURN or FINISH was there */
	bool has_result;
};

/* What an aggregating projection knows while its items are bound. */
struct grouping {
	uint32_t n_keys;
	struct group_key {
		const struct ast_expr *ast;
		struct str alias;
		uint32_t slot;
		uint8_t type;
	} * keys;
	VEC(struct plan_agg) aggs;
	bool in_aggregate; /* inside an aggregate's argument: no second one */
	bool behind;	   /* a sort key or WHERE of WITH: the scope has the columns, no rows */
	bool subqueries;   /* they run behind the columns: WHERE */
};

/* Slots of the parts of a pattern that have no name by which to find them. */
struct part_slots {
	uint32_t n;
	struct {
		const struct ast_part *part;
		uint32_t slot;
	} v[PATTERN_ELEMENTS_MAX];
};

struct binder {
	struct planner *p;
	struct pipe *pipe;
	struct grouping *grouping; /* NULL: aggregates are an error here */
	struct {
		struct str name;
		uint32_t index;
	} locals[BIND_LOCALS_MAX];
	uint32_t n_locals;
	struct part_slots *nameless; /* MERGE: kept by the match side for the making side */
	bool no_lift;		     /* literals here shape the plan: keep them as constants */
	bool no_subquery;	     /* nothing may be put under the expression */
};

/* scope.c */
const struct variable *scope_find(const struct scope *s, struct str name);
enum status scope_add(struct binder *b, struct scope *s, struct variable v,
		      uint32_t offset) MUST_CHECK;
void scope_release(struct scope *s);
enum status scope_copy(struct scope *to, const struct scope *from) MUST_CHECK;

/* bind_graph.c */
/* What the pipe does from now on is done in another graph. */
enum status bind_graph(struct binder *b, struct graph *g, uint32_t offset) MUST_CHECK;
enum status bind_use(struct binder *b, const struct ast_clause *c) MUST_CHECK;
/* An element is used in its own graph only. Lists and values of unknown type are looked at when
 * they pass from graph to graph. */
enum status bind_check_graph(struct binder *b, const struct variable *v,
			     uint32_t offset) MUST_CHECK;

/* bind_expr.c */
enum status bind_expr(struct binder *b, const struct ast_expr *ast,
		      const struct expr **ret) MUST_CHECK;
/* A new one at the place of ast. */
enum status expr_like(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
		      uint32_t n_args, struct expr **ret) MUST_CHECK;
/* The same with all arguments, bound in order. */
enum status bind_args(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
		      struct expr **ret) MUST_CHECK;

/* Same words, whatever the white space. */
bool ast_same_text(struct binder *b, const struct ast_expr *x, const struct ast_expr *y);
bool expr_reads_graph(const struct expr *e);
/* Another value in every row, whatever its arguments: rand(). */
bool expr_is_volatile(const struct expr *e);
struct expr *expr_new(struct binder *b, enum expr_kind kind, uint32_t n_args, uint32_t offset,
		      uint32_t length);
const struct expr *expr_slot(struct binder *b, uint32_t slot, uint8_t type, bool nullable,
			     uint32_t offset, uint32_t length);
const struct expr *expr_binary(struct binder *b, enum expr_kind kind, const struct expr *x,
			       const struct expr *y, uint32_t offset, uint32_t length);
enum status bind_unsupported(struct binder *b, uint32_t offset, const char *what);
static inline enum status bind_no_memory(struct binder *b)
{
	return diag_is_set(b->p->d) ? ST_LIMIT : ST_NOMEM;
}

/* bind_operator.c */
enum status bind_operator(struct binder *b, const struct ast_expr *ast,
			  const struct expr **ret) MUST_CHECK;
enum status bind_compare(struct binder *b, const struct ast_expr *ast,
			 const struct expr **ret) MUST_CHECK;
enum status bind_is(struct binder *b, const struct ast_expr *ast,
		    const struct expr **ret) MUST_CHECK;
enum status bind_case(struct binder *b, const struct ast_expr *ast,
		      const struct expr **ret) MUST_CHECK;
enum status bind_cast(struct binder *b, const struct ast_expr *ast,
		      const struct expr **ret) MUST_CHECK;
/* An expression where a truth value is wanted. */
enum status bind_condition(struct binder *b, const struct ast_expr *e,
			   const struct expr **ret) MUST_CHECK;
/* Labels of a node or types of an edge as a predicate over element. */
enum status bind_label(struct binder *b, const struct ast_label *l, const struct expr *element,
		       const struct expr **ret) MUST_CHECK;

/* bind_func.c */
bool ast_has_aggregate(const struct ast_expr *e);
bool ast_has_subquery(const struct ast_expr *e);
enum status bind_call(struct binder *b, const struct ast_expr *ast,
		      const struct expr **ret) MUST_CHECK;

/* bind_pattern.c */
enum status bind_match(struct binder *b, const struct ast_pattern *ast, bool optional) MUST_CHECK;
/* The pattern over the pipe's rows. */
enum status pattern_match(struct binder *b, const struct ast_pattern *ast) MUST_CHECK;
enum status pattern_check_path(struct binder *b, const struct ast_path *path) MUST_CHECK;
enum status pattern_wrong_variable(struct binder *b, const struct ast_name *n, const char *wanted);

/* bind_make.c */
enum status bind_insert(struct binder *b, const struct ast_pattern *ast) MUST_CHECK;
enum status bind_merge(struct binder *b, const struct ast_clause *c) MUST_CHECK;

/* bind_project.c */
enum status bind_project(struct binder *b, const struct ast_clause *c) MUST_CHECK;
enum status bind_page(struct binder *b, const struct ast_page *page) MUST_CHECK;

/* bind_call.c */
/* alone: nothing stands before or behind it. */
enum status bind_call_proc(struct binder *b, const struct ast_clause *c, bool alone) MUST_CHECK;

/* bind_setop.c */
/* UNION and the like of linear queries. */
enum status bind_setop(struct binder *b, const struct ast_compose *c,
		       struct graph *around) MUST_CHECK;

/* bind_subquery.c */
/* EXISTS, COUNT, COLLECT and pattern comprehensions: a subquery below the row. */
enum status bind_subquery(struct binder *b, const struct ast_expr *ast,
			  const struct expr **ret) MUST_CHECK;

/* bind_query.c */
/* A query or a pattern below the row of the pipe; value, if not NULL, is bound over its rows. */
enum status bind_inside(struct binder *b, struct pipe *inner, const struct ast_query *q,
			const struct ast_pattern *pattern, const struct ast_expr *value,
			const struct expr **ret_value) MUST_CHECK;
enum status bind_query(struct binder *b, const struct ast_query *q) MUST_CHECK;
/* around: the graph if it does not begin with USE. */
enum status bind_linear(struct binder *b, const struct ast_linear *l,
			struct graph *around) MUST_CHECK;
enum status bind_set_items(struct binder *b, uint32_t n, const struct ast_set *sets,
			   uint32_t *ret_n, struct set_item **ret) MUST_CHECK;
enum status bind_filter(struct binder *b, const struct ast_expr *e) MUST_CHECK;
/* Before a clause that reads the graph: all of the writing clause before it is done first. */
enum status bind_barrier(struct binder *b) MUST_CHECK;
enum status pipe_add(struct binder *b, enum pop_kind kind, struct pop **ret) MUST_CHECK;
/* A pipe of its own below an apply: it begins with the row of the outer one. */
enum status bind_inner_begin(struct binder *b, struct pipe *inner) MUST_CHECK;
enum status bind_exists(struct binder *b, const struct ast_expr *e,
			struct pipe *ret_inner) MUST_CHECK;

#endif
