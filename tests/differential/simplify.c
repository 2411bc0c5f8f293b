/* A failing statement made smaller, one step at a time. */
#include "tests/differential/tree.h"

struct shears {
	uint32_t left; /* places to pass before the cut */
	bool done;
};

/* Whether to cut here. */
static bool here(struct shears *x, bool possible)
{
	if (x->done || !possible)
		return false;
	if (x->left-- > 0)
		return false;
	x->done = true;
	return true;
}

static void cut_pattern(struct shears *x, struct pattern *pt);

static void cut_term(struct shears *x, struct term **t)
{
	struct term *whole = *t;

	if (whole == NULL)
		return;
	bool logic = whole->kind == T_AND || whole->kind == T_OR || whole->kind == T_XOR;
	for (uint32_t i = 0; i < whole->n_args; i++)
		if (here(x, logic || whole->kind == T_NOT))
			*t = whole->args[i];
	for (uint32_t i = 0; i < whole->n_args && !x->done; i++)
		cut_term(x, &whole->args[i]);
	if (whole->pattern != NULL && !x->done)
		cut_pattern(x, whole->pattern);
}

static void cut_where(struct shears *x, struct term **where)
{
	if (here(x, *where != NULL))
		*where = NULL;
	else if (!x->done)
		cut_term(x, where);
}

static void cut_node(struct shears *x, struct node_pat *n)
{
	if (here(x, n->test != LABEL_FREE))
		n->test = LABEL_FREE;
	if (here(x, n->n_props > 0))
		n->n_props--;
	if (here(x, n->var != NO_VAR))
		n->var = NO_VAR;
	cut_where(x, &n->where);
}

static void cut_edge(struct shears *x, struct edge_pat *e)
{
	if (here(x, e->types != 0)) {
		e->types = 0;
		e->not_types = false;
	}
	if (here(x, e->n_props > 0))
		e->n_props--;
	if (here(x, e->var != NO_VAR && e->each == NO_VAR))
		e->var = NO_VAR;
	if (here(x, e->dir != GO_OUT))
		e->dir = GO_OUT;
	if (here(x, e->quantified && e->max > e->min && e->max != UNBOUNDED))
		e->max--;
	cut_where(x, &e->where);
}

static void cut_path(struct shears *x, struct path_pat *p)
{
	if (here(x, p->n_hops > 0 && p->search == SEARCH_NONE))
		p->n_hops--;
	if (here(x, p->var != NO_VAR))
		p->var = NO_VAR;
	if (here(x, p->n_hops > 0 && p->search == SEARCH_NONE)) {
		p->n_hops--;
		for (uint32_t i = 0; i <= p->n_hops; i++) {
			p->nodes[i] = p->nodes[i + 1];
			p->edges[i] = p->edges[i + 1 < HOPS_MAX ? i + 1 : i];
		}
	}
	for (uint32_t i = 0; i <= p->n_hops; i++)
		cut_node(x, &p->nodes[i]);
	for (uint32_t i = 0; i < p->n_hops; i++)
		cut_edge(x, &p->edges[i]);
}

static void cut_pattern(struct shears *x, struct pattern *pt)
{
	for (uint32_t i = 0; i < pt->n_paths && pt->n_paths > 1; i++)
		if (here(x, true)) {
			for (pt->n_paths--; i < pt->n_paths; i++)
				pt->paths[i] = pt->paths[i + 1];
			return;
		}
	for (uint32_t i = 0; i < pt->n_paths; i++)
		cut_path(x, &pt->paths[i]);
	cut_where(x, &pt->where);
}

static void cut_projection(struct shears *x, struct projection *pr)
{
	if (here(x, pr->n_sorts > 0 && !pr->has_limit && !pr->has_skip))
		pr->n_sorts--;
	if (here(x, pr->has_limit)) {
		pr->has_limit = false;
		pr->limit = UINT32_MAX;
	}
	if (here(x, pr->has_skip)) {
		pr->has_skip = false;
		pr->skip = 0;
	}
	if (here(x, pr->distinct))
		pr->distinct = false;
	for (uint32_t i = 0; i < pr->n_items && pr->n_items > 1 && pr->n_sorts == 0; i++)
		if (here(x, true)) {
			for (pr->n_items--; i < pr->n_items; i++)
				pr->items[i] = pr->items[i + 1];
			return;
		}
	for (uint32_t i = 0; i < pr->n_items; i++)
		cut_term(x, &pr->items[i].term);
	cut_where(x, &pr->where);
}

static void cut_props(struct shears *x, uint32_t *n, struct prop_test *props)
{
	for (uint32_t i = 0; i < *n; i++)
		if (here(x, true)) {
			for (--*n; i < *n; i++)
				props[i] = props[i + 1];
			return;
		}
	for (uint32_t i = 0; i < *n; i++)
		cut_term(x, &props[i].value);
}

static void cut_changes(struct shears *x, uint32_t *n, struct change *changes, uint32_t least)
{
	for (uint32_t i = 0; i < *n; i++)
		if (here(x, *n > least)) {
			for (--*n; i < *n; i++)
				changes[i] = changes[i + 1];
			return;
		}
	for (uint32_t i = 0; i < *n; i++) {
		cut_term(x, &changes[i].value);
		cut_props(x, &changes[i].n_props, changes[i].props);
	}
}

static void cut_write(struct shears *x, const struct clause *c)
{
	struct write *w = c->write;

	if (here(x, w->path.n_hops > 0 && !w->path.nodes[0].bound))
		w->path.n_hops--;
	for (uint32_t i = 0; i <= w->path.n_hops; i++)
		cut_props(x, &w->path.nodes[i].n_props, w->path.nodes[i].props);
	for (uint32_t i = 0; i < w->path.n_hops; i++)
		cut_props(x, &w->path.edges[i].n_props, w->path.edges[i].props);
	cut_changes(x, &w->n_changes, w->changes, c->kind == C_SET);
	cut_changes(x, &w->n_on_match, w->on_match, 0);
	if (here(x, w->n_targets > 1))
		w->n_targets--;
}

static void cut_branch(struct shears *x, struct branch *b)
{
	bool writes = b->n_clauses > 1 && b->clauses[b->n_clauses - 2].write != NULL;

	for (uint32_t i = 0; i < b->n_clauses; i++)
		if (here(x, i + 1 < b->n_clauses || writes)) {
			for (b->n_clauses--; i < b->n_clauses; i++)
				b->clauses[i] = b->clauses[i + 1];
			return;
		}
	for (uint32_t i = 0; i < b->n_clauses && !x->done; i++) {
		struct clause *c = &b->clauses[i];
		if (c->pattern != NULL)
			cut_pattern(x, c->pattern);
		cut_term(x, &c->term);
		if (c->kind == C_WITH || c->kind == C_RETURN)
			cut_projection(x, &c->project);
		if (c->write != NULL)
			cut_write(x, c);
	}
}

static void cut_statement(struct shears *x, struct statement *s)
{
	if (here(x, s->n_branches > 1))
		s->n_branches--;
	if (here(x, s->n_branches > 1))
		s->branches[0] = s->branches[--s->n_branches];
	for (uint32_t i = 0; i < s->n_branches && !x->done; i++)
		cut_branch(x, &s->branches[i]);
}

bool script_simplify(struct script *s, uint32_t place)
{
	struct shears x = {.left = place};

	for (uint32_t i = 0; i < s->n_steps && s->n_steps > 1; i++) {
		if (!here(&x, true))
			continue;
		for (uint32_t k = 0; k < s->n_steps; k++)
			s->steps[k].to -= s->steps[k].to > i;
		for (s->n_steps--; i < s->n_steps; i++)
			s->steps[i] = s->steps[i + 1];
		return true;
	}
	if (here(&x, s->commits))
		s->commits = false;
	for (uint32_t i = 0; i < s->n_steps && !x.done; i++)
		if (s->steps[i].statement != NULL)
			cut_statement(&x, s->steps[i].statement);
	return x.done;
}
