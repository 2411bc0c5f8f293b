/* exec/expr_int.h - steps, registers and the state of a run; private to expr.c and eval*.c.
 *
 * Room: exec. See expr.h. */
#ifndef EXEC_EXPR_INT_H
#define EXEC_EXPR_INT_H

#include "base/bits.h"
#include "exec/expr.h"
#include "value/order.h"

struct eval;
struct step;
typedef enum status (*step_fn)(struct eval *ev, const struct step *s);

enum operand_kind { FROM_REG, FROM_SLOT, FROM_LOCAL, FROM_CONST };

struct operand {
	uint8_t from; /* enum operand_kind */
	uint32_t at;
};

/* What a comprehension, quantifier or reduce runs over the elements of its lists. */
struct inner {
	struct prog *cond, *result; /* either may be NULL */
	uint32_t local, local2;	    /* the element, the accumulator of reduce */
	uint32_t n_slots,
	    n_outer; /* read by cond and result: slots, locals of outer comprehensions */
	uint32_t *slots, *outer;
	struct own_batch elements; /* one row for each element */
	struct col *local_cols;	   /* memory of locals */
	struct column *locals;	   /* what cond and result see, by local */
};

struct step {
	step_fn run;
	const struct expr *expr; /* name, function, place */
	uint32_t dst;		 /* register */
	uint32_t n_args;
	const struct operand *args;
	uint32_t jump; /* control steps: where to go on when no row is left */
	struct inner *inner;
};

struct prog {
	const struct step *steps;
	uint32_t n_steps, n_regs, n_guards;
	const struct expr *expr;
	struct operand result;
	struct col *regs;
	struct column *consts;
	struct column *locals; /* by local */
	uint16_t **sels;       /* narrowed selections, by depth of guard */
	uint16_t *sel_out;     /* prog_select's */
	struct exec_arena
	    *scratch; /* texts and lists made in a run; an inner program shares its outer's */
};

struct selection {
	const uint16_t *rows; /* NULL: 0..n-1 */
	uint32_t n;
};

#define EVAL_GUARDS_MAX 256 /* nesting of AND, OR and CASE in one expression */

struct eval {
	struct exec *x;
	struct prog *p;
	const struct batch *b;
	struct selection sel;
	uint32_t pc;
	uint32_t depth; /* guards open */
	struct selection guards[EVAL_GUARDS_MAX];
};

static inline uint32_t eval_row(const struct selection *s, uint32_t i)
{
	return s->rows != NULL ? s->rows[i] : i;
}

static inline const struct column *eval_arg(const struct eval *ev, const struct step *s, uint32_t i)
{
	struct operand o = s->args[i];

	switch (o.from) {
	case FROM_REG:
		return &ev->p->regs[o.at].c;
	case FROM_SLOT:
		return &ev->b->cols[o.at];
	case FROM_LOCAL:
		return &ev->p->locals[o.at];
	default:
		return &ev->p->consts[o.at];
	}
}

/* The register of a step as an empty column of the kind. */
enum status eval_dst(struct eval *ev, const struct step *s, enum column_kind kind,
		     struct column **ret) MUST_CHECK;

/* Whether all arguments are constants: the step then computes row 0 only. */
bool eval_all_const(const struct eval *ev, const struct step *s);

/* A function of one row, by values: the general path. */
typedef enum status (*row_fn)(struct eval *ev, const struct step *s, const struct value *args,
			      struct value *ret);
/* Applies it to each selected row. */
enum status eval_rows(struct eval *ev, const struct step *s, row_fn fn) MUST_CHECK;

static inline struct arena *eval_scratch(struct eval *ev)
{
	return &ev->p->scratch->a;
}

static inline struct func_ctx eval_func_ctx(struct eval *ev, const struct step *s)
{
	return (struct func_ctx){.arena = eval_scratch(ev),
				 .diag = ev->x->diag,
				 .offset = s->expr->offset,
				 .hurried = ev->x->hurried};
}

/* The truth (enum truth) of each selected row. */
enum status eval_truths(struct eval *ev, const struct expr *e, const struct column *c,
			uint8_t ret[BATCH_ROWS]) MUST_CHECK;

/* Runs a program without resetting its scratch. */
enum status prog_run(struct prog *p, struct exec *x, const struct batch *b,
		     const struct column **ret) MUST_CHECK;
/* A buffer for a narrowed selection. */
enum status eval_sel(struct eval *ev, uint32_t depth, uint16_t **ret) MUST_CHECK;

/* eval.c: logic and control */
enum status step_guard(struct eval *ev, const struct step *s);
enum status step_combine(struct eval *ev, const struct step *s);
enum status step_unguard(struct eval *ev, const struct step *s);
enum status step_case_begin(struct eval *ev, const struct step *s);
enum status step_case_when(struct eval *ev, const struct step *s);
enum status step_case_take(struct eval *ev, const struct step *s);
enum status step_case_next(struct eval *ev, const struct step *s);
enum status step_case_end(struct eval *ev, const struct step *s);
enum status step_not(struct eval *ev, const struct step *s);
enum status step_xor(struct eval *ev, const struct step *s);
enum status step_is_null(struct eval *ev, const struct step *s);
enum status step_is_truth(struct eval *ev, const struct step *s);
/* eval_cmp.c, eval_arith.c, eval_list.c, eval_graph.c, eval_inner.c */
enum status step_compare(struct eval *ev, const struct step *s);
enum status step_in(struct eval *ev, const struct step *s);
enum status step_text_test(struct eval *ev, const struct step *s);
enum status step_arith(struct eval *ev, const struct step *s);
enum status step_neg(struct eval *ev, const struct step *s);
enum status step_concat(struct eval *ev, const struct step *s);
enum status step_call(struct eval *ev, const struct step *s);
enum status step_list(struct eval *ev, const struct step *s);
enum status step_map(struct eval *ev, const struct step *s);
enum status step_index(struct eval *ev, const struct step *s);
enum status step_slice(struct eval *ev, const struct step *s);
enum status step_prop(struct eval *ev, const struct step *s);
enum status step_has_label(struct eval *ev, const struct step *s);
enum status step_path(struct eval *ev, const struct step *s);
enum status step_graph_call(struct eval *ev, const struct step *s);
/* eval_proc.c: the maps that a built-in procedure gives, as a list. */
enum status proc_rows(struct eval *ev, enum graph_func f, struct value *ret) MUST_CHECK;
enum status step_comprehension(struct eval *ev, const struct step *s);
enum status step_quantifier(struct eval *ev, const struct step *s);
enum status step_reduce(struct eval *ev, const struct step *s);

#endif
