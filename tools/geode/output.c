/* tools/geode/output.c - rows of a result as a table, JSON lines or CSV. */
#include "tools/geode/output.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

bool output_format_find(const char *name, enum output_format *ret)
{
	static const char *const names[] = {
	    [OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_CSV] = "csv"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum output_format)i;
			return true;
		}
	}
	if (strcmp(name, "txt") != 0)
		return false;
	*ret = OUTPUT_TABLE;
	return true;
}

/* The value's text at the end of b. */
static void put_text(struct buf *b, const struct geode_value *v)
{
	const size_t len = geode_value_text(v, NULL, 0);

	if (!buf_reserve(b, len + 1))
		return;
	(void)geode_value_text(v, b->p + b->len, len + 1);
	b->len += len;
}

static bool is_number(const char *type)
{
	return strcmp(type, "INT") == 0 || strcmp(type, "DOUBLE") == 0 ||
	       strcmp(type, "DECIMAL") == 0;
}

static struct libscols_table *new_table(FILE *out, const struct geode_result *r)
{
	struct libscols_table *t = scols_new_table();

	if (t == NULL)
		return NULL;
	scols_table_set_stream(t, out);
	scols_table_set_column_separator(t, "  ");
	for (uint32_t i = 0; i < geode_result_columns(r); i++) {
		const int flags = is_number(geode_result_type(r, i)) ? SCOLS_FL_RIGHT : 0;
		if (scols_table_new_column(t, geode_result_name(r, i), 0, flags) == NULL) {
			scols_unref_table(t);
			return NULL;
		}
	}
	return t;
}

static bool add_line(struct libscols_table *t, const struct geode_result *r, struct buf *cell)
{
	struct libscols_line *line = scols_table_new_line(t, NULL);

	for (uint32_t i = 0; i < geode_result_columns(r) && line != NULL; i++) {
		buf_reset(cell);
		put_text(cell, geode_result_value(r, i));
		if (!buf_ok(cell) || scols_line_set_data(line, i, buf_cstr(cell)) != 0)
			return false;
	}
	return line != NULL;
}

static enum geode_status print_table(FILE *out, struct geode_result *r, uint64_t *n_rows)
{
	struct libscols_table *t = new_table(out, r);
	enum geode_status st = GEODE_FAILED;
	struct buf cell;

	buf_init(&cell, MEM_OTHER, 0);
	while (t != NULL && (st = geode_result_next(r)) == GEODE_ROW) {
		if (!add_line(t, r, &cell)) {
			fprintf(stderr, "geode: out of memory for a table\n");
			st = GEODE_FAILED;
			break;
		}
		if (++*n_rows % OUTPUT_TABLE_ROWS == 0) {
			scols_print_table(t);
			fputc('\n', out);
			scols_table_remove_lines(t);
			scols_table_enable_noheadings(t, 1);
		}
	}
	if (t != NULL && (st == GEODE_END || scols_table_get_nlines(t) != 0)) {
		if (scols_table_get_nlines(t) != 0 || *n_rows == 0) {
			scols_print_table(t);
			fputc('\n', out);
		}
	}
	scols_unref_table(t);
	buf_release(&cell);
	return st;
}

static void put_json_text(struct buf *b, struct str s)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}

static void put_json(struct buf *b, const struct geode_value *v);

static void put_json_entries(struct buf *b, const struct geode_value *v)
{
	buf_putc(b, '{');
	for (uint32_t i = 0; i < geode_value_count(v); i++) {
		if (i != 0)
			buf_putc(b, ',');
		put_json_text(b, str_of(geode_value_key(v, i)));
		buf_putc(b, ':');
		put_json(b, geode_value_at(v, i));
	}
	buf_putc(b, '}');
}

static void put_json_list(struct buf *b, const struct geode_value *v)
{
	buf_putc(b, '[');
	for (uint32_t i = 0; i < geode_value_count(v); i++) {
		if (i != 0)
			buf_putc(b, ',');
		put_json(b, geode_value_at(v, i));
	}
	buf_putc(b, ']');
}

static void put_json_element(struct buf *b, const struct geode_value *v, bool is_edge)
{
	buf_printf(b, "{\"id\":%" PRIu64, geode_value_id(v));
	if (is_edge) {
		buf_printf(b, ",\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"type\":",
			   geode_value_from(v), geode_value_to(v));
		put_json_text(b, str_of(geode_value_label(v, 0)));
	} else {
		buf_puts(b, ",\"labels\":[");
		for (uint32_t i = 0; i < geode_value_labels(v); i++) {
			if (i != 0)
				buf_putc(b, ',');
			put_json_text(b, str_of(geode_value_label(v, i)));
		}
		buf_putc(b, ']');
	}
	buf_puts(b, ",\"properties\":");
	put_json_entries(b, v);
	buf_putc(b, '}');
}

static void put_json(struct buf *b, const struct geode_value *v)
{
	struct str s;

	switch (geode_value_kind(v)) {
	case GEODE_NULL:
		buf_puts(b, "null");
		return;
	case GEODE_BOOL:
		buf_puts(b, geode_value_bool(v) ? "true" : "false");
		return;
	case GEODE_STRING:
		s.p = geode_value_string(v, &s.len);
		put_json_text(b, s);
		return;
	case GEODE_LIST:
	case GEODE_PATH:
		put_json_list(b, v);
		return;
	case GEODE_MAP:
		put_json_entries(b, v);
		return;
	case GEODE_NODE:
	case GEODE_EDGE:
		put_json_element(b, v, geode_value_kind(v) == GEODE_EDGE);
		return;
	case GEODE_DOUBLE:
		if (!isfinite(geode_value_double(v))) {
			buf_puts(b, "null"); /* JSON has no other word for it */
			return;
		}
		break;
	default:
		break;
	}
	const bool quoted = geode_value_kind(v) == GEODE_BYTES;
	if (quoted)
		buf_putc(b, '"');
	put_text(b, v);
	if (quoted)
		buf_putc(b, '"');
}

static void put_json_row(struct buf *b, const struct geode_result *r)
{
	buf_putc(b, '{');
	for (uint32_t i = 0; i < geode_result_columns(r); i++) {
		if (i != 0)
			buf_putc(b, ',');
		put_json_text(b, str_of(geode_result_name(r, i)));
		buf_putc(b, ':');
		put_json(b, geode_result_value(r, i));
	}
	buf_puts(b, "}\n");
}

static void put_csv_field(struct buf *b, struct str s)
{
	if (s.len != 0 && memchr(s.p, '"', s.len) == NULL && memchr(s.p, ',', s.len) == NULL &&
	    memchr(s.p, '\n', s.len) == NULL && memchr(s.p, '\r', s.len) == NULL) {
		buf_put_str(b, s);
		return;
	}
	buf_putc(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			buf_putc(b, '"');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '"');
}

/* A null is an empty field, an empty text is "". */
static void put_csv_row(struct buf *b, const struct geode_result *r)
{
	struct buf cell;

	buf_init(&cell, MEM_OTHER, 0);
	for (uint32_t i = 0; i < geode_result_columns(r); i++) {
		const struct geode_value *v = geode_result_value(r, i);
		if (i != 0)
			buf_putc(b, ',');
		if (geode_value_kind(v) == GEODE_NULL)
			continue;
		buf_reset(&cell);
		put_text(&cell, v);
		put_csv_field(b, buf_str(&cell));
	}
	buf_puts(b, "\r\n");
	b->failed |= cell.failed;
	buf_release(&cell);
}

static void put_csv_header(struct buf *b, const struct geode_result *r)
{
	for (uint32_t i = 0; i < geode_result_columns(r); i++) {
		if (i != 0)
			buf_putc(b, ',');
		put_csv_field(b, str_of(geode_result_name(r, i)));
	}
	buf_puts(b, "\r\n");
}

static enum geode_status print_lines(FILE *out, struct geode_result *r, enum output_format format,
				     uint64_t *n_rows)
{
	enum geode_status st;
	struct buf line;

	buf_init(&line, MEM_OTHER, 0);
	if (format == OUTPUT_CSV)
		put_csv_header(&line, r);
	while ((st = geode_result_next(r)) == GEODE_ROW) {
		if (format == OUTPUT_CSV)
			put_csv_row(&line, r);
		else
			put_json_row(&line, r);
		if (!buf_ok(&line)) {
			fprintf(stderr, "geode: out of memory for a row\n");
			st = GEODE_FAILED;
			break;
		}
		fwrite(line.p, 1, line.len, out);
		buf_reset(&line);
		++*n_rows;
	}
	if (buf_ok(&line) && line.len != 0)
		fwrite(line.p, 1, line.len, out);
	buf_release(&line);
	return st;
}

enum geode_status output_rows(FILE *out, struct geode_result *r, enum output_format format,
			      uint64_t *ret_rows)
{
	*ret_rows = 0;
	if (geode_result_columns(r) == 0)
		return geode_result_next(r);
	if (format == OUTPUT_TABLE)
		return print_table(out, r, ret_rows);
	return print_lines(out, r, format, ret_rows);
}
