/* proto/page.c - rows of batches written as one page. */
#include "proto/page.h"

#include "proto/frame.h"
#include "proto/value_wire.h"

#define PAGE_SEEN_NOTHING 0
#define PAGE_SEEN_MIXED UINT8_MAX
#define PAGE_COPY_MAX 2048 /* a page up to this size is copied behind its head, into one chunk */

enum { /* field numbers */
       MESSAGE_EXECUTE = 2,
       MESSAGE_PULL = 3,
       PULL_RESPONSE = 1,
       RESPONSE_STATUS = 1,
       RESPONSE_PAGE = 3,
       PAGE_ROWS = 1,
       PAGE_FINAL = 2,
       ROW_VALUES = 1,
};

void page_init(struct page *p)
{
	p->rows = (struct chain){0};
	p->n_rows = 0;
	p->full = false;
	memset(p->seen, PAGE_SEEN_NOTHING, sizeof p->seen);
	value_writer_init(&p->writer, PAGE_ROW_MAX);
}

void page_release(struct page *p)
{
	chain_release(&p->rows);
	value_writer_release(&p->writer);
}

void page_begin(struct page *p, size_t limit_bytes, uint32_t limit_rows)
{
	chain_release(&p->rows);
	p->n_rows = 0;
	p->limit_bytes = limit_bytes;
	p->limit_rows = limit_rows != 0 ? limit_rows : UINT32_MAX;
	p->full = false;
}

static void see(struct page *p, uint32_t i_col, uint8_t kind)
{
	uint8_t *seen = &p->seen[i_col];

	if (kind == V_NULL)
		return;
	if (*seen == PAGE_SEEN_NOTHING)
		*seen = kind + 1;
	else if (*seen != kind + 1)
		*seen = PAGE_SEEN_MIXED;
}

/* Adds the bytes of one column to the lengths of rows first..first+n-1 of the selection. Gives the
 * rows counted: it stops behind the row with which the column alone passes the page's limit. */
static uint32_t count_column(struct page *p, const struct batch *b, uint32_t i_col, uint32_t first,
			     uint32_t n)
{
	const struct column *c = &b->cols[i_col];
	size_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct value v = column_get(c, batch_row(b, first + i));
		const size_t size = field_size(value_count(&p->writer, v));
		see(p, i_col, v.kind);
		if (p->writer.failed != ST_OK)
			return i;
		sum += size;
		p->row_len[i] = (uint32_t)MIN_OF(p->row_len[i] + size, (size_t)UINT32_MAX / 2);
		if (sum > p->limit_bytes)
			return i + 1;
	}
	return n;
}

static enum status too_large(struct diag *d)
{
	return diag_fail(d, ST_LIMIT, GQL_TOO_LARGE, DIAG_NO_POSITION,
			 "a row of the result is above the limit of %u bytes", PAGE_ROW_MAX);
}

/* Counts rows, column by column. *ret_n: how many of n are counted in every column. */
static enum status count_rows(struct page *p, const struct batch *b, uint32_t first, uint32_t n,
			      uint32_t *ret_n, struct diag *d)
{
	value_writer_reset(&p->writer);
	memset(p->row_len, 0, n * sizeof p->row_len[0]);
	for (uint32_t i_col = 0; i_col < b->n_cols; i_col++) {
		p->lens_at[i_col] = p->writer.lens.n;
		n = count_column(p, b, i_col, first, n);
		if (p->writer.failed == ST_LIMIT && n == 0 && p->n_rows == 0)
			return too_large(d);
		if (p->writer.failed == ST_NOMEM)
			return ST_NOMEM;
		/* A row that is too large ends the count before it: the rows above it go out. */
		p->writer.failed = ST_OK;
	}
	*ret_n = n;
	return ST_OK;
}

/* How many of the counted rows fit into the page. */
static uint32_t rows_that_fit(struct page *p, uint32_t n)
{
	size_t total = p->rows.len;

	for (uint32_t i = 0; i < n; i++) {
		total += field_size(p->row_len[i]);
		if (p->row_len[i] > PAGE_ROW_MAX)
			return i;
		if (total > p->limit_bytes && p->n_rows + i > 0)
			return i;
	}
	return n;
}

static void write_rows(struct page *p, const struct batch *b, uint32_t first, uint32_t n)
{
	struct value_writer *w = &p->writer;
	struct sink s;

	sink_open(&s, &p->rows);
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t row = batch_row(b, first + i);
		sink_room(&s);
		sink_byte(&s, WIRE_TAG(PAGE_ROWS, WIRE_BYTES));
		sink_varint(&s, p->row_len[i]);
		for (uint32_t i_col = 0; i_col < b->n_cols; i_col++) {
			const struct value v = column_get(&b->cols[i_col], row);
			w->at = p->lens_at[i_col];
			sink_room(&s);
			sink_byte(&s, WIRE_TAG(ROW_VALUES, WIRE_BYTES));
			sink_varint(&s, value_size(w, v));
			value_write(w, &s, v);
			p->lens_at[i_col] = w->at;
		}
	}
	sink_close(&s);
}

enum status page_append(struct page *p, const struct batch *b, uint32_t *i_sel, struct diag *d)
{
	const uint32_t left = b->n_sel - *i_sel;
	const uint32_t want = MIN_OF(left, p->limit_rows - p->n_rows);
	uint32_t n = 0;

	assert(b->n_cols <= BATCH_COLUMNS_MAX && b->n_sel <= BATCH_ROWS);
	TRY(count_rows(p, b, *i_sel, want, &n, d));
	const uint32_t fit = rows_that_fit(p, n);
	if (fit == 0 && n > 0 && p->n_rows == 0)
		return too_large(d);
	write_rows(p, b, *i_sel, fit);
	if (p->rows.failed)
		return ST_NOMEM;
	p->n_rows += fit;
	*i_sel += fit;
	p->full = fit < left || p->n_rows == p->limit_rows || p->rows.len >= p->limit_bytes;
	return ST_OK;
}

/* The lengths of the messages around the rows are known only now, and go before them. */
static void put_head(struct chain *out, size_t page_len, enum page_wrap wrap)
{
	const size_t response = field_size(page_len);
	const size_t inner = wrap == PAGE_PULL ? field_size(response) : response;
	const uint32_t frame = __builtin_bswap32((uint32_t)field_size(inner));
	struct sink s;

	sink_open(&s, out);
	sink_room(&s);
	memcpy(s.at, &frame, FRAME_HEAD_BYTES);
	s.at += FRAME_HEAD_BYTES;
	if (wrap == PAGE_PULL) {
		sink_byte(&s, WIRE_TAG(MESSAGE_PULL, WIRE_BYTES));
		sink_varint(&s, inner);
		sink_byte(&s, WIRE_TAG(PULL_RESPONSE, WIRE_BYTES));
	} else {
		sink_byte(&s, WIRE_TAG(MESSAGE_EXECUTE, WIRE_BYTES));
	}
	sink_varint(&s, response);
	sink_byte(&s, WIRE_TAG(RESPONSE_PAGE, WIRE_BYTES));
	sink_varint(&s, page_len);
	sink_close(&s);
}

void page_finish(struct page *p, struct chain *out, enum page_wrap wrap, bool final)
{
	static const uint8_t final_field[] = {WIRE_TAG(PAGE_FINAL, WIRE_VARINT), 1};

	put_head(out, p->rows.len + (final ? sizeof final_field : 0), wrap);
	if (p->rows.len <= PAGE_COPY_MAX) {
		for (const struct iobuf *b = p->rows.first; b != NULL; b = b->next)
			chain_put(out, b->data, b->len);
		out->failed |= p->rows.failed;
		chain_release(&p->rows);
	} else {
		chain_move(out, &p->rows);
	}
	if (final)
		chain_put(out, final_field, sizeof final_field);
	p->n_rows = 0;
	p->full = false;
}

void page_empty(struct chain *out)
{
	static const uint8_t final_field[] = {WIRE_TAG(PAGE_FINAL, WIRE_VARINT), 1};

	put_head(out, sizeof final_field, PAGE_EXECUTE);
	chain_put(out, final_field, sizeof final_field);
}

void page_none(struct chain *out)
{
	struct buf b;

	buf_init(&b, MEM_NET, 0);
	const size_t pull = build_open(&b, MESSAGE_PULL);
	const size_t response = build_open(&b, PULL_RESPONSE);
	const size_t status = build_open(&b, RESPONSE_STATUS);
	build_text(&b, 1, str_of(gqlstatus_code(GQL_NO_DATA)));
	build_close(&b, status);
	const size_t page = build_open(&b, RESPONSE_PAGE);
	build_uint(&b, PAGE_FINAL, true);
	build_close(&b, page);
	build_close(&b, response);
	build_close(&b, pull);
	build_frame(&b, out);
	buf_release(&b);
}

const char *page_type_name(enum value_kind k)
{
	static const char *const names[V_N_KINDS] = {
	    [V_BOOL] = "BOOL",
	    [V_INT] = "INT",
	    [V_FLOAT] = "DOUBLE",
	    [V_STRING] = "STRING",
	    [V_BYTES] = "BYTEA",
	    [V_DECIMAL] = "DECIMAL",
	    [V_DATE] = "DATE",
	    [V_LOCAL_TIME] = "TIME",
	    [V_ZONED_TIME] = "TIMETZ",
	    [V_LOCAL_DATETIME] = "TIMESTAMP",
	    [V_ZONED_DATETIME] = "TIMESTAMPTZ",
	    [V_DURATION] = "INTERVAL",
	    [V_LIST] = "LIST",
	    [V_MAP] = "MAP",
	    [V_NODE] = "NODE",
	    [V_EDGE] = "EDGE",
	    [V_PATH] = "PATH",
	};

	return k < V_N_KINDS && names[k] != NULL ? names[k] : "ANY";
}

const char *page_column_type(const struct page *p, uint32_t i_col)
{
	const uint8_t seen = p->seen[i_col];

	if (seen == PAGE_SEEN_NOTHING || seen == PAGE_SEEN_MIXED)
		return "ANY";
	return page_type_name((enum value_kind)(seen - 1));
}
