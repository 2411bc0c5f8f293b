/* client/value.c - typed access to a value. struct geode_value is struct value under another name.
 */
#include "client/session.h"
#include "value/text.h"

static const struct value null_value;

static const struct value *in(const struct geode_value *v)
{
	return (const struct value *)v;
}

static const struct geode_value *out(const struct value *v)
{
	return (const struct geode_value *)(v != NULL ? v : &null_value);
}

enum geode_kind geode_value_kind(const struct geode_value *v)
{
	static const uint8_t kinds[V_N_KINDS] = {
	    [V_NULL] = GEODE_NULL,	 [V_BOOL] = GEODE_BOOL,	    [V_INT] = GEODE_INT,
	    [V_FLOAT] = GEODE_DOUBLE,	 [V_STRING] = GEODE_STRING, [V_BYTES] = GEODE_BYTES,
	    [V_DECIMAL] = GEODE_DECIMAL, [V_LIST] = GEODE_LIST,	    [V_MAP] = GEODE_MAP,
	    [V_NODE] = GEODE_NODE,	 [V_EDGE] = GEODE_EDGE,	    [V_PATH] = GEODE_PATH,
	};

	return (enum geode_kind)kinds[in(v)->kind];
}

bool geode_value_bool(const struct geode_value *v)
{
	return in(v)->kind == V_BOOL && in(v)->b;
}

int64_t geode_value_int(const struct geode_value *v)
{
	return in(v)->kind == V_INT ? in(v)->i : 0;
}

double geode_value_double(const struct geode_value *v)
{
	if (in(v)->kind == V_INT)
		return (double)in(v)->i;
	return in(v)->kind == V_FLOAT ? in(v)->f : 0;
}

/* Every text of a decoded reply has a zero behind it. */
const char *geode_value_string(const struct geode_value *v, size_t *ret_len)
{
	const bool is_text = in(v)->kind == V_STRING || in(v)->kind == V_DECIMAL;

	if (ret_len != NULL)
		*ret_len = is_text ? in(v)->n : 0;
	return is_text ? in(v)->s : "";
}

const void *geode_value_bytes(const struct geode_value *v, size_t *ret_len)
{
	const bool is_bytes = in(v)->kind == V_BYTES;

	if (ret_len != NULL)
		*ret_len = is_bytes ? in(v)->n : 0;
	return is_bytes ? in(v)->s : "";
}

/* The element of a NODE or an EDGE, or NULL. */
static const struct element *element(const struct geode_value *v)
{
	return in(v)->kind == V_NODE || in(v)->kind == V_EDGE ? in(v)->elem : NULL;
}

/* The entries of a MAP, a NODE or an EDGE. */
static const struct map_entry *entries(const struct geode_value *v, uint32_t *ret_n)
{
	const struct element *e = element(v);

	*ret_n = e != NULL ? e->n_props : in(v)->kind == V_MAP ? in(v)->n : 0;
	return e != NULL ? e->props : in(v)->map;
}

uint32_t geode_value_count(const struct geode_value *v)
{
	uint32_t n;

	if (in(v)->kind == V_LIST)
		return in(v)->n;
	if (in(v)->kind == V_PATH)
		return 2 * in(v)->path->n_edges + 1;
	(void)entries(v, &n);
	return n;
}

const struct geode_value *geode_value_at(const struct geode_value *v, uint32_t i)
{
	if (i >= geode_value_count(v))
		return out(NULL);
	if (in(v)->kind == V_LIST)
		return out(&in(v)->list[i]);
	if (in(v)->kind == V_PATH)
		return out((i & 1) != 0 ? &in(v)->path->edges[i / 2] : &in(v)->path->nodes[i / 2]);
	uint32_t n;
	return out(&entries(v, &n)[i].value);
}

const char *geode_value_key(const struct geode_value *v, uint32_t i)
{
	uint32_t n;
	const struct map_entry *e = entries(v, &n);

	return i < n ? e[i].key.p : "";
}

const struct geode_value *geode_value_get(const struct geode_value *v, const char *key)
{
	uint32_t n;
	const struct map_entry *e = entries(v, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (str_eq(e[i].key, str_of(key)))
			return out(&e[i].value);
	}
	return out(NULL);
}

uint64_t geode_value_id(const struct geode_value *v)
{
	const struct element *e = element(v);

	return e != NULL ? e->id : 0;
}

uint64_t geode_value_from(const struct geode_value *v)
{
	const struct element *e = element(v);

	return e != NULL ? e->from : 0;
}

uint64_t geode_value_to(const struct geode_value *v)
{
	const struct element *e = element(v);

	return e != NULL ? e->to : 0;
}

uint32_t geode_value_labels(const struct geode_value *v)
{
	const struct element *e = element(v);

	return e != NULL ? e->n_labels : 0;
}

const char *geode_value_label(const struct geode_value *v, uint32_t i)
{
	return i < geode_value_labels(v) ? element(v)->labels[i].p : "";
}

size_t geode_value_text(const struct geode_value *v, char *to, size_t cap)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	text_put(&b, *in(v), TEXT_PLAIN);
	const size_t len = buf_ok(&b) ? b.len : 0;
	if (cap != 0) {
		const size_t n = MIN_OF(len, cap - 1);
		if (n != 0)
			memcpy(to, b.p, n);
		to[n] = 0;
	}
	buf_release(&b);
	return len;
}
