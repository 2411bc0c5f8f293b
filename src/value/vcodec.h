/* value/vcodec.h - the one binary form of a value at rest: the log and the snapshot use it.
 *
 * Room:   value.
 * Errors: writing: the buffer's sticky error. Reading: ST_CORRUPT, ST_NOMEM, ST_LIMIT.
 *
 * Layout: one tag byte, then the payload. svarint, varint and lstr as in base/codec.h.
 *
 *    0 null             -
 *    1 false            -
 *    2 true             -
 *    3 int              svarint
 *    4 float            8 bytes, IEEE 754, little-endian
 *    5 string           lstr, valid UTF-8
 *    6 bytes            lstr
 *    7 decimal          lstr, canonical text
 *    8 date             svarint days
 *    9 local time       svarint microseconds
 *   10 zoned time       svarint microseconds, svarint offset in minutes
 *   11 local datetime   svarint microseconds
 *   12 zoned datetime   svarint microseconds, svarint offset in minutes
 *   13 duration         svarint microseconds, svarint months
 *   14 list             varint count, then so many values
 *   15 map              varint count, then so many of lstr key, value
 *
 * Tags are never reused. The keys of a map are unique, which the writer sees to. Nodes, edges and
 * paths have no form at rest. Lists and maps nest at most VALUE_DEPTH_MAX deep; the reader refuses
 * more. */
#ifndef VALUE_VCODEC_H
#define VALUE_VCODEC_H

#include "base/codec.h"
#include "value/value.h"

/* Has it a form at rest: no node, edge or path in it, no deeper nesting than allowed? */
bool vcodec_storable(struct value v);
/* v must be storable. */
void vcodec_put(struct buf *out, struct value v);
/* Texts are borrowed from the input; lists and maps are made in the arena. After ST_CORRUPT the
 * reader has failed. */
enum status vcodec_get(struct reader *r, struct arena *a, struct value *ret) MUST_CHECK;

#endif
