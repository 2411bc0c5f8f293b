/* exec/op_two_hops.c - POP_TWO_HOPS: in place; how many rows two expansions of each row would give,
 * one behind the other. Rows with none are dropped.
 *
 * A row stands at node b; e2 leads from b to some c that has the label asked for, e3 from c to some
 * d that has its own. The edges of a match differ: e2 is none of U, e3 none of V, both being edges
 * that the row has used, and, when both hops may take one type (differ), e3 is not e2. With w(c)
 * the number of e3 from c whatever was used, and own(e2) = 1 when e2 is one of these itself, back
 * to b (a loop, or any edge that the second hop may take the other way round), there are
 *
 *	base(b) = sum over e2 of w(c) - own(e2)
 *
 * pairs with e2 != e3. No edge of the row has a part in it: it is kept for the next row at b. Less
 *
 *	sum over u of U that lead from b to a c with its label: w(c) - own(u),
 *
 * the pairs whose e2 is in U, and less
 *
 *	sum over v of V, and each s from which v leads to a d with its label:
 *		the number of e2 that lead from b to s and are not in U,
 *
 * the other pairs whose e3 is in V. None of these e2 is v itself: a v that the first hop could take
 * is in U, for their types overlap. A hop without a direction takes an edge from either end, and a
 * loop once: its second meeting in a walk is passed over wherever edges are counted. */
#include "exec/edges.h"

#define BLOCK 64u	    /* entries looked at between two looks at the time */
#define SUMS_MAX (1u << 22) /* nodes whose sums are kept: those with the lowest ids */
#define SCAN_EDGES 64u	    /* of one end, from which on the other end may have fewer */
#define SUMS_EACH 16 /* places for each sum that was asked for, at most: few sums cost little */

/* A sum for each node, by its id; 0: not known, else one more than the sum. */
struct sums {
	uint64_t *v;
	uint32_t n;
	uint64_t n_asked;
};

struct op_two_hops {
	struct op op;
	struct edge_spec first, second;
	struct used_edges used_first, used_second;
	struct sums bases, ends; /* base(b), w(c) */
	/* The base that is being made; kept over a yield. */
	bool summing;
	struct edge_walk walk;
	struct adj_slice slice;
	uint32_t at;
	uint64_t base;
	struct col weights;
	uint16_t *sel;
	struct batch *in;
	uint32_t i_sel, n;
};

static const struct pop *second_of(const struct op_two_hops *t)
{
	return t->op.pop->expand.then;
}

static enum status two_hops_open(struct op *op, struct exec *x)
{
	struct op_two_hops *t = container_of(op, struct op_two_hops, op);

	t->sel = exec_alloc(x, BATCH_ROWS * sizeof(*t->sel));
	if (t->sel == NULL)
		return ST_NOMEM;
	TRY(edge_spec_open(x, op->pop, &t->first));
	return edge_spec_open(x, second_of(t), &t->second);
}

/* ---- what is kept ----------------------------------------------------------------------- */

/* Places up to this node; without memory there are as many as before. */
static void sums_reach(struct sums *s, struct exec *x, elem_id node)
{
	uint32_t n = MAX_OF(s->n, 64u);

	while (n <= node)
		n *= 2;
	uint64_t *v = exec_alloc(x, n * sizeof(*v));
	if (v == NULL)
		return;
	if (s->n != 0)
		memcpy(v, s->v, s->n * sizeof(*v));
	memset(v + s->n, 0, (n - s->n) * sizeof(*v));
	s->v = v;
	s->n = n;
}

/* The place of the node's sum; NULL: it is not kept. */
static uint64_t *sums_at(struct sums *s, struct exec *x, elem_id node)
{
	s->n_asked++;
	if (node >= s->n && node < SUMS_MAX && node < s->n_asked * SUMS_EACH)
		sums_reach(s, x, node);
	return node < s->n ? &s->v[node] : NULL;
}

static void sums_prefetch(const struct sums *s, const elem_id *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (ids[i] < s->n)
			__builtin_prefetch(&s->v[ids[i]]);
}

/* ---- w(c) and own(e2) ------------------------------------------------------------------- */

/* Which of up to BLOCK nodes have the label that the end of the hop must have. */
static void look_up_label(const struct exec *x, const struct pop *hop, const uint32_t *nodes,
			  uint32_t n, uint8_t has[BLOCK])
{
	bool any = hop->expand.to_label == NAME_NONE;
	name_id label = any ? NAME_NONE : x->names[hop->expand.to_label];
	elem_id ids[BLOCK];

	memset(has, any, BLOCK);
	if (label == NAME_NONE)
		return;
	for (uint32_t i = 0; i < n; i++)
		ids[i] = nodes[i];
	graph_nodes_have_label(x->graph, x->view, label, ids, n, has);
}

static bool has_label(const struct exec *x, const struct pop *hop, elem_id node)
{
	const uint32_t id = (uint32_t)node;
	uint8_t has[BLOCK];

	look_up_label(x, hop, &id, 1, has);
	return has[0];
}

/* An entry of a walk without a direction that was met before. */
static bool met_before(const struct edge_walk *w, uint32_t node)
{
	return w->second && node == w->node;
}

static uint64_t count_entries(const struct op_two_hops *t, struct exec *x, elem_id c)
{
	struct edge_walk w;
	struct adj_slice s;
	uint8_t has[BLOCK];
	uint64_t ret = 0;

	edge_walk_begin(&w, c);
	while (edge_walk_next(&w, x, &t->second, false, &s)) {
		for (uint32_t at = 0; at < s.n; at += BLOCK) {
			uint32_t n = MIN_OF(s.n - at, BLOCK);
			look_up_label(x, second_of(t), s.nodes + at, n, has);
			for (uint32_t i = 0; i < n; i++)
				ret += has[i] && !met_before(&w, s.nodes[at + i]);
		}
		x->n_steps += s.n;
	}
	return ret;
}

static uint64_t count_second(struct op_two_hops *t, struct exec *x, elem_id c)
{
	uint64_t *kept = sums_at(&t->ends, x, c);
	bool each = second_of(t)->expand.to_label != NAME_NONE || t->second.dir == DIR_BOTH;

	if (kept != NULL && *kept != 0)
		return *kept - 1;
	uint64_t n = each ? count_entries(t, x, c) : edge_degree(x, &t->second, c, false);
	if (kept != NULL)
		*kept = n + 1;
	return n;
}

/* w(c) - own(e2) for an edge of this type from b to c, taken in direction dir. */
static uint64_t pairs_of(struct op_two_hops *t, struct exec *x, elem_id b, elem_id c, name_id type,
			 enum pat_dir dir)
{
	bool back = t->second.dir != dir || c == b;
	bool own = t->op.pop->expand.differ && back && edge_spec_has_type(&t->second, type) &&
		   has_label(x, second_of(t), b);

	return count_second(t, x, c) - own;
}

/* ---- base(b) ---------------------------------------------------------------------------- */

static void sum_block(struct op_two_hops *t, struct exec *x, elem_id b)
{
	const uint32_t n = MIN_OF(t->slice.n - t->at, BLOCK);
	const uint32_t *nodes = t->slice.nodes + t->at;
	enum pat_dir dir = t->first.dir;
	elem_id ids[BLOCK];
	uint8_t has[BLOCK];

	if (dir == DIR_BOTH)
		dir = t->walk.second ? DIR_IN : DIR_OUT;
	for (uint32_t i = 0; i < n; i++)
		ids[i] = nodes[i];
	if (t->ends.n != 0)
		sums_prefetch(&t->ends, ids, n);
	else
		adj_prefetch(x->graph, ids, n, t->second.dir == DIR_IN ? ADJ_IN : ADJ_OUT);
	look_up_label(x, t->op.pop, nodes, n, has);
	for (uint32_t i = 0; i < n; i++)
		if (has[i] && !met_before(&t->walk, nodes[i]))
			t->base += pairs_of(t, x, b, ids[i], t->slice.type, dir);
	t->at += n;
}

/* Goes on where a yield left it. */
static enum status sum_up(struct op_two_hops *t, struct exec *x, elem_id b)
{
	if (!t->summing) {
		edge_walk_begin(&t->walk, b);
		t->slice.n = t->at = 0;
		t->base = 0;
		t->summing = true;
	}
	for (;;) {
		TRY(exec_check(x, BLOCK));
		if (t->at == t->slice.n) {
			t->slice.n = t->at = 0;
			if (!edge_walk_next(&t->walk, x, &t->first, false, &t->slice))
				break;
		}
		sum_block(t, x, b);
	}
	t->summing = false;
	return ST_OK;
}

static enum status base_of(struct op_two_hops *t, struct exec *x, elem_id b, uint64_t *ret)
{
	uint64_t *kept = sums_at(&t->bases, x, b);

	if (kept != NULL && *kept != 0) {
		*ret = *kept - 1;
		return ST_OK;
	}
	TRY(sum_up(t, x, b));
	if (kept != NULL)
		*kept = t->base + 1;
	*ret = t->base;
	return ST_OK;
}

/* ---- what the row has used -------------------------------------------------------------- */

struct step { /* an edge as a hop takes it */
	name_id type;
	elem_id from, to;
	enum pat_dir dir; /* DIR_OUT or DIR_IN */
};

/* The ways in which a hop can take used edge i: none when it stands among them before, two from
 * different ends of a hop without a direction. */
static uint32_t steps_of(const struct exec *x, const struct edge_spec *s,
			 const struct used_edges *u, uint32_t i, struct step ret[2])
{
	name_id type;
	elem_id from, to;
	uint32_t n = 0;

	if (!graph_edge_ends(x->graph, x->view, u->ids[i], &type, &from, &to) ||
	    !edge_spec_has_type(s, type) || used_edges_repeats(u, i))
		return 0;
	if (s->dir != DIR_IN)
		ret[n++] = (struct step){type, from, to, DIR_OUT};
	if (s->dir == DIR_IN || (s->dir == DIR_BOTH && from != to))
		ret[n++] = (struct step){type, to, from, DIR_IN};
	return n;
}

/* Edges from b to c that the row has not used. */
static uint64_t count_between(const struct op_two_hops *t, struct exec *x, elem_id b, elem_id c)
{
	struct edge_walk w;
	struct adj_slice s;
	uint64_t n = 0, n_out = edge_degree(x, &t->first, b, false);
	bool from_c = n_out > SCAN_EDGES && edge_degree(x, &t->first, c, true) < n_out;
	elem_id here = from_c ? c : b, there = from_c ? b : c;

	edge_walk_begin(&w, here);
	while (edge_walk_next(&w, x, &t->first, from_c, &s)) {
		uint32_t n_there = 0; /* nearly always none, as a plain loop soon knows */
		for (uint32_t i = 0; i < s.n; i++)
			n_there += s.nodes[i] == (uint32_t)there;
		for (uint32_t i = 0; i < s.n && n_there > 0; i++)
			if (s.nodes[i] == there && !met_before(&w, s.nodes[i]))
				n += !used_edges_has(&t->used_first, s.edges[i]);
		x->n_steps += s.n / 8;
	}
	return n;
}

static uint64_t used_pairs(struct op_two_hops *t, struct exec *x, elem_id b)
{
	const struct pop *first = t->op.pop, *second = second_of(t);
	struct step ways[2];
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->used_first.n; i++) {
		uint32_t n_ways = steps_of(x, &t->first, &t->used_first, i, ways);
		for (const struct step *e = ways; e < ways + n_ways; e++)
			if (e->from == b && has_label(x, first, e->to))
				n += pairs_of(t, x, b, e->to, e->type, e->dir);
	}
	for (uint32_t i = 0; i < t->used_second.n; i++) {
		uint32_t n_ways = steps_of(x, &t->second, &t->used_second, i, ways);
		for (const struct step *e = ways; e < ways + n_ways; e++)
			if (has_label(x, first, e->from) && has_label(x, second, e->to))
				n += count_between(t, x, b, e->from);
	}
	return n;
}

/* ---- rows ------------------------------------------------------------------------------- */

static enum status count_row(struct op_two_hops *t, struct exec *x, uint32_t row, uint64_t *ret)
{
	const struct pop *first = t->op.pop, *second = second_of(t);
	struct value v = column_get(&t->in->cols[first->expand.from], row);

	*ret = 0;
	if (v.kind != V_NODE)
		return ST_OK;
	elem_id b = value_elem_id(v);
	TRY(base_of(t, x, b, ret));
	if (first->expand.n_unique == 0 && second->expand.n_unique == 0)
		return ST_OK;
	TRY(used_edges_load(x, &t->used_first, t->in, row, first->expand.unique,
			    first->expand.n_unique));
	TRY(used_edges_load(x, &t->used_second, t->in, row, second->expand.unique,
			    second->expand.n_unique));
	*ret -= used_pairs(t, x, b);
	return ST_OK;
}

/* What the next rows look at. */
static void prefetch_rows(const struct op_two_hops *t, const struct exec *x)
{
	const struct pop *pop = t->op.pop;
	const struct column *from = &t->in->cols[pop->expand.from];
	elem_id ids[EDGE_PREFETCH_ROWS];

	if (from->is_const || from->kind != COL_NODE)
		return;
	sums_prefetch(&t->bases, ids, batch_ids(t->in, from, t->i_sel, ids, ARRAY_LEN(ids)));
	edge_prefetch(x, &t->first, t->in, pop->expand.from, t->i_sel);
	for (uint32_t i = 0; i < second_of(t)->expand.n_unique; i++) {
		const struct column *used = &t->in->cols[second_of(t)->expand.unique[i]];
		if (used->kind != COL_EDGE || used->is_const)
			continue;
		uint32_t n = batch_ids(t->in, used, t->i_sel, ids, ARRAY_LEN(ids));
		graph_prefetch(x->graph, true, ids, n);
	}
}

/* The batch goes on where a yield left it. */
static enum status count_batch(struct op_two_hops *t, struct exec *x)
{
	for (; t->i_sel < t->in->n_sel; t->i_sel++) {
		uint32_t row = batch_row(t->in, t->i_sel);
		uint64_t n;
		if (!t->summing)
			TRY(exec_check(x, 4));
		if (t->i_sel % EDGE_PREFETCH_ROWS == 0)
			prefetch_rows(t, x);
		TRY(count_row(t, x, row, &n));
		t->weights.c.i[row] = (int64_t)n;
		t->sel[t->n] = (uint16_t)row;
		t->n += n != 0;
	}
	return ST_OK;
}

static enum status two_hops_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_two_hops *t = container_of(op, struct op_two_hops, op);

	for (;;) {
		if (t->in == NULL) {
			TRY(op_next(op->left, x, &t->in));
			*ret = NULL;
			if (t->in == NULL)
				return ST_OK;
			t->i_sel = t->n = 0;
			edge_spec_resolve(x, op->pop, &t->first);
			edge_spec_resolve(x, second_of(t), &t->second);
			TRY(col_prepare(x, &t->weights, COL_INT, t->in->n_rows));
		}
		TRY(count_batch(t, x));
		struct batch *b = t->in;
		t->in = NULL;
		if (t->n == 0)
			continue;
		b->cols[op->pop->expand.weight] = t->weights.c;
		b->sel = t->sel;
		b->n_sel = t->n;
		*ret = b;
		return ST_OK;
	}
}

/* The sums stay: an operator sees the graph as it was when its clause began. */
static enum status two_hops_reset(struct op *op, struct exec *x)
{
	struct op_two_hops *t = container_of(op, struct op_two_hops, op);

	t->in = NULL;
	t->summing = false;
	return op_reset(op->left, x);
}

const struct op_class op_two_hops = {.size = sizeof(struct op_two_hops),
				     .open = two_hops_open,
				     .next = two_hops_next,
				     .reset = two_hops_reset};
