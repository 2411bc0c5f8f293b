/* value/func_temporal.c - functions that make dates, times and durations. */
#include "value/func_int.h"
#include "value/temporal.h"

/* The parts that both kinds have; a date alone begins its day. */
static enum status convert(struct func_ctx *x, enum value_kind kind, struct value v,
			   struct value *ret)
{
	struct map_entry of = {.value = v};

	if (v.kind == V_DATE || kind == V_DATE)
		of.key = STR("date");
	else if (kind == V_LOCAL_TIME || kind == V_ZONED_TIME)
		of.key = STR("time");
	else
		of.key = STR("datetime");
	return temporal_from_map(x, kind, value_map(&of, 1), ret);
}

/* Of a text, of a map of parts, or of a temporal value that has what is wanted. */
static enum status make(struct func_ctx *x, const char *name, enum value_kind kind, struct value v,
			struct value *ret)
{
	if (v.kind == kind) {
		*ret = v;
		return ST_OK;
	}
	if (v.kind == V_STRING)
		return temporal_from_text(x, kind, value_text(v), ret);
	if (v.kind == V_MAP)
		return temporal_from_map(x, kind, v, ret);
	if (v.kind >= V_DATE && v.kind < V_DURATION && kind != V_DURATION)
		return convert(x, kind, v, ret);
	return func_kind_error(x, name, 1, "a text or a map of parts", v);
}

#define TEMPORAL_FUNC(fn, name, kind)                                                              \
	enum status fn(struct func_ctx *x, const struct value *args, unsigned n,                   \
		       struct value *ret)                                                          \
	{                                                                                          \
		return make(x, name, kind, args[0], ret);                                          \
	}

TEMPORAL_FUNC(func_date, "date", V_DATE)
TEMPORAL_FUNC(func_local_time, "local_time", V_LOCAL_TIME)
TEMPORAL_FUNC(func_zoned_time, "zoned_time", V_ZONED_TIME)
TEMPORAL_FUNC(func_local_datetime, "local_datetime", V_LOCAL_DATETIME)
TEMPORAL_FUNC(func_zoned_datetime, "zoned_datetime", V_ZONED_DATETIME)
TEMPORAL_FUNC(func_duration, "duration", V_DURATION)
