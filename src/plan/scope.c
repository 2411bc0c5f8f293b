#include "plan/bind.h"

const struct variable *scope_find(const struct scope *s, struct str name)
{
	for (uint32_t i = 0; i < s->vars.n; i++)
		if (str_eq(s->vars.v[i].name, name))
			return &s->vars.v[i];
	return NULL;
}

enum status scope_add(struct binder *b, struct scope *s, struct variable v, uint32_t offset)
{
	if (scope_find(s, v.name) != NULL)
		return diag_set(b->p->d, GQL_DUPLICATE_NAME, offset,
				"variable '" STR_FMT "' is there already", STR_ARG(v.name));
	if (s->vars.n >= SCOPE_VARIABLES_MAX)
		return diag_fail(b->p->d, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, offset,
				 "more than %u variables", SCOPE_VARIABLES_MAX);
	if (v.graph == NULL)
		v.graph = b->pipe->graph;
	return vec_push(MEM_PLAN, &s->vars, v) ? ST_OK : bind_no_memory(b);
}

enum status scope_copy(struct scope *to, const struct scope *from)
{
	for (uint32_t i = 0; i < from->vars.n; i++)
		if (!vec_push(MEM_PLAN, &to->vars, from->vars.v[i]))
			return ST_NOMEM;
	return ST_OK;
}

void scope_release(struct scope *s)
{
	vec_release(MEM_PLAN, &s->vars);
}
