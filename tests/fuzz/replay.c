/* tests/fuzz/replay.c - main of a fuzz target that is not linked with libFuzzer.
 *
 * Runs each file of tests/fuzz/corpus/NAME, where the program is called fuzz_NAME, or the files
 * given as arguments, then seeded mutations of each. The log names the input before it runs, so
 * that after a crash its last line says which it was. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20) /* bytes of one input */
#define MUTATIONS 300	     /* of one input */
#define CHANGES_MAX 8	     /* in one mutation */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* One change in place; gives the new size, at most one more than before. */
static size_t change(uint8_t *data, size_t size, uint64_t *state)
{
	static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '\'', '"', '(', '\n', '\\'};
	uint64_t r = next(state);
	size_t at = size != 0 ? (r >> 8) % size : 0;

	switch (r % 5) {
	case 0: /* a bit */
		if (size != 0)
			data[at] ^= (uint8_t)(1u << ((r >> 40) & 7));
		return size;
	case 1: /* a byte that means something somewhere */
		if (size != 0)
			data[at] = telling[(r >> 40) % sizeof telling];
		return size;
	case 2: /* the end is cut off */
		return at;
	case 3: /* one byte more */
		memmove(data + at + 1, data + at, size - at);
		data[at] = (uint8_t)(r >> 40);
		return size + 1;
	default: /* one byte less */
		if (size == 0)
			return 0;
		memmove(data + at, data + at + 1, size - at - 1);
		return size - 1;
	}
}

/* The input is handed over in a block of its exact size, so that a sanitizer sees a read beyond it.
 */
static void run_one(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size != 0 ? size : 1);

	if (exact == NULL)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int run_file(const char *path)
{
	static uint8_t input[INPUT_MAX], mutated[INPUT_MAX + CHANGES_MAX];
	uint64_t state = 1;
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return 1;
	}
	size_t size = fread(input, 1, sizeof input, f);
	fclose(f);
	printf("%s, %zu bytes\n", path, size);
	fflush(stdout);
	run_one(input, size);
	for (int i = 0; i < MUTATIONS; i++) {
		size_t n = size;

		memcpy(mutated, input, size);
		for (uint64_t k = 1 + next(&state) % CHANGES_MAX; k > 0; k--)
			n = change(mutated, n, &state);
		run_one(mutated, n);
	}
	return 0;
}

/* The corpus of this program; how many of its files failed to run, or 1 when there is none. */
static int run_corpus(const char *program)
{
	const char *tree = getenv("GEODE_SRCDIR"), *base = strrchr(program, '/');
	char folder[2048], path[4096];
	int bad = 0, n_files = 0;

	base = base != NULL ? base + 1 : program;
	if (strncmp(base, "fuzz_", 5) == 0)
		base += 5;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", tree != NULL ? tree : ".", base);
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		perror(folder);
		return 1;
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		bad += run_file(path);
		n_files++;
	}
	closedir(dir);
	return n_files == 0 ? 1 : bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	run_one((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		bad += run_file(argv[i]);
	if (argc < 2)
		bad = run_corpus(argv[0]);
	return bad != 0;
}
