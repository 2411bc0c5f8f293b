/* Patterns that are matched: a graph of nodes, edges and predicates. */
#include "plan/bind.h"

struct waiting { /* for its conditions to be bound, once every variable of the pattern is known */
	const struct ast_part *part;
	uint32_t at;	/* slot of a node, index of an edge */
	bool label_too; /* an edge: its label is more than a list of types */
};

struct pattern {
	struct binder *b;
	struct qgraph q;
	const struct ast_pattern *ast;
	VEC(const struct ast_expr *) late; /* with subqueries or rand(): after the pattern */
	VEC(struct assign) path_items;
	VEC(struct waiting) waiting;
};

static enum status add_pred(struct pattern *pt, const struct expr *e)
{
	struct qgraph *q = &pt->q;
	struct qpred *grown;

	if (e->kind == EXPR_AND) {
		TRY(add_pred(pt, e->args[0]));
		return add_pred(pt, e->args[1]);
	}
	if (q->n_preds % 8 == 0) {
		grown = ARENA_ARRAY(pt->b->p->scratch, struct qpred, q->n_preds + 8);
		if (grown == NULL)
			return bind_no_memory(pt->b);
		if (q->n_preds > 0)
			memcpy(grown, q->preds, q->n_preds * sizeof *grown);
		q->preds = grown;
	}
	struct qpred *pr = &q->preds[q->n_preds++];
	*pr = (struct qpred){.e = e};
	expr_slots(e, &pr->slots);
	return ST_OK;
}

/* Splits AND in the tree so that only the parts with subqueries wait. */
static enum status add_condition(struct pattern *pt, const struct ast_expr *e)
{
	const struct expr *x;

	if (e->kind == AST_BINARY && e->sub == AST_AND) {
		TRY(add_condition(pt, e->args[0]));
		return add_condition(pt, e->args[1]);
	}
	if (ast_has_subquery(e))
		return vec_push(MEM_PLAN, &pt->late, e) ? ST_OK : bind_no_memory(pt->b);
	TRY(bind_condition(pt->b, e, &x));
	if (expr_is_volatile(x)) /* of each whole row, not of a part that many rows share */
		return vec_push(MEM_PLAN, &pt->late, e) ? ST_OK : bind_no_memory(pt->b);
	return add_pred(pt, x);
}

/* {k: v} on an element: k = v for each. */
static enum status add_props(struct pattern *pt, const struct ast_expr *props,
			     const struct expr *element)
{
	struct binder *b = pt->b;

	if (props == NULL)
		return ST_OK;
	if (props->kind != AST_MAP)
		return diag_set(b->p->d, GQL_SYNTAX, props->offset,
				"a pattern that is matched takes {key: value}, not a parameter");
	for (uint32_t i = 0; i < props->n_args; i++) {
		const struct ast_name *k = &props->keys[i];
		struct expr *prop =
		    expr_new(b, EXPR_PROP, 1, k->offset,
			     props->args[i]->offset + props->args[i]->length - k->offset);
		const struct expr *value, *eq;
		if (prop == NULL)
			return bind_no_memory(b);
		prop->args[0] = element;
		prop->name = planner_name(b->p, NAME_KEY, k->text);
		TRY(bind_expr(b, props->args[i], &value));
		eq = expr_binary(b, EXPR_EQ, prop, value, k->offset, prop->length);
		if (eq == NULL || prop->name == NAME_NONE)
			return bind_no_memory(b);
		TRY(add_pred(pt, eq));
	}
	return ST_OK;
}

enum status pattern_wrong_variable(struct binder *b, const struct ast_name *n, const char *wanted)
{
	return diag_set(b->p->d, GQL_SYNTAX, n->offset, "variable '" STR_FMT "' is not %s",
			STR_ARG(n->text), wanted);
}

static uint32_t find_qnode(const struct qgraph *q, uint32_t slot)
{
	for (uint32_t i = 0; i < q->n_nodes; i++)
		if (q->nodes[i].slot == slot)
			return i;
	return UINT32_MAX;
}

static enum status too_many(struct binder *b, uint32_t offset)
{
	return diag_fail(b->p->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, offset,
			 "more than %u nodes and edges in one pattern", PATTERN_ELEMENTS_MAX);
}

/* A label that every match has: the name itself or a member of a conjunction. */
static const struct ast_label *sure_label(const struct ast_label *l)
{
	if (l == NULL || l->kind == AST_LABEL_NAME)
		return l;
	if (l->kind != AST_LABEL_AND)
		return NULL;
	const struct ast_label *s = sure_label(l->left);
	return s != NULL ? s : sure_label(l->right);
}

static void keep_nameless(struct binder *b, const struct ast_part *part, uint32_t slot)
{
	struct part_slots *l = b->nameless;

	if (l == NULL || l->n == ARRAY_LEN(l->v))
		return; /* a longer pattern is refused */
	l->v[l->n].part = part;
	l->v[l->n++].slot = slot;
}

static enum status node_slot(struct pattern *pt, const struct ast_part *part, uint32_t *ret)
{
	struct binder *b = pt->b;

	if (ast_has_name(&part->var)) {
		const struct variable *v = scope_find(&b->pipe->scope, part->var.text);
		if (v != NULL && v->type != V_NODE && v->type != V_NULL)
			return pattern_wrong_variable(b, &part->var, "a node");
		if (v != NULL) {
			*ret = v->slot;
			return bind_check_graph(b, v, part->var.offset);
		}
	}
	*ret = planner_slot(b->p, part->var.text);
	if (*ret == SLOT_NONE)
		return bind_no_memory(b);
	if (!ast_has_name(&part->var)) {
		keep_nameless(b, part, *ret);
		return ST_OK;
	}
	return scope_add(b, &b->pipe->scope,
			 (struct variable){.name = part->var.text, .slot = *ret, .type = V_NODE},
			 part->var.offset);
}

static enum status add_node(struct pattern *pt, const struct ast_part *part, uint32_t *ret)
{
	struct qgraph *q = &pt->q;
	uint32_t slot = SLOT_NONE;

	TRY(node_slot(pt, part, &slot));
	uint32_t i = find_qnode(q, slot);
	if (i == UINT32_MAX) {
		if (q->n_nodes >= PATTERN_ELEMENTS_MAX)
			return too_many(pt->b, part->offset);
		i = q->n_nodes++;
		q->nodes[i] = (struct qnode){.slot = slot, .label = NAME_NONE};
	}
	*ret = i;
	const struct ast_label *sure = sure_label(part->label);
	if (sure != NULL && q->nodes[i].label == NAME_NONE)
		if ((q->nodes[i].label = planner_name(pt->b->p, NAME_LABEL, sure->name.text)) ==
		    NAME_NONE)
			return bind_no_memory(pt->b);
	struct waiting w = {.part = part, .at = slot};
	return vec_push(MEM_PLAN, &pt->waiting, w) ? ST_OK : bind_no_memory(pt->b);
}

static enum status node_conditions(struct pattern *pt, const struct ast_part *part, uint32_t slot)
{
	struct binder *b = pt->b;
	const struct expr *element = expr_slot(b, slot, V_NODE, false, part->offset, part->length),
			  *has;

	if (element == NULL)
		return bind_no_memory(b);
	if (part->label != NULL) {
		TRY(bind_label(b, part->label, element, &has));
		TRY(add_pred(pt, has));
	}
	TRY(add_props(pt, part->props, element));
	return part->where != NULL ? add_condition(pt, part->where) : ST_OK;
}

/* A|B of an edge as a list of types; false when it is more than that. */
static bool type_list(struct planner *p, const struct ast_label *l, uint32_t *types, uint32_t *n)
{
	if (l->kind == AST_LABEL_OR)
		return type_list(p, l->left, types, n) && type_list(p, l->right, types, n);
	if (l->kind != AST_LABEL_NAME || *n >= PATTERN_ELEMENTS_MAX)
		return false;
	types[(*n)++] = planner_name(p, NAME_TYPE, l->name.text);
	return true;
}

static enum status edge_dir(struct binder *b, const struct ast_part *part, uint8_t *ret)
{
	switch ((enum ast_dir)part->dir) {
	case AST_DIR_OUT:
	case AST_DIR_OUT_OR_UNDIR:
		*ret = DIR_OUT;
		return ST_OK;
	case AST_DIR_IN:
	case AST_DIR_IN_OR_UNDIR:
		*ret = DIR_IN;
		return ST_OK;
	case AST_DIR_ANY:
	case AST_DIR_BOTH:
		*ret = DIR_BOTH;
		return ST_OK;
	default:
		return bind_unsupported(b, part->offset, "an undirected edge");
	}
}

/* The condition that each edge of a quantified one must meet, over local variable 0. */
static enum status quantified_condition(struct pattern *pt, const struct ast_part *part,
					bool label_too, struct qedge *e)
{
	struct binder *b = pt->b;
	struct pattern inner = {.b = b};
	struct expr *self = expr_new(b, EXPR_LOCAL, 0, part->offset, part->length);

	if (self == NULL)
		return bind_no_memory(b);
	self->type = V_EDGE;
	uint32_t depth = b->n_locals;
	self->local = depth;
	b->locals[b->n_locals].name = part->var.text;
	b->locals[b->n_locals].index = b->n_locals;
	b->n_locals++;
	b->p->n_locals = MAX_OF(b->p->n_locals, b->n_locals);
	enum status st = add_props(&inner, part->props, self);
	if (st == ST_OK && label_too) {
		const struct expr *has;
		st = bind_label(b, part->label, self, &has);
		if (st == ST_OK)
			st = add_pred(&inner, has);
	}
	if (st == ST_OK && part->where != NULL)
		st = add_condition(&inner, part->where);
	b->n_locals = depth;
	if (st == ST_OK && inner.late.n > 0)
		st = bind_unsupported(b, inner.late.v[0]->offset,
				      "a subquery or rand() in the condition of a quantified edge");
	vec_release(MEM_PLAN, &inner.late);
	for (uint32_t i = 0; i < inner.q.n_preds && st == ST_OK; i++) {
		e->edge_pred = e->edge_pred == NULL
				   ? inner.q.preds[i].e
				   : expr_binary(b, EXPR_AND, e->edge_pred, inner.q.preds[i].e,
						 part->offset, part->length);
		if (e->edge_pred == NULL)
			st = bind_no_memory(b);
	}
	return st;
}

static enum status edge_slot(struct pattern *pt, const struct ast_part *part, struct qedge *e)
{
	struct binder *b = pt->b;
	const struct variable *v = NULL;

	if (ast_has_name(&part->var))
		v = scope_find(&b->pipe->scope, part->var.text);
	e->slot = planner_slot(b->p, part->var.text);
	if (e->slot == SLOT_NONE)
		return bind_no_memory(b);
	if (!ast_has_name(&part->var)) {
		keep_nameless(b, part, e->slot);
		return ST_OK;
	}
	if (v == NULL)
		return scope_add(b, &b->pipe->scope,
				 (struct variable){.name = part->var.text,
						   .slot = e->slot,
						   .type = e->quantified ? V_LIST : V_EDGE,
						   .edge_list = e->quantified},
				 part->var.offset);
	uint8_t type = e->quantified ? V_LIST : V_EDGE;
	bool fits = v->type == type || (e->quantified && v->type == V_NULL);
	if (!fits || !slot_has(&b->pipe->bound, v->slot))
		return pattern_wrong_variable(b, &part->var,
					      e->quantified ? "a list of edges of an earlier clause"
							    : "an edge of an earlier clause");
	TRY(bind_check_graph(b, v, part->var.offset));
	/* Bound before: the walk finds edges of its own, which must be those. */
	const struct expr *same =
	    expr_binary(b, EXPR_EQ, expr_slot(b, e->slot, type, false, part->offset, part->length),
			expr_slot(b, v->slot, type, true, part->offset, part->length), part->offset,
			part->length);
	return same != NULL ? add_pred(pt, same) : bind_no_memory(b);
}

static enum status add_edge(struct pattern *pt, const struct ast_path *path,
			    const struct ast_part *part, uint32_t from, uint32_t to, uint32_t *ret)
{
	struct binder *b = pt->b;
	struct qgraph *q = &pt->q;
	bool repeatable = pt->ast->mode == AST_MATCH_REPEATABLE;
	uint32_t types[PATTERN_ELEMENTS_MAX], n_types = 0;
	bool complex;

	if (q->n_edges >= PATTERN_ELEMENTS_MAX)
		return too_many(b, part->offset);
	struct qedge *e = &q->edges[q->n_edges];
	*e = (struct qedge){.from = from, .to = to, .offset = part->offset, .path_slot = SLOT_NONE};
	e->shortest = path->prefix.search != AST_SEARCH_ALL;
	e->all_shortest = path->prefix.search == AST_SEARCH_ALL_SHORTEST;
	e->quantified = part->quantified || e->shortest;
	e->distinct_edges = !repeatable;
	e->min = part->quantified ? part->min : 1;
	e->max = part->quantified ? part->max : 1;
	e->mode = path->prefix.mode == AST_MODE_SIMPLE		       ? PATH_SIMPLE
		  : path->prefix.mode == AST_MODE_ACYCLIC	       ? PATH_ACYCLIC
		  : path->prefix.mode == AST_MODE_TRAIL || !repeatable ? PATH_TRAIL
								       : PATH_WALK;
	if (part->quantified && part->max == AST_UNBOUNDED && e->mode == PATH_WALK && !e->shortest)
		return diag_set(
		    b->p->d, GQL_SYNTAX, part->offset,
		    "an unbounded quantifier needs TRAIL, SIMPLE, ACYCLIC or a shortest search");
	if (part->optional)
		return bind_unsupported(b, part->offset, "the quantifier '?'");
	TRY(edge_dir(b, part, &e->dir));
	complex = part->label != NULL && !type_list(b->p, part->label, types, &n_types);
	for (uint32_t i = 0; i < n_types; i++)
		if (types[i] == NAME_NONE)
			return bind_no_memory(b);
	if (!complex && n_types > 0) {
		e->types = arena_dup(b->p->a, types, n_types * sizeof types[0]);
		e->n_types = n_types;
		if (e->types == NULL)
			return bind_no_memory(b);
	}
	TRY(edge_slot(pt, part, e));
	*ret = q->n_edges++;
	struct waiting w = {.part = part, .at = *ret, .label_too = complex};
	return vec_push(MEM_PLAN, &pt->waiting, w) ? ST_OK : bind_no_memory(b);
}

static enum status edge_conditions(struct pattern *pt, const struct waiting *w)
{
	struct binder *b = pt->b;
	const struct ast_part *part = w->part;
	struct qedge *e = &pt->q.edges[w->at];
	const struct expr *element, *has;

	if (e->quantified)
		return quantified_condition(pt, part, w->label_too, e);
	element = expr_slot(b, e->slot, V_EDGE, false, part->offset, part->length);
	if (element == NULL)
		return bind_no_memory(b);
	if (w->label_too) {
		TRY(bind_label(b, part->label, element, &has));
		TRY(add_pred(pt, has));
	}
	TRY(add_props(pt, part->props, element));
	return part->where != NULL ? add_condition(pt, part->where) : ST_OK;
}

/* ---- paths -------------------------------------------------------------------------------------
 */

enum status pattern_check_path(struct binder *b, const struct ast_path *path)
{
	const struct ast_term *t = path->terms[0];
	bool searched = path->prefix.search != AST_SEARCH_ALL;

	if (path->n_terms != 1)
		return bind_unsupported(b, path->offset, "an alternation of paths");
	for (uint32_t i = 0; i < t->n_parts; i++) {
		bool node = i % 2 == 0;
		if (t->parts[i]->kind == AST_GROUP)
			return bind_unsupported(b, t->parts[i]->offset, "a path in parentheses");
		if ((t->parts[i]->kind == AST_NODE) != node)
			return bind_unsupported(b, t->parts[i]->offset,
						"a path that leaves out a node");
	}
	if (t->n_parts % 2 == 0)
		return bind_unsupported(b, path->offset, "a path that ends with an edge");
	if (searched && t->n_parts != 3)
		return bind_unsupported(b, path->offset,
					"a path search over more than one edge pattern");
	if (searched && (path->prefix.search == AST_SEARCH_SHORTEST_GROUPS || path->prefix.k > 1))
		return bind_unsupported(b, path->offset, "a search for more than one path");
	return ST_OK;
}

/* p = ... : the walk gives the path of one quantified edge itself; others are put together. */
static enum status add_path_variable(struct pattern *pt, const struct ast_path *path,
				     const uint32_t *nodes, const uint32_t *edges, uint32_t n_edges)
{
	struct binder *b = pt->b;
	struct qgraph *q = &pt->q;
	uint32_t slot = planner_slot(b->p, path->var.text);

	if (slot == SLOT_NONE)
		return bind_no_memory(b);
	TRY(scope_add(b, &b->pipe->scope,
		      (struct variable){.name = path->var.text, .slot = slot, .type = V_PATH},
		      path->var.offset));
	if (n_edges == 1 && q->edges[edges[0]].quantified) {
		q->edges[edges[0]].path_slot = slot;
		return ST_OK;
	}
	struct expr *e = expr_new(b, EXPR_PATH, 2 * n_edges + 1, path->offset, path->length);
	if (e == NULL)
		return bind_no_memory(b);
	e->type = V_PATH;
	e->nullable = false;
	for (uint32_t i = 0; i <= n_edges; i++) {
		e->args[2 * i] =
		    expr_slot(b, q->nodes[nodes[i]].slot, V_NODE, false, path->offset, 0);
		if (e->args[2 * i] == NULL)
			return bind_no_memory(b);
		if (i == n_edges)
			break;
		struct qedge *qe = &q->edges[edges[i]];
		uint32_t part = qe->slot;
		if (qe->quantified) {
			if (qe->path_slot == SLOT_NONE)
				qe->path_slot = planner_slot(b->p, STR_NULL);
			part = qe->path_slot;
		}
		e->args[2 * i + 1] =
		    expr_slot(b, part, qe->quantified ? V_PATH : V_EDGE, false, path->offset, 0);
		if (part == SLOT_NONE || e->args[2 * i + 1] == NULL)
			return bind_no_memory(b);
	}
	return vec_push(MEM_PLAN, &pt->path_items, (struct assign){slot, e}) ? ST_OK
									     : bind_no_memory(b);
}

static enum status add_path(struct pattern *pt, const struct ast_path *path)
{
	struct binder *b = pt->b;
	uint32_t nodes[PATTERN_ELEMENTS_MAX] = {0}, edges[PATTERN_ELEMENTS_MAX] = {0}, n = 0;

	TRY(pattern_check_path(b, path));
	const struct ast_term *t = path->terms[0];
	if (t->n_parts / 2 >= PATTERN_ELEMENTS_MAX)
		return too_many(b, path->offset);
	for (uint32_t i = 0; i < t->n_parts; i += 2)
		TRY(add_node(pt, t->parts[i], &nodes[n++]));
	for (uint32_t i = 1; i < t->n_parts; i += 2)
		TRY(add_edge(pt, path, t->parts[i], nodes[i / 2], nodes[i / 2 + 1], &edges[i / 2]));
	if (!ast_has_name(&path->var))
		return ST_OK;
	return add_path_variable(pt, path, nodes, edges, n - 1);
}

static enum status pattern_init(struct pattern *pt, struct binder *b, const struct ast_pattern *ast)
{
	*pt = (struct pattern){.b = b, .ast = ast, .q = {.p = b->p}};
	pt->q.nodes = ARENA_ARRAY(b->p->scratch, struct qnode, PATTERN_ELEMENTS_MAX);
	pt->q.edges = ARENA_ARRAY(b->p->scratch, struct qedge, PATTERN_ELEMENTS_MAX);
	return pt->q.nodes != NULL && pt->q.edges != NULL ? ST_OK : bind_no_memory(b);
}

static void pattern_release(struct pattern *pt)
{
	vec_release(MEM_PLAN, &pt->late);
	vec_release(MEM_PLAN, &pt->path_items);
	vec_release(MEM_PLAN, &pt->waiting);
}

/* A node that is bound before and has no edge here: nothing walks from it, so nothing else drops
 * a row in which it is null. */
static enum status lone_node(struct pattern *pt, const struct ast_part *part, uint32_t slot)
{
	struct binder *b = pt->b;
	uint32_t node = find_qnode(&pt->q, slot);

	for (uint32_t i = 0; i < pt->q.n_edges; i++)
		if (pt->q.edges[i].from == node || pt->q.edges[i].to == node)
			return ST_OK;
	if (!slot_has(&b->pipe->bound, slot))
		return ST_OK;
	struct expr *there = expr_new(b, EXPR_IS_NOT_NULL, 1, part->offset, part->length);
	if (there == NULL)
		return bind_no_memory(b);
	there->args[0] = expr_slot(b, slot, V_NODE, true, part->offset, part->length);
	there->type = V_BOOL;
	there->nullable = false;
	return there->args[0] != NULL ? add_pred(pt, there) : bind_no_memory(b);
}

static enum status build_match(struct pattern *pt)
{
	struct binder *b = pt->b;
	struct pop *o;

	bool no_subquery = b->no_subquery;
	b->no_subquery = true; /* predicates are placed later: nothing may hang below them */
	for (uint32_t i = 0; i < pt->ast->n_paths; i++)
		TRY(add_path(pt, pt->ast->paths[i]));
	for (uint32_t i = 0; i < pt->waiting.n; i++) {
		const struct waiting *w = &pt->waiting.v[i];
		if (w->part->kind == AST_NODE) {
			TRY(lone_node(pt, w->part, w->at));
			TRY(node_conditions(pt, w->part, w->at));
		} else {
			TRY(edge_conditions(pt, w));
		}
	}
	if (pt->ast->where != NULL)
		TRY(add_condition(pt, pt->ast->where));
	b->no_subquery = no_subquery;
	TRY(plan_pattern(&pt->q, b->pipe->op, &b->pipe->bound, &b->pipe->op));
	if (pt->path_items.n > 0) {
		TRY(pipe_add(b, POP_PROJECT, &o));
		o->project.n = pt->path_items.n;
		o->project.items =
		    arena_dup(b->p->a, pt->path_items.v, pt->path_items.n * sizeof(struct assign));
		if (o->project.items == NULL)
			return bind_no_memory(b);
		for (uint32_t i = 0; i < pt->path_items.n; i++)
			slot_add(&b->pipe->bound, pt->path_items.v[i].slot);
	}
	for (uint32_t i = 0; i < pt->q.n_preds; i++) { /* what waited for a path variable */
		if (pt->q.preds[i].done)
			continue;
		TRY(pipe_add(b, POP_FILTER, &o));
		o->filter.pred = pt->q.preds[i].e;
	}
	for (uint32_t i = 0; i < pt->late.n; i++)
		TRY(bind_filter(b, pt->late.v[i]));
	return ST_OK;
}

enum status pattern_match(struct binder *b, const struct ast_pattern *ast)
{
	struct pattern pt;

	TRY(pattern_init(&pt, b, ast));
	enum status st = build_match(&pt);
	pattern_release(&pt);
	return st;
}

enum status bind_match(struct binder *b, const struct ast_pattern *ast, bool optional)
{
	struct pipe *outer = b->pipe, inner = {0};
	struct pop *o;

	TRY(bind_barrier(b));
	if (!optional)
		return pattern_match(b, ast);
	uint32_t n_before = outer->scope.vars.n;
	bool in_apply = b->p->in_apply;
	TRY(bind_inner_begin(b, &inner));
	enum status st = pattern_match(b, ast);
	b->pipe = outer;
	b->p->in_apply = in_apply;
	for (uint32_t i = n_before; i < inner.scope.vars.n && st == ST_OK; i++) {
		struct variable v = inner.scope.vars.v[i];
		v.nullable = true;
		st = scope_add(b, &outer->scope, v, DIAG_NO_POSITION);
	}
	scope_release(&inner.scope);
	TRY(st);
	TRY(pipe_add(b, POP_OPTIONAL, &o));
	o->right = inner.op;
	o->est_rows = MAX_OF(o->left->est_rows, inner.op->est_rows);
	slot_or(&outer->bound, &inner.bound);
	return ST_OK;
}
