/* value/func_int.h - the functions of func.def, for func.c only, and what they share.
 *
 * Room: value, private. */
#ifndef VALUE_FUNC_INT_H
#define VALUE_FUNC_INT_H

#include "value/func.h"

#define FUNC(name, min_args, max_args, result, flags, fn, help) func_fn fn;
#include "value/func.def"
#undef FUNC

/* 22G03: which argument (from 1) of which function wants what. */
enum status func_kind_error(struct func_ctx *x, const char *name, unsigned i_arg, const char *wants,
			    struct value got);
/* ST_OK when v is of the kind. */
enum status func_want(struct func_ctx *x, const char *name, unsigned i_arg, enum value_kind kind,
		      struct value v) MUST_CHECK;

#endif
