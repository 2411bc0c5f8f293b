/* exec/op_var_expand.c - POP_VAR_EXPAND: from a bound node along min..max edges; one row a path,
 * or, where nobody above counts rows (ends_once), one an end. */
#include "exec/once.h"
#include "exec/reach.h"

struct op_var_expand {
	struct op op;
	struct path_walk walk;
	struct own_batch out;
	struct exec_arena paths; /* lists and paths of one output batch */
	struct batch *in;
	uint32_t i_sel;
	bool row_open, bound; /* bound: the far end is, and must be target */
	elem_id target;
	uint32_t n;
	uint16_t *rows;
	elem_id *ends;
	struct value *lists, *values;
	struct exec_arena search; /* of the current row, with ends_once */
	struct reach reach;
	struct exec_arena once_arena;
	struct once once; /* with ends_once: rows that are alike search once */
	bool alike;	  /* rows can be: nothing else in them decides which edges may be taken */
};

static enum status var_expand_open(struct op *op, struct exec *x)
{
	struct op_var_expand *e = container_of(op, struct op_var_expand, op);
	uint32_t n = x->batch_rows;

	exec_arena_init(x, &e->paths);
	e->rows = exec_alloc(x, n * sizeof(*e->rows));
	e->ends = exec_alloc(x, n * sizeof(*e->ends));
	e->lists = exec_alloc(x, n * sizeof(*e->lists));
	e->values = exec_alloc(x, n * sizeof(*e->values));
	if (e->rows == NULL || e->ends == NULL || e->lists == NULL || e->values == NULL)
		return ST_NOMEM;
	TRY(path_open(x, op->pop, &e->walk));
	exec_arena_init(x, &e->search);
	exec_arena_init(x, &e->once_arena);
	e->alike = op->pop->expand.ends_once && op->pop->expand.n_unique == 0 &&
		   op->pop->expand.edge_pred == NULL && !op->pop->expand.into;
	if (e->alike)
		TRY(once_open(x, &e->once, &e->once_arena.a, op->pop->n_carry));
	return own_batch_init(x, &e->out);
}

/* Starts the current input row; nothing to walk when an end that must be there is null. */
static enum status open_row(struct op_var_expand *e, struct exec *x)
{
	const struct pop *pop = e->op.pop;
	uint32_t row = batch_row(e->in, e->i_sel);
	struct value from = column_get(&e->in->cols[pop->expand.from], row);
	struct value to = VALUE_NULL;

	e->bound = pop->expand.into;
	if (e->bound)
		to = column_get(&e->in->cols[pop->expand.to], row);
	e->row_open = true;
	e->walk.live = false;
	if (from.kind != V_NODE || (e->bound && to.kind != V_NODE))
		return ST_OK;
	if (e->bound)
		e->target = value_elem_id(to);
	if (e->alike) {
		enum once_row once;
		struct adj_slice none;
		TRY(once_begin(&e->once, e->in, row, pop->carry, pop->n_carry, value_elem_id(from),
			       &once, &none));
		if (once != ONCE_FIRST)
			return ST_OK;
	}
	TRY(path_begin(x, &e->walk, value_elem_id(from), e->in, row));
	if (!pop->expand.ends_once)
		return ST_OK;
	arena_reset(&e->search.a);
	return reach_begin(&e->reach, &e->search.a, &e->walk);
}

static enum status take_path(struct op_var_expand *e)
{
	const struct pop *pop = e->op.pop;
	elem_id end = e->walk.frames[e->walk.depth].node;

	if (e->bound && end != e->target)
		return ST_OK;
	if (pop->expand.edge != SLOT_NONE)
		TRY(path_edge_list(&e->walk, &e->paths.a, &e->lists[e->n]));
	if (pop->expand.path != SLOT_NONE)
		TRY(path_value(&e->walk, &e->paths.a, &e->values[e->n]));
	e->rows[e->n] = (uint16_t)batch_row(e->in, e->i_sel);
	e->ends[e->n++] = end;
	return ST_OK;
}

/* The next ends of the current row; false: it has no more. */
static enum status take_ends(struct op_var_expand *e, struct exec *x, bool *ret_any)
{
	uint32_t n = 0, kept = 0;
	elem_id *ends = e->ends + e->n;

	if (e->walk.live)
		TRY(reach_next(&e->reach, x, ends, x->batch_rows - e->n, &n));
	*ret_any = n != 0;
	for (uint32_t i = 0; i < n; i++)
		if (!e->bound || ends[i] == e->target)
			ends[kept++] = ends[i];
	if (e->bound && kept != 0)
		e->walk.live = false; /* there is no other end */
	for (uint32_t i = 0; i < kept; i++)
		e->rows[e->n++] = (uint16_t)batch_row(e->in, e->i_sel);
	return ST_OK;
}

static enum status take_paths(struct op_var_expand *e, struct exec *x, bool *ret_any)
{
	TRY(path_next(x, &e->walk, ret_any));
	return *ret_any ? take_path(e) : ST_OK;
}

static enum status var_expand_fill(struct op_var_expand *e, struct exec *x)
{
	while (e->n < x->batch_rows && e->i_sel < e->in->n_sel) {
		bool any;
		if (!e->row_open)
			TRY(open_row(e, x));
		if (e->op.pop->expand.ends_once)
			TRY(take_ends(e, x, &any));
		else
			TRY(take_paths(e, x, &any));
		if (!any) {
			e->row_open = false;
			e->i_sel++;
		}
	}
	return ST_OK;
}

static enum status show(struct op_var_expand *e, struct exec *x)
{
	const struct pop *pop = e->op.pop;
	bool same = e->rows[0] == e->rows[e->n - 1];

	TRY(own_gather(x, &e->out, e->in, pop->carry, pop->n_carry, e->rows, e->n, same));
	if (!pop->expand.into) {
		TRY(col_prepare(x, &e->out.cols[pop->expand.to], COL_NODE, e->n));
		memcpy(e->out.cols[pop->expand.to].c.id, e->ends, e->n * sizeof(elem_id));
		own_show(&e->out, pop->expand.to);
	}
	if (pop->expand.edge != SLOT_NONE) {
		TRY(col_put_values(x, &e->out.cols[pop->expand.edge], e->lists, e->n));
		own_show(&e->out, pop->expand.edge);
	}
	if (pop->expand.path != SLOT_NONE) {
		TRY(col_put_values(x, &e->out.cols[pop->expand.path], e->values, e->n));
		own_show(&e->out, pop->expand.path);
	}
	own_set_rows(&e->out, e->n);
	return ST_OK;
}

static enum status var_expand_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_var_expand *e = container_of(op, struct op_var_expand, op);

	if (e->n == 0)
		arena_reset(&e->paths.a);
	for (;;) {
		if (e->in == NULL) {
			TRY(exec_check(x, 16));
			TRY(op_next(op->left, x, &e->in));
			*ret = NULL;
			if (e->in == NULL)
				return ST_OK;
			e->i_sel = 0;
			e->row_open = false;
		}
		TRY(var_expand_fill(e, x));
		if (e->n != 0)
			break;
		e->in = NULL;
	}
	TRY(show(e, x));
	e->n = 0;
	*ret = &e->out.b;
	return ST_OK;
}

static enum status var_expand_reset(struct op *op, struct exec *x)
{
	struct op_var_expand *e = container_of(op, struct op_var_expand, op);

	e->in = NULL;
	e->n = 0;
	if (e->alike) {
		arena_reset(&e->once_arena.a);
		TRY(once_open(x, &e->once, &e->once_arena.a, op->pop->n_carry));
	}
	return op_reset(op->left, x);
}

const struct op_class op_var_expand = {.size = sizeof(struct op_var_expand),
				       .open = var_expand_open,
				       .next = var_expand_next,
				       .reset = var_expand_reset};
