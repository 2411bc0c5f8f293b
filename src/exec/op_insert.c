/* exec/op_insert.c - POP_INSERT: makes the pattern's elements for each row; in place, rows stream
 * on. */
#include "exec/write.h"

struct op_insert {
	struct op op;
	struct maker maker;
	struct batch *in;
	uint32_t i_sel;
	struct col *cols; /* by item: the new ids */
	bool ended;
};

static enum status insert_open(struct op *op, struct exec *x)
{
	struct op_insert *o = container_of(op, struct op_insert, op);

	o->cols = exec_zalloc(x, op->pop->insert.n * sizeof(*o->cols));
	if (o->cols == NULL)
		return ST_NOMEM;
	return maker_open(x, op->pop->insert.items, op->pop->insert.n, false, &o->maker);
}

static enum status begin_batch(struct op_insert *o, struct exec *x)
{
	o->i_sel = 0;
	TRY(maker_eval(&o->maker, x, o->in));
	for (uint32_t i = 0; i < o->maker.n; i++) {
		const struct make *item = &o->maker.items[i];
		if (!item->bound)
			TRY(col_prepare(x, &o->cols[i], item->is_edge ? COL_EDGE : COL_NODE,
					o->in->n_rows));
	}
	return ST_OK;
}

static enum status insert_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_insert *o = container_of(op, struct op_insert, op);

	*ret = NULL;
	if (o->ended)
		return ST_OK;
	if (o->in == NULL) {
		TRY(op_next(op->left, x, &o->in));
		if (o->in == NULL) {
			o->ended = true;
			return write_end(x, op->pop->offset);
		}
		TRY(begin_batch(o, x));
	}
	for (; o->i_sel < o->in->n_sel; o->i_sel++) {
		uint32_t row = batch_row(o->in, o->i_sel);
		TRY(exec_check(x, 64));
		TRY(maker_row(&o->maker, x, o->in, row));
		for (uint32_t i = 0; i < o->maker.n; i++)
			if (!o->maker.items[i].bound)
				o->cols[i].c.id[row] = o->maker.made[i];
	}
	for (uint32_t i = 0; i < o->maker.n; i++)
		if (!o->maker.items[i].bound)
			o->in->cols[o->maker.items[i].slot] = o->cols[i].c;
	*ret = o->in;
	o->in = NULL;
	return ST_OK;
}

static enum status insert_reset(struct op *op, struct exec *x)
{
	struct op_insert *o = container_of(op, struct op_insert, op);

	o->in = NULL;
	o->ended = false;
	return op_reset(op->left, x);
}

const struct op_class op_insert = {.size = sizeof(struct op_insert),
				   .open = insert_open,
				   .next = insert_next,
				   .reset = insert_reset};
