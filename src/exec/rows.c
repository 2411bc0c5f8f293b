/* exec/rows.c - chunks of kept rows. */
#include "exec/rows.h"

void rows_init(struct exec *x, struct rows *r, const uint32_t *slots, uint32_t n_slots)
{
	*r = (struct rows){.slots = slots, .n_slots = n_slots};
	exec_arena_init(x, &r->arena);
}

void rows_clear(struct rows *r)
{
	arena_reset(&r->arena.a);
	r->chunks = NULL;
	r->n_chunks = r->cap_chunks = 0;
	r->n = 0;
}

static enum status chunk_new(struct exec *x, struct rows *r, uint32_t n, struct batch **ret)
{
	struct arena *a = &r->arena.a;

	if (r->n_chunks == r->cap_chunks) {
		uint32_t cap = MAX_OF(r->cap_chunks * 2, 8u);
		struct batch **chunks = arena_alloc(a, cap * sizeof(*chunks));
		if (chunks == NULL)
			return ST_NOMEM;
		if (r->n_chunks != 0)
			memcpy(chunks, r->chunks, r->n_chunks * sizeof(*chunks));
		r->chunks = chunks;
		r->cap_chunks = cap;
	}
	struct batch *b = arena_alloc(a, sizeof(*b));
	struct column *cols = arena_zalloc(a, x->plan->n_slots * sizeof(*cols));
	if (b == NULL || cols == NULL)
		return ST_NOMEM;
	*b = (struct batch){.n_rows = n, .n_sel = n, .n_cols = x->plan->n_slots, .cols = cols};
	*ret = r->chunks[r->n_chunks++] = b;
	r->n += n;
	return ST_OK;
}

static enum status column_new(struct rows *r, enum column_kind kind, uint32_t n, struct column *ret)
{
	struct arena *a = &r->arena.a;
	uint32_t words = (n + 63) / 64;

	*ret = (struct column){.kind = kind, .data = arena_alloc(a, n * column_width(kind))};
	ret->nulls = arena_zalloc(a, words * sizeof(uint64_t));
	return ret->data != NULL && ret->nulls != NULL ? ST_OK : ST_NOMEM;
}

/* A copy that does not depend on the batch. */
static enum status keep(struct rows *r, struct value v, struct column *dst, uint32_t row)
{
	struct value copy;

	TRY(value_copy(&r->arena.a, v, &copy));
	column_put(dst, row, copy);
	return ST_OK;
}

/* Columns whose elements point to nothing are copied in one go. */
static void keep_plain(const struct batch *b, const struct column *src, struct column *dst)
{
	uint32_t n = b->n_sel;

	if (b->sel != NULL) {
		column_gather(dst, src, b->sel, n);
		return;
	}
	memcpy(dst->data, src->data, n * column_width(src->kind));
	dst->has_null = src->has_null;
	if (src->has_null)
		memcpy(dst->nulls, src->nulls, (n + 63) / 64 * sizeof(uint64_t));
}

static enum status keep_column(struct rows *r, const struct batch *b, const struct column *src,
			       struct column *dst)
{
	if (src->is_const) {
		TRY(column_new(r, src->kind, 1, dst));
		dst->is_const = true;
		return keep(r, column_get(src, 0), dst, 0);
	}
	TRY(column_new(r, src->kind, b->n_sel, dst));
	if (src->kind != COL_VALUE && src->kind != COL_STRING) {
		keep_plain(b, src, dst);
		return ST_OK;
	}
	for (uint32_t i = 0; i < b->n_sel; i++)
		TRY(keep(r, column_get(src, batch_row(b, i)), dst, i));
	return ST_OK;
}

enum status rows_add(struct exec *x, struct rows *r, const struct batch *b)
{
	struct batch *chunk;

	TRY(chunk_new(x, r, b->n_sel, &chunk));
	for (uint32_t i = 0; i < r->n_slots; i++)
		TRY(keep_column(r, b, &b->cols[r->slots[i]], &chunk->cols[r->slots[i]]));
	return ST_OK;
}

static const struct column *ref_column(const struct rows *r, row_ref ref, uint32_t slot)
{
	return &r->chunks[ref >> 16]->cols[slot];
}

/* The kind of a column that can take all of refs[0..n). */
static enum column_kind common_kind(const struct rows *r, const row_ref *refs, uint32_t n,
				    uint32_t slot)
{
	enum column_kind kind = ref_column(r, refs[0], slot)->kind;

	for (uint32_t i = 1; i < n; i++)
		if (ref_column(r, refs[i], slot)->kind != kind)
			return COL_VALUE;
	return kind;
}

enum status rows_add_refs(struct exec *x, struct rows *r, const struct rows *from,
			  const row_ref *refs, uint32_t n)
{
	while (n != 0) {
		uint32_t take = MIN_OF(n, x->batch_rows);
		struct batch *chunk;
		TRY(chunk_new(x, r, take, &chunk));
		for (uint32_t i = 0; i < r->n_slots; i++) {
			uint32_t slot = r->slots[i];
			struct column *dst = &chunk->cols[slot];
			TRY(column_new(r, common_kind(from, refs, take, slot), take, dst));
			for (uint32_t k = 0; k < take; k++)
				TRY(keep(
				    r,
				    column_get(ref_column(from, refs[k], slot), refs[k] & 0xffff),
				    dst, k));
		}
		refs += take;
		n -= take;
	}
	return ST_OK;
}

enum status rows_gather(struct exec *x, const struct rows *r, const row_ref *refs, uint32_t n,
			struct own_batch *out)
{
	for (uint32_t i = 0; i < r->n_slots; i++) {
		uint32_t slot = r->slots[i];
		struct col *dst = &out->cols[slot];
		TRY(col_prepare(x, dst, common_kind(r, refs, n, slot), n));
		for (uint32_t k = 0; k < n; k++)
			column_put(&dst->c, k,
				   column_get(ref_column(r, refs[k], slot), refs[k] & 0xffff));
		own_show(out, slot);
	}
	return ST_OK;
}
