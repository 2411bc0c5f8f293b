/* tools/geode/import_header.c - the first line of a CSV file. */
#include "tools/geode/import_int.h"

static const struct role_word {
	const char *text;
	enum import_role role;
} roles[] = {
    {"ID", IMPORT_ID},	      {"START_ID", IMPORT_START}, {"END_ID", IMPORT_END},
    {"LABEL", IMPORT_LABEL},  {"TYPE", IMPORT_TYPE},	  {"IGNORE", IMPORT_IGNORE},
    {"LABELS", IMPORT_LABEL},
};

static const struct type_word {
	const char *text;
	enum import_type type;
} types[] = {
    {"string", IMPORT_STRING}, {"char", IMPORT_STRING}, {"int", IMPORT_INT},
    {"long", IMPORT_INT},      {"short", IMPORT_INT},	{"byte", IMPORT_INT},
    {"integer", IMPORT_INT},   {"float", IMPORT_FLOAT}, {"double", IMPORT_FLOAT},
    {"boolean", IMPORT_BOOL},  {"bool", IMPORT_BOOL},
};

static enum status take_group(struct import *im, struct str name, uint32_t *ret, struct diag *d)
{
	for (uint32_t i = 0; i < im->n_groups; i++) {
		if (str_eq(im->groups[i].name, name)) {
			*ret = i;
			return ST_OK;
		}
	}
	if (im->n_groups == IMPORT_GROUPS_MAX)
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "more than %u spaces of ids", IMPORT_GROUPS_MAX);
	struct import_ids *g = &im->groups[im->n_groups];
	g->name = arena_str(&im->arena, name);
	if (g->name.p == NULL)
		return ST_NOMEM;
	map_u64_init(&g->numbers, MEM_OTHER);
	map_str_init(&g->texts, MEM_OTHER);
	*ret = im->n_groups++;
	return ST_OK;
}

/* `ID`, `START_ID(Group)`: true when the word is a role. */
static enum status parse_role(struct import *im, struct str word, struct import_column *c,
			      bool *ret_found, struct diag *d)
{
	const char *open = memchr(word.p, '(', word.len);
	const size_t len = open != NULL ? (size_t)(open - word.p) : word.len;
	struct str group = STR("");

	*ret_found = false;
	for (size_t i = 0; i < ARRAY_LEN(roles) && !*ret_found; i++) {
		*ret_found = str_eq((struct str){word.p, len}, str_of(roles[i].text));
		if (*ret_found)
			c->role = roles[i].role;
	}
	if (!*ret_found)
		return ST_OK;
	if (open != NULL) {
		group = (struct str){open + 1, word.len - len - 1};
		if (group.len == 0 || group.p[group.len - 1] != ')')
			return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION,
					"'" STR_FMT "' has no closing parenthesis", STR_ARG(word));
		group.len--;
	}
	if (c->role == IMPORT_ID || c->role == IMPORT_START || c->role == IMPORT_END) {
		c->type = IMPORT_AUTO;
		return take_group(im, group, &c->group, d);
	}
	return ST_OK;
}

static enum status parse_type(struct str word, struct import_column *c, struct diag *d)
{
	struct str name = word;

	if (str_ends(name, STR("[]"))) {
		c->is_array = true;
		name.len -= 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (str_eq_nocase(name, str_of(types[i].text))) {
			c->type = types[i].type;
			return ST_OK;
		}
	}
	(void)diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION, "unknown type '" STR_FMT "'",
		       STR_ARG(word));
	diag_hint(d,
		  "string, long, int, double, float and boolean are known, each also as an array "
		  "with []");
	return ST_INVALID;
}

/* name, name:type, :ROLE or name:ROLE; options in braces behind a type are not looked at. */
static enum status parse_column(struct import *im, struct import_file *f, struct str text,
				struct import_column *c, struct diag *d)
{
	const char *brace = memchr(text.p, '{', text.len);
	bool is_role;

	if (brace != NULL)
		text.len = (size_t)(brace - text.p);
	const char *colon = text.len != 0 ? memrchr(text.p, ':', text.len) : NULL;
	const struct str name = {text.p, colon != NULL ? (size_t)(colon - text.p) : text.len};
	*c = (struct import_column){
	    .type = im->options->infer_types ? IMPORT_AUTO : IMPORT_STRING,
	    .name = arena_str(&f->arena, str_trim(name)),
	};
	if (c->name.p == NULL)
		return ST_NOMEM;
	if (colon != NULL) {
		const struct str word = str_trim((struct str){colon + 1, text.len - name.len - 1});
		TRY(parse_role(im, word, c, &is_role, d));
		if (!is_role)
			TRY(parse_type(word, c, d));
	}
	if (c->role == IMPORT_PROPERTY && c->name.len == 0)
		return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION, "column %u has no name",
				f->columns.n + 1);
	return ST_OK;
}

static uint32_t count_role(const struct import_file *f, enum import_role role)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->columns.n; i++)
		n += f->columns.v[i].role == role;
	return n;
}

static enum status need_one(const struct import_file *f, enum import_role role, const char *what,
			    struct diag *d)
{
	const uint32_t n = count_role(f, role);

	return n == 1 ? ST_OK
		      : diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION, "%s column %s",
				 n == 0 ? "there is no" : "there is more than one", what);
}

static enum status check_columns(const struct import_file *f, struct diag *d)
{
	if (f->is_edges) {
		TRY(need_one(f, IMPORT_START, ":START_ID", d));
		TRY(need_one(f, IMPORT_END, ":END_ID", d));
		if (f->label.len == 0)
			TRY(need_one(f, IMPORT_TYPE, ":TYPE (or a type before the file's name)",
				     d));
	} else {
		TRY(need_one(f, IMPORT_ID, ":ID", d));
	}
	for (uint32_t i = 0; i < f->columns.n; i++) {
		for (uint32_t k = 0; k < i && f->columns.v[i].name.len != 0; k++) {
			if (str_eq(f->columns.v[i].name, f->columns.v[k].name))
				return diag_set(d, GQL_DUPLICATE_NAME, DIAG_NO_POSITION,
						"column '" STR_FMT "' occurs twice",
						STR_ARG(f->columns.v[i].name));
		}
	}
	return ST_OK;
}

enum status import_header(struct import *im, struct import_file *f, struct diag *d)
{
	enum status st = csv_next(&f->csv, d);

	if (st == ST_END)
		return diag_set(d, GQL_DATA_EXCEPTION, DIAG_NO_POSITION, "the file is empty");
	if (st != ST_OK)
		return st;
	for (uint32_t i = 0; i < f->csv.fields.n; i++) {
		struct import_column c;
		TRY(parse_column(im, f, f->csv.fields.v[i].text, &c, d));
		if (!vec_push(MEM_OTHER, &f->columns, c))
			return ST_NOMEM;
	}
	return check_columns(f, d);
}
