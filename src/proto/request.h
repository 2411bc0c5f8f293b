/* proto/request.h - what a client asks, as a struct; bytes to struct and back.
 *
 * Room:    proto: pure bytes and structs, no stream, no session.
 * Threads: any; nothing is shared.
 * Memory:  a decoded request lives in the given arena whole: the message's bytes may go away.
 * Errors:  ST_CORRUPT (d: 08P01): not a message of the protocol, the connection must end.
 *          ST_INVALID, ST_LIMIT with d set: a message that the server must refuse with an error and
 *          go on. ST_NOMEM.
 * Source:  wire-protocol.md, sections 2, 3 and 5; geode.proto. */
#ifndef PROTO_REQUEST_H
#define PROTO_REQUEST_H

#include "base/diag.h"
#include "base/iobuf.h"
#include "value/value.h"

#define REQUEST_DEPTH_MAX VALUE_DEPTH_MAX /* nesting of one parameter */
#define REQUEST_PARAMS_MAX 65536	  /* parameters of one statement */

enum request_kind { /* the field numbers of QuicClientMessage */
		    REQUEST_HELLO = 1,
		    REQUEST_EXECUTE = 2,
		    REQUEST_PULL = 3,
		    REQUEST_PING = 4,
		    REQUEST_CDC_DIAGNOSTICS = 5,
		    REQUEST_CDC_CONTROL = 6,
		    REQUEST_BEGIN = 7,
		    REQUEST_COMMIT = 8,
		    REQUEST_ROLLBACK = 9,
		    REQUEST_SAVEPOINT = 10,
		    REQUEST_ROLLBACK_TO = 11,
		    REQUEST_BACKUP = 12,
		    REQUEST_RESTORE = 13,
		    REQUEST_UPLOAD_BACKUP = 14,
};

struct request_hello {
	struct str username, password; /* password "": none given */
	struct str client_name, client_version, wanted_conformance;
	struct str tenant_id, graph, role; /* p NULL: not sent */
};

struct request_execute {
	struct str text;
	struct map_entry *params; /* names without '$', each once */
	uint32_t n_params;
	uint32_t page_size;  /* rows of the first page, 0: the server decides */
	uint32_t timeout_ms; /* 0: the session's */
};

struct request {
	enum request_kind kind;
	union {
		struct request_hello hello;
		struct request_execute execute;
		struct {
			uint32_t page_size; /* 0: the server decides */
		} pull;
		struct {
			bool read_only;
		} begin;
		struct {
			struct str name;
		} savepoint; /* also REQUEST_ROLLBACK_TO */
	};
};

/* d may not be NULL. *ret is set on success only. */
enum status request_decode(struct str message, struct arena *a, struct request *ret,
			   struct diag *d) MUST_CHECK;

/* The client's side: appends one frame with the request. Requests of an operator (CDC, backup,
 * restore) have no payload. ST_LIMIT with d set: above FRAME_REQUEST_MAX or a value nested too
 * deep; ST_NOMEM. Nothing is appended then. */
enum status request_encode(const struct request *r, struct chain *out, struct diag *d) MUST_CHECK;

#endif
