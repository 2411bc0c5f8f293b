/* Random small graphs and their INSERT statements. */
#include <string.h>

#include "tests/differential/tree.h"

#define LONG_TEXT 300 /* bytes that long texts begin with; more than a key has */

const char *const label_names[N_LABELS] = {"A", "B", "C", "Nobody"};
const char *const type_names[N_TYPES] = {"T", "U", "V", "NEVER"};
const char *const key_names[N_KEYS] = {"id", "x", "y", "s"};

static struct value random_string(struct rng *r)
{
	static const char *const texts[] = {"a", "b", "ab", "ba", "", "abc"};

	return value_str(str_of(texts[rng_below(r, 6)]));
}

/* Values that an index keeps under one key though they differ, in no order of their own. */
static struct value random_alike(struct rng *r)
{
	static const char *const ends[] = {"c", "a", "", "b"};
	static char texts[4][LONG_TEXT + 2];

	switch (rng_below(r, 8)) {
	case 0:
		return value_float(-0.0);
	case 1:
		return value_float(9007199254740992.0);
	case 2:
		return value_int(INT64_C(9007199254740993));
	case 3:
		return value_int(INT64_MAX - (int64_t)rng_below(r, 3));
	default:
		break;
	}
	uint32_t i = rng_below(r, 4);
	memset(texts[i], 'k', LONG_TEXT);
	strcpy(texts[i] + LONG_TEXT, ends[i]);
	return value_str(str_of(texts[i]));
}

/* alike: percent of those. */
static struct value random_any(struct rng *r, uint32_t alike)
{
	static const double floats[] = {0.5, 1.0, 1.5, 2.0, -0.5, 3.0};

	if (rng_percent(r, alike))
		return random_alike(r);
	switch (rng_below(r, 6)) {
	case 0:
		return VALUE_NULL;
	case 1:
		return value_bool(rng_below(r, 2));
	case 2:
		return value_float(floats[rng_below(r, 6)]);
	case 3:
		return random_string(r);
	default:
		return value_int(rng_below(r, 4));
	}
}

static void random_props(struct rng *r, uint32_t id, uint32_t alike, struct value *props)
{
	props[KEY_ID] = value_int(id);
	props[KEY_X] = rng_percent(r, 75) ? value_int((int64_t)rng_below(r, 5) - 1) : VALUE_NULL;
	props[KEY_Y] = random_any(r, alike);
	props[KEY_S] = rng_percent(r, 70) ? random_string(r) : VALUE_NULL;
}

static void random_edge(struct rng *r, const struct small_graph *g, struct edge *e)
{
	e->type = (uint8_t)(rng_percent(r, 50) ? 0 : rng_below(r, N_TYPES - 1));
	e->from = rng_below(r, g->n_nodes);
	e->to = rng_percent(r, 10) ? e->from : rng_below(r, g->n_nodes);
	if (g->n_edges > 0 && rng_percent(r, 15)) { /* parallel, or there and back */
		const struct edge *other = &g->edges[rng_below(r, g->n_edges)];
		bool back = rng_percent(r, 50);
		e->from = back ? other->to : other->from;
		e->to = back ? other->from : other->to;
	}
	random_props(r, EDGE_ID_BASE + g->n_edges, 0, e->props);
}

void graph_make(struct rng *r, struct small_graph *ret)
{
	*ret = (struct small_graph){0};
	uint32_t alike = rng_percent(r, 25) ? 60 : 5;
	ret->n_nodes = 1 + rng_below(r, NODES_MAX);
	if (rng_percent(r, 2))
		ret->n_nodes = 0;
	for (uint32_t i = 0; i < ret->n_nodes; i++) {
		struct node *n = &ret->nodes[i];
		for (uint32_t l = 0; l < N_LABELS - 1; l++)
			if (rng_percent(r, l == 0 ? 55 : 30))
				n->labels |= (uint8_t)(1u << l);
		random_props(r, i, alike, n->props);
	}
	uint32_t n_edges = ret->n_nodes == 0 ? 0 : rng_below(r, EDGES_MAX + 1);
	if (rng_percent(r, 50))
		n_edges = MIN_OF(n_edges, 2 * ret->n_nodes);
	while (ret->n_edges < n_edges) {
		random_edge(r, ret, &ret->edges[ret->n_edges]);
		ret->n_edges++;
	}
}

static void print_props(struct buf *b, const struct value *props)
{
	const char *sep = " {";

	for (uint32_t k = 0; k < N_KEYS; k++) {
		if (value_is_null(props[k]))
			continue;
		buf_printf(b, "%s%s: ", sep, key_names[k]);
		value_print(b, props[k]);
		sep = ", ";
	}
	buf_puts(b, "}");
}

static void print_node(struct buf *b, const struct small_graph *g, uint32_t i)
{
	buf_printf(b, "(m%u", i);
	for (uint32_t l = 0, n = 0; l < N_LABELS; l++)
		if ((g->nodes[i].labels >> l & 1) != 0)
			buf_printf(b, "%s%s", n++ > 0 ? "&" : ":", label_names[l]);
	print_props(b, g->nodes[i].props);
	buf_puts(b, ")");
}

void graph_print_nodes(struct buf *b, const struct small_graph *g, uint32_t from, uint32_t to)
{
	buf_puts(b, "INSERT ");
	for (uint32_t i = from; i < to; i++) {
		buf_puts(b, i > from ? ", " : "");
		print_node(b, g, i);
	}
}

static void print_edge(struct buf *b, const struct small_graph *g, uint32_t i)
{
	const struct edge *e = &g->edges[i];

	buf_printf(b, "(m%u)-[:%s", e->from, type_names[e->type]);
	print_props(b, e->props);
	buf_printf(b, "]->(m%u)", e->to);
}

void graph_print_edge(struct buf *b, const struct small_graph *g, uint32_t i)
{
	const struct edge *e = &g->edges[i];

	buf_printf(b, "MATCH (m%u {id: %u})", e->from, e->from);
	if (e->from != e->to)
		buf_printf(b, ", (m%u {id: %u})", e->to, e->to);
	buf_puts(b, " INSERT ");
	print_edge(b, g, i);
}

void graph_print(struct buf *b, const struct small_graph *g)
{
	graph_print_nodes(b, g, 0, g->n_nodes);
	for (uint32_t i = 0; i < g->n_edges; i++) {
		buf_puts(b, ", ");
		print_edge(b, g, i);
	}
}

void graph_drop_edge(struct small_graph *g, uint32_t i)
{
	g->n_edges--;
	for (; i < g->n_edges; i++) {
		g->edges[i] = g->edges[i + 1];
		g->edges[i].props[KEY_ID] = value_int(EDGE_ID_BASE + i);
	}
}

void graph_drop_node(struct small_graph *g, uint32_t i)
{
	for (uint32_t k = g->n_edges; k-- > 0;)
		if (g->edges[k].from == i || g->edges[k].to == i)
			graph_drop_edge(g, k);
	for (uint32_t k = 0; k < g->n_edges; k++) {
		g->edges[k].from -= g->edges[k].from > i;
		g->edges[k].to -= g->edges[k].to > i;
	}
	g->n_nodes--;
	for (; i < g->n_nodes; i++) {
		g->nodes[i] = g->nodes[i + 1];
		g->nodes[i].props[KEY_ID] = value_int(i);
	}
}
