/* tests/unit/plan/plan_test.h - a store in memory and statements planned against it.
 *
 * The graph has 200 :Person nodes in a ring of :KNOWS edges, four :City nodes, and an index on
 * :Person(id). */
#ifndef PLAN_TEST_H
#define PLAN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "plan/plan.h"
#include "txn/txn.h"

#define FIX_PEOPLE 200
#define FIX_CITIES 4

struct fix {
	struct store *store;
	struct txn_mgr *mgr;
	struct graph *graph;
	struct arena a; /* texts, trees, tokens and answers of one test */
	struct diag diag;
	struct str text; /* of the last planned() */
	struct token_list tokens;
};

static inline struct txn *fix_begin(struct fix *f)
{
	struct txn *t;

	diag_reset(&f->diag);
	assert_int_equal(txn_begin(f->mgr, TXN_WRITE, 0, &t), ST_OK);
	(void)txn_view(t);
	return t;
}

static inline void fix_commit(struct fix *f, struct txn *t)
{
	struct txn_commit c = {0};

	assert_int_equal(txn_commit(t, &c, &f->diag), ST_OK);
}

static inline name_id fix_name(struct fix *f, struct txn *t, enum name_kind kind, const char *name)
{
	name_id id;

	assert_int_equal(txn_name(t, kind, str_of(name), &id, &f->diag), ST_OK);
	return id;
}

static inline void fix_index(struct fix *f, const char *label, const char *key)
{
	struct txn *t = fix_begin(f);
	name_id l = fix_name(f, t, NAME_LABEL, label), k = fix_name(f, t, NAME_KEY, key);

	assert_int_equal(txn_index_create(t, f->graph, str_of(label), l, k, false, false, &f->diag),
			 ST_OK);
	fix_commit(f, t);
}

static inline void fix_fill(struct fix *f)
{
	struct txn *t = fix_begin(f);
	name_id person = fix_name(f, t, NAME_LABEL, "Person");
	name_id city = fix_name(f, t, NAME_LABEL, "City");
	name_id knows = fix_name(f, t, NAME_TYPE, "KNOWS");
	struct prop p = {.key = fix_name(f, t, NAME_KEY, "id")};
	elem_id nodes[FIX_PEOPLE], other;

	for (unsigned i = 0; i < FIX_PEOPLE; i++) {
		p.value = value_int(i);
		assert_int_equal(
		    txn_node_create(t, f->graph, &person, 1, &p, 1, &nodes[i], &f->diag), ST_OK);
	}
	for (unsigned i = 0; i < FIX_PEOPLE; i++)
		assert_int_equal(txn_edge_create(t, f->graph, knows, nodes[i],
						 nodes[(i + 1) % FIX_PEOPLE], NULL, 0, &other,
						 &f->diag),
				 ST_OK);
	for (unsigned i = 0; i < FIX_CITIES; i++)
		assert_int_equal(txn_node_create(t, f->graph, &city, 1, NULL, 0, &other, &f->diag),
				 ST_OK);
	fix_commit(f, t);
}

static inline int fix_setup(void **state)
{
	struct fix *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(store_new(&f->store), ST_OK);
	assert_int_equal(txn_mgr_new(f->store, NULL, 0, &f->mgr), ST_OK);
	f->graph = store_graph_default(f->store);
	arena_init(&f->a, MEM_OTHER, NULL);
	fix_fill(f);
	fix_index(f, "Person", "id");
	*state = f;
	return 0;
}

static inline int fix_teardown(void **state)
{
	struct fix *f = *state;

	arena_release(&f->a);
	while (txn_collect(f->mgr))
		;
	txn_mgr_free(f->mgr);
	store_free(f->store);
	free(f);
	assert_int_equal(mem_used(MEM_PLAN), 0);
	return 0;
}

static inline void fix_lex(struct fix *f, const char *text)
{
	diag_reset(&f->diag);
	f->text = str_of(arena_dup(&f->a, text, strlen(text) + 1));
	if (gql_lex(&f->a, f->text, &f->tokens, &f->diag) != ST_OK)
		fail_msg("%s\n  at %u: %s", text, f->diag.offset, f->diag.message);
}

static inline struct ast_statement *fix_parse(struct fix *f, const char *text)
{
	struct ast_statement *st = NULL;

	fix_lex(f, text);
	if (gql_parse_tokens(&f->a, f->text, &f->tokens, &st, &f->diag) != ST_OK)
		fail_msg("%s\n  at %u: %s", text, f->diag.offset, f->diag.message);
	return st;
}

/* The caller lets go of the plan. */
static inline struct plan *planned(struct fix *f, const char *text)
{
	const struct ast_statement *st = fix_parse(f, text);
	struct txn *t = fix_begin(f);
	struct plan *p = NULL;
	enum status r = plan_make(st, f->text, &f->tokens, f->graph, NULL, &p, &f->diag);

	txn_rollback(t);
	if (r != ST_OK)
		fail_msg("%s\n  at %u: %s", text, f->diag.offset, f->diag.message);
	return p;
}

/* The plan as text: "ProduceResults(Limit(Sort(NodeScan)))", two inputs split by ','. */
static inline void put_shape(struct buf *b, const struct pop *o)
{
	buf_puts(b, pop_kind_name((enum pop_kind)o->kind));
	if (o->left == NULL && o->right == NULL)
		return;
	buf_putc(b, '(');
	if (o->left != NULL)
		put_shape(b, o->left);
	if (o->right != NULL) {
		buf_putc(b, ',');
		put_shape(b, o->right);
	}
	buf_putc(b, ')');
}

static inline void assert_shape(struct fix *f, const char *text, const char *want)
{
	struct plan *p = planned(f, text);
	struct buf b;

	buf_init(&b, MEM_OTHER, 4096);
	put_shape(&b, p->root);
	buf_putc(&b, '\0');
	if (strcmp(buf_str(&b).p, want) != 0)
		fail_msg("%s\n  is    %s\n  wants %s", text, buf_str(&b).p, want);
	buf_release(&b);
	plan_unref(p);
}

static inline const struct pop *find_op(const struct plan *p, enum pop_kind kind)
{
	for (uint32_t i = 0; i < p->n_ops; i++)
		if (p->ops[i]->kind == kind)
			return p->ops[i];
	return NULL;
}

#endif
