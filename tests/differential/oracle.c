/* Clauses over whole tables of rows. */
#include "tests/differential/oracle.h"

#include <string.h>

/* ---- errors -----------------------------------------------------------------------------------
 */

void oracle_fail(struct oracle *o, const char *code)
{
	uint32_t i = 0;

	o->failed = true;
	while (i < o->n_errors && strcmp(o->errors[i], code) != 0)
		i++;
	if (i == o->n_errors && i < ERRORS_MAX)
		o->errors[o->n_errors++] = code;
	/* A clause behind may take the row away before its value is asked for, and so may a page.
	 */
	o->may_pass = o->may_pass || (!o->s->writes && (!o->last || o->paged));
	o->too_large = o->too_large || (o->s->writes && o->paged);
}

/* The row, unless it has failed. */
static void keep_row(struct oracle *o, struct rows *rows, const struct row *r)
{
	if (!o->failed)
		table_add(o, rows, r);
	o->failed = false;
}

/* ---- clauses that read ------------------------------------------------------------------------
 */

static void null_unless_bound(struct row *r, uint32_t var)
{
	if (var != NO_VAR && r->v[var].kind == UNBOUND)
		r->v[var] = VALUE_NULL;
}

/* The variables that a pattern would have bound. */
static void pattern_to_null(const struct pattern *pt, struct row *r)
{
	for (uint32_t i = 0; i < pt->n_paths; i++) {
		const struct path_pat *p = &pt->paths[i];
		null_unless_bound(r, p->var);
		for (uint32_t k = 0; k <= p->n_hops; k++)
			null_unless_bound(r, p->nodes[k].var);
		for (uint32_t k = 0; k < p->n_hops; k++)
			null_unless_bound(r, p->edges[k].var);
	}
}

static void match_clause(struct oracle *o, const struct clause *c, struct rows *in,
			 struct rows *out)
{
	for (uint32_t i = 0; i < in->n && !o->too_large; i++) {
		uint32_t before = out->n;
		match_pattern(o, c->pattern, &in->v[i], out);
		if (out->n > before || c->kind == C_MATCH)
			continue;
		struct row r = row_copy(o, &in->v[i]);
		pattern_to_null(c->pattern, &r);
		table_add(o, out, &r);
	}
}

static void unwind_clause(struct oracle *o, const struct clause *c, struct rows *in,
			  struct rows *out)
{
	for (uint32_t i = 0; i < in->n; i++) {
		struct value list = term_value(o, c->term, &in->v[i], NULL);
		struct row r = row_copy(o, &in->v[i]);
		for (uint32_t k = 0; list.kind == V_LIST && k < list.n; k++) {
			r.v[c->var] = list.list[k];
			table_add(o, out, &r);
		}
		o->failed = false;
	}
}

static void let_clause(struct oracle *o, const struct clause *c, struct rows *in, struct rows *out)
{
	for (uint32_t i = 0; i < in->n; i++) {
		struct row r = row_copy(o, &in->v[i]);
		r.v[c->var] = term_value(o, c->term, &in->v[i], NULL);
		keep_row(o, out, &r);
	}
}

static void filter(struct oracle *o, const struct term *t, struct rows *in, struct rows *out)
{
	for (uint32_t i = 0; i < in->n; i++)
		if (term_holds(o, t, &in->v[i]))
			keep_row(o, out, &in->v[i]);
}

/* ---- projections ------------------------------------------------------------------------------
 */

static const char *key_text(struct oracle *o, const struct projection *pr, const struct row *r,
			    bool keys_only)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < pr->n_items; i++) {
		if (keys_only && pr->items[i].aggregates)
			continue;
		struct value v =
		    keys_only ? term_value(o, pr->items[i].term, r, NULL) : r->v[pr->items[i].var];
		buf_printf(&b, "%s | ", cell_text(o->a, v, false));
	}
	const char *text = must((char *)arena_str(o->a, str_of(buf_cstr(&b))).p);
	buf_release(&b);
	return text;
}

static void add_items(struct oracle *o, const struct projection *pr, const struct row *r,
		      const struct group *g, struct rows *out)
{
	struct row c = row_copy(o, r);

	for (uint32_t i = 0; i < pr->n_items; i++)
		c.v[pr->items[i].var] = term_value(o, pr->items[i].term, r, g);
	keep_row(o, out, &c);
}

static void group_rows(struct oracle *o, const struct projection *pr, const struct rows *in,
		       struct rows *out)
{
	const char **texts = must(ARENA_ARRAY(o->a, const char *, in->n + 1));
	bool *done = must(ARENA_ARRAY(o->a, bool, in->n + 1)), keys = false;
	uint32_t *members = must(ARENA_ARRAY(o->a, uint32_t, in->n + 1));

	for (uint32_t i = 0; i < pr->n_items; i++)
		keys = keys || !pr->items[i].aggregates;
	for (uint32_t i = 0; i < in->n; i++)
		texts[i] = key_text(o, pr, &in->v[i], true);
	for (uint32_t i = 0; i < in->n; i++) {
		uint32_t n = 0;
		for (uint32_t k = i; k < in->n && !done[i]; k++)
			if (!done[k] && strcmp(texts[i], texts[k]) == 0)
				members[n++] = k;
		if (n == 0)
			continue;
		for (uint32_t k = 0; k < n; k++)
			done[members[k]] = true;
		add_items(o, pr, &in->v[i], &(struct group){in, members, n}, out);
	}
	if (in->n > 0 || keys)
		return;
	struct row none = {must(ARENA_ARRAY(o->a, struct value, o->s->n_vars + 1))};
	add_items(o, pr, &none, &(struct group){in, members, 0}, out);
}

static void distinct_rows(struct oracle *o, const struct projection *pr, struct rows *rows)
{
	const char **texts = must(ARENA_ARRAY(o->a, const char *, rows->n + 1));
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows->n; i++) {
		bool again = false;
		texts[n] = key_text(o, pr, &rows->v[i], false);
		for (uint32_t k = 0; k < n && !again; k++)
			again = strcmp(texts[k], texts[n]) == 0;
		if (!again)
			rows->v[n++] = rows->v[i];
	}
	rows->n = n;
}

static int compare_rows(struct oracle *o, const struct projection *pr, const struct row *x,
			const struct row *y)
{
	for (uint32_t i = 0; i < pr->n_sorts; i++) {
		const struct sort *s = &pr->sorts[i];
		bool item = s->i_item != UINT32_MAX;
		struct value a =
		    item ? x->v[pr->items[s->i_item].var] : term_value(o, s->term, x, NULL);
		struct value b =
		    item ? y->v[pr->items[s->i_item].var] : term_value(o, s->term, y, NULL);
		int order = order_values(a, b);
		if (value_is_null(a) != value_is_null(b) && s->has_nulls)
			return value_is_null(a) == s->nulls_first ? -1 : 1;
		if (order != 0)
			return s->descending ? -order : order;
	}
	return 0;
}

/* By insertion: stable. */
static void sort_rows(struct oracle *o, const struct projection *pr, struct rows *rows)
{
	for (uint32_t i = 1; i < rows->n && pr->n_sorts > 0; i++) {
		struct row r = rows->v[i];
		uint32_t k = i;
		for (; k > 0 && compare_rows(o, pr, &rows->v[k - 1], &r) > 0; k--)
			rows->v[k] = rows->v[k - 1];
		rows->v[k] = r;
	}
}

static void project(struct oracle *o, const struct projection *pr, struct rows *in,
		    struct rows *out)
{
	if (pr->grouped) {
		group_rows(o, pr, in, out);
	} else {
		for (uint32_t i = 0; i < in->n; i++)
			add_items(o, pr, &in->v[i], NULL, out);
	}
	if (pr->distinct)
		distinct_rows(o, pr, out);
	sort_rows(o, pr, out);
}

/* The page of a WITH, which its ORDER BY makes one answer only; and a new scope. */
static void with_clause(struct oracle *o, const struct projection *pr, struct rows *in,
			struct rows *out)
{
	struct rows all = {0}, page = {0};

	project(o, pr, in, &all);
	for (uint32_t i = pr->skip; i < all.n && page.n < pr->limit; i++) {
		struct row r = {must(ARENA_ARRAY(o->a, struct value, o->s->n_vars + 1))};
		for (uint32_t v = 0; v < o->s->n_vars; v++)
			r.v[v].kind = UNBOUND;
		for (uint32_t k = 0; k < pr->n_items; k++)
			r.v[pr->items[k].var] = all.v[i].v[pr->items[k].var];
		table_add(o, &page, &r);
	}
	filter(o, pr->where, &page, out);
}

/* ---- statements -------------------------------------------------------------------------------
 */

static void branch_rows(struct oracle *o, const struct branch *b, struct rows *ret)
{
	struct rows rows = {0};
	struct row one = {must(ARENA_ARRAY(o->a, struct value, o->s->n_vars + 1))};

	for (uint32_t v = 0; v < o->s->n_vars; v++)
		one.v[v].kind = UNBOUND;
	table_add(o, &rows, &one);
	for (uint32_t i = 0; i < b->n_clauses && !o->too_large; i++) {
		const struct clause *c = &b->clauses[i];
		struct rows out = {0};
		o->last = i + 1 == b->n_clauses;
		o->paged = c->project.has_limit || c->project.has_skip;
		switch ((enum clause_kind)c->kind) {
		case C_MATCH:
		case C_OPTIONAL:
			match_clause(o, c, &rows, &out);
			break;
		case C_UNWIND:
			unwind_clause(o, c, &rows, &out);
			break;
		case C_LET:
			let_clause(o, c, &rows, &out);
			break;
		case C_FILTER:
			filter(o, c->term, &rows, &out);
			break;
		case C_WITH:
			with_clause(o, &c->project, &rows, &out);
			break;
		case C_INSERT:
		case C_SET:
		case C_DELETE:
		case C_MERGE:
			write_clause(o, c, &rows, &out);
			break;
		default:
			project(o, &c->project, &rows, &out);
		}
		rows = out;
	}
	*ret = rows;
}

static struct value resolved_element(struct oracle *o, struct value v)
{
	struct element *e = must(ARENA_NEW(o->a, struct element));
	bool edge = v.kind == V_EDGE;
	const struct value *props = edge ? o->g->edges[v.id].props : o->g->nodes[v.id].props;
	struct map_entry *map = must(ARENA_ARRAY(o->a, struct map_entry, N_KEYS));
	struct str *labels = must(ARENA_ARRAY(o->a, struct str, N_LABELS));

	const bool dead = edge ? o->g->edges[v.id].dead : o->g->nodes[v.id].dead;

	*e = (struct element){.id = v.id, .is_edge = edge, .labels = labels, .props = map};
	for (uint32_t k = 0; k < N_KEYS; k++)
		if (!value_is_null(props[k]))
			map[e->n_props++] = (struct map_entry){str_of(key_names[k]), props[k]};
	for (uint32_t l = 0; l < N_LABELS && !edge && !dead; l++)
		if ((o->g->nodes[v.id].labels >> l & 1) != 0)
			labels[e->n_labels++] = str_of(label_names[l]);
	if (edge)
		labels[e->n_labels++] = str_of(type_names[o->g->edges[v.id].type]);
	return (struct value){.kind = v.kind, .flags = VALUE_RESOLVED, .elem = e};
}

/* With what elements hold at the end. */
static struct value resolved(struct oracle *o, struct value v)
{
	if (v.kind == V_NODE || v.kind == V_EDGE)
		return resolved_element(o, v);
	if (v.kind == V_LIST) {
		struct value *list = must(ARENA_ARRAY(o->a, struct value, v.n + 1));
		for (uint32_t i = 0; i < v.n; i++)
			list[i] = resolved(o, v.list[i]);
		return value_list(list, v.n);
	}
	if (v.kind != V_PATH)
		return v;
	struct path_value *p = must(ARENA_NEW(o->a, struct path_value));
	struct value *nodes = must(ARENA_ARRAY(o->a, struct value, v.path->n_edges + 1));
	struct value *edges = must(ARENA_ARRAY(o->a, struct value, v.path->n_edges + 1));
	for (uint32_t i = 0; i <= v.path->n_edges; i++)
		nodes[i] = resolved(o, v.path->nodes[i]);
	for (uint32_t i = 0; i < v.path->n_edges; i++)
		edges[i] = resolved(o, v.path->edges[i]);
	*p = (struct path_value){.n_edges = v.path->n_edges, .nodes = nodes, .edges = edges};
	return (struct value){.kind = V_PATH, .path = p};
}

static void add_cells(struct oracle *o, const struct projection *pr, const struct rows *rows,
		      struct result *all)
{
	uint32_t n = all->n_rows + rows->n;
	const char **cells = must(ARENA_ARRAY(o->a, const char *, n * pr->n_items + 1));

	if (all->n_rows > 0)
		memcpy(cells, all->cells, (size_t)all->n_rows * pr->n_items * sizeof(cells[0]));
	for (uint32_t i = 0; i < rows->n; i++)
		for (uint32_t k = 0; k < pr->n_items; k++)
			cells[(all->n_rows + i) * pr->n_items + k] =
			    cell_text(o->a, resolved(o, rows->v[i].v[pr->items[k].var]),
				      pr->items[k].unordered);
	all->cells = cells;
	all->n_columns = pr->n_items;
	all->n_rows = n;
}

/* Rows of a UNION without ALL. */
static void distinct_cells(struct result *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_rows; i++) {
		bool again = false;
		for (uint32_t k = 0; k < n && !again; k++) {
			again = true;
			for (uint32_t c = 0; c < r->n_columns && again; c++)
				again = strcmp(r->cells[k * r->n_columns + c],
					       r->cells[i * r->n_columns + c]) == 0;
		}
		if (again)
			continue;
		for (uint32_t c = 0; c < r->n_columns; c++)
			r->cells[n * r->n_columns + c] = r->cells[i * r->n_columns + c];
		n++;
	}
	r->n_rows = n;
}

static void say_page(const struct projection *pr, struct answer *ret)
{
	ret->has_page = pr->has_limit || pr->has_skip;
	ret->skip = pr->skip;
	ret->limit = pr->limit;
	for (uint32_t i = 0; i < pr->n_sorts && pr->sorts[i].i_item != UINT32_MAX; i++)
		ret->keys[ret->n_keys++] = pr->sorts[i].i_item;
}

/* A statement without RETURN has no rows. */
static bool returns(const struct branch *b)
{
	return b->n_clauses > 0 && b->clauses[b->n_clauses - 1].kind == C_RETURN;
}

void oracle_answer(struct arena *a, const struct statement *s, struct small_graph *g,
		   enum row_order order, struct answer *ret)
{
	struct statement padded = *s;
	struct oracle o = {.a = a, .s = &padded, .g = g, .order = order};

	padded.n_vars += 2; /* for a search: its edges and its end */
	*ret = (struct answer){.limit = UINT32_MAX};
	for (uint32_t i = 0; i < s->n_branches && !s->broken; i++) {
		const struct branch *b = &s->branches[i];
		const struct projection *pr = &b->clauses[b->n_clauses - 1].project;
		struct rows rows;
		branch_rows(&o, b, &rows);
		if (!returns(b))
			continue;
		add_cells(&o, pr, &rows, &ret->all);
		if (s->n_branches == 1)
			say_page(pr, ret);
		else if (!s->union_all)
			distinct_cells(&ret->all);
	}
	if (s->broken)
		oracle_fail(&o, "42002");
	ret->too_large = o.too_large;
	ret->may_pass = o.may_pass && !s->broken;
	ret->n_errors = o.n_errors;
	memcpy(ret->errors, o.errors, sizeof(ret->errors));
	snprintf(ret->all.code, sizeof(ret->all.code), "%s",
		 o.n_errors > 0 ? o.errors[0] : "00000");
}
