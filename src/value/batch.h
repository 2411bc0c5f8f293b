/* value/batch.h - 1,024 rows: typed columns, null bits, a selection. The common coin: exec makes
 * it, proto encodes it, the client reads it.
 *
 * Room:    value.
 * Threads: a batch belongs to one thread at a time.
 * Memory:  the arrays belong to whoever made the batch (an operator, a decoder) and hold until its
 *          next call; a consumer that keeps rows copies them.
 *
 * A column is CONST (one value for all rows) or FLAT (one element a row, addressed by the row's
 * position in 0..n_rows-1, selected or not). Rows outside the selection are undefined but readable
 * memory. A column whose kind is COL_VALUE mixes kinds; all others are pure apart from nulls. */
#ifndef VALUE_BATCH_H
#define VALUE_BATCH_H

#include "value/value.h"

#define BATCH_ROWS 1024
#define BATCH_COLUMNS_MAX 1024

enum column_kind {
	COL_VALUE,  /* struct value v[] */
	COL_INT,    /* int64_t i[] */
	COL_FLOAT,  /* double f[] */
	COL_BOOL,   /* uint8_t b[] */
	COL_STRING, /* struct str s[] */
	COL_NODE,   /* elem_id id[] */
	COL_EDGE,   /* elem_id id[] */
};

struct column {
	uint8_t kind;	 /* enum column_kind */
	bool is_const;	 /* element 0 stands for every row */
	bool has_null;	 /* false: nulls is not looked at (COL_VALUE: nulls are V_NULL, never the
			    bits) */
	uint64_t *nulls; /* BATCH_ROWS bits, set: null; may be NULL while has_null is false */
	union {
		void *data;
		struct value *v;
		int64_t *i;
		double *f;
		uint8_t *b;
		struct str *s;
		elem_id *id;
	};
};

struct batch {
	uint32_t n_rows;     /* positions in use, at most BATCH_ROWS */
	uint32_t n_sel;	     /* selected rows, 1..n_rows; operators never hand on an empty batch */
	const uint16_t *sel; /* ascending positions, or NULL: 0..n_rows-1 (then n_sel == n_rows) */
	uint32_t n_cols;
	struct column *cols;
};

static inline uint32_t batch_row(const struct batch *b, uint32_t i_sel)
{
	return b->sel != NULL ? b->sel[i_sel] : i_sel;
}

static inline bool column_is_null(const struct column *c, uint32_t row)
{
	uint32_t at = c->is_const ? 0 : row;
	if (c->kind == COL_VALUE)
		return c->v[at].kind == V_NULL;
	return c->has_null && (c->nulls[at >> 6] >> (at & 63) & 1) != 0;
}

/* The ids of c from the selected row i_sel on, nulls left out, at most max of them; c is of
 * COL_NODE or COL_EDGE and not const. Gives their number. */
uint32_t batch_ids(const struct batch *b, const struct column *c, uint32_t i_sel, elem_id *ret,
		   uint32_t max);

static inline void column_set_null(struct column *c, uint32_t row)
{
	if (c->kind == COL_VALUE) {
		c->v[row] = VALUE_NULL;
		return;
	}
	c->has_null = true;
	c->nulls[row >> 6] |= UINT64_C(1) << (row & 63);
}

/* Bytes of one element. */
size_t column_width(enum column_kind kind);
/* FLAT column of BATCH_ROWS elements with null bits (cleared, has_null false) in the arena. */
enum status column_init(struct column *c, enum column_kind kind, struct arena *a) MUST_CHECK;
/* One element, for a CONST column, set to v (the kind follows the value). */
enum status column_init_const(struct column *c, struct value v, struct arena *a) MUST_CHECK;
/* Clears the null bits before a column is filled again. */
void column_clear_nulls(struct column *c);
struct value column_get(const struct column *c, uint32_t row);
/* v must be null or fit the column's kind (any, for COL_VALUE). */
void column_put(struct column *c, uint32_t row, struct value v);
/* The pure column kind that holds values of a kind, COL_VALUE when there is none. */
enum column_kind column_kind_of(enum value_kind k);
/* dst[i] = src[rows[i]] for i < n; dst is FLAT of the same kind (its nulls are set anew). */
void column_gather(struct column *dst, const struct column *src, const uint16_t *rows, uint32_t n);

#endif
