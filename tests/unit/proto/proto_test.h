/* tests/unit/proto/proto_test.h - what the tests of the room share: the generated code as oracle.
 */
#ifndef PROTO_TEST_H
#define PROTO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/geode.pb-c.h"
#include "proto/proto.h"

/* The bytes of a chain in one piece; arena memory. */
static inline struct str chain_str(const struct chain *c, struct arena *a)
{
	char *p = arena_alloc(a, c->len + 1);
	size_t n = 0;

	assert_false(c->failed);
	assert_non_null(p);
	for (const struct iobuf *b = c->first; b != NULL; b = b->next) {
		memcpy(p + n, b->data, b->len);
		n += b->len;
	}
	assert_int_equal(n, c->len);
	return (struct str){p, n};
}

/* Takes the next frame's message off the front of s. */
static inline struct str next_frame(struct str *s)
{
	struct frame_reader f;
	struct reader r = reader_of(s->p, s->len);
	struct str message;
	struct diag d;

	diag_reset(&d);
	frame_init(&f, FRAME_ANSWER_MAX * 2);
	assert_int_equal(frame_feed(&f, &r, &message, &d), ST_OK);
	*s = (struct str){(const char *)r.at, (size_t)(r.end - r.at)};
	frame_release(&f);
	return message;
}

/* The generated code reads the message, knows every field of it, and packs it to the same bytes. */
static inline Geode__QuicServerMessage *same_as_generated(struct str message)
{
	Geode__QuicServerMessage *m =
	    geode__quic_server_message__unpack(NULL, message.len, (const uint8_t *)message.p);
	uint8_t *again = malloc(message.len + 1);

	assert_non_null(m);
	assert_non_null(again);
	assert_int_equal(m->base.n_unknown_fields, 0);
	assert_int_equal(geode__quic_server_message__get_packed_size(m), message.len);
	geode__quic_server_message__pack(m, again);
	assert_memory_equal(again, message.p, message.len);
	free(again);
	return m;
}

static inline void oracle_free(Geode__QuicServerMessage *m)
{
	geode__quic_server_message__free_unpacked(m, NULL);
}

#endif
