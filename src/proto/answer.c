/* proto/answer.c - what the server says, frame by frame. */
#include "proto/answer.h"

#include <stdio.h>

#include "proto/wire.h"

enum { /* field numbers of ExecutionResponse */
       RESPONSE_STATUS = 1,
       RESPONSE_SCHEMA = 2,
       RESPONSE_ERROR = 4,
       RESPONSE_METRICS = 5,
       RESPONSE_EXPLAIN = 6,
       RESPONSE_PROFILE = 7,
};

#define PROFILE_VERSION 1

/* A message under construction: the envelope QuicServerMessage{answer{...}}. */
struct message {
	struct buf b;
	size_t answer;
};

static void message_open(struct message *m, enum request_kind kind)
{
	buf_init(&m->b, MEM_NET, 0);
	m->answer = build_open(&m->b, kind);
}

static void message_close(struct message *m, struct chain *out)
{
	build_close(&m->b, m->answer);
	build_frame(&m->b, out);
	buf_release(&m->b);
}

/* Clients compare 42000 exactly to know a syntax error; the precise code goes to the subclass. */
static struct str wire_code(enum gqlstatus code)
{
	return code == GQL_SYNTAX ? STR("42000") : str_of(gqlstatus_code(code));
}

static void put_status(struct buf *b, enum gqlstatus code, const struct answer_outcome *more)
{
	const size_t status = build_open(b, RESPONSE_STATUS);

	build_text(b, 1, wire_code(code));
	if (code == GQL_SYNTAX)
		build_text(b, 2, str_of(gqlstatus_code(code)));
	for (uint32_t i = 0; more != NULL && i < more->n_additional; i++)
		build_text_always(b, 3, str_of(gqlstatus_code(more->additional[i])));
	build_close(b, status);
}

void answer_hello(struct chain *out, struct str session_id, struct str graph)
{
	struct message m;

	message_open(&m, REQUEST_HELLO);
	build_uint(&m.b, 1, true);
	build_text(&m.b, 2, session_id);
	if (graph.p != NULL)
		build_text_always(&m.b, 6, graph);
	build_text(&m.b, 1000, STR(GEODE_VERSION));
	message_close(&m, out);
}

void answer_hello_refused(struct chain *out, const struct diag *d)
{
	struct message m;

	message_open(&m, REQUEST_HELLO);
	build_text(&m.b, 3, str_of(d->message));
	message_close(&m, out);
}

/* Every statement has one, so it is counted first and written straight into the chain. */
void answer_schema(struct chain *out, const struct answer_outcome *outcome,
		   const struct answer_column *columns, uint32_t n_columns)
{
	struct buf status;
	struct sink s;
	size_t schema = 0;

	buf_init(&status, MEM_NET, 0);
	put_status(&status, outcome->status, outcome);
	for (uint32_t i = 0; i < n_columns; i++)
		schema += field_size(field_size(columns[i].name.len) +
				     field_size(strlen(columns[i].type)));
	const size_t response = status.len + field_size(schema);
	const uint32_t frame = __builtin_bswap32((uint32_t)field_size(response));

	sink_open(&s, out);
	sink_room(&s);
	memcpy(s.at, &frame, sizeof frame);
	s.at += sizeof frame;
	sink_byte(&s, WIRE_TAG(REQUEST_EXECUTE, WIRE_BYTES));
	sink_varint(&s, response);
	sink_bytes(&s, status.p, status.len);
	sink_room(&s);
	sink_byte(&s, WIRE_TAG(RESPONSE_SCHEMA, WIRE_BYTES));
	sink_varint(&s, schema);
	for (uint32_t i = 0; i < n_columns; i++) {
		const struct str type = str_of(columns[i].type);
		sink_room(&s);
		sink_byte(&s, WIRE_TAG(1, WIRE_BYTES));
		sink_varint(&s, field_size(columns[i].name.len) + field_size(type.len));
		sink_text(&s, 1, columns[i].name);
		sink_text(&s, 2, type);
	}
	sink_close(&s);
	out->failed |= !buf_ok(&status);
	buf_release(&status);
}

void answer_status(struct chain *out, const struct answer_outcome *outcome)
{
	struct message m;

	message_open(&m, REQUEST_EXECUTE);
	put_status(&m.b, outcome->status, outcome);
	message_close(&m, out);
}

static void put_anchor(struct buf *b, uint32_t line, uint32_t column)
{
	char anchor[32];
	const int n = snprintf(anchor, sizeof anchor, "%u:%u", line, column);

	build_text(b, 4, (struct str){anchor, (size_t)n});
}

void answer_error(struct chain *out, const struct diag *d, struct str text)
{
	const bool has_place = d->offset != DIAG_NO_POSITION && text.p != NULL;
	uint32_t line = 0, column = 0;
	struct message m;

	if (has_place)
		diag_position(text, d->offset, &line, &column);
	message_open(&m, REQUEST_EXECUTE);
	put_status(&m.b, d->code, NULL);
	const size_t error = build_open(&m.b, RESPONSE_ERROR);
	build_text(&m.b, 1, wire_code(d->code));
	build_text(&m.b, 2, str_of(d->message));
	build_text(&m.b, 3, STR("ERROR"));
	if (has_place)
		put_anchor(&m.b, line, column);
	build_text(&m.b, 1000, str_of(d->hint));
	build_uint(&m.b, 1001, line);
	build_uint(&m.b, 1002, column);
	if (d->cause != GQL_SUCCESS) {
		const size_t cause = build_open(&m.b, 1003);
		build_text(&m.b, 1, str_of(gqlstatus_code(d->cause)));
		build_text(&m.b, 2, str_of(d->cause_message));
		build_text(&m.b, 3, STR("ERROR"));
		build_close(&m.b, cause);
	}
	build_close(&m.b, error);
	message_close(&m, out);
}

void answer_metrics(struct chain *out, const struct answer_metrics *metrics)
{
	struct message m;

	message_open(&m, REQUEST_EXECUTE);
	put_status(&m.b, GQL_SUCCESS, NULL);
	const size_t at = build_open(&m.b, RESPONSE_METRICS);
	build_uint(&m.b, 1, (uint64_t)metrics->parse_ns);
	build_uint(&m.b, 2, (uint64_t)metrics->plan_ns);
	build_uint(&m.b, 3, (uint64_t)metrics->execute_ns);
	build_uint(&m.b, 4, (uint64_t)metrics->total_ns);
	build_close(&m.b, at);
	message_close(&m, out);
}

void answer_explain(struct chain *out, const struct answer_explain_op *ops, uint32_t n_ops)
{
	struct message m;

	message_open(&m, REQUEST_EXECUTE);
	put_status(&m.b, GQL_SUCCESS, NULL);
	const size_t payload = build_open(&m.b, RESPONSE_EXPLAIN);
	for (uint32_t i = 0; i < n_ops; i++) {
		const size_t op = build_open(&m.b, 2);
		build_uint(&m.b, 1, i);
		build_text(&m.b, 2, ops[i].kind);
		build_uint(&m.b, 3, (uint64_t)ops[i].est_rows);
		build_uint(&m.b, 4, (uint64_t)ops[i].cost);
		build_uint(&m.b, 1000, ops[i].depth);
		build_text(&m.b, 1001, ops[i].detail);
		build_close(&m.b, op);
	}
	if (n_ops != 0) {
		const size_t totals = build_open(&m.b, 3);
		build_uint(&m.b, 1, (uint64_t)ops[0].est_rows);
		build_uint(&m.b, 2, (uint64_t)ops[0].cost);
		build_close(&m.b, totals);
	}
	build_close(&m.b, payload);
	message_close(&m, out);
}

static void put_profile_op(struct buf *b, const struct answer_profile_op *op, uint32_t i)
{
	const size_t at = build_open(b, 2);

	build_text(b, 1, op->op);
	build_uint(b, 3, i);
	build_uint(b, 4, i);
	build_uint(b, 5, op->input_rows);
	build_uint(b, 6, op->rows);
	build_uint(b, 7, op->time_ns);
	build_uint(b, 10, op->bytes_alloc);
	build_text(b, 20, op->index_name);
	build_uint(b, 1000, op->depth);
	build_text(b, 1001, op->detail);
	build_uint(b, 1002, op->hits);
	build_close(b, at);
}

void answer_profile(struct chain *out, const struct answer_profile_op *ops, uint32_t n_ops,
		    uint64_t total_ns, uint64_t peak_bytes)
{
	struct message m;

	message_open(&m, REQUEST_EXECUTE);
	put_status(&m.b, GQL_SUCCESS, NULL);
	const size_t payload = build_open(&m.b, RESPONSE_PROFILE);
	build_uint(&m.b, 1, PROFILE_VERSION);
	for (uint32_t i = 0; i < n_ops; i++)
		put_profile_op(&m.b, &ops[i], i);
	const size_t totals = build_open(&m.b, 4);
	build_uint(&m.b, 1, total_ns);
	build_uint(&m.b, 2, peak_bytes);
	build_close(&m.b, totals);
	build_uint(&m.b, 5, total_ns);
	build_close(&m.b, payload);
	message_close(&m, out);
}

/* {ok: true} and {success: true} are the same bytes. */
static void answer_true(struct chain *out, enum request_kind kind)
{
	struct message m;

	message_open(&m, kind);
	build_uint(&m.b, 1, true);
	message_close(&m, out);
}

void answer_ping(struct chain *out)
{
	answer_true(out, REQUEST_PING);
}

void answer_begin(struct chain *out, struct str session_id, struct str tx_id)
{
	struct message m;

	message_open(&m, REQUEST_BEGIN);
	build_text(&m.b, 1, session_id);
	build_text(&m.b, 2, tx_id);
	message_close(&m, out);
}

void answer_commit(struct chain *out)
{
	answer_true(out, REQUEST_COMMIT);
}

void answer_rollback(struct chain *out)
{
	answer_true(out, REQUEST_ROLLBACK);
}

void answer_savepoint(struct chain *out)
{
	answer_true(out, REQUEST_SAVEPOINT);
}

void answer_rollback_to(struct chain *out)
{
	answer_true(out, REQUEST_ROLLBACK_TO);
}

void answer_unsupported(struct chain *out, enum request_kind kind, struct str text)
{
	struct message m;

	message_open(&m, kind);
	if (kind == REQUEST_CDC_DIAGNOSTICS)
		build_text(&m.b, 15, text); /* version: its only text */
	else
		build_text(&m.b, 2, text); /* success stays false */
	message_close(&m, out);
}
