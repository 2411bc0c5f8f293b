/* The parser: errors and their places, limits, places of nodes, what may be cached, broken input.
 */
#include "gql_test.h"
#include "texts.h"

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		uint32_t offset;
		const char *message, *hint; /* parts of them */
	} cases[] = {
	    {"", 0, "empty", ""},
	    {"  // only a comment", 0, "empty", ""},
	    {"RETRUN 1", 0, "unexpected 'RETRUN'", "did you mean RETURN?"},
	    {"MATCH (n) RETURN", 16, "unexpected end of the statement, expected an expression", ""},
	    {"MATCH (n) WHER n.x = 1 RETURN n", 10, "unexpected 'WHER'", "did you mean WHERE?"},
	    {"MATCH (n RETURN n", 9, "unexpected 'RETURN', expected", ""},
	    {"MATCH (n) WHERE RETURN n", 16, "unexpected 'RETURN', expected an expression", ""},
	    {"MATCH (n) WHERE n.x == 1 RETURN n", 21, "unexpected '='", "one '='"},
	    {"MATCH (n) WHERE n.x != 1 RETURN n", 20, "unexpected '!'", "'<>'"},
	    {"MATCH (n) WHERE a && b RETURN n", 18, "unexpected '&'", "AND"},
	    {"MATCH (a)-[e->(b) RETURN e", 12, "unexpected '-'", ""},
	    {"MATCH (a)-[e]>(b) RETURN e", 13, "unexpected '>', expected '-'", ""},
	    {"RETURN 1 +", 10, "expected an expression", ""},
	    {"RETURN [1, 2", 12, "']'", ""},
	    {"RETURN {a 1}", 10, "unexpected '1', expected ':'", ""},
	    {"RETURN 1; RETURN 2", 10, "unexpected 'RETURN', expected end of the statement", ""},
	    {"RETURN 'a\\x'", 9, "malformed escape", ""},
	    {"RETURN 99999999999999999999", 7, "out of range", ""},
	    {"RETURN 1 AS", 11, "expected a name", ""},
	    {"MATCH (n) WITH n.x RETURN 1", 15, "needs a name", ""},
	    {"MATCH (a)-->{3,2}(b) RETURN a", 13, "lower bound 3", ""},
	    {"MATCH (a)-->{2000000}(b) RETURN a", 13, "GQL_QUANTIFIER_MAX", ""},
	    {"INSERT (a)-[:T]-(b)", 10, "direction", ""},
	    {"INSERT (a:A|B)", 10, "names its labels", ""},
	    {"INSERT (a)-[:T]->{2}(b)", 10, "single edges", ""},
	    {"CREATE INDEX FOR (n:A) ON (m.x)", 27, "unknown variable 'm'", ""},
	    {"RETURN EXISTS {CREATE (a)}", 7, "cannot change the graph", ""},
	    {"CASE", 0, "unexpected 'CASE'", ""},
	    {"RETURN CASE END", 15, "unexpected end of the statement, expected", ""},
	    {"SELECT 1", 0, "unexpected 'SELECT'", "MATCH .. RETURN"},
	    {"MATCH (n) SET n RETURN n", 16, "unexpected 'RETURN', expected", ""},
	    {"MATCH (n) SET n = RETURN n", 18, "expected an expression", ""},
	    {"CREATE INDEX FOR (n:A)", 22, "expected ON", ""},
	    {"DROP TABLE x", 5, "unexpected 'TABLE', expected INDEX, CONSTRAINT, SCHEMA or GRAPH",
	     ""},
	};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ast_statement *st = NULL;
		struct diag d;
		enum status r = parse_bytes(&a, cases[i].text, strlen(cases[i].text), &st, &d);
		if (r != ST_INVALID || d.code != GQL_SYNTAX || d.offset != cases[i].offset ||
		    strstr(d.message, cases[i].message) == NULL ||
		    strstr(d.hint, cases[i].hint) == NULL)
			fail_msg("%s\n  gives %s at %u: %s [%s]", cases[i].text, status_name(r),
				 d.offset, d.message, d.hint);
	}
	arena_release(&a);
}

/* Prefix and suffix repeated n times around the middle. */
static char *nest(const char *prefix, const char *middle, const char *suffix, unsigned n)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	buf_puts(&b, "RETURN ");
	for (unsigned i = 0; i < n; i++)
		buf_puts(&b, prefix);
	buf_puts(&b, middle);
	for (unsigned i = 0; i < n; i++)
		buf_puts(&b, suffix);
	char *z = strdup(buf_cstr(&b));
	assert_non_null(z);
	buf_release(&b);
	return z;
}

static void test_limits(void **state)
{
	static const struct {
		const char *prefix, *middle, *suffix, *limit;
	} cases[] = {
	    {"(", "1", ")", "GQL_DEPTH_MAX"},
	    {"[", "1", "]", "GQL_DEPTH_MAX"},
	    {"{a: ", "1", "}", "GQL_DEPTH_MAX"},
	    {"NOT ", "1", "", "GQL_DEPTH_MAX"},
	    {"- ", "1", "", "GQL_DEPTH_MAX"},
	    {"f(", "1", ")", "GQL_DEPTH_MAX"},
	    {"EXISTS {MATCH (a) WHERE ", "1", "}", "GQL_DEPTH_MAX"},
	    {"[x IN ", "1", "]", "GQL_DEPTH_MAX"},
	    {"CASE WHEN ", "1", " THEN 1 END", "GQL_DEPTH_MAX"},
	    {"(a {x: ", "1", "})-[]-(b)", "GQL_DEPTH_MAX"},
	    {"n:", "(((A)))", "", "GQL_DEPTH_MAX"},
	    {"1 + ", "1", "", "GQL_HEIGHT_MAX"},
	    {"", "a", ".b", "GQL_HEIGHT_MAX"},
	    {"", "a", "[0]", "GQL_HEIGHT_MAX"},
	    {"", "a", ":B", "GQL_DEPTH_MAX"},
	    {"a < ", "b", "", "GQL_COMPARE_MAX"},
	    {"a AND ", "b", "", NULL},
	};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = nest(cases[i].prefix, cases[i].middle, cases[i].suffix, 5000);
		struct ast_statement *st = NULL;
		struct diag d;
		enum status r = parse_bytes(&a, text, strlen(text), &st, &d);
		if (cases[i].limit == NULL)
			assert_true(r == ST_OK || r == ST_INVALID);
		else if (r == ST_OK || strstr(d.message, cases[i].limit) == NULL)
			fail_msg("%s: %s: %s", cases[i].prefix, status_name(r), d.message);
		free(text);
		arena_reset(&a);
	}
	arena_release(&a);
}

/* What looks like patterns within patterns is tried once for each place. */
static void test_speculation(void **state)
{
	char *text = nest("(a {x: ", "1", "})-[]-1", 150);
	struct arena a;
	struct ast_statement *st = NULL;
	struct diag d;

	arena_init(&a, MEM_QUERY, NULL);
	(void)!parse_bytes(&a, text, strlen(text), &st, &d);
	assert_true(arena_used(&a) < (64u << 20));
	free(text);
	arena_release(&a);
}

static const struct ast_item *items_of(const struct ast_statement *st)
{
	const struct ast_linear *l = st->query->parts[0]->branches[0];

	return l->clauses[l->n_clauses - 1]->project.items;
}

/* A column without AS is called by the bytes that were written. */
static void test_places(void **state)
{
	static const char text[] =
	    "RETURN  ( n.x ),count( * ), 1+ 2*3 , n . name,[1][0], x IS NOT NULL";
	static const char *const columns[] = {"( n.x )",  "count( * )", "1+ 2*3",
					      "n . name", "[1][0]",	"x IS NOT NULL"};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	const struct ast_item *items = items_of(parse_ok(&a, text));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		assert_int_equal(items[i].expr->length, strlen(columns[i]));
		assert_memory_equal(text + items[i].expr->offset, columns[i],
				    items[i].expr->length);
	}
	arena_release(&a);
}

static void test_cacheable(void **state)
{
	static const struct {
		const char *text;
		bool cacheable;
	} cases[] = {
	    {"MATCH (n {a: 1}) WHERE n.b = 'x' RETURN n LIMIT 3", true},
	    {"MATCH (a)-->{1,3}(b)-[*2..4]-(c) RETURN a", true},
	    {"MATCH (n {a: \"x\"}) RETURN n.\"b\"", true},
	    {"MATCH (n:\"Label\") RETURN n", false},
	    {"RETURN CAST(x AS STRING(5))", false},
	};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parse_ok(&a, cases[i].text)->cacheable, cases[i].cacheable);

	/* a literal's node names its token */
	static const char text[] = "RETURN 'a', 12";
	struct token_list tokens;
	struct ast_statement *st = NULL;
	struct diag d;
	diag_reset(&d);
	assert_int_equal(gql_lex(&a, STR(text), &tokens, &d), ST_OK);
	assert_int_equal(gql_parse_tokens(&a, STR(text), &tokens, &st, &d), ST_OK);
	const struct ast_item *items = items_of(st);
	assert_int_equal(items[0].expr->i_token, 1);
	assert_int_equal(items[1].expr->i_token, 3);
	assert_true(token_is_lifted(&tokens.v[items[1].expr->i_token]));
	arena_release(&a);
}

static void test_flags(void **state)
{
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	assert_false(parse_ok(&a, "MATCH (n) RETURN n")->query->writes);
	assert_true(parse_ok(&a, "MATCH (n) SET n.x = 1")->query->writes);
	assert_true(parse_ok(&a, "CALL {CREATE (n)} RETURN 1")->query->writes);
	assert_true(parse_ok(&a, "CREATE (n) RETURN EXISTS {(n)-->()} AS e")->query->writes);
	assert_false(parse_ok(&a, "MATCH (n) RETURN n")->query->parts[0]->branches[0]->open_end);
	assert_true(parse_ok(&a, "MATCH (n)")->query->parts[0]->branches[0]->open_end);
	assert_false(parse_ok(&a, "INSERT (n)")->query->parts[0]->branches[0]->open_end);
	arena_release(&a);
}

/* Every prefix of a statement, cut anywhere, parses or fails with a place inside it. */
static void test_prefixes(void **state)
{
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t len = strlen(texts[i].text);
		for (size_t n = 0; n < len; n++) {
			struct ast_statement *st = NULL;
			struct diag d;
			enum status r = parse_bytes(&a, texts[i].text, n, &st, &d);
			if (r != ST_OK) {
				assert_int_equal(r, ST_INVALID);
				assert_true(diag_is_set(&d));
				assert_true(d.offset <= n || d.offset == DIAG_NO_POSITION);
				assert_true(d.message[0] != '\0');
			}
			arena_reset(&a);
		}
	}
	arena_release(&a);
}

/* Each allocation fails in turn: no memory is said, and the next try succeeds. */
static void test_no_memory(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i += 7) {
		bool done = false;
		for (uint64_t n = 1; !done; n++) {
			struct str text = str_of(texts[i].text);
			struct ast_statement *st = NULL;
			struct arena a;
			struct diag d;
			arena_init(&a, MEM_QUERY, NULL);
			arena_first_block(&a, 64);
			diag_reset(&d);
			mem_fail_nth(n, true);
			enum status r = gql_parse(&a, text, &st, &d);
			mem_fail_nth(0, false);
			assert_true(r == ST_OK || r == ST_NOMEM);
			done = r == ST_OK;
			arena_release(&a);
		}
	}
}

static void test_budget(void **state)
{
	struct budget budget = {.limit_bytes = 2048};
	struct arena a;
	struct ast_statement *st = NULL;
	struct diag d;

	arena_init(&a, MEM_QUERY, &budget);
	arena_first_block(&a, 512);
	diag_reset(&d);
	assert_int_equal(gql_parse(&a,
				   STR("MATCH (a)-->(b)-->(c)-->(d) WHERE a.x = b.x AND "
				       "c.x = d.x RETURN a, b, c, d, a.x + b.x * c.x"),
				   &st, &d),
			 ST_LIMIT);
	arena_release(&a);
	assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_errors),	cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_speculation), cmocka_unit_test(test_places),
	    cmocka_unit_test(test_cacheable),	cmocka_unit_test(test_flags),
	    cmocka_unit_test(test_prefixes),	cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
