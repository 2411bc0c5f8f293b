/* proto/frame.h - message boundaries on a stream: 4 bytes of length, big-endian, then the message.
 *
 * Room:    proto.
 * Threads: a frame reader belongs to the session of its stream.
 * Errors:  ST_LIMIT, ST_NOMEM: the stream cannot go on, its connection ends.
 * Source:  wire-protocol.md, section 1. */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "base/codec.h"
#include "base/diag.h"

#define FRAME_HEAD_BYTES 4
#define FRAME_REQUEST_MAX (8u << 20) /* bytes of a request, unless configured otherwise */
#define FRAME_ANSWER_MAX (8u << 20)  /* bytes of an answer; published clients refuse more */

struct frame_reader { /* read only outside frame.c */
	size_t max;   /* bytes of a message */
	uint8_t head[FRAME_HEAD_BYTES];
	uint32_t n_head; /* bytes of the head seen */
	uint8_t *body;	 /* heap, NULL while no message is assembled; exactly len bytes */
	size_t len, have;
	bool delivered; /* body was handed out and is freed by the next call */
};

void frame_init(struct frame_reader *f, size_t max);
void frame_release(struct frame_reader *f);

/* Takes bytes from in (advancing in->at) until one message is whole. ST_OK: *ret_message is the
 * message; it points into in's bytes or into the reader and holds until the next call or until the
 * caller drops in's bytes. ST_END: in is used up, more is needed. ST_LIMIT with d set: the head
 * announces more than max bytes; nothing was allocated. */
enum status frame_feed(struct frame_reader *f, struct reader *in, struct str *ret_message,
		       struct diag *d) MUST_CHECK;

/* A message is half received: a deadline applies. */
static inline bool frame_is_partial(const struct frame_reader *f)
{
	return f->n_head != 0 && !f->delivered;
}

#endif
