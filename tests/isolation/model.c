#include "tests/isolation/model.h"

#include <assert.h>

#include "value/order.h"

static const struct claims free_claims = {NOBODY, 0, NOBODY, 0};

static void apply(struct image *g, const struct change *c)
{
	switch (c->op) {
	case SET:
		g->x[c->at] = c->v;
		break;
	case NEW:
		g->node[c->at] = true;
		g->x[c->at] = value_int(0);
		g->label[c->at][0] = true;
		g->label[c->at][1] = false;
		break;
	case LABEL:
	case UNLABEL:
		g->label[c->at][c->label] = c->op == LABEL;
		break;
	case DEL:
		g->node[c->at] = false;
		break;
	default:
		g->edge[c->at] = c->op == LINK;
		break;
	}
}

struct image model_seen(const struct model *m, int i, int clause)
{
	const struct model_session *s = &m->s[i];
	struct image g = m->commits[s->view];

	for (int k = 0; k < s->n_log && s->log[k].clause < clause; k++)
		apply(&g, &s->log[k]);
	return g;
}

static struct image now(const struct model *m, int i)
{
	return model_seen(m, i, EVERY_CLAUSE);
}

static void note(struct model *m, int i, struct change c)
{
	struct model_session *s = &m->s[i];

	assert(s->n_log < LOG_MAX);
	c.clause = s->clause;
	s->log[s->n_log++] = c;
}

static bool taken(const struct model *m, int i, const struct claims *c)
{
	return (c->active != NOBODY && c->active != i) || c->last_commit > m->s[i].view;
}

/* ---- the unique constraint on M(x) ---- */

static struct value held(const struct image *g, int n)
{
	return g->node[n] && g->label[n][1] ? g->x[n] : VALUE_NULL;
}

static bool same(struct value a, struct value b)
{
	return value_eq(a, b) == TRUTH_TRUE;
}

/* All that a session's nodes took or gave up, be it for a moment only. */
static struct touched touched_by(const struct model *m, const struct model_session *s)
{
	struct image g = m->commits[s->view];
	struct touched t = {.n = 0};

	for (int k = 0; k < s->n_log; k++) {
		const struct change *c = &s->log[k];
		bool on_node = c->op != LINK && c->op != UNLINK;
		struct value before = on_node ? held(&g, c->at) : VALUE_NULL;
		apply(&g, c);
		struct value after = on_node ? held(&g, c->at) : VALUE_NULL;
		if (same(before, after))
			continue;
		t.v[t.n++] = before;
		t.v[t.n++] = after;
	}
	return t;
}

static bool has_touched(const struct touched *t, struct value v)
{
	for (int k = 0; k < t->n; k++)
		if (same(t->v[k], v))
			return true;
	return false;
}

/* Before the change: who else is behind the value that its node would have? */
static enum status may_take(const struct model *m, int i, struct change c)
{
	struct image g = now(m, i);
	struct value before = held(&g, c.at);

	apply(&g, &c);
	struct value v = held(&g, c.at);
	if (!m->unique || v.kind == V_NULL || same(before, v))
		return ST_OK;
	for (int j = 0; j < SESSIONS_MAX; j++) {
		if (j == i || !m->s[j].open || m->s[j].view == NO_VIEW)
			continue;
		struct touched t = touched_by(m, &m->s[j]);
		if (has_touched(&t, v))
			return ST_CONFLICT;
	}
	for (int k = m->s[i].view + 1; k <= m->n_commits; k++)
		if (has_touched(&m->touched[k], v))
			return ST_CONFLICT;
	for (int n = 0; n < NODES; n++)
		if (n != c.at && same(held(&g, n), v))
			return ST_INVALID;
	return ST_OK;
}

static enum status change_node(struct model *m, int i, struct change c)
{
	enum status st = may_take(m, i, c);

	if (st != ST_OK)
		return st;
	m->node[c.at].active = i;
	note(m, i, c);
	return ST_OK;
}

static enum status set(struct model *m, int i, int n, struct value v)
{
	if (taken(m, i, &m->node[n]))
		return ST_CONFLICT;
	if (!now(m, i).node[n])
		return ST_INVALID;
	return change_node(m, i, (struct change){.op = SET, .at = n, .v = v});
}

/* A label that is there already, or is not, is no change and claims nothing. */
static enum status label(struct model *m, int i, struct step x)
{
	if (taken(m, i, &m->node[x.n]))
		return ST_CONFLICT;
	struct image g = now(m, i);
	if (!g.node[x.n])
		return ST_INVALID;
	if (g.label[x.n][x.m] == (x.op == LABEL))
		return ST_OK;
	return change_node(m, i, (struct change){.op = x.op, .at = x.n, .label = x.m});
}

static enum status create(struct model *m, int i, int n)
{
	m->node[n] = free_claims;
	m->node[n].active = i;
	note(m, i, (struct change){.op = NEW, .at = n});
	return ST_OK;
}

static bool being_deleted(const struct model *m, int i, const struct claims *c)
{
	return (c->deleter != NOBODY && c->deleter != i) || c->last_delete > m->s[i].view;
}

static enum status link(struct model *m, int i, int from, int to)
{
	if (being_deleted(m, i, &m->node[from]))
		return ST_CONFLICT;
	if (!now(m, i).node[from])
		return ST_INVALID;
	if (being_deleted(m, i, &m->node[to]))
		return ST_CONFLICT;
	if (!now(m, i).node[to])
		return ST_INVALID;
	int e = m->n_edges++;
	assert(e < EDGES_MAX);
	m->edges[e] = (struct model_edge){.from = from, .to = to, .maker = i};
	m->edge[e] = free_claims;
	m->edge[e].active = i;
	note(m, i, (struct change){.op = LINK, .at = e});
	return ST_OK;
}

static enum status unlink(struct model *m, int i, int e)
{
	if (taken(m, i, &m->edge[e]))
		return ST_CONFLICT;
	if (!now(m, i).edge[e])
		return ST_OK;
	m->edge[e].active = m->edge[e].deleter = i;
	note(m, i, (struct change){.op = UNLINK, .at = e});
	return ST_OK;
}

/* Whether session i has this change in its log still. */
static bool logged(const struct model *m, int i, enum op op, int at)
{
	for (int k = 0; k < m->s[i].n_log; k++)
		if (m->s[i].log[k].op == op && m->s[i].log[k].at == at)
			return true;
	return false;
}

static bool edge_is_contested(const struct model *m, int i, int e)
{
	const struct claims *c = &m->edge[e];
	const struct model_edge *x = &m->edges[e];

	if (x->maker != NOBODY && x->maker != i)
		return logged(m, x->maker, LINK, e);
	if (x->made > m->s[i].view || c->last_delete > m->s[i].view)
		return x->made > 0 || c->last_delete > 0;
	return c->deleter != NOBODY && c->deleter != i && logged(m, c->deleter, UNLINK, e);
}

static enum status del(struct model *m, int i, int n, bool detach)
{
	bool left = false, contested = false;

	if (taken(m, i, &m->node[n]))
		return ST_CONFLICT;
	if (!now(m, i).node[n])
		return logged(m, i, DEL, n) ? ST_OK : ST_INVALID;
	m->node[n].active = m->node[n].deleter = i;
	note(m, i, (struct change){.op = DEL, .at = n});
	for (int e = 0; e < m->n_edges; e++) {
		if (m->edges[e].from != n && m->edges[e].to != n)
			continue;
		if (detach && now(m, i).edge[e] && unlink(m, i, e) == ST_CONFLICT)
			return ST_CONFLICT;
		contested = contested || edge_is_contested(m, i, e);
		left = left || now(m, i).edge[e];
	}
	return contested ? ST_CONFLICT : left ? ST_INVALID : ST_OK;
}

enum status model_change(struct model *m, int i, struct step x)
{
	switch (x.op) {
	case SET:
	case INC:
		return set(m, i, x.n, x.v);
	case NEW:
		return create(m, i, x.n);
	case LABEL:
	case UNLABEL:
		return label(m, i, x);
	case LINK:
		return link(m, i, x.n, x.m);
	case UNLINK:
		return unlink(m, i, x.n);
	default:
		return del(m, i, x.n, x.op == DETACH);
	}
}

void model_begin(struct model *m, int i)
{
	m->s[i] = (struct model_session){.open = true, .view = NO_VIEW, .clause = 1};
}

void model_back(struct model *m, int i, int n_log)
{
	m->s[i].n_log = n_log;
	m->s[i].clause++;
	m->s[i].failed = false;
}

static void end_claim(struct claims *c, int i, int lsn)
{
	if (c->active == i && lsn > 0) {
		c->last_commit = lsn;
		if (c->deleter == i)
			c->last_delete = lsn;
	}
	if (c->active == i)
		c->active = NOBODY;
	if (c->deleter == i)
		c->deleter = NOBODY;
}

static int commit_log(struct model *m, const struct model_session *s)
{
	int lsn = m->n_commits + 1;
	struct image g = m->commits[m->n_commits];

	assert(lsn <= COMMITS_MAX);
	m->touched[lsn] = touched_by(m, s);
	for (int k = 0; k < s->n_log; k++) {
		const struct change *c = &s->log[k];
		apply(&g, c);
		if (c->op == LINK)
			m->edges[c->at].made = lsn;
		if (c->op == DEL)
			m->node[c->at].last_delete = lsn;
		if (c->op == UNLINK)
			m->edge[c->at].last_delete = lsn;
	}
	m->commits[m->n_commits = lsn] = g;
	return lsn;
}

void model_end(struct model *m, int i, bool commit)
{
	struct model_session *s = &m->s[i];
	int lsn = commit && s->n_log > 0 ? commit_log(m, s) : 0;

	for (int n = 0; n < NODES; n++)
		end_claim(&m->node[n], i, lsn);
	for (int e = 0; e < m->n_edges; e++) {
		end_claim(&m->edge[e], i, lsn);
		if (m->edges[e].maker == i)
			m->edges[e].maker = NOBODY;
	}
	s->open = false;
}

void model_ddl(struct model *m, bool create_index)
{
	int lsn = m->n_commits + 1;

	assert(lsn <= COMMITS_MAX);
	m->commits[lsn] = m->commits[m->n_commits];
	m->n_commits = lsn;
	m->index_since = create_index ? lsn : NO_INDEX;
}

void model_start(struct model *m)
{
	*m = (struct model){.n_edges = 1, .index_since = NO_INDEX};
	for (int n = 0; n < NODES; n++) {
		m->node[n] = free_claims;
		m->commits[0].node[n] = n < NODES_FIRST;
		m->commits[0].label[n][0] = true;
		m->commits[0].x[n] = value_int(0);
	}
	m->commits[0].edge[0] = true;
	m->edges[0] = (struct model_edge){.from = 0, .to = 1, .maker = NOBODY};
	m->edge[0] = free_claims;
}
