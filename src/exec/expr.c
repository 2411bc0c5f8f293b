/* exec/expr.c - the compiler: a bound expression becomes a list of steps. */
#include "exec/expr_int.h"

struct builder {
	struct exec *x;
	struct prog *p;
	struct step *steps;
	uint32_t n_steps, cap_steps;
	struct column *consts;
	uint32_t n_consts, cap_consts;
	uint32_t guards; /* open at this place */
};

static const step_fn plain_steps[] = {
    [EXPR_PROP] = step_prop,
    [EXPR_HAS_LABEL] = step_has_label,
    [EXPR_NOT] = step_not,
    [EXPR_XOR] = step_xor,
    [EXPR_EQ] = step_compare,
    [EXPR_NE] = step_compare,
    [EXPR_LT] = step_compare,
    [EXPR_LE] = step_compare,
    [EXPR_GT] = step_compare,
    [EXPR_GE] = step_compare,
    [EXPR_IS_NULL] = step_is_null,
    [EXPR_IS_NOT_NULL] = step_is_null,
    [EXPR_IS_TRUE] = step_is_truth,
    [EXPR_IS_FALSE] = step_is_truth,
    [EXPR_ADD] = step_arith,
    [EXPR_SUB] = step_arith,
    [EXPR_MUL] = step_arith,
    [EXPR_DIV] = step_arith,
    [EXPR_MOD] = step_arith,
    [EXPR_POW] = step_arith,
    [EXPR_NEG] = step_neg,
    [EXPR_CONCAT] = step_concat,
    [EXPR_IN] = step_in,
    [EXPR_STARTS_WITH] = step_text_test,
    [EXPR_ENDS_WITH] = step_text_test,
    [EXPR_CONTAINS] = step_text_test,
    [EXPR_REGEX] = step_text_test,
    [EXPR_LIST] = step_list,
    [EXPR_MAP] = step_map,
    [EXPR_INDEX] = step_index,
    [EXPR_SLICE] = step_slice,
    [EXPR_CALL] = step_call,
    [EXPR_GRAPH_CALL] = step_graph_call,
    [EXPR_PATH] = step_path,
};

static enum status compile(struct builder *b, const struct expr *e, struct operand *ret);
static enum status make_inner_prog(struct builder *outer, const struct inner *in,
				   const struct expr *e, struct prog **ret);

static enum status emit(struct builder *b, struct step s, uint32_t *ret)
{
	if (b->n_steps >= PROG_STEPS_MAX)
		return diag_fail(b->x->diag, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, s.expr->offset,
				 "an expression has more than %u steps", PROG_STEPS_MAX);
	if (!arena_grow(&b->x->arena.a, &b->steps, b->n_steps, &b->cap_steps, sizeof(s)))
		return ST_NOMEM;
	b->steps[b->n_steps] = s;
	*ret = b->n_steps++;
	return ST_OK;
}

static enum status constant(struct builder *b, struct value v, struct operand *ret)
{
	if (!arena_grow(&b->x->arena.a, &b->consts, b->n_consts, &b->cap_consts,
			sizeof(struct column)))
		return ST_NOMEM;
	TRY(column_init_const(&b->consts[b->n_consts], v, &b->x->arena.a));
	*ret = (struct operand){FROM_CONST, b->n_consts++};
	return ST_OK;
}

static enum status copy_operands(struct builder *b, const struct operand *from, uint32_t n,
				 const struct operand **ret)
{
	*ret = arena_dup(&b->x->arena.a, from, n * sizeof(*from));
	return *ret != NULL ? ST_OK : ST_NOMEM;
}

/* A step with one operand, writing to a register that may have been begun before. */
static enum status emit_one(struct builder *b, step_fn fn, const struct expr *e, uint32_t dst,
			    struct operand arg, uint32_t *ret)
{
	struct step s = {.run = fn, .expr = e, .dst = dst, .n_args = 1};

	TRY(copy_operands(b, &arg, 1, &s.args));
	return emit(b, s, ret);
}

static enum status emit_none(struct builder *b, step_fn fn, const struct expr *e, uint32_t dst,
			     uint32_t *ret)
{
	return emit(b, (struct step){.run = fn, .expr = e, .dst = dst}, ret);
}

static enum status open_guard(struct builder *b, const struct expr *e, uint32_t n)
{
	b->guards += n;
	if (b->guards > EVAL_GUARDS_MAX)
		return diag_fail(b->x->diag, ST_LIMIT, GQL_STATEMENT_TOO_COMPLEX, e->offset,
				 "AND, OR and CASE are nested more than %u deep", EVAL_GUARDS_MAX);
	b->p->n_guards = MAX_OF(b->p->n_guards, b->guards);
	return ST_OK;
}

/* AND, OR: guard(first), combine(each further one) for what is still open, unguard. */
static enum status compile_logic(struct builder *b, const struct expr *e, struct operand *ret)
{
	uint32_t dst = b->p->n_regs++, at, end;
	struct operand arg;
	uint32_t first = 0;

	TRY(compile(b, e->args[0], &arg));
	TRY(open_guard(b, e, 1));
	TRY(emit_one(b, step_guard, e, dst, arg, &first));
	for (uint32_t i = 1; i < e->n_args; i++) {
		TRY(compile(b, e->args[i], &arg));
		TRY(emit_one(b, step_combine, e, dst, arg, &at));
	}
	TRY(emit_none(b, step_unguard, e, dst, &end));
	b->guards--;
	for (uint32_t i = first; i < end;
	     i++) /* those of this dst only: inner ones are set already */
		if (b->steps[i].dst == dst)
			b->steps[i].jump = end;
	*ret = (struct operand){FROM_REG, dst};
	return ST_OK;
}

/* CASE: begin; for each arm condition, when, result, take, next; else, take; end. */
static enum status compile_case(struct builder *b, const struct expr *e, struct operand *ret)
{
	uint32_t dst = b->p->n_regs++, begin, when, at, end;
	struct operand arg;

	TRY(open_guard(b, e, 2));
	TRY(emit_none(b, step_case_begin, e, dst, &begin));
	for (uint32_t i = 0; i + 1 < e->n_args; i += 2) {
		TRY(compile(b, e->args[i], &arg));
		TRY(emit_one(b, step_case_when, e->args[i], dst, arg, &when));
		TRY(compile(b, e->args[i + 1], &arg));
		TRY(emit_one(b, step_case_take, e, dst, arg, &at));
		TRY(emit_none(b, step_case_next, e, dst, &at));
		b->steps[when].jump = at;
	}
	if (e->n_args % 2 != 0)
		TRY(compile(b, e->args[e->n_args - 1], &arg));
	else
		TRY(constant(b, VALUE_NULL, &arg));
	TRY(emit_one(b, step_case_take, e, dst, arg, &at));
	TRY(emit_none(b, step_case_end, e, dst, &end));
	b->guards -= 2;
	for (uint32_t i = begin; i < end; i++)
		if (b->steps[i].dst == dst && b->steps[i].run == step_case_next)
			b->steps[i].jump = end;
	*ret = (struct operand){FROM_REG, dst};
	return ST_OK;
}

static bool binds_locals(const struct expr *e)
{
	return e->kind == EXPR_COMPREHENSION || e->kind == EXPR_QUANTIFIER ||
	       e->kind == EXPR_REDUCE;
}

/* The slots and the locals of outer comprehensions that an expression reads. */
static void collect_reads(const struct expr *e, uint8_t *slots, uint8_t *locals)
{
	if (e == NULL)
		return;
	bool binds = binds_locals(e), two = e->kind == EXPR_REDUCE;
	uint8_t before = binds ? locals[e->local] : 0, before2 = two ? locals[e->local2] : 0;
	if (e->kind == EXPR_SLOT)
		slots[e->slot] = 1;
	if (e->kind == EXPR_LOCAL)
		locals[e->local] = 1;
	for (uint32_t i = 0; i < e->n_args; i++)
		collect_reads(e->args[i], slots, locals);
	if (binds)
		locals[e->local] = before;
	if (two)
		locals[e->local2] = before2;
}

static uint32_t *positions(struct exec *x, const uint8_t *set, uint32_t n, uint32_t *ret_n)
{
	uint32_t *list = exec_alloc(x, n * sizeof(*list));

	*ret_n = 0;
	for (uint32_t i = 0; list != NULL && i < n; i++)
		if (set[i])
			list[(*ret_n)++] = i;
	return list;
}

/* The part of a comprehension that runs over elements: conditions and results see the slots and
 * locals of the outside, gathered, and one more local. */
static enum status make_inner(struct builder *b, const struct expr *e, const struct expr *cond,
			      const struct expr *result, struct inner **ret)
{
	struct exec *x = b->x;
	uint32_t n_slots = x->plan->n_slots, n_locals = x->plan->n_locals;
	struct inner *in = exec_zalloc(x, sizeof(*in));
	uint8_t *slots = exec_zalloc(x, n_slots), *locals = exec_zalloc(x, n_locals);

	if (in == NULL || slots == NULL || locals == NULL)
		return ST_NOMEM;
	in->local = e->local;
	in->local2 = e->local2;
	in->local_cols = exec_zalloc(x, n_locals * sizeof(struct col));
	in->locals = exec_zalloc(x, n_locals * sizeof(struct column));
	TRY(own_batch_init(x, &in->elements));
	collect_reads(cond, slots, locals);
	collect_reads(result, slots, locals);
	locals[e->local] = 0;
	if (e->kind == EXPR_REDUCE)
		locals[e->local2] = 0;
	in->slots = positions(x, slots, n_slots, &in->n_slots);
	in->outer = positions(x, locals, n_locals, &in->n_outer);
	if (in->local_cols == NULL || in->locals == NULL || in->slots == NULL || in->outer == NULL)
		return ST_NOMEM;
	TRY(make_inner_prog(b, in, cond, &in->cond));
	TRY(make_inner_prog(b, in, result, &in->result));
	*ret = in;
	return ST_OK;
}

static enum status compile_inner(struct builder *b, const struct expr *e, struct operand *ret)
{
	struct step s = {.expr = e, .n_args = 1};
	struct operand args[2];
	const struct expr *cond = NULL, *result = NULL;

	TRY(compile(b, e->args[0], &args[0]));
	if (e->kind == EXPR_REDUCE) {
		s.run = step_reduce;
		s.n_args = 2;
		TRY(compile(b, e->args[1], &args[1]));
		result = e->args[2];
	} else if (e->kind == EXPR_QUANTIFIER) {
		s.run = step_quantifier;
		cond = e->args[1];
	} else {
		s.run = step_comprehension;
		cond = e->args[1];
		result = e->args[2];
	}
	TRY(make_inner(b, e, cond, result, &s.inner));
	TRY(copy_operands(b, args, s.n_args, &s.args));
	s.dst = b->p->n_regs++;
	*ret = (struct operand){FROM_REG, s.dst};
	return emit(b, s, &(uint32_t){0});
}

static enum status compile_plain(struct builder *b, const struct expr *e, struct operand *ret)
{
	assert(e->kind < ARRAY_LEN(plain_steps) && plain_steps[e->kind] != NULL);
	struct step s = {.run = plain_steps[e->kind], .expr = e, .n_args = e->n_args};
	struct operand *args = exec_alloc(b->x, e->n_args * sizeof(*args));
	if (args == NULL)
		return ST_NOMEM;

	for (uint32_t i = 0; i < e->n_args; i++)
		TRY(compile(b, e->args[i], &args[i]));
	s.args = args;
	s.dst = b->p->n_regs++;
	*ret = (struct operand){FROM_REG, s.dst};
	return emit(b, s, &(uint32_t){0});
}

static enum status compile(struct builder *b, const struct expr *e, struct operand *ret)
{
	if (e == NULL) /* a bound that a slice leaves out */
		return constant(b, VALUE_NULL, ret);
	switch (e->kind) {
	case EXPR_CONST:
		return constant(b, e->value, ret);
	case EXPR_PARAM:
		return constant(b, b->x->params[e->index], ret);
	case EXPR_SLOT:
		*ret = (struct operand){FROM_SLOT, e->slot};
		return ST_OK;
	case EXPR_LOCAL:
		*ret = (struct operand){FROM_LOCAL, e->local};
		return ST_OK;
	case EXPR_AND:
	case EXPR_OR:
		return compile_logic(b, e, ret);
	case EXPR_CASE:
		return compile_case(b, e, ret);
	case EXPR_COMPREHENSION:
	case EXPR_QUANTIFIER:
	case EXPR_REDUCE:
		return compile_inner(b, e, ret);
	default:
		return compile_plain(b, e, ret);
	}
}

static enum status finish(struct builder *b, const struct expr *e)
{
	struct prog *p = b->p;

	p->expr = e;
	TRY(compile(b, e, &p->result));
	p->steps = b->steps;
	p->n_steps = b->n_steps;
	p->consts = b->consts;
	p->regs = exec_zalloc(b->x, p->n_regs * sizeof(struct col));
	p->sels = exec_zalloc(b->x, p->n_guards * sizeof(*p->sels));
	return p->regs != NULL && p->sels != NULL ? ST_OK : ST_NOMEM;
}

static enum status make_inner_prog(struct builder *outer, const struct inner *in,
				   const struct expr *e, struct prog **ret)
{
	if (e == NULL)
		return ST_OK;
	struct prog *p = exec_zalloc(outer->x, sizeof(*p));
	if (p == NULL)
		return ST_NOMEM;

	struct builder b = {.x = outer->x, .p = p};
	p->scratch = outer->p->scratch;
	p->locals = in->locals;
	*ret = p;
	return finish(&b, e);
}

enum status prog_make(struct exec *x, const struct expr *e, struct prog **ret)
{
	*ret = NULL;
	if (e == NULL)
		return ST_OK;
	struct prog *p = exec_zalloc(x, sizeof(*p));
	if (p == NULL)
		return ST_NOMEM;

	struct builder b = {.x = x, .p = p};
	p->scratch = exec_alloc(x, sizeof(*p->scratch));
	p->locals = exec_zalloc(x, MAX_OF(x->plan->n_locals, 1u) * sizeof(struct column));
	if (p->scratch == NULL || p->locals == NULL)
		return ST_NOMEM;
	exec_arena_init(x, p->scratch);
	TRY(finish(&b, e));
	*ret = p;
	return ST_OK;
}
