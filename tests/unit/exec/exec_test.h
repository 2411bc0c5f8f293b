/* tests/unit/exec/exec_test.h - a store in memory, plans built by hand, and results as text.
 *
 * A plan is run by run(), which gives one line a row, sorted, fields split by '|'. run_all() runs
 * it with whole and with tiny batches, with and without yields, each time in a transaction of its
 * own that is rolled back, and fails when two runs differ. */
#ifndef EXEC_TEST_H
#define EXEC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "exec/query.h"
#include "value/func.h"
#include "value/text.h"

#define FIX_NAMES 64
#define FIX_OPS 64

struct fix {
	struct store *store;
	struct txn_mgr *mgr;
	struct graph *graph;
	struct arena a;
	struct plan plan;
	struct plan_name names[FIX_NAMES];
	const struct pop *ops[FIX_OPS];
	struct diag diag;
	enum status st; /* of the last run */
	struct query_counts counts;
	struct query_options opt;
	struct value params[4];
	bool keep_order; /* lines are not sorted */
	bool commit;	 /* runs are committed, not rolled back */
};

/* ---- set-up ------------------------------------------------------------------------------------
 */

static inline void fix_init(struct fix *f)
{
	memset(f, 0, sizeof(*f));
	assert_int_equal(store_new(&f->store), ST_OK);
	assert_int_equal(txn_mgr_new(f->store, NULL, 0, &f->mgr), ST_OK);
	f->graph = store_graph_default(f->store);
	arena_init(&f->a, MEM_OTHER, NULL);
	f->plan.graph = f->graph;
	f->plan.names = f->names;
	f->plan.ops = f->ops;
	f->plan.n_slots = 12;
	f->plan.n_locals = 3;
}

static inline void fix_release(struct fix *f)
{
	arena_release(&f->a);
	while (txn_collect(f->mgr))
		;
	txn_mgr_free(f->mgr);
	store_free(f->store);
}

static inline void *fix_dup(struct fix *f, const void *p, size_t size)
{
	void *copy = arena_dup(&f->a, p, size);
	assert_non_null(copy);
	return copy;
}

/* A new plan begins; names stay. */
static inline void fix_plan(struct fix *f)
{
	f->plan.n_ops = 0;
}

static inline uint32_t name_of(struct fix *f, enum name_kind kind, const char *text)
{
	for (uint32_t i = 0; i < f->plan.n_names; i++)
		if (f->names[i].kind == kind && str_eq(f->names[i].text, str_of(text)))
			return i;
	assert_true(f->plan.n_names < FIX_NAMES);
	f->names[f->plan.n_names] = (struct plan_name){.kind = kind, .text = str_of(text)};
	return f->plan.n_names++;
}

/* ---- expressions
 * ----------------------------------------------------------------------------------- */

static inline struct expr *e_new(struct fix *f, enum expr_kind kind, uint32_t n,
				 const struct expr *const *args)
{
	struct expr *e = ARENA_NEW(&f->a, struct expr);
	assert_non_null(e);
	e->kind = kind;
	e->nullable = true;
	e->n_args = n;
	e->offset = 7;
	if (n != 0)
		e->args = fix_dup(f, args, n * sizeof(*args));
	return e;
}

static inline const struct expr *e_val(struct fix *f, struct value v)
{
	struct expr *e = e_new(f, EXPR_CONST, 0, NULL);
	e->value = v;
	return e;
}
static inline const struct expr *e_int(struct fix *f, int64_t i)
{
	return e_val(f, value_int(i));
}
static inline const struct expr *e_float(struct fix *f, double d)
{
	return e_val(f, value_float(d));
}
static inline const struct expr *e_str(struct fix *f, const char *s)
{
	return e_val(f, value_str(str_of(s)));
}
static inline const struct expr *e_bool(struct fix *f, bool b)
{
	return e_val(f, value_bool(b));
}
static inline const struct expr *e_null(struct fix *f)
{
	return e_val(f, VALUE_NULL);
}
static inline const struct expr *e_slot(struct fix *f, uint32_t slot)
{
	struct expr *e = e_new(f, EXPR_SLOT, 0, NULL);
	e->slot = slot;
	return e;
}
static inline const struct expr *e_local(struct fix *f, uint32_t local)
{
	struct expr *e = e_new(f, EXPR_LOCAL, 0, NULL);
	e->local = local;
	return e;
}
static inline const struct expr *e_param(struct fix *f, uint32_t i)
{
	struct expr *e = e_new(f, EXPR_PARAM, 0, NULL);
	e->index = i;
	return e;
}
static inline const struct expr *e1(struct fix *f, enum expr_kind k, const struct expr *a)
{
	return e_new(f, k, 1, &a);
}
static inline const struct expr *e2(struct fix *f, enum expr_kind k, const struct expr *a,
				    const struct expr *b)
{
	const struct expr *args[] = {a, b};
	return e_new(f, k, 2, args);
}
static inline const struct expr *e3(struct fix *f, enum expr_kind k, const struct expr *a,
				    const struct expr *b, const struct expr *c)
{
	const struct expr *args[] = {a, b, c};
	return e_new(f, k, 3, args);
}
static inline const struct expr *e_prop(struct fix *f, const struct expr *of, const char *key)
{
	struct expr *e = e_new(f, EXPR_PROP, 1, &of);
	e->name = name_of(f, NAME_KEY, key);
	return e;
}
static inline const struct expr *e_label(struct fix *f, const struct expr *of, const char *label)
{
	struct expr *e = e_new(f, EXPR_HAS_LABEL, 1, &of);
	e->name = name_of(f, NAME_LABEL, label);
	e->name_type = name_of(f, NAME_TYPE, label);
	return e;
}
static inline const struct expr *e_call(struct fix *f, const char *name, const struct expr *arg)
{
	struct expr *e = e_new(f, EXPR_CALL, 1, &arg);
	e->func = func_find(str_of(name));
	assert_non_null(e->func);
	return e;
}
static inline const struct expr *e_graph(struct fix *f, enum graph_func g, const struct expr *arg)
{
	struct expr *e = e_new(f, EXPR_GRAPH_CALL, 1, &arg);
	e->sub = (uint8_t)g;
	return e;
}

/* ---- operators
 * ---------------------------------------------------------------------------------------- */

static inline struct pop *pop_of(struct fix *f, enum pop_kind kind, const struct pop *left)
{
	struct pop *p = ARENA_NEW(&f->a, struct pop);
	assert_non_null(p);
	assert_true(f->plan.n_ops < FIX_OPS);
	p->kind = kind;
	p->id = f->plan.n_ops;
	p->left = left;
	p->offset = 3;
	f->ops[f->plan.n_ops++] = p;
	return p;
}

static inline const uint32_t *slot_list(struct fix *f, uint32_t n, const uint32_t *slots)
{
	return n != 0 ? fix_dup(f, slots, n * sizeof(*slots)) : NULL;
}
#define SLOTS(f, ...)                                                                              \
	slot_list((f), sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),                       \
		  (const uint32_t[]){__VA_ARGS__})
#define CARRY(f, p, ...)                                                                           \
	((p)->carry = SLOTS((f), __VA_ARGS__),                                                     \
	 (p)->n_carry = sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define CARRY_RIGHT(f, p, ...)                                                                     \
	((p)->carry_right = SLOTS((f), __VA_ARGS__),                                               \
	 (p)->n_carry_right = sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static inline struct pop *p_unit(struct fix *f)
{
	return pop_of(f, POP_UNIT, NULL);
}
static inline struct pop *p_scan(struct fix *f, uint32_t out, const char *label)
{
	struct pop *p = pop_of(f, POP_NODE_SCAN, NULL);
	p->scan.out = out;
	p->scan.label = label != NULL ? name_of(f, NAME_LABEL, label) : NAME_NONE;
	return p;
}
static inline struct pop *p_filter(struct fix *f, const struct pop *left, const struct expr *pred)
{
	struct pop *p = pop_of(f, POP_FILTER, left);
	p->filter.pred = pred;
	return p;
}
static inline struct pop *p_project(struct fix *f, const struct pop *left, uint32_t slot,
				    const struct expr *e)
{
	struct pop *p = pop_of(f, POP_PROJECT, left);
	struct assign a = {slot, e};
	p->project.n = 1;
	p->project.items = fix_dup(f, &a, sizeof(a));
	return p;
}
static inline struct pop *p_unwind(struct fix *f, const struct pop *left, uint32_t out,
				   const struct expr *list)
{
	struct pop *p = pop_of(f, POP_UNWIND, left);
	p->unwind.out = out;
	p->unwind.ordinal = SLOT_NONE;
	p->unwind.list = list;
	return p;
}
static inline struct pop *p_produce(struct fix *f, const struct pop *left, uint32_t n,
				    const uint32_t *slots)
{
	struct pop *p = pop_of(f, POP_PRODUCE, left);
	p->produce.n = n;
	p->produce.slots = slots;
	return p;
}
#define PRODUCE(f, left, ...)                                                                      \
	p_produce((f), (left), sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),               \
		  SLOTS((f), __VA_ARGS__))
static inline struct pop *p_expand(struct fix *f, enum pop_kind kind, const struct pop *left,
				   uint32_t from, uint32_t edge, uint32_t to, enum pat_dir dir,
				   const char *type)
{
	struct pop *p = pop_of(f, kind, left);
	p->expand.from = from;
	p->expand.to = to;
	p->expand.edge = edge;
	p->expand.dir = (uint8_t)dir;
	p->expand.path = SLOT_NONE;
	p->expand.min = p->expand.max = 1;
	if (type != NULL) {
		p->expand.n_types = 1;
		p->expand.types = SLOTS(f, name_of(f, NAME_TYPE, type));
	}
	return p;
}

/* ---- the graph
 * ----------------------------------------------------------------------------------------- */

static inline struct txn *write_begin(struct fix *f)
{
	struct txn *t;
	assert_int_equal(txn_begin(f->mgr, TXN_WRITE, 0, &t), ST_OK);
	assert_non_null(txn_view(t));
	return t;
}
static inline void write_commit(struct fix *f, struct txn *t)
{
	struct txn_commit c = {0};
	assert_int_equal(txn_commit(t, &c, &f->diag), ST_OK);
}
/* An index of :A(k). */
static inline void make_index(struct fix *f)
{
	struct txn *t = write_begin(f);
	name_id label = store_name_find(f->store, NAME_LABEL, STR("A"));
	name_id key = store_name_find(f->store, NAME_KEY, STR("k"));

	assert_int_equal(
	    txn_index_create(t, f->graph, STR("ix"), label, key, false, false, &f->diag), ST_OK);
	write_commit(f, t);
}
/* A node with one label and up to two integer properties (a key NULL: none). */
static inline elem_id add_node(struct fix *f, struct txn *t, const char *label, const char *key,
			       struct value v)
{
	name_id l, k;
	elem_id id;
	struct prop p;
	assert_int_equal(txn_name(t, NAME_LABEL, str_of(label), &l, &f->diag), ST_OK);
	if (key != NULL)
		assert_int_equal(txn_name(t, NAME_KEY, str_of(key), &k, &f->diag), ST_OK);
	if (key != NULL)
		p = (struct prop){k, v};
	assert_int_equal(txn_node_create(t, f->graph, &l, 1, &p, key != NULL, &id, &f->diag),
			 ST_OK);
	return id;
}
static inline elem_id add_edge(struct fix *f, struct txn *t, const char *type, elem_id from,
			       elem_id to)
{
	name_id ty;
	elem_id id;
	assert_int_equal(txn_name(t, NAME_TYPE, str_of(type), &ty, &f->diag), ST_OK);
	assert_int_equal(txn_edge_create(t, f->graph, ty, from, to, NULL, 0, &id, &f->diag), ST_OK);
	return id;
}

/* ---- running
 * ------------------------------------------------------------------------------------------- */

static inline int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void put_row(struct buf *out, const struct batch *b, uint32_t row)
{
	for (uint32_t c = 0; c < b->n_cols; c++) {
		if (c != 0)
			buf_putc(out, '|');
		text_put(out, column_get(&b->cols[c], row), TEXT_GQL);
	}
}

/* Runs the plan; f->st and f->diag say how it went. The text lies in the fixture's arena. */
static inline const char *run_txn(struct fix *f, const struct pop *root, struct txn *t)
{
	struct query *q = NULL;
	struct buf line;
	char **lines = NULL;
	uint32_t n = 0, cap = 0;
	struct batch *b = NULL;

	f->plan.root = root;
	diag_reset(&f->diag);
	memset(&f->counts, 0, sizeof(f->counts));
	f->st = query_open(&f->plan, t, f->params, &f->opt, &f->diag, &q);
	buf_init(&line, MEM_OTHER, 0);
	while (f->st == ST_OK) {
		while ((f->st = query_next(q, &b)) == ST_YIELD)
			;
		if (f->st != ST_OK || b == NULL)
			break;
		assert_true(b->n_sel > 0);
		for (uint32_t i = 0; i < b->n_sel; i++) {
			buf_reset(&line);
			put_row(&line, b, batch_row(b, i));
			if (n == cap) {
				cap = cap != 0 ? cap * 2 : 64;
				lines = realloc(lines, cap * sizeof(*lines));
				assert_non_null(lines);
			}
			lines[n++] = strdup(buf_cstr(&line));
		}
	}
	if (q != NULL && f->st == ST_OK)
		f->counts = *query_counts(q);
	query_close(q);
	if (!f->keep_order && n != 0)
		qsort(lines, n, sizeof(*lines), compare_lines);
	buf_reset(&line);
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(&line, lines[i]);
		buf_putc(&line, '\n');
		free(lines[i]);
	}
	free(lines);
	char *text = fix_dup(f, buf_cstr(&line), line.len + 1);
	buf_release(&line);
	return text;
}

static inline const char *run(struct fix *f, const struct pop *root)
{
	struct txn *t = write_begin(f);
	const char *text = run_txn(f, root, t);
	if (f->commit && f->st == ST_OK)
		write_commit(f, t);
	else
		txn_rollback(t);
	return text;
}

static inline const char *run_all(struct fix *f, const struct pop *root)
{
	static const uint32_t rows[] = {0, 1, 3};
	static const uint64_t seeds[] = {0, 1, 99};
	const char *first = NULL;

	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		for (size_t s = 0; s < ARRAY_LEN(seeds); s++) {
			f->opt.batch_rows = rows[r];
			f->opt.yield_seed = seeds[s];
			const char *text = run(f, root);
			if (first == NULL)
				first = text;
			else
				assert_string_equal(text, first);
		}
	f->opt.batch_rows = 0;
	f->opt.yield_seed = 0;
	return first;
}

/* One run without a look at the rows. */
static inline enum status run_blind(struct fix *f, const struct pop *root, struct txn *t)
{
	struct query *q = NULL;
	struct batch *b = NULL;

	f->plan.root = root;
	diag_reset(&f->diag);
	enum status st = query_open(&f->plan, t, f->params, &f->opt, &f->diag, &q);
	while (st == ST_OK || st == ST_YIELD) {
		st = query_next(q, &b);
		if (st == ST_OK && b == NULL)
			break;
	}
	query_close(q);
	return st;
}

/* Each allocation of the plan's run fails in turn; nothing leaks and nothing crashes. */
static inline void run_failing(struct fix *f, const struct pop *root)
{
	enum status st = ST_NOMEM;

	for (uint64_t n = 1; st != ST_OK; n++) {
		struct txn *t = write_begin(f);
		mem_fail_nth(n, true);
		st = run_blind(f, root, t);
		mem_fail_nth(0, false);
		txn_rollback(t);
		assert_true(st == ST_OK || st == ST_NOMEM);
		assert_true(n < 5000);
	}
}

#endif
