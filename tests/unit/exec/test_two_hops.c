/* Counts of two hops against trying all edges, over random graphs with loops and parallel edges;
 * and counts that leave 64 bits. */
#include <stdio.h>

#include "base/hash.h"
#include "exec_test.h"

#define NODES 4
#define EDGES_MAX 9
#define GRAPHS 40
#define PATTERNS 60

static struct fix f;
static struct rand dice;

static const char *const type_names[] = {"T", "U"};

static struct {
	bool is_b[NODES]; /* the label is B, else A */
	elem_id nodes[NODES];
	uint32_t n_edges;
	struct {
		uint32_t type, from, to;
	} edges[EDGES_MAX];
} g;

struct hop {
	enum pat_dir dir;
	int type;  /* -1: any */
	int label; /* of the end: 0 A, 1 B, 2 one that nobody has, -1: any */
};

static uint32_t below(uint32_t n)
{
	return (uint32_t)rand_below(&dice, n);
}

/* Half of the edges are between the first two nodes, a quarter of them loops. */
static void make_graph(void)
{
	struct txn *t = write_begin(&f);

	for (uint32_t i = 0; i < NODES; i++) {
		g.is_b[i] = below(2) != 0;
		g.nodes[i] = add_node(&f, t, g.is_b[i] ? "B" : "A", NULL, VALUE_NULL);
	}
	g.n_edges = below(EDGES_MAX + 1);
	for (uint32_t i = 0; i < g.n_edges; i++) {
		uint32_t range = below(2) != 0 ? 2 : NODES;
		g.edges[i].type = below(2);
		g.edges[i].from = below(range);
		g.edges[i].to = below(4) == 0 ? g.edges[i].from : below(range);
		add_edge(&f, t, type_names[g.edges[i].type], g.nodes[g.edges[i].from],
			 g.nodes[g.edges[i].to]);
	}
	write_commit(&f, t);
}

static struct hop make_hop(void)
{
	static const int labels[] = {-1, -1, -1, 0, 0, 1, 1, 2};

	return (struct hop){.dir = (enum pat_dir)below(3),
			    .type = (int)below(4) - 2 >= 0 ? (int)below(2) : -1,
			    .label = labels[below(ARRAY_LEN(labels))]};
}

/* ---- by trying everything ------------------------------------------------------------------- */

/* Matches that go on from a node with hops[0..n), by edges whose bits are not in used. */
static uint64_t try_all(const struct hop *hops, uint32_t n, uint32_t node, uint32_t used)
{
	uint64_t ret = 0;

	if (n == 0)
		return 1;
	for (uint32_t i = 0; i < g.n_edges; i++) {
		uint32_t ends[2] = {g.edges[i].from, g.edges[i].to};
		if ((used >> i & 1) != 0 ||
		    (hops->type >= 0 && g.edges[i].type != (uint32_t)hops->type))
			continue;
		for (uint32_t side = 0; side < 2; side++) {
			uint32_t end = ends[1 - side];
			if (ends[side] != node || (hops->dir == DIR_OUT && side == 1) ||
			    (hops->dir == DIR_IN && side == 0) ||
			    (hops->dir == DIR_BOTH && side == 1 && end == node))
				continue;
			if (hops->label < 0 || hops->label == (int)g.is_b[end])
				ret += try_all(hops + 1, n - 1, end, used | 1u << i);
		}
	}
	return ret;
}

/* ---- by the operator ------------------------------------------------------------------------- */

static bool overlap(const struct hop *a, const struct hop *b)
{
	return a->type < 0 || b->type < 0 || a->type == b->type;
}

static struct pop *count_over(const struct pop *left, const struct hop *hops, uint32_t from,
			      bool behind)
{
	static const char *const names[] = {"A", "B", "Nobody"};
	struct pop *two[2];

	for (uint32_t i = 0; i < 2; i++) {
		const struct hop *h = &hops[behind + i];
		two[i] = p_expand(&f, POP_TWO_HOPS, left, from, SLOT_NONE, SLOT_NONE, h->dir,
				  h->type >= 0 ? type_names[h->type] : NULL);
		two[i]->expand.to_label =
		    h->label >= 0 ? name_of(&f, NAME_LABEL, names[h->label]) : NAME_NONE;
		if (behind && overlap(&hops[0], h)) {
			two[i]->expand.unique = SLOTS(&f, 1);
			two[i]->expand.n_unique = 1;
		}
	}
	two[0]->expand.then = two[1];
	two[0]->expand.differ = overlap(&hops[behind], &hops[behind + 1]);
	two[0]->expand.weight = 8;
	return two[0];
}

static const struct pop *sum_of(const struct pop *left)
{
	struct pop *p = pop_of(&f, POP_AGGREGATE, left);
	const struct plan_agg star = {.slot = 9};

	p->aggregate.n_aggs = 1;
	p->aggregate.aggs = fix_dup(&f, &star, sizeof(star));
	p->aggregate.weighted = true;
	p->aggregate.weight = 8;
	return PRODUCE(&f, p, 9);
}

/* behind: hops[0] is walked edge by edge, and its edge is used. */
static const struct pop *plan_of(const struct hop *hops, bool behind)
{
	struct pop *p = p_scan(&f, 0, NULL);

	if (!behind)
		return sum_of(count_over(p, hops, 0, false));
	p = p_expand(&f, POP_EXPAND, p, 0, 1, 2, hops->dir,
		     hops->type >= 0 ? type_names[hops->type] : NULL);
	CARRY(&f, p, 0);
	return sum_of(count_over(p, hops, 2, true));
}

static void compare(const struct hop *hops, bool behind)
{
	uint64_t want = 0;
	char text[32];

	for (uint32_t i = 0; i < NODES; i++)
		want += try_all(hops, 2 + behind, i, 0);
	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)want);
	fix_plan(&f);
	const char *is = run_all(&f, plan_of(hops, behind));
	if (strcmp(is, text) == 0)
		return;
	for (uint32_t i = 0; i < g.n_edges; i++)
		print_error("edge %s %u -> %u\n", type_names[g.edges[i].type], g.edges[i].from,
			    g.edges[i].to);
	for (uint32_t i = 0; i < 2u + behind; i++)
		print_error("hop direction %d, type %d, label %d\n", hops[i].dir, hops[i].type,
			    hops[i].label);
	fail_msg("is %s, wants %s", is, text);
}

static void sums_are_those_of_trying_all(void **state)
{
	for (uint32_t i = 0; i < GRAPHS; i++) {
		fix_init(&f);
		rand_seed(&dice, i + 1);
		make_graph();
		for (uint32_t k = 0; k < PATTERNS; k++) {
			bool behind = k % 2 != 0;
			struct hop hops[3] = {make_hop(), make_hop(), make_hop()};
			if (behind)
				hops[0].label = -1;
			compare(hops, behind);
		}
		fix_release(&f);
	}
}

static const struct pop *sum_of_weights(int64_t a, int64_t b)
{
	const struct value list[] = {value_int(a), value_int(b)};

	fix_plan(&f);
	const struct expr *e = e_val(&f, value_list(fix_dup(&f, list, sizeof(list)), 2));
	return sum_of(p_unwind(&f, p_unit(&f), 8, e));
}

static void a_count_beyond_64_bits_is_an_error(void **state)
{
	fix_init(&f);
	assert_string_equal(run(&f, sum_of_weights(INT64_MAX - 1, 1)), "9223372036854775807\n");
	assert_int_equal(f.st, ST_OK);
	run(&f, sum_of_weights(INT64_MAX, 1));
	assert_int_equal(f.st, ST_INVALID);
	assert_int_equal(f.diag.code, GQL_OUT_OF_RANGE);
	run(&f, sum_of_weights(INT64_MAX, INT64_MAX));
	assert_int_equal(f.st, ST_INVALID);
	fix_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_are_those_of_trying_all),
	    cmocka_unit_test(a_count_beyond_64_bits_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
