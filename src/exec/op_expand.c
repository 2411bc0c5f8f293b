/* exec/op_expand.c - POP_EXPAND: from a bound node along one edge.
 *
 * The store gives slices of neighbours; a slice is copied as a whole when no entry of it can be
 * refused. With both ends bound (into) the end with fewer edges is searched for the other; where
 * many rows share an end, as in cycles, its neighbours become a set that refuses most rows at once.
 */
#include "exec/once.h"

/* Rows of the first batch when few are wanted; the next has four times as many. */
#define FIRST_ROWS 32u
#define SET_ROWS 16 /* rows that share an end, from which on its neighbours become a set */
#define SET_EDGES 8 /* edges of that end for each row that shares it, at most */

/* Neighbours of one end of an edge whose both ends are bound. */
struct end_set {
	struct exec_arena arena;
	struct idset nodes;
	uint32_t slot; /* of the end, SLOT_NONE: there is no set */
	elem_id end;
};

struct op_expand {
	struct op op;
	struct edge_spec spec;
	struct used_edges used;
	struct own_batch out;
	struct batch *in;
	uint32_t i_sel;
	bool row_open;
	bool reverse; /* into: this row is searched from its far end */
	elem_id here,
	    there; /* of the current row: where the walk begins; into: what it must meet */
	struct edge_walk walk;
	struct adj_slice slice;
	uint32_t at; /* next entry of the slice */
	struct exec_arena once_arena;
	struct once once; /* with ends_once */
	bool left_only;	  /* this row looks at what others of its kind left, no more */
	bool bare_ends;	  /* of a row nothing but its end goes on: it may be given once in all */
	struct idset ends;
	struct end_set set;
	struct col nodes, edges;
	uint32_t n, room; /* rows made so far, rows that this batch may have */
	uint16_t *rows;
};

/* Forgets what was given. */
static enum status once_begin_all(struct op_expand *e, struct exec *x)
{
	const struct pop *pop = e->op.pop;

	if (!pop->expand.ends_once)
		return ST_OK;
	arena_reset(&e->once_arena.a);
	idset_init(&e->ends, &e->once_arena.a);
	e->bare_ends = pop->n_carry == 0 && pop->expand.edge == SLOT_NONE;
	return once_open(x, &e->once, &e->once_arena.a, pop->n_carry);
}

static enum status expand_open(struct op *op, struct exec *x)
{
	struct op_expand *e = container_of(op, struct op_expand, op);

	e->room = op->few_wanted ? MIN_OF(FIRST_ROWS, x->batch_rows) : x->batch_rows;
	TRY(edge_spec_open(x, op->pop, &e->spec));
	e->rows = exec_alloc(x, x->batch_rows * sizeof(*e->rows));
	exec_arena_init(x, &e->once_arena);
	exec_arena_init(x, &e->set.arena);
	e->set.slot = SLOT_NONE;
	TRY(once_begin_all(e, x));
	return e->rows != NULL ? own_batch_init(x, &e->out) : ST_NOMEM;
}

static bool node_at(const struct column *c, uint32_t row, elem_id *ret)
{
	struct value v = column_get(c, row);

	if (v.kind != V_NODE)
		return false;
	*ret = value_elem_id(v);
	return true;
}

/* ---- both ends bound ------------------------------------------------------------------- */

/* Rows from the current one on that have the same node in the slot, up to what makes a set pay. */
static uint32_t run_of(const struct op_expand *e, uint32_t slot, elem_id node, uint32_t want)
{
	const struct column *c = &e->in->cols[slot];
	uint32_t n = 0, left = e->in->n_sel - e->i_sel;
	elem_id id;

	if (c->is_const)
		return left;
	while (n < MIN_OF(left, want) && node_at(c, batch_row(e->in, e->i_sel + n), &id) &&
	       id == node)
		n++;
	return n;
}

/* Makes the set of an end's neighbours when enough rows will ask it. reverse: the end is where the
 * edge leads to. */
static enum status make_set(struct op_expand *e, struct exec *x, uint32_t slot, elem_id end,
			    bool reverse)
{
	uint64_t degree = edge_degree(x, &e->spec, end, reverse);
	uint64_t want = MAX_OF(degree / SET_EDGES, (uint64_t)SET_ROWS);
	struct edge_walk w;
	struct adj_slice s;
	bool fresh;

	if (want > BATCH_ROWS || run_of(e, slot, end, (uint32_t)want) < want)
		return ST_OK;
	arena_reset(&e->set.arena.a);
	idset_init(&e->set.nodes, &e->set.arena.a);
	edge_walk_begin(&w, end);
	while (edge_walk_next(&w, x, &e->spec, reverse, &s)) {
		for (uint32_t i = 0; i < s.n; i++)
			TRY(idset_add(&e->set.nodes, s.nodes[i], &fresh));
		x->n_steps += s.n;
	}
	e->set.slot = slot;
	e->set.end = end;
	return ST_OK;
}

/* Whether the set says that no edge leads from here to there. */
static bool set_refuses(const struct op_expand *e)
{
	const struct pop *pop = e->op.pop;

	if (e->set.slot == pop->expand.to && e->set.end == e->there)
		return !idset_has(&e->set.nodes, (int64_t)e->here);
	if (e->set.slot == pop->expand.from && e->set.end == e->here)
		return !idset_has(&e->set.nodes, (int64_t)e->there);
	return false;
}

static bool set_is_of(const struct op_expand *e, uint32_t slot, elem_id end)
{
	return e->set.slot == slot && e->set.end == end;
}

/* The end with fewer edges is where this row's search begins; *ret_any false: there is no edge. */
static enum status open_into(struct op_expand *e, struct exec *x, uint32_t row, bool *ret_any)
{
	const struct pop *pop = e->op.pop;

	if (!node_at(&e->in->cols[pop->expand.to], row, &e->there)) {
		*ret_any = false;
		return ST_OK;
	}
	if (!set_is_of(e, pop->expand.to, e->there) && !set_is_of(e, pop->expand.from, e->here)) {
		TRY(make_set(e, x, pop->expand.to, e->there, true));
		if (!set_is_of(e, pop->expand.to, e->there))
			TRY(make_set(e, x, pop->expand.from, e->here, false));
	}
	*ret_any = !set_refuses(e);
	if (*ret_any &&
	    edge_degree(x, &e->spec, e->there, true) < edge_degree(x, &e->spec, e->here, false)) {
		elem_id t = e->here;
		e->here = e->there;
		e->there = t;
		e->reverse = true;
	}
	return ST_OK;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* Starts the current input row; false: it has no node to start from, or nothing to give. */
static enum status open_row(struct op_expand *e, struct exec *x, bool *ret_any)
{
	const struct pop *pop = e->op.pop;
	uint32_t row = batch_row(e->in, e->i_sel);
	enum once_row once = ONCE_FIRST;

	bool may_refuse = pop->expand.into && e->set.slot != SLOT_NONE;
	if (e->i_sel % EDGE_PREFETCH_ROWS == 0 && e->in->n_sel > 1 && !may_refuse)
		edge_prefetch(x, &e->spec, e->in, pop->expand.from, e->i_sel);
	*ret_any = node_at(&e->in->cols[pop->expand.from], row, &e->here);
	e->reverse = false;
	e->slice.n = e->at = 0;
	if (*ret_any && pop->expand.into)
		TRY(open_into(e, x, row, ret_any));
	if (*ret_any && pop->expand.ends_once)
		TRY(once_begin(&e->once, e->in, row, pop->carry, pop->n_carry, e->here, &once,
			       &e->slice));
	*ret_any = *ret_any && once != ONCE_DONE;
	if (!*ret_any)
		return ST_OK;
	TRY(used_edges_load(x, &e->used, e->in, row, pop->expand.unique, pop->expand.n_unique));
	edge_walk_begin(&e->walk, e->here);
	e->walk.second = false;
	e->left_only = once == ONCE_AGAIN;
	e->row_open = true;
	return ST_OK;
}

/* Copies entries that need no look. */
static void take_all(struct op_expand *e, uint32_t room)
{
	uint32_t n = MIN_OF(e->slice.n - e->at, room);
	uint16_t row = (uint16_t)batch_row(e->in, e->i_sel);
	const uint32_t *nodes = e->slice.nodes + e->at, *edges = e->slice.edges + e->at;

	for (uint32_t i = 0; i < n; i++)
		e->nodes.c.id[e->n + i] = nodes[i];
	if (e->op.pop->expand.edge != SLOT_NONE)
		for (uint32_t i = 0; i < n; i++)
			e->edges.c.id[e->n + i] = edges[i];
	for (uint32_t i = 0; i < n; i++)
		e->rows[e->n + i] = row;
	e->n += n;
	e->at += n;
}

static enum status take_some(struct op_expand *e, uint32_t room)
{
	bool into = e->op.pop->expand.into, second = e->walk.second;
	uint16_t row = (uint16_t)batch_row(e->in, e->i_sel);
	uint32_t end = e->n + room;

	for (; e->at < e->slice.n && e->n < end; e->at++) {
		uint32_t node = e->slice.nodes[e->at];
		if ((into && node != e->there) || (second && node == e->here))
			continue;
		uint32_t edge = e->slice.edges[e->at];
		if (used_edges_has(&e->used, edge)) {
			if (e->op.pop->expand.ends_once)
				TRY(once_refuse(&e->once, node, edge));
			continue;
		}
		bool fresh = true;
		if (e->bare_ends)
			TRY(idset_add(&e->ends, node, &fresh));
		e->nodes.c.id[e->n] = node;
		e->edges.c.id[e->n] = edge;
		e->rows[e->n] = row;
		e->n += fresh;
	}
	return ST_OK;
}

/* The next slice of the row; *ret_any false: it has no more, and is ended. */
static enum status next_slice(struct op_expand *e, struct exec *x, bool *ret_any)
{
	e->at = e->slice.n = 0;
	*ret_any = !e->left_only && edge_walk_next(&e->walk, x, &e->spec, e->reverse, &e->slice);
	if (*ret_any)
		return ST_OK;
	if (e->op.pop->expand.ends_once)
		TRY(once_end(&e->once));
	e->i_sel++;
	e->row_open = false;
	return ST_OK;
}

/* Fills the output until it is full or the input batch is used up. */
static enum status expand_fill(struct op_expand *e, struct exec *x)
{
	while (e->n < e->room && e->i_sel < e->in->n_sel) {
		bool any = true;
		if (!e->row_open)
			TRY(open_row(e, x, &any));
		if (!any) {
			e->i_sel++;
			continue;
		}
		if (e->at == e->slice.n) {
			TRY(next_slice(e, x, &any));
			if (!any)
				continue;
		}
		uint32_t before = e->at;
		if (e->used.n == 0 && !e->op.pop->expand.into && !e->walk.second && !e->bare_ends)
			take_all(e, e->room - e->n);
		else
			TRY(take_some(e, e->room - e->n));
		TRY(exec_check(x, e->at - before));
	}
	return ST_OK;
}

static enum status begin_output(struct op_expand *e, struct exec *x)
{
	/* One row with few edges is the most common point read: its columns stay small. */
	uint32_t room = e->room;

	if (e->in->n_sel == 1 && room > 64) {
		elem_id node;
		uint32_t row = batch_row(e->in, 0);
		if (!e->row_open && node_at(&e->in->cols[e->op.pop->expand.from], row, &node)) {
			uint64_t degree = edge_degree(x, &e->spec, node, false);
			room = (uint32_t)MIN_OF((uint64_t)room, degree);
		}
	}
	TRY(col_prepare(x, &e->nodes, COL_NODE, room));
	return col_prepare(x, &e->edges, COL_EDGE, room);
}

static enum status expand_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_expand *e = container_of(op, struct op_expand, op);
	const struct pop *pop = op->pop;

	for (;;) {
		TRY(exec_check(x, 16));
		if (e->in == NULL) {
			TRY(op_next(op->left, x, &e->in));
			if (e->in == NULL) {
				*ret = NULL;
				return ST_OK;
			}
			e->i_sel = 0;
			e->row_open = false;
			edge_spec_resolve(x, pop, &e->spec);
		}
		if (e->n == 0)
			TRY(begin_output(e, x));
		TRY(expand_fill(e, x));
		if (e->n != 0)
			break;
		e->in = NULL;
	}
	bool same = e->rows[0] == e->rows[e->n - 1];
	TRY(own_gather(x, &e->out, e->in, pop->carry, pop->n_carry, e->rows, e->n, same));
	if (!pop->expand.into)
		e->out.b.cols[pop->expand.to] = e->nodes.c;
	if (pop->expand.edge != SLOT_NONE)
		e->out.b.cols[pop->expand.edge] = e->edges.c;
	own_set_rows(&e->out, e->n);
	e->n = 0;
	e->room = MIN_OF(e->room * 4, x->batch_rows);
	*ret = &e->out.b;
	return ST_OK;
}

static enum status expand_reset(struct op *op, struct exec *x)
{
	struct op_expand *e = container_of(op, struct op_expand, op);

	e->in = NULL;
	e->n = 0;
	e->set.slot = SLOT_NONE; /* the view may have moved on */
	TRY(once_begin_all(e, x));
	return op_reset(op->left, x);
}

const struct op_class op_expand = {.size = sizeof(struct op_expand),
				   .open = expand_open,
				   .next = expand_next,
				   .reset = expand_reset};
