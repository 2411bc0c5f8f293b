/* Names of graphs; USE. */
#include "plan/bind.h"

static void suggest_graph(struct store *s, struct str name, uint64_t lsn, struct diag *d)
{
	uint32_t n = store_graph_places(s);
	unsigned best_distance = 3;
	struct str best = STR_NULL;

	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s, i);
		if (g == NULL || !graph_is_seen(g, lsn))
			continue;
		unsigned distance = str_distance(name, graph_name(g), best_distance);
		if (distance < best_distance) {
			best = graph_name(g);
			best_distance = distance;
		}
	}
	if (best.len != 0)
		diag_hint(d, "did you mean '" STR_FMT "'?", STR_ARG(best));
}

enum status plan_find_graph(struct store *s, const struct ast_name *name, uint64_t lsn,
			    struct graph **ret, struct diag *d)
{
	*ret = store_graph_find(s, name->text, lsn);
	if (*ret != NULL)
		return ST_OK;
	(void)diag_set(d, GQL_BAD_REFERENCE, name->offset, "there is no graph '" STR_FMT "'",
		       STR_ARG(name->text));
	suggest_graph(s, name->text, lsn, d);
	return ST_INVALID;
}

/* ---- USE ------------------------------------------------------------------------------------- */

static bool may_hold_elements(const struct variable *v)
{
	return v->type == V_NULL || v->type == V_LIST || v->type == V_MAP;
}

/* Variables that are elements for sure are refused where they are named (bind_check_graph); the
 * values of others are checked as the rows pass. */
static enum status passing_slots(struct binder *b, struct pop *o)
{
	const struct scope *s = &b->pipe->scope;
	uint32_t *slots = ARENA_ARRAY(b->p->a, uint32_t, s->vars.n + 1);

	if (slots == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < s->vars.n; i++)
		if (may_hold_elements(&s->vars.v[i]))
			slots[o->use.n++] = s->vars.v[i].slot;
	o->use.slots = slots;
	return ST_OK;
}

enum status bind_graph(struct binder *b, struct graph *g, uint32_t offset)
{
	struct pop *o;

	b->p->g = g;
	if (b->pipe->graph == g)
		return ST_OK;
	TRY(bind_barrier(b));
	TRY(pipe_add(b, POP_USE, &o));
	o->use.graph = b->pipe->graph;
	o->offset = offset;
	b->pipe->graph = g;
	return passing_slots(b, o);
}

static enum status remember_graph(struct planner *p, struct graph *g)
{
	for (uint32_t i = 0; i < p->graphs.n; i++)
		if (p->graphs.v[i] == g)
			return ST_OK;
	return vec_push(MEM_PLAN, &p->graphs, g) ? ST_OK : ST_NOMEM;
}

enum status bind_use(struct binder *b, const struct ast_clause *c)
{
	struct planner *p = b->p;
	struct graph *g = p->session_graph;

	if (c->use.home) {
		g = p->home;
		p->names_home = true;
	} else if (!c->use.current) {
		TRY(plan_find_graph(p->store, &c->use.name, p->catalog_lsn, &g, p->d));
	}
	if (p->bound && g != p->session_graph) {
		(void)diag_set(p->d, GQL_SYNTAX_OR_ACCESS, c->use.name.offset,
			       "the login chose this session's graph: '" STR_FMT "' cannot be used",
			       STR_ARG(graph_name(g)));
		diag_hint(p->d, "log in without naming a graph");
		return ST_INVALID;
	}
	if (remember_graph(p, g) != ST_OK)
		return bind_no_memory(b);
	return bind_graph(b, g, c->offset);
}

enum status bind_check_graph(struct binder *b, const struct variable *v, uint32_t offset)
{
	if (v->graph == b->pipe->graph ||
	    (v->type != V_NODE && v->type != V_EDGE && v->type != V_PATH && !v->edge_list))
		return ST_OK;
	(void)diag_set(
	    b->p->d, GQL_BAD_REFERENCE, offset,
	    "'" STR_FMT "' is of graph '" STR_FMT "' and cannot be used in graph '" STR_FMT "'",
	    STR_ARG(v->name), STR_ARG(graph_name(v->graph)), STR_ARG(graph_name(b->pipe->graph)));
	diag_hint(b->p->d, "hand on its properties: LET x = v.name");
	return ST_INVALID;
}
