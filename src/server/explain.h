/* server/explain.h - EXPLAIN and PROFILE as rows and as payloads of the protocol.
 *
 * Room: server. Both fill s->plan_rows, s->columns and s->n_columns out of the statement's arena.
 */
#ifndef SERVER_EXPLAIN_H
#define SERVER_EXPLAIN_H

#include "server/statement.h"

enum status explain_rows(struct statement *s) MUST_CHECK;
enum status profile_rows(struct statement *s) MUST_CHECK;
/* The payload between schema and page. */
void explain_payload(struct statement *s, struct chain *out);

#endif
