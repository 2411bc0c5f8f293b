/* exec/op_seek.c - POP_INDEX_SEEK, POP_NODE_BY_ID: nodes found by a key for each input row.
 *
 * An index that this query's view cannot use (it is younger) is stood in for by a scan. */
#include "exec/expr.h"
#include "value/order.h"

#define SCAN_IDS 256 /* ids of one step of a scan */

struct op_seek {
	struct op op;
	struct prog *value;
	struct own_batch out;
	struct exec_arena found_arena; /* what the index answers; emptied for each input batch */
	struct batch *in;	       /* input, and where we are in it */
	const struct column *keys;
	uint32_t i_sel;
	bool row_begun;
	const elem_id *found; /* of the current row */
	uint32_t n_found, at;
	struct node_scan scan; /* instead of an index */
	bool scanning;
	struct col scan_props;
	elem_id *scan_ids;
	uint32_t n_out; /* rows made so far */
	uint16_t rows[BATCH_ROWS];
};

static enum status seek_open(struct op *op, struct exec *x)
{
	struct op_seek *s = container_of(op, struct op_seek, op);

	exec_arena_init(x, &s->found_arena);
	TRY(own_batch_init(x, &s->out));
	return prog_make(x, op->pop->seek.value, &s->value);
}

/* The node with an id: as many rows as there are, one or none. */
static enum status find_by_id(struct op_seek *s, struct exec *x, struct value key)
{
	s->n_found = 0;
	if (key.kind != V_INT || key.i < 0 || !graph_node_exists(x->graph, x->view, (elem_id)key.i))
		return ST_OK;
	elem_id *id = arena_dup(&s->found_arena.a, &key.i, sizeof(*id));
	if (id == NULL)
		return ST_NOMEM;
	s->found = id;
	s->n_found = 1;
	return ST_OK;
}

static enum status begin_row(struct op_seek *s, struct exec *x, struct value key)
{
	const struct pop *pop = s->op.pop;

	s->row_begun = true;
	s->scanning = false;
	s->n_found = s->at = 0;
	if (pop->kind == POP_NODE_BY_ID)
		return find_by_id(s, x, key);
	name_id label = x->names[pop->seek.label], name = x->names[pop->seek.key];
	if (label == NAME_NONE || name == NAME_NONE || key.kind == V_NULL)
		return ST_OK;
	struct prop_index *ix = graph_index_find(x->graph, x->view, label, name);
	if (ix != NULL)
		return prop_index_lookup(ix, x->view, key, &s->found_arena.a, &s->found,
					 &s->n_found);
	s->scanning = true;
	if (s->scan_ids == NULL)
		s->scan_ids = exec_alloc(x, SCAN_IDS * sizeof(elem_id));
	if (s->scan_ids == NULL)
		return ST_NOMEM;
	node_scan_init(&s->scan, x->graph, x->view, label);
	return ST_OK;
}

/* More ids for the current row when it is answered by a scan; n_found 0: the end. */
static enum status scan_more(struct op_seek *s, struct exec *x, struct value key)
{
	uint32_t n = 0;

	s->n_found = s->at = 0;
	while (s->n_found == 0) {
		TRY(exec_check(x, SCAN_IDS));
		n = node_scan_next(&s->scan, s->scan_ids, SCAN_IDS);
		if (n == 0)
			break;
		TRY(col_reserve(x, &s->scan_props, SCAN_IDS));
		TRY(graph_node_props(x->graph, x->view, x->names[s->op.pop->seek.key], s->scan_ids,
				     NULL, n, &s->scan_props.c));
		for (uint32_t i = 0; i < n; i++) {
			s->scan_ids[s->n_found] = s->scan_ids[i];
			s->n_found += value_eq(column_get(&s->scan_props.c, i), key) == TRUTH_TRUE;
		}
	}
	s->found = s->scan_ids;
	return ST_OK;
}

static enum status take_found(struct op_seek *s, struct exec *x, uint32_t row)
{
	struct col *out = &s->out.cols[s->op.pop->seek.out];
	uint32_t n = MIN_OF(s->n_found - s->at, x->batch_rows - s->n_out);
	bool all =
	    s->in->n_sel == 1 && !s->scanning; /* no more will come: point reads stay small */

	if (n == 0)
		return ST_OK;
	if (s->n_out == 0)
		TRY(col_prepare(x, out, COL_NODE, all ? n : x->batch_rows));
	memcpy(out->c.id + s->n_out, s->found + s->at, n * sizeof(elem_id));
	for (uint32_t i = 0; i < n; i++)
		s->rows[s->n_out + i] = (uint16_t)row;
	s->n_out += n;
	s->at += n;
	return ST_OK;
}

/* Fills the output until it is full or the input batch is used up. */
static enum status seek_fill(struct op_seek *s, struct exec *x)
{
	while (s->i_sel < s->in->n_sel && s->n_out < x->batch_rows) {
		uint32_t row = batch_row(s->in, s->i_sel);
		struct value key = column_get(s->keys, row);
		if (!s->row_begun)
			TRY(begin_row(s, x, key));
		if (s->scanning && s->at == s->n_found)
			TRY(scan_more(s, x, key));
		TRY(take_found(s, x, row));
		if (s->at == s->n_found && (!s->scanning || s->n_found == 0)) {
			s->i_sel++;
			s->row_begun = false;
		}
	}
	return ST_OK;
}

static enum status seek_next(struct op *op, struct exec *x, struct batch **ret)
{
	struct op_seek *s = container_of(op, struct op_seek, op);

	for (;;) {
		TRY(exec_check(x, 16));
		if (s->in == NULL) {
			TRY(op_next(op->left, x, &s->in));
			if (s->in == NULL) {
				*ret = NULL;
				return ST_OK;
			}
			s->i_sel = s->n_out = 0;
			s->row_begun = false;
			arena_reset(&s->found_arena.a);
			TRY(prog_eval(s->value, x, s->in, &s->keys));
		}
		TRY(seek_fill(s, x));
		if (s->n_out != 0)
			break;
		s->in = NULL;
	}
	bool same = s->rows[0] == s->rows[s->n_out - 1];
	TRY(own_gather(x, &s->out, s->in, op->pop->carry, op->pop->n_carry, s->rows, s->n_out,
		       same));
	own_show(&s->out, op->pop->seek.out);
	own_set_rows(&s->out, s->n_out);
	s->n_out = 0;
	*ret = &s->out.b;
	return ST_OK;
}

static enum status seek_reset(struct op *op, struct exec *x)
{
	container_of(op, struct op_seek, op)->in = NULL;
	return op_reset(op->left, x);
}

const struct op_class op_index_seek = {
    .size = sizeof(struct op_seek), .open = seek_open, .next = seek_next, .reset = seek_reset};
const struct op_class op_node_by_id = {
    .size = sizeof(struct op_seek), .open = seek_open, .next = seek_next, .reset = seek_reset};
