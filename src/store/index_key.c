/* Values as byte strings that compare as value_order() says: a byte for the kind, then what orders
 * its values. A key may lose something (the end of a long text, the last digits of a large number,
 * all of a list but its first element): who finds one compares the value itself. */
#include <math.h>

#include "store/graph.h"
#include "store/index_tree.h"
#include "value/order.h"
#include "value/text.h"

#define US_PER_MINUTE INT64_C(60000000)

/* Never 0: a key is not empty. Never 255: there is a byte behind every kind. */
uint8_t index_key_rank(struct value v)
{
	return 1 + value_kind_rank((enum value_kind)v.kind);
}

struct key_out {
	uint8_t *p;
	uint32_t n;
};

static void put_u64(struct key_out *k, uint64_t v)
{
	for (unsigned i = 0; i < 8 && k->n < INDEX_KEY_MAX; i++)
		k->p[k->n++] = (uint8_t)(v >> (56 - 8 * i));
}

static void put_i64(struct key_out *k, int64_t v)
{
	put_u64(k, (uint64_t)v ^ UINT64_C(1) << 63);
}

/* Every number as its nearest double; rounding keeps the order. */
static double number_of(struct value v)
{
	double f;

	if (v.kind == V_INT)
		return (double)v.i;
	if (v.kind == V_FLOAT)
		return v.f;
	struct str s = value_text(v);
	if (str_to_double(s, &f))
		return f;
	return s.len > 0 && s.p[0] == '-' ? -HUGE_VAL : HUGE_VAL;
}

/* NaN is the largest. Zeros at the end say nothing: small integers have short keys. */
static void put_number(struct key_out *k, double f)
{
	const uint64_t sign = UINT64_C(1) << 63;
	uint64_t bits = UINT64_MAX;

	if (f == 0)
		f = 0; /* the other zero is equal */
	if (!isnan(f)) {
		memcpy(&bits, &f, sizeof bits);
		bits = (bits & sign) != 0 ? ~bits : bits | sign;
	}
	put_u64(k, bits);
	while (k->n > 0 && k->p[k->n - 1] == 0)
		k->n--;
}

static void put_value(struct key_out *k, struct value v)
{
	if (k->n == INDEX_KEY_MAX)
		return;
	k->p[k->n++] = index_key_rank(v);
	switch ((enum value_kind)v.kind) {
	case V_INT:
	case V_FLOAT:
	case V_DECIMAL:
		put_number(k, number_of(v));
		return;
	case V_STRING:
	case V_BYTES: {
		uint32_t n = MIN_OF(v.n, INDEX_KEY_MAX - k->n);
		if (n > 0)
			memcpy(k->p + k->n, v.s, n);
		k->n += n;
		return;
	}
	case V_BOOL:
		k->p[k->n] = v.b;
		k->n += k->n < INDEX_KEY_MAX;
		return;
	case V_ZONED_TIME:
		put_i64(k, v.i - v.aux * US_PER_MINUTE);
		return;
	case V_DURATION:
		put_number(k, value_duration_length(v));
		return;
	case V_LIST: /* by its first element; the empty one before all */
		if (v.n > 0)
			put_value(k, v.list[0]);
		return;
	case V_MAP:
		put_u64(k, v.n);
		return;
	case V_NODE:
	case V_EDGE:
		put_u64(k, value_elem_id(v));
		return;
	default: /* temporal: an instant or a time of day */
		put_i64(k, v.i);
		return;
	}
}

uint32_t index_key(struct value v, uint8_t out[INDEX_KEY_MAX])
{
	struct key_out k = {out, 0};

	put_value(&k, v);
	return k.n;
}

bool index_key_same(struct value a, struct value b)
{
	uint8_t ka[INDEX_KEY_MAX], kb[INDEX_KEY_MAX];

	if (index_key_rank(a) != index_key_rank(b))
		return false;
	uint32_t n = index_key(a, ka);
	return n == index_key(b, kb) && memcmp(ka, kb, n) == 0;
}
