/* INSERT and MERGE: patterns as things to make. */
#include "plan/bind.h"

struct making {
	struct binder *b;
	const struct scope
	    *matched; /* MERGE: variables of the match side, whose slots are filled */
	VEC(struct make) items;
};

static enum status make_labels(struct making *m, const struct ast_label *l, enum name_kind kind,
			       struct make *item)
{
	struct binder *b = m->b;
	uint32_t ids[GRAPH_LABELS_MAX], n = 0;
	const struct ast_label *stack[GRAPH_LABELS_MAX];
	uint32_t depth = 0;

	if (l != NULL)
		stack[depth++] = l;
	while (depth > 0) {
		const struct ast_label *at = stack[--depth];
		if (at->kind == AST_LABEL_AND && depth + 2 <= GRAPH_LABELS_MAX) {
			stack[depth++] = at->right;
			stack[depth++] = at->left;
		} else if (at->kind == AST_LABEL_NAME && n < GRAPH_LABELS_MAX) {
			ids[n] = planner_name(b->p, kind, at->name.text);
			if (ids[n++] == NAME_NONE)
				return bind_no_memory(b);
		} else if (n >= GRAPH_LABELS_MAX) {
			return diag_fail(b->p->d, ST_LIMIT, GQL_TOO_MANY_LABELS, at->offset,
					 "more than %u labels on one node", GRAPH_LABELS_MAX);
		} else {
			return diag_set(b->p->d, GQL_SYNTAX, at->offset,
					"a new element takes labels joined by '&' only");
		}
	}
	item->labels = arena_dup(b->p->a, ids, n * sizeof ids[0]);
	item->n_labels = n;
	return item->labels != NULL ? ST_OK : bind_no_memory(b);
}

static enum status make_props(struct making *m, const struct ast_expr *props, struct make *item)
{
	struct binder *b = m->b;

	if (props == NULL)
		return ST_OK;
	if (props->kind != AST_MAP)
		return bind_expr(b, props, &item->map);
	uint32_t *keys = ARENA_ARRAY(b->p->a, uint32_t, props->n_args + 1);
	const struct expr **values = ARENA_ARRAY(b->p->a, const struct expr *, props->n_args + 1);
	if (keys == NULL || values == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < props->n_args; i++) {
		keys[i] = planner_name(b->p, NAME_KEY, props->keys[i].text);
		if (keys[i] == NAME_NONE)
			return bind_no_memory(b);
		TRY(bind_expr(b, props->args[i], &values[i]));
	}
	item->n_props = props->n_args;
	item->keys = keys;
	item->values = values;
	return ST_OK;
}

static bool part_is_bare(const struct ast_part *p)
{
	return p->label == NULL && p->props == NULL && p->where == NULL;
}

/* The slot of something new: the match side's for MERGE, else its own. */
static uint32_t made_slot(struct making *m, const struct ast_part *part)
{
	const struct part_slots *nameless = m->b->nameless;
	const struct variable *v = NULL;

	if (m->matched != NULL && ast_has_name(&part->var))
		v = scope_find(m->matched, part->var.text);
	if (v != NULL)
		return v->slot;
	for (uint32_t i = 0; nameless != NULL && i < nameless->n; i++)
		if (nameless->v[i].part == part)
			return nameless->v[i].slot;
	return planner_slot(m->b->p, part->var.text);
}

static bool makes_read_graph(uint32_t n, const struct make *items)
{
	for (uint32_t i = 0; i < n; i++) {
		if (expr_reads_graph(items[i].map))
			return true;
		for (uint32_t j = 0; j < items[i].n_props; j++)
			if (expr_reads_graph(items[i].values[j]))
				return true;
	}
	return false;
}

/* Moves the items into the plan's arena and marks their slots as bound. */
static enum status keep_items(struct making *m, const struct make **ret)
{
	struct binder *b = m->b;

	*ret = arena_dup(b->p->a, m->items.v, m->items.n * sizeof(struct make));
	for (uint32_t i = 0; i < m->items.n; i++)
		slot_add(&b->pipe->bound, m->items.v[i].slot);
	return *ret != NULL ? ST_OK : bind_no_memory(b);
}

/* The operator that makes the items so far. */
static enum status add_insert(struct making *m, uint32_t offset)
{
	struct binder *b = m->b;
	struct pop *o;

	if (makes_read_graph(m->items.n, m->items.v) || b->pipe->wrote == WROTE_CHANGES)
		TRY(bind_barrier(b));
	TRY(pipe_add(b, POP_INSERT, &o));
	o->offset = offset;
	o->insert.n = m->items.n;
	TRY(keep_items(m, &o->insert.items));
	b->pipe->wrote = WROTE_NEW;
	b->p->writes = true;
	return ST_OK;
}

/* A property that is computed from an element of the same pattern needs it made before: what stands
 * so far becomes an operator of its own. */
static enum status make_what_is_read(struct making *m, const struct make *item)
{
	struct slot_set read = {0};
	bool any = false;

	for (uint32_t i = 0; i < item->n_props; i++)
		expr_slots(item->values[i], &read);
	expr_slots(item->map, &read);
	for (uint32_t i = 0; i < m->items.n; i++)
		any = any || (!m->items.v[i].bound && slot_has(&read, m->items.v[i].slot));
	if (!any)
		return ST_OK;
	if (m->matched != NULL)
		return diag_set(m->b->p->d, GQL_BAD_REFERENCE, item->offset,
				"a property here is computed from an element of the same MERGE");
	TRY(add_insert(m, item->offset));
	m->items.n = 0;
	return ST_OK;
}

/* alone: it is all of its path, so that a bound one would make nothing. */
static enum status make_node(struct making *m, const struct ast_part *part, bool alone,
			     uint32_t *ret)
{
	struct binder *b = m->b;
	struct make item = {.offset = part->offset};
	const struct variable *v = NULL;

	if (part->where != NULL)
		return diag_set(b->p->d, GQL_SYNTAX, part->where->offset,
				"WHERE belongs to patterns that are matched");
	if (ast_has_name(&part->var))
		v = scope_find(&b->pipe->scope, part->var.text);
	if (v != NULL && alone)
		return diag_set(b->p->d, GQL_DUPLICATE_NAME, part->var.offset,
				"variable '" STR_FMT "' is there already: nothing is made here",
				STR_ARG(part->var.text));
	if (v != NULL) {
		if (v->type != V_NODE && v->type != V_NULL)
			return pattern_wrong_variable(b, &part->var, "a node");
		TRY(bind_check_graph(b, v, part->var.offset));
		if (!part_is_bare(part))
			return diag_set(b->p->d, GQL_SYNTAX, part->offset,
					"variable '" STR_FMT
					"' is bound: no labels or properties here",
					STR_ARG(part->var.text));
		*ret = v->slot;
		for (uint32_t i = 0; i < m->items.n; i++)
			if (!m->items.v[i].is_edge && m->items.v[i].slot == v->slot)
				return ST_OK; /* made by this pattern, or listed already */
		item.slot = v->slot;
		item.bound = true;
		return vec_push(MEM_PLAN, &m->items, item) ? ST_OK : bind_no_memory(b);
	}
	item.slot = made_slot(m, part);
	if (item.slot == SLOT_NONE)
		return bind_no_memory(b);
	TRY(make_labels(m, part->label, NAME_LABEL, &item));
	TRY(make_props(m, part->props, &item));
	TRY(make_what_is_read(m, &item));
	*ret = item.slot;
	if (!vec_push(MEM_PLAN, &m->items, item))
		return bind_no_memory(b);
	if (!ast_has_name(&part->var))
		return ST_OK;
	return scope_add(
	    b, &b->pipe->scope,
	    (struct variable){.name = part->var.text, .slot = item.slot, .type = V_NODE},
	    part->var.offset);
}

static enum status make_edge(struct making *m, const struct ast_part *part, uint32_t from,
			     uint32_t to, bool either_way, uint32_t *ret)
{
	struct binder *b = m->b;
	struct make item = {.is_edge = true, .offset = part->offset, .from = from, .to = to};

	if (part->quantified || part->where != NULL)
		return diag_set(b->p->d, GQL_SYNTAX, part->offset,
				"a new edge takes neither a quantifier nor WHERE");
	if (part->dir == AST_DIR_IN) {
		item.from = to;
		item.to = from;
	} else if (part->dir != AST_DIR_OUT && !either_way) {
		return diag_set(b->p->d, GQL_SYNTAX, part->offset, "a new edge needs a direction");
	}
	TRY(make_labels(m, part->label, NAME_TYPE, &item));
	if (item.n_labels != 1) {
		(void)diag_set(b->p->d, GQL_SYNTAX, part->offset,
			       "a new edge has exactly one type");
		diag_hint(b->p->d, "write -[:TYPE]->");
		return ST_INVALID;
	}
	TRY(make_props(m, part->props, &item));
	TRY(make_what_is_read(m, &item));
	item.slot = made_slot(m, part);
	if (item.slot == SLOT_NONE)
		return bind_no_memory(b);
	*ret = item.slot;
	if (!vec_push(MEM_PLAN, &m->items, item))
		return bind_no_memory(b);
	if (!ast_has_name(&part->var))
		return ST_OK;
	return scope_add(
	    b, &b->pipe->scope,
	    (struct variable){.name = part->var.text, .slot = item.slot, .type = V_EDGE},
	    part->var.offset);
}

/* Nodes of the path, then its edges; a path variable is put together afterwards. */
static enum status make_path(struct making *m, const struct ast_path *path, bool either_way,
			     struct expr **ret_path)
{
	struct binder *b = m->b;
	const struct ast_term *t = path->terms[0];
	struct expr *e;

	TRY(pattern_check_path(b, path));
	if (path->prefix.search != AST_SEARCH_ALL)
		return diag_set(b->p->d, GQL_SYNTAX, path->offset, "a search makes nothing");
	e = expr_new(b, EXPR_PATH, t->n_parts, path->offset, path->length);
	uint32_t *slots = ARENA_ARRAY(b->p->scratch, uint32_t, t->n_parts);
	if (e == NULL || slots == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < t->n_parts; i += 2)
		TRY(make_node(m, t->parts[i], t->n_parts == 1, &slots[i]));
	for (uint32_t i = 1; i < t->n_parts; i += 2)
		TRY(make_edge(m, t->parts[i], slots[i - 1], slots[i + 1], either_way, &slots[i]));
	for (uint32_t i = 0; i < t->n_parts; i++) {
		e->args[i] =
		    expr_slot(b, slots[i], i % 2 == 0 ? V_NODE : V_EDGE, false, path->offset, 0);
		if (e->args[i] == NULL)
			return bind_no_memory(b);
	}
	e->type = V_PATH;
	*ret_path = e;
	return ST_OK;
}

static enum status add_made_paths(struct binder *b, uint32_t n, const struct ast_path *const *paths,
				  struct expr **values)
{
	for (uint32_t i = 0; i < n; i++) {
		struct pop *o;
		if (!ast_has_name(&paths[i]->var))
			continue;
		struct assign *item = ARENA_NEW(b->p->a, struct assign);
		if (item == NULL)
			return bind_no_memory(b);
		*item = (struct assign){planner_slot(b->p, paths[i]->var.text), values[i]};
		if (item->slot == SLOT_NONE)
			return bind_no_memory(b);
		TRY(pipe_add(b, POP_PROJECT, &o));
		o->project.n = 1;
		o->project.items = item;
		slot_add(&b->pipe->bound, item->slot);
		TRY(scope_add(b, &b->pipe->scope,
			      (struct variable){
				  .name = paths[i]->var.text, .slot = item->slot, .type = V_PATH},
			      paths[i]->var.offset));
	}
	return ST_OK;
}

static enum status insert_into(struct making *m, const struct ast_pattern *ast)
{
	struct binder *b = m->b;
	struct expr **paths = ARENA_ARRAY(b->p->scratch, struct expr *, ast->n_paths + 1);

	if (paths == NULL)
		return bind_no_memory(b);
	for (uint32_t i = 0; i < ast->n_paths; i++)
		TRY(make_path(m, ast->paths[i], false, &paths[i]));
	TRY(add_insert(m, ast->offset));
	return add_made_paths(b, ast->n_paths, ast->paths, paths);
}

enum status bind_insert(struct binder *b, const struct ast_pattern *ast)
{
	struct making m = {.b = b};
	enum status st = insert_into(&m, ast);

	vec_release(MEM_PLAN, &m.items);
	return st;
}

static enum status merge_into(struct making *m, const struct ast_clause *c, const struct pop *match)
{
	struct binder *b = m->b;
	struct expr *path;
	struct pop *o;
	struct set_item *items;

	TRY(make_path(m, c->merge.path, true, &path));
	TRY(pipe_add(b, POP_MERGE, &o));
	o->offset = c->offset;
	o->right = match;
	o->merge.n = m->items.n;
	TRY(keep_items(m, &o->merge.items));
	TRY(bind_set_items(b, c->merge.n_on_create, c->merge.on_create, &o->merge.n_on_create,
			   &items));
	o->merge.on_create = items;
	TRY(bind_set_items(b, c->merge.n_on_match, c->merge.on_match, &o->merge.n_on_match,
			   &items));
	o->merge.on_match = items;
	b->pipe->wrote = WROTE_CHANGES;
	b->p->writes = true;
	return add_made_paths(b, 1, &c->merge.path, &path);
}

/* The match side is bound first, below the row; the making side fills the slots of its variables.
 */
enum status bind_merge(struct binder *b, const struct ast_clause *c)
{
	struct pipe *outer = b->pipe, inner = {0};
	const struct ast_pattern pattern = {
	    .n_paths = 1,
	    .paths = (const struct ast_path **)&c->merge.path,
	    .offset = c->offset,
	    .length = c->length,
	};
	struct making m = {.b = b, .matched = &inner.scope};
	bool in_apply = b->p->in_apply;
	struct part_slots *before = b->nameless;

	TRY(bind_barrier(b));
	b->nameless = ARENA_NEW(b->p->scratch, struct part_slots);
	if (b->nameless == NULL)
		return bind_no_memory(b);
	enum status st = bind_inner_begin(b, &inner);
	if (st == ST_OK)
		st = pattern_match(b, &pattern);
	b->pipe = outer;
	b->p->in_apply = in_apply;
	if (st == ST_OK)
		st = merge_into(&m, c, inner.op);
	b->nameless = before;
	scope_release(&inner.scope);
	vec_release(MEM_PLAN, &m.items);
	return st;
}
