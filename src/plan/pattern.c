/* Match order: greedy from the cheapest place. Bound variables and index seeks first, then the edge
 * with the smallest fan-out; predicates as soon as their slots are there. Parts of the pattern that
 * hang together with nothing bound are planned alone and joined: by hash where an equality connects
 * them, else as a product. */
#include "plan/logical.h"

static enum status place_filters(struct qgraph *q, struct step *s)
{
	for (uint32_t i = 0; i < q->n_preds; i++) {
		struct qpred *pr = &q->preds[i];
		if (pr->done || !slot_subset(&pr->slots, &s->bound))
			continue;
		struct pop *f = pop_new(q->p, POP_FILTER, s->op);
		if (f == NULL)
			return ST_NOMEM;
		f->filter.pred = pr->e;
		f->offset = pr->e->offset;
		pr->done = true;
		double in = s->rows;
		s->rows = MAX_OF(s->rows * cost_selectivity(q->p, pr->e), 0.01);
		s->op = pop_estimate(f, s->rows, s->op->est_cost + in);
	}
	return ST_OK;
}

/* ---- edges ------------------------------------------------------------------------------- */

static bool types_overlap(const struct qedge *a, const struct qedge *b)
{
	if (a->n_types == 0 || b->n_types == 0)
		return true;
	for (uint32_t i = 0; i < a->n_types; i++)
		for (uint32_t j = 0; j < b->n_types; j++)
			if (a->types[i] == b->types[j])
				return true;
	return false;
}

/* Those of the same part; what joins two parts compares the rest (different_edges). */
static enum status set_unique(struct qgraph *q, uint32_t i_edge, const struct slot_set *bound,
			      struct pop *o)
{
	const struct qedge *e = &q->edges[i_edge];
	uint32_t *unique = ARENA_ARRAY(q->p->a, uint32_t, q->n_edges);

	if (unique == NULL)
		return ST_NOMEM;
	for (uint32_t j = 0; j < q->n_edges; j++) {
		const struct qedge *other = &q->edges[j];
		if (j != i_edge && other->distinct_edges && e->distinct_edges &&
		    slot_has(bound, other->slot) && types_overlap(e, other))
			unique[o->expand.n_unique++] = other->slot;
	}
	o->expand.unique = unique;
	return ST_OK;
}

static uint8_t flip(uint8_t dir)
{
	return dir == DIR_OUT ? DIR_IN : dir == DIR_IN ? DIR_OUT : DIR_BOTH;
}

/* Whether the edge may be walked from its written end. The list of a quantified edge, and a path,
 * are in the order of the walk as written: only one that nobody can name is turned around. */
static bool may_turn(const struct qgraph *q, const struct qedge *e)
{
	return !e->quantified ||
	       (!e->shortest && e->path_slot == SLOT_NONE && q->p->slot_names.v[e->slot].len == 0);
}

static enum status add_edge(struct qgraph *q, uint32_t i_edge, struct step *s)
{
	struct qedge *e = &q->edges[i_edge];
	uint32_t from = q->nodes[e->from].slot, to = q->nodes[e->to].slot;
	bool reverse = !slot_has(&s->bound, from);
	struct pop *o = pop_new(q->p,
				e->shortest	? POP_SHORTEST
				: e->quantified ? POP_VAR_EXPAND
						: POP_EXPAND,
				s->op);

	if (o == NULL)
		return ST_NOMEM;
	o->expand.from = reverse ? to : from;
	o->expand.to = reverse ? from : to;
	o->expand.dir = reverse ? flip(e->dir) : e->dir;
	o->expand.into = slot_has(&s->bound, o->expand.to);
	o->expand.edge = e->slot;
	o->expand.mode = e->mode;
	o->expand.distinct_edges = e->distinct_edges;
	o->expand.optional_end = e->all_shortest;
	o->expand.n_types = e->n_types;
	o->expand.types = e->types;
	o->expand.min = e->min;
	o->expand.max = e->max;
	o->expand.path = e->path_slot;
	o->expand.edge_pred = e->edge_pred;
	o->offset = e->offset;
	TRY(set_unique(q, i_edge, &s->bound, o));
	double degree = cost_degree(q, e, reverse), in = s->rows;
	if (o->expand.into)
		degree /= cost_label_rows(q->p, NAME_NONE);
	s->rows = MAX_OF(s->rows * degree, 0.01);
	slot_add(&s->bound, o->expand.to);
	slot_add(&s->bound, e->slot);
	slot_add(&s->bound, e->path_slot);
	e->done = true;
	s->op = pop_estimate(o, s->rows, s->op->est_cost + in + s->rows);
	return ST_OK;
}

/* An edge to a node that is bound in another part waits until both are joined. */
static bool leads_elsewhere(const struct step *s, uint32_t slot)
{
	return s->elsewhere != NULL && slot_has(s->elsewhere, slot) && !slot_has(&s->bound, slot);
}

/* The next edge that hangs on a bound node: closing a cycle first, then the smallest fan-out. A
 * shortest path waits until its other end has had its chance to be bound by a seek. */
static uint32_t next_edge(struct qgraph *q, const struct step *s)
{
	uint32_t best = UINT32_MAX;
	double best_cost = 0;

	for (uint32_t i = 0; i < q->n_edges; i++) {
		const struct qedge *e = &q->edges[i];
		bool from = slot_has(&s->bound, q->nodes[e->from].slot);
		bool to = slot_has(&s->bound, q->nodes[e->to].slot);
		struct slot_set read = {0};
		if (e->done || (!from && !to) || (!from && !may_turn(q, e)) ||
		    leads_elsewhere(s, q->nodes[e->from].slot) ||
		    leads_elsewhere(s, q->nodes[e->to].slot))
			continue;
		expr_slots(e->edge_pred, &read); /* a condition on the way needs its values there */
		if (!slot_subset(&read, &s->bound))
			continue;
		if (from && to && !e->quantified)
			return i;
		double cost = cost_degree(q, e, !from);
		if (best == UINT32_MAX || cost < best_cost) {
			best = i;
			best_cost = cost;
		}
	}
	return best;
}

/* Before walking many edges towards a far end, bind that end when a seek can. */
static enum status seek_far_ends(struct qgraph *q, uint32_t i_edge, struct step *s)
{
	const struct qedge *e = &q->edges[i_edge];
	uint32_t far = slot_has(&s->bound, q->nodes[e->from].slot) ? e->to : e->from;

	if (!e->quantified || slot_has(&s->bound, q->nodes[far].slot))
		return ST_OK;
	struct start at = start_best(q, far, &s->bound);
	if (!start_seeks(&at) || at.rows > 1)
		return ST_OK;
	TRY(seek_begin(q, &at, s));
	return place_filters(q, s);
}

static enum status grow(struct qgraph *q, struct step *s)
{
	uint32_t i;

	TRY(place_filters(q, s));
	while ((i = next_edge(q, s)) != UINT32_MAX) {
		TRY(seek_far_ends(q, i, s));
		TRY(add_edge(q, i, s));
		TRY(place_filters(q, s));
	}
	return ST_OK;
}

/* ---- joining parts --------------------------------------------------------------------------- */

/* Equalities with one side known left and the other right become the keys of a hash join. */
static enum status join_keys(struct qgraph *q, const struct step *l, const struct step *r,
			     struct pop *o)
{
	const struct expr **left = ARENA_ARRAY(q->p->a, const struct expr *, q->n_preds + 1);
	const struct expr **right = ARENA_ARRAY(q->p->a, const struct expr *, q->n_preds + 1);
	uint32_t n = 0;

	if (left == NULL || right == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < q->n_preds; i++) {
		struct qpred *pr = &q->preds[i];
		if (pr->done || pr->e->kind != EXPR_EQ || q->p->no_rewrites)
			continue;
		struct slot_set a = {0}, b = {0};
		expr_slots(pr->e->args[0], &a);
		expr_slots(pr->e->args[1], &b);
		bool straight = slot_subset(&a, &l->bound) && slot_subset(&b, &r->bound);
		bool crossed = slot_subset(&b, &l->bound) && slot_subset(&a, &r->bound);
		if (!straight && !crossed)
			continue;
		left[n] = pr->e->args[straight ? 0 : 1];
		right[n++] = pr->e->args[straight ? 1 : 0];
		pr->done = true;
	}
	o->kind = n > 0 ? POP_HASH_JOIN : POP_CROSS;
	o->join.n = n;
	o->join.left_keys = left;
	o->join.right_keys = right;
	return ST_OK;
}

static const struct expr *edge_expr(struct qgraph *q, const struct qedge *e)
{
	struct expr *x = ARENA_NEW(q->p->a, struct expr);

	if (x == NULL)
		return NULL;
	x->kind = EXPR_SLOT;
	x->type = e->quantified ? V_LIST : V_EDGE;
	x->slot = e->slot;
	x->offset = e->offset;
	return x;
}

static bool may_share_edges(const struct qgraph *q, const struct slot_set *left,
			    const struct slot_set *right)
{
	for (uint32_t i = 0; i < q->n_edges; i++)
		for (uint32_t j = 0; j < q->n_edges; j++) {
			const struct qedge *e = &q->edges[i], *f = &q->edges[j];
			if (slot_has(left, e->slot) && slot_has(right, f->slot) &&
			    e->distinct_edges && f->distinct_edges && types_overlap(e, f))
				return true;
		}
	return false;
}

/* Matches use different edges, also of parts that were planned alone. */
static enum status different_edges(struct qgraph *q, struct step *s, const struct step *part)
{
	if (!may_share_edges(q, &s->bound, &part->bound))
		return ST_OK;
	struct pop *f = pop_new(q->p, POP_FILTER, s->op);
	struct expr *all = ARENA_NEW(q->p->a, struct expr);
	const struct expr **args = ARENA_ARRAY(q->p->a, const struct expr *, q->n_edges);
	if (f == NULL || all == NULL || args == NULL)
		return ST_NOMEM;
	all->kind = EXPR_GRAPH_CALL;
	all->sub = GF_DISJOINT;
	all->type = V_BOOL;
	all->args = args;
	for (uint32_t i = 0; i < q->n_edges; i++) {
		const struct qedge *e = &q->edges[i];
		if (!slot_has(&s->bound, e->slot) && !slot_has(&part->bound, e->slot))
			continue;
		args[all->n_args] = edge_expr(q, e);
		if (args[all->n_args++] == NULL)
			return ST_NOMEM;
	}
	f->filter.pred = all;
	f->offset = q->edges[0].offset;
	s->op = pop_estimate(f, s->rows, s->op->est_cost + s->rows);
	return ST_OK;
}

static enum status join_parts(struct qgraph *q, struct step *s, const struct step *part)
{
	if (s->op->kind == POP_UNIT && s->op->left == NULL && s->rows <= 1 && !q->p->in_apply) {
		slot_or(&s->bound, &part->bound);
		s->op = part->op;
		s->rows = part->rows;
		return ST_OK;
	}
	struct pop *o = pop_new(q->p, POP_CROSS, s->op);
	if (o == NULL)
		return ST_NOMEM;
	o->right = part->op;
	TRY(join_keys(q, s, part, o));
	double rows = s->rows * part->rows;
	if (o->kind == POP_HASH_JOIN)
		rows = MAX_OF(s->rows, part->rows);
	s->rows = rows;
	s->op = pop_estimate(o, rows, s->op->est_cost + part->op->est_cost + rows);
	TRY(different_edges(q, s, part));
	slot_or(&s->bound, &part->bound);
	return ST_OK;
}

/* The cheapest node that is not bound yet; false when all are. */
static bool cheapest_start(struct qgraph *q, const struct slot_set *bound, struct start *ret)
{
	bool found = false;

	for (uint32_t n = 0; n < q->n_nodes; n++) {
		if (slot_has(bound, q->nodes[n].slot))
			continue;
		struct start at = start_best(q, n, bound);
		if (!found || at.rows < ret->rows || (start_seeks(&at) && at.rows <= ret->rows))
			*ret = at;
		found = true;
	}
	return found;
}

/* The first edge, as written, whose condition can be read. */
static uint32_t written_edge(const struct qgraph *q, const struct slot_set *bound)
{
	for (uint32_t i = 0; i < q->n_edges; i++) {
		struct slot_set read = {0};
		expr_slots(q->edges[i].edge_pred, &read);
		if (!q->edges[i].done && slot_subset(&read, bound))
			return i;
	}
	return UINT32_MAX;
}

static enum status cross_scan(struct qgraph *q, uint32_t node, struct step *s)
{
	const struct start at = {.node = node, .rows = cost_label_rows(q->p, NAME_NONE)};
	struct step part;

	if (slot_has(&s->bound, q->nodes[node].slot))
		return ST_OK;
	q->nodes[node].label = NAME_NONE; /* its condition stays */
	TRY(scan_begin(q, &at, &part));
	return join_parts(q, s, &part);
}

/* Without rewrites: edge by edge from its written start, products, and conditions at the end. */
static enum status walk_as_written(struct qgraph *q, struct step *s)
{
	uint32_t i, n = 0;

	for (;;) {
		while ((i = written_edge(q, &s->bound)) != UINT32_MAX) {
			TRY(cross_scan(q, q->edges[i].from, s));
			TRY(add_edge(q, i, s));
		}
		while (n < q->n_nodes && slot_has(&s->bound, q->nodes[n].slot))
			n++;
		if (n == q->n_nodes)
			return place_filters(q, s);
		TRY(cross_scan(q, n, s));
	}
}

/* An edge that may not be turned is walked from its written start: a part that begins at its end
 * would never reach it, so its start joins as a part of its own; grow() then closes the edge with
 * both ends. */
enum status plan_pattern(struct qgraph *q, const struct pop *input, struct slot_set *bound,
			 const struct pop **ret)
{
	struct step s = {.op = input, .bound = *bound, .rows = MAX_OF(input->est_rows, 0.01)};
	struct start at;

	TRY(q->p->no_rewrites ? walk_as_written(q, &s) : grow(q, &s));
	while (cheapest_start(q, &s.bound, &at)) {
		if (start_seeks(&at)) {
			TRY(seek_begin(q, &at, &s));
		} else {
			struct step part;
			TRY(scan_begin(q, &at, &part));
			part.elsewhere = &s.bound;
			TRY(grow(q, &part));
			TRY(join_parts(q, &s, &part));
		}
		TRY(grow(q, &s));
	}
	for (uint32_t i = 0; i < q->n_edges; i++)
		if (!q->edges[i].done)
			return diag_set(q->p->d, GQL_FEATURE_NOT_SUPPORTED, q->edges[i].offset,
					"a condition that reads a later part of the pattern is not "
					"supported");
	*bound = s.bound;
	*ret = s.op;
	return ST_OK;
}
