/* Expressions: names to slots, literals to parameters; lists, comprehensions, subqueries. */
#include "plan/bind.h"
#include "value/func.h"
#include "value/temporal.h"

enum status bind_unsupported(struct binder *b, uint32_t offset, const char *what)
{
	return diag_set(b->p->d, GQL_FEATURE_NOT_SUPPORTED, offset, "%s is not supported", what);
}

struct expr *expr_new(struct binder *b, enum expr_kind kind, uint32_t n_args, uint32_t offset,
		      uint32_t length)
{
	struct expr *e = ARENA_NEW(b->p->a, struct expr);

	if (e == NULL)
		return NULL;
	e->kind = (uint8_t)kind;
	e->nullable = true;
	e->offset = offset;
	e->length = length;
	e->n_args = n_args;
	if (n_args != 0) {
		e->args = ARENA_ARRAY(b->p->a, const struct expr *, n_args);
		if (e->args == NULL)
			return NULL;
	}
	return e;
}

const struct expr *expr_slot(struct binder *b, uint32_t slot, uint8_t type, bool nullable,
			     uint32_t offset, uint32_t length)
{
	struct expr *e = expr_new(b, EXPR_SLOT, 0, offset, length);

	if (e == NULL)
		return NULL;
	e->slot = slot;
	e->type = type;
	e->nullable = nullable;
	return e;
}

const struct expr *expr_binary(struct binder *b, enum expr_kind kind, const struct expr *x,
			       const struct expr *y, uint32_t offset, uint32_t length)
{
	struct expr *e = expr_new(b, kind, 2, offset, length);

	if (e == NULL)
		return NULL;
	e->args[0] = x;
	e->args[1] = y;
	if (kind == EXPR_AND || kind == EXPR_OR || kind == EXPR_XOR ||
	    (kind >= EXPR_EQ && kind <= EXPR_GE))
		e->type = V_BOOL;
	return e;
}

enum status expr_like(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
		      uint32_t n_args, struct expr **ret)
{
	*ret = expr_new(b, kind, n_args, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

/* All arguments, bound in order. */
enum status bind_args(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
		      struct expr **ret)
{
	TRY(expr_like(b, ast, kind, ast->n_args, ret));
	struct expr *const e = *ret;
	assert(e != NULL);
	for (uint32_t i = 0; i < ast->n_args; i++)
		if (ast->args[i] != NULL)
			TRY(bind_expr(b, ast->args[i], &e->args[i]));
	return ST_OK;
}

/* ---- text of an expression, by tokens ---------------------------------------------------- */

static uint32_t token_at(const struct token_list *t, uint32_t offset)
{
	uint32_t lo = 0, hi = t->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (t->v[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool ast_same_text(struct binder *b, const struct ast_expr *x, const struct ast_expr *y)
{
	const struct token_list *t = b->p->tokens;
	uint32_t i = token_at(t, x->offset), j = token_at(t, y->offset);

	if (x->kind != y->kind)
		return false;
	for (;; i++, j++) {
		bool x_end = i >= t->n || t->v[i].offset >= x->offset + x->length;
		bool y_end = j >= t->n || t->v[j].offset >= y->offset + y->length;
		if (x_end || y_end)
			return x_end && y_end;
		const struct token *p = &t->v[i], *q = &t->v[j];
		if (p->kind == q->kind && token_is_lifted(p) && i != j)
			b->p->literals_matter = true;
		if (p->kind != q->kind || p->length != q->length ||
		    memcmp(b->p->text.p + p->offset, b->p->text.p + q->offset, p->length) != 0)
			return false;
	}
}

/* ---- leaves --------------------------------------------------------------------------------- */

static enum status bind_constant(struct binder *b, const struct ast_expr *ast, struct value v,
				 const struct expr **ret)
{
	struct expr *e;

	TRY(expr_like(b, ast, EXPR_CONST, 0, &e));
	TRY(value_copy(b->p->a, v, &e->value));
	e->type = v.kind;
	e->nullable = v.kind == V_NULL;
	*ret = e;
	return ST_OK;
}

/* DATE '2024-02-29': never lifted, so a wrong text is an error before anything runs. */
static enum status bind_temporal(struct binder *b, const struct ast_expr *ast,
				 const struct expr **ret)
{
	struct func_ctx x = {.arena = b->p->scratch, .diag = b->p->d, .offset = ast->offset};
	struct value v;

	TRY(temporal_literal(&x, (enum value_kind)ast->sub, value_text(ast->value), &v));
	return bind_constant(b, ast, v, ret);
}

static enum status add_param(struct binder *b, struct plan_param param, struct expr *e)
{
	e->index = b->p->params.n;
	return vec_push(MEM_PLAN, &b->p->params, param) ? ST_OK : bind_no_memory(b);
}

static enum status bind_literal(struct binder *b, const struct ast_expr *ast,
				const struct expr **ret)
{
	struct expr *e;

	if (b->no_lift || b->p->no_lift || ast->i_token == AST_NO_TOKEN ||
	    !token_is_lifted(&b->p->tokens->v[ast->i_token]))
		return bind_constant(b, ast, ast->value, ret);
	TRY(expr_like(b, ast, EXPR_PARAM, 0, &e));
	struct plan_param p = {.i_token = ast->i_token, .offset = ast->offset};
	TRY(value_copy(b->p->a, ast->value, &p.value));
	e->type = ast->value.kind;
	e->nullable = ast->value.kind == V_NULL;
	*ret = e;
	return add_param(b, p, e);
}

static enum status bind_param(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct expr *e;

	TRY(expr_like(b, ast, EXPR_PARAM, 0, &e));
	*ret = e;
	for (uint32_t i = 0; i < b->p->params.n; i++) {
		if (b->p->params.v[i].name.len != 0 &&
		    str_eq(b->p->params.v[i].name, ast->name.text)) {
			e->index = i;
			return ST_OK;
		}
	}
	struct plan_param p = {.name = arena_str(b->p->a, ast->name.text), .offset = ast->offset};
	return p.name.p != NULL ? add_param(b, p, e) : bind_no_memory(b);
}

static void suggest_variable(struct binder *b, struct str name)
{
	struct str best = STR_NULL;
	unsigned best_distance = 3;

	for (uint32_t i = 0; i < b->pipe->scope.vars.n; i++) {
		struct str v = b->pipe->scope.vars.v[i].name;
		unsigned d = str_distance(name, v, best_distance);
		if (d < best_distance) {
			best = v;
			best_distance = d;
		}
	}
	if (best.len != 0)
		diag_hint(b->p->d, "did you mean '" STR_FMT "'?", STR_ARG(best));
}

static enum status bind_var(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct str name = ast->name.text;

	for (uint32_t i = b->n_locals; i-- > 0;) {
		if (!str_eq(b->locals[i].name, name))
			continue;
		struct expr *e;
		TRY(expr_like(b, ast, EXPR_LOCAL, 0, &e));
		e->local = b->locals[i].index;
		*ret = e;
		return ST_OK;
	}
	const struct variable *v = scope_find(&b->pipe->scope, name);
	if (v == NULL) {
		(void)diag_set(b->p->d, GQL_BAD_REFERENCE, ast->offset,
			       "unknown variable '" STR_FMT "'", STR_ARG(name));
		suggest_variable(b, name);
		return ST_INVALID;
	}
	if (b->grouping != NULL && !b->grouping->in_aggregate && !b->grouping->behind)
		return diag_set(b->p->d, GQL_BAD_AGGREGATE, ast->offset,
				"'" STR_FMT "' is neither a grouping key nor inside an aggregate",
				STR_ARG(name));
	TRY(bind_check_graph(b, v, ast->offset));
	*ret = expr_slot(b, v->slot, v->type, v->nullable, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

static enum status bind_prop(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct expr *e;

	TRY(bind_args(b, ast, EXPR_PROP, &e));
	uint8_t of = e->args[0]->type;
	if (of != V_NULL && of != V_NODE && of != V_EDGE && of != V_MAP &&
	    !(of >= V_DATE && of <= V_DURATION))
		return diag_set(b->p->d, GQL_WRONG_TYPE, ast->offset, "%s has no properties",
				value_kind_name((enum value_kind)of));
	e->name = planner_name(b->p, NAME_KEY, ast->name.text);
	*ret = e;
	return e->name != NAME_NONE ? ST_OK : bind_no_memory(b);
}

/* ---- local variables
 * --------------------------------------------------------------------------------- */

static enum status push_local(struct binder *b, const struct ast_name *name, uint32_t *ret)
{
	if (b->n_locals >= BIND_LOCALS_MAX)
		return diag_fail(b->p->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, name->offset,
				 "more than %u nested variables of comprehensions",
				 BIND_LOCALS_MAX);
	*ret = b->n_locals;
	b->locals[b->n_locals].name = name->text;
	b->locals[b->n_locals++].index = *ret;
	b->p->n_locals = MAX_OF(b->p->n_locals, b->n_locals);
	return ST_OK;
}

/* Rows have aggregates, the elements of a list have none. */
static enum status no_aggregate(struct binder *b, const struct ast_expr *ast)
{
	if (ast == NULL || !ast_has_aggregate(ast))
		return ST_OK;
	return diag_set(b->p->d, GQL_BAD_AGGREGATE, ast->offset,
			"an aggregate cannot stand here: it would be computed for each element");
}

static enum status bind_optional(struct binder *b, const struct ast_expr *ast,
				 const struct expr **ret)
{
	*ret = NULL;
	return ast != NULL ? bind_expr(b, ast, ret) : ST_OK;
}

static enum status bind_comprehension(struct binder *b, const struct ast_expr *ast,
				      enum expr_kind kind, const struct expr **ret)
{
	uint32_t depth = b->n_locals, n_args = kind == EXPR_COMPREHENSION ? 3 : 2;
	struct expr *e;

	TRY(expr_like(b, ast, kind, n_args, &e));
	TRY(bind_expr(b, ast->args[0], &e->args[0]));
	TRY(push_local(b, &ast->name, &e->local));
	bool no_subquery = b->no_subquery;
	b->no_subquery = true; /* a subquery runs once a row, not once an element */
	for (uint32_t i = 1; i < n_args && i < ast->n_args; i++) {
		TRY(no_aggregate(b, ast->args[i]));
		TRY(bind_optional(b, ast->args[i], &e->args[i]));
	}
	b->no_subquery = no_subquery;
	b->n_locals = depth;
	e->sub = ast->sub;
	e->type = kind == EXPR_COMPREHENSION ? V_LIST : V_BOOL;
	*ret = e;
	return ST_OK;
}

static enum status bind_reduce(struct binder *b, const struct ast_expr *ast,
			       const struct expr **ret)
{
	uint32_t depth = b->n_locals;
	struct expr *e;

	TRY(expr_like(b, ast, EXPR_REDUCE, 3, &e));
	TRY(bind_expr(b, ast->args[0], &e->args[0]));
	TRY(bind_expr(b, ast->args[1], &e->args[1]));
	TRY(push_local(b, &ast->name, &e->local2));
	TRY(push_local(b, &ast->name2, &e->local));
	TRY(no_aggregate(b, ast->args[2]));
	TRY(bind_expr(b, ast->args[2], &e->args[2]));
	b->n_locals = depth;
	*ret = e;
	return ST_OK;
}

/* ---- composites
 * -------------------------------------------------------------------------------------- */

static enum status bind_map(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct expr *e;

	TRY(bind_args(b, ast, EXPR_MAP, &e));
	struct str *keys = ARENA_ARRAY(b->p->a, struct str, ast->n_args + 1);
	if (keys == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < ast->n_args; i++) {
		keys[i] = arena_str(b->p->a, ast->keys[i].text);
		if (keys[i].p == NULL)
			return bind_no_memory(b);
	}
	e->keys = keys;
	e->type = V_MAP;
	e->nullable = false;
	*ret = e;
	return ST_OK;
}

static enum status bind_slice(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct expr *e;

	TRY(bind_args(b, ast, EXPR_SLICE, &e));
	e->type = V_LIST;
	*ret = e;
	return ST_OK;
}

static enum status bind_typed(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
			      uint8_t type, const struct expr **ret)
{
	struct expr *e;

	TRY(bind_args(b, ast, kind, &e));
	e->type = type;
	*ret = e;
	return ST_OK;
}

/* A node of the tree that is a grouping key stands for the key's value. */
static bool bind_group_key(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	struct grouping *g = b->grouping;

	if (g == NULL || g->in_aggregate)
		return false;
	for (uint32_t i = 0; i < g->n_keys; i++) {
		const struct group_key *k = &g->keys[i];
		bool named =
		    ast->kind == AST_VAR && k->alias.len != 0 && str_eq(k->alias, ast->name.text);
		if (!named && !ast_same_text(b, ast, k->ast))
			continue;
		*ret = expr_slot(b, k->slot, k->type, true, ast->offset, ast->length);
		return true;
	}
	return false;
}

enum status bind_expr(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	if (bind_group_key(b, ast, ret))
		return *ret != NULL ? ST_OK : bind_no_memory(b);
	switch ((enum ast_expr_kind)ast->kind) {
	case AST_LITERAL:
		return bind_literal(b, ast, ret);
	case AST_TEMPORAL:
		return bind_temporal(b, ast, ret);
	case AST_PARAM:
		return bind_param(b, ast, ret);
	case AST_VAR:
		return bind_var(b, ast, ret);
	case AST_PROP:
		return bind_prop(b, ast, ret);
	case AST_INDEX:
		return bind_typed(b, ast, EXPR_INDEX, V_NULL, ret);
	case AST_SLICE:
		return bind_slice(b, ast, ret);
	case AST_UNARY:
	case AST_BINARY:
		return bind_operator(b, ast, ret);
	case AST_COMPARE:
		return bind_compare(b, ast, ret);
	case AST_IS:
		return bind_is(b, ast, ret);
	case AST_LIST:
		return bind_typed(b, ast, EXPR_LIST, V_LIST, ret);
	case AST_MAP:
		return bind_map(b, ast, ret);
	case AST_CAST:
		return bind_cast(b, ast, ret);
	case AST_CASE:
		return bind_case(b, ast, ret);
	case AST_CALL:
		return bind_call(b, ast, ret);
	case AST_COMPREHENSION:
		return bind_comprehension(b, ast, EXPR_COMPREHENSION, ret);
	case AST_QUANTIFIED:
		return bind_comprehension(b, ast, EXPR_QUANTIFIER, ret);
	case AST_REDUCE:
		return bind_reduce(b, ast, ret);
	case AST_EXISTS:
	case AST_COUNT:
	case AST_PATTERN_LIST:
	case AST_COLLECT:
	case AST_VALUE_QUERY:
	case AST_PATTERN_TEST:
		return bind_subquery(b, ast, ret);
	default:
		return bind_unsupported(b, ast->offset, "this form of expression");
	}
}

bool expr_reads_graph(const struct expr *e)
{
	if (e == NULL)
		return false;
	if (e->kind == EXPR_PROP || e->kind == EXPR_HAS_LABEL || e->kind == EXPR_GRAPH_CALL)
		return true;
	for (uint32_t i = 0; i < e->n_args; i++)
		if (expr_reads_graph(e->args[i]))
			return true;
	return false;
}

bool expr_is_volatile(const struct expr *e)
{
	if (e == NULL)
		return false;
	if (e->kind == EXPR_CALL && (e->func->flags & FUNC_PURE) == 0)
		return true;
	for (uint32_t i = 0; i < e->n_args; i++)
		if (expr_is_volatile(e->args[i]))
			return true;
	return false;
}
