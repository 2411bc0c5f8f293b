/* Runs each .spec in every order of its steps and compares with a model. Language: README.md. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "store/image.h"
#include "tests/isolation/model.h"
#include "tests/unit/txn/txn_test.h"
#include "value/order.h"

#if defined __SANITIZE_THREAD__
#define ORDERS_MAX 300 /* threads meet in the same way in each of them */
#elif defined __SANITIZE_ADDRESS__
#define ORDERS_MAX 3000
#else
#define ORDERS_MAX 20000 /* of one spec; more steps make no better test */
#endif
#define WIDE_KEYS 128 /* as many as a chunk has columns */

struct run_session {
	struct txn *t;
	struct txn_savepoint save;
	struct arena a; /* the cursor's */
	struct index_cursor *cursor;
	struct index_range range;
	elem_id found[2 * NODES];
	uint32_t n_found;
};

struct run {
	struct world w;
	struct model m;
	elem_id nodes[NODES],
	    edges[EDGES_MAX]; /* in the store; ELEM_NONE: not made, or given away */
	struct run_session s[SESSIONS_MAX];
	const struct spec *spec;
	bool collect;
};

static const char *const labels[LABELS] = {"N", "M"};

static name_id label_id(struct run *r, int l)
{
	return store_name_find(r->w.store, NAME_LABEL, str_of(labels[l]));
}

static name_id key_x(struct run *r)
{
	return store_name_find(r->w.store, NAME_KEY, STR("x"));
}

/* ---- reads --------------------------------------------------------------------------------- */

static void assert_value(struct value got, struct value want)
{
	assert_int_equal(got.kind, want.kind);
	if (want.kind != V_NULL)
		assert_true(value_same(got, want));
}

static void get_both(struct run *r, int i, int n)
{
	struct image g = model_reads(&r->m, i);
	const struct view *v = txn_view(r->s[i].t);

	if (r->nodes[n] == ELEM_NONE) {
		assert_false(g.node[n]);
		return;
	}
	assert_int_equal(graph_node_exists(r->w.g, v, r->nodes[n]), g.node[n]);
	if (g.node[n])
		assert_value(graph_node_prop(r->w.g, v, r->nodes[n], key_x(r)), g.x[n]);
}

static void degree_both(struct run *r, int i, int n)
{
	struct image g = model_reads(&r->m, i);
	uint64_t out = 0, in = 0;

	for (int e = 0; e < r->m.n_edges; e++) {
		out += g.edge[e] && r->m.edges[e].from == n;
		in += g.edge[e] && r->m.edges[e].to == n;
	}
	if (r->nodes[n] == ELEM_NONE)
		return;
	assert_int_equal(degree(&r->w, r->s[i].t, r->nodes[n], ADJ_OUT), out);
	assert_int_equal(degree(&r->w, r->s[i].t, r->nodes[n], ADJ_IN), in);
}

static bool has_id(const elem_id *ids, uint32_t n, elem_id id)
{
	for (uint32_t k = 0; k < n; k++)
		if (ids[k] == id)
			return true;
	return false;
}

/* Each of the wanted nodes once, and nothing else. */
static void assert_ids(struct run *r, const elem_id *ids, uint32_t n, const bool *want)
{
	uint32_t n_want = 0;

	for (int k = 0; k < NODES; k++) {
		n_want += want[k];
		assert_true(!want[k] || has_id(ids, n, r->nodes[k]));
	}
	assert_int_equal(n, n_want);
}

static void scan_both(struct run *r, int i, int label)
{
	struct image g = model_reads(&r->m, i);
	struct node_scan scan;
	bool want[NODES];
	elem_id ids[2 * NODES];

	for (int n = 0; n < NODES; n++)
		want[n] = g.node[n] && g.label[n][label];
	node_scan_init(&scan, r->w.g, txn_view(r->s[i].t), label_id(r, label));
	assert_ids(r, ids, node_scan_next(&scan, ids, 2 * NODES), want);
}

/* An index is used by views from the commit that made it on; others have no index to use. */
static void find_both(struct run *r, int i, struct value v)
{
	struct image g = model_reads(&r->m, i);
	const struct view *view = txn_view(r->s[i].t);
	struct prop_index *ix = graph_index_find(r->w.g, view, label_id(r, 0), key_x(r));
	struct arena a;
	bool want[NODES];
	const elem_id *ids;
	uint32_t n;

	assert_int_equal(ix != NULL, r->m.s[i].view >= r->m.index_since);
	if (ix == NULL)
		return;
	for (int k = 0; k < NODES; k++)
		want[k] = g.node[k] && g.label[k][0] && value_eq(g.x[k], v) == TRUTH_TRUE;
	arena_init(&a, MEM_OTHER, NULL);
	assert_int_equal(prop_index_lookup(ix, view, v, &a, &ids, &n), ST_OK);
	assert_ids(r, ids, n, want);
	arena_release(&a);
}

/* Up to max nodes more of the range. */
static void take_found(struct run_session *s, uint32_t max)
{
	uint32_t end = s->n_found + max, n;
	bool more = true;

	while (more && s->n_found < end) {
		more = index_cursor_next(s->cursor, s->found + s->n_found, end - s->n_found, &n);
		s->n_found += n;
	}
}

static void range_open(struct run *r, int i, struct value v, bool down)
{
	struct run_session *s = &r->s[i];
	const struct view *view = txn_view(s->t);
	struct prop_index *ix = graph_index_find(r->w.g, view, label_id(r, 0), key_x(r));

	if (ix == NULL)
		return;
	arena_init(&s->a, MEM_OTHER, NULL);
	s->cursor = index_cursor_new(&s->a);
	assert_non_null(s->cursor);
	s->range = (struct index_range){.descending = down, .low = v, .high = v};
	s->range.low_kind = down ? BOUND_NONE : BOUND_INCLUSIVE;
	s->range.high_kind = down ? BOUND_INCLUSIVE : BOUND_NONE;
	s->n_found = 0;
	assert_int_equal(index_cursor_open(s->cursor, ix, view, &s->range), ST_OK);
	take_found(s, 1);
}

static void range_close(struct run_session *s)
{
	if (s->cursor != NULL)
		arena_release(&s->a);
	s->cursor = NULL;
}

/* Whatever has been written since the range was opened. */
static void range_rest(struct run *r, int i)
{
	struct run_session *s = &r->s[i];
	struct image g = model_reads(&r->m, i);
	bool want[NODES];

	if (s->cursor == NULL)
		return;
	take_found(s, 2 * NODES - 1);
	for (int k = 0; k < NODES; k++)
		want[k] = g.node[k] && g.label[k][0] && index_range_has(&s->range, g.x[k]);
	assert_ids(r, s->found, s->n_found, want);
	range_close(s);
}

static void copy_chunks(struct graph *from, const struct view *v, struct graph *to,
			enum image_section section)
{
	for (uint32_t i = 0; i < image_chunks(from, section); i++) {
		uint64_t first, last;
		struct buf b;
		buf_init(&b, MEM_OTHER, 0);
		assert_int_equal(image_chunk(from, section, i, v, &b, &first, &last), ST_OK);
		if (b.len > 0)
			assert_int_equal(image_load_chunk(to, section, buf_str(&b)), ST_OK);
		buf_release(&b);
	}
}

/* What a snapshot under the session's view holds is what the session reads. */
static void image_both(struct run *r, int i)
{
	struct image g = model_reads(&r->m, i);
	const struct view *v = txn_view(r->s[i].t), all = {.read_lsn = UINT64_MAX - 1};
	struct store *copy;
	struct buf names;

	assert_int_equal(store_new(&copy), ST_OK);
	buf_init(&names, MEM_OTHER, 0);
	assert_int_equal(image_names(r->w.store, &names), ST_OK);
	assert_int_equal(image_load_names(copy, buf_str(&names)), ST_OK);
	buf_release(&names);
	struct graph *to = store_graph_default(copy);
	copy_chunks(r->w.g, v, to, IMAGE_NODES);
	copy_chunks(r->w.g, v, to, IMAGE_EDGES);
	assert_int_equal(image_end(copy), ST_OK);
	for (int n = 0; n < NODES; n++) {
		name_id has[GRAPH_LABELS_MAX];
		if (r->nodes[n] == ELEM_NONE)
			continue;
		assert_int_equal(graph_node_exists(to, &all, r->nodes[n]), g.node[n]);
		if (!g.node[n])
			continue;
		assert_value(graph_node_prop(to, &all, r->nodes[n], key_x(r)), g.x[n]);
		assert_int_equal(graph_node_labels(to, &all, r->nodes[n], has),
				 g.label[n][0] + g.label[n][1]);
		uint64_t out = 0;
		for (int e = 0; e < r->m.n_edges; e++)
			out += g.edge[e] && r->m.edges[e].from == n;
		assert_int_equal(adj_degree(to, &all, r->nodes[n], ADJ_OUT, NAME_NONE), out);
	}
	store_free(copy);
}

static void read_both(struct run *r, int i, struct step x)
{
	switch (x.op) {
	case GET:
		get_both(r, i, x.n);
		break;
	case DEG:
		degree_both(r, i, x.n);
		break;
	case SCAN:
		scan_both(r, i, x.m);
		break;
	case FIND:
		find_both(r, i, x.v);
		break;
	case RANGE:
	case DOWN:
		range_open(r, i, x.v, x.op == DOWN);
		break;
	case REST:
		range_rest(r, i);
		break;
	default:
		image_both(r, i);
		break;
	}
}

/* ---- writes -------------------------------------------------------------------------------- */

static int oldest_edge(const struct image *g, const struct run *r, int n)
{
	for (int e = 0; e < r->m.n_edges; e++)
		if (g->edge[e] && r->m.edges[e].from == n)
			return e;
	return -1;
}

/* An id is given again only when no view can see its last holder any more. */
static void take_id(struct run *r, int n, elem_id id)
{
	for (int k = 0; k < NODES; k++) {
		if (k == n || r->nodes[k] != id)
			continue;
		for (int i = 0; i < r->spec->n_sessions; i++)
			if (r->m.s[i].open && r->m.s[i].view != NO_VIEW)
				assert_false(model_reads(&r->m, i).node[k]);
		r->nodes[k] = ELEM_NONE;
	}
	r->nodes[n] = id;
}

static enum status store_change(struct run *r, struct txn *t, struct step x, elem_id *ret_id)
{
	struct world *w = &r->w;
	name_id n = name(t, NAME_LABEL, labels[0]), m = name(t, NAME_LABEL, labels[x.m & 1]);
	struct prop zero = {name(t, NAME_KEY, "x"), value_int(0)};
	elem_id id = r->nodes[x.n];

	switch (x.op) {
	case SET:
	case INC:
		return try_set(w, t, id, "x", x.v);
	case NEW:
		return txn_node_create(t, w->g, &n, 1, &zero, 1, ret_id, &w->d);
	case LABEL:
		return txn_label_add(t, w->g, id, m, &w->d);
	case UNLABEL:
		return txn_label_remove(t, w->g, id, m, &w->d);
	case LINK:
		return txn_edge_create(t, w->g, name(t, NAME_TYPE, "R"), id, r->nodes[x.m], NULL, 0,
				       ret_id, &w->d);
	case UNLINK:
		return txn_edge_delete(t, w->g, r->edges[x.n], &w->d);
	default:
		TRY(txn_node_delete(t, w->g, id, x.op == DETACH, &w->d));
		return txn_end_clause(t, &w->d);
	}
}

/* Both answers must be the same. */
static enum status change_both(struct run *r, int i, struct step x)
{
	struct image g = model_reads(&r->m, i);
	elem_id id = ELEM_NONE;

	if (x.op == UNLINK)
		x.n = oldest_edge(&g, r, x.n);
	if (x.n < 0 || (x.op != UNLINK && x.op != NEW && r->nodes[x.n] == ELEM_NONE) ||
	    (x.op == LINK && r->nodes[x.m] == ELEM_NONE))
		return ST_OK; /* there is nothing that it could be done to */
	if (x.op == INC)
		x.v = value_int(g.x[x.n].kind == V_INT ? g.x[x.n].i + 1 : 1);
	enum status got = store_change(r, r->s[i].t, x, &id);
	enum status want = model_change(&r->m, i, x);
	assert_int_equal(got, want);
	if (got == ST_OK && x.op == NEW)
		take_id(r, x.n, id);
	if (got == ST_OK && x.op == LINK)
		r->edges[r->m.n_edges - 1] = id;
	return got;
}

static void write_both(struct run *r, int i, struct step x)
{
	struct txn_savepoint statement;
	int n_log = r->m.s[i].n_log;

	diag_reset(&r->w.d);
	txn_savepoint(r->s[i].t, &statement);
	enum status st = change_both(r, i, x);
	if (st == ST_CONFLICT) {
		txn_rollback(r->s[i].t);
		model_end(&r->m, i, false);
	} else if (st != ST_OK) { /* the statement is undone alone */
		txn_rollback_to(r->s[i].t, &statement);
		model_back(&r->m, i, n_log);
	}
}

static void ddl(struct run *r, bool create)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);

	diag_reset(&r->w.d);
	if (create)
		assert_int_equal(txn_index_create(t, r->w.g, STR("by_x"), label_id(r, 0), key_x(r),
						  false, false, &r->w.d),
				 ST_OK);
	else
		assert_int_equal(txn_index_drop(t, r->w.g, STR("by_x"), true, &r->w.d), ST_OK);
	commit(&r->w, t);
	model_ddl(&r->m, create);
}

/* On M(x): no node has M when the sessions begin. */
static void constrain(struct run *r)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);

	diag_reset(&r->w.d);
	assert_int_equal(txn_index_create(t, r->w.g, STR("one_x"), label_id(r, 1), key_x(r), true,
					  false, &r->w.d),
			 ST_OK);
	commit(&r->w, t);
	r->m.unique = true;
}

static void unconstrain(struct run *r)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);

	diag_reset(&r->w.d);
	assert_int_equal(txn_constraint_drop(t, r->w.g, STR("one_x"), true, &r->w.d), ST_OK);
	commit(&r->w, t);
}

/* ---- a step -------------------------------------------------------------------------------- */

static void begin_both(struct run *r, int i, enum txn_mode mode)
{
	assert_int_equal(txn_begin(r->w.m, mode, 0, &r->s[i].t), ST_OK);
	model_begin(&r->m, i);
}

/* The view is taken by the first step that touches data. */
static void need_view(struct run *r, int i)
{
	(void)txn_view(r->s[i].t);
	if (r->m.s[i].view == NO_VIEW)
		r->m.s[i].view = r->m.n_commits;
}

static void end_both(struct run *r, int i, bool commits)
{
	struct txn_commit c = {0};

	if (commits && r->m.s[i].failed) {
		assert_int_equal(txn_commit(r->s[i].t, &c, &r->w.d), ST_INVALID);
		commits = false;
	} else if (commits) {
		commit(&r->w, r->s[i].t);
	} else {
		txn_rollback(r->s[i].t);
	}
	if (r->m.s[i].view == NO_VIEW)
		r->m.s[i].view = r->m.n_commits;
	model_end(&r->m, i, commits);
}

static void auto_step(struct run *r, int i, struct step x)
{
	assert_false(r->m.s[i].open);
	begin_both(r, i, TXN_WRITE);
	need_view(r, i);
	write_both(r, i, x);
	if (r->m.s[i].open)
		end_both(r, i, true);
}

static void control_step(struct run *r, int i, struct step x)
{
	struct model_session *s = &r->m.s[i];

	switch (x.op) {
	case NEXT:
		txn_next_clause(r->s[i].t);
		s->clause++;
		break;
	case SAVE:
		txn_savepoint(r->s[i].t, &r->s[i].save);
		s->n_save = s->n_log;
		break;
	case BACK:
		txn_rollback_to(r->s[i].t, &r->s[i].save);
		model_back(&r->m, i, s->n_save);
		break;
	case FAIL:
		txn_set_failed(r->s[i].t);
		s->failed = true;
		break;
	default:
		end_both(r, i, x.op == COMMIT);
		break;
	}
}

static void do_step(struct run *r, int i, struct step x)
{
	if (x.op == INDEX || x.op == DROP) {
		ddl(r, x.op == INDEX);
	} else if (x.is_auto) {
		auto_step(r, i, x);
	} else if (x.op == BEGIN || x.op == OPEN) {
		begin_both(r, i, TXN_EXPLICIT);
		if (x.op == BEGIN)
			need_view(r, i);
	} else if (!r->m.s[i].open) {
		return; /* it has lost */
	} else if (x.op >= NEXT) {
		control_step(r, i, x);
	} else if (!r->m.s[i].failed) {
		need_view(r, i);
		if (x.op >= SET)
			write_both(r, i, x);
		else
			read_both(r, i, x);
	}
}

/* ---- orders -------------------------------------------------------------------------------- */

/* The keys that take all columns stand on a node of their own in the same chunk. */
static void fill_columns(struct run *r, struct txn *t)
{
	elem_id id = new_node(&r->w, t, labels[0], NULL, VALUE_NULL);
	char key[16];

	for (int k = 0; k < WIDE_KEYS; k++) {
		snprintf(key, sizeof key, "k%d", k);
		set(&r->w, t, id, key, value_int(k));
	}
	diag_reset(&r->w.d);
	assert_int_equal(txn_label_remove(t, r->w.g, id, name(t, NAME_LABEL, labels[0]), &r->w.d),
			 ST_OK);
}

static void prepare(struct run *r)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);

	model_start(&r->m);
	(void)name(t, NAME_LABEL, labels[1]);
	if (r->spec->wide)
		fill_columns(r, t);
	for (int n = 0; n < NODES; n++)
		r->nodes[n] =
		    n < NODES_FIRST ? new_node(&r->w, t, "N", "x", value_int(0)) : ELEM_NONE;
	r->edges[0] = new_edge(&r->w, t, "R", r->nodes[0], r->nodes[1]);
	commit(&r->w, t);
	if (r->spec->index)
		ddl(r, true);
	if (r->spec->unique)
		constrain(r);
}

static void delete_all(struct run *r)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);
	struct node_scan scan;
	elem_id ids[2 * NODES];

	diag_reset(&r->w.d);
	node_scan_init(&scan, r->w.g, txn_view(t), NAME_NONE);
	uint32_t n = node_scan_next(&scan, ids, 2 * NODES);
	for (uint32_t k = 0; k < n; k++)
		assert_int_equal(txn_node_delete(t, r->w.g, ids[k], true, &r->w.d), ST_OK);
	commit(&r->w, t);
}

/* Nobody is left: with the nodes all versions and all that an index holds must go. */
static void clear(struct run *r)
{
	const struct index_info *ix;
	struct arena a;
	uint32_t n;

	for (int i = 0; i < r->spec->n_sessions; i++) {
		range_close(&r->s[i]);
		if (r->m.s[i].open)
			txn_rollback(r->s[i].t);
	}
	delete_all(r);
	collect_all(&r->w);
	arena_init(&a, MEM_OTHER, NULL);
	assert_int_equal(graph_indexes(r->w.g, &a, &ix, &n), ST_OK);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(ix[i].n_entries, 0);
	arena_release(&a);
	ddl(r, false);
	unconstrain(r);
	collect_all(&r->w);
}

static void run_order(struct run *r, const uint8_t *order, int n)
{
	int at[SESSIONS_MAX] = {0};
	struct world w = r->w;
	const struct spec *spec = r->spec;
	bool collects = !r->collect;

	*r = (struct run){.w = w, .spec = spec, .collect = collects};
	prepare(r);
	for (int k = 0; k < n; k++) {
		int i = order[k];
		do_step(r, i, spec->sessions[i].steps[at[i]++]);
		if (r->collect)
			(void)txn_collect(r->w.m);
	}
	clear(r);
}

/* The next order of the same steps in lexical order; false after the last. */
static bool next_order(uint8_t *v, int n)
{
	int i = n - 2, j = n - 1;

	while (i >= 0 && v[i] >= v[i + 1])
		i--;
	if (i < 0)
		return false;
	while (v[j] <= v[i])
		j--;
	uint8_t x = v[i];
	v[i] = v[j];
	v[j] = x;
	for (int a = i + 1, b = n - 1; a < b; a++, b--) {
		x = v[a];
		v[a] = v[b];
		v[b] = x;
	}
	return true;
}

static double n_orders_of(const struct spec *spec)
{
	double orders = 1;
	int n = 0;

	for (int i = 0; i < spec->n_sessions; i++)
		for (int k = 1; k <= spec->sessions[i].n_steps; k++)
			orders = orders * ++n / k;
	return orders;
}

/* Of more orders than ORDERS_MAX every n-th is run. */
static void run_spec(const struct spec *spec)
{
	static struct run r;
	uint8_t order[SESSIONS_MAX * STEPS_MAX];
	int n = 0, n_run = 0;
	uint64_t step = (uint64_t)(n_orders_of(spec) / ORDERS_MAX) + 1, k = 0;

	for (int i = 0; i < spec->n_sessions; i++)
		for (int j = 0; j < spec->sessions[i].n_steps; j++)
			order[n++] = (uint8_t)i;
	r = (struct run){.spec = spec};
	world_open(&r.w);
	do {
		if (k++ % step != 0)
			continue;
		run_order(&r, order, n);
		n_run++;
	} while (next_order(order, n));
	print_message("  %d of %.0f orders of %d steps\n", n_run, n_orders_of(spec), n);
	world_close(&r.w);
}

static void one_spec(void **state)
{
	const char *dir = getenv("GEODE_SRCDIR");
	struct spec spec;
	char path[512];

	snprintf(path, sizeof path, "%s/tests/isolation/%s.spec", dir != NULL ? dir : ".",
		 (const char *)*state);
	spec_read(path, &spec);
	run_spec(&spec);
}

/* clang-format off */
#define SPEC(file) {#file, one_spec, NULL, NULL, #file}
/* clang-format on */

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SPEC(lost_update),	 SPEC(aborted_entry), SPEC(dirty_read),	   SPEC(clauses),
	    SPEC(savepoint),	 SPEC(delete_node),   SPEC(dangling_edge), SPEC(hub),
	    SPEC(hot_key),	 SPEC(widths),	      SPEC(kinds),	   SPEC(texts),
	    SPEC(overflow),	 SPEC(index_5_6_5),   SPEC(range),	   SPEC(index_build),
	    SPEC(index_labels),	 SPEC(labels),	      SPEC(id_reuse),	   SPEC(write_skew),
	    SPEC(view_late),	 SPEC(failed),	      SPEC(opposite),	   SPEC(aborted_own),
	    SPEC(snapshot),	 SPEC(snapshot_wide), SPEC(unique_race),   SPEC(unique_given_up),
	    SPEC(unique_undone),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
