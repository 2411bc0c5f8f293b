/* Expressions: names to slots, literals to parameters, operators to bound operators. */
#include "plan/bind.h"
#include "value/func.h"

enum status bind_no_memory(struct binder *b)
{
	return diag_is_set(b->p->d) ? ST_LIMIT : ST_NOMEM;
}

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

static enum status new_like(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
			    uint32_t n_args, struct expr **ret)
{
	*ret = expr_new(b, kind, n_args, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

/* All arguments, bound in order. */
static enum status bind_args(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
			     struct expr **ret)
{
	TRY(new_like(b, ast, kind, ast->n_args, ret));
	for (uint32_t i = 0; i < ast->n_args; i++)
		if (ast->args[i] != NULL)
			TRY(bind_expr(b, ast->args[i], &(*ret)->args[i]));
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

	TRY(new_like(b, ast, EXPR_CONST, 0, &e));
	TRY(value_copy(b->p->a, v, &e->value));
	e->type = v.kind;
	e->nullable = v.kind == V_NULL;
	*ret = e;
	return ST_OK;
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
	TRY(new_like(b, ast, EXPR_PARAM, 0, &e));
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

	TRY(new_like(b, ast, EXPR_PARAM, 0, &e));
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
		TRY(new_like(b, ast, EXPR_LOCAL, 0, &e));
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
	if (b->grouping != NULL && !b->grouping->in_aggregate && !b->grouping->columns_in_scope)
		return diag_set(b->p->d, GQL_BAD_AGGREGATE, ast->offset,
				"'" STR_FMT "' is neither a grouping key nor inside an aggregate",
				STR_ARG(name));
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

/* ---- operators ----------------------------------------------------------------------------------
 */

static enum status want_bool(struct binder *b, const struct expr *e, const char *what)
{
	if (e->type == V_BOOL || e->type == V_NULL)
		return ST_OK;
	return diag_set(b->p->d, GQL_WRONG_TYPE, e->offset, "%s takes a truth value, not %s", what,
			value_kind_name((enum value_kind)e->type));
}

static enum status bind_logic(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
			      const char *what, const struct expr **ret)
{
	struct expr *e;

	TRY(bind_args(b, ast, kind, &e));
	for (uint32_t i = 0; i < e->n_args; i++)
		TRY(want_bool(b, e->args[i], what));
	e->type = V_BOOL;
	*ret = e;
	return ST_OK;
}

static uint8_t arithmetic_type(const struct expr *e)
{
	uint8_t a = e->args[0]->type, c = e->n_args > 1 ? e->args[1]->type : a;

	if (a == V_INT && c == V_INT)
		return e->kind == EXPR_POW ? V_FLOAT : V_INT;
	if ((a == V_INT || a == V_FLOAT) && (c == V_INT || c == V_FLOAT))
		return V_FLOAT;
	if (a == V_STRING && c == V_STRING)
		return V_STRING;
	return V_NULL;
}

/* A list takes any value at its ends. */
static bool has_list(const struct expr *e)
{
	for (uint32_t i = 0; i < e->n_args; i++)
		if (e->args[i]->type == V_LIST || e->args[i]->type == V_NULL)
			return true;
	return false;
}

/* Numbers and temporal values; `+` joins lists and strings too. */
static enum status check_arithmetic(struct binder *b, const struct expr *e)
{
	for (uint32_t i = 0; i < e->n_args && e->kind != EXPR_CONCAT; i++) {
		uint8_t t = e->args[i]->type;
		bool joins = t == V_STRING || t == V_LIST;
		bool never = t == V_BOOL || t == V_MAP || t == V_NODE || t == V_EDGE || t == V_PATH;
		if (e->kind == EXPR_ADD ? !never || has_list(e) : !never && !joins)
			continue;
		return diag_set(b->p->d, GQL_WRONG_TYPE, e->args[i]->offset,
				"arithmetic takes numbers, not %s",
				value_kind_name((enum value_kind)t));
	}
	return ST_OK;
}

static enum status bind_plain(struct binder *b, const struct ast_expr *ast, enum expr_kind kind,
			      uint8_t type, const struct expr **ret)
{
	struct expr *e;

	TRY(bind_args(b, ast, kind, &e));
	e->type = type;
	if (kind >= EXPR_ADD && kind <= EXPR_CONCAT) {
		TRY(check_arithmetic(b, e));
		e->type = arithmetic_type(e);
	}
	*ret = e;
	return ST_OK;
}

static enum status bind_operator(struct binder *b, const struct ast_expr *ast,
				 const struct expr **ret)
{
	switch ((enum ast_op)ast->sub) {
	case AST_OR:
		return bind_logic(b, ast, EXPR_OR, "OR", ret);
	case AST_XOR:
		return bind_logic(b, ast, EXPR_XOR, "XOR", ret);
	case AST_AND:
		return bind_logic(b, ast, EXPR_AND, "AND", ret);
	case AST_NOT:
		return bind_logic(b, ast, EXPR_NOT, "NOT", ret);
	case AST_IN:
		return bind_plain(b, ast, EXPR_IN, V_BOOL, ret);
	case AST_STARTS_WITH:
		return bind_plain(b, ast, EXPR_STARTS_WITH, V_BOOL, ret);
	case AST_ENDS_WITH:
		return bind_plain(b, ast, EXPR_ENDS_WITH, V_BOOL, ret);
	case AST_CONTAINS:
		return bind_plain(b, ast, EXPR_CONTAINS, V_BOOL, ret);
	case AST_REGEX:
		return bind_plain(b, ast, EXPR_REGEX, V_BOOL, ret);
	case AST_CONCAT:
		return bind_plain(b, ast, EXPR_CONCAT, V_NULL, ret);
	case AST_ADD:
		return bind_plain(b, ast, EXPR_ADD, V_NULL, ret);
	case AST_SUB:
		return bind_plain(b, ast, EXPR_SUB, V_NULL, ret);
	case AST_MUL:
		return bind_plain(b, ast, EXPR_MUL, V_NULL, ret);
	case AST_DIV:
		return bind_plain(b, ast, EXPR_DIV, V_NULL, ret);
	case AST_MOD:
		return bind_plain(b, ast, EXPR_MOD, V_NULL, ret);
	case AST_POW:
		return bind_plain(b, ast, EXPR_POW, V_NULL, ret);
	case AST_NEG:
		return bind_plain(b, ast, EXPR_NEG, V_NULL, ret);
	case AST_POS:
		return bind_expr(b, ast->args[0], ret);
	default:
		return bind_unsupported(b, ast->offset, "this operator");
	}
}

/* a < b <= c: the conjunction of its pairs. */
static enum status bind_compare(struct binder *b, const struct ast_expr *ast,
				const struct expr **ret)
{
	static const uint8_t kinds[] = {
	    [AST_EQ] = EXPR_EQ, [AST_NE] = EXPR_NE, [AST_LT] = EXPR_LT,
	    [AST_LE] = EXPR_LE, [AST_GT] = EXPR_GT, [AST_GE] = EXPR_GE,
	};
	const struct expr *all = NULL, *left, *right;

	TRY(bind_expr(b, ast->args[0], &left));
	for (uint32_t i = 0; i + 1 < ast->n_args; i++) {
		TRY(bind_expr(b, ast->args[i + 1], &right));
		const struct expr *pair = expr_binary(b, (enum expr_kind)kinds[ast->ops[i]], left,
						      right, ast->offset, ast->length);
		if (pair == NULL)
			return bind_no_memory(b);
		all = all == NULL ? pair
				  : expr_binary(b, EXPR_AND, all, pair, ast->offset, ast->length);
		if (all == NULL)
			return bind_no_memory(b);
		left = right;
	}
	*ret = all;
	return ST_OK;
}

/* %: at least one label, size(labels(x)) > 0; an edge has a type always. */
static enum status bind_any_label(struct binder *b, const struct ast_label *l,
				  const struct expr *element, const struct expr **ret)
{
	bool edge = element->type == V_EDGE;
	struct expr *labels = expr_new(b, EXPR_GRAPH_CALL, 1, l->offset, l->length);
	struct expr *size = expr_new(b, EXPR_CALL, 1, l->offset, l->length);
	struct expr *zero = expr_new(b, EXPR_CONST, 0, l->offset, l->length);
	struct expr *there = expr_new(b, EXPR_IS_NOT_NULL, 1, l->offset, l->length);

	if (labels == NULL || size == NULL || zero == NULL || there == NULL)
		return bind_no_memory(b);
	there->args[0] = element;
	there->type = V_BOOL;
	there->nullable = false;
	labels->sub = GF_LABELS;
	labels->type = V_LIST;
	labels->args[0] = element;
	size->func = func_find(STR("size"));
	size->type = V_INT;
	size->args[0] = labels;
	zero->value = value_int(0);
	zero->type = V_INT;
	zero->nullable = false;
	*ret = edge ? there : expr_binary(b, EXPR_GT, size, zero, l->offset, l->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

enum status bind_label(struct binder *b, const struct ast_label *l, const struct expr *element,
		       const struct expr **ret)
{
	struct expr *e;

	switch ((enum ast_label_kind)l->kind) {
	case AST_LABEL_NAME:
		e = expr_new(b, EXPR_HAS_LABEL, 1, l->offset, l->length);
		if (e == NULL)
			return bind_no_memory(b);
		e->args[0] = element;
		e->type = V_BOOL;
		e->name = planner_name(b->p, NAME_LABEL, l->name.text);
		e->name_type = planner_name(b->p, NAME_TYPE, l->name.text);
		*ret = e;
		return e->name != NAME_NONE && e->name_type != NAME_NONE ? ST_OK
									 : bind_no_memory(b);
	case AST_LABEL_ANY:
		return bind_any_label(b, l, element, ret);
	case AST_LABEL_NOT:
		e = expr_new(b, EXPR_NOT, 1, l->offset, l->length);
		if (e == NULL)
			return bind_no_memory(b);
		e->type = V_BOOL;
		*ret = e;
		return bind_label(b, l->left, element, &e->args[0]);
	default: {
		const struct expr *x, *y;
		TRY(bind_label(b, l->left, element, &x));
		TRY(bind_label(b, l->right, element, &y));
		*ret = expr_binary(b, l->kind == AST_LABEL_AND ? EXPR_AND : EXPR_OR, x, y,
				   l->offset, l->length);
		return *ret != NULL ? ST_OK : bind_no_memory(b);
	}
	}
}

static enum status bind_is(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	const struct expr *arg;
	struct expr *e, *n;
	enum expr_kind kind;

	TRY(bind_expr(b, ast->args[0], &arg));
	switch ((enum ast_test)ast->sub) {
	case AST_IS_LABELED:
		TRY(bind_label(b, ast->label, arg, ret));
		goto negate;
	case AST_IS_UNKNOWN:
	case AST_IS_NULL:
		kind = ast->negated ? EXPR_IS_NOT_NULL : EXPR_IS_NULL;
		break;
	case AST_IS_TRUE:
		kind = EXPR_IS_TRUE;
		break;
	case AST_IS_FALSE:
		kind = EXPR_IS_FALSE;
		break;
	default:
		return bind_unsupported(b, ast->offset, "this test");
	}
	TRY(new_like(b, ast, kind, 1, &e));
	e->args[0] = arg;
	e->type = V_BOOL;
	e->nullable = false;
	*ret = e;
	if (kind == EXPR_IS_NULL || kind == EXPR_IS_NOT_NULL)
		return ST_OK;
negate:
	if (!ast->negated)
		return ST_OK;
	TRY(new_like(b, ast, EXPR_NOT, 1, &n));
	n->args[0] = *ret;
	n->type = V_BOOL;
	*ret = n;
	return ST_OK;
}

/* The simple form is rewritten to the searched one. */
static enum status bind_case(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	const struct expr *operand = NULL;
	uint32_t n = ast->n_args - 1;
	struct expr *e;

	if (ast->args[0] != NULL)
		TRY(bind_expr(b, ast->args[0], &operand));
	TRY(new_like(b, ast, EXPR_CASE, n, &e));
	for (uint32_t i = 0; i < n; i++) {
		const struct ast_expr *a = ast->args[i + 1];
		if (a == NULL) {
			struct expr *none;
			TRY(new_like(b, ast, EXPR_CONST, 0, &none));
			none->value = VALUE_NULL;
			e->args[i] = none;
			continue;
		}
		TRY(bind_expr(b, a, &e->args[i]));
		bool is_when = i % 2 == 0 && i + 1 < n;
		if (is_when && operand != NULL) {
			e->args[i] =
			    expr_binary(b, EXPR_EQ, operand, e->args[i], a->offset, a->length);
			if (e->args[i] == NULL)
				return bind_no_memory(b);
		}
	}
	*ret = e;
	return ST_OK;
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

	TRY(new_like(b, ast, kind, n_args, &e));
	TRY(bind_expr(b, ast->args[0], &e->args[0]));
	TRY(push_local(b, &ast->name, &e->local));
	bool no_subquery = b->no_subquery;
	b->no_subquery = true; /* a subquery runs once a row, not once an element */
	for (uint32_t i = 1; i < n_args && i < ast->n_args; i++)
		TRY(bind_optional(b, ast->args[i], &e->args[i]));
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

	TRY(new_like(b, ast, EXPR_REDUCE, 3, &e));
	TRY(bind_expr(b, ast->args[0], &e->args[0]));
	TRY(bind_expr(b, ast->args[1], &e->args[1]));
	TRY(push_local(b, &ast->name, &e->local2));
	TRY(push_local(b, &ast->name2, &e->local));
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

/* EXISTS, COUNT: a subquery below the row; its answer is a slot. */
static enum status bind_subquery(struct binder *b, const struct ast_expr *ast,
				 const struct expr **ret)
{
	bool count = ast->kind == AST_COUNT;
	struct pipe inner = {0};
	struct pop *o = NULL;
	uint32_t out;

	if (b->no_subquery || (b->grouping != NULL && !b->grouping->in_aggregate))
		return bind_unsupported(b, ast->offset, "a subquery at this place");
	TRY(bind_barrier(b));
	enum status st = bind_exists(b, ast, &inner);
	scope_release(&inner.scope);
	TRY(st);
	out = planner_slot(b->p, STR_NULL);
	if (out == SLOT_NONE)
		return bind_no_memory(b);
	if (count) {
		struct pop *agg = pop_new(b->p, POP_AGGREGATE, inner.op);
		struct plan_agg *item = ARENA_NEW(b->p->a, struct plan_agg);
		if (agg == NULL || item == NULL)
			return bind_no_memory(b);
		item->slot = out;
		agg->aggregate.n_aggs = 1;
		agg->aggregate.aggs = item;
		inner.op = agg;
	}
	TRY(pipe_add(b, count ? POP_APPLY : POP_SEMI_MARK, &o));
	o->right = inner.op;
	o->offset = ast->offset;
	if (!count)
		o->semi.out = out;
	slot_add(&b->pipe->bound, out);
	*ret = expr_slot(b, out, count ? V_INT : V_BOOL, false, ast->offset, ast->length);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
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
	case AST_PATTERN_TEST:
		return bind_subquery(b, ast, ret);
	default:
		return bind_unsupported(b, ast->offset, "this form of expression");
	}
}

enum status bind_condition(struct binder *b, const struct ast_expr *e, const struct expr **ret)
{
	TRY(bind_expr(b, e, ret));
	return want_bool(b, *ret, "a condition");
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
