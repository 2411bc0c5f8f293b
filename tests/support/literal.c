/* tests/support/literal.c - the value of a GQL literal. */
#include "tests/support/literal.h"

#include "gql/gql.h"

static bool constant(struct arena *a, const struct ast_expr *e, struct value *ret);

static bool constants(struct arena *a, const struct ast_expr *e, struct value **ret)
{
	*ret = ARENA_ARRAY(a, struct value, e->n_args + 1);
	if (*ret == NULL)
		return false;
	for (uint32_t i = 0; i < e->n_args; i++)
		if (!constant(a, e->args[i], &(*ret)[i]))
			return false;
	return true;
}

static bool map_constant(struct arena *a, const struct ast_expr *e, struct value *ret)
{
	struct value *v = NULL;
	struct map_entry *entries = ARENA_ARRAY(a, struct map_entry, e->n_args + 1);

	if (entries == NULL || !constants(a, e, &v))
		return false;
	for (uint32_t i = 0; i < e->n_args; i++)
		entries[i] = (struct map_entry){e->keys[i].text, v[i]};
	*ret = value_map(entries, e->n_args);
	return true;
}

/* The value of a literal: no operator but a sign. */
static bool constant(struct arena *a, const struct ast_expr *e, struct value *ret)
{
	struct value *v = NULL;

	switch (e->kind) {
	case AST_LITERAL:
		*ret = e->value;
		return true;
	case AST_UNARY:
		if (e->sub != AST_NEG || !constant(a, e->args[0], ret))
			return false;
		if (ret->kind == V_INT)
			ret->i = -ret->i;
		else if (ret->kind == V_FLOAT)
			ret->f = -ret->f;
		return ret->kind == V_INT || ret->kind == V_FLOAT;
	case AST_LIST:
		if (!constants(a, e, &v))
			return false;
		*ret = value_list(v, e->n_args);
		return true;
	case AST_MAP:
		return map_constant(a, e, ret);
	default:
		return false;
	}
}

bool literal_value(struct arena *a, struct str text, struct value *ret)
{
	struct str query = arena_printf(a, "RETURN " STR_FMT, STR_ARG(text));
	struct ast_statement *st = NULL;
	struct diag d;

	diag_reset(&d);
	if (query.p == NULL || gql_parse(a, query, &st, &d) != ST_OK)
		return false;
	const struct ast_clause *c = st->query->parts[0]->branches[0]->clauses[0];
	return constant(a, c->project.items[0].expr, ret);
}
