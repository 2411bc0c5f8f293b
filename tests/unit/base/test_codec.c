/* Bytes out and in: every width, every varint length, and inputs that end early. */
#include "tests/unit/base/base_test.h"

#include <math.h>

#include "base/codec.h"

static void all_widths_come_back(void **state)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	put_u8(&b, 0xfe);
	put_u16(&b, 0xfedc);
	put_u32(&b, 0xfedcba98);
	put_u64(&b, UINT64_C(0xfedcba9876543210));
	put_f64(&b, -0.5);
	put_lstr(&b, STR("text"));
	put_lstr(&b, STR(""));
	struct reader r = reader_of(b.p, b.len);
	assert_int_equal(get_u8(&r), 0xfe);
	assert_int_equal(get_u16(&r), 0xfedc);
	assert_int_equal(get_u32(&r), 0xfedcba98);
	assert_int_equal(get_u64(&r), UINT64_C(0xfedcba9876543210));
	assert_true(get_f64(&r) == -0.5);
	assert_true(str_eq(get_lstr(&r), STR("text")));
	assert_int_equal(get_lstr(&r).len, 0);
	assert_false(r.failed);
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(get_u8(&r), 0);
	assert_true(r.failed);
	buf_release(&b);
}

static void varints_of_every_length(void **state)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 0);
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t v = UINT64_C(1) << bit;
		put_varint(&b, v);
		put_varint(&b, v - 1);
		put_svarint(&b, (int64_t)v);
		put_svarint(&b, -(int64_t)(v - 1));
	}
	put_varint(&b, UINT64_MAX);
	struct reader r = reader_of(b.p, b.len);
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t v = UINT64_C(1) << bit;
		assert_int_equal(get_varint(&r), v);
		assert_int_equal(get_varint(&r), v - 1);
		assert_true(get_svarint(&r) == (int64_t)v);
		assert_true(get_svarint(&r) == -(int64_t)(v - 1));
	}
	assert_true(get_varint(&r) == UINT64_MAX);
	assert_false(r.failed);
	buf_release(&b);
}

static void bad_input_fails_and_stays_failed(void **state)
{
	static const uint8_t too_long[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					   0x80, 0x80, 0x80, 0x80, 0x01};
	static const uint8_t too_big[] = {0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0xff, 0xff, 0x02};
	static const uint8_t wild_text[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 'x'};
	struct reader r = reader_of(too_long, sizeof too_long);

	assert_int_equal(get_varint(&r), 0);
	assert_true(r.failed);
	r = reader_of(too_big, sizeof too_big);
	assert_int_equal(get_varint(&r), 0);
	assert_true(r.failed);
	r = reader_of(wild_text, sizeof wild_text);
	assert_null(get_lstr(&r).p);
	assert_true(r.failed);
	assert_int_equal(get_u8(&r), 0);
	r = reader_of("abc", 3);
	assert_int_equal(get_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(get_u8(&r), 0);
}

static void a_buffer_keeps_its_first_failure(void **state)
{
	struct buf b;

	buf_init(&b, MEM_OTHER, 100);
	for (unsigned i = 0; i < 12; i++)
		put_u64(&b, i);
	assert_true(buf_ok(&b));
	put_u64(&b, 12);
	assert_false(buf_ok(&b));
	assert_int_equal(b.len, 96);
	put_u8(&b, 1);
	assert_int_equal(b.len, 96);
	buf_reset(&b);
	buf_printf(&b, "%s %d", "a", 7);
	buf_putc(&b, '!');
	assert_string_equal(buf_cstr(&b), "a 7!");
	assert_int_equal(b.len, 4);
	buf_release(&b);
	mem_fail_nth(1, false);
	buf_puts(&b, "x");
	mem_fail_nth(0, false);
	assert_false(buf_ok(&b));
	assert_string_equal(buf_cstr(&b), "");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_widths_come_back),
	    cmocka_unit_test(varints_of_every_length),
	    cmocka_unit_test(bad_input_fails_and_stays_failed),
	    cmocka_unit_test(a_buffer_keeps_its_first_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
