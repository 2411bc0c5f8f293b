/* Matches of a pattern by trying every element at every place. */
#include <string.h>

#include "tests/differential/oracle.h"

struct hop { /* one edge of a match */
	uint32_t edge, to;
};

struct match {
	struct oracle *o;
	const struct pattern *pt;
	struct row row;
	struct rows *ret;
	struct hop used[64]; /* edges of this match in the order of the walk, and where they lead */
	uint32_t n_used;
	uint32_t path_first[PATHS_MAX]; /* used[] from here on is the path's */
	uint32_t path_start[PATHS_MAX]; /* its first node */
	uint32_t shortest;		/* of the search that runs: UINT32_MAX not known yet */
};

static void match_path(struct match *m, uint32_t i_path);
static void match_hop(struct match *m, uint32_t i_path, uint32_t i_hop, uint32_t at);

struct row row_copy(struct oracle *o, const struct row *r)
{
	struct row c = {must(ARENA_ARRAY(o->a, struct value, o->s->n_vars + 1))};

	memcpy(c.v, r->v, o->s->n_vars * sizeof(struct value));
	return c;
}

void table_add(struct oracle *o, struct rows *rows, const struct row *r)
{
	if (rows->n >= ORACLE_ROWS)
		o->too_large = true;
	if (o->too_large)
		return;
	if (rows->n == rows->cap) {
		struct row *v =
		    must(ARENA_ARRAY(o->a, struct row, rows->cap == 0 ? 8 : 2 * rows->cap));
		if (rows->n > 0)
			memcpy(v, rows->v, rows->n * sizeof(*v));
		rows->v = v;
		rows->cap = rows->cap == 0 ? 8 : 2 * rows->cap;
	}
	rows->v[rows->n++] = row_copy(o, r);
}

static bool step(struct match *m)
{
	if (++m->o->n_steps > ORACLE_STEPS)
		m->o->too_large = true;
	return !m->o->too_large;
}

/* ---- tests of one element ---------------------------------------------------------------------
 */

static bool labels_fit(const struct node_pat *n, uint8_t labels)
{
	bool x = (labels >> n->label & 1) != 0, y = (labels >> n->label2 & 1) != 0;

	switch ((enum label_test)n->test) {
	case LABEL_ONE:
		return x;
	case LABEL_BOTH:
		return x && y;
	case LABEL_EITHER:
		return x || y;
	case LABEL_NOT:
		return !x;
	case LABEL_SOME:
		return labels != 0;
	default:
		return true;
	}
}

static bool props_fit(struct match *m, uint32_t n, const struct prop_test *tests,
		      const struct value *props)
{
	for (uint32_t i = 0; i < n; i++)
		if (!values_equal_surely(props[tests[i].key],
					 term_value(m->o, tests[i].value, &m->row, NULL)))
			return false;
	return true;
}

/* Whether node i may stand here; *ret_bound: the variable was bound for it. */
static bool take_node(struct match *m, const struct node_pat *n, uint32_t i, bool *ret_bound)
{
	const struct node *node = &m->o->g->nodes[i];

	*ret_bound = false;
	if (node->dead)
		return false;
	if (n->var != NO_VAR) {
		struct value *v = &m->row.v[n->var];
		if (v->kind != UNBOUND && (v->kind != V_NODE || v->id != i))
			return false;
		*ret_bound = v->kind == UNBOUND;
		*v = value_node(i);
	}
	if (labels_fit(n, node->labels) && props_fit(m, n->n_props, n->props, node->props) &&
	    term_holds(m->o, n->where, &m->row))
		return true;
	if (*ret_bound)
		m->row.v[n->var].kind = UNBOUND;
	return false;
}

static void drop_node(struct match *m, const struct node_pat *n, bool bound)
{
	if (bound)
		m->row.v[n->var].kind = UNBOUND;
}

/* var: holds the edge while its conditions are looked at. */
static bool edge_fits(struct match *m, const struct edge_pat *e, uint32_t i, uint32_t var)
{
	const struct edge *edge = &m->o->g->edges[i];
	bool typed = (e->types >> edge->type & 1) != 0;

	if (e->types != 0 && typed == e->not_types)
		return false;
	struct value keep = {.kind = UNBOUND};
	if (var != NO_VAR) {
		keep = m->row.v[var];
		m->row.v[var] = value_edge(i);
	}
	bool fits =
	    props_fit(m, e->n_props, e->props, edge->props) && term_holds(m->o, e->where, &m->row);
	if (var != NO_VAR)
		m->row.v[var] = keep;
	return fits;
}

/* Where edge i leads from node at, as written; false: nowhere. A loop is met once. */
static bool leads(const struct small_graph *g, const struct edge_pat *e, uint32_t i, uint32_t at,
		  bool second, uint32_t *ret)
{
	const struct edge *edge = &g->edges[i];
	bool out = e->dir == GO_OUT || (e->dir == GO_ANY && !second);

	if (edge->dead)
		return false;
	if (second && (e->dir != GO_ANY || edge->from == edge->to))
		return false;
	*ret = out ? edge->to : edge->from;
	return (out ? edge->from : edge->to) == at;
}

static bool may_walk(const struct match *m, uint32_t i_path, uint32_t edge, uint32_t to)
{
	const struct path_pat *p = &m->pt->paths[i_path];
	uint32_t first = m->path_first[i_path], start = m->path_start[i_path];

	for (uint32_t i = m->pt->repeatable ? first : 0; i < m->n_used; i++)
		if (m->used[i].edge == edge && (!m->pt->repeatable || p->walk == WALK_TRAIL))
			return false;
	if (p->walk != WALK_ACYCLIC && p->walk != WALK_SIMPLE)
		return true;
	bool closed = m->n_used > first && m->used[m->n_used - 1].to == start;
	if (closed) /* a simple path ends where it comes back */
		return false;
	if (to == start)
		return p->walk == WALK_SIMPLE;
	for (uint32_t i = first; i < m->n_used; i++)
		if (m->used[i].to == to)
			return false;
	return true;
}

/* ---- one hop ----------------------------------------------------------------------------------
 */

static void arrive(struct match *m, uint32_t i_path, uint32_t i_hop, uint32_t to)
{
	const struct node_pat *n = &m->pt->paths[i_path].nodes[i_hop + 1];
	bool bound;

	if (!take_node(m, n, to, &bound))
		return;
	match_hop(m, i_path, i_hop + 1, to);
	drop_node(m, n, bound);
}

static void single_edge(struct match *m, uint32_t i_path, uint32_t i_hop, uint32_t at)
{
	const struct edge_pat *e = &m->pt->paths[i_path].edges[i_hop];
	const struct small_graph *g = m->o->g;
	uint32_t to;

	for (uint32_t i = 0; i < 2 * g->n_edges && step(m); i++) {
		uint32_t edge = i / 2;
		if (!leads(g, e, edge, at, i % 2 != 0, &to) || !may_walk(m, i_path, edge, to))
			continue;
		struct value *v = e->var != NO_VAR ? &m->row.v[e->var] : NULL;
		bool bind = v != NULL && v->kind == UNBOUND;
		if (v != NULL && !bind && (v->kind != V_EDGE || v->id != edge))
			continue;
		if (!edge_fits(m, e, edge, e->var))
			continue;
		if (bind)
			*v = value_edge(edge);
		m->used[m->n_used++] = (struct hop){edge, to};
		arrive(m, i_path, i_hop, to);
		m->n_used--;
		if (bind)
			v->kind = UNBOUND;
	}
}

static struct value edge_list(struct match *m, uint32_t from, uint32_t n)
{
	struct value *v = must(ARENA_ARRAY(m->o->a, struct value, n + 1));

	for (uint32_t i = 0; i < n; i++)
		v[i] = value_edge(m->used[from + i].edge);
	return value_list(v, n);
}

/* From the edge used[from] on, n edges are walked. */
static void walk(struct match *m, uint32_t i_path, uint32_t i_hop, uint32_t at, uint32_t from)
{
	const struct edge_pat *e = &m->pt->paths[i_path].edges[i_hop];
	const struct small_graph *g = m->o->g;
	uint32_t n = m->n_used - from, to;

	if (n >= e->min) {
		if (e->var != NO_VAR)
			m->row.v[e->var] = edge_list(m, from, n);
		arrive(m, i_path, i_hop, at);
		if (e->var != NO_VAR)
			m->row.v[e->var].kind = UNBOUND;
	}
	if (n >= e->max || m->n_used == 64)
		return;
	for (uint32_t i = 0; i < 2 * g->n_edges && step(m); i++) {
		uint32_t edge = i / 2;
		if (!leads(g, e, edge, at, i % 2 != 0, &to) || !may_walk(m, i_path, edge, to) ||
		    !edge_fits(m, e, edge, e->each))
			continue;
		m->used[m->n_used++] = (struct hop){edge, to};
		walk(m, i_path, i_hop, to, from);
		m->n_used--;
	}
}

/* ---- paths ------------------------------------------------------------------------------------
 */

static struct value path_value(struct match *m, uint32_t i_path)
{
	uint32_t first = m->path_first[i_path], n = m->n_used - first;
	struct value *nodes = must(ARENA_ARRAY(m->o->a, struct value, n + 1));
	struct value *edges = must(ARENA_ARRAY(m->o->a, struct value, n + 1));
	struct path_value *p = must(ARENA_NEW(m->o->a, struct path_value));

	nodes[0] = value_node(m->path_start[i_path]);
	for (uint32_t i = 0; i < n; i++) {
		edges[i] = value_edge(m->used[first + i].edge);
		nodes[i + 1] = value_node(m->used[first + i].to);
	}
	*p = (struct path_value){.n_edges = n, .nodes = nodes, .edges = edges};
	return (struct value){.kind = V_PATH, .path = p};
}

static void path_done(struct match *m, uint32_t i_path)
{
	const struct path_pat *p = &m->pt->paths[i_path];

	if (p->var != NO_VAR)
		m->row.v[p->var] = path_value(m, i_path);
	match_path(m, i_path + 1);
	if (p->var != NO_VAR)
		m->row.v[p->var].kind = UNBOUND;
}

static void match_hop(struct match *m, uint32_t i_path, uint32_t i_hop, uint32_t at)
{
	const struct path_pat *p = &m->pt->paths[i_path];

	if (i_hop == p->n_hops)
		path_done(m, i_path);
	else if (p->edges[i_hop].quantified)
		walk(m, i_path, i_hop, at, m->n_used);
	else
		single_edge(m, i_path, i_hop, at);
}

/* The shortest of the walks that end at one node. */
static void take_shortest(struct match *m, const struct rows *all, uint32_t end, uint32_t edges,
			  uint32_t to)
{
	uint32_t length = UINT32_MAX, n = 0;

	for (uint32_t i = 0; i < all->n; i++)
		if (all->v[i].v[end].id == to)
			length = MIN_OF(length, all->v[i].v[edges].n);
	for (uint32_t i = 0; i < all->n; i++) {
		if (all->v[i].v[end].id != to || all->v[i].v[edges].n != length)
			continue;
		if (n++ > 0 && m->pt->paths[0].search == SEARCH_ANY_SHORTEST)
			return;
		if (term_holds(m->o, m->pt->where, &all->v[i]))
			table_add(m->o, m->ret, &all->v[i]);
	}
}

/* A search is the only path of its pattern: all walks from a node are found without the pattern's
 * own WHERE, and the shortest to each node are tried again with it. */
static void search(struct match *m, uint32_t from)
{
	uint32_t end = m->o->s->n_vars - 2, edges = m->o->s->n_vars - 1;
	struct pattern one = {.n_paths = 1, .paths = {m->pt->paths[0]}};
	struct path_pat *p = &one.paths[0];
	struct rows all = {0};
	struct match inner = {.o = m->o, .pt = &one, .row = row_copy(m->o, &m->row), .ret = &all};
	bool bound;

	p->search = SEARCH_NONE;
	if (p->edges[0].var == NO_VAR)
		p->edges[0].var = edges;
	inner.path_start[0] = from;
	if (!take_node(&inner, &p->nodes[0], from, &bound))
		return;
	match_hop(&inner, 0, 0, from);
	for (uint32_t to = 0; to < m->o->g->n_nodes; to++)
		take_shortest(m, &all, end, p->edges[0].var, to);
}

static void match_path(struct match *m, uint32_t i_path)
{
	if (i_path == m->pt->n_paths) {
		if (step(m) && term_holds(m->o, m->pt->where, &m->row)) {
			uint32_t last = m->n_used > 0 ? m->used[m->n_used - 1].to
						      : m->path_start[m->pt->n_paths - 1];
			m->row.v[m->o->s->n_vars - 2] = value_node(last); /* a search asks */
			table_add(m->o, m->ret, &m->row);
		}
		return;
	}
	const struct path_pat *p = &m->pt->paths[i_path];
	m->path_first[i_path] = m->n_used;
	for (uint32_t i = 0; i < m->o->g->n_nodes && step(m); i++) {
		bool bound;
		if (p->search != SEARCH_NONE) {
			search(m, i);
			continue;
		}
		if (!take_node(m, &p->nodes[0], i, &bound))
			continue;
		m->path_start[i_path] = i;
		match_hop(m, i_path, 0, i);
		drop_node(m, &p->nodes[0], bound);
	}
}

void match_pattern(struct oracle *o, const struct pattern *pt, const struct row *r,
		   struct rows *ret)
{
	struct match m = {.o = o, .pt = pt, .row = row_copy(o, r), .ret = ret};

	match_path(&m, 0);
}
