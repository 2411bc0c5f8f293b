/* tests/bench/fsync_loop.c - what the disk gives to group commit: the floor under durable writes.
 *
 * usage: fsync_loop DIRECTORY [SECONDS]
 * Appends records to one file whose blocks are reserved (FALLOC_FL_KEEP_SIZE, as the log's segments
 * are) and syncs after each group. One JSON line for each group size. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_BYTES 128
#define RESERVE_BYTES (64 << 20)
#define GROUP_MAX 256
#define SYNCS_MAX 1000000

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* False when the disk refuses. */
static int measure(int fd, unsigned group, double seconds, double *latency)
{
	static char bytes[RECORD_BYTES * GROUP_MAX];
	const double start = now();
	double at = start;
	off_t offset = 0;
	unsigned n = 0;

	memset(bytes, 'g', sizeof bytes);
	if (ftruncate(fd, 0) != 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVE_BYTES) != 0)
		return 0;
	while (n < SYNCS_MAX && at - start < seconds) {
		const size_t len = (size_t)group * RECORD_BYTES;
		if (offset + (off_t)len > RESERVE_BYTES)
			offset = 0;
		if (pwrite(fd, bytes, len, offset) != (ssize_t)len || fdatasync(fd) != 0)
			return 0;
		offset += (off_t)len;
		const double end = now();
		latency[n++] = end - at;
		at = end;
	}
	qsort(latency, n, sizeof latency[0], compare);
	printf("{\"group\": %u, \"commits_per_s\": %.0f, \"syncs_per_s\": %.0f, \"sync_p50_us\": "
	       "%.1f, "
	       "\"sync_p99_us\": %.1f}\n",
	       group, n * group / (at - start), n / (at - start), latency[n / 2] * 1e6,
	       latency[n * 99 / 100] * 1e6);
	return 1;
}

int main(int argc, char **argv)
{
	static const unsigned groups[] = {1, 8, 32, 256};
	char path[4096];

	if (argc < 2 ||
	    snprintf(path, sizeof path, "%s/fsync_loop.tmp", argv[1]) >= (int)sizeof path) {
		fprintf(stderr, "usage: fsync_loop DIRECTORY [SECONDS]\n");
		return 2;
	}
	const double seconds = argc > 2 ? atof(argv[2]) : 2;
	double *latency = malloc(SYNCS_MAX * sizeof *latency);
	const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ok = fd >= 0 && latency != NULL;

	for (size_t i = 0; ok && i < sizeof groups / sizeof groups[0]; i++)
		ok = measure(fd, groups[i], seconds, latency);
	if (!ok)
		perror(path);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	free(latency);
	return ok ? 0 : 1;
}
