/* tools/geode/csv.c - records of a CSV file. */
#include "tools/geode/csv.h"

#define CSV_CHUNK (1u << 20) /* bytes of one read */
#define CSV_BOM "\xef\xbb\xbf"

enum status csv_open(struct csv *c, const char *path, char delimiter, struct diag *d)
{
	struct file_info info;

	*c = (struct csv){.path = path, .delimiter = delimiter, .line = 1, .next_line = 1};
	enum status st = file_io->open(path, FILE_READ, 0, &c->file);
	if (st != ST_OK)
		return diag_fail(d, ST_IO, GQL_IO_ERROR, DIAG_NO_POSITION, "cannot be opened: %s",
				 strerror(file_last_errno()));
	if (file_io->file_info(c->file, &info) == ST_OK)
		c->size = info.size;
	return ST_OK;
}

void csv_close(struct csv *c)
{
	if (c->file != NULL)
		file_io->close(c->file);
	mem_free(MEM_OTHER, c->bytes, c->cap);
	vec_release(MEM_OTHER, &c->fields);
	*c = (struct csv){0};
}

static enum status no_memory(struct diag *d)
{
	return diag_fail(d, ST_NOMEM, GQL_OUT_OF_MEMORY, DIAG_NO_POSITION, "out of memory");
}

/* More bytes behind those that wait, which move to the front. ST_END: the file has no more. */
static enum status fill(struct csv *c, struct diag *d)
{
	const size_t left = c->end - c->at;
	size_t n = 0;

	if (left != 0)
		memmove(c->bytes, c->bytes + c->at, left);
	c->at = 0;
	c->end = left;
	if (c->cap - left < CSV_CHUNK) {
		if (left > CSV_RECORD_MAX)
			return diag_fail(d, ST_LIMIT, GQL_TOO_LARGE, DIAG_NO_POSITION,
					 "a record is above the limit of %u bytes", CSV_RECORD_MAX);
		const size_t cap = MAX_OF(2 * c->cap, (size_t)2 * CSV_CHUNK);
		char *bytes = mem_resize(MEM_OTHER, c->bytes, c->cap, cap);
		if (bytes == NULL)
			return no_memory(d);
		c->bytes = bytes;
		c->cap = cap;
	}
	if (file_io->pread(c->file, c->bytes + left, CSV_CHUNK, c->offset, &n) != ST_OK)
		return diag_fail(d, ST_IO, GQL_IO_ERROR, DIAG_NO_POSITION, "cannot be read: %s",
				 strerror(file_last_errno()));
	if (c->offset == 0 && n >= 3 && memcmp(c->bytes, CSV_BOM, 3) == 0)
		c->at = 3;
	c->offset += n;
	c->end += n;
	return n != 0 ? ST_OK : ST_END;
}

/* The end of the record at c->at: the offset of its line end, or of the file's end. A quote that
 * opens a field hides line ends until it closes. ST_END: more bytes are needed. */
static enum status find_end(const struct csv *c, size_t *ret_end, bool *ret_quotes)
{
	const char *from = c->bytes + c->at, *end = c->bytes + c->end;
	const char *line = memchr(from, '\n', (size_t)(end - from));
	const size_t len = line != NULL ? (size_t)(line - from) : (size_t)(end - from);

	*ret_quotes = memchr(from, '"', len) != NULL;
	if (!*ret_quotes) {
		*ret_end = c->at + len;
		return line != NULL ? ST_OK : ST_END;
	}
	bool inside = false;
	for (const char *p = from; p < end; p++) {
		inside ^= *p == '"'; /* a doubled quote switches twice */
		if (*p == '\n' && !inside) {
			*ret_end = (size_t)(p - c->bytes);
			return ST_OK;
		}
	}
	*ret_end = c->end;
	return inside ? ST_INVALID : ST_END;
}

static enum status add_field(struct csv *c, struct str text, bool quoted, struct diag *d)
{
	if (c->fields.n == CSV_FIELDS_MAX)
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "more than %u fields", CSV_FIELDS_MAX);
	return vec_push(MEM_OTHER, &c->fields, (struct csv_field){text, quoted}) ? ST_OK
										 : no_memory(d);
}

static enum status split_plain(struct csv *c, struct str s, struct diag *d)
{
	for (;;) {
		const char *at = s.len != 0 ? memchr(s.p, c->delimiter, s.len) : NULL;
		const size_t len = at != NULL ? (size_t)(at - s.p) : s.len;
		TRY(add_field(c, (struct str){s.p, len}, false, d));
		if (at == NULL)
			return ST_OK;
		s = (struct str){at + 1, s.len - len - 1};
	}
}

/* One field that begins with a quote; its text is unescaped in place. *at ends behind the quote. */
static enum status take_quoted(struct csv *c, char *p, size_t len, size_t *at, struct diag *d)
{
	size_t from = *at + 1, to = from, i = from;

	for (; i < len; i++) {
		if (p[i] == '"') {
			if (i + 1 == len || p[i + 1] != '"')
				break;
			i++;
		}
		p[to++] = p[i];
	}
	if (i == len)
		return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION, "a quote is not closed");
	*at = i + 1;
	if (*at < len && p[*at] != c->delimiter)
		return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION,
				"text behind the closing quote of field %u", c->fields.n + 1);
	return add_field(c, (struct str){p + from, to - from}, true, d);
}

static enum status split_quoted(struct csv *c, char *p, size_t len, struct diag *d)
{
	size_t at = 0;

	for (;;) {
		if (at < len && p[at] == '"') {
			TRY(take_quoted(c, p, len, &at, d));
		} else {
			const char *end = at < len ? memchr(p + at, c->delimiter, len - at) : NULL;
			const size_t n = end != NULL ? (size_t)(end - p) - at : len - at;
			if (n != 0 && memchr(p + at, '"', n) != NULL)
				return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION,
						"a quote inside field %u, which has none around it",
						c->fields.n + 1);
			TRY(add_field(c, (struct str){p + at, n}, false, d));
			at += n;
		}
		if (at == len)
			return ST_OK;
		at++; /* the delimiter */
	}
}

static uint64_t count_lines(const char *p, size_t n)
{
	uint64_t lines = 0;

	for (const char *at = p; (at = memchr(at, '\n', n - (size_t)(at - p))) != NULL; at++)
		lines++;
	return lines;
}

/* The bytes of one record without its line end, whole in memory. */
static enum status next_record(struct csv *c, struct str *ret, bool *ret_quotes, struct diag *d)
{
	size_t end = c->at;
	enum status st, more = ST_OK;

	for (;;) {
		st = c->end > c->at ? find_end(c, &end, ret_quotes) : ST_END;
		if (st == ST_OK || more == ST_END)
			break;
		more = fill(c, d);
		if (more != ST_OK && more != ST_END)
			return more;
	}
	if (c->at == c->end)
		return ST_END;
	c->line = c->next_line;
	if (st == ST_INVALID)
		return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION, "a quote is not closed");
	size_t len = end - c->at;
	*ret = (struct str){c->bytes + c->at, len};
	c->next_line += 1 + (*ret_quotes ? count_lines(ret->p, len) : 0);
	c->at = MIN_OF(end + 1, c->end);
	if (ret->len != 0 && ret->p[ret->len - 1] == '\r')
		ret->len--;
	return ST_OK;
}

enum status csv_next(struct csv *c, struct diag *d)
{
	struct str record;
	bool quotes;

	c->fields.n = 0;
	do {
		TRY(next_record(c, &record, &quotes, d));
	} while (record.len == 0);
	if (!utf8_valid(record))
		return diag_set(d, GQL_BAD_TEXT, DIAG_NO_POSITION, "the line is not valid UTF-8");
	if (!quotes)
		return split_plain(c, record, d);
	return split_quoted(c, (char *)record.p, record.len, d);
}
