/* A tree as the text of a statement, in a mixture of GQL's and Cypher's spelling. */
#include <string.h>

#include "tests/differential/tree.h"

struct printer {
	struct buf *b;
	const struct statement *s;
	struct rng spelling;
	bool other_literals;
};

static void print_pattern(struct printer *p, const struct pattern *pt, bool test);
static void print_term(struct printer *p, const struct term *t);

void value_print(struct buf *b, struct value v)
{
	switch ((enum value_kind)v.kind) {
	case V_BOOL:
		buf_puts(b, v.b ? "true" : "false");
		return;
	case V_INT:
		buf_printf(b, "%lld", (long long)v.i);
		return;
	case V_FLOAT:
		buf_printf(b, "%.1f", v.f);
		return;
	case V_STRING:
		buf_printf(b, "'" STR_FMT "'", (int)v.n, v.s);
		return;
	default:
		buf_puts(b, "null");
	}
}

static bool either(struct printer *p)
{
	return rng_percent(&p->spelling, 50);
}

static const char *var(const struct printer *p, uint32_t v)
{
	return v == NO_VAR ? "" : p->s->vars[v].text;
}

/* ---- terms ------------------------------------------------------------------------------------
 */

/* Another literal of the same kind of token. */
static struct value other_value(struct value v)
{
	switch ((enum value_kind)v.kind) {
	case V_INT:
		return value_int(v.i < 0 || v.i == INT64_MAX ? v.i : v.i + 7);
	case V_FLOAT:
		return value_float(v.f < 0 ? v.f : v.f + 2);
	case V_STRING:
		return value_str(STR("zz"));
	default:
		return v;
	}
}

static void print_args(struct printer *p, const struct term *t)
{
	for (uint32_t i = 0; i < t->n_args; i++) {
		buf_puts(p->b, i > 0 ? ", " : "");
		print_term(p, t->args[i]);
	}
}

static void print_call(struct printer *p, const char *name, const struct term *t)
{
	buf_printf(p->b, "%s(%s", name, t->distinct ? "DISTINCT " : "");
	print_args(p, t);
	buf_puts(p->b, ")");
}

static void print_infix(struct printer *p, const char *op, const struct term *t)
{
	buf_puts(p->b, "(");
	print_term(p, t->args[0]);
	buf_printf(p->b, " %s ", op);
	print_term(p, t->args[1]);
	buf_puts(p->b, ")");
}

static const char *infix(uint8_t kind)
{
	static const char *const ops[] = {
	    [T_AND] = "AND",
	    [T_OR] = "OR",
	    [T_XOR] = "XOR",
	    [T_EQ] = "=",
	    [T_NE] = "<>",
	    [T_LT] = "<",
	    [T_LE] = "<=",
	    [T_GT] = ">",
	    [T_GE] = ">=",
	    [T_IN] = "IN",
	    [T_STARTS] = "STARTS WITH",
	    [T_ENDS] = "ENDS WITH",
	    [T_ADD] = "+",
	    [T_SUB] = "-",
	    [T_MUL] = "*",
	    [T_DIV] = "/",
	    [T_MOD] = "%",
	    [T_JOIN] = "||",
	    [T_CONTAINS] = "CONTAINS",
	};

	return kind < sizeof(ops) / sizeof(ops[0]) ? ops[kind] : NULL;
}

static const char *call_name(struct printer *p, uint8_t kind)
{
	switch ((enum term_kind)kind) {
	case T_COALESCE:
		return "coalesce";
	case T_NULLIF:
		return "nullif";
	case T_CHARS:
		return either(p) ? "char_length" : "size";
	case T_LOWER:
		return either(p) ? "lower" : "toLower";
	case T_REVERSE:
		return "reverse";
	case T_LEFT:
		return "left";
	case T_RIGHT:
		return "right";
	case T_SUBSTRING:
		return "substring";
	case T_REPLACE:
		return "replace";
	case T_ABS:
		return "abs";
	case T_SIGN:
		return "sign";
	case T_HEAD:
		return "head";
	case T_LAST:
		return "last";
	case T_SIZE:
		return either(p) ? "size" : "cardinality";
	case T_UPPER:
		return either(p) ? "upper" : "toUpper";
	case T_TYPE:
		return "type";
	case T_LENGTH:
		return either(p) ? "length" : "path_length";
	case T_COUNT:
		return "count";
	case T_SUM:
		return "sum";
	case T_MIN:
		return "min";
	case T_MAX:
		return "max";
	case T_AVG:
		return "avg";
	case T_COLLECT:
		return either(p) ? "collect" : "collect_list";
	default:
		return NULL;
	}
}

static void print_subquery(struct printer *p, const struct term *t)
{
	if (t->bare) {
		print_pattern(p, t->pattern, true);
		return;
	}
	buf_puts(p->b, t->kind == T_EXISTS ? "EXISTS { " : "COUNT { ");
	if (either(p))
		buf_puts(p->b, "MATCH ");
	print_pattern(p, t->pattern, false);
	buf_puts(p->b, " }");
}

static void print_case(struct printer *p, const struct term *t)
{
	bool simple = t->kind == T_CASE_OF;

	buf_puts(p->b, "CASE ");
	if (simple)
		print_term(p, t->args[0]);
	buf_puts(p->b, simple ? " WHEN " : "WHEN ");
	print_term(p, t->args[simple]);
	buf_puts(p->b, " THEN ");
	print_term(p, t->args[1 + simple]);
	buf_puts(p->b, " ELSE ");
	print_term(p, t->args[2 + simple]);
	buf_puts(p->b, " END");
}

static void print_term(struct printer *p, const struct term *t)
{
	struct buf *b = p->b;

	if (infix(t->kind) != NULL) {
		print_infix(p, infix(t->kind), t);
		return;
	}
	switch ((enum term_kind)t->kind) {
	case T_LITERAL:
		value_print(b, p->other_literals ? other_value(t->value) : t->value);
		return;
	case T_PARAM:
		buf_printf(b, "$p%u", t->index);
		return;
	case T_VAR:
		buf_puts(b, var(p, t->var));
		return;
	case T_UNKNOWN:
		buf_puts(b, "nowhere");
		return;
	case T_PROP:
		buf_printf(b, "%s.%s", var(p, t->var), key_names[t->key]);
		return;
	case T_LABELED:
		buf_printf(b, either(p) ? "%s:%s" : "%s IS LABELED %s", var(p, t->var),
			   label_names[t->label]);
		return;
	case T_LIST:
		buf_puts(b, "[");
		print_args(p, t);
		buf_puts(b, "]");
		return;
	case T_NOT:
		buf_puts(b, "(NOT ");
		print_term(p, t->args[0]);
		buf_puts(b, ")");
		return;
	case T_IS_NULL:
	case T_IS_NOT_NULL:
		buf_puts(b, "(");
		print_term(p, t->args[0]);
		buf_puts(b, t->kind == T_IS_NULL ? " IS NULL)" : " IS NOT NULL)");
		return;
	case T_AT:
		print_term(p, t->args[0]);
		buf_puts(b, "[");
		print_term(p, t->args[1]);
		buf_puts(b, "]");
		return;
	case T_CASE:
	case T_CASE_OF:
		print_case(p, t);
		return;
	case T_EXISTS:
	case T_PATTERN_COUNT:
		print_subquery(p, t);
		return;
	case T_COUNT_STAR:
		buf_puts(b, "count(*)");
		return;
	default:
		print_call(p, call_name(p, t->kind), t);
	}
}

/* ---- patterns ---------------------------------------------------------------------------------
 */

static void print_props(struct printer *p, uint32_t n, const struct prop_test *props)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_printf(p->b, "%s%s: ", i > 0 ? ", " : " {", key_names[props[i].key]);
		print_term(p, props[i].value);
	}
	buf_puts(p->b, n > 0 ? "}" : "");
}

static void print_where(struct printer *p, const struct term *where)
{
	if (where == NULL)
		return;
	buf_puts(p->b, " WHERE ");
	print_term(p, where);
}

static void print_labels(struct printer *p, const struct node_pat *n)
{
	const char *l = label_names[n->label], *m = label_names[n->label2];

	switch ((enum label_test)n->test) {
	case LABEL_FREE:
		return;
	case LABEL_ONE:
		buf_printf(p->b, ":%s", l);
		return;
	case LABEL_BOTH:
		buf_printf(p->b, either(p) ? ":%s&%s" : ":%s:%s", l, m);
		return;
	case LABEL_EITHER:
		buf_printf(p->b, ":%s|%s", l, m);
		return;
	case LABEL_NOT:
		buf_printf(p->b, ":!%s", l);
		return;
	case LABEL_SOME:
		buf_puts(p->b, ":%");
		return;
	}
}

static void print_node(struct printer *p, const struct node_pat *n)
{
	buf_printf(p->b, "(%s", var(p, n->var));
	print_labels(p, n);
	print_props(p, n->n_props, n->props);
	print_where(p, n->where);
	buf_puts(p->b, ")");
}

static void print_types(struct printer *p, const struct edge_pat *e)
{
	const char *sep = e->not_types ? ":!" : ":";

	for (uint32_t i = 0; i < N_TYPES; i++) {
		if ((e->types >> i & 1) == 0)
			continue;
		buf_printf(p->b, "%s%s", sep, type_names[i]);
		sep = "|";
	}
}

static void print_quantifier(struct printer *p, const struct edge_pat *e)
{
	struct buf *b = p->b;

	if (e->max == UNBOUNDED && e->min <= 1 && either(p))
		buf_puts(b, e->min == 0 ? "*" : "+");
	else if (e->max == UNBOUNDED)
		buf_printf(b, "{%u,}", e->min);
	else if (e->min == e->max && either(p))
		buf_printf(b, "{%u}", e->min);
	else if (e->min == 0 && either(p))
		buf_printf(b, "{,%u}", e->max);
	else
		buf_printf(b, "{%u,%u}", e->min, e->max);
}

static void print_star(struct printer *p, const struct edge_pat *e)
{
	struct buf *b = p->b;

	if (e->max == UNBOUNDED && e->min == 1 && either(p))
		buf_puts(b, "*");
	else if (e->max == UNBOUNDED)
		buf_printf(b, "*%u..", e->min);
	else if (e->min == e->max && either(p))
		buf_printf(b, "*%u", e->min);
	else if (e->min == 1 && either(p))
		buf_printf(b, "*..%u", e->max);
	else
		buf_printf(b, "*%u..%u", e->min, e->max);
}

static void print_edge(struct printer *p, const struct edge_pat *e, bool star)
{
	struct buf *b = p->b;
	bool bare = e->var == NO_VAR && e->each == NO_VAR && e->types == 0 && e->n_props == 0 &&
		    e->where == NULL && !e->quantified;

	if (bare && either(p)) {
		static const char *const shorts[] = {"-->", "<--", "--"};
		buf_puts(b, shorts[e->dir]);
		return;
	}
	buf_printf(b, "%s[%s", e->dir == GO_IN ? "<-" : "-",
		   var(p, e->var != NO_VAR ? e->var : e->each));
	print_types(p, e);
	if (e->quantified && star)
		print_star(p, e);
	print_props(p, e->n_props, e->props);
	print_where(p, e->where);
	buf_printf(b, "%s", e->dir == GO_OUT ? "]->" : "]-");
	if (e->quantified && !star)
		print_quantifier(p, e);
}

static void print_path(struct printer *p, const struct path_pat *path)
{
	static const char *const walks[] = {"", "TRAIL ", "ACYCLIC ", "SIMPLE "};
	bool function = path->search != SEARCH_NONE && path->walk == WALK_DEFAULT &&
			path->edges[0].min == 1 && either(p);

	if (path->var != NO_VAR)
		buf_printf(p->b, "%s = ", var(p, path->var));
	if (function)
		buf_puts(p->b, path->search == SEARCH_ANY_SHORTEST ? "shortestPath("
								   : "allShortestPaths(");
	else if (path->search != SEARCH_NONE)
		buf_puts(p->b,
			 path->search == SEARCH_ANY_SHORTEST ? "ANY SHORTEST " : "ALL SHORTEST ");
	buf_puts(p->b, walks[path->walk]);
	print_node(p, &path->nodes[0]);
	for (uint32_t i = 0; i < path->n_hops; i++) {
		print_edge(p, &path->edges[i], function || either(p));
		print_node(p, &path->nodes[i + 1]);
	}
	buf_puts(p->b, function ? ")" : "");
}

static void print_pattern(struct printer *p, const struct pattern *pt, bool test)
{
	if (pt->repeatable)
		buf_puts(p->b, "REPEATABLE ELEMENTS ");
	else if (!test && rng_percent(&p->spelling, 5))
		buf_puts(p->b, "DIFFERENT EDGES ");
	for (uint32_t i = 0; i < pt->n_paths; i++) {
		buf_puts(p->b, i > 0 ? ", " : "");
		print_path(p, &pt->paths[i]);
	}
	print_where(p, pt->where);
}

/* ---- what is written --------------------------------------------------------------------------
 */

static void print_new_node(struct printer *p, const struct new_node *n)
{
	buf_printf(p->b, "(%s", var(p, n->var));
	for (uint32_t l = 0, k = 0; l < N_LABELS && !n->bound; l++)
		if ((n->labels >> l & 1) != 0)
			buf_printf(p->b, "%s%s", k++ > 0 ? "&" : ":", label_names[l]);
	print_props(p, n->n_props, n->props);
	buf_puts(p->b, ")");
}

static void print_new_path(struct printer *p, const struct new_path *path)
{
	print_new_node(p, &path->nodes[0]);
	for (uint32_t i = 0; i < path->n_hops; i++) {
		const struct new_edge *e = &path->edges[i];
		buf_printf(p->b, "%s[%s:%s", e->back ? "<-" : "-", var(p, e->var),
			   type_names[e->type]);
		print_props(p, e->n_props, e->props);
		buf_puts(p->b, e->back ? "]-" : "]->");
		print_new_node(p, &path->nodes[i + 1]);
	}
}

/* The properties of a change as a record. */
static void print_record(struct printer *p, const struct change *c)
{
	buf_puts(p->b, "{");
	for (uint32_t i = 0; i < c->n_props; i++) {
		buf_printf(p->b, "%s%s: ", i > 0 ? ", " : "", key_names[c->props[i].key]);
		print_term(p, c->props[i].value);
	}
	buf_puts(p->b, "}");
}

static void print_change(struct printer *p, const struct change *c)
{
	const char *v = var(p, c->var);

	switch ((enum change_kind)c->kind) {
	case W_SET:
		buf_printf(p->b, "%s.%s = ", v, key_names[c->key]);
		print_term(p, c->value);
		return;
	case W_REPLACE:
	case W_ADD:
		buf_printf(p->b, "%s %s ", v, c->kind == W_ADD ? "+=" : "=");
		print_record(p, c);
		return;
	case W_COPY:
		buf_printf(p->b, "%s = %s", v, var(p, c->from));
		return;
	case W_UNSET:
		buf_printf(p->b, "%s.%s", v, key_names[c->key]);
		return;
	default:
		buf_printf(p->b, either(p) ? "%s:%s" : "%s IS %s", v, label_names[c->label]);
	}
}

/* Of one word: SET or REMOVE. */
static void print_changes(struct printer *p, uint32_t n, const struct change *changes)
{
	bool removes = changes[0].kind == W_UNSET || changes[0].kind == W_UNLABEL;

	for (uint32_t i = 0; i < n; i++) {
		buf_puts(p->b, i > 0 ? ", " : removes ? "REMOVE " : "SET ");
		print_change(p, &changes[i]);
	}
}

static void print_write(struct printer *p, const struct clause *c)
{
	const struct write *w = c->write;

	switch ((enum clause_kind)c->kind) {
	case C_INSERT:
		buf_puts(p->b, either(p) ? "INSERT " : "CREATE ");
		print_new_path(p, &w->path);
		return;
	case C_SET:
		print_changes(p, w->n_changes, w->changes);
		return;
	case C_DELETE:
		buf_puts(p->b, w->detach ? "DETACH DELETE " : "DELETE ");
		for (uint32_t i = 0; i < w->n_targets; i++)
			buf_printf(p->b, "%s%s", i > 0 ? ", " : "", var(p, w->targets[i]));
		return;
	default:
		buf_puts(p->b, "MERGE ");
		print_new_path(p, &w->path);
		buf_puts(p->b, w->n_changes > 0 ? " ON CREATE " : "");
		print_changes(p, w->n_changes, w->changes);
		buf_puts(p->b, w->n_on_match > 0 ? " ON MATCH " : "");
		print_changes(p, w->n_on_match, w->on_match);
	}
}

/* ---- clauses ----------------------------------------------------------------------------------
 */

static void print_sorts(struct printer *p, const struct projection *pr)
{
	for (uint32_t i = 0; i < pr->n_sorts; i++) {
		const struct sort *s = &pr->sorts[i];
		buf_puts(p->b, i > 0 ? ", " : " ORDER BY ");
		if (s->i_item != UINT32_MAX && pr->items[s->i_item].named)
			buf_puts(p->b, var(p, pr->items[s->i_item].var));
		else
			print_term(p, s->term);
		buf_puts(p->b, s->descending ? (either(p) ? " DESC" : " DESCENDING") : "");
		if (s->has_nulls)
			buf_puts(p->b, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
}

static void print_projection(struct printer *p, const struct projection *pr)
{
	struct buf *b = p->b;
	bool first = true;

	buf_puts(b, pr->distinct ? "DISTINCT " : "");
	for (uint32_t i = 0; i < pr->n_items; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		print_term(p, pr->items[i].term);
		if (pr->items[i].named)
			buf_printf(b, " AS %s", var(p, pr->items[i].var));
	}
	for (uint32_t i = 0; i < pr->n_items && pr->write_groups; i++) {
		if (pr->items[i].aggregates)
			continue;
		buf_printf(b, "%s%s", first ? " GROUP BY " : ", ", var(p, pr->items[i].var));
		first = false;
	}
	print_sorts(p, pr);
	if (pr->has_skip)
		buf_printf(b, " %s %u", either(p) ? "SKIP" : "OFFSET", pr->skip);
	if (pr->has_limit)
		buf_printf(b, " LIMIT %u", pr->limit);
	print_where(p, pr->where);
}

static void print_clause(struct printer *p, const struct clause *c, bool in_union)
{
	struct buf *b = p->b;

	switch ((enum clause_kind)c->kind) {
	case C_OPTIONAL:
		buf_puts(b, "OPTIONAL ");
		/* fall through */
	case C_MATCH:
		buf_puts(b, "MATCH ");
		print_pattern(p, c->pattern, false);
		return;
	case C_UNWIND:
		if (either(p)) {
			buf_puts(b, "UNWIND ");
			print_term(p, c->term);
			buf_printf(b, " AS %s", var(p, c->var));
		} else {
			buf_printf(b, "FOR %s IN ", var(p, c->var));
			print_term(p, c->term);
		}
		return;
	case C_LET:
		if (either(p)) {
			buf_puts(b, "WITH *, ");
			print_term(p, c->term);
			buf_printf(b, " AS %s", var(p, c->var));
		} else {
			buf_printf(b, "LET %s = ", var(p, c->var));
			print_term(p, c->term);
		}
		return;
	case C_FILTER:
		buf_puts(b, either(p) ? "WITH * WHERE " : "FILTER ");
		print_term(p, c->term);
		return;
	case C_WITH: {
		bool next = c->project.where == NULL && !in_union && either(p);
		buf_puts(b, next ? "RETURN " : "WITH ");
		print_projection(p, &c->project);
		buf_puts(b, next ? " NEXT" : "");
		return;
	}
	case C_RETURN:
		buf_puts(b, "RETURN ");
		print_projection(p, &c->project);
		return;
	default:
		print_write(p, c);
	}
}

void statement_print(struct buf *b, const struct statement *s, uint64_t spelling,
		     bool other_literals)
{
	struct printer p = {
	    .b = b, .s = s, .spelling = rng_of(spelling, 9, 0), .other_literals = other_literals};

	for (uint32_t i = 0; i < s->n_branches; i++) {
		if (i > 0)
			buf_puts(b, s->union_all ? " UNION ALL " : " UNION ");
		for (uint32_t k = 0; k < s->branches[i].n_clauses; k++) {
			buf_puts(b, k > 0 ? " " : "");
			print_clause(&p, &s->branches[i].clauses[k], s->n_branches > 1);
		}
	}
}
