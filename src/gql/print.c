/* Expressions, labels and types as text. Operands that are operations themselves stand in
 * parentheses, so that the text gives the same tree again. */
#include "gql/print_int.h"

#include <inttypes.h>

/* ---- names and literals ---------------------------------------------------------------------- */

static bool is_plain_name(struct str s)
{
	if (s.len == 0 || (s.p[0] >= '0' && s.p[0] <= '9') || keyword_find(s) != 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

void print_name(struct buf *b, struct str name)
{
	if (is_plain_name(name)) {
		buf_put_str(b, name);
		return;
	}
	buf_putc(b, '`');
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '`')
			buf_putc(b, '`');
		buf_putc(b, name.p[i]);
	}
	buf_putc(b, '`');
}

void print_names(struct buf *b, const struct ast_name *names, uint32_t n, const char *separator)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? separator : "");
		print_name(b, names[i].text);
	}
}

/* A function keeps the word that was written: many are keywords, none of them reserved. */
static void print_function_name(struct buf *b, struct str name)
{
	bool plain = name.len > 0 && !(name.p[0] >= '0' && name.p[0] <= '9') &&
		     !keyword_is_reserved(keyword_find(name));

	for (size_t i = 0; i < name.len && plain; i++) {
		char c = name.p[i];
		plain = c == '.' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z');
	}
	if (plain)
		buf_put_str(b, name);
	else
		print_name(b, name);
}

static void print_string(struct buf *b, struct str s)
{
	buf_putc(b, '\'');
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == '\'' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if ((unsigned char)c < 0x20)
			buf_printf(b, "\\u%04x", (unsigned)c);
		else
			buf_putc(b, c);
	}
	buf_putc(b, '\'');
}

static void print_float(struct buf *b, double f)
{
	size_t from = b->len;

	buf_printf(b, "%.17g", f);
	if (buf_ok(b) && memchr(b->p + from, '.', b->len - from) == NULL &&
	    memchr(b->p + from, 'e', b->len - from) == NULL)
		buf_puts(b, ".0");
}

static void print_literal(struct buf *b, const struct value *v)
{
	switch (v->kind) {
	case V_BOOL:
		buf_puts(b, v->b ? "TRUE" : "FALSE");
		return;
	case V_INT:
		buf_printf(b, "%" PRId64, v->i);
		return;
	case V_FLOAT:
		print_float(b, v->f);
		return;
	case V_DECIMAL:
		buf_printf(b, "%.*sM", (int)v->n, v->s);
		return;
	case V_STRING:
		print_string(b, (struct str){v->s, v->n});
		return;
	case V_BYTES:
		buf_puts(b, "X'");
		for (uint32_t i = 0; i < v->n; i++)
			buf_printf(b, "%02x", (unsigned char)v->s[i]);
		buf_putc(b, '\'');
		return;
	default:
		buf_puts(b, "NULL");
	}
}

/* ---- labels and types ------------------------------------------------------------------------ */

static void print_label_operand(struct buf *b, const struct ast_label *l)
{
	bool parens = l->kind == AST_LABEL_AND || l->kind == AST_LABEL_OR;

	buf_puts(b, parens ? "(" : "");
	gql_print_label(b, l);
	buf_puts(b, parens ? ")" : "");
}

void gql_print_label(struct buf *b, const struct ast_label *l)
{
	switch ((enum ast_label_kind)l->kind) {
	case AST_LABEL_NAME:
		print_name(b, l->name.text);
		return;
	case AST_LABEL_ANY:
		buf_putc(b, '%');
		return;
	case AST_LABEL_NOT:
		buf_putc(b, '!');
		print_label_operand(b, l->left);
		return;
	case AST_LABEL_AND:
	case AST_LABEL_OR:
		print_label_operand(b, l->left);
		buf_putc(b, l->kind == AST_LABEL_AND ? '&' : '|');
		print_label_operand(b, l->right);
		return;
	}
}

static const char *const type_names[V_N_KINDS] = {
    [V_NULL] = "NULL",
    [V_BOOL] = "BOOL",
    [V_INT] = "INT",
    [V_FLOAT] = "FLOAT",
    [V_STRING] = "STRING",
    [V_BYTES] = "BYTES",
    [V_DECIMAL] = "DECIMAL",
    [V_DATE] = "DATE",
    [V_LOCAL_TIME] = "LOCAL TIME",
    [V_ZONED_TIME] = "ZONED TIME",
    [V_LOCAL_DATETIME] = "LOCAL DATETIME",
    [V_ZONED_DATETIME] = "ZONED DATETIME",
    [V_DURATION] = "DURATION",
    [V_LIST] = "LIST",
    [V_MAP] = "RECORD",
    [V_NODE] = "NODE",
    [V_EDGE] = "EDGE",
    [V_PATH] = "PATH",
};

static void print_types(struct buf *b, const struct ast_type *t, const char *separator)
{
	buf_putc(b, '<');
	for (uint32_t i = 0; i < t->n_items; i++) {
		buf_puts(b, i > 0 ? separator : "");
		print_type(b, t->items[i]);
	}
	buf_putc(b, '>');
}

static void print_value_type(struct buf *b, const struct ast_type *t)
{
	bool list = t->value_kind == V_LIST;

	buf_puts(b, t->is_unsigned ? "U" : "");
	buf_puts(b, type_names[t->value_kind]);
	if (t->bits != 0)
		buf_printf(b, "%u", t->bits);
	if (t->value_kind == V_MAP && t->n_items > 0) {
		buf_puts(b, " {");
		for (uint32_t i = 0; i < t->n_items; i++) {
			buf_puts(b, i > 0 ? ", " : "");
			print_name(b, t->fields[i].text);
			buf_puts(b, " :: ");
			print_type(b, t->items[i]);
		}
		buf_putc(b, '}');
	} else if (list && t->n_items > 0) {
		print_types(b, t, "");
	}
	if (t->max == AST_UNBOUNDED)
		return;
	buf_putc(b, list ? '[' : '(');
	if (t->min != AST_UNBOUNDED)
		buf_printf(b, "%u, ", t->min);
	buf_printf(b, "%u%c", t->max, list ? ']' : ')');
}

void print_type(struct buf *b, const struct ast_type *t)
{
	switch ((enum ast_type_kind)t->kind) {
	case AST_TYPE_VALUE:
		print_value_type(b, t);
		break;
	case AST_TYPE_ANY:
		buf_puts(b, "ANY");
		if (t->n_items > 0)
			print_types(b, t, " | ");
		break;
	case AST_TYPE_NOTHING:
		buf_puts(b, "NOTHING");
		break;
	case AST_TYPE_GRAPH:
		buf_puts(b, "GRAPH");
		break;
	case AST_TYPE_TABLE:
		buf_puts(b, "TABLE");
		break;
	}
	buf_puts(b, t->not_null ? " NOT NULL" : "");
}

/* ---- expressions ----------------------------------------------------------------------------- */

static const char *const op_texts[] = {
    [AST_OR] = " OR ",
    [AST_XOR] = " XOR ",
    [AST_AND] = " AND ",
    [AST_NOT] = "NOT ",
    [AST_EQ] = " = ",
    [AST_NE] = " <> ",
    [AST_LT] = " < ",
    [AST_LE] = " <= ",
    [AST_GT] = " > ",
    [AST_GE] = " >= ",
    [AST_IN] = " IN ",
    [AST_STARTS_WITH] = " STARTS WITH ",
    [AST_ENDS_WITH] = " ENDS WITH ",
    [AST_CONTAINS] = " CONTAINS ",
    [AST_REGEX] = " =~ ",
    [AST_CONCAT] = " || ",
    [AST_ADD] = " + ",
    [AST_SUB] = " - ",
    [AST_MUL] = " * ",
    [AST_DIV] = " / ",
    [AST_MOD] = " % ",
    [AST_POW] = " ^ ",
    [AST_NEG] = "-",
    [AST_POS] = "+",
};

static bool needs_parens(const struct ast_expr *e)
{
	switch (e->kind) {
	case AST_UNARY:
	case AST_BINARY:
	case AST_COMPARE:
	case AST_IS:
	case AST_PATTERN_TEST:
	case AST_SHORTEST:
		return true;
	case AST_LITERAL: /* a negative number */
		return e->value.kind == V_INT && e->value.i < 0;
	default:
		return false;
	}
}

static void print_operand(struct buf *b, const struct ast_expr *e)
{
	bool parens = needs_parens(e);

	buf_puts(b, parens ? "(" : "");
	gql_print_expr(b, e);
	buf_puts(b, parens ? ")" : "");
}

static void print_list(struct buf *b, struct ast_expr *const *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		gql_print_expr(b, v[i]);
	}
}

static void print_test(struct buf *b, const struct ast_expr *e)
{
	static const char *const texts[] = {
	    [AST_IS_NULL] = "NULL",
	    [AST_IS_TRUE] = "TRUE",
	    [AST_IS_FALSE] = "FALSE",
	    [AST_IS_UNKNOWN] = "UNKNOWN",
	    [AST_IS_LABELED] = "LABELED ",
	    [AST_IS_TYPED] = "TYPED ",
	    [AST_IS_DIRECTED] = "DIRECTED",
	    [AST_IS_SOURCE_OF] = "SOURCE OF ",
	    [AST_IS_DESTINATION_OF] = "DESTINATION OF ",
	    [AST_IS_NORMALIZED] = "NORMALIZED",
	};

	print_operand(b, e->args[0]);
	buf_puts(b, e->negated ? " IS NOT " : " IS ");
	if (e->sub == AST_IS_NORMALIZED && ast_has_name(&e->name)) {
		buf_put_str(b, e->name.text);
		buf_putc(b, ' ');
	}
	buf_puts(b, texts[e->sub]);
	if (e->sub == AST_IS_LABELED)
		print_label_operand(b, e->label);
	else if (e->sub == AST_IS_TYPED)
		print_type(b, e->type);
	else if (e->n_args == 2)
		print_operand(b, e->args[1]);
}

static void print_case(struct buf *b, const struct ast_expr *e)
{
	buf_puts(b, "CASE");
	if (e->args[0] != NULL) {
		buf_putc(b, ' ');
		print_operand(b, e->args[0]);
	}
	for (uint32_t i = 1; i + 1 < e->n_args; i += 2) {
		buf_puts(b, " WHEN ");
		gql_print_expr(b, e->args[i]);
		buf_puts(b, " THEN ");
		gql_print_expr(b, e->args[i + 1]);
	}
	if (e->args[e->n_args - 1] != NULL) {
		buf_puts(b, " ELSE ");
		gql_print_expr(b, e->args[e->n_args - 1]);
	}
	buf_puts(b, " END");
}

static void print_where(struct buf *b, const struct ast_expr *e)
{
	if (e == NULL)
		return;
	buf_puts(b, " WHERE ");
	print_operand(b, e);
}

static void print_iteration(struct buf *b, const struct ast_expr *e, char open)
{
	buf_putc(b, open);
	print_name(b, e->name.text);
	buf_puts(b, " IN ");
	print_operand(b, e->args[0]);
	print_where(b, e->args[1]);
}

static void print_projections(struct buf *b, const struct ast_expr *e)
{
	gql_print_expr(b, e->args[0]);
	buf_puts(b, " {");
	for (uint32_t i = 0; i < e->n_items; i++) {
		const struct ast_projection *x = &e->projections[i];
		buf_puts(b, i > 0 ? ", " : "");
		buf_puts(b, x->is_var || x->value != NULL ? "" : ".");
		if (ast_has_name(&x->key))
			print_name(b, x->key.text);
		else
			buf_putc(b, '*');
		if (x->value != NULL) {
			buf_puts(b, ": ");
			gql_print_expr(b, x->value);
		}
	}
	buf_putc(b, '}');
}

/* EXISTS, COUNT, COLLECT, VALUE, TABLE */
static void print_subquery(struct buf *b, const struct ast_expr *e)
{
	static const char *const words[] = {
	    [AST_EXISTS] = "EXISTS {",	   [AST_COUNT] = "COUNT {",
	    [AST_COLLECT] = "COLLECT {",   [AST_VALUE_QUERY] = "VALUE {",
	    [AST_TABLE_QUERY] = "TABLE {",
	};

	buf_puts(b, words[e->kind]);
	print_query(b, e->query);
	buf_putc(b, '}');
}

static void print_keyed(struct buf *b, const struct ast_expr *e, uint32_t n, const char *between)
{
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		print_name(b, e->keys[i].text);
		buf_puts(b, between);
		gql_print_expr(b, e->args[i]);
	}
}

static void print_call(struct buf *b, const struct ast_expr *e)
{
	print_function_name(b, e->name.text);
	buf_puts(b, e->star ? "(*" : e->distinct ? "(DISTINCT " : "(");
	print_list(b, e->args, e->n_args);
	buf_putc(b, ')');
}

static void print_cast(struct buf *b, const struct ast_expr *e)
{
	buf_puts(b, "CAST(");
	gql_print_expr(b, e->args[0]);
	buf_puts(b, " AS ");
	print_type(b, e->type);
	buf_putc(b, ')');
}

static void print_temporal(struct buf *b, const struct ast_expr *e)
{
	buf_puts(b, e->sub == V_DATE	     ? "DATE "
		    : e->sub == V_DURATION   ? "DURATION "
		    : e->sub == V_ZONED_TIME ? "TIME "
					     : "DATETIME ");
	print_literal(b, &e->value);
}

static void print_access(struct buf *b, const struct ast_expr *e)
{
	print_operand(b, e->args[0]);
	if (e->kind == AST_PROP) {
		buf_putc(b, '.');
		print_name(b, e->name.text);
		return;
	}
	buf_putc(b, '[');
	if (e->args[1] != NULL)
		gql_print_expr(b, e->args[1]);
	if (e->kind == AST_SLICE) {
		buf_puts(b, " .. ");
		if (e->args[2] != NULL)
			gql_print_expr(b, e->args[2]);
	}
	buf_putc(b, ']');
}

static void print_operation(struct buf *b, const struct ast_expr *e)
{
	if (e->kind == AST_UNARY) {
		buf_puts(b, op_texts[e->sub]);
		print_operand(b, e->args[0]);
		return;
	}
	for (uint32_t i = 0; i < e->n_args; i++) {
		if (i > 0)
			buf_puts(b, op_texts[e->kind == AST_COMPARE ? e->ops[i - 1] : e->sub]);
		print_operand(b, e->args[i]);
	}
}

/* Comprehensions and their relatives. */
static void print_binding(struct buf *b, const struct ast_expr *e)
{
	static const char *const words[] = {"all", "any", "none", "single"};

	switch (e->kind) {
	case AST_COMPREHENSION:
		print_iteration(b, e, '[');
		buf_puts(b, e->args[2] != NULL ? " | " : "");
		if (e->args[2] != NULL)
			gql_print_expr(b, e->args[2]);
		buf_putc(b, ']');
		return;
	case AST_QUANTIFIED:
		buf_puts(b, words[e->sub]);
		print_iteration(b, e, '(');
		buf_putc(b, ')');
		return;
	case AST_REDUCE:
		buf_puts(b, "reduce(");
		print_name(b, e->name.text);
		buf_puts(b, " = ");
		gql_print_expr(b, e->args[0]);
		buf_puts(b, ", ");
		print_name(b, e->name2.text);
		buf_puts(b, " IN ");
		print_operand(b, e->args[1]);
		buf_puts(b, " | ");
		gql_print_expr(b, e->args[2]);
		buf_putc(b, ')');
		return;
	case AST_LET_IN:
		buf_puts(b, "LET ");
		for (uint32_t i = 0; i + 1 < e->n_args; i++) {
			buf_puts(b, i > 0 ? ", " : "");
			print_name(b, e->keys[i].text);
			buf_puts(b, " = ");
			print_operand(b, e->args[i]);
		}
		buf_puts(b, " IN ");
		gql_print_expr(b, e->args[e->n_args - 1]);
		buf_puts(b, " END");
		return;
	default: /* AST_PATTERN_LIST: the WHERE of the pattern is printed with it */
		buf_putc(b, '[');
		print_pattern(b, e->pattern);
		buf_puts(b, " | ");
		gql_print_expr(b, e->args[0]);
		buf_putc(b, ']');
	}
}

void gql_print_expr(struct buf *b, const struct ast_expr *e)
{
	switch ((enum ast_expr_kind)e->kind) {
	case AST_LITERAL:
		print_literal(b, &e->value);
		return;
	case AST_TEMPORAL:
		print_temporal(b, e);
		return;
	case AST_PARAM:
		buf_putc(b, '$');
		print_name(b, e->name.text);
		return;
	case AST_VAR:
		print_name(b, e->name.text);
		return;
	case AST_PROP:
	case AST_INDEX:
	case AST_SLICE:
		print_access(b, e);
		return;
	case AST_UNARY:
	case AST_BINARY:
	case AST_COMPARE:
		print_operation(b, e);
		return;
	case AST_IS:
		print_test(b, e);
		return;
	case AST_LIST:
	case AST_PATH:
		buf_puts(b, e->kind == AST_PATH ? "PATH[" : "[");
		print_list(b, e->args, e->n_args);
		buf_putc(b, ']');
		return;
	case AST_MAP:
		buf_putc(b, '{');
		print_keyed(b, e, e->n_args, ": ");
		buf_putc(b, '}');
		return;
	case AST_MAP_PROJECTION:
		print_projections(b, e);
		return;
	case AST_CASE:
		print_case(b, e);
		return;
	case AST_CAST:
		print_cast(b, e);
		return;
	case AST_CALL:
		print_call(b, e);
		return;
	case AST_COMPREHENSION:
	case AST_QUANTIFIED:
	case AST_REDUCE:
	case AST_LET_IN:
	case AST_PATTERN_LIST:
		print_binding(b, e);
		return;
	case AST_PATTERN_TEST:
	case AST_SHORTEST:
		print_pattern(b, e->pattern);
		return;
	case AST_EXISTS:
	case AST_COUNT:
	case AST_COLLECT:
	case AST_VALUE_QUERY:
	case AST_TABLE_QUERY:
		print_subquery(b, e);
		return;
	}
}
