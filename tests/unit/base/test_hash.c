/* Checksums against published vectors; both CRC paths agree; random numbers are fair and seeded. */
#include "tests/unit/base/base_test.h"

#include "base/hash.h"

/* RFC 3720, appendix B.4, and the customary check value. */
static void crc32c_matches_the_rfc(void **state)
{
	uint8_t bytes[32];

	memset(bytes, 0, sizeof bytes);
	assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
	for (unsigned i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
	for (unsigned i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(31 - i);
	assert_int_equal(crc32c(0, bytes, 32), 0x113fdb5c);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_portable(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
}

static void crc32c_continues_and_both_ways_agree(void **state)
{
	uint8_t bytes[300];
	struct rand r;

	rand_seed(&r, 42);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)rand_u64(&r);
	for (size_t n = 0; n < sizeof bytes; n++) {
		uint32_t whole = crc32c(0, bytes, n);
		size_t cut = n != 0 ? (size_t)rand_below(&r, n) : 0;
		assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, n - cut), whole);
		assert_int_equal(crc32c_portable(0, bytes, n), whole);
	}
}

static void hashes_differ_by_byte_length_and_seed(void **state)
{
	assert_true(hash_bytes("abc", 3, 0) == hash_bytes("abc", 3, 0));
	assert_true(hash_bytes("abc", 3, 0) != hash_bytes("abd", 3, 0));
	assert_true(hash_bytes("abc", 3, 0) != hash_bytes("abc", 2, 0));
	assert_true(hash_bytes("abc", 3, 0) != hash_bytes("abc", 3, 1));
	assert_true(hash_u64(1) != hash_u64(2));
}

static void random_numbers_follow_their_seed(void **state)
{
	struct rand a, b;
	unsigned seen[6] = {0};

	rand_seed(&a, 7);
	rand_seed(&b, 7);
	for (unsigned i = 0; i < 60000; i++) {
		uint64_t v = rand_below(&a, 6);
		assert_int_equal(v, rand_below(&b, 6));
		assert_true(v < 6);
		seen[v]++;
	}
	for (unsigned i = 0; i < 6; i++)
		assert_in_range(seen[i], 9500, 10500);
	assert_int_equal(rand_below(&a, 1), 0);
	uint8_t secret[64] = {0}, zero[64] = {0};
	rand_secret(secret, sizeof secret);
	assert_memory_not_equal(secret, zero, sizeof secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crc32c_matches_the_rfc),
	    cmocka_unit_test(crc32c_continues_and_both_ways_agree),
	    cmocka_unit_test(hashes_differ_by_byte_length_and_seed),
	    cmocka_unit_test(random_numbers_follow_their_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
