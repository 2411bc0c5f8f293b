/* tools/geode/split.c - cutting a text into statements. */
#include "tools/geode/split.h"

/* End of a comment that begins at `at`, or `at` when none does. `--` is a comment unless an edge
 * can stand there, as in `(a)--(b)` and `-->`. */
static size_t skip_comment(struct str s, size_t at)
{
	const char *rest = s.p + at;
	const size_t left = s.len - at;

	if (left < 2)
		return at;
	if (rest[0] == '/' && rest[1] == '*') {
		const char *end = memmem(rest + 2, left - 2, "*/", 2);
		return end != NULL ? (size_t)(end + 2 - s.p) : s.len;
	}
	const bool dashes = rest[0] == '-' && rest[1] == '-' &&
			    (at == 0 || strchr(")<", s.p[at - 1]) == NULL) &&
			    (left < 3 || strchr(">(", rest[2]) == NULL);
	if (!dashes && (rest[0] != '/' || rest[1] != '/'))
		return at;
	const char *end = memchr(rest, '\n', left);
	return end != NULL ? (size_t)(end - s.p) : s.len;
}

/* End of the quoted text that begins at `at`. A backslash protects in '..' and "..", not in `..`.
 */
static size_t skip_quoted(struct str s, size_t at)
{
	const char quote = s.p[at];

	for (size_t i = at + 1; i < s.len; i++) {
		if (s.p[i] == '\\' && quote != '`')
			i++;
		else if (s.p[i] == quote)
			return i + 1;
	}
	return s.len;
}

bool statement_next(struct str text, struct str *ret, size_t *ret_used)
{
	size_t i = 0;

	while (i < text.len && text.p[i] != ';') {
		const size_t behind = skip_comment(text, i);
		if (behind != i)
			i = behind;
		else if (strchr("'\"`", text.p[i]) != NULL && text.p[i] != 0)
			i = skip_quoted(text, i);
		else
			i++;
	}
	const bool found = i < text.len;
	*ret = str_trim((struct str){text.p, MIN_OF(i, text.len)});
	*ret_used = found ? i + 1 : text.len;
	return found;
}

bool statement_is_empty(struct str s)
{
	size_t i = 0;

	while (i < s.len) {
		const size_t behind = skip_comment(s, i);
		if (behind == i && strchr(" \t\r\n\f\v", s.p[i]) == NULL)
			return false;
		i = behind != i ? behind : i + 1;
	}
	return true;
}
