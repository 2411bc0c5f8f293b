/* Queries: clauses in line, joined by UNION and the like, in parts joined by NEXT. */
#include "gql/parse_int.h"

bool parse_yield(struct parser *p, struct ast_item **ret, uint32_t *ret_n)
{
	uint32_t from = p->n_stack;

	do {
		struct ast_item *x = NODE(p, struct ast_item);
		struct ast_expr *e = parse_expr_new(p, AST_VAR, p->t->offset);
		if (x == NULL || e == NULL || !parse_variable(p, &e->name))
			return false;
		x->expr = parse_expr_done(p, e);
		if (accept(p, KW_AS) && !parse_any_name(p, "a name", &x->alias))
			return false;
		if (!parse_push(p, x))
			return false;
	} while (accept(p, ','));
	*ret = parse_pop_array(p, from, sizeof(struct ast_item), ret_n);
	return !failed(p);
}

bool parse_starts_clause(const struct parser *p)
{
	switch (p->t->code) {
	case KW_MATCH:
	case KW_OPTIONAL:
	case KW_FILTER:
	case KW_LET:
	case KW_FOR:
	case KW_UNWIND:
	case KW_WITH:
	case KW_RETURN:
	case KW_FINISH:
	case KW_ORDER:
	case KW_OFFSET:
	case KW_SKIP:
	case KW_LIMIT:
	case KW_CALL:
	case KW_INSERT:
	case KW_CREATE:
	case KW_MERGE:
	case KW_SET:
	case KW_REMOVE:
	case KW_DELETE:
	case KW_DETACH:
	case KW_NODETACH:
	case KW_FOREACH:
	case KW_USE:
	case '{':
		return true;
	default:
		return false;
	}
}

/* The words that may come next, for messages. */
static void expect_clause(struct parser *p)
{
	static const uint16_t words[] = {KW_MATCH,  KW_OPTIONAL, KW_WITH,   KW_RETURN, KW_FILTER,
					 KW_LET,    KW_FOR,	 KW_UNWIND, KW_CALL,   KW_INSERT,
					 KW_CREATE, KW_MERGE,	 KW_SET,    KW_REMOVE, KW_DELETE,
					 KW_DETACH, KW_ORDER,	 KW_LIMIT};

	if (p->trace == NULL)
		return;
	parse_trace_phrase(p, "a clause");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		parse_trace_word(p, words[i]);
}

static bool changes_graph(uint8_t kind)
{
	return kind == AST_INSERT || kind == AST_MERGE || kind == AST_SET || kind == AST_DELETE ||
	       kind == AST_FOREACH;
}

/* Whether a query may stop behind a clause: it gives a result or has an effect. */
static bool ends_query(uint8_t kind)
{
	return changes_graph(kind) || kind == AST_RETURN || kind == AST_CALL_QUERY ||
	       kind == AST_CALL_PROC || kind == AST_NESTED;
}

static const struct ast_linear *linear(struct parser *p)
{
	struct ast_linear *x = NODE(p, struct ast_linear);
	uint32_t from = p->n_stack;
	uint8_t last = AST_RETURN;

	if (x == NULL)
		return NULL;
	x->offset = p->t->offset;
	if (!parse_starts_clause(p)) {
		expect_clause(p);
		return parse_error(p, NULL);
	}
	while (parse_starts_clause(p)) {
		struct ast_clause *c = parse_clause(p);
		if (c == NULL || !parse_push(p, c))
			return NULL;
		last = c->kind;
		if (changes_graph(last))
			p->writes = true;
		if (last == AST_RETURN)
			break;
	}
	x->open_end = !ends_query(last);
	if (last != AST_RETURN)
		expect_clause(p);
	x->clauses = parse_pop_list(p, from, &x->n_clauses);
	x->length = length_since(p, x->offset);
	return failed(p) ? NULL : x;
}

static bool setop(struct parser *p, uint8_t *ret)
{
	uint8_t op = AST_UNION;

	if (accept(p, KW_UNION))
		op = AST_UNION;
	else if (accept(p, KW_EXCEPT))
		op = AST_EXCEPT;
	else if (accept(p, KW_INTERSECT))
		op = AST_INTERSECT;
	else if (accept(p, KW_OTHERWISE))
		op = AST_OTHERWISE;
	else
		return false;
	if (op != AST_OTHERWISE) {
		if (accept(p, KW_ALL))
			op++;
		else
			(void)accept(p, KW_DISTINCT);
	}
	*ret = op;
	return true;
}

#define GQL_BRANCHES_MAX 1024 /* queries joined by UNION and the like */

static struct ast_compose *compose(struct parser *p)
{
	struct ast_compose *x = NODE(p, struct ast_compose);
	uint8_t ops[GQL_BRANCHES_MAX];
	uint32_t from = p->n_stack, n = 0;

	if (x == NULL)
		return NULL;
	for (;;) {
		const struct ast_linear *l = linear(p);
		if (l == NULL || !parse_push(p, (void *)l))
			return NULL;
		const struct token *at = p->t;
		if (!setop(p, &ops[n]))
			break;
		if (++n == GQL_BRANCHES_MAX)
			return parse_fail(p, at->offset,
					  "more than %d queries joined (GQL_BRANCHES_MAX)",
					  GQL_BRANCHES_MAX);
	}
	x->branches = parse_pop_list(p, from, &x->n_branches);
	x->ops = n > 0 ? arena_dup(p->a, ops, n) : NULL;
	if (n > 0 && x->ops == NULL)
		return parse_no_memory(p);
	return failed(p) ? NULL : x;
}

const struct ast_query *parse_query(struct parser *p)
{
	struct ast_query *q = NODE(p, struct ast_query);
	uint32_t from = p->n_stack;
	struct ast_item *yield = NULL;
	uint32_t n_yield = 0;

	if (q == NULL || !parse_enter(p))
		return NULL;
	q->offset = p->t->offset;
	p->writes = false;
	for (;;) {
		struct ast_compose *c = compose(p);
		if (c == NULL || !parse_push(p, c))
			return NULL;
		c->yield = yield;
		c->n_yield = n_yield;
		if (!accept(p, KW_NEXT))
			break;
		yield = NULL;
		n_yield = 0;
		if (accept(p, KW_YIELD) && !parse_yield(p, &yield, &n_yield))
			return NULL;
	}
	q->parts = parse_pop_list(p, from, &q->n_parts);
	q->length = length_since(p, q->offset);
	q->writes = p->writes;
	parse_leave(p);
	return failed(p) ? NULL : q;
}

/* A query of one MATCH. */
const struct ast_query *parse_query_of(struct parser *p, const struct ast_pattern *pattern)
{
	struct ast_query *q = NODE(p, struct ast_query);
	struct ast_compose *c = NODE(p, struct ast_compose);
	struct ast_linear *l = NODE(p, struct ast_linear);
	struct ast_clause *m = parse_clause_new(p, AST_MATCH, pattern->offset);

	if (q == NULL || c == NULL || l == NULL || m == NULL)
		return NULL;
	m->match.pattern = pattern;
	q->offset = l->offset = pattern->offset;
	q->length = l->length = m->length = pattern->length;
	q->pattern_only = true;
	if (!parse_push(p, m))
		return NULL;
	l->clauses = parse_pop_list(p, p->n_stack - 1, &l->n_clauses);
	if (failed(p) || !parse_push(p, l))
		return NULL;
	c->branches = parse_pop_list(p, p->n_stack - 1, &c->n_branches);
	if (failed(p) || !parse_push(p, c))
		return NULL;
	q->parts = parse_pop_list(p, p->n_stack - 1, &q->n_parts);
	return failed(p) ? NULL : q;
}

/* The body of EXISTS, COUNT and the like: a query, or a bare pattern. The opening is taken. */
const struct ast_query *parse_braced_query(struct parser *p, uint16_t close)
{
	const struct ast_query *q = NULL;

	if (parse_starts_clause(p)) {
		q = parse_query(p);
	} else {
		const struct ast_pattern *pattern = parse_graph_pattern(p);
		if (pattern != NULL)
			q = parse_query_of(p, pattern);
	}
	return q != NULL && parse_expect(p, close) ? q : NULL;
}
