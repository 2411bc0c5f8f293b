/* value/func_string.c - texts. Positions and lengths count code points. */
#include <inttypes.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "value/func_int.h"

/* Bytes of the first n code points, all when there are fewer. */
static size_t prefix_bytes(struct str s, uint64_t n)
{
	size_t at = 0;

	while (at < s.len && n > 0) {
		at++;
		while (at < s.len && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at++;
		n--;
	}
	return at;
}

static struct str from_byte(struct str s, size_t at)
{
	return (struct str){s.p + at, s.len - at};
}

static enum status want_text(struct func_ctx *x, const char *name, const struct value *args,
			     unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		TRY(func_want(x, name, i + 1, V_STRING, args[i]));
	return ST_OK;
}

static enum status want_count(struct func_ctx *x, const char *name, unsigned i_arg, struct value v)
{
	TRY(func_want(x, name, i_arg, V_INT, v));
	if (v.i < 0)
		return diag_set(x->diag, GQL_SUBSTRING, x->offset,
				"argument %u of '%s' is negative: %" PRId64, i_arg, name, v.i);
	return ST_OK;
}

static enum status too_long(struct func_ctx *x, uint64_t bytes)
{
	return diag_set(x->diag, GQL_STRING_TOO_LONG, x->offset,
			"a text of %" PRIu64 " bytes is longer than the limit of %u", bytes,
			VALUE_STRING_MAX);
}

typedef uint8_t *case_fn(const uint8_t *s, size_t n, const char *language, uninorm_t nf,
			 uint8_t *result, size_t *ret_n);

/* Letters may change their number of bytes: the library is given room for the usual case and takes
 * memory of its own otherwise. */
static enum status map_case(struct func_ctx *x, case_fn *fn, struct str s, struct value *ret)
{
	size_t room = s.len + s.len / 2 + 16, n = room;
	uint8_t *own = arena_alloc_aligned(x->arena, room, 1);

	if (own == NULL)
		return func_no_memory(x);
	uint8_t *got = fn((const uint8_t *)s.p, s.len, NULL, NULL, own, &n);
	if (got == NULL)
		return func_no_memory(x);
	struct str mapped = {(const char *)got, n};
	bool foreign = got != own;
	bool fits = n <= VALUE_STRING_MAX;
	if (foreign && fits)
		mapped = arena_str(x->arena, mapped);
	if (foreign)
		free(got); /* of libunistring, not of our door */
	if (!fits)
		return too_long(x, n);
	if (mapped.p == NULL)
		return func_no_memory(x);
	*ret = value_str(mapped);
	return ST_OK;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

static enum status map_ascii(struct func_ctx *x, char first, char last, struct str s,
			     struct value *ret)
{
	char *p = arena_dup(x->arena, s.p, s.len);

	if (p == NULL)
		return func_no_memory(x);
	for (size_t i = 0; i < s.len; i++)
		p[i] = p[i] >= first && p[i] <= last ? (char)(p[i] ^ 0x20) : p[i];
	*ret = value_str((struct str){p, s.len});
	return ST_OK;
}

enum status func_upper(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(want_text(x, "upper", args, 1));
	struct str s = value_text(args[0]);
	return is_ascii(s) ? map_ascii(x, 'a', 'z', s, ret) : map_case(x, u8_toupper, s, ret);
}

enum status func_lower(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(want_text(x, "lower", args, 1));
	struct str s = value_text(args[0]);
	return is_ascii(s) ? map_ascii(x, 'A', 'Z', s, ret) : map_case(x, u8_tolower, s, ret);
}

/* Is the code point at p one that trimming removes? */
static bool is_trimmed(struct str set, const char *p, size_t n)
{
	ucs4_t c;

	if (set.p != NULL)
		return memmem(set.p, set.len, p, n) != NULL;
	u8_mbtouc_unsafe(&c, (const uint8_t *)p, n);
	return uc_is_property_white_space(c);
}

/* set.p NULL: white space. */
static struct str trim_start(struct str s, struct str set)
{
	while (s.len > 0) {
		size_t n = prefix_bytes(s, 1);
		if (!is_trimmed(set, s.p, n))
			break;
		s = from_byte(s, n);
	}
	return s;
}

static struct str trim_end(struct str s, struct str set)
{
	while (s.len > 0) {
		size_t at = s.len - 1;
		while (at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
			at--;
		if (!is_trimmed(set, s.p + at, s.len - at))
			break;
		s.len = at;
	}
	return s;
}

static enum status trim(struct func_ctx *x, const char *name, const struct value *args, unsigned n,
			bool start, bool end, struct value *ret)
{
	TRY(want_text(x, name, args, n));
	struct str s = value_text(args[0]);
	struct str set = n == 2 ? value_text(args[1]) : STR_NULL;
	if (n == 2 && set.p == NULL)
		set = STR("");
	if (start)
		s = trim_start(s, set);
	if (end)
		s = trim_end(s, set);
	*ret = value_str(s);
	return ST_OK;
}

enum status func_btrim(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return trim(x, "btrim", args, n, true, true, ret);
}

enum status func_ltrim(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return trim(x, "ltrim", args, n, true, false, ret);
}

enum status func_rtrim(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return trim(x, "rtrim", args, n, false, true, ret);
}

enum status func_left(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(want_text(x, "left", args, 1));
	TRY(want_count(x, "left", 2, args[1]));
	struct str s = value_text(args[0]);
	*ret = value_str((struct str){s.p, prefix_bytes(s, (uint64_t)args[1].i)});
	return ST_OK;
}

enum status func_right(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(want_text(x, "right", args, 1));
	TRY(want_count(x, "right", 2, args[1]));
	struct str s = value_text(args[0]);
	uint64_t count = utf8_count(s), want = (uint64_t)args[1].i;
	*ret = value_str(from_byte(s, want < count ? prefix_bytes(s, count - want) : 0));
	return ST_OK;
}

enum status func_substring(struct func_ctx *x, const struct value *args, unsigned n,
			   struct value *ret)
{
	TRY(want_text(x, "substring", args, 1));
	for (unsigned i = 1; i < n; i++)
		TRY(want_count(x, "substring", i + 1, args[i]));
	struct str s = value_text(args[0]);
	s = from_byte(s, prefix_bytes(s, (uint64_t)args[1].i));
	if (n == 3)
		s.len = prefix_bytes(s, (uint64_t)args[2].i);
	*ret = value_str(s);
	return ST_OK;
}

static uint64_t count_occurrences(struct str s, struct str part)
{
	uint64_t n = 0;
	const char *hit;

	while ((hit = memmem(s.p, s.len, part.p, part.len)) != NULL) {
		s = from_byte(s, (size_t)(hit - s.p) + part.len);
		n++;
	}
	return n;
}

enum status func_replace(struct func_ctx *x, const struct value *args, unsigned n,
			 struct value *ret)
{
	TRY(want_text(x, "replace", args, 3));
	struct str s = value_text(args[0]), from = value_text(args[1]), to = value_text(args[2]);
	uint64_t hits = from.len != 0 && s.len != 0 ? count_occurrences(s, from) : 0;
	if (hits == 0) {
		*ret = args[0];
		return ST_OK;
	}
	uint64_t size = s.len - hits * from.len + hits * to.len;
	if (size > VALUE_STRING_MAX)
		return too_long(x, size);
	char *out = arena_alloc_aligned(x->arena, (size_t)size, 1), *at = out;
	if (out == NULL)
		return func_no_memory(x);
	for (; hits > 0; hits--) {
		const char *hit = memmem(s.p, s.len, from.p, from.len);
		at = mempcpy(at, s.p, (size_t)(hit - s.p));
		if (to.len != 0)
			at = mempcpy(at, to.p, to.len);
		s = from_byte(s, (size_t)(hit - s.p) + from.len);
	}
	memcpy(at, s.p, s.len);
	*ret = value_str((struct str){out, (size_t)size});
	return ST_OK;
}

static enum status reverse_list(struct func_ctx *x, struct value list, struct value *ret)
{
	struct value *v = arena_alloc(x->arena, (size_t)list.n * sizeof *v);

	if (v == NULL)
		return func_no_memory(x);
	for (uint32_t i = 0; i < list.n; i++)
		v[i] = list.list[list.n - 1 - i];
	*ret = value_list(v, list.n);
	return ST_OK;
}

enum status func_reverse(struct func_ctx *x, const struct value *args, unsigned n,
			 struct value *ret)
{
	if (args[0].kind == V_LIST)
		return reverse_list(x, args[0], ret);
	if (args[0].kind != V_STRING)
		return func_kind_error(x, "reverse", 1, "a text or a list", args[0]);
	struct str s = value_text(args[0]);
	char *out = arena_alloc_aligned(x->arena, s.len, 1);
	if (out == NULL)
		return func_no_memory(x);
	for (size_t left = s.len; left > 0;) {
		size_t c = prefix_bytes(from_byte(s, s.len - left), 1);
		memcpy(out + left - c, s.p + (s.len - left), c);
		left -= c;
	}
	*ret = value_str((struct str){out, s.len});
	return ST_OK;
}

/* An empty separator splits between all characters. */
enum status func_split(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(want_text(x, "split", args, 2));
	struct str s = value_text(args[0]), by = value_text(args[1]);
	bool each = by.len == 0;
	uint64_t parts = each ? utf8_count(s) : s.len != 0 ? count_occurrences(s, by) + 1 : 1;
	struct value *v = arena_alloc(x->arena, (size_t)parts * sizeof *v);
	if (v == NULL)
		return func_no_memory(x);
	for (uint64_t i = 0; i < parts; i++) {
		const char *hit = each || i + 1 == parts ? NULL : memmem(s.p, s.len, by.p, by.len);
		size_t len = each ? prefix_bytes(s, 1) : hit != NULL ? (size_t)(hit - s.p) : s.len;
		v[i] = value_str((struct str){s.p, len});
		if (i + 1 < parts)
			s = from_byte(s, len + by.len);
	}
	*ret = value_list(v, (uint32_t)parts);
	return ST_OK;
}

enum status func_char_length(struct func_ctx *x, const struct value *args, unsigned n,
			     struct value *ret)
{
	TRY(want_text(x, "char_length", args, 1));
	*ret = value_int((int64_t)utf8_count(value_text(args[0])));
	return ST_OK;
}

enum status func_size(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	switch ((enum value_kind)args[0].kind) {
	case V_STRING:
		*ret = value_int((int64_t)utf8_count(value_text(args[0])));
		return ST_OK;
	case V_BYTES:
	case V_LIST:
	case V_MAP:
		*ret = value_int(args[0].n);
		return ST_OK;
	default:
		return func_kind_error(x, "size", 1, "a text, a list or a record", args[0]);
	}
}
