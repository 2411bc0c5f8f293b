/* exec/op_seek.c - POP_INDEX_SEEK, POP_NODE_BY_ID: nodes found by a key, a list of keys or a range
 * of them, for each input row.
 *
 * A scan stands in for an index that this query's view cannot use (it is younger), for a list that
 * only the comparison row by row can judge, and for a range that turns out to be wide: the plan may
 * have been made for other values.
 *
 * A seek with an order gives small steps, so that the sort above may stop it soon. One that gave as
 * much as a scan costs, because few rows pass a filter or many have one key, gives up: the sort
 * begins again with the scan, and the worst case is twice the cost. */
#include <stdlib.h>

#include "exec/expr.h"
#include "value/order.h"

#define SCAN_IDS 256 /* ids of one step of a scan */
#define FEW_IDS 8    /* of the first step of a look-up: most find one */

struct op_seek {
	struct op op;
	struct prog *value, *high; /* either may be NULL */
	struct own_batch out;
	struct exec_arena row_arena; /* sorted lists; emptied for each input batch */
	struct batch *in;	     /* input, and where we are in it */
	const struct column *values, *highs;
	uint32_t i_sel;
	bool row_begun, row_ended; /* ended: nothing more will be found for it */
	bool cursor_is_new;
	bool in_order;	  /* an ordered seek: rows of this input row come by the index */
	uint64_t wanted;  /* rows, by who sorts them */
	uint32_t step;	  /* ids of the next step: as many as are wanted, then twice as many */
	uint64_t n_given; /* by the index, in order */
	bool gave_up;
	bool bare;		  /* nodes without the property are what is found now, by a scan */
	struct index_range range; /* of the current row */
	const struct value *list; /* SEEK_IN: its keys, ascending; range is that of i_list */
	uint32_t n_list, i_list;
	struct prop_index *index;    /* NULL: a scan answers the current row */
	struct index_cursor *cursor; /* made when first needed */
	struct node_scan scan;
	struct col scan_props;
	elem_id few[FEW_IDS], *many; /* many: batch_rows of them, made when first needed */
	const elem_id *found;	     /* of the current row, from `at` on not taken yet */
	uint32_t n_found, at;
	uint32_t n_out; /* rows made so far */
	uint16_t rows[BATCH_ROWS];
};

static enum status seek_open(struct op *op, struct exec *x)
{
	struct op_seek *s = container_of(op, struct op_seek, op);

	exec_arena_init(x, &s->row_arena);
	TRY(own_batch_init(x, &s->out));
	TRY(prog_make(x, op->pop->seek.value, &s->value));
	return prog_make(x, op->pop->seek.high, &s->high);
}

void op_seek_want(struct op *op, uint64_t rows)
{
	container_of(op, struct op_seek, op)->wanted = rows;
}

bool op_seek_in_order(const struct op *op)
{
	return container_of(op, const struct op_seek, op)->in_order;
}

bool op_seek_gave_up(const struct op *op)
{
	return container_of(op, const struct op_seek, op)->gave_up;
}

/* ---- what a row asks for --------------------------------------------------------------------- */

static int order_values(const void *a, const void *b)
{
	return value_order(*(const struct value *)a, *(const struct value *)b);
}

/* The keys of a list, each once: equal ones stand side by side when sorted. *ret_plain false: there
 * is a list among them, of which that is not so. */
static enum status sort_list(struct op_seek *s, struct exec *x, struct value list, bool *ret_plain)
{
	struct value *keys = ARENA_ARRAY(&s->row_arena.a, struct value, list.n + 1);
	uint32_t n = 0;

	if (keys == NULL)
		return ST_NOMEM;
	*ret_plain = true;
	for (uint32_t i = 0; i < list.n; i++) {
		*ret_plain = *ret_plain && list.list[i].kind != V_LIST;
		if (!value_is_null(list.list[i]))
			keys[n++] = list.list[i];
	}
	qsort(keys, n, sizeof(*keys), order_values);
	s->n_list = 0;
	for (uint32_t i = 0; i < n; i++)
		if (s->n_list == 0 || value_eq(keys[s->n_list - 1], keys[i]) != TRUTH_TRUE)
			keys[s->n_list++] = keys[i];
	s->list = keys;
	return ST_OK;
}

static enum status begin_scan(struct op_seek *s, struct exec *x, name_id label)
{
	s->index = NULL;
	node_scan_init(&s->scan, x->graph, x->view, label);
	return ST_OK;
}

static enum status begin_bare(struct op_seek *s, struct exec *x, name_id label)
{
	s->bare = true;
	node_scan_init(&s->scan, x->graph, x->view, label);
	return ST_OK;
}

/* The range of the row, or of the first key of its list; *ret_scan: no index can tell. */
static enum status make_range(struct op_seek *s, struct exec *x, struct value v, struct value high,
			      bool *ret_scan)
{
	const struct pop_seek *seek = &s->op.pop->seek;
	bool plain = true;

	*ret_scan = false;
	s->range = (struct index_range){.low_kind = BOUND_EQUAL, .low = v};
	switch ((enum seek_kind)seek->kind) {
	case SEEK_EQUAL:
		return ST_OK;
	case SEEK_PREFIX:
		s->range.low_kind = BOUND_PREFIX;
		s->range.descending = seek->order == SEEK_DESCENDING;
		return ST_OK;
	case SEEK_RANGE:
		s->range = (struct index_range){.low_kind = seek->low_kind,
						.high_kind = seek->high_kind,
						.descending = seek->order == SEEK_DESCENDING,
						.low = v,
						.high = high};
		return ST_OK;
	case SEEK_IN:
		break;
	}
	s->n_list = s->i_list = 0;
	if (v.kind == V_LIST)
		TRY(sort_list(s, x, v, &plain));
	*ret_scan = !plain || (v.kind != V_LIST && v.kind != V_NULL);
	if (!plain) {
		s->list = v.list;
		s->n_list = v.n;
	} else if (v.kind == V_LIST) {
		s->range.low = s->n_list > 0 ? s->list[0] : VALUE_NULL;
	}
	return ST_OK;
}

/* Whether so many nodes by an index cost more than all of the label by a scan. */
static bool costs_a_scan(double rows, struct exec *x, name_id label)
{
	return rows > BATCH_ROWS &&
	       rows * PLAN_SEEK_ROW_COST > (double)graph_count_nodes(x->graph, label);
}

static bool is_wide(const struct op_seek *s, struct exec *x, name_id label)
{
	const struct pop_seek *seek = &s->op.pop->seek;

	if (seek->kind != SEEK_RANGE && seek->kind != SEEK_PREFIX)
		return false;
	double rows = prop_index_rows(s->index, &s->range);
	if (seek->order != SEEK_UNORDERED)
		rows = MIN_OF(rows, (double)s->wanted);
	return costs_a_scan(rows, x, label);
}

static enum status open_cursor(struct op_seek *s, struct exec *x)
{
	if (s->cursor == NULL)
		s->cursor = index_cursor_new(&x->arena.a);
	if (s->cursor == NULL)
		return ST_NOMEM;
	s->cursor_is_new = true;
	return index_cursor_open(s->cursor, s->index, x->view, &s->range);
}

/* The node with an id: one or none. */
static void find_by_id(struct op_seek *s, struct exec *x, struct value key)
{
	s->row_ended = true;
	if (key.kind != V_INT || key.i < 0 || !graph_node_exists(x->graph, x->view, (elem_id)key.i))
		return;
	s->few[0] = (elem_id)key.i;
	s->found = s->few;
	s->n_found = 1;
}

static enum status begin_row(struct op_seek *s, struct exec *x, uint32_t row)
{
	const struct pop *pop = s->op.pop;
	struct value v = s->values != NULL ? column_get(s->values, row) : VALUE_NULL;
	struct value high = s->highs != NULL ? column_get(s->highs, row) : VALUE_NULL;
	bool scan;

	s->row_begun = true;
	s->row_ended = s->in_order = s->bare = s->gave_up = false;
	s->n_given = 0;
	s->n_found = s->at = 0;
	if (pop->kind == POP_NODE_BY_ID) {
		find_by_id(s, x, v);
		return ST_OK;
	}
	name_id label = x->names[pop->seek.label], name = x->names[pop->seek.key];
	s->row_ended = label == NAME_NONE || name == NAME_NONE;
	if (s->row_ended)
		return ST_OK;
	TRY(make_range(s, x, v, high, &scan));
	s->index = graph_index_find(x->graph, x->view, label, name);
	if (s->index == NULL || scan || is_wide(s, x, label))
		return begin_scan(s, x, label);
	s->in_order = pop->seek.order != SEEK_UNORDERED;
	s->step = x->batch_rows;
	if (s->in_order)
		s->step = (uint32_t)MIN_OF((uint64_t)s->step, MAX_OF(s->wanted, UINT64_C(1)));
	if (pop->seek.nulls == SEEK_NULLS_FIRST)
		return begin_bare(s, x, label);
	return open_cursor(s, x);
}

/* ---- finding -----------------------------------------------------------------------------------
 */

static enum status many_ids(struct op_seek *s, struct exec *x)
{
	uint32_t n = MAX_OF(x->batch_rows, (uint32_t)SCAN_IDS);

	if (s->many == NULL)
		s->many = exec_alloc(x, n * sizeof(elem_id));
	return s->many != NULL ? ST_OK : ST_NOMEM;
}

static bool row_takes(const struct op_seek *s, struct value v)
{
	if (value_is_null(v))
		return s->op.pop->seek.nulls != SEEK_NO_NULLS;
	if (s->op.pop->seek.kind != SEEK_IN)
		return index_range_has(&s->range, v);
	for (uint32_t i = 0; i < s->n_list; i++)
		if (value_eq(v, s->list[i]) == TRUTH_TRUE)
			return true;
	return false;
}

static enum status scan_more(struct op_seek *s, struct exec *x)
{
	const struct pop_seek *seek = &s->op.pop->seek;

	TRY(exec_check(x, SCAN_IDS));
	TRY(many_ids(s, x));
	TRY(col_reserve(x, &s->scan_props, SCAN_IDS));
	uint32_t n = node_scan_next(&s->scan, s->many, SCAN_IDS);
	s->row_ended = n == 0;
	if (n > 0 && seek->kind == SEEK_IN && s->n_list == 0 && !value_is_null(s->range.low))
		return diag_set(x->diag, GQL_WRONG_TYPE, seek->value->offset,
				"IN needs a LIST, got %s", value_kind_name(s->range.low.kind));
	s->found = s->many;
	if (seek->nulls != SEEK_NO_NULLS) { /* all values and nulls: nobody has to look at them */
		s->n_found = n;
		return ST_OK;
	}
	TRY(graph_node_props(x->graph, x->view, x->names[seek->key], s->many, NULL, n,
			     &s->scan_props.c));
	for (uint32_t i = 0; i < n; i++) {
		s->many[s->n_found] = s->many[i];
		s->n_found += row_takes(s, column_get(&s->scan_props.c, i));
	}
	return ST_OK;
}

/* Nodes without the property; behind them the index, or the end. */
static enum status bare_more(struct op_seek *s, struct exec *x)
{
	const struct pop_seek *seek = &s->op.pop->seek;
	name_id key = x->names[seek->key];
	uint32_t n;

	TRY(exec_check(x, SCAN_IDS));
	TRY(many_ids(s, x));
	TRY(col_reserve(x, &s->scan_props, SCAN_IDS));
	bool more = node_scan_lacking(&s->scan, key, s->many, SCAN_IDS, &n);
	TRY(graph_node_props(x->graph, x->view, key, s->many, NULL, n, &s->scan_props.c));
	s->found = s->many;
	for (uint32_t i = 0; i < n; i++) {
		s->many[s->n_found] = s->many[i];
		s->n_found += value_is_null(column_get(&s->scan_props.c, i));
	}
	if (more)
		return ST_OK;
	s->bare = false;
	s->row_ended = seek->nulls == SEEK_NULLS_LAST;
	return s->row_ended ? ST_OK : open_cursor(s, x);
}

/* More ids of the current row. The first ones of a key go to a small place: a point read needs no
 * large one. */
static enum status find_more(struct op_seek *s, struct exec *x)
{
	const struct pop_seek *seek = &s->op.pop->seek;
	bool few = s->cursor_is_new && s->range.low_kind == BOUND_EQUAL;

	s->n_found = s->at = 0;
	if (s->index == NULL)
		return scan_more(s, x);
	if (s->bare)
		return bare_more(s, x);
	TRY(exec_check(x, FEW_IDS));
	if (!few)
		TRY(many_ids(s, x));
	s->found = few ? s->few : s->many;
	bool more = index_cursor_next(s->cursor, few ? s->few : s->many, few ? FEW_IDS : s->step,
				      &s->n_found);
	s->cursor_is_new = false;
	s->step = MIN_OF(s->step * 2, x->batch_rows);
	s->n_given += s->n_found;
	x->n_steps += s->n_found;
	if (more && s->in_order && s->wanted != SEEK_ALL_ROWS &&
	    costs_a_scan((double)s->n_given, x, x->names[seek->label])) {
		s->gave_up = s->row_ended = true;
		return ST_OK;
	}
	if (more)
		return ST_OK;
	if (seek->nulls == SEEK_NULLS_LAST)
		return begin_bare(s, x, x->names[seek->label]);
	if (seek->kind != SEEK_IN || ++s->i_list >= s->n_list) {
		s->row_ended = true;
		return ST_OK;
	}
	s->range.low = s->list[s->i_list];
	return open_cursor(s, x);
}

static enum status take_found(struct op_seek *s, struct exec *x, uint32_t row)
{
	struct col *out = &s->out.cols[s->op.pop->seek.out];
	uint32_t n = MIN_OF(s->n_found - s->at, x->batch_rows - s->n_out);
	bool all =
	    s->in->n_sel == 1 && s->row_ended; /* no more will come: point reads stay small */

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

/* Fills the output until it is full or the input batch is used up; in order only with what one step
 * found, so that who sorts may stop soon. */
static enum status seek_fill(struct op_seek *s, struct exec *x)
{
	while (s->i_sel < s->in->n_sel && s->n_out < x->batch_rows) {
		if (s->in_order && s->n_out > 0 && s->at == s->n_found)
			break;
		uint32_t row = batch_row(s->in, s->i_sel);
		if (!s->row_begun)
			TRY(begin_row(s, x, row));
		if (s->at == s->n_found && !s->row_ended)
			TRY(find_more(s, x));
		TRY(take_found(s, x, row));
		if (s->at == s->n_found && s->row_ended) {
			s->i_sel++;
			s->row_begun = false;
		}
	}
	return ST_OK;
}

static enum status eval_bounds(struct op_seek *s, struct exec *x)
{
	s->values = s->highs = NULL;
	if (s->value != NULL)
		TRY(prog_eval(s->value, x, s->in, &s->values));
	return s->high != NULL ? prog_eval(s->high, x, s->in, &s->highs) : ST_OK;
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
			arena_reset(&s->row_arena.a);
			TRY(eval_bounds(s, x));
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
