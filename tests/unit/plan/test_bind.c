/* Semantic errors with their code and place, before anything runs. */
#include "plan_test.h"

struct wrong {
	const char *text, *code, *at; /* at: the error is where this is last in the text */
	const char *hint;	      /* a piece of it, NULL: any */
};

static const char *last(const char *text, const char *piece)
{
	const char *found = NULL;

	for (const char *p = text; (p = strstr(p, piece)) != NULL; p++)
		found = p;
	return found;
}

/* Whoever finds it first, parser or binder. */
static enum status parse_and_plan(struct fix *f, const char *text, struct plan **ret)
{
	struct ast_statement *st = NULL;

	fix_lex(f, text);
	TRY(gql_parse_tokens(&f->a, f->text, &f->tokens, &st, &f->diag));
	return plan_make(st, f->text, &f->tokens, f->graph, NULL, ret, &f->diag);
}

static void check(struct fix *f, const struct wrong *w)
{
	struct txn *t = fix_begin(f);
	struct plan *p = NULL;
	enum status r = parse_and_plan(f, w->text, &p);
	const char *at = last(w->text, w->at);

	txn_rollback(t);
	if (r == ST_OK)
		fail_msg("%s\n  is planned", w->text);
	assert_int_equal(r, ST_INVALID);
	assert_non_null(at);
	if (strcmp(gqlstatus_code(f->diag.code), w->code) != 0 ||
	    f->diag.offset != (uint32_t)(at - w->text))
		fail_msg("%s\n  %s at %u: %s", w->text, gqlstatus_code(f->diag.code),
			 f->diag.offset, f->diag.message);
	if (w->hint != NULL)
		assert_non_null(strstr(f->diag.hint, w->hint));
}

static void check_all(struct fix *f, const struct wrong *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(f, &w[i]);
}
#define CHECK(list) check_all(*state, list, ARRAY_LEN(list))

static void names_must_be_there_and_fit(void **state)
{
	static const struct wrong list[] = {
	    {"MATCH (person) RETURN persn.x", "42002", "persn", "person"},
	    {"MATCH (n) RETURN m", "42002", "m", NULL},
	    {"MATCH (n) RETURN n.x AS a NEXT RETURN n", "42002", "n", NULL},
	    {"RETURN [x IN [1] | x] AS l, x", "42002", "x", NULL},
	    {"MATCH (n)-[e]->(m) MATCH (e) RETURN n", "42001", "e) RETURN", NULL},
	    {"MATCH (n) MATCH ()-[n]->() RETURN n", "42001", "n]", NULL},
	    {"MATCH (n) LET n = 1 RETURN n", "42N02", "n = 1", NULL},
	    {"MATCH (n) INSERT (n:A)", "42N02", "n:A", NULL},
	    {"MATCH (n) INSERT (n:A)-[:T]->()", "42001", "(n:A)", NULL},
	    {"RETURN nofunc(1)", "42N04", "nofunc", NULL},
	    {"RETURN labels(1, 2)", "42001", "labels", NULL},
	};

	CHECK(list);
}

static void columns_differ_in_name(void **state)
{
	static const struct wrong list[] = {
	    {"MATCH (n) RETURN n.x AS a, n.y AS a", "42N02", "n.y", NULL},
	    {"MATCH (n) RETURN n, n", "42N02", "n", NULL},
	    {"RETURN 1 AS a UNION RETURN 2 AS b", "42001", "RETURN 2", NULL},
	    {"RETURN 1 AS a UNION RETURN 1 AS a, 2 AS b", "42001", "RETURN 1 AS a, 2", NULL},
	};

	CHECK(list);
}

static void aggregates_have_their_place(void **state)
{
	static const struct wrong list[] = {
	    {"MATCH (n) WHERE count(n) > 1 RETURN n", "42N03", "count", NULL},
	    {"MATCH (n) RETURN count(sum(n.x))", "42N03", "sum", NULL},
	    {"MATCH (n) RETURN n.x + count(*) AS c", "42N03", "n.x", NULL},
	    {"MATCH (n) RETURN count(*) AS c GROUP BY c", "42N03", "c", NULL},
	};

	CHECK(list);
}

static void types_are_checked_where_they_are_known(void **state)
{
	static const struct wrong list[] = {
	    {"RETURN 1 AND true", "22G03", "1", NULL},
	    {"RETURN NOT 'a'", "22G03", "'a'", NULL},
	    {"MATCH (n) WHERE 1 RETURN n", "22G03", "1", NULL},
	    {"LET x = 1 RETURN x.y", "22G03", "x.y", NULL},
	    {"RETURN true - 1", "22G03", "true", NULL},
	    {"MATCH (n) RETURN n * 2", "22G03", "n *", NULL},
	    {"RETURN -[1]", "22G03", "[1]", NULL},
	    {"LET x = 1 SET x.y = 2", "22G03", "x.y", NULL},
	    {"LET x = 1 DELETE x", "22G03", "x", NULL},
	    {"RETURN 1 LIMIT -1", "22G02", "-1", NULL},
	    {"RETURN 1 LIMIT 'a'", "22G03", "'a'", NULL},
	};

	CHECK(list);
}

static void clauses_stand_in_order(void **state)
{
	static const struct wrong list[] = {
	    {"INSERT (n)-[:A]-(m)", "42001", "-[", NULL},
	    {"INSERT (n)-[e]->(m)", "42001", "-[", "TYPE"},
	    {"MATCH REPEATABLE ELEMENTS (a)-[e]->*(b) RETURN a", "42001", "-[", NULL},
	    {"MATCH p = (a)-[e WHERE e.x = length(p)]->{1,2}(b) RETURN a", "0A000", "-[", NULL},
	    {"MATCH (a)-[e WHERE EXISTS { (a)-->() }]->{1,2}(b) RETURN a", "0A000", "EXISTS", NULL},
	    {"RETURN EXISTS { INSERT (n) } AS x", "42001", "EXISTS", NULL},
	};
	static const char *const bad[] = {"MATCH (n)", "RETURN 1 AS a MATCH (n) RETURN n"};
	struct fix *f = *state;
	struct plan *p;

	CHECK(list);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(parse_and_plan(f, bad[i], &p), ST_INVALID);
		assert_string_equal(gqlstatus_code(f->diag.code), "42001");
	}
}

/* What must be planned: scopes of ORDER BY, grouping, wildcards. */
static void these_are_right(void **state)
{
	static const char *const list[] = {
	    "MATCH (n) RETURN n.x AS x ORDER BY n.y",
	    "MATCH (n) RETURN DISTINCT n.x ORDER BY n.x DESC",
	    "MATCH (n) RETURN DISTINCT n ORDER BY n.x",
	    "MATCH (n) RETURN n.x, count(*) ORDER BY count(*) DESC, n.x",
	    "MATCH (n) RETURN n.x AS x, count(*) AS c ORDER BY x, c + 1",
	    "MATCH (n) RETURN n.x, count(*) AS c ORDER BY n.x + c",
	    "MATCH (n) RETURN n.x + 1 AS y, sum(n.y) / count(*) AS m GROUP BY y",
	    "MATCH (n:%) RETURN n",
	    "MATCH (n) RETURN CAST(n.x AS INT) + CAST('1' AS FLOAT), CAST(1 AS STRING)",
	    "MATCH (n:!%) RETURN n",
	    "MATCH ()-[e:%]->() RETURN e",
	    "MATCH (n) SET n.x = 1, n.y = n.x, n:A",
	    "MATCH (a:Person), (b:City) MERGE (a)-[e:IN]->(b) ON CREATE SET e.new = true RETURN e",
	    "MATCH (n) RETURN keys(n), properties(n), labels(n)",
	    "OPTIONAL MATCH (n:A) WHERE n.x > 1 RETURN n",
	    "MATCH (n) WHERE EXISTS { (n)-[:KNOWS]->() } RETURN n",
	    "RETURN 1 AS a UNION ALL RETURN 2 AS a",
	    "MATCH (n) DETACH DELETE n",
	    "INSERT (a:A {x: 1})-[:B]->(b)",
	};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		plan_unref(planned(*state, list[i]));
}

static void parameters_must_be_given(void **state)
{
	struct fix *f = *state;
	struct plan *p = planned(f, "RETURN $a + $b + $a AS c");
	const struct map_entry given[] = {{.key = STR("b"), .value = value_int(2)},
					  {.key = STR("a"), .value = value_int(1)}};
	struct value v[2];

	assert_int_equal(p->n_params, 2);
	assert_int_equal(plan_bind_params(p, f->text, &f->tokens, given, 2, &f->a, v, &f->diag),
			 ST_OK);
	assert_int_equal(v[0].i, 1);
	assert_int_equal(v[1].i, 2);
	assert_int_equal(plan_bind_params(p, f->text, &f->tokens, given, 1, &f->a, v, &f->diag),
			 ST_INVALID);
	assert_string_equal(gqlstatus_code(f->diag.code), "42002");
	assert_int_equal(f->diag.offset, 7);
	plan_unref(p);
}

/* Each allocation fails in turn: an error and nothing left behind, or, for one that can be done
 * without, a plan. */
static void no_memory_leaks_nothing(void **state)
{
	static const char *const list[] = {
	    "MATCH (a:Person {id: 1})-[e:KNOWS|LIKES]->{1,3}(b)-[:KNOWS]->(c) WHERE a.x = b.x AND "
	    "EXISTS { MATCH (c)-[f]->(d) WHERE d.x > 1 } OPTIONAL MATCH p = (c)-->(g) "
	    "RETURN DISTINCT a.x AS x, count(*) AS n ORDER BY n DESC LIMIT 3",
	    "MATCH (a:Person) SET a.x = a.y, a:B, a.z = $p INSERT (a)-[:R {x: [1, 2]}]->(b:C) "
	    "MERGE (b)-[m:M]->(c:D {k: 'v'}) ON CREATE SET m.n = 1 ON MATCH SET m.n = 2",
	    "MATCH (a) CALL (a) { MATCH (a)-->(b) RETURN b.x AS bx } RETURN bx UNION "
	    "UNWIND [x IN [1, 2] WHERE x > 1 | x * 2] AS y RETURN CASE y WHEN 1 THEN 'a' END AS bx",
	    "MATCH (a) LET x = [(a)-->(b) WHERE b.x > 1 | b.x], y = COLLECT { USE g MATCH (c) "
	    "RETURN c.x } CALL system.graphs() YIELD name USE g MATCH (n) RETURN x, y, name, n "
	    "EXCEPT USE HOME_GRAPH USE g MATCH (n:A) RETURN 1 AS x, 2 AS y, 'a' AS name, n",
	};
	struct fix *f = *state;
	struct graph *g, *old;
	struct txn *made = fix_begin(f);

	assert_int_equal(txn_graph_create(made, STR("g"), GRAPH_EXISTS_OK, &g, &old, &f->diag),
			 ST_OK);
	fix_commit(f, made);
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		const struct ast_statement *st = fix_parse(f, list[i]);
		struct txn *t = fix_begin(f);
		uint64_t before = mem_used(MEM_PLAN), counted = 0;
		for (uint64_t nth = 1; counted == 0 || nth <= counted; nth++) {
			struct plan *p = NULL;
			diag_reset(&f->diag);
			mem_fail_nth(nth, false);
			enum status r =
			    plan_make(st, f->text, &f->tokens, f->graph, NULL, &p, &f->diag);
			uint64_t n = mem_fail_nth(0, false);
			if (r == ST_OK) {
				plan_unref(p);
				counted = n;
			} else {
				assert_int_equal(r, ST_NOMEM);
				assert_false(diag_is_set(&f->diag));
			}
			assert_int_equal(mem_used(MEM_PLAN), before);
		}
		assert_true(counted > 0);
		txn_rollback(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_must_be_there_and_fit),
	    cmocka_unit_test(columns_differ_in_name),
	    cmocka_unit_test(aggregates_have_their_place),
	    cmocka_unit_test(types_are_checked_where_they_are_known),
	    cmocka_unit_test(clauses_stand_in_order),
	    cmocka_unit_test(these_are_right),
	    cmocka_unit_test(parameters_must_be_given),
	    cmocka_unit_test(no_memory_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
