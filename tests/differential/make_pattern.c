/* Random patterns: paths, cycles, quantifiers, shortest searches. */
#include "tests/differential/make.h"

#define ELEMENTS (1u << K_NODE | 1u << K_EDGE)

static void node_label(struct maker *m, struct node_pat *n)
{
	uint32_t x = below(m, 100);

	n->test = x < 60   ? LABEL_FREE
		  : x < 86 ? LABEL_ONE
		  : x < 89 ? LABEL_BOTH
		  : x < 93 ? LABEL_EITHER
		  : x < 97 ? LABEL_NOT
			   : LABEL_SOME;
	n->label = (uint8_t)(chance(m, 3) ? N_LABELS - 1 : below(m, N_LABELS - 1));
	n->label2 = (uint8_t)below(m, N_LABELS - 1);
}

static struct term *prop_value(struct maker *m, uint8_t key)
{
	enum var_kind kind;
	uint32_t v = make_pick(m, ELEMENTS, &kind);

	if (v != NO_VAR && chance(m, 25))
		return term_prop(m, v, (enum key)key);
	switch ((enum key)key) {
	case KEY_ID:
		return term_int(m, below(m, NODES_MAX));
	case KEY_X:
		return term_int(m, below(m, 4));
	case KEY_S:
		return make_string(m);
	default:
		return make_any(m);
	}
}

static struct node_pat node_new(uint32_t var)
{
	return (struct node_pat){.var = var};
}

static void node_tests(struct maker *m, struct node_pat *n)
{
	if (chance(m, 12)) {
		n->n_props = 1 + chance(m, 15);
		n->props[0].key = (uint8_t)below(m, N_KEYS);
		n->props[1].key = (uint8_t)((n->props[0].key + 1) % N_KEYS);
		for (uint32_t i = 0; i < n->n_props; i++)
			n->props[i].value = prop_value(m, n->props[i].key);
	}
	if (n->var != NO_VAR && chance(m, 8))
		n->where = make_condition(m, 1, false);
}

static struct node_pat make_node(struct maker *m)
{
	uint32_t x = below(m, 100);
	enum var_kind kind;
	struct node_pat n = node_new(x < 30 ? make_pick(m, 1u << K_NODE, &kind) : NO_VAR);
	bool known = n.var != NO_VAR;

	if (!known && x < 75)
		n.var = make_var(m, 'n');
	node_label(m, &n);
	if (known && chance(m, 75))
		n.test = LABEL_FREE;
	if (!known && n.var != NO_VAR)
		make_visible(m, n.var, K_NODE);
	node_tests(m, &n);
	return n;
}

static void edge_types(struct maker *m, struct edge_pat *e)
{
	if (chance(m, 45))
		return;
	e->types = (uint8_t)(1u << below(m, chance(m, 5) ? N_TYPES : N_TYPES - 1));
	if (chance(m, 20))
		e->types |= (uint8_t)(1u << below(m, N_TYPES - 1));
	else
		e->not_types = chance(m, 8);
}

static void quantify(struct maker *m, struct edge_pat *e)
{
	bool small = m->g->n_edges <= (e->dir == GO_ANY ? 8 : 11);

	e->quantified = true;
	m->n_quantified++;
	e->min = below(m, 3);
	e->max = e->min + below(m, 3);
	if (small && chance(m, 35))
		e->max = UNBOUNDED;
	else if (e->max == 0)
		e->max = 1;
	if (e->max > 4 && e->max != UNBOUNDED)
		e->max = 4;
}

/* Its own edge, and what earlier clauses bound. */
static void edge_condition(struct maker *m, struct edge_pat *e)
{
	uint32_t n_scope = m->n_scope, n = 0;
	typeof(m->scope[0]) keep[VARS_MAX];

	for (uint32_t i = 0; i < n_scope; i++)
		keep[i] = m->scope[i];
	for (uint32_t i = 0; i < n_scope; i++)
		if (keep[i].earlier && chance(m, 30))
			m->scope[n++] = keep[i];
	m->n_scope = n;
	e->each = make_var(m, 'q');
	if (e->var != NO_VAR)
		m->s->vars[e->each] = m->s->vars[e->var];
	make_visible(m, e->each, K_EDGE);
	e->where = make_condition(m, 0, false);
	for (uint32_t i = 0; i < n_scope; i++)
		m->scope[i] = keep[i];
	m->n_scope = n_scope;
}

static uint32_t earlier_edge(struct maker *m)
{
	enum var_kind kind;
	uint32_t v = make_pick(m, 1u << K_EDGE, &kind);

	for (uint32_t i = 0; i < m->n_scope; i++)
		if (m->scope[i].var == v && m->scope[i].earlier)
			return v;
	return NO_VAR;
}

static struct edge_pat make_edge(struct maker *m, bool may_quantify)
{
	static const uint8_t dirs[] = {GO_OUT, GO_OUT, GO_OUT, GO_IN, GO_ANY};
	struct edge_pat e = {.var = NO_VAR, .each = NO_VAR, .dir = dirs[below(m, 5)]};

	edge_types(m, &e);
	if (may_quantify && m->n_quantified < 2 && chance(m, 30))
		quantify(m, &e);
	else if (chance(m, 6))
		e.var = earlier_edge(m);
	bool known = e.var != NO_VAR;
	if (!known && chance(m, 45))
		e.var = make_var(m, 'e');
	if (e.quantified) {
		if (chance(m, 15))
			edge_condition(m, &e);
		if (e.var != NO_VAR)
			make_visible(m, e.var, K_EDGES);
	} else if (e.var != NO_VAR && !known) {
		make_visible(m, e.var, K_EDGE);
	}
	if (chance(m, 6)) {
		e.n_props = 1;
		e.props[0].key = KEY_X;
		e.props[0].value = term_int(m, below(m, 3));
	}
	if (!e.quantified && e.var != NO_VAR && chance(m, 8))
		e.where = make_condition(m, 1, false);
	return e;
}

static void make_path(struct maker *m, struct path_pat *p, bool repeatable, bool inner)
{
	static const uint8_t hops[] = {0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3};

	*p = (struct path_pat){.var = NO_VAR};
	p->n_hops = hops[below(m, inner ? 9 : 12)];
	if (inner && p->n_hops == 0)
		p->n_hops = 1;
	m->n_hops += p->n_hops;
	p->nodes[0] = make_node(m);
	for (uint32_t i = 0; i < p->n_hops; i++) {
		p->edges[i] = make_edge(m, p->n_hops <= 2);
		if (repeatable && p->edges[i].quantified && p->edges[i].max == UNBOUNDED)
			p->edges[i].max = p->edges[i].min + 1;
		p->nodes[i + 1] = make_node(m);
	}
	if (p->n_hops > 0 && chance(m, 8)) {
		p->var = make_var(m, 'p');
		make_visible(m, p->var, K_PATH);
	}
	if (p->n_hops == 1 && p->edges[0].quantified && chance(m, 20))
		p->walk = (uint8_t)(WALK_TRAIL + below(m, 3));
}

/* Everything visible so far counts as bound before. */
static struct pattern *pattern_new(struct maker *m)
{
	for (uint32_t i = 0; i < m->n_scope; i++)
		m->scope[i].earlier = true;
	m->n_quantified = 0;
	return must(ARENA_NEW(m->a, struct pattern));
}

struct pattern *make_pattern(struct maker *m, bool inner)
{
	uint32_t n_scope = m->n_scope;
	struct pattern *pt = pattern_new(m);

	pt->repeatable = chance(m, 6);
	pt->n_paths = inner ? 1 : chance(m, 75) ? 1 : 1 + below(m, PATHS_MAX);
	for (uint32_t i = 0; i < pt->n_paths; i++)
		make_path(m, &pt->paths[i], pt->repeatable, inner);
	if (chance(m, inner ? 25 : 40))
		pt->where = make_condition(m, 2, !inner);
	if (inner)
		m->n_scope = n_scope;
	return pt;
}

/* (a)-[..]->(b): no new names. */
struct pattern *make_pattern_test(struct maker *m)
{
	struct pattern *pt = pattern_new(m);
	struct path_pat *p = &pt->paths[0];
	enum var_kind kind;

	pt->n_paths = 1;
	*p = (struct path_pat){.var = NO_VAR, .n_hops = 1 + chance(m, 25)};
	m->n_hops += p->n_hops;
	for (uint32_t i = 0; i <= p->n_hops; i++) {
		p->nodes[i] =
		    node_new(i == 0 || chance(m, 40) ? make_pick(m, 1u << K_NODE, &kind) : NO_VAR);
		if (p->nodes[i].var == NO_VAR)
			node_label(m, &p->nodes[i]);
		if (i < p->n_hops) {
			p->edges[i] =
			    (struct edge_pat){.var = NO_VAR, .each = NO_VAR, .dir = GO_OUT};
			edge_types(m, &p->edges[i]);
			if (p->edges[i].types == 0)
				p->edges[i].types = 1;
		}
	}
	return pt;
}

/* (a)-->()-->..(b), the shape of expansions: anonymous on the way. */
struct pattern *make_chain(struct maker *m, uint32_t n_hops, uint32_t *ret_first,
			   uint32_t *ret_last)
{
	struct pattern *pt = pattern_new(m);
	struct path_pat *p = &pt->paths[0];
	bool mixed = chance(m, 35);
	uint8_t dir = (uint8_t)(chance(m, 70) ? GO_OUT : below(m, 3));

	pt->n_paths = 1;
	*p = (struct path_pat){.var = NO_VAR, .n_hops = n_hops};
	m->n_hops += n_hops;
	for (uint32_t i = 0; i <= n_hops; i++) {
		bool end = i == 0 || i == n_hops;
		p->nodes[i] = node_new(end ? make_var(m, 'n') : NO_VAR);
		if (end || chance(m, 15))
			node_label(m, &p->nodes[i]);
		if (end)
			make_visible(m, p->nodes[i].var, K_NODE);
		if (i == n_hops)
			break;
		p->edges[i] = (struct edge_pat){.var = NO_VAR, .each = NO_VAR, .dir = dir};
		if (mixed) {
			p->edges[i].dir = (uint8_t)below(m, 3);
			edge_types(m, &p->edges[i]);
		}
	}
	if (chance(m, 20)) /* all of one type */
		for (uint32_t i = 0; i < n_hops; i++)
			p->edges[i].types = 1;
	*ret_first = p->nodes[0].var;
	*ret_last = p->nodes[n_hops].var;
	if (chance(m, 40)) {
		p->nodes[0].n_props = 1;
		p->nodes[0].props[0] =
		    (struct prop_test){KEY_ID, term_int(m, below(m, m->g->n_nodes + 1))};
	}
	if (chance(m, 35))
		pt->where = make_condition(m, 1, chance(m, 20));
	return pt;
}

/* (a)-[..]-{m,n}(b), mostly undirected, with a hop before or behind it now and then. */
struct pattern *make_walk(struct maker *m, uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t n = 1 + chance(m, 30), which = below(m, n);
	struct pattern *pt = make_chain(m, n, ret_first, ret_last);
	struct edge_pat *e = &pt->paths[0].edges[which];

	*e = (struct edge_pat){.var = NO_VAR, .each = NO_VAR};
	e->dir = (uint8_t)(chance(m, 75) ? GO_ANY : below(m, 3));
	edge_types(m, e);
	quantify(m, e);
	if (chance(m, 15))
		pt->paths[0].walk = (uint8_t)(n == 1 ? WALK_TRAIL + below(m, 3) : WALK_DEFAULT);
	return pt;
}

/* (a)-->(b)-->..(a) */
struct pattern *make_cycle(struct maker *m)
{
	uint32_t first, last, n = 2 + below(m, 3);
	struct pattern *pt = make_chain(m, n, &first, &last);
	struct path_pat *p = &pt->paths[0];

	p->nodes[n] = node_new(first);
	pt->where = NULL;
	m->n_scope--; /* last */
	for (uint32_t i = 1; i < n; i++)
		if (chance(m, 60)) {
			p->nodes[i].var = make_var(m, 'n');
			make_visible(m, p->nodes[i].var, K_NODE);
		}
	for (uint32_t i = 0; i < n; i++)
		if (chance(m, 25)) {
			p->edges[i].var = make_var(m, 'e');
			make_visible(m, p->edges[i].var, K_EDGE);
		}
	if (chance(m, 35))
		pt->where = make_condition(m, 1, false);
	return pt;
}

/* (a), (b) WHERE a.x = b.x */
struct pattern *make_pair(struct maker *m)
{
	struct pattern *pt = pattern_new(m);
	uint32_t v[2];
	uint8_t key = (uint8_t)(KEY_X + below(m, 3));

	pt->n_paths = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct path_pat *p = &pt->paths[i];
		*p = (struct path_pat){.var = NO_VAR, .n_hops = chance(m, 40)};
		m->n_hops += p->n_hops;
		v[i] = make_var(m, 'n');
		p->nodes[0] = node_new(v[i]);
		node_label(m, &p->nodes[0]);
		make_visible(m, v[i], K_NODE);
		if (p->n_hops > 0) {
			p->edges[0] = make_edge(m, false);
			p->nodes[1] = make_node(m);
		}
	}
	pt->where = term_of(m, chance(m, 85) ? T_EQ : T_LT, term_prop(m, v[0], (enum key)key),
			    term_prop(m, v[1], (enum key)(chance(m, 80) ? key : KEY_Y)));
	if (chance(m, 40))
		pt->where = term_of(m, T_AND, pt->where, make_condition(m, 1, true));
	return pt;
}

struct pattern *make_shortest(struct maker *m)
{
	struct pattern *pt = pattern_new(m);
	struct path_pat *p = &pt->paths[0];
	bool any = chance(m, 50);

	pt->n_paths = 1;
	*p = (struct path_pat){.var = NO_VAR, .n_hops = 1};
	p->search = any ? SEARCH_ANY_SHORTEST : SEARCH_ALL_SHORTEST;
	p->nodes[0] = make_node(m);
	struct edge_pat e = {.var = NO_VAR, .each = NO_VAR, .dir = (uint8_t)below(m, 3)};
	edge_types(m, &e);
	quantify(m, &e);
	e.min = chance(m, 80) ? 1 : below(m, 3);
	uint32_t least = MAX_OF(e.min, 1u);
	e.max = MAX_OF(e.max, least);
	if (chance(m, 15))
		edge_condition(m, &e);
	p->nodes[1] = make_node(m);
	if (chance(m, 50)) {
		p->var = make_var(m, 'p');
		make_visible(m, p->var, any ? K_SOME_PATH : K_PATH);
	}
	if (chance(m, 50) && e.each == NO_VAR) {
		e.var = make_var(m, 'e');
		make_visible(m, e.var, any ? K_SOME_EDGES : K_EDGES);
	}
	p->edges[0] = e;
	m->n_hops += 2;
	if (chance(m, 25))
		pt->where = make_condition(m, 1, false);
	return pt;
}
