/* Clauses that write, on the oracle's own graph.
 *
 * A clause reads the graph as it was before it, MERGE alone what it made itself. Where rows of one
 * clause want different values at one place, their order decides and nobody says what is right. */
#include <string.h>

#include "tests/differential/oracle.h"

enum { N_PLACES = N_KEYS + N_LABELS };

struct place { /* what this clause wrote to a property or label */
	uint32_t row;
	bool taken;
	struct value v;
};

struct writer {
	struct oracle *o;
	const struct write *w;
	const struct row *row;
	uint32_t i_row;
	struct place *places; /* of each element, nodes first */
	struct place *made;   /* likewise: what ON CREATE SET gave */
};

static struct place *place_of(struct place *places, struct value elem, uint32_t which)
{
	uint32_t element = (uint32_t)elem.id + (elem.kind == V_EDGE ? GRAPH_NODES_MAX : 0);

	return &places[element * N_PLACES + which];
}

static bool same_value(struct writer *w, struct value x, struct value y)
{
	return strcmp(cell_text(w->o->a, x, false), cell_text(w->o->a, y, false)) == 0;
}

static struct value *props_of(struct writer *w, struct value elem)
{
	struct small_graph *g = w->o->g;

	return elem.kind == V_NODE ? g->nodes[elem.id].props : g->edges[elem.id].props;
}

/* A variable that is bound nowhere, in a statement that was made smaller: no business of ours. */
static struct value bound(struct writer *w, const struct row *r, uint32_t var)
{
	if (r->v[var].kind != UNBOUND)
		return r->v[var];
	w->o->too_large = true;
	return VALUE_NULL;
}

static bool is_dead(const struct oracle *o, struct value elem)
{
	return elem.kind == V_NODE ? o->g->nodes[elem.id].dead : o->g->edges[elem.id].dead;
}

/* ---- setting ----------------------------------------------------------------------------------
 */

static void note(struct writer *w, struct value elem, uint32_t which, struct value v)
{
	struct place *p = place_of(w->places, elem, which);

	if (p->taken && p->row != w->i_row && !same_value(w, p->v, v))
		w->o->too_large = true;
	*p = (struct place){w->i_row, true, v};
}

static void set_prop(struct writer *w, struct value elem, uint32_t key, struct value v)
{
	note(w, elem, key, v);
	props_of(w, elem)[key] = v;
}

/* What a change wants, from the graph before the clause. */
struct wish {
	struct value elem;
	struct value values[N_KEYS];
	bool given[N_KEYS];
};

static struct wish wish_of(struct writer *w, const struct change *c)
{
	struct wish wish = {.elem = bound(w, w->row, c->var)};
	struct value from;

	switch ((enum change_kind)c->kind) {
	case W_SET:
		wish.given[c->key] = true;
		wish.values[c->key] = term_value(w->o, c->value, w->row, NULL);
		break;
	case W_UNSET:
		wish.given[c->key] = true;
		wish.values[c->key] = VALUE_NULL;
		break;
	case W_COPY:
		from = bound(w, w->row, c->from);
		for (uint32_t k = 0; k < N_KEYS && !value_is_null(from); k++) {
			wish.values[k] = props_of(w, from)[k];
			wish.given[k] = !value_is_null(wish.values[k]);
		}
		break;
	default:
		for (uint32_t i = 0; i < c->n_props; i++) {
			wish.given[c->props[i].key] = true;
			wish.values[c->props[i].key] =
			    term_value(w->o, c->props[i].value, w->row, NULL);
		}
	}
	return wish;
}

static void grant_label(struct writer *w, const struct change *c, struct value elem)
{
	uint8_t *labels = &w->o->g->nodes[elem.id].labels, bit = (uint8_t)(1u << c->label);
	bool set = c->kind == W_LABEL;

	note(w, elem, N_KEYS + c->label, value_bool(set));
	*labels = (uint8_t)(set ? *labels | bit : *labels & ~bit);
}

static void grant(struct writer *w, const struct change *c, const struct wish *wish)
{
	bool all = c->kind == W_REPLACE || c->kind == W_COPY;

	if (value_is_null(wish->elem))
		return;
	if (is_dead(w->o, wish->elem)) {
		bool some = c->kind == W_SET || c->kind == W_UNSET || c->kind == W_LABEL ||
			    c->kind == W_UNLABEL || c->n_props > 0;
		if (!some) /* nothing to set is nothing to refuse */
			w->o->too_large = true;
		oracle_fail(w->o, "22G11");
		return;
	}
	if (c->kind == W_LABEL || c->kind == W_UNLABEL) {
		grant_label(w, c, wish->elem);
		return;
	}
	for (uint32_t k = 0; k < N_KEYS; k++)
		if (wish->given[k] || all)
			set_prop(w, wish->elem, k, wish->given[k] ? wish->values[k] : VALUE_NULL);
}

/* Item after item: each reads what those before it wrote for all rows. */
static void set_rows(struct writer *w, const struct rows *in, struct rows *out)
{
	struct wish *wishes = must(ARENA_ARRAY(w->o->a, struct wish, in->n + 1));
	bool *failed = must(ARENA_ARRAY(w->o->a, bool, in->n + 1));

	memset(failed, 0, in->n);
	for (uint32_t k = 0; k < w->w->n_changes; k++) {
		for (uint32_t i = 0; i < in->n; i++) {
			w->row = &in->v[i];
			wishes[i] = wish_of(w, &w->w->changes[k]);
			failed[i] = failed[i] || w->o->failed;
			w->o->failed = false;
		}
		for (uint32_t i = 0; i < in->n; i++) {
			if (failed[i])
				continue;
			w->i_row = i;
			grant(w, &w->w->changes[k], &wishes[i]);
			failed[i] = w->o->failed;
			w->o->failed = false;
		}
	}
	for (uint32_t i = 0; i < in->n; i++)
		if (!failed[i])
			table_add(w->o, out, &in->v[i]);
}

/* ---- making -----------------------------------------------------------------------------------
 */

static void make_props(struct writer *w, uint32_t n, const struct prop_test *props, bool nulls_fail,
		       struct value *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		ret[props[i].key] = term_value(w->o, props[i].value, w->row, NULL);
		if (nulls_fail && value_is_null(ret[props[i].key]) && !w->o->failed)
			oracle_fail(w->o, "22004");
	}
}

static struct value make_node(struct writer *w, const struct new_node *n, const struct value *props)
{
	struct small_graph *g = w->o->g;

	if (g->n_nodes == GRAPH_NODES_MAX) {
		w->o->too_large = true;
		return VALUE_NULL;
	}
	struct node *node = &g->nodes[g->n_nodes];
	*node = (struct node){.labels = n->labels};
	memcpy(node->props, props, sizeof(node->props));
	return value_node(g->n_nodes++);
}

static struct value make_edge(struct writer *w, const struct new_edge *e, struct value from,
			      struct value to, const struct value *props)
{
	struct small_graph *g = w->o->g;

	if (value_is_null(from) || value_is_null(to)) {
		oracle_fail(w->o, "22004");
		return VALUE_NULL;
	}
	if (is_dead(w->o, from) || is_dead(w->o, to)) {
		oracle_fail(w->o, "G1002");
		return VALUE_NULL;
	}
	if (g->n_edges == GRAPH_EDGES_MAX) {
		w->o->too_large = true;
		return VALUE_NULL;
	}
	struct edge *edge = &g->edges[g->n_edges];
	*edge = (struct edge){.type = e->type,
			      .from = (uint32_t)(e->back ? to.id : from.id),
			      .to = (uint32_t)(e->back ? from.id : to.id)};
	memcpy(edge->props, props, sizeof(edge->props));
	return value_edge(g->n_edges++);
}

/* The path for one row, and its variables bound. */
static void make_path(struct writer *w, bool nulls_fail, struct row *r)
{
	const struct new_path *p = &w->w->path;
	struct value ends[NEW_HOPS_MAX + 1] = {0}, made;
	struct value node_props[NEW_HOPS_MAX + 1][N_KEYS] = {0};
	struct value edge_props[NEW_HOPS_MAX][N_KEYS] = {0};

	for (uint32_t i = 0; i <= p->n_hops; i++)
		make_props(w, p->nodes[i].n_props, p->nodes[i].props, nulls_fail, node_props[i]);
	for (uint32_t i = 0; i < p->n_hops; i++)
		make_props(w, p->edges[i].n_props, p->edges[i].props, nulls_fail, edge_props[i]);
	for (uint32_t i = 0; i <= p->n_hops && !w->o->failed && !w->o->too_large; i++) {
		const struct new_node *n = &p->nodes[i];
		ends[i] = n->bound ? bound(w, r, n->var) : make_node(w, n, node_props[i]);
		if (!n->bound && n->var != NO_VAR)
			r->v[n->var] = ends[i];
	}
	for (uint32_t i = 0; i < p->n_hops && !w->o->failed && !w->o->too_large; i++) {
		made = make_edge(w, &p->edges[i], ends[i], ends[i + 1], edge_props[i]);
		if (p->edges[i].var != NO_VAR)
			r->v[p->edges[i].var] = made;
	}
}

static void insert_rows(struct writer *w, const struct rows *in, struct rows *out)
{
	for (uint32_t i = 0; i < in->n && !w->o->too_large; i++) {
		struct row r = row_copy(w->o, &in->v[i]);
		w->row = &in->v[i];
		make_path(w, false, &r);
		if (!w->o->failed)
			table_add(w->o, out, &r);
		w->o->failed = false;
	}
}

/* ---- MERGE ------------------------------------------------------------------------------------
 */

static bool new_props_fit(struct writer *w, uint32_t n, const struct prop_test *tests,
			  const struct value *props)
{
	for (uint32_t i = 0; i < n; i++)
		if (!values_equal_surely(props[tests[i].key],
					 term_value(w->o, tests[i].value, w->row, NULL)))
			return false;
	return true;
}

static bool node_fits(struct writer *w, const struct new_node *n, uint32_t i)
{
	const struct node *node = &w->o->g->nodes[i];
	struct value known = n->bound ? bound(w, w->row, n->var) : VALUE_NULL;

	if (node->dead || (n->bound && (known.kind != V_NODE || known.id != i)))
		return false;
	return (node->labels & n->labels) == n->labels &&
	       new_props_fit(w, n->n_props, n->props, node->props);
}

/* What another row made would be different if this one had been the first. */
static void compare_with_maker(struct writer *w, const struct row *r)
{
	const struct row *before = w->row;

	w->row = r;
	for (uint32_t i = 0; i < w->w->n_changes; i++) {
		const struct wish wish = wish_of(w, &w->w->changes[i]);
		for (uint32_t k = 0; k < N_KEYS; k++) {
			const struct place *p = place_of(w->made, wish.elem, k);
			if (wish.given[k] && p->taken && !same_value(w, p->v, wish.values[k]))
				w->o->too_large = true;
		}
	}
	w->row = before;
}

static void found(struct writer *w, struct row *r, struct rows *out)
{
	compare_with_maker(w, r);
	for (uint32_t i = 0; i < w->w->n_on_match; i++) {
		const struct change *c = &w->w->on_match[i];
		const struct row *before = w->row;
		w->row = r;
		struct wish wish = wish_of(w, c);
		grant(w, c, &wish);
		w->row = before;
	}
	table_add(w->o, out, r);
}

static void bind(struct row *r, uint32_t var, struct value v)
{
	if (var != NO_VAR)
		r->v[var] = v;
}

static void merge_matches(struct writer *w, struct rows *ret)
{
	const struct new_path *p = &w->w->path;
	const struct small_graph *g = w->o->g;

	for (uint32_t i = 0; i < g->n_nodes && p->n_hops == 0; i++) {
		if (!node_fits(w, &p->nodes[0], i))
			continue;
		struct row r = row_copy(w->o, w->row);
		bind(&r, p->nodes[0].var, value_node(i));
		table_add(w->o, ret, &r);
	}
	for (uint32_t i = 0; i < g->n_edges && p->n_hops == 1; i++) {
		const struct edge *e = &g->edges[i];
		const struct new_edge *want = &p->edges[0];
		uint32_t from = want->back ? e->to : e->from, to = want->back ? e->from : e->to;
		if (e->dead || e->type != want->type || !node_fits(w, &p->nodes[0], from) ||
		    !node_fits(w, &p->nodes[1], to) ||
		    !new_props_fit(w, want->n_props, want->props, e->props))
			continue;
		struct row r = row_copy(w->o, w->row);
		bind(&r, p->nodes[0].var, value_node(from));
		bind(&r, p->nodes[1].var, value_node(to));
		bind(&r, want->var, value_edge(i));
		table_add(w->o, ret, &r);
	}
}

static void merge_made(struct writer *w, struct row *r, struct rows *out)
{
	make_path(w, true, r);
	w->row = r;
	for (uint32_t i = 0; i < w->w->n_changes && !w->o->failed && !w->o->too_large; i++) {
		struct wish wish = wish_of(w, &w->w->changes[i]);
		for (uint32_t k = 0; k < N_KEYS; k++)
			if (wish.given[k]) {
				props_of(w, wish.elem)[k] = wish.values[k];
				*place_of(w->made, wish.elem, k) =
				    (struct place){w->i_row, true, wish.values[k]};
			}
	}
	if (!w->o->failed)
		table_add(w->o, out, r);
	w->o->failed = false;
}

static void merge_rows(struct writer *w, const struct rows *in, struct rows *out)
{
	for (uint32_t i = 0; i < in->n && !w->o->too_large; i++) {
		struct rows matches = {0};
		struct row r = row_copy(w->o, &in->v[i]);
		w->row = &in->v[i];
		w->i_row = i;
		merge_matches(w, &matches);
		if (matches.n == 0)
			merge_made(w, &r, out);
		for (uint32_t k = 0; k < matches.n; k++)
			found(w, &matches.v[k], out);
		w->o->failed = false;
	}
}

/* ---- DELETE -----------------------------------------------------------------------------------
 */

static void delete_element(struct writer *w, struct value v)
{
	struct small_graph *g = w->o->g;

	if (v.kind == V_LIST)
		for (uint32_t i = 0; i < v.n; i++)
			delete_element(w, v.list[i]);
	if (v.kind == V_EDGE)
		g->edges[v.id].dead = true;
	if (v.kind != V_NODE)
		return;
	g->nodes[v.id].dead = true;
	for (uint32_t i = 0; i < g->n_edges && w->w->detach; i++)
		if (g->edges[i].from == v.id || g->edges[i].to == v.id)
			g->edges[i].dead = true;
}

/* No edge leads to a node that is gone. What is gone still shows what it held. */
static void look_for_orphans(struct oracle *o)
{
	const struct small_graph *g = o->g;

	for (uint32_t i = 0; i < g->n_edges; i++) {
		const struct edge *e = &g->edges[i];
		if (!e->dead && (g->nodes[e->from].dead || g->nodes[e->to].dead))
			oracle_fail(o, "G1001");
	}
}

static void delete_rows(struct writer *w, const struct rows *in, struct rows *out)
{
	for (uint32_t i = 0; i < in->n; i++)
		for (uint32_t k = 0; k < w->w->n_targets; k++)
			delete_element(w, bound(w, &in->v[i], w->w->targets[k]));
	look_for_orphans(w->o);
	for (uint32_t i = 0; i < in->n && !w->o->failed; i++)
		table_add(w->o, out, &in->v[i]);
	w->o->failed = false;
}

/* ---- all --------------------------------------------------------------------------------------
 */

static const char *row_text(struct oracle *o, const struct row *r)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < o->s->n_vars; i++)
		if (r->v[i].kind != UNBOUND)
			buf_printf(&b, "%s | ", cell_text(o->a, r->v[i], false));
	const char *text = must((char *)arena_str(o->a, str_of(buf_cstr(&b))).p);
	buf_release(&b);
	return text;
}

struct keyed_row {
	const char *text;
	struct row row;
};

static int by_text(const void *x, const void *y)
{
	return strcmp(((const struct keyed_row *)x)->text, ((const struct keyed_row *)y)->text);
}

/* Nobody says in which order rows come: sorted, the other way round, or mixed. */
static void reorder(struct oracle *o, struct rows *rows)
{
	struct keyed_row *keyed = must(ARENA_ARRAY(o->a, struct keyed_row, rows->n + 1));
	struct rng r = rng_of(rows->n, 7, 0);

	for (uint32_t i = 0; i < rows->n; i++)
		keyed[i] = (struct keyed_row){row_text(o, &rows->v[i]), rows->v[i]};
	qsort(keyed, rows->n, sizeof(*keyed), by_text);
	for (uint32_t i = 0; i < rows->n; i++)
		rows->v[i] = keyed[o->order == ROWS_BACKWARD ? rows->n - 1 - i : i].row;
	for (uint32_t i = rows->n; i > 1 && o->order == ROWS_MIXED; i--) {
		uint32_t k = rng_below(&r, i);
		struct row keep = rows->v[i - 1];
		rows->v[i - 1] = rows->v[k];
		rows->v[k] = keep;
	}
}

static struct place *new_places(struct oracle *o)
{
	uint32_t n = (GRAPH_NODES_MAX + GRAPH_EDGES_MAX) * N_PLACES;
	struct place *p = must(ARENA_ARRAY(o->a, struct place, n));

	memset(p, 0, n * sizeof(*p));
	return p;
}

void write_clause(struct oracle *o, const struct clause *c, struct rows *in, struct rows *out)
{
	struct writer w = {.o = o, .w = c->write};

	w.places = new_places(o);
	w.made = new_places(o);
	reorder(o, in);
	switch ((enum clause_kind)c->kind) {
	case C_INSERT:
		insert_rows(&w, in, out);
		return;
	case C_SET:
		set_rows(&w, in, out);
		return;
	case C_MERGE:
		merge_rows(&w, in, out);
		return;
	default:
		delete_rows(&w, in, out);
	}
}
