/* exec/op.c - making the tree of operators; their own batches. */
#include "exec/op.h"

static const struct op_class *const classes[] = {
    [POP_UNIT] = &op_unit,
    [POP_NODE_SCAN] = &op_node_scan,
    [POP_EDGE_SCAN] = &op_edge_scan,
    [POP_INDEX_SEEK] = &op_index_seek,
    [POP_NODE_BY_ID] = &op_node_by_id,
    [POP_EXPAND] = &op_expand,
    [POP_DEGREE] = &op_degree,
    [POP_TWO_HOPS] = &op_two_hops,
    [POP_VAR_EXPAND] = &op_var_expand,
    [POP_SHORTEST] = &op_shortest,
    [POP_FILTER] = &op_filter,
    [POP_PROJECT] = &op_project,
    [POP_AGGREGATE] = &op_aggregate,
    [POP_DISTINCT] = &op_distinct,
    [POP_SORT] = &op_sort,
    [POP_LIMIT] = &op_limit,
    [POP_CROSS] = &op_cross,
    [POP_HASH_JOIN] = &op_hash_join,
    [POP_APPLY] = &op_apply,
    [POP_OPTIONAL] = &op_apply,
    [POP_SEMI] = &op_semi,
    [POP_SEMI_MARK] = &op_semi,
    [POP_UNWIND] = &op_unwind,
    [POP_UNION] = &op_union,
    [POP_EXCEPT] = &op_setop,
    [POP_INTERSECT] = &op_setop,
    [POP_OTHERWISE] = &op_otherwise,
    [POP_EAGER] = &op_eager,
    [POP_INSERT] = &op_insert,
    [POP_MERGE] = &op_merge,
    [POP_SET] = &op_set,
    [POP_DELETE] = &op_delete,
    [POP_USE] = &op_use,
    [POP_PRODUCE] = &op_produce,
    [POP_DISCARD] = &op_discard,
};

/* One row without columns yet. */
static enum status unit_new(struct exec *x, struct batch **ret)
{
	uint32_t n = x->plan->n_slots;
	struct batch *b = exec_alloc(x, sizeof(*b));
	struct column *cols = exec_zalloc(x, n * sizeof(*cols));

	if (b == NULL || cols == NULL)
		return ST_NOMEM;
	*b = (struct batch){.n_rows = 1, .n_sel = 1, .n_cols = n, .cols = cols};
	*ret = b;
	return ST_OK;
}

static enum status make_right(struct op *op, struct exec *x)
{
	struct batch *outer = x->unit;

	if (op->class->passes_rows) {
		TRY(unit_new(x, &op->arg));
		x->unit = op->arg;
	}
	TRY(op_make(x, op->pop->right, &op->right));
	x->unit = outer;
	return ST_OK;
}

enum status op_pass_row(struct op *op, struct exec *x, const struct batch *b, uint32_t row)
{
	for (uint32_t s = 0; s < b->n_cols; s++)
		op->arg->cols[s] = column_of_row(&b->cols[s], row);
	return op_reset(op->right, x);
}

struct op_unit {
	struct op op;
	struct batch *row; /* an apply fills it before each run */
	bool given;
};

static enum status unit_open(struct op *op, struct exec *x)
{
	struct op_unit *u = container_of(op, struct op_unit, op);

	u->row = x->unit;
	return u->row != NULL ? ST_OK : unit_new(x, &u->row);
}

static enum status unit_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_unit *u = container_of(op, struct op_unit, op);

	*ret = u->given ? NULL : u->row;
	u->row->sel = NULL;
	u->row->n_sel = 1;
	u->given = true;
	return ST_OK;
}

static enum status unit_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_unit, op)->given = false;
	return ST_OK;
}

const struct op_class op_unit = {
    .size = sizeof(struct op_unit), .open = unit_open, .next = unit_next, .reset = unit_reset};

enum status op_reset_left(struct op *op, struct exec *x)
{
	return op_reset(op->left, x);
}

/* Whether rows of the input go on as they come, so that a limit above can stop it early. */
static bool passes_goal(const struct pop *pop, bool few_wanted)
{
	switch ((enum pop_kind)pop->kind) {
	case POP_LIMIT:
		return true;
	case POP_SORT:
	case POP_AGGREGATE:
	case POP_EAGER:
	case POP_MERGE:
		return false;
	default:
		return few_wanted;
	}
}

enum status op_make(struct exec *x, const struct pop *pop, struct op **ret)
{
	assert(pop->kind < ARRAY_LEN(classes) && pop->id < x->plan->n_ops);
	const struct op_class *class = classes[pop->kind];
	struct op *op = exec_zalloc(x, class->size);
	if (op == NULL)
		return ST_NOMEM;

	op->class = class;
	op->pop = pop;
	op->stat = &x->stats[pop->id];
	op->few_wanted = x->few_wanted;
	x->few_wanted = passes_goal(pop, x->few_wanted);
	struct graph *graph = x->graph;
	if (pop->kind == POP_USE)
		x->graph = pop->use.graph;
	if (pop->left != NULL)
		TRY(op_make(x, pop->left, &op->left));
	x->graph = graph;
	if (pop->right != NULL)
		TRY(make_right(op, x));
	x->few_wanted = op->few_wanted;
	if (class->open != NULL)
		TRY(class->open(op, x));
	*ret = op;
	return ST_OK;
}

static enum status col_room(struct exec *x, struct col *c, uint32_t rows, size_t width)
{
	size_t want = 16;

	while (want < rows)
		want *= 2;
	want *= width;
	if (want > c->size) {
		void *data = exec_alloc(x, want);
		if (data == NULL)
			return ST_NOMEM;
		c->data = data;
		c->size = (uint32_t)want;
	}
	if (c->nulls == NULL) {
		c->nulls = exec_zalloc(x, BATCH_ROWS / 8);
		if (c->nulls == NULL)
			return ST_NOMEM;
	} else if (c->c.has_null) {
		memset(c->nulls, 0, BATCH_ROWS / 8);
	}
	c->c = (struct column){.nulls = c->nulls, .data = c->data};
	return ST_OK;
}

enum status col_reserve(struct exec *x, struct col *c, uint32_t rows)
{
	return col_room(x, c, rows, sizeof(struct value));
}

enum status col_prepare(struct exec *x, struct col *c, enum column_kind kind, uint32_t rows)
{
	TRY(col_room(x, c, rows, column_width(kind)));
	c->c.kind = kind;
	return ST_OK;
}

enum status col_put_values(struct exec *x, struct col *c, const struct value *v, uint32_t n)
{
	enum column_kind kind = n != 0 ? column_kind_of(v[0].kind) : COL_VALUE;

	for (uint32_t i = 1; i < n && kind != COL_VALUE; i++)
		if (v[i].kind != v[0].kind)
			kind = COL_VALUE;
	TRY(col_prepare(x, c, kind, n));
	for (uint32_t i = 0; i < n; i++)
		column_put(&c->c, i, v[i]);
	return ST_OK;
}

enum status col_set_const(struct exec *x, struct col *c, struct value v)
{
	TRY(col_prepare(x, c, column_kind_of(v.kind), 1));
	c->c.is_const = true;
	column_put(&c->c, 0, v);
	return ST_OK;
}

struct column column_of_row(const struct column *src, uint32_t row)
{
	static uint64_t null_bit = 1;
	struct column c = *src;

	if (src->is_const || src->data == NULL)
		return c;
	c.is_const = true;
	c.data = (char *)src->data + row * column_width(src->kind);
	c.has_null = src->kind != COL_VALUE && column_is_null(src, row);
	c.nulls = c.has_null ? &null_bit : NULL;
	return c;
}

enum status own_batch_init(struct exec *x, struct own_batch *o)
{
	uint32_t n = x->plan->n_slots;

	o->b.n_cols = n;
	o->b.cols = exec_zalloc(x, n * sizeof(struct column));
	o->cols = exec_zalloc(x, n * sizeof(struct col));
	return o->b.cols != NULL && o->cols != NULL ? ST_OK : ST_NOMEM;
}

enum status own_gather(struct exec *x, struct own_batch *o, const struct batch *src,
		       const uint32_t *slots, uint32_t n, const uint16_t *rows, uint32_t n_rows,
		       bool same_row)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t s = slots[i];
		const struct column *from = &src->cols[s];
		if (from->is_const || same_row) {
			o->b.cols[s] = column_of_row(from, rows[0]);
			continue;
		}
		TRY(col_prepare(x, &o->cols[s], from->kind, n_rows));
		column_gather(&o->cols[s].c, from, rows, n_rows);
		own_show(o, s);
	}
	return ST_OK;
}
