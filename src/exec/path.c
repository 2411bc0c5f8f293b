/* exec/path.c - depth-first walks. */
#include "exec/path.h"

#include "base/bits.h"

enum status path_open(struct exec *x, const struct pop *pop, struct path_walk *w)
{
	uint32_t n = x->plan->n_slots;

	*w = (struct path_walk){.pop = pop, .min = pop->expand.min};
	w->max = pop->expand.max == UINT32_MAX ? PATH_EDGES_MAX : pop->expand.max;
	TRY(edge_spec_open(x, pop, &w->spec));
	w->pred_batch.n_cols = n;
	w->pred_batch.cols = exec_zalloc(x, n * sizeof(struct column));
	if (w->pred_batch.cols == NULL)
		return ST_NOMEM;
	return prog_make(x, pop->expand.edge_pred, &w->edge_pred);
}

static enum status push(struct exec *x, struct path_walk *w, uint32_t depth, elem_id node,
			elem_id edge)
{
	if (depth > PATH_EDGES_MAX)
		return diag_fail(x->diag, ST_LIMIT, GQL_PROGRAM_LIMIT, w->pop->offset,
				 "a path is longer than %d edges", PATH_EDGES_MAX);
	if (!arena_grow(&x->arena.a, &w->frames, depth, &w->cap, sizeof(*w->frames)))
		return ST_NOMEM;
	struct path_frame *f = &w->frames[depth];
	f->node = node;
	f->edge = edge;
	f->reported = f->closed = false;
	f->slice.n = f->at = 0;
	f->pass_n = f->pass_at = 0;
	edge_walk_begin(&f->walk, node);
	w->depth = depth;
	return ST_OK;
}

enum status path_begin(struct exec *x, struct path_walk *w, elem_id start, const struct batch *b,
		       uint32_t row)
{
	edge_spec_resolve(x, w->pop, &w->spec);
	TRY(used_edges_load(x, &w->used, b, row, w->pop->expand.unique, w->pop->expand.n_unique));
	if (w->edge_pred != NULL)
		for (uint32_t s = 0; s < b->n_cols; s++)
			w->pred_batch.cols[s] = column_of_row(&b->cols[s], row);
	w->live = true;
	return push(x, w, 0, start, ELEM_NONE);
}

enum status path_edges_pass(struct exec *x, struct path_walk *w, const uint32_t *edges, uint32_t n,
			    uint64_t *ret)
{
	const struct column *c;

	*ret = ~UINT64_C(0);
	if (w->edge_pred == NULL)
		return ST_OK;
	TRY(col_prepare(x, &w->pred_edges, COL_EDGE, PATH_WINDOW));
	for (uint32_t i = 0; i < n; i++)
		w->pred_edges.c.id[i] = edges[i];
	w->pred_batch.n_rows = w->pred_batch.n_sel = n;
	TRY(prog_eval_local(w->edge_pred, x, &w->pred_batch, &w->pred_edges.c, &c));
	*ret = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct value v = column_get(c, i);
		if (v.kind == V_BOOL && v.b)
			*ret |= UINT64_C(1) << i;
	}
	return ST_OK;
}

/* edge_pred for the next window of the slice. */
static enum status look_ahead(struct exec *x, struct path_walk *w, struct path_frame *f)
{
	uint32_t n = MIN_OF(f->slice.n - f->at, PATH_WINDOW);

	TRY(path_edges_pass(x, w, f->slice.edges + f->at, n, &f->pass));
	f->pass_at = f->at;
	f->pass_n = n;
	return ST_OK;
}

static bool edge_on_path(const struct path_walk *w, elem_id edge)
{
	for (uint32_t i = 1; i <= w->depth; i++)
		if (w->frames[i].edge == edge)
			return true;
	return false;
}

static bool node_on_path(const struct path_walk *w, elem_id node, uint32_t first)
{
	for (uint32_t i = first; i <= w->depth; i++)
		if (w->frames[i].node == node)
			return true;
	return false;
}

/* Whether the mode lets the path go on over an edge to a node. A simple path repeats an edge only
 * when it goes back to its start over the undirected edge by which it left it. */
static bool may_take(const struct path_walk *w, elem_id node, elem_id edge)
{
	switch (w->pop->expand.mode) {
	case PATH_WALK:
		return true;
	case PATH_TRAIL:
		return !edge_on_path(w, edge);
	case PATH_SIMPLE: /* may end where it began */
		return !node_on_path(w, node, 1) &&
		       !(w->pop->expand.distinct_edges && edge_on_path(w, edge));
	default:
		return !node_on_path(w, node, 0);
	}
}

/* The next entry of the top frame that may be taken; false: none is left. */
static enum status advance(struct exec *x, struct path_walk *w, struct path_frame *f,
			   elem_id *ret_node, elem_id *ret_edge, bool *ret_any)
{
	for (;;) {
		if (f->at == f->slice.n) {
			f->at = f->slice.n = f->pass_n = f->pass_at = 0;
			*ret_any = edge_walk_next(&f->walk, x, &w->spec, false, &f->slice);
			if (!*ret_any)
				return ST_OK;
		}
		if (f->at == f->pass_at + f->pass_n)
			TRY(look_ahead(x, w, f));
		uint32_t i = f->at++;
		*ret_node = f->slice.nodes[i];
		*ret_edge = f->slice.edges[i];
		if ((f->pass >> (i - f->pass_at) & 1) == 0 ||
		    (f->walk.second && *ret_node == f->node) ||
		    used_edges_has(&w->used, *ret_edge) || !may_take(w, *ret_node, *ret_edge))
			continue;
		*ret_any = true;
		return ST_OK;
	}
}

enum status path_next(struct exec *x, struct path_walk *w, bool *ret_any)
{
	*ret_any = true;
	while (w->live) {
		struct path_frame *f = &w->frames[w->depth];
		elem_id node, edge;
		bool any = false;
		TRY(exec_check(x, 1));
		if (!f->reported) {
			f->reported = true;
			if (w->depth >= w->min)
				return ST_OK;
		}
		if (w->depth < w->max && !f->closed)
			TRY(advance(x, w, f, &node, &edge, &any));
		if (any) {
			TRY(push(x, w, w->depth + 1, node, edge));
			w->frames[w->depth].closed =
			    w->pop->expand.mode == PATH_SIMPLE && node == w->frames[0].node;
		} else if (w->depth == 0) {
			w->live = false;
		} else {
			w->depth--;
		}
	}
	*ret_any = false;
	return ST_OK;
}

enum status path_edge_list(const struct path_walk *w, struct arena *a, struct value *ret)
{
	struct value *edges = arena_alloc(a, w->depth * sizeof(*edges));

	if (edges == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < w->depth; i++)
		edges[i] = value_edge(w->frames[i + 1].edge);
	*ret = value_list(edges, w->depth);
	return ST_OK;
}

static enum status path_of(struct arena *a, struct value edges, struct value *nodes,
			   struct value *ret)
{
	struct path_value *p = arena_alloc(a, sizeof(*p));

	if (p == NULL)
		return ST_NOMEM;
	*p = (struct path_value){edges.n, nodes, edges.list};
	*ret = (struct value){.kind = V_PATH, .path = p};
	return ST_OK;
}

enum status path_value(const struct path_walk *w, struct arena *a, struct value *ret)
{
	struct value edges;
	struct value *nodes = arena_alloc(a, (w->depth + 1) * sizeof(*nodes));

	if (nodes == NULL)
		return ST_NOMEM;
	TRY(path_edge_list(w, a, &edges));
	for (uint32_t i = 0; i <= w->depth; i++)
		nodes[i] = value_node(w->frames[i].node);
	return path_of(a, edges, nodes, ret);
}

enum status path_values(const elem_id *nodes, const elem_id *edges, uint32_t n, struct arena *a,
			struct value *ret_list, struct value *ret_path)
{
	struct value *v = arena_alloc(a, (2 * (size_t)n + 1) * sizeof(*v));

	if (v == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i <= n; i++)
		v[i] = value_node(nodes[i]);
	for (uint32_t i = 0; i < n; i++)
		v[n + 1 + i] = value_edge(edges[i]);
	*ret_list = value_list(v + n + 1, n);
	return path_of(a, *ret_list, v, ret_path);
}
