/* Random expressions over the variables in scope. */
#include "tests/differential/make.h"

#define ELEMENTS (1u << K_NODE | 1u << K_EDGE)

struct term *term_new(struct maker *m, enum term_kind kind)
{
	struct term *t = must(ARENA_NEW(m->a, struct term));

	t->kind = (uint8_t)kind;
	t->var = NO_VAR;
	return t;
}

struct term *term_of(struct maker *m, enum term_kind kind, struct term *x, struct term *y)
{
	struct term *t = term_new(m, kind);

	t->args[t->n_args++] = x;
	if (y != NULL)
		t->args[t->n_args++] = y;
	return t;
}

/* A literal, or now and then a parameter. */
static struct term *literal(struct maker *m, struct value v)
{
	bool param = chance(m, 20) && m->s->n_params < PARAMS_MAX;
	struct term *t = term_new(m, param ? T_PARAM : T_LITERAL);

	t->value = v;
	if (param) {
		t->index = m->s->n_params++;
		m->s->params[t->index] = v;
	}
	return t;
}

struct term *term_int(struct maker *m, int64_t i)
{
	return literal(m, value_int(i));
}

struct term *term_var(struct maker *m, uint32_t var)
{
	struct term *t = term_new(m, T_VAR);

	t->var = var;
	return t;
}

struct term *term_prop(struct maker *m, uint32_t var, enum key key)
{
	struct term *t = term_new(m, T_PROP);

	t->var = var;
	t->key = (uint8_t)key;
	return t;
}

static struct term *small_int(struct maker *m)
{
	return term_int(m, (int64_t)below(m, 6) - 1);
}

static struct term *some_string(struct maker *m)
{
	static const char *const texts[] = {"a", "b", "ab", "", "abc", "c"};

	return literal(m, value_str(str_of(texts[below(m, 6)])));
}

static struct term *length_of(struct maker *m)
{
	enum var_kind kind;
	uint32_t v = make_pick(
	    m, 1u << K_EDGES | 1u << K_PATH | 1u << K_SOME_EDGES | 1u << K_SOME_PATH | 1u << K_HEAP,
	    &kind);

	if (v == NO_VAR)
		return NULL;
	bool path = kind == K_PATH || kind == K_SOME_PATH;
	return term_of(m, path ? T_LENGTH : T_SIZE, term_var(m, v), NULL);
}

static struct term *a_number(struct maker *m)
{
	enum var_kind kind;
	struct term *t = chance(m, 40) ? length_of(m) : NULL;

	if (t != NULL)
		return t;
	uint32_t v = make_pick(m, ELEMENTS | 1u << K_NUMBER, &kind);
	if (v == NO_VAR)
		return small_int(m);
	if (kind == K_NUMBER)
		return term_var(m, v);
	return term_prop(m, v, chance(m, 80) ? KEY_X : KEY_ID);
}

static struct term *numbers(struct maker *m)
{
	struct term *list = term_new(m, T_LIST);

	for (uint32_t n = below(m, 4); list->n_args < n;)
		list->args[list->n_args++] = a_number(m);
	return list;
}

static struct term *number_function(struct maker *m)
{
	struct term *t;

	switch (below(m, 8)) {
	case 0:
		return term_of(m, chance(m, 50) ? T_ABS : T_SIGN, a_number(m), NULL);
	case 1:
		return term_of(m, T_MOD, a_number(m), term_int(m, 1 + below(m, 3)));
	case 2:
		return term_of(m, T_CHARS, make_string(m), NULL);
	case 3:
		return term_of(m, T_NULLIF, a_number(m), small_int(m));
	case 4:
		t = term_of(m, T_CASE_OF, make_any(m), small_int(m));
		t->args[t->n_args++] = a_number(m);
		t->args[t->n_args++] = small_int(m);
		return t;
	case 5:
		t = numbers(m);
		return t->n_args == 0 ? small_int(m)
				      : term_of(m, chance(m, 50) ? T_HEAD : T_LAST, t, NULL);
	case 6:
		t = numbers(m);
		return t->n_args == 0 ? small_int(m)
				      : term_of(m, T_AT, t, term_int(m, below(m, 4)));
	default:
		return term_of(m, T_SIZE, numbers(m), NULL);
	}
}

static struct term *string_function(struct maker *m, struct term *x)
{
	static const uint8_t of_one[] = {T_UPPER, T_LOWER, T_REVERSE};
	struct term *t;

	switch (below(m, 6)) {
	case 0:
		return term_of(m, chance(m, 50) ? T_LEFT : T_RIGHT, x, term_int(m, below(m, 4)));
	case 1:
		t = term_of(m, T_SUBSTRING, x, term_int(m, below(m, 3)));
		t->args[t->n_args++] = term_int(m, below(m, 3));
		return t;
	case 2:
		t = term_of(m, T_REPLACE, x, some_string(m));
		t->args[t->n_args++] = some_string(m);
		return t;
	case 3:
		return term_of(m, T_JOIN, x, some_string(m));
	default:
		return term_of(m, (enum term_kind)of_one[below(m, 3)], x, NULL);
	}
}

/* Fails for some values. */
static struct term *risky_number(struct maker *m)
{
	static const uint8_t ops[] = {T_ADD, T_SUB, T_MUL};
	struct term *big = term_new(m, T_LITERAL);
	enum var_kind kind;
	uint32_t v = make_pick(m, ELEMENTS, &kind);

	m->may_fail = false; /* one is enough */
	big->value = value_int(INT64_MAX);
	switch (below(m, 4)) {
	case 0:
		return term_of(m, T_DIV, term_int(m, 12), a_number(m));
	case 1:
		return term_of(m, (enum term_kind)ops[below(m, 3)], big, a_number(m));
	case 2:
		if (v != NO_VAR)
			return term_of(m, T_SUB, term_prop(m, v, KEY_Y), small_int(m));
		/* fall through */
	default:
		return term_of(m, T_DIV, small_int(m),
			       term_of(m, T_SUB, a_number(m), term_int(m, 1)));
	}
}

struct term *make_number(struct maker *m, uint32_t depth)
{
	static const uint8_t ops[] = {T_ADD, T_SUB, T_MUL};
	struct term *t;

	if (m->may_fail && depth > 0 && chance(m, 5))
		return risky_number(m);
	if (depth > 0 && chance(m, 15))
		return number_function(m);
	switch (depth == 0 ? 0 : below(m, 10)) {
	case 6:
		return term_of(m, (enum term_kind)ops[below(m, 3)], make_number(m, depth - 1),
			       small_int(m));
	case 7:
		return term_of(m, T_COALESCE, a_number(m), small_int(m));
	case 8:
		t = term_of(m, T_CASE, make_condition(m, 0, false), a_number(m));
		t->args[t->n_args++] = small_int(m);
		return t;
	case 9:
		return small_int(m);
	default:
		return a_number(m);
	}
}

struct term *make_string(struct maker *m)
{
	enum var_kind kind;
	uint32_t v = make_pick(m, ELEMENTS | 1u << K_STRING, &kind);

	if (v == NO_VAR)
		return some_string(m);
	if (kind == K_STRING)
		return chance(m, 10) ? string_function(m, term_var(m, v)) : term_var(m, v);
	if (kind == K_EDGE && chance(m, 40))
		return term_of(m, T_TYPE, term_var(m, v), NULL);
	struct term *t = term_prop(m, v, KEY_S);
	return chance(m, 14) ? string_function(m, t) : t;
}

struct term *make_any(struct maker *m)
{
	enum var_kind kind;
	uint32_t v = make_pick(m, ELEMENTS | 1u << K_ANY, &kind);

	if (v == NO_VAR || chance(m, 15))
		return chance(m, 50) ? make_number(m, 1) : make_string(m);
	return kind == K_ANY ? term_var(m, v) : term_prop(m, v, KEY_Y);
}

static struct term *any_literal(struct maker *m)
{
	switch (below(m, 6)) {
	case 0:
		return some_string(m);
	case 1:
		return literal(m, value_float((double)below(m, 5) / 2));
	case 2:
		return literal(m, value_bool(chance(m, 50)));
	default:
		return small_int(m);
	}
}

static struct term *compare(struct maker *m)
{
	static const uint8_t ops[] = {T_EQ, T_EQ, T_NE, T_LT, T_LE, T_GT, T_GE};
	enum term_kind op = (enum term_kind)ops[below(m, 7)];
	enum var_kind kind;

	switch (below(m, 8)) {
	case 0:
		return term_of(m, op, make_string(m),
			       chance(m, 60) ? some_string(m) : make_string(m));
	case 1:
		return term_of(m, op, make_any(m), chance(m, 70) ? any_literal(m) : make_any(m));
	case 2: {
		uint32_t v = make_pick(m, 1u << K_NODE, &kind),
			 w = make_pick(m, 1u << K_NODE, &kind);
		if (v != NO_VAR)
			return term_of(m, chance(m, 50) ? T_EQ : T_NE, term_var(m, v),
				       term_var(m, w));
	}
		/* fall through */
	default:
		return term_of(m, op, make_number(m, 1),
			       chance(m, 60) ? small_int(m) : make_number(m, 1));
	}
}

static struct term *range(struct maker *m)
{
	struct term *x = a_number(m);

	return term_of(m, T_AND,
		       term_of(m, chance(m, 50) ? T_GE : T_GT, x, term_int(m, below(m, 3))),
		       term_of(m, chance(m, 50) ? T_LE : T_LT, x, term_int(m, 2 + below(m, 3))));
}

static struct term *in_list(struct maker *m)
{
	struct term *list = term_new(m, T_LIST);
	bool numbers = chance(m, 60);

	for (uint32_t n = below(m, 4); list->n_args < n;)
		list->args[list->n_args++] = chance(m, 10) ? literal(m, VALUE_NULL)
					     : numbers	   ? small_int(m)
							   : any_literal(m);
	return term_of(m, T_IN, numbers ? make_number(m, 0) : make_any(m), list);
}

static struct term *subquery(struct maker *m)
{
	bool count = chance(m, 25);
	struct term *t = term_new(m, count ? T_PATTERN_COUNT : T_EXISTS);

	m->depth++;
	t->bare = !count && chance(m, 25);
	t->pattern = t->bare ? make_pattern_test(m) : make_pattern(m, true);
	m->depth--;
	return count ? term_of(m, chance(m, 50) ? T_GE : T_EQ, t, term_int(m, below(m, 3))) : t;
}

static struct term *simple_condition(struct maker *m)
{
	enum var_kind kind;
	uint32_t v;

	switch (below(m, 9)) {
	case 0:
		return term_of(m, chance(m, 50) ? T_IS_NULL : T_IS_NOT_NULL,
			       chance(m, 50) ? make_any(m) : make_number(m, 0), NULL);
	case 1:
		return in_list(m);
	case 2:
		return term_of(m, (enum term_kind)(T_STARTS + below(m, 3)), make_string(m),
			       some_string(m));
	case 3:
		v = make_pick(m, 1u << K_NODE, &kind);
		if (v != NO_VAR) {
			struct term *t = term_new(m, T_LABELED);
			t->var = v;
			t->label = (uint8_t)below(m, N_LABELS);
			return t;
		}
		/* fall through */
	case 4:
		return range(m);
	default:
		return compare(m);
	}
}

struct term *make_condition(struct maker *m, uint32_t depth, bool subqueries)
{
	m->may_fail = false; /* who knows which side of an AND is asked */
	if (subqueries && m->depth < 2 && m->n_hops < 8 && chance(m, 15))
		return subquery(m);
	switch (depth == 0 ? 9 : below(m, 10)) {
	case 0:
	case 1:
	case 2:
		return term_of(m, T_AND, make_condition(m, depth - 1, subqueries),
			       make_condition(m, depth - 1, subqueries));
	case 3:
		return term_of(m, T_OR, make_condition(m, depth - 1, subqueries),
			       make_condition(m, depth - 1, subqueries));
	case 4:
		return term_of(m, T_NOT, make_condition(m, depth - 1, subqueries), NULL);
	case 5:
		if (chance(m, 30))
			return term_of(m, T_XOR, make_condition(m, depth - 1, subqueries),
				       make_condition(m, depth - 1, subqueries));
		/* fall through */
	default:
		return simple_condition(m);
	}
}

struct term *make_aggregate(struct maker *m, bool *ret_heap)
{
	enum var_kind kind;
	struct term *t;
	uint32_t v;

	*ret_heap = false;
	switch (below(m, 9)) {
	case 0:
	case 1:
	case 2:
		return term_new(m, T_COUNT_STAR);
	case 3:
	case 4:
		v = make_pick(m, ELEMENTS, &kind);
		t = term_of(m, T_COUNT, v != NO_VAR && chance(m, 60) ? term_var(m, v) : make_any(m),
			    NULL);
		t->distinct = chance(m, 50);
		return t;
	case 5:
		t = term_of(m, T_SUM, make_number(m, 1), NULL);
		t->distinct = chance(m, 25);
		return t;
	case 6:
		return term_of(m, chance(m, 50) ? T_MIN : T_MAX, make_any(m), NULL);
	case 7:
		return term_of(m, T_AVG, make_number(m, 0), NULL);
	default:
		*ret_heap = true;
		t = term_of(m, T_COLLECT, chance(m, 50) ? make_number(m, 0) : make_any(m), NULL);
		t->distinct = chance(m, 30);
		return t;
	}
}
