/* exec/op_filter.c - POP_FILTER, POP_PROJECT: in place on the child's batch. */
#include "exec/expr.h"

struct op_filter {
	struct op op;
	struct prog *pred;
};

static enum status filter_open(struct op *op, struct exec *x)
{
	return prog_make(x, op->pop->filter.pred, &container_of(op, struct op_filter, op)->pred);
}

/* Pulls until some row passes. The child's batch is filtered by shrinking its selection; no value
 * moves. */
static enum status filter_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_filter *f = container_of(op, struct op_filter, op);

	for (;;) {
		struct batch *b = NULL;
		TRY(op_next(op->left, x, &b));
		if (b != NULL) {
			TRY(prog_select(f->pred, x, b));
			if (b->n_sel == 0) {
				TRY(exec_check(x, b->n_rows));
				continue;
			}
		}
		*ret = b;
		return ST_OK;
	}
}

const struct op_class op_filter = {.size = sizeof(struct op_filter),
				   .open = filter_open,
				   .next = filter_next,
				   .reset = op_reset_left};

struct op_project {
	struct op op;
	struct prog **items;
	struct column *values;
};

static enum status project_open(struct op *op, struct exec *x)
{
	struct op_project *p = container_of(op, struct op_project, op);
	uint32_t n = op->pop->project.n;

	p->items = exec_alloc(x, n * sizeof(*p->items));
	p->values = exec_alloc(x, n * sizeof(*p->values));
	if (p->items == NULL || p->values == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		TRY(prog_make(x, op->pop->project.items[i].expr, &p->items[i]));
	return ST_OK;
}

/* All items see the input's slots, so none is assigned before the last is computed. */
static enum status project_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_project *p = container_of(op, struct op_project, op);
	uint32_t n = op->pop->project.n;
	struct batch *b = NULL;

	TRY(op_next(op->left, x, &b));
	for (uint32_t i = 0; b != NULL && i < n; i++) {
		const struct column *c;
		TRY(prog_eval(p->items[i], x, b, &c));
		p->values[i] = *c;
	}
	for (uint32_t i = 0; b != NULL && i < n; i++)
		b->cols[op->pop->project.items[i].slot] = p->values[i];
	*ret = b;
	return ST_OK;
}

const struct op_class op_project = {.size = sizeof(struct op_project),
				    .open = project_open,
				    .next = project_next,
				    .reset = op_reset_left};
