/* Frames: cut at every place, several in one piece, limits. */
#include "tests/unit/proto/proto_test.h"

static const char two[] = "\0\0\0\5hello\0\0\0\0\0\0\0\2ab";
#define TWO_LEN (sizeof two - 1)

static void expect(struct str got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	if (got.len != 0)
		assert_memory_equal(got.p, want, got.len);
}

static void test_several_in_one_piece(void **state)
{
	struct frame_reader f;
	struct reader in = reader_of(two, TWO_LEN);
	struct str m;
	struct diag d;

	diag_reset(&d);
	frame_init(&f, 64);
	assert_int_equal(frame_feed(&f, &in, &m, &d), ST_OK);
	expect(m, "hello");
	assert_ptr_equal(m.p, two + 4); /* borrowed, not copied */
	assert_int_equal(frame_feed(&f, &in, &m, &d), ST_OK);
	expect(m, "");
	assert_int_equal(frame_feed(&f, &in, &m, &d), ST_OK);
	expect(m, "ab");
	assert_false(frame_is_partial(&f));
	assert_int_equal(frame_feed(&f, &in, &m, &d), ST_END);
	assert_false(frame_is_partial(&f));
	frame_release(&f);
}

static void test_cut_at_every_place(void **state)
{
	static const char *const want[] = {"hello", "", "ab"};

	for (size_t cut = 0; cut <= TWO_LEN; cut++) {
		struct frame_reader f;
		struct reader in = reader_of(two, cut);
		struct str m;
		struct diag d;
		size_t n = 0;

		diag_reset(&d);
		frame_init(&f, 5);
		while (frame_feed(&f, &in, &m, &d) == ST_OK)
			expect(m, want[n++]);
		in = reader_of(two + cut, TWO_LEN - cut);
		while (frame_feed(&f, &in, &m, &d) == ST_OK)
			expect(m, want[n++]);
		assert_int_equal(n, 3);
		frame_release(&f);
	}
}

static void test_limit_comes_before_memory(void **state)
{
	struct frame_reader f;
	struct reader in = reader_of("\x7f\xff\xff\xff", 4);
	struct str m;
	struct diag d;

	diag_reset(&d);
	frame_init(&f, FRAME_REQUEST_MAX);
	const uint64_t before = mem_used(MEM_NET);
	assert_int_equal(frame_feed(&f, &in, &m, &d), ST_LIMIT);
	assert_int_equal(d.code, GQL_TOO_LARGE);
	assert_int_equal(mem_used(MEM_NET), before);
	frame_release(&f);
}

static void test_no_memory(void **state)
{
	struct frame_reader f;
	struct reader in = reader_of(two, 6);
	struct str m;
	struct diag d;

	diag_reset(&d);
	frame_init(&f, 64);
	mem_fail_nth(1, false);
	assert_int_equal(frame_feed(&f, &in, &m, &d), ST_NOMEM);
	mem_fail_nth(0, false);
	frame_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_several_in_one_piece),
	    cmocka_unit_test(test_cut_at_every_place),
	    cmocka_unit_test(test_limit_comes_before_memory),
	    cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
