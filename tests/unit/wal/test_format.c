#include "wal_test.h"

static void names_have_one_spelling(void **state)
{
	char name[WAL_NAME_MAX];
	uint64_t epoch, seq;
	uint8_t run[4];
	const uint8_t id[WAL_ID_BYTES] = {0x9f, 0x3a, 0x01, 0xc2};

	wal_segment_name(3, 157, id, name);
	assert_string_equal(name, "wal-0000000003-0000000000000157-9f3a01c2.gwal");
	assert_true(wal_segment_name_parse(name, &epoch, &seq, run));
	assert_int_equal(epoch, 3);
	assert_int_equal(seq, 157);
	assert_memory_equal(run, id, 4);
	static const char *const others[] = {
	    "",
	    "wal-",
	    ".wal-0000000003-0000000000000157-9f3a01c2.gwal.Xy12",
	    "wal-0000000003-0000000000000157-9F3A01C2.gwal",
	    "wal-+000000003-0000000000000157-9f3a01c2.gwal",
	    "wal-0000000003-0000000000000157-9f3a01c2.gwa~",
	    "wal-0000000003-0000000000000157-9f3a01c2.gwal2",
	};
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(wal_segment_name_parse(others[i], &epoch, &seq, run));
}

static void every_bit_of_a_header_counts(void **state)
{
	struct wal_header back, h = {.major = 1,
				     .min_reader = 1,
				     .epoch = 2,
				     .seq = 3,
				     .first_lsn = 4,
				     .flags = WAL_HEADER_DOUBLEWRITE};
	uint8_t bytes[WAL_HEADER_BYTES];

	memset(&back, 0, sizeof back); /* the gaps between its members too */
	wal_header_put(&h, bytes);
	assert_int_equal(wal_header_get(bytes, &back), ST_OK);
	assert_memory_equal(&h, &back, sizeof h);
	for (unsigned bit = 0; bit < WAL_HEADER_BYTES * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(wal_header_get(bytes, &back), ST_CORRUPT);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void a_newer_format_is_named(void **state)
{
	struct wal_header h = {.major = 9, .min_reader = 9}, back;
	uint8_t bytes[WAL_HEADER_BYTES];

	wal_header_put(&h, bytes);
	assert_int_equal(wal_header_get(bytes, &back), ST_LIMIT);
	assert_int_equal(back.major, 9);
}

static void every_bit_of_a_frame_header_counts(void **state)
{
	struct wal_frame f = {.type = WAL_BATCH,
			      .first_lsn = 5,
			      .n_ends = 2,
			      .payload_len = 99,
			      .wall_us = 7,
			      .durable_lsn = 4,
			      .chain = 11};
	struct wal_frame back = {0};
	uint8_t bytes[WAL_FRAME_BYTES];

	wal_frame_put(&f, 42, bytes);
	assert_int_equal(wal_frame_get(bytes, 42, &back), ST_OK);
	assert_memory_equal(&f, &back, sizeof f);
	assert_int_equal(wal_frame_get(bytes, 43, &back), ST_CORRUPT); /* another file's */
	for (unsigned bit = 0; bit < WAL_FRAME_BYTES * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(wal_frame_get(bytes, 42, &back), ST_CORRUPT);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void the_chain_knows_payload_order_and_range(void **state)
{
	struct wal_frame a = {.type = WAL_BATCH, .first_lsn = 1, .n_ends = 1, .payload_crc = 1};
	struct wal_frame b = a;

	b.payload_crc = 2;
	assert_int_not_equal(wal_chain_after(&a), wal_chain_after(&b));
	b = a;
	b.first_lsn = 2;
	assert_int_not_equal(wal_chain_after(&a), wal_chain_after(&b));
	b = a;
	b.n_ends = 2;
	assert_int_not_equal(wal_chain_after(&a), wal_chain_after(&b));
	b = a;
	b.wall_us = 99; /* times and files do not matter: a frame may be written again */
	b.durable_lsn = 5;
	assert_int_equal(wal_chain_after(&a), wal_chain_after(&b));
	b.type = WAL_NOTE;
	assert_int_equal(wal_chain_after(&b), b.chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_have_one_spelling),
	    cmocka_unit_test(every_bit_of_a_header_counts),
	    cmocka_unit_test(a_newer_format_is_named),
	    cmocka_unit_test(every_bit_of_a_frame_header_counts),
	    cmocka_unit_test(the_chain_knows_payload_order_and_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
