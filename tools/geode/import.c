/* tools/geode/import.c - lines of CSV files as nodes and edges. */
#include "tools/geode/import_int.h"

#define PROGRESS_STEP 1024 /* lines between two looks at the progress */
#define INT_TEXT_MAX 20

void import_init(struct import *im, const struct import_options *o, struct import_sink *sink)
{
	*im = (struct import){.options = o, .sink = sink};
	arena_init(&im->arena, MEM_OTHER, NULL);
}

void import_release(struct import *im)
{
	for (uint32_t i = 0; i < im->n_groups; i++) {
		map_u64_release(&im->groups[i].numbers);
		map_str_release(&im->groups[i].texts);
	}
	arena_release(&im->arena);
}

/* An integer written as integers are: no sign but '-', no zeros before it. */
static bool plain_int(struct str s, int64_t *ret)
{
	const size_t sign = s.len != 0 && s.p[0] == '-';

	if (s.len == sign || s.len > INT_TEXT_MAX || s.p[sign] < '0' || s.p[sign] > '9' ||
	    (s.p[sign] == '0' && s.len != 1))
		return false;
	return str_to_i64(s, ret);
}

static enum status bad_field(const struct import_column *c, struct str text, const char *what,
			     struct diag *d)
{
	return diag_set(d, GQL_BAD_CAST_TEXT, DIAG_NO_POSITION,
			"'" STR_FMT "' in column '" STR_FMT "' is not %s",
			(int)MIN_OF(text.len, (size_t)80), text.p, STR_ARG(c->name), what);
}

static enum status read_text(const struct import_column *c, struct str text, struct value *ret,
			     struct diag *d)
{
	int64_t i;
	double f;

	switch (c->type) {
	case IMPORT_INT:
		if (!str_to_i64(str_trim(text), &i))
			return bad_field(c, text, "an integer of 64 bits", d);
		*ret = value_int(i);
		return ST_OK;
	case IMPORT_FLOAT:
		if (!str_to_double(str_trim(text), &f))
			return bad_field(c, text, "a number", d);
		*ret = value_float(f);
		return ST_OK;
	case IMPORT_BOOL:
		if (!str_eq_nocase(text, STR("true")) && !str_eq_nocase(text, STR("false")))
			return bad_field(c, text, "true or false", d);
		*ret = value_bool(text.len == 4);
		return ST_OK;
	case IMPORT_AUTO:
		if (plain_int(text, &i)) {
			*ret = value_int(i);
			return ST_OK;
		}
		break;
	case IMPORT_STRING:
		break;
	}
	if (text.len > VALUE_STRING_MAX)
		return bad_field(c, text, "short enough for a text", d);
	*ret = value_str(text);
	return ST_OK;
}

static enum status read_array(const struct import_column *c, struct str text, struct arena *a,
			      struct value *ret, struct diag *d)
{
	uint32_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == ';';
	struct value *v = ARENA_ARRAY(a, struct value, n);
	if (v == NULL)
		return ST_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const char *end = text.len != 0 ? memchr(text.p, ';', text.len) : NULL;
		const struct str item = {text.p, end != NULL ? (size_t)(end - text.p) : text.len};
		TRY(read_text(c, item, &v[i], d));
		text = (struct str){item.p + item.len + 1, i + 1 < n ? text.len - item.len - 1 : 0};
	}
	*ret = value_list(v, n);
	return ST_OK;
}

/* What a line needs while it is read. */
struct line {
	struct import *im;
	struct import_file *f;
	struct arena arena; /* arrays; reset for each line */
	struct value values[CSV_FIELDS_MAX];
	struct str labels[IMPORT_LABELS_MAX];
	struct import_row row;
};

static enum status add_labels(struct line *l, struct str text, struct diag *d)
{
	while (text.len != 0) {
		const char *end = memchr(text.p, ';', text.len);
		const struct str label = {text.p, end != NULL ? (size_t)(end - text.p) : text.len};
		const size_t used = MIN_OF(label.len + 1, text.len);
		bool known = label.len == 0;
		for (uint32_t i = 0; i < l->row.n_labels; i++)
			known |= str_eq(l->labels[i], label);
		if (!known && l->row.n_labels == IMPORT_LABELS_MAX)
			return diag_fail(d, ST_LIMIT, GQL_TOO_MANY_LABELS, DIAG_NO_POSITION,
					 "more than %u labels", IMPORT_LABELS_MAX);
		if (!known)
			l->labels[l->row.n_labels++] = label;
		text = (struct str){text.p + used, text.len - used};
	}
	return ST_OK;
}

static enum status duplicate(struct str id, struct diag *d)
{
	return diag_set(d, GQL_UNIQUE_VIOLATION, DIAG_NO_POSITION,
			"the id '" STR_FMT "' belongs to an earlier node", STR_ARG(id));
}

static enum status put_id(struct import *im, uint32_t group, struct str id, uint64_t number,
			  struct diag *d)
{
	struct import_ids *g = &im->groups[group];
	int64_t i;
	bool is_new;

	if (plain_int(id, &i) && i >= 0) {
		uint64_t *slot = map_u64_slot(&g->numbers, (uint64_t)i, &is_new);
		if (slot == NULL)
			return ST_NOMEM;
		*slot = number;
		return is_new ? ST_OK : duplicate(id, d);
	}
	if (map_str_get(&g->texts, id) != NULL)
		return duplicate(id, d);
	const struct str copy = arena_str(&im->arena, id);
	return copy.p != NULL && map_str_put(&g->texts, copy, number) ? ST_OK : ST_NOMEM;
}

static enum status find_id(struct import *im, const struct import_column *c, struct str id,
			   uint64_t *ret, struct diag *d)
{
	const struct import_ids *g = &im->groups[c->group];
	const uint64_t *number;
	int64_t i;

	if (plain_int(id, &i) && i >= 0)
		number = map_u64_get(&g->numbers, (uint64_t)i);
	else
		number = map_str_get(&g->texts, id);
	if (number == NULL)
		return diag_set(d, GQL_BAD_REFERENCE, DIAG_NO_POSITION,
				"there is no node with the id '" STR_FMT "'", STR_ARG(id));
	*ret = *number;
	return ST_OK;
}

/* One field by its column's role. */
static enum status take_field(struct line *l, uint32_t i, struct diag *d)
{
	const struct import_column *c = &l->f->columns.v[i];
	const struct csv_field *field = &l->f->csv.fields.v[i];

	switch (c->role) {
	case IMPORT_START:
		return find_id(l->im, c, field->text, &l->row.from, d);
	case IMPORT_END:
		return find_id(l->im, c, field->text, &l->row.to, d);
	case IMPORT_ID:
		TRY(put_id(l->im, c->group, field->text, l->im->n_nodes, d));
		return c->name.len != 0 ? read_text(c, field->text, &l->values[i], d) : ST_OK;
	case IMPORT_LABEL:
		return add_labels(l, field->text, d);
	case IMPORT_TYPE:
		l->labels[0] = field->text.len != 0 ? field->text : l->f->label;
		return ST_OK;
	case IMPORT_IGNORE:
		return ST_OK;
	case IMPORT_PROPERTY:
		break;
	}
	if (field->text.len == 0 && !(field->quoted && c->type == IMPORT_STRING))
		return ST_OK;
	if (c->is_array)
		return read_array(c, field->text, &l->arena, &l->values[i], d);
	return read_text(c, field->text, &l->values[i], d);
}

static enum status take_line(struct line *l, struct diag *d)
{
	const struct import_file *f = l->f;
	struct import_sink *sink = l->im->sink;

	if (f->csv.fields.n != f->columns.n)
		return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION,
				"%u fields where the header has %u", f->csv.fields.n, f->columns.n);
	arena_reset(&l->arena);
	l->labels[0] = f->label;
	l->row.n_labels = f->is_edges || f->label.len != 0;
	for (uint32_t i = 0; i < f->columns.n; i++) {
		l->values[i] = VALUE_NULL;
		TRY(take_field(l, i, d));
	}
	if (f->is_edges) {
		if (l->labels[0].len == 0)
			return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION,
					"the edge has no type");
		TRY(sink->ops->edge(sink, f, &l->row, d));
		l->im->n_edges++;
	} else {
		TRY(sink->ops->node(sink, f, &l->row, d));
		l->im->n_nodes++;
	}
	return ST_OK;
}

static enum status read_lines(struct line *l, struct diag *d)
{
	struct import_file *f = l->f;
	uint64_t n = 0, shown = 0;
	enum status st;

	while ((st = csv_next(&f->csv, d)) == ST_OK) {
		TRY(take_line(l, d));
		if (++n % PROGRESS_STEP == 0) {
			const uint64_t at = f->csv.offset - (f->csv.end - f->csv.at);
			progress_add(&l->im->progress, at - shown);
			shown = at;
		}
	}
	progress_add(&l->im->progress, f->csv.size - MIN_OF(shown, f->csv.size));
	return st == ST_END ? ST_OK : st;
}

static enum status read_file(struct import *im, struct import_file *f, struct line *l,
			     struct diag *d)
{
	struct import_sink *sink = im->sink;

	TRY(import_header(im, f, d));
	TRY(sink->ops->begin(sink, f, d));
	TRY(read_lines(l, d));
	return sink->ops->end(sink, f, d);
}

enum status import_file(struct import *im, struct import_file *f, uint64_t *ret_line,
			struct diag *d)
{
	struct line *l = mem_alloc(MEM_OTHER, sizeof *l);

	*ret_line = 0;
	if (l == NULL)
		return ST_NOMEM;
	l->im = im;
	l->f = f;
	l->row = (struct import_row){.labels = l->labels, .values = l->values};
	arena_init(&l->arena, MEM_OTHER, NULL);
	arena_init(&f->arena, MEM_OTHER, NULL);
	enum status st = csv_open(&f->csv, f->path, im->options->delimiter, d);
	if (st == ST_OK) {
		progress_start(&im->progress, f->path, "bytes", f->csv.size);
		st = read_file(im, f, l, d);
		*ret_line = st == ST_INVALID || st == ST_LIMIT ? f->csv.line : 0;
		progress_end(&im->progress);
		csv_close(&f->csv);
	}
	vec_release(MEM_OTHER, &f->columns);
	arena_release(&f->arena);
	arena_release(&l->arena);
	MEM_FREE(MEM_OTHER, l);
	return st;
}
