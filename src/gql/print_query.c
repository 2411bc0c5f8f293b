/* Patterns, clauses and queries as text. */
#include "gql/print_int.h"

static void print_clauses(struct buf *b, const struct ast_clause *const *v, uint32_t n);

/* ---- patterns -------------------------------------------------------------------------------- */

static void print_quantifier(struct buf *b, const struct ast_part *x)
{
	buf_puts(b, x->optional ? "?" : "");
	if (!x->quantified || x->in_brackets)
		return;
	if (x->max == AST_UNBOUNDED)
		buf_printf(b, "{%u,}", x->min);
	else
		buf_printf(b, "{%u,%u}", x->min, x->max);
}

static void print_filler(struct buf *b, const struct ast_part *x)
{
	if (ast_has_name(&x->var))
		print_name(b, x->var.text);
	if (x->label != NULL) {
		buf_putc(b, ':');
		gql_print_label(b, x->label);
	}
	if (x->in_brackets) {
		buf_printf(b, "*%u..", x->min);
		if (x->max != AST_UNBOUNDED)
			buf_printf(b, "%u", x->max);
	}
	if (x->props != NULL) {
		buf_putc(b, ' ');
		gql_print_expr(b, x->props);
	}
	if (x->where != NULL) {
		buf_puts(b, " WHERE ");
		gql_print_expr(b, x->where);
	}
}

static const char *mode_word(uint8_t mode)
{
	static const char *const words[] = {"", "WALK ", "TRAIL ", "SIMPLE ", "ACYCLIC "};

	return words[mode];
}

static void print_alternatives(struct buf *b, const struct ast_path *path);

static void print_part(struct buf *b, const struct ast_part *x)
{
	static const char *const open[] = {"-[", "<-[", "-[", "<-[", "~[", "<~[", "~["};
	static const char *const close[] = {"]->", "]-", "]-", "]->", "]~", "]~", "]~>"};

	switch ((enum ast_part_kind)x->kind) {
	case AST_NODE:
		buf_putc(b, '(');
		print_filler(b, x);
		buf_putc(b, ')');
		return;
	case AST_EDGE:
		buf_puts(b, open[x->dir]);
		print_filler(b, x);
		buf_puts(b, close[x->dir]);
		break;
	case AST_GROUP:
		buf_putc(b, '(');
		if (ast_has_name(&x->group->var)) {
			print_name(b, x->group->var.text);
			buf_puts(b, " = ");
		}
		buf_puts(b, mode_word(x->group->prefix.mode));
		print_alternatives(b, x->group);
		if (x->where != NULL) {
			buf_puts(b, " WHERE ");
			gql_print_expr(b, x->where);
		}
		buf_putc(b, ')');
		break;
	}
	print_quantifier(b, x);
}

static void print_alternatives(struct buf *b, const struct ast_path *path)
{
	for (uint32_t i = 0; i < path->n_terms; i++) {
		buf_puts(b, i == 0 ? "" : path->multiset ? " |+| " : " | ");
		for (uint32_t j = 0; j < path->terms[i]->n_parts; j++)
			print_part(b, path->terms[i]->parts[j]);
	}
}

static void print_prefix(struct buf *b, const struct ast_prefix *x)
{
	switch ((enum ast_search)x->search) {
	case AST_SEARCH_ALL:
		break;
	case AST_SEARCH_ANY:
		buf_printf(b, "ANY %u ", x->k);
		break;
	case AST_SEARCH_ALL_SHORTEST:
		buf_puts(b, "ALL SHORTEST ");
		break;
	case AST_SEARCH_SHORTEST:
	case AST_SEARCH_SHORTEST_GROUPS:
		buf_printf(b, "SHORTEST %u ", x->k);
		break;
	}
	buf_puts(b, mode_word(x->mode));
	buf_puts(b, x->search == AST_SEARCH_SHORTEST_GROUPS ? "GROUPS " : "");
}

void print_path(struct buf *b, const struct ast_path *path)
{
	if (ast_has_name(&path->var)) {
		print_name(b, path->var.text);
		buf_puts(b, " = ");
	}
	if (path->prefix.function) {
		bool all = path->prefix.search == AST_SEARCH_ALL_SHORTEST;
		buf_puts(b, all ? "allShortestPaths(" : "shortestPath(");
		print_alternatives(b, path);
		buf_putc(b, ')');
		return;
	}
	print_prefix(b, &path->prefix);
	print_alternatives(b, path);
}

void print_pattern(struct buf *b, const struct ast_pattern *x)
{
	buf_puts(b, x->mode == AST_MATCH_REPEATABLE	   ? "REPEATABLE ELEMENTS "
		    : x->mode == AST_MATCH_DIFFERENT_EDGES ? "DIFFERENT EDGES "
							   : "");
	for (uint32_t i = 0; i < x->n_paths; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		print_path(b, x->paths[i]);
	}
	if (x->has_keep) {
		buf_puts(b, " KEEP ");
		print_prefix(b, &x->keep);
	}
	if (x->where != NULL) {
		buf_puts(b, " WHERE ");
		gql_print_expr(b, x->where);
	}
	if (x->n_yield > 0) {
		buf_puts(b, " YIELD ");
		print_names(b, x->yield, x->n_yield, ", ");
	}
}

/* ---- projections ----------------------------------------------------------------------------- */

static void print_items(struct buf *b, const struct ast_item *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		gql_print_expr(b, v[i].expr);
		if (ast_has_name(&v[i].alias)) {
			buf_puts(b, " AS ");
			print_name(b, v[i].alias.text);
		}
	}
}

static void print_exprs(struct buf *b, const struct ast_expr *const *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		gql_print_expr(b, v[i]);
	}
}

static void print_page(struct buf *b, const struct ast_page *x)
{
	static const char *const nulls[] = {"", " NULLS FIRST", " NULLS LAST"};

	for (uint32_t i = 0; i < x->n_sorts; i++) {
		buf_puts(b, i > 0 ? ", " : " ORDER BY ");
		gql_print_expr(b, x->sorts[i].expr);
		buf_puts(b, x->sorts[i].descending ? " DESC" : "");
		buf_puts(b, nulls[x->sorts[i].nulls]);
	}
	if (x->offset != NULL) {
		buf_puts(b, " OFFSET ");
		gql_print_expr(b, x->offset);
	}
	if (x->limit != NULL) {
		buf_puts(b, " LIMIT ");
		gql_print_expr(b, x->limit);
	}
}

static void print_projection(struct buf *b, const struct ast_clause *c)
{
	if (c->project.n_items == 0 && !c->project.star) {
		buf_puts(b, "FINISH");
		return;
	}
	buf_puts(b, c->kind == AST_WITH ? "WITH " : "RETURN ");
	buf_puts(b, c->project.distinct ? "DISTINCT " : "");
	buf_puts(b, c->project.star ? "*" : "");
	buf_puts(b, c->project.star && c->project.n_items > 0 ? ", " : "");
	print_items(b, c->project.items, c->project.n_items);
	if (c->project.has_group_by) {
		buf_puts(b, " GROUP BY ");
		print_exprs(b, c->project.groups, c->project.n_groups);
		buf_puts(b, c->project.n_groups == 0 ? "()" : "");
	}
	print_page(b, &c->project.page);
	if (c->project.where != NULL) {
		buf_puts(b, " WHERE ");
		gql_print_expr(b, c->project.where);
	}
}

static void print_call(struct buf *b, const struct ast_clause *c)
{
	buf_puts(b, c->call.optional ? "OPTIONAL CALL " : "CALL ");
	if (c->kind == AST_CALL_QUERY) {
		if (c->call.has_scope) {
			buf_putc(b, '(');
			buf_puts(b, c->call.scope_star ? "*" : "");
			print_names(b, c->call.scope, c->call.n_scope, ", ");
			buf_puts(b, ") ");
		}
		buf_putc(b, '{');
		print_query(b, c->call.query);
		buf_putc(b, '}');
		return;
	}
	print_name(b, c->call.name.text);
	if (c->call.has_args) {
		buf_putc(b, '(');
		print_exprs(b, c->call.args, c->call.n_args);
		buf_putc(b, ')');
	}
	if (c->call.yield_star || c->call.n_yield > 0) {
		buf_puts(b, c->call.yield_star ? " YIELD *" : " YIELD ");
		print_items(b, c->call.yield, c->call.n_yield);
	}
	if (c->call.where != NULL) {
		buf_puts(b, " WHERE ");
		gql_print_expr(b, c->call.where);
	}
}

/* ---- writing clauses ------------------------------------------------------------------------- */

static bool is_remove(const struct ast_set *x)
{
	return x->kind == AST_REMOVE_PROP || x->kind == AST_REMOVE_LABEL;
}

static void print_target(struct buf *b, const struct ast_expr *e)
{
	bool parens = e->kind != AST_VAR && e->kind != AST_PROP && e->kind != AST_INDEX;

	buf_puts(b, parens ? "(" : "");
	gql_print_expr(b, e);
	buf_puts(b, parens ? ")" : "");
}

static void print_sets(struct buf *b, const struct ast_set *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct ast_set *x = &v[i];
		buf_puts(b, i > 0 ? ", " : "");
		print_target(b, x->target);
		if (x->n_labels > 0) {
			buf_putc(b, ':');
			print_names(b, x->labels, x->n_labels, "&");
		}
		if (x->value != NULL) {
			buf_puts(b, x->kind == AST_SET_MAP_ADD ? " += " : " = ");
			gql_print_expr(b, x->value);
		}
	}
}

static void print_merge(struct buf *b, const struct ast_clause *c)
{
	buf_puts(b, "MERGE ");
	print_path(b, c->merge.path);
	if (c->merge.n_on_create > 0) {
		buf_puts(b, " ON CREATE SET ");
		print_sets(b, c->merge.on_create, c->merge.n_on_create);
	}
	if (c->merge.n_on_match > 0) {
		buf_puts(b, " ON MATCH SET ");
		print_sets(b, c->merge.on_match, c->merge.n_on_match);
	}
}

static void print_write(struct buf *b, const struct ast_clause *c)
{
	switch (c->kind) {
	case AST_INSERT:
		buf_puts(b, "INSERT ");
		print_pattern(b, c->pattern);
		return;
	case AST_MERGE:
		print_merge(b, c);
		return;
	case AST_SET:
		buf_puts(b, is_remove(&c->set.sets[0]) ? "REMOVE " : "SET ");
		print_sets(b, c->set.sets, c->set.n_sets);
		return;
	case AST_DELETE:
		buf_puts(b, c->del.detach ? "DETACH DELETE " : "DELETE ");
		print_exprs(b, c->del.exprs, c->del.n_exprs);
		return;
	default:
		buf_puts(b, "FOREACH (");
		print_name(b, c->foreach.var.text);
		buf_puts(b, " IN ");
		gql_print_expr(b, c->foreach.list);
		buf_puts(b, " | ");
		print_clauses(b, c->foreach.clauses, c->foreach.n_clauses);
		buf_putc(b, ')');
	}
}

/* ---- clauses and queries --------------------------------------------------------------------- */

static void print_for(struct buf *b, const struct ast_clause *c)
{
	buf_puts(b, "FOR ");
	print_name(b, c->for_.var.text);
	buf_puts(b, " IN ");
	gql_print_expr(b, c->for_.list);
	if (ast_has_name(&c->for_.ordinal)) {
		buf_puts(b, c->for_.from_zero ? " WITH OFFSET " : " WITH ORDINALITY ");
		print_name(b, c->for_.ordinal.text);
	}
}

static void print_let(struct buf *b, const struct ast_clause *c)
{
	buf_puts(b, "LET ");
	for (uint32_t i = 0; i < c->let.n_items; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		print_name(b, c->let.items[i].alias.text);
		buf_puts(b, " = ");
		gql_print_expr(b, c->let.items[i].expr);
	}
}

static void print_clause(struct buf *b, const struct ast_clause *c)
{
	switch ((enum ast_clause_kind)c->kind) {
	case AST_MATCH:
		buf_puts(b, c->match.optional ? "OPTIONAL MATCH " : "MATCH ");
		print_pattern(b, c->match.pattern);
		return;
	case AST_OPTIONAL_BLOCK:
		buf_puts(b, "OPTIONAL {");
		print_clauses(b, c->block.clauses, c->block.n_clauses);
		buf_putc(b, '}');
		return;
	case AST_FILTER:
		buf_puts(b, "FILTER ");
		gql_print_expr(b, c->filter);
		return;
	case AST_LET:
		print_let(b, c);
		return;
	case AST_FOR:
		print_for(b, c);
		return;
	case AST_WITH:
	case AST_RETURN:
		print_projection(b, c);
		return;
	case AST_PAGE:
		print_page(b, &c->page);
		return;
	case AST_CALL_QUERY:
	case AST_CALL_PROC:
		print_call(b, c);
		return;
	case AST_USE:
		buf_puts(b, "USE ");
		if (c->use.home || c->use.current)
			buf_puts(b, c->use.home ? "HOME_GRAPH" : "CURRENT_GRAPH");
		else
			print_name(b, c->use.name.text);
		return;
	case AST_NESTED:
		buf_putc(b, '{');
		print_query(b, c->nested);
		buf_putc(b, '}');
		return;
	case AST_INSERT:
	case AST_MERGE:
	case AST_SET:
	case AST_DELETE:
	case AST_FOREACH:
		print_write(b, c);
		return;
	}
}

static void print_clauses(struct buf *b, const struct ast_clause *const *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? " " : "");
		print_clause(b, v[i]);
	}
}

static void print_compose(struct buf *b, const struct ast_compose *c)
{
	static const char *const words[] = {" UNION ",	    " UNION ALL ", " EXCEPT ",
					    " EXCEPT ALL ", " INTERSECT ", " INTERSECT ALL ",
					    " OTHERWISE "};

	if (c->n_yield > 0) {
		buf_puts(b, "YIELD ");
		print_items(b, c->yield, c->n_yield);
		buf_putc(b, ' ');
	}
	for (uint32_t i = 0; i < c->n_branches; i++) {
		buf_puts(b, i > 0 ? words[c->ops[i - 1]] : "");
		print_clauses(b, c->branches[i]->clauses, c->branches[i]->n_clauses);
	}
}

void print_query(struct buf *b, const struct ast_query *q)
{
	if (q->pattern_only) {
		print_pattern(b, q->parts[0]->branches[0]->clauses[0]->match.pattern);
		return;
	}
	for (uint32_t i = 0; i < q->n_parts; i++) {
		buf_puts(b, i > 0 ? " NEXT " : "");
		print_compose(b, q->parts[i]);
	}
}
