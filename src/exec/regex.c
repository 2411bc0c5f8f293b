#define PCRE2_CODE_UNIT_WIDTH 8
#include "exec/regex.h"

#include <pcre2.h>

struct regex {
	struct str pattern;
	pcre2_code *code;
	pcre2_match_data *match;
};

/* Everything that PCRE2 makes lies in the arena; nothing of it is freed one by one. */
struct regexes {
	struct exec_arena arena;
	uint32_t n, last;
	struct regex v[REGEX_CACHED];
	pcre2_general_context *memory;
	pcre2_compile_context *compile;
	pcre2_match_context *limits;
};

static void *take(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void keep(void *p, void *arena)
{
	(void)p;
	(void)arena;
}

/* With an empty arena. */
static enum status begin(struct regexes *r)
{
	r->n = r->last = 0;
	r->memory = pcre2_general_context_create(take, keep, &r->arena.a);
	if (r->memory == NULL)
		return ST_NOMEM;
	r->compile = pcre2_compile_context_create(r->memory);
	r->limits = pcre2_match_context_create(r->memory);
	if (r->compile == NULL || r->limits == NULL)
		return ST_NOMEM;
	pcre2_set_max_pattern_length(r->compile, REGEX_PATTERN_MAX);
	pcre2_set_match_limit(r->limits, REGEX_STEPS_MAX);
	pcre2_set_heap_limit(r->limits, REGEX_MATCH_MEMORY_KB);
	return ST_OK;
}

static enum status get_regexes(struct exec *x, struct regexes **ret)
{
	struct regexes *r = x->regexes;

	if (r == NULL) {
		r = exec_zalloc(x, sizeof(*r));
		if (r == NULL)
			return ST_NOMEM;
		exec_arena_init(x, &r->arena);
		TRY(begin(r));
		x->regexes = r;
	} else if (r->n == REGEX_CACHED) {
		arena_reset(&r->arena.a);
		r->n = 0; /* what fails below leaves none behind */
		TRY(begin(r));
	}
	*ret = r;
	return ST_OK;
}

static enum status wrong_pattern(struct exec *x, int error, size_t at, uint32_t offset)
{
	PCRE2_UCHAR text[128] = "";

	if (error == PCRE2_ERROR_HEAP_FAILED)
		return ST_NOMEM;
	(void)pcre2_get_error_message(error, text, sizeof(text));
	return diag_set(x->diag, GQL_BAD_REGEX, offset, "wrong regular expression at byte %zu: %s",
			at + 1, (char *)text);
}

static enum status compile(struct exec *x, struct regexes *r, struct str pattern, uint32_t offset)
{
	struct regex *re = &r->v[r->n];
	size_t at;
	int error;

	re->pattern = arena_str(&r->arena.a, pattern);
	if (re->pattern.p == NULL)
		return ST_NOMEM;
	re->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.len,
				 PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED |
				     PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_INVALID_UTF,
				 &error, &at, r->compile);
	if (re->code == NULL)
		return wrong_pattern(x, error, at, offset);
	/* No group is asked for: one pair of offsets is enough. */
	re->match = pcre2_match_data_create(1, r->memory);
	if (re->match == NULL)
		return ST_NOMEM;
	r->last = r->n++;
	return ST_OK;
}

/* Nearly always the pattern is the same for all rows. */
static enum status find(struct exec *x, struct str pattern, uint32_t offset, struct regexes **ret)
{
	struct regexes *r = x->regexes;

	for (uint32_t i = 0; r != NULL && i < r->n; i++) {
		uint32_t at = (r->last + i) % r->n;
		if (str_eq(r->v[at].pattern, pattern)) {
			r->last = at;
			*ret = r;
			return ST_OK;
		}
	}
	TRY(get_regexes(x, &r));
	*ret = r;
	return compile(x, r, pattern, offset);
}

enum status regex_matches(struct exec *x, struct str pattern, struct str text, uint32_t offset,
			  bool *ret)
{
	struct regexes *r;

	TRY(exec_check_inner(x, 1));
	TRY(find(x, pattern, offset, &r));
	struct regex *re = &r->v[r->last];
	int found = pcre2_match(re->code, (PCRE2_SPTR)text.p, text.len, 0, 0, re->match, r->limits);
	switch (found) {
	case PCRE2_ERROR_NOMATCH:
		*ret = false;
		return ST_OK;
	case PCRE2_ERROR_NOMEMORY:
		return ST_NOMEM;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
		return diag_fail(x->diag, ST_LIMIT, GQL_PROGRAM_LIMIT, offset,
				 "a match of the regular expression takes more than %d steps or %d "
				 "KiB",
				 REGEX_STEPS_MAX, REGEX_MATCH_MEMORY_KB);
	default:
		if (found < 0)
			return diag_set(x->diag, GQL_BAD_REGEX, offset,
					"the regular expression cannot be matched (error %d)",
					found);
		*ret = true; /* 0: more groups than room */
		return ST_OK;
	}
}
