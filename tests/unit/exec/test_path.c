/* Expansions, walks and shortest paths over random small multigraphs, against a plain search. */
#include "exec_test.h"

#include "base/hash.h"

#define NODES 6
#define EDGES_MAX 11
#define SEEDS 12

static struct fix f;
static uint32_t n_edges;
static struct {
	elem_id id, from, to;
	int type;
} edges[EDGES_MAX];
static elem_id nodes[NODES];

static void random_graph(uint64_t seed)
{
	struct rand r;

	fix_init(&f);
	rand_seed(&r, seed);
	struct txn *t = write_begin(&f);
	for (int i = 0; i < NODES; i++)
		nodes[i] = add_node(&f, t, "N", NULL, VALUE_NULL);
	n_edges = 4 + (uint32_t)rand_below(&r, EDGES_MAX - 3);
	for (uint32_t i = 0; i < n_edges; i++) {
		edges[i].from = nodes[rand_below(&r, NODES)];
		edges[i].to = nodes[rand_below(&r, NODES)];
		edges[i].type = (int)rand_below(&r, 2);
		edges[i].id =
		    add_edge(&f, t, edges[i].type ? "S" : "R", edges[i].from, edges[i].to);
	}
	write_commit(&f, t);
}

/* ---- the plain search -------------------------------------------------------------------------
 */

struct spec {
	enum pat_dir dir;
	enum path_mode mode;
	int type; /* -1: all */
	uint32_t min, max;
	bool pred; /* edges whose id is a multiple of 3 are refused */
};

struct found {
	struct buf lines;
	const struct spec *s;
	elem_id path_nodes[8];
	elem_id path_edges[8];
	uint32_t exact; /* length asked for, UINT32_MAX: all from min on */
	elem_id end;	/* ELEM_NONE: all */
	bool lengths;	/* lines have the length, not the edges; one a pair */
	uint32_t n;
};

static bool may_go(const struct found *o, uint32_t depth, elem_id edge, elem_id to)
{
	for (uint32_t i = 0; i < depth; i++)
		if (o->s->mode == PATH_TRAIL && o->path_edges[i] == edge)
			return false;
	for (uint32_t i = 0; i <= depth; i++) {
		if (o->s->mode == PATH_ACYCLIC && o->path_nodes[i] == to)
			return false;
		if (o->s->mode == PATH_SIMPLE && i > 0 && o->path_nodes[i] == to)
			return false;
	}
	bool closed = depth > 0 && o->path_nodes[depth] == o->path_nodes[0];
	return !(o->s->mode == PATH_SIMPLE && closed);
}

static void report(struct found *o, uint32_t depth)
{
	elem_id end = o->path_nodes[depth];

	if (o->end != ELEM_NONE && end != o->end)
		return;
	if (o->lengths && o->n != 0)
		return;
	o->n++;
	buf_printf(&o->lines, "%d|%d|", (int)o->path_nodes[0], (int)end);
	if (o->lengths)
		buf_printf(&o->lines, "%d\n", (int)depth);
	for (uint32_t i = 0; !o->lengths && i < depth; i++)
		buf_printf(&o->lines, "%s%d", i == 0 ? "[" : ", ", (int)o->path_edges[i]);
	if (!o->lengths)
		buf_puts(&o->lines, depth == 0 ? "[]\n" : "]\n");
}

static void search(struct found *o, uint32_t depth)
{
	if (o->exact == UINT32_MAX ? depth >= o->s->min : depth == o->exact)
		report(o, depth);
	if (depth == (o->exact == UINT32_MAX ? o->s->max : o->exact))
		return;
	for (uint32_t i = 0; i < n_edges; i++) {
		if ((o->s->type >= 0 && edges[i].type != o->s->type) ||
		    (o->s->pred && edges[i].id % 3 == 0))
			continue;
		for (int turn = 0; turn < 2; turn++) {
			elem_id from = turn ? edges[i].to : edges[i].from;
			elem_id to = turn ? edges[i].from : edges[i].to;
			bool loop = edges[i].from == edges[i].to;
			if ((o->s->dir == DIR_OUT && turn) || (o->s->dir == DIR_IN && !turn) ||
			    (o->s->dir == DIR_BOTH && loop && turn) ||
			    from != o->path_nodes[depth] || !may_go(o, depth, edges[i].id, to))
				continue;
			o->path_edges[depth] = edges[i].id;
			o->path_nodes[depth + 1] = to;
			search(o, depth + 1);
		}
	}
}

static const char *sorted(struct buf *b)
{
	const char *lines[4096];
	size_t n = 0;
	char *text = fix_dup(&f, buf_cstr(b), b->len + 1);

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		assert_true(n < ARRAY_LEN(lines));
		lines[n++] = line;
	}
	if (n != 0)
		qsort(lines, n, sizeof(*lines), compare_lines);
	buf_reset(b);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s\n", lines[i]);
	text = fix_dup(&f, buf_cstr(b), b->len + 1);
	buf_release(b);
	return text;
}

static const char *plain_walks(const struct spec *s)
{
	struct found o = {.s = s, .exact = UINT32_MAX, .end = ELEM_NONE};

	buf_init(&o.lines, MEM_OTHER, 0);
	for (int i = 0; i < NODES; i++) {
		o.path_nodes[0] = nodes[i];
		search(&o, 0);
	}
	return sorted(&o.lines);
}

static const char *plain_shortest(const struct spec *s, bool all)
{
	struct found o = {.s = s, .lengths = !all};

	buf_init(&o.lines, MEM_OTHER, 0);
	for (int i = 0; i < NODES; i++)
		for (int j = 0; j < NODES; j++) {
			o.path_nodes[0] = nodes[i];
			o.end = nodes[j];
			o.n = 0;
			for (o.exact = s->min; o.exact <= s->max && o.n == 0; o.exact++)
				search(&o, 0);
		}
	return sorted(&o.lines);
}

/* ---- plans -------------------------------------------------------------------------------------
 */

static const struct expr *id_of(uint32_t slot)
{
	return e_graph(&f, GF_ID, e_slot(&f, slot));
}

/* from | to | ids of the edges in a list */
static const struct pop *show_edges(const struct pop *p)
{
	const struct expr *args[] = {e_slot(&f, 1), NULL, e_graph(&f, GF_ID, e_local(&f, 0))};
	struct expr *ids = e_new(&f, EXPR_COMPREHENSION, 3, args);

	p = p_project(&f, p, 7, id_of(0));
	p = p_project(&f, p, 8, id_of(2));
	p = p_project(&f, p, 9, ids);
	return PRODUCE(&f, p, 7, 8, 9);
}

static const struct pop *show_length(const struct pop *p)
{
	p = p_project(&f, p, 7, id_of(0));
	p = p_project(&f, p, 8, id_of(2));
	p = p_project(&f, p, 9, e_graph(&f, GF_PATH_LENGTH, e_slot(&f, 3)));
	return PRODUCE(&f, p, 7, 8, 9);
}

static struct pop *path_pop(enum pop_kind kind, const struct pop *left, const struct spec *s)
{
	struct pop *p = p_expand(&f, kind, left, 0, 1, 2, s->dir,
				 s->type < 0 ? NULL
				 : s->type   ? "S"
					     : "R");

	p->expand.path = 3;
	p->expand.mode = (uint8_t)s->mode;
	p->expand.min = s->min;
	p->expand.max = s->max;
	if (s->pred) {
		const struct expr *id = e_graph(&f, GF_ID, e_local(&f, 0));
		p->expand.edge_pred =
		    e2(&f, EXPR_NE, e2(&f, EXPR_MOD, id, e_int(&f, 3)), e_int(&f, 0));
	}
	CARRY(&f, p, 0);
	return p;
}

/* All pairs of nodes in slots 0 and 2. */
static const struct pop *pairs(void)
{
	struct pop *c = pop_of(&f, POP_CROSS, p_scan(&f, 0, "N"));
	c->right = p_scan(&f, 2, "N");
	CARRY(&f, c, 0);
	CARRY_RIGHT(&f, c, 2);
	return c;
}

static const struct spec walk_specs[] = {
    {DIR_OUT, PATH_TRAIL, -1, 1, 4, false},    {DIR_IN, PATH_TRAIL, 0, 0, 3, false},
    {DIR_BOTH, PATH_TRAIL, -1, 1, 3, false},   {DIR_BOTH, PATH_TRAIL, 1, 2, 4, true},
    {DIR_OUT, PATH_WALK, -1, 1, 3, false},     {DIR_OUT, PATH_SIMPLE, -1, 1, 5, false},
    {DIR_BOTH, PATH_ACYCLIC, -1, 1, 4, false}, {DIR_OUT, PATH_TRAIL, -1, 0, 0, false},
};

static void walks_are_all_and_each_once(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		random_graph(seed);
		for (size_t i = 0; i < ARRAY_LEN(walk_specs); i++) {
			const struct spec *s = &walk_specs[i];
			const char *expected = plain_walks(s);
			fix_plan(&f);
			struct pop *p = path_pop(POP_VAR_EXPAND, p_scan(&f, 0, "N"), s);
			assert_string_equal(run_all(&f, show_edges(p)), expected);
			/* The same with the far end bound. */
			fix_plan(&f);
			p = path_pop(POP_VAR_EXPAND, pairs(), s);
			p->expand.into = true;
			CARRY(&f, p, 0, 2);
			assert_string_equal(run(&f, show_edges(p)), expected);
		}
		fix_release(&f);
	}
}

/* (0)-[4]-(5)-[6]-(2) as two steps gives the trails of two edges. */
static void two_steps_are_trails_of_two(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		random_graph(seed);
		for (int dir = DIR_OUT; dir <= DIR_BOTH; dir++) {
			const struct spec s = {(enum pat_dir)dir, PATH_TRAIL, -1, 2, 2, false};
			fix_plan(&f);
			struct pop *a =
			    p_expand(&f, POP_EXPAND, p_scan(&f, 0, "N"), 0, 4, 5, s.dir, NULL);
			CARRY(&f, a, 0);
			struct pop *b = p_expand(&f, POP_EXPAND, a, 5, 6, 2, s.dir, NULL);
			b->expand.n_unique = 1;
			b->expand.unique = SLOTS(&f, 4);
			CARRY(&f, b, 0, 4);
			const struct pop *p =
			    p_project(&f, b, 1, e2(&f, EXPR_LIST, e_slot(&f, 4), e_slot(&f, 6)));
			const char *expected = plain_walks(&s);
			assert_string_equal(run_all(&f, show_edges(p)), expected);
			/* And with the far end bound before the second step. */
			fix_plan(&f);
			a = p_expand(&f, POP_EXPAND, pairs(), 0, 4, 5, s.dir, NULL);
			CARRY(&f, a, 0, 2);
			b->left = a;
			b->expand.into = true;
			f.plan.n_ops = 30;
			CARRY(&f, b, 0, 2, 4);
			assert_string_equal(run_all(&f, show_edges(p)), expected);
		}
		fix_release(&f);
	}
}

static const struct spec shortest_specs[] = {
    {DIR_OUT, PATH_TRAIL, -1, 1, 5, false},  {DIR_OUT, PATH_TRAIL, 0, 0, 5, false},
    {DIR_IN, PATH_TRAIL, -1, 1, 3, true},    {DIR_BOTH, PATH_TRAIL, -1, 1, 5, false},
    {DIR_BOTH, PATH_TRAIL, -1, 0, 2, false}, {DIR_OUT, PATH_TRAIL, -1, 2, 5, false},
    {DIR_BOTH, PATH_TRAIL, -1, 2, 4, true},
};

static void shortest_paths_between_bound_ends(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		random_graph(seed);
		for (size_t i = 0; i < ARRAY_LEN(shortest_specs); i++)
			for (int all = 0; all < 2; all++) {
				const struct spec *s = &shortest_specs[i];
				fix_plan(&f);
				struct pop *p = path_pop(POP_SHORTEST, pairs(), s);
				p->expand.into = true;
				p->expand.optional_end = all != 0;
				CARRY(&f, p, 0, 2);
				const char *text =
				    run_all(&f, all ? show_edges(p) : show_length(p));
				assert_string_equal(text, plain_shortest(s, all != 0));
			}
		fix_release(&f);
	}
}

static void shortest_paths_to_every_end(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		random_graph(seed);
		for (size_t i = 0; i < ARRAY_LEN(shortest_specs); i++)
			for (int all = 0; all < 2; all++) {
				const struct spec *s = &shortest_specs[i];
				fix_plan(&f);
				struct pop *p = path_pop(POP_SHORTEST, p_scan(&f, 0, "N"), s);
				p->expand.optional_end = all != 0;
				const char *text =
				    run_all(&f, all ? show_edges(p) : show_length(p));
				assert_string_equal(text, plain_shortest(s, all != 0));
			}
		fix_release(&f);
	}
}

/* Ends of edges, two digits each. */
static const char *const round_graphs[] = {
    "010212",		  /* a triangle */
    "0112233445",	  /* no round at all */
    "011223344005",	  /* five, and a node beside */
    "011223344550",	  /* six */
    "01122334455003",	  /* two fours that share an edge */
    "030405131415232425", /* fours through every pair */
    "010203122313",	  /* triangles through every pair */
    "011223304554",	  /* four, and two edges between two nodes elsewhere */
};

static void round_graph(const char *ends)
{
	fix_init(&f);
	struct txn *t = write_begin(&f);
	for (int i = 0; i < NODES; i++)
		nodes[i] = add_node(&f, t, "N", NULL, VALUE_NULL);
	for (n_edges = 0; *ends != 0; ends += 2, n_edges++) {
		edges[n_edges].from = nodes[ends[0] - '0'];
		edges[n_edges].to = nodes[ends[1] - '0'];
		edges[n_edges].type = 0;
		edges[n_edges].id = add_edge(&f, t, "R", edges[n_edges].from, edges[n_edges].to);
	}
	write_commit(&f, t);
}

static void shortest_ways_round_of_each_length(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(round_graphs) * 4; i++) {
		bool all = i % 2 != 0, bound = i / 2 % 2 != 0;
		for (uint32_t max = 3; max <= 6; max++) {
			struct spec s = {DIR_BOTH, PATH_TRAIL, -1, 1, max, false};
			round_graph(round_graphs[i / 4]);
			fix_plan(&f);
			struct pop *p =
			    path_pop(POP_SHORTEST, bound ? pairs() : p_scan(&f, 0, "N"), &s);
			p->expand.into = bound;
			p->expand.optional_end = all;
			if (bound)
				CARRY(&f, p, 0, 2);
			const char *text = run_all(&f, all ? show_edges(p) : show_length(p));
			assert_string_equal(text, plain_shortest(&s, all));
			fix_release(&f);
		}
	}
}

static void walks_survive_a_failing_allocator(void **state)
{
	random_graph(3);
	run_failing(&f, show_edges(path_pop(POP_VAR_EXPAND, p_scan(&f, 0, "N"), &walk_specs[3])));
	fix_plan(&f);
	struct pop *p = path_pop(POP_SHORTEST, pairs(), &shortest_specs[3]);
	p->expand.into = p->expand.optional_end = true;
	CARRY(&f, p, 0, 2);
	run_failing(&f, show_edges(p));
	fix_plan(&f);
	p = path_pop(POP_SHORTEST, p_scan(&f, 0, "N"), &shortest_specs[3]);
	p->expand.optional_end = true;
	run_failing(&f, show_edges(p));
	fix_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(walks_are_all_and_each_once),
	    cmocka_unit_test(two_steps_are_trails_of_two),
	    cmocka_unit_test(shortest_paths_between_bound_ends),
	    cmocka_unit_test(shortest_paths_to_every_end),
	    cmocka_unit_test(shortest_ways_round_of_each_length),
	    cmocka_unit_test(walks_survive_a_failing_allocator),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
