/* Tokens: kinds, places, what is lifted, comments against edges, errors. */
#include "gql_test.h"
#include "gql/lex.h"

static enum status lex(struct arena *a, const char *text, struct token_list *ret, struct diag *d)
{
	diag_reset(d);
	return gql_lex(a, str_of(text), ret, d);
}

/* Spells tokens: words and punctuation as written, literals by kind, lifted ones with a +. */
static void spell(const char *text, const struct token_list *tokens, char *out, size_t size)
{
	static const char *const kinds[] = {"END", "",	"",  "`", "S",	"X",
					    "I",   "F", "D", "$", "..", ""};
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < tokens->n; i++) {
		const struct token *t = &tokens->v[i];
		bool literal = t->kind >= TOKEN_STRING && t->kind <= TOKEN_DECIMAL;
		n += (size_t)snprintf(out + n, size - n, "%s%s%.*s%s", i > 0 ? " " : "",
				      literal ? kinds[t->kind] : "", literal ? 0 : (int)t->length,
				      text + t->offset, token_is_lifted(t) ? "+" : "");
	}
}

static void test_tokens(void **state)
{
	static const char *const cases[][2] = {
	    {"MATCH (n)-[:A]->(m)", "MATCH ( n ) - [ : A ] - > ( m )"},
	    {"RETURN 1, 1.5, .5, 1e3, 1M, 'a', X'00'", "RETURN I+ , F+ , F+ , F+ , D+ , S+ , X+"},
	    {"RETURN 0x1F, 0o17, 0b11, 1_000, 1f, 2d", "RETURN I+ , I+ , I+ , I+ , F+ , F+"},
	    {"[e*1..3]", "[ e * I .. I ]"},
	    {"[e*..3]", "[ e * .. I ]"},
	    {"-[]->{1,3}", "- [ ] - > { I , I }"},
	    {"{,3} {2,}", "{ , I } { I , }"},
	    {"x LIMIT 3 + 4 RETURN 5", "x LIMIT I + I RETURN I+"},
	    {"OFFSET 1 LIMIT 2", "OFFSET I LIMIT I"},
	    {"ANY 3 SHORTEST 2", "ANY I SHORTEST I"},
	    {"{a: 1, b: 2}", "{ a : I+ , b : I+ }"},
	    {"a[1..2]", "a [ I+ .. I ]"},
	    {"DATE '2020-01-01' x 'y'", "DATE S x S+"},
	    {"RETURN $p, $`a b`, $1", "RETURN $p , $`a b` , $1"},
	    {"RETURN 9223372036854775808", "RETURN I"},
	    {"@'a\\b' `x``y`", "S+ `x``y`"},
	    {"caf\xc3\xa9 = \xe2\x80\x83 1", "caf\xc3\xa9 = I+"},
	};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_list tokens;
		struct diag d;
		char out[256];
		assert_int_equal(lex(&a, cases[i][0], &tokens, &d), ST_OK);
		spell(cases[i][0], &tokens, out, sizeof(out));
		assert_string_equal(out, cases[i][1]);
	}
	arena_release(&a);
}

/* Two dashes are an edge where one can stand, else a comment. */
static void test_comments(void **state)
{
	static const char *const cases[][2] = {
	    {"a // b\n c", "a c"},
	    {"a /* b\n */ c", "a c"},
	    {"a -- b\n c", "a c"},
	    {"RETURN 1 -- (all)\n, 2", "RETURN I+ , I+"},
	    {"RETURN count(*) -- all", "RETURN count ( * )"},
	    {"(a)--(b)", "( a ) - - ( b )"},
	    {"(a) -- (b)", "( a ) - - ( b )"},
	    {"(a)--\n(b)", "( a ) - - ( b )"},
	    {"(a)-->(b)", "( a ) - - > ( b )"},
	    {"(a)<--(b)", "( a ) < - - ( b )"},
	    {"((a)-->(b)){2}--(c)", "( ( a ) - - > ( b ) ) { I } - - ( c )"},
	    {"--", ""},
	    {"", ""},
	};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_list tokens;
		struct diag d;
		char out[256];
		assert_int_equal(lex(&a, cases[i][0], &tokens, &d), ST_OK);
		spell(cases[i][0], &tokens, out, sizeof(out));
		assert_string_equal(out, cases[i][1]);
	}
	arena_release(&a);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		uint32_t offset;
		const char *message;
	} cases[] = {
	    {"RETURN 'abc", 7, "unterminated string"},
	    {"RETURN 'abc\\'", 7, "unterminated string"},
	    {"RETURN `abc", 7, "unterminated name"},
	    {"RETURN ``", 7, "empty"},
	    {"RETURN /* abc", 7, "unterminated comment"},
	    {"RETURN 12ab", 7, "malformed number '12ab'"},
	    {"RETURN 0x", 7, "malformed number '0x'"},
	    {"RETURN 0b12", 7, "malformed number '0b12'"},
	    {"RETURN $", 7, "name of a parameter"},
	    {"RETURN #", 7, "unexpected character '#'"},
	    {"RETURN \x01", 7, "byte 0x01"},
	    {"RETURN 42 \xe2\x80\x94 41", 10, "U+2014"},
	};
	struct arena a;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_list tokens;
		struct diag d;
		assert_int_equal(lex(&a, cases[i].text, &tokens, &d), ST_INVALID);
		assert_int_equal(d.code, GQL_SYNTAX);
		assert_int_equal(d.offset, cases[i].offset);
		if (strstr(d.message, cases[i].message) == NULL)
			fail_msg("'%s' lacks '%s'", d.message, cases[i].message);
	}
	struct token_list tokens;
	struct diag d;
	assert_int_equal(lex(&a, "RETURN '\xff'", &tokens, &d), ST_INVALID);
	assert_int_equal(d.code, GQL_BAD_TEXT);
	arena_release(&a);
}

static void test_keywords(void **state)
{
	static const struct {
		const char *text;
		uint32_t slot;
	} words[] = {
#define KEYWORD(name, reserved, slot) {#name, slot},
#include "gql/keyword.def"
#undef KEYWORD
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i].text);
		uint32_t want = keyword_hash(words[i].text, len);
		if (want != words[i].slot)
			fail_msg("keyword.def: the slot of %s is %u", words[i].text, want);
		uint16_t code = keyword_find(str_of(words[i].text));
		if (code != KW_BEFORE_FIRST + 1 + i)
			fail_msg("%s shares its slot with another keyword", words[i].text);
		assert_true(i == 0 || strcmp(words[i - 1].text, words[i].text) < 0);
	}
	assert_int_equal(keyword_find(STR("mAtCh")), KW_MATCH);
	assert_int_equal(keyword_find(STR("matc")), 0);
	assert_int_equal(keyword_find(STR("m")), 0);
	assert_int_equal(keyword_find(STR("INT\x18")), 0); /* '8' but for its case bit */
}

static void test_limits(void **state)
{
	struct arena a;
	struct token_list tokens;
	struct diag d;
	char *name = test_malloc(GQL_NAME_MAX + 2);

	arena_init(&a, MEM_QUERY, NULL);
	memset(name, 'x', GQL_NAME_MAX + 1);
	name[GQL_NAME_MAX + 1] = '\0';
	assert_int_equal(lex(&a, name, &tokens, &d), ST_LIMIT);
	assert_non_null(strstr(d.message, "GQL_NAME_MAX"));
	name[GQL_NAME_MAX] = '\0';
	assert_int_equal(lex(&a, name, &tokens, &d), ST_OK);
	diag_reset(&d);
	assert_int_equal(gql_lex(&a, (struct str){name, (size_t)GQL_TEXT_MAX + 1}, &tokens, &d),
			 ST_LIMIT);
	assert_int_equal(d.code, GQL_TOO_LARGE);
	test_free(name);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tokens), cmocka_unit_test(test_comments),
	    cmocka_unit_test(test_errors), cmocka_unit_test(test_keywords),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
