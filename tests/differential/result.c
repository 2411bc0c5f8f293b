/* Rows as text, and whether two answers are one. */
#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "tests/differential/tree.h"

/* ---- cells ------------------------------------------------------------------------------------
 */

static void put_cell(struct buf *b, struct value v, bool sorted);

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const struct value *find_id(const struct element *e)
{
	for (uint32_t i = 0; i < e->n_props; i++)
		if (str_eq(e->props[i].key, STR("id")))
			return &e->props[i].value;
	return NULL;
}

/* All that it holds, labels and properties in the order of their names. */
static void put_content(struct buf *b, const struct element *e)
{
	const char *parts[64];
	uint32_t n = 0;
	struct arena a;

	arena_init(&a, MEM_OTHER, NULL);
	for (uint32_t i = 0; i < e->n_labels && n < ARRAY_LEN(parts); i++)
		parts[n++] = must((char *)arena_printf(&a, ":" STR_FMT, STR_ARG(e->labels[i])).p);
	for (uint32_t i = 0; i < e->n_props && n < ARRAY_LEN(parts); i++)
		parts[n++] = must((char *)arena_printf(&a, STR_FMT "=%s", STR_ARG(e->props[i].key),
						       cell_text(&a, e->props[i].value, false))
				      .p);
	qsort(parts, n, sizeof(parts[0]), by_text);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(b, "%s%s", i > 0 ? " " : "", parts[i]);
	arena_release(&a);
}

static void put_element(struct buf *b, struct value v)
{
	bool edge = v.kind == V_EDGE;

	buf_putc(b, edge ? '[' : '(');
	if ((v.flags & VALUE_RESOLVED) == 0) {
		buf_printf(b, "%llu", (unsigned long long)v.id + (edge ? EDGE_ID_BASE : 0));
	} else {
		const struct value *id = find_id(v.elem);
		if (id != NULL)
			put_cell(b, *id, false);
		else
			put_content(b, v.elem);
	}
	buf_putc(b, edge ? ']' : ')');
}

static void put_list(struct buf *b, struct value v, bool sorted)
{
	struct arena a;

	arena_init(&a, MEM_OTHER, NULL);
	const char **texts = must(ARENA_ARRAY(&a, const char *, v.n + 1));
	for (uint32_t i = 0; i < v.n; i++)
		texts[i] = cell_text(&a, v.list[i], false);
	if (sorted)
		qsort(texts, v.n, sizeof(texts[0]), by_text);
	buf_puts(b, sorted ? "sorted [" : "[");
	for (uint32_t i = 0; i < v.n; i++)
		buf_printf(b, "%s%s", i > 0 ? ", " : "", texts[i]);
	buf_puts(b, "]");
	arena_release(&a);
}

/* 1 and 1.0 are one for DISTINCT: which of them is shown means nothing. */
static void put_float(struct buf *b, double f)
{
	if (f == trunc(f) && fabs(f) < 1e15)
		buf_printf(b, "%.0f", f == 0 ? 0.0 : f);
	else
		buf_printf(b, "%.9g", f);
}

static void put_cell(struct buf *b, struct value v, bool sorted)
{
	switch ((enum value_kind)v.kind) {
	case V_NULL:
		buf_puts(b, "null");
		return;
	case V_BOOL:
		buf_puts(b, v.b ? "true" : "false");
		return;
	case V_INT:
		buf_printf(b, "%lld", (long long)v.i);
		return;
	case V_FLOAT:
		put_float(b, v.f);
		return;
	case V_STRING:
		buf_printf(b, "'" STR_FMT "'", (int)v.n, v.s);
		return;
	case V_LIST:
		put_list(b, v, sorted);
		return;
	case V_NODE:
	case V_EDGE:
		put_element(b, v);
		return;
	case V_PATH:
		for (uint32_t i = 0; i <= v.path->n_edges; i++) {
			put_element(b, v.path->nodes[i]);
			if (i < v.path->n_edges)
				put_element(b, v.path->edges[i]);
		}
		return;
	default:
		buf_printf(b, "a value of kind %u", v.kind);
	}
}

const char *cell_text(struct arena *a, struct value v, bool sorted)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	put_cell(&b, v, sorted);
	const char *text = must((char *)arena_str(a, str_of(buf_cstr(&b))).p);
	buf_release(&b);
	return text;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static const char **row_texts(struct arena *a, const struct result *r)
{
	const char **rows = must(ARENA_ARRAY(a, const char *, r->n_rows + 1));
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (uint32_t i = 0; i < r->n_rows; i++) {
		buf_reset(&b);
		for (uint32_t j = 0; j < r->n_columns; j++)
			buf_printf(&b, "%s | ", r->cells[i * r->n_columns + j]);
		rows[i] = must((char *)arena_str(a, str_of(buf_cstr(&b))).p);
	}
	buf_release(&b);
	qsort(rows, r->n_rows, sizeof(rows[0]), by_text);
	return rows;
}

/* Whether every row of got is one of all, as often at most; both sorted. */
static const char *first_foreign(const char **all, uint32_t n_all, const char **got, uint32_t n_got)
{
	uint32_t i = 0;

	for (uint32_t k = 0; k < n_got; k++) {
		while (i < n_all && strcmp(all[i], got[k]) < 0)
			i++;
		if (i == n_all || strcmp(all[i], got[k]) != 0)
			return got[k];
		i++;
	}
	return NULL;
}

static bool says(struct buf *why, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool says(struct buf *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (why != NULL)
		buf_vprintf(why, fmt, ap);
	va_end(ap);
	return false;
}

static bool keys_agree(const struct answer *want, const struct result *got, struct buf *why)
{
	const struct result *all = &want->all;

	for (uint32_t i = 0; i < got->n_rows; i++)
		for (uint32_t k = 0; k < want->n_keys; k++) {
			uint32_t c = want->keys[k];
			const char *x = all->cells[(i + want->skip) * all->n_columns + c];
			const char *y = got->cells[i * got->n_columns + c];
			if (strcmp(x, y) != 0)
				return says(why, "row %u: the sort key is %s, not %s", i, y, x);
		}
	return true;
}

bool answer_accepts(struct arena *a, const struct answer *want, const struct result *got,
		    struct buf *why)
{
	const struct result *all = &want->all;

	if (want->n_errors > 0) {
		for (uint32_t i = 0; i < want->n_errors; i++)
			if (strcmp(want->errors[i], got->code) == 0)
				return true;
		if (want->may_pass && strcmp(got->code, "00000") == 0)
			return true;
	}
	if (strcmp(all->code, got->code) != 0)
		return says(why, "status %s (%s), not %s", got->code, got->message, all->code);
	if (all->n_columns != got->n_columns)
		return says(why, "%u columns, not %u", got->n_columns, all->n_columns);
	uint32_t n = all->n_rows - MIN_OF(all->n_rows, want->skip);
	if (want->has_page)
		n = MIN_OF(n, want->limit);
	if (n != got->n_rows)
		return says(why, "%u rows, not %u", got->n_rows, n);
	const char *foreign =
	    first_foreign(row_texts(a, all), all->n_rows, row_texts(a, got), got->n_rows);
	if (foreign != NULL)
		return says(why, "a row that should not be there: %s", foreign);
	return keys_agree(want, got, why);
}

bool results_equal(struct arena *a, const struct result *x, const struct result *y)
{
	if (strcmp(x->code, y->code) != 0 || x->n_columns != y->n_columns || x->n_rows != y->n_rows)
		return false;
	return first_foreign(row_texts(a, x), x->n_rows, row_texts(a, y), y->n_rows) == NULL;
}

void result_print(FILE *out, const struct result *r)
{
	if (strcmp(r->code, "00000") != 0) {
		fprintf(out, "    %s %s\n", r->code, r->message);
		return;
	}
	for (uint32_t i = 0; i < r->n_rows && i < 40; i++) {
		fprintf(out, "   ");
		for (uint32_t j = 0; j < r->n_columns; j++)
			fprintf(out, " %s%s", j > 0 ? "| " : "", r->cells[i * r->n_columns + j]);
		fprintf(out, "\n");
	}
	fprintf(out, "    %u rows\n", r->n_rows);
}
