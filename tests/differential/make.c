/* Random statements. */
#include "tests/differential/make.h"

uint32_t make_var(struct maker *m, char letter)
{
	if (m->s->n_vars >= VARS_MAX)
		return VARS_MAX - 1; /* never: statements are short */
	snprintf(m->s->vars[m->s->n_vars].text, sizeof(m->s->vars[0].text), "%c%u", letter,
		 m->s->n_vars);
	return m->s->n_vars++;
}

void make_visible(struct maker *m, uint32_t var, enum var_kind kind)
{
	m->scope[m->n_scope].var = var;
	m->scope[m->n_scope].kind = (uint8_t)kind;
	m->scope[m->n_scope++].earlier = false;
}

uint32_t make_pick(struct maker *m, uint32_t kinds, enum var_kind *ret_kind)
{
	uint32_t n = 0, found = NO_VAR;

	for (uint32_t i = 0; i < m->n_scope; i++)
		if ((kinds >> m->scope[i].kind & 1) != 0 && below(m, ++n) == 0) {
			found = m->scope[i].var;
			*ret_kind = (enum var_kind)m->scope[i].kind;
		}
	return found;
}

/* ---- projections ------------------------------------------------------------------------------
 */

struct out { /* an item and what it is afterwards */
	struct item item;
	enum var_kind kind;
};

static bool var_used(const struct projection *pr, uint32_t var)
{
	for (uint32_t i = 0; i < pr->n_items; i++)
		if (pr->items[i].var == var)
			return true;
	return false;
}

static struct out variable_item(struct maker *m, const struct projection *pr)
{
	enum var_kind kind = K_ANY;
	uint32_t v = make_pick(m,
			       1u << K_NODE | 1u << K_EDGE | 1u << K_EDGES | 1u << K_PATH |
				   1u << K_NUMBER | 1u << K_STRING | 1u << K_ANY,
			       &kind);
	struct out o = {.kind = kind};

	if (v == NO_VAR)
		return (struct out){.item.term = make_number(m, 1), .kind = K_NUMBER};
	o.item.term = term_var(m, v);
	o.item.var = v;
	o.item.opaque = kind == K_EDGES || kind == K_PATH;
	o.item.named = var_used(pr, v) || chance(m, 20);
	return o;
}

static struct out any_item(struct maker *m, const struct projection *pr, bool last)
{
	switch (below(m, 8)) {
	case 0:
	case 1:
	case 2:
		return variable_item(m, pr);
	case 3:
		return (struct out){.item.term = make_string(m), .kind = K_STRING};
	case 4:
		return (struct out){.item.term = make_any(m), .kind = K_ANY};
	case 5:
		return (struct out){.item.term = make_condition(m, 1, last && !pr->grouped),
				    .kind = K_ANY};
	default:
		return (struct out){.item.term = make_number(m, 2), .kind = K_NUMBER};
	}
}

static struct out aggregate_item(struct maker *m, bool heaps)
{
	struct out o = {.kind = K_ANY};
	bool heap;

	o.item.term = make_aggregate(m, &heap);
	if (heap && !heaps)
		o.item.term->kind = T_COUNT;
	heap = heap && heaps;
	o.item.aggregates = true;
	o.item.unordered = heap;
	o.item.opaque = heap;
	switch ((enum term_kind)o.item.term->kind) {
	case T_COUNT_STAR:
	case T_COUNT:
	case T_SUM:
	case T_AVG:
		o.kind = K_NUMBER;
		if (chance(m, 10))
			o.item.term = term_of(m, T_ADD, o.item.term, term_int(m, 1));
		break;
	case T_COLLECT:
		o.kind = K_HEAP;
		break;
	default:
		break;
	}
	return o;
}

static void add_sort(struct maker *m, struct projection *pr, uint32_t i, const enum var_kind *kinds)
{
	const struct item *item = &pr->items[i];
	struct sort *s = &pr->sorts[pr->n_sorts++];
	bool element = item->term->kind == T_VAR && (kinds[i] == K_NODE || kinds[i] == K_EDGE);

	*s = (struct sort){.term = item->term, .i_item = i, .descending = chance(m, 40)};
	if (element) {
		s->term = term_prop(m, item->var, KEY_ID);
		s->i_item = UINT32_MAX;
	}
	s->has_nulls = chance(m, 20);
	s->nulls_first = chance(m, 50);
}

/* Sorted by everything, so that a page of it is one answer only; false: not possible. */
static bool sort_by_all(struct maker *m, struct projection *pr, const enum var_kind *kinds)
{
	for (uint32_t i = 0; i < pr->n_items; i++)
		if (pr->items[i].opaque)
			return false;
	for (uint32_t i = 0; i < pr->n_items; i++)
		add_sort(m, pr, i, kinds);
	return true;
}

static void make_page(struct maker *m, struct projection *pr)
{
	pr->has_skip = chance(m, 35);
	pr->skip = pr->has_skip ? below(m, 4) : 0;
	pr->has_limit = !pr->has_skip || chance(m, 70);
	pr->limit = pr->has_limit ? below(m, 6) : UINT32_MAX;
}

/* The items; kinds[i] is what they are afterwards. */
static void make_items(struct maker *m, struct projection *pr, bool last, bool in_union,
		       enum var_kind *kinds)
{
	uint32_t n = in_union ? 2 : 1 + below(m, 3);
	bool may_fail = !in_union && chance(m, 30), name_all = in_union || chance(m, 60);

	for (uint32_t i = 0; i < n; i++) {
		bool aggregate = pr->grouped && (i + 1 == n || chance(m, 40));
		m->may_fail = may_fail;
		struct out o = aggregate ? aggregate_item(m, !in_union && !pr->distinct)
					 : any_item(m, pr, last);
		m->may_fail = false;
		bool variable = o.item.term->kind == T_VAR && !o.item.aggregates;
		if (variable && o.item.var == 0)
			o.item.var = o.item.term->var;
		if (in_union)
			o.item.named = true;
		else if (variable)
			o.item.named = o.item.named || var_used(pr, o.item.term->var);
		else
			o.item.named = !last || name_all || i > 0;
		if (!variable || o.item.named) {
			o.item.var = make_var(m, 'v');
			if (in_union && last)
				snprintf(m->s->vars[o.item.var].text, sizeof(m->s->vars[0].text),
					 "c%u", i);
		}
		kinds[i] = o.kind;
		pr->items[pr->n_items++] = o.item;
	}
}

static bool all_named(const struct projection *pr)
{
	for (uint32_t i = 0; i < pr->n_items; i++)
		if (!pr->items[i].named && pr->items[i].term->kind != T_VAR)
			return false;
	return true;
}

static void make_projection(struct maker *m, struct clause *c, bool last, bool in_union)
{
	struct projection *pr = &c->project;
	enum var_kind kinds[ITEMS_MAX];

	pr->limit = UINT32_MAX;
	pr->grouped = m->groups || chance(m, 35);
	pr->distinct = !pr->grouped && chance(m, 30);
	make_items(m, pr, last, in_union, kinds);
	bool names = all_named(pr);
	pr->write_groups = pr->grouped && names && chance(m, 30);
	for (uint32_t i = 0; i < pr->n_items; i++)
		pr->write_groups = pr->write_groups && pr->items[i].named;
	if (names && !in_union && chance(m, 35)) {
		bool total = sort_by_all(m, pr, kinds);
		if (!total || (last && chance(m, 40)))
			pr->n_sorts = MIN_OF(pr->n_sorts, 1u);
		if (total && chance(m, 50) && (last || pr->n_sorts == pr->n_items))
			make_page(m, pr);
	} else if (last && !in_union && chance(m, 12)) {
		make_page(m, pr);
	}
	m->n_scope = 0;
	for (uint32_t i = 0; i < pr->n_items; i++)
		make_visible(m, pr->items[i].var, kinds[i]);
	if (!last && chance(m, 25))
		pr->where = make_condition(m, 1, true);
}

/* ---- clauses ----------------------------------------------------------------------------------
 */

static struct clause *clause_new(struct branch *b, enum clause_kind kind)
{
	struct clause *c = &b->clauses[b->n_clauses++];

	*c = (struct clause){.kind = (uint8_t)kind, .var = NO_VAR};
	return c;
}

static void add_return(struct maker *m, struct branch *b, bool in_union)
{
	struct clause *c = clause_new(b, C_RETURN);

	make_projection(m, c, true, in_union);
	if (m->s->n_branches > 1 || c->project.has_limit || c->project.has_skip)
		return;
	struct item *item = &c->project.items[0];
	if (item->named && !item->aggregates && !c->project.grouped && chance(m, 3) &&
	    item->term->kind != T_VAR) {
		item->term = term_of(m, T_DIV, term_int(m, 4), item->term);
		const struct term *by = item->term->args[1];
		if (c->project.n_sorts > 0 || by->kind != T_PROP || by->key > KEY_X)
			item->term = item->term->args[1];
	}
}

static void add_unwind(struct maker *m, struct branch *b)
{
	enum var_kind kind;
	uint32_t heap = make_pick(m, 1u << K_HEAP, &kind);
	struct clause *c = clause_new(b, C_UNWIND);

	c->var = make_var(m, 'v');
	if (heap != NO_VAR) {
		c->term = term_var(m, heap);
		make_visible(m, c->var, K_ANY);
		return;
	}
	c->term = term_new(m, T_LIST);
	for (uint32_t n = below(m, 4); c->term->n_args < n;)
		c->term->args[c->term->n_args++] = make_number(m, 0);
	make_visible(m, c->var, K_NUMBER);
}

void make_reader(struct maker *m, struct branch *b, bool first)
{
	struct clause *c;

	switch (below(m, first ? 14 : 18)) {
	case 12:
		c = clause_new(b, C_OPTIONAL);
		c->pattern = make_pattern(m, false);
		return;
	case 13:
		add_unwind(m, b);
		return;
	case 14:
	case 15:
		c = clause_new(b, C_OPTIONAL);
		c->pattern = make_pattern(m, false);
		return;
	case 16:
		c = clause_new(b, C_LET);
		m->may_fail = true;
		c->term = make_number(m, 2);
		m->may_fail = false;
		c->var = make_var(m, 'v');
		make_visible(m, c->var, K_NUMBER);
		return;
	case 17:
		c = clause_new(b, C_FILTER);
		c->term = make_condition(m, 1, true);
		return;
	default:
		c = clause_new(b, C_MATCH);
		c->pattern = make_pattern(m, false);
	}
}

void make_with(struct maker *m, struct branch *b)
{
	make_projection(m, clause_new(b, C_WITH), false, false);
}

void make_return(struct maker *m, struct branch *b)
{
	add_return(m, b, false);
}

static void make_general(struct maker *m, struct branch *b, bool in_union)
{
	uint32_t n = 1 + below(m, in_union ? 2 : 3);

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && m->n_hops > 5)
			break;
		make_reader(m, b, m->n_scope == 0);
		if (i + 1 < n && m->n_scope > 0 && chance(m, 30))
			make_projection(m, clause_new(b, C_WITH), false, in_union);
	}
	add_return(m, b, in_union);
}

/* ---- the shapes that have operators of their own ----------------------------------------------
 */

static void add_item(struct maker *m, struct projection *pr, struct term *t)
{
	struct item *item = &pr->items[pr->n_items++];

	*item = (struct item){.term = t, .named = true, .var = make_var(m, 'v')};
	item->aggregates = t->kind >= T_COUNT_STAR;
}

static struct term *counted(struct maker *m, enum term_kind kind, struct term *x, bool distinct)
{
	struct term *t = kind == T_COUNT_STAR ? term_new(m, kind) : term_of(m, kind, x, NULL);

	t->distinct = distinct;
	return t;
}

static void make_expansion(struct maker *m, struct branch *b)
{
	struct clause *c = clause_new(b, C_MATCH);
	uint32_t first, last;

	c->pattern = make_chain(m, 1 + below(m, 4), &first, &last);
	c = clause_new(b, C_RETURN);
	struct projection *pr = &c->project;
	pr->limit = UINT32_MAX;
	switch (below(m, 8)) {
	case 0:
	case 1:
		add_item(m, pr, counted(m, T_COUNT_STAR, NULL, false));
		break;
	case 2:
		add_item(m, pr, counted(m, T_COUNT, term_var(m, last), chance(m, 70)));
		break;
	case 3:
		add_item(m, pr, term_prop(m, chance(m, 70) ? first : last, KEY_X));
		add_item(m, pr, counted(m, T_COUNT_STAR, NULL, false));
		break;
	case 4:
		add_item(m, pr, term_var(m, first));
		add_item(m, pr, counted(m, T_COUNT_STAR, NULL, false));
		break;
	case 5:
		pr->distinct = true;
		add_item(m, pr, term_prop(m, first, KEY_ID));
		add_item(m, pr, term_prop(m, last, KEY_ID));
		break;
	default:
		pr->distinct = true;
		add_item(m, pr, chance(m, 50) ? term_var(m, last) : term_prop(m, last, KEY_ID));
		if (chance(m, 15))
			make_page(m, pr);
	}
	for (uint32_t i = 0; i < pr->n_items; i++)
		pr->grouped = pr->grouped || pr->items[i].aggregates;
}

/* Ends of an undirected walk of several lengths, once each or counted. */
static void make_reachable(struct maker *m, struct branch *b)
{
	struct clause *c = clause_new(b, C_MATCH);
	uint32_t first, last;

	c->pattern = make_walk(m, &first, &last);
	c = clause_new(b, C_RETURN);
	struct projection *pr = &c->project;
	pr->limit = UINT32_MAX;
	pr->distinct = chance(m, 70);
	if (chance(m, 60))
		add_item(m, pr, term_prop(m, first, chance(m, 70) ? KEY_ID : KEY_X));
	if (pr->n_items == 0 || chance(m, 60))
		add_item(m, pr, chance(m, 50) ? term_var(m, last) : term_prop(m, last, KEY_ID));
	if (!pr->distinct || chance(m, 20)) {
		bool distinct = chance(m, 60);
		pr->distinct = false;
		pr->grouped = true;
		add_item(m, pr, counted(m, T_COUNT, term_var(m, last), distinct));
	}
	if (!pr->grouped && chance(m, 20))
		make_page(m, pr);
}

/* Groups of groups. */
static void make_levels(struct maker *m, struct branch *b)
{
	make_reader(m, b, true);
	for (uint32_t n = 1 + below(m, 3); n > 0; n--) {
		m->groups = true;
		make_with(m, b);
		m->groups = false;
		if (chance(m, 25))
			make_reader(m, b, m->n_scope == 0);
	}
	add_return(m, b, false);
}

/* Rows that find nothing go on. */
static void make_optional(struct maker *m, struct branch *b)
{
	make_reader(m, b, true);
	for (uint32_t n = 1 + below(m, 2); n > 0 && m->n_hops < 6; n--) {
		struct clause *c = clause_new(b, C_OPTIONAL);
		c->pattern = make_pattern(m, false);
		if (c->pattern->where == NULL)
			c->pattern->where = make_condition(m, 2, true);
		if (chance(m, 30)) {
			c = clause_new(b, C_FILTER);
			c->term = make_condition(m, 1, true);
		}
	}
	add_return(m, b, false);
}

/* What bounds the key or not, or asks for something else. */
static struct term *order_condition(struct maker *m, struct term *key)
{
	static const uint8_t ops[] = {T_LT, T_LE, T_GT, T_GE, T_GT, T_GE, T_EQ};
	struct term *t;

	switch (below(m, 6)) {
	case 0:
	case 1:
		return term_of(m, (enum term_kind)ops[below(m, 7)], key,
			       term_int(m, (int64_t)below(m, 5) - 1));
	case 2:
		t = term_of(m, chance(m, 50) ? T_GT : T_GE, key, term_int(m, below(m, 3)));
		return term_of(m, T_AND, t,
			       term_of(m, chance(m, 50) ? T_LT : T_LE, key, term_int(m, 3)));
	case 3:
		return term_of(m, chance(m, 80) ? T_IS_NOT_NULL : T_IS_NULL, key, NULL);
	default:
		return make_condition(m, 1, false);
	}
}

/* The first nodes by a property, or its least or largest value. */
static void make_first(struct maker *m, struct branch *b)
{
	struct clause *c = clause_new(b, C_MATCH);
	enum var_kind kinds[] = {K_ANY, K_NUMBER};
	uint32_t n, last;

	c->pattern = make_chain(m, 0, &n, &last);
	c->pattern->where = NULL;
	c->pattern->paths[0].nodes[0].test = LABEL_ONE;
	c->pattern->paths[0].nodes[0].n_props = 0;
	uint32_t key = chance(m, 50) ? KEY_Y : below(m, N_KEYS);
	struct term *x = term_prop(m, n, (enum key)key);
	if (chance(m, 55))
		c->pattern->where = order_condition(m, x);
	c = clause_new(b, C_RETURN);
	struct projection *pr = &c->project;
	pr->limit = UINT32_MAX;
	if (chance(m, 25)) {
		pr->grouped = true;
		add_item(m, pr, counted(m, chance(m, 50) ? T_MIN : T_MAX, x, chance(m, 10)));
		return;
	}
	add_item(m, pr, x);
	add_sort(m, pr, 0, kinds);
	pr->sorts[0].has_nulls = chance(m, 50);
	pr->sorts[0].nulls_first = chance(m, 20);
	add_item(m, pr, term_prop(m, n, KEY_ID));
	if (chance(m, 50))
		add_sort(m, pr, 1, kinds);
	make_page(m, pr);
	if (!pr->has_limit) {
		pr->has_limit = true;
		pr->limit = 1 + below(m, 6);
	}
}

static void make_shape(struct maker *m, struct branch *b, uint32_t which)
{
	if (which < 24) {
		(which < 14   ? make_expansion
		 : which < 18 ? make_reachable
		 : which < 21 ? make_levels
			      : make_optional)(m, b);
		return;
	}
	struct clause *c = clause_new(b, C_MATCH);
	c->pattern = which < 32 ? make_cycle(m) : which < 40 ? make_pair(m) : make_shortest(m);
	if (which < 40 && chance(m, 25)) {
		c = clause_new(b, C_RETURN);
		c->project.limit = UINT32_MAX;
		c->project.grouped = true;
		add_item(m, &c->project, counted(m, T_COUNT_STAR, NULL, false));
		return;
	}
	if (m->n_hops < 4 && chance(m, 25))
		make_reader(m, b, false);
	add_return(m, b, false);
}

struct statement *statement_make(struct arena *a, struct rng *r, const struct small_graph *g,
				 bool writes)
{
	struct statement *s = must(ARENA_NEW(a, struct statement));
	struct maker m = {.a = a, .r = r, .s = s, .g = g};
	uint32_t which = below(&m, 98);

	*s = (struct statement){.a = a, .n_branches = 1, .writes = writes};
	if (writes) {
		make_write(&m, &s->branches[0]);
	} else if (which >= 90) {
		make_first(&m, &s->branches[0]);
	} else if (which < 46) {
		make_shape(&m, &s->branches[0], which);
	} else if (which < 52) {
		s->n_branches = 2 + chance(&m, 20);
		s->union_all = chance(&m, 50);
		for (uint32_t i = 0; i < s->n_branches; i++) {
			m.n_scope = 0;
			make_general(&m, &s->branches[i], true);
		}
	} else {
		make_general(&m, &s->branches[0], false);
	}
	struct pattern *pt = s->branches[0].clauses[0].pattern;
	if (chance(&m, 1) && !s->writes && pt != NULL) {
		s->broken = true;
		pt->where = term_of(&m, T_EQ, term_new(&m, T_UNKNOWN), term_int(&m, 1));
	}
	return s;
}
