/* Random statements that write, and scripts of several statements. */
#include "tests/differential/make.h"

#define NODES (1u << K_NODE)
#define ELEMENTS (1u << K_NODE | 1u << K_EDGE)

/* ---- clauses ----------------------------------------------------------------------------------
 */

static struct write *add_write(struct maker *m, struct branch *b, enum clause_kind kind)
{
	struct clause *c = &b->clauses[b->n_clauses++];

	*c = (struct clause){.kind = (uint8_t)kind, .var = NO_VAR};
	c->write = must(ARENA_NEW(m->a, struct write));
	*c->write = (struct write){0};
	return c->write;
}

static struct term *value_for(struct maker *m, uint8_t key)
{
	switch ((enum key)key) {
	case KEY_ID:
		return chance(m, 60) ? term_int(m, 30 + below(m, 9)) : make_number(m, 1);
	case KEY_X:
		return chance(m, 30) ? term_int(m, below(m, 8)) : make_number(m, 2);
	case KEY_S:
		return make_string(m);
	default:
		return make_any(m);
	}
}

static uint32_t new_props(struct maker *m, struct prop_test *props)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < N_KEYS && n < NEW_PROPS_MAX; k++)
		if (chance(m, k == KEY_X ? 60 : 30))
			props[n++] = (struct prop_test){(uint8_t)k, value_for(m, (uint8_t)k)};
	return n;
}

static uint8_t some_labels(struct maker *m)
{
	uint8_t labels = (uint8_t)(1u << below(m, N_LABELS));

	if (chance(m, 25))
		labels |= (uint8_t)(1u << below(m, N_LABELS));
	return chance(m, 15) ? 0 : labels;
}

static struct new_node new_node(struct maker *m, bool may_be_bound)
{
	struct new_node n = {.var = NO_VAR};
	enum var_kind kind;

	if (may_be_bound && chance(m, 65))
		n.var = make_pick(m, NODES, &kind);
	n.bound = n.var != NO_VAR;
	if (n.bound)
		return n;
	n.labels = some_labels(m);
	n.n_props = new_props(m, n.props);
	if (chance(m, 60))
		n.var = make_var(m, 'n');
	return n;
}

/* Its variables can be seen from the next clause on. */
static void show_path(struct maker *m, const struct new_path *p)
{
	for (uint32_t i = 0; i <= p->n_hops; i++)
		if (!p->nodes[i].bound && p->nodes[i].var != NO_VAR)
			make_visible(m, p->nodes[i].var, K_NODE);
	for (uint32_t i = 0; i < p->n_hops; i++)
		if (p->edges[i].var != NO_VAR)
			make_visible(m, p->edges[i].var, K_EDGE);
}

static void add_insert(struct maker *m, struct branch *b)
{
	struct new_path *p = &add_write(m, b, C_INSERT)->path;

	p->n_hops = chance(m, 35) ? 0 : 1 + chance(m, 25);
	p->nodes[0] = new_node(m, p->n_hops > 0);
	for (uint32_t i = 0; i < p->n_hops; i++) {
		struct new_edge *e = &p->edges[i];
		*e = (struct new_edge){.var = NO_VAR, .back = chance(m, 40)};
		e->type = (uint8_t)below(m, N_TYPES);
		e->n_props = chance(m, 50) ? new_props(m, e->props) : 0;
		if (chance(m, 40))
			e->var = make_var(m, 'e');
		p->nodes[i + 1] = new_node(m, true);
	}
	show_path(m, p);
}

static bool make_change(struct maker *m, bool removes, struct change *c)
{
	static const uint8_t kinds[] = {W_SET,	 W_SET,	    W_SET, W_SET,
					W_LABEL, W_REPLACE, W_ADD, W_COPY};
	enum var_kind kind = K_ANY, from = K_ANY;

	*c = (struct change){.var = make_pick(m, ELEMENTS, &kind)};
	if (c->var == NO_VAR)
		return false;
	c->kind = removes ? (chance(m, 50) ? W_UNSET : W_UNLABEL) : kinds[below(m, 8)];
	if (kind == K_EDGE && (c->kind == W_LABEL || c->kind == W_UNLABEL))
		c->kind = removes ? W_UNSET : W_SET;
	c->key = (uint8_t)(chance(m, 8) ? KEY_ID : KEY_X + below(m, 3));
	c->label = (uint8_t)below(m, N_LABELS);
	c->from = make_pick(m, ELEMENTS, &from);
	if (c->kind == W_SET)
		c->value = value_for(m, c->key);
	if (c->kind == W_REPLACE || c->kind == W_ADD)
		c->n_props = new_props(m, c->props);
	return true;
}

static void add_set(struct maker *m, struct branch *b)
{
	struct write *w = add_write(m, b, C_SET);
	uint32_t n = 1 + below(m, CHANGES_MAX);
	bool removes = chance(m, 25);

	while (w->n_changes < n && make_change(m, removes, &w->changes[w->n_changes]))
		w->n_changes++;
	if (w->n_changes == 0)
		b->n_clauses--;
}

static void add_delete(struct maker *m, struct branch *b)
{
	struct write *w = add_write(m, b, C_DELETE);
	uint32_t n = 1 + chance(m, 30), kept = 0;
	enum var_kind kind;

	w->detach = chance(m, 75);
	while (w->n_targets < n) {
		uint32_t v =
		    make_pick(m, chance(m, 40) ? 1u << K_EDGE | 1u << K_EDGES : ELEMENTS, &kind);
		if (v == NO_VAR)
			break;
		w->targets[w->n_targets++] = v;
	}
	if (w->n_targets == 0)
		b->n_clauses--;
	if (w->n_targets == 0 || chance(m, 15))
		return;
	for (uint32_t i = 0; i < m->n_scope; i++) /* what may be gone is not asked for */
		if (m->scope[i].kind >= K_NUMBER)
			m->scope[kept++] = m->scope[i];
	m->n_scope = kept;
}

/* A change of what MERGE found or made, at keys that it does not look at. */
static uint32_t merge_changes(struct maker *m, uint32_t var, struct change *ret)
{
	struct change *c = &ret[0];
	enum var_kind kind;

	if (chance(m, 55))
		return 0;
	*c = (struct change){.kind = W_SET, .var = var, .key = KEY_S};
	if (chance(m, 70)) {
		c->value = term_new(m, T_LITERAL);
		c->value->value = value_str(str_of(chance(m, 50) ? "met" : "new"));
		return 1;
	}
	c->key = KEY_Y;
	uint32_t v = make_pick(m, ELEMENTS, &kind);
	c->value = term_prop(m, v == NO_VAR ? var : v, KEY_ID);
	return 1;
}

/* Null is an error. */
static struct term *merge_key(struct maker *m)
{
	struct term *t = make_number(m, 1);

	return chance(m, 10) ? t : term_of(m, T_COALESCE, t, term_int(m, below(m, 4)));
}

static void add_merge(struct maker *m, struct branch *b)
{
	struct write *w = add_write(m, b, C_MERGE);
	struct new_path *p = &w->path;
	enum var_kind kind;
	uint32_t from = make_pick(m, NODES, &kind), to = make_pick(m, NODES, &kind), var;

	p->n_hops = from != NO_VAR && chance(m, 55);
	if (p->n_hops == 0 || chance(m, 30)) {
		var = make_var(m, 'n');
		p->nodes[p->n_hops] = (struct new_node){
		    .var = var, .labels = (uint8_t)(1u << below(m, N_LABELS)), .n_props = 1};
		p->nodes[p->n_hops].props[0] = (struct prop_test){KEY_X, merge_key(m)};
	} else {
		var = make_var(m, 'e');
		p->nodes[1] = (struct new_node){.var = to, .bound = true};
	}
	if (p->n_hops > 0) {
		p->nodes[0] = (struct new_node){.var = from, .bound = true};
		p->edges[0] = (struct new_edge){.var = p->nodes[1].bound ? var : NO_VAR,
						.type = (uint8_t)below(m, N_TYPES),
						.back = chance(m, 40)};
		p->edges[0].n_props = chance(m, 30);
		p->edges[0].props[0] = (struct prop_test){KEY_X, merge_key(m)};
	}
	w->n_changes = merge_changes(m, var, w->changes);
	w->n_on_match = merge_changes(m, var, w->on_match);
	show_path(m, p);
}

static void add_writer(struct maker *m, struct branch *b)
{
	uint32_t which = below(m, 10);

	m->may_fail = true;
	if (which < 3 || m->n_scope == 0)
		chance(m, 70) ? add_insert(m, b) : add_merge(m, b);
	else if (which < 6)
		add_set(m, b);
	else if (which < 8)
		add_delete(m, b);
	else
		add_merge(m, b);
	m->may_fail = false;
}

/* A pattern that is likely to be met. */
static void add_match(struct maker *m, struct branch *b)
{
	struct clause *c = &b->clauses[b->n_clauses++];
	uint32_t first, last;

	*c = (struct clause){.kind = C_MATCH, .var = NO_VAR};
	c->pattern = make_chain(m, below(m, 3), &first, &last);
	struct path_pat *p = &c->pattern->paths[0];
	for (uint32_t i = 0; i < p->n_hops; i++)
		if (chance(m, 60)) {
			p->edges[i].var = make_var(m, 'e');
			make_visible(m, p->edges[i].var, K_EDGE);
		}
}

/* Reads and writes in turns. */
void make_write(struct maker *m, struct branch *b)
{
	uint32_t n = 1 + below(m, 3);

	if (chance(m, 60))
		add_match(m, b);
	else if (chance(m, 75))
		make_reader(m, b, true);
	if (chance(m, 20) && m->n_hops < 3)
		make_reader(m, b, m->n_scope == 0);
	if (chance(m, 12) && m->n_scope > 0)
		make_with(m, b);
	while (n-- > 0 && b->n_clauses < CLAUSES_MAX - 4)
		add_writer(m, b);
	if (chance(m, 30) && m->n_scope > 0) {
		make_with(m, b);
		if (chance(m, 70) && m->n_hops < 3)
			make_reader(m, b, false);
		if (chance(m, 50))
			add_writer(m, b);
	}
	bool reads = b->n_clauses == 0 || b->clauses[b->n_clauses - 1].write == NULL;
	if (reads || (chance(m, 45) && m->n_scope > 0))
		make_return(m, b);
}

/* ---- scripts ----------------------------------------------------------------------------------
 */

static void add_step(struct script *s, enum step_kind kind, uint32_t to, struct statement *st)
{
	s->steps[s->n_steps++] = (struct step){(uint8_t)kind, to, st};
	s->writes = s->writes || (st != NULL && st->writes);
}

static uint32_t some_savepoint(struct rng *r, const struct script *s)
{
	uint32_t n = 0, found = UINT32_MAX;

	for (uint32_t i = 0; i < s->n_steps; i++) {
		if (s->steps[i].kind == STEP_ROLLBACK_TO)
			found = s->steps[i].to; /* later ones are gone */
		else if (s->steps[i].kind == STEP_SAVEPOINT && rng_below(r, ++n) == 0)
			found = i;
	}
	return found;
}

struct script *script_make(struct arena *a, struct rng *r, const struct small_graph *g)
{
	struct script *s = must(ARENA_NEW(a, struct script));
	uint32_t which = rng_below(r, 100);

	*s = (struct script){0};
	if (which < 93) {
		add_step(s, STEP_RUN, 0, statement_make(a, r, g, which < 14));
		s->commits = rng_percent(r, 8);
		return s;
	}
	for (uint32_t n = 3 + rng_below(r, STEPS_MAX - 2); s->n_steps < n;) {
		uint32_t savepoint = some_savepoint(r, s), x = rng_below(r, 10);
		if (x < 2)
			add_step(s, STEP_SAVEPOINT, 0, NULL);
		else if (x < 4 && savepoint != UINT32_MAX)
			add_step(s, STEP_ROLLBACK_TO, savepoint, NULL);
		else
			add_step(s, STEP_RUN, 0, statement_make(a, r, g, x < 9));
	}
	s->commits = rng_percent(r, 25);
	return s;
}
