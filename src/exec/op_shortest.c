/* exec/op_shortest.c - POP_SHORTEST: any or all shortest paths from a bound node, to another bound
 * node or to every node there is.
 *
 * With both ends bound two searches go level by level towards each other, always the one whose
 * level is smaller. While no level of one has met the other's, no path of depth + depth edges
 * exists; so the first meeting is at the newest level of both, and each shortest path goes through
 * exactly one node of it. With one end bound each new level's nodes are ends. Undirected ways back
 * to the start are the rounds of exec/bfs.h.
 *
 * A search by levels cannot ask for more than one edge: then walks of growing length are tried,
 * depth first. */
#include "exec/bfs.h"
#include "exec/idset.h"
#include "exec/path.h"

enum search { SEARCH_NONE, SEARCH_LEVELS, SEARCH_GIVE, SEARCH_WALKS };

/* Where a path turns from one search to the other; at[1] BFS_NONE: it ends there. With a round both
 * positions are of the first search. */
struct meeting {
	uint32_t at[2];
	const struct bfs_round *round;
};

struct op_shortest {
	struct op op;
	struct edge_spec spec;
	struct used_edges used;
	struct prog *edge_pred;
	struct batch pred_batch;
	struct col pred_edges;
	struct own_batch out;
	struct exec_arena arena; /* of one search */
	struct exec_arena paths; /* of one output batch */
	struct batch *in;
	uint32_t i_sel;
	bool bound, all, one_sided, last; /* last: nothing comes after what is being given */
	elem_id source, target;
	uint64_t min, max;
	enum search search;
	struct bfs side[2];
	uint32_t i_side; /* that is being expanded, 2: none */
	struct meeting *meet;
	uint32_t n_meet, i_meet;
	uint32_t *choice[2];
	bool way_open;
	struct path_walk walk; /* SEARCH_WALKS */
	uint64_t length;
	bool walked;	    /* a walk of this length exists */
	struct idset found; /* ends with a shorter path, or any path */
	elem_id *fresh;	    /* ends found at this length */
	uint32_t n_fresh, cap_fresh;
	uint32_t n;
	uint16_t *rows;
	elem_id *ends;
	struct value *lists, *values;
};

static enum status shortest_open(struct op *op, struct exec *x)
{
	struct op_shortest *o = container_of(op, struct op_shortest, op);
	const struct pop *pop = op->pop;
	uint32_t n = x->batch_rows;

	exec_arena_init(x, &o->arena);
	exec_arena_init(x, &o->paths);
	o->all = pop->expand.optional_end;
	o->min = pop->expand.min;
	o->max = pop->expand.max == UINT32_MAX ? PATH_EDGES_MAX : pop->expand.max;
	o->rows = exec_alloc(x, n * sizeof(*o->rows));
	o->ends = exec_alloc(x, n * sizeof(*o->ends));
	o->lists = exec_alloc(x, n * sizeof(*o->lists));
	o->values = exec_alloc(x, n * sizeof(*o->values));
	o->pred_batch.n_cols = x->plan->n_slots;
	o->pred_batch.cols = exec_zalloc(x, x->plan->n_slots * sizeof(struct column));
	if (o->rows == NULL || o->ends == NULL || o->lists == NULL || o->values == NULL ||
	    o->pred_batch.cols == NULL)
		return ST_NOMEM;
	TRY(edge_spec_open(x, pop, &o->spec));
	TRY(prog_make(x, pop->expand.edge_pred, &o->edge_pred));
	TRY(path_open(x, pop, &o->walk));
	return own_batch_init(x, &o->out);
}

static enum status filter_edges(void *ctx, struct exec *x, const uint32_t *edges, uint32_t n,
				uint8_t *pass)
{
	struct op_shortest *o = ctx;
	const struct column *c;

	TRY(col_prepare(x, &o->pred_edges, COL_EDGE, n));
	for (uint32_t i = 0; i < n; i++)
		o->pred_edges.c.id[i] = edges[i];
	o->pred_batch.n_rows = o->pred_batch.n_sel = n;
	TRY(prog_eval_local(o->edge_pred, x, &o->pred_batch, &o->pred_edges.c, &c));
	for (uint32_t i = 0; i < n; i++) {
		struct value v = column_get(c, i);
		pass[i] = v.kind == V_BOOL && v.b;
	}
	return ST_OK;
}

/* ---- searching by levels --------------------------------------------------------------------- */

static void add_meeting(struct op_shortest *o, uint32_t at0, uint32_t at1)
{
	o->meet[o->n_meet++] = (struct meeting){.at = {at0, at1}};
}

/* The meetings are complete: paths are given from them. */
static enum status begin_giving(struct op_shortest *o)
{
	size_t depth = MAX_OF(o->side[0].depth, o->side[1].depth);

	for (uint32_t s = 0; s < 2; s++) {
		o->choice[s] = arena_alloc(&o->arena.a, (depth + 2) * sizeof(uint32_t));
		if (o->choice[s] == NULL)
			return ST_NOMEM;
	}
	o->i_meet = 0;
	o->way_open = false;
	o->search = SEARCH_GIVE;
	return ST_OK;
}

static enum status room_for_meetings(struct op_shortest *o, size_t n)
{
	o->n_meet = 0;
	o->meet = arena_alloc(&o->arena.a, n * sizeof(*o->meet));
	return o->meet != NULL ? ST_OK : ST_NOMEM;
}

/* The ends of one level of a search with one side: all its nodes, or only the target. */
static enum status meet_level(struct op_shortest *o)
{
	const struct bfs *b = &o->side[0];

	uint32_t n_rounds = bfs_met_rounds(b) && b->round_length <= o->max ? b->n_rounds : 0;

	TRY(room_for_meetings(o, (size_t)(b->end - b->begin) + n_rounds));
	for (uint32_t i = 0; i < n_rounds; i++) {
		const struct bfs_round *r = &b->rounds[i];
		o->meet[o->n_meet++] = (struct meeting){{r->out, r->back}, r};
	}
	for (uint32_t i = b->begin; i < b->end; i++) {
		bool again = i == b->cycle && o->min == 0; /* the start was given with no edge */
		if (!again && (!o->bound || b->reached[i].node == o->target))
			add_meeting(o, i, BFS_NONE);
	}
	o->last = b->begin == b->end || b->depth >= o->max || (o->bound && o->n_meet != 0);
	return begin_giving(o);
}

/* Nodes of the level just reached by one side that the other side has, too. */
static enum status meet_sides(struct op_shortest *o, uint32_t i_side)
{
	const struct bfs *b = &o->side[i_side], *other = &o->side[1 - i_side];

	TRY(room_for_meetings(o, b->end - b->begin));
	for (uint32_t i = b->begin; i < b->end; i++) {
		uint32_t j = i != b->cycle ? bfs_find(other, b->reached[i].node) : BFS_NONE;
		if (j != BFS_NONE)
			add_meeting(o, i_side == 0 ? i : j, i_side == 0 ? j : i);
	}
	if (o->n_meet == 0 && b->begin != b->end &&
	    (uint64_t)o->side[0].depth + o->side[1].depth < o->max)
		return ST_OK;
	o->last = true;
	return begin_giving(o);
}

static enum status search_levels(struct op_shortest *o, struct exec *x)
{
	bfs_filter *filter = o->edge_pred != NULL ? filter_edges : NULL;

	while (o->search == SEARCH_LEVELS) {
		if (o->i_side == 2) {
			const struct bfs *a = &o->side[0], *b = &o->side[1];
			o->i_side = o->one_sided || a->end - a->begin <= b->end - b->begin ? 0 : 1;
		}
		TRY(bfs_level(&o->side[o->i_side], x, filter, o));
		uint32_t i_side = o->i_side;
		o->i_side = 2;
		TRY(o->one_sided ? meet_level(o) : meet_sides(o, i_side));
	}
	return ST_OK;
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static enum status take_path(struct op_shortest *o, elem_id end, const elem_id *nodes,
			     const elem_id *edges, uint32_t n)
{
	TRY(path_values(nodes, edges, n, &o->paths.a, &o->lists[o->n], &o->values[o->n]));
	o->rows[o->n] = (uint16_t)batch_row(o->in, o->i_sel);
	o->ends[o->n++] = end;
	return ST_OK;
}

/* The search that the second half of a path belongs to. */
static const struct bfs *back_side(const struct op_shortest *o, const struct meeting *m)
{
	return &o->side[m->round != NULL ? 0 : 1];
}

/* The path through a meeting along the chosen links. */
static enum status give_path(struct op_shortest *o, const struct meeting *m)
{
	const struct bfs *a = &o->side[0], *b = back_side(o, m);
	uint32_t d0 = a->reached[m->at[0]].depth;
	uint32_t d1 = m->at[1] != BFS_NONE ? b->reached[m->at[1]].depth : 0;
	uint32_t n_between = m->round != NULL ? m->round->n_edges : 0;
	uint32_t n = d0 + n_between + d1;
	elem_id *nodes = arena_alloc(&o->paths.a, (2 * (size_t)n + 1) * sizeof(*nodes));

	if (nodes == NULL)
		return ST_NOMEM;
	elem_id *edges = nodes + n + 1;
	nodes[d0] = a->reached[m->at[0]].node;
	for (uint32_t i = d0; i > 0; i--) {
		const struct bfs_link *l = &a->links[o->choice[0][i]];
		edges[i - 1] = l->edge;
		nodes[i - 1] = a->reached[l->from].node;
	}
	for (uint32_t i = 0; i < n_between; i++) {
		edges[d0 + i] = m->round->edges[i];
		nodes[d0 + i + 1] = i + 1 < n_between ? m->round->top : b->reached[m->at[1]].node;
	}
	for (uint32_t i = d1; i > 0; i--) {
		const struct bfs_link *l = &b->links[o->choice[1][i]];
		edges[n - i] = l->edge;
		nodes[n - i + 1] = b->reached[l->from].node;
	}
	return take_path(o, nodes[n], nodes, edges, n);
}

static void first_way(struct op_shortest *o, const struct meeting *m)
{
	bfs_first_way(&o->side[0], m->at[0], o->choice[0]);
	if (m->at[1] != BFS_NONE)
		bfs_first_way(back_side(o, m), m->at[1], o->choice[1]);
}

/* The next pair of ways through a meeting: the first side turns faster. */
static bool next_way(struct op_shortest *o, const struct meeting *m)
{
	if (!o->all)
		return false;
	if (bfs_next_way(&o->side[0], m->at[0], o->choice[0]))
		return true;
	bfs_first_way(&o->side[0], m->at[0], o->choice[0]);
	return m->at[1] != BFS_NONE && bfs_next_way(back_side(o, m), m->at[1], o->choice[1]);
}

static enum status give(struct op_shortest *o, struct exec *x)
{
	while (o->i_meet < o->n_meet && o->n < x->batch_rows) {
		const struct meeting *m = &o->meet[o->i_meet];
		TRY(exec_check(x, 8));
		if (!o->way_open)
			first_way(o, m);
		TRY(give_path(o, m));
		o->way_open = next_way(o, m);
		if (!o->way_open && o->bound && !o->all) /* any: one path for the two ends */
			o->i_meet = o->n_meet;
		else if (!o->way_open)
			o->i_meet++;
	}
	if (o->i_meet == o->n_meet)
		o->search = o->last ? SEARCH_NONE : SEARCH_LEVELS;
	return ST_OK;
}

/* ---- walks of growing length ---------------------------------------------------------------- */

static enum status next_length(struct op_shortest *o, struct exec *x)
{
	bool fresh;

	for (uint32_t i = 0; i < o->n_fresh; i++)
		TRY(idset_add(&o->found, (int64_t)o->fresh[i], &fresh));
	o->n_fresh = 0;
	o->length++;
	if (!o->walked || o->length > o->max || (o->bound && o->found.n != 0)) {
		o->search = SEARCH_NONE;
		return ST_OK;
	}
	o->walked = false;
	o->walk.min = o->walk.max = o->length;
	return path_begin(x, &o->walk, o->source, o->in, batch_row(o->in, o->i_sel));
}

static enum status remember(struct op_shortest *o, elem_id end)
{
	bool fresh;

	if (!o->all)
		return idset_add(&o->found, (int64_t)end, &fresh);
	if (!arena_grow(&o->arena.a, &o->fresh, o->n_fresh, &o->cap_fresh, sizeof(*o->fresh)))
		return ST_NOMEM;
	o->fresh[o->n_fresh++] = end;
	return ST_OK;
}

static enum status give_walks(struct op_shortest *o, struct exec *x)
{
	while (o->search == SEARCH_WALKS && o->n < x->batch_rows) {
		bool any;
		TRY(path_next(x, &o->walk, &any));
		if (!any) {
			TRY(next_length(o, x));
			continue;
		}
		o->walked = true;
		elem_id end = o->walk.frames[o->walk.depth].node;
		if ((o->bound && end != o->target) || idset_has(&o->found, (int64_t)end))
			continue;
		TRY(path_edge_list(&o->walk, &o->paths.a, &o->lists[o->n]));
		TRY(path_value(&o->walk, &o->paths.a, &o->values[o->n]));
		o->rows[o->n] = (uint16_t)batch_row(o->in, o->i_sel);
		o->ends[o->n++] = end;
		TRY(remember(o, end));
		if (o->bound && !o->all)
			o->search = SEARCH_NONE;
	}
	return ST_OK;
}

/* ---- input -------------------------------------------------------------------------------------
 */

static enum status begin_walks(struct op_shortest *o, struct exec *x, uint32_t row)
{
	idset_init(&o->found, &o->arena.a);
	o->n_fresh = o->cap_fresh = 0;
	o->length = o->walk.min = o->walk.max = o->min;
	o->walked = false;
	o->search = SEARCH_WALKS;
	return path_begin(x, &o->walk, o->source, o->in, row);
}

static enum status begin_levels(struct op_shortest *o)
{
	o->search = SEARCH_LEVELS;
	o->i_side = 2;
	o->last = false;
	o->one_sided = !o->bound || o->source == o->target;
	TRY(bfs_init(&o->side[0], &o->arena.a, &o->spec, &o->used, false, o->all, o->source));
	TRY(bfs_init(&o->side[1], &o->arena.a, &o->spec, &o->used, true, o->all,
		     o->bound ? o->target : o->source));
	o->side[0].want_rounds = o->one_sided && o->min == 1 && o->spec.dir == DIR_BOTH;
	if (o->min == 0 && o->one_sided) /* the start is an end, too */
		return meet_level(o);
	if (o->max == 0)
		o->search = SEARCH_NONE;
	return ST_OK;
}

static enum status begin_row(struct op_shortest *o, struct exec *x)
{
	const struct pop *pop = o->op.pop;
	uint32_t row = batch_row(o->in, o->i_sel);
	struct value from = column_get(&o->in->cols[pop->expand.from], row);
	struct value to = VALUE_NULL;

	o->bound = pop->expand.into;
	if (o->bound)
		to = column_get(&o->in->cols[pop->expand.to], row);
	if (from.kind != V_NODE || (o->bound && to.kind != V_NODE))
		return ST_OK; /* the search stays SEARCH_NONE */
	o->source = value_elem_id(from);
	o->target = o->bound ? value_elem_id(to) : ELEM_NONE;
	arena_reset(&o->arena.a);
	edge_spec_resolve(x, pop, &o->spec);
	TRY(used_edges_load(x, &o->used, o->in, row, pop->expand.unique, pop->expand.n_unique));
	for (uint32_t s = 0; o->edge_pred != NULL && s < o->in->n_cols; s++)
		o->pred_batch.cols[s] = column_of_row(&o->in->cols[s], row);
	return o->min > 1 ? begin_walks(o, x, row) : begin_levels(o);
}

static enum status shortest_fill(struct op_shortest *o, struct exec *x)
{
	while (o->n < x->batch_rows && o->in != NULL) {
		switch (o->search) {
		case SEARCH_LEVELS:
			TRY(search_levels(o, x));
			break;
		case SEARCH_GIVE:
			TRY(give(o, x));
			break;
		case SEARCH_WALKS:
			TRY(give_walks(o, x));
			break;
		case SEARCH_NONE: /* the row before is done */
			if (o->i_sel == o->in->n_sel)
				return ST_OK;
			TRY(begin_row(o, x));
			break;
		}
		if (o->search == SEARCH_NONE)
			o->i_sel++;
	}
	return ST_OK;
}

static enum status show(struct op_shortest *o, struct exec *x)
{
	const struct pop *pop = o->op.pop;
	bool same = o->rows[0] == o->rows[o->n - 1];

	TRY(own_gather(x, &o->out, o->in, pop->carry, pop->n_carry, o->rows, o->n, same));
	if (!pop->expand.into) {
		TRY(col_prepare(x, &o->out.cols[pop->expand.to], COL_NODE, o->n));
		memcpy(o->out.cols[pop->expand.to].c.id, o->ends, o->n * sizeof(elem_id));
		own_show(&o->out, pop->expand.to);
	}
	if (pop->expand.edge != SLOT_NONE) {
		TRY(col_put_values(x, &o->out.cols[pop->expand.edge], o->lists, o->n));
		own_show(&o->out, pop->expand.edge);
	}
	if (pop->expand.path != SLOT_NONE) {
		TRY(col_put_values(x, &o->out.cols[pop->expand.path], o->values, o->n));
		own_show(&o->out, pop->expand.path);
	}
	own_set_rows(&o->out, o->n);
	return ST_OK;
}

static enum status shortest_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_shortest *o = container_of(op, struct op_shortest, op);

	if (o->n == 0)
		arena_reset(&o->paths.a);
	for (;;) {
		if (o->in == NULL) {
			TRY(exec_check(x, 16));
			TRY(op_next(op->left, x, &o->in));
			*ret = NULL;
			if (o->in == NULL)
				return ST_OK;
			o->i_sel = 0;
			o->search = SEARCH_NONE;
		}
		TRY(shortest_fill(o, x));
		if (o->n != 0)
			break;
		o->in = NULL;
	}
	TRY(show(o, x));
	o->n = 0;
	*ret = &o->out.b;
	return ST_OK;
}

static enum status shortest_reset(struct op *op, struct exec *x)
{
	struct op_shortest *o = container_of(op, struct op_shortest, op);

	o->in = NULL;
	o->n = 0;
	return op_reset(op->left, x);
}

const struct op_class op_shortest = {.size = sizeof(struct op_shortest),
				     .open = shortest_open,
				     .next = shortest_next,
				     .reset = shortest_reset};
