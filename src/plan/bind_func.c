/* Calls: aggregates, functions of the graph, built-in scalars; and the search of a tree for them.
 */
#include "plan/bind.h"
#include "value/func.h"

enum {
	NODE = 1u << V_NODE,
	EDGE = 1u << V_EDGE,
	PATH = 1u << V_PATH,
	MAP = 1u << V_MAP,
	ANY = ~0u
};

static const struct graph_function {
	const char *name;
	uint8_t func; /* enum graph_func */
	uint8_t min_args, max_args;
	uint8_t type;	/* enum value_kind of the result */
	uint32_t takes; /* kinds of arguments */
} graph_functions[] = {
    {"id", GF_ID, 1, 1, V_INT, NODE | EDGE},
    {"element_id", GF_ELEMENT_ID, 1, 1, V_STRING, NODE | EDGE},
    {"elementid", GF_ELEMENT_ID, 1, 1, V_STRING, NODE | EDGE},
    {"labels", GF_LABELS, 1, 1, V_LIST, NODE},
    {"type", GF_TYPE, 1, 1, V_STRING, EDGE},
    {"properties", GF_PROPERTIES, 1, 1, V_MAP, NODE | EDGE | MAP},
    {"keys", GF_KEYS, 1, 1, V_LIST, NODE | EDGE | MAP},
    {"startnode", GF_START_NODE, 1, 1, V_NODE, EDGE},
    {"endnode", GF_END_NODE, 1, 1, V_NODE, EDGE},
    {"nodes", GF_NODES, 1, 1, V_LIST, PATH},
    {"relationships", GF_EDGES, 1, 1, V_LIST, PATH},
    {"edges", GF_EDGES, 1, 1, V_LIST, PATH},
    {"elements", GF_ELEMENTS, 1, 1, V_LIST, PATH},
    {"path_length", GF_PATH_LENGTH, 1, 1, V_INT, PATH},
    {"length", GF_PATH_LENGTH, 1, 1, V_INT, PATH},
    {"exists", GF_EXISTS, 1, 1, V_BOOL, ANY},
    {"same", GF_SAME, 2, 64, V_BOOL, NODE | EDGE},
    {"all_different", GF_ALL_DIFFERENT, 2, 64, V_BOOL, NODE | EDGE},
};

static const struct graph_function *find_graph_function(struct str name)
{
	for (unsigned i = 0; i < ARRAY_LEN(graph_functions); i++)
		if (str_eq_nocase(str_of(graph_functions[i].name), name))
			return &graph_functions[i];
	return NULL;
}

static bool is_aggregate(const struct ast_expr *e)
{
	return e->kind == AST_CALL && (e->star || agg_find(e->name.text) != NULL);
}

static bool any_arg(const struct ast_expr *e, bool (*test)(const struct ast_expr *))
{
	for (uint32_t i = 0; i < e->n_args; i++)
		if (e->args[i] != NULL && test(e->args[i]))
			return true;
	return false;
}

bool ast_has_aggregate(const struct ast_expr *e)
{
	return is_aggregate(e) || any_arg(e, ast_has_aggregate);
}

bool ast_has_subquery(const struct ast_expr *e)
{
	return e->kind == AST_EXISTS || e->kind == AST_COUNT || e->kind == AST_PATTERN_TEST ||
	       e->kind == AST_PATTERN_LIST || e->kind == AST_COLLECT ||
	       e->kind == AST_VALUE_QUERY || any_arg(e, ast_has_subquery);
}

static enum status check_count(struct binder *b, const struct ast_expr *e, unsigned min,
			       unsigned max)
{
	if (e->n_args >= min && e->n_args <= max)
		return ST_OK;
	if (min == max)
		return diag_set(b->p->d, GQL_SYNTAX, e->offset,
				"'" STR_FMT "' takes %u argument%s, not %u", STR_ARG(e->name.text),
				min, min == 1 ? "" : "s", e->n_args);
	return diag_set(b->p->d, GQL_SYNTAX, e->offset,
			"'" STR_FMT "' takes %u to %u arguments, not %u", STR_ARG(e->name.text),
			min, max, e->n_args);
}

static enum status bind_aggregate(struct binder *b, const struct ast_expr *ast,
				  const struct expr **ret)
{
	struct grouping *g = b->grouping;

	if (g == NULL || g->in_aggregate || g->behind)
		return diag_set(b->p->d, GQL_BAD_AGGREGATE, ast->offset,
				g == NULL   ? "an aggregate cannot stand here"
				: g->behind ? "an aggregate here must be one of the columns"
					    : "an aggregate inside an aggregate");
	struct plan_agg item = {.distinct = ast->distinct};
	if (!ast->star) {
		item.fn = agg_find(ast->name.text);
		TRY(check_count(b, ast, 1, 1));
		g->in_aggregate = true;
		enum status st = bind_expr(b, ast->args[0], &item.arg);
		g->in_aggregate = false;
		TRY(st);
		if (expr_is_volatile(item.arg))
			return diag_set(b->p->d, GQL_BAD_AGGREGATE, ast->args[0]->offset,
					"an aggregate of rand(): give it a name with WITH first");
	}
	item.slot = planner_slot(b->p, STR_NULL);
	if (item.slot == SLOT_NONE || !vec_push(MEM_PLAN, &g->aggs, item))
		return bind_no_memory(b);
	uint8_t type = ast->star ? V_INT : item.fn->result;
	*ret = expr_slot(b, item.slot, type, true, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

static enum status bind_arguments(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
				  struct expr **ret)
{
	*ret = expr_new(b, kind, ast->n_args, ast->offset, ast->length);
	if (*ret == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < ast->n_args; i++) {
		if (ast->args[i]->kind == AST_PATTERN_TEST) {
			(void)diag_set(b->p->d, GQL_SYNTAX, ast->args[i]->offset,
				       "a pattern is no argument of '" STR_FMT "'",
				       STR_ARG(ast->name.text));
			diag_hint(b->p->d, "count with COUNT { pattern }");
			return ST_INVALID;
		}
		TRY(bind_expr(b, ast->args[i], &(*ret)->args[i]));
	}
	return ST_OK;
}

static const struct expr *null_constant(struct binder *b, const struct ast_expr *ast)
{
	struct expr *e = expr_new(b, EXPR_CONST, 0, ast->offset, ast->length);

	if (e != NULL)
		e->value = VALUE_NULL;
	return e;
}

static const struct expr *is_not_null(struct binder *b, const struct expr *x)
{
	struct expr *e = expr_new(b, EXPR_IS_NOT_NULL, 1, x->offset, x->length);

	if (e == NULL)
		return NULL;
	e->args[0] = x;
	e->type = V_BOOL;
	e->nullable = false;
	return e;
}

/* COALESCE(a, b): CASE WHEN a IS NOT NULL THEN a ... ELSE last END. */
static enum status bind_coalesce(struct binder *b, const struct ast_expr *ast,
				 const struct expr **ret)
{
	struct expr *e;

	TRY(check_count(b, ast, 1, 64));
	e = expr_new(b, EXPR_CASE, 2 * ast->n_args - 1, ast->offset, ast->length);
	if (e == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < ast->n_args; i++) {
		const struct expr *x;
		TRY(bind_expr(b, ast->args[i], &x));
		if (i + 1 == ast->n_args) {
			e->args[2 * i] = x;
			break;
		}
		e->args[2 * i] = is_not_null(b, x);
		e->args[2 * i + 1] = x;
		if (e->args[2 * i] == NULL)
			return bind_no_memory(b);
	}
	*ret = e;
	return ST_OK;
}

/* NULLIF(a, b): CASE WHEN a = b THEN null ELSE a END. */
static enum status bind_nullif(struct binder *b, const struct ast_expr *ast,
			       const struct expr **ret)
{
	const struct expr *x, *y;
	struct expr *e = expr_new(b, EXPR_CASE, 3, ast->offset, ast->length);

	TRY(check_count(b, ast, 2, 2));
	if (e == NULL)
		return bind_no_memory(b);
	TRY(bind_expr(b, ast->args[0], &x));
	TRY(bind_expr(b, ast->args[1], &y));
	e->args[0] = expr_binary(b, EXPR_EQ, x, y, ast->offset, ast->length);
	e->args[1] = null_constant(b, ast);
	e->args[2] = x;
	*ret = e;
	return e->args[0] != NULL && e->args[1] != NULL ? ST_OK : bind_no_memory(b);
}

/* PROPERTY_EXISTS(x, key): the key is a name, not an expression. */
static enum status bind_property_exists(struct binder *b, const struct ast_expr *ast,
					const struct expr **ret)
{
	TRY(check_count(b, ast, 2, 2));
	if (ast->args[1]->kind != AST_VAR)
		return diag_set(b->p->d, GQL_SYNTAX, ast->args[1]->offset,
				"the second argument of 'property_exists' is a property's name");
	struct expr *e = expr_new(b, EXPR_PROP, 1, ast->offset, ast->length);
	if (e == NULL)
		return bind_no_memory(b);
	TRY(bind_expr(b, ast->args[0], &e->args[0]));
	e->name = planner_name(b->p, NAME_KEY, ast->args[1]->name.text);
	*ret = is_not_null(b, e);
	return *ret != NULL && e->name != NAME_NONE ? ST_OK : bind_no_memory(b);
}

/* What is known to be of a wrong kind is an error before anything runs. */
static enum status check_kind(struct binder *b, const struct ast_expr *call, const struct expr *arg,
			      uint32_t takes)
{
	if (arg->type == V_NULL || (takes & (1u << arg->type)) != 0)
		return ST_OK;
	return diag_set(b->p->d, GQL_WRONG_TYPE, arg->offset, "'" STR_FMT "' does not take %s",
			STR_ARG(call->name.text), value_kind_name((enum value_kind)arg->type));
}

static enum status bind_graph_call(struct binder *b, const struct ast_expr *ast,
				   const struct graph_function *f, const struct expr **ret)
{
	struct expr *e;

	TRY(check_count(b, ast, f->min_args, f->max_args));
	TRY(bind_arguments(b, ast, EXPR_GRAPH_CALL, &e));
	for (uint32_t i = 0; i < e->n_args; i++)
		TRY(check_kind(b, ast, e->args[i], f->takes));
	e->sub = f->func;
	e->type = f->type;
	*ret = e;
	return ST_OK;
}

static enum status unknown_function(struct binder *b, const struct ast_expr *ast)
{
	const char *near = func_suggest(ast->name.text);

	(void)diag_set(b->p->d, GQL_UNKNOWN_FUNCTION, ast->offset, "unknown function '" STR_FMT "'",
		       STR_ARG(ast->name.text));
	if (near != NULL)
		diag_hint(b->p->d, "did you mean '%s'?", near);
	return ST_INVALID;
}

enum status bind_call(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct str name = ast->name.text;
	struct expr *e;

	if (is_aggregate(ast))
		return bind_aggregate(b, ast, ret);
	if (ast->distinct)
		return diag_set(b->p->d, GQL_SYNTAX, ast->offset, "DISTINCT belongs to aggregates");
	if (str_eq_nocase(name, STR("coalesce")))
		return bind_coalesce(b, ast, ret);
	if (str_eq_nocase(name, STR("nullif")))
		return bind_nullif(b, ast, ret);
	if (str_eq_nocase(name, STR("property_exists")))
		return bind_property_exists(b, ast, ret);
	const struct graph_function *gf = find_graph_function(name);
	if (gf != NULL)
		return bind_graph_call(b, ast, gf, ret);
	const struct func *f = func_find(name);
	if (f == NULL)
		return unknown_function(b, ast);
	TRY(check_count(b, ast, f->min_args, f->max_args));
	TRY(bind_arguments(b, ast, EXPR_CALL, &e));
	for (uint32_t i = 0; i < e->n_args && (f->flags & FUNC_STRICT) != 0; i++)
		TRY(check_kind(b, ast, e->args[i], ~(NODE | EDGE | PATH)));
	e->func = f;
	e->type = f->result;
	*ret = e;
	return ST_OK;
}
