/* Expressions in three-valued logic, one row at a time. */
#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "tests/differential/oracle.h"

/* ---- comparing --------------------------------------------------------------------------------
 */

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static double number(struct value v)
{
	return v.kind == V_INT ? (double)v.i : v.f;
}

/* A large FLOAT is a whole number, and beside an INT it is compared as one: an INT has digits that
 * a FLOAT of its size has not. */
static struct value whole(struct value v)
{
	bool large = v.kind == V_FLOAT && fabs(v.f) >= 0x1p53 && fabs(v.f) < 0x1p63;

	return large ? value_int((int64_t)v.f) : v;
}

static bool same_number(struct value x, struct value y)
{
	x = whole(x);
	y = whole(y);
	return x.kind == V_INT && y.kind == V_INT ? x.i == y.i : number(x) == number(y);
}

static bool less_number(struct value x, struct value y)
{
	x = whole(x);
	y = whole(y);
	return x.kind == V_INT && y.kind == V_INT ? x.i < y.i : number(x) < number(y);
}

static int compare_numbers(struct value x, struct value y)
{
	return less_number(y, x) - less_number(x, y);
}

static int compare_text(struct value x, struct value y)
{
	int c = memcmp(x.s, y.s, MIN_OF(x.n, y.n));

	return c != 0 ? c : (x.n > y.n) - (x.n < y.n);
}

static struct value truth(bool b)
{
	return value_bool(b);
}

static struct value equal(struct value x, struct value y)
{
	if (value_is_null(x) || value_is_null(y))
		return VALUE_NULL;
	if (is_number(x) && is_number(y))
		return truth(same_number(x, y));
	if (x.kind != y.kind)
		return truth(false);
	switch ((enum value_kind)x.kind) {
	case V_BOOL:
		return truth(x.b == y.b);
	case V_STRING:
		return truth(compare_text(x, y) == 0);
	case V_NODE:
	case V_EDGE:
		return truth(x.id == y.id);
	default:
		return VALUE_NULL; /* nobody asks */
	}
}

bool values_equal_surely(struct value x, struct value y)
{
	struct value v = equal(x, y);

	return v.kind == V_BOOL && v.b;
}

static struct value less(struct value x, struct value y, bool or_equal)
{
	if (is_number(x) && is_number(y))
		return truth(less_number(x, y) || (or_equal && same_number(x, y)));
	if (x.kind != y.kind)
		return VALUE_NULL;
	switch ((enum value_kind)x.kind) {
	case V_BOOL:
		return truth(or_equal ? x.b <= y.b : x.b < y.b);
	case V_STRING:
		return truth(or_equal ? compare_text(x, y) <= 0 : compare_text(x, y) < 0);
	default:
		return VALUE_NULL;
	}
}

static int rank(struct value v)
{
	static const int ranks[V_N_KINDS + 1] = {
	    [V_NODE] = 1, [V_EDGE] = 2, [V_LIST] = 3,  [V_PATH] = 4, [V_STRING] = 5,
	    [V_BOOL] = 6, [V_INT] = 7,	[V_FLOAT] = 7, [V_NULL] = 8,
	};

	return ranks[v.kind];
}

int order_values(struct value x, struct value y)
{
	if (rank(x) != rank(y))
		return rank(x) < rank(y) ? -1 : 1;
	switch ((enum value_kind)x.kind) {
	case V_INT:
	case V_FLOAT:
		return compare_numbers(x, y);
	case V_BOOL:
		return (x.b > y.b) - (x.b < y.b);
	case V_STRING:
		return compare_text(x, y);
	case V_NODE:
	case V_EDGE:
		return (x.id > y.id) - (x.id < y.id);
	default:
		return 0;
	}
}

/* ---- logic ------------------------------------------------------------------------------------
 */

static struct value not(struct value x)
{
	return value_is_null(x) ? x : truth(!x.b);
}

static bool is(struct value x, bool b)
{
	return x.kind == V_BOOL && x.b == b;
}

static struct value logic(uint8_t kind, struct value x, struct value y)
{
	if (kind == T_AND && (is(x, false) || is(y, false)))
		return truth(false);
	if (kind == T_OR && (is(x, true) || is(y, true)))
		return truth(true);
	if (value_is_null(x) || value_is_null(y))
		return VALUE_NULL;
	return truth(kind == T_AND ? x.b && y.b : kind == T_OR ? x.b || y.b : x.b != y.b);
}

static struct value in_list(struct value x, struct value list)
{
	struct value found = truth(false);

	for (uint32_t i = 0; i < list.n; i++)
		found = logic(T_OR, found, equal(x, list.list[i]));
	return found;
}

/* ---- numbers and texts ------------------------------------------------------------------------
 */

static struct value fail(struct oracle *o, const char *code)
{
	oracle_fail(o, code);
	return VALUE_NULL;
}

static struct value integers(struct oracle *o, uint8_t kind, int64_t x, int64_t y)
{
	int64_t z = 0;
	bool over = false;

	if (kind == T_DIV && y == 0)
		return fail(o, "22012");
	switch (kind) {
	case T_ADD:
		over = __builtin_add_overflow(x, y, &z);
		break;
	case T_SUB:
		over = __builtin_sub_overflow(x, y, &z);
		break;
	case T_MUL:
		over = __builtin_mul_overflow(x, y, &z);
		break;
	default:
		z = x / y;
	}
	return over ? fail(o, "22003") : value_int(z);
}

static struct value joined(struct oracle *o, struct value x, struct value y)
{
	char *p = must(arena_alloc(o->a, x.n + y.n + 1));

	memcpy(p, x.s, x.n);
	memcpy(p + x.n, y.s, y.n);
	return value_str((struct str){p, x.n + y.n});
}

static struct value arithmetic(struct oracle *o, uint8_t kind, struct value x, struct value y)
{
	if (value_is_null(x) || value_is_null(y))
		return VALUE_NULL;
	if (x.kind == V_INT && y.kind == V_INT)
		return integers(o, kind, x.i, y.i);
	if (kind == T_ADD && x.kind == V_STRING && y.kind == V_STRING)
		return joined(o, x, y);
	if (!is_number(x) || !is_number(y))
		return fail(o, "22G03");
	double a = number(x), b = number(y);
	return value_float(kind == T_ADD   ? a + b
			   : kind == T_SUB ? a - b
			   : kind == T_MUL ? a * b
					   : a / b);
}

static struct value text_test(uint8_t kind, struct value x, struct value y)
{
	if (value_is_null(x) || value_is_null(y))
		return VALUE_NULL;
	if (y.n > x.n)
		return truth(false);
	if (kind == T_STARTS)
		return truth(memcmp(x.s, y.s, y.n) == 0);
	if (kind == T_ENDS)
		return truth(memcmp(x.s + x.n - y.n, y.s, y.n) == 0);
	for (uint32_t i = 0; i + y.n <= x.n; i++)
		if (memcmp(x.s + i, y.s, y.n) == 0)
			return truth(true);
	return truth(false);
}

static char letter(uint8_t kind, char c)
{
	if (kind == T_UPPER)
		return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Another text of the same length; all letters are ASCII. */
static struct value respelled(struct oracle *o, uint8_t kind, struct value x)
{
	char *p = must(arena_alloc(o->a, x.n + 1));

	for (uint32_t i = 0; i < x.n; i++)
		p[i] = kind == T_REVERSE ? x.s[x.n - 1 - i] : letter(kind, x.s[i]);
	return value_str((struct str){p, x.n});
}

static struct value part(struct value x, uint64_t from, uint64_t n)
{
	from = MIN_OF(from, (uint64_t)x.n);
	return value_str((struct str){x.s + from, (size_t)MIN_OF(n, x.n - from)});
}

static struct value replaced(struct oracle *o, struct value x, struct value y, struct value z)
{
	char *p = must(arena_alloc(o->a, x.n * (z.n + 1) + 1));
	uint32_t n = 0;

	for (uint32_t i = 0; i < x.n;) {
		if (y.n > 0 && i + y.n <= x.n && memcmp(x.s + i, y.s, y.n) == 0) {
			memcpy(p + n, z.s, z.n);
			n += z.n;
			i += y.n;
		} else {
			p[n++] = x.s[i++];
		}
	}
	return value_str((struct str){p, n});
}

/* A function of texts and small numbers none of which is null. */
static struct value text_function(struct oracle *o, uint8_t kind, const struct value *v)
{
	if (v[0].kind != V_STRING)
		return fail(o, "22G03");
	switch (kind) {
	case T_CHARS:
		return value_int(v[0].n);
	case T_LEFT:
		return part(v[0], 0, (uint64_t)v[1].i);
	case T_RIGHT:
		return part(v[0], v[0].n - MIN_OF((uint64_t)v[1].i, (uint64_t)v[0].n), UINT32_MAX);
	case T_SUBSTRING:
		return part(v[0], (uint64_t)v[1].i, (uint64_t)v[2].i);
	case T_REPLACE:
		return replaced(o, v[0], v[1], v[2]);
	case T_JOIN:
		return joined(o, v[0], v[1]);
	default:
		return respelled(o, kind, v[0]);
	}
}

static struct value number_function(struct oracle *o, uint8_t kind, struct value x, struct value y)
{
	if (!is_number(x))
		return fail(o, "22G03");
	if (kind == T_MOD && x.kind == V_FLOAT)
		return value_float(fmod(x.f, number(y)));
	if (kind == T_MOD)
		return value_int(x.i % y.i);
	if (kind == T_SIGN)
		return value_int((number(x) > 0) - (number(x) < 0));
	return x.kind == V_FLOAT ? value_float(fabs(x.f)) : value_int(x.i < 0 ? -x.i : x.i);
}

static struct value element_at(uint8_t kind, struct value list, struct value at)
{
	int64_t i = kind == T_HEAD ? 0 : kind == T_LAST ? (int64_t)list.n - 1 : at.i;

	return i >= 0 && i < list.n ? list.list[i] : VALUE_NULL;
}

/* Null when an argument is. */
static struct value function(struct oracle *o, uint8_t kind, const struct value *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (value_is_null(v[i]))
			return VALUE_NULL;
	switch (kind) {
	case T_HEAD:
	case T_LAST:
	case T_AT:
		return element_at(kind, v[0], n > 1 ? v[1] : VALUE_NULL);
	case T_ABS:
	case T_SIGN:
	case T_MOD:
		return number_function(o, kind, v[0], n > 1 ? v[1] : VALUE_NULL);
	default:
		return text_function(o, kind, v);
	}
}

/* ---- elements ---------------------------------------------------------------------------------
 */

/* A variable that is bound later, in a statement that was made smaller: no business of ours. */
static struct value variable(struct oracle *o, const struct row *r, uint32_t var)
{
	if (r->v[var].kind != UNBOUND)
		return r->v[var];
	o->too_large = true;
	return VALUE_NULL;
}

/* A deleted element keeps its properties until the statement ends. Nobody says what a condition on
 * its labels or its type gives. */
static void ask_living(struct oracle *o, struct value x)
{
	if ((x.kind == V_NODE && o->g->nodes[x.id].dead) ||
	    (x.kind == V_EDGE && o->g->edges[x.id].dead))
		o->too_large = true;
}

static struct value prop(const struct oracle *o, struct value x, uint8_t key)
{
	if (x.kind == V_NODE)
		return o->g->nodes[x.id].props[key];
	if (x.kind == V_EDGE)
		return o->g->edges[x.id].props[key];
	return VALUE_NULL;
}

static struct value labeled(struct oracle *o, struct value x, uint8_t label)
{
	ask_living(o, x);
	return value_is_null(x) ? x : truth((o->g->nodes[x.id].labels >> label & 1) != 0);
}

static struct value type_of(struct oracle *o, struct value x)
{
	ask_living(o, x);
	return value_is_null(x) ? x : value_str(str_of(type_names[o->g->edges[x.id].type]));
}

static struct value length_of(struct value x)
{
	if (value_is_null(x))
		return x;
	return value_int(x.kind == V_PATH ? x.path->n_edges : x.n);
}

/* ---- aggregates -------------------------------------------------------------------------------
 */

bool term_aggregates(const struct term *t)
{
	if (t->kind >= T_COUNT_STAR)
		return true;
	for (uint32_t i = 0; i < t->n_args; i++)
		if (term_aggregates(t->args[i]))
			return true;
	return false;
}

/* The arguments that are not null, once each if they must differ. */
static struct value *arguments(struct oracle *o, const struct term *t, const struct group *g,
			       uint32_t *ret_n)
{
	struct value *v = must(ARENA_ARRAY(o->a, struct value, g->n + 1));
	const char **texts = must(ARENA_ARRAY(o->a, const char *, g->n + 1));
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		struct value x = term_value(o, t->args[0], &g->rows->v[g->members[i]], NULL);
		bool again = value_is_null(x);
		if (t->distinct && !again) {
			texts[n] = cell_text(o->a, x, false);
			for (uint32_t k = 0; k < n && !again; k++)
				again = strcmp(texts[k], texts[n]) == 0;
		}
		if (!again)
			v[n++] = x;
	}
	*ret_n = n;
	return v;
}

/* INTs are added without bounds: only what comes out must fit. */
static struct value sum_of(struct oracle *o, const struct value *v, uint32_t n)
{
	struct value floats = value_float(0);
	bool any_float = false;
	__int128 whole = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!is_number(v[i]))
			return fail(o, "22G03");
		any_float = any_float || v[i].kind == V_FLOAT;
		whole += v[i].kind == V_INT ? v[i].i : 0;
		floats.f += number(v[i]);
	}
	if (any_float)
		return floats;
	if (whole < INT64_MIN || whole > INT64_MAX)
		return fail(o, "22003");
	return value_int((int64_t)whole);
}

static struct value aggregate(struct oracle *o, const struct term *t, const struct group *g)
{
	struct value best = VALUE_NULL, sum = value_float(0);
	uint32_t n;

	if (t->kind == T_COUNT_STAR)
		return value_int(g->n);
	struct value *v = arguments(o, t, g, &n);
	switch ((enum term_kind)t->kind) {
	case T_COUNT:
		return value_int(n);
	case T_COLLECT:
		return value_list(v, n);
	case T_SUM:
		return sum_of(o, v, n);
	case T_AVG:
		for (uint32_t i = 0; i < n; i++)
			sum.f += number(v[i]);
		return n == 0 ? VALUE_NULL : value_float(sum.f / n);
	default:
		break;
	}
	for (uint32_t i = 0; i < n; i++) {
		int order = i == 0 ? 0 : order_values(v[i], best);
		if (i == 0 || (t->kind == T_MIN ? order < 0 : order > 0))
			best = v[i];
	}
	return best;
}

/* ---- all --------------------------------------------------------------------------------------
 */

static struct value list_of(struct oracle *o, const struct term *t, const struct row *r,
			    const struct group *g)
{
	struct value *v = must(ARENA_ARRAY(o->a, struct value, t->n_args + 1));

	for (uint32_t i = 0; i < t->n_args; i++)
		v[i] = term_value(o, t->args[i], r, g);
	return value_list(v, t->n_args);
}

static struct value subquery(struct oracle *o, const struct term *t, const struct row *r)
{
	struct rows found = {0};

	match_pattern(o, t->pattern, r, &found);
	return t->kind == T_EXISTS ? truth(found.n > 0) : value_int(found.n);
}

/* What the arguments give. */
static struct value computed(struct oracle *o, const struct term *t, const struct row *r,
			     const struct value *v)
{
	const struct value x = v[0], y = v[1];

	switch ((enum term_kind)t->kind) {
	case T_LITERAL:
	case T_PARAM:
		return t->value;
	case T_VAR:
		return variable(o, r, t->var);
	case T_PROP:
		return prop(o, variable(o, r, t->var), t->key);
	case T_LABELED:
		return labeled(o, variable(o, r, t->var), t->label);
	case T_NOT:
		return not(x);
	case T_AND:
	case T_OR:
	case T_XOR:
		return logic(t->kind, x, y);
	case T_EQ:
		return equal(x, y);
	case T_NE:
		return not(equal(x, y));
	case T_LT:
	case T_LE:
		return less(x, y, t->kind == T_LE);
	case T_GT:
	case T_GE:
		return less(y, x, t->kind == T_GE);
	case T_IS_NULL:
		return truth(value_is_null(x));
	case T_IS_NOT_NULL:
		return truth(!value_is_null(x));
	case T_IN:
		return in_list(x, y);
	case T_STARTS:
	case T_ENDS:
	case T_CONTAINS:
		return text_test(t->kind, x, y);
	case T_ADD:
	case T_SUB:
	case T_MUL:
	case T_DIV:
		return arithmetic(o, t->kind, x, y);
	case T_COALESCE:
		return value_is_null(x) ? y : x;
	case T_SIZE:
	case T_LENGTH:
		return length_of(x);
	case T_NULLIF:
		return values_equal_surely(x, y) ? VALUE_NULL : x;
	case T_TYPE:
		return type_of(o, x);
	case T_EXISTS:
	case T_PATTERN_COUNT:
		return subquery(o, t, r);
	default:
		return function(o, t->kind, v, t->n_args);
	}
}

struct value term_value(struct oracle *o, const struct term *t, const struct row *r,
			const struct group *g)
{
	struct value v[4] = {0};

	if (t->kind >= T_COUNT_STAR)
		return aggregate(o, t, g);
	if (t->kind == T_CASE_OF) {
		bool met = values_equal_surely(term_value(o, t->args[0], r, g),
					       term_value(o, t->args[1], r, g));
		return term_value(o, t->args[met ? 2 : 3], r, g);
	}
	if (t->kind == T_CASE)
		return term_value(o, t->args[is(term_value(o, t->args[0], r, g), true) ? 1 : 2], r,
				  g);
	if (t->kind == T_LIST)
		return list_of(o, t, r, g);
	for (uint32_t i = 0; i < t->n_args; i++)
		v[i] = term_value(o, t->args[i], r, g);
	return computed(o, t, r, v);
}

bool term_holds(struct oracle *o, const struct term *t, const struct row *r)
{
	return t == NULL || is(term_value(o, t, r, NULL), true);
}
