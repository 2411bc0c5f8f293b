/* gql/print_int.h - the chapters of the printer.
 *
 * Room: gql, private. Errors: sticky in the buffer. */
#ifndef GQL_PRINT_INT_H
#define GQL_PRINT_INT_H

#include "gql/lex.h"

void print_name(struct buf *b, struct str name);
void print_names(struct buf *b, const struct ast_name *names, uint32_t n, const char *separator);
void print_type(struct buf *b, const struct ast_type *t);
void print_pattern(struct buf *b, const struct ast_pattern *x);
void print_path(struct buf *b, const struct ast_path *path);
void print_query(struct buf *b, const struct ast_query *q);

#endif
