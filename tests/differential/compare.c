/* A graph as rows: what two graphs share when one is a copy of the other, whatever their ids. */
#include <string.h>

#include "base/bits.h"
#include "tests/differential/tree.h"

#define TEXT_(text)                                                                                \
	{                                                                                          \
		.kind = V_STRING, .n = sizeof(text) - 1, .s = text                                 \
	}
#define INT_(x)                                                                                    \
	{                                                                                          \
		.kind = V_INT, .i = x                                                              \
	}
const struct value probes[PROBES_MAX] = {
    INT_(-1),	INT_(0),   INT_(1),    INT_(2),	    INT_(3),	  INT_(4),	INT_(7),
    TEXT_("a"), TEXT_(""), TEXT_("b"), TEXT_("ab"), TEXT_("new"), TEXT_("met"), INT_(30),
};

#define ROUNDS 4 /* how far a node looks around */

static uint64_t mixed(uint64_t x)
{
	struct rng r = {.state = x};

	return rng_next(&r);
}

static uint64_t text_hash(const char *s)
{
	uint64_t h = 1;

	for (; *s != 0; s++)
		h = mixed(h ^ (uint8_t)*s);
	return h;
}

static void put_props(struct buf *b, const struct value *props)
{
	struct arena a;

	arena_init(&a, MEM_OTHER, NULL);
	for (uint32_t k = 0; k < N_KEYS; k++)
		if (!value_is_null(props[k]))
			buf_printf(b, " %s=%s", key_names[k], cell_text(&a, props[k], false));
	arena_release(&a);
}

static const char *taken(struct arena *a, struct buf *b)
{
	const char *text = must((char *)arena_str(a, str_of(buf_cstr(b))).p);

	buf_reset(b);
	return text;
}

static void put_node(struct buf *b, const struct node *n)
{
	for (uint32_t l = 0; l < N_LABELS; l++)
		if ((n->labels >> l & 1) != 0)
			buf_printf(b, ":%s", label_names[l]);
	put_props(b, n->props);
}

/* A node's colour is its content, then also its edges and the colours of its neighbours. */
static void look_around(const struct small_graph *g, const uint64_t *edges, uint64_t *colours)
{
	uint64_t sums[GRAPH_NODES_MAX] = {0};

	for (uint32_t i = 0; i < g->n_edges; i++) {
		const struct edge *e = &g->edges[i];
		if (e->dead)
			continue;
		sums[e->from] += mixed(edges[i] ^ mixed(colours[e->to]));
		sums[e->to] += mixed(~edges[i] ^ mixed(colours[e->from]));
	}
	for (uint32_t i = 0; i < g->n_nodes; i++)
		colours[i] = mixed(colours[i] + 3 * sums[i]);
}

static const char *edge_row(struct arena *a, struct buf *b, const struct edge *e,
			    const char *const *nodes, const uint64_t *colours)
{
	buf_printf(b, "(%s #%04x)-[:%s", nodes[e->from], (unsigned)(colours[e->from] & 0xffff),
		   type_names[e->type]);
	put_props(b, e->props);
	buf_printf(b, "]->(%s #%04x)", nodes[e->to], (unsigned)(colours[e->to] & 0xffff));
	return taken(a, b);
}

const char *lookup_row(struct arena *a, const char *what, const struct node *n)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	buf_printf(&b, "look-up of %s: ", what);
	put_node(&b, n);
	const char *text = taken(a, &b);
	buf_release(&b);
	return text;
}

void result_add(struct arena *a, struct result *r, const char *row)
{
	const char **cells = must(ARENA_ARRAY(a, const char *, r->n_rows + 1));

	memcpy(cells, r->cells, r->n_rows * sizeof(cells[0]));
	cells[r->n_rows++] = row;
	r->cells = cells;
}

static bool is_number(struct value v)
{
	return v.kind == V_INT || v.kind == V_FLOAT;
}

static double number(struct value v)
{
	return v.kind == V_INT ? (double)v.i : v.f;
}

static bool is_probe(struct value x, struct value y)
{
	if (is_number(x) && is_number(y))
		return number(x) == number(y);
	return x.kind == V_STRING && y.kind == V_STRING && x.n == y.n && memcmp(x.s, y.s, x.n) == 0;
}

static void look_up(struct arena *a, const struct small_graph *g, uint32_t i_lookup,
		    struct result *ret)
{
	uint32_t label = i_lookup / N_KEYS, key = i_lookup % N_KEYS;

	for (uint32_t i = 0; i < g->n_nodes; i++) {
		const struct node *n = &g->nodes[i];
		struct value v = n->props[key];
		if (n->dead || (n->labels >> label & 1) == 0)
			continue;
		for (uint32_t k = 0; k < PROBES_MAX; k++)
			if (is_probe(v, probes[k]))
				result_add(a, ret,
					   lookup_row(a, cell_text(a, probes[k], false), n));
		if (is_number(v) && number(v) >= RANGE_FROM)
			result_add(a, ret, lookup_row(a, "'range'", n));
	}
}

void graph_rows(struct arena *a, const struct small_graph *g, uint32_t i_lookup, struct result *ret)
{
	uint64_t colours[GRAPH_NODES_MAX], edges[GRAPH_EDGES_MAX];
	const char *nodes[GRAPH_NODES_MAX];
	struct buf b;

	*ret = (struct result){.n_columns = 1, .code = "00000"};
	ret->cells = must(ARENA_ARRAY(a, const char *, g->n_nodes + g->n_edges + 1));
	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		put_node(&b, &g->nodes[i]);
		nodes[i] = taken(a, &b);
		colours[i] = text_hash(nodes[i]);
	}
	for (uint32_t i = 0; i < g->n_edges; i++) {
		put_props(&b, g->edges[i].props);
		edges[i] = text_hash(taken(a, &b)) + g->edges[i].type;
	}
	for (uint32_t i = 0; i < ROUNDS; i++)
		look_around(g, edges, colours);
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		buf_printf(&b, "(%s #%04x)", nodes[i], (unsigned)(colours[i] & 0xffff));
		const char *text = taken(a, &b);
		if (!g->nodes[i].dead)
			ret->cells[ret->n_rows++] = text;
	}
	for (uint32_t i = 0; i < g->n_edges; i++)
		if (!g->edges[i].dead)
			ret->cells[ret->n_rows++] = edge_row(a, &b, &g->edges[i], nodes, colours);
	if (i_lookup < N_LOOKUPS)
		look_up(a, g, i_lookup, ret);
	buf_release(&b);
}
