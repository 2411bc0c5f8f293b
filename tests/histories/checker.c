/* history_check(): dependencies out of reads, cycles out of dependencies. */
#include "tests/histories/history.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOBODY UINT32_MAX

enum dep { DEP_WW = 1, DEP_WR = 2, DEP_RW = 4, DEP_SESSION = 8 };
static const char *const dep_names[] = {[DEP_WW] = "overwritten by",
					[DEP_WR] = "read by",
					[DEP_RW] = "read a state overwritten by",
					[DEP_SESSION] = "before, in its session,"};

struct edge {
	uint32_t from, to;
	enum dep dep;
};

struct write { /* of one value */
	uint32_t tx, list;
	bool is_last; /* of its transaction, to its list */
	bool is_seen; /* by any read */
	const struct op *last_read;
};

struct check {
	const struct history *h;
	struct write *writes;	  /* by value */
	const struct op **orders; /* by list: its longest read */
	VEC(struct edge) edges;
	uint32_t *first_edge; /* by transaction: edges are sorted by it */
	uint32_t found;
	char *text;
	size_t cap;
};

static void report(struct check *c, enum anomaly a, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void report(struct check *c, enum anomaly a, const char *fmt, ...)
{
	va_list ap;

	if ((c->found & A_FORBIDDEN) == 0) {
		va_start(ap, fmt);
		vsnprintf(c->text, c->cap, fmt, ap);
		va_end(ap);
	}
	c->found |= a;
}

static const uint32_t *values_of(const struct check *c, const struct op *read)
{
	return c->h->values.v + read->first;
}

/* Whether the transaction took effect, as far as anybody can tell. */
static bool is_effective(const struct check *c, uint32_t tx)
{
	const struct tx *t = &c->h->txs.v[tx];

	if (t->outcome != TX_UNKNOWN)
		return t->outcome == TX_COMMITTED;
	for (uint32_t k = 0; k < t->n; k++) {
		const struct op *op = &c->h->ops.v[t->first + k];
		if (op->is_append && c->writes[op->value].is_seen)
			return true;
	}
	return false;
}

/* ---- what single reads tell ---------------------------------------------------------------- */

static void find_writes(struct check *c)
{
	for (uint32_t v = 0; v < c->h->n_values; v++)
		c->writes[v].tx = NOBODY;
	for (uint32_t i = 0; i < c->h->txs.n; i++) {
		const struct tx *t = &c->h->txs.v[i];
		for (uint32_t k = 0; k < t->n; k++) {
			const struct op *op = &c->h->ops.v[t->first + k];
			if (!op->is_append)
				continue;
			c->writes[op->value] =
			    (struct write){.tx = i, .list = op->list, .is_last = true};
			for (uint32_t j = 0; j < k; j++) {
				const struct op *before = &c->h->ops.v[t->first + j];
				if (before->is_append && before->list == op->list)
					c->writes[before->value].is_last = false;
			}
		}
	}
}

/* How much of a read of transaction i is not its own. */
static uint32_t foreign(const struct check *c, uint32_t i, const struct op *read)
{
	uint32_t n = 0;

	while (n < read->n && c->writes[values_of(c, read)[n]].tx != i)
		n++;
	return n;
}

static void check_values(struct check *c, uint32_t i, const struct op *read)
{
	const uint32_t *v = values_of(c, read);
	uint32_t n = foreign(c, i, read);

	for (uint32_t k = 0; k < read->n; k++) {
		struct write *w = &c->writes[v[k]];
		if (w->tx == NOBODY || w->list != read->list) {
			report(c, A_DUPLICATE,
			       "transaction %u: value %u of list %u is from nowhere", i, v[k],
			       read->list);
			continue;
		}
		w->is_seen = w->is_seen || w->tx != i;
		if (w->last_read == read)
			report(c, A_DUPLICATE, "transaction %u: value %u is there twice", i, v[k]);
		w->last_read = read;
		if (w->tx != i && c->h->txs.v[w->tx].outcome == TX_ABORTED)
			report(c, A_ABORTED, "transaction %u read %u, whose transaction %u aborted",
			       i, v[k], w->tx);
	}
	if (n > 0 && c->writes[v[n - 1]].tx != NOBODY && !c->writes[v[n - 1]].is_last)
		report(c, A_INTERMEDIATE, "transaction %u read %u, which was not the last of %u", i,
		       v[n - 1], c->writes[v[n - 1]].tx);
}

/* Own appends so far, and they alone, stand behind what others wrote; that is the same each time.
 */
static void check_own(struct check *c, uint32_t i, uint32_t k)
{
	const struct tx *t = &c->h->txs.v[i];
	const struct op *read = &c->h->ops.v[t->first + k];
	const uint32_t *v = values_of(c, read);
	uint32_t at = foreign(c, i, read);

	for (uint32_t j = 0; j < k; j++) {
		const struct op *op = &c->h->ops.v[t->first + j];
		if (op->list != read->list)
			continue;
		if (op->is_append && (at == read->n || v[at++] != op->value))
			report(c, A_INTERNAL, "transaction %u does not read its own %u", i,
			       op->value);
		else if (!op->is_append && foreign(c, i, op) != foreign(c, i, read))
			report(c, A_INTERNAL, "transaction %u reads two states of list %u", i,
			       read->list);
	}
	if (at != read->n)
		report(c, A_INTERNAL, "transaction %u: others' values behind its own in list %u", i,
		       read->list);
}

static void check_reads(struct check *c)
{
	for (uint32_t i = 0; i < c->h->txs.n; i++) {
		const struct tx *t = &c->h->txs.v[i];
		for (uint32_t k = 0; k < t->n; k++) {
			const struct op *op = &c->h->ops.v[t->first + k];
			if (op->is_append)
				continue;
			check_values(c, i, op);
			check_own(c, i, k);
			/* An aborted transaction's own appends are in no order of the list. */
			if (t->outcome != TX_ABORTED &&
			    (c->orders[op->list] == NULL || op->n > c->orders[op->list]->n))
				c->orders[op->list] = op;
		}
	}
}

static void check_orders(struct check *c)
{
	for (uint32_t i = 0; i < c->h->txs.n; i++) {
		const struct tx *t = &c->h->txs.v[i];
		for (uint32_t k = 0; k < t->n; k++) {
			const struct op *read = &c->h->ops.v[t->first + k];
			const struct op *order = c->orders[read->list];
			uint32_t n = read->is_append ? 0 : foreign(c, i, read);
			for (uint32_t j = 0; j < n; j++)
				if (j >= order->n ||
				    values_of(c, read)[j] != values_of(c, order)[j])
					report(c, A_ORDER,
					       "transaction %u: list %u in another order", i,
					       read->list);
		}
	}
}

/* With the end of all lists known: what was acknowledged is there, and nothing in part. */
static void check_end(struct check *c)
{
	for (uint32_t i = 0; i < c->h->txs.n && c->h->is_complete; i++) {
		const struct tx *t = &c->h->txs.v[i];
		for (uint32_t k = 0; k < t->n; k++) {
			const struct op *op = &c->h->ops.v[t->first + k];
			if (!op->is_append || c->writes[op->value].is_seen)
				continue;
			if (t->outcome == TX_COMMITTED)
				report(c, A_LOST, "transaction %u: its %u is lost", i, op->value);
			else if (is_effective(c, i))
				report(c, A_HALF, "transaction %u is there without its %u", i,
				       op->value);
		}
	}
}

/* ---- dependencies --------------------------------------------------------------------------- */

static bool depends(struct check *c, uint32_t from, uint32_t to, enum dep dep)
{
	if (from == to || from == NOBODY || to == NOBODY || !is_effective(c, from) ||
	    !is_effective(c, to))
		return true;
	return vec_push(MEM_OTHER, &c->edges, (struct edge){from, to, dep});
}

static bool edges_of_read(struct check *c, uint32_t i, const struct op *read)
{
	const struct op *order = c->orders[read->list];
	uint32_t n = foreign(c, i, read);
	bool ok = true;

	if (order == NULL)
		return true;
	if (n > 0)
		ok = depends(c, c->writes[values_of(c, read)[n - 1]].tx, i, DEP_WR);
	if (n < order->n)
		ok = ok && depends(c, i, c->writes[values_of(c, order)[n]].tx, DEP_RW);
	return ok;
}

static bool find_edges(struct check *c)
{
	bool ok = true;

	for (uint32_t l = 0; l < c->h->n_lists; l++) {
		const struct op *order = c->orders[l];
		for (uint32_t k = 1; order != NULL && k < order->n; k++)
			ok = ok && depends(c, c->writes[values_of(c, order)[k - 1]].tx,
					   c->writes[values_of(c, order)[k]].tx, DEP_WW);
	}
	for (uint32_t i = 0; i < c->h->txs.n; i++) {
		const struct tx *t = &c->h->txs.v[i];
		for (uint32_t k = 0; k < t->n; k++)
			if (!c->h->ops.v[t->first + k].is_append)
				ok = ok && edges_of_read(c, i, &c->h->ops.v[t->first + k]);
		uint32_t next = i + 1; /* of the session that took effect */
		while (next < c->h->txs.n &&
		       (c->h->txs.v[next].session != t->session || !is_effective(c, next)))
			next++;
		if (next < c->h->txs.n && t->outcome == TX_COMMITTED)
			ok = ok && depends(c, i, next, DEP_SESSION);
	}
	return ok;
}

/* Counting sort by the transaction that an edge comes from. */
static bool sort_edges(struct check *c)
{
	uint32_t n = c->h->txs.n;
	struct edge *sorted = mem_alloc(MEM_OTHER, (c->edges.n + 1) * sizeof *sorted);

	if (sorted == NULL)
		return false;
	for (uint32_t k = 0; k < c->edges.n; k++)
		c->first_edge[c->edges.v[k].from + 1]++;
	for (uint32_t i = 0; i < n; i++)
		c->first_edge[i + 1] += c->first_edge[i];
	for (uint32_t k = c->edges.n; k-- > 0;) { /* ends become beginnings */
		struct edge e = c->edges.v[k];
		sorted[--c->first_edge[e.from + 1]] = e;
	}
	if (c->edges.n != 0)
		memcpy(c->edges.v, sorted, c->edges.n * sizeof *sorted);
	mem_free(MEM_OTHER, sorted, (c->edges.n + 1) * sizeof *sorted);
	return true;
}

/* ---- cycles --------------------------------------------------------------------------------- */

/* A step of the walk: a transaction, and whether it was reached by a DEP_RW. Of such two in a row
 * none is taken unless they may be neighbours. */
struct walk {
	struct check *c;
	unsigned deps;
	bool neighbours;
	uint8_t *state;	   /* 0 new, 1 on the path, 2 done */
	uint32_t *path;	   /* 2 * transaction + by_rw */
	uint32_t *at_edge; /* of each on the path: the next one to try */
	const struct edge **by;
	uint32_t n;
};

static void tell_cycle(struct walk *w, enum anomaly a, uint32_t from, const struct edge *closing)
{
	struct check *c = w->c;
	char text[400];
	size_t len = 0;

	for (uint32_t k = from + 1; k <= w->n && len < sizeof text; k++) {
		const struct edge *e = k < w->n ? w->by[k] : closing;
		len += (size_t)snprintf(text + len, sizeof text - len, "%u %s ", e->from,
					dep_names[e->dep]);
	}
	report(c, a, "cycle of transactions: %.*s%u", (int)MIN_OF(len, sizeof text - 1), text,
	       closing->to);
}

static uint32_t edge_of(const struct check *c, uint32_t tx)
{
	return c->first_edge[tx + 1];
}

static uint32_t edge_end(const struct check *c, uint32_t tx)
{
	return tx + 2 <= c->h->txs.n ? c->first_edge[tx + 2] : c->edges.n;
}

static void enter(struct walk *w, uint32_t at, const struct edge *by)
{
	w->state[at] = 1;
	w->path[w->n] = at;
	w->by[w->n] = by;
	w->at_edge[w->n++] = edge_of(w->c, at / 2);
}

/* One edge further from the end of the path; true: a cycle is closed. */
static bool walk_on(struct walk *w, enum anomaly a)
{
	uint32_t at = w->path[w->n - 1];

	if (w->at_edge[w->n - 1] == edge_end(w->c, at / 2)) {
		w->state[at] = 2;
		w->n--;
		return false;
	}
	const struct edge *e = &w->c->edges.v[w->at_edge[w->n - 1]++];
	bool by_rw = e->dep == DEP_RW && !w->neighbours;
	if ((e->dep & w->deps) == 0 || (by_rw && at % 2 == 1))
		return false;
	uint32_t to = 2 * e->to + by_rw;
	if (w->state[to] == 0)
		enter(w, to, e);
	if (w->state[to] != 1 || w->path[w->n - 1] == to)
		return false;
	uint32_t from = w->n - 1;
	while (w->path[from] != to)
		from--;
	tell_cycle(w, a, from, e);
	return true;
}

static bool has_cycle(struct check *c, enum anomaly a, unsigned deps, bool neighbours)
{
	uint32_t n = 2 * c->h->txs.n;
	struct walk w = {.c = c, .deps = deps, .neighbours = neighbours};
	bool found = false;

	w.state = mem_zalloc(MEM_OTHER, n);
	w.path = mem_alloc(MEM_OTHER, n * sizeof *w.path);
	w.at_edge = mem_alloc(MEM_OTHER, n * sizeof *w.at_edge);
	w.by = mem_alloc(MEM_OTHER, n * sizeof *w.by);
	BUG_ON(w.state == NULL || w.path == NULL || w.at_edge == NULL || w.by == NULL);
	for (uint32_t i = 0; i < n && !found; i++) {
		if (w.state[i] != 0)
			continue;
		enter(&w, i, NULL);
		while (w.n > 0 && !found)
			found = walk_on(&w, a);
	}
	mem_free(MEM_OTHER, w.state, n);
	mem_free(MEM_OTHER, w.path, n * sizeof *w.path);
	mem_free(MEM_OTHER, w.at_edge, n * sizeof *w.at_edge);
	mem_free(MEM_OTHER, w.by, n * sizeof *w.by);
	return found;
}

/* From the worst to the harmless; one that is found explains the later ones. */
static void find_cycles(struct check *c)
{
	static const struct {
		enum anomaly a;
		unsigned deps;
		bool neighbours;
	} kinds[] = {
	    {A_G0, DEP_WW, false},
	    {A_G1C, DEP_WW | DEP_WR, false},
	    {A_SINGLE, DEP_WW | DEP_WR | DEP_RW, false},
	    {A_SESSION, DEP_WW | DEP_WR | DEP_RW | DEP_SESSION, false},
	    {A_G2, DEP_WW | DEP_WR | DEP_RW, true},
	};
	bool found = false;

	for (unsigned i = 0; i < ARRAY_LEN(kinds) && !found; i++)
		found = has_cycle(c, kinds[i].a, kinds[i].deps, kinds[i].neighbours);
}

uint32_t history_check(const struct history *h, char *text, size_t cap)
{
	struct check c = {.h = h, .text = text, .cap = cap};
	size_t writes = (h->n_values + 1) * sizeof *c.writes;
	size_t orders = (h->n_lists + 1) * sizeof *c.orders;
	size_t firsts = (h->txs.n + 2) * sizeof *c.first_edge;

	c.writes = mem_zalloc(MEM_OTHER, writes);
	c.orders = mem_zalloc(MEM_OTHER, orders);
	c.first_edge = mem_zalloc(MEM_OTHER, firsts);
	BUG_ON(c.writes == NULL || c.orders == NULL || c.first_edge == NULL);
	text[0] = '\0';
	find_writes(&c);
	check_reads(&c);
	check_orders(&c);
	check_end(&c);
	if ((c.found & (A_ORDER | A_DUPLICATE)) == 0) { /* else there is no order to follow */
		BUG_ON(!find_edges(&c) || !sort_edges(&c));
		find_cycles(&c);
	}
	mem_free(MEM_OTHER, c.writes, writes);
	mem_free(MEM_OTHER, (void *)c.orders, orders);
	mem_free(MEM_OTHER, c.first_edge, firsts);
	vec_release(MEM_OTHER, &c.edges);
	return c.found;
}
