#include <fcntl.h>
#include <sys/stat.h>

#include "wal_test.h"

/* A log of a few frames; the state after each frame's end is known. */
struct image {
	uint8_t *p;
	size_t n;
	char path[256];
	uint64_t ends[16]; /* ends[i]: offset after the frame with LSN i */
};

static void image_make(struct log *l, struct image *im, unsigned n_commits, bool note, bool seal)
{
	char path[256];
	struct stat st;

	log_open(l, 0);
	assert_int_equal(wal_start(l->w), ST_OK);
	log_path(l, 1, path);
	im->ends[0] = WAL_HEADER_BYTES;
	for (unsigned i = 1; i <= n_commits; i++) {
		log_commit(l);
		assert_int_equal(stat(path, &st), 0);
		im->ends[i] = (uint64_t)st.st_size;
	}
	if (note) {
		clock_manual_advance(WAL_NOTE_AFTER_NS);
		wal_step(l->w);
	}
	if (seal)
		wal_stop(l->w);
	size_t len;
	char *bytes;
	assert_int_equal(file_read_all(path, 1u << 20, &bytes, &len), ST_OK);
	im->p = (uint8_t *)bytes;
	im->n = len;
	snprintf(im->path, sizeof im->path, "%s/image", l->dir);
}

static void image_free(struct log *l, struct image *im)
{
	mem_free(MEM_OTHER, im->p, im->n + 1);
	log_close(l);
}

static void image_write(const struct image *im, size_t n)
{
	int fd = open(im->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, im->p, n), (ssize_t)n);
	close(fd);
}

static void a_cut_anywhere_is_a_torn_tail(void **state)
{
	struct log l;
	struct image im;

	image_make(&l, &im, 6, false, false);
	for (size_t cut = WAL_HEADER_BYTES; cut <= im.n; cut++) {
		uint64_t lsn = 0, last;
		image_write(&im, cut);
		while (lsn < 6 && im.ends[lsn + 1] <= cut)
			lsn++;
		struct wal_end end = log_check(im.path, &last);
		assert_int_equal(last, lsn);
		assert_int_equal(end.last_lsn, lsn);
		assert_int_equal(end.offset, im.ends[lsn]);
		assert_int_equal(end.kind, cut == im.ends[lsn] ? WAL_END_OPEN : WAL_END_TORN);
	}
	image_free(&l, &im);
}

static void a_cut_header_is_no_segment(void **state)
{
	struct log l;
	struct image im;
	struct wal_reader *r;

	image_make(&l, &im, 1, false, false);
	for (size_t cut = 0; cut < WAL_HEADER_BYTES; cut += 5) {
		image_write(&im, cut);
		assert_int_equal(wal_reader_open(im.path, false, &r), ST_CORRUPT);
	}
	image_free(&l, &im);
}

/* Every bit: the records before the damage are given, none after it, and the verdict is: corruption
 * when a later frame says that the damaged one was durable, else a torn tail. */
static void flip_every_bit(struct log *l, struct image *im, unsigned n_commits, bool witness)
{
	for (size_t bit = WAL_HEADER_BYTES * 8; bit < im->n * 8; bit++) {
		uint64_t lsn = 0, last;
		im->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		image_write(im, im->n);
		im->p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		while (lsn < n_commits && im->ends[lsn + 1] <= bit / 8)
			lsn++;
		struct wal_end end = log_check(im->path, &last);
		assert_int_equal(last, lsn);
		assert_int_equal(end.last_lsn, lsn);
		if (lsn == n_commits) /* in the note or the seal: nothing is lost */
			assert_int_not_equal(end.kind, WAL_END_SEALED);
		else if (lsn == n_commits - 1 && !witness)
			assert_int_equal(end.kind, WAL_END_TORN);
		else
			assert_int_equal(end.kind, WAL_END_CORRUPT);
		if (end.kind == WAL_END_CORRUPT && lsn < n_commits)
			assert_int_equal(end.offset, im->ends[lsn]);
	}
}

static void a_flipped_bit_is_found(void **state)
{
	struct log l;
	struct image im;

	image_make(&l, &im, 4, false, false);
	flip_every_bit(&l, &im, 4, false);
	image_free(&l, &im);
	image_make(&l, &im, 4, true, false);
	flip_every_bit(&l, &im, 4, true);
	image_free(&l, &im);
	image_make(&l, &im, 3, false, true);
	flip_every_bit(&l, &im, 3, true);
	image_free(&l, &im);
}

static void bytes_after_the_seal_are_corruption(void **state)
{
	struct log l;
	struct image im;

	image_make(&l, &im, 2, false, true);
	image_write(&im, im.n);
	FILE *f = fopen(im.path, "a");
	fputs("12345678", f);
	fclose(f);
	assert_int_equal(log_check(im.path, NULL).kind, WAL_END_CORRUPT);
	image_free(&l, &im);
}

static void frames_out_of_order_are_corruption(void **state)
{
	struct log l;
	struct image im;
	uint64_t last;

	image_make(&l, &im, 4, false, false);
	size_t size = im.ends[2] - im.ends[1];
	assert_int_equal(size, im.ends[3] - im.ends[2]);
	uint8_t *swap = mem_alloc(MEM_WAL, size);
	memcpy(swap, im.p + im.ends[1], size);
	memcpy(im.p + im.ends[1], im.p + im.ends[2], size);
	memcpy(im.p + im.ends[2], swap, size);
	image_write(&im, im.n);
	assert_int_equal(log_check(im.path, &last).kind, WAL_END_CORRUPT);
	assert_int_equal(last, 1);
	memcpy(im.p + im.ends[1], im.p, size); /* a frame twice */
	memcpy(im.p + im.ends[1], im.p + im.ends[0], size);
	image_write(&im, im.n);
	assert_int_equal(log_check(im.path, &last).kind, WAL_END_CORRUPT);
	assert_int_equal(last, 1);
	mem_free(MEM_WAL, swap, size);
	image_free(&l, &im);
}

static void a_zeroed_tail_is_torn(void **state)
{
	struct log l;
	struct image im;
	uint64_t last;

	image_make(&l, &im, 4, false, false);
	memset(im.p + im.ends[3], 0, im.n - im.ends[3]);
	image_write(&im, im.n);
	assert_int_equal(log_check(im.path, &last).kind, WAL_END_TORN);
	assert_int_equal(last, 3);
	memset(im.p + im.ends[1], 0, im.ends[2] - im.ends[1]); /* and a hole before it */
	image_write(&im, im.n);
	assert_int_equal(log_check(im.path, &last).kind, WAL_END_CORRUPT);
	assert_int_equal(last, 1);
	image_free(&l, &im);
}

static void no_memory_is_an_answer(void **state)
{
	struct log l;
	struct image im;
	struct wal_reader *r;

	image_make(&l, &im, 2, false, false);
	image_write(&im, im.n);
	for (uint64_t n = 1; n <= 3; n++) {
		mem_fail_nth(n, false);
		enum status st = wal_reader_open(im.path, false, &r);
		mem_fail_nth(0, false);
		if (st == ST_OK)
			wal_reader_close(r);
		else
			assert_int_equal(st, ST_NOMEM);
	}
	image_free(&l, &im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cut_anywhere_is_a_torn_tail),
	    cmocka_unit_test(a_cut_header_is_no_segment),
	    cmocka_unit_test(a_flipped_bit_is_found),
	    cmocka_unit_test(bytes_after_the_seal_are_corruption),
	    cmocka_unit_test(frames_out_of_order_are_corruption),
	    cmocka_unit_test(a_zeroed_tail_is_torn),
	    cmocka_unit_test(no_memory_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
