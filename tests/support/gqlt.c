/* tests/support/gqlt.c - reads and runs text cases. */
#include "tests/support/gqlt.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/vec.h"

struct run {
	const char *name; /* of the file */
	struct str rest;  /* what is not read yet */
	uint32_t line_no; /* of the line read last */
	const struct gqlt_target *target;
	FILE *out;
	struct gqlt_counts *counts;
	struct str case_name;
	bool in_case, case_failed;
	struct arena a; /* of one step */
};

struct step {
	uint32_t line_no; /* of its first line */
	struct buf text;
	struct gqlt_param params[GQLT_PARAMS_MAX];
	uint32_t n_params;
};

/* ---- lines and cells --------------------------------------------------------------------------
 */

static bool next_line(struct run *r, struct str *ret)
{
	if (r->rest.len == 0)
		return false;
	const char *nl = memchr(r->rest.p, '\n', r->rest.len);
	size_t n = nl != NULL ? (size_t)(nl - r->rest.p) : r->rest.len;
	*ret = (struct str){r->rest.p, n};
	n += nl != NULL;
	r->rest = (struct str){r->rest.p + n, r->rest.len - n};
	r->line_no++;
	return true;
}

/* The line that next_line would give. */
static struct str peek_line(const struct run *r)
{
	struct run copy = {.rest = r->rest};
	struct str line = STR("");

	(void)!next_line(&copy, &line);
	return line;
}

static bool malformed(struct run *r, const char *what)
{
	fprintf(r->out, "%s:%u: malformed: %s\n", r->name, r->line_no, what);
	return false;
}

/* Cells are divided by '|'; '\|' is a bar inside a cell. */
static struct str next_cell(struct run *r, struct str *line)
{
	char *out = arena_alloc(&r->a, line->len + 1);
	size_t n = 0, i = 0;

	for (; out != NULL && i < line->len && line->p[i] != '|'; i++) {
		if (line->p[i] == '\\' && i + 1 < line->len && line->p[i + 1] == '|')
			i++;
		out[n++] = line->p[i];
	}
	bool more = i < line->len;
	*line = (struct str){line->p + i + more, line->len - i - more};
	if (!more)
		line->p = NULL;
	return out != NULL ? str_trim((struct str){out, n}) : STR("");
}

struct table {
	uint32_t n_columns, n_rows;
	VEC(struct str) cells; /* the first n_columns are the names */
};

static bool read_row(struct run *r, struct table *t, struct str line)
{
	uint32_t n = 0;

	do {
		struct str cell = next_cell(r, &line);
		if (!vec_push(MEM_OTHER, &t->cells, cell))
			return malformed(r, "no memory");
		n++;
	} while (line.p != NULL);
	if (t->n_columns == 0)
		t->n_columns = n;
	else if (n != t->n_columns)
		return malformed(r, "a row has not as many cells as there are columns");
	else
		t->n_rows++;
	return true;
}

/* The names of the columns and the rows, up to an empty line. */
static bool read_table(struct run *r, struct table *t)
{
	struct str line;

	while (str_trim(peek_line(r)).len != 0 && next_line(r, &line))
		if (!read_row(r, t, line))
			return false;
	return t->n_columns != 0 || malformed(r, "expected the names of the columns");
}

/* ---- comparison -------------------------------------------------------------------------------
 */

static void fail_step(struct run *r, const struct step *s, const char *what)
{
	r->case_failed = true;
	fprintf(r->out, "%s:%u: " STR_FMT ": %s\n", r->name, s->line_no, STR_ARG(r->case_name),
		what);
}

static void show_rows(struct run *r, const char *title, const struct str *columns,
		      const struct str *cells, uint32_t n_columns, uint32_t n_rows)
{
	fprintf(r->out, "  %s\n", title);
	for (uint32_t i = 0; i <= n_rows; i++) {
		const struct str *row = i == 0 ? columns : cells + (size_t)(i - 1) * n_columns;
		fprintf(r->out, "    ");
		for (uint32_t j = 0; j < n_columns; j++)
			fprintf(r->out, "%s" STR_FMT, j > 0 ? " | " : "", STR_ARG(row[j]));
		fprintf(r->out, "\n");
	}
}

static int compare_rows(const void *a, const void *b, void *n_columns)
{
	const struct str *const *x = a, *const *y = b;

	for (uint32_t i = 0; i < *(uint32_t *)n_columns; i++) {
		int c = str_cmp((*x)[i], (*y)[i]);
		if (c != 0)
			return c;
	}
	return 0;
}

static const struct str **row_list(struct run *r, const struct str *cells, uint32_t n_columns,
				   uint32_t n_rows, bool sorted)
{
	const struct str **rows = ARENA_ARRAY(&r->a, const struct str *, n_rows + 1);

	if (rows == NULL)
		return NULL;
	for (uint32_t i = 0; i < n_rows; i++)
		rows[i] = cells + (size_t)i * n_columns;
	if (sorted)
		qsort_r(rows, n_rows, sizeof(*rows), compare_rows, &n_columns);
	return rows;
}

static bool same_rows(struct run *r, const struct table *want, const struct gqlt_result *got,
		      bool ordered)
{
	uint32_t n = want->n_columns;

	if (got->n_columns != n || got->n_rows != want->n_rows)
		return false;
	const struct str *columns = want->cells.v;
	if (compare_rows(&columns, &got->columns, &n) != 0)
		return false;
	const struct str **x = row_list(r, want->cells.v + n, n, want->n_rows, !ordered);
	const struct str **y = row_list(r, got->cells, n, got->n_rows, !ordered);
	for (uint32_t i = 0; x != NULL && y != NULL && i < want->n_rows; i++)
		if (compare_rows(&x[i], &y[i], &n) != 0)
			return false;
	return x != NULL && y != NULL;
}

static bool is_success(const struct gqlt_result *got)
{
	return got->code[0] == '0' && got->code[1] <= '2';
}

static void unexpected_error(struct run *r, const struct step *s, const struct gqlt_result *got)
{
	fail_step(r, s, "refused");
	fprintf(r->out, "  %s at %u:%u: " STR_FMT "\n", got->code, got->line, got->column,
		STR_ARG(got->message));
}

static bool check_rows(struct run *r, const struct step *s, const struct gqlt_result *got,
		       bool ordered)
{
	struct table want = {0};
	bool ok = read_table(r, &want);

	if (ok && !is_success(got)) {
		unexpected_error(r, s, got);
	} else if (ok && !same_rows(r, &want, got, ordered)) {
		fail_step(r, s, "other rows");
		show_rows(r, "expected", want.cells.v, want.cells.v + want.n_columns,
			  want.n_columns, want.n_rows);
		show_rows(r, "got", got->columns, got->cells, got->n_columns, got->n_rows);
	}
	vec_release(MEM_OTHER, &want.cells);
	return ok;
}

/* what: "CODE" or "CODE line:column" */
static bool check_error(struct run *r, const struct step *s, const struct gqlt_result *got,
			struct str what)
{
	char code[6] = "", place[32] = "", spelt[32] = "";
	char text[64];

	if (what.len >= sizeof(text))
		return malformed(r, "expected a GQLSTATUS and perhaps line:column");
	memcpy(text, what.p, what.len);
	text[what.len] = '\0';
	int n = sscanf(text, "%5s %31s", code, place);
	if (n < 1 || strlen(code) != 5)
		return malformed(r, "expected a GQLSTATUS and perhaps line:column");
	snprintf(spelt, sizeof(spelt), "%u:%u", got->line, got->column);
	if (strcmp(code, got->code) == 0 && (n == 1 || strcmp(place, spelt) == 0))
		return true;
	fail_step(r, s, "another outcome");
	fprintf(r->out, "  expected %s\n  got      %s %s: " STR_FMT "\n", text, got->code, spelt,
		STR_ARG(got->message));
	return true;
}

/* ---- steps and cases --------------------------------------------------------------------------
 */

/* expect: the line behind "=>" */
static bool run_step(struct run *r, const struct step *s, struct str expect)
{
	struct gqlt_result got = {.code = "00000"};

	arena_reset(&r->a);
	if (!r->target->execute(r->target->ctx, &r->a, str_trim(buf_str(&s->text)), s->params,
				s->n_params, &got)) {
		fprintf(r->out, "%s:%u: the target broke\n", r->name, s->line_no);
		return false;
	}
	if (str_eq(expect, STR("ok"))) {
		if (!is_success(&got))
			unexpected_error(r, s, &got);
		return true;
	}
	if (str_eq(expect, STR("rows")) || str_eq(expect, STR("rows in order")))
		return check_rows(r, s, &got, expect.len > 4);
	if (str_starts(expect, STR("error ")))
		return check_error(r, s, &got,
				   str_trim((struct str){expect.p + 6, expect.len - 6}));
	return malformed(r, "expected ok, rows, rows in order, or error");
}

/* $name = literal */
static bool read_param(struct run *r, struct step *s, struct str line)
{
	const char *eq = memchr(line.p, '=', line.len);

	if (eq == NULL || s->n_params == GQLT_PARAMS_MAX)
		return malformed(r, "expected $name = literal, at most 32 (GQLT_PARAMS_MAX)");
	size_t n = (size_t)(eq - line.p);
	s->params[s->n_params++] = (struct gqlt_param){
	    .name = str_trim((struct str){line.p + 1, n - 1}),
	    .literal = str_trim((struct str){eq + 1, line.len - n - 1}),
	};
	return true;
}

static void end_case(struct run *r)
{
	if (!r->in_case)
		return;
	if (r->case_failed)
		r->counts->failed++;
	else
		r->counts->passed++;
	r->in_case = false;
}

static bool begin_case(struct run *r, struct str line)
{
	end_case(r);
	r->case_name = str_trim((struct str){line.p + 3, line.len - 3});
	r->in_case = true;
	r->case_failed = false;
	if (r->case_name.len == 0)
		return malformed(r, "a case needs a name");
	if (r->target->reset(r->target->ctx))
		return true;
	fprintf(r->out, "%s:%u: the target cannot be emptied\n", r->name, r->line_no);
	return false;
}

/* One line outside of tables. */
static bool take_line(struct run *r, struct step *s, struct str line)
{
	struct str bare = str_trim(line);
	bool fresh = s->text.len == 0;

	if (str_starts(line, STR("---")))
		return fresh ? begin_case(r, line) : malformed(r, "a step without '=>'");
	if (fresh && (bare.len == 0 || bare.p[0] == '#'))
		return true;
	if (!r->in_case)
		return malformed(r, "expected '--- name'");
	if (fresh && bare.p[0] == '$')
		return read_param(r, s, bare);
	if (str_starts(line, STR("=>"))) {
		bool ok = !fresh || malformed(r, "a step without a statement");
		bool failed = r->case_failed;
		ok = ok && run_step(r, s, str_trim((struct str){line.p + 2, line.len - 2}));
		r->case_failed = r->case_failed || failed;
		buf_reset(&s->text);
		s->n_params = 0;
		return ok;
	}
	if (fresh)
		s->line_no = r->line_no;
	buf_put_str(&s->text, line);
	buf_putc(&s->text, '\n');
	return buf_ok(&s->text) || malformed(r, "no memory");
}

bool gqlt_run_text(const char *name, struct str text, const struct gqlt_target *target, FILE *out,
		   struct gqlt_counts *counts)
{
	struct run r = {.name = name, .rest = text, .target = target, .out = out, .counts = counts};
	struct step s = {0};
	struct str line;
	bool ok = true;

	arena_init(&r.a, MEM_OTHER, NULL);
	buf_init(&s.text, MEM_OTHER, GQLT_FILE_MAX);
	while (ok && next_line(&r, &line))
		ok = take_line(&r, &s, line);
	if (ok && s.text.len != 0)
		ok = malformed(&r, "a step without '=>'");
	if (ok)
		end_case(&r);
	buf_release(&s.text);
	arena_release(&r.a);
	return ok;
}

bool gqlt_run_file(const char *path, const struct gqlt_target *target, FILE *out,
		   struct gqlt_counts *counts)
{
	FILE *f = fopen(path, "rb");
	char *text = f != NULL ? mem_alloc(MEM_OTHER, GQLT_FILE_MAX) : NULL;
	bool ok = false;

	if (f == NULL) {
		fprintf(out, "%s: cannot be opened\n", path);
		return false;
	}
	if (text != NULL) {
		size_t n = fread(text, 1, GQLT_FILE_MAX, f);
		ok = n < GQLT_FILE_MAX &&
		     gqlt_run_text(path, (struct str){text, n}, target, out, counts);
		if (n == GQLT_FILE_MAX)
			fprintf(out, "%s: longer than %u bytes (GQLT_FILE_MAX)\n", path,
				GQLT_FILE_MAX);
	}
	mem_free(MEM_OTHER, text, GQLT_FILE_MAX);
	fclose(f);
	return ok;
}

/* ---- the main of a runner ---------------------------------------------------------------------
 */

static bool run_path(const char *path, const struct gqlt_target *target,
		     struct gqlt_counts *counts);

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static bool run_folder(const char *path, const struct gqlt_target *target,
		       struct gqlt_counts *counts)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_visible, alphasort);
	bool ok = n >= 0;

	for (int i = 0; i < n; i++) {
		char inner[4096];
		snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
		if (ok)
			ok = run_path(inner, target, counts);
		free(names[i]); /* scandir's, not of our door */
	}
	free(names);
	return ok;
}

static bool run_path(const char *path, const struct gqlt_target *target, struct gqlt_counts *counts)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		printf("%s: cannot be found\n", path);
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return run_folder(path, target, counts);
	if (!str_ends(str_of(path), STR(".gqlt")))
		return true;
	return gqlt_run_file(path, target, stdout, counts);
}

int gqlt_main(int argc, char **argv, const struct gqlt_target *target)
{
	struct gqlt_counts counts = {0};
	bool ok = true;

	if (argc < 2) {
		const char *tree = getenv("GEODE_SRCDIR");
		char folder[4096];
		snprintf(folder, sizeof(folder), "%s/tests/conformance", tree != NULL ? tree : ".");
		ok = run_path(folder, target, &counts);
	}
	for (int i = 1; i < argc && ok; i++)
		ok = run_path(argv[i], target, &counts);
	printf("%u cases passed, %u failed\n", counts.passed, counts.failed);
	return ok && counts.failed == 0 && counts.passed > 0 ? 0 : 1;
}
