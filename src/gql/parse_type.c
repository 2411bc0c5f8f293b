/* Value types: CAST(x AS type), x IS TYPED type, x :: type. */
#include "gql/parse_int.h"

static const struct {
	uint16_t keyword;
	uint8_t kind; /* enum value_kind */
	bool is_unsigned;
	uint16_t bits;
} simple_types[] = {
    {KW_BOOL, V_BOOL, false, 0},	{KW_BOOLEAN, V_BOOL, false, 0},
    {KW_STRING, V_STRING, false, 0},	{KW_CHAR, V_STRING, false, 0},
    {KW_VARCHAR, V_STRING, false, 0},	{KW_BYTES, V_BYTES, false, 0},
    {KW_BINARY, V_BYTES, false, 0},	{KW_VARBINARY, V_BYTES, false, 0},
    {KW_INT, V_INT, false, 0},		{KW_INTEGER, V_INT, false, 0},
    {KW_INT8, V_INT, false, 8},		{KW_INTEGER8, V_INT, false, 8},
    {KW_INT16, V_INT, false, 16},	{KW_INTEGER16, V_INT, false, 16},
    {KW_INT32, V_INT, false, 32},	{KW_INTEGER32, V_INT, false, 32},
    {KW_INT64, V_INT, false, 64},	{KW_INTEGER64, V_INT, false, 64},
    {KW_INT128, V_INT, false, 128},	{KW_INTEGER128, V_INT, false, 128},
    {KW_INT256, V_INT, false, 256},	{KW_INTEGER256, V_INT, false, 256},
    {KW_SMALLINT, V_INT, false, 16},	{KW_BIGINT, V_INT, false, 64},
    {KW_UINT, V_INT, true, 0},		{KW_UINT8, V_INT, true, 8},
    {KW_UINT16, V_INT, true, 16},	{KW_UINT32, V_INT, true, 32},
    {KW_UINT64, V_INT, true, 64},	{KW_UINT128, V_INT, true, 128},
    {KW_UINT256, V_INT, true, 256},	{KW_USMALLINT, V_INT, true, 16},
    {KW_UBIGINT, V_INT, true, 64},	{KW_FLOAT, V_FLOAT, false, 0},
    {KW_FLOAT16, V_FLOAT, false, 16},	{KW_FLOAT32, V_FLOAT, false, 32},
    {KW_FLOAT64, V_FLOAT, false, 64},	{KW_FLOAT128, V_FLOAT, false, 128},
    {KW_FLOAT256, V_FLOAT, false, 256}, {KW_REAL, V_FLOAT, false, 32},
    {KW_DOUBLE, V_FLOAT, false, 64},	{KW_DECIMAL, V_DECIMAL, false, 0},
    {KW_DEC, V_DECIMAL, false, 0},	{KW_NUMERIC, V_DECIMAL, false, 0},
    {KW_DATE, V_DATE, false, 0},	{KW_NULL, V_NULL, false, 0},
    {KW_NODE, V_NODE, false, 0},	{KW_VERTEX, V_NODE, false, 0},
    {KW_EDGE, V_EDGE, false, 0},	{KW_RELATIONSHIP, V_EDGE, false, 0},
    {KW_PATH, V_PATH, false, 0},
};

static const struct ast_type *union_type(struct parser *p);

static bool type_size(struct parser *p, uint32_t *ret)
{
	int64_t n = 0;

	if (p->t->kind != TOKEN_INT)
		return parse_error(p, "a length");
	if (token_is_lifted(p->t))
		p->cacheable = false;
	if (token_int(p->text, p->t, false, &n, p->d) != ST_OK || n > UINT32_MAX - 1)
		return parse_fail(p, p->t->offset, "the length of a type is out of range");
	*ret = (uint32_t)n;
	advance(p);
	return true;
}

/* (max), (min, max), (precision, scale) */
static bool type_sizes(struct parser *p, struct ast_type *t)
{
	if (p->t->code != '(' || ahead(p, 1)->kind != TOKEN_INT)
		return true;
	advance(p);
	if (!type_size(p, &t->max))
		return false;
	if (accept(p, ',')) {
		t->min = t->max;
		if (!type_size(p, &t->max))
			return false;
	}
	return parse_expect(p, ')');
}

static bool set_items(struct parser *p, struct ast_type *t, uint32_t from)
{
	t->items = parse_pop_list(p, from, &t->n_items);
	return !failed(p);
}

static bool element_type(struct parser *p, struct ast_type *t)
{
	uint32_t from = p->n_stack;
	const struct ast_type *item = union_type(p);

	return item != NULL && parse_push(p, (void *)item) && set_items(p, t, from);
}

static bool list_size(struct parser *p, struct ast_type *t)
{
	return !accept(p, '[') || (type_size(p, &t->max) && parse_expect(p, ']'));
}

static bool list_type(struct parser *p, struct ast_type *t)
{
	t->value_kind = V_LIST;
	advance(p);
	if (accept(p, '<') && (!element_type(p, t) || !parse_expect(p, '>')))
		return false;
	return list_size(p, t);
}

/* RECORD {a :: INT, b STRING} */
static bool record_type(struct parser *p, struct ast_type *t)
{
	struct ast_name *fields[256];
	uint32_t n = 0, from = p->n_stack;

	t->value_kind = V_MAP;
	(void)accept(p, KW_RECORD);
	if (!accept(p, '{') || accept(p, '}'))
		return !failed(p);
	do {
		if (n == ARRAY_LEN(fields))
			return parse_fail(p, p->t->offset, "more than %zu fields in a record type",
					  ARRAY_LEN(fields));
		struct ast_name *name = fields[n++] = NODE(p, struct ast_name);
		if (name == NULL || !parse_any_name(p, "a field name", name))
			return false;
		if (accept(p, ':') ? !parse_expect(p, ':') : (accept(p, KW_TYPED), false))
			return false;
		const struct ast_type *item = union_type(p);
		if (item == NULL || !parse_push(p, (void *)item))
			return false;
	} while (accept(p, ','));
	if (!set_items(p, t, from) || !parse_expect(p, '}'))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!parse_push(p, fields[i]))
			return false;
	t->fields = parse_pop_array(p, from, sizeof(struct ast_name), &n);
	return !failed(p);
}

/* ANY, ANY VALUE, ANY PROPERTY VALUE, ANY <A | B> */
static bool any_type(struct parser *p, struct ast_type *t)
{
	t->kind = AST_TYPE_ANY;
	advance(p);
	if (accept(p, KW_NODE) || accept(p, KW_VERTEX) || accept(p, KW_EDGE) ||
	    accept(p, KW_RELATIONSHIP)) {
		bool node = p->t[-1].code == KW_NODE || p->t[-1].code == KW_VERTEX;
		t->kind = AST_TYPE_VALUE;
		t->value_kind = node ? V_NODE : V_EDGE;
		return true;
	}
	if (accept(p, KW_RECORD)) {
		t->kind = AST_TYPE_VALUE;
		t->value_kind = V_MAP;
		return true;
	}
	if (accept(p, KW_PROPERTY) && accept(p, KW_GRAPH)) {
		t->kind = AST_TYPE_GRAPH;
		return true;
	}
	if (accept(p, KW_GRAPH)) {
		t->kind = AST_TYPE_GRAPH;
		return true;
	}
	(void)accept(p, KW_VALUE);
	if (!accept(p, '<'))
		return true;
	if (!element_type(p, t) || !parse_expect(p, '>'))
		return false;
	const struct ast_type *inner = t->items[0];
	if (inner->kind == AST_TYPE_ANY && inner->n_items > 0) { /* A | B: its members are ours */
		t->items = inner->items;
		t->n_items = inner->n_items;
	}
	return true;
}

/* [LOCAL|ZONED] TIME|DATETIME|TIMESTAMP [WITH|WITHOUT TIME ZONE] */
static bool time_type(struct parser *p, struct ast_type *t)
{
	bool local = accept(p, KW_LOCAL);

	if (!local)
		(void)accept(p, KW_ZONED);
	bool time = p->t->code == KW_TIME;
	local = local ||
		(p->t->code == KW_TIMESTAMP && p->t[0].length != 0 && peek_at(p, 1) != KW_WITH);
	if (!time && p->t->code != KW_DATETIME && p->t->code != KW_TIMESTAMP)
		return parse_error(p, "a type");
	advance(p);
	if ((p->t->code == KW_WITH || p->t->code == KW_WITHOUT) && peek_at(p, 1) == KW_TIME) {
		local = p->t->code == KW_WITHOUT;
		p->t += 2;
		if (!parse_expect(p, KW_ZONE))
			return false;
	}
	t->value_kind = time ? (local ? V_LOCAL_TIME : V_ZONED_TIME)
			     : (local ? V_LOCAL_DATETIME : V_ZONED_DATETIME);
	return true;
}

/* DURATION [(YEAR TO MONTH | DAY TO SECOND)] */
static bool duration_type(struct parser *p, struct ast_type *t)
{
	t->value_kind = V_DURATION;
	advance(p);
	if (!accept(p, '('))
		return true;
	bool year = accept(p, KW_YEAR);
	return (year || parse_expect(p, KW_DAY)) && parse_expect(p, KW_TO) &&
	       parse_expect(p, year ? KW_MONTH : KW_SECOND) && parse_expect(p, ')');
}

static bool simple_type(struct parser *p, struct ast_type *t)
{
	/* SIGNED INTEGER, UNSIGNED BIG INTEGER: the sizes in words */
	t->is_unsigned = accept(p, KW_UNSIGNED);
	if (!t->is_unsigned)
		(void)accept(p, KW_SIGNED);
	if (accept(p, KW_SMALL))
		t->bits = 16;
	else if (accept(p, KW_BIG))
		t->bits = 64;
	for (size_t i = 0; i < ARRAY_LEN(simple_types); i++) {
		if (simple_types[i].keyword != p->t->code)
			continue;
		t->value_kind = simple_types[i].kind;
		t->is_unsigned = t->is_unsigned || simple_types[i].is_unsigned;
		if (simple_types[i].bits != 0)
			t->bits = simple_types[i].bits;
		advance(p);
		(void)accept(p, KW_PRECISION);
		return type_sizes(p, t);
	}
	return parse_error(p, "a type");
}

static bool type_body(struct parser *p, struct ast_type *t)
{
	switch (p->t->code) {
	case KW_LIST:
	case KW_ARRAY:
		return list_type(p, t);
	case KW_RECORD:
	case '{':
		return record_type(p, t);
	case KW_ANY:
		return any_type(p, t);
	case KW_LOCAL:
	case KW_ZONED:
	case KW_TIME:
	case KW_DATETIME:
	case KW_TIMESTAMP:
		return time_type(p, t);
	case KW_DURATION:
		return duration_type(p, t);
	case KW_NOTHING:
		t->kind = AST_TYPE_NOTHING;
		advance(p);
		return true;
	case KW_PROPERTY:
	case KW_GRAPH:
		t->kind = AST_TYPE_GRAPH;
		return accept(p, KW_PROPERTY) ? parse_expect(p, KW_GRAPH) : accept(p, KW_GRAPH);
	case KW_TABLE:
		t->kind = AST_TYPE_TABLE;
		advance(p);
		return true;
	default:
		return simple_type(p, t);
	}
}

static struct ast_type *type_new(struct parser *p, uint32_t offset)
{
	struct ast_type *t = NODE(p, struct ast_type);

	if (t != NULL) {
		t->offset = offset;
		t->min = t->max = AST_UNBOUNDED;
	}
	return t;
}

/* type [NOT NULL] [LIST [NOT NULL]].. */
static const struct ast_type *postfix_type(struct parser *p)
{
	uint32_t from = p->n_stack;
	struct ast_type *t = type_new(p, p->t->offset);

	if (t == NULL || !type_body(p, t))
		return NULL;
	for (;;) {
		if (p->t->code == KW_NOT && peek_at(p, 1) == KW_NULL) {
			p->t += 2;
			t->not_null = true;
		}
		t->length = length_since(p, t->offset);
		if (!accept(p, KW_LIST) && !accept(p, KW_ARRAY))
			return t;
		struct ast_type *outer = type_new(p, t->offset);
		if (outer == NULL || !parse_push(p, t))
			return NULL;
		outer->value_kind = V_LIST;
		if (!set_items(p, outer, from) || !list_size(p, outer))
			return NULL;
		t = outer;
	}
}

/* A | B */
static const struct ast_type *union_type(struct parser *p)
{
	uint32_t from = p->n_stack;

	if (!parse_enter(p))
		return NULL;
	const struct ast_type *first = postfix_type(p);
	if (first == NULL || p->t->code != '|' || p->no_bar != 0) {
		parse_leave(p);
		return first;
	}
	struct ast_type *t = type_new(p, first->offset);
	if (t == NULL || !parse_push(p, (void *)first))
		return NULL;
	t->kind = AST_TYPE_ANY;
	while (accept(p, '|')) {
		const struct ast_type *next = postfix_type(p);
		if (next == NULL || !parse_push(p, (void *)next))
			return NULL;
	}
	parse_leave(p);
	return set_items(p, t, from) ? t : NULL;
}

const struct ast_type *parse_type(struct parser *p)
{
	return union_type(p);
}
