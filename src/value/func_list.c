/* value/func_list.c - lists. */
#include <inttypes.h>

#include "value/func_int.h"

#define RANGE_MAX 10000000u	 /* elements that range() makes at most */
#define RANGE_HURRIED_MAX 20000u /* and in a hurry: about 100 us */

enum status func_head(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(func_want(x, "head", 1, V_LIST, args[0]));
	*ret = args[0].n > 0 ? args[0].list[0] : VALUE_NULL;
	return ST_OK;
}

enum status func_last(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(func_want(x, "last", 1, V_LIST, args[0]));
	*ret = args[0].n > 0 ? args[0].list[args[0].n - 1] : VALUE_NULL;
	return ST_OK;
}

enum status func_tail(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	TRY(func_want(x, "tail", 1, V_LIST, args[0]));
	*ret = args[0].n > 1 ? value_list(args[0].list + 1, args[0].n - 1) : value_list(NULL, 0);
	return ST_OK;
}

/* How many numbers lie in from, from + step, ... up to and including `to`. */
static uint64_t range_count(int64_t from, int64_t to, int64_t step)
{
	if (step > 0 ? from > to : from < to)
		return 0;
	uint64_t distance =
	    step > 0 ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
	uint64_t by = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
	uint64_t steps = distance / by;
	return steps < UINT64_MAX ? steps + 1 : steps;
}

bool func_is_range(const struct func *f)
{
	return f->fn == func_range;
}

enum status func_range_of(struct func_ctx *x, const struct value *args, unsigned n,
			  struct func_range *ret)
{
	for (unsigned i = 0; i < n; i++)
		TRY(func_want(x, "range", i + 1, V_INT, args[i]));
	int64_t step = n == 3 ? args[2].i : 1;
	if (step == 0)
		return diag_set(x->diag, GQL_OUT_OF_RANGE, x->offset, "the step of 'range' is 0");
	*ret = (struct func_range){args[0].i, step, range_count(args[0].i, args[1].i, step)};
	return ST_OK;
}

enum status func_range(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	struct func_range r;
	TRY(func_range_of(x, args, n, &r));
	if (r.n > RANGE_MAX)
		return diag_set(x->diag, GQL_LIST_TOO_LONG, x->offset,
				"'range' of %" PRIu64 " elements, the limit is %u", r.n, RANGE_MAX);
	if (x->hurried && r.n > RANGE_HURRIED_MAX)
		return ST_RESTART;
	struct value *v = arena_alloc(x->arena, (size_t)r.n * sizeof *v);
	if (v == NULL)
		return func_no_memory(x);
	for (uint64_t i = 0; i < r.n; i++)
		v[i] = value_int(func_range_at(&r, i));
	*ret = value_list(v, (uint32_t)r.n);
	return ST_OK;
}
