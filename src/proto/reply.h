/* proto/reply.h - the client's side: what a server said, as a struct.
 *
 * Room:    proto.
 * Threads: any; nothing is shared.
 * Memory:  a decoded reply lives in the given arena whole.
 * Errors:  ST_CORRUPT with d set (08P01): not a message of the protocol; ST_LIMIT; ST_NOMEM. */
#ifndef PROTO_REPLY_H
#define PROTO_REPLY_H

#include "proto/request.h"

enum reply_kind {
	REPLY_HELLO,
	REPLY_SCHEMA,
	REPLY_PAGE, /* in an execute or a pull frame */
	REPLY_ERROR,
	REPLY_STATUS, /* an execute frame without payload */
	REPLY_SKIP,   /* metrics, explain and profile payloads, heartbeat: nothing to act on */
	REPLY_DONE,   /* the own answer of ping, begin, commit and their like */
};

struct reply_column {
	struct str name, type;
};

struct reply_error {
	struct str code; /* the precise GQLSTATUS, five characters */
	struct str message, hint;
	uint32_t line, column; /* 0: no place */
};

struct reply {
	enum reply_kind kind;
	enum request_kind request; /* whose answer it is: REQUEST_EXECUTE for an execute frame */
	struct str status;	   /* GQLSTATUS of the frame, "" when it has none */
	union {
		struct {
			bool success, password_reset_required;
			struct str session_id, graph, server_version, error_message;
		} hello;
		struct {
			uint32_t n_columns;
			const struct reply_column *columns;
		} schema;
		struct {
			uint32_t n_rows, n_columns;
			const struct value *values; /* n_rows * n_columns, row after row */
			bool final;
		} page;
		struct reply_error error;
		struct {
			bool success;
			struct str tx_id, message;
		} done;
	};
};

enum status reply_decode(struct str message, struct arena *a, struct reply *ret,
			 struct diag *d) MUST_CHECK;

#endif
