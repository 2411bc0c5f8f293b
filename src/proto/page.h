/* proto/page.h - rows of batches written as one page of a result.
 *
 * Room:    proto.
 * Threads: a page belongs to the query that fills it.
 * Memory:  the page holds its bytes until page_finish() moves them to the outgoing chain; charge
 *          page_bytes() to the query. Batches are read during the call only.
 * Errors:  ST_LIMIT with d set (54N01): one row alone is above PAGE_ROW_MAX. ST_NOMEM.
 * Source:  wire-protocol.md, sections 4 and 5.
 *
 * Life: page_init once; for each page page_begin, page_append until full or out of rows,
 * page_finish; page_release. The types seen add up from page_init on. */
#ifndef PROTO_PAGE_H
#define PROTO_PAGE_H

#include "base/diag.h"
#include "base/iobuf.h"
#include "proto/value_wire.h"
#include "value/batch.h"

#define PAGE_ROW_MAX ((8u << 20) - 64) /* bytes of one row: it must fit a frame with its heads */

enum page_wrap { /* which message carries the page */
		 PAGE_EXECUTE,
		 PAGE_PULL,
};

struct page { /* read only outside page.c */
	struct chain rows;
	uint32_t n_rows, limit_rows;
	size_t limit_bytes;
	bool full; /* no further row fits: finish it */
	struct value_writer
	    writer; /* lengths of nested messages, counted before they are written */
	uint8_t seen[BATCH_COLUMNS_MAX];     /* what a column held: PAGE_SEEN_NOTHING, a value kind
						+ 1, or PAGE_SEEN_MIXED */
	uint32_t lens_at[BATCH_COLUMNS_MAX]; /* scratch of page_append */
	uint32_t row_len[BATCH_ROWS];
};

void page_init(struct page *p);
void page_release(struct page *p);

/* limit_rows 0: no limit. A first row above limit_bytes is taken alone. */
void page_begin(struct page *p, size_t limit_bytes, uint32_t limit_rows);

/* Appends selected rows of b from position *i_sel of the selection on and advances *i_sel behind
 * the last one taken; stops early, with p->full, when the next would pass a limit. */
enum status page_append(struct page *p, const struct batch *b, uint32_t *i_sel,
			struct diag *d) MUST_CHECK;

/* Appends the whole frame to out (out->failed: no memory) and empties the page. */
void page_finish(struct page *p, struct chain *out, enum page_wrap wrap, bool final);

/* A final page without rows: the end of a statement without columns. */
void page_empty(struct chain *out);

/* pull{response{status 02000, page{final}}}: a pull with nothing open. */
void page_none(struct chain *out);

static inline size_t page_bytes(const struct page *p)
{
	return p->rows.len;
}

/* The wire's name of the type that all non-null values of a column had so far; "ANY" when they were
 * mixed or there was none. Right for the result only when it has ended. */
const char *page_column_type(const struct page *p, uint32_t i_col);
/* The wire's name of a kind of value: "INT", "DOUBLE", "TIMESTAMPTZ"... */
const char *page_type_name(enum value_kind k);

#endif
