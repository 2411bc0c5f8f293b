/* tools/geode/import_online.c - batches of lines as logged transactions of a server.
 *
 * A batch is one statement over a list of rows, so it is one transaction: UNWIND $rows AS r INSERT
 * ... Nodes come back with their ids, by which edges find them. One batch is on its way while the
 * next is filled. */
#include "client/geode.h"
#include "tools/geode/import.h"
#include "value/text.h"

#define PIPELINE_MAX 2 /* batches on their way */

struct online {
	struct import_sink sink;
	struct geode_session *session;
	uint32_t limit; /* rows of a batch */
	struct geode_params *params;
	struct buf labels; /* of the rows in the batch, as text of the statement */
	struct buf text;   /* the statement */
	const struct import_file *file;
	uint32_t n_rows;		  /* in the batch */
	uint32_t n_sent;		  /* batches on their way */
	uint32_t sent_rows[PIPELINE_MAX]; /* their rows, oldest first */
	VEC(uint64_t) ids;		  /* of nodes */
	uint64_t n_nodes, n_edges;	  /* committed */
};

static enum status fail(struct online *o, struct diag *d)
{
	const struct geode_error *e = geode_error_of(o->session);
	enum gqlstatus code = GQL_CONNECTION;

	(void)gqlstatus_find(str_of(e->code), &code);
	(void)diag_fail(d, ST_CLOSED, code, DIAG_NO_POSITION, "%s", e->message);
	if (e->hint[0] != 0)
		diag_hint(d, "%s", e->hint);
	return ST_CLOSED;
}

static enum status no_memory(struct diag *d)
{
	return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
}

static bool is_property(const struct import_column *c)
{
	return c->name.len != 0 && (c->role == IMPORT_PROPERTY || c->role == IMPORT_ID);
}

/* " {name: r[2], ...}": a row is a list of two numbers, then the properties in order. */
static void put_props(struct buf *b, const struct import_file *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->columns.n; i++) {
		if (!is_property(&f->columns.v[i]))
			continue;
		buf_puts(b, n == 0 ? " {" : ", ");
		text_put_name(b, f->columns.v[i].name);
		buf_printf(b, ": r[%u]", 2 + n++);
	}
	if (n != 0)
		buf_putc(b, '}');
}

static void make_text(struct online *o)
{
	struct buf *b = &o->text;

	buf_reset(b);
	buf_puts(b, "UNWIND $rows AS r ");
	if (o->file->is_edges)
		buf_puts(b, "MATCH (a) WHERE id(a) = r[0] MATCH (b) WHERE id(b) = r[1] "
			    "INSERT (a)-[");
	else
		buf_puts(b, "INSERT (n");
	buf_put_str(b, buf_str(&o->labels));
	put_props(b, o->file);
	buf_puts(b, o->file->is_edges ? "]->(b)" : ") RETURN r[0] AS row, id(n) AS id");
}

static enum status take_ids(struct online *o, struct geode_result *r, struct diag *d)
{
	enum geode_status st;

	while ((st = geode_result_next(r)) == GEODE_ROW) {
		const int64_t row = geode_value_int(geode_result_value(r, 0));
		if (row < 0 || (uint64_t)row >= o->ids.n)
			return diag_fail(d, ST_CORRUPT, GQL_PROTOCOL_VIOLATION, DIAG_NO_POSITION,
					 "the server's answer does not fit the batch");
		o->ids.v[row] = (uint64_t)geode_value_int(geode_result_value(r, 1));
	}
	return st == GEODE_END ? ST_OK : fail(o, d);
}

/* The oldest batch on its way is answered: its transaction holds, or the import ends. */
static enum status receive(struct online *o, struct diag *d)
{
	const uint32_t rows = o->sent_rows[0];
	struct geode_result *r = NULL;
	enum status st = ST_OK;

	o->n_sent--;
	memmove(o->sent_rows, o->sent_rows + 1, sizeof o->sent_rows - sizeof o->sent_rows[0]);
	if (geode_receive(o->session, &r) != GEODE_OK)
		return fail(o, d);
	if (o->file->is_edges) {
		o->n_edges += rows;
	} else {
		st = take_ids(o, r, d);
		o->n_nodes += rows;
	}
	geode_result_free(r);
	return st;
}

static enum status flush(struct online *o, struct diag *d)
{
	if (o->n_rows == 0)
		return ST_OK;
	geode_params_close(o->params);
	make_text(o);
	const char *text = buf_cstr(&o->text);
	if (!buf_ok(&o->text) || !buf_ok(&o->labels))
		return no_memory(d);
	if (o->n_sent == PIPELINE_MAX)
		TRY(receive(o, d));
	if (geode_send(o->session, text, o->params) != GEODE_OK)
		return fail(o, d);
	o->sent_rows[o->n_sent++] = o->n_rows;
	o->n_rows = 0;
	geode_params_clear(o->params);
	return ST_OK;
}

static enum status drain(struct online *o, struct diag *d)
{
	TRY(flush(o, d));
	while (o->n_sent != 0)
		TRY(receive(o, d));
	return ST_OK;
}

static void add_value(struct geode_params *p, struct value v)
{
	switch (v.kind) {
	case V_BOOL:
		geode_params_bool(p, NULL, v.b);
		break;
	case V_INT:
		geode_params_int(p, NULL, v.i);
		break;
	case V_FLOAT:
		geode_params_double(p, NULL, v.f);
		break;
	case V_STRING:
		geode_params_string(p, NULL, v.s, v.n);
		break;
	case V_LIST:
		geode_params_open_list(p, NULL);
		for (uint32_t i = 0; i < v.n; i++)
			add_value(p, v.list[i]);
		geode_params_close(p);
		break;
	default:
		geode_params_null(p, NULL);
	}
}

/* Rows of one batch share their labels, which stand in the statement's text. */
static enum status same_labels(struct online *o, const struct import_row *row, struct diag *d)
{
	struct buf labels;

	buf_init(&labels, MEM_OTHER, 0);
	for (uint32_t i = 0; i < row->n_labels; i++) {
		buf_putc(&labels, i == 0 ? ':' : '&');
		text_put_name(&labels, row->labels[i]);
	}
	enum status st = buf_ok(&labels) ? ST_OK : no_memory(d);
	if (st == ST_OK && !str_eq(buf_str(&labels), buf_str(&o->labels)))
		st = flush(o, d);
	buf_reset(&o->labels);
	buf_put_str(&o->labels, buf_str(&labels));
	buf_release(&labels);
	return st;
}

static enum status add_row(struct online *o, const struct import_file *f,
			   const struct import_row *row, uint64_t first, uint64_t second,
			   struct diag *d)
{
	if (o->n_rows == 0)
		geode_params_open_list(o->params, "rows");
	geode_params_open_list(o->params, NULL);
	geode_params_int(o->params, NULL, (int64_t)first);
	geode_params_int(o->params, NULL, (int64_t)second);
	for (uint32_t i = 0; i < f->columns.n; i++) {
		if (is_property(&f->columns.v[i]))
			add_value(o->params, row->values[i]);
	}
	geode_params_close(o->params);
	return ++o->n_rows < o->limit ? ST_OK : flush(o, d);
}

static enum status online_begin(struct import_sink *s, struct import_file *f, struct diag *d)
{
	container_of(s, struct online, sink)->file = f;
	return ST_OK;
}

static enum status online_node(struct import_sink *s, const struct import_file *f,
			       const struct import_row *row, struct diag *d)
{
	struct online *o = container_of(s, struct online, sink);

	TRY(same_labels(o, row, d));
	if (!vec_push(MEM_OTHER, &o->ids, 0))
		return no_memory(d);
	return add_row(o, f, row, o->ids.n - 1, 0, d);
}

static enum status online_edge(struct import_sink *s, const struct import_file *f,
			       const struct import_row *row, struct diag *d)
{
	struct online *o = container_of(s, struct online, sink);

	TRY(same_labels(o, row, d));
	return add_row(o, f, row, o->ids.v[row->from], o->ids.v[row->to], d);
}

static enum status online_end(struct import_sink *s, const struct import_file *f, struct diag *d)
{
	return drain(container_of(s, struct online, sink), d);
}

static enum status online_finish(struct import_sink *s, struct diag *d)
{
	return ST_OK;
}

static void online_free(struct import_sink *s)
{
	struct online *o = container_of(s, struct online, sink);

	geode_disconnect(o->session);
	geode_params_free(o->params);
	buf_release(&o->labels);
	buf_release(&o->text);
	vec_release(MEM_OTHER, &o->ids);
	MEM_FREE(MEM_OTHER, o);
}

static const struct import_sink_ops online_ops = {
    online_begin, online_node, online_edge, online_end, online_finish, online_free,
};

enum status import_online_new(struct geode_session *session, uint32_t batch,
			      struct import_sink **ret, struct diag *d)
{
	struct online *o = MEM_NEW(MEM_OTHER, struct online);

	if (o == NULL) {
		geode_disconnect(session);
		return no_memory(d);
	}
	o->sink.ops = &online_ops;
	o->session = session;
	o->limit = batch;
	buf_init(&o->labels, MEM_OTHER, 0);
	buf_init(&o->text, MEM_OTHER, 0);
	o->params = geode_params_new();
	if (o->params == NULL) {
		online_free(&o->sink);
		return no_memory(d);
	}
	*ret = &o->sink;
	return ST_OK;
}

void import_online_counts(struct import_sink *s, uint64_t *ret_nodes, uint64_t *ret_edges)
{
	struct online *o = container_of(s, struct online, sink);
	struct diag ignored;

	diag_reset(&ignored);
	while (o->n_sent != 0)
		(void)receive(o, &ignored); /* a broken session answers at once */

	*ret_nodes = o->n_nodes;
	*ret_edges = o->n_edges;
}
