/* value/func.c - the table of built-in functions. */
#include "value/func_int.h"

#define SUGGEST_DISTANCE 2 /* letters that a guessed name may differ by */

static const struct func funcs[] = {
#define FUNC(name, min_args, max_args, result, flags, fn, help)                                    \
	{name, min_args, max_args, result, flags, fn, help},
#include "value/func.def"
#undef FUNC
};

const struct func *func_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(funcs); i++) {
		if (str_eq_nocase(name, str_of(funcs[i].name)))
			return &funcs[i];
	}
	return NULL;
}

const struct func *func_at(unsigned i)
{
	return i < ARRAY_LEN(funcs) ? &funcs[i] : NULL;
}

const char *func_suggest(struct str name)
{
	const char *best = NULL;
	unsigned best_distance = SUGGEST_DISTANCE + 1;

	for (unsigned i = 0; func_at(i) != NULL; i++) {
		unsigned d = str_distance(name, str_of(func_at(i)->name), SUGGEST_DISTANCE);
		if (d < best_distance) {
			best = func_at(i)->name;
			best_distance = d;
		}
	}
	for (unsigned i = 0; agg_at(i) != NULL; i++) {
		unsigned d = str_distance(name, str_of(agg_at(i)->name), SUGGEST_DISTANCE);
		if (d < best_distance) {
			best = agg_at(i)->name;
			best_distance = d;
		}
	}
	return best;
}

enum status func_call(const struct func *f, struct func_ctx *x, const struct value *args,
		      unsigned n, struct value *ret)
{
	assert(n >= f->min_args && n <= f->max_args);
	if ((f->flags & FUNC_STRICT) != 0) {
		for (unsigned i = 0; i < n; i++) {
			if (value_is_null(args[i])) {
				*ret = VALUE_NULL;
				return ST_OK;
			}
		}
	}
	return f->fn(x, args, n, ret);
}

enum status func_kind_error(struct func_ctx *x, const char *name, unsigned i_arg, const char *wants,
			    struct value got)
{
	return diag_set(x->diag, GQL_WRONG_TYPE, x->offset, "argument %u of '%s' is a %s, not %s",
			i_arg, name, value_kind_name((enum value_kind)got.kind), wants);
}

enum status func_want(struct func_ctx *x, const char *name, unsigned i_arg, enum value_kind kind,
		      struct value v)
{
	if (v.kind == kind)
		return ST_OK;
	return func_kind_error(x, name, i_arg, value_kind_name(kind), v);
}
