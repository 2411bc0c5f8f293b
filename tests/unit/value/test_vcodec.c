/* Values at rest: the exact bytes, the way back, and every kind of broken input. */
#include "tests/unit/value/value_test.h"

#include <math.h>

#include "base/hash.h"
#include "value/order.h"
#include "value/vcodec.h"

/* The layout is a promise to files that exist: these bytes never change. */
static void the_layout_is_fixed(void **state)
{
	const struct {
		struct value v;
		const char *bytes;
		size_t n;
	} t[] = {
	    {NUL, "\x00", 1},
	    {B(false), "\x01", 1},
	    {B(true), "\x02", 1},
	    {I(-1), "\x03\x01", 2},
	    {I(300), "\x03\xd8\x04", 3},
	    {F(1.0), "\x04\0\0\0\0\0\0\xf0\x3f", 9},
	    {S("hi"), "\x05\x02hi", 4},
	    {(struct value){.kind = V_BYTES, .n = 1, .s = "\xff"}, "\x06\x01\xff", 3},
	    {DECIMAL("1.5"),
	     "\x07\x03"
	     "1.5",
	     5},
	    {(struct value){.kind = V_DATE, .i = 1}, "\x08\x02", 2},
	    {(struct value){.kind = V_LOCAL_TIME, .i = 2}, "\x09\x04", 2},
	    {(struct value){.kind = V_ZONED_TIME, .i = 2, .aux = -1}, "\x0a\x04\x01", 3},
	    {(struct value){.kind = V_LOCAL_DATETIME, .i = 3}, "\x0b\x06", 2},
	    {(struct value){.kind = V_ZONED_DATETIME, .i = 3, .aux = 60}, "\x0c\x06\x78", 3},
	    {(struct value){.kind = V_DURATION, .i = 4, .n = (uint32_t)-2}, "\x0d\x08\x03", 3},
	    {LIST(I(1), NUL), "\x0e\x02\x03\x02\x00", 5},
	    {MAP(ENTRY("k", B(true))), "\x0f\x01\x01k\x02", 5},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf out;
		struct arena a;
		struct value back;
		buf_init(&out, MEM_OTHER, 0);
		arena_init(&a, MEM_QUERY, NULL);
		assert_true(vcodec_storable(t[i].v));
		vcodec_put(&out, t[i].v);
		assert_int_equal(out.len, t[i].n);
		assert_memory_equal(out.p, t[i].bytes, t[i].n);
		struct reader r = reader_of(out.p, out.len);
		assert_int_equal(vcodec_get(&r, &a, &back), ST_OK);
		assert_int_equal(reader_left(&r), 0);
		assert_int_equal(back.kind, t[i].v.kind);
		assert_true(value_same(back, t[i].v));
		for (size_t n = 0; n < out.len; n++) { /* every cut is noticed */
			r = reader_of(out.p, n);
			assert_int_equal(vcodec_get(&r, &a, &back), ST_CORRUPT);
			assert_true(r.failed);
		}
		arena_release(&a);
		buf_release(&out);
	}
}

static void broken_bytes_are_refused(void **state)
{
	const struct {
		const char *bytes;
		size_t n;
	} t[] = {
	    {"\x10", 1}, /* no such tag */
	    {"\xff", 1},
	    {"\x05\x02\xc3(", 4},		 /* not UTF-8 */
	    {"\x05\xff\xff\xff\xff\x0f", 6},	 /* longer than the input */
	    {"\x0e\xff\xff\xff\xff\x0f\x00", 7}, /* more elements than bytes */
	    {"\x0f\x01\x01\xff\x00", 5},	 /* a key that is not UTF-8 */
	    {"\x0a\x00\x80\x80\x08", 5},	 /* an offset beyond 16 bits */
	    {"\x0d\x00\x80\x80\x80\x80\x20", 7}, /* months beyond 32 bits */
	};
	struct arena a;
	struct value v;

	arena_init(&a, MEM_QUERY, NULL);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct reader r = reader_of(t[i].bytes, t[i].n);
		assert_int_equal(vcodec_get(&r, &a, &v), ST_CORRUPT);
		assert_true(r.failed);
	}
	arena_release(&a);
}

static void depth_is_limited_both_ways(void **state)
{
	static struct value v[VALUE_DEPTH_MAX + 2];
	char bytes[2 * VALUE_DEPTH_MAX + 4];
	struct arena a;
	struct value back;

	v[0] = NUL;
	for (unsigned i = 1; i < ARRAY_LEN(v); i++)
		v[i] = value_list(&v[i - 1], 1);
	assert_true(vcodec_storable(v[VALUE_DEPTH_MAX]));
	assert_false(vcodec_storable(v[VALUE_DEPTH_MAX + 1]));
	assert_false(vcodec_storable(value_node(1)));
	assert_false(vcodec_storable(LIST(MAP(ENTRY("a", value_edge(1))))));

	arena_init(&a, MEM_QUERY, NULL);
	for (unsigned i = 0; i <= VALUE_DEPTH_MAX; i++)
		memcpy(bytes + 2 * i, "\x0e\x01", 2);
	bytes[2 * VALUE_DEPTH_MAX + 2] = 0;
	struct reader r = reader_of(bytes + 2, 2 * VALUE_DEPTH_MAX + 1);
	assert_int_equal(vcodec_get(&r, &a, &back), ST_OK);
	r = reader_of(bytes, 2 * VALUE_DEPTH_MAX + 3);
	assert_int_equal(vcodec_get(&r, &a, &back), ST_CORRUPT);
	arena_release(&a);
}

/* Random bytes with likely tags: no crash, no read past the end (the sanitizers look), and what is
 * taken is written the same way twice. */
static void random_bytes_do_no_harm(void **state)
{
	struct rand r;
	unsigned taken = 0;

	rand_seed(&r, 99);
	for (unsigned i = 0; i < 50000; i++) {
		uint8_t *bytes = malloc(24); /* of this size exactly */
		for (unsigned k = 0; k < 24; k++)
			bytes[k] = (uint8_t)rand_below(&r, k % 2 == 0 ? 17 : 5);
		struct arena a;
		struct value v, again;
		arena_init(&a, MEM_QUERY, NULL);
		struct reader in = reader_of(bytes, 24);
		if (vcodec_get(&in, &a, &v) == ST_OK) {
			struct buf out, twice;
			buf_init(&out, MEM_OTHER, 0);
			buf_init(&twice, MEM_OTHER, 0);
			vcodec_put(&out, v);
			in = reader_of(out.p, out.len);
			assert_int_equal(vcodec_get(&in, &a, &again), ST_OK);
			vcodec_put(&twice, again);
			assert_true(str_eq(buf_str(&out), buf_str(&twice)));
			buf_release(&twice);
			taken++;
			buf_release(&out);
		}
		arena_release(&a);
		free(bytes);
	}
	assert_true(taken > 1000);
}

static void no_memory_is_not_corruption(void **state)
{
	struct arena a;
	struct value v;
	struct reader r = reader_of("\x0e\x01\x00", 3);

	arena_init(&a, MEM_QUERY, NULL);
	mem_fail_nth(1, true);
	assert_int_equal(vcodec_get(&r, &a, &v), ST_NOMEM);
	mem_fail_nth(0, false);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_layout_is_fixed),
	    cmocka_unit_test(broken_bytes_are_refused),
	    cmocka_unit_test(depth_is_limited_both_ways),
	    cmocka_unit_test(random_bytes_do_no_harm),
	    cmocka_unit_test(no_memory_is_not_corruption),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
