/* proto/answer.h - what the server says, frame by frame.
 *
 * Room:    proto.
 * Threads: any; nothing is shared.
 * Memory:  each function appends whole frames to a chain that the caller owns; texts are copied.
 * Errors:  the chain's sticky `failed` (no memory): look once, before the chain is sent.
 * Source:  wire-protocol.md, sections 3, 4 and 6. Rows: page.h. */
#ifndef PROTO_ANSWER_H
#define PROTO_ANSWER_H

#include "base/diag.h"
#include "base/iobuf.h"
#include "proto/request.h"

struct answer_column {
	struct str name;
	const char *type; /* page_type_name() or ANY */
};

/* Outcome of a statement that holds. */
struct answer_outcome {
	enum gqlstatus status;		  /* GQL_SUCCESS, a warning or GQL_NO_DATA */
	const enum gqlstatus *additional; /* further diagnostics */
	uint32_t n_additional;
};

struct answer_explain_op {
	struct str kind, detail;
	uint32_t depth; /* root 0 */
	int64_t est_rows, cost;
};

struct answer_profile_op {
	struct str op, detail, index_name;
	uint32_t depth;
	uint64_t input_rows, rows, time_ns, hits, bytes_alloc;
};

struct answer_metrics {
	int64_t parse_ns, plan_ns, execute_ns, total_ns;
};

/* session_id: a UUID, never empty. graph: the one bound, p NULL: none. */
void answer_hello(struct chain *out, struct str session_id, struct str graph);
void answer_hello_refused(struct chain *out, const struct diag *d);

/* First frame of every execute's answer that holds; n_columns 0 for a statement without result. */
void answer_schema(struct chain *out, const struct answer_outcome *outcome,
		   const struct answer_column *columns, uint32_t n_columns);
/* An execute frame with a status and no payload. */
void answer_status(struct chain *out, const struct answer_outcome *outcome);
/* Also the refusal of any other request: a failed one never gets its own answer. text is the
 * statement that d's offset points into, STR_NULL when there is none. */
void answer_error(struct chain *out, const struct diag *d, struct str text);

/* Allowed between schema and first page only. */
void answer_metrics(struct chain *out, const struct answer_metrics *m);
void answer_explain(struct chain *out, const struct answer_explain_op *ops, uint32_t n_ops);
void answer_profile(struct chain *out, const struct answer_profile_op *ops, uint32_t n_ops,
		    uint64_t total_ns, uint64_t peak_bytes);

void answer_ping(struct chain *out);
void answer_begin(struct chain *out, struct str session_id, struct str tx_id);
void answer_commit(struct chain *out); /* only when the commit is durable */
void answer_rollback(struct chain *out);
void answer_savepoint(struct chain *out);
void answer_rollback_to(struct chain *out);
/* success false with a message that says what is not supported, in the request's own answer. kind:
 * REQUEST_CDC_*, REQUEST_BACKUP, REQUEST_RESTORE or REQUEST_UPLOAD_BACKUP. */
void answer_unsupported(struct chain *out, enum request_kind kind, struct str text);

#endif
