#include "plan/logical.h"

/* Fractions of rows that pass, in the absence of histograms (the classic ones of Selinger et al.,
 * SIGMOD 1979). */
#define SELECT_EQ 0.1
#define SELECT_RANGE 0.33
#define SELECT_BETWEEN 0.02 /* a range with two ends, a prefix */
#define SELECT_OTHER 0.5
#define LIST_ELEMENTS 10 /* of a list that is not known yet */

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

/* The value of an expression that does not change, as far as the statement's own text tells; false
 * when only a run will tell. A cached plan keeps the estimate of the literals that made it. */
static bool known_value(struct planner *p, const struct expr *e, struct value *ret)
{
	if (e->kind == EXPR_CONST) {
		*ret = e->value;
		return true;
	}
	if (e->kind != EXPR_PARAM || p->params.v[e->index].name.len != 0)
		return false;
	*ret = p->params.v[e->index].value;
	return true;
}

static double range_rows(struct planner *p, struct prop_index *ix, const struct pop_seek *s)
{
	struct index_range r = {.low_kind = s->low_kind, .high_kind = s->high_kind};
	double all = MAX_OF(prop_index_all_rows(ix), 1.0);

	if (s->kind == SEEK_PREFIX)
		r.low_kind = BOUND_PREFIX;
	if ((s->value == NULL || known_value(p, s->value, &r.low)) &&
	    (s->high == NULL || known_value(p, s->high, &r.high)))
		return MAX_OF(prop_index_rows(ix, &r), 1.0);
	if (s->kind == SEEK_PREFIX || (s->value != NULL && s->high != NULL))
		return MAX_OF(all * SELECT_BETWEEN, 1.0);
	return MAX_OF(all * SELECT_RANGE, 1.0);
}

double cost_seek_rows(struct planner *p, struct prop_index *ix, const struct pop_seek *s)
{
	struct value list;

	switch ((enum seek_kind)s->kind) {
	case SEEK_EQUAL:
		return prop_index_rows_per_key(ix);
	case SEEK_IN:
		if (s->value->kind == EXPR_LIST)
			return prop_index_rows_per_key(ix) * MAX_OF(s->value->n_args, 1u);
		if (known_value(p, s->value, &list) && list.kind == V_LIST)
			return prop_index_rows_per_key(ix) * MAX_OF(list.n, 1u);
		return prop_index_rows_per_key(ix) * LIST_ELEMENTS;
	default:
		return range_rows(p, ix, s);
	}
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
