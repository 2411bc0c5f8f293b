/* server/explain.h - EXPLAIN and PROFILE as rows and as payloads of the protocol.
 *
 * Room: server. Both fill s->plan_rows, s->columns and s->n_columns out of the statement's arena,
 * and s->payload, the message between schema and page. PROFILE needs the query still open. */
#ifndef SERVER_EXPLAIN_H
#define SERVER_EXPLAIN_H

#include "server/statement.h"

enum status explain_rows(struct statement *s) MUST_CHECK;
enum status profile_rows(struct statement *s) MUST_CHECK;

#endif
