/* proto/value_wire.h - one value as a geode.Value message: the room's own.
 *
 * Room:   proto (private).
 * Errors: value_read as request.h says. The writer's limits are sticky in struct value_writer.
 *
 * A nested message needs its length before its bytes. One counting pass (value_count) pushes the
 * length of each nested message in the order in which value_write meets them again. */
#ifndef PROTO_VALUE_WIRE_H
#define PROTO_VALUE_WIRE_H

#include "base/vec.h"
#include "proto/wire.h"
#include "value/value.h"

enum value_field { /* of geode.Value */
		   VALUE_NULL_VAL = 1,
		   VALUE_INT_VAL = 2,
		   VALUE_DOUBLE_VAL = 3,
		   VALUE_BOOL_VAL = 4,
		   VALUE_STRING_VAL = 5,
		   VALUE_DECIMAL_VAL = 6,
		   VALUE_BYTES_VAL = 7,
		   VALUE_LIST_VAL = 8,
		   VALUE_MAP_VAL = 9,
		   VALUE_NODE_VAL = 10,
		   VALUE_EDGE_VAL = 11,
		   VALUE_PATH_VAL = 12,
		   VALUE_EXT_VAL = 13,
};

struct value_writer {
	VEC(uint32_t) lens;
	uint32_t at;	    /* the next length to use */
	size_t limit;	    /* bytes of one value */
	struct buf text;    /* temporal values as text */
	enum status failed; /* ST_LIMIT or ST_NOMEM, sticky until value_writer_reset */
};

void value_writer_init(struct value_writer *w, size_t limit);
void value_writer_release(struct value_writer *w);
void value_writer_reset(struct value_writer *w); /* forgets lengths and errors, keeps memory */

/* Bytes of the value's message; pushes the lengths of what is nested in it. */
size_t value_count(struct value_writer *w, struct value v);
/* The same number again, with lens already pushed and w->at before the value. */
size_t value_size(struct value_writer *w, struct value v);
/* The message's bytes; consumes lengths from w->at on. */
void value_write(struct value_writer *w, struct sink *s, struct value v);

/* A message as a value whose parts live in the arena. */
enum status value_read(struct str message, struct arena *a, struct value *ret,
		       struct diag *d) MUST_CHECK;
/* ST_INVALID with d set (42N02) when a key occurs twice. */
enum status value_keys_unique(const struct map_entry *e, uint32_t n, struct arena *a,
			      struct diag *d) MUST_CHECK;

#endif
