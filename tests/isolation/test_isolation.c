/* Runs each .spec in every order of its steps and compares with a model. Language: README.md. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/txn/txn_test.h"

#define NODES 3
#define EDGES_MAX 32
#define SESSIONS_MAX 4
#define STEPS_MAX 16
#define COMMITS_MAX 8
#define ORDERS_MAX 40000 /* of one spec; more steps make no better test */

enum op {
	BEGIN,
	GET,
	SET,
	INC,
	LINK,
	UNLINK,
	DEL,
	DETACH,
	DEG,
	NEXT,
	SAVE,
	BACK,
	COMMIT,
	ABORT,
	N_OPS
};
static const char *const op_names[N_OPS] = {"begin",  "get",  "set",	"inc",	"link",
					    "unlink", "del",  "detach", "deg",	"next",
					    "save",   "back", "commit", "abort"};

struct step {
	enum op op;
	int n, m; /* nodes, or a value in m */
};

struct session {
	char name[16];
	struct step steps[STEPS_MAX];
	int n_steps;
};

struct spec {
	struct session sessions[SESSIONS_MAX];
	int n_sessions;
};

/* ---- the model ------------------------------------------------------------------------------- */

struct edge {
	int from, to;
	elem_id id; /* in the store */
};

struct image { /* of the graph at one commit */
	bool node[NODES], edge[EDGES_MAX];
	int64_t x[NODES];
};

struct change {
	enum op op; /* SET, LINK, UNLINK, DEL */
	int at;	    /* node or edge */
	int64_t value;
	int clause;
};

struct run_session {
	struct txn *t;
	bool open;
	struct txn_savepoint save;
	int view, clause;
	struct change log[64];
	int n_log, n_save;
};

struct claims {			  /* of one node or edge: the newest that counts */
	int active;		  /* session, -1: none */
	int last_commit;	  /* of any change */
	int deleter, last_delete; /* the same for deletions */
};

struct run {
	struct world w;
	elem_id nodes[NODES];
	struct image commits[COMMITS_MAX + 1];
	int n_commits;
	struct edge edges[EDGES_MAX];
	int n_edges;
	struct claims node[NODES], edge[EDGES_MAX];
	int maker[EDGES_MAX]; /* session whose creation is not decided, -1 */
	int made[EDGES_MAX];  /* commit that made it */
	struct run_session s[SESSIONS_MAX];
	const struct spec *spec;
	bool collect;
};

static const struct claims free_claims = {-1, 0, -1, 0};

/* The graph as session i sees it with its own changes of clauses before `clause`. */
static struct image seen(const struct run *r, int i, int clause)
{
	const struct run_session *s = &r->s[i];
	struct image g = r->commits[s->view];

	for (int k = 0; k < s->n_log && s->log[k].clause < clause; k++) {
		const struct change *c = &s->log[k];
		if (c->op == SET)
			g.x[c->at] = c->value;
		else if (c->op == DEL)
			g.node[c->at] = false;
		else
			g.edge[c->at] = c->op == LINK;
	}
	return g;
}

static struct image now(const struct run *r, int i)
{
	return seen(r, i, 1 << 20);
}

static void note(struct run *r, int i, enum op op, int at, int64_t value)
{
	struct run_session *s = &r->s[i];

	assert_true(s->n_log < 64);
	s->log[s->n_log++] = (struct change){op, at, value, s->clause};
}

static bool taken(const struct run *r, int i, const struct claims *c)
{
	return (c->active >= 0 && c->active != i) || c->last_commit > r->s[i].view;
}

static enum status model_set(struct run *r, int i, int n, int64_t v)
{
	if (taken(r, i, &r->node[n]))
		return ST_CONFLICT;
	if (!now(r, i).node[n])
		return ST_INVALID;
	r->node[n].active = i;
	note(r, i, SET, n, v);
	return ST_OK;
}

static bool being_deleted(const struct run *r, int i, const struct claims *c)
{
	return (c->deleter >= 0 && c->deleter != i) || c->last_delete > r->s[i].view;
}

static enum status model_link(struct run *r, int i, int n, int m)
{
	if (being_deleted(r, i, &r->node[n]))
		return ST_CONFLICT;
	if (!now(r, i).node[n])
		return ST_INVALID;
	if (being_deleted(r, i, &r->node[m]))
		return ST_CONFLICT;
	if (!now(r, i).node[m])
		return ST_INVALID;
	int e = r->n_edges++;
	assert_true(e < EDGES_MAX);
	r->edges[e] = (struct edge){n, m, ELEM_NONE};
	r->edge[e] = free_claims;
	r->edge[e].active = i;
	r->maker[e] = i;
	r->made[e] = 0;
	note(r, i, LINK, e, 0);
	return ST_OK;
}

static enum status model_unlink(struct run *r, int i, int e)
{
	if (taken(r, i, &r->edge[e]))
		return ST_CONFLICT;
	if (!now(r, i).edge[e])
		return ST_OK;
	r->edge[e].active = r->edge[e].deleter = i;
	note(r, i, UNLINK, e, 0);
	return ST_OK;
}

static bool touches(const struct run *r, int e, int n)
{
	return r->edges[e].from == n || r->edges[e].to == n;
}

/* Whether session i has this change in its log still. */
static bool logged(const struct run *r, int i, enum op op, int at)
{
	for (int k = 0; k < r->s[i].n_log; k++)
		if (r->s[i].log[k].op == op && r->s[i].log[k].at == at)
			return true;
	return false;
}

static bool edge_is_contested(const struct run *r, int i, int e)
{
	const struct claims *c = &r->edge[e];

	if (r->maker[e] >= 0 && r->maker[e] != i)
		return logged(r, r->maker[e], LINK, e);
	if (r->made[e] > r->s[i].view || c->last_delete > r->s[i].view)
		return r->made[e] > 0 || c->last_delete > 0;
	return c->deleter >= 0 && c->deleter != i && logged(r, c->deleter, UNLINK, e);
}

static enum status model_del(struct run *r, int i, int n, bool detach)
{
	bool left = false, contested = false;

	if (taken(r, i, &r->node[n]))
		return ST_CONFLICT;
	if (!now(r, i).node[n])
		return logged(r, i, DEL, n) ? ST_OK : ST_INVALID;
	r->node[n].active = r->node[n].deleter = i;
	note(r, i, DEL, n, 0);
	for (int e = 0; e < r->n_edges; e++) {
		if (!touches(r, e, n))
			continue;
		if (detach && now(r, i).edge[e] && model_unlink(r, i, e) == ST_CONFLICT)
			return ST_CONFLICT;
		contested = contested || edge_is_contested(r, i, e);
		left = left || now(r, i).edge[e];
	}
	return contested ? ST_CONFLICT : left ? ST_INVALID : ST_OK;
}

static void model_end(struct run *r, int i, bool commit)
{
	struct run_session *s = &r->s[i];
	int lsn = r->n_commits + 1;

	if (commit && s->n_log > 0) {
		struct image g = r->commits[r->n_commits];
		assert_true(lsn <= COMMITS_MAX);
		for (int k = 0; k < s->n_log; k++) {
			const struct change *c = &s->log[k];
			if (c->op == SET)
				g.x[c->at] = c->value;
			else if (c->op == DEL)
				g.node[c->at] = false;
			else
				g.edge[c->at] = c->op == LINK;
			struct claims *x =
			    c->op == SET || c->op == DEL ? &r->node[c->at] : &r->edge[c->at];
			if (c->op == LINK)
				r->made[c->at] = lsn;
			if (c->op == DEL || c->op == UNLINK)
				x->last_delete = lsn;
		}
		r->commits[r->n_commits = lsn] = g;
	}
	for (int k = 0; k < NODES + r->n_edges; k++) {
		struct claims *x = k < NODES ? &r->node[k] : &r->edge[k - NODES];
		if (x->active == i && commit && s->n_log > 0)
			x->last_commit = lsn;
		if (x->active == i && commit && s->n_log > 0 && x->deleter == i)
			x->last_delete = lsn;
		if (x->active == i)
			x->active = -1;
		if (x->deleter == i)
			x->deleter = -1;
	}
	for (int e = 0; e < r->n_edges; e++)
		if (r->maker[e] == i)
			r->maker[e] = -1;
	s->open = false;
}

/* ---- a step on both
 * --------------------------------------------------------------------------------- */

static int oldest_edge(const struct image *g, const struct run *r, int n)
{
	for (int e = 0; e < r->n_edges; e++)
		if (g->edge[e] && r->edges[e].from == n)
			return e;
	return -1;
}

static enum status store_del(struct run *r, struct txn *t, int n, bool detach)
{
	TRY(txn_node_delete(t, r->w.g, r->nodes[n], detach, &r->w.d));
	return txn_end_clause(t, &r->w.d);
}

static void compare_get(struct run *r, int i, int n)
{
	struct image g = seen(r, i, r->s[i].clause);
	const struct view *v = txn_view(r->s[i].t);

	assert_int_equal(graph_node_exists(r->w.g, v, r->nodes[n]), g.node[n]);
	if (g.node[n])
		assert_get(&r->w, r->s[i].t, r->nodes[n], "x", g.x[n]);
}

static void compare_deg(struct run *r, int i, int n)
{
	struct image g = seen(r, i, r->s[i].clause);
	uint64_t out = 0, in = 0;

	for (int e = 0; e < r->n_edges; e++) {
		out += g.edge[e] && r->edges[e].from == n;
		in += g.edge[e] && r->edges[e].to == n;
	}
	assert_int_equal(degree(&r->w, r->s[i].t, r->nodes[n], ADJ_OUT), out);
	assert_int_equal(degree(&r->w, r->s[i].t, r->nodes[n], ADJ_IN), in);
}

/* Both answers must be the same; the store's is given. */
static enum status change_both(struct run *r, int i, struct step x)
{
	struct run_session *s = &r->s[i];
	struct image g = seen(r, i, s->clause);
	enum status want = ST_OK, got = ST_OK;
	elem_id id = ELEM_NONE;
	int e;

	switch (x.op) {
	case SET:
	case INC:
		x.m = x.op == INC ? (int)g.x[x.n] + 1 : x.m;
		got = try_set(&r->w, s->t, r->nodes[x.n], "x", value_int(x.m));
		want = model_set(r, i, x.n, x.m);
		break;
	case LINK:
		got = txn_edge_create(s->t, r->w.g, name(s->t, NAME_TYPE, "R"), r->nodes[x.n],
				      r->nodes[x.m], NULL, 0, &id, &r->w.d);
		want = model_link(r, i, x.n, x.m);
		if (want == ST_OK)
			r->edges[r->n_edges - 1].id = id;
		break;
	case UNLINK:
		e = oldest_edge(&g, r, x.n);
		if (e < 0)
			break;
		got = txn_edge_delete(s->t, r->w.g, r->edges[e].id, &r->w.d);
		want = model_unlink(r, i, e);
		break;
	default:
		got = store_del(r, s->t, x.n, x.op == DETACH);
		want = model_del(r, i, x.n, x.op == DETACH);
		break;
	}
	assert_int_equal(got, want);
	return got;
}

static void write_both(struct run *r, int i, struct step x)
{
	struct run_session *s = &r->s[i];
	struct txn_savepoint statement;
	int n_log = s->n_log;

	diag_reset(&r->w.d);
	txn_savepoint(s->t, &statement);
	enum status st = change_both(r, i, x);
	if (st == ST_CONFLICT) {
		txn_rollback(s->t);
		model_end(r, i, false);
	} else if (st != ST_OK) { /* the statement is undone alone */
		txn_rollback_to(s->t, &statement);
		s->n_log = n_log;
		s->clause++;
	}
}

static void do_step(struct run *r, int i, struct step x)
{
	struct run_session *s = &r->s[i];

	if (x.op == BEGIN) {
		s->t = txn_open(&r->w, TXN_EXPLICIT);
		s->view = r->n_commits;
		s->open = true;
		s->clause = 1;
		return;
	}
	if (!s->open)
		return; /* it has lost */
	switch (x.op) {
	case GET:
		compare_get(r, i, x.n);
		break;
	case DEG:
		compare_deg(r, i, x.n);
		break;
	case NEXT:
		txn_next_clause(s->t);
		s->clause++;
		break;
	case SAVE:
		txn_savepoint(s->t, &s->save);
		s->n_save = s->n_log;
		break;
	case BACK:
		txn_rollback_to(s->t, &s->save);
		s->n_log = s->n_save;
		s->clause++;
		break;
	case COMMIT:
		commit(&r->w, s->t);
		model_end(r, i, true);
		break;
	case ABORT:
		txn_rollback(s->t);
		model_end(r, i, false);
		break;
	default:
		write_both(r, i, x);
		break;
	}
}

/* ---- orders
 * ------------------------------------------------------------------------------------------ */

static void prepare(struct run *r)
{
	struct txn *t = txn_open(&r->w, TXN_WRITE);

	r->commits[0] = (struct image){.node = {true, true, true}, .edge = {true}};
	for (int n = 0; n < NODES; n++) {
		r->nodes[n] = new_node(&r->w, t, "N", "x", value_int(0));
		r->node[n] = free_claims;
	}
	r->edges[0] = (struct edge){0, 1, new_edge(&r->w, t, "R", r->nodes[0], r->nodes[1])};
	r->edge[0] = free_claims;
	r->maker[0] = -1;
	r->made[0] = 0;
	r->n_edges = 1;
	commit(&r->w, t);
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
	for (int i = 0; i < spec->n_sessions; i++)
		if (r->s[i].open)
			txn_rollback(r->s[i].t);
	(void)txn_collect(r->w.m);
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

static void run_spec(const struct spec *spec)
{
	static struct run r;
	uint8_t order[SESSIONS_MAX * STEPS_MAX];
	int n = 0, n_orders = 0;

	for (int i = 0; i < spec->n_sessions; i++)
		for (int k = 0; k < spec->sessions[i].n_steps; k++)
			order[n++] = (uint8_t)i;
	r = (struct run){.spec = spec};
	world_open(&r.w);
	do {
		run_order(&r, order, n);
	} while (++n_orders < ORDERS_MAX && next_order(order, n));
	print_message("  %d orders of %d steps\n", n_orders, n);
	world_close(&r.w);
}

/* ---- reading a spec
 * ------------------------------------------------------------------------------------- */

static struct step parse_step(char *z)
{
	struct step x = {.op = N_OPS};
	char word[3][16] = {"", "", ""};
	int k = sscanf(z, " %15s %15s %15s", word[0], word[1], word[2]);

	for (int op = 0; op < N_OPS; op++)
		if (k > 0 && strcmp(word[0], op_names[op]) == 0)
			x.op = (enum op)op;
	assert_int_not_equal(x.op, N_OPS);
	x.n = word[1][0] - 'a';
	x.m = x.op == SET ? atoi(word[2]) : word[2][0] - 'a';
	return x;
}

static void parse_line(struct spec *spec, char *line)
{
	char *colon = strchr(line, ':'), *save = NULL;

	if (line[0] == '#' || colon == NULL)
		return;
	assert_true(spec->n_sessions < SESSIONS_MAX);
	struct session *s = &spec->sessions[spec->n_sessions++];
	snprintf(s->name, sizeof s->name, "%.*s", (int)(colon - line), line);
	for (char *z = strtok_r(colon + 1, ",\n", &save); z != NULL;
	     z = strtok_r(NULL, ",\n", &save)) {
		assert_true(s->n_steps < STEPS_MAX);
		s->steps[s->n_steps++] = parse_step(z);
	}
}

static void run_file(const char *file)
{
	const char *dir = getenv("GEODE_SRCDIR");
	struct spec spec = {0};
	char path[512], line[256];

	snprintf(path, sizeof path, "%s/tests/isolation/%s.spec", dir != NULL ? dir : ".", file);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		parse_line(&spec, line);
	fclose(f);
	assert_true(spec.n_sessions > 0);
	run_spec(&spec);
}

static void one_spec(void **state)
{
	run_file(*state);
}

#define SPEC(file)                                                                                 \
	{                                                                                          \
#file, one_spec, NULL, NULL, #file                                                 \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPEC(lost_update), SPEC(aborted_entry), SPEC(dirty_read),	 SPEC(clauses),
	    SPEC(savepoint),   SPEC(delete_node),   SPEC(dangling_edge), SPEC(hub),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
