/* client/session.h - what is behind the opaque types of geode.h: the room's own.
 *
 * A session reads answers strictly in the order of its requests. It knows at any time how many are
 * on the way: n_sent statements, and for the open result one pull at most. */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "base/vec.h"
#include "client/geode.h"
#include "client/transport.h"
#include "proto/proto.h"

struct geode_session {
	struct transport *transport;
	struct frame_reader frames;
	struct reader in;   /* bytes of the last recv that are not taken yet */
	struct arena arena; /* the session's texts */
	struct str graph, server_version;
	struct geode_error error;
	struct geode_result *open; /* the only result that may still ask for pages */
	uint32_t n_sent;	   /* pipelined statements without an answer yet */
	uint32_t page_size;
	uint64_t read_timeout_ms;
	bool broken;
};

struct geode_result {
	struct geode_session *session;
	struct arena arena; /* columns */
	struct arena rows;  /* the page at hand */
	uint32_t n_columns;
	const struct reply_column *columns;
	char status[6];
	uint32_t n_rows, i_next; /* of the page */
	const struct value *values, *row;
	bool final;	/* no page follows */
	bool pull_sent; /* one is on the way */
	bool ended;	/* by a later request of the session */
};

struct params_level {
	bool is_list;
	struct str name; /* of the value that this level becomes */
	VEC(struct map_entry) entries;
};

struct geode_params {
	struct arena arena;
	struct params_level levels[REQUEST_DEPTH_MAX + 1]; /* 0: the parameters themselves */
	uint32_t depth;
	bool failed;
};

/* A session over a transport that is connected; takes it in every case. For tests, and
 * geode_connect's second half: says hello. */
enum geode_status client_start(struct transport *t, const struct dsn *dsn,
			       struct geode_session **ret, struct geode_error *ret_error);

/* What d says, or what st says when d is not set. */
void error_from_diag(struct geode_error *e, struct diag *d, enum status st);

enum geode_status client_send(struct geode_session *s, const struct request *r);
/* The next frame that is not to be skipped. GEODE_FAILED: it was an error, which is now s->error.
 */
enum geode_status client_read(struct geode_session *s, struct arena *a, struct reply *ret);
/* No result is open afterwards. */
enum geode_status client_settle(struct geode_session *s);

#endif
