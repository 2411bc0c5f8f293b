#include "plan/plan.h"

#include "plan/bind.h"

static enum status fill_columns(struct planner *p, const struct pipe *pipe,
				const struct ast_query *q)
{
	struct plan *plan = p->plan;
	uint32_t n = pipe->scope.vars.n;
	struct plan_column *columns = ARENA_ARRAY(p->a, struct plan_column, n + 1);

	(void)q;
	if (columns == NULL)
		return ST_NOMEM;
	if (n > BATCH_COLUMNS_MAX)
		return diag_fail(p->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, DIAG_NO_POSITION,
				 "more than %u result columns", BATCH_COLUMNS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		const struct variable *v = &pipe->scope.vars.v[i];
		columns[i].name = arena_str(p->a, v->name);
		columns[i].type = v->type;
		if (columns[i].name.p == NULL)
			return ST_NOMEM;
		/* A name that is a piece of the text changes with the literals in it. */
		if (v->name.p < p->text.p || v->name.p >= p->text.p + p->text.len)
			continue;
		uint32_t at = (uint32_t)(v->name.p - p->text.p), end = at + (uint32_t)v->name.len;
		for (uint32_t t = 0; t < p->tokens->n; t++) {
			const struct token *k = &p->tokens->v[t];
			if (k->offset == at)
				columns[i].first_token = t;
			if (k->offset >= at && k->offset < end)
				columns[i].n_tokens++;
		}
		const struct token *first = &p->tokens->v[columns[i].first_token];
		if (columns[i].n_tokens == 1 && first->offset != at)
			columns[i].n_tokens = 0; /* a quoted name: without its quotes */
	}
	plan->columns = columns;
	plan->n_columns = n;
	return ST_OK;
}

static enum status add_root(struct binder *b, const struct ast_query *q)
{
	struct planner *p = b->p;
	struct pipe *pipe = b->pipe;
	struct pop *root;

	if (!pipe->has_result) {
		if (!p->writes && !pipe->ended)
			return diag_set(p->d, GQL_SYNTAX, q->offset + q->length,
					"a query that writes nothing ends with RETURN or FINISH");
		TRY(pipe_add(b, POP_DISCARD, &root));
		return ST_OK;
	}
	TRY(fill_columns(p, pipe, q));
	TRY(pipe_add(b, POP_PRODUCE, &root));
	uint32_t *slots = ARENA_ARRAY(p->a, uint32_t, p->plan->n_columns + 1);
	if (slots == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < p->plan->n_columns; i++)
		slots[i] = pipe->scope.vars.v[i].slot;
	root->produce.n = p->plan->n_columns;
	root->produce.slots = slots;
	return ST_OK;
}

static enum status keep_text(struct planner *p)
{
	struct plan *plan = p->plan;
	uint32_t *offsets = ARENA_ARRAY(p->a, uint32_t, p->tokens->n + 1);

	plan->text = arena_str(p->a, p->text);
	if (offsets == NULL || plan->text.p == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < p->tokens->n; i++)
		offsets[i] = p->tokens->v[i].offset;
	plan->token_offsets = offsets;
	plan->n_tokens = p->tokens->n;
	return ST_OK;
}

static enum status finish(struct planner *p, const struct pop *root)
{
	struct plan *plan = p->plan;

	if (!p->no_rewrites)
		TRY(rewrite_count(p, (struct pop *)root));
	if (!p->no_rewrites)
		TRY(rewrite_order(p, (struct pop *)root));
	TRY(plan_carry(p, (struct pop *)root));
	if (!p->no_rewrites)
		rewrite_distinct((struct pop *)root);
	plan->root = root;
	plan->ops = arena_dup(p->a, p->ops.v, p->ops.n * sizeof p->ops.v[0]);
	plan->names = arena_dup(p->a, p->names.v, p->names.n * sizeof p->names.v[0]);
	plan->params = arena_dup(p->a, p->params.v, p->params.n * sizeof p->params.v[0]);
	plan->slot_names =
	    arena_dup(p->a, p->slot_names.v, p->slot_names.n * sizeof p->slot_names.v[0]);
	plan->graphs = arena_dup(p->a, p->graphs.v, p->graphs.n * sizeof p->graphs.v[0]);
	if (plan->graphs == NULL || plan->ops == NULL || plan->names == NULL ||
	    plan->params == NULL || plan->slot_names == NULL)
		return ST_NOMEM;
	plan->n_ops = p->ops.n;
	plan->n_names = p->names.n;
	plan->n_params = p->params.n;
	plan->n_slots = p->slot_names.n;
	plan->n_locals = p->n_locals;
	plan->n_graphs = p->graphs.n;
	plan->home = p->names_home ? p->home : NULL;
	plan->writes = p->writes;
	plan->ordered = p->ordered;
	plan->literals_matter = p->literals_matter;
	return keep_text(p);
}

static enum status make(struct planner *p, const struct ast_query *q)
{
	struct pipe pipe = {.graph = p->g};
	struct binder b = {.p = p, .pipe = &pipe};
	struct pop *unit = pop_new(p, POP_UNIT, NULL);

	if (unit == NULL)
		return ST_NOMEM;
	unit->est_rows = 1;
	pipe.op = unit;
	if (!vec_push(MEM_PLAN, &p->graphs, p->g))
		return ST_NOMEM;
	enum status st = bind_query(&b, q);
	b.pipe = &pipe;
	p->plan->graph = pipe.graph;
	if (st == ST_OK)
		st = add_root(&b, q);
	scope_release(&pipe.scope);
	return st == ST_OK ? finish(p, pipe.op) : st;
}

enum status plan_make(const struct ast_statement *st, struct str text,
		      const struct token_list *tokens, struct graph *g,
		      const struct plan_options *opt, struct plan **ret, struct diag *d)
{
	struct plan *plan = MEM_NEW(MEM_PLAN, struct plan);
	struct arena scratch;

	if (plan == NULL)
		return ST_NOMEM;
	arena_init(&plan->arena, MEM_PLAN, NULL);
	arena_init(&scratch, MEM_PLAN, NULL);
	atomic_init(&plan->n_refs, 1);
	plan->session_graph = g;
	plan->catalog_version = store_catalog_version(graph_store(g));
	struct planner p = {
	    .plan = plan,
	    .a = &plan->arena,
	    .scratch = &scratch,
	    .g = g,
	    .store = graph_store(g),
	    .text = text,
	    .tokens = tokens,
	    .d = d,
	    .no_lift = !st->cacheable,
	    .no_rewrites = opt != NULL && opt->no_rewrites,
	    .any_cost = opt != NULL && opt->any_cost,
	    .session_graph = g,
	    .home =
		opt != NULL && opt->home != NULL ? opt->home : store_graph_default(graph_store(g)),
	    .catalog_lsn = opt != NULL && opt->catalog_lsn != 0 ? opt->catalog_lsn : LSN_NEVER - 1,
	    .bound = opt != NULL && opt->bound,
	};
	enum status r = make(&p, st->query);
	if (r == ST_OK)
		r = diag_is_set(d) ? ST_INVALID : ST_OK;
	planner_release(&p);
	arena_release(&scratch);
	if (r != ST_OK) {
		plan_unref(plan);
		return r;
	}
	*ret = plan;
	return ST_OK;
}

bool plan_fits(const struct plan *p, const struct plan_options *opt)
{
	return (p->home == NULL || p->home == opt->home) &&
	       (!opt->bound || (p->n_graphs == 1 && p->graphs[0] == p->session_graph));
}

static const struct value *find_given(const struct map_entry *given, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(given[i].key, name))
			return &given[i].value;
	return NULL;
}

enum status plan_bind_params(const struct plan *p, struct str text, const struct token_list *tokens,
			     const struct map_entry *given, uint32_t n_given, struct arena *a,
			     struct value *ret, struct diag *d)
{
	for (uint32_t i = 0; i < p->n_params; i++) {
		const struct plan_param *param = &p->params[i];
		if (param->name.len == 0) {
			TRY(gql_token_value(a, text, &tokens->v[param->i_token], &ret[i], d));
			continue;
		}
		const struct value *v = find_given(given, n_given, param->name);
		if (v == NULL) {
			(void)diag_set(d, GQL_BAD_REFERENCE, plan_offset(p, param->offset, tokens),
				       "parameter '$" STR_FMT "' has no value",
				       STR_ARG(param->name));
			return ST_INVALID;
		}
		ret[i] = *v;
	}
	return ST_OK;
}
