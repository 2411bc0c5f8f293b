#include "plan/logical.h"

/* Fractions of rows that pass, in the absence of histograms (the classic ones of Selinger et al.,
 * SIGMOD 1979). */
#define SELECT_EQ 0.1
#define SELECT_RANGE 0.33
#define SELECT_BETWEEN 0.02 /* a range with two ends, a prefix */
#define SELECT_OTHER 0.5
#define TYPES_COUNTED 64 /* edge types that are added up where a pattern names none */
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

/* Edges of one type, or of all (NAME_NONE), at nodes with the label in a direction. */
static double count_at(struct planner *p, name_id label, name_id type, enum adj_dir dir)
{
	double n = 0;

	if (type != NAME_NONE || label == NAME_NONE)
		return (double)graph_count_ends(p->g, label, type, dir);
	uint32_t n_types = store_name_count(p->store, NAME_TYPE);
	if (n_types > TYPES_COUNTED) /* as if all labels were alike */
		return (double)graph_count_edges(p->g, NAME_NONE) *
		       (double)graph_count_nodes(p->g, label) /
		       MAX_OF((double)graph_count_nodes(p->g, NAME_NONE), 1.0);
	for (uint32_t i = 0; i < n_types; i++)
		n += (double)graph_count_ends(p->g, label, i, dir);
	return n;
}

static double edges_at(struct planner *p, const struct qedge *e, name_id label, enum adj_dir dir)
{
	double n = e->n_types == 0 ? count_at(p, label, NAME_NONE, dir) : 0;

	for (uint32_t i = 0; i < e->n_types; i++) {
		name_id type = known_name(p, NAME_TYPE, e->types[i]);
		if (type != NAME_NONE)
			n += count_at(p, label, type, dir);
	}
	return n;
}

double cost_degree(struct qgraph *q, const struct qedge *e, bool reverse)
{
	const struct qnode *start = &q->nodes[reverse ? e->to : e->from];
	name_id label = known_name(q->p, NAME_LABEL, start->label);
	double nodes = MAX_OF((double)graph_count_nodes(q->p->g, label), 1.0), edges = 0;
	bool in = (e->dir == DIR_IN) != reverse;

	if (e->dir == DIR_BOTH || !in)
		edges += edges_at(q->p, e, label, ADJ_OUT);
	if (e->dir == DIR_BOTH || in)
		edges += edges_at(q->p, e, label, ADJ_IN);
	double degree = edges / nodes, rows = 0, walks = 1;
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
