/* Operators, comparisons, tests, CASE and CAST. */
#include "plan/bind.h"
#include "value/cast.h"
#include "value/func.h"

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

enum status bind_operator(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
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
enum status bind_compare(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
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
		const struct expr *x = NULL, *y = NULL;
		TRY(bind_label(b, l->left, element, &x));
		TRY(bind_label(b, l->right, element, &y));
		*ret = expr_binary(b, l->kind == AST_LABEL_AND ? EXPR_AND : EXPR_OR, x, y,
				   l->offset, l->length);
		return *ret != NULL ? ST_OK : bind_no_memory(b);
	}
	}
}

enum status bind_is(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
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
	TRY(expr_like(b, ast, kind, 1, &e));
	e->args[0] = arg;
	e->type = V_BOOL;
	e->nullable = false;
	*ret = e;
	if (kind == EXPR_IS_NULL || kind == EXPR_IS_NOT_NULL)
		return ST_OK;
negate:
	if (!ast->negated)
		return ST_OK;
	TRY(expr_like(b, ast, EXPR_NOT, 1, &n));
	n->args[0] = *ret;
	n->type = V_BOOL;
	*ret = n;
	return ST_OK;
}

/* The simple form is rewritten to the searched one. */
enum status bind_case(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	const struct expr *operand = NULL;
	uint32_t n = ast->n_args - 1;
	struct expr *e;

	if (ast->args[0] != NULL)
		TRY(bind_expr(b, ast->args[0], &operand));
	TRY(expr_like(b, ast, EXPR_CASE, n, &e));
	for (uint32_t i = 0; i < n; i++) {
		const struct ast_expr *a = ast->args[i + 1];
		if (a == NULL) {
			struct expr *none;
			TRY(expr_like(b, ast, EXPR_CONST, 0, &none));
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

/* ---- CAST ----------------------------------------------------------------------------------- */

static enum status cast_bool(struct func_ctx *x, const struct value *args, unsigned n,
			     struct value *ret)
{
	return value_cast(x, args[0], V_BOOL, CAST_STRICT, ret);
}

static enum status cast_int(struct func_ctx *x, const struct value *args, unsigned n,
			    struct value *ret)
{
	return value_cast(x, args[0], V_INT, CAST_STRICT, ret);
}

static enum status cast_float(struct func_ctx *x, const struct value *args, unsigned n,
			      struct value *ret)
{
	return value_cast(x, args[0], V_FLOAT, CAST_STRICT, ret);
}

static enum status cast_string(struct func_ctx *x, const struct value *args, unsigned n,
			       struct value *ret)
{
	return value_cast(x, args[0], V_STRING, CAST_STRICT, ret);
}

#define CAST_FUNC(kind, fn)                                                                        \
	{                                                                                          \
		"CAST", 1, 1, kind, FUNC_STRICT | FUNC_PURE, fn, "as another kind"                 \
	}

/* Called as functions, though nobody can name them. */
static const struct func casts[] = {
    CAST_FUNC(V_BOOL, cast_bool),
    CAST_FUNC(V_INT, cast_int),
    CAST_FUNC(V_FLOAT, cast_float),
    CAST_FUNC(V_STRING, cast_string),
};

/* To the plain kinds; a size, a precision or NOT NULL would need a check of its own. */
enum status bind_cast(struct binder *b, const struct ast_expr *ast, const struct expr **ret)
{
	const struct ast_type *t = ast->type;
	bool plain = t->kind == AST_TYPE_VALUE && !t->not_null && !t->is_unsigned && t->bits == 0 &&
		     t->min == AST_UNBOUNDED && t->max == AST_UNBOUNDED;
	struct expr *e;

	for (unsigned i = 0; plain && i < ARRAY_LEN(casts); i++) {
		if (casts[i].result != t->value_kind)
			continue;
		TRY(bind_args(b, ast, EXPR_CALL, &e));
		e->func = &casts[i];
		e->type = t->value_kind;
		*ret = e;
		return ST_OK;
	}
	return bind_unsupported(b, t->offset, "a cast to this type");
}

enum status bind_condition(struct binder *b, const struct ast_expr *e, const struct expr **ret)
{
	TRY(bind_expr(b, e, ret));
	return want_bool(b, *ret, "a condition");
}
