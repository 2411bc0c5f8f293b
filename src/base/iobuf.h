/* base/iobuf.h - chains of byte chunks on their way to a socket.
 *
 * Room:    base.
 * Threads: a chain belongs to one thread at a time and moves with its message.
 * A chunk's bytes stay at the same address until it is freed: the transport holds pointers into it
 * until the peer has acknowledged them. Writers append at the end only, or patch bytes of a chain
 * that has not been handed over yet. */
#ifndef BASE_IOBUF_H
#define BASE_IOBUF_H

#include "base/mem.h"

#define IOBUF_SIZE 65536 /* bytes of a chunk with its head; small chains begin with IOBUF_SMALL */
#define IOBUF_SMALL 4096

struct iobuf {
	struct iobuf *next;
	uint32_t len, cap, alloc; /* used, usable, allocated bytes */
	uint8_t data[];
};

struct chain { /* zero is empty */
	struct iobuf *first, *last;
	size_t len;  /* bytes in all chunks */
	bool failed; /* an append found no memory: sticky */
};

void chain_release(struct chain *c);
/* A contiguous place for up to n bytes (n <= 256); commit with chain_commit. NULL: no memory. */
uint8_t *chain_reserve(struct chain *c, size_t n);
void chain_commit(struct chain *c, size_t n);
void chain_put(struct chain *c, const void *p, size_t n);
void chain_move(struct chain *to, struct chain *from); /* appends, leaves from empty */
/* Takes n <= len bytes off the front and frees the chunks that are used up; *at is how far into the
 * first chunk the front is, 0 to begin. */
void chain_drop(struct chain *c, size_t *at, size_t n);

#endif
