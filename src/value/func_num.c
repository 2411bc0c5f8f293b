/* value/func_num.c - numbers, and the conversions that have a function's name. */
#include <inttypes.h>
#include <math.h>

#include "base/hash.h"
#include "value/arith.h"
#include "value/cast.h"
#include "value/func_int.h"
#include "value/order.h"

#define ROUND_DECIMALS_MAX 15 /* more decimals than a double keeps */

static enum status want_number(struct func_ctx *x, const char *name, unsigned i_arg, struct value v,
			       double *ret)
{
	if (v.kind != V_INT && v.kind != V_FLOAT) {
		func_kind_error(x, name, i_arg, "a number", v);
		return ST_INVALID;
	}
	*ret = v.kind == V_INT ? (double)v.i : v.f;
	return ST_OK;
}

enum status func_abs(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	double f;

	if (args[0].kind == V_INT) {
		if (args[0].i < 0)
			return value_negate(x, args[0], ret);
		*ret = args[0];
		return ST_OK;
	}
	TRY(want_number(x, "abs", 1, args[0], &f));
	*ret = value_float(fabs(f));
	return ST_OK;
}

/* A whole number stays the INT it is; a FLOAT stays a FLOAT. */
static enum status whole(struct func_ctx *x, const char *name, double (*fn)(double), struct value v,
			 struct value *ret)
{
	double f;

	TRY(want_number(x, name, 1, v, &f));
	*ret = v.kind == V_INT ? v : value_float(fn(f));
	return ST_OK;
}

enum status func_ceil(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return whole(x, "ceil", ceil, args[0], ret);
}

enum status func_floor(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return whole(x, "floor", floor, args[0], ret);
}

enum status func_round(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	if (n == 1)
		return whole(x, "round", round, args[0], ret);
	TRY(func_want(x, "round", 2, V_INT, args[1]));
	if (args[1].i < 0 || args[1].i > ROUND_DECIMALS_MAX)
		return diag_set(x->diag, GQL_OUT_OF_RANGE, x->offset,
				"%" PRId64 " decimals, the limits are 0 and %d", args[1].i,
				ROUND_DECIMALS_MAX);
	if (args[0].kind != V_FLOAT)
		return whole(x, "round", round, args[0], ret);
	double scale = pow(10.0, (double)args[1].i), scaled = args[0].f * scale;
	*ret = isfinite(scaled) ? value_float(round(scaled) / scale) : args[0];
	return ST_OK;
}

enum status func_sign(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	double f;

	TRY(want_number(x, "sign", 1, args[0], &f));
	*ret = value_int((f > 0) - (f < 0));
	return ST_OK;
}

enum status func_sqrt(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	double f;

	TRY(want_number(x, "sqrt", 1, args[0], &f));
	if (f < 0)
		return diag_set(x->diag, GQL_BAD_POWER_ARGUMENT, x->offset,
				"the square root of a negative number");
	*ret = value_float(sqrt(f));
	return ST_OK;
}

enum status func_exp(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	double f;

	TRY(want_number(x, "exp", 1, args[0], &f));
	*ret = value_float(exp(f));
	return ST_OK;
}

static enum status logarithm(struct func_ctx *x, const char *name, double (*fn)(double),
			     struct value v, struct value *ret)
{
	double f;

	TRY(want_number(x, name, 1, v, &f));
	if (f <= 0)
		return diag_set(x->diag, GQL_BAD_LOG_ARGUMENT, x->offset,
				"the logarithm of a number that is not positive");
	*ret = value_float(fn(f));
	return ST_OK;
}

enum status func_ln(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return logarithm(x, "ln", log, args[0], ret);
}

enum status func_log10(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return logarithm(x, "log10", log10, args[0], ret);
}

enum status func_power(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	double base, exponent;

	TRY(want_number(x, "power", 1, args[0], &base));
	TRY(want_number(x, "power", 2, args[1], &exponent));
	if ((base == 0 && exponent < 0) || (base < 0 && exponent != floor(exponent)))
		return diag_set(x->diag, GQL_BAD_POWER_ARGUMENT, x->offset, "%g has no power of %g",
				base, exponent);
	*ret = value_float(pow(base, exponent));
	return ST_OK;
}

enum status func_mod(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	return value_arith(x, ARITH_MOD, args[0], args[1], ret);
}

enum status func_pi(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	*ret = value_float(M_PI);
	return ST_OK;
}

enum status func_e(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	*ret = value_float(M_E);
	return ST_OK;
}

enum status func_rand(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	static _Thread_local struct rand state;
	static _Thread_local bool seeded;

	if (!seeded) {
		uint64_t seed;
		rand_secret(&seed, sizeof seed);
		rand_seed(&state, seed);
		seeded = true;
	}
	*ret = value_float((double)(rand_u64(&state) >> 11) * 0x1p-53);
	return ST_OK;
}

enum status func_to_string(struct func_ctx *x, const struct value *args, unsigned n,
			   struct value *ret)
{
	return value_cast(x, args[0], V_STRING, CAST_LENIENT, ret);
}

enum status func_to_integer(struct func_ctx *x, const struct value *args, unsigned n,
			    struct value *ret)
{
	return value_cast(x, args[0], V_INT, CAST_LENIENT, ret);
}

enum status func_to_float(struct func_ctx *x, const struct value *args, unsigned n,
			  struct value *ret)
{
	return value_cast(x, args[0], V_FLOAT, CAST_LENIENT, ret);
}

enum status func_to_boolean(struct func_ctx *x, const struct value *args, unsigned n,
			    struct value *ret)
{
	return value_cast(x, args[0], V_BOOL, CAST_LENIENT, ret);
}

enum status func_coalesce(struct func_ctx *x, const struct value *args, unsigned n,
			  struct value *ret)
{
	*ret = VALUE_NULL;
	for (unsigned i = 0; i < n && value_is_null(*ret); i++)
		*ret = args[i];
	return ST_OK;
}

enum status func_nullif(struct func_ctx *x, const struct value *args, unsigned n, struct value *ret)
{
	*ret = value_eq(args[0], args[1]) == TRUTH_TRUE ? VALUE_NULL : args[0];
	return ST_OK;
}
