#include "server/explain.h"

#include "base/clock.h"

enum plan_column_id {
	PC_OPERATOR,
	PC_DETAIL,
	PC_EST_ROWS,
	PC_ROWS,
	PC_CALLS,
	PC_TIME_US,
	PC_N,
};

static const struct {
	const char *name;
	enum column_kind kind;
	bool profile_only;
} plan_columns[PC_N] = {
    [PC_OPERATOR] = {"operator", COL_STRING, false},
    [PC_DETAIL] = {"details", COL_STRING, false},
    [PC_EST_ROWS] = {"estimated_rows", COL_INT, false},
    [PC_ROWS] = {"rows", COL_INT, true},
    [PC_CALLS] = {"hits", COL_INT, true},
    [PC_TIME_US] = {"time_us", COL_INT, true},
};

static void put_row(struct statement *s, uint32_t row, const struct explain_op *op, struct str name)
{
	struct column *c = s->plan_rows.cols;

	c[PC_OPERATOR].s[row] = name;
	c[PC_DETAIL].s[row] = op->detail;
	c[PC_EST_ROWS].i[row] = (int64_t)(op->est_rows + 0.5);
	if (!s->profile)
		return;
	const struct op_stat *stat = &query_stats(s->query)[op->id];
	c[PC_ROWS].i[row] = (int64_t)stat->n_rows;
	c[PC_CALLS].i[row] = (int64_t)stat->n_calls;
	c[PC_TIME_US].i[row] = (int64_t)(stat->time_ns / 1000);
}

static void profile_payload(struct statement *s, const struct explain_op *ops, uint32_t n,
			    struct chain *out)
{
	struct answer_profile_op *p = ARENA_ARRAY(&s->arena, struct answer_profile_op, n);

	if (p == NULL) {
		out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct op_stat *stat = &query_stats(s->query)[ops[i].id];
		p[i] = (struct answer_profile_op){
		    .op = str_of(ops[i].kind),
		    .detail = ops[i].detail,
		    .depth = ops[i].depth,
		    .rows = stat->n_rows,
		    .hits = stat->n_calls,
		    .time_ns = stat->time_ns,
		};
	}
	answer_profile(out, p, n, clock_mono_ns() - s->planned_ns, query_memory_peak(s->query));
}

static void make_payload(struct statement *s, const struct explain_op *ops, uint32_t n)
{
	struct chain *out = &s->payload;

	if (s->profile) {
		profile_payload(s, ops, n, out);
		return;
	}
	struct answer_explain_op *e = ARENA_ARRAY(&s->arena, struct answer_explain_op, n);
	if (e == NULL) {
		out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		e[i] = (struct answer_explain_op){
		    .kind = str_of(ops[i].kind),
		    .detail = ops[i].detail,
		    .depth = ops[i].depth,
		    .est_rows = (int64_t)(ops[i].est_rows + 0.5),
		    .cost = (int64_t)(ops[i].est_cost + 0.5),
		};
	answer_explain(out, e, n);
}

static enum status make_rows(struct statement *s)
{
	const struct explain_op *ops;
	uint32_t n_ops, n_cols = s->profile ? PC_N : PC_ROWS;

	TRY(plan_explain(s->plan, &s->arena, &ops, &n_ops));
	n_ops = MIN_OF(n_ops, (uint32_t)BATCH_ROWS);
	s->plan_rows = (struct batch){.n_rows = n_ops, .n_sel = n_ops, .n_cols = n_cols};
	s->plan_rows.cols = ARENA_ARRAY(&s->arena, struct column, n_cols);
	s->columns = ARENA_ARRAY(&s->arena, struct answer_column, n_cols);
	if (s->plan_rows.cols == NULL || s->columns == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n_cols; i++) {
		TRY(column_init(&s->plan_rows.cols[i], plan_columns[i].kind, &s->arena));
		s->columns[i] = (struct answer_column){.name = str_of(plan_columns[i].name)};
	}
	s->n_columns = n_cols;
	for (uint32_t i = 0; i < n_ops; i++) {
		struct str name =
		    arena_printf(&s->arena, "%*s%s", (int)(2 * ops[i].depth), "", ops[i].kind);
		if (name.p == NULL)
			return ST_NOMEM;
		put_row(s, i, &ops[i], name);
	}
	make_payload(s, ops, n_ops);
	return s->payload.failed ? ST_NOMEM : ST_OK;
}

enum status explain_rows(struct statement *s)
{
	return make_rows(s);
}

enum status profile_rows(struct statement *s)
{
	return make_rows(s);
}
