#include "plan/logical.h"

/* Fractions of rows that pass, in the absence of histograms (the classic ones of Selinger et al.,
 * SIGMOD 1979). */
#define SELECT_EQ 0.1
#define SELECT_RANGE 0.33
#define SELECT_OTHER 0.5

static name_id known_name(struct planner *p, enum name_kind kind, uint32_t name)
{
	return name == NAME_NONE ? NAME_NONE
				 : store_name_find(p->store, kind, p->names.v[name].text);
}

double cost_label_rows(struct planner *p, uint32_t label)
{
	name_id id = known_name(p, NAME_LABEL, label);

	if (label != NAME_NONE && id == NAME_NONE)
		return 1; /* nobody carries it yet */
	return MAX_OF((double)graph_count_nodes(p->g, id), 1.0);
}

double cost_seek_rows(struct planner *p, uint32_t label, bool unique)
{
	return unique ? 1 : MAX_OF(cost_label_rows(p, label) / 1000, 1.0);
}

double cost_degree(struct planner *p, const struct qedge *e)
{
	double nodes = MAX_OF((double)graph_count_nodes(p->g, NAME_NONE), 1.0), edges = 0;

	if (e->n_types == 0)
		edges = (double)graph_count_edges(p->g, NAME_NONE);
	for (uint32_t i = 0; i < e->n_types; i++) {
		name_id id = known_name(p, NAME_TYPE, e->types[i]);
		if (id != NAME_NONE)
			edges += (double)graph_count_edges(p->g, id);
	}
	double degree = edges / nodes * (e->dir == DIR_BOTH ? 2 : 1), rows = 0, walks = 1;
	if (!e->quantified)
		return MAX_OF(degree, 0.01);
	for (uint32_t hop = 1; hop <= MIN_OF(e->max, 8u); hop++) {
		walks *= MAX_OF(degree, 0.01);
		if (hop >= e->min)
			rows += walks;
	}
	return MAX_OF(rows, 0.01);
}

double cost_selectivity(struct planner *p, const struct expr *e)
{
	switch ((enum expr_kind)e->kind) {
	case EXPR_AND:
		return cost_selectivity(p, e->args[0]) * cost_selectivity(p, e->args[1]);
	case EXPR_EQ:
		return SELECT_EQ;
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return SELECT_RANGE;
	case EXPR_HAS_LABEL:
		return cost_label_rows(p, e->name) / cost_label_rows(p, NAME_NONE);
	default:
		return SELECT_OTHER;
	}
}
