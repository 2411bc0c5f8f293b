/* proto/reply.c - the bytes of a server's answer as a struct. */
#include "proto/reply.h"

#include "proto/value_wire.h"

struct reply_reader {
	struct arena *a;
	struct diag *d;
};

static enum status malformed(struct reply_reader *x)
{
	return diag_fail(x->d, ST_CORRUPT, GQL_PROTOCOL_VIOLATION, DIAG_NO_POSITION,
			 "the server's answer is not a message of the protocol");
}

static enum status take_text(struct reply_reader *x, struct str s, struct str *ret)
{
	*ret = arena_str(x->a, s);
	return ret->p != NULL ? ST_OK : ST_NOMEM;
}

/* The fields of a small message by number: below FLAT_FIELDS, and ours from 1000 on. */
#define FLAT_FIELDS 16
struct flat {
	struct wire_field low[FLAT_FIELDS], high[FLAT_FIELDS];
};

static enum status read_flat(struct reply_reader *x, struct str m, struct flat *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;

	memset(ret, 0, sizeof *ret);
	while (wire_next(&r, &f)) {
		if (f.number < FLAT_FIELDS)
			ret->low[f.number] = f;
		else if (f.number >= 1000 && f.number < 1000 + FLAT_FIELDS)
			ret->high[f.number - 1000] = f;
	}
	return r.failed ? malformed(x) : ST_OK;
}

static enum status read_hello(struct reply_reader *x, struct str m, struct reply *ret)
{
	struct flat f;

	TRY(read_flat(x, m, &f));
	ret->kind = REPLY_HELLO;
	ret->hello.success = f.low[1].value != 0;
	ret->hello.password_reset_required = f.low[5].value != 0;
	TRY(take_text(x, f.low[2].bytes, &ret->hello.session_id));
	TRY(take_text(x, f.low[3].bytes, &ret->hello.error_message));
	TRY(take_text(x, f.low[6].bytes, &ret->hello.graph));
	return take_text(x, f.high[0].bytes, &ret->hello.server_version);
}

static enum status read_schema(struct reply_reader *x, struct str m, struct reply *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	struct flat column;
	const size_t n = wire_count(m, 1);
	uint32_t i = 0;

	if (n == SIZE_MAX)
		return malformed(x);
	struct reply_column *columns = ARENA_ARRAY(x->a, struct reply_column, n);
	if (columns == NULL)
		return ST_NOMEM;
	while (wire_next(&r, &f)) {
		if (f.number != 1 || f.type != WIRE_BYTES)
			continue;
		TRY(read_flat(x, f.bytes, &column));
		TRY(take_text(x, column.low[1].bytes, &columns[i].name));
		TRY(take_text(x, column.low[2].bytes, &columns[i].type));
		i++;
	}
	ret->kind = REPLY_SCHEMA;
	ret->schema.n_columns = i;
	ret->schema.columns = columns;
	return ST_OK;
}

static enum status read_row(struct reply_reader *x, struct str m, struct value *values, uint32_t n)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	uint32_t i = 0;

	while (wire_next(&r, &f)) {
		if (f.number != 1 || f.type != WIRE_BYTES)
			continue;
		if (i == n)
			return malformed(x);
		TRY(value_read(f.bytes, x->a, &values[i++], x->d));
	}
	return r.failed || i != n ? malformed(x) : ST_OK;
}

static enum status read_page(struct reply_reader *x, struct str m, struct reply *ret)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	const size_t n_rows = wire_count(m, 1);
	struct value *values = NULL;
	size_t n_columns = 0;
	uint32_t i_row = 0;

	if (n_rows > UINT32_MAX)
		return malformed(x);
	ret->page.final = false;
	while (wire_next(&r, &f)) {
		if (f.number == 2)
			ret->page.final = f.value != 0;
		if (f.number != 1 || f.type != WIRE_BYTES)
			continue;
		if (i_row == 0) { /* all rows are as wide as the first */
			n_columns = wire_count(f.bytes, 1);
			if (n_columns > UINT32_MAX)
				return malformed(x);
			values = ARENA_ARRAY(x->a, struct value, n_rows * n_columns);
			if (values == NULL)
				return ST_NOMEM;
		}
		TRY(read_row(x, f.bytes, values + i_row * n_columns, (uint32_t)n_columns));
		i_row++;
	}
	if (r.failed)
		return malformed(x);
	ret->kind = REPLY_PAGE;
	ret->page.n_rows = i_row;
	ret->page.n_columns = (uint32_t)n_columns;
	ret->page.values = values;
	return ST_OK;
}

static enum status read_error(struct reply_reader *x, struct str m, struct reply *ret)
{
	struct flat f;

	TRY(read_flat(x, m, &f));
	ret->kind = REPLY_ERROR;
	TRY(take_text(x, f.low[1].bytes, &ret->error.code));
	TRY(take_text(x, f.low[2].bytes, &ret->error.message));
	TRY(take_text(x, f.high[0].bytes, &ret->error.hint));
	ret->error.line = (uint32_t)f.high[1].value;
	ret->error.column = (uint32_t)f.high[2].value;
	return ST_OK;
}

/* ExecutionResponse: its status, and one payload. */
static enum status read_response(struct reply_reader *x, struct str m, struct reply *ret)
{
	struct flat f, status;

	TRY(read_flat(x, m, &f));
	TRY(read_flat(x, f.low[1].bytes, &status));
	TRY(take_text(x, status.low[1].bytes, &ret->status));
	if (f.low[2].type == WIRE_BYTES && f.low[2].number != 0)
		return read_schema(x, f.low[2].bytes, ret);
	if (f.low[3].type == WIRE_BYTES && f.low[3].number != 0)
		return read_page(x, f.low[3].bytes, ret);
	if (f.low[4].number != 0) {
		TRY(read_error(x, f.low[4].bytes, ret));
		/* A syntax error travels as 42000; the subclass is the precise code. */
		return status.low[2].bytes.len == 5
			   ? take_text(x, status.low[2].bytes, &ret->error.code)
			   : ST_OK;
	}
	ret->kind = REPLY_STATUS;
	for (unsigned i = 5; i <= 8; i++) {
		if (f.low[i].number != 0)
			ret->kind = REPLY_SKIP;
	}
	return ST_OK;
}

static enum status read_done(struct reply_reader *x, struct str m, struct reply *ret)
{
	struct flat f;

	TRY(read_flat(x, m, &f));
	ret->kind = REPLY_DONE;
	ret->done.tx_id = ret->done.message = STR("");
	if (ret->request == REQUEST_BEGIN) {
		ret->done.success = true;
		return take_text(x, f.low[2].bytes, &ret->done.tx_id);
	}
	ret->done.success = f.low[1].value != 0;
	return take_text(x, f.low[2].bytes, &ret->done.message);
}

enum status reply_decode(struct str message, struct arena *a, struct reply *ret, struct diag *d)
{
	struct reply_reader x = {a, d};
	struct reader r = wire_reader(message);
	struct wire_field f, last = {0};
	struct reply reply = {.status = STR("")};
	struct flat pull;

	while (wire_next(&r, &f)) {
		if (f.number >= REQUEST_HELLO && f.number <= REQUEST_UPLOAD_BACKUP)
			last = f;
	}
	if (r.failed || last.type != WIRE_BYTES)
		return malformed(&x);
	reply.request = (enum request_kind)last.number;
	switch (reply.request) {
	case REQUEST_HELLO:
		TRY(read_hello(&x, last.bytes, &reply));
		break;
	case REQUEST_EXECUTE:
		TRY(read_response(&x, last.bytes, &reply));
		break;
	case REQUEST_PULL:
		TRY(read_flat(&x, last.bytes, &pull));
		TRY(read_response(&x, pull.low[1].bytes, &reply));
		break;
	default:
		TRY(read_done(&x, last.bytes, &reply));
	}
	*ret = reply;
	return ST_OK;
}
