#include "server/statement.h"
#include "base/clock.h"
#include "gql/gql.h"
#include "server/explain.h"
#include "server/server_int.h"

static enum status no_memory(struct statement *s)
{
	if (diag_is_set(&s->diag))
		return ST_LIMIT;
	if (arena_over_budget(&s->arena))
		return diag_fail(&s->diag, ST_LIMIT, GQL_QUERY_MEMORY, DIAG_NO_POSITION,
				 "the statement needs more than its %llu bytes of memory",
				 (unsigned long long)s->budget.limit_bytes);
	return diag_fail(&s->diag, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
}

/* Every failure leaves with a diag: codes without one are ours or the machine's. */
static enum status explain_status(struct statement *s, enum status st)
{
	if (st == ST_OK || diag_is_set(&s->diag))
		return st;
	if (st == ST_NOMEM || st == ST_LIMIT)
		return no_memory(s);
	return diag_fail(&s->diag, st, GQL_INTERNAL, DIAG_NO_POSITION, "unexpected status '%s'",
			 status_name(st));
}

enum status statement_graph_is_gone(struct statement *s)
{
	(void)diag_set(&s->diag, GQL_BAD_REFERENCE, DIAG_NO_POSITION,
		       "the session's graph was dropped");
	diag_hint(&s->diag, "choose another one with USE");
	return ST_INVALID;
}

static enum status make_plan(struct statement *s, struct graph *g, const struct plan_options *opt)
{
	struct plan_cache *cache = s->server->plans;

	if (g != NULL)
		s->plan = plan_cache_get(cache, s->text, &s->tokens, g);
	if (s->plan != NULL && !plan_fits(s->plan, opt)) {
		plan_unref(s->plan);
		s->plan = NULL;
	}
	if (s->plan != NULL) {
		metric_add(&metric_plan_hits, 1);
		return ST_OK;
	}
	struct ast_statement *ast = NULL;
	TRY(gql_parse_tokens(&s->arena, s->text, &s->tokens, &ast, &s->diag));
	s->ast = ast;
	s->explain = ast->explain == AST_EXPLAIN;
	s->profile = ast->explain == AST_PROFILE;
	if (ast->kind != AST_QUERY)
		return ST_OK;
	if (g == NULL)
		return statement_graph_is_gone(s);
	metric_add(&metric_plan_misses, 1);
	TRY(plan_make(ast, s->text, &s->tokens, g, opt, &s->plan, &s->diag));
	if (ast->cacheable && ast->explain == AST_EXPLAIN_NONE)
		plan_cache_put(cache, s->text, &s->tokens, s->plan);
	return ST_OK;
}

static enum status name_columns(struct statement *s)
{
	s->n_columns = s->plan->n_columns;
	s->columns = ARENA_ARRAY(&s->arena, struct answer_column, s->n_columns);
	if (s->columns == NULL)
		return no_memory(s);
	for (uint32_t i = 0; i < s->n_columns; i++)
		s->columns[i] = (struct answer_column){
		    .name = plan_column_name(s->plan, i, s->text, &s->tokens),
		    .type = "ANY",
		};
	return ST_OK;
}

static enum status plan_text(struct statement *s, struct graph *g, const struct plan_options *opt)
{
	TRY(make_plan(s, g, opt));
	if (s->plan == NULL)
		return ST_OK;
	TRY(name_columns(s));
	s->values = ARENA_ARRAY(&s->arena, struct value, s->plan->n_params);
	if (s->values == NULL)
		return no_memory(s);
	if (s->explain)
		return ST_OK; /* parameters are not needed to plan */
	return plan_bind_params(s->plan, s->text, &s->tokens, s->params, s->n_params, &s->arena,
				s->values, &s->diag);
}

static enum status open_text(struct statement *s, struct graph *g, const struct plan_options *opt,
			     const struct request_execute *req)
{
	s->text = arena_str(&s->arena, req->text);
	s->params = req->params;
	s->n_params = req->n_params;
	if (s->text.p == NULL)
		return no_memory(s);
	if (!utf8_valid(s->text))
		return diag_set(&s->diag, GQL_BAD_TEXT, DIAG_NO_POSITION,
				"the statement is not UTF-8");
	TRY(gql_lex(&s->arena, s->text, &s->tokens, &s->diag));
	return plan_text(s, g, opt);
}

void statement_init(struct statement *s, struct server *server)
{
	*s = (struct statement){.server = server};
	s->budget = (struct budget){.limit_bytes = server->config->query_memory,
				    .parent = &server->query_budget};
	arena_init(&s->arena, MEM_QUERY, &s->budget);
}

void statement_release(struct statement *s)
{
	statement_close(s);
	arena_release(&s->arena);
}

enum status statement_open(struct statement *s, struct server *server, struct graph *g,
			   const struct plan_options *opt, const struct request_execute *req)
{
	uint32_t timeout_ms =
	    req->timeout_ms != 0 ? req->timeout_ms : server->config->query_timeout_ms;

	s->open = true;
	s->start_ns = clock_mono_ns();
	if (timeout_ms != 0)
		s->deadline_ns = s->start_ns + timeout_ms * UINT64_C(1000000);
	enum status st = explain_status(s, open_text(s, g, opt, req));
	s->planned_ns = clock_mono_ns();
	return st;
}

enum status statement_plan_again(struct statement *s, struct graph *g,
				 const struct plan_options *opt)
{
	plan_unref(s->plan);
	s->plan = NULL;
	return explain_status(s, plan_text(s, g, opt));
}

static void drop_held(struct statement *s)
{
	for (struct held_page *h = s->held_first; h != NULL; h = h->next) {
		chain_release(&h->bytes);
		budget_give(&s->budget, h->charged);
	}
	s->held_first = s->held_last = NULL;
}

void statement_close(struct statement *s)
{
	struct server *server = s->server;

	if (!s->open && s->arena.head == NULL)
		return;
	query_close(s->query);
	plan_unref(s->plan);
	if (s->page != NULL)
		page_release(s->page);
	drop_held(s);
	chain_release(&s->payload);
	arena_reset(&s->arena);
	/* The arena knows its budget's address: both stay where they are, the rest begins anew. */
	struct arena arena = s->arena;
	struct budget budget = s->budget;
	*s = (struct statement){.server = server, .arena = arena, .budget = budget};
}

bool statement_writes(const struct statement *s)
{
	return s->plan != NULL && s->plan->writes && !s->explain;
}

enum status statement_start(struct statement *s, struct txn *txn)
{
	const struct query_options opt = {
	    .budget = &s->server->query_budget,
	    .memory_limit_bytes = s->server->config->query_memory,
	    .stop = &s->stop,
	    .deadline_ns = s->deadline_ns,
	    .profile = s->profile,
	};

	query_close(s->query);
	s->query = NULL;
	s->batch = NULL;
	s->n_rows = 0;
	s->begun = false;
	drop_held(s);
	chain_release(&s->payload);
	s->payload = (struct chain){0};
	s->plan_rows_taken = false;
	if (s->page != NULL)
		page_release(s->page);
	else
		s->page = arena_alloc(&s->arena, sizeof *s->page);
	if (s->page == NULL)
		return no_memory(s);
	page_init(s->page);
	diag_reset(&s->diag);
	if (s->explain)
		return explain_status(s, explain_rows(s));
	return explain_status(s, query_open(s->plan, txn, s->values, &opt, &s->diag, &s->query));
}

void statement_page_limits(struct statement *s, size_t bytes, uint32_t rows)
{
	page_begin(s->page, bytes, rows);
}

static enum status next_batch(struct statement *s)
{
	s->i_sel = 0;
	s->batch = NULL;
	if (s->explain) {
		s->batch = s->plan_rows_taken ? NULL : &s->plan_rows;
		s->plan_rows_taken = true;
		return ST_OK;
	}
	struct batch *b = NULL;
	TRY(query_next(s->query, &b));
	if (b != NULL && s->profile) {
		s->n_rows += b->n_sel; /* PROFILE shows the plan, not the rows */
		return ST_YIELD;
	}
	if (b == NULL && s->profile && !s->plan_rows_taken) {
		TRY(profile_rows(s));
		s->plan_rows_taken = true;
		b = &s->plan_rows;
	}
	s->batch = b;
	return ST_OK;
}

enum statement_event statement_step(struct statement *s, bool hurried)
{
	enum status st = ST_OK;

	s->begun = true;
	if (s->query != NULL)
		query_hurry(s->query, hurried);
	for (;;) {
		if (s->batch == NULL) {
			st = next_batch(s);
			if (st == ST_YIELD)
				return STATEMENT_YIELD;
			if (st == ST_RESTART)
				return STATEMENT_RESTART;
			if (st != ST_OK)
				break;
			if (s->batch == NULL)
				return STATEMENT_END;
		}
		if (s->n_columns != 0) {
			uint32_t before = s->i_sel;
			st = page_append(s->page, s->batch, &s->i_sel, &s->diag);
			if (st != ST_OK)
				break;
			s->n_rows += s->i_sel - before;
			if (s->i_sel < s->batch->n_sel)
				return STATEMENT_PAGE;
		}
		s->batch = NULL;
	}
	s->status = explain_status(s, st);
	if (s->diag.offset != DIAG_NO_POSITION)
		s->diag.offset = plan_offset(s->plan, s->diag.offset, &s->tokens);
	return STATEMENT_ERROR;
}

/* A type found by looking at values is a promise for the whole result: only when this page ends it.
 */
static const char *column_type(const struct statement *s, uint32_t i, bool final)
{
	if (s->plan_rows_taken)
		return page_column_type(s->page, i);
	if (s->plan->columns[i].type != V_NULL)
		return page_type_name((enum value_kind)s->plan->columns[i].type);
	return final ? page_column_type(s->page, i) : "ANY";
}

void statement_take_schema(struct statement *s, struct chain *out, bool final)
{
	const struct answer_outcome outcome = {
	    .status = s->n_rows == 0 && s->n_columns != 0 ? GQL_NO_DATA : GQL_SUCCESS,
	};

	for (uint32_t i = 0; i < s->n_columns; i++)
		s->columns[i].type = column_type(s, i, final);
	answer_schema(out, &outcome, s->columns, s->n_columns);
	chain_move(out, &s->payload);
	s->schema_sent = true;
}

void statement_take_page(struct statement *s, struct chain *out, enum page_wrap wrap, bool final)
{
	if (!s->schema_sent)
		statement_take_schema(s, out, final);
	page_finish(s->page, out, wrap, final);
	s->page_sent = true;
}

enum status statement_hold_page(struct statement *s, enum page_wrap wrap)
{
	struct held_page *h = ARENA_NEW(&s->arena, struct held_page);
	size_t bytes = page_bytes(s->page);

	if (h == NULL || !budget_take(&s->budget, bytes))
		return diag_fail(
		    &s->diag, ST_LIMIT, GQL_QUERY_MEMORY, DIAG_NO_POSITION,
		    "the rows of a writing statement wait for its commit and need more than "
		    "%llu bytes of memory",
		    (unsigned long long)s->budget.limit_bytes);
	h->charged = bytes;
	page_finish(s->page, &h->bytes, wrap, false);
	if (s->held_last != NULL)
		s->held_last->next = h;
	else
		s->held_first = h;
	s->held_last = h;
	return ST_OK;
}

bool statement_take_held(struct statement *s, struct chain *out)
{
	struct held_page *h = s->held_first;

	if (h == NULL)
		return false;
	if (!s->schema_sent)
		statement_take_schema(s, out, false);
	s->held_first = h->next;
	if (h->next == NULL)
		s->held_last = NULL;
	chain_move(out, &h->bytes);
	budget_give(&s->budget, h->charged);
	s->page_sent = true;
	return true;
}

void statement_take_empty(struct chain *out, enum gqlstatus status)
{
	const struct answer_outcome outcome = {.status = status};

	answer_schema(out, &outcome, NULL, 0);
	page_empty(out);
}

void statement_stop(struct statement *s, enum query_stop why)
{
	atomic_store_explicit(&s->stop, why, memory_order_relaxed);
}

enum status statement_check(struct statement *s)
{
	if (s->deadline_ns != 0 && clock_mono_ns() >= s->deadline_ns)
		statement_stop(s, QUERY_TIMED_OUT);
	return query_stopped(atomic_load_explicit(&s->stop, memory_order_relaxed), &s->diag);
}
