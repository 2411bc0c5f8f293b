/* tests/conformance/wire.c - the text cases over the wire, by the C client, against the server
 * whose address $GEODE_URL is; wire.py starts one. */
#include <stdlib.h>

#include "base/vec.h"
#include "client/geode.h"
#include "tests/support/gqlt.h"
#include "tests/support/literal.h"
#include "value/text.h"

#define EXIT_SKIPPED 77

struct wire {
	struct geode_session *s;
};

struct rows {
	struct arena *a;
	VEC(struct str) cells;
	uint32_t n_rows;
};

static bool forget(struct wire *x, const char *text)
{
	return geode_execute(x->s, text, NULL, NULL) != GEODE_BROKEN;
}

/* An index in a text case is called i, graphs g and h. */
static bool reset(void *ctx)
{
	struct wire *x = ctx;

	return forget(x, "ROLLBACK") && forget(x, "SESSION RESET") &&
	       forget(x, "DROP GRAPH IF EXISTS g") && forget(x, "DROP GRAPH IF EXISTS h") &&
	       forget(x, "DROP INDEX i IF EXISTS") &&
	       geode_execute(x->s, "MATCH (n) DETACH DELETE n", NULL, NULL) == GEODE_OK;
}

/* name NULL: an element of a list */
static void put_param(struct geode_params *p, const char *name, const struct value *v)
{
	switch (v->kind) {
	case V_BOOL:
		geode_params_bool(p, name, v->b);
		return;
	case V_INT:
		geode_params_int(p, name, v->i);
		return;
	case V_FLOAT:
		geode_params_double(p, name, v->f);
		return;
	case V_STRING:
		geode_params_string(p, name, v->s, v->n);
		return;
	case V_LIST:
		geode_params_open_list(p, name);
		for (uint32_t i = 0; i < v->n; i++)
			put_param(p, NULL, &v->list[i]);
		geode_params_close(p);
		return;
	case V_MAP:
		geode_params_open_map(p, name);
		for (uint32_t i = 0; i < v->n; i++) {
			char key[256];
			snprintf(key, sizeof(key), STR_FMT, STR_ARG(v->map[i].key));
			put_param(p, key, &v->map[i].value);
		}
		geode_params_close(p);
		return;
	default:
		geode_params_null(p, name);
	}
}

static bool put_params(struct arena *a, struct geode_params *p, const struct gqlt_param *params,
		       uint32_t n_params)
{
	for (uint32_t i = 0; i < n_params; i++) {
		struct str name = arena_str(a, params[i].name);
		struct value v = VALUE_NULL;
		if (name.p == NULL || !literal_value(a, params[i].literal, &v))
			return false;
		put_param(p, name.p, &v);
	}
	return true;
}

static bool put_cell(struct rows *r, const struct geode_value *v)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	if (geode_value_kind(v) == GEODE_STRING) {
		size_t n = 0;
		const char *s = geode_value_string(v, &n);
		text_put_quoted(&b, (struct str){s, n});
	} else {
		size_t n = geode_value_text(v, NULL, 0);
		if (buf_reserve(&b, n + 1)) {
			geode_value_text(v, b.p, n + 1);
			b.len = n;
		}
	}
	struct str cell = arena_str(r->a, buf_str(&b));
	bool ok = buf_ok(&b) && cell.p != NULL && vec_push(MEM_OTHER, &r->cells, cell);
	buf_release(&b);
	return ok;
}

static enum geode_status take_rows(struct rows *rows, struct geode_result *result, uint32_t n)
{
	enum geode_status st = geode_result_next(result);

	for (; st == GEODE_ROW; st = geode_result_next(result)) {
		for (uint32_t i = 0; i < n; i++)
			if (!put_cell(rows, geode_result_value(result, i)))
				return GEODE_BROKEN;
		rows->n_rows++;
	}
	return st;
}

static bool take_result(struct arena *a, struct geode_result *result, struct gqlt_result *ret,
			enum geode_status *ret_status)
{
	uint32_t n = geode_result_columns(result);
	struct str *columns = ARENA_ARRAY(a, struct str, n + 1);
	struct rows rows = {.a = a};

	if (columns == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		columns[i] = arena_str(a, str_of(geode_result_name(result, i)));
	*ret_status = take_rows(&rows, result, n);
	ret->columns = columns;
	ret->n_columns = n;
	ret->n_rows = rows.n_rows;
	if (rows.cells.n > 0)
		ret->cells = arena_dup(a, rows.cells.v, rows.cells.n * sizeof(struct str));
	vec_release(MEM_OTHER, &rows.cells);
	return true;
}

static void take_error(struct wire *x, struct arena *a, struct gqlt_result *ret)
{
	const struct geode_error *e = geode_error_of(x->s);

	snprintf(ret->code, sizeof(ret->code), "%s", e->code);
	ret->line = e->line;
	ret->column = e->column;
	ret->message = arena_str(a, str_of(e->message));
	ret->n_columns = ret->n_rows = 0;
}

static bool execute(void *ctx, struct arena *a, struct str text, const struct gqlt_param *params,
		    uint32_t n_params, struct gqlt_result *ret)
{
	struct wire *x = ctx;
	struct str statement = arena_str(a, text);
	struct geode_params *p = geode_params_new();
	struct geode_result *result = NULL;
	enum geode_status st = GEODE_BROKEN;

	bool ok = statement.p != NULL && p != NULL && put_params(a, p, params, n_params);
	if (ok)
		st = geode_execute(x->s, statement.p, p, &result);
	if (st == GEODE_OK && result != NULL)
		ok = take_result(a, result, ret, &st);
	if (ok && st == GEODE_FAILED)
		take_error(x, a, ret);
	geode_result_free(result);
	geode_params_free(p);
	return ok && st != GEODE_BROKEN;
}

int main(int argc, char **argv)
{
	const char *url = getenv("GEODE_URL");
	struct geode_error error;
	struct wire wire = {0};
	const struct gqlt_target target = {.ctx = &wire, .reset = reset, .execute = execute};

	if (url == NULL) {
		printf("skipped: GEODE_URL does not name a server\n");
		return EXIT_SKIPPED;
	}
	wire.s = geode_connect(url, &error);
	if (wire.s == NULL) {
		printf("%s: %s\n", url, error.message);
		return 1;
	}
	int status = gqlt_main(argc, argv, &target);
	geode_disconnect(wire.s);
	return status;
}
