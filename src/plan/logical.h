/* plan/logical.h - a pattern as a small graph, between binder and planner.
 *
 * Room: plan, private. Lives in the plan's scratch arena. */
#ifndef PLAN_LOGICAL_H
#define PLAN_LOGICAL_H

#include "plan/plan_int.h"

#define PATTERN_ELEMENTS_MAX 256 /* nodes and edges of one MATCH */

struct qnode {
	uint32_t slot;
	uint32_t label; /* a label that every match has (index into names), NAME_NONE: none known */
};

struct qedge {
	uint32_t slot;	   /* the edge, or the list of edges of a quantified one */
	uint32_t from, to; /* indexes of qnodes, as written */
	uint8_t dir;	   /* enum pat_dir */
	uint8_t mode;	   /* enum path_mode */
	bool quantified, shortest, all_shortest, distinct_edges;
	uint32_t n_types;
	const uint32_t *types;
	uint32_t min, max;
	uint32_t path_slot;
	const struct expr *edge_pred;
	uint32_t offset;
	bool done;
};

struct qpred {
	const struct expr *e;
	struct slot_set slots;
	bool done;
};

struct qgraph {
	struct planner *p;
	uint32_t n_nodes, n_edges, n_preds;
	struct qnode *nodes;
	struct qedge *edges;
	struct qpred *preds;
};

struct step { /* one partial plan */
	const struct pop *op;
	struct slot_set bound;
	const struct slot_set *elsewhere; /* bound in what this one will be joined with; or NULL */
	double rows;
};

static inline const struct pop *pop_estimate(struct pop *o, double rows, double cost)
{
	o->est_rows = rows;
	o->est_cost = cost;
	return o;
}

/* ---- seek.c: where a part of the pattern begins ---------------------------------------- */

struct start {
	uint32_t node;	   /* index of a qnode */
	uint32_t preds[2]; /* what a seek answers, UINT32_MAX: none; both: a scan */
	bool by_id;
	struct pop_seek seek;
	double rows;
	double key_rows; /* start_ordered(): of one key */
};

static inline bool start_seeks(const struct start *at)
{
	return at->preds[0] != UINT32_MAX;
}

/* A seek by that key of node n: by the predicates that bound it, or of all values. False: there is
 * no index, or a predicate asks for single values. */
bool start_ordered(struct qgraph *q, uint32_t n, uint32_t key, struct start *ret);
/* The cheapest way to find node n when the slots of bound are known. */
struct start start_best(struct qgraph *q, uint32_t n, const struct slot_set *bound);
/* A seek for each row of s. */
enum status seek_begin(struct qgraph *q, const struct start *at, struct step *s) MUST_CHECK;
/* A new part *s, which begins with a scan. */
enum status scan_begin(struct qgraph *q, const struct start *at, struct step *s) MUST_CHECK;

/* ---- pattern.c ------------------------------------------------------------------------ */

/* The pattern over the rows of input, whose slots are in *bound; afterwards *bound holds the
 * pattern's too. Places every predicate of q as early as its slots allow. */
enum status plan_pattern(struct qgraph *q, const struct pop *input, struct slot_set *bound,
			 const struct pop **ret) MUST_CHECK;

/* cost.c: estimates from kept counts; never exact, never zero. */
double cost_label_rows(struct planner *p, uint32_t label);
/* Nodes that a seek finds for one row; of bounds that are not known yet a guess. */
double cost_seek_rows(struct planner *p, struct prop_index *ix, const struct pop_seek *seek);
/* Edges of a node at the near end of the pattern's edge, or paths; reverse: the far end is near. */
double cost_degree(struct qgraph *q, const struct qedge *e, bool reverse);
double cost_selectivity(struct planner *p, const struct expr *e);

#endif
