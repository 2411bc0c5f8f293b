/* tests/fuzz/fuzz_frame.c - bytes of a stream: frames, then requests and replies.
 *
 * The first byte says where the stream is cut in two pieces. What decodes as a request is encoded
 * again and must decode again. */
#include <stdlib.h>

#include "proto/proto.h"

#define FUZZ_MEMORY (16u << 20) /* budget of one message's values */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct request *r, struct arena *a)
{
	struct chain out = {0};
	struct request back;
	struct diag d;

	diag_reset(&d);
	if (request_encode(r, &out, &d) != ST_OK)
		return;
	char *p = arena_alloc(a, out.len);
	size_t n = 0;
	for (const struct iobuf *b = out.first; b != NULL && p != NULL; b = b->next) {
		memcpy(p + n, b->data, b->len);
		n += b->len;
	}
	if (p != NULL) {
		const struct str message = {p + FRAME_HEAD_BYTES, n - FRAME_HEAD_BYTES};
		const enum status st = request_decode(message, a, &back, &d);
		if (st == ST_CORRUPT || (st == ST_OK && back.kind != r->kind))
			abort();
	}
	chain_release(&out);
}

static void one_message(struct str message)
{
	struct budget budget = {.limit_bytes = FUZZ_MEMORY};
	struct arena a;
	struct request request;
	struct reply reply;
	struct diag d;

	arena_init(&a, MEM_SESSION, &budget);
	diag_reset(&d);
	const enum status st = request_decode(message, &a, &request, &d);
	if (st == ST_OK)
		check_again(&request, &a);
	else if (st != ST_NOMEM && !diag_is_set(&d))
		abort();
	diag_reset(&d);
	if (reply_decode(message, &a, &reply, &d) == ST_OK && reply.kind == REPLY_PAGE &&
	    reply.page.n_rows > 0 && reply.page.n_columns > 0 && reply.page.values == NULL)
		abort();
	arena_release(&a);
}

static void feed(struct frame_reader *f, const uint8_t *p, size_t n)
{
	struct reader in = reader_of(p, n);
	struct str message;
	struct diag d;

	diag_reset(&d);
	while (frame_feed(f, &in, &message, &d) == ST_OK)
		one_message(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reader f;

	if (size == 0)
		return 0;
	const size_t n = size - 1, cut = n != 0 ? data[0] % n : 0;
	frame_init(&f, 1u << 20);
	feed(&f, data + 1, cut);
	feed(&f, data + 1 + cut, n - cut);
	frame_release(&f);
	return 0;
}
