/* CALL of a built-in procedure: a function that gives a list of maps, unwound; YIELD takes fields
 * of the maps. */
#include "plan/bind.h"

#define PROC_FIELDS_MAX 8

static const struct proc {
	const char *name;
	uint8_t func; /* enum graph_func, without arguments */
	struct {
		const char *name;
		uint8_t type;
	} fields[PROC_FIELDS_MAX]; /* up to the first without a name */
} procs[] = {
    {"system.graphs",
     GF_GRAPHS,
     {{"name", V_STRING}, {"nodes", V_INT}, {"edges", V_INT}, {"current", V_BOOL}}},
    {"system.indexes",
     GF_INDEXES,
     {{"name", V_STRING},
      {"label", V_STRING},
      {"property", V_STRING},
      {"unique", V_BOOL},
      {"entries", V_INT},
      {"lookups", V_INT}}},
};

static enum status find_proc(struct binder *b, const struct ast_name *name, const struct proc **ret)
{
	for (unsigned i = 0; i < ARRAY_LEN(procs); i++) {
		if (str_eq_nocase(str_of(procs[i].name), name->text)) {
			*ret = &procs[i];
			return ST_OK;
		}
	}
	(void)diag_set(b->p->d, GQL_BAD_REFERENCE, name->offset, "unknown procedure '" STR_FMT "'",
		       STR_ARG(name->text));
	for (unsigned i = 0; i < ARRAY_LEN(procs); i++)
		if (str_distance(name->text, str_of(procs[i].name), 4) < 4)
			diag_hint(b->p->d, "did you mean '%s'?", procs[i].name);
	return ST_INVALID;
}

static uint32_t find_field(const struct proc *p, struct str name)
{
	uint32_t i = 0;

	while (i < PROC_FIELDS_MAX && p->fields[i].name != NULL &&
	       !str_eq(str_of(p->fields[i].name), name))
		i++;
	return i < PROC_FIELDS_MAX && p->fields[i].name != NULL ? i : PROC_FIELDS_MAX;
}

/* Rows of the procedure beside each row of the pipe: its maps are in the slot. */
static enum status add_rows(struct binder *b, const struct ast_clause *c, const struct proc *p,
			    uint32_t *ret_slot)
{
	struct expr *list = expr_new(b, EXPR_GRAPH_CALL, 0, c->offset, c->length);
	struct pop *o;

	if (list == NULL)
		return bind_no_memory(b);
	list->sub = p->func;
	list->type = V_LIST;
	TRY(pipe_add(b, POP_UNWIND, &o));
	o->offset = c->offset;
	o->est_rows *= 10;
	o->unwind.list = list;
	o->unwind.ordinal = SLOT_NONE;
	o->unwind.out = *ret_slot = planner_slot(b->p, STR(""));
	if (o->unwind.out == SLOT_NONE)
		return bind_no_memory(b);
	slot_add(&b->pipe->bound, o->unwind.out);
	return ST_OK;
}

static enum status add_field(struct binder *b, const struct proc *p, uint32_t i, uint32_t map,
			     struct str name, uint32_t offset)
{
	struct assign *a = ARENA_NEW(b->p->a, struct assign);
	struct expr *e = expr_new(b, EXPR_PROP, 1, offset, 0);
	struct pop *o;

	if (a == NULL || e == NULL)
		return bind_no_memory(b);
	e->args[0] = expr_slot(b, map, V_MAP, false, offset, 0);
	e->name = planner_name(b->p, NAME_KEY, str_of(p->fields[i].name));
	e->type = p->fields[i].type;
	*a = (struct assign){.slot = planner_slot(b->p, name), .expr = e};
	if (e->args[0] == NULL || e->name == NAME_NONE || a->slot == SLOT_NONE)
		return bind_no_memory(b);
	TRY(pipe_add(b, POP_PROJECT, &o));
	o->project.n = 1;
	o->project.items = a;
	slot_add(&b->pipe->bound, a->slot);
	return scope_add(b, &b->pipe->scope,
			 (struct variable){.name = name, .slot = a->slot, .type = e->type}, offset);
}

static enum status add_yield(struct binder *b, const struct proc *p, const struct ast_item *item,
			     uint32_t map)
{
	const struct ast_name *name = ast_has_name(&item->alias) ? &item->alias : &item->expr->name;
	uint32_t i = find_field(p, item->expr->name.text);

	if (i == PROC_FIELDS_MAX)
		return diag_set(b->p->d, GQL_BAD_REFERENCE, item->expr->offset,
				"procedure '%s' gives no '" STR_FMT "'", p->name,
				STR_ARG(item->expr->name.text));
	return add_field(b, p, i, map, name->text, item->expr->offset);
}

enum status bind_call_proc(struct binder *b, const struct ast_clause *c, bool alone)
{
	const struct proc *p;
	uint32_t map;

	TRY(find_proc(b, &c->call.name, &p));
	if (c->call.n_args != 0)
		return diag_set(b->p->d, GQL_SYNTAX, c->call.args[0]->offset,
				"procedure '%s' takes no arguments", p->name);
	if (c->call.optional)
		return bind_unsupported(b, c->offset, "OPTIONAL CALL of a procedure");
	TRY(bind_barrier(b));
	TRY(add_rows(b, c, p, &map));
	for (uint32_t i = 0; i < c->call.n_yield; i++)
		TRY(add_yield(b, p, &c->call.yield[i], map));
	for (uint32_t i = 0; c->call.n_yield == 0 && i < PROC_FIELDS_MAX; i++)
		if (p->fields[i].name != NULL)
			TRY(add_field(b, p, i, map, str_of(p->fields[i].name), c->offset));
	if (c->call.where != NULL)
		TRY(bind_filter(b, c->call.where));
	/* A statement that is nothing but a call gives its fields. */
	b->pipe->ended = b->pipe->has_result = alone;
	return ST_OK;
}
